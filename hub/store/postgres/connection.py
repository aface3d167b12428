"""A connection to a PostgreSQL database: its tables, its transactions, its errors as sentences."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import NoneType
from typing import Any

import psycopg
from psycopg import errors
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper, StrDumperUnknown

from hub.errors import StoreError, StoreUnusable
from hub.store.address import shown
from hub.store.connection import BUSY_SECONDS, Connection, Cursor, Values
from hub.store.postgres.dialect import many_rows, translated
from hub.store.postgres.migrations import MIGRATIONS, TEXT
from hub.store.postgres.server import HOLDERS, NAME, Server, Silent, connect, first_line, refusal, silence
from hub.store.rows import Row

# Of advisory locks: who writes holds this one to the end of the transaction.
_WRITING = 4_872_001
# Classes of errors: of the connection, of who may connect to what, of too many of them, of a server's end;
# and that it waited no longer for what was begun.
_UNREACHABLE = ("08", "28", "3D", "53", "57P", "25P03")
# How long it is waited for at a stretch: no signal is handled meanwhile.
_BUSY_STRETCH = 1.0
# Whatever the server has by default: what is read after the lock is what others wrote before it.
# Who was stopped while it writes, or whose machine was, does not keep all others waiting for as long as that.
_WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '{}ms';"
    " SET LOCAL idle_in_transaction_session_timeout = '60s';"
    f" SELECT pg_advisory_xact_lock({_WRITING}); SET LOCAL lock_timeout = '{{}}s'"
)
_WRITER = f"SELECT application_name FROM {HOLDERS} AND classid = 0 AND objid = {_WRITING} AND objsubid = 1"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Where a reader waits for it, what is read is done within a second or never in time: the server ends it by
# itself, and one that hangs is left. What is written there may take as long as others' writing. In seconds.
_FOR_READERS = "SET statement_timeout = '4s'"
_READ_WITHIN, _WRITES = 5.0, 60.0
_UNLIMITED = "SET LOCAL statement_timeout = 0"
# A row takes the server and the driver a third of the time where it is not handed over by itself.
_MANY = 4
_ROW_OF = re.compile(r"\s*INSERT INTO (\w+) \((.*?)\)\s+VALUES \(", re.DOTALL)
# Of rows that are numbered here, the number that follows; and where the server goes on after them.
_NEXT_NUMBER = "SELECT nextval(pg_get_serial_sequence(?, ?))"
_NUMBERED_UP_TO = "SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)"
_TYPES = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


# As statements that are not waited for end with an error, what comes of it besides is no other error.
logging.getLogger("psycopg").addFilter(lambda record: not record.msg.startswith("error ignored terminating"))


class _Whole(Loader):
    """Sums of whole numbers are such, and no decimal fractions."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text else int(text)


class _Number(Dumper):
    """True and False are 1 and 0, as the columns have them."""

    oid = 20  # bigint

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


