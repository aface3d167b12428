"""Who polls with a database, as the server's locks and its list of connections have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from msgspec import Struct

from hub.model import Poller, PollerRole
from hub.store.postgres.locks import NUMBERS
from hub.store.postgres.server import CLOCKS, FILES, FOLLOWERS, HOLDERS, HOSTS, LOCKS, NAME, WORKERS
from hub.store.postgres.workers import ALIVE, SCHEMA, SeeingWorkers

_CONNECTIONS = (
    "SELECT pid, application_name, host(client_addr), backend_start, state_change, now() - state_change"
    " FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)
# Of hosts, which may be thousands, how many they are.
_HELD = (
    f"SELECT pid, classid::bigint, CASE classid WHEN {HOSTS} THEN count(*) ELSE min(objid::bigint) END"
    f" FROM {HOLDERS} AND classid BETWEEN {LOCKS} AND {CLOCKS} AND objsubid = 2"
    f" GROUP BY pid, classid, CASE classid WHEN {HOSTS} THEN 0 ELSE objid::bigint END"
)
_JOBS = (
    f"SELECT id, (SELECT count(*) FROM {SCHEMA}.procrastinate_jobs"
    " WHERE worker_id = workers.id AND status = 'doing')"
    f" FROM {SCHEMA}.procrastinate_workers workers"
    f" WHERE {ALIVE}"
)
# What all connections of a process have in common: its name and address, or what stands for them.
_Whose = tuple[str, str | int | None]
_NAMED = f"{NAME}process "


class _Connection(Struct, frozen=True):
    pid: int
    name: str
    address: str | None
    since: datetime | None
    heard: datetime | None
    silent: timedelta | None
    # By the first keys of locks their second ones; of hosts, how many.
    holds: Mapping[int, set[int]]

    @property
    def whose(self) -> _Whose:
        if self.name.startswith(_NAMED):
            return self.name, self.address
        # An address gives one name to all: who leads has several connections that can be known.
        return "", None if self.holds.keys() & {LOCKS, FILES} else self.pid


class SeeingPollers(SeeingWorkers):
    """The part of the store that sees who polls."""

    def pollers(self) -> tuple[Poller, ...]:
        with self._reading():
            held: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
            for pid, first, second in self._tuples(_HELD):
                held[pid][first].add(second)
            processes: defaultdict[_Whose, list[_Connection]] = defaultdict(list)
            for pid, name, address, since, heard, silent in self._tuples(_CONNECTIONS):
                each = _Connection(pid, name or "", address, since, heard, silent, held[pid])
                processes[each.whose].append(each)
            jobs: dict[int, int] = dict(self._tuples(_JOBS)) if self._has_engine() else {}
        leads = frozenset(number for of in held.values() for number in of[FILES])
        found = [_poller(connections, leads, jobs) for connections in processes.values()]
        return tuple(sorted(filter(None, found), key=_place))


def _poller(
    connections: Sequence[_Connection], leads: frozenset[int], jobs: Mapping[int, int]
) -> Poller | None:
    """The process of these connections, if it is one that polls; `leads` are the files that polls go by."""
    holds: defaultdict[int, set[int]] = defaultdict(set)
    for each in connections:
        for first, second in each.holds.items():
            holds[first] |= second
    if NUMBERS["run"] in holds[LOCKS] or holds[FILES]:
        role: PollerRole = "run"
    elif holds[FOLLOWERS] or holds[WORKERS]:
        role = "worker"
    elif NUMBERS["poll"] in holds[LOCKS]:
        role = "poll"
    else:
        return None
    works_as = holds[WORKERS] & jobs.keys()
    return Poller(
        role=role,
        name=_name(connections[0]),
        since=min((each.since for each in connections if each.since), default=None),
        heard=max((each.heard for each in connections if each.heard), default=None),
        silent=min((each.silent for each in connections if each.silent is not None), default=None),
        hosts=sum(holds[HOSTS]),
        jobs=sum(jobs[number] for number in works_as),
        at_work=bool(works_as),
        same_file=bool(holds[FOLLOWERS] & leads) if role == "worker" and leads else None,
        apart=next((timedelta(seconds=_signed(number)) for number in holds[CLOCKS]), None),
    )


def _name(connection: _Connection) -> str:
    if connection.name.startswith(_NAMED):
        return connection.name.removeprefix(NAME)
    return f"{connection.name or 'a process'}{(connection.address and f' from {connection.address}') or ''}"


def _signed(number: int) -> int:
    """A second key, which is a number with a sign, of what the server shows of it."""
    return number - 2**32 if number >= 2**31 else number


def _place(poller: Poller) -> tuple[int, datetime, str]:
    beginning = datetime.min.replace(tzinfo=UTC)
    return get_args(PollerRole).index(poller.role), poller.since or beginning, poller.name
