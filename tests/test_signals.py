"""What ends a hub, whenever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import SOON, Hub

# The lock of the event is held while somebody begins to wait for it, and while it is set.
_WITHIN_WAIT = """
import os, signal, sys
from hub.signals import stopping
number = signal.Signals[sys.argv[1]]
with stopping() as stop:
    with stop._cond:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert stop.wait(30)
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
    assert stop.wait(30)
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
print("ended in order")
"""
# Delivered to another thread, as to the main one just before its call, it does not end that.
_WITHIN_SYSTEM_CALL = """
import os, select, signal, threading
from hub.signals import stopping
heard = []
woken, wake = os.pipe()
with stopping() as stop:
    def watch():
        heard.append(stop.wait(30))
        os.write(wake, b".")
    watching = threading.Thread(target=watch)
    watching.start()
    sending = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
    sending.start()
    select.select([woken], [], [], 60)
    watching.join()
print("heard meanwhile" if heard == [True] else "heard too late")
"""
_TIDYING_UP = """
import os, signal
from hub.signals import hear_once, interrupting, stopping
hear_once()
{beginning}
finally:
    os.kill(os.getpid(), signal.SIGINT)
    print("tidied up")
"""
_BEGINNINGS = {
    "broken off": """
try:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        print("ended")
""",
    "interrupting": """
try:
    try:
        with interrupting():
            os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        print("ended")
""",
    "stopping": """
try:
    with stopping() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(30)
    print("ended")
""",
}


def said(code: str, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_two_signals_in_a_row_are_heard_whatever_they_interrupt(name: str) -> None:
    assert said(_WITHIN_WAIT, name) == "ended in order\n"


@pytest.mark.parametrize("how", _BEGINNINGS)
def test_a_second_ctrl_c_does_not_break_off_what_is_tidied_up_after_the_first(how: str) -> None:
    # Whoever runs these tests in the background has them ignore it, and so do all that they start.
    deaf = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    assert said(deaf + _TIDYING_UP.format(beginning=_BEGINNINGS[how])) == "ended\ntidied up\n"


def test_ctrl_c_while_a_command_is_being_loaded_ends_it_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(600)\n")
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; from hub.__main__ import main; main()"]
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON)
    assert (process.returncode, err) == (-signal.SIGINT, "")


_IN_THE_BACKGROUND = """
import os, signal
from hub.signals import hear_once
signal.signal(signal.SIGINT, signal.SIG_IGN)
hear_once()
os.kill(os.getpid(), signal.SIGINT)
print("goes on")
"""


def test_a_command_that_was_started_to_pass_ctrl_c_over_does() -> None:
    assert said(_IN_THE_BACKGROUND) == "goes on\n"


_SINCE_WHEN = """
import os, signal
from hub.signals import stopping, told_for
with stopping():
    pass
print(told_for() == 0)
with stopping() as stop:
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.wait(30)
first = told_for()
print(first > 0)
with stopping() as stop:
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.wait(30)
    print(told_for() > first)
"""


def test_how_long_ago_a_hub_was_told_to_end_counts_from_the_first_time() -> None:
    assert said(_SINCE_WHEN) == "True\n" * 3


def test_a_hub_under_nohup_stays_when_its_terminal_goes() -> None:
    assert said(_UNDER_NOHUP) == "ended in order\n"


def test_a_signal_is_heard_while_the_main_thread_is_in_a_system_call_that_it_does_not_end() -> None:
    assert said(_WITHIN_SYSTEM_CALL) == "heard meanwhile\n"


# To close a pipe takes as long as it takes a hub to wind up.
_CLOSING_SLOWLY = """
import time
from multiprocessing.connection import Connection
close = Connection._close
def slowly(self):
    time.sleep(1)
    close(self)
Connection._close = slowly
from hub.cli import cli
cli(["run", "--port", "0"])
"""


def test_a_hub_that_ends_closes_what_tells_its_web_view_once(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.write({})
    environment = {**os.environ, "HUB_CONFIG": str(hub.config), "HUB_DATABASE": hub.database}
    command = [sys.executable, "-c", _CLOSING_SLOWLY]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "News at" in process.stderr.readline()
        process.terminate()
        _, err = process.communicate(timeout=SOON)
    assert "Traceback" not in err
    assert process.returncode == 0