def _without_nul(text: str) -> str:
    """PostgreSQL has no NUL in texts: it is what stands for any letter that there is not."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(_without_nul(obj))


class _TextInArrays(StrBinaryDumper):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(_without_nul(obj))


# To write an array as text takes 25 times as long.
_IN_ARRAYS: dict[type, type[Dumper]] = {str: _TextInArrays, int: Int8BinaryDumper, bool: Int8BinaryDumper}


class PostgresConnection(Connection):
    """One thread's connection to a database, whose tables are made when it is opened."""

    _database_error = psycopg.Error
    # What it does not take of a document is of that alone.
    _refusals = (psycopg.IntegrityError, psycopg.DataError, errors.ProgramLimitExceeded)

    def __init__(self, url: str, *, for_readers: bool = False) -> None:
        super().__init__()
        self._for_readers = for_readers
        self._url = url
        self._name = shown(url)
        self._within = False
        self._types: dict[str, dict[str, str]] = {}  # of columns, by table
        self._next: dict[tuple[str, str], int] | None = None  # number, by table and column, while not waiting
        with self._errors():
            self._connection = self._open()
            try:
                self._make_ready()
            except BaseException:
                self._connection.close()
                raise

    def _open(self) -> Server:
        connection = connect(self._url, patience=_READ_WITHIN if self._for_readers else None)
        if self._for_readers:
            connection.execute(_FOR_READERS)
        connection.prepare_threshold = 3
        connection.adapters.register_loader("numeric", _Whole)
        connection.adapters.register_dumper(bool, _Number)
        connection.adapters.register_dumper(str, _Text)
        self._arrays = connection.cursor()
        for type_, dumper in _IN_ARRAYS.items():
            self._arrays.adapters.register_dumper(type_, dumper)
        return connection

    def _make_ready(self) -> None:
        if self._applied() == set(MIGRATIONS):
            return
        with self._writing():
            applied = self._applied()
            if later := applied - set(MIGRATIONS):
                raise StoreError(
                    f"The database {self._name} was written by a later hub than this one"
                    f" ({', '.join(sorted(later))}).",
                    "Install that one again, or put back the backup from before it with `hub restore`.",
                )
            if not applied:
                self._refuse_what_is_not_this_hubs()
                self._connection.execute(f"CREATE TABLE hub_migrations (name {TEXT} PRIMARY KEY)")
            for name, script in MIGRATIONS.items():
                if name not in applied:
                    self._connection.execute(script.replace("TEXT", TEXT).encode())
                    self._connection.execute("INSERT INTO hub_migrations VALUES (%s)", (name,))

    def _applied(self) -> set[str]:
        if self._connection.execute("SELECT to_regclass('hub_migrations')").fetchone() == (None,):
            return set()
        return {name for (name,) in self._connection.execute("SELECT name FROM hub_migrations")}

    def _refuse_what_is_not_this_hubs(self) -> None:
        ((encoding,),) = self._connection.execute("SHOW server_encoding").fetchall()
        if encoding != "UTF8":
            raise StoreError(
                f"The database {self._name} is written in {encoding}, which lacks most letters.",
                "Make it again: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
            )
        found = self._connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace LIMIT 1"
        ).fetchone()
        if found:
            raise StoreError(
                f"{self._name} is the database of another program: it has a table {found[0]}.",
                "Name the hub's own with --database.",
            )

    def close(self) -> None:
        self._connection.close()

    # ------------------------------------------------------------ transactions

    @contextmanager
    def _begun_within(self, seconds: float) -> Iterator[None]:
        with self._errors():
            self._take_turn(seconds)
            with self._transaction(), self._taking_time():
                yield
                self._connection.execute("COMMIT")

    @contextmanager
    def _taking_time(self) -> Iterator[None]:
        """What is written, where readers wait for what is read."""
        before = self._connection.patience
        if self._for_readers:
            self._connection.execute(_UNLIMITED)
            self._connection.patience = _WRITES
        try:
            yield
        finally:
            self._connection.patience = before

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One that has begun, undone at an error."""
        self._within = True
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._within = False

    def _take_turn(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            left = max(0.001, min(_BUSY_STRETCH, until - time.monotonic()))
            try:
                self._first(_WRITE.format(round(left * 1000), BUSY_SECONDS))
            except errors.LockNotAvailable as error:
                self._roll_back()
                if self._stop.is_set() or time.monotonic() >= until:
                    raise self._held(error, self._writer()) from error
            except BaseException:
                self._roll_back()
                raise
            else:
                return

    def _writer(self) -> str:
        """Who writes, such as `process 4711 on news1`, if that is to be had."""
        with suppress(psycopg.Error):
            if found := self._connection.execute(_WRITER.encode()).fetchone():
                return str(found[0]).removeprefix(NAME)
        return ""

    def _held(self, error: psycopg.Error, by: str = "") -> StoreUnusable:
        return StoreUnusable(
            f"The database {self._name} is held by another program{by and ', '}{by}: {first_line(error)}.",
            "End that one, or what it has begun; `SELECT * FROM pg_stat_activity` says which it is.",
        )

    def _roll_back(self) -> None:
        # Of a connection that broke, the server has undone it.
        with suppress(psycopg.OperationalError):
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _unawaited(self) -> Iterator[None]:
        with self._connection.pipeline():
            self._next = {}
            try:
                yield
                for (table, column), number in self._next.items():
                    self._connection.execute(_NUMBERED_UP_TO, (table, column, number))
            finally:
                self._next = None

    @contextmanager
    def _undoable(self) -> Iterator[None]:
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if not self._connection.broken:
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._errors():
            if self._within:
                yield
                return
            self._first(_READ)
            with self._transaction():
                yield
                self._connection.execute("COMMIT")

    def _first(self, statement: str, values: Values = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """What a statement that no transaction was before comes to.

        Where the server has been started anew since the last, it takes another connection.
        """
        try:
            return self._connection.execute(statement.encode(), values)
        except Silent:
            raise
        except psycopg.OperationalError:
            if not self._connection.broken:
                raise
        self._connection.close()
        self._connection = self._open()
        return self._connection.execute(statement.encode(), values)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._known_error(error) from error

    def _known_error(self, error: psycopg.Error) -> StoreError:
        said = first_line(error)
        if known := silence(self._url, error) or refusal(self._url, error):
            return known
        match error:
            case errors.QueryCanceled() if self._for_readers:
                return StoreUnusable(
                    f"The database {self._name} did not answer in time: {said}.",
                    "Look at what its server is at: `SELECT * FROM pg_stat_activity`.",
                )
            case errors.LockNotAvailable():
                return self._held(error)
            case errors.DiskFull() | errors.OutOfMemory():
                return StoreError(
                    f"The server of the database {self._name} is full: {said}.",
                    "Look at its disk and memory.",
                )
            case psycopg.OperationalError() | psycopg.InternalError() if (error.sqlstate or "08").startswith(
                _UNREACHABLE
            ):
                return StoreUnusable(
                    f"The database {self._name} cannot be reached: {said}.",
                    "Look whether PostgreSQL runs there, and at the user, the password and the name.",
                )
        return StoreError(
            f"The database {self._name} refused: {said}.",
            "Look at the server's log; `hub check` looks into the database.",
        )

    # ------------------------------------------------------------ statements

    def _execute(self, statement: str, values: Values = ()) -> Cursor:
        return self._ask(statement, values)

    def _rows_changed(self, statement: str, values: Values) -> int:
        # The cursor's own count is not there yet while statements are not waited for.
        return len(self._tuples(f"{statement} RETURNING 1", values))

    def _ask(self, statement: str, values: Values) -> psycopg.Cursor[tuple[Any, ...]]:
        each = translated(statement)
        if self._within:
            return self._connection.execute(each.text.encode(), each.values(values))
        return self._first(each.text, each.values(values))

    def _insert(self, statement: str, values: Values, column: str = "id") -> int:
        row = self._ask(f"{statement} RETURNING {column}", values).fetchone()
        assert row is not None
        return int(row[0])

    def _insert_each(self, statement: str, values: Sequence[Values], column: str = "id") -> list[int]:
        if not values:
            return []
        if self._next is not None:
            return self._insert_numbered(self._next, statement, values, column)
        each = translated(f"{statement} RETURNING {column}")
        numbers: list[int] = []
        with self._connection.cursor() as cursor:
            cursor.executemany(each.text.encode(), [each.values(some) for some in values], returning=True)
            while True:
                numbers += [number for (number,) in cursor]
                if not cursor.nextset():
                    return numbers

    def _insert_numbered(
        self, following: dict[tuple[str, str], int], statement: str, values: Sequence[Values], column: str
    ) -> list[int]:
        """`_insert_each` with numbers given here, since to learn the server's is to wait.

        No other takes any meanwhile: only who holds the lock of those who write inserts such rows.
        """
        beginning = _ROW_OF.match(statement)
        assert beginning is not None
        table, columns = beginning.groups()
        if (table, column) not in following:
            following[table, column] = int(self._value(_NEXT_NUMBER, (table, column)))
        first = following[table, column]
        following[table, column] += len(values)
        numbers = [*range(first, first + len(values))]
        named = isinstance(values[0], Mapping)
        self._write_each(
            f"INSERT INTO {table} ({column}, {columns}) OVERRIDING SYSTEM VALUE"
            f" VALUES ({':numbered' if named else '?'}, {statement[beginning.end() :]}",
            [
                {"numbered": number, **each} if isinstance(each, Mapping) else (number, *each)
                for number, each in zip(numbers, values, strict=True)
            ],
        )
        return numbers

    def _rows(self, statement: str, values: Values = ()) -> list[Row]:
        cursor = self._ask(statement, values)
        found = cursor.fetchall()
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found]

    def _tuples(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return self._ask(statement, values).fetchall()

    def _tuples_each(self, statement: str, every: Sequence[Values]) -> list[list[tuple[Any, ...]]]:
        # All are asked before the first is waited for.
        asked = [self._ask(statement, values) for values in every]
        return [cursor.fetchall() for cursor in asked]

    def _planned(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """The rows of a statement that is gone about in one way or another by what it is given.

        One that was prepared the server goes about in one way for all.
        """
        each = translated(statement)
        return self._connection.execute(each.text.encode(), each.values(values), prepare=False).fetchall()

    def _keys(self, statement: str, values: Values = ()) -> list[int]:
        return [key for (key,) in self._ask(statement, values)]

    def _write_each(self, statement: str, values: Sequence[Any]) -> None:
        if not values or self._insert_many(statement, values):
            return
        each = translated(statement)
        given = [each.values(some) for some in values]
        if self._next is None:
            with self._connection.cursor() as cursor:
                cursor.executemany(each.text.encode(), given)
            return
        # While nothing is waited for, that would wait.
        for some in given:
            self._connection.execute(each.text.encode(), some)

    def _insert_many(self, statement: str, values: Sequence[Any]) -> bool:
        """Insert rows by one statement; whether these can be, and that is sooner."""
        many = many_rows(statement) if len(values) >= _MANY else None
        if many is None:
            return False
        columns = {name: [row[name] for row in values] for name in many.columns}
        if many.key and len({tuple(row[name] for name in many.key) for row in values}) < len(values):
            return False
        # An array has values of one type.
        if any(len({*map(type, column)} - {NoneType}) > 1 for column in columns.values()):
            return False
        if many.table not in self._types:
            self._types[many.table] = dict(self._connection.execute(_TYPES, (many.table,)))
        self._arrays.execute(many.of_types(self._types[many.table]).encode(), [*columns.values()])
        return True

    def _written_elsewhere(self) -> object:
        # Others may have written since, and what they did is not counted.
        return object()
