"""Who subscribes to our merged feeds (WebSub), what was asked for them, and who is to be sent what."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub import urls
from hub.model import Crowd, Intent, Subscriber
from hub.store import rows
from hub.store import statements as sql
from hub.store.connection import Connection
from hub.store.rows import Row

# What waits longer to be asked about was meant for a hub that polled.
_NOBODY_ASKED = timedelta(days=1)


class Sending(Connection):
    """The part of the store that keeps subscribers."""

    # ------------------------------------------------------------ what is asked

    def crowd(self, now: datetime, callback: str = "") -> Crowd:
        with self._reading():
            (found,) = self._rows(sql.CROWD, {"host": urls.host(callback), "now": rows.stamp(now)})
        return Crowd(
            subscribers=found["subscribers"],
            subscribers_of_host=found["subscribers_of_host"],
            waiting=found["waiting"],
            waiting_of_host=found["waiting_of_host"],
            failing=found["failing"],
        )

    def subscriber(self, topic: str, callback: str, now: datetime) -> Subscriber | None:
        with self._reading():
            found = self._rows(
                "SELECT * FROM subscribers WHERE topic = ? AND callback = ? AND expires > ?",
                (topic, callback, rows.stamp(now)),
            )
        return _subscriber(found[0]) if found else None

    def intend(self, intent: Intent) -> bool:
        with self._writing():
            held = self._value(
                "SELECT 1 FROM intents WHERE topic = ? AND callback = ? AND held = 1 AND due > ?",
                (intent.topic, intent.callback, rows.stamp(intent.due)),
            )
            if not held:
                for statement in sql.INTEND:
                    self._execute(statement, _intent_row(intent))
        return not held

    def intents(self, now: datetime, *, limit: int) -> tuple[Intent, ...]:
        with self._reading():
            return tuple(map(_intent, self._rows(sql.INTENTS, (rows.stamp(now), limit))))

    def put_off(self, intent: Intent, until: datetime) -> None:
        with self._writing():
            self._execute(
                "UPDATE intents SET due = ?, tries = tries + 1 WHERE id = ?",
                (rows.stamp(until), intent.number),
            )

    def confirm(self, intent: Intent, now: datetime) -> None:
        with self._writing():
            # Another may have taken its place while its callback was asked.
            again = "UPDATE intents SET due = ?, tries = 0 WHERE id = ?"
            if not self._execute(again, (rows.stamp(now), intent.number)).rowcount:
                return
            self._execute(sql.CONFIRMED, {**_intent_row(intent), "number": intent.number})
            if intent.mode == "unsubscribe":
                self._execute(
                    "DELETE FROM subscribers WHERE topic = ? AND callback = ?",
                    (intent.topic, intent.callback),
                )
                return
            expires = rows.stamp(now + intent.lease)
            self._execute(sql.BEGIN_SENDING, {**_intent_row(intent), "expires": expires})

    def hold(self, intent: Intent, until: datetime) -> None:
        with self._writing():
            self._execute(
                "UPDATE intents SET held = 1, due = ?, secret = NULL WHERE id = ?",
                (rows.stamp(until), intent.number),
            )

    def drop(self, intent: Intent) -> None:
        with self._writing():
            self._execute("DELETE FROM intents WHERE id = ?", (intent.number,))

    # ------------------------------------------------------------ what is sent

    def topics(self) -> frozenset[str]:
        with self._reading():
            return frozenset(row["topic"] for row in self._rows("SELECT DISTINCT topic FROM subscribers"))

    def tell(self, topic: str, document: str, now: datetime) -> None:
        values = {"topic": topic, "document": document, "now": rows.stamp(now)}
        with self._reading():
            behind = self._value(sql.ANYBODY_BEHIND, values)
        if behind:
            with self._writing():
                self._execute(sql.TELL, values)

    def owed(self, now: datetime, *, slow: bool, limit: int) -> tuple[Subscriber, ...]:
        with self._reading():
            found = self._rows(sql.OWED, {"now": rows.stamp(now), "slow": int(slow), "limit": limit})
        return tuple(map(_subscriber, found))

    def try_later(self, subscriber: Subscriber) -> bool:
        due = rows.maybe_stamp(subscriber.due)
        with self._writing():
            changed = self._execute(
                "UPDATE subscribers SET due = ?, tries = ?, slow = ? WHERE id = ?",
                (due, subscriber.tries, int(subscriber.slow), subscriber.number),
            ).rowcount
        return bool(changed)

    def has(self, subscriber: Subscriber, document: str, *, slow: bool) -> None:
        with self._writing():
            self._execute(
                "UPDATE subscribers SET sent = ?, due = NULL, tries = 0, slow = ? WHERE id = ?",
                (document, int(slow), subscriber.number),
            )

    def leave(self, subscriber: Subscriber) -> None:
        with self._writing():
            self._execute("DELETE FROM subscribers WHERE id = ?", (subscriber.number,))

    def deny(self, topic: str, why: str, now: datetime) -> None:
        with self._writing():
            for statement in sql.DENY:
                self._execute(statement, {"topic": topic, "why": why, "now": rows.stamp(now)})

    def let_go(self, now: datetime) -> None:
        over = {"now": rows.stamp(now), "long_ago": rows.stamp(now - _NOBODY_ASKED)}
        with self._reading():
            any_over = self._value(sql.ANY_OVER, over)
        if any_over:
            with self._writing():
                for statement in sql.LET_GO:
                    self._execute(statement, over)

    def let_all_go(self) -> None:
        with self._reading():
            anybody = self._value(sql.ANYBODY)
        if anybody:
            with self._writing():
                self._execute("DELETE FROM subscribers")
                self._execute("DELETE FROM intents")


def _subscriber(row: Row) -> Subscriber:
    return Subscriber(
        number=row["id"],
        topic=row["topic"],
        callback=row["callback"],
        public=bool(row["public"]),
        secret=row["secret"],
        expires=rows.moment(row["expires"]),
        sent=row["sent"],
        due=rows.maybe_moment(row["due"]),
        tries=row["tries"],
        slow=bool(row["slow"]),
    )


def _intent(row: Row) -> Intent:
    return Intent(
        number=row["id"],
        mode=row["mode"],
        topic=row["topic"],
        callback=row["callback"],
        public=bool(row["public"]),
        secret=row["secret"],
        lease=timedelta(seconds=row["lease"]),
        seen=row["seen"],
        why=row["why"],
        due=rows.moment(row["due"]),
        tries=row["tries"],
    )


def _intent_row(intent: Intent) -> dict[str, object]:
    return {
        "mode": intent.mode,
        "topic": intent.topic,
        "callback": intent.callback,
        "host": urls.host(intent.callback),
        "public": int(intent.public),
        "secret": intent.secret,
        "lease": int(intent.lease.total_seconds()),
        "seen": intent.seen,
        "why": intent.why,
        "due": rows.stamp(intent.due),
    }
