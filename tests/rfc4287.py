"""RFC 4287's rules for an Atom feed document, as far as a document alone can break them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
# The last two are of RFC 5005 §3.
_RELATIONS = {"alternate", "related", "self", "enclosure", "via", "first", "next"}
_PERSONS = {"author", "contributor"}
_TEXTS = {"title", "subtitle", "summary", "rights"}
_ONCE = {"id", "title", "updated"}
_AT_MOST_ONCE = {
    "generator",
    "icon",
    "logo",
    "rights",
    "subtitle",
    "content",
    "published",
    "source",
    "summary",
}
_OF_FEED = _ONCE | _PERSONS | {"category", "generator", "icon", "logo", "link", "rights", "subtitle", "entry"}
_OF_SOURCE = _OF_FEED - {"entry"}
_OF_ENTRY = _ONCE | _PERSONS | {"category", "content", "link", "published", "rights", "source", "summary"}


def violations(xml: bytes) -> list[str]:
    """What breaks a rule, a phrase each with the section; empty for a valid feed."""
    feed = etree.fromstring(xml)
    if feed.tag != f"{ATOM}feed":
        return ["2: the root is not atom:feed"]
    return [*_container(feed, _OF_FEED, _ONCE), *_entries(feed), *_everywhere(feed)]


def _entries(feed: etree._Element) -> Iterator[str]:
    entries = feed.findall(f"{ATOM}entry")
    for identifier, times in Counter(entry.findtext(f"{ATOM}id") for entry in entries).items():
        if times > 1:
            yield f"4.1.1: {times} entries are {identifier}"
    for entry in entries:
        yield from _container(entry, _OF_ENTRY, _ONCE)
        authors = [parent.find(path) for parent, path in ((entry, f"{ATOM}author"), (feed, f"{ATOM}author"))]
        if all(author is None for author in authors):
            yield "4.1.2: an entry has no author"
        links = entry.findall(f"{ATOM}link")
        if entry.find(f"{ATOM}content") is None and not any(_relation(link) == "alternate" for link in links):
            yield "4.1.2: an entry has neither content nor an alternate link"
        source = entry.find(f"{ATOM}source")
        if source is not None:
            yield from _container(source, _OF_SOURCE, set())


def _container(element: etree._Element, allowed: set[str], required: set[str]) -> Iterator[str]:
    counts = Counter(str(child.tag).removeprefix(ATOM) for child in element)
    yield from (f"4.1: {name} in {element.tag}" for name in counts if name not in allowed and "}" not in name)
    yield from (f"4.1: {counts[name]} times {name}" for name in sorted(required) if counts[name] != 1)
    yield from (
        f"4.1: {counts[name]} times {name}"
        for name in sorted(_AT_MOST_ONCE | _ONCE)
        if counts[name] > 1 and name not in required
    )
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if _relation(link) == "alternate"
    )
    yield from (f"4.1: {times} alternates of {kind}" for kind, times in alternates.items() if times > 1)


def _everywhere(feed: etree._Element) -> Iterator[str]:
    for element in feed.iter():
        name = str(element.tag).removeprefix(ATOM)
        text = element.text or ""
        if name in {"updated", "published"} and not _DATE.fullmatch(text):
            yield f"3.3: {text!r} is no RFC 3339 date"
        if name in {"id", "icon", "logo", "uri"} and not _IRI.fullmatch(text):
            yield f"2: {name} {text!r} is no absolute IRI"
        if name in _TEXTS and element.get("type", "text") not in {"text", "html"}:
            yield f"3.1: a {name} of type {element.get('type')}"
        if (name in _TEXTS or name == "content") and len(element):
            yield f"3.1.1: markup in {name}"
        if name in _PERSONS:
            yield from _person(element)
        if name == "link":
            yield from _link(element)
        if name == "category" and element.get("term") is None:
            yield "4.2.2.1: a category without a term"
        if name == "category" and not _IRI.fullmatch(element.get("scheme", "x:x")):
            yield f"4.2.2.2: scheme {element.get('scheme')!r} is no IRI"
        if not re.fullmatch(r"([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?", element.get(LANG, "")):
            yield f"2: {element.get(LANG)!r} is no language tag"


def _person(person: etree._Element) -> Iterator[str]:
    counts = Counter(str(child.tag).removeprefix(ATOM) for child in person)
    if counts["name"] != 1 or not (person.findtext(f"{ATOM}name") or "").strip():
        yield "3.2.1: a person without a name"
    if counts["uri"] > 1 or counts["email"] > 1:
        yield "3.2: a person with two addresses"
    if not re.fullmatch(r".+@.+", person.findtext(f"{ATOM}email", default="a@b")):
        yield "3.2.3: no e-mail address"


def _link(link: etree._Element) -> Iterator[str]:
    if not _IRI.fullmatch(link.get("href", "")):
        yield f"4.2.7.1: href {link.get('href')!r} is no absolute IRI"
    if _relation(link) not in _RELATIONS:
        yield f"4.2.7.2: rel {_relation(link)!r}"
    if not re.fullmatch(r".+/.+", link.get("type", "a/b")):
        yield f"4.2.7.3: type {link.get('type')!r}"
    if not link.get("length", "0").isdecimal():
        yield f"4.2.7.6: length {link.get('length')!r}"


def _relation(link: etree._Element) -> str:
    return link.get("rel", "alternate")
