"""How numbers of things and, to admins, moments are said: each in one way everywhere. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

_DAY = "%-d %B %Y"


def counted(number: int, one: str, many: str) -> str:
    """`1 story`, `2,345 stories`."""
    return f"{number:,} {one if number == 1 else many}"


def day(moment: datetime) -> str:
    """`5 November 2026`, in UTC."""
    return moment.astimezone(UTC).strftime(_DAY)


def minute(moment: datetime) -> str:
    """`5 November 2026, 14:05 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M UTC")


def second(moment: datetime) -> str:
    """`5 November 2026, 14:05:31 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M:%S UTC")
