"""`hub revisions LINK`: what an entry said before, and what became of it, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from hub import markup, wording
from hub.model import Revision, StoredEntry
from hub.rulings import called, the_one
from hub.said import second
from hub.store import existing_store

_TOLD = {
    "yes": "told to readers",
    "no": "not told: it caught up with its story, its feed changed all entries at once or has more"
    " or less of each text, or it waited",
    "waits": "not told yet: it changed too often, and is told when it has been still for two days",
}


def run(database: str, address: str, *, member: str | None) -> str:
    """The changes of the entry with a link or id, the latest first, in lines. Raises HubError."""
    with closing(existing_store(database)) as store:
        stored = the_one(store, address, member)
        return "\n".join(_changes(stored, store.revisions(stored.key)))


def _changes(stored: StoredEntry, revisions: Sequence[Revision]) -> Iterator[str]:
    entry = stored.entry
    yield called(entry) or "(no title)"
    if not revisions:
        yield "    Its words have not changed since it was first seen."
    after = (entry.title, entry.text)
    for revision in revisions:
        yield ""
        yield f"    {second(revision.until)}, {_TOLD[revision.told]}"
        for label, before, now in zip(("Title", "Text"), (revision.title, revision.text), after, strict=True):
            if pieces := wording.difference(before, now):
                yield f"    {label:<8} {markup.line(' '.join(map(_written, pieces)))}"
        after = (revision.title, revision.text)


def _written(piece: wording.Piece) -> str:
    if piece.part == "removed":
        return f"[-{piece.words}-]"
    return f"{{+{piece.words}+}}" if piece.part == "added" else piece.words
