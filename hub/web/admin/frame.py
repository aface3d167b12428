"""What every admin page has around it: who is signed in, what they may do, what was just done, and Undo."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlencode

from flask import Response, current_app, g, request

from hub import roles
from hub.audit import Decision, NotRecordedError, record
from hub.errors import NotAllowed
from hub.model import AuditRecord, Did, FeedKey, Role, Session
from hub.publish import spreadsheet
from hub.store import Store
from hub.web.admin.own import OwnDesk
from hub.web.visit import Visit, visiting

if TYPE_CHECKING:
    from hub.roles import Right
    from hub.web.admin.desk import Desk

View = TypeVar("View", bound=Callable[..., Response])

LONGEST_FORM = 4 * 1024 * 1024
"""Bytes that an admin may send: a feeds.yaml of many thousand members has fewer."""
_BACK = re.compile(r"/admin/[\w./?=&%~+:-]*", re.ASCII)
# A hub that polls winds up what it is at before it goes by another feeds.yaml.
_TAKEN_UP_WITHIN = timedelta(seconds=30)
_SECTIONS: tuple[tuple[str, str, str, Right], ...] = (
    ("overview", "/admin/", "Overview", "look"),
    ("feeds", "/admin/feeds", "Feeds", "look"),
    ("add", "/admin/add", "Add", "configure"),
    ("waiting", "/admin/waiting", "Waiting", "look"),
    ("any-news", "/admin/news", "News", "look"),
    ("published", "/admin/published", "Published", "look"),
    ("readers", "/admin/readers", "Readers", "look"),
    ("any-topics", "/admin/topics", "Topics", "topics"),
    ("file", "/admin/file", "feeds.yaml", "configure"),
    ("audit", "/admin/audit", "Audit", "audit"),
    ("accounts", "/admin/accounts", "Accounts", "accounts"),
)


def cookie_of(visit: Visit) -> str:
    """The name of the cookie: browsers send a host's cookies to all its ports, where other hubs may be."""
    return f"hub-admin-{hashlib.sha256(visit.addresses.hub.encode()).hexdigest()[:8]}"


def signed_in() -> Session | None:
    """The session that the request at hand belongs to, None where there is none."""
    if "session" not in g:
        # Where that cannot be told, there is none for the page that says so.
        g.session = None
        visit = visiting()
        if token := request.cookies.get(cookie_of(visit)):
            g.session = visit.store.session(token, visit.now)
    found: Session | None = g.session
    return found


def session() -> Session:
    """The session of a request that was let in."""
    found = signed_in()
    assert found is not None
    return found


# ---------------------------------------------------------------- what they may do


def for_who_may(right: Right) -> Callable[[View], View]:
    """Have a page be for whoever has a right. One that does not say is for admins alone."""

    def mark(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]
        return view

    return mark


def guard() -> None:
    """Raise NotAllowed where the page at hand is not for whoever is signed in."""
    view = current_app.view_functions[request.endpoint or ""]
    must(getattr(view, "right", "whatever"))


def may(right: Right) -> bool:
    """Whether whoever is signed in has a right."""
    found = signed_in()
    return found is not None and roles.may(found.role, right)


def must(right: Right) -> None:
    """Raise NotAllowed where they have it not."""
    if not may(right):
        raise roles.refusal(session().role, right)


def may_undo(done: AuditRecord) -> bool:
    """Whether they may take back what was done, if that can be: what others did, only who may decide."""
    action = done.undo.get("action")
    return bool(action and may(roles.right_for(action)) and (may("decide") or is_own(done)))


def is_own(done: AuditRecord) -> bool:
    """Whether they did it themselves, and nobody whose account was called so before."""
    if done.who != session().account:
        return False
    account = visiting().store.account(done.who)
    return account is not None and account.made <= done.moment


def own() -> str | None:
    """The slug of the member whose feeds and news alone they may see and change; None for all."""
    return session().role.member or None


def must_own(feed: FeedKey) -> None:
    """Raise NotAllowed where a feed is another member's than theirs."""
    if own() not in (None, feed.member):
        raise roles.refusal_of_another(session().role)


def unchangeable() -> str:
    """Why they cannot change feeds.yaml here, as a sentence; empty where they can."""
    return desk().unwritable() if may("configure") else str(roles.refusal(session().role, "configure"))


# ---------------------------------------------------------------- pages


