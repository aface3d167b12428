"""A copy of a database as it is, also of one that an earlier hub wrote."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.errors import StoreError
from hub.store.sqlite.connection import SqliteConnection, known_error


class Original(SqliteConnection):
    """A database that is copied, and not changed over: an earlier hub can go on with either."""

    def _make_ready(self) -> None:
        self._refuse_what_is_not_this_hubs()

    def copy(self, file: Path) -> None:
        """Copy it to a file that must not exist, while others go on reading and writing.

        It has its name when it is whole; until then it is beside that, in a
        file that the next copy takes the place of where this one is killed.
        """
        part = file.with_name(f".{file.name}.part")
        try:
            if os.path.lexists(file):
                raise FileExistsError
            _remove(part)
            # Read by nobody who may not read the database.
            mode = self._file.stat().st_mode & 0o777
            written = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
            try:
                with closing(sqlite3.connect(part)) as copy:
                    self._db.conn.backup(copy)
                os.fsync(written)
                if not os.path.samestat(os.fstat(written), part.stat()):
                    raise StoreError(f"Another backup to {file} was begun meanwhile.", "Make one at a time.")
                _name(part, file)
            finally:
                os.close(written)
                _remove(part)
        except FileExistsError as error:
            raise StoreError(
                f"{file} exists already.", "Name a file that does not, or move this one away."
            ) from error
        except OSError as error:
            raise StoreError(
                f"The backup to {file} failed: {error.strerror}.",
                "Check that its folder exists, may be written to and has room.",
            ) from error
        except sqlite3.Error as error:
            raise known_error(self._file, error) or StoreError(
                f"The backup to {file} failed: {error}.", "Check that its folder exists and has room."
            ) from error


def _name(part: Path, file: Path) -> None:
    """Give a file its name. Raises FileExistsError where another has it meanwhile."""
    try:
        file.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has hard links.
        if os.path.lexists(file):
            raise FileExistsError from None
        part.rename(file)


def _remove(part: Path) -> None:
    # What SQLite had begun with one that was killed, it would go on with in another.
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(f"{part}{suffix}").unlink(missing_ok=True)
