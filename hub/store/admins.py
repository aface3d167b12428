"""Admins' accounts, their sessions, and the records of what they did."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from string import ascii_lowercase, ascii_uppercase

import msgspec

from hub.errors import AlreadySo, StoreError
from hub.model import (
    ADMIN,
    ASKED_FOR,
    DEPARTURE_LASTS,
    SESSION_LASTS,
    Account,
    Admission,
    Admitted,
    AuditRecord,
    Departure,
    FeedKey,
    Invitation,
    Role,
    Session,
    Subject,
)
from hub.store import Page, rows
from hub.store.connection import Connection
from hub.store.cursors import read_cursor, write_cursor
from hub.store.rows import Row

# A session that nobody used for so long has ended.
_IDLE = timedelta(hours=12)
# Nothing is written for a page that is asked for sooner after another.
_SEEN_AGAIN = timedelta(minutes=5)
# In words that are looked for, as both databases have small letters of what is kept.
_AS_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
# Browsers that are at the organisation's own sign-in: more than the web view lets go there in the time.
_MOST_AWAY = 1_000
_ACCOUNTS = (
    "SELECT name, password, made, role,"
    " (SELECT json_group_array(issuer) FROM subjects WHERE account = accounts.name) AS issuers,"
    " (SELECT COALESCE(MAX(by_rule), 0) FROM subjects WHERE account = accounts.name) AS by_rule FROM accounts"
)
_SESSIONS = "SELECT sessions.*, role FROM sessions JOIN accounts ON name = account"


class Admins(Connection):
    """The part of the store that keeps admins."""

    def ask(self, feed: FeedKey, now: datetime) -> bool:
        with self._writing():
            return bool(
                self._rows_changed(
                    "UPDATE feeds SET next_poll = ?, next_poll_why = ?"
                    " WHERE member = ? AND name = ? AND configured = 1 AND paused = 0",
                    (rows.stamp(now), ASKED_FOR, feed.member, feed.name),
                )
            )

    # ------------------------------------------------------------ accounts

    def accounts(self) -> tuple[Account, ...]:
        with self._reading():
            return tuple(map(_account, self._rows(f"{_ACCOUNTS} ORDER BY name")))

    def account(self, name: str) -> Account | None:
        with self._reading():
            found = self._rows(f"{_ACCOUNTS} WHERE name = ?", (name,))
        return _account(found[0]) if found else None

    def invite(self, invitation: Invitation, token: str) -> None:
        with self._writing():
            self._execute(
                "INSERT INTO invitations (name, digest, until, giver, role) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, until = excluded.until,"
                " giver = excluded.giver, role = excluded.role",
                (
                    invitation.name,
                    token_digest(token),
                    rows.stamp(invitation.until),
                    invitation.giver,
                    str(invitation.role),
                ),
            )

    def invitations(self, now: datetime) -> tuple[Invitation, ...]:
        with self._reading():
            found = self._rows(
                "SELECT * FROM invitations WHERE until > ? AND name <> '' ORDER BY name", (rows.stamp(now),)
            )
        return tuple(map(_invitation, found))

    def invited(self, token: str, now: datetime) -> Invitation | None:
        with self._reading():
            return self._invited(token_digest(token), now)

    def _invited(self, digest: str, now: datetime) -> Invitation | None:
        # The first admin's link is of use as long as there is nobody.
        found = self._rows(
            "SELECT * FROM invitations WHERE digest = ? AND until > ?"
            " AND (name <> '' OR NOT EXISTS (SELECT 1 FROM accounts))",
            (digest, rows.stamp(now)),
        )
        return _invitation(found[0]) if found else None

    def enrol(self, token: str, name: str, password: str, now: datetime) -> bool:
        digest = token_digest(token)
        with self._writing():
            invitation = self._invited(digest, now)
            if invitation is None or invitation.name not in ("", name):
                return False
            self._enrol(digest, name, password, invitation.role, now)
        return True

    def _enrol(self, digest: str, name: str, password: str, role: Role, now: datetime) -> None:
        """Make an account; one that is there keeps its role, by hand from when it has a password."""
        self._execute("DELETE FROM invitations WHERE digest = ?", (digest,))
        self._execute(
            "INSERT INTO accounts (name, password, made, role) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET"
            " password = COALESCE(NULLIF(excluded.password, ''), accounts.password)",
            (name, password, rows.stamp(now), str(role)),
        )
        if password:
            self._execute("UPDATE subjects SET by_rule = 0 WHERE account = ?", (name,))
        self._execute("DELETE FROM sessions WHERE account = ?", (name,))

    def give_role(self, name: str, role: Role, *, seen: Role | None = None) -> Role:
        with self._writing():
            account = self.account(name)
            if account is None:
                raise StoreError(
                    f"There is no account {name}.", "`hub user list` names those that there are."
                )
            if seen not in (None, account.role):
                raise StoreError(f"{name} has another role by now, so nothing was done.")
            if account.role == role:
                raise AlreadySo(f"{name} has this role already.")
            if account.by_rule:
                raise StoreError(
                    f"What {name} may do feeds.yaml says (hub.sign_in), whenever they sign in.",
                    "Change it there. Or remove the account, and add it again.",
                )
            if role != ADMIN:
                self._leave_an_admin(name)
            self._have_role(name, role)
        return account.role

    def _have_role(self, name: str, role: Role) -> None:
        if role != ADMIN:
            # Else they could have seen to a way back.
            self._execute("DELETE FROM invitations WHERE giver = ?", (name,))
        self._execute("UPDATE accounts SET role = ? WHERE name = ?", (str(role), name))

    def _leave_an_admin(self, name: str) -> None:
        """Refuse what would leave no admin but this one, who is to be none."""
        admins = [each for (each,) in self._tuples("SELECT name FROM accounts WHERE role = 'admin'")]
        if admins == [name]:
            raise StoreError(
                f"{name} is the only admin, so nothing was done.",
                "Make somebody else one first: `hub user role NAME admin`, or `hub user add NAME`.",
            )

    def expel(self, name: str, now: datetime, *, last: bool = False) -> bool:
        with self._writing():
            if not last:
                self._leave_an_admin(name)
            return self._expel(name, now)

    def _expel(self, name: str, now: datetime) -> bool:
        gone = self._rows_changed("DELETE FROM invitations WHERE name = ?", (name,))
        # Else who is removed could have seen to a way back.
        self._execute("DELETE FROM invitations WHERE giver = ?", (name,))
        gone += self._rows_changed("DELETE FROM accounts WHERE name = ?", (name,))
        if gone:
            self._remember_expelled(name, now)
        return bool(gone)

    def _remember_expelled(self, name: str, now: datetime) -> None:
        self._execute(
            "INSERT INTO expelled (name, moment) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET moment = excluded.moment",
            (name, rows.stamp(now)),
        )

    def hold_to(self, before: Admitted, now: datetime) -> tuple[str, ...]:
        with self._writing():
            held = []
            for name, removed in sorted(before.removed.items()):
                account = self.account(name)
                # One that was made since is another's, perhaps.
                if account is not None and account.made <= removed and self._expel(name, now):
                    held.append(name)
                self._remember_expelled(name, removed)
            for each in self.accounts():
                role = each.role.within(before.roles.get(each.name, each.role))
                if role != each.role:
                    self._have_role(each.name, role)
                    held.append(each.name)
        return tuple(held)

    def take_back(self, name: str) -> bool:
        with self._writing():
            return bool(self._rows_changed("DELETE FROM invitations WHERE name = ?", (name,)))

    def end_sessions(self) -> None:
        with self._writing():
            self._execute("DELETE FROM sessions")
            self._execute("DELETE FROM invitations")
            self._execute("DELETE FROM departures")

    # ------------------------------------------------------------ by the organisation's own sign-in

    def depart(self, token: str, *, after: str, invitation: str, now: datetime) -> None:
        with self._writing():
            self._execute(
                "DELETE FROM departures WHERE begun <= ? OR begun < (SELECT MIN(begun) FROM"
                " (SELECT begun FROM departures ORDER BY begun DESC LIMIT ?) AS latest)",
                (rows.stamp(now - DEPARTURE_LASTS), _MOST_AWAY),
            )
            self._execute(
                "INSERT INTO departures (digest, begun, after, invitation) VALUES (?, ?, ?, ?)",
                (token_digest(token), rows.stamp(now), after, token_digest(invitation) if invitation else ""),
            )

    def come_back(self, token: str, now: datetime) -> Departure | None:
        with self._writing():
            found = self._rows(
                "SELECT * FROM departures WHERE digest = ? AND begun > ?",
                (token_digest(token), rows.stamp(now - DEPARTURE_LASTS)),
            )
            self._execute("DELETE FROM departures WHERE digest = ?", (token_digest(token),))
        return Departure(after=found[0]["after"], invitation=found[0]["invitation"]) if found else None

    def let_in(self, subject: Subject, name: str, *, invitation: str, now: datetime) -> Admission:
        with self._writing():
            if invitation:
                invited = self._invited(invitation, now)
                if invited is None:
                    return Admission(refusal="link")
                name = invited.name or name
                if not name:
                    return Admission(refusal="nameless")
                self._enrol(invitation, name, "", invited.role, now)
                return self._make_theirs(subject, name, now)
            found = self._rows(
                "SELECT * FROM subjects WHERE issuer = ? AND sub = ?", (subject.issuer, subject.sub)
            )
            known = found[0] if found else None
            if known is not None and known["account"] is not None:
                if known["by_rule"]:
                    if subject.role is None:
                        return Admission(refusal="ruled-out")
                    self._have_role(known["account"], subject.role)
                return Admission(account=known["account"])
            if subject.name and (theirs := self._by_name(subject, now)):
                return theirs
            if subject.role is None:
                return Admission(refusal="removed" if known is not None else "nobody")
            if not name:
                return Admission(refusal="nameless")
            if known is not None:
                return Admission(refusal="removed")
            # It is called so where nobody has verified that.
            if self._value("SELECT 1 FROM accounts WHERE name = ?", (name,)):
                return Admission(refusal="others")
            if self._value("SELECT 1 FROM expelled WHERE name = ?", (name,)):
                return Admission(refusal="removed")
            self._enrol("", name, "", subject.role, now)
            return self._make_theirs(subject, name, now, by_rule=True)

    def _by_name(self, subject: Subject, now: datetime) -> Admission | None:
        """As the account of the name that is verified; None where there is none, nor is it invited."""
        if self._value("SELECT 1 FROM accounts WHERE name = ?", (subject.name,)):
            whose = self._value(
                "SELECT sub FROM subjects WHERE account = ? AND issuer = ?", (subject.name, subject.issuer)
            )
            if whose is not None:
                return Admission(refusal="others")
            return self._make_theirs(subject, subject.name, now)
        found = self._rows(
            "SELECT * FROM invitations WHERE name = ? AND until > ?", (subject.name, rows.stamp(now))
        )
        if not found:
            return None
        self._enrol(found[0]["digest"], subject.name, "", _invitation(found[0]).role, now)
        return self._make_theirs(subject, subject.name, now)

    def _make_theirs(self, subject: Subject, name: str, now: datetime, *, by_rule: bool = False) -> Admission:
        self._execute(
            "DELETE FROM subjects WHERE issuer = ? AND (sub = ? OR account = ?)",
            (subject.issuer, subject.sub, name),
        )
        self._execute(
            "INSERT INTO subjects (issuer, sub, account, by_rule, made) VALUES (?, ?, ?, ?, ?)",
            (subject.issuer, subject.sub, name, int(by_rule), rows.stamp(now)),
        )
        return Admission(account=name, first=True, by_rule=by_rule)

    # ------------------------------------------------------------ sessions

    def sign_in(self, name: str, token: str, *, agent: str, now: datetime) -> bool:
        with self._writing():
            self._execute(
                "DELETE FROM sessions WHERE seen <= ? OR begun <= ?",
                (rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
            )
            return bool(
                self._rows_changed(
                    "INSERT INTO sessions (account, digest, begun, seen, agent)"
                    " SELECT name, ?, ?, ?, ? FROM accounts WHERE name = ?",
                    (token_digest(token), rows.stamp(now), rows.stamp(now), agent, name),
                )
            )

    def session(self, token: str, now: datetime) -> Session | None:
        with self._reading():
            found = self._rows(
                f"{_SESSIONS} WHERE digest = ? AND seen > ? AND begun > ?",
                (token_digest(token), rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
            )
        if not found:
            return None
        session = _session(found[0])
        if now - session.seen > _SEEN_AGAIN:
            # While somebody else holds the database, an admin is shown pages all the same.
            with suppress(StoreError), self._writing_within(0):
                self._execute("UPDATE sessions SET seen = ? WHERE id = ?", (rows.stamp(now), session.number))
        return session

    def knows_session(self, token: str) -> bool:
        with self._reading():
            return self._value("SELECT 1 FROM sessions WHERE digest = ?", (token_digest(token),)) is not None

    def sessions(self, now: datetime) -> tuple[Session, ...]:
        with self._reading():
            found = self._rows(
                f"{_SESSIONS} WHERE seen > ? AND begun > ? ORDER BY seen DESC, id DESC",
                (rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
            )
        return tuple(map(_session, found))

    def sign_out(self, session: int) -> bool:
        with self._writing():
            return bool(self._rows_changed("DELETE FROM sessions WHERE id = ?", (session,)))

    # ------------------------------------------------------------ what was done

    def record(self, record: AuditRecord, *, undoes: int | None = None) -> int:
        with self._writing():
            number = self._insert(
                "INSERT INTO audit (moment, who, action, about, said, change, undo)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    rows.stamp(record.moment),
                    record.who,
                    record.action,
                    record.about,
                    record.said,
                    record.change,
                    msgspec.json.encode(record.undo).decode(),
                ),
            )
            if undoes is not None:
                self._execute("UPDATE audit SET undone = ? WHERE id = ?", (number, undoes))
        return number

    def audit_record(self, number: int) -> AuditRecord | None:
        with self._reading():
            found = self._rows("SELECT * FROM audit WHERE id = ?", (number,))
        return _record(found[0]) if found else None

    def audit(self, words: str = "", *, limit: int, cursor: str | None = None) -> Page[AuditRecord]:
        (before,) = read_cursor(cursor, "a", (int,)) if cursor else (2**63 - 1,)
        with self._reading():
            found = self._rows(
                "SELECT * FROM audit WHERE id < :before"
                " AND instr(lower(who || ' ' || action || ' ' || about || ' ' || said), :words) > 0"
                " ORDER BY id DESC LIMIT :limit",
                {"before": before, "words": words.translate(_AS_LOWER), "limit": limit + 1},
            )
        items = tuple(map(_record, found[:limit]))
        return Page(items=items, next=write_cursor("a", items[-1].number) if len(found) > limit else None)


def token_digest(token: str) -> str:
    """What is kept of a token, by which nobody signs in."""
    return hashlib.sha256(token.encode()).hexdigest()


def _account(row: Row) -> Account:
    return Account(
        name=row["name"],
        password=row["password"],
        made=rows.moment(row["made"]),
        issuers=tuple(msgspec.json.decode(row["issuers"], type=list[str])),
        role=Role.read(row["role"]),
        by_rule=bool(row["by_rule"]),
    )


def _invitation(row: Row) -> Invitation:
    return Invitation(
        name=row["name"],
        giver=row["giver"],
        until=rows.moment(row["until"]),
        role=Role.read(row["role"]),
    )


def _session(row: Row) -> Session:
    return Session(
        number=row["id"],
        account=row["account"],
        begun=rows.moment(row["begun"]),
        seen=rows.moment(row["seen"]),
        agent=row["agent"],
        role=Role.read(row["role"]),
    )


def _record(row: Row) -> AuditRecord:
    return AuditRecord(
        number=row["id"],
        moment=rows.moment(row["moment"]),
        who=row["who"],
        action=row["action"],
        about=row["about"],
        said=row["said"],
        change=row["change"],
        undo=msgspec.json.decode(row["undo"]),
        undone=row["undone"],
    )
