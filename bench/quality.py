"""How well are copies found, is any news lost, and what does it cost?

    python -m bench.quality                    seed 2 and seed 5, by each generator of news
    python -m bench.quality --seed 7           seed 2 and another seed
    python -m bench.quality --stream 20000     what stories cost an entry, beside feedparser
    python -m bench.quality --wrong            print the wrong merges too, to be looked at

The news is generated, with the right answers (`syndication`, `newsroom`), and
goes through the hub's own normalising, sketches, decisions and store, in the
order in which a hub would see it. *lost* counts the stories of which nothing
stays visible, which is the harm; *removed* is the share of redundant entries
that are hidden behind their own story, which is the gain. Both are counted
without what people could reasonably disagree about (`ambiguous`), and again
with it. The hub never merges two entries of one feed, so that a second one of
a story counts as a story of its own.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import platform
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench import newsroom, syndication
from hub import markup, normalise
from hub.cli import OBJECTS_BETWEEN_COLLECTIONS
from hub.decide import decide
from hub.model import (
    Entry,
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    HubSettings,
    Known,
    Member,
    Sketch,
)
from hub.parse.document import ParsedEntry, ParsedFeed, Text
from hub.store import open_store
from hub.stories import sketched

Told = dict[str, Any]
"""An entry as a generator tells it, with the right answer under `gold`."""

STORIES = 1200
_TUNED, _UNSEEN = 2, 5
_DOCUMENT = 10  # entries in a feed's document, as WordPress has them
_TOGETHER = 200  # entries in a transaction; the hub settles as many polls in one
_RUNS = 5
_BLOCK = 20_000


def _syndication(seed: int, stories: int) -> list[Told]:
    made: list[Told] = syndication.Generator(seed).run(stories)  # type: ignore[no-untyped-call]
    return made


GENERATORS: dict[str, Callable[[int, int], Sequence[Any]]] = {
    "syndication": _syndication,
    "newsroom": newsroom.entries,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What came of one generator's news. The first three without the ambiguous, `lost_in_all` with them."""

    entries: int
    precision: float
    recall: float
    removed: float
    lost: int
    lost_in_all: int
    wrong: tuple[tuple[Told, Told, str], ...]


def score(generator: str, seed: int, stories: int = STORIES) -> Score:
    """Tell a year's news to a hub, and compare its stories with the right ones."""
    news = list(GENERATORS[generator](seed, stories))
    made = entries(news)
    with tempfile.TemporaryDirectory() as folder:
        found = settled(Path(folder) / "hub.db", news, made)
    gold = _gold(news, made)
    clear = [at for at, each in enumerate(news) if not each["gold"]["ambiguous"]]
    all_of_it, figures = (
        syndication.score_clusters([gold[at] for at in ats], [found[at][0] for at in ats])  # type: ignore[no-untyped-call]
        for ats in (range(len(news)), clear)
    )
    keys = {key: at for at, (_, key, _, _) in enumerate(found)}
    return Score(
        entries=len(news),
        precision=figures["P"],
        recall=figures["R"],
        removed=figures["removed"],
        lost=figures["lost"],
        lost_in_all=all_of_it["lost"],
        wrong=tuple(
            (news[at], news[keys[of]], why)
            for at, (_, _, of, why) in enumerate(found)
            if of in keys and gold[at]["gold"]["story"] != gold[keys[of]]["gold"]["story"]
        ),
    )


def _gold(news: Sequence[Told], made: Sequence[Entry]) -> list[Told]:
    """The right answers, with a story of its own for a feed's second entry of one."""
    seen: set[tuple[str, FeedKey]] = set()
    gold = []
    for each, entry in zip(news, made, strict=True):
        story = each["gold"]["story"]
        again = (story, entry.feed) in seen
        seen.add((story, entry.feed))
        gold.append({**each, "gold": {**each["gold"], "story": f"{story} {each['id']}" if again else story}})
    return gold


