from __future__ import annotations

import calendar
import html
import io
import locale
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from lxml import etree
from msgspec.structs import replace

from hub.model import Enclosure, Source
from hub.publish.item import Item
from hub.publish.rss import rss
from tests.sample_items import HUB, at, bare_item, document, joint_item

DC = "{http://purl.org/dc/elements/1.1/}"
MP3 = Enclosure("https://e.example/a.mp3", "audio/mpeg")
PDF = Enclosure("https://e.example/a.pdf", "application/pdf")
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def item_of(item: Item) -> etree._Element:
    found = etree.fromstring(rss(document(item))).find("channel/item")
    assert found is not None
    return found


def texts(element: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in element.findall(path)]


def read(xml: bytes) -> Any:
    parsed = feedparser.parse(io.BytesIO(xml))
    assert not parsed.bozo
    return parsed


def moment(parsed: time.struct_time) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def test_a_feed_reader_gets_back_what_was_published() -> None:
    whole, bare = joint_item(), bare_item()
    parsed = read(rss(document(whole, bare, path="/feeds/all.rss")))
    assert parsed.version == "rss20"
    assert parsed.feed.title == "All the news & more"
    assert [entry.id for entry in parsed.entries] == [whole.id, bare.id]
    assert [entry.link for entry in parsed.entries] == [whole.link, f"{HUB}/story/8"]
    first, second = parsed.entries
    assert html.unescape(first.summary) == whole.summary
    assert first.content[0].value == whole.content
    assert first.authors == [{"name": "Ann Ó Lee"}, {"name": "B. Ng"}]
    assert first.media_thumbnail == [{"url": "https://wessex.example/lead.jpg"}]
    assert moment(first.published_parsed) == whole.published == at(20)
    assert second.title == "News from Health Innovation North & Coast"


def test_a_title_is_plain_text_as_the_best_practices_profile_says() -> None:
    assert item_of(joint_item()).findtext("title") == "Missed checks <halved> & “counted”, says wessex"


def test_the_channel_has_all_that_rss_requires_once_and_says_where_it_is() -> None:
    channel = etree.fromstring(rss(document(joint_item(), path="/feeds/all.rss")))[0]
    assert texts(channel, "title") == ["All the news & more"]
    assert texts(channel, "link") == [f"{HUB}/"]
    assert len(texts(channel, "description")) == 1
    assert texts(channel, "language") == ["en"]
    assert texts(channel, "lastBuildDate") == ["Sun, 22 Nov 2026 09:30:15 GMT"]
    own = channel.findall("{http://www.w3.org/2005/Atom}link")
    assert [dict(link.attrib) for link in own] == [
        {"href": f"{HUB}/feeds/all.rss", "rel": "self", "type": "application/rss+xml"}
    ]


def test_the_same_news_gives_the_same_bytes() -> None:
    assert rss(document(joint_item(), bare_item())) == rss(document(joint_item(), bare_item()))
    assert rss(document()) == rss(document())


def test_rendering_for_one_reader_leaves_the_locale_of_the_other_threads_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes: list[tuple[Any, ...]] = []
    monkeypatch.setattr(locale, "setlocale", lambda *arguments: changes.append(arguments))
    rss(document(joint_item()))
    assert changes == []


def test_a_guid_is_a_permalink_only_when_it_is_the_address_to_open() -> None:
    minted = item_of(joint_item()).find("guid")
    assert minted is not None
    assert minted.get("isPermaLink") == "false"
    link = "https://wessex.example/news/1"
    for identifier, permalink in (
        (link, "true"),
        (f"{link}/", "false"),
        ("https://wessex.example/?p=1", "false"),
    ):
        guid = item_of(replace(joint_item(), link=link, id=identifier)).find("guid")
        assert guid is not None
        assert (guid.text, guid.get("isPermaLink")) == (identifier, permalink)


def test_an_item_without_a_date_of_its_own_is_not_news_of_this_minute() -> None:
    item = bare_item()
    assert item.published is None
    assert parsedate_to_datetime(item_of(item).findtext("pubDate") or "") == item.date == at(19)


