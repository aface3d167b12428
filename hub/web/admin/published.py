"""What was published in a time, by whom and with whom: what a network's reports are written from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from flask import Blueprint, Response, request

from hub.merged.published import published
from hub.publish.tally import Count, Publication, Span, table, tally
from hub.web.admin.frame import download, for_who_may, own, page
from hub.web.pages import bars
from hub.web.visit import Visit, visiting
from hub.web.words import KINDS

routes = Blueprint("published", __name__)

# What is read within two seconds.
_MOST = 10_000
_LISTED = 100


@routes.get("/published")
@for_who_may("look")
def show() -> Response:
    visit = visiting()
    span, problem = _span(visit)
    found = _found(visit, span)
    counts = tally(found, span, visit.config.labels)
    values: Mapping[str, object] = {
        "title": "What was published",
        "section": "published",
        "problem": problem,
        "span": span,
        "in_words": f"{_days(visit, span)}, {counts.in_words}",
        "counts": counts,
        "is_cut": len(found) == _MOST,
        "most": _MOST,
        "tables": [
            (name, number, of[:_LISTED], len(of) - _LISTED)
            for name, number, of in (
                ("Member", "News", counts.members),
                ("Topic", "Stories", counts.tags),
                ("Kind", "Stories", tuple(_called(each) for each in counts.kinds)),
            )
            if of
        ],
        "bars": bars([number for _, number in counts.months]),
        "most_a_month": max(number for _, number in counts.months),
        "as_csv": visit.addresses.to(
            "/admin/published.csv", first=span.first.isoformat(), last=span.last.isoformat()
        ),
    }
    return page("published.html", values, status=400 if problem else 200)


@routes.get("/published.csv")
@for_who_may("look")
def as_table() -> Response:
    """The same piece by piece, for spreadsheets."""
    visit = visiting()
    span, problem = _span(visit)
    if problem:
        return show()
    name = f"published-{span.first}-{span.last}.csv"
    return download(table(_found(visit, span), visit.config.labels), name)


def _found(visit: Visit, span: Span) -> list[Publication]:
    return list(islice(published(visit.store, span, visit.setting.calendar.zone, own()), _MOST))


def _span(visit: Visit) -> tuple[Span, str]:
    """The days that are asked for; where they are none a year up to today, with what is wrong."""
    today = visit.setting.calendar.today
    try:
        return Span.read(request.args.get("first", ""), request.args.get("last", ""), today), ""
    except ValueError as error:
        return Span.read("", "", today), f"{error} This is of the last year."


def _days(visit: Visit, span: Span) -> str:
    calendar = visit.setting.calendar
    if span.first == span.last:
        return f"On {calendar.on(span.first).text}"
    return f"From {calendar.on(span.first).text} to {calendar.on(span.last).text}"


def _called(kind: Count) -> Count:
    return Count(KINDS.get(kind.name, kind.name), kind.number, kind.joint)
