"""The values the stages hand to one another, in Atom's words (RFC 4287).

All are frozen. Datetimes are aware and in UTC; texts are plain unless the
field says HTML, and HTML is always sanitised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

MemberType = Literal["member", "national", "partner"]
Republish = Literal["full", "summary", "link"]
TagField = Literal["title", "text", "category"]
Kind = Literal["news", "event", "report", "vacancy", "funding"]
Direction = Literal["ltr", "rtl"]


def digest(text: str) -> str:
    """What long texts are compared by: 24 hexadecimal digits, the same on every machine."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


# ---------------------------------------------------------------- who publishes


@dataclass(frozen=True, slots=True, order=True)
class FeedKey:
    """What a feed is known by, so that its URL may change: its member and its name."""

    member: str
    name: str = "news"

    def __str__(self) -> str:
        return f"{self.member}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A document a member publishes and the hub polls.

    `alternatives` are tried in order when `url` is no feed; `tags` are given
    to all its entries.
    """

    key: FeedKey
    url: str
    alternatives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An organisation of the network. `republish` is how much of its news it lets us carry."""

    slug: str
    name: str
    type: MemberType = "member"
    region: str | None = None
    homepage: str | None = None
    republish: Republish = "full"


# ---------------------------------------------------------------- what is published


@dataclass(frozen=True, slots=True)
class Person:
    """An author (RFC 4287 §3.2). `uri` is an absolute http(s) URL where there is one."""

    name: str
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What the publisher says an entry is about (RFC 4287 §4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry. `length` is in bytes."""

    url: str
    type: str | None = None
    length: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """What the hub's rules say an entry is about; `why` is a sentence for people.

    `term` names a rule of feeds.yaml, which has the label. `kind` is what an
    entry with this tag is. `narrower` are the terms of narrower tags that it
    is owed to, none where it was found itself.
    """

    term: str
    why: str
    kind: Kind | None = None
    narrower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an entry was copied from (`atom:source`, RFC 4287 §4.2.11)."""

    id: str
    title: str
    updated: datetime | None = None
    link: str | None = None
    self_link: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True)
class EntryKeys:
    """Digests by which an entry is recognised, from the surest to the weakest; None where there is none.

    `id`: the publisher's id as written. `loose_id`: without scheme, www,
    trailing slash and differences of case. `link`: the canonical link, None
    for a home page's. `title`: the title's words with the published date, or
    with the text's words where there is no date.
    """

    id: str | None
    loose_id: str | None
    link: str | None
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What an entry's words are compared by with those of other feeds (`hub.stories.sketch`).

    `words` are its text's first words, four bytes each, without the sentences
    that its feed repeats; `samples` are the numbers of those runs of words,
    and `title` that of its title, by which others like it are found, of 31
    bits each. `wordless` entries have no text at all. `credits` are the
    numbers of the pages it links to.
    """

    words: bytes = b""
    samples: tuple[int, ...] = ()
    title: int | None = None
    wordless: bool = True
    credits: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """All that others like it are found by."""
        return self.samples if self.title is None else (self.title, *self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece of news from one feed (RSS and JSON Feed: *item*), as the hub reads it.

    `id` is the publisher's own, as written, None where there is none. `link`
    is the page to open, absolute http(s). `published` and `updated` are the
    publisher's clock. `summary` and `content` are HTML; `text` is all of the
    entry's words in plain text and `excerpt` the first of them.
    `fingerprint` changes when the words do, and not when the markup, the
    links or the quotation marks do. `event_date` is the day on which it takes
    place, should it be an event.
    """

    feed: FeedKey
    id: str | None
    title: str
    link: str | None
    canonical_link: str | None
    published: datetime | None
    updated: datetime | None
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    summary: str = ""
    content: str = ""
    text: str = ""
    excerpt: str = ""
    language: str | None = None
    direction: Direction | None = None
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    rights: str | None = None
    source: Source | None = None
    tags: tuple[Tag, ...] = ()
    event_date: date | None = None
    keys: EntryKeys
    fingerprint: str
    # Made of what stands above, and not read back from a store.
    sketch: Sketch = field(default=Sketch(), compare=False)

    @property
    def kind(self) -> Kind:
        """That of the first tag that says one."""
        return next((tag.kind for tag in self.tags if tag.kind), "news")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInfo:
    """What a feed says of itself. `id` is None where there is none; `link` is the page it belongs to."""

    title: str = ""
    id: str | None = None
    link: str | None = None
    updated: datetime | None = None
    rights: str | None = None
    language: str | None = None


