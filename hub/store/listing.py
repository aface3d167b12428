"""Lists of stories and entries out of the database, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.model import FeedState, Selection, StoredEntry, Story, Tag
from hub.store import BadCursor, MemberSummary, Order, Page, rows
from hub.store import statements as sql
from hub.store.connection import Connection
from hub.store.selection import Condition, entries_where, full_text_query, where

_RECENT = timedelta(days=90)
_WALK_AT_ONCE = 500


class Listing(Connection):
    """The half of the store that answers."""

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
            "SELECT * FROM tags WHERE entry IN (SELECT value FROM json_each(?)) ORDER BY entry, position",
            (json.dumps([row["key"] for row in found]),),
        ):
            tags.setdefault(row["entry"], []).append(rows.tag(row))
        return [rows.stored_entry(row, tuple(tags.get(row["key"], ()))) for row in found]


def _story(entries: list[StoredEntry], shown: StoredEntry) -> Story:
    tags = {tag.term: tag for stored in reversed(entries) for tag in stored.entry.tags}
    order = [tag.term for stored in entries for tag in stored.entry.tags]
    return Story(
        id=shown.story,
        entries=tuple(entries),
        shown=shown,
        tags=tuple(tags[term] for term in dict.fromkeys(order)),
    )


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
