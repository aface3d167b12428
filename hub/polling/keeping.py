"""Takes away news that has been kept as long as `hub.keep` says, some entries at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from math import inf
from threading import Event

from hub.incidents import is_clock_right
from hub.model import HubSettings
from hub.polling.polls import utc_now
from hub.report import say
from hub.said import counted
from hub.store import Store

# Seconds from one look to the next: what is old was so an hour ago.
_LOOKS = 3600.0
# Of a round: other rounds wait for its end.
_AT_MOST = 60.0


class Keeping:
    """Takes away what is old in a store, in the thread that polls its feeds.

    By a clock that is years ahead all news would be old, so nothing is taken away unless
    the certificates of sites say that the clock is right.
    """

    def __init__(self, store: Store, settings: HubSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._keep = settings.keep
        self._now = now
        self._looked = self._goes_on = -inf
        self._is_old = False
        self._taken = 0

    def look(self) -> bool:
        """Whether there is anything to take away now."""
        at = time.monotonic()
        if self._keep is not None and not self._is_old and at - self._looked >= _LOOKS:
            self._looked = at
            self._is_old = self._store.has_older(self._now() - self._keep) and self._may()
        return self._is_old and at >= self._goes_on

    def act(self) -> None:
        """Take away some of it; once that was the last, say how much it was in all."""
        began = time.monotonic()
        if self._keep is None or not self._is_old or began < self._goes_on:
            return
        now = self._now()
        taken = self._store.take_away(now - self._keep, now)
        self._taken += taken
        ended = time.monotonic()
        # Polls are settled in between, and this thread asks sites too.
        self._goes_on = ended + 2 * (ended - began)
        if not taken:
            self._is_old = False
            self._tell()

    def once(self, stop: Event) -> None:
        """Take away what is old until `stop` is set, or for a minute. The rest waits for the next round."""
        until = time.monotonic() + _AT_MOST
        self.look()
        while self._is_old and time.monotonic() < until:
            if stop.wait(max(0.0, self._goes_on - time.monotonic())):
                break
            self.act()
        self._tell()

    def _tell(self) -> None:
        if self._taken:
            entries = counted(self._taken, "entry is", "entries are")
            say(f"{entries} taken away, as old as hub.keep says.")
            self._taken = 0

    def _may(self) -> bool:
        """Whether the clock is right, as far as certificates tell; if not, that is said."""
        if is_clock_right(self._store.feed_states(), self._now()):
            return True
        say(
            "News is as old as hub.keep says, and stays for now: the certificates of the sites that were"
            " asked of late do not tell that this machine’s clock is right.",
            "    It is looked at again within the hour. Set the clock if it is wrong (timedatectl).",
        )
        return False
