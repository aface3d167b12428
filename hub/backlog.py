"""Of what a feed held before it was followed, how much readers are told. Pure.

All of it is stored, with its own dates. But whoever subscribes to a merged feed
would get a member's whole past on the day that the member joins. Of what has no
date nobody can tell whether it is new, so none of it is told.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from hub import normalise
from hub.model import FeedUpdate

TOLD = 20
"""How many of a feed's first entries merged feeds tell of: the newest."""

# While a site's past is still being read, only so young an entry is no part of it.
_NEWS = timedelta(days=2)


def is_past(update: FeedUpdate) -> bool:
    """Whether what is new in the hub was in its feed before that was followed."""
    state = update.state
    # Where feeds.yaml has another address for it by now, that may have a past of its own.
    first = state.succeeded is None or state.used_url is None
    return (first and update.gathered.push is None) or state.read_in_part


def untold(update: FeedUpdate) -> FeedUpdate:
    """The same update, in which new entries that are but a feed's past are not told."""
    state = update.state
    past = is_past(update)
    # The first documents of a feed that is being set up may be empty.
    nothing_yet = not (state.recent or state.read_in_part)
    dated = [new for new in update.new if not past or normalise.is_dated(new.entry)]
    if state.read_in_part:
        told = [new for new in dated if update.now - new.date <= _NEWS]
    elif past or (nothing_yet and update.gathered.push is None):
        told = sorted(dated, key=lambda new: new.date, reverse=True)[:TOLD]
    else:
        return update
    ids = {new.atom_id for new in told}
    new = (each if each.atom_id in ids else replace(each, told=False) for each in update.new)
    return replace(update, new=tuple(new))
