"""How well are copies found, is any news lost, and what does it cost?

    python -m bench.quality                    seed 2 and another, by each generator of news
    python -m bench.quality --seed 7           another seed
    python -m bench.quality --stream 20000     what the stories cost an entry, beside feedparser
    python -m bench.quality --wrong            print the wrong merges, to be looked at

The news is generated, with the right answers (`syndication`, `newsroom`), and
goes through the hub's own normalising, sketches, decisions and store, in the
order in which a hub would see it. *Lost* counts the stories of which nothing
stays visible, which is the harm; *removed* is the share of entries too many
that are hidden behind their own story, which is the gain.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import re
import re
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import syndication
from hub import normalise
from hub.decide import decide
from hub.model import Entry, Feed, FeedKey, Gathered, HubSettings, Member, Sketch
from hub.parse.document import ParsedEntry, ParsedFeed, Text
from hub.store.sqlite import SqliteStore
from hub.stories import sketched

Told = dict[str, Any]
"""An entry as a generator tells it, with its `gold`."""

GENERATORS = ("syndication",)
_STORIES = 1200
_DOCUMENT = 10  # entries in a feed's document, as WordPress has them
_TOGETHER = 100  # polls in a transaction


def told(generator: str, seed: int, stories: int = _STORIES) -> list[Told]:
    """A year's news in the order a hub would see it."""
    made: list[Told] = syndication.Generator(seed).run(stories)  # type: ignore[no-untyped-call]
    return made


# ---------------------------------------------------------------- through the hub


def entries(news: Sequence[Told]) -> list[Entry]:
    """The entries as gather makes them, each in a document with the nine before it of its feed."""
    documents: dict[str, deque[Entry]] = defaultdict(lambda: deque(maxlen=_DOCUMENT))
    made = []
    for each in news:
        document = documents[each["feed"]]
        document.append(_entry(each))
        made.append(replace(document[-1], sketch=sketched(tuple(document))[-1]))
    return made


def _entry(each: Told) -> Entry:
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


def settled(store: SqliteStore, news: Sequence[Told], made: Sequence[Entry]) -> list[int]:
    """The story of each entry, after each was polled when it was seen."""
    feeds = {url: _feed(url) for url in sorted({each["feed"] for each in news})}
    store.sync(
        [Member(slug=feed.key.member, name=feed.key.member) for feed in feeds.values()],
        list(feeds.values()),
        authority="news.example",
    )
    for first in range(0, len(news), _TOGETHER):
        batch = range(first, min(first + _TOGETHER, len(news)))
        now = datetime.fromisoformat(news[batch[-1]]["seen"])
        polls = [_polled(feeds[news[at]["feed"]], made[at], news[at]) for at in batch]
        # Each at its own time: what is young, and what is old, is decided by it.
        seen = {
            id(poll): datetime.fromisoformat(news[at]["seen"]) for at, poll in zip(batch, polls, strict=True)
        }
        store.settle(
            polls,
            lambda poll, state, known, seen=seen: decide(  # type: ignore[misc]
                poll, state, known, now=seen[id(poll)], settings=HubSettings(), authority="news.example"
            ),
        )
        assert now
    return [row["story"] for row in store._rows("SELECT story FROM entries ORDER BY key")]


def _polled(feed: Feed, entry: Entry, each: Told) -> Gathered:
    return Gathered(
        feed=feed,
        outcome="fetched",
        started=datetime.fromisoformat(each["seen"]),
        url=feed.url,
        status=200,
        entries=(entry,),
    )
