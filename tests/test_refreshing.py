"""What members put right besides their words reaches readers, and tells them nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub import normalise
from hub.decide import refreshing
from hub.model import (
    SEEN_ONCE,
    Category,
    Enclosure,
    Entry,
    InWindow,
    Person,
    PollResult,
    Selection,
    StoredEntry,
    TagRule,
)
from hub.store import open_store
from hub.stories import Recognised, mark
from tests.entries import entry
from tests.known import stored
from tests.older import older_database
from tests.polled import NOW, Polled
from tests.site import Site, serving

RULES = (
    TagRule(term="stroke", label="Stroke", any=("stroke",), fields=("category",)),
    TagRule(term="beds", label="Beds", any=("beds",)),
)
BOOK = "<p>Beds are free. <a href='https://book.example/{}'>Book one</a>.</p>"


class Network(Polled):
    """A member's feed of one entry and one more, polled with a hand on the clock."""

    def __init__(self, site: Site, folder: Path) -> None:
        super().__init__(site, folder, rules=RULES)

    def carry(self, html: str = BOOK.format(1), more: str = "", at: str = "https://east.example/a") -> None:
        """Have the feed carry an entry with this text and these elements, under an ETag."""
        self._carry(
            f"<item><guid isPermaLink='false'>{at[-1]}</guid><title>Ward</title><link>{at}</link>"
            f"<description><![CDATA[{html}]]></description>{more}</item>"
        )

    def carry_the_other(self) -> None:
        """Have the feed carry the one more alone."""
        self._carry("")

    def _carry(self, items: str) -> None:
        body = (
            f"<rss version='2.0'><channel><title>East</title>{items}"
            "<item><guid isPermaLink='false'>b</guid><title>Another</title><link>https://east.example/b</link>"
            "<description>Nothing of it changes.</description></item></channel></rss>"
        )
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()}"'
        self.site.page("/feed", body, Content_Type="application/rss+xml", ETag=etag)

    def poll(self) -> tuple[int, int]:
        """How many entries were new, and how many updated."""
        self.now += timedelta(hours=1)
        results: list[PollResult] = []
        self.polls.begin(self.store.feed_states())
        while self.polls.unfinished:
            results += self.polls.step(1)
        (result,) = results
        assert result.error is None
        return result.new, result.updated

    @property
    def stored(self) -> StoredEntry:
        (found,) = self.store.find("a")
        return found

    def was_conditional(self) -> bool:
        """Whether the last request was."""
        return "if-none-match" in self.site.asked[-1][1]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with serving() as site:
        made = Network(site, tmp_path)
        made.carry()
        assert made.poll() == (2, 0)
        yield made
        assert made.store.check() == ()
        made.close()


def test_a_link_that_was_put_right_is_had_with_the_second_document_that_has_it(network: Network) -> None:
    before, version = network.stored, network.store.version()
    network.carry(BOOK.format(2))
    assert network.poll() == (0, 0)
    assert network.stored == before, "it may be another at each visit"
    assert network.store.version() == version
    assert network.poll() == (0, 0)
    assert not network.was_conditional(), "what was seen is looked at once more"
    after = network.stored
    assert "https://book.example/2" in after.entry.content + after.entry.summary
    assert (after.changed, after.date, after.atom_id) == (before.changed, before.date, before.atom_id)
    assert network.store.revisions(after.key) == ()
    assert network.store.version() > version
    version = network.store.version()
    for _ in range(2):
        assert network.poll() == (0, 0)
        assert network.was_conditional()
    assert network.store.version() == version


@pytest.mark.parametrize(
    ("more", "has"),
    [
        ("<enclosure url='https://east.example/2.mp3' type='audio/mpeg' length='9'/>", "enclosures"),
        ("<author>ann@east.example (Ann)</author>", "authors"),
        ("<pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate>", "published"),
        ("<category>Stroke</category>", "categories"),
    ],
)
def test_so_are_files_people_dates_and_categories(network: Network, more: str, has: str) -> None:
    network.carry(more=more)
    network.poll()
    before = network.stored
    assert not getattr(before.entry, has)
    network.poll()
    after = network.stored
    assert getattr(after.entry, has)
    assert after.date == before.date, "the date that is sorted by stays"


