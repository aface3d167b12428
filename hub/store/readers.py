"""How many readers merged feeds have had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hub.model import Readership
from hub.store.connection import Connection
from hub.store.rows import Row

# To be compared with the year before.
_KEPT = timedelta(days=731)
# Several processes may count on a day, at once or one after the other, and readers come to each. Who came to
# which nobody knows, so the parts cannot be added up.
_COUNT = """
INSERT INTO readers (day, document, aggregator, feed_id, number, at_least)
VALUES (:day, :document, :aggregator, :feed_id, :number, :at_least)
ON CONFLICT (day, document, aggregator, feed_id) DO UPDATE SET
    number = MAX(readers.number, excluded.number), at_least = MAX(readers.at_least, excluded.at_least)
"""
_COUNTED = """
SELECT * FROM readers WHERE day >= ? AND day <= ? ORDER BY day, document, aggregator, feed_id
"""


class Readers(Connection):
    """The part of the store that keeps how many readers merged feeds have had."""

    def count_readers(self, counted: Sequence[Readership]) -> None:
        if not counted:
            return
        with self._writing():
            self._write_each(_COUNT, list(map(_row, counted)))
            oldest = max(each.day for each in counted) - _KEPT
            self._execute("DELETE FROM readers WHERE day < ?", (oldest.isoformat(),))

    def readers(self, first: date, last: date) -> tuple[Readership, ...]:
        with self._errors():
            found = self._rows(_COUNTED, (first.isoformat(), last.isoformat()))
        return tuple(map(_readership, found))


def _row(counted: Readership) -> dict[str, str | int]:
    return {
        "day": counted.day.isoformat(),
        "document": counted.document,
        "aggregator": counted.aggregator,
        "feed_id": counted.feed_id,
        "number": counted.number,
        "at_least": int(counted.at_least),
    }


def _readership(row: Row) -> Readership:
    return Readership(
        day=date.fromisoformat(row["day"]),
        document=row["document"],
        aggregator=row["aggregator"],
        feed_id=row["feed_id"],
        number=row["number"],
        at_least=bool(row["at_least"]),
    )
