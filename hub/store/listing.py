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

# Every column a StoredEntry is made of; `feed_name` and the like avoid clashes.
_ENTRY = """
SELECT e.*, f.name AS feed_name, f.url AS feed_url, f.used_url AS feed_used_url,
       f.info_title, f.info_id, f.info_link, f.info_updated, f.info_rights,
       m.name AS member_name, m.type AS member_type, m.region AS member_region,
       m.homepage AS member_homepage, m.republish AS member_republish, cm.name AS copy_of_name
FROM entries e JOIN feeds f ON f.id = e.feed JOIN members m ON m.slug = e.member
LEFT JOIN entries c ON c.key = e.copy_of LEFT JOIN members cm ON cm.slug = c.member
"""
# The members, those of feeds.yaml first, each with its counts and its newest entry.
_MEMBERS = """
SELECT m.*, COALESCE(n.entries, 0) AS entries,
       (SELECT COUNT(*) FROM entries e
        WHERE e.member = m.slug AND e.date >= :since AND e.standing IS NULL) AS recent,
       l.story AS latest_story, l.title AS latest_title, l.excerpt AS latest_excerpt, l.date AS latest_date,
       l.language AS latest_language, l.direction AS latest_direction,
       COALESCE(l.published, l.updated) IS NOT NULL AS latest_dated
FROM members m LEFT JOIN member_counts n ON n.member = m.slug LEFT JOIN entries l ON l.key = (
    SELECT e.key FROM entries e WHERE e.member = m.slug AND e.standing IS NULL
    ORDER BY e.date DESC, e.key DESC LIMIT 1)
WHERE {which} ORDER BY m.configured DESC, m.position, m.slug
"""
# After a change an entry said what it said before the next, or what it says now.
_TOLD_CHANGES = """
SELECT r.entry, r.until, r.title, r.text, COALESCE(n.title, e.title), COALESCE(n.text, e.text)
FROM revisions r JOIN entries e ON e.key = r.entry
LEFT JOIN revisions n ON n.id = (SELECT MIN(id) FROM revisions WHERE entry = r.entry AND id > r.id)
WHERE r.told = 'yes' AND e.standing IS NULL
ORDER BY r.until DESC, r.id DESC LIMIT ?
"""
_TAG_COUNTS_BETWEEN = """
SELECT tag_counts.term, (SELECT COUNT(*) FROM story_tags t
    WHERE t.term = tag_counts.term AND t.date >= CAST(j.value ->> 0 AS BIGINT)
    AND t.date < CAST(j.value ->> 1 AS BIGINT))
FROM tag_counts CROSS JOIN json_each(?) j WHERE tag_counts.stories > 0
"""
_TO_COME = """
SELECT e.key FROM entries e INDEXED BY entries_to_come
WHERE e.kind = 'event' AND e.event_date >= ? AND {} ORDER BY e.event_date, e.key LIMIT ?
"""
_GONE_BY = """
SELECT e.key FROM entries e INDEXED BY entries_to_come
WHERE e.kind = 'event' AND e.event_date >= ? AND e.event_date < ? AND {}
ORDER BY e.event_date DESC, e.key DESC LIMIT ?
"""
# Of two stories that were put together both may be.
_PINNED = """
SELECT l.key FROM pins p JOIN stories s ON s.id = p.story
JOIN entries l ON l.story = COALESCE(s.merged_into, s.id) AND l.lead = 1
WHERE p.last_day IS NULL OR p.last_day >= ?
GROUP BY l.key ORDER BY MAX(p.made) DESC, l.key DESC LIMIT ?
"""
# A story comes in with the first of its entries that is published. Out of indexes, but for stories with
# several entries: the rows of a month's take long to read.
_CAME_BETWEEN = """
WITH came AS MATERIALIZED (
    SELECT e.key, e.first_seen FROM entries e INDEXED BY entries_first_seen
    WHERE e.first_seen >= :start AND e.first_seen < :end
), told AS MATERIALIZED (
    SELECT DISTINCT f.story FROM came JOIN entries f INDEXED BY entries_found ON f.key = came.key
    WHERE f.standing IS NULL AND f.date >= strftime('%Y-%m-%dT%H:%M:%f', came.first_seen, :late)
        AND EXISTS (SELECT 1 FROM stories ts WHERE ts.id = f.story AND ts.told = 1)
        AND NOT EXISTS (
            SELECT 1 FROM entries o WHERE o.story = f.story AND o.key <> f.key
                AND o.first_seen < :start AND o.standing IS NULL
        )
), leads AS MATERIALIZED (
    SELECT l.key FROM told JOIN entries l INDEXED BY entries_story ON l.story = told.story AND l.lead = 1
)
SELECT f.key FROM leads JOIN entries f INDEXED BY entries_found ON f.key = leads.key
ORDER BY f.date DESC, f.key DESC
"""

# What is left of others, whose entries may have been taken away since.
_MERGED_INTO = """
SELECT merged_into, id FROM stories WHERE EXISTS (SELECT 1 FROM entries e WHERE e.story = merged_into)
"""
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
            merged_into: int | None = self._value(f"{_MERGED_INTO} AND id = ?", (story,))
            entries = [each for each in self._load("e.story", [story]) if each.standing == "published"]
        if merged_into is not None:
            return merged_into
        return _story(entries, entries[0]) if entries else None

    def merged(self) -> tuple[int, ...]:
        with self._errors():
            return tuple(story for _, story in self._tuples(f"{_MERGED_INTO} ORDER BY id"))

    def revisions(self, key: int) -> tuple[Revision, ...]:
        with self._errors():
            found = self._rows("SELECT * FROM revisions WHERE entry = ? ORDER BY id DESC", (key,))
        return tuple(
            Revision(until=rows.moment(row["until"]), told=row["told"], title=row["title"], text=row["text"])
            for row in found
        )

    def told_changes(self, *, limit: int) -> tuple[Change, ...]:
        with self._reading():
            found = self._tuples(_TOLD_CHANGES, (limit,))
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
        statement = _MEMBERS.format(which="1 = 1" if slug is None else "m.slug = :slug")
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
            found = self._tuples(_TO_COME.format(where), (since.isoformat(), *values, limit))
            return self._stories_showing([key for (key,) in found])

    def gone_by(
        self, selection: Selection = Selection(), *, since: date, before: date, limit: int
    ) -> tuple[Story, ...]:
        where, values = shown(selection)
        days = since.isoformat(), before.isoformat()
        with self._reading():
            found = self._tuples(_GONE_BY.format(where), (*days, *values, limit))
            return self._stories_showing([key for (key,) in found])

    def pinned(self, today: date, *, limit: int) -> tuple[Story, ...]:
        with self._reading():
            found = self._tuples(_PINNED, (today.isoformat(), limit))
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
            found = self._tuples(_CAME_BETWEEN, values)
            return self._stories_showing([key for (key,) in found[:limit]]), len(found)

    def tag_counts(self) -> Mapping[str, int]:
        with self._errors():
            found = self._rows("SELECT term, stories FROM tag_counts WHERE stories > 0 ORDER BY term")
        return {row["term"]: row["stories"] for row in found}

    def tag_counts_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        bounds = list(pairwise(map(rows.microseconds, moments)))
        counts: defaultdict[str, list[int]] = defaultdict(list)
        with self._errors():
            for term, stories in self._tuples(_TAG_COUNTS_BETWEEN, (rows.as_json(bounds),)):
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
            f"{_ENTRY} WHERE {column} IN (SELECT value FROM json_each(?))"
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
