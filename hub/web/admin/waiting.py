"""What is not published until an admin says so."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flask import Blueprint, Response, request
from msgspec import Struct

from hub.errors import HubError
from hub.model import (
    Did,
    Feed,
    FeedKey,
    Notice,
    Stand,
    Withheld,
    WithheldEntry,
    stands_as_field,
    waiting_again,
)
from hub.said import counted
from hub.store import Store
from hub.web.admin.entries import ShownEntry, shown
from hub.web.admin.frame import done, for_who_may, own, page, session
from hub.web.visit import Visit, visiting
from hub.web.words import Moment

routes = Blueprint("waiting", __name__)

_WAIT = {"held": "Held", "quarantined": "In quarantine"}
_TITLES_TOLD = 3


class WaitingEntry(Struct, frozen=True):
    """An entry that waits; readers `had` it where it waits since its words changed."""

    shown: ShownEntry
    since: Moment
    had: bool


class Reason(Struct, frozen=True, kw_only=True):
    """What waits of a feed for one reason: so many, of which `entries` are shown, `more` are not."""

    standing: str
    why: str
    count: str
    since: Moment
    entries: tuple[WaitingEntry, ...]
    more: int


class WaitingFeed(Struct, frozen=True, kw_only=True):
    """What waits of a feed. `those` is a word for all of it, another as soon as other entries wait."""

    key: str
    member: str
    trust: str
    reasons: tuple[Reason, ...]
    count: int
    those: str


@routes.get("/waiting")
@for_who_may("look")
def waiting() -> Response:
    visit = visiting()
    feeds = tuple(_feeds(visit))
    values: Mapping[str, object] = {"title": "Waiting", "section": "waiting", "waiting": feeds}
    return page("waiting.html", values)


@routes.post("/waiting/publish")
@for_who_may("decide")
def publish() -> Response:
    visit, feed = visiting(), request.form.get("feed", "")
    entries = _chosen(visit, feed)
    said = _said(visit, feed, entries, "is published now", "are published now")
    did = Did(about=_about(visit, feed, entries), said=said)

    def release(store: Store) -> Did:
        store.release([each.stored.key for each in entries], seen=_seen(entries))
        return did

    return done("release", release, back="/admin/waiting")


@routes.post("/waiting/drop")
@for_who_may("decide")
def drop() -> Response:
    visit, feed = visiting(), request.form.get("feed", "")
    entries = _chosen(visit, feed)
    about, role = _about(visit, feed, entries), session().role.name
    said = _said(visit, feed, entries, "will not be published", "will not be published")

    def withdraw(store: Store) -> Did:
        left = store.withdraw([each.stored.key for each in entries], "", role=role, seen=_seen(entries))
        undo = {**waiting_again(entries), "left": stands_as_field(left), "about": about}
        return Did(about=about, said=said, undo=undo)

    return done("withdraw", withdraw, back="/admin/waiting")


# ---------------------------------------------------------------- what is shown


def _feeds(visit: Visit) -> Iterator[WaitingFeed]:
    listed: dict[tuple[FeedKey, Withheld], list[WithheldEntry]] = defaultdict(list)
    for each in reversed(visit.store.waiting(own())):
        listed[each.stored.entry.feed, each.withheld].append(each)
    by_feed: dict[FeedKey, list[Notice]] = defaultdict(list)
    for notice in visit.notices:
        if own() in (None, notice.feed.member):
            by_feed[notice.feed].append(notice)
    feeds = {feed.key: feed for feed in visit.config.feeds}
    for key, notices in by_feed.items():
        yield WaitingFeed(
            key=str(key),
            member=visit.member_name(key.member) or key.member,
            trust=_trust(feeds.get(key)),
            reasons=tuple(_reason(visit, each, listed[key, each.withheld]) for each in notices),
            count=sum(notice.entries for notice in notices),
            those=_those(visit.store.waiting_of(key.member, key.name)),
        )


def _trust(feed: Feed | None) -> str:
    return feed.trust if feed else ""


def _reason(visit: Visit, notice: Notice, listed: Sequence[WithheldEntry]) -> Reason:
    moment = visit.setting.calendar.moment
    return Reason(
        standing=_WAIT[notice.withheld.standing],
        why=notice.withheld.why,
        count=counted(notice.entries, "entry", "entries"),
        since=moment(notice.since),
        entries=tuple(
            WaitingEntry(shown(visit, each.stored), moment(each.since), each.was_published) for each in listed
        ),
        more=notice.entries - len(listed),
    )


def _those(keys: Iterable[int]) -> str:
    return hashlib.sha256(repr(sorted(keys)).encode()).hexdigest()[:16]


# ---------------------------------------------------------------- what is done


def _chosen(visit: Visit, feed: str) -> list[WithheldEntry]:
    """What the form at hand means of all that waits of a feed: one, those that are ticked, or all."""
    member, _, name = feed.partition("/")
    waiting = visit.store.waiting_of(member, name)
    which = request.form.get("which", "")
    keys: Iterable[int] = waiting
    if which == "all":
        if request.form.get("those") != _those(waiting):
            raise HubError(
                f"{counted(len(waiting), 'entry', 'entries')} of {feed} wait by now, and not the same as when"
                " the page was shown, so nothing was done.",
                "Go back to the page Waiting and look at them.",
            )
    else:
        asked = request.form.getlist("entry") if which == "chosen" else [which]
        keys = [key for key in waiting if str(key) in asked]
        if not asked:
            raise HubError("No entry was chosen.", "Go back and tick those that you mean.")
    found = [each for key in keys if (each := visit.store.withheld(key))]
    if not found:
        raise HubError(
            "It does not wait any more: somebody decided about it, or its member took it back.",
            "The page News says how it stands now.",
        )
    return found


def _seen(entries: Iterable[WithheldEntry]) -> Mapping[int, Stand]:
    return {each.stored.key: each.stand for each in entries}


def _about(visit: Visit, feed: str, entries: Sequence[WithheldEntry]) -> str:
    return shown(visit, entries[0].stored).address if len(entries) == 1 else feed


def _said(visit: Visit, feed: str, entries: Sequence[WithheldEntry], is_so: str, are_so: str) -> str:
    titles = [f"“{shown(visit, each.stored).title}”" for each in entries[:_TITLES_TOLD]]
    if len(entries) == 1:
        return f"{titles[0]} by {entries[0].stored.member.name} {is_so}."
    more = [f"{len(entries) - _TITLES_TOLD} more"] if len(entries) > _TITLES_TOLD else []
    return f"{len(entries)} entries of {feed} {are_so}: {', '.join([*titles, *more])}."
