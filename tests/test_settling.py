"""Polls settled together come to what each comes to by itself."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from bench import quality
from hub.decide import decide
from hub.model import (
    Entry,
    EntryKeys,
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    HubSettings,
    Known,
    Member,
    Tag,
    Tombstone,
)
from hub.store import Store, open_store
from hub.stories import COMMON, sketched
from tests.entries import entry
from tests.postgresql import new_store
from tests.test_standing_over_time import made_anew
from tests.test_store import EAST, FEEDS, MEMBERS, NOW, WEST, decider, document, poll

ENTRIES = 400
A_DAY = timedelta(days=1)


@pytest.mark.parametrize("generator", ["syndication", "newsroom"])
def test_a_batch_of_polls_stores_what_its_polls_store_one_by_one_in_either_database(
    tmp_path: Path, generator: str
) -> None:
    news = list(quality.GENERATORS[generator](4, ENTRIES))[:ENTRIES]
    polls = [quality.polled(*each) for each in zip(news, tagged(quality.entries(news)), strict=True)]
    rounds = [quality.a_round(polls[first : first + 80]) for first in range(0, ENTRIES, 80)]
    after = rounds[-1][-1].started
    rounds += [corrected(polls, at=after + A_DAY)]
    rounds += [taken_back(rounds[-1], at=after + 2 * A_DAY), corrected(polls, at=after + 3 * A_DAY)]
    rounds += [on_a_new_site(polls, at=after + 4 * A_DAY)]
    together, alone = f"sqlite:///{tmp_path}/together.db", f"sqlite:///{tmp_path}/alone.db"
    with new_store() as on_a_server:
        for database, size in ((together, 1000), (alone, 1), (on_a_server, 1000)):
            with closing(a_store(database, polls)) as store:
                for each in rounds:
                    for first in range(0, len(each), size):
                        settle(store, each[first : first + size])
                assert store.check() == ()
        assert stored(together) == stored(alone) == stored(on_a_server)
    found = stored(together)["entries"]
    copies = [why for _, _, _, _, why, *_ in found if why]
    assert len(copies) > ENTRIES / 10
    held = [standing for *_, standing in found if standing]
    assert len(held) > ENTRIES / 20
    recognised = [key for key, *_, id, _, _, _ in found if str(id).startswith("new-")]
    assert len(recognised) > ENTRIES / 2
    assert len(found) < 2 * ENTRIES


BOOKING = "https://book.example/events"


def at_one_page(feed: Feed, count: int) -> list[Entry]:
    """Entries with words of their own, whose links all lead to the page where they are booked."""
    member = feed.key.member
    return [
        entry(
            f"{member} {number}",
            title=f"Course {number} of {member}",
            text=" ".join(f"word{(number * 7 + word * word) % 5_000}{member}" for word in range(100)),
            feed=feed.key,
            link=BOOKING,
        )
        for number in range(count)
    ]


def test_entries_that_all_lead_to_one_page_are_not_compared_each_with_all_of_another_feed(
    tmp_path: Path,
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/hub.db")) as store:
        store.sync(MEMBERS, FEEDS, authority="news.example")
        poll(store, WEST, *at_one_page(WEST, 1_000))
        started = time.thread_time()
        assert poll(store, EAST, *at_one_page(EAST, 1_000)) == (1_000, 0)
        assert time.thread_time() - started < 2


@pytest.mark.parametrize(("others", "joins"), [(COMMON - 1, True), (COMMON, False)])
def test_a_link_tells_nothing_of_a_feed_that_has_it_many_times(
    tmp_path: Path, others: int, *, joins: bool
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/hub.db")) as store:
        store.sync(MEMBERS, FEEDS, authority="news.example")
        theirs = [
            entry(f"w{number}", title=f"Course {number}", feed=WEST.key, link=BOOKING)
            for number in range(others)
        ]
        poll(store, WEST, *theirs)
        poll(store, EAST, entry("e", title="Course 0", text="Bring a pen.", feed=EAST.key, link=BOOKING))
        assert store.totals().stories == (others if joins else others + 1)


@pytest.mark.parametrize("together", [False, True])
def test_a_relaunch_is_recognised_whichever_feeds_are_polled_with_it(
    tmp_path: Path, *, together: bool
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/hub.db")
    store.sync(MEMBERS, FEEDS, authority="news.example")
    theirs = [
        entry(f"w{number}", title=f"Release {number} of the west", feed=WEST.key, published=NOW)
        for number in range(8)
    ]
    ours = [entry(f"e{number}", title=f"Letter {number} of the east") for number in range(8)]
    poll(store, WEST, *theirs)
    poll(store, EAST, *ours, *(replace(each, feed=EAST.key) for each in theirs))
    relaunch = document(EAST, *made_anew(ours, host="east.example", at=NOW + A_DAY), at=NOW + A_DAY)
    polls = [relaunch, document(WEST, entry("w8", feed=WEST.key), *theirs, at=NOW + A_DAY)]
    new = [
        result.new
        for batch in ([polls] if together else [[each] for each in polls])
        for result in store.settle(batch, decider(NOW + A_DAY))
    ]
    assert new == [0, 1]
    store.close()


def test_a_feed_that_is_twice_in_a_batch_stores_nothing_twice(tmp_path: Path) -> None:
    news = list(quality.GENERATORS["newsroom"](4, 40))[:20]
    polls = quality.a_round([quality.polled(*each) for each in zip(news, quality.entries(news), strict=True)])
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}", polls)
    assert sum(settle(store, [*polls, *polls])) == sum(len(each.entries) for each in polls)
    store.close()


def test_who_holds_a_number_is_what_the_index_says_also_where_it_was_read_before(tmp_path: Path) -> None:
    news = list(quality.GENERATORS["syndication"](4, ENTRIES))[:ENTRIES]
    polls = [quality.polled(*each) for each in zip(news, quality.entries(news), strict=True)]
    # Within one week, so that nothing is taken out of the index for its age.
    polls = [replace(each, started=polls[-1].started) for each in polls]
    file = tmp_path / "hub.db"
    store = a_store(f"sqlite:///{file}", polls)
    common = 0
    wrong: list[int] = []

    def compared(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        nonlocal common
        for number, held in known.holders.items():
            if sorted(held) != index.get(number, []):
                wrong.append(number)
            common += len(held) >= COMMON
        return at_its_time(gathered, state, known)

    for first in range(0, ENTRIES, 10):
        with closing(sqlite3.connect(file)) as db:
            if first % 40 == 0:
                # As an admin's command might, beside the poller.
                db.execute(
                    "DELETE FROM sketch_index WHERE (number, story) IN"
                    " (SELECT number, MIN(story) FROM sketch_index GROUP BY number HAVING COUNT(*) >= ?)",
                    (COMMON,),
                )
                db.commit()
        if first % 40 == 20:
            store.put_together(*two_stories(file), polls[-1].started)
        with closing(sqlite3.connect(file)) as db:
            index: dict[int, list[int]] = defaultdict(list)
            for number, story in db.execute("SELECT number, story FROM sketch_index ORDER BY story"):
                index[number].append(story)
        first_poll, *others = quality.a_round(polls[first : first + 10])
        store.settle([first_poll], compared)
        store.settle(others, at_its_time)
    assert wrong == []
    assert common > ENTRIES / 20
    store.close()


def two_stories(file: Path) -> tuple[int, int]:
    """The leads of the last story that holds a number of many, if any does, and of one that holds none."""
    many = "SELECT number FROM sketch_index GROUP BY number HAVING COUNT(*) >= ?"
    lead = "SELECT key FROM entries WHERE lead = 1 AND story"
    with closing(sqlite3.connect(file)) as db:
        holding = f"(SELECT story FROM sketch_index WHERE number IN ({many}))"
        (other,) = db.execute(f"{lead} NOT IN {holding} ORDER BY key DESC", (COMMON,)).fetchone()
        (key,) = db.execute(
            f"{lead} IN {holding} UNION SELECT MIN(key) FROM entries WHERE lead = 1 ORDER BY key DESC",
            (COMMON,),
        ).fetchone()
    return key, other


def tagged(entries: Sequence[Entry]) -> list[Entry]:
    return [
        replace(entry, tags=(Tag(f"topic{number % 3}", "a rule"),) if number % 4 else ())
        for number, entry in enumerate(entries)
    ]


def corrected(polls: Sequence[Gathered], *, at: datetime) -> list[Gathered]:
    """A round in which every feed's document has some entries reworded, and some that say what others say."""
    by_feed: dict[FeedKey, list[Gathered]] = defaultdict(list)
    for each in polls:
        by_feed[each.feed.key].append(each)
    changed = []
    for number, each in enumerate(polls):
        (entry,) = each.entries
        other = polls[number - 7].entries[0]
        if number % 5 == 0 and other.feed != entry.feed:
            entry = reworded(entry, title=other.title, text=other.text)
        elif number % 5 == 1:
            entry = reworded(entry, text=f"{entry.text} Nobody was asked.")
        elif number % 5 == 2:
            entry = replace(entry, link=f"{entry.link}/moved", canonical_link=f"{entry.canonical_link}/moved")
        changed.append(replace(each, entries=(entry,), started=at))
    return quality.a_round(changed)


