"""Which readers the merged feeds have, read from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from urllib.parse import unquote

from hub.merged.catalogue import Catalogue, FeedAddress
from hub.merged.feeds import MergedFeeds
from hub.publish.readers import LOOKED_BACK, Counts, FeedReaders, most_first


def feed_readers(merged: MergedFeeds, today: date, member: str | None = None) -> tuple[FeedReaders, ...]:
    """The merged feeds with their readers in the week up to a day, in UTC, those with the most first.

    All that the hub offers, also those that nobody reads, and others that somebody asked for; of one
    `member` alone, if it is named. What was searched for is not counted.
    """
    catalogue, hub = merged.catalogue, merged.addresses.hub
    counts = Counts(merged.store.readers(today - LOOKED_BACK + timedelta(days=1), today), today)
    sent = merged.store.subscribers_by_topic(merged.now)
    feeds = {each.atom: each for each in _offered(catalogue, member)}
    if member is None:
        offered = {url.removeprefix(hub) for each in feeds.values() for url in _documents(each)}
        for document in sorted(counts.documents - offered):
            if other := _of_path(catalogue, document):
                feeds[other.atom] = other
    return most_first(
        counts.of(
            each.name,
            each.atom,
            [url.removeprefix(hub) for url in _documents(each)],
            sum(sent.get(url, 0) for url in _documents(each)),
        )
        for each in feeds.values()
    )


def _documents(feed: FeedAddress) -> tuple[str, str, str]:
    return feed.atom, feed.rss, feed.json


def _offered(catalogue: Catalogue, member: str | None) -> Iterator[FeedAddress]:
    if member is not None:
        yield catalogue.of_member(member)
        yield catalogue.status_of(member)
        return
    for group in catalogue.groups():
        yield from group.feeds


def _of_path(catalogue: Catalogue, document: str) -> FeedAddress | None:
    """The feed of a document that may not be offered any more, or never was, such as a member's status."""
    of: Mapping[str, Callable[[str], FeedAddress]] = {
        "tag": catalogue.of_tag,
        "member": catalogue.of_member,
        "status": catalogue.status_of,
    }
    kind, _, name = document.removeprefix("/feeds/").rpartition(".")[0].partition("/")
    return of[kind](unquote(name)) if kind in of else None
