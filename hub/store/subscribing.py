"""Subscriptions at WebSub hubs, and the pushes that wait to be taken as polls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub import urls
from hub.model import FeedKey, FeedState, Offer, Push, Subscription
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.connection import Connection

# Of feeds that are polled, those that name a WebSub hub; by the index of these, which `+` leaves alone.
_OFFERS = """
SELECT member, name, push_hub, push_topic, push_itself, push_public FROM feeds
WHERE push_hub IS NOT NULL AND +configured = 1 AND paused = 0 AND gone IS NULL
"""
_SUBSCRIPTIONS = "SELECT s.*, f.member, f.name FROM subscriptions s LEFT JOIN feeds f ON f.id = s.feed"
_SUBSCRIBE = """
INSERT INTO subscriptions (feed, hub, topic, public, callback, token, secret, due)
SELECT id, :hub, :topic, :public, :callback, :token, :secret, :due FROM feeds
WHERE member = :member AND name = :feed
"""
# What waits, the oldest of each subscription.
_PUSHES = """
SELECT p.id AS push, p.content_type, p.body, s.topic, s.expires, f.*
FROM pushes p JOIN subscriptions s ON s.id = p.subscription JOIN feeds f ON f.id = s.feed
WHERE f.configured = 1 AND f.paused = 0 AND p.id IN (SELECT MIN(id) FROM pushes GROUP BY subscription)
ORDER BY p.id LIMIT ?
"""

# What may wait: of one subscription, and in all, for a poller that is not there.
_MOST_WAITING = 10
_MOST_BYTES_WAITING = 64 * 1024 * 1024


class Subscribing(Connection):
    """The part of the store that keeps subscriptions."""

    def spared(self) -> Mapping[str, datetime]:
        with self._reading():
            return self._waits()

    def _waits(self) -> Mapping[str, datetime]:
        return {
            row["host"]: rows.moment(row["not_before"])
            for row in self._rows("SELECT host, not_before FROM hosts")
        }

    def offers(self) -> Mapping[FeedKey, Offer]:
        with self._reading():
            return {FeedKey(row["member"], row["name"]): feedrows.offer(row) for row in self._rows(_OFFERS)}

    def subscriptions(self) -> tuple[Subscription, ...]:
        with self._reading():
            waits = self._waits()
            found = self._rows(f"{_SUBSCRIPTIONS} ORDER BY s.id")
        return tuple(feedrows.subscription(row, waits.get(urls.host(row["hub"]) or "")) for row in found)

    def subscription(self, token: str) -> Subscription | None:
        with self._reading():
            found = self._rows(f"{_SUBSCRIPTIONS} WHERE s.token = ?", (token,))
        return feedrows.subscription(found[0]) if found else None

    def subscribe(
        self, feed: FeedKey, offer: Offer, *, callback: str, token: str, secret: str, now: datetime
    ) -> None:
        with self._writing():
            self._execute(
                _SUBSCRIBE,
                {
                    "member": feed.member,
                    "feed": feed.name,
                    "hub": offer.hub,
                    "topic": offer.topic,
                    "public": int(offer.public),
                    "callback": callback,
                    "token": token,
                    "secret": secret,
                    "due": rows.stamp(now),
                },
            )

    def change(self, before: Subscription, after: Subscription) -> None:
        was, becomes = feedrows.subscription_row(before), feedrows.subscription_row(after)
        changed = {column: value for column, value in becomes.items() if value != was[column]}
        if not changed:
            return
        assignments = ", ".join(f"{column} = :{column}" for column in changed)
        with self._writing():
            self._execute(
                f"UPDATE subscriptions SET {assignments} WHERE id = :id", {**changed, "id": after.number}
            )
            if "expires" in changed or "leaving" in changed:
                until = None if after.leaving else becomes["expires"]
                self._execute(
                    "UPDATE feeds SET pushed_until = ? WHERE pushed_until IS NOT NULL"
                    " AND id = (SELECT feed FROM subscriptions WHERE id = ?)",
                    (until, after.number),
                )
            if after.leaving:
                self._execute("DELETE FROM pushes WHERE subscription = ?", (after.number,))

    def spare(self, host: str, until: datetime) -> None:
        with self._writing():
            self._execute(sql.SPARE_HOST, (host, rows.stamp(until)))

    def forget(self, subscription: Subscription) -> None:
        with self._writing():
            self._execute("DELETE FROM subscriptions WHERE id = ?", (subscription.number,))

    def receive(
        self, subscription: Subscription, body: bytes, content_type: str | None, *, now: datetime
    ) -> bool:
        with self._writing():
            waiting = self._value(
                "SELECT COUNT(*) FROM pushes WHERE subscription = ?", (subscription.number,)
            )
            in_all = self._value("SELECT COALESCE(SUM(size), 0) FROM pushes")
            if waiting >= _MOST_WAITING or in_all + len(body) > _MOST_BYTES_WAITING:
                return False
            self._execute(
                "INSERT INTO pushes (subscription, received, content_type, size, body)"
                " VALUES (?, ?, ?, ?, ?)",
                (subscription.number, rows.stamp(now), content_type, len(body), body),
            )
            self._execute(
                "UPDATE subscriptions SET taken = taken + 1, last_push = ? WHERE id = ?",
                (rows.stamp(now), subscription.number),
            )
        return True

    def refuse(self, subscription: Subscription) -> None:
        with self._writing():
            self._execute(
                "UPDATE subscriptions SET refused = refused + 1 WHERE id = ?", (subscription.number,)
            )

    def pushes(self, *, limit: int) -> tuple[tuple[Push, FeedState], ...]:
        with self._reading():
            found = self._rows(_PUSHES, (limit,))
        return tuple(
            (
                Push(
                    number=row["push"],
                    topic=row["topic"],
                    until=rows.moment(row["expires"]) if row["expires"] else None,
                    content_type=row["content_type"],
                    body=row["body"],
                ),
                feedrows.feed_state(row),
            )
            for row in found
        )
