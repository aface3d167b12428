"""What was corrected and what was withdrawn, as it is published: on pages, and as a feed of its own. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from hub.language import ENGLISH, N_, Language
from hub.model import Change, Person, Revision, StoredEntry, WithheldEntry, Words
from hub.publish.item import LONGEST_CARRIED, Item, headline_of, source_at
from hub.wording import Piece, difference

UNSHOWN = N_("Its text was corrected.")
"""What is said of a correction whose words may not be carried, as a message."""

# What a reason may end in that somebody wrote as a sentence.
_ENDS = (".", "!", "?", "…")
_ELEMENTS = {"kept": "{}", "removed": "<del>{}</del>", "added": "<ins>{}</ins>"}


class Correction(Struct, frozen=True, kw_only=True):
    """What became of an entry's words, and `when` by our clock.

    `headline` is what it was called from then on. `title` and `text` are empty
    where they stayed as they were. The text's is empty, too, where the member
    does not let us carry its text, or that is too long.
    """

    stored: StoredEntry
    when: datetime
    headline: str
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]


def told_changes(stored: StoredEntry, revisions: Sequence[Revision]) -> Iterator[Change]:
    """The changes of an entry that readers were told of, from what it said before, the latest first."""
    after = Words(stored.entry.title, stored.entry.text)
    for revision in revisions:
        before = Words(revision.title, revision.text)
        if revision.told == "yes":
            yield Change(stored=stored, when=revision.until, before=before, after=after)
        after = before


def corrections(changes: Iterable[Change], language: Language = ENGLISH) -> Iterator[Correction]:
    """The changes as they may be published; one of the layout alone is none."""
    for each in changes:
        longest = max(len(each.before.text), len(each.after.text))
        carried = each.stored.member.republish == "full" and longest <= LONGEST_CARRIED
        title = difference(each.before.title, each.after.title)
        text = difference(each.before.text, each.after.text) if carried else ()
        if title or text or not carried:
            yield Correction(
                stored=each.stored,
                when=each.when,
                headline=headline_of(
                    each.after.title, each.stored.entry.excerpt, each.stored.member, language
                ),
                title=title,
                text=text,
            )


def as_html(pieces: Iterable[Piece]) -> str:
    """What became of some words as HTML: what went in `del`, what came in `ins`."""
    return " ".join(_ELEMENTS[piece.part].format(html.escape(piece.words)) for piece in pieces)


def withdrawn_by(withdrawn: WithheldEntry, language: Language) -> str:
    """Who withdrew an entry: its member, by its feed or by its own people here, or the network."""
    if _by_network(withdrawn):
        return language.gettext("The editors of this network")
    return withdrawn.stored.member.name


def _by_network(withdrawn: WithheldEntry) -> bool:
    return withdrawn.by_admin and withdrawn.withheld.role != "member"


def withdrawal(withdrawn: WithheldEntry, day: str, language: Language) -> str:
    """What is said of news that was withdrawn: by whom, when and why."""
    gettext, member, why = language.gettext, withdrawn.stored.member.name, withdrawn.withheld.why
    if not why:
        if _by_network(withdrawn):
            return gettext("The editors of this network withdrew it on %(day)s.", day=day)
        return gettext("%(member)s withdrew it on %(day)s.", member=member, day=day)
    # Of the reasons, the hub's own are messages.
    why = language.message(why)
    if _by_network(withdrawn):
        said = gettext("The editors of this network withdrew it on %(day)s: %(why)s", day=day, why=why)
    else:
        said = gettext("%(member)s withdrew it on %(day)s: %(why)s", member=member, day=day, why=why)
    return said if said.endswith(_ENDS) else f"{said}."


def correction_item(correction: Correction, language: Language) -> Item:
    """A correction as an item of a feed, which leads to the story's page here."""
    stored = correction.stored
    shown = [as_html(pieces) for pieces in (correction.title, correction.text) if pieces]
    return _item(
        stored,
        "Corrected",
        title=language.gettext("Corrected: %(headline)s", headline=correction.headline),
        when=correction.when,
        # It may have waited to be told; the entry changed for readers then.
        told=max(correction.when, stored.changed),
        content="".join(f"<p>{each}</p>" for each in shown or [language.gettext(UNSHOWN)]),
        language=stored.entry.language,
    )


def withdrawal_item(withdrawn: WithheldEntry, says: str, language: Language) -> Item:
    """A withdrawal as an item of a feed. The words that were withdrawn are not said again."""
    stored = withdrawn.stored
    return _item(
        stored,
        "Withdrawn",
        title=language.gettext("Withdrawn: news from %(member)s", member=stored.member.name),
        when=withdrawn.since,
        told=withdrawn.since,
        content=f"<p>{html.escape(says)}</p>",
        language=language.code,
    )


def _item(
    stored: StoredEntry,
    notice: str,
    *,
    title: str,
    when: datetime,
    told: datetime,
    content: str,
    language: str | None,
) -> Item:
    member = stored.member
    return Item(
        story=stored.story,
        # One for each notice, the same whenever it is rendered and in each language (RFC 4122 §4.3).
        id=uuid5(NAMESPACE_URL, f"{stored.atom_id} {notice} {when.isoformat()}").urn,
        title=title,
        link=None,
        kind="news",
        event_date=None,
        undated=False,
        member=member,
        date=when,
        published=when,
        updated=when,
        corrected=None,
        came_in=told,
        authors=(Person(member.name, uri=member.homepage),),
        categories=(),
        tags=(),
        summary="",
        content=content,
        language=language,
        direction=stored.entry.direction if language else None,
        enclosures=(),
        image=None,
        rights=None,
        source=source_at(stored.source, when),
        copies=(),
    )
