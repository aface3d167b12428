"""Who subscribes to our merged feeds (WebSub), and what was asked of us for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

IntentMode = Literal["subscribe", "unsubscribe", "denied"]


class Intent(Struct, frozen=True, kw_only=True):
    """What somebody asked for a callback, to be done once the callback confirms it (WebSub §5.3).

    mode    what was asked; with `denied` nothing was, and the callback is told that it is, and `why`
    number  the store's, 0 before it is stored
    public  whether the callback has to be at a public address, whatever is allowed
    seen    the ETag of the topic's document when it was asked
    due     when to ask the callback, and `tries` how often that was done
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

    number  the store's
    sent    the ETag of the document that it has
    due     when to send it another; None where it has the latest
    tries   how often that came to nothing
    slow    whether it failed last time or took long, or has not been sent anything yet
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
