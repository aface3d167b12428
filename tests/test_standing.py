"""What is not published is nowhere, and an admin's word on it holds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from lxml import etree
from msgspec.structs import replace

from hub.admin import moderation
from hub.errors import StoreError
from hub.model import (
    Entry,
    Feed,
    FeedState,
    FeedUpdate,
    Gathered,
    Known,
    Selection,
    Story,
    Tag,
    Term,
    Tombstone,
)
from hub.store import Store
from tests import decided
from tests.entries import entry
from tests.rfc4287 import ATOM, violations
from tests.test_copies import LOCAL, TEXT, TITLE
from tests.test_store import (
    EAST,
    FEEDS,
    MEMBERS,
    NOW,
    WEST,
    WEST_BLOG,
    decider,
    document,
    poll,
    store,
    titles,
    url,
)
from tests.web_hub import EAST as EAST_KEY
from tests.web_hub import NATIONAL, SAFETY, WESSEX, Hub, a_hub, news
from tests.web_hub import NOW as WEB_NOW

__all__ = ["store", "url"]

OURS = entry("https://east.example/scanner", title=TITLE, text=TEXT, link="https://east.example/scanner")
THEIRS = entry(
    "w", title="Pocket scanner", text=f"{TEXT}\n{LOCAL}", feed=WEST.key, tags=(Tag("devices", "w"),)
)
AT = "{http://purl.org/atompub/tombstones/1.0}"
LATER = NOW + timedelta(hours=1)


def held(store: Store, feed: Feed) -> Feed:
    """Have an admin look at all that a feed's member publishes."""
    of_member = [replace(each, trust="hold") if each.key == feed.key else each for each in FEEDS]
    store.sync(MEMBERS, of_member, authority="news.example.org")
    return replace(feed, trust="hold")


def key_of(store: Store, link: str | None) -> int:
    (stored,) = store.find(link or "")
    return stored.key


# ---------------------------------------------------------------- held


def test_what_a_member_on_hold_publishes_is_in_no_list_until_an_admin_says_so(store: Store, url: str) -> None:
    east = held(store, EAST)
    assert poll(store, east, replace(OURS, tags=(Tag("devices", "e"),)), entry("b")) == (2, 0)
    by_tag, by_member = Selection(filter=Term("tag", "devices")), Selection(filter=Term("member", "east"))
    lists = (Selection(), by_tag, by_member, replace(by_member, every_entry=True))
    assert [titles(store, each) for each in lists] == [[]] * 4
    assert store.search(Selection(search="scanner"), limit=9).items == ()
    assert store.entries(limit=9).items == ()
    assert store.tag_counts() == {}
    assert (store.totals().entries, store.totals().stories) == (0, 0)
    (summary,) = store.members(NOW, "east")
    assert (summary.entries, summary.recent, summary.latest) == (0, 0, None)
    assert store.story(1) is None
    assert store.check() == ()
    said = moderation.held(url)
    assert said.startswith("east/news: 2 entries held since 20 November 2026, 12:00 UTC: an admin looks at")
    assert str(OURS.link) in said
    assert decided.release(url, "east/news") == "2 entries of east/news are published now."
    assert [len(titles(store, each)) for each in lists] == [2, 1, 2, 2]
    assert store.tag_counts() == {"devices": 1}
    assert (store.totals().entries, store.totals().stories) == (2, 2)
    assert store.check() == ()
    assert moderation.held(url) == "Nothing waits for an admin."


def test_ids_and_first_words_that_wait_are_shown_on_their_line_without_what_moves_a_terminal(
    store: Store, url: str
) -> None:
    raw = "x\n\nNothing else waits.\n\u009b2J\u202e" + "x" * 400
    forged = replace(entry(raw, title="", text="Good\u009b31m news", link=None), published=None)
    poll(store, held(store, EAST), forged)
    (_, line, _) = moderation.held(url).splitlines()
    assert line.startswith(r"    “Good31m news” x\n\nNothing else waits.\n\x9b2J\u202exxx")
    assert line.endswith("xxx…")
    assert len(line) < 350


