"""What was the matter with feeds, and who has been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hub.model import Channel, Channels, FeedKey, FeedState, Incident, Way


class IncidentStore(Protocol):
    """What was the matter with feeds, and who has been told."""

    def looked_at(
        self, after: FeedKey | None, *, limit: int
    ) -> tuple[tuple[FeedState, Incident | None], ...]:
        """Feeds of feeds.yaml by their keys, the first or those after one, with what is the matter of each.

        Also what may still pass by itself. All of it is of one moment.
        """

    def matters_of_left(self) -> tuple[Incident, ...]:
        """What is the matter with feeds that feeds.yaml no longer names."""

    def note(self, noted: Sequence[Incident], passed: Sequence[Incident], now: datetime) -> None:
        """Keep new incidents and what is new of others, and forget what has passed by itself.

        Those with a `changed` get the next revisions. What was over 90 days ago is forgotten. A second
        one of a feed, while one goes on, is left.
        """

    def incidents(self, member: str | None = None, *, limit: int) -> tuple[Incident, ...]:
        """What people are told of, of a member's feeds or of all: the last that changed, first."""

    def incidents_open(self) -> int:
        """How many feeds need somebody, as far as people are told."""

    def last_revision(self) -> int:
        """That of the last change that people are told of, 0 before the first."""

    def untold(self) -> Mapping[Way, Sequence[Incident]]:
        """What channels have not told yet, the first change first; nothing that was over before they began.

        Of a member's, what is of that member. Those that have told all are left out.
        """

    def channels(self) -> Channels:
        """Those in use, by their ways."""

    def keep_channel(self, channel: Channel) -> None:
        """Begin one, or write how it goes."""

    def drop_channel(self, way: Way) -> None:
        """Tell nobody that way any more."""
