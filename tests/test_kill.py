"""Nothing stored is lost, and nothing is stored twice, wherever a poll is killed, or a command."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.store import existing_store
from tests.commands import Hub
from tests.conftest import ROOT
from tests.files import serving_files
from tests.site import Site

FEEDS = 300
KILLS = 20


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


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


# A `hub` command that is killed as it is about to do a thing, of which Python tells (PEP 578), to a file of a
# folder for the nth time.
KILLED = """
import os, signal, sys
event, folder, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
def told(name, about):
    global left
    if name == event and os.fspath(about[0]).startswith(folder):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
from hub.cli import cli
sys.addaudithook(told)
cli(sys.argv[4:])
"""


def killed(hub: Hub, event: str, number: int, *arguments: str) -> bool:
    """Run a command that is killed before the nth of such events; whether there was one."""
    command = [sys.executable, "-c", KILLED, event, str(hub.folder), str(number), *arguments]
    environment = {**os.environ, "HUB_CONFIG": str(hub.config), "HUB_DATABASE": hub.database}
    ran = subprocess.run(command, env=environment, cwd=hub.folder, capture_output=True, text=True)
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    return ran.returncode != 0


def titles(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [title for (title,) in database.execute("SELECT title FROM entries ORDER BY key")]


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_a_restore_that_is_killed_loses_nothing_and_lets_no_hub_begin_with_nothing(
    hub: Hub, site: Site, moved: int
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    assert hub.run("poll").returncode == 0
    file, copy = hub.folder / "hub.db", hub.folder / "copy.db"
    assert hub.run("backup", str(copy)).returncode == 0
    # As a process that was killed leaves it.
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("SELECT COUNT(*) FROM entries").fetchall()
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE entries SET title = 'In the log'")
        log = (hub.folder / "hub.db-wal").read_bytes()
        beside = (hub.folder / "hub.db-shm").read_bytes()
    (hub.folder / "hub.db-wal").write_bytes(log)
    (hub.folder / "hub.db-shm").write_bytes(beside)

    # The database was moved away, then its log, then the other file; the copy was not put there.
    assert killed(hub, "os.rename", moved + 1, "restore", str(copy))
    assert not file.exists()
    for command in ("poll", "check"):
        refused = hub.run(command)
        assert refused.returncode == 1
        assert refused.stderr == (
            f"There is no database {file} just now: a backup is being put there, unless that was killed.\n"
            "    If it was, begin again: hub restore FILE."
            f" To begin with nothing instead, delete {hub.folder}/.hub.db.restored.\n"
        )
    # Nor does one after another that fails.
    assert hub.run("restore", str(hub.config)).returncode == 1
    assert hub.run("poll").returncode == 1

    restored = hub.run("restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert titles(file) == ["One"]
    (kept,) = hub.folder.glob("hub.db.*Z")
    assert titles(kept) == ["In the log"]
    assert not list(hub.folder.glob(".*restored*"))
    assert hub.run("check").returncode == 0


def test_an_edit_that_is_killed_leaves_the_file_whole_and_the_next_one_nothing_beside_it(hub: Hub) -> None:
    hub.write({"east": ["https://east.example.org/feed/"]})
    hub.config.chmod(0o640)
    before = hub.config.read_text(encoding="utf-8")
    add = ("feeds", "add", "https://east.example.org/blog/", "--member", "east", "--name", "blog", "--unseen")
    for _ in range(2):
        assert killed(hub, "os.rename", 1, *add)
        assert hub.config.read_text(encoding="utf-8") == before
    assert hub.run(*add).returncode == 0
    assert "https://east.example.org/blog/" in hub.config.read_text(encoding="utf-8")
    assert hub.config.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in hub.folder.iterdir()] == ["feeds.yaml"]
