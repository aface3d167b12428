"""Is what a feed brings unlike all that it brought before? Then an admin looks at it first. Pure.

A site that was taken over publishes links to other sites, in another language, or very
much at once. What is usual is learnt from the feed itself, so its first document is
not judged. An honest feed has such an entry now and then: entries that are unlike the
others wait only if most of the latest entries are.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from math import ceil
from statistics import median

from msgspec.structs import replace

from hub import urls
from hub.model import Entry, Feed, Habits, Move, Withheld

# ---- how much has to be known
_KNOWN = 8  # entries; of fewer nobody can tell what is usual
_LEAST_LEARNT_FROM, _LEARNT_FROM = 5, 12  # texts, for what words they have in common
_COMMON, _MOST_WORDS = 48, 256  # words of a document, and of all that were learnt
_IN_MANY = 1 / 3  # of the texts has one that is common
_TELLING = 8  # words; of fewer that are common nobody can tell a language
_FIRST_WORDS = 80  # of a text
_MOST_SITES = 50
_SEVERAL_MOVED = 3  # entries; of fewer nobody can tell that a site moved
# ---- what is unlike the others
_STRAYS = 0.1  # of a feed's entries; one that leads elsewhere more often may lead anywhere
_SHORT = 30  # words; of fewer nobody can tell the language
_SAME_LANGUAGE = 0.08  # of a text's words are among the feed's commonest; usually it is a third
# ---- how many of the latest
_LATEST, _MOST_OF_THEM = 5, 3
# ---- a flood
_TIMES_NORMAL, _TIMES_BUSIEST = 5, 2
_NO_FLOOD = 20  # entries of one day
_DAYS = 90
_ACTIVE_DAYS, _SPAN = 3, 14  # other days that had news, and how far back, before one can be told from them

_ONE_SCRIPT = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "CJK"}
# Below a country's domain, what is everybody's: example.co.uk, example.nhs.uk.
_EVERYBODYS = frozenset(
    (
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gouv",
        "gov",
        "govt",
        "gub",
        "ltd",
        "me",
        "net",
        "nhs",
        "nom",
        "or",
        "org",
    )
)


def judge(
    new: Sequence[Entry],
    dates: Sequence[datetime],
    habits: Habits,
    feed: Feed,
    now: datetime,
    *,
    moved_to: Collection[str] = (),
    backlog: bool = False,
    in_place: Collection[int] = (),
    others_have: Callable[[Entry, datetime], bool] = lambda _entry, _date: False,
) -> tuple[Mapping[int, Withheld], Habits]:
    """Which of a feed's new entries wait for an admin, by their place in `new`; and its habits from now on.

    new          in the order in which the feed published them, with their `dates`
    habits       what is usual so far; if it was learnt from too few entries, none waits
    moved_to     sites that count as the feed's own, since it has moved there
    backlog      whether each poll brings a part of an old stock, which is no flood
    in_place     entries, by their place in `new`, that replace other entries of the feed: no flood either
    others_have  whether other feeds published an entry, too: then it is not unlike the others
    """
    days_ago = [
        _DAYS if place in in_place else now.date().toordinal() - date.date().toordinal()
        for place, date in enumerate(dates)
    ]
    counted = _count_days(habits, days_ago, now)
    if habits.entries < _KNOWN:
        return {}, learn(counted, new)
    own = {*moved_to, *map(_site_at, map(urls.host, (feed.url, *feed.alternatives)))}
    unlike = {
        place: why
        for place, entry in enumerate(new)
        if (why := _unlike(entry, habits, own)) and not others_have(entry, dates[place])
    }
    latest = habits.latest + "".join("?" if place in unlike else "." for place in range(len(new)))
    reasons: dict[int, str] = {}
    if any(latest[at : at + _LATEST].count("?") >= _MOST_OF_THEM for at in range(len(latest))):
        reasons = dict(unlike)
    flood, counted = _flood(counted, days_ago)
    reasons |= {} if backlog else flood
    like = [entry for place, entry in enumerate(new) if place not in unlike and place not in reasons]
    learnt = replace(learn(counted, like), latest=latest[-_LATEST + 1 :])
    return {place: Withheld("quarantined", reason) for place, reason in reasons.items()}, learnt


def learn(habits: Habits, entries: Sequence[Entry]) -> Habits:
    """The habits of a feed that has these entries as well, none of which is unlike the others."""
    if not entries:
        return habits
    sites = Counter(habits.sites)
    sites.update(filter(None, map(_site_of, entries)))
    scripts = {script for entry in entries if (script := _script(entry.title))}
    words = habits.words
    if len(words) < 4 * _TELLING and len(entries) >= _LEAST_LEARNT_FROM:
        words = _with_words(words, _common_words(entries))
    return replace(
        habits,
        entries=habits.entries + len(entries),
        sites=dict(sites.most_common(_MOST_SITES)),
        scripts=habits.scripts | scripts,
        words=words,
    )


def released(habits: Habits, entries: Sequence[Entry]) -> Habits:
    """The habits of a feed after an admin looked at these of its entries and let them through."""
    learnt = learn(habits, entries)
    # Counted twice: a site that a single entry led to would be a stray.
    sites = Counter(learnt.sites) + Counter(filter(None, map(_site_of, entries)))
    return replace(
        learnt, sites=dict(sites), words=_with_words(learnt.words, _common_words(entries)), latest=""
    )


# ---------------------------------------------------------------- sites that moved


def moved_to(came_back: Sequence[Entry], move: Move | None) -> frozenset[str]:
    """The sites that a feed is on by now, wherever its links led before.

    That is the site that most of its published entries `came_back` with links to, several
    at least; and the one that its address redirects to for good, if its entries were there.
    """
    sites = Counter(map(_site_of, came_back)).items()
    found = {site for site, count in sites if count >= _SEVERAL_MOVED and 2 * count > len(came_back)}
    if move is not None and move.shares:
        found.add(_site_at(urls.host(move.target)))
    return frozenset(filter(None, found))


def rehosted(habits: Habits, hosts: Mapping[str, str]) -> Habits:
    """The habits of a feed whose hosts are called otherwise now: its links lead to their present names."""
    now: Counter[str] = Counter()
    for former, present in hosts.items():
        before, after = _site_at(former), _site_at(present)
        if before and after and before != after and before in habits.sites and after not in habits.sites:
            now[after] += habits.sites[before]
    return replace(habits, sites={**habits.sites, **now}) if now else habits


# ---------------------------------------------------------------- unlike the others


def _unlike(entry: Entry, habits: Habits, own: Collection[str | None]) -> str | None:
    """How an entry is unlike the others of its feed, None where it is like them."""
    script = _script(entry.title)
    if script and habits.scripts and script not in habits.scripts:
        return f"another script ({script.capitalize()}) than that of this feed’s titles before"
    if _leads_elsewhere(entry, habits, own):
        return f"links to {_site_of(entry)}, where none of this feed’s led before"
    if _is_in_another_language(entry, habits):
        return "another language, as it seems, than that of this feed’s texts before"
    return None


def _leads_elsewhere(entry: Entry, habits: Habits, own: Collection[str | None]) -> bool:
    site = _site_of(entry)
    if site is None or site in habits.sites or site in own:
        return False
    strays = sum(count == 1 for count in habits.sites.values())
    return strays <= habits.entries * _STRAYS


def _is_in_another_language(entry: Entry, habits: Habits) -> bool:
    words = _first_words(entry)
    if len(words) < _SHORT or len(habits.words) < 4 * _TELLING:
        return False
    known = filter(_known_words(habits.words).__contains__, words)
    # Most texts have so many among the first twenty words.
    enough = ceil(_SAME_LANGUAGE * len(words))
    return len(list(islice(known, enough))) < enough


# Asked for with each new entry of a feed.
@lru_cache(maxsize=16)
def _known_words(words: bytes) -> frozenset[int]:
    return frozenset(array("I", words))


def _site_of(entry: Entry) -> str | None:
    # By the canonical link, which has the host that a former one is now.
    return _site_at(urls.host(f"https://{entry.canonical_link}")) if entry.canonical_link else None


@lru_cache(maxsize=4096)
def _site_at(host: str | None) -> str | None:
    """The domain under which a site's hosts are: `example.org`, `example.co.uk`."""
    if host is None or ":" in host or host.replace(".", "").isdigit():
        return host
    labels = host.split(".")
    is_everybodys = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _EVERYBODYS
    return ".".join(labels[-3 if is_everybodys else -2 :])


