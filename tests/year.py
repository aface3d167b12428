"""A year of a member's life: its site, somebody who reads the merged feed, and the hub between them.

Everything is real but the clock: servers on loopback, libcurl, the readers,
the database, the web view. The clock jumps to whatever happens next.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from pathlib import Path

import feedparser
from flask.testing import FlaskClient
from lxml import etree

from hub.admin import feedlist
from hub.config import load
from hub.fetch.curl import CurlFetcher
from hub.gathering import MOST_PAGES
from hub.health import HealthState, health
from hub.model import FeedState
from hub.polling import rounds
from hub.polling.polls import Polls
from hub.polling.reading import Readers
from hub.store import Store, open_store
from hub.web import create_app
from tests.site import Site

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_SHOWN = 10  # articles that the member's feed shows

_WHO = ("The trust", "A charity", "The county", "Our network", "The university", "A surgery", "The council")
_DOES = ("opens", "funds", "tests", "reviews", "extends", "studies", "welcomes", "plans", "leaves")
_WHAT = (
    "a ward for stroke patients",
    "a scanner that fits a pocket",
    "lunches cooked by apprentices",
    "blood tests at home",
    "a choir for people with dementia",
    "a course for midwives",
    "rural transport for carers",
    "an app for asthma",
    "research into sleep",
    "heating by the river",
    "a library of recipes",
)
_TEXT = (
    "after spring many people there said that nurses doctors families and neighbours would see less waiting "
    "more care nearer home with help from volunteers students engineers and a board that meets each month "
    "in public while results costs and letters are read by all who asked for them since winter began"
)


@dataclass(frozen=True)
class Article:
    """What a member wrote."""

    number: int
    title: str
    text: str
    date: datetime


@dataclass
class Member:
    """A member's site, which shows what is so far by `publish`.

    Since it was `relaunched`, ids, addresses and dates are another system's.
    One that is `unwell` answers nothing else. It is `hijacked_with` items of
    RSS that somebody else wrote.
    """

    site: Site
    articles: list[Article] = field(default_factory=list)
    relaunched: datetime | None = None
    unwell: bool = False
    hijacked_with: str = ""
    written: int = 0

    def write(self, date: datetime) -> Article:
        """Write an article like no other."""
        number, self.written = self.written, self.written + 1
        chance = random.Random(number)
        said = [f"{chance.choice(_WHO)} {chance.choice(_DOES)} {chance.choice(_WHAT)}" for _ in range(6)]
        text = " ".join(f"{each} {' '.join(chance.choices(_TEXT.split(), k=14))}." for each in said)
        self.articles.append(Article(number, f"{said[0]}, part {number}", text, date))
        return self.articles[-1]

    def publish(self) -> None:
        """Have the site show all that is written, and its feed the newest."""
        self.site.pages.clear()
        for article in self.articles:
            self.site.page(self.path(article), f"<h1>{escape(article.title)}</h1>")
        items = "".join(map(self._item, reversed(self.articles[-_SHOWN:])))
        body = (
            f"<rss version='2.0'><channel><title>News</title><link>{self.site.url}/</link>"
            f"{self.hijacked_with}{items}</channel></rss>"
        )
        etag = f'"{_short(body)}"'
        self.site.page("/feed/", body, Content_Type="application/rss+xml", ETag=etag)
        if self.unwell:
            self.site.pages = dict.fromkeys(self.site.pages, (503, {}, b"unwell"))

    def move(self, to: Site) -> None:
        """Go to another domain; the old one redirects there for good."""
        for path in list(self.site.pages):
            self.site.page(path, "", status=301, Location=to.url + path)
        self.site = to
        self.publish()

    def path(self, article: Article) -> str:
        if self.relaunched is None:
            return f"/?p={article.number}"
        return f"/stories/{_short(article.title)}/"

    def _item(self, article: Article) -> str:
        id = f"wp-{article.number}" if self.relaunched is None else f"cms-{_short(article.title)}"
        date = max(article.date, self.relaunched or article.date)
        return item(article.title, article.text, self.site.url + self.path(article), id, date)


def item(title: str, text: str, link: str, id: str, date: datetime) -> str:
    """An item of RSS."""
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link>"
        f"<guid isPermaLink='false'>{id}</guid>"
        f"<pubDate>{format_datetime(date)}</pubDate><description>{escape(text)}</description></item>"
    )


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


class Subscriber:
    """Somebody who reads the merged feed: all that it told them, and what it told them to drop."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.dropped: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._etag = ""

    def look(self, hub: FlaskClient) -> None:
        """Take in the merged feed as it stands: another id, and another date of an id, are news to them."""
        answer = hub.get("/feeds/all.atom", headers={"If-None-Match": self._etag})
        if answer.status_code == 304:
            return
        self._etag, body = answer.headers["ETag"], answer.data
        for each in reversed(feedparser.parse(body).entries):
            if (each.id, each.updated) not in self._seen:
                self._seen.add((each.id, each.updated))
                self.told.append(each.title)
        for deleted in etree.fromstring(body).iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry"):
            self.dropped.add(str(deleted.attrib["ref"]))


