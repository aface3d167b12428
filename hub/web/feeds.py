"""The merged feeds, for readers of feeds, and lists of feeds as OPML."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import get_args

from flask import Blueprint, Response, abort, request
from msgspec.structs import replace

from hub.filters import lets_through
from hub.model import Feed, Selection, Term
from hub.publish import atom, jsonfeed, opml, rss
from hub.publish.corrections import correction_item, corrections, withdrawal_item
from hub.publish.digest import Rhythm, digest_item, finished
from hub.publish.document import Deleted, MergedDocument
from hub.publish.http import Rendered
from hub.publish.item import Item, item
from hub.store import Page
from hub.web.answers import (
    DEPENDS_ON_CODING,
    DEPENDS_ON_WHO_SHOWS_IT,
    KEPT_BY_NOBODY,
    answer,
    shows,
)
from hub.web.asked import Asked, BadRequestError
from hub.web.catalogue import FORMATS, FeedAddress
from hub.web.digests import PUBLISHED, digest
from hub.web.pages import feed_item, withdrawal, withdrawn_by
from hub.web.visit import Visit, visiting

feeds = Blueprint("feeds", __name__)

_ENTRIES = 100
# As long as a reader may be away, and find that its copy is to go.
_TOMBSTONES_TOLD = timedelta(days=30)
_CACHING = "public, max-age=300"
# JSON is shown by browsers as what it is.
_SHOWN_AS_PAGES = ("atom", "rss")
_FORMAT = f"<any({','.join(FORMATS)}):format>"
_RENDERERS: dict[str, tuple[Callable[[MergedDocument], bytes], str]] = {
    "atom": (atom.atom, atom.MEDIA_TYPE),
    "rss": (rss.rss, rss.MEDIA_TYPE),
    "json": (jsonfeed.json_feed, jsonfeed.MEDIA_TYPE),
}


@feeds.get(f"/feeds/all.{_FORMAT}")
def everything(format: str) -> Response:
    visit = visiting()
    return _feed(visit, format, visit.catalogue.everything, Selection())


@feeds.get(f"/feeds/tag/<term>.{_FORMAT}")
def of_tag(term: str, format: str) -> Response:
    visit = visiting()
    if not visit.knows_tag(term):
        abort(404)
    return _feed(visit, format, visit.catalogue.of_tag(term), Selection(filter=Term("tag", term)))


@feeds.get(f"/feeds/member/<slug>.{_FORMAT}")
def of_member(slug: str, format: str) -> Response:
    visit = visiting()
    if visit.member_name(slug) is None:
        abort(404)
    selection = Selection(filter=Term("member", slug), every_entry=True)
    return _feed(visit, format, visit.catalogue.of_member(slug), selection)


@feeds.get(f"/feeds/merged/<slug>.{_FORMAT}")
def merged(slug: str, format: str) -> Response:
    visit = visiting()
    found = next((each for each in visit.config.merged_feeds if each.slug == slug), None)
    if found is None:
        abort(404)
    return _feed(visit, format, visit.catalogue.merged(found), Selection(filter=found.filter))


@feeds.get(f"/feeds/search.{_FORMAT}")
def of_search(format: str) -> Response:
    visit = visiting()
    asked = replace(Asked.read(request.args), before=None, order="relevance")
    visit.must_know(asked)
    if asked == Asked() or asked.says_nothing:
        raise BadRequestError("Say what to search for, as in /feeds/search.atom?q=stroke.")
    return _feed(visit, format, visit.catalogue.of_search(asked), asked.selection(), kept=False)


def _feed(
    visit: Visit, format: str, address: FeedAddress, selection: Selection, *, kept: bool = True
) -> Response:
    before = request.args.get("before") or None

    def items() -> Page[Item]:
        # What a page finds may be old; what comes by itself is news, and comes once.
        stories = visit.stories(replace(selection, told=True), _ENTRIES, before)
        listed = tuple(item(story, visit.setting.labels) for story in stories.items)
        return Page(items=listed, next=stories.next)

    if before is not None:
        return _answered(visit, format, address, items, before=before, kept=False)
    return _answered(visit, format, address, items, deleted=lambda: _deleted(visit, selection), kept=kept)


def _answered(
    visit: Visit,
    format: str,
    address: FeedAddress,
    items: Callable[[], Page[Item]],
    *,
    before: str | None = None,
    deleted: Callable[[], tuple[Deleted, ...]] = tuple,
    kept: bool = True,
) -> Response:
    first_url: str = getattr(address, format)
    going_on = visit.addresses.going_on
    self_url = going_on(first_url, before) if before else first_url
    if format not in _SHOWN_AS_PAGES:
        depends_on = DEPENDS_ON_CODING
    elif shows(request.headers.get("Sec-Fetch-Dest")):
        return _page(visit, address, first_url, items)
    else:
        depends_on = DEPENDS_ON_WHO_SHOWS_IT

    def make() -> Rendered:
        hub, page = visit.config.hub, items()
        document = MergedDocument(
            id=address.atom,
            title=address.title,
            self_url=self_url,
            first_url=first_url if before else None,
            next_url=going_on(first_url, page.next) if page.next else None,
            page_url=address.page,
            hub_url=visit.addresses.hub,
            hub_title=hub.title,
            language=hub.language,
            items=page.items,
            # A JSON Feed has no date that a withdrawal would move.
            deleted=deleted() if format != "json" else (),
        )
        render, media_type = _RENDERERS[format]
        # Not the latest of what it holds, which a withdrawal, a tag and another name do not move.
        return Rendered(body=render(document), media_type=media_type, last_modified=visit.now)

    rendered = visit.rendered(self_url, make) if kept else make()
    return answer(rendered, _CACHING, depends_on=depends_on)


def _page(visit: Visit, address: FeedAddress, first_url: str, items: Callable[[], Page[Item]]) -> Response:
    """A merged feed as a page, for a browser, which would show its XML as text."""
    values = {
        "title": address.name,
        "section": "subscribe",
        "indexed": False,
        "canonical": address.page,
        "address": first_url,
        "items": [feed_item(each, visit.setting) for each in items().items],
        "feeds": (address,),
    }
    # A cache that minds no Vary must not give it to readers of feeds.
    page = visit.page("feed.html", lambda: values)
    return answer(page, KEPT_BY_NOBODY, depends_on=DEPENDS_ON_WHO_SHOWS_IT)


def _deleted(visit: Visit, selection: Selection) -> tuple[Deleted, ...]:
    """What was withdrawn of late; nobody knows any more what a search would have found of it.

    All of it is in the first part of a feed: what went may leave no other.
    """
    if selection.search is not None:
        return ()
    # To the day, so that the feed changes by itself no oftener than its pages.
    since = visit.setting.calendar.midnight
    of_feed = (
        each
        for each in visit.store.withdrawn(since - _TOMBSTONES_TOLD)
        if selection.filter is None or lets_through(selection.filter, each.stored, each.story_terms)
    )
    return tuple(
        Deleted(
            id=each.stored.atom_id,
            when=each.since,
            by=withdrawn_by(each),
            why=each.withheld.why,
        )
        for each in of_feed
    )


@feeds.get(f"/feeds/digest/<any({','.join(get_args(Rhythm))}):rhythm>.{_FORMAT}")
def of_digest(rhythm: Rhythm, format: str) -> Response:
    visit = visiting()
    calendar = visit.setting.calendar

    def items() -> Page[Item]:
        found = (
            digest(visit, period, stories=_ENTRIES)
            for period in finished(rhythm, calendar.today, PUBLISHED[rhythm])
        )
        return Page(
            items=tuple(
                digest_item(
                    each,
                    hub_title=visit.config.hub.title,
                    hub_url=visit.addresses.hub,
                    language=visit.config.hub.language,
                    labels=visit.setting.labels,
                    zone=calendar.zone,
                )
                for each in found
                if each.total
            )
        )

    return _answered(visit, format, visit.catalogue.digest(rhythm), items)


@feeds.get(f"/feeds/corrections.{_FORMAT}")
def of_corrections(format: str) -> Response:
    visit = visiting()

    def items() -> Page[Item]:
        corrected = map(correction_item, corrections(visit.store.told_changes(limit=_ENTRIES)))
        date = visit.setting.calendar.full_date
        withdrawn = (
            withdrawal_item(each, withdrawal(each, date(each.since))) for each in visit.store.withdrawn()
        )
        newest = sorted((*corrected, *withdrawn), key=attrgetter("date"), reverse=True)
        return Page(items=tuple(newest[:_ENTRIES]))

    return _answered(visit, format, visit.catalogue.corrections, items)


@feeds.get("/opml")
def members() -> Response:
    visit = visiting()

    def make() -> Rendered:
        config = visit.config
        feeds_of: dict[str, list[Feed]] = {member.slug: [] for member in config.members}
        for feed in config.feeds:
            feeds_of[feed.key.member].append(feed)
        body = opml.members_opml(config.hub.title, [(each, feeds_of[each.slug]) for each in config.members])
        return Rendered(body=body, media_type=opml.MEDIA_TYPE, last_modified=visit.now)

    return answer(visit.rendered("/opml", make), _CACHING)


@feeds.get("/opml/merged")
def merged_feeds() -> Response:
    visit = visiting()

    def make() -> Rendered:
        offered = [feed for group in visit.catalogue.groups() for feed in group.feeds]
        listed = [(feed.title, feed.atom, feed.page) for feed in offered]
        body = opml.merged_opml(visit.config.hub.title, listed)
        return Rendered(body=body, media_type=opml.MEDIA_TYPE, last_modified=visit.now)

    return answer(visit.rendered("/opml/merged", make), _CACHING)
