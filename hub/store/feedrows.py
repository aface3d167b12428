"""How feeds are written as rows, with what is remembered of each, and read back."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from msgspec.structs import asdict

from hub.model import (
    Feed,
    FeedInfo,
    FeedKey,
    FeedState,
    Habits,
    HtmlList,
    Identity,
    InWindow,
    Listing,
    Move,
    Offer,
    PageCheck,
    SiteKind,
    Sitemap,
    Subscription,
    Window,
    Wishes,
    WordPress,
)
from hub.store.rows import Row, as_json, from_json, maybe_moment, maybe_stamp, moment, stamp

_NO_WISHES = Wishes()
# Before every date there is.
_NO_DATE = -(2**62)
_KINDS: dict[str, type[SiteKind]] = {each.name: each for each in (WordPress, Sitemap, HtmlList)}


def _site_kind(name: str, settings: dict[str, Any]) -> SiteKind:
    made: Any = _KINDS[name]
    kind: SiteKind = made(**{key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()})
    return kind


def feed_row(feed: Feed, position: int) -> dict[str, Any]:
    return {
        "member": feed.key.member,
        "name": feed.key.name,
        "position": position,
        "configured": 1,
        "url": feed.url,
        "alternatives": as_json(feed.alternatives),
        "kinds": as_json({url: [kind.name, asdict(kind)] for url, kind in feed.kinds.items()}),
        "tags": as_json(feed.tags),
        "identify_by": feed.identify_by,
        "every_min": feed.every_min.total_seconds(),
        "every_max": feed.every_max.total_seconds(),
        "most_entries": feed.most_entries,
        "most_bytes": feed.most_bytes,
        "trust": feed.trust,
        "paused": int(feed.paused),
    }


def state_row(state: FeedState, before: FeedState) -> dict[str, Any]:
    """The columns of `feeds` by which a feed's state differs from the one before."""
    row: dict[str, Any] = {}
    for field, written in _WRITTEN.items():
        value = getattr(state, field)
        if value != getattr(before, field):
            row[field] = written(value)
    for field, in_several in _IN_SEVERAL.items():
        value = getattr(state, field)
        if value != getattr(before, field):
            row |= in_several(value)
    return row


def _info_row(info: FeedInfo) -> dict[str, Any]:
    return {
        "info_title": info.title,
        "info_id": info.id,
        "info_link": info.link,
        "info_updated": maybe_stamp(info.updated),
        "info_rights": info.rights,
        "info_language": info.language,
    }


def _identity_row(identity: Identity) -> dict[str, Any]:
    return {
        "identity_by": identity.by,
        "identity_why": identity.why,
        "identity_since": maybe_stamp(identity.since),
        "identity_strayed": identity.strayed,
    }


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {
        "push_hub": offer.hub,
        "push_topic": offer.topic,
        "push_itself": offer.itself,
        "push_public": int(offer.public),
    }


def feed_state(row: Row, host_not_before: datetime | None = None) -> FeedState:
    feed = Feed(
        key=FeedKey(row["member"], row["name"]),
        url=row["url"],
        alternatives=tuple(from_json(row["alternatives"])),
        tags=tuple(from_json(row["tags"])),
        kinds={url: _site_kind(*written) for url, written in from_json(row["kinds"]).items()},
        identify_by=row["identify_by"],
        every_min=timedelta(seconds=row["every_min"]),
        every_max=timedelta(seconds=row["every_max"]),
        most_entries=row["most_entries"],
        most_bytes=row["most_bytes"],
        trust=row["trust"],
        paused=bool(row["paused"]),
    )
    waits = [wait for wait in (maybe_moment(row["not_before"]), host_not_before) if wait is not None]
    return FeedState(
        feed=feed,
        used_url=row["used_url"],
        named_at=row["named_at"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        validated_at=row["validated_at"],
        body_digest=row["body_digest"],
        polled=maybe_moment(row["polled"]),
        succeeded=maybe_moment(row["succeeded"]),
        next_poll=maybe_moment(row["next_poll"]),
        next_poll_why=row["next_poll_why"],
        not_before=max(waits, default=None),
        gone=maybe_moment(row["gone"]),
        failures=row["failures"],
        failing_since=maybe_moment(row["failing_since"]),
        reason_since=maybe_moment(row["reason_since"]),
        error=row["error"],
        remedy=row["remedy"],
        reason=row["reason"],
        remarks=tuple(from_json(row["remarks"])),
        reshares=row["reshares"],
        info=FeedInfo(
            title=row["info_title"],
            id=row["info_id"],
            link=row["info_link"],
            updated=maybe_moment(row["info_updated"]),
            rights=row["info_rights"],
            language=row["info_language"],
        ),
        listings=tuple(Listing(**listing) for listing in from_json(row["listings"])),
        wishes=_wishes(row["wishes"]),
        recent=tuple(map(moment, from_json(row["recent"]))),
        identity=Identity(
            by=row["identity_by"],
            why=row["identity_why"],
            since=maybe_moment(row["identity_since"]),
            strayed=row["identity_strayed"],
        ),
        move=_move(row["move"]),
        offer=offer(row),
        pushed_until=maybe_moment(row["pushed_until"]),
    )


def _wishes_text(wishes: Wishes) -> str:
    if wishes == _NO_WISHES:
        return "{}"
    return as_json(
        {
            "ttl": wishes.ttl and wishes.ttl.total_seconds(),
            "every": wishes.every and wishes.every.total_seconds(),
            "base": maybe_stamp(wishes.base),
            "skip_hours": sorted(wishes.skip_hours),
            "skip_days": sorted(wishes.skip_days),
        }
    )


def _wishes(written: str) -> Wishes:
    if written == "{}":
        return _NO_WISHES
    said = from_json(written)
    return Wishes(
        ttl=timedelta(seconds=said["ttl"]) if said["ttl"] else None,
        every=timedelta(seconds=said["every"]) if said["every"] else None,
        base=maybe_moment(said["base"]),
        skip_hours=frozenset(said["skip_hours"]),
        skip_days=frozenset(said["skip_days"]),
    )


def _move_text(move: Move | None) -> str | None:
    return None if move is None else as_json({**asdict(move), "since": stamp(move.since)})


def _move(written: str | None) -> Move | None:
    if written is None:
        return None
    fields = from_json(written)
    return Move(**{**fields, "since": moment(fields["since"])})


# How what a poll may change is written: as it is, as a moment, or as said here, each in a column of its
# name; or in several columns.
_AS_IT_IS = (
    *("used_url", "named_at", "etag", "last_modified", "validated_at", "body_digest", "next_poll_why"),
    *("failures", "error", "remedy", "reason", "reshares"),
)
_MOMENTS = (
    *("polled", "succeeded", "next_poll", "not_before", "gone", "failing_since", "reason_since"),
    "pushed_until",
)
_WRITTEN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_AS_IT_IS, lambda value: value),
    **dict.fromkeys(_MOMENTS, maybe_stamp),
    "remarks": as_json,
    "listings": lambda listings: as_json([asdict(listing) for listing in listings]),
    "wishes": _wishes_text,
    "recent": lambda recent: as_json([stamp(date) for date in recent]),
    "move": _move_text,
}
_IN_SEVERAL: dict[str, Callable[[Any], dict[str, Any]]] = {
    "info": _info_row,
    "identity": _identity_row,
    "offer": _offer_row,
}


