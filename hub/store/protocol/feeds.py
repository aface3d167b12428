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
        """Take over what feeds.yaml says. Feeds that it no longer names are kept, and not polled.

        A feed is known by its name. One at the same address, of the same member, under
        another name is the feed that was there, renamed; unless that had left feeds.yaml,
        and another feed that is still there has the name. `authority` is the host name in
        `tag:` ids that are minted from now on (RFC 4151).
        """

    def feed_states(self, member: str | None = None) -> tuple[FeedState, ...]:
        """The feeds that feeds.yaml names, or a member's, in its order, with what is remembered of each."""

    def polled_at(self) -> Mapping[FeedKey, tuple[str, ...]]:
        """The addresses of each of these feeds: those that feeds.yaml has, and where it was found last."""

    def left_states(self) -> tuple[FeedState, ...]:
        """The feeds that are no longer in feeds.yaml, with what is remembered of each."""

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        """Those of `feed_states` whose turn it is: due or never polled, not paused, free to be asked.

        A feed that is gone is due if an admin asked for it (`ask`). So is a feed whose last
        poll is an hour or more in the future: a clock was ahead then.
        """

    def spared(self) -> Mapping[str, datetime]:
        """The hosts that asked all their visitors to stay away, and until when."""

    def pages(self, feed: FeedKey, now: datetime) -> frozenset[int]:
        """The numbers of a site's pages that its polls need not look at again, or not yet."""

    def last_document(self, feed: FeedKey) -> LastDocument:
        """What is stored of the feed's last document; nothing where its habits were not learnt yet."""

    def checks_due(self, now: datetime, *, most: int) -> Mapping[FeedKey, tuple[PageCheck, ...]]:
        """The pages of missing entries that feeds' next polls shall look at, the longest due first.

        At most `most` of each feed.
        """

    def links(self, feed: FeedKey) -> tuple[str, ...]:
        """The links of the entries of the feed's last document."""

    @property
    def terms_of(self) -> Callable[[str, str], str] | None:
        """What makes of an entry's title and text what the full-text index takes (`Entry.terms`).

        Whoever reads the entry calls it, in any process: here it would keep all others who write
        waiting. None where the database itself does that.
        """

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        """Decide on polls and apply them in one transaction, in which each sees those before it.

        The write lock is held from the first read to the commit, so that two pollers never
        make two stories of one piece of news. A poll that cannot be applied is undone alone,
        and its result says why. Where a feed brings news of a feed that left feeds.yaml, and
        has its member or its address, the stored entry becomes its own.

        Nothing else writes entries.
        """

    def ask(self, feed: FeedKey, now: datetime) -> bool:
        """Make a feed due now; False for a feed that feeds.yaml does not name.

        A feed that is gone is polled once more, and stays gone until it answers. A
        Retry-After holds all the same.
        """

    def polls(self, feed: FeedKey | None = None, *, limit: int) -> tuple[PastPoll, ...]:
        """The last polls on record, the last first, of a feed or of all. They are kept for 90 days."""

    def polls_between(
        self, moments: Sequence[datetime], feed: FeedKey | None = None
    ) -> tuple[PollFigures, ...]:
        """What came of the polls between each two successive moments, of a feed or of all."""

    def document(self, feed: FeedKey, *, limit: int) -> tuple[tuple[StoredEntry, ...], int]:
        """The newest entries of the feed's last document, whatever their standing, and how many it had."""

    def newest(self, feed: FeedKey, *, limit: int) -> tuple[StoredEntry, ...]:
        """The newest entries of a feed, whatever their standing."""

    def left(self, target: str) -> tuple[FeedKey, ...]:
        """The feeds that left feeds.yaml and have this member's slug, this feed's key, or this address."""

    def has_older(self, before: datetime) -> bool:
        """Whether there is anything for `take_away`."""

    def number_older(self, before: datetime) -> int:
        """How many entries `take_away` would take away in all."""

    def take_away(self, before: datetime, now: datetime) -> int:
        """Take away some entries of before a moment for good, the oldest first; how many, 0 at the end.

        An entry goes if its date, the day it is about as an event, and our first sight of it
        are all before that moment. It stays as long as it is in its feed's last document and
        the feed has been in feeds.yaml since; as long as it is pinned, or was since; while it
        waits for an admin; and if an admin decided on it since. Its story goes on without it.
        An entry without a date is remembered, so that no poll stores it again.
        """

    def remove(self, feed: FeedKey, now: datetime) -> int:
        """Forget a feed and take away all its entries; how many. Their stories go on without them."""
