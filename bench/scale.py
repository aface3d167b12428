"""Does what the hub does cost more, the more it holds?

Grows databases of news-like words (bench.grown, some six minutes and 5 GB for
a million entries) and measures on each, once it has been read: two kinds of polls
from what was gathered to the commit, and pages and feeds with nothing kept, each
request another address. Of the processor's time, which other programs on the
machine disturb less, there are curves (`bench.draw`). With `--vs postgresql` a server takes
each of them over, and the same is measured there.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from bench.grown import MEMBERS, NOW, TAGS, Words, feeds_yaml, grow, vocabulary, zipf
from bench.table import row, section, working
from hub.config import Config, parse
from hub.decide import decide
from hub.model import Entry, Feed, FeedState, FeedUpdate, Gathered, Known
from hub.store import Store, open_store, rows, take_over
from hub.store.cursors import write_cursor
from hub.store.sqlite import SqliteStore
from hub.stories import sketched
from hub.web import create_app
from hub.web.serve import set_aside

_YEARS = timedelta(days=5 * 365)
_WARM_UP = 20
_FIGURES = ("median", "p99", "processor's", "its p99")


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
    def figures(self) -> dict[str, float]:
        return {
            **{"median": statistics.median(self.took), "p99": p99(self.took)},
            **{"processor's": statistics.median(self.busy), "its p99": p99(self.busy)},
        }


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


def polls(database: str, size: int, times: int) -> dict[str, Cost]:
    """What it takes to settle a poll of 20 entries that are new, and one in which one is."""
    store = open_store(database)
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
    settings, terms_of = parse("members: []").hub, store.terms_of
    ready = tuple(
        replace(entry, sketch=sketch, terms=terms_of(entry.title, entry.text) if terms_of else "")
        for entry, sketch in zip(entries, sketched(entries), strict=True)
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


def pages(database: str, entries: int, times: int) -> dict[str, Cost]:
    """What it takes to answer a request when nothing is kept."""
    config = parse(feeds_yaml())
    current = [config]
    app = create_app(lambda: open_store(database), lambda: current[0], base_url="http://127.0.0.1")
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


# ---------------------------------------------------------------- all of it


def run(arguments: argparse.Namespace) -> None:
    """Grow, measure, print, and write down what curves are drawn from."""
    sizes: list[int] = arguments.sizes
    found: dict[int, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for size in sizes:
            file = folder / f"grown-{size}.db"
            with working(f"Growing a database of {size:,} entries"):
                grow(file, size)
                _read_once(file)
            section(
                f"{size:,} entries of {MEMBERS:,} members, {file.stat().st_size / 2**20:,.0f} MiB;"
                f" milliseconds, nothing kept, {arguments.times} pages of each kind",
                *_FIGURES,
            )
            found[size] = _told(f"sqlite:///{file}", size, arguments.times)
            if "postgresql" in arguments.vs:
                _in_postgresql(file, size, folder, arguments.times)
        if arguments.plans:
            print(f"\nHow each query goes about it, at {sizes[-1]:,} entries")
            plans(folder / f"grown-{sizes[-1]}.db", sizes[-1])
    arguments.curves.parent.mkdir(parents=True, exist_ok=True)
    arguments.curves.write_text(json.dumps(found, indent=1))


def _told(database: str, size: int, times: int) -> dict[str, dict[str, float]]:
    costs = {**polls(database, size, times // 3), **pages(database, size, times)}
    told = {what: cost.figures for what, cost in costs.items()}
    for what, figures in told.items():
        row(what, *(f"{figures[name]:.1f}" for name in _FIGURES))
    return told


def _in_postgresql(file: Path, size: int, folder: Path, times: int) -> None:
    """The same of what the file has, once a server has taken it over."""
    from bench.postgresql import database

    with database(folder / "postgresql") as (address, _):
        with working(f"Taking {size:,} entries over into PostgreSQL"):
            take_over(address, file, lambda _step: None)
        section(
            f"The same in PostgreSQL, {size:,} entries; the processor's time is the hub's alone", *_FIGURES
        )
        _told(address, size, times)


def _read_once(file: Path) -> None:
    """Have what the disk holds in memory, as far as it goes: how fast the disk is, is not the question."""
    with file.open("rb") as opened:
        while opened.read(2**24):
            pass