@lru_cache(maxsize=4096)
def _script_of(character: str) -> str:
    """The script of a letter; empty for what is no letter."""
    name = unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
    return _ONE_SCRIPT.get(name, name)


def _script(title: str) -> str | None:
    """The script of most of a title's letters, by its name in Unicode; None where there are none."""
    if title.isascii():
        return "LATIN" if any(map(str.isalpha, title)) else None
    found = Counter(filter(None, map(_script_of, title)))
    return found.most_common(1)[0][0] if found else None


def _first_words(entry: Entry) -> array[int]:
    return array("I", entry.sketch.words[: 4 * _FIRST_WORDS])


def _common_words(entries: Sequence[Entry]) -> Iterable[int]:
    """The words that many of these texts have, the commonest first."""
    texts = [set(_first_words(entry)) for entry in entries[:_LEARNT_FROM]]
    least = ceil(len(texts) * _IN_MANY)
    counted = Counter(chain.from_iterable(texts)).most_common(_COMMON)
    return (word for word, count in counted if count >= least)


def _with_words(words: bytes, more: Iterable[int]) -> bytes:
    learnt = dict.fromkeys(chain(array("I", words), more))
    return array("I", islice(learnt, _MOST_WORDS)).tobytes()


# ---------------------------------------------------------------- a flood


def _count_days(habits: Habits, days_ago: Iterable[int], now: datetime) -> Habits:
    """The habits with these entries counted on their days, whatever becomes of them."""
    today = now.date().toordinal()
    passed = max(today - habits.last, 0)
    days = bytearray((bytes(min(passed, _DAYS)) + habits.days)[:_DAYS].ljust(_DAYS, b"\0"))
    for ago in days_ago:
        if ago < _DAYS:
            days[ago] = min(days[ago] + 1, 255)
    return replace(habits, last=today, days=bytes(days))


def _flood(habits: Habits, days_ago: Iterable[int]) -> tuple[dict[int, str], Habits]:
    """Why new entries are too many for their day, by their place; and habits that take no flood for usual."""
    why = {}
    days = bytearray(habits.days)
    for place, ago in enumerate(days_ago):
        count = habits.days[ago] if ago < _DAYS else 0
        if count <= _NO_FLOOD:
            continue
        others = {day: its for day, its in enumerate(habits.days) if its and day != ago}
        if len(others) < _ACTIVE_DAYS or max(others) < _SPAN:
            continue
        normal = median(others.values())
        most = int(max(_NO_FLOOD, _TIMES_NORMAL * normal, _TIMES_BUSIEST * max(others.values())))
        if count > most:
            why[place] = f"over {most} entries are of one day, where {normal:.0f} are usual"
            days[ago] = most + 1
    return why, replace(habits, days=bytes(days))
