"""RSS 0.90 to 2.0, RSS 1.0, Atom 0.3 and 1.0, CDF: what feedparser makes of them, in the hub's terms.

Nearly all documents are read by `hub.parse.wellformed`, which makes the same
of them; feedparser itself reads what is broken or unusual.

`entry.get("updated")` answers with `published` in feedparser's dictionaries;
`dict.get` does not. It makes ids absolute, takes any guid for a link, and lets
a picture's caption or a podcast's summary overwrite the entry's own text: what
can be put right before is, in `hub.parse.mended`.
"""

from __future__ import annotations

import re
import xml.sax
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal
from xml.sax.saxutils import unescape
from zoneinfo import ZoneInfo

from feedparser.api import SUPPORTED_VERSIONS
from msgspec.structs import replace

from hub import urls
from hub.markup import only_xml
from hub.parse import entities, mended, tombstones, wellformed
from hub.parse.contexts import HTML_TYPES, XHTML
from hub.parse.dates import has_another_zone, read_date
from hub.parse.daytexts import read_otherwise
from hub.parse.decode import BEGINNING, Place, place_at
from hub.parse.document import (
    Attached,
    Author,
    ParsedEntry,
    ParsedFeed,
    ParsedSource,
    Term,
    Text,
    TextType,
    too_many,
)

