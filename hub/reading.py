"""Readers in processes that can be ended, with limits of time and memory.

What a server sends may take feedparser minutes or gigabytes. Here it costs
that feed an error, and no one else anything.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as ReadTimeout
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hub.errors import ParseError
from hub.model import TagRule
from hub.poll import Document, Reader, Reading
from hub.signals import block, leave_to_parent
from hub.urls import NO_HOSTS

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from pebble import ProcessPool

_MB = 1024 * 1024
# Of a processor. A feed of 77 KB takes 15 to 30 ms, one of 20 MB five seconds: past this it is a trap, on a
# slow machine too.
_SECONDS = 10.0
_SECONDS_FOR_A_MB = 2.0
# So many times as long it may wait for the processor, besides.
_PATIENCE = 20
# From here on a document is read by itself, in a process that ends with it: so
# all readers together need no more than one large document does, and little
# beside it. Reading 20 MB of usual entries takes 180 MB, a broken feed of 1 MB 56.
LARGE = 1 * _MB
_MEMORY = 72 * _MB
_MEMORY_FOR_LARGE = 192 * _MB
# Then another process takes over from a reader, so that memory which earlier
# documents left in pieces never counts against later ones.
_MOST_READ = 500

# What a round waits for is the one process that writes: readers leave it the processor, all but a thirtieth.
_NICE = 15

_reader: Reader | None = None


def _start(rules: Sequence[TagRule], timezone: str, hosts: Mapping[str, str]) -> None:
    """Make a fresh process a reader."""
    global _reader
    leave_to_parent()
    os.nice(_NICE)
    _reader = Reader(rules, timezone, hosts)


@contextmanager
def _within(memory: int) -> Iterator[None]:
    """No more than so many bytes of memory in this process (MemoryError).

    The limit ends with what it is for: what the pool itself does in this
    process, to take a document or to give back a reading, must not fail.
    """
    if sys.platform != "linux":  # elsewhere the limit is not kept, or cannot be set
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = before[1]
    resource.setrlimit(
        resource.RLIMIT_DATA, (memory if most == resource.RLIM_INFINITY else min(memory, most), most)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@contextmanager
def _for_at_most(seconds: float) -> Iterator[None]:
    """No more than so many seconds of a processor: the system ends this process then, whatever it is at."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _read(document: Document, file: Path | None, memory: int, seconds: float) -> Reading:
    """Read a document, whose body may wait in a file."""
    assert _reader is not None
    try:
        with _for_at_most(seconds), _within(memory):
            return _reader.read(replace(document, body=file.read_bytes()) if file else document)
    except MemoryError:
        pass
    raise ParseError(
        f"{document.url} needs more than {memory // _MB} MB of memory to be read.",
        "Ask the site's web editor to publish fewer or shorter entries in the feed.",
        reason="large-document",
    )


# What a reader is made of: rules, time zone, former hosts.
_Given = tuple[tuple[TagRule, ...], str, Mapping[str, str]]
# What it is to read: a document, or the file its body waits in; with the bytes and the seconds it may take.
_Task = tuple[Document, Path | None, int, float]


def _processes(
    given: _Given, *, workers: int, tasks: int, started: Callable[[BaseProcess], None]
) -> ProcessPool:
    """Processes that read, of each of which `started` is told."""
    # A round that has nothing to read goes without these, which take a fortieth of it to load.
    from multiprocessing.context import ForkServerContext, ForkServerProcess

    from pebble import ProcessPool

    def process(*args: Any, **named: Any) -> BaseProcess:
        made = ForkServerProcess(*args, **named)
        started(made)
        return made

    # For good, since this thread starts nothing but readers.
    block()
    context = ForkServerContext()
    context.Process = process  # type: ignore[misc, assignment]
    context.set_forkserver_preload(["hub.poll", "hub.parse.feed", "hub.tags"])
    return ProcessPool(
        max_workers=workers, max_tasks=tasks, initializer=_start, initargs=given, context=context
    )


class _Pool:
    """Processes that read, made when there is something to, and anew when a killed one took them along.

    They take a fifth of a second to come up. So that a round goes on meanwhile,
    documents are handed to them by a thread of the pool's own.
    """

    def __init__(self, make: Callable[[Callable[[BaseProcess], None]], ProcessPool]) -> None:
        self._make = partial(make, self._was_started)
        self._pool: ProcessPool | None = None
        self._started: list[BaseProcess] = []
        self._handing = ThreadPoolExecutor(max_workers=1)

    def schedule(
        self, document: Document, file: Path | None, memory: int, *, seconds: float
    ) -> Future[Reading]:
        given: Future[Reading] = Future()
        self._handing.submit(self._hand_over, given, (document, file, memory, seconds))
        return given

    def _hand_over(self, given: Future[Reading], args: _Task) -> None:
        try:
            self._taken(args).add_done_callback(partial(_pass_on, given))
        except Exception as error:  # noqa: BLE001 - whatever came of it: half an import fails with anything
            given.set_exception(_no_process(args[0].url, error))

    def _taken(self, args: _Task) -> Future[Reading]:
        *_, seconds = args
        patience = _PATIENCE * seconds
        if self._pool is None:
            self._pool = self._make()
        try:
            return self._pool.schedule(_read, args=args, timeout=patience)
        except RuntimeError:
            self._end_pool()
            self._pool = self._make()
            return self._pool.schedule(_read, args=args, timeout=patience)

    def end(self) -> None:
        self._handing.shutdown(cancel_futures=True)
        self._end_pool()

    def _end_pool(self) -> None:
        if self._pool is None:
            return
        self._pool.stop()  # type: ignore[no-untyped-call]
        # Before pebble lets go of what one that is just coming up has still to open, and would tell of.
        for process in self._started:
            if process.is_alive():
                process.kill()
        self._pool.join()

    def _was_started(self, process: BaseProcess) -> None:
        # Readers take over from others all the time.
        self._started = [each for each in self._started if each.is_alive()]
        self._started.append(process)


