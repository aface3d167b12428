"""What a database of any size is asked: no page reads more of it than it shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.model import Entry, Gathered, Selection, Tag, Term, Tombstone
from hub.store import open_store
from hub.store.sqlite import SqliteStore, searching, wordbitmaps
from tests.older import older_database
from tests.web_hub import EAST, NATIONAL, NOW, SAFETY, WESSEX, Hub, a_hub, news

STROKE = Tag("stroke", "a rule")
# The tables that grow with the news, and what statements call them. Of the others each page may read all.
_LARGE = {
    *("entries", "e", "c", "l", "o"),
    *("story_tags", "st", "t"),
    "tags",
    "tag_bitmaps",
    "stories",
    "sketches",
    "polls",
    *("word_bitmaps", "b"),
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def publish_some(hub: Hub) -> None:
    link = "https://joint.example/a"
    at = NOW - timedelta(microseconds=1)
    hub.publish(WESSEX, news("a", "Joint news", link=link, tags=(SAFETY,), at=at), news("b"))
    hub.publish(EAST, news("c", "Joint news", link=link, tags=(STROKE,)), at=NOW + timedelta(hours=1))
    hub.publish(NATIONAL, *(news(f"n{number}", tags=(STROKE,)) for number in range(40)))


class Explained(SqliteStore):
    """A store that has the plan of each statement it reads by, or of each with one of some other `verbs`."""

    def __init__(self, file: Path, *verbs: str) -> None:
        super().__init__(file)
        self._verbs = verbs or ("SELECT",)
        self.plans: dict[str, list[str]] = {}
        self._db.conn.set_trace_callback(self._explain)
        self._beside = sqlite3.connect(file)

    def _explain(self, statement: str) -> None:
        if statement.lstrip().startswith(self._verbs):
            found = self._beside.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            self.plans[statement] = [row[3] for row in found]

    def close(self) -> None:
        self._beside.close()
        super().close()


PAGES = (
    "/",
    "/?before={cursor}",
    "/?tag=stroke",
    "/?member=national",
    "/?tag=stroke&member=national",
    "/?kind=event",
    "/?kind=news&tag=stroke",
    "/tag/stroke",
    "/tag/stroke?before={tag_cursor}",
    "/tags",
    "/member/national",
    "/member/national?before={cursor}",
    "/members",
    "/story/1",
    "/search?q=news",
    "/search?q=news&order=date",
    "/search?q=news&order=date&before={cursor}",
    "/search?q=joint+news",
    "/search?q=joint+news&tag=stroke",
    "/search?q=news&member=national",
    "/subscribe",
    "/corrections",
    "/status",
    "/metrics",
    "/feeds/all.atom",
    "/feeds/tag/stroke.json",
    "/feeds/member/national.rss",
    "/feeds/merged/safe-south.atom",
    "/feeds/search.atom?q=news",
    "/feeds/corrections.atom",
    "/events.ics",
    "/events/tag/stroke.ics",
    "/events/member/national.ics",
    "/events/merged/safe-south.ics",
    "/opml",
    "/embed/news?tag=stroke&limit=20",
    "/api/v1/stories",
    "/api/v1/stories?cursor={cursor}",
    "/api/v1/stories?tag=stroke&member=national",
    "/api/v1/entries",
    "/api/v1/entries?cursor={cursor}",
    "/api/v1/entries?tag=stroke",
)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_reads_a_table_through_or_sorts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(wordbitmaps, "_BLOCK", 8)
    monkeypatch.setattr(searching, "_FAR_COMMONER", 0)
    stores: list[Explained] = []

    def explained() -> Explained:
        stores.append(Explained(tmp_path / "hub.db"))
        return stores[-1]

    hub = Hub(tmp_path, open_with=explained)
    publish_some(hub)
    hub.make_bitmaps()
    cursor = hub.store.stories(limit=1).next
    tag_cursor = hub.store.stories(Selection(filter=Term("tag", "stroke")), limit=1).next
    assert hub.get(page.format(cursor=cursor, tag_cursor=tag_cursor)).status_code == 200
    (store,) = stores
    assert store.plans
    for statement, plan in store.plans.items():
        is_sorted = any("TEMP B-TREE FOR ORDER BY" in step for step in plan)
        large = [step for step in plan if step.split()[0] in ("SCAN", "SEARCH") and step.split()[1] in _LARGE]
        for step in large:
            # Along an index in its order, until there are enough.
            along = " INDEX " in step and " LIMIT " in statement and not is_sorted
            assert step.startswith("SEARCH ") or along, (statement, plan)
        # What is sorted is what was asked for by key, a page's worth, or rows of a small table.
        sorted_by_key = "json_each" in statement or plan[0].split()[1] not in _LARGE
        assert not large or not is_sorted or sorted_by_key, (statement, plan)
    for each in (*stores, *hub.stores):
        each.close()


def _numbered(number: int) -> Entry:
    return news(f"n{number}", tags=(STROKE,), at=NOW - timedelta(hours=number))


def test_no_poll_and_no_look_for_one_reads_all_that_a_feed_has(tmp_path: Path) -> None:
    """What is done four times a second, and for each poll, takes no longer among millions of entries."""
    hub = Hub(tmp_path)
    publish_some(hub)
    store = Explained(hub.file, "SELECT", "INSERT", "UPDATE", "DELETE")
    hub.stores.insert(0, store)
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=4)
    hub.publish(
        NATIONAL,
        *(_numbered(number) for number in range(20)),
        news("n30", "Other words"),
        news("d", "Joint news", link="https://joint.example/a"),
        at=soon,
    )
    feed = hub.feed(NATIONAL)
    hub.settle(Gathered(feed=feed, outcome="not_modified", started=soon, url=feed.url), soon)
    gone = Gathered(
        feed=feed,
        outcome="fetched",
        started=later,
        url=feed.url,
        entries=tuple(
            replace(_numbered(number), feed=NATIONAL) for number in range(20) if number not in (2, 5)
        ),
        tombstones=(Tombstone(id="n2", why="it was wrong"),),
    )
    hub.settle(gone, later)
    assert store.checks_due(later + timedelta(days=2), most=3)
    assert store.due(later + timedelta(days=1))
    assert store.last_document(NATIONAL).marks
    for look in (store.spared, store.offers, store.subscriptions, store.feed_states):
        look()
    store.pushes(limit=5)
    assert len(store.plans) > 50
    for statement, plan in store.plans.items():
        for step in plan:
            verb, _, table = step.partition(" ")
            if verb in ("SCAN", "SEARCH") and table.split()[0] in _LARGE:
                assert verb == "SEARCH", (statement, plan)
                assert not step.endswith(("(feed=?)", "(member=?)")), (statement, plan)
    hub.close()


def test_lists_and_counts_of_an_older_database_are_made_when_it_is_opened(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    publish_some(hub)
    before = "m004_lists_and_counts_that_do_not_grow"
    with closing(older_database(tmp_path / "older.db", before=before)) as older:
        older.execute("ATTACH ? AS newer", (str(tmp_path / "hub.db"),))
        for table in ("members", "feeds", "stories", "entries"):
            columns = ", ".join(row[1] for row in older.execute(f"PRAGMA main.table_info({table})"))
            older.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        for entry, tags in older.execute("SELECT entry, tags FROM newer.tags").fetchall():
            for position, (term, why, *_) in enumerate(json.loads(tags)):
                row = (entry, term, why, position)
                older.execute("INSERT INTO main.tags (entry, term, why, position) VALUES (?, ?, ?, ?)", row)
        older.execute("INSERT INTO main.story_tags (term, story) SELECT term, story FROM newer.story_tags")
    upgraded = open_store(f"sqlite:///{tmp_path}/older.db")
    assert upgraded.check() == ()
    assert upgraded.totals() == hub.store.totals()
    assert upgraded.tag_counts() == hub.store.tag_counts() == {"safety": 1, "stroke": 41}
    for selection in (Selection(), Selection(filter=Term("tag", "stroke"))):
        assert upgraded.stories(selection, limit=100) == hub.store.stories(selection, limit=100)
    upgraded.close()
    for store in hub.stores:
        store.close()


def test_counts_follow_what_comes_and_goes(hub: Hub) -> None:
    publish_some(hub)
    assert (hub.store.totals().entries, hub.store.totals().stories) == (43, 42)
    (summary,) = hub.store.members(NOW, "national")
    assert (summary.entries, summary.recent) == (40, 40)
    (keys,) = ([stored.key for stored in hub.store.walk() if stored.entry.title == "News n1"],)
    hub.store.retag([keys[0]], lambda _: (SAFETY,))
    assert hub.store.tag_counts() == {"safety": 2, "stroke": 40}
    hub.store.remove(WESSEX, NOW)
    assert (hub.store.totals().entries, hub.store.totals().stories) == (41, 41)
    assert hub.store.tag_counts() == {"safety": 1, "stroke": 40}
    assert hub.store.check() == ()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE story_tags SET date = 1 WHERE term = 'safety'", "the tags of stories"),
        ("UPDATE tag_counts SET stories = 9 WHERE term = 'safety'", "the counts of tags"),
        ("DELETE FROM member_counts WHERE member = 'east'", "the counts of members"),
    ],
)
def test_a_count_that_is_wrong_is_told_of(hub: Hub, statement: str, problem: str) -> None:
    publish_some(hub)
    with closing(sqlite3.connect(hub.file, isolation_level=None)) as connection:
        connection.execute(statement)
    (told,) = hub.store.check()
    assert told.startswith(f"{problem} do not agree with the entries in")


_DAMAGE = {
    "a date of a story's tags": "UPDATE story_tags SET date = 1 WHERE term = 'safety'",
    "a tag of a story": "DELETE FROM story_tags WHERE term = 'stroke' AND story > 3",
    "a count of a tag": "DELETE FROM tag_counts",
    "a count of a member": "INSERT INTO member_counts (member, entries, leads) SELECT 'nobody', 1, 1",
    "a bitmap of a tag": "DELETE FROM tag_bitmaps WHERE term = 'stroke'",
    "a bitmap of another tag": "UPDATE tag_bitmaps SET term = 'no-tag' WHERE term = 'safety'",
    "a bitmap that is none": "UPDATE tag_bitmaps SET bits = x'00'",
    "a bitmap of a word": "UPDATE word_bitmaps SET entries = 99",
    "the full text": "INSERT INTO search (search) VALUES ('delete-all')",
}


@pytest.mark.parametrize("damage", _DAMAGE.values(), ids=_DAMAGE)
def test_what_is_made_of_the_entries_is_made_anew(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(wordbitmaps, "_BLOCK", 8)
    publish_some(hub)
    hub.make_bitmaps()
    before = hub.store.stories(Selection(filter=Term("tag", "stroke")), limit=100)
    found = hub.store.search(Selection(search="joint news", filter=Term("tag", "stroke")), limit=100)
    version, steps = hub.store.version(), list[str]()
    with closing(sqlite3.connect(hub.file, isolation_level=None)) as connection:
        connection.execute(damage)
    assert len(hub.store.check()) > 0
    hub.store.mend(steps.append)
    assert hub.store.check() == ()
    assert steps[0] == "the tags of stories"
    assert steps[-1] == "the full-text index"
    assert hub.store.stories(Selection(filter=Term("tag", "stroke")), limit=100) == before
    assert hub.store.search(Selection(search="joint news", filter=Term("tag", "stroke")), limit=100) == found
    assert hub.store.version() > version
