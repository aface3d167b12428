"""The file of a backup, which has its name once it is whole, and the one that is to be a database again.

And a database's own, where it is not in its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import StoreError, StoreUnusable

MODE = 0o640
"""Of a database's file: it has hashes of passwords, secrets of subscribers, and what is held back."""


@contextmanager
def whole(file: Path, *, mode: int) -> Iterator[Path]:
    """A file to write to, which gets the name `file` once the block has ended.

    Until then it is beside that, where the next backup takes its place if this one is killed.
    Raises StoreError, where there is a file of that name too.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        if os.path.lexists(file):
            raise FileExistsError
        _remove(part)
        written = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            yield part
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


def being_put_back(file: Path) -> Path:
    """The file, beside a database, of the backup that is to take its place."""
    return file.with_name(f".{file.name}.restored")


def refuse_cut_short(file: Path) -> None:
    """Raise StoreError where a restore is to put a database and none is yet, be it that it was killed."""
    copy = being_put_back(file)
    if copy.exists() and not file.exists():
        raise StoreError(
            f"There is no database {file} just now: a backup is being put there, unless that was killed.",
            f"If it was, begin again: hub restore FILE. To begin with nothing instead, delete {copy}.",
        )


def refuse_moved_away(file: Path, *, begun: bool = False) -> None:
    """Raise StoreUnusable where a database is not in its place that left its log there, or that has `begun`.

    SQLite would begin another there and take the log for that one's, and what is in it would be lost to both.
    """
    log = Path(f"{file.resolve()}-wal")
    if not file.exists() and (begun or (log.exists() and log.stat().st_size)):
        raise StoreUnusable(
            f"There is no database {file} any more: it was moved away or deleted.",
            f"Move it back, beside {log} where that is; nothing is lost then. Where it is lost, stop all"
            f" hubs, delete {log} and put back the last backup: hub restore FILE.",
        )


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
