"""Readers (`hub.reader`) in processes of their own, with limits of time and memory.

A document may take feedparser minutes, or gigabytes. Then its process is ended: the
feed has an error, and other feeds are read on.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hub.errors import ParseError
from hub.model import TagRule
from hub.reader import Document, Reader, Reading
from hub.signals import block, leave_to_parent
from hub.urls import NO_HOSTS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_log = logging.getLogger(__name__)

_MB = 1024 * 1024
# Of a processor. A feed of 77 KB takes 15 to 30 ms, one of 20 MB five seconds: past this it is a trap, on a
# slow machine too.
_SECONDS = 10.0
_SECONDS_FOR_A_MB = 2.0
# By the clock a document may take so many times as long, since other processes have the processor too.
_PATIENCE = 20
# From this size on, documents are read one at a time, each in a process that ends
# with it: so all readers together need little more memory than one large document.
# Reading 20 MB of usual entries takes 180 MB, a broken feed of 1 MB 56.
LARGE = 1 * _MB
_MEMORY = 72 * _MB
_MEMORY_FOR_LARGE = 192 * _MB
# Documents that a process reads before another takes its place: memory which earlier
# documents left in pieces would count against later ones.
_MOST_READ = 500

# What a round waits for is the one process that writes: readers leave it the processor, all but a thirtieth.
_NICE = 15


@contextmanager
def _within(memory: int) -> Iterator[None]:
    """A block in which this process gets no more than so many bytes of memory (MemoryError).

    The limit is for reading alone: taking a document from the pipe, and giving back
    what was read, must not fail.
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
    """A block after so many processor seconds of which the system ends this process, whatever it is at."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


# What a reader is made of: rules, time zone, former hosts, what makes terms.
_Given = tuple[tuple[TagRule, ...], str, Mapping[str, str], Callable[[str, str], str] | None]
# What it is to read: a document, or the file its body waits in; with the bytes and the seconds it may take.
_Task = tuple[Document, Path | None, int, float]


def _serve(pipe: Connection, given: _Given) -> None:
    """Be a reader, in a fresh process: read what comes through a pipe until that is closed."""
    leave_to_parent()
    os.nice(_NICE)
    reader = Reader(*given)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_read(reader, *pipe.recv()))


def _read(
    reader: Reader, document: Document, file: Path | None, memory: int, seconds: float
) -> Reading | ParseError:
    """Read a document, whose body may wait in a file."""
    try:
        with _for_at_most(seconds), _within(memory):
            return reader.read(replace(document, body=file.read_bytes()) if file else document)
    except ParseError as error:
        return error
    except MemoryError:
        pass
    except Exception as error:  # noqa: BLE001 - whatever a document does to the parser is that feed's error, and told
        return _broken(document.url, error)
    return ParseError(
        f"{document.url} needs more than {memory // _MB} MB of memory to be read.",
        "Ask the site's web editor to publish fewer or shorter entries in the feed.",
        reason="large-document",
    )


class _Process:
    """A process that reads one document after another, with a pipe to it of its own.

    A process that is ended while it sends what it has read leaves half of it in the pipe.
    In a pipe of its own nothing else waits behind that half.
    """

    # Two threads that look at the same time how a process ended would take its status from each other.
    _one_at_a_time = Lock()

    def __init__(self, given: _Given) -> None:
        # A round that has nothing to read goes without this, which takes a fortieth of it to load.
        from multiprocessing.context import ForkServerContext

        # For good, since this thread starts nothing but readers.
        block()
        context = ForkServerContext()
        context.set_forkserver_preload(["hub.reader", "hub.parse.feed", "hub.tags"])
        self._pipe, its = context.Pipe()
        self._process = context.Process(target=_serve, args=(its, given), name="hub reader")
        self.documents = 0
        try:
            with self._one_at_a_time:
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            its.close()

    def read(self, task: _Task) -> Reading | ParseError | None:
        """What a document says, or why it cannot be read; None where the process ended meanwhile."""
        document, *_, seconds = task
        self.documents += 1
        try:
            self._pipe.send(task)
            if not self._pipe.poll(_PATIENCE * seconds):
                self.end()
                return _too_slow(document.url, seconds)
            outcome: Reading | ParseError = self._pipe.recv()
        except (EOFError, OSError):
            self.end()
            return _too_slow(document.url, seconds) if self.exitcode == -signal.SIGPROF else None
        except BaseException:
            # Some of it may be left in the pipe.
            self.end()
            raise
        return outcome

    @property
    def exitcode(self) -> int | None:
        """How the process ended, None if it goes on."""
        return self._process.exitcode

    def kill(self) -> None:
        """End the process, even while another thread waits for what it reads."""
        self._process.kill()

    def end(self) -> None:
        """End the process, and let go of the pipe."""
        self._process.kill()
        with self._one_at_a_time:
            self._process.join()
        self._pipe.close()


class _Pool:
    """Processes that read, and a thread for each that waits for it.

    A process is started when there is a document for it, which takes a fifth of a second;
    it ends after so many `documents`.
    """

    def __init__(self, given: _Given, *, processes: int, documents: int) -> None:
        self._given = given
        self._documents = documents
        self._waiting = ThreadPoolExecutor(max_workers=processes)
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._ending = False

    def schedule(
        self, document: Document, file: Path | None, memory: int, *, seconds: float
    ) -> Future[Reading | ParseError]:
        try:
            return self._waiting.submit(self._read, (document, file, memory, seconds))
        except RuntimeError as error:
            # Where this user may run no more processes, no thread can be started either.
            told: Future[Reading | ParseError] = Future()
            told.set_result(_no_process(document.url, error))
            return told

    def _read(self, task: _Task) -> Reading | ParseError:
        url = task[0].url
        try:
            outcome, how = self._read_by_one(task)
            # The system may have ended it, short of memory, say: the document may have no part in that.
            if outcome is None and not self._ending:
                _log.warning("The process that read %s was ended (%s); another one reads it.", url, how)
                outcome, how = self._read_by_one(task)
        except Exception as error:  # noqa: BLE001 - the hub goes on, and this feed says what came of it
            return _broken(url, error)
        return outcome or _ended(url, how)

    def _read_by_one(self, task: _Task) -> tuple[Reading | ParseError | None, str]:
        """What a document says, or why it cannot be read; else None, with how the process ended, in words."""
        try:
            process = self._one()
        except Exception as error:  # noqa: BLE001 - whatever came of it: half an import fails with anything
            return _no_process(task[0].url, error), ""
        outcome = process.read(task)
        code = process.exitcode
        if code is None and process.documents < self._documents:
            self._idle.append(process)
        else:
            process.end()
            self._all.discard(process)
        return outcome, f"signal {-code}" if code and code < 0 else f"exit status {code}"

    def _one(self) -> _Process:
        with suppress(IndexError):
            return self._idle.pop()
        made = _Process(self._given)
        self._all.add(made)
        if self._ending:
            made.kill()
        return made

    def end(self) -> None:
        self._ending = True
        self._waiting.shutdown(wait=False, cancel_futures=True)
        for process in list(self._all):
            process.kill()
        self._waiting.shutdown()
        for process in self._all:
            process.end()


def _no_process(url: str, why: BaseException) -> ParseError:
    return ParseError(
        f"No process could be started to read {url}: {str(why) or type(why).__name__}.",
        "Look whether the machine is short of memory, this user may run no more processes, or too many files"
        " are open (ulimit -n).",
        reason="parser",
    )


def _ended(url: str, how: str) -> ParseError:
    return ParseError(
        f"Two processes that read {url} were ended ({how}), by the document or by the system.",
        "If this lasts, look whether the machine is short of memory, and report the feed's address.",
        reason="parser",
    )


def _broken(url: str, error: Exception) -> ParseError:
    return ParseError(
        f"{url} broke the hub's parser: {type(error).__name__}: {error}.",
        "This is a fault of the hub: report it with the feed's address.",
        reason="parser",
    )


def _too_slow(url: str, seconds: float) -> ParseError:
    return ParseError(
        f"{url} could not be read within {seconds:.0f} seconds of a processor's time.",
        "Ask the site's web editor to look at the feed: it is huge, or broken so as to tie readers up.",
        reason="slow-document",
    )


class Readers:
    """A pool of readers, as many as there are processors, and one more for large documents.

    They are made of what a `Reader` is. Those of large documents need their memory for other things
    than terms.
    """

    def __init__(
        self,
        rules: Sequence[TagRule],
        timezone: str,
        hosts: Mapping[str, str] = NO_HOSTS,
        terms_of: Callable[[str, str], str] | None = None,
    ) -> None:
        given = (tuple(rules), timezone, hosts)
        self._small = _Pool((*given, terms_of), processes=_processors(), documents=_MOST_READ)
        self._large = _Pool((*given, None), processes=1, documents=1)
        self._files: set[Path] = set()

    def submit(self, document: Document, *, done: Callable[[], None]) -> Future[Reading | ParseError]:
        """Begin to read a document, as a Reader does. The future has its reading, or why there is none.

        `done` is called from another thread once the future has it.
        """
        seconds = _seconds(len(document.body))
        if len(document.body) < LARGE:
            future = self._small.schedule(document, None, _MEMORY, seconds=seconds)
        else:
            future = self._submit_large(document, seconds=seconds)
        future.add_done_callback(lambda _: done())
        return future

    def _submit_large(self, document: Document, *, seconds: float) -> Future[Reading | ParseError]:
        """Begin to read a large document. Until its turn it waits in a file, and not in memory."""
        file: Path | None = None
        try:
            file = Path(gettempdir(), f"hub-{token_hex(8)}")
            # Before the file is there: a round that is interrupted right after takes it away too.
            self._files.add(file)
            with open(file, "xb", opener=_of_this_user) as written:
                written.write(document.body)
        except OSError:
            # The disk is full. The store will say so, if the disk still is by the time something is settled.
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


def _of_this_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _processors() -> int:
    """How many processors this process may use, which in a container may be fewer than there are."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _seconds(size: int) -> float:
    """How many seconds of a processor a document of so many bytes may take."""
    return _SECONDS + _SECONDS_FOR_A_MB * size / _MB
