"""The way back from what an admin decides: the fields of the form that undoes it (`hub.web.admin.actions`).

Each function is called before the decision is done, with the state that is to be had
back. It returns no fields where nothing brings that back whole, and raises AlreadySo
where the decision would change nothing. Once it is done, how it was `left` is added to
the fields: what somebody decides after that is not undone with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from hub.admin.pins import is_over
from hub.admin.retag import of_its_story
from hub.admin.rulings import in_its_feeds, named, of_one_story, the_one
from hub.errors import AlreadySo
from hub.model import (
    Fields,
    Rulings,
    Stand,
    StoredEntry,
    Story,
    WithheldEntry,
    stands_as_field,
    waiting_again,
)
from hub.said import date_of
from hub.store import Pin, Store, address_of

_ALREADY = {
    "tag": "has the tag {} by hand already",
    "untag": "is without the tag {} by hand already",
    "leave": "has the tag {} or not as the rules say already",
}


def of_release(store: Store, what: str, member: str | None) -> Fields:
    """Back from a release: what an admin had withdrawn is withdrawn again, for the same reason and role.

    There is no way back for what waited, since readers have it by then; nor for what its
    member had withdrawn, since that would be an admin's word from then on.
    """
    withheld = _withheld(store, what, member)
    before = {(each.withheld, each.by_admin, each.was_published) if each else None for each in withheld}
    was = before.pop() if len(before) == 1 else None
    if was is None or (was[0].standing, *was[1:]) != ("withdrawn", True, True):
        return {}
    how = {"why": was[0].why, "role": was[0].role or ""}
    return {"action": "withdraw-again", "what": what, "member": member or "", **how}


def of_withdraw(store: Store, what: str, member: str | None) -> Fields:
    """Back from a withdrawal: what was published is published, and what waited waits.

    Its member can withdraw what was published if it could before.
    """
    feed, _, name = what.partition("/")
    if keys := store.waiting_of(feed, name or None):
        waiting = [each for key in keys if (each := store.withheld(key))]
        return {**waiting_again(waiting), "about": what}
    withheld = _withheld(store, what, member)
    waiting = [each for each in withheld if each and each.withheld.standing != "withdrawn"]
    if waiting and len(waiting) == len(withheld):
        return {**waiting_again(waiting), "about": what}
    released = {store.is_released(each.key) for each in _entries(store, what, member)}
    if not any(withheld) and len(released) == 1:
        for_good = "yes" if released.pop() else ""
        return {"action": "restore", "what": what, "member": member or "", "for_good": for_good}
    return {}


def of_what_is_left(undo: Fields, left: Mapping[int, Stand]) -> Fields:
    """The fields of `undo`, which are refused unless entries stand as they were `left`."""
    return {**undo, "left": stands_as_field(left)} if undo else {}


def of_pin(store: Store, link: str, member: str | None, *, last_day: date | None, today: date) -> Fields:
    """Back from a pin: the pin that there was before, if its last day is not over; else none."""
    entry = of_one_story(store, link, member)
    pin = store.pin_of(entry.key)
    if pin is None or is_over(pin.last_day, today):
        return {"action": "unpin-again", "link": link, "member": member or ""}
    if pin.last_day == last_day:
        until = f", up to {date_of(last_day)}" if last_day else ""
        raise AlreadySo(f"{named(entry)} is pinned already{until}.")
    return _pinned(link, member, pin)


def of_unpin(store: Store, link: str, member: str | None, *, today: date) -> Fields:
    """Back from unpinning: the pin that there was, if its last day is not over."""
    pin = store.pin_of(of_one_story(store, link, member).key)
    return {} if pin is None or is_over(pin.last_day, today) else _pinned(link, member, pin)


def _pinned(link: str, member: str | None, pin: Pin) -> Fields:
    return {"action": "pin-again", "link": link, "member": member or "", "pin": _as_field(pin)}


def of_pin_left(undo: Fields, left: Pin | None) -> Fields:
    """The fields of `undo`, which are refused unless the pin is as it was `left` (None: none)."""
    return {**undo, "left": _as_field(left)} if undo else {}


def _as_field(pin: Pin | None) -> str:
    return msgspec.json.encode(pin).decode()


def of_merge(store: Store, link: str, into: str, member: str | None, into_of: str | None) -> Fields:
    """Back from a merge: an entry that was alone in its story is split off again.

    Only where neither story had anything that entries of one story share from the merge
    on, such as a pin or a tag by hand. Raises StoreError where `into` is in several stories,
    and `into_of` does not say which is meant.
    """
    entry, other = of_one_story(store, link, member), of_one_story(store, into, into_of)
    both = [story for story in map(store.story, (entry.story, other.story)) if isinstance(story, Story)]
    if len(both) < 2 or len(both[0].entries) > 1 or store.pin_of(entry.key):
        return {}
    shared = {each.key for story in both for each in (*story.entries, *store.away_from(story.id))}
    if any(said.entry in shared for said in store.overrulings()):
        return {}
    if any(each.key in _rulings(store, each).alone for each in both[1].entries):
        return {}
    action = "not-a-copy" if entry.key in _rulings(store, entry).alone else "split"
    return {"action": action, "link": address_of(store, entry), "member": str(entry.entry.feed)}


def of_split(store: Store, link: str, member: str | None, *, alone: bool) -> Fields:
    """Back from a split: a copy is put back as it was. A lead is not, since it would not lead again."""
    entry = the_one(store, link, member)
    story = store.story(entry.story)
    if not isinstance(story, Story):
        return {}
    if len(story.entries) == 1 and alone and entry.key in _rulings(store, entry).alone:
        raise AlreadySo(f"{named(entry)} is kept from every other story already.")
    if entry.lead:
        return {}
    return _put_back(store, entry)


def of_lead(store: Store, link: str, member: str | None) -> Fields:
    """Back from having an entry lead its story: it is put back as the copy that it was."""
    entry = the_one(store, link, member)
    story = store.story(entry.story)
    if entry.lead and entry.key in _rulings(store, entry).leads:
        raise AlreadySo(f"{named(entry)} leads its story already, whatever comes.")
    if entry.lead or not isinstance(story, Story):
        return {}
    return _put_back(store, entry)


def _put_back(store: Store, entry: StoredEntry) -> Fields:
    place = msgspec.json.encode(store.place_of(entry.key)).decode()
    fields = {"link": address_of(store, entry), "member": str(entry.entry.feed)}
    return {"action": "put-back", **fields, "place": place}


def of_ruling(undo: Fields, made: datetime) -> Fields:
    """The fields of `undo`, which are refused unless the ruling `made` then is still the entry's last."""
    return {**undo, "left": made.isoformat()} if undo else {}


