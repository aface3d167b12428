"""Lists of feeds as OPML 2.0, for people's readers and for other hubs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lxml import etree

from hub.model import Feed, Member
from hub.publish.document import legal, web_address

MEDIA_TYPE = "text/x-opml; charset=utf-8"


def members_opml(title: str, members: Sequence[tuple[Member, Sequence[Feed]]]) -> bytes:
    """The feeds the members publish, an outline for each member; the same lists give the same bytes.

    A site without a feed, which no reader could subscribe to, is a link. Members
    of one name are told apart by their slugs: whoever reads the list knows them by the names.
    """
    root, body = _opml(title)
    called = Counter(member.name.casefold() for member, _ in members)
    for member, feeds in members:
        is_only_one = called[member.name.casefold()] == 1
        publisher = member.name if is_only_one else f"{member.name} ({member.slug})"
        group = _add_outline(body, publisher)
        for feed in feeds:
            name = publisher if len(feeds) == 1 else f"{publisher}: {feed.key.name}"
            url = next((each for each in (feed.url, *feed.alternatives) if each not in feed.kinds), None)
            if url is None:
                _add_outline(group, name, type="link", url=feed.url)
            else:
                _add_outline(group, name, type="rss", xmlUrl=url, htmlUrl=web_address(member.homepage))
    return _serialised(root)


def merged_opml(title: str, feeds: Sequence[tuple[str, str, str]]) -> bytes:
    """The hub's own merged feeds, each as its title, its Atom address and its page's address."""
    root, body = _opml(title)
    for name, atom_url, page_url in feeds:
        _add_outline(body, name, type="rss", xmlUrl=atom_url, htmlUrl=page_url)
    return _serialised(root)


def _opml(title: str) -> tuple[etree._Element, etree._Element]:
    # No dateCreated: it would be the moment of asking, and the bytes never the same twice.
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = legal(title)
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    return root, etree.SubElement(root, "body")


def _add_outline(parent: etree._Element, name: str, **attributes: str | None) -> etree._Element:
    given = {"text": name, "title": name, **attributes}
    return etree.SubElement(parent, "outline", {key: legal(value) for key, value in given.items() if value})


def _serialised(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
