"""Nothing stored is lost, and nothing is stored twice, wherever a poll is killed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import existing_store
from tests.commands import Hub
from tests.conftest import ROOT
from tests.files import serving_files

FEEDS = 300
KILLS = 20


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The URLs of a farm of feeds, served on loopback."""
    folder = tmp_path_factory.mktemp("farm")
    make = [sys.executable, str(ROOT / "bench" / "farm.py"), "make", str(folder / "farm")]
    subprocess.run([*make, "--feeds", str(FEEDS), "--entries", "4"], check=True, capture_output=True)
    root = folder / "farm" / "root"
    with serving_files(root) as address:
        yield [f"{address}/{file.relative_to(root)}" for file in sorted(root.glob("*/feed.*"))]


def stored(file: Path) -> list[tuple[str, ...]]:
    """All that the publishers said, and which entries are one story."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute(
            "SELECT e.member, e.id, e.title, e.link, e.published, e.content, e.details,"
            " (SELECT group_concat(o.member || ' ' || o.id, ',') FROM"
            "  (SELECT member, id FROM entries WHERE story = e.story ORDER BY member, id) o)"
            " FROM entries e ORDER BY e.member, e.id"
        ).fetchall()
    connection.close()
    return rows


def test_a_poll_killed_at_any_moment_ends_in_the_same_state_after_the_next(
    farm: list[str], tmp_path: Path
) -> None:
    undisturbed, disturbed = Hub(tmp_path / "undisturbed"), Hub(tmp_path / "disturbed")
    for hub in (undisturbed, disturbed):
        hub.folder.mkdir()
        hub.write({f"m{number}": [url] for number, url in enumerate(farm)})
    assert undisturbed.run("poll", "--all").returncode == 0
    began = time.monotonic()
    assert undisturbed.run("poll", "--all").returncode == 0
    unchanged_round = time.monotonic() - began

    moments = random.Random(20)
    killed = 0
    longest = unchanged_round
    for _ in range(5 * KILLS):
        # `--all` so that also the feeds already polled are asked again.
        with disturbed.start("poll", "--all") as process:
            time.sleep(moments.uniform(0.2, 1.0) * longest)
            if process.poll() is None:
                killed += 1
            else:
                # The machine is quicker than it was when the round was measured.
                longest *= 0.9
            process.kill()
            process.communicate()
        if killed == KILLS:
            break
    assert killed == KILLS
    assert disturbed.run("poll", "--all").returncode == 0

    assert len(stored(undisturbed.folder / "hub.db")) == FEEDS * 4
    assert stored(disturbed.folder / "hub.db") == stored(undisturbed.folder / "hub.db")
    store = existing_store(disturbed.database)
    assert store.check() == ()
    store.close()
