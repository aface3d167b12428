"""What the rest of the hub may ask of a database: the Store protocol.

Every method is one transaction. Datetimes go in and come out aware, in UTC.
Any method may raise StoreError. A store belongs to the thread that opened it;
those who read and the one who writes never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from hub.errors import StoreError
from hub.model import (
    Account,
    AuditRecord,
    Change,
    Crowd,
    Direction,
    Entry,
    Feed,
    FeedKey,
    FeedState,
    FeedUpdate,
    Gathered,
    Intent,
    Known,
    LastDocument,
    Member,
    Notice,
    Offer,
    Overruling,
    PageCheck,
    PastPoll,
    PollFigures,
    PollResult,
    Push,
    RelatedStory,
    Revision,
    Selection,
    Session,
    StoredEntry,
    Story,
    Subscriber,
    Subscription,
    Tag,
    Withheld,
    WithheldEntry,
)

Order = Literal["date", "relevance"]

Decide = Callable[[Gathered, FeedState, Known], FeedUpdate]

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A stretch of a list; `next` is the cursor of what follows, None at its end."""

    items: tuple[T, ...]
    next: str | None = None


class Found(Page[Story], frozen=True, kw_only=True):
    """A stretch of what a search found: `stories` in all, at least so many where there may be `more`.

    `order` is the order it is in: what is too common to be ranked is newest
    first. `newest_of` where more entries have the words than are looked
    through: how many, the last that came in, were. Of several words none of
    which is rare no more are read than are shown and counted, so that it may
    be None though there are more.
    """

    stories: int
    more: bool
    order: Order
    newest_of: int | None


class Totals(Struct, frozen=True, kw_only=True):
    """How much there is in all."""

    entries: int
    stories: int


class LatestEntry(Struct, frozen=True):
    """As much of an entry as a list of members shows.

    `date` is what it is sorted by; `dated` is whether its publisher gave one.
    """

    story: int
    title: str
    excerpt: str
    language: str | None
    direction: Direction | None
    date: datetime
    dated: bool


class MemberSummary(Struct, frozen=True, kw_only=True):
    """A member with what is known of its news.

    `configured` is false for one that has left feeds.yaml. `latest` is its
    newest entry. `recent` counts its entries of the last 90 days.
    """

    member: Member
    configured: bool
    entries: int
    recent: int
    latest: LatestEntry | None


class Pin(Struct, frozen=True):
    """That a story is pinned: since when, and up to which day by the hub's clocks, if one was said."""

    made: datetime
    last_day: date | None


class BadCursor(ValueError):
    """A cursor that no page of ours gave out."""


