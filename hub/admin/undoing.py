"""How what an admin decides is taken back: the fields of the form that does it (`hub.web.admin.actions`).

They are told of things as they are before it is done, and are none where
nothing takes it back whole. Of what is the case already it is said so, as
AlreadySo. How it was left is among them: what was decided again since is
not taken back with it.
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
    """What readers had and an admin withdrew is withdrawn again, for the same reason and as theirs.

    What waited readers have now, and what its member withdrew is not its member's word any more.
    """
    withheld = _withheld(store, what, member)
    before = {(each.withheld, each.by_admin, each.was_published) if each else None for each in withheld}
    was = before.pop() if len(before) == 1 else None
    if was is None or (was[0].standing, *was[1:]) != ("withdrawn", True, True):
        return {}
    how = {"why": was[0].why, "role": was[0].role or ""}
    return {"action": "withdraw-again", "what": what, "member": member or "", **how}


def of_withdraw(store: Store, what: str, member: str | None) -> Fields:
    """What was published is again, and its member may withdraw it if it could; what waited waits again."""
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
    """The same fields, which take back what is as it was `left` alone."""
    return {**undo, "left": stands_as_field(left)} if undo else {}


def of_pin(store: Store, link: str, member: str | None, *, last_day: date | None, today: date) -> Fields:
    """The pin that there was is there again, if its last day is not over, or none."""
    entry = of_one_story(store, link, member)
    pin = store.pin_of(entry.key)
    if pin is None or is_over(pin.last_day, today):
        return {"action": "unpin-again", "link": link, "member": member or ""}
    if pin.last_day == last_day:
        until = f", up to {date_of(last_day)}" if last_day else ""
        raise AlreadySo(f"{named(entry)} is pinned already{until}.")
    return _pinned(link, member, pin)


def of_unpin(store: Store, link: str, member: str | None, *, today: date) -> Fields:
    pin = store.pin_of(of_one_story(store, link, member).key)
    return {} if pin is None or is_over(pin.last_day, today) else _pinned(link, member, pin)


def _pinned(link: str, member: str | None, pin: Pin) -> Fields:
    return {"action": "pin-again", "link": link, "member": member or "", "pin": _as_field(pin)}


def of_pin_left(undo: Fields, left: Pin | None) -> Fields:
    """As `of_what_is_left`, of a pin or that there is none."""
    return {**undo, "left": _as_field(left)} if undo else {}


def _as_field(pin: Pin | None) -> str:
    return msgspec.json.encode(pin).decode()


def of_merge(store: Store, link: str, into: str, member: str | None, into_of: str | None) -> Fields:
    """An entry that was by itself is again, where neither story had anything that they share from now on.

    Where `into` is of several stories, of which `into_of` says none, StoreError is raised.
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
    """A copy is put back into its story as it was; who led it would not lead it again by itself."""
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
    """As `of_what_is_left`, of a ruling on stories: when it was made."""
    return {**undo, "left": made.isoformat()} if undo else {}


def _rulings(store: Store, stored: StoredEntry) -> Rulings:
    _, known = store.compared_with(stored.key)
    return known.rulings


def of_tag(store: Store, action: str, link: str, term: str, member: str | None) -> Fields:
    """What was said of the tag before is said again, or it is left to the rules as it was."""
    entries = of_its_story(store, link, member)
    said = {each.entry: each for each in store.overrulings() if each.term == term}
    before = {_said(said[each.key].tags if each.key in said else None) for each in entries}
    if before == {action}:
        raise AlreadySo(f"{named(entries[0])} {_ALREADY[action].format(term)}.")
    if len(before) > 1:
        return {}
    return {"action": before.pop(), "link": link, "term": term, "member": member or ""}


def of_tag_left(undo: Fields, said: datetime | None) -> Fields:
    """As `of_what_is_left`, of a tag: by when something was said of it, or that nothing is."""
    return {**undo, "left": said.isoformat() if said else ""} if undo else {}


def _said(tags: Sequence[object] | None) -> str:
    if tags is None:
        return "leave"
    return "tag" if tags else "untag"


def _entries(store: Store, what: str, member: str | None) -> list[StoredEntry]:
    return in_its_feeds(store, what, member) if store.find(what) else []


def _withheld(store: Store, what: str, member: str | None) -> list[WithheldEntry | None]:
    return [store.withheld(each.key) for each in _entries(store, what, member)]
