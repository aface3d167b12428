"""Of what a feed held before it was followed, how much readers are told. Pure.

All of it is stored, with its own dates. But whoever subscribes to a merged feed
would get a member's whole past on the day that the member joins.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from hub.model import FeedUpdate

TOLD = 20
"""How many of a feed's first entries merged feeds tell of: the newest."""

# While a site's past is still being read, only so young an entry is no part of it.
_NEWS = timedelta(days=2)


def untold(update: FeedUpdate) -> FeedUpdate:
    """The same update, in which new entries that are but a feed's past are not told."""
    state = update.state
    # The first documents of a feed that is being set up may be empty.
    nothing_yet = state.succeeded is None or not (state.recent or state.read_in_part)
    # Where feeds.yaml has another address for it by now, that may have a past of its own.
    first = nothing_yet or state.used_url is None
    if first and update.gathered.push is None:
        newest = sorted(update.new, key=lambda new: new.date, reverse=True)[:TOLD]
        told = {new.atom_id for new in newest}
    elif state.read_in_part:
        told = {new.atom_id for new in update.new if update.now - new.date <= _NEWS}
    else:
        return update
    new = (each if each.atom_id in told else replace(each, told=False) for each in update.new)
    return replace(update, new=tuple(new))
