"""Who polls with a database on a server, as processes are there, and as the admins' overview shows it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from hub.model import Poller
from hub.store import company_of, lock_of, open_store
from hub.web.admin.pollers import polling
from hub.web.words import Calendar
from tests.admin_hub import AdminHub
from tests.commands import Hub, within
from tests.test_jobs import Network, Running, at_work_on_a_slow_host

_SOON = 60.0


@pytest.fixture
def network(tmp_path: Path, postgresql: str) -> Iterator[Network]:
    with Network(tmp_path, postgresql) as made:
        yield made


def pollers(network: Network) -> dict[str, Poller]:
    """Who polls, by the process as it is named."""
    with closing(open_store(network.hub.database)) as store:
        found = store.pollers()
    assert found is not None
    return {re.sub(" on .*", "", each.name): each for each in found}


def process(running: Running) -> str:
    return f"process {running.process.pid}"


def test_who_polls_is_known_with_what_each_has_at_hand(network: Network) -> None:
    before = datetime.now(UTC)
    _, run, worker = at_work_on_a_slow_host(network)

    def at_the_slow_one() -> bool:
        its = pollers(network)[process(worker)]
        return (its.hosts, its.jobs) == (1, 1)

    # The quick one has been left.
    assert within(_SOON, at_the_slow_one)
    found = pollers(network)
    assert [(each.role, each.at_work, each.same_file) for each in found.values()] == [
        ("run", False, None),
        ("worker", True, True),
    ]
    assert found[process(run)].hosts == 0
    for each in found.values():
        assert re.fullmatch(r"process \d+ on .+", each.name)
        assert each.since is not None
        assert before < each.since < datetime.now(UTC)
        assert each.silent is not None
        assert each.silent < timedelta(seconds=15)
        assert each.apart is None
    worker.end()
    assert within(_SOON, lambda: list(pollers(network)) == [process(run)])


@contextmanager
def admins_hub(network: Network) -> Iterator[AdminHub]:
    """The admin pages of the same hub, on any machine."""
    folder = network.hub.folder / "admin"
    folder.mkdir()
    text = network.hub.config.read_text()
    with closing(AdminHub(folder, text, database=network.hub.database)) as made:
        made.enrol()
        yield made


def who_polls(hub: AdminHub) -> str:
    (found,) = hub.tree("/admin/").xpath("//section[h2[.='Who polls']]")
    return " ".join(found.text_content().split())


def test_the_overview_says_who_polls_and_what_is_wrong_with_whom(network: Network, tmp_path: Path) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    with admins_hub(network) as hub:
        assert "No hub run is at work with this database: nothing is polled" in who_polls(hub)
        waiting = network.start("worker")
        waiting.says("Waiting for a `hub run`")
        assert within(_SOON, lambda: "It waits for a hub run that hands out polls." in who_polls(hub))
        run = network.run()
        assert within(_SOON, lambda: "It hands out what is due to 1 worker." in who_polls(hub))
        run.says("is handed out to 1 worker")
        said = who_polls(hub)
        assert f"hub run {process(run)} on " in said
        assert f"hub worker {process(waiting)} on " in said
        assert "It polls what hub run hands out to it." in said
        assert "!" not in said
        other = Hub(tmp_path / "other", network.hub.database)
        other.folder.mkdir()
        other.write({"a": [site.feed("/feed", "First")], "b": [site.url + "/b"]})
        another = network.start("worker", hub=other)
        another.says("Nothing is polled here")
        said = who_polls(hub)
        assert (
            "! It polls nothing: its feeds.yaml is another than that of hub run. Copy that one’s file" in said
        )
        assert said.index(process(another)) < said.index("! It polls nothing")
        waiting.end()
        run.says("There is no worker any more")
        assert within(_SOON, lambda: "No worker takes jobs, so it polls by itself." in who_polls(hub))
        another.end()
        assert within(_SOON, lambda: "There is no worker, so it polls by itself." in who_polls(hub))


def test_a_worker_by_another_clock_is_told_from_the_others(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    network.run()
    network.set_servers_clock("-1 hour")
    worker = network.start("worker")
    worker.says("Nothing is polled here: this machine's clock is 1 h ahead of the database server's.")
    assert within(_SOON, lambda: pollers(network)[process(worker)].apart == timedelta(hours=1))
    assert not pollers(network)[process(worker)].at_work
    network.set_servers_clock("0")
    assert within(_SOON, lambda: pollers(network)[process(worker)].at_work)
    assert pollers(network)[process(worker)].apart is None


def test_a_hub_whose_clock_is_wrong_says_so_as_it_starts_and_polls_on(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    network.set_servers_clock("3 hours")
    run = network.run()
    run.says("This machine's clock is ")
    (told,) = (line for line in run.lines if "clock" in line)
    assert (
        " behind the database server's, and what comes in is dated by it: set it right (timedatectl)" in told
    )
    with admins_hub(network) as hub:
        said = who_polls(hub)
    assert "! Its clock is " in said
    assert " behind the database server’s" in said
    assert "There is no worker, so it polls by itself." in said
    network.make_due()
    assert within(_SOON, lambda: not network.due())
    network.set_servers_clock("0")
    assert within(_SOON, lambda: pollers(network)[process(run)].apart is None)
    assert [line for line in run.lines if "clock" in line] == [told]


def test_since_when_one_that_hangs_was_not_heard_of_is_known(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    run = network.run()
    run.process.send_signal(signal.SIGSTOP)
    stopped = datetime.now(UTC)

    def silent() -> bool:
        found = pollers(network)[process(run)].silent
        return found is not None and found > timedelta(seconds=3)

    assert within(_SOON, silent)
    heard = pollers(network)[process(run)].heard
    assert heard is not None
    assert timedelta(seconds=-15) < heard - stopped < timedelta(seconds=1)


def test_a_round_by_hand_is_among_them(network: Network) -> None:
    (site,) = network.sites(1)
    network.hub.write({"a": [site.feed("/feed", "First")]})
    site.takes["/feed"] = 30
    by_hand = network.start("poll")
    assert within(_SOON, lambda: bool(site.asked))
    (found,) = pollers(network).values()
    assert (found.role, found.hosts, found.jobs) == ("poll", 1, 0)
    by_hand.end()
    assert pollers(network) == {}


def test_where_an_address_gives_all_one_name_they_are_known_by_what_they_hold(postgresql: str) -> None:
    named = f"{postgresql}&application_name=news"
    lock = lock_of(named, "run")
    with (
        ExitStack() as ends,
        closing(company_of(named)) as leads,
        closing(company_of(named)) as follows,
        closing(company_of(named)) as another,
        closing(open_store(named)) as store,
    ):
        ends.callback(lock.release)
        assert lock.take()
        leads.lead("a")
        leads.take(["one.example", "two.example"])
        follows.follow("a")
        another.follow("b")
        found = store.pollers() or ()
    assert [(each.role, each.name, each.hosts, each.same_file) for each in found] == [
        ("run", "news", 2, None),
        ("worker", "news", 0, True),
        ("worker", "news", 0, False),
    ]


NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
CALENDAR = Calendar(ZoneInfo("Europe/London"), NOW.date())
RUN = Poller(role="run", name="process 1 on a", silent=timedelta(seconds=1))
WORKER = Poller(role="worker", name="process 2 on b", same_file=True, silent=timedelta(seconds=1))
AT_WORK = replace(WORKER, at_work=True)
POLL = Poller(role="poll", name="process 3 on a")


@pytest.mark.parametrize(
    ("them", "wrong", "does"),
    [
        ([RUN], "", "There is no worker, so it polls by itself."),
        ([RUN, WORKER], "", "No worker takes jobs, so it polls by itself."),
        ([RUN, AT_WORK, AT_WORK, WORKER], "", "It hands out what is due to 2 workers."),
        ([RUN, POLL, WORKER], "", "It goes on when the round that is polled by `hub poll` is over."),
        (
            [replace(RUN, silent=timedelta(minutes=3)), WORKER],
            "It was not heard of for 3 minutes: it hangs, ",
            "",
        ),
        (
            [replace(RUN, apart=timedelta(hours=-1)), AT_WORK],
            "Its clock is 1 h behind the database server’s, and what comes in is dated by it.",
            "It hands out what is due to 1 worker.",
        ),
        ([POLL], "", "It polls a round."),
        ([AT_WORK, RUN], "", "It polls what `hub run` hands out to it."),
        ([WORKER, RUN], "", "It takes no jobs at the moment; "),
        ([replace(WORKER, same_file=None)], "", "It waits for a `hub run` that hands out polls."),
        ([replace(WORKER, same_file=False), RUN], "It polls nothing: its feeds.yaml is another than ", ""),
        (
            [replace(WORKER, apart=timedelta(seconds=3605)), RUN],
            "It polls nothing: its clock is 1 h 5 s ahead of the database server’s.",
            "",
        ),
        ([replace(AT_WORK, silent=timedelta(seconds=90)), RUN], "It was not heard of for 2 minutes: ", ""),
    ],
)
def test_of_the_first_it_is_said(them: list[Poller], wrong: str, does: str) -> None:
    table = polling(them, CALENDAR)
    assert table is not None
    row = table.rows[0]
    assert row.wrong.startswith(wrong)
    assert row.does.startswith(does)
    assert (bool(row.wrong), bool(row.does)) == (bool(wrong), bool(does))


def test_that_nobody_polls_is_wrong_and_that_a_round_is_under_way_too() -> None:
    for them, says in (([], "nothing is polled"), ([WORKER], "nothing is polled"), ([POLL], "under way")):
        table = polling(them, CALENDAR)
        assert table is not None
        assert table.wrong
        assert says in table.missing
    well = polling([RUN, AT_WORK], CALENDAR)
    assert well is not None
    assert not well.wrong


def test_a_hub_with_a_file_says_nothing_of_it(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol()
        assert "Who polls" not in hub.words("/admin/")
