"""One round: a poll of each feed that is due, then of what it brought. And what every kind of poller needs.

`hub poll` is `poll_once`. A hub that goes on (`forever`) and a `worker` open their
polls, follow feeds.yaml and tell errors by the functions here, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from difflib import get_close_matches
from math import inf
from pathlib import Path
from threading import Event

from hub import urls
from hub.config import Config, Watched, load
from hub.errors import ConfigError, HubError, StoreError
from hub.fetch import Elsewhere
from hub.fetch.curl import CurlFetcher
from hub.gathering import MOST_PAGES
from hub.lock import held
from hub.machine import check_clock, check_temporary_folder
from hub.model import FeedState, HubSettings, PollResult
from hub.polling.alerting import Alerting
from hub.polling.keeping import Keeping
from hub.polling.noticing import Noticing
from hub.polling.polls import Polls, utc_now
from hub.polling.reading import Readers
from hub.polling.sender import Sender
from hub.report import Figures, Progress, progress, say
from hub.said import minute
from hub.signals import stopping
from hub.store import Store, company_of, lock_of, on_server, open_store

# How soon a changed feeds.yaml, a feed that fell due and a signal are noticed.
TICK = 0.25
_LOCALHOST = "localhost"
# How long fetches may go on when feeds.yaml has changed. What is broken off has to be asked for again, of a
# host that is still at its first answer.
WINDING_UP = 10.0
# How long to leave a database alone that refused; no site is asked meanwhile.
AFTER_A_REFUSAL = 30.0
# How long to wait where nobody can be reached.
WHILE_OFFLINE = 60.0
# How long until what lasts is said again, and how soon it is met again where it lasts.
TOLD_AGAIN = 3600.0
_LASTS = 300.0
# How long a round ordered by hand waits for one that is under way.
_WAIT_FOR_OTHERS = 600.0
# How soon a hub that runs has wound up what it was at, and goes by a feeds.yaml that was edited.
_FOLLOWS_WITHIN = 15.0
# How long a round sends to subscribers of merged feeds; the next round goes on with that.
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
    """Tell the store what feeds.yaml says, unless a `hub run` goes by another file; whether it was told.

    That hub's file counts: this one may not have been copied to this machine yet, and
    would take feeds out of the list for all. A hub whose own file was just edited goes
    by it within seconds, so it is waited for up to `follows_within` seconds, or until
    `stop` is set.
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
    """The `hub run` that goes by another feeds.yaml at `until` (`time.monotonic`); None if none does."""
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
    readers = Readers(config.tags, config.hub.timezone, hosts, store.terms_of)
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
    """Poll these feeds, each once.

    When `stop` is set, or nobody can be reached (which is said), what came in is
    settled and the rest left. `tick` is called several times a second, each time
    before anything is settled. `elsewhere` is as in `open_polls`. With `tells`,
    subscribers and people hear of what the round brought; else that is left to a
    `hub run`.
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
        # So whoever feeds.yaml names by now is told of what this round finds.
        alerting.begin()
        Noticing(store, config).once()
        others = (Sender(store, polls, config), alerting)
        until = time.monotonic() + _SENDING
        # Mail that is on its way is waited for: ended here, it would be sent again by each round.
        while not stop.is_set() and (alerting.under_way or time.monotonic() < until):
            if time.monotonic() >= until:
                alerting.wind_up()
            # In a list: each of them has to look, whatever the others saw.
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


class Teller:
    """Tells which polls ended; that the database refuses, as it begins and each hour; and that it is over."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._problem = ""
        self._told_at = self._met_at = -inf

    def refused(self, error: StoreError) -> None:
        now = time.monotonic()
        lasts = error.problem == self._problem and now < self._met_at + _LASTS
        self._met_at = now
        if lasts and now < self._told_at + TOLD_AGAIN:
            return
        self._problem, self._told_at = error.problem, now
        tell(error)

    def told(self, results: Sequence[PollResult]) -> None:
        """These polls ended, and are stored."""
        if results and self._problem:
            self._problem = ""
            say("The database can be written to again.")
        self._progress.told(results)
