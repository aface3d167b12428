"""The pages that readers come for: the news, by day, story, member, topic and search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import cast, get_args

from flask import Blueprint, Response, abort, request
from msgspec.structs import replace

from hub.language import Language
from hub.merged.addresses import Given
from hub.model import Selection, Story, Term
from hub.publish.corrections import corrections, told_changes, withdrawal
from hub.store import Found, MemberSummary
from hub.web.answers import FRAMED, FRESH, answer, moved
from hub.web.asked import Asked
from hub.web.corrected import of_story
from hub.web.doing import member_troubles, nothing_yet
from hub.web.embed import FRAGMENT, MOST_STORIES, USUAL_STORIES, latest_news
from hub.web.pages import (
    WITHDRAWN,
    MemberOrder,
    busiest,
    full,
    listed,
    listing,
    member_rows,
    topic,
    topic_rows,
)
from hub.web.refusals import gone
from hub.web.visit import Visit, visiting
from hub.web.words import looked_for, site, spelt_alike

news = Blueprint("news", __name__)

_STORIES = 30
_RESULTS = 30
_RELATED = 3
_CORRECTIONS = 3
_TOPICS_ASIDE = 12
_EVENTS_ASIDE = 5
_PINNED_ASIDE = 5
_WEEKS = 12
# Titles that a misspelt word is compared with those of, and words of a search that are tried alone.
_TITLES = 500
_MOST_FEWER = 5
_LONGEST_STORY = 18  # digits: beyond them no database counts


class _NothingYetError(Exception):
    """The hub has no news at all: what it says then changes with each check, so it is not kept."""


@news.get("/")
def home() -> Response:
    visit = visiting()
    asked = replace(Asked.read(request.args), typed="", order="relevance")
    visit.must_know(asked)
    try:
        return answer(visit.kept_page("home.html", asked, lambda: _home(visit, asked)))
    except _NothingYetError:
        values = {
            "title": visit.language.gettext("Latest news"),
            "section": "news",
            "says": nothing_yet(visit.store.feed_states(), visit.language),
        }
        return answer(visit.page("nothing_yet.html", lambda: values), FRESH)


def _home(visit: Visit, asked: Asked) -> Mapping[str, object]:
    stories = visit.stories(asked.selection(), _STORIES, asked.before)
    if not stories.items and asked == Asked():
        raise _NothingYetError
    to = visit.addresses.home
    chosen = visit.filters(asked, to)
    return {
        "title": _title_of_list(asked, chosen.asked, visit.language),
        "section": "news",
        "filters": chosen,
        "listing": listing(stories, visit.setting, lambda cursor: to(**asked.query(), before=cursor)),
        "newest": to(**asked.query()) if asked.before else None,
        "pinned": [listed(story, visit.setting) for story in _pinned(visit)] if asked == Asked() else [],
        "to_come": [listed(story, visit.setting) for story in _to_come(visit, asked)],
        "calendar": _about_calendar(visit, asked),
        "busiest": busiest(_this_week(visit), _TOPICS_ASIDE, visit.setting),
        "feeds": (visit.catalogue.of_list(asked),),
    }


def _title_of_list(asked: Asked, chosen: str, language: Language) -> str:
    if asked.before:
        return (
            language.gettext("Older news %(asked)s", asked=chosen)
            if chosen
            else language.gettext("Older news")
        )
    return latest_news(chosen, language)


def _pinned(visit: Visit) -> tuple[Story, ...]:
    return visit.store.pinned(visit.setting.calendar.today, limit=_PINNED_ASIDE)


def _to_come(visit: Visit, asked: Asked) -> tuple[Story, ...]:
    today = visit.setting.calendar.today
    return visit.store.to_come(asked.selection(), since=today, limit=_EVENTS_ASIDE)


def _about_calendar(visit: Visit, asked: Asked) -> str | None:
    """Where it is said how to have a list's events in a calendar; None where they have none."""
    if visit.catalogue.with_events_of(asked) is None:
        return None
    query = replace(asked, kind=None).query()
    return f"{visit.addresses.to('/subscribe', **query)}#calendar"


def _this_week(visit: Visit) -> Mapping[str, int]:
    counts = visit.store.tag_counts_between(visit.setting.calendar.weeks(1))
    return {term: stories for term, (stories,) in counts.items()}


