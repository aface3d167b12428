"""A merged feed before it has a format, and what its formats have in common."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from mimetypes import types_map
from posixpath import splitext
from typing import TypeVar
from urllib.parse import quote, urlsplit

from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from hub.language import ENGLISH, Language
from hub.markup import only_xml
from hub.model import Category, Enclosure, Member, Person, Source
from hub.publish.item import KIND_LABELS, Copy, Item, LabelledTag, headline_of

T = TypeVar("T")

# RSS 1.0's module of events, which readers of calendars know in every format that is XML.
_EVENTS = "http://purl.org/rss/1.0/modules/event/"
_MEDIA = "http://search.yahoo.com/mrss/"

# RFC 9110 §8.3.
_UNKNOWN_TYPE = "application/octet-stream"

# What an empty merged feed says of itself: its bytes must not depend on when it is asked for.
_NOTHING_YET = datetime(1970, 1, 1, tzinfo=UTC)

# RFC 3987 §2.2 allows these in no part of an IRI, but for spaces of other alphabets, which nobody can see.
_NOT_IN_IRI = re.compile(r'[\s\x7f-\x9f"<>\\^`{|}]')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_WEB_ADDRESS = re.compile(r"(https?://[^/?#]+)([^#]*)(#?)(.*)", re.IGNORECASE | re.DOTALL)
# What RFC 3986 has for a host's address and before the fragment alone (§3), besides.
_NOT_BEHIND_HOST = re.compile(rf"{_NOT_IN_IRI.pattern}|[\[\]#]")
# These three are RFC 4287's patterns, from §2 (RFC 3066 §2.1), §3.2.3 and §4.2.7.3.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MEDIA_TYPE = re.compile(r"[^\s/]+/[^/]+")


class Deleted(Struct, frozen=True, kw_only=True):
    """A piece of news that was published under `id` and withdrawn: when, by whom and why (RFC 6721 §3)."""

    id: str
    when: datetime
    by: str
    why: str


class MergedDocument(Struct, frozen=True, kw_only=True):
    """A merged feed, ready to be rendered.

    `id` is the same in every format: the address of the Atom one. `self_url`
    is the address of the format that is rendered, `page_url` the page that
    shows the same list, `hub_url` where readers find the hub, without a
    trailing slash; all are absolute. `next_url` is where the feed goes on with
    what is older, and `first_url` where it begins, None there (RFC 5005 §3).
    `push_url` is the WebSub hub at which it can be subscribed to, None where
    it cannot. `hub_title` names the network, and `own` is the language of the
    hub's own words. `items` are in the order to publish them in, newest first,
    each id once. `deleted` is what readers shall drop, which only Atom can say.
    """

    id: str
    title: str
    self_url: str
    first_url: str | None = None
    next_url: str | None = None
    page_url: str
    push_url: str | None = None
    hub_url: str
    hub_title: str
    language: str = "en"
    own: Language = ENGLISH
    rights: str | None = None
    items: tuple[Item, ...] = ()
    deleted: tuple[Deleted, ...] = ()

    @property
    def updated(self) -> datetime:
        """When any of its items last came, changed or went; a fixed day when there are none, never now.

        What comes may be dated before what it pushes out.
        """
        moments = (
            *(max(item.updated, item.came_in) for item in self.items),
            *(each.when for each in self.deleted),
        )
        return max(moments, default=_NOTHING_YET)


def story_url(hub_url: str, story: int) -> str:
    """The address of a story's page."""
    return f"{hub_url}/story/{story}"


def tag_scheme(hub_url: str) -> str:
    """The scheme of the categories that are the hub's tags (RFC 4287 §4.2.2.2)."""
    return f"{hub_url}/tags"


def kind_scheme(hub_url: str) -> str:
    """The scheme of the category that says what an entry is, if it is no plain news."""
    return f"{hub_url}/kinds"


def member_scheme(hub_url: str) -> str:
    """The scheme of the categories that name who published a story; their terms are slugs."""
    return f"{hub_url}/members"


