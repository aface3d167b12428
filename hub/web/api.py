"""The news as JSON, for other programs: read-only, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from msgspec import Struct

from hub.model import FeedState, StoredEntry, Story
from hub.publish.http import Rendered
from hub.publish.item import permitted
from hub.store.cursors import read_cursor, write_cursor
from hub.web.answers import FRESH, answer, json_bytes
from hub.web.apianswers import (
    Author,
    Entries,
    Feeds,
    File,
    ListedEntry,
    MembersFeed,
    PublishersCategory,
    Stories,
    StoryOfEntries,
    TagOfStory,
    Topic,
    Topics,
    WholeEntry,
    openapi,
)
from hub.web.asked import BadRequestError, Call, call, limit
from hub.web.visit import Visit, visiting
from hub.web.words import instant

api = Blueprint("api", __name__, url_prefix="/api/v1")

_Listed = TypeVar("_Listed")


@api.get("/stories")
def stories() -> Response:
    visit = visiting()
    asked = _call(visit)
    return answer(_kept(visit, "stories", asked, lambda: _stories(visit, asked)))


@api.get("/entries")
def entries() -> Response:
    visit = visiting()
    asked = _call(visit)
    return answer(_kept(visit, "entries", asked, lambda: _entries(visit, asked)))


@api.get("/feeds")
def feeds() -> Response:
    visit = visiting()
    states = sorted(visit.store.feed_states(), key=attrgetter("feed.key"))
    page, following = _page(states, lambda state: (state.feed.key.member, state.feed.key.name))
    # How they are doing changes without anything being published.
    return answer(_json(visit, Feeds(tuple(_feed(visit, state) for state in page), following)), FRESH)


@api.get("/tags")
def tags() -> Response:
    visit = visiting()
    asked = (request.args.get("cursor"), limit(request.args))
    return answer(visit.rendered(("tags", asked), lambda: _json(visit, _topics(visit))))


@api.get("/openapi.json")
def description() -> Response:
    visit = visiting()

    def make() -> Rendered:
        return _json(visit, openapi(title=f"{visit.config.hub.title}: API", hub_url=visit.addresses.hub))

    return answer(visit.rendered("openapi.json", make))


def _call(visit: Visit) -> Call:
    asked = call(request.args)
    for slug in asked.selection.without:
        # To leave out a member that there is not would show what was to be left out.
        if visit.member_name(slug) is None:
            raise BadRequestError("without has to name members; there is no member ‘%(member)s’", member=slug)
    return asked


def _kept(visit: Visit, what: str, asked: Call, make: Callable[[], Struct]) -> Rendered:
    # `since` is most often the time of the last call, so nobody asks for the same again.
    if asked.selection.since:
        return _json(visit, make())
    return visit.rendered((what, asked), lambda: _json(visit, make()))


def _json(visit: Visit, value: object) -> Rendered:
    return Rendered(body=json_bytes(value), media_type="application/json", last_modified=visit.now)


def _page(
    listed: Sequence[_Listed], place: Callable[[_Listed], tuple[str, ...]]
) -> tuple[Sequence[_Listed], str | None]:
    """As much of a list in the order of its places as is asked for, and the cursor of what follows."""
    most, cursor = limit(request.args), request.args.get("cursor")
    if cursor and listed:
        after = read_cursor(cursor, "n", (str,) * len(place(listed[0])))
        listed = [each for each in listed if place(each) > after]
    following = write_cursor("n", *place(listed[most - 1])) if len(listed) > most else None
    return listed[:most], following


# ---------------------------------------------------------------- values


def _stories(visit: Visit, asked: Call) -> Stories:
    page = visit.store.stories(asked.selection, limit=asked.limit, cursor=asked.cursor)
    return Stories(tuple(_story(story, visit.setting.labels) for story in page.items), page.next)


def _entries(visit: Visit, asked: Call) -> Entries:
    page = visit.store.entries(asked.selection, limit=asked.limit, cursor=asked.cursor)
    return Entries(tuple(_whole_entry(stored) for stored in page.items), page.next)


def _story(story: Story, labels: Mapping[str, str]) -> StoryOfEntries:
    shown = story.shown.entry
    return StoryOfEntries(
        id=story.id,
        title=shown.title,
        link=shown.link,
        tags=tuple(TagOfStory(tag.term, labels.get(tag.term, tag.term), tag.why) for tag in story.tags),
        entries=tuple(_entry(stored) for stored in story.entries),
        **_dates(story.shown),
    )


def _entry(stored: StoredEntry) -> ListedEntry:
    return ListedEntry(**_listed(stored))


def _listed(stored: StoredEntry) -> dict[str, Any]:
    """What both have that tell of an entry."""
    entry = stored.entry
    return dict(
        id=entry.id,
        feed=stored.feed_url,
        member=stored.member.slug,
        title=entry.title,
        link=entry.link,
        kind=entry.kind,
        event_date=entry.event_date.isoformat() if entry.event_date and entry.kind == "event" else None,
        first_seen=instant(stored.first_seen),
        lead=stored.lead,
        why="" if stored.lead else stored.why,
        **_dates(stored),
    )


def _dates(stored: StoredEntry) -> dict[str, str | None]:
    published, updated = stored.entry.published, stored.entry.updated
    return {
        "published": instant(published) if published else None,
        "updated": instant(updated) if updated else None,
    }


def _whole_entry(stored: StoredEntry) -> WholeEntry:
    entry = permitted(stored.entry, stored.member.republish)
    return WholeEntry(
        **_listed(stored),
        story=stored.story,
        authors=tuple(Author(person.name, person.email, person.uri) for person in entry.authors),
        categories=tuple(PublishersCategory(each.term, each.scheme, each.label) for each in entry.categories),
        summary=entry.excerpt,
        content=entry.content or entry.summary,
        enclosures=tuple(File(file.url, file.type, file.length, file.title) for file in entry.enclosures),
    )


def _feed(visit: Visit, state: FeedState) -> MembersFeed:
    condition = visit.condition(state)
    return MembersFeed(
        member=state.feed.key.member,
        name=state.feed.key.name,
        url=state.feed.url,
        title=state.info.title,
        state=condition.state,
        sentence=condition.sentence,
        checked=instant(state.polled) if state.polled else None,
        latest=instant(state.recent[0]) if state.recent else None,
    )


def _topics(visit: Visit) -> Topics:
    counts = visit.store.tag_counts()
    page, following = _page(sorted({*visit.config.labels, *counts}), lambda term: (term,))
    broader = visit.broader
    return Topics(
        tuple(_topic(visit, term, counts.get(term, 0), broader.get(term)) for term in page), following
    )


def _topic(visit: Visit, term: str, stories: int, broader: str | None) -> Topic:
    merged = visit.catalogue.of_tag(term)
    label = visit.config.labels.get(term, term)
    return Topic(term=term, label=label, broader=broader, stories=stories, page=merged.page, feed=merged.atom)
