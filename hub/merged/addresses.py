"""Where everything the hub serves is found: every path is written here and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from hub.model import FeedKey

Given = str | tuple[str, ...] | None
"""What a parameter of an address is given: a value, several, or none."""


def path_for_admins(feed: FeedKey) -> str:
    """The path of a feed's admin page."""
    return f"/admin/feed/{quote(str(feed))}"


def place_of(feed: FeedKey) -> str:
    """The place of a feed in the page /status, behind its `#`."""
    return f"{feed.member}.{feed.name}"


class Addresses(Struct, frozen=True):
    """The hub's own addresses, made from where readers find it.

    `hub` has no trailing slash. Pages are given as paths, which also work
    from another host name; feeds in full, since they are copied elsewhere.
    """

    hub: str

    @property
    def live(self) -> bool:
        """Whether the hub answers at them. Else files do, of which nothing can be searched for or chosen."""
        return True

    @property
    def prefix(self) -> str:
        """The path that the hub's own paths begin with, where it does not have a host to itself."""
        return urlsplit(self.hub).path.rstrip("/")

    def full(self, path: str) -> str:
        """The absolute address of one of our paths."""
        parts = urlsplit(self.hub)
        return f"{parts.scheme}://{parts.netloc}{path}"

    def to(self, path: str, **asked: Given) -> str:
        """A path of ours with what is asked of it; what is None or empty is left out."""
        query = urlencode([(name, value) for name, value in asked.items() if value], doseq=True)
        return f"{self.prefix}{path}?{query}" if query else f"{self.prefix}{path}"

    def going_on(self, feed: str, before: str) -> str:
        """The address at which a merged feed goes on behind a cursor."""
        return f"{feed}{'&' if '?' in feed else '?'}{urlencode({'before': before})}"

    def home(self, **asked: Given) -> str:
        return self.to("/", **asked)

    def story(self, story: int) -> str:
        return self.to(f"/story/{story}")

    def member(self, slug: str, **asked: str | None) -> str:
        return self.to(f"/member/{quote(slug, safe='')}", **asked)

    def tag(self, term: str, **asked: str | None) -> str:
        return self.to(f"/tag/{quote(term, safe='')}", **asked)

    def digest(self, name: str) -> str:
        """The page of a period's news, or of a rhythm's latest."""
        return self.to(f"/digest/{name}")

    def status_feed(self, slug: str) -> str:
        """The feed of what was the matter with a member's feeds."""
        return self.to(f"/feeds/status/{quote(slug, safe='')}.atom")

    def search(self, **asked: Given) -> str:
        return self.to("/search", **asked)
