"""Rows to values and back. Datetimes are stored as text that sorts as they do."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, Protocol

from hub.model import (
    Candidate,
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    Feed,
    FeedInfo,
    FeedKey,
    FeedState,
    Habits,
    HtmlList,
    Identity,
    KnownEntry,
    Listing,
    Member,
    Move,
    Offer,
    Overruling,
    PageCheck,
    Person,
    RelinkedEntry,
    Rulings,
    SiteKind,
    Sitemap,
    Sketch,
    Source,
    StoredEntry,
    Subscription,
    Tag,
    Window,
    Wishes,
    WordPress,
)

_NO_WISHES = Wishes()
# Before every date there is.
_NO_DATE = -(2**62)


class Row(Protocol):
    """A row of any database, by column."""

    def __getitem__(self, column: str, /) -> Any: ...


def stamp(moment: datetime) -> str:
    """`2026-01-31T09:00:00.000000Z`: of one width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped)


def _stamp(value: datetime | None) -> str | None:
    return None if value is None else stamp(value)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else moment(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ---------------------------------------------------------------- members and feeds


def member_row(member: Member, position: int) -> dict[str, Any]:
    columns = asdict(member)
    # They are in the keys of entries, and in `state`.
    del columns["former_hosts"]
    return {**columns, "position": position, "configured": 1}


def member(row: Row) -> Member:
    return Member(
        slug=row["slug"],
        name=row["name"],
        type=row["type"],
        region=row["region"],
        homepage=row["homepage"],
        republish=row["republish"],
    )


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
        "alternatives": _json(feed.alternatives),
        "kinds": _json({url: [kind.name, asdict(kind)] for url, kind in feed.kinds.items()}),
        "tags": _json(feed.tags),
        "identify_by": feed.identify_by,
        "every_min": feed.every_min.total_seconds(),
        "every_max": feed.every_max.total_seconds(),
        "most_entries": feed.most_entries,
        "most_bytes": feed.most_bytes,
        "trust": feed.trust,
    }


def state_row(state: FeedState) -> dict[str, Any]:
    """The columns of `feeds` that a poll may change."""
    return {
        "used_url": state.used_url,
        "named_at": state.named_at,
        "etag": state.etag,
        "last_modified": state.last_modified,
        "body_digest": state.body_digest,
        "polled": _stamp(state.polled),
        "succeeded": _stamp(state.succeeded),
        "next_poll": _stamp(state.next_poll),
        "next_poll_why": state.next_poll_why,
        "not_before": _stamp(state.not_before),
        "gone": _stamp(state.gone),
        "failures": state.failures,
        "failing_since": _stamp(state.failing_since),
        "error": state.error,
        "remedy": state.remedy,
        "reason": state.reason,
        "remarks": _json(state.remarks),
        "reshares": state.reshares,
        "info_title": state.info.title,
        "info_id": state.info.id,
        "info_link": state.info.link,
        "info_updated": _stamp(state.info.updated),
        "info_rights": state.info.rights,
        "info_language": state.info.language,
        "listings": _json([asdict(listing) for listing in state.listings]),
        "wishes": _wishes_text(state.wishes),
        "recent": _json([stamp(date) for date in state.recent]),
        "identity_by": state.identity.by,
        "identity_why": state.identity.why,
        "identity_since": _stamp(state.identity.since),
        "identity_strayed": state.identity.strayed,
        "move": None
        if state.move is None
        else _json({**asdict(state.move), "since": stamp(state.move.since)}),
        "push_hub": state.offer.hub,
        "push_topic": state.offer.topic,
        "push_itself": state.offer.itself,
        "push_public": int(state.offer.public),
        "pushed_until": _stamp(state.pushed_until),
    }