def test_all_that_waits_is_listed_whatever_came_in_between_and_what_is_too_much_is_counted(
    store: Store, url: str
) -> None:
    east, west = (replace(each, trust="hold") for each in (EAST, WEST))
    store.sync(MEMBERS, [east, west], authority="news.example.org")
    poll(store, east, entry("a"))
    poll(store, west, entry("w", feed=WEST.key), at=LATER)
    poll(store, east, entry("b"), entry("a"), at=LATER + timedelta(hours=1))
    said = moderation.held(url)
    assert "east/news: 2 entries held" in said
    assert all(f"“News {each}”" in said for each in "abw")
    assert "more." not in said
    poll(store, east, *(entry(f"n{number}") for number in range(102)), at=LATER + timedelta(hours=2))
    assert said.count("“News") == 3
    assert moderation.held(url).count("“News") == 100
    assert "    … and 4 more." in moderation.held(url)


def test_polls_of_a_member_on_hold_change_nothing_that_is_published(store: Store) -> None:
    east = held(store, EAST)
    before = store.version()
    poll(store, east, OURS)
    reworded = entry(OURS.id, title=TITLE, text=f"{TEXT} Indeed.", link=OURS.link)
    assert poll(store, east, reworded, at=LATER) == (0, 1)
    # What a feed says of itself is published once, with its first poll.
    assert store.version() == before + 1
    assert titles(store) == []
    assert store.check() == ()


def test_what_others_publish_meanwhile_is_no_copy_of_what_is_held_and_it_joins_them_when_released(
    store: Store, url: str
) -> None:
    east = held(store, EAST)
    poll(store, east, OURS)
    poll(store, WEST, THEIRS, at=LATER)
    story = _story(store, THEIRS.link)
    assert [stored.entry.feed for stored in story.entries] == [WEST.key]
    decided.release(url, OURS.link or "")
    joined = _story(store, THEIRS.link)
    assert joined.id == story.id
    assert [stored.entry.feed for stored in joined.entries] == [WEST.key, EAST.key]
    assert "West" in joined.entries[1].why
    assert store.tag_counts() == {"devices": 1}
    assert store.check() == ()


def test_what_is_released_is_first_seen_when_readers_get_it(store: Store, url: str) -> None:
    poll(store, held(store, EAST), OURS)
    decided.release(url, OURS.link or "")
    (stored,) = store.find(OURS.link or "")
    assert stored.first_seen == stored.changed > NOW
    assert stored.date == OURS.published
    assert [each.key for each in store.entries(Selection(since=LATER), limit=9).items] == [stored.key]


