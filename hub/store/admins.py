"""Admins' accounts, their sessions, and the records of what they did."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from hub.errors import StoreError
from hub.model import ASKED_FOR, SESSION_LASTS, Account, AuditRecord, FeedKey, Invitation, Session
from hub.store import Page, rows
from hub.store.connection import Connection
from hub.store.cursors import read_cursor, write_cursor
from hub.store.rows import Row

# A session that nobody used for so long has ended.
_IDLE = timedelta(hours=12)
# Nothing is written for a page that is asked for sooner after another.
_SEEN_AGAIN = timedelta(minutes=5)


class Admins(Connection):
    """The part of the store that keeps admins."""

    def ask(self, feed: FeedKey, now: datetime) -> bool:
        with self._writing():
            return bool(
                self._execute(
                    "UPDATE feeds SET next_poll = ?, next_poll_why = ?"
                    " WHERE member = ? AND name = ? AND configured = 1 AND paused = 0",
                    (rows.stamp(now), ASKED_FOR, feed.member, feed.name),
                ).rowcount
            )

    # ------------------------------------------------------------ accounts

    def accounts(self) -> tuple[Account, ...]:
        with self._reading():
            return tuple(map(_account, self._rows("SELECT * FROM accounts ORDER BY name")))

    def account(self, name: str) -> Account | None:
        with self._reading():
            found = self._rows("SELECT * FROM accounts WHERE name = ?", (name,))
        return _account(found[0]) if found else None

    def invite(self, invitation: Invitation, token: str) -> None:
        with self._writing():
            self._execute(
                "INSERT INTO invitations (name, digest, until, giver) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET"
                " digest = excluded.digest, until = excluded.until, giver = excluded.giver",
                (invitation.name, _digest(token), rows.stamp(invitation.until), invitation.giver),
            )

    def invitations(self, now: datetime) -> tuple[Invitation, ...]:
        with self._reading():
            found = self._rows(
                "SELECT * FROM invitations WHERE until > ? AND name <> '' ORDER BY name", (rows.stamp(now),)
            )
        return tuple(
            Invitation(name=row["name"], giver=row["giver"], until=rows.moment(row["until"])) for row in found
        )

    def invited(self, token: str, now: datetime) -> str | None:
        with self._reading():
            return self._invited(token, now)

    def _invited(self, token: str, now: datetime) -> str | None:
        # The first admin's link is of use as long as there is nobody.
        name: str | None = self._value(
            "SELECT name FROM invitations WHERE digest = ? AND until > ?"
            " AND (name <> '' OR NOT EXISTS (SELECT 1 FROM accounts))",
            (_digest(token), rows.stamp(now)),
        )
        return name

    def enrol(self, token: str, name: str, password: str, now: datetime) -> bool:
        with self._writing():
            if self._invited(token, now) not in ("", name):
                return False
            self._execute("DELETE FROM invitations WHERE digest = ?", (_digest(token),))
            self._execute(
                "INSERT INTO accounts (name, password, made) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET password = excluded.password",
                (name, password, rows.stamp(now)),
            )
            self._execute("DELETE FROM sessions WHERE account = ?", (name,))
        return True

    def expel(self, name: str) -> bool:
        with self._writing():
            invited = self._execute("DELETE FROM invitations WHERE name = ?", (name,)).rowcount
            # Else who is removed could have seen to a way back.
            self._execute("DELETE FROM invitations WHERE giver = ?", (name,))
            return bool(self._execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount or invited)

    def take_back(self, name: str) -> bool:
        with self._writing():
            return bool(self._execute("DELETE FROM invitations WHERE name = ?", (name,)).rowcount)

    def end_sessions(self) -> None:
        with self._writing():
            self._execute("DELETE FROM sessions")
            self._execute("DELETE FROM invitations")

    # ------------------------------------------------------------ sessions

    def sign_in(self, name: str, token: str, *, agent: str, now: datetime) -> bool:
        with self._writing():
            self._execute(
                "DELETE FROM sessions WHERE seen <= ? OR begun <= ?",
                (rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
            )
            return bool(
                self._execute(
                    "INSERT INTO sessions (account, digest, begun, seen, agent)"
                    " SELECT name, ?, ?, ?, ? FROM accounts WHERE name = ?",
                    (_digest(token), rows.stamp(now), rows.stamp(now), agent, name),
                ).rowcount
            )

    def session(self, token: str, now: datetime) -> Session | None:
        with self._reading():
            found = self._rows(
                "SELECT * FROM sessions WHERE digest = ? AND seen > ? AND begun > ?",
                (_digest(token), rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
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
            return self._value("SELECT 1 FROM sessions WHERE digest = ?", (_digest(token),)) is not None

    def sessions(self, now: datetime) -> tuple[Session, ...]:
        with self._reading():
            found = self._rows(
                "SELECT * FROM sessions WHERE seen > ? AND begun > ? ORDER BY seen DESC, id DESC",
                (rows.stamp(now - _IDLE), rows.stamp(now - SESSION_LASTS)),
            )
        return tuple(map(_session, found))

    def sign_out(self, session: int) -> bool:
        with self._writing():
            return bool(self._execute("DELETE FROM sessions WHERE id = ?", (session,)).rowcount)

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
                " AND instr(lower(who || ' ' || action || ' ' || about || ' ' || said), lower(:words)) > 0"
                " ORDER BY id DESC LIMIT :limit",
                {"before": before, "words": words, "limit": limit + 1},
            )
        items = tuple(map(_record, found[:limit]))
        return Page(items=items, next=write_cursor("a", items[-1].number) if len(found) > limit else None)


def _digest(token: str) -> str:
    """What is kept of a token, by which nobody signs in."""
    return hashlib.sha256(token.encode()).hexdigest()


def _account(row: Row) -> Account:
    return Account(name=row["name"], password=row["password"], made=rows.moment(row["made"]))


def _session(row: Row) -> Session:
    return Session(
        number=row["id"],
        account=row["account"],
        begun=rows.moment(row["begun"]),
        seen=rows.moment(row["seen"]),
        agent=row["agent"],
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
