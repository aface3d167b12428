"""What is pushed to the hub (WebSub): where feeds say so, our subscriptions, and what came."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hub.model.members import FeedKey


class Offer(Struct, frozen=True, kw_only=True):
    """What a feed says of where its news is pushed from: the WebSub hub to ask, and the topic to ask it for.

    Absolute http(s) URLs, None where they are not named; without both there
    is nothing to subscribe to. `itself` is the address that the document
    gives for itself, which the topic is unless a header says otherwise.
    `public` is whether a public server said so: then what it names must be
    public too, whatever is allowed besides.
    """

    hub: str | None = None
    topic: str | None = None
    itself: str | None = None
    public: bool = True


class Subscription(Struct, frozen=True, kw_only=True):
    """A subscription to a feed's topic at a WebSub hub.

    `number` is the store's. `feed` is None once the feed was removed.
    `callback` is the address that was given to the hub, whose last part,
    `token`, nobody can guess. `due` is when to ask the hub next, and `tries`
    counts how often it was since it last verified. The lease runs from
    `verified` to `expires`. `denied` is when the hub refused, `error` what
    went wrong last. One that is `leaving` is being given up. Of the pushes
    that came, `taken` had the right signature, `refused` were dropped.
    """

    number: int
    feed: FeedKey | None
    hub: str
    topic: str
    public: bool
    callback: str
    token: str
    secret: str
    due: datetime
    tries: int = 0
    verified: datetime | None = None
    expires: datetime | None = None
    denied: datetime | None = None
    leaving: bool = False
    error: str = ""
    taken: int = 0
    refused: int = 0
    last_push: datetime | None = None


class Push(Struct, frozen=True, kw_only=True):
    """A document that a WebSub hub sent, its signature checked; it waits to be taken as a poll.

    `number` is the store's, `topic` that of its subscription, whose lease
    runs `until` then.
    """

    number: int
    topic: str
    until: datetime | None
    content_type: str | None
    body: bytes
