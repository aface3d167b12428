"""`hub run` and its workers: who polls what, on one database, as processes and over a network as they are."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from hub import machine
from hub.errors import StoreError
from hub.jobs import Queue, make_ready, shard_of
from hub.said import ahead_of
from hub.store import company_of, open_store
from hub.store.postgres.workers import make_tables
from tests.commands import Hub, end_within, within
from tests.postgresql import as_superuser, programs
from tests.site import Site, serving

# A process starts in a second or two, and in a minute where the machine is shared by many.
_SOON = 60.0
# For hosts that take longer than all that a test does meanwhile.
_PATIENT = "hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 0s, first_byte: 200s, whole: 300s}\n"
_LONG_PAUSES = "hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 60s}\n"


class Running:
    """A command that runs, and the lines that it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def says(self, words: str, *, seconds: float = _SOON) -> None:
        assert within(seconds, lambda: any(words in line for line in self.lines)), (words, self.lines)

    def polled(self) -> list[str]:
        """The feeds of which it said that it has polled them."""
        return [line.partition(" ")[0][len("feed=") :] for line in self.lines if line.startswith("feed=")]

    def has_polled(self, feed: str, times: int) -> None:
        """Wait until it has said so, which is after others see what came of it; and no more often."""
        assert within(_SOON, lambda: self.polled().count(feed) >= times), self.lines
        assert self.polled().count(feed) == times

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it, as soon as all that is told to does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(end_within())
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._reading.join()
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe is not None
                pipe.close()


class Network:
    """Hosts with a feed each, a `hub run` that polls them, its workers, and their database."""

    def __init__(self, folder: Path, address: str) -> None:
        self.hub = Hub(folder, address)
        open_store(address).close()
        self._database = psycopg.connect(address, autocommit=True)
        self._ends = contextlib.ExitStack()
        self._ends.callback(self._database.close)

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def sites(self, count: int) -> list[Site]:
        """So many hosts."""
        return [self._ends.enter_context(serving(f"127.0.8.{number}")) for number in range(1, count + 1)]

    def neighbours(self, count: int) -> list[Site]:
        """So many hosts of one shard."""
        by_shard: dict[int, list[str]] = {}
        for address in (f"127.0.9.{number}" for number in range(1, 255)):
            by_shard.setdefault(shard_of(address), []).append(address)
        addresses = max(by_shard.values(), key=len)[:count]
        return [self._ends.enter_context(serving(address)) for address in addresses]

    def start(self, *arguments: str, hub: Hub | None = None) -> Running:
        running = Running((hub or self.hub).start(*arguments))
        self._ends.callback(running.end, signal.SIGKILL)
        return running

    def run(self) -> Running:
        """`hub run`, once it has polled all there is."""
        running = self.start("run", "--port", "0")

        def done() -> bool:
            feeds = self.value("SELECT count(*) FROM feeds")
            return feeds > 0 and not self.due() and len(running.polled()) >= feeds

        assert within(_SOON, done), running.lines
        return running

    def worker(self, run: Running) -> Running:
        """A worker, once it is at work and `hub run` knows."""
        before = self.workers()
        running = self.start("worker")
        assert within(_SOON, lambda: self.workers() == before + 1), running.lines
        run.says("is handed out to")
        return running

    def workers(self) -> int:
        if not self.value("SELECT count(*) FROM pg_tables WHERE tablename = 'procrastinate_workers'"):
            return 0
        return self.value("SELECT count(*) FROM hub_jobs.procrastinate_workers")

    def jobs(self) -> int:
        return self.value("SELECT count(*) FROM hub_jobs.procrastinate_jobs")

    def connections(self, of: Running) -> int:
        return self.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND starts_with(application_name, 'hub, process {of.process.pid} on ')"
        )

    def make_due(self, member: str = "") -> None:
        """Have all feeds be due now, or a member's."""
        self._database.execute(
            "UPDATE feeds SET next_poll = '2020-01-01T00:00:00.000000Z' WHERE %s IN ('', member)", (member,)
        )

    def due(self) -> int:
        return self.value(
            "SELECT count(*) FROM feeds WHERE configured = 1 AND (next_poll IS NULL OR next_poll < '2021')"
        )

    def at_work(self) -> int:
        """The number of the worker that has the one job there is."""
        return self.value("SELECT worker_id FROM hub_jobs.procrastinate_jobs WHERE status = 'doing'")

    def age(self, worker: int | None = None) -> None:
        """Have no worker have shown a sign of life for a minute, or not this one."""
        self._database.execute(
            "UPDATE hub_jobs.procrastinate_workers SET last_heartbeat = now() - interval '60 s'"
            " WHERE id = coalesce(%s, id)",
            (worker,),
        )

    def end_what_waits(self, running: Running) -> int:
        """Break the connections by which a process waits for others; how many."""
        ((ended,),) = as_superuser(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name LIKE %s AND wait_event_type = 'Lock'",
            (f"hub, process {running.process.pid} %",),
        )
        return int(ended)

    def end_connections(self, running: Running) -> None:
        """Break all the connections of a process."""
        as_superuser(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
            (f"hub, process {running.process.pid} %",),
        )

    def set_servers_clock(self, ahead: str) -> None:
        """Put it so much forward, for connections that are opened after the first time."""
        self._database.execute(
            "CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            f" AS $$ SELECT pg_catalog.clock_timestamp() + interval '{ahead}' $$".encode()
        )
        name = self._database.info.dbname
        self._database.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog".encode())

    def value(self, statement: str) -> int:
        row = self._database.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def network(tmp_path: Path, postgresql: str) -> Iterator[Network]:
    with Network(tmp_path, postgresql) as made:
        yield made