# ---------------------------------------------------------------- where its news is pushed from


def offer(row: Row) -> Offer:
    return Offer(
        hub=row["push_hub"],
        topic=row["push_topic"],
        itself=row["push_itself"],
        public=bool(row["push_public"]),
    )


def subscription(row: Row, host_not_before: datetime | None = None) -> Subscription:
    due = moment(row["due"])
    return Subscription(
        number=row["id"],
        feed=FeedKey(row["member"], row["name"]) if row["feed"] is not None else None,
        hub=row["hub"],
        topic=row["topic"],
        public=bool(row["public"]),
        callback=row["callback"],
        token=row["token"],
        secret=row["secret"],
        due=max(due, host_not_before) if host_not_before else due,
        tries=row["tries"],
        verified=maybe_moment(row["verified"]),
        expires=maybe_moment(row["expires"]),
        denied=maybe_moment(row["denied"]),
        leaving=bool(row["leaving"]),
        error=row["error"],
        taken=row["taken"],
        refused=row["refused"],
        last_push=maybe_moment(row["last_push"]),
    )


def subscription_row(subscription: Subscription) -> dict[str, Any]:
    """The columns of `subscriptions` that change while there is one, but for its counts."""
    return {
        "due": stamp(subscription.due),
        "tries": subscription.tries,
        "verified": maybe_stamp(subscription.verified),
        "expires": maybe_stamp(subscription.expires),
        "denied": maybe_stamp(subscription.denied),
        "leaving": int(subscription.leaving),
        "error": subscription.error,
    }


# ---------------------------------------------------------------- what its entries have been like


def window(packed: bytes) -> Window:
    """The entries of a document, their dates to the second."""
    if not packed:
        return ()
    numbers = iter(array("q", packed))
    return tuple(
        InWindow(key, None if date == _NO_DATE else datetime.fromtimestamp(date, UTC), rest, written)
        for key, date, rest, written in zip(numbers, numbers, numbers, numbers, strict=True)
    )


def window_bytes(window: Window) -> bytes:
    numbers = (
        (key, _NO_DATE if date is None else int(date.timestamp()), rest, written)
        for key, date, rest, written in window
    )
    return array("q", chain.from_iterable(numbers)).tobytes()


def check_row(check: PageCheck) -> dict[str, Any]:
    return {
        "key": check.key,
        "due": stamp(check.due),
        "gone_since": maybe_stamp(check.gone_since),
        "tries": check.tries,
    }


def habits(row: Row) -> Habits:
    return Habits(
        entries=row["entries"],
        sites=from_json(row["sites"]),
        scripts=frozenset(row["scripts"].split()),
        words=row["words"],
        last=row["last"],
        days=row["days"],
        latest=row["latest"],
    )


def habits_row(habits: Habits) -> dict[str, Any]:
    return {
        "entries": habits.entries,
        "sites": as_json(dict(habits.sites)),
        "scripts": " ".join(sorted(habits.scripts)),
        "words": habits.words,
        "last": habits.last,
        "days": habits.days,
        "latest": habits.latest,
    }
