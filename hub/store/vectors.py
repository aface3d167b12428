"""Texts as PostgreSQL's full-text index takes them: the terms of their words, with their places.

Apart from the store on PostgreSQL, since those who read documents make them and need nothing else of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import accumulate

from hub.store.stems import Terms

LONGEST = 2_000
"""PostgreSQL takes no longer terms, in bytes."""
# Of all terms of a text with their places it takes no more bytes; of one it keeps 255 places, two bytes each.
_MOST_BYTES, _MOST_OF_PLACES = 900_000, 1_024
# A word takes four bytes of that for each letter, and eight for its place and a comma; between two words is a
# sign or a blank. That is no more than eight for each letter of a text: with so many there is room for all.
_ROOM_FOR_ALL = _MOST_BYTES // 8
# The end of the title and the start of the text are no phrase: there is a place between them.
_BETWEEN = 2


def vector(terms: Terms, title: str, text: str) -> str:
    """The terms of an entry with their places, as PostgreSQL reads a `tsvector`; the title's as weight A."""
    of_title = terms.of_like(title)
    words: dict[str, str] = {}
    for place, term in enumerate(of_title, 1):
        words[term] = f"{words[term]},{place}A" if term in words else f"{place}A"
    for place, term in enumerate(terms.of_like(text), len(of_title) + _BETWEEN):
        words[term] = f"{words[term]},{place}" if term in words else f"{place}"
    if max(map(len, words), default=0) > LONGEST // 4:
        words = {term: its for term, its in words.items() if len(term.encode()) <= LONGEST}
    if len(title) + len(text) > _ROOM_FOR_ALL and sum(map(_room, words.items())) > _MOST_BYTES:
        words = _first_of(words)
    return " ".join([f"{quoted(term)}:{its}" for term, its in words.items()])


def vector_where_read(title: str, text: str) -> str:
    """`vector`, for a process that has no store."""
    return vector(_terms(), title, text)


def quoted(term: str) -> str:
    """A term as a `tsvector` or a `tsquery` has it: it is letters and figures, and needs nothing more."""
    return f"'{term}'"


@cache
def _terms() -> Terms:
    return Terms()


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