def feed_state(row: Row, host_not_before: datetime | None = None) -> FeedState:
    feed = Feed(
        key=FeedKey(row["member"], row["name"]),
        url=row["url"],
        alternatives=tuple(json.loads(row["alternatives"])),
        tags=tuple(json.loads(row["tags"])),
        kinds={url: _site_kind(*written) for url, written in json.loads(row["kinds"]).items()},
        identify_by=row["identify_by"],
        every_min=timedelta(seconds=row["every_min"]),
        every_max=timedelta(seconds=row["every_max"]),
        most_entries=row["most_entries"],
        most_bytes=row["most_bytes"],
        trust=row["trust"],
    )
    waits = [wait for wait in (_moment(row["not_before"]), host_not_before) if wait is not None]
    return FeedState(
        feed=feed,
        used_url=row["used_url"],
        named_at=row["named_at"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_digest=row["body_digest"],
        polled=_moment(row["polled"]),
        succeeded=_moment(row["succeeded"]),
        next_poll=_moment(row["next_poll"]),
        next_poll_why=row["next_poll_why"],
        not_before=max(waits, default=None),
        gone=_moment(row["gone"]),
        failures=row["failures"],
        failing_since=_moment(row["failing_since"]),
        error=row["error"],
        remedy=row["remedy"],
        reason=row["reason"],
        remarks=tuple(json.loads(row["remarks"])),
        reshares=row["reshares"],
        info=FeedInfo(
            title=row["info_title"],
            id=row["info_id"],
            link=row["info_link"],
            updated=_moment(row["info_updated"]),
            rights=row["info_rights"],
            language=row["info_language"],
        ),
        listings=tuple(Listing(**listing) for listing in json.loads(row["listings"])),
        wishes=_wishes(row["wishes"]),
        recent=tuple(moment(date) for date in json.loads(row["recent"])),
        identity=Identity(
            by=row["identity_by"],
            why=row["identity_why"],
            since=_moment(row["identity_since"]),
            strayed=row["identity_strayed"],
        ),
        move=_move(row["move"]),
        offer=offer(row),
        pushed_until=_moment(row["pushed_until"]),
    )


def _wishes_text(wishes: Wishes) -> str:
    if wishes == _NO_WISHES:
        return "{}"
    return _json(
        {
            "ttl": wishes.ttl and wishes.ttl.total_seconds(),
            "every": wishes.every and wishes.every.total_seconds(),
            "base": _stamp(wishes.base),
            "skip_hours": sorted(wishes.skip_hours),
            "skip_days": sorted(wishes.skip_days),
        }
    )


def _wishes(written: str) -> Wishes:
    if written == "{}":
        return _NO_WISHES
    said = json.loads(written)
    return Wishes(
        ttl=timedelta(seconds=said["ttl"]) if said["ttl"] else None,
        every=timedelta(seconds=said["every"]) if said["every"] else None,
        base=_moment(said["base"]),
        skip_hours=frozenset(said["skip_hours"]),
        skip_days=frozenset(said["skip_days"]),
    )


def _move(written: str | None) -> Move | None:
    if written is None:
        return None
    fields = json.loads(written)
    return Move(**{**fields, "since": moment(fields["since"])})


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
        verified=_moment(row["verified"]),
        expires=_moment(row["expires"]),
        denied=_moment(row["denied"]),
        leaving=bool(row["leaving"]),
        error=row["error"],
        taken=row["taken"],
        refused=row["refused"],
        last_push=_moment(row["last_push"]),
    )


def subscription_row(subscription: Subscription) -> dict[str, Any]:
    """The columns of `subscriptions` that change while there is one, but for its counts."""
    return {
        "due": stamp(subscription.due),
        "tries": subscription.tries,
        "verified": _stamp(subscription.verified),
        "expires": _stamp(subscription.expires),
        "denied": _stamp(subscription.denied),
        "leaving": int(subscription.leaving),
        "error": subscription.error,
    }


# ---------------------------------------------------------------- entries


def entry_row(entry: Entry) -> dict[str, Any]:
    """The columns of `entries` that hold what the publisher wrote."""
    source = None
    if entry.source is not None:
        source = {**asdict(entry.source), "updated": _stamp(entry.source.updated)}
    return {
        "id": entry.id,
        "id_key": entry.keys.id,
        "loose_id_key": entry.keys.loose_id,
        "link_key": entry.keys.link,
        "title_key": entry.keys.title,
        "fingerprint": entry.fingerprint,
        "title": entry.title,
        "link": entry.link,
        "canonical_link": entry.canonical_link,
        "published": _stamp(entry.published),
        "updated": _stamp(entry.updated),
        "summary": entry.summary,
        "content": entry.content,
        "text": entry.text,
        "excerpt": entry.excerpt,
        "language": entry.language,
        "direction": entry.direction,
        "image": entry.image,
        "rights": entry.rights,
        "event_date": entry.event_date.isoformat() if entry.event_date else None,
        "details": _json(
            {
                "authors": [[person.name, person.email, person.uri] for person in entry.authors],
                "categories": [[c.term, c.scheme, c.label] for c in entry.categories],
                "enclosures": [[e.url, e.type, e.length, e.title] for e in entry.enclosures],
                "source": source,
            }
        ),
    }


