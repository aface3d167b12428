"""How admins get in and out: passwords, one-time links, sessions, and who may send what.

A request that changes anything has to come from a page of ours, by what
browsers say of themselves (W3C, Fetch Metadata §2; RFC 6454): cookies come
with requests that other sites have browsers send.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections import deque
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Request, Response, request
from werkzeug.security import check_password_hash, generate_password_hash

from hub.errors import HubError
from hub.model import SESSION_LASTS, AuditRecord, Invitation, account_name_problem
from hub.web.admin.frame import cookie_of, for_who_may, page, session, signed_in, to
from hub.web.visit import Site, Visit, visiting

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

routes = Blueprint("access", __name__)
_log = logging.getLogger(__name__)

SHORTEST_PASSWORD = 12
_AFTER = re.compile(r"/admin/[\w./?=&%~+-]*", re.ASCII)
_LONGEST_AFTER = 1_000
_LONGEST_AGENT = 200
# A name with fewer characters may be part of any word.
_TELLING = 4
_WITHIN = 60.0  # seconds
# What a wrong name's password is compared with, so that it takes as long as a wrong password: no password
# has this hash, which is made as `generate_password_hash` makes them.
_NOBODYS = f"scrypt:32768:8:1$nobody${'0' * 128}"


class Tries:
    """How often something was tried within the last minute, by whomever, of `most` times."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counted: deque[float] = deque()
        self._lock = Lock()

    def too_many(self) -> bool:
        with self._lock:
            while self._counted and time.monotonic() - self._counted[0] > _WITHIN:
                self._counted.popleft()
            return len(self._counted) >= self._most

    def count(self) -> None:
        with self._lock:
            self._counted.append(time.monotonic())


# Passwords that were wrong: enough for people, and too few to guess by.
_tries = Tries(10)


# ---------------------------------------------------------------- who sent it


def was_signed_in() -> bool:
    """Whether whoever sent the request at hand is signed in, or was."""
    return _was_signed_in(visiting(), request)


def _was_signed_in(visit: Visit, asks: Request) -> bool:
    token = asks.cookies.get(cookie_of(visit))
    return token is not None and visit.store.knows_session(token)


