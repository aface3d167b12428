"""The hub as a WebSub subscriber: asks the hubs of members' feeds to push, and takes pushes as polls.

Those hubs send to the web view, which is another process: it puts what comes into the
store, and this takes it from there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from hub import urls
from hub.errors import FetchError
from hub.fetch import FetchRequest, Outcome
from hub.model import FeedState, HubSettings, Push, Subscription
from hub.polling.polls import Polls, utc_now
from hub.report import say
from hub.store import Store
from hub.websub import subscribing
from hub.websub.subscribing import Steps

# Seconds between two looks at who offers to push; at what was pushed it looks each time.
_LOOKS = 1.0
_MOST_TAKEN = 50
# As many hubs are asked at a time; the feeds' own polls come first.
_MOST_ASKED = 20
_SECRET = 32  # bytes


def random_token() -> str:
    """What nobody can guess, of characters that may stand in an address."""
    return secrets.token_urlsafe(_SECRET)


class Subscriber:
    """Keeps the subscriptions of a store, in the thread of `polls`, whose fetcher asks the hubs.

    `look` says whether there is anything to do, `act` begins it.
    """

    def __init__(
        self,
        store: Store,
        polls: Polls,
        settings: HubSettings,
        *,
        now: Callable[[], datetime] = utc_now,
        token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._polls = polls
        self._callbacks = subscribing.callbacks(settings)
        self._now = now
        self._token = token
        self._looked = -_LOOKS
        self._asking = 0
        self._steps = Steps()
        self._pushes: Sequence[tuple[Push, FeedState]] = ()

    def look(self) -> bool:
        """Whether anything was pushed, or a hub is to be asked for anything."""
        self._pushes = self._store.pushes(limit=_MOST_TAKEN)
        self._steps = Steps()
        if time.monotonic() - self._looked >= _LOOKS:
            self._looked = time.monotonic()
            self._steps = subscribing.steps(
                self._store.offers(),
                self._store.subscriptions(),
                callbacks=self._callbacks,
                now=self._now(),
            )
        return bool(self._pushes) or self._steps != Steps()

    def act(self) -> None:
        """Begin what `look` saw."""
        self._polls.take(self._pushes)
        steps, now = self._steps, self._now()
        for subscription in steps.forget:
            self._store.forget(subscription)
        for subscription in steps.leave:
            self._store.change(subscription, subscribing.leaving(subscription, now=now))
        for feed, offer in steps.begin.items():
            token = self._token()
            self._store.subscribe(
                feed, offer, callback=f"{self._callbacks}{token}", token=token, secret=self._token(), now=now
            )
        for subscription in steps.ask[: max(0, _MOST_ASKED - self._asking)]:
            self._ask(subscription)

    def _ask(self, subscription: Subscription) -> None:
        asked = subscribing.asked(subscription, now=self._now())
        # Before it is sent: a hub that ends here does not ask again and again.
        self._store.change(subscription, asked)
        self._asking += 1
        request = FetchRequest(
            url=subscribing.address(asked),
            form=subscribing.form(asked),
            named_by=asked.topic if asked.public else None,
        )
        self._polls.ask(request, partial(self._answered, asked))

    def _answered(self, asked: Subscription, outcome: Outcome) -> None:
        self._asking -= 1
        if not isinstance(outcome, FetchError):
            return
        say(f"{asked.feed or asked.topic} is not pushed: {outcome.problem}.")
        self._store.change(asked, replace(asked, error=outcome.problem))
        host = outcome.host or urls.host(asked.hub)
        if outcome.retry_after and host:
            self._store.spare(host, self._now() + timedelta(seconds=outcome.retry_after))
