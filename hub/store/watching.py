"""What admins look at: the polls on record, feeds' last documents, how much news came on which days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from hub.model import FeedKey, PastPoll, PollFigures, StoredEntry
from hub.store import rows
from hub.store.feedrows import window
from hub.store.listing import Listing
from hub.store.rows import Row
from hub.store.statements import WINDOW_OF

_POLLS = """
SELECT p.*, f.member, f.name FROM polls p JOIN feeds f ON f.id = p.feed
WHERE {} ORDER BY p.started DESC, p.id DESC LIMIT :limit
"""
_FIGURES = """
SELECT COUNT(*) AS polls, COUNT(*) FILTER (WHERE outcome = 'failed') AS failed,
       COUNT(*) FILTER (WHERE outcome = 'not_modified') AS not_modified,
       COALESCE(SUM(new), 0) AS new, COALESCE(SUM(updated), 0) AS updated
FROM polls WHERE {} started >= :start AND started < :end
"""
_OF_FEED = "feed = (SELECT id FROM feeds WHERE member = :member AND name = :name) AND"
# Member by member, since there is an index of each one's dates.
_DATES = """
SELECT m.slug, e.date FROM members m CROSS JOIN entries e INDEXED BY entries_member
ON e.member = m.slug AND e.date >= ? AND e.date < ? WHERE e.standing IS NULL
"""
_NEWEST = """
SELECT e.key FROM entries e INDEXED BY entries_member
WHERE e.member = :member AND e.feed = (SELECT id FROM feeds WHERE member = :member AND name = :name)
ORDER BY e.date DESC LIMIT :limit
"""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Watching(Listing):
    """The part of the store that tells admins how things went."""

    def polls(self, feed: FeedKey | None = None, *, limit: int) -> tuple[PastPoll, ...]:
        statement = _POLLS.format("1 = 1" if feed is None else "f.member = :member AND f.name = :name")
        with self._errors():
            return tuple(map(_past_poll, self._rows(statement, {**_key(feed), "limit": limit})))

    def polls_between(
        self, moments: Sequence[datetime], feed: FeedKey | None = None
    ) -> tuple[PollFigures, ...]:
        statement = _FIGURES.format("" if feed is None else _OF_FEED)
        found = []
        with self._reading():
            for start, end in pairwise(map(rows.stamp, moments)):
                found += self._rows(statement, {**_key(feed), "start": start, "end": end})
        return tuple(
            PollFigures(
                polls=row["polls"],
                failed=row["failed"],
                not_modified=row["not_modified"],
                new=row["new"],
                updated=row["updated"],
            )
            for row in found
        )

    def news_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        bounds = list(map(rows.stamp, moments))
        counts: dict[str, list[int]] = {}
        with self._errors():
            for member, date in self._tuples(_DATES, (bounds[0], bounds[-1])):
                of_member = counts.setdefault(member, [0] * (len(bounds) - 1))
                of_member[bisect_right(bounds, date) - 1] += 1
        return {member: tuple(each) for member, each in counts.items()}

    def document(self, feed: FeedKey, *, limit: int) -> tuple[tuple[StoredEntry, ...], int]:
        with self._reading():
            packed = self._value(WINDOW_OF, (feed.member, feed.name))
            stored = [each for each in window(packed or b"") if each.key]
            newest = sorted(stored, key=lambda each: each.date or _LONG_AGO, reverse=True)[:limit]
            found = self._load("e.key", [each.key for each in newest])
        return tuple(sorted(found, key=lambda each: each.date, reverse=True)), len(stored)

    def newest(self, feed: FeedKey, *, limit: int) -> tuple[StoredEntry, ...]:
        with self._reading():
            keys = [key for (key,) in self._tuples(_NEWEST, {**_key(feed), "limit": limit})]
            found = self._load("e.key", keys)
        return tuple(sorted(found, key=lambda each: each.date, reverse=True))


def _key(feed: FeedKey | None) -> dict[str, str]:
    return {} if feed is None else {"member": feed.member, "name": feed.name}


def _past_poll(row: Row) -> PastPoll:
    return PastPoll(
        feed=FeedKey(row["member"], row["name"]),
        started=rows.moment(row["started"]),
        seconds=row["seconds"],
        outcome=row["outcome"],
        status=row["status"],
        size=row["size"],
        new=row["new"],
        updated=row["updated"],
        error=row["error"],
        remarks=tuple(rows.from_json(row["remarks"])),
        pushed=bool(row["pushed"]),
    )
