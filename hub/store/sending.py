"""Who subscribes to our merged feeds (WebSub), what was asked for them, and who is to be sent what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hub import urls
from hub.model import Crowd, Intent, Subscriber
from hub.store import rows
from hub.store.connection import Connection
from hub.store.rows import Row

# Who subscribes, in all and of a host, and what waits for callbacks; what is held counts as well.
_CROWD = """
SELECT
    (SELECT COUNT(*) FROM subscribers WHERE expires > :now) AS subscribers,
    (SELECT COUNT(*) FROM subscribers WHERE host = :host) AS subscribers_of_host,
    (SELECT COUNT(*) FROM intents WHERE mode <> 'denied' AND (held = 0 OR due > :now)) AS waiting,
    (SELECT COUNT(*) FROM intents WHERE host = :host AND (held = 0 OR due > :now)) AS waiting_of_host,
    (SELECT COUNT(*) FROM subscribers WHERE tries > 0 AND slow = 1 AND expires > :now) AS failing
"""
# The later word counts; what else was asked for before, or was held, another number tells from it. Who asks
# for the same again has the callback asked no sooner and no oftener, since it may be another's.
_INTEND = (
    "DELETE FROM intents WHERE topic = :topic AND callback = :callback AND (mode <> :mode OR held = 1)",
    """
INSERT INTO intents (mode, topic, callback, host, public, secret, lease, seen, why, due)
VALUES (:mode, :topic, :callback, :host, :public, :secret, :lease, :seen, :why, :due)
ON CONFLICT (topic, callback) DO UPDATE SET
    public = excluded.public, secret = excluded.secret, lease = excluded.lease, seen = excluded.seen
""",
)
# What a callback confirmed is done. What was asked for beside it meanwhile is for it to confirm as well.
_CONFIRMED = """
DELETE FROM intents WHERE id = :number AND public = :public AND COALESCE(secret, '') = COALESCE(:secret, '')
    AND lease = :lease
"""
# One of each host, since a host is asked one at a time: what has waited longest.
INTENTS = """
SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY host ORDER BY due, id) AS place FROM intents
    WHERE held = 0 AND due <= ?) ranked
WHERE place = 1 ORDER BY due, id LIMIT ?
"""
# Who has subscribed before keeps the document that it has, and is sent what there is else, since it answers;
# who is new has to show that it is quick.
_BEGIN_SENDING = """
INSERT INTO subscribers (topic, callback, host, public, secret, expires, sent, slow)
VALUES (:topic, :callback, :host, :public, :secret, :expires, :seen, 1)
ON CONFLICT (topic, callback) DO UPDATE SET
    public = excluded.public, secret = excluded.secret, expires = excluded.expires, due = NULL, tries = 0
"""
_BY_TOPIC = "SELECT topic, COUNT(*) FROM subscribers WHERE expires > ? GROUP BY topic"
_ANYBODY_BEHIND = (
    "SELECT 1 FROM subscribers WHERE topic = :topic AND sent <> :document AND due IS NULL LIMIT 1"
)
_TELL = "UPDATE subscribers SET due = :now WHERE topic = :topic AND sent <> :document AND due IS NULL"
# One of each host here too: who has waited longest.
OWED = """
SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY host ORDER BY due, id) AS place FROM subscribers
    WHERE slow = :slow AND due <= :now AND expires > :now) ranked
WHERE place = 1 ORDER BY due, id LIMIT :limit
"""
_DENY = (
    """
DELETE FROM intents WHERE topic = :topic
    AND callback IN (SELECT callback FROM subscribers WHERE topic = :topic)
""",
    """
INSERT INTO intents (mode, topic, callback, host, public, secret, lease, seen, why, due)
SELECT 'denied', topic, callback, host, public, NULL, 0, '', :why, :now FROM subscribers WHERE topic = :topic
""",
    "DELETE FROM subscribers WHERE topic = :topic",
)
_ANYBODY = "SELECT EXISTS (SELECT 1 FROM subscribers) OR EXISTS (SELECT 1 FROM intents)"
_ANY_OVER = """
SELECT EXISTS (SELECT 1 FROM subscribers WHERE expires <= :now)
    OR EXISTS (SELECT 1 FROM intents WHERE held = 1 AND due <= :now)
    OR EXISTS (SELECT 1 FROM intents WHERE held = 0 AND due <= :long_ago)
"""
_LET_GO = (
    "DELETE FROM subscribers WHERE expires <= :now",
    "DELETE FROM intents WHERE (held = 1 AND due <= :now) OR (held = 0 AND due <= :long_ago)",
)

# What waits longer to be asked about was meant for a hub that polled.
_NOBODY_ASKED = timedelta(days=1)


class Sending(Connection):
    """The part of the store that keeps subscribers."""

    # ------------------------------------------------------------ what is asked

    def crowd(self, now: datetime, callback: str = "") -> Crowd:
        with self._reading():
            (found,) = self._rows(_CROWD, {"host": urls.host(callback), "now": rows.stamp(now)})
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
                for statement in _INTEND:
                    self._execute(statement, _intent_row(intent))
        return not held

    def intents(self, now: datetime, *, limit: int) -> tuple[Intent, ...]:
        with self._reading():
            return tuple(map(_intent, self._rows(INTENTS, (rows.stamp(now), limit))))

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
            if not self._rows_changed(again, (rows.stamp(now), intent.number)):
                return
            self._execute(_CONFIRMED, {**_intent_row(intent), "number": intent.number})
            if intent.mode == "unsubscribe":
                self._execute(
                    "DELETE FROM subscribers WHERE topic = ? AND callback = ?",
                    (intent.topic, intent.callback),
                )
                return
            expires = rows.stamp(now + intent.lease)
            self._execute(_BEGIN_SENDING, {**_intent_row(intent), "expires": expires})

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

    def subscribers_by_topic(self, now: datetime) -> Mapping[str, int]:
        with self._errors():
            return dict(self._tuples(_BY_TOPIC, (rows.stamp(now),)))

    def tell(self, topic: str, document: str, now: datetime) -> None:
        values = {"topic": topic, "document": document, "now": rows.stamp(now)}
        with self._reading():
            behind = self._value(_ANYBODY_BEHIND, values)
        if behind:
            with self._writing():
                self._execute(_TELL, values)

    def owed(self, now: datetime, *, slow: bool, limit: int) -> tuple[Subscriber, ...]:
        with self._reading():
            found = self._rows(OWED, {"now": rows.stamp(now), "slow": int(slow), "limit": limit})
        return tuple(map(_subscriber, found))

    def try_later(self, subscriber: Subscriber) -> bool:
        due = rows.maybe_stamp(subscriber.due)
        with self._writing():
            changed = self._rows_changed(
                "UPDATE subscribers SET due = ?, tries = ?, slow = ? WHERE id = ?",
                (due, subscriber.tries, int(subscriber.slow), subscriber.number),
            )
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
            for statement in _DENY:
                self._execute(statement, {"topic": topic, "why": why, "now": rows.stamp(now)})

    def let_go(self, now: datetime) -> None:
        over = {"now": rows.stamp(now), "long_ago": rows.stamp(now - _NOBODY_ASKED)}
        with self._reading():
            any_over = self._value(_ANY_OVER, over)
        if any_over:
            with self._writing():
                for statement in _LET_GO:
                    self._execute(statement, over)

    def let_all_go(self) -> None:
        with self._reading():
            anybody = self._value(_ANYBODY)
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
