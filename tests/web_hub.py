"""A web view for tests, on a database of its own, with news to publish in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from lxml import html as lxml_html
from msgspec.structs import replace
from werkzeug.test import TestResponse

from hub.admin.desk import Desk
from hub.config import Config, parse
from hub.decide import decide
from hub.model import Entry, Feed, FeedKey, FeedState, FeedUpdate, Gathered, Known, PollResult, Tag, Tombstone
from hub.store import Store, open_store
from hub.store.sqlite import SqliteStore
from hub.web import create_app
from tests.entries import entry
from tests.postgresql import new_store
from tests.sqlite import new_file

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)

NETWORK = """
hub:
  title: Health innovation news
  timezone: Europe/London
members:
  - slug: wessex
    name: Health Innovation Wessex
    region: South
    homepage: https://www.wessex.example/
    feeds: [{url: https://wessex.example/feed/}, {name: blog, url: https://wessex.example/blog/feed/}]
  - slug: east
    name: Health Innovation East
    homepage: https://east.example/
    feeds: [{url: https://east.example/feed/}]
  - slug: national
    name: National body
    type: national
    feeds: [{url: https://national.example/feed/}]
tags:
  - {term: safety, label: Patient safety, any: [safety]}
  - {term: stroke, label: Stroke, any: [stroke]}
merged_feeds:
  - {slug: safe-south, title: Safety in the south, filter: "tag:safety and region:South"}
"""

WESSEX, BLOG, EAST, NATIONAL = (
    FeedKey("wessex"),
    FeedKey("wessex", "blog"),
    FeedKey("east"),
    FeedKey("national"),
)
SAFETY = Tag("safety", "matches ‘safety’ in the title")


class Compiled(BytecodeCache):
    """Templates that were compiled by one web view for those after it, by what they say."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._found.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._found[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


class Hub:
    """A web view on a database of its own, with a hand on its clock and its configuration."""

    def __init__(
        self,
        folder: Path,
        text: str = NETWORK,
        *,
        templates: Path | None = None,
        open_with: Callable[[], Store] | None = None,
        desk: Desk | None = None,
        database: str | None = None,
    ) -> None:
        self.now = NOW
        self.file = folder / "hub.db"
        self.database = database or f"sqlite:///{self.file}"
        if database is None and not self.file.exists():
            new_file(self.file)
        self.stores: list[Store] = []
        self.app = create_app(
            open_with or self._open,
            lambda: self.config,
            base_url="http://127.0.0.1:8000",
            templates=templates,
            now=lambda: self.now,
            desk=desk,
        )
        self.app.site.environment.bytecode_cache = COMPILED
        self.configure(text)
        self.client = self.app.test_client()

    def _open(self) -> Store:
        self.stores.append(open_store(self.database))
        return self.stores[-1]

    def close(self) -> None:
        for store in self.stores:
            store.close()

    @property
    def store(self) -> Store:
        return self.stores[0]

    def configure(self, text: str) -> None:
        self.config: Config = parse(text)
        if not self.stores:
            self._open()
        self.store.sync(self.config.members, self.config.feeds, authority="news.example")

    def feed(self, key: FeedKey) -> Feed:
        return next(feed for feed in self.config.feeds if feed.key == key)

    def settle(self, gathered: Gathered, at: datetime) -> None:
        """Settle a poll, which has the error that it was gathered with."""
        (result,) = self.settle_together([gathered], at)
        assert result.error == gathered.error

    def settle_together(self, polls: Sequence[Gathered], at: datetime) -> tuple[PollResult, ...]:
        def deciding(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
            return decide(gathered, state, known, now=at, settings=self.config.hub, authority="news.example")

        return self.store.settle(polls, deciding)

    def poll(
        self, key: FeedKey, *entries: Entry, at: datetime = NOW, tombstones: tuple[Tombstone, ...] = ()
    ) -> Gathered:
        """A poll that brings these entries, and tombstones of others."""
        feed = self.feed(key)
        found = tuple(replace(each, feed=key) for each in entries)
        return Gathered(
            feed=feed,
            outcome="fetched",
            started=at,
            url=feed.url,
            body_digest=f"{at} {len(found)}",
            entries=found,
            tombstones=tombstones,
        )

    def publish(
        self, key: FeedKey, *entries: Entry, at: datetime = NOW, tombstones: tuple[Tombstone, ...] = ()
    ) -> None:
        """Have such a poll settled."""
        self.settle(self.poll(key, *entries, at=at, tombstones=tombstones), at)

    def begin_long_ago(self) -> None:
        """Have had news for a month, which was withdrawn, so that what feeds hold first is their past."""
        self.publish(NATIONAL, news("first", "What came in first"), at=ago(days=30))
        self.store.withdraw([each.key for each in self.store.walk()], "", ago(days=30))

    def fail(self, key: FeedKey, error: str, reason: str, at: datetime = NOW) -> None:
        feed = self.feed(key)
        self.settle(
            Gathered(feed=feed, outcome="failed", started=at, url=feed.url, error=error, reason=reason), at
        )

    def make_bitmaps(self) -> None:
        """Have the bitmaps made of all blocks that are full."""
        with closing(SqliteStore(self.file)) as store:
            missing = True
            while missing:
                with store._writing():
                    missing = store._make_bitmaps()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement gives, past the store."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            return connection.execute(statement).fetchall()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={name.replace("_", "-"): of for name, of in headers.items()})

    def html(self, path: str, status: int = 200, **headers: str) -> str:
        response = self.get(path, **headers)
        assert response.status_code == status, response.text
        assert response.mimetype == "text/html"
        return response.text

    def tree(self, path: str, status: int = 200, **headers: str) -> Any:
        return lxml_html.fromstring(
            self.html(path, status, **headers).encode(), parser=lxml_html.HTMLParser(encoding="utf-8")
        )

    def words(self, path: str, status: int = 200) -> str:
        """What stands in the main part of a page, in one line."""
        return " ".join(self.tree(path, status).find(".//main").text_content().split())

    def json(self, path: str, status: int = 200) -> Any:
        response = self.get(path)
        assert response.status_code == status, response.text
        assert response.mimetype == "application/json"
        return response.json

    def headlines(self, path: str) -> list[str]:
        return [
            found.text_content()
            for found in self.tree(path).xpath("//article//*[contains(@class, 'headline')]")
        ]


def a_hub(folder: Path, kind: str = "sqlite") -> Iterator[Hub]:
    """A hub with a database of this kind, closed afterwards."""
    with (
        new_store() if kind == "postgresql" else nullcontext() as database,
        closing(Hub(folder, database=database)) as made,
    ):
        yield made


def news(id: str, title: str | None = None, *, at: datetime = NOW, **more: Any) -> Entry:
    """An entry that was published at a time."""
    fields = {name: more.pop(name) for name in list(more) if name not in ("text", "link", "tags")}
    return replace(entry(id, title=title, published=at, **more), **fields)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def hrefs(tree: Any, words: str) -> list[str]:
    """Where the links of these words lead."""
    return [a.get("href") for a in tree.iter("a") if " ".join(a.text_content().split()) == words]
