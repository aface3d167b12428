"""Publishers' dates to moments in UTC.

feedparser reads nearly all of them. It reads British Summer Time as UTC, and
finds no date where the zone is missing: those are read here, a missing zone
as the hub's own, since members are near it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from feedparser.datetimes import _parse_date as _feedparser_date

# A zone as RFC 822, RFC 3339 and the wild write it, at the end of a date.
_ZONE = re.compile(r"(?:\d\s*Z|[+-]\d\d:?\d\d|\b(?:UTC?|GMT|[A-Z]{1,5}))\s*(?:\([^)]*\))?$")
_BRITISH = re.compile(r"\s*\b(?:BST|GMT\+1|GMT\+01:?00)$")
_NUMBER = re.compile(r"^\d{9,13}$")
_TOO_MANY_DIGITS = re.compile(r"\d{15}")
_DAY_FIRST = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$")
_LONGEST = 100


def read_date(written: object, zone: ZoneInfo) -> datetime | None:
    """The moment a publisher wrote, None where there is none to be read. Never raises."""
    if not isinstance(written, str):
        return None
    text = written.strip()
    if len(text) > _LONGEST or _TOO_MANY_DIGITS.search(text) or not re.search("[0-9]", text):
        return None
    text = _BRITISH.sub(" +0100", text)
    try:
        return _read(text, zone)
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError, IndexError):
        # Each of the readers below has its own way to stumble over a date that is none.
        return None


def _read(text: str, zone: ZoneInfo) -> datetime | None:
    if _NUMBER.match(text):
        seconds = int(text) / (1000 if len(text) > 11 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    day_first = _DAY_FIRST.match(text)
    if day_first:
        # 05/01/2026 is 5 January here; 1/25/2026 can only be American, and is no date of ours.
        day, month, year, hour, minute, second = (int(part or 0) for part in day_first.groups())
        return _in_zone(datetime(year, month, day, hour, minute, second), zone)
    if _ZONE.search(text):
        return _by_feedparser(text)
    # No zone: read it as UTC, then take the clock's reading for the hub's own zone.
    naive = _by_feedparser(text) or _by_feedparser(f"{text} +0000") or _naive_iso(text)
    return None if naive is None else _in_zone(naive.replace(tzinfo=None), zone)


def _in_zone(naive: datetime, zone: ZoneInfo) -> datetime:
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _naive_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def _by_feedparser(text: str) -> datetime | None:
    parsed: Any = _feedparser_date(text)
    if parsed is None or not 1 <= parsed[0] <= 9999:
        return None
    # A leap second, or 24:00, is past the end of its minute, hour and day.
    year, month, day, hour, minute, second = parsed[:6]
    start = datetime(year, month, day, tzinfo=UTC)
    return start + timedelta(hours=hour, minutes=minute, seconds=second)
