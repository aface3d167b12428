from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hub.model import Enclosure
from hub.publish.item import Item
from hub.publish.jsonfeed import json_feed
from tests.sample_items import HUB, bare_item, document, joint_item


def read(*items: Item) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(json_feed(document(*items, path="/feeds/all.json")))
    return parsed


def test_the_feed_says_what_it_is_and_where() -> None:
    feed = read()
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "All the news & more",
        "home_page_url": f"{HUB}/",
        "feed_url": f"{HUB}/feeds/all.json",
        "language": "en",
        "authors": [{"name": "The network", "url": HUB}],
        "items": [],
    }


def test_a_file_that_says_no_type_has_that_of_its_ending() -> None:
    files = (Enclosure("https://e.example/talk.MP3?a=b"), Enclosure("https://e.example/talk"))
    [found] = json.loads(json_feed(document(replace(joint_item(), enclosures=files))))["items"]
    assert [each["mime_type"] for each in found["attachments"]] == ["audio/mpeg", "application/octet-stream"]


def test_a_reader_gets_everything_that_was_published() -> None:
    (item,) = read(joint_item())["items"]
    hub = item.pop("_hub")
    assert item == {
        "id": "tag:news.example.org,2026:wessex/1",
        "url": "https://wessex.example/news/1?a=1&b=2",
        "title": "Missed checks <halved> & “counted”, says wessex",
        "content_html": joint_item().content,
        "summary": "Excerptword: 3 < 5 & rising",
        "image": "https://wessex.example/lead.jpg",
        "date_published": "2026-11-20T09:30:15+00:00",
        "date_modified": "2026-11-22T09:30:15+00:00",
        "authors": [{"name": "Ann Ó Lee", "url": "https://wessex.example/ann"}, {"name": "B. Ng"}],
        "tags": ["Blood pressure (CVD)", "news & views", "Patient safety"],
        "language": "cy",
        "attachments": [
            {
                "url": "https://wessex.example/leaflet",
                "mime_type": "application/octet-stream",
                "size_in_bytes": 10,
            },
            {"url": "https://wessex.example/talk.mp3", "mime_type": "audio/mpeg", "title": "The talk"},
            {
                "url": "https://wessex.example/report.pdf",
                "mime_type": "application/pdf",
                "size_in_bytes": 12345,
            },
        ],
    }
    assert hub["story"] == f"{HUB}/story/7"
    assert hub["member"] == {"slug": "wessex", "name": "Health Innovation Wessex"}
    assert hub["source"]["feed_url"] == "https://wessex.example/feed/"
    assert hub["rights"] == "© Wessex, OGL v3"
    assert [copy["name"] for copy in hub["also_published_by"]] == [
        "Health Innovation East",
        "Health Innovation North & Coast",
    ]
    assert hub["also_published_by"][0] == {
        "slug": "east",
        "name": "Health Innovation East",
        "title": "Missed checks <halved> & “counted”, says east",
        "url": "https://east.example/news/2?a=1&b=2",
        "date": "2026-11-20T09:30:15+00:00",
        "why": "has the same link and title",
    }


def test_an_item_always_has_an_id_an_address_an_author_and_a_content() -> None:
    (item,) = read(bare_item())["items"]
    assert item == {
        "id": "tag:news.example.org,2026:north/4",
        "url": f"{HUB}/story/8",
        "title": "News from Health Innovation North & Coast",
        "content_text": "",
        "date_modified": "2026-11-19T09:30:15+00:00",
        "authors": [{"name": "Health Innovation North & Coast"}],
        "_hub": {
            "story": f"{HUB}/story/8",
            "member": {"slug": "north", "name": "Health Innovation North & Coast"},
            "kind": "news",
            "source": {"id": "not an iri", "title": "not an iri"},
        },
    }


def test_words_stand_as_they_are_in_utf_8_and_are_the_same_bytes_each_time() -> None:
    raw = json_feed(document(joint_item()))
    assert "Ann Ó Lee".encode() in raw
    assert raw == json_feed(document(joint_item()))


def test_half_a_character_does_not_break_the_feed() -> None:
    assert read(replace(joint_item(), title="half \ud83d of it"))["items"][0]["title"] == "half  of it"


def test_right_to_left_news_is_shown_right_to_left() -> None:
    item = replace(joint_item(), content="<p>خبر</p>", direction="rtl")
    assert read(item)["items"][0]["content_html"] == '<div dir="rtl"><p>خبر</p></div>'
