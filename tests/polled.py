"""A member's site that is polled over loopback, with a hand on the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from hub.fetch.curl import CurlFetcher
from hub.model import Feed, FeedKey, FetchPolicy, HubSettings, Member, TagRule
from hub.polling.polls import Polls
from hub.polling.reading import Readers
from hub.store import Store, open_store
from tests.site import Site
from tests.sqlite import new_file

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Polled:
    """The feed of a member, `east`, at `/feed` of its site, and what it takes to poll it at `now`."""

    def __init__(self, site: Site, folder: Path, *, rules: Sequence[TagRule] = ()) -> None:
        self.site = site
        self.url = new_file(folder / "hub.db")
        self.now = NOW
        self.feed = Feed(key=FeedKey("east"), url=f"{site.url}/feed")
        self.store: Store = open_store(self.url)
        self.store.sync([Member(slug="east", name="East")], [self.feed], authority="news.example")
        policy = FetchPolicy(allow=(ip_network("127.0.0.0/8"),), host_delay=timedelta(0))
        self.fetcher = CurlFetcher(policy, "tests")
        self.readers = Readers(rules, "UTC")
        self.polls = Polls(
            fetcher=self.fetcher,
            readers=self.readers,
            store=self.store,
            settings=HubSettings(fetch=policy),
            authority="news.example",
            now=lambda: self.now,
            most_pages=10,
        )

    def close(self) -> None:
        self.fetcher.close()
        self.readers.close()
        self.store.close()
