"""What was the matter with feeds, as a feed of its own: valid, and no more than /status says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html

from hub.polling.noticing import Noticing
from tests.rfc4287 import ATOM, violations
from tests.web_hub import BLOG, EAST, NETWORK, NOW, WESSEX, Hub, a_hub, ago, hrefs, news

AWAY = "https://wessex.example/feed/ has nobody there"
STATUS = "/feeds/status.atom"


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


def notice(hub: Hub) -> None:
    """Look at all feeds, as whoever polls does."""
    Noticing(hub.store, hub.config, now=lambda: hub.now).once()


def break_down(hub: Hub, key: Any = WESSEX) -> None:
    for hours in (2, 1):
        hub.fail(key, AWAY, "connect", at=ago(hours=hours))
    notice(hub)


def entries(hub: Hub, path: str = STATUS) -> list[Any]:
    answer = hub.get(path)
    assert answer.status_code == 200
    assert violations(answer.data) == []
    return etree.fromstring(answer.data).findall(f"{ATOM}entry")


def text(entry: Any, name: str) -> str:
    return str(entry.findtext(f"{ATOM}{name}"))


def test_before_anything_breaks_there_is_a_feed_without_entries(hub: Hub) -> None:
    notice(hub)
    assert entries(hub) == entries(hub, "/feeds/status/east.atom") == []
    assert hub.get("/feeds/status/nobody.atom").status_code == 404


def test_what_breaks_is_an_entry_in_words_for_people(hub: Hub) -> None:
    break_down(hub)
    (entry,) = entries(hub)
    assert text(entry, "title") == "Health Innovation Wessex (news): their site has not answered"
    content = text(entry, "content")
    assert "<p>Their site has not answered since 24 November 2026, 13:30.</p>" in content
    assert "has nobody there" in content
    assert "Readers miss what this feed has had since." in content
    assert "<p>For those who look after their site:</p><blockquote>Your server takes no" in content
    assert entry.find(f"{ATOM}link").get("href") == "http://127.0.0.1:8000/status#wessex.news"
    assert hub.tree("/status").xpath("//tr[@id='wessex.news']")
    assert text(entry, "updated") == "2026-11-24T15:30:00+00:00"
    assert entries(hub, "/feeds/status/east.atom") == []
    assert len(entries(hub, "/feeds/status/wessex.atom")) == 1


def test_the_entry_is_the_same_one_once_it_is_over(hub: Hub) -> None:
    break_down(hub)
    (before,) = entries(hub)
    hub.now += timedelta(hours=1)
    hub.publish(WESSEX, news("one"), at=hub.now)
    notice(hub)
    (after,) = entries(hub)
    assert text(after, "id") == text(before, "id")
    assert text(after, "title") == "Health Innovation Wessex (news): well again"
    assert "from 24 November 2026, 13:30 to 24 November 2026, 16:30. It is well again." in text(
        after, "content"
    )
    assert text(after, "updated") == "2026-11-24T16:30:00+00:00"
    assert text(after, "published") == text(before, "published")


def test_a_feed_that_breaks_again_is_another_entry_and_one_that_left_is_over(hub: Hub) -> None:
    break_down(hub)
    hub.now += timedelta(minutes=1)
    hub.publish(WESSEX, news("one"), at=hub.now)
    notice(hub)
    hub.now += timedelta(days=1)
    for _ in range(2):
        hub.now += timedelta(hours=1)
        hub.fail(WESSEX, AWAY, "connect", at=hub.now)
    hub.now += timedelta(minutes=1)
    notice(hub)
    second, first = entries(hub)
    assert text(second, "id") != text(first, "id")
    hub.configure(NETWORK.replace("{url: https://wessex.example/feed/}, ", ""))
    notice(hub)
    assert [text(each, "title").partition(": ")[2] for each in entries(hub)] == [
        "no longer followed",
        "well again",
    ]


def test_a_feed_whose_address_was_changed_is_not_well_again_before_it_was_asked_there(hub: Hub) -> None:
    break_down(hub)
    (before,) = entries(hub)
    hub.configure(NETWORK.replace("https://wessex.example/feed/", "https://wessex.example/news/"))
    hub.now += timedelta(minutes=1)
    notice(hub)
    assert text(entries(hub)[0], "title") == text(before, "title")
    hub.publish(WESSEX, news("one"), at=hub.now)
    notice(hub)
    assert text(entries(hub)[0], "title") == "Health Innovation Wessex (news): well again"


def test_readers_are_told_of_a_feed_that_is_paused_or_left_in_their_own_words(hub: Hub) -> None:
    wessex = "{url: https://wessex.example/feed/}"
    for written, title, said in (
        (
            wessex.replace("}", ", paused: yes}"),
            "not checked for now",
            "It is not checked for now, as the network’s editors have decided.",
        ),
        ("", "no longer followed", "The network’s editors no longer follow it."),
    ):
        hub.configure(NETWORK)
        hub.now += timedelta(minutes=1)
        break_down(hub)
        hub.configure(NETWORK.replace(f"{wessex}, ", f"{written}, " if written else ""))
        notice(hub)
        entry = entries(hub)[0]
        assert text(entry, "title").partition(": ")[2] == title
        assert said in text(entry, "content")
        assert "feeds.yaml" not in text(entry, "content")


def test_what_may_pass_is_told_nobody(hub: Hub) -> None:
    hub.fail(EAST, AWAY, "connect", at=ago(minutes=1))
    notice(hub)
    notice(hub)
    assert hub.store.looked_at(None, limit=9)[0][1] is not None
    assert entries(hub) == []
    hub.publish(EAST, news("one"), at=NOW)
    notice(hub)
    assert hub.store.looked_at(None, limit=9)[0][1] is None


def test_it_is_cached_as_other_feeds_and_changes_when_something_is_told_alone(hub: Hub) -> None:
    hub.publish(EAST, news("one"), at=ago(hours=3))
    version = hub.store.version()
    first = hub.get(STATUS)
    everything = hub.get("/feeds/all.atom")
    for name in ("Cache-Control", "Access-Control-Allow-Origin", "Vary", "Content-Type"):
        assert first.headers.get(name) == everything.headers.get(name), name
    assert hub.get(STATUS, If_None_Match=first.headers["ETag"]).status_code == 304
    break_down(hub)
    second = hub.get(STATUS, If_None_Match=first.headers["ETag"])
    assert second.status_code == 200
    hub.fail(WESSEX, AWAY, "timeout", at=NOW)
    notice(hub)
    assert hub.get(STATUS, If_None_Match=second.headers["ETag"]).status_code == 304
    assert hub.store.version() == version, "nothing was published"


def test_it_is_there_in_the_other_formats_and_as_a_page(hub: Hub) -> None:
    break_down(hub)
    (item,) = json.loads(hub.get("/feeds/status.json").data)["items"]
    assert item["title"] == "Health Innovation Wessex (news): their site has not answered"
    rss = etree.fromstring(hub.get("/feeds/status/wessex.rss").data)
    assert len(rss.findall(".//item")) == 1
    page = hub.get(STATUS, Sec_Fetch_Dest="document")
    assert "their site has not answered" in page.text


def test_status_and_subscribe_lead_to_it(hub: Hub) -> None:
    tree = hub.tree("/status")
    (linked,) = tree.xpath("//link[@type='application/atom+xml']/@href")
    assert linked == "http://127.0.0.1:8000/feeds/status.atom"
    assert "http://127.0.0.1:8000/feeds/status/east.atom" in hrefs(
        tree, "Follow how the site of Health Innovation East is doing"
    )
    assert "/feeds/status.atom" in hub.html("/subscribe")


def test_it_says_no_more_than_status_does(hub: Hub) -> None:
    moved = (
        "https://wessex.example/feed/ redirects to https://…@private.example/, whose address is not public"
    )
    for hours in (2, 1):
        hub.fail(BLOG, moved, "refused", at=ago(hours=hours))
    notice(hub)
    (entry,) = entries(hub)
    said: Any = lxml_html.fromstring(f"<div>{text(entry, 'content')}</div>").xpath("//p | //blockquote")
    status = hub.words("/status")
    headline, sentence, missed, *rest = (each.text_content() for each in said)
    assert (headline, missed) == (
        "Their site has not given out its news since 24 November 2026, 13:30.",
        "Readers miss what this feed has had since. What came in before stays.",
    )
    assert sentence == f"{moved[0].upper()}{moved[1:]}." or sentence == f"{moved}."
    for each in (sentence, *rest):
        assert each.removeprefix("What the network’s editors can do: ") in status
