"""What titles say: the same as another, that of an issue, a point in time, a part of a series."""

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
_MEETINGS = (
    *(" board meeting ", " governors meeting ", " annual general meeting ", " annual members meeting "),
    *(" directors meeting ", " meeting of the board ", " meeting of the council of governors "),
)
_PERIODICAL_PHRASES = (*_DIGEST_PHRASES, *_MEETINGS, " monthly figures ", " annual report ")
_OF_SEVERAL = frozenset(("partnership", "joint", "common"))
# Before or after a headline these name a section, or say that it was changed, and nothing that it is about.
_SECTION_WORDS = """
    news newsroom press release media statement announcement latest breaking update updated correction
    corrected blog article story feature opinion comment interview case study event video podcast
    national local regional partner guest a an and by for from in of on our s the with
    newyddion blogbost digwyddiad y yr actualités communiqué presse nachrichten aktuelles pressemitteilung
    noticias comunicado prensa de der die das la le les el
"""
_SECTIONS = frozenset(_SECTION_WORDS.split())
# A headline with one of these is about another's news: it is its own, however much of that it cites.
_ANSWERS = """
    response responds respond responding reaction reacts reacting reply replies replying comments commenting
    réponse réagit répond stellungnahme reagiert respuesta responde risposta risponde reactie reageert
    resposta odpowiedź odpowiada ymateb ymateba svar svarar svarer
"""
_ANSWER_WORDS = frozenset(_ANSWERS.split())
_ANSWER_PHRASES = (" statement on ", " comment on ", " our view on ", " our view of ")
# What is called ours is another's where somebody else says so.
_OURS = """
    our ours notre nos unser unsere unserer unserem unseren unseres nuestro nuestra nuestros nuestras
    nostro nostra nostri nostre ons onze nosso nossa nossos nossas
    nasz nasza nasze naszych naszej naszego naszym
"""
_SAYS_OURS = frozenset(_OURS.split())
_OURS_IN_IDEOGRAPHS = "我们的"
# Letters of a word that is looked for within a name: fewer stand in one by chance.
_OF_A_NAME = 4
# Those of a meeting: "five minutes with" somebody are news.
_MINUTES = re.compile(r"minutes(?: of .*)?|.*\b(?:board|committee|council|draft|meeting) minutes\b.*")
# What a number after it tells from the others of its kind.
_PART_WORDS = """
    part episode chapter volume issue edition series season cohort round phase wave
    day week session module lesson
    rhan pennod cyfres diwrnod wythnos partie épisode séance jour semaine teil folge tag woche
    parte episodio sesión día semana część odcinek edycja dzień tydzień deel aflevering
    الجزء الحلقة الجلسة الدورة
"""
_PARTS = frozenset(_PART_WORDS.split())
# "(2/3)" and "2 of 3", which no year (2025/26) and no date (2/3/2026) is; "#12".
_OF_SO_MANY = re.compile(r"(?<![\w/])(\d{1,2})(?:/| of )(\d{1,2})(?![\w/])")
_NUMBER_SIGN = re.compile(r"#(\d+)\b")
_NUMBER_WORDS = ("one i", "two ii", "three iii", "four iv", "five v", "six vi", "seven vii", "eight viii")
_SPELT = {word: str(number) for number, words in enumerate(_NUMBER_WORDS, 1) for word in words.split()}
# These stand before what they number, and in Arabic after it.
_ORDINAL_WORDS = (
    "first premier première erster erste erstes primera pierwsza pierwszy prima الأول الأولى",
    "second deuxième seconde zweiter zweite zweites segunda druga drugi seconda الثاني الثانية",
    "third troisième dritter dritte drittes tercera trzecia trzeci terza الثالث الثالثة",
    "fourth quatrième vierter vierte viertes cuarta czwarta czwarty quarta الرابع الرابعة",
)
_ORDINALS = {word: str(number) for number, words in enumerate(_ORDINAL_WORDS, 1) for word in words.split()}
# 第三部分, 第3期; 3月, 2026年, 3日.
_IDEOGRAPHIC_PART = re.compile("第([0-9０-９]+|[一二三四五六七八九十]{1,3})[部集期回讲章课季场]")
_IDEOGRAPHIC_TIME = re.compile("((?:[0-9０-９]+|[一二三四五六七八九十]{1,3})[年月日号])")
# Besides those that a text's words are told apart by, which stored ones have.
_MONTHS_ELSEWHERE = """
    jänner feber januari februari maart mei augustus
    gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    janeiro fevereiro março maio junho julho setembro outubro dezembro
    styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
    يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
    شباط آذار نيسان أيار حزيران تموز آب أيلول
"""
_MORE_TIMES = frozenset(_MONTHS_ELSEWHERE.split())
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
        beside = (_beside_core(each.title, publishers) for each in (one, other))
        return not (is_answer(one.title) != is_answer(other.title) or are_others(*beside))
    short, long = sorted((ours, theirs), key=len)
    if short.count(" ") < _TITLE_WITHIN - 1 or f" {short} " not in f" {long} ":
        return False
    return is_answer(one.title) == is_answer(other.title)


