"""The network's news without a member's own, for that member's own site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from hub.model import Tag
from tests.web_hub import EAST, NATIONAL, NETWORK, SAFETY, WESSEX, Hub, a_hub, ago, hrefs, news

URL = "http://127.0.0.1:8000"
MERGED = '  - {slug: safe, title: Safe, filter: "tag:safety"}\n'
EVENT = Tag("event", "a rule", kind="event")
_ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Wessex and East with news of their own, and with two stories that both published."""
    for made in a_hub(tmp_path):
        made.configure(NETWORK + MERGED)
        made.begin_long_ago()
        ours = news("w", "Wessex alone", tags=(SAFETY,), at=ago(hours=4))
        first = news("1", "Wessex first", link="https://x.example/1", tags=(SAFETY,), at=ago(hours=3))
        second = news("2", "East first", link="https://x.example/2", tags=(SAFETY,), at=ago(hours=2))
        theirs = news("e", "East alone", tags=(SAFETY,), at=ago(hours=1))
        made.publish(WESSEX, ours, first, at=ago(minutes=50))
        made.publish(EAST, theirs, second, replace(first, id="3"), at=ago(minutes=40))
        made.publish(WESSEX, ours, first, replace(second, id="4"), at=ago(minutes=30))
        made.publish(NATIONAL, news("n", "National", at=ago(minutes=20)), at=ago(minutes=20))
        yield made


class Read:
    """A merged feed as its readers have it."""

    def __init__(self, hub: Hub, path: str) -> None:
        self.answer = hub.get(path)
        assert self.answer.status_code == 200, self.answer.text
        if self.answer.mimetype == "application/feed+json":
            feed: dict[str, Any] = json.loads(self.answer.data)
            self.title, self.itself, self.page = feed["title"], feed["feed_url"], feed["home_page_url"]
            self.titles = [each["title"] for each in feed["items"]]
            return
        tree = etree.fromstring(self.answer.data)
        self.tree = tree
        self.title = tree.findtext("a:title", namespaces=_ATOM) or tree.findtext("channel/title")
        own = (*tree.iterfind("a:link", _ATOM), *tree.iterfind("channel/a:link", _ATOM))
        links = {link.get("rel"): link.get("href") for link in own}
        self.itself = links["self"]
        self.page = links.get("alternate") or tree.findtext("channel/link")
        found = (*tree.iterfind("a:entry/a:title", _ATOM), *tree.iterfind("channel/item/title"))
        self.titles = [each.text for each in found]


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
@pytest.mark.parametrize(
    ("path", "titles", "name", "page"),
    [
        ("all", ["National", "East alone"], "Everything", "/?without=wessex"),
        ("tag/safety", ["East alone"], "Patient safety", "/?tag=safety&without=wessex"),
        ("merged/safe", ["East alone"], "Safe", "/?without=wessex"),
        ("merged/safe-south", [], "Safety in the south", "/?without=wessex"),
    ],
)
def test_a_feed_leaves_out_what_a_member_published_alone_and_with_others_and_says_so(
    hub: Hub, path: str, titles: list[str], name: str, page: str, ending: str
) -> None:
    whole, feed = f"/feeds/{path}.{ending}", f"/feeds/{path}.{ending}?without=wessex"
    assert {"Wessex alone", "Wessex first", "East first"} & {*Read(hub, whole).titles}
    read = Read(hub, feed)
    assert read.titles == titles
    assert read.itself == f"{URL}{feed}"
    assert read.title == f"{name}, without news by Health Innovation Wessex – Health innovation news"
    assert read.page == f"{URL}{page}"
    if ending == "atom":
        # It is another feed to who reads both.
        assert read.tree.findtext("a:id", namespaces=_ATOM) == f"{URL}{feed}"
    if not path.startswith("merged/"):
        assert hub.headlines(page) == titles


