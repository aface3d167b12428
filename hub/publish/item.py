"""What of a story may be published, and in which words: the one gate to every output.

Pages, the API and each kind of merged feed are made from these values and
never from stored entries, so that a member's `republish` holds everywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date as day
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from hub.language import ENGLISH, N_, Language
from hub.model import (
    Category,
    Direction,
    Enclosure,
    Entry,
    Kind,
    Member,
    Person,
    Republish,
    Source,
    StoredEntry,
    Story,
    is_undated,
)

# Long enough for a headline's meaning when an entry has no title of its own.
_TITLE_WORDS = 12
# What says a picture's size in its address: WordPress writes it before the ending, others behind it.
_SIZE_AND_ENDING = re.compile(
    r"(?:-\d{2,4}x\d{2,4}|-scaled)?\.(?:jpe?g|png|gif|webp|avif)(?![^?\"\s,])", re.IGNORECASE
)
LONGEST_CARRIED = 200_000
"""Characters of a text that is carried whole: one of a book's length would make feeds that readers refuse."""

KIND_LABELS: Mapping[Kind, str] = {
    "news": N_("News"),
    "event": N_("Event"),
    "report": N_("Report"),
    "vacancy": N_("Vacancy"),
    "funding": N_("Funding"),
}
"""What people see an entry's kind called, as messages."""


class LabelledTag(Struct, frozen=True):
    """A tag as people see it: the rule's label, and why this story has it."""

    term: str
    label: str
    why: str


class Copy(Struct, frozen=True, kw_only=True):
    """The same story as another member published it. `why` says why it is the same."""

    member: Member
    title: str
    language: str | None
    direction: Direction | None
    link: str | None
    date: datetime
    undated: bool
    why: str


class Item(Struct, frozen=True, kw_only=True):
    """A story as it is published.

    id         its `atom:id`
    link       the publisher's page; None where there is none, and our own story page stands for it
    date       what is shown and sorted by; it says nothing where it is `undated`
    published  the same, None where the publisher gave no date
    updated    when the words changed, by our clock, or when withdrawn news was published again; it never
               goes back
    corrected  when the words changed, None if they never did
    came_in    when we had it first
    moved      when an event was put to another day, which need be no correction
    summary    plain text
    content    HTML, empty where the member does not let us carry it
    authors    never empty: the member stands in
    copies     the story's other entries
    event_date
               the day of an event, None for all else

    What the hub publishes itself (`is_own`), such as a digest, is no story: its member is the hub, without a
    slug, and its source says nothing.
    """

    story: int
    id: str
    title: str
    link: str | None
    kind: Kind
    event_date: day | None
    member: Member
    date: datetime
    undated: bool
    published: datetime | None
    updated: datetime
    corrected: datetime | None
    came_in: datetime
    authors: tuple[Person, ...]
    categories: tuple[Category, ...]
    tags: tuple[LabelledTag, ...]
    summary: str
    content: str
    language: str | None
    direction: Direction | None
    enclosures: tuple[Enclosure, ...]
    image: str | None
    rights: str | None
    source: Source
    copies: tuple[Copy, ...]
    moved: datetime | None = None

    @property
    def is_own(self) -> bool:
        return not self.member.slug

    @property
    def image_beside(self) -> str | None:
        """Its picture, None where the content shows it, be it in another size."""
        return None if self.image is not None and _shows(self.content, self.image) else self.image


def _shows(content: str, picture: str) -> bool:
    written = html.escape(picture, quote=False)
    ending = _SIZE_AND_ENDING.search(written)
    if ending is None:
        return written in content
    return any(map(_SIZE_AND_ENDING.match, content.split(written[: ending.start()])[1:]))


def permitted(entry: Entry, republish: Republish) -> Entry:
    """The entry with no more in it than its member lets us carry.

    `summary` keeps the excerpt and the lead image; `link` keeps what it takes
    to find the publisher's page: title, link, dates, names and categories.
    `full` keeps all but a text that `is_too_long`.
    """
    if republish == "full":
        return replace(entry, summary="", content="", text=entry.excerpt) if is_too_long(entry) else entry
    if republish == "summary":
        return replace(entry, summary="", content="", text=entry.excerpt, enclosures=())
    return replace(entry, summary="", content="", text="", excerpt="", enclosures=(), image=None)


def is_too_long(entry: Entry) -> bool:
    """Whether of an entry's text no more than the excerpt is carried, whatever its member lets us carry."""
    return len(entry.content or entry.summary) > LONGEST_CARRIED


def item(story: Story, labels: Mapping[str, str], language: Language = ENGLISH) -> Item:
    """The story as it is published; `labels` are the tags' labels by term, `language` is the hub's."""
    stored = story.shown
    entry = permitted(stored.entry, stored.member.republish)
    return Item(
        story=story.id,
        id=stored.atom_id,
        title=headline(stored, language),
        link=entry.link,
        kind=entry.kind,
        event_date=entry.event_date if entry.kind == "event" else None,
        member=stored.member,
        date=stored.date,
        undated=is_undated(stored),
        published=stored.date if (entry.published or entry.updated) and not is_undated(stored) else None,
        updated=_updated(stored),
        corrected=stored.changed if stored.changed > stored.first_seen else None,
        came_in=stored.first_seen,
        authors=entry.authors or (Person(stored.member.name, uri=stored.member.homepage),),
        categories=entry.categories,
        tags=tuple(LabelledTag(tag.term, labels.get(tag.term, tag.term), tag.why) for tag in story.tags),
        summary=entry.excerpt,
        content=entry.content or entry.summary,
        language=entry.language,
        direction=entry.direction,
        enclosures=entry.enclosures,
        image=entry.image,
        rights=entry.rights or stored.source.rights,
        source=source_at(stored.source, stored.changed),
        copies=tuple(
            Copy(
                member=other.member,
                title=headline(other, language),
                language=other.entry.language,
                direction=other.entry.direction,
                link=other.entry.link,
                date=other.date,
                undated=is_undated(other),
                why=other.why or stored.why,
            )
            for other in story.entries
            if other.key != stored.key
        ),
        moved=stored.moved,
    )


def source_at(source: Source, when: datetime) -> Source:
    """The source of what was copied from it, seen by us at `when`: its own date is never later than that."""
    if source.updated is None or source.updated <= when:
        return source
    return replace(source, updated=when)


def headline(stored: StoredEntry, language: Language = ENGLISH) -> str:
    """An entry's headline, as `headline_of` has it."""
    return headline_of(stored.entry.title, stored.entry.excerpt, stored.member, language)


def headline_of(title: str, excerpt: str, member: Member, language: Language = ENGLISH) -> str:
    """A title; else the first words of the excerpt if they may be carried, else the member's name."""
    if title:
        return title
    words = excerpt.split() if member.republish != "link" else []
    if not words:
        return language.gettext("News from %(member)s", member=member.name)
    return " ".join(words[:_TITLE_WORDS]) + (" …" if len(words) > _TITLE_WORDS else "")


def _updated(stored: StoredEntry) -> datetime:
    """RFC 4287 §4.2.15, within our clock: a publisher's bumped date alone moves nothing."""
    given = stored.entry.updated
    if stored.changed == stored.first_seen:
        moved = max(stored.date, min(given or stored.date, stored.first_seen))
    else:
        # The publisher's may be of a change before, or of one that nobody was told of.
        moved = stored.changed
    return max(moved, stored.back) if stored.back else moved
