"""The processes that poll with one database, on whichever machines: who is at a host, and whom they follow.

Both are the server's own locks (advisory ones, of a session): of a process that
ends, or whose machine is cut off, it lets go by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from hub.store.postgres.server import FILES, HOLDERS, HOSTS, NAME, WORKERS, Server, broken, connect

_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_LEAVE = "SELECT pg_advisory_unlock(%s, number) FROM unnest(%s::int[]) number"
# Shared: a connection that broke may hold it still, as the server sees it.
_HOLD = "SELECT pg_try_advisory_lock_shared(%s, %s)"
_HOLD_NO_MORE = "SELECT pg_advisory_unlock_shared(%s, %s)"
_CLOCK = "SELECT clock_timestamp()"
_LEADS = f"SELECT objid::bigint, application_name FROM {HOLDERS} AND classid = %s AND objsubid = 2"


class Company:
    """One of the processes that poll with a database, and what it knows of the others.

    Has a connection of its own. Where that breaks it is at no host any more, which is an error
    once if it was at any; what else it was for goes on by another.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Server | None = None
        self._leads_by: int | None = None
        self._works_as: int | None = None
        self._at: set[str] = set()

    def take(self, host: str) -> bool:
        """Be at a host, if nobody else is. Raises StoreError."""
        if taken := bool(self._ask(_TAKE, (HOSTS, _number(host)))[0][0]):
            self._at.add(host)
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
        if self._leads_by == number:
            # By another connection it does not yet.
            self._ask("SELECT 1", ())
        if self._leads_by != number:
            self.lead_no_more()
            self._ask(_HOLD, (FILES, number))
            self._leads_by = number

    def lead_no_more(self) -> None:
        """Have the others give back what they are at. Raises StoreError."""
        before, self._leads_by = self._leads_by, None
        if before is not None:
            self._ask(_HOLD_NO_MORE, (FILES, before))

    def work_as(self, number: int | None) -> None:
        """Have a hub know which of the engine's workers this process is, if any, from now on or still.

        Raises StoreError.
        """
        if self._works_as != number:
            before, self._works_as = self._works_as, None
            if before is not None:
                self._ask(_HOLD_NO_MORE, (WORKERS, before))
            if number is not None:
                self._ask(_HOLD, (WORKERS, number))
                self._works_as = number

    def led(self, digest: str) -> tuple[bool, str | None]:
        """Whether polls go by this feeds.yaml; and who leads, such as `process 4711 on news1`, if anybody.

        Raises StoreError.
        """
        leads = {number: str(name).removeprefix(NAME) for number, name in self._ask(_LEADS, (FILES,))}
        same = leads.get(_number(digest) & 0xFFFFFFFF)
        return same is not None, same or next(iter(leads.values()), None)

    def clock(self) -> datetime:
        """The time by the server's clock. Raises StoreError."""
        now: datetime = self._ask(_CLOCK, ())[0][0]
        return now

    def close(self) -> None:
        """Leave all hosts, and lead no more. Closing twice is harmless."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._leads_by = self._works_as = None
        self._at = set()

    def _ask(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is not None:
            was_at = bool(self._at)
            try:
                return self._connection.execute(statement.encode(), values).fetchall()
            except psycopg.Error as error:
                self.close()
                if was_at:
                    raise broken(self._url, error) from error
        self._connection = connect(self._url)
        try:
            return self._connection.execute(statement.encode(), values).fetchall()
        except psycopg.Error as error:
            self.close()
            raise broken(self._url, error) from error


def _number(text: str) -> int:
    """What stands for a text in the key of a lock. Where two are the same, that costs a pause at most."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big", signed=True)
