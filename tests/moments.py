"""A hub whose clock a test sets: polls over loopback, at moments that may lie years apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub import urls
from hub.config import load
from hub.fetch.curl import CurlFetcher
from hub.model import FeedState, PollResult, StoredEntry
from hub.polling import rounds
from hub.polling.polls import Polls
from hub.polling.reading import Readers
from hub.store import Store, open_store
from tests.sqlite import new_file

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Moments:
    """A feeds.yaml, a database, and a clock."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.config = folder / "feeds.yaml"
        self.database = f"sqlite:///{folder / 'hub.db'}"
        self.store = store
        self.now = START

    def write(self, *feeds: str, member: str = "") -> None:
        """One member, `east`, with feeds and keys of its own as they stand in feeds.yaml."""
        lines = ["hub: {fetch: {allow: [127.0.0.0/8], host_delay: 0s}}", "members:", "  - slug: east"]
        lines += ["    name: East", *([f"    {member}"] if member else []), "    feeds:"]
        self.config.write_text("\n".join([*lines, *(f"      - {feed}" for feed in feeds), ""]))

    def poll(self, **after: float) -> PollResult:
        """Poll the first feed, so long after the last poll (`hours=1`)."""
        self.now += timedelta(**after)
        config = load(self.config)
        rounds.sync(self.store, config)
        fetcher = CurlFetcher(config.hub.fetch, "tests")
        hosts = urls.present_hosts(config.members, config.feeds)
        readers = Readers(config.tags, config.hub.timezone, hosts)
        try:
            polls = Polls(
                fetcher=fetcher,
                readers=readers,
                store=self.store,
                settings=config.hub,
                authority="news.example",
                most_pages=50,
                now=lambda: self.now,
            )
            polls.begin(self.store.feed_states()[:1])
            results: list[PollResult] = []
            while not results:
                results += polls.step(0.2)
        finally:
            fetcher.close()
            readers.close()
        return results[0]

    @property
    def state(self) -> FeedState:
        return self.store.feed_states()[0]

    @property
    def entries(self) -> list[StoredEntry]:
        return list(self.store.walk())


@contextmanager
def moments(folder: Path) -> Iterator[Moments]:
    store = open_store(new_file(folder / "hub.db"))
    try:
        yield Moments(folder, store)
    finally:
        store.close()
