"""One feed's poll, from its state to what the store should change: the order of it, in pure functions.

    state ─ request ─→ fetch ─→ Reader ─→ Gathered ─ decide ─→ FeedUpdate ─→ store.settle
            └────────────── gather ──────────────┘   └───────────── settle ─────────────┘

Gather needs no database, and stops at the first proof that nothing has changed: a 304,
or the same bytes. Any other document is read by a Reader (`hub.reader`), in any process.
Settle belongs to one writer. `hub.polling.polls` has many polls under way at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
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
"""By how much the next poll of a feed is put off, from 0 to 1, so that polls do not stay in step."""

# Statuses that say that there is no feed, so that the next address is tried. Where a
# server is only unwell, the address is right, and asking another would be asking twice.
_NO_FEED_THERE = (404, 410)
_DAY = 24 * 60 * 60
_WEEK = 7 * _DAY
_MOST_ADVERTISED = 3


def addresses(state: FeedState, *, now: datetime) -> tuple[str, ...]:
    """Where to look for a feed, in order: where it was last, then at the addresses of feeds.yaml.

    Where it was last may be an address that a page at one of those names. If it was last
    at one under `else`, the file's order is tried once a day: an address before it may be
    a feed again.
    """
    listed = (state.feed.url, *state.feed.alternatives)
    if state.used_url in state.feed.alternatives and _is_first_in(_DAY, state, now):
        return listed
    last = (state.used_url,) if state.used_url in listed or state.named_at in listed else ()
    return tuple(address for address in dict.fromkeys((*last, *listed)) if address)


def found_in_page(
    state: FeedState,
    address: str,
    error: NotAFeed,
    polled_at: Callable[[], Mapping[FeedKey, Sequence[str]]],
) -> tuple[str, ...]:
    """The first feeds that the page at an address of feeds.yaml advertises, to be tried.

    Those at which another feed is polled already, of all that there are, are left out.
    """
    advertised = [url for url in error.advertised if url != address]
    if not advertised or address not in (state.feed.url, *state.feed.alternatives):
        return ()
    # Of thousands of feeds hardly any are at these hosts, and to compare links takes longer than hosts.
    hosts = set(map(urls.bare_host, advertised))
    polled = {
        urls.canonical(url)
        for feed, addresses in polled_at().items()
        if feed != state.feed.key
        for url in addresses
        if urls.bare_host(url) in hosts
    }
    return tuple(url for url in advertised if urls.canonical(url) not in polled)[:_MOST_ADVERTISED]


def named_by(state: FeedState, address: str) -> str | None:
    """The address of feeds.yaml whose document names this one; None where feeds.yaml has its host."""
    listed = (state.feed.url, *state.feed.alternatives)
    if address in listed or urls.host(address) in {urls.host(url) for url in listed}:
        return None
    return state.named_at or state.feed.url


def request(state: FeedState, address: str, *, now: datetime) -> FetchRequest:
    """The request for an address: conditional if the last document came from there.

    Once a week it is not, since a broken server may answer 304 for ever. On which day
    differs from feed to feed.
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
    """Whether this is the one poll of the week that does not believe a server that nothing has changed."""
    return _is_first_in(_WEEK, state, now)


def may_skim(state: FeedState, *, now: datetime) -> bool:
    """Whether entries that are as they were need not be read as new ones are.

    Once a week all are, and where the last document has to be read again.
    """
    if state.succeeded is None or state.body_digest is None:
        return False
    return state.identified_by == "id" and not is_thorough(state, now=now)


def _is_first_in(length: int, state: FeedState, now: datetime) -> bool:
    """Whether a feed was not read yet in this day or week of its own (`length`, in seconds)."""
    offset = int(digest(str(state.feed.key)), 16) % length
    last = state.succeeded or now
    return (now.timestamp() + offset) // length != (last.timestamp() + offset) // length


def tries_next(error: FeedError) -> bool:
    """Whether an error says that there is no feed at an address, so that the next one is worth asking."""
    if isinstance(error, FetchError):
        return error.status in _NO_FEED_THERE or error.reason == "robots"
    return isinstance(error, (NotAFeed, ParseError))


def not_modified(
    state: FeedState, address: str, answer: NotModified, *, started: datetime, named_at: str | None = None
) -> Gathered:
    """What a poll that ended with a 304 gathered. `named_at`: the page that names the address."""
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
    """What a poll gathered by a document that is not read yet; `unchanged` if it is the last, byte for byte.

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
    """What a poll gathered by a push that is not read yet."""
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
    """The error of a push whose document is another feed's; None where it is this feed's."""
    if offers.is_of(reading.offer, state, push.topic):
        return None
    return ParseError(
        f"The hub that pushes {push.topic} sent the document of another feed, {reading.offer.itself}.",
        "Nothing of it was taken. If this lasts, tell the member's web team.",
        reason="not-its-feed",
    )


def read(fetched: Gathered, reading: Reading) -> Gathered:
    """What a poll gathered, with its document read."""
    return replace(
        fetched,
        # By the validators of half a document, the whole of it would be unchanged.
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
    """What a poll gathered by a push that could not be read."""
    return replace(pushed, outcome="failed", error=error.problem, remedy=error.remedy, reason=error.reason)


def redirected(error: ParseError, address: str, url: str) -> ParseError:
    """The error of a document at `url`; it says so if another `address` was asked, which redirects there."""
    if url != address and address not in error.problem:
        error.problem += f" {address} redirects there."
    return error


def failed(
    state: FeedState, address: str, error: FeedError, *, started: datetime, seconds: float = 0.0
) -> Gathered:
    """What a poll that failed gathered. What is stored stays."""
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
    """What a poll gathered, in the course of which a server `asked` to be left alone."""
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
    """The function that decides on polls, for one `Store.settle`; `jitter` spreads the polls to come.

    `clock` is asked once, as the first poll is settled, and not before: settling may have
    to wait for the store.
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
    """The digest of a document, by which it is the same as the last."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()
