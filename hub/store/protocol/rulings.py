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

        No poll undoes it. Raises StoreError where they are one already.
        """

    def take_apart(
        self, key: int, now: datetime, *, alone: bool = False, seen: datetime | None = None
    ) -> None:
        """Rule that an entry is not the news of its story, and give it a story of its own.

        With `alone` it is nobody's copy, and nothing is a copy of it. No poll
        undoes it. Raises StoreError where there is nothing to take apart, and
        where the last was not ruled of it at the moment that was `seen`.
        """

    def make_lead(self, key: int, now: datetime) -> None:
        """Rule that an entry leads its story. No later original takes its place."""

    def place_of(self, key: int) -> Place:
        """The place of a published entry in its story."""

    def put_back(self, place: Place, *, seen: datetime) -> None:
        """Have an entry that was split off, or was made its story's lead, be a copy there as it was.

        What was ruled of it then, at the moment that was `seen`, is forgotten. Raises
        StoreError where something was ruled of it since, or others have joined it.
        """

    def pin(
        self, key: int, made: datetime, *, last_day: date | None, seen: Pin | UnsetType | None = UNSET
    ) -> None:
        """Have the story of an entry stand beside the latest news, up to a day; the last `made` is first.

        Raises StoreError for one that is not published, and where it is pinned otherwise than was `seen`.
        """

    def unpin(self, key: int, *, seen: Pin | UnsetType | None = UNSET) -> None:
        """Have it stand there no more, also where it is withheld. Raises StoreError where it does not.

        So it does where it is pinned otherwise than was `seen`.
        """

    def pin_of(self, key: int) -> Pin | None:
        """The pin of the story that an entry is in, or was in before it was withheld."""

    def waiting(self, member: str | None = None) -> tuple[WithheldEntry, ...]:
        """The entries that wait for an admin, or a member's, held or in quarantine, the last 100 first."""

    def waiting_of(self, member: str, feed: str | None = None) -> tuple[int, ...]:
        """The keys of all entries of a member, or of its feed of that name, that wait for an admin."""

    def notices(self) -> tuple[Notice, ...]:
        """For each feed and reason how many entries wait for an admin, those that wait longest first."""

    def withdrawn(self, since: datetime | None = None) -> tuple[WithheldEntry, ...]:
        """The published entries that were withdrawn, since then or ever, the last first, 1,000 at most."""

    def unpublished(
        self, words: Sequence[str], member: str | None = None, *, limit: int
    ) -> tuple[StoredEntry, ...]:
        """The entries that are not published, or a member's, with all of these words in their titles.

        The last first.
        """

    def withheld(self, key: int) -> WithheldEntry | None:
        """Why a stored entry is not published; None where it is."""

    def is_told(self, story: int) -> bool:
        """Whether merged feeds tell of a story; else it is but the past of a member that joined."""

    def withdrawn_from(self, story: int) -> WithheldEntry | None:
        """The withdrawn entry that a story was of, whose every entry is withdrawn; None for others."""

    def away_from(self, story: int) -> tuple[StoredEntry, ...]:
        """The entries that were in a story when they were withdrawn."""

    def stands(self, keys: Iterable[int]) -> Mapping[int, Stand]:
        """How entries stand, by key."""

    def release(
        self,
        keys: Iterable[int],
        now: datetime | None = None,
        *,
        for_good: bool = True,
        seen: Mapping[int, Stand] = {},
    ) -> Mapping[int, Stand]:
        """Publish entries that are not, on an admin's word, which no rule undoes; how those stand now.

        What was withdrawn its member cannot take back again, if this is `for_good`; what
        waited it can. Without a moment it is done at the one when nobody else writes any
        more: who follows what is new asks from the newest that it has, and polls may be
        stored while this waits. Raises StoreError where by then one stands otherwise than
        was `seen`, and then nothing is done.
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
        """Withdraw entries on an admin's word, which no poll undoes; how those stand that were not before.

        `role` is that of whoever has it done, whose word it is from then on; None where that is not
        known. Without a reason, what was withdrawn before keeps the one that it has; without a
        moment it is done as `release` is, and it is refused like that.
        """

    def wait_again(self, waited: Mapping[int, Stand], seen: Mapping[int, Stand]) -> int:
        """Have entries, by key, wait as they did, where they stand as was `seen`; how many those were."""

    def is_released(self, key: int) -> bool:
        """Whether an entry was withdrawn, and is published on an admin's word, for good."""

    def retag(self, keys: Iterable[int], tags: Callable[[StoredEntry], tuple[Tag, ...]]) -> int:
        """Replace the tags of entries, as far as nobody overruled them; how many entries that changed.

        `tags` is asked for each as it stands while nobody else writes, so that no poll comes between.
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
        """Give entries a tag by hand, with the broader ones among `tags`, or with none take the tag away.

        Holds for every later poll, retagging, and copy of their story. Raises StoreError where
        something was said of the tag of one at another moment than was `seen` (None: never).
        """

    def renew(self, overrulings: Iterable[Overruling]) -> None:
        """Replace the tags that come with tags given by hand. Entries' tags stay until they are replaced."""

    def leave_to_rules(
        self,
        keys: Sequence[int],
        term: str,
        tags: Callable[[StoredEntry], tuple[Tag, ...]],
        *,
        seen: datetime | UnsetType | None = UNSET,
    ) -> None:
        """Forget what was said by hand of entries' tag, and `retag` them; refused as `overrule` is."""

    def overrulings(self) -> tuple[Overruling, ...]:
        """All that was said of tags by hand."""
