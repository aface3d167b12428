"""Damage in the database: looked for, what is made of the entries made anew, and backups put back."""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from hub.errors import BusyError, StoreError
from hub.lock import Purpose, held
from hub.machine import give_to_owner
from hub.model import ADMIN, Admitted
from hub.roles import NO_ADMIN
from hub.signals import interrupting, stopping
from hub.store import (
    PUT_BACK,
    admitted,
    database_file,
    existing_store,
    is_dump,
    is_file_of_sqlite,
    lock_of,
    on_server,
    put_back,
    shown,
    take_over,
)
from hub.store.copies import MODE, being_put_back
from hub.store.sqlite.connection import is_of_the_machine

MEND = (
    "`hub check --mend` makes anew what is made of the entries: tags of stories, counts, bitmaps and"
    f" full text. For all else, {PUT_BACK}"
)
BACKUP = f"This cannot be made anew from the entries: {PUT_BACK}"
_SERVE = "A `hub serve` that runs has to be started anew."
_SIGN_IN = " Its admins have to sign in again."
_LOOK = " `hub user list` says what each may do: as when the backup was made."
# What SQLite keeps beside a database while it is open, and finds again after a crash.
_BESIDE = ("-wal", "-shm")
# What comes after the name of a database that another took the place of (`_unused`).
_MOVED = re.compile(r"\.\d{8}-\d{6}Z(-\d+)?")
# Where a log is another file's, SQLite finds a hundred.
_MOST_TOLD = 12


def checked(database: str) -> tuple[str, ...]:
    """What is wrong with a database, a sentence each. Raises StoreError."""
    with closing(existing_store(database)) as store:
        return store.check()


def mended(database: str) -> tuple[str, ...]:
    """Mend a database that nobody polls with; what is wrong then. Raises BusyError and StoreError."""
    with closing(existing_store(database)) as store:
        with held(lock_of(database, "poll"), seconds=0, waiting=lambda _: None):
            store.mend(lambda what: print(f"Making {what} anew …", file=sys.stderr))
        return store.check()


def restore(database: str, backup: Path, *, now: datetime) -> str:
    """Put a backup in a database's place; what was done. Raises BusyError and StoreError, nothing changed."""
    with interrupting(), ExitStack() as stack:
        for purpose in get_args(Purpose):
            lock = lock_of(database, purpose)
            stack.callback(lock.release)
            if not lock.take():
                raise BusyError(f"A hub is at work on {shown(database)} ({lock.holder}).", "Stop it first.")
        if on_server(database):
            return _restore_on_server(database, backup, now)
        return _restore_file(database_file(database).resolve(), backup, now)


def _restore_on_server(database: str, backup: Path, now: datetime) -> str:
    try:
        backup.open("rb").close()
    except OSError as error:
        raise StoreError(
            f"{backup} cannot be put back: {error.strerror}.", "Nothing was changed; take another."
        ) from error
    before = admitted(database)
    if is_file_of_sqlite(backup):
        # A network that has outgrown one machine.
        with TemporaryDirectory(prefix="hub-restore-") as folder:
            copy = Path(folder) / "hub.db"
            taken = _sound_copy(backup, copy, like=copy)
            # Before it is there: one that is killed gives nobody more either.
            accounts = _accounts(f"sqlite:///{copy}", before, now)
            take_over(database, copy, lambda what: print(f"Filling {what} …", file=sys.stderr))
    else:
        taken = ""
        print(f"Putting {backup} back …", file=sys.stderr)
        put_back(database, backup)
        accounts = _accounts(database, before, now)
    return f"{shown(database)} is what {backup} holds{taken}. {_SERVE}{accounts}"


def _restore_file(file: Path, backup: Path, now: datetime) -> str:
    """Put a backup in the place of a database file.

    What was there is kept under another name, with what SQLite had beside it:
    the new one must not find that, since it would take it for its own.
    """
    if is_dump(backup):
        raise StoreError(
            f"{backup} cannot be put back into a file: it is a dump of a database on a PostgreSQL server.",
            "Nothing was changed; name a database on a server with --database.",
        )
    copy = being_put_back(file)
    cut_short = copy.exists() and not file.exists()
    if cut_short:
        _follow(file)
    with ExitStack() as stack:
        # Where there is no database, it keeps hubs from beginning with nothing until one is put back.
        stack.callback(_remove, copy, all_but_name=cut_short)
        # What one that was killed left there, SQLite would take for this one's.
        _remove(copy, all_but_name=cut_short)
        taken = _sound_copy(backup, copy, like=file)
        accounts = _accounts(f"sqlite:///{copy}", admitted(f"sqlite:///{file}"), now)
        before = _unused(_beside(file, f".{now:%Y%m%d-%H%M%SZ}"))
        kept = file.exists()
        # From here on whole: whoever ends it now gets what was asked for. The database goes first: where
        # one that is killed leaves none, nobody opens it without its log.
        with stopping():
            for suffix in ("", *_BESIDE):
                there = _beside(file, suffix)
                if there.exists():
                    there.rename(_beside(before, suffix))
            copy.rename(file)
    said = f"{file} is what {backup} holds{taken}. {_SERVE}{accounts}"
    return f"{said}\nWhat was there is {before}." if kept else said


