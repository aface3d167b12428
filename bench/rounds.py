"""How fast are rounds over many ordinary feeds, beside another reader and beside downloading alone?"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from math import ceil
from pathlib import Path

import yaml

from bench import meter
from bench.table import row, section, working

HERE = Path(__file__).parent
FARM = str(HERE / "farm.py")
_MOST_HOSTS = 10_000  # nginx has a socket for each, and may not have more than twice as many
_SUBREAPER = 36  # prctl(2): orphans of the measured command become ours, so that their time is counted


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost: seconds of wall clock and processor, MiB of memory at its peak."""

    wall: float
    cpu: float
    memory: float


def environment() -> dict[str, str]:
    """As a command has it where it is installed: Python compiles what it loads once, not at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measured(command: list[str], *, server: int | None = None) -> Cost:
    """Run a command to the end of its last process, with what a server does for it that runs already."""
    before = _cpu(server)
    began = time.monotonic()
    child = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.2):
            peak = max(peak, _memory(os.getpid(), server) - own)

    own = _memory(os.getpid()) - _memory(child.pid)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    status = child.wait()
    wall = time.monotonic() - began
    _reap()
    over.set()
    watcher.join()
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return Cost(wall, _cpu(server) - before, peak)


def _memory(*roots: int | None) -> float:
    """MiB of trees of processes, shared pages counted once."""
    return float(meter.pss([root for root in roots if root is not None]))  # type: ignore[no-untyped-call]


def _cpu(server: int | None) -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    of_server = 0.0 if server is None else float(meter.cpu(server))  # type: ignore[no-untyped-call]
    return used.ru_utime + used.ru_stime + of_server


def _reap() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


@contextmanager
def farm(folder: Path, feeds: int, entries: int) -> Iterator[list[str]]:
    """The URLs of a farm that is being served."""
    size = ["--feeds", str(feeds), "--entries", str(entries)]
    hosts = ["--feeds-per-host", str(ceil(feeds / _MOST_HOSTS))]
    subprocess.run(
        [sys.executable, FARM, "make", str(folder), *size, *hosts], check=True, stdout=subprocess.DEVNULL
    )
    subprocess.run([sys.executable, FARM, "start", str(folder)], check=True, stdout=subprocess.DEVNULL)
    try:
        yield (folder / "urls.txt").read_text().split()
    finally:
        subprocess.run([sys.executable, FARM, "stop", str(folder)], check=True, stdout=subprocess.DEVNULL)


def hub_command(folder: Path, urls: list[str], database: str | None = None) -> list[str]:
    config = folder / "feeds.yaml"
    members = [
        f"  - slug: m{number}\n    name: Member {number}\n    feeds:\n      - url: {url}\n"
        for number, url in enumerate(urls)
    ]
    shipped = yaml.safe_load((HERE.parent / "feeds.yaml").read_text(encoding="utf-8"))
    config.write_text(
        "hub:\n  title: Farm\n  fetch: {allow: [127.0.0.0/8]}\nmembers:\n"
        + "".join(members)
        + yaml.safe_dump({"tags": shipped["tags"]}, sort_keys=False, allow_unicode=True)
    )
    return [
        *(sys.executable, "-m", "hub", "poll", "--all", "--json"),
        *("--config", str(config), "--database", database or f"sqlite:///{folder}/hub.db"),
    ]


def reader_command(folder: Path, urls: list[str]) -> list[str]:
    """`reader` asked to update every feed, due or not, by four threads for each processor."""
    script = folder / "update.py"
    (folder / "urls.txt").write_text("\n".join(urls))
    script.write_text(
        "import sys\n"
        "from reader import make_reader\n"
        f"reader = make_reader({str(folder / 'reader.db')!r})\n"
        f"for url in open({str(folder / 'urls.txt')!r}).read().split():\n"
        "    reader.add_feed(url, exist_ok=True)\n"
        f"reader.update_feeds(scheduled=False, workers={(os.cpu_count() or 1) * 4})\n"
    )
    return [sys.executable, str(script)]


def fetch_only_command(folder: Path, urls: list[str]) -> list[str]:
    """A bare loop that downloads all, which no hub can outdo."""
    (folder / "urls.txt").write_text("\n".join(urls))
    return [sys.executable, str(HERE / "fetch_only.py"), str(folder / "urls.txt"), str(folder / "etags.json")]


def entries_stored(file: Path) -> int:
    with sqlite3.connect(file) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM entries").fetchone()
    connection.close()
    return int(count)


def touch(folder: Path) -> None:
    subprocess.run(
        [sys.executable, FARM, "touch", str(folder), "--share", "0.1"], check=True, stdout=subprocess.DEVNULL
    )


_COMMANDS: dict[str, Callable[[Path, list[str]], list[str]]] = {
    "hub": hub_command,
    "reader": reader_command,
    "fetch-only": fetch_only_command,
}


def run(arguments: argparse.Namespace) -> None:
    """Make the farm, run the rounds, print what each costs the hub and the others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # nginx reads as a user of its own.
        folder.chmod(0o755)
        with (
            farm(folder / "farm", arguments.feeds, arguments.entries) as urls,
            _postgresql(folder, arguments.vs, arguments.away) as (database, server),
        ):
            # Not before: the farm's server is an orphan too.
            ctypes.CDLL(None).prctl(_SUBREAPER, 1)
            _rounds(folder, urls, arguments, database, server)


