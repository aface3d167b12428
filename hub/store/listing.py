"""Lists of stories and entries out of the database, page by page."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import pairwise

from hub.model import Change, Revision, Selection, StoredEntry, Story, Words
from hub.store import BadCursor, Found, LatestEntry, MemberSummary, Order, Page, Pin, Totals, rows
from hub.store import statements as sql
from hub.store.cursors import read_cursor, write_cursor
from hub.store.selection import Walk, entries_walk, shown, stories_walk
from hub.store.tagbitmaps import TagBitmaps

_RECENT = timedelta(days=90)
_WALK_AT_ONCE = 500


class Listing(TagBitmaps):
    """The half of the store that answers."""

    def stories(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[Story]:
        if selection.search is not None:
            return self.search(selection, limit=limit, cursor=cursor, order="date")
        with self._reading():
            keys, following = self._by_date(stories_walk(selection), limit, cursor)
            return Page(items=self._stories_showing(keys), next=following)

    def count(self, selection: Selection = Selection()) -> int:
        walk = stories_walk(selection)
        where, values = walk.condition
        with self._errors():
            return int(self._value(f"SELECT COUNT(*) FROM {walk.table} WHERE {where}", values))

    @abstractmethod
    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found: ...

    def entries(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[StoredEntry]:
        with self._reading():
            keys, following = self._by_date(entries_walk(selection), limit, cursor)
            found = {stored.key: stored for stored in self._load("e.key", keys)}
        return Page(items=tuple(found[key] for key in keys), next=following)

    def story(self, story: int) -> Story | int | None:
        if not 0 < story < 2**63:
            return None
        with self._reading():
            merged_into: int | None = self._value("SELECT merged_into FROM stories WHERE id = ?", (story,))
            entries = [each for each in self._load("e.story", [story]) if each.standing == "published"]
        if merged_into is not None:
            return merged_into
        return _story(entries, entries[0]) if entries else None

    def merged(self) -> tuple[int, ...]:
        with self._errors():
            return tuple(
                self._keys("SELECT id AS key FROM stories WHERE merged_into IS NOT NULL ORDER BY id")
            )

    def revisions(self, key: int) -> tuple[Revision, ...]:
        with self._errors():
            found = self._rows("SELECT * FROM revisions WHERE entry = ? ORDER BY id DESC", (key,))
        return tuple(
            Revision(until=rows.moment(row["until"]), told=row["told"], title=row["title"], text=row["text"])
            for row in found
        )

    def told_changes(self, *, limit: int) -> tuple[Change, ...]:
        with self._reading():
            found = self._tuples(sql.TOLD_CHANGES, (limit,))
            entries = {each.key: each for each in self._load("e.key", sorted({key for key, *_ in found}))}
        return tuple(
            Change(
                stored=entries[key],
                when=rows.moment(until),
                before=Words(title, text),
                after=Words(title_after, text_after),
            )
            for key, until, title, text, title_after, text_after in found
        )

    def latest_titles(self, *, limit: int) -> tuple[str, ...]:
        with self._errors():
            found = self._tuples(
                "SELECT title FROM entries WHERE standing IS NULL ORDER BY key DESC LIMIT ?", (limit,)
            )
        return tuple(title for (title,) in found)

    def totals(self) -> Totals:
        with self._errors():
            (found,) = self._rows(
                "SELECT COALESCE(SUM(entries), 0) AS entries, COALESCE(SUM(leads), 0) AS stories"
                " FROM member_counts"
            )
        return Totals(entries=found["entries"], stories=found["stories"])

    def members(self, now: datetime, slug: str | None = None) -> tuple[MemberSummary, ...]:
        statement = sql.MEMBERS.format(which="1 = 1" if slug is None else "m.slug = :slug")
        with self._errors():
            found = self._rows(statement, {"since": rows.stamp(now - _RECENT), "slug": slug})
        return tuple(
            MemberSummary(
                member=rows.member(row),
                configured=bool(row["configured"]),
                entries=row["entries"],
                recent=row["recent"],
                latest=_latest(row),
            )
            for row in found
        )

    def to_come(self, selection: Selection = Selection(), *, since: date, limit: int) -> tuple[Story, ...]:
        where, values = shown(selection)
        with self._reading():
            found = self._tuples(sql.TO_COME.format(where), (since.isoformat(), *values, limit))
            return self._stories_showing([key for (key,) in found])

    def gone_by(
        self, selection: Selection = Selection(), *, since: date, before: date, limit: int
    ) -> tuple[Story, ...]:
        where, values = shown(selection)
        days = since.isoformat(), before.isoformat()
        with self._reading():
            found = self._tuples(sql.GONE_BY.format(where), (*days, *values, limit))
            return self._stories_showing([key for (key,) in found])

    def pinned(self, today: date, *, limit: int) -> tuple[Story, ...]:
        with self._reading():
            found = self._tuples(sql.PINNED, (today.isoformat(), limit))
            return self._stories_showing([key for (key,) in found])

    def pin_of(self, key: int) -> Pin | None:
        with self._errors():
            story = self._value(sql.STORY_OF_ENTRY, (key,))
            found = self._tuples(sql.PIN_OF_STORY, (story,))
        return next((Pin(rows.moment(made), last and date.fromisoformat(last)) for made, last in found), None)

    def came_between(
        self, start: datetime, end: datetime, *, late: timedelta, limit: int
    ) -> tuple[tuple[Story, ...], int]:
        values = {
            "start": rows.stamp(start),
            "end": rows.stamp(end),
            "late": f"-{late.total_seconds()} seconds",
        }
        with self._reading():
            found = self._tuples(sql.CAME_BETWEEN, values)
            return self._stories_showing([key for (key,) in found[:limit]]), len(found)

    def tag_counts(self) -> Mapping[str, int]:
        with self._errors():
            found = self._rows("SELECT term, stories FROM tag_counts WHERE stories > 0 ORDER BY term")
        return {row["term"]: row["stories"] for row in found}

    def tag_counts_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        bounds = list(pairwise(map(rows.microseconds, moments)))
        counts: defaultdict[str, list[int]] = defaultdict(list)
        with self._errors():
            for term, stories in self._tuples(sql.TAG_COUNTS_BETWEEN, (rows.as_json(bounds),)):
                counts[term].append(stories)
        return {term: tuple(each) for term, each in counts.items()}

    def version(self) -> int:
        with self._errors():
            return int(self._value("SELECT version FROM state"))

    def mark(self) -> str:
        with self._errors():
            return str(self._value("SELECT mark FROM state"))

    @contextmanager
    def of_one_moment(self) -> Iterator[None]:
        with self._reading():
            # Not before its first read is it of a moment.
            self.version()
            yield

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

    def _by_date(self, walk: Walk, limit: int, cursor: str | None) -> tuple[list[int], str | None]:
        where, values = walk.condition
        if cursor is not None:
            date, key = read_cursor(cursor, "d", (str, int))
            if walk.in_microseconds:
                date = _microseconds(date, cursor)
            # Spelled out: not every database takes a comparison of row values as a range of its index.
            where = f"({where}) AND {walk.date} <= ? AND ({walk.date} < ? OR {walk.key} < ?)"
            values = (*values, date, date, key)
        found = self._rows(
            f"SELECT {walk.key} AS key, {walk.date} AS date FROM {walk.table} WHERE {where}"
            f" ORDER BY {walk.date} DESC, {walk.key} DESC LIMIT ?",
            (*values, limit + 1),
        )
        following = None
        if len(found) > limit:
            found = found[:limit]
            date, key = found[-1]["date"], found[-1]["key"]
            following = write_cursor("d", rows.stamp_of(date) if walk.in_microseconds else date, key)
        return [row["key"] for row in found], following

    def _stories_showing(self, keys: Sequence[int]) -> tuple[Story, ...]:
        stories = {
            row["key"]: row["story"]
            for row in self._rows(
                "SELECT key, story FROM entries WHERE key IN (SELECT value FROM json_each(?))",
                (rows.as_json(list(keys)),),
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
            (rows.as_json(list(values)),),
        )
        tags = dict(
            self._tuples(
                "SELECT entry, tags FROM tags WHERE entry IN (SELECT value FROM json_each(?))",
                (rows.as_json([row["key"] for row in found]),),
            )
        )
        return [rows.stored_entry(row, rows.tags(tags.get(row["key"], "[]"))) for row in found]


def _microseconds(date: str, cursor: str) -> int:
    """The date of a cursor as `story_tags` has it. Raises BadCursor."""
    try:
        return rows.microseconds(rows.moment(date))
    # What is no date, or of no zone.
    except (ValueError, TypeError) as error:
        raise BadCursor(cursor) from error


def _latest(row: rows.Row) -> LatestEntry | None:
    if row["latest_story"] is None:
        return None
    return LatestEntry(
        story=row["latest_story"],
        title=row["latest_title"],
        excerpt=row["latest_excerpt"],
        language=row["latest_language"],
        direction=row["latest_direction"],
        date=rows.moment(row["latest_date"]),
        dated=bool(row["latest_dated"]),
    )


def _story(entries: list[StoredEntry], shown: StoredEntry) -> Story:
    tags = {tag.term: tag for stored in reversed(entries) for tag in stored.entry.tags}
    order = [tag.term for stored in entries for tag in stored.entry.tags]
    return Story(
        id=shown.story,
        entries=tuple(entries),
        shown=shown,
        tags=tuple(tags[term] for term in dict.fromkeys(order)),
    )
