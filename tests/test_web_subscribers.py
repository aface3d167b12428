"""Where others subscribe to merged feeds: what feeds say of it, what is taken and what is refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from hub.model import Intent
from hub.websub import subscribers as rules
from tests.commands import SOON
from tests.commands import Hub as Command
from tests.web_hub import NETWORK, NOW, WESSEX, Hub, news

URL = "https://news.example.org"
ENDPOINT = f"{URL}/websub"
TOPIC = f"{URL}/feeds/all.atom"
CALLBACK = "https://reader.example/callback?token=1"
PUBLISHED = NETWORK.replace("  timezone", f"  url: {URL}\n  timezone")
_ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with closing(Hub(tmp_path, PUBLISHED)) as made:
        made.publish(WESSEX, *(news(f"{number}") for number in range(3)))
        yield made


def ask(
    hub: Hub, headers: dict[str, str] | None = None, by: str = "127.0.0.1", /, **fields: str
) -> TestResponse:
    wanted = {"mode": "subscribe", "topic": TOPIC, "callback": CALLBACK, **fields}
    return hub.client.post(
        "/websub",
        data={f"hub.{name}": value for name, value in wanted.items() if value},
        headers=headers,
        environ_base={"REMOTE_ADDR": by},
    )


def intents(hub: Hub) -> tuple[Intent, ...]:
    return hub.store.intents(hub.now, limit=1000)


# ---------------------------------------------------------------- what feeds say


@pytest.mark.parametrize(
    "path",
    [
        "all",
        "tag/safety",
        "member/wessex",
        "merged/safe-south",
        "digest/daily",
        "digest/weekly",
        "corrections",
    ],
)
def test_merged_feeds_name_their_hub_in_their_headers_and_documents(hub: Hub, path: str) -> None:
    for format in ("atom", "rss", "json"):
        for _ in range(2):  # made, and kept
            answer = hub.get(f"/feeds/{path}.{format}", Accept_Encoding="gzip")
            links = f'<{ENDPOINT}>; rel="hub", <{URL}/feeds/{path}.{format}>; rel="self"'
            assert answer.headers["Link"] == links
        answer = hub.get(f"/feeds/{path}.{format}")
        if format == "json":
            assert answer.get_json(force=True)["hubs"] == [{"type": "WebSub", "url": ENDPOINT}]
        else:
            tree = etree.fromstring(answer.data)
            assert [link.get("href") for link in tree.iterfind(".//a:link[@rel='hub']", _ATOM)] == [ENDPOINT]
        has_it = hub.get(f"/feeds/{path}.{format}", If_None_Match=answer.headers["ETag"])
        assert (has_it.status_code, "Link" in has_it.headers) == (304, False)
        assert hub.client.head(f"/feeds/{path}.{format}").headers["Link"] == links


def test_searches_feeds_without_members_and_what_is_behind_a_cursor_cannot_be_subscribed_to(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.merged.feeds._ENTRIES", 2)
    first = etree.fromstring(hub.get("/feeds/all.atom").data)
    behind = first.find("a:link[@rel='next']", _ATOM)
    assert behind is not None
    for address in (
        behind.get("href", ""),
        f"{URL}/feeds/search.atom?q=news",
        f"{URL}/feeds/search.atom?tag=safety",
        f"{URL}/feeds/all.atom?without=east",
    ):
        answer = hub.get(address.removeprefix(URL))
        assert answer.status_code == 200
        assert "Link" not in answer.headers
        assert b'rel="hub"' not in answer.data
        refused = ask(hub, topic=address)
        assert refused.status_code == 404
        assert "Searches, feeds that leave members out, and what follows" in refused.text


def test_the_page_subscribe_says_that_feeds_are_pushed(hub: Hub) -> None:
    assert "Each feed names the hub’s WebSub address" in hub.words("/subscribe")


@pytest.mark.parametrize(
    "settings",
    ["url: http://192.168.1.2", "url: http://hub.local", "title: No address", f"{{url: {URL}, websub: no}}"],
)
def test_a_hub_that_nobody_reaches_or_that_shall_not_push_names_none(tmp_path: Path, settings: str) -> None:
    text = f"hub: {settings}\n" if settings.startswith("{") else f"hub:\n  {settings}\n"
    with closing(Hub(tmp_path, text)) as hub:
        answer = hub.get("/feeds/all.atom")
        assert "Link" not in answer.headers
        assert b"websub" not in answer.data
        assert ask(hub).status_code == 404
        assert "Programs that have the news sent" not in hub.words("/privacy")
        assert "WebSub" not in hub.words("/subscribe")


# ---------------------------------------------------------------- what is taken


def test_what_is_asked_waits_for_its_callback_to_confirm_it(hub: Hub) -> None:
    answer = ask(hub, secret="s3cret", lease_seconds="86400", verify="async")
    assert answer.status_code == 202
    assert answer.headers["Cache-Control"] == "no-store"
    (intent,) = intents(hub)
    assert (intent.mode, intent.topic, intent.callback) == ("subscribe", TOPIC, CALLBACK)
    assert (intent.secret, intent.lease, intent.public) == ("s3cret", timedelta(days=1), True)
    assert intent.seen == hub.get("/feeds/all.atom").headers["ETag"]
    assert hub.store.subscriber(TOPIC, CALLBACK, hub.now) is None
    # The later word counts.
    longest = "ü" * 100
    assert ask(hub, secret=longest).status_code == 202
    assert [each.secret for each in intents(hub)] == [longest]


def test_a_hub_below_a_path_takes_what_is_asked_there(tmp_path: Path) -> None:
    below = "https://network.example.org/news"
    with closing(Hub(tmp_path, PUBLISHED.replace(URL, below))) as hub:
        hub.publish(WESSEX, news("1"))
        topic = f"{below}/feeds/member/wessex.rss"
        assert hub.get("/feeds/member/wessex.rss").headers["Link"].startswith(f"<{below}/websub>; rel")
        for path in ("/websub", "/news/websub"):
            fields = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": CALLBACK}
            assert hub.client.post(path, data=fields).status_code == 202
        assert [each.topic for each in intents(hub)] == [topic]


def test_a_callback_is_asked_with_all_that_its_address_has(hub: Hub) -> None:
    ask(hub, callback=f"{CALLBACK}&b=%20#part")
    (intent,) = intents(hub)
    asked = rules.question(intent, "abc")
    assert asked.startswith(
        f"{CALLBACK}&b=%20&hub.mode=subscribe&hub.topic=https%3A%2F%2Fnews.example.org%2F"
    )
    assert asked.endswith("&hub.challenge=abc&hub.lease_seconds=864000")


REFUSED: list[tuple[dict[str, str], int, str]] = [
    ({"mode": ""}, 400, "hub.mode has to be subscribe or unsubscribe."),
    ({"mode": "publish"}, 400, "This hub publishes its own feeds alone, and knows when they change."),
    ({"topic": ""}, 400, "hub.topic has to be the address of a feed of this hub."),
    ({"topic": "https://elsewhere.example/feed"}, 404, "hub.topic has to be the address of a feed"),
    ({"topic": f"{URL}/feeds/all.xml"}, 404, "hub.topic has to be"),
    ({"topic": f"{URL}/feeds/tag/unknown.atom"}, 404, "hub.topic has to be"),
    ({"topic": f"{URL}/feeds/digest/hourly.atom"}, 404, "hub.topic has to be"),
    ({"topic": f"{URL}/feeds/%61ll.atom"}, 404, "hub.topic has to be"),
    ({"topic": f"{URL}//feeds/all.atom"}, 404, "hub.topic has to be"),
    ({"callback": ""}, 400, "hub.callback has to be an http or https address"),
    ({"callback": "ftp://reader.example/"}, 400, "hub.callback has to be an http or https address"),
    ({"callback": "https://me:pass@reader.example/"}, 400, "without a user name in it."),
    ({"callback": f"https://reader.example/{'x' * 2000}"}, 400, "of at most 2,000 bytes"),
    ({"callback": "http://a\ufe13b.example/me"}, 400, "hub.callback has to be an http or https address"),
    ({"callback": "https://reader.example:0/me"}, 400, "hub.callback has to be an http or https address"),
    ({"callback": f"https://reader.example/{'é' * 1_000}"}, 400, "at most 2,000 bytes"),
    ({"callback": "http://127.0.0.1/me"}, 400, "hub.callback has to be at a public address."),
    ({"callback": "http://[::ffff:10.0.0.1]/me"}, 400, "hub.callback has to be at a public address."),
    ({"secret": "x" * 201}, 400, "hub.secret may have at most 200 bytes."),
    ({"secret": "ü" * 101}, 400, "hub.secret may have at most 200 bytes."),
    ({"lease_seconds": "a day"}, 400, "hub.lease_seconds has to be a number of seconds."),
    ({"lease_seconds": "-1"}, 400, "hub.lease_seconds has to be a number of seconds."),
    ({"mode": "unsubscribe"}, 404, "There is no such subscription."),
]


@pytest.mark.parametrize(("fields", "status", "says"), REFUSED)
def test_what_cannot_be_had_is_refused_with_a_sentence(
    hub: Hub, fields: dict[str, str], status: int, says: str
) -> None:
    answer = ask(hub, **fields)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert says in answer.text
    assert intents(hub) == ()


def test_what_is_no_form_or_too_long_is_refused(hub: Hub) -> None:
    assert hub.client.post("/websub", json={"hub.mode": "subscribe"}).status_code == 415
    assert ask(hub, padding="x" * 20_000).status_code == 413
    assert hub.client.post("/websub").status_code == 415
    assert hub.get("/websub").status_code == 405


@pytest.mark.parametrize(
    ("by", "headers", "local"),
    [
        ("10.1.2.3", {}, True),
        ("::ffff:10.1.2.3", {}, True),
        ("10.1.2.3", {"X-Forwarded-For": "10.9.9.9"}, False),
        ("10.1.2.3", {"Via": "1.1 proxy"}, False),
        ("127.0.0.1", {}, False),
        ("93.184.216.34", {}, False),
    ],
)
def test_a_private_callback_is_taken_from_within_what_is_allowed_alone(
    tmp_path: Path, by: str, headers: dict[str, str], local: bool
) -> None:
    text = PUBLISHED.replace("  timezone", "  fetch: {allow: [10.0.0.0/8]}\n  timezone")
    with closing(Hub(tmp_path, text)) as hub:
        answer = ask(hub, headers, by, callback="http://10.9.9.9/me")
        assert answer.status_code == (202 if local else 400)
        # A name shows where it leads once it is asked.
        assert ask(hub, headers, by, callback="http://intranet.example/me").status_code == 202
        assert {each.public for each in intents(hub)} == {not local}


# ---------------------------------------------------------------- how much is taken


def test_of_one_host_so_much_waits_and_no_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_MOST_WAITING_OF_HOST", 3)
    statuses = [ask(hub, callback=f"https://reader.example/{number}").status_code for number in range(4)]
    assert statuses == [202, 202, 202, 429]
    assert ask(hub, callback="https://other.example/").status_code == 202
    # What did not confirm counts for ten minutes.
    while waiting := intents(hub):  # of each host one
        for intent in waiting:
            hub.store.hold(intent, hub.now + rules.HELD)
    refused = ask(hub, callback="https://reader.example/9")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    hub.now += rules.HELD
    hub.store.let_go(hub.now)
    assert ask(hub, callback="https://reader.example/9").status_code == 202


def test_of_all_so_much_waits_and_so_many_subscribe_but_who_has_subscribed_is_let_in(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(hub)
    hub.store.confirm(intents(hub)[0], hub.now)
    assert hub.store.subscriber(TOPIC, CALLBACK, hub.now) is not None
    limits = {"_MOST_WAITING_OF_HOST": 429, "_MOST_WAITING": 503, "_MOST_OF_HOST": 403, "_MOST": 503}
    for limit, status in limits.items():
        with monkeypatch.context() as full:
            full.setattr(rules, limit, 0 if "WAITING" in limit else 1)
            assert ask(hub, callback="https://reader.example/other").status_code == status
            assert ask(hub).status_code == 202
            assert ask(hub, mode="unsubscribe").status_code == 202
        assert hub.store.crowd(hub.now, CALLBACK).waiting_of_host == 1


def test_operators_see_how_many_subscribe_and_fail(hub: Hub) -> None:
    ask(hub)
    hub.store.confirm(intents(hub)[0], hub.now)
    ask(hub, callback="https://other.example/")
    figures = hub.get("/metrics").text.splitlines()
    assert 'hub_websub_subscribers{state="fine"} 1.0' in figures
    assert 'hub_websub_subscribers{state="failing"} 0.0' in figures
    assert "hub_websub_intents 1.0" in figures
    found = hub.store.subscriber(TOPIC, CALLBACK, NOW)
    assert found is not None
    tried = rules.tried(found, now=NOW)
    hub.store.try_later(rules.failed(tried, now=NOW, retry_after=None))
    assert 'hub_websub_subscribers{state="failing"} 1.0' in hub.get("/metrics").text


def test_readers_are_told_what_is_kept_of_their_programs(hub: Hub) -> None:
    words = hub.words("/privacy")
    assert "Nothing, unless a program of yours asks to be sent the news." in words
    assert "30 days after it last asked" in words


def test_whom_to_send_to_is_found_by_an_index(hub: Hub) -> None:
    from hub.store import sending

    plans = [
        hub.sql(f"EXPLAIN QUERY PLAN {statement}")
        for statement in (
            sending.OWED.replace(":slow", "0").replace(":now", "'2026'").replace(":limit", "15"),
            sending.INTENTS.replace("?", "'2026'", 1).replace("?", "15"),
        )
    ]
    assert "INDEX subscribers_due" in str(plans[0])
    assert "INDEX intents_due" in str(plans[1])


# ---------------------------------------------------------------- what is sent, as it comes


def test_who_asks_slowly_or_at_length_holds_up_nobody(tmp_path: Path) -> None:
    hub = Command(tmp_path)
    hub.write({}, head=f"hub:\n  url: {URL}\n")
    with hub.serving("serve") as (_, address):
        port = int(address.rpartition(":")[2])

        def begun(length: int, body: bytes) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), timeout=SOON)
            form = "Content-Type: application/x-www-form-urlencoded"
            head = f"POST /websub HTTP/1.1\r\nHost: x\r\n{form}\r\nContent-Length: {length}\r\n\r\n"
            connection.sendall(head.encode() + body)
            return connection

        body = f"hub.mode=subscribe&hub.topic={TOPIC}&hub.callback={CALLBACK}".encode()
        slow = [begun(1000, b"hub.mode=") for _ in range(49)]
        with begun(len(body), body) as whole:
            assert whole.recv(100).split()[1] == b"202"
        with begun(1_000_000, b"x" * 1_000_000) as large:
            assert large.recv(100).split()[1] == b"413"
        for connection in slow:
            connection.close()
