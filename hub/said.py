"""How numbers of things, lengths of time and, to admins, moments and what others wrote are said. Pure.

And names in plain letters, to sort them by and to make slugs of.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

_DAY = "%-d %B %Y"
Unit = Literal["day", "hour", "minute", "second"]
_UNITS: tuple[tuple[timedelta, Unit], ...] = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"))
_MINUTE = timedelta(minutes=1)
# Letters that Unicode does not take apart, or not into letters that people look for.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
)


def counted(number: int, one: str, many: str) -> str:
    """`1 story`, `2,345 stories`."""
    return f"{number:,} {one if number == 1 else many}"


def sentence(words: str) -> str:
    """Words as a sentence, a heading or a title begins: with a capital letter, but for an address."""
    return words if words.startswith(("http:", "https:")) else words[:1].upper() + words[1:]


def as_written(text: str, *, most: int = 300) -> str:
    """What somebody wrote on a line of so many characters; `\\n` and the like for what cannot be printed."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def plain_letters(name: str) -> str:
    """A name in small letters without their marks: `lodz` for Łódź, `strasse` for Straße."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)


def date_of(day: date) -> str:
    """`5 November 2026`."""
    return day.strftime(_DAY)


def day(moment: datetime) -> str:
    """`5 November 2026`, in UTC."""
    return date_of(moment.astimezone(UTC))


def minute(moment: datetime) -> str:
    """`5 November 2026, 14:05 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M UTC")


def moment_in(zone: tzinfo, moment: datetime) -> str:
    """`5 November 2026, 14:05`, by the clocks of a zone."""
    return moment.astimezone(zone).strftime(f"{_DAY}, %H:%M")


def second(moment: datetime) -> str:
    """`5 November 2026, 14:05:31 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M:%S UTC")


def ahead_of(by: timedelta) -> str:
    """How a clock is to another one that it is so much ahead of: `3 h 5 s ahead of`, `6 s behind`."""
    hours, seconds = divmod(round(abs(by).total_seconds()), 3600)
    parts = (hours, "h"), (seconds // 60, "min"), (seconds % 60, "s")
    told = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f"{told} {'ahead of' if by > timedelta() else 'behind'}"


def every(length: timedelta) -> str:
    """How often something is done that is done once in a length of time: `every day`, `every 90 minutes`."""
    return f"every {span(length).removeprefix('1 ')}"


def span(length: timedelta) -> str:
    """A length of time in the unit that suits it: `90 minutes`, `1 day`, `12 days`."""
    number, unit = in_unit(length)
    return counted(number, unit, f"{unit}s")


def in_unit(length: timedelta) -> tuple[int, Unit]:
    """The unit that suits a length of time, and how many of it that is."""
    for unit, name in _UNITS:
        if length >= 1.95 * unit or 0.95 * unit <= length < 1.05 * unit:
            return round(length / unit), name
    minutes = round(length / _MINUTE)
    return (minutes, "minute") if minutes else (round(length.total_seconds()), "second")
