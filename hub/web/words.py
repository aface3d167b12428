"""How dates and sizes are said to people, in plain English. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from urllib.parse import urlsplit

from markupsafe import Markup, escape
from msgspec import Struct

from hub import markup
from hub.language import ENGLISH, N_, Language
from hub.said import sentence
from hub.store.selection import TYPED

# What publishers attach most, under the names people know it by; those of English words are messages.
_FILE_TYPES = {
    "application/msword": "Word",
    "application/pdf": "PDF",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/zip": "ZIP",
    "audio/mpeg": N_("MP3 audio"),
    "image/jpeg": N_("JPEG image"),
    "image/png": N_("PNG image"),
    "text/csv": "CSV",
    "video/mp4": N_("MP4 video"),
}

_UNITS = (N_("%(amount)s KB"), N_("%(amount)s MB"), N_("%(amount)s GB"))


KINDS: Mapping[str, str] = {
    "news": N_("News"),
    "event": N_("Events"),
    "report": N_("Reports"),
    "vacancy": N_("Vacancies"),
    "funding": N_("Funding"),
}
"""What people choose entries' kinds by, as messages."""


class Moment(Struct, frozen=True):
    """A time for people and, as `iso`, for programs."""

    text: str
    iso: str


class Calendar(Struct, frozen=True):
    """The hub's clocks and the day it is there: what dates are told in, and the language."""

    zone: tzinfo
    today: date
    language: Language = ENGLISH

    def at(self, when: datetime) -> datetime:
        """The time on the hub's clocks; at the calendar's very ends, where no zone reaches, in UTC."""
        try:
            return when.astimezone(self.zone)
        except OverflowError:
            return when

    @property
    def midnight(self) -> datetime:
        """When today began: for what is counted up to now, and is not to change with each second."""
        return datetime.combine(self.today, time.min, self.zone)

    def weeks(self, number: int) -> tuple[datetime, ...]:
        """The midnights that part the last weeks, the first one's beginning first; today ends the last."""
        return self._midnights(number, 7)

    def days(self, number: int) -> tuple[datetime, ...]:
        """The midnights that part the last days, the first one's beginning first; today ends the last."""
        return self._midnights(number, 1)

    def _midnights(self, number: int, apart: int) -> tuple[datetime, ...]:
        days = (self.today + timedelta(days=1 - apart * ago) for ago in range(number, -1, -1))
        return tuple(datetime.combine(day, time.min, self.zone) for day in days)

    def heading(self, day: date) -> str:
        """`Today`, `Yesterday`, `Friday 20 November`, with the year where it is not this one."""
        if day == self.today:
            return self.language.gettext("Today")
        if day == self.today - timedelta(days=1):
            return self.language.gettext("Yesterday")
        language = self.language
        return sentence(language.weekday(day) if self._is_this_year(day) else language.weekday_of_year(day))

    def moment(self, when: datetime) -> Moment:
        """`23 November, 14:05`."""
        at = self.at(when)
        return Moment(self.language.minute(at, self._words(at.date())), instant(when))

    def day(self, when: datetime) -> Moment:
        """`23 November`, or `23 November 2019`."""
        return Moment(self._words(self.at(when).date()), instant(when))

    def full_date(self, when: datetime) -> str:
        """`23 November 2026`, whatever year it is by now."""
        return self.language.day_of_year(self.at(when))

    def on(self, day: date) -> Moment:
        """`3 December`, or `3 December 2019`."""
        return Moment(self._words(day), day.isoformat())

    def _words(self, day: date) -> str:
        return self.language.day(day) if self._is_this_year(day) else self.language.day_of_year(day)

    def _is_this_year(self, day: date) -> bool:
        return day.year == self.today.year


def instant(when: datetime) -> str:
    """RFC 3339 in UTC with `Z`; parts of a second only where there are any."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def size(length: int, language: Language = ENGLISH) -> str:
    """A file's length as people say it: `820 bytes`, `35 KB`, `2.4 MB`."""
    if length < 1000:
        return language.ngettext("%(num)s byte", "%(num)s bytes", length)
    # What would round to 1,000 of a unit is said as 1.0 of the next.
    unit, amount = _UNITS[0], length / 1000
    for larger in _UNITS[1:]:
        if amount >= 999.5:
            unit, amount = larger, amount / 1000
    said = language.number(round(amount)) if amount >= 9.95 else language.tenths(amount)
    return language.gettext(unit, amount=said)


def file_type(media_type: str | None, url: str, language: Language = ENGLISH) -> str:
    """`PDF` for `application/pdf`; by the address's ending where the publisher gave no type."""
    known = _FILE_TYPES.get((media_type or "").partition(";")[0].strip().lower())
    if known:
        return language.message(known)
    ending = re.search(r"\.([A-Za-z0-9]{2,5})$", urlsplit(url).path)
    if ending:
        return ending[1].upper()
    return (media_type or "").partition("/")[0].capitalize() or language.gettext("File")


