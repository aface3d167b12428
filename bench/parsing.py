"""How long does a document take: the hub's reader, feedparser, other libraries, and the floors?

    python -m bench.parsing              the farm's documents, and feeds of real sites in ../shared/corpus
    python -m bench.parsing --rounds 9

CPU milliseconds a document on one core, medians over rounds in which each
reads all documents in turn. `expat` and `lxml` are floors: they parse, look at
every element, and keep nothing. `same` is the share of documents in which as
many entries are found as feedparser finds. `gather` is all that the hub does
with a document before it is stored: parsing, sanitising, words, digests, tags.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any
from xml.parsers import expat
from zoneinfo import ZoneInfo

from lxml import etree

from hub.config import parse as read_config
from hub.parse.decode import decode
from hub.parse.feed import MOST_ENTRIES, parse
from hub.parse.xml import read_by_feedparser
from hub.reader import Document, Reader

HERE = Path(__file__).parent
CORPUS = HERE.parent.parent / "shared" / "corpus"
URL = "https://east.example/feed"
# The projects of the corpus that keep feeds of real sites.
WILD = (
    *("Ranchero-Software__NetNewsWire/", "KDE__syndication/", "arminreiter__FeedReader/", "bcomnes__"),
    *("danmactough__node-feedparser/", "feed2imap__ruby-feedparser/", "feedbin__feedkit/"),
    *("feedjira__feedjira/", "kagisearch__fastfeedparser/", "miniflux__v2/"),
)
_ZONE = ZoneInfo("UTC")
_FAILED = -1

Read = Callable[[bytes], int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to read a document; `read` answers with how many entries it found, -1 where it failed."""

    name: str
    read: Read


def _feedparser(body: bytes) -> int:
    feed = read_by_feedparser(decode(body, None).text, url=URL, zone=_ZONE, most_entries=MOST_ENTRIES)
    return len(feed.entries) if feed else 0


def _hub(body: bytes) -> int:
    return len(parse(body, url=URL, content_type=None, zone=_ZONE).entries)


def _gather() -> Read:
    config = read_config((HERE.parent / "feeds.yaml").read_text(encoding="utf-8"))
    reader = Reader(config.tags, config.hub.timezone)
    feed = config.feeds[0]
    return lambda body: len(reader.read(Document(feed=feed, url=URL, body=body)).entries)


def _expat(body: bytes) -> int:
    count = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal count
        count += name.endswith(("item", "entry"))

    parser = expat.ParserCreate(None, " ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: None
    parser.CharacterDataHandler = lambda _: None
    parser.Parse(body, True)
    return count


def _lxml(body: bytes) -> int:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    count = 0
    for element in etree.fromstring(body, parser).iter("{*}*"):
        count += etree.QName(element).localname in ("item", "entry")
        _ = element.text
    return count


def _library(name: str, found: Callable[[Any, bytes], Sequence[object]]) -> Candidate | None:
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    return Candidate(name, lambda body: len(found(module, body)))


def _atoma(module: Any, body: bytes) -> Sequence[object]:
    if b"<feed" in body[:2000]:
        return list(module.parse_atom_bytes(body).entries)
    return list(module.parse_rss_bytes(body).items)


def candidates() -> list[Candidate]:
    """All that can be measured here, feedparser first: it says how many entries there are."""
    libraries = (
        _library("fastfeedparser", lambda module, body: module.parse(body).entries),
        _library("feedparser_rs", lambda module, body: module.parse(body).entries),
        _library("atoma", _atoma),
    )
    return [
        Candidate("feedparser", _feedparser),
        Candidate("hub", _hub),
        *(each for each in libraries if each),
        Candidate("lxml", _lxml),
        Candidate("expat", _expat),
        Candidate("gather", _gather()),
    ]


def count(candidate: Candidate, body: bytes) -> int:
    try:
        return candidate.read(body)
    except Exception:  # noqa: BLE001 - each fails in its own way, and the table counts how often
        return _FAILED


def farm_documents() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "farm.py"), "make", f"{folder}/farm", "--feeds", "60"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [path.read_bytes() for path in sorted(Path(folder).rglob("feed.*"))]


def wild_documents() -> list[bytes]:
    if not CORPUS.is_dir():
        return []
    rows = [row.split("\t") for row in (CORPUS / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    paths = [row[0] for row in rows if row[0].startswith(WILD) and row[5] in ("rss", "atom", "rdf")]
    return [(CORPUS / path).read_bytes() for path in paths]


def table(title: str, documents: Sequence[bytes], rounds: int) -> None:
    """Measure all candidates on these documents, and print what came out."""
    if not documents:
        return
    size = sum(map(len, documents)) / len(documents) / 1000
    print(f"\n{title}: {len(documents)} documents, {size:.0f} KB each on average\n")
    print(f"{'':<16}{'ms a document':>14}{'of feedparser':>15}{'same':>8}{'failed':>8}")
    these = candidates()
    found = {each.name: [count(each, body) for body in documents] for each in these}
    costs: dict[str, list[float]] = {each.name: [] for each in these}
    for _ in range(rounds):
        for each in these:
            began = time.process_time()
            for body in documents:
                count(each, body)
            costs[each.name].append((time.process_time() - began) * 1000 / len(documents))
    whole = median(costs["feedparser"])
    for each in these:
        cost, counts = median(costs[each.name]), found[each.name]
        same = sum(map(int.__eq__, counts, found["feedparser"])) / len(counts)
        failed = counts.count(_FAILED)
        print(f"{each.name:<16}{cost:>14.2f}{cost / whole:>15.3f}{same:>8.0%}{failed:>8}", flush=True)


def main() -> None:
    """Print a table for each set of documents."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}", end="")
    for name in ("feedparser", "fastfeedparser", "feedparser-rs", "atoma", "lxml"):
        try:
            print(f", {name} {version(name)}", end="")
        except PackageNotFoundError:
            print(f", no {name}", end="")
    print(f", {expat.EXPAT_VERSION}")
    table("The farm", farm_documents(), arguments.rounds)
    table("From the wild", wild_documents(), arguments.rounds)


if __name__ == "__main__":
    main()
