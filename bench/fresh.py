"""How long does news take from its feed's poll being due, or from being pushed, to the merged feed?

`hub run` as an operator runs it, with one feed that is polled about every two
seconds, or pushed by WebSub from a hub that the site is as well, asked for
/feeds/all.atom every few milliseconds.
"""

from __future__ import annotations

import argparse
import hmac
import itertools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from bench.table import row, section, working

_HUB_PORT = 8192
_LATEST = 20
_TIMES = 20
_STARTS_WITHIN = 60


class _Site(ThreadingHTTPServer):
    """A member's site: one feed of its latest entries, and the WebSub hub of it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.subscription: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/feed"

    @property
    def document(self) -> bytes:
        return f"<rss version='2.0'><channel>{''.join(self.entries)}</channel></rss>".encode()

    def publish(self, title: str) -> None:
        now = format_datetime(datetime.now(UTC))
        item = f"<item><title>{title}</title><guid>{title}</guid><pubDate>{now}</pubDate></item>"
        self.entries = [item, *self.entries][:_LATEST]

    def verify(self, wanted: dict[str, str]) -> None:
        fields = {name: wanted[name] for name in ("hub.mode", "hub.topic", "hub.lease_seconds")}
        asked = f"{wanted['hub.callback']}?{urlencode({**fields, 'hub.challenge': 'meant'})}"
        with urllib.request.urlopen(asked, timeout=20) as answer:
            if answer.read() == b"meant":
                self.subscription = wanted

    def push(self) -> None:
        body, secret = self.document, self.subscription["hub.secret"].encode()
        headers = {"X-Hub-Signature": f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}"}
        request = urllib.request.Request(self.subscription["hub.callback"], data=body, headers=headers)
        urllib.request.urlopen(request, timeout=20).close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Site

    def do_GET(self) -> None:
        body = self.server.document
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Link", f"<{self.server.url}>; rel=self, <{self.server.url}>; rel=hub")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        wanted = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        threading.Thread(target=self.server.verify, args=(wanted,)).start()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _site() -> Iterator[_Site]:
    site = _Site()
    serving = threading.Thread(target=site.serve_forever)
    serving.start()
    try:
        yield site
    finally:
        site.shutdown()
        serving.join()
        site.server_close()


@contextmanager
def _hub(folder: Path, feed: str, others: int, *, pushed: bool) -> Iterator[Path]:
    """A hub that runs, from when its pages answer; its database."""
    # No multiple of how often the hub looks what is due, so that it looks at any moment after.
    often = f"url: http://127.0.0.1:{_HUB_PORT}" if pushed else "every: {min: 2070ms, max: 2070ms}"
    config, database = folder / "feeds.yaml", folder / "hub.db"
    lines = [
        "hub:",
        f"  {often}",
        "  fetch: {allow: [127.0.0.0/8], host_delay: 0s}",
        "members:",
        f"  - {{slug: site, name: Site, feeds: [{{url: '{feed}'}}]}}",
        *(f"  - {{slug: o{n}, name: O, feeds: [{{url: 'http://127.0.0.1:9/{n}'}}]}}" for n in range(others)),
    ]
    config.write_text("\n".join(lines) + "\n")
    _away(config, database)
    command = [sys.executable, "-m", "hub", "run", "--port", str(_HUB_PORT)]
    command += ["--config", str(config), "--database", f"sqlite:///{database}"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                _merged()
                break
            except OSError:
                if time.monotonic() > until or child.poll() is not None:
                    raise SystemExit("hub run does not answer") from None
                time.sleep(0.1)
        yield database
    finally:
        child.terminate()
        child.wait(20)


def _away(config: Path, database: Path) -> None:
    """Have the other feeds due long after."""
    from hub.config import load
    from hub.polling.rounds import sync
    from hub.store import open_store

    store = open_store(f"sqlite:///{database}")
    sync(store, load(config))
    store.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE feeds SET next_poll = '2999-01-01T00:00:00Z' WHERE member <> 'site'")


def _merged() -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{_HUB_PORT}/feeds/all.atom", timeout=20) as answer:
        found: bytes = answer.read()
        return found


def _due(database: Path) -> datetime | None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (due,) = connection.execute("SELECT next_poll FROM feeds WHERE member = 'site'").fetchone()
    return datetime.fromisoformat(due) if due else None


def measure(site: _Site, database: Path, times: int) -> list[float]:
    """Seconds from due to visible, as often."""
    took: list[float] = []
    while (before := _due(database)) is None or before < datetime.now(UTC):
        time.sleep(0.01)
    for number in itertools.count():
        if len(took) == times:
            return took
        due = _due(database)
        if due is None or (due - datetime.now(UTC)).total_seconds() < 0.5:
            # Too near to be sure that the poll finds what is published now.
            time.sleep(0.1)
            continue
        site.publish(f"News number {number}")
        while f"News number {number}<".encode() not in _merged():
            time.sleep(0.003)
        took.append((datetime.now(UTC) - due).total_seconds())
    raise AssertionError


def measure_pushed(site: _Site, times: int) -> list[float]:
    """Seconds from pushed to visible, as often."""
    took: list[float] = []
    until = time.monotonic() + _STARTS_WITHIN
    while not site.subscription:
        if time.monotonic() > until:
            raise SystemExit("hub run does not subscribe")
        time.sleep(0.05)
    for number in range(times):
        site.publish(f"News number {number}")
        began = time.monotonic()
        site.push()
        while f"News number {number}<".encode() not in _merged():
            time.sleep(0.003)
        took.append(time.monotonic() - began)
        # At any moment of the hub's rhythm.
        time.sleep(0.37 + number % 7 * 0.03)
    return took


def run(arguments: argparse.Namespace) -> None:
    """Print how long both ways take."""
    beside = f", beside {arguments.others:,} feeds that are not due" if arguments.others else ""
    section(f"News, seconds until it is in /feeds/all.atom, {_TIMES} times{beside}", "median", "slowest")
    for begun, pushed in (("due", False), ("pushed", True)):
        with tempfile.TemporaryDirectory() as name, _site() as site, working(f"News that is {begun}"):
            site.publish("The first")
            with _hub(Path(name), site.url, arguments.others, pushed=pushed) as database:
                took = measure_pushed(site, _TIMES) if pushed else measure(site, database, _TIMES)
        row(f"since it was {begun}", f"{statistics.median(took):.2f}", f"{max(took):.2f}")
