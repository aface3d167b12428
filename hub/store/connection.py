"""How the store asks its database, whichever it is: what each kind of connection answers to.

Statements are written once, in SQL as `hub.store.statements` has it; what they
are given is a dictionary for `:names`, a sequence for `?`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from secrets import token_hex
from threading import Event
from typing import Any, ClassVar, Protocol

from hub.store.rows import Row

Values = Mapping[str, Any] | Sequence[Any]

# How long a database is waited for that somebody else writes to.
BUSY_SECONDS = 30


class Cursor(Protocol):
    """What a statement came to (PEP 249)."""

    def fetchone(self) -> Any: ...


class Connection(ABC):
    """One thread's connection to a database, made or upgraded when it is opened."""

    # What the driver raises: for whatever went wrong; for what was to be stored and may not be, as it is.
    _database_error: ClassVar[type[Exception]]
    _refusals: ClassVar[tuple[type[Exception], ...]]

    def __init__(self) -> None:
        self._stop = Event()
        self._is_within_one = False

    def give_up_at(self, stop: Event) -> None:
        self._stop = stop

    def close(self) -> None:  # noqa: B027 - the last to be asked
        """Let go of the database; each part of the store lets go of what is its own."""

    # ------------------------------------------------------------ transactions

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        before = self._is_within_one
        with self._writing():
            self._is_within_one = True
            try:
                yield
            finally:
                self._is_within_one = before

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that holds the write lock from its first read on, or a part of `all_or_nothing`'s."""
        with self._writing_within(BUSY_SECONDS):
            yield

    @contextmanager
    def _writing_within(self, seconds: float) -> Iterator[None]:
        """`_writing`, given up where another process holds the lock for longer than this."""
        if self._is_within_one:
            with self._errors(), self._undoable():
                yield
        else:
            with self._begun_within(seconds):
                yield

    @abstractmethod
    def _begun_within(self, seconds: float) -> AbstractContextManager[None]:
        """Such a transaction of its own."""

    @abstractmethod
    def _undoable(self) -> AbstractContextManager[None]:
        """A part of a transaction that an error undoes by itself."""

    def _unawaited(self) -> AbstractContextManager[object]:
        """A part of a transaction in which nothing waits for statements that give nothing back.

        What the database refuses of one is raised where a later one gives something, or as the
        part ends.
        """
        return nullcontext()

    @abstractmethod
    def _reading(self) -> AbstractContextManager[None]:
        """One state of the database for several reads."""

    @abstractmethod
    def _errors(self) -> AbstractContextManager[None]:
        """A block in which the driver's errors become StoreErrors that an admin can read."""

    # ------------------------------------------------------------ statements

    # Called for each statement there is, so that it may be the driver's own.
    _execute: Callable[..., Cursor]

    @abstractmethod
    def _rows_changed(self, statement: str, values: Values) -> int:
        """How many rows a statement inserted, updated or deleted."""

    @abstractmethod
    def _insert(self, statement: str, values: Values, column: str = "id") -> int:
        """Insert one row; the number that it has in this column."""

    @abstractmethod
    def _insert_each(self, statement: str, values: Sequence[Values], column: str = "id") -> list[int]:
        """Insert one row with each of these values; the numbers that they have, in that order."""

    @abstractmethod
    def _rows(self, statement: str, values: Values = ()) -> list[Row]: ...

    @abstractmethod
    def _tuples(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement as tuples, which is cheaper where there are many."""

    def _tuples_each(self, statement: str, every: Sequence[Values]) -> list[list[tuple[Any, ...]]]:
        """The rows of a statement with each of these values."""
        return [self._tuples(statement, values) for values in every]

    @abstractmethod
    def _keys(self, statement: str, values: Values = ()) -> list[int]:
        """The column `key` of a statement's rows, of which there may be thousands."""

    @abstractmethod
    def _write_each(self, statement: str, values: Sequence[Any]) -> None:
        """Carry out a statement with each of these values; with none, as most often, that costs nothing."""

    def _value(self, statement: str, values: Values = ()) -> Any:
        row = self._execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _published_changed(self) -> None:
        self._execute("UPDATE state SET version = version + 1, mark = ?", (token_hex(8),))

    @abstractmethod
    def _written_elsewhere(self) -> object:
        """What is another thing once another connection has written."""
