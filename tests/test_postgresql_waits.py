"""What a database on a server is waited for while polls are settled: as seldom for many as for few."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from hub.model import Entry, Feed, FeedKey, Tag
from hub.store.postgres import PostgresStore
from hub.store.postgres.dialect import many_rows, translated
from hub.store.tagging import _TAGS_OF_JOINED
from tests.postgresql import new_store
from tests.test_store import MEMBERS, NOW, decider, document
from tests.web_hub import news

FEEDS = tuple(
    Feed(key=FeedKey("west", f"n{number}"), url=f"https://west.example/{number}") for number in range(30)
)
RELEASE = "The trust opens a ward of twelve beds for people who recover from a stroke at home. " * 3


@pytest.fixture
def store() -> Iterator[PostgresStore]:
    with new_store() as url, closing(PostgresStore(url)) as made:
        made.sync(MEMBERS, FEEDS, authority="news.example.org")
        yield made


def entries_of(feed: Feed, many: int) -> list[Entry]:
    chance = random.Random(feed.url)
    made = []
    for number in range(many):
        words = " ".join("".join(chance.choices("abcdefghij", k=7)) for _ in range(60))
        id = f"{feed.key.name} {number}"
        its = news(id, f"News {words[:15]}", text=words, tags=(Tag(f"topic-{number}", "a rule"),))
        made.append(replace(its, feed=feed.key, link=f"{feed.url}/{number}"))
    return made


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was waited for since it was last cleared."""
    waited: list[str] = []
    fetch, many = psycopg.Cursor._fetch_pipeline, psycopg.Cursor.executemany

    def fetched(cursor: psycopg.Cursor[Any]) -> None:
        # What came with another's rows is there already.
        if not cursor.pgresult:
            waited.append("rows")
        fetch(cursor)

    def carried_out(cursor: psycopg.Cursor[Any], *more: Any, **options: Any) -> None:
        # Many statements at once end with a wait.
        waited.append("many")
        many(cursor, *more, **options)

    # Whatever a cursor gives it has fetched by this.
    monkeypatch.setattr(psycopg.Cursor, "_fetch_pipeline", fetched)
    monkeypatch.setattr(psycopg.Cursor, "executemany", carried_out)
    return waited


@pytest.mark.parametrize("many", [1, 3, 20])
def test_three_polls_are_waited_for_as_often_as_twenty(
    store: PostgresStore, waits: list[str], many: int
) -> None:
    counted = []
    for feeds in (FEEDS[:7], FEEDS[7:10], FEEDS[10:]):
        waits.clear()
        results = store.settle([document(feed, *entries_of(feed, many)) for feed in feeds], decider())
        assert {result.new for result in results} == {many}
        counted.append(len(waits))
    assert counted[1] == counted[2] > 0
    assert store.check() == ()


def test_twenty_stories_that_others_lead_by_now_are_waited_for_as_often_as_three(
    store: PostgresStore, waits: list[str]
) -> None:
    by = replace(FEEDS[0], key=FeedKey("east"), url="https://east.example/0")
    store.sync(MEMBERS, [by, *FEEDS], authority="news.example.org")
    later = [
        replace(each, published=NOW - timedelta(hours=1))
        for feed in FEEDS[1:4]
        for each in entries_of(feed, 20)
    ]
    for feed in FEEDS[1:4]:
        store.settle([document(feed, *(each for each in later if each.feed == feed.key))], decider())
    counted = []
    for copied in (later[:2], later[2:5], later[20:40]):
        copies = [
            replace(
                each,
                **{"feed": by.key, "id": f"copy of {each.id}", "link": f"{each.link}/copy"},
                **{"published": NOW - timedelta(hours=2), "tags": (Tag("other", "a rule"), *each.tags[1:])},
            )
            for each in copied
        ]
        waits.clear()
        (result,) = store.settle([document(by, *copies)], decider())
        assert result.new == len(copied)
        counted.append(len(waits))
    assert counted[1] == counted[2] > 0
    led = {story.shown.entry.feed: story for story in store.stories(limit=100).items}[by.key]
    assert len(led.entries) == 2
    assert {tag.term for tag in led.tags} > {"other"}
    assert store._value("SELECT stories FROM tag_counts WHERE term = 'other'") == 25
    assert store.check() == ()


def test_numbers_go_on_after_those_that_were_given_here(store: PostgresStore) -> None:
    east, west, third = FEEDS[:3]
    store.settle([document(feed, *entries_of(feed, 3)) for feed in (east, west)], decider())
    assert store._value("SELECT MAX(key) FROM entries") == 6
    with store._writing():
        (story,) = store._new_stories([True])
    assert story == 7
    # What is undone leaves no number that is given twice.

    def undone() -> None:
        with store._writing(), store._unawaited():
            assert store._new_stories([True, True]) == [8, 9]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    store.settle([document(third, *entries_of(third, 2))], decider())
    assert store._keys("SELECT key FROM entries ORDER BY key") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len({*store._keys("SELECT story AS key FROM entries")}) == 8
    assert store.check() == ()


