"""What differs of an entry besides its words: a link, a picture, a file, its authors. Pure.

Members put such things right, too. Readers get them so, and are not told: the
news is the same. But much of it changes by itself at each visit, so a
difference is taken when two documents in a row have it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from hub.model import SEEN_ONCE, InWindow, Mark, RefreshedEntry, Window
from hub.stories import Recognised, mark

# Stands for the `rest` of an entry that was not in the last document; no entry's own is this.
_CAME_BACK = -2


class Difference(NamedTuple):
    """What a document has besides its words, compared with the one before it.

    window     its entries, for the next to be compared with
    refreshed  those of which something differs that two documents in a row had so
    seen_once  whether something differs that no document had before, so that the next one may have it too
    """

    window: Window
    refreshed: tuple[RefreshedEntry, ...]
    seen_once: bool


def compared(
    recognised: Sequence[Recognised],
    before: Window,
    *,
    changed: Collection[int],
    relinked: Collection[int],
    as_known: Collection[Mark],
) -> Difference:
    """Compare a document with the window `before` it, that of the last one.

    A known entry that was not in the last document has come back, perhaps put right:
    what it has is taken once two documents have it. `changed` are the keys of entries
    that are stored anew with all that they have. Entries that were `relinked` (by key),
    or read `as_known` (by mark), have their turn with a later document.
    """
    rests: Mapping[int, int] = {each.key: each.rest for each in before}
    window: list[InWindow] = []
    refreshed: list[RefreshedEntry] = []
    seen_once = False
    for found in recognised:
        entry, known = found.entry, found.known
        its = entry.rest
        stood = rests.get(known.key, _CAME_BACK) if known and before else 0
        if known is not None and known.key not in changed and stood not in (0, its):
            may_be_taken = known.key not in relinked and mark(entry) not in as_known
            if stood != its | SEEN_ONCE:
                # What differs from what was seen last, too, is another each time: it is not asked for again.
                seen_once = seen_once or not stood & SEEN_ONCE
                its |= SEEN_ONCE
            elif may_be_taken and entry.fingerprint == known.fingerprint:
                withheld = known.standing != "published"
                refreshed.append(RefreshedEntry(key=known.key, entry=entry, withheld=withheld))
            else:
                its |= SEEN_ONCE
        stands = known is None or known.key in changed or found.as_it_was
        window.append(
            InWindow(
                key=known.key if known else 0,
                date=entry.published or entry.updated,
                rest=its,
                written=entry.written if stands else 0,
            )
        )
    return Difference(tuple(window), tuple(refreshed), seen_once)


def with_pushed(recognised: Sequence[Recognised], before: Window) -> Window:
    """The window after a push: with what is new in it, which has not come back when the next document has it.

    Empty where there is none to add to, or nothing to add.
    """
    new = tuple(
        InWindow(key=0, date=each.entry.published or each.entry.updated, rest=0, written=0)
        for each in recognised
        if each.known is None
    )
    return (*new, *before) if new and before else ()
