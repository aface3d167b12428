"""Bitmaps of common words: beside the full-text index a bit for each entry that says whether it has the word.

To find the few entries that have a rare word and a common one too, FTS5 goes
through all that have the common one. Here it is asked for the rare one alone,
and what it finds is looked up in the common one's bitmap.

Bitmaps are made of blocks of keys, once a block is full, and are as exact as the
index: an entry of a block that changes or goes takes the bitmaps of its block
along (`bitmaps_outdated`), and they are made anew. Where a block has none, and of
the newest entries, the index is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from msgspec import Struct

from hub.store import rows
from hub.store.known import listed
from hub.store.roaring import BitMap, unpacked
from hub.store.sqlite.connection import SqliteConnection
from hub.store.stems import Stemming

_BLOCK = 65_536  # keys
# At most so often, since a block takes a second, in which nothing else is written.
_AT_MOST_EVERY = timedelta(minutes=10)
# A word is common where so many of the entries looked at have it; beyond so many words none are looked for.
_SAMPLE, _COMMON, _MOST_WORDS = 400, 0.02, 640
_NEWEST = 2**63 - 1

MATCH_WITHIN = "SELECT rowid AS key FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ?"
_COMMON_WORDS = """
SELECT w.term, w.id, SUM(b.entries) FROM common_words w JOIN word_bitmaps b ON b.word = w.id
WHERE w.term IN (SELECT value FROM json_each(?)) GROUP BY w.id
"""
_BITMAPS = """
SELECT k.first, k.last, b.bits
FROM word_bitmaps b JOIN bitmap_blocks k ON k.first = b.block
WHERE b.word IN (SELECT value FROM json_each(?))
ORDER BY k.first DESC
"""


class CommonWord(Struct, frozen=True):
    """A word that has bitmaps: its number, and how many entries of blocks that are full have it."""

    id: int
    entries: int


class KeyRange(Struct, frozen=True):
    """The keys from `first` to `last`, and which of them have some words; None where that is not kept."""

    first: int
    last: int
    having: BitMap | None


class WordBitmaps(Stemming, SqliteConnection):
    """The part of the store that keeps bitmaps of words and looks into them."""

    # ------------------------------------------------------------ made

    def _keep_bitmaps(self, now: datetime) -> None:
        """Within a transaction, make those of one block that are missing, if that is not too soon."""
        if (self._value("SELECT MAX(key) FROM entries") or 0) < _BLOCK:
            return
        last = self._value("SELECT bitmaps_made FROM state")
        if last is None or now >= rows.moment(last) + _AT_MOST_EVERY:
            self._execute("UPDATE state SET bitmaps_made = ?", (rows.stamp(now),))
            self._make_bitmaps()

    def _make_bitmaps(self) -> bool:
        """Within a transaction, make those of one block that are missing; whether any were."""
        there = dict(
            self._tuples(
                "SELECT first, (SELECT COUNT(*) FROM word_bitmaps WHERE block = first) FROM bitmap_blocks"
            )
        )
        full = int(self._value("SELECT MAX(key) FROM entries") or 0) // _BLOCK
        for first in range((full - 1) * _BLOCK + 1, 0, -_BLOCK):
            if first not in there:
                self._learn_words(first)
                # Who edits the file by other means may have left some.
                self._execute("DELETE FROM word_bitmaps WHERE block = ?", (first,))
                self._execute("INSERT INTO bitmap_blocks VALUES (?, ?)", (first, first + _BLOCK - 1))
                self._complete(first)
                return True
        words = self._value("SELECT COUNT(*) FROM common_words")
        lacking = [first for first, has in there.items() if has < words]
        if lacking:
            self._complete(max(lacking))
        return bool(lacking)

    def _learn_words(self, first: int) -> None:
        """Add to the common words those of a block, as far as there is room."""
        known = {term for (term,) in self._tuples("SELECT term FROM common_words")}
        room = _MOST_WORDS - len(known)
        if room:
            new = [(term, word) for term, word in self._commonest(first) if term not in known]
            self._write_each("INSERT INTO common_words (term, word) VALUES (?, ?)", new[:room])

    def _commonest(self, first: int) -> Iterator[tuple[str, str]]:
        """The terms that are common in a block, the commonest first, each with a word to ask for it by."""
        keys = range(first, first + _BLOCK, max(1, _BLOCK // _SAMPLE))
        texts = self._tuples(
            "SELECT title, text FROM entries WHERE key IN (SELECT value FROM json_each(?))", (listed(keys),)
        )
        having: defaultdict[str, int] = defaultdict(int)
        for number, (title, text) in enumerate(texts):
            for word in set(re.findall(r"\w+", f"{title} {text}".lower())):
                having[word] |= 1 << number
        least = _COMMON * len(texts)
        words: defaultdict[str, list[str]] = defaultdict(list)
        together: defaultdict[str, int] = defaultdict(int)
        for word, which in sorted(having.items(), key=lambda each: -each[1].bit_count()):
            # Its other forms may make a term common, but not the rarest of them.
            if which.bit_count() >= least / 8 and (term := self._terms.of_word(word)):
                words[term].append(word)
                together[term] |= which
        for term in sorted(together, key=lambda term: -together[term].bit_count()):
            if together[term].bit_count() >= least:
                yield term, words[term][0]

    def _complete(self, first: int) -> None:
        """Make the bitmaps of a block that it lacks."""
        lacking = self._tuples(
            "SELECT id, word FROM common_words"
            " WHERE id NOT IN (SELECT word FROM word_bitmaps WHERE block = ?)",
            (first,),
        )
        (last,) = self._tuples("SELECT last FROM bitmap_blocks WHERE first = ?", (first,))[0]
        made = [
            (id, first, len(having), having.serialize())
            for id, word in lacking
            for having in (self._having_word(word, first, last),)
        ]
        self._write_each("INSERT INTO word_bitmaps (word, block, entries, bits) VALUES (?, ?, ?, ?)", made)

    def _having_word(self, word: str, first: int, last: int) -> BitMap:
        """The entries of a block that have a word, as the full-text index says."""
        return BitMap(self._keys(MATCH_WITHIN, (f'"{word}"', first, last)))

    def _word_bitmaps_that_differ(self) -> int:
        """How many do not agree with the full-text index."""
        kept = self._each(
            "SELECT w.word, k.first, k.last, b.entries, b.bits FROM word_bitmaps b"
            " JOIN common_words w ON w.id = b.word JOIN bitmap_blocks k ON k.first = b.block"
        )
        return sum(
            (entries, bits) != (len(having), having.serialize())
            for *block, entries, bits in kept
            for having in (self._having_word(*block),)
        )

    # ------------------------------------------------------------ looked into

    def _common_words(self, phrases: Sequence[str]) -> Mapping[str, CommonWord]:
        """Which of these FTS5 phrases are a single common word."""
        if self._value("SELECT 1 FROM bitmap_blocks LIMIT 1") is None:
            return {}
        terms = {phrase: self._terms.of_word(phrase[1:-1]) for phrase in phrases if phrase.endswith('"')}
        found = {
            term: CommonWord(id, entries)
            for term, id, entries in self._tuples(_COMMON_WORDS, (listed(filter(None, terms.values())),))
        }
        return {phrase: found[term] for phrase, term in terms.items() if term in found}

    def _key_ranges(self, words: Sequence[CommonWord]) -> Iterator[KeyRange]:
        """All keys, the newest range first, with those that have all of the words."""
        upto = _NEWEST
        ids = {word.id for word in words}  # two words may be one term
        found = self._tuples(_BITMAPS, (listed(ids),)) if ids else []
        for (first, last), block in groupby(found, key=lambda row: row[:2]):
            bitmaps = [unpacked([bits]) for _, _, bits in block]
            if len(bitmaps) < len(ids):
                continue
            if last < upto:
                yield KeyRange(last + 1, upto, None)
            yield KeyRange(first, last, BitMap.intersection(*bitmaps))
            upto = first - 1
        if upto > 0:
            yield KeyRange(1, upto, None)
