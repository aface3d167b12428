"""How fast are answers from the cache, beside nginx, and how long does one take that is not there?

The servers get one processor in turns, wrk the other.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from bench.grown import feeds_yaml, grow
from bench.table import row, section, working
from hub.config import parse
from hub.store import open_store
from hub.store.sqlite import SqliteStore
from hub.web import create_app
from hub.web.serve import Server, set_aside

_SERVER, _CLIENT = "0", "1"  # processors
_NGINX_PORT, _HUB_PORT = 8190, 8191
_FEED = "feeds/all.atom"
_TURNS = 5
_ENTRIES = 10_000
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
    access_log off; sendfile on; keepalive_requests 100000000;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    """A server on its processor, from when it answers."""
    child = subprocess.Popen(
        ["taskset", "-c", _SERVER, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            try:
                _get(url)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"{command[0]} does not answer at {url}")
        yield
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _get(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read(), answer.headers["ETag"] or ""


def answers_a_second(url: str, seconds: int, etag: str | None = None) -> float:
    """By wrk, one thread and 32 connections."""
    command = ["taskset", "-c", _CLIENT, "wrk", "-t1", "-c32", f"-d{seconds}s"]
    if etag:
        command += ["-H", f"If-None-Match: {etag}"]
    said = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if wrong := re.search(r"Non-2xx.*|Socket errors.*", said):
        raise SystemExit(f"wrk of {url}: {wrong[0]}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, said
    return float(found[1])


def throughput(folder: Path, config: Path, database: str, seconds: int, others: Sequence[str]) -> None:
    """Print answers a second of nginx, the hub and others, in turns, and their ratios."""
    hub_url, nginx_url = f"http://127.0.0.1:{_HUB_PORT}/{_FEED}", f"http://127.0.0.1:{_NGINX_PORT}/{_FEED}"
    hub = [
        *(sys.executable, "-m", "hub", "serve", "--port", str(_HUB_PORT)),
        *("--config", str(config), "--database", database),
    ]
    servers = [sys.executable, "-m", "bench.servers"]
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=_NGINX_PORT))
    file = folder / "www" / _FEED
    file.parent.mkdir(parents=True)
    with running(hub, hub_url):
        file.write_bytes(_get(hub_url)[0])
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(_TURNS):
        for name, command, url in (
            ("nginx", ["nginx", "-c", str(folder / "nginx.conf")], nginx_url),
            ("hub", hub, hub_url),
            *((other, [*servers, other, str(config), database, str(_HUB_PORT)], hub_url) for other in others),
        ):
            with working(f"Turn {turn + 1} of {_TURNS}, {name}"), running(command, url):
                etag = _get(url)[1]
                found.setdefault((name, "200"), []).append(answers_a_second(url, seconds))
                found.setdefault((name, "304"), []).append(answers_a_second(url, seconds, etag))
    section(
        f"A merged feed of {file.stat().st_size:,} bytes from the cache, medians of {_TURNS} turns",
        *("hub", "nginx", "ratio", "at least", "at most"),
        *chain.from_iterable((other, "ratio") for other in others),
    )
    for status in ("200", "304"):
        nginx = found["nginx", status]
        of_nginx = {
            name: [ours / theirs for ours, theirs in zip(found[name, status], nginx, strict=True)]
            for name in ("hub", *others)
        }
        a_second = {
            name: f"{statistics.median(found[name, status]):,.0f}" for name in ("hub", "nginx", *others)
        }
        ratio = {name: f"{statistics.median(pairs):.2f}" for name, pairs in of_nginx.items()}
        row(
            f"{status}s, answers/s",
            *(a_second["hub"], a_second["nginx"], ratio["hub"]),
            *(f"{extreme(of_nginx['hub']):.2f}" for extreme in (min, max)),
            *chain.from_iterable((a_second[other], ratio[other]) for other in others),
        )


def cold(config: Path, database: str, times: int) -> None:
    """Print how long one answer takes that has to be rendered."""
    text = config.read_text()
    settings = parse(text)
    app = create_app(lambda: open_store(database), lambda: settings, base_url="http://127.0.0.1")
    client = app.test_client()
    set_aside()
    section(f"One answer with nothing kept, milliseconds, of {times} each", "median", "slowest")
    for path in ("/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/", "/tag/topic-3", "/members"):
        took = []
        for number in range(times + 2):
            # A change of feeds.yaml makes all that is kept be rendered anew.
            settings = parse(f"{text}# {path} {number}\n")
            began = time.perf_counter()
            answer = client.get(path)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
        took = took[2:]
        row(path, f"{statistics.median(took):.1f}", f"{max(took):.1f}")


def stampede(config: Path, database: str, clients: int) -> None:
    """Print how many times a feed is rendered that many ask for at once."""
    settings = parse(config.read_text())
    asked: Counter[str] = Counter()

    class Counted(SqliteStore):
        def stories(self, *arguments, **more):  # type: ignore[no-untyped-def]
            asked["renders"] += 1
            return super().stories(*arguments, **more)

    file = Path(database.removeprefix("sqlite:///"))
    app = create_app(lambda: Counted(file), lambda: settings, base_url="http://127.0.0.1")
    server = Server("127.0.0.1", 0)
    serving = threading.Thread(target=server.run, args=(app,))
    serving.start()
    together = threading.Barrier(clients)

    def ask() -> None:
        together.wait()
        _get(f"{server.address}/{_FEED}")
        asked["answers"] += 1

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    _in_turn(threads, threading.Thread.start)
    _in_turn(threads, threading.Thread.join)
    server.close()
    serving.join()
    section("A cold cache asked by many at once", "clients", "renders")
    row(f"/{_FEED}", str(asked["answers"]), str(asked["renders"]))


def _in_turn(threads: list[threading.Thread], act: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        act(thread)


def run(arguments: argparse.Namespace) -> None:
    """Print answers from the cache, answers that are not there, and what many at once cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # nginx reads as a user of its own.
        folder.chmod(0o755)
        file = folder / "hub.db"
        with working(f"Growing a database of {_ENTRIES:,} entries"):
            grow(file, _ENTRIES)
        config = folder / "feeds.yaml"
        config.write_text(feeds_yaml())
        database = f"sqlite:///{file}"
        throughput(folder, config, database, arguments.seconds, arguments.servers)
        cold(config, database, 15)
        stampede(config, database, 100)
