"""A hub whose poller the test steps and whose web view is served, for others to subscribe to its feeds."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from hub.config import Config, parse
from hub.model import Subscriber
from hub.polling import rounds
from hub.polling.polls import Polls
from hub.polling.sender import Sender
from hub.store import Store, open_store
from hub.web import create_app
from hub.web.serve import Server
from tests.site import Site
from tests.sqlite import new_file
from tests.websub_reader import Reader

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ALLOWED = "fetch: {allow: [127.0.0.0/8], host_delay: 0s}"
TAGS = "tags: [{term: wards, label: Wards, any: [ward]}]\n"
MERGED = "merged_feeds: [{slug: wards, title: Wards, filter: 'tag:wards'}]\n"


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    text: str


def ask(hub: str, **fields: str) -> Said:
    """Ask a hub for something, by POST to its /websub."""
    body = urlencode({f"hub.{name}": value for name, value in fields.items()}).encode()
    try:
        with urllib.request.urlopen(f"{hub}/websub", data=body, timeout=20) as answer:
            return Said(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Said(error.code, error.read().decode())


@dataclass
class Publishing:
    """The hub, its member's site, and one clock for all."""

    store: Store
    address: str
    config: Config
    polls: Polls
    site: Site
    now: datetime = NOW
    sender: Sender | None = None

    @property
    def topic(self) -> str:
        return f"{self.address}/feeds/all.atom"

    def configure(self, more: str = MERGED, *, fetch: str = ALLOWED, url: str | None = None) -> None:
        url = url or self.address
        feed = f"{{slug: east, name: East, feeds: [{{url: {self.site.url}/feed}}]}}"
        self.config = parse(f"hub: {{url: {url}, {fetch}}}\nmembers:\n  - {feed}\n{TAGS}{more}")
        rounds.sync(self.store, self.config)
        self.restart()

    def restart(self) -> None:
        """Go on with another sender, as a hub that was ended does."""
        self.sender = Sender(self.store, self.polls, self.config, now=lambda: self.now)

    def news(self, *titles: str) -> None:
        """Have a poll bring these, the first the newest."""
        self.site.feed("/feed", *titles)
        self.polls.begin(self.store.feed_states())
        while self.polls.unfinished:
            self.polls.step(1)

    def look(self) -> bool:
        """Let the sender see what there is to do, as if a second had passed."""
        assert self.sender is not None
        self.sender._looked = float("-inf")
        for topic, seen in self.sender._seen.items():
            self.sender._seen[topic] = type(seen)(state=seen.state, document=seen.document, looked=0.0)
        return self.sender.look()

    def step(self) -> None:
        """What the poller does at a tick, until nothing is under way."""
        assert self.sender is not None
        until = time.monotonic() + 20
        while self.look() or self.polls.unfinished:
            self.sender.act()
            while self.polls.unfinished:
                self.polls.step(1)
            assert time.monotonic() < until, "it goes on for ever"

    def subscribe(self, reader: Reader, path: str = "/me", **fields: str) -> Said:
        wanted = {"mode": "subscribe", "topic": self.topic, "callback": reader.url + path, **fields}
        return ask(self.address, **wanted)

    def subscribed(self, reader: Reader, path: str = "/me", **fields: str) -> None:
        assert self.subscribe(reader, path, **fields).status == 202
        self.step()

    def subscriber(self, path: str = "/me") -> Subscriber | None:
        assert self.reader is not None
        return self.store.subscriber(self.topic, self.reader.url + path, self.now)

    reader: Reader | None = None


@contextmanager
def publishing(folder: Path, site: Site, reader: Reader) -> Iterator[Publishing]:
    database = new_file(folder / "hub.db")
    server = Server("127.0.0.1", 0)
    config = parse(f"hub: {{url: {server.address}, {ALLOWED}}}\n{TAGS}")
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(database)))
        readers = stack.enter_context(ExitStack())
        hub: list[Publishing] = []
        now: Callable[[], datetime] = lambda: hub[0].now  # noqa: E731
        app = create_app(
            lambda: readers.enter_context(closing(open_store(database))),
            lambda: hub[0].config,
            base_url=server.address,
            now=now,
        )
        polls = stack.enter_context(rounds.open_polls(config, store))
        polls._now = now
        polls._fetcher._clock = now  # type: ignore[attr-defined]
        polls._jitter = lambda _: 0.0
        hub.append(Publishing(store, server.address, config, polls, site, reader=reader))
        serves = threading.Thread(target=server.run, args=(app,))
        serves.start()
        stack.callback(serves.join)
        stack.callback(server.close)
        site.feed("/feed", "Ward opens")
        hub[0].configure()
        hub[0].news("Ward opens")
        yield hub[0]
