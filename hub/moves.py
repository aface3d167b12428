"""When a feed has moved for good, so that an admin is asked to change its address in feeds.yaml. Pure.

A permanent redirect (301, 308) may be a mistake, a page for a night's
maintenance, or a domain that somebody else bought: its target is believed when
it is a feed with entries that were known before, at poll after poll for days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from hub.model import FeedState, Gathered, Move

# What is mended by the next morning, or after a weekend's first day, is not taken for a move.
_POLLS, _FOR = 4, timedelta(hours=48)


def followed(before: Move | None, gathered: Gathered, *, shares: bool, now: datetime) -> Move | None:
    """Where a feed's address leads for good after a poll; `shares` is whether known entries were there.

    A poll that failed, or found no entries at the target, begins the wait anew. Whether
    the target shares entries is told by the first poll that saw it alone: by the next all
    of its entries are known, since they were stored.
    """
    target = gathered.moved_to
    nothing = gathered.outcome == "fetched" and not gathered.unchanged and not gathered.entries
    if gathered.outcome == "failed" or (target is None and before is not None and not before.shares):
        return replace(before, polls=0) if before else None
    if target is None or gathered.url is None:
        return None
    if before is None or (before.address, before.target) != (gathered.url, target):
        polls = 0 if nothing else 1
        return Move(address=gathered.url, target=target, since=now, polls=polls, shares=shares)
    if nothing:
        return replace(before, polls=0)
    return replace(before, polls=before.polls + 1, since=min(before.since, now) if before.polls else now)


def proposed(state: FeedState, now: datetime) -> Move | None:
    """The move that an admin should take over into feeds.yaml, if there is one."""
    move = current(state)
    if move is None or not move.shares or move.polls < _POLLS or now - move.since < _FOR:
        return None
    return move


def doubtful(state: FeedState) -> Move | None:
    """A permanent redirect to where nothing of the feed was, which an admin should look at."""
    move = current(state)
    return move if move is not None and move.polls and not move.shares else None


def why_not(move: Move, now: datetime) -> str:
    """Why a move is not proposed, or not yet."""
    if not move.shares:
        return (
            "None of the feed's news was there when it was first seen, so it may be somebody else's. "
            "If it is the member's, write its address into feeds.yaml by hand."
        )
    hours = (now - move.since).total_seconds() // 3600 if move.polls else 0
    return (
        f"It is proposed after {_POLLS} polls in a row and {_FOR.total_seconds() // 3600:.0f} hours;"
        f" so far: {move.polls} and {hours:.0f}."
    )


def current(state: FeedState) -> Move | None:
    """Where one of the addresses that feeds.yaml has for a feed leads for good by now."""
    move = state.move
    return move if move and move.address in (state.feed.url, *state.feed.alternatives) else None
