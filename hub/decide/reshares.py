"""Is an entry this hub's own news come back? Members embed and re-import merged feeds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.model import Entry, FeedKey

# What `decide` mints: the entry's feed and a digest.
_MINTED = re.compile(r"tag:([^,]+),\d{4}-\d\d-\d\d:([a-z0-9-]+/[a-z0-9-]+)/[0-9a-f]{24}")


def is_reshare(entry: Entry, *, authority: str, hub_url: str | None, taken: Mapping[str, FeedKey]) -> bool:
    """Whether a member's entry came from one of our merged feeds, so that it is not that member's news.

    It has an id that we minted, as `authority` or, where an entry of the feed
    that it names has it, under an earlier name; it leads to a story's page of
    ours, or names one of our merged feeds as its source; or it has the category
    by which our merged feeds name who published it. What another aggregator
    repeats is no reshare but a copy, as anybody's is. `taken` are ids that are
    published already, each with the feed of its entry.
    """
    minted = _MINTED.fullmatch(entry.id) if entry.id else None
    # Anybody may have written an id that another hub minted.
    if minted and str(taken.get(minted[0])) == minted[2]:
        return True
    if not hub_url:
        # Nor has its authority a name that no other hub has.
        return False
    if minted and minted[1] == authority:
        return True
    if entry.link and entry.link.startswith(f"{hub_url}/story/"):
        return True
    if any(category.scheme == f"{hub_url}/members" for category in entry.categories):
        return True
    named = (entry.source.id, entry.source.self_link or "") if entry.source else ()
    return any(name.startswith(f"{hub_url}/feeds/") for name in named)
