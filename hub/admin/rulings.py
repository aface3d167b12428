"""`hub story …`: an admin's word on which entries are the same news. No poll undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from shlex import quote

from hub import markup
from hub.errors import StoreError
from hub.model import Entry, StoredEntry
from hub.store import Place, Store


def merge(store: Store, address: str, into: str, *, member: str | None, now: datetime) -> str:
    """Put an entry's story into another entry's. Raises HubError."""
    entry, other = of_one_story(store, address, member), of_one_story(store, into, member)
    store.put_together(entry.key, other.key, now)
    return f"{named(entry)} is in story {other.story} now, with {named(other)}."


def split(
    store: Store,
    address: str,
    *,
    member: str | None,
    alone: bool,
    now: datetime,
    seen: datetime | None,
) -> str:
    """Take an entry out of its story; with `alone`, keep it from every other. Raises HubError.

    It is refused where the last was not ruled of it at the moment that was `seen`.
    """
    entry = the_one(store, address, member)
    store.take_apart(entry.key, now, alone=alone, seen=seen)
    after = the_one(store, address, str(entry.entry.feed))
    kept = "and nothing will be merged with it" if alone else "and stays apart from those it was with"
    return f"{named(entry)} is in story {after.story}, by itself, {kept}."


def put_back(store: Store, address: str, place: Place, *, member: str | None, seen: datetime) -> str:
    """Have an entry be a copy again that was split off then, or made the lead. Raises HubError."""
    store.put_back(place, seen=seen)
    entry = the_one(store, address, member)
    return f"{named(entry)} is a copy in story {entry.story} again."


def lead(store: Store, address: str, *, member: str | None, now: datetime) -> str:
    """Have an entry lead its story. Raises HubError."""
    entry = the_one(store, address, member)
    store.make_lead(entry.key, now)
    return f"{named(entry)} leads story {entry.story} now, whatever comes."


def of_one_story(store: Store, address: str, member: str | None) -> StoredEntry:
    """An entry with this link or id, the lead where several are one story. Raises StoreError.

    Of several stories it is that of this member, or of this feed of it.
    """
    for whose in (None, member):
        found = _found(store, address, whose)
        found = [each for each in found if each.standing == "published"] or found
        if len({each.story for each in found}) == 1:
            return next((each for each in found if each.lead), found[0])
    return the_one(store, address, member)


def in_its_feeds(store: Store, address: str, member: str | None) -> list[StoredEntry]:
    """The entry with this link or id, as each feed of its member has it. Raises StoreError."""
    found = _found(store, address, member)
    members, feeds = {each.member.slug for each in found}, {each.entry.feed for each in found}
    ids, titles = {each.entry.id or each.atom_id for each in found}, {each.entry.title for each in found}
    # A link alone may be that of a page with many vacancies.
    if len(members) == 1 and len(feeds) == len(found) and (len(ids) == 1 or len(titles) == 1):
        return found
    return [the_one(store, address, member)]


def of_its_member(store: Store, address: str, member: str | None) -> tuple[str, str | None]:
    """By what link, and by whose, `in_its_feeds` finds an entry of one feed in all feeds of its member.

    As it was meant where it does not: where several entries have that link, or stand otherwise in others.
    """
    found = _found(store, address, member)
    link = found[0].entry.link if len(found) == 1 else None
    if not link:
        return address, member
    try:
        slug = found[0].member.slug
        everywhere = in_its_feeds(store, link, slug)
    except StoreError:
        return address, member
    alike = {each.standing for each in everywhere} == {found[0].standing}
    return (link, slug) if alike and found[0].key in {each.key for each in everywhere} else (address, member)


def the_one(store: Store, address: str, member: str | None) -> StoredEntry:
    """The entry with this link or id, of this member or feed where several have it. Raises StoreError."""
    found = _found(store, address, member)
    if not found:
        raise StoreError(
            f"No entry{f' of {member}' if member else ''} has {address} for a link or an id.",
            f"`hub explain {quote(address)}` says what is known of it.",
        )
    if len(found) > 1:
        raise StoreError(
            f"{len(found)} entries have {address} for a link or an id: {_listed(found)}.",
            "Say which you mean with --member MEMBER[/NAME], or by its id.",
        )
    return found[0]


def _found(store: Store, address: str, member: str | None) -> list[StoredEntry]:
    return [each for each in store.find(address) if member in (None, each.member.slug, str(each.entry.feed))]


def _listed(entries: Sequence[StoredEntry]) -> str:
    """Entries by their feeds, and by their ids where one feed has several."""
    feeds = Counter(each.entry.feed for each in entries)
    return "; ".join(
        f"{each.entry.feed}, “{each.entry.title}”"
        + (f", {each.atom_id}" if feeds[each.entry.feed] > 1 else "")
        for each in entries
    )


def named(stored: StoredEntry) -> str:
    """An entry as people know it: its title, and whose it is."""
    return f"“{called(stored.entry)}” by {stored.member.name}"


def called(entry: Entry) -> str:
    """What an entry is called on a line of its own: its title, or its first words where it has none."""
    return entry.title or markup.line(entry.excerpt)
