"""The signals that end a hub: heard by its main process, left to it by all others."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from types import FrameType
from typing import Any

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_OVER = 0  # no signal's number


def _heard() -> tuple[signal.Signals, ...]:
    """The signals that end a hub. Under `nohup` a closed terminal does not."""
    deaf = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return tuple(number for number in _ENDING if number != signal.SIGHUP or not deaf)


# When this process was told to end, if it was.
_told_at: float | None = None


def told_for() -> float:
    """How long ago this process was told to end, in seconds; 0 where it was not."""
    return 0.0 if _told_at is None else time.monotonic() - _told_at


def told_to_end() -> None:
    """This process was told to end."""
    global _told_at
    _told_at = time.monotonic() if _told_at is None else _told_at


def _break_off(_number: int, _frame: FrameType | None) -> None:
    told_to_end()
    # Who means it presses Ctrl-C twice, which must not end what is tidied up after the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def hear_once() -> None:
    """Have the first Ctrl-C raise KeyboardInterrupt, and those after it be passed over."""
    # Whoever starts a command in the background may have it pass all of them over.
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _break_off)


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that SIGTERM, Ctrl-C and a closed terminal set, so that what is under way ends in order.

    When it was set, another Ctrl-C is passed over from then on.
    """
    stop = Event()
    heard, hear = os.pipe()
    os.set_blocking(hear, False)

    def asked(_number: int, _frame: FrameType | None) -> None:
        """Nothing: the main thread comes by here when its system call ends, if it ever does."""

    def listen() -> None:
        # To set the event takes a lock, which the code that a signal interrupts may hold.
        while (number := os.read(heard, 1)[0]) not in (*_ENDING, _OVER):
            pass
        if number != _OVER:
            told_to_end()
        stop.set()

    # Python's own handler writes there at once, whatever its main thread is at; from the first signal on.
    wakes = signal.set_wakeup_fd(hear, warn_on_full_buffer=False)
    before = {number: signal.signal(number, asked) for number in _heard()}
    listening = Thread(target=listen, name="stopping", daemon=True)
    listening.start()
    try:
        yield stop
    finally:
        _put_back(before, told=stop.is_set())
        signal.set_wakeup_fd(wakes)
        # Whoever waits for the event must not wait for ever.
        with suppress(BlockingIOError):
            os.write(hear, bytes([_OVER]))
        listening.join()
        os.close(hear)
        os.close(heard)


@contextmanager
def interrupting() -> Iterator[None]:
    """SIGTERM, Ctrl-C and a closed terminal end what is under way, and it takes away what it began."""
    before = {number: signal.signal(number, _break_off) for number in _heard()}
    try:
        yield
    finally:
        _put_back(before, told=signal.getsignal(signal.SIGINT) == signal.SIG_IGN)


def _put_back(handlers: Mapping[signal.Signals, Any], *, told: bool) -> None:
    for number, handler in handlers.items():
        signal.signal(number, signal.SIG_IGN if told and number == signal.SIGINT else handler)


def block() -> set[signal.Signals | int]:
    """Have them blocked in this thread, and in all processes that it starts; what was blocked before.

    They are then left to the main process from a child's first instruction on.
    """
    from multiprocessing import resource_tracker

    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    # It inherits them blocked, and unblocks here those that it passes over itself.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    return set(before)


def leave_to_parent() -> None:
    """Have this process pass them over: they reach all of a hub's processes, and its main one decides."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
