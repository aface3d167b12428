"""The first admin page: what needs somebody, then how all is going."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Response
from msgspec import Struct

from hub.health import URGENT, Health, HealthState
from hub.model import WEBHOOK, FeedState, PastPoll
from hub.said import counted
from hub.web.admin import watched
from hub.web.admin.feeds import row
from hub.web.admin.frame import for_who_may, may, own, page
from hub.web.admin.pollers import polling
from hub.web.admin.watched import STATES, FeedRow
from hub.web.doing import notice_rows
from hub.web.pages import Link, bars
from hub.web.visit import Visit, visiting
from hub.web.words import Calendar, Moment

routes = Blueprint("overview", __name__)

_DAYS = 30
_OF_A_STATE = 20
_OF_THE_REST = 100
_MEMBERS = 20
_CHECKS = 10
# Members that are named, and reasons that are told, of why their people are not.
_NAMED, _REASONS = 3, 5
_HOUR = timedelta(hours=1)

Found = tuple[FeedState, Health]


class _Unsent(Struct, frozen=True):
    """That people are not told of feeds, why, what to do, when it is tried again, and whether a test does."""

    said: str
    why: str
    remedy: str
    again: Moment
    test_tries: bool


@routes.get("/")
@for_who_may("look")
def overview() -> Response:
    visit = visiting()
    whose = own()
    found = [(state, visit.health(state)) for state in visit.store.feed_states(whose)]
    notices = [each for each in visit.notices if whose in (None, each.feed.member)]
    counts = Counter(each.state for _, each in found)
    names = {each.slug: each.name for each in visit.config.members}
    for notice in notices:
        # What waits may be of a member that has left.
        names.setdefault(notice.feed.member, visit.member_name(notice.feed.member) or notice.feed.member)
    several = watched.of_several(state for state, _ in found)
    rest = [each for each in found if each[1].state not in URGENT]

    def rows(of: Sequence[Found]) -> list[FeedRow]:
        return [row(visit, state, each, several, names) for state, each in of]

    values: Mapping[str, object] = {
        "title": "Overview",
        "section": "overview",
        "sentence": _sentence(counts) if found or whose is None else f"No feed of {whose} is in feeds.yaml.",
        "urgent": rows(_most_urgent(found)),
        "more": [
            (Link(STATES[state].lower(), _feeds(visit, state)), counts[state] - _OF_A_STATE)
            for state in URGENT
            if counts[state] > _OF_A_STATE
        ],
        "unsent": tuple(_unsent(visit, names)) if whose is None else (),
        "polling": polling(visit.store.pollers(), visit.setting.calendar) if whose is None else None,
        "notices": notice_rows(notices, names, visit.setting),
        "rest": rows(rest[:_OF_THE_REST]),
        "rest_count": len(rest),
        "states": [
            (Link(name, _feeds(visit, state)), counts[state])
            for state, name in STATES.items()
            if counts[state]
        ],
        "figures": _figures(visit) if whose is None else (),
        "polls": [watched.poll_row(each, visit.setting) for each in _last_polls(visit, found)],
        "news": _news(visit, names),
    }
    return page("overview.html", values)


def _unsent(visit: Visit, names: Mapping[str, str]) -> Iterator[_Unsent]:
    """The office's first; members, of whom very many may be, in one for each thing that is wrong.

    Why is for admins alone: it has people's addresses in it, and what to do about it is theirs.
    """
    calendar, is_told_why = visit.setting.calendar, may("configure")
    members: dict[tuple[str, str], list[tuple[str, datetime]]] = {}
    for channel in visit.store.channels().values():
        if not channel.error or not channel.due:
            continue
        why, remedy = (channel.error, channel.remedy) if is_told_why else ("", "An admin sees here why.")
        if slug := channel.way.member:
            same = members.setdefault((why, remedy), [])
            same.append((names.get(slug, slug), channel.due))
        else:
            by = "the webhook" if channel.way == WEBHOOK else "mail"
            said = f"Nobody is told by {by} what is the matter with feeds."
            yield _Unsent(said, why, remedy, calendar.moment(channel.due), test_tries=is_told_why)
    most_first = sorted(members.items(), key=lambda each: -len(each[1]))
    for (why, remedy), failing in most_first[:_REASONS]:
        yield _of_members(failing, "", why, remedy, calendar)
    if others := [each for _, failing in most_first[_REASONS:] for each in failing]:
        yield _of_members(others, ", each for another reason", "", "The log of the hub has them.", calendar)


def _of_members(
    failing: Sequence[tuple[str, datetime]],
    how: str,
    why: str,
    remedy: str,
    calendar: Calendar,
) -> _Unsent:
    more = f" and {len(failing) - _NAMED:,} more" if len(failing) > _NAMED else ""
    whom = ", ".join(name for name, _ in failing[:_NAMED])
    said = f"Nobody at {whom}{more} is told what is the matter with their feeds{how}."
    again = calendar.moment(min(due for _, due in failing))
    return _Unsent(said, why, remedy, again, test_tries=False)


def _feeds(visit: Visit, state: HealthState) -> str:
    return visit.addresses.to("/admin/feeds", state=state)


def _sentence(counts: Counter[HealthState]) -> str:
    feeds, paused = counted(counts.total(), "feed", "feeds"), counts["paused"]
    urgent = sum(counts[state] for state in URGENT)
    if not counts:
        return "This hub has no feeds yet."
    if counts["waiting"] == counts.total():
        return f"The first check of {feeds} is under way."
    also = f" {paused:,} {'is' if paused == 1 else 'are'} paused." if paused else ""
    if urgent:
        return f"{urgent:,} of {feeds} {'needs' if urgent == 1 else 'need'} somebody.{also}"
    well = counts.total() - paused
    if not well:
        return also.strip()
    which = counted(well, "feed", "feeds") if counts.total() > 1 else "the one feed"
    return f"All is well with {which}.{also}"


def _most_urgent(found: Sequence[Found]) -> Sequence[Found]:
    """The feeds that need somebody, the worst first, and of each state those that wait longest."""

    def since(each: Found) -> float:
        return each[1].since.timestamp() if each[1].since else 0.0

    return [
        each
        for state in URGENT
        for each in sorted((one for one in found if one[1].state == state), key=since)[:_OF_A_STATE]
    ]


def _last_polls(visit: Visit, found: Sequence[Found]) -> Sequence[PastPoll]:
    """The last polls that there were, of a member's feeds if they alone are to be seen."""
    if own() is None:
        return visit.store.polls(limit=_CHECKS)
    polls = [each for state, _ in found for each in visit.store.polls(state.feed.key, limit=_CHECKS)]
    return sorted(polls, key=lambda each: each.started, reverse=True)[:_CHECKS]


