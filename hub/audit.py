"""What was done, kept with who did it: by a button of the admin pages or by a command, in the same words.

What lives in the database alone is done with its record, or neither is. Of what is done elsewhere, such
as to feeds.yaml, the record comes after it.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from hub import roles
from hub.errors import HubError, StoreError
from hub.model import AuditRecord, Did, Role
from hub.said import as_written
from hub.store import Store, existing_store, is_begun

_LONGEST_NAME = 64


Decision = Callable[[Store], Did]
"""What somebody decided, to be done to what is stored: it raises HubError where that cannot be done.

Nobody else writes meanwhile, so what takes a while is done before it is made.
"""


class NotRecordedError(HubError):
    """What was done is done, but Audit has no record of it, and nothing takes it back."""


def carry_out(
    database: str, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
) -> tuple[Did, int]:
    """Do what was decided, and keep it; what was done, and the number of its record.

    Both are one transaction. Raises HubError, and then nothing was done.
    """
    with closing(existing_store(database)) as store, store.all_or_nothing():
        did = decision(store)
        return did, store.record(_as_kept(action, did, who, now), undoes=undoes)


def record(store: Store, action: str, did: Did, *, who: str, now: datetime, undoes: int | None = None) -> int:
    """Keep what was done; the number of its record. Raises NotRecordedError."""
    try:
        return store.record(_as_kept(action, did, who, now), undoes=undoes)
    except StoreError as error:
        raise _not_recorded(error) from error


def _as_kept(action: str, did: Did, who: str, now: datetime) -> AuditRecord:
    return AuditRecord(
        moment=now,
        who=who,
        action=action,
        about=did.about,
        said=did.said,
        change=did.change,
        undo=did.undo,
    )


def record_command(database: str, action: str, did: Did, *, who: str, now: datetime) -> None:
    """Keep what a command did, unless there is no database: none is made for it. Raises NotRecordedError."""
    try:
        if not is_begun(database):
            return
        with closing(existing_store(database)) as store:
            record(store, action, did, who=who, now=now)
    except NotRecordedError:
        raise
    except HubError as error:
        raise _not_recorded(error) from error


def invited(name: str, role: Role | None) -> Did:
    """That somebody was given a link to choose a password at: of a new account with a role, or another."""
    if role is None:
        return Did(about=name, said=f"{name} was given a link to choose another password.")
    will_be = f"They will be {roles.a_role(role)}."
    return Did(about=name, said=f"{name} was given a link to choose a password. {will_be}")


def given_role(name: str, role: Role, before: Role) -> Did:
    """That somebody's account has another role."""
    said = f"{name} is {roles.a_role(role)} now, and was {roles.a_role(before)}."
    undo = {"action": "role", "name": name, "role": str(before), "left": str(role)}
    return Did(about=name, said=said, undo=undo)


def expelled(name: str) -> Did:
    """That somebody's account was removed, or a link taken back that made it."""
    return Did(about=name, said=f"{name} can sign in no more.")


def giver(command: str) -> str:
    """Who gives a command, as the machine knows them, and with sudo who did; no account has such a name."""
    user = os.getuid()
    try:
        name = as_written(pwd.getpwuid(user).pw_name, most=_LONGEST_NAME)
    except KeyError:
        name = f"user {user}"
    who = as_written(os.environ.get("SUDO_USER", ""), most=_LONGEST_NAME)
    return f"{who} as {name}, by {command}" if who not in ("", name) else f"{name}, by {command}"


def _not_recorded(error: HubError) -> NotRecordedError:
    return NotRecordedError(f"It has no Undo, and Audit does not have it: {error.problem}", error.remedy)
