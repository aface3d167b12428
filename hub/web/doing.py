"""How members' feeds are doing, in the words of the status page and of a member's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from hub import moves
from hub.health import Health
from hub.incidents import headline, without_times
from hub.merged.addresses import place_of
from hub.model import FeedKey, FeedState, Notice, Subscription
from hub.said import counted
from hub.web.pages import Link, Setting
from hub.web.words import Calendar, Moment, with_code

State = Literal["fine", "waiting", "silent", "failing", "closed", "paused"]

# ---------------------------------------------------------------- a feed


class Condition(Struct, frozen=True):
    """How a feed is doing. `why` is what happened in more detail, empty where there is no more to say.

    `remedy` is what the network's editors can do, `editor` a text for those
    who look after the member's site; each may be empty.
    """

    state: State
    sentence: str
    why: Markup
    remedy: Markup
    editor: str


def condition(state: FeedState, found: Health, calendar: Calendar) -> Condition:
    """How a feed is doing, without blame; `found` is its health."""
    told, sentence = _told(state, found, calendar)
    shown = told in ("failing", "closed", "silent") or found.state == "moved"
    # Since when it fails stands in our own words, by the hub's clocks.
    why = without_times(found.sentence) if shown else ""
    return Condition(told, sentence, with_code(why), with_code(found.remedy), found.editor)


def _told(state: FeedState, found: Health, calendar: Calendar) -> tuple[State, str]:
    since = f" since {calendar.moment(found.since).text}" if found.since else ""
    last = f"no news since {calendar.day(state.recent[0]).text}" if state.recent else "no news yet"
    match found.state:
        case "paused":
            return "paused", "Not checked for now, as the network’s editors have decided"
        case "waiting" if state.polled is None:
            return "waiting", "Not checked yet"
        case "gone" if state.gone is not None:
            closed = calendar.day(state.gone).text
            return "closed", f"Their feed was closed on {closed} and is no longer checked"
        case "quiet":
            return "fine", f"Up to date, {last}"
        case "moved":
            return "fine", "Up to date, at another address"
        case "held":
            return "fine", "Up to date, but some of it waits for the network’s editors"
        case "stale":
            return "silent", f"{last[0].upper()}{last[1:]}"
        case "broken" if not state.failures:
            return "failing", "What their site sends has no news in it"
    if state.failures or found.state == "gone":
        return "failing", f"{_sentence(headline(state, found))}{since}"
    return "fine", "Up to date"


def pushing(subscription: Subscription | None, state: FeedState, calendar: Calendar, now: datetime) -> str:
    """Whether a feed's news is pushed to the hub, empty where nobody offers to."""
    if subscription is None:
        return ""
    why = f" ({subscription.error})" if subscription.error else ""
    if subscription.denied is not None:
        said = f"Will not send us its news as it appears{why}"
    elif subscription.expires is None or subscription.expires <= now:
        said = f"Has been asked to send us its news as it appears{why}"
    elif subscription.last_push is None:
        said = "Has agreed to send us its news as it appears"
    else:
        all_of_it = "" if state.pushed_until else ", though not all of it has come"
        last = calendar.moment(subscription.last_push).text
        said = f"Sends us its news as it appears, last on {last}{all_of_it}"
    if not subscription.refused:
        return said
    dropped = counted(subscription.refused, "message was", "messages were")
    return f"{said}; {dropped} dropped as not theirs or too large"


# ---------------------------------------------------------------- what the hub decided about it

_BY = {"id": "ids", "link": "links", "title": "titles"}


def notes(state: FeedState, calendar: Calendar) -> tuple[str, ...]:
    """What the hub decided about a feed, a sentence each, with the reason."""
    return tuple(_notes(state, calendar))


def _notes(state: FeedState, calendar: Calendar) -> Iterator[str]:
    if move := moves.doubtful(state):
        yield (
            f"{move.address} redirects for good to {move.target}, where none of their news was: "
            "an admin should see whose that is"
        )
    identity = state.identity
    if state.feed.identify_by:
        yield f"Their news is told apart by its {_BY[state.feed.identify_by]}, as feeds.yaml says"
    elif identity.since is not None:
        since = calendar.day(identity.since).text
        yield f"Their news has been told apart by its {_BY[identity.by]} since {since}: {identity.why}"


# ---------------------------------------------------------------- a member's page


def member_troubles(conditions: Mapping[FeedKey, Condition]) -> tuple[str, ...]:
    """What keeps a member's news from the hub, a sentence each; of some of its feeds, which they are."""
    troubled = {
        feed: each for feed, each in conditions.items() if each.state in ("failing", "closed", "paused")
    }
    if len(troubled) == len(conditions):
        return tuple(dict.fromkeys(f"{each.sentence}." for each in troubled.values()))
    return tuple(
        f"{each.sentence}. That is their “{feed.name}” alone: the rest of their news comes in."
        for feed, each in troubled.items()
    )


