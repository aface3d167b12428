"""What is stored: entries with what the hub decided about them, and the stories they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct

from hub.model.entry import Entry, EntryKeys, Source, Tag
from hub.model.members import FeedKey, Member
from hub.model.standing import Habits, Stand, Standing, Window, Withheld

LONG_AGO = timedelta(days=365)
"""How long ago counts as the date of what has none, and was in its feed before that was followed."""


class StoredEntry(Struct, frozen=True, kw_only=True):
    """An entry with what the hub has decided about it.

    key, story  the store's numbers, never reused
    feed_url    its feed's `url` in feeds.yaml
    source      the feed that it was polled from, unless the publisher copied it from elsewhere
    atom_id     the id that it is published under
    date        what is shown and sorted by: the publisher's, never later than our first sight of this news,
                and not changed after that; it says nothing where it `is_undated`
    first_seen  our clock when the entry was first read
    changed     our clock when these words were first seen
    back        when it was published again after it had been withdrawn
    moved       when it was last put to another day
    lead        whether it leads its story
    copy_of, why
                of a copy, the key of the entry that it is a copy of, and the reason
    standing    an entry that is not `published` leads no story, and is alone in its own
    """

    key: int
    story: int
    entry: Entry
    member: Member
    feed_url: str
    source: Source
    atom_id: str
    date: datetime
    first_seen: datetime
    changed: datetime
    lead: bool
    back: datetime | None = None
    moved: datetime | None = None
    copy_of: int | None = None
    why: str = ""
    standing: Standing = "published"


class WithheldEntry(Struct, frozen=True, kw_only=True):
    """A stored entry that is not published, why not, and since when.

    by_admin       whether an admin or an editor said so, so that no rule undoes it
    was_published  whether readers may have it
    retracted      why its member took it back too; None where it did not
    story_terms    the tags of the story that it was in when it was withheld
    """

    stored: StoredEntry
    withheld: Withheld
    since: datetime
    by_admin: bool
    was_published: bool
    retracted: str | None = None
    story_terms: frozenset[str] = frozenset()

    @property
    def stand(self) -> Stand:
        standing, why, role = self.withheld.standing, self.withheld.why, self.withheld.role
        return Stand(standing, why, self.since, self.by_admin, self.retracted, role)


class Overruling(Struct, frozen=True, kw_only=True):
    """What an admin said of a stored entry's tag, which no rule undoes.

    `tags` are the tag given, with the broader ones that came with it; empty
    for one that was taken away.
    """

    entry: int
    term: str
    tags: tuple[Tag, ...]
    when: datetime


class Story(Struct, frozen=True, kw_only=True):
    """The same news from one or more members.

    `entries` begins with the lead; the others are its copies, oldest first.
    `shown` is the entry to show in the list this story was asked for: the
    lead, unless the list is of entries that the lead is not one of.
    `tags` are those of all its entries, each term once.
    """

    id: int
    entries: tuple[StoredEntry, ...]
    shown: StoredEntry
    tags: tuple[Tag, ...] = ()

    @property
    def lead(self) -> StoredEntry:
        return self.entries[0]

    @property
    def updated(self) -> datetime:
        """When any of its words last changed, by our clock."""
        return max(stored.changed for stored in self.entries)


class RelatedStory(Struct, frozen=True, kw_only=True):
    """Another story about the same: a follow-up, or the same told in other words.

    `words` are those that both speak of, the most telling first; their members
    may not let us carry the texts that they stand in.
    """

    story: Story
    words: tuple[str, ...]


class KnownEntry(Struct, frozen=True, kw_only=True):
    """As much of a stored entry as it takes to recognise it in a new document.

    text      its plain text; empty where an entry of the document is surely this one, unchanged
    fingerprint, past_fingerprints
              of its words, and of those that it had before, the latest first
    changes   when it last changed, the oldest first
    restless  whether the last change has not been told yet, since there were too many
    by_admin  whether an admin withdrew it
    """

    key: int
    feed: FeedKey
    story: int
    id: str | None
    keys: EntryKeys
    title: str
    link: str | None
    canonical_link: str | None
    published: datetime | None
    text: str
    fingerprint: str
    past_fingerprints: tuple[str, ...]
    atom_id: str
    changes: tuple[datetime, ...] = ()
    restless: bool = False
    standing: Standing = "published"
    by_admin: bool = False


class Candidate(NamedTuple):
    """As much of another feed's entry as it takes to see whether a new one is its copy.

    A tuple, since several are made for each entry that comes.
    """

    key: int
    feed: FeedKey
    story: int
    lead: bool
    id: str | None
    link: str | None
    link_key: str | None
    title: str
    date: datetime
    first_seen: datetime
    words: bytes
    wordless: bool
    credits: tuple[int, ...] = ()
    samples: int = 0  # how many numbers others are found by


def is_undated(entry: StoredEntry | Candidate) -> bool:
    """Whether its `date` says nothing but that nobody knows of when it is: it was there before."""
    return entry.date == entry.first_seen - LONG_AGO


def compared_as_of(entry: StoredEntry | Candidate) -> datetime:
    """The date by which others are its copies."""
    return entry.first_seen if is_undated(entry) else entry.date


Told = Literal["yes", "no", "waits"]


class Revision(Struct, frozen=True, kw_only=True):
    """What an entry said before a change.

    `until` is our clock when other words were first seen in their place.
    `told` is whether readers were told of that change; `waits` where they are
    not before the entry has been still for a while.
    """

    until: datetime
    told: Told
    title: str
    text: str


class Words(NamedTuple):
    """What an entry said: its title, and its text as plain text."""

    title: str
    text: str


class Change(Struct, frozen=True, kw_only=True):
    """A change of a published entry's words, which is `stored` as it is now; `when` by our clock."""

    stored: StoredEntry
    when: datetime
    before: Words
    after: Words