def _rulings(store: Store, stored: StoredEntry) -> Rulings:
    _, known = store.compared_with(stored.key)
    return known.rulings


def of_tag(store: Store, action: str, link: str, term: str, member: str | None) -> Fields:
    """Back from an action on a tag: it is given, taken, or left to the rules, as before."""
    entries = of_its_story(store, link, member)
    said = {each.entry: each for each in store.overrulings() if each.term == term}
    before = {_said(said[each.key].tags if each.key in said else None) for each in entries}
    if before == {action}:
        raise AlreadySo(f"{named(entries[0])} {_ALREADY[action].format(term)}.")
    if len(before) > 1:
        return {}
    return {"action": before.pop(), "link": link, "term": term, "member": member or ""}


def of_tag_left(undo: Fields, said: datetime | None) -> Fields:
    """The fields of `undo`, which are refused if the tag was given or taken by hand since (None: at all)."""
    return {**undo, "left": said.isoformat() if said else ""} if undo else {}


def _said(tags: Sequence[object] | None) -> str:
    if tags is None:
        return "leave"
    return "tag" if tags else "untag"


def _entries(store: Store, what: str, member: str | None) -> list[StoredEntry]:
    return in_its_feeds(store, what, member) if store.find(what) else []


def _withheld(store: Store, what: str, member: str | None) -> list[WithheldEntry | None]:
    return [store.withheld(each.key) for each in _entries(store, what, member)]
