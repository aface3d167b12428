"""What members published in a time, read from the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from hub.model import Story
from hub.publish.tally import Publication, Span, publications
from hub.store import Store

_AT_ONCE = 200


def published(store: Store, span: Span, zone: tzinfo, member: str | None = None) -> Iterator[Publication]:
    """All that was published on the days of a span, the newest first; by one member alone, if named.

    Each member's own version of a story is one, so a story of three members is told three times.
    """
    return publications(_stories(store, span, zone, member), zone)


def _stories(store: Store, span: Span, zone: tzinfo, member: str | None) -> Iterator[Story]:
    selection = span.selection(zone, member)
    found = store.stories(selection, limit=_AT_ONCE)
    yield from found.items
    while found.next:
        found = store.stories(selection, limit=_AT_ONCE, cursor=found.next)
        yield from found.items
