"""Merged feeds to readers that ask for what changed alone (RFC 3229)."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from lxml import etree
from werkzeug.test import TestResponse

from hub.publish.delta import without
from hub.web import deltas
from tests.web_hub import EAST, NETWORK, WESSEX, Hub, a_hub, ago, news

_FEED = "/feeds/all.atom"
_ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    for made in a_hub(tmp_path):
        made.publish(WESSEX, *(news(f"old {n}", at=ago(days=n)) for n in range(2, 9)), at=ago(hours=9))
        yield made


class Reader:
    """A reader that asks for what changed, with the tag of what it was given last."""

    def __init__(self, hub: Hub, path: str = _FEED, **fields: str) -> None:
        self._hub = hub
        self._path = path
        self._fields = {"A_IM": "feed", **fields}
        self.tag = ""

    def ask(self, **fields: str) -> TestResponse:
        if self.tag:
            fields.setdefault("If_None_Match", self.tag)
        found = self._hub.get(self._path, **self._fields, **fields)
        self.tag = found.headers["ETag"]
        return found


def titles(found: TestResponse) -> list[str]:
    body = found.data
    if coding := found.headers.get("Content-Encoding"):
        body = {"gzip": gzip.decompress, "br": brotli.decompress}[coding](body)
    if found.mimetype == "application/feed+json":
        return [each["title"] for each in json.loads(body)["items"]]
    tree = etree.fromstring(body)
    found_in = (*tree.iterfind("a:entry/a:title", _ATOM), *tree.iterfind("channel/item/title"))
    return [str(each.text) for each in found_in]


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
@pytest.mark.parametrize(
    "path", ["/feeds/all.atom", "/feeds/member/wessex.rss", "/feeds/all.json", "/feeds/all.rss?without=east"]
)
def test_a_reader_that_asks_for_it_gets_what_is_new_alone(hub: Hub, path: str, coding: str) -> None:
    reader = Reader(hub, path, Accept_Encoding=coding)
    first = reader.ask()
    assert (first.status_code, len(titles(first))) == (200, 7)
    assert reader.ask().status_code == 304
    for title in ("New", "Newer"):
        hub.publish(WESSEX, news(title, title), at=ago(hours=2))
        found = reader.ask()
        assert (found.status, titles(found)) == ("226 IM USED", [title])
        assert found.headers["IM"] == "feed"
        assert found.headers["Cache-Control"] == "no-store"
        assert found.headers.get("Content-Encoding", "identity") == coding
        assert found.headers["ETag"] == Reader(hub, path, Accept_Encoding=coding).ask().headers["ETag"]
        assert reader.ask().status_code == 304


def test_the_feed_itself_is_told_as_in_the_whole(hub: Hub) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    found, whole = (etree.fromstring(each.data) for each in (reader.ask(), hub.get(_FEED)))
    for tree in (found, whole):
        for entry in tree.findall("a:entry", _ATOM):
            tree.remove(entry)
    assert etree.tostring(found) == etree.tostring(whole)


def test_what_changed_and_what_was_withdrawn_is_told_and_what_dropped_off_the_end_is_not(hub: Hub) -> None:
    hub.publish(EAST, news("first", at=ago(days=3)), at=ago(hours=9))
    hub.publish(EAST, *(news(f"{n}", at=ago(days=1, minutes=n)) for n in range(92)), at=ago(hours=8))
    reader = Reader(hub)
    assert len(titles(reader.ask())) == 100
    hub.publish(WESSEX, news("old 2", "Old 2, corrected", at=ago(days=2)), at=ago(hours=2))
    hub.publish(EAST, news("new"), at=ago(hours=2))
    (withdrawn,) = hub.store.find("50")
    hub.store.withdraw([withdrawn.key], "It was wrong.", ago(hours=1))
    found = reader.ask()
    assert found.status_code == 226
    tree = etree.fromstring(found.data)
    assert len(tree.findall("a:entry", _ATOM)) == 2
    assert "Old 2, corrected" in titles(found)
    (tombstone,) = tree.findall("at:deleted-entry", _ATOM)
    assert tombstone.get("ref") == withdrawn.atom_id
    assert "at:deleted-entry" in hub.get(_FEED).text
    hub.publish(EAST, news("newer"), at=ago(minutes=2))
    assert "deleted-entry" not in reader.ask().text


def test_each_is_told_what_changed_since_it_was_answered_itself(hub: Hub) -> None:
    early, late = Reader(hub), Reader(hub)
    early.ask()
    hub.publish(WESSEX, news("b", "B"), at=ago(hours=3))
    late.ask()
    hub.publish(WESSEX, news("c", "C"), at=ago(hours=2))
    both = f'"unknown", W/{late.tag}, {early.tag}'
    assert titles(early.ask()) == ["C", "B"]
    assert titles(late.ask()) == ["C"]
    # Of several the one that leaves least to tell.
    last = late.ask(If_None_Match=both)
    assert titles(last) == ["C"]
    assert last.headers["Delta-Base"] in both


def test_without_changes_it_is_not_modified_and_nothing_else_is_different(hub: Hub) -> None:
    reader = Reader(hub)
    plain = hub.get(_FEED)
    whole = reader.ask()
    assert whole.data == plain.data
    assert whole.headers["Cache-Control"] == "private, max-age=300"
    assert reader.ask().status_code == reader.ask(If_None_Match="*").status_code == 304
    # Who has the tag that all others have is told in the same words as they.
    as_others = hub.get(_FEED, A_IM="feed", If_None_Match=plain.headers["ETag"])
    assert dict(as_others.headers) == dict(hub.get(_FEED, If_None_Match=plain.headers["ETag"]).headers)
    dated = hub.get(_FEED, A_IM="feed", If_Modified_Since=plain.headers["Last-Modified"])
    assert dated.status_code == 304
    assert dict(hub.get(_FEED).headers) == dict(plain.headers)


def test_a_cache_that_asks_with_its_own_tag_is_never_given_a_part(hub: Hub) -> None:
    Reader(hub).ask()
    held = hub.get(_FEED)
    assert held.headers["Cache-Control"] == "public, max-age=300"
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    found = hub.get(_FEED, A_IM="feed", If_None_Match=held.headers["ETag"])
    assert (found.status_code, len(titles(found))) == (200, 8)
    assert "private" in found.headers["Cache-Control"]


@pytest.mark.parametrize("fields", [{"A_IM": "vcdiff"}, {"A_IM": "feed;q=0"}, {}])
def test_who_does_not_ask_for_it_gets_all(hub: Hub, fields: dict[str, str]) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    for _ in range(2):
        found = hub.get(_FEED, **fields, If_None_Match=reader.tag)
        assert (found.status_code, len(titles(found))) == (200, 8)
        assert found.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/feeds/search.atom?q=news", f"{_FEED}?before=CURSOR", "/opml", "/"])
def test_what_is_no_merged_feed_or_an_older_part_of_one_is_told_whole(hub: Hub, path: str) -> None:
    hub.publish(EAST, news("first", at=ago(days=9)), at=ago(hours=9))
    hub.publish(EAST, *(news(f"{n}", at=ago(days=1, minutes=n)) for n in range(120)), at=ago(hours=8))
    (link,) = etree.fromstring(hub.get(_FEED).data).iterfind("a:link[@rel='next']", _ATOM)
    path = path.replace("CURSOR", str(link.get("href")).partition("before=")[2])
    first = hub.get(path, A_IM="feed")
    assert first.headers["Cache-Control"].startswith("public")
    hub.publish(WESSEX, news("new", at=ago(days=10)), at=ago(hours=2))
    assert hub.get(path, A_IM="feed", If_None_Match=first.headers["ETag"]).status_code in (200, 304)


def test_where_all_is_new_or_nothing_is_known_all_is_told(hub: Hub) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.configure(NETWORK.replace("Health Innovation Wessex", "Wessex"))
    found = reader.ask()
    assert (found.status_code, len(titles(found))) == (200, 7)
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    # As after a start.
    hub.app.front._site.deltas = deltas.Deltas(hub.app.front._site.kept)
    assert (reader.ask().status_code, reader.ask().status_code) == (200, 304)
    hub.publish(WESSEX, news("newer"), at=ago(hours=1))
    assert reader.ask().status_code == 226


def test_a_reader_that_has_all_at_a_start_is_told_what_changed_later(hub: Hub) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.app.front._site.deltas = deltas.Deltas(hub.app.front._site.kept)
    assert reader.ask().status_code == 304
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    assert reader.ask().status_code == 226


def test_a_tag_of_one_feed_says_nothing_about_another(hub: Hub) -> None:
    other = Reader(hub, "/feeds/member/wessex.atom")
    other.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    assert hub.get(_FEED, A_IM="feed", If_None_Match=other.tag).status_code == 200


def test_head_says_what_get_does_and_kept_answers_what_flask_does(hub: Hub) -> None:
    reader = Reader(hub, Accept_Encoding="br")
    reader.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    fields = {"A-IM": "feed", "If-None-Match": reader.tag, "Accept-Encoding": "br"}
    by_flask, from_kept = (hub.client.get(_FEED, headers=fields) for _ in range(2))
    head = hub.client.head(_FEED, headers=fields)
    for found in (from_kept, head):
        assert (found.status, dict(found.headers)) == ("226 IM USED", dict(by_flask.headers))
    assert (from_kept.data, head.data) == (by_flask.data, b"")
    assert from_kept.headers["Access-Control-Allow-Origin"] == "*"
    # Also where nobody was given all of it in this coding.
    front = hub.app.front
    kept = front.find(
        "GET",
        _FEED,
        "",
        state=front.state,
        accept_encoding="br",
        if_none_match=reader.tag,
        if_modified_since=None,
        sec_fetch_dest=None,
        a_im="feed",
    )
    assert kept is not None
    assert (kept.status, kept.body) == (226, by_flask.data)
    # The first of a state to be answered this way says nothing of it to others.
    assert hub.get(_FEED).headers["Cache-Control"] == "public, max-age=300"


def test_a_browser_that_shows_it_gets_its_page(hub: Hub) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    assert reader.ask(Sec_Fetch_Dest="document").mimetype == "text/html"


def test_what_changed_is_made_once_for_many(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(hub)
    reader.ask()
    hub.publish(WESSEX, news("new"), at=ago(hours=2))
    made = []

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return without(*arguments)

    monkeypatch.setattr("hub.web.deltas.without", counted)
    found: list[int] = []

    def ask() -> None:
        found.append(hub.app.test_client().get(_FEED, headers=fields).status_code)

    fields = {"A-IM": "feed", "If-None-Match": reader.tag}
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [226] * 20
    assert len(made) == 1
    # News elsewhere changes nothing of this feed, and a poll that brings none neither.
    hub.now += timedelta(minutes=1)
    hub.configure(f"{NETWORK}# a remark\n")
    ask()
    assert len(made) == 1


def test_what_is_remembered_is_bounded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deltas, "_MOST_REMEMBERED", 12_000)
    site = hub.app.front._site
    site.deltas = deltas.Deltas(site.kept)
    first, *others = (Reader(hub) for _ in range(5))
    for number, reader in enumerate((first, *others)):
        hub.publish(WESSEX, news(f"new {number}"), at=ago(hours=5 - number))
        reader.ask()
    assert site.deltas._had.bytes <= 12_000
    assert (first.ask().status_code, others[-2].ask().status_code) == (200, 226)
