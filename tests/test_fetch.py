"""Fetching: what a server may do to the hub, and what the hub may do to a server."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import FeedGone, FetchError, FetchRefused
from hub.fetch import Fetched, FetchRequest, NotModified, Outcome, fetch
from hub.fetch.answer import Head, fresh_for, read_head, retry_after, status_error
from hub.fetch.curl import CurlFetcher
from hub.fetch.journey import Journey
from hub.fetch.request import address_of, headers, may_connect, shown
from hub.fetch.turns import Turns
from hub.model import FetchPolicy, Validators
from tests.conftest import ROOT, SHARED, needs_shared
from tests.site import serving

LOOPBACK = ip_network("127.0.0.0/8")
FEED = b"<rss><channel><title>News</title></channel></rss>"
ROBOT = "hub/0 (+https://news.example.org)"

# ---------------------------------------------------------------- a web server on loopback


@dataclass(frozen=True)
class Asked:
    """A request that a site got: when, on which of its connections, and its header lines."""

    path: str
    at: float
    connection: int
    lines: tuple[bytes, ...]

    def header(self, name: bytes) -> bytes | None:
        for line in self.lines[1:]:
            if line.lower().startswith(name.lower() + b":"):
                return line.partition(b":")[2].strip()
        return None


@dataclass(frozen=True)
class Slow:
    seconds: float
    answer: bytes


Answer = bytes | Slow | Callable[[socket.socket, Asked], None]


class Busy:
    """Counts how many slow answers are waited for, over several sites."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1


class Site:
    """A server of 127.0.0.1: each path has its answer, as bytes or as what to do with the socket."""

    def __init__(self, busy: Busy | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.busy = busy or Busy()
        site = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                site.serve(self.request, id(self))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 100

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is no fault of the test."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(self, connection: socket.socket, number: int) -> None:
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                more = connection.recv(65536)
                if not more:
                    return
                received += more
            head, _, received = received.partition(b"\r\n\r\n")
            lines = tuple(head.split(b"\r\n"))
            asked = Asked(lines[0].split()[1].decode(), time.monotonic(), number, lines)
            self.asked.append(asked)
            answer = self.answers.get(asked.path, reply(404))
            if isinstance(answer, Slow):
                # Over before the answer leaves: who has its last byte may ask again at once.
                with self.busy:
                    time.sleep(answer.seconds)
                answer = answer.answer
            if callable(answer):
                answer(connection, asked)
            else:
                connection.sendall(answer)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def reply(status: int = 200, *lines: str | bytes, body: bytes = FEED) -> bytes:
    head = [f"HTTP/1.1 {status} Status".encode(), f"Content-Length: {len(body)}".encode()]
    head += [line if isinstance(line, bytes) else line.encode() for line in lines]
    return b"\r\n".join([*head, b"", body])


def moved(where: str, status: int = 302) -> bytes:
    return reply(status, f"Location: {where}", body=b"moved")


def slowly(seconds: float, answer: bytes) -> Slow:
    return Slow(seconds, answer)


def never(connection: socket.socket, _asked: Asked) -> None:
    connection.recv(1)


@pytest.fixture
def site() -> Iterator[Site]:
    with closing(Site()) as site:
        yield site


def policy(**change: Any) -> FetchPolicy:
    settings: dict[str, Any] = {"allow": (LOOPBACK,), "host_delay": timedelta(0), **change}
    return FetchPolicy(**settings)


def ask(
    url: str, validators: Validators | None = None, *, clock: datetime | None = None, **change: Any
) -> Fetched | NotModified:
    """Fetch one URL with a fetcher of its own."""
    now = clock or datetime.now(UTC)
    with closing(CurlFetcher(policy(**change), ROBOT, clock=lambda: now)) as fetcher:
        return fetch(fetcher, FetchRequest(url=url, validators=validators or Validators(), in_part=True))


def failure(url: str, **change: Any) -> FetchError:
    """Fetch one URL, which fails; how."""
    with pytest.raises(FetchError) as caught:
        ask(url, **change)
    return caught.value


def ask_all(fetcher: CurlFetcher, urls: dict[str, str] | list[str]) -> dict[str, Outcome]:
    """Fetch many URLs at once: a list, or a dictionary of tickets and URLs."""
    named = urls if isinstance(urls, dict) else {url: url for url in urls}
    for ticket, url in named.items():
        fetcher.submit(ticket, FetchRequest(url=url))
    outcomes: dict[str, Outcome] = {}
    while fetcher.pending:
        outcomes.update((str(ticket), outcome) for ticket, outcome in fetcher.wait(20))
    return outcomes


# ---------------------------------------------------------------- documents and validators


def test_a_document_comes_with_its_type_and_validators(site: Site) -> None:
    site.answers["/feed"] = reply(
        200, "Content-Type: application/rss+xml", 'ETag: W/"1"', "Last-Modified: Mon"
    )
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert (fetched.url, fetched.status, fetched.body) == (site.url("/feed"), 200, FEED)
    assert fetched.content_type == "application/rss+xml"
    assert fetched.validators == Validators(etag='W/"1"', last_modified="Mon", url=site.url("/feed"))
    assert (fetched.hops, fetched.permanent, fetched.remarks) == ((), False, ())
    assert 0 < fetched.seconds < 5


def test_the_hub_says_who_it_is_and_asks_for_feeds(site: Site) -> None:
    ask_fails = failure(site.url("/"))
    assert ask_fails.status == 404
    (asked,) = site.asked
    assert asked.header(b"User-Agent") == ROBOT.encode()
    accept, codings = asked.header(b"Accept"), asked.header(b"Accept-Encoding")
    assert accept is not None
    assert accept.startswith(b"application/atom+xml, application/rss+xml, application/feed+json")
    assert codings is not None
    assert {b"gzip", b"deflate", b"br"} <= set(codings.split(b", "))
    assert asked.header(b"If-None-Match") is None
    assert asked.header(b"If-Modified-Since") is None


@pytest.mark.parametrize(
    ("etag", "modified"),
    [
        (b'"a, b \xe9 \\"c"', b"Tue, 06 Jan 2026 10:00:00 +0100"),
        (b"unquoted", b"yesterday"),
        (b'W/"weak"', b"Fri, 31 Dec 2199 23:59:59 GMT"),
    ],
)
def test_validators_go_back_byte_for_byte(site: Site, etag: bytes, modified: bytes) -> None:
    site.answers["/feed"] = reply(200, b"ETag: " + etag, b"Last-Modified:   " + modified + b" ")
    given_once = ask(site.url("/feed")).validators
    site.answers["/feed"] = reply(304, body=b"")
    answer = ask(site.url("/feed"), given_once)
    assert site.asked[-1].header(b"If-None-Match") == etag
    assert site.asked[-1].header(b"If-Modified-Since") == modified
    assert isinstance(answer, NotModified)
    assert answer.validators == given_once


def test_a_304_may_bring_new_validators(site: Site) -> None:
    site.answers["/feed"] = reply(304, 'ETag: "2"', body=b"")
    answer = ask(site.url("/feed"), Validators(etag='"1"', last_modified="Mon"))
    assert isinstance(answer, NotModified)
    assert answer.validators == Validators(etag='"2"', last_modified="Mon", url=site.url("/feed"))


def test_a_304_that_nobody_asked_for_is_an_error_that_says_so(site: Site) -> None:
    site.answers["/feed"] = reply(304, body=b"")
    error = failure(site.url("/feed"))
    assert error.reason == "not-modified-unasked"
    assert "there is nothing to keep" in str(error)


def test_a_304_with_a_body_does_not_confuse_the_next_request(site: Site) -> None:
    site.answers["/feed"] = reply(304, 'ETag: "1"')
    site.answers["/other"] = reply(body=b"<other/>")
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        fetch(fetcher, FetchRequest(url=site.url("/feed"), validators=Validators(etag='"1"')))
        other = fetch(fetcher, FetchRequest(url=site.url("/other")))
    assert isinstance(other, Fetched)
    assert other.body == b"<other/>"


@pytest.mark.parametrize("bad", ["a\rX-Injected: 1", "a\nX-Injected: 1", "a\0b", "e" * 9000, "☃", "", "  "])
def test_a_validator_that_would_break_the_request_is_left_out(bad: str) -> None:
    lines, conditional = headers(Validators(etag=bad))
    assert not conditional
    assert [line for line in lines if line.startswith(b"If-")] == []
    lines, conditional = headers(Validators(etag=bad, last_modified="Mon"))
    assert conditional
    assert lines[-1] == b"If-Modified-Since: Mon"


def test_of_a_header_that_stands_twice_the_first_counts(site: Site) -> None:
    site.answers["/feed"] = reply(200, 'ETag: "a"', 'ETag: "b"', "Content-Type: a/a", "Content-Type: b/b")
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert (fetched.validators.etag, fetched.content_type) == ('"a"', "a/a")


def test_trailers_and_early_hints_are_not_taken_for_the_answers_headers(site: Site) -> None:
    site.answers["/feed"] = (
        b'HTTP/1.1 103 Early Hints\r\nETag: "hint"\r\n\r\n'
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: a/a\r\n\r\n"
        b'4\r\n<a/>\r\n0\r\nETag: "trailer"\r\n\r\n'
    )
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert (fetched.body, fetched.content_type) == (b"<a/>", "a/a")
    assert fetched.validators == Validators(url=fetched.url)


def _deflated(data: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(data) + raw.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(FEED, mtime=0)),
        ("x-gzip", gzip.compress(FEED, mtime=0)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", _deflated(FEED)),
        ("br", brotli.compress(FEED)),
    ],
)
def test_a_compressed_document_is_decompressed(site: Site, coding: str, body: bytes) -> None:
    site.answers["/feed"] = reply(200, f"Content-Encoding: {coding}", body=body)
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert (fetched.body, fetched.remarks) == (FEED, ())