def asked(site: Site, path: str) -> Callable[[], bool]:
    return lambda: any(each == path for each, _ in site.asked)


def test_two_workers_poll_all_that_is_due_and_nothing_twice(network: Network) -> None:
    *sites, large = network.sites(24)
    feeds = {f"m{number}": [site.feed("/feed", "First")] for number, site in enumerate(sites)}
    # More than are one job.
    feeds["large"] = [large.feed(f"/{number}", f"Large {number}") for number in range(25)]
    network.hub.write(feeds, head=_PATIENT)
    run = network.run()
    workers = [network.worker(run), network.worker(run)]
    by_itself = run.polled()
    large.asked.clear()
    go_on = threading.Event()
    for site in sites:
        site.feed("/feed", "Second", "First")
        # So that one worker alone is not done with all before the other has begun.
        site.held["/feed"] = go_on
        site.asked.clear()
    network.make_due()
    at_work = "SELECT count(DISTINCT worker_id) FROM hub_jobs.procrastinate_jobs WHERE status = 'doing'"
    assert within(_SOON, lambda: network.value(at_work) == 2)
    go_on.set()
    assert within(_SOON, lambda: not network.due())
    assert [len(site.asked) for site in (*sites, large)] == [1] * 23 + [25]
    assert network.value("SELECT count(*) FROM entries") == 71
    assert within(_SOON, lambda: network.jobs() == 0)
    assert within(_SOON, lambda: sum(len(worker.polled()) for worker in workers) >= 48)
    polled = [worker.polled() for worker in workers]
    assert all(polled)
    assert len(polled[0]) + len(polled[1]) == len({*polled[0], *polled[1]}) == 48
    assert run.polled() == by_itself
    assert [each.end() for each in (*workers, run)] == [0, 0, 0]


