"""One feed's poll, from its state to what the store should change: the only place that knows the order.

    state ─ request ─→ fetch ─ gather ─→ Gathered ─ decide ─→ FeedUpdate ─→ store.settle
            └──────────── gather ───────────────┘   └────────── settle ──────────────┘

Gather needs no database and stops at the first proof that nothing changed:
a 304, or the same bytes. What is left is parsed, cleaned and tagged by a
Reader, which runs anywhere; settle is one writer's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from hub import normalise, stories
from hub.decide import decide
from hub.errors import FeedError, FeedGone, FetchError, NotAFeed, ParseError
from hub.fetch import Fetched, FetchRequest, NotModified
from hub.model import (
    Entry,
    Feed,
    FeedInfo,
    FeedState,
    Gathered,
    HubSettings,
    TagRule,
    Validators,
    digest,
)
from hub.store import Decide

# Where there is no feed the next address is tried; where a server is only
# unwell the first one is right, and asking others would be asking twice.
_NO_FEED_THERE = (404, 410)
_WEEK = 7 * 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document read: what the feed says of itself, its entries with their tags, and remarks."""

    info: FeedInfo
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()


class Reader:
    """Parses, cleans and tags documents. Loads what that takes when it is made."""

    def __init__(self, rules: Sequence[TagRule], timezone: str) -> None:
        from hub.tags import Tagger

        self._tagger = Tagger(rules)
        self._zone = ZoneInfo(timezone)

    def read(self, feed: Feed, url: str, body: bytes, content_type: str | None) -> Reading:
        """Read what was fetched from `url`. Raises ParseError. Takes as long as the document makes it."""
        from hub.parse import parse

        parsed = parse(body, url=url, content_type=content_type, zone=self._zone)
        entries, remarks = normalise.entries(parsed, feed, url=url)
        if not entries:
            # What is stored stays; but a feed without any news is most likely broken.
            remarks = (*remarks, "there are no entries in it")
        return Reading(
            info=normalise.info(parsed, url=url),
            entries=tuple(
                replace(entry, tags=self._tagger.tags(entry, given=feed.tags), sketch=sketch)
                for entry, sketch in zip(entries, stories.sketched(entries), strict=True)
            ),
            remarks=(*parsed.remarks, *remarks),
        )


def addresses(state: FeedState) -> tuple[str, ...]:
    """Where to look for a feed, in order: where it was last, then as feeds.yaml says."""
    listed = (state.feed.url, *state.feed.alternatives)
    last = (state.used_url,) if state.used_url in listed else ()
    return tuple(address for address in dict.fromkeys((*last, *listed)) if address)


def request(state: FeedState, address: str, *, now: datetime) -> FetchRequest:
    """The request for an address: conditional when the last document came from there.

    Once a week it is not, since a broken server answers 304 for ever,
    whatever is new; which day that is differs from feed to feed.
    """
    if address != state.used_url or _week(now, state.feed) != _week(state.succeeded or now, state.feed):
        return FetchRequest(url=address)
    return FetchRequest(
        url=address, validators=Validators(etag=state.etag, last_modified=state.last_modified)
    )


def _week(moment: datetime, feed: Feed) -> int:
    """The number of a week that begins on a day and at an hour of the feed's own."""
    return int((moment.timestamp() + int(digest(str(feed.key)), 16) % _WEEK) // _WEEK)


def tries_next(error: FeedError) -> bool:
    """Whether an error says that there is no feed at an address, so that the next one is worth asking."""
    if isinstance(error, FetchError):
        return error.status in _NO_FEED_THERE
    return isinstance(error, (NotAFeed, ParseError))


def not_modified(state: FeedState, address: str, answer: NotModified, *, started: datetime) -> Gathered:
    """A poll that ended with a 304."""
    return Gathered(
        feed=state.feed,
        outcome="not_modified",
        started=started,
        seconds=answer.seconds,
        url=address,
        status=304,
        validators=answer.validators,
    )


def fetched(state: FeedState, address: str, answer: Fetched, *, started: datetime) -> Gathered:
    """A poll that brought a document, not read yet; `unchanged` if it is the last one byte for byte."""
    body_digest = _digest(answer.body)
    return Gathered(
        feed=state.feed,
        outcome="fetched",
        started=started,
        seconds=answer.seconds,
        url=address,
        status=answer.status,
        size=len(answer.body),
        unchanged=address == state.used_url and body_digest == state.body_digest,
        validators=answer.validators,
        body_digest=body_digest,
        remarks=answer.remarks,
    )


def read(fetched: Gathered, reading: Reading) -> Gathered:
    """A poll whose document was read."""
    return replace(
        fetched,
        info=reading.info,
        entries=reading.entries,
        remarks=(*fetched.remarks, *reading.remarks),
    )


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
    return Gathered(
        feed=state.feed,
        outcome="failed",
        started=started,
        seconds=seconds,
        url=address,
        status=fetch.status if fetch else None,
        error=error.problem,
        remedy=error.remedy,
        reason=error.reason,
        retry_after=timedelta(seconds=fetch.retry_after) if fetch and fetch.retry_after else None,
        for_host=fetch.for_host if fetch else False,
        gone=isinstance(error, FeedGone),
    )


def decider(settings: HubSettings, *, authority: str, now: datetime) -> Decide:
    """The second half of a poll, for `Store.settle`."""
    return partial(decide, now=now, settings=settings, authority=authority)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()
