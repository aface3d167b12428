"""A document to what it says: parsed, normalised and tagged, with what stories are told by.

All that is heavy for an entry is done here, once for each document that has
changed. A reader needs no database, so that many read at once, in processes
of their own (`hub.polling.reading`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from hub import normalise, stories, urls
from hub.fetch import Fetched
from hub.health import NO_ENTRIES
from hub.model import (
    Entry,
    Feed,
    FeedInfo,
    LastDocument,
    Mark,
    Offer,
    SiteKind,
    TagRule,
    Tombstone,
    Wishes,
)
from hub.parse.document import ParsedFeed, Wanted
from hub.websub import offers

_DELETED = "their feed says that it was deleted"
# Characters. To make terms of a longer text takes more memory than a reader may have; the store has more.
_LONGEST_OF_TERMS = 100_000


class SiteDocument(Struct, frozen=True, kw_only=True):
    """What a reader needs to know of a document of a site that is no feed, besides its body.

    kind      how the site is read, by feeds.yaml
    wanted    which of the site's documents it is
    known     the numbers of the pages that need not be read again
    thorough  whether to go on also where a list has come to pages that are known
    headers   the answer's, names in lower case
    """

    kind: SiteKind
    wanted: Wanted
    known: frozenset[int] = frozenset()
    thorough: bool = False
    headers: Mapping[str, str] = {}


class Document(Struct, frozen=True, kw_only=True):
    """What was fetched for a feed, to be read.

    url   the address that it came from
    cut   whether `body` is only its beginning
    last  the feed's last document: entries that are as they were there get neither
          tags nor a sketch, and those that are written as they were are not even cleaned
    site  what it is of a site that is no feed; None for a feed's document
    """

    feed: Feed
    url: str
    body: bytes
    content_type: str | None = None
    cut: bool = False
    last: LastDocument = LastDocument()
    site: SiteDocument | None = None

    @classmethod
    def of(
        cls,
        feed: Feed,
        answer: Fetched,
        *,
        last: LastDocument = LastDocument(),
        site: SiteDocument | None = None,
    ) -> Document:
        """The document that was fetched."""
        return cls(
            feed=feed,
            url=answer.url,
            body=answer.body,
            content_type=answer.content_type,
            cut=answer.cut,
            last=last,
            site=site,
        )


class Reading(Struct, frozen=True, kw_only=True):
    """What a document says.

    info           what the feed says of itself
    entries        its entries, with their tags and sketches
    unchanged      the marks of those entries that are as they were, and so have neither
    tombstones     the entries that it says were deleted
    offer          where it says that its news is pushed from
    remarks        sentences for the admin about what was wrong with it
    wishes         what it asks of those who poll it
    ended          whether it is whole: one that breaks off may come whole the next time
    format         what it is written in, in words
    by_feedparser  whether feedparser had to read it, since it is unusual or broken

    Of a document of a site that is no feed, besides:

    wanted         other documents to ask for, the most urgent first
    left           how many more there are than `wanted` names
    pages          the numbers of the pages that need not be looked at again
    """

    info: FeedInfo
    entries: tuple[Entry, ...]
    unchanged: frozenset[Mark] = frozenset()
    offer: Offer = Offer()
    remarks: tuple[str, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    pages: frozenset[int] = frozenset()
    left: int = 0
    wishes: Wishes = Wishes()
    tombstones: tuple[Tombstone, ...] = ()
    ended: bool = True
    format: str = ""
    by_feedparser: bool = False


class Reader:
    """Reads documents: parses, cleans and tags them. The libraries for it are loaded when a reader is made.

    `rules` are the tag rules, `timezone` is the hub's, and `hosts` are the hosts
    that are called otherwise now, by what they were called (`urls.present_hosts`).
    `terms_of` makes `Entry.terms`, where the store wants them.
    """

    def __init__(
        self,
        rules: Sequence[TagRule],
        timezone: str,
        hosts: Mapping[str, str] = urls.NO_HOSTS,
        terms_of: Callable[[str, str], str] | None = None,
    ) -> None:
        from hub.tags import Tagger

        self._tagger = Tagger(rules)
        self._zone = ZoneInfo(timezone)
        self._hosts = hosts
        self._terms_of = terms_of

    def read(self, document: Document) -> Reading:
        """Read a document. Raises ParseError.

        A hostile document may take minutes, or all memory: `hub.polling.reading` sets limits.
        """
        return self._feed(document) if document.site is None else self._part(document, document.site)

    def _feed(self, document: Document) -> Reading:
        from hub.parse.feed import parse

        parsed = parse(
            document.body,
            url=document.url,
            content_type=document.content_type,
            zone=self._zone,
            most_entries=document.feed.most_entries,
            most_bytes=document.feed.most_bytes,
            cut_at=document.feed.most_bytes if document.cut else None,
        )
        reading = self._of(parsed, document)
        if reading.entries:
            return reading
        # What is stored stays; but a feed without any news is most likely broken.
        return replace(reading, remarks=(*reading.remarks, NO_ENTRIES))

    def _part(self, document: Document, site: SiteDocument) -> Reading:
        """Read one of the documents of a site that is no feed."""
        from hub.parse.sites import read_part

        part = read_part(
            site.kind,
            site.wanted,
            document.body,
            url=document.url,
            content_type=document.content_type,
            headers=site.headers,
            known=site.known,
            thorough=site.thorough,
            zone=self._zone,
        )
        return replace(self._of(part.feed, document), wanted=part.wanted, pages=part.pages, left=part.left)

    def _of(self, parsed: ParsedFeed, document: Document) -> Reading:
        """What a parsed document says: its entries normalised, and tagged where they are not `unchanged`."""
        feed, url, last = document.feed, document.url, document.last
        entries, remarks = normalise.entries(
            parsed, feed, url=url, zone=self._zone, hosts=self._hosts, last=last
        )
        marks = list(map(stories.mark, entries))
        unchanged = {place for place, mark in enumerate(marks) if mark in last.marks}
        sketches = stories.sketched(entries, but=unchanged)

        def whole(place: int, entry: Entry) -> Entry:
            if place not in unchanged:
                tags = self._tagger.tags(entry, given=feed.tags)
                return replace(entry, tags=tags, sketch=sketches[place], terms=self._terms(entry))
            # It is as it is stored: its text was there only to find sentences that entries share.
            return replace(entry, text="") if entry.written in last.entries else entry

        return Reading(
            info=normalise.info(parsed, url=url),
            entries=tuple(itertools.starmap(whole, enumerate(entries))),
            unchanged=last.marks.intersection(marks),
            offer=offers.in_document(parsed.hubs, parsed.self_link, url=url),
            remarks=(*parsed.remarks, *remarks),
            wishes=parsed.wishes,
            ended=parsed.ended,
            format=parsed.format,
            by_feedparser=parsed.by_feedparser,
            tombstones=tuple(
                Tombstone(id=each.id, why=each.why or _DELETED, when=each.when) for each in parsed.tombstones
            ),
        )

    def _terms(self, entry: Entry) -> str:
        """An entry's terms, where the store wants them; empty where they are left to it."""
        if self._terms_of is None or len(entry.text) > _LONGEST_OF_TERMS:
            return ""
        return self._terms_of(entry.title, entry.text)
