"""What a document does to its reader costs its feed an error, and no one else anything."""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from multiprocessing import active_children
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from hub.errors import FeedError, ParseError
from hub.model import (
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    Feed,
    FeedKey,
    Person,
    Sketch,
    Source,
    Tag,
)
from hub.polling import reading
from hub.polling.reading import LARGE, Readers
from hub.reader import Document, Reading
from tests.commands import SOON, within
from tests.site import rss

FEED = Feed(key=FeedKey("east"), url="https://east.example/feed")
LINK = "https://east.example/news"


@pytest.fixture(autouse=True)
def folder_of_multiprocessing() -> None:
    """Its one folder for its sockets, which it makes where temporary files are when it first needs one."""
    get_temp_dir()


@pytest.fixture
def readers() -> Iterator[Readers]:
    made = Readers((), "Europe/London")
    yield made
    made.close()


def read(readers: Readers, body: str) -> Reading | FeedError:
    done = threading.Event()
    document = Document(feed=FEED, url=FEED.url, body=body.encode(), content_type="application/rss+xml")
    future = readers.submit(document, done=done.set)
    assert done.wait(60)
    return future.result()


def is_read(readers: Readers, body: str) -> bool:
    outcome = read(readers, body)
    return isinstance(outcome, Reading) and [entry.title for entry in outcome.entries] == ["Ward opens"]


ORDINARY = rss(LINK, "Ward opens")
LONG = rss(LINK, "Ward opens", text="The ward has opened. " * 80_000)


def taking_long(attributes: int) -> str:
    """With a tag of so many attributes: feedparser compares each with each, and has all document types."""
    written = " ".join(f"a{n}='1'" for n in range(attributes))
    return "<!DOCTYPE rss>" + ORDINARY.replace("<item>", f"<item><x {written}/>")


# Half a minute.
TRAP = taking_long(40_000)


def test_an_entry_arrives_from_a_reader_as_it_was_sent() -> None:
    moment = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
    entry = Entry(
        feed=FEED.key,
        id="1",
        title="Ward opens",
        link=LINK,
        canonical_link="east.example/news",
        published=moment,
        updated=None,
        authors=(Person("Asha Rao", "asha@east.example", LINK), Person("Ben Ode")),
        categories=(Category("Wards", "https://east.example/terms", "Hospital wards"), Category("News")),
        text="It has opened.",
        direction="ltr",
        enclosures=(Enclosure(LINK, "audio/mpeg", 12, "A talk"), Enclosure(LINK)),
        source=Source(id=LINK, title="East", updated=moment),
        tags=(Tag("wards", "‘ward’ in the title", "event", ("beds",)), Tag("care", "by hand")),
        event_date=date(2026, 3, 14),
        keys=EntryKeys("i", None, "l", "t"),
        fingerprint="f",
        sketch=Sketch(words=b"abcd", samples=(1, 2), title=3, wordless=False, credits=(4,)),
    )
    arrived = pickle.loads(pickle.dumps(entry))
    assert arrived == entry
    # The sketch counts for nothing when entries are compared.
    assert arrived.sketch == entry.sketch
    with pytest.raises(AttributeError):
        arrived.title = "Ward closes"


def test_documents_are_read_small_and_large(
    readers: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ORDINARY) < LARGE < len(LONG)
    assert is_read(readers, ORDINARY)
    # After the first process was started, for which multiprocessing makes a folder of its own.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert is_read(readers, LONG)
    assert list(tmp_path.iterdir()) == []