def at_work_on_a_slow_host(
    network: Network, *, until: threading.Event | None = None, brings: Sequence[str] = ("First",)
) -> tuple[Site, Running, Running]:
    """A host, of feed `a`, that a worker has just asked and that takes so long; `hub run`; the worker."""
    slow, quick = network.sites(2)
    feeds = {"a": [slow.feed("/feed", "First")], "b": [quick.feed("/feed", "First")]}
    network.hub.write(feeds, head=_PATIENT)
    run = network.run()
    worker = network.worker(run)
    slow.held["/feed"] = until or threading.Event()
    slow.asked.clear()
    slow.feed("/feed", *brings)
    network.make_due()
    assert within(_SOON, asked(slow, "/feed"))
    return slow, run, worker


def test_while_a_slow_host_is_polled_others_are_as_they_fall_due(network: Network) -> None:
    slow, quick = network.sites(2)  # of two shards
    feeds = {"slow": [slow.feed("/feed", "First")], "quick": [quick.feed("/feed", "First")]}
    network.hub.write(feeds, head=_PATIENT)
    run = network.run()
    network.worker(run)
    slow.held["/feed"] = threading.Event()
    slow.asked.clear()
    quick.asked.clear()
    network.make_due("slow")
    assert within(_SOON, asked(slow, "/feed"))
    network.make_due("quick")
    assert within(_SOON, asked(quick, "/feed"))
    assert network.due() >= 1


def test_a_slow_host_keeps_no_other_of_its_shard_waiting(network: Network) -> None:
    slow, *quick = network.neighbours(4)
    feeds = {f"m{n}": [site.feed("/feed", "First")] for n, site in enumerate((slow, *quick))}
    network.hub.write(feeds, head=_PATIENT)
    run = network.run()
    worker = network.worker(run)
    slow.held["/feed"] = threading.Event()
    for site in (slow, *quick):
        site.asked.clear()
    network.make_due("m0")
    assert within(_SOON, asked(slow, "/feed"))
    for number, site in enumerate(quick, 1):
        network.make_due(f"m{number}")
        assert within(30, asked(site, "/feed"))
    # One that was polled is so again.
    network.make_due("m1")
    assert within(30, lambda: len(quick[0].asked) == 2)
    assert within(30, lambda: network.due() == 1)
    assert (network.jobs(), len(slow.asked)) == (1, 1)
    worker.end(signal.SIGKILL)
    network.age()
    slow.held.clear()
    network.make_due("m2")
    assert within(_SOON, lambda: not network.due())
    assert (len(slow.asked), len(quick[1].asked)) == (2, 2)


def test_a_job_ends_though_something_falls_due_all_the_time(network: Network) -> None:
    sites = network.neighbours(3)
    head = "hub:\n  every: {min: 1s, max: 1s}\n  fetch: {allow: [127.0.0.0/8], host_delay: 0s}\n"
    feeds = {f"m{n}": [site.feed("/feed", "First")] for n, site in enumerate(sites)}
    network.hub.write(feeds, head=head)
    run = network.start("run", "--port", "0")
    network.worker(run)
    for site in sites:
        site.takes["/feed"] = 1.5
    jobs: set[int] = set()

    def several() -> bool:
        jobs.add(network.value("SELECT coalesce(max(id), 0) FROM hub_jobs.procrastinate_jobs"))
        return len(jobs) > 4

    assert within(60, several)
    for site in sites:
        spans = sorted(site.spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_what_a_killed_worker_was_at_another_one_polls(network: Network) -> None:
    slow, run, first = at_work_on_a_slow_host(network, brings=("Second", "First"))
    slow.held.clear()
    killed = network.at_work()
    second = network.worker(run)
    first.process.kill()
    first.process.wait()
    network.age(killed)
    assert within(_SOON, lambda: not network.due())
    second.has_polled("a/news", 1)
    assert network.value("SELECT count(*) FROM entries") == 3


def test_what_a_worker_holds_that_hangs_is_free_once_it_counts_as_gone(network: Network) -> None:
    slow, run, worker = at_work_on_a_slow_host(network)
    assert within(_SOON, lambda: network.value("SELECT count(*) FROM feeds WHERE next_poll < '2021'") == 1)
    slow.held.clear()
    assert network.connections(worker) > 2
    worker.process.send_signal(signal.SIGSTOP)
    network.age()
    assert within(_SOON, lambda: not network.connections(worker))
    assert within(_SOON, lambda: not network.due())
    assert network.connections(run) > 2
    run.has_polled("a/news", 2)
    # It goes on as after any server that went away.
    worker.process.send_signal(signal.SIGCONT)
    worker.says("The ")
    assert worker.end() == 0


def test_a_worker_that_hangs_in_a_hosts_pause_does_not_keep_hub_run_from_the_host(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]}, head=_LONG_PAUSES)
    run = network.run()
    worker = network.worker(run)
    network.make_due()
    assert within(_SOON, lambda: worker.polled() == ["a/news"] and not network.jobs())
    worker.process.send_signal(signal.SIGSTOP)
    network.age()
    run.says("There is no worker any more")
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    run.has_polled("a/news", 2)


