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
        """Have whoever holds a token set a password for an account, once.

        Of no name it is the first admin's, as long as there are none. An earlier token of the same
        name counts no more. Who was removed under the name has an account again once it is used.
        """

    def invitations(self, now: datetime) -> tuple[Invitation, ...]:
        """Those that are open, by name, the first admin's left out."""

    def take_back(self, name: str) -> bool:
        """Have the invitation of a name count no more; False where there is none."""

    def invited(self, token: str, now: datetime) -> Invitation | None:
        """What a token is good for; None where it is not good any more."""

    def enrol(self, token: str, name: str, password: str, now: datetime) -> bool:
        """Make an account, or give it another password and end its sessions, by a token.

        `password` is hashed; an empty one leaves it as it is, and by another an account that feeds.yaml made
        (`Account.by_rule`) is one by hand. False where the token is not good for that name any more.
        """

    def give_role(self, name: str, role: Role, *, seen: Role | None = None) -> Role:
        """Give an account another role, also in the sessions that it has; the one that it had.

        Of one that is no admin any more the invitations count no more that it gave. Raises AlreadySo, and
        StoreError where it has another than was `seen`, is the last admin's, or is made by feeds.yaml.
        """

    def expel(self, name: str, now: datetime, *, last: bool = False) -> bool:
        """Remove an account with its sessions, its invitation and those it gave; no rule makes it again.

        False where there was neither an account nor an invitation. Raises StoreError for the `last` admin's,
        unless that is meant.
        """

    def hold_to(self, before: Admitted, now: datetime) -> tuple[str, ...]:
        """Have nobody be more than they were `before`, nor have an account whose was removed; whom it held.

        Whoever had none then, and was not removed, keeps what they have, as does whose account was made after
        one of the same name was removed.
        """

    # ------------------------------------------------------------ by the organisation's own sign-in

    def depart(self, token: str, *, after: str, invitation: str, now: datetime) -> None:
        """Have the browser that keeps a token come back, once, from the organisation's own sign-in.

        `invitation` is the token of the one-time link that it is for, else empty. Those that are too old
        are forgotten, and of very many the oldest.
        """

    def come_back(self, token: str, now: datetime) -> Departure | None:
        """How a browser was sent that is back; None where it was not, is back already or took too long."""

    def let_in(self, subject: Subject, name: str, *, invitation: str, now: datetime) -> Admission:
        """As which account somebody may come in whom a provider knows.

        As the one that is theirs since they came first; else as the one of the invitation with this
        digest, or of the name that the provider has verified, if there is one that is nobody's else or
        is invited; or as a new one of this `name`, if a rule of feeds.yaml allows it.
        """

    # ------------------------------------------------------------ sessions

    def end_sessions(self) -> None:
        """End all sessions, and take back all invitations."""

    def sign_in(self, name: str, token: str, *, agent: str, now: datetime) -> bool:
        """Begin a session of an account, which its token stands for; False where there is no such account."""

    def session(self, token: str, now: datetime) -> Session | None:
        """The session of a token, which is used now; None where it has ended.

        It ends half a day after it was used last, and after a week.
        """

    def knows_session(self, token: str) -> bool:
        """Whether a token is a session's, which may have ended lately by itself."""

    def sessions(self, now: datetime) -> tuple[Session, ...]:
        """The sessions that have not ended, the one that was used last first."""

    def sign_out(self, session: int) -> bool:
        """End a session; False where it had ended."""

    def record(self, record: AuditRecord, *, undoes: int | None = None) -> int:
        """Keep what was done for good, as what took back the record of that number; its own number."""

    def audit_record(self, number: int) -> AuditRecord | None:
        """The record of a number, None where there is none."""

    def audit(self, words: str = "", *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        """What was done, the last first, of what has these words in it. Raises BadCursor."""
