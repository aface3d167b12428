"""What the machine lets a hub have: files that are open at once, sockets among them."""

from __future__ import annotations

import resource
from contextlib import suppress

_ENOUGH_FILES = 4096
# What a hub has open besides its transfers: the database, feeds.yaml, the pipes of its readers.
_BESIDES = 64
# A transfer's socket twice, connections that are kept for later ones, and what looks up its host's name.
_FOR_A_TRANSFER = 6


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
