"""Batches of polls into the database: decided and applied under one lock. Nothing else writes entries."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta

from msgspec import UNSET
from msgspec.structs import replace

from hub.errors import StoreError
from hub.model import (
    Entry,
    FeedKey,
    FeedState,
    Gathered,
    Known,
    PollResult,
)
from hub.store import Decide, feedrows, rows
from hub.store import statements as sql
from hub.store.applying import Applying
from hub.store.known import KnownToBatch, listed

_OUR_FAULT = "This is a fault of the hub: report it with this line and the feed's address."
_POLLS_KEPT = timedelta(days=90)
# News is copied within weeks; what is compared by is kept as long.
_SKETCHES_KEPT = timedelta(days=120)
# Of some three hundred bytes each.
_MOST_HOUSE_PHRASES = 20_000


class _Refused(Exception):
    """A poll cannot be stored, for a reason (`why`) of its own."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class Settling(Applying):
    """The part of the store that takes polls."""

    @abstractmethod
    def _index_new(self, entries: Sequence[tuple[int, Entry]], now: datetime) -> None:
        """Have searches find entries that are new, each with its key."""

    @abstractmethod
    def _settled(self, polls: int, entries: int) -> None:
        """Told after each batch of polls, with how many entries it wrote."""

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        try:
            results = self._settle(gathered, decide, apart=False)
        except _Refused:
            results = self._settle(gathered, decide, apart=True)
        entries = sum(result.new + result.updated for result in results)
        self._settled(len(results), entries)
        return results

    def _settle(self, gathered: Sequence[Gathered], decide: Decide, *, apart: bool) -> tuple[PollResult, ...]:
        """Settle polls in one transaction. With `apart`, a poll that is refused costs none of the others.

        Each poll has a savepoint then, for which SQLite keeps a copy of each page that is
        changed after it, and all that is written is waited for. So it is done only once a poll
        was refused.
        """
        try:
            with self._writing(), nullcontext() if apart else self._together():
                return tuple(self._settle_all(gathered, decide, apart=apart))
        except BaseException:
            # Some of it may have been read of what is undone.
            self._house.clear()
            raise

    @contextmanager
    def _together(self) -> Iterator[None]:
        """A block of which nothing is waited for. Raises _Refused where some of it is refused in the end."""
        try:
            with self._unawaited():
                yield
        except self._refusals as error:
            raise _Refused(error) from error

    def _settle_all(
        self, gathered: Sequence[Gathered], decide: Decide, *, apart: bool
    ) -> Iterator[PollResult]:
        for polls in _each_feed_once(gathered):
            yield from self._settle_together(polls, decide, apart=apart)
        if gathered:
            oldest = min(poll.started for poll in gathered) - _POLLS_KEPT
            self._execute("DELETE FROM polls WHERE started < ?", (rows.stamp(oldest),))

    def _settle_together(
        self, gathered: Sequence[Gathered], decide: Decide, *, apart: bool
    ) -> list[PollResult]:
        """Settle polls of different feeds, with what the store knows looked up for all of them at once."""
        states = {
            row["id"]: feedrows.feed_state(row)
            for row in self._rows(
                sql.FEEDS_NAMED, (listed((poll.feed.key.member, poll.feed.key.name) for poll in gathered),)
            )
        }
        ids = {state.feed.key: feed for feed, state in states.items()}
        polls = {ids[poll.feed.key]: poll for poll in gathered if poll.feed.key in ids}
        for feed, poll in [*polls.items()]:
            if not _is_of_now(poll, states[feed]):
                # Nothing is lost: the feed is due again already or was polled since, and a push is kept.
                del polls[feed]
                if poll.spared is not None:
                    self._leave_alone(decide(poll, states[feed], Known()))
        self._adopt({feed: poll for feed, poll in polls.items() if poll.entries})
        begun = None
        if any(poll.entries for poll in gathered):
            self._prune(max(poll.started for poll in gathered))
            begun = rows.maybe_moment(self._value(sql.BEGUN))
        known = KnownToBatch(
            self._rows,
            self._tuples,
            {feed: poll.entries for feed, poll in polls.items() if poll.entries},
            before={feed for feed, state in states.items() if state.succeeded is not None},
            house=self._house_phrases(),
            waiting=self._waiting(polls),
            begun=begun,
        )
        settle = self._settle_apart if apart else self._settle_one
        settled = [settle(feed, poll, states[feed], known, decide) for feed, poll in polls.items()]
        self._write_each(sql.NEW_IN_INDEX, known.take_index())
        if any(poll.entries for poll in gathered):
            self._index_new(known.new_entries, max(poll.started for poll in gathered))
        self._follow_tags(known.untagged)
        if any(shows for _, shows in settled):
            self._published_changed()
        return [result for result, _ in settled]

    def _waiting(self, feeds: Iterable[int]) -> dict[int, dict[int, datetime]]:
        """By feed, the entries with a change that has not been told, with when they last changed."""
        found: dict[int, dict[int, datetime]] = defaultdict(dict)
        for feed, key, last in self._tuples(sql.WAITING, (listed(feeds),)):
            found[feed][key] = rows.moment(last)
        return found

    def _house_phrases(self) -> dict[int, list[int]]:
        """The stories with each number that many stories have, as far as earlier batches have read them.

        In a network with such phrases most look-ups are for these. They are kept while no
        other connection writes to the database.
        """
        version = self._written_elsewhere()
        if version != self._version or len(self._house) > _MOST_HOUSE_PHRASES:
            self._house.clear()
            self._version = version
        return self._house

    def _settle_one(
        self, feed: int, gathered: Gathered, state: FeedState, known: KnownToBatch, decide: Decide
    ) -> tuple[PollResult, bool]:
        """Decide on a poll and apply it; as `_apply`. Raises _Refused where that costs this poll alone."""
        try:
            found = known.of(feed)
            if gathered.tombstones:
                found = replace(found, deleted=self._deleted(feed, gathered))
            return self._apply(feed, state, decide(gathered, state, found), known)
        except self._refusals as error:
            raise _Refused(error) from error
        except self._database_error:
            # The disk is full, or the file damaged: no other poll would fare better.
            raise
        except Exception as error:  # what a document does to the rules costs that feed alone
            raise _Refused(error) from error

    def _settle_apart(
        self, feed: int, gathered: Gathered, state: FeedState, known: KnownToBatch, decide: Decide
    ) -> tuple[PollResult, bool]:
        """`_settle_one` of a poll that may be refused: if it is, it is undone and on record as failed."""
        # What this one may write of the index and of stories' tags, and undo, is its own.
        self._write_each(sql.NEW_IN_INDEX, known.take_index())
        self._follow_tags(known.untagged)
        try:
            with self._undoable():
                return self._settle_one(feed, gathered, state, known, decide)
        except _Refused as error:
            refused = error.why
        failed = replace(
            gathered,
            outcome="failed",
            entries=(),
            error=f"What {gathered.feed.key} holds could not be stored: {refused}.",
            remedy=refused.remedy if isinstance(refused, StoreError) else _OUR_FAULT,
            reason="store",
        )
        with self._undoable():
            return self._apply(feed, state, decide(failed, state, Known()), known)

    def _prune(self, now: datetime) -> None:
        """Once a week, take out what is too old for copies of it to come: it reads the whole index."""
        week = "{}-W{:02}".format(*now.isocalendar())
        if self._value("SELECT pruned FROM state") == week:
            return
        self._execute("UPDATE state SET pruned = ?", (week,))
        for key, story in self._tuples(sql.OLDEST_SINCE, (rows.stamp(now - _SKETCHES_KEPT),)):
            self._execute("DELETE FROM sketches WHERE entry < ?", (key,))
            self._execute(sql.PRUNE_INDEX, {"key": key, "story": story})
            self._house.clear()


def _is_of_now(gathered: Gathered, state: FeedState) -> bool:
    """Whether a poll's addresses are the feed's by now, and no other poll has been settled since it began.

    feeds.yaml may have been edited meanwhile; and another process may have polled the feed, where this
    one could not settle for a while. What it has then are older words.
    """
    asked, feed = gathered.feed, state.feed
    if gathered.since is not UNSET and gathered.since != state.polled:
        return False
    return (asked.url, asked.alternatives, asked.kinds) == (feed.url, feed.alternatives, feed.kinds)


def _each_feed_once(gathered: Iterable[Gathered]) -> Iterator[list[Gathered]]:
    """The polls in batches in which no feed is twice: what is known of it would be out of date."""
    batch: dict[FeedKey, Gathered] = {}
    for poll in gathered:
        if poll.feed.key in batch:
            yield list(batch.values())
            batch = {}
        batch[poll.feed.key] = poll
    if batch:
        yield list(batch.values())
