"""A copy of a database as it is, also of one that an earlier hub wrote."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.errors import StoreError
from hub.store.connection import Connection, known_error


class Original(Connection):
    """A database that is copied, and not changed over: an earlier hub can go on with either."""

    def _make_ready(self) -> None:
        self._refuse_what_is_not_this_hubs()

    def copy(self, file: Path) -> None:
        """Copy it to a file that must not exist, while others go on reading and writing."""
        try:
            # Read by nobody who may not read the database.
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, self._file.stat().st_mode & 0o777))
        except FileExistsError as error:
            raise StoreError(
                f"{file} exists already.", "Name a file that does not, or move this one away."
            ) from error
        except OSError as error:
            raise StoreError(
                f"The backup to {file} failed: {error.strerror}.",
                "Check that its folder exists and may be written to.",
            ) from error
        try:
            with closing(sqlite3.connect(file)) as copy:
                self._db.conn.backup(copy)
        except sqlite3.Error as error:
            file.unlink(missing_ok=True)
            raise known_error(self._file, error) or StoreError(
                f"The backup to {file} failed: {error}.", "Check that its folder exists and has room."
            ) from error
