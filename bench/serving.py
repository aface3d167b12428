"""How fast are answers from the cache, beside nginx, and how long does one take that is not there?

    python -m bench.serving                    a database of 10,000 entries of its own
    python -m bench.serving --database hub.db  one that bench.grown made
    python -m bench.serving --servers all      other servers too, in the same turns

Needs Linux with two processors, Debian's nginx-light and wrk. The servers get
one processor in turns, wrk the other. Everything stays on loopback.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
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
from importlib.metadata import version
from pathlib import Path

from bench.grown import feeds_yaml, grow
from bench.servers import SERVERS
from hub.config import parse
from hub.store import open_store
from hub.store.sqlite import SqliteStore
from hub.web import create_app
from hub.web.serve import Server, set_aside

_SERVER, _CLIENT = "0", "1"  # processors
_NGINX_PORT, _HUB_PORT = 8190, 8191
_FEED = "feeds/all.atom"
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


def throughput(
    folder: Path, config: Path, database: str, rounds: int, seconds: int, others: Sequence[str]
) -> None:
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
    print(f"\nA merged feed of {file.stat().st_size:,} bytes, answers a second, medians of {rounds}\n")
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, command, url in (
            ("nginx", ["nginx", "-c", str(folder / "nginx.conf")], nginx_url),
            ("hub", hub, hub_url),
            *((other, [*servers, other, str(config), database, str(_HUB_PORT)], hub_url) for other in others),
        ):
            with running(command, url):
                etag = _get(url)[1]
                found.setdefault((name, "200"), []).append(answers_a_second(url, seconds))
                found.setdefault((name, "304"), []).append(answers_a_second(url, seconds, etag))
    for status in ("200", "304"):
        nginx = found["nginx", status]
        print(f"{status}   nginx    {statistics.median(nginx):>9,.0f}")
        for name in ("hub", *others):
            pairs = [ours / theirs for ours, theirs in zip(found[name, status], nginx, strict=True)]
            print(
                f"      {name:<9}{statistics.median(found[name, status]):>9,.0f}"
                f"   ratio {statistics.median(pairs):.3f}"
                f"   (pairs {', '.join(f'{pair:.3f}' for pair in pairs)})",
                flush=True,
            )


def cold(config: Path, database: str, times: int) -> None:
    """Print how long one answer takes that has to be rendered."""
    text = config.read_text()
    settings = parse(text)
    app = create_app(lambda: open_store(database), lambda: settings, base_url="http://127.0.0.1")
    client = app.test_client()
    set_aside()
    print(f"\nOne answer with nothing kept, milliseconds, median of {times} and the slowest\n")
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
        print(f"{path:<20}{statistics.median(took):>8.1f}{max(took):>8.1f}", flush=True)


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
    print(f"\n{asked['answers']} clients at once on a cold cache: rendered {asked['renders']} time(s)")


def _in_turn(threads: list[threading.Thread], act: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        act(thread)


def machine() -> str:
    """The machine and the versions, in a line."""
    with Path("/proc/cpuinfo").open() as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return f"{platform.machine()}, {os.cpu_count()} processors ({model}), Python {platform.python_version()}"


def main() -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", type=Path, help="one made by bench.grown")
    parser.add_argument("--servers", help="all, or names with commas between, of bench.servers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    arguments = parser.parse_args()
    asked = arguments.servers or ""
    others = [*SERVERS] if asked == "all" else [name for name in asked.split(",") if name]
    for needed in ("nginx", "wrk", "taskset"):
        if shutil.which(needed) is None:
            raise SystemExit(f"{needed} is missing: on Debian, apt install nginx-light wrk util-linux")
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip()
    print(f"{machine()}, granian {version('granian')}, flask {version('flask')}, {nginx}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # nginx reads as a user of its own.
        folder.chmod(0o755)
        file = arguments.database or folder / "hub.db"
        if arguments.database is None:
            grow(file, 10_000)
        config = folder / "feeds.yaml"
        config.write_text(feeds_yaml())
        database = f"sqlite:///{file}"
        throughput(folder, config, database, arguments.rounds, arguments.seconds, others)
        cold(config, database, 15)
        stampede(config, database, 100)


if __name__ == "__main__":
    main()