# ---------------------------------------------------------------- figures


def _figures(visit: Visit) -> Sequence[tuple[str, str]]:
    store = visit.store
    totals = store.totals()
    (hour,) = store.polls_between((visit.now - _HOUR, visit.now + _HOUR))
    return (
        ("Stories", f"{totals.stories:,}"),
        ("Entries, copies too", f"{totals.entries:,}"),
        ("Feeds due now", f"{len(store.due(visit.now)):,}"),
        (
            "Checks of the last hour",
            f"{hour.polls:,}: {hour.not_modified:,} found nothing new, {hour.failed:,} failed; "
            f"{counted(hour.new, 'new entry', 'new entries')}, {hour.updated:,} changed",
        ),
    )


class _MemberNews(Struct, frozen=True, kw_only=True):
    """How much news of a member is of each of the last days."""

    member: Link
    total: int
    bars: str
    in_words: str


def _news(visit: Visit, names: Mapping[str, str]) -> Mapping[str, object]:
    """How much news is of each of the last days, of all that may be seen and of the members with the most."""
    calendar = visit.setting.calendar
    days = calendar.days(_DAYS)
    by_member = visit.store.news_between(days)
    if (slug := own()) is not None:
        by_member = {slug: by_member[slug]} if slug in by_member else {}
    network = [sum(of_day) for of_day in zip(*by_member.values(), strict=True)] or [0] * _DAYS
    busiest = sorted(by_member.items(), key=lambda each: -sum(each[1])) if own() is None else []
    return {
        "days": _DAYS,
        "first": calendar.day(days[0]),
        "total": sum(network),
        "most": max(network),
        "bars": bars(network),
        "in_words": _in_words("News", network),
        "members": [
            _MemberNews(
                member=Link(names.get(slug) or visit.member_name(slug) or slug, visit.addresses.member(slug)),
                total=sum(counts),
                bars=bars(counts),
                in_words=_in_words("Its news", counts),
            )
            for slug, counts in busiest[:_MEMBERS]
        ],
        "more": max(len(busiest) - _MEMBERS, 0),
    }


def _in_words(what: str, counts: Sequence[int]) -> str:
    return f"{what} of each of the last {len(counts)} days, the latest last: {', '.join(map(str, counts))}"
