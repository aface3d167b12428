"""What a store knows of entries, for tests of what is decided about new ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hub.model import Candidate, Entry, Known, KnownEntry
from hub.stories import sketched
from tests.entries import PUBLISHED


def stored(entry: Entry, *, key: int = 1, story: int | None = None, atom_id: str = "") -> KnownEntry:
    """An entry as a store has it, in a story of its own unless `story` says which."""
    return KnownEntry(
        key=key,
        feed=entry.feed,
        story=100 + key if story is None else story,
        id=entry.id,
        keys=entry.keys,
        title=entry.title,
        link=entry.link,
        canonical_link=entry.canonical_link,
        published=entry.published,
        text=entry.text,
        fingerprint=entry.fingerprint,
        past_fingerprints=(),
        atom_id=atom_id or entry.id or f"tag:news.example.org,2026-11-20:{key}",
    )


def candidate(
    entry: Entry,
    *,
    key: int = 1,
    story: int | None = None,
    lead: bool = True,
    first_seen: datetime = PUBLISHED,
) -> Candidate:
    """Another feed's entry as a store has it, in a story of its own unless `story` says which."""
    (sketch,) = sketched([entry])
    return Candidate(
        key=key,
        feed=entry.feed,
        story=100 + key if story is None else story,
        lead=lead,
        id=entry.id,
        link=entry.link,
        link_key=entry.keys.link,
        title=entry.title,
        date=entry.published or first_seen,
        first_seen=first_seen,
        words=sketch.words,
        wordless=sketch.wordless,
        credits=sketch.credits,
    )


def of_others(*others: Candidate) -> Known:
    """What a store answers for a document whose entries may be copies of these."""
    by_story: dict[int, tuple[Candidate, ...]] = {}
    for each in others:
        by_story[each.story] = (*by_story.get(each.story, ()), each)
    return Known(
        likely=_ForAll(by_story),
        stories=by_story,
        story_feeds={
            story: frozenset(each.feed for each in of_story) for story, of_story in by_story.items()
        },
    )


class _ForAll(dict[str, tuple[int, ...]]):
    """The same stories are likely for every entry."""

    def __init__(self, stories: Iterable[int]) -> None:
        super().__init__()
        self._stories = tuple(stories)

    def get(self, _fingerprint: str, _default: object = None) -> tuple[int, ...]:
        return self._stories
