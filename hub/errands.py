"""What takes longer than a page may: done in a process of its own, while the page that asked says so.

It is kept here what came of each, until there are many newer ones or the hub
ends, and with the hub ends what is under way.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import IO, Any, Generic, TypeVar

from hub.errors import BusyError, HubError

T = TypeVar("T")

_log = logging.getLogger(__name__)

_MOST_KEPT = 20
_MOST_AT_ONCE = 2
# A retagging of ten million entries ends within it; what hangs does not last for ever.
_LONGEST = 2 * 3600
# Readers' pages come first.
_NICE = 10
# What it imports it finds where we do: `-m` would look first in the folder that the hub works in.
_BEGIN = "import sys; sys.path[:] = sys.argv[1:]; from hub.errands import main; main()"


class Errand(Generic[T]):
    """One of them. `said` is how far it is, in words; empty where nothing is said. `ended` is None before."""

    def __init__(self, number: int, about: str, do: Callable[..., T], *arguments: object) -> None:
        """Begin to do something with arguments. It gets before them whom to tell how far it is."""
        self.number = number
        self.about = about
        self.said = ""
        self.ended: datetime | None = None
        self._ended = Event()
        self._came: T | HubError | None = None
        command = [sys.executable, "-c", _BEGIN, *sys.path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        Thread(target=self._listen, args=((do, arguments),), name="errand", daemon=True).start()

    def wait(self, seconds: float = 0) -> bool:
        """Whether it has ended, at the latest after so many seconds."""
        return self._ended.wait(seconds)

    def outcome(self) -> T:
        """What came of one that has ended. Raises HubError."""
        if isinstance(self._came, HubError):
            raise self._came
        assert self._came is not None
        return self._came

    def _listen(self, task: object) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(task, process.stdin)
            process.stdin.flush()
            while True:
                what, told = pickle.load(process.stdout)  # noqa: S301 - by our own process
                if what != "said":
                    self._came = told
                    break
                self.said = told
        except (EOFError, OSError, pickle.UnpicklingError):
            self._came = HubError(
                "This was broken off: the process that did it was ended.",
                "Look whether the machine is short of memory, then do it once more.",
            )
        finally:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()
            self.ended = datetime.now(UTC)
            self._ended.set()


class Errands:
    """The errands of one hub. What came of the last `most_kept` is kept."""

    def __init__(self, most_kept: int = _MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._lock = Lock()
        self._all: dict[int, Errand[Any]] = {}
        # So that a page of an earlier start does not show what another one began.
        self._next = int(time.time())

    def begin(self, about: str, do: Callable[..., T], *arguments: object, alone: str = "") -> Errand[T]:
        """Begin an errand; or return the one that is under way, if it is about the same. Raises BusyError.

        With `alone`, it is refused in these words while another is under way whose `about`
        has the same first word.
        """
        with self._lock:
            going = [errand for errand in self._all.values() if not errand.wait()]
            for errand in going:
                if errand.about == about:
                    return errand
            if alone and any(errand.about.split()[0] == about.split()[0] for errand in going):
                raise BusyError(alone, "Wait until that has ended, then do it once more.")
            if len(going) >= _MOST_AT_ONCE:
                raise BusyError(
                    "Two other things that take a while are under way.",
                    "Wait a minute, then do it once more.",
                )
            ended = [number for number, errand in self._all.items() if errand.wait()]
            for number in ended[: max(0, len(self._all) - self._most_kept + 1)]:
                del self._all[number]
            self._next += 1
            self._all[self._next] = begun = Errand(self._next, about, do, *arguments)
            return begun

    def find(self, number: int) -> Errand[Any] | None:
        """The errand of a number, None where it is no longer known."""
        return self._all.get(number)

    def forget(self, errand: Errand[Any]) -> None:
        """Forget an errand, since what came of it may not be so for long."""
        with self._lock:
            self._all.pop(errand.number, None)

    def ended(self) -> list[Errand[Any]]:
        """The errands that have ended and are not forgotten, the oldest first."""
        with self._lock:
            return [errand for errand in self._all.values() if errand.wait()]

    def latest(self, about: str) -> Errand[Any] | None:
        """The last errand whose `about` begins so."""
        with self._lock:
            return next(
                (errand for errand in reversed(self._all.values()) if errand.about.startswith(about)), None
            )


# ---------------------------------------------------------------- the process


def main() -> None:
    """Do what comes on standard input, and say on standard output what comes of it."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else is printed must not stand between.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # What ends the hub is its own to hear; with it our input ends.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGALRM))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.alarm(_LONGEST)
    os.nice(_NICE)
    do, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - by our own hub
    Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):
        for message in _done(do, arguments, answers):
            _send(answers, message)


def _end_with(hub: IO[bytes]) -> None:
    """End with the hub, which closes our input as it ends, also where it is killed."""
    os.read(hub.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _done(
    do: Callable[..., object], arguments: tuple[object, ...], answers: IO[bytes]
) -> Iterator[tuple[str, object]]:
    try:
        yield "came", do(lambda said: _send(answers, ("said", said)), *arguments)
    except HubError as error:
        yield "came", error
    except Exception as error:  # noqa: BLE001 - whatever it is, who waits for it is told
        _log.exception("an errand failed")
        told = f"This broke off by a fault of the hub: {type(error).__name__}: {error}."
        yield "came", HubError(told, "Report it with what stands in the hub's log.")
    except KeyboardInterrupt:
        return


def _send(answers: IO[bytes], message: tuple[str, object]) -> None:
    pickle.dump(message, answers)
    answers.flush()
