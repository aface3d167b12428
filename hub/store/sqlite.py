"""The store on SQLite, by way of sqlite-utils: the default, and enough for most networks.

One file in WAL mode: those who read see the last commit and never wait for
the one who writes. `synchronous=NORMAL` means that a power cut may undo the
last polls, whole; the next round brings them again, since their validators
are undone with them.
"""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from hub import urls
from hub.errors import HubError, StoreError
from hub.model import (
    Entry,
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    Member,
    PollResult,
    Selection,
    StoredEntry,
    Story,
    Tag,
    digest,
)
from hub.store import BadCursor, Decide, MemberSummary, Order, Page, rows
from hub.store import statements as sql
from hub.store.migrations import migrations
from hub.store.selection import Condition, entries_where, full_text_query, where

_BUSY_SECONDS = 30
_POLLS_KEPT = timedelta(days=90)
_RECENT = timedelta(days=90)
_WALK_AT_ONCE = 500


class SqliteStore:
    """A Store in one file, made or upgraded when it is opened."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            connection = sqlite3.connect(
                file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            self._db = Database(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if migrations.pending(self._db):
                with self._writing():
                    migrations.apply(self._db)
        except sqlite3.Error as error:
            raise StoreError(
                f"The database {file} cannot be opened: {error}.",
                "Check that its folder exists and can be written to, and that the file is a hub's database.",
            ) from error

    # ------------------------------------------------------------ transactions

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that holds the write lock from its first read on."""
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.rollback()
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One state of the database for several reads."""
        with self._errors(), self._db.atomic():
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"The database {self._file} refused: {error}.",
                "Look at the disk's free space and the file's rights; `hub check` looks into the file.",
            ) from error

    def _rows(self, statement: str, values: dict[str, Any] | Sequence[Any] = ()) -> list[sqlite3.Row]:
        found: list[sqlite3.Row] = self._db.execute(statement, values).fetchall()
        return found

    def _value(self, statement: str, values: dict[str, Any] | Sequence[Any] = ()) -> Any:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _published_changed(self) -> None:
        self._db.execute("UPDATE state SET version = version + 1")

    # ------------------------------------------------------------ what feeds.yaml says

    def sync(self, members: Sequence[Member], feeds: Sequence[Feed], *, authority: str) -> None:
        with self._writing():
            before = self._members_as_published()
            self._db.execute("UPDATE state SET authority = ?", (authority,))
            self._db.execute("UPDATE members SET configured = 0")
            self._db.execute("UPDATE feeds SET configured = 0")
            for position, member in enumerate(members):
                self._db.execute(sql.MEMBER_UPSERT, rows.member_row(member, position))
            for position, feed in enumerate(feeds):
                row = rows.feed_row(feed, position)
                self._db.execute(sql.FEED_ADDRESS_CHANGED, row)
                self._db.execute(sql.FEED_UPSERT, row)
            if self._members_as_published() != before:
                self._published_changed()

    def _members_as_published(self) -> list[tuple[Any, ...]]:
        members = self._rows(
            "SELECT slug, name, type, region, homepage, republish, configured FROM members ORDER BY slug"
        )
        feeds = self._rows("SELECT member, name, url, configured FROM feeds ORDER BY id")
        return [tuple(row) for row in (*members, *feeds)]

    def feed_states(self) -> tuple[FeedState, ...]:
        return self._states("configured = 1", ())

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        moment = rows.stamp(now)
        found = self._states(
            "configured = 1 AND gone IS NULL AND (next_poll IS NULL OR next_poll <= ?)", (moment,)
        )
        return tuple(state for state in found if state.not_before is None or state.not_before <= now)

    def _states(self, condition: str, values: tuple[str, ...]) -> tuple[FeedState, ...]:
        with self._reading():
            waits = {
                row["host"]: rows.moment(row["not_before"])
                for row in self._rows("SELECT host, not_before FROM hosts")
            }
            found = self._rows(f"SELECT * FROM feeds WHERE {condition} ORDER BY position", values)
        return tuple(
            rows.feed_state(row, waits.get(urls.host(row["url"]) or "") if waits else None) for row in found
        )

    # ------------------------------------------------------------ settling polls

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
        except (HubError, ValueError, sqlite3.IntegrityError) as error:
            # Undone to the savepoint: the other polls of the batch go on, and
            # this one is on record as failed.
            failed = replace(
                gathered,
                outcome="failed",
                entries=(),
                error=f"What {gathered.feed.key} holds could not be stored: {error}.",
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

    # ------------------------------------------------------------ reading

    def stories(
        self,
        selection: Selection = Selection(),
        *,
        limit: int,
        cursor: str | None = None,
        order: Order = "date",
    ) -> Page[Story]:
        with self._reading():
            if order == "relevance" and selection.search is not None:
                keys, following = self._by_relevance(selection, limit, cursor)
            else:
                keys, following = self._by_date(where(selection), limit, cursor)
            return Page(items=self._stories_showing(keys), next=following)

    def entries(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[StoredEntry]:
        with self._reading():
            keys, following = self._by_date(entries_where(selection), limit, cursor)
            found = {stored.key: stored for stored in self._load("e.key", keys)}
        return Page(items=tuple(found[key] for key in keys), next=following)

    def story(self, story: int) -> Story | int | None:
        if not 0 < story < 2**63:
            return None
        with self._reading():
            merged_into: int | None = self._value("SELECT merged_into FROM stories WHERE id = ?", (story,))
            entries = self._load("e.story", [story])
        if merged_into is not None:
            return merged_into
        return _story(entries, entries[0]) if entries else None

    def count(self, selection: Selection) -> int:
        condition, values = where(selection)
        with self._errors():
            return int(self._value(f"SELECT COUNT(*) FROM entries e WHERE {condition}", values))

    def members(self, now: datetime) -> tuple[MemberSummary, ...]:
        since = rows.stamp(now - _RECENT)
        with self._reading():
            states: dict[str, list[FeedState]] = {}
            for row in self._rows("SELECT * FROM feeds WHERE configured = 1 ORDER BY position"):
                states.setdefault(row["member"], []).append(rows.feed_state(row))
            found = self._rows(
                "SELECT m.*, COUNT(e.key) AS entries, COALESCE(SUM(e.date >= ?), 0) AS recent"
                " FROM members m LEFT JOIN entries e ON e.member = m.slug"
                " GROUP BY m.slug ORDER BY m.configured DESC, m.position, m.slug",
                (since,),
            )
            latest = {
                row["slug"]: self._value(
                    "SELECT key FROM entries WHERE member = ? ORDER BY date DESC, key DESC LIMIT 1",
                    (row["slug"],),
                )
                for row in found
            }
            newest = {
                stored.member.slug: stored
                for stored in self._load("e.key", [key for key in latest.values() if key is not None])
            }
        return tuple(
            MemberSummary(
                member=rows.member(row),
                configured=bool(row["configured"]),
                feeds=tuple(states.get(row["slug"], ())),
                entries=row["entries"],
                recent=row["recent"],
                latest=newest.get(row["slug"]),
            )
            for row in found
        )

    def tag_counts(self) -> Mapping[str, int]:
        with self._errors():
            found = self._rows("SELECT term, COUNT(*) AS stories FROM story_tags GROUP BY term ORDER BY term")
        return {row["term"]: row["stories"] for row in found}

    def version(self) -> int:
        with self._errors():
            return int(self._value("SELECT version FROM state"))

    def walk(self) -> Iterator[StoredEntry]:
        last = 0
        while True:
            with self._reading():
                keys = [
                    row["key"]
                    for row in self._rows(
                        "SELECT key FROM entries WHERE key > ? ORDER BY key LIMIT ?", (last, _WALK_AT_ONCE)
                    )
                ]
                batch = self._load("e.key", keys)
            if not batch:
                return
            yield from sorted(batch, key=lambda stored: stored.key)
            last = keys[-1]

    def _by_date(self, condition: Condition, limit: int, cursor: str | None) -> tuple[list[int], str | None]:
        where_sql, values = condition
        if cursor is not None:
            date, key = _read_cursor(cursor, "d", (str, int))
            # Spelled out: not every database takes a comparison of row values as a range of its index.
            where_sql = f"({where_sql}) AND (e.date < ? OR (e.date = ? AND e.key < ?))"
            values = (*values, date, date, key)
        found = self._rows(
            f"SELECT e.key, e.date FROM entries e WHERE {where_sql} ORDER BY e.date DESC, e.key DESC LIMIT ?",
            (*values, limit + 1),
        )
        following = None
        if len(found) > limit:
            found = found[:limit]
            following = _write_cursor("d", found[-1]["date"], found[-1]["key"])
        return [row["key"] for row in found], following

    def _by_relevance(
        self, selection: Selection, limit: int, cursor: str | None
    ) -> tuple[list[int], str | None]:
        query = full_text_query(selection.search or "")
        if query is None:
            return [], None
        skipped = 0
        if cursor is not None:
            (skipped,) = _read_cursor(cursor, "r", (int,))
        condition, values = where(selection)
        found = self._rows(
            "SELECT e.key FROM search s JOIN entries e ON e.key = s.rowid"
            # A word in the title counts for eight in the text.
            f" WHERE s.search MATCH ? AND {condition} ORDER BY bm25(search, 8.0, 1.0), e.key DESC"
            " LIMIT ? OFFSET ?",
            (query, *values, limit + 1, skipped),
        )
        following = _write_cursor("r", skipped + limit) if len(found) > limit else None
        return [row["key"] for row in found[:limit]], following

    def _stories_showing(self, keys: Sequence[int]) -> tuple[Story, ...]:
        stories = {
            row["key"]: row["story"]
            for row in self._rows(
                "SELECT key, story FROM entries WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(list(keys)),),
            )
        }
        entries: dict[int, list[StoredEntry]] = {}
        for stored in self._load("e.story", sorted(set(stories.values()))):
            entries.setdefault(stored.story, []).append(stored)
        return tuple(
            _story(of_story, next(stored for stored in of_story if stored.key == key))
            for key in keys
            for of_story in (entries[stories[key]],)
        )

    def _load(self, column: str, values: Sequence[int]) -> list[StoredEntry]:
        """The entries with these values in a column, each story's lead first, then oldest first."""
        if not values:
            return []
        found = self._rows(
            f"{sql.ENTRY} WHERE {column} IN (SELECT value FROM json_each(?))"
            " ORDER BY e.story, e.lead DESC, e.key",
            (json.dumps(list(values)),),
        )
        tags: dict[int, list[Tag]] = {}
        for row in self._rows(
            "SELECT entry, term, why FROM tags WHERE entry IN (SELECT value FROM json_each(?))"
            " ORDER BY entry, position",
            (json.dumps([row["key"] for row in found]),),
        ):
            tags.setdefault(row["entry"], []).append(Tag(row["term"], row["why"]))
        return [rows.stored_entry(row, tuple(tags.get(row["key"], ()))) for row in found]

    # ------------------------------------------------------------ care

    def retag(self, tags: Mapping[int, tuple[Tag, ...]]) -> int:
        changed = 0
        with self._writing():
            before = {stored.key: stored for stored in self._load("e.key", list(tags))}
            for key, wanted in tags.items():
                stored = before.get(key)
                if stored is None or stored.entry.tags == wanted:
                    continue
                self._tag(key, wanted)
                self._retag_story(stored.story)
                changed += 1
            if changed:
                self._published_changed()
        return changed

    def remove(self, feed: FeedKey) -> int:
        with self._writing():
            row = self._feed_row(feed)
            if row is None:
                return 0
            stories = [
                each["story"]
                for each in self._rows("SELECT DISTINCT story FROM entries WHERE feed = ?", (row["id"],))
            ]
            removed = self._db.execute("DELETE FROM entries WHERE feed = ?", (row["id"],)).rowcount
            for story in stories:
                self._db.execute(sql.NEXT_LEAD, {"story": story})
                self._retag_story(story)
            self._db.execute("DELETE FROM feeds WHERE id = ?", (row["id"],))
            self._db.execute(
                "DELETE FROM members WHERE configured = 0 AND slug = ?"
                " AND NOT EXISTS (SELECT 1 FROM feeds WHERE member = slug)",
                (feed.member,),
            )
            self._published_changed()
        return int(removed)

    def backup(self, file: Path) -> None:
        if file.exists():
            raise StoreError(f"{file} exists already.", "Name a file that does not, or move this one away.")
        try:
            with closing(sqlite3.connect(file)) as copy:
                self._db.conn.backup(copy)
        except sqlite3.Error as error:
            file.unlink(missing_ok=True)
            raise StoreError(
                f"The backup to {file} failed: {error}.", "Check that its folder exists and has room."
            ) from error

    def check(self) -> tuple[str, ...]:
        with self._errors():
            problems = [str(row[0]) for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
            problems += [
                f"{row['table']}: row {row['rowid']} names a row of {row['parent']} that is not there"
                for row in self._rows("PRAGMA foreign_key_check")
            ]
            without_lead = self._value(
                "SELECT COUNT(*) FROM (SELECT story FROM entries GROUP BY story HAVING SUM(lead) <> 1)"
            )
            if without_lead:
                problems.append(f"{without_lead} stories do not have exactly one lead")
        try:
            self._db.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
        except sqlite3.Error as error:
            problems.append(f"the full-text index does not agree with the entries: {error}")
        return tuple(problems)

    def close(self) -> None:
        self._db.close()


def _story(entries: list[StoredEntry], shown: StoredEntry) -> Story:
    tags = {tag.term: tag for stored in reversed(entries) for tag in stored.entry.tags}
    order = [tag.term for stored in entries for tag in stored.entry.tags]
    return Story(
        id=shown.story,
        entries=tuple(entries),
        shown=shown,
        tags=tuple(tags[term] for term in dict.fromkeys(order)),
    )


def _as_source(state: FeedState) -> tuple[object, ...]:
    """What a merged feed tells of a feed as the source of its entries."""
    return state.used_url, state.info


def _write_cursor(kind: str, *values: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps([kind, *values]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, kind: str, types: tuple[type, ...]) -> tuple[Any, ...]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursor(cursor) from error
    if (
        not isinstance(values, list)
        or values[:1] != [kind]
        or [type(value) for value in values[1:]] != list(types)
        or any(isinstance(value, int) and not 0 <= value < 2**63 for value in values)
    ):
        raise BadCursor(cursor)
    return tuple(values[1:])
