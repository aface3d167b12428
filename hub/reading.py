"""Readers in processes that can be ended, with limits of time and memory.

What a server sends may take feedparser minutes or gigabytes. Here it costs
that feed an error, and no one else anything.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as ReadTimeout

from pebble import ProcessExpired, ProcessPool

from hub.errors import FeedError, ParseError
from hub.model import Feed, TagRule
from hub.poll import Reader, Reading

# A feed of 77 KB takes 15 to 30 ms: a hundred times that is a feed of 20 MB, or a trap.
READ_SECONDS = 20.0
READ_MEMORY = 256 * 1024 * 1024

_reader: Reader | None = None


def _start(rules: Sequence[TagRule], timezone: str) -> None:
    """Make a fresh process a reader."""
    global _reader
    # Ctrl-C reaches the whole process group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (READ_MEMORY, READ_MEMORY))
    _reader = Reader(rules, timezone)


def _read(feed: Feed, url: str, body: bytes, content_type: str | None) -> Reading:
    assert _reader is not None
    return _reader.read(feed, url, body, content_type)


class Readers:
    """A pool of readers, as many as there are processors."""

    def __init__(self, rules: Sequence[TagRule], timezone: str) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["hub.poll", "hub.parse", "hub.tags"])
        self._pool = ProcessPool(
            max_workers=os.cpu_count() or 1,
            initializer=_start,
            initargs=(tuple(rules), timezone),
            context=context,
        )

    def submit(
        self,
        feed: Feed,
        url: str,
        body: bytes,
        content_type: str | None,
        *,
        done: Callable[[], None],
    ) -> Future[Reading]:
        """Begin to read a document; `done` is called, from another thread, when `result` would not wait."""
        future: Future[Reading] = self._pool.schedule(
            _read, args=(feed, url, body, content_type), timeout=READ_SECONDS
        )
        future.add_done_callback(lambda _: done())
        return future

    def close(self) -> None:
        """End all readers, also those at work."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def result(future: Future[Reading], url: str) -> Reading | FeedError:
    """What a reader made of a document: its reading, or why there is none."""
    try:
        return future.result()
    except ParseError as error:
        return error
    except ReadTimeout:
        return ParseError(
            f"{url} could not be read within {READ_SECONDS:.0f} seconds.",
            "Ask the site's web editor to look at the feed: it is huge, or broken in a way that ties up its readers.",
            reason="slow-document",
        )
    except (MemoryError, ProcessExpired):
        return ParseError(
            f"{url} needs more than {READ_MEMORY // 2**20} MB of memory to be read.",
            "Ask the site's web editor to publish fewer or shorter entries in the feed.",
            reason="large-document",
        )
    except Exception as error:  # noqa: BLE001 - whatever a document does to the parser is that feed's error, and told
        return ParseError(
            f"{url} broke the hub's parser: {type(error).__name__}: {error}.",
            "This is a fault of the hub: report it with the feed's address.",
            reason="parser",
        )
