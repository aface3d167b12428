"""`hub user …`: who may use the admin pages. Passwords are chosen there, at links that work once.

There one may also sign in with the organisation's own sign-in, and needs none.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe

from msgspec.structs import replace

from hub.audit import Decision, expelled, given_role, invited
from hub.config import Config, load
from hub.errors import StoreError
from hub.model import ADMIN, LINK_LASTS, Account, Did, HubSettings, Invitation, Role, account_name_problem
from hub.roles import NO_ADMIN
from hub.said import minute
from hub.store import Store, existing_store


def add(config: Path, name: str, role: Role, *, now: datetime) -> tuple[str, Decision]:
    """To invite somebody, of whose name there is none yet; and what to send them then.

    Raises HubError, also where there is no member for the role.
    """
    network = load(config)
    _check(network, config, role)
    if problem := account_name_problem(name):
        raise StoreError(problem, "Choose another.")
    token = token_urlsafe(32)

    def invite(store: Store) -> Did:
        if store.account(name):
            raise StoreError(
                f"There is an account {name} already.", f"For another password: hub user reset {name}"
            )
        store.invite(_invitation(name, role, now), token)
        return invited(name, role)

    return _told(network.hub, token, name, "a password", now), invite


def reset(config: Path, name: str, *, now: datetime) -> tuple[str, Decision]:
    """To let somebody choose another password; and what to send them. Raises HubError."""
    token = token_urlsafe(32)

    def invite(store: Store) -> Did:
        account = store.account(name)
        if not account:
            raise _nobody(name)
        store.invite(_invitation(name, account.role, now), token)
        return invited(name, None)

    return _told(load(config).hub, token, name, "another password", now), invite


def give_role(config: Path, name: str, role: Role) -> Decision:
    """To give an account another role. Raises HubError."""
    if role.member:
        _check(load(config), config, role)

    def give(store: Store) -> Did:
        return given_role(name, role, store.give_role(name, role))

    return give


def remove(name: str, *, now: datetime) -> Decision:
    """To remove an account, or take its link back."""

    def expel(store: Store) -> Did:
        if not store.expel(name, now, last=True):
            raise _nobody(name)
        did = expelled(name)
        left = store.accounts()
        if left and not any(each.role == ADMIN for each in left):
            return replace(did, said=f"{did.said}\n{NO_ADMIN}")
        return did

    return expel


def listed(database: str, *, now: datetime) -> str:
    """The accounts, a line each. Raises HubError."""
    with closing(existing_store(database)) as store:
        seen = {each.account: each.seen for each in reversed(store.sessions(now))}
        lines = [
            f"{each.name}: {each.role}, since {minute(each.made)}, signs in with {_ways(each)}, "
            + (f"last seen {minute(seen[each.name])}" if each.name in seen else "not signed in")
            for each in store.accounts()
        ]
        lines += [
            f"{each.name}: {each.role}, has a link to choose a password, until {minute(each.until)}"
            for each in store.invitations(now)
        ]
    return "\n".join(lines or ["There is no account yet. `hub user add NAME` makes one."])


def invitation(store: Store, name: str, role: Role = ADMIN, *, now: datetime) -> str:
    """The path of a link at which a password is chosen: of that account, of the first one for no name."""
    token = token_urlsafe(32)
    store.invite(_invitation(name, role, now), token)
    return _path(token)


def _invitation(name: str, role: Role, now: datetime) -> Invitation:
    return Invitation(name=name, giver="", until=now + LINK_LASTS, role=role)


def _path(token: str) -> str:
    return f"/admin/welcome/{token}"


def _check(network: Config, config: Path, role: Role) -> None:
    """Refuse the role of a member that there is none of."""
    if role.member and all(each.slug != role.member for each in network.members):
        raise StoreError(
            f"There is no member {role.member} in {config}.", "Write the slug that it has there: member:SLUG"
        )


def _ways(account: Account) -> str:
    """By what an account is used."""
    found = [*(["a password"] if account.password else []), *account.issuers]
    return " or ".join(found) or "nothing yet"


def _told(hub: HubSettings, token: str, name: str, chosen: str, now: datetime) -> str:
    path, address = _path(token), hub.url
    what = f"{name} chooses {chosen}"
    if hub.sign_in is not None:
        what = f"{what}, or signs in with {hub.sign_in.name}"
        if not hub.sign_in.passwords:
            what = f"{name} signs in, with {hub.sign_in.name} or without"
    where = f"{address.rstrip('/')}{path}" if address else f"{path}, at the address where the hub is served"
    return f"At this link {what}, once, until {minute(now + LINK_LASTS)}:\n\n    {where}\n"


def _nobody(name: str) -> StoreError:
    return StoreError(f"There is no account {name}.", "`hub user list` names those that there are.")
