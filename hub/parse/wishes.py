"""What an XML document asks of those who poll it: RSS's ttl and skip lists, the syndication module.

feedparser keeps one value for an element's name and would lose all hours but
the last, so this reads them itself, from what stands before the first entry
and after the last.
"""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from hub.model import Wishes
from hub.parse.dates import read_date

# Characters: of a document without entries no more is looked at.
_HEAD = 64 * 1024
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_LAST_END = re.compile(r".*</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE | re.DOTALL)
# Comments and texts, in which the same words mean nothing. They, lists and values take all they can at once,
# closed or not, so that the time is in proportion to the length.
_TEXTS = re.compile(r"<!--(?:.*?-->|.*)|<!\[CDATA\[(?:(.*?)\]\]>|.*)", re.DOTALL)
_TEXTS_OR_ENTRY = re.compile(f"{_TEXTS.pattern}|(?P<entry>{_ENTRY.pattern})", re.IGNORECASE | re.DOTALL)
_ANY = re.compile(r"<(?:ttl|skip|\w+:update)", re.IGNORECASE)
_TTL = re.compile(r"<ttl\s*>\s*([0-9]{1,9})\s*</ttl", re.IGNORECASE)
_HOURS = re.compile(r"<skipHours\s*>(.*?)(?:</skipHours|\Z)", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour\s*>\s*([0-9]{1,2})\s*<", re.IGNORECASE)
_DAYS = re.compile(r"<skipDays\s*>(.*?)(?:</skipDays|\Z)", re.IGNORECASE | re.DOTALL)
_DAY = re.compile(r"<day\s*>\s*([a-z]{2,9})\s*<", re.IGNORECASE)
# http://purl.org/rss/1.0/modules/syndication/, whatever its prefix is.
_SYNDICATION = re.compile(r"<\w+:update(Period|Frequency|Base)\s*>\s*+([^<]{1,60}?)\s*<", re.IGNORECASE)
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_wishes(text: str, *, zone: ZoneInfo) -> Wishes:
    """Read a document's wishes; what cannot be read counts as not said. `zone` is that of dates without one.

    RSS 2.0 numbers hours from 0 to 23, RSS 0.91 from 1 to 24.
    """
    about = _about_the_feed(text)
    if _ANY.search(about) is None:
        return Wishes()
    said = {name.lower(): value for name, value in _SYNDICATION.findall(about)}
    ttl = _TTL.search(about)
    hours = (int(hour) for listed in _HOURS.findall(about) for hour in _HOUR.findall(listed))
    days = (day.lower() for listed in _DAYS.findall(about) for day in _DAY.findall(listed))
    every = _every(said.get("period"), said.get("frequency"))
    return Wishes(
        ttl=timedelta(minutes=int(ttl[1])) or None if ttl else None,
        every=every,
        base=read_date(said.get("base"), zone) if every else None,
        skip_hours=frozenset(hour % 24 for hour in hours if hour <= 24),
        skip_days=frozenset(_WEEK.index(day) for day in days if day in _WEEK),
    )


def _about_the_feed(text: str) -> str:
    parts = _TEXTS_OR_ENTRY.finditer(text, 0, _HEAD)
    head = text[: next((part.start() for part in parts if part["entry"]), _HEAD)]
    # In the whole, since a text that is never closed takes the first entries with it.
    tail = _LAST_END.match(text, max(len(text) - _HEAD, 0)) if _ENTRY.search(text) else None
    return _without_texts(head) + (_without_texts(text[tail.end() :]) if tail else "")


def _without_texts(text: str) -> str:
    """A document, or part of one, without comments and without texts, but for those that hold no markup.

    These are what they say: a number is written in CDATA too.
    """
    return _TEXTS.sub(lambda found: found[1] if found[1] and "<" not in found[1] else "", text)


def _every(period: str | None, frequency: str | None) -> timedelta | None:
    """How often: the period is daily and the frequency 1 unless they are said."""
    if period is None and frequency is None:
        return None
    times = frequency or "1"
    length = _PERIODS.get((period or "daily").lower())
    if length is None or not re.fullmatch(r"[0-9]{1,6}", times) or not int(times):
        return None
    return length / int(times)
