"""What the PostgreSQL store does in a way of its own; what it has in common is in the tests of the store."""

from __future__ import annotations

import io
import operator
import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from string import ascii_letters
from threading import Event
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.pq import PipelineStatus

from hub.config import parse
from hub.errors import StoreError, StoreUnusable
from hub.model import Entry, Feed, FeedKey, FeedState, FeedUpdate, Gathered, Known, Offer, Selection, Tag
from hub.polling import rounds
from hub.reader import Document, Reader
from hub.report import Lines
from hub.store import Order, Store, connection, open_store
from hub.store.postgres import PostgresStore, searching
from hub.store.postgres import connection as on_server
from hub.store.postgres.dialect import translated
from hub.store.rows import as_json
from hub.store.sqlite import SqliteStore
from hub.stories import related
from tests.commands import SOON, within
from tests.postgresql import as_superuser, new_database, new_store
from tests.site import Site, rss
from tests.test_store import FEEDS, MEMBERS, NOW, WEST, decider, document
from tests.web_hub import news as news_of

LIST = "[1,2]"


def news(id: str, title: str | None = None, *, text: str = "Some news.", **more: Any) -> Entry:
    return replace(news_of(id, title, text=text, **more), feed=WEST.key)


@pytest.fixture
def empty() -> Iterator[str]:
    with new_database() as address:
        yield address


@pytest.fixture
def url() -> Iterator[str]:
    with new_store() as address:
        yield address


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(url)) as made:
        made.sync(MEMBERS, FEEDS, authority="news.example.org")
        yield made


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT 1 WHERE a = ? AND b = ?", "SELECT 1 WHERE a = %s AND b = %s"),
        ("a = :name AND b = ':no' AND c LIKE '%x?'", "a = %(name)s AND b = ':no' AND c LIKE '%%x?'"),
        ("a = ?2 AND b = ?1", "a = %(v2)s AND b = %(v1)s"),
        ("key IN (SELECT value FROM json_each(?))", "key = ANY (%s)"),
        ("key NOT IN (SELECT value FROM json_each(:keys))", "key <> ALL (%(keys)s)"),
        (
            "FROM json_each(?) j CROSS JOIN entries e ON e.key = j.value",
            "FROM jsonb_array_elements((%s)::jsonb) AS j(value) JOIN entries e ON e.key = j.value",
        ),
        (
            "FROM json_each(t.tags) each WHERE",
            "FROM jsonb_array_elements((t.tags)::jsonb) AS each(value) WHERE",
        ),
        ("SELECT json_group_array(e.key)", "SELECT COALESCE(json_agg(e.key), '[]')::text"),
        ("FROM entries e INDEXED BY entries_lead WHERE +e.feed = 1", "FROM entries e WHERE e.feed = 1"),
        ("a CROSS JOIN b ON c", "a CROSS JOIN b ON c"),
        (
            "members m CROSS JOIN entries e INDEXED BY i\nON e.key = 1",
            "members m JOIN entries e\nON e.key = 1",
        ),
        ("SET a = MAX(b.a, excluded.a), n = MAX(n)", "SET a = GREATEST(b.a, excluded.a), n = MAX(n)"),
        ("SELECT 7 % 2, x::text", "SELECT 7 %% 2, x::text"),
    ],
)
def test_a_statement_is_said_in_postgresqls_words(statement: str, says: str) -> None:
    assert translated(statement).text == says


def test_lists_are_handed_over_as_arrays() -> None:
    by_place = translated("a = ? AND key IN (SELECT value FROM json_each(?)) AND b = ?")
    assert by_place.values(("x", LIST, "y")) == ["x", "{1,2}", "y"]
    by_name = translated("key IN (SELECT value FROM json_each(:keys)) AND a = :a")
    assert by_name.values({"keys": LIST, "a": LIST}) == {"keys": "{1,2}", "a": LIST}
    numbered = translated("a = ?2 AND b = ?1 OR a = ?2")
    assert numbered.values((1, 2)) == {"v1": 1, "v2": 2}


