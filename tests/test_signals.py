"""What ends a hub, whenever it comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

# The lock of the event is held while somebody begins to wait for it, and while it is set.
_WITHIN_WAIT = """
import os, signal, sys
from hub.signals import stopping
number = signal.Signals[sys.argv[1]]
with stopping() as stop:
    with stop._cond:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert stop.wait(10)
print("ended in order")
"""
_UNDER_NOHUP = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from hub.signals import stopping
with stopping() as stop:
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop.wait(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.wait(10)
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
print("ended in order")
"""


def said(code: str, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_two_signals_in_a_row_are_heard_whatever_they_interrupt(name: str) -> None:
    assert said(_WITHIN_WAIT, name) == "ended in order\n"


def test_a_hub_under_nohup_stays_when_its_terminal_goes() -> None:
    assert said(_UNDER_NOHUP) == "ended in order\n"
