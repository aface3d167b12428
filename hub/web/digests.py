"""What came in on a day or in a week, on pages: for readers who come once in a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from flask import Blueprint, Response, abort

from hub.language import N_, Language
from hub.publish.digest import Digest, Period, Rhythm, finished, read_period
from hub.store import Page
from hub.web.answers import answer
from hub.web.pages import Link, listing
from hub.web.visit import Visit, visiting

digests = Blueprint("digests", __name__)

_LISTED: Mapping[Rhythm, int] = {"daily": 14, "weekly": 8}
_FIRST: Mapping[Rhythm, str] = {
    "daily": N_("None yet: the first comes once a day with news is over."),
    "weekly": N_("None yet: the first comes once a week with news is over."),
}
_STORIES = 300


@digests.get(f"/digest/<any({','.join(get_args(Rhythm))}):rhythm>")
def latest(rhythm: Rhythm) -> Response:
    visit = visiting()
    return answer(visit.kept_page("digests.html", rhythm, lambda: _latest(visit, rhythm)))


def _latest(visit: Visit, rhythm: Rhythm) -> Mapping[str, object]:
    periods = finished(rhythm, visit.setting.calendar.today, _LISTED[rhythm])
    found = filter(None, (visit.merged.digest(period, stories=0) for period in periods))
    feed = visit.catalogue.digest(rhythm)
    return {
        "title": feed.name,
        "section": "subscribe",
        "digests": [
            (
                Link(each.period.title(visit.language), visit.addresses.digest(each.period.name)),
                _counted(each, visit.language),
            )
            for each in found
        ],
        "first": visit.language.gettext(_FIRST[rhythm]),
        "feeds": (feed,),
    }


@digests.get("/digest/<name>")
def of_period(name: str) -> Response:
    visit = visiting()
    period = read_period(name)
    if period is None or period.after > visit.setting.calendar.today:
        abort(404)
    return answer(visit.kept_page("digest.html", name, lambda: _of_period(visit, period)))


def _of_period(visit: Visit, period: Period) -> Mapping[str, object]:
    found = visit.merged.digest(period, stories=_STORIES)
    if found is None:
        abort(404)
    feed = visit.catalogue.digest(period.rhythm)
    return {
        "title": period.title(visit.language),
        "section": "news",
        "count": _counted(found, visit.language),
        "left": found.total - len(found.stories),
        "listing": listing(Page(items=found.stories), visit.setting, visit.addresses.digest),
        "others": Link(feed.name, feed.page),
        "feeds": (feed,),
    }


def _counted(found: Digest, language: Language) -> str:
    return language.ngettext("%(num)s story", "%(num)s stories", found.total)
