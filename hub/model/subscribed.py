"""Who subscribes to our merged feeds (WebSub), and what was asked of us for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

IntentMode = Literal["subscribe", "unsubscribe", "denied"]


class Intent(Struct, frozen=True, kw_only=True):
    """What somebody asked for a callback, which is done once that confirms it (WebSub §5.3).

    Of one that is `denied` its callback is told so, and `why`. `number` is
    the store's, 0 for one that is not kept yet. `public` is whether the
    callback has to be at a public address whatever is allowed besides. `seen`
    is the ETag of the topic's document as it was then. `due` is when to ask
    the callback, which was done `tries` times.
    """

    number: int = 0
    mode: IntentMode
    callback: str
    topic: str
    due: datetime
    public: bool = True
    secret: str | None = None
    lease: timedelta = timedelta(0)
    seen: str = ""
    why: str = ""
    tries: int = 0


class Subscriber(Struct, frozen=True, kw_only=True):
    """A callback that is sent a merged feed whenever that has changed, until its lease `expires`.

    `number` is the store's. `sent` is the ETag of the document that it has.
    `due` is when it is to be sent another, None where it has what there is;
    `tries` counts how often that came to nothing. One that is `slow` failed
    last time or took long, or has not been sent anything yet.
    """

    number: int
    callback: str
    topic: str
    public: bool
    secret: str | None
    expires: datetime
    sent: str
    due: datetime | None = None
    tries: int = 0
    slow: bool = False


class Crowd(Struct, frozen=True, kw_only=True):
    """How many subscribe, and how many intents wait, in all and of one host.

    `failing` of the subscribers could not be sent to last time.
    """

    subscribers: int
    subscribers_of_host: int
    waiting: int
    waiting_of_host: int
    failing: int = 0
