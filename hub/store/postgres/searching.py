"""Stories by the words in them, by PostgreSQL's full-text search.

What makes terms of words is the tokenizer that the SQLite store has, so that the same
words find the same entries in either. Of as many entries as may have the words, the
`MOST_HITS` that came in last are looked at. They are ranked by those of the words
that no more entries have, and those with all of these in the title come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import prod
from typing import Any

from msgspec import Struct

from hub.model import Entry, Selection
from hub.store import Found, Order, rows
from hub.store.cursors import read_cursor, write_cursor
from hub.store.nearby import Nearby
from hub.store.postgres.connection import PostgresConnection
from hub.store.selection import full_text_phrases, matching, tags_of
from hub.store.stems import Stemming
from hub.store.tagbitmaps import TagBitmaps
from hub.store.vectors import LONGEST, quoted, vector, vector_where_read

MOST_HITS = 10_000
# How many stories are told of: nobody wants to know more.
MOST_COUNTED = 1_000
_TERM = re.compile(r"('(?:[^'\\]|''|\\.)*')(:\*)?")
_PHRASE = re.compile(r'"([^"]*)"(\*?)')
_ONE_WORD = re.compile(r"\(\('([^'\\]+)'\)\)")
# So many entries are passed by in the time in which the index finds one of them.
_PASSED_BY = 3
# How many hits are looked at first, where those that came in last are shown: mostly they fill the page.
_AT_FIRST = 1_200
# Polls are settled in the order they end, so what was seen first may have come in a little later.
_OUT_OF_ORDER = timedelta(hours=1)
_AT_ONCE = 500
# What no text has.
_NOTHING = "'\u0001'"

_HOW_MANY = "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE words @@ ?::tsquery LIMIT ?) found"
_HOW_MANY_EACH = """
SELECT asked.value ->> 0, (
    SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE words @@ (asked.value ->> 1)::tsquery LIMIT ?) found
) FROM json_each(?) asked
"""
# Of those asked for that are among the commonest terms, how many entries have each, as the server counted
# when it last looked (`ANALYZE`); and under no term, how many have the rarest of these, and the commonest.
_KNOWN = """
SELECT known.term, known.share * c.reltuples, c.reltuples
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'words'
CROSS JOIN LATERAL unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) known(term, share)
WHERE c.oid = 'search'::regclass AND (known.term IN (SELECT value FROM json_each(?)) OR known.term IS NULL)
"""
_ANY = """
SELECT EXISTS (SELECT 1 FROM search s JOIN entries e ON e.key = s.entry
WHERE s.words @@ ?::tsquery AND e.standing IS NULL)
"""
# A word in the title counts for eight; long texts have more of any word.
_RANKED = """
words @@ ?::tsquery AS titled, ts_rank('{0.125, 0.125, 0.125, 1}', words, ?::tsquery, 1) AS rank
"""
_UNRANKED = "FALSE AS titled, 0 AS rank"
_BY_WORDS = "SELECT entry, {rank} FROM search WHERE words @@ ?::tsquery ORDER BY {newest} DESC LIMIT ?"
_BY_KEYS = "SELECT entry, {rank} FROM search WHERE entry IN (SELECT value FROM json_each(?))"
_KEYS_OF_HITS = """
SELECT json_group_array(entry)
FROM (SELECT entry FROM search WHERE words @@ ?::tsquery ORDER BY {newest} DESC LIMIT ?) newest
"""
# Of each story the lead, if that was found, else the earliest that was.
_FOUND = """
WITH hits AS MATERIALIZED ({hits}), shown AS MATERIALIZED (
    SELECT {once} e.key, e.date, h.titled, h.rank
    FROM (SELECT * FROM hits ORDER BY entry DESC LIMIT ?) h JOIN entries e ON e.key = h.entry
    WHERE {condition} {first}
)
SELECT key, date, (SELECT COUNT(*) FROM shown), (SELECT COUNT(*) FROM hits), (SELECT MIN(entry) FROM hits)
FROM shown {before} ORDER BY {order} LIMIT ? OFFSET ?
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
_COPY = "COPY search (entry, words) FROM STDIN"


class _Statistics(Struct, frozen=True):
    """What the server knows of how many entries have words.

    `entries` has it of the commonest terms; no other has more than `least`, which is None
    where nothing is known; `total` is how many there are.
    """

    entries: Mapping[str, float]
    least: float | None
    total: float

    def more_than(self, most: int, term: str | None) -> bool | None:
        """Whether more entries have a term than so many; None where that has to be counted."""
        if term is None or self.least is None:
            return None
        if term in self.entries:
            return self.entries[term] > most
        return False if self.least <= most else None


