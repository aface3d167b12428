"""The latest news on members' own sites: in a frame, or put into their pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html
from msgspec.structs import replace

from hub.model import Tag
from tests.web_hub import EAST, NETWORK, SAFETY, WESSEX, Hub, a_hub, ago, hrefs, news

BOTH = ("/embed/news", "/embed/fragment")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def shown(hub: Hub, path: str) -> list[str]:
    """The headlines, in order."""
    return [a.text_content() for a in hub.tree(path).xpath("//li/a")]


def said(tree: Any) -> str:
    return " ".join(tree.xpath("//*[@class='hub-news']")[0].text_content().split())


@pytest.mark.parametrize("path", BOTH)
def test_the_newest_stories_are_shown_each_with_its_member_and_its_date(hub: Hub, path: str) -> None:
    hub.publish(
        WESSEX, news("b", "Older", at=ago(days=2)), news("a", "Newest", link="https://wessex.example/a")
    )
    hub.publish(EAST, replace(news("c", "Undated"), published=None), at=ago(days=1))
    assert shown(hub, path) == ["Newest", "Older", "Undated"]
    tree = hub.tree(path)
    assert hrefs(tree, "Newest") == ["https://wessex.example/a"]
    assert said(tree) == (
        "Newest Health Innovation Wessex 24 November, 15:30"
        " Older Health Innovation Wessex 22 November, 15:30"
        " Undated Health Innovation East date not given"
        " All news of Health innovation news"
    )


@pytest.mark.parametrize("path", BOTH)
def test_all_who_published_a_story_are_named(hub: Hub, path: str) -> None:
    link = "https://wessex.example/joint"
    hub.publish(WESSEX, news("a", "Joint", link=link))
    hub.publish(EAST, news("b", "Joint", link=link), at=ago(minutes=-1))
    assert "and 1 other Also published by Health Innovation East" in said(hub.tree(path))


def test_a_frame_is_a_whole_page_whose_links_leave_it_and_a_fragment_is_markup_alone(hub: Hub) -> None:
    report = Tag("r", "a rule", kind="report")
    hub.publish(WESSEX, news("a", "News", tags=(report,)))
    framed, fragment = hub.html("/embed/news"), hub.html("/embed/fragment")
    tree = hub.tree("/embed/news")
    assert framed.startswith("<!doctype html>")
    assert tree.find(".//title").text == "Latest news – Health innovation news"
    assert tree.xpath("//base/@target") == ["_top"]
    assert fragment.startswith('<div class="hub-news" lang="en">')
    assert fragment.strip() in framed
    # No name that their own style may have.
    assert set(hub.tree("/embed/fragment").xpath("//@class")) == {"hub-news", "hub-news-by"}
    assert {element.tag for element in lxml_html.fragment_fromstring(fragment).iter()} <= {
        "div", "ul", "li", "a", "span", "time", "p",
    }  # fmt: skip


@pytest.mark.parametrize("path", BOTH)
def test_every_link_is_absolute_and_leads_to_where_readers_find_the_hub(hub: Hub, path: str) -> None:
    hub.configure(NETWORK.replace("  title:", "  url: https://example.org/news/\n  title:", 1))
    hub.publish(WESSEX, replace(news("a", "Nowhere else"), link=None))
    tree = hub.tree(path)
    assert hrefs(tree, "Nowhere else") == ["https://example.org/news/story/1"]
    assert hrefs(tree, "All news of Health innovation news") == ["https://example.org/news/"]
    assert [href.partition("?")[0] for href in tree.xpath("//link/@href")] == (
        ["/news/static/embed.css"] if path == "/embed/news" else []
    )


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("limit", "stories"),
    [("", 5), ("?limit=1", 1), ("?limit=20", 20), ("?limit=21", 20), ("?limit=" + "9" * 99, 20)],
)
def test_as_many_stories_are_shown_as_are_asked_for(hub: Hub, path: str, limit: str, stories: int) -> None:
    hub.publish(WESSEX, *(news(f"{n}", at=ago(hours=n)) for n in range(25)))
    assert len(shown(hub, path + limit)) == stories


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("limit=0", 400, "limit has to be a number from 1 to 20"),
        ("limit=-1", 400, "limit has to be a number from 1 to 20"),
        ("limit=", 400, "limit has to be a number from 1 to 20"),
        ("limit=many", 400, "limit has to be a number from 1 to 20"),
        ("scheme=pink", 400, "scheme has to be light or dark, or to be left out"),
        ("tag=nope", 404, "There is no topic ‘nope’"),
        ("member=nope", 404, "There is no member ‘nope’"),
        ("kind=nope", 404, "There is no kind of news called ‘nope’"),
    ],
)
def test_what_cannot_be_shown_is_said_in_its_place(
    hub: Hub, path: str, asked: str, status: int, says: str
) -> None:
    hub.publish(WESSEX, news("a"))
    tree = hub.tree(f"{path}?{asked}", status)
    assert says in said(tree)
    assert hrefs(tree, "All news of Health innovation news") == ["http://127.0.0.1:8000/"]
    # Neither our frame of pages nor its search, in a column of theirs.
    assert not tree.xpath("//nav | //form | //main")


@pytest.mark.parametrize("path", BOTH)
def test_the_filters_are_those_of_the_pages(hub: Hub, path: str) -> None:
    assert "There is no news yet." in said(hub.tree(path))
    hub.publish(WESSEX, news("a", "Safe", tags=(SAFETY,)), news("b", "Other", at=ago(days=1)))
    report = Tag("r", "a rule", kind="report")
    hub.publish(EAST, news("c", "Report", tags=(report,), at=ago(days=2)))
    assert shown(hub, f"{path}?tag=safety") == ["Safe"]
    assert shown(hub, f"{path}?member=wessex") == ["Safe", "Other"]
    assert shown(hub, f"{path}?member=east&kind=report") == ["Report"]
    assert "22 November, 15:30 Report All news of" in said(hub.tree(f"{path}?member=east"))
    assert shown(hub, f"{path}?q=safe&before=x") == ["Safe", "Other", "Report"]
    nothing = said(hub.tree(f"{path}?tag=stroke&member=east"))
    assert nothing.startswith("There is no news on Stroke from Health Innovation East.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_has_the_scheme_of_the_page_around_it(hub: Hub, scheme: str) -> None:
    def schemes(path: str, status: int = 200) -> object:
        return hub.tree(path, status).xpath("//meta[@name='color-scheme']/@content")

    assert schemes("/embed/news") == ["light dark"]
    assert schemes(f"/embed/news?scheme={scheme}") == [scheme]
    assert schemes(f"/embed/news?scheme={scheme}&tag=nope", 404) == [scheme]


def test_the_frame_alone_may_be_framed_and_both_may_be_read_from_other_sites(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"))

    def ancestors(path: str) -> str:
        return hub.get(path).headers["Content-Security-Policy"].partition("frame-ancestors ")[2]

    # An answer of Flask's, the same from what is kept, and what cannot be shown.
    for path in ("/embed/news", "/embed/news", "/embed/news?tag=nope", "/embed/news?limit=x"):
        assert ancestors(path) == "*"
        assert "X-Frame-Options" not in hub.get(path).headers
    for path in ("/", "/embed/fragment", "/embed/fragment", "/embed/", "/embed/nothing", "/story/1"):
        assert ancestors(path) == "'none'"
    for path in (*BOTH, *BOTH, "/embed/news?tag=nope"):
        headers = hub.get(path).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in hub.get("/").headers


@pytest.mark.parametrize("path", BOTH)
def test_it_is_asked_conditionally_as_every_page_is(hub: Hub, path: str) -> None:
    hub.publish(WESSEX, news("a", "First"))
    first = hub.get(path)
    assert hub.get(path, If_None_Match=first.headers["ETag"]).status_code == 304
    assert hub.get(path, Accept_Encoding="br").headers["Content-Encoding"] == "br"
    hub.publish(WESSEX, news("b", "Second"))
    again = hub.get(path, If_None_Match=first.headers["ETag"])
    assert again.status_code == 200
    assert "Second" in again.text


def embedding(hub: Hub, path: str) -> tuple[Any, Any, str]:
    """What `/subscribe` says to paste, the frame it shows, and the address of the fragment."""
    (section,) = hub.tree(path).xpath("//section[@id='embed']")
    pasted, fragment = section.xpath(".//code[@class='address']/text()")
    return lxml_html.fragment_fromstring(pasted), section.find(".//iframe"), fragment


def test_the_subscribe_page_has_what_to_paste_and_shows_it(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(hours=n)) for n in range(9)))
    pasted, preview, fragment = embedding(hub, "/subscribe")
    assert pasted.tag == "iframe"
    assert pasted.get("src") == "http://127.0.0.1:8000/embed/news?limit=5&scheme=light"
    assert pasted.get("title") == "Latest news – Health innovation news"
    assert (pasted.get("loading"), pasted.get("width")) == ("lazy", "100%")
    # Shown by a path, so that it is also seen by who reads this page at another address.
    assert dict(preview.attrib) == {**pasted.attrib, "src": "/embed/news?limit=5&scheme=light"}
    assert fragment == "http://127.0.0.1:8000/embed/fragment?limit=5"
    for path in (pasted.get("src"), preview.get("src"), fragment):
        assert shown(hub, path) == [f"News {n}" for n in range(5)]


def test_what_to_paste_follows_what_was_chosen_but_for_words(hub: Hub) -> None:
    hub.configure(NETWORK.replace("label: Patient safety", "label: '\"Safe\" & <well>'", 1))
    hub.publish(WESSEX, news("a", "Safe", tags=(SAFETY,)), news("b", "Other"))
    chosen = "/subscribe?tag=safety&member=wessex&kind=news&q=clinics"
    pasted, preview, fragment = embedding(hub, chosen)
    query = "?tag=safety&member=wessex&kind=news&limit=5"
    assert pasted.get("src").endswith(f"/embed/news{query}&scheme=light")
    assert fragment.endswith(f"/embed/fragment{query}")
    title = (
        'Latest news on "Safe" & <well> from Health Innovation Wessex (news only) – Health innovation news'
    )
    assert pasted.get("title") == preview.get("title") == title
    assert shown(hub, pasted.get("src")) == ["Safe"]
    assert "Words cannot be chosen for this." in hub.words(chosen)
    assert "Words cannot be chosen for this." not in hub.words("/subscribe?tag=safety")


def test_the_subscribe_page_alone_shows_a_frame_and_only_of_its_own(hub: Hub) -> None:
    for path in ("/subscribe", "/subscribe", "/subscribe?tag=safety"):
        policy = hub.get(path).headers["Content-Security-Policy"]
        assert policy.endswith("; frame-src 'self'; frame-ancestors 'none'")
    for path in ("/", "/embed/news", "/about"):
        assert "frame-src" not in hub.get(path).headers["Content-Security-Policy"]
    hub.configure(NETWORK.replace("  title:", "  url: https://example.org/news/\n  title:", 1))
    pasted, preview, _ = embedding(hub, "/news/subscribe")
    assert pasted.get("src").startswith("https://example.org/news/embed/news?")
    assert preview.get("src").startswith("/news/embed/news?")
    assert hrefs(hub.tree("/about"), "show this news on your own site") == ["/news/subscribe#embed"]


def test_a_frame_asks_nobody_else_and_keeps_nothing_as_the_privacy_page_says(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", image="https://wessex.example/a.jpg"))
    assert "It keeps neither. The frame sets no cookies, runs no scripts" in hub.words("/privacy")
    assert "Set-Cookie" not in hub.get("/embed/news").headers
    tree = hub.tree("/embed/news")
    assert not tree.xpath("//script | //img | //*[@src]")
    assert all(href.startswith("/static/") for href in tree.xpath("//link/@href"))
