"""Reaching the server: what a connection is opened with, and what went wrong as sentences."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict

from hub.errors import NotAnAddress, StoreError, StoreSilent, StoreUnusable
from hub.signals import told_for
from hub.store.address import is_plain, shown

MADE = "hub_migrations"
"""The table of the migrations that a database has had, which all of a hub's have."""
# What the hub's connections are called on the server, before whose they are.
NAME = "hub, "
# The first keys of the advisory locks that the hub holds for longer than a transaction, and of one that it
# holds for that: "hub" in ASCII, and what follows. The second key says of which of them it is.
LOCKS, HOSTS, FILES, MAKING, WORKERS, FOLLOWERS, CLOCKS = range(0x687562, 0x687569)
HOLDERS = (
    "pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Who holds which advisory locks of the database, `application_name` by `classid` and `objid`, the keys."""
# In bytes; what has more it cuts off.
_LONGEST_NAME = 63
_LONGEST, _TO_END = 10, 2  # seconds that it may take to be let in; where that is only to end
# Where the server, or what is between, is cut off without a word, it is known after a quarter of a minute.
_ASKED_FOR = {
    "connect_timeout": _LONGEST,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 1,
    "tcp_user_timeout": 15_000,  # milliseconds
}
# Whatever the server has by default: moments come as the driver reads them, the hub says itself how long it
# waits, and who does not answer the server gives up after a minute, with what that one holds.
_SETTINGS = {
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    # To compile what a page asks takes longer than to answer it.
    "jit": "off",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
SET = (
    "SELECT set_config(name, value, false) FROM (VALUES "
    + ", ".join(f"('{name}', '{value}')" for name, value in _SETTINGS.items())
    # Some are of later versions.
    + ") settings (name, value) WHERE current_setting(name, true) IS NOT NULL"
)
"""The statement that sets what every connection of the hub's goes by."""
_WHICH = "SELECT pg_backend_pid()"
_IN_THE_ADDRESS = "Correct it in the address; docs/operating.md has examples."
_NO_POOLER = (
    "Name the server itself in the address, or have the pooler leave each connection to who opened it"
    " (PgBouncer: pool_mode = session)."
)
_ROOMIER = "Allow more connections in postgresql.conf (max_connections), or end what holds some."
# What the server or libpq says, and what to do about it; the first that fits.
_REMEDIES = (
    (
        "password authentication failed|no password supplied",
        "Put the right one into ~/.pgpass, or into the address, characters such as @ : / % percent-encoded.",
    ),
    (
        "root certificate file .* does not exist",
        "Put the certificate of the authority that the server's is signed by there, or name its file"
        " with sslrootcert=.",
    ),
    (
        "certificate verify failed",
        "Put the certificate of the authority that the server's is signed by into ~/.postgresql/root.crt,"
        " or name its file with sslrootcert=.",
    ),
    (
        "server certificate for .* does not match",
        "Name the server in the address as its certificate does, or go by sslmode=verify-ca.",
    ),
    (
        "server does not support SSL",
        "Have it use SSL (ssl = on in its postgresql.conf), or leave sslmode out of the address.",
    ),
    ("definition of service .* not found", "Write it into ~/.pg_service.conf, or correct it in the address."),
    ("invalid .* value|invalid port number|bad value for|may not be used with", _IN_THE_ADDRESS),
    (
        "(?i:peer|ident) authentication failed",
        "By a socket the system's user has to be the role: run it as the user of that name.",
    ),
    (
        "role .* does not exist",
        "Run it as the user whose role there is, or name the role in the address: postgresql://ROLE@….",
    ),
    ("role .* is not permitted to log in", "Let it: ALTER ROLE … LOGIN."),
    ("permission denied for database", "Let the role in: GRANT CONNECT ON DATABASE … TO …."),
    ("database .* does not exist", "Make it, as docs/operating.md says, or name another with --database."),
    ("not currently accepting connections", "Let it: ALTER DATABASE … ALLOW_CONNECTIONS true."),
    ("no pg_hba.conf entry", "Let this machine in, in the server's pg_hba.conf."),
    ("too many connections for role", "Allow the role more: ALTER ROLE … CONNECTION LIMIT …."),
    ("too many connections for database", "Allow it more: ALTER DATABASE … CONNECTION LIMIT …."),
    ("too many|remaining connection slots", _ROOMIER),
    ("statement pooling mode", _NO_POOLER),
    ("starting up|not yet accepting connections", "Wait until it has."),
    ("session is read-only|in hot standby mode", "Name the primary in the address: a hub has to write."),
    ("", "See that the server runs, and that its host and port are right and can be reached from here."),
)
_PORTS = re.compile(r"[\d,]*")
# Once this process has been told to end, for so long, a server that says nothing is left so soon: others that
# are to be left too, and whoever else ends, take their time of the ten seconds that there are. In seconds.
_ENDING_FOR, _LEFT_AFTER = 3.0, 0.5
# How often it is looked whether there is an answer yet, in seconds.
_INTERVAL = 0.1
QUESTION = 15.0
"""How long the answer may take to what waits for nothing, as long as until a server that is cut off is."""


class Silent(psycopg.OperationalError):
    """A server has said nothing for too long."""


class Server(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is given up where its server says nothing.

    That is for as long as `patience`, in seconds, or at all once this process is to end. It
    needs no answer of any network, since of a socket on this machine there is none.
    """

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL, *more: Any, **options: Any) -> RV:
        return super().wait(self._heard(gen, interval), interval, *more, **options)

    def _heard(self, gen: PQGen[RV], interval: float) -> PQGen[RV]:
        """The same, for as long as something is heard of the server, which is looked at in intervals."""
        silent = 0
        try:
            wants = next(gen)
            while True:
                ready = yield wants
                if ready:
                    silent = 0
                else:
                    silent += 1
                    self._look(silent * interval)
                wants = gen.send(ready)
        except StopIteration as ended:
            result: RV = ended.value
            return result

    def _look(self, silent_for: float) -> None:
        ending = told_for() > _ENDING_FOR and silent_for > _LEFT_AFTER
        if ending or (self.patience is not None and silent_for > self.patience):
            # What it says later is the answer to nothing.
            self.pgconn.finish()
            raise Silent(f"nothing was heard of the server for {silent_for:.0f} seconds")


def name_on_server() -> str:
    """By which a server's list of connections, and people, know this process and its machine."""
    name = f"{NAME}process {os.getpid()} on {socket.gethostname()}"
    return name.encode(errors="replace")[:_LONGEST_NAME].decode(errors="ignore")


def connect(url: str, *, patience: float | None = None) -> Server:
    """A connection to a database, in which each statement is by itself. Raises StoreError.

    With `patience` it is given up where nothing is heard of the server for so many seconds.
    """
    asked = asked_for(url)
    if told_for():
        asked["connect_timeout"] = _TO_END
    elif patience is not None:
        asked["connect_timeout"] = min(int(patience), _LONGEST)
    try:
        connection = Server.connect(**asked, autocommit=True)
        try:
            connection.patience = patience
            # Before anything is set that others would have then.
            if _is_shared(connection, asked):
                raise StoreUnusable(
                    f"The address {shown(url)} is a pooler's that gives a connection to others between"
                    " transactions, and with it the hub's locks.",
                    _NO_POOLER,
                )
            connection.execute(SET.encode())
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise unreachable(url, error) from error
    return connection


def _is_shared(connection: Server, asked: dict[str, Any]) -> bool:
    """Whether a pooler gives to others between transactions what a connection has of the server."""
    server = connection.execute(_WHICH).fetchone()
    # What a pooler says of the server's process it has made up.
    if server == (connection.info.backend_pid,):
        return False
    with closing(Server.connect(**asked)) as other:
        other.patience = _LONGEST
        # In a transaction from here on, by what was used last of what is free.
        return other.execute(_WHICH).fetchone() == server or connection.execute(_WHICH).fetchone() != server


def asked_for(url: str) -> dict[str, Any]:
    """What a connection is opened with, by libpq's names. Raises StoreError."""
    # Whatever the environment says of letters, in which it may be another program's.
    name = name_on_server()
    return {**_ASKED_FOR, "application_name": name, **parameters(url), "client_encoding": "utf8"}


def parameters(url: str) -> dict[str, Any]:
    """What an address says, by libpq's names. Raises NotAnAddress."""
    try:
        found = conninfo_to_dict(url)
    except (psycopg.Error, UnicodeError) as error:
        unknown = re.search(r'invalid URI query parameter: "(\w+)"', str(error))
        if unknown and is_plain(url):
            raise NotAnAddress(
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
        raise NotAnAddress(
            f"{shown(url)!r} is not the address of a database on a server.",
            "Write postgresql://USER:PASSWORD@HOST/NAME; in a password, characters such as @ : / % ? #"
            " are percent-encoded (%40 %3A %2F %25 %3F %23).",
        )
    return found


def silence(url: str, error: psycopg.Error) -> StoreSilent | None:
    """The error of a server that says nothing; None where it does."""
    if not isinstance(error, Silent | errors.ConnectionTimeout):
        return None
    return StoreSilent(
        f"The database {shown(url)} does not answer: {first_line(error).rstrip('.')}.",
        "Look at its server's machine, whether processes there were stopped, and at the network before it.",
    )


def unreachable(url: str, error: psycopg.Error) -> StoreUnusable:
    """The error of a server that cannot be reached, or lets nobody in."""
    if silent := silence(url, error):
        return silent
    said = re.sub("^connection (?:failed|is bad): ", "", first_line(error))
    remedy = next(remedy for words, remedy in _REMEDIES if re.search(words, said))
    return StoreUnusable(f"The database {shown(url)} cannot be reached: {said.rstrip('.')}.", remedy)


def refusal(url: str, error: psycopg.Error) -> StoreError | None:
    """The error of what this role may not do, or this server does not; None where it is neither."""
    said = first_line(error).rstrip(".")
    if isinstance(error, errors.InsufficientPrivilege):
        return StoreError(
            f"This user may not do that in the database {shown(url)}: {said}.", remedy_of_rights(said)
        )
    if isinstance(error, errors.InvalidSchemaName):
        return StoreError(
            f"The database {shown(url)} has no place for the hub's tables: {said}.",
            "Make the schema that its search_path names, or name one that there is: ALTER DATABASE … SET"
            " search_path = public.",
        )
    if isinstance(error, errors.ReadOnlySqlTransaction) or "during recovery" in said:
        return StoreError(
            f"The server of the database {shown(url)} takes no changes: {said}.",
            "Name the primary in the address, and no standby of it; or let it be written to"
            " (default_transaction_read_only).",
        )
    return None


def remedy_of_rights(said: str) -> str:
    """What to do where a role may not do something, of which this was said."""
    if re.search("(?:permission denied for|must be owner of) (?:table|sequence|relation|index)", said):
        return (
            "The tables are another role's, which `\\dt` in psql shows: name that one in the address, or make"
            " them this one's: REASSIGN OWNED BY … TO …, or ALTER TABLE … OWNER TO … for each if they are"
            " the role postgres's."
        )
    return "Make the database its own: ALTER DATABASE … OWNER TO …"


def first_line(error: psycopg.Error) -> str:
    """What a server or libpq says at first; what follows are hints and positions."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def broken(url: str, error: psycopg.Error) -> StoreError:
    """The error of a connection that was there, and is no more; or of what was refused by it."""
    return (
        silence(url, error)
        or refusal(url, error)
        or StoreUnusable(
            f"The connection to the database {shown(url)} broke: {first_line(error).rstrip('.')}.",
            "See that the server runs and can be reached from here.",
        )
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