def _no_process(url: str, why: BaseException) -> ParseError:
    return ParseError(
        f"No process could be started to read {url}: {str(why) or type(why).__name__}.",
        "Look whether the machine is short of memory, this user may run no more processes, or too many files"
        " are open (ulimit -n).",
        reason="parser",
    )


def _pass_on(given: Future[Reading], future: Future[Reading]) -> None:
    error = future.exception()
    if error is None:
        given.set_result(future.result())
    else:
        given.set_exception(error)


class Readers:
    """A pool of readers, as many as there are processors, and one more for large documents."""

    def __init__(self, rules: Sequence[TagRule], timezone: str, hosts: Mapping[str, str] = NO_HOSTS) -> None:
        given = (tuple(rules), timezone, hosts)
        self._small = _Pool(
            lambda told: _processes(given, workers=_processors(), tasks=_MOST_READ, started=told)
        )
        self._large = _Pool(lambda told: _processes(given, workers=1, tasks=1, started=told))
        self._files: set[Path] = set()

    def submit(self, document: Document, *, done: Callable[[], None]) -> Future[Reading]:
        """Begin to read a document, as a Reader does.

        `done` is called, from another thread, when `result` would not wait.
        """
        seconds = _seconds(len(document.body))
        if len(document.body) < LARGE:
            future = self._small.schedule(document, None, _MEMORY, seconds=seconds)
        else:
            future = self._submit_large(document, seconds=seconds)
        future.add_done_callback(lambda _: done())
        return future

    def _submit_large(self, document: Document, *, seconds: float) -> Future[Reading]:
        """Begin to read a large document, which waits its turn in a file and so not in our memory."""
        file: Path | None = None
        try:
            with NamedTemporaryFile(prefix="hub-", delete=False) as written:
                file = Path(written.name)
                self._files.add(file)
                written.write(document.body)
        except OSError:
            # The disk is full; the store will say so, if it still is when it is its turn.
            if file is not None:
                self._let_go(file)
            return self._large.schedule(document, None, _MEMORY_FOR_LARGE, seconds=seconds)
        waiting = replace(document, body=b"")
        future = self._large.schedule(waiting, file, _MEMORY_FOR_LARGE, seconds=seconds)
        future.add_done_callback(lambda _: self._let_go(file))
        return future

    def _let_go(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._files.discard(file)

    def close(self) -> None:
        """End all readers, also those at work."""
        self._small.end()
        self._large.end()
        for file in list(self._files):
            self._let_go(file)


def _processors() -> int:
    """How many processors this process may use, which in a container may be fewer than there are."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _seconds(size: int) -> float:
    """How many seconds of a processor a document of so many bytes may take."""
    return _SECONDS + _SECONDS_FOR_A_MB * size / _MB


def result(future: Future[Reading], url: str, *, size: int) -> Reading | ParseError:
    """What a reader made of a document of `size` bytes: its reading, or why there is none."""
    try:
        return future.result()
    except ParseError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever a document does to the parser is that feed's error, and told
        return _why_none(error, url, size)


def _why_none(error: Exception, url: str, size: int) -> ParseError:
    # Loaded already, since it is a reader's own error: where too many files are open no import succeeds, and
    # Ctrl-C in the middle of one would have the thread that starts readers wait for ever.
    from concurrent.futures.process import BrokenProcessPool

    from pebble import ProcessExpired

    match error:
        case ReadTimeout():
            return _too_slow(url, size)
        case ProcessExpired() if error.exitcode == -signal.SIGPROF:
            return _too_slow(url, size)
        case ProcessExpired():
            return ParseError(
                f"The process that read {url} was ended, by the document or by the system.",
                "If this lasts, look whether the machine is short of memory, and report the feed's address.",
                reason="parser",
            )
        case BrokenProcessPool():
            return _no_process(url, error.__cause__ or error)
    return ParseError(
        f"{url} broke the hub's parser: {type(error).__name__}: {error}.",
        "This is a fault of the hub: report it with the feed's address.",
        reason="parser",
    )


def _too_slow(url: str, size: int) -> ParseError:
    return ParseError(
        f"{url} could not be read within {_seconds(size):.0f} seconds of a processor's time.",
        "Ask the site's web editor to look at the feed: it is huge, or broken so as to tie readers up.",
        reason="slow-document",
    )
