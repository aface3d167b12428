"""Polling all feeds: once (`poll_round`), or for ever, each when it is due (`poll_forever`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from difflib import get_close_matches
from math import inf
from pathlib import Path
from threading import Event
from typing import Protocol

from hub import urls
from hub.config import Config, Watched, load
from hub.errors import ConfigError, HubError, OfflineError, StoreError
from hub.fetch import Elsewhere
from hub.fetch.curl import CurlFetcher
from hub.gathering import MOST_PAGES
from hub.lock import DatabaseLock, held
from hub.machine import check_clock, check_temporary_folder
from hub.model import FeedState, HubSettings, PollResult
from hub.polling.alerting import Alerting, Post
from hub.polling.keeping import Keeping
from hub.polling.noticing import Noticing
from hub.polling.polls import Polls, utc_now
from hub.polling.reading import Readers
from hub.polling.sender import Sender
from hub.polling.subscriber import Subscriber
from hub.report import Figures, Progress, progress, say
from hub.said import minute
from hub.signals import stopping
from hub.store import Store, company_of, lock_of, on_server, open_store

# How soon a changed feeds.yaml, a feed that fell due and a signal are noticed.
TICK = 0.25
_LOCALHOST = "localhost"
# How long what is being fetched may take when feeds.yaml has changed: who breaks it off has to ask again,
# a host that is still at its first answer.
WINDING_UP = 10.0
# How long to leave a database alone that refused; no member is asked anything meanwhile.
AFTER_A_REFUSAL = 30.0
# How long to wait where nobody can be reached, and after how long to say so again.
WHILE_OFFLINE = 60.0
_OFFLINE_TOLD_AGAIN = 3600.0
# How long a round ordered by hand waits for one that is under way.
_WAIT_FOR_OTHERS = 600.0
# How soon a hub that runs has wound up what it was at, and goes by a feeds.yaml that was edited.
_FOLLOWS_WITHIN = 15.0
# How long a round goes on for those who subscribe to merged feeds; the next goes on with it.
_SENDING = 60.0


def authority(settings: HubSettings) -> str:
    """The host name in the `tag:` ids this hub mints (RFC 4151 §2.1)."""
    return (urls.host(settings.url) if settings.url else None) or _LOCALHOST


def sync(store: Store, config: Config) -> None:
    """Tell the store what feeds.yaml says."""
    store.sync(config.members, config.feeds, authority=authority(config.hub))


def sync_beside(
    store: Store,
    config: Config,
    database: str,
    path: Path,
    *,
    follows_within: float = 0,
    stop: Event | None = None,
) -> bool:
    """The same for who does not poll for ever: where a hub runs by another file, that one counts.

    Whether this one does. A file that was not copied to this machine yet would otherwise take feeds
    out of the list on all. By one that was edited a moment ago, its own hub goes `follows_within` so
    many seconds; it is waited for no longer once `stop` is set.
    """
    leader = None
    if on_server(database):
        until = time.monotonic() + follows_within
        leader = _other_leader(config, database, until=until, stop=stop or Event())
    if leader is None:
        sync(store, config)
        return True
    say(
        f"`hub run`, {leader}, goes by another feeds.yaml than {path}, and that one counts.",
        "    Copy its file here.",
    )
    return False


def _other_leader(config: Config, database: str, *, until: float, stop: Event) -> str | None:
    """The hub that runs by another feeds.yaml, if one still does then."""
    with closing(company_of(database)) as company:
        while True:
            same, leader = company.led(config.digest)
            if same or leader is None:
                return None
            if time.monotonic() >= until or stop.wait(TICK):
                return leader


@contextmanager
def open_polls(
    config: Config, store: Store, *, most_pages: int = MOST_PAGES, elsewhere: Elsewhere | None = None
) -> Iterator[Polls]:
    """The `Polls` of a configuration, with a fetcher and readers of their own, which end with the block.

    `elsewhere` stands for the other processes that ask the same hosts, if there are any.
    """
    fetcher = CurlFetcher(config.hub.fetch, config.hub.user_agent, elsewhere=elsewhere)
    fetcher.spare(store.spared())
    hosts = urls.present_hosts(config.members, config.feeds)
    readers = Readers(config.tags, config.hub.timezone, hosts)
    try:
        yield Polls(
            fetcher=fetcher,
            readers=readers,
            store=store,
            settings=config.hub,
            authority=authority(config.hub),
            owners=urls.owners(config.members, config.feeds),
            most_pages=most_pages,
        )
    finally:
        fetcher.close()
        readers.close()


def poll_round(
    config: Config,
    store: Store,
    states: Sequence[FeedState],
    *,
    progress: Progress,
    stop: Event,
    tick: Callable[[], object] = lambda: None,
    elsewhere: Elsewhere | None = None,
    tells: bool = True,
) -> Figures:
    """Poll these feeds, each once. When `stop` is set, what came in is settled and the rest left.

    So it is where nobody can be reached, which is told. `tick` is called several
    times a second, before what came in is settled. `elsewhere` is as in `polls`.
    Unless it `tells`, whoever is to hear of what it brought is left to a hub that runs.
    """
    figures = Figures()
    began = time.monotonic()

    def count(results: Sequence[PollResult]) -> None:
        for result in results:
            figures.count(result)
        progress.told(results)

    with open_polls(config, store, elsewhere=elsewhere) as polls, progress:
        polls.begin(states)
        while polls.unfinished and not (stop.is_set() or polls.offline):
            tick()
            count(polls.step(TICK))
        tick()
        count(polls.finish())
        if polls.offline:
            tell(polls.offline)
            figures.offline = True
        elif tells:
            _tell_others(store, config, polls, stop)
            Keeping(store, config.hub).once(stop)
    figures.seconds = time.monotonic() - began
    figures.stopped = stop.is_set()
    return figures


def _tell_others(store: Store, config: Config, polls: Polls, stop: Event) -> None:
    """Send what a round brought to those who subscribe, and tell people what broke and what is well again."""
    with closing(Alerting(store, polls, config, at_once=True)) as alerting:
        # Who is named by now is told of what this round finds.
        alerting.begin()
        Noticing(store, config).once()
        others = (Sender(store, polls, config), alerting)
        until = time.monotonic() + _SENDING
        # Mail that is on its way is waited for: ended here, it would be sent again by each round.
        while not stop.is_set() and (alerting.under_way or time.monotonic() < until):
            if time.monotonic() >= until:
                alerting.wind_up()
            # Each of them has to look, whatever the others saw.
            seen = [each.look() for each in others]
            if not (any(seen) or polls.unfinished or alerting.under_way):
                break
            for each in others:
                each.act()
            polls.step(TICK)


def poll_once(path: Path, database: str, *, members: Sequence[str] = (), every: bool = False) -> Figures:
    """One round: over the feeds that are due, over those of `members`, or over `every` feed.

    A Retry-After that is not over yet holds for all of them. Raises HubError.
    """
    config = load(path)
    _refuse_unknown(config, members, path)
    check_temporary_folder()
    check_clock(utc_now())
    store = open_store(database)
    lock = lock_of(database, "poll")
    try:
        with (
            stopping() as stop,
            held(lock, seconds=_WAIT_FOR_OTHERS, waiting=_waiting, stop=stop) as its_turn,
        ):
            if not its_turn:
                return Figures(stopped=True)
            store.give_up_at(stop)
            counts = sync_beside(store, config, database, path, follows_within=_FOLLOWS_WITHIN, stop=stop)
            states = _whose_turn(store, utc_now(), members=members, every=every)
            with _company(database) as elsewhere:
                return poll_round(
                    config,
                    store,
                    states,
                    progress=progress(len(states)),
                    stop=stop,
                    tick=lock.take,
                    elsewhere=elsewhere,
                    tells=counts,
                )
    finally:
        store.close()


@contextmanager
def _company(database: str) -> Iterator[Elsewhere | None]:
    """The workers whose hub has just ended, or that hung, and who may be at hosts still."""
    if not on_server(database):
        yield None
        return
    with closing(company_of(database)) as company:
        yield company


def _refuse_unknown(config: Config, members: Sequence[str], path: Path) -> None:
    known = [member.slug for member in config.members]
    for slug in members:
        if slug not in known:
            near = get_close_matches(slug, known, 1)
            hint = f"Did you mean {near[0]}?" if near else "The members' slugs stand in feeds.yaml."
            raise ConfigError(f"There is no member {slug!r} in {path}.", hint)


def _whose_turn(store: Store, now: datetime, *, members: Sequence[str], every: bool) -> tuple[FeedState, ...]:
    if not members and not every:
        return store.due(now)
    named = [state for state in store.feed_states() if every or state.feed.key.member in members]
    asked = [state for state in named if not state.feed.paused]
    for state in named:
        if state.feed.paused:
            say(f"{state.feed.key} is not asked: it is paused in feeds.yaml.")
    for state in asked:
        if state.not_before is not None and state.not_before > now:
            say(
                f"{state.feed.key} is not asked: "
                f"its server wants no request before {minute(state.not_before)}."
            )
    return tuple(state for state in asked if state.not_before is None or state.not_before <= now)


def _waiting(holder: str) -> None:
    say(f"Waiting for {holder}, which is polling with this database.")


class Begins(Protocol):
    """Has what is due be polled: `look` sees what that is, `act` begins it."""

    def look(self) -> bool:
        """Whether there is something to begin."""

    def act(self) -> None:
        """Begin what `look` saw."""

    def at_work(self) -> bool:
        """Whether others are at what was begun."""

    def take_back(self) -> None:
        """Have nothing more begin of what others were given."""


class Handing(Begins, Protocol):
    """Hands what is due out to workers, while there are any."""

    def there(self, store: Store, config: Config) -> bool:
        """Whether there are workers for a hub that goes by this. Asked several times a second."""

    @property
    def elsewhere(self) -> Elsewhere:
        """They, as they ask hosts."""


class _ByItself:
    """Begins in this process what is due."""

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
        """There is nobody else."""


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
    """Poll each feed when it is due, until `stop` is set, taking up changes of feeds.yaml on the way.

    `lock` is held while polls are under way, so that a round ordered by hand
    beside this one waits its turn; what has not begun by then is left for after
    it. `tick` is called several times a second. While there are workers, who poll
    elsewhere, what is due is handed out to them by `handing`.
    A database that refuses (a full disk, say) is told of and asked again.
    What it did not take is offered to it until it does, before anybody is
    asked for more: it would be forgotten who wants to be left alone.
    Where nobody can be reached, all are asked again each minute until somebody is.
    """
    store.give_up_at(stop)
    told_at = -inf
    post = Post()
    while not stop.is_set():
        config = watched.current
        try:
            sync(store, config)
            to_workers = handing if handing is not None and handing.there(store, config) else None

            def goes_on(config: Config = config, as_before: bool = to_workers is not None) -> bool:
                tick()
                look_again(watched)
                if stop.is_set() or watched.current is not config:
                    return False
                return handing is None or handing.there(store, config) == as_before

            # Also where no worker shows a sign of life: one that hung may go on.
            elsewhere = handing.elsewhere if handing is not None else None
            with (
                open_polls(config, store, elsewhere=elsewhere) as polls,
                closing(Alerting(store, polls, config, post=post)) as alerting,
            ):
                due = to_workers or _ByItself(store, polls)
                others = (*_others(store, polls, config), alerting)
                try:
                    _poll_while(goes_on, store, polls, due, others, lock, progress, stop)
                except StoreError as error:
                    # Others may be at its hosts before it can ask who is.
                    polls.break_off()
                    tell(error)
                    _offer_again(polls, lock, progress, stop, tick)
                offline = polls.offline
            if offline:
                told_at = _wait_while_offline(offline, told_at, goes_on, stop)
        except StoreError as error:
            tell(error)
            stop.wait(AFTER_A_REFUSAL)


_Other = Subscriber | Sender | Noticing | Keeping | Alerting


def _others(store: Store, polls: Polls, config: Config) -> tuple[_Other, ...]:
    """Who else has to do with what is polled; people are told by another."""
    return (
        Subscriber(store, polls, config.hub),
        Sender(store, polls, config),
        Noticing(store, config),
        Keeping(store, config.hub),
    )


def _wait_while_offline(
    offline: OfflineError, told_at: float, goes_on: Callable[[], bool], stop: Event
) -> float:
    """Ask nobody for a minute; when it was told last why, which was `told_at` before."""
    if time.monotonic() - told_at > _OFFLINE_TOLD_AGAIN:
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
    due: Begins,
    others: Sequence[_Other],
    lock: DatabaseLock,
    progress: Progress,
    stop: Event,
) -> None:
    """Poll what is `due`, asking `goes_on` and the store at each tick, until somebody wants the lock.

    `others` have more to do by way of the polls. The lock is held for those, too, that workers are at.
    """
    holding = False
    try:
        while goes_on() and not (holding and lock.wanted) and not polls.offline:
            # Each of them has to look, whatever the others saw.
            seen = [each.look() for each in (due, *others)]
            to_do = any(seen)
            if not holding and to_do and not lock.wanted and lock.take():
                holding = True
                # Another process may have polled meanwhile.
                polls.spare(store.spared())
            if not holding:
                stop.wait(TICK)
                continue
            # Of a server it is lost with the connection, and another may poll from then on.
            lock.take()
            for each in (due, *others):
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


def _wind_up(polls: Polls, due: Begins, lock: DatabaseLock, progress: Progress, stop: Event) -> None:
    """Let end what is under way here, and what workers are at as long as somebody waits for the lock."""
    due.take_back()
    until = time.monotonic() + WINDING_UP
    while not stop.is_set():
        here = polls.wind_up() and time.monotonic() < until
        if not here and not (lock.wanted and due.at_work()):
            return
        progress.told(polls.step(TICK))


def _offer_again(
    polls: Polls, lock: DatabaseLock, progress: Progress, stop: Event, tick: Callable[[], None]
) -> None:
    """Offer what was gathered to a store that refused, until it takes all of it."""
    while not stop.wait(AFTER_A_REFUSAL):
        try:
            tick()
            if lock.take():
                progress.told(polls.finish())
                return
        except StoreError as error:
            tell(error)
        finally:
            lock.release()


def look_again(watched: Watched) -> None:
    """Take up a changed feeds.yaml; a broken one is told once, and the last good one kept."""
    try:
        if watched.refresh():
            say(f"{watched.path} has changed; the hub goes on with it as it is now.")
    except ConfigError as error:
        tell(error)


def tell(error: HubError) -> None:
    """Print an error for the person at the terminal, with what to do about it."""
    say(error.problem, *([f"    {error.remedy}"] if error.remedy else []))
