"""What has been kept as long as `hub.keep` says, taken away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import listed
from hub.store.settling import Settling

# What was decided of late, and what is still to be decided, stays as long as that may be asked for.
_OLD = """
SELECT e.date, e.key, e.story, CASE WHEN f.configured = 1 THEN e.feed END
FROM entries e JOIN feeds f ON f.id = e.feed
WHERE e.date < :before AND e.date >= :date AND (e.date > :date OR e.key > :key)
    AND e.first_seen < :before AND COALESCE(e.event_date, '') < :before
    AND e.story NOT IN (SELECT story FROM pins)
    AND NOT EXISTS (
        SELECT 1 FROM standings s
        WHERE s.entry = e.key AND (s.standing IN ('held', 'quarantined') OR s.moment >= :before))
ORDER BY e.date, e.key LIMIT :limit
"""
_AT_ONCE = 500


class Keeping(Settling):
    """The part of the store that lets go of what is old."""

    def has_older(self, before: datetime) -> bool:
        with self._reading():
            return bool(self._older(before))

    def take_away(self, before: datetime, now: datetime) -> int:
        with self._writing():
            older = self._older(before)
            if not older:
                return 0
            self._take_entries(older, now)
            self._published_changed()
            # What was read of the entries that are gone.
            self._house.clear()
        return len(older)

    def _older(self, before: datetime) -> dict[int, int]:
        """Some of what is older, the oldest first: the entries' keys, each with its story."""
        after = {"date": "", "key": 0}
        while True:
            values = {**after, "before": rows.stamp(before), "limit": _AT_ONCE}
            found = self._tuples(_OLD, values)
            there = self._in_last_documents({feed for *_, feed in found if feed is not None})
            older = {key: story for _, key, story, _ in found if key not in there}
            if older or len(found) < _AT_ONCE:
                return older
            after = {"date": found[-1][0], "key": found[-1][1]}

    def _in_last_documents(self, feeds: Collection[int]) -> set[int]:
        """The entries that these feeds' last documents have."""
        windows = self._tuples(sql.WINDOWS, (listed(feeds),))
        return {each.key for _, packed in windows for each in feedrows.window(packed) if each.key}
