"""A day's and a week's news as one item of a feed, and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from lxml import html as lxml_html

from hub.publish.digest import Period, finished, read_period
from tests.rfc4287 import violations
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, WESSEX, Hub, a_hub, ago, hrefs, news

_ATOM = {"a": "http://www.w3.org/2005/Atom"}
YESTERDAY = "/digest/2026-11-23"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("name", ["2026-11-28", "2026-W48", "2026-W01", "2026-W53", "2024-02-29"])
def test_a_period_has_the_name_it_is_read_from(name: str) -> None:
    period = read_period(name)
    assert period is not None
    assert period.name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "W",
        "2026",
        "20261128",
        "2026W48",
        "2026-W48-1",
        "2026-W54",
        "2026-02-29",
        "2026-1-1",
        "٢٠٢٦-11-28",
    ],
)
def test_what_names_no_period_is_none(name: str) -> None:
    assert read_period(name) is None


def test_only_what_is_over_is_finished() -> None:
    sunday, monday = date(2027, 1, 3), date(2027, 1, 4)
    assert [each.name for each in finished("weekly", sunday, 2)] == ["2026-W52", "2026-W51"]
    assert [each.name for each in finished("weekly", monday, 2)] == ["2026-W53", "2026-W52"]
    assert finished("weekly", sunday, 1) == (read_period("2026-W52"),)
    assert [each.name for each in finished("daily", date(2027, 1, 1), 2)] == ["2026-12-31", "2026-12-30"]


def test_a_day_is_as_long_as_the_hubs_clocks_make_it() -> None:
    london = ZoneInfo("Europe/London")
    for first, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 25), 24)):
        start, end = (each.timestamp() for each in Period("daily", first).bounds(london))
        assert end - start == hours * 3600


# ---------------------------------------------------------------- what is in it


def test_a_day_holds_what_came_in_on_it_each_story_once_whoever_published_it(hub: Hub) -> None:
    link = "https://wessex.example/joint"
    late = news("late", "Dated before it came", at=ago(days=3))
    before = news("a", "Before", link="https://wessex.example/a", at=ago(days=2))
    hub.publish(WESSEX, before, at=ago(days=2))
    hub.publish(
        WESSEX,
        before,
        news("b", "Joint", link=link, at=ago(days=1)),
        late,
        at=ago(days=1),
    )
    hub.publish(EAST, news("c", "Joint", link=link, at=ago(hours=23)), at=ago(hours=23))
    hub.publish(BLOG, news("d", "Today"), at=ago(hours=1))
    # A copy of what was told before is no news of its day.
    hub.publish(
        EAST,
        news("c", "Joint", link=link, at=ago(hours=23)),
        news("e", "Before", link="https://wessex.example/a", at=ago(days=1)),
        at=ago(hours=22),
    )
    assert hub.headlines(YESTERDAY) == ["Joint", "Dated before it came"]
    assert "2 stories" in hub.words(YESTERDAY)
    assert "and 1 other" in hub.words(YESTERDAY)
    hub.now += timedelta(days=1)
    assert hub.headlines("/digest/2026-11-24") == ["Today"]


def test_what_its_publisher_had_for_long_is_no_news_when_it_comes_in(hub: Hub) -> None:
    hub.publish(
        WESSEX,
        news("a", "Of the week", at=ago(days=7)),
        news("b", "Of the month", at=ago(days=9)),
        at=ago(days=1),
    )
    assert hub.headlines(YESTERDAY) == ["Of the week"]
    hub.now += timedelta(days=7)
    assert hub.headlines("/digest/2026-W48") == ["Of the week"]


def test_what_waited_for_an_admin_is_news_of_the_day_it_is_released_and_of_no_other_story(hub: Hub) -> None:
    waiting = news("a", "Waited", at=ago(days=4))
    hub.publish(EAST, waiting, at=ago(days=4))
    (held,) = hub.store.find("a")
    hub.sql(f"UPDATE entries SET standing = 'held', lead = 0 WHERE key = {held.key}")
    hub.sql(
        "INSERT INTO standings (entry, standing, why, moment, by_admin, was_published)"
        f" VALUES ({held.key}, 'held', 'by a rule', '2026-11-20T15:30:00.000000Z', 0, 0)"
    )
    link = "https://wessex.example/b"
    hub.publish(WESSEX, news("b", "Told before", link=link, at=ago(days=3)), at=ago(days=3))
    hub.publish(NATIONAL, news("c", "Told before", link=link, at=ago(days=1)), at=ago(days=1))
    hub.store.release([held.key], ago(days=1))
    assert hub.headlines("/digest/2026-11-21") == ["Told before"]
    assert hub.headlines(YESTERDAY) == ["Waited"]


def test_who_leads_a_story_later_makes_it_no_news_of_another_day(hub: Hub) -> None:
    link = "https://east.example/joint"
    hub.publish(WESSEX, news("a", "Joint", link=link, at=ago(days=1)), at=ago(days=1, minutes=1))
    hub.now = ago(hours=-24)
    hub.publish(EAST, news("b", "Joint", link=link, at=ago(days=1)), at=ago(hours=1))
    (other,) = (each for each in hub.store.find(link) if each.member.slug == "east")
    hub.store.make_lead(other.key, hub.now)
    hub.sql(f"UPDATE entries SET date = '2026-10-01T00:00:00.000000Z' WHERE key = {other.key}")
    assert hub.headlines(YESTERDAY) == ["Joint"]
    assert "Health Innovation East and 1 other" in hub.words(YESTERDAY)
    assert hub.get("/digest/2026-11-24").status_code == 404


def test_a_week_is_told_when_it_is_over_and_says_what_of_it_was_withdrawn_no_more(hub: Hub) -> None:
    days = [datetime(2026, 11, day, 12, tzinfo=ZoneInfo("UTC")) for day in (15, 16, 22, 23)]
    for number, day in enumerate(days):
        hub.publish((WESSEX, EAST)[number % 2], news(f"{number}", f"News {number}", at=day), at=day)
    assert hub.headlines("/digest/2026-W47") == ["News 2", "News 1"]
    assert hub.words("/digest/2026-W47").startswith("News of the week to Sunday 22 November 2026 ")
    assert hub.get("/digest/2026-W48").status_code == 404
    before = hub.get("/feeds/digest/weekly.atom")
    assert b"News 2" in before.data
    hub.store.withdraw([hub.store.find("2")[0].key], "", hub.now)
    assert hub.headlines("/digest/2026-W47") == ["News 1"]
    after = hub.get("/feeds/digest/weekly.atom", If_None_Match=before.headers["ETag"])
    assert (after.status_code, b"News 2" in after.data) == (200, False)


@pytest.mark.parametrize(
    "path",
    [
        "/digest/2026-11-24",
        "/digest/2026-11-20",
        "/digest/2030-W01",
        "/digest/9999-12-31",
        "/digest/0001-01-01",
        "/digest/monthly",
        "/feeds/digest/monthly.atom",
    ],
)
def test_a_time_without_news_or_that_is_not_over_has_no_page(hub: Hub, path: str) -> None:
    hub.publish(WESSEX, news("a"))
    assert hub.get(path).status_code == 404


# ---------------------------------------------------------------- as it is published


def published(hub: Hub) -> None:
    """Two days with news, of which one title has signs that HTML knows."""
    hub.publish(
        WESSEX, news("a", "Ward <b> & beds", at=ago(days=2), language="ar", direction="rtl"), at=ago(days=2)
    )
    hub.publish(EAST, *(news(f"{n}", f"News {n}", at=ago(days=1, hours=n)) for n in range(5)), at=ago(days=1))


def in_content(entry: etree._Element) -> Any:
    """The HTML in an entry of an Atom feed."""
    return lxml_html.fromstring(entry.findtext("a:content", "", _ATOM))


@pytest.mark.parametrize("language", ["es", "en"])  # of the first there is no catalogue
def test_a_digest_in_english_has_headlines_in_their_own_languages(hub: Hub, language: str) -> None:
    hub.configure(NETWORK.replace("  timezone", f"  language: {language}\n  timezone"))
    published(hub)
    first, second = etree.fromstring(hub.get("/feeds/digest/daily.atom").data).findall("a:entry", _ATOM)
    is_other = language != "en"
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [each.get(lang) for each in (first, second)] == ["en" if is_other else None] * 2
    assert {link.get("lang") for link in in_content(first).iter("a")} == {"es" if is_other else None}
    assert {link.get("lang") for link in in_content(second).iter("a")} == {"ar"}


def test_a_digest_is_an_item_that_leads_to_its_page(hub: Hub) -> None:
    published(hub)
    xml = hub.get("/feeds/digest/daily.atom").data
    assert violations(xml) == []
    entries = etree.fromstring(xml).findall("a:entry", _ATOM)
    assert [each.findtext("a:title", namespaces=_ATOM) for each in entries] == [
        "News of Monday 23 November 2026: 5 stories",
        "News of Sunday 22 November 2026: 1 story",
    ]
    first, second = entries
    assert first.findtext("a:published", namespaces=_ATOM) == "2026-11-24T00:00:00+00:00"
    assert [each.get("href") for each in first.iterfind("a:link", _ATOM)] == [
        f"http://127.0.0.1:8000{YESTERDAY}"
    ]
    assert first.findtext("a:author/a:name", namespaces=_ATOM) == "Health innovation news"
    assert first.findtext("a:author/a:uri", namespaces=_ATOM) == "http://127.0.0.1:8000"
    assert first.find("a:source", _ATOM) is None
    assert first.find("a:category", _ATOM) is None
    assert first.findtext("a:summary", namespaces=_ATOM) == "News 0; News 1; News 2; and 2 more"
    assert second.findtext("a:summary", namespaces=_ATOM) == "Ward <b> & beds"
    assert {link.get("dir") for link in in_content(first).iter("a")} == {None}
    content = in_content(second)
    (link,) = content.iter("a")
    assert (link.text, link.get("lang"), link.get("dir")) == ("Ward <b> & beds", "ar", "rtl")
    assert " ".join(content.text_content().split()) == (
        "Sunday 22 November 2026Ward <b> & beds – Health Innovation Wessex"
    )


def test_a_digest_is_the_same_over_http_and_https_and_at_another_path(hub: Hub) -> None:
    published(hub)
    ids = set()
    for url in ("http://news.example.org", "https://news.example.org/hub"):
        hub.configure(NETWORK.replace("  timezone", f"  url: {url}\n  timezone"))
        feed = etree.fromstring(hub.get("/feeds/digest/daily.atom").data)
        ids.add(feed.findtext("a:entry/a:id", namespaces=_ATOM))
    assert ids == {"tag:news.example.org,2026-11-24:digest/2026-11-23"}


def test_a_weeks_digest_has_a_list_for_each_day_and_counts_no_more_than_it_names(hub: Hub) -> None:
    for day in (18, 19, 20):
        at = datetime(2026, 11, day, 12, tzinfo=ZoneInfo("UTC"))
        hub.publish(WESSEX, news(f"{day}", f"News of {day}", at=at), at=at)
    (week,) = etree.fromstring(hub.get("/feeds/digest/weekly.atom").data).findall("a:entry", _ATOM)
    assert week.findtext("a:summary", namespaces=_ATOM) == "News of 20; News of 19; News of 18"
    assert [each.tag for each in in_content(week)] == ["h3", "ul"] * 3


def test_digests_go_back_by_a_week_or_a_month_in_feeds_and_by_twice_as_long_on_pages(hub: Hub) -> None:
    for days in range(70, 0, -1):
        if days != 3:
            hub.publish(WESSEX, news(f"{days}", f"News {days}", at=ago(days=days)), at=ago(days=days))
    for rhythm, in_feed, on_page in (("daily", 7 - 1, 14 - 1), ("weekly", 4, 8)):
        feed = etree.fromstring(hub.get(f"/feeds/digest/{rhythm}.atom").data)
        assert len(feed.findall("a:entry", _ATOM)) == in_feed
        links = hub.tree(f"/digest/{rhythm}").xpath("//main//a[starts-with(., 'News of')]")
        assert len(links) == on_page


def test_every_format_has_the_same_digests_under_the_same_ids(hub: Hub) -> None:
    published(hub)
    atom = etree.fromstring(hub.get("/feeds/digest/daily.atom").data)
    rss = etree.fromstring(hub.get("/feeds/digest/daily.rss").data)
    feed = json.loads(hub.get("/feeds/digest/daily.json").data)
    ids = [each["id"] for each in feed["items"]]
    assert len(set(ids)) == 2
    assert [each.text for each in atom.iterfind("a:entry/a:id", _ATOM)] == ids
    assert [each.text for each in rss.iterfind("channel/item/guid")] == ids
    assert rss.find("channel/item/source") is None
    assert all("_hub" not in each for each in feed["items"])


def test_a_digest_stays_what_it_was_when_news_comes_in_later(hub: Hub) -> None:
    published(hub)
    before = hub.get("/feeds/digest/daily.atom").data
    hub.publish(WESSEX, news("late", "Late", at=ago(days=1)), at=ago(hours=1))
    assert hub.get("/feeds/digest/daily.atom").data == before
    hub.now += timedelta(days=1)
    after = etree.fromstring(hub.get("/feeds/digest/daily.atom").data)
    titles = [each.text for each in after.iterfind("a:entry/a:title", _ATOM)]
    assert titles[0] == "News of Tuesday 24 November 2026: 1 story"
    assert len(titles) == 3


def test_of_a_day_with_very_much_news_the_newest_is_told_and_how_much_more_there_is(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(hub)
    monkeypatch.setattr(import_module("hub.merged.feeds"), "_ENTRIES", 2)
    monkeypatch.setattr(import_module("hub.web.digests"), "_STORIES", 3)
    latest = next(etree.fromstring(hub.get("/feeds/digest/daily.atom").data).iterfind("a:entry", _ATOM))
    assert [link.text for link in in_content(latest).iter("a")] == ["News 0", "News 1", "3 more stories"]
    assert hub.headlines(YESTERDAY) == ["News 0", "News 1", "News 2"]
    assert "And 2 more: these are the newest." in hub.words(YESTERDAY)


@pytest.mark.parametrize(("rhythm", "time"), [("daily", "day"), ("weekly", "week")])
def test_before_the_first_digest_its_page_says_when_it_comes(hub: Hub, rhythm: str, time: str) -> None:
    said = f"None yet: the first comes once a {time} with news is over."
    assert said in hub.words(f"/digest/{rhythm}")


def test_readers_find_the_digests_and_their_feeds(hub: Hub) -> None:
    published(hub)
    page = hub.tree("/subscribe")
    assert hrefs(page, "Each day’s news") == ["http://127.0.0.1:8000/digest/daily"]
    assert "http://127.0.0.1:8000/feeds/digest/weekly.atom" in hub.html("/subscribe")
    listed = hub.tree("/digest/daily")
    assert hrefs(listed, "News of Monday 23 November 2026") == [YESTERDAY]
    assert "News of Sunday 22 November 2026 1 story" in hub.words("/digest/daily")
    assert "No news came in yet" not in hub.words("/digest/weekly")
    assert hrefs(hub.tree(YESTERDAY), "Each day’s news") == ["http://127.0.0.1:8000/digest/daily"]
    opened = hub.tree("/feeds/digest/daily.atom", Sec_Fetch_Dest="document")
    assert hrefs(opened, "News of Monday 23 November 2026: 5 stories") == [
        f"http://127.0.0.1:8000{YESTERDAY}"
    ]
    hub.configure(NETWORK.replace("Europe/London", "Pacific/Auckland"))
    assert "No news came in yet" not in hub.words("/digest/daily")
