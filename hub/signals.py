"""The signals that end a hub: heard by its main process, left to it by all others."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that SIGTERM and Ctrl-C set, so that what is under way can be ended in order."""
    stop = Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, asked) for number in _ENDING}
    try:
        yield stop
    finally:
        # Whoever waits for the event must not wait for ever.
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def block() -> set[signal.Signals | int]:
    """Have them blocked in this thread, and in all processes that it starts; what was blocked before.

    They are then left to the main process from a child's first instruction on.
    """
    from multiprocessing import resource_tracker

    # Where it is begun, it unblocks them.
    resource_tracker.ensure_running()
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING))


def leave_to_parent() -> None:
    """Have this process pass them over: they reach all of a hub's processes, and its main one decides."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
