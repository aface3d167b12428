"""What is pushed to the hub and by it (WebSub): subscriptions, and subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hub.model import Crowd, FeedKey, FeedState, Intent, Offer, Push, Subscriber, Subscription


class PushStore(Protocol):
    """What is pushed to the hub and by it (WebSub): subscriptions, and subscribers."""

    def offers(self) -> Mapping[FeedKey, Offer]:
        """Where feeds that are polled say that their news is pushed from; none of those that name no hub."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All our subscriptions at WebSub hubs, the oldest first, none due before its hub may be asked."""

    def subscription(self, token: str) -> Subscription | None:
        """The subscription of a callback, None where there is none."""

    def subscribe(
        self, feed: FeedKey, offer: Offer, *, callback: str, token: str, secret: str, now: datetime
    ) -> None:
        """Begin a subscription, whose hub is to be asked at once."""

    def change(self, before: Subscription, after: Subscription) -> None:
        """Write what differs between two states of a subscription, and nothing that does not."""

    def spare(self, host: str, until: datetime) -> None:
        """Ask nothing of a host until a moment: no feed and no subscription there is due before."""

    def forget(self, subscription: Subscription) -> None:
        """Forget a subscription, with those of its pushes that wait."""

    def receive(
        self, subscription: Subscription, body: bytes, content_type: str | None, *, now: datetime
    ) -> bool:
        """Keep a push until it is taken as a poll.

        Returns False, and keeps nothing, where too much waits already.
        """

    def refuse(self, subscription: Subscription) -> None:
        """Count a push of a subscription that was dropped."""

    def pushes(self, *, limit: int) -> tuple[tuple[Push, FeedState], ...]:
        """The oldest waiting push of each subscription, with its feed.

        It waits until the poll that reads it is settled (`Gathered.push`).
        """

    def crowd(self, now: datetime, callback: str = "") -> Crowd:
        """How many subscribe to merged feeds and how many intents wait: in all, and of a callback's host."""

    def subscriber(self, topic: str, callback: str, now: datetime) -> Subscriber | None:
        """Who subscribes to a topic with a callback, None where nobody does."""

    def intend(self, intent: Intent) -> bool:
        """Keep what was asked for a callback, in place of what was asked for it before and still waits.

        Where only other values are asked for than before, the callback is asked no sooner, and
        that counts as the same try. Returns False, and keeps nothing, where the same is held,
        since the callback did not confirm it just now.
        """

    def intents(self, now: datetime, *, limit: int) -> tuple[Intent, ...]:
        """The intents whose callbacks are to be asked now: of each host the one that waits longest."""

    def put_off(self, intent: Intent, until: datetime) -> None:
        """Count that a callback is asked, to be asked again at a moment unless something comes of it."""

    def confirm(self, intent: Intent, now: datetime) -> None:
        """Do what was asked for a callback, which has confirmed it: its subscription begins, goes on or ends.

        Where other values were asked for meanwhile, the callback is to be asked about these now.
        """

    def hold(self, intent: Intent, until: datetime) -> None:
        """Ask a callback no more, and remember its intent until a moment (`intend`)."""

    def drop(self, intent: Intent) -> None:
        """Forget an intent."""

    def topics(self) -> frozenset[str]:
        """The merged feeds that are subscribed to."""

    def subscribers_by_topic(self, now: datetime) -> Mapping[str, int]:
        """How many subscribe to each merged feed that is subscribed to, by its address."""

    def tell(self, topic: str, document: str, now: datetime) -> None:
        """Have all be sent a topic's document, of this ETag, who have another and wait for none yet."""

    def owed(self, now: datetime, *, slow: bool, limit: int) -> tuple[Subscriber, ...]:
        """Whom to send a document now, the slow ones or the others: of each host who has waited longest."""

    def try_later(self, subscriber: Subscriber) -> bool:
        """Write how sending has gone, and when it is tried again; False where the subscriber has left."""

    def has(self, subscriber: Subscriber, document: str, *, slow: bool) -> None:
        """Note that a subscriber has the document with this ETag, and waits for no other."""

    def leave(self, subscriber: Subscriber) -> None:
        """End a subscription to a merged feed."""

    def deny(self, topic: str, why: str, now: datetime) -> None:
        """End all subscriptions to a topic, and have their callbacks told why."""

    def let_go(self, now: datetime) -> None:
        """Forget subscribers whose lease is over, and intents that were held, or waited, long enough."""

    def let_all_go(self) -> None:
        """Forget all subscribers, and all that was asked for callbacks."""
