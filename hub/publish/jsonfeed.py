"""Merged feeds as JSON Feed 1.1."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model import Source
from hub.publish.document import (
    MergedDocument,
    cleaned,
    copies_of_others,
    file_type,
    given,
    link_or_story,
    other_language,
    story_url,
)
from hub.publish.item import Copy, Item

MEDIA_TYPE = "application/feed+json; charset=utf-8"

_VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(document: MergedDocument) -> bytes:
    """The merged feed as a JSON Feed in UTF-8; the same document gives the same bytes.

    What JSON Feed has no word for stands in each story's `_hub`: `story` (its
    page on the hub), `member` (slug and name), `kind`, the `event_date` of an
    event, `source` (the feed it was copied from), `rights`, and
    `also_published_by`, a list of its copies.
    """
    document = cleaned(document)
    feed = {
        "version": _VERSION,
        "title": document.title,
        "home_page_url": document.page_url,
        "feed_url": document.first_url or document.self_url,
        **given(next_url=document.next_url),
        "language": document.language,
        **({"hubs": [{"type": "WebSub", "url": document.push_url}]} if document.push_url else {}),
        "authors": [{"name": document.hub_title, "url": document.hub_url}],
        "items": [_item(item, document) for item in document.items],
    }
    return msgspec.json.encode(feed)


def _item(item: Item, document: MergedDocument) -> dict[str, Any]:
    # One of the two is required, also where no words may be carried.
    words = {"content_html": item.content} if item.content else {"content_text": item.summary}
    return {
        "id": item.id,
        "url": link_or_story(item, document.hub_url),
        "title": item.title,
        **words,
        **given(
            summary=item.summary,
            image=item.image,
            date_published=item.published and item.published.isoformat(),
            date_modified=item.updated.isoformat(),
            authors=[given(name=person.name, url=person.uri) for person in item.authors],
            tags=_tags(item),
            language=other_language(item, document),
            attachments=_attachments(item),
        ),
        **({} if item.is_own else {"_hub": _of_story(item, document)}),
    }


def _of_story(item: Item, document: MergedDocument) -> dict[str, Any]:
    return given(
        story=story_url(document.hub_url, item.story),
        member={"slug": item.member.slug, "name": item.member.name},
        kind=item.kind,
        event_date=item.event_date and item.event_date.isoformat(),
        source=_source(item.source),
        rights=item.rights,
        also_published_by=[_copy(copy) for copy in copies_of_others(item)],
    )


def _tags(item: Item) -> list[str]:
    given = [category.label or category.term for category in item.categories]
    return list(dict.fromkeys([*given, *(tag.label for tag in item.tags)]))


def _attachments(item: Item) -> list[dict[str, Any]]:
    return [
        given(
            url=enclosure.url,
            mime_type=file_type(enclosure),
            title=enclosure.title,
            size_in_bytes=enclosure.length,
        )
        for enclosure in item.enclosures
    ]


def _source(source: Source) -> dict[str, Any]:
    return given(
        id=source.id,
        title=source.title,
        home_page_url=source.link,
        feed_url=source.self_link,
        updated=source.updated and source.updated.isoformat(),
        rights=source.rights,
    )


def _copy(copy: Copy) -> dict[str, Any]:
    return given(
        slug=copy.member.slug,
        name=copy.member.name,
        title=copy.title,
        url=copy.link,
        date=None if copy.undated else copy.date.isoformat(),
        why=copy.why,
    )
