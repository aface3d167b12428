"""Answers that are kept, asked of a real server: given again, never when they are no longer true."""

from __future__ import annotations

import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hub.model import Selection, Story
from hub.store import Found, Page
from hub.store.sqlite import SqliteStore
from hub.web import visit
from hub.web.serve import Server
from tests.commands import SOON
from tests.web_hub import NETWORK, NOW, WESSEX, Hub, news

_FEED = "/feeds/all.atom"
_FRAME = "/embed/news?limit=20"


class Told(SqliteStore):
    """A store that tells when it has read a list of stories, and when a visit begins."""

    listed: Callable[[], None]
    begun: Callable[[], None]

    def stories(self, selection: Selection = Selection(), **more: Any) -> Page[Story]:
        found = super().stories(selection, **more)
        # Otherwise `search` has told already.
        if selection.search is None:
            self.listed()
        return found

    def search(self, *arguments: Any, **more: Any) -> Found:
        found = super().search(*arguments, **more)
        self.listed()
        return found

    def version(self) -> int:
        found = super().version()
        self.begun()
        return found


class Served:
    """A hub that is served.

    `lists` counts the lists of stories it read, after each of which
    `when_listed` is called; `visits` those who looked at what is published.
    """

    def __init__(self, hub: Hub, address: str) -> None:
        self.hub = hub
        self.address = address
        self.lists = 0
        self.visits = 0
        self.when_listed: Callable[[], object] = lambda: None

    def listed(self) -> None:
        self.lists += 1
        self.when_listed()

    def begun(self) -> None:
        self.visits += 1

    def ask(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, body and ETag."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.address + path, headers=fields), timeout=SOON
            ) as found:
                return found.status, found.read().decode(errors="replace"), found.headers["ETag"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers["ETag"] or ""

    @property
    def kept_bytes(self) -> float:
        found = re.search(r"^hub_kept_bytes (\S+)", self.ask("/metrics")[1], re.MULTILINE)
        assert found
        return float(found[1])


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    server = Server("127.0.0.1", 0)

    def open_told() -> Told:
        store = Told(folder / "hub.db")
        store.listed, store.begun = lambda: served.listed(), lambda: served.begun()
        hub.stores.append(store)
        return store

    hub = Hub(folder, open_with=open_told)
    hub.publish(WESSEX, news("a", "First news"))
    served = Served(hub, server.address)
    running = threading.Thread(target=server.run, args=(hub.app,))
    running.start()
    try:
        yield served
    finally:
        server.close()
        running.join(SOON)
        for store in hub.stores:
            store.close()
    assert not running.is_alive()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [
        "/",
        _FEED,
        f"{_FEED}?without=east",
        "/feeds/tag/safety.rss",
        "/member/wessex",
        "/members",
        "/tags",
        _FRAME,
        "/embed/fragment",
    ],
)
def test_an_answer_is_made_once_and_given_again_as_it_was(served: Served, path: str) -> None:
    status, first, etag = served.ask(path)
    assert status == 200
    lists = served.lists
    for coding in ("identity", "br", "gzip", "identity"):
        assert served.ask(path, Accept_Encoding=coding)[0] == 200
    assert served.ask(path) == (200, first, etag)
    assert served.ask(path, If_None_Match=etag) == (304, "", etag)
    assert served.ask(path, If_None_Match='"another"') == (200, first, etag)
    assert served.lists == lists


