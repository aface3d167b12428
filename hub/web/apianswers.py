"""What the API answers, as values, and its description (OpenAPI 3.1), which is made of them. Pure."""

from __future__ import annotations

from inspect import cleandoc
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from hub.model import Kind
from hub.web.asked import MOST_ENTRIES, USUAL_ENTRIES
from hub.web.doing import State

Time = Annotated[
    str, Meta(description="RFC 3339, in UTC with `Z`.", extra_json_schema={"format": "date-time"})
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
Next = Annotated[str | None, Meta(description="`cursor` of the next answer; null at the end.")]


class TagOfStory(Struct, frozen=True):
    """A topic of a story. `why` is the reason, for people."""

    term: str
    label: str
    why: str


class ListedEntry(Struct, frozen=True, kw_only=True):
    """What one member published.

    `id` is as the publisher wrote it, `feed` the feed's address in feeds.yaml
    and `member` the member's slug. `title` is plain text. `published` and
    `updated` are the publisher's, `first_seen` is ours. `event_date` is the
    day on which an event takes place. A copy (`lead` is false) has the reason
    why it is one.
    """

    id: str | None
    feed: Address
    member: str
    title: str
    link: Address | None
    kind: Kind
    event_date: Annotated[str | None, Meta(extra_json_schema={"format": "date"})]
    published: Time | None
    updated: Time | None
    first_seen: Time
    lead: bool
    why: str


class StoryOfEntries(Struct, frozen=True, kw_only=True):
    """The same news from one or more members; the first of its entries leads."""

    id: int
    title: str
    link: Address | None
    published: Time | None
    updated: Time | None
    tags: tuple[TagOfStory, ...]
    entries: tuple[ListedEntry, ...]


class Author(Struct, frozen=True):
    """Who wrote it."""

    name: str
    email: str | None
    uri: Address | None


class PublishersCategory(Struct, frozen=True):
    """What the publisher says it is about."""

    term: str
    scheme: str | None
    label: str | None


class File(Struct, frozen=True):
    """A file that belongs to it; `length` is in bytes."""

    url: Address
    type: str | None
    length: int | None
    title: str | None


class WholeEntry(ListedEntry, frozen=True, kw_only=True):
    """An entry with its story and its words, as far as the member lets us carry them.

    `summary` is plain text, `content` sanitised HTML.
    """

    story: int
    authors: tuple[Author, ...]
    categories: tuple[PublishersCategory, ...]
    summary: str
    content: str
    enclosures: tuple[File, ...]


class MembersFeed(Struct, frozen=True, kw_only=True):
    """A feed of a member, and how it is doing, as /status tells it.

    `name` is what it is known by within its member, `title` what it says of
    itself. `sentence` says in words what `state` says in one. `checked` is when
    it was asked last, `latest` the date of its last news.
    """

    member: str
    name: str
    url: Address
    title: str
    state: State
    sentence: str
    checked: Time | None
    latest: Time | None


class Topic(Struct, frozen=True, kw_only=True):
    """A topic: its page, its merged feed as Atom, and how many stories have it."""

    term: str
    label: str
    broader: Annotated[str | None, Meta(description="The term of the topic that it is a part of.")]
    stories: int
    page: Address
    feed: Address


class Stories(Struct, frozen=True):
    """Stories, the newest first."""

    stories: tuple[StoryOfEntries, ...]
    next: Next


class Entries(Struct, frozen=True):
    """Entries, the newest first, copies too."""

    entries: tuple[WholeEntry, ...]
    next: Next


class Feeds(Struct, frozen=True):
    """The members' feeds, by member and name."""

    feeds: tuple[MembersFeed, ...]
    next: Next


class Topics(Struct, frozen=True):
    """The topics, by term."""

    tags: tuple[Topic, ...]
    next: Next


class Problem(Struct, frozen=True):
    """Why there is no answer."""

    error: str


_PATHS: dict[str, tuple[type[Struct], str]] = {
    "/api/v1/stories": (Stories, "News, each story once, the newest first"),
    "/api/v1/entries": (Entries, "All published entries, copies too, the newest first"),
    "/api/v1/feeds": (Feeds, "The feeds of the members, and how they are doing"),
    "/api/v1/tags": (Topics, "The topics that news is sorted by"),
}
_OF_NEWS: dict[str, tuple[dict[str, Any], str]] = {
    "member": ({"type": "string"}, "Only this member's, by its slug."),
    "tag": ({"type": "string"}, "Only with this tag, by its term."),
    "kind": ({"$ref": "#/components/schemas/Kind"}, "Only of this kind."),
    "without": (
        {"type": "array", "items": {"type": "string"}},
        "Without the stories that these members published, alone or as one of several, by their slugs.",
    ),
    "since": ({"type": "string", "format": "date-time"}, "Only what was first seen at or after this moment."),
}
_OF_LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "limit": (
        {"type": "integer", "minimum": 1, "default": USUAL_ENTRIES},
        f"How many; more than {MOST_ENTRIES} is read as {MOST_ENTRIES}.",
    ),
    "cursor": ({"type": "string"}, "`next` of the last answer."),
}


def openapi(*, title: str, hub_url: str) -> dict[str, Any]:
    """The description of the API of a hub at an address (OpenAPI 3.1.0)."""
    answers = [answer for answer, _ in _PATHS.values()]
    schemas, components = msgspec.json.schema_components(
        [*answers, Problem], ref_template="#/components/schemas/{name}"
    )
    of_answer = dict(zip([*answers, Problem], schemas, strict=True))
    for schema in components.values():
        schema["description"] = cleandoc(schema["description"])
    kinds = {"enum": [*get_args(Kind)], "type": "string"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "Read-only, open to every origin. Answers carry an ETag.",
        },
        "servers": [{"url": hub_url}],
        "paths": {
            path: {"get": _operation(path, says, of_answer[answer], of_answer[Problem])}
            for path, (answer, says) in _PATHS.items()
        },
        "components": {"schemas": {**components, "Kind": kinds}},
    }


def _operation(path: str, says: str, answer: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    what = path.rpartition("/")[2]
    asked = {**_OF_LISTS, **_OF_NEWS} if what in ("stories", "entries") else _OF_LISTS
    return {
        "operationId": what,
        "summary": says,
        "parameters": [
            {"name": name, "in": "query", "description": described, "schema": schema}
            for name, (schema, described) in asked.items()
        ],
        "responses": {
            "200": {"description": says, "content": {"application/json": {"schema": answer}}},
            "304": {"description": "What the request's If-None-Match names is still the answer"},
            "400": {
                "description": "A parameter makes no sense",
                "content": {"application/json": {"schema": problem}},
            },
        },
    }
