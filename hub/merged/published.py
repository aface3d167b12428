"""What members published in a time, read from the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from hub.publish.tally import Publication, Span, publications
from hub.store import Store, all_of

_AT_ONCE = 200


def published(store: Store, span: Span, zone: tzinfo, member: str | None = None) -> Iterator[Publication]:
    """All that was published on the days of a span, the newest first; by one member alone, if named.

    Each member's own version of a story is one, so a story of three members is told three times.
    """
    selection = span.selection(zone, member)
    stories = all_of(lambda cursor: store.stories(selection, limit=_AT_ONCE, cursor=cursor))
    return publications(stories, zone)
