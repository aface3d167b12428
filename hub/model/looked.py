"""What a look finds: at an address, before feeds.yaml is changed and after, and in what is stored."""

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

    url       what feeds.yaml is to have, and `at` where it was found
    entries   how many there are, of which `dated` have a date, and `first` are some
    title, homepage
              what the site says of itself
    error     why nothing is found, if that is known
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

    @property
    def may_be_taken(self) -> bool:
        """Whether feeds.yaml may have it: a feed also while it is empty, another way if it finds news."""
        return bool(self.entries) or (self.kind is None and not self.error)


class Look(Struct, frozen=True, kw_only=True):
    """What is at an address: a feed, or a page that may be read in several ways.

    `problem` says what it is where it is no feed. `findings` are in the order
    in which they were looked for, and `best` is the one to take.
    """

    asked: str
    findings: tuple[Finding, ...]
    best: Finding
    problem: str = ""


class Said(Struct, frozen=True, kw_only=True):
    """An error or a remark about a document, and the `place` of the first row it is about, empty for none."""

    text: str
    place: str
    is_error: bool


class MarkedLine(Struct, frozen=True, kw_only=True):
    """A row of a document that is shown: a line, or what stands of it from a column on, from 1.

    `cut` characters more are not shown. `about` are the numbers of what is
    said of it, from 0, and `left_out` is how many rows are missing before it.
    """

    number: int
    column: int
    text: str
    cut: int
    about: tuple[int, ...]
    left_out: int

    @property
    def place(self) -> str:
        return f"L{self.number}" if self.column == 1 else f"L{self.number}-{self.column}"


class MarkedText(Struct, frozen=True, kw_only=True):
    """A document's text as it is shown, and what is said of it.

    It has so many `rows`, of which `left_out` are missing at the end. With
    `is_broken` some are not whole lines.
    """

    said: tuple[Said, ...] = ()
    lines: tuple[MarkedLine, ...] = ()
    rows: int = 0
    left_out: int = 0
    is_broken: bool = False


class SeenDocument(Struct, frozen=True, kw_only=True):
    """What one of a feed's addresses answers now, and how the hub reads it.

    asked       that address
    facts       what there is to say of the answer, each fact with its name
    headers     those of the answer, without cookies; none where there was no answer
    whole       the document's text in UTF-8, compressed by zlib; empty where none came
    text        what is shown of it; where nothing can be read there is an error in it, and `remedy` says
                what to do
    not_before  until when its server wants to be left alone
    wanted      of a site that is no feed, the addresses that it would be read on from, and `more` how many
                besides
    """

    when: datetime
    asked: str
    facts: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    text: MarkedText = MarkedText()
    whole: bytes = b""
    remedy: str = ""
    not_before: datetime | None = None
    wanted: tuple[str, ...] = ()
    more: int = 0

    @property
    def failed(self) -> bool:
        return any(each.is_error for each in self.text.said)


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
