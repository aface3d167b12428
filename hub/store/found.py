"""What a store answers with besides what is stored: stretches of lists, counts, summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from hub.model import Direction, Member, Ruling, Story

Order = Literal["date", "relevance"]

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A stretch of a list; `next` is the cursor of what follows, None at its end."""

    items: tuple[T, ...]
    next: str | None = None


def all_of(page: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """A whole list, which is asked for page by page: `page` gives the one at a cursor, the first at None."""
    found = page(None)
    yield from found.items
    while found.next:
        found = page(found.next)
        yield from found.items


class Found(Page[Story], frozen=True, kw_only=True):
    """A stretch of what a search found: `stories` in all, at least so many where there may be `more`.

    `order` is the order it is in: what is too common to be ranked is newest
    first. `newest_of` where more entries have the words than are looked
    through: how many, the last that came in, were. Of several words none of
    which is rare no more are read than are shown and counted, so that it may
    be None though there are more.
    """

    stories: int
    more: bool
    order: Order
    newest_of: int | None


class Totals(Struct, frozen=True, kw_only=True):
    """How much there is in all."""

    entries: int
    stories: int


class LatestEntry(Struct, frozen=True):
    """As much of an entry as a list of members shows.

    `date` is what it is sorted by; `dated` is whether its publisher gave one.
    """

    story: int
    title: str
    excerpt: str
    language: str | None
    direction: Direction | None
    date: datetime
    dated: bool


class MemberSummary(Struct, frozen=True, kw_only=True):
    """A member with what is known of its news.

    `configured` is false for one that has left feeds.yaml. `latest` is its
    newest entry. `recent` counts its entries of the last 90 days.
    """

    member: Member
    configured: bool
    entries: int
    recent: int
    latest: LatestEntry | None


class Pin(Struct, frozen=True):
    """That a story is pinned: since when, and up to which day by the hub's clocks, if one was said."""

    made: datetime
    last_day: date | None


class Place(Struct, frozen=True):
    """The place of an entry in its story: what leads that, and what the entry is a copy of, and why.

    `ruled` is what an admin ruled of it but for what it is kept apart from, and
    `lead_ruled` whether one chose what leads; each with when that was. Entries are keys.
    """

    key: int
    lead: int
    copy_of: int | None
    why: str
    ruled: tuple[tuple[Ruling, datetime], ...]
    lead_ruled: datetime | None


class BadCursor(ValueError):
    """A cursor that no page of ours gave out."""
