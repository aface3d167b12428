"""What was decided on one poll, a FeedUpdate, into the database."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from hub.model import ChangedEntry, Entry, FeedState, FeedUpdate, NewEntry, PollResult, digest
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import KnownToBatch, listed
from hub.store.retracting import Retracting
from hub.store.written import Written

_REVISIONS_KEPT = 10
# A page without news may be so because its site is being made anew.
_LOOKED_AT_AGAIN = timedelta(days=1)


class Applying(Retracting):
    """The part of the store that writes what was decided on a poll."""

    @abstractmethod
    def _index_changed(self, key: int, entry: Entry) -> None:
        """Have searches find an entry by its words, and not by those it had."""

    def _apply(
        self, feed: int, before: FeedState, update: FeedUpdate, known: KnownToBatch
    ) -> tuple[PollResult, bool]:
        """Write what a poll changes, and have `known` learn it; its result, and whether readers are shown it.

        `feed` is the feed's number, and `before` what was remembered of it. That the tags of stories
        follow is left to `_follow_tags`.
        """
        now = rows.stamp(update.now)
        if update.withdrawn or any(changed.waits for changed in update.changed):
            # What is withheld is on record with the tags that its story had.
            self._follow_tags(known.untagged)
        written = self._write_new(feed, update, now)
        changed_stories = {entry.story for entry, new in zip(written, update.new, strict=True) if new.leads}
        changed_stories |= self._take_over(written, known)
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
            sql.NEW_SKETCH, [{"entry": one.key, **rows.sketch_row(one.entry.sketch)} for one in written]
        )
        left_out |= self._take_from(update)
        changed_stories |= left_out
        self._look_again(feed, update, written, known)
        back: list[Written] = []
        if update.returned:
            self._write_each(sql.NEW_IN_INDEX, known.take_index())
            back, touched = self._take_back(update)
            changed_stories |= touched
        if update.habits is not None:
            self._execute(sql.NEW_HABITS, {"feed": feed, **feedrows.habits_row(update.habits)})
        self._write_state(feed, before, update)
        known.took(feed, [*written, *back], update.relinked, changed_stories, update.now)
        if others := self._in_other_feeds({*update.withdrawn, *update.returned}):
            known.stand(self._tuples(sql.STANDING_NOW, (listed(others),)))
        is_shown = _is_shown(update, written, left_out) or _as_source(before) != _as_source(update.state)
        return _result(update), is_shown

    def _write_new(self, feed: int, update: FeedUpdate, now: str) -> list[Written]:
        """Write the entries that were not there, each into its story and with its tags."""
        if update.new:
            leads = sum(new.story is None or new.leads for new in update.new)
            self._execute(sql.COUNT_ENTRIES, (update.state.feed.key.member, len(update.new), leads))
        written = self._begin(feed, update.new, now)
        for entry in written:
            if entry.new and (withheld := entry.new.withheld):
                # Withdrawn as it comes is what an admin withdrew from another feed of its member.
                by_admin = withheld.standing == "withdrawn"
                self._withhold(entry.key, withheld, update.now, by_admin=by_admin, new=True)
        self._tag_new(written)
        return written

    def _take_over(self, written: Sequence[Written], known: KnownToBatch) -> set[int]:
        """Give entries that joined stories the tags by hand of these; the stories that this changed."""
        touched: set[int] = set()
        joined = [entry for entry in written if entry.joined]
        for entry in joined if joined and known.any_overruling else ():
            if self._take_over_what_was_said(entry.key, entry.story):
                self._tag(entry.key, entry.entry.tags)
                touched.add(entry.story)
        return touched

    def _refresh(self, update: FeedUpdate) -> set[int]:
        """Write what differs of entries besides their words; the stories that this changed."""
        touched: set[int] = set()
        for refreshed in update.refreshed:
            row = self._row(refreshed.key, refreshed.entry, rows.stamp(update.now))
            self._execute(sql.REFRESHED_ENTRY, row)
            self._tag(refreshed.key, refreshed.entry.tags)
            touched.add(self._value("SELECT story FROM entries WHERE key = ?", (refreshed.key,)))
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
            new = iter([entry.key for entry in written if entry.new][::-1])
            window = tuple(entry if entry.key else entry._replace(key=next(new)) for entry in update.window)
            packed = feedrows.window_bytes(window)
            if packed != known.windows.get(feed):
                self._execute(sql.NEW_WINDOW, (feed, packed))
        if update.made_anew:
            self._execute(sql.FORGET_CHECKS, (feed,))
        if update.unchecked:
            self._execute(sql.CHECKED, (listed(update.unchecked),))
        self._write_each(sql.NEW_CHECK, [feedrows.check_row(check) for check in update.checks])

    def _begin(self, feed: int, every: Sequence[NewEntry], now: str) -> list[Written]:
        """Write entries that were not there, each into its story."""
        begun = iter(self._new_stories([new.told for new in every if new.story is None]))
        stories = [next(begun) if new.story is None else new.story for new in every]
        keys = self._insert_each(
            sql.NEW_ENTRY,
            [_new_row(feed, new, story, now) for new, story in zip(every, stories, strict=True)],
            "key",
        )
        written = [
            Written(key, story, new.entry, new, withheld=new.withheld is not None)
            for key, story, new in zip(keys, stories, every, strict=True)
        ]
        joined = [(entry, new) for entry, new in zip(written, every, strict=True) if new.story is not None]
        if told := [entry.story for entry, new in joined if new.told]:
            self._execute(sql.TELL_STORIES, (listed(told),))
        # Where several came into one story, who came last leads.
        leads = {entry.story: (entry.key, new.why) for entry, new in joined if new.leads}
        for story, (key, why) in leads.items():
            self._execute(sql.FOLLOW_NEW_LEAD, {"key": key, "story": story, "why": why})
        return written

    def _change(self, changed: ChangedEntry, now: str) -> tuple[int, set[int]]:
        """Write an entry's new words; the story that it is in by now, and all stories that this changed."""
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
        self._index_changed(changed.key, changed.entry)
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
        """Have readers told of an entry's last changes now; its story."""
        self._execute("UPDATE entries SET changed = ? WHERE key = ?", (now, key))
        self._execute(sql.TELL_WAITING, (key,))
        return int(self._value("SELECT story FROM entries WHERE key = ?", (key,)))

    def _write_state(self, feed: int, before: FeedState, update: FeedUpdate) -> None:
        """Write what is remembered of the feed, and put the poll on record."""
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


def _new_row(feed: int, new: NewEntry, story: int, now: str) -> dict[str, Any]:
    """The columns of an entry that was not there."""
    return {
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
    }


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


def _is_shown(update: FeedUpdate, written: Sequence[Written], left_out: Collection[int]) -> bool:
    """Whether readers see something else by a poll's entries; of stories `left_out` entries were withheld."""
    return bool(
        any(not entry.withheld for entry in written)
        or update.settled
        or update.relinked
        or any(not refreshed.withheld for refreshed in update.refreshed)
        or update.returned
        or left_out
    )


def _as_source(state: FeedState) -> tuple[object, ...]:
    """What a merged feed tells of a feed as the source of its entries."""
    return state.used_url, state.info
