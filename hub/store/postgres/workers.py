"""Which workers are at work, as the distributed engine has them in its tables."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from typing import Any

import psycopg

from hub.errors import StoreError
from hub.model import Workers
from hub.store.address import shown
from hub.store.connection import Connection
from hub.store.postgres.server import HOLDERS, MAKING, NAME, SET, WORKERS, Server, broken, connect, first_line

SCHEMA = "hub_jobs"
"""The schema of the engine's tables, apart from the hub's own: nothing in them has to last."""
GONE_AFTER = 15.0
"""After how many seconds without a sign of life a worker is gone."""
ALIVE = f"last_heartbeat > now() - interval '{GONE_AFTER} seconds'"
"""The condition for the engine's workers that are not."""
# Not asked for as a connection is opened: PgBouncer lets nobody in who asks for that.
_USE = (SET.encode(), f"SET search_path = {SCHEMA}".encode())
_MADE_AS = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
_ARE_THERE = f"SELECT to_regclass('{SCHEMA}.procrastinate_workers') IS NOT NULL"
_WORKERS = (
    f"SELECT (SELECT count(*) FROM {SCHEMA}.procrastinate_workers"
    f" WHERE {ALIVE}),"
    f" (SELECT count(*) FROM {SCHEMA}.procrastinate_jobs),"
    f" (SELECT count(*) FROM {SCHEMA}.procrastinate_workers)"
)

# A process's connections are known by their name, unless an address gives one to all.
END_GONE = f"""
WITH workers AS (
    DELETE FROM {SCHEMA}.procrastinate_workers
    WHERE last_heartbeat < now() - interval '{GONE_AFTER} seconds' RETURNING id
), gone AS (
    SELECT pid, application_name, client_addr FROM {HOLDERS} AND classid = {WORKERS} AND objsubid = 2
        AND objid::bigint IN (SELECT id FROM workers)
)
SELECT pg_terminate_backend(its.pid, 5000) AS ended FROM pg_stat_activity its
WHERE its.datname = current_database() AND its.usename = current_user AND EXISTS (
    SELECT 1 FROM gone WHERE gone.pid = its.pid OR gone.application_name = its.application_name
        AND gone.client_addr IS NOT DISTINCT FROM its.client_addr
        AND starts_with(its.application_name, '{NAME}process ')
)
"""
"""Takes out the workers that are gone, and ends the connections that one keeps which hangs."""


class SeeingWorkers(Connection):
    """The part of the store that sees workers."""

    def workers(self) -> Workers:
        with self._reading():
            if not self._has_engine():
                return Workers()
            ((alive, jobs, workers),) = self._tuples(_WORKERS)
        return Workers(alive=alive, jobs=jobs, gone=workers - alive)

    def _has_engine(self) -> bool:
        """Whether there are tables of the engine."""
        return bool(self._value(_ARE_THERE))


def use_tables(connection: psycopg.Connection[Any]) -> None:
    """Have a connection of the engine's find its tables, and go by what all of the hub's go by."""
    for statement in _USE:
        connection.execute(statement)
    connection.commit()


async def use_tables_too(connection: psycopg.AsyncConnection[Any]) -> None:
    """The same of one that is waited for."""
    for statement in _USE:
        await connection.execute(statement)
    await connection.commit()


def make_tables(url: str, script: str, version: str) -> None:
    """Make the engine's tables by its own script, where there are none or those of another version.

    Those go, as long as no worker is at work with them. Raises StoreError.
    """
    digest = sha256(script.encode()).hexdigest()
    with closing(connect(url)) as connection:
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (MAKING, 0))
                made = connection.execute(_MADE_AS, (SCHEMA,)).fetchone()
                made_by, _, tables = str(made[0]).partition(", ") if made else ("", "", "")
                if tables == digest:
                    return
                if made:
                    _drop(connection, made_by, version)
                connection.execute(f"CREATE SCHEMA {SCHEMA}; SET LOCAL search_path = {SCHEMA}".encode())
                connection.execute(script.encode())
                connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}, {digest}'".encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise StoreError(
                f"The tables of jobs cannot be made in the database {shown(url)}: {first_line(error)}.",
                "Make the database the hub's own: ALTER DATABASE … OWNER TO …",
            ) from error
        except psycopg.Error as error:
            raise broken(url, error) from error


def _drop(connection: Server, made_by: str, version: str) -> None:
    """Drop the engine's tables of another version. Raises StoreError where workers are at work with them."""
    ((alive, _, _),) = connection.execute(_WORKERS.encode()).fetchall()
    if alive:
        raise StoreError(
            f"Workers are at work with another version of Procrastinate: {made_by}, here {version}.",
            "Install the same on all machines; then stop the workers and start them again.",
        )
    connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE".encode())