# Characters. An entry with its pictures inside it may have millions; what it takes to read grows with it.
_LONGEST_ENTRY = 8_000_000
# Where feedparser has an entry's dates.
_PUBLISHED, _UPDATED = ("published", "created"), ("updated",)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)
_BR_END = "</br>"
_MIDNIGHT = re.compile(r"[T ]00:?00(?::?00(?:\.0+)?)?\s*(?:Z|UTC|GMT|[+-]00:?00)\s*\Z", re.IGNORECASE)
# What is no reference, or what it may stand in as it is: each takes all it can at once.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|&(?!#[0-9]+;|#[xX][0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]*;)",
    re.DOTALL,
)
BEFORE_ROOT = re.compile(
    r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype(?!\s+html)[^>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
"""What may stand before a document's first element."""
_ROOT = re.compile(r"<([\w:.-]+)[\s/>]")
# What says nothing, and would stand in the way of a guid that is the page's address (RSS's isPermaLink): of
# one behind it feedparser does not say that it is. The lines stay those of the document.
_EMPTY_LINK = re.compile(r"<link(\s*)/>|<link>(\s*)</link>")
_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_END = re.compile(r"</(?:\w+:)?(?:item|entry|channel|rss|feed|rdf)\s*>", re.IGNORECASE)


def read_xml(
    text: str, *, url: str, zone: ZoneInfo, most_entries: int, start: Place = BEGINNING
) -> ParsedFeed | None:
    """Read a document, broken ones as far as they can be read; None when it is no feed at all.

    `start` is the place of the document that `text` begins at.
    """
    before = BEFORE_ROOT.match(text)
    text, left_out = entities.put_in(text, root=before.end() if before else 0)
    text = _EMPTY_LINK.sub(r"\1\2", text)
    try:
        feed: ParsedFeed | None = read_well_formed(text, url=url, zone=zone, most_entries=most_entries)
    except wellformed.Unusual:
        feed = read_by_feedparser(text, url=url, zone=zone, most_entries=most_entries, start=start)
        feed = feed and replace(feed, by_feedparser=True)
    if feed is not None and left_out:
        feed = replace(feed, remarks=(*left_out, *feed.remarks))
    if feed is not None and tombstones.MARK in text:
        feed = replace(feed, tombstones=tombstones.read_tombstones(text, zone))
    return feed


def read_well_formed(text: str, *, url: str, zone: ZoneInfo, most_entries: int) -> ParsedFeed:
    """Read a well-formed document of a usual dialect, as `read_by_feedparser` would.

    Raises Unusual for others.
    """
    if len(text) > _LONGEST_ENTRY:
        raise wellformed.Unusual("an entry that may be too long")
    document = wellformed.read(text, url=url)
    if len(document.entries) > most_entries:
        raise wellformed.Unusual("too many entries")
    return _feed(document.feed, document.entries, document.version, zone, url, ())


def read_by_feedparser(
    text: str, *, url: str, zone: ZoneInfo, most_entries: int, start: Place = BEGINNING
) -> ParsedFeed | None:
    """Read a document of any kind; None when it is no feed at all."""
    ended = _has_ended(text)
    text, bare = _with_references(text, start)
    text, cut = _whole_entries(text, most_entries)
    text, too_long = _readable_entries(text)
    remarks = (*bare, *cut, *too_long)
    document = mended.read(text, url=url)
    version = document.get("version") or ""
    if not version and not document.entries:
        return None
    if document.bozo:
        remarks += _why_broken(document.bozo_exception, start)
    feed = replace(_feed(document.feed, document.entries, version, zone, url, remarks), ended=ended)
    if document.bozo:
        # Its parser for these leaves references in ids, which would be others once the document is mended.
        entries = [replace(each, id=unescape(each.id)) if each.id else each for each in feed.entries]
        feed = replace(feed, entries=tuple(entries))
    return feed


def _with_references(text: str, start: Place) -> tuple[str, tuple[str, ...]]:
    """A document with each `&` that stands for itself written as XML has it, and a remark where there is one.

    feedparser takes the `&D` of `R&D` for a reference, and `&copy=1` in a link for a sign.
    """
    if "&" not in text:
        return text, ()
    first: int | None = None

    def written(found: re.Match[str]) -> str:
        nonlocal first
        if found[0] != "&":
            return found[0]
        first = found.start() if first is None else first
        return "&amp;"

    mended = _AMPERSAND.sub(written, text)
    if first is None:
        return text, ()
    at = _said_as(start.on(*place_at(text, first)))
    return mended, (f"it is not well-formed at {at}, where an & that stands for itself is not written &amp;",)


def _said_as(place: Place) -> str:
    return f"line {place.line}, column {place.column}"


def _has_ended(text: str) -> bool:
    root = _root_of(text)
    if root is None or text.startswith("/>", root.end() - 1):
        return True
    end = re.compile(rf"</{re.escape(root[1])}\s*>", re.IGNORECASE)
    return end.search(text, root.end()) is not None


def _root_of(text: str) -> re.Match[str] | None:
    before = BEFORE_ROOT.match(text)
    return _ROOT.search(text, before.end() if before else 0)


def _feed(
    feed: Any, entries: Any, version: str, zone: ZoneInfo, url: str, remarks: tuple[str, ...]
) -> ParsedFeed:
    # RSS says nothing of a title's type, and feedparser then says text/plain; Atom's text is text.
    plain: TextType = "text" if version.startswith("atom") else None
    return ParsedFeed(
        title=_string(feed, "title"),
        id=_string(feed, "id"),
        link=_string(feed, "link"),
        updated=_date(feed, zone, "updated", "published"),
        rights=_string(feed, "rights"),
        language=_string(feed, "language"),
        # RFC 4287 §4.2.1; RSS's managingEditor answers for the channel and wrote none of it.
        authors=tuple(_authors(feed)) if plain else (),
        entries=tuple(_entry(entry, zone, url, plain, _string(feed, "language")) for entry in entries),
        hubs=tuple(_linked(feed, "hub")),
        self_link=next(_linked(feed, "self"), None),
        remarks=remarks,
        format=SUPPORTED_VERSIONS[version] if version else "",
    )


def _linked(feed: Any, relation: str) -> Iterator[str]:
    """The addresses a feed's own links of a relation lead to."""
    for link in dict.get(feed, "links") or ():
        if relation in (link.get("rel") or "").lower().split() and link.get("href"):
            yield link["href"]


def _whole_entries(text: str, most: int) -> tuple[str, tuple[str, ...]]:
    """A document without what comes after its first `most` entries, nor a last one in which it breaks off.

    feedparser takes kilobytes and milliseconds for each entry, and half of one would be stored for good,
    without the date that was to follow.
    """
    starts = [found.start() for found in _ITEM.finditer(text)]
    root = _root_of(text)
    if root is None or not starts:
        return text, ()
    if len(starts) > most:
        end, remark = starts[most], too_many(len(starts), "entries", most)
    elif _END.search(text, starts[-1]) is None:
        end, remark = starts[-1], "it breaks off in the middle of its last entry, which was left out"
    else:
        return text, ()
    return text[:end] + _closing(root[1]), (remark,)


def _closing(root: str) -> str:
    return f"</channel></{root}>" if root.lower() == "rss" else f"</{root}>"


def up_to_last_entry(text: str) -> str | None:
    """A document that was cut off somewhere, ended after its last whole entry; None where it has none."""
    root = _root_of(text)
    ends = [found.end() for found in _ITEM_END.finditer(text)]
    return text[: ends[-1]] + _closing(root[1]) if root and ends else None


def _readable_entries(text: str) -> tuple[str, tuple[str, ...]]:
    """A document without entries that are too long to be read beside the others."""
    starts = [found.start() for found in _ITEM.finditer(text)]
    kept, at = [], 0
    for start, following in zip(starts, [*starts[1:], len(text)], strict=False):
        end = _ITEM_END.search(text, start, following) if following - start > _LONGEST_ENTRY else None
        if end is not None:
            kept.append(text[at:start])
            at = end.end()
    if not kept:
        return text, ()
    remark = f"{len(kept)} of its entries are longer than {_LONGEST_ENTRY:,} characters, and were left out"
    return "".join((*kept, text[at:])), (remark,)


def _why_broken(error: Exception, start: Place) -> tuple[str, ...]:
    if isinstance(error, xml.sax.SAXParseException):
        # feedparser puts a line of its own before the first.
        line = max((error.getLineNumber() or 0) - 1, 1)
        place = start.on(line, (error.getColumnNumber() or 0) + 1)
        return (
            f"it is not well-formed at {_said_as(place)} ({error.getMessage()}); read as far as possible",
        )
    if isinstance(error, xml.sax.SAXException):
        return (f"it is not well-formed ({error.getMessage()}); read as far as possible",)
    return ()


def _entry(entry: Any, zone: ZoneInfo, url: str, plain: TextType, language: str | None) -> ParsedEntry:
    original = _before_feedburner(entry, "feedburner_origlink")
    link = original or _in_its_language(entry) or _string(entry, "link")
    summary, content = _texts(entry, url)
    published, updated = _date(entry, zone, *_PUBLISHED), _date(entry, zone, *_UPDATED)
    unread = "" if published or updated else _written_date(entry)
    otherwise = read_otherwise(unread, zone, language=_language(entry) or language) if unread else None
    return ParsedEntry(
        id=_string(entry, "id"),
        link=link,
        link_is_id=not original and _is_guid_again(entry, link),
        title=_text(entry, "title", url, plain=plain),
        summary=summary,
        content=content,
        published=published or otherwise,
        updated=updated,
        dated_before="" if otherwise else _dated_before(entry, zone),
        unread_date="" if otherwise else unread,
        starts=_day(entry, zone),
        # RFC 4287 §4.2.1: where an entry names nobody, those of its source.
        authors=tuple(_authors(entry)) or tuple(_authors(dict.get(entry, "source") or {})),
        categories=tuple(
            Term(term=tag["term"], scheme=tag.get("scheme"), label=tag.get("label"))
            for tag in dict.get(entry, "tags") or ()
            if isinstance(tag.get("term"), str) and tag["term"].strip()
        ),
        enclosures=tuple(_enclosures(entry)),
        images=tuple(_images(entry, any("<img" in text.value for text in (summary, content) if text))),
        language=_language(entry),
        rights=_string(entry, "rights"),
        source=_source(dict.get(entry, "source"), zone),
    )


def _before_feedburner(entry: Any, key: str) -> str | None:
    """The publisher's own page or file, where FeedBurner put a link that counts readers in its place."""
    # As feedparser reads the link in its place.
    link = (_string(entry, key) or "").replace("&amp;", "&")
    return link if urls.resolve(None, link) else None


def _in_its_language(entry: Any) -> str | None:
    """The link to an entry's page in the entry's own language, where it has pages in several.

    Else the one that names no language, else the first; feedparser takes the last. None
    where no page names its language.
    """
    pages = [
        link
        for link in dict.get(entry, "links") or ()
        if link.get("rel") == "alternate"
        and link.get("href")
        and (link.get("type") or "text/html") in HTML_TYPES
    ]
    if not any(page.get("hreflang") for page in pages):
        return None
    language = (_language(entry) or "").lower().partition("-")[0]
    in_order = sorted(
        pages, key=lambda page: _far_from(language, (page.get("hreflang") or "").lower().partition("-")[0])
    )
    return only_xml(in_order[0]["href"]).strip() or None


def _far_from(language: str, hreflang: str) -> int:
    if language and hreflang == language:
        return 0
    return 2 if hreflang else 1


def _texts(entry: Any, url: str) -> tuple[Text | None, Text | None]:
    """An entry's summary and its content."""
    summary = _text(entry, "summary", url, plain="text")
    content = _content(entry, url)
    if summary and content and summary.value.replace(_BR_END, "") == content.value:
        # feedparser copies content into an absent summary, and does not say there that it is XHTML.
        summary = None
    episode = _text(entry, "itunes_summary", url, plain="text")
    if episode and not content and (not summary or len(episode.value) > len(summary.value)):
        # Podcasts write the long text in either of the two.
        content = episode
    if not summary and not content:
        summary = _text(entry, "media_description", url, plain="text")
    return summary, content


def _is_guid_again(entry: Any, link: str | None) -> bool:
    # `guidislink` alone says only that the id came before the link: Atom's ids count as guids too.
    written = {each.get("href") for each in dict.get(entry, "links") or ()}
    return bool(link and dict.get(entry, "guidislink") and dict.get(entry, "link") not in written)


def _string(values: Any, key: str) -> str | None:
    value = dict.get(values, key)
    return only_xml(value).strip() or None if isinstance(value, str) else None


def _date(values: Any, zone: ZoneInfo, *keys: str, all_zones: bool = True) -> datetime | None:
    dates = (read_date(dict.get(values, key), zone, all_zones=all_zones) for key in keys)
    return next(filter(None, dates), None)


def _dated_before(entry: Any, zone: ZoneInfo) -> datetime | Literal[""] | None:
    if not any(has_another_zone(_string(entry, key) or "") for key in _PUBLISHED):
        return None
    return _date(entry, zone, *_PUBLISHED, all_zones=False) or ""


def _written_date(entry: Any) -> str:
    return next((value for key in (*_PUBLISHED, *_UPDATED) if (value := _string(entry, key))), "")


def _day(entry: Any, zone: ZoneInfo) -> date | None:
    """The day an event begins on: RSS 1.0's event module, and iCalendar's properties in XML."""
    for key in ("ev_startdate", "xcal_dtstart"):
        written = _string(entry, key)
        if written and (moment := read_date(written, zone)):
            # Midnight in UTC is how sites write a day.
            return (moment if _MIDNIGHT.search(written) else moment.astimezone(zone)).date()
    return None


def _text(entry: Any, key: str, url: str, *, plain: TextType) -> Text | None:
    value = _string(entry, key)
    if value is None:
        return None
    detail = dict.get(entry, f"{key}_detail") or {}
    return Text(
        value=_without_br_ends(value, detail),
        type="html" if detail.get("type") in HTML_TYPES else plain,
        base=_base(detail, url),
        language=detail.get("language"),
    )


def _without_br_ends(value: str, detail: Any) -> str:
    # XHTML's <br/> comes as <br></br>, which is two to HTML (§13.2.6.4.7).
    return value.replace(_BR_END, "") if detail.get("type") == XHTML else value


def _base(detail: Any, url: str) -> str | None:
    # Where there is no xml:base, feedparser has the address it was given.
    base = detail.get("base")
    return base if isinstance(base, str) and base != url else None


def _content(entry: Any, url: str) -> Text | None:
    """The fullest text, HTML before plain: some feeds give several for one entry."""
    found = [
        each
        for each in dict.get(entry, "content") or ()
        if isinstance(each.get("value"), str) and each["value"].strip()
    ]
    if not found:
        return None
    readable = [each for each in found if each.get("type", "text/html") in (*HTML_TYPES, "text/plain")]
    if not readable:
        return None
    best = max(readable, key=lambda each: (each.get("type") in HTML_TYPES, len(each["value"])))
    return Text(
        value=_without_br_ends(best["value"], best),
        type="html" if best.get("type", "text/html") in HTML_TYPES else "text",
        base=_base(best, url),
        language=best.get("language"),
    )


def _language(entry: Any) -> str | None:
    """What an entry says of its language by dc:language, or of that of its texts."""
    if said := _string(entry, "language"):
        return said
    for key in ("title_detail", "summary_detail"):
        detail = dict.get(entry, key)
        if detail and detail.get("language"):
            return str(detail["language"])
    return None


def _authors(entry: Any) -> Iterator[Author]:
    for author in dict.get(entry, "authors") or ():
        if author.get("name") or author.get("email"):
            yield Author(name=author.get("name"), email=author.get("email"), uri=author.get("href"))


def _enclosures(entry: Any) -> Iterator[Attached]:
    files = [
        link for link in dict.get(entry, "links") or () if link.get("rel") == "enclosure" and link.get("href")
    ]
    # It names one file, and does not say which.
    original = _before_feedburner(entry, "feedburner_origenclosurelink") if len(files) == 1 else None
    for link in files:
        yield Attached(
            url=original or link["href"],
            type=_type(link),
            length=link.get("length"),
            title=link.get("title"),
        )
    for media in dict.get(entry, "media_content") or ():
        if media.get("url") and not _is_image(media.get("type") or media.get("medium"), media["url"]):
            yield Attached(url=media["url"], type=media.get("type"), length=media.get("filesize"))


def _type(link: Any) -> str | None:
    """The type of a file that is linked to. feedparser says that it is a page where Atom does not say any."""
    return None if link.get("type") in HTML_TYPES else link.get("type")


def _is_image(kind: str | None, address: str) -> bool:
    """Whether a file says that it is one, or says nothing and is called like one."""
    return kind.startswith("image") if kind else _PICTURE.search(address) is not None


def _images(entry: Any, shows_some: bool) -> Iterator[Attached]:
    """The pictures beside an entry's texts, which may show some of their own."""
    for media in dict.get(entry, "media_content") or ():
        if media.get("url") and _is_image(media.get("type") or media.get("medium"), media["url"]):
            yield Attached(url=media["url"], type=media.get("type"))
    for thumbnail in dict.get(entry, "media_thumbnail") or ():
        if thumbnail.get("url") and not (shows_some and _is_stamp(thumbnail)):
            yield Attached(url=thumbnail["url"])
    image = dict.get(entry, "image")
    if image and image.get("href"):
        yield Attached(url=image["href"])
    for link in dict.get(entry, "links") or ():
        if link.get("rel") == "enclosure" and link.get("href") and _is_image(_type(link), link["href"]):
            yield Attached(url=link["href"], type=_type(link))


def _is_stamp(thumbnail: Any) -> bool:
    """Whether it says that it is smaller than the picture that it is of, as Blogger's 72 by 72 pixels are."""
    return all(re.fullmatch(r"\d\d?(?:px)?", thumbnail.get(side) or "") for side in ("width", "height"))


def _source(source: Any, zone: ZoneInfo) -> ParsedSource | None:
    if not source:
        return None
    links = [link for link in dict.get(source, "links") or () if link.get("href")]
    read = ParsedSource(
        id=_string(source, "id"),
        title=_string(source, "title"),
        updated=_date(source, zone, "updated"),
        link=_string(source, "link"),
        self_link=next((link["href"] for link in links if link.get("rel") == "self"), None)
        or _string(source, "href"),
        rights=_string(source, "rights"),
    )
    return read if read != ParsedSource() else None
