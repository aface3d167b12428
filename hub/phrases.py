"""The phrases of tag rules, all found in one pass over a text (Aho-Corasick).

A phrase is words in their order. A lone `*` between two of them stands for
none to four other words, a `*` at the end of a word for any ending, and `|`
parts phrases that mean the same: `stroke | TIA`, `blood pressure * check*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation
from msgspec import Struct

from hub import markup

# How many words a lone star may stand for.
GAP = 4
# A mention counts once, to so many; one in the title or in a category as much as all of those.
MOST_MENTIONS = 3
# Fewer letters before a star would find half of the dictionary.
SHORTEST_BEGINNING = 3
# What no phrase has: it stands for any ending and for any word.
_ANY = "\0"


class Part(Struct, frozen=True):
    """Words side by side. `open` is whether the last may go on, `gap` whether others may come before them."""

    words: str
    open: bool = False
    gap: bool = False


class Wording(Struct, frozen=True):
    """One of the ways to word a phrase; `written` is as the rule has it. One of no parts is never found."""

    written: str
    parts: tuple[Part, ...]


class Found(NamedTuple):
    """A phrase in a text: how often, and in which words first."""

    words: str
    times: int

    def more(self, times: int) -> Found:
        """The phrase, found so many times more."""
        return Found(self.words, self.times + times)


class Mention(NamedTuple):
    """A phrase at one place of a text, from the space before its words to the one after them."""

    phrase: str
    words: str
    start: int
    stop: int


def words_of(text: str) -> str:
    """The words of a text as phrases are looked for among them.

    That is `markup.words`, with one i for Turkish's two: of a capital I nobody can tell which it is.
    """
    words = markup.words(text)
    if words.isascii():
        return words
    # Of İ a small i is left, and its dot as a mark of its own.
    return words.replace("ı", "i").replace("i\u0307", "i")


def read_phrase(text: str) -> tuple[Wording, ...]:
    """The wordings of a phrase. Raises ValueError for a star out of place, with a sentence for its writer."""
    return tuple(_wording(each.strip()) for each in text.split("|"))


def _counted(phrase: str) -> Iterator[tuple[Wording, int]]:
    """A phrase's wordings, and how often each counts: not at all where it always holds another that does."""
    wordings = {each.written: each for each in read_phrase(phrase)}
    least = {written: _least(each) for written, each in wordings.items()}
    # Looked into where a wording may hold another at all, which few do.
    may_hold = any(
        each.written != other and all(part.words in least[other] for part in each.parts)
        for each in wordings.values()
        for other in wordings
    )
    alone = Phrases(wordings) if may_hold else None
    held = {written: alone.found(words) if alone else {} for written, words in least.items()}
    counted: set[str] = set()
    for written, wording in wordings.items():
        # Of two that hold each other the first counts.
        if all(
            written in held[other] and other not in counted for other in held[written] if other != written
        ):
            counted.add(written)
        yield wording, int(written in counted)


def _least(wording: Wording) -> str:
    """Words that a wording finds, of which all that it leaves open is in no other."""
    words = []
    for part in wording.parts:
        words += [_ANY] * GAP if part.gap else []
        words.append(f"{part.words}{_ANY}" if part.open else part.words)
    return " ".join(words)


def _wording(written: str) -> Wording:
    pieces = written.split()
    if "*" in (*pieces[:1], *pieces[-1:]):
        raise ValueError(f"`{written}` has a star at an end; it stands for words between two others")
    parts: list[Part] = []
    gap = False
    for piece in pieces:
        words = words_of(piece)
        if "*" in piece[:-1]:
            raise ValueError(
                f"`{piece}` has a star out of place; it stands at the end of a word, or between two by itself"
            )
        if piece == "*":
            gap = True
        elif words:
            opened = piece.endswith("*")
            if opened and len(words.replace(" ", "")) < SHORTEST_BEGINNING:
                raise ValueError(
                    f"`{piece}` finds too much; write {SHORTEST_BEGINNING} letters or more before the star"
                )
            if parts and not gap and not parts[-1].open:
                before = parts.pop()
                parts.append(Part(f"{before.words} {words}", opened, before.gap))
            else:
                parts.append(Part(words, opened, gap))
            gap = False
    return Wording(written, tuple(parts))


