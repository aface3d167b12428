"""Members' sites that re-import our merged feeds give us no news."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from hub import normalise
from hub.decide.reshares import is_reshare
from hub.model import Category, Entry, FeedKey, Source
from hub.parse.feed import parse
from tests.entries import entry
from tests.web_hub import EAST, NETWORK, NOW, WESSEX, Hub, news

HUB = "https://news.example"
MINTED = "tag:news.example,2026-11-20:wessex/news/0123456789abcdef01234567"


def source(id: str, self_link: str | None = None) -> Source:
    return Source(id=id, title="A feed", self_link=self_link)


def reshared(entry: Entry, *, taken: Mapping[str, FeedKey] = {}) -> bool:
    return is_reshare(entry, authority="news.example", hub_url=HUB, taken=taken)


@pytest.mark.parametrize(
    "ours",
    [
        entry(MINTED),
        entry("a", link=f"{HUB}/story/7"),
        replace(entry("a"), source=source(f"{HUB}/feeds/all.atom")),
        replace(entry("a"), categories=(Category("wessex", f"{HUB}/members", "Wessex"),)),
        replace(entry("a"), source=source("tag:x.example,2026:a", f"{HUB}/feeds/tag/safety.rss")),
    ],
)
def test_what_one_of_our_merged_feeds_made_is_ours(ours: Entry) -> None:
    assert reshared(ours)


@pytest.mark.parametrize(
    "theirs",
    [
        entry("a"),
        entry("tag:news.example,2005:article-7"),
        entry(MINTED.replace("news.example", "other.example")),
        entry("a", link=f"{HUB}/about-us"),
        entry("a", link=f"{HUB}.evil.example/story/7"),
        replace(entry("a"), categories=(Category("wessex", "https://elsewhere.example/members"),)),
        replace(entry("a"), source=source("https://elsewhere.example/feed")),
    ],
)
def test_what_only_looks_like_it_is_the_members_own(theirs: Entry) -> None:
    assert not reshared(theirs)


def test_of_hubs_that_have_no_address_none_takes_anothers_news_for_its_own() -> None:
    minted = entry(MINTED.replace("news.example", "localhost"))
    assert not is_reshare(minted, authority="localhost", hub_url=None, taken={})
    assert is_reshare(minted, authority="localhost", hub_url=None, taken={str(minted.id): WESSEX})


def test_an_id_minted_under_an_earlier_name_of_the_hub_is_ours_where_it_is_published() -> None:
    before = MINTED.replace("news.example", "old.example")
    assert reshared(entry(before), taken={before: WESSEX})


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path, NETWORK.replace("timezone:", f"url: {HUB}\n  timezone:"))
    yield made
    for store in made.stores:
        store.close()


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_our_merged_feed_polled_as_a_members_adds_nothing_and_is_counted(hub: Hub, format: str) -> None:
    hub.publish(WESSEX, news("https://wessex.example/1", "Stroke units"), news("7", "Asthma", link=None))
    before, published = hub.store.version(), hub.json("/api/v1/entries")
    body = hub.get(f"/feeds/all.{format}").data
    feed = hub.feed(EAST)
    parsed = parse(body, url=feed.url, content_type=None, zone=ZoneInfo("UTC"))
    copied, _ = normalise.entries(parsed, feed, url=feed.url)
    assert len(copied) == 2
    hub.publish(EAST, *copied, at=NOW + timedelta(hours=1))
    assert hub.json("/api/v1/entries") == published
    (state,) = [state for state in hub.store.feed_states() if state.feed.key == EAST]
    assert state.reshares == 2
    words = hub.words("/status")
    assert "Health Innovation East: 2 pieces of news" in words
    hub.publish(EAST, *copied, news("e", "Their own"), at=NOW + timedelta(hours=2))
    assert hub.headlines("/")[0] == "Their own"
    assert hub.store.version() > before
    assert hub.store.check() == ()


def test_what_a_member_had_before_stays_its_own_though_its_id_looks_like_one_of_ours(hub: Hub) -> None:
    # A hub of another network, which mints ids as this one does.
    theirs = news(MINTED.replace("news.example", "hub.south.example"), "Stroke units")
    hub.publish(EAST, theirs)
    corrected = news(str(theirs.id), "Stroke units", text="There are twelve of them.", link=theirs.link)
    for number, document in enumerate(([theirs, news("e")], [corrected, news("e")]), 1):
        hub.publish(EAST, *document, at=NOW + timedelta(hours=number))
        (state,) = [state for state in hub.store.feed_states() if state.feed.key == EAST]
        assert state.reshares == 0
    assert "There are twelve of them." in hub.words("/")


def test_what_another_hub_named_is_news_though_another_member_wrote_its_id_before(hub: Hub) -> None:
    # A network of members that is a member, and whose feeds anybody can read.
    theirs = MINTED.replace("news.example", "hub.south.example").replace("wessex", "trust")
    hub.publish(WESSEX, news(theirs, "Advert of pills", link=None, at=NOW - timedelta(hours=1)))
    hub.publish(EAST, news(theirs, "Inquiry finds failings", link=None), at=NOW + timedelta(hours=1))
    assert hub.headlines("/") == ["Inquiry finds failings", "Advert of pills"]


def test_a_copy_that_names_no_source_is_the_members_own_and_credited(hub: Hub) -> None:
    link = "https://wessex.example/1"
    hub.publish(WESSEX, news(link, "Stroke units", link=link))
    hub.publish(EAST, news(link, "Stroke units", link=link), at=NOW + timedelta(hours=1))
    assert "and 1 other" in hub.words("/")
