"""What a bench says: the machine and the versions, then sections of figures, told as they are measured."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

_FIRST, _OTHERS = 38, 13  # characters of a column


def machine(*packages: str) -> str:
    """The machine and the versions, in a line."""
    with Path("/proc/cpuinfo").open() as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return ", ".join(
        (
            f"{platform.machine()}, {os.cpu_count()} processors ({model})",
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            *(f"{package} {version(package)}" for package in packages),
        )
    )


def section(title: str, *columns: str) -> None:
    """Begin a section: what is measured, at which size, and what its columns are."""
    print(f"\n{title}")
    row("", *columns)


def row(what: str, *figures: str) -> None:
    """Tell figures, one for each column."""
    print(f"  {what:<{_FIRST}}" + "".join(f"{figure:>{_OTHERS}}" for figure in figures), flush=True)


@contextmanager
def working(on: str) -> Iterator[None]:
    """Say on standard error what is going on: for as long as it lasts on a terminal, elsewhere in a line."""
    console = Console(stderr=True)
    if not console.is_terminal:
        print(f"{on} ...", file=sys.stderr, flush=True)
        yield
        return
    with console.status(f"{on} ..."):
        yield
