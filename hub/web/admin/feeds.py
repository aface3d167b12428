"""The feeds: all of them in a table, and each on a page of its own, where it can be checked now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from msgspec import Struct

from hub.errors import HubError
from hub.health import Health, HealthState
from hub.merged.addresses import path_for_admins
from hub.model import Did, FeedKey, FeedState, PastPoll
from hub.store import Store
from hub.web.admin import watched
from hub.web.admin.frame import done, for_who_may, must_own, own, page
from hub.web.admin.watched import DAYS, STATES, FeedRow
from hub.web.doing import notes, pushing
from hub.web.pages import Link
from hub.web.visit import Visit, visiting
from hub.web.words import size

routes = Blueprint("feeds", __name__)

_AT_ONCE = 100
_LONGEST_ASKED = 100
_CHECKS = 30
_ENTRIES = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# ---------------------------------------------------------------- all of them


class Chosen(Struct, frozen=True):
    """Which feeds are asked for: of a state, if any, and with these words in what they are called."""

    state: HealthState | None
    words: str

    @classmethod
    def read(cls) -> Chosen:
        state = request.args.get("state", "")
        if state and state not in STATES:
            abort(404)
        words = request.args.get("q", "").strip()[:_LONGEST_ASKED]
        return cls(cast("HealthState", state) if state else None, words)

    def to(self, visit: Visit, **other: str | None) -> str:
        """The address of these feeds, or of some that are chosen otherwise."""
        return visit.addresses.to("/admin/feeds", **{"state": self.state, "q": self.words, **other})

    def names(self, state: FeedState, member: str) -> bool:
        feed = state.feed
        return self.words.lower() in " ".join((member, str(feed.key), feed.url, *feed.alternatives)).lower()


@routes.get("/feeds")
@for_who_may("look")
def feeds() -> Response:
    visit = visiting()
    chosen = Chosen.read()
    every = visit.store.feed_states(own())
    names = {each.slug: each.name for each in visit.config.members}
    named = [each for each in every if chosen.names(each, names.get(each.feed.key.member, ""))]
    found = [(state, visit.health(state)) for state in named]
    counts = Counter(each.state for _, each in found)
    asked = [each for each in found if chosen.state in (None, each[1].state)]
    first = _AT_ONCE * (_number(request.args.get("page", ""), 6) or 1) - _AT_ONCE
    several = watched.of_several(every)
    values: Mapping[str, object] = {
        "title": "Feeds",
        "section": "feeds",
        "any": bool(every),
        "own": own(),
        "chosen": chosen,
        "filters": _filters(visit, chosen, counts),
        "rows": [row(visit, state, each, several, names) for state, each in asked[first : first + _AT_ONCE]],
        "pages": _pages(visit, chosen, first, len(asked)),
        "here": chosen.to(visit, page=str(first // _AT_ONCE + 1) if first else None),
        "left": [
            _left(visit, state)
            for state in visit.store.left_states()
            if own() in (None, state.feed.key.member)
        ],
    }
    return page("feeds.html", values)


def row(
    visit: Visit, state: FeedState, found: Health, several: frozenset[str], names: Mapping[str, str]
) -> FeedRow:
    """A feed's row. `several` are the members with more feeds than one, `names` all by their slugs."""
    slug = state.feed.key.member
    return watched.feed_row(
        state,
        found,
        visit.condition(state),
        visit.setting,
        visit.now,
        member=names.get(slug, slug),
        named=slug in several,
    )


class _Filter(Struct, frozen=True):
    """A choice of feeds, how many it has, and whether it is the one at hand."""

    link: Link
    count: int
    here: bool


def _filters(visit: Visit, chosen: Chosen, counts: Counter[HealthState]) -> Sequence[_Filter]:
    every = Link("All", chosen.to(visit, state=None))
    return [
        _Filter(every, counts.total(), chosen.state is None),
        *(
            _Filter(Link(name, chosen.to(visit, state=state)), counts[state], chosen.state == state)
            for state, name in STATES.items()
            if counts[state] or chosen.state == state
        ),
    ]


def _pages(visit: Visit, chosen: Chosen, first: int, count: int) -> Mapping[str, object]:
    """Which part of so many feeds this is, and where the parts before and after it are."""
    here = first // _AT_ONCE + 1
    last = min(first + _AT_ONCE, count)
    return {
        "said": f"{first + 1:,} to {last:,} of {count:,}" if last > first else "",
        "before": chosen.to(visit, page=str(here - 1)) if here > 1 else None,
        "after": chosen.to(visit, page=str(here + 1)) if last < count else None,
    }


def _left(visit: Visit, state: FeedState) -> Mapping[str, object]:
    key = state.feed.key
    return {
        "feed": Link(str(key), visit.addresses.to(path_for_admins(key))),
        "url": state.feed.url,
        "succeeded": visit.setting.calendar.moment(state.succeeded) if state.succeeded else None,
    }


# ---------------------------------------------------------------- one of them


