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


def vector(terms: Terms, title: str, text: str) -> str:
    """The terms of an entry with their places, as PostgreSQL reads a `tsvector`; the title.s as weight A."""
    words: dict[str, str] = {}
    for term, in_title, place in terms.places(title, text):
        its = f"{place}A" if in_title else f"{place}"
        words[term] = f"{words[term]},{its}" if term in words else its
    words = {term: its for term, its in words.items() if len(term.encode()) <= LONGEST}
    if sum(map(_room, words.items())) > _MOST_BYTES:
        words = _first_of(words)
    return " ".join([f"{quoted(term)}:{its}" for term, its in words.items()])


def vector_where_read(title: str, text: str) -> str:
    """`vector`, for a process that has no store."""
    return vector(_terms(), title, text)


def quoted(term: str) -> str:
    """A term as a `tsvector` or a `tsquery` has it."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


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
