"""A copy of a database on a server, and how it comes back: by PostgreSQL's own programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NoReturn

from msgspec import Struct
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from hub.errors import StoreError
from hub.model import Admitted
from hub.store.copies import whole
from hub.store.postgres.migrations import MIGRATIONS
from hub.store.postgres.server import MADE, asking, name_on_server, parameters, remedy_of_rights
from hub.store.postgres.workers import SCHEMA as JOBS
from hub.store.rows import admitted_by

# Who owns the tables, and who else may read them, is the server's that they are put back on.
_OF_THE_TABLES_ALONE = ("--no-owner", "--no-privileges")
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_HAS_ROLES = (
    "SELECT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND table_name = 'accounts' AND column_name = 'role')"
)
_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (\S+) (\S+) ", re.MULTILINE)
# Who was let in when the copy was made may have been removed since.
_LET_IN = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (?:sessions|invitations|departures) ")
# Where Debian and Red Hat have the programs of each version, besides one that is in PATH.
_PLACES = "/usr/lib/postgresql/{0}/bin:/usr/pgsql-{0}/bin"
_AN_EMPTY_ONE = "make an empty database (createdb), and name that with --database"
# Of the tables of another program.
_MOST_TOLD = 5
# Programs of this version and later ask the server for what earlier ones do not know.
_NOT_BEFORE = 17
# On Linux a program ends with this process, also where that is killed (prctl(2), PR_SET_PDEATHSIG): it asks
# for it by itself, in what it is called as, since between a fork and an exec threads let nothing be done.
_WITH_US = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


class _Place(Struct, frozen=True):
    """A database on a server, for the programs: its name, its server's version, the tables that it has.

    These are in a `schema`; None where what its search_path names is not there.
    """

    name: str
    version: int
    schema: str | None
    tables: frozenset[str]


def dump(url: str, file: Path) -> None:
    """Write a copy to a file that must not exist; others go on reading and writing. Raises StoreError."""
    program = _program("pg_dump", _place(url).version)
    # Nothing in the engine's tables has to last.
    without_jobs = f"--exclude-schema={JOBS}"
    try:
        # Read by nobody else: who may read the database, the server says.
        with whole(file, mode=0o600) as part:
            _run((program, "--format=custom", without_jobs, *_OF_THE_TABLES_ALONE, f"--file={part}"), url)
    except _Failed as error:
        said = str(error)
        if "permission denied for" in said:
            remedy = remedy_of_rights(said)
        elif "could not write" in said or "No space" in said:
            remedy = "Check that its folder has room."
        else:
            remedy = "Check that the server can be reached, and that its folder has room."
        raise StoreError(f"The backup to {file} failed: {said}.", remedy) from error


def put_back(url: str, file: Path) -> None:
    """Make a database what a copy holds, but for who is signed in, all or nothing. Raises StoreError."""
    place = _place(url)
    restore = _Restore(url, file, place)
    contents = restore.run("--list")
    restore.refuse(contents)
    with NamedTemporaryFile("w", prefix="hub-restore-") as left:
        left.writelines(f"{line}\n" for line in contents.splitlines() if not _LET_IN.match(line))
        left.flush()
        restore.run(
            "--single-transaction",
            "--clean",
            "--if-exists",
            *_OF_THE_TABLES_ALONE,
            f"--use-list={left.name}",
            f"--dbname={make_conninfo(dbname=place.name)}",
        )


def admitted(url: str) -> Admitted | None:
    """Who may sign in by a database; None where that cannot be told. Raises StoreError."""
    with asking(url) as connection:
        (known,) = connection.execute(_HAS_ROLES).fetchone() or (False,)
        if not known:
            return None
        return admitted_by(connection.execute)


class _Restore:
    """`pg_restore` of a copy, for a database."""

    def __init__(self, url: str, file: Path, place: _Place) -> None:
        self._url = url
        self._file = file
        self._place = place
        self._program = _program("pg_restore", place.version)

    def run(self, *arguments: str) -> str:
        """What it prints. Raises StoreError, nothing changed: what it does is one transaction."""
        try:
            return _run((self._program, *arguments, str(self._file)), self._url)
        except _Failed as error:
            said = str(error)
            if "permission denied for" not in said and "must be owner of" not in said:
                self._refuse(said)
            raise StoreError(
                f"{self._file} cannot be put back: {said}.", f"Nothing was changed. {remedy_of_rights(said)}"
            ) from error

    def refuse(self, contents: str) -> None:
        """Refuse what is no hub's, a later one's, or goes into no hub's place. Raises StoreError."""
        if self._place.tables and MADE not in self._place.tables:
            self._refuse(
                "the database is another program's, since it has tables and none of a hub's migrations:"
                f" {', '.join(sorted(self._place.tables)[:_MOST_TOLD])}",
                _AN_EMPTY_ONE,
            )
        found = _TABLE.findall(contents)
        tables = {name for _, name in found}
        if MADE not in tables:
            self._refuse("it is not of a hub's database")
        # They would be put where no hub looks for them.
        schema = next(schema for schema, name in found if name == MADE)
        if schema != (there := self._place.schema or "none"):
            self._refuse(
                f"its tables are of the schema {schema}, and the database's of {there}",
                f"have both be the same: CREATE SCHEMA {schema}, ALTER DATABASE … SET search_path = {schema}",
            )
        rows = self.run("--data-only", f"--table={MADE}", "--file=-")
        if set(_rows(rows)) - set(MIGRATIONS):
            self._refuse("it was written by a later hub than this one", "install that one")
        if more := sorted(self._place.tables - tables):
            self._refuse(
                f"the database has tables that are not in it, of a later hub or of another program:"
                f" {', '.join(more)}",
                _AN_EMPTY_ONE,
            )

    def _refuse(self, why: str, remedy: str = "take another") -> NoReturn:
        raise StoreError(f"{self._file} cannot be put back: {why}.", f"Nothing was changed; {remedy}.")