@contextmanager
def _postgresql(
    folder: Path, peers: list[str], milliseconds: float
) -> Iterator[tuple[str | None, int | None]]:
    """The address of a database on a server, and the server's process, where the hub is measured with one."""
    if "postgresql" not in peers:
        yield None, None
        return
    from bench.away import away
    from bench.postgresql import database

    with database(folder / "postgresql") as (address, server):
        if not milliseconds:
            yield address, server
            return
        with away(address, milliseconds) as (further, took):
            print(f"\nPostgreSQL's server is {took:.1f} ms away")
            yield further, server


def _rounds(
    folder: Path, urls: list[str], arguments: argparse.Namespace, database: str | None, server: int | None
) -> None:
    peers: list[str] = arguments.vs
    by = "nginx" if shutil.which("nginx") else "aiohttp, slower than Debian's nginx-light"
    section(
        f"Rounds over {len(urls):,} feeds of {arguments.entries} entries on loopback, served by {by}",
        "hub",
        *chain.from_iterable((_named(peer), "ratio") for peer in peers),
    )
    commands = {who: command(folder, urls) for who, command in _COMMANDS.items() if who in ("hub", *peers)}
    if database is not None:
        commands["postgresql"] = hub_command(folder, urls, database)
    for name in ("cold", "unchanged", "10 % changed"):
        if name == "10 % changed":
            touch(folder / "farm")
        costs = {}
        for who, command in commands.items():
            with working(f"A round by {who}, {name}"):
                costs[who] = measured(command, server=server if who == "postgresql" else None)
        of_each: dict[str, tuple[int, Callable[[Cost], float]]] = {
            "feeds/s": (0, lambda cost: len(urls) / cost.wall),
            "CPU s per 1,000 feeds": (1, lambda cost: cost.cpu / len(urls) * 1000),
            "peak MiB": (0, lambda cost: cost.memory),
        }
        for what, (digits, of) in of_each.items():
            figures = {who: of(cost) for who, cost in costs.items()}
            row(
                f"{name}, {what}",
                f"{figures['hub']:,.{digits}f}",
                *chain.from_iterable(
                    (f"{figures[peer]:,.{digits}f}", _ratio(figures["hub"], figures[peer])) for peer in peers
                ),
            )
    stored = {
        who: f"{entries_stored(folder / f'{who}.db'):,}" for who in commands if who in ("hub", "reader")
    }
    row("entries stored", stored["hub"], *chain.from_iterable((stored.get(peer, ""), "") for peer in peers))


def _named(peer: str) -> str:
    """As the table's head has it; `postgresql` is the hub with one."""
    return f"reader {version('reader')}" if peer == "reader" else peer


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}" if theirs else ""