def page(template: str, values: Mapping[str, object], status: int = 200, *, asking: bool = True) -> Response:
    """An admin page, from `templates/admin`. `values` have its title, and may have its section.

    Without `asking`, it is made of what is known of the request already: the database may not answer.
    """
    visit, found = visiting(), signed_in() if asking else g.get("session")
    just_done = _just_done(visit, found) if asking else None
    frame: dict[str, object] = {
        "account": found and found.account,
        "role": found and _role(visit, found.role),
        "may": lambda right: found is not None and roles.may(found.role, right),
        "may_undo": may_undo,
        "sections": [each for each in _SECTIONS if found and roles.may(found.role, each[3])],
        "indexed": False,
        "feeds": (),
        "done": just_done,
        # Not where somebody may be typing by then: such a page is loaded anew.
        "taking_up": values.get("section") == "feeds" and just_done and _is_being_taken_up(visit, just_done),
        "problem": "",
        "back": "",
        "here": _here(without="done"),
        "again": _here(),
    }
    body = visit.html(f"admin/{template}", {**frame, **values})
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def download(table: str, name: str) -> Response:
    """A table for spreadsheets, to be kept as a file of that name (RFC 6266)."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(table, content_type=spreadsheet.MEDIA_TYPE, headers=headers)


def _role(visit: Visit, role: Role) -> str:
    """What somebody is, empty for an admin."""
    name = next((each.name for each in visit.config.members if each.slug == role.member), "")
    return "" if role.name == "admin" else roles.a_role(role, name)


def _here(*, without: str = "") -> str:
    """The page at hand, as it was asked for; `without` what it says was done, say."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != without]
    return f"{request.path}?{urlencode(asked)}" if asked else request.path


def _just_done(visit: Visit, found: Session | None) -> AuditRecord | None:
    number = request.args.get("done", "")
    if found is None or not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    record = visit.store.audit_record(int(number))
    return record if record and (may("audit") or is_own(record)) else None


def _is_being_taken_up(visit: Visit, just_done: AuditRecord) -> bool:
    """Whether the hub that polls has yet to go by what was just changed in feeds.yaml."""
    if not just_done.change or visit.now - just_done.moment > _TAKEN_UP_WITHIN:
        return False
    wanted = {(feed.key, feed.url, feed.paused) for feed in visit.config.feeds}
    return wanted != {(each.feed.key, each.feed.url, each.feed.paused) for each in visit.store.feed_states()}


def done(action: str, what: Did | Decision, *, back: str, undoes: int | None = None) -> Response:
    """Do what the one who is signed in decided, or record what they did, and lead to the page at `back`.

    That says it. `back` is a path of ours beneath /admin/, perhaps with a query. Raises NotRecordedError
    where the database takes no record of what was done, and HubError where a decision cannot be done.
    """
    number = _recorded(action, what, undoes) if isinstance(what, Did) else _carried_out(action, what, undoes)
    return to(f"{back}{'&' if '?' in back else '?'}{urlencode({'done': number})}#done")


def _recorded(action: str, did: Did, undoes: int | None) -> int:
    visit = visiting()
    try:
        return record(visit.store, action, did, who=session().account, now=visit.now, undoes=undoes)
    except NotRecordedError as error:
        said = did.said.partition("\n")[0]
        raise NotRecordedError(f"{said} {error.problem}", error.remedy) from error


def _carried_out(action: str, decision: Decision, undoes: int | None) -> int:
    visit, found = visiting(), session()
    token = request.cookies[cookie_of(visit)]

    def if_they_still_may(store: Store) -> Did:
        # The database may have been waited for.
        still = store.session(token, visit.now)
        if still is None or still.role != found.role:
            raise NotAllowed(
                "You were signed out meanwhile, or have another role by now, so nothing was done.",
                "Open the page anew.",
            )
        return decision(store)

    who, now = found.account, visit.now
    return desk().carry_out(action, if_they_still_may, who=who, now=now, undoes=undoes)


def came_from() -> str:
    """The page of ours that a form was sent from, as its field `back` names it; empty where it names none."""
    back = request.form.get("back", "")
    return back if _BACK.fullmatch(back) else ""


def to(path: str, **query: str) -> Response:
    """Lead to a page of ours with GET (RFC 9110 §15.4.4)."""
    asked = f"?{urlencode(query)}" if query else ""
    return Response("", status=303, headers={"Location": visiting().addresses.to(path) + asked})


def desk() -> Desk:
    """What does what admins ask for: where there are admin pages there is one.

    For an editor of a member it does that with the member's own news alone.
    """
    visit, found = visiting(), visiting().site.desk
    assert found is not None
    role = session().role if signed_in() else None
    return cast("Desk", OwnDesk(found, visit.store, role)) if role and role.member else found
