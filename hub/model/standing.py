"""How an entry stands: published, or left out of everything that readers see, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from hub.model.members import FeedKey
from hub.model.roles import RoleName

# Held: an admin looks at all that its member publishes. Quarantined: something about it is
# suspicious. Withdrawn: its publisher, or an admin, took it back.
WithheldAs = Literal["held", "quarantined", "withdrawn"]
Standing = Literal["published", "held", "quarantined", "withdrawn"]


class Withheld(Struct, frozen=True):
    """That an entry is not published, and why; an admin who withdraws one need not say.

    `role` is that of whoever withdrew it, `member` where its member's own people did; None where nobody
    but its feed did, or that was not kept.
    """

    standing: WithheldAs
    why: str
    role: RoleName | None = None


class Stand(NamedTuple):
    """How an entry stands, and since when: another one as soon as anybody decides about it again.

    `retracted` is why its member took back what an admin withdrew, None where it did not. `role` is
    as `Withheld` has it.
    """

    standing: Standing
    why: str
    since: datetime
    by_admin: bool
    retracted: str | None = None
    role: RoleName | None = None


class Notice(Struct, frozen=True, kw_only=True):
    """How many entries of a feed wait for an admin for one reason, since when the first of them does."""

    feed: FeedKey
    withheld: Withheld
    entries: int
    since: datetime


class Habits(Struct, frozen=True, kw_only=True):
    """What a feed's entries have been like, so that what is unlike them is seen.

    entries  how many this was learnt from
    sites    how many of them link to each domain
    scripts  the alphabets of their titles
    words    the numbers of words that many of them have in common, as in a sketch
    days     how many are dated on each day, a byte a day, backwards from `last`
    last     a day's ordinal (`datetime.date.toordinal`)
    latest   whether each of the last few was like the others (`.`) or not (`?`), oldest first
    """

    entries: int = 0
    sites: Mapping[str, int] = {}
    scripts: frozenset[str] = frozenset()
    words: bytes = b""
    last: int = 1
    days: bytes = b""
    latest: str = ""


class Tombstone(Struct, frozen=True, kw_only=True):
    """That a feed says of an entry, by its id, that it was deleted (RFC 6721), why and when if it says."""

    id: str
    why: str = ""
    when: datetime | None = None


class InWindow(NamedTuple):
    """An entry of a feed's last document, or pushed since.

    key      the store's, 0 until it is stored
    date     its publisher's
    rest     what is published of it besides its words (`Entry.rest`), with the bit `SEEN_ONCE` if that is not
             stored yet; 0 where it is not known
    written  all that was written of it (`Entry.written`); 0 where it is not stored just as it stood there
    """

    key: int
    date: datetime | None
    rest: int
    written: int

    @property
    def waits(self) -> bool:
        """Whether what it has besides its words was seen once, and is not stored."""
        return bool(self.rest & SEEN_ONCE)


SEEN_ONCE = 1
"""The bit of `InWindow.rest` that says so, which no entry's own has."""

Window = tuple[InWindow, ...]
"""A feed's entries in its last document, in its order."""


class PageCheck(Struct, frozen=True, kw_only=True):
    """That the page of an entry is to be looked at, which is missing from its feed.

    key         the entry's
    due         when to look next, and `tries` how often that was done
    gone_since  when the page was first not there
    url         where it is
    """

    key: int
    due: datetime
    gone_since: datetime | None = None
    tries: int = 0
    url: str = ""


class Checked(Struct, frozen=True):
    """A page that was looked at: whether it is gone, None where that cannot be told."""

    check: PageCheck
    gone: bool | None
