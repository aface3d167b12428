"""What is remembered of feeds, and how polls of them are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hub.model import (
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    LastDocument,
    Member,
    PageCheck,
    PastPoll,
    PollFigures,
    PollResult,
    StoredEntry,
)

Decide = Callable[[Gathered, FeedState, Known], FeedUpdate]


class FeedStore(Protocol):
    """What is remembered of feeds, and how polls of them are stored."""

    def sync(self, members: Sequence[Member], feeds: Sequence[Feed], *, authority: str) -> None:
        """Take over what feeds.yaml says. What it no longer names is kept and not polled.

        Another name at the address of a feed of the same member is that
        feed's, unless that one had left the file before and another has the
        name, which goes on. `authority` is the host name for `tag:` ids
        minted from now on (RFC 4151).
        """

    def feed_states(self, member: str | None = None) -> tuple[FeedState, ...]:
        """The feeds that feeds.yaml names, or a member's, in its order, with what is remembered of each."""

    def left_states(self) -> tuple[FeedState, ...]:
        """The feeds that are no longer in feeds.yaml, with what is remembered of each."""

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        """Those of `feed_states` whose turn it is: never polled or due, not paused and free to be asked.

        One that is gone is due where an admin asked for it (`ask`). One that was polled an hour from
        now or later, by a clock that was ahead, is due.
        """

    def spared(self) -> Mapping[str, datetime]:
        """The hosts that asked all their visitors to stay away, and until when."""

    def pages(self, feed: FeedKey, now: datetime) -> frozenset[int]:
        """The numbers of a site's pages that its polls need not look at again, or not yet."""

    def last_document(self, feed: FeedKey) -> LastDocument:
        """What is stored of what the feed's document had last; nothing, if it was not learnt from."""

    def checks_due(self, now: datetime, *, most: int) -> Mapping[FeedKey, tuple[PageCheck, ...]]:
        """The pages of missing entries that the feeds' next polls shall look at, longest due first.

        Of each feed so many at most.
        """

    def links(self, feed: FeedKey) -> tuple[str, ...]:
        """The links of the entries of the feed's last document."""

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        """Decide and apply polls in one transaction, each seeing those before it.

        Holds the write lock from the first read to the commit, so that two
        pollers never make two stories of one piece of news. A poll that
        cannot be applied is undone alone, and its result says so. News of a
        feed that left feeds.yaml goes over to one of its member, or at its
        address, that has it. The only writer of entries.
        """

    def ask(self, feed: FeedKey, now: datetime) -> bool:
        """Have a feed be due now, also one that is gone; False for one that feeds.yaml does not name.

        What is gone is so until it answers.
        What its server said of when to come again holds all the same.
        """

    def polls(self, feed: FeedKey | None = None, *, limit: int) -> tuple[PastPoll, ...]:
        """The last polls on record, of a feed or of all, the last first. They are kept for 90 days."""

    def polls_between(
        self, moments: Sequence[datetime], feed: FeedKey | None = None
    ) -> tuple[PollFigures, ...]:
        """What came of the polls, of a feed or of all, between each two moments that follow each other."""

    def document(self, feed: FeedKey, *, limit: int) -> tuple[tuple[StoredEntry, ...], int]:
        """The newest entries of the feed's last document, whatever their standing, and how many it had."""

    def newest(self, feed: FeedKey, *, limit: int) -> tuple[StoredEntry, ...]:
        """The newest entries of a feed, whatever their standing."""

    def left(self, target: str) -> tuple[FeedKey, ...]:
        """The feeds that are no longer in feeds.yaml of a member's slug, a feed's key or its address."""

    def has_older(self, before: datetime) -> bool:
        """Whether there is something for `take_away`."""

    def number_older(self, before: datetime) -> int:
        """How many entries `take_away` would take away in all."""

    def take_away(self, before: datetime, now: datetime) -> int:
        """Take away some entries of before that, for good, the oldest first; how many, 0 once none is left.

        They are dated and were first seen before it, and so is an event's day. What its feed's last document
        has stays, where the feed was in feeds.yaml since; what is pinned or was since, waits for an admin, or
        was decided since. Stories go on without them. Those without a date come back no more.
        """

    def remove(self, feed: FeedKey, now: datetime) -> int:
        """Forget a feed with all its entries; how many those were. Their stories go on without them."""
