"""What an admin does by a button: each action by its name, and how each is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from flask import Blueprint, Response, abort, request
from msgspec import UNSET, UnsetType

from hub.audit import Decision
from hub.errors import HubError
from hub.model import Did, Fields, Role, RoleName, Stand, stands_of_field
from hub.roles import right_for
from hub.said import counted
from hub.store import Pin, Place, Store
from hub.web.admin.accounts import give_role
from hub.web.admin.desk import Desk
from hub.web.admin.entries import entry_at
from hub.web.admin.file import read
from hub.web.admin.frame import came_from, desk, done, for_who_may, is_own, must, session
from hub.web.visit import visiting

routes = Blueprint("actions", __name__)


def _release(desk: Desk, asked: Fields) -> Decision:
    what, member = desk.of_its_member(*_entry(asked, "what"))
    return desk.release(what, member=member, seen=_as_shown(asked, what, member))


def _restore(desk: Desk, asked: Fields) -> Decision:
    """What takes a withdrawal back: its member has as much to say of the entry as before."""
    what, member = _entry(asked, "what")
    for_good, left = bool(asked.get("for_good")), stands_of_field(asked["left"])
    return desk.release(what, member=member, for_good=for_good, seen=left)


def _withdraw(desk: Desk, asked: Fields) -> Decision:
    what, member = desk.of_its_member(*_entry(asked, "what"))
    why, seen = asked.get("why", "").strip(), _as_shown(asked, what, member)
    return desk.withdraw(what, member=member, why=why, role=session().role.name, seen=seen)


def _withdraw_again(desk: Desk, asked: Fields) -> Decision:
    """What takes back that entries were published again, which somebody had withdrawn: as theirs."""
    what, member = _entry(asked, "what")
    role = msgspec.convert(asked.get("role") or None, RoleName | None)
    left = stands_of_field(asked["left"])
    return desk.withdraw(what, member=member, why=asked["why"], role=role, seen=left)


def _wait(_: Desk, asked: Fields) -> Decision:
    """What takes back that entries were dropped, which waited."""
    entries, left = stands_of_field(asked["entries"]), stands_of_field(asked["left"])

    def wait(store: Store) -> Did:
        again = store.wait_again(entries, left)
        if not again:
            raise HubError(
                "It was decided again since. Nothing was done.", "The page News says how each stands now."
            )
        said = f"{counted(again, 'entry waits', 'entries wait')} for an admin again."
        if others := len(entries) - again:
            said += f" {counted(others, 'entry is', 'entries are')} left as it was decided since."
        return Did(about=asked.get("about", ""), said=said)

    return wait


def _pin(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    last_day, today = _day(asked.get("until", "")), visiting().setting.calendar.today
    return desk.pin(link, member=member, last_day=last_day, today=today)


def _unpin(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.unpin(link, member=member, today=visiting().setting.calendar.today)


def _pin_again(desk: Desk, asked: Fields) -> Decision:
    """What takes back that a story was unpinned, or pinned up to another day."""
    link, member = _entry(asked)
    pin, left = msgspec.json.decode(asked["pin"], type=Pin), _pin_left(asked)
    last_day, today = pin.last_day, visiting().setting.calendar.today
    return desk.pin(link, member=member, last_day=last_day, today=today, made=pin.made, seen=left)


def _unpin_again(desk: Desk, asked: Fields) -> Decision:
    """What takes back that a story was pinned."""
    link, member = _entry(asked)
    today = visiting().setting.calendar.today
    return desk.unpin(link, member=member, today=today, seen=_pin_left(asked))


def _pin_left(asked: Fields) -> Pin | None:
    left: Pin | None = msgspec.json.decode(asked["left"], type=Pin | None)
    return left


def _merge(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    into = entry_at(visiting(), _required(asked, "into"))
    return desk.merge(link, into, member=member)


def _split(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.split(link, member=member, alone=False, seen=_ruled(asked))


def _not_a_copy(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.split(link, member=member, alone=True, seen=_ruled(asked))


def _ruled(asked: Fields) -> datetime | None:
    """When what is taken back was ruled, if this takes it back."""
    return datetime.fromisoformat(asked["left"]) if "left" in asked else None


def _put_back(desk: Desk, asked: Fields) -> Decision:
    """What takes back that a copy was split off, or made the lead."""
    link, member = _entry(asked)
    place, seen = msgspec.json.decode(asked["place"], type=Place), datetime.fromisoformat(asked["left"])
    return desk.put_back(link, place, member=member, seen=seen)


def _lead(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.lead(link, member=member)


def _tag(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.tag(link, _required(asked, "term"), member=member, seen=_said(asked))


def _untag(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    return desk.untag(link, _required(asked, "term"), member=member, seen=_said(asked))


def _leave(desk: Desk, asked: Fields) -> Decision:
    link, member = _entry(asked)
    term = _required(asked, "term")
    return desk.leave_to_rules(link, term, member=member, seen=_said(asked))


def _said(asked: Fields) -> datetime | UnsetType | None:
    """When something was said of the tag that is taken back, if this takes it back."""
    left = asked.get("left")
    if left is None:
        return UNSET
    return datetime.fromisoformat(left) if left else None


def _remove(desk: Desk, asked: Fields) -> Did | Decision:
    feed, entries = _required(asked, "feed"), asked.get("entries") == "yes"
    if entries and asked.get("confirm", "").strip() != feed:
        raise HubError(
            f"Nothing was taken out: to delete its entries, {feed} has to be typed once more.",
            "They cannot be brought back.",
        )
    if entries:
        return desk.remove_with_entries(feed)
    return desk.remove(feed, and_member=asked.get("member") == "too", at=asked.get("at") or None)


def _pause(desk: Desk, asked: Fields) -> Did:
    return desk.pause(_feeds(asked), paused=True)


def _resume(desk: Desk, asked: Fields) -> Did:
    return desk.pause(_feeds(asked), paused=False)


def _feeds(asked: Fields) -> Sequence[str]:
    """The feeds that are ticked on a page, or those of a record."""
    feeds = request.form.getlist("feeds") or asked.get("feeds", "").split()
    if not feeds:
        raise HubError("No feed was chosen, so nothing was done.", "Go back and tick those that you mean.")
    return feeds


def _restore_file(desk: Desk, asked: Fields) -> Did:
    edited = desk.take_back(asked.get("change", ""), was=asked.get("was", ""), now=asked.get("now", ""))
    said = "feeds.yaml is as it was before."
    if read(edited.after) is None:
        said += " It cannot be read so: the hub goes on with what it read last."
    return Did(about="feeds.yaml", said=said, change=edited.diff, undo=edited.undo)


def _role(_: Desk, asked: Fields) -> Decision:
    name, role, left = _required(asked, "name"), Role.read(asked["role"]), Role.read(asked["left"])
    return give_role(name, role, seen=left)


Action = Callable[[Desk, Fields], Did | Decision]
"""Does something, or says what is to be done to what is stored."""

ACTIONS: Mapping[str, Action] = {
    "release": _release,
    "withdraw": _withdraw,
    "pin": _pin,
    "unpin": _unpin,
    "merge": _merge,
    "split": _split,
    "not-a-copy": _not_a_copy,
    "lead": _lead,
    "tag": _tag,
    "untag": _untag,
    "leave": _leave,
}
ON_NEWS: Mapping[str, Action] = {
    **ACTIONS,
    "restore": _restore,
    "withdraw-again": _withdraw_again,
    "wait": _wait,
    "pin-again": _pin_again,
    "unpin-again": _unpin_again,
    "put-back": _put_back,
}
"""Those, and what is done to take one back alone."""
ON_FILE: Mapping[str, Action] = {
    "remove": _remove,
    "pause": _pause,
    "resume": _resume,
    "restore-file": _restore_file,
}
"""What is done to feeds.yaml."""
ON_ACCOUNTS: Mapping[str, Action] = {"role": _role}
"""What is done to accounts, and taken back here."""


@routes.post("/do/<action>")
@for_who_may("withdraw")
def do(action: str) -> Response:
    """Do what a button says, and lead to the page that its field `back` names."""
    if action not in ACTIONS and action not in ON_FILE:
        abort(404)
    # How something was left is read from records alone.
    return _done(action, {name: value for name, value in request.form.items() if name != "left"})


@routes.post("/undo")
@for_who_may("withdraw")
def undo() -> Response:
    """Take back what was done, by the number of its record."""
    written = request.form.get("number", "")
    number = int(written) if re.fullmatch(r"[0-9]{1,15}", written) else 0
    record = visiting().store.audit_record(number)
    if record is None or not record.undo:
        raise HubError("This cannot be taken back.", "")
    if not is_own(record):
        must("decide")
    if record.undone is not None:
        raise HubError("This was taken back already.", "")
    return _done(record.undo["action"], {**record.undo, "change": record.change}, undoes=number)


def _done(action: str, asked: Fields, *, undoes: int | None = None) -> Response:
    must(right_for(action))
    found = {**ON_NEWS, **ON_FILE, **ON_ACCOUNTS}[action](desk(), asked)
    return done(action, found, back=came_from() or "/admin/", undoes=undoes)


def _entry(asked: Fields, field: str = "link") -> tuple[str, str | None]:
    """The link or id of the entry that something is to be done to, and whose it is, if that is said."""
    return _required(asked, field), asked.get("member") or None


def _as_shown(asked: Fields, what: str, member: str | None) -> Mapping[int, Stand]:
    """How entries stand. Refuses what a page asks that showed one as it is no more: as it `was` there."""
    store, was = visiting().store, asked.get("was")
    found = [each for each in store.find(what) if member in (None, each.member.slug, str(each.entry.feed))]
    stands = store.stands(each.key for each in found) if was else {}
    for each in stands.values():
        if each.standing != was:
            raise HubError(
                f"It is {each.standing} by now, and was {was} when the page was shown, so nothing was done.",
                "Go back and open the page anew.",
            )
    return stands


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