def test_who_follows_what_is_new_gets_what_is_released_while_polls_are_stored(store: Store, url: str) -> None:
    poll(store, held(store, EAST), OURS)
    poll(store, WEST, THEIRS)

    def decide(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        said.append(admins.submit(decided.release, url, OURS.link or ""))
        said.append(admins.submit(decided.withdraw, url, THEIRS.link or "", why="it was wrong"))
        # Both have begun then, and wait for the database.
        time.sleep(0.5)
        return decider(datetime.now(UTC))(gathered, state, known)

    said: list[Future[str]] = []
    with ThreadPoolExecutor(2) as admins:
        store.settle([document(WEST_BLOG, entry("new", feed=WEST_BLOG.key))], decide)
    assert all("scanner" in each.result() for each in said)
    (new,) = store.find("new")
    since = Selection(since=new.first_seen)
    assert {each.entry.id for each in store.entries(since, limit=9).items} == {"new", OURS.id}
    assert [each.stored.entry.id for each in store.withdrawn(new.first_seen)] == [THEIRS.id]


def test_what_is_decided_is_seen_at_once_and_not_decided_by_who_saw_it_stand_otherwise(store: Store) -> None:
    poll(store, held(store, EAST), entry("a"))
    (key,) = store.waiting_of("east")
    versions, waits = [store.version()], store.stands([key])
    dropped = store.withdraw([key], "a mistake", NOW, seen=waits)
    versions.append(store.version())
    with pytest.raises(StoreError, match="It was decided again since: it is withdrawn by an admin"):
        store.release([key], NOW, seen=waits)
    with pytest.raises(StoreError, match="It was decided again since: it is withdrawn by an admin"):
        store.withdraw([key], "another", NOW, seen=waits)
    assert (store.stands([key]), store.version()) == (dropped, versions[-1])
    assert store.wait_again(waits, dropped) == 1
    versions.append(store.version())
    store.release([key], NOW, seen=waits)
    versions.append(store.version())
    assert titles(store) == ["News a"]
    assert versions == sorted(set(versions))


def test_what_is_published_is_not_released(store: Store) -> None:
    poll(store, EAST, OURS)
    assert store.release([key_of(store, OURS.link)], LATER) == {}
    assert titles(store) == [TITLE]


def test_what_waited_and_was_released_its_member_may_take_back_and_what_was_withdrawn_not(
    store: Store,
) -> None:
    def taken_back(at: datetime) -> None:
        gone = replace(document(EAST, entry("b"), at=at), tombstones=(Tombstone(id=OURS.id or "", why=""),))
        store.settle([gone], decider(at))

    poll(store, held(store, EAST), OURS)
    store.release([key_of(store, OURS.link)], LATER)
    assert titles(store) == [TITLE]
    taken_back(LATER + timedelta(hours=1))
    assert titles(store) == []
    store.release([key_of(store, OURS.link)], LATER + timedelta(hours=2))
    taken_back(LATER + timedelta(hours=3))
    assert titles(store) == [TITLE]
    assert store.check() == ()


def test_a_member_that_is_no_longer_on_hold_publishes_what_comes_next_alone(store: Store) -> None:
    poll(store, held(store, EAST), OURS)
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    poll(store, EAST, entry("b"), OURS, at=LATER)
    assert titles(store) == ["News b"]


# ---------------------------------------------------------------- withdrawn by an admin


def test_a_story_goes_on_with_the_original_of_those_that_are_left(store: Store) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS, at=LATER)
    story = _story(store, OURS.link)
    store.withdraw([key_of(store, OURS.link)], "the trial was stopped", LATER)
    after = store.story(story.id)
    assert isinstance(after, Story)
    assert [stored.entry.feed for stored in after.entries] == [WEST.key]
    assert titles(store) == [THEIRS.title]
    assert store.check() == ()
    poll(store, EAST, OURS, at=NOW + timedelta(days=1))
    assert titles(store) == [THEIRS.title], "an admin's word outlives polls"
    store.release([key_of(store, OURS.link)], NOW + timedelta(days=1))
    again = _story(store, OURS.link)
    assert again.id == story.id
    assert again.entries[1].why == "it was with West’s before it was withdrawn"
    assert store.check() == ()


def test_what_is_released_is_not_hidden_behind_what_was_withdrawn_after_it(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS, at=LATER)
    for link in (OURS.link, THEIRS.link):
        decided.withdraw(url, link or "", why="the trial was stopped")
    decided.release(url, OURS.link or "")
    assert titles(store) == [OURS.title]
    assert store.check() == ()
    decided.release(url, THEIRS.link or "")
    assert len(_story(store, OURS.link).entries) == 2, "both are one story again"
    assert store.check() == ()


def test_copies_of_what_was_withdrawn_are_copies_of_the_one_that_leads_now(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS, at=LATER)
    poll(store, FEEDS[2], entry("b", title=TITLE, text=TEXT, feed=FEEDS[2].key), at=LATER)
    decided.withdraw(url, OURS.link or "", why="it was wrong")
    lead, copy = _story(store, THEIRS.link).entries
    assert copy.copy_of == lead.key
    assert store.check() == ()


def test_only_one_that_is_published_may_be_merged_split_or_made_to_lead(store: Store, url: str) -> None:
    poll(store, EAST, OURS, entry("b"))
    decided.withdraw(url, OURS.link or "", why="it was wrong")
    withdrawn, other = key_of(store, OURS.link), key_of(store, "b")
    attempts: tuple[Callable[[], None], ...] = (
        lambda: store.put_together(withdrawn, other, NOW),
        lambda: store.put_together(other, withdrawn, NOW),
        lambda: store.take_apart(withdrawn, NOW),
        lambda: store.make_lead(withdrawn, NOW),
    )
    for refused in attempts:
        with pytest.raises(StoreError, match="not published"):
            refused()
    assert store.check() == ()


def test_retagging_reaches_what_is_held(store: Store, url: str) -> None:
    poll(store, held(store, EAST), OURS)
    store.retag([key_of(store, OURS.link)], lambda _: (Tag("later", "a rule"),))
    assert store.tag_counts() == {}
    decided.release(url, OURS.link or "")
    assert store.tag_counts() == {"later": 1}


