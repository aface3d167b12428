"""The merged feeds, for readers of feeds, the calendars of their events, and lists of feeds as OPML."""

from __future__ import annotations

from collections.abc import Hashable
from typing import get_args

from flask import Blueprint, Response, abort, request
from msgspec.structs import replace

from hub.language import N_
from hub.merged.catalogue import FORMATS
from hub.merged.feeds import Contents
from hub.model import Feed
from hub.publish import opml
from hub.publish.delta import asks, respond_to_asker, was_given
from hub.publish.digest import Rhythm
from hub.publish.http import Coding, Rendered, has_it, preferred
from hub.web.answers import (
    DEPENDS_ON_CODING,
    DEPENDS_ON_WHO_SHOWS_IT,
    FEED_CACHING,
    KEPT_BY_NOBODY,
    answer,
    encode,
    sent,
    shows,
)
from hub.web.asked import Asked, BadRequestError, left_out
from hub.web.deltas import Deltas
from hub.web.pages import feed_item
from hub.web.visit import Visit, visiting

feeds = Blueprint("feeds", __name__)

# JSON is shown by browsers as what it is.
_SHOWN_AS_PAGES = ("atom", "rss")
_FORMAT = f"<any({','.join(FORMATS)}):format>"


@feeds.get(f"/feeds/all.{_FORMAT}")
def everything(format: str) -> Response:
    return _feed(format, visiting().merged.everything(_without()))


@feeds.get(f"/feeds/tag/<term>.{_FORMAT}")
def of_tag(term: str, format: str) -> Response:
    return _feed(format, visiting().merged.of_tag(term, _without()))


@feeds.get(f"/feeds/member/<slug>.{_FORMAT}")
def of_member(slug: str, format: str) -> Response:
    return _feed(format, visiting().merged.of_member(slug))


@feeds.get(f"/feeds/merged/<slug>.{_FORMAT}")
def merged(slug: str, format: str) -> Response:
    return _feed(format, visiting().merged.merged(slug, _without()))


@feeds.get(f"/feeds/digest/<any({','.join(get_args(Rhythm))}):rhythm>.{_FORMAT}")
def of_digest(rhythm: Rhythm, format: str) -> Response:
    return _answered(format, visiting().merged.digests(rhythm))


@feeds.get(f"/feeds/corrections.{_FORMAT}")
def of_corrections(format: str) -> Response:
    return _answered(format, visiting().merged.corrections())


@feeds.get(f"/feeds/status.{_FORMAT}")
def of_status(format: str) -> Response:
    return _of_incidents(format, visiting().merged.incidents())


@feeds.get(f"/feeds/status/<slug>.{_FORMAT}")
def of_status_of(slug: str, format: str) -> Response:
    return _of_incidents(format, visiting().merged.incidents(slug))


def _of_incidents(format: str, contents: Contents | None) -> Response:
    if contents is None:
        abort(404)
    # What is the matter with feeds changes while nothing is published.
    return _answered(format, contents, beside=visiting().store.last_revision())


@feeds.get(f"/feeds/search.{_FORMAT}")
def of_search(format: str) -> Response:
    visit = visiting()
    asked = replace(Asked.read(request.args), before=None, order="relevance")
    visit.must_know(asked)
    if asked == Asked() or asked.says_nothing:
        raise BadRequestError(N_("Say what to search for, as in /feeds/search.atom?q=stroke."))
    address = visit.catalogue.of_search(asked)
    return _feed(format, visit.merged.of(address, asked.selection(), is_topic=False), kept=False)


def _without() -> tuple[str, ...]:
    """The members that a feed is asked to leave out."""
    without = left_out(request.args)
    visiting().must_know(Asked(without=without))
    return without


def _feed(format: str, contents: Contents | None, *, kept: bool = True) -> Response:
    """A merged feed of stories, or what is older in it; 404 where there is none."""
    if contents is None:
        abort(404)
    return _answered(format, contents, before=request.args.get("before") or None, kept=kept)


