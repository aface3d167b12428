"""What was done on the admin pages and by commands, by whom."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request
from msgspec import Struct

from hub.model import AuditRecord
from hub.publish.spreadsheet import spreadsheet
from hub.store import BadCursor, all_of
from hub.web.admin.actions import ON_NEWS
from hub.web.admin.entries import page_of
from hub.web.admin.frame import download, for_who_may, may, page
from hub.web.visit import Visit, visiting
from hub.web.words import Moment, instant

routes = Blueprint("audit", __name__)

_AT_ONCE = 50
_LONGEST = 200
_COLUMNS = ("number", "time", "who", "action", "about", "said", "change", "taken back by")


class Row(Struct, frozen=True):
    """A record as pages show it. `about` is the page of what it is about, where that is news."""

    record: AuditRecord
    when: Moment
    about: str | None


@routes.get("/audit")
@for_who_may("audit")
def audit() -> Response:
    visit, words = visiting(), _words()
    try:
        found = visit.store.audit(words, limit=_AT_ONCE, cursor=request.args.get("before") or None)
    except BadCursor:
        abort(404)
    asked = {"q": words}
    values: Mapping[str, object] = {
        "title": "Audit",
        "section": "audit",
        "asked": words,
        "rows": _rows(visit, found.items),
        "older": visit.addresses.to("/admin/audit", **asked, before=found.next) if found.next else None,
        "newest": visit.addresses.to("/admin/audit", **asked) if request.args.get("before") else None,
        "as_csv": visit.addresses.to("/admin/audit.csv", **asked),
        "alone": False,
    }
    return page("audit.html", values)


@routes.get("/audit/<int:number>")
@for_who_may("audit")
def one(number: int) -> Response:
    visit = visiting()
    record = visit.store.audit_record(number) if number < 2**63 else None
    if record is None:
        abort(404)
    values: Mapping[str, object] = {
        "title": f"Audit: number {number}",
        "section": "audit",
        "asked": "",
        "rows": _rows(visit, (record,)),
        "alone": True,
    }
    return page("audit.html", values)


@routes.get("/audit.csv")
@for_who_may("audit")
def table() -> Response:
    """All of it, or what has some words, for spreadsheets (RFC 4180)."""
    visit, words, sees_file = visiting(), _words(), may("configure")
    records = all_of(lambda cursor: visit.store.audit(words, limit=_AT_ONCE, cursor=cursor))
    return download(spreadsheet(_COLUMNS, (_cells(each, sees_file) for each in records)), "audit.csv")


def _cells(each: AuditRecord, sees_file: bool) -> tuple[str | int, ...]:
    what = (each.action, each.about, each.said, each.change if sees_file else "")
    return (each.number, instant(each.moment), each.who, *what, each.undone or "")


def _words() -> str:
    return " ".join(request.args.get("q", "").split())[:_LONGEST]


def _rows(visit: Visit, records: tuple[AuditRecord, ...]) -> tuple[Row, ...]:
    moment = visit.setting.calendar.moment
    return tuple(
        Row(each, moment(each.moment), page_of(visit, each.about) if each.action in ON_NEWS else None)
        for each in records
    )
