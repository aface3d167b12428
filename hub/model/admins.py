"""Who may change what the hub does in a browser, and what they did, there or by a command."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from hub.model.roles import Role
from hub.model.standing import Stand
from hub.model.stored import WithheldEntry

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)


def account_name_problem(name: str) -> str:
    """What is wrong with an account's name, empty where nothing is."""
    if _NAME.fullmatch(name):
        return ""
    return "A name is made of small letters, digits and . _ - @, and begins with a letter or a digit."


class Account(Struct, frozen=True, kw_only=True):
    """Somebody's account. `password` is its hash, as werkzeug makes it, empty where none was chosen.

    `issuers` are the providers by whose sign-in it is used. The role of one that was made `by_rule` is what
    feeds.yaml says (`SignIn`).
    """

    name: str
    password: str
    made: datetime
    role: Role
    issuers: tuple[str, ...] = ()
    by_rule: bool = False


class Admitted(Struct, frozen=True):
    """Who has an account in a database, with which role, and whose was removed, when last.

    Who was removed may have an account again, which was made since.
    """

    roles: Mapping[str, Role]
    removed: Mapping[str, datetime]


LINK_LASTS = timedelta(days=1)
"""How long a link works at which a password is chosen."""


class Invitation(Struct, frozen=True, kw_only=True):
    """That an account may be given a password at a link, until when.

    `name` is the account's, empty for the first admin's. One that is not there yet is made with this
    `role`; one that is keeps its own. `giver` is the account that gave the link, empty where a command did.
    """

    name: str
    giver: str
    until: datetime
    role: Role


class Subject(Struct, frozen=True, kw_only=True):
    """Somebody, as an OpenID provider knows them.

    `sub` is one and the same person's at its `issuer`, for ever. `name` is their e-mail address in small
    letters if the provider has verified it, else empty. `called` is what they are called there, which
    says nothing of who they are.
    `rule` is which of `SignIn.allow` and `SignIn.editors` they fit, empty for none, and `role` what they are
    by it, None for none.
    """

    issuer: str
    sub: str
    name: str = ""
    called: str = ""
    rule: str = ""
    role: Role | None = None


DEPARTURE_LASTS = timedelta(minutes=10)
"""How long one may take at the organisation's own sign-in."""


class Departure(Struct, frozen=True, kw_only=True):
    """That a browser was sent to the organisation's own sign-in, and comes back from there.

    `after` is the page that was wanted, `invitation` the digest of the one-time link that it is for.
    """

    after: str = ""
    invitation: str = ""


Refusal = Literal["", "nobody", "removed", "others", "ruled-out", "nameless", "link"]


class Admission(Struct, frozen=True, kw_only=True):
    """As which account somebody is let in whom a provider knows, and whether that is theirs from now on.

    `by_rule` says whether that is since feeds.yaml allows them.

    Else why not: there is no account for them (nobody), theirs was removed, the one of their name is
    somebody else's, feeds.yaml allows them no more (ruled-out), they have no name for an account, or the
    link is of no use any more.
    """

    account: str = ""
    first: bool = False
    by_rule: bool = False
    refusal: Refusal = ""


SESSION_LASTS = timedelta(days=7)
"""How long one is signed in at the most, without signing in again."""


class Session(Struct, frozen=True, kw_only=True):
    """That somebody is signed in, in one browser.

    `number` is the store's. `account` is a name, and `role` what that account is now; `agent` is the
    browser's User-Agent; `seen` is when it last asked for a page, to some minutes.
    """

    number: int
    account: str
    begun: datetime
    seen: datetime
    agent: str
    role: Role


class AuditRecord(Struct, frozen=True, kw_only=True):
    """What was done by whom: `said` tells it in sentences, as its admin was told.

    `number` is the store's, 0 before it is kept. `who` is an account, or who
    gave which command. `action` is one word for programs, and `about` what it
    was done to: a link, a feed's key, a name.
    `change` is how feeds.yaml changed, as a unified diff. `undo` are the
    fields of the form that takes it back, with its own `action` among them,
    empty where nothing can; `undone` is the number of the record of that.
    """

    number: int = 0
    moment: datetime
    who: str
    action: str
    about: str
    said: str
    change: str = ""
    undo: Mapping[str, str] = {}
    undone: int | None = None


Fields = Mapping[str, str]
"""The fields of a form, by their names."""


class Did(Struct, frozen=True, kw_only=True):
    """What was done, as the record of it has it (`AuditRecord`), by whomever."""

    about: str
    said: str
    change: str = ""
    undo: Fields = {}


# ---------------------------------------------------------------- how entries stood, in such fields


class _Alike(Struct, frozen=True, array_like=True):
    """That entries, by key, stood alike."""

    stand: Stand
    keys: tuple[int, ...]


def stands_as_field(stands: Mapping[int, Stand]) -> str:
    alike: dict[Stand, list[int]] = defaultdict(list)
    for key, stand in stands.items():
        alike[stand].append(key)
    return msgspec.json.encode([_Alike(stand, tuple(keys)) for stand, keys in alike.items()]).decode()


def stands_of_field(text: str) -> dict[int, Stand]:
    return {key: each.stand for each in msgspec.json.decode(text, type=list[_Alike]) for key in each.keys}


def waiting_again(entries: Iterable[WithheldEntry]) -> Fields:
    """The fields of the form that has entries wait again as they do, for when they have been dropped."""
    return {"action": "wait", "entries": stands_as_field({each.stored.key: each.stand for each in entries})}
