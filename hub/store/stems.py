"""What the full-text index makes of words, and what it is asked for to find all that begin alike."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from string import ascii_lowercase

from hub.store.connection import Connection

_UNSTEMMED = "unicode61 remove_diacritics 2"
_STEMMED = f"porter {_UNSTEMMED}"  # as the full-text index has it

# With what is left of these each beginning of the 70,000 words of a British spelling list comes to
# all that stemming cuts of those words to something that no longer begins so.
_ENDINGS = ("ability", "ative", "ed", "er", "ful", "ing", "ion", "ism", "ment", "ness", "ous")
_LEFT_OF_ENDINGS = sorted({ending[cut:] for ending in _ENDINGS for cut in range(len(ending) + 1)})

_AS_ROW = "INSERT INTO words (rowid, text) VALUES (?, ?)"
_FORGET = "INSERT INTO words (words) VALUES ('delete-all')"
# Letters and figures of ASCII, and all that is not ASCII. Whatever else there is parts words wherever it
# stands, so that what is between is the same terms in any text.
_STRETCH = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]+")
# Of so many letters together what they are is remembered, which takes a few megabytes.
_MOST_REMEMBERED = 200_000


class Terms:
    """What the full-text index makes of words: `Wards` and `ward` are one term."""

    def __init__(self, tokenizer: str = _STEMMED) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        # Stemming may cut a letter that is none of English in two.
        self._database.text_factory = lambda term: term.decode(errors="replace")
        self._database.execute(
            f"CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize='{tokenizer}')"
        )
        self._database.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (words, instance)")
        self._remembered: dict[str, tuple[str, ...]] = {}
        self._letters_remembered = 0

    def of_word(self, word: str) -> str | None:
        """The term of a word, None for what is several."""
        terms = self.of(word)
        return terms[0] if len(terms) == 1 else None

    def of(self, text: str) -> list[str]:
        """The terms of a text, in their order."""
        return [term for _, term in self._of_rows([(1, text)])]

    def _of_rows(self, texts: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
        """The terms of numbered texts, in the order of these and in their own."""
        # What a reader had no memory left for is there still.
        self._database.execute(_FORGET)
        self._database.executemany(_AS_ROW, texts)
        found = self._database.execute("SELECT doc, term FROM terms ORDER BY doc, offset").fetchall()
        self._database.execute(_FORGET)
        return found

    def of_like(self, text: str) -> list[str]:
        """As `of`, and sooner where texts came before that had many of the same words."""
        stretches = _STRETCH.findall(text)
        new = set(stretches).difference(self._remembered)
        if new:
            if self._letters_remembered > _MOST_REMEMBERED:
                self._remembered, self._letters_remembered = {}, 0
                new.update(stretches)
            self._remember(new)
        known = self._remembered
        return [term for each in stretches for term in known[each]]

    def _remember(self, stretches: AbstractSet[str]) -> None:
        # Of ASCII alone each is one term.
        words = [each for each in stretches if each.isascii()]
        found: dict[str, tuple[str, ...]] = dict.fromkeys(stretches, ())
        found.update(zip(words, ((term,) for term in self.of(" ".join(words))), strict=True))
        others = [each for each in stretches if not each.isascii()]
        for number, terms in groupby(self._of_rows(enumerate(others)), itemgetter(0)):
            found[others[number]] = tuple(term for _, term in terms)
        # All of it, once all is known: a reader that had no memory left for it reads on.
        self._remembered.update(found)
        self._letters_remembered += sum(map(len, found))

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