@pytest.mark.parametrize("coding", ["UTF-8", "gzip", "br", "deflate"])
def test_a_document_under_a_wrong_coding_is_asked_for_once_more_and_read(site: Site, coding: str) -> None:
    site.answers["/feed"] = reply(200, f"Content-Encoding: {coding}")
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert fetched.body == FEED
    assert "Content-Encoding" in fetched.remarks[0]
    first, second = site.asked
    assert first.header(b"Accept-Encoding") is not None
    assert second.header(b"Accept-Encoding") is None


# ---------------------------------------------------------------- limits


def test_a_document_over_the_limit_is_refused_with_what_to_do(site: Site) -> None:
    site.answers["/feed"] = reply(body=b"x" * 1001)
    error = failure(site.url("/feed"), size=1000)
    assert error.reason == "too-large"
    assert "hub.fetch.size" in error.remedy
    assert isinstance(ask(site.url("/feed"), size=1001), Fetched)


def test_the_limit_of_size_counts_what_is_unpacked(site: Site) -> None:
    site.answers["/feed"] = reply(200, "Content-Encoding: gzip", body=gzip.compress(bytes(3 << 20)))
    error = failure(site.url("/feed"), size=2 << 20)
    assert error.reason == "too-large"
    assert "larger than 2 MB" in str(error)


def test_a_length_over_the_limit_is_refused_before_the_document_is_read(site: Site) -> None:
    sent: list[float] = []

    def endless(connection: socket.socket, _asked: Asked) -> None:
        sent.append(time.monotonic())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10995116277760\r\n\r\n")
        never(connection, _asked)

    site.answers["/feed"] = endless
    assert failure(site.url("/feed")).reason == "too-large"
    assert time.monotonic() - sent[0] < 10


LONG = b"<?xml version='1.0'?><rss>" + b"<item/>" * 400


@pytest.mark.parametrize("headers", [(), ("Content-Encoding: gzip",), ("Transfer-Encoding: chunked",)])
def test_of_a_feed_over_the_limit_the_beginning_is_kept(site: Site, headers: tuple[str, ...]) -> None:
    body = gzip.compress(LONG) if "gzip" in str(headers) else LONG
    site.answers["/feed"] = reply(200, *headers, body=body)
    if "chunked" in str(headers):
        chunks = b"".join(b"7\r\n" + LONG[at : at + 7] + b"\r\n" for at in range(0, len(LONG) - 6, 7))
        site.answers["/feed"] = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        )
    fetched = ask(site.url("/feed"), size=1000)
    assert isinstance(fetched, Fetched)
    assert (fetched.cut, fetched.body) == (True, LONG[:1000])
    whole = ask(site.url("/feed"), size=len(LONG))
    assert isinstance(whole, Fetched)
    assert not whole.cut


def test_a_request_may_have_a_limit_of_its_own(site: Site) -> None:
    site.answers["/feed"] = reply(body=LONG)
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        for most, cut in ((900, True), (None, False), (1000, True)):
            fetched = fetch(fetcher, FetchRequest(url=site.url("/feed"), most_bytes=most, in_part=cut))
            assert isinstance(fetched, Fetched)
            assert (fetched.cut, len(fetched.body)) == (cut, most or len(LONG))


def test_who_needs_all_of_a_document_gets_none_over_the_limit(site: Site) -> None:
    site.answers["/feed"] = reply(body=LONG)
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher, pytest.raises(FetchError) as caught:
        fetch(fetcher, FetchRequest(url=site.url("/feed"), most_bytes=1000))
    assert caught.value.reason == "too-large"


def test_a_feed_that_does_not_end_is_refused_though_its_beginning_could_be_read(site: Site) -> None:
    def endless(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + LONG)
        while True:
            connection.sendall(b"<item/>" * 1000)

    site.answers["/feed"] = endless
    error = failure(site.url("/feed"), size=1 << 20)
    assert error.reason == "too-large"
    assert "larger than 1 MB" in str(error)


