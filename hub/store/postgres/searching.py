"""Stories by the words in them, by PostgreSQL's full-text search.

What makes terms of words is the tokenizer that the SQLite store has, so that the same
words find the same entries in either. Of as many entries as may have the words, the
`MOST_HITS` that came in last are looked at. They are ranked by those of the words
that no more entries have, and those with all of these in the title come first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

from hub.model import Selection
from hub.store import Found, Order, rows
from hub.store.cursors import read_cursor, write_cursor
from hub.store.nearby import Nearby
from hub.store.postgres.connection import PostgresConnection
from hub.store.selection import full_text_phrases, matching
from hub.store.stems import Stemming

MOST_HITS = 10_000
# How many stories are told of: nobody wants to know more.
MOST_COUNTED = 1_000
# PostgreSQL takes no longer words, and of all words of a text with their places no more bytes; of the places
# of one it keeps 255, two bytes each.
_LONGEST, _MOST_BYTES, _MOST_OF_PLACES = 2_000, 900_000, 1_024
_TERM = re.compile(r"('(?:[^'\\]|''|\\.)*')(:\*)?")
_PHRASE = re.compile(r'"([^"]*)"(\*?)')
_AT_ONCE = 500
# What no text has.
_NOTHING = "'\u0001'"

_HOW_MANY = "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE words @@ ?::tsquery LIMIT ?) found"
_ANY = """
SELECT EXISTS (SELECT 1 FROM search s JOIN entries e ON e.key = s.entry
WHERE s.words @@ ?::tsquery AND e.standing IS NULL)
"""
# A word in the title counts for eight; long texts have more of any word.
_RANKED = """
s.words @@ ?::tsquery AS titled, ts_rank('{0.125, 0.125, 0.125, 1}', s.words, ?::tsquery, 1) AS rank
"""
_UNRANKED = "FALSE AS titled, 0 AS rank"
# Of each story the lead, if that was found, else the earliest that was.
_FOUND = """
WITH hits AS MATERIALIZED (
    SELECT entry FROM search WHERE words @@ ?::tsquery ORDER BY entry DESC LIMIT {most}
), shown AS MATERIALIZED (
    SELECT {once} e.key, e.date, {rank}
    FROM hits h JOIN entries e ON e.key = h.entry {with_words} WHERE {condition} {first}
)
SELECT key, date, (SELECT COUNT(*) FROM shown) FROM shown {before} ORDER BY {order} LIMIT ? OFFSET ?
"""
_NEAR = """
SELECT s.entry AS key
FROM jsonb_array_elements(?::jsonb) asked(value)
JOIN search s ON s.words @@ (asked.value ->> 0)::tsquery
WHERE s.entry NOT IN (SELECT key FROM entries WHERE story = ?)
GROUP BY s.entry ORDER BY SUM((asked.value ->> 1)::float) DESC, s.entry DESC LIMIT ?
"""
_INDEX = """
INSERT INTO search (entry, words) VALUES (?, ?::tsvector)
ON CONFLICT (entry) DO UPDATE SET words = excluded.words
"""


class Searching(Nearby, Stemming, PostgresConnection):
    """The part of the store that searches."""

    # ------------------------------------------------------------ what is found

    def finds(self, typed: str) -> bool:
        wanted, unwanted = self._asked_for(typed)
        if not wanted:
            return False
        with self._errors():
            return bool(self._value(_ANY, (_all_of(wanted, unwanted),)))

    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found:
        wanted, unwanted = self._asked_for(selection.search or "")
        if not wanted:
            return Found(items=(), next=None, stories=0, more=False, order="date", newest_of=None)
        query = _all_of(wanted, unwanted)
        with self._reading():
            hits = self._how_many(query)
            telling = [each for each in wanted if self._how_many(each) <= MOST_HITS]
            ranked_by = _all_of(telling, ()) if telling and order == "relevance" else None
            keys, following, stories = self._page(selection, query, ranked_by, limit, cursor, order)
            items = self._stories_showing(keys)
        return Found(
            items=items,
            next=following,
            stories=min(stories, MOST_COUNTED),
            more=hits > MOST_HITS or stories > MOST_COUNTED,
            order=order if ranked_by else "date",
            newest_of=MOST_HITS if hits > MOST_HITS else None,
        )

    def _how_many(self, query: str) -> int:
        """How many entries have words; one more than are looked at, where there are more."""
        return int(self._value(_HOW_MANY, (query, MOST_HITS + 1)))

    def _page(
        self,
        selection: Selection,
        query: str,
        ranked_by: str | None,
        limit: int,
        cursor: str | None,
        order: Order,
    ) -> tuple[list[int], str | None, int]:
        """The entries to show of each story that was found, the cursor of what follows, how many stories."""
        by_date = order == "date"
        before = read_cursor(cursor, "d", (str, int)) if cursor is not None and by_date else None
        skipped = read_cursor(cursor, "r", (int,))[0] if cursor is not None and not by_date else 0
        condition, values = matching(selection)
        statement = _FOUND.format(
            most=MOST_HITS,
            once="" if selection.every_entry else "DISTINCT ON (e.story)",
            first="" if selection.every_entry else "ORDER BY e.story, e.lead DESC, e.key",
            rank=_RANKED if ranked_by else _UNRANKED,
            with_words="JOIN search s ON s.entry = h.entry" if ranked_by else "",
            condition=condition,
            # Spelled out, as in `Listing`.
            before="WHERE date <= ? AND (date < ? OR key < ?)" if before else "",
            order="titled DESC, rank DESC, key DESC" if ranked_by else "date DESC, key DESC",
        )
        ranks = (_titled(ranked_by), ranked_by) if ranked_by else ()
        older = (before[0], *before) if before else ()
        found = self._tuples(statement, (query, *ranks, *values, *older, limit + 1, skipped))
        keys = [key for key, *_ in found[:limit]]
        stories = found[0][2] if found else 0
        if len(found) <= limit:
            return keys, None, stories
        key, date, _ = found[limit - 1]
        following = write_cursor("d", date, key) if by_date else write_cursor("r", skipped + limit)
        return keys, following, stories

    def _asked_for(self, typed: str) -> tuple[list[str], list[str]]:
        """What a person typed as PostgreSQL is asked for it, each by itself: what is wanted, and what not."""
        wanted, unwanted = full_text_phrases(typed)
        return (
            [self._asked(each) or _NOTHING for each in wanted],
            [asked for asked in map(self._asked, unwanted) if asked],
        )

    def _asked(self, phrases: str) -> str:
        """Phrases of FTS5, several in brackets, as PostgreSQL has them; empty where no word is in them."""
        asked = []
        for text, star in _PHRASE.findall(phrases):
            terms = self._terms.of(text)
            # A longer word is in no index either.
            if terms and max(len(term.encode()) for term in terms) <= _LONGEST:
                asked.append(f"({' <-> '.join(map(_quoted, terms))}{':*' if star else ''})")
        return f"({' | '.join(asked)})" if asked else ""

    # ------------------------------------------------------------ what is near a story

    def _entries_with(self, term: str, *, no_more_than: int) -> int:
        asked = self._asked(f'"{term}"')
        return int(self._value(_HOW_MANY, (asked, no_more_than))) if asked else 0

    def _with_most_of(self, weights: Mapping[str, float], story: int, *, limit: int) -> list[int]:
        asked = [[query, weight] for term, weight in weights.items() if (query := self._asked(f'"{term}"'))]
        return self._keys(_NEAR, (rows.as_json(asked), story, limit))

    # ------------------------------------------------------------ the index

    def _index_texts(self, texts: Sequence[tuple[int, str, str]], now: datetime) -> None:  # noqa: ARG002
        self._write_each(_INDEX, [(key, self._vector(title, text)) for key, title, text in texts])

    def _index_words(self, key: int, title: str, text: str) -> None:
        self._execute(_INDEX, (key, self._vector(title, text)))

    def _index_all_again(self) -> None:
        self._execute("DELETE FROM search")
        for texts in self._texts():
            self._write_each(_INDEX, [(key, self._vector(title, text)) for key, title, text in texts])

    def _texts_found_otherwise(self) -> int:
        """How many entries the index has not, or has other words of."""
        differing = int(
            self._value(
                "SELECT COUNT(*) FROM search s WHERE NOT EXISTS (SELECT 1 FROM entries WHERE key = s.entry)"
            )
        )
        for texts in self._texts():
            made = rows.as_json([[key, self._vector(title, text)] for key, title, text in texts])
            differing += int(
                self._value(
                    "SELECT COUNT(*) FROM jsonb_array_elements(?::jsonb) made(value)"
                    " LEFT JOIN search s ON s.entry = (made.value ->> 0)::bigint"
                    " WHERE s.words IS NULL OR s.words <> (made.value ->> 1)::tsvector",
                    (made,),
                )
            )
        return differing

    def _texts(self) -> Iterator[list[tuple[int, str, str]]]:
        last = 0
        while texts := self._tuples(
            "SELECT key, title, text FROM entries WHERE key > ? ORDER BY key LIMIT ?", (last, _AT_ONCE)
        ):
            yield texts
            last = texts[-1][0]

    def _vector(self, title: str, text: str) -> str:
        """The terms of an entry with their places, as PostgreSQL reads a `tsvector`."""
        words: dict[str, str] = {}
        for term, in_title, place in self._terms.places(title, text):
            its = f"{place}A" if in_title else f"{place}"
            words[term] = f"{words[term]},{its}" if term in words else its
        words = {term: its for term, its in words.items() if len(term.encode()) <= _LONGEST}
        if sum(map(_room, words.items())) > _MOST_BYTES:
            words = _first_of(words)
        return " ".join([f"{_quoted(term)}:{its}" for term, its in words.items()])


def _room(word: tuple[str, str]) -> int:
    """No fewer bytes than a term with its places takes, which take less in the database than they do here."""
    return 4 * len(word[0]) + min(len(word[1]), _MOST_OF_PLACES)


def _first_of(words: Mapping[str, str]) -> dict[str, str]:
    """Of a long text as many terms as there is room for, those of the title and those that come first."""
    in_order = sorted(words.items(), key=lambda word: int(word[1].split(",", 1)[0].rstrip("A")))
    filled = accumulate(map(_room, in_order))
    return dict(
        word for word, bytes_so_far in zip(in_order, filled, strict=True) if bytes_so_far <= _MOST_BYTES
    )


def _all_of(wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    return " & ".join([*wanted, *(f"!{each}" for each in unwanted)])


def _titled(query: str) -> str:
    """The same words, in the title."""
    return _TERM.sub(lambda term: f"{term[1]}:{'*' if term[2] else ''}A", query)


def _quoted(term: str) -> str:
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
