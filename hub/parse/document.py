"""A feed's document as its publisher wrote it: what every format is read into.

Nothing here is cleaned, and nothing but dates is interpreted: links may be
relative (then to `base`), markup may be hostile.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from hub.model import Wishes

# None: the format does not say, as RSS's title does not.
TextType = Literal["text", "html"] | None


class Text(Struct, frozen=True, kw_only=True):
    """A text construct (RFC 4287 §3.1).

    `base` is what its relative links are relative to, None where the document
    does not say.
    """

    value: str
    type: TextType = None
    base: str | None = None
    language: str | None = None


class Attached(Struct, frozen=True, kw_only=True):
    """A file or a picture a document links to, with its attributes as written."""

    url: str
    type: str | None = None
    length: str | None = None
    title: str | None = None


class Author(Struct, frozen=True, kw_only=True):
    """Who wrote an entry, as written (RFC 4287 §3.2)."""

    name: str | None = None
    email: str | None = None
    uri: str | None = None


class Term(Struct, frozen=True, kw_only=True):
    """A category, as written (RFC 4287 §4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


class ParsedSource(Struct, frozen=True, kw_only=True):
    """The feed an entry says it was copied from (`atom:source`, RSS's `source`)."""

    id: str | None = None
    title: str | None = None
    updated: datetime | None = None
    link: str | None = None
    self_link: str | None = None
    rights: str | None = None


class ParsedEntry(Struct, frozen=True, kw_only=True):
    """An entry or item.

    link_is_id    whether the link is only the guid again (RSS's isPermaLink)
    starts        the day of the event that the entry says it is about
    unread_date   the date as it is written there, if it cannot be read
    dated_before  what `published` was to earlier hubs, by which an entry without an id is known: None
                  where it is the same, empty where they found none
    """

    id: str | None = None
    link: str | None = None
    link_is_id: bool = False
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    published: datetime | None = None
    updated: datetime | None = None
    dated_before: datetime | Literal[""] | None = None
    unread_date: str = ""
    starts: date | None = None
    authors: tuple[Author, ...] = ()
    categories: tuple[Term, ...] = ()
    enclosures: tuple[Attached, ...] = ()
    images: tuple[Attached, ...] = ()
    language: str | None = None
    rights: str | None = None
    source: ParsedSource | None = None


class ParsedTombstone(Struct, frozen=True, kw_only=True):
    """That an entry was deleted, by its id as written, and why and when if the feed says (RFC 6721)."""

    id: str
    why: str = ""
    when: datetime | None = None


class ParsedFeed(Struct, frozen=True, kw_only=True):
    """A document.

    authors        those of its entries that name none
    hubs           the WebSub hubs that it names, in order
    self_link      the address that it gives for itself
    remarks        what was wrong with it, and how it was read all the same
    wishes         what it asks of those who poll it
    ended          whether it is whole; one that breaks off may have more entries
    format         what it is written in, as people call it; empty where it does not say
    by_feedparser  whether feedparser had to read it
    """

    title: str | None = None
    id: str | None = None
    link: str | None = None
    updated: datetime | None = None
    rights: str | None = None
    language: str | None = None
    authors: tuple[Author, ...] = ()
    entries: tuple[ParsedEntry, ...] = ()
    hubs: tuple[str, ...] = ()
    self_link: str | None = None
    tombstones: tuple[ParsedTombstone, ...] = ()
    remarks: tuple[str, ...] = ()
    wishes: Wishes = Wishes()
    ended: bool = True
    format: str = ""
    by_feedparser: bool = False


def too_many(count: int, what: str, most: int) -> str:
    """The remark about a document of which only the first entries were read."""
    return (
        f"it holds {count} {what}; the first {most} were read;"
        " to read more, raise its entries, or hub.fetch.entries, in feeds.yaml"
    )


# ---------------------------------------------------------------- sites that are no feed

Part = Literal["site", "listing", "page"]


class Wanted(Struct, frozen=True, kw_only=True):
    """A document that a poll of a site needs.

    part    `site` for the page that names the site's API, `listing` for a list of news, `page` for one
            piece of news
    entry   of a page, what a listing says of it
    date    of a page, when it was published or changed
    number  what it is known by once it was read: of a listing, this version of it; None for one that must
            be looked at each time
    within  of a listing, the sitemap index that names it
    before  of a listing, how many listings lie between it and the newest one
    """

    url: str
    part: Part
    entry: ParsedEntry | None = None
    date: datetime | None = None
    number: int | None = None
    within: str | None = None
    before: int = 0


class ParsedPart(Struct, frozen=True, kw_only=True):
    """One document of a site that is no feed.

    feed    its entries, and what it says of the site
    wanted  other documents that the poll needs, the most urgent first
    left    how many more it needs than `wanted` names
    pages   the numbers of the pages that need not be looked at again
    """

    feed: ParsedFeed
    wanted: tuple[Wanted, ...] = ()
    pages: frozenset[int] = frozenset()
    left: int = 0


def number_of(text: str) -> int:
    """What a page is known by: a number that an address has on every machine, of 63 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1
