"""How dates, sizes, counts and states are said to people, in plain English. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from hub.health import Health
from hub.model import FeedState, Subscription

State = Literal["fine", "waiting", "silent", "failing", "closed"]

# What publishers attach most, under the names people know it by.
_FILE_TYPES = {
    "application/msword": "Word",
    "application/pdf": "PDF",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/zip": "ZIP",
    "audio/mpeg": "MP3 audio",
    "image/jpeg": "JPEG image",
    "image/png": "PNG image",
    "text/csv": "CSV",
    "video/mp4": "MP4 video",
}


KINDS: Mapping[str, str] = {
    "news": "News",
    "event": "Events",
    "report": "Reports",
    "vacancy": "Vacancies",
    "funding": "Funding",
}
"""What people choose entries' kinds by."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for people and, as `iso`, for programs."""

    text: str
    iso: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hub's clocks and the day it is there: what dates are told in."""

    zone: tzinfo
    today: date

    def at(self, when: datetime) -> datetime:
        """The time on the hub's clocks; at the calendar's very ends, where no zone reaches, in UTC."""
        try:
            return when.astimezone(self.zone)
        except OverflowError:
            return when

    def heading(self, day: date) -> str:
        """`Today`, `Yesterday`, `Friday 20 November`, with the year where it is not this one."""
        if day == self.today:
            return "Today"
        if day == self.today - timedelta(days=1):
            return "Yesterday"
        return f"{day:%A} {self._words(day)}"

    def moment(self, when: datetime) -> Moment:
        """`23 November, 14:05`."""
        at = self.at(when)
        return Moment(f"{self._words(at.date())}, {at:%H:%M}", instant(when))

    def day(self, when: datetime) -> Moment:
        """`23 November`, or `23 November 2019`."""
        return Moment(self._words(self.at(when).date()), instant(when))

    def on(self, day: date) -> Moment:
        """`3 December`, or `3 December 2019`."""
        return Moment(self._words(day), day.isoformat())

    def _words(self, day: date) -> str:
        words = f"{day.day} {day:%B}"
        return words if day.year == self.today.year else f"{words} {day.year}"


def instant(when: datetime) -> str:
    """RFC 3339 in UTC with `Z`; parts of a second only where there are any."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def counted(number: int, one: str, many: str) -> str:
    """`1 story`, `2,345 stories`."""
    return f"{number:,} {one if number == 1 else many}"


def size(length: int) -> str:
    """A file's length as people say it: `820 bytes`, `35 KB`, `2.4 MB`."""
    if length < 1000:
        return counted(length, "byte", "bytes")
    # What would round to 1,000 of a unit is said as 1.0 of the next.
    unit, amount = "KB", length / 1000
    for larger in ("MB", "GB"):
        if amount >= 999.5:
            unit, amount = larger, amount / 1000
    return f"{amount:.0f} {unit}" if amount >= 9.95 else f"{amount:.1f} {unit}"


def file_type(media_type: str | None, url: str) -> str:
    """`PDF` for `application/pdf`; by the address's ending where the publisher gave no type."""
    known = _FILE_TYPES.get((media_type or "").partition(";")[0].strip().lower())
    if known:
        return known
    ending = re.search(r"\.([A-Za-z0-9]{2,5})$", urlsplit(url).path)
    if ending:
        return ending[1].upper()
    return (media_type or "").partition("/")[0].capitalize() or "File"


def site(url: str) -> str:
    """The host name as people write it: `example.org` for `https://www.example.org/news`."""
    return (urlsplit(url).hostname or url).removeprefix("www.")


# ---------------------------------------------------------------- how a feed is doing


@dataclass(frozen=True, slots=True)
class Condition:
    """How a feed is doing. `why` is what happened in more detail, empty where there is no more to say.

    `remedy` is what the network's editors can do, `editor` a text for those
    who look after the member's site; each may be empty.
    """

    state: State
    sentence: str
    why: str = ""
    remedy: str = ""
    editor: str = ""


# Reasons of failed polls by what they mean to readers; all others are silence.
_TOO_MUCH = {"compressed", "large-document", "slow-document", "too-large"}
_UNREADABLE = {"broken-json", "empty", "not-a-feed", "parser", *_TOO_MUCH}
_UNGIVEN = {"not-modified-unasked", "redirect", "refused"}


