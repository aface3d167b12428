"""On which day an event takes place, and by which moment it is sorted. Pure.

An event is announced before it happens, and many sites date its entry with
the day it happens on. So it has that day beside the date it is sorted by.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hub.model import Entry

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?"
)
# The last of several days, as in 14–15 March, counts for nothing.
_LATER = r"(?:\s*(?:[-–—/&]|to|and)\s*\d{1,2}(?:st|nd|rd|th)?)?"
_WRITTEN_OUT = re.compile(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?{_LATER}(?:\s+of)?\s+{_MONTH.format('m1')},?\s+(?P<y1>\d{{4}})\b"
    rf"|\b{_MONTH.format('m2')}\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?{_LATER},?\s+(?P<y2>\d{{4}})\b"
    r"|\b(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)(?!\d|-)",
    re.IGNORECASE | re.ASCII,
)


def first_day(*texts: str, since: date | None) -> date | None:
    """The first day that the texts write out with its year, on or after `since`; None where there is none."""
    for text in texts:
        for found in _WRITTEN_OUT.finditer(text):
            day = _day(found)
            if day is not None and (since is None or day >= since):
                return day
    return None


def _day(found: re.Match[str]) -> date | None:
    way = next(way for way in "123" if found[f"d{way}"])
    month = found[f"m{way}"]
    number = int(month) if way == "3" else _MONTHS.index(month[:3].lower()) + 1
    try:
        return date(int(found[f"y{way}"]), number, int(found[f"d{way}"]))
    except ValueError:
        return None


def with_day(entry: Entry, now: datetime, zone: ZoneInfo) -> Entry:
    """The entry as it is seen at `now`: it takes place on its own date, should that be a later day."""
    published = _local(entry.published, zone) if entry.published else None
    return replace(entry, event_date=published) if published and published > _local(now, zone) else entry


def date_to_sort_by(
    entry: Entry, dated: datetime, now: datetime, zone: ZoneInfo, *, backlog: bool
) -> datetime:
    """The date of an entry first seen at `now`: an event's that is still to come is now, the others' `dated`.

    What a feed holds when it is polled for the first time is its `backlog`,
    which keeps its own dates.
    """
    if backlog or entry.kind != "event" or entry.event_date is None:
        return dated
    return now if entry.event_date >= _local(now, zone) else dated


def _local(moment: datetime, zone: ZoneInfo) -> date:
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        # The calendar's last hours, where no zone reaches.
        return moment.astimezone(UTC).date()
