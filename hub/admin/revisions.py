"""`hub revisions LINK`: what an entry said before, and what became of it, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from hub import markup, wording
from hub.admin.rulings import called, the_one
from hub.model import Revision, StoredEntry
from hub.said import second
from hub.store import existing_store


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
    for change in wording.rewordings(entry.title, entry.text, revisions):
        yield ""
        yield f"    {second(change.when)}, {wording.TOLD[change.told]}"
        for label, pieces in (("Title", change.title), ("Text", change.text)):
            if pieces:
                yield f"    {label:<8} {markup.line(' '.join(map(_written, pieces)))}"


def _written(piece: wording.Piece) -> str:
    if piece.part == "removed":
        return f"[-{piece.words}-]"
    return f"{{+{piece.words}+}}" if piece.part == "added" else piece.words