def test_what_becomes_of_a_feed_behind_the_limit_makes_no_difference(site: Site) -> None:
    def breaks_off(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + LONG)
        connection.close()

    site.answers["/feed"] = breaks_off
    fetched = ask(site.url("/feed"), size=1000)
    assert isinstance(fetched, Fetched)
    assert (fetched.cut, fetched.body) == (True, LONG[:1000])
    assert failure(site.url("/feed"), size=len(LONG)).reason == "broken-transfer"


def test_a_server_that_does_not_answer_is_given_up_with_the_seconds_named(site: Site) -> None:
    site.answers["/feed"] = never
    error = failure(site.url("/feed"), first_byte=timedelta(seconds=0.2))
    assert error.reason == "timeout"
    assert f"the server of {site.url('/feed')} did not answer in 0.2 seconds" in str(error)


def test_headers_that_drip_or_never_end_are_given_up(site: Site) -> None:
    def drip(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(40):
            connection.sendall(b"X: 1\r\n")
            time.sleep(0.02)

    def carry_on(connection: socket.socket, _asked: Asked) -> None:
        for _ in range(40):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.02)

    site.answers |= {"/drip": drip, "/continue": carry_on}
    for path in ("/drip", "/continue"):
        assert failure(site.url(path), first_byte=timedelta(seconds=0.3)).reason == "timeout"