def test_everyone_who_wrote_or_published_the_story_is_named() -> None:
    item = item_of(joint_item())
    assert texts(item, f"{DC}creator") == ["Ann Ó Lee", "B. Ng"]
    assert texts(item, f"{DC}contributor") == ["Health Innovation East", "Health Innovation North & Coast"]
    categories = [(c.get("domain"), c.text) for c in item.findall("category")]
    assert categories == [
        ("https://wessex.example/topics", "Blood pressure (CVD)"),
        ("no scheme at all", "news & views"),
        (f"{HUB}/tags", "Patient safety"),
        (f"{HUB}/members", "Health Innovation Wessex"),
        (f"{HUB}/members", "Health Innovation East"),
        (f"{HUB}/members", "Health Innovation North & Coast"),
    ]


def test_the_source_is_the_members_feed() -> None:
    source = item_of(joint_item()).find("source")
    assert source is not None
    assert (source.get("url"), source.text) == (
        "https://wessex.example/feed/",
        "Health Innovation Wessex: news",
    )
    nowhere = replace(joint_item(), source=Source(id="42", title="A feed"))
    assert item_of(nowhere).find("source") is None


def test_rights_and_language_travel_with_the_item() -> None:
    item = item_of(joint_item())
    assert texts(item, f"{DC}rights") == ["© Wessex, OGL v3"]
    assert texts(item, f"{DC}language") == ["cy"]


def test_a_summary_is_shown_as_it_was_written_also_when_it_looks_like_markup() -> None:
    item = item_of(replace(joint_item(), summary="<b> means bold & a<b", content=""))
    assert item.findtext("description") == "&lt;b&gt; means bold &amp; a&lt;b"
    assert item.find(CONTENT) is None


def test_content_without_a_summary_is_the_description() -> None:
    item = item_of(replace(joint_item(), summary="", content="<p>All</p>"))
    assert texts(item, "description") == ["<p>All</p>"]
    assert item.find(CONTENT) is None


def test_an_item_has_at_most_one_enclosure_and_it_has_a_length() -> None:
    def enclosures(item: Item) -> list[dict[str, str]]:
        return [{str(k): str(v) for k, v in found.items()} for found in item_of(item).findall("enclosure")]

    assert enclosures(joint_item()) == [
        {"url": "https://wessex.example/talk.mp3", "length": "0", "type": "audio/mpeg"}
    ]
    report = replace(joint_item(), enclosures=joint_item().enclosures[2:])
    assert enclosures(report) == [
        {"url": "https://wessex.example/report.pdf", "length": "12345", "type": "application/pdf"}
    ]


@pytest.mark.parametrize(
    ("enclosures", "url", "type"),
    [
        ((Enclosure("https://e.example/a.jpg", "image/jpeg"), MP3), MP3.url, "audio/mpeg"),
        ((PDF, Enclosure("https://e.example/a.m4v", "video/mp4")), "https://e.example/a.m4v", "video/mp4"),
        ((Enclosure("https://e.example/a.jpg", "image/jpeg"), PDF), PDF.url, "application/pdf"),
        ((Enclosure("https://e.example/A.MP3?a=1"), PDF), "https://e.example/A.MP3?a=1", "audio/mpeg"),
        ((Enclosure("https://e.example/a"),), "https://e.example/a", "application/octet-stream"),
    ],
)
def test_the_enclosure_of_an_item_is_what_is_played_then_what_is_no_picture(
    enclosures: tuple[Enclosure, ...], url: str, type: str
) -> None:
    (found,) = item_of(replace(joint_item(), enclosures=enclosures)).findall("enclosure")
    assert (found.get("url"), found.get("type")) == (url, type)


def test_namespaces_are_declared_once_for_the_whole_document() -> None:
    xml = rss(document(joint_item(), bare_item()))
    assert xml.count(b"xmlns:dc=") == 1
    assert xml.count(b"xmlns:content=") == 1
