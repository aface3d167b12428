"""Is this entry new, changed, or a copy of another member's? With the reason.

Two questions, both answered without a database: which stored entry of its own
feed an entry is (`recognise`), and which story of another feed it belongs to
(`copy_of`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub import markup, urls
from hub.model import Entry, EntryKeys, Known, KnownEntry

# Two versions that share less than this of their words are different news under one id.
_SAME_NEWS = 0.3


def _id(keys: EntryKeys) -> str | None:
    return keys.id


def _loose_id(keys: EntryKeys) -> str | None:
    return keys.loose_id


def _link(keys: EntryKeys) -> str | None:
    return keys.link


def _title(keys: EntryKeys) -> str | None:
    return keys.title


_LADDER = (_id, _loose_id, _link, _title)


@dataclass(frozen=True, slots=True)
class Recognised:
    """An entry of a document with the stored entry it is, None when it is new."""

    entry: Entry
    known: KnownEntry | None


def recognise(entries: Sequence[Entry], own: Sequence[KnownEntry]) -> tuple[Recognised, ...]:
    """Match a document's entries with the stored ones of the same feed, each at most once.

    The ladder goes from the surest to the weakest, and each rung is climbed
    by all entries before the next, so that a weak resemblance never takes
    what a sure one needs: the id; the id without differences of scheme, www,
    slash and case; the canonical link; title and date. An id or a link that
    several entries of the document carry identifies none of them (some feeds
    give every entry the id of their home page), and a link whose words are
    wholly different by now is a page that always shows the latest.
    """
    matched: dict[int, KnownEntry] = {}
    free = {known.key: known for known in own}
    for rung in _LADDER:
        shared = Counter(rung(entry.keys) for entry in entries)
        candidates: dict[str, list[KnownEntry]] = {}
        for known in free.values():
            key = rung(known.keys)
            if key is not None:
                candidates.setdefault(key, []).append(known)
        for index, entry in enumerate(entries):
            key = rung(entry.keys)
            if index in matched or key is None:
                continue
            found = candidates.get(key, [])
            if shared[key] > 1 or len(found) > 1:
                # Not an identifier here; the same words under it are.
                found = [known for known in found if known.fingerprint == entry.fingerprint]
            elif found and rung is _link and is_rewritten(found[0], entry):
                found = []
            if found:
                match = matched[index] = found[0]
                candidates[key].remove(match)
                del free[match.key]
    return tuple(Recognised(entry, matched.get(index)) for index, entry in enumerate(entries))


def is_rewritten(known: KnownEntry, entry: Entry) -> bool:
    """Whether the id now stands for wholly different news, and not for a correction."""
    before = set(markup.words(f"{known.title} {known.text}").split())
    after = set(markup.words(f"{entry.title} {entry.text}").split())
    if not before or not after or markup.words(known.title) == markup.words(entry.title):
        return False
    return len(before & after) / min(len(before), len(after)) < _SAME_NEWS


def copy_of(entry: Entry, known: Known) -> tuple[int, str] | None:
    """The story of other feeds that an entry is a copy of, and why; None when it begins one.

    A copy has the same canonical link and title as an entry of that story, or
    the same absolute IRI for an id and the same title or link. A link or an
    id alone proves nothing: anyone can write another's into a feed. No story
    holds two entries of one feed.
    """
    for other, why in _same(entry, known.others):
        if entry.feed not in known.story_feeds.get(other.story, frozenset()):
            return other.story, why
    return None


def _same(entry: Entry, others: Sequence[KnownEntry]) -> Iterator[tuple[KnownEntry, str]]:
    title = markup.words(entry.title)
    for other in others:
        same_title = bool(title) and title == markup.words(other.title)
        same_link = entry.keys.link is not None and entry.keys.link == other.keys.link
        same_id = (
            entry.id is not None
            and entry.id == other.id
            and urls.is_absolute_iri(entry.id)
            and not urls.is_home_page(entry.id)
        )
        if same_link and same_title:
            yield other, f"same link and title as {other.feed.member}’s"
        elif same_id and (same_title or same_link):
            what = "title" if same_title else "link"
            yield other, f"same id and {what} as {other.feed.member}’s"
