"""Where another feed takes the place of one in feeds.yaml, news goes on under its ids and in its stories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from hub.decide import decide
from hub.model import Entry, FeedKey, Gathered, Tombstone
from hub.stories import mark
from tests.web_hub import EAST, NATIONAL, NETWORK, NOW, Hub, a_hub, news

A_DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"
IN_EAST = "feeds: [{url: https://east.example/feed/}]"
BLOG_URL = "{name: blog, url: https://wessex.example/blog/feed/}"
NEW_URL = "{name: press, url: https://east.example/press/feed/}"

# How feeds.yaml is edited, and the feed that has the news by then.
TO_ANOTHER_MEMBER = (
    NETWORK.replace(IN_EAST, "feeds: []").replace(
        BLOG_URL, f"{BLOG_URL}, {{name: east, url: https://east.example/feed/}}"
    ),
    FeedKey("wessex", "east"),
)
TO_ANOTHER_SLUG = (NETWORK.replace("slug: east", "slug: ostland"), FeedKey("ostland"))
TO_ANOTHER_ADDRESS = (NETWORK.replace(IN_EAST, f"feeds: [{NEW_URL}]"), FeedKey("east", "press"))
WAYS = pytest.mark.parametrize(
    ("edited", "key"),
    [TO_ANOTHER_MEMBER, TO_ANOTHER_SLUG, TO_ANOTHER_ADDRESS],
    ids=["another member", "another slug", "another address"],
)
BOTH = NETWORK.replace(IN_EAST, f"feeds: [{{url: https://east.example/feed/}}, {NEW_URL}]")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def clinic(number: int, *, opens: int = 12) -> Entry:
    words = " ".join(f"clinic{number}word{each}" for each in range(60))
    link = f"https://east.example/{number}"
    return news(
        link,
        f"Clinic {number} opens",
        at=NOW - number * A_DAY,
        text=f"It opens on {opens} March. {words}",
        link=link,
    )


def without_id(entry: Entry) -> Entry:
    return replace(entry, id=None, keys=replace(entry.keys, id=None, loose_id=None))


def told(web: Hub, path: str) -> list[tuple[str, str]]:
    """The ids in a merged feed, each with the day in March that its text names."""
    feed = etree.fromstring(web.get(path).data)
    days = (
        re.search(r"on (\d+) March", entry.findtext(f"{ATOM}content") or "")
        for entry in feed.iter(f"{ATOM}entry")
    )
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in feed.iter(f"{ATOM}entry")]
    return [(id, day[1] if day else "") for id, day in zip(ids, days, strict=True)]


def entries(web: Hub) -> list[tuple[object, ...]]:
    return web.sql(
        "SELECT e.key, f.member || '/' || f.name, e.member || '/' || f.name, e.story, e.lead"
        " FROM entries e JOIN feeds f ON f.id = e.feed ORDER BY e.key"
    )


@WAYS
@pytest.mark.parametrize("has_ids", [True, False], ids=["with ids", "without ids"])
def test_news_of_a_feed_that_left_is_corrected_by_the_one_that_has_it_now(
    web: Hub, edited: str, key: FeedKey, has_ids: bool
) -> None:
    def written(*found: Entry) -> list[Entry]:
        return [each if has_ids else without_id(each) for each in found]

    web.publish(EAST, *written(clinic(1), clinic(2), clinic(3)))
    before = told(web, "/feeds/all.atom")
    web.configure(edited)
    web.now += A_DAY
    web.publish(key, *written(clinic(0), clinic(1), clinic(2), clinic(3)), at=web.now)
    assert told(web, "/feeds/all.atom")[1:] == before
    assert told(web, f"/feeds/member/{key.member}.atom") == told(web, "/feeds/all.atom")
    assert len(web.json(f"/api/v1/entries?member={key.member}")["entries"]) == 4
    web.now += A_DAY
    web.publish(key, *written(clinic(0), clinic(1, opens=19), clinic(2), clinic(3)), at=web.now)
    assert told(web, "/feeds/all.atom")[1:] == [(before[0][0], "19"), *before[1:]]
    assert web.store.check() == ()


@WAYS
def test_news_of_a_feed_that_left_is_withdrawn_by_the_one_that_has_it_now(
    web: Hub, edited: str, key: FeedKey
) -> None:
    web.publish(EAST, clinic(1), clinic(2), clinic(3))
    web.configure(edited)
    web.publish(key, clinic(1), clinic(2), clinic(3))
    web.now += A_DAY
    feed = web.feed(key)
    found = tuple(replace(clinic(number), feed=key) for number in (1, 3))
    web.settle(
        Gathered(
            feed=feed,
            outcome="fetched",
            started=web.now,
            url=feed.url,
            entries=found,
            tombstones=(Tombstone(id="https://east.example/2", why="It was wrong", when=web.now),),
        ),
        web.now,
    )
    assert web.headlines("/") == ["Clinic 1 opens", "Clinic 3 opens"]
    assert web.store.check() == ()


def test_news_that_both_feeds_had_is_corrected_once_the_older_one_has_left(web: Hub) -> None:
    press = FeedKey("east", "press")
    web.publish(EAST, clinic(1), clinic(2), clinic(3))
    web.configure(BOTH)
    web.publish(press, clinic(1), clinic(2), clinic(3), clinic(4), at=NOW + A_DAY)
    before = told(web, "/feeds/all.atom")
    web.configure(TO_ANOTHER_ADDRESS[0])
    web.now += 2 * A_DAY
    web.publish(press, clinic(1, opens=19), clinic(2), clinic(3), clinic(4), at=web.now)
    assert told(web, "/feeds/all.atom") == [(before[0][0], "19"), *before[1:]]
    # All that is stored stays, each in a feed of its own.
    assert sorted(each[1:] for each in entries(web) if each[3] == entries(web)[2][3]) == [
        ("east/news", "east/news", entries(web)[2][3], 0),
        ("east/press", "east/press", entries(web)[2][3], 1),
    ]
    assert web.store.check() == ()
    # Should the older one come back, it misses nothing of what it was given.
    web.configure(BOTH)
    assert web.store.checks_due(web.now + 9 * A_DAY, most=9) == {}


def test_news_of_a_feed_that_left_is_at_once_on_the_pages_of_the_one_that_has_it_now(web: Hub) -> None:
    web.publish(EAST, clinic(1), clinic(2))
    edited, key = TO_ANOTHER_MEMBER
    web.configure(edited)
    web.publish(key, at=NOW + A_DAY)
    assert told(web, "/feeds/member/wessex.atom") == []
    web.publish(key, clinic(1), clinic(2), at=NOW + 2 * A_DAY)
    assert len(told(web, "/feeds/member/wessex.atom")) == 2


def test_a_feed_that_has_other_news_in_the_story_too_keeps_its_copies(web: Hub) -> None:
    press = FeedKey("east", "press")
    web.publish(EAST, clinic(1), clinic(2))
    web.configure(BOTH)
    web.publish(press, clinic(1), clinic(2), at=NOW + A_DAY)
    first, second = (web.store.find(f"https://east.example/{number}")[0].key for number in (1, 2))
    web.store.put_together(first, second, NOW + A_DAY)
    web.configure(TO_ANOTHER_ADDRESS[0])
    web.publish(press, clinic(1), clinic(2, opens=19), at=NOW + 2 * A_DAY)
    assert [each[1] for each in entries(web)] == ["east/news", "east/news", "east/press", "east/press"]


def test_what_a_feed_has_as_it_had_it_beside_the_older_one_stays_as_it_is(web: Hub) -> None:
    press = FeedKey("east", "press")
    web.publish(EAST, clinic(1), clinic(2))
    web.configure(BOTH)
    web.publish(press, clinic(1, opens=19), clinic(2), at=NOW + A_DAY)
    web.configure(TO_ANOTHER_ADDRESS[0])
    web.now += 2 * A_DAY
    feed = web.feed(press)
    known = replace(clinic(1, opens=19), feed=press)
    there = (replace(clinic(0), feed=press), known)
    # Nothing but its words was read of what is known: they could be stored nowhere.
    web.settle(
        Gathered(
            feed=feed,
            outcome="fetched",
            started=web.now,
            url=feed.url,
            entries=there,
            as_known=frozenset({mark(known)}),
        ),
        web.now,
    )
    assert web.headlines("/")[0] == "Clinic 0 opens"
    found = {(each[0], each[1]) for each in entries(web)}
    assert found >= {(entries(web)[0][0], "east/news"), (entries(web)[1][0], "east/news")}


def test_news_of_a_feed_that_left_goes_to_no_other_members_feed_that_is_polled_with_its_heir(
    web: Hub,
) -> None:
    web.publish(EAST, clinic(1))
    bulletin = FeedKey("national", "bulletin")
    of_national = "{url: https://national.example/feed/}"
    moved = "{name: bulletin, url: https://national.example/bulletin/}"
    web.configure(TO_ANOTHER_ADDRESS[0].replace(of_national, moved))
    polls = [
        Gathered(
            feed=web.feed(key),
            outcome="fetched",
            started=NOW + A_DAY,
            url=web.feed(key).url,
            entries=(replace(clinic(1), feed=key),),
        )
        for key in (bulletin, FeedKey("east", "press"))
    ]
    web.store.settle(
        polls,
        lambda gathered, state, known: decide(
            gathered, state, known, now=NOW + A_DAY, settings=web.config.hub, authority="news.example"
        ),
    )
    assert [each[1] for each in entries(web)] == ["east/press", "national/bulletin"]


def test_who_passes_on_the_news_of_a_feed_that_left_does_not_take_it_over(web: Hub) -> None:
    web.publish(EAST, clinic(1), clinic(2))
    web.configure(NETWORK.replace(IN_EAST, "feeds: []"))
    web.publish(NATIONAL, clinic(1, opens=13), clinic(2), at=NOW + A_DAY)
    assert [each[1] for each in entries(web)] == ["east/news", "east/news", "national/news", "national/news"]
    assert {opens for _, opens in told(web, "/feeds/all.atom")} == {"12"}


def test_a_feed_that_another_feed_of_its_member_stands_beside_keeps_its_news(web: Hub) -> None:
    web.publish(EAST, clinic(1), clinic(2))
    web.configure(BOTH)
    web.publish(FeedKey("east", "press"), clinic(1), clinic(2), at=NOW + A_DAY)
    assert [each[1] for each in entries(web)] == ["east/news", "east/news", "east/press", "east/press"]


def test_what_several_entries_of_a_document_would_be_is_left_where_it_is(web: Hub) -> None:
    web.publish(EAST, clinic(1))
    edited, key = TO_ANOTHER_ADDRESS
    web.configure(edited)
    again = replace(clinic(1, opens=19), published=NOW)
    web.publish(key, clinic(1), again, at=NOW + A_DAY)
    assert entries(web)[0][1] == "east/news"


@pytest.mark.parametrize(
    ("title", "words", "whose"),
    [
        ("We look for a nurse", "nurse", ["east/news", "east/press"]),
        ("Our team has an award", "award", ["east/press"]),
    ],
    ids=["other news", "the same under another title"],
)
def test_only_the_same_news_under_the_id_and_link_of_a_feed_that_left_is_had_from_it(
    web: Hub, title: str, words: str, whose: list[str]
) -> None:
    """Ids may only count, and all links lead to the page that lists the news."""

    def numbered(title: str, words: str) -> Entry:
        text = " ".join(f"{words}{each}" for each in range(60))
        return news("2", title, at=NOW - A_DAY, text=text, link="https://east.example/latest")

    press = FeedKey("east", "press")
    web.configure(BOTH)
    web.publish(EAST, numbered("An award for our team", "award"))
    web.publish(press, clinic(1))
    web.configure(TO_ANOTHER_ADDRESS[0])
    web.publish(press, numbered(title, words), clinic(1), at=NOW + A_DAY)
    assert [each[1] for each in entries(web) if each[0] != 2] == whose
    assert len(told(web, "/feeds/all.atom")) == len(whose) + 1
    assert web.store.check() == ()


def test_what_an_admin_said_of_the_news_of_a_feed_that_left_holds_in_the_one_that_has_it_now(
    web: Hub,
) -> None:
    web.publish(EAST, clinic(1), clinic(2))
    (withdrawn,) = web.store.find("https://east.example/1")
    web.store.withdraw([withdrawn.key], "it names a patient", NOW)
    edited, key = TO_ANOTHER_MEMBER
    web.configure(edited)
    web.publish(key, clinic(1), clinic(2), at=NOW + A_DAY)
    assert web.headlines("/") == ["Clinic 2 opens"]
    assert web.store.check() == ()


def test_a_feed_that_comes_back_has_its_news_again(web: Hub) -> None:
    web.publish(EAST, clinic(1), clinic(2))
    before = told(web, "/feeds/all.atom")
    edited, key = TO_ANOTHER_MEMBER
    web.configure(edited)
    web.publish(key, clinic(1), clinic(2), at=NOW + A_DAY)
    web.configure(NETWORK)
    (state,) = web.store.feed_states("east")
    assert state.body_digest is None
    assert not web.store.last_document(EAST).marks
    web.publish(EAST, clinic(1, opens=19), clinic(2), at=NOW + 2 * A_DAY)
    assert told(web, "/feeds/member/east.atom") == [(before[0][0], "19"), before[1]]
    assert web.store.check() == ()
