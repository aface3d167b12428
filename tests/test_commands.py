"""The commands, run as an admin runs them."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import mending, service
from hub.errors import HubError, StoreError
from hub.lock import LockFile, Purpose
from hub.machine import check_temporary_folder
from hub.polling import rounds
from hub.service import Place, _web_process
from hub.store import existing_store, open_store
from tests.commands import LOOPBACK, SOON, Hub, descendants, end_within, get, times_slower, within
from tests.older import older_database
from tests.site import Site, rss, serving


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def poll(hub: Hub, *arguments: str) -> dict[str, object]:
    done = hub.run("poll", "--json", *arguments)
    figures: dict[str, object] = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    return figures


# ---------------------------------------------------------------- hub poll


def test_a_round_tells_its_figures_as_one_object_and_its_progress_elsewhere(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One", "Two")], "west": [site.url + "/nowhere"]})
    done = hub.run("poll", "--json")
    figures = json.loads(done.stdout)
    assert figures.pop("seconds") > 0
    assert figures == {
        "feeds": 2,
        "fetched": 1,
        "not_modified": 0,
        "failed": 1,
        "new": 2,
        "updated": 0,
        "failures": [
            {
                "member": "west",
                "feed": site.url + "/nowhere",
                "error": figures["failures"][0]["error"],
                "remedy": figures["failures"][0]["remedy"],
            }
        ],
    }
    assert "404" in figures["failures"][0]["error"]
    assert figures["failures"][0]["remedy"]
    assert "feed=east/news outcome=fetched status=200 new=2 updated=0" in done.stderr
    assert done.returncode == 0


def test_a_summary_says_of_each_failing_feed_what_happened_and_what_to_do(hub: Hub, site: Site) -> None:
    hub.write({"west": [site.page("/west", "<!doctype html><title>Welcome</title>")]})
    done = hub.run("poll")
    assert "1 feed asked" in done.stdout
    assert f"west/news: {site.url}/west is an HTML page, not a feed" in done.stdout
    assert "Open it in a browser" in done.stdout


def test_a_second_round_asks_no_one_before_time_and_all_when_told_to(hub: Hub, site: Site) -> None:
    site.page("/east", rss(site.url, "One"), ETag='W/"odd, but theirs"', Last_Modified="yesterday")
    hub.write({"east": [site.url + "/east"]})
    assert poll(hub)["feeds"] == 1
    assert poll(hub)["feeds"] == 0
    assert poll(hub, "--all")["feeds"] == 1
    _, headers = site.asked[-1]
    assert headers["if-none-match"] == 'W/"odd, but theirs"'
    assert headers["if-modified-since"] == "yesterday"


def test_a_named_member_that_fails_fails_the_command(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")], "west": [site.url + "/nowhere"]})
    assert hub.run("poll", "east").returncode == 0
    assert hub.run("poll", "west").returncode == 1
    assert [path for path, _ in site.asked] == ["/east", "/nowhere"]


def test_a_member_that_is_not_there_is_bad_usage(hub: Hub, site: Site) -> None:
    hub.write({"wessex": [site.feed("/east", "One")]})
    done = hub.run("poll", "wesex")
    assert done.returncode == 2
    assert "There is no member 'wesex'" in done.stderr
    assert "Did you mean wessex?" in done.stderr
    assert site.asked == []


def test_the_next_address_is_tried_where_there_is_no_feed_and_remembered(hub: Hub, site: Site) -> None:
    site.page("/front", "<html><body>Welcome</body></html>")
    site.feed("/feed", "One")
    hub.write({})
    hub.config.write_text(
        f"{LOOPBACK}members:\n  - slug: east\n    name: East\n    feeds:\n"
        f"      - url: {site.url}/front\n        else: [{site.url}/gone, {site.url}/feed]\n"
    )
    assert poll(hub)["new"] == 1
    assert poll(hub, "--all")["failed"] == 0
    assert [path for path, _ in site.asked] == ["/front", "/gone", "/feed", "/feed"]


def test_a_server_that_is_unwell_is_not_asked_at_its_other_addresses(hub: Hub, site: Site) -> None:
    site.page("/feed", "busy", status=503)
    hub.config.write_text(
        f"{LOOPBACK}members:\n  - slug: east\n    name: East\n    feeds:\n"
        f"      - url: {site.url}/feed\n        else: [{site.url}/other]\n"
    )
    assert poll(hub)["failed"] == 1
    assert [path for path, _ in site.asked] == ["/feed"]


def test_a_retry_after_holds_also_for_a_round_over_all(hub: Hub, site: Site) -> None:
    site.page("/feed", "later", status=429, Retry_After="3600")
    hub.write({"east": [site.url + "/feed"]})
    assert poll(hub)["failed"] == 1
    done = hub.run("poll", "--all", "--json")
    assert json.loads(done.stdout)["feeds"] == 0
    assert "wants no request before" in done.stderr
    assert len(site.asked) == 1


def test_an_address_nobody_allowed_is_not_fetched(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]}, head="")
    figures = poll(hub)
    assert figures["failed"] == 1
    assert "127.0.0.1" in str(figures["failures"])
    assert "allow" in str(figures["failures"])
    assert site.asked == []


def test_a_broken_file_is_refused_with_all_its_errors_at_once(hub: Hub) -> None:
    hub.config.write_text("members:\n  - slug: East!\n    nam: East\n")
    done = hub.run("poll")
    assert done.returncode == 2
    assert "feeds.yaml:2:" in done.stderr
    assert "feeds.yaml:3:" in done.stderr
    assert not (hub.folder / "hub.db").exists()


def test_a_database_that_is_named_by_no_address_is_bad_usage(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    for address in ("hub.db", "sqlite://hub.db", "mysql://hub@db/hub", "postgresql://hub:secret"):
        done = hub.run("poll", "--json", "--database", address)
        assert (done.returncode, done.stdout) == (2, ""), address
        assert "is not the address of a database" in done.stderr
    # What is an address and leads nowhere has failed.
    assert hub.run("poll", "--database", f"sqlite:///{hub.folder}/nowhere/hub.db").returncode == 1
    assert site.asked == []


def test_what_a_command_has_no_use_for_changes_nothing(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    assert hub.run("poll").returncode == 0
    assert hub.run("backup", "copy.db", "--config", str(hub.config)).returncode == 0
    assert (hub.folder / "copy.db").exists()
    checked = hub.run("feeds", "check", "--database", "sqlite:///never.db")
    assert checked.stdout.startswith(f"{hub.config} is sound")
    assert not (hub.folder / "never.db").exists()


def test_a_round_ran_whatever_became_of_its_feeds_unless_a_member_was_named(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.url + "/gone"], "west": [site.url + "/gone-too"]})
    assert (poll(hub)["failed"], poll(hub, "--all")["failed"]) == (2, 2)
    hub.write({"east": [site.url + "/gone"], "west": [site.feed("/west", "One")]})
    assert poll(hub, "--all")["failed"] == 1
    assert hub.run("poll", "east").returncode == 1
    both = hub.run("poll", "east", "--all")
    assert both.returncode == 2
    assert "Name members, or say --all" in both.stderr


def test_a_round_in_which_nobody_can_be_reached_has_failed_and_says_so(hub: Hub) -> None:
    hub.write({name: [f"http://{name}.invalid/feed"] for name in ("east", "north", "west")})
    done = hub.run("poll", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["feeds"] == 0
    assert "Nobody can be reached, and no site of 3 members that were well" in done.stderr
    told = hub.run("poll").stdout
    assert "The round ended where nobody could be reached; what had come in is stored." in told


def test_two_rounds_at_once_take_turns(hub: Hub, site: Site) -> None:
    hub.write({f"m{number}": [site.feed(f"/{number}", "One", "Two")] for number in range(30)})
    rounds = [hub.start("poll", "--all", "--json") for _ in range(2)]
    ended = [process.communicate(timeout=60) for process in rounds]
    assert [process.returncode for process in rounds] == [0, 0], ended
    assert sorted(json.loads(out)["new"] for out, _ in ended) == [0, 60]
    assert json.loads(hub.run("poll", "--json", "--all").stdout)["new"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_round_that_waits_for_its_turn_ends_when_it_is_told_to(
    hub: Hub, site: Site, number: signal.Signals
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    other = LockFile(hub.folder / "hub.db", "poll")
    assert other.take()
    try:
        with hub.start("poll", "--json") as process:
            assert process.stderr is not None
            assert "Waiting for process" in process.stderr.readline()
            process.send_signal(number)
            out, err = process.communicate(timeout=end_within())
    finally:
        other.release()
    assert (process.returncode, json.loads(out)["feeds"]) == (130, 0), err
    assert site.asked == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_round_that_is_ended_keeps_what_came_in(hub: Hub, site: Site, number: signal.Signals) -> None:
    hub.write({"east": [site.feed("/east", "One")], "slow": ["http://127.0.0.2:9/feed"]})
    with serving("127.0.0.2") as slow:
        slow.feed("/feed", "Never")
        hub.write(
            {"east": [site.feed("/east", "One")], "west": [slow.url + "/1", slow.url + "/2"]},
            head="hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 1h}\n",
        )
        with hub.start("poll", "--json") as process:
            assert within(SOON, lambda: len(slow.asked) == 1 and hub.polls() == 2)
            process.send_signal(number)
            out, err = process.communicate(timeout=end_within())
    assert process.returncode == 130, err
    figures = json.loads(out)
    assert (figures["new"], figures["failed"]) == (1, 1)


def test_a_round_that_waits_for_whoever_holds_the_database_ends_when_it_is_told_to(
    hub: Hub, site: Site
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    assert hub.run("poll").returncode == 0
    with closing(sqlite3.connect(hub.folder / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # Half a minute it would wait, whatever it is told.
        with hub.start("poll", "--all") as process:
            lock = LockFile(hub.folder / "hub.db", "poll")
            assert within(SOON, lambda: lock.holder == f"process {process.pid}")
            time.sleep(1.5 * times_slower())  # nothing shows when it begins to wait
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=25)
    assert process.returncode == 1
    assert "is held by another program" in err
    assert "Traceback" not in err


def test_a_hub_that_waits_for_whoever_holds_the_database_ends_when_it_is_told_to(
    hub: Hub, site: Site
) -> None:
    often = LOOPBACK.replace("hub:", "hub:\n  every: {min: 1s, max: 1s}")
    hub.write({"east": [site.feed("/east", "One")]}, head=often)
    with hub.start("run", "--port", "0") as process:
        assert within(SOON, lambda: hub.polls() > 0)
        with closing(sqlite3.connect(hub.folder / "hub.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = len(site.asked)
            assert within(SOON, lambda: len(site.asked) > before)
            time.sleep(1.5 * times_slower())  # nothing shows when it has read that, and begins to wait
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=25)
    assert process.returncode == 0
    assert "is held by another program" in err
    assert "Traceback" not in err


# Of eight megabytes, which take a second to be read.
_LONG = rss("http://east.example/news", *(f"News {number}" for number in range(2_000)), text="words " * 700)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("command", [["poll"], ["run", "--port", "0"]])
def test_what_ends_all_processes_of_a_hub_at_once_is_no_fault_of_a_feed(
    hub: Hub, site: Site, command: list[str], number: signal.Signals
) -> None:
    hub.write({"east": [site.page("/east", _LONG)]})
    for seconds in (0.0, 0.3):
        site.asked.clear()
        if seconds:
            # Should the first have come too late, it is polled once more.
            with closing(sqlite3.connect(hub.folder / "hub.db")) as database, database:
                database.execute("UPDATE feeds SET next_poll = NULL")
        with hub.start(*command) as process:
            assert within(SOON, lambda: site.asked)
            time.sleep(seconds)
            os.killpg(process.pid, number)
            _, err = process.communicate(timeout=2 * end_within())
        assert process.returncode in (0, 130), err
        assert "Traceback" not in err
        assert "ended by itself" not in err
        with closing(existing_store(hub.database)) as store:
            (state,) = store.feed_states()
        assert (state.failures, state.error) == (0, None)


def test_a_look_at_a_feed_that_is_broken_off_twice_leaves_nothing_behind(
    hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.write({"east": [site.feed("/other", "One")]})
    left = hub.folder / "left"
    left.mkdir()
    monkeypatch.setenv("TMPDIR", str(left))
    # Whoever runs these tests in the background has them ignore it, and so do all that they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        started = hub.start("feeds", "check", site.page("/east", _LONG))
    finally:
        signal.signal(signal.SIGINT, before)
    with started as process:
        assert within(SOON, lambda: list(left.glob("hub-*")) and site.asked)
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert list(left.iterdir()) == []


# ---------------------------------------------------------------- hub run, hub serve


def test_a_hub_that_runs_polls_serves_and_takes_up_a_changed_file(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "First news")]})
    with hub.serving("run") as (process, address):
        assert within(SOON, lambda: "First news" in get(address + "/"))
        assert "First news" in get(address + "/feeds/all.atom")
        assert f"{address}/feeds/all.atom" in get(address + "/feeds/all.atom")
        hub.write({"east": [site.url + "/east"], "west": [site.feed("/west", "Second news")]})
        assert within(SOON, lambda: "Second news" in get(address + "/"))
        assert "Member west" in get(address + "/members")
        hub.config.write_text("members: nonsense\n")
        assert process.stderr is not None
        assert next(line for line in process.stderr if "feeds.yaml:1:" in line)
        assert "Second news" in get(address + "/")
        process.send_signal(signal.SIGTERM)
        # By the process that polls, and not by the one that serves too.
        assert "feeds.yaml:1:" not in process.stderr.read()
        assert process.wait(end_within()) == 0


def test_a_hub_whose_log_cannot_be_written_polls_on(hub: Hub, site: Site) -> None:
    often = LOOPBACK.replace("hub:", "hub:\n  every: {min: 1s, max: 1s}")
    hub.write({"east": [site.feed("/east", "One")]}, head=often)
    options = f"--port 0 --config {hub.config} --database {hub.database}"
    command = f"exec {sys.executable} -m hub run {options} 2>/dev/full"
    with subprocess.Popen(["/bin/sh", "-c", command], cwd=hub.folder) as process:
        try:
            assert within(SOON, lambda: hub.polls() > 1)
            assert process.poll() is None
        finally:
            process.terminate()


def test_a_changed_file_breaks_nothing_off(hub: Hub, site: Site) -> None:
    site.held["/slow"] = threading.Event()
    hub.write({"east": [site.feed("/slow", "Slowly")]})
    with hub.serving("run") as (process, address):
        assert within(SOON, lambda: site.asked)
        hub.write({"east": [f"{site.url}/slow"]}, more="# a comment\nmerged_feeds: []\n")
        assert process.stderr is not None
        assert next(line for line in process.stderr if "has changed; the hub goes on" in line)
        site.held["/slow"].set()
        assert within(SOON, lambda: "Slowly" in get(address + "/"))
    assert len(site.asked) == 1


def test_a_round_ordered_by_hand_gets_its_turn_beside_a_hub_that_always_polls(hub: Hub, site: Site) -> None:
    with serving("127.0.0.2") as slow:
        feeds = [slow.feed(f"/{number}", f"Slow {number}") for number in range(40)]
        slow.takes = {f"/{number}": 1.0 for number in range(40)}
        # The second is, until the other round waits for its turn.
        slow.held = {"/1": threading.Event()}
        patient = LOOPBACK.replace("0s}", "0s, first_byte: 200s, whole: 300s}")
        hub.write({"east": feeds, "west": [site.feed("/west", "Quickly")]}, head=patient)
        with hub.serving("run") as (_, address):
            assert within(SOON, lambda: len(slow.asked) == 2)
            with hub.start("poll", "west", "--json") as by_hand:
                assert by_hand.stderr is not None
                assert "Waiting for process" in by_hand.stderr.readline()
                slow.held["/1"].set()
                began = time.monotonic()
                by_hand.communicate(timeout=SOON)
            assert by_hand.returncode == 0
            assert len(slow.asked) < 10
            assert time.monotonic() - began < 15 * times_slower()
            before = len(slow.asked)
            # What had not begun is polled afterwards.
            assert within(SOON, lambda: len(slow.asked) > before + 1)
            assert within(SOON, lambda: "Slow 0" in get(address + "/"))
    assert [path for path, _ in slow.asked if path == "/0"] == ["/0"]


def test_a_hub_can_be_asked_before_its_first_round_has_ended(hub: Hub) -> None:
    with serving("127.0.0.2") as slow:
        slow.feed("/1", "One")
        slow.feed("/2", "Two")
        hub.write(
            {"east": [slow.url + "/1", slow.url + "/2"]},
            head="hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 1h}\n",
        )
        with hub.serving("run") as (_, address):
            assert get(address + "/healthz").startswith("ok")
            assert "under way" in get(address + "/") or "One" in get(address + "/")


def test_new_news_is_visible_soon_after_its_poll_is_due(hub: Hub, site: Site) -> None:
    hub.write(
        {"east": [site.feed("/east", "Old")]},
        head="hub:\n  every: {min: 1s, max: 1s}\n  fetch: {allow: [127.0.0.0/8], host_delay: 0s}\n",
    )
    with hub.serving("run") as (_, address):
        assert within(SOON, lambda: "Old" in get(address + "/feeds/all.atom"))
        site.feed("/east", "Fresh", "Old")
        assert within(SOON, lambda: "Fresh" in get(address + "/feeds/all.atom"))


def test_a_second_hub_on_a_database_is_told_who_holds_it(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    with hub.serving("run") as (process, _):
        second = hub.run("run", "--port", "0")
        assert second.returncode == 1
        assert f"Process {process.pid} runs a hub on" in second.stderr
        assert "--database" in second.stderr


def test_a_round_by_hand_beside_a_running_hub_goes_through(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    with hub.serving("run") as (_, address):
        assert within(SOON, lambda: "One" in get(address + "/"))
        site.feed("/east", "Two", "One")
        assert poll(hub, "--all")["new"] == 1
        assert within(SOON, lambda: "Two" in get(address + "/"))


def test_a_port_that_is_taken_is_said(hub: Hub, site: Site) -> None:
    hub.write({})
    port = site.url.rpartition(":")[2]
    for command in ("run", "serve"):
        done = hub.run(command, "--port", port)
        assert done.returncode == 1
        assert f"port {port}" in done.stderr
        assert "--port" in done.stderr


def test_a_hub_that_is_killed_leaves_no_process_behind(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    with hub.start("run", "--port", "0") as process:
        assert within(SOON, lambda: len(site.asked) > 0)
        children = descendants(process.pid)
        assert children
        process.kill()
        process.communicate(timeout=SOON)
    assert within(SOON, lambda: not any(alive(child) for child in children))


def test_a_web_view_whose_hub_was_killed_as_it_started_ends_without_a_word(
    hub: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.write({})
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    place = Place(config=hub.config, database=hub.database, host="127.0.0.1", port=0)
    ours.close()
    process = context.Process(target=_web_process, args=(place, theirs))
    process.start()
    process.join(SOON)
    assert process.exitcode == 0
    assert capfd.readouterr().err == ""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# The number of Linux's call `write`, which /proc shows while a process is at it.
_WRITE = {"x86_64": "1", "aarch64": "64"}


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in _WRITE,
    reason="looks at processes as Linux shows them",
)
def test_a_reader_that_is_killed_in_the_middle_of_what_it_sends_costs_no_entry(hub: Hub, site: Site) -> None:
    # Of what is read in each of them, more is sent than a pipe holds.
    slugs, titles = ("east", "north", "south", "west"), [f"Ward {number} opens" for number in range(100)]
    hub.write({slug: [site.feed(f"/{slug}", *titles, text=f"{slug} " * 800)] for slug in slugs})
    with hub.start("poll", "--json") as process:
        try:
            assert within(SOON, lambda: stopped_while_one_sends(process.pid))
            os.kill(sending(process.pid)[0], signal.SIGKILL)
            process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    figures = json.loads(out)
    assert (figures["fetched"], figures["new"]) == (len(slugs), len(slugs) * len(titles))
    assert re.search(
        rf"^The process that read {site.url}/\w+ was ended \(signal 9\); another one reads it\.$", err, re.M
    )


def stopped_while_one_sends(pid: int) -> bool:
    """Stop a hub that reads, so that nobody takes what its readers send, if one of them comes to that."""
    # What starts readers, what frees what they leave, and a reader: before it has one, nothing is waited for.
    if len(descendants(pid)) < 3:
        return False
    os.kill(pid, signal.SIGSTOP)
    if within(1, lambda: sending(pid)):
        return True
    os.kill(pid, signal.SIGCONT)
    return False


def sending(pid: int) -> list[int]:
    """Those of a hub's processes that wait until somebody takes what they send."""
    calls = {each: Path(f"/proc/{each}/syscall").read_text().split()[0] for each in descendants(pid)}
    return [each for each, call in calls.items() if call == _WRITE[platform.machine()]]