def test_a_document_that_takes_too_long_is_an_error_and_the_next_one_is_read(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SECONDS", 1.0)
    outcome = read(readers, TRAP)
    assert isinstance(outcome, ParseError)
    assert outcome.reason == "slow-document"
    assert "within" in outcome.problem
    assert FEED.url in outcome.problem
    assert outcome.remedy
    assert is_read(readers, ORDINARY)


@pytest.mark.parametrize(
    "before",
    [
        "\n" * 150_000,
        "<!ENTITY a\n" * 15_000,
        "<!DOCTYPE a\n" * 15_000,
        f'<!ENTITY a "b"{" " * 150_000}>\n',
    ],
    ids=["lines", "texts", "types", "spaces"],
)
def test_however_much_stands_before_a_feed_it_is_read(readers: Readers, before: str) -> None:
    # A minute, to expressions that look on from each line.
    assert is_read(readers, f"<!DOCTYPE rss>\n{before}{ORDINARY}")


def test_a_reader_that_waits_for_the_processor_has_its_time_all_the_same(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_read(readers, ORDINARY)
    monkeypatch.setattr(reading, "_SECONDS", 4.0)
    done = threading.Event()
    # A second, so that it is stopped in the middle.
    document = Document(feed=FEED, url=FEED.url, body=taking_long(8_000).encode())
    future = readers.submit(document, done=done.set)
    assert not done.wait(0.1)
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for process in active_children():
            assert process.pid is not None
            os.kill(process.pid, number)
        assert not future.done()
        time.sleep(4.5 if number == signal.SIGSTOP else 0)
    assert done.wait(60)
    assert isinstance(future.result(), Reading)


@pytest.mark.skipif(sys.platform != "linux", reason="the system keeps no such limit")
def test_a_document_that_needs_too_much_memory_is_an_error_and_the_next_one_is_read(readers: Readers) -> None:
    # One character beyond the first plane, and every other takes four bytes.
    outcome = read(readers, rss(LINK, *map(str, range(6)), text="\N{GRINNING FACE} opened. " * 250_000))
    assert isinstance(outcome, ParseError)
    assert outcome.reason == "large-document"
    assert "MB of memory" in outcome.problem
    assert FEED.url in outcome.problem
    assert outcome.remedy
    assert is_read(readers, ORDINARY)
    assert is_read(readers, LONG)


def test_a_large_document_is_read_though_no_file_can_be_written(
    readers: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    assert is_read(readers, LONG)


def test_what_is_no_feed_is_an_error_that_keeps_its_remedy(readers: Readers) -> None:
    outcome = read(readers, "<html><title>News</title></html>")
    assert isinstance(outcome, ParseError)
    assert outcome.remedy


def test_readers_that_are_killed_are_replaced(readers: Readers) -> None:
    assert is_read(readers, ORDINARY)
    killed = active_children()
    assert killed
    for process in killed:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert within(SOON, lambda: is_read(readers, ORDINARY))


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process opens no file, nor the pipe that another process needs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = sum(1 for _ in Path("/dev/fd").iterdir()) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("after_some", [False, True])
def test_where_no_process_can_be_started_that_is_told_and_the_next_document_is_read(
    readers: Readers, after_some: bool
) -> None:
    importlib.import_module("multiprocessing.context")  # which without files it could not be
    if after_some:
        assert is_read(readers, ORDINARY)
    ended = active_children()
    with no_more_files():
        for process in ended:
            process.kill()
            process.join()
        outcome = read(readers, ORDINARY)
    assert isinstance(outcome, ParseError)
    assert outcome.problem.startswith(f"No process could be started to read {FEED.url}: ")
    assert outcome.remedy
    assert within(SOON, lambda: is_read(readers, ORDINARY))


def test_where_what_starts_processes_cannot_be_imported_that_is_told(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "multiprocessing.context", None)
    outcome = read(readers, ORDINARY)
    assert isinstance(outcome, ParseError)
    assert outcome.problem.startswith(f"No process could be started to read {FEED.url}: ")


def test_closing_ends_the_readers_also_at_work_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(active_children())
    made = Readers((), "UTC")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for document in (TRAP, "<!DOCTYPE rss>" + LONG.replace("<item>", TRAP[TRAP.index("<item>") :])):
        made.submit(Document(feed=FEED, url=FEED.url, body=document.encode()), done=lambda: None)
    assert within(SOON, lambda: len(active_children()) > len(before))
    made.close()
    assert within(SOON, lambda: set(active_children()) <= before)
    assert list(tmp_path.iterdir()) == []


# Interrupted right before the file is closed, Python closes it later, and says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_who_is_interrupted_anywhere_while_a_document_is_put_into_a_file_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    document = Document(feed=FEED, url=FEED.url, body=LONG.encode())
    lines = passed = 0

    def interrupting(frame: FrameType, _event: str, _arg: object) -> Any:
        return line if frame.f_code.co_name == "_submit_large" else None

    def line(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal passed
        if event == "line":
            passed += 1
            if passed > lines:
                raise KeyboardInterrupt
        return line

    while True:
        made, passed, before = Readers((), "UTC"), 0, sys.gettrace()
        sys.settrace(interrupting)
        try:
            made.submit(document, done=lambda: None)
        except KeyboardInterrupt:
            lines += 1
        else:
            break
        finally:
            sys.settrace(before)
            made.close()
        assert list(tmp_path.iterdir()) == []
    assert lines > 5
