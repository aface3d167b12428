"""Merged feeds and pages as HTTP answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib import import_module
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from hub.model import Entry, FeedInfo, Gathered, Tag, Tombstone
from tests.web_hub import EAST, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, hrefs, news

_ATOM = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "ev": "http://purl.org/rss/1.0/modules/event/",
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def test_a_merged_feed_is_the_same_bytes_until_something_is_published(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", at=ago(days=1)), at=ago(hours=3))
    first = hub.get("/feeds/all.atom")
    hub.publish(WESSEX, news("a", at=ago(days=1)), at=ago(hours=2))
    second = hub.get("/feeds/all.atom")
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
    assert hub.get("/feeds/all.atom", If_None_Match=f'W/{first.headers["ETag"]}, "x"').status_code == 304
    assert hub.get("/feeds/all.atom", If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
    hub.publish(EAST, news("old", at=ago(days=300)), at=ago(hours=1))
    hub.now += timedelta(seconds=1)
    assert hub.get("/feeds/all.atom", If_None_Match=first.headers["ETag"]).status_code == 200
    # An old piece of news that came in now is a change too.
    assert hub.get("/feeds/all.atom", If_Modified_Since=first.headers["Last-Modified"]).status_code == 200


@pytest.mark.parametrize("later", [timedelta(0), timedelta(microseconds=9), timedelta(minutes=-10)])
def test_what_is_rendered_twice_in_a_second_is_not_told_apart_by_its_date(hub: Hub, later: timedelta) -> None:
    hub.publish(WESSEX, news("a", at=ago(days=2)), at=ago(hours=9))
    first = hub.get("/feeds/all.atom").headers["Last-Modified"]
    hub.now += later
    hub.publish(WESSEX, news("a", at=ago(days=2)), news("b", at=ago(days=1)), at=ago(hours=8))
    second = hub.get("/feeds/all.atom", If_Modified_Since=first)
    assert second.status_code == 200
    assert "Last-Modified" not in second.headers
    hub.now += timedelta(hours=1)
    assert hub.get("/feeds/all.atom", If_Modified_Since=first).status_code == 200
    hub.publish(WESSEX, *(news(each, at=ago(days=1)) for each in "abc"), at=hub.now)
    third = hub.get("/feeds/all.atom").headers["Last-Modified"]
    assert third > first
    hub.now += timedelta(hours=1)
    hub.configure(NETWORK + "# a comment\n")
    again = hub.get("/feeds/all.atom", If_Modified_Since=third)
    assert again.status_code == 304, "the same bytes keep their date"


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json"])
@pytest.mark.parametrize("change", ["withdrawal", "name"])
def test_who_asks_by_date_alone_gets_every_change(hub: Hub, path: str, change: str) -> None:
    hub.publish(WESSEX, news("a", at=ago(days=2)), news("b", at=ago(days=3)), at=ago(hours=9))
    first = hub.get(path)
    assert hub.get(path, If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
    hub.now += timedelta(seconds=1)
    (b,) = hub.store.find("b")
    if change == "withdrawal":
        hub.store.withdraw([b.key], "", hub.now)
    else:
        hub.configure(NETWORK.replace("Health Innovation Wessex", "Wessex"))
    again = hub.get(path, If_Modified_Since=first.headers["Last-Modified"])
    assert again.status_code == 200
    assert again.data != first.data


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/story/1",
        "/members",
        "/tags",
        "/subscribe",
        "/search?q=news",
        "/feeds/all.atom",
        "/events.ics",
        "/opml",
        "/api/v1/stories",
    ],
)
def test_every_page_and_feed_answers_conditional_and_head_requests_and_compresses(
    hub: Hub, path: str
) -> None:
    hub.publish(WESSEX, *(news(f"{n}", text="Words of news. " * 9) for n in range(5)))
    whole = hub.get(path)
    assert whole.status_code == 200
    assert "Accept-Encoding" in whole.headers["Vary"]
    again = hub.get(path, If_None_Match=whole.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    head = hub.client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.data))
    for coding in ("gzip", "br"):
        coded = hub.get(path, Accept_Encoding=coding)
        assert coded.headers["Content-Encoding"] == coding
        assert coded.headers["ETag"] != whole.headers["ETag"]
        assert len(coded.data) < len(whole.data)


@pytest.mark.parametrize("ending", ["atom", "rss"])
@pytest.mark.parametrize("path", ["/feeds/all", "/feeds/corrections", "/feeds/member/wessex"])
def test_a_browser_is_shown_a_page_that_no_cache_gives_to_readers_of_feeds(
    hub: Hub, path: str, ending: str
) -> None:
    hub.publish(WESSEX, news("a", "Ward <b>opens"))
    feed = hub.get(f"{path}.{ending}")
    # Also once the feed is kept.
    for _ in range(2):
        page = hub.get(f"{path}.{ending}", Sec_Fetch_Dest="document", If_None_Match=feed.headers["ETag"])
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Cache-Control"] == "no-store"
        assert f"http://127.0.0.1:8000{path}.{ending}</code>" in page.text
        assert ("Ward &lt;b&gt;opens" in page.text) == ("corrections" not in path)
        again = hub.get(f"{path}.{ending}", Sec_Fetch_Dest="empty")
        assert again.data == feed.data
        for answer in (page, feed, again):
            assert answer.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"


def test_a_page_of_a_feed_holds_what_the_feed_holds(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(days=n)) for n in range(1, 9)))
    feed = etree.fromstring(hub.get("/feeds/all.atom").data)
    titles = feed.xpath("//a:entry/a:title/text()", namespaces=_ATOM)
    tree = hub.tree("/feeds/all.atom", Sec_Fetch_Dest="document")
    assert tree.xpath("//h3/a/text()") == titles
    assert hub.tree("/feeds/corrections.atom", Sec_Fetch_Dest="document").xpath("//h3") == []


def test_a_page_of_a_feed_makes_up_no_date(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"), at=ago(days=2))
    hub.publish(WESSEX, news("a"), replace(news("b", "Undated"), published=None), at=ago(days=1))
    tree = hub.tree("/feeds/all.atom", Sec_Fetch_Dest="document")
    (undated,) = tree.xpath("//article[.//a = 'Undated']")
    assert "date not given" in undated.text_content()


def test_a_search_that_is_subscribed_to_tells_what_feeds_tell(hub: Hub) -> None:
    hub.begin_long_ago()
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(days=n)) for n in range(1, 31)), at=ago(hours=5))
    assert "30 stories" in hub.words("/search?q=news")
    for path in ("/feeds/all.json", "/feeds/search.json?q=news"):
        told = [each["title"] for each in json.loads(hub.get(path).data)["items"]]
        assert told == [f"News {n}" for n in range(1, 21)], path


def test_a_correction_is_told_under_the_headline_that_the_news_had_then(hub: Hub) -> None:
    for day, title, text in (
        (9, "Ward opens", "It opens in May."),
        (8, "Ward opens", "It opens in June."),
        (7, "Clinic moves", "It opens in June."),
    ):
        hub.publish(WESSEX, news("a", title, text=text, at=ago(days=9)), at=ago(days=day))
    titles = [each["title"] for each in json.loads(hub.get("/feeds/corrections.json").data)["items"]]
    assert titles == ["Corrected: Clinic moves", "Corrected: Ward opens"]


def test_json_is_shown_by_browsers_as_it_is(hub: Hub) -> None:
    answer = hub.get("/feeds/all.json", Sec_Fetch_Dest="document")
    assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"


def parts(hub: Hub, path: str, ending: str) -> Iterator[tuple[str, list[str], str | None]]:
    """The parts of a merged feed as one leads to the next: address, titles, and the first's address."""
    following: str | None = f"http://127.0.0.1:8000{path}"
    while following is not None:
        address, body = following, hub.get(following.removeprefix("http://127.0.0.1:8000")).data
        if ending == "json":
            feed = json.loads(body)
            following, first = feed.get("next_url"), feed["feed_url"]
            titles = [each["title"] for each in feed["items"]]
        else:
            tree = etree.fromstring(body)
            links = {link.get("rel"): link.get("href") for link in tree.iterfind(".//a:link", _ATOM)}
            following, first = links.get("next"), links.get("first")
            items = [*tree.iterfind("a:entry/a:title", _ATOM), *tree.iterfind("channel/item/title")]
            titles = [each.text for each in items]
        yield address, titles, first


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.{}",
        "/feeds/member/wessex.{}",
        "/feeds/search.{}?q=news",
        "/feeds/all.{}?without=east",
        "/feeds/merged/all.{}?without=east&without=national",
    ],
)
def test_who_was_away_for_long_finds_all_that_came_each_once(
    hub: Hub, path: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("hub.merged.feeds"), "_ENTRIES", 3)
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(days=n)) for n in range(1, 8)), at=ago(hours=9))
    if "without" in path:
        hub.configure(f"{NETWORK}  - {{slug: all, title: All, filter: kind:news}}\n")
        hub.publish(EAST, *(news(f"e{n}", at=ago(days=n)) for n in range(1, 8)), at=ago(hours=9))
    path = path.format(ending)
    found: list[list[str]] = []
    addresses: list[str] = []
    for address, titles, first in parts(hub, path, ending):
        assert first == (f"http://127.0.0.1:8000{path}" if addresses or ending == "json" else None)
        found.append(titles)
        addresses.append(address)
        # What comes meanwhile moves nothing from one part to another.
        hub.publish(
            WESSEX,
            *(news(f"{n}", f"News {n}", at=ago(days=n)) for n in range(1, 8)),
            *(news(f"new {n}", f"News new {n}", at=ago(hours=n)) for n in range(len(found))),
            at=ago(hours=9 - len(found)),
        )
    assert found == [["News 1", "News 2", "News 3"], ["News 4", "News 5", "News 6"], ["News 7"]]
    assert len(set(addresses)) == 3