class _Parted(Struct, frozen=True):
    """A wording that is more than whole words side by side. `number` is its own: short to look up by.

    `times` is how often it counts, 0 or 1.
    """

    phrase: str
    parts: tuple[Part, ...]
    number: int
    times: int


# Where the parts of wordings that have come so far begin and end, by a wording's number and a part's place.
_Begun = dict[tuple[int, int], list[tuple[int, int]]]


class Phrases:
    """A set of phrases, ready to be found in many texts."""

    def __init__(self, phrases: Iterable[str]) -> None:
        whole: dict[str, list[tuple[str, Found]]] = {}
        parted: dict[str, list[tuple[_Parted, int]]] = {}
        numbers = 0
        for phrase in dict.fromkeys(phrases):
            for wording, times in _counted(phrase):
                if len(wording.parts) == 1 and not wording.parts[0].open:
                    whole.setdefault(_key(wording.parts[0]), []).append(
                        (phrase, Found(wording.written, times))
                    )
                    continue
                numbers += 1
                each = _Parted(phrase, wording.parts, numbers, times)
                for place, part in enumerate(wording.parts):
                    parted.setdefault(_key(part), []).append((each, place))
        keys = list(dict.fromkeys([*whole, *parted]))
        self._of_keys = [(tuple(whole.get(key, ())), tuple(parted.get(key, ()))) for key in keys]
        # Of its three forms the one that stays in a processor's cache with thousands of phrases.
        self._automaton = AhoCorasick(keys, implementation=Implementation.ContiguousNFA, store_patterns=False)

    def found(self, words: str) -> Mapping[str, Found]:
        """The phrases that stand in a text, by how they are written; `words` is `words_of` it."""
        found: dict[str, Found] = {}
        if not words:
            return found
        text = f" {words} "
        begun: _Begun = {}
        for number, start, stop in self._automaton.find_matches_as_indexes(text, overlapping=True):
            whole, parted = self._of_keys[number]
            for phrase, once in whole:
                before = found.get(phrase)
                found[phrase] = once if before is None else before.more(once.times)
            for wording, place in parted:
                reached = _reached(text, start, stop - 1, wording, place, begun)
                if reached is None:
                    continue
                before = found.get(wording.phrase)
                found[wording.phrase] = (
                    Found(text[reached[0] + 1 : reached[1]], wording.times)
                    if before is None
                    else before.more(wording.times)
                )
        return found

    def mentions(self, words: str) -> Iterator[Mention]:
        """Each of the mentions that `found` counts, which takes longer."""
        text = f" {words} "
        begun: _Begun = {}
        for number, start, stop in self._automaton.find_matches_as_indexes(text, overlapping=True):
            whole, parted = self._of_keys[number]
            for phrase, once in whole:
                if once.times:
                    yield Mention(phrase, once.words, start, stop - 1)
            for wording, place in parted:
                reached = _reached(text, start, stop - 1, wording, place, begun)
                if reached is not None and wording.times:
                    yield Mention(wording.phrase, text[reached[0] + 1 : reached[1]], *reached)


def _key(part: Part) -> str:
    return f" {part.words}" if part.open else f" {part.words} "


def _reached(
    text: str, start: int, end: int, wording: _Parted, place: int, begun: _Begun
) -> tuple[int, int] | None:
    """Where a wording begins and ends whose last part stands here; None where it is not whole.

    Both are places of spaces.
    """
    part = wording.parts[place]
    began = start
    if place:
        ways = begun.get((wording.number, place - 1))
        if ways is None:
            return None
        near = next((way for way in reversed(ways) if way[1] <= start), None)
        most = GAP if part.gap else 0
        if near is None or text.count(" ", near[1] + 1, start + 1) > most:
            return None
        began = near[0]
    stop = text.find(" ", end + 1) if part.open and text[end] != " " else end
    if place == len(wording.parts) - 1:
        return began, stop
    begun.setdefault((wording.number, place), []).append((began, stop))
    return None
