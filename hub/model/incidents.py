"""What was the matter with feeds, and which ways there are to tell people of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from hub.model.members import FeedKey


class Way(NamedTuple):
    """How people are told: those of the network's office or, by mail alone, a member's own, by its slug."""

    by: Literal["mail", "webhook"]
    member: str = ""

    def __str__(self) -> str:
        return f"{self.by}:{self.member}" if self.member else self.by


MAIL, WEBHOOK = Way("mail"), Way("webhook")
"""The office's."""


class Incident(Struct, frozen=True, kw_only=True):
    """That a feed needed somebody, from when that began until it was over.

    `number` is the store's, 0 before. `state` is the feed's, as `hub.health`
    has it, `headline` says in a few words for readers what has happened, such as
    `their site has not answered`, and `sentence`, `remedy` and `editor` are
    its health's, all as of when it came to that state. It was `noticed` by us
    after it `began`. `changed` is when there last was something to tell of it,
    and `revision` grows with each such change of any: None and 0 while it may
    still pass by itself. `over` is when we saw that it was, `ending` how.
    """

    number: int = 0
    feed: FeedKey
    url: str
    state: str
    headline: str
    sentence: str
    remedy: str = ""
    editor: str = ""
    began: datetime
    noticed: datetime
    changed: datetime | None = None
    revision: int = 0
    over: datetime | None = None
    ending: str = ""


class Channel(Struct, frozen=True, kw_only=True):
    """A way in which people are told of incidents, since when, and how that goes.

    All up to the revision `told` have been told by it. It was tried so many
    `tries` in vain, of which the last came to `error`, to do about which is
    `remedy`; the next is at `due`, None for whenever there is something. A
    message was `sent` last at that time. `lasting` are the numbers of the incidents of which a
    member's people were told, and not that they are over.
    """

    way: Way
    since: datetime
    told: int = 0
    tries: int = 0
    due: datetime | None = None
    sent: datetime | None = None
    error: str = ""
    remedy: str = ""
    lasting: frozenset[int] = frozenset()


Channels = Mapping[Way, Channel]
"""Those that are in use."""
