"""What a store knows of entries, for tests of what is decided about new ones."""

from __future__ import annotations

from hub.model import Entry, Known, KnownEntry


def stored(entry: Entry, *, key: int = 1, story: int | None = None, atom_id: str = "") -> KnownEntry:
    """An entry as a store has it, in a story of its own unless `story` says which."""
    return KnownEntry(
        key=key,
        feed=entry.feed,
        story=100 + key if story is None else story,
        lead=True,
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


def of_others(*others: KnownEntry) -> Known:
    """What a store answers for a document whose entries may be copies of these."""
    feeds = {
        each.story: frozenset(other.feed for other in others if other.story == each.story) for each in others
    }
    return Known(
        others=others,
        story_feeds=feeds,
        atom_ids=frozenset(each.atom_id for each in others),
    )
