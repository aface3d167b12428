"""Every path of the hostile server, polled in one round beside ten good feeds, and what that costs.

    python -m bench.hostile_round [--keep DIR]

Starts bench/hostile.py on ports that are free, writes a feeds.yaml and runs
`hub poll --all` on it, under bench/meter.py, which samples the memory of the
whole process tree (PSS: shared pages counted once). Linux only. --keep leaves
feeds.yaml, the database and what the hub printed in DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
# What the hub may fetch here, and nothing else: the members' servers, and those of the /limit paths.
ALLOWED = (*(f"127.0.0.{n}/32" for n in (2, 3, 4, 5)), "127.0.0.16/28")
_MEMBERS = tuple(f"127.0.0.{n}" for n in (2, 3, 4, 5))
# Their answers name 127.0.0.2, or what they lead to is another's there.
_AT_HOME = ("/plain", "/redirect/", "/maintenance", "/loop/", "/spoof/", "/id/stolen", "/link/self-elsewhere")
_SLOW = ("/time/", "/bomb/", "/size/")
# Two that have a server to themselves, and the others beside the hostile ones.
_GOOD_HOSTS = ("127.0.0.30", "127.0.0.31", *_MEMBERS)
GOOD_FEEDS = 10
# Shorter than what a hub waits, so that a round ends in a minute; /time/late answers after 8 s.
_FETCH = {"host_delay": "0s", "first_byte": "10s", "whole": "12s"}
_LONGEST_ROUND = 280.0
# The meter has standard output for itself. Two processors, so that memory can
# be compared from machine to machine: each has a reader.
_ON_TWO_PROCESSORS = """
import os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_LINE = re.compile(r"^feed=(\S+)/\S+ outcome=(\w+)(?: status=\d+)? new=(\d+) updated=(\d+) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the hostile server's table, with the address to poll it at and a slug for its member.

    `expect` is entries, error, either or steps; `plain` counts the plain
    entries of a success.
    """

    path: str
    url: str
    good: str
    expect: str
    plain: int

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.path.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Poll:
    """How one feed's poll in a round ended."""

    outcome: str
    new: int
    updated: int


@dataclass(frozen=True, slots=True)
class Round:
    """A round that ended: its figures as `hub poll --json` prints them, its polls by slug, and its cost.

    `printed` is all that it wrote to standard error, `pss` the peak of its
    processes' memory in MiB.
    """

    status: int
    figures: dict[str, Any]
    polls: dict[str, Poll]
    printed: str
    seconds: float
    pss: float


def paths() -> tuple[str, ...]:
    """The paths of the hostile server, without starting it."""
    command = [sys.executable, str(BENCH / "hostile.py"), "--list", "--json"]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    return tuple(row["path"] for row in json.loads(printed))


class Hostile:
    """The hostile server while it runs, on `port` and the two after it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def rows(self) -> tuple[Row, ...]:
        """Its table, spread over its addresses, so that what is slow is not all at one."""
        table = json.loads(self._ask("/_list"))
        return tuple(
            Row(each["path"], url, each["good"], each["expect"], each["plain"])
            for each, url in zip(table, _spread(table), strict=True)
        )

    def good(self) -> tuple[Row, ...]:
        """Feeds with nothing wrong, to be polled beside the others."""
        rows = []
        for n in range(1, GOOD_FEEDS + 1):
            path, host = f"/polite/slow-feed-{n}", _GOOD_HOSTS[n % len(_GOOD_HOSTS)]
            rows.append(Row(path, f"http://{host}:{self.port}{path}", "entries", "entries", 3))
        return tuple(rows)

    def stats(self) -> dict[str, Any]:
        """What it has been asked so far."""
        stats: dict[str, Any] = json.loads(self._ask("/_stats"))
        return stats

    def reset(self) -> None:
        """Make it forget its counters, steps and promises."""
        self._ask("/_reset")

    def go_ahead(self, seconds: float) -> None:
        """Let its clock be so many seconds ahead, for what it promises and what it asks for."""
        self._ask(f"/_ahead?seconds={seconds}")

    def _ask(self, path: str) -> bytes:
        # 127.0.0.1 is no member's address, so that this is not counted with the polls.
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            body: bytes = answer.read()
        return body


def _spread(table: Sequence[dict[str, Any]]) -> Iterator[str]:
    load = dict.fromkeys(_MEMBERS, 0.0)
    for row in table:
        path, url = row["path"], row["url"]
        moves = url.startswith("http://127.0.0.2:") and not path.startswith(_AT_HOME)
        host = min(load, key=lambda host: load[host]) if moves else _MEMBERS[0]
        load[host] += 10.0 if path.startswith(_SLOW) or path == "/redirect/slow-chain" else 0.1
        yield url.replace("//127.0.0.2:", f"//{host}:", 1) if moves else url


@contextmanager
def serving(*, seconds: int) -> Iterator[Hostile]:
    """Run the hostile server for as long as this is open, and for no more than so many seconds."""
    port = _free_ports()
    command = [sys.executable, str(BENCH / "hostile.py"), "--port", str(port), "--for", str(seconds)]
    server = subprocess.Popen([*command, "--cap", "60"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        if "paths on" not in server.stdout.readline():
            raise RuntimeError("bench/hostile.py did not start; what it said is above")
        yield Hostile(port)
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _free_ports() -> int:
    """The first of three ports that nobody on this machine listens on."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000, 3):
        with ExitStack() as stack, suppress(OSError):
            for each in range(port, port + 3):
                stack.enter_context(socket.create_server(("", each)))
            return port
    raise RuntimeError("there are no three free ports in a row between 20,000 and 32,000")


def feeds_yaml(rows: Sequence[Row]) -> str:
    """A feeds.yaml with a member for each row."""
    fetch = ", ".join(f"{key}: {value}" for key, value in _FETCH.items())
    lines = [
        "hub:",
        "  title: Hostile news",
        "  url: https://news.example.org",
        "  timezone: Europe/London",
        f"  fetch: {{{fetch}, allow: [{', '.join(ALLOWED)}]}}",
        "members:",
    ]
    for row in rows:
        lines += [f"  - slug: {row.slug}", f"    name: Member {row.slug}"]
        lines += [f"    feeds: [{{url: {json.dumps(row.url)}}}]"]
    return "\n".join(lines) + "\n"


def poll(folder: Path) -> Round:
    """Run `hub poll --all --json` on the feeds.yaml and the hub.db of a folder."""
    out = folder / "figures.json"
    hub = [sys.executable, "-m", "hub", "poll", "--all", "--json", "--config", str(folder / "feeds.yaml")]
    hub += ["--database", f"sqlite:///{folder / 'hub.db'}"]
    meter = [sys.executable, str(BENCH / "meter.py"), "--", sys.executable, "-c", _ON_TWO_PROCESSORS]
    done = subprocess.run(
        [*meter, str(out), *hub],
        capture_output=True,
        text=True,
        timeout=_LONGEST_ROUND,
        cwd=BENCH.parent,
        check=False,
    )
    (folder / "printed.txt").write_text(done.stderr)
    cost = json.loads(done.stdout)
    polls = {slug: Poll(outcome, int(n), int(u)) for slug, outcome, n, u in _LINE.findall(done.stderr)}
    return Round(
        cost["status"],
        json.loads(out.read_text() or "{}"),
        polls,
        done.stderr,
        cost["wall"],
        cost["pss_mib"],
    )


def machine() -> str:
    """The machine in a line, for a figure that is quoted."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, {system}"


def main() -> None:
    """Run the round and print what it came to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="must be new")
    folder = parser.parse_args().keep
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "hub"
        folder.mkdir(parents=True)
        hostile = stack.enter_context(serving(seconds=600))
        rows = (*hostile.rows(), *hostile.good())
        (folder / "feeds.yaml").write_text(feeds_yaml(rows))
        ended = poll(folder)
        canary = hostile.stats()["canary"]["connections"]
    figures = ended.figures
    print(f"machine      {machine()}; the hub on two processors")
    print(f"duration     {ended.seconds:.1f} s")
    print(f"peak memory  {ended.pss:.0f} MiB (PSS of all its processes, sampled every half second)")
    for name in ("feeds", "fetched", "not_modified", "failed", "new", "updated"):
        print(f"{name:<13}{figures.get(name)}")
    print(f"canary       {canary} connections")
    sys.exit(ended.status)


if __name__ == "__main__":
    main()
