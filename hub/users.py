"""`hub user …`: who may use the admin pages. Passwords are chosen there, at links that work once.

There one may also sign in with the organisation's own sign-in, and needs none.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from secrets import token_urlsafe

from hub.audit import expelled, invited
from hub.config import load
from hub.errors import StoreError
from hub.model import LINK_LASTS, Account, Did, Invitation, account_name_problem
from hub.said import minute
from hub.store import Store, existing_store


def add(config: Path, database: str, name: str, *, now: datetime) -> tuple[str, Did]:
    """Invite an admin; what to send them, and what was done.

    Raises HubError, also where there is one of that name.
    """
    if problem := account_name_problem(name):
        raise StoreError(problem, "Choose another.")
    with closing(existing_store(database)) as store:
        if store.account(name):
            raise StoreError(
                f"There is an account {name} already.", f"For another password: hub user reset {name}"
            )
        link = invitation(store, name, now=now)
    return _told(config, link, name, "a password", now), invited(name, another=False)


def reset(config: Path, database: str, name: str, *, now: datetime) -> tuple[str, Did]:
    """Let an admin choose another password; what to send them, and what was done. Raises HubError."""
    with closing(existing_store(database)) as store:
        if not store.account(name):
            raise _nobody(name)
        link = invitation(store, name, now=now)
    return _told(config, link, name, "another password", now), invited(name, another=True)


def remove(database: str, name: str, *, now: datetime) -> Did:
    """Remove an account, or take its link back. Raises HubError."""
    with closing(existing_store(database)) as store:
        if not store.expel(name, now):
            raise _nobody(name)
    return expelled(name)


def listed(database: str, *, now: datetime) -> str:
    """The accounts, a line each. Raises HubError."""
    with closing(existing_store(database)) as store:
        seen = {each.account: each.seen for each in reversed(store.sessions(now))}
        lines = [
            f"{each.name}: since {minute(each.made)}, signs in with {_ways(each)}, "
            + (f"last seen {minute(seen[each.name])}" if each.name in seen else "not signed in")
            for each in store.accounts()
        ]
        lines += [
            f"{each.name}: has a link to choose a password, until {minute(each.until)}"
            for each in store.invitations(now)
        ]
    return "\n".join(lines or ["There is no account yet. `hub user add NAME` makes one."])


def invitation(store: Store, name: str, *, now: datetime) -> str:
    """The path of a link at which a password is chosen: of that account, of the first one for no name."""
    token = token_urlsafe(32)
    invited = Invitation(name=name, giver="", until=now + LINK_LASTS)
    store.invite(invited, token)
    return f"/admin/welcome/{token}"


def _ways(account: Account) -> str:
    """By what an account is used."""
    found = [*(["a password"] if account.password else []), *account.issuers]
    return " or ".join(found) or "nothing yet"


def _told(config: Path, path: str, name: str, chosen: str, now: datetime) -> str:
    hub = load(config).hub
    address = hub.url
    what = f"{name} chooses {chosen}"
    if hub.sign_in is not None:
        what = f"{what}, or signs in with {hub.sign_in.name}"
        if not hub.sign_in.passwords:
            what = f"{name} signs in, with {hub.sign_in.name} or without"
    where = f"{address.rstrip('/')}{path}" if address else f"{path}, at the address where the hub is served"
    return f"At this link {what}, once, until {minute(now + LINK_LASTS)}:\n\n    {where}\n"


def _nobody(name: str) -> StoreError:
    return StoreError(f"There is no account {name}.", "`hub user list` names those that there are.")