# ---------------------------------------------------------------- through the hub


def entries(news: Iterable[Told]) -> list[Entry]:
    """The entries as gather makes them, each in a document with the nine before it of its feed."""
    documents: dict[str, deque[Entry]] = defaultdict(lambda: deque(maxlen=_DOCUMENT))
    made = []
    for each in news:
        document = documents[each["feed"]]
        document.append(normalised(each))
        made.append(replace(document[-1], sketch=sketched(tuple(document))[-1]))
    return made


def normalised(each: Told) -> Entry:
    """One entry, without its sketch."""
    feed = _feed(each["feed"])
    parsed = ParsedEntry(
        id=each["id"],
        link=each["url"],
        title=Text(value=each["title"], type="text"),
        summary=Text(value=each["summary"], type="html") if each["summary"] else None,
        content=Text(value=each["content"], type="html") if each["content"] else None,
        published=datetime.fromisoformat(each["published"]),
        language=each["lang"],
    )
    (entry,), _ = normalise.entries(ParsedFeed(entries=(parsed,)), feed, url=feed.url)
    return entry


def _feed(url: str) -> Feed:
    return Feed(key=FeedKey(re.sub("[^a-z0-9]+", "-", url.lower().partition("://")[2]).strip("-")), url=url)


def settled(
    file: Path,
    news: Sequence[Told],
    made: Sequence[Entry],
    *,
    in_rounds: bool = False,
    took: list[float] | None = None,
) -> list[tuple[int, int, int | None, str]]:
    """Each entry's story, its key, the entry it is a copy of and why, after polls in the order of the news.

    Each poll brings one entry; `in_rounds`, what a feed has of every two hundred,
    as where all feeds are polled now and then. `took` is given the seconds of
    processor that each two hundred took to settle.
    """
    store = open_store(f"sqlite:///{file}")
    feeds = [_feed(url) for url in sorted({each["feed"] for each in news})]
    members = [Member(slug=feed.key.member, name=feed.key.member) for feed in feeds]
    store.sync(members, feeds, authority="news.example")

    def at_its_time(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        now = gathered.started
        return decide(gathered, state, known, now=now, settings=HubSettings(), authority="news.example")

    for first in range(0, len(news), _TOGETHER):
        batch = zip(news[first : first + _TOGETHER], made[first : first + _TOGETHER], strict=True)
        polls = [polled(*each) for each in batch]
        if in_rounds:
            polls = a_round(polls)
        began = time.process_time()
        results = store.settle(polls, at_its_time)
        if took is not None:
            took.append(time.process_time() - began)
        assert {result.error for result in results} == {None}
    store.close()
    return _stories(file, made)


def polled(each: Told, entry: Entry) -> Gathered:
    """A poll that brought one of these entries when it was seen."""
    return Gathered(
        feed=_feed(each["feed"]),
        outcome="fetched",
        started=datetime.fromisoformat(each["seen"]),
        url=each["feed"],
        status=200,
        entries=(entry,),
    )


def a_round(polls: Sequence[Gathered]) -> list[Gathered]:
    """The same polls as one round, each feed polled once: a document has its newest entry first."""
    now = max(each.started for each in polls)
    of_feed: dict[FeedKey, Gathered] = {}
    for each in polls:
        before = of_feed.get(each.feed.key)
        entries = each.entries + before.entries if before else each.entries
        of_feed[each.feed.key] = replace(each, entries=entries, started=now)
    return list(of_feed.values())


def _stories(file: Path, made: Sequence[Entry]) -> list[tuple[int, int, int | None, str]]:
    with closing(sqlite3.connect(file)) as db:
        found = {
            (member, id): (story, key, of, why)
            for member, id, story, key, of, why in db.execute(
                "SELECT member, id, story, key, copy_of, why FROM entries"
            )
        }
    # What a feed told under another's id or title is no entry of its own.
    nowhere = iter(range(-1, -len(made) - 1, -1))
    return [found.get((each.feed.member, each.id or "")) or (next(nowhere), 0, None, "") for each in made]


# ---------------------------------------------------------------- what it costs


def stream(generator: str, seed: int, size: int) -> None:
    """Print what the stories' stage and its index cost an entry of a stream, beside feedparser."""
    news = _years(generator, seed, size)
    plain = [normalised(each) for each in news]
    sketches, sketching = _sketches(news, plain, _RUNS if size <= _BLOCK else 1)
    made = [replace(entry, sketch=sketch) for entry, sketch in zip(plain, sketches, strict=True)]
    bodies = _documents(news[:2000])
    parsing: list[list[float]] = []  # of each run, the seconds of each document
    without: list[list[float]] = []  # and of each two hundred entries
    with_stories: list[list[float]] = []
    kilobytes, grown = 0.0, []
    for _ in range(_RUNS if size <= _BLOCK else 1):
        for runs in (parsing, without, with_stories):
            runs.append([])
        _feedparser(bodies, parsing[-1])
        with tempfile.TemporaryDirectory() as folder:
            bare, hub = Path(folder) / "plain.db", Path(folder) / "hub.db"
            least = _most_memory(partial(settled, bare, news, plain, in_rounds=True, took=without[-1]))
            most = _most_memory(partial(settled, hub, news, made, in_rounds=True, took=with_stories[-1]))
            kilobytes = _index_size(hub)
        grown.append(most - least)
    parse, bare_settling, settling = (
        _usual(runs) / of * 1e6
        for runs, of in ((parsing, min(2000, len(news))), (without, len(news)), (with_stories, len(news)))
    )
    print(f"\n{len(news):,} entries of {generator}, seed {seed}, in rounds of polls; processor µs an entry:")
    print(
        f"  feedparser {parse:.0f}   sketches {sketching * 1e6:.0f}"
        f"   decisions and index {settling - bare_settling:.0f}   all of settling {settling:.0f}"
    )
    share = (sketching * 1e6 + settling - bare_settling) / parse
    print(f"  the stories' stage is {share:.2f} of feedparser's time, by {len(grown)} runs")
    print(f"  index: {kilobytes:.2f} KB for each entry in it; {max(grown):.0f} MB more memory at the peak")
    whole = len(news) // _BLOCK
    each = _BLOCK // _TOGETHER
    blocks = [sum(with_stories[-1][at * each : (at + 1) * each]) / _BLOCK for at in range(whole)]
    if blocks:
        print("  settling by blocks of 20,000, µs: " + ", ".join(f"{block * 1e6:.0f}" for block in blocks))


def _usual(runs: Sequence[Sequence[float]]) -> float:
    """The seconds of a run with each of its parts at its median, whatever disturbed one."""
    seconds: float = sum(map(statistics.median, zip(*runs, strict=True)))
    return seconds


def _sketches(news: Sequence[Told], plain: Sequence[Entry], runs: int) -> tuple[list[Sketch], float]:
    """The entries' sketches, and the seconds that one takes: the median of so many runs."""
    documents: dict[str, list[int]] = defaultdict(list)
    for at, each in enumerate(news):
        documents[each["feed"]].append(at)
    parts = [ats[at : at + _DOCUMENT] for ats in documents.values() for at in range(0, len(ats), _DOCUMENT)]
    sketches = [Sketch()] * len(news)
    seconds: list[list[float]] = []
    for _ in range(runs):
        seconds.append([])
        for part in parts:
            document = [plain[at] for at in part]
            for entry in document:
                # Its fingerprint is made of them, so that they are remembered when it is sketched.
                markup.words(entry.text)
            began = time.process_time()
            found = sketched(document)
            seconds[-1].append(time.process_time() - began)
            for at, sketch in zip(part, found, strict=True):
                sketches[at] = sketch
    return sketches, _usual(seconds) / len(news)


def _years(generator: str, seed: int, size: int) -> list[Told]:
    """So many entries, of several seeds one year after the other where one year's would be too many."""
    news: list[Told] = []
    for year in range(-(-size // _BLOCK)):
        wanted = min(_BLOCK, size - len(news))
        made = list(GENERATORS[generator](seed + year, round(wanted * 0.56)))[:wanted]
        for each in made if year else ():
            for field in ("seen", "published"):
                moment = datetime.fromisoformat(each[field]) + year * timedelta(days=366)
                each[field] = moment.isoformat()
            for field in ("id", "url"):
                each[field] += f"?year={year}"
        news += made
    return news


def _most_memory(run: Callable[[], object]) -> float:
    """The most MB of memory that the process held in it, beyond what it held before."""
    gc.collect()
    # What the bench holds is not for the hub, or feedparser, to look through.
    gc.freeze()
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    run()
    gc.unfreeze()
    return _memory("VmHWM") - before


def _memory(field: str) -> float:
    """MB by /proc/self/status (proc(5))."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


def _feedparser(documents: Sequence[bytes], took: list[float]) -> None:
    import feedparser

    for document in documents:
        began = time.process_time()
        feedparser.parse(io.BytesIO(document))
        took.append(time.process_time() - began)


def _documents(news: Sequence[Told]) -> list[bytes]:
    """These entries as RSS, twenty to a document."""
    documents = []
    for first in range(0, len(news), 20):
        items = "".join(
            f'<item><guid isPermaLink="false">{escape(each["id"])}</guid><link>{escape(each["url"])}</link>'
            f"<title>{escape(each['title'])}</title><pubDate>Tue, 10 Jun 2025 04:00:00 GMT</pubDate>"
            f"<description>{escape(each['summary'])}</description>"
            f"<content:encoded>{escape(each['content'])}</content:encoded></item>"
            for each in news[first : first + 20]
        )
        documents.append(
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
            f"<title>News</title>{items}</channel></rss>"
        )
    return [document.encode() for document in documents]


def _index_size(file: Path) -> float:
    """KB of sketches and their index for each entry that is in them."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        # What was taken out leaves room in the file, which is no entry's.
        db.execute("VACUUM")
        size = db.execute(
            "SELECT SUM(pgsize) FROM dbstat WHERE name IN ('sketches', 'sketch_index')"
        ).fetchone()[0]
        kept = db.execute("SELECT COUNT(*) FROM sketches").fetchone()[0]
    return float(size / kept / 1000) if kept else 0.0


# ---------------------------------------------------------------- the command


def _print_scores(seeds: Sequence[int], *, wrong: bool) -> None:
    print("| news | seed | entries | precision | recall | removed | lost | with the ambiguous |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for generator in GENERATORS:
        for seed in seeds:
            made = score(generator, seed)
            print(
                f"| {generator} | {seed} | {made.entries:,} | {made.precision:.4f} | {made.recall:.4f} "
                f"| {made.removed:.4f} | {made.lost} | {made.lost_in_all} |",
                flush=True,
            )
            for one, other, why in made.wrong if wrong else ():
                print(f"\n  {why}", file=sys.stderr)
                for each in (one, other):
                    print(f"    {each['gold']['story']} {each['title']}", file=sys.stderr)
                    print(f"    {(each['content'] or each['summary'])[:400]}", file=sys.stderr)


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=_UNSEEN, help="another seed beside 2")
    parser.add_argument("--stream", type=int, metavar="N", help="measure the cost on a stream of N entries")
    parser.add_argument("--wrong", action="store_true", help="print the wrong merges")
    asked = parser.parse_args()
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, feedparser {version('feedparser')}\n"
    )
    if asked.stream:
        # As in the hub's own process; feedparser takes the same time with it.
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
        for generator in GENERATORS:
            stream(generator, asked.seed, asked.stream)
    else:
        _print_scores((_TUNED, asked.seed), wrong=asked.wrong)


if __name__ == "__main__":
    main()
