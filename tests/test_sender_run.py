"""Merged feeds that are pushed, as people run it: from one hub to another, and with `hub poll` by cron."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.commands import SOON, Hub, end_within, get, times_slower, within
from tests.publishing import ALLOWED, ask
from tests.site import Site
from tests.test_subscriber import atom, free_port, pushed_feed
from tests.websub_hub import websub_hub
from tests.websub_reader import Reader, websub_reader


@pytest.fixture
def reader() -> Iterator[Reader]:
    with websub_reader() as running:
        yield running


def hub_at(folder: Path, port: int, feed: str) -> Hub:
    """A hub that others reach at a port, with one feed."""
    folder.mkdir()
    hub = Hub(folder)
    hub.write({"east": [feed]}, head=f"hub:\n  url: http://127.0.0.1:{port}\n  {ALLOWED}\n")
    return hub


def tells(feed: str, words: str) -> bool:
    """Whether a merged feed has these words, of a hub that may just be starting."""
    with suppress(OSError):
        return words in get(feed)
    return False


def count(hub: Hub, table: str) -> int:
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        return int(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def test_news_goes_from_hub_to_hub_within_a_second(tmp_path: Path, site: Site, reader: Reader) -> None:
    first, second = free_port(), free_port()
    topic = f"http://127.0.0.1:{first}/feeds/all.atom"
    with websub_hub() as theirs:
        one = hub_at(tmp_path / "one", first, pushed_feed(site, theirs, "Ward opens"))
        other = hub_at(tmp_path / "other", second, topic)
        with one.start("run", "--port", str(first)) as publishes:
            try:
                assert within(SOON, lambda: theirs.subscriptions), theirs.answers
                assert within(SOON, lambda: tells(topic, "Ward opens"))
                with other.start("run", "--port", str(second)) as subscribes:
                    try:
                        assert within(SOON, lambda: count(one, "subscribers") == 1)
                        (wanted,) = theirs.subscriptions.values()
                        assert theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves")).status == 202
                        assert within(SOON, lambda: tells(topic, "Clinic moves"))
                        stored = time.monotonic()
                        others = f"http://127.0.0.1:{second}/feeds/all.atom"
                        assert within(SOON, lambda: tells(others, "Clinic moves"))
                        took = time.monotonic() - stored
                    finally:
                        subscribes.terminate()
                        _, said = subscribes.communicate(timeout=end_within())
            finally:
                publishes.terminate()
                publishes.communicate(timeout=end_within())
    assert "pushed=yes new=1" in said, said
    # Alone on a machine, half a second; not where it is shared.
    assert took < 5 * times_slower(), took


def test_with_hub_poll_by_cron_each_round_asks_and_sends(tmp_path: Path, site: Site, reader: Reader) -> None:
    port = free_port()
    hub = hub_at(tmp_path / "hub", port, site.feed("/feed", "Ward opens"))
    assert hub.run("poll").returncode == 0
    with hub.start("serve", "--port", str(port)) as serves:
        try:
            address = f"http://127.0.0.1:{port}"
            topic = f"{address}/feeds/all.atom"
            assert within(SOON, lambda: tells(topic, "Ward opens"))
            said = ask(address, mode="subscribe", topic=topic, callback=f"{reader.url}/me", secret="s3cret")
            assert said.status == 202
            assert hub.run("poll").returncode == 0
            assert reader.modes() == ["subscribe"]
            site.feed("/feed", "Clinic moves", "Ward opens")
            done = hub.run("poll", "--all", "--json")
            assert done.returncode == 0
            (pushed,) = reader.pushed
            assert b"Clinic moves" in pushed.body
            assert pushed.is_signed_with("s3cret")
            assert "s3cret" not in done.stdout + done.stderr
            assert hub.run("poll", "--all").returncode == 0
            assert len(reader.pushed) == 1
        finally:
            serves.terminate()
            _, log = serves.communicate(timeout=end_within())
    assert "s3cret" not in log


def test_a_hub_that_is_killed_with_something_to_send_sends_it_once_it_is_back(
    tmp_path: Path, site: Site, reader: Reader
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    hub = hub_at(tmp_path / "hub", port, site.feed("/feed", "Ward opens"))
    with hub.start("run", "--port", str(port)) as process:
        try:
            topic = f"{address}/feeds/all.rss"
            assert within(SOON, lambda: tells(topic, "Ward opens"))
            assert ask(address, mode="subscribe", topic=topic, callback=f"{reader.url}/me").status == 202
            assert within(SOON, lambda: count(hub, "subscribers") == 1)
        finally:
            process.kill()
            process.communicate(timeout=SOON)
    site.feed("/feed", "Clinic moves", "Ward opens")
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        database.execute("UPDATE feeds SET next_poll = NULL")
        database.commit()
    with hub.start("run", "--port", str(port)) as process:
        try:
            assert within(SOON, lambda: reader.pushed)
            assert b"Clinic moves" in reader.pushed[0].body
        finally:
            process.terminate()
            process.communicate(timeout=end_within())
