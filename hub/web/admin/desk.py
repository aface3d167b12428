"""What the admin pages have done for them, beyond what the store does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from hub.config.edit import Added, NewFeed
    from hub.config.whole import Edited
    from hub.errands import Errand
    from hub.model import Look, SeenDocument, TagPlan, Trial

from hub.audit import Decision
from hub.config import Config
from hub.model import Did, FeedKey, FeedState, HubSettings, RoleName, Stand, Subject
from hub.model.explained import Explained
from hub.store import Pin, Place


class Provider(Protocol):
    """The organisation's own sign-in (`hub.sign_in`), asked within seconds. Each may raise SignInError."""

    def question(self, hub: HubSettings, token: str, *, back: str) -> str:
        """Where to send a browser that keeps a token, to come `back` from there."""

    def subject(
        self, hub: HubSettings, token: str, code: str, *, issuer: str | None, back: str, now: datetime
    ) -> Subject:
        """Who signed in, by the code that such a browser came back with, and by the issuer that it named."""


class Desk(Protocol):
    """What an admin decides, done as `hub`'s commands do it.

    What lives in the database alone is made a `Decision` of, which `carry_out` does.
    `what` and `link` are an entry's link or id, `member` is its member or its
    feed (`member/name`) where several have it. Every method may raise
    HubError, as may what is decided, and then nothing was done; of what is done already it says so.
    `today` and `config` are what the hub goes by, also while feeds.yaml has a
    fault in it.
    """

    @property
    def provider(self) -> Provider: ...

    def of_its_member(self, what: str, member: str | None) -> tuple[str, str | None]:
        """By what and of which member an entry of one feed is meant in all feeds where that has it.

        What was given, where there are none, or it does not stand alike there.
        """

    def release(
        self, what: str, *, member: str | None, for_good: bool = True, seen: Mapping[int, Stand] = {}
    ) -> Decision:
        """To publish an entry, or all that waits of a member or feed.

        If it is `for_good`, its member cannot take back again what was withdrawn. It
        is refused where an entry, by its key, stands otherwise than was `seen`.
        """

    def withdraw(
        self,
        what: str,
        *,
        member: str | None,
        why: str,
        role: RoleName | None,
        seen: Mapping[int, Stand] = {},
    ) -> Decision:
        """To withdraw an entry, or drop all that waits of a member or feed.

        `role` is that of whoever withdraws it, None where it is not known. It is refused as `release` is.
        """

    def pin(
        self,
        link: str,
        *,
        member: str | None,
        last_day: date | None,
        today: date,
        made: datetime | None = None,
        seen: Pin | UnsetType | None = UNSET,
    ) -> Decision:
        """To have the story of an entry stand beside the latest news, up to a day, as if since it was `made`.

        Refused where it is pinned otherwise than was `seen`.
        """

    def unpin(
        self, link: str, *, member: str | None, today: date, seen: Pin | UnsetType | None = UNSET
    ) -> Decision:
        """To take it from there; refused as `pin` is."""

    def merge(self, link: str, into: str, *, member: str | None) -> Decision:
        """To put an entry's story into another entry's, which may be of any member."""

    def split(self, link: str, *, member: str | None, alone: bool, seen: datetime | None = None) -> Decision:
        """To take an entry out of its story; with `alone`, keep it from every other.

        Refused where the last was not ruled of it at the moment that was `seen`.
        """

    def lead(self, link: str, *, member: str | None) -> Decision:
        """To have an entry lead its story."""

    def put_back(self, link: str, place: Place, *, member: str | None, seen: datetime) -> Decision:
        """To have an entry be the copy again that it was before it was split off then, or made the lead."""

    def tag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To give a story a tag, whatever the rules say.

        Refused where something was said of it at another moment than was `seen` (None: never).
        """

    def untag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To take a tag from a story, whatever the rules say; refused as `tag` is."""

    def leave_to_rules(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To forget what was said by hand of a story's tag; refused as `tag` is."""

    def carry_out(
        self, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
    ) -> int:
        """Do what was decided, with the record of it; the number of that.

        It is that of an `action` by an account, and of what takes back the record with the number `undoes`.
        """

    def explain(
        self, what: str, config: Config, *, most: int, now: datetime, member: str | None = None
    ) -> tuple[Sequence[Explained], bool]:
        """All that was decided about an entry, a feed or a member, and whether it is here.

        Of entries it is told only where they are no more than `most`; with a `member`, of its own alone.
        """

    # ------------------------------------------------------------ feeds.yaml

    def text(self) -> str:
        """What feeds.yaml holds."""

    def unwritable(self) -> str:
        """Why it cannot be edited here, as a sentence; empty where it can."""

    def write(self, text: str, *, instead_of: str) -> Edited:
        """Put a text in its place. Refused where its digest is another by now."""

    def take_back(self, change: str, *, was: str, now: str) -> Edited:
        """Undo a change of it by the diff and the digests of the texts before and after."""

    def plan_feed(self, feed: NewFeed) -> Added:
        """How it would change for a feed that is to be added."""

    def add_feed(self, feed: NewFeed) -> Did:
        """Add a feed to it."""

    def remove(self, target: str, *, and_member: bool = False, at: str | None = None) -> Did:
        """Take a feed or a member out of it.

        With `and_member` a feed's member goes with its last feed. It may be said `at` which address the
        feed has to be.
        """

    def remove_with_entries(self, target: str) -> Decision:
        """The same, and to take out of the database what they published too.

        Where the database refuses that, they are out of the file all the same, which is said.
        """

    def pause(self, feeds: Sequence[str], *, paused: bool) -> Did:
        """Have feeds be left alone, or be asked again if not `paused`."""

    def try_rule(self, before: Config, after: Config, term: str, *, seconds: float) -> Trial:
        """What the rule of a term finds in the newest entries once it is changed, as far as there is time."""

    # ------------------------------------------------------------ what takes a while

    def look(self, url: str) -> Errand[Look]:
        """Look at an address as if it were to be polled."""

    def looked(self, number: int) -> Errand[Look] | None:
        """The look of this number, None where it is not known any more."""

    def see_document(self, state: FeedState, address: str | None, hub: HubSettings) -> Errand[SeenDocument]:
        """Fetch what is at one of a feed's addresses (None: where a poll would begin), and see what it is.

        Refused while its server wants to be left alone, by what it said when it was asked so last.
        """

    def seen_document(self, feed: FeedKey, number: int) -> Errand[SeenDocument] | None:
        """What was seen of a feed by this number, None where it is not known any more."""

    def plan_tags(self, text: str, *, seconds: float) -> TagPlan | str:
        """What a feeds.yaml would change of the tags of what is stored.

        Where that takes longer than so many seconds, how far it is, to be asked again.
        """

    def retag(self) -> Errand[str]:
        """Apply the tag rules to what is stored, unless those of another feeds.yaml are being applied."""

    def retagging(self) -> tuple[Errand[str] | None, bool]:
        """The last time that was begun here, None where it was not; and whether by the file as it is."""