def test_the_parts_of_a_feed_are_one_feed_and_the_first_alone_tells_what_is_to_go(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("hub.merged.feeds"), "_ENTRIES", 2)
    hub.publish(WESSEX, *(news(f"{n}", at=ago(days=n)) for n in range(1, 5)), at=ago(hours=9))
    hub.store.withdraw([hub.store.find("4")[0].key], "", hub.now)
    first, second = (
        etree.fromstring(hub.get(address.removeprefix("http://127.0.0.1:8000")).data)
        for address, _, _ in parts(hub, "/feeds/all.atom", "atom")
    )
    for name in ("a:id", "a:title"):
        assert first.findtext(name, namespaces=_ATOM) == second.findtext(name, namespaces=_ATOM)
    assert (
        len(first.findall("at:deleted-entry", _ATOM)),
        len(second.findall("at:deleted-entry", _ATOM)),
    ) == (
        1,
        0,
    )
    assert hub.get("/feeds/all.atom?before=nothing").status_code == 400


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_feeds_name_the_address_readers_use_and_never_the_host_header(hub: Hub, ending: str) -> None:
    hub.publish(WESSEX, news("a"))
    path = f"/feeds/all.{ending}"
    text = hub.get(path, Host="evil.example").text
    assert f"http://127.0.0.1:8000{path}" in text
    assert "evil.example" not in text
    hub.configure(NETWORK.replace("  timezone", "  url: https://news.example.org\n  timezone"))
    assert f"https://news.example.org{path}" in hub.get(path, Host="evil.example").text
    assert "127.0.0.1" not in hub.get(path).text


