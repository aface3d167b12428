"""JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import NotAFeed, ParseError
from hub.parse.dates import read_date
from hub.parse.decode import BEGINNING, Place
from hub.parse.document import Attached, Author, ParsedEntry, ParsedFeed, Term, Text, too_many
from hub.parse.jsonvalues import list_of, text_of

# Required, and what tells a feed from any program's answer that lists items: https://jsonfeed.org/version/1.1
_VERSION = "jsonfeed.org/version/"
_LONGEST_VERSION = 10


def read_json_feed(
    text: str, *, url: str, zone: ZoneInfo, most_entries: int, start: Place = BEGINNING
) -> ParsedFeed:
    """Read a JSON Feed. Items that are none are left out, with a remark.

    `start` is the place of the document that `text` begins at. Raises NotAFeed
    for JSON of other kinds, ParseError for JSON that is broken.
    """
    try:
        document = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError(
            f"{url} answered with broken JSON: {_why_broken(error, start)}.",
            "Ask the site's web editor to check the feed with a JSON Feed validator.",
            reason="broken-json",
        ) from error
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list) or _VERSION not in str(document.get("version")):
        raise NotAFeed(
            f"{url} is JSON, but not a JSON Feed.", "Look for the address of the site's news feed."
        )
    entries = [_entry(item, zone) for item in items[:most_entries] if isinstance(item, dict)]
    remarks = []
    odd = sum(1 for item in items if not isinstance(item, dict))
    if odd:
        remarks.append(f"{odd} of its {len(items)} items are no items, and were left out")
    if len(items) > most_entries:
        remarks.append(too_many(len(items), "items", most_entries))
    return ParsedFeed(
        title=text_of(document.get("title")),
        link=text_of(document.get("home_page_url")),
        language=text_of(document.get("language")),
        authors=tuple(_authors(document)),
        entries=tuple(entries),
        hubs=tuple(_hubs(document)),
        self_link=text_of(document.get("feed_url")),
        remarks=tuple(remarks),
        format=f"JSON Feed {str(document['version']).rpartition('/')[2][:_LONGEST_VERSION]}",
    )


def _why_broken(error: Exception, start: Place) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    place = start.on(error.lineno, error.colno)
    return f"{error.msg} at line {place.line}, column {place.column}"


def _hubs(document: dict[str, Any]) -> Iterator[str]:
    """The WebSub hubs (JSON Feed 1.1, `hubs`); there may be others, such as rssCloud's."""
    for each in list_of(document.get("hubs")):
        is_websub = isinstance(each, dict) and str(each.get("type")).lower() == "websub"
        if is_websub and (address := text_of(each.get("url"))):
            yield address


def _entry(item: dict[str, Any], zone: ZoneInfo) -> ParsedEntry:
    html, plain = text_of(item.get("content_html")), text_of(item.get("content_text"))
    content = Text(value=html, type="html") if html else Text(value=plain, type="text") if plain else None
    title, summary = text_of(item.get("title")), text_of(item.get("summary"))
    pictures = (text_of(item.get("image")), text_of(item.get("banner_image")))
    return ParsedEntry(
        id=_string_or_number(item.get("id")),
        link=text_of(item.get("url")) or text_of(item.get("external_url")),
        title=Text(value=title, type="text") if title else None,
        summary=Text(value=summary, type="text") if summary else None,
        content=content,
        published=read_date(item.get("date_published"), zone),
        updated=read_date(item.get("date_modified"), zone),
        authors=tuple(_authors(item)),
        categories=tuple(Term(term=tag) for each in list_of(item.get("tags")) if (tag := text_of(each))),
        enclosures=tuple(_attachments(item)),
        images=tuple(Attached(url=picture) for picture in pictures if picture),
        language=text_of(item.get("language")),
    )


def _authors(values: dict[str, Any]) -> Iterator[Author]:
    # 1.0 has `author`, 1.1 `authors`.
    for author in (*list_of(values.get("authors")), values.get("author")):
        if isinstance(author, dict) and (author.get("name") or author.get("url")):
            yield Author(name=text_of(author.get("name")), uri=text_of(author.get("url")))


def _attachments(item: dict[str, Any]) -> Iterator[Attached]:
    for attachment in list_of(item.get("attachments")):
        if isinstance(attachment, dict) and (address := text_of(attachment.get("url"))):
            yield Attached(
                url=address,
                type=text_of(attachment.get("mime_type")),
                length=_string_or_number(attachment.get("size_in_bytes")),
                title=text_of(attachment.get("title")),
            )


def _string_or_number(value: object) -> str | None:
    # JSON Feed 1.0 lets an id be a number, and some publishers write lengths in quotation marks.
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else text_of(value)
