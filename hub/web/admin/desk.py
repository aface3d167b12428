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
    """The organisation's own sign-in (`hub.sign_in`), asked within seconds. Methods may raise SignInError."""

    def question(self, hub: HubSettings, token: str, *, back: str) -> str:
        """The address to send a browser to that keeps a token, from which it comes to the address `back`."""

    def subject(
        self, hub: HubSettings, token: str, code: str, *, issuer: str | None, back: str, now: datetime
    ) -> Subject:
        """Who signed in, by the code and the issuer that such a browser came back with."""


class Desk(Protocol):
    """What admin pages have done, as `hub`'s commands do it.

    What changes the database alone is a `Decision`, which `carry_out` does. Methods, and
    decisions, raise HubError where nothing was done, and AlreadySo where it had been.

    what, link     an entry's link or id
    member         its member, or its feed (`member/name`), where several have that link or id
    seen           how the page showed it: it is refused where that is otherwise by now
    today, config  what the hub goes by, even while feeds.yaml has a fault in it
    """

    @property
    def provider(self) -> Provider: ...

    def of_its_member(self, what: str, member: str | None) -> tuple[str, str | None]:
        """The link and the member by which an entry is meant in all feeds of its member.

        What was given, where no other feed has the entry, or one in which it stands otherwise.
        """

    def release(
        self, what: str, *, member: str | None, for_good: bool = True, seen: Mapping[int, Stand] = {}
    ) -> Decision:
        """To publish an entry, or all that waits of a member or feed.

        `for_good`, its member cannot take back again what was withdrawn. `seen` is by the
        entries' keys.
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

        `role` is that of whoever withdraws it, None where it is not known.
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
        """To pin the story of an entry beside the latest news, up to a day; as if `made` then, else now."""

    def unpin(
        self, link: str, *, member: str | None, today: date, seen: Pin | UnsetType | None = UNSET
    ) -> Decision:
        """To take the pin from the story of an entry."""

    def merge(self, link: str, into: str, *, member: str | None) -> Decision:
        """To put an entry's story into another entry's, which may be of any member."""

    def split(self, link: str, *, member: str | None, alone: bool, seen: datetime | None = None) -> Decision:
        """To take an entry out of its story; with `alone`, keep it from every other.

        `seen` is when it was last ruled on.
        """

    def lead(self, link: str, *, member: str | None) -> Decision:
        """To have an entry lead its story."""

    def put_back(self, link: str, place: Place, *, member: str | None, seen: datetime) -> Decision:
        """To have an entry be the copy again that it was before it was split off, or made the lead."""

    def tag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To give a story a tag, whatever the rules say.

        `seen` is when the tag was last given or taken by hand, None for never.
        """

    def untag(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To take a tag from a story, whatever the rules say; `seen` is as in `tag`."""

    def leave_to_rules(
        self, link: str, term: str, *, member: str | None, seen: datetime | UnsetType | None = UNSET
    ) -> Decision:
        """To forget that a tag of a story was given or taken by hand; `seen` is as in `tag`."""

    def carry_out(
        self, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
    ) -> int:
        """Do what was decided, and record it in the same transaction; the record's number.

        The record is of an `action` by an account. `undoes` is the number of the record that
        this takes back.
        """

    def explain(
        self, what: str, config: Config, *, most: int, now: datetime, member: str | None = None
    ) -> tuple[Sequence[Explained], bool]:
        """What is known of an entry, a feed or a member, and whether the hub has it at all.

        Entries are told of only if there are no more than `most`; with a `member`, only its own.
        """

    # ------------------------------------------------------------ feeds.yaml

    def text(self) -> str:
        """The text of feeds.yaml."""

    def unwritable(self) -> str:
        """Why feeds.yaml cannot be edited here, as a sentence; empty where it can."""

    def write(self, text: str, *, instead_of: str) -> Edited:
        """Put a text in place of feeds.yaml. Refused unless `instead_of` is the digest of its text."""

    def take_back(self, change: str, *, was: str, now: str) -> Edited:
        """Undo a change of feeds.yaml, by its diff and the digests of the texts before (`was`) and after."""

    def plan_feed(self, feed: NewFeed) -> Added:
        """How feeds.yaml would change if a feed were added."""

    def add_feed(self, feed: NewFeed) -> Did:
        """Add a feed to feeds.yaml."""

    def remove(self, target: str, *, and_member: bool = False, at: str | None = None) -> Did:
        """Take a feed or a member out of feeds.yaml.

        With `and_member` a feed's member goes with its last feed. Refused where the feed is not
        `at` that address, if one is given.
        """

    def remove_with_entries(self, target: str) -> Decision:
        """To take a feed or a member out of feeds.yaml, and its entries out of the database.

        Where the database refuses, it is out of the file all the same, and that is said.
        """

    def pause(self, feeds: Sequence[str], *, paused: bool) -> Did:
        """Have feeds be left alone, or be asked again if not `paused`."""

    def try_rule(self, before: Config, after: Config, term: str, *, seconds: float) -> Trial:
        """What the rule of a term finds in the newest entries once it is changed, as far as there is time."""

    # ------------------------------------------------------------ what takes a while

    def look(self, url: str) -> Errand[Look]:
        """Look at an address as if it were to be polled."""

    def looked(self, number: int) -> Errand[Look] | None:
        """The look with this number, None where it is no longer known."""

    def see_document(self, state: FeedState, address: str | None, hub: HubSettings) -> Errand[SeenDocument]:
        """Fetch what is at one of a feed's addresses (None: where a poll would begin), and read it.

        Refused while its server wants to be left alone, as it said when it was last asked this way.
        """

    def seen_document(self, feed: FeedKey, number: int) -> Errand[SeenDocument] | None:
        """What was seen of a feed, by the number of the errand; None where it is no longer known."""

    def plan_tags(self, text: str, *, seconds: float) -> TagPlan | str:
        """How a feeds.yaml with this text would change the tags of what is stored.

        If that takes longer than so many `seconds`, a sentence that says how far it is: ask again.
        """

    def retag(self) -> Errand[str]:
        """Apply the tag rules to what is stored, unless those of another feeds.yaml are being applied."""

    def retagging(self) -> tuple[Errand[str] | None, bool]:
        """The last `retag` that was begun here, None where none was; and whether by feeds.yaml as it is."""
