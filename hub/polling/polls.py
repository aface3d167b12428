"""Many polls at the same time: from the feeds that are due to what was settled.

One loop in one thread: the fetcher has many transfers under way, readers in
other processes parse, and what is ready is settled in one transaction. The
loop sleeps only while there is nothing to do.
"""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Callable, Iterable, Mapping, Set
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from hub import gathering, poll, urls
from hub.errors import FeedError, FetchError, NotAFeed, OfflineError, ParseError
from hub.fetch import Accepted, Fetched, Fetcher, FetchRequest, NotModified, Outcome
from hub.gathering import Gathering
from hub.model import (
    FeedKey,
    FeedState,
    Gathered,
    HubSettings,
    LastDocument,
    PollResult,
    Push,
)
from hub.poll import Jitter
from hub.polling.outage import Outage
from hub.polling.reading import LARGE, Readers
from hub.polling.underway import UnderWay
from hub.reader import Document, Reading
from hub.robots import KnownRobots, Robots, robots_url
from hub.store import Store

# Polls are settled together: a transaction for each would cost more than what it writes.
_TOGETHER_SECONDS = 0.05
_MOST_TOGETHER = 200
# More than so many entries at once would only take more memory.
_MOST_ENTRIES_TOGETHER = 640
# Bytes of documents past which no more feeds are asked. Documents, but for large ones, wait in memory for a
# reader; and what was read of them, which takes several times as much, waits to be settled.
_MOST_BYTES_WAITING = 4 * 1024 * 1024
# Pages of missing entries that one poll looks at.
_MOST_CHECKS = 3


def utc_now() -> datetime:
    return datetime.now(UTC)


def chance(_feed: FeedKey) -> float:
    """By how much a feed's next poll is put off, by chance."""
    return random.random()  # noqa: S311 - nothing hangs on its being guessed


class _Errand(Struct, frozen=True, eq=False):
    """A request that is no poll's; `told` is called with its outcome."""

    told: Callable[[Outcome], None]


