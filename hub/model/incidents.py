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
"""The ways to the network's office."""


class Incident(Struct, frozen=True, kw_only=True):
    """That a feed needed somebody, from when that began until it was over.

    number    the store's, 0 before it is stored
    state     the feed's, as `hub.health` has it
    headline  what has happened, in a few words for readers, such as `their site has not answered`
    sentence, remedy, editor
              its health's, as of when it came to that state
    began, noticed
              when it began, and when we saw it
    changed, revision
              when there last was something to tell, and a number that grows with each such change of any
              incident; None and 0 while it may still pass by itself
    over, ending
              when we saw that it was over, and how it ended
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

    told     the revision up to which all has been told by it
    sent     when a message was last sent
    tries    how often the next message was tried in vain
    error, remedy
             what the last try came to, and what to do about it
    due      when it is tried next; None for as soon as there is something to tell
    lasting  the numbers of incidents that a member's people were told of, and not yet that they are over
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
"""The channels in use, by their ways."""