def _sound_copy(backup: Path, copy: Path, *, like: Path) -> str:
    """Copy a backup that is found to be sound, which lets nobody in; what of it is to be told.

    A log beside the backup is the backup's, as it is for SQLite, and is put back too.
    """
    _copy(backup, copy, like=like)
    log = _beside(backup.resolve(), "-wal")
    taken = f", with what is in {log}" if log.is_file() and log.stat().st_size else ""
    if taken:
        # It comes into the copy when that is looked through.
        _copy(log, _beside(copy, "-wal"), like=like)
    print(f"Looking through {backup} …", file=sys.stderr)
    try:
        problems = checked(f"sqlite:///{copy}")
    except StoreError as error:
        if is_of_the_machine(error):
            raise StoreError(f"{error.problem} Nothing was changed.", error.remedy) from error
        problems = (error.problem,)
    if problems:
        other = f", or move {log} away if it is left of another file" if taken else ""
        more = f" And {len(problems) - _MOST_TOLD} more." if len(problems) > _MOST_TOLD else ""
        raise StoreError(
            f"{backup} cannot be put back{taken}: {' '.join(problems[:_MOST_TOLD])}{more}",
            f"Nothing was changed; take another{other}.",
        )
    with closing(existing_store(f"sqlite:///{copy}")) as store:
        # Who was let in when it was made may have been removed since.
        store.end_sessions()
    return taken


def _accounts(database: str, before: Admitted | None, now: datetime) -> str:
    """Have nobody be more by a backup than they were before; what is to be told of its accounts."""
    with closing(existing_store(database)) as store:
        held = store.hold_to(before, now) if before else ()
        left = store.accounts()
    said = _SIGN_IN if left else ""
    if held:
        said += f" No more than before may: {', '.join(held)}."
    if left and before is None:
        said += _LOOK
    if left and ADMIN not in {each.role for each in left}:
        said += f" {NO_ADMIN}"
    return said


def _beside(file: Path, suffix: str) -> Path:
    return Path(f"{file}{suffix}")


def _unused(name: Path) -> Path:
    """This name, or one like it, that nothing has yet, nor what SQLite would have beside it."""
    names = chain([name], (_beside(name, f"-{number}") for number in count(2)))
    return next(
        each for each in names if not any(_beside(each, suffix).exists() for suffix in ("", *_BESIDE))
    )


def _copy(backup: Path, copy: Path, *, like: Path) -> None:
    """Copy a backup, for whom the database is that it is to replace."""
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_WRONLY, MODE))
        shutil.copyfile(backup, copy)
        with copy.open("rb") as written:
            os.fsync(written.fileno())
        if like.exists():
            shutil.copymode(like, copy)
        give_to_owner(copy, of=like if like.exists() else like.parent)
    except OSError as error:
        raise StoreError(
            f"{backup} cannot be copied beside {like}: {error.strerror}.",
            "Look at the name, the rights and the disk.",
        ) from error


def _follow(file: Path) -> None:
    """Have what was beside a database, which a restore that was killed had moved away, be beside it again."""
    moved = [each for each in file.parent.iterdir() if _MOVED.fullmatch(each.name.removeprefix(file.name))]
    last = max(moved, key=lambda each: each.stat().st_ctime_ns, default=file)
    for suffix in _BESIDE:
        left = _beside(file, suffix)
        if left.exists():
            left.rename(_beside(last, suffix))


def _remove(copy: Path, *, all_but_name: bool = False) -> None:
    """Take away a copy that is not put back, with what is beside it; or empty it."""
    # One of an earlier hub was locked, to be changed over.
    locks = (f".{purpose}.lock" for purpose in get_args(Purpose))
    for suffix in (*_BESIDE, *locks):
        _beside(copy, suffix).unlink(missing_ok=True)
    if not all_but_name:
        copy.unlink(missing_ok=True)
    elif copy.exists():
        os.truncate(copy, 0)
