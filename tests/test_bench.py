"""`make bench` says what it measured, on machines with and without nginx."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bench import servers
from bench.__main__ import SERVERS
from tests.conftest import ROOT


def _bench(*arguments: str | Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=200,
    )


def _figures(table: str, what: str) -> list[float]:
    (row,) = (line for line in table.splitlines() if line.startswith(f"  {what}  "))
    return [float(figure.replace(",", "")) for figure in row.removeprefix(f"  {what}").split()]


def test_rounds_are_measured_without_nginx_too_and_say_so(tmp_path: Path) -> None:
    peers = ("--vs", "fetch-only", "--vs", "postgresql")
    ended = _bench("rounds", "--feeds", "10", "--entries", "3", *peers, path=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert "Rounds over 10 feeds of 3 entries on loopback, served by aiohttp, slower than" in ended.stdout
    # One feed in ten has a new one in the last round.
    assert _figures(ended.stdout, "entries stored") == [31]
    for name in ("cold", "unchanged", "10 % changed"):
        hub, floor, ratio, in_postgresql, _ = _figures(ended.stdout, f"{name}, feeds/s")
        assert 0 < hub < floor
        assert 0 < in_postgresql < floor
        assert abs(ratio - hub / floor) < 0.02 + 2 / floor
    assert "A round by hub, 10 % changed ..." in ended.stderr.splitlines()


def test_a_server_of_postgresql_may_stand_elsewhere() -> None:
    ended = _bench("rounds", "--feeds", "10", "--entries", "3", "--vs", "postgresql", "--away", "20")
    assert ended.returncode == 0, ended.stderr
    (took,) = re.findall(r"^PostgreSQL's server is ([\d.]+) ms away$", ended.stdout, re.MULTILINE)
    assert 20 <= float(took) < 200
    assert _figures(ended.stdout, "cold, feeds/s")[1] > 0


def test_pages_are_measured_by_size_and_written_down_for_the_curves(tmp_path: Path) -> None:
    curves = tmp_path / "curves" / "bench.json"
    where = ("--folder", tmp_path, "--curves", curves)
    ended = _bench("scale", "--sizes", "200,100", "--times", "15", "--vs", "postgresql", *where)
    assert ended.returncode == 0, ended.stderr
    sections = re.split(r"\n(?=\d+ entries of 2,000 members)", ended.stdout)
    assert [section.split(" ")[0] for section in sections[1:]] == ["100", "200"]
    found = json.loads(curves.read_text())
    for sections_of_size, size in zip(sections[1:], ("100", "200"), strict=True):
        section, on_server = sections_of_size.split("\nThe same in PostgreSQL")
        assert _figures(on_server, "search")[0] > 0
        for what, figures in found[size].items():
            assert _figures(section, what) == [float(f"{figure:.1f}") for figure in figures.values()]
            assert 0 < figures["median"] <= figures["p99"]
    assert {"home", "search", "a poll, all of 20 entries new"} <= set(found["100"])


def test_the_servers_that_can_be_named_are_those_there_are() -> None:
    assert tuple(servers.SERVERS) == SERVERS


def test_the_newsroom_says_what_it_makes() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.newsroom", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0
    assert "Seeded news of public bodies and charities" in ended.stdout
    assert "gold.story " in ended.stdout


def test_what_cannot_be_measured_is_told_before_anything_is(tmp_path: Path) -> None:
    for arguments, told in (
        (("rounds", "polling"), "no part is called polling: there are start, rounds, fresh, serving, scale"),
        (("scale", "--times", "3"), "--times: at least 15"),
        (("scale", "--sizes", "abc"), "abc is no list of numbers of entries with commas between"),
        (("scale", "--sizes", "100,"), "100, is no list of numbers of entries with commas between"),
        (
            ("serving", "--servers", "waitress,nosuch"),
            "no server is called nosuch: there are gunicorn, waitress, cheroot, or all",
        ),
        (
            (),
            "serving needs nginx and wrk and taskset: on Debian, apt install nginx-light wrk util-linux; "
            "or measure the other parts: start rounds fresh scale",
        ),
    ):
        ended = _bench(*arguments, path=str(tmp_path))
        assert ended.returncode == 2
        assert told in ended.stderr
        assert ended.stdout == ""
