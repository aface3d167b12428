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

    `key` and `story` are the store's numbers, never reused. `atom_id` is what
    it is published under. `date` is the date shown and sorted by: the
    publisher's, never later than our first sight of this news, and frozen
    then; where nobody can tell, it `is_undated`. `changed` is our clock when
    these words were first seen, `back` when it was published again after it
    had been withdrawn, and `moved` when it was last put to another day.
    `copy_of` is the key of the entry that a copy is one of, and `why` says
    why. One that is not published, whatever its `standing`, leads no story and
    is alone in its own. `feed_url` is its feed's `url` in feeds.yaml. `source`
    is the feed it was polled from, unless the publisher copied it from
    elsewhere.
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

    `was_published`: readers may have it. `by_admin`: an admin or an editor said so,
    and no rule says otherwise; `retracted` is why its member took it back too, None
    where it did not. `story_terms` are the tags by which they had it, those
    of its story at the time.
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

    `text` is empty where an entry of the document is surely this one, unchanged.
    `changes` are the moments of its last changes, the oldest first; it is
    `restless` where the last of them has not been told yet, for there were
    too many.
    `by_admin`: that it was withdrawn is an admin's word.
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

    `own` are entries of the same feed. `likely` names, for the fingerprint of
    each entry that surely none of these is, the stories of other feeds worth
    comparing with, likeliest first; `stories` has the entries of these and of
    `own`'s stories that other feeds have there, each story's lead first;
    `told` has the feed's own entries of those stories that have one, and
    `story_feeds` the feeds with an entry in each of them. `atom_ids` are those
    of the document's ids that are already published under, each with the feed
    of its entry, and `holders` the stories that hold each number of the new
    sketches. `retitled` are the keys of those of `own` that have nothing but a
    title or a text in common with the document: looked for where most of it is
    not known by anything else. `habits` are the feed's, `window` are the
    entries of its last document and of pushes since, `deleted` those of the
    feed's, by key, that the document has tombstones of, with the reason, and
    `waiting` those of which a change has not been told, by key, with when they
    last changed. `begun` is when the first entry of all came in. `withdrawn`
    are the keys of what an admin withdrew of the member's other feeds, with how.
    `taken_away` are those entries without a date that were taken away as old,
    by what they are `known_again_by`.
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
