"""What readers and their browsers must never meet, and how the hub says no."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.model import Enclosure, Person
from hub.store import open_store
from tests.web_hub import EAST, SAFETY, WESSEX, Hub, a_hub, ago, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


PAGES = (
    "/", "/story/1", "/member/wessex", "/members", "/tag/safety", "/tags", "/search", "/search?q=script",
    "/subscribe", "/subscribe?q=%3Cscript%3E", "/status", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/embed/news", "/embed/fragment",
)  # fmt: skip
ODD = "/<script>alert(1)</script>"


@pytest.fixture
def hostile(hub: Hub) -> Hub:
    """A hub whose members publish what should run, had it a chance."""
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    hub.publish(
        WESSEX,
        news(
            "a",
            attack,
            text=f"script {attack}",
            tags=(replace(SAFETY, why=attack),),
            language='en" onload="x',
            authors=(Person(attack),),
            rights=attack,
            image=f"https://wessex.example/{attack}",
            enclosures=(Enclosure(f"https://wessex.example/{attack}", attack, 1, attack),),
            content="<p>script sanitised when it was taken in</p>",
        ),
    )
    hub.fail(EAST, attack, attack)
    return hub


@pytest.mark.parametrize("path", PAGES)
def test_nothing_a_publisher_or_a_visitor_writes_becomes_markup(hostile: Hub, path: str) -> None:
    text = hostile.html(path)
    tree = hostile.tree(path)
    assert "<script" not in text.lower()
    assert not [
        name for element in tree.iter() for name in element.attrib if name.startswith("on") or name == "style"
    ]
    assert not tree.xpath(
        "//style | //iframe[not(starts-with(@src, '/embed/news?'))]"
        " | //object | //base[@href] | //meta[@http-equiv]"
    )


@pytest.mark.parametrize(
    "path", [*PAGES, ODD, "/static/hub.css", "/feeds/all.atom", "/api/v1/stories", "/healthz", "/metrics"]
)
def test_every_answer_forbids_what_could_run(hostile: Hub, path: str) -> None:
    headers = hostile.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == ("*" if path == "/embed/news" else "'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "Set-Cookie" not in headers
    assert "Server" not in headers


def test_only_feeds_the_api_and_what_is_embedded_may_be_read_from_other_sites(hub: Hub) -> None:
    for path in (
        "/feeds/all.atom",
        "/feeds/all.json",
        "/feeds/tag/none.atom",
        "/opml",
        "/opml/merged",
        "/api/v1/entries",
        "/embed/news",
        "/embed/fragment",
    ):
        assert hub.get(path).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/", "/status", "/metrics"):
        assert "Access-Control-Allow-Origin" not in hub.get(path).headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_the_hub_can_only_be_read(hub: Hub, method: str) -> None:
    for path in ("/", "/feeds/all.atom", "/api/v1/stories"):
        response = hub.client.open(path, method=method)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_every_page_has_one_heading_landmarks_and_labels_and_no_dead_link(hub: Hub) -> None:
    shared = "https://wessex.example/joint"
    hub.publish(WESSEX, *(news(f"{n}", tags=(SAFETY,), at=ago(hours=n)) for n in range(1, 40)))
    hub.publish(WESSEX, news("a", "Joint news", link=shared))
    hub.publish(EAST, news("b", "Joint news", link=shared))
    waiting, seen = ["/", "/search?q=news", "/search?q=zzz+yyy&tag=safety", "/nowhere"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = hub.get(path)
        assert response.status_code == (404 if path == "/nowhere" else 200), path
        if response.mimetype != "text/html":
            continue
        tree = hub.tree(path, response.status_code)
        assert (
            len(list(tree.iter("h1"))) == len(list(tree.iter("main"))) == len(list(tree.iter("title"))) == 1
        ), path
        assert tree.get("lang") == "en"
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        assert {*tree.xpath("//label/@for"), *tree.xpath("//@aria-labelledby")} <= set(ids), path
        assert len(tree.xpath("//input[not(@type='hidden')] | //select")) == len(tree.xpath("//label")), path
        assert tree.xpath("//body/a[1]/@href") == ["#main"]
        for href in tree.xpath("//@href | //form/@action"):
            ours = href.removeprefix("http://127.0.0.1:8000").partition("#")[0]
            if ours.startswith("/") and ours not in seen:
                waiting.append(ours)
    assert len(seen) > 80


def test_a_page_that_is_not_there_offers_a_search_and_the_latest_news(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", at=ago(hours=n)) for n in range(1, 6)))
    tree = hub.tree("/news/blood-pressure_checks.html", 404)
    assert tree.xpath("//main//input[@type='search']")[0].get("value") == "news blood pressure checks html"
    assert len(tree.xpath("//main//article")) == 3
    assert "There is no page at this address" in hub.words(ODD, 404)


def test_a_place_in_the_list_that_we_never_gave_out_is_refused_in_words(hub: Hub) -> None:
    for path in ("/?before=x", "/tag/safety?before=x", "/member/east?before=x", "/search?q=a&before=x"):
        assert "This place in the list is not known" in hub.words(path, 400)


def test_a_fault_of_ours_gives_a_reference_that_stands_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost = Hub(tmp_path, open_with=lambda: open_store(f"sqlite:///{tmp_path}"))
    with caplog.at_level(logging.ERROR):
        words = lost.words("/", 500)
    found = re.search(r"reference: ([0-9a-f]{8})", words)
    assert found
    assert f"reference={found[1]} path=/" in caplog.text
    assert "cannot be opened" in caplog.text
    assert str(tmp_path) not in words
    assert "reference" in lost.json("/api/v1/stories", 500)["error"]
    lost.store.close()