class Store(Protocol):
    """A database of feeds, entries and stories."""

    def sync(self, members: Sequence[Member], feeds: Sequence[Feed], *, authority: str) -> None:
        """Take over what feeds.yaml says. What it no longer names is kept and not polled.

        Another name at the address of a feed of the same member is that
        feed's, unless that one had left the file before and another has the
        name, which goes on. `authority` is the host name for `tag:` ids
        minted from now on (RFC 4151).
        """

    def feed_states(self, member: str | None = None) -> tuple[FeedState, ...]:
        """The feeds that feeds.yaml names, or a member's, in its order, with what is remembered of each."""

    def left_states(self) -> tuple[FeedState, ...]:
        """The feeds that are no longer in feeds.yaml, with what is remembered of each."""

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        """Those of `feed_states` whose turn it is: never polled or due, not gone, and free to be asked.

        One that was polled an hour from now or later, by a clock that was ahead, is due.
        """

    def spared(self) -> Mapping[str, datetime]:
        """The hosts that asked all their visitors to stay away, and until when."""

    def pages(self, feed: FeedKey, now: datetime) -> frozenset[int]:
        """The numbers of a site's pages that its polls need not look at again, or not yet."""

    def last_document(self, feed: FeedKey) -> LastDocument:
        """What is stored of what the feed's document had last; nothing, if it was not learnt from."""

    def checks_due(self, now: datetime, *, most: int) -> Mapping[FeedKey, tuple[PageCheck, ...]]:
        """The pages of missing entries that the feeds' next polls shall look at, longest due first.

        Of each feed so many at most.
        """

    def links(self, feed: FeedKey) -> tuple[str, ...]:
        """The links of the entries of the feed's last document."""

    def settle(self, gathered: Sequence[Gathered], decide: Decide) -> tuple[PollResult, ...]:
        """Decide and apply polls in one transaction, each seeing those before it.

        Holds the write lock from the first read to the commit, so that two
        pollers never make two stories of one piece of news. A poll that
        cannot be applied is undone alone, and its result says so. News of a
        feed that left feeds.yaml goes over to one of its member, or at its
        address, that has it. The only writer of entries.
        """

    def stories(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[Story]:
        """The stories of a selection, newest first, each once (but see `Selection.every_entry`).

        A cursor survives polls. Raises BadCursor.
        """

    def count(self, selection: Selection = Selection()) -> int:
        """How many stories `stories` has of a selection without a search."""

    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found:
        """The stories of a selection with a search, best matches first if they can be. Raises BadCursor."""

    def entries(
        self, selection: Selection = Selection(), *, limit: int, cursor: str | None = None
    ) -> Page[StoredEntry]:
        """Every entry of a selection without a search, copies too, newest first. Raises BadCursor."""

    def story(self, story: int) -> Story | int | None:
        """A story; the number of the one it was merged into; None where there is none."""

    def merged(self) -> tuple[int, ...]:
        """The numbers of the stories that were merged into others."""

    def revisions(self, key: int) -> tuple[Revision, ...]:
        """What an entry said before its last changes, the latest first; at most ten."""

    def told_changes(self, *, limit: int) -> tuple[Change, ...]:
        """The last changes of published entries that readers were told of, the latest first."""

    def finds(self, typed: str) -> bool:
        """Whether a search for this would find any published entry."""

    def latest_titles(self, *, limit: int) -> tuple[str, ...]:
        """The titles of the news that came last."""

    def related(self, story: Story, *, limit: int) -> tuple[RelatedStory, ...]:
        """Other stories about the same, the nearest first, each with the words that both speak of."""

    def totals(self) -> Totals:
        """How many entries and stories there are."""

    def members(self, now: datetime, slug: str | None = None) -> tuple[MemberSummary, ...]:
        """Every member that was ever in feeds.yaml, in its order, those that left last; or that one alone."""

    def to_come(self, selection: Selection = Selection(), *, since: date, limit: int) -> tuple[Story, ...]:
        """The stories of a selection, without a search, of events on that day or later, the next first."""

    def pinned(self, today: date, *, limit: int) -> tuple[Story, ...]:
        """The stories that are pinned on a day, the one that was pinned last first."""

    def came_between(
        self, start: datetime, end: datetime, *, late: timedelta, limit: int
    ) -> tuple[tuple[Story, ...], int]:
        """The stories that came in between two moments and that feeds tell: the newest, and how many in all.

        A story comes in with the first of its entries that is published. What
        is dated before that by more than `late` is left out.
        """

    def tag_counts(self) -> Mapping[str, int]:
        """How many stories have each tag."""

    def tag_counts_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        """How many stories with each tag are of the time between each two moments that follow each other."""

    def version(self) -> int:
        """A number that grows whenever what is published changes, and only then."""

    def mark(self) -> str:
        """A word for what is published, which nothing else ever has: no other database, nor one put back."""

    def of_one_moment(self) -> AbstractContextManager[None]:
        """A block in which nothing is written, and all that is read is as it was when it began.

        What others write meanwhile waits in the log until the block ends.
        """

    def walk(self) -> Iterator[StoredEntry]:
        """Every entry, whatever its standing, oldest first, in bounded memory. Not one transaction."""

    def find(self, address: str) -> tuple[StoredEntry, ...]:
        """The entries, whatever their standing, with this address for a link or an id, leads first."""

    def compared_with(self, key: int) -> tuple[Entry, Known]:
        """A stored entry, with its sketch where one is kept, and what it might be a copy of."""

    def put_together(self, key: int, other: int, now: datetime) -> None:
        """Rule that two stories are one: that of `key` goes into that of `other`, which keeps its number.

        No poll undoes it. Raises StoreError where they are one already.
        """

    def take_apart(self, key: int, now: datetime, *, alone: bool = False) -> None:
        """Rule that an entry is not the news of its story, and give it a story of its own.

        With `alone` it is nobody's copy, and nothing is a copy of it. No poll
        undoes it. Raises StoreError where there is nothing to take apart.
        """

    def make_lead(self, key: int, now: datetime) -> None:
        """Rule that an entry leads its story. No later original takes its place."""

    def pin(self, key: int, now: datetime, *, last_day: date | None) -> None:
        """Have the story of an entry stand beside the latest news, up to a day.

        Raises StoreError for one that is not published.
        """

    def unpin(self, key: int) -> None:
        """Have it stand there no more, also where it is withheld. Raises StoreError where it does not."""

    def pin_of(self, key: int) -> Pin | None:
        """The pin of the story that an entry is in, or was in before it was withheld."""

    def waiting(self) -> tuple[WithheldEntry, ...]:
        """The entries that wait for an admin, held or in quarantine, the last 100 first."""

    def waiting_of(self, member: str, feed: str | None = None) -> tuple[int, ...]:
        """The keys of all entries of a member, or of its feed of that name, that wait for an admin."""

    def notices(self) -> tuple[Notice, ...]:
        """For each feed and reason how many entries wait for an admin, those that wait longest first."""

    def withdrawn(self, since: datetime | None = None) -> tuple[WithheldEntry, ...]:
        """The published entries that were withdrawn, since then or ever, the last first, 1,000 at most."""

    def withheld(self, key: int) -> WithheldEntry | None:
        """Why a stored entry is not published; None where it is."""

    def is_told(self, story: int) -> bool:
        """Whether merged feeds tell of a story; else it is but the past of a member that joined."""

    def withdrawn_from(self, story: int) -> WithheldEntry | None:
        """The withdrawn entry that a story was of, whose every entry is withdrawn; None for others."""

    def away_from(self, story: int) -> tuple[StoredEntry, ...]:
        """The entries that were in a story when they were withdrawn."""

    def release(self, keys: Iterable[int], now: datetime | None = None, *, for_good: bool = True) -> int:
        """Publish entries that are not, on an admin's word, which no rule undoes; how many those were.

        What was withdrawn its member cannot take back again, if this is `for_good`; what
        waited it can. Without a moment it is done at the one when nobody else writes any
        more: who follows what is new asks from the newest that it has, and polls may be
        stored while this waits.
        """

    def withdraw(self, keys: Iterable[int], why: str, now: datetime | None = None) -> int:
        """Withdraw entries on an admin's word, which no poll undoes; how many were not withdrawn before.

        Without a reason, what was withdrawn before keeps the one that it has; without a
        moment it is done as `release` is.
        """

    def wait_again(self, waited: Iterable[tuple[int, Withheld, datetime]]) -> int:
        """Have entries, by key, wait as they did, if an admin dropped them since; how many those were."""

    def is_released(self, key: int) -> bool:
        """Whether an entry was withdrawn, and is published on an admin's word, for good."""

    def retag(self, tags: Mapping[int, tuple[Tag, ...]]) -> int:
        """Replace entries' tags, by key, as far as nobody overruled them; how many entries that changed."""

    def overrule(self, key: int, term: str, tags: tuple[Tag, ...], *, now: datetime) -> None:
        """Give an entry a tag by hand, with the broader ones among `tags`, or with none take the tag away.

        Holds for every later poll, retagging, and copy of its story.
        """

    def renew(self, overrulings: Iterable[Overruling]) -> None:
        """Replace the tags that come with tags given by hand. Entries' tags stay until they are replaced."""

    def leave_to_rules(self, key: int, term: str) -> None:
        """Forget what was said by hand of an entry's tag. Its tags stay until they are replaced."""

    def overrulings(self) -> tuple[Overruling, ...]:
        """All that was said of tags by hand."""

    def offers(self) -> Mapping[FeedKey, Offer]:
        """What the feeds that are polled say of where their news is pushed from, of those that name a hub."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All subscriptions at WebSub hubs, the oldest first, none due before its hub's host may be asked."""

    def subscription(self, token: str) -> Subscription | None:
        """The subscription of a callback, None where there is none."""

    def subscribe(
        self, feed: FeedKey, offer: Offer, *, callback: str, token: str, secret: str, now: datetime
    ) -> None:
        """Begin a subscription, whose hub is to be asked at once."""

    def change(self, before: Subscription, after: Subscription) -> None:
        """Write what differs between the two, and not what somebody else may have changed meanwhile."""

    def spare(self, host: str, until: datetime) -> None:
        """Ask nothing of a host before then: no feed of it is `due`, nor is a subscription there."""

    def forget(self, subscription: Subscription) -> None:
        """Forget a subscription, with the pushes of it that wait."""

    def receive(
        self, subscription: Subscription, body: bytes, content_type: str | None, *, now: datetime
    ) -> bool:
        """Keep a push until it is taken as a poll. False, and nothing kept, where too much waits already."""

    def refuse(self, subscription: Subscription) -> None:
        """Count a push that was dropped."""

    def pushes(self, *, limit: int) -> tuple[tuple[Push, FeedState], ...]:
        """Pushes that wait, the oldest of each subscription, with their feeds.

        Each waits until the poll it became is settled (`Gathered.push`).
        """

    def crowd(self, now: datetime, callback: str = "") -> Crowd:
        """How many subscribe to merged feeds, and how many intents wait, in all and of a callback's host."""

    def subscriber(self, topic: str, callback: str, now: datetime) -> Subscriber | None:
        """Who subscribes to a topic with a callback, None where nobody does."""

    def intend(self, intent: Intent) -> bool:
        """Keep what was asked for a callback, in place of what was asked before and waits still.

        What is the same but for its values is asked no sooner, and counts as the same try.
        False, and nothing kept, where the same is held, since it did not confirm just now.
        """

    def intents(self, now: datetime, *, limit: int) -> tuple[Intent, ...]:
        """What callbacks are to be asked now, of each host what waits longest."""

    def put_off(self, intent: Intent, until: datetime) -> None:
        """Count that a callback is asked, and ask it again then unless something comes of it."""

    def confirm(self, intent: Intent, now: datetime) -> None:
        """Do what was asked for a callback, which confirmed it: its subscription begins, goes on or ends.

        Where other values were asked for meanwhile, it is to be asked about these now.
        """

    def hold(self, intent: Intent, until: datetime) -> None:
        """Ask a callback no more, and have its intent count until then."""

    def drop(self, intent: Intent) -> None:
        """Forget an intent."""

    def topics(self) -> frozenset[str]:
        """The merged feeds that are subscribed to."""

    def tell(self, topic: str, document: str, now: datetime) -> None:
        """Have all be sent a topic's document, of this ETag, that have another and wait for none yet."""

    def owed(self, now: datetime, *, slow: bool, limit: int) -> tuple[Subscriber, ...]:
        """Whom to send a document now, of each host who has waited longest: the slow ones, or the others."""

    def try_later(self, subscriber: Subscriber) -> bool:
        """Write when a subscriber is due and how it has done; False where it has unsubscribed meanwhile."""

    def has(self, subscriber: Subscriber, document: str, *, slow: bool) -> None:
        """Note that a subscriber has the document of this ETag, and waits for no other."""

    def leave(self, subscriber: Subscriber) -> None:
        """End a subscription to a merged feed."""

    def deny(self, topic: str, why: str, now: datetime) -> None:
        """End all subscriptions to a topic, and have their callbacks told why."""

    def let_go(self, now: datetime) -> None:
        """Forget the subscribers whose lease is over, what was held, and what waited for a day."""

    def let_all_go(self) -> None:
        """Forget all subscribers, and all that was asked for callbacks."""

    def ask(self, feed: FeedKey, now: datetime) -> bool:
        """Have a feed be due now, also one that is gone; False for one that feeds.yaml does not name.

        What its server said of when to come again holds all the same.
        """

    def polls(self, feed: FeedKey | None = None, *, limit: int) -> tuple[PastPoll, ...]:
        """The last polls on record, of a feed or of all, the last first. They are kept for 90 days."""

    def polls_between(
        self, moments: Sequence[datetime], feed: FeedKey | None = None
    ) -> tuple[PollFigures, ...]:
        """What came of the polls, of a feed or of all, between each two moments that follow each other."""

    def news_between(self, moments: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        """By member with any, how many of its entries are published with a date between each two moments."""

    def document(self, feed: FeedKey, *, limit: int) -> tuple[tuple[StoredEntry, ...], int]:
        """The newest entries of the feed's last document, whatever their standing, and how many it had."""

    def accounts(self) -> tuple[Account, ...]:
        """The admins' accounts, by name."""

    def account(self, name: str) -> Account | None:
        """The account of a name, None where there is none."""

    def invite(self, name: str, digest: str, until: datetime) -> None:
        """Have whoever holds a token with this digest set a password for an account, until then, once.

        The account may be there or not. Of no name it is the first admin's, as long as there are none.
        An earlier token of the same name counts no more.
        """

    def invited(self, digest: str, now: datetime) -> str | None:
        """The name that the token with this digest is good for; None where it is not good any more."""

    def enrol(self, digest: str, name: str, password: str, now: datetime) -> bool:
        """Make an account, or give it another password and end its sessions, by the token with this digest.

        `password` is hashed. False where the token is not good for that name any more.
        """

    def expel(self, name: str) -> bool:
        """Remove an account with its sessions and its invitation; False where there is none."""

    def sign_in(self, name: str, digest: str, *, agent: str, now: datetime) -> bool:
        """Begin a session of an account, by the digest of its token; False where there is no such account."""

    def session(self, digest: str, now: datetime) -> Session | None:
        """The session of the token with this digest, which is used now; None where it has ended.

        It ends half a day after it was used last, and after a week.
        """

    def sessions(self, now: datetime) -> tuple[Session, ...]:
        """The sessions that have not ended, the one that was used last first."""

    def sign_out(self, session: int) -> bool:
        """End a session; False where it had ended."""

    def record(self, record: AuditRecord, *, undoes: int | None = None) -> int:
        """Keep what was done for good, as what took back the record of that number; its own number."""

    def audit_record(self, number: int) -> AuditRecord | None:
        """The record of a number, None where there is none."""

    def audit(self, words: str = "", *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        """What was done, the last first, of what has these words in it. Raises BadCursor."""

    def left(self, target: str) -> tuple[FeedKey, ...]:
        """The feeds that are no longer in feeds.yaml of a member's slug, a feed's key or its address."""

    def remove(self, feed: FeedKey, now: datetime) -> int:
        """Forget a feed with all its entries; how many those were. Their stories go on without them."""

    def check(self) -> tuple[str, ...]:
        """What is wrong with the database, a sentence each; empty when it is sound."""

    def mend(self, step: Callable[[str], None]) -> None:
        """Make anew what is made of the entries, all or nothing; `step` is told what comes next.

        That is the tags of stories, the counts, the bitmaps and the full-text index.
        """

    def give_up_at(self, stop: Event) -> None:
        """Once this is set, wait a second for another program that holds the database, not half a minute."""

    def close(self) -> None:
        """Let go of the database. Closing twice is harmless."""


def address_of(store: Store, stored: StoredEntry) -> str:
    """A link or an id of an entry by which `find` finds no other, or at least no other of its feed."""
    link = stored.entry.link
    return link if link and len(store.find(link)) == 1 else stored.atom_id


PUT_BACK = "stop the hub and put back the last backup: hub restore FILE"
"""What to do about damage."""


def database_file(url: str) -> Path:
    """The file that a database's URL names.

    `sqlite:///hub.db` is relative to the working directory,
    `sqlite:////var/lib/hub.db` absolute. Raises StoreError.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise StoreError(
            f"{url!r} is not the address of a database.",
            "Write sqlite:///hub.db for a file beside you, sqlite:////var/lib/hub/hub.db for one elsewhere.",
        )
    return Path(path)


def open_store(url: str) -> Store:
    """Open the database a URL names, making or upgrading it first. Raises StoreError."""
    file = database_file(url)
    from hub.store.sqlite import SqliteStore

    return SqliteStore(file)


def existing_store(url: str) -> Store:
    """Open a database that must be there already. Raises StoreError."""
    _existing_file(url)
    return open_store(url)


def back_up(url: str, copy: Path) -> None:
    """Write a consistent copy of a database to a file that must not exist. Raises StoreError.

    Others go on reading and writing. The database stays as it is, also an earlier hub's, and so is the copy.
    """
    file = _existing_file(url)
    from hub.store.copying import Original

    with closing(Original(file)) as original:
        original.copy(copy)


def _existing_file(url: str) -> Path:
    file = database_file(url)
    if not file.exists():
        raise StoreError(f"There is no database {file}.", "Name the one that the hub uses with --database.")
    if file.stat().st_size == 0:
        raise StoreError(
            f"The database {file} is empty: it is a file of no bytes.",
            f"If there was news in it, {PUT_BACK}. A hub that polls makes a new one of it.",
        )
    return file
