"""What two titles say beside each other: the same, an issue's, a point in time, a part of a series."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise

from hub import markup, urls
from hub.model import Candidate, Entry
from hub.stories.sketch import TIME, by_signs, numbers, title_core, title_parts

# A shorter title that stands within a longer one says the same from here on.
_TITLE_WITHIN = 5
# Issues that tell what others told.
_DIGESTS = frozenset(("newsletter", "newsletters", "bulletin", "roundup", "digest"))
_DIGEST_PHRASES = (" round up ", " news in brief ", " week in ", " month in ")
_PERIODICALS = _DIGESTS | frozenset(("agenda", "papers"))
# "Vacancy: nurse" and "Our vacancies" are forms, which the news of "vacancy rates" is not.
_FORMS = frozenset(("vacancy", "vacancies"))
# Every trust's board meets in the same month.
_MEETINGS = (" board meeting ", " governors meeting ", " annual general meeting ", " annual members meeting ")
_PERIODICAL_PHRASES = (*_DIGEST_PHRASES, *_MEETINGS, " monthly figures ", " annual report ")
# Before or after a headline these name a section, or say that it was changed, and nothing that it is about.
_SECTION_WORDS = """
    news newsroom press release media statement announcement latest breaking update updated correction
    corrected blog article story feature opinion comment interview case study event video podcast
    national local regional partner guest a an and by for from in of on our s the with
    newyddion blogbost digwyddiad y yr actualités communiqué presse nachrichten aktuelles pressemitteilung
    noticias comunicado prensa de der die das la le les el
"""
_SECTIONS = frozenset(_SECTION_WORDS.split())
# Letters of a word that is looked for within a name: fewer stand in one by chance.
_OF_A_NAME = 4
# Those of a meeting: "five minutes with" somebody are news.
_MINUTES = re.compile(r"minutes(?: of .*)?|.*\b(?:board|committee|council|draft|meeting) minutes\b.*")
# What a number after it tells from the others of its kind.
_PART_WORDS = """
    part episode chapter volume issue edition series season cohort round phase wave
    day week session module lesson
    rhan pennod cyfres diwrnod wythnos partie épisode jour semaine teil folge tag woche
    parte episodio día semana
"""
_PARTS = frozenset(_PART_WORDS.split())
# "(2/3)" and "2 of 3", which no year (2025/26) and no date (2/3/2026) is; "#12".
_OF_SO_MANY = re.compile(r"(?<![\w/])(\d{1,2})(?:/| of )(\d{1,2})(?![\w/])")
_NUMBER_SIGN = re.compile(r"#(\d+)\b")
_NUMBER_WORDS = ("one i", "two ii", "three iii", "four iv", "five v", "six vi", "seven vii", "eight viii")
_SPELT = {word: str(number) for number, words in enumerate(_NUMBER_WORDS, 1) for word in words.split()}
# "Our annual report" is everybody's. Of a script without spaces, two characters make a word.
_DISTINCTIVE = 6
_IDEOGRAPHS = "\u3000"

# Titles are compared with many others, one after the other.
words_of = lru_cache(maxsize=4096)(markup.words)


def is_same_title(one: Entry | Candidate, other: Entry | Candidate) -> bool:
    """Whether two titles say the same, apart from who publishes it: `News: Ward opens | East`.

    Two of a series, `Lunchtime webinars: sepsis` and `Lunchtime webinars: frailty`, do not.
    """
    ours, theirs = words_of(one.title), words_of(other.title)
    if not ours or not theirs:
        return False
    if ours == theirs:
        return True
    if title_core(one.title) == title_core(other.title) != "":
        publishers = _publishers(one, other)
        return not are_others(*(_beside_core(each.title, publishers) for each in (one, other)))
    short, long = sorted((ours, theirs), key=len)
    return short.count(" ") >= _TITLE_WITHIN - 1 and f" {short} " in f" {long} "


def _publishers(*told: Entry | Candidate) -> str:
    """The words that the members and the hosts of entries are known by."""
    names = (f"{each.feed.member} {urls.host(each.link or '') or ''}" for each in told)
    return f" {words_of(' '.join(names))} "


def _beside_core(title: str, publishers: str) -> frozenset[str]:
    """The words that a title has beside its core, without those that name a section or a publisher."""
    core = title_core(title)
    beside: list[str] = []
    for segment in by_signs(title):
        within = title_parts(segment)
        words = [word for part in within if part != core for word in part.split() if word not in _SECTIONS]
        own = [word for word in words if not _is_named(word, publishers)]
        # A bar or a dash sets off a whole name, `| Vale Health Network`; a colon a topic, `: mental health`.
        if len(within) > 1 or len(own) == len(words):
            beside += own
    return frozenset(map(_in_figures, beside))


def _is_named(word: str, publishers: str) -> bool:
    """Whether a word is one of the publishers' names, or of a host's, which runs several together."""
    return f" {word} " in publishers or (len(word) >= _OF_A_NAME and word in publishers)


@lru_cache(maxsize=4096)
def is_periodical(title: str) -> bool:
    """Whether a title is that of an issue, a list or a form: what many publish, each its own."""
    words = words_of(title)
    return _names(words, _PERIODICALS, _PERIODICAL_PHRASES) or any(
        not _FORMS.isdisjoint(_first_and_last(part)) or _MINUTES.fullmatch(part)
        for part in title_parts(title)
    )


def is_digest(title: str) -> bool:
    """Whether a title is that of an issue that tells what others told."""
    return _names(words_of(title), _DIGESTS, _DIGEST_PHRASES)


def _names(words: str, any_word: AbstractSet[str], any_phrase: Iterable[str]) -> bool:
    within = f" {words} "
    return not any_word.isdisjoint(words.split()) or any(each in within for each in any_phrase)


def _first_and_last(words: str) -> tuple[str, ...]:
    return words.partition(" ")[0], words.rpartition(" ")[2]


def is_distinctive(title: str) -> bool:
    """Whether a title says enough to be one story's alone."""
    words = title_core(title).split()
    return sum(0.5 if len(word) == 1 and word > _IDEOGRAPHS else 1.0 for word in words) >= _DISTINCTIVE


@lru_cache(maxsize=4096)
def times(title: str) -> frozenset[int]:
    """The points in time that a title names."""
    return frozenset(word for word in numbers(words_of(title)) if word & TIME == TIME)


@lru_cache(maxsize=4096)
def parts(title: str) -> frozenset[str]:
    """The numbers of the parts of a series that a title names: 2 of `Part two`, of `(2/3)` and of `#2`."""
    numbered = [after for word, after in pairwise(words_of(title).split()) if word in _PARTS]
    # "24/7" is no part of seven.
    numbered += [part for part, of in _OF_SO_MANY.findall(title) if int(part) <= int(of)]
    numbered += _NUMBER_SIGN.findall(title)
    return frozenset(filter(str.isdecimal, map(_in_figures, numbered)))


def _in_figures(word: str) -> str:
    """A word, or where it is a small number, the same one however it is written."""
    return _SPELT.get(word, word.lstrip("0"))


def are_others(one: AbstractSet[object], other: AbstractSet[object]) -> bool:
    """Whether each has something that the other has not: who leaves a part of it out says nothing else."""
    return not (one <= other or other <= one)
