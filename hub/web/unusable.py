"""Whether who asks is turned away for the database's sake, told once as it begins and once as it ends."""

from __future__ import annotations

import logging
import time
from math import inf
from threading import Lock

from hub.errors import StoreUnusable

_log = logging.getLogger(__name__)

AGAIN_AFTER = 30
"""Seconds after which who was turned away may come again."""
# What comes and goes is told no more often, such as a file of which a part alone is damaged.
_TOLD_AGAIN = 60.0  # seconds


class Unusable:
    """What the log was told of the database; all threads that answer share one."""

    def __init__(self) -> None:
        self._told = False
        self._told_at = -inf
        self._lock = Lock()

    @property
    def told(self) -> bool:
        """Whether it was told that nothing can be asked, and not yet that it can again."""
        return self._told

    def met(self, error: StoreUnusable) -> None:
        """Somebody was turned away."""
        now = time.monotonic()
        with self._lock:
            if self._told or now < self._told_at + _TOLD_AGAIN:
                return
            self._told, self._told_at = True, now
        _log.error("requests are answered 503: %s %s", error.problem, error.remedy)

    def over(self) -> None:
        """Somebody was answered."""
        with self._lock:
            if not self._told:
                return
            self._told = False
        _log.warning("the database can be asked again, and requests are answered")
