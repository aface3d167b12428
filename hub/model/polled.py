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

    etag, last_modified, digest
            those of the last answer
    within  the address of the sitemap index that names it
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    within: str | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """By what a feed's entries are told apart, as its documents showed.

    why, since  why it is that, and since when
    strayed     in how many documents in a row most entries had another id, or link, than before
    """

    by: Identifier = "id"
    why: str = ""
    since: datetime | None = None
    strayed: int = 0


class Move(Struct, frozen=True, kw_only=True):
    """Where an address of a feed redirects to for good (301, 308 all the way), and since when.

    polls   how many polls in a row found it so
    shares  whether entries that were known before were at the target when it was first seen
    """

    address: str
    target: str
    since: datetime
    polls: int
    shares: bool


class Wishes(Struct, frozen=True, kw_only=True):
    """What a document asks of those who poll it.

    ttl         how long it may be kept (RSS)
    every       how often it changes, counted from `base` if it says so (the syndication module's
                updatePeriod, updateFrequency and updateBase)
    skip_hours, skip_days
                hours (0 to 23) and days (Monday is 0), in UTC, in which nothing is published
    """

    ttl: timedelta | None = None
    every: timedelta | None = None
    base: datetime | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


class FeedState(Struct, frozen=True, kw_only=True):
    """What the hub remembers of a feed between polls.

    Where it is:

    used_url        the address that last answered with a feed
    named_at        the address of feeds.yaml whose page names `used_url`; None where the file has it itself
    etag, last_modified, body_digest
                    those of the last answer of `used_url`; the validators verbatim (RFC 9110 §8.8)
    validated_at    where redirects led that gave these validators
    move            where it redirects to for good, as far as polls have seen
    listings        what the next poll of a site begins with; none where the last one left something to read

    When it is asked:

    polled, succeeded
                    its last poll, and its last that did not fail
    next_poll       when it is due; None for at once, or for never if it is `gone`
    next_poll_why   why then, for people
    not_before      the end of a Retry-After
    gone            since when its server says that it is gone for good (410)
    recent          the dates of its last publications, newest first (`hub.schedule.recent`)
    pushed_until    the end of the lease of the subscription whose pushes come; None where none have, or
                    where news came without one

    How it went:

    error, remedy, reason
                    those of the last poll, None where it went well
    failures        failed polls in a row, of which the first was at `failing_since`; all since
                    `reason_since` had the same reason

    What its last document said:

    info, offer, wishes
                    of the feed itself, of where its news is pushed from, and to those who poll it
    remarks         what was wrong with a document that could be read
    reshares        how many of its entries were this hub's own news come back
    identity        what its entries are told apart by
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


PollOutcome = Literal["fetched", "not_modified", "failed"]


class Gathered(Struct, frozen=True, kw_only=True):
    """What a poll found out about a feed before the database was asked.

    outcome         `fetched` for a document, `not_modified` for a 304, `failed` for an error
    started, seconds
                    when it began, and how long its transfers took
    since           when the feed had been polled last as this poll began: if another process polls it
                    meanwhile, this poll is out of date
    url, named_at   the address that was asked, and the one of feeds.yaml whose page names it
    moved_to        where that address redirects to, if each of the redirects is permanent
    status, size    of the answer; the size in bytes
    validators, body_digest
                    for the next request
    fresh_for       how long the answer may be kept, as its server says (RFC 9111 §4.2.1)

    Of a document:

    unchanged       whether it is the last one byte for byte, so that it was not read
    entries         its entries, in its order
    as_known        the marks of those entries that were known as they were when it was read, and so have
                    neither tags nor a sketch
    tombstones      the entries that it says were deleted
    info, wishes, offer, remarks
                    as `FeedState` has them

    Of a failure:

    error, remedy, reason
                    what happened, what to do, and a word for it
    gone            whether the server says that it is for good (410)
    retry_after     how long a server asked to be left alone, also in a poll that went well
    spared          the host that asked this of all its visitors (429)

    A site that is no feed is several documents. `entries` are then those that were read this time, and one
    that is missing says nothing:

    listings        what the next poll begins with
    pages           the numbers of the pages that need not be looked at again
    pages_in_vain   those of pages that brought no news
    pages_barred    those of pages that robots.txt does not let us fetch

    A push is a document that was sent, and not asked for. It may hold nothing but what is new, and says
    nothing of the feed's address:

    push            its number in the store
    pushed_until    until when its subscription lasts

    checked         the pages of missing entries that were looked at besides
    """

    feed: Feed
    outcome: PollOutcome
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
    """An entry to store for the first time.

    atom_id   the id to publish it under
    date      the date to show and sort it by
    story     the story that it joins; None where it begins one
    copy_of   of a copy, the key of the entry that it is a copy of
    why       of a copy, the reason, in which `{}` stands for the other entry's publisher
    leads     whether it is the original, and takes the lead of its story; then `copy_of` and `why` are those
              of the entry that led before and is its copy now
    withheld  why it is not published, None where it is; one that is not begins a story all the same
    told      whether merged feeds tell of it: they leave out a story of which nothing is told
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
    """A stored entry whose words changed.

    key           the store's number of it
    past_fingerprints
                  of the words that it had before, the latest first
    leaves_story  whether it is other news under the same id: it begins a story of its own, and the one that
                  it was in goes on without it
    story, copy_of, why
                  as in `NewEntry`, where its new words show that it is a copy; it was alone in its story, or
                  leaves it
    catches_up    whether it says now what the lead of its story said before, so that the story did not change
    told          whether readers are told of the change: `yes`, `no`, or `waits` until it has been still
    date          of other news, the date to sort it by
    keeps_day     whether an event keeps the day that it had, if its new words name none
    withheld      whether it is not published, and is only rewritten where it stands
    waits         why it waits for an admin from now on, though it was published with the words before
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

    state       what is remembered of the feed from now on
    new         entries to store for the first time, in the order to store them in: the last is the newest
    changed, relinked, refreshed
                stored entries of which something is another now
    settled     the keys of entries that changed too often, have been still since, and are told of now
    returned    the keys of withdrawn entries that are in the document again
    kept        the keys of entries in the document that stay withdrawn, since an admin withdrew them
    withdrawn   the keys of entries that the member took back, each with the reason
    window      the entries of the last whole document, and of pushes since
    checks      pages of missing entries to look at later
    unchecked   the keys of entries whose pages need not be looked at any more
    made_anew   whether the site was: then no page is looked at any more
    reshares    how many entries were this hub's own news come back
    too_old     how many are older than the hub keeps
    habits      what the feed is usually like from now on, None where that stays
    host_not_before
                a host that asked all its visitors to stay away (429), and until when
    put_off     whether the next poll has to read the document again, even unchanged: an entry went back to
                earlier words, or something besides its words was seen for the first time
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
    outcome: PollOutcome
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
    outcome: PollOutcome
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

    name       such as `process 4711 on news1`
    since      when it connected, by the server's clock
    heard      when it last asked the server something; `silent` is how long ago
    hosts      how many hosts it is at, or keeps for their pause
    jobs       how many jobs a worker has
    at_work    whether a worker takes jobs
    same_file  whether a worker's feeds.yaml is that of `hub run`; None where no `hub run` hands out polls
    apart      how far its clock is ahead of the server's; None where it is right, or was not compared
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
