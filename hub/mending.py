"""Damage in the database: looked for, and what is made of the entries made anew."""

from __future__ import annotations

import sys
from contextlib import closing

from hub.lock import DatabaseLock, held
from hub.store import database_file, existing_store

MEND = (
    "`hub check --mend` makes anew what is made of the entries: tags of stories, counts, bitmaps and"
    " full text. For all else, stop the hub and put back the last backup."
)
BACKUP = "This cannot be made anew from the entries: stop the hub and put back the last backup."


def checked(database: str) -> tuple[str, ...]:
    """What is wrong with a database, a sentence each. Raises StoreError."""
    with closing(existing_store(database)) as store:
        return store.check()


def mended(database: str) -> tuple[str, ...]:
    """Mend a database that nobody polls with; what is wrong then. Raises BusyError and StoreError."""
    with closing(existing_store(database)) as store:
        lock = DatabaseLock(database_file(database), "poll")
        with held(lock, seconds=0, waiting=lambda _: None):
            store.mend(lambda what: print(f"Making {what} anew …", file=sys.stderr))
        return store.check()