def test_lists_hold_what_was_listed(store: PostgresStore) -> None:
    chance = random.Random(7)
    pieces = ("{", "}", '"', ",", "\\", " ", "'", "\n", "\x01", "NULL", "null", "é", "\\u0041", "%", "a")
    texts = sorted({"".join(chance.choices(pieces, k=number % 5)) for number in range(300)} | {*pieces})
    store._write_each("INSERT INTO tag_counts (term, stories) VALUES (?, 1)", [(text,) for text in texts])
    having = "SELECT term FROM tag_counts WHERE term IN (SELECT value FROM json_each(?))"
    for text in texts:
        assert store._tuples(having, (as_json([text]),)) == [(text,)]
    half = texts[::2]
    assert {term for (term,) in store._tuples(having, (as_json(half),))} == {*half}
    lacking = having.replace(" IN", " NOT IN")
    assert {term for (term,) in store._tuples(lacking, (as_json(half),))} == {*texts[1::2]}
    assert len(store._tuples(lacking, (as_json([]),))) == len(texts)
    counted = "SELECT COUNT(*) FROM tag_counts WHERE -stories IN (SELECT value FROM json_each(?))"
    assert store._value(counted, (as_json([-1, 2**62]),)) == len(texts)
    assert store._value(counted, (as_json([]),)) == 0


def test_a_database_is_made_once_and_opened_by_many(empty: str) -> None:
    together = threading.Barrier(4)

    def opens(_: int) -> tuple[str, ...]:
        together.wait(SOON)
        with closing(open_store(empty)) as opened:
            return opened.check()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opens, range(4))) == [()] * 4


def test_a_later_hubs_database_is_left_alone(url: str, store: Store) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO hub_migrations VALUES ('p999_of_the_future')")
    with pytest.raises(StoreError, match=r"written by a later hub than this one \(p999_of_the_future\)"):
        open_store(url)


