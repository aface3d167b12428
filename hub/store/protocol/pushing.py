"""What is pushed to the hub and by it (WebSub): subscriptions, and subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hub.model import Crowd, FeedKey, FeedState, Intent, Offer, Push, Subscriber, Subscription


class PushStore(Protocol):
    """What is pushed to the hub and by it (WebSub): subscriptions, and subscribers."""

    def offers(self) -> Mapping[FeedKey, Offer]:
        """What the feeds that are polled say of where their news is pushed from, of those that name a hub."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All subscriptions at WebSub hubs, the oldest first, none due before its hub's host may be asked."""

    def subscription(self, token: str) -> Subscription | None:
        """The subscription of a callback, None where there is none."""

    def subscribe(
        self, feed: FeedKey, offer: Offer, *, callback: str, token: str, secret: str, now: datetime
    ) -> None:
        """Begin a subscription, whose hub is to be asked at once."""

    def change(self, before: Subscription, after: Subscription) -> None:
        """Write what differs between the two, and not what somebody else may have changed meanwhile."""

    def spare(self, host: str, until: datetime) -> None:
        """Ask nothing of a host before then: no feed of it is `due`, nor is a subscription there."""

    def forget(self, subscription: Subscription) -> None:
        """Forget a subscription, with the pushes of it that wait."""

    def receive(
        self, subscription: Subscription, body: bytes, content_type: str | None, *, now: datetime
    ) -> bool:
        """Keep a push until it is taken as a poll. False, and nothing kept, where too much waits already."""

    def refuse(self, subscription: Subscription) -> None:
        """Count a push that was dropped."""

    def pushes(self, *, limit: int) -> tuple[tuple[Push, FeedState], ...]:
        """Pushes that wait, the oldest of each subscription, with their feeds.

        Each waits until the poll it became is settled (`Gathered.push`).
        """

    def crowd(self, now: datetime, callback: str = "") -> Crowd:
        """How many subscribe to merged feeds, and how many intents wait, in all and of a callback's host."""

    def subscriber(self, topic: str, callback: str, now: datetime) -> Subscriber | None:
        """Who subscribes to a topic with a callback, None where nobody does."""

    def intend(self, intent: Intent) -> bool:
        """Keep what was asked for a callback, in place of what was asked before and waits still.

        What is the same but for its values is asked no sooner, and counts as the same try.
        False, and nothing kept, where the same is held, since it did not confirm just now.
        """

    def intents(self, now: datetime, *, limit: int) -> tuple[Intent, ...]:
        """What callbacks are to be asked now, of each host what waits longest."""

    def put_off(self, intent: Intent, until: datetime) -> None:
        """Count that a callback is asked, and ask it again then unless something comes of it."""

    def confirm(self, intent: Intent, now: datetime) -> None:
        """Do what was asked for a callback, which confirmed it: its subscription begins, goes on or ends.

        Where other values were asked for meanwhile, it is to be asked about these now.
        """

    def hold(self, intent: Intent, until: datetime) -> None:
        """Ask a callback no more, and have its intent count until then."""

    def drop(self, intent: Intent) -> None:
        """Forget an intent."""

    def topics(self) -> frozenset[str]:
        """The merged feeds that are subscribed to."""

    def subscribers_by_topic(self, now: datetime) -> Mapping[str, int]:
        """How many subscribe to each merged feed that is subscribed to, by its address."""

    def tell(self, topic: str, document: str, now: datetime) -> None:
        """Have all be sent a topic's document, of this ETag, that have another and wait for none yet."""

    def owed(self, now: datetime, *, slow: bool, limit: int) -> tuple[Subscriber, ...]:
        """Whom to send a document now, of each host who has waited longest: the slow ones, or the others."""

    def try_later(self, subscriber: Subscriber) -> bool:
        """Write when a subscriber is due and how it has done; False where it has unsubscribed meanwhile."""

    def has(self, subscriber: Subscriber, document: str, *, slow: bool) -> None:
        """Note that a subscriber has the document of this ETag, and waits for no other."""

    def leave(self, subscriber: Subscriber) -> None:
        """End a subscription to a merged feed."""

    def deny(self, topic: str, why: str, now: datetime) -> None:
        """End all subscriptions to a topic, and have their callbacks told why."""

    def let_go(self, now: datetime) -> None:
        """Forget the subscribers whose lease is over, what was held, and what waited for a day."""

    def let_all_go(self) -> None:
        """Forget all subscribers, and all that was asked for callbacks."""
