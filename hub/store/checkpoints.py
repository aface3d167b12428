"""Checkpoints beside the writer: pages that were committed move from the log into the file meanwhile.

SQLite has whoever commits do this, once the write-ahead log has a thousand pages.
In a round that has much to write that is after each batch, and the one process
that all wait for waits for the disk.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

# With so many pages in the log the writer takes a turn itself, so that it is bounded however slow the
# disk is: 64 MB, and a batch.
MOST_PAGES = 16_000
_EVERY = 1_000  # pages, as SQLite has it


class Checkpoints:
    """A thread, once there is enough to do, that moves what is committed into the database file.

    The log is on the disk before the file is changed, as with SQLite's own checkpoints: a
    power cut undoes no more than it would with those.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written = 0
        self._due = Event()
        self._over = False
        self._thread: Thread | None = None

    def after(self, pages: int) -> None:
        """Tell that about so many pages are committed; each thousand are moved, and nobody waits."""
        self._written += pages
        if self._written >= _EVERY:
            self._written = 0
            self._due.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, after the checkpoint that it is at."""
        self._over = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            while self._due.wait() and not self._over:
                self._due.clear()
                # As SQLite passes over what its own cannot move: it is safe in the log, and moved by a
                # later one. A full disk is met by the log itself, and told by who writes there.
                with suppress(sqlite3.Error):
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