def _rows(script: str) -> list[str]:
    """The values of a table of one column, in a script that fills it."""
    _, _, rows = script.partition("FROM stdin;\n")
    return rows.partition("\n\\.")[0].splitlines()


def _place(url: str) -> _Place:
    with asking(url) as connection:
        ((schema,),) = connection.execute("SELECT current_schema()").fetchall()
        return _Place(
            name=connection.info.dbname,
            version=connection.info.server_version // 10_000,
            schema=schema,
            tables=frozenset(name for (name,) in connection.execute(_TABLES)),
        )


# ---------------------------------------------------------------- the programs


class _Failed(Exception):
    """A program failed; what it said."""


def _program(name: str, server: int) -> str:
    """Where a program is, of a version of PostgreSQL that goes with the server's. Raises StoreError."""
    path = shutil.which(name, path=_PLACES.format(server)) or shutil.which(name)
    remedy = (
        f"Install the client programs of PostgreSQL {server} where this runs"
        f" (Debian: postgresql-client-{server}, from apt.postgresql.org where Debian has it not)."
    )
    if path is None:
        raise StoreError(
            f"There is no {name} here, which a backup of a database on a PostgreSQL server takes.", remedy
        )
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    found = _VERSION.search(said.stdout)
    version = int(found[1]) if found else server
    if version < server or server < _NOT_BEFORE <= version:
        raise StoreError(
            f"The {name} here is of PostgreSQL {version}, and the server of {server}: these do not fit.",
            remedy,
        )
    return path


def _run(command: Sequence[str], url: str) -> str:
    """Run a program to its end, or this process's; what it printed. Raises _Failed."""
    if sys.platform == "linux":
        command = (sys.executable, "-I", "-S", "-c", _WITH_US, str(os.getpid()), *command)
    ran = subprocess.run(  # noqa: S603 - ours
        command, stdin=subprocess.DEVNULL, capture_output=True, env=_environment(url), check=False
    )
    if ran.returncode:
        raise _Failed(_problem(ran.stderr.decode(errors="replace")))
    return ran.stdout.decode(errors="replace")


def _problem(said: str) -> str:
    """The first error that a program told of, in a line."""
    errors = re.findall(r"^\w+: error: (.+)$", said, re.MULTILINE)
    return (errors or said.split("\n") or [""])[0].rstrip(".")


def _environment(url: str) -> Mapping[str, str]:
    """What an address says, where only the programs see it: everybody sees what they are called with."""
    parameters(url)
    said = {
        each.envvar.decode(): each.val.decode()
        for each in Conninfo.parse(url.encode())
        if each.envvar and each.val
    }
    return {**os.environ, "PGAPPNAME": name_on_server(), **said}
