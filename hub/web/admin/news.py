"""Any news: all that was decided about it, and what can be decided otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from flask import Blueprint, Response, request
from markupsafe import Markup
from msgspec import Struct
from werkzeug.datastructures import MultiDict

from hub import urls
from hub.model import AuditRecord, Selection, StoredEntry, Story, Term
from hub.model.explained import Explained
from hub.publish.corrections import as_html
from hub.web.admin.entries import ShownEntry, entry_at, shown
from hub.web.admin.frame import desk, for_who_may, is_own, may, own, page
from hub.web.asked import Asked
from hub.web.visit import Visit, visiting
from hub.web.words import Moment, with_code
from hub.wording import TOLD, rewordings

routes = Blueprint("news", __name__)

_LONGEST = 2_000
_RESULTS = 30
# More than this that share a link are listed instead of shown, and so many of them.
_AT_ONCE, _LISTED = 20, 200


class Row(Struct, frozen=True):
    """What is known under one label."""

    label: str
    texts: tuple[Markup, ...]


class Change(Struct, frozen=True):
    """What became of an entry's words: of its title, and of its text."""

    when: Moment
    told: str
    title: Markup
    text: Markup


class ShownTag(Struct, frozen=True):
    """A tag that a story has, or that an admin took from it; whether it is so by hand."""

    term: str
    label: str
    has: bool
    by_hand: bool


class Decisions(Struct, frozen=True, kw_only=True):
    """An entry of which something can be decided: how its story, its pin and its tags are.

    `others` are those of its story. `terms` are those of the tags that can be given to it. `taken_back_by` is
    the number of the record by which who may take back what they did alone takes its withdrawal back.
    """

    shown: ShownEntry
    changes: tuple[Change, ...]
    leads: bool
    others: tuple[ShownEntry, ...]
    pinned: bool
    last_day: Moment | None
    tags: tuple[ShownTag, ...]
    terms: tuple[tuple[str, str], ...]
    taken_back_by: int | None


class Known(Struct, frozen=True):
    """What is known of an entry, of a feed, or of an address."""

    heading: str
    rows: tuple[Row, ...]
    entry: Decisions | None


@routes.get("/news")
@for_who_may("look")
def news() -> Response:
    visit = visiting()
    asked = request.args.get("q", "").strip()[:_LONGEST]
    address = entry_at(visit, asked)
    values: dict[str, object] = {
        "title": "News",
        "section": "any-news",
        "asked": asked,
        "known": (),
        "results": (),
        "sharing": 0,
        "today": visit.setting.calendar.today.isoformat(),
        "nothing": False,
    }
    if asked:
        values |= _found(visit, address)
    return page("news.html", values)


def _found(visit: Visit, address: str) -> Mapping[str, object]:
    parts, is_here = desk().explain(address, visit.config, most=_AT_ONCE, now=visit.now)
    found = visit.store.find(address) if is_here else ()
    entries = {each.key: each for each in found if own() in (None, each.member.slug)}
    known = tuple(_known(visit, part, entries.get(part.entry or 0)) for part in parts)
    if len(entries) > _AT_ONCE:
        listed = tuple(shown(visit, each) for each in islice(entries.values(), _LISTED))
        return {"known": known, "results": listed, "sharing": len(entries)}
    if is_here or urls.host(address) is not None:
        return {"known": known}
    results = tuple(_titled(visit, address))
    return {"results": results, "known": () if results else known, "nothing": not results}


def _known(visit: Visit, part: Explained, stored: StoredEntry | None) -> Known:
    rows: list[tuple[str, list[Markup]]] = []
    for label, text in part.facts:
        if label or not rows:
            rows.append((label or "", []))
        rows[-1][1].append(with_code(text))
    return Known(
        part.heading,
        tuple(Row(label, tuple(texts)) for label, texts in rows),
        _decisions(visit, stored) if stored else None,
    )


# ---------------------------------------------------------------- what can be decided


def _decisions(visit: Visit, stored: StoredEntry) -> Decisions:
    story = visit.store.story(stored.story)
    others = story.entries if isinstance(story, Story) else ()
    pin = visit.store.pin_of(stored.key)
    tags = tuple(_tags(visit, stored))
    has = {tag.term for tag in tags if tag.has}
    return Decisions(
        shown=shown(visit, stored),
        changes=tuple(_changes(visit, stored)),
        leads=stored.lead,
        others=tuple(shown(visit, each) for each in others if each.key != stored.key),
        pinned=pin is not None,
        last_day=visit.setting.calendar.on(pin.last_day) if pin and pin.last_day else None,
        tags=tags,
        terms=tuple((term, label) for term, label in visit.config.labels.items() if term not in has),
        taken_back_by=None if may("decide") else _own_withdrawal(visit, stored),
    )


def _own_withdrawal(visit: Visit, stored: StoredEntry) -> int | None:
    """The number of the record by which whoever is signed in has withdrawn an entry, if it has Undo."""
    if stored.standing != "withdrawn":
        return None
    addresses = {stored.entry.link, stored.atom_id, stored.entry.id}
    for address in filter(None, addresses):
        for each in visit.store.audit(address, limit=_AT_ONCE).items:
            if is_own(each) and each.about in addresses and each.undone is None and _takes_back(each):
                return each.number
    return None


def _takes_back(record: AuditRecord) -> bool:
    return record.undo.get("action") == "restore"


def _changes(visit: Visit, stored: StoredEntry) -> Iterator[Change]:
    entry = stored.entry
    for each in rewordings(entry.title, entry.text, visit.store.revisions(stored.key)):
        yield Change(
            visit.setting.calendar.moment(each.when),
            TOLD[each.told],
            Markup(as_html(each.title)),  # noqa: S704 - escaped there
            Markup(as_html(each.text)),  # noqa: S704
        )


def _tags(visit: Visit, stored: StoredEntry) -> Iterator[ShownTag]:
    labels = visit.config.labels
    said = {each.term: each for each in visit.store.overrulings() if each.entry == stored.key}
    for tag in stored.entry.tags:
        yield ShownTag(tag.term, labels.get(tag.term, tag.term), True, tag.term in said)
    for term, each in said.items():
        if not each.tags:
            yield ShownTag(term, labels.get(term, term), False, True)


# ---------------------------------------------------------------- by words


def _titled(visit: Visit, words: str) -> Iterator[ShownEntry]:
    """What has these words: published, and then what is not, by its title."""
    typed, slug = Asked.read(MultiDict({"q": words})).typed, own()
    selection = Selection(search=typed, filter=Term("member", slug) if slug else None, every_entry=bool(slug))
    for story in visit.store.search(selection, limit=_RESULTS).items if typed else ():
        yield shown(visit, story.shown)
    for stored in visit.store.unpublished(typed.split(), slug, limit=_RESULTS) if typed else ():
        yield shown(visit, stored)
