"""How an address of a feed is read when it is no feed: its kind, and each kind's own keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field

from hub.config.document import Document, Pairs, is_given, mappings, text_at
from hub.config.values import How, Layout, PathBeginning, Selector, TypeName, Url
from hub.model import FeedKind, HtmlList, SiteKind, Sitemap, WordPress

if TYPE_CHECKING:
    from hub.config.messages import Problem

# Which kind a key belongs to.
_OWN: dict[str, FeedKind] = {"types": "wordpress", "only": "sitemap", "select": "html", "dates": "html"}


class SelectKeys(BaseModel):
    """CSS selectors, by which a page that lists news is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: Selector = Field(description="Finds each piece of news in the page.")
    link: Selector | None = Field(
        default=None, description="Finds its link, within it; without it, its first link."
    )
    title: Selector | None = Field(
        default=None, description="Finds its title, within it; without it, the words of its link."
    )
    date: Selector | None = Field(default=None, description="Finds the day it was published, within it.")
    summary: Selector | None = Field(default=None, description="Finds its summary, within it.")
    image: Selector | None = Field(default=None, description="Finds its picture, within it.")
    next: Selector | None = Field(default=None, description="Finds, in the page, the link to older news.")


def _for_editors() -> list[Any]:
    """What `check_kinds` looks at, as JSON Schema says it."""
    rules: dict[FeedKind, dict[str, Any]] = {
        kind: {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "else": {"properties": {key: {"type": "null"} for key, its in _OWN.items() if its == kind}},
        }
        for kind in dict.fromkeys(_OWN.values())
    }
    rules["html"]["then"] = {"properties": {"select": {"type": "object"}}, "required": ["select"]}
    return list(rules.values())


class AddressKeys(BaseModel):
    """An address, and how it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"allOf": _for_editors()})

    url: Url = Field(
        description="The feed's address; of another kind, the site's, its sitemap's or its page's."
    )
    kind: How = Field(
        default="feed",
        description="How it is read: as a feed, by WordPress's API, by its sitemap, or as a page of HTML.",
    )
    types: tuple[TypeName, ...] = Field(
        default=("posts",), description="Of wordpress: the types of post that are news."
    )
    only: tuple[PathBeginning, ...] = Field(
        default=(), description="Of sitemap: beginnings of the paths of pages that are news."
    )
    select: SelectKeys | None = Field(
        default=None, description="Of html: the CSS selectors that find the news in the page."
    )
    dates: tuple[Layout, ...] = Field(
        default=(), description="Of html: layouts of its dates, such as %d/%m/%y, if they are not understood."
    )


def site_kind(keys: AddressKeys) -> SiteKind | None:
    """How an address is read, with its settings; None for a feed."""
    if keys.kind == "wordpress":
        return WordPress(types=tuple(dict.fromkeys(keys.types)) or ("posts",))
    if keys.kind == "sitemap":
        return Sitemap(only=keys.only)
    if keys.kind == "html" and keys.select is not None:
        return HtmlList(**keys.select.model_dump(), dates=keys.dates)
    return None


def kind_fields(kind: SiteKind | None) -> Mapping[str, str | Sequence[str] | Mapping[str, str]]:
    """The keys that say in feeds.yaml how an address is read; none for a feed."""
    match kind:
        case None:
            return {}
        case WordPress():
            return {"kind": kind.name, "types": kind.types}
        case Sitemap():
            return {"kind": kind.name, **({"only": kind.only} if kind.only else {})}
    select = {name: value for name, value in asdict(kind).items() if value and name != "dates"}
    return {"kind": kind.name, "select": select, **({"dates": kind.dates} if kind.dates else {})}


def check_kinds(document: Document) -> Iterator[Problem]:
    """Keys that belong to another kind than their address's, and pages of HTML without selectors."""
    for pairs, place in _addresses(document):
        written = text_at(pairs, "kind")
        kind = written.value if written else "feed"
        if kind not in get_args(FeedKind):
            continue
        for key, belongs_to in _OWN.items():
            if is_given(pairs.values.get(key)) and belongs_to != kind:
                said = f"`{key}` is of `kind: {belongs_to}`, and this is `kind: {kind}`; change one of them"
                yield pairs.keys[key].start, f"{place}.{key}", said
        if kind == "html" and written and not isinstance(pairs.values.get("select"), Pairs):
            advice = "write at least `select: {item: article}`; `hub feeds check URL` proposes one"
            yield written.start, place, f"`select` is missing, by which a page is read; {advice}"


def _addresses(document: Document) -> Iterator[tuple[Pairs, str]]:
    for number, member in mappings(document.root.values.get("members")):
        for index, feed in mappings(member.values.get("feeds")):
            place = f"members[{number}].feeds[{index}]"
            yield feed, place
            for other, address in mappings(feed.values.get("else")):
                yield address, f"{place}.else[{other}]"
