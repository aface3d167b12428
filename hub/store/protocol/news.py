"""What is published, in lists, counts and searches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Protocol

from hub.model import Change, Entry, Known, RelatedStory, Revision, Selection, StoredEntry, Story
from hub.store.found import Found, MemberSummary, Order, Page, Totals


class NewsStore(Protocol):
    """What is published, in lists, counts and searches."""

    def stories(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[Story]:
        """The stories of a selection, newest first, each once (but see `Selection.every_entry`).

        A cursor is good for as long as the hub lives, whatever polls bring. Raises BadCursor.
        """

    def count(self, selection: Selection = Selection()) -> int:
        """How many stories `stories` has, of a selection without a search."""

    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found:
        """The stories of a selection with a search, the best matches first where they can be ranked.

        Raises BadCursor.
        """

    def entries(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[StoredEntry]:
        """Every entry of a selection without a search, copies too, newest first. Raises BadCursor."""

    def story(self, story: int) -> Story | int | None:
        """The story of a number; the number of the story it was merged into; None where there is none."""

    def merged(self) -> tuple[int, ...]:
        """The numbers of the stories that were merged into others."""

    def revisions(self, key: int) -> tuple[Revision, ...]:
        """What an entry said before its last changes, the latest first; at most ten."""

    def told_changes(self, *, limit: int) -> tuple[Change, ...]:
        """The last changes of published entries that readers were told of, the latest first."""

    def finds(self, typed: str) -> bool:
        """Whether a search for this would find any published entry."""

    def latest_titles(self, *, limit: int) -> tuple[str, ...]:
        """The titles of the news that came last."""

    def related(self, story: Story, *, limit: int) -> tuple[RelatedStory, ...]:
        """Other stories about the same, the nearest first, each with the words that both speak of."""

    def totals(self) -> Totals:
        """How many entries and stories there are."""

    def members(self, now: datetime, slug: str | None = None) -> tuple[MemberSummary, ...]:
        """Every member that was ever in feeds.yaml, in its order, those that left last; or one alone."""

    def to_come(self, selection: Selection = Selection(), *, since: date, limit: int) -> tuple[Story, ...]:
        """The stories of events on a day or later, the next first; of a selection without a search."""

    def gone_by(
        self, selection: Selection = Selection(), *, since: date, before: date, limit: int
    ) -> tuple[Story, ...]:
        """The stories of events from the day `since` until the day before `before`, the last first."""

    def pinned(self, today: date, *, limit: int) -> tuple[Story, ...]:
        """The stories that are pinned on a day, the one that was pinned last first."""

    def came_between(
        self, start: datetime, end: datetime, *, late: timedelta, limit: int
    ) -> tuple[tuple[Story, ...], int]:
        """The stories that came in between two moments and that feeds tell: the newest, and how many in all.

        A story comes in with the first of its entries that is published. Left out are
        stories that are dated more than `late` before they came in.
        """

    def news_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        """By member, how many of its published entries are dated between each two successive moments.

        Members without any are left out.
        """

    def tag_counts(self) -> Mapping[str, int]:
        """How many stories have each tag."""

    def tag_counts_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        """By tag, how many stories with it are dated between each two successive moments."""

    def version(self) -> int:
        """A number that grows whenever what is published changes, and only then."""

    def mark(self) -> str:
        """A random word for what is published now, which nothing else ever has.

        No other database has it, nor this one once a backup was put back.
        """

    def of_one_moment(self) -> AbstractContextManager[None]:
        """A block in which all that is read is as it was when the block began, and nothing is written.

        What other processes write meanwhile makes the database's log grow until the block ends.
        """

    def walk(self) -> Iterator[StoredEntry]:
        """Every entry, whatever its standing, oldest first, in bounded memory. Not one transaction."""

    def find(self, address: str) -> tuple[StoredEntry, ...]:
        """The entries, whatever their standing, with this address for a link or an id, leads first."""

    def number_at(self, address: str) -> int:
        """How many `find` finds."""

    def compared_with(self, key: int) -> tuple[Entry, Known]:
        """A stored entry, with its sketch if that is still kept, and what it might be a copy of."""
