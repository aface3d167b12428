"""Is an entry older than the hub keeps any? It would be taken away again, and is news to nobody. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from hub import normalise
from hub.model import Entry, known_again_by


def is_past_keeping(
    entry: Entry, keep: timedelta | None, now: datetime, *, taken_away: Collection[str] = ()
) -> bool:
    """Whether an entry that is not stored is older than `keep` at `now`, and so is an event's day.

    What has no date is of now, unless it was `taken_away` (`Known`), which it stays. None keeps all.
    """
    if not normalise.is_dated(entry):
        return bool(taken_away) and known_again_by(entry.keys, entry.title) in taken_away
    if keep is None:
        return False
    before = now - keep
    day = entry.event_date if entry.kind == "event" else None
    return normalise.dated(entry, now) < before and (day is None or day < before.date())
