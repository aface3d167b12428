"""By what a feed's entries are told apart: its ids, its links or its titles, as its documents show.

Most feeds' ids hold. Some give several entries one id, or each entry another
at every poll: then links lead, and where those do not hold either, titles. What
was chosen stays, since a feed that seems mended is mended until its next
update; feeds.yaml may say otherwise (`identify_by`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from hub import urls
from hub.model import Entry, Identifier, Identity, KnownEntry
from hub.stories.recognise import Recognised

# So many entries with one id are no accident: an editor copies an entry with its id once, not three times.
_SEVERAL = 3
# A relaunch changes every id once; what changed them in so many documents in a row always will.
_DOCUMENTS = 3


def identity_after(
    before: Identity, found: Sequence[Recognised], differing: Sequence[Recognised], *, now: datetime
) -> Identity:
    """By what the feed's entries are told apart after a document of it was recognised.

    `differing` are those of `found` that are new, or not just as they were.
    """
    if before.by == "id":
        ids = [each.entry.keys.id for each in found if each.entry.keys.id]
        if len(set(ids)) < len(ids):
            shared = sum(count for count in Counter(ids).values() if count > 1)
            if shared >= _SEVERAL and 2 * shared >= len(ids):
                why = f"{shared} of the {len(ids)} entries of a document had an id that others had too"
                return Identity(by=_next_best(found), why=why, since=now)
    if before.by == "title" or (not differing and not before.strayed):
        return before
    again = [(each.entry, each.known) for each in found if each.known and _of(each.entry, before.by)]
    if not again:
        return before
    others = sum(_of(entry, before.by) != _of(known, before.by) for entry, known in again)
    strayed = before.strayed + 1 if 2 * others > len(again) else 0
    if strayed < _DOCUMENTS:
        return before if strayed == before.strayed else replace(before, strayed=strayed)
    what = "ids" if before.by == "id" else "links"
    why = f"most entries had other {what} in each of {_DOCUMENTS} documents in a row"
    return Identity(by=_next_best(found) if before.by == "id" else "title", why=why, since=now)


def _next_best(found: Sequence[Recognised]) -> Identifier:
    """Links, where nearly every entry has one of its own that held; else titles."""
    links = {each.entry.keys.link for each in found if each.entry.keys.link}
    again = [each for each in found if each.known and each.entry.keys.link]
    held = sum(each.known is not None and each.entry.keys.link == each.known.keys.link for each in again)
    return "link" if 10 * len(links) >= 9 * len(found) and 2 * held >= len(again) else "title"


def _of(entry: Entry | KnownEntry, by: Identifier) -> str | None:
    return entry.keys.id if by == "id" else entry.keys.link


# ---------------------------------------------------------------- a relaunch


def renamed(altered: Sequence[tuple[Entry, KnownEntry]], came_back: int, by: Identifier) -> int:
    """How many entries came back with other ids or addresses, if that is most of those that came back.

    0 where it is not: then each of them is an entry that moved, and no
    relaunch. `altered` are those that did not come back just as they were.
    """
    count = sum(is_renamed(entry, known, by) for entry, known in altered)
    return count if count >= _SEVERAL and 2 * count > came_back else 0


def is_renamed(entry: Entry, known: KnownEntry, by: Identifier) -> bool:
    """Whether a stored entry has another id or another address now."""
    return (by == "id" and bool(entry.keys.id) and entry.keys.id != known.keys.id) or has_moved(entry, known)


def has_moved(entry: Entry, known: KnownEntry) -> bool:
    """Whether a stored entry has another address now; parameters may change at each fetch.

    Links that are the same because a host was another before are two addresses.
    """
    if entry.link is None or entry.link == known.link:
        return False
    if entry.canonical_link == known.canonical_link:
        return urls.bare_host(entry.link) != urls.bare_host(known.link or "")
    before = (known.canonical_link or "").partition("?")[0]
    return before != (entry.canonical_link or "").partition("?")[0]
