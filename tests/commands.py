"""The `hub` command as people run it: a process of its own, with files of its own."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Seconds for what only has to come, or to end: a few on a machine of its own, many on one that is shared.
SOON = 60.0
LOOPBACK = "hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 0s}\n"


@dataclass(frozen=True, slots=True)
class Hub:
    """A folder with a feeds.yaml and a database, and the command that works on them.

    The database is a file in the folder, unless it is `on_server` at that address.
    """

    folder: Path
    on_server: str | None = None

    @property
    def config(self) -> Path:
        return self.folder / "feeds.yaml"

    @property
    def database(self) -> str:
        return self.on_server or f"sqlite:///{self.folder}/hub.db"

    def write(self, members: dict[str, list[str]], *, more: str = "", head: str = LOOPBACK) -> None:
        """Make feeds.yaml of members' slugs and their feeds' URLs, with `more` YAML after them."""
        lines = [head + "members:"]
        for slug, urls in members.items():
            lines += [f"  - slug: {slug}", f"    name: Member {slug}", "    feeds:"]
            for number, url in enumerate(urls):
                lines += [f"      - url: {url}"] + ([f"        name: feed-{number}"] if number else [])
        self.config.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")

    def polls(self) -> int:
        """How many polls the database has on record."""
        with contextlib.closing(sqlite3.connect(self.folder / "hub.db")) as connection:
            try:
                return int(connection.execute("SELECT COUNT(*) FROM polls").fetchone()[0])
            except sqlite3.OperationalError:
                return 0

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "HUB_CONFIG": str(self.config), "HUB_DATABASE": self.database}
        return subprocess.Popen(
            [sys.executable, "-m", "hub", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=self.folder,
            process_group=0,
        )

    def run(self, *arguments: str, seconds: float = 2 * SOON) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with self.start(*arguments) as process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @contextlib.contextmanager
    def serving(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """A command that serves, and the address it says it serves; ended with the block."""
        with self.start(*arguments, "--port", "0") as process:
            assert process.stderr is not None
            greeting = process.stderr.readline()
            found = re.search(r"http://[\w.:\[\]]+", greeting)
            try:
                assert found, greeting + (
                    process.communicate(timeout=SOON)[1] if process.poll() is not None else ""
                )
                yield process, found[0].rstrip("/.")
            finally:
                process.terminate()
                process.communicate(timeout=end_within())


def times_slower() -> float:
    """By how much a machine that is shared takes longer: what waits for each of its processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def end_within() -> float:
    """Seconds in which whatever is told to end does."""
    return 10 * times_slower()


def descendants(pid: int) -> list[int]:
    """The processes that a process began, and those that they did."""
    out = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in out.splitlines())}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SOON) as answer:
        return str(answer.read().decode())


def within(seconds: float, happened: object) -> bool:
    """Whether `happened()` comes true in time."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return bool(happened())
