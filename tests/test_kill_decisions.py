"""What an admin decides is done and on record, or neither, wherever its command or its page is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from hub.config import load
from hub.store import Store, existing_store
from tests.admin_hub import AdminHub
from tests.postgresql import new_store
from tests.test_web_admin_actions import HELD, HOLDING, OTHER, OURS, THEIRS
from tests.web_hub import EAST, NATIONAL, WESSEX, ago

# What is killed before the nth statement, once it is `armed`, that begins as one of some do.
_KILLED = """
import os, signal, sqlite3, sys
import psycopg
left, those, armed = int(sys.argv[1]), tuple(sys.argv[2].split("|")), False
def told(statement):
    global left
    said = statement.decode() if isinstance(statement, bytes) else str(statement)
    if armed and said.lstrip().startswith(those):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
def connecting(connect):
    def tracing(*more, **options):
        connection = connect(*more, **options)
        connection.set_trace_callback(told)
        return connection
    return tracing
def telling(method):
    def tell(cursor, statement, *more, **options):
        told(statement)
        return method(cursor, statement, *more, **options)
    return tell
sqlite3.connect = connecting(sqlite3.connect)
psycopg.Cursor.execute = telling(psycopg.Cursor.execute)
psycopg.Cursor.executemany = telling(psycopg.Cursor.executemany)
"""
_COMMAND = f"""{_KILLED}
from hub.cli import cli
armed = True
cli(sys.argv[3:])
"""
_PAGE = f"""{_KILLED}
from contextlib import closing
from pathlib import Path
from tests.test_kill_decisions import hub_in
with closing(hub_in(Path(sys.argv[3]), os.environ["HUB_DATABASE"])) as hub:
    assert hub.sign_in().status_code == 303
    armed = True
    hub.does(sys.argv[4], dict(each.split("=", 1) for each in sys.argv[5:]))
"""
# The beginnings of transactions that write, and what stands between what is done and the record of it.
_BOUNDS = "BEGIN IMMEDIATE|BEGIN ISOLATION LEVEL READ COMMITTED|INSERT INTO audit"


def hub_in(folder: Path, database: str) -> AdminHub:
    return AdminHub(folder, HOLDING, database=database)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[AdminHub]:
    """East's news with a copy of it by Wessex, other news of Wessex, and some of the nation's that waits."""
    with (
        new_store() if request.param == "postgresql" else nullcontext(None) as database,
        closing(AdminHub(tmp_path, HOLDING, database=database)) as made,
    ):
        made.enrol()
        made.publish(EAST, OURS, at=ago(hours=7))
        made.publish(WESSEX, THEIRS, OTHER, at=ago(hours=6))
        made.publish(NATIONAL, *HELD, at=ago(hours=5))
        yield made


def is_killed(hub: AdminHub, program: str, number: int, words: list[str], *, before: str) -> bool:
    """Run what is killed before the nth of such statements; whether it was."""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(number), before, *words],
        env={**os.environ, "HUB_DATABASE": hub.database, "HUB_CONFIG": str(hub.path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    return ran.returncode != 0


def decisions(store: Store) -> list[str]:
    """The actions on record, but for signing in."""
    return [each.action for each in store.audit(limit=100).items if each.action != "sign-in"]


def holds(store: Store, action: str) -> bool:
    """Whether what an action does to the news of these tests is done."""
    (other,) = store.find(OTHER.link or "")
    ours = store.find(OURS.link or "")[0]
    match action:
        case "withdraw":
            return other.standing == "withdrawn"
        case "pin":
            return store.pin_of(other.key) is not None
        case "tag":
            return any(each.entry == other.key for each in store.overrulings())
        case "merge":
            return other.story == ours.story
        case "invite":
            return any(each.name == "bob" for each in store.invitations(ago()))
    raise AssertionError(action)


def sweep(hub: AdminHub, program: str, words: list[str], action: str, *, before: str) -> int:
    """Kill it before each of such statements until it is done; how often it was killed."""
    for number in range(1, 1_000):
        was_killed = is_killed(hub, program, number, words, before=before)
        with closing(existing_store(hub.database)) as store:
            assert decisions(store) == ([action] if holds(store, action) else []), f"killed before {number}"
            assert was_killed or holds(store, action)
            if holds(store, action):
                return number if was_killed else number - 1
    raise AssertionError("It came to no end.")


@pytest.mark.parametrize(
    ("words", "action"),
    [
        (["withdraw", OTHER.link, "--why", "a slip"], "withdraw"),
        (["story", "merge", OTHER.link, OURS.link], "merge"),
        (["tag", OTHER.link, "stroke"], "tag"),
        (["user", "add", "bob"], "invite"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_command_that_is_killed_is_done_and_on_record_or_neither(
    hub: AdminHub, words: list[str], action: str
) -> None:
    assert sweep(hub, _COMMAND, words, action, before=f"{_BOUNDS}|COMMIT") > 1


def test_a_page_that_is_killed_has_done_and_recorded_what_was_asked_or_neither(hub: AdminHub) -> None:
    link = OTHER.link or ""
    words = [str(hub.path.parent), "/admin/do/withdraw", f"what={link}", "why=a slip"]
    assert sweep(hub, _PAGE, words, "withdraw", before=_BOUNDS) > 1


def test_a_feed_whose_entries_go_too_can_be_taken_out_again_after_a_kill(hub: AdminHub) -> None:
    words = ["feeds", "remove", "wessex/news", "--entries"]
    assert is_killed(hub, _COMMAND, 1, words, before="INSERT INTO audit")
    assert "wessex/news" not in map(str, (feed.key for feed in load(hub.path).feeds))
    assert hub.store.find(OTHER.link or "")
    assert decisions(hub.store) == []
    assert not is_killed(hub, _COMMAND, 2, words, before="INSERT INTO audit")
    assert not hub.store.find(OTHER.link or "")
    assert decisions(hub.store) == ["remove"]
