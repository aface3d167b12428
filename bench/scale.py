"""Does what the hub does cost more, the more it holds?

    python -m bench.scale                            10,000, 100,000 and 1,000,000 entries
    python -m bench.scale --folder grown --plots .   databases kept in a folder, curves drawn as PNG

Grows databases of news-like words (bench.grown, some five minutes and 4 GB for
a million entries) and measures on each: two kinds of polls from what was
gathered to the commit, and pages and feeds with nothing kept, each request
another address. Prints medians and 99th percentiles, and those of the processor
time, which other programs on the machine disturb less; then the plan of each
query of the largest, which is the same for any larger.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from bench.grown import MEMBERS, NOW, TAGS, Words, feeds_yaml, grow, vocabulary, zipf
from bench.serving import machine
from hub.config import Config, parse
from hub.decide import decide
from hub.model import Entry, Feed, FeedState, FeedUpdate, Gathered, Known
from hub.store import Store, open_store, rows
from hub.store.cursors import write_cursor
from hub.store.sqlite import SqliteStore
from hub.stories import sketched
from hub.web import create_app
from hub.web.serve import set_aside

_YEARS = timedelta(days=5 * 365)
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one thing, many times: of the clock and of the processor."""

    took: list[float]
    busy: list[float]

    @classmethod
    def of(cls, measured: Sequence[tuple[float, float]]) -> Cost:
        took, busy = zip(*measured, strict=True)
        return cls(list(took), list(busy))

    @property
    def figures(self) -> str:
        return "".join(f"{statistics.median(each):>8.1f}{p99(each):>8.1f}" for each in (self.took, self.busy))


