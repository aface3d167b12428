"""Who publishes: the members of the network and their feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MemberType = Literal["member", "national", "partner"]


Republish = Literal["full", "summary", "link"]


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
