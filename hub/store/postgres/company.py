"""The processes that poll with one database, on whichever machines: who is at a host, and whom they follow.

Both are the server's own locks (advisory ones, of a session): of a process that
ends, or whose machine is cut off, it lets go by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg

from hub import machine
from hub.store.postgres.server import (
    CLOCKS,
    FILES,
    FOLLOWERS,
    HOLDERS,
    HOSTS,
    NAME,
    QUESTION,
    WORKERS,
    Server,
    broken,
    connect,
)

_TAKE = "SELECT number, pg_try_advisory_lock(%s, number) FROM unnest(%s::int[]) number"
_LEAVE = "SELECT pg_advisory_unlock(%s, number) FROM unnest(%s::int[]) number"
# Shared: a connection that broke may hold it still, as the server sees it.
_HOLD = "SELECT pg_try_advisory_lock_shared(%s, %s)"
_HOLD_NO_MORE = "SELECT pg_advisory_unlock_shared(%s, %s)"
_CLOCK = "SELECT clock_timestamp()"
# Between two looks whether this machine's clock is right.
_COMPARED_AGAIN = 60.0
# In seconds: what a key has room for.
_LONGEST_APART = 2**31 - 1
_LEADS = f"SELECT objid::bigint, application_name FROM {HOLDERS} AND classid = %s AND objsubid = 2"


class Company:
    """One of the processes that poll with a database, and what it knows of the others.

    Has a connection of its own. Where that breaks it is at no host any more, which is an error
    once if it was at any; what else it was for goes on by another.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Server | None = None
        # By which first keys of locks, with which second.
        self._tells: dict[int, int] = {}
        self._compared = -_COMPARED_AGAIN
        self._at: set[str] = set()

    def take(self, hosts: Collection[str]) -> Collection[str]:
        """Be at those of some hosts that nobody else is at: these. Raises StoreError."""
        numbers = {host: _number(host) for host in hosts}
        free = {number for number, is_free in self._ask(_TAKE, (HOSTS, [*numbers.values()])) if is_free}
        taken = {host for host, number in numbers.items() if number in free}
        self._at |= taken
        return taken

    def leave(self, hosts: Iterable[str]) -> None:
        """Be at these hosts no more. Raises StoreError."""
        # Of a connection that broke, the server has let go by itself.
        if left := self._at.intersection(hosts):
            self._ask(_LEAVE, (HOSTS, list(map(_number, left))))
            self._at -= left

    def lead(self, digest: str) -> None:
        """Have the others know by which feeds.yaml polls go from now on, or still. Raises StoreError."""
        number = _number(digest)
        if self._tells.get(FILES) == number:
            # By another connection it does not yet.
            self._ask("SELECT 1", ())
        self._tell(FILES, number)

    def lead_no_more(self) -> None:
        """Have the others give back what they are at. Raises StoreError."""
        self._tell(FILES, None)

    def follow(self, digest: str) -> None:
        """Have admins see that a worker is here, and by which feeds.yaml, from now on or still.

        Raises StoreError.
        """
        self._tell(FOLLOWERS, _number(digest))

    def work_as(self, number: int | None) -> None:
        """Have a hub know which of the engine's workers this process is, if any, from now on or still.

        Raises StoreError.
        """
        self._tell(WORKERS, number)

    def led(self, digest: str) -> tuple[bool, str | None]:
        """Whether polls go by this feeds.yaml; and who leads, such as `process 4711 on news1`, if anybody.

        Raises StoreError.
        """
        leads = {number: str(name).removeprefix(NAME) for number, name in self._ask(_LEADS, (FILES,))}
        same = leads.get(_number(digest) & 0xFFFFFFFF)
        return same is not None, same or next(iter(leads.values()), None)

    def clock_apart(self, now: Callable[[], datetime]) -> timedelta | None:
        """By how much this machine's clock is ahead of the server's, None where it is right.

        `now` reads it. It is looked at once a minute, and at each call while it is wrong; admins see that
        it is. Raises StoreError.
        """
        before = time.monotonic()
        if before < self._compared + _COMPARED_AGAIN:
            return None
        ours, servers = now(), self._ask(_CLOCK, ())[0][0]
        after = time.monotonic()
        apart = machine.clock_apart(ours, servers, timedelta(seconds=after - before))
        if apart is None:
            self._tell(CLOCKS, None)
            self._compared = after
        else:
            seconds = round(apart.total_seconds())
            self._tell(CLOCKS, max(-_LONGEST_APART, min(seconds, _LONGEST_APART)))
        return apart

    def close(self) -> None:
        """Leave all hosts, and lead no more. Closing twice is harmless."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._tells = {}
        self._at = set()

    def _tell(self, what: int, number: int | None) -> None:
        """Have the others know a number for what a first key stands for, or none any more."""
        if self._tells.get(what) == number:
            return
        before = self._tells.pop(what, None)
        if before is not None:
            self._ask(_HOLD_NO_MORE, (what, before))
        if number is not None:
            self._ask(_HOLD, (what, number))
            self._tells[what] = number

    def _ask(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is not None:
            was_at = bool(self._at)
            try:
                return self._connection.execute(statement.encode(), values).fetchall()
            except psycopg.Error as error:
                self.close()
                if was_at:
                    raise broken(self._url, error) from error
        self._connection = connect(self._url, patience=QUESTION)
        try:
            return self._connection.execute(statement.encode(), values).fetchall()
        except psycopg.Error as error:
            self.close()
            raise broken(self._url, error) from error


def _number(text: str) -> int:
    """What stands for a text in the key of a lock. Where two are the same, that costs a pause at most."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big", signed=True)