@routes.get("/feed/<path:feed>")
@for_who_may("look")
def feed(feed: str) -> Response:
    visit = visiting()
    key, state, left = known(visit, feed)
    polls = visit.store.polls(key, limit=_CHECKS)
    calendar = visit.setting.calendar
    asked = _asked()
    last = next((each for each in polls if not each.pushed), None)
    progress = "" if left else watched.checking(asked, last.started if last else None, visit.now)
    slug = key.member
    name = visit.member_name(slug) or slug
    several = watched.of_several(visit.store.feed_states(slug))
    values: Mapping[str, object] = {
        "title": f"{name}, {key.name}",
        "section": "feeds",
        "row": row(visit, state, visit.health(state), several, {slug: name}),
        "key": str(key),
        "member": Link(name, visit.addresses.member(slug)),
        "left": left,
        "paused": state.feed.paused,
        "editor": "" if left else visit.health(state).editor,
        "may_be": left_alone_until(visit, state),
        "progress": progress,
        "came": watched.poll_row(last, visit.setting) if progress == "done" and last else None,
        "notes": _notes(visit, state),
        "addresses_of": _addresses_of(state, "Was in feeds.yaml" if left else "In feeds.yaml"),
        "settings": () if left else watched.settings(state),
        "strip": watched.strip(visit.store.polls_between(calendar.days(DAYS), key)),
        "days": DAYS,
        "polls": [watched.poll_row(each, visit.setting) for each in polls],
        "document": _document(visit, state, polls),
    }
    return page("feed.html", values)


def known(visit: Visit, written: str) -> tuple[FeedKey, FeedState, bool]:
    """The feed of a name, and whether it has left feeds.yaml; else 404. Raises NotAllowed."""
    key = FeedKey(*written.partition("/")[::2])
    must_own(key)
    states = (*visit.store.feed_states(key.member), *visit.store.left_states())
    state = next((each for each in states if each.feed.key == key), None)
    if state is None:
        abort(404)
    # The store is told of a change of the file some seconds later, and by who polls alone.
    return key, state, all(feed.key != key for feed in visit.config.feeds)


def _asked() -> datetime | None:
    """When a check was asked for that this page tells of."""
    asked = _number(request.args.get("checking", ""), 16)
    return _EPOCH + asked * _MICROSECOND if asked else None


def _number(written: str, digits: int) -> int:
    return int(written) if re.fullmatch(rf"[0-9]{{1,{digits}}}", written, re.ASCII) else 0


def left_alone_until(visit: Visit, state: FeedState) -> str:
    """Until when its server asked to be left alone, empty where that is over."""
    waits = state.not_before is not None and state.not_before > visit.now
    return visit.setting.calendar.moment(state.not_before).text if waits and state.not_before else ""


def _notes(visit: Visit, state: FeedState) -> Sequence[str]:
    calendar = visit.setting.calendar
    of_feed = [
        each for each in visit.store.subscriptions() if each.feed == state.feed.key and not each.leaving
    ]
    said = [f"{note}." for note in notes(state, calendar)]
    said += [f"{pushing(each, state, calendar, visit.now)}." for each in of_feed]
    if state.reshares:
        said.append(f"Of its last document {state.reshares:,} were our own news come back.")
    return said


def _addresses_of(state: FeedState, there: str) -> Sequence[tuple[str, str]]:
    """A feed's addresses, each with what it is; `there` says whether feeds.yaml has it."""
    feed = state.feed
    kinds = {url: f", read as {kind.name}" for url, kind in feed.kinds.items()}
    found = [(f"{there} (url{kinds.get(feed.url, '')})", feed.url)]
    found += [(f"{there} (else{kinds.get(each, '')})", each) for each in feed.alternatives]
    if state.used_url:
        found.append(("Read at", state.used_url))
    if state.named_at:
        found.append(("Named by the page at", state.named_at))
    if state.move is not None:
        found.append(("Redirects for good to", state.move.target))
    return found


def _document(visit: Visit, state: FeedState, polls: Sequence[PastPoll]) -> Mapping[str, object]:
    # A site that is no feed is read by its parts, and has no document of which all entries are known.
    is_site = state.used_url in state.feed.kinds
    entries, count = (
        (visit.store.newest(state.feed.key, limit=_ENTRIES), 0)
        if is_site
        else visit.store.document(state.feed.key, limit=_ENTRIES)
    )
    withheld = {each.key: visit.store.withheld(each.key) for each in entries if each.standing != "published"}
    sizes = [each.size for each in polls if each.outcome == "fetched" and each.size]
    facts = [
        ("Title", state.info.title),
        ("Language", state.info.language),
        ("Size", size(sizes[0]) if sizes else ""),
        ("ETag", state.etag),
        ("Last-Modified", state.last_modified),
    ]
    return {
        "facts": [(name, value) for name, value in facts if value],
        "remarks": state.remarks,
        "is_site": is_site,
        "count": count,
        "rows": [watched.entry_row(each, withheld.get(each.key), visit.setting) for each in entries],
    }


def to_be_asked(visit: Visit, written: str) -> tuple[FeedKey, FeedState]:
    """The feed of a name, if it may be asked now; else 404, or HubError says why not."""
    key, state, left = known(visit, written)
    if left:
        raise HubError(f"{key} is not in feeds.yaml any more, so it is not checked.", "")
    if state.feed.paused:
        raise HubError(f"{key} is paused in feeds.yaml, so it was not asked.", "Resume it first.")
    if until := left_alone_until(visit, state):
        raise HubError(
            f"The server of {key} asked to be left alone until {until}, so it was not asked.",
            "It is asked by itself once that is over.",
        )
    return key, state


@routes.post("/check/<path:feed>")
@for_who_may("check")
def check(feed: str) -> Response:
    """Have a feed be asked now, and lead to its page, which tells what comes of it."""
    visit = visiting()
    key, _ = to_be_asked(visit, feed)

    def ask(store: Store) -> Did:
        store.ask(key, visit.now)
        return Did(about=str(key), said=f"A check of {key} was asked for.")

    asked = (visit.now - _EPOCH) // _MICROSECOND
    back = f"{path_for_admins(key)}?{urlencode({'checking': asked})}"
    return done("check", ask, back=back)