@pytest.mark.parametrize(
    ("path", "title", "page"),
    [
        ("all", "Health innovation news", "/"),
        ("tag/safety", "Patient safety – Health innovation news", "/tag/safety"),
        ("merged/safe", "Safe – Health innovation news", "/"),
    ],
)
def test_a_feed_of_all_members_says_nothing_of_leaving_out(
    hub: Hub, path: str, title: str, page: str
) -> None:
    read = Read(hub, f"/feeds/{path}.atom?without=")
    assert (read.title, read.page, read.itself) == (title, f"{URL}{page}", f"{URL}/feeds/{path}.atom")


def test_another_members_feed_and_what_is_found_are_without_it_as_well(hub: Hub) -> None:
    assert Read(hub, "/feeds/search.atom?q=east&without=wessex").titles == ["East alone"]
    read = Read(hub, "/feeds/search.atom?tag=safety&kind=news&without=wessex&member=east")
    assert read.titles == ["East alone"]
    assert read.title.startswith(
        "Patient safety, Health Innovation East, News, without news by Health Innovation Wessex –"
    )
    assert hub.headlines("/search?q=east&without=wessex") == ["East alone"]


def test_several_members_are_left_out_in_whichever_order_they_are_named(hub: Hub) -> None:
    read = Read(hub, "/feeds/all.atom?without=wessex&without=east&without=wessex&without=")
    assert read.titles == ["National"]
    assert read.itself == f"{URL}/feeds/all.atom?without=east&without=wessex"
    assert read.title == (
        "Everything, without news by Health Innovation East and Health Innovation Wessex"
        " – Health innovation news"
    )
    other = hub.get("/feeds/all.atom?without=east&without=wessex", If_None_Match=read.answer.headers["ETag"])
    assert other.status_code == 304


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/embed/news", "/embed/fragment"])
def test_it_moves_with_its_own_news_and_not_with_the_members(hub: Hub, path: str) -> None:
    path += "?without=wessex"
    tag = hub.get(path).headers["ETag"]
    hub.publish(WESSEX, news("more", "More of Wessex"), at=ago(minutes=10))
    assert hub.get(path, If_None_Match=tag).status_code == 304
    hub.publish(EAST, news("more", "More of East"), at=ago(minutes=9))
    answer = hub.get(path, If_None_Match=tag)
    assert answer.status_code == 200
    assert "More of East" in answer.text


def test_what_a_member_copies_later_leaves_the_feed_without_it(hub: Hub) -> None:
    assert "East alone" in Read(hub, "/feeds/all.atom?without=national").titles
    (theirs,) = hub.store.find("e")
    (national,) = hub.store.find("n")
    hub.store.put_together(national.key, theirs.key, hub.now)
    assert "East alone" not in Read(hub, "/feeds/all.atom?without=national").titles


def test_what_was_withdrawn_is_told_of_others_alone_and_shows_what_they_have(hub: Hub) -> None:
    def deleted(path: str) -> int:
        return len(Read(hub, path).tree.findall("at:deleted-entry", _ATOM))

    whole, feed = "/feeds/all.atom", "/feeds/all.atom?without=wessex"
    before = deleted(whole), deleted(feed)
    for id in ("w", "1"):
        hub.store.withdraw([hub.store.find(id)[0].key], "", hub.now)
    assert (deleted(whole) - before[0], deleted(feed) - before[1]) == (2, 0)
    assert "Wessex first" in Read(hub, feed).titles
    hub.store.withdraw([hub.store.find("e")[0].key], "", hub.now)
    assert (deleted(whole) - before[0], deleted(feed) - before[1]) == (3, 1)


