"""Who polls with a database on a server: each process, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from hub.model import Poller, PollerRole
from hub.said import ahead_of, counted, span
from hub.web.words import Calendar, Moment

# Who is well says something each second, and each half minute while the database refuses.
_SILENT = timedelta(minutes=1)
_COMMANDS: Mapping[PollerRole, str] = {"run": "hub run", "poll": "hub poll", "worker": "hub worker"}
_SET_IT = "Set it right (`timedatectl`), or the server’s if that is the wrong one."


class PollerRow(Struct, frozen=True, kw_only=True):
    """A process in the table. `wrong` says what is wrong with it, and what to do about that."""

    command: str
    name: str
    since: Moment | None
    heard: Moment | None
    at_hand: str
    wrong: str
    does: str


class Polling(Struct, frozen=True, kw_only=True):
    """All of them; `missing` says that there is no `hub run`."""

    missing: str
    rows: Sequence[PollerRow]

    @property
    def wrong(self) -> bool:
        return bool(self.missing) or any(row.wrong for row in self.rows)


def polling(pollers: Sequence[Poller] | None, calendar: Calendar) -> Polling | None:
    """The table of who polls, None where one process alone may."""
    if pollers is None:
        return None
    roles = {each.role for each in pollers}
    return Polling(
        missing="" if "run" in roles else _missing(roles),
        rows=[
            PollerRow(
                command=_COMMANDS[each.role],
                name=each.name,
                since=calendar.moment(each.since) if each.since else None,
                heard=calendar.moment(each.heard) if each.heard else None,
                at_hand=_at_hand(each),
                wrong=_wrong(each),
                does=_does(each, pollers),
            )
            for each in pollers
        ],
    )


def _missing(roles: set[PollerRole]) -> str:
    if "poll" in roles:
        return "No `hub run` is at work with this database, but a round is under way."
    return (
        "No `hub run` is at work with this database: nothing is polled, unless by `hub poll` at times."
        " Start a `hub run`, on one machine."
    )


def _at_hand(poller: Poller) -> str:
    jobs = [counted(poller.jobs, "job", "jobs")] if poller.jobs else []
    hosts = [counted(poller.hosts, "host", "hosts")] if poller.hosts else []
    return ", ".join(jobs + hosts) or "nothing"


def _wrong(poller: Poller) -> str:
    """What is wrong with a process and what to do, empty where nothing is known to be."""
    if poller.silent is not None and _hangs(poller):
        return (
            f"It was not heard of for {span(poller.silent)}: it hangs, or its machine does or is cut off."
            " End it there, and start it again."
        )
    if poller.same_file is False:
        return (
            "It polls nothing: its feeds.yaml is another than that of `hub run`."
            " Copy that one’s file to its machine; it is taken up within seconds."
        )
    if poller.apart is None:
        return ""
    clock = f"clock is {ahead_of(poller.apart)} the database server’s"
    if poller.role == "worker":
        return f"It polls nothing: its {clock}. {_SET_IT}"
    return f"Its {clock}, and what comes in is dated by it. {_SET_IT}"


def _hangs(poller: Poller) -> bool:
    return poller.silent is not None and poller.silent > _SILENT


def _does(poller: Poller, pollers: Sequence[Poller]) -> str:
    if _hangs(poller):
        return ""
    match poller.role:
        case "run":
            return _hub_does(pollers)
        case "poll":
            return "It polls a round."
    if _wrong(poller):
        return ""
    if poller.at_work:
        return "It polls what `hub run` hands out to it."
    if poller.same_file is None:
        return "It waits for a `hub run` that hands out polls."
    return "It takes no jobs at the moment; if this lasts, what it prints says why."


def _hub_does(pollers: Sequence[Poller]) -> str:
    if any(each.role == "poll" for each in pollers):
        return "It goes on when the round that is polled by `hub poll` is over."
    workers = [each for each in pollers if each.role == "worker"]
    if at_work := sum(each.at_work for each in workers):
        return f"It hands out what is due to {counted(at_work, 'worker', 'workers')}."
    return f"{'No worker takes jobs' if workers else 'There is no worker'}, so it polls by itself."
