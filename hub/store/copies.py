"""The file of a backup, which has its name once it is whole, and the one that is to be a database again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import StoreError


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
