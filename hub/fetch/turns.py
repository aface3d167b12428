"""Whose turn it is: one fetch at a time for a host, a pause after it, all hosts treated alike.

The clock is an argument, in seconds that only grow (`time.monotonic`).
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Collection
from contextlib import suppress
from typing import Generic, TypeVar

from hub.errors import StoreError
from hub.fetch import Elsewhere

T = TypeVar("T")

# How soon it is looked again whether another process has left a host, in seconds.
_LOOKS_AGAIN = 0.2


class Turns(Generic[T]):
    """Fetches that wait for their host, and the hosts that are busy.

    A host's next fetch begins no sooner than `host_delay` seconds after its last one
    ended, and at most `at_once` hosts are busy. Of the hosts that could begin, the one
    that has waited longest goes first, so that a host with a thousand feeds does not hold
    up one with a single feed. Within a host, first come is first served. Where processes
    `elsewhere` ask hosts too, the pause belongs to the turn: none of them begins in it.
    """

    def __init__(self, *, host_delay: float, at_once: int, elsewhere: Elsewhere | None = None) -> None:
        self._host_delay = host_delay
        self._at_once = at_once
        self._elsewhere = elsewhere
        # Until when hosts that are not busy are kept from processes elsewhere.
        self._pausing: OrderedDict[str, float] = OrderedDict()
        self._queues: dict[str, deque[T]] = {}
        self._busy: set[str] = set()
        # When each host could begin that has something waiting and is not busy. Each is here once.
        self._could_begin: list[tuple[float, int, str]] = []
        self._order = 0
        # When a host's pause is over, soonest first, since the pause is always as long.
        self._pauses: OrderedDict[str, float] = OrderedDict()

    def join(self, item: T, *, host: str, now: float) -> None:
        """Put an item at the end of its host's queue."""
        queue = self._queues.get(host)
        if queue is not None:
            queue.append(item)
            return
        self._queues[host] = deque([item])
        if host not in self._busy:
            self._enter(host, max(now, self._pauses.get(host, now)))

    def begin(self, now: float) -> list[T]:
        """Take the items whose turn it is, so that their hosts are busy."""
        begun = []
        while hosts := self._could_begin_by(now):
            free = self._taken(hosts)
            for host in hosts:
                if host in free:
                    begun.append(self._first_of(host))
                else:
                    self._enter(host, now + _LOOKS_AGAIN)
        return begun

    def due(self) -> float | None:
        """When it is the next item's turn; None where an item has to join first, or a host to leave."""
        if not self._could_begin or len(self._busy) >= self._at_once:
            return None
        return self._could_begin[0][0]

    def leave(self, host: str, *, now: float) -> None:
        """End a busy host's turn."""
        self._busy.remove(host)
        if self._elsewhere is not None:
            self._pausing[host] = now + self._host_delay
            self._pausing.move_to_end(host)
        while self._pauses and next(iter(self._pauses.values())) <= now:
            self._pauses.popitem(last=False)
        over = now + self._host_delay
        self._pauses[host] = over
        self._pauses.move_to_end(host)
        if host in self._queues:
            self._enter(host, over)

    def let_go(self, now: float) -> None:
        """Leave hosts whose pause is over to processes elsewhere."""
        over = []
        while self._pausing and next(iter(self._pausing.values())) <= now:
            over.append(self._pausing.popitem(last=False)[0])
        if over and self._elsewhere is not None:
            self._elsewhere.leave(over)

    def end(self) -> None:
        """Leave all hosts to processes elsewhere."""
        if self._elsewhere is not None:
            # Where it is not known who has which host, this process has none that could hold up others.
            with suppress(StoreError):
                self._elsewhere.leave([*self._busy, *self._pausing])

    def withdraw(self, host: str) -> tuple[T, ...]:
        """Take out all items that wait for a busy host, and return them."""
        return tuple(self._queues.pop(host, ()))

    def _could_begin_by(self, now: float) -> list[str]:
        """The hosts that could begin by now, no more than may be busy."""
        hosts: list[str] = []
        while self._could_begin and self._could_begin[0][0] <= now:
            if len(self._busy) + len(hosts) >= self._at_once:
                break
            hosts.append(heapq.heappop(self._could_begin)[2])
        return hosts

    def _taken(self, hosts: Collection[str]) -> Collection[str]:
        """Those of some hosts that no process elsewhere is at, and from now on none will be."""
        if self._elsewhere is None:
            return hosts
        ours = {host for host in hosts if self._pausing.pop(host, None) is not None}
        others = [host for host in hosts if host not in ours]
        return ours.union(self._elsewhere.take(others)) if others else ours

    def _first_of(self, host: str) -> T:
        queue = self._queues[host]
        item = queue.popleft()
        if not queue:
            del self._queues[host]
        self._busy.add(host)
        return item

    def _enter(self, host: str, at: float) -> None:
        self._order += 1
        heapq.heappush(self._could_begin, (at, self._order, host))
