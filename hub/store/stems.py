"""What the full-text index makes of words, and what it is asked for to find all that begin alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cached_property, lru_cache
from string import ascii_lowercase

from hub.store.connection import Connection
from hub.store.rows import from_json

_UNSTEMMED = "unicode61 remove_diacritics 2"
_STEMMED = f"porter {_UNSTEMMED}"  # as the full-text index has it

# With what is left of these each beginning of the 70,000 words of a British spelling list comes to
# all that stemming cuts of those words to something that no longer begins so.
_ENDINGS = ("ability", "ative", "ed", "er", "ful", "ing", "ion", "ism", "ment", "ness", "ous")
_LEFT_OF_ENDINGS = sorted({ending[cut:] for ending in _ENDINGS for cut in range(len(ending) + 1)})

# As one row: to hand over a row takes longer than to find a term.
_PLACES = "SELECT json_group_array(term), json_group_array(col), json_group_array(offset) FROM terms"
# The end of the title and the start of the text are no phrase: there is a place between them.
_BETWEEN = 2


class Terms:
    """What the full-text index makes of words: `Wards` and `ward` are one term."""

    def __init__(self, tokenizer: str = _STEMMED) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        # Stemming may cut a letter that is none of English in two.
        self._database.text_factory = lambda term: term.decode(errors="replace")
        self._database.execute(
            f"CREATE VIRTUAL TABLE words USING fts5 (title, text, content='', tokenize='{tokenizer}')"
        )
        self._database.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, instance)")

    def of_word(self, word: str) -> str | None:
        """The term of a word, None for what is several."""
        terms = self.of(word)
        return terms[0] if len(terms) == 1 else None

    def of(self, text: str) -> list[str]:
        """The terms of a text, in their order."""
        self._database.execute("INSERT INTO words (rowid, text) VALUES (1, ?)", (text,))
        found = self._database.execute("SELECT term FROM terms ORDER BY offset").fetchall()
        self._database.execute("INSERT INTO words (words) VALUES ('delete-all')")
        return [term for (term,) in found]

    def places(self, title: str, text: str) -> list[tuple[str, bool, int]]:
        """Each place of a term: the term, whether that is in the title, and the place, counted from 1.

        The text's are counted on from the title's. Places of one term stand together, in their order.
        """
        self._database.execute("INSERT INTO words (rowid, title, text) VALUES (1, ?, ?)", (title, text))
        terms, columns, offsets = map(from_json, self._database.execute(_PLACES).fetchone())
        self._database.execute("INSERT INTO words (words) VALUES ('delete-all')")
        in_title = [column == "title" for column in columns]
        last = max((offset for offset, its in zip(offsets, in_title, strict=True) if its), default=-1)
        start = last + _BETWEEN + 1
        return [
            (term, its, offset + (1 if its else start))
            for term, its, offset in zip(terms, in_title, offsets, strict=True)
        ]

    def close(self) -> None:
        self._database.close()


class Stemming(Connection):
    """The part of the store that knows the terms of words."""

    @cached_property
    def _terms(self) -> Terms:
        return Terms()

    def close(self) -> None:
        if "_terms" in self.__dict__:
            self._terms.close()
        super().close()


@lru_cache(maxsize=1_000)
def beginning(text: str) -> str:
    """What to ask FTS5 for to find these words, the last with any ending: a phrase, or several in brackets.

    A star does not say that to FTS5, which stems the word before it and looks for terms that begin
    with the stem: `"bus"*` finds `building`, and `"educat"*` no `education`, of which `educ` is left.
    So what stands before a star is a word of which stemming leaves just the beginning (`busness`).
    Terms that do not begin so, though words do of which they are left, are asked for by such words
    (`educative`); what else has the same term is found with them, as in any search.
    """
    with closing(Terms(_UNSTEMMED)) as unstemmed:
        before = unstemmed.of(text)
    if not before:
        return f'"{text}"'
    start = before.pop()

    def phrase(word: str) -> str:
        return f'"{" ".join([*before, word])}"'

    with closing(Terms()) as stemmed:
        # Stemming leaves no `install`, but what is longer, such as `installa`.
        starred = _stemmed_to([start], stemmed) or _stemmed_to([start + c for c in ascii_lowercase], stemmed)
        words = [start + ending for ending in _LEFT_OF_ENDINGS]
        cut = dict(zip(stemmed.of(" ".join(words)), words, strict=True))
    asked = [f"{phrase(word)}*" for word in starred]
    asked += [phrase(word) for term, word in cut.items() if not term.startswith(start)]
    return asked[0] if len(asked) == 1 else f"({' OR '.join(asked)})"


def _stemmed_to(terms: list[str], stemmed: Terms) -> list[str]:
    """Words of which stemming leaves these terms, as far as there are any."""
    words = [term + ending for ending in ("ness", "e", "") for term in terms]
    by_term = dict(zip(stemmed.of(" ".join(words)), words, strict=True))
    return [by_term[term] for term in terms if term in by_term]
