"""Takes away what has been kept as long as `hub.keep` says, some at a time."""

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
    """Takes away what is old in a store, in the thread of whoever polls its feeds.

    By a clock that is years ahead all would be old, so that nothing goes before sites' certificates
    say that it is right.
    """

    def __init__(self, store: Store, settings: HubSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._keep = settings.keep
        self._now = now
        self._looked = self._goes_on = -inf
        self._is_old = False
        self._taken = 0

    def look(self) -> bool:
        """Whether there is something to take away just now."""
        at = time.monotonic()
        if self._keep is not None and not self._is_old and at - self._looked >= _LOOKS:
            self._looked = at
            self._is_old = self._store.has_older(self._now() - self._keep) and self._may()
        return self._is_old and at >= self._goes_on

    def act(self) -> None:
        """Take away some of it, and say how much it was in all once that was the last."""
        began = time.monotonic()
        if self._keep is None or not self._is_old or began < self._goes_on:
            return
        now = self._now()
        taken = self._store.take_away(now - self._keep, now)
        self._taken += taken
        ended = time.monotonic()
        # Others have to write, too, and sites are asked meanwhile by the same thread.
        self._goes_on = ended + 2 * (ended - began)
        if not taken:
            self._is_old = False
            self._tell()

    def once(self, stop: Event) -> None:
        """Take it away, until `stop` is set or a minute is over: what is left goes with the next round."""
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
        """Whether the clock is right, as far as certificates tell; that it may be wrong is said."""
        if is_clock_right(self._store.feed_states(), self._now()):
            return True
        say(
            "News is as old as hub.keep says, and stays for now: the certificates of the sites that were"
            " asked of late do not tell that this machine’s clock is right.",
            "    It is looked at again within the hour. Set the clock if it is wrong (timedatectl).",
        )
        return False
