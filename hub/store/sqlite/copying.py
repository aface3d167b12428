"""A copy of a database as it is, also of one that an earlier hub wrote."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from hub.errors import StoreError
from hub.model import Admitted
from hub.store.copies import whole
from hub.store.rows import admitted_by
from hub.store.sqlite.connection import SqliteConnection, known_error


def admitted(file: Path) -> Admitted | None:
    """Who may sign in by a database, which stays as it is, with its log; None where that cannot be told."""
    log = file.with_name(f"{file.name}-wal")
    # Else what keeps those apart who use it would be left beside it.
    how = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)) as connection:
            return admitted_by(connection.execute)
    except (sqlite3.Error, ValueError):
        return None


class Original(SqliteConnection):
    """A database that is copied, and not changed over: an earlier hub can go on with either."""

    def _make_ready(self) -> None:
        self._refuse_what_is_not_this_hubs()

    def copy(self, file: Path) -> None:
        """Copy it to a file that must not exist; others go on reading and writing. Raises StoreError."""
        # Read by nobody who may not read the database.
        mode = self._file.stat().st_mode & 0o777
        try:
            with whole(file, mode=mode) as part, closing(sqlite3.connect(part)) as copy:
                self._db.conn.backup(copy)
        except sqlite3.Error as error:
            raise known_error(self._file, error) or StoreError(
                f"The backup to {file} failed: {error}.", "Check that its folder exists and has room."
            ) from error
