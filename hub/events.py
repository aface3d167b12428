"""On which day an event takes place, and by which moment it is sorted. Pure.

An event is announced before it happens, and many sites date its entry with
the day it happens on. So it has that day beside the date it is sorted by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from hub.model import Entry

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<{}>{}Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    "|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?{})\\b\\.?"
)
_NTH = "(?:st|nd|rd|th)?"
# Other numbers of four digits are times: 3 December 1400–1530.
_YEAR = r"(?:19\d\d|20\d\d|2100)\b"
_TO = r"\s*(?:[-–—/&]|to|and|until|through)\s*(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
# The later ones of several days, as in 14, 15 and 16 March, count for nothing.
_LATER = rf"(?:(?:,\s*\d{{1,2}}{_NTH}){{0,6}},?{_TO}\d{{1,2}}{_NTH})?"
# Of a 4 March 3, 2027 the 4 belongs to other words.
_NO_DAY_AFTER = rf"(?!\s+\d{{1,2}}{_NTH},?\s+{_YEAR})"


def _written(way: int, year: str, *, capital: bool = False) -> str:
    """14 March and March 14, followed by `year`; two ways to write a day, numbered from `way` on."""
    around = ("(?-i:", ")") if capital else ("", "")
    before, after = (_MONTH.format(f"m{number}", *around) for number in (way, way + 1))
    return (
        rf"\b(?P<d{way}>\d{{1,2}}){_NTH}{_LATER}(?:\s+of)?\s+{before}{_NO_DAY_AFTER}{year.format(way)}"
        rf"|\b{after}\s+(?P<d{way + 1}>\d{{1,2}}){_NTH}{_LATER}{year.format(way + 1)}"
    )


_WRITTEN_OUT = re.compile(
    _written(1, rf",?\s+(?P<y{{}}>{_YEAR})")
    + r"|\b(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)(?!\d|-)|"
    # In capitals, since may and march are other words as well.
    + _written(4, rf"\b(?!,?\s+{_YEAR})", capital=True),
    re.IGNORECASE | re.ASCII,
)
# The last of several days in two months, as in 30 June – 2 July 2026, says the year of both.
_LATER_WITH_YEAR = re.compile(
    rf"{_TO}\d{{1,2}}{_NTH}\s+((?:{'|'.join(_MONTHS)})[a-z]{{0,6}})\.?,?\s+({_YEAR})",
    re.IGNORECASE | re.ASCII,
)
# A date has a number, and numbers are quickly found; a month may stand before it.
_NUMBER = re.compile(r"[0-9]+")
_MONTH_BEFORE = re.compile(
    r"\b(?:{})[a-z]{{0,6}}\.?\s+\Z".format("|".join(_MONTHS)), re.IGNORECASE | re.ASCII
)
_MONTH_LENGTH = 16
# Characters: a text of nothing but digits takes no more memory than another.
_AT_ONCE = 65_536
# What a headline says of an event that is on no day that its words name; operations are cancelled otherwise.
_OFF = re.compile(
    r"\b(?:cancell?ed(?!\s+(?:appointment|operation|procedure|surger|treatment))|called off"
    r"|postponed(?!\s+(?:to|until|till)\s+(?:\w+\s+)?\d))",
    re.IGNORECASE | re.ASCII,
)
# What words that name no day say of one that they named before.
_NOT_ON_ITS_DAY = re.compile(
    r"\b(?:cancell?ed|called off|postponed|rescheduled|(?:new|later|another) date"
    r"|not (?:be )?(?:go(?:ing)? ahead|tak(?:e|ing) place))\b",
    re.IGNORECASE | re.ASCII,
)
_MIDNIGHT = time()
# A day without its year is one of the next months.
_AHEAD = timedelta(days=183)


def first_day(*texts: str, since: date | None) -> date | None:
    """The first day that the texts write out, on or after `since`; None where there is none.

    One without a year counts within the next half year.
    """
    for text in texts:
        for found in _written_out(text):
            day = _day(found, since)
            if day is not None and (since is None or day >= since):
                return day
    return None


def _written_out(text: str) -> Iterator[re.Match[str]]:
    """The dates in a text: as by going through all of it, which takes ten times as long."""
    end = 0
    for at, length in _numbers(text):
        if at < end or length not in (1, 2, 4):
            continue
        before = text[max(end, at - _MONTH_LENGTH) : at]
        month = None
        if before[-1:].isspace() and any(name in before.lower() for name in _MONTHS):
            month = _MONTH_BEFORE.search(text, at - len(before), at)
        found = (_WRITTEN_OUT.match(text, month.start()) if month else None) or _WRITTEN_OUT.match(text, at)
        if found:
            yield found
            end = found.end()


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand, in order, and how long they are."""
    end = 0
    for start in range(0, len(text), _AT_ONCE):
        for at in sorted(_digits(text, start, start + _AT_ONCE)):
            if at >= end and (number := _NUMBER.match(text, at)):
                end = number.end()
                yield at, end - at


def _digits(text: str, start: int, stop: int) -> Iterator[int]:
    # One by one: an expression for any of them takes ten times as long to go through a text.
    for digit in "0123456789":
        at = text.find(digit, start, stop)
        while at >= 0:
            yield at
            at = text.find(digit, at + 1, stop)


def _day(found: re.Match[str], since: date | None) -> date | None:
    way = next(way for way in "12345" if found[f"d{way}"])
    month, day = found[f"m{way}"], int(found[f"d{way}"])
    number = int(month) if way == "3" else _MONTHS.index(month[:3].lower()) + 1
    if way in "123":
        return _date(int(found[f"y{way}"]), number, day)
    if later := _LATER_WITH_YEAR.match(found.string, found.end()):
        last = _MONTHS.index(later[1][:3].lower()) + 1
        return _date(int(later[2]) - (number > last), number, day)
    if since is None:
        return None
    ahead = (_date(year, number, day) for year in (since.year, since.year + 1))
    return next((each for each in ahead if each and timedelta(0) <= each - since <= _AHEAD), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_off(title: str) -> bool:
    """Whether a headline says that its event is cancelled, or postponed to no day."""
    return _OFF.search(title) is not None


def has_lost_its_day(entry: Entry) -> bool:
    """Whether the words of an event that names no day say that it is not on the day that it had."""
    return any(_NOT_ON_ITS_DAY.search(words) for words in (entry.title, entry.text))


def with_day(entry: Entry, now: datetime, zone: ZoneInfo) -> Entry:
    """The entry as it is seen at `now`: it takes place on its own date, should that be a later day."""
    if entry.published is None:
        return entry
    day = local_day(entry.published, zone)
    if entry.published.time() == _MIDNIGHT and entry.event_date != day:
        # It is how sites write a day, unless words say that it is the evening before, west of Greenwich.
        day = entry.published.date()
    return entry if day <= local_day(now, zone) or is_off(entry.title) else replace(entry, event_date=day)


def date_to_sort_by(
    entry: Entry, dated: datetime, now: datetime, zone: ZoneInfo, *, backlog: bool
) -> datetime:
    """The date of an entry first seen at `now`: an event's that is still to come is now, the others' `dated`.

    What a feed holds when it is polled for the first time is its `backlog`,
    which keeps its own dates; a site's takes several polls to be read.
    """
    if backlog or entry.kind != "event" or entry.event_date is None:
        return dated
    return now if entry.event_date >= local_day(now, zone) else dated


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The day that it is in a zone at a moment."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        # The calendar's last hours, where no zone reaches.
        return moment.astimezone(UTC).date()
