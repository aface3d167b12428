"""Signing in by the organisation's own sign-in: the way there, and back with what it says of somebody.

It begins with a button, as whatever does something here. A provider sends browsers back by GET; by what
they bring nobody is let in but in the browser that was sent there.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, request

from hub import openid
from hub.errors import SignInError
from hub.model import DEPARTURE_LASTS, Admission, Refusal, SignIn, Subject
from hub.web.admin import access
from hub.web.admin.frame import cookie_of, desk, page, to
from hub.web.visit import Visit, visiting

routes = Blueprint("provider", __name__)
_log = logging.getLogger(__name__)

PATH = "/admin/sign-in/provider"
"""Where the way there begins, and where browsers come back to."""
# Each is kept until its browser is back, and asks the provider twice.
_departures = access.Tries(30)
_LONGEST_CODE = 4096
_REFUSALS: Mapping[Refusal, str] = {
    "nobody": "There is no account for that here. Another admin can add {name} on the page Accounts,"
    " or `hub user add {name}`.",
    "removed": "Its account here was removed. Another admin can add {name} again on the page Accounts,"
    " or `hub user add {name}`.",
    "others": "The account {name} here is of somebody else, who was called so before. Once that one has left,"
    " another admin can remove the account on the page Accounts, and add it again.",
    "ruled-out": "feeds.yaml lets nobody in any more by what yours was let in (hub.sign_in).",
    "nameless": "No account here can be called that. Another admin can give you a link on the page Accounts,"
    " for a name of small letters; sign in at that.",
    "link": "The link is of no use any more: it was used, or is too old. Another admin can give you another.",
}
# Of whom no address is verified: an account that is added by name would not be theirs.
_BY_LINK = (
    "It has verified no e-mail address of yours, so you come in by a link: another admin can give you one on"
    " the page Accounts, or `hub user add NAME` prints one. Sign in at that."
)


@routes.post("/sign-in/provider")
def depart() -> Response:
    """Send a browser to the provider."""
    visit, after = visiting(), access.page_of_ours(request.form.get("next", ""))
    settings = visit.config.hub.sign_in
    if settings is None:
        return to("/admin/sign-in")
    if _departures.too_many():
        return access.form(visit, after, "Too many are signing in. Wait a minute, then try again.", 429)
    _departures.count()
    token = secrets.token_urlsafe(32)
    try:
        address = desk().provider.question(visit.config.hub, token, back=_back(visit))
    except SignInError as error:
        return _failed(visit, after, error)
    visit.store.depart(token, after=after, invitation=request.form.get("invitation", ""), now=visit.now)
    # No redirect: browsers hold those of a form to the page's policy (W3C, CSP 3 §6.4.1), and a provider may
    # lead on to others, which nobody knows here.
    answer = page("departing.html", {"title": f"On to {settings.name}", "address": address})
    answer.set_cookie(
        _cookie_of(visit),
        token,
        max_age=DEPARTURE_LASTS,
        httponly=True,
        samesite="Lax",
        secure=_is_secure(visit),
    )
    return answer


@routes.get("/sign-in/provider")
def come_back() -> Response:
    """Let in whom the provider sends back, if there is an account for them."""
    visit = visiting()
    settings = visit.config.hub.sign_in
    if settings is None:
        return to("/admin/sign-in")
    answer = _let_in(visit, settings, request.cookies.get(_cookie_of(visit), ""))
    answer.delete_cookie(_cookie_of(visit), httponly=True, samesite="Lax", secure=_is_secure(visit))
    return answer


def _let_in(visit: Visit, settings: SignIn, token: str) -> Response:
    journey = openid.journey(token)
    state = request.args.get("state", "")
    if not token or not hmac.compare_digest(state.encode(), journey.state.encode()):
        return access.form(visit, "", "This was not begun in this browser, or not last. Begin again.", 403)
    departure = visit.store.come_back(token, visit.now)
    if departure is None:
        return access.form(visit, "", "This was used already, or took too long. Begin again.", 403)
    error, code = request.args.get("error", ""), request.args.get("code", "")
    try:
        if error or not 0 < len(code) <= _LONGEST_CODE:
            raise openid.not_let_in(settings, error)
        subject = desk().provider.subject(
            visit.config.hub,
            token,
            code,
            issuer=request.args.get("iss"),
            back=_back(visit),
            now=visit.now,
        )
    except SignInError as problem:
        return _failed(visit, departure.after, problem)
    name = openid.account_name(subject)
    with visit.store.all_or_nothing():
        admission = visit.store.let_in(subject, name, invitation=departure.invitation, now=visit.now)
        if not admission.refusal:
            said, after = _said(settings, subject, admission), access.on(departure.after)
            return access.begin(visit, admission.account, after, said, secure=_is_secure(visit))
    access.log_refused(f"{subject.name or subject.called} {subject.sub}")
    return access.form(visit, departure.after, _refusal(settings, subject, name, admission.refusal), 403)


def _said(settings: SignIn, subject: Subject, admission: Admission) -> str:
    said = f"{admission.account} signed in by {settings.name}"
    if not admission.first:
        return f"{said}."
    by_rule = f", as feeds.yaml allows {subject.rule}" if admission.by_rule else ""
    known_as = subject.name or subject.called
    return f"{said} for the first time{by_rule}. They are {known_as} there ({subject.sub})."


def _refusal(settings: SignIn, subject: Subject, name: str, refusal: Refusal) -> str:
    there = subject.name or subject.called or subject.sub
    said = _REFUSALS[refusal].format(name=name)
    if refusal in ("nobody", "removed") and not subject.name:
        said = _BY_LINK
    return f"{settings.name} says that you are {there}. {said}"


def _failed(visit: Visit, after: str, error: SignInError) -> Response:
    _log.warning("sign-in failed %s", error.problem)
    instead = " Or sign in with a password." if access.takes_passwords(visit) else ""
    said = f"{error.problem} {error.remedy}{instead}"
    return access.form(visit, after, said, 503)


def _back(visit: Visit) -> str:
    """Where browsers come back to: by feeds.yaml alone, whatever the request says."""
    return f"{visit.config.hub.url}{PATH}"


def _is_secure(visit: Visit) -> bool:
    return visit.addresses.hub.startswith("https:")


def _cookie_of(visit: Visit) -> str:
    """The name of the cookie by which a browser is known that is back.

    No other host of the same site can set one that begins with `__Host-`.
    """
    name = cookie_of(visit).replace("admin", "sign-in")
    return f"__Host-{name}" if _is_secure(visit) else name
