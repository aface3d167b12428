"""What the rest of the hub may ask of a database: the Store protocol.

Every method is one transaction, or a part of the one that
`Store.all_or_nothing` is. Datetimes go in and come out aware, in UTC.
Any method may raise StoreError. A store belongs to the thread that opened it;
those who read and the one who writes never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from hub.errors import StoreError
from hub.model import Admitted, Poller, StoredEntry, Workers
from hub.store.address import database_file, on_server, shown
from hub.store.copies import refuse_cut_short, refuse_moved_away
from hub.store.found import (
    BadCursor,
    Found,
    LatestEntry,
    MemberSummary,
    Order,
    Page,
    Pin,
    Place,
    Totals,
    all_of,
)
from hub.store.protocol.admins import AdminStore
from hub.store.protocol.feeds import Decide, FeedStore
from hub.store.protocol.incidents import IncidentStore
from hub.store.protocol.news import NewsStore
from hub.store.protocol.pushing import PushStore
from hub.store.protocol.readers import ReaderStore
from hub.store.protocol.rulings import RulingStore

if TYPE_CHECKING:
    from hub.lock import DatabaseLock, Purpose
    from hub.store.postgres.company import Company

__all__ = [
    "PUT_BACK",
    "BadCursor",
    "Decide",
    "Found",
    "LatestEntry",
    "MemberSummary",
    "Order",
    "Page",
    "Pin",
    "Place",
    "Store",
    "Totals",
    "address_of",
    "all_of",
    "back_up",
    "company_of",
    "database_file",
    "existing_store",
    "is_begun",
    "is_dump",
    "is_file_of_sqlite",
    "lock_of",
    "on_server",
    "open_store",
    "put_back",
    "shown",
    "take_over",
]


class Store(FeedStore, NewsStore, RulingStore, PushStore, IncidentStore, ReaderStore, AdminStore, Protocol):
    """A database of feeds, entries and stories."""

    def all_or_nothing(self) -> AbstractContextManager[None]:
        """A block in which all that is asked of the store is one transaction; an error in it undoes all.

        Nobody else writes from its beginning on: nothing that takes a while belongs there, and
        what is read there stays so to its end. Where a method refuses, what it did is undone
        alone, so that the block may go on.
        """

    def workers(self) -> Workers:
        """How many `hub worker`s are at work, and how many jobs they have."""

    def pollers(self) -> tuple[Poller, ...] | None:
        """The processes that poll with a database on a server, or could, workers last; None of a file."""

    def check(self) -> tuple[str, ...]:
        """What is wrong with the database, a sentence each; empty when it is sound."""

    def mend(self, step: Callable[[str], None]) -> None:
        """Make anew, all or nothing, what is derived from the entries; `step` is told what comes next.

        That is the tags of stories, the counts, the bitmaps and the full-text index.
        """

    def give_up_at(self, stop: Event) -> None:
        """Once `stop` is set, wait a second for a program that holds the database, not half a minute."""

    def close(self) -> None:
        """Let go of the database. Closing twice is harmless."""


def address_of(store: Store, stored: StoredEntry) -> str:
    """The address by which `find` finds this entry: its link if no other has that, else its `atom:id`."""
    link = stored.entry.link
    return link if link and store.number_at(link) == 1 else stored.atom_id


PUT_BACK = "stop the hub and put back the last backup: hub restore FILE"
"""What to do about damage."""


def open_store(url: str, *, for_readers: bool = False) -> Store:
    """Open the database an address names, making or upgrading it first. Raises StoreError.

    With `for_readers`, who wait for it, a server that does not answer is given up within
    seconds, and a file is not made: whoever runs the hub has made it.
    """
    if on_server(url):
        with _driver():
            from hub.store.postgres import PostgresStore
        return PostgresStore(url, for_readers=for_readers)
    file = database_file(url)
    if for_readers:
        refuse_moved_away(file, begun=True)
    from hub.store.sqlite import SqliteStore

    return SqliteStore(file)


def lock_of(url: str, purpose: Purpose) -> DatabaseLock:
    """The lock of a database for a purpose. Raises StoreError."""
    if on_server(url):
        with _driver():
            from hub.store.postgres.locks import ServerLock
        return ServerLock(url, purpose)
    from hub.lock import LockFile

    return LockFile(database_file(url), purpose)


def company_of(url: str) -> Company:
    """How this process is known to others that poll with a database on a server. Raises StoreError."""
    with _driver():
        from hub.store.postgres.company import Company
    return Company(url)


@contextmanager
def _driver() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StoreError(
            f"A database on a PostgreSQL server takes psycopg, which cannot be loaded: {error}.",
            "Install it where the hub is: pip install 'psycopg[binary]'.",
        ) from error


def existing_store(url: str) -> Store:
    """Open a database that must be there already. Raises StoreError."""
    if on_server(url):
        _existing_tables(url)
    else:
        _existing_file(url)
    return open_store(url)


def is_begun(url: str) -> bool:
    """Whether there is a hub's database at an address. Raises StoreError."""
    if on_server(url):
        with _driver():
            from hub.store.postgres.server import has_tables
        return has_tables(url)
    file = database_file(url)
    try:
        return file.exists() and file.stat().st_size > 0
    except OSError as error:
        raise StoreError(f"{file} cannot be looked at: {error.strerror}.", "Look at the rights.") from error


