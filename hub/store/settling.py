"""Polls into the database: decided and applied under one lock, the only writer of entries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from hub.model import (
    Entry,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    PollResult,
    Tag,
    digest,
)
from hub.store import Decide, rows
from hub.store import statements as sql
from hub.store.connection import Connection

_POLLS_KEPT = timedelta(days=90)


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
                return self._apply(row["id"], state, decide(gathered, state, known))
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
            return self._apply(row["id"], state, decide(failed, state, Known()))

    def _known(self, feed: int, entries: Sequence[Entry]) -> Known:
        if not entries:
            return Known()

        def keys(values: Iterable[str | None]) -> str:
            return json.dumps(sorted({value for value in values if value is not None}))

        found = self._rows(
            sql.KNOWN_BY_KEYS,
            {
                "feed": feed,
                "ids": keys(entry.keys.id for entry in entries),
                "loose_ids": keys(entry.keys.loose_id for entry in entries),
                "links": keys(entry.keys.link for entry in entries),
                "titles": keys(entry.keys.title for entry in entries),
            },
        )
        own_feed = entries[0].feed
        known = [rows.known_entry(row) for row in found]
        taken = self._rows(
            "SELECT atom_id FROM entries WHERE atom_key IN (SELECT value FROM json_each(?))",
            (keys(entry.keys.id for entry in entries),),
        )
        stories: dict[int, set[FeedKey]] = {}
        for row in self._rows(
            "SELECT e.story, e.member, f.name FROM entries e JOIN feeds f ON f.id = e.feed"
            " WHERE e.story IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted({each.story for each in known})),),
        ):
            stories.setdefault(row["story"], set()).add(FeedKey(row["member"], row["name"]))
        return Known(
            own=tuple(each for each in known if each.feed == own_feed),
            others=tuple(each for each in known if each.feed != own_feed),
            atom_ids=frozenset(row["atom_id"] for row in taken),
            story_feeds={story: frozenset(feeds) for story, feeds in stories.items()},
        )

    def _apply(self, feed: int, before: FeedState, update: FeedUpdate) -> PollResult:
        gathered = update.gathered
        touched: set[int] = set()
        now = rows.stamp(update.now)
        for new in update.new:
            story = new.story
            if story is None:
                story = self._db.execute("INSERT INTO stories (merged_into) VALUES (NULL)").lastrowid
            key = self._db.execute(
                sql.NEW_ENTRY,
                {
                    **rows.entry_row(new.entry),
                    "feed": feed,
                    "member": new.entry.feed.member,
                    "story": story,
                    "lead": int(new.story is None),
                    "why": new.why,
                    "atom_id": new.atom_id,
                    "atom_key": digest(new.atom_id),
                    "date": rows.stamp(new.date),
                    "now": now,
                },
            ).lastrowid
            assert key is not None
            assert story is not None
            self._tag(key, new.entry.tags)
            touched.add(story)
        for changed in update.changed:
            self._db.execute(
                sql.CHANGED_ENTRY,
                {
                    **rows.entry_row(changed.entry),
                    "key": changed.key,
                    "past_fingerprints": json.dumps(changed.past_fingerprints),
                    "now": now,
                },
            )
            self._tag(changed.key, changed.entry.tags)
            touched.add(self._value("SELECT story FROM entries WHERE key = ?", (changed.key,)))
            if changed.leaves_story:
                touched.add(self._leave_story(changed.key))
        for relinked in update.relinked:
            self._db.execute(sql.RELINKED_ENTRY, rows.relinked_row(relinked))
        for story in touched:
            self._retag_story(story)
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

    def _leave_story(self, key: int) -> int:
        """Give an entry a story of its own; the one it was in goes on with the next as its lead."""
        left = self._value("SELECT story FROM entries WHERE key = ?", (key,))
        own = self._db.execute("INSERT INTO stories (merged_into) VALUES (NULL)").lastrowid
        assert own is not None
        self._db.execute("UPDATE entries SET story = ?, lead = 1, why = '' WHERE key = ?", (own, key))
        self._db.execute(sql.NEXT_LEAD, {"story": left})
        return own

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


def _as_source(state: FeedState) -> tuple[object, ...]:
    """What a merged feed tells of a feed as the source of its entries."""
    return state.used_url, state.info
