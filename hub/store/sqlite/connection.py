"""A connection to a SQLite file: its pragmas, its transactions, its errors as sentences."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from hub.errors import StoreDamaged, StoreError, StoreUnusable
from hub.machine import give_to_owner
from hub.said import sentence
from hub.store import PUT_BACK
from hub.store.connection import BUSY_SECONDS, Connection, Values
from hub.store.copies import MODE, refuse_cut_short, refuse_moved_away
from hub.store.rows import Row, from_json
from hub.store.sqlite.migrations import from_later, migrations

_log = logging.getLogger(__name__)

_BUSY_AGAIN = 0.02
# How long SQLite waits for it at a stretch where it is to be written: no signal is handled meanwhile.
_BUSY_STRETCH = 1
# KB of pages that a connection keeps.
_CACHE = 8_000
# Errors that another file would have met too.
_OF_THE_MACHINE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
)


class SqliteConnection(Connection):
    """One thread's connection to a database file, made or upgraded when it is opened."""

    _database_error = sqlite3.Error
    _refusals = (sqlite3.IntegrityError,)

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        refuse_cut_short(file)
        refuse_moved_away(file)
        _begin(file)
        try:
            connection = sqlite3.connect(
                file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db = Database(connection, execute_plugins=False)
            self._execute = connection.execute
            try:
                self._make_ready()
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise known_error(file, error) or StoreError(
                f"The database {file} cannot be opened: {error}.",
                "Check that its folder exists, can be written to and has room, and that the file is a hub's"
                " database.",
            ) from error

    def _make_ready(self) -> None:
        self._refuse_what_is_not_this_hubs()
        connection = self._db.conn
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        if migrations.pending(self._db):
            self._change_over()
        # What a statement may have to undo is kept there; a migration may sort a whole table in a file.
        connection.execute("PRAGMA temp_store = MEMORY")

    def _refuse_what_is_not_this_hubs(self) -> None:
        """Before anything is changed: WAL mode, for one, stays with a file for good."""
        if from_later(self._db):
            raise StoreError(
                f"The database {self._file} was written by a later hub than this one.",
                "Install that one again, or put back the backup from before it with `hub restore`.",
            )
        # In this order: another process may make the database between the two.
        if self._db.table_names() and not migrations.applied(self._db):
            raise StoreError(
                f"{self._file} is the database of another program.", "Name the hub's own with --database."
            )

    def _change_over(self) -> None:
        try:
            with self._writing(), self._no_earlier_hub():
                migrations.apply(self._db)
        except StoreError as error:
            if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            from hub.lock import LockFile

            holder = LockFile(self._file, "poll").holder
            raise StoreError(
                f"The database {self._file} is of an earlier hub, and {holder} holds it, most likely to"
                " change it over.",
                f"Wait until that has ended, then begin again; `fuser {self._file}` says which it is.",
            ) from error.__cause__

    @contextmanager
    def _no_earlier_hub(self) -> Iterator[None]:
        """For as long as an older database is changed over, what a hub that runs or polls with it holds."""
        with ExitStack() as locks:
            # A process that was quicker has changed it over, and may be at work by now.
            if self._db.table_names() and migrations.pending(self._db):
                from hub.lock import LockFile

                for purpose in ("run", "poll"):
                    lock = LockFile(self._file, purpose)
                    if not lock.take():
                        raise StoreError(
                            f"An earlier hub is at work on {self._file} ({lock.holder}).",
                            "Stop it first, make a backup with `hub backup FILE`, then begin again.",
                        )
                    locks.callback(lock.release)
                _log.warning(
                    "The database %s is of an earlier hub, and is changed over. A million entries take"
                    " a quarter of a minute, those of a much earlier one some minutes; stopped before its"
                    " end, it is as it was.",
                    self._file,
                )
            yield

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _begun_within(self, seconds: float) -> Iterator[None]:
        with self._errors():
            self._take_turn(seconds)
            try:
                yield
            except BaseException:
                self._db.rollback()
                raise
            self._execute("COMMIT")

    def _take_turn(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._wait_at_most(min(_BUSY_STRETCH, seconds))
        try:
            while True:
                try:
                    self._execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    held = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not held or self._stop.is_set() or time.monotonic() > until:
                        raise
                else:
                    return
        finally:
            self._wait_at_most(BUSY_SECONDS)

    def _wait_at_most(self, seconds: float) -> None:
        self._db.conn.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    @contextmanager
    def _undoable(self) -> Iterator[None]:
        self._execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            # A full disk undoes the whole transaction by itself.
            if self._db.conn.in_transaction:
                self._execute("ROLLBACK TO part")
                self._execute("RELEASE part")
            raise
        self._execute("RELEASE part")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._errors(), self._db.atomic():
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise known_error(self._file, error) or StoreError(
                f"The database {self._file} refused: {error}.",
                "Look at the disk's free space and the file's rights; `hub check` looks into the file.",
            ) from error

    def _rows(self, statement: str, values: Values = ()) -> list[Row]:
        cursor = self._db.conn.execute(statement, values)
        columns = [column for column, *_ in cursor.description]
        # sqlite3.Row compares a name with column after column; of wide rows that takes longer than all else.
        return [dict(zip(columns, row, strict=True)) for row in cursor]

    def _rows_changed(self, statement: str, values: Values) -> int:
        return self._db.conn.execute(statement, values).rowcount

    def _tuples(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._db.conn.execute(statement, values).fetchall()
        return found

    def _keys(self, statement: str, values: Values = ()) -> list[int]:
        # As one array: to hand over a row takes twice as long as to write and read its number.
        keys: list[int] = from_json(self._value(f"SELECT json_group_array(key) FROM ({statement})", values))
        return keys

    def _each(self, statement: str, values: Values = ()) -> Generator[tuple[Any, ...], None, None]:
        """Rows one by one, each looked for when it is asked for, until it is closed."""
        with closing(self._db.conn.execute(statement, values)) as cursor:
            yield from cursor

    def _write_each(self, statement: str, values: Sequence[Any]) -> None:
        if values:
            self._db.conn.executemany(statement, values)

    def _insert(self, statement: str, values: Values, column: str = "id") -> int:  # noqa: ARG002
        number = self._db.conn.execute(statement, values).lastrowid
        assert number is not None
        return number

    def _insert_each(self, statement: str, values: Sequence[Values], column: str = "id") -> list[int]:
        return [self._insert(statement, each, column) for each in values]

    def _written_elsewhere(self) -> object:
        return self._value("PRAGMA data_version")


def _begin(file: Path) -> None:
    """Begin a database that is not there as its folder's owner's, also where root is the first to open it.

    Nobody else reads it, whatever this process' umask is.
    """
    # What goes wrong here SQLite will say; it gives what it keeps beside the file to the same user.
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
        give_to_owner(file, of=file.parent)


def known_error(file: Path, error: sqlite3.Error) -> StoreError | None:
    """The error of a database that is damaged, held by somebody or another user's; None for others."""
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_CORRUPT:
            return StoreDamaged(f"The database {file} is damaged: {error}.", sentence(PUT_BACK))
        case sqlite3.SQLITE_NOTADB:
            return StoreUnusable(
                f"{file} is no database: {error}.",
                f"If it was one, {PUT_BACK}. Else name the hub's database with --database.",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreUnusable(
                f"The database {file} is held by another program: {error}.",
                f"End that one, or what it has begun with the database; `fuser {file}` says which it is.",
            )
        # Not of a file that another took the place of.
        case sqlite3.SQLITE_READONLY if code != sqlite3.SQLITE_READONLY_DBMOVED:
            return StoreError(
                f"This user may not write the database {file}: {error}.",
                "Run this as the user that the hub runs as.",
            )
    return None


def is_of_the_machine(error: StoreError) -> bool:
    """Whether another file would have met the same: a full disk, say, or somebody who holds it."""
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF in _OF_THE_MACHINE


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn a database to WAL mode, for which SQLite does not wait where another process just makes it."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_BUSY_AGAIN)
        else:
            return