def test_a_hub_below_a_path_links_there_and_answers_with_and_without_it(hub: Hub) -> None:
    hub.configure(NETWORK.replace("  timezone", "  url: https://example.org/news\n  timezone"))
    hub.publish(WESSEX, news("a", "Here"))
    for path in ("/", "/news", "/news/"):
        tree = hub.tree(path)
        assert hrefs(tree, "Members") == ["/news/members"]
        assert tree.xpath("//link[@rel='stylesheet']")[0].get("href").startswith("/news/static/hub.css?v=")
    assert hub.headlines("/news/member/wessex") == ["Here"]
    assert b"https://example.org/news/feeds/all.atom" in hub.get("/news/feeds/all.atom").data


@pytest.mark.parametrize("path", ["/nyheter-å", "/nyheter-%C3%A5"])
def test_the_path_that_a_hub_is_below_may_be_in_any_language(hub: Hub, path: str) -> None:
    hub.configure(NETWORK.replace("  timezone", f"  url: https://example.org{path}\n  timezone"))
    hub.publish(WESSEX, news("a", "Here"))
    for home in ("/", "/nyheter-%C3%A5", "/nyheter-å/"):
        assert hrefs(hub.tree(home), "Members") == ["/nyheter-%C3%A5/members"]
    assert b"https://example.org/nyheter-%C3%A5/feeds/all.atom" in hub.get(f"{path}/feeds/all.atom").data


def test_a_tag_that_feeds_give_has_its_page_and_feed_whether_there_is_news_or_not(hub: Hub) -> None:
    assert hub.get("/tag/blog").status_code == 404
    hub.configure(NETWORK.replace("{name: blog,", "{name: blog, tags: [blog],"))
    assert hub.get("/tag/blog").status_code == 200
    assert hub.get("/feeds/tag/blog.atom").status_code == 200


