"""Templates, what is kept in memory, the server, and what operators ask."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from hub.errors import ConfigError, HubError
from hub.store import open_store
from hub.web.kept import Kept
from hub.web.serve import Server
from tests.commands import SOON
from tests.conftest import ROOT
from tests.web_hub import EAST, NETWORK, WESSEX, Hub, a_hub, ago, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


# ---------------------------------------------------------------- for operators


def test_a_hub_is_healthy_before_its_first_round(hub: Hub) -> None:
    for path in ("/healthz", "/readyz"):
        response = hub.get(path)
        assert (response.status_code, response.text) == (200, "ok\n")
        assert response.headers["Cache-Control"] == "no-store"


def test_a_hub_whose_database_is_lost_is_alive_but_not_ready(tmp_path: Path) -> None:
    lost = Hub(tmp_path, open_with=lambda: open_store(f"sqlite:///{tmp_path}"))
    assert lost.get("/healthz").status_code == 200
    response = lost.get("/readyz")
    assert response.status_code == 503
    assert "cannot be opened" in response.text
    lost.store.close()


def test_metrics_count_what_there_is(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"), news("b"))
    hub.fail(EAST, "no answer", "timeout")
    figures = hub.get("/metrics").text.splitlines()
    assert 'hub_feeds{state="ok"} 1.0' in figures
    assert 'hub_feeds{state="broken"} 1.0' in figures
    assert 'hub_feeds{state="waiting"} 2.0' in figures
    assert "hub_entries 2.0" in figures
    assert "hub_stories 2.0" in figures
    assert "hub_feeds_due 2.0" in figures, "those that were never polled"
    assert "hub_workers 0.0" in figures


def test_each_figure_that_operators_are_told_to_watch_is_there(hub: Hub) -> None:
    told = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    watched = set(re.findall(r'hub_[a-z_]+(?:{[a-z]+="[a-z-]+"})?', told))
    assert len(watched) > 4
    figures = hub.get("/metrics").text.splitlines()
    assert {name for name in watched if not any(f"{name} " in each for each in figures)} == set()


@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.9.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("192.0.2.7", {}, True),
        ("192.0.3.7", {}, False),
        ("2001:db8::1", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, False),
        ("127.0.0.1", {"Forwarded": "for=198.51.100.7"}, False),
        ("", {}, False),
    ],
)
def test_metrics_are_for_this_machine_and_those_allowed(
    hub: Hub, address: str, headers: dict[str, str], allowed: bool
) -> None:
    hub.configure(NETWORK.replace("  timezone", "  metrics: {allow: [192.0.2.0/24]}\n  timezone"))
    response = hub.client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert response.status_code == (200 if allowed else 403)
    assert ("hub_stories" in response.text) == allowed


# ---------------------------------------------------------------- a network's own templates


def test_a_network_can_replace_single_files_of_ours(tmp_path: Path) -> None:
    brand = tmp_path / "brand"
    (brand / "static").mkdir(parents=True)
    (brand / "brand.html").write_text('<img src="{{ asset(\'logo.svg\') }}" alt="{{ hub.title }}">')
    (brand / "static" / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (brand / "static" / "hub.css").write_text("body { color: green }")
    with closing(Hub(tmp_path, templates=brand)) as branded:
        tree = branded.tree("/members")
        (logo,) = tree.xpath("//*[@class='brand']//img")
        (sheet,) = tree.xpath("//link[@rel='stylesheet']")
        assert logo.get("alt") == "Health innovation news"
        assert branded.get(logo.get("src")).mimetype == "image/svg+xml"
        assert branded.get(sheet.get("href")).text == "body { color: green }"
        assert branded.get("/static/icon.svg").status_code == 200


def test_a_template_that_cannot_be_used_stops_the_start_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "brand.html").write_text("<p>\n{{ hub.title\n")
    with pytest.raises(ConfigError, match=r"brand\.html:2: "):
        Hub(tmp_path, templates=tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        Hub(tmp_path, templates=tmp_path / "nowhere")


def test_static_files_are_kept_for_ever_under_the_address_of_their_bytes_alone(hub: Hub) -> None:
    href = hub.tree("/").xpath("//link[@rel='stylesheet']")[0].get("href")
    assert hub.get(href).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert hub.get(href).mimetype == "text/css"
    assert "immutable" not in hub.get("/static/hub.css?v=other").headers["Cache-Control"]


# ---------------------------------------------------------------- what is kept


class Page:
    def __init__(self, size: int) -> None:
        self.body = b"x" * size


def test_what_many_ask_for_at_once_is_made_once() -> None:
    kept: Kept[Page] = Kept(10**6)
    made = []
    together = threading.Barrier(5)
    found = []

    def make() -> Page:
        made.append(threading.get_ident())
        # The others are at the door by now, or soon: they must wait there.
        threading.Event().wait(0.05)
        return Page(1)

    def ask() -> None:
        together.wait()
        found.append(kept.get("page", make))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(found)) == 1


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Kept[Page] = Kept(10**6)

    def fail() -> Page:
        raise HubError("no page")

    with pytest.raises(HubError):
        kept.get("page", fail)
    page = Page(1)
    assert kept.get("page", lambda: page) is page


def test_what_is_kept_stays_within_its_bounds_and_keeps_what_is_asked_for() -> None:
    kept: Kept[Page] = Kept(100_000)
    favourite = kept.get("favourite", lambda: Page(1000))
    for number in range(100):
        kept.get(number, lambda: Page(1000))
        assert kept.get("favourite", lambda: Page(1)) is favourite
    anew = Page(1)
    assert kept.get(0, lambda: anew) is anew


# ---------------------------------------------------------------- serving


def test_a_server_answers_on_the_port_it_says_and_ends_when_told(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Served"))
    server = Server("127.0.0.1", 0)
    running = threading.Thread(target=server.run, args=(hub.app,))
    running.start()
    try:
        with urllib.request.urlopen(f"{server.address}/", timeout=SOON) as answer:
            assert b"Served" in answer.read()
            # Not what serves it, nor in which version.
            assert answer.headers.get_all("Server") == ["hub"]
        request = urllib.request.Request(
            f"{server.address}/metrics", headers={"X-Forwarded-For": "192.0.2.1"}
        )
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(request, timeout=SOON)
        refused.value.close()
    finally:
        server.close()
        running.join(SOON)
    assert not running.is_alive()
    server.close()


@pytest.mark.parametrize("target", ["/search?q=café", "/?kind=é", "/feeds/search.atom?q=é", "/tag/é"])
def test_what_a_client_did_not_percent_encode_is_read_as_what_is_meant(hub: Hub, target: str) -> None:
    hub.publish(WESSEX, news("a", "Memory café opens"))
    server = Server("127.0.0.1", 0)
    running = threading.Thread(target=server.run, args=(hub.app,))
    running.start()
    try:
        answers = []
        for _ in range(2):
            with closing(socket.create_connection(("127.0.0.1", server.port), timeout=SOON)) as client:
                client.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                answers.append(client.makefile("rb").read())
    finally:
        server.close()
        running.join(SOON)
    told = 404 if target in ("/tag/é", "/?kind=é") else 200
    for answer in answers:
        assert answer.startswith(f"HTTP/1.1 {told} ".encode())
    if target == "/search?q=café":
        assert "<mark>café</mark>".encode() in answers[0]


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    first = Server("127.0.0.1", 0)
    with pytest.raises(HubError, match=f"port {first.port}") as told:
        Server("127.0.0.1", first.port)
    assert "--port" in told.value.remedy
    first.close()


@pytest.mark.parametrize("host", ["", "nowhere.invalid", "192.0.2.1"])
def test_an_address_that_this_machine_has_not_is_told_as_that(host: str) -> None:
    with pytest.raises(HubError, match=f"Nothing can be served on {host}") as told:
        Server(host, 0)
    assert "an address that this machine has" in told.value.remedy


def test_who_asks_is_told_what_was_published_before_he_asked_however_many_others_ask(hub: Hub) -> None:
    server = Server("127.0.0.1", 0)
    over = threading.Event()

    def ask_again_and_again() -> None:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=SOON)) as client:
            while not over.is_set():
                client.request("GET", "/feeds/all.json")
                client.getresponse().read()

    serves = threading.Thread(target=server.run, args=(hub.app,))
    others = [threading.Thread(target=ask_again_and_again) for _ in range(4)]
    for thread in (serves, *others):
        thread.start()
    try:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=SOON)) as client:
            for number in range(40):
                hub.publish(WESSEX, news(f"{number}"), news("kept"), at=ago(minutes=60 - number))
                client.request("GET", "/feeds/all.json")
                latest = json.loads(client.getresponse().read())["items"]
                assert len(latest) == number + 2
    finally:
        over.set()
        # Who still asks has his answer before the server ends.
        for thread in others:
            thread.join(SOON)
        server.close()
        serves.join(SOON)


def test_a_server_that_was_told_to_stop_before_it_ran_does_not_run(hub: Hub) -> None:
    server = Server("127.0.0.1", 0)
    server.close()
    server.close()
    server.run(hub.app)