def test_a_member_that_has_left_can_be_left_out_by_its_name(hub: Hub) -> None:
    start, end = NETWORK.index("  - slug: wessex"), NETWORK.index("  - slug: east")
    hub.configure(NETWORK[:start] + NETWORK[end : NETWORK.index("merged_feeds:")])
    assert "without news by Health Innovation Wessex" in Read(hub, "/feeds/all.atom?without=wessex").title
    assert Read(hub, "/feeds/all.atom?without=wessex").titles == ["National", "East alone"]
    (option,) = chosen(hub, "/subscribe?without=wessex").xpath(".//select[@name='without']/option[@selected]")
    assert (option.get("value"), option.text.strip()) == ("wessex", "Health Innovation Wessex")


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.atom", "/feeds/tag/safety.rss", "/feeds/merged/safe.json", "/feeds/search.atom?q=east",
        "/events.ics", "/events/tag/safety.ics", "/events/merged/safe.ics",
        "/", "/search?q=east", "/subscribe", "/embed/news", "/embed/fragment",
    ],
)  # fmt: skip
def test_a_member_that_there_is_not_is_told_and_nothing_is_shown_in_place(hub: Hub, path: str) -> None:
    for asked in ("without=nobody", "without=wessex&without=nobody", "without=nobody&without=nobody"):
        answer = hub.get(f"{path}{'&' if '?' in path else '?'}{asked}")
        assert answer.status_code == 404
        assert "There is no member ‘nobody’" in answer.text


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/embed/news", "/", "/api/v1/stories"])
def test_more_members_than_anybody_would_leave_out_are_refused(hub: Hub, path: str) -> None:
    names = [f"without=m{number}" for number in range(21)]
    answer = hub.get(f"{path}?{'&'.join(names)}")
    assert answer.status_code == 400
    assert "without may name 20 members at most" in answer.text
    as_many = hub.get(f"{path}?{'&'.join(names[:20])}&without=m1").text
    assert "there is no member" in as_many.lower()


def test_a_calendar_is_without_it_too(hub: Hub) -> None:
    days: dict[str, Any] = {"tags": (EVENT, SAFETY), "event_date": date(2026, 12, 3)}
    hub.publish(WESSEX, news("we", "Day in Wessex", **days), at=ago(minutes=10))
    hub.publish(EAST, news("ee", "Day in East", **days), at=ago(minutes=9))
    for path in ("/events.ics", "/events/tag/safety.ics", "/events/merged/safe.ics"):
        assert "Day in Wessex" in hub.get(path).text
        without = hub.get(f"{path}?without=wessex").text.replace("\r\n ", "")
        assert "Day in Wessex" not in without
        assert "Day in East" in without
        assert "without news by Health Innovation Wessex" in without
    (calendar,) = hrefs(hub.tree("/?without=wessex"), "Put these events in your calendar")
    assert calendar == "/subscribe?without=wessex#calendar"
    assert f"{URL}/events.ics?without=wessex" in hub.html(calendar)


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("path", ["/embed/news", "/embed/fragment"])
def test_what_members_sites_show_is_without_their_own(hub: Hub, path: str) -> None:
    def shown(asked: str) -> list[str]:
        return [a.text_content() for a in hub.tree(path + asked).xpath("//li/a")]

    assert shown("?without=wessex") == ["National", "East alone"]
    assert shown("?without=national&without=wessex") == ["East alone"]
    assert shown("?without=wessex&tag=safety&limit=20") == ["East alone"]
    assert "There is no news from Health Innovation East not by Health Innovation East." in hub.html(
        f"{path}?member=east&without=east"
    )
    if path == "/embed/news":
        assert hub.tree(f"{path}?without=wessex").find(".//title").text == (
            "Latest news not by Health Innovation Wessex – Health innovation news"
        )


def chosen(hub: Hub, path: str) -> Any:
    """The form of one's own address, with what it says beside it."""
    (section,) = hub.tree(path).xpath("//section[@id='own']")
    return section


