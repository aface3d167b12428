"""One poll: what is remembered of a feed, what was gathered, and what should change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from hub.model.entry import Entry, EntryKeys, FeedInfo, Mark
from hub.model.members import Feed, FeedKey, Identifier
from hub.model.pushed import Offer
from hub.model.standing import Checked, Habits, PageCheck, Tombstone, Window, Withheld
from hub.model.stored import Told

MOST_RECENT = 24
"""How many of a feed's publications `FeedState.recent` has at most."""
ASKED_FOR = "an admin asked for it"
"""Why a feed is due that an admin has checked now."""


class Listing(Struct, frozen=True, kw_only=True):
    """A document that lists a site's news (a page of its API, a sitemap, a page), as it was last read.

    `etag`, `last_modified` and `digest` are of the last answer. `within` is
    the address of the sitemap index that names it.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    within: str | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """By what a feed's entries are told apart, as its documents showed: why, and since when.

    `strayed` counts documents in a row in which most entries had another one
    of these than before.
    """

    by: Identifier = "id"
    why: str = ""
    since: datetime | None = None
    strayed: int = 0


class Move(Struct, frozen=True, kw_only=True):
    """Where an address of a feed redirects to for good (301, 308 all the way), and since when.

    `polls` in a row found it so. `shares` is whether entries that were known
    before were there when it was first seen.
    """

    address: str
    target: str
    since: datetime
    polls: int
    shares: bool


class Wishes(Struct, frozen=True, kw_only=True):
    """What a document asks of those who poll it.

    `ttl` is how long it may be kept (RSS). `every` is how often it changes,
    counted from `base` where it says so (the syndication module's
    updatePeriod, updateFrequency and updateBase). `skip_hours` (0 to 23) and
    `skip_days` (Monday is 0) are those of UTC in which nothing is published.
    """

    ttl: timedelta | None = None
    every: timedelta | None = None
    base: datetime | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


class FeedState(Struct, frozen=True, kw_only=True):
    """What the hub remembers of a feed between polls.

    `used_url` is the address that last answered with a feed, the one that
    `etag`, `last_modified` and `body_digest` belong to; the validators are
    verbatim (RFC 9110 §8.8), and `validated_at` is where redirects led that
    gave them. `named_at` is the address of feeds.yaml whose
    page names it, where the file does not. `next_poll` is when it is due, None for never
    (410). `not_before` is the end of a Retry-After. `error`, `remedy` and
    `reason` are those of the last poll, None when it went well; `failures`
    counts failed polls in a row, of which the first was at `failing_since`, and
    all since `reason_since` had this reason. `remarks` say what was wrong with a
    document that could be read, and `wishes` what it asks of those who poll
    it; `reshares` counts its entries that were this hub's own news come back.
    `listings` are what the next poll of a site begins with, none where there
    is something left of the last one. `recent` are the dates of the feed's
    last publications, newest first, as `hub.schedule.recent` makes them of its
    entries' dates. `pushed_until` is the end of the lease of a subscription
    whose pushes have come, None where none has, or news came without one.
    """

    feed: Feed
    used_url: str | None = None
    named_at: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    validated_at: str | None = None
    body_digest: str | None = None
    polled: datetime | None = None
    succeeded: datetime | None = None
    next_poll: datetime | None = None
    next_poll_why: str = ""
    not_before: datetime | None = None
    gone: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    reason_since: datetime | None = None
    error: str | None = None
    remedy: str | None = None
    reason: str | None = None
    remarks: tuple[str, ...] = ()
    info: FeedInfo = FeedInfo()
    listings: tuple[Listing, ...] = ()
    offer: Offer = Offer()
    pushed_until: datetime | None = None
    wishes: Wishes = Wishes()
    recent: tuple[datetime, ...] = ()
    reshares: int = 0
    identity: Identity = Identity()
    move: Move | None = None

    @property
    def next_turn(self) -> datetime | None:
        """When it is asked next; None where that is at once, or it is paused."""
        times = () if self.feed.paused else (self.next_poll, self.not_before)
        return max((time for time in times if time), default=None)

    @property
    def identified_by(self) -> Identifier:
        """What its entries are told apart by: as feeds.yaml says, else as its documents showed."""
        return self.feed.identify_by or self.identity.by

    @property
    def read_in_part(self) -> bool:
        """Whether it is a site, of which something was left for the next poll."""
        return self.used_url in self.feed.kinds and not self.listings


class Validators(Struct, frozen=True, kw_only=True):
    """What a conditional request carries, exactly as the server gave it (RFC 9110 §13.1).

    `url` is the address that gave it, to which alone it means something (RFC
    9111 §4.3.1); None where that is not known.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None


