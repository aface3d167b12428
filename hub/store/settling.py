"""Polls into the database: decided and applied under one lock, the only writer of entries."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from hub.errors import StoreError
from hub.model import (
    ChangedEntry,
    Entry,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    NewEntry,
    PollResult,
    digest,
)
from hub.store import Decide, feedrows, rows
from hub.store import statements as sql
from hub.store.known import KnownToBatch, Written, listed
from hub.store.retracting import Retracting

_OUR_FAULT = "This is a fault of the hub: report it with this line and the feed's address."
_POLLS_KEPT = timedelta(days=90)
_REVISIONS_KEPT = 10
# A page without news may be so because its site is being made anew.
_LOOKED_AT_AGAIN = timedelta(days=1)
# News is copied within weeks; what is compared by is kept as long.
_SKETCHES_KEPT = timedelta(days=120)
# Of some three hundred bytes each.
_MOST_HOUSE_PHRASES = 20_000


class _Refused(Exception):
    """A poll cannot be stored, for a reason (`why`) of its own."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class Settling(Retracting):
    """The half of the store that takes polls."""

    @abstractmethod
    def _index_texts(self, texts: Sequence[tuple[int, str, str]], now: datetime) -> None:
        """Have searches find entries that are new, by their keys, titles and texts."""

    @abstractmethod
    def _index_words(self, key: int, title: str, text: str) -> None:
        """Have searches find an entry by these words, and not by those it had."""

    @abstractmethod
    def _settled(self, polls: int, entries: int) -> None:
        """Told after each batch of polls, with how many entries it wrote."""

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        try:
            results = self._settle(gathered, decide, apart=False)
        except _Refused:
            results = self._settle(gathered, decide, apart=True)
        entries = sum(each.new + each.updated for each in results)
        self._settled(len(results), entries)
        return results

    def _settle(self, gathered: Sequence[Gathered], decide: Decide, *, apart: bool) -> tuple[PollResult, ...]:
        """Settle polls in one transaction; with `apart`, one that is refused costs none of the others.

        To be undone by itself each needs a savepoint, for which SQLite keeps a copy of
        each page that is changed after it, so that this is left to when it is needed.
        """
        results: list[PollResult] = []
        try:
            with self._writing():
                for polls in _each_feed_once(gathered):
                    results += self._settle_together(polls, decide, apart=apart)
                if gathered:
                    oldest = min(each.started for each in gathered) - _POLLS_KEPT
                    self._execute("DELETE FROM polls WHERE started < ?", (rows.stamp(oldest),))
        except BaseException:
            # Some of it may have been read of what is undone.
            self._house.clear()
            raise
        return tuple(results)

    def _settle_together(
        self, gathered: Sequence[Gathered], decide: Decide, *, apart: bool
    ) -> list[PollResult]:
        states = {
            row["id"]: feedrows.feed_state(row)
            for row in self._rows(
                sql.FEEDS_NAMED, (listed((each.feed.key.member, each.feed.key.name) for each in gathered),)
            )
        }
        ids = {state.feed.key: feed for feed, state in states.items()}
        polls = {ids[each.feed.key]: each for each in gathered if each.feed.key in ids}
        for feed, each in [*polls.items()]:
            if not _is_of_now(each, states[feed]):
                # Nothing is lost: the feed is due again already or was polled since, and a push is kept.
                del polls[feed]
                if each.spared is not None:
                    self._leave_alone(decide(each, states[feed], Known()))
        self._adopt({feed: each for feed, each in polls.items() if each.entries})
        begun = None
        if any(each.entries for each in gathered):
            self._prune(max(each.started for each in gathered))
            begun = rows.maybe_moment(self._value(sql.BEGUN))
        known = KnownToBatch(
            self._rows,
            self._tuples,
            {feed: each.entries for feed, each in polls.items() if each.entries},
            before={feed for feed, state in states.items() if state.succeeded is not None},
            house=self._house_phrases(),
            waiting=self._waiting(polls),
            begun=begun,
        )
        settle = self._settle_apart if apart else self._settle_one
        settled = [settle(feed, each, states[feed], known, decide) for feed, each in polls.items()]
        self._write_each(sql.NEW_IN_INDEX, known.take_index())
        if any(each.entries for each in gathered):
            self._index_texts(known.new_texts, max(each.started for each in gathered))
        if any(shows for _, shows in settled):
            self._published_changed()
        return [result for result, _ in settled]

    def _waiting(self, feeds: Iterable[int]) -> dict[int, dict[int, datetime]]:
        """By feed, the entries that wait to be told of as changed, with when they last did."""
        found: dict[int, dict[int, datetime]] = defaultdict(dict)
        for feed, key, last in self._tuples(sql.WAITING, (listed(feeds),)):
            found[feed][key] = rows.moment(last)
        return found

    def _house_phrases(self) -> dict[int, list[int]]:
        """What was read of them before: most of what entries are looked up by, where a network has any.

        Kept while no other connection writes to the database.
        """
        version = self._written_elsewhere()
        if version != self._version or len(self._house) > _MOST_HOUSE_PHRASES:
            self._house.clear()
            self._version = version
        return self._house

    def _settle_one(
        self, feed: int, gathered: Gathered, state: FeedState, known: KnownToBatch, decide: Decide
    ) -> tuple[PollResult, bool]:
        """The result of a poll, and whether what is published shows it."""
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
        """The same of a poll that may be refused: it is then on record as failed."""
        # What this one may write of the index, and undo, is its own.
        self._write_each(sql.NEW_IN_INDEX, known.take_index())
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

    def _apply(
        self, feed: int, before: FeedState, update: FeedUpdate, known: KnownToBatch
    ) -> tuple[PollResult, bool]:
        now = rows.stamp(update.now)
        written = self._write_new(feed, update, now)
        changed_stories = {each.story for each, new in zip(written, update.new, strict=True) if new.leads}
        changed_stories |= self._take_over(written)
        left_out: set[int] = set()
        for changed in update.changed:
            if changed.waits is not None:
                # Before its words change: readers had it by the tags that it has.
                left_out |= self._withhold(changed.key, changed.waits, update.now)
            story, stories = self._change(changed, now)
            written.append(Written(changed.key, story, changed.entry, withheld=changed.withheld))
            changed_stories |= stories
        for key in update.settled:
            changed_stories.add(self._tell_of(key, now))
        for relinked in update.relinked:
            self._execute(sql.RELINKED_ENTRY, rows.relinked_row(relinked))
        changed_stories |= self._refresh(update)
        self._write_each(
            sql.NEW_SKETCH, [{"entry": each.key, **rows.sketch_row(each.entry.sketch)} for each in written]
        )
        left_out |= self._take_from(update)
        changed_stories |= left_out
        self._look_again(feed, update, written, known)
        back: list[Written] = []
        if update.returned:
            self._write_each(sql.NEW_IN_INDEX, known.take_index())
            back, touched = self._take_back(update)
            changed_stories |= touched
        for story in changed_stories:
            self._retag_story(story)
        if update.habits is not None:
            self._execute(sql.NEW_HABITS, {"feed": feed, **feedrows.habits_row(update.habits)})
        self._write_state(feed, before, update)
        known.took(feed, [*written, *back], update.relinked, changed_stories, update.now)
        if others := self._in_other_feeds({*update.withdrawn, *update.returned}):
            known.stand(self._tuples(sql.STANDING_NOW, (listed(others),)))
        shows = (
            any(not each.withheld for each in written)
            or update.settled
            or update.relinked
            or any(not each.withheld for each in update.refreshed)
            or update.returned
            or left_out
        )
        return _result(update), bool(shows or _as_source(before) != _as_source(update.state))

    def _write_new(self, feed: int, update: FeedUpdate, now: str) -> list[Written]:
        """Write the entries that were not there, each into its story and with its tags."""
        if update.new:
            leads = sum(new.story is None or new.leads for new in update.new)
            self._execute(sql.COUNT_ENTRIES, (update.state.feed.key.member, len(update.new), leads))
        written = [self._begin(feed, new, now) for new in update.new]
        for each in written:
            if each.new and (withheld := each.new.withheld):
                # Withdrawn as it comes is what an admin withdrew from another feed of its member.
                by_admin = withheld.standing == "withdrawn"
                self._withhold(each.key, withheld, update.now, by_admin=by_admin, new=True)
        self._tag_new(written)
        return written

    def _take_over(self, written: Sequence[Written]) -> set[int]:
        """Have entries that joined stories take over what was said of these; those that this touched."""
        touched: set[int] = set()
        joined = [each for each in written if each.joined]
        for each in joined if joined and self._value(sql.ANY_OVERRULING) else ():
            if self._take_over_what_was_said(each.key, each.story):
                self._tag(each.key, each.entry.tags)
                touched.add(each.story)
        return touched

    def _refresh(self, update: FeedUpdate) -> set[int]:
        """Write what of entries is another besides their words; the stories that this touched."""
        touched: set[int] = set()
        for each in update.refreshed:
            self._execute(sql.REFRESHED_ENTRY, self._row(each.key, each.entry, rows.stamp(update.now)))
            self._tag(each.key, each.entry.tags)
            touched.add(self._value("SELECT story FROM entries WHERE key = ?", (each.key,)))
        return touched

    def _row(self, key: int, entry: Entry, now: str) -> dict[str, Any]:
        """The columns of an entry that is stored already."""
        (before,) = self._rows("SELECT event_date, details FROM entries WHERE key = ?", (key,))
        return {**rows.entry_row(entry, moved=rows.last_moved(entry, before, now)), "key": key}

    def _look_again(
        self, feed: int, update: FeedUpdate, written: Sequence[Written], known: KnownToBatch
    ) -> None:
        """Write which entries the document has, and whose pages are to be looked at."""
        if update.window:
            new = iter([each.key for each in written if each.new][::-1])
            window = tuple(each if each.key else each._replace(key=next(new)) for each in update.window)
            packed = feedrows.window_bytes(window)
            if packed != known.windows.get(feed):
                self._execute(sql.NEW_WINDOW, (feed, packed))
        if update.made_anew:
            self._execute(sql.FORGET_CHECKS, (feed,))
        if update.unchecked:
            self._execute(sql.CHECKED, (listed(update.unchecked),))
        self._write_each(sql.NEW_CHECK, [feedrows.check_row(check) for check in update.checks])

    def _begin(self, feed: int, new: NewEntry, now: str) -> Written:
        """Write an entry that was not there, into its story."""
        story = self._new_story(told=new.told) if new.story is None else new.story
        key = self._insert(
            sql.NEW_ENTRY,
            {
                **rows.entry_row(new.entry),
                "feed": feed,
                "member": new.entry.feed.member,
                "story": story,
                "lead": int(new.story is None or new.leads),
                "copy_of": None if new.leads else new.copy_of,
                "why": "" if new.leads else new.why,
                "kind": new.entry.kind,
                "atom_id": new.atom_id,
                "atom_key": new.entry.keys.id if new.atom_id == new.entry.id else digest(new.atom_id),
                "date": rows.stamp(new.date),
                "now": now,
            },
            "key",
        )
        if new.story is not None and new.told:
            self._execute(sql.TELL_STORY, (story,))
        if new.leads:
            self._execute(sql.FOLLOW_NEW_LEAD, {"key": key, "story": story, "why": new.why})
        return Written(key, story, new.entry, new, withheld=new.withheld is not None)

    def _change(self, changed: ChangedEntry, now: str) -> tuple[int, set[int]]:
        """Write an entry's new words; the story it is in by now, and all that this touched."""
        told = "no" if changed.catches_up else changed.told
        # What is other news each hour may not have told the one before.
        leaves = changed.leaves_story and told == "yes"
        told_it = leaves and self._told_by(changed.key, rows.moment(now))
        self._execute(sql.NEW_REVISION, {"key": changed.key, "now": now, "told": told})
        self._execute(sql.OLD_REVISIONS, {"key": changed.key, "kept": _REVISIONS_KEPT})
        self._execute(
            sql.CHANGED_ENTRY,
            {
                **self._row(changed.key, changed.entry, now),
                "past_fingerprints": rows.as_json(changed.past_fingerprints),
                "changed": now if told == "yes" else None,
                "date": rows.stamp(changed.date) if changed.date else None,
                "keeps_day": int(changed.keeps_day),
            },
        )
        self._index_words(changed.key, changed.entry.title, changed.entry.text)
        if told == "yes":
            self._execute(sql.TELL_WAITING, (changed.key,))
        if changed.leaves_story:
            self._execute("DELETE FROM overrulings WHERE entry = ?", (changed.key,))
            self._execute(sql.RULED_OF_NEWS, (changed.key,))
        left = self._value("SELECT story FROM entries WHERE key = ?", (changed.key,))
        touched = {left}
        if changed.story is not None:
            touched |= self._move(changed.key, changed.story, copy_of=changed.copy_of, why=changed.why)
            self._lead_undated(changed.key, changed.story)
            self._share_what_was_said(changed.story)
            if changed.entry.fingerprint in changed.past_fingerprints:
                # It went away from that news and back to it.
                self._tell_again(changed.key, changed.story)
        elif changed.leaves_story and changed.withheld:
            self._execute("UPDATE standings SET story = NULL, led = 0 WHERE entry = ?", (changed.key,))
        elif changed.leaves_story:
            touched |= self._move(changed.key, None)
        if told_it and len(touched) > 1:
            # Its copies would tell it under other ids.
            self._execute(sql.TELL_NO_MORE, (left,))
        self._tag(changed.key, changed.entry.tags)
        story = int(self._value("SELECT story FROM entries WHERE key = ?", (changed.key,)))
        return story, touched

    def _tell_of(self, key: int, now: str) -> int:
        """Have an entry's last changes count as told now; its story."""
        self._execute("UPDATE entries SET changed = ? WHERE key = ?", (now, key))
        self._execute(sql.TELL_WAITING, (key,))
        return int(self._value("SELECT story FROM entries WHERE key = ?", (key,)))

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

    def _write_state(self, feed: int, before: FeedState, update: FeedUpdate) -> None:
        gathered = update.gathered
        columns = feedrows.state_row(update.state, before)
        if columns:
            assignments = ", ".join(f"{column} = :{column}" for column in columns)
            self._execute(f"UPDATE feeds SET {assignments} WHERE id = :feed", {**columns, "feed": feed})
        self._execute(
            "INSERT INTO polls"
            " (feed, started, seconds, outcome, status, size, new, updated, error, remarks, pushed, reshares)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                feed,
                rows.stamp(gathered.started),
                gathered.seconds,
                gathered.outcome,
                gathered.status,
                gathered.size,
                len(update.new),
                len(update.changed),
                gathered.error,
                rows.as_json(gathered.remarks),
                int(gathered.push is not None),
                update.reshares,
            ),
        )
        self._write_each(sql.NEW_PAGE, [(feed, page) for page in gathered.pages])
        if gathered.pages_in_vain or gathered.pages_barred:
            again = rows.stamp(update.now + _LOOKED_AT_AGAIN)
            self._write_each(sql.NEW_PAGE_IN_VAIN, [(feed, page, again) for page in gathered.pages_in_vain])
            self._write_each(sql.NEW_PAGE_BARRED, [(feed, page, again) for page in gathered.pages_barred])
        if gathered.push is not None:
            self._execute("DELETE FROM pushes WHERE id = ?", (gathered.push,))
        self._leave_alone(update)

    def _leave_alone(self, update: FeedUpdate) -> None:
        """Remember which host asked all its visitors to stay away, if one did."""
        if update.host_not_before is not None:
            host, until = update.host_not_before
            self._execute(sql.SPARE_HOST, (host, rows.stamp(until)))


def _result(update: FeedUpdate) -> PollResult:
    gathered = update.gathered
    return PollResult(
        feed=gathered.feed,
        outcome=gathered.outcome,
        new=len(update.new),
        updated=len(update.changed),
        waiting=sum(new.withheld is not None and new.withheld.standing != "withdrawn" for new in update.new)
        + sum(changed.waits is not None for changed in update.changed),
        seconds=gathered.seconds,
        status=gathered.status,
        size=gathered.size,
        error=gathered.error,
        remedy=gathered.remedy,
        remarks=gathered.remarks,
        pushed=gathered.push is not None,
    )


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
    for each in gathered:
        if each.feed.key in batch:
            yield list(batch.values())
            batch = {}
        batch[each.feed.key] = each
    if batch:
        yield list(batch.values())


def _as_source(state: FeedState) -> tuple[object, ...]:
    """What a merged feed tells of a feed as the source of its entries."""
    return state.used_url, state.info
