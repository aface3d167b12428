"""What has been kept as long as `hub.keep` says, taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.model import known_again_by
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import listed
from hub.store.settling import Settling

# What was decided of late, and what is still to be decided, stays as long as that may be asked for. A story
# that was put together with another is pinned as that. Kinds and days are read out of their index, since they
# stand in the row behind the texts.
_IS_OLD = """
FROM entries e JOIN feeds f ON f.id = e.feed
WHERE e.date < :before AND e.first_seen < :before AND e.key NOT IN (
        SELECT d.key FROM entries d INDEXED BY entries_to_come
        WHERE d.kind = 'event' AND d.event_date >= :day)
    AND e.story NOT IN (
        SELECT COALESCE(s.merged_into, s.id) FROM pins p JOIN stories s ON s.id = p.story
        WHERE p.last_day IS NULL OR p.last_day >= :day)
    AND NOT EXISTS (
        SELECT 1 FROM standings s
        WHERE s.entry = e.key AND (s.standing IN ('held', 'quarantined') OR s.moment >= :before))
"""
# A feed that left the file may come back, or another go on with its news.
_MAY_HAVE_IT = "(f.configured = 1 OR f.polled >= :before)"
_OLD = f"""
SELECT e.date, e.key, e.story, CASE WHEN {_MAY_HAVE_IT} THEN e.feed END
{_IS_OLD} AND e.date >= :date AND (e.date > :date OR e.key > :key)
ORDER BY e.date, e.key LIMIT :limit
"""
_NUMBER = f"SELECT COUNT(*) {_IS_OLD}"
_NUMBER_OF_THESE = f"""
{_NUMBER} AND {_MAY_HAVE_IT} AND e.key IN (SELECT CAST(value AS BIGINT) FROM json_each(:those))
"""
_UNDATED = """
SELECT feed, id_key, loose_id_key, link_key, title_key, title FROM entries
WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND published IS NULL AND updated IS NULL
"""
_TAKEN = "INSERT INTO taken_away (feed, news) VALUES (?, ?) ON CONFLICT DO NOTHING"
# So many that whoever else wants to write waits for a moment.
_AT_ONCE = 200


class Keeping(Settling):
    """The part of the store that lets go of what is old."""

    def has_older(self, before: datetime) -> bool:
        with self._reading():
            return bool(self._older(before))

    def number_older(self, before: datetime) -> int:
        values = _values(before)
        with self._reading():
            windows = self._tuples("SELECT feed, entries FROM windows")
            there = {**values, "those": listed(_entries(packed for _, packed in windows))}
            return int(self._value(_NUMBER, values)) - int(self._value(_NUMBER_OF_THESE, there))

    def take_away(self, before: datetime, now: datetime) -> int:
        with self._writing():
            older = self._older(before)
            if not older:
                return 0
            self._write_each(
                _TAKEN,
                [
                    (row["feed"], known_again_by(rows.entry_keys(row), row["title"]))
                    for row in self._rows(_UNDATED, (listed(older),))
                ],
            )
            self._take_entries(older, now)
            self._published_changed()
            # What was read of the entries that are gone.
            self._house.clear()
        return len(older)

    def _older(self, before: datetime) -> Mapping[int, int]:
        """Some of what is older, the oldest first: the entries' keys, each with its story."""
        after = {"date": "", "key": 0}
        there: dict[int, set[int]] = {}
        while True:
            found = self._tuples(_OLD, {**_values(before), **after, "limit": _AT_ONCE})
            new = {feed for *_, feed in found if feed is not None and feed not in there}
            windows = dict(self._tuples(sql.WINDOWS, (listed(new),))) if new else {}
            there |= {feed: _entries([windows.get(feed, b"")]) for feed in new}
            older = {key: story for _, key, story, feed in found if key not in there.get(feed, ())}
            if older or len(found) < _AT_ONCE:
                return older
            after = {"date": found[-1][0], "key": found[-1][1]}


def _values(before: datetime) -> dict[str, str]:
    return {"before": rows.stamp(before), "day": before.date().isoformat()}


def _entries(windows: Iterable[bytes]) -> set[int]:
    """The entries that documents have."""
    return {each.key for packed in windows for each in feedrows.window(packed) if each.key}
