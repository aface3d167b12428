"""Tags into the database: by the rules, and by hand, which comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from hub.errors import StoreError
from hub.model import Overruling, StoredEntry, Tag
from hub.store import rows
from hub.store import statements as sql
from hub.store.listing import Listing
from hub.store.written import Untagged, Written

NEW_TAGS = "INSERT INTO tags (entry, tags) VALUES (?, ?)"
_TAG_OF_NEW_STORY = "INSERT INTO story_tags (term, story, date, lead) VALUES (?, ?, ?, ?)"
# Those of entries that joined stories, as far as these had them not. Nothing is joined: a server would stay
# with what is best for the few entries of a new database, to go through all of them.
_TAGS_OF_JOINED = f"""
INSERT INTO story_tags (term, story, date, lead)
SELECT term, story, (SELECT {sql.MICROSECONDS.format("l.date")} FROM entries l WHERE l.key = leader), leader
FROM (
    SELECT term, story, (SELECT l.key FROM entries l WHERE l.story = joined.story AND l.lead = 1) AS leader
    FROM (
        SELECT given.value ->> 0 AS term, (
            SELECT e.story FROM entries e WHERE e.key = CAST(given.value ->> 1 AS BIGINT)
        ) AS story
        FROM json_each(?) given
    ) joined
) found
WHERE leader IS NOT NULL
ON CONFLICT (story, term) DO NOTHING RETURNING term
"""
_NO_STORY_TAGS = "DELETE FROM story_tags WHERE story = ? RETURNING term"
STORY_TAGS = f"""
INSERT INTO story_tags (term, story, date, lead)
SELECT DISTINCT each.value ->> 0, l.story, {sql.MICROSECONDS.format("l.date")}, l.key
FROM entries l JOIN entries e ON e.story = l.story JOIN tags t ON t.entry = e.key
CROSS JOIN json_each(t.tags) each
WHERE l.story = :story AND l.lead = 1
RETURNING term
"""
_COUNT_TAG = """
INSERT INTO tag_counts (term, stories) VALUES (?, ?)
ON CONFLICT (term) DO UPDATE SET stories = tag_counts.stories + excluded.stories
"""
_OVERRULE_TAG = """
INSERT INTO overrulings (entry, term, tags, moment) VALUES (?, ?, ?, ?)
ON CONFLICT (entry, term) DO UPDATE SET tags = excluded.tags, moment = excluded.moment
"""
_LEAVE_TO_RULES = """
DELETE FROM overrulings WHERE term = ? AND entry IN (SELECT value FROM json_each(?))
"""
_SAID_OF_TAG = """
SELECT entry, moment FROM overrulings WHERE term = ? AND entry IN (SELECT value FROM json_each(?))
"""
_RENEW_OVERRULING = "UPDATE overrulings SET tags = ? WHERE entry = ? AND term = ?"
# What was said of a story's tags holds for copies that come later.
_OVERRULINGS_OF_STORY = """
INSERT INTO overrulings (entry, term, tags, moment)
SELECT DISTINCT :entry, o.term, o.tags, o.moment FROM overrulings o JOIN entries e ON e.key = o.entry
WHERE e.story = :story AND e.key <> :entry
ON CONFLICT (entry, term) DO NOTHING
"""


class Tagging(Listing):
    """The part of the store that keeps tags."""

    def retag(self, keys: Iterable[int], tags: Callable[[StoredEntry], tuple[Tag, ...]]) -> int:
        with self._writing():
            return self._retag(keys, tags)

    def _retag(self, keys: Iterable[int], tags: Callable[[StoredEntry], tuple[Tag, ...]]) -> int:
        stories = []
        for stored in self._load("e.key", list(keys)):
            wanted = tags(stored)
            if stored.entry.tags == overruled(wanted, self._overrulings(stored.key)):
                continue
            self._tag(stored.key, wanted)
            stories.append(stored.story)
        self._retag_stories({*stories})
        if stories:
            self._published_changed()
        return len(stories)

    def overrule(
        self,
        keys: Sequence[int],
        term: str,
        tags: tuple[Tag, ...],
        *,
        now: datetime,
        seen: datetime | UnsetType | None = UNSET,
    ) -> None:
        with self._writing():
            self._check_said(keys, term, seen)
            entries = self._load("e.key", keys)
            for stored in entries:
                self._execute(_OVERRULE_TAG, (stored.key, term, rows.tags_text(tags), rows.stamp(now)))
                self._tag(stored.key, stored.entry.tags)
            self._retag_stories({stored.story for stored in entries})
            if entries:
                self._published_changed()

    def renew(self, overrulings: Iterable[Overruling]) -> None:
        with self._writing():
            self._write_each(
                _RENEW_OVERRULING,
                [(rows.tags_text(said.tags), said.entry, said.term) for said in overrulings],
            )

    def leave_to_rules(
        self,
        keys: Sequence[int],
        term: str,
        tags: Callable[[StoredEntry], tuple[Tag, ...]],
        *,
        seen: datetime | UnsetType | None = UNSET,
    ) -> None:
        with self._writing():
            self._check_said(keys, term, seen)
            self._execute(_LEAVE_TO_RULES, (term, rows.as_json(keys)))
            self._retag(keys, tags)

    def _check_said(self, keys: Sequence[int], term: str, seen: datetime | UnsetType | None) -> None:
        """Raise StoreError where an entry's tag was given or taken by hand at another moment than seen."""
        if seen is UNSET:
            return
        said = dict(self._tuples(_SAID_OF_TAG, (term, rows.as_json(keys))))
        if {said.get(key) for key in keys} != {seen and rows.stamp(seen)}:
            raise StoreError(
                f"Something else was said of the tag {term} since. Nothing was done.",
                "`hub explain` says what.",
            )

    def overrulings(self) -> tuple[Overruling, ...]:
        with self._errors():
            found = self._rows("SELECT * FROM overrulings ORDER BY entry, moment, term")
        return tuple(rows.overruling(row) for row in found)

    def _overrulings(self, key: int) -> tuple[Overruling, ...]:
        found = self._rows("SELECT * FROM overrulings WHERE entry = ? ORDER BY moment, term", (key,))
        return tuple(rows.overruling(row) for row in found)

    def _take_over_what_was_said(self, key: int, story: int) -> bool:
        """Give an entry that joined a story the tags by hand of that story; whether there were any."""
        return bool(self._rows_changed(_OVERRULINGS_OF_STORY, {"entry": key, "story": story}))

    def _share_what_was_said(self, story: int) -> None:
        """Give all entries of a story the tags by hand of each."""
        for stored in self._load("e.story", [story]):
            if self._take_over_what_was_said(stored.key, story):
                self._tag(stored.key, stored.entry.tags)

    def _tag_new(self, written: Sequence[Written]) -> None:
        """Write the tags of entries that have none yet, and those of the stories that they begin."""
        if not written:
            return
        self._write_each(
            NEW_TAGS, [(each.key, rows.tags_text(each.entry.tags)) for each in written if each.entry.tags]
        )
        self._touch(each.story for each in written)
        of_new_stories = [
            (tag.term, each.story, date, each.key)
            for each in written
            if each.new and each.new.story is None and not each.withheld
            for date in (rows.microseconds(each.new.date),)
            for tag in each.entry.tags
        ]
        self._write_each(_TAG_OF_NEW_STORY, of_new_stories)
        self._count(Counter(term for term, *_ in of_new_stories))

    def _follow_tags(self, untagged: Untagged) -> None:
        """Have the tags of stories follow what polls have written by now."""
        joined, changed = untagged.take()
        tags = [(tag.term, each.key) for each in joined for tag in each.entry.tags]
        if tags:
            self._count(Counter(term for (term,) in self._tuples(_TAGS_OF_JOINED, (rows.as_json(tags),))))
        self._retag_stories(changed)

    def _tag(self, key: int, tags: Sequence[Tag]) -> None:
        """Replace an entry's tags by those of the rules, but for tags given or taken by hand."""
        final = overruled(tags, self._overrulings(key))
        self._execute("DELETE FROM tags WHERE entry = ?", (key,))
        if final:
            self._execute(NEW_TAGS, (key, rows.tags_text(final)))
        kind = next((tag.kind for tag in final if tag.kind), "news")
        self._execute("UPDATE entries SET kind = ? WHERE key = ? AND kind <> ?", (kind, key, kind))

    def _retag_stories(self, stories: Collection[int]) -> None:
        """Have stories the tags of the entries that are in them now."""
        had = self._tuples_each(_NO_STORY_TAGS, [(story,) for story in stories])
        have = self._tuples_each(STORY_TAGS, [{"story": story} for story in stories])
        self._touch(stories)
        changes: Counter[str] = Counter()
        for story, before, now in zip(stories, had, have, strict=True):
            terms_before, terms_now = {term for (term,) in before}, {term for (term,) in now}
            changes.update(terms_now)
            changes.subtract(terms_before)
            if lost := terms_before - terms_now:
                self._lose(lost, self._keys("SELECT key FROM entries WHERE story = ?", (story,)))
        self._count(changes)

    def _tags_of_story(self, story: int) -> list[str]:
        return [term for (term,) in self._tuples("SELECT term FROM story_tags WHERE story = ?", (story,))]

    def _count(self, changes: Mapping[str, int]) -> None:
        """Keep the counts of tags by what changed; a trigger would count row by row, in thrice the time."""
        self._write_each(_COUNT_TAG, [each for each in changes.items() if each[1]])


def overruled(tags: Sequence[Tag], said: Sequence[Overruling]) -> tuple[Tag, ...]:
    """The tags with those that admins gave, those first, and without those they took away.

    A broader tag goes with the last of the narrower ones that it is owed to.
    """
    if not said:
        return tuple(tags)
    given = {each.term: tag for each in said for tag in each.tags if tag.term == each.term}
    owed = {tag.term: tag for each in said for tag in each.tags if tag.term not in given}
    found = {tag.term: tag for tag in tags}
    every = {**given, **{term: tag for term, tag in found.items() if term not in given}}
    every |= {term: tag for term, tag in owed.items() if term not in every}
    gone = {each.term for each in said if not each.tags}
    while more := {
        tag.term
        for tag in every.values()
        if tag.term not in gone and tag.narrower and gone.issuperset(tag.narrower)
    }:
        gone |= more
    return tuple(tag for tag in every.values() if tag.term not in gone)
