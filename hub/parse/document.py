"""A feed's document as its publisher wrote it: what every format is read into.

Nothing here is cleaned, and nothing but dates is interpreted: links may be
relative (then to `base`), markup may be hostile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

# None: the format does not say, as RSS's title does not.
TextType = Literal["text", "html"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text construct (RFC 4287 §3.1).

    `base` is what its relative links are relative to, None where the document
    does not say.
    """

    value: str
    type: TextType = None
    base: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file or a picture a document links to, with its attributes as written."""

    url: str
    type: str | None = None
    length: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    name: str | None = None
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSource:
    """The feed an entry says it was copied from (`atom:source`, RSS's `source`)."""

    id: str | None = None
    title: str | None = None
    updated: datetime | None = None
    link: str | None = None
    self_link: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """An entry or item.

    `link_is_id` marks a link that is only the guid again (RSS's isPermaLink).
    `starts` is the day of the event that it says it is about.
    """

    id: str | None = None
    link: str | None = None
    link_is_id: bool = False
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    published: datetime | None = None
    updated: datetime | None = None
    starts: date | None = None
    authors: tuple[Author, ...] = ()
    categories: tuple[Term, ...] = ()
    enclosures: tuple[Attached, ...] = ()
    images: tuple[Attached, ...] = ()
    language: str | None = None
    rights: str | None = None
    source: ParsedSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A document.

    `authors` are those of its entries that name none. `remarks` say what was
    wrong with it and how it was read all the same.
    """

    title: str | None = None
    id: str | None = None
    link: str | None = None
    updated: datetime | None = None
    rights: str | None = None
    language: str | None = None
    authors: tuple[Author, ...] = ()
    entries: tuple[ParsedEntry, ...] = ()
    remarks: tuple[str, ...] = field(default=())