def relinked_row(relinked: RelinkedEntry) -> dict[str, Any]:
    return {
        "key": relinked.key,
        "id": relinked.id,
        "link": relinked.link,
        "canonical_link": relinked.canonical_link,
        "id_key": relinked.keys.id,
        "loose_id_key": relinked.keys.loose_id,
        "link_key": relinked.keys.link,
        "title_key": relinked.keys.title,
        "fingerprint": relinked.fingerprint,
    }


def entry_keys(row: Row) -> EntryKeys:
    return EntryKeys(
        id=row["id_key"], loose_id=row["loose_id_key"], link=row["link_key"], title=row["title_key"]
    )


def known_entry(row: Row) -> KnownEntry:
    """An entry without its text, which is read where it has to be compared."""
    past = row["past_fingerprints"]
    return KnownEntry(
        key=row["key"],
        feed=FeedKey(row["member"], row["feed_name"]),
        story=row["story"],
        id=row["id"],
        keys=entry_keys(row),
        title=row["title"],
        link=row["link"],
        canonical_link=row["canonical_link"],
        published=_moment(row["published"]),
        text="",
        fingerprint=row["fingerprint"],
        past_fingerprints=() if past == "[]" else tuple(json.loads(past)),
        atom_id=row["atom_id"],
        standing=row["standing"] or "published",
    )


def sketch_row(sketch: Sketch) -> dict[str, Any]:
    return {
        "words": sketch.words,
        "numbers": array("I", sketch.numbers).tobytes(),
        "credits": array("I", sketch.credits).tobytes(),
        "wordless": int(sketch.wordless),
    }


def candidate(row: tuple[Any, ...]) -> Candidate:
    """A row of `statements.CANDIDATES`: plain, since there are many."""
    key, member, feed, story, lead, id, link, link_key, title, date, first_seen, *sketched = row
    words, links, wordless, samples = sketched
    return Candidate(
        key=key,
        feed=FeedKey(member, feed),
        story=story,
        lead=bool(lead),
        id=id,
        link=link,
        link_key=link_key,
        title=title,
        date=moment(date),
        first_seen=moment(first_seen),
        # An entry older than what is compared by has no words here, and is no copy by them.
        words=words or b"",
        wordless=bool(wordless),
        credits=numbers(links) if links else (),
        samples=samples or 0,
    )


def sketch(row: Row, title: int | None) -> Sketch:
    """What is kept of an entry's sketch; its title's number is `title`."""
    return Sketch(
        words=row["words"],
        samples=tuple(number for number in numbers(row["numbers"]) if number != title),
        title=title,
        credits=numbers(row["credits"]),
        wordless=bool(row["wordless"]),
    )


def numbers(packed: bytes | None) -> tuple[int, ...]:
    """Numbers of four bytes each, unpacked."""
    unpacked = array("I")
    unpacked.frombytes(packed or b"")
    return tuple(unpacked)


def window(packed: bytes) -> Window:
    """The entries of a document: their keys, with their dates to the second."""
    numbers = iter(array("q", packed))
    return tuple(
        (key, None if date == _NO_DATE else datetime.fromtimestamp(date, UTC))
        for key, date in zip(numbers, numbers, strict=True)
    )


def window_bytes(window: Window) -> bytes:
    pairs = ((key, _NO_DATE if date is None else int(date.timestamp())) for key, date in window)
    return array("q", chain.from_iterable(pairs)).tobytes()


def check_row(check: PageCheck) -> dict[str, Any]:
    return {
        "key": check.key,
        "due": stamp(check.due),
        "gone_since": _stamp(check.gone_since),
        "tries": check.tries,
    }


