"""How long do commands take that an admin types and waits for?"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.rounds import environment
from bench.table import row, section

_SHIPPED = Path(__file__).parent.parent / "feeds.yaml"
_TIMES = 15


def run(_: argparse.Namespace) -> None:
    """Print how long each takes, beside Python that does nothing."""
    section(f"Commands, seconds, of {_TIMES} times each", "median", "slowest")
    for what, arguments in (
        ("hub --help", ("-m", "hub", "--help")),
        ("hub feeds check, of the shipped file", ("-m", "hub", "feeds", "check", "--config", str(_SHIPPED))),
        ("Python alone", ("-c", "pass")),
    ):
        took = [_seconds([sys.executable, *arguments]) for _ in range(_TIMES + 1)][1:]
        row(what, f"{statistics.median(took):.2f}", f"{max(took):.2f}")


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began