Outcome = Literal["fetched", "not_modified", "failed"]


class Gathered(Struct, frozen=True, kw_only=True):
    """What a poll found out about a feed before the database was asked.

    `outcome` is `fetched` when there was a body (then `entries` are its
    entries, newest first as the document has them, and `unchanged` is true
    when it is byte for byte the last one), `not_modified` for a 304, `failed`
    with `error` and `remedy`. `fresh_for` is how long the answer may be kept,
    as its server says (RFC 9111 §4.2.1). `moved_to` is where the address asked
    redirects to, if each of the redirects is permanent.

    A site that is no feed is several documents: `entries` are then those that
    were read this time and no others (that one is missing says nothing),
    `listings` what the next poll begins with, and `pages` the
    numbers of the pages that need not be looked at again; those of
    `pages_in_vain` brought no news, and those of `pages_barred` were not
    asked for, by its robots.txt.

    `push` is the number of the push that was read in place of a document that
    was asked for, of a subscription that lasts until `pushed_until`. It may
    hold nothing but what is new (that an entry is missing says nothing here
    either), and it says nothing about the feed's address.

    `since` is when the feed had been polled last as this poll began. If it is polled by
    another meanwhile, this one is out of date.

    `tombstones` are what the document says was deleted, `checked` the pages of
    missing entries that were looked at besides. Entries with one of the marks
    `as_known` were known when they were read, and so have neither tags nor a
    sketch.
    """

    feed: Feed
    outcome: Outcome
    started: datetime
    since: datetime | UnsetType | None = UNSET
    seconds: float = 0.0
    url: str | None = None
    named_at: str | None = None
    moved_to: str | None = None
    status: int | None = None
    size: int = 0
    unchanged: bool = False
    validators: Validators = Validators()
    body_digest: str | None = None
    info: FeedInfo | None = None
    wishes: Wishes = Wishes()
    fresh_for: timedelta | None = None
    entries: tuple[Entry, ...] = ()
    as_known: frozenset[Mark] = frozenset()
    remarks: tuple[str, ...] = ()
    error: str | None = None
    remedy: str = ""
    reason: str = ""
    retry_after: timedelta | None = None
    spared: str | None = None
    gone: bool = False
    listings: tuple[Listing, ...] = ()
    pages: frozenset[int] = frozenset()
    pages_in_vain: frozenset[int] = frozenset()
    pages_barred: frozenset[int] = frozenset()
    offer: Offer = Offer()
    push: int | None = None
    pushed_until: datetime | None = None
    tombstones: tuple[Tombstone, ...] = ()
    checked: tuple[Checked, ...] = ()

    @property
    def read_in_part(self) -> bool:
        """Whether it is a site, of which something was left for the next poll."""
        is_site = self.url in self.feed.kinds and self.push is None
        return is_site and self.outcome != "failed" and not self.listings


class NewEntry(Struct, frozen=True, kw_only=True):
    """An entry to store for the first time; `story` is None when it begins one.

    Of a copy, `copy_of` is the key of the entry it is a copy of and `why` the
    reason, in which `{}` stands for that entry's publisher. With `leads` it
    is the original: it takes the lead of its story, and `why` is the reason
    of who led before, which is now its copy. With `withheld` it is not
    published, and begins a story all the same. Merged feeds leave out stories
    of which nothing is `told`.
    """

    entry: Entry
    atom_id: str
    date: datetime
    story: int | None
    copy_of: int | None = None
    why: str = ""
    leads: bool = False
    withheld: Withheld | None = None
    told: bool = True


class ChangedEntry(Struct, frozen=True, kw_only=True):
    """An entry whose words changed.

    With `leaves_story` it is other news under the same id: it begins a story
    of its own, and the one it was in goes on without it. It, or one that was
    alone in its story, may turn out to be a copy by its new words: then
    `story` is the one it joins. With `catches_up` it says what the lead of its story
    said before, so that the story did not change. `told` is whether
    readers are told of the change: at once, never, or when it has been still.
    `date` is the date to sort other news by. It `keeps_day`, of an event, where
    its words name none and do not say that it is not on that one. What is `withheld` is rewritten
    where it is; what `waits` is so from now on, though it was published with
    the words before.
    """

    key: int
    entry: Entry
    past_fingerprints: tuple[str, ...]
    leaves_story: bool = False
    story: int | None = None
    copy_of: int | None = None
    why: str = ""
    catches_up: bool = False
    told: Told = "yes"
    date: datetime | None = None
    keeps_day: bool = True
    withheld: bool = False
    waits: Withheld | None = None


