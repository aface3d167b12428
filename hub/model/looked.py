"""What a look finds before feeds.yaml is changed: at an address, and in what is stored."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hub.model.entry import Tag
from hub.model.members import FeedKind, SiteKind


class Sample(Struct, frozen=True, kw_only=True):
    """An entry as it would be published."""

    title: str
    date: datetime | None
    link: str | None
    tags: tuple[Tag, ...]


class Finding(Struct, frozen=True, kw_only=True):
    """What is found by reading an address in one way.

    `url` is what feeds.yaml is to have, `at` where it was found. Of `entries`
    so many have a date (`dated`), and `first` are some. `title` and `homepage`
    are what the site says of itself. Where nothing is found, `error` may say why.
    """

    url: str
    at: str
    kind: SiteKind | None
    title: str = ""
    homepage: str | None = None
    entries: int = 0
    dated: int = 0
    first: tuple[Sample, ...] = ()
    remarks: tuple[str, ...] = ()
    error: str = ""

    @property
    def name(self) -> FeedKind:
        return self.kind.name if self.kind else "feed"


class Look(Struct, frozen=True, kw_only=True):
    """What is at an address: a feed, or a page that may be read in several ways.

    `problem` says what it is where it is no feed. `findings` are in the order
    in which they were looked for, and `best` is the one to take.
    """

    asked: str
    findings: tuple[Finding, ...]
    best: Finding
    problem: str = ""


class TagChange(Struct, frozen=True, kw_only=True):
    """What would become of one tag or kind: how many entries get it and lose it, and some of their titles."""

    what: str
    gained: int
    lost: int
    samples: tuple[str, ...]


class TagPlan(Struct, frozen=True, kw_only=True):
    """What other rules would change of what is stored: so many of all entries, by tag and kind."""

    changed: int
    entries: int
    changes: tuple[TagChange, ...]