def test_an_article_is_known_by_the_date_that_it_was_given_later(network: Network) -> None:
    later = "<pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate>"
    network.carry(more="<pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate>")
    network.poll()
    network.poll()
    network.carry(more=later)
    network.poll()
    network.poll()
    network.carry(more=later, at="https://new.example/post-1")
    assert network.poll() == (0, 0), "with another id and link"


def test_what_was_put_right_while_it_was_out_of_its_feed_is_had_once_it_is_back(network: Network) -> None:
    before = network.stored
    network.carry_the_other()
    network.poll()
    network.carry(BOOK.format(2))
    for _ in range(2):
        assert network.poll() == (0, 0)
    after = network.stored
    assert "https://book.example/2" in after.entry.content + after.entry.summary
    assert (after.changed, after.date, after.atom_id) == (before.changed, before.date, before.atom_id)
    version = network.store.version()
    for _ in range(2):
        assert network.poll() == (0, 0)
        assert network.was_conditional()
    assert network.store.version() == version


def test_an_article_that_came_back_with_another_date_is_known_by_it_when_its_site_is_made_anew(
    network: Network,
) -> None:
    network.carry_the_other()
    network.poll()
    later = "<pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate>"
    network.carry(more=later)
    network.poll()
    network.poll()
    network.carry(more=later, at="https://new.example/post-1")
    assert network.poll() == (0, 0), "with another id and link"


def test_a_category_brings_the_tags_that_it_means(network: Network) -> None:
    network.carry(more="<category>Stroke</category>")
    network.poll()
    network.poll()
    assert [tag.term for tag in network.stored.entry.tags] == ["stroke", "beds"]
    assert network.store.tag_counts() == {"stroke": 1, "beds": 1}


def test_what_is_another_at_each_visit_is_never_taken(network: Network) -> None:
    before, version = network.stored, network.store.version()
    for number in range(2, 6):
        network.carry(BOOK.format(number))
        assert network.poll() == (0, 0)
    assert network.was_conditional(), "the feed is asked once without its validators, and no more"
    for number in (2, 3, 2, 3):
        network.carry(BOOK.format(number))
        network.poll()
    assert network.stored == before
    assert network.store.version() == version


def test_what_goes_back_at_once_is_read_once_more_and_no_more(network: Network) -> None:
    network.carry(BOOK.format(2))
    network.poll()
    network.carry(BOOK.format(1))
    network.poll()
    network.poll()
    assert "https://book.example/1" in network.stored.entry.content + network.stored.entry.summary
    network.poll()
    assert network.was_conditional()


def test_a_correction_of_words_brings_the_rest_at_once(network: Network) -> None:
    network.carry(BOOK.format(2).replace("Beds are", "Five beds are"))
    assert network.poll() == (0, 1)
    assert "https://book.example/2" in network.stored.entry.content + network.stored.entry.summary
    network.poll()
    assert network.was_conditional()


def test_where_readers_came_from_is_no_difference(network: Network) -> None:
    network.carry(BOOK.format("1?utm_source=news&amp;utm_medium=rss"))
    version = network.store.version()
    for _ in range(2):
        assert network.poll() == (0, 0)
    assert network.store.version() == version
    assert network.was_conditional()


def test_withheld_news_is_refreshed_and_moves_nothing_that_is_published(network: Network) -> None:
    network.store.withdraw([network.stored.key], "it is wrong", network.now)
    network.carry(BOOK.format(2))
    version = network.store.version()
    network.poll()
    network.poll()
    assert "https://book.example/2" in network.stored.entry.content + network.stored.entry.summary
    assert network.store.version() == version
    assert [story.lead.entry.id for story in network.store.stories(Selection(), limit=9).items] == ["b"]


def in_the_window(key: int, rest: int) -> InWindow:
    return InWindow(key=key, date=None, rest=rest, written=0)


def test_a_document_is_looked_at_once_more_though_other_entries_differ_each_time() -> None:
    entries = [replace(entry(id), rest=10) for id in "ab"]
    recognised = [Recognised(each, stored(each, key=key)) for key, each in enumerate(entries, 1)]
    as_before, seen_once = 20, 30 | SEEN_ONCE
    for rests, again in (
        ((as_before, seen_once), True),
        ((seen_once, as_before), True),
        ((seen_once, seen_once), False),
    ):
        before = tuple(in_the_window(key, rest) for key, rest in enumerate(rests, 1))
        _, refreshed, first_seen = refreshing.compared(
            recognised, before, changed=(), relinked=(), as_known=()
        )
        assert (refreshed, first_seen) == ((), again)


