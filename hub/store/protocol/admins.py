"""Who may sign in, who is signed in, and what was done by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from hub.model import Account, Admission, Admitted, AuditRecord, Departure, Invitation, Role, Session, Subject
from hub.store.found import Page


class AdminStore(Protocol):
    """Who may sign in, who is signed in, and what was done by whom."""

    def accounts(self) -> tuple[Account, ...]:
        """The accounts, by name."""

    def account(self, name: str) -> Account | None:
        """The account of a name, None where there is none."""

    def invite(self, invitation: Invitation, token: str) -> None:
        """Let whoever holds a token set a password for an account, once.

        An invitation without a name is that of the first admin, and is good as long as there
        is no account. Earlier tokens for the same name are no longer good. Once the token is
        used, somebody who was removed under that name has an account again.
        """

    def invitations(self, now: datetime) -> tuple[Invitation, ...]:
        """The open invitations, by name, without the first admin's."""

    def take_back(self, name: str) -> bool:
        """Take back the invitation of a name; False where there is none."""

    def invited(self, token: str, now: datetime) -> Invitation | None:
        """The invitation that a token is for; None where the token is not good any more."""

    def enrol(self, token: str, name: str, password: str, now: datetime) -> bool:
        """By a token, make an account, or give an account another password and end its sessions.

        `password` is hashed; an empty one leaves the account's as it is. An account that a rule
        of feeds.yaml made (`Account.by_rule`) becomes one made by hand. Returns False where the
        token is not good for that name any more.
        """

    def give_role(self, name: str, role: Role, *, seen: Role | None = None) -> Role:
        """Give an account another role, which holds in its open sessions, too; the role that it had.

        Where it is no admin any more, the invitations that it gave are taken back. Raises
        AlreadySo, and StoreError where its role is another than was `seen`, where it is the last
        admin's, or where a rule of feeds.yaml made it.
        """

    def expel(self, name: str, now: datetime, *, last: bool = False) -> bool:
        """Remove an account with its sessions, its own invitation and those it gave. No rule makes it again.

        Returns False where there was neither an account nor an invitation. Raises StoreError for
        the `last` admin's account, unless that is meant.
        """

    def hold_to(self, before: Admitted, now: datetime) -> tuple[str, ...]:
        """Once a backup was put back, have nobody be more than `before`; the names of those who were.

        An account that had been removed goes. Accounts of names that were not known before stay,
        and so do those that were made after one of the same name had been removed.
        """

    # ------------------------------------------------------------ by the organisation's own sign-in

    def depart(self, token: str, *, after: str, invitation: str, now: datetime) -> None:
        """Have the browser that keeps a token be expected back, once, from the organisation's own sign-in.

        `invitation` is the token of the one-time link that the browser came by, else empty.
        Departures that are too old are forgotten, and the oldest of very many.
        """

    def come_back(self, token: str, now: datetime) -> Departure | None:
        """How a browser was sent to the sign-in; None where it was not, is back already, or took too long."""

    def let_in(self, subject: Subject, name: str, *, invitation: str, now: datetime) -> Admission:
        """The account as which somebody may come in whom an OpenID provider knows.

        That is the account that was theirs before; else the account of the invitation with
        this digest, or the one of the name that the provider has verified, if it is nobody
        else's or is invited; else a new one of this `name`, if a rule of feeds.yaml allows it.
        """

    # ------------------------------------------------------------ sessions

    def end_sessions(self) -> None:
        """End all sessions, and take back all invitations."""

    def sign_in(self, name: str, token: str, *, agent: str, now: datetime) -> bool:
        """Begin a session of an account, for which the token stands; False where there is no such account."""

    def session(self, token: str, now: datetime) -> Session | None:
        """The session of a token, which counts as used now; None where it has ended.

        A session ends half a day after it was last used, and a week after it began.
        """

    def knows_session(self, token: str) -> bool:
        """Whether a token is that of a session, which may have ended lately by itself."""

    def sessions(self, now: datetime) -> tuple[Session, ...]:
        """The open sessions, the last used first."""

    def sign_out(self, session: int) -> bool:
        """End a session; False where it had ended."""

    def record(self, record: AuditRecord, *, undoes: int | None = None) -> int:
        """Keep for good what was done; its number. `undoes` is that of the record which it takes back."""

    def audit_record(self, number: int) -> AuditRecord | None:
        """The record of a number, None where there is none."""

    def audit(self, words: str = "", *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        """What was done, the last first: the records that have all of these words. Raises BadCursor."""
