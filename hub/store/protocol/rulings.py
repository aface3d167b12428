"""What admins ruled of news, which no poll undoes, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from msgspec import UNSET, UnsetType

from hub.model import Notice, Overruling, RoleName, Stand, StoredEntry, Tag, WithheldEntry
from hub.store.found import Pin, Place


class RulingStore(Protocol):
    """What admins ruled of news, which no poll undoes, and what waits for them."""

    def put_together(self, key: int, other: int, now: datetime) -> None:
        """Rule that two stories are one: that of `key` goes into that of `other`, which keeps its number.

        No poll undoes it. Raises StoreError where they are one story already.
        """

    def take_apart(
        self, key: int, now: datetime, *, alone: bool = False, seen: datetime | None = None
    ) -> None:
        """Rule that an entry is not the news of its story, and give it a story of its own.

        With `alone` it is nobody's copy, and nothing is a copy of it. No poll undoes it.
        Raises StoreError where the entry is alone in its story, and where its last ruling is
        not of the moment that was `seen`.
        """

    def make_lead(self, key: int, now: datetime) -> None:
        """Rule that an entry leads its story. No later original takes its place."""

    def place_of(self, key: int) -> Place:
        """The place of a published entry in its story."""

    def put_back(self, place: Place, *, seen: datetime) -> None:
        """Have an entry that was split off, or was made its story's lead, be a copy there as it was.

        Forgets what was ruled of it then, at the moment that was `seen`. Raises StoreError
        where the entry was ruled on since, or others have joined it.
        """

    def pin(
        self, key: int, made: datetime, *, last_day: date | None, seen: Pin | UnsetType | None = UNSET
    ) -> None:
        """Pin the story of an entry beside the latest news, up to a day; the one `made` last is first.

        Raises StoreError for a story that is not published, and where its pin is not the one that was `seen`.
        """

    def unpin(self, key: int, *, seen: Pin | UnsetType | None = UNSET) -> None:
        """Take the pin from the story of an entry, which may be withheld.

        Raises StoreError where it has none, and where it has another than was `seen`.
        """

    def pin_of(self, key: int) -> Pin | None:
        """The pin of the story that an entry is in, or was in before it was withheld."""

    def waiting(self, member: str | None = None) -> tuple[WithheldEntry, ...]:
        """The entries that wait for an admin, or a member's, held or in quarantine: 100, the last first."""

    def waiting_of(self, member: str, feed: str | None = None) -> tuple[int, ...]:
        """The keys of all entries of a member, or of its feed of that name, that wait for an admin."""

    def notices(self) -> tuple[Notice, ...]:
        """How many entries of each feed wait for an admin for each reason, those that wait longest first."""

    def withdrawn(self, since: datetime | None = None) -> tuple[WithheldEntry, ...]:
        """The entries that were withdrawn after they were published, the last first, 1,000 at most.

        With a moment, those that were withdrawn since.
        """

    def unpublished(
        self, words: Sequence[str], member: str | None = None, *, limit: int
    ) -> tuple[StoredEntry, ...]:
        """The entries that are not published with all of these words in their titles, the last first.

        With a member, its entries alone.
        """

    def withheld(self, key: int) -> WithheldEntry | None:
        """Why a stored entry is not published; None where it is."""

    def is_told(self, story: int) -> bool:
        """Whether merged feeds tell of a story; they leave out what a member had before it joined."""

    def withdrawn_from(self, story: int) -> WithheldEntry | None:
        """The withdrawn entry of a story whose every entry is withdrawn; None for other stories."""

    def away_from(self, story: int) -> tuple[StoredEntry, ...]:
        """The entries that were in a story when they were withdrawn."""

    def stands(self, keys: Iterable[int]) -> Mapping[int, Stand]:
        """How entries stand, by their keys."""

    def release(
        self,
        keys: Iterable[int],
        now: datetime | None = None,
        *,
        for_good: bool = True,
        seen: Mapping[int, Stand] = {},
    ) -> Mapping[int, Stand]:
        """Publish entries that are not, on an admin's word, which no rule undoes; how those stand now.

        `for_good`, a member cannot take back again what was withdrawn and is released; it can
        take back what waited. Raises StoreError, and does nothing, where an entry stands
        otherwise than was `seen`.

        Without a moment it is done at the moment from which nobody else writes. Readers of
        feeds ask from the newest that they have, and polls may be stored while this waits for
        its turn: a moment that was taken before would come behind theirs.
        """

    def withdraw(
        self,
        keys: Iterable[int],
        why: str,
        now: datetime | None = None,
        *,
        role: RoleName | None = None,
        seen: Mapping[int, Stand] = {},
    ) -> Mapping[int, Stand]:
        """Withdraw entries on an admin's word, which no poll undoes; how those stand that did not stand so.

        `role` is that of whoever decides; None where it is not known. Without a reason, an entry
        that is withdrawn already keeps its own. `now` and `seen` are as in `release`.
        """

    def wait_again(self, waited: Mapping[int, Stand], seen: Mapping[int, Stand]) -> int:
        """Have entries that waited, by their keys, wait again as they did; how many.

        Those that stand otherwise than was `seen` stay as they are.
        """

    def is_released(self, key: int) -> bool:
        """Whether an entry was withdrawn, and is published again on an admin's word, for good."""

    def retag(self, keys: Iterable[int], tags: Callable[[StoredEntry], tuple[Tag, ...]]) -> int:
        """Replace the tags of entries, but for those given or taken by hand; how many entries changed.

        `tags` is called with each entry as it is while nobody else writes, so that no poll comes between.
        """

    def overrule(
        self,
        keys: Sequence[int],
        term: str,
        tags: tuple[Tag, ...],
        *,
        now: datetime,
        seen: datetime | UnsetType | None = UNSET,
    ) -> None:
        """Give entries a tag by hand, or take it away where `tags` is empty.

        `tags` are the tag and the broader ones that come with it. It holds for every later
        poll, retagging, and copy of their story. Raises StoreError where the tag of an entry was
        last given or taken by hand at another moment than was `seen`; None stands for never.
        """

    def renew(self, overrulings: Iterable[Overruling]) -> None:
        """Replace what tags given by hand bring with them. Entries have it once they are retagged."""

    def leave_to_rules(
        self,
        keys: Sequence[int],
        term: str,
        tags: Callable[[StoredEntry], tuple[Tag, ...]],
        *,
        seen: datetime | UnsetType | None = UNSET,
    ) -> None:
        """Forget that a tag was given or taken by hand, and `retag`. `seen` is as in `overrule`."""

    def overrulings(self) -> tuple[Overruling, ...]:
        """All tags that were given or taken by hand."""
