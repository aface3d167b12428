"""How moments are written to admins: in UTC, and in one way everywhere. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

_DAY = "%-d %B %Y"


def day(moment: datetime) -> str:
    """`5 November 2026`."""
    return moment.astimezone(UTC).strftime(_DAY)


def minute(moment: datetime) -> str:
    """`5 November 2026, 14:05 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M UTC")


def second(moment: datetime) -> str:
    """`5 November 2026, 14:05:31 UTC`."""
    return moment.astimezone(UTC).strftime(f"{_DAY}, %H:%M:%S UTC")