def back_up(url: str, copy: Path) -> None:
    """Write a consistent copy of a database to a file that must not exist. Raises StoreError.

    Other processes go on reading and writing. A database of an earlier hub is not upgraded,
    nor is its copy.
    """
    if on_server(url):
        _existing_tables(url)
        from hub.store.postgres import copying

        copying.dump(url, copy)
        return
    file = _existing_file(url)
    from hub.store.sqlite.copying import Original

    with closing(Original(file)) as original:
        original.copy(copy)


def put_back(url: str, copy: Path) -> None:
    """Put a copy of a database on a server back, all of it or nothing. Raises StoreError.

    Nobody is signed in after that.
    """
    with _driver():
        from hub.store.postgres import copying
    copying.put_back(url, copy)


def admitted(url: str) -> Admitted | None:
    """Who may sign in by a database, which is left as it is; None where that cannot be told.

    Raises StoreError for a server that does not answer.
    """
    if on_server(url):
        with _driver():
            from hub.store.postgres import copying
        return copying.admitted(url)
    from hub.store.sqlite.copying import admitted as of_file

    return of_file(database_file(url))


def take_over(url: str, file: Path, step: Callable[[str], None]) -> None:
    """Copy a SQLite database into one on a server, under the same numbers. Raises StoreError.

    All of it, or nothing; `step` is told what comes next. A file of an earlier hub is upgraded.
    """
    from hub.store.sqlite import SqliteStore

    with _driver():
        from hub.store.postgres import PostgresStore
    with closing(SqliteStore(file)) as original, closing(PostgresStore(url)) as store:
        store.take_over(original, step)


def is_file_of_sqlite(file: Path) -> bool:
    """Whether a file is a SQLite database, and no dump of another."""
    return _begins_with(file, b"SQLite format 3\0")


def is_dump(file: Path) -> bool:
    """Whether a file is a copy of a database on a PostgreSQL server."""
    return _begins_with(file, b"PGDMP")


def _begins_with(file: Path, signature: bytes) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(signature)) == signature
    except OSError:
        return False


def _existing_tables(url: str) -> None:
    if not is_begun(url):
        raise StoreError(
            f"There is no hub's database at {shown(url)}: it has none of the hub's tables.",
            "Name the one that the hub uses with --database. A hub that polls makes them in an empty one.",
        )


def _existing_file(url: str) -> Path:
    file = database_file(url)
    refuse_cut_short(file)
    if not file.exists():
        raise StoreError(f"There is no database {file}.", "Name the one that the hub uses with --database.")
    if file.stat().st_size == 0:
        raise StoreError(
            f"The database {file} is empty: it is a file of no bytes.",
            f"If there was news in it, {PUT_BACK}. A hub that polls makes a new one of it.",
        )
    return file