def test_a_server_that_falls_silent_halfway_leaves_nothing_of_the_half(site: Site) -> None:
    def stall(connection: socket.socket, asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
        never(connection, asked)

    site.answers["/feed"] = stall
    error = failure(site.url("/feed"), first_byte=timedelta(seconds=0.2))
    assert error.reason == "timeout"
    assert "fell silent" in str(error)


def test_a_slow_server_that_goes_on_is_heard_out_until_the_limit_of_the_whole(site: Site) -> None:
    def drip(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            connection.sendall(b"x")
            time.sleep(0.2)

    site.answers["/feed"] = drip
    often = timedelta(seconds=1.5)
    fetched = ask(site.url("/feed"), whole=timedelta(seconds=20), first_byte=often)
    assert isinstance(fetched, Fetched)
    assert fetched.seconds > 1.5
    error = failure(site.url("/feed"), whole=timedelta(seconds=0.4), first_byte=often)
    assert error.reason == "timeout"
    assert "in 0.4 seconds" in str(error)


def test_the_limit_of_the_whole_is_one_for_all_redirects(site: Site) -> None:
    for n in range(5):
        site.answers[f"/{n}"] = slowly(0.15, moved(f"/{n + 1}"))
    site.answers["/5"] = reply()
    assert isinstance(ask(site.url("/0"), whole=timedelta(seconds=5)), Fetched)
    assert failure(site.url("/0"), whole=timedelta(seconds=0.5)).reason == "timeout"


def test_a_caller_that_was_away_for_long_does_not_blame_the_server(site: Site) -> None:
    site.answers["/feed"] = slowly(0.1, reply())
    with closing(CurlFetcher(policy(first_byte=timedelta(seconds=1.5)), ROBOT)) as fetcher:
        fetcher.submit("feed", FetchRequest(url=site.url("/feed")))
        while not site.asked:
            assert fetcher.wait(0.001) == []
        time.sleep(1.7)
        outcomes = fetcher.wait(30)
    assert [(ticket, type(outcome)) for ticket, outcome in outcomes] == [("feed", Fetched)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "hung up without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"v" * 500_000 + b"\r\n\r\n", "headers of"),
    ],
)
def test_an_answer_that_breaks_off_is_an_error(site: Site, answer: bytes, words: str) -> None:
    def cut(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    site.answers["/feed"] = cut
    error = failure(site.url("/feed"))
    assert (error.reason, error.status) == ("broken-transfer", None)
    assert words in str(error)
    assert site.url("/feed") in str(error)


def test_what_an_error_quotes_of_a_server_can_be_kept_and_shown(site: Site) -> None:
    def answer(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \xe6\x1b[31m\r\n\r\nx")

    site.answers["/feed"] = answer
    error = failure(site.url("/feed"))
    assert r"\udce6\x1b[31m" in str(error)
    assert str(error).isprintable()


def test_a_port_where_nothing_listens_and_a_name_that_is_nobodys_are_told_apart() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/feed")
    assert error.reason == "connect"
    assert "Connection refused" in str(error)
    error = failure("http://no-such-host.invalid/feed")
    assert error.reason == "dns"
    assert "no-such-host.invalid" in str(error)


# ---------------------------------------------------------------- redirects


def test_redirects_are_followed_and_told(site: Site) -> None:
    site.answers |= {"/a": moved("b?x=1#part"), "/b?x=1": moved("/c", 307), "/c": reply()}
    fetched = ask(site.url("/a"))
    assert fetched.url == site.url("/c")
    assert [(hop.status, hop.url) for hop in fetched.hops] == [
        (302, site.url("/b?x=1")),
        (307, site.url("/c")),
    ]
    assert not fetched.permanent


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [((301,), True), ((308, 301), True), ((301, 302), False), ((307,), False), ((303,), False)],
)
def test_only_a_chain_of_permanent_redirects_is_permanent(
    site: Site, statuses: tuple[int, ...], permanent: bool
) -> None:
    for n, status in enumerate(statuses):
        site.answers[f"/{n}"] = moved(f"/{n + 1}", status)
    site.answers[f"/{len(statuses)}"] = reply()
    assert ask(site.url("/0")).permanent is permanent


def test_validators_are_sent_along_a_redirect(site: Site) -> None:
    site.answers |= {"/a": moved("/b", 301), "/b": reply(304, body=b"")}
    answer = ask(site.url("/a"), Validators(etag='"1"'))
    assert isinstance(answer, NotModified)
    assert (answer.url, answer.permanent) == (site.url("/b"), True)


def test_no_address_is_asked_with_validators_of_another(site: Site) -> None:
    document = reply(200, 'ETag: "2"', body=b"<a/>")
    site.answers |= {"/a": moved("/b", 301), "/b": moved("/c", 302), "/c": document}
    for at, path in (("/b", "/c"), ("/c", "/c")):
        site.asked.clear()
        answer = ask(site.url("/a"), Validators(etag='"1"', url=site.url(at)))
        assert isinstance(answer, Fetched)
        assert answer.validators == Validators(etag='"2"', url=site.url(path))
        sent = [each.path for each in site.asked if each.header(b"If-None-Match")]
        assert sent == [at]


def test_a_circle_of_redirects_is_named(site: Site) -> None:
    site.answers |= {"/a": moved("/b"), "/b": moved("/c"), "/c": moved("/b#again")}
    error = failure(site.url("/a"))
    assert error.reason == "redirect"
    assert str(error).endswith(
        f"redirects in a circle: {site.url('/b')} → {site.url('/c')} → {site.url('/b')}"
    )
    assert len(site.asked) == 3


def test_redirects_end_at_the_limit(site: Site) -> None:
    for n in range(12):
        site.answers[f"/{n}"] = moved(f"/{n + 1}")
    error = failure(site.url("/0"), redirects=10)
    assert error.reason == "redirect"
    assert "more than 10 times" in str(error)
    assert len(site.asked) == 11


def test_a_redirect_without_an_address_is_an_error_that_says_so(site: Site) -> None:
    site.answers |= {"/none": reply(302), "/empty": reply(302, "Location:")}
    for path in ("/none", "/empty"):
        assert "did not say where to" in str(failure(site.url(path)))


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_with_a_location_are_not_followed(site: Site, status: int) -> None:
    site.answers |= {"/a": reply(status, f"Location: {site.url('/b')}", body=b""), "/b": reply()}
    assert failure(site.url("/a")).status == status
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/feed",
        "gopher://127.0.0.1/_x",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "http://user:secret@127.0.0.1/feed",
        "http://[::bad",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:25/",
        "http://127.0.0.1:6667/",
        "http://10.1.2.3/feed",
        "http://0/feed",
        "http://[::1]/feed",
        "http://[::ffff:10.1.2.3]/feed",
    ],
)
def test_a_redirect_to_where_the_hub_does_not_fetch_is_refused_before_connecting(
    site: Site, target: str
) -> None:
    site.answers["/feed"] = moved(target)
    error = failure(site.url("/feed"))
    assert isinstance(error, FetchRefused)
    assert error.reason == "refused"
    assert site.url("/feed") in str(error)
    assert "secret" not in str(error)
    # To suggest it would be to let the member's server choose what is allowed.
    assert "hub.fetch.allow" not in error.remedy


def test_what_would_steer_a_terminal_is_told_of_a_redirect_as_what_it_is(site: Site) -> None:
    site.answers["/feed"] = moved("ftp://east.example/\x1b[31m\x9b2Jfeed")
    told = str(failure(site.url("/feed")))
    assert told.isprintable()
    assert "redirects to ftp://east.example/%1B[31m" in told


def test_an_address_is_told_as_it_reads_but_for_what_steers() -> None:
    assert shown("https://müller.example/a b?ä=1") == "https://müller.example/a b?ä=1"
    assert shown("https://a.example/\u202egpj.exe\ud800\n") == "https://a.example/%E2%80%AEgpj.exe%3F%0A"


def test_a_feed_at_a_private_address_is_refused_with_what_to_allow(site: Site) -> None:
    error = failure(site.url("/feed"), allow=())
    assert isinstance(error, FetchRefused)
    assert "127.0.0.1" in str(error)
    assert "add 127.0.0.1/32 to hub.fetch.allow" in error.remedy
    assert site.asked == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:22/", "ftp://127.0.0.1/", "feed", "http://a:b@127.0.0.1/"])
def test_a_feeds_own_address_that_cannot_be_fetched_is_refused(url: str) -> None:
    error = failure(url)
    assert isinstance(error, FetchRefused)
    assert "feeds.yaml" in error.remedy


def test_an_address_with_letters_of_other_languages_is_asked_in_ascii() -> None:
    asked = address_of("https://Müller.example./föö?ä=1#ß")
    assert asked == "https://xn--mller-kva.example/f%C3%B6%C3%B6?%C3%A4=1"


def test_what_a_public_server_redirects_to_must_be_public_whatever_is_allowed() -> None:
    allow = (ip_network("10.0.0.0/8"),)
    journey = Journey("ticket", FetchRequest(url="https://example.org/feed"))
    assert may_connect("10.0.0.1", allow, public_only=journey.public_only)
    journey.follow(Head(302, {"location": "/2"}), address="93.184.216.34", limit=10)
    # And so it stays, also when a later hop is at an allowed address.
    journey.follow(Head(302, {"location": "/3"}), address="10.0.0.1", limit=10)
    assert not may_connect("10.0.0.1", allow, public_only=journey.public_only)
    assert may_connect("93.184.216.35", allow, public_only=journey.public_only)


@pytest.mark.parametrize(
    ("redirected_by", "address", "public"),
    [
        (None, "93.184.216.34", True),
        (None, "10.0.0.1", False),
        (None, None, False),
        ("10.0.0.1", "10.0.0.1", False),
        ("93.184.216.34", "10.0.0.1", True),
    ],
)
def test_a_document_is_public_that_a_public_server_gave_or_led_to(
    redirected_by: str | None, address: str | None, public: bool
) -> None:
    # What it names, such as its WebSub hub, must be public then, whatever is allowed.
    journey = Journey("ticket", FetchRequest(url="https://example.org/feed"))
    if redirected_by:
        journey.follow(Head(302, {"location": "/2"}), address=redirected_by, limit=10)
    found = journey.outcome(Head(200, {}), b"", address=address, conditional=False, now=NOW, user_agent="hub")
    assert isinstance(found, Fetched)
    assert found.public is public


def test_a_redirect_from_https_to_http_is_remarked_and_never_permanent() -> None:
    journey = Journey("ticket", FetchRequest(url="https://example.org/feed"))
    journey.follow(Head(301, {"location": "http://example.org/feed"}), address=None, limit=10)
    fetched = journey.outcome(Head(200, {}), FEED, conditional=False, now=datetime.now(UTC), user_agent=ROBOT)
    assert isinstance(fetched, Fetched)
    assert fetched.remarks == ("the redirect to http://example.org/feed leaves https for http",)
    assert not fetched.permanent


_PUBLIC_NETWORK = """
import fcntl, socket, struct, sys
def interface(name, address):
    request = struct.pack("<16sH2x4s8x", name, socket.AF_INET, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8916, request)  # SIOCSIFADDR
        fcntl.ioctl(control, 0x8914, struct.pack("<16sh14x", name, 0x41))  # SIOCSIFFLAGS: up, running
interface(b"lo", "127.0.0.1")
interface(b"lo:1", "93.184.216.34")
interface(b"lo:2", "10.9.9.9")
import threading
from contextlib import closing
from tests.test_fetch import ip_network, policy, reply, FetchRequest, FetchError, CurlFetcher, ROBOT, fetch
asked = []
def serve(listener, address):
    while True:
        threading.Thread(target=answer, args=(*listener.accept()[:1], address), daemon=True).start()
def answer(connection, address):
    while head := connection.recv(65536):
        asked.append(address)
        connection.sendall(reply(302, "Location: http://10.9.9.9:8080/") if b"GET /away" in head else reply())
for address in ("93.184.216.34", "10.9.9.9"):
    listener = socket.create_server((address, 8080))
    threading.Thread(target=serve, args=(listener, address), daemon=True).start()
with closing(CurlFetcher(policy(allow=(ip_network("10.0.0.0/8"),)), ROBOT)) as fetcher:
    fetch(fetcher, FetchRequest(url="http://10.9.9.9:8080/"))  # allowed; its connection stays open
    try:
        fetch(fetcher, FetchRequest(url="http://93.184.216.34:8080/away"))
    except FetchError as error:
        print(error)
print(asked)
"""


def _can_make_networks() -> bool:
    unshare = shutil.which("unshare")
    return (
        unshare is not None and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not _can_make_networks(), reason="needs Linux's unshare, to make a network of its own")
def test_a_public_server_cannot_lead_into_an_allowed_private_range_not_even_over_an_open_connection() -> None:
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", _PUBLIC_NETWORK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [
        "http://93.184.216.34:8080/away redirects to http://10.9.9.9:8080/,"
        " whose address 10.9.9.9 is not public",
        "['10.9.9.9', '93.184.216.34']",
    ], done.stderr


