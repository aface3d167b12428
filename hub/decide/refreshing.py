"""What of an entry is another than it was besides its words: a link, a picture, a file, its authors. Pure.

Members put such things right, too, and readers are to have them so, without
being told: the news is the same. But much of it changes by itself, at each
visit. So what differs is taken when two documents, one after the other, say
the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hub.model import SEEN_ONCE, InWindow, Mark, RefreshedEntry, Window
from hub.stories import Recognised, mark

# Of what was not in the last document nobody knows what it had there: no entry's own is this.
_CAME_BACK = -2


def compared(
    recognised: Sequence[Recognised],
    before: Window,
    *,
    changed: Collection[int],
    relinked: Collection[int],
    as_known: Collection[Mark],
) -> tuple[Window, tuple[RefreshedEntry, ...], bool]:
    """The window after a document, what of it is refreshed, and whether something was seen that may be next.

    `before` is the window of the last one. What is known and was not in it has come
    back, perhaps put right, and is taken once two documents have it. The `changed`
    are stored anew with all that they have; what was `relinked` now, or read
    `as_known`, has its turn with a later document.
    """
    rests: Mapping[int, int] = {each.key: each.rest for each in before}
    window: list[InWindow] = []
    refreshed: list[RefreshedEntry] = []
    first_seen = False
    for each in recognised:
        entry, known = each.entry, each.known
        its = entry.rest
        stood = rests.get(known.key, _CAME_BACK) if known and before else 0
        if known is not None and known.key not in changed and stood not in (0, its):
            may_be_taken = known.key not in relinked and mark(entry) not in as_known
            if stood != its | SEEN_ONCE:
                # What differs from what was seen last, too, is another each time: it is not asked for again.
                first_seen = first_seen or not stood & SEEN_ONCE
                its |= SEEN_ONCE
            elif may_be_taken and entry.fingerprint == known.fingerprint:
                withheld = known.standing != "published"
                refreshed.append(RefreshedEntry(key=known.key, entry=entry, withheld=withheld))
            else:
                its |= SEEN_ONCE
        stands = known is None or known.key in changed or each.as_it_was
        window.append(
            InWindow(
                key=known.key if known else 0,
                date=entry.published or entry.updated,
                rest=its,
                written=entry.written if stands else 0,
            )
        )
    return tuple(window), tuple(refreshed), first_seen


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