def condition(state: FeedState, found: Health, calendar: Calendar) -> Condition:
    """How a feed is doing, without blame; `found` is its health."""
    told, sentence = _told(state, found, calendar)
    shown = told in ("failing", "closed", "silent") or found.state == "moved"
    why = found.sentence if shown else ""
    return Condition(told, sentence, why, found.remedy, found.editor)


def _told(state: FeedState, found: Health, calendar: Calendar) -> tuple[State, str]:
    since = f" since {calendar.moment(found.since).text}" if found.since else ""
    last = f"no news since {calendar.day(state.recent[0]).text}" if state.recent else "no news yet"
    match found.state:
        case "waiting" if state.polled is None:
            return "waiting", "Not checked yet"
        case "gone" if state.gone is not None:
            closed = calendar.day(state.gone).text
            return "closed", f"Their feed was closed on {closed} and is no longer checked"
        case "gone":
            return "failing", f"Their feed has not been there{since}"
        case "quiet":
            return "fine", f"Up to date, {last}"
        case "moved":
            return "fine", "Up to date, at another address"
        case "held":
            return "fine", "Up to date, but some of it waits for the network’s editors"
        case "stale":
            return "silent", f"{last[0].upper()}{last[1:]}"
        case "blocked":
            return "failing", f"Their site has not let us in{since}"
        case "broken" if not state.failures:
            return "failing", "What their site sends has no news in it"
    if state.failures:
        return "failing", f"{_trouble(state.reason or '')}{since}"
    return "fine", "Up to date"


def _trouble(reason: str) -> str:
    if reason in _UNREADABLE:
        return "What their site sends has not been readable"
    if reason in _UNGIVEN or reason.startswith("http-"):
        return "Their site has not given out its news"
    return "Their site has not answered"


def pushing(subscription: Subscription | None, state: FeedState, calendar: Calendar, now: datetime) -> str:
    """Whether a feed's news is pushed to the hub, empty where nobody offers to."""
    if subscription is None:
        return ""
    why = f" ({subscription.error})" if subscription.error else ""
    if subscription.denied is not None:
        said = f"Will not send us its news as it appears{why}"
    elif subscription.expires is None or subscription.expires <= now:
        said = f"Has been asked to send us its news as it appears{why}"
    elif subscription.last_push is None:
        said = "Has agreed to send us its news as it appears"
    else:
        all_of_it = "" if state.pushed_until else ", though not all of it has come"
        last = calendar.moment(subscription.last_push).text
        said = f"Sends us its news as it appears, last on {last}{all_of_it}"
    if not subscription.refused:
        return said
    dropped = counted(subscription.refused, "message was", "messages were")
    return f"{said}; {dropped} dropped as not theirs or too large"


# ---------------------------------------------------------------- what was searched for

_TYPED = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_ENDINGS = re.compile(r"(?<=\w{4})(?:es|s|ed|ing)$", re.IGNORECASE)
_BEFORE, _AFTER = 90, 190


def looked_for(typed: str) -> re.Pattern[str] | None:
    """What to mark in the results of a search: its words, with the endings that a search overlooks."""
    wanted = []
    for found in _TYPED.finditer(typed):
        words = re.findall(r"\w+", found["phrase"] or found["word"] or "")
        if found["minus"] or not words:
            continue
        *first, last = words
        begins = found["word"] is not None and found["word"].endswith("*")
        ending = r"\w*" if begins else r"(?:e?s|ed|ing)?\b"
        wanted.append(r"\W+".join([*map(re.escape, first), re.escape(_ENDINGS.sub("", last)) + ending]))
    return re.compile(rf"\b(?:{'|'.join(wanted)})", re.IGNORECASE) if wanted else None


def marked(text: str, wanted: re.Pattern[str] | None) -> Markup:
    """The text as HTML, with what was searched for in `<mark>`."""
    if wanted is None:
        return escape(text)
    parts: list[Markup] = []
    end = 0
    for found in wanted.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<mark>{}</mark>").format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


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
