"""What is published: entries, in Atom's words (RFC 4287)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from hub.model.members import FeedKey

Kind = Literal["news", "event", "report", "vacancy", "funding"]


Direction = Literal["ltr", "rtl"]


def digest(text: str) -> str:
    """What long texts are compared by: 24 hexadecimal digits, the same on every machine."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Person(Struct, frozen=True):
    """An author (RFC 4287 §3.2). `uri` is an absolute http(s) URL where there is one."""

    name: str
    email: str | None = None
    uri: str | None = None


class Category(Struct, frozen=True):
    """What the publisher says an entry is about (RFC 4287 §4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


class Enclosure(Struct, frozen=True):
    """A file that belongs to an entry. `length` is in bytes."""

    url: str
    type: str | None = None
    length: int | None = None
    title: str | None = None


class Tag(Struct, frozen=True):
    """What the hub's rules say an entry is about; `why` is a sentence for people.

    `term` names a rule of feeds.yaml, which has the label. `kind` is what an
    entry with this tag is. `narrower` are the terms of narrower tags that it
    is owed to, none where it was found itself.
    """

    term: str
    why: str
    kind: Kind | None = None
    narrower: tuple[str, ...] = ()


class Source(Struct, frozen=True, kw_only=True):
    """Where an entry was copied from (`atom:source`, RFC 4287 §4.2.11)."""

    id: str
    title: str
    updated: datetime | None = None
    link: str | None = None
    self_link: str | None = None
    rights: str | None = None


class EntryKeys(Struct, frozen=True):
    """Digests by which an entry is recognised, from the surest to the weakest; None where there is none.

    `id`: the publisher's id as written. `loose_id`: without scheme, www,
    trailing slash and differences of case. `link`: the canonical link, None
    for a home page's. `title`: the title's words with the published date, or
    with the text's words where there is no date.
    """

    id: str | None
    loose_id: str | None
    link: str | None
    title: str


def known_again_by(keys: EntryKeys, title: str) -> str:
    """What is kept of an entry without a date that was taken away: a digest of its id, link and title.

    Others may have two of these alike. With neither id nor link its text tells too.
    """
    return digest("\n".join((keys.id or "", keys.link or "", title if keys.id or keys.link else keys.title)))


class Sketch(Struct, frozen=True, kw_only=True):
    """What an entry's words are compared by with those of other feeds (`hub.stories.sketch`).

    words     the first words of its text, four bytes each, without the sentences that its feed repeats
    samples   numbers of 31 bits for some of the runs of words in it: others like it share some of them
    title     such a number for its title
    wordless  whether it has no text at all, or none that says more than its title
    credits   the numbers of the pages that it links to
    """

    words: bytes = b""
    samples: tuple[int, ...] = ()
    title: int | None = None
    wordless: bool = True
    credits: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """All that others like it are found by."""
        return self.samples if self.title is None else (self.title, *self.samples)


class Entry(Struct, frozen=True, kw_only=True):
    """One piece of news from one feed (RSS and JSON Feed: *item*), as the hub reads it.

    id          the publisher's own, as written; None where there is none
    link        the page to open, absolute http(s)
    canonical_link
                its form for comparing, never published
    published, updated
                by the publisher's clock
    summary, content
                HTML
    text        all of its words, as plain text
    excerpt     the first of them
    event_date  the day on which it takes place, should it be an event
    keys        by what it is recognised in the feed's next document
    fingerprint
                changes when the words do, and not when markup, links or quotation marks do
    rest        a number that changes when anything else does that is published of it
                (`hub.normalise.rest`)
    written     a number that changes when anything does that its publisher wrote
                (`hub.normalise.written`); 0 where that is not known
    misread     the fingerprint that an earlier hub made of it, which took some of its words for hidden;
                empty where it took none
    sketch      by what its words are compared with those of other feeds' entries
    terms       its words as the store's full-text index takes them (`FeedStore.terms_of`); empty where
                the store makes that of them
    """

    feed: FeedKey
    id: str | None
    title: str
    link: str | None
    canonical_link: str | None
    published: datetime | None
    updated: datetime | None
    authors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    summary: str = ""
    content: str = ""
    text: str = ""
    excerpt: str = ""
    language: str | None = None
    direction: Direction | None = None
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    rights: str | None = None
    source: Source | None = None
    tags: tuple[Tag, ...] = ()
    event_date: date | None = None
    keys: EntryKeys
    fingerprint: str
    # Made of what stands above, and not read back from a store.
    rest: int = 0
    written: int = 0
    misread: str = ""
    sketch: Sketch = Sketch()
    terms: str = ""

    @property
    def kind(self) -> Kind:
        """That of the first tag that says one."""
        return next((tag.kind for tag in self.tags if tag.kind), "news")


Mark = tuple[str | None, str | None, str]
"""An entry's `keys.id`, `canonical_link` and `fingerprint`: what did not change in anything has the same."""


class LastDocument(Struct, frozen=True, kw_only=True):
    """What is stored of a feed's last document, for the next one to be read beside it.

    `marks` are those of its entries that have ids. `entries` are those that are
    stored just as they stood there, by how they were `written`: of each its text,
    and as much as it takes to recognise it.
    """

    marks: frozenset[Mark] = frozenset()
    entries: Mapping[int, Entry] = {}


class FeedInfo(Struct, frozen=True, kw_only=True):
    """What a feed says of itself. `id` is None where there is none; `link` is the page it belongs to."""

    title: str = ""
    id: str | None = None
    link: str | None = None
    updated: datetime | None = None
    rights: str | None = None
    language: str | None = None