def p99(milliseconds: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(milliseconds, n=100)[98]


@contextmanager
def measured(into: list[tuple[float, float]]) -> Iterator[None]:
    """Take down how long the block lasts."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    into.append(((time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000))


# ---------------------------------------------------------------- polls


def polls(file: Path, size: int, times: int) -> dict[str, Cost]:
    """What it takes to settle a poll of 20 entries that are new, and one in which one is."""
    store = open_store(f"sqlite:///{file}")
    there = store.totals().entries
    chance = random.Random(there)
    words = Words(chance)
    numbers = iter(range(there + 1, there + 10**6))
    all_new: list[tuple[float, float]] = []
    one_new: list[tuple[float, float]] = []
    for number in range(times):
        # One an hour, after those of earlier runs.
        now = NOW + timedelta(hours=(there - size) // 20 + number)
        feed = _feed(store, f"m{chance.randrange(MEMBERS)}")
        entries = [
            words.entry(feed.key.member, next(numbers), now, chance.sample(TAGS, 2)) for _ in range(20)
        ]
        _settle(store, feed, entries, now, all_new)
        entries[-1] = words.entry(feed.key.member, next(numbers), now, ())
        _settle(store, feed, entries, now + timedelta(minutes=30), one_new)
    store.close()
    return {
        "a poll, all of 20 entries new": Cost.of(all_new[2:]),
        "a poll, 1 of 20 entries new": Cost.of(one_new[2:]),
    }


def _feed(store: Store, member: str) -> Feed:
    (state,) = store.feed_states(member)
    return state.feed


def _settle(
    store: Store, feed: Feed, entries: list[Entry], now: datetime, into: list[tuple[float, float]]
) -> None:
    settings = parse("members: []").hub
    ready = tuple(
        replace(entry, sketch=sketch) for entry, sketch in zip(entries, sketched(entries), strict=True)
    )
    gathered = Gathered(
        feed=feed, outcome="fetched", started=now, url=feed.url, body_digest=str(now), entries=ready
    )

    def deciding(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        return decide(gathered, state, known, now=now, settings=settings, authority="news.example")

    with measured(into):
        (result,) = store.settle([gathered], deciding)
    assert result.error is None
    assert result.new


# ---------------------------------------------------------------- pages


def addresses(entries: int) -> dict[str, Iterator[str]]:
    """Of each kind of page as many addresses as one likes."""
    chance = random.Random(entries)
    words, weights = vocabulary(), zipf(len(vocabulary()))

    def older() -> str:
        if chance.random() < 0.5:
            return ""
        return "before=" + write_cursor("d", rows.stamp(NOW - _YEARS * chance.random()), 1)

    def typed() -> str:
        found = "+".join(chance.choices(words, cum_weights=weights, k=chance.randint(1, 3)))
        found += chance.choice(("", "", "&order=date", f"&tag={chance.choice(TAGS)}"))
        return found

    def forever(make: Callable[[], str]) -> Iterator[str]:
        while True:
            yield make()

    return {
        "home": forever(lambda: f"/?{older()}"),
        "home, of a topic or member": forever(
            lambda: (
                f"/?{chance.choice((f'tag={chance.choice(TAGS)}', f'member=m{chance.randrange(MEMBERS)}'))}"
            )
        ),
        "topic": forever(lambda: f"/tag/{chance.choice(TAGS)}?{older()}"),
        "member": forever(lambda: f"/member/m{chance.randrange(MEMBERS)}?{older()}"),
        "story": forever(lambda: f"/story/{chance.randrange(1, entries)}"),
        "search": forever(lambda: f"/search?q={typed()}"),
        "feed of everything": forever(lambda: f"/feeds/all.{chance.choice(('atom', 'rss', 'json'))}"),
        "feed of a topic": forever(lambda: f"/feeds/tag/{chance.choice(TAGS)}.atom"),
    }


def pages(file: Path, entries: int, times: int) -> dict[str, Cost]:
    """What it takes to answer a request when nothing is kept."""
    config = parse(feeds_yaml())
    current = [config]
    app = create_app(lambda: open_store(f"sqlite:///{file}"), lambda: current[0], base_url="http://127.0.0.1")
    client = app.test_client()
    set_aside()
    found = {}
    for what, asked in addresses(entries).items():
        took: list[tuple[float, float]] = []
        for number in range(_WARM_UP + times):
            # Another feeds.yaml, as far as what is kept can tell.
            current[0] = _anew(config, f"{what} {number}")
            address = next(asked)
            with measured(took):
                answer = client.get(address)
            # A number that was given to a copy is no story's.
            assert answer.status_code == 200 or what == "story", (address, answer.status_code)
        found[what] = Cost.of(took[_WARM_UP:])
    return found


def _anew(config: Config, digest: str) -> Config:
    return replace(config, digest=digest)


# ---------------------------------------------------------------- plans


def plans(file: Path, entries: int) -> None:
    """Print how SQLite goes about each query of each page."""
    config = parse(feeds_yaml())
    beside = sqlite3.connect(file)
    told: set[str] = set()

    def explain(statement: str) -> None:
        if not statement.lstrip().startswith("SELECT"):
            return
        plan = [row[3] for row in beside.execute(f"EXPLAIN QUERY PLAN {statement}")]
        if (said := " → ".join(plan)) not in told:
            told.add(said)
            print(f"  {' '.join(statement.split())[:150]}\n      {said}")

    def explained() -> SqliteStore:
        store = SqliteStore(file)
        store._db.conn.set_trace_callback(explain)
        return store

    client = create_app(explained, lambda: config, base_url="http://127.0.0.1").test_client()
    for what, asked in addresses(entries).items():
        print(f"\n{what}")
        client.get(next(asked))
    beside.close()


# ---------------------------------------------------------------- curves


def draw(found: dict[int, dict[str, Cost]], folder: Path) -> None:
    """Draw the curves into two files."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    sizes = sorted(found)
    kinds = list(found[sizes[0]])
    for name, title, shown in (
        ("scale-polls.png", "A poll, from what was gathered to the commit", kinds[:2]),
        ("scale-pages.png", "A page or feed with nothing kept", kinds[2:]),
    ):
        figure, axes = pyplot.subplots(figsize=(9, 5.5), layout="constrained")
        for kind in shown:
            busy = [found[size][kind].busy for size in sizes]
            (line,) = axes.plot(sizes, [statistics.median(each) for each in busy], marker="o", label=kind)
            axes.plot(sizes, [p99(each) for each in busy], linestyle=":", marker=".", color=line.get_color())
        axes.set(
            xscale="log", xlabel="entries stored", ylabel="milliseconds of processor time", ylim=(0, None)
        )
        axes.set_title(f"{title}: median, dotted the 99th percentile", loc="left")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        figure.savefig(folder / name, dpi=110)
        print(f"{folder / name}")


def main() -> None:
    """Grow, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000,1000000", help="entries, with commas between")
    parser.add_argument("--folder", type=Path, help="where databases are kept for the next time")
    parser.add_argument("--plots", type=Path, help="a folder to draw the curves into (`make plots`)")
    parser.add_argument("--times", type=int, default=300, help="requests of each kind")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    if arguments.plots and find_spec("matplotlib") is None:
        parser.error("matplotlib is not there to draw with: `make plots` installs it")
    print(
        f"{machine()}, SQLite {sqlite3.sqlite_version}; {MEMBERS:,} members, {arguments.times} of each kind"
    )
    found: dict[int, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for size in sizes:
            file = folder / f"grown-{size}.db"
            grow(file, size)
            megabytes = file.stat().st_size / 2**20
            print(f"\n{size:,} entries, {megabytes:,.0f} MiB; milliseconds: median, p99, processor's\n")
            found[size] = {**polls(file, size, arguments.times // 3), **pages(file, size, arguments.times)}
            for what, cost in found[size].items():
                print(f"{what:<32}{cost.figures}", flush=True)
        print(f"\nHow each query goes about it, at {sizes[-1]:,} entries")
        plans(folder / f"grown-{sizes[-1]}.db", sizes[-1])
    if arguments.plots:
        draw(found, arguments.plots)


if __name__ == "__main__":
    main()