def test_a_filter_may_name_as_many_members_as_fit_into_it(hub: Hub) -> None:
    terms = " or ".join(["member:east", "member:wessex"] * 200 + ["tag:safety", "kind:news"] * 40)
    assert 4_000 < len(terms) < 8_000
    wanted = f"kind:news and ({terms})"
    hub.configure(NETWORK.replace("tag:safety and region:South", wanted))
    hub.publish(EAST, news("a", "Here"))
    assert b"Here" in hub.get("/feeds/merged/safe-south.atom").data


def test_a_search_among_a_member_that_has_left_names_it(hub: Hub) -> None:
    hub.publish(EAST, news("a", "Clinic"))
    hub.configure(re.sub(r"(?s)  - slug: east.*?(?=  - slug)", "", NETWORK))
    assert "Health Innovation East" in hub.words("/?member=east")
    assert b"<title>clinic, Health Innovation East" in hub.get("/feeds/search.atom?q=clinic&member=east").data


def test_what_comes_back_is_newer_than_what_told_that_it_was_withdrawn(hub: Hub) -> None:
    def moments(mark: str) -> list[datetime]:
        feed = etree.fromstring(hub.get("/feeds/all.atom").data)
        found = feed.xpath(mark, namespaces=_ATOM)
        assert isinstance(found, list)
        return [datetime.fromisoformat(str(each)) for each in found]

    hub.publish(WESSEX, news("a", "Here", at=ago(days=3)), at=ago(days=2))
    hub.store.withdraw([1], "too early", ago(hours=5))
    assert moments("at:deleted-entry/@when") == [ago(hours=5)]
    rss = etree.fromstring(hub.get("/feeds/all.rss").data)
    assert parsedate_to_datetime(rss.findtext("channel/lastBuildDate") or "") == ago(hours=5)
    hub.store.release([1], ago(hours=1))
    assert moments("at:deleted-entry/@when") == []
    assert moments("a:entry/a:updated/text()") == [ago(hours=1)]
    assert moments("a:updated/text()") == [ago(hours=1)]
    assert moments("a:entry/a:published/text()") == [ago(days=3)]
    assert "Corrected" not in hub.words("/story/1")


def test_what_readers_had_is_not_told_again_by_another_when_who_told_it_has_gone(hub: Hub) -> None:
    def listed(name: str) -> list[str]:
        return [each["id"] for each in hub.get(f"/feeds/{name}.json").get_json()["items"]]

    def poll(*entries: Entry, gone: tuple[str, ...] = (), at: datetime) -> None:
        feed = hub.feed(WESSEX)
        found = tuple(replace(each, feed=WESSEX) for each in entries)
        deleted = tuple(Tombstone(id=id) for id in gone)
        gathered = Gathered(
            feed=feed, outcome="fetched", started=at, url=feed.url, entries=found, tombstones=deleted
        )
        hub.settle(gathered, at)

    told = news("https://wessex.example/1", "Joint news", link="https://joint.example/a", at=ago(days=9))
    copy = news("https://east.example/2", "Joint news", link="https://joint.example/a", at=ago(days=8))
    young = news("https://wessex.example/3", "Young news", link="https://joint.example/b", at=ago(hours=9))
    other = news("https://east.example/4", "Young news", link="https://joint.example/b", at=ago(hours=8))
    poll(told, at=ago(days=9))
    hub.publish(EAST, copy, at=ago(days=8))
    poll(young, told, at=ago(hours=9))
    hub.publish(EAST, other, copy, at=ago(hours=8))
    assert listed("all") == ["https://wessex.example/3", "https://wessex.example/1"]
    poll(gone=("https://wessex.example/1", "https://wessex.example/3"), at=NOW)
    assert listed("all") == ["https://east.example/4"], "what is of today few have had"
    assert listed("member/east") == ["https://east.example/4", "https://east.example/2"]
    assert hub.headlines("/") == ["Young news", "Joint news"]
    poll(told, at=NOW + timedelta(hours=1))
    both = ["https://east.example/4", "https://wessex.example/1"]
    assert listed("all") == both, "it is told again when that one is back"
    assert listed("member/wessex") == ["https://wessex.example/1"]
    (copied,) = hub.store.find("https://east.example/2")
    assert copied.why == "the same news as Health Innovation Wessex’s, which told it before"
    assert hub.store.check() == ()