class Network:
    """The hub of the member's network, with a hand on the clock.

    `asked` counts its polls.
    """

    def __init__(self, folder: Path, member: Member, store: Store) -> None:
        self.now = BEGINS
        self.member = member
        self.store = store
        self.subscriber = Subscriber()
        self.asked = 0
        self._found: list[HealthState] = ["waiting"]
        self._told = 1
        self.polls: Polls
        self._file = folder / "feeds.yaml"
        self._database = f"sqlite:///{folder / 'hub.db'}"
        self._chance = random.Random(7)
        self._writes_at = BEGINS + 2 * DAY
        # The stores that the web view opens, until all is over.
        self.opened = ExitStack()
        web = create_app(
            lambda: self.opened.enter_context(closing(open_store(self._database))),
            lambda: load(self._file),
            base_url="http://127.0.0.1:8000",
            now=lambda: self.now,
        )
        self._client = web.test_client()

    def live(self, days: float, *, writing: bool = True) -> None:
        """So many days pass: the member writes about twice a week, and is polled when it is due."""
        until = self.now + days * DAY
        while self.now < until:
            state = self.feed
            due = max(filter(None, (self.now, state.next_poll, state.not_before)))
            self.now = min(due, self._writes_at, until)
            if self.now == self._writes_at:
                self._writes_at += self._chance.uniform(2, 5) * DAY
                if writing:
                    self.member.write(self.now)
                    self.member.publish()
            if self.now >= due:
                self.poll()

    def poll(self) -> None:
        """Poll the feed, and have the subscriber look at what is published then."""
        self.asked += 1
        self.polls.begin([self.feed])
        while self.polls.unfinished:
            self.polls.step(1)
        state = health(self.feed, self.now, robot="tests", notices=self.store.notices()).state
        if state != self._found[-1]:
            self._found.append(state)
        self.subscriber.look(self._client)

    # ------------------------------------------------------------ what an admin sees and does

    @property
    def feed(self) -> FeedState:
        return self.store.feed_states()[0]

    def states(self) -> list[HealthState]:
        """The states that the feed was in since this was last asked, without the one that it was in then."""
        told, self._told = self._told, len(self._found)
        return self._found[told:]

    def published(self) -> list[str]:
        """The headlines of all that is published, in no order."""
        return sorted(each.entry.title for each in self.store.walk() if each.standing == "published")

    def follow_move(self) -> None:
        """Take over the address that the feed has moved to, as `hub feeds moved --apply` does."""
        feedlist.moved(self._file, self._database, None, apply=True, now=self.now)
        rounds.sync(self.store, load(self._file))

    def drop_what_waits(self) -> None:
        """Withdraw what waits, as `hub withdraw` does."""
        self.store.withdraw(self.store.waiting_of("east"), "not theirs", self.now)


@contextmanager
def network(folder: Path, member: Member) -> Iterator[Network]:
    """A hub that follows this member's feed from now on."""
    file = folder / "feeds.yaml"
    file.write_text(
        "hub: {fetch: {allow: [127.0.0.0/8], host_delay: 0s}}\n"
        "members:\n"
        "  - slug: east\n"
        "    name: Health Innovation East\n"
        f"    feeds: [{{url: {member.site.url}/feed/}}]\n"
    )
    config = load(file)
    with (
        closing(open_store(f"sqlite:///{folder / 'hub.db'}")) as store,
        closing(Readers(config.tags, config.hub.timezone)) as readers,
    ):
        made = Network(folder, member, store)
        rounds.sync(store, config)
        with made.opened, closing(CurlFetcher(config.hub.fetch, "tests", clock=lambda: made.now)) as fetcher:
            made.polls = Polls(
                fetcher=fetcher,
                readers=readers,
                store=store,
                settings=config.hub,
                authority="news.example",
                now=lambda: made.now,
                jitter=lambda _feed: 0.5,
                most_pages=MOST_PAGES,
            )
            yield made