def is_sent_by_our_pages() -> bool:
    """Whether the request at hand comes from a page of ours; what says nothing does not."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # A scheme, a host and a port (RFC 6454 §6.2), or `null`.
    origin = request.headers.get("Origin", "").partition("://")[2]
    return bool(origin) and origin in (urlsplit(visiting().addresses.hub).netloc, request.host)


def admits(site: Site, environ: WSGIEnvironment) -> bool:
    """Whether a request is of somebody who is signed in, or was; where nobody knows, its answer says so."""
    visit = site.visit()
    try:
        return _was_signed_in(visit, Request(environ))
    except HubError:
        return False


def refused(heading: str, says: str, status: int) -> Response:
    return page("refused.html", {"title": heading, "problem": says, "remedy": ""}, status)


# ---------------------------------------------------------------- in and out


def to_sign_in() -> Response:
    """Lead to the form, and from there to where the request at hand wanted, if that is a page.

    What was sent is kept in the answer, to be sent again.
    """
    if request.method == "POST":
        return page(
            "signed_out.html",
            {
                "title": "You were signed out",
                "fields": [*request.form.items(multi=True)],
                "as_form": request.mimetype,
            },
            403,
        )
    wanted = request.full_path.rstrip("?")
    query = f"?{urlencode({'next': wanted})}" if _AFTER.fullmatch(wanted) and wanted != "/admin/" else ""
    return to(f"/admin/sign-in{query}")


@routes.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    visit = visiting()
    after = request.values.get("next", "")
    if request.method == "GET" and signed_in() is not None:
        return on(after)
    if request.method == "GET":
        return form(visit, after)
    if not takes_passwords(visit):
        return form(visit, after, "Nobody signs in here with a password.", 403)
    if _tries.too_many():
        return form(visit, after, "Too many passwords were wrong. Wait a minute, then try again.", 429)
    name, password = request.form.get("name", "").strip().lower(), request.form.get("password", "")
    account = visit.store.account(name)
    right = check_password_hash((account and account.password) or _NOBODYS, password)
    if account is None or not right:
        _tries.count()
        log_refused(name)
        return form(visit, after, "There is no account with this name and password.", 403, wrong=True)
    return begin(visit, name, on(after), f"{name} signed in.", secure=_by_tls())


def log_refused(name: str) -> None:
    """Tell whoever watches the log that somebody was not let in."""
    asks = request.headers.get("X-Forwarded-For", request.remote_addr)
    _log.warning("sign-in refused name=%.64r from=%.64r", name, asks)


def takes_passwords(visit: Visit) -> bool:
    """Whether anybody may sign in with a password."""
    settings = visit.config.hub.sign_in
    return settings is None or settings.passwords


def _by_tls() -> bool:
    # Whoever is in front ends TLS; the browser knows that it was there.
    return request.headers.get("Origin", "").startswith("https:")


def page_of_ours(after: str) -> str:
    """The page that was wanted before, if it is an admin page; else nothing."""
    return after if len(after) <= _LONGEST_AFTER and _AFTER.fullmatch(after) else ""


def on(after: str) -> Response:
    """Lead to the page that was wanted, if it is one of ours."""
    return to(page_of_ours(after) or "/admin/")


def form(visit: Visit, after: str, problem: str = "", status: int = 200, *, wrong: bool = False) -> Response:
    """The page to sign in at; if what was typed is `wrong`, the problem is with that."""
    values: Mapping[str, object] = {
        "title": "Sign in",
        "after": page_of_ours(after),
        "name": request.form.get("name", ""),
        "problem": problem,
        "wrong": wrong,
        "provider": visit.config.hub.sign_in,
        "anybody": bool(visit.store.accounts()),
    }
    return page("sign_in.html", values, status)


def begin(visit: Visit, name: str, answer: Response, said: str, *, secure: bool) -> Response:
    """Begin a session with the answer to who has shown who it is; `said` is what is recorded of it.

    With `secure` the browser sends its cookie by TLS alone.
    """
    token = secrets.token_urlsafe(32)
    agent = request.headers.get("User-Agent", "")[:_LONGEST_AGENT]
    store, kept = (
        visit.store,
        AuditRecord(moment=visit.now, who=name, action="sign-in", about=name, said=said),
    )
    with store.all_or_nothing():
        is_in = store.sign_in(name, token, agent=agent, now=visit.now)
        if is_in:
            store.record(kept)
    if not is_in:
        return form(visit, "", "This account was removed just now.", 403)
    answer.set_cookie(
        cookie_of(visit),
        token,
        max_age=SESSION_LASTS,
        path=f"{visit.addresses.prefix}/admin",
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    return answer


@routes.post("/sign-out")
@for_who_may("look")
def sign_out() -> Response:
    visit, name = visiting(), session().account
    store, said = visit.store, f"{name} signed out."
    with store.all_or_nothing():
        store.sign_out(session().number)
        store.record(AuditRecord(moment=visit.now, who=name, action="sign-out", about=name, said=said))
    answer = to("/admin/sign-in")
    answer.delete_cookie(cookie_of(visit), path=f"{visit.addresses.prefix}/admin")
    return answer


# ---------------------------------------------------------------- the first time


@routes.route("/welcome/<token>", methods=["GET", "POST"])
def welcome(token: str) -> Response:
    """Where a one-time link leads: its holder chooses a password, and a name if it is the first."""
    visit = visiting()
    invitation = visit.store.invited(token, visit.now)
    if invitation is None:
        return refused(
            "This link is of no use any more",
            "It was used, or is too old, or there is a newer one. Another admin can give you one on the page"
            " Accounts, or `hub user reset NAME` prints one; for a hub without any account, `hub run` does as"
            " it starts.",
            410,
        )
    if request.method == "GET":
        return _welcome(visit, token, invitation)
    chosen = invitation.name or request.form.get("name", "").strip().lower()
    password = request.form.get("password", "")
    problem = account_name_problem(chosen)
    if takes_passwords(visit):
        problem = problem or _problem(chosen, password, request.form.get("again", ""))
        another = "another" if visit.store.account(chosen) else "a"
        hashed, said = generate_password_hash(password), f"{chosen} chose {another} password at a link, and"
    else:
        # The way back, where the provider lets nobody in: for who has the machine, and no admin's gift.
        if invitation.giver:
            problem = "Nobody signs in here with a password."
        hashed, said = "", f"{chosen} used a link of a command, and so"
    if problem:
        return _welcome(visit, token, invitation, problem, 400)
    with visit.store.all_or_nothing():
        if visit.store.enrol(token, chosen, hashed, visit.now):
            return begin(visit, chosen, to("/admin/"), f"{said} signed in.", secure=_by_tls())
    return refused("This link is of no use any more", "Somebody has used it just now.", 410)


def _welcome(
    visit: Visit, token: str, invitation: Invitation, problem: str = "", status: int = 200
) -> Response:
    passwords, provider = takes_passwords(visit), visit.config.hub.sign_in
    values: Mapping[str, object] = {
        "title": "Sign in" if provider else "Choose a password",
        "token": token,
        "provider": provider,
        "passwords": passwords,
        "without": not passwords and not invitation.giver,
        "name": invitation.name,
        "asked": request.form.get("name", ""),
        "shortest": SHORTEST_PASSWORD,
        "problem": problem,
    }
    return page("welcome.html", values, status)


def _problem(name: str, password: str, again: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        return f"A password needs {SHORTEST_PASSWORD} characters at least: several words do."
    if password != again:
        return "The two passwords are not the same."
    if len(name) >= _TELLING and name in password.lower():
        return "The password has the name in it."
    return ""
