"""Merged feeds as RSS 2.0, written with feedgen.

Where the specification leaves a choice, the RSS Advisory Board's Best
Practices Profile is followed.
"""

from __future__ import annotations

import html
from email.utils import format_datetime
from typing import Any

from feedgen.feed import FeedGenerator
from lxml import etree

from hub import __version__
from hub.model import Enclosure
from hub.publish.document import (
    MergedDocument,
    add_event_day,
    add_image,
    categories,
    cleaned,
    file_type,
    link_or_story,
    other_language,
    other_publishers,
    places,
    web_address,
)
from hub.publish.item import Item

MEDIA_TYPE = "application/rss+xml; charset=utf-8"

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"


def rss(document: MergedDocument) -> bytes:
    """The merged feed as an RSS 2.0 document in UTF-8; the same document gives the same bytes."""
    document = cleaned(document)
    generator = FeedGenerator()
    generator.title(document.title)
    generator.description(document.title)
    generator.link(href=document.self_url, rel="self", type="application/rss+xml")
    generator.link(href=document.page_url, rel="alternate")
    generator.generator(f"hub {__version__}")
    generator.language(document.language)
    generator.copyright(document.rights)
    # feedgen writes a date by switching the locale of the whole process and back, which is not safe among
    # threads: it is given no date, and ours are written by the extensions.
    generator._FeedGenerator__rss_lastBuildDate = None
    generator.register_extension("rest", lambda: _RestOfChannel(document), atom=False)
    for item in document.items:
        _add_item(generator, item, document)
    rendered: bytes = generator.rss_str()
    return rendered


def _add_item(generator: Any, item: Item, document: MergedDocument) -> None:
    entry = generator.add_entry(order="append")
    link = link_or_story(item, document.hub_url)
    entry.title(item.title)
    entry.link(href=link)
    entry.guid(item.id, permalink=item.id == link)
    # A description is HTML, and the summary is not.
    entry.description(html.escape(item.summary, quote=False) or None)
    entry.content(item.content or None)
    entry.category(
        [
            {"term": category.label or category.term, "scheme": category.scheme}
            for category in categories(item, document)
        ]
    )
    if not item.is_own:
        entry.source(item.source.self_link or web_address(item.source.id), item.source.title)
    # One at most: not every reader understands a second. A length is required, and 0 is the profile's word
    # for one that is not known.
    for enclosure in sorted(item.enclosures, key=_place)[:1]:
        entry.enclosure(enclosure.url, enclosure.length or 0, file_type(enclosure))
    entry.register_extension("rest", lambda: _RestOfItem(item, other_language(item, document)), atom=False)


def _place(enclosure: Enclosure) -> int:
    """Before others comes what is played, since podcasts are had by RSS alone, and pictures after them."""
    family = file_type(enclosure).partition("/")[0].lower()
    return 0 if family in ("audio", "video") else 2 if family == "image" else 1


class _RestOfChannel:
    """The channel's date, where it begins and goes on, and the namespace that its items need."""

    def __init__(self, document: MergedDocument) -> None:
        self._document = document

    def extend_ns(self) -> dict[str, str]:
        """Called by feedgen before it writes."""
        return {"dc": _DC}

    def extend_rss(self, root: etree._Element) -> etree._Element:
        """Called by feedgen with the channel it has written."""
        channel, updated = root[0], self._document.updated
        etree.SubElement(channel, "lastBuildDate").text = format_datetime(updated, usegmt=True)
        for relation, url in places(self._document):
            etree.SubElement(channel, f"{{{_ATOM}}}link", href=url, rel=relation, type="application/rss+xml")
        if self._document.push_url:
            etree.SubElement(channel, f"{{{_ATOM}}}link", href=self._document.push_url, rel="hub")
        return root


class _RestOfItem:
    """An item's date, and what RSS has no element for."""

    def __init__(self, item: Item, language: str | None) -> None:
        self._item = item
        self._language = language

    def extend_rss(self, element: etree._Element) -> etree._Element:
        """Called by feedgen with the item it has written."""
        item = self._item
        # Also when the publisher gave none: RSS has no other date, and readers would take the item for news
        # of the minute in which they found it.
        etree.SubElement(element, "pubDate").text = format_datetime(item.date, usegmt=True)
        creators = [person.name for person in item.authors]
        contributors = [member.name for member in other_publishers(item)]
        for name, values in (
            ("creator", creators),
            ("contributor", contributors),
            ("language", [self._language]),
            ("rights", [item.rights]),
        ):
            for value in filter(None, values):
                etree.SubElement(element, f"{{{_DC}}}{name}").text = value
        add_event_day(item, element)
        add_image(item, element)
        return element
