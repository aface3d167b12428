"""How members and entries are written as rows and read back.

Datetimes are text that sorts as they do, but for those of `story_tags`, which are as many as
entries have tags: microseconds since 1970.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import msgspec
from msgspec.structs import asdict

from hub.model import (
    Admitted,
    Candidate,
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    FeedKey,
    InWindow,
    KnownEntry,
    Member,
    Overruling,
    Person,
    RelinkedEntry,
    Role,
    Rulings,
    Sketch,
    Source,
    StoredEntry,
    Tag,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(Protocol):
    """A row of any database, by column."""

    def __getitem__(self, column: str, /) -> Any: ...


# Of an entry that is stored most moments are the same: its date and when it was published, now.
@lru_cache(maxsize=1024)
def stamp(moment: datetime) -> str:
    """`2026-01-31T09:00:00.000000Z`: of one width, so that text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='microseconds')[:-6]}Z"


def microseconds(moment: datetime) -> int:
    """A moment as `story_tags` has it."""
    return (moment - _EPOCH) // _MICROSECOND


def stamp_of(microseconds: int) -> str:
    """A moment, given as in `story_tags`, as `stamp` writes it."""
    return stamp(_EPOCH + microseconds * _MICROSECOND)


# What `stamp` wrote.
moment: Callable[[str], datetime] = datetime.fromisoformat


def maybe_stamp(value: datetime | None) -> str | None:
    return None if value is None else stamp(value)


def maybe_moment(value: str | None) -> datetime | None:
    return None if value is None else moment(value)


def admitted_by(ask: Callable[[str], Iterable[tuple[str, str]]]) -> Admitted:
    """Who may sign in by a database; `ask` gives the rows of a statement."""
    roles, removed = ask("SELECT name, role FROM accounts"), ask("SELECT name, moment FROM expelled")
    return Admitted(
        {name: Role.read(role) for name, role in roles}, {name: moment(when) for name, when in removed}
    )


def as_json(value: Any) -> str:
    """A value for a JSON column, or for a parameter that `json_each` reads."""
    return msgspec.json.encode(value).decode()


# What such a column holds.
from_json: Callable[[str], Any] = msgspec.json.decode


# ---------------------------------------------------------------- members


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


# ---------------------------------------------------------------- entries


def entry_row(entry: Entry, *, moved: str | None = None) -> dict[str, Any]:
    """The columns of `entries` that hold what the publisher wrote, and when its day was `moved` last."""
    source = None
    if entry.source is not None:
        source = {**asdict(entry.source), "updated": maybe_stamp(entry.source.updated)}
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
        "published": maybe_stamp(entry.published),
        "updated": maybe_stamp(entry.updated),
        "summary": entry.summary,
        "content": entry.content,
        "text": entry.text,
        "excerpt": entry.excerpt,
        "language": entry.language,
        "direction": entry.direction,
        "image": entry.image,
        "rights": entry.rights,
        "event_date": entry.event_date.isoformat() if entry.event_date else None,
        "details": as_json(
            {
                "authors": [[person.name, person.email, person.uri] for person in entry.authors],
                "categories": [[c.term, c.scheme, c.label] for c in entry.categories],
                "enclosures": [[e.url, e.type, e.length, e.title] for e in entry.enclosures],
                "source": source,
                **({"moved": moved} if moved else {}),
            }
        ),
    }


def last_moved(entry: Entry, before: Row, now: str) -> str | None:
    """When the day of an entry was moved last, which was stored as `before`: now, where it is another."""
    if entry.event_date is not None and entry.event_date.isoformat() != before["event_date"]:
        return now
    moved: str | None = from_json(before["details"]).get("moved")
    return moved


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
        published=maybe_moment(row["published"]),
        text="",
        fingerprint=row["fingerprint"],
        past_fingerprints=() if past == "[]" else tuple(from_json(past)),
        atom_id=row["atom_id"],
        standing=row["standing"] or "published",
    )


def as_it_stood(row: Row, feed: FeedKey, its: InWindow) -> Entry:
    """An entry of its feed's last document as far as it takes to recognise it, with its text."""
    return Entry(
        feed=feed,
        id=row["id"],
        title=row["title"],
        link=row["link"],
        canonical_link=row["canonical_link"],
        published=its.date,
        updated=None,
        text=row["text"],
        keys=entry_keys(row),
        fingerprint=row["fingerprint"],
        rest=its.rest,
        written=its.written,
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


def tags_text(tags: Sequence[Tag]) -> str:
    return as_json([[tag.term, tag.why, tag.kind, tag.narrower] for tag in tags])


def tags(written: str) -> tuple[Tag, ...]:
    return tuple(Tag(term, why, kind, tuple(narrower)) for term, why, kind, narrower in from_json(written))


def overruling(row: Row) -> Overruling:
    return Overruling(
        entry=row["entry"],
        term=row["term"],
        tags=tags(row["tags"]),
        when=moment(row["moment"]),
    )


def stored_entry(row: Row, tags: tuple[Tag, ...]) -> StoredEntry:
    details = from_json(row["details"])
    source = details["source"]
    if source is not None:
        source = Source(**{**source, "updated": maybe_moment(source["updated"])})
    entry = Entry(
        feed=FeedKey(row["member"], row["feed_name"]),
        id=row["id"],
        title=row["title"],
        link=row["link"],
        canonical_link=row["canonical_link"],
        published=maybe_moment(row["published"]),
        updated=maybe_moment(row["updated"]),
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
        back=maybe_moment(row["back"]),
        moved=maybe_moment(details.get("moved")),
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
        updated=maybe_moment(row["info_updated"]),
        link=row["info_link"] or row["member_homepage"],
        self_link=address,
        rights=row["info_rights"],
    )
