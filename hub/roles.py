"""What each role may do on the admin pages, in one table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from hub.errors import NotAllowed
from hub.model import Role, RoleName

Right = Literal["look", "check", "withdraw", "decide", "topics", "audit", "configure", "accounts", "whatever"]
"""Something that may be done; `whatever` is all for which there is no other."""

RIGHTS: Mapping[RoleName, frozenset[Right]] = {
    "admin": frozenset(get_args(Right)),
    "editor": frozenset(("look", "check", "withdraw", "decide", "topics", "audit")),
    "member": frozenset(("look", "check", "withdraw")),
}
"""What each role may do, one of a member to what is that member's alone."""

# What takes a withdrawal back is no button: `hub.web.admin.actions` finds it in records alone.
_OF_ACTIONS: Mapping[str, Right] = {
    "withdraw": "withdraw",
    "restore": "withdraw",
    **dict.fromkeys(
        (
            *("release", "withdraw-again", "wait", "pin", "unpin", "pin-again", "unpin-again"),
            *("merge", "split", "not-a-copy", "lead", "put-back", "tag", "untag", "leave"),
        ),
        "decide",
    ),
    **dict.fromkeys(("remove", "pause", "resume", "restore-file"), "configure"),
    "role": "accounts",
}

NO_ADMIN = "Nobody is an admin any more: `hub user role NAME admin`, or `hub user add NAME`."

_DO: Mapping[Right, str] = {
    "look": "see this",
    "check": "have feeds checked",
    "withdraw": "withdraw news",
    "decide": "decide on news",
    "topics": "see the rules of topics",
    "audit": "see what was done by whom",
    "configure": "change feeds.yaml",
    "accounts": "look after accounts",
    "whatever": "do this",
}
_MANY: Mapping[RoleName, str] = {
    "admin": "admins",
    "editor": "editors",
    "member": "editors of a member",
}


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in RIGHTS[role.name]


def right_for(action: str) -> Right:
    """The right that an action takes, by its name in forms and records."""
    return _OF_ACTIONS.get(action, "whatever")


def refusal(role: Role, right: Right) -> NotAllowed:
    """That a role may not do something, and who may."""
    who = " and ".join(_MANY[each] for each in reversed(get_args(RoleName)) if right in RIGHTS[each])
    return NotAllowed(
        f"{_MANY[role.name].capitalize()} may not {_DO[right]}; {who} may.", f"You are {a_role(role)} here."
    )


def refusal_of_another(role: Role) -> NotAllowed:
    """That what somebody wants is another member's than theirs."""
    return NotAllowed(
        f"This is not of {role.member}; editors of the whole network and admins may see and change it.",
        f"You are {a_role(role)} here.",
    )


def a_role(role: Role, member: str = "") -> str:
    """A role in words; `member` is what its member is called, else its slug is said."""
    if role.member:
        return f"an editor of {member or role.member}"
    return "an admin" if role.name == "admin" else "an editor"


def whoever(role: RoleName | None, member: str) -> str:
    """Who decided on news of a member, as that is called, in words; an admin where no role was kept."""
    return f"an editor of {member}" if role == "member" else a_role(Role(role or "admin"))
