"""Reaching the server: what a connection is opened with, and what went wrong as sentences."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hub.errors import StoreError, StoreUnusable
from hub.store.address import is_plain, shown

Server = psycopg.Connection[tuple[Any, ...]]

MADE = "hub_migrations"
"""The table of the migrations that a database has had, which all of a hub's have."""
# What the hub's connections are called on the server, before whose they are.
NAME = "hub, "
# In bytes; what has more it cuts off.
_LONGEST_NAME = 63
# Where the server, or what is between, is cut off without a word, it is known after a quarter of a minute.
_ASKED_FOR = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 1,
    "tcp_user_timeout": 15_000,  # milliseconds
}
# The server gives up after a minute who does not answer, and lets go of what that one holds.
_GIVEN_UP = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
# What the server says, and what to do about it; the first that fits.
_REMEDIES = (
    (
        "password",
        "Put the right one into the address, characters such as @ : / % percent-encoded, or into ~/.pgpass.",
    ),
    ("does not exist", "Make it, as docs/operating.md says, or name another with --database."),
    ("no pg_hba.conf entry", "Let this machine in, in the server's pg_hba.conf."),
    ("too many", "Allow more connections in postgresql.conf (max_connections), or end what holds some."),
    ("remaining connection slots", "Allow more connections in postgresql.conf (max_connections)."),
    ("starting up", "Wait until it has."),
    ("", "See that the server runs, and that its host and port are right and can be reached from here."),
)
_PORTS = re.compile(r"[\d,]*")


def name_on_server() -> str:
    """By which a server's list of connections, and people, know this process and its machine."""
    name = f"{NAME}process {os.getpid()} on {socket.gethostname()}"
    return name.encode(errors="replace")[:_LONGEST_NAME].decode(errors="ignore")


def connect(url: str) -> Server:
    """A connection to a database, in which each statement is by itself. Raises StoreError."""
    asked = asked_for(url)
    try:
        connection = psycopg.connect(**asked, autocommit=True)
        connection.execute(_GIVEN_UP)
    except psycopg.Error as error:
        raise unreachable(url, error) from error
    return connection


def asked_for(url: str) -> dict[str, Any]:
    """What a connection is opened with, by libpq's names. Raises StoreError."""
    # Whatever the environment says of letters, in which it may be another program's.
    name = name_on_server()
    return {**_ASKED_FOR, "application_name": name, **parameters(url), "client_encoding": "utf8"}


def parameters(url: str) -> dict[str, Any]:
    """What an address says, by libpq's names. Raises StoreError."""
    try:
        found = conninfo_to_dict(url)
    except (psycopg.Error, UnicodeError) as error:
        unknown = re.search(r'invalid URI query parameter: "(\w+)"', str(error))
        if unknown and is_plain(url):
            raise StoreError(
                f"The address {shown(url)!r} has a parameter {unknown[1]}, and there is none of that name.",
                "Leave it out, or correct its name.",
            ) from None
        found = None
    # An @ or a / that a password has of itself ends it, and its rest is taken for something else: libpq
    # would say what for, and so the password.
    # Nor is a port anything but numbers: where the host was forgotten, the password is taken for it.
    if (
        found is None
        or any("@" in str(found.get(name) or "") for name in ("host", "port", "dbname"))
        or not _PORTS.fullmatch(str(found.get("port") or ""))
    ):
        raise StoreError(
            f"{shown(url)!r} is not the address of a database on a server.",
            "Write postgresql://USER:PASSWORD@HOST/NAME; in a password, characters such as @ : / % ? #"
            " are percent-encoded (%40 %3A %2F %25 %3F %23).",
        )
    return found


def unreachable(url: str, error: psycopg.Error) -> StoreUnusable:
    """The error of a server that cannot be reached, or lets nobody in."""
    said = first_line(error).removeprefix("connection failed: ")
    remedy = next(remedy for words, remedy in _REMEDIES if words in said)
    return StoreUnusable(f"The database {shown(url)} cannot be reached: {said.rstrip('.')}.", remedy)


def first_line(error: psycopg.Error) -> str:
    """What a server or libpq says at first; what follows are hints and positions."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def broken(url: str, error: psycopg.Error) -> StoreUnusable:
    """The error of a connection that was there, and is no more."""
    return StoreUnusable(
        f"The connection to the database {shown(url)} broke: {first_line(error).rstrip('.')}.",
        "See that the server runs and can be reached from here.",
    )


def has_tables(url: str) -> bool:
    """Whether a hub has begun with a database. Raises StoreError."""
    with asking(url) as connection:
        return connection.execute("SELECT to_regclass(%s) IS NOT NULL", (MADE,)).fetchone() == (True,)


@contextmanager
def asking(url: str) -> Iterator[Server]:
    """A connection for a few questions. Raises StoreError."""
    with closing(connect(url)) as connection:
        try:
            yield connection
        except psycopg.Error as error:
            raise broken(url, error) from error
