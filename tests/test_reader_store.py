"""What is kept of merged feeds' readers, in either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.model import Intent, Readership
from hub.store import Store
from tests.web_hub import NOW, Hub, a_hub

TODAY = NOW.date()
ALL = "/feeds/all.atom"
OWN = Readership(day=TODAY, document=ALL, number=7)
FEEDBIN = Readership(day=TODAY, document=ALL, aggregator="Feedbin", feed_id="1", number=40)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


@pytest.fixture
def store(hub: Hub) -> Store:
    return hub.store


def test_what_was_counted_is_had_back_by_day(store: Store) -> None:
    yesterday = replace(OWN, day=TODAY - timedelta(days=1), at_least=True)
    store.count_readers([FEEDBIN, OWN, yesterday])
    store.count_readers([])
    assert store.readers(date.min, date.max) == (yesterday, OWN, FEEDBIN)
    assert store.readers(TODAY, TODAY) == (OWN, FEEDBIN)


def test_of_what_processes_counted_on_a_day_the_greatest_is_kept(store: Store) -> None:
    other = replace(FEEDBIN, feed_id="2", number=1)
    store.count_readers([OWN, FEEDBIN, other])
    store.count_readers([replace(OWN, number=3, at_least=True), replace(FEEDBIN, number=41)])
    kept = (replace(OWN, at_least=True), replace(FEEDBIN, number=41), other)
    assert store.readers(TODAY, TODAY) == kept
    store.count_readers([OWN])
    assert store.readers(TODAY, TODAY) == kept


def test_days_are_forgotten_after_two_years(store: Store) -> None:
    old, older = (replace(OWN, day=TODAY - timedelta(days=days)) for days in (731, 732))
    store.count_readers([older, old])
    assert store.readers(date.min, TODAY) == (older, old)
    # A server that waited for the database has both days.
    yesterday = replace(OWN, day=TODAY - timedelta(days=1))
    store.count_readers([yesterday, OWN])
    assert store.readers(date.min, TODAY) == (old, yesterday, OWN)


def test_to_count_readers_publishes_nothing(store: Store) -> None:
    version = store.version()
    store.count_readers([OWN])
    assert store.version() == version


def test_subscribers_are_counted_by_topic_while_their_lease_lasts(store: Store) -> None:
    for topic, callback, lease in (("a", "one", 9), ("a", "two", 9), ("b", "one", 9), ("b", "two", 1)):
        intent = Intent(
            mode="subscribe",
            topic=f"https://news.example/{topic}",
            callback=f"https://{callback}.example/",
            public=True,
            lease=timedelta(days=lease),
            due=NOW,
        )
        store.intend(intent)
        (asked,) = store.intents(NOW, limit=1)
        store.confirm(asked, NOW)
    later = NOW + timedelta(days=2)
    assert store.subscribers_by_topic(later) == {"https://news.example/a": 2, "https://news.example/b": 1}
