"""What a round tells people while it goes on, and after: lines, a progress bar, a summary, figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, TextIO

from msgspec import Struct

from hub.model import PollResult
from hub.said import counted


class Figures(Struct):
    """What a round came to. `fetched` feeds answered with a body, `not_modified` with 304.

    `waiting` entries of the new ones wait for an admin.
    `stopped` rounds were ended before every feed was asked, and so were those
    in which nobody could be reached (`offline`).
    """

    feeds: int = 0
    fetched: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    updated: int = 0
    waiting: int = 0
    seconds: float = 0.0
    failures: list[PollResult] = []
    stopped: bool = False
    offline: bool = False

    def count(self, result: PollResult) -> None:
        self.feeds += 1
        self.fetched += result.outcome == "fetched"
        self.not_modified += result.outcome == "not_modified"
        self.new += result.new
        self.updated += result.updated
        self.waiting += result.waiting
        if result.outcome == "failed":
            self.failed += 1
            self.failures.append(result)

    def as_json(self) -> str:
        """The object that `hub poll --json` prints (docs/commands.md)."""
        return json.dumps(
            {
                "feeds": self.feeds,
                "fetched": self.fetched,
                "not_modified": self.not_modified,
                "failed": self.failed,
                "new": self.new,
                "updated": self.updated,
                "seconds": round(self.seconds, 3),
                "failures": [
                    {
                        "member": result.feed.key.member,
                        "feed": result.feed.url,
                        "error": result.error,
                        "remedy": result.remedy,
                    }
                    for result in self.failures
                ],
            },
            ensure_ascii=False,
        )

    def as_text(self) -> str:
        """The summary for people: what came, and for each failing feed what happened and what to do."""
        asked = f"{counted(self.feeds, 'feed', 'feeds')} asked in {self.seconds:.1f} s"
        lines = [
            f"{asked}: {self.fetched} answered, {self.not_modified} had nothing new, {self.failed} failed.",
            f"{counted(self.new, 'new entry', 'new entries')}, {self.updated} updated.",
        ]
        if self.waiting:
            waiting = counted(self.waiting, "of them waits", "of them wait")
            lines.append(f"{waiting} for an admin: `hub held` says why.")
        if self.stopped:
            lines.append("The round was stopped before its end; what had come in is stored.")
        if self.offline:
            lines.append("The round ended where nobody could be reached; what had come in is stored.")
        for result in self.failures:
            lines += ["", f"{result.feed.key}: {result.error}"]
            if result.remedy:
                lines.append(f"    {result.remedy}")
        return "\n".join(lines)


def line(result: PollResult) -> str:
    """One poll as key=value pairs, for logs."""
    pairs: list[tuple[str, Any]] = [("feed", result.feed.key), ("outcome", result.outcome)]
    if result.status is not None:
        pairs.append(("status", result.status))
    if result.pushed:
        pairs.append(("pushed", "yes"))
    pairs += [
        ("new", result.new),
        ("updated", result.updated),
        ("bytes", result.size),
        ("seconds", f"{result.seconds:.3f}"),
    ]
    if result.error:
        pairs.append(("error", json.dumps(result.error, ensure_ascii=False)))
    if result.remarks:
        pairs.append(("remarks", json.dumps("; ".join(result.remarks), ensure_ascii=False)))
    return " ".join(f"{key}={value}" for key, value in pairs)


def say(*lines: str, stream: TextIO | None = None) -> None:
    """Write lines for people, on standard error if no other stream is named.

    Where they cannot be written, as on a full disk, they are lost: what they
    tell of goes on.
    """
    with suppress(OSError):
        for each in lines:
            print(each, file=stream or sys.stderr)


class Progress(Protocol):
    """Where a round's progress is told."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def told(self, results: Sequence[PollResult]) -> None:
        """These polls ended."""


class Lines:
    """A line for each poll: where nobody watches, or output is kept."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._stream.flush()

    def told(self, results: Sequence[PollResult]) -> None:
        say(*map(line, results), stream=self._stream)


class Bar:
    """A progress bar, for a person at a terminal."""

    def __init__(self, stream: TextIO, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._progress = RichProgress(
            TextColumn("Polling"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[new]} new, {task.fields[failed]} failed"),
            TimeElapsedColumn(),
            console=Console(file=stream),
        )
        self._task = self._progress.add_task("", total=total, new=0, failed=0)
        self._new = self._failed = 0

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def told(self, results: Sequence[PollResult]) -> None:
        self._new += sum(result.new for result in results)
        self._failed += sum(result.outcome == "failed" for result in results)
        self._progress.update(self._task, advance=len(results), new=self._new, failed=self._failed)


def progress(total: int) -> Progress:
    """A bar on a terminal, lines elsewhere."""
    return Bar(sys.stderr, total) if sys.stderr.isatty() else Lines(sys.stderr)
