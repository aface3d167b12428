"""Looks at how feeds are doing, some at a time, and keeps it when one needs somebody or is well again.

Polls do not tell it, since a feed goes quiet while nothing happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import inf

from msgspec import Struct

from hub import incidents
from hub.config import Config
from hub.health import health
from hub.model import FeedKey, FeedState, Incident, Notice
from hub.polling.polls import utc_now
from hub.store import Store

# Seconds between two looks, and from the beginning of one time through all feeds to that of the next.
_LOOKS = 1.0
_ROUND = 5.0
# Feeds of one look, which takes six milliseconds.
_AT_ONCE = 200


class _Look(Struct, frozen=True):
    """What a look at some feeds came to.

    noted   incidents that are new or have changed
    passed  incidents that nobody was told of, and that have passed by themselves
    last    the last of the feeds; None at the end of all
    """

    noted: Sequence[Incident]
    passed: Sequence[Incident]
    last: FeedKey | None

    @property
    def is_new(self) -> bool:
        return bool(self.noted or self.passed)


class Noticing:
    """Looks at the feeds of a store, in the thread that polls them.

    `look` says whether anything has changed, `act` keeps it.
    """

    def __init__(self, store: Store, config: Config, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._robot = config.hub.user_agent
        self._now = now
        self._looked = self._began = -inf
        self._after: FeedKey | None = None
        self._notices: Mapping[FeedKey, Sequence[Notice]] = {}
        self._is_new = False

    def look(self) -> bool:
        """Look at the feeds whose turn it is; whether anything has changed."""
        at = time.monotonic()
        if self._is_new:
            return True
        if at - self._looked < _LOOKS or (self._after is None and at - self._began < _ROUND):
            return False
        self._looked = at
        if self._after is None:
            self._began = at
            self._notices = self._by_feed()
        found = self._find()
        self._is_new = found.is_new
        if not found.is_new:
            self._after = found.last
        return self._is_new

    def act(self) -> None:
        """Keep what has changed. The same feeds are looked at once more: another process may have kept it."""
        if self._is_new:
            self._is_new = False
            self._keep(self._find())

    def once(self) -> None:
        """Look at all feeds, and keep what has changed."""
        self._after, self._notices = None, self._by_feed()
        while True:
            self._keep(self._find())
            if self._after is None:
                return

    def _by_feed(self) -> Mapping[FeedKey, Sequence[Notice]]:
        of_feed: dict[FeedKey, list[Notice]] = {}
        for notice in self._store.notices():
            of_feed.setdefault(notice.feed, []).append(notice)
        return of_feed

    def _find(self) -> _Look:
        """Look at the next feeds, and at the start also at incidents of feeds that left feeds.yaml."""
        now = self._now()
        noted, passed = [], []
        if self._after is None:
            for before in self._store.matters_of_left():
                if before.changed is None:
                    passed.append(before)
                else:
                    noted.append(incidents.over(before, incidents.LEFT, now))
        found = self._store.looked_at(self._after, limit=_AT_ONCE)
        for state, matter in found:
            is_now = self._look_at(state, matter, now)
            if is_now is not None and is_now is not matter:
                noted.append(is_now)
            elif is_now is None and matter is not None:
                passed.append(matter)
        last = found[-1][0].feed.key if len(found) == _AT_ONCE else None
        return _Look(noted, passed, last)

    def _look_at(self, state: FeedState, before: Incident | None, now: datetime) -> Incident | None:
        notices = self._notices.get(state.feed.key, ())
        return incidents.look(state, health(state, now, robot=self._robot, notices=notices), before, now)

    def _keep(self, found: _Look) -> None:
        if found.is_new:
            self._store.note(found.noted, found.passed, self._now())
        self._after = found.last
