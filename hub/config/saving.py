"""Rewriting a file so that it is either the old one or the new one, and nobody's change is lost."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from hub.config.reading import decode, read_bytes
from hub.errors import ConfigError

_EFFECTIVE = os.access in os.supports_effective_ids


class OpenFile(Struct, frozen=True):
    """A file held for editing; `text` is what it holds, byte order mark and line endings included."""

    path: Path
    text: str

    def save(self, text: str) -> None:
        """Put another text in its place at once, its mode kept; a link to it stays one.

        Raises ConfigError, with the file as it was, when somebody has changed
        it since it was opened, or it cannot be written.
        """
        if read_bytes(self.path) != self.text.encode():
            raise ConfigError(
                f"{self.path}: somebody else has just changed the file", "Nothing was lost; try again."
            )
        try:
            _replace(self.path, text.encode())
        except OSError as error:
            raise ConfigError(
                f"{self.path}: the file cannot be written ({error.strerror})",
                "It is as it was. Have its folder mounted, since a file that is mounted by itself cannot be"
                " replaced."
                if error.errno == errno.EBUSY
                else "It is as it was. See to the permissions of the file and its folder, and to the disk.",
            ) from error


def unwritable(path: Path) -> str:
    """Why a file cannot be put in this one's place, as far as that can be seen; empty where it can."""
    target = path.resolve()
    for place, what in ((target, "the file"), (target.parent, "its folder")):
        if not os.access(place, os.W_OK, effective_ids=_EFFECTIVE):
            return f"{place}: {what} cannot be written by the hub."
    return ""


@contextmanager
def open_file(path: Path) -> Iterator[OpenFile]:
    """Hold a file, waiting for another hub that is editing it. Raises ConfigError where it cannot be read."""
    target = path.resolve()
    descriptor = _lock(target, path)
    try:
        yield OpenFile(target, decode(read_bytes(target), name=str(path)))
    finally:
        os.close(descriptor)


def _lock(target: Path, path: Path) -> int:
    while True:
        read_bytes(path)
        descriptor = os.open(target, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Whoever held it before has put another file in its place.
        if target.exists() and os.path.samestat(os.fstat(descriptor), target.stat()):
            return descriptor
        os.close(descriptor)


def _give_back(descriptor: int, before: os.stat_result) -> None:
    """Leave a new file to whom the one in its place was, as far as this user may."""
    try:
        os.fchown(descriptor, before.st_uid if os.geteuid() == 0 else -1, before.st_gid)
    except PermissionError as error:
        group, others = before.st_mode >> 3 & 7, before.st_mode & 7
        if group & ~others:
            raise PermissionError(
                None, "its group, which this user is not in, could use the new one no more"
            ) from error


def _replace(path: Path, content: bytes) -> None:
    before = path.stat()
    if not os.access(path, os.W_OK, effective_ids=_EFFECTIVE):
        raise PermissionError(None, "it is read-only")
    # Of one name, so that what is left of an edit that was killed goes with the next.
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            _give_back(file.fileno(), before)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Without this a power cut may bring the old name back.
        os.fsync(folder)
    finally:
        os.close(folder)
