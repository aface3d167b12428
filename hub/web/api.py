"""The news as JSON, for other programs: read-only, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from hub.model import StoredEntry, Story
from hub.publish.http import Rendered
from hub.publish.item import permitted
from hub.web.answers import answer, json_bytes
from hub.web.asked import Call, call
from hub.web.visit import Visit, visiting
from hub.web.words import instant

api = Blueprint("api", __name__, url_prefix="/api/v1")

Json = dict[str, Any]


@api.get("/stories")
def stories() -> Response:
    visit, asked = visiting(), call(request.args)
    return answer(_rendered(visit, "stories", asked))


@api.get("/entries")
def entries() -> Response:
    visit, asked = visiting(), call(request.args)
    return answer(_rendered(visit, "entries", asked))


def _rendered(visit: Visit, what: str, asked: Call) -> Rendered:
    def make() -> Rendered:
        value = _stories(visit, asked) if what == "stories" else _entries(visit, asked)
        return Rendered(body=json_bytes(value), media_type="application/json", last_modified=visit.now)

    # `since` is most often the time of the last call, so nobody asks for the same again.
    return make() if asked.selection.since else visit.rendered((what, asked), make)


def _stories(visit: Visit, asked: Call) -> Json:
    page = visit.store.stories(asked.selection, limit=asked.limit, cursor=asked.cursor)
    labels = visit.setting.labels
    return {"stories": [_story(story, labels) for story in page.items], "next": page.next}


def _entries(visit: Visit, asked: Call) -> Json:
    page = visit.store.entries(asked.selection, limit=asked.limit, cursor=asked.cursor)
    return {"entries": [_whole_entry(stored) for stored in page.items], "next": page.next}


def _story(story: Story, labels: Mapping[str, str]) -> Json:
    shown = story.shown.entry
    return {
        "id": story.id,
        "title": shown.title,
        "link": shown.link,
        **_dates(story.shown),
        "tags": [
            {"term": tag.term, "label": labels.get(tag.term, tag.term), "why": tag.why} for tag in story.tags
        ],
        "entries": [_entry(stored) for stored in story.entries],
    }


def _entry(stored: StoredEntry) -> Json:
    entry = stored.entry
    return {
        "id": entry.id,
        "feed": stored.feed_url,
        "member": stored.member.slug,
        "title": entry.title,
        "link": entry.link,
        "kind": entry.kind,
        "event_date": entry.event_date.isoformat() if entry.event_date and entry.kind == "event" else None,
        **_dates(stored),
        "first_seen": instant(stored.first_seen),
        "lead": stored.lead,
        "why": "" if stored.lead else stored.why,
    }


def _dates(stored: StoredEntry) -> Json:
    published, updated = stored.entry.published, stored.entry.updated
    return {
        "published": instant(published) if published else None,
        "updated": instant(updated) if updated else None,
    }


def _whole_entry(stored: StoredEntry) -> Json:
    entry = permitted(stored.entry, stored.member.republish)
    return {
        **_entry(stored),
        "story": stored.story,
        "authors": [
            {"name": person.name, "email": person.email, "uri": person.uri} for person in entry.authors
        ],
        "categories": [
            {"term": category.term, "scheme": category.scheme, "label": category.label}
            for category in entry.categories
        ],
        "summary": entry.excerpt,
        "content": entry.content or entry.summary,
        "enclosures": [
            {"url": file.url, "type": file.type, "length": file.length, "title": file.title}
            for file in entry.enclosures
        ],
    }
