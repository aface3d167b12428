"""One hub for a database, and one round at a time: locks that end with the process that holds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from filelock import FileLock, Timeout

from hub.errors import BusyError, StoreError
from hub.machine import give_to_owner
from hub.said import sentence

# `run` is held by a hub that runs for ever, `poll` by whoever is polling just now, `next` by who waits
# for that.
Purpose = Literal["run", "poll", "next"]
_ASK_AGAIN = 0.5


class DatabaseLock(Protocol):
    """A lock of a database. It knows who holds it, for people to read."""

    def take(self) -> bool:
        """Take the lock if it is free, or see that it is held still.

        Raises StoreError where it cannot be taken, or was lost since: a connection may break.
        """

    def place_in_line(self) -> DatabaseLock:
        """What who waits for it holds."""

    def release(self) -> None:
        """Let go of the lock; harmless when it is not held."""

    @property
    def wanted(self) -> bool:
        """Whether a process waits for it by `held`. Raises StoreError."""

    @property
    def holder(self) -> str:
        """Who holds it, such as `process 4711`."""


class LockFile:
    """A lock beside a database file."""

    def __init__(self, database: Path, purpose: Purpose) -> None:
        # One file is one database, whichever name it is asked for by.
        database = database.resolve()
        self._database = database
        self._file = database.with_name(f"{database.name}.{purpose}.lock")
        self._holder = database.with_name(f"{database.name}.{purpose}.holder")
        self._lock = FileLock(self._file)

    def take(self) -> bool:
        """Take the lock if it is free. Raises StoreError where its file cannot be written."""
        if self._lock.is_locked:
            return True
        # FileLock would make the folder, and a hub of a mistyped name begin there with nothing.
        if not self._database.parent.is_dir():
            raise StoreError(
                f"There is no folder {self._database.parent} for the database.",
                "Make it, or name with --database another.",
            )
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except PermissionError as error:
            raise StoreError(
                f"The lock beside the database cannot be taken: {error}.",
                f"Run this as the user that the hub runs as, or delete {self._file} while no hub runs, if"
                " that user may write to its folder.",
            ) from error
        except OSError as error:
            raise StoreError(
                f"The lock beside the database cannot be taken: {error}.",
                "Look at the disk's free space and the folder's rights.",
            ) from error
        # On a full disk it is held all the same, and who waits for it is told of another process.
        with suppress(OSError):
            self._holder.write_text(f"process {os.getpid()}", encoding="utf-8")
            give_to_owner(
                self._file,
                self._holder,
                of=self._database if self._database.exists() else self._database.parent,
            )
        return True

    def place_in_line(self) -> LockFile:
        """What who waits for it holds."""
        return LockFile(self._database, "next")

    def release(self) -> None:
        """Let go of the lock; harmless when it is not held."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()

    @property
    def wanted(self) -> bool:
        """Whether a process waits for it by `held`."""
        place = self.place_in_line()
        # Made by who waits, and left to the user that the hub runs as.
        if not place._file.exists():
            return False
        try:
            with place._lock.acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    @property
    def holder(self) -> str:
        """Who holds it, such as `process 4711`."""
        try:
            return self._holder.read_text(encoding="utf-8") or "another process"
        except OSError:
            return "another process"


@contextmanager
def held(
    lock: DatabaseLock, *, seconds: float, waiting: Callable[[str], None], stop: Event | None = None
) -> Iterator[bool]:
    """Hold a lock, waiting up to `seconds` for it; `waiting` is told once who is waited for.

    Whether it is held: when `stop` is set it is not waited for any longer.
    Raises BusyError and StoreError.
    """
    try:
        yield _wait_for(lock, seconds, waiting, stop or Event())
    finally:
        lock.release()


def _wait_for(lock: DatabaseLock, seconds: float, waiting: Callable[[str], None], stop: Event) -> bool:
    told = in_line = False
    left = seconds
    place = lock.place_in_line()
    try:
        while not lock.take():
            # A hub that has always something to poll lets go of it for who waits.
            in_line = in_line or place.take()
            if left <= 0:
                raise BusyError(
                    f"{sentence(lock.holder)} is polling with this database.",
                    "Wait until it has ended, or stop it.",
                )
            if not told:
                waiting(lock.holder)
                told = True
            wait = min(_ASK_AGAIN, left)
            if stop.wait(wait):
                return False
            left -= wait
        return True
    finally:
        place.release()
