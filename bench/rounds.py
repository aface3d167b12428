"""How fast are rounds over many ordinary feeds, beside another reader and beside downloading alone?

    make bench                       2,000 feeds of 20 entries: a cold round, an unchanged one, 10 % changed
    make bench ARGS="--feeds 200"    a smaller farm
    make bench ARGS="--vs reader"    the same rounds by `reader` (Python, feedparser, SQLite), in turns
    make bench ARGS="--vs fetch-only"    the floor: a bare pycurl loop that throws away what it gets

The hub does all that it does: sanitising, stories, the shipped rules' tags,
full text.

Needs Linux and Debian's nginx-light. Everything stays on loopback. Machines
are noisy: quote ratios from one run, and medians of several.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import resource
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
from math import ceil
from pathlib import Path

import yaml

from bench import meter

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


def measured(command: list[str]) -> Cost:
    """Run a command to the end of its last process."""
    before = _cpu()
    began = time.monotonic()
    # As it is installed anywhere: Python compiles what it loads once, and not at each start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.2):
            peak = max(peak, _memory(os.getpid()) - own)

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
    return Cost(wall, _cpu() - before, peak)


def _memory(root: int) -> float:
    """MiB of a tree of processes, shared pages counted once."""
    return float(meter.pss([root]))  # type: ignore[no-untyped-call]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def hub_command(folder: Path, urls: list[str]) -> list[str]:
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
    database = f"sqlite:///{folder}/hub.db"
    return [
        *(sys.executable, "-m", "hub", "poll", "--all", "--json"),
        *("--config", str(config), "--database", database),
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


def entries_stored(file: Path, table: str) -> int:
    with sqlite3.connect(file) as connection:
        (count,) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    connection.close()
    return int(count)


def touch(folder: Path) -> None:
    subprocess.run(
        [sys.executable, FARM, "touch", str(folder), "--share", "0.1"], check=True, stdout=subprocess.DEVNULL
    )


_PEERS: dict[str, Callable[[Path, list[str]], list[str]]] = {
    "reader": reader_command,
    "fetch-only": fetch_only_command,
}


def main() -> None:
    """Make the farm, run the rounds, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--entries", type=int, default=20)
    parser.add_argument(
        "--vs",
        action="append",
        choices=list(_PEERS),
        default=[],
        help="another reader, or the floor, in the same run; may be given twice",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # nginx reads as a user of its own.
        folder.chmod(0o755)
        with farm(folder / "farm", arguments.feeds, arguments.entries) as urls:
            # Not before: the farm's server is an orphan too.
            ctypes.CDLL(None).prctl(_SUBREAPER, 1)
            _table(folder, urls, arguments.vs)


def _table(folder: Path, urls: list[str], peers: list[str]) -> None:
    commands = {"hub": hub_command} | {peer: _PEERS[peer] for peer in peers}
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, feedparser {version('feedparser')}"
        + (f", reader {version('reader')}" if "reader" in peers else "")
    )
    print(f"{len(urls):,} feeds on loopback by nginx\n")
    print(f"{'round':<14}{'by':<12}{'seconds':>9}{'feeds/s':>9}{'CPU s per 1,000':>17}{'peak MiB':>10}")
    ready = {who: command(folder, urls) for who, command in commands.items()}
    for name in ("cold", "unchanged", "10 % changed"):
        if name == "10 % changed":
            touch(folder / "farm")
        costs = {who: measured(command) for who, command in ready.items()}
        for who, cost in costs.items():
            print(
                f"{name:<14}{who:<12}{cost.wall:>9.2f}{len(urls) / cost.wall:>9.0f}"
                f"{cost.cpu / len(urls) * 1000:>17.1f}{cost.memory:>10.0f}",
                flush=True,
            )
        for peer in peers:
            wall, cpu = costs[peer].wall / costs["hub"].wall, costs["hub"].cpu / costs[peer].cpu
            print(f"{'':<14}hub: {wall:.2f} of {peer}'s feeds/s, {cpu:.2f} of its CPU a feed", flush=True)
    print()
    for who in ready:
        if who == "fetch-only":
            continue
        print(f"{entries_stored(folder / f'{who}.db', 'entries'):,} entries stored by {who}")


if __name__ == "__main__":
    main()
