"""What a hub has of its machine: open files, sockets among them; a temporary folder; the time."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.errors import HubError

_ENOUGH_FILES = 4096
# What a hub has open besides its transfers: the database, feeds.yaml, the pipes of its readers.
_BESIDES = 64
# A transfer's socket twice, connections that are kept for later ones, and what looks up its host's name.
_FOR_A_TRANSFER = 6
_LARGEST_SECRET = 4096
# No clock that is right says that it is earlier.
_WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
# By how much clocks differ that are set over the network, and far more.
_APART = timedelta(seconds=5)
# Of a folder's name, which has to leave room for the sockets that readers are started by.
_LONGEST = (107 if sys.platform == "linux" else 103) - len("/pymp-12345678/listener-12345678")


def raise_limit() -> int:
    """Let this process open as many files as it ever needs, or as it may; how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _ENOUGH_FILES:
        return _ENOUGH_FILES
    most = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(_ENOUGH_FILES, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def transfers() -> int:
    """For how many transfers at once they are enough."""
    return max(1, (raise_limit() - _BESIDES) // _FOR_A_TRANSFER)


def secret(environment: Mapping[str, str], itself: str, file_with_it: str) -> str:
    """What the file holds that a variable names, else another variable itself; empty where there is neither.

    Without the end of a last line. Raises OSError, and UnicodeDecodeError for what is no text.
    """
    if file := environment.get(file_with_it):
        with Path(file).open("rb") as opened:
            return opened.read(_LARGEST_SECRET).decode().rstrip("\r\n")
    return environment.get(itself, "")


def check_temporary_folder() -> None:
    """See that there is one: readers, large documents and a new database need it. Raises HubError."""
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError as error:
        raise HubError(
            "No folder for temporary files can be written to: neither $TMPDIR, /tmp, /var/tmp nor this one.",
            "Set TMPDIR to a folder that this user may write to, or in a container mount a tmpfs at /tmp.",
        ) from error
    if len(os.fsencode(folder)) > _LONGEST:
        raise HubError(
            f"The name of the folder for temporary files is too long for sockets: {folder}.",
            f"Set TMPDIR to one whose name has at most {_LONGEST} bytes, such as /tmp.",
        )


def check_clock(now: datetime) -> None:
    """See that a clock was set since the machine started, if it has none that goes on. Raises HubError.

    News that came in by such a clock would be dated by it for good, and no site's certificate hold yet.
    """
    if now < _WRITTEN:
        raise HubError(
            f"This machine's clock is wrong: it says {now:%-d %B %Y}, when there was no hub yet.",
            "Set it, or wait until it is set over the network (timedatectl), and begin again.",
        )


def clock_apart(ours: datetime, servers: datetime, within: timedelta) -> timedelta | None:
    """By how much this machine's clock is ahead of that of a database's server; None where it is right.

    Both were read `within` so much time. When a feed is due, and how long a host wants to be left alone,
    is told between machines by their clocks.
    """
    apart = ours + within / 2 - servers
    return apart if abs(apart) - within / 2 > _APART else None


def give_to_owner(*files: Path, of: Path) -> None:
    """Have root leave behind nothing that the user that the hub runs as may not open. Raises OSError."""
    if os.geteuid() == 0:
        owner = of.stat()
        for file in files:
            os.chown(file, owner.st_uid, owner.st_gid)