@news.get("/story/<number>")
def story(number: str) -> Response:
    visit = visiting()
    if not (number.isascii() and number.isdigit()) or number[0] == "0" or len(number) > _LONGEST_STORY:
        abort(404)
    found = visit.store.story(int(number))
    if found is None:
        withdrawn = visit.store.withdrawn_from(int(number))
        if withdrawn is None:
            abort(404)
        day = visit.setting.calendar.day(withdrawn.since).text
        return gone(visit.language.gettext(WITHDRAWN), withdrawal(withdrawn, day, visit.language))
    if isinstance(found, int):
        return moved(visit.addresses.story(found)) if visit.addresses.live else _elsewhere(visit, found)
    return answer(visit.kept_page("story.html", found.id, lambda: _story(visit, found)))


def _elsewhere(visit: Visit, found: int) -> Response:
    """The page that leads to another story, where a file cannot redirect."""
    to = visit.addresses.story(found)
    values = {
        "title": visit.language.gettext("This story has moved"),
        "indexed": False,
        "canonical": visit.addresses.full(to),
        "to": to,
    }
    return answer(visit.page("moved.html", lambda: values))


def _story(visit: Visit, found: Story) -> Mapping[str, object]:
    story = full(found, visit.store.related(found, limit=_RELATED), visit.setting)
    revisions = visit.store.revisions(found.shown.key) if story.listed.corrected else ()
    corrected = corrections(told_changes(found.shown, revisions), visit.language)
    return {
        "title": story.listed.item.title,
        "section": "",
        "story": story,
        "corrections": of_story(corrected, visit.setting, most=_CORRECTIONS),
        "canonical": story.canonical,
    }


@news.get("/member/<slug>")
def member(slug: str) -> Response:
    visit = visiting()
    summary = next(iter(visit.store.members(visit.setting.calendar.midnight, slug)), None)
    if summary is None:
        abort(404)
    troubles = member_troubles(
        {state.feed.key: visit.condition(state) for state in visit.store.feed_states(slug)}, visit.language
    )
    before = request.args.get("before") or None
    return answer(
        visit.kept_page(
            "member.html",
            (slug, before),
            lambda: _member(visit, summary, before, troubles),
            # How a feed is doing changes with each check, not with what is published.
            beside=troubles,
        )
    )


def _member(
    visit: Visit, summary: MemberSummary, before: str | None, troubles: tuple[str, ...]
) -> Mapping[str, object]:
    slug = summary.member.slug
    selection = Selection(filter=Term("member", slug), every_entry=True)
    stories = visit.stories(selection, _STORIES, before)
    to = visit.addresses.member
    return {
        "title": summary.member.name,
        "section": "members",
        "member": summary.member,
        "site": site(summary.member.homepage) if summary.member.homepage else "",
        "left": not summary.configured,
        "troubles": troubles,
        "listing": listing(stories, visit.setting, lambda cursor: to(slug, before=cursor)),
        "newest": to(slug) if before else None,
        "feeds": (visit.catalogue.of_member(slug),),
    }


@news.get("/members")
def members() -> Response:
    visit = visiting()
    given = request.args.get("order")
    order = cast("MemberOrder", given) if given in get_args(MemberOrder) else None

    def make() -> Mapping[str, object]:
        rows = member_rows(visit.store.members(visit.setting.calendar.midnight), visit.setting, order)
        return {
            "title": visit.language.gettext("Members"),
            "section": "members",
            "rows": rows,
            "order": order,
        }

    return answer(visit.kept_page("members.html", order, make))


@news.get("/tag/<term>")
def tag(term: str) -> Response:
    visit = visiting()
    if not visit.knows_tag(term):
        abort(404)
    before = request.args.get("before") or None
    return answer(visit.kept_page("tag.html", (term, before), lambda: _tag(visit, term, before)))


def _tag(visit: Visit, term: str, before: str | None) -> Mapping[str, object]:
    label, broader = visit.setting.labels.get(term, term), visit.broader
    count = visit.store.tag_counts().get(term, 0)
    selection = Selection(filter=Term("tag", term))
    stories = visit.stories(selection, _STORIES, before)
    to = visit.addresses.tag
    return {
        "title": label,
        "section": "topics",
        "count": visit.language.ngettext("%(num)s story", "%(num)s stories", count) if count else "",
        "broader": topic(broader[term], visit.setting) if term in broader else None,
        "narrower": [topic(each, visit.setting) for each, above in broader.items() if above == term],
        "listing": listing(stories, visit.setting, lambda cursor: to(term, before=cursor)),
        "newest": to(term) if before else None,
        "feeds": (visit.catalogue.of_tag(term),),
    }


