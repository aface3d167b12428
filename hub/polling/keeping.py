"""Takes away what has been kept as long as `hub.keep` says, some at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from math import inf
from threading import Event

from hub.model import HubSettings
from hub.polling.polls import utc_now
from hub.report import say
from hub.said import counted
from hub.store import Store

# Seconds from one look to the next: what is old was so an hour ago.
_LOOKS = 3600.0


class Keeping:
    """Takes away what is old in a store, in the thread of whoever polls its feeds."""

    def __init__(self, store: Store, settings: HubSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._keep = settings.keep
        self._now = now
        self._looked = -inf
        self._is_old = False
        self._taken = 0

    def look(self) -> bool:
        """Whether there is something to take away."""
        at = time.monotonic()
        if self._keep is not None and not self._is_old and at - self._looked >= _LOOKS:
            self._looked = at
            self._is_old = self._store.has_older(self._now() - self._keep)
        return self._is_old

    def act(self) -> None:
        """Take away some of it, and say how much it was in all once that was the last."""
        if self._keep is None or not self._is_old:
            return
        now = self._now()
        taken = self._store.take_away(now - self._keep, now)
        self._taken += taken
        if not taken:
            self._is_old = False
            entries = counted(self._taken, "entry is", "entries are")
            say(f"{entries} taken away, as old as hub.keep says.")
            self._taken = 0

    def once(self, stop: Event) -> None:
        """Take away all of it, until `stop` is set."""
        while not stop.is_set() and self.look():
            self.act()
