"""A folder of files that an export wrote, among others' files: which are its own, and each replaced whole.

Its list, `.hub-export`, stands in the folder, so that it goes along with it. A
name is in there before there is a file of that name; the first line says of
which states of a hub the files are, or that an export was under way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.errors import BusyError, HubError

LIST = ".hub-export"
_PART = ".hub-export.part"
# Of one length, so that one takes the other's place in the file.
_STATE_LENGTH = 32
_UNKNOWN = "-" * _STATE_LENGTH
_UNFINISHED = f"{_UNKNOWN} {_UNKNOWN}"


class Folder:
    """The files of an export in a folder, held for writing; `written` and `removed` count what changed.

    Every method may raise HubError, with nothing but whole files there.
    """

    def __init__(self, root: Path, descriptor: int) -> None:
        self.root = root
        self.written = self.removed = 0
        self._list = descriptor
        states, *names = _lines(descriptor)
        self.state, _, self.state_of_stories = states.partition(" ")
        # Whether each is one of this export, too.
        self._names = dict.fromkeys(filter(_is_inside, names), False)

    def __len__(self) -> int:
        return len(self._names)

    def holds(self, state: str) -> bool:
        """Whether all files of a state were written, and are there."""
        if state != self.state:
            return False
        return all((self.root / name).is_file() for name in self._names)

    def begin(self) -> None:
        """Tell that files of another state are put here from now on."""
        with _errors(self.root / LIST):
            os.pwrite(self._list, _UNFINISHED.encode(), 0)
            self.state = self.state_of_stories = _UNKNOWN

    def has(self, name: str) -> bool:
        """Whether a file is there, of this export or the one before."""
        return name in self._names and (self.root / name).is_file()

    def keep(self, name: str) -> bool:
        """Leave a file as it is, if it is there; whether it is."""
        if not self.has(name):
            return False
        self._names[name] = True
        return True

    def put(self, name: str, body: bytes) -> None:
        """Have a file hold these bytes. One that does already stays as it is, with its date."""
        file = self.root / name
        with _errors(file):
            same = _read(file) == body
            if name not in self._names:
                # What has our very bytes is ours: the list may be lost.
                if not same and os.path.lexists(file):
                    raise _in_the_way(file)
                self._add(name)
            if not same:
                self._replace(file, body)
                self.written += 1
            self._names[name] = True

    def finish(self, state: str, state_of_stories: str) -> None:
        """Take away the files that were written before and not now, and tell of which states the rest are."""
        for name in [name for name, now in self._names.items() if not now]:
            # Where somebody has put a folder of that name, there is no file of ours any more.
            with _errors(self.root / name), suppress(IsADirectoryError, NotADirectoryError):
                (self.root / name).unlink(missing_ok=True)
                self.removed += 1
                self._remove_empty(self.root / name)
            del self._names[name]
        with _errors(self.root / LIST):
            if self.written:
                # So that after a power cut the list says nothing that is not so.
                os.sync()
            lines = [f"{state} {state_of_stories}", *sorted(self._names), ""]
            self._replace(self.root / LIST, "\n".join(lines).encode())

    def _add(self, name: str) -> None:
        _append(self._list, f"{name}\n")
        self._names[name] = False

    def _replace(self, file: Path, body: bytes) -> None:
        part = self.root / _PART
        try:
            # What a killed export left there goes; nor is a link followed, wherever somebody has it lead.
            part.unlink(missing_ok=True)
            with part.open("xb") as written:
                written.write(body)
            try:
                part.replace(file)
            except FileNotFoundError:
                file.parent.mkdir(parents=True)
                part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def _remove_empty(self, file: Path) -> None:
        for folder in file.relative_to(self.root).parents:
            if folder == Path():
                return
            try:
                (self.root / folder).rmdir()
            except OSError:
                # Something else is in there.
                return


def _in_the_way(file: Path) -> HubError:
    return HubError(
        f"{file} was not written by an export, and is in the way.",
        "Move it away, or name a folder that is the export's own.",
    )


@contextmanager
def open_folder(root: Path) -> Iterator[Folder]:
    """Hold a folder, made if there is none, for writing. Raises BusyError and HubError."""
    with _errors(root):
        root.mkdir(parents=True, exist_ok=True)
        if (root / LIST).is_symlink():
            raise _in_the_way(root / LIST)
        descriptor = _locked(root)
    try:
        with _errors(root / LIST):
            _cut_after_whole_lines(descriptor)
            if os.fstat(descriptor).st_size == 0:
                _append(descriptor, f"{_UNFINISHED}\n")
            folder = Folder(root, descriptor)
        yield folder
    finally:
        os.close(descriptor)


def _locked(root: Path) -> int:
    """The list, open and locked: the one that stands there, not one that another export has replaced."""
    while True:
        descriptor = os.open(root / LIST, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            _lock(root, descriptor)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.lstat(root / LIST)):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(root: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(f"Another export is writing to {root}.", "Wait until it has ended.") from error


def _append(descriptor: int, line: str) -> None:
    """Add a line whole, or not at all: a full disk may take a part of it, and say nothing."""
    body, size = line.encode(), os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(body):
            written += os.pwrite(descriptor, body[written:], size + written)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _cut_after_whole_lines(descriptor: int) -> None:
    """Take off the beginning of a line, as a power cut leaves it: it is no name of a file of ours."""
    body = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    if not body.endswith(b"\n"):
        os.ftruncate(descriptor, body.rfind(b"\n") + 1)


def _lines(descriptor: int) -> list[str]:
    with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
        file.seek(0)
        return file.read().splitlines()


def _is_inside(name: str) -> bool:
    """Whether a name of the list is of a file in its folder, as all are that we write."""
    return bool(name) and not name.startswith("/") and ".." not in name.split("/")


def _read(file: Path) -> bytes | None:
    with suppress(FileNotFoundError):
        return file.read_bytes()
    return None


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HubError(
            f"{file} cannot be written: {error.strerror}.",
            "What is there is whole. See to the folder's rights and the disk's free space, and export again.",
        ) from error
