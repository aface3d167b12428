"""Bitmaps of tags: of each tag a bit for each entry that says whether the entry's story has it.

A search may find ten thousand entries, of which those of one tag are wanted:
they are told by one look at the tag's bitmaps, and not by one at each entry.

There is one for each block of keys, and they say what `story_tags` says: a
transaction that changes the tags of stories, or which entries are in them,
brings the bitmaps up to that before it ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from hub.errors import StoreError
from hub.store import rows
from hub.store.connection import Connection
from hub.store.known import listed
from hub.store.roaring import BitMap, unpacked

# Keys. Of a tag that every twentieth entry has, that is half a page of the database.
_BLOCK = 16_384
_LAST = 2**32 - 1

# Tags and the entries whose stories have them, in one row: grouped by tag they would be sorted first.
_OF_STORIES = """
SELECT json_group_array(t.term), json_group_array(e.key) FROM json_each(?) given
CROSS JOIN entries e ON e.story = CAST(given.value AS BIGINT) CROSS JOIN story_tags t ON t.story = e.story
"""
_OF_ENTRIES = """
SELECT DISTINCT t.term FROM json_each(?) given CROSS JOIN entries e ON e.key = CAST(given.value AS BIGINT)
JOIN story_tags t ON t.story = e.story
"""
_OF_TAG = "SELECT e.key FROM story_tags t JOIN entries e ON e.story = t.story WHERE t.term = ?"
_TAGS = "SELECT term FROM tag_bitmaps UNION SELECT term FROM story_tags"
_BITS = "SELECT bits FROM tag_bitmaps WHERE term = ? AND block BETWEEN ? AND ?"
_BITS_OF_BLOCKS = """
SELECT term, block, bits FROM tag_bitmaps
WHERE term IN (SELECT value FROM json_each(?)) AND block IN (SELECT value FROM json_each(?))
"""
_NEW_BITS = """
INSERT INTO tag_bitmaps (term, block, bits) VALUES (?, ?, ?)
ON CONFLICT (term, block) DO UPDATE SET bits = excluded.bits
"""


class TagBitmaps(Connection):
    """The part of the store that keeps bitmaps of tags and looks into them."""

    # Of the transaction that is open: the stories it changes, and by tag the entries that may lose it.

    @cached_property
    def _touched(self) -> set[int]:
        return set()

    @cached_property
    def _lost(self) -> defaultdict[str, set[int]]:
        return defaultdict(set)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with super()._writing():
                yield
                self._follow()
        finally:
            self._touched.clear()
            self._lost.clear()

    # ------------------------------------------------------------ kept

    def _touch(self, stories: Iterable[int]) -> None:
        """Have the bitmaps follow what these stories' tags and entries are when the transaction ends."""
        self._touched.update(stories)

    def _lose(self, terms: Iterable[str], keys: Iterable[int]) -> None:
        """Take some tags from entries, but for those whose stories have them when the transaction ends."""
        keys = frozenset(keys)
        for term in terms:
            self._lost[term] |= keys

    def _lose_all(self, keys: Collection[int]) -> None:
        """Take all their tags from entries that are about to be taken away."""
        self._lose([term for (term,) in self._tuples(_OF_ENTRIES, (listed(keys),))], keys)

    def _follow(self) -> None:
        if not self._touched and not self._lost:
            return
        ((terms, keys),) = self._tuples(_OF_STORIES, (listed(self._touched),))
        have: defaultdict[str, list[int]] = defaultdict(list)
        for term, key in zip(rows.from_json(terms), rows.from_json(keys), strict=True):
            have[term].append(key)
        terms = sorted(have.keys() | self._lost)
        changes = {term: (BitMap(have[term]), BitMap(self._lost[term])) for term in terms}
        blocks = _blocks(BitMap().union(*(keys for change in changes.values() for keys in change)))
        before = {
            (term, block): bits
            for term, block, bits in self._tuples(
                _BITS_OF_BLOCKS, (listed(terms), listed(block.start // _BLOCK for block in blocks))
            )
        }
        written = []
        for term, (new, old) in changes.items():
            for block in _blocks(new | old):
                packed = before.get((term, block.start // _BLOCK))
                bits = unpacked([packed] if packed else []) - old | new & BitMap(block)
                written.append(_row(term, block, bits))
        self._write_each(_NEW_BITS, written)

    def _make_tag_bitmaps_anew(self) -> None:
        """Within a transaction, make all bitmaps anew from `story_tags`."""
        self._execute("DELETE FROM tag_bitmaps")
        for (term,) in self._tuples("SELECT DISTINCT term FROM story_tags"):
            having = BitMap(self._keys(_OF_TAG, (term,)))
            self._write_each(
                _NEW_BITS, [_row(term, block, having & BitMap(block)) for block in _blocks(having)]
            )

    def _tag_bitmaps_that_differ(self) -> int:
        """For how many tags the bitmaps differ from `story_tags`."""
        return sum(self._differs(term) for (term,) in self._tuples(_TAGS))

    def _differs(self, term: str) -> bool:
        try:
            return self._having(term, 0, _LAST) != BitMap(self._keys(_OF_TAG, (term,)))
        except StoreError:
            return True

    # ------------------------------------------------------------ looked into

    def _having(self, term: str, first: int, last: int) -> BitMap:
        """The entries whose stories have a tag, of the blocks between two keys."""
        found = self._tuples(_BITS, (term, first // _BLOCK, last // _BLOCK))
        return unpacked(bits for (bits,) in found)

    def _with_tags(self, terms: Sequence[str], keys: Sequence[int]) -> list[int]:
        """Those of some entries whose stories have all of these tags, the highest key first."""
        found = BitMap(keys)
        for term in terms:
            if found:
                found &= self._having(term, found.min(), found.max())
        return [*reversed(found.to_array())]


def _row(term: str, block: range, bits: BitMap) -> tuple[str, int, bytes]:
    return term, block.start // _BLOCK, bits.serialize()


def _blocks(keys: BitMap) -> list[range]:
    """The blocks that some keys are in."""
    numbers = sorted({key // _BLOCK for key in keys})
    return [range(number * _BLOCK, (number + 1) * _BLOCK) for number in numbers]