@pytest.mark.parametrize("command", [("run", "--port", "0"), ("poll",)])
def test_who_polls_by_itself_waits_for_a_host_at_which_another_is(
    network: Network, command: tuple[str, ...]
) -> None:
    # Such as a worker that hung, and goes on.
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    with contextlib.closing(company_of(network.hub.database)) as other:
        assert other.take(["127.0.8.1"])
        network.start(*command)
        assert within(_SOON, lambda: network.due() == 1)
        assert not within(2, lambda: site.asked)
        other.leave(["127.0.8.1"])
        assert within(_SOON, lambda: not network.due())


def test_a_host_is_asked_once_at_a_time_and_after_a_pause_by_all_together(network: Network) -> None:
    host, *others = network.sites(20)
    feeds = {"host": [host.feed(f"/{number}", "First") for number in range(3)]}
    for number, other in enumerate(others):
        # Found at a host of another shard.
        other.page("/feed", "", status=302, Location=host.feed(f"/of-{number}", f"News {number}"))
        feeds[f"m{number}"] = [f"{other.url}/feed"]
    network.hub.write(feeds, head="hub:\n  fetch: {allow: [127.0.0.0/8], host_delay: 200ms}\n")
    run = network.run()
    workers = [network.worker(run), network.worker(run)]
    host.takes = {f"/of-{number}": 0.05 for number in range(19)}
    host.spans.clear()
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    assert within(_SOON, lambda: all(worker.polled() for worker in workers))
    assert len(host.spans) == 22
    spans = sorted(host.spans)
    assert min(after[0] - before[1] for before, after in pairwise(spans)) > 0.19


def test_a_worker_with_another_feeds_yaml_polls_nothing_and_says_what_to_do(
    network: Network, tmp_path: Path
) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    other = Hub(tmp_path / "other", network.hub.database)
    other.folder.mkdir()
    other.write({"a": [site.feed("/feed", "First")], "b": [site.url + "/b"]})
    waiting = network.start("worker", hub=other)
    waiting.says("Waiting for a `hub run`")
    run = network.run()
    waiting.says(f"Nothing is polled here: `hub run`, process {run.process.pid} on ")
    waiting.says("Copy its file here")
    site.asked.clear()
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    assert (len(site.asked), waiting.polled()) == (1, [])
    shutil.copy(network.hub.config, other.config)
    run.says("is handed out to 1 worker")
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    waiting.has_polled("a/news", 1)
    assert len([line for line in waiting.lines if "Nothing is polled here" in line]) == 1
    # A changed file is taken up by whoever has it first, and nobody polls by another.
    network.hub.write({"a": [site.feed("/feed", "First")], "c": [site.feed("/c", "First")]})
    run.says("There is no worker any more")
    assert within(_SOON, lambda: not network.due() and network.value("SELECT count(*) FROM feeds") == 2)
    assert within(_SOON, lambda: network.workers() == 0)


