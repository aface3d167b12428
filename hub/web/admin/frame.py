"""What every admin page has around it: who is signed in, what was just done, and the way to undo it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response, g, request

from hub.audit import Decision, NotRecordedError, record
from hub.model import AuditRecord, Did, Session
from hub.web.admin.desk import Desk
from hub.web.visit import Visit, visiting

LONGEST_FORM = 4 * 1024 * 1024
"""Bytes that an admin may send: a feeds.yaml of many thousand members has fewer."""
_SECTIONS = (
    ("overview", "/admin/", "Overview"),
    ("feeds", "/admin/feeds", "Feeds"),
    ("add", "/admin/add", "Add"),
    ("waiting", "/admin/waiting", "Waiting"),
    ("any-news", "/admin/news", "News"),
    ("any-topics", "/admin/topics", "Topics"),
    ("file", "/admin/file", "feeds.yaml"),
    ("audit", "/admin/audit", "Audit"),
    ("accounts", "/admin/accounts", "Accounts"),
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
    """The same where the request was let in."""
    found = signed_in()
    assert found is not None
    return found


def page(template: str, values: Mapping[str, object], status: int = 200, *, asking: bool = True) -> Response:
    """An admin page, from `templates/admin`. `values` have its title, and may have its section.

    Without `asking`, it is made of what is known of the request already: the database may not answer.
    """
    visit, found = visiting(), signed_in() if asking else g.get("session")
    frame: dict[str, object] = {
        "account": found and found.account,
        "sections": _SECTIONS,
        "indexed": False,
        "feeds": (),
        "done": _just_done(visit, found) if asking else None,
        "problem": "",
        "here": _here(),
    }
    body = visit.html(f"admin/{template}", {**frame, **values})
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def _here() -> str:
    """The page at hand, without what it says was done."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "done"]
    return f"{request.path}?{urlencode(asked)}" if asked else request.path


def _just_done(visit: Visit, found: Session | None) -> AuditRecord | None:
    number = request.args.get("done", "")
    if found is None or not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    return visit.store.audit_record(int(number))


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
    who, now = session().account, visiting().now
    return desk().carry_out(action, decision, who=who, now=now, undoes=undoes)


def to(path: str, **query: str) -> Response:
    """Lead to a page of ours with GET (RFC 9110 §15.4.4)."""
    asked = f"?{urlencode(query)}" if query else ""
    return Response("", status=303, headers={"Location": visiting().addresses.to(path) + asked})


def desk() -> Desk:
    """What does what admins ask for: where there are admin pages there is one."""
    found = visiting().site.desk
    assert found is not None
    return found
