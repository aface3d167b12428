"""`hub published`: who published what in a time, and with whom, counted or piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.config import load
from hub.merged.published import published
from hub.publish.tally import Count, Span, Tally, table, tally
from hub.said import date_of
from hub.store import existing_store


def report(config: Path, database: str, first: str, last: str, *, as_table: bool, now: datetime) -> str:
    """What was published from one day to another, as lines, or piece by piece as CSV.

    The days are as `Span.read` takes them. Raises ValueError where they are none, and HubError.
    """
    settings = load(config)
    zone = ZoneInfo(settings.hub.timezone)
    span = Span.read(first, last, now.astimezone(zone).date())
    with closing(existing_store(database)) as store, store.of_one_moment():
        found = published(store, span, zone)
        if as_table:
            return table(found, settings.labels)
        return "\n".join(_lines(tally(found, span, settings.labels), span))


def _lines(found: Tally, span: Span) -> Iterator[str]:
    yield f"From {date_of(span.first)} to {date_of(span.last)}, {found.in_words}"
    for name, counts in (("member", found.members), ("topic", found.tags), ("kind", found.kinds)):
        if counts:
            yield ""
            yield from _counts(name, counts)


def _counts(name: str, counts: Sequence[Count]) -> Iterator[str]:
    yield f"By {name}, in all and by several members:"
    for each in counts:
        yield f"{each.number:>9,} {each.joint:>9,}  {each.name}"
