"""A PostgreSQL server that hangs, answering nobody and breaking no connection; as processes and as it is."""

from __future__ import annotations

import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hub.errors import StoreSilent, StoreUnusable
from hub.store.postgres import PostgresStore
from tests.commands import Hub, get, within
from tests.postgresql import hanging
from tests.site import Site


@pytest.fixture
def hub(tmp_path: Path, postgresql: str, site: Site) -> Hub:
    """A hub that has polled."""
    made = Hub(tmp_path, on_server=postgresql)
    made.write({"east": [site.feed("/east", "A ward is opened")]})
    ran = made.run("poll")
    assert ran.returncode == 0, ran.stderr
    return made


def ask(address: str) -> tuple[int, str | None, float]:
    """The status of an answer, 0 where there is none, its Retry-After, and how many seconds it took."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, None, time.monotonic() - began
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], time.monotonic() - began
    except OSError:
        return 0, None, time.monotonic() - began


@contextmanager
def asking(*addresses: str) -> Iterator[list[tuple[int, str | None, float]]]:
    """What is answered to all of these at once, once the block has ended."""
    answers: list[tuple[int, str | None, float]] = []
    with ThreadPoolExecutor(len(addresses)) as threads:
        asked = [threads.submit(ask, address) for address in addresses]
        yield answers
        answers += [each.result() for each in asked]


def test_readers_are_asked_to_come_again_and_soon_all_are_at_once(hub: Hub) -> None:
    # Both at once: what most of the time goes into is that each waits for the server.
    with hub.serving("serve") as serve, hub.serving("run") as run:
        pages = [
            [address + path for path in ("/", "/feeds/all.atom", "/search?q=ward", "/status")] * 6
            for _, address in (serve, run)
        ]
        for _, address in (serve, run):
            assert within(20, lambda address=address: "A ward is opened" in get(address + "/"))
        with hanging():
            with asking(*pages[0]) as by_serve, asking(*pages[1]) as by_run:
                pass
            for first in (by_serve, by_run):
                assert {answer[:2] for answer in first} == {(503, "30")}
                assert max(seconds for *_, seconds in first) < 13
            with asking(*pages[0]) as by_serve, asking(*pages[1]) as by_run:
                pass
            for then in (by_serve, by_run):
                assert {answer[:2] for answer in then} == {(503, "30")}
                # One finds out for all whether it answers again.
                assert sum(seconds > 1 for *_, seconds in then) <= 2
            for _, address in (serve, run):
                assert ask(address + "/healthz")[0] == 200
                assert ask(address + "/readyz")[0] == 503
        for _, address in (serve, run):
            assert within(10, lambda address=address: ask(address + "/")[0] == 200)
        assert [[ask(page)[0] for page in each] for each in pages] == [[200] * len(each) for each in pages]
        for process, _ in (serve, run):
            process.terminate()
            _, err = process.communicate(timeout=10)
            assert process.returncode == 0
            assert err.count("requests are answered 503: The database ") == 1
            assert "does not answer: " in err
            assert err.count("requests are answered\n") == 1
            assert "Traceback" not in err


def test_a_command_that_is_told_to_end_while_the_server_hangs_ends(hub: Hub) -> None:
    with hub.serving("serve") as serve, hub.serving("run") as run:
        for _, address in (serve, run):
            assert within(20, lambda address=address: "A ward is opened" in get(address + "/"))
        paths = ("/", "/feeds/all.atom", "/search?q=ward", "/admin/", "/search?q=some")
        asked = [address + path for _, address in (serve, run) for path in paths * 3]
        with hanging(), asking(*asked):
            time.sleep(1)
            told = time.monotonic()
            for process, _ in (serve, run):
                process.send_signal(signal.SIGTERM)
            for process, _ in (serve, run):
                try:
                    _, err = process.communicate(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise
                assert time.monotonic() - told < 10
                assert process.returncode == 0, err
                assert "Traceback" not in err


def test_what_takes_too_long_for_a_reader_is_given_up_and_nothing_else_is(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.postgres.connection._FOR_READERS", "SET statement_timeout = '300ms'")
    with (
        closing(PostgresStore(hub.database, for_readers=True)) as readers,
        closing(PostgresStore(hub.database)) as others,
    ):
        for store in (readers, others):
            assert store.stories(limit=1).items
        with (
            pytest.raises(StoreUnusable, match=r"did not answer in time: canceling statement"),
            readers._errors(),
        ):
            readers._rows("SELECT pg_sleep(1)")
        with readers._writing():
            readers._rows("SELECT pg_sleep(0.5)")
        with pytest.raises(StoreUnusable), readers._reading():
            readers._rows("SELECT pg_sleep(1)")
        others._rows("SELECT pg_sleep(0.5)")
        assert readers.stories(limit=1).items


def test_a_reader_leaves_a_server_that_hangs_and_has_another_connection_afterwards(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.postgres.connection._READ_WITHIN", 0.5)
    with closing(PostgresStore(hub.database, for_readers=True)) as store:
        assert store.stories(limit=1).items
        with hanging(), pytest.raises(StoreSilent, match="does not answer: nothing was heard"):
            store.stories(limit=1)
        assert store.stories(limit=1).items
