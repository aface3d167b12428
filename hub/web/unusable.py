"""Whether who asks is turned away for the database's sake, told once as it begins and once as it ends."""

from __future__ import annotations

import logging
import time
from math import inf
from threading import Lock, get_ident

from hub.errors import StoreDamaged, StoreSilent, StoreUnusable

_log = logging.getLogger(__name__)

AGAIN_AFTER = 30
"""Seconds after which who was turned away may come again."""
# What comes and goes is told no more often.
_TOLD_AGAIN = 60.0  # seconds
# Damage is told again after so long, and taken to last so long after somebody met it: that others
# are answered, who need another part of the file, does not say that it is over.
_DAMAGED_FOR = 3600.0  # seconds
# Who finds out whether a server is silent still knows by then.
_FOUND_OUT = 15.0  # seconds


class _TurnedAway(StoreSilent):
    """Somebody else asks, for all."""


class Unusable:
    """What the log was told of the database; all threads that answer share one."""

    def __init__(self) -> None:
        self._told = False
        self._told_at = -inf
        self._damaged: StoreDamaged | None = None
        self._damage_met_at = self._damage_told_at = -inf
        self._lock = Lock()
        self._silent: StoreSilent | None = None
        # The thread that asks on, for all, and until when.
        self._asks: int | None = None
        self._asks_until = -inf

    @property
    def is_met(self) -> bool:
        """Whether nothing can be asked, as far as is known."""
        return self._told or self._silent is not None

    @property
    def damaged(self) -> StoreDamaged | None:
        """The damage that somebody met within the last hour."""
        return self._damaged if time.monotonic() < self._damage_met_at + _DAMAGED_FOR else None

    def look(self) -> None:
        """Raises StoreSilent while the database says nothing, and another thread waits for it already.

        Who asks then waits for seconds, and would with a few others keep all from being answered.
        """
        if self._silent is None:
            return
        with self._lock:
            silent, now, me = self._silent, time.monotonic(), get_ident()
            if silent is None or self._asks == me:
                return
            if self._asks is None or now >= self._asks_until:
                self._asks, self._asks_until = me, now + _FOUND_OUT
                return
        raise _TurnedAway(silent.problem, silent.remedy)

    def met(self, error: StoreUnusable) -> None:
        """Somebody was turned away."""
        if isinstance(error, _TurnedAway):
            return
        now = time.monotonic()
        with self._lock:
            self._silent = error if isinstance(error, StoreSilent) else None
            if self._asks == get_ident():
                self._asks = None
            if isinstance(error, StoreDamaged):
                self._damaged, self._damage_met_at = error, now
                if now < self._damage_told_at + _DAMAGED_FOR:
                    return
                self._damage_told_at = now
                _log.error("what needs a damaged part is answered 503: %s %s", error.problem, error.remedy)
                return
            if self._told or now < self._told_at + _TOLD_AGAIN:
                return
            self._told, self._told_at = True, now
        _log.error("requests are answered 503: %s %s", error.problem, error.remedy)

    def over(self) -> None:
        """Somebody was answered."""
        with self._lock:
            self._silent = self._asks = None
            if not self._told:
                return
            self._told = False
        _log.warning("the database can be asked again, and requests are answered")