# ---------------------------------------------------------------- the status page


class StatusRow(Struct, frozen=True, kw_only=True):
    """A member's feed on the status page.

    `feed` is its name where the member has several; `next_check` is None
    where it is due, and where there will be none; `next_why` says why it is
    then. `notes` are what the hub decided about it by itself. `pushing` says
    whether its news is pushed, empty where nobody offers to. `told` is the feed
    that tells of its member's feeds, and `place` the row's own in the page.
    """

    place: str
    member: Link
    told: str
    feed: str
    condition: Condition
    latest: Moment | None
    checked: Moment | None
    next_check: Moment | None
    next_why: str
    notes: tuple[str, ...]
    pushing: str


def status_rows(
    states: Sequence[FeedState],
    conditions: Mapping[FeedKey, Condition],
    subscriptions: Mapping[FeedKey, Subscription],
    names: Mapping[str, str],
    setting: Setting,
    now: datetime,
) -> tuple[StatusRow, ...]:
    """A row for each feed, in the network's order."""
    calendar = setting.calendar
    feeds_of: dict[str, int] = {}
    for state in states:
        feeds_of[state.feed.key.member] = feeds_of.get(state.feed.key.member, 0) + 1
    rows = []
    for state in states:
        due = state.next_turn or now
        slug = state.feed.key.member
        rows.append(
            StatusRow(
                place=place_of(state.feed.key),
                told=setting.addresses.full(setting.addresses.status_feed(slug)),
                member=Link(names.get(slug, slug), setting.addresses.member(slug)),
                feed=state.feed.key.name if feeds_of[slug] > 1 else "",
                condition=conditions[state.feed.key],
                latest=calendar.moment(state.recent[0]) if state.recent else None,
                checked=calendar.moment(state.polled) if state.polled else None,
                next_check=calendar.moment(due) if due > now else None,
                next_why=_sentence(_BOUNDED.sub("", state.next_poll_why)) if due > now else "",
                notes=notes(state, calendar),
                pushing=pushing(subscriptions.get(state.feed.key), state, calendar, now),
            )
        )
    return tuple(rows)


# What an admin would change, in `hub explain`'s words.
_BOUNDED = re.compile(r" \(every\.(?:min|max)\)|, which every\.max bounds")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


class NoticeRow(Struct, frozen=True):
    """News of a member that waits for the network's editors: how much, why, and since when."""

    member: Link
    news: str
    why: str
    since: Moment


def notice_rows(
    notices: Sequence[Notice], names: Mapping[str, str], setting: Setting
) -> tuple[NoticeRow, ...]:
    """What waits, that which waits longest first."""
    return tuple(
        NoticeRow(
            member=Link(
                names.get(each.feed.member, each.feed.member), setting.addresses.member(each.feed.member)
            ),
            news=counted(each.entries, "piece of news", "pieces of news"),
            why=each.withheld.why,
            since=setting.calendar.moment(each.since),
        )
        for each in notices
    )


def reshare_rows(
    states: Sequence[FeedState], names: Mapping[str, str], setting: Setting
) -> tuple[tuple[Link, str], ...]:
    """The members whose last documents held our own news, and how much."""
    return tuple(
        (
            Link(names.get(slug, slug), setting.addresses.member(slug)),
            counted(state.reshares, "piece of news", "pieces of news"),
        )
        for state in states
        for slug in (state.feed.key.member,)
        if state.reshares
    )


def status_sentence(conditions: Mapping[FeedKey, Condition]) -> str:
    """How the network is doing, in one sentence."""
    of_member: dict[str, list[str]] = {}
    for feed, condition in conditions.items():
        of_member.setdefault(feed.member, []).append(condition.state)
    if not of_member:
        return "This hub has no members yet."
    everybody = counted(len(of_member), "member", "members")
    if all(set(found) == {"waiting"} for found in of_member.values()):
        return f"The first check of {everybody} is under way."
    fine = sum(set(found) == {"fine"} for found in of_member.values())
    waiting = sum("waiting" in found for found in of_member.values())
    verb = "is" if len(of_member) == 1 else "are"
    sentence = f"{fine} of {everybody} {verb} up to date"
    return f"{sentence}; {waiting} still to be checked for the first time." if waiting else f"{sentence}."


def nothing_yet(states: Sequence[FeedState]) -> str:
    """Why a hub without any news has none."""
    members = {state.feed.key.member for state in states}
    if not members:
        return "No news yet. This hub has no members."
    everybody = counted(len(members), "member", "members")
    if any(state.polled is None for state in states):
        return f"No news yet. The first check of {everybody} is under way."
    unread = len(members - {state.feed.key.member for state in states if not state.failures})
    if unread == len(members):
        return f"No news yet. The sites of {everybody} have been checked, and nothing could be read there."
    besides = f"; {unread} of them could not be read" if unread else ""
    return f"No news yet. The sites of {everybody} have been checked, and nothing was found there{besides}."
