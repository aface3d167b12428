"""A hub that polls for ever: each feed when it is due, taking up changes of feeds.yaml on the way.

What falls due is polled in this process, or handed out to workers while there
are any (`handing`). Between polls the same loop has pushes asked for and sent,
incidents noticed and told, and old news taken away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from math import inf
from threading import Event
from typing import TYPE_CHECKING, Protocol

from hub.config import Config, Watched
from hub.errors import OfflineError, StoreError
from hub.lock import DatabaseLock
from hub.model import FeedState
from hub.polling.alerting import Alerting, Post
from hub.polling.keeping import Keeping
from hub.polling.noticing import Noticing
from hub.polling.polls import Polls, utc_now
from hub.polling.rounds import (
    AFTER_A_REFUSAL,
    TICK,
    TOLD_AGAIN,
    WHILE_OFFLINE,
    WINDING_UP,
    Teller,
    look_again,
    open_polls,
    sync,
    tell,
)
from hub.polling.sender import Sender
from hub.polling.subscriber import Subscriber
from hub.report import Progress
from hub.store import Store

if TYPE_CHECKING:
    from hub.polling.handing import Handing


class _Due(Protocol):
    """Begins the polls that are due: in this process (`_Here`), or by workers (`Handing`)."""

    def look(self) -> bool:
        """See which polls are due; whether there are any, or any that workers have not ended."""

    def act(self) -> None:
        """Begin the polls that `look` saw."""

    def at_work(self) -> bool:
        """Whether workers are at polls that were begun."""

    def take_back(self) -> None:
        """Have workers begin nothing more of what they were given."""


class _Here:
    """Begins polls in this process."""

    def __init__(self, store: Store, polls: Polls) -> None:
        self._store = store
        self._polls = polls
        self._due: Sequence[FeedState] = ()

    def look(self) -> bool:
        self._due = self._store.due(utc_now())
        return bool(self._due)

    def act(self) -> None:
        self._polls.begin(self._due)

    def at_work(self) -> bool:
        return False

    def take_back(self) -> None:
        """No worker has anything."""


def poll_forever(
    watched: Watched,
    store: Store,
    *,
    lock: DatabaseLock,
    progress: Progress,
    stop: Event,
    tick: Callable[[], None] = lambda: None,
    handing: Handing | None = None,
) -> None:
    """Poll each feed when it is due, until `stop` is set.

    `lock` is held while polls are under way. Another process that wants it, such
    as a round ordered by hand, gets it once these have ended; meanwhile no poll
    begins. `tick` is called several times a second. While `handing` has workers,
    they get the polls that are due.

    A database that refuses (a full disk, say) is told of (`Teller`), and what was gathered
    is offered to it until it takes it. No site is asked before that: the answers
    that wait may say that a host wants to be left alone. Where nobody can be
    reached, all feeds are asked again each minute until somebody is.
    """
    store.give_up_at(stop)
    told_at = -inf
    teller = Teller(progress)
    post = Post()
    while not stop.is_set():
        config = watched.current
        try:
            sync(store, config)
            to_workers = handing if handing is not None and handing.has_workers(store, config) else None

            def goes_on(config: Config = config, as_before: bool = to_workers is not None) -> bool:
                tick()
                look_again(watched)
                if stop.is_set() or watched.current is not config:
                    return False
                return handing is None or handing.has_workers(store, config) == as_before

            # Even while no worker shows a sign of life: one that hung may be at a host.
            elsewhere = handing.elsewhere if handing is not None else None
            with (
                open_polls(config, store, elsewhere=elsewhere) as polls,
                closing(Alerting(store, polls, config, post=post)) as alerting,
            ):
                due = to_workers or _Here(store, polls)
                duties = (*_duties(store, polls, config), alerting)
                try:
                    _poll_while(goes_on, store, polls, due, duties, lock, teller, stop)
                except StoreError as error:
                    # Without the database nobody knows which hosts other processes are at.
                    polls.break_off()
                    teller.refused(error)
                    _offer_again(polls, lock, teller, stop, tick)
                offline = polls.offline
            if offline:
                told_at = _wait_while_offline(offline, told_at, goes_on, stop)
        except StoreError as error:
            teller.refused(error)
            stop.wait(AFTER_A_REFUSAL)


_Duty = Subscriber | Sender | Noticing | Keeping | Alerting


def _duties(store: Store, polls: Polls, config: Config) -> tuple[_Duty, ...]:
    """What a hub does besides polling, but for `Alerting`, whose mails outlast a change of feeds.yaml."""
    return (
        Subscriber(store, polls, config.hub),
        Sender(store, polls, config),
        Noticing(store, config),
        Keeping(store, config.hub),
    )


def _wait_while_offline(
    offline: OfflineError, told_at: float, goes_on: Callable[[], bool], stop: Event
) -> float:
    """Ask nobody for a minute, saying why once an hour. `told_at`, as given and as returned, is when last."""
    if time.monotonic() - told_at > TOLD_AGAIN:
        tell(offline)
        told_at = time.monotonic()
    until = time.monotonic() + WHILE_OFFLINE
    while goes_on() and time.monotonic() < until:
        stop.wait(TICK)
    return told_at


def _poll_while(
    goes_on: Callable[[], bool],
    store: Store,
    polls: Polls,
    due: _Due,
    duties: Sequence[_Duty],
    lock: DatabaseLock,
    progress: Teller,
    stop: Event,
) -> None:
    """Poll what is `due` and do the `duties`, as long as `goes_on` says so and nobody else wants the lock.

    The lock is held as long as polls are under way, here or at workers.
    """
    holding = False
    try:
        while goes_on() and not (holding and lock.wanted) and not polls.offline:
            # In a list: each of them has to look, whatever the others saw.
            seen = [each.look() for each in (due, *duties)]
            to_do = any(seen)
            if not holding and to_do and not lock.wanted and lock.take():
                holding = True
                # Another process may have polled meanwhile, and been told to stay away.
                polls.spare(store.spared())
            if not holding:
                stop.wait(TICK)
                continue
            # On a server the lock is lost with its connection, and then another process may poll.
            lock.take()
            for each in (due, *duties):
                each.act()
            until = time.monotonic() + TICK
            while (
                (polls.unfinished or due.at_work())
                and not polls.offline
                and (left := until - time.monotonic()) > 0
            ):
                progress.told(polls.step(left))
            if not polls.unfinished and not due.at_work():
                lock.release()
                holding = False
        if holding:
            _wind_up(polls, due, lock, progress, stop)
            lock.take()
        progress.told(polls.finish())
    finally:
        lock.release()


def _wind_up(polls: Polls, due: _Due, lock: DatabaseLock, progress: Teller, stop: Event) -> None:
    """Let polls end: those here within `WINDING_UP`, workers' as long as another process wants the lock."""
    due.take_back()
    until = time.monotonic() + WINDING_UP
    while not stop.is_set():
        here = polls.wind_up() and time.monotonic() < until
        if not here and not (lock.wanted and due.at_work()):
            return
        progress.told(polls.step(TICK))


def _offer_again(
    polls: Polls, lock: DatabaseLock, progress: Teller, stop: Event, tick: Callable[[], None]
) -> None:
    """Offer what was gathered to a store that refused, until it takes all of it."""
    while not stop.wait(AFTER_A_REFUSAL):
        try:
            tick()
            if lock.take():
                progress.told(polls.finish())
                return
        except StoreError as error:
            progress.refused(error)
        finally:
            lock.release()