class _Search(Struct, frozen=True, kw_only=True):
    """A search as the database is asked for it.

    query      the words, as a `tsquery`
    ranked_by  those of them that tell one entry from another; None where nothing is ranked
    limit      of how many stories it is
    before     it shows what is older than that date and key
    skipped    or what follows on so many
    hits       how many entries may have the words; 0 where no more have them than are looked at
    entries    how many there are
    """

    selection: Selection
    query: str
    ranked_by: str | None
    limit: int
    before: tuple[Any, ...] | None
    skipped: int
    hits: float
    entries: float


class _Looked(Struct, frozen=True):
    """What was found of some hits.

    shown     the keys and dates of what comes next, one more than is asked for
    stories   how many were found
    hits      how many were looked at, or one more
    earliest  the key of the one of these that came in first; not known where nothing was found
    """

    shown: Sequence[tuple[int, str]]
    stories: int
    hits: int
    earliest: int | None


class Searching(Nearby, TagBitmaps, Stemming, PostgresConnection):
    """The part of the store that searches."""

    # ------------------------------------------------------------ what is found

    def finds(self, typed: str) -> bool:
        wanted, unwanted = self._asked_for(typed)
        if not wanted:
            return False
        with self._reading():
            ((found,),) = self._planned(_ANY, (_all_of(wanted, unwanted),))
        return bool(found)

    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found:
        wanted, unwanted = self._asked_for(selection.search or "")
        if not wanted:
            return Found(items=(), next=None, stories=0, more=False, order="date", newest_of=None)
        query, by_date = _all_of(wanted, unwanted), order == "date"
        with self._reading():
            known = self._statistics(wanted)
            telling = [each for each in wanted if self._is_telling(each, known)]
            ranked_by = _all_of(telling, ()) if telling and not by_date else None
            search = _Search(
                selection=selection,
                query=query,
                ranked_by=ranked_by,
                limit=limit,
                before=None if cursor is None or not by_date else read_cursor(cursor, "d", (str, int)),
                skipped=0 if cursor is None or by_date else read_cursor(cursor, "r", (int,))[0],
                hits=_together(wanted, known) if not telling else 0.0,
                entries=known.total,
            )
            looked_at = MOST_HITS if ranked_by or cursor is not None else min(_AT_FIRST, MOST_HITS)
            found = self._look_at(search, looked_at)
            if looked_at < MOST_HITS and not self._is_the_page(search, found, looked_at):
                looked_at = MOST_HITS
                found = self._look_at(search, looked_at)
            items = self._stories_showing([key for key, _ in found.shown[:limit]])
        following = None
        if len(found.shown) > limit:
            key, date = found.shown[limit - 1]
            skipped = search.skipped + limit
            following = write_cursor("d", date, key) if by_date else write_cursor("r", skipped)
        # No more have all of the words than have one.
        too_many = found.hits > MOST_HITS or (not telling and query in wanted)
        return Found(
            items=items,
            next=following,
            stories=min(found.stories, MOST_COUNTED),
            more=too_many or found.hits > looked_at or found.stories > MOST_COUNTED,
            order=order if ranked_by else "date",
            newest_of=MOST_HITS if too_many else None,
        )

    def _is_telling(self, asked: str, known: _Statistics) -> bool:
        """Whether no more entries have some words than are looked at; counted where that is not known."""
        more = known.more_than(MOST_HITS, _term(asked))
        return self._how_many(asked) <= MOST_HITS if more is None else not more

    def _statistics(self, asked: Iterable[str]) -> _Statistics:
        """What is known of those that are single words."""
        found = self._tuples(_KNOWN, (rows.as_json([*filter(None, map(_term, asked))]),))
        return _Statistics(
            entries={term: many for term, many, _ in found if term is not None},
            least=min((many for _, many, _ in found), default=None),
            total=max((total for *_, total in found), default=0.0),
        )

    def _how_many(self, query: str) -> int:
        """How many entries have words; one more than are looked at, where there are more."""
        ((many,),) = self._planned(_HOW_MANY, (query, MOST_HITS + 1))
        return int(many)

    def _look_at(self, search: _Search, most: int) -> _Looked:
        """What is found among so many of the hits, those that came in last."""
        selection, ranked_by = search.selection, search.ranked_by
        rank = _RANKED if ranked_by else _UNRANKED
        back = walks_back(most, hits=search.hits, entries=search.entries)
        # The plus keeps from walking.
        newest = "entry" if back else "entry + 0"
        tags = tags_of(selection)
        keys: list[int] = []
        if tags:
            ((packed,),) = self._planned(_KEYS_OF_HITS.format(newest=newest), (search.query, most + 1))
            keys = rows.from_json(packed)
            hits = _BY_KEYS.format(rank=rank)
            given: tuple[Any, ...] = (rows.as_json(self._with_tags(tags, keys[:most])),)
        else:
            hits = _BY_WORDS.format(rank=rank, newest=newest)
            given = (search.query, most + 1)
        condition, values = matching(selection)
        statement = _FOUND.format(
            hits=hits,
            once="" if selection.every_entry else "DISTINCT ON (e.story)",
            first="" if selection.every_entry else "ORDER BY e.story, e.lead DESC, e.key",
            condition=condition,
            # Spelled out, as in `Listing`.
            before="WHERE date <= ? AND (date < ? OR key < ?)" if search.before else "",
            order="titled DESC, rank DESC, key DESC" if ranked_by else "date DESC, key DESC",
        )
        ranks = (_titled(ranked_by), ranked_by) if ranked_by else ()
        older = (search.before[0], *search.before) if search.before else ()
        found = self._planned(
            statement, (*ranks, *given, most, *values, *older, search.limit + 1, search.skipped)
        )
        _, _, stories, many, earliest = found[0] if found else (0, "", 0, 0, None)
        if tags:
            many, earliest = len(keys), keys[-1] if keys else None
        return _Looked([(key, date) for key, date, *_ in found], stories, many, earliest)

    def _is_the_page(self, search: _Search, looked: _Looked, looked_at: int) -> bool:
        """Whether nothing else is on the page, of hits that came in before those that were looked at.

        An entry's date is never later than when it came in.
        """
        if looked.earliest is not None and looked.hits <= looked_at:
            return True
        if len(looked.shown) <= search.limit:
            return False
        came_in = self._value("SELECT first_seen FROM entries WHERE key = ?", (looked.earliest,))
        return bool(looked.shown[search.limit][1] > rows.stamp(rows.moment(came_in) + _OUT_OF_ORDER))

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
            if terms and max(len(term.encode()) for term in terms) <= LONGEST:
                asked.append(f"({' <-> '.join(map(quoted, terms))}{':*' if star else ''})")
        return f"({' | '.join(asked)})" if asked else ""

    # ------------------------------------------------------------ what is near a story

    def _entries_with(self, terms: Iterable[str], *, no_more_than: int) -> dict[str, int]:
        asked = {term: query for term in terms if (query := self._asked(f'"{term}"'))}
        known = self._statistics(asked.values())
        counted = [each for each in asked.items() if not known.more_than(no_more_than, _term(each[1]))]
        found = dict.fromkeys(asked, no_more_than)
        found.update(self._planned(_HOW_MANY_EACH, (no_more_than, rows.as_json(counted))))
        return found

    def _with_most_of(self, weights: Mapping[str, float], story: int, *, limit: int) -> list[int]:
        asked = [[query, weight] for term, weight in weights.items() if (query := self._asked(f'"{term}"'))]
        return self._keys(_NEAR, (rows.as_json(asked), story, limit))

    # ------------------------------------------------------------ the index

    @property
    def terms_of(self) -> Callable[[str, str], str]:
        return vector_where_read

    def _index_new(self, entries: Sequence[tuple[int, Entry]], now: datetime) -> None:  # noqa: ARG002
        self._write_each(_INDEX, [(key, self._vector(entry)) for key, entry in entries])

    def _index_changed(self, key: int, entry: Entry) -> None:
        self._execute(_INDEX, (key, self._vector(entry)))

    def _vector(self, entry: Entry) -> str:
        return entry.terms or vector(self._terms, entry.title, entry.text)

    def _index_all_again(self) -> None:
        self._execute("DELETE FROM search")
        for texts in self._texts():
            with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                for key, title, text in texts:
                    copy.write_row((key, vector(self._terms, title, text)))

    def _texts_found_otherwise(self) -> int:
        """How many entries the index has not, or has other words of."""
        differing = int(
            self._value(
                "SELECT COUNT(*) FROM search s WHERE NOT EXISTS (SELECT 1 FROM entries WHERE key = s.entry)"
            )
        )
        for texts in self._texts():
            made = rows.as_json([[key, vector(self._terms, title, text)] for key, title, text in texts])
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


def walks_back(most: int, *, hits: float, entries: float) -> bool:
    """Whether the last of some hits are found sooner on the way back through all entries than by the index.

    On the way that is over once there are as many as are looked at; the index gives all, to be sorted.
    """
    if not hits:
        return False
    passed_by = most * entries / hits
    return passed_by < hits * _PASSED_BY


def _term(asked: str) -> str | None:
    """The term of what asks for a single word; None of all else."""
    word = _ONE_WORD.fullmatch(asked)
    return word[1] if word else None


def _together(wanted: Iterable[str], known: _Statistics) -> float:
    """How many entries may have all of some common words, were one no likelier where another is."""
    shares = (known.entries.get(_term(each) or "", 0.0) / (known.total or 1.0) for each in wanted)
    return known.total * prod(shares)


def _all_of(wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    return " & ".join([*wanted, *(f"!{each}" for each in unwanted)])


def _titled(query: str) -> str:
    """The same words, in the title."""
    return _TERM.sub(lambda term: f"{term[1]}:{'*' if term[2] else ''}A", query)
