"""Publishers' dates to moments in UTC.

The readers are feedparser's, but for what it gets wrong: British Summer Time
and zones of Asia and the South, which it takes for UTC; a missing zone, which is the hub's own here, since
members are near it; zones in other words and figures than the standards',
which it makes days of or drops; and partial ISO 8601 dates, which it completes
from today's, so that they would change from poll to poll.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from feedparser.datetimes.asctime import _parse_date_asctime
from feedparser.datetimes.greek import _parse_date_greek
from feedparser.datetimes.hungarian import _parse_date_hungarian
from feedparser.datetimes.iso8601 import _parse_date_iso8601
from feedparser.datetimes.korean import _parse_date_nate, _parse_date_onblog
from feedparser.datetimes.perforce import _parse_date_perforce
from feedparser.datetimes.rfc822 import _parse_date_rfc822, timezone_names
from feedparser.datetimes.w3dtf import _parse_date_w3dtf

# A zone as RFC 822, RFC 3339 and the wild write it, at the end of a date.
_ZONE = re.compile(r"(?:\d\s*Z|[+-]\d\d:?\d\d|\b(?:UTC?|GMT|[A-Z]{1,5}))\s*(?:\([^)]*\))?$")
# Names whose meaning depends on who reads them: their offsets.
_NAMED = (
    (re.compile(r"\s*\b(?:BST|GMT\+1|GMT\+01:?00)$"), " +0100"),
    (re.compile(r"\s*\b(?:UTC?|GMT)$"), " +0000"),
    (re.compile(r"\s*\b(?:CET|MEZ|WEST)$"), " +0100"),
    (re.compile(r"\s*\b(?:CEST|MESZ|EET)$"), " +0200"),
    (re.compile(r"\s*\bEEST$"), " +0300"),
)
# Names that are one zone's, and that feedparser does not know.
_OFFSETS = {
    **{
        "WET": "+0000",
        "MSK": "+0300",
        "SAST": "+0200",
        "JST": "+0900",
        "KST": "+0900",
        "HKT": "+0800",
        "SGT": "+0800",
    },
    **{"AWST": "+0800", "ACST": "+0930", "ACDT": "+1030", "AEST": "+1000", "AEDT": "+1100"},
    **{"NZST": "+1200", "NZDT": "+1300"},
}
_AT_END = re.compile(
    r"\s*(?<!/)\b(?:(?:UTC?|GMT)\s?([+-])(1[0-4]|0?\d)(?::?(\d\d))?|([A-Z]{2,5}))(?:\s*\([^()]*\))?$"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
# RFC 822 as nearly all RSS has it.
_USUAL = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ([12][0-9]{{3}})"
    r" ([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) (?:GMT|([+-])([01][0-9])([0-5][0-9]))"
)
# The time and an offset as people write it: -500, +5:30, +02, -0400 EDT, +0100 (BST).
_TIME_AND_OFFSET = re.compile(
    r"(T\d\d?)?((?::\d\d)+)(?:[.,]\d+)?\s*([+-])(\d[\d:]*)"
    r"((?:\s*[A-Z]{2,5})?(?:\s*\([^()]*\))?)(?=$| [12]\d{3}$)"
)
_FOUR_FIGURES = re.compile(r"\d{4}")
_HOURS_AND_MINUTES = re.compile(r"(\d\d?)(?::?([0-5]\d))?")
# Nearly ISO 8601: figures without their zero, a zone's name, Perforce's weekday and strokes.
_NEARLY_ISO = re.compile(
    r"(?:[^\W\d]{3,9},\s*)?(\d{4})([-/]?)(\d\d?)\2(\d\d?)(?:([Tt])|\s+)(\d\d?)((?::\d\d){1,2})"
    r"(?:\s*(Z|z|[+-]\d\d:?\d\d))?(?:\s*([A-Z]{2,5}))?(?:\s*\([^()]*\))?"
)
# RFC 850's, and PHP's for cookies.
_DASHES = re.compile(rf"(?<![\w-])(\d\d?)-({'|'.join(_MONTHS)})[a-z]*-(\d{{4}}|\d\d)(?=\s+\d)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{9,13}")
_TOO_MANY_DIGITS = re.compile(r"\d{15}")
# With the day's name before it, in English, as Drupal has it.
_IN_FIGURES = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\.?,? +)?"
    r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Some write the element that shows a date in place of the date.
_TIME_ELEMENT = re.compile(r"<time\s[^>]{0,500}?\bdatetime\s*=\s*[\"']([^\"'<>]{1,100})")
_DASH_BEFORE_TIME = re.compile(r"\s+[-–]\s+(?=\d{1,2}:\d\d)")
_NEGATIVE_YEAR = re.compile(r"\s-\d{1,4}\s+\d{1,2}:\d\d")
_HALF_DAY = re.compile(r"\b(\d{1,2})(:\d\d(?::\d\d)?)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_HALF_DAY_AFTER_T = re.compile(r"(?<=\dT)(\d{1,2})(:\d\d(?::\d\d)?)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_ZONE_NAME = re.compile(r"\[[\w/+\-]+\]$")
_ZONE_BEFORE_YEAR = re.compile(r"\b(\d\d:\d\d:\d\d) ([+-]\d{4}|[A-Z]{1,5}) ([12]\d{3})$")
_ZONE_AND_OFFSET = re.compile(r"\b(?:UTC|GMT)\s*(?=[+-]\d\d:?\d\d$)")
_LOWER_Z = re.compile(r"(?<=\d)z$")
_LEAP_SECOND = re.compile(r"(:\d\d):60(?!\d)")
_WHOLE_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:T|$)")
# What people write around a date: a day's name in any language, a remark, the th of 4th.
_AROUND = re.compile(r"^[^\W\d]+\.?\s*,|\([^()]*\)|(?<=\d)(?:st|nd|rd|th)\b|,")
_LONGEST = 100
_LONGEST_ELEMENT = 1_000
_A_DAY = timedelta(days=1)
# Before it lie the moments that programs write for none, in the years 0 and 1, and what is made of them.
_EARLIEST = datetime(1602, 1, 1, tzinfo=UTC)
# The same of others: where the clocks of SQL Server, OLE, Excel and Unix begin.
_NONE = tuple(
    datetime(year, month, day, tzinfo=UTC)
    for year, month, day in ((1753, 1, 1), (1899, 12, 30), (1900, 1, 1), (1970, 1, 1))
)


def read_date(written: object, zone: ZoneInfo, *, all_zones: bool = True) -> datetime | None:
    """The moment a publisher wrote, None where there is none to be read. Never raises.

    `zone` is that of dates that name none, or one that nobody knows or that is
    several countries'. Without `all_zones` it is what earlier hubs read, which
    took many zones for UTC, others for days, and dropped others.
    """
    if not isinstance(written, str):
        return None
    text = _date_of(written.strip())
    if len(text) > _LONGEST or _TOO_MANY_DIGITS.search(text) or not re.search("[0-9]", text):
        return None
    try:
        moment = _read(text, zone, all_zones)
        return moment if moment is not None and not _stands_for_none(moment) else None
    except (ValueError, OverflowError):
        # A month of 13, or the last hour of the year 9999 in another zone.
        return None


def has_another_zone(written: str) -> bool:
    """Whether a date may be another moment than earlier hubs read."""
    text = written.strip()
    if _USUAL.fullmatch(text) or _exactly(text):
        return False
    found = _AT_END.search(text)
    if found and (found[4] or "").lower() not in timezone_names:
        return True
    text = _date_of(text)
    try:
        return len(text) <= _LONGEST and _put_right(text) != text
    except ValueError:
        return True


def _date_of(text: str) -> str:
    element = _TIME_ELEMENT.search(text, 0, _LONGEST_ELEMENT) if "<" in text else None
    return element[1] if element else text


def _read(text: str, zone: ZoneInfo, all_zones: bool) -> datetime | None:
    usual = _USUAL.fullmatch(text)
    if usual:
        day, month, year, hour, minute, second, sign, hours, minutes = usual.groups()
        moment = datetime(
            int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
        east = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
        return moment + east if sign == "-" else moment - east
    if _NUMBER.fullmatch(text):
        seconds = int(text) / (1000 if len(text) > 11 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    if exact := _exactly(text):
        return _of_clock(exact, zone).replace(microsecond=0)
    if all_zones:
        text = _put_right(text)
    text = _DASH_BEFORE_TIME.sub(" ", _HALF_DAY.sub(_whole_day, text))
    if in_figures := _IN_FIGURES.fullmatch(text):
        return _in_zone(_by_figures(*in_figures.groups()), zone)
    if _NEGATIVE_YEAR.search(text):
        return None
    # Java's zone beside the offset, and the zone before the year (asctime, Java's Date, Twitter).
    text = _ZONE_BEFORE_YEAR.sub(r"\3 \1 \2", _ZONE_NAME.sub("", text))
    text = _ZONE_AND_OFFSET.sub("", _LOWER_Z.sub("Z", text))
    text, leaps = _LEAP_SECOND.subn(r"\1:59", text)
    for name, offset in _NAMED:
        text = name.sub(offset, text)
    if all_zones:
        text = _AT_END.sub(_offset, text)
    found = _written_out(text, zone) or _written_out(" ".join(_AROUND.sub(" ", text).split()), zone)
    return found.replace(microsecond=0) + timedelta(seconds=leaps) if found else None


def _by_figures(weekday: str | None, *figures: str | None) -> datetime:
    """05/01/2026 is 5 January here, unless its weekday says May. 1/25/2026 alone is no date of ours."""
    day, month, year, hour, minute, second = (int(figure or 0) for figure in figures)
    if weekday and max(day, month) <= 12:
        american = datetime(year, day, month)
        if not _is(weekday, datetime(year, month, day)) and _is(weekday, american):
            day, month = month, day
    elif weekday and month > 12:
        day, month = month, day
    return datetime(year, month, day, hour, minute, second)


def _is(weekday: str, moment: datetime) -> bool:
    return _WEEKDAYS[moment.weekday()] == weekday


def _stands_for_none(moment: datetime) -> bool:
    # In a zone it is the day before or after.
    return moment < _EARLIEST or any(abs(moment - none) <= _A_DAY for none in _NONE)


def _exactly(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _of_clock(exact: datetime, zone: ZoneInfo) -> datetime:
    return exact.astimezone(UTC) if exact.tzinfo else _in_zone(exact, zone)


def _written_out(text: str, zone: ZoneInfo) -> datetime | None:
    if exact := _exactly(text):
        return _of_clock(exact, zone)
    if _ZONE.search(text):
        return _by_feedparser(text)
    # No zone: read it as UTC, then take the clock's reading for the hub's own zone.
    naive = _by_feedparser(text) or _by_feedparser(f"{text} +0000")
    return _in_zone(naive.replace(tzinfo=None), zone) if naive else None


def _put_right(text: str) -> str:
    """A date with its zone as RFC 822 or ISO 8601 has it. ValueError where what stands for one is none."""
    text = _DASHES.sub(r"\1 \2 \3", text)
    text = _HALF_DAY_AFTER_T.sub(_whole_day, text)
    text = _TIME_AND_OFFSET.sub(_whole_offset, text)
    nearly = _NEARLY_ISO.fullmatch(text)
    return _iso(nearly) if nearly else text


def _whole_offset(found: re.Match[str]) -> str:
    t, clock, sign, figures, remark = found.groups()
    if sign == "-" and not t and len(clock) < 6 and (":" in figures or len(figures) < 3):
        # 10:00-12:00 is from ten to twelve.
        return found[0]
    # Four figures are RFC 822's, and read as such, even +9999.
    if not _FOUR_FIGURES.fullmatch(figures):
        offset = _HOURS_AND_MINUTES.fullmatch(figures)
        if not offset or int(offset[1]) > 15:
            raise ValueError(f"{sign}{figures} is no zone")
        # Before a year feedparser knows no colon.
        colon = "" if found.end() < len(found.string) else ":"
        figures = f"{int(offset[1]):02}{colon}{offset[2] or '00'}"
    return f"{t or ''}{clock} {sign}{figures}{remark}"


def _iso(nearly: re.Match[str]) -> str:
    year, stroke, month, day, t, hour, clock, offset, name = nearly.groups()
    if name and not offset and name.lower() in timezone_names:
        offset = f"{timezone_names[name.lower()]:+03}00"
    # feedparser's readers of what is not quite ISO 8601 count minutes behind a colon alone.
    zone = re.sub(r"(\d\d)(\d\d)$", r"\1:\2", offset or "") or (f" {name}" if name else "")
    between = "T" if t or stroke == "/" else " "
    return f"{year}-{int(month):02}-{int(day):02}{between}{int(hour):02}{clock}{zone}"


def _offset(found: re.Match[str]) -> str:
    sign, hours, minutes, name = found.groups()
    if sign:
        return f" {sign}{int(hours):02}{minutes or '00'}"
    return found[0] if name.lower() in timezone_names else f" {_OFFSETS.get(name, '')}".rstrip()


def _whole_day(found: re.Match[str]) -> str:
    hour = int(found[1]) % 12 + (12 if found[3] in "pP" else 0)
    return f"{hour:02}{found[2]}"


def _in_zone(naive: datetime, zone: ZoneInfo) -> datetime:
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _whole_iso(text: str) -> Any:
    """Also 24:00, and the 32nd, which is the 1st; in part it would be filled up from the clock."""
    return _parse_date_iso8601(text) if _WHOLE_ISO.match(text) else None


_READERS: tuple[Callable[[str], Any], ...] = (
    _parse_date_w3dtf,
    _parse_date_rfc822,
    _whole_iso,
    _parse_date_asctime,
    _parse_date_perforce,
    _parse_date_hungarian,
    _parse_date_greek,
    _parse_date_nate,
    _parse_date_onblog,
)


def _by_feedparser(text: str) -> datetime | None:
    for read in _READERS:
        try:
            parsed = read(text)
        except (ValueError, OverflowError, TypeError, AttributeError, KeyError, IndexError):
            # Each has its own way to stumble over a date of another kind.
            continue
        if parsed:
            year, month, day, hour, minute, second = parsed[:6]
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return None
