"""`hub run` and its workers: what is due is handed out to them as long as there are any."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hub.config import Config
from hub.errors import HubError
from hub.fetch import Elsewhere
from hub.polling.polls import utc_now
from hub.polling.rounds import tell
from hub.report import say
from hub.said import ahead_of, counted
from hub.store import Store, company_of

if TYPE_CHECKING:
    from hub.jobs import Queue

# Seconds between two looks at what workers there are, and at the jobs that they have.
_LOOKS = 1.0
# How soon it is tried again to hand out work where that is not possible.
_TRIED_AGAIN = 60.0


class Handing:
    """Hands the polls that are due out to workers (`forever._Due`), and tells them by which feeds.yaml."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._company = company_of(url)
        self._queue: Queue | None = None
        self._store: Store | None = None
        self._digest = ""
        self._has_workers = False
        self._looked = self._asked = self._due_at = -_LOOKS
        self._tried = -_TRIED_AGAIN
        self._told = ""
        self._told_of_clock = False
        # The shards that workers have, and those that they are to have.
        self._out: frozenset[int] = frozenset()
        self._due: frozenset[int] = frozenset()

    def close(self) -> None:
        """Lead no more: workers wait for another `hub run` then."""
        self._company.close()
        if self._queue is not None:
            self._queue.close()

    @property
    def elsewhere(self) -> Elsewhere:
        """The workers, as other processes that ask the same hosts."""
        return self._company

    # ------------------------------------------------------------ who is there

    def has_workers(self, store: Store, config: Config) -> bool:
        """Whether any worker polls by this configuration. Called several times a second, it looks once."""
        now = time.monotonic()
        if config.digest == self._digest and now < self._looked + _LOOKS:
            return self._has_workers
        self._store, self._digest, self._looked = store, config.digest, now
        self._company.lead(config.digest)
        self._look_at_clock()
        workers = store.workers()
        if not workers.alive and (workers.jobs or workers.gone) and (queue := self._opened()) is not None:
            # Of a hub that was killed, or of workers that were or that hang.
            queue.take_back()
        has_workers = workers.alive > 0 and self._opened() is not None
        if has_workers and not self._has_workers:
            say(f"What is due is handed out to {counted(workers.alive, 'worker', 'workers')} from now on.")
        elif self._has_workers and not has_workers:
            say("There is no worker any more: this hub polls by itself.")
        self._has_workers = has_workers
        return has_workers

    def _look_at_clock(self) -> None:
        """Say once that this machine's clock is not the server's; polls go on by it."""
        apart = self._company.clock_apart(utc_now)
        if apart is not None and not self._told_of_clock:
            say(
                f"This machine's clock is {ahead_of(apart)} the database server's, and what comes in is dated"
                " by it: set it right (timedatectl), or the server's if that is the wrong one."
            )
        self._told_of_clock = apart is not None

    def _opened(self) -> Queue | None:
        """The jobs, where they can be had; why they cannot is told once."""
        if self._queue is None and time.monotonic() >= self._tried + _TRIED_AGAIN:
            self._tried = time.monotonic()
            try:
                from hub.jobs import Queue

                self._queue = Queue(self._url)
            except HubError as error:
                if error.problem != self._told:
                    self._told = error.problem
                    tell(error)
        return self._queue

    # ------------------------------------------------------------ what they do

    def look(self) -> bool:
        now = time.monotonic()
        # By a time of its own: `at_work` is asked just before, as long as any job is out.
        if self._queue is not None and now >= self._due_at + _LOOKS:
            from hub.jobs import host_of, shard_of

            self._due_at = now
            self._look_at_jobs()
            assert self._store is not None
            self._due = frozenset(map(shard_of, map(host_of, self._store.due(utc_now())))) - self._out
        return bool(self._due or self._out)

    def act(self) -> None:
        if self._due and self._queue is not None:
            self._queue.add(self._due, self._digest)
            self._out, self._due = self._out | self._due, frozenset()

    def at_work(self) -> bool:
        self._look_at_jobs()
        return bool(self._out)

    def take_back(self) -> None:
        self._due = frozenset()
        self._company.lead_no_more()
        self._digest = ""
        if self._queue is not None:
            self._out = self._queue.take_back()

    def _look_at_jobs(self) -> None:
        """Look which jobs are outstanding, if that was a while ago."""
        now = time.monotonic()
        if self._queue is not None and now >= self._asked + _LOOKS:
            self._asked = now
            self._out = self._queue.outstanding(self._digest)
