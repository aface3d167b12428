"""Of what a feed held before it was followed, how much readers are told. Pure.

All of it is stored, with its own dates. But whoever subscribes to a merged feed
would get a member's whole past on the day that the member joins. Of what has no
date in a feed's first document nobody can tell whether it is new, so none of it is told.
A hub that has just begun has no subscribers yet, and tells all that there is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from hub import normalise
from hub.model import Entry, FeedUpdate

TOLD = 20
"""How many of a feed's first entries merged feeds tell of: the newest."""

# For so long after its first entry came in, a hub has just begun.
_BEGINNING = timedelta(days=1)
# While a site's past is still being read, or where a site made anew brings more of it along, only so
# young an entry is no part of it.
_NEWS = timedelta(days=2)


def is_undated(entry: Entry, update: FeedUpdate) -> bool:
    """Whether nobody knows of when a new entry is: a feed's first document has it, without a date."""
    is_first = update.state.succeeded is None and update.gathered.push is None
    return is_first and not normalise.is_dated(entry)


def untold(update: FeedUpdate, *, begun: datetime | None) -> FeedUpdate:
    """The same update, in which new entries that are but a feed's past are not told.

    `begun` is when the hub's first entry came in, None where it has none.
    """
    if begun is None or update.now - _BEGINNING < begun <= update.now:
        return update
    state = update.state
    # The first documents of a feed that is being set up may be empty.
    nothing_yet = not (state.recent or state.read_in_part)
    # Where feeds.yaml has another address for it by now, that may have a past of its own.
    first = nothing_yet or state.used_url is None
    if first and update.gathered.push is None:
        dated = [new for new in update.new if not is_undated(new.entry, update)]
        told = {new.atom_id for new in sorted(dated, key=lambda new: new.date, reverse=True)[:TOLD]}
    elif state.read_in_part or update.made_anew:
        # What a site made anew brings along it had before it was last read.
        since = (state.succeeded if update.made_anew else None) or update.now
        told = {new.atom_id for new in update.new if since - new.date <= _NEWS}
    else:
        return update
    new = (each if each.atom_id in told else replace(each, told=False) for each in update.new)
    return replace(update, new=tuple(new))