def test_what_is_kept_is_given_without_its_body_to_head_and_not_at_all_to_post(served: Served) -> None:
    served.ask(_FEED)
    found = {}
    for method in ("GET", "HEAD", "POST"):
        # By hand: a client of HTTP throws away what follows the head of an answer to HEAD.
        with socket.create_connection(
            ("127.0.0.1", urlsplit(served.address).port or 0), timeout=SOON
        ) as sent:
            sent.sendall(f"{method} {_FEED} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: sent.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        found[method] = (head.split()[1], bool(body))
    assert found["GET"] == (b"200", True)
    assert found["HEAD"] == (b"200", False)
    assert found["POST"][0] == b"405"


def test_kept_answers_and_those_of_flask_say_the_same_about_themselves(served: Served) -> None:
    def headers(method: str, **fields: str) -> tuple[int, dict[str, str]]:
        request = urllib.request.Request(served.address + _FEED, headers=fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SOON) as found:
                return found.status, {**found.headers, "Date": ""}
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {**error.headers, "Date": ""}

    for method, coding in (("GET", "identity"), ("HEAD", "br"), ("GET", "gzip")):
        served.hub.publish(WESSEX, news(f"{method} {coding}"))
        by_flask, from_kept = (headers(method, **{"Accept-Encoding": coding}) for _ in range(2))
        assert by_flask == from_kept
        assert from_kept[1].get("content-encoding", "identity") == coding
    etag = headers("GET")[1]["etag"]
    served.hub.configure(f"{NETWORK}# as before, but for this remark\n")
    by_flask, from_kept = (headers("GET", **{"If-None-Match": etag}) for _ in range(2))
    assert by_flask == from_kept
    assert by_flask[0] == 304


def test_what_changed_is_made_once_and_given_again_to_who_asks_for_it(served: Served) -> None:
    _, _, etag = served.ask(_FEED, A_IM="feed")
    served.hub.publish(WESSEX, news("b", "Second news"))
    changed = served.ask(_FEED, A_IM="feed", If_None_Match=etag)
    assert changed[0] == 226
    assert "Second news" in changed[1]
    assert "First news" not in changed[1]
    # Each visit looks at what is published, and so does whoever looks for what is kept.
    for fields, answer in (
        ({"If_None_Match": etag}, changed),
        ({"If_None_Match": changed[2]}, (304, "", changed[2])),
        ({}, (200, served.ask(_FEED)[1], changed[2])),
    ):
        before = served.visits
        assert served.ask(_FEED, A_IM="feed", **fields) == answer
        assert served.visits == before + 1
    assert served.ask(_FEED, If_None_Match=etag)[0] == 200


def test_news_is_seen_at_once_whoever_wrote_it(served: Served) -> None:
    for path in ("/", _FEED, "/member/wessex", "/feeds/member/wessex.json", _FRAME):
        title = f"News for {path}"
        assert title not in served.ask(path)[1]
        _, _, etag = served.ask(path)
        # By a connection that the web view knows nothing of, as from another process.
        served.hub.publish(WESSEX, news(path, title))
        assert title in served.ask(path)[1]
        assert title in served.ask(path, If_None_Match=etag)[1]


def test_a_change_of_feeds_yaml_and_a_new_day_are_seen_at_once(served: Served) -> None:
    for _ in range(2):
        assert "Health innovation news" in served.ask("/")[1]
        assert "Today" in served.ask("/")[1]
    served.hub.configure(NETWORK.replace("Health innovation news", "Another title"))
    assert "Another title" in served.ask("/")[1]
    served.hub.now = NOW + timedelta(days=1)
    assert "Yesterday" in served.ask("/")[1]


def test_what_was_overtaken_while_it_was_made_is_given_to_nobody_who_comes_later(served: Served) -> None:
    def overtake() -> None:
        served.when_listed = lambda: None
        served.hub.publish(WESSEX, news("b", "Second news"))

    served.when_listed = overtake
    assert "Second news" not in served.ask(_FEED)[1]
    assert "Second news" in served.ask(_FEED)[1]


def test_many_who_ask_at_once_with_nothing_kept_have_it_made_once(served: Served) -> None:
    clients, slow = 40, threading.Event()
    served.when_listed = lambda: slow.wait(SOON)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(served.ask(_FEED))) for _ in range(clients)]
    for thread in threads:
        thread.start()
    # All the threads of the web view are in it by then, one making the feed and the others waiting.
    while served.visits < 8:
        time.sleep(0.01)
    slow.set()
    for thread in threads:
        thread.join()
    assert len(answers) == clients
    assert len(set(answers)) == 1
    assert served.lists == 1


def test_feeds_without_the_same_members_are_one_in_whichever_order_these_are_named(served: Served) -> None:
    asked = [f"{_FEED}?without=east&without=national", f"{_FEED}?without=national&without=east"]
    answers = {served.ask(path) for path in asked}
    assert (len(answers), served.lists) == (1, 1)


def test_searches_are_not_kept(served: Served) -> None:
    served.ask("/")
    before = served.kept_bytes
    assert before > 0
    for path in ("/search?q=news", "/feeds/search.atom?q=news"):
        lists = served.lists
        for _ in range(3):
            assert "First" in served.ask(path)[1]
        assert served.lists == lists + 3
    assert served.kept_bytes == before


def test_what_is_kept_is_bounded_in_bytes_whatever_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 300_000
    monkeypatch.setattr(visit, "_MOST_KEPT", most)
    with serving(tmp_path) as served:
        weights = []
        for number in range(60):
            # Each is another address with another answer, as from one who walks through them all.
            assert served.ask(f"/?member=wessex&n={number}")[0] == 200
            assert served.ask(f"{_FEED}?without=east&n={number}")[0] == 200
            served.hub.publish(WESSEX, news(f"more {number}"))
            assert served.ask("/")[0] == 200
            weights.append(served.kept_bytes)
        assert max(weights) <= most
        assert weights[-1] > most / 2
