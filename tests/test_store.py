"""The Store protocol. A test that takes `store` is a test of every implementation."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import fields, replace
from sqlite_utils import Database

from hub.config.values import check_slug
from hub.decide import decide
from hub.errors import StoreError, StoreUnusable
from hub.model import (
    And,
    AuditRecord,
    Entry,
    Feed,
    FeedInfo,
    FeedKey,
    FeedState,
    FeedUpdate,
    Filter,
    Gathered,
    HubSettings,
    Identity,
    Known,
    LastDocument,
    Listing,
    Member,
    Move,
    Not,
    Offer,
    Or,
    Selection,
    Sketch,
    Tag,
    Term,
    Validators,
    Wishes,
)
from hub.store import (
    BadCursor,
    Decide,
    Store,
    back_up,
    database_file,
    existing_store,
    open_store,
    statements,
)
from hub.store.cursors import write_cursor
from hub.store.sqlite import SqliteStore
from hub.store.sqlite.copying import Original
from hub.store.sqlite.migrations import migrations
from hub.stories import mark
from tests.entries import entry
from tests.older import older_database
from tests.postgresql import new_store
from tests.sqlite import new_file

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EAST = Feed(key=FeedKey("east"), url="https://east.example/feed/")
WEST = Feed(key=FeedKey("west"), url="https://west.example/feed/")
WEST_BLOG = Feed(key=FeedKey("west", "blog"), url="https://west.example/blog/feed/", tags=("blog",))
MEMBERS = (
    Member(slug="east", name="East", region="East"),
    Member(slug="west", name="West", type="partner", region="West"),
)
FEEDS = (EAST, WEST, WEST_BLOG)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield new_file(tmp_path / "hub.db")
    else:
        with new_store() as address:
            yield address


in_a_file = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url)
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    yield store
    store.close()


def decider(now: datetime = NOW) -> Decide:
    def at(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        return decide(gathered, state, known, now=now, settings=HubSettings(), authority="news.example.org")

    return at


def document(feed: Feed, *entries: Entry, at: datetime = NOW) -> Gathered:
    """A poll that brought these entries, the first the newest."""
    return Gathered(
        feed=feed,
        outcome="fetched",
        started=at,
        url=feed.url,
        status=200,
        validators=Validators(etag='"1"'),
        body_digest=f"{at}",
        info=FeedInfo(title=f"News of {feed.key}", link=f"https://{feed.key.member}.example/"),
        entries=entries,
    )


def poll(store: Store, feed: Feed, *entries: Entry, at: datetime = NOW) -> tuple[int, int]:
    (result,) = store.settle([document(feed, *entries, at=at)], decider(at))
    assert result.error is None
    return result.new, result.updated


def titles(store: Store, selection: Selection = Selection()) -> list[str]:
    return [story.shown.entry.title for story in store.stories(selection, limit=100).items]


# ---------------------------------------------------------------- polls


def test_an_entry_is_new_once(store: Store) -> None:
    assert poll(store, EAST, entry("a"), entry("b")) == (2, 0)
    assert poll(store, EAST, entry("a"), entry("b"), at=NOW + timedelta(hours=1)) == (0, 0)
    assert titles(store) == ["News a", "News b"]


def test_the_links_of_a_feed_are_those_of_its_last_document(store: Store) -> None:
    poll(store, EAST, entry("a"), entry("b"))
    poll(store, EAST, entry("c"), entry("b"), at=NOW + timedelta(hours=1))
    poll(store, WEST, entry("w", feed=WEST.key))
    poll(store, WEST_BLOG, entry("blog", feed=WEST_BLOG.key))
    assert sorted(store.links(EAST.key)) == ["https://east.example/b", "https://east.example/c"]
    assert store.links(WEST.key) == ("https://west.example/w",)
    assert store.links(FeedKey("east", "none")) == ()


def test_entries_of_one_moment_keep_the_order_of_their_document(store: Store) -> None:
    moment = NOW - timedelta(days=1)
    poll(store, EAST, *(entry(id, published=moment) for id in "abc"))
    assert titles(store) == ["News a", "News b", "News c"]


def test_everything_an_entry_says_comes_back_as_it_was_stored(store: Store) -> None:
    full = entry("a", full=True)
    poll(store, EAST, full)
    (stored,) = store.entries(limit=10).items
    assert stored.entry == replace(full, sketch=Sketch())
    assert stored.member == MEMBERS[0]
    assert stored.feed_url == EAST.url
    assert (stored.first_seen, stored.changed, stored.date) == (NOW, NOW, full.published)


def test_a_correction_is_told_once_and_keeps_its_place(store: Store) -> None:
    poll(store, EAST, entry("a"), entry("b", published=NOW - timedelta(days=2)))
    later = NOW + timedelta(hours=1)
    corrected = entry("b", text="1,200 patients", published=later)
    assert poll(store, EAST, entry("a"), corrected, at=later) == (0, 1)
    assert poll(store, EAST, entry("a"), corrected, at=later + timedelta(hours=1)) == (0, 0)
    assert titles(store) == titles(store, Selection(told=True)) == ["News a", "News b"]
    stored = store.stories(limit=10).items[1].shown
    assert (stored.date, stored.changed) == (NOW - timedelta(days=2), later)


def test_words_that_an_earlier_hub_counted_otherwise_are_no_correction(store: Store) -> None:
    poll(store, EAST, replace(entry("a"), fingerprint="by an earlier hub"), entry("b"))
    later = NOW + timedelta(hours=1)
    assert poll(store, EAST, entry("a"), entry("b", text="Other words."), at=later) == (0, 1)
    changed = {each.entry.title: each.changed for each in store.entries(limit=9).items}
    assert changed == {"News a": NOW, "News b": later}


def test_a_correction_that_has_other_tags_is_listed_by_these_alone(store: Store) -> None:
    def listed() -> dict[str, list[str]]:
        return {term: titles(store, Selection(filter=Term("tag", term))) for term in ("devices", "safety")}

    poll(store, EAST, entry("a", tags=(Tag("devices", "a rule"),)))
    assert listed() == {"devices": ["News a"], "safety": []}
    corrected = entry("a", text="It is not safe.", tags=(Tag("safety", "a rule"),))
    assert poll(store, EAST, corrected, at=NOW + timedelta(hours=1)) == (0, 1)
    assert listed() == {"devices": [], "safety": ["News a"]}
    assert store.tag_counts() == {"safety": 1}
    assert store.check() == ()


def test_a_correction_that_members_make_one_after_the_other_updates_the_story_once(store: Store) -> None:
    def told(id: str, feed: Feed, figure: str) -> Entry:
        words = " ".join(f"word{number}" for number in range(160))
        return entry(id, title="A clinic for legs", text=f"{figure} patients. {words}", feed=feed.key)

    def updated() -> datetime:
        (story,) = store.stories(limit=10).items
        assert len(story.entries) == 2
        return story.updated

    poll(store, EAST, told("e", EAST, "1,200"))
    poll(store, WEST, told("w", WEST, "1,200"))
    corrected, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert poll(store, EAST, told("e", EAST, "1,300"), at=corrected) == (0, 1)
    assert updated() == corrected
    assert poll(store, WEST, told("w", WEST, "1,300"), at=later) == (0, 1)
    assert updated() == corrected


def test_a_poll_that_could_not_settle_until_another_had_puts_no_older_words_back(store: Store) -> None:
    poll(store, EAST, entry("1", title="First"))
    (before,) = store.feed_states("east")
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    old = replace(document(EAST, entry("1", title="Second"), at=later), since=before.polled)
    new = replace(document(EAST, entry("1", title="Third"), at=latest), since=before.polled)
    assert len(store.settle([new], decider(latest))) == 1
    assert store.settle([old], decider(latest)) == ()
    assert titles(store) == ["Third"]
    (state,) = store.feed_states("east")
    assert state.polled == latest
    asked = replace(old, since=state.polled)
    assert len(store.settle([asked], decider(latest))) == 1


def test_a_failed_poll_keeps_the_entries_already_stored(store: Store) -> None:
    poll(store, EAST, entry("a"))
    failed = Gathered(
        feed=EAST,
        outcome="failed",
        started=NOW,
        url=EAST.url,
        error="no answer",
        remedy="wait",
        reason="timeout",
    )
    (result,) = store.settle([failed], decider())
    assert (result.outcome, result.error) == ("failed", "no answer")
    state = store.feed_states()[0]
    assert (state.error, state.remedy, state.failures, state.failing_since) == ("no answer", "wait", 1, NOW)
    assert titles(store) == ["News a"]


def test_polls_of_one_batch_see_those_before_them(store: Store) -> None:
    shared = "https://east.example/joint"
    store.settle(
        [
            document(EAST, entry("a", link=shared)),
            document(WEST, entry("w", title="News a", link=shared, feed=WEST.key)),
        ],
        decider(),
    )
    (story,) = store.stories(limit=10).items
    assert [stored.member.slug for stored in story.entries] == ["east", "west"]
    assert story.entries[1].why == "the same link and title as East’s"


@pytest.mark.parametrize("first", [0, 1])
def test_a_poll_that_cannot_be_applied_is_undone_alone(store: Store, first: int) -> None:
    def refusing(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        update = decider()(gathered, state, known)
        if gathered.feed == EAST and update.new:
            # Two entries under one atom:id, which the database refuses after it took the first.
            update = replace(update, new=(update.new[0], replace(update.new[0], why="again")))
        return update

    polls = [document(EAST, entry("a")), document(WEST, entry("w", feed=WEST.key))]
    results = store.settle([polls[first], polls[1 - first]], refusing)
    assert {str(result.feed.key): result.outcome for result in results} == {
        "east/news": "failed",
        "west/news": "fetched",
    }
    assert "could not be stored" in (results[first].error or "")
    assert titles(store) == ["News w"]
    assert store.check() == ()


def test_a_feeds_document_is_marked_by_those_of_its_entries_that_have_ids(store: Store) -> None:
    assert store.last_document(EAST.key) == LastDocument()
    poll(store, EAST, entry("a"), entry("b"), entry(None, title="Without an id"))
    poll(store, WEST, entry("w", feed=WEST.key))
    poll(store, EAST, entry("b"), entry("a", text="Other words."), at=NOW + timedelta(hours=1))
    (b, a) = entry("b"), entry("a", text="Other words.")
    assert store.last_document(EAST.key).marks == {mark(a), mark(b)}
    assert store.last_document(FeedKey("north")) == LastDocument()


def test_an_entry_that_is_no_longer_known_is_not_stored_as_it_was_read_when_it_was(store: Store) -> None:
    unread = entry("a")
    skimmed = replace(document(EAST, entry("b"), unread), as_known=frozenset({mark(unread)}))
    (result,) = store.settle([skimmed], decider())
    assert result.outcome == "failed"
    assert "an entry of it was changed in the database while it was read" in (result.error or "")
    assert result.remedy == "The next poll takes care of it."
    assert titles(store) == []
    (state, *_) = store.feed_states()
    assert state.etag is None
    assert poll(store, EAST, entry("b"), unread, at=NOW + timedelta(hours=1)) == (2, 0)
    (result,) = store.settle([replace(skimmed, started=NOW + timedelta(hours=2))], decider())
    assert (result.outcome, result.new) == ("fetched", 0)


def test_two_pollers_at_once_never_make_two_stories_of_one(store: Store, url: str) -> None:
    failures: list[BaseException] = []

    def told(number: int, feed: Feed) -> Entry:
        """One of forty joint announcements: every other is known as one by its words alone."""
        if number % 2:
            link = f"https://east.example/joint/{number}"
            return entry(f"{feed.key}{number}", title=f"Joint {number}", link=link, feed=feed.key)
        words = " ".join(f"w{number}x{word}" for word in range(40))
        title = f"{feed.key.member} on {number} by {feed.key.name}"
        return entry(f"{feed.key}{number}", title=title, text=words, feed=feed.key)

    def poller(feed: Feed) -> None:
        try:
            mine = open_store(url)
            for number in range(40):
                poll(mine, feed, told(number, feed))
            mine.close()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=poller, args=(feed,)) for feed in FEEDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    stories = store.stories(limit=100).items
    assert len(stories) == 40
    assert {len(story.entries) for story in stories} == {3}


def test_a_link_that_led_elsewhere_by_then_makes_no_copy_of_what_came_with_it(store: Store) -> None:
    former, title = "https://east.example/latest", "Beds for the harbour clinic"
    ours, theirs = "The trust has bought nine beds.", "Volunteers sew curtains on a long evening."
    poll(store, EAST, entry("a", title=title, text=ours, link=former))
    together = [
        document(EAST, entry("a", title=title, text=ours, link="https://east.example/beds")),
        document(WEST, entry("w", title=title, text=theirs, link=former, feed=WEST.key)),
    ]
    store.settle(together, decider())
    assert [len(story.entries) for story in store.stories(limit=10).items] == [1, 1]


def test_rewritten_news_leaves_its_story_and_the_story_goes_on(store: Store) -> None:
    link = "https://east.example/joint"
    poll(store, EAST, entry("a", title="Joint", link=link))
    poll(store, WEST, entry("w", title="Joint", link=link, feed=WEST.key))
    other = entry("a", title="Vacancy", text="a nurse is wanted for nights from January", link=link)
    assert poll(store, EAST, other, at=NOW + timedelta(hours=1)) == (0, 1)
    stories = store.stories(limit=10).items
    assert sorted([stored.entry.title for stored in story.entries] for story in stories) == [
        ["Joint"],
        ["Vacancy"],
    ]
    assert all(story.lead.lead for story in stories)


def test_reading_and_writing_do_not_wait_for_each_other(store: Store, url: str) -> None:
    poll(store, EAST, entry("a"))
    reader = open_store(url)

    def while_reading(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        # In the middle of a write, with its lock held, another connection reads.
        assert titles(reader) == ["News a"]
        return decider()(gathered, state, known)

    store.settle([document(EAST, entry("a"), entry("b"))], while_reading)
    assert sorted(titles(reader)) == ["News a", "News b"]
    reader.close()


def test_what_is_read_of_one_moment_stays_as_it_was(store: Store, url: str) -> None:
    poll(store, EAST, entry("a"))
    with closing(open_store(url)) as reader:
        with reader.of_one_moment():
            before = reader.version()
            poll(store, EAST, entry("a"), entry("b"))
            assert titles(reader) == ["News a"]
            assert reader.count() == 1
            assert reader.version() == before
        assert sorted(titles(reader)) == ["News a", "News b"]


# ---------------------------------------------------------------- what is due


def test_a_feed_is_due_until_it_was_polled_and_again_when_its_time_has_come(store: Store) -> None:
    assert [state.feed for state in store.due(NOW)] == [EAST, WEST, WEST_BLOG]
    poll(store, EAST, entry("a"))
    assert [state.feed for state in store.due(NOW)] == [WEST, WEST_BLOG]
    assert [state.feed for state in store.due(NOW + timedelta(hours=1))] == [EAST, WEST, WEST_BLOG]


def test_it_is_known_at_which_addresses_feeds_are_polled(store: Store) -> None:
    url, found_at = "https://east.example/rss/", "https://east.example/found/"
    east = replace(EAST, alternatives=(url,))
    store.sync(MEMBERS, (east, WEST), authority="news.example.org")
    assert store.polled_at() == {EAST.key: (EAST.url, url), WEST.key: (WEST.url,)}
    store.settle([replace(document(east, entry("a")), url=found_at)], decider())
    assert store.polled_at() == {EAST.key: (EAST.url, url, found_at), WEST.key: (WEST.url,)}


def test_a_feed_that_failed_by_a_clock_that_was_ahead_waits_as_others_do(store: Store) -> None:
    failed = Gathered(feed=EAST, outcome="failed", started=NOW, url=EAST.url, error="404", reason="http-404")
    store.settle([failed], decider(NOW + timedelta(days=365)))
    for hours in (0, 2, 6, 14):
        store.settle([failed], decider(NOW + timedelta(hours=hours)))
    (state, *_) = store.feed_states()
    assert state.failing_since == NOW
    assert state.next_poll == NOW + timedelta(hours=14 + 16)


def test_a_feed_that_was_polled_by_a_clock_that_was_ahead_is_due(store: Store) -> None:
    poll(store, EAST, entry("a"), at=NOW + timedelta(days=365))
    assert EAST in [state.feed for state in store.due(NOW)]
    poll(store, EAST, entry("a"), at=NOW)
    poll(store, WEST, entry("b"), at=NOW + timedelta(minutes=5))
    assert [state.feed for state in store.due(NOW)] == [WEST_BLOG]


def test_what_the_schedule_goes_by_comes_back_as_it_was_stored(store: Store) -> None:
    wishes = Wishes(
        ttl=timedelta(minutes=90),
        every=timedelta(days=1),
        base=NOW,
        skip_hours=frozenset({0, 23}),
        skip_days=frozenset({6}),
    )
    for asked in (wishes, Wishes(ttl=timedelta(hours=2)), Wishes()):
        dates = (NOW - timedelta(days=400, microseconds=7), datetime(1, 1, 1, tzinfo=UTC))
        entries = [entry(f"{date}", published=date) for date in dates]
        store.settle([replace(document(EAST, *entries), wishes=asked)], decider())
        (state, *_) = store.feed_states()
        assert (state.wishes, state.recent) == (asked, dates)
        assert "News" in state.info.title


def test_all_that_is_remembered_of_a_feed_comes_back_as_it_was_stored_and_goes_when_it_is_gone(
    store: Store,
) -> None:
    url, text = "https://east.example/other/", "said “so”"
    full = FeedState(
        feed=EAST,
        used_url=url,
        named_at=url,
        etag='"2"',
        last_modified="Thu, 26 Nov 2026 12:00:00 GMT",
        validated_at=url,
        body_digest="digest",
        polled=NOW,
        succeeded=NOW,
        next_poll=NOW + timedelta(hours=1),
        next_poll_why=text,
        not_before=NOW + timedelta(hours=2),
        gone=NOW,
        failures=2,
        failing_since=NOW - timedelta(days=1),
        reason_since=NOW - timedelta(hours=3),
        error=text,
        remedy=text,
        reason="slow",
        remarks=(text, ""),
        info=FeedInfo(title=text, id="urn:x", link=url, updated=NOW, rights=text, language="cy"),
        listings=(Listing(url=url, etag='"3"', digest="digest", within=url),),
        offer=Offer(hub=url, topic=url, itself=url, public=True),
        pushed_until=NOW + timedelta(days=5),
        wishes=Wishes(ttl=timedelta(minutes=90)),
        recent=(NOW, NOW - timedelta(days=2)),
        reshares=3,
        identity=Identity(by="link", why=text, since=NOW, strayed=1),
        move=Move(address=EAST.url, target=url, since=NOW, polls=2, shares=True),
    )
    never = FeedState(feed=EAST)
    same = {each.name for each in fields(full) if getattr(full, each.name) == getattr(never, each.name)}
    assert same == {"feed"}
    for after in (full, replace(full, failures=3), never):
        store.settle([document(EAST)], left_as(after))
        assert store.feed_states()[0] == after


def left_as(after: FeedState) -> Decide:
    def decided(gathered: Gathered, _state: FeedState, _known: Known) -> FeedUpdate:
        return FeedUpdate(state=after, gathered=gathered, now=NOW)

    return decided


def bounded(feed: Feed, **bounds: object) -> tuple[Feed, ...]:
    return (replace(feed, **bounds), WEST, WEST_BLOG)


def test_a_feed_with_other_bounds_is_asked_at_once_unless_it_is_unwell(store: Store) -> None:
    poll(store, EAST, entry("a"))
    assert EAST not in [state.feed for state in store.due(NOW)]
    hourly = bounded(EAST, every_max=timedelta(hours=1))
    store.sync(MEMBERS, hourly, authority="a.example")
    assert [state.feed for state in store.due(NOW)] == list(hourly)
    failed = replace(document(EAST), outcome="failed", error="unwell", reason="timeout")
    store.settle([failed], decider())
    store.sync(MEMBERS, FEEDS, authority="a.example")
    assert EAST not in [state.feed for state in store.due(NOW)]


def test_a_document_read_in_part_is_asked_for_once_more_when_more_of_it_may_be_read(store: Store) -> None:
    for remarks, asked_again in (((), False), (("it holds 9 entries; the first 2 were read",), True)):
        store.sync(MEMBERS, FEEDS, authority="a.example")
        store.settle([replace(document(EAST, entry("a")), remarks=remarks)], decider())
        store.sync(MEMBERS, bounded(EAST, most_entries=9), authority="a.example")
        (state, *_) = store.feed_states()
        assert (state.etag is None and state.body_digest is None) == asked_again
        assert (state.next_poll is None) == asked_again


def take_over(older: sqlite3.Connection, newer: Path, *tables: str) -> None:
    """Fill an older database with what it would hold of a newer one."""
    older.execute("ATTACH ? AS newer", (str(newer),))
    for table in tables:
        columns = ", ".join(row[1] for row in older.execute(f"PRAGMA main.table_info({table})"))
        older.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")


@in_a_file
def test_what_a_database_of_before_holds_is_its_feeds_rhythm(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert "changed over" not in caplog.text
    hours = (1, 2, 48)
    poll(store, EAST, *(entry(f"{each}", published=NOW - timedelta(hours=each)) for each in hours))
    (expected, *_) = store.feed_states()
    with closing(older_database(tmp_path / "older.db", before="m009_what_the_schedule_goes_by")) as older:
        take_over(older, tmp_path / "hub.db", "members", "feeds", "stories", "entries")
    upgraded = open_store(f"sqlite:///{tmp_path}/older.db")
    assert f"{tmp_path}/older.db is of an earlier hub, and is changed over." in caplog.text
    assert len(expected.recent) == 3
    assert upgraded.feed_states()[0] == expected
    upgraded.close()


def test_a_database_of_before_that_several_open_at_once_is_changed_over_by_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    older_database(tmp_path / "older.db", before="m009_what_the_schedule_goes_by").close()
    together = threading.Barrier(4)

    def opens(_: int) -> tuple[str, ...]:
        together.wait(60)
        with closing(open_store(f"sqlite:///{tmp_path}/older.db")) as upgraded:
            return upgraded.check()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opens, range(4))) == [()] * 4
    assert caplog.text.count("is changed over") == 1


def _wait_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.connection.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("hub.store.sqlite.connection.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("hub.store.sqlite.connection._BUSY_STRETCH", 0.1)


def test_who_begins_while_another_changes_the_database_over_is_told_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_shortly(monkeypatch)
    file = tmp_path / "older.db"
    older_database(file, before="m009_what_the_schedule_goes_by").close()
    told: list[StoreError] = []

    def while_changed_over(_: Database) -> None:
        with pytest.raises(
            StoreError, match=f"process {os.getpid()} holds it, most likely to change"
        ) as late:
            open_store(f"sqlite:///{file}")
        told.append(late.value)

    with monkeypatch.context() as first:
        first.setattr(migrations, "apply", while_changed_over)
        open_store(f"sqlite:///{file}").close()
    assert told[0].remedy.startswith("Wait until that has ended, then begin again")
    with closing(open_store(f"sqlite:///{file}")) as upgraded:
        assert upgraded.check() == ()


@in_a_file
def test_a_feed_of_a_database_of_before_has_failed_for_one_reason(store: Store, tmp_path: Path) -> None:
    store.settle([replace(document(EAST), outcome="failed", error="unwell", reason="timeout")], decider())
    (expected, *_) = store.feed_states()
    with closing(older_database(tmp_path / "older.db", before="m022_since_when_feeds_fail_alike")) as older:
        take_over(older, tmp_path / "hub.db", "members", "feeds")
    with closing(open_store(f"sqlite:///{tmp_path}/older.db")) as upgraded:
        assert upgraded.feed_states()[0] == expected
    assert expected.reason_since == NOW


def test_a_feed_that_is_gone_is_not_due_until_its_address_is_edited(store: Store) -> None:
    gone = Gathered(
        feed=EAST, outcome="failed", started=NOW, url=EAST.url, error="410", reason="gone", gone=True
    )
    store.settle([gone], decider())
    assert EAST not in [state.feed for state in store.due(NOW + timedelta(days=400))]
    moved = replace(EAST, url="https://east.example/new-feed/")
    store.sync(MEMBERS, (moved, WEST), authority="news.example.org")
    assert [state.feed for state in store.due(NOW)] == [moved, WEST]


def test_a_poll_of_an_address_that_was_edited_meanwhile_is_no_poll_of_the_feed(store: Store) -> None:
    moved = replace(EAST, url="https://east.example/new-feed/")
    store.sync(MEMBERS, (moved, WEST), authority="news.example.org")
    answered = document(EAST, entry("a"))
    gone = replace(answered, entries=(), outcome="failed", reason="http-410", gone=True)
    busy = replace(gone, gone=False, retry_after=timedelta(hours=3), spared="east.example")
    of_west = document(WEST, entry("w", feed=WEST.key))
    for late in (answered, gone):
        (result,) = store.settle([late, of_west], decider())
        assert result.feed == WEST
        assert store.feed_states()[0] == FeedState(feed=moved)
    assert titles(store) == ["News w"]
    assert store.settle([busy], decider()) == ()
    assert store.feed_states()[0] == FeedState(feed=moved, not_before=NOW + timedelta(hours=3))


def test_a_feed_that_is_on_another_host_now_waits_no_more_and_every_other_does(store: Store) -> None:
    later = timedelta(hours=3)
    for feed in FEEDS:
        down = replace(document(feed), outcome="failed", reason="http-503", retry_after=later)
        store.settle([down], decider())
    moved = replace(EAST, url="https://new.example/feed/")
    store.sync(MEMBERS, (moved, WEST, WEST_BLOG), authority="news.example.org")
    assert [state.not_before for state in store.feed_states()] == [None, NOW + later, NOW + later]


def test_a_host_that_asked_for_peace_gets_it_also_where_its_feeds_addresses_are_edited(store: Store) -> None:
    down = replace(document(EAST), outcome="failed", reason="http-503", retry_after=timedelta(hours=3))
    store.settle([down], decider())
    other = "https://east.example/news/feed/"
    for edited in (replace(EAST, alternatives=(other,)), replace(EAST, url=other)):
        store.sync(MEMBERS, (edited, WEST), authority="news.example.org")
        assert [state.feed for state in store.due(NOW + timedelta(hours=2))] == [WEST]
        assert [state.feed for state in store.due(NOW + timedelta(hours=3))] == [edited, WEST]
    elsewhere = replace(EAST, url="https://news.east.example/feed/")
    store.sync(MEMBERS, (elsewhere, WEST), authority="news.example.org")
    assert [state.feed for state in store.due(NOW)] == [elsewhere, WEST]


def test_a_host_that_asked_for_peace_gets_it_from_all_its_feeds(store: Store) -> None:
    busy = Gathered(
        feed=WEST,
        outcome="failed",
        started=NOW,
        url=WEST.url,
        error="429",
        reason="http-429",
        retry_after=timedelta(hours=3),
        spared="west.example",
    )
    store.settle([busy], decider())
    store.spare("west.example", NOW + timedelta(minutes=1))
    assert [state.feed for state in store.due(NOW + timedelta(hours=2))] == [EAST]
    assert len(store.due(NOW + timedelta(hours=4))) == 3


@in_a_file
def test_a_feeds_yaml_that_is_as_it_was_writes_nothing(store: Store, url: str) -> None:
    """So that a round over thousands of feeds begins at once."""
    with closing(sqlite3.connect(database_file(url))) as beside:

        def version() -> int:
            return int(beside.execute("PRAGMA data_version").fetchone()[0])

        before = version()
        store.sync(MEMBERS, FEEDS, authority="news.example.org")
        assert version() == before
        store.sync(MEMBERS[::-1], FEEDS, authority="news.example.org")
        assert version() != before
    assert [each.member.slug for each in store.members(NOW)] == [member.slug for member in MEMBERS[::-1]]


def test_what_leaves_feeds_yaml_is_no_longer_polled_and_stays_published(store: Store) -> None:
    poll(store, EAST, entry("a"))
    store.sync(MEMBERS[1:], FEEDS[1:], authority="news.example.org")
    assert [state.feed for state in store.feed_states()] == [WEST, WEST_BLOG]
    assert titles(store) == ["News a"]
    assert [(member.member.slug, member.configured) for member in store.members(NOW)] == [
        ("west", True),
        ("east", False),
    ]


def test_a_feed_that_is_given_another_name_at_its_address_is_the_same(store: Store) -> None:
    poll(store, WEST, entry("a", feed=WEST.key), entry("b", feed=WEST.key))
    (withdrawn,) = store.find("https://west.example/a")
    store.withdraw([withdrawn.key], "it names a patient", NOW)
    press = replace(WEST, key=FeedKey("west", "press"))
    store.sync(MEMBERS, [EAST, press, WEST_BLOG], authority="news.example.org")
    assert [state.succeeded for state in store.feed_states("west")] == [NOW, None]
    assert poll(store, press, entry("a", feed=press.key), entry("b", feed=press.key)) == (0, 0)
    assert titles(store) == ["News b"]
    assert [each.entry.feed for each in store.walk()] == [press.key, press.key]
    # Once it has left, a name that is another feed's already is left to that one.
    store.sync(MEMBERS, [EAST, WEST_BLOG], authority="news.example.org")
    blog_there = replace(WEST_BLOG, url=WEST.url)
    store.sync(MEMBERS, [EAST, blog_there], authority="news.example.org")
    assert [state.succeeded for state in store.feed_states("west")] == [None]
    assert store.check() == ()


@pytest.mark.parametrize(
    ("press", "blog"),
    [("blog", "news"), ("blog", "opinion"), ("opinion", "news"), ("press", "opinion")],
    ids=["take each other's", "one takes what the other leaves", "the other way round", "both new"],
)
def test_feeds_of_a_member_that_get_each_others_names_keep_what_they_have(
    store: Store, press: str, blog: str
) -> None:
    poll(store, WEST, entry("a", feed=WEST.key))
    poll(store, WEST_BLOG, entry("b", feed=WEST_BLOG.key), entry("c", feed=WEST_BLOG.key))
    there = [replace(each, key=FeedKey("west", name)) for each, name in ((WEST, press), (WEST_BLOG, blog))]
    store.sync(MEMBERS, [EAST, *there], authority="news.example.org")
    assert [(state.feed, state.succeeded) for state in store.feed_states("west")] == [
        (feed, NOW) for feed in there
    ]
    assert [each.entry.feed for each in store.walk()] == [there[0].key, there[1].key, there[1].key]
    assert poll(store, there[1], entry("b", feed=there[1].key), entry("c", feed=there[1].key)) == (0, 0)
    assert store.left("west") == ()


def test_a_name_of_a_feed_that_left_is_given_to_another_with_what_that_has(store: Store) -> None:
    poll(store, WEST, entry("a", feed=WEST.key))
    poll(store, WEST_BLOG, entry("b", feed=WEST_BLOG.key))
    store.sync(MEMBERS, [EAST, WEST], authority="news.example.org")
    blog = replace(WEST, key=WEST_BLOG.key)
    store.sync(MEMBERS, [EAST, blog], authority="news.example.org")
    assert [(state.feed, state.succeeded) for state in store.feed_states("west")] == [(blog, NOW)]
    (left,) = store.left("west")
    assert [each.entry.feed for each in store.walk()] == [blog.key, left]
    # However the next feed is called, it is not taken for the one that gave way.
    with pytest.raises(ValueError, match="no short name"):
        check_slug(left.name)
    second = replace(WEST_BLOG, key=FeedKey("west", "blog-2"), url="https://west.example/second")
    store.sync(MEMBERS, [EAST, blog, second], authority="news.example.org")
    assert [state.succeeded for state in store.feed_states("west")] == [NOW, None]
    assert store.left(str(left)) == (left,)
    # At its address it is the same still.
    store.sync(
        MEMBERS,
        [EAST, blog, second, replace(WEST_BLOG, key=FeedKey("west", "opinion"))],
        authority="news.example.org",
    )
    assert store.left("west") == ()
    assert [each.entry.feed for each in store.walk()] == [blog.key, FeedKey("west", "opinion")]


def test_feeds_that_get_the_names_of_others_keep_what_they_have_though_one_leaves_with_the_same_edit(
    store: Store,
) -> None:
    third = replace(WEST, key=FeedKey("west", "third"), url="https://west.example/third")
    store.sync(MEMBERS, [EAST, WEST, WEST_BLOG, third], authority="news.example.org")
    for feed, id in ((WEST, "a"), (WEST_BLOG, "b"), (third, "c")):
        poll(store, feed, entry(id, feed=feed.key))
    # The third's address is no longer there, and each of the others is called as the next was.
    now = [replace(WEST, key=WEST_BLOG.key), replace(WEST_BLOG, key=third.key)]
    store.sync(MEMBERS, [EAST, *now], authority="news.example.org")
    (left,) = store.left("west")
    assert [each.entry.feed for each in store.walk()] == [WEST_BLOG.key, third.key, left]
    assert [(state.feed, state.succeeded) for state in store.feed_states("west")] == [
        (feed, NOW) for feed in now
    ]
    assert store.check() == ()


def test_a_feed_that_gets_the_address_of_one_that_had_left_goes_on_itself(store: Store) -> None:
    third = replace(WEST, key=FeedKey("west", "third"), url="https://west.example/third")
    store.sync(MEMBERS, [EAST, WEST, WEST_BLOG, third], authority="news.example.org")
    for feed, id in ((WEST, "a"), (WEST_BLOG, "b"), (third, "c")):
        poll(store, feed, entry(id, feed=feed.key))
    store.sync(MEMBERS, [EAST, third], authority="news.example.org")
    # The first comes back under the second's name, whose address the third has now.
    now = [replace(WEST, key=WEST_BLOG.key), replace(WEST_BLOG, key=third.key)]
    store.sync(MEMBERS, [EAST, *now], authority="news.example.org")
    (left,) = store.left("west")
    assert [each.entry.feed for each in store.walk()] == [WEST_BLOG.key, left, third.key]
    assert [state.feed for state in store.feed_states("west")] == now
    assert store.check() == ()


def test_a_feed_removed_with_its_entries_leaves_other_members_their_copies(store: Store) -> None:
    link = "https://east.example/joint"
    poll(store, EAST, entry("a", title="Joint", link=link, tags=(Tag("rare", "east says so"),)), entry("b"))
    poll(store, WEST, entry("w", title="Joint", link=link, feed=WEST.key))
    store.sync(MEMBERS[1:], FEEDS[1:], authority="news.example.org")
    assert store.remove(EAST.key, NOW) == 2
    (story,) = store.stories(limit=10).items
    assert (story.lead.member.slug, story.lead.lead, story.lead.why) == ("west", True, "")
    assert store.tag_counts() == {}
    assert [member.member.slug for member in store.members(NOW)] == ["west"]
    assert store.check() == ()


# ---------------------------------------------------------------- lists


@pytest.fixture
def network(store: Store) -> Store:
    """East and West with one joint story, and news of their own on three days."""
    link = "https://east.example/joint"
    safety, digital = Tag("safety", "a rule"), Tag("digital", "a rule")
    poll(
        store,
        EAST,
        entry("joint", title="Joint", link=link, published=NOW - timedelta(days=1), tags=(safety,)),
        entry("east", title="Eastern", text="patient safety", published=NOW - timedelta(days=2)),
    )
    poll(
        store,
        WEST,
        entry(
            "w-joint",
            title="Joint",
            link=link,
            feed=WEST.key,
            published=NOW - timedelta(hours=9),
            tags=(digital,),
        ),
        entry("west", title="Western", feed=WEST.key, published=NOW - timedelta(days=3), tags=(digital,)),
        at=NOW + timedelta(hours=1),
    )
    poll(store, WEST_BLOG, entry("blog", title="Musings", feed=WEST_BLOG.key), at=NOW + timedelta(hours=2))
    return store


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["Musings", "Joint", "Eastern", "Western"]),
        (Selection(filter=Term("tag", "safety")), ["Joint"]),
        (Selection(filter=Term("tag", "digital")), ["Joint", "Western"]),
        (Selection(filter=Term("member", "west")), ["Musings", "Joint", "Western"]),
        (Selection(filter=Term("type", "partner")), ["Musings", "Joint", "Western"]),
        (Selection(filter=Term("region", "East")), ["Joint", "Eastern"]),
        (Selection(filter=Not(Term("type", "partner"))), ["Joint", "Eastern"]),
        (Selection(filter=Not(Term("tag", "digital"))), ["Musings", "Eastern"]),
        (Selection(filter=And((Term("member", "east"), Term("tag", "digital")))), ["Joint"]),
        (
            Selection(filter=Or((Term("member", "east"), Term("tag", "digital")))),
            ["Joint", "Eastern", "Western"],
        ),
        (Selection(filter=Term("tag", "nothing")), []),
        (Selection(without=("west",)), ["Eastern"]),
        (Selection(without=("east",)), ["Musings", "Western"]),
        (Selection(without=("east", "west")), []),
        (Selection(without=("nobody",)), ["Musings", "Joint", "Eastern", "Western"]),
        (Selection(filter=Term("tag", "digital"), without=("east",)), ["Western"]),
        (Selection(filter=Term("tag", "digital"), without=("east",), told=True), ["Western"]),
        (Selection(filter=Not(Term("tag", "digital")), without=("west",)), ["Eastern"]),
        (
            Selection(filter=And((Term("tag", "digital"), Term("type", "partner"))), without=("east",)),
            ["Western"],
        ),
        (Selection(filter=Term("member", "west"), without=("east",)), ["Musings", "Western"]),
        (Selection(since=NOW + timedelta(minutes=30), without=("east",)), ["Musings", "Western"]),
        (Selection(since=NOW + timedelta(minutes=30)), ["Musings", "Joint", "Western"]),
        (
            Selection(dated=(NOW - timedelta(days=3), NOW - timedelta(days=1))),
            ["Eastern", "Western", "Musings"],
        ),
        (Selection(dated=(NOW - timedelta(days=1), NOW)), ["Joint"]),
        (
            Selection(dated=(NOW - timedelta(days=3), NOW), filter=Term("tag", "digital")),
            ["Joint", "Western"],
        ),
        (Selection(dated=(NOW - timedelta(hours=9), NOW), filter=Term("member", "west")), ["Joint"]),
        (Selection(dated=(NOW - timedelta(days=2), NOW), search="words"), ["Joint", "Musings"]),
        (Selection(search="patient safety"), ["Eastern"]),
        (Selection(search="east*"), ["Eastern"]),
        (Selection(search="words -western -joint"), ["Musings"]),
        (Selection(search="words", without=("east",)), ["Musings", "Western"]),
        (Selection(search="words", filter=Term("tag", "digital"), without=("east",)), ["Western"]),
        (Selection(search='"safety patient"'), []),
        (Selection(search="-joint"), []),
        (Selection(search="?!"), []),
        (Selection(search='" OR NOT (', filter=Term("member", "west")), []),
    ],
)
def test_a_list_holds_each_story_of_its_selection_once(
    network: Store, selection: Selection, expected: list[str]
) -> None:
    assert sorted(titles(network, selection)) == sorted(expected)
    if selection.search is not None:
        assert network.search(selection, limit=10).stories == len(expected)
        assert sorted(
            story.shown.entry.title for story in network.search(selection, limit=10, order="relevance").items
        ) == sorted(expected)
    else:
        assert network.count(selection) == len(expected)


def test_entries_of_a_story_go_with_the_member_that_is_left_out(network: Store) -> None:
    found = network.entries(Selection(without=("east",)), limit=10).items
    assert sorted(each.entry.title for each in found) == ["Musings", "Western"]


def test_what_a_member_took_back_is_left_out_no_more_where_others_have_it(network: Store) -> None:
    (key,) = (each.key for each in network.walk() if each.entry.id == "joint")
    network.withdraw([key], "", NOW)
    assert sorted(titles(network, Selection(without=("east",)))) == ["Joint", "Musings", "Western"]


@pytest.mark.parametrize("filter", [None, Term("tag", "digital")])
def test_pages_without_a_member_go_on_where_they_stopped(store: Store, filter: Filter | None) -> None:
    tag = Tag("digital", "a rule")
    for number in range(9):
        feed, other = (EAST, WEST) if number % 3 else (WEST, EAST)
        link = f"https://{feed.key.member}.example/{number}"
        published = NOW - timedelta(hours=number)
        news = entry(
            f"{number}", title=f"News {number}", link=link, feed=feed.key, published=published, tags=(tag,)
        )
        poll(store, feed, news, at=NOW + timedelta(minutes=number))
        if number == 4:
            copy = replace(news, id="copy", feed=other.key)
            poll(store, other, copy, at=NOW + timedelta(hours=1))
    found: list[str] = []
    cursor = None
    while True:
        page = store.stories(Selection(filter=filter, without=("west",)), limit=2, cursor=cursor)
        found += [story.shown.entry.title for story in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ["News 1", "News 2", "News 5", "News 7", "News 8"]


def test_a_members_list_counts_each_of_its_entries(network: Store) -> None:
    selection = Selection(filter=Term("member", "west"), every_entry=True)
    assert network.count(selection) == len(titles(network, selection)) == 3
    assert network.count(replace(selection, told=True)) == 3


def test_a_story_that_went_into_another_is_known_by_its_number(network: Store) -> None:
    assert network.merged() == ()
    one, other = (each for each in network.walk() if each.entry.title in ("Eastern", "Western"))
    network.put_together(one.key, other.key, NOW)
    assert network.merged() == (one.story,)
    assert network.story(one.story) == other.story


def test_a_list_is_sorted_by_the_date_it_shows(network: Store) -> None:
    shown = [story.shown.date for story in network.stories(limit=10).items]
    assert shown == sorted(shown, reverse=True)


def test_a_list_of_one_members_news_shows_that_members_own_version(network: Store) -> None:
    joint = {
        slug: next(
            story
            for story in network.stories(Selection(filter=Term("member", slug)), limit=10).items
            if len(story.entries) == 2
        )
        for slug in ("east", "west")
    }
    assert joint["east"].id == joint["west"].id
    assert joint["east"].shown.member.slug == "east"
    assert joint["west"].shown.member.slug == "west"
    assert joint["west"].lead.member.slug == "east"


def test_a_members_own_page_has_each_of_its_entries_also_two_of_one_story(store: Store) -> None:
    link = "https://west.example/joint"
    poll(store, WEST, entry("w", title="Joint", link=link, feed=WEST.key))
    poll(store, WEST_BLOG, entry("b", title="Joint", link=link, feed=WEST_BLOG.key))
    member = Term("member", "west")
    assert titles(store, Selection(filter=member)) == ["Joint"]
    assert titles(store, Selection(filter=member, every_entry=True)) == ["Joint", "Joint"]


def test_a_story_has_the_tags_of_all_its_entries(network: Store) -> None:
    joint = network.stories(Selection(filter=Term("tag", "safety")), limit=1).items[0]
    assert [tag.term for tag in joint.tags] == ["safety", "digital"]
    assert network.tag_counts() == {"safety": 1, "digital": 2}


@in_a_file
def test_what_entries_are_compared_by_is_kept_for_four_months(store: Store, tmp_path: Path) -> None:
    for day in (0, 60, 130, 200):
        poll(
            store, EAST, replace(entry(f"day {day}"), text=f"On day {day} they count the bats."), at=_day(day)
        )
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        kept = [id for (id,) in db.execute("SELECT id FROM entries JOIN sketches ON entry = key")]
        found_by = {id for (id,) in db.execute("SELECT id FROM entries JOIN sketch_index USING (story)")}
    assert kept == ["day 130", "day 200"]
    assert found_by == {"day 130", "day 200"}


@in_a_file
def test_what_is_too_old_is_found_without_a_look_at_all_that_is_stored(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        plan = [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statements.OLDEST_SINCE}", ("",))]
    assert not [step for step in plan if "TEMP B-TREE" in step or step.startswith("SCAN entries")], plan


def _day(number: int) -> datetime:
    return NOW + timedelta(days=number)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_everything_once_also_when_news_comes_in_between(store: Store, limit: int) -> None:
    moment = NOW - timedelta(days=1)
    poll(store, EAST, *(entry(str(number), published=moment) for number in range(7)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = store.stories(limit=limit, cursor=cursor)
        seen += [story.shown.entry.title for story in page.items]
        poll(store, WEST, entry(f"new {len(seen)}", feed=WEST.key), at=NOW + timedelta(minutes=len(seen)))
        if page.next is None:
            break
        cursor = page.next
    assert [title for title in seen if "new" not in title] == [f"News {number}" for number in range(7)]
    assert len(seen) == len(set(seen))


def test_pages_by_relevance_put_the_title_first_and_go_on(store: Store) -> None:
    poll(
        store,
        EAST,
        entry("a", title="Other", text="a word on frailty among many others"),
        entry("b", title="Frailty", text="in the title"),
        entry("c", title="Elsewhere", text="nothing"),
    )
    selection = Selection(search="frailty")
    first = store.search(selection, limit=1)
    assert [story.shown.entry.title for story in first.items] == ["Frailty"]
    second = store.search(selection, limit=1, cursor=first.next)
    assert [story.shown.entry.title for story in second.items] == ["Other"]
    assert second.next is None


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "!!!", "W10", "bnVsbA", "WyJkIl0", "WyJkIiwgMSwgMl0", "WyJyIiwgMV0", "[" * 5000, "é"),
        write_cursor("d", "\ud800", 1),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor):
        store.stories(limit=1, cursor=cursor)


@pytest.mark.parametrize(
    "date",
    ["", "garbage", "infinity", "now", "2026-13-01T00:00:00.000000Z", "2026-11-20", "2026-11-20T09:00:00.x"],
)
def test_a_cursor_of_a_tag_whose_date_is_none_is_refused(store: Store, date: str) -> None:
    with pytest.raises(BadCursor):
        store.stories(Selection(filter=Term("tag", "any")), limit=1, cursor=write_cursor("d", date, 1))


def test_of_a_feeds_two_rows_the_one_that_was_polled_goes_on(store: Store) -> None:
    polled, never = (replace(WEST, key=FeedKey("west", name)) for name in ("polled", "never"))
    store.sync(MEMBERS, (EAST, polled, never), authority="news.example.org")
    poll(store, polled, entry("1", feed=polled.key))
    renamed = replace(WEST, key=FeedKey("west", "renamed"))
    store.sync(MEMBERS, (EAST, renamed), authority="news.example.org")
    (state,) = store.feed_states("west")
    assert (state.feed.key.name, state.succeeded) == ("renamed", NOW)


def test_every_stored_entry_is_listed_copies_too(network: Store) -> None:
    found = network.entries(limit=3)
    rest = network.entries(limit=3, cursor=found.next)
    assert len(found.items) == 3
    assert len(rest.items) == 2
    assert len({stored.key for stored in (*found.items, *rest.items)}) == 5
    assert [stored.key for stored in network.walk()] == sorted(
        stored.key for stored in (*found.items, *rest.items)
    )


def test_a_story_is_found_by_its_number_and_no_other(network: Store) -> None:
    listed = network.stories(limit=1).items[0]
    story = network.story(listed.id)
    assert story == replace(listed, shown=listed.lead)
    for number in (0, -1, 10**6, 2**63, 10**30):
        assert network.story(number) is None


def test_members_come_with_their_latest_news(network: Store) -> None:
    east, west = network.members(NOW)
    assert (east.entries, east.recent, west.entries) == (2, 2, 3)
    assert east.latest is not None
    assert east.latest.title == "Joint"
    assert network.story(east.latest.story) is not None
    assert [state.feed for state in network.feed_states("west")] == [WEST, WEST_BLOG]
    assert network.feed_states("nobody") == ()


# ---------------------------------------------------------------- the version


def test_a_poll_that_brings_nothing_does_not_move_the_version(network: Store) -> None:
    before = network.version()
    poll(network, WEST_BLOG, entry("blog", title="Musings", feed=WEST_BLOG.key), at=NOW + timedelta(days=1))
    network.sync(MEMBERS, FEEDS, authority="news.example.org")
    assert network.version() == before


@pytest.mark.parametrize("first", [EAST, WEST])
def test_news_moves_the_version_whatever_polls_it_is_settled_with(store: Store, first: Feed) -> None:
    feeds = sorted((EAST, WEST), key=lambda feed: feed != first)
    store.settle([document(feed) for feed in feeds], decider())
    before = store.version()
    later = NOW + timedelta(hours=1)
    brought = {EAST.key: [entry("a")]}
    store.settle([document(feed, *brought.get(feed.key, ()), at=later) for feed in feeds], decider(later))
    assert titles(store) == ["News a"]
    assert store.version() > before


def test_news_a_correction_a_new_name_and_a_tag_move_the_version(store: Store) -> None:
    versions = [store.version()]
    poll(store, EAST, entry("a"))
    versions.append(store.version())
    poll(store, EAST, entry("a", text="corrected"), at=NOW + timedelta(hours=1))
    versions.append(store.version())
    store.sync((replace(MEMBERS[0], republish="link"), MEMBERS[1]), FEEDS, authority="news.example.org")
    versions.append(store.version())
    (stored,) = store.walk()
    assert store.retag([stored.key], lambda _: (Tag("new", "a rule"),)) == 1
    versions.append(store.version())
    # In another order the pages list the members otherwise.
    other_way = (MEMBERS[1], replace(MEMBERS[0], republish="link"))
    store.sync(other_way, FEEDS, authority="news.example.org")
    versions.append(store.version())
    assert versions == sorted(set(versions))
    assert store.retag([stored.key], lambda _: (Tag("new", "a rule"),)) == 0
    assert store.version() == versions[-1]


# ---------------------------------------------------------------- care


@in_a_file
def test_a_backup_is_a_whole_database_taken_while_another_writes(
    network: Store, tmp_path: Path, url: str
) -> None:
    writing = threading.Event()
    done = threading.Event()

    def write() -> None:
        mine = open_store(url)
        for number in range(200):
            poll(mine, EAST, entry(f"later {number}"), at=NOW + timedelta(hours=number + 5))
            writing.set()
            if done.is_set():
                break
        mine.close()

    thread = threading.Thread(target=write)
    thread.start()
    writing.wait(60)
    back_up(url, tmp_path / "copy.db")
    done.set()
    thread.join()
    copy = existing_store(f"sqlite:///{tmp_path}/copy.db")
    assert copy.check() == ()
    assert len(titles(copy, Selection(filter=Term("member", "west")))) == 3
    copy.close()


@in_a_file
def test_a_backup_never_overwrites_a_file(network: Store, tmp_path: Path, url: str) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        back_up(url, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


@in_a_file
def test_a_backup_that_was_killed_has_no_name_and_the_next_one_takes_its_place(
    network: Store, tmp_path: Path, url: str
) -> None:
    # As it is when it is killed, with what SQLite had begun.
    for suffix in ("", "-journal"):
        (tmp_path / f".copy.db.part{suffix}").write_bytes(b"half of it" * 1000)
    back_up(url, tmp_path / "copy.db")
    with closing(existing_store(f"sqlite:///{tmp_path}/copy.db")) as copy:
        assert copy.check() == ()
    assert not list(tmp_path.glob(".copy.db.part*"))


@in_a_file
def test_a_backup_that_is_ended_leaves_nothing(
    network: Store, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(copy: sqlite3.Connection) -> None:
        copy.execute("CREATE TABLE half (text)")
        assert not (tmp_path / "copy.db").exists()
        raise KeyboardInterrupt

    with closing(Original(database_file(url))) as original, monkeypatch.context() as patch:
        patch.setattr(original, "_db", SimpleNamespace(conn=SimpleNamespace(backup=ended)))
        with pytest.raises(KeyboardInterrupt):
            original.copy(tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy.db*"))


@in_a_file
@pytest.mark.parametrize("links", [True, False])
def test_a_backup_takes_no_name_that_another_file_got_meanwhile(
    network: Store, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refused)
    back_up(url, tmp_path / "copy.db")
    with closing(existing_store(f"sqlite:///{tmp_path}/copy.db")) as copy:
        assert copy.check() == ()

    def meanwhile(_copy: object) -> None:
        (tmp_path / "mine").write_text("precious")

    with closing(Original(database_file(url))) as original, monkeypatch.context() as patch:
        patch.setattr(original, "_db", SimpleNamespace(conn=SimpleNamespace(backup=meanwhile)))
        with pytest.raises(StoreError, match="exists already"):
            original.copy(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


def test_what_is_no_hubs_database_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("These are my notes, and no database. " * 100)
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    for name, said in (
        ("notes", "is no database"),
        ("empty", "is empty"),
        ("other", "the database of another program"),
        ("nothing", "There is no database"),
    ):
        with pytest.raises(StoreError, match=said):
            back_up(f"sqlite:///{tmp_path}/{name}.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@in_a_file
def test_a_damaged_database_is_told_of(url: str) -> None:
    store = open_store(url)
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    poll(store, EAST, *(entry(str(number), text="word " * 900) for number in range(60)))
    store.close()
    file = database_file(url)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    file.write_bytes(content)
    damaged = open_store(url)
    with pytest.raises(StoreError, match="is damaged") as told:
        damaged.check()
    damaged.close()
    assert told.value.remedy == "Stop the hub and put back the last backup: hub restore FILE"


def test_a_file_without_a_byte_is_no_sound_database_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "hub.db").touch()
    with pytest.raises(StoreError, match="is empty") as told:
        existing_store(f"sqlite:///{tmp_path}/hub.db")
    assert "put back the last backup" in told.value.remedy
    assert (tmp_path / "hub.db").stat().st_size == 0


def test_a_later_hubs_database_is_left_alone(tmp_path: Path) -> None:
    later = f"sqlite:///{tmp_path}/later.db"
    open_store(later).close()
    with closing(sqlite3.connect(tmp_path / "later.db")) as connection, connection:
        row = ("hub", "m999_of_later", "")
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)", row
        )
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
    before = (tmp_path / "later.db").read_bytes()
    with pytest.raises(StoreError, match="written by a later hub") as told:
        open_store(later)
    assert "Install that one again" in told.value.remedy
    assert (tmp_path / "later.db").read_bytes() == before


@in_a_file
def test_a_backup_that_cannot_be_written_says_why_and_is_read_by_nobody_else(store: Store, url: str) -> None:
    file = database_file(url)
    for impossible in (file.parent / "no" / "copy.db", file / "copy.db", file.with_name("x" * 300)):
        with pytest.raises(StoreError, match=r"The backup to .* failed"):
            back_up(url, impossible)
    file.chmod(0o600)
    back_up(url, file.with_name("copy.db"))
    assert file.with_name("copy.db").stat().st_mode & 0o777 == 0o600


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(StoreError, match="the database of another program"):
        open_store(f"sqlite:///{tmp_path}/other.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["notes"]
    # Not so much as its mode of writing.
    assert (tmp_path / "other.db").read_bytes() == before


@in_a_file
def test_a_story_without_a_lead_is_told_of(store: Store, url: str) -> None:
    poll(store, EAST, entry("a"))
    with sqlite3.connect(database_file(url)) as connection:
        connection.execute("UPDATE entries SET lead = 0")
    connection.close()
    assert store.check() == ("1 stories do not have exactly one lead",)


@pytest.mark.parametrize(
    "url",
    [
        "hub.db",
        "mysql:///hub.db",
        "sqlite://hub.db",
        "sqlite:///",
        # A folder, and what SQLite keeps nowhere.
        "sqlite:///.",
        "sqlite:////",
        "sqlite:///:memory:",
    ],
)
def test_an_address_that_is_no_databases_says_how_one_looks(url: str) -> None:
    with pytest.raises(StoreError, match="is not the address of a database") as caught:
        open_store(url)
    assert "sqlite:///hub.db" in caught.value.remedy


def test_a_database_that_is_moved_away_while_it_is_open_loses_nothing(tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "hub.db", tmp_path / "moved.db"
    url = new_file(file)
    with closing(open_store(url)) as store:
        store.sync(MEMBERS, FEEDS, authority="news.example.org")
        poll(store, EAST, entry("a"))
        file.rename(elsewhere)
        poll(store, EAST, entry("a"), entry("b"))
        for for_readers in (False, True):
            with pytest.raises(StoreUnusable, match="it was moved away") as told:
                open_store(url, for_readers=for_readers)
        assert told.value.remedy.startswith("Move it back")
        assert not file.exists()
        elsewhere.rename(file)
        with closing(open_store(url, for_readers=True)) as other:
            assert len([*other.walk()]) == 2
    with closing(existing_store(url)) as store:
        assert len([*store.walk()]) == 2
        assert store.check() == ()


def test_pages_make_no_database_where_one_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hub.db"
    with pytest.raises(StoreUnusable, match="it was moved away"):
        open_store(url, for_readers=True)
    assert not [*tmp_path.iterdir()]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are my notes, and no database. " * 100)
    with pytest.raises(StoreError, match="is no database"):
        open_store(f"sqlite:///{tmp_path}/notes.txt")
    assert "my notes" in (tmp_path / "notes.txt").read_text()


@in_a_file
def test_who_holds_the_database_is_told_of_and_not_of_the_disk(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_shortly(monkeypatch)
    file = database_file(url)
    with closing(open_store(url)) as late, closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is held by another program") as told:
            late.sync((), (), authority="west.example")
    assert f"`fuser {file}`" in told.value.remedy


@in_a_file
def test_a_check_of_a_database_that_somebody_holds_finds_no_damage(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_shortly(monkeypatch)
    with (
        closing(open_store(url)) as late,
        closing(sqlite3.connect(database_file(url), isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is held by another program"):
            late.check()
        other.execute("ROLLBACK")
        assert late.check() == ()


@in_a_file
def test_who_may_not_write_the_database_is_told_whom_to_be(url: str, store: Store) -> None:
    assert isinstance(store, SqliteStore)
    store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="may not write the database") as told:
        store.sync((), (), authority="west.example")
    assert "as the user that the hub runs as" in told.value.remedy


@in_a_file
def test_a_backup_by_who_may_not_write_the_database_tells_that(
    url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_copy: object) -> None:
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    with closing(Original(database_file(url))) as original, monkeypatch.context() as patch:
        patch.setattr(original, "_db", SimpleNamespace(conn=SimpleNamespace(backup=refused)))
        with pytest.raises(StoreError, match="may not write the database") as told:
            original.copy(tmp_path / "copy.db")
    assert "as the user that the hub runs as" in told.value.remedy
    assert not (tmp_path / "copy.db").exists()


def test_a_database_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        existing_store(f"sqlite:///{tmp_path}/hub.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ["École", "école", "ANNA", "Anna", "PIN", "İstanbul"])
def test_what_was_done_is_found_by_words_whatever_the_database_takes_for_small_letters(
    store: Store, words: str
) -> None:
    said = f"{words} was pinned."
    store.record(AuditRecord(moment=NOW, who="anna", action="pin", about="x", said=said))
    assert [each.said for each in store.audit(words, limit=9).items] == [said]


@in_a_file
def test_every_poll_is_on_record_for_ninety_days(store: Store, url: str) -> None:
    poll(store, WEST, at=NOW - timedelta(days=90))
    poll(store, EAST, entry("a"))
    poll(store, EAST, entry("a"), at=NOW + timedelta(hours=1))
    with sqlite3.connect(database_file(url)) as connection:
        polls = connection.execute("SELECT outcome, status, new, remarks FROM polls ORDER BY id").fetchall()
    connection.close()
    # That of the west's is gone with the second of these.
    assert [(outcome, status, new, json.loads(remarks)) for outcome, status, new, remarks in polls] == [
        ("fetched", 200, 1, []),
        ("fetched", 200, 0, []),
    ]