def are_of_a_series(one: Entry | Candidate, other: Entry | Candidate) -> bool:
    """Whether two titles begin alike up to a colon, and each names a topic of its own: `At lunch: asthma`.

    What they begin with is neither a section, such as `Press release`, nor a publisher's name. What
    a bar or a dash sets off is no topic: most such are names.
    """
    ours, theirs = (title_parts(by_signs(each.title)[0]) for each in (one, other))
    if len(ours) < 2 or len(theirs) < 2 or ours[0] != theirs[0]:
        return False
    publishers = _publishers(one, other)
    series, mine, other_topic = (
        {word for word in words.split() if word not in _SECTIONS and not _is_named(word, publishers)}
        for words in (ours[0], ours[1], theirs[1])
    )
    return len(series) > 1 and bool(mine) and bool(other_topic) and mine.isdisjoint(other_topic)


@lru_cache(maxsize=4096)
def is_answer(title: str) -> bool:
    """Whether a title is that of an answer to what others told: `Our response: …`."""
    return _names(words_of(title), _ANSWER_WORDS, _ANSWER_PHRASES)


def own_words(one: str, other: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words that each of two titles has and the other has not."""
    ours, theirs = (frozenset(words_of(title).split()) for title in (one, other))
    return ours - theirs, theirs - ours


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


@lru_cache(maxsize=4096)
def says_ours(title: str) -> bool:
    """Whether a title speaks of what is its publisher's: in the same words another speaks of its own."""
    return not _SAYS_OURS.isdisjoint(title_core(title).split()) or _OURS_IN_IDEOGRAPHS in title


@lru_cache(maxsize=4096)
def is_meeting(title: str) -> bool:
    """Whether a title is that of a meeting of one body, such as each has; several have a partnership's."""
    words = words_of(title)
    return _names(words, frozenset(), _MEETINGS) and _OF_SEVERAL.isdisjoint(words.split())


def is_distinctive(title: str) -> bool:
    """Whether a title says enough to be one story's alone: *our new chair* is anybody's."""
    if says_ours(title):
        return False
    words = title_core(title).split()
    return sum(0.5 if len(word) == 1 and word > _IDEOGRAPHS else 1.0 for word in words) >= _DISTINCTIVE


@lru_cache(maxsize=4096)
def times(title: str) -> frozenset[str]:
    """The points in time that a title names."""
    words = words_of(title).split()
    named = {
        word
        for word, number in zip(words, numbers(" ".join(words)), strict=True)
        if number & TIME == TIME or word in _MORE_TIMES
    }
    return frozenset(named.union(_IDEOGRAPHIC_TIME.findall(title)))


@lru_cache(maxsize=4096)
def parts(title: str) -> frozenset[str]:
    """The numbers of the parts of a series that a title names: 2 of `Part two`, of `(2/3)` and of `#2`."""
    numbered = []
    for word, after in pairwise(words_of(title).split()):
        if word in _PARTS:
            numbered.append(_ORDINALS.get(after, after))
        elif after in _PARTS and word in _ORDINALS:
            numbered.append(_ORDINALS[word])
    # "24/7" is no part of seven.
    numbered += [part for part, of in _OF_SO_MANY.findall(title) if int(part) <= int(of)]
    numbered += _NUMBER_SIGN.findall(title)
    numbered_so = frozenset(filter(str.isdecimal, map(_in_figures, numbered)))
    return numbered_so.union(_IDEOGRAPHIC_PART.findall(title))


def _in_figures(word: str) -> str:
    """A word, or where it is a small number, the same one however it is written."""
    return _SPELT.get(word, word.lstrip("0"))


def are_others(one: AbstractSet[object], other: AbstractSet[object]) -> bool:
    """Whether each has something that the other has not: who leaves a part of it out says nothing else."""
    return not (one <= other or other <= one)
