"""How many read each of the merged feeds: which of them matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date

from flask import Blueprint, Response

from hub.merged.readers import feed_readers
from hub.publish.readers import FeedReaders, table
from hub.web.admin.frame import download, for_who_may, own, page
from hub.web.visit import Visit, visiting

routes = Blueprint("readers", __name__)

_LISTED = 100


@routes.get("/readers")
@for_who_may("look")
def show() -> Response:
    visit = visiting()
    found = _found(visit)
    values: Mapping[str, object] = {
        "title": "Who reads the feeds",
        "section": "readers",
        "found": found[:_LISTED],
        "more": len(found) - _LISTED,
        "pushes": visit.merged.push_url is not None,
        "as_csv": visit.addresses.to("/admin/readers.csv"),
    }
    return page("readers.html", values)


@routes.get("/readers.csv")
@for_who_may("look")
def as_table() -> Response:
    """The same for spreadsheets, all of it."""
    visit = visiting()
    return download(table(_found(visit)), f"readers-{_today(visit)}.csv")


def _found(visit: Visit) -> tuple[FeedReaders, ...]:
    return feed_readers(visit.merged, _today(visit), own())


def _today(visit: Visit) -> date:
    return visit.now.astimezone(UTC).date()