def _answered(
    format: str,
    contents: Contents,
    *,
    before: str | None = None,
    kept: bool = True,
    beside: Hashable = None,
) -> Response:
    """A merged feed; `beside` is what it depends on besides what is published."""
    visit = visiting()
    if format not in _SHOWN_AS_PAGES:
        depends_on = DEPENDS_ON_CODING
    elif shows(request.headers.get("Sec-Fetch-Dest")):
        return _page(visit, format, contents, before)
    else:
        depends_on = DEPENDS_ON_WHO_SHOWS_IT

    def make() -> Rendered:
        return visit.merged.rendered(contents, format, before=before)

    if not kept or before is not None:
        return answer(make(), FEED_CACHING, depends_on=depends_on)
    feed: str = getattr(contents.address, format)
    rendered = visit.rendered(feed, make, beside=beside)
    visit.feed.append(feed)
    fields = request.headers
    coding = preferred(rendered, fields.get("Accept-Encoding"))
    if not asks(fields.get("A-IM")) or has_it(
        rendered, coding, fields.get("If-None-Match"), fields.get("If-Modified-Since")
    ):
        return answer(rendered, FEED_CACHING, depends_on=depends_on)
    return _changed(visit.site.deltas, feed, rendered, coding, depends_on)


def _changed(deltas: Deltas, feed: str, rendered: Rendered, coding: Coding, depends_on: str) -> Response:
    """What changed in a merged feed since its reader was answered, or all of it where that cannot be told."""
    tags = request.headers.get("If-None-Match")
    deltas.remember(feed, rendered)
    delta = None
    if not was_given(rendered, coding, tags):
        since = deltas.since(feed, rendered, tags)
        delta = deltas.get(feed, rendered, since) if since else None
        encode(delta.rendered if delta else rendered)
    found = respond_to_asker(
        rendered,
        delta,
        method=request.method,
        accept_encoding=coding,
        if_none_match=tags,
        vary=depends_on,
    )
    return sent(found)


def _page(visit: Visit, format: str, contents: Contents, before: str | None) -> Response:
    """A merged feed as a page, for a browser, which would show its XML as text."""
    address = contents.address
    values = {
        "title": address.name,
        "section": "subscribe",
        "indexed": False,
        "canonical": address.page,
        "address": getattr(address, format),
        "items": [feed_item(each, visit.setting) for each in contents.items(before).items],
        "feeds": (address,),
    }
    # A cache that minds no Vary must not give it to readers of feeds.
    page = visit.page("feed.html", lambda: values)
    return answer(page, KEPT_BY_NOBODY, depends_on=DEPENDS_ON_WHO_SHOWS_IT)


# ---------------------------------------------------------------- calendars


@feeds.get("/events.ics")
def all_events() -> Response:
    return _calendar(visiting().merged.everything(_without()))


@feeds.get("/events/tag/<term>.ics")
def events_of_tag(term: str) -> Response:
    return _calendar(visiting().merged.of_tag(term, _without()))


@feeds.get("/events/member/<slug>.ics")
def events_of_member(slug: str) -> Response:
    return _calendar(visiting().merged.of_member(slug))


@feeds.get("/events/merged/<slug>.ics")
def events_of_merged(slug: str) -> Response:
    return _calendar(visiting().merged.merged(slug, _without()))


def _calendar(contents: Contents | None) -> Response:
    """The events of a merged feed; 404 where there is none."""
    if contents is None or contents.address.ics is None:
        abort(404)
    visit = visiting()
    return answer(visit.rendered(contents.address.ics, lambda: visit.merged.calendar(contents)), FEED_CACHING)


# ---------------------------------------------------------------- lists of feeds


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

    return answer(visit.rendered("/opml", make), FEED_CACHING)


@feeds.get("/opml/merged")
def merged_feeds() -> Response:
    visit = visiting()

    def make() -> Rendered:
        offered = [feed for group in visit.catalogue.groups() for feed in group.feeds]
        listed = [(feed.title, feed.atom, feed.page) for feed in offered]
        body = opml.merged_opml(visit.config.hub.title, listed)
        return Rendered(body=body, media_type=opml.MEDIA_TYPE, last_modified=visit.now)

    return answer(visit.rendered("/opml/merged", make), FEED_CACHING)
