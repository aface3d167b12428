"""`hub worker`: polls what a `hub run`, on this machine or another, hands out."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from msgspec import Struct

from hub import machine
from hub.config import Config, Watched
from hub.errors import StoreError
from hub.model import FeedKey, FeedState
from hub.polling.polls import Polls, utc_now
from hub.polling.rounds import (
    AFTER_A_REFUSAL,
    TICK,
    WHILE_OFFLINE,
    WINDING_UP,
    Teller,
    look_again,
    open_polls,
    tell,
)
from hub.report import Lines, Progress, say
from hub.said import ahead_of
from hub.signals import stopping
from hub.store import Store, company_of, on_server, open_store, shown

if TYPE_CHECKING:
    from hub.jobs import Job, Taker
    from hub.store.postgres.company import Company

# Feeds of a host that one job polls at most, so that no job takes much longer than others.
_MOST_OF_HOST = 20
# Between two looks at whom this worker follows, and two at least at what has fallen due.
_LOOKS = 1.0
# One part in so many of the time is spent on looking what has fallen due in the shards at hand.
_OF_LOOKING = 20


class _Shard(Struct):
    """A job that was taken.

    feeds  its feeds that are being polled, each with its host
    first  those of them that it began with; None until it has begun

    What falls due while the first are polled is polled with them, if its host is free: else
    it would wait for the slowest of them. What falls due later is the next job's, so that
    this job ends and other shards have their turn.
    """

    job: Job
    feeds: dict[FeedKey, str] = {}
    first: set[FeedKey] | None = None

    def look(self, polls: Set[FeedKey]) -> None:
        """Forget feeds that are no longer `under_way`."""
        self.feeds = {key: host for key, host in self.feeds.items() if key in polls}
        if self.first is not None:
            self.first &= polls

    @property
    def takes_more(self) -> bool:
        """Whether feeds that are due may be polled with it."""
        return self.first is None or bool(self.first)


def run(path: Path, database: str) -> None:
    """Poll what is handed out, until SIGTERM or Ctrl-C. Raises HubError."""
    if not on_server(database):
        raise StoreError(
            f"Workers share a database on a PostgreSQL server, and {shown(database)} is the address of none.",
            "On one machine `hub run` polls by itself and needs none; with more, give all of them a"
            " postgresql:// address (docs/operating.md).",
        )
    machine.raise_limit()
    machine.check_temporary_folder()
    machine.check_clock(utc_now())
    from hub.jobs import make_ready

    watched = Watched(path)
    with closing(open_store(database)) as store, closing(company_of(database)) as company:
        make_ready(database)
        with stopping() as stop:
            say(f"Polling for the hub on {shown(database)}. Ctrl-C ends it.")
            store.give_up_at(stop)
            _Worker(database, watched, store, company, Lines(sys.stderr), stop).work()


class _Worker:
    """Takes jobs while it follows a hub: one that runs, and by the same feeds.yaml as is here."""

    def __init__(
        self,
        database: str,
        watched: Watched,
        store: Store,
        company: Company,
        progress: Progress,
        stop: Event,
    ) -> None:
        self._database = database
        self._watched = watched
        self._store = store
        self._company = company
        self._progress = Teller(progress)
        self._stop = stop
        self._looked = -_LOOKS
        self._begins_at = 0.0
        self._follows = False
        self._told: tuple[str, str | None] | None = None

    def work(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._goes_on(self._watched.current):
                    self._stop.wait(TICK)
                    continue
                self._follow(self._watched.current)
            except StoreError as error:
                self._progress.refused(error)
                self._stop.wait(AFTER_A_REFUSAL)

    # ------------------------------------------------------------ whom it follows

    def _goes_on(self, config: Config) -> bool:
        """Whether there is a hub to follow that goes by this configuration. Called many times a second."""
        look_again(self._watched)
        if self._stop.is_set() or self._watched.current is not config:
            self._looked = -_LOOKS
            return False
        if time.monotonic() >= self._looked + _LOOKS:
            self._looked = time.monotonic()
            self._company.follow(config.digest)
            same, leader = self._company.led(config.digest)
            if not same:
                self._tell_why(config, leader)
            self._follows = same and self._clock_is_right()
        return self._follows

    def _clock_is_right(self) -> bool:
        """Whether this machine's clock agrees with the database server's; if not, that is said once."""
        apart = self._company.clock_apart(utc_now)
        if apart is not None and self._told != (told := ("", "clock")):
            self._told = told
            say(
                f"Nothing is polled here: this machine's clock is {ahead_of(apart)} the database server's.",
                "    Set it right (timedatectl), or the server's if that is the wrong one; polls begin within"
                " seconds.",
            )
        return apart is None

    def _tell_why(self, config: Config, leader: str | None) -> None:
        """Say once why nothing is polled here."""
        if self._told == (told := (config.digest, leader)):
            return
        self._told = told
        if leader is None:
            say("Waiting for a `hub run` on this database that hands out polls.")
        else:
            say(
                f"Nothing is polled here: `hub run`, {leader}, goes by another feeds.yaml than"
                f" {self._watched.path}.",
                "    Copy its file here; it is taken up within seconds.",
            )

    def _follow(self, config: Config) -> None:
        """Poll what is handed out, as long as there is a hub to follow and somebody can be reached."""
        from hub.jobs import Taker

        self._told = None
        offline = None
        with open_polls(config, self._store, elsewhere=self._company) as polls:
            try:
                with Taker(self._database, config.digest, polls.wake) as taker:
                    try:
                        self._poll_while(lambda: self._goes_on(config), polls, taker)
                    except StoreError:
                        # From now on nobody knows which hosts other processes are at.
                        polls.break_off()
                        raise
            except StoreError as error:
                self._progress.refused(error)
                self._offer_again(polls)
            finally:
                # The hub ends the connections of workers that hang. This one is no worker for now.
                with suppress(StoreError):
                    self._company.work_as(None)
            offline = polls.offline
        if offline:
            tell(offline)
            self._stop.wait(WHILE_OFFLINE)

    # ------------------------------------------------------------ polling

    def _poll_while(self, goes_on: Callable[[], bool], polls: Polls, taker: Taker) -> None:
        with _ending() as shards:
            while goes_on() and not polls.offline:
                taker.look()
                self._company.work_as(taker.number)
                shards += [_Shard(job) for job in taker.taken()]
                self._begin(polls, [shard for shard in shards if shard.takes_more])
                self._progress.told(polls.step(TICK))
                for shard in shards:
                    shard.look(polls.feeds)
                    if not shard.feeds:
                        shard.job.end()
                shards[:] = [shard for shard in shards if shard.feeds]
            taker.stop()
            until = time.monotonic() + WINDING_UP
            while polls.wind_up() and not self._stop.is_set() and time.monotonic() < until:
                self._progress.told(polls.step(TICK))
            self._progress.told(polls.finish())

    def _begin(self, polls: Polls, shards: Sequence[_Shard]) -> None:
        """Begin the polls due in these shards: of a new shard at once, of others now and then."""
        came = any(shard.first is None for shard in shards)
        if not shards or not (came or time.monotonic() >= self._begins_at):
            return
        from hub.jobs import host_of, shard_of

        began = time.monotonic()
        states: list[FeedState] = []
        by_number = {shard.job.shard: shard for shard in shards}
        at_work = {host for shard in shards for host in shard.feeds.values()}
        # What other processes were told by hosts meanwhile.
        polls.spare(self._store.spared())
        hosts: Counter[str] = Counter()
        for state in sorted(self._store.due(utc_now()), key=_due_since):
            host = host_of(state)
            shard = by_number.get(shard_of(host))
            if shard is not None and host not in at_work and hosts[host] < _MOST_OF_HOST:
                hosts[host] += 1
                shard.feeds[state.feed.key] = host
                states.append(state)
        for shard in shards:
            if shard.first is None:
                shard.first = set(shard.feeds)
        polls.begin(states)
        # Where thousands are due, looking takes its time.
        self._begins_at = time.monotonic() + max(_LOOKS, _OF_LOOKING * (time.monotonic() - began))

    def _offer_again(self, polls: Polls) -> None:
        """Offer what was gathered to a store that refused, until it takes all of it."""
        while not self._stop.wait(AFTER_A_REFUSAL):
            try:
                self._progress.told(polls.finish())
                return
            except StoreError as error:
                self._progress.refused(error)


def _due_since(state: FeedState) -> datetime:
    return state.next_poll or datetime.min.replace(tzinfo=UTC)


@contextmanager
def _ending() -> Iterator[list[_Shard]]:
    """Shards whose jobs end with the block, however it does: what was not polled is due still."""
    shards: list[_Shard] = []
    try:
        yield shards
    finally:
        for shard in shards:
            shard.job.end()