# ---------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("status", "words", "remedy"),
    [
        (204, "has no content (204 No Content)", "browser"),
        (206, "a part of the document", "browser"),
        (300, "several documents", "feeds.yaml"),
        (305, "never", "browser"),
        (400, "(400 Bad Request)", "web team"),
        (401, "a user name and a password", "everybody may read"),
        (403, "not for the hub to read", ROBOT),
        (404, "there is nothing at", "moved"),
        (429, "asked too often", "its every.min"),
        (500, "failed (500 Internal Server Error)", "again later"),
        (999, "(999)", "web team"),
    ],
)
def test_each_status_has_a_sentence_and_a_remedy(site: Site, status: int, words: str, remedy: str) -> None:
    site.answers["/feed"] = reply(status, body=b"" if status == 204 else FEED)
    error = failure(site.url("/feed"))
    assert (error.status, error.reason) == (status, f"http-{status}")
    assert site.url("/feed") in str(error)
    assert words in str(error)
    assert remedy in error.remedy
    assert error.remedy.endswith("."), "`hub feeds add` says more after it"


@pytest.mark.parametrize("status", [200, 203, 226])
def test_a_document_may_come_with_other_statuses(site: Site, status: int) -> None:
    site.answers["/feed"] = reply(status)
    fetched = ask(site.url("/feed"))
    assert isinstance(fetched, Fetched)
    assert (fetched.status, fetched.body) == (status, FEED)


def test_a_status_counts_though_its_page_never_ends(site: Site) -> None:
    def endless(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    site.answers["/feed"] = endless
    assert failure(site.url("/feed")).status == 404


def test_410_is_the_feeds_end_unless_a_temporary_redirect_led_there(site: Site) -> None:
    site.answers |= {"/gone": reply(410), "/moved": moved("/gone", 301), "/for-now": moved("/gone", 302)}
    assert isinstance(failure(site.url("/gone")), FeedGone)
    assert isinstance(failure(site.url("/moved")), FeedGone)
    error = failure(site.url("/for-now"))
    assert not isinstance(error, FeedGone)
    assert f"{site.url('/gone')} (where {site.url('/for-now')} redirects to)" in str(error)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (Head(403, {"cf-mitigated": "challenge"}), b""),
        (Head(202, {"x-amzn-waf-action": "challenge"}), b""),
        (Head(403, {}), b"<title>Just a moment...</title>"),
        (Head(503, {}), b"<div id=x class='CF-browser-verification'>"),
    ],
)
def test_a_site_that_blocks_robots_is_told_with_what_to_ask_for(head: Head, body: bytes) -> None:
    error = status_error(
        "https://a.example/", head, body, now=datetime.now(UTC), user_agent=ROBOT, for_good=True
    )
    assert error.reason == "blocked"
    assert "blocks robots" in str(error)
    assert ROBOT in error.remedy
    plain = status_error(
        "https://a.example/", Head(500, {}), body, now=datetime.now(UTC), user_agent=ROBOT, for_good=True
    )
    assert plain.reason == "http-500"


NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5", 5.0),
        ("3600", 3600.0),
        ("2.5", 3.0),
        ("31536000000", 86_400.0),
        ("9" * 400, 86_400.0),
        ("9" * 9000, 86_400.0),
        ("Sat, 31 Jan 2026 12:00:05 GMT", 5.0),
        ("Saturday, 31-Jan-26 12:00:05 GMT", 5.0),
        ("Sat Jan 31 12:00:05 2026", 5.0),
        ("Sat, 31 Jan 2026 13:00:05 +0100", 5.0),
        ("Sun, 31 Jan 2100 12:00:00 GMT", 86_400.0),
        ("604800", 604_800.0),
        ("2592000", 2_592_000.0),
        ("2592001", 86_400.0),
        ("Tue, 10 Feb 2026 12:00:00 GMT", 864_000.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("0", None),
        ("-10", None),
        ("٣", None),
        ("a while", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wish_to_be_left_alone_is_read_in_both_forms_and_one_of_years_held_to_a_day(
    written: str | None, seconds: float | None
) -> None:
    assert retry_after(written, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_can_hurt(written: str) -> None:
    seconds = retry_after(written, now=NOW)
    assert seconds is None or 0 < seconds <= 2_592_000


@given(st.lists(st.binary(), min_size=1))
def test_no_header_can_hurt(lines: list[bytes]) -> None:
    head = read_head(lines)
    assert head.location is None or isinstance(head.location, str)


@pytest.mark.parametrize(("status", "for_host"), [(429, True), (503, False), (404, False), (502, False)])
def test_errors_say_how_long_to_stay_away(site: Site, status: int, for_host: bool) -> None:
    site.answers["/feed"] = reply(status, "Retry-After: Sat, 31 Jan 2026 12:01:00 GMT")
    error = failure(site.url("/feed"), clock=NOW)
    assert (error.status, error.retry_after, error.for_host) == (status, 60.0, for_host)
    site.answers["/feed"] = reply(status)
    assert failure(site.url("/feed")).retry_after is None


def test_what_another_process_was_told_of_a_host_holds_from_then_on(site: Site) -> None:
    site.answers["/feed"] = reply()
    with closing(CurlFetcher(policy(), ROBOT, clock=lambda: NOW)) as fetcher:
        fetcher.spare({"127.0.0.1": NOW + timedelta(hours=1)})
        fetcher.spare({"127.0.0.1": NOW + timedelta(minutes=1)})
        (outcome,) = ask_all(fetcher, [site.url("/feed")]).values()
    assert isinstance(outcome, FetchError)
    assert (outcome.retry_after, outcome.for_host) == (3600.0, True)
    assert site.asked == []


def test_several_lines_of_cache_control_are_one_list() -> None:
    lines = [b"HTTP/1.1 200 OK", b"Cache-Control: max-age=2592000", b"cache-control: no-cache"]
    assert fresh_for(read_head(lines).headers, now=NOW) is None
    lines = [b"HTTP/1.1 200 OK", b"Cache-Control: public", b"Cache-Control: max-age=21600"]
    assert fresh_for(read_head(lines).headers, now=NOW) == timedelta(hours=6)


# ---------------------------------------------------------------- politeness


def test_a_host_is_asked_one_thing_at_a_time_whatever_the_port(site: Site) -> None:
    with closing(Site(site.busy)) as other, closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        for n in range(4):
            site.answers[f"/{n}"] = other.answers[f"/{n}"] = slowly(0.02, reply())
        outcomes = ask_all(fetcher, [s.url(f"/{n}") for n in range(4) for s in (site, other)])
    assert {type(outcome) for outcome in outcomes.values()} == {Fetched}
    assert site.busy.most == 1


def test_hosts_are_asked_side_by_side(site: Site) -> None:
    site.answers["/feed"] = slowly(0.2, reply())
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        ask_all(fetcher, [site.url("/feed"), site.url("/feed", "localhost")])
    assert site.busy.most == 2


def test_no_more_connections_at_once_than_said(site: Site) -> None:
    site.answers["/feed"] = slowly(0.02, reply())
    with closing(CurlFetcher(policy(), ROBOT, connections=1)) as fetcher:
        ask_all(fetcher, [site.url("/feed"), site.url("/feed", "localhost")])
    assert site.busy.most == 1


@pytest.mark.parametrize(
    ("soft", "hard", "said"),
    [(256, 8192, "4096 672"), (256, 1024, "1024 160"), (128, 128, "128 10"), (32, 32, "32 1")],
)
def test_the_limit_of_open_files_is_raised_as_far_as_may_be_and_bounds_the_connections(
    soft: int, hard: int, said: str
) -> None:
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from hub.machine import raise_limit, transfers; print(raise_limit(), transfers())\n"
        f"assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raise_limit(), {hard})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == said + "\n"


@pytest.mark.parametrize("room", [0, 1])
def test_where_too_many_files_are_open_the_member_is_not_to_blame(site: Site, room: int) -> None:
    site.answers["/feed"] = reply()
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        # The lowest that is free: none below it is.
        first = os.dup(0)
        os.close(first)
        resource.setrlimit(resource.RLIMIT_NOFILE, (first + room, before[1]))
        try:
            (outcome,) = ask_all(fetcher, [site.url("/feed")]).values()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert isinstance(outcome, FetchError)
    assert outcome.reason == "our-machine"
    assert "ulimit -n" in outcome.remedy


def test_a_host_has_its_pause_between_two_fetches(site: Site) -> None:
    site.answers["/feed"] = reply()
    with closing(CurlFetcher(policy(host_delay=timedelta(seconds=0.15)), ROBOT)) as fetcher:
        ask_all(fetcher, {"1": site.url("/feed"), "2": site.url("/feed"), "3": site.url("/feed")})
    times = [asked.at for asked in site.asked]
    assert all(later - sooner >= 0.15 for sooner, later in pairwise(times))


def test_a_redirect_waits_its_turn_at_the_new_host(site: Site) -> None:
    site.answers |= {"/feed": slowly(0.1, reply()), "/away": moved(site.url("/feed", "localhost"))}
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        urls = {"1": site.url("/feed", "localhost"), "2": site.url("/away")}
        outcomes = ask_all(fetcher, urls)
    assert isinstance(outcomes["2"], Fetched)
    first, second = sorted(asked.at for asked in site.asked if asked.path == "/feed")
    assert site.busy.most <= 2
    assert second - first >= 0.1


def test_waiting_for_a_turn_is_no_part_of_a_fetchs_time(site: Site) -> None:
    site.answers["/feed"] = slowly(0.5, reply())
    with closing(CurlFetcher(policy(whole=timedelta(seconds=1.5)), ROBOT)) as fetcher:
        outcomes = ask_all(fetcher, {str(n): site.url("/feed") for n in range(4)})
    assert [type(outcome) for outcome in outcomes.values()] == [Fetched] * 4


def test_a_host_that_asks_to_be_left_alone_is_not_asked_for_its_other_feeds(site: Site) -> None:
    site.answers |= {"/1": reply(429, "Retry-After: 60"), "/2": reply(), "/3": reply()}
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        outcomes = ask_all(fetcher, {"1": site.url("/1"), "2": site.url("/2"), "3": site.url("/3")})
    assert [asked.path for asked in site.asked] == ["/1"]
    for outcome in outcomes.values():
        assert isinstance(outcome, FetchError)
        assert (outcome.reason, outcome.for_host, outcome.host) == ("http-429", True, "127.0.0.1")
        assert outcome.retry_after == pytest.approx(60.0, abs=10)
    assert "was not asked" in str(outcomes["2"])


def test_nor_is_it_asked_later_or_where_another_host_redirects_there(site: Site) -> None:
    site.answers |= {"/1": reply(429, "Retry-After: 60"), "/2": reply()}
    with serving("127.0.0.2") as other, closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        leads_there = other.page("/feed", "", status=302, Location=site.url("/2"))
        ask_all(fetcher, {"1": site.url("/1")})
        outcomes = ask_all(fetcher, {"2": site.url("/2"), "there": leads_there})
    assert [asked.path for asked in site.asked] == ["/1"]
    for outcome in outcomes.values():
        assert isinstance(outcome, FetchError)
        assert "was not asked" in str(outcome)
        assert outcome.retry_after == pytest.approx(60.0, abs=10)


def test_a_connection_is_used_again(site: Site) -> None:
    site.answers["/feed"] = reply()
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        ask_all(fetcher, {str(n): site.url("/feed") for n in range(5)})
    assert len({asked.connection for asked in site.asked}) == 1


def test_nothing_of_the_environment_is_used(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    site.answers["/feed"] = reply(200, "Set-Cookie: a=1")
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        for _ in range(2):
            fetch(fetcher, FetchRequest(url=site.url("/feed")))
    assert len(site.asked) == 2
    for asked in site.asked:
        assert asked.header(b"Cookie") is None
        assert asked.header(b"Authorization") is None


# ---------------------------------------------------------------- the fetcher's own manners


def test_wait_returns_when_the_time_is_over_or_somebody_wakes_it(site: Site) -> None:
    site.answers["/feed"] = never
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        fetcher.submit("feed", FetchRequest(url=site.url("/feed")))
        began = time.monotonic()
        assert fetcher.wait(0.1) == []
        assert 0.09 < time.monotonic() - began < 10
        waker = threading.Timer(0.1, fetcher.wake)
        waker.start()
        assert fetcher.wait(None) == []
        waker.join()
        fetcher.wake()
        assert fetcher.wait(None) == []
        assert fetcher.pending == 1


def test_waiting_costs_no_processor_time(site: Site) -> None:
    site.answers["/feed"] = slowly(0.5, reply())
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        fetcher.submit("feed", FetchRequest(url=site.url("/feed")))
        used = time.thread_time()
        assert len(fetcher.wait(30)) == 1
        assert time.thread_time() - used < 0.1


def test_pending_counts_what_has_not_been_returned(site: Site) -> None:
    site.answers["/feed"] = reply()
    with closing(CurlFetcher(policy(), ROBOT)) as fetcher:
        fetcher.submit("good", FetchRequest(url=site.url("/feed")))
        fetcher.submit("bad", FetchRequest(url="ftp://127.0.0.1/"))
        assert fetcher.pending == 2
        ((ticket, outcome),) = fetcher.wait(30)
        assert (ticket, type(outcome), fetcher.pending) == ("bad", FetchRefused, 1)
        ((ticket, outcome),) = fetcher.wait(30)
        assert (ticket, type(outcome), fetcher.pending) == ("good", Fetched, 0)


def test_closing_breaks_off_what_is_under_way(site: Site) -> None:
    site.answers["/feed"] = never
    fetcher = CurlFetcher(policy(), ROBOT)
    fetcher.submit("feed", FetchRequest(url=site.url("/feed")))
    while not site.asked:
        assert fetcher.wait(0.01) == []
    fetcher.close()
    fetcher.close()
    fetcher.wake()
    assert len(site.asked) == 1


# ---------------------------------------------------------------- turns


def test_a_host_with_many_feeds_does_not_hold_up_a_host_with_one() -> None:
    turns: Turns[str] = Turns(host_delay=0, at_once=1)
    for n in range(100):
        turns.join(f"many-{n}", host="many", now=0)
    turns.join("one", host="one", now=0)
    assert turns.begin(0) == ["many-0"]
    turns.leave("many", now=1)
    assert turns.begin(1) == ["one"]


def test_within_a_host_first_come_is_first_served_after_its_pause() -> None:
    turns: Turns[str] = Turns(host_delay=10, at_once=4)
    for item in ("a", "b"):
        turns.join(item, host="h", now=0)
    assert turns.due() == 0
    assert turns.begin(0) == ["a"]
    assert turns.begin(0) == []
    assert turns.due() is None
    turns.leave("h", now=5)
    assert turns.due() == 15
    assert turns.begin(14.9) == []
    assert turns.begin(15) == ["b"]


def test_the_pause_holds_for_one_who_comes_later() -> None:
    turns: Turns[str] = Turns(host_delay=10, at_once=4)
    turns.join("a", host="h", now=0)
    assert turns.begin(0) == ["a"]
    turns.leave("h", now=1)
    turns.join("b", host="h", now=5)
    assert turns.due() == 11
    turns.join("c", host="other", now=5)
    assert turns.begin(5) == ["c"]


def test_a_host_that_is_left_alone_loses_its_queue_and_no_other_does() -> None:
    turns: Turns[str] = Turns(host_delay=0, at_once=4)
    for item in ("a", "b", "c"):
        turns.join(item, host="h", now=0)
    assert turns.begin(0) == ["a"]
    turns.join("d", host="other", now=0)
    assert turns.withdraw("h") == ("b", "c")
    turns.leave("h", now=1)
    assert turns.begin(1) == ["d"]
    assert turns.begin(1) == []


class Others:
    """Another process at some hosts."""

    def __init__(self, *hosts: str) -> None:
        self.at = set(hosts)
        self.asked: list[tuple[str, ...]] = []
        self.let_in: list[str] = []

    def take(self, hosts: Collection[str]) -> Collection[str]:
        self.asked.append(tuple(hosts))
        return set(hosts) - self.at

    def leave(self, hosts: Iterable[str]) -> None:
        self.let_in += hosts


def test_a_host_that_another_process_is_at_is_asked_later_and_others_meanwhile() -> None:
    others = Others("h")
    turns: Turns[str] = Turns(host_delay=1, at_once=1, elsewhere=others)
    turns.join("a", host="h", now=0)
    turns.join("b", host="other", now=0)
    assert turns.begin(0) == ["b"]
    turns.leave("other", now=0)
    assert turns.begin(0.1) == []
    due = turns.due()
    assert due is not None
    assert 0.1 < due < 1
    others.at.clear()
    assert turns.begin(due) == ["a"]


def test_whether_others_are_at_hosts_is_asked_once_for_all_that_may_begin() -> None:
    others = Others("b", "d")
    turns: Turns[str] = Turns(host_delay=1, at_once=3, elsewhere=others)
    for host in "abcdef":
        turns.join(host.upper(), host=host, now=0)
    assert turns.begin(0) == ["A", "C", "E"]
    assert others.asked == [("a", "b", "c"), ("d",), ("e",)]
    assert turns.begin(0) == []
    turns.leave("a", now=0)
    turns.join("A again", host="a", now=0)
    turns.leave("c", now=0)
    assert turns.begin(1) == ["F", "A again"]
    assert others.asked[3:] == [("f", "b"), ("d",)], "of its own pauses it knows"


def test_another_process_may_be_at_a_host_once_the_pause_after_the_last_fetch_is_over() -> None:
    others = Others()
    turns: Turns[str] = Turns(host_delay=10, at_once=4, elsewhere=others)
    for item in ("a", "b"):
        turns.join(item, host="h", now=0)
    turns.join("c", host="other", now=0)
    assert turns.begin(0) == ["a", "c"]
    turns.leave("h", now=1)
    turns.leave("other", now=2)
    turns.let_go(10.9)
    assert others.let_in == []
    assert turns.begin(11) == ["b"]
    turns.let_go(12)
    assert others.let_in == ["other"], "the next fetch of h has begun"
    turns.end()
    assert others.let_in == ["other", "h"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 3)), max_size=60))
def test_everyone_gets_a_turn_and_no_host_two_at_once(steps: list[tuple[str, bool, int]]) -> None:
    turns: Turns[tuple[str, int]] = Turns(host_delay=2, at_once=2)
    now, waiting, busy, ended = 0.0, 0, dict[str, float](), dict[str, float]()

    def begin() -> None:
        nonlocal waiting
        for item in turns.begin(now):
            assert item[0] not in busy
            assert now >= ended.get(item[0], -2) + 2
            busy[item[0]] = now
            waiting -= 1
        assert len(busy) <= 2

    for number, (host, leaves, later) in enumerate(steps):
        now += later
        if leaves and host in busy:
            del busy[host]
            turns.leave(host, now=now)
            ended[host] = now
        else:
            turns.join((host, number), host=host, now=now)
            waiting += 1
        begin()
    while waiting:
        now += 2
        for host in list(busy):
            del busy[host]
            turns.leave(host, now=now)
            ended[host] = now
        now += 2
        begin()
    assert turns.due() is None


# ---------------------------------------------------------------- the hostile server


@dataclass
class Hostile:
    port: int
    rows: list[dict[str, Any]]

    def group(self, *names: str) -> dict[str, dict[str, Any]]:
        return {row["path"]: row for row in self.rows if row["path"].split("/")[1] in names}

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.2:{self.port}{path}", timeout=60) as answer:
            return answer.read()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    assert SHARED is not None
    for _ in range(20):
        with closing(socket.create_server(("127.0.0.2", 0))) as probe:
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [
                sys.executable,
                str(SHARED / "bench/hostile.py"),
                "--port",
                str(port),
                "--for",
                "900",
                "--cap",
                "15",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert server.stdout is not None
        if server.stdout.readline():
            break
        server.communicate()  # one of its three ports was taken
    with urllib.request.urlopen(f"http://127.0.0.2:{port}/_list", timeout=60) as answer:
        rows = json.load(answer)
    yield Hostile(port, rows)
    server.terminate()
    server.communicate(timeout=60)


MEMBERS = (*(IPv4Network(f"127.0.0.{n}/32") for n in (2, 3, 4, 5)), IPv4Network("127.0.0.16/28"))
HASTY = {
    "allow": MEMBERS,
    "connect": timedelta(seconds=2),
    "first_byte": timedelta(seconds=0.8),
    "whole": timedelta(seconds=3),
}

# What is wrong here is in the document, which is for parsing to say.
FOR_THE_PARSER = {
    "/bomb/gzip-members",
    "/bomb/zstd",
    "/bomb/gzip-file",
    "/redirect/meta-refresh",
    "/status/200-challenge",
    "/status/200-login",
    "/status/200-parked",
    "/status/html-error-200",
}


def _poll(hostile: Hostile, rows: dict[str, dict[str, Any]], **change: Any) -> dict[str, Outcome]:
    """Fetch these paths, spread over the members' addresses, so that slow ones go side by side."""
    hostile.get("/_reset")
    urls = {
        path: row["url"].replace("//127.0.0.2:", f"//127.0.0.{2 + number % 4}:")
        if row["url"].startswith("http:") and "other-host" not in path
        else row["url"]
        for number, (path, row) in enumerate(rows.items())
    }
    with closing(CurlFetcher(policy(**{**HASTY, **change}), ROBOT)) as fetcher:
        return ask_all(fetcher, urls)


def _stats(hostile: Hostile) -> Any:
    stats = json.loads(hostile.get("/_stats"))
    assert stats["canary"] == {"connections": 0, "requests": []}
    assert max(host["max_concurrent"] for host in stats["hosts"].values()) == 1
    assert sum(path["cookies"] for path in stats["paths"].values()) == 0
    return stats


def _judge(rows: dict[str, dict[str, Any]], outcomes: dict[str, Outcome]) -> list[str]:
    """What did not come out as the table says, as far as fetching decides."""
    wrong = []
    for path, row in rows.items():
        outcome = outcomes[path]
        if isinstance(outcome, FetchError):
            sound = row["expect"] != "entries" and bool(outcome.problem and outcome.remedy and outcome.reason)
        else:
            sound = row["expect"] != "error" or path in FOR_THE_PARSER or path.startswith("/body/")
        if not sound:
            wrong.append(f"{path} ({row['good']}): {outcome!r}"[:300])
    return wrong


@needs_shared
@pytest.mark.parametrize("group", ["redirect", "encoding", "headers", "status", "limit", "body", "polite"])
def test_a_hostile_server_gets_no_further_than_it_should(hostile: Hostile, group: str) -> None:
    rows = hostile.group(group)
    assert len(rows) > 5
    outcomes = _poll(hostile, rows)
    assert _judge(rows, outcomes) == []
    assert not isinstance(outcomes.get("/body/truncated"), Fetched)
    _stats(hostile)
    for path, outcome in outcomes.items():
        if path.startswith("/redirect/to/"):
            assert isinstance(outcome, FetchRefused), path
        if isinstance(outcome, Fetched) and rows[path]["expect"] == "entries":
            assert f"plain 1 of {path}".encode() in outcome.body


@needs_shared
def test_a_bomb_is_not_unpacked_beyond_the_limit(hostile: Hostile) -> None:
    rows = hostile.group("bomb")
    # It makes its bombs while we wait.
    outcomes = _poll(hostile, rows, first_byte=timedelta(seconds=20), whole=timedelta(seconds=20))
    _stats(hostile)
    for path in rows.keys() - FOR_THE_PARSER:
        outcome = outcomes[path]
        assert isinstance(outcome, FetchError)
        assert outcome.reason == "too-large"
    for path in rows.keys() & FOR_THE_PARSER:
        outcome = outcomes[path]
        assert isinstance(outcome, Fetched)
        assert len(outcome.body) < 2 << 20


@needs_shared
def test_a_server_that_plays_for_time_is_given_up(hostile: Hostile) -> None:
    rows = {path: row for path, row in hostile.group("time").items() if path != "/time/late"}
    began = time.monotonic()
    outcomes = _poll(hostile, rows)
    assert time.monotonic() - began < 10
    assert _judge(rows, outcomes) == []
    _stats(hostile)


@needs_shared
def test_a_hostile_servers_validators_go_back_as_they_came(hostile: Hostile) -> None:
    rows = hostile.group("validators")
    hostile.get("/_reset")
    with closing(CurlFetcher(policy(**HASTY), ROBOT)) as fetcher:
        kept: dict[str, Validators] = {}
        for _ in range(3):
            for path, row in rows.items():
                known = kept.get(path, Validators())
                fetcher.submit(path, FetchRequest(url=row["url"], validators=known))
            while fetcher.pending:
                for ticket, outcome in fetcher.wait(20):
                    if not isinstance(outcome, FetchError):
                        kept[str(ticket)] = outcome.validators
                    else:
                        assert str(ticket) in ("/validators/304-at-once", "/validators/304-unasked")
                        assert outcome.reason == "not-modified-unasked"
    paths = _stats(hostile)["paths"]
    assert dict.fromkeys(paths, 0) == {path: seen["wrong_validators"] for path, seen in paths.items()}
    assert dict.fromkeys(paths, 0) == {path: seen["unconditional"] for path, seen in paths.items()}


@needs_shared
def test_a_certificate_is_always_checked_and_its_fault_named(hostile: Hostile, tmp_path: Path) -> None:
    rows = hostile.group("tls") | {"down": hostile.group("redirect")["/redirect/https-to-http"]}
    authority = tmp_path / "ca.pem"
    authority.write_bytes(hostile.get("/_ca.pem"))
    urls = {path: row["url"] for path, row in rows.items()}
    with closing(CurlFetcher(policy(**HASTY), ROBOT, ca_file=authority)) as fetcher:
        outcomes = ask_all(fetcher, urls)
    good, wrong_name, down = outcomes["/tls/good"], outcomes["/tls/wrong-name"], outcomes["down"]
    assert isinstance(good, Fetched)
    assert isinstance(wrong_name, FetchError)
    assert wrong_name.reason == "tls"
    assert "127.0.0.3" in str(wrong_name)
    assert isinstance(down, Fetched)
    assert not down.permanent
    assert "leaves https for http" in down.remarks[0]
    with closing(CurlFetcher(policy(**HASTY), ROBOT)) as fetcher:
        distrusted = ask_all(fetcher, urls)["/tls/good"]
    assert isinstance(distrusted, FetchError)
    assert "self-signed certificate" in str(distrusted)
