"""`hub pin`: what an admin has stand beside the latest news."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from hub.admin.rulings import named, of_one_story
from hub.config import load
from hub.errors import ConfigError, HubError
from hub.said import date_of
from hub.store import Pin, Store


def hubs_day(path: Path, now: datetime, *, needed: bool) -> date:
    """Which day it is by the hub's clocks. Raises ConfigError, where it is `needed` to be theirs."""
    try:
        zone: tzinfo = ZoneInfo(load(path).hub.timezone)
    except ConfigError:
        if needed:
            raise
        zone = UTC
    return now.astimezone(zone).date()


def pinned(
    store: Store,
    address: str,
    member: str | None,
    *,
    last_day: date | None,
    made: datetime,
    today: date,
    seen: Pin | UnsetType | None,
) -> tuple[str, Pin]:
    """Have the story of an entry stand there, to the end of a day if one is said; what was done, and the pin.

    What only has another day stands where it stood. Raises HubError, also where it is pinned otherwise
    than was `seen`.
    """
    if last_day is not None and is_over(last_day, today):
        raise HubError(f"{date_of(last_day)} is over.", "Say the last day on which it shall stand there.")
    entry = of_one_story(store, address, member)
    before = store.pin_of(entry.key)
    if before and before.last_day != last_day and not is_over(before.last_day, today):
        made = before.made
    store.pin(entry.key, made, last_day=last_day, seen=before if seen is UNSET else seen)
    until = f"up to {date_of(last_day)}" if last_day else "until it is unpinned"
    return f"{named(entry)} stands on the home page, beside the latest news, {until}.", Pin(made, last_day)


def is_over(last_day: date | None, today: date) -> bool:
    return last_day is not None and last_day < today


def unpinned(store: Store, address: str, member: str | None, *, seen: Pin | UnsetType | None) -> str:
    """Take the pin from the story of an entry. Raises HubError, also where it is not as was `seen`."""
    entry = of_one_story(store, address, member)
    store.unpin(entry.key, seen=seen)
    return f"{named(entry)} is pinned no more."