def habits(row: Row) -> Habits:
    return Habits(
        entries=row["entries"],
        sites=json.loads(row["sites"]),
        scripts=frozenset(row["scripts"].split()),
        words=row["words"],
        last=row["last"],
        days=row["days"],
        latest=row["latest"],
    )


def habits_row(habits: Habits) -> dict[str, Any]:
    return {
        "entries": habits.entries,
        "sites": _json(dict(habits.sites)),
        "scripts": " ".join(sorted(habits.scripts)),
        "words": habits.words,
        "last": habits.last,
        "days": habits.days,
        "latest": habits.latest,
    }


def rulings(found: Iterable[Row]) -> Rulings:
    by: dict[str, set[int]] = {"together": set(), "alone": set(), "lead": set()}
    apart = set()
    for row in found:
        if row["ruling"] == "apart":
            apart.add(frozenset((row["entry"], row["other"])))
        else:
            by[row["ruling"]].add(row["entry"])
    return Rulings(
        apart=frozenset(apart),
        together=frozenset(by["together"]),
        alone=frozenset(by["alone"]),
        leads=frozenset(by["lead"]),
    )


def tag(row: Row) -> Tag:
    return Tag(row["term"], row["why"], row["kind"], tuple(json.loads(row["narrower"])))


def tags_text(tags: tuple[Tag, ...]) -> str:
    return _json([[tag.term, tag.why, tag.kind, tag.narrower] for tag in tags])


def overruling(row: Row) -> Overruling:
    return Overruling(
        entry=row["entry"],
        term=row["term"],
        tags=tuple(
            Tag(term, why, kind, tuple(narrower)) for term, why, kind, narrower in json.loads(row["tags"])
        ),
        when=moment(row["moment"]),
    )


def stored_entry(row: Row, tags: tuple[Tag, ...]) -> StoredEntry:
    details = json.loads(row["details"])
    source = details["source"]
    if source is not None:
        source = Source(**{**source, "updated": _moment(source["updated"])})
    entry = Entry(
        feed=FeedKey(row["member"], row["feed_name"]),
        id=row["id"],
        title=row["title"],
        link=row["link"],
        canonical_link=row["canonical_link"],
        published=_moment(row["published"]),
        updated=_moment(row["updated"]),
        authors=tuple(Person(*person) for person in details["authors"]),
        categories=tuple(Category(*category) for category in details["categories"]),
        summary=row["summary"],
        content=row["content"],
        text=row["text"],
        excerpt=row["excerpt"],
        language=row["language"],
        direction=row["direction"],
        enclosures=tuple(Enclosure(*enclosure) for enclosure in details["enclosures"]),
        image=row["image"],
        rights=row["rights"],
        source=source,
        tags=tags,
        event_date=date.fromisoformat(row["event_date"]) if row["event_date"] else None,
        keys=entry_keys(row),
        fingerprint=row["fingerprint"],
    )
    return StoredEntry(
        key=row["key"],
        story=row["story"],
        entry=entry,
        member=Member(
            slug=row["member"],
            name=row["member_name"],
            type=row["member_type"],
            region=row["member_region"],
            homepage=row["member_homepage"],
            republish=row["member_republish"],
        ),
        feed_url=row["feed_url"],
        source=source or _feed_as_source(row),
        atom_id=row["atom_id"],
        date=moment(row["date"]),
        first_seen=moment(row["first_seen"]),
        changed=moment(row["changed"]),
        lead=bool(row["lead"]),
        copy_of=row["copy_of"],
        why=row["why"].replace("{}", row["copy_of_name"] or "another member"),
        standing=row["standing"] or "published",
    )


def _feed_as_source(row: Row) -> Source:
    """The feed the entry was copied from (RFC 4287 §4.2.11); one without an id has its URL for one."""
    address = row["feed_used_url"] or row["feed_url"]
    return Source(
        id=row["info_id"] or row["feed_url"],
        title=row["info_title"] or row["member_name"],
        updated=_moment(row["info_updated"]),
        link=row["info_link"] or row["member_homepage"],
        self_link=address,
        rights=row["info_rights"],
    )
