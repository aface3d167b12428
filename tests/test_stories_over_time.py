"""Stories over weeks and months: copies that come back, pages that are used again, what admins ruled."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.admin import retag
from hub.decide.backlog import TOLD
from hub.model import Entry, Selection, Tag, Tombstone
from hub.store import Store, database_file, open_store
from tests import decided
from tests.entries import entry
from tests.older import older_database
from tests.test_copies import EXTRA, LOCAL, MIDDLE, OPENING, TEXT, TITLE
from tests.test_store import (
    EAST,
    FEEDS,
    MEMBERS,
    NOW,
    WEST,
    WEST_BLOG,
    decider,
    document,
    in_a_file,
    poll,
    store,
    titles,
    url,
)
from tests.test_story_rulings import members, story_of

__all__ = ["store", "url"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OURS = entry("e", title=TITLE, text=TEXT, link="https://east.example/scanner")
THEIRS = entry("w", title="Pocket scanner", text=f"{TEXT}\n{LOCAL}", feed=WEST.key)
BLOG = entry("b", title="A scanner", text=f"{OPENING}\n{MIDDLE}", feed=WEST_BLOG.key)


def key(store: Store, each: Entry) -> int:
    (stored,) = store.find(each.link or "")
    return stored.key


def take_back(store: Store) -> None:
    """The west's copy is withdrawn by its own feed."""
    gone = replace(document(WEST, at=NOW + HOUR), tombstones=(Tombstone(id="w", why="gone"),))
    store.settle([gone], decider(NOW + HOUR))


def bring_back(store: Store) -> None:
    poll(store, WEST, THEIRS, at=NOW + 3 * HOUR)


@pytest.fixture
def told(store: Store) -> Store:
    """East's news, with a copy of it in each of the west's feeds."""
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    poll(store, WEST_BLOG, BLOG)
    assert members(story_of(store, OURS.link)) == [EAST.key, WEST.key, WEST_BLOG.key]
    return store


# ---------------------------------------------------------------- what copies are found by


def other(number: int, days: int) -> Entry:
    text = f"{EXTRA} {number * 31} and {number * 77}"
    return entry(f"o{number}", title=f"Other {number}", text=text, published=NOW + days * DAY)


def a_copy(days: int) -> Entry:
    return entry("w", title=f"From East: {TITLE}", text=TEXT, feed=WEST.key, published=NOW + days * DAY)


def test_a_page_that_is_used_again_takes_nothing_from_what_copies_are_found_by(store: Store) -> None:
    latest = "https://east.example/latest"
    poll(store, EAST, entry("today", title="Spring bulletin: bats", text=EXTRA, link=latest))
    poll(store, WEST_BLOG, replace(OURS, feed=WEST_BLOG.key), at=NOW + 6 * DAY)
    summer = entry("today", title="Summer bulletin: stockings", text=MIDDLE, link=latest)
    assert poll(store, EAST, summer, at=NOW + 7 * DAY) == (0, 1)
    # A week is over.
    poll(store, WEST, entry("x", title="Buses", text=LOCAL, feed=WEST.key), at=NOW + 11 * DAY)
    poll(store, EAST, replace(a_copy(11), feed=EAST.key), at=NOW + 11 * DAY + HOUR)
    assert members(story_of(store, OURS.link)) == [WEST_BLOG.key, EAST.key]


def test_young_news_in_an_old_story_is_found_when_what_is_old_is_forgotten(store: Store) -> None:
    old = entry("old", title="Scanner trial begins in the Vale", text=LOCAL)
    poll(store, EAST, old)
    for days in range(20, 201, 20):
        poll(store, EAST, other(days, days), at=NOW + days * DAY)
    young = replace(OURS, published=NOW + 201 * DAY)
    poll(store, EAST, young, at=NOW + 201 * DAY)
    store.put_together(key(store, young), key(store, old), NOW + 201 * DAY)
    poll(store, EAST, other(300, 208), at=NOW + 208 * DAY)
    poll(store, WEST, a_copy(208), at=NOW + 208 * DAY + HOUR)
    assert members(story_of(store, young.link)) == [EAST.key, EAST.key, WEST.key]