def test_what_has_another_link_now_or_was_not_read_is_refreshed_by_a_later_document() -> None:
    said = replace(entry("a"), rest=10)
    recognised = [Recognised(said, stored(said, key=7))]
    before = (in_the_window(7, 10 | SEEN_ONCE),)
    for relinked, as_known in (({7}, set()), (set(), {mark(said)})):
        window, refreshed, _ = refreshing.compared(
            recognised, before, changed=(), relinked=relinked, as_known=as_known
        )
        assert refreshed == ()
        _, (later,), _ = refreshing.compared(recognised, window, changed=(), relinked=(), as_known=())
        assert later.key == 7


AN_ENTRY = replace(
    entry("a", title="Ward", text="Beds are free."),
    content='<p>Beds are <a href="https://a.example/?p=1">free</a>. <img src="https://a.example/a.jpg"></p>',
)


@pytest.mark.parametrize(
    "other",
    [
        replace(AN_ENTRY, content=AN_ENTRY.content.replace("p=1", "p=2")),
        replace(AN_ENTRY, content=AN_ENTRY.content.replace("a.jpg", "b.jpg")),
        replace(AN_ENTRY, content=AN_ENTRY.content.replace(".jpg", '.jpg" alt="A ward')),
        replace(AN_ENTRY, summary='<p><a href="https://a.example/b">More</a></p>'),
        replace(AN_ENTRY, image="https://a.example/c.jpg"),
        replace(AN_ENTRY, enclosures=(Enclosure("https://a.example/a.mp3"),)),
        replace(AN_ENTRY, authors=(Person("Ann"),)),
        replace(AN_ENTRY, categories=(Category("Stroke"),)),
        replace(AN_ENTRY, published=NOW - timedelta(days=9)),
        replace(AN_ENTRY, event_date=NOW.date()),
        replace(AN_ENTRY, rights="Ours"),
    ],
)
def test_whatever_is_published_besides_the_words_makes_a_difference(other: Entry) -> None:
    numbers = {normalise.rest(AN_ENTRY), normalise.rest(other)}
    assert len(numbers) == 2
    assert all(number % 2 == 0 and number for number in numbers)


@pytest.mark.parametrize(
    "same",
    [
        replace(AN_ENTRY, content=AN_ENTRY.content.replace("<p>", "<div><p>")),
        replace(AN_ENTRY, content=AN_ENTRY.content.replace("p=1", "p=1&amp;utm_source=x")),
        replace(AN_ENTRY, title="A ward", text="Other words", updated=NOW),
    ],
)
def test_words_and_markup_make_none(same: Entry) -> None:
    assert normalise.rest(AN_ENTRY) == normalise.rest(same)


def test_what_an_earlier_hub_read_of_the_same_words_is_no_difference(
    network: Network, tmp_path: Path
) -> None:
    before = network.stored
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db, db:
        db.execute(
            "UPDATE entries SET excerpt = excerpt || ' Continue reading →', text = text || ' The post'"
        )
    for document in range(3):
        network.carry(more=f"<comments>https://east.example/{document}</comments>")
        assert network.poll() == (0, 0)
    after = network.stored
    assert (after.changed, after.date) == (before.changed, before.date)
    assert network.store.revisions(after.key) == ()


def test_of_a_database_of_before_nothing_is_refreshed_until_it_differs(tmp_path: Path) -> None:
    before = "m023_what_entries_have_besides_their_words"
    with closing(older_database(tmp_path / "older.db", before=before)) as older:
        older.execute("PRAGMA foreign_keys = OFF")
        older.execute("INSERT INTO windows VALUES (1, ?)", (array("q", (7, 1_700_000_000, 8, 5)).tobytes(),))
    open_store(f"sqlite:///{tmp_path}/older.db").close()
    with closing(sqlite3.connect(tmp_path / "older.db")) as now:
        ((packed,),) = now.execute("SELECT entries FROM windows").fetchall()
    assert [*array("q", packed)] == [7, 1_700_000_000, 0, 0, 8, 5, 0, 0]
