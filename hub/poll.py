"""One feed's poll, from its state to what the store should change: the only place that knows the order.

    state ─ request ─→ fetch ─ gather ─→ Gathered ─ decide ─→ FeedUpdate ─→ store.settle
            └──────────── gather ───────────────┘   └────────── settle ──────────────┘

Gather needs no database and stops at the first proof that nothing changed:
a 304, or the same bytes. What is left is parsed, cleaned and tagged by a
Reader, which runs anywhere; settle is one writer's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from hub import urls
from hub.decide import decide
from hub.errors import FeedError, FeedGone, FetchError, NotAFeed, ParseError
from hub.fetch import Fetched, FetchRequest, NotModified
from hub.model import (
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    HubSettings,
    Known,
    Push,
    Validators,
    digest,
)
from hub.reader import Reading
from hub.store import Decide
from hub.websub import offers

Jitter = Callable[[FeedKey], float]
"""By how much a feed's next poll is put off, from 0 to 1: chance, or in tests the feed's own number."""

# Where there is no feed the next address is tried; where a server is only
# unwell the first one is right, and asking others would be asking twice.
_NO_FEED_THERE = (404, 410)
_DAY = 24 * 60 * 60
_WEEK = 7 * _DAY
_MOST_ADVERTISED = 3


def addresses(state: FeedState, *, now: datetime) -> tuple[str, ...]:
    """Where to look for a feed, in order: where it was last, then as feeds.yaml says.

    Where it was last may be an address that the page at one of those names.
    Where that is under `else`, the file's order holds once a day, since what
    was no feed before it may be one again.
    """
    listed = (state.feed.url, *state.feed.alternatives)
    if state.used_url in state.feed.alternatives and _is_first_in(_DAY, state, now):
        return listed
    last = (state.used_url,) if state.used_url in listed or state.named_at in listed else ()
    return tuple(address for address in dict.fromkeys((*last, *listed)) if address)


def found_in_page(
    state: FeedState, address: str, error: NotAFeed, others: Iterable[FeedState]
) -> tuple[str, ...]:
    """The feeds to try that the page at an address of feeds.yaml advertises, a few of them, in its order.

    What is one of the `others` is polled already.
    """
    if address not in (state.feed.url, *state.feed.alternatives):
        return ()
    polled = {
        urls.canonical(each)
        for other in others
        if other.feed.key != state.feed.key
        for each in (other.feed.url, *other.feed.alternatives, other.used_url)
        if each
    }
    advertised = [each for each in error.advertised if each != address]
    return tuple(each for each in advertised if urls.canonical(each) not in polled)[:_MOST_ADVERTISED]


def named_by(state: FeedState, address: str) -> str | None:
    """The address of feeds.yaml whose document names this one; None where the file names its host too."""
    listed = (state.feed.url, *state.feed.alternatives)
    if address in listed or urls.host(address) in {urls.host(each) for each in listed}:
        return None
    return state.named_at or state.feed.url


def request(state: FeedState, address: str, *, now: datetime) -> FetchRequest:
    """The request for an address: conditional when the last document came from there.

    Once a week it is not, since a broken server answers 304 for ever,
    whatever is new; which day that is differs from feed to feed.
    """
    validators = Validators()
    if address == state.used_url and not is_thorough(state, now=now):
        validators = Validators(etag=state.etag, last_modified=state.last_modified, url=state.validated_at)
    return FetchRequest(
        url=address,
        validators=validators,
        named_by=named_by(state, address),
        most_bytes=state.feed.most_bytes,
        in_part=True,
    )


def is_thorough(state: FeedState, *, now: datetime) -> bool:
    """Whether it is the poll of the week that takes no server's word for what has not changed."""
    return _is_first_in(_WEEK, state, now)


def may_skim(state: FeedState, *, now: datetime) -> bool:
    """Whether what is known of a feed's entries need not be read as new ones are.

    It is once a week, and where its last document is to be read again.
    """
    if state.succeeded is None or state.body_digest is None:
        return False
    return state.identified_by == "id" and not is_thorough(state, now=now)


def _is_first_in(length: int, state: FeedState, now: datetime) -> bool:
    """Whether a feed has not been had yet in a day, or week, that begins at a moment of the feed's own."""
    own = int(digest(str(state.feed.key)), 16) % length
    had = state.succeeded or now
    return (now.timestamp() + own) // length != (had.timestamp() + own) // length


def tries_next(error: FeedError) -> bool:
    """Whether an error says that no feed can be had at an address, so that the next one is worth asking."""
    if isinstance(error, FetchError):
        return error.status in _NO_FEED_THERE or error.reason == "robots"
    return isinstance(error, (NotAFeed, ParseError))