def test_the_pages_alone_are_served_from_what_is_stored(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    with hub.serving("serve") as (_, address):
        assert "One" in get(address + "/")
        site.feed("/east", "Two", "One")
        poll(hub, "--all")
        assert "Two" in get(address + "/")


def test_the_pages_alone_take_up_a_changed_file(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    with hub.serving("serve") as (process, address):
        assert "Member west" not in get(address + "/members")
        hub.write({"east": [site.url + "/east"], "west": [site.url + "/west"]})
        assert within(SOON, lambda: "Member west" in get(address + "/members"))
        hub.config.write_text("members: nonsense\n")
        assert "Member west" in get(address + "/members")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=end_within())
    assert err.count("feeds.yaml:1:") == 1


# ---------------------------------------------------------------- care


def test_changed_rules_are_applied_to_what_is_stored(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "A stroke trial", "Asthma")]})
    poll(hub)
    rules = "tags:\n  - {term: stroke, label: Stroke, any: [stroke]}\n"
    hub.write({"east": [site.url + "/east"]}, more=rules)
    assert hub.run("retag").stdout == "1 of 2 entries changed their tags.\n"
    assert hub.run("retag").stdout == "0 of 2 entries changed their tags.\n"
    with hub.serving("serve") as (_, address):
        assert "A stroke trial" in get(address + "/tag/stroke")


