"""Who may sign in, what each may do, and who is signed in where."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe

from flask import Blueprint, Response, request

from hub import roles
from hub.audit import Decision, expelled, given_role, invited
from hub.errors import HubError
from hub.model import LINK_LASTS, Account, Did, Invitation, Role, SignIn, account_name_problem
from hub.store import Store
from hub.web.admin.frame import done, for_who_may, page, session, to
from hub.web.visit import Visit, visiting

routes = Blueprint("accounts", __name__)


@routes.get("/accounts")
@for_who_may("accounts")
def accounts() -> Response:
    return _page(visiting())


@routes.get("/accounts/invite")
@for_who_may("accounts")
def shown_once() -> Response:
    """Who opens the page with a link's address again finds no link there."""
    return to("/admin/accounts")


@routes.post("/accounts/take-back")
@for_who_may("accounts")
def take_back() -> Response:
    name = request.form.get("name", "")

    def taking_back(store: Store) -> Did:
        if not store.take_back(name):
            raise HubError(f"There is no link for {name} any more.", "It was used, or taken back.")
        return Did(about=name, said=f"The link for {name} works no more.")

    return done("take-back", taking_back, back="/admin/accounts")


@routes.post("/accounts/invite")
@for_who_may("accounts")
def invite() -> Response:
    """A link for somebody to choose a password at, which is shown this once."""
    visit, name = visiting(), request.form.get("name", "").strip().lower()
    if problem := account_name_problem(name):
        raise HubError(problem, "Go back and choose another.")
    account = visit.store.account(name)
    if account is not None and "role" in request.form:
        raise HubError(
            f"There is an account {name} already.",
            "On the page Accounts it can be given another link or role.",
        )
    if account is not None and account.by_rule:
        raise HubError(
            f"feeds.yaml lets {name} in (hub.sign_in), as long as it names them, so they are given no link.",
            "To let them in whatever it says, remove the account, and add it again.",
        )
    role = account.role if account else _asked(visit)
    token = token_urlsafe(32)
    until = visit.now + LINK_LASTS
    invitation = Invitation(name=name, giver=session().account, until=until, role=role)

    def invite(store: Store) -> Did:
        store.invite(invitation, token)
        return invited(name, None if account else role)

    done("invite", invite, back="/admin/accounts")
    link = visit.addresses.full(visit.addresses.to(f"/admin/welcome/{token}"))
    return _page(visit, {"invited": name, "link": link, "known": account is not None})


@routes.post("/accounts/role")
@for_who_may("accounts")
def change_role() -> Response:
    visit, name = visiting(), request.form.get("name", "")
    return done("role", give_role(name, _asked(visit)), back="/admin/accounts")


def give_role(name: str, role: Role, *, seen: Role | None = None) -> Decision:
    """To give an account another role, where it has the one that was `seen`."""
    if name == session().account:
        raise HubError("You cannot change your own role.", "Have another admin do it, or `hub user role`.")

    def give(store: Store) -> Did:
        return given_role(name, role, store.give_role(name, role, seen=seen))

    return give


def _asked(visit: Visit) -> Role:
    """The role that the form at hand names."""
    try:
        role = Role.read(request.form.get("role", ""))
    except ValueError as error:
        raise HubError("It was not said what they may do.", "Go back and choose a role.") from error
    if role.member and all(each.slug != role.member for each in visit.config.members):
        raise HubError(f"There is no member {role.member} any more.", "Go back and choose another.")
    return role


@routes.post("/accounts/remove")
@for_who_may("accounts")
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
@for_who_may("accounts")
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
    members = sorted(visit.config.members, key=lambda each: each.name.casefold())
    names = {each.slug: each.name for each in members}
    accounts = visit.store.accounts()
    sessions = visit.store.sessions(visit.now)
    values: Mapping[str, object] = {
        "title": "Accounts",
        "section": "accounts",
        "people": [
            {
                "name": each.name,
                "made": moment(each.made),
                "role": _what(each.role, names),
                "by_rule": each.by_rule,
                "ways": _ways(each, visit.config.hub.sign_in),
                "seen": next((moment(s.seen) for s in sessions if s.account == each.name), None),
            }
            for each in accounts
        ],
        "others": [each.name for each in accounts if each.name != session().account and not each.by_rule],
        "roles": [("admin", "Admin"), ("editor", "Editor of the whole network")],
        "of_members": [(str(Role("member", each.slug)), f"Editor of {each.name}") for each in members],
        "invitations": [
            {
                "name": each.name,
                "role": _what(each.role, names),
                "giver": each.giver,
                "until": moment(each.until),
            }
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


def _what(role: Role, members: Mapping[str, str]) -> str:
    """A role in a table."""
    _, _, what = roles.a_role(role, members.get(role.member, "")).partition(" ")
    return what


def _ways(account: Account, settings: SignIn | None) -> str:
    """By what an account is used, in words."""
    called = {settings.issuer: settings.name} if settings else {}
    found = ["password"] if account.password else []
    return ", ".join([*found, *(called.get(each, each) for each in account.issuers)]) or "–"
