"""How fast is the hub? All that is measured, in one table with the machine, the versions and the sizes.

    make bench                                          all parts: twenty minutes, 6 GB of disk
    make bench ARGS="--vs reader --vs fetch-only"       another reader and the floor, in the same run
    make bench ARGS="rounds --feeds 200"                one part, on a smaller farm
    make bench ARGS="rounds --vs postgresql"            the hub with its news in PostgreSQL
    make bench ARGS="rounds --vs postgresql --away 2"   with a server two milliseconds away
    make bench ARGS="serving --servers all"             other servers in turns with the hub's
    make bench ARGS="scale --sizes 10000,100000"        fewer entries: two minutes
    make bench ARGS="scale --sizes 100000 --vs postgresql"    the same entries in PostgreSQL, too

Parts, in the order in which they are measured:

    start     commands that an admin types
    rounds    polls of many ordinary feeds: a cold round, an unchanged one, one in which every tenth changed
    fresh     from a poll that is due, or news that is pushed, to the merged feed
    serving   answers from the cache beside nginx, and answers that are not there
    scale     polls and pages as the hub grows, with their curves as PNG

The hub does all that it does: sanitising, stories, the shipped rules' tags, full
text, SQLite on disk. Machines are noisy: quote ratios from one run, and medians
of several. Needs Linux with two processors; for `serving` Debian's nginx-light and
wrk; `rounds` takes nginx where it is there. Everything stays on loopback.
"""

from __future__ import annotations

import argparse
import re
import shutil
from importlib import import_module
from pathlib import Path

from bench import table

PARTS = ("start", "rounds", "fresh", "serving", "scale")
# Those of bench.servers, which is not loaded for their names: see `main`.
SERVERS = ("gunicorn", "waitress", "cheroot")
_LEAST_TIMES = 15
_FOR_SERVING = ("nginx", "wrk", "taskset")


def _servers(written: str) -> list[str]:
    names = [*SERVERS] if written == "all" else [*filter(None, written.split(","))]
    if unknown := set(names).difference(SERVERS):
        raise argparse.ArgumentTypeError(
            f"no server is called {', '.join(sorted(unknown))}: there are {', '.join(SERVERS)}, or all"
        )
    return names


def _sizes(written: str) -> list[int]:
    if not re.fullmatch(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*", written):
        raise argparse.ArgumentTypeError(
            f"{written} is no list of numbers of entries with commas between, such as 10000,100000"
        )
    return sorted({int(size) for size in written.split(",")})


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="which to measure; all unless some are named"
    )
    parser.add_argument(
        "--vs",
        action="append",
        choices=("reader", "fetch-only", "postgresql"),
        default=[],
        help="rounds beside another reader, a bare loop that throws away what it gets, or the hub with its"
        " news in PostgreSQL, the server counted in; scale in PostgreSQL, too; may be given several times",
    )
    rounds = parser.add_argument_group("rounds")
    rounds.add_argument("--feeds", type=int, default=2000)
    rounds.add_argument("--entries", type=int, default=20, help="of each feed")
    rounds.add_argument(
        "--away", type=float, default=0.0, help="milliseconds to PostgreSQL's server and back, at least"
    )
    fresh = parser.add_argument_group("fresh")
    fresh.add_argument("--others", type=int, default=0, help="feeds beside the one, which are not due")
    serving = parser.add_argument_group("serving")
    serving.add_argument(
        "--servers", type=_servers, default="", help=f"all, or with commas between: {', '.join(SERVERS)}"
    )
    serving.add_argument("--seconds", type=int, default=3, help="of each server in each of its five turns")
    scale = parser.add_argument_group("scale")
    scale.add_argument(
        "--sizes", type=_sizes, default="10000,100000,1000000", help="entries, with commas between"
    )
    scale.add_argument("--times", type=int, default=300, help="requests of each kind")
    scale.add_argument("--folder", type=Path, help="where the databases are kept for the next time")
    scale.add_argument("--plans", action="store_true", help="print how SQLite goes about each query, too")
    scale.add_argument(
        "--curves", type=Path, default=Path("build/bench.json"), help="the file for what bench.draw draws"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.parts).difference(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    if arguments.times < _LEAST_TIMES:
        parser.error(f"--times: at least {_LEAST_TIMES}, of which percentiles can be told")
    parts = [part for part in PARTS if part in arguments.parts or not arguments.parts]
    missing = [tool for tool in _FOR_SERVING if shutil.which(tool) is None]
    if "serving" in parts and missing:
        others = " ".join(part for part in parts if part != "serving")
        parser.error(
            f"serving needs {' and '.join(missing)}: on Debian, apt install nginx-light wrk util-linux"
            + (f"; or measure the other parts: {others}" if others else "")
        )
    print(table.machine("feedparser", "flask", "granian"))
    for part in parts:
        # Not before its turn: what this process has loaded, its children share, and seem the smaller.
        import_module(f"bench.{part}").run(arguments)


if __name__ == "__main__":
    main()