# ---------------------------------------------------------------- what is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry with what the hub has decided about it.

    `key` and `story` are the store's numbers, never reused. `atom_id` is what
    it is published under. `date` is the date shown and sorted by: the
    publisher's, never later than `first_seen`, and frozen then. `changed` is
    our clock when these words were first seen. `copy_of` is the key of the
    entry that a copy is one of, and `why` says why.
    `feed_url` is its feed's `url` in feeds.yaml. `source` is the feed it was
    polled from, unless the publisher copied it from elsewhere.
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
    copy_of: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruling:
    """What an admin said of a stored entry's tag, which no rule undoes.

    `tags` are the tag given, with the broader ones that came with it; empty
    for one that was taken away.
    """

    entry: int
    term: str
    tags: tuple[Tag, ...]
    when: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedStory:
    """Another story about the same, and why: a follow-up, or the same told in other words."""

    story: Story
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """As much of a stored entry as it takes to recognise it in a new document.

    `text` is empty where an entry of the document is surely this one, unchanged.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """As much of another feed's entry as it takes to see whether a new one is its copy."""

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


Ruling = Literal["together", "apart", "alone", "lead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What an admin decided about stories, which no rule decides otherwise; entries by key.

    `apart` are pairs that are not the same news, `together` and `alone`
    entries that were put into the story they are in or given one of their
    own, `leads` those that an admin chose to lead.
    """

    apart: frozenset[frozenset[int]] = frozenset()
    together: frozenset[int] = frozenset()
    alone: frozenset[int] = frozenset()
    leads: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store holds that a document's entries might be.

    `own` are entries of the same feed. `likely` names, for each fingerprint
    of the document that the feed had not, the stories of other feeds worth
    comparing with, likeliest first; `stories` has the entries of these and of
    `own`'s stories that other feeds have there, each story's lead first;
    `story_feeds` the feeds with an entry in each of them. `atom_ids` are
    those of the document's ids that are already published under, and
    `holders` the stories that hold each number of the new sketches.
    """

    own: tuple[KnownEntry, ...] = ()
    likely: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    stories: Mapping[int, tuple[Candidate, ...]] = field(default_factory=dict)
    story_feeds: Mapping[int, frozenset[FeedKey]] = field(default_factory=dict)
    atom_ids: frozenset[str] = frozenset()
    holders: Mapping[int, Sequence[int]] = field(default_factory=dict)
    rulings: Rulings = Rulings()


# ---------------------------------------------------------------- a poll


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the hub remembers of a feed between polls.

    `used_url` is the address that last answered with a feed, the one that
    `etag`, `last_modified` and `body_digest` belong to; the validators are
    verbatim (RFC 9110 §8.8). `next_poll` is when it is due, None for never
    (410). `not_before` is the end of a Retry-After. `error`, `remedy` and
    `reason` are those of the last poll, None when it went well; `failures`
    counts failed polls in a row. `remarks` say what was wrong with a
    document that could be read.
    """

    feed: Feed
    used_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    polled: datetime | None = None
    succeeded: datetime | None = None
    next_poll: datetime | None = None
    next_poll_why: str = ""
    not_before: datetime | None = None
    gone: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    error: str | None = None
    remedy: str | None = None
    reason: str | None = None
    remarks: tuple[str, ...] = ()
    info: FeedInfo = FeedInfo()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a conditional request carries, exactly as the server gave it (RFC 9110 §13.1)."""

    etag: str | None = None
    last_modified: str | None = None


Outcome = Literal["fetched", "not_modified", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a poll found out about a feed before the database was asked.

    `outcome` is `fetched` when there was a body (then `entries` are its
    entries, newest first as the document has them, and `unchanged` is true
    when it is byte for byte the last one), `not_modified` for a 304, `failed`
    with `error` and `remedy`.
    """

    feed: Feed
    outcome: Outcome
    started: datetime
    seconds: float = 0.0
    url: str | None = None
    status: int | None = None
    size: int = 0
    unchanged: bool = False
    validators: Validators = Validators()
    body_digest: str | None = None
    info: FeedInfo | None = None
    entries: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()
    error: str | None = None
    remedy: str = ""
    reason: str = ""
    retry_after: timedelta | None = None
    for_host: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to store for the first time; `story` is None when it begins one.

    Of a copy, `copy_of` is the key of the entry it is a copy of and `why` the
    reason, in which `{}` stands for that entry's publisher. With `leads` it
    is the original: it takes the lead of its story, and `why` is the reason
    of who led before, which is now its copy.
    """

    entry: Entry
    atom_id: str
    date: datetime
    story: int | None
    copy_of: int | None = None
    why: str = ""
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """An entry whose words changed.

    With `leaves_story` it is other news under the same id: it begins a story
    of its own, and the one it was in goes on without it. It, or one that was
    alone in its story, may turn out to be a copy by its new words: then
    `story` is the one it joins. With `catches_up` it says what another entry of its
    story said before, so that the story did not change.
    """

    key: int
    entry: Entry
    past_fingerprints: tuple[str, ...]
    leaves_story: bool = False
    story: int | None = None
    copy_of: int | None = None
    why: str = ""
    catches_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RelinkedEntry:
    """An entry whose id or link changed and whose words did not: nobody is told."""

    key: int
    id: str | None
    link: str | None
    canonical_link: str | None
    keys: EntryKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUpdate:
    """What a poll should change: an intent, applied whole or not at all.

    `new` are in the order to store them in, so that the last is the newest.
    `host_not_before` is a host that asked all its visitors to stay away (429),
    and until when.
    """

    state: FeedState
    gathered: Gathered
    now: datetime
    new: tuple[NewEntry, ...] = ()
    changed: tuple[ChangedEntry, ...] = ()
    relinked: tuple[RelinkedEntry, ...] = ()
    host_not_before: tuple[str, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """One poll as its admin is told of it."""

    feed: Feed
    outcome: Outcome
    new: int = 0
    updated: int = 0
    seconds: float = 0.0
    status: int | None = None
    size: int = 0
    error: str | None = None
    remedy: str = ""
    remarks: tuple[str, ...] = ()


# ---------------------------------------------------------------- what is asked for


@dataclass(frozen=True, slots=True)
class Term:
    """`field:value` in a filter."""

    field: Literal["tag", "kind", "member", "type", "region"]
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    filter: Filter


@dataclass(frozen=True, slots=True)
class And:
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    filters: tuple[Filter, ...]


Filter = Term | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which stories a list holds: those with an entry that satisfies all of it.

    `search` is what a person typed, never a query language of the
    database's. `since` is by first_seen. With `every_entry` the list holds
    each such entry, also where two of them are one story, as a member's own
    page must.
    """

    filter: Filter | None = None
    search: str | None = None
    since: datetime | None = None
    every_entry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """When an entry gets a tag (`tags:` in feeds.yaml).

    An entry gets it when it has one of `any` or, where there is no `any`,
    all of `all`; and all of `all`; and none of `not_`; looked for in the
    fields of `fields`. `categories` are publishers' terms that mean this tag.

    `weights` are those of phrases of `any` that weigh more than 1; what is
    found of them has to come to `threshold`. What is found within one of
    `except_` counts for neither `any` nor `all`. `members` are the slugs the rule
    holds for, None for all. `kind` is what an entry with this tag is.
    `broader` is the term of a tag that every such entry has as well.
    """

    term: str
    label: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    fields: tuple[TagField, ...] = ("title", "text", "category")
    categories: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    threshold: int = 1
    members: frozenset[str] | None = None
    kind: Kind | None = None
    broader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFeed:
    """A feed the hub publishes because feeds.yaml defines it."""

    slug: str
    title: str
    filter: Filter


# ---------------------------------------------------------------- what feeds.yaml settles


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """How the hub fetches.

    `allow` are address ranges that may be fetched besides public ones.
    `host_delay` is the time between two fetches of one host. `connect` bounds
    the connection, `first_byte` the wait for the headers and any later
    silence, `whole` the fetch with all its redirects, `size` the body in
    bytes after decompression.
    """

    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    host_delay: timedelta = timedelta(seconds=1)
    connect: timedelta = timedelta(seconds=10)
    first_byte: timedelta = timedelta(seconds=20)
    whole: timedelta = timedelta(seconds=60)
    redirects: int = 10
    size: int = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """What feeds.yaml says of the hub itself (`hub:`).

    `url` is where readers find it, without a trailing slash, None when the
    file does not say. `timezone` is an IANA name. A feed is polled no oftener
    than `every_min` and no more seldom than `every_max`. `metrics_allow` are
    the addresses besides loopback that may read /metrics.
    """

    title: str = "News"
    url: str | None = None
    timezone: str = "UTC"
    language: str = "en"
    contact: str | None = None
    every_min: timedelta = timedelta(minutes=15)
    every_max: timedelta = timedelta(days=1)
    fetch: FetchPolicy = FetchPolicy()
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
