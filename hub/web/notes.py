"""What the hub decided about a feed by itself, as the status page says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hub import moves
from hub.model import FeedState
from hub.web.words import Calendar

_BY = {"id": "ids", "link": "links", "title": "titles"}


def notes(state: FeedState, calendar: Calendar) -> tuple[str, ...]:
    """What the hub decided about a feed, a sentence each, with the reason."""
    return tuple(_notes(state, calendar))


def _notes(state: FeedState, calendar: Calendar) -> Iterator[str]:
    if move := moves.doubtful(state):
        yield (
            f"{move.address} redirects for good to {move.target}, where none of their news was: "
            "an admin should see whose that is"
        )
    identity = state.identity
    if state.feed.identify_by:
        yield f"Their news is told apart by its {_BY[state.feed.identify_by]}, as feeds.yaml says"
    elif identity.since is not None:
        since = calendar.day(identity.since).text
        yield f"Their news has been told apart by its {_BY[identity.by]} since {since}: {identity.why}"
