"""Who may sign in, and who is signed in where."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe

from flask import Blueprint, Response, request

from hub.audit import expelled, invited
from hub.errors import HubError
from hub.model import LINK_LASTS, Account, Did, Invitation, SignIn, account_name_problem
from hub.store import Store
from hub.web.admin.frame import done, page, session, to
from hub.web.visit import Visit, visiting

routes = Blueprint("accounts", __name__)


@routes.get("/accounts")
def accounts() -> Response:
    return _page(visiting())


@routes.get("/accounts/invite")
def shown_once() -> Response:
    """Who opens the page with a link's address again finds no link there."""
    return to("/admin/accounts")


@routes.post("/accounts/take-back")
def take_back() -> Response:
    name = request.form.get("name", "")

    def taking_back(store: Store) -> Did:
        if not store.take_back(name):
            raise HubError(f"There is no link for {name} any more.", "It was used, or taken back.")
        return Did(about=name, said=f"The link for {name} works no more.")

    return done("take-back", taking_back, back="/admin/accounts")


@routes.post("/accounts/invite")
def invite() -> Response:
    """A link for somebody to choose a password at, which is shown this once."""
    visit, name = visiting(), request.form.get("name", "").strip().lower()
    if problem := account_name_problem(name):
        raise HubError(problem, "Go back and choose another.")
    token = token_urlsafe(32)
    invitation = Invitation(name=name, giver=session().account, until=visit.now + LINK_LASTS)
    known = visit.store.account(name) is not None

    def invite(store: Store) -> Did:
        store.invite(invitation, token)
        return invited(name, another=known)

    done("invite", invite, back="/admin/accounts")
    link = visit.addresses.full(visit.addresses.to(f"/admin/welcome/{token}"))
    return _page(visit, {"invited": name, "link": link, "known": known})


@routes.post("/accounts/remove")
def remove() -> Response:
    visit, name = visiting(), request.form.get("name", "")
    if name == session().account:
        raise HubError(
            "You cannot remove your own account.", "Have another admin do it, or `hub user remove`."
        )

    def expel(store: Store) -> Did:
        if not store.expel(name, visit.now):
            raise HubError(f"There is no account {name}.", "Somebody else may have removed it just now.")
        return expelled(name)

    return done("remove-account", expel, back="/admin/accounts")


@routes.post("/accounts/end")
def end() -> Response:
    """End somebody's session, such as one's own on a machine one has left."""
    visit, number = visiting(), request.form.get("session", "")

    def ending(store: Store) -> Did:
        found = next((each for each in store.sessions(visit.now) if str(each.number) == number), None)
        if found is None or not store.sign_out(found.number):
            raise HubError("This session has ended already.")
        return Did(about=found.account, said=f"A session of {found.account} was ended.")

    return done("end-session", ending, back="/admin/accounts")


def _page(visit: Visit, more: Mapping[str, object] = {}) -> Response:
    moment = visit.setting.calendar.moment
    sessions = visit.store.sessions(visit.now)
    values: Mapping[str, object] = {
        "title": "Accounts",
        "section": "accounts",
        "people": [
            {
                "name": each.name,
                "made": moment(each.made),
                "ways": _ways(each, visit.config.hub.sign_in),
                "seen": next((moment(s.seen) for s in sessions if s.account == each.name), None),
            }
            for each in visit.store.accounts()
        ],
        "invitations": [
            {"name": each.name, "giver": each.giver, "until": moment(each.until)}
            for each in visit.store.invitations(visit.now)
        ],
        "sessions": [
            {
                "number": each.number,
                "account": each.account,
                "begun": moment(each.begun),
                "seen": moment(each.seen),
                "agent": each.agent,
                "own": each.number == session().number,
            }
            for each in sessions
        ],
        "link": "",
        "provider": visit.config.hub.sign_in,
        **more,
    }
    return page("accounts.html", values)


def _ways(account: Account, settings: SignIn | None) -> str:
    """By what an account is used, in words."""
    called = {settings.issuer: settings.name} if settings else {}
    found = ["password"] if account.password else []
    return ", ".join([*found, *(called.get(each, each) for each in account.issuers)]) or "–"
