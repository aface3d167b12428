"""Two entries side by side: what they share, and what one has where the other has something else."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from math import sqrt

from msgspec import Struct

from hub import markup, urls
from hub.model import Candidate, Entry, compared_as_of
from hub.stories import titles
from hub.stories.sketch import (
    BYTES,
    FIGURE,
    SAME_NEWS,
    SHINGLE,
    TIME,
    likeness,
    numbers,
    packed,
    sentences,
)

# Words between the same words that stand for others; more is a passage of its own.
_LONGEST_FILLED_IN = 20
_LONGEST_BETWEEN = 32  # where a passage precedes and another follows them
# An editor changes a word or two; what is longer is another name, place or subject.
_NAME = 3
# Shingles that begin a text.
_FIRST = 12
# Words of an excerpt, and the shingles that end it.
_EXCERPT, _LAST = 64, 6
# Of these last shingles so many may stand in a text that does not say the same: "the clinic at the".
_BY_THE_WAY = 1
# So much of the shorter text, that it is the longer one's opening.
_OPENING = 0.7
_DATELINE = 10  # words before it that are a place, a day, "News:"
_STEPS = (64, 8, 1)  # shingles that are compared at once, to find where two texts part
# Shingles in a row that make a passage, and no phrase that a text repeats.
_PASSAGE = 6
_RUN = SHINGLE * BYTES
_WORD = re.compile(r"\w+")
# Runs of words of a text that are looked for in another before all are, and by how many standard
# deviations (of a binomial) fewer may be found than of a copy.
_LOOKED_FOR = 16
_BY_CHANCE = 3.0


class FilledIn(Struct, frozen=True):
    """How often short passages differ between the same words: in figures, of these in times, in words.

    `names` are those of the words that are too many for an editor's change, and
    `between` those of them that a passage follows, which what stands under a text has none of.
    `turned` counts the passages that stand before what precedes them in the other text, and
    `others` are all words that stand for others.
    """

    figures: int
    times: int
    words: int
    names: int
    between: int
    turned: int
    others: frozenset[int]


class Side:
    """One of the two entries that a `Pair` compares, with what every comparison needs of it."""

    def __init__(
        self,
        told: Entry | Candidate,
        link: str | None,
        date: datetime,
        words: bytes,
        *,
        wordless: bool,
        text: str = "",
    ) -> None:
        self.told = told
        self.id = told.id
        self.link = link
        self.title = told.title
        self.date = date
        self.wordless = wordless
        self.packed = words
        self._text = text
        self.size = len(words) // BYTES

    @classmethod
    def entry(cls, entry: Entry, date: datetime) -> Side:
        """An entry of a document, which is sorted by `date`."""
        sketch = entry.sketch
        return cls(entry, entry.keys.link, date, sketch.words, wordless=sketch.wordless, text=entry.text)

    @classmethod
    def candidate(cls, other: Candidate) -> Side:
        """A stored entry of another feed."""
        return cls(other, other.link_key, compared_as_of(other), other.words, wordless=other.wordless)

    @property
    def most(self) -> int:
        """How many shingles it has if it repeats none."""
        return max(self.size - SHINGLE + 1, 0)

    @cached_property
    def words(self) -> list[int]:
        """The numbers of its text's first words, in order."""
        unpacked = array("I")
        unpacked.frombytes(self.packed)
        return unpacked.tolist()

    @cached_property
    def sentence_ends(self) -> frozenset[int]:
        """After how many of its words a sentence ends, where its text is at hand."""
        return frozenset(
            accumulate(len(markup.words(sentence).split()) for sentence in sentences(self._text))
        )

    @property
    def capitalised(self) -> frozenset[int]:
        """Its words that begin with a capital, as names do, where its text is at hand."""
        capitalised = filter(_begins_with_a_capital, _WORD.findall(self._text))
        return frozenset(numbers(markup.words(" ".join(capitalised))))

    @cached_property
    def days(self) -> frozenset[tuple[int, int]]:
        """The days that it names, each by the number and the month beside it."""
        words = self.words
        months = [at for at, word in enumerate(words) if word & TIME == TIME]
        beside = [
            (words[at], day)
            for at in months
            for day in (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
        ]
        return frozenset([(month, day) for month, day in beside if day & TIME == FIGURE])

    @cached_property
    def vocabulary(self) -> frozenset[int]:
        """The numbers of its words, each once."""
        return frozenset(self.words)

    @property
    def in_order(self) -> Sequence[int]:
        """Its shingles, a number each."""
        return _in_order(self.packed)

    @property
    def shingles(self) -> frozenset[int]:
        """Its shingles, each once."""
        return _shingles(self.packed)


class Pair:
    """What two entries have in common, each part computed when it is asked for."""

    def __init__(self, one: Side, other: Side) -> None:
        self._one = one
        self._other = other
        self.apart: timedelta = abs(one.date - other.date)
        self.wordless = one.wordless or other.wordless
        self.same_title = titles.is_same_title(one.told, other.told)
        self.same_link = one.link is not None and one.link == other.link
        self.same_words = one.packed == other.packed
        self._short, self._long = (one, other) if one.size <= other.size else (other, one)
        # Whether the longer text begins with the shorter; of what was cut, the last words may be others.
        same = max(self._short.size - SHINGLE, 1) * BYTES
        self.beginning = bool(self._short.size) and self._long.packed.startswith(self._short.packed[:same])

    @property
    def both_wordless(self) -> bool:
        """Whether neither has a text."""
        return self._one.wordless and self._other.wordless

    @property
    def same_id(self) -> bool:
        """The same absolute IRI, which a publisher must have meant."""
        id = self._one.id
        return (
            id is not None and id == self._other.id and urls.is_absolute_iri(id) and not urls.is_home_page(id)
        )

    @property
    def same_text(self) -> bool:
        """Whether both have the same words, and enough of them to say something."""
        return self.same_words and self.least > 0

    @cached_property
    def shared(self) -> int:
        """How many shingles both have."""
        if self.same_words:
            return self.least
        if self.beginning:
            # But for the last words, where it was cut.
            return max(self.least - SHINGLE, 0)
        return len(self._one.shingles & self._other.shingles)

    @cached_property
    def least(self) -> int:
        """How many shingles the shorter text has; where the longer begins with it, one said twice is two."""
        if self.beginning:
            return self._short.most
        return min(len(self._one.shingles), len(self._other.shingles))

    @property
    def share(self) -> float:
        """How much of the shorter text is in the longer one (containment), 0 to 1."""
        return self.shared / self.least if self.least else 0.0

    @property
    def share_of_longer(self) -> float:
        """How much of the longer text is in the shorter one, 0 to 1."""
        if self.same_words:
            return self.share
        if self.beginning:
            most = max(self._one.most, self._other.most)
        else:
            most = max(len(self._one.shingles), len(self._other.shingles))
        return self.shared / most if most else 0.0

    def may_be_most_of_it(self, share: float) -> bool:
        """Whether the longer text may have such a share of the shorter: a quick look for a few runs."""
        if self.beginning:
            return True
        short, long = self._short.packed, self._long.packed
        last = (self._short.size - SHINGLE) * BYTES
        every = max(self._short.size // _LOOKED_FOR, 1) * BYTES
        found = [long.find(short[at : at + _RUN]) >= 0 for at in range(0, last + 1, every)]
        return not is_too_few(sum(found), share, of=len(found), by_chance=_BY_CHANCE)

    @property
    def opening(self) -> bool:
        """Whether most of the shorter text stands in the longer one's first words, as an excerpt's does."""
        if self.beginning:
            return True
        first = self._long.in_order[: self._short.size + _DATELINE - SHINGLE + 1]
        shared = len(self._short.shingles.intersection(first))
        return shared >= _OPENING * self.least

    @cached_property
    def has_a_beginning(self) -> bool:
        """Whether the first words of one of them stand somewhere in the other.

        A copy has those of its original, wherever a paragraph was added;
        statements that cite the same report have not, but for its name, which
        is in their titles.
        """
        one, other = self._one, self._other
        named = _shingles(packed(titles.words_of(one.title).split())) | _shingles(
            packed(titles.words_of(other.title).split())
        )
        return any(
            2 * len(ours.shingles.intersection(theirs.in_order[:_FIRST]) - named) >= _FIRST
            for ours, theirs in ((one, other), (other, one))
        )

    @property
    def preceded(self) -> bool:
        """Whether the longer text has more than a dateline before the words that the shorter begins with."""
        first, there = self._short.in_order[:_FIRST], self._long.in_order
        at = next((at for at, shingle in enumerate(first) if shingle in self._long.shingles), None)
        return at is not None and there.index(first[at]) - at > _DATELINE

    @property
    def mostly_preceded(self) -> bool:
        """Whether the longer text has more than a dateline before most of the shorter.

        A report that goes back to another may begin with the same names as that.
        """
        there = self._long.in_order
        before = sorted(
            there.index(shingle) - at
            for at, shingle in enumerate(self._short.in_order)
            if shingle in self._long.shingles
        )
        return bool(before) and before[len(before) // 2] > _DATELINE

    @property
    def ends_otherwise(self) -> bool:
        """Whether the shorter text is an excerpt's length, and its last words are hardly any of the longer's.

        But for the very last, which an excerpt may have been cut in.
        """
        last = self._short.in_order[-_LAST - 1 : -1]
        return self.is_excerpt and len(self._long.shingles.intersection(last)) <= _BY_THE_WAY

    @property
    def forks_within_a_sentence(self) -> bool:
        """Whether all they share is their first words, which end within a sentence of the first text.

        There a form has its blank; where a sentence ends, a paragraph of one's own may follow.
        """
        both = zip(self._one.words, self._other.words, strict=False)
        same = next((at for at, (ours, theirs) in enumerate(both) if ours != theirs), 0)
        # The next sentence may begin with the same word.
        ends_there = not self._one.sentence_ends.isdisjoint((same, same - 1))
        return self.shared <= same and not ends_there

    @property
    def is_excerpt(self) -> bool:
        """Whether the shorter text is an excerpt's length."""
        return self._short.size <= _EXCERPT

    @property
    def longer(self) -> bool:
        """Whether the first of the two has the longer text."""
        return self._one.size > self._other.size

    @property
    def words_of_shorter(self) -> int:
        """How many words the shorter text has."""
        return self._short.size

    @property
    def unlike(self) -> bool:
        """Whether the two share hardly a word, as other news under the same id would."""
        one = (*numbers(titles.words_of(self._one.title)), *self._one.words)
        other = (*numbers(titles.words_of(self._other.title)), *self._other.words)
        return likeness(one, other) < SAME_NEWS

    @property
    def periodical(self) -> bool:
        """Whether a title is that of an issue or a list, as everybody has."""
        return titles.is_periodical(self._one.title) or titles.is_periodical(self._other.title)

    @property
    def dated(self) -> bool:
        """Whether both titles name a point in time, as those of notices do."""
        return all(titles.times(each.title) for each in (self._one, self._other))

    @property
    def digest(self) -> bool:
        """Whether a title is that of an issue which tells what others told."""
        return any(titles.is_digest(each.title) for each in (self._one, self._other))

    @property
    def meeting(self) -> bool:
        """Whether a title is that of a meeting."""
        return any(titles.is_meeting(each.title) for each in (self._one, self._other))

    @property
    def answer(self) -> bool:
        """Whether one title alone is that of an answer to what others told."""
        return titles.is_answer(self._one.title) != titles.is_answer(self._other.title)

    @property
    def series(self) -> bool:
        """Whether the titles are those of a series, each with a topic of its own."""
        return titles.are_of_a_series(self._one.told, self._other.told)

    @property
    def other_time(self) -> bool:
        """Whether the titles name different points in time: two issues, two dates of a series."""
        return titles.are_others(titles.times(self._one.title), titles.times(self._other.title))

    @property
    def other_part(self) -> bool:
        """Whether the titles say that these are different parts, episodes or rounds."""
        return titles.are_others(titles.parts(self._one.title), titles.parts(self._other.title))

    @property
    def same_figures(self) -> int:
        """How many figures both have: a correction leaves most as they were, a form has others throughout."""
        return sum(map(FIGURE.__and__, self._one.vocabulary & self._other.vocabulary))

    @property
    def other_name(self) -> bool:
        """Whether a word that stands for another is written as a name in the first text."""
        return not self.filled_in.others.isdisjoint(self._one.capitalised)

    @property
    def other_days(self) -> bool:
        """Whether both texts name days, and none of them is in both."""
        ours, theirs = self._one.days, self._other.days
        return bool(ours) and bool(theirs) and ours.isdisjoint(theirs)

    @property
    def only_names(self) -> bool:
        """Whether what the first text has for other words of the second is written as names throughout."""
        others = self.filled_in.others & self._one.vocabulary - self._other.vocabulary
        return bool(others) and others <= self._one.capitalised

    @property
    def about_other_things(self) -> bool:
        """Whether words that stand for one another in the texts are what each headline says besides."""
        others = self.filled_in.others
        ours, theirs = titles.own_words(self._one.title, self._other.title)
        return bool(others) and not any(others.isdisjoint(numbers(" ".join(own))) for own in (ours, theirs))

    @cached_property
    def filled_in(self) -> FilledIn:
        """What stands in the shorter text where the longer has something else between the same words.

        A template that two members filled in differs in many such places; a
        copy to which a paragraph was added, or that was cut, in none.
        """
        short, long = self._short.words, self._long.words
        figures = times = words = names = between = turned = 0
        # Both texts begin at the same place, so what stands there before the first same words counts.
        before, there = -SHINGLE, -SHINGLE
        others: set[int] = set()
        passage = last = 0  # where the last one ends there, and how long the last run was
        for here, found, length in (*_runs(self._short, self._long), (len(short), len(long), 1)):
            if length > _PASSAGE:
                turned += found < passage
                passage = found + length
            if here > before + 1:
                ours = short[before + SHINGLE : here]
                theirs = long[there + SHINGLE : found] if found > there else ()
                most = _LONGEST_BETWEEN if min(length, last) > _PASSAGE else _LONGEST_FILLED_IN
                if 0 < len(ours) <= most and 0 < len(theirs) <= most:
                    mine, other = frozenset(ours) - frozenset(theirs), frozenset(theirs) - frozenset(ours)
                    in_time = _has_time(mine) and _has_time(other)
                    times += in_time
                    figures += in_time or (_has_figure(mine) and _has_figure(other))
                    differ = _has_word(mine) and _has_word(other)
                    words += differ
                    if differ:
                        others.update(mine, other)
                    if differ and max(len(mine), len(other)) >= _NAME:
                        names += 1
                        between += length > _PASSAGE
            before, there, last = here + length - 1, found + length - 1, length
        return FilledIn(figures, times, words, names, between, turned, frozenset(others))


def _runs(short: Side, long: Side) -> Iterator[tuple[int, int, int]]:
    """The runs of shingles that both have in the same order: where each begins in either, and its length.

    Each begins where the longer text first has its first shingle, and goes on as far as both do.
    """
    ours, theirs, known = short.in_order, long.in_order, long.shingles
    at = 0
    while at < len(ours):
        if ours[at] not in known:
            at += 1
            continue
        there = theirs.index(ours[at])
        length = 1
        for step in _STEPS:
            while (same := ours[at + length : at + length + step]) and (
                same == theirs[there + length : there + length + step]
            ):
                length += len(same)
        yield at, there, length
        at += length


def is_too_few(found: int, share: float, *, of: int, by_chance: float) -> bool:
    """Whether fewer of so many samples are found than where such a share is, but for so many deviations."""
    expected = share * of
    return found < expected - by_chance * sqrt(expected * (1 - share))


# A story's entries are compared with each that may join it, one soon after the other.
@lru_cache(maxsize=256)
def _in_order(words: bytes) -> Sequence[int]:
    """The shingles of packed words, a number each."""
    # All words as one long number: shifted by one, two and three words, and by some bits so that their
    # order counts, it has in the place of each the words that follow.
    number = int.from_bytes(words, "little")
    mixed = number ^ (number >> 37) ^ (number >> 77) ^ (number >> 96)
    return array("I", mixed.to_bytes(len(words), "little"))[: 1 - SHINGLE].tolist()


@lru_cache(maxsize=256)
def _shingles(words: bytes) -> frozenset[int]:
    return frozenset(_in_order(words))


def _begins_with_a_capital(word: str) -> bool:
    return word[0].isupper()


def _has_time(words: frozenset[int]) -> bool:
    return any(word & TIME == TIME for word in words)


def _has_figure(words: frozenset[int]) -> bool:
    return any(word & FIGURE for word in words)


def _has_word(words: frozenset[int]) -> bool:
    return any(not word & FIGURE for word in words)