def test_a_worker_that_is_stopped_gives_back_what_it_is_at_and_hub_run_polls_on(network: Network) -> None:
    slow, run, worker = at_work_on_a_slow_host(network)
    slow.held.clear()
    assert worker.end() == 0
    run.says("There is no worker any more")
    # At once: nobody has to find out that it is gone.
    assert within(10, lambda: not network.due())
    run.has_polled("a/news", 2)
    assert (network.jobs(), network.workers()) == (0, 0)


def test_a_worker_by_another_clock_than_the_servers_polls_nothing_and_says_what_to_do(
    network: Network,
) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    network.set_servers_clock("1 hour")
    run = network.run()
    worker = network.start("worker")
    worker.says("Nothing is polled here: this machine's clock is ")
    worker.says(" behind the database server's.")
    worker.says("Set it right (timedatectl)")
    assert network.workers() == 0
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    assert worker.polled() == []
    network.set_servers_clock("0")
    run.says("is handed out to 1 worker")
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    worker.has_polled("a/news", 1)
    assert len([line for line in worker.lines if "this machine's clock" in line]) == 1


@pytest.mark.parametrize(
    ("ahead", "within", "told"),
    [
        (0, 0, None),
        (5, 0, None),
        (-5, 0, None),
        (6, 0, "6 s ahead of"),
        (-3598, 0, "59 min 58 s behind"),
        (3 * 3600 + 5, 0, "3 h 5 s ahead of"),
        # The server may have answered at any moment between.
        (4, 20, None),
        (-24, 20, None),
        (-27, 20, "17 s behind"),
    ],
)
def test_clocks_are_apart_by_more_than_the_time_of_a_question(
    ahead: int, within: int, told: str | None
) -> None:
    servers = datetime(2026, 12, 1, tzinfo=UTC)
    ours = servers + timedelta(seconds=ahead)
    apart = machine.clock_apart(ours, servers, timedelta(seconds=within))
    assert (apart and ahead_of(apart)) == told


def test_a_worker_that_is_cut_off_breaks_off_what_it_asks_at_once(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    run = network.run()
    worker = network.worker(run)
    with socket.create_server(("127.0.8.99", 0)) as silent:
        silent.settimeout(_SOON)
        at = f"http://127.0.8.99:{silent.getsockname()[1]}/"
        site.page("/feed", "", status=302, Location=at)
        network.make_due()
        request, _ = silent.accept()
        with request:
            assert request.recv(65_536).startswith(b"GET ")
            network.end_connections(worker)
            # Others may ask that host from then on, and must not be beside it.
            request.settimeout(10)
            assert request.recv(1) == b""
    worker.says(" broke: ")


def test_a_job_whose_end_could_not_be_written_is_offered_again(network: Network) -> None:
    go_on = threading.Event()
    _, _, worker = at_work_on_a_slow_host(network, until=go_on)
    with psycopg.connect(network.hub.database) as holds:
        holds.execute("SELECT * FROM hub_jobs.procrastinate_jobs FOR UPDATE")
        go_on.set()
        assert within(_SOON, lambda: bool(network.end_what_waits(worker)))
    worker.says("The jobs in the database ")
    assert within(_SOON, lambda: network.jobs() == 0)
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    # In a sentence, and what to do.
    assert not [line for line in worker.lines if "never retrieved" in line or "Traceback" in line]
    assert len([line for line in worker.lines if "The jobs in the database " in line]) == 1


def test_a_round_by_hand_waits_for_the_workers(network: Network) -> None:
    slow, *others = network.sites(3)
    feeds = {f"m{n}": [site.feed("/feed", "First")] for n, site in enumerate((slow, *others))}
    network.hub.write(feeds, head=_PATIENT)
    run = network.run()
    worker = network.worker(run)
    go_on = threading.Event()
    slow.held["/feed"] = go_on
    slow.asked.clear()
    network.make_due()
    assert within(_SOON, asked(slow, "/feed"))
    by_hand = network.start("poll", "--all")
    by_hand.says(f"Waiting for process {run.process.pid} on ")
    assert not by_hand.polled()
    go_on.set()
    assert by_hand.process.wait(_SOON) == 0
    by_hand.end()
    worker.has_polled("m0/news", 1)
    assert sorted(by_hand.polled()) == ["m0/news", "m1/news", "m2/news"]

    # Afterwards it goes on as before.
    def is_handed_out() -> bool:
        # By itself the hub polls only what falls due before it knows of the worker again.
        network.make_due()
        assert within(_SOON, lambda: not network.due())
        return worker.polled().count("m0/news") > 1

    assert within(_SOON, is_handed_out)
    assert all(before[1] <= after[0] for before, after in pairwise(sorted(slow.spans)))


def test_jobs_that_a_killed_hub_left_are_not_done_beside_another_hub(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]}, head=_PATIENT)
    run = network.run()
    worker = network.worker(run)
    site.held["/feed"] = threading.Event()
    site.asked.clear()
    network.make_due()
    assert within(_SOON, asked(site, "/feed"))
    run.process.kill()
    run.end()
    worker.says("Waiting for a `hub run`")
    worker.process.kill()
    worker.end()
    site.held.clear()
    site.asked.clear()
    network.age()
    assert network.jobs() == 1
    again = network.start("run", "--port", "0")
    assert within(_SOON, lambda: not network.due() and network.jobs() == 0)
    again.has_polled("a/news", 1)
    assert len(site.asked) == 1


