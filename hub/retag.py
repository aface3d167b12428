"""`hub retag`: the tag rules as they are now, applied to the entries that are stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hub.config import load
from hub.model import StoredEntry, Tag
from hub.rounds import sync
from hub.store import existing_store
from hub.tags import Tagger

_AT_ONCE = 500


def run(path: Path, database: str) -> tuple[int, int]:
    """Retag everything; how many entries changed, of how many. Raises HubError."""
    config = load(path)
    store = existing_store(database)
    tagger = Tagger(config.tags)
    given = {feed.key: feed.tags for feed in config.feeds}
    changed = entries = 0
    try:
        sync(store, config)
        told = _told(store.walk())
        while batch := tuple(islice(told, _AT_ONCE)):
            wanted: dict[int, tuple[Tag, ...]] = {
                stored.key: tagger.tags(stored.entry, given=given.get(stored.entry.feed, ()))
                for stored in batch
            }
            changed += store.retag(wanted)
            entries += len(batch)
    finally:
        store.close()
    return changed, entries


def _told(entries: Iterator[StoredEntry]) -> Iterator[StoredEntry]:
    """The same entries, with progress on a terminal."""
    if not sys.stderr.isatty():
        return entries
    from rich.console import Console
    from rich.progress import track

    return iter(track(entries, "Tagging", console=Console(file=sys.stderr)))
