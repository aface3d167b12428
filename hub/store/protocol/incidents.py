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
        """Feeds of feeds.yaml in the order of their keys, those behind `after`, with what is the matter.

        That includes what may still pass by itself. All of it is of one moment.
        """

    def matters_of_left(self) -> tuple[Incident, ...]:
        """What is the matter with feeds that feeds.yaml no longer names."""

    def note(self, noted: Sequence[Incident], passed: Sequence[Incident], now: datetime) -> None:
        """Keep new incidents, change those that are kept, and forget those that `passed` by themselves.

        An incident with a `changed` gets the next revision. A second incident of a feed whose
        first goes on is not kept. Incidents that were over 90 days ago are forgotten.
        """

    def incidents(self, member: str | None = None, *, limit: int) -> tuple[Incident, ...]:
        """The incidents that people are told of, the last changed first; or those of a member's feeds."""

    def incidents_open(self) -> int:
        """How many feeds need somebody, as far as people are told."""

    def last_revision(self) -> int:
        """The revision of the last change that people are told of, 0 before the first."""

    def untold(self) -> Mapping[Way, Sequence[Incident]]:
        """What channels have not told yet, the first change first. Those that have told all are left out.

        A member's channel tells of its own feeds alone. What was over before a channel began is
        not told there.
        """

    def channels(self) -> Channels:
        """The channels in use, by their ways."""

    def keep_channel(self, channel: Channel) -> None:
        """Begin a channel, or write how it goes."""

    def drop_channel(self, way: Way) -> None:
        """Tell nobody that way any more."""