def on_a_new_site(polls: Sequence[Gathered], *, at: datetime) -> list[Gathered]:
    """A round in which every feed's entries have other ids, links and dates, beside one that is new."""
    moved = []
    for number, each in enumerate(polls):
        (entry,) = each.entries
        if number % 6 == 0:
            entry = reworded(entry, title=f"New {number}", text=f"Our new site has number {number}.")
        keys = EntryKeys(id=f"id {number}", loose_id=f"id {number}", link=f"l {number}", title=f"t {number}")
        link = f"https://new.example/{number}"
        entry = replace(entry, id=f"new-{number}", link=link, canonical_link=link, keys=keys)
        moved.append(replace(each, entries=(entry,), started=at))
    return quality.a_round(moved)


def taken_back(polls: Sequence[Gathered], *, at: datetime) -> list[Gathered]:
    """A round in which every feed takes back a third of what it has."""
    return [
        replace(
            each,
            started=at,
            entries=tuple(entry for number, entry in enumerate(each.entries) if number % 3),
            tombstones=tuple(Tombstone(id=entry.id or "") for entry in each.entries[::3]),
        )
        for each in polls
    ]


def reworded(entry: Entry, *, text: str, title: str | None = None) -> Entry:
    changed = replace(entry, text=text, title=title or entry.title, fingerprint=f"of {title} {text}")
    return replace(changed, sketch=sketched([changed])[0])


