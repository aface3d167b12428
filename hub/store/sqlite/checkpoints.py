"""Checkpoints beside the writer: pages that were committed move from the log into the file meanwhile.

SQLite has whoever commits do this, once the write-ahead log has a thousand pages.
In a round that has much to write that is after each batch, and the one process
that all wait for waits for the disk.
"""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

_log = logging.getLogger(__name__)

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
        self._thread = ThreadPoolExecutor(max_workers=1)

    def after(self, pages: int) -> None:
        """Tell that about so many pages are committed; each thousand are moved, and nobody waits."""
        self._written += pages
        if self._written >= _EVERY:
            self._written = 0
            self._thread.submit(self._move)

    def close(self) -> None:
        """End the thread, after the checkpoint that it is at."""
        self._thread.shutdown(cancel_futures=True)

    def _move(self) -> None:
        # What cannot be moved SQLite passes over too: it is safe in the log, and moved by a later
        # checkpoint. A full disk is met by the log itself, and told by who writes there.
        try:
            with closing(sqlite3.connect(self._file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            _log.info("What is in the log of %s is moved into it later: %s.", self._file, error)
