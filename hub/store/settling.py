"""Polls into the database: decided and applied under one lock, the only writer of entries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from hub import stories
from hub.model import (
    Candidate,
    ChangedEntry,
    Entry,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    PollResult,
    Rulings,
    Sketch,
    Tag,
    digest,
)
from hub.store import Decide, rows
from hub.store import statements as sql
from hub.store.connection import Connection

_POLLS_KEPT = timedelta(days=90)
# News is copied within weeks; what is compared by is kept as long.
_SKETCHES_KEPT = timedelta(days=120)


class Settling(Connection):
    """The half of the store that takes polls."""

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        results = []
        with self._writing():
            for each in gathered:
                row = self._feed_row(each.feed.key)
                if row is not None:
                    results.append(self._settle_one(each, row, decide))
            if gathered:
                oldest = min(each.started for each in gathered) - _POLLS_KEPT
                self._db.execute("DELETE FROM polls WHERE started < ?", (rows.stamp(oldest),))
        return tuple(results)

    def _feed_row(self, feed: FeedKey) -> sqlite3.Row | None:
        found = self._rows("SELECT * FROM feeds WHERE member = ? AND name = ?", (feed.member, feed.name))
        return found[0] if found else None

    def _settle_one(self, gathered: Gathered, row: sqlite3.Row, decide: Decide) -> PollResult:
        state = rows.feed_state(row)
        try:
            with self._db.atomic():
                known = self._known(row["id"], gathered.entries)
                return self._apply(row["id"], state, decide(gathered, state, known), known)
        except sqlite3.IntegrityError as error:
            refused: Exception = error
        except sqlite3.Error:
            # The disk is full, or the file damaged: no other poll would fare better.
            raise
        except Exception as error:  # noqa: BLE001 - what a document does to the rules costs that feed alone
            refused = error
        # Undone to the savepoint: the other polls of the batch go on, and this
        # one is on record as failed.
        failed = replace(
            gathered,
            outcome="failed",
            entries=(),
            error=f"What {gathered.feed.key} holds could not be stored: {refused}.",
            remedy="This is a fault of the hub: report it with this line and the feed's address.",
            reason="store",
        )
        with self._db.atomic():
            return self._apply(row["id"], state, decide(failed, state, Known()), Known())

    def _known(self, feed: int, entries: Sequence[Entry]) -> Known:
        if not entries:
            return Known()
        found = self._rows(
            sql.KNOWN_BY_KEYS,
            {
                "feed": feed,
                "ids": _listed(entry.keys.id for entry in entries),
                "loose_ids": _listed(entry.keys.loose_id for entry in entries),
                "links": _listed(entry.keys.link for entry in entries),
                "titles": _listed(entry.keys.title for entry in entries),
            },
        )
        own = tuple(rows.known_entry(row) for row in found)
        said = {known.fingerprint for known in own}
        unknown = [entry for entry in entries if entry.fingerprint not in said]
        if not unknown:
            return Known(own=own)
        return replace(self._known_of_others(feed, unknown, {each.story for each in own}), own=own)

    def _known_of_others(self, feed: int, entries: Sequence[Entry], own_stories: AbstractSet[int]) -> Known:
        """What these entries might be copies of; `own_stories` are looked into too."""
        holders = self._holders(entries)
        likely = self._likely(feed, entries, holders)
        found = self._rows(sql.CANDIDATES, (_listed(set(own_stories).union(*likely.values())),))
        candidates = [rows.candidate(row) for row in found]
        by_story: dict[int, list[Candidate]] = {}
        for each in candidates:
            by_story.setdefault(each.story, []).append(each)
        taken = self._rows(
            "SELECT atom_id FROM entries WHERE atom_key IN (SELECT value FROM json_each(?))",
            (_listed(entry.keys.id for entry in entries),),
        )
        return Known(
            likely=likely,
            stories={
                story: tuple(each for each in of_story if each.feed != entries[0].feed)
                for story, of_story in by_story.items()
            },
            story_feeds={
                story: frozenset(each.feed for each in of_story) for story, of_story in by_story.items()
            },
            atom_ids=frozenset(row["atom_id"] for row in taken),
            holders=holders,
            rulings=self._rulings(each.key for each in candidates),
        )

    def _holders(self, entries: Sequence[Entry]) -> dict[int, tuple[int, ...]]:
        numbers = {number for entry in entries for number in entry.sketch.numbers}
        holders: dict[int, list[int]] = {}
        for number, story in self._tuples(sql.HOLDERS, (_listed(numbers),)):
            holders.setdefault(number, []).append(story)
        return {number: tuple(stories) for number, stories in holders.items()}

    def _likely(
        self, feed: int, entries: Sequence[Entry], holders: Mapping[int, Sequence[int]]
    ) -> dict[str, tuple[int, ...]]:
        """The stories of other feeds that each of these entries may belong to, by fingerprint."""
        of_key: dict[str, list[int]] = {}
        for key, story in self._tuples(
            sql.STORIES_BY_KEYS,
            {
                "feed": feed,
                "ids": _listed(entry.keys.id for entry in entries),
                "links": _listed(entry.keys.link for entry in entries),
            },
        ):
            of_key.setdefault(key, []).append(story)
        return {
            entry.fingerprint: tuple(
                dict.fromkeys(
                    (
                        *of_key.get(entry.keys.link or "", ()),
                        *of_key.get(entry.keys.id or "", ()),
                        *stories.likely(entry.sketch, holders),
                    )
                )
            )
            for entry in entries
        }

    def _rulings(self, entries: Iterable[int]) -> Rulings:
        if not self._value("SELECT EXISTS (SELECT 1 FROM rulings)"):
            return Rulings()
        return rows.rulings(self._rows(sql.RULINGS, {"entries": _listed(entries)}))

    def _apply(self, feed: int, before: FeedState, update: FeedUpdate, known: Known) -> PollResult:
        gathered = update.gathered
        touched: set[int] = set()
        now = rows.stamp(update.now)
        for new in update.new:
            story = self._new_story() if new.story is None else new.story
            key = self._db.execute(
                sql.NEW_ENTRY,
                {
                    **rows.entry_row(new.entry),
                    "feed": feed,
                    "member": new.entry.feed.member,
                    "story": story,
                    "lead": int(new.story is None),
                    "copy_of": new.copy_of,
                    "why": new.why,
                    "atom_id": new.atom_id,
                    "atom_key": digest(new.atom_id),
                    "date": rows.stamp(new.date),
                    "now": now,
                },
            ).lastrowid
            assert key is not None
            if new.leads:
                self._db.execute(sql.TAKE_LEAD, {"key": key, "story": story, "why": new.why})
            self._tag(key, new.entry.tags)
            self._sketch(key, story, new.entry.sketch, known.holders)
            touched.add(story)
        for changed in update.changed:
            touched |= self._change(changed, known, now)
        for relinked in update.relinked:
            self._db.execute(sql.RELINKED_ENTRY, rows.relinked_row(relinked))
        for story in touched:
            self._retag_story(story)
        if update.new:
            self._prune(update.now)
        self._write_state(feed, update)
        if touched or update.relinked or _as_source(before) != _as_source(update.state):
            self._published_changed()
        return PollResult(
            feed=gathered.feed,
            outcome=gathered.outcome,
            new=len(update.new),
            updated=len(update.changed),
            seconds=gathered.seconds,
            status=gathered.status,
            size=gathered.size,
            error=gathered.error,
            remedy=gathered.remedy,
            remarks=gathered.remarks,
        )

    def _change(self, changed: ChangedEntry, known: Known, now: str) -> set[int]:
        """Write an entry's new words; the stories that this touched."""
        self._db.execute(
            sql.CHANGED_ENTRY,
            {
                **rows.entry_row(changed.entry),
                "key": changed.key,
                "past_fingerprints": json.dumps(changed.past_fingerprints),
                "changed": None if changed.catches_up else now,
            },
        )
        self._tag(changed.key, changed.entry.tags)
        story = self._value("SELECT story FROM entries WHERE key = ?", (changed.key,))
        touched = {story}
        if changed.story is not None:
            touched |= self._move(changed.key, changed.story, copy_of=changed.copy_of, why=changed.why)
        elif changed.leaves_story:
            touched |= self._move(changed.key, None)
        story = self._value("SELECT story FROM entries WHERE key = ?", (changed.key,))
        self._sketch(changed.key, story, changed.entry.sketch, known.holders)
        return touched

    def _move(self, key: int, story: int | None, *, copy_of: int | None = None, why: str = "") -> set[int]:
        """Put an entry into another story, or one of its own (None); the stories that this touched.

        The story it was in goes on with the original of those that are left,
        or leads to the other where none are.
        """
        left = self._value("SELECT story FROM entries WHERE key = ?", (key,))
        own = story is None
        if story is None:
            story = self._new_story()
        self._db.execute(
            sql.MOVE_ENTRY, {"key": key, "story": story, "lead": int(own), "copy_of": copy_of, "why": why}
        )
        self._db.execute(sql.NEXT_LEAD, {"story": left})
        if not own and not self._value("SELECT 1 FROM entries WHERE story = ? LIMIT 1", (left,)):
            self._db.execute("UPDATE stories SET merged_into = ? WHERE id = ?", (story, left))
            self._db.execute("UPDATE stories SET merged_into = ? WHERE merged_into = ?", (story, left))
        return {left, story}

    def _new_story(self) -> int:
        story = self._db.execute("INSERT INTO stories (merged_into) VALUES (NULL)").lastrowid
        assert story is not None
        return story

    def _sketch(self, key: int, story: int, sketch: Sketch, holders: Mapping[int, Sequence[int]]) -> None:
        """Keep what an entry is compared by, and make its story findable by it."""
        self._db.execute(sql.NEW_SKETCH, {"entry": key, **rows.sketch_row(sketch)})
        self._db.conn.executemany(
            sql.NEW_IN_INDEX,
            [(number, story) for number in sketch.numbers if len(holders.get(number, ())) < stories.COMMON],
        )

    def _prune(self, now: datetime) -> None:
        """Once a day, take out what is too old for copies of it to come."""
        today = now.date().isoformat()
        if self._value("SELECT pruned FROM state") == today:
            return
        self._db.execute("UPDATE state SET pruned = ?", (today,))
        oldest = self._rows(sql.OLDEST_SINCE, (rows.stamp(now - _SKETCHES_KEPT),))
        if oldest:
            self._db.execute("DELETE FROM sketches WHERE entry < ?", (oldest[0]["key"],))
            self._db.execute("DELETE FROM sketch_index WHERE story < ?", (oldest[0]["story"],))

    def _tag(self, key: int, tags: Sequence[Tag]) -> None:
        self._db.execute("DELETE FROM tags WHERE entry = ?", (key,))
        self._db.conn.executemany(
            "INSERT INTO tags (entry, term, why, position) VALUES (?, ?, ?, ?)",
            [(key, tag.term, tag.why, position) for position, tag in enumerate(tags)],
        )

    def _retag_story(self, story: int) -> None:
        self._db.execute("DELETE FROM story_tags WHERE story = ?", (story,))
        self._db.execute(sql.STORY_TAGS, {"story": story})

    def _write_state(self, feed: int, update: FeedUpdate) -> None:
        gathered = update.gathered
        columns = rows.state_row(update.state)
        assignments = ", ".join(f"{column} = :{column}" for column in columns)
        self._db.execute(f"UPDATE feeds SET {assignments} WHERE id = :feed", {**columns, "feed": feed})
        self._db.execute(
            "INSERT INTO polls (feed, started, seconds, outcome, status, size, new, updated, error, remarks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                json.dumps(gathered.remarks, ensure_ascii=False),
            ),
        )
        if update.host_not_before is not None:
            host, until = update.host_not_before
            self._db.execute(
                "INSERT INTO hosts (host, not_before) VALUES (?, ?)"
                " ON CONFLICT (host) DO UPDATE SET not_before = excluded.not_before",
                (host, rows.stamp(until)),
            )


def _listed(values: Iterable[str | int | None]) -> str:
    """Values as one parameter, for `json_each`."""
    return json.dumps([value for value in set(values) if value is not None])


def _as_source(state: FeedState) -> tuple[object, ...]:
    """What a merged feed tells of a feed as the source of its entries."""
    return state.used_url, state.info