def site(url: str) -> str:
    """The host name as people write it: `example.org` for `https://www.example.org/news`."""
    return (urlsplit(url).hostname or url).removeprefix("www.")


def with_code(text: str) -> Markup:
    """The text as HTML, with what stands in it between backticks, such as a command, as code."""
    return Markup(markup.with_code(text))  # noqa: S704 - escaped there


# ---------------------------------------------------------------- what was searched for

# To a search words are the same that differ in these endings alone: what one that was typed ends in, and
# what others may in its place. Nearly so does the full-text index have it.
_ENDINGS = tuple(
    (re.compile(typed, re.IGNORECASE), others)
    for typed, others in (
        (r"(?<=[^\Waeiou])(?:y|ying|ie[sd]?)$", r"(?:y|ying|ie[sd]?)"),
        (r"(?<=\w{2})e$", r"(?:es?|ed|ing)"),
        (r"(?<=\w{3})(?:es|ed|ing)$", r"(?:es?|s|ed|ing)?"),
        (r"(?<=\w{2})(?<!s)s$", r"(?:e?s|ed|ing)?"),
        (r"$", r"(?:e?s|ed|ing)?"),
    )
)
_BEFORE, _AFTER = 90, 190
# Two words so much alike are one, misspelt (`difflib`'s ratio).
_ALIKE = 0.75
_MOST_LETTERS_OFF = 2
# In letters: longer ones take long to compare, and nobody searches by them.
_LONGEST_WORD = 25
# With so many words is what was typed compared, all of it together.
_MOST_COMPARED = 1_000


def looked_for(typed: str) -> re.Pattern[str] | None:
    """What to mark in the results of a search: its words, with the endings that a search overlooks."""
    wanted = []
    for found in TYPED.finditer(typed):
        words = re.findall(r"\w+", found["phrase"] or found["word"] or "")
        if found["minus"] or not words:
            continue
        *first, last = words
        begins = found["word"] is not None and found["word"].endswith("*")
        others = rf"(?:{_others(last)}|{re.escape(last)}\w*)" if begins else _others(last)
        wanted.append(r"\W+".join([*map(re.escape, first), others]))
    return re.compile(rf"\b(?:{'|'.join(wanted)})", re.IGNORECASE) if wanted else None


def _others(word: str) -> str:
    """The word in all its endings."""
    ending, others = next(each for each in _ENDINGS if each[0].search(word))
    return re.escape(ending.sub("", word)) + others + r"\b"


def spelt_alike(typed: str, texts: Iterable[str]) -> str | None:
    """What was typed with the words that no text has spelt as the nearest that one has; None if all stay."""
    known = {*re.findall(r"[^\W\d_]{3,}", "\n".join(texts).lower())}
    by_beginning: dict[str, list[str]] = {}
    for word in sorted(known):
        by_beginning.setdefault(word[0], []).append(word)

    left = _MOST_COMPARED

    def spelt(found: re.Match[str]) -> str:
        nonlocal left
        word = found[0].lower()
        if len(word) > _LONGEST_WORD:
            return found[0]
        # Few people mistake the first letter, and to look at all words would take ten times as long.
        others = () if word in known else by_beginning.get(word[0], ())
        near = [each for each in others if abs(len(each) - len(word)) <= _MOST_LETTERS_OFF][:left]
        left -= len(near)
        return next(iter(get_close_matches(word, near, 1, _ALIKE)), found[0])

    nearest = re.sub(r"[^\W\d_]{4,}", spelt, typed)
    return nearest if nearest != typed else None


def marked(text: str, wanted: re.Pattern[str] | None) -> Markup:
    """The text as HTML, with what was searched for in `<mark>`."""
    if wanted is None:
        return escape(text)
    parts: list[str] = []
    end = 0
    for found in wanted.finditer(text):
        parts += [escape(text[end : found.start()]), "<mark>", escape(found[0]), "</mark>"]
        end = found.end()
    return Markup("".join([*parts, escape(text[end:])]))  # noqa: S704 - escaped above


def around(texts: Sequence[str], wanted: re.Pattern[str] | None) -> str:
    """The first text with what was searched for, cut to the words around it; else the first text."""
    for text in texts if wanted else ():
        found = wanted.search(text) if wanted else None
        if found is None:
            continue
        if len(text) <= _BEFORE + _AFTER:
            return text
        start = text.rfind(" ", 0, max(0, found.start() - _BEFORE)) + 1 if found.start() > _BEFORE else 0
        end = text.find(" ", found.end() + _AFTER)
        cut = text[start:] if end < 0 else text[start:end] + " …"
        return f"… {cut}" if start else cut
    return texts[0] if texts else ""