def test_what_is_committed_moves_into_the_file_beside_the_writer(tmp_path: Path) -> None:
    polls = polls_of(160)
    file, before = tmp_path / "hub.db", set(threading.enumerate())
    store = a_store(f"sqlite:///{file}", polls)
    settle(store, quality.a_round(polls[:60]))
    time.sleep(0.2)
    assert in_the_file_alone(file) == 0
    settle(store, quality.a_round(polls[60:]))
    until = time.monotonic() + 60
    while in_the_file_alone(file) < 160 and time.monotonic() < until:
        time.sleep(0.02)
    assert in_the_file_alone(file) == 160
    # Those of an earlier test may end meanwhile.
    assert len(set(threading.enumerate()) - before) == 1
    store.close()
    assert set(threading.enumerate()) <= before


def test_polls_that_find_nothing_move_into_the_file_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="hub.store")
    nothing = replace(polls_of(1)[0], entries=())
    file = tmp_path / "hub.db"
    store = a_store(f"sqlite:///{file}", [nothing])
    size = file.stat().st_size
    for _ in range(300):
        settle(store, [nothing])
    until = time.monotonic() + 60
    while file.stat().st_size == size and time.monotonic() < until:
        # What a thousand pages were not moved for, the next are.
        settle(store, [nothing])
        time.sleep(0.02)
    assert file.stat().st_size > size
    store.close()


def polls_of(count: int) -> list[Gathered]:
    """Polls that brought so many entries, one each."""
    news = list(quality.GENERATORS["newsroom"](4, count))[:count]
    return [quality.polled(*each) for each in zip(news, quality.entries(news), strict=True)]


def in_the_file_alone(file: Path) -> int:
    """How many entries the database file has, whatever its log has besides."""
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as db:
        try:
            return int(db.execute("SELECT COUNT(*) FROM entries").fetchone()[0])
        except sqlite3.DatabaseError:  # no tables yet, or pages of two states: what is read is no snapshot
            return 0


def a_store(database: str, polls: Sequence[Gathered]) -> Store:
    return store_of(
        database,
        [
            replace(feed, trust="usual" if number % 5 else "hold")
            for number, feed in enumerate({each.feed.key: each.feed for each in polls}.values())
        ],
    )


def store_of(database: str, feeds: Sequence[Feed]) -> Store:
    store = open_store(database)
    slugs = dict.fromkeys(feed.key.member for feed in feeds)
    store.sync([Member(slug=slug, name=slug) for slug in slugs], feeds, authority="news.example")
    return store


def at_its_time(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
    return decide(
        gathered, state, known, now=gathered.started, settings=HubSettings(), authority="news.example"
    )


def settle(store: Store, polls: Sequence[Gathered]) -> list[int]:
    results = store.settle(polls, at_its_time)
    assert [result.error for result in results] == [None] * len(polls)
    return [result.new for result in results]


STORED = {
    "entries": "SELECT key, story, lead, copy_of, why, atom_id, id, link, changed, standing"
    " FROM entries ORDER BY key",
    "stories": "SELECT id, merged_into, told FROM stories ORDER BY id",
    "tags": "SELECT term, story, date, lead FROM story_tags ORDER BY 1, 2",
    "revisions": "SELECT entry, until, told, title, text FROM revisions ORDER BY id",
    "index": "SELECT number, story FROM sketch_index ORDER BY number, story",
    "habits": "SELECT feed, entries, sites, scripts, words, days, latest FROM habits ORDER BY feed",
    "windows": "SELECT feed, entries FROM windows ORDER BY feed",
}


def stored(database: str) -> dict[str, list[tuple[object, ...]]]:
    connect = sqlite3.connect if database.startswith("sqlite:") else psycopg.connect
    with closing(connect(database.removeprefix("sqlite:///"))) as db:
        return {what: db.execute(statement).fetchall() for what, statement in STORED.items()}