@news.get("/tags")
def tags() -> Response:
    visit = visiting()

    def make() -> Mapping[str, object]:
        weekly = visit.store.tag_counts_between(visit.setting.calendar.weeks(_WEEKS))
        rows = topic_rows(visit.store.tag_counts(), weekly, visit.broader, visit.setting)
        return {"title": visit.language.gettext("Topics"), "section": "topics", "rows": rows, "weeks": _WEEKS}

    return answer(visit.kept_page("tags.html", None, make))


@news.get("/search")
def search() -> Response:
    visit = visiting()
    asked = Asked.read(request.args)
    visit.must_know(asked)
    return answer(visit.page("search.html", lambda: _search(visit, asked)), FRESH)


def _search(visit: Visit, asked: Asked) -> Mapping[str, object]:
    found = Found(items=(), stories=0, more=False, order=asked.order, newest_of=None)
    if asked.typed:
        found = visit.store.search(asked.selection(), limit=_RESULTS, cursor=asked.before, order=asked.order)
    wanted = looked_for(asked.typed)
    to, gettext = visit.addresses.search, visit.language.gettext
    nothing = asked.typed != "" and asked.before is None and not found.items

    def narrowed(**chosen: Given) -> str:
        none = dict.fromkeys(("tag", "member", "kind", "without"))
        return to(**{**asked.query(), **none, **chosen})

    return {
        "title": gettext("%(typed)s – search", typed=asked.typed) if asked.typed else gettext("Search"),
        "section": "search",
        "indexed": False,
        "typed": asked.typed,
        "filters": visit.filters(asked, narrowed),
        "stories": found.stories,
        "at_least": found.more,
        "results": [listed(story, visit.setting, wanted) for story in found.items],
        "more": to(**asked.query(), before=found.next) if found.next else None,
        "first": to(**asked.query()) if asked.before else None,
        "by_date": asked.order == "date",
        "ranked": found.order == "relevance",
        "newest_of": found.newest_of,
        "other_order": to(**{**asked.query(), "order": None if asked.order == "date" else "date"}),
        "past_the_end": asked.before is not None and not found.items,
        "says_nothing": wanted is None,
        "near": [(words, to(q=words)) for words in _near(visit, asked.typed)] if nothing and wanted else [],
        "feeds": (visit.catalogue.of_list(asked),),
    }


def _near(visit: Visit, typed: str) -> Iterator[str]:
    """What to search for in place of what finds nothing: as it may be meant, then fewer of its words."""
    texts = chain(
        visit.store.latest_titles(limit=_TITLES),
        visit.setting.labels.values(),
        (member.name for member in visit.config.members),
    )
    words = list(dict.fromkeys(typed.split()))
    fewer = words[:_MOST_FEWER] if len(words) > 1 else []
    for instead in (spelt_alike(typed, texts), *fewer):
        if instead and visit.store.finds(instead):
            yield instead


@news.get("/subscribe")
def subscribe() -> Response:
    visit = visiting()
    asked = replace(Asked.read(request.args), before=None, order="relevance")
    visit.must_know(asked)
    return answer(visit.kept_page("subscribe.html", asked, lambda: _subscribe(visit, asked)))


def _subscribe(visit: Visit, asked: Asked) -> Mapping[str, object]:
    addresses, catalogue = visit.addresses, visit.catalogue
    filters, events = visit.filters(asked, addresses.home), catalogue.with_events_of(asked)
    embedded = {**asked.filtered.query(), "limit": str(USUAL_STORIES)}
    return {
        "title": visit.language.gettext("Subscribe"),
        "section": "subscribe",
        "groups": catalogue.groups(),
        "filters": filters,
        "latest": latest_news(filters.asked, visit.language),
        "asked": asked.typed,
        "own": None if asked == Asked() or asked.says_nothing else catalogue.of_list(asked),
        "says_nothing": asked.says_nothing,
        "calendar": (events or catalogue.everything()).ics,
        "in_calendar": filters.asked if events else "",
        "framed": addresses.to(FRAMED, **embedded, scheme="light"),
        "dark": addresses.to(FRAMED, **embedded, scheme="dark"),
        "either": addresses.to(FRAMED, **embedded),
        "fragment": addresses.to(FRAGMENT, **embedded),
        "usual": USUAL_STORIES,
        "pushes": visit.merged.push_url is not None,
        "most": MOST_STORIES,
        "opml": addresses.full(addresses.to("/opml")),
        "merged_opml": addresses.full(addresses.to("/opml/merged")),
    }
