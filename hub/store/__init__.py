"""What the rest of the hub may ask of a database: the Store protocol.

Every method is one transaction. Datetimes go in and come out aware, in UTC.
Any method may raise StoreError. A store belongs to the thread that opened it;
those who read and the one who writes never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Protocol

from hub.errors import StoreError
from hub.model import StoredEntry
from hub.store.found import BadCursor, Found, LatestEntry, MemberSummary, Order, Page, Pin, Place, Totals
from hub.store.protocol.admins import AdminStore
from hub.store.protocol.feeds import Decide, FeedStore
from hub.store.protocol.news import NewsStore
from hub.store.protocol.pushing import PushStore
from hub.store.protocol.rulings import RulingStore

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
    "back_up",
    "database_file",
    "existing_store",
    "open_store",
]


class Store(FeedStore, NewsStore, RulingStore, PushStore, AdminStore, Protocol):
    """A database of feeds, entries and stories."""

    def check(self) -> tuple[str, ...]:
        """What is wrong with the database, a sentence each; empty when it is sound."""

    def mend(self, step: Callable[[str], None]) -> None:
        """Make anew what is made of the entries, all or nothing; `step` is told what comes next.

        That is the tags of stories, the counts, the bitmaps and the full-text index.
        """

    def give_up_at(self, stop: Event) -> None:
        """Once this is set, wait a second for another program that holds the database, not half a minute."""

    def close(self) -> None:
        """Let go of the database. Closing twice is harmless."""


def address_of(store: Store, stored: StoredEntry) -> str:
    """A link or an id of an entry by which `find` finds no other, or at least no other of its feed."""
    link = stored.entry.link
    return link if link and store.number_at(link) == 1 else stored.atom_id


PUT_BACK = "stop the hub and put back the last backup: hub restore FILE"
"""What to do about damage."""


def database_file(url: str) -> Path:
    """The file that a database's URL names.

    `sqlite:///hub.db` is relative to the working directory,
    `sqlite:////var/lib/hub.db` absolute. Raises StoreError.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreError(
            f"{url!r} is not the address of a database.",
            "Write sqlite:///hub.db for a file beside you, sqlite:////var/lib/hub/hub.db for one elsewhere.",
        )
    return Path(path)


def open_store(url: str) -> Store:
    """Open the database a URL names, making or upgrading it first. Raises StoreError."""
    if url.startswith(("postgresql://", "postgres://")):
        from hub.store.postgres import PostgresStore

        return PostgresStore(url)
    file = database_file(url)
    from hub.store.sqlite import SqliteStore

    return SqliteStore(file)


def existing_store(url: str) -> Store:
    """Open a database that must be there already. Raises StoreError."""
    if not url.startswith(("postgresql://", "postgres://")):
        _existing_file(url)
    return open_store(url)


def back_up(url: str, copy: Path) -> None:
    """Write a consistent copy of a database to a file that must not exist. Raises StoreError.

    Others go on reading and writing. The database stays as it is, also an earlier hub's, and so is the copy.
    """
    file = _existing_file(url)
    from hub.store.sqlite.copying import Original

    with closing(Original(file)) as original:
        original.copy(copy)


def _existing_file(url: str) -> Path:
    file = database_file(url)
    if not file.exists():
        raise StoreError(f"There is no database {file}.", "Name the one that the hub uses with --database.")
    if file.stat().st_size == 0:
        raise StoreError(
            f"The database {file} is empty: it is a file of no bytes.",
            f"If there was news in it, {PUT_BACK}. A hub that polls makes a new one of it.",
        )
    return file
