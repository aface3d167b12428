"""Stories by the words in them, with an effort that is bounded whatever was typed.

The full-text index gives the entries that have the words, the last that came
in first. Of as many as there may be, `MOST_HITS` are looked at. They are
ranked by those of the words that no more entries have: commoner ones hardly
tell one entry from another, and FTS5 counts all the entries with a word to
know how much it weighs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

from hub.model import Selection
from hub.store import Order, rows
from hub.store.connection import Connection
from hub.store.cursors import read_cursor, write_cursor
from hub.store.selection import full_text_phrases, matching

# CROSS keeps the planner from walking through all that match the condition, and
# INDEXED BY from reading each row where an index has all that is asked.
_MATCHING = """
SELECT e.key, e.story, e.lead, e.date
FROM json_each(?) given CROSS JOIN entries e INDEXED BY {index} ON e.{column} = given.value
WHERE {condition}
"""
_BY_KEY, _BY_STORY = ("key", "entries_found"), ("story", "entries_story")
MOST_HITS = 10_000
# How many hits are looked at to count stories, and how many stories are told: nobody wants to know more.
_COUNTED_AMONG, _MOST_COUNTED = 1_200, 1_000
_AT_ONCE = 200
# Polls are settled in the order they end, so what was seen first may have come in a little later.
_OUT_OF_ORDER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hits:
    """The keys of the entries that have the words of a selection, the last that came in first.

    `query` finds them; `ranked_by`, which may find others too, is what to rank
    them by, None where they cannot be.
    """

    selection: Selection
    query: str
    keys: tuple[int, ...]
    newest_only: bool = False
    ranked_by: str | None = None


class Searching(Connection):
    """The part of the store that searches."""

    def _hits(self, selection: Selection, order: Order) -> Hits:
        wanted, unwanted = full_text_phrases(selection.search or "")
        if not wanted:
            return Hits(selection, "", ())
        query = " ".join(wanted) + "".join(f" NOT {phrase}" for phrase in unwanted)
        found = self._tuples(
            "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?",
            (query, MOST_HITS + 1),
        )
        keys = tuple(key for (key,) in found)
        if len(keys) > MOST_HITS:
            return Hits(selection, query, keys[:MOST_HITS], newest_only=True)
        if order == "date":
            return Hits(selection, query, keys)
        telling = [phrase for phrase in wanted if phrase == query or self._is_rare(phrase)]
        return Hits(selection, query, keys, ranked_by=" ".join(telling) or None)

    def _is_rare(self, phrase: str) -> bool:
        found = self._value(
            "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)",
            (phrase, MOST_HITS + 1),
        )
        return int(found) <= MOST_HITS

    def _page_of_hits(
        self, hits: Hits, limit: int, cursor: str | None, order: Order
    ) -> tuple[list[int], str | None]:
        """The entries to show of each story that was found, and the cursor of what follows."""
        if order == "date":
            before = read_cursor(cursor, "d", (str, int)) if cursor is not None else None
            dated = self._newest(hits, limit + 1, before)
            keys = [key for _, key in dated[:limit]]
            return keys, write_cursor("d", *dated[limit - 1]) if len(dated) > limit else None
        skipped = read_cursor(cursor, "r", (int,))[0] if cursor is not None else 0
        most = skipped + limit + 1
        keys = (
            self._best(hits, most) if hits.ranked_by else [key for _, key in self._newest(hits, most, None)]
        )
        return keys[skipped : most - 1], write_cursor("r", most - 1) if len(keys) == most else None

    def _best(self, hits: Hits, most: int) -> list[int]:
        exactly = hits.ranked_by == hits.query
        # A plus keeps FTS5 from being asked for each key by itself.
        among = "" if exactly else " AND +rowid IN (SELECT value FROM json_each(?))"
        ranked = self._tuples(
            # A word in the title counts for eight in the text.
            f"SELECT rowid FROM search WHERE search MATCH ?{among}"
            " ORDER BY bm25(search, 8.0, 1.0), rowid DESC",
            (hits.ranked_by, *(() if exactly else (json.dumps(hits.keys),))),
        )
        found: list[int] = []
        for some in _some_at_once([key for (key,) in ranked]):
            shown = {row["key"] for row in self._shown(hits, some)}
            found += [key for key in some if key in shown]
            if len(found) >= most:
                break
        return found[:most]

    def _newest(self, hits: Hits, most: int, before: tuple[str, int] | None) -> list[tuple[str, int]]:
        """The dates and keys of the newest, each story once.

        An entry's date is never later than when it came in, so that from
        those that came in before a date nothing newer can follow.
        """
        found: list[tuple[str, int]] = []
        for some in _some_at_once(hits.keys):
            shown = [(row["date"], row["key"]) for row in self._shown(hits, some)]
            found += [each for each in shown if before is None or each < before]
            found.sort(reverse=True)
            if len(found) >= most:
                came_in = self._value("SELECT first_seen FROM entries WHERE key = ?", (some[-1],))
                if found[most - 1][0] > rows.stamp(rows.moment(came_in) + _OUT_OF_ORDER):
                    break
        return found[:most]

    def _shown(self, hits: Hits, some: Sequence[int]) -> list[sqlite3.Row]:
        """Of some keys those that match the rest of the selection and stand for their story.

        That is the lead where it matches, else the earliest that does.
        """
        found = self._matching(hits.selection, _BY_KEY, some)
        copies = {row["story"] for row in found if not row["lead"]}
        if not copies or hits.selection.every_entry:
            return found
        of_stories = self._matching(hits.selection, _BY_STORY, tuple(copies))
        best = _best_of_each(of_stories, frozenset(hits.keys))
        return [row for row in found if best.get(row["story"], row["key"]) == row["key"]]

    def _matching(self, selection: Selection, by: tuple[str, str], given: Sequence[int]) -> list[sqlite3.Row]:
        column, index = by
        condition, values = matching(selection)
        statement = _MATCHING.format(column=column, index=index, condition=condition)
        return self._rows(statement, (json.dumps(given), *values))

    def _count_stories(self, hits: Hits) -> tuple[int, bool]:
        """How many stories were found, and whether there may be more."""
        found = self._matching(hits.selection, _BY_KEY, hits.keys[:_COUNTED_AMONG])
        stories = len({row["story"] for row in found})
        return min(stories, _MOST_COUNTED), len(hits.keys) > _COUNTED_AMONG or stories > _MOST_COUNTED


def _some_at_once(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """A few first, which are often enough, and ever more."""
    start, many = 0, _AT_ONCE
    while start < len(keys):
        yield keys[start : start + many]
        start, many = start + many, 2 * many


def _best_of_each(of_stories: Iterable[sqlite3.Row], among: AbstractSet[int]) -> dict[int, int]:
    """By story the key that stands for it."""
    best: dict[int, tuple[bool, int]] = {}
    for row in of_stories:
        if row["key"] in among:
            worth = (not row["lead"], row["key"])
            best[row["story"]] = min(best.get(row["story"], worth), worth)
    return {story: key for story, (_, key) in best.items()}
