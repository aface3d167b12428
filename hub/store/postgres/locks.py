"""One hub for a database on a server, and one round at a time, on whichever machines they are.

The locks are the server's own (advisory ones, of a session): it lets go of one when the
process that has it ends, or its machine is cut off. A hub whose connection broke learns of
it when it looks next, within seconds, which is before a cut that is between them has the
server give the lock to another.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import psycopg

from hub.errors import StoreError
from hub.lock import Purpose
from hub.store.postgres.server import HOLDERS, LOCKS, NAME, QUESTION, Server, broken, connect, name_on_server

NUMBERS: dict[Purpose, int] = {"run": 1, "poll": 2, "next": 3}
"""The second keys of the locks, by purpose."""
# How often it is looked whether a lock is held still, in seconds.
_LOOKED_AGAIN = 5.0

_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_LET_GO = "SELECT pg_advisory_unlock(%s, %s)"
_HOLDER = f"SELECT application_name FROM {HOLDERS} AND classid = %s AND objid = %s AND objsubid = 2"
# What broke may be there still for the server, and have the lock.
_END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = %s AND application_name = %s"


class ServerLock:
    """A lock of a database on a server, with a connection of its own while it is held or asked for."""

    def __init__(self, url: str, purpose: Purpose) -> None:
        self._url = url
        self._purpose: Purpose = purpose
        self._connection: Server | None = None
        self._held = False
        self._looked = 0.0
        # The server's process of the connection that broke while the lock was held.
        self._left: int | None = None

    def take(self) -> bool:
        """Take the lock if it is free, or see that it is held still.

        Raises StoreError where the connection by which it was held broke: asked again, it is taken anew.
        """
        now = time.monotonic()
        if self._held:
            if now > self._looked + _LOOKED_AGAIN:
                self._ask("SELECT 1", ())
                self._looked = now
            return True
        if self._left is not None:
            self._ask(_END, (self._left, name_on_server()))
            self._left = None
        self._held = self._ask(_TAKE, self._keys)
        self._looked = now
        return self._held

    def place_in_line(self) -> ServerLock:
        """What who waits for it holds."""
        return ServerLock(self._url, "next")

    def release(self) -> None:
        """Let go of the lock and of the connection; harmless when it is not held."""
        # Of a connection that broke, the server lets go by itself.
        with suppress(StoreError):
            if self._held:
                self._ask(_LET_GO, self._keys)
        self._held = False
        if self._connection is not None:
            self._connection.close()

    @property
    def wanted(self) -> bool:
        """Whether a process waits for it by `held`. Raises StoreError, as `take` does."""
        return self._ask(_HOLDER, (LOCKS, NUMBERS["next"])) is not None

    @property
    def holder(self) -> str:
        """Who holds it, such as `process 4711 on news1`."""
        with suppress(StoreError):
            if name := self._ask(_HOLDER, self._keys):
                return str(name).removeprefix(NAME)
        return "another process"

    @property
    def _keys(self) -> tuple[int, int]:
        return LOCKS, NUMBERS[self._purpose]

    def _ask(self, statement: str, values: tuple[Any, ...]) -> Any:
        """The first value of the first row. Raises StoreError."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, patience=QUESTION)
        connection = self._connection
        server = connection.info.backend_pid
        try:
            row = connection.execute(statement, values, prepare=False).fetchone()
        except psycopg.Error as error:
            connection.close()
            if self._held:
                self._held, self._left = False, server
            raise broken(self._url, error) from error
        return row[0] if row else None