def test_each_format_says_on_which_day_an_event_is(hub: Hub) -> None:
    day = "2026-12-07"
    event = Tag("events", "a rule", kind="event")
    webinar = news("a", "Webinar", tags=(event,), event_date=date.fromisoformat(day))
    hub.publish(WESSEX, webinar, news("b", "Plain"))
    (with_day,) = [each for each in hub.json("/api/v1/entries")["entries"] if each["title"] == "Webinar"]
    assert with_day["event_date"] == day
    for path in ("/feeds/all.atom", "/feeds/all.rss"):
        days = etree.fromstring(hub.get(path).data).xpath("//ev:startdate/text()", namespaces=_ATOM)
        assert days == [day]
    items = json.loads(hub.get("/feeds/all.json").data)["items"]
    told = {each["title"]: each["_hub"] for each in items}
    assert (told["Webinar"]["kind"], told["Webinar"]["event_date"]) == ("event", day)
    assert told["Plain"]["kind"] == "news"
    assert "event_date" not in told["Plain"]


def test_held_news_moves_nothing_that_readers_have(hub: Hub) -> None:
    def poll(id: str, at: datetime) -> None:
        feed = hub.feed(WESSEX)
        gathered = Gathered(
            feed=feed,
            outcome="fetched",
            started=at,
            url=feed.url,
            body_digest=id,
            entries=(replace(news(id, at=at), feed=WESSEX),),
            info=FeedInfo(title="Wessex", updated=at),
        )
        hub.settle(gathered, at)

    poll("a", ago(days=2))
    before = hub.get("/feeds/all.atom")
    hub.configure(NETWORK.replace("    region: South", "    region: South\n    trust: hold", 1))
    poll("b", ago(days=1))
    assert len(hub.store.notices()) == 1
    after = hub.get("/feeds/all.atom")
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])


def test_feeds_of_a_tag_a_filter_and_a_search_hold_what_they_say(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Safe south", tags=(SAFETY,)), news("b", "South"))
    hub.publish(EAST, news("c", "Safe east", tags=(SAFETY,)))

    def entries(path: str) -> set[str]:
        feed = etree.fromstring(hub.get(path).data)
        return {title.text or "" for title in feed.findall("{*}entry/{*}title")}

    assert entries("/feeds/all.atom") == {"Safe south", "South", "Safe east"}
    assert entries("/feeds/tag/safety.atom") == {"Safe south", "Safe east"}
    assert entries("/feeds/merged/safe-south.atom") == {"Safe south"}
    assert entries("/feeds/search.atom?q=south") == {"Safe south", "South"}
    assert entries("/feeds/search.atom?q=south&tag=safety") == {"Safe south"}
    assert entries("/feeds/search.atom?kind=news&tag=safety") == {"Safe south", "Safe east"}
    assert entries("/feeds/search.atom?kind=event") == set()


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.xml", "/feeds/tag/none.atom", "/feeds/member/none.rss", "/feeds/merged/none.json",
        "/feeds/", "/tag/none", "/member/none", "/static/none.css", "/static/../pyproject.toml",
        "/static/%2e%2e/base.html", "/?tag=none",
        "/?kind=job", "/search?q=a&member=none", "/story//1", "/nothing/", "/api/v1/stories/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(hub: Hub, path: str) -> None:
    assert hub.get(path).status_code == 404


def test_a_slash_after_an_address_leads_to_what_is_meant(hub: Hub) -> None:
    moved = hub.get("/search/?q=a&q=b%26c")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/search?q=a&q=b%26c")
    assert hub.get("/tag/caf%C3%A9/").headers["Location"] == "/tag/caf%C3%A9"
    assert hub.get("/members//").headers["Location"] == "/members"


def test_a_filter_that_names_nothing_is_told(hub: Hub) -> None:
    assert "There is no topic ‘none’" in hub.words("/?tag=none", 404)
    assert "There is no member ‘none’" in hub.words("/search?q=a&member=none", 404)
    assert "There is no kind of news called ‘job’" in hub.words("/?kind=job", 404)


def test_opml_lists_the_members_feeds_and_our_own(hub: Hub) -> None:
    assert hub.get("/opml").data.count(b'xmlUrl="https://wessex.example/') == 2
    assert b"http://127.0.0.1:8000/feeds/merged/safe-south.atom" in hub.get("/opml/merged").data