def test_the_subscribe_page_offers_to_leave_out_a_member_and_makes_the_addresses(hub: Hub) -> None:
    form = chosen(hub, "/subscribe").find(".//form")
    (label,) = form.xpath(".//label[@for='own-without']")
    assert label.text == "Leave out news by"
    (select,) = form.xpath(".//select[@name='without']")
    options = [(option.get("value"), option.text.strip()) for option in select.findall("option")]
    assert options[:2] == [("", "nobody"), ("wessex", "Health Innovation Wessex")]
    assert len(options) == 4
    assert "Stories that others published too are left out with it." in hub.words("/subscribe")
    # As a browser sends it, whose other fields are empty.
    tree = hub.tree("/subscribe?tag=&member=&kind=&q=&without=wessex")
    (own,) = tree.xpath("//section[@id='own']//code[@class='address']/text()")
    assert own == f"{URL}/feeds/all.atom?without=wessex"
    assert "The address of news not by Health Innovation Wessex:" in hub.words("/subscribe?without=wessex")
    pasted, fragment = tree.xpath("//section[@id='embed']//code[@class='address']/text()")
    assert f'src="{URL}/embed/news?without=wessex&amp;limit=5&amp;scheme=light"' in pasted
    assert fragment == f"{URL}/embed/fragment?without=wessex&limit=5"
    (option,) = tree.xpath("//select[@name='without']/option[@selected]")
    assert option.get("value") == "wessex"
    assert tree.xpath("//iframe/@src") == ["/embed/news?without=wessex&limit=5&scheme=light"]


def test_the_form_keeps_all_members_that_are_left_out(hub: Hub) -> None:
    form = chosen(hub, "/subscribe?without=wessex&without=east").find(".//form")
    assert [value for name, value in form.form_values() if name == "without"] == ["east", "wessex"]
    assert "For several members, repeat without= in the address." in hub.words("/subscribe?without=wessex")


def test_where_there_is_one_member_alone_nobody_is_offered_to_be_left_out(hub: Hub) -> None:
    start = NETWORK.index("  - slug: east")
    hub.configure(NETWORK[:start] + NETWORK[NETWORK.index("tags:") :])
    assert not chosen(hub, "/subscribe").xpath(".//*[@name='without']")
    assert "Leave out" not in hub.words("/subscribe")
    assert "If your site shows your own news already" not in hub.words("/subscribe")


@pytest.mark.parametrize("path", ["/?tag=safety&without=wessex", "/search?q=alone&tag=safety&without=wessex"])
def test_a_list_without_a_member_stays_so_until_that_is_taken_away(hub: Hub, path: str) -> None:
    tree = hub.tree(path)
    (form,) = tree.xpath("//form[@class='filters']")
    assert [value for name, value in form.form_values() if name == "without"] == ["wessex"]
    if path.startswith("/search"):
        assert "1 story for alone on Patient safety not by Health Innovation Wessex" in hub.words(path)
        (feed,) = tree.xpath("//link[@type='application/atom+xml']/@href")
        assert feed == f"{URL}/feeds/search.atom?q=alone&tag=safety&without=wessex"
        return
    assert tree.find(".//h1").text == "Latest news on Patient safety not by Health Innovation Wessex"
    assert hrefs(tree, "All news not by Health Innovation Wessex") == ["/?without=wessex"]
    assert hrefs(tree, "All news on Patient safety") == ["/?tag=safety"]
    (feed,) = tree.xpath("//link[@type='application/atom+xml']/@href")
    assert feed == f"{URL}/feeds/tag/safety.atom?without=wessex"


def test_older_news_is_without_the_member_as_well(hub: Hub) -> None:
    hub.publish(EAST, *(news(f"{n}", at=ago(days=n)) for n in range(10, 50)), at=ago(minutes=5))
    (older,) = hub.tree("/?without=wessex").xpath("//a[@rel='next']/@href")
    assert older.startswith("/?without=wessex&before=")
    assert hub.headlines(older)


def test_programs_are_given_stories_and_entries_without_it(hub: Hub) -> None:
    def titles(what: str, asked: str) -> list[str]:
        return [each["title"] for each in hub.json(f"/api/v1/{what}?{asked}")[what]]

    for what in ("stories", "entries"):
        assert titles(what, "without=wessex") == ["National", "East alone"]
        assert titles(what, "without=wessex&without=national") == ["East alone"]
        assert titles(what, "without=wessex&tag=safety") == ["East alone"]
        assert "‘nobody’" in hub.json(f"/api/v1/{what}?without=nobody", 400)["error"]