Ruling = Literal["together", "apart", "alone", "lead"]


class Rulings(Struct, frozen=True, kw_only=True):
    """What an admin decided about stories, which no rule decides otherwise; entries by key.

    `apart` are pairs that are not the same news, `together` and `alone`
    entries that were put into the story they are in or given one of their
    own, `leads` those that an admin chose to lead.
    """

    apart: frozenset[frozenset[int]] = frozenset()
    together: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()
    leads: frozenset[int] = frozenset()


class Known(Struct, frozen=True, kw_only=True):
    """What the store holds that a document's entries might be.

    Of the same feed:

    own          entries that a document's entries may be
    retitled     the keys of those of `own` that have nothing but a title or a text in common with the
                 document; looked for where most of a document is not known by anything else
    window       the entries of the feed's last document, and of pushes since
    deleted      the keys of entries that the document has tombstones of, with the reason
    waiting      the keys of entries with a change that has not been told, with when they last changed
    habits       what the feed is usually like
    taken_away   what entries without a date that were taken away as old are `known_again_by`

    Of other feeds, for the entries that may be new or have changed:

    likely       by an entry's fingerprint, the stories worth comparing it with, likeliest first
    stories      the entries of other feeds in those stories, and in those of `own`, each story's lead first
    told         the feed's own entries in those stories
    story_feeds  the feeds with an entry in each of those stories
    holders      the stories that hold each number of the entries' sketches
    rulings      what admins decided about those stories
    withdrawn    the keys of what an admin withdrew of the member's other feeds, and how it is withheld

    atom_ids     those of the document's ids that something is published under, with the feed of its entry
    begun        when the first entry of all came in; None where there is none
    """

    own: tuple[KnownEntry, ...] = ()
    likely: Mapping[str, tuple[int, ...]] = {}
    stories: Mapping[int, tuple[Candidate, ...]] = {}
    told: Mapping[int, tuple[Candidate, ...]] = {}
    story_feeds: Mapping[int, frozenset[FeedKey]] = {}
    atom_ids: Mapping[str, FeedKey] = {}
    holders: Mapping[int, Sequence[int]] = {}
    rulings: Rulings = Rulings()
    retitled: frozenset[int] = frozenset()
    habits: Habits = Habits()
    window: Window = ()
    deleted: Mapping[int, str] = {}
    waiting: Mapping[int, datetime] = {}
    begun: datetime | None = None
    withdrawn: Sequence[tuple[EntryKeys, Withheld]] = ()
    taken_away: Collection[str] = ()
