"""What an admin does by a button: each action by its name, and how each is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from flask import Blueprint, Response, abort, request
from msgspec import Struct

from hub.errors import HubError
from hub.web.admin.desk import Desk
from hub.web.admin.frame import done
from hub.web.visit import visiting

routes = Blueprint("actions", __name__)

_BACK = re.compile(r"/admin/[\w./?=&%~+:-]*", re.ASCII)

Fields = Mapping[str, str]


class Done(Struct, frozen=True, kw_only=True):
    """What an action came to: what it was done to, what to tell, and the fields that take it back.

    `change` is how feeds.yaml changed, as a unified diff.
    """

    about: str
    said: str
    undo: Fields = {}
    change: str = ""


def _release(desk: Desk, asked: Fields) -> Done:
    what, member = _required(asked, "what"), asked.get("member") or None
    return Done(about=what, said=desk.release(what, member=member))


def _withdraw(desk: Desk, asked: Fields) -> Done:
    what, member = _required(asked, "what"), asked.get("member") or None
    said = desk.withdraw(what, member=member, why=asked.get("why", ""))
    return Done(about=what, said=said)


def _pin(desk: Desk, asked: Fields) -> Done:
    link, member = _required(asked, "link"), asked.get("member") or None
    said = desk.pin(link, member=member, last_day=_day(asked.get("until", "")))
    return Done(about=link, said=said, undo={"action": "unpin", "link": link, "member": member or ""})


def _unpin(desk: Desk, asked: Fields) -> Done:
    link, member = _required(asked, "link"), asked.get("member") or None
    return Done(about=link, said=desk.unpin(link, member=member))


ACTIONS: Mapping[str, Callable[[Desk, Fields], Done]] = {
    "release": _release,
    "withdraw": _withdraw,
    "pin": _pin,
    "unpin": _unpin,
}


@routes.post("/do/<action>")
def do(action: str) -> Response:
    """Do what a button says, and lead to the page that its field `back` names."""
    if action not in ACTIONS:
        abort(404)
    return _done(action, request.form)


@routes.post("/undo")
def undo() -> Response:
    """Take back what was done, by the number of its record."""
    written = request.form.get("number", "")
    number = int(written) if re.fullmatch(r"[0-9]{1,15}", written) else 0
    record = visiting().store.audit_record(number)
    if record is None or not record.undo:
        raise HubError("This cannot be taken back.", "")
    if record.undone is not None:
        raise HubError("This was taken back already.", "")
    return _done(record.undo["action"], record.undo, undoes=number)


def _done(action: str, asked: Fields, *, undoes: int | None = None) -> Response:
    desk = visiting().site.desk
    assert desk is not None
    found = ACTIONS[action](desk, asked)
    back = request.form.get("back", "")
    return done(
        action,
        found.about,
        found.said,
        back=back if _BACK.fullmatch(back) else "/admin/",
        change=found.change,
        undo=found.undo,
        undoes=undoes,
    )


def _required(asked: Fields, name: str) -> str:
    value = asked.get(name, "").strip()
    if not value:
        raise HubError("It was not said what to do this to.", "Go back and fill in the form.")
    return value


def _day(written: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise HubError(f"{written} is no day.", "Write it as 2026-12-24.") from error