def test_a_feed_that_is_removed_takes_what_was_held_of_it_along(store: Store) -> None:
    poll(store, held(store, EAST), OURS)
    store.remove(EAST.key, NOW)
    assert not store.waiting()
    assert not store.notices()
    assert store.check() == ()


def test_dropping_what_waits_withdraws_nothing_that_is_published(store: Store, url: str) -> None:
    poll(store, EAST, entry("a"))
    poll(store, held(store, EAST), OURS, entry("a"), at=LATER)
    said = decided.withdraw(url, "east", why="spam")
    assert said == "1 entry of east will not be published.\nReason: spam"
    assert titles(store) == ["News a"]
    assert store.withdrawn(NOW) == (), "readers never had it"
    with pytest.raises(StoreError, match="Nothing of east waits"):
        decided.withdraw(url, "east", why="spam")
    with pytest.raises(StoreError, match="No entry has eats"):
        decided.release(url, "eats")


def test_what_was_withdrawn_does_not_come_back_by_another_feed_of_its_member(store: Store, url: str) -> None:
    poll(store, WEST, THEIRS, entry("other", feed=WEST.key))
    decided.withdraw(url, THEIRS.link or "", why="it names a patient")
    again = [replace(each, feed=WEST_BLOG.key) for each in (THEIRS, entry("n", feed=WEST.key))]
    (result,) = store.settle([document(WEST_BLOG, *again)], decider())
    assert (result.new, result.waiting) == (2, 0)
    poll(store, WEST_BLOG, *again, at=LATER)
    assert set(titles(store)) == {"News other", "News n"}
    found = [store.withheld(each.key) for each in store.find(THEIRS.link or "")]
    assert [each and (each.by_admin, each.withheld.why) for each in found] == [
        (True, "it names a patient")
    ] * 2
    assert not store.notices()
    assert store.check() == ()
    decided.release(url, THEIRS.link or "")
    assert "Pocket scanner" in titles(store)


@pytest.mark.parametrize(
    "theirs",
    [
        entry("job-2", title="Porter", link="https://west.example/jobs/", feed=WEST_BLOG.key),
        entry("job-1", title="Porter", link="https://west.example/porter/", feed=WEST_BLOG.key),
        entry("j", title="Nurse", link="https://west.example/nurse/", feed=WEST_BLOG.key),
    ],
    ids=["link", "id", "title"],
)
def test_what_shares_only_one_thing_with_what_was_withdrawn_is_other_news(
    store: Store, theirs: Entry
) -> None:
    poll(store, WEST, entry("job-1", title="Nurse", link="https://west.example/jobs/", feed=WEST.key))
    store.withdraw([key_of(store, "https://west.example/jobs/")], "", NOW)
    poll(store, WEST_BLOG, theirs)
    assert titles(store) == [theirs.title]


def test_what_was_withdrawn_may_be_published_by_another_member(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    decided.withdraw(url, OURS.link or "", why="")
    poll(store, WEST, replace(OURS, feed=WEST.key))
    assert titles(store) == [TITLE]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entries SET standing = NULL", "1 stories do not have exactly one lead"),
        ("DELETE FROM standings", "the standings do not agree with the entries in 1 places"),
        (
            "UPDATE entries SET lead = 1",
            "1 entries that are not published are in stories with others, or lead",
        ),
    ],
)
def test_a_standing_that_is_wrong_is_told_of(store: Store, url: str, statement: str, problem: str) -> None:
    poll(store, held(store, EAST), OURS)
    connect = psycopg.connect if url.startswith("postgresql:") else sqlite3.connect
    with closing(connect(url.removeprefix("sqlite:///"))) as db:
        db.execute(statement)
        db.commit()
    assert problem in store.check()


def _story(store: Store, link: str | None) -> Story:
    (stored,) = store.find(link or "")
    story = store.story(stored.story)
    assert isinstance(story, Story)
    return story