def not_modified(
    state: FeedState, address: str, answer: NotModified, *, started: datetime, named_at: str | None = None
) -> Gathered:
    """A poll that ended with a 304. `named_at` is the page that names the address, if feeds.yaml does not."""
    return Gathered(
        feed=state.feed,
        outcome="not_modified",
        started=started,
        seconds=answer.seconds,
        url=address,
        named_at=named_at,
        moved_to=answer.url if answer.permanent else None,
        status=304,
        validators=answer.validators,
        fresh_for=answer.fresh_for,
    )


def fetched(
    state: FeedState, address: str, answer: Fetched, *, started: datetime, named_at: str | None = None
) -> Gathered:
    """A poll that brought a document, not read yet; `unchanged` if it is the last one byte for byte.

    `named_at` is as in `not_modified`.
    """
    body_digest = digest_of(answer.body)
    return Gathered(
        feed=state.feed,
        outcome="fetched",
        started=started,
        seconds=answer.seconds,
        url=address,
        named_at=named_at,
        moved_to=answer.url if answer.permanent else None,
        status=answer.status,
        size=len(answer.body),
        unchanged=address == state.used_url and body_digest == state.body_digest,
        validators=answer.validators,
        fresh_for=answer.fresh_for,
        body_digest=body_digest,
        remarks=answer.remarks,
        offer=offers.in_header(answer.headers.get("link"), url=answer.url, public=answer.public),
    )


def pushed(state: FeedState, push: Push, *, started: datetime) -> Gathered:
    """A poll that a push brought a document to, not read yet."""
    return Gathered(
        feed=state.feed,
        outcome="fetched",
        started=started,
        url=state.used_url or state.feed.url,
        size=len(push.body),
        push=push.number,
        pushed_until=push.until,
    )


def not_of_feed(state: FeedState, push: Push, reading: Reading) -> ParseError | None:
    """The error of a push whose document is another feed's, if it is."""
    if offers.is_of(reading.offer, state, push.topic):
        return None
    return ParseError(
        f"The hub that pushes {push.topic} sent the document of another feed, {reading.offer.itself}.",
        "Nothing of it was taken. If this lasts, tell the member's web team.",
        reason="not-its-feed",
    )


def read(fetched: Gathered, reading: Reading) -> Gathered:
    """A poll whose document was read."""
    return replace(
        fetched,
        # What names a document by its first half would be told that nothing has changed.
        validators=fetched.validators if reading.ended else Validators(),
        info=reading.info,
        wishes=reading.wishes,
        entries=reading.entries,
        as_known=reading.unchanged,
        tombstones=reading.tombstones,
        remarks=(*fetched.remarks, *reading.remarks),
        offer=offers.joined(fetched.offer, reading.offer),
    )


def unreadable(pushed: Gathered, error: ParseError) -> Gathered:
    """A poll whose push could not be read."""
    return replace(pushed, outcome="failed", error=error.problem, remedy=error.remedy, reason=error.reason)


def redirected(error: ParseError, address: str, url: str) -> ParseError:
    """The error of a document at `url`, saying so when it is not the address that was asked."""
    if url != address and address not in error.problem:
        error.problem += f" {address} redirects there."
    return error


def failed(
    state: FeedState, address: str, error: FeedError, *, started: datetime, seconds: float = 0.0
) -> Gathered:
    """A poll that failed. What is stored stays."""
    fetch = error if isinstance(error, FetchError) else None
    gathered = Gathered(
        feed=state.feed,
        outcome="failed",
        started=started,
        seconds=seconds,
        url=address,
        status=fetch.status if fetch else None,
        error=error.problem,
        remedy=error.remedy,
        reason=error.reason,
        gone=isinstance(error, FeedGone),
    )
    return sparing(gathered, fetch) if fetch else gathered


def sparing(gathered: Gathered, asked: FetchError) -> Gathered:
    """A poll in the course of which a server asked to be left alone."""
    return replace(
        gathered,
        retry_after=timedelta(seconds=asked.retry_after) if asked.retry_after else None,
        spared=asked.host if asked.for_host else None,
    )


def decider(
    settings: HubSettings,
    *,
    authority: str,
    owners: urls.Owners,
    clock: Callable[[], datetime],
    jitter: Jitter = lambda _: 0.0,
) -> Decide:
    """The second half of a poll, for one `Store.settle`. `jitter` spreads the polls to come.

    `clock` is asked once, when the first poll is settled: who waits for the
    store decides later than who had it before.
    """
    now: datetime | None = None

    def decided(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        nonlocal now
        now = now or clock()
        return decide(
            gathered,
            state,
            known,
            now=now,
            settings=settings,
            authority=authority,
            owners=owners,
            jitter=jitter(gathered.feed.key),
        )

    return decided


def digest_of(body: bytes) -> str:
    """What documents are compared by."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()