# ---------------------------------------------------------------- what the formats say alike


def link_or_story(item: Item, hub_url: str) -> str:
    """The publisher's page, or the story's own on the hub where the publisher gave none."""
    return item.link or story_url(hub_url, item.story)


def copies_of_others(item: Item) -> list[Copy]:
    """The story's copies, without those that its own member has in a second feed."""
    return [copy for copy in item.copies if copy.member.slug != item.member.slug]


def other_publishers(item: Item) -> tuple[Member, ...]:
    """The others who published copies of the story, each once."""
    return tuple({copy.member.slug: copy.member for copy in copies_of_others(item)}.values())


def other_language(item: Item, document: MergedDocument) -> str | None:
    """The item's language, unless the document's says it already."""
    if item.language and item.language.lower() != document.language.lower():
        return item.language
    return None


def categories(item: Item, document: MergedDocument) -> tuple[Category, ...]:
    """What the item is about and who published it, each once.

    The publisher's categories as given, but for a scheme that is the hub's,
    then the hub's tags, what it is if it is no plain news, and one for each
    member that has the story; none for the hub itself.
    """
    hub_url = document.hub_url
    ours = (tag_scheme(hub_url), kind_scheme(hub_url), member_scheme(hub_url))
    given = (
        Category(each.term, None, each.label) if each.scheme in ours else each for each in item.categories
    )
    tags = (Category(tag.term, tag_scheme(hub_url), tag.label) for tag in item.tags)
    kind = document.own.gettext(KIND_LABELS[item.kind])
    kinds = (Category(item.kind, kind_scheme(hub_url), kind),) * (item.kind != "news")
    members = (
        Category(member.slug, member_scheme(hub_url), member.name)
        for member in (item.member, *other_publishers(item))
        if member.slug
    )
    wanted: dict[tuple[str, str | None], Category] = {}
    for category in (*given, *tags, *kinds, *members):
        wanted.setdefault((category.term, category.scheme), category)
    return tuple(wanted.values())


def places(document: MergedDocument) -> list[tuple[str, str]]:
    """The first and the next part of a feed that has several, by their links' relations (RFC 5005 §3)."""
    return [(rel, url) for rel, url in (("first", document.first_url), ("next", document.next_url)) if url]


def file_type(enclosure: Enclosure) -> str:
    """A file's type where a format requires one: where nobody gave it, by the ending of its address."""
    _, ending = splitext(urlsplit(enclosure.url).path)
    return enclosure.type or types_map.get(ending.lower(), _UNKNOWN_TYPE)


def add_event_day(item: Item, element: etree._Element) -> None:
    """Write the day of an event into its entry or item; of all else nothing."""
    if item.event_date is not None:
        day = etree.SubElement(element, f"{{{_EVENTS}}}startdate", nsmap={"ev": _EVENTS})
        day.text = item.event_date.isoformat()


def add_image(item: Item, element: etree._Element) -> None:
    """Write the picture that its content does not show into an entry or item, as Media RSS."""
    if item.image_beside:
        etree.SubElement(element, f"{{{_MEDIA}}}thumbnail", {"url": item.image_beside}, {"media": _MEDIA})


# ---------------------------------------------------------------- what no format may carry

# Members, sources and the schemes of categories are a few, which stand in most items: remembered.


def cleaned(document: MergedDocument) -> MergedDocument:
    """The document with nothing in it that a format could not carry or would refuse.

    No character that XML forbids; web addresses that are absolute http(s)
    IRIs; titles and names that are not empty; no malformed language, e-mail
    address or media type; right-to-left content marked as such. What is
    beyond mending is left out, and all else is as it was.
    """
    return replace(
        document,
        title=_line(document.title) or document.hub_url,
        hub_title=_line(document.hub_title) or document.hub_url,
        language=_matching(_LANGUAGE, document.language) or "en",
        rights=legal(document.rights) or None,
        items=tuple(_cleaned_item(item, document.own) for item in document.items),
        deleted=tuple(
            replace(each, id=legal(each.id), by=_line(each.by), why=_line(each.why))
            for each in document.deleted
        ),
    )


