"""`hub pin`: what an admin has stand beside the latest news."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.config import load
from hub.errors import HubError
from hub.rulings import named, of_one_story
from hub.said import date_of
from hub.store import existing_store


def pin(
    path: Path, database: str, address: str, *, member: str | None, last_day: date | None, now: datetime
) -> str:
    """Have the story of an entry stand there, to the end of a day if one is said. Raises HubError."""
    # The day by the hub's clocks matters only where there is one to compare it with.
    today = now.astimezone(ZoneInfo(load(path).hub.timezone)).date() if last_day else date.min
    return pin_on(today, database, address, member=member, last_day=last_day, now=now)


def pin_on(
    today: date, database: str, address: str, *, member: str | None, last_day: date | None, now: datetime
) -> str:
    """The same where it is known which day it is by the hub's clocks."""
    if last_day is not None and last_day < today:
        raise HubError(f"{date_of(last_day)} is over.", "Say the last day on which it shall stand there.")
    with closing(existing_store(database)) as store:
        entry = of_one_story(store, address, member)
        store.pin(entry.key, now, last_day=last_day)
        until = f"up to {date_of(last_day)}" if last_day else "until it is unpinned"
        return f"{named(entry)} stands on the home page, beside the latest news, {until}."


def unpin(database: str, address: str, *, member: str | None) -> str:
    """Take back what `pin` did. Raises HubError."""
    with closing(existing_store(database)) as store:
        entry = of_one_story(store, address, member)
        store.unpin(entry.key)
        return f"{named(entry)} is pinned no more."