def test_a_backup_and_a_check(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy.db"
    assert hub.run("backup", str(copy)).returncode == 0
    checked = hub.run("check", "--database", f"sqlite:///{copy}")
    assert (checked.returncode, checked.stdout) == (0, f"sqlite:///{copy} is sound.\n")
    again = hub.run("backup", str(copy))
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_a_backup_before_an_upgrade_is_what_the_earlier_hub_wrote(hub: Hub) -> None:
    file, copy = hub.folder / "hub.db", hub.folder / "copy.db"
    older_database(file, before="m022_since_when_feeds_fail_alike").close()
    before = file.read_bytes()
    done = hub.run("backup", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_bytes() == before
    dumps = []
    for each in (file, copy):
        with closing(sqlite3.connect(each)) as database:
            dumps.append(list(database.iterdump()))
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize("purpose", ["run", "poll"])
def test_an_earlier_hub_that_is_at_work_keeps_its_database(hub: Hub, site: Site, purpose: Purpose) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    file, copy = hub.folder / "hub.db", hub.folder / "copy.db"
    with closing(older_database(file, before="m022_since_when_feeds_fail_alike")) as older:
        older.execute("PRAGMA journal_mode = WAL")
    before = file.read_bytes()
    earlier = LockFile(file, purpose)
    assert earlier.take()
    for command in ("check", "poll", "run", "serve"):
        refused = hub.run(command)
        assert refused.returncode == 1
        assert refused.stderr == (
            f"An earlier hub is at work on {file} (process {os.getpid()}).\n"
            "    Stop it first, make a backup with `hub backup FILE`, then begin again.\n"
        )
    assert hub.run("backup", str(copy)).returncode == 0
    assert file.read_bytes() == before
    earlier.release()
    # It was stopped.
    done = hub.run("poll")
    assert "hub.db is of an earlier hub, and is changed over." in done.stderr
    assert "1 new entry" in done.stdout
    assert hub.run("restore", str(copy)).returncode == 0
    assert not list(hub.folder.glob(".*restored*"))


def test_a_hub_that_runs_changes_the_database_of_an_earlier_one_over(hub: Hub) -> None:
    hub.write({})
    older_database(hub.folder / "hub.db", before="m022_since_when_feeds_fail_alike").close()
    with hub.start("run", "--port", "0") as process:
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(2)]
        second = hub.run("run", "--port", "0")
        process.terminate()
        process.communicate(timeout=end_within())
    assert "is changed over" in told[0]
    assert "News at" in told[1]
    assert f"Process {process.pid} runs a hub on" in second.stderr


def test_a_backup_is_put_back_whatever_a_crash_left_beside_the_database(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy, file = hub.folder / "copy.db", hub.folder / "hub.db"
    assert hub.run("backup", str(copy)).returncode == 0
    site.feed("/east", "One", "Two", "Three")
    poll(hub, "--all")
    # As a process that was killed leaves it.
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("SELECT COUNT(*) FROM entries").fetchall()
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE entries SET title = 'Lost'")
        log = (hub.folder / "hub.db-wal").read_bytes()
    assert log
    (hub.folder / "hub.db-wal").write_bytes(log)
    restored = hub.run("restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert f"{file} is what {copy} holds." in restored.stdout
    (kept,) = re.findall(r"What was there is (.+)\.", restored.stdout)
    assert hub.run("check").stdout.endswith("is sound.\n")
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT title FROM entries").fetchall() == [("One",)]
    # It was the wrong one: what was there is put back, with its log.
    back = hub.run("restore", kept)
    assert back.returncode == 0, back.stderr
    assert f"{file} is what {kept} holds, with what is in {kept}-wal." in back.stdout
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT title FROM entries").fetchall() == [("Lost",)] * 3
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("SELECT title FROM entries").fetchall() == [("Lost",)] * 3
    assert not list(hub.folder.glob(".*restored*"))
    assert copy.exists()


def test_what_was_left_beside_a_backup_and_spoils_it_is_told_of(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy.db"
    assert hub.run("backup", str(copy)).returncode == 0
    # The log of another database, in which each page is another one.
    with closing(sqlite3.connect(hub.folder / "other.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE entries (title)")
        other.commit()
        log = (hub.folder / "other.db-wal").read_bytes()
    left = hub.folder / "copy.db-wal"
    left.write_bytes(log)
    refused = hub.run("restore", str(copy))
    assert refused.returncode == 1
    assert f"{copy} cannot be put back, with what is in {left}: " in refused.stderr
    assert f"take another, or move {left} away if it is left of another file.\n" in refused.stderr
    left.unlink()
    assert hub.run("restore", str(copy)).returncode == 0


def test_what_a_restore_that_was_killed_left_is_no_part_of_the_next(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy.db"
    assert hub.run("backup", str(copy)).returncode == 0
    # A backup with a log that has to be put back too, of which the copy was killed.
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        database.execute("UPDATE entries SET title = 'Never in the copy'")
        database.commit()
        (hub.folder / ".hub.db.restored-wal").write_bytes((hub.folder / "hub.db-wal").read_bytes())
    assert hub.run("restore", str(copy)).returncode == 0
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        assert database.execute("SELECT title FROM entries").fetchall() == [("One",)]
    assert not list(hub.folder.glob(".*restored*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_restore_that_is_ended_leaves_nothing_and_changes_nothing(hub: Hub, number: int) -> None:
    # Large enough to be looked through for a while.
    with closing(older_database(hub.folder / "copy.db", before="m022_since_when_feeds_fail_alike")) as large:
        large.execute("CREATE TABLE more (text)")
        large.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
            " INSERT INTO more SELECT hex(randomblob(150)) FROM n"
        )
        large.execute("CREATE INDEX more_text ON more (text)")
        large.commit()
    with hub.start("restore", str(hub.folder / "copy.db")) as process:
        assert process.stderr is not None
        assert "Looking through" in process.stderr.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not list(hub.folder.glob(".*restored*"))
    assert not (hub.folder / "hub.db").exists()


def test_no_backup_that_is_put_back_takes_the_name_of_what_another_replaced(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy, file = hub.folder / "copy.db", hub.folder / "hub.db"
    assert hub.run("backup", str(copy)).returncode == 0
    first = file.read_bytes()
    for _ in range(2):
        mending.restore(hub.database, copy, now=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert (hub.folder / "hub.db.20261101-120000Z").read_bytes() == first
    assert (hub.folder / "hub.db.20261101-120000Z-2").exists()


def test_a_backup_is_not_to_blame_for_a_full_disk(
    hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy.db"
    assert hub.run("backup", str(copy)).returncode == 0

    def full(_database: str) -> tuple[str, ...]:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise StoreError(f"The database refused: {error}.", "Look at the disk's free space.") from error

    monkeypatch.setattr(mending, "checked", full)
    with pytest.raises(StoreError, match=r"disk is full\. Nothing was changed\.") as told:
        mending.restore(hub.database, copy, now=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert told.value.remedy == "Look at the disk's free space."
    assert not list(hub.folder.glob(".*restored*"))


def test_what_is_no_sound_backup_is_not_put_back(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    before = (hub.folder / "hub.db").read_bytes()
    (hub.folder / "notes").write_text("These are my notes, and no database. " * 100)
    for name, said in (("notes", "is no database"), ("nothing", "No such file"), ("..", "cannot be copied")):
        refused = hub.run("restore", str(hub.folder / name))
        assert refused.returncode == 1
        assert said in refused.stderr
    assert (hub.folder / "hub.db").read_bytes() == before
    with hub.serving("run"):
        busy = hub.run("restore", str(hub.folder / "hub.db"))
    assert busy.returncode == 1
    assert "A hub is at work on" in busy.stderr


def test_what_root_polls_is_left_to_the_user_that_the_hub_runs_as(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    for lock in hub.folder.glob("*.lock"):
        lock.unlink()
    # Only root can give files away.
    owner = (12345, 12345) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(hub.folder / "hub.db", *owner)
    poll(hub)
    (lock,) = hub.folder.glob("*.poll.lock")
    assert (lock.stat().st_uid, lock.stat().st_gid) == owner


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """What is new may be read by everybody, as most systems have it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
@pytest.mark.parametrize("first", ["poll", "restore"])
def test_nobody_else_on_the_machine_reads_a_database(hub: Hub, first: str) -> None:
    hub.write({})
    poll(hub)
    backup, place = hub.folder / "backup.db", hub.folder / "place"
    assert hub.run("backup", str(backup)).returncode == 0
    place.mkdir()
    arguments = (str(backup),) if first == "restore" else ()
    done = hub.run(first, *arguments, "--database", f"sqlite:///{place}/hub.db")
    assert done.returncode == 0, done.stderr
    for file in (place / "hub.db", backup):
        assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("first", ["poll", "restore"])
def test_what_root_begins_is_left_to_the_owner_of_its_folder(hub: Hub, first: str) -> None:
    hub.write({})
    poll(hub)
    place = hub.folder / "place"
    place.mkdir()
    os.chown(place, 12345, 12346)
    arguments = (str(hub.folder / "hub.db"),) if first == "restore" else ()
    done = hub.run(first, *arguments, "--database", f"sqlite:///{place}/hub.db")
    assert done.returncode == 0, done.stderr
    assert (place / "hub.db").exists()
    assert {(file.stat().st_uid, file.stat().st_gid) for file in place.iterdir()} == {(12345, 12346)}


def test_one_database_has_one_hub_whatever_name_it_is_asked_for_by(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    (hub.folder / "here").mkdir()
    with hub.serving("run"):
        (hub.folder / "here" / "link.db").symlink_to(hub.folder / "hub.db")
        second = hub.run("run", "--port", "0", "--database", f"sqlite:///{hub.folder}/here/link.db")
    assert second.returncode == 1
    assert "runs a hub on" in second.stderr


def test_a_round_without_anywhere_to_tell_of_it_is_polled_all_the_same(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    command = f"exec {sys.executable} -m hub poll --config {hub.config} --database {hub.database} >&- 2>&-"
    ran = subprocess.run(["/bin/sh", "-c", command], cwd=hub.folder, timeout=60, check=False)
    assert ran.returncode == 0
    assert hub.polls() == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_round_that_cannot_be_told_of_for_a_full_disk_says_so(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    command = f"exec {sys.executable} -m hub poll --config {hub.config} --database {hub.database} >/dev/full"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=hub.folder, timeout=60, check=False, stderr=subprocess.PIPE, text=True
    )
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[1:] == [
        "Not all could be written: No space left on device.",
        "    Look at the disk's free space.",
    ]
    assert hub.polls() == 1


def test_where_standard_input_is_closed_no_feeds_come_in(hub: Hub) -> None:
    hub.write({})
    command = f"exec {sys.executable} -m hub feeds import - --config {hub.config} <&-"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=hub.folder, timeout=60, check=False, stderr=subprocess.PIPE, text=True
    )
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert "OPML" in ran.stderr


def test_a_check_says_what_to_do_and_mends_what_is_made_of_the_entries(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    file = hub.folder / "hub.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE member_counts SET entries = 7")
    told = hub.run("check")
    assert (told.returncode, told.stdout) == (
        1,
        "the counts of members do not agree with the entries in 2 places\n",
    )
    assert "`hub check --mend` makes anew" in told.stderr
    lock = LockFile(file, "poll")
    assert lock.take()
    refused = hub.run("check", "--mend")
    lock.release()
    assert refused.returncode == 1
    assert "is polling with this database.\n    Wait until it has ended" in refused.stderr
    mended = hub.run("check", "--mend")
    assert (mended.returncode, mended.stdout) == (0, f"{hub.database} is sound.\n")
    assert "Making the counts of members anew …\n" in mended.stderr
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE entries SET lead = 0")
    left = hub.run("check", "--mend")
    assert (left.returncode, left.stdout) == (1, "1 stories do not have exactly one lead\n")
    assert "cannot be made anew" in left.stderr


@pytest.mark.parametrize("command", ["poll", "run", "demo", "feeds check http://127.0.0.1/"])
def test_a_temporary_folder_of_too_long_a_name_is_told_at_the_start(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    hub.write({})
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    ran = hub.run(*command.split())
    assert ran.returncode == 1
    first, second = ran.stderr.splitlines()
    assert str(folder) in first
    assert second.startswith("    Set TMPDIR to ")
    assert not (hub.folder / "hub.db").exists()


def test_where_no_temporary_folder_can_be_written_to_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    with pytest.raises(HubError, match="temporary files") as told:
        check_temporary_folder()
    assert "TMPDIR" in told.value.remedy


def test_by_a_clock_that_was_not_set_nothing_is_dated(
    hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    for module in (rounds, service):
        monkeypatch.setattr(module, "utc_now", lambda: datetime(1970, 1, 1, 0, 2, tzinfo=UTC))
    with pytest.raises(HubError, match="clock is wrong: it says 1 January 1970") as told:
        rounds.poll_once(hub.config, hub.database)
    assert "timedatectl" in told.value.remedy
    with pytest.raises(HubError, match="clock is wrong"):
        service.run(Place(config=hub.config, database=hub.database, host="127.0.0.1", port=0))
    assert site.asked == []
    assert not (hub.folder / "hub.db").exists()


def test_a_check_of_no_database_makes_none(hub: Hub) -> None:
    done = hub.run("check")
    assert done.returncode == 1
    assert "There is no database" in done.stderr
    assert list(hub.folder.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "restore", "poll"])
def test_in_a_folder_that_is_not_there_no_hub_begins(hub: Hub, command: str) -> None:
    hub.write({})
    poll(hub)
    mistyped = hub.folder / "mistyped"
    arguments = (str(hub.folder / "hub.db"),) if command == "restore" else ()
    done = hub.run(command, *arguments, "--database", f"sqlite:///{mistyped}/hub.db")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "folder" in done.stderr
    assert not mistyped.exists()


def test_a_lock_is_held_on_a_full_disk_and_what_cannot_be_locked_is_told(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "hub.db", "poll")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # To a process a disk that takes nothing more is the same as a file that may not grow.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        assert lock.take()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert lock.holder == "another process"
    assert not LockFile(tmp_path / "hub.db", "poll").take()
    lock.release()
    (tmp_path / "other.db.poll.lock").mkdir()
    with pytest.raises(StoreError, match="lock beside the database cannot be taken"):
        LockFile(tmp_path / "other.db", "poll").take()


def test_a_database_that_a_full_disk_keeps_from_being_opened_is_told_with_what_to_look_at(hub: Hub) -> None:
    open_store(hub.database).close()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(StoreError, match="cannot be opened: disk I/O error") as told:
            open_store(hub.database)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "can be written to and has room" in told.value.remedy


# ---------------------------------------------------------------- hub feeds


def test_a_feed_is_added_with_its_title_and_polled(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]}, more="# a comment of mine\n")
    added = hub.run("feeds", "add", site.feed("/west", "Two"))
    assert added.returncode == 0, added.stderr
    assert "# a comment of mine" in hub.config.read_text()
    assert poll(hub)["new"] == 2


def test_what_is_no_feed_is_not_added_and_the_file_stays(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    before = hub.config.read_bytes()
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/east"></head></html>'
    refused = hub.run("feeds", "add", site.page("/", page))
    assert refused.returncode == 1
    assert f"Add the right one of them: `hub feeds add {site.url}/east`" in refused.stderr
    unseen = hub.run("feeds", "add", site.url + "/nothing")
    assert unseen.returncode == 1
    assert "--unseen" in unseen.stderr
    assert hub.config.read_bytes() == before
    assert hub.run("feeds", "add", site.url + "/nothing", "--unseen").returncode == 0


def test_what_is_no_address_is_not_asked_and_feeds_yaml_not_blamed(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    for wrong in ("http://", "ftp://east.example/", "https://me:secret@east.example/", "east.example"):
        told = hub.run("feeds", "check", wrong)
        assert told.returncode == 2
        assert told.stderr.endswith("Nothing was asked.\n")
    assert hub.run("feeds", "check", site.url.replace("http", "HTTP") + "/east").returncode == 0


def test_a_feed_is_shown_before_it_is_added(hub: Hub, site: Site) -> None:
    rules = "tags:\n  - {term: stroke, label: Stroke, any: [stroke]}\n"
    hub.write({"east": [site.feed("/east", "One")]}, more=rules)
    shown = hub.run("feeds", "check", site.feed("/west", "A stroke trial")).stdout
    assert "1 entry" in shown
    assert "A stroke trial" in shown
    assert "stroke: ‘stroke’ in the title" in shown


def test_the_command_that_adds_a_feed_is_shown_as_a_shell_takes_it(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    address = site.feed("/?feed=rss2&cat=3", "Two")
    shown = hub.run("feeds", "check", address).stdout
    assert shown.endswith(f"\nAdd it with: hub feeds add '{address}'\n")


def test_a_new_member_and_a_redirect_are_told_when_a_feed_is_added(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    site.page("/old", "", status=301, Location=site.feed("/new", "Two"))
    told = f"{site.url}/old redirects for good to {site.url}/new, which "
    shown = hub.run("feeds", "check", f"{site.url}/old").stdout
    assert f"{told}is the address to add." in shown
    assert shown.endswith(f"Add it with: hub feeds add {site.url}/new\n")
    added = hub.run("feeds", "add", f"{site.url}/old", "--member", "easst").stdout
    assert added.startswith(f"{told}was added.\neasst is a new member, beside east.\neasst/news is in ")
    assert f"url: {site.url}/new" in hub.config.read_text()
    known = hub.run("feeds", "add", site.feed("/more", "Three"), "--member", "east").stdout
    assert known.startswith("east/news-2 is in ")


def test_a_feed_is_removed_and_its_entries_only_when_told_to(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")], "west": [site.feed("/west", "Two")]})
    poll(hub)
    assert hub.run("feeds", "remove", "east").returncode == 0
    assert hub.run("feeds", "remove", site.url + "/west", "--entries").returncode == 0
    with hub.serving("serve") as (_, address):
        home = get(address + "/")
    assert "One" in home
    assert "Two" not in home


@pytest.mark.parametrize("target", ["east", "east/news", "{url}"])
def test_the_entries_of_what_has_left_the_file_are_taken_out_afterwards(
    hub: Hub, site: Site, target: str
) -> None:
    url = site.feed("/east", "One")
    hub.write({"east": [url], "west": [site.feed("/west", "Two")]})
    poll(hub)
    hub.write({"west": [site.url + "/west"]})
    done = hub.run("feeds", "remove", target.format(url=url), "--entries")
    assert done.stdout.endswith("feeds.yaml; 1 entry taken out of the database.\n"), done.stderr
    with closing(existing_store(hub.database)) as store:
        assert [stored.entry.title for stored in store.walk()] == ["Two"]
        assert [each.member.slug for each in store.members(datetime.now(UTC))] == ["west"]
    again = hub.run("feeds", "remove", target.format(url=url), "--entries")
    assert again.returncode != 0
    assert "no member and no feed is" in again.stderr


def test_a_member_that_is_removed_with_its_entries_is_not_there_any_more(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")], "west": [site.feed("/west", "Two")]})
    poll(hub)
    assert hub.run("feeds", "remove", "east", "--entries").returncode == 0
    with closing(existing_store(hub.database)) as store:
        assert [each.member.slug for each in store.members(datetime.now(UTC))] == ["west"]


def test_a_list_of_feeds_goes_out_and_comes_in(hub: Hub, site: Site, tmp_path: Path) -> None:
    hub.write({"east": [site.url + "/east"], "west": [site.url + "/1", site.url + "/2"]})
    exported = hub.run("feeds", "export").stdout
    other = Hub(tmp_path / "other")
    other.folder.mkdir()
    other.write({})
    file = tmp_path / "list.opml"
    file.write_text(exported)
    added = other.run("feeds", "import", str(file)).stdout
    assert added.startswith("3 feeds added")
    assert added.endswith("\n2 members are new: member-east, member-west.\n")
    again = other.run("feeds", "import", str(file)).stdout
    assert again.startswith("0 feeds added")
    assert "3 were there already" in again
    assert other.run("feeds", "check").stdout.count("3 feeds") == 1
