"""What stands in a document as it did in the last one is not read again, and all comes out as if it were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as some

from hub import poll
from hub.fetch import Fetched
from hub.model import Feed, FeedKey, HubSettings, LastDocument, Member, TagRule, Validators
from hub.reader import Document, Reader
from hub.store import open_store
from tests.sqlite import new_file

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FEED = Feed(key=FeedKey("east"), url="https://east.example/feed")
READER = Reader((TagRule(term="ward", label="Wards", any=("ward",)),), "UTC")
# It stands in each text, as a footer does.
HOUSE = "The network of the east is here for all who live there and for their neighbours."
WORDS = (
    "A ward opens in spring",
    "Midwives learn by film",
    "The board meets on Monday",
    "Beds are free again",
)


class Polling:
    """A feed's polls, an hour apart, into a database of its own: as the hub's are, or reading all of it."""

    def __init__(self, folder: Path, *, skims: bool) -> None:
        self.skims = skims
        self.file = folder / f"{'skims' if skims else 'reads'}.db"
        self.store = open_store(new_file(self.file))
        self.store.sync([Member(slug="east", name="East")], [FEED], authority="hub.example")
        self.now = NOW
        self.skimmed = 0

    def poll(self, body: bytes) -> tuple[int, int, str | None]:
        """How many entries were new, and how many updated; the error, if there was one."""
        self.now += timedelta(hours=1)
        (state,) = self.store.feed_states()
        answer = Fetched(
            url=FEED.url, status=200, content_type=None, body=body, validators=Validators(), seconds=0.0
        )
        gathered = poll.fetched(state, FEED.url, answer, started=self.now)
        if not gathered.unchanged:
            last = LastDocument()
            if self.skims and poll.may_skim(state, now=self.now):
                last = self.store.last_document(FEED.key)
            reading = READER.read(Document(feed=FEED, url=FEED.url, body=body, last=last))
            self.skimmed += sum(entry.written in last.entries for entry in reading.entries)
            gathered = poll.read(gathered, reading)
        decide = poll.decider(HubSettings(), authority="hub.example", owners={}, clock=lambda: self.now)
        (result,) = self.store.settle([gathered], decide)
        return result.new, result.updated, result.error

    def all_that_is_stored(self) -> dict[str, list[tuple[Any, ...]]]:
        with closing(sqlite3.connect(self.file)) as database:
            # By chance, and another in each database. What is not committed is undone.
            database.execute("UPDATE state SET mark = ''")
            tables = database.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%'")
            return {
                name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
                for (name,) in tables.fetchall()
                if not name.startswith(("_", "sqlite_"))
            }


class Site:
    """A site whose feed is edited."""

    def __init__(self) -> None:
        self.items: list[dict[str, str]] = []
        self.added = 0
        self.channel = "<language>en</language>"

    def edit(self, what: str, which: int, how: int) -> None:
        if what == "add" or not self.items:
            self.added += 1
            number = self.added
            self.items.insert(
                which % (len(self.items) + 1),
                {
                    "guid": f"<guid isPermaLink='false'>id-{number}</guid>",
                    "link": f"<link>https://east.example/{number}</link>",
                    "title": f"<title>{WORDS[how % 4]}, number {number}</title>",
                    "text": f"<description>{WORDS[number % 4]}. {HOUSE} It is the {number}th.</description>",
                    "date": f"<pubDate>{format_datetime(NOW - timedelta(hours=number))}</pubDate>",
                },
            )
            return
        item, other = self.items[which % len(self.items)], self.items[how % len(self.items)]
        match what:
            case "drop":
                self.items.remove(item)
            case "swap":
                item["guid"], other["guid"] = other["guid"], item["guid"]
            case "share":
                item["guid"] = other["guid"]
            case "move":
                self.items.remove(item)
                self.items.append(item)
            case "guid":
                item["guid"] = f"<guid isPermaLink='false'>other-{how}</guid>" if how % 5 else ""
            case "link":
                item["link"] = f"<link>https://east.example/{which % 3}?p={how % 3}</link>"
            case "title":
                item["title"] = f"<title>{WORDS[how % 4]}, once more</title>"
            case "text":
                item["text"] = f"<description>{WORDS[how % 4]}. {HOUSE} It is so.</description>"
            case "markup":
                item["text"] = item["text"].replace(HOUSE, f"&lt;b&gt;{HOUSE}&lt;/b&gt;")
            case "date":
                item["date"] = (
                    f"<pubDate>{format_datetime(NOW - timedelta(hours=how))}</pubDate>" if how else ""
                )
            case "author":
                item["author"] = f"<author>author-{how}@east.example</author>"
            case "channel":
                self.channel = f"<language>{('en', 'cy')[how % 2]}</language>"

    @property
    def feed(self) -> bytes:
        items = "".join(f"<item>{''.join(item.values())}</item>" for item in self.items)
        return (
            f"<rss version='2.0'><channel><title>East</title>{self.channel}{items}</channel></rss>".encode()
        )


ENTRIES = ("add", "drop", "swap", "share", "move", "channel", "nothing", "nothing")
ELEMENTS = ("guid", "link", "title", "text", "markup", "date", "author")
AN_EDIT = some.tuples(some.sampled_from(ENTRIES + ELEMENTS), some.integers(0, 9), some.integers(0, 9))
A_DAY = [("nothing", 0, 0)]


@settings(max_examples=40, deadline=None)
@given(some.integers(1, 8), some.lists(some.lists(AN_EDIT, max_size=3), min_size=1, max_size=9))
@example(4, [A_DAY, [("text", 0, 1)], [("text", 0, 2)], [("text", 0, 1)], A_DAY, A_DAY])
@example(4, [A_DAY, [("link", 0, 1)], A_DAY, [("author", 1, 1)], A_DAY, A_DAY])
@example(3, [A_DAY, [("share", 0, 1)], A_DAY, [("text", 0, 3)], A_DAY])
def test_a_feed_is_stored_as_if_all_of_it_were_read_each_time(
    begins_with: int, edits: list[list[tuple[str, int, int]]]
) -> None:
    site = Site()
    for number in range(begins_with):
        site.edit("add", 0, number)
    with TemporaryDirectory() as folder:
        skims, reads = (Polling(Path(folder), skims=skims) for skims in (True, False))
        with closing(skims.store), closing(reads.store):
            for edits_of_hour in [[], *edits]:
                for edit in edits_of_hour:
                    site.edit(*edit)
                assert skims.poll(site.feed) == reads.poll(site.feed)
                assert skims.all_that_is_stored() == reads.all_that_is_stored()


def test_what_is_written_as_it_was_is_not_read_again_but_told_apart_by_its_neighbours(tmp_path: Path) -> None:
    site, polling = Site(), Polling(tmp_path, skims=True)
    with closing(polling.store):
        for number in range(5):
            site.edit("add", 0, number)
        assert polling.poll(site.feed) == (5, 0, None)
        site.edit("add", 0, 1)
        site.edit("text", 2, 1)
        assert polling.poll(site.feed) == (1, 1, None)
        assert polling.skimmed == 4
        site.edit("channel", 0, 1)
        assert polling.poll(site.feed) == (0, 0, None)
        assert polling.skimmed == 4, "the channel says something else of each of them"