def test_a_batch_that_is_settled_apart_has_numbers_of_its_own(store: PostgresStore) -> None:
    bad = replace(entries_of(FEEDS[1], 5)[0], image="https://\ud800.example/")
    polls = [
        document(FEEDS[0], *entries_of(FEEDS[0], 5)),
        document(FEEDS[1], bad, *entries_of(FEEDS[1], 5)[1:]),
        document(FEEDS[2], *entries_of(FEEDS[2], 5)),
    ]
    results = store.settle(polls, decider())
    assert [each.new for each in results] == [5, 0, 5]
    assert store.settle([document(FEEDS[3], *entries_of(FEEDS[3], 5))], decider())[0].new == 5
    assert store.check() == ()


def test_a_copy_gives_its_story_its_tags_and_a_later_one_may_lead_it(store: PostgresStore) -> None:
    polls = [
        document(
            feed,
            replace(
                news(f"release {number}", "Ward for stroke opens", text=RELEASE),
                feed=feed.key,
                link=f"{feed.url}/release",
                published=NOW - timedelta(minutes=10 * number),
                tags=(Tag(f"topic-{number}", "a rule"), Tag("stroke", "a rule")),
            ),
        )
        for number, feed in enumerate(
            [replace(FEEDS[0], key=FeedKey("east")), *FEEDS[1:2], replace(FEEDS[2], key=FeedKey("east", "x"))]
        )
    ]
    feeds = [poll.feed for poll in polls]
    store.sync(MEMBERS, feeds, authority="news.example.org")
    store.settle(polls, decider())
    (story,) = store.stories(limit=2).items
    assert len(story.entries) == 3
    assert {tag.term for tag in story.tags} == {"topic-0", "topic-1", "topic-2", "stroke"}
    assert store._tuples("SELECT term, stories FROM tag_counts WHERE stories <> 0 ORDER BY term") == [
        ("stroke", 1),
        *((f"topic-{number}", 1) for number in range(3)),
    ]
    assert store.check() == ()


def test_a_new_databases_entries_are_not_gone_through_for_the_tags_of_copies(store: PostgresStore) -> None:
    """The server has no statistics yet, and stays with what was best when there was next to nothing."""
    store._execute("SET plan_cache_mode = force_generic_plan")
    store._execute(
        f"PREPARE joined AS {translated(_TAGS_OF_JOINED).text.replace('%s', '$1')}".replace("%%", "%")
    )
    plan = "\n".join(line for (line,) in store._tuples("EXPLAIN EXECUTE joined ('[]')"))
    assert "Seq Scan" not in plan
    assert "Join" not in plan
    assert plan.count("Index") >= 3


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "INSERT INTO a (b, c) VALUES (?, ?)",
            "INSERT INTO a (b, c) SELECT given.v0, given.v1"
            " FROM unnest(%b::bigint[], %b::text[]) AS given(v0, v1) ",
        ),
        (
            "\nINSERT INTO a (b,\n  c, d)\nVALUES (:n, :t, '[]')\n",
            "INSERT INTO a (b,\n  c, d) SELECT given.v0, given.v1, '[]'"
            " FROM unnest(%b::bigint[], %b::text[]) AS given(v0, v1) ",
        ),
        (
            "INSERT INTO a (d, b, c) VALUES (:t, :n, :t)",
            "INSERT INTO a (d, b, c) SELECT given.v0, given.v1, given.v0"
            " FROM unnest(%b::text[], %b::bigint[]) AS given(v0, v1) ",
        ),
        (
            "INSERT INTO a (c, d) VALUES (?, ?::tsvector) ON CONFLICT (c) DO UPDATE SET d = excluded.d",
            "INSERT INTO a (c, d) SELECT given.v0, given.v1::tsvector"
            " FROM unnest(%b::text[], %b::text[]) AS given(v0, v1)"
            " ON CONFLICT (c) DO UPDATE SET d = excluded.d",
        ),
        ("INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO UPDATE SET c = ?", None),
        ("INSERT INTO a (b) VALUES (? + 1)", None),
        ("INSERT INTO a (b) SELECT ?", None),
        ("UPDATE a SET b = ?", None),
    ],
)
def test_an_insert_of_a_row_is_said_as_one_of_many(statement: str, says: str | None) -> None:
    many = many_rows(statement)
    types = {"b": "bigint", "c": "text", "d": "text"}
    assert (many and many.of_types(types)) == says


def test_rows_that_change_each_other_are_written_one_by_one(store: PostgresStore) -> None:
    count = (
        "INSERT INTO tag_counts (term, stories) VALUES (?, ?)"
        " ON CONFLICT (term) DO UPDATE SET stories = tag_counts.stories + excluded.stories"
    )
    store._write_each(count, [("a", 1), ("b", 1), ("a", 1), ("c", 1), ("a\0", 1)])
    store._write_each(count, [("a", True), ("b", True), ("d", False), ("a\0", True)])
    assert store._tuples("SELECT term, stories FROM tag_counts ORDER BY term") == [
        ("a", 3),
        ("a\ufffd", 2),
        ("b", 2),
        ("c", 1),
        ("d", 0),
    ]
