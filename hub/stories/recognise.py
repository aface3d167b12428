"""Which stored entry of its own feed is an entry of a document, if any?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from operator import attrgetter

from msgspec import Struct

from hub import markup, wording
from hub.model import Entry, Identifier, KnownEntry, Mark
from hub.stories.relaunch import Either, relaunched, renumbered
from hub.stories.sketch import SAME_NEWS, likeness

# Further apart, two dates are those of two pieces of news where the ids are two as well.
_SAME_DAYS = timedelta(days=3)


class Recognised(Struct, frozen=True):
    """An entry of a document with the stored entry it is, None when it is new."""

    entry: Entry
    known: KnownEntry | None

    @property
    def as_it_was(self) -> bool:
        """Whether it is known, and came back with the words, the id and the link that it had."""
        entry, known = self.entry, self.known
        return (
            known is not None
            and entry.fingerprint == known.fingerprint
            and entry.keys.id == known.keys.id
            and entry.link == known.link
        )


def recognise(
    entries: Sequence[Entry],
    own: Sequence[KnownEntry],
    *,
    by: Identifier = "id",
    retitled: AbstractSet[int] = frozenset(),
) -> tuple[Recognised, ...]:
    """Match a document's entries with the stored ones of the same feed, each at most once.

    What has not changed its words is itself. For the others the ladder goes
    from the surest to the weakest, and each rung is climbed by all entries
    before the next, so that a weak resemblance never takes what a sure one
    needs: the id; the id without differences of scheme, www, slash and case;
    the canonical link; title and date.

    An id or a link that several entries of the document carry identifies none
    of them: some feeds give every entry the id of their home page. Nor does
    one under which the words are wholly different by now, for some feeds
    number their entries anew each time, and some links lead to whatever is
    the latest. Only where id and link are both the same is it that entry,
    rewritten. Under a link entries with other ids and dates follow one another,
    too, such as events with one page to book them; only where most of the
    document has other ids than before was its site made anew.

    Where ids (`by` links) or ids and links (`by` titles) are known to identify
    nothing in this feed, their rungs are left out. `retitled` are the keys of
    stored entries that have a title or a text in common with one of the document
    and nothing else; they are tried last, for a site that was made anew.
    """
    matched: dict[int, KnownEntry] = {}
    free = {known.key: known for known in own if known.key not in retitled}
    for rung in _LADDERS[by]:
        if not free or len(matched) == len(entries):
            break
        found = _climbed(entries, matched, free, rung)
        matched |= found
        for known in found.values():
            del free[known.key]
    if by == "id" and free and len(matched) < len(entries):
        matched |= renumbered(entries, matched, _climbed(entries, matched, free, _BY_LINK_ALONE))
    if retitled:
        left = {index: entry for index, entry in enumerate(entries) if index not in matched}
        matched |= relaunched(left, [known for known in own if known.key in retitled])
    return tuple(Recognised(entry, matched.get(index)) for index, entry in enumerate(entries))


# A rung: by what a stored entry is looked for, and whether the one that is found may be the entry.
_Rung = tuple[Callable[[Either], str | Mark | None], Callable[[KnownEntry, Entry], bool]]


def _climbed(
    entries: Sequence[Entry], matched: Container[int], free: Mapping[int, KnownEntry], rung: _Rung
) -> dict[int, KnownEntry]:
    """Those of the stored entries `free` that one rung finds, by the places of entries not `matched` yet."""
    key_of, is_it = rung
    shared = Counter(key_of(entry) for entry in entries)
    candidates: dict[str | Mark, list[KnownEntry]] = {}
    for known in free.values():
        key = key_of(known)
        if key is not None:
            candidates.setdefault(key, []).append(known)
    climbed: dict[int, KnownEntry] = {}
    by_words: dict[str | Mark, dict[str, list[KnownEntry]]] = {}
    for index, entry in enumerate(entries):
        key = key_of(entry)
        if index in matched or key is None or key not in candidates:
            continue
        found = candidates[key]
        if shared[key] > 1 or len(found) > 1:
            # Not an identifier here; the same words under it are. All of a feed may have one key.
            if key not in by_words:
                by_words[key] = _by_words(found)
            found = by_words[key].get(entry.fingerprint, [])
        match = next((known for known in found if is_it(known, entry)), None)
        if match is not None:
            climbed[index] = match
            found.remove(match)
    return climbed


def _by_words(stored: Sequence[KnownEntry]) -> dict[str, list[KnownEntry]]:
    """Stored entries by their fingerprints."""
    found: dict[str, list[KnownEntry]] = {}
    for known in stored:
        found.setdefault(known.fingerprint, []).append(known)
    return found


def mark(entry: Either) -> Mark:
    """What an entry that has an id, and did not change in anything, is recognised by."""
    return entry.keys.id, entry.canonical_link, entry.fingerprint


def _wholly_unchanged(entry: Either) -> Mark | None:
    return mark(entry) if entry.keys.id else None


def _unchanged(entry: Either) -> str | None:
    return f"{entry.keys.id}\n{entry.fingerprint}" if entry.keys.id else None


def _unchanged_but_its_id(entry: Either) -> str | None:
    return f"{entry.keys.link or entry.keys.title}\n{entry.fingerprint}"


def _is_same_news(known: KnownEntry, entry: Entry) -> bool:
    return known.fingerprint == entry.fingerprint or not is_rewritten(known, entry)


def _is_same_news_of_its_day(known: KnownEntry, entry: Entry) -> bool:
    return not _says_that_it_is_another(known, entry) and _is_same_news(known, entry)


def _says_that_it_is_another(known: KnownEntry, entry: Entry) -> bool:
    """Whether an id and a date of its own say so: events may lead to one page, where all are booked."""
    if not (known.keys.id and entry.keys.id and known.published and entry.published):
        return False
    return known.keys.id != entry.keys.id and abs(entry.published - known.published) > _SAME_DAYS


def _is_same_page(known: KnownEntry, entry: Entry) -> bool:
    return known.canonical_link == entry.canonical_link


_BY_LINK_ALONE: _Rung = (attrgetter("keys.link"), _is_same_news)
_BY_ID: tuple[_Rung, ...] = (
    (_wholly_unchanged, _is_same_news),
    (_unchanged, _is_same_news),
    (_unchanged_but_its_id, _is_same_news),
    (attrgetter("keys.id"), _is_same_news),
    (attrgetter("keys.loose_id"), _is_same_news),
    (attrgetter("keys.link"), _is_same_news_of_its_day),
    (attrgetter("keys.title"), _is_same_news),
    (attrgetter("keys.id"), _is_same_page),
)
_BY_LINK: tuple[_Rung, ...] = (
    (_unchanged_but_its_id, _is_same_news),
    _BY_LINK_ALONE,
    (attrgetter("keys.title"), _is_same_news),
)
_BY_TITLE: tuple[_Rung, ...] = ((attrgetter("keys.title"), _is_same_news),)
_LADDERS: dict[Identifier, tuple[_Rung, ...]] = {"id": _BY_ID, "link": _BY_LINK, "title": _BY_TITLE}


# ---------------------------------------------------------------- other news, or a correction


def is_rewritten(known: KnownEntry, entry: Entry) -> bool:
    """Whether these are wholly different news, and not one a correction of the other.

    The same title says that they are not, unless the link leads to another
    host: whoever took a site over may keep ids and titles.
    """
    if markup.words(known.title) == markup.words(entry.title) and not _are_on_two_hosts(known, entry):
        return False
    before = markup.words(f"{known.title} {known.text}").split()
    after = markup.words(f"{entry.title} {entry.text}").split()
    if likeness(before, after) >= SAME_NEWS:
        return False
    return not wording.was_misread(entry.title, entry.text, before=(known.title, known.text))


def _are_on_two_hosts(known: KnownEntry, entry: Entry) -> bool:
    hosts = {link.partition("/")[0] for link in (known.canonical_link, entry.canonical_link) if link}
    return len(hosts) > 1
