"""Merged feeds as Atom (RFC 4287), written with feedgen."""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from hub import __version__
from hub.model import Member, Source
from hub.publish.document import (
    Deleted,
    MergedDocument,
    absolute_iri,
    add_event_day,
    add_image,
    categories,
    cleaned,
    copies_of_others,
    given,
    link_or_story,
    other_language,
    other_publishers,
    places,
)
from hub.publish.item import Item

MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(document: MergedDocument) -> bytes:
    """The merged feed as an Atom document in UTF-8; the same document gives the same bytes."""
    document = cleaned(document)
    generator = FeedGenerator()
    generator.id(document.id)
    generator.title(document.title)
    generator.updated(document.updated)
    generator.author({"name": document.hub_title, "uri": document.hub_url})
    generator.link(href=document.self_url, rel="self", type="application/atom+xml")
    for relation, url in places(document):
        generator.link(href=url, rel=relation, type="application/atom+xml")
    if document.push_url:
        generator.link(href=document.push_url, rel="hub")
    generator.link(href=document.page_url, rel="alternate", type="text/html")
    generator.generator("hub", version=__version__)
    generator.language(document.language)
    generator.rights(document.rights)
    if document.deleted:
        generator.register_extension(
            "at", lambda: _Tombstones(document.deleted), BaseEntryExtension, rss=False
        )
    for item in document.items:
        _add_entry(generator, item, document)
    rendered: bytes = generator.atom_str()
    return rendered


def _add_entry(generator: Any, item: Item, document: MergedDocument) -> None:
    entry = generator.add_entry(order="append")
    entry.id(item.id)
    entry.title(item.title)
    entry.updated(item.updated)
    entry.published(item.published)
    entry.link(href=link_or_story(item, document.hub_url))
    entry.author([given(name=who.name, email=who.email, uri=who.uri) for who in item.authors])
    entry.summary(item.summary or None, type="text")
    entry.content(item.content or None, type="html")
    entry.category(
        [
            # A scheme is an IRI (RFC 4287 §4.2.2.2), which RSS feeds' domains need not be.
            given(term=category.term, scheme=absolute_iri(category.scheme or ""), label=category.label)
            for category in categories(item, document)
        ]
    )
    entry.contributor([_organisation(member) for member in other_publishers(item)])
    entry.rights(item.rights)
    entry.register_extension("rest", lambda: _Rest(item, other_language(item, document)), rss=False)


class _Rest:
    """What feedgen 1.0 cannot write into an entry.

    It drops every attribute of an entry's link but `href`, writes nothing but
    a title and a link into `atom:source`, and has no language for an entry.
    """

    def __init__(self, item: Item, language: str | None) -> None:
        self._item = item
        self._language = language

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Called by feedgen with the entry it has written."""
        if self._language:
            entry.set(_LANG, self._language)
        for alternate in entry.iterchildren("link"):
            alternate.set("rel", "alternate")
        for link in _further_links(self._item):
            etree.SubElement(entry, "link", link)
        if not self._item.is_own:
            _add_source(entry, self._item.source)
        add_event_day(self._item, entry)
        add_image(self._item, entry)
        return entry


class _Tombstones(BaseExtension):  # type: ignore[misc] # feedgen has no types
    """What was withdrawn, as RFC 6721's deleted entries, which readers that know them drop."""

    def __init__(self, deleted: tuple[Deleted, ...]) -> None:
        self._deleted = deleted

    def extend_ns(self) -> dict[str, str]:
        """Called by feedgen for the prefix to declare."""
        return {"at": _TOMBSTONES}

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Called by feedgen with the feed it has written."""
        for each in self._deleted:
            tombstone = etree.SubElement(
                feed, f"{{{_TOMBSTONES}}}deleted-entry", ref=each.id, when=each.when.isoformat()
            )
            by = etree.SubElement(tombstone, f"{{{_TOMBSTONES}}}by")
            etree.SubElement(by, "name").text = each.by
            if each.why:
                etree.SubElement(tombstone, f"{{{_TOMBSTONES}}}comment").text = each.why
        return feed


def _further_links(item: Item) -> list[dict[str, str]]:
    vias = {copy.link: copy.member.name for copy in copies_of_others(item) if copy.link}
    return [
        *({"rel": "via", "href": link, "title": name} for link, name in vias.items()),
        *(
            given(
                rel="enclosure",
                href=enclosure.url,
                type=enclosure.type,
                length=str(enclosure.length) if enclosure.length else None,
                title=enclosure.title,
            )
            for enclosure in item.enclosures
        ),
    ]


def _add_source(entry: etree._Element, source: Source) -> None:
    element = etree.SubElement(entry, "source")
    # An id that is no IRI may not stand here (RFC 4287 §4.2.6); the feed's address is one.
    if identifier := absolute_iri(source.id) or source.self_link or source.link:
        etree.SubElement(element, "id").text = identifier
    etree.SubElement(element, "title").text = source.title
    if source.updated:
        etree.SubElement(element, "updated").text = source.updated.isoformat()
    if source.link:
        etree.SubElement(element, "link", rel="alternate", href=source.link)
    if source.self_link:
        etree.SubElement(element, "link", rel="self", href=source.self_link)
    if source.rights:
        etree.SubElement(element, "rights").text = source.rights


def _organisation(member: Member) -> dict[str, str]:
    return given(name=member.name, uri=member.homepage)