@lru_cache(maxsize=4096)
def absolute_iri(text: str) -> str | None:
    """The text when it is an absolute IRI as it stands (RFC 3987 §2.2), else None.

    Identifiers are compared character by character, so they are never mended.
    """
    return text if _ABSOLUTE.match(text) and not _NOT_IN_IRI.search(text) else None


def web_address(url: str | None) -> str | None:
    """The absolute http(s) address, with what no IRI holds percent-encoded; None for anything else."""
    match = _WEB_ADDRESS.fullmatch(_line(url))
    if match is None:
        return None
    host, path, hash_sign, fragment = match.groups()
    path, fragment = (_NOT_BEHIND_HOST.sub(_quoted, part) for part in (path, fragment))
    return f"{_NOT_IN_IRI.sub(_quoted, host)}{path}{hash_sign}{fragment}"


def given(**values: T | None) -> dict[str, T]:
    """Those of the values that there are, by name."""
    return {name: value for name, value in values.items() if value}


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0])


def legal(text: str | None) -> str:
    """The text without the characters that no XML document can carry; empty for None."""
    return only_xml(text) if text else ""


def _cleaned_item(item: Item, own: Language) -> Item:
    member = _cleaned_member(item.member)
    content = legal(item.content)
    return replace(
        item,
        id=legal(item.id),
        title=_line(item.title) or _untitled(member, own),
        link=web_address(item.link),
        member=member,
        authors=_cleaned_authors(item.authors) or (Person(member.name, uri=member.homepage),),
        categories=tuple(
            Category(term, legal(category.scheme) or None, _line(category.label) or None)
            for category in item.categories
            if (term := _line(category.term))
        ),
        tags=tuple(LabelledTag(tag.term, _line(tag.label) or tag.term, legal(tag.why)) for tag in item.tags),
        summary=legal(item.summary),
        content=f'<div dir="rtl">{content}</div>' if content and item.direction == "rtl" else content,
        language=_matching(_LANGUAGE, item.language),
        enclosures=_cleaned_enclosures(item.enclosures),
        image=web_address(item.image),
        rights=legal(item.rights) or None,
        source=_cleaned_source(item.source),
        copies=tuple(_cleaned_copy(copy, own) for copy in item.copies),
    )


@lru_cache(maxsize=1024)
def _cleaned_member(member: Member) -> Member:
    return replace(member, name=_line(member.name) or member.slug, homepage=web_address(member.homepage))


def _cleaned_authors(authors: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(
        Person(name, email=_matching(_EMAIL, person.email), uri=web_address(person.uri))
        for person in authors
        if (name := _line(person.name))
    )


def _cleaned_enclosures(enclosures: tuple[Enclosure, ...]) -> tuple[Enclosure, ...]:
    wanted: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        if url := web_address(enclosure.url):
            length = enclosure.length if enclosure.length and enclosure.length > 0 else None
            media_type = _matching(_MEDIA_TYPE, enclosure.type)
            wanted.setdefault(url, Enclosure(url, media_type, length, _line(enclosure.title) or None))
    return tuple(wanted.values())


@lru_cache(maxsize=1024)
def _cleaned_source(source: Source) -> Source:
    link, self_link = web_address(source.link), web_address(source.self_link)
    identifier = legal(source.id) or self_link or link or ""
    return replace(
        source,
        id=identifier,
        title=_line(source.title) or identifier,
        link=link,
        self_link=self_link,
        rights=legal(source.rights) or None,
    )


def _cleaned_copy(copy: Copy, own: Language) -> Copy:
    member = _cleaned_member(copy.member)
    return replace(
        copy,
        member=member,
        title=_line(copy.title) or _untitled(member, own),
        link=web_address(copy.link),
        why=legal(copy.why),
    )


def _untitled(member: Member, own: Language) -> str:
    return headline_of("", "", member, own)


def _line(text: str | None) -> str:
    return legal(text).strip()


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    line = _line(text)
    return line if pattern.fullmatch(line) else None