def test_another_programs_database_is_left_alone(empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE invoices (id int)")
    with pytest.raises(StoreError, match="the database of another program: it has a table invoices"):
        open_store(empty)
    with psycopg.connect(empty) as connection:
        found = connection.execute("SELECT relname FROM pg_class WHERE relname = 'hub_migrations'").fetchall()
    assert found == []


def test_who_may_not_make_tables_is_told_so(empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM pg_database_owner")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(StoreError, match="This user may not do that in the database"):
        open_store(empty)


def test_a_connection_that_broke_is_made_anew(url: str, store: PostgresStore) -> None:
    store.settle([document(WEST, news("1"))], decider())
    version = store.version()
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hub'"
    for asks in (store.version, store.tag_counts, lambda: store.stories(limit=1), lambda: store.renew(())):
        as_superuser(end)
        asks()
    assert store.version() == version


def test_what_was_begun_on_a_connection_that_broke_is_undone(store: PostgresStore) -> None:
    version = store.version()

    def write() -> None:
        with store._writing():
            store._execute("UPDATE state SET version = version + 100")
            as_superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hub'")
            store._execute("UPDATE state SET version = version + 100")

    with pytest.raises(StoreError, match="cannot be reached"):
        write()
    assert store.version() == version


def test_a_text_with_a_nul_is_stored_with_what_stands_for_no_letter(store: Store) -> None:
    store.settle([document(WEST, news("a\0", "Ward\0s", text="a\0b"))], decider())
    (stored,) = store.walk()
    assert (stored.entry.title, stored.entry.text) == ("Ward\ufffds", "a\ufffdb")
    store.settle([document(WEST, news("a\0", "Ward\0s", text="a\0b"))], decider())
    assert [each.key for each in store.walk()] == [stored.key]
    assert store.revisions(stored.key) == ()
    assert store.find("https://\0/") == ()
    assert not store.finds("\0")


def test_what_postgresql_takes_from_nobody_costs_its_own_feed_alone(store: Store) -> None:
    bad = document(WEST, replace(news("2"), image="https://\ud800.example/"))
    results = store.settle([document(FEEDS[0], replace(news("1"), feed=FEEDS[0].key)), bad], decider())
    assert [each.outcome for each in results] == ["fetched", "failed"]
    assert "could not be stored" in (results[1].error or "")
    assert store.totals().entries == 1


@pytest.mark.parametrize(
    ("table", "refused"),
    [
        ("polls", "feed = 1 AND outcome = 'fetched'"),
        ("polls", "feed = 2 AND outcome = 'fetched'"),
        ("tags", "tags LIKE '%beds%'"),
    ],
)
def test_what_the_server_refuses_without_being_waited_for_costs_its_own_feed_alone(
    store: PostgresStore, caplog: pytest.LogCaptureFixture, table: str, refused: str
) -> None:
    store._execute(f"ALTER TABLE {table} ADD CHECK (NOT ({refused}))")
    waited_for: list[bool] = []
    deciding = decider()

    def telling(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        waited_for.append(store._connection.info.pipeline_status == PipelineStatus.OFF)
        return deciding(gathered, state, known)

    east = document(FEEDS[0], replace(news("1"), feed=FEEDS[0].key))
    west = document(WEST, news("2", tags=(Tag("beds", "a rule"),)))
    results = store.settle([east, west], telling)
    which = 0 if "feed = 1" in refused else 1
    assert [each.outcome for each in results] == ["failed" if at == which else "fetched" for at in (0, 1)]
    assert "could not be stored" in (results[which].error or "")
    assert store.totals().entries == 1
    assert waited_for[0] is False
    assert waited_for[-1] is True
    assert store.check() == ()
    assert caplog.records == []


def test_a_server_that_ends_while_it_is_not_waited_for_undoes_all_and_one_error_is_told(
    url: str, store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    gathered = document(WEST, news("1"))

    def ending(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (store._connection.info.backend_pid,))
        return decider()(gathered, state, known)

    with pytest.raises(StoreUnusable, match="cannot be reached"):
        store.settle([gathered], ending)
    assert caplog.records == []
    assert store.totals().entries == 0
    (result,) = store.settle([gathered], decider())
    assert result.new == 1


def test_what_a_check_finds_is_mended(url: str, store: Store) -> None:
    store.settle([document(WEST, news("1", "Stroke ward"), news("2", "Sepsis"))], decider())
    assert store.check() == ()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE search SET words = 'nothing' WHERE entry = 1")
        connection.execute("DELETE FROM search WHERE entry = 2")
        connection.execute("UPDATE member_counts SET entries = 9")
    assert store.check() == (
        "the counts of members do not agree with the entries in 2 places",
        "the full-text index does not agree with the entries in 2 places",
    )
    assert not store.finds("stroke")
    steps: list[str] = []
    store.mend(steps.append)
    assert "the full-text index" in steps
    assert store.check() == ()
    assert store.finds("stroke")


def test_an_entry_is_found_by_the_terms_that_came_with_it(store: PostgresStore) -> None:
    """Whoever read it made them, so that nobody waits for that while others write."""
    came = [news("1", "Ward", text="New."), news("2", "Beds", text="Old.")]
    store.settle(
        [document(WEST, *(replace(each, terms=store.terms_of("Sepsis", f"of {each.id}")) for each in came))],
        decider(),
    )
    assert not store.finds("ward")
    assert [store.finds(f"sepsis {number}") for number in (1, 2, 3)] == [True, True, False]
    changed = replace(came[0], text="Newer.", fingerprint="other", terms=store.terms_of("Stroke", "of 3"))
    (result,) = store.settle([document(WEST, changed, came[1], at=NOW + timedelta(hours=1))], decider())
    assert result.updated == 1
    assert [store.finds(words) for words in ("stroke 3", "sepsis 1", "sepsis 2")] == [True, False, True]


def test_terms_made_where_a_document_is_read_are_those_of_the_store(store: PostgresStore) -> None:
    text = r"Its 'wards' \ and <b>nurses</b> have opened: naïve Größe, 京都"
    body = rss("https://west.example/news", "It's open", "Wards", text=text).encode()
    reader = Reader((), "UTC", terms_of=store.terms_of)
    read = reader.read(Document(feed=WEST, url=WEST.url, body=body)).entries
    assert all(each.terms for each in read)
    store.settle([document(WEST, *read)], decider())
    assert store.check() == ()
    assert store.finds("naive 京都 ward it's")


def test_a_round_stores_what_its_readers_made(url: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse(
        "hub: {fetch: {allow: [127.0.0.0/8]}}\n"
        f"members: [{{slug: west, name: West, feeds: [{{url: {site.feed('/west', 'Ward opens')}}}]}}]\n"
    )
    # A title and a text, one right after the other, are terms as well.
    monkeypatch.setattr(PostgresStore, "terms_of", operator.concat)
    with closing(PostgresStore(url)) as store:
        rounds.sync(store, config)
        rounds.poll_round(config, store, store.feed_states(), progress=Lines(io.StringIO()), stop=Event())
    with psycopg.connect(url) as connection:
        ((words,),) = connection.execute("SELECT words::text FROM search").fetchall()
    assert "'opensWords'" in words


def test_a_text_of_any_length_is_found(store: Store) -> None:
    """PostgreSQL keeps no more than a megabyte of words, and where no more than so many stand."""
    many = " ".join(f"word{number}x{'y' * 40}" for number in range(40_000))
    store.settle([document(WEST, news("1", "Long", text=f"sepsis {many} {'z' * 3_000}"))], decider())
    assert store.finds("sepsis")
    assert store.finds(f"word7x{'y' * 40}")
    assert store.check() == ()


@pytest.mark.parametrize(
    "typed", ["it's", "a\\b", "'", "\\", '"\'; DROP TABLE entries; --"', "a & b | !c", ":*"]
)
def test_whatever_is_typed_is_looked_for(store: Store, typed: str) -> None:
    store.settle([document(WEST, news("1", r"It's a\b & 'quoted' c"))], decider())
    found = store.search(Selection(search=typed), limit=5)
    assert found.stories in (0, 1)
    store.finds(typed)


def test_one_writer_at_a_time_and_who_waits_sees_what_was_written(url: str, store: PostgresStore) -> None:
    with closing(PostgresStore(url)) as other, store._writing():
        store._execute("UPDATE state SET version = 7")
        assert other.version() < 7
        writer = rf"is held by another program, process {os.getpid()} on "
        with pytest.raises(StoreError, match=writer), other._writing_within(0):
            pass
    with closing(PostgresStore(url)) as other, other._writing():
        assert other.version() == 7


def test_who_is_stopped_while_it_writes_does_not_keep_the_others_waiting(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "= '60s'" in on_server._WRITE
    monkeypatch.setattr(on_server, "_WRITE", on_server._WRITE.replace("'60s'", "'2s'"))
    begun = store.version()
    writing = store._writing()
    writing.__enter__()
    store._execute("UPDATE state SET version = 7")
    # It waits for what this does not let go of.
    with closing(PostgresStore(url)) as other, other._writing_within(30):
        assert other.version() == begun
    with pytest.raises(StoreUnusable, match="idle-in-transaction timeout"):
        writing.__exit__(None, None, None)
    # By another connection it writes again.
    with store._writing():
        store._execute("UPDATE state SET version = 9")
    assert store.version() == 9


def test_all_that_a_file_has_is_taken_over_under_the_same_numbers(
    tmp_path: Path, store: PostgresStore
) -> None:
    with closing(SqliteStore(tmp_path / "hub.db")) as original:
        original.sync(MEMBERS, FEEDS, authority="news.example.org")
        east = FEEDS[0]
        copied = "The trust opens a ward for stroke patients in the north of the town this winter."
        entries = [news(str(number), f"Ward {number}", text=f"{copied} {number}") for number in range(30)]
        original.settle([document(WEST, *entries)], decider())
        original.settle([document(east, replace(entries[3], feed=east.key, id="other"))], decider())
        original.settle([document(WEST, news("30", "Gone\0", text="a\0b"))], decider())
        last = max(each.key for each in original.walk())
        original.withdraw([last, 2], "a mistake", NOW)
        original._execute("DELETE FROM entries WHERE key = ?", (last,))
        store.settle([document(WEST, news("before"))], decider())
        steps: list[str] = []
        store.take_over(original, steps.append)
        assert {"entries", "stories", "the full-text index"} <= set(steps)
        assert store.check() == ()
        assert [*store.walk()] == [*original.walk()]
        assert store.withdrawn() == original.withdrawn()
        assert store.feed_states() == original.feed_states()
        assert store.totals() == original.totals()
        asked = Selection(search="stroke ward")
        assert store.search(asked, limit=5).stories == original.search(asked, limit=5).stories == 29
    store.settle([document(WEST, news("31", "Another", text="Quite another thing."))], decider())
    assert max(each.key for each in store.walk()) == last + 1


def test_nothing_of_a_file_is_taken_over_where_not_all_of_it_can_be(
    tmp_path: Path, store: PostgresStore
) -> None:
    store.settle([document(WEST, news("before"))], decider())
    with closing(SqliteStore(tmp_path / "hub.db")) as original:
        original.sync(MEMBERS, FEEDS, authority="news.example.org")
        original.settle([document(WEST, news("1"))], decider())
        original._execute("PRAGMA foreign_keys = OFF")
        original._execute("UPDATE entries SET story = 999")
        with pytest.raises(StoreError, match="refused"):
            store.take_over(original, lambda _: None)
    assert [each.entry.id for each in store.walk()] == ["before"]
    assert store.check() == ()


def test_what_a_member_names_may_be_longer_than_an_index_takes(store: Store) -> None:
    """Over a third of a page, that is, however little it can be compressed."""
    chance = random.Random(1)
    long = "https://hub.example/" + "".join(chance.choices(ascii_letters, k=9_000))
    offered = replace(document(WEST, news("1")), offer=Offer(hub=long, topic=long, itself=long))
    of_east = document(FEEDS[0], replace(news("2", link=long), feed=FEEDS[0].key, id=long))
    results = store.settle([offered, of_east], decider())
    assert [each.outcome for each in results] == ["fetched", "fetched"]
    assert store.offers()[WEST.key].hub == long


@pytest.mark.parametrize("word", ["x" * 3_000, "字" * 700], ids=["letters", "characters"])
def test_a_word_that_is_too_long_for_the_index_is_found_by_nobody_and_harms_nobody(
    store: Store, word: str
) -> None:
    store.settle([document(WEST, news("1", f"Ward {word}", text=f"{word} sepsis {word}"))], decider())
    (story,) = store.stories(limit=1).items
    assert store.related(story, limit=3) == ()
    assert not store.finds(word)
    assert store.search(Selection(search=f"{word} -{word}x"), limit=1).stories == 0
    assert store.finds("sepsis")


@pytest.mark.parametrize("default", ["repeatable read", "serializable"])
def test_who_waited_to_write_reads_what_was_written_meanwhile_whatever_the_server_does_by_default(
    url: str, default: str
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE hub SET default_transaction_isolation = '{default}'".encode())
    began = threading.Event()

    def add() -> None:
        with closing(PostgresStore(url)) as other:
            began.set()
            with other._writing():
                version = other._value("SELECT version FROM state")
                other._execute("UPDATE state SET version = ?", (version + 1,))

    try:
        with closing(PostgresStore(url)) as store, ThreadPoolExecutor(1) as threads:
            before = store.version()
            with store._writing():
                adding = threads.submit(add)
                assert began.wait(SOON)
                within(SOON, lambda: as_superuser("SELECT 1 FROM pg_locks WHERE NOT granted"))
                store._execute("UPDATE state SET version = version + 1")
            adding.result(10)
            assert store.version() == before + 2
    finally:
        as_superuser("ALTER ROLE hub RESET default_transaction_isolation")


def test_a_writer_that_has_its_turn_waits_for_readers_as_long_as_for_a_turn(store: PostgresStore) -> None:
    with store._writing():
        assert store._value("SHOW lock_timeout") == f"{connection.BUSY_SECONDS}s"


def test_who_reads_while_a_file_is_taken_over_sees_what_was_there(
    tmp_path: Path, url: str, store: PostgresStore
) -> None:
    store.settle([document(WEST, news("before"))], decider())
    with closing(SqliteStore(tmp_path / "hub.db")) as original, closing(PostgresStore(url)) as reader:
        original.sync(MEMBERS, FEEDS, authority="news.example.org")
        original.settle([document(WEST, news("after"))], decider())
        seen = []

        def look(_step: str) -> None:
            seen.append([each.entry.id for each in reader.walk()])

        with reader.of_one_moment():
            store.take_over(original, look)
            assert [each.entry.id for each in reader.walk()] == ["before"]
        assert all(each == ["before"] for each in seen)
        assert [each.entry.id for each in reader.walk()] == ["after"]


def test_a_taken_over_file_is_searched_by_an_index(tmp_path: Path, store: PostgresStore) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE tablename = 'search' ORDER BY indexname"
    before = store._tuples(indexes)
    with closing(SqliteStore(tmp_path / "hub.db")) as original:
        store.take_over(original, print)
    assert store._tuples(indexes) == before
    assert any("gin" in index for (index,) in before)


def test_searches_look_through_little_that_is_not_sorted_into_the_index_yet(store: PostgresStore) -> None:
    """By default the server would sort it in once that is four megabytes; each search goes through it."""
    for poll in range(20):
        words = " ".join(f"word{poll}x{number}" for number in range(200))
        polled = [news(f"{poll} {number}", f"News {number}", text=words) for number in range(10)]
        store.settle([document(WEST, *polled)], decider())
    pages = int(store._value("SELECT gin_clean_pending_list('search_words')"))
    assert pages * 8 <= 128 + 8, "kilobytes"
    assert store._value("SELECT COUNT(*) FROM search WHERE words @@ 'word19x7'") == 10


class Listening(PostgresStore):
    """A store that remembers what it asked the server."""

    def __init__(self, url: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        super().__init__(url)

    def _ask(self, statement: str, values: Any) -> Any:
        self.asked.append((statement, values))
        return super()._ask(statement, values)

    def _planned(self, statement: str, values: Any) -> Any:
        self.asked.append((statement, values))
        return super()._planned(statement, values)


@pytest.mark.parametrize("second", [2, 2.5, True])
def test_rows_that_are_written_together_are_what_each_would_be_by_itself(
    store: PostgresStore, second: float
) -> None:
    """Columns whose values are of several types are no arrays, and are written row by row."""
    written = [('"{a}\\, é', 1.5, b"\0"), (None, None, None), ("", second, b""), ("NULL", -1.5, b"1")]
    with store._writing():
        store._execute("CREATE TABLE rows_of_it (a TEXT, b DOUBLE PRECISION, c BYTEA)")
        store._write_each("INSERT INTO rows_of_it (a, b, c) VALUES (?, ?, ?)", written)
        found = store._tuples("SELECT * FROM rows_of_it")
        store._execute("DROP TABLE rows_of_it")
    assert found == written


def test_as_many_statements_take_over_three_new_feeds_as_thirty(url: str, store: PostgresStore) -> None:
    with closing(Listening(url)) as asked:
        took = []
        for many, first in ((3, 0), (30, 3)):
            asked.asked.clear()
            feeds = [
                Feed(key=FeedKey("west", f"n{number}"), url=f"https://west.example/{number}")
                for number in range(first, first + many)
            ]
            asked.sync(MEMBERS, [*FEEDS, *feeds], authority="news.example.org")
            took.append(len(asked.asked))
    assert took[0] == took[1]
    assert len(store.feed_states("west")) == 32


def test_nobody_counts_the_entries_with_a_word_of_which_the_server_knows_enough(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_HITS", 3)
    monkeypatch.setattr(related, "COMMON", 3)
    texts = ["A sepsis bundle.", *["A sepsis bundle on ketamine."] * 3, *["A sepsis bundle for wards."] * 5]
    polled = [news(f"{number}", f"Larkspur {number}", text=text) for number, text in enumerate(texts)]
    store.settle([document(WEST, *polled, news("rare", "Larkspur", text="Naloxone, ketamine."))], decider())
    with closing(Listening(url)) as asked:

        def counted(typed: str, *, order: Order) -> bool:
            asked.asked.clear()
            found = asked.search(Selection(search=typed), limit=2)
            assert found.stories
            assert found.order == order
            return any(statement == searching._HOW_MANY for statement, _ in asked.asked)

        assert counted("sepsis", order="date")
        assert counted("naloxone", order="relevance")
        store._execute("ANALYZE search")
        assert not counted("sepsis bundle", order="date")
        assert not counted("naloxone", order="relevance")
        assert counted('"naloxone ketamine"', order="relevance")
        asked.asked.clear()
        (story,) = asked.search(Selection(search="naloxone"), limit=1).items
        asked.related(story, limit=3)
        ((_, words),) = [each for each in asked.asked if each[0] == searching._HOW_MANY_EACH]
        assert "naloxon" in str(words)
        assert "larkspur" not in str(words)


@pytest.mark.parametrize(
    ("hits", "back"), [(0, False), (10_000, False), (19_000, False), (21_000, True), (900_000, True)]
)
def test_hits_are_found_on_the_way_back_where_few_entries_are_passed_by(hits: int, back: bool) -> None:
    """For 1,200 hits 63,000 of a million entries are passed by where 19,000 have the words."""
    assert searching.walks_back(1_200, hits=hits, entries=1_000_000) is back


def test_the_way_back_is_taken_by_what_the_server_knows_of_two_words_together(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_HITS", 3)
    polled = [
        news(f"{n}", f"Entry {n}", text="A ward" + " on sepsis" * (n % 2) + " here." * (n < 20))
        for n in range(40)
    ]
    store.settle([document(WEST, *polled)], decider())
    store._execute("ANALYZE search")
    told: list[tuple[float, float]] = []

    def either(most: int, *, hits: float, entries: float) -> bool:
        told.append((hits, entries))
        return back

    monkeypatch.setattr(searching, "walks_back", either)
    for typed, hits in (("ward sepsis", 20), ("ward sepsis here", 10), ("sepsis", 20)):
        pages = []
        for back in (False, True):
            with closing(Listening(url)) as asked:
                pages.append(asked.search(Selection(search=typed), limit=3))
                (found,) = {text for text, _ in asked.asked if "shown AS MATERIALIZED" in text}
            assert ("ORDER BY entry + 0 DESC" not in found) is back
        assert pages[0] == pages[1]
        assert len(pages[0].items) == 3
        assert told[-1][0] == pytest.approx(hits)
        assert told[-1][1] == 40


def test_letters_are_written_as_they_are_whatever_the_environment_says(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with closing(PostgresStore(f"{url}&client_encoding=latin1")) as store:
        store.sync(MEMBERS, FEEDS, authority="news.example.org")
        store.settle([document(WEST, news("1", "Szpital w Łodzi"))], decider())
        assert [each.entry.title for each in store.walk()] == ["Szpital w Łodzi"]


def test_a_statement_that_was_cancelled_is_not_said_to_be_out_of_reach(store: PostgresStore) -> None:
    store._execute("SET statement_timeout = 1")
    with pytest.raises(StoreError, match="refused: canceling statement"), store._errors():
        store._value("SELECT COUNT(*) FROM generate_series(1, 1000000000)")