class RelinkedEntry(Struct, frozen=True, kw_only=True):
    """An entry whose id or link changed and whose words did not: nobody is told.

    So is one whose words are the same and are counted otherwise by now.
    """

    key: int
    id: str | None
    link: str | None
    canonical_link: str | None
    keys: EntryKeys
    fingerprint: str


class RefreshedEntry(Struct, frozen=True, kw_only=True):
    """An entry of which something else than its words changed, such as a link: nobody is told.

    One that is `withheld` is not published.
    """

    key: int
    entry: Entry
    withheld: bool = False


class FeedUpdate(Struct, frozen=True, kw_only=True):
    """What a poll should change: an intent, applied whole or not at all.

    `new` are in the order to store them in, so that the last is the newest.
    `settled` are the keys of entries that changed too often, have been still
    since, and are told of now.
    `reshares` counts entries that are this hub's own news come back, `too_old` those of before what is kept.
    `habits` are the feed's from now on, None where they stay as they are.
    `returned` are the keys of withdrawn entries that are there again, `kept` of
    those there that an admin withdrew, `withdrawn` of those that were taken back,
    each with the reason. `window` are the entries of a whole document, or of the
    last with what was pushed since; `checks` are the pages to look at later,
    `unchecked` those, by the entry's key, not to be looked at any more; none are
    where the site was `made_anew`.
    `host_not_before` is a host that asked all its visitors to stay away (429),
    and until when. What the document says is not stored whole, and read again,
    where an entry went back to earlier words, which waits, or something else than
    its words is new (`put_off`).
    """

    state: FeedState
    gathered: Gathered
    now: datetime
    new: tuple[NewEntry, ...] = ()
    changed: tuple[ChangedEntry, ...] = ()
    settled: tuple[int, ...] = ()
    relinked: tuple[RelinkedEntry, ...] = ()
    refreshed: tuple[RefreshedEntry, ...] = ()
    returned: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    withdrawn: Mapping[int, str] = {}
    window: Window = ()
    checks: tuple[PageCheck, ...] = ()
    unchecked: tuple[int, ...] = ()
    made_anew: bool = False
    reshares: int = 0
    too_old: int = 0
    habits: Habits | None = None
    host_not_before: tuple[str, datetime] | None = None
    put_off: bool = False


class PollResult(Struct, frozen=True, kw_only=True):
    """One poll as its admin is told of it. Of its new and updated entries, `waiting` wait for an admin."""

    feed: Feed
    outcome: Outcome
    new: int = 0
    updated: int = 0
    waiting: int = 0
    seconds: float = 0.0
    status: int | None = None
    size: int = 0
    error: str | None = None
    remedy: str = ""
    remarks: tuple[str, ...] = ()
    pushed: bool = False


class PastPoll(Struct, frozen=True, kw_only=True):
    """One poll as it is on record; `new` and `updated` count its entries."""

    feed: FeedKey
    started: datetime
    seconds: float
    outcome: Outcome
    status: int | None
    size: int
    new: int
    updated: int
    error: str | None
    remarks: tuple[str, ...]
    pushed: bool


class Workers(Struct, frozen=True, kw_only=True):
    """How many workers are at work for a hub, and how many jobs they have and have not begun.

    Those that are `gone` were killed, or hang.
    """

    alive: int = 0
    jobs: int = 0
    gone: int = 0


PollerRole = Literal["run", "poll", "worker"]


class Poller(Struct, frozen=True, kw_only=True):
    """A process that polls with a database on a server, or is there to: `hub run`, `hub poll`, `hub worker`.

    `name` is such as `process 4711 on news1`. By the server's clock it is connected `since` and asked it
    something last at `heard`, `silent` before now; None where the server does not say. It has so
    many `jobs` and is at so many `hosts`, or has their pause. A worker is `at_work` that takes jobs, and
    `same_file` says whether its feeds.yaml is that of `hub run`, None where that hands out nothing. Its
    clock is `apart` by so much ahead of the server's, None where it is right or was not compared.
    """

    role: PollerRole
    name: str
    since: datetime | None = None
    heard: datetime | None = None
    silent: timedelta | None = None
    hosts: int = 0
    jobs: int = 0
    at_work: bool = False
    same_file: bool | None = None
    apart: timedelta | None = None


class PollFigures(Struct, frozen=True, kw_only=True):
    """What came of so many polls: how many failed or found nothing changed, and the entries they brought."""

    polls: int
    failed: int
    not_modified: int
    new: int
    updated: int