class Polls:
    """Polls under way, each from its fetch to its result.

    `begin` takes feeds whose turn it is, `step` carries all of them on.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        readers: Readers,
        store: Store,
        settings: HubSettings,
        authority: str,
        owners: urls.Owners = urls.NO_OWNERS,
        now: Callable[[], datetime] = utc_now,
        most_pages: int,
        jitter: Jitter = chance,
    ) -> None:
        self._fetcher = fetcher
        self._readers = readers
        self._store = store
        self._settings = settings
        self._authority = authority
        self._owners = owners
        self._now = now
        self._most_pages = most_pages
        self._robots = KnownRobots()
        self._waiting: dict[str, list[UnderWay]] = {}
        self._jitter = jitter
        self._polls: dict[FeedKey, UnderWay] = {}
        self._errands = 0
        self._reading: dict[FeedKey, Future[Reading | ParseError]] = {}
        self._read: queue.SimpleQueue[FeedKey] = queue.SimpleQueue()
        self._bytes_waiting = 0
        self._ready: list[Gathered] = []
        self._settled_at = 0.0
        self._winding_up = False
        self._outage = Outage()
        # Polls that reached no server, perhaps because this machine is cut off.
        self._doubted: list[Gathered] = []

    @property
    def unfinished(self) -> int:
        """How many polls and other requests have begun and have no result yet."""
        return len(self._polls) + self._errands

    @property
    def winding_up(self) -> bool:
        """Whether no fetch is begun any more (`wind_up`)."""
        return self._winding_up

    @property
    def reached_at(self) -> float:
        """When any server was last reached (`Fetcher.reached_at`)."""
        return self._fetcher.reached_at

    @property
    def offline(self) -> OfflineError | None:
        """The error to tell where no server can be reached, else None. Polls that failed for it stay due."""
        return self._outage.error() if self._outage.likely and not self._fetcher.at_work else None

    def spare(self, hosts: Mapping[str, datetime]) -> None:
        """Leave hosts alone until these moments, as they asked another process."""
        self._fetcher.spare(hosts)

    def wake(self) -> None:
        """Make `step` return at once, from any thread."""
        self._fetcher.wake()

    @property
    def feeds(self) -> Set[FeedKey]:
        """The feeds that are being polled."""
        return self._polls.keys()

    def begin(self, states: Iterable[FeedState]) -> None:
        """Begin to poll these feeds, but for those that are being polled already."""
        new = {state.feed.key: state for state in states if state.feed.key not in self._polls}
        now = self._now()
        checks = self._store.checks_due(now, most=_MOST_CHECKS) if new else {}
        for key, state in new.items():
            begun = UnderWay(state, poll.addresses(state, now=now), now, time.monotonic())
            begun.checks = list(checks.get(key, ()))
            self._polls[key] = begun
            self._ask(begun)

    def take(self, pushes: Iterable[tuple[Push, FeedState]]) -> None:
        """Begin polls that read pushes. One of a feed that is being polled is left: give it again later."""
        for push, state in pushes:
            key, now = state.feed.key, self._now()
            if key not in self._polls:
                begun = self._polls[key] = UnderWay(state, (push.topic,), now, time.monotonic(), push=push)
                gathered = poll.pushed(state, push, started=now)
                url = gathered.url or ""
                document = Document(feed=state.feed, url=url, body=push.body, content_type=push.content_type)
                self._read_document(begun, gathered, document)

    def ask(self, request: FetchRequest, told: Callable[[Outcome], None]) -> None:
        """Fetch something that is no poll's, in its host's turn; `told` is called with the outcome."""
        self._fetcher.submit(_Errand(told), request)
        # Not before: `submit` may raise.
        self._errands += 1

    def step(self, timeout: float) -> tuple[PollResult, ...]:
        """Carry the polls on for at most `timeout` seconds, and return those that ended."""
        too_much = self._bytes_waiting >= _MOST_BYTES_WAITING
        self._fetcher.hold(self._winding_up or self._outage.likely or too_much)
        if self._read.empty():
            wait = min(timeout, _TOGETHER_SECONDS) if self._ready else timeout
            outcomes = self._fetcher.wait(wait)
            # First, so that an outcome that reached no server is judged by it.
            self._outage.reached(self._fetcher.reached_at)
            for ticket, outcome in outcomes:
                if isinstance(ticket, _Errand):
                    self._errands -= 1
                    ticket.told(outcome)
                    continue
                assert not isinstance(outcome, Accepted)
                if isinstance(ticket, str):
                    self._rules_came(ticket, outcome)
                    continue
                assert isinstance(ticket, FeedKey)
                self._answered(self._polls[ticket], outcome)
        while not self._read.empty():
            self._was_read(self._read.get())
        if not self._outage.possible or not (self._outage.likely or self._fetcher.at_work):
            self._doubt_no_more()
        return self._settle()

    def wind_up(self) -> bool:
        """Begin no more fetches; whether any that have begun go on, or documents are being read."""
        self._winding_up = True
        return self._fetcher.at_work or bool(self._reading)

    def break_off(self) -> None:
        """Break off all fetches. All that may be called after this is `finish`."""
        self._fetcher.close()

    def finish(self) -> tuple[PollResult, ...]:
        """Settle what has been gathered. Polls that are still under way are forgotten, and their feeds due.

        Where this or `step` raises StoreError, nothing of what was gathered is lost: call this again.
        """
        results: list[PollResult] = []
        while self._ready:
            results += self._settle(at_once=True)
        return tuple(results)

    # ------------------------------------------------------------ gather

    def _ask(self, under_way: UnderWay) -> None:
        state, address = under_way.state, under_way.address
        under_way.site = None
        if address in state.feed.kinds:
            under_way.site = Gathering(
                state,
                address,
                known=self._store.pages(state.feed.key, under_way.started),
                now=under_way.started,
                most_pages=self._most_pages,
            )
            self._go_on(under_way, under_way.site)
            return
        self._fetcher.submit(state.feed.key, poll.request(state, address, now=under_way.started))

    def _answered(self, under_way: UnderWay, outcome: Fetched | NotModified | FetchError) -> None:
        state, started = under_way.state, under_way.started
        under_way.heed(outcome)
        if under_way.site is not None:
            self._site_answered(under_way, under_way.site, outcome)
        elif isinstance(outcome, FeedError):
            self._failed(under_way, outcome)
        elif isinstance(outcome, NotModified):
            self._gathered(
                poll.not_modified(
                    state, under_way.address, outcome, started=started, named_at=under_way.named_at
                )
            )
        else:
            fetched = poll.fetched(
                state, under_way.address, outcome, started=started, named_at=under_way.named_at
            )
            if fetched.unchanged:
                self._gathered(fetched)
                return
            last = LastDocument()
            if poll.may_skim(state, now=started):
                last = self._store.last_document(state.feed.key)
            self._read_document(under_way, fetched, Document.of(state.feed, outcome, last=last))

    def _read_document(self, under_way: UnderWay, fetched: Gathered, document: Document) -> None:
        under_way.fetched, under_way.read_from = fetched, document.url
        self._bytes_waiting += _in_memory(fetched)
        feed = document.feed.key
        self._reading[feed] = self._readers.submit(document, done=lambda: self._done(feed))

    def _done(self, feed: FeedKey) -> None:
        """A document was read; called from a thread of the readers'."""
        self._read.put(feed)
        self._fetcher.wake()

    def _was_read(self, feed: FeedKey) -> None:
        under_way = self._polls[feed]
        fetched = under_way.fetched
        assert fetched is not None
        self._bytes_waiting -= _in_memory(fetched)
        reading = self._reading.pop(feed).result()
        if under_way.push is not None:
            self._push_was_read(under_way, under_way.push, fetched, reading)
        elif under_way.site is not None:
            if isinstance(reading, ParseError):
                under_way.site.failed(reading)
            else:
                under_way.site.read(reading)
            self._go_on(under_way, under_way.site)
        elif isinstance(reading, ParseError):
            self._failed(under_way, poll.redirected(reading, under_way.address, under_way.read_from))
        else:
            self._gathered(poll.read(fetched, reading))

    def _push_was_read(
        self, under_way: UnderWay, push: Push, pushed: Gathered, reading: Reading | ParseError
    ) -> None:
        if not isinstance(reading, ParseError):
            reading = poll.not_of_feed(under_way.state, push, reading) or reading
        if isinstance(reading, ParseError):
            self._gathered(poll.unreadable(pushed, reading))
        else:
            self._gathered(poll.read(pushed, reading))

    def _failed(self, under_way: UnderWay, error: FeedError) -> None:
        state = under_way.state
        found: tuple[str, ...] = ()
        if isinstance(error, NotAFeed):
            found = poll.found_in_page(state, under_way.address, error, self._store.polled_at)
        if under_way.goes_on_after(error, found):
            self._ask(under_way)
            return
        assert under_way.told is not None
        seconds = time.monotonic() - under_way.began
        failed = poll.failed(
            state, under_way.addresses[0], under_way.told, started=under_way.started, seconds=seconds
        )
        if isinstance(error, FetchError) and error.reached is False:
            if not state.failures:
                self._outage.missed(failed.feed.key.member, error, time.monotonic())
            if self._outage.possible:
                self._doubted.append(failed)
                return
        self._gathered(failed)

    def _doubt_no_more(self) -> None:
        """Count polls as failed that reached no server: another poll did, or they are few."""
        doubted, self._doubted = self._doubted, []
        for gathered in doubted:
            self._gathered(gathered)

    # ------------------------------------------------------------ gather a site that is no feed

    def _go_on(self, under_way: UnderWay, site: Gathering) -> None:
        """Ask for what a site's poll wants next, or end it."""
        while (wanted := site.next()) is not None:
            rules = self._rules(under_way, wanted.url)
            if rules is None:
                return
            if rules.allows(wanted.url):
                self._fetcher.submit(under_way.state.feed.key, site.request(wanted))
                return
            site.failed(gathering.disallowed(wanted.url))
        outcome = site.outcome()
        if isinstance(outcome, FeedError):
            self._failed(under_way, outcome)
        else:
            self._gathered(outcome)

    def _rules(self, under_way: UnderWay, url: str) -> Robots | None:
        """The rules of robots.txt for an address; None if they are fetched first, and the poll waits."""
        rules_at = robots_url(url)
        if (rules := self._robots.fresh(rules_at, self._now())) is not None:
            return rules
        if rules_at not in self._waiting:
            named_by = poll.named_by(under_way.state, url)
            self._fetcher.submit(rules_at, FetchRequest(url=rules_at, named_by=named_by))
        self._waiting.setdefault(rules_at, []).append(under_way)
        return None

    def _rules_came(self, rules_at: str, outcome: Fetched | NotModified | FetchError) -> None:
        """Take a robots.txt, or why there is none, and go on with the polls that wait for it."""
        waiting = self._waiting.pop(rules_at)
        if isinstance(outcome, Fetched):
            self._robots.keep(rules_at, Robots(outcome.body), self._now())
        elif isinstance(outcome, FetchError) and gathering.no_rules(outcome):
            self._robots.keep(rules_at, Robots(), self._now())
        else:
            self._robots.keep_on(rules_at, self._now())
        rules = self._robots.last(rules_at)
        error = outcome if rules is None and isinstance(outcome, FetchError) else None
        for under_way in waiting:
            under_way.heed_its_own(outcome)
            if under_way.gathered is None:
                self._site_may_go_on(under_way, rules, error)
            elif error is None:
                self._look_at(under_way, rules)
            else:
                self._looked_at(under_way, gathering.rules_unknown(under_way.checks[0].url, error))

    def _site_may_go_on(self, under_way: UnderWay, rules: Robots | None, error: FetchError | None) -> None:
        """Go on with a site's poll that waited for rules; with the error if they cannot be had."""
        site, held = under_way.site, under_way.held
        assert site is not None
        under_way.held = None
        url = site.current.url if held is None else held.url
        if error is not None:
            site.failed(gathering.rules_unknown(url, error))
            self._go_on(under_way, site)
        elif held is not None:
            self._site_answered(under_way, site, held)
        elif rules is not None and rules.allows(url):
            self._fetcher.submit(under_way.state.feed.key, site.request(site.current))
        else:
            site.failed(gathering.disallowed(url))
            self._go_on(under_way, site)

    def _site_answered(
        self, under_way: UnderWay, site: Gathering, outcome: Fetched | NotModified | FetchError
    ) -> None:
        """Take an answer for a site; where a redirect led elsewhere, only if robots.txt there allows it."""
        document = None
        if isinstance(outcome, FetchError):
            site.failed(outcome)
        elif (rules := self._rules(under_way, outcome.url)) is None:
            under_way.held = outcome
            return
        elif not rules.allows(outcome.url):
            site.failed(gathering.disallowed(outcome.url))
        else:
            document = site.took(outcome)
        if document is None or not isinstance(outcome, Fetched):
            self._go_on(under_way, site)
            return
        fetched = poll.fetched(under_way.state, outcome.url, outcome, started=under_way.started)
        self._read_document(under_way, fetched, Document.of(under_way.state.feed, outcome, site=document))

    # ------------------------------------------------------------ settle

    def _gathered(self, gathered: Gathered) -> None:
        under_way = self._polls[gathered.feed.key]
        if under_way.checks and gathered.outcome != "failed":
            under_way.gathered = gathered
            self._look_at(under_way)
        else:
            self._waits_to_settle(gathered)

    def _waits_to_settle(self, gathered: Gathered) -> None:
        under_way = self._polls[gathered.feed.key]
        if (asked := under_way.wait) is not None:
            gathered = poll.sparing(gathered, asked)
        if under_way.push is None:
            gathered = replace(gathered, since=under_way.state.polled)
        self._ready.append(gathered)
        self._bytes_waiting += _as_read(gathered)

    def _look_at(self, under_way: UnderWay, rules: Robots | None = None) -> None:
        """Ask for the next page of a missing entry, if robots.txt allows it; if not, note that."""
        check = under_way.checks[0]
        rules = rules or self._rules(under_way, check.url)
        if rules is None:
            return
        if rules.allows(check.url):
            request = FetchRequest(url=check.url, named_by=poll.named_by(under_way.state, check.url))
            self.ask(request, partial(self._looked_at, under_way))
        else:
            self._looked_at(under_way, gathering.disallowed(check.url))

    def _looked_at(self, under_way: UnderWay, outcome: Outcome) -> None:
        under_way.looked_at(outcome, lambda: self._store.links(under_way.state.feed.key))
        if under_way.checks:
            self._look_at(under_way)
            return
        assert under_way.gathered is not None
        self._waits_to_settle(replace(under_way.gathered, checked=tuple(under_way.checked)))

    def _settle(self, *, at_once: bool = False) -> tuple[PollResult, ...]:
        idle = len(self._ready) == len(self._polls)
        late = time.monotonic() - self._settled_at >= _TOGETHER_SECONDS
        if not self._ready or not (at_once or idle or late or len(self._ready) >= _MOST_TOGETHER):
            return ()
        ready = self._ready[: self._together()]
        decide = poll.decider(
            self._settings,
            authority=self._authority,
            owners=self._owners,
            clock=self._now,
            jitter=self._jitter,
        )
        results = self._store.settle(ready, decide)
        # Not before it took them.
        self._ready = self._ready[len(ready) :]
        for gathered in ready:
            del self._polls[gathered.feed.key]
            self._bytes_waiting -= _as_read(gathered)
        self._settled_at = time.monotonic()
        return results

    def _together(self) -> int:
        """How many of the polls that are ready to settle at once."""
        entries = 0
        for count, gathered in enumerate(self._ready[:_MOST_TOGETHER], 1):
            entries += len(gathered.entries)
            if entries >= _MOST_ENTRIES_TOGETHER:
                return count
        return _MOST_TOGETHER


def _in_memory(fetched: Gathered) -> int:
    """How much memory a document takes while it waits for its reader."""
    return 0 if fetched.size >= LARGE else fetched.size


def _as_read(gathered: Gathered) -> int:
    """How large the document was whose entries wait to be settled."""
    return gathered.size if gathered.entries else 0
