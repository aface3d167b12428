"""The hub as the WebSub hub of its own merged feeds: has callbacks confirm intents, and sends them news.

Requests to subscribe come to the web view, which is another process: it puts them into
the store, and this takes them from there. What each subscriber has is in the store, too.
So a hub that is killed loses nothing, and sends at most once more what was on its way.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub import urls
from hub.errors import FetchError, StoreError
from hub.fetch import Fetched, FetchRequest, Outcome, Sent
from hub.model import Intent, Subscriber
from hub.polling.polls import Polls, utc_now
from hub.polling.subscriber import random_token
from hub.report import say
from hub.store import Store
from hub.websub import subscribers

if TYPE_CHECKING:
    from hub.config import Config
    from hub.publish.http import Rendered

# Seconds between two looks at who subscribes; at what waits it looks each time.
_LOOKS = 1.0
# Seconds in which each look makes documents, so that many topics hold up no polls; and between two documents
# of a topic, so that changes in quick succession are sent as one.
_MAKING = 0.1
_SETTLES = 1.0
# Documents are kept while they are sent, which have some hundred KB each.
_MOST_KEPT = 16
# How many callbacks are sent to, or asked, at a time; of each host one. Those that are not known to answer
# soon have places of their own, so that they hold up no others.
_MOST_SENT, _MOST_SENT_SLOWLY, _MOST_ASKED = 15, 5, 10
# As many as answer in time between two looks.
_LISTED = 200
# Seconds.
_PATIENCE = 10.0
_SLOW = 2.0
# Bytes of an answer: a challenge has some dozen.
_MOST_ANSWERED = 4096
_NAMED_BY = "a subscriber"
_GONE = "There is no such feed here any more."
_ERRORS = 500


class _Topic(Struct, frozen=True, kw_only=True):
    """A merged feed that is subscribed to, as it was looked at last; `document` is its ETag, if any."""

    state: Hashable
    document: str | None
    looked: float


class Sender:
    """Sends the merged feeds of a store to their subscribers, in the thread of `polls`, by its fetcher.

    `look` says whether there is anything to do, `act` begins it.
    """

    def __init__(
        self,
        store: Store,
        polls: Polls,
        config: Config,
        *,
        now: Callable[[], datetime] = utc_now,
        challenge: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._polls = polls
        self._config = config
        self._hub = subscribers.endpoint(config.hub)
        self._now = now
        self._challenge = challenge
        self._looked = -_LOOKS
        self._topics: frozenset[str] = frozenset()
        self._seen: dict[str, _Topic] = {}
        self._documents: OrderedDict[str, Rendered] = OrderedDict()
        self._busy: dict[
            str, str
        ] = {}  # the hosts of callbacks that are asked or sent to, and which of these
        self._intents: tuple[Intent, ...] = ()
        self._owed: list[Subscriber] = []
        # Subscribers that were not reached, by number, with when any server last was (`Polls.reached_at`).
        self._missed: dict[int, float] = {}

    def look(self) -> bool:
        """Whether callbacks are to be asked, or there may be something to send."""
        now = self._now()
        looks = time.monotonic() - self._looked >= _LOOKS
        if looks:
            self._looked = time.monotonic()
            if self._hub is None:
                # The page on privacy says so.
                self._store.let_all_go()
            else:
                self._store.let_go(now)
        if self._hub is None:
            return False
        if looks:
            self._topics = self._store.topics()
            self._seen = {topic: seen for topic, seen in self._seen.items() if topic in self._topics}
        self._intents = self._store.intents(now, limit=_MOST_ASKED + len(self._busy))
        self._owed = self._find_owed() if self._topics else []
        return bool(self._intents or self._owed or self._to_look_at())

    def act(self) -> None:
        """Begin what `look` saw."""
        until = time.monotonic() + _MAKING
        for topic in self._to_look_at():
            self._look_at(topic)
            if time.monotonic() > until:
                break
        self._owed = self._find_owed()
        self._send_owed()
        for intent in self._intents:
            self._ask(intent)

    # ------------------------------------------------------------ topics

    def _state(self) -> Hashable:
        """What the documents depend on (`Visit.state`)."""
        today = self._now().astimezone(ZoneInfo(self._config.hub.timezone)).date()
        return self._store.version(), self._config.digest, today

    def _to_look_at(self) -> Iterable[str]:
        """The topics that may have changed since they were looked at, longest ago first."""
        if not self._topics:
            return ()
        state, before = self._state(), time.monotonic() - _SETTLES
        seen = self._seen
        changed = [
            topic
            for topic in self._topics
            if topic not in seen or (seen[topic].state != state and seen[topic].looked <= before)
        ]
        return sorted(changed, key=lambda topic: seen[topic].looked if topic in seen else 0.0)

    def _look_at(self, topic: str) -> None:
        """Make a topic's document, and have it sent to all who have another."""
        state = self._state()
        try:
            rendered = self._render(topic)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the polls go on
            say(f"{topic} is not sent to its subscribers, since it cannot be made: {error!r}.")
            self._seen[topic] = _Topic(state=state, document=None, looked=time.monotonic())
            return
        document = rendered.etag("identity") if rendered else None
        self._seen[topic] = _Topic(state=state, document=document, looked=time.monotonic())
        if rendered is None or document is None:
            return
        self._documents[topic] = rendered
        self._documents.move_to_end(topic)
        while len(self._documents) > _MOST_KEPT:
            self._documents.popitem(last=False)
        self._store.tell(topic, document, self._now())

    def _render(self, topic: str) -> Rendered | None:
        """A topic's document as it is now. Where there is no such feed any more, tell subscribers; None."""
        # What serves feeds is loaded once somebody subscribes, and no sooner.
        from hub.merged.addresses import Addresses
        from hub.merged.feeds import MergedFeeds

        address = self._config.hub.url or ""
        feeds = MergedFeeds(
            config=self._config, store=self._store, addresses=Addresses(address), now=self._now()
        )
        found = feeds.topic(topic)
        if found is None:
            # The topic of another address of the hub stays: the hub may get that address back.
            if feeds.would_have(topic):
                self._store.deny(topic, _GONE, self._now())
            return None
        return feeds.rendered(*found)

    def _document(self, topic: str) -> Rendered | None:
        """A topic's document as it is, or was a moment ago."""
        seen, kept = self._seen.get(topic), self._documents.get(topic)
        fresh = seen is not None and (
            seen.state == self._state() or time.monotonic() - seen.looked < _SETTLES
        )
        if seen is None or not fresh or (seen.document and kept is None):
            self._look_at(topic)
            seen, kept = self._seen[topic], self._documents.get(topic)
        return kept if seen.document else None

    # ------------------------------------------------------------ sending

    def _find_owed(self) -> list[Subscriber]:
        now = self._now()
        return [owed for slow in (False, True) for owed in self._store.owed(now, slow=slow, limit=_LISTED)]

    def _send_owed(self) -> None:
        """Send to those subscribers that there is a place for; the others wait for one, or the next look."""
        waiting = []
        for subscriber in self._owed:
            host = urls.host(subscriber.callback) or ""
            kind, most = ("slow", _MOST_SENT_SLOWLY) if subscriber.slow else ("sent", _MOST_SENT)
            if self._has_place(kind, most, host):
                self._send(subscriber, host, kind)
            else:
                waiting.append(subscriber)
        self._owed = waiting

    def _has_place(self, kind: str, most: int, host: str) -> bool:
        """Whether something may begin at a host."""
        return host not in self._busy and sum(each == kind for each in self._busy.values()) < most

    def _begin(
        self,
        whose: Intent | Subscriber,
        request: Callable[[], FetchRequest],
        told: Callable[[Outcome], None],
        *,
        host: str,
        kind: str,
    ) -> bool:
        """Take a place at a host for a request; whether there can be one to such an address."""
        try:
            self._polls.ask(request(), told)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's address does, the polls go on
            # Without what only its subscriber knows: errors quote addresses.
            said = f"A callback for {whose.topic} is forgotten, since nothing can be asked at such an address"
            say(f"{said}: {type(error).__name__}.")
            return False
        self._busy[host] = kind
        return True

    def _send(self, subscriber: Subscriber, host: str, kind: str) -> None:
        rendered = self._document(subscriber.topic)
        document = rendered.etag("identity") if rendered else None
        if document == subscriber.sent:
            self._store.has(subscriber, document, slow=subscriber.slow)
            return
        tried = subscribers.tried(subscriber, now=self._now())
        # Before it is sent: a hub that ends here does not send again and again.
        if not self._store.try_later(tried) or rendered is None or document is None:
            return

        def request() -> FetchRequest:
            headers = subscribers.push_headers(
                subscriber, rendered.body, media_type=rendered.media_type, links=rendered.links
            )
            return _request(subscriber, subscriber.callback, sent=Sent(body=rendered.body, headers=headers))

        told = partial(self._was_sent, host, tried, document)
        if not self._begin(subscriber, request, told, host=host, kind=kind):
            self._store.leave(subscriber)

    def _was_sent(self, host: str, tried: Subscriber, document: str, outcome: Outcome) -> None:
        del self._busy[host]
        reached_before = self._missed.pop(tried.number, -inf)
        if not isinstance(outcome, FetchError):
            self._store.has(tried, document, slow=outcome.seconds > _SLOW)
            now_is = self._seen.get(tried.topic)
            if now_is is not None and now_is.document not in (None, document):
                # It has changed while this was on its way.
                self._store.tell(tried.topic, now_is.document or "", self._now())
        elif outcome.status == 410:
            self._store.leave(tried)
        elif outcome.reached is False:
            self._missed[tried.number] = reached_at = self._polls.reached_at
            # If no server was reached since the last try, this machine may be cut off, and it does not count.
            self._store.try_later(subscribers.not_reached(tried, counts=reached_at > reached_before))
        else:
            self._store.try_later(subscribers.failed(tried, now=self._now(), retry_after=outcome.retry_after))
        # While `polls` winds up nothing is begun, and so nothing must count as tried.
        if not self._polls.winding_up:
            self._send_owed()

    # ------------------------------------------------------------ asking

    def _ask(self, intent: Intent) -> None:
        host = urls.host(intent.callback) or ""
        if not self._has_place("asked", _MOST_ASKED, host):
            return
        now = self._now()
        again = subscribers.asked_again(intent, now=now)
        # Before it is asked: a hub that ends here does not ask again and again.
        self._store.put_off(intent, again or now + subscribers.HELD)
        challenge = self._challenge()

        def request() -> FetchRequest:
            return _request(intent, subscribers.question(intent, challenge))

        told = partial(self._was_asked, host, intent, challenge, again is not None)
        if not self._begin(intent, request, told, host=host, kind="asked"):
            self._store.drop(intent)

    def _was_asked(
        self, host: str, intent: Intent, challenge: str, is_asked_again: bool, outcome: Outcome
    ) -> None:
        del self._busy[host]
        if intent.mode == "denied":
            self._store.drop(intent)
        elif isinstance(outcome, Fetched) and hmac.compare_digest(outcome.body.strip(), challenge.encode()):
            self._store.confirm(intent, self._now())
            # What it has may have changed since it asked.
            self._topics |= {intent.topic}
            self._seen.pop(intent.topic, None)
        elif not (is_asked_again and isinstance(outcome, FetchError) and _is_passing(outcome)):
            self._store.hold(intent, self._now() + subscribers.HELD)


def _request(whose: Intent | Subscriber, url: str, *, sent: Sent | None = None) -> FetchRequest:
    return FetchRequest(
        url=url,
        sent=sent,
        callback=True,
        named_by=_NAMED_BY if whose.public else None,
        within=_PATIENCE,
        most_bytes=_MOST_ANSWERED,
    )


def _is_passing(error: FetchError) -> bool:
    """Whether a callback that could not be asked may only be unwell."""
    return error.reason != "refused" and (error.status is None or error.status >= _ERRORS)
