"""What is pushed to the hub (WebSub): where feeds say so, our subscriptions, and what came."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hub.model.members import FeedKey


class Offer(Struct, frozen=True, kw_only=True):
    """Where a feed says that its news is pushed from: absolute http(s) URLs, None where it names none.

    hub     the WebSub hub to ask, and `topic` what to ask it for; without both nothing can be subscribed to
    itself  the address that the document gives for itself, which is the topic unless a header names one
    public  whether a public server said so: then what it names must be public too, whatever is allowed
    """

    hub: str | None = None
    topic: str | None = None
    itself: str | None = None
    public: bool = True


class Subscription(Struct, frozen=True, kw_only=True):
    """Our subscription to a feed's topic at a WebSub hub.

    number    the store's
    feed      None once the feed was removed
    callback  the address that was given to the hub, of which `token`, its last part, cannot be guessed
    due       when to ask the hub next
    tries     how often it was asked since it last verified
    verified, expires
              from when until when its lease runs
    denied    when the hub refused
    error     what went wrong last
    leaving   whether it is being given up
    taken, refused
              how many pushes came with the right signature, and how many were dropped
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
