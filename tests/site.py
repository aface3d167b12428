"""A member's web server on loopback, which answers as a test says."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """One of the tests', that says nothing where a client hung up: that is no fault, nor of a later test."""

    def handle_error(self, *about: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*about)


class Site:
    """Paths and what they answer. `asked` are the requests so far: path and headers.

    A page with an `ETag` is answered with 304 to whoever has it. `takes` are
    the seconds that a path's answer takes, and `held` what it waits for first.
    `spans` are the moments, of `time.monotonic`, at which each request that was
    answered came and was: whoever has an answer finds it there.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.takes: dict[str, float] = {}
        self.held: dict[str, threading.Event] = {}
        self.spans: list[tuple[float, float]] = []

    def page(self, path: str, body: str | bytes, *, status: int = 200, **headers: str) -> str:
        """Answer this at a path, from now on; its URL. Header names are written with `_` for `-`."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = (
            status,
            {name.replace("_", "-"): value for name, value in headers.items()},
            content,
        )
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked since this was last called, without robots.txt."""
        asked, self.asked = [path for path, _ in self.asked], []
        return [path for path in asked if path != "/robots.txt"]

    def feed(self, path: str, *titles: str, text: str = "Words of", newest: datetime | None = None) -> str:
        """Answer with an RSS feed of these titles, the first the newest; its URL."""
        body = rss(self.url + path, *titles, text=text, newest=newest)
        return self.page(path, body, Content_Type="application/rss+xml")


def rss(link: str, *titles: str, text: str = "Words of", newest: datetime | None = None) -> str:
    """A document of these titles, a day apart; the `newest`, or 1 November 2026, is the first one's."""
    start = newest or datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{link}/{number}</link>"
        f"<guid isPermaLink='false'>{link}#{escape(title)}</guid>"
        f"<pubDate>{format_datetime(start - timedelta(days=number))}</pubDate>"
        f"<description>{escape(text)} {escape(title)}.</description></item>"
        for number, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>News</title><link>{link}</link>{items}</channel></rss>"


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[Site]:
    """A site on a free port of a loopback address, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each answer's second packet waits 40 ms for the first to be acknowledged.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            came = time.monotonic()
            # Before it is told that this was asked: who waits for that may say otherwise of the next one.
            takes, held = site.takes.get(self.path, 0), site.held.get(self.path)
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            if held is not None:
                held.wait(120)
            time.sleep(takes)
            status, headers, body = site.pages.get(self.path, (404, {}, b"nothing here"))
            if "ETag" in headers and headers["ETag"] == self.headers["If-None-Match"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            site.spans.append((came, time.monotonic()))
            self.end_headers()
            if status != 304:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what was asked is in `asked`."""

    server = Server((address, 0), Handler)
    site = Site(f"http://{address}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