def test_one_machine_needs_no_worker(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.write({"a": ["http://127.0.0.1:9/feed"]})
    done = hub.run("worker")
    assert done.returncode == 1
    assert "Workers share a database on a PostgreSQL server" in done.stderr
    assert "On one machine `hub run` polls by itself and needs none" in done.stderr
    done = hub.run("worker", "--database", "host=db.example user=hub password=geheim9")
    assert done.returncode == 1
    assert "geheim9" not in done.stderr


def test_where_the_engine_is_missing_it_is_said_what_to_install(network: Network) -> None:
    network.hub.write({"a": ["http://127.0.0.1:9/feed"]})
    script = "import sys; sys.modules['procrastinate'] = None; from hub.cli import main; main()"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            script,
            "worker",
            "--database",
            network.hub.database,
            "--config",
            network.hub.config,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Procrastinate, which cannot be loaded" in done.stderr
    assert "pip install procrastinate" in done.stderr


def test_tables_of_another_version_of_the_engine_are_made_anew_while_nobody_needs_them(
    postgresql: str,
) -> None:
    make_tables(
        postgresql,
        "CREATE TABLE procrastinate_workers (last_heartbeat timestamptz); CREATE TABLE procrastinate_jobs ()",
        "1.0",
    )
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("INSERT INTO hub_jobs.procrastinate_workers VALUES (now())")
        with pytest.raises(StoreError, match=r"another version of Procrastinate: 1\.0, here 3\."):
            Queue(postgresql)
        connection.execute("DELETE FROM hub_jobs.procrastinate_workers")
        queue = Queue(postgresql)
        queue.add([3, 5], "digest")
        queue.add([5], "digest")
        assert queue.outstanding("digest") == {3, 5}
        assert queue.outstanding("another") == frozenset()
        queue.add([7], "another")
        assert queue.take_back() == frozenset()
        queue.close()
    # The hub's own tables are made beside them.
    with contextlib.closing(open_store(postgresql)) as store:
        assert (store.workers().alive, store.workers().jobs) == (0, 0)


def test_jobs_are_in_no_backup(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    make_ready(network.hub.database)
    assert network.hub.run("backup", str(tmp_path / "copy")).returncode == 0
    listed = subprocess.run(
        ["pg_restore", "--list", tmp_path / "copy"], capture_output=True, text=True, check=True
    ).stdout
    assert "entries" in listed
    assert "hub_jobs" not in listed
    assert "procrastinate" not in listed