@in_a_file
def test_what_an_earlier_hub_lost_of_it_is_there_again(store: Store, url: str, tmp_path: Path) -> None:
    poll(store, EAST, OURS, *(other(number, 0) for number in range(12)))
    with closing(sqlite3.connect(database_file(url))) as connection:
        expected = connection.execute("SELECT number, story FROM sketch_index ORDER BY 1, 2").fetchall()
    assert len(expected) > 30
    with closing(
        older_database(tmp_path / "older.db", before="m019_what_copies_are_found_by_again")
    ) as older:
        older.execute("ATTACH ? AS newer", (str(database_file(url)),))
        for table in ("members", "feeds", "stories", "entries", "sketches"):
            columns = ", ".join(row[1] for row in older.execute(f"PRAGMA main.table_info({table})"))
            older.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        assert older.execute("SELECT COUNT(*) FROM main.sketch_index").fetchone() == (0,)
    with closing(open_store(f"sqlite:///{tmp_path}/older.db")) as upgraded:
        poll(upgraded, WEST, a_copy(0), at=NOW + HOUR)
        assert members(story_of(upgraded, OURS.link)) == [EAST.key, WEST.key]
    with closing(sqlite3.connect(tmp_path / "older.db")) as connection:
        found = connection.execute("SELECT number, story FROM sketch_index ORDER BY 1, 2").fetchall()
    assert set(found) >= set(expected)


# ---------------------------------------------------------------- a page that is used again


def test_a_copy_that_comes_back_as_other_news_is_a_story_of_its_own(told: Store) -> None:
    take_back(told)
    harbour = entry("w", title="Lifeboat crew, choir and library", text=EXTRA, feed=WEST.key)
    poll(told, WEST, harbour, at=NOW + 2 * DAY)
    assert members(story_of(told, harbour.link)) == [WEST.key]
    assert WEST.key not in members(story_of(told, OURS.link))
    assert titles(told)[0] == "Lifeboat crew, choir and library"


BULLETINS = (TEXT, EXTRA, LOCAL, OPENING, MIDDLE)


def bulletin(number: int) -> Entry:
    text = " ".join(f"{word}{number}" for word in BULLETINS[number % 5].split())
    at = NOW + number * DAY
    return entry("today", title=f"Issue {number}", text=text, link="https://east.example/today", published=at)


def test_each_issue_of_a_bulletin_is_sorted_by_its_own_date_and_told(store: Store) -> None:
    for number in range(8):
        at = NOW + number * DAY
        poll(store, WEST, entry(f"w{number}", feed=WEST.key, published=at - HOUR), at=at)
        poll(store, EAST, bulletin(number), at=at)
        newest = store.stories(Selection(told=True), limit=9).items[0]
        assert newest.shown.entry.title == f"Issue {number}"
        assert (newest.shown.date, newest.shown.changed) == (at, at)
        assert len(store.stories(limit=99).items) == number + 2


def test_what_is_other_news_each_hour_is_not_told_each_hour(store: Store) -> None:
    moments = set()
    for number in range(30):
        at = NOW + number * HOUR
        poll(store, EAST, replace(bulletin(number), published=at), at=at)
        moments.add(store.stories(limit=2).items[0].shown.changed)
    # Its first three changes, and one a day.
    assert len(moments) <= 6


# ---------------------------------------------------------------- what admins ruled


def test_a_split_holds_after_the_next_split(told: Store) -> None:
    buses = entry("s", title="Buses", text=EXTRA)
    poll(told, EAST, OURS, buses)
    told.take_apart(key(told, THEIRS), NOW + HOUR)
    told.put_together(key(told, THEIRS), key(told, buses), NOW + 2 * HOUR)
    told.take_apart(key(told, THEIRS), NOW + 3 * HOUR)
    more = entry("w", title=THEIRS.title, text=f"{THEIRS.text} Indeed.", feed=WEST.key)
    assert poll(told, WEST, more, at=NOW + 4 * HOUR) == (0, 1)
    assert members(story_of(told, THEIRS.link)) == [WEST.key]


def test_what_comes_back_is_not_merged_with_what_is_nobodys_copy(store: Store) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    take_back(store)
    store.take_apart(key(store, OURS), NOW + 2 * HOUR, alone=True)
    bring_back(store)
    assert members(story_of(store, OURS.link)) == [EAST.key]


def test_what_comes_back_does_not_lead_where_an_admin_has_another_lead_meanwhile(told: Store) -> None:
    told.make_lead(key(told, THEIRS), NOW + HOUR)
    take_back(told)
    told.make_lead(key(told, BLOG), NOW + 2 * HOUR)
    bring_back(told)
    story = story_of(told, OURS.link)
    assert set(members(story)) == {EAST.key, WEST.key, WEST_BLOG.key}
    assert story.lead.entry.feed == WEST_BLOG.key