# ---------------------------------------------------------------- what readers see


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def test_the_page_of_a_withdrawn_story_is_gone_and_says_by_whom_when_and_why(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Wrong figures"), news("b"))
    (stored,) = hub.store.find("https://wessex.example/a") or hub.store.find("a")
    hub.store.withdraw([stored.key], "the figures were wrong", WEB_NOW)
    words = hub.words(f"/story/{stored.story}", 410)
    assert words.startswith(
        "This news was withdrawn The editors of this network withdrew it on 24 November:"
        " the figures were wrong."
    )
    assert "Wrong figures" not in hub.words("/")
    hub.store.release([stored.key], WEB_NOW)
    assert "Wrong figures" in hub.words(f"/story/{stored.story}")


def test_an_admin_need_not_say_why_and_takes_no_reason_away(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"), news("b"))
    (one,), (other,) = hub.store.find("a"), hub.store.find("b")
    hub.store.withdraw([one.key, other.key], "", WEB_NOW)
    hub.store.withdraw([other.key], "the figures were wrong", WEB_NOW)
    hub.store.withdraw([other.key], "", WEB_NOW)
    said = "The editors of this network withdrew it on 24 November"
    assert f"{said}. " in hub.words(f"/story/{one.story}", 410)
    assert f"{said}: the figures were wrong. " in hub.words(f"/story/{other.story}", 410)
    body = hub.get("/feeds/all.atom").data
    assert (body.count(b"<at:deleted-entry"), body.count(b"<at:comment")) == (2, 1)
    hub.store.withdraw([other.key], "they were last year’s", WEB_NOW)
    assert "they were last year’s" in hub.get("/feeds/all.atom").text


def test_the_page_of_a_story_that_readers_never_had_is_not_there(hub: Hub) -> None:
    hub.configure(hub_text := HELD)
    assert "trust: hold" in hub_text
    hub.publish(WESSEX, news("a"))
    hub.html("/story/1", 404)
    (stored,) = hub.store.find("a")
    hub.store.withdraw([stored.key], "spam", WEB_NOW)
    hub.html("/story/1", 404)
    assert b"deleted-entry" not in hub.get("/feeds/all.atom").data


def test_the_page_of_a_story_is_not_there_while_its_other_news_waits(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", text="Nurses measure blood pressure in each ward of the county."))
    hub.configure(HELD)
    hub.publish(WESSEX, news("a", "Bids", text="Rural transport gets grants until June."))
    hub.html("/story/1", 404)
    (stored,) = hub.store.find("a")
    assert stored.standing == "held"
    hub.store.release([stored.key], WEB_NOW)
    assert "Bids" in hub.get("/story/1").text


def test_status_says_what_waits_for_the_editors(hub: Hub) -> None:
    hub.configure(HELD)
    hub.publish(WESSEX, news("a"), news("b"))
    words = hub.words("/status")
    assert (
        "Waiting for the network’s editors Health Innovation Wessex: 2 pieces of news since 24 Nov" in words
    )
    assert "an admin looks at everything that this member publishes" in words


def test_atom_feeds_carry_the_tombstone_of_what_was_withdrawn_for_a_month(hub: Hub) -> None:
    hub.publish(WESSEX, news("tag:wessex.example,2026:a", "Wrong figures", tags=(SAFETY,)), news("b"))
    hub.publish(EAST_KEY, news("c"))
    (stored,) = hub.store.find("tag:wessex.example,2026:a")
    before = hub.get("/feeds/all.atom")
    hub.store.withdraw([stored.key], "the figures were wrong", WEB_NOW + timedelta(minutes=5))
    feed = hub.get("/feeds/all.atom")
    assert violations(feed.data) == []
    assert feed.headers["ETag"] != before.headers["ETag"]
    for path, told in {
        "/feeds/all.atom": True,
        "/feeds/tag/safety.atom": True,
        "/feeds/tag/stroke.atom": False,
        "/feeds/member/wessex.atom": True,
        "/feeds/member/east.atom": False,
        "/feeds/merged/safe-south.atom": True,
        "/feeds/search.atom?q=figures": False,
    }.items():
        tombstones = etree.fromstring(hub.get(path).data).findall(f"{AT}deleted-entry")
        assert len(tombstones) == told, path
    assert b"ns0" not in feed.data, "a prefix of its own for Atom is one that small readers do not know"
    (tombstone,) = etree.fromstring(feed.data).findall(f"{AT}deleted-entry")
    assert {str(name): value for name, value in tombstone.attrib.items()} == {
        "ref": "tag:wessex.example,2026:a",
        "when": "2026-11-24T15:35:00+00:00",
    }
    assert tombstone.findtext(f"{AT}by/{ATOM}name") == "The editors of this network"
    assert tombstone.findtext(f"{AT}comment") == "the figures were wrong"
    hub.now = WEB_NOW + timedelta(days=32)
    assert b"deleted-entry" not in hub.get("/feeds/all.atom").data


def test_no_withdrawal_of_others_takes_a_tombstone_out_of_a_members_feed(hub: Hub) -> None:
    hub.publish(EAST_KEY, news("c"))
    hub.publish(WESSEX, *(news(f"{number}", text=f"Words {number}.") for number in range(101)))
    for feed in (EAST_KEY, WESSEX):
        keys = [story.lead.key for story in hub.store.stories(_of(feed.member), limit=200).items]
        hub.store.withdraw(keys, "", WEB_NOW)
    for path, told in {"member/east": 1, "member/wessex": 101, "all": 102}.items():
        assert hub.get(f"/feeds/{path}.atom").data.count(b"<at:deleted-entry") == told, path


def _of(member: str) -> Selection:
    return Selection(filter=Term("member", member), every_entry=True)


def test_the_feed_of_a_tag_that_a_copy_brought_has_the_tombstone_too(hub: Hub) -> None:
    hub.publish(WESSEX, news("https://wessex.example/a", TITLE, text=TEXT, at=WEB_NOW - timedelta(hours=2)))
    hub.publish(EAST_KEY, news("b", TITLE, text=TEXT, at=WEB_NOW - timedelta(hours=1), tags=(SAFETY,)))
    assert b"<id>https://wessex.example/a</id>" in hub.get("/feeds/tag/safety.atom").data
    (stored,) = hub.store.find("https://wessex.example/a")
    hub.store.withdraw([stored.key], "", WEB_NOW)
    for path, told in {"tag/safety": 1, "tag/stroke": 0, "merged/safe-south": 1}.items():
        assert hub.get(f"/feeds/{path}.atom").data.count(b"<at:deleted-entry") == told, path


HELD = """
hub:
  title: Health innovation news
members:
  - slug: wessex
    name: Health Innovation Wessex
    trust: hold
    feeds: [{url: https://wessex.example/feed/}]
"""


@pytest.mark.parametrize(("hours", "told_again"), [(23, 1), (25, 0)])
def test_a_story_goes_on_in_feeds_under_another_id_where_readers_may_not_have_had_it(
    hub: Hub, hours: int, told_again: int
) -> None:
    published = WEB_NOW - timedelta(hours=hours)
    for feed in (EAST_KEY, WESSEX):
        joint = news(feed.member, "Joint", link="https://east.example/joint", at=published)
        hub.publish(feed, joint, at=published)
    hub.store.withdraw([key_of(hub.store, "east")], "", WEB_NOW)
    assert hub.headlines("/") == ["Joint"]
    feed_now = etree.fromstring(hub.get("/feeds/all.atom").data)
    assert len(feed_now.findall(f"{ATOM}entry")) == told_again


@pytest.mark.parametrize("chosen", [False, True])
def test_a_copy_that_comes_back_has_a_story_told_no_more_than_it_was(hub: Hub, *, chosen: bool) -> None:
    def told() -> list[str]:
        feed = etree.fromstring(hub.get("/feeds/all.atom").data)
        return [each.text or "" for each in feed.iterfind(f"{ATOM}entry/{ATOM}id")]

    published = WEB_NOW - timedelta(days=2)
    for feed in (EAST_KEY, WESSEX, NATIONAL):
        joint = news(feed.member, "Joint", link="https://east.example/joint", at=published)
        hub.publish(feed, joint, at=published)
    (id,) = told()
    lead, copy = (key_of(hub.store, member) for member in ("east", "national"))
    hub.store.withdraw([lead, copy], "", WEB_NOW)
    hub.store.release([copy], WEB_NOW)
    assert "Health Innovation Wessex and 1 other" in hub.words("/")
    assert told() == []
    if chosen:
        hub.store.make_lead(copy, WEB_NOW)
    hub.store.release([lead], WEB_NOW)
    # Under the id that readers have it by, but for an admin who wants it otherwise.
    assert (len(told()), id in told()) == (1, not chosen)
