"""Who publishes: the members of the network and their feeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, NamedTuple

from msgspec import Struct

MemberType = Literal["member", "national", "partner"]
Republish = Literal["full", "summary", "link"]
FeedKind = Literal["feed", "wordpress", "sitemap", "html"]
Trust = Literal["usual", "hold", "always"]
Identifier = Literal["id", "link", "title"]


class FeedKey(NamedTuple):
    """What a feed is known by, so that its URL may change: its member and its name."""

    member: str
    name: str = "news"

    def __str__(self) -> str:
        return f"{self.member}/{self.name}"


class WordPress(Struct, frozen=True, kw_only=True):
    """A WordPress site that is read by its REST API.

    `types` are its types of post that are news, as they stand in the API's
    addresses: `posts`, and the site's own.
    """

    name: ClassVar[FeedKind] = "wordpress"
    types: tuple[str, ...] = ("posts",)


class Sitemap(Struct, frozen=True, kw_only=True):
    """A site that is read by its sitemap and by its pages' own metadata.

    `only` are beginnings of the paths of pages that are news; without them a
    page is news when it says that it is, or has a date.
    """

    name: ClassVar[FeedKind] = "sitemap"
    only: tuple[str, ...] = ()


class HtmlList(Struct, frozen=True, kw_only=True):
    """A page that lists news, and the CSS selectors (Selectors Level 3) by which it is read.

    item    finds each piece of news in the page
    link, title, date, summary, image
            find what a piece says, within it; without `link` its first link is taken, without `title` the
            words of the link
    next    finds the link to older news in the page
    dates   layouts of its dates, as `datetime.strptime` has them, if they are not understood by themselves
    """

    name: ClassVar[FeedKind] = "html"
    item: str
    link: str | None = None
    title: str | None = None
    date: str | None = None
    summary: str | None = None
    image: str | None = None
    next: str | None = None
    dates: tuple[str, ...] = ()


SiteKind = WordPress | Sitemap | HtmlList
"""How a site is read that is no feed, with its settings."""


class Feed(Struct, frozen=True, kw_only=True):
    """A document that a member publishes and the hub polls.

    alternatives  addresses to try, in order, when `url` is no feed
    kinds         of those addresses that are no feeds, how they are read
    tags          given to all its entries
    identify_by   what its entries are told apart by; None to go by what its documents show
    every_min, every_max
                  how often it is polled at most and at least
    most_bytes, most_entries
                  how much of its document is read, after decompression
    trust         its member's: with `hold` all that is new waits for an admin, with `always` nothing does,
                  else what is suspicious
    paused        whether it is left alone; what it published stays
    """

    key: FeedKey
    url: str
    alternatives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    kinds: Mapping[str, SiteKind] = {}
    identify_by: Identifier | None = None
    every_min: timedelta = timedelta(minutes=15)
    every_max: timedelta = timedelta(days=1)
    most_entries: int = 5_000
    most_bytes: int = 20 * 1024 * 1024
    trust: Trust = "usual"
    paused: bool = False


class Member(Struct, frozen=True, kw_only=True):
    """An organisation of the network. `republish` is how much of its news it lets us carry.

    `former_hosts` are the names of hosts that its site was on before, in
    lower case and without `www.`.
    """

    slug: str
    name: str
    type: MemberType = "member"
    region: str | None = None
    homepage: str | None = None
    republish: Republish = "full"
    former_hosts: tuple[str, ...] = ()
