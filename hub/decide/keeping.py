"""Is an entry older than the hub keeps any? It would be taken away again, and is news to nobody. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub import normalise
from hub.model import Entry


def is_past_keeping(entry: Entry, keep: timedelta | None, now: datetime) -> bool:
    """Whether an entry that is not stored is older than `keep` at `now`, and so is an event's day.

    What has no date is of now. None keeps all.
    """
    if keep is None or not normalise.is_dated(entry):
        return False
    before = now - keep
    day = entry.event_date
    return normalise.dated(entry, now) < before and (day is None or day < before.date())
