"""`hub readers`: how many read each of the merged feeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from hub.config import load
from hub.merged.addresses import Addresses
from hub.merged.feeds import MergedFeeds
from hub.merged.readers import feed_readers
from hub.publish.readers import FeedReaders, table
from hub.said import date_of
from hub.store import existing_store

# As `hub run` has it where it is not told otherwise.
_NOWHERE = "http://127.0.0.1:8000"


def report(config: Path, database: str, *, as_table: bool, now: datetime) -> str:
    """How many read each merged feed, about, as lines or as CSV. Raises HubError."""
    settings, today = load(config), now.astimezone(UTC).date()
    with closing(existing_store(database)) as store, store.of_one_moment():
        addresses = Addresses(settings.hub.url or _NOWHERE)
        merged = MergedFeeds(config=settings, store=store, addresses=addresses, now=now)
        found = feed_readers(merged, today)
    return table(found) if as_table else "\n".join(_lines(found, today))


def _lines(found: Sequence[FeedReaders], today: date) -> Iterator[str]:
    yield f"In the week to {date_of(today)}, about; the change since the four weeks before; sent by WebSub:"
    for each in found:
        number = f"{'≥' if each.at_least else ''}{each.number:,}"
        yield f"{number:>9} {each.change:>7} {each.sent:>7,}  {each.name}"
        if each.aggregators:
            said = ", ".join(f"{name} {number:,}" for name, number in each.aggregators)
            yield f"{'':27}{said}, by themselves {each.own:,}"