def test_what_comes_back_stays_apart_from_what_it_was_split_from(told: Store) -> None:
    told.take_apart(key(told, BLOG), NOW + HOUR)
    take_back(told)
    told.put_together(key(told, BLOG), key(told, OURS), NOW + 2 * HOUR)
    bring_back(told)
    assert members(story_of(told, THEIRS.link)) == [WEST.key]
    assert members(story_of(told, OURS.link)) == [EAST.key, WEST_BLOG.key]


RULES = """
members:
  - {slug: east, name: East, feeds: [{url: https://east.example/feed/}]}
  - slug: west
    name: West
    feeds: [{url: https://west.example/feed/}, {name: blog, url: https://west.example/blog/feed/}]
tags:
  - {term: stroke, label: Stroke, any: [thrombectomy]}
"""


@pytest.mark.parametrize("days", [0, 3])
def test_what_an_entry_told_that_is_other_news_now_is_not_told_again_by_its_copies(
    told: Store, days: int
) -> None:
    at = NOW + days * DAY + HOUR
    page = entry("e", title="The hospital choir", text=EXTRA, link=OURS.link)
    poll(told, EAST, page, at=at)
    left = [page.title] if days else [THEIRS.title, page.title]
    assert titles(told, Selection(told=True)) == left, "what is of today few have had"
    assert len(titles(told)) == 2
    poll(told, EAST, OURS, at=at + 2 * DAY)
    assert titles(told, Selection(told=True)) == ([TITLE] if days else [THEIRS.title]), "it goes back to it"
    assert told.check() == ()


@pytest.mark.parametrize("days", [0, 3])
def test_what_a_feed_told_that_was_removed_with_its_entries_is_not_told_again(told: Store, days: int) -> None:
    assert told.remove(EAST.key, NOW + days * DAY) == 1
    assert titles(told, Selection(told=True)) == ([] if days else [THEIRS.title])
    assert titles(told) == [THEIRS.title]
    assert told.check() == ()


@pytest.mark.parametrize("chosen", [False, True])
def test_feeds_tell_again_what_is_back_and_not_by_another_that_is(told: Store, *, chosen: bool) -> None:
    def listed() -> list[str]:
        return titles(told, Selection(told=True))

    ours, theirs, blog = (key(told, each) for each in (OURS, THEIRS, BLOG))
    assert listed() == [TITLE]
    for which in (ours, theirs):
        told.withdraw([which], "", NOW + 3 * DAY)
    told.release([theirs], NOW + 4 * DAY)
    assert listed() == [], "readers have not had it by that one"
    if chosen:
        told.make_lead(blog, NOW + 4 * DAY)
    told.release([ours], NOW + 5 * DAY)
    assert listed() == [BLOG.title if chosen else TITLE]
    assert told.check() == ()


@pytest.mark.parametrize("undo", [decided.untag, decided.leave_to_rules], ids=["untag", "undo"])
def test_what_was_said_of_a_tag_holds_for_a_copy_that_was_away(
    told: Store, url: str, tmp_path: Path, undo: object
) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(RULES)
    decided.tag(url, path, OURS.link or "", "stroke")
    take_back(told)
    assert callable(undo)
    undo(url, path, OURS.link or "", "stroke")
    bring_back(told)
    story = story_of(told, OURS.link)
    assert len(story.entries) == 3
    assert [each.entry.tags for each in story.entries] == [(), (), ()]
    assert told.tag_counts() == {}
    assert retag.run(path, url)[0] == 0


def test_what_was_said_of_a_tag_holds_for_the_story_that_its_entry_joins_by_new_words(store: Store) -> None:
    tags = (Tag("stroke", "a rule"),)
    poll(store, EAST, replace(OURS, tags=tags))
    poll(store, WEST, entry("w", title="Pocket scanner", text=EXTRA, feed=WEST.key, tags=tags))
    store.overrule([key(store, THEIRS)], "stroke", (), now=NOW)
    poll(store, WEST, replace(THEIRS, tags=tags), at=NOW + HOUR)
    assert members(story_of(store, OURS.link)) == [EAST.key, WEST.key]
    assert store.tag_counts() == {}


# ---------------------------------------------------------------- feeds.yaml


def test_the_past_behind_another_address_of_a_feed_is_not_told(store: Store) -> None:
    poll(store, EAST, *(entry(f"a{number}", published=NOW - number * DAY) for number in range(3)))
    moved = replace(EAST, url="https://east.example/other/")
    store.sync(MEMBERS, (moved, *FEEDS[1:]), authority="news.example.org")
    past = [entry(f"b{number}", published=NOW - number * DAY) for number in range(TOLD + 30)]
    assert poll(store, moved, *past, at=NOW + DAY) == (TOLD + 30, 0)
    assert len(store.stories(Selection(told=True), limit=99).items) == 3 + TOLD
