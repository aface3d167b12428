"""What a story's page tells of its corrections. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from msgspec import Struct

from hub import wording
from hub.model import Revision, StoredEntry
from hub.web.words import Calendar, Moment

_SHOWN = 3
_PIECES = {"kept": Markup("{}"), "removed": Markup("<del>{}</del>"), "added": Markup("<ins>{}</ins>")}


class Correction(Struct, frozen=True):
    """When an entry was corrected, and what became of its words: of its title, and of its text."""

    when: Moment
    title: Markup
    text: Markup


def corrections(
    stored: StoredEntry, revisions: Sequence[Revision], calendar: Calendar
) -> tuple[Correction, ...]:
    """The last corrections that readers were told of, the latest first; of its text as far as we may."""
    return tuple(_corrections(stored, revisions, calendar))[:_SHOWN]


def _corrections(
    stored: StoredEntry, revisions: Sequence[Revision], calendar: Calendar
) -> Iterator[Correction]:
    title, text = stored.entry.title, stored.entry.text
    for revision in revisions:
        if revision.told == "yes":
            of_text = _marked(revision.text, text) if stored.member.republish == "full" else Markup()
            of_title = _marked(revision.title, title)
            if of_title or of_text:
                yield Correction(calendar.day(revision.until), of_title, of_text)
        title, text = revision.title, revision.text


def _marked(before: str, after: str) -> Markup:
    pieces = wording.difference(before, after)
    return Markup(" ").join(_PIECES[piece.part].format(piece.words) for piece in pieces)
