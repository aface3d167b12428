"""How many readers merged feeds have had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from hub.model import Readership


class ReaderStore(Protocol):
    """How many readers merged feeds have had, by day."""

    def count_readers(self, counted: Sequence[Readership]) -> None:
        """Keep what was counted, of each day, document and aggregator the greatest number of any process.

        What is more than two years older than the last of it is forgotten.
        """

    def readers(self, first: date, last: date) -> tuple[Readership, ...]:
        """What was counted from one day to another, with both: by day, document and aggregator."""
