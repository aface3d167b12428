"""The callbacks of subscriptions, as hubs ask and push there, and what the status page says of it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from werkzeug.test import TestResponse

from hub.model import FeedInfo, Gathered, Offer, Subscription
from hub.store import subscribing as keeping
from hub.websub import callbacks, subscribing
from tests.site import rss
from tests.web_hub import EAST, NETWORK, NOW, WESSEX, Hub, a_hub, news

TOPIC = "https://east.example/feed/"
OFFER = Offer(hub="https://hub.example.net/", topic=TOPIC)
DOCUMENT = rss(TOPIC, "Clinic moves").encode()
CALLBACK = "/websub/token"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def subscribe(hub: Hub, *, verified: bool = True) -> None:
    hub.store.subscribe(
        EAST, OFFER, callback=f"https://news.example{CALLBACK}", token="token", secret="a secret", now=NOW
    )
    if verified:
        assert verify(hub).status_code == 200


def subscription(hub: Hub) -> Subscription:
    (found,) = hub.store.subscriptions()
    return found


def asks(hub: Hub, callback: str = CALLBACK, **fields: str) -> TestResponse:
    return hub.client.get(callback, query_string={f"hub.{name}": value for name, value in fields.items()})


def verify(hub: Hub, mode: str = "subscribe", topic: str = TOPIC, lease: str = "864000") -> TestResponse:
    return asks(hub, mode=mode, topic=topic, challenge="ch4llenge", lease_seconds=lease)


def push(
    hub: Hub, body: bytes = DOCUMENT, *, method: str = "sha256", secret: str = "a secret", **headers: str
) -> TestResponse:
    signature = f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"
    given = {"X-Hub-Signature": signature, **{name.replace("_", "-"): of for name, of in headers.items()}}
    return hub.client.post(
        CALLBACK, data=body, headers={name: of for name, of in given.items() if of}, content_type="text/xml"
    )


def take_push(hub: Hub) -> None:
    """Have something be pushed, and settled as a poll."""
    assert push(hub).status_code == 202
    ((waiting, _),) = hub.store.pushes(limit=1)
    pushed = Gathered(
        feed=hub.feed(EAST),
        outcome="fetched",
        started=NOW,
        url=TOPIC,
        push=waiting.number,
        pushed_until=waiting.until,
        info=FeedInfo(title="East"),
        entries=(replace(news("2"), feed=EAST),),
    )
    hub.settle(pushed, NOW)


# ---------------------------------------------------------------- verification of intent


def test_a_hub_that_verifies_gets_its_challenge_back_and_nothing_a_browser_would_show(hub: Hub) -> None:
    subscribe(hub, verified=False)
    response = verify(hub, lease="3600")
    assert (response.status_code, response.data) == (200, b"ch4llenge")
    assert response.mimetype == "application/octet-stream"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    found = subscription(hub)
    assert (found.verified, found.expires, found.tries) == (NOW, NOW + timedelta(hours=1), 0)


def test_nothing_else_is_verified(hub: Hub) -> None:
    subscribe(hub, verified=False)
    before = subscription(hub)
    assert verify(hub, topic="https://west.example/feed/").status_code == 404
    assert verify(hub, mode="unsubscribe").status_code == 404
    assert asks(hub).status_code == 404
    assert asks(hub, mode="subscribe", topic=TOPIC).status_code == 404
    assert asks(hub, "/websub/tokem", mode="subscribe", topic=TOPIC, challenge="x").status_code == 404
    assert (
        hub.client.head(f"{CALLBACK}?hub.mode=subscribe&hub.topic={TOPIC}&hub.challenge=x").headers["Allow"]
        == "GET, POST"
    )
    assert hub.client.get("/websub/").status_code == 404
    assert subscription(hub) == before


def test_a_hub_may_verify_again_what_it_keeps(hub: Hub) -> None:
    subscribe(hub)
    hub.now += timedelta(days=5)
    assert verify(hub).data == b"ch4llenge"
    assert subscription(hub).expires == hub.now + timedelta(days=10)


def test_a_denial_ends_a_subscription_and_its_reason_is_shown_as_text(hub: Hub) -> None:
    subscribe(hub)
    assert asks(hub, mode="denied", topic="https://west.example/feed/").status_code == 404
    assert asks(hub, mode="denied", topic=TOPIC, reason="<b>No\nmore</b>").status_code == 200
    found = subscription(hub)
    assert (found.denied, found.expires, callbacks.takes(found)) == (NOW, None, False)
    assert push(hub).status_code == 410
    assert "Will not send us its news as it appears (<b>No more</b>)" in hub.words("/status")
    # It may think better of it.
    assert verify(hub).status_code == 200
    assert push(hub).status_code == 202


def test_a_subscription_is_over_once_the_hub_has_verified_its_end(hub: Hub) -> None:
    subscribe(hub)
    before = subscription(hub)
    hub.store.change(before, subscribing.leaving(before, now=NOW))
    assert push(hub).status_code == 410
    assert verify(hub).status_code == 404
    assert verify(hub, mode="unsubscribe").data == b"ch4llenge"
    assert hub.store.subscriptions() == ()
    assert push(hub).status_code == 410


# ---------------------------------------------------------------- pushes


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_push_that_is_signed_waits_for_the_poller(hub: Hub, method: str) -> None:
    subscribe(hub)
    assert push(hub, method=method).status_code == 202
    ((waiting, state),) = hub.store.pushes(limit=10)
    assert (waiting.body, waiting.content_type, waiting.topic) == (DOCUMENT, "text/xml", TOPIC)
    assert (waiting.until, state.feed.key) == (NOW + timedelta(days=10), EAST)
    found = subscription(hub)
    assert (found.taken, found.refused, found.last_push) == (1, 0, NOW)


def test_a_push_that_is_not_signed_is_dropped_and_counted_and_told_nothing(hub: Hub) -> None:
    subscribe(hub)
    for response in (push(hub, X_Hub_Signature=""), push(hub, secret="guessed"), push(hub, method="md5")):
        assert (response.status_code, response.data) == (202, push(hub).data)
    assert len(hub.store.pushes(limit=10)) == 1
    found = subscription(hub)
    assert (found.taken, found.refused) == (3, 3)
    assert "3 messages were dropped as not theirs or too large" in hub.words("/status")


def test_a_push_before_the_hub_has_verified_is_nobodys(hub: Hub) -> None:
    subscribe(hub, verified=False)
    assert push(hub).status_code == 410
    assert hub.store.pushes(limit=10) == ()


def test_a_push_that_is_larger_than_a_feed_may_be_is_dropped_and_counted(hub: Hub) -> None:
    hub.configure(NETWORK.replace("hub:\n", "hub:\n  fetch: {size: 1KB}\n"))
    subscribe(hub)
    assert push(hub, b"x" * 1024).status_code == 202
    assert push(hub, b"x" * 1025).status_code == 413
    found = subscription(hub)
    assert (found.taken, found.refused) == (1, 1)


def test_what_waits_for_a_poller_that_is_not_there_is_bounded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(hub)
    for _ in range(10):
        assert push(hub).status_code == 202
    response = push(hub)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    monkeypatch.setattr(keeping, "_MOST_WAITING", 100)
    monkeypatch.setattr(keeping, "_MOST_BYTES_WAITING", len(DOCUMENT) * 10)
    assert push(hub).status_code == 503
    assert subscription(hub).taken == 10


def test_what_waits_goes_with_its_subscription(hub: Hub) -> None:
    subscribe(hub)
    push(hub)
    before = subscription(hub)
    hub.store.change(before, subscribing.leaving(before, now=NOW))
    assert hub.store.pushes(limit=10) == ()


@pytest.mark.parametrize("ends", ["denied", "left"])
def test_a_feed_counts_as_pushed_no_longer_than_its_subscription_lasts(hub: Hub, ends: str) -> None:
    """For so long it is polled seldom, as its hub brings what is new."""

    def pushed_until() -> datetime | None:
        (state,) = hub.store.feed_states("east")
        return state.pushed_until

    subscribe(hub)
    take_push(hub)
    assert pushed_until() == NOW + timedelta(days=10)
    hub.now += timedelta(days=5)
    assert verify(hub).status_code == 200
    assert pushed_until() == hub.now + timedelta(days=10)
    if ends == "denied":
        assert asks(hub, mode="denied", topic=TOPIC).status_code == 200
    else:
        before = subscription(hub)
        hub.store.change(before, subscribing.leaving(before, now=hub.now))
    assert pushed_until() is None


def test_nobody_is_asked_to_push_a_feed_that_is_gone(hub: Hub) -> None:
    answered = Gathered(feed=hub.feed(EAST), outcome="fetched", started=NOW, url=TOPIC, offer=OFFER)
    hub.settle(answered, NOW)
    assert [*hub.store.offers()] == [EAST]
    hub.settle(replace(answered, outcome="failed", reason="gone", error="410", gone=True), NOW)
    assert hub.store.offers() == {}


def test_what_was_pushed_of_a_feed_that_left_the_file_is_not_taken(hub: Hub) -> None:
    subscribe(hub)
    assert push(hub).status_code == 202
    feeds = [feed for feed in hub.config.feeds if feed.key != EAST]
    hub.store.sync(hub.config.members, feeds, authority="news.example")
    assert hub.store.pushes(limit=10) == ()


# ---------------------------------------------------------------- what is told


def test_the_status_page_says_how_far_pushing_has_come(hub: Hub) -> None:
    hub.publish(EAST, news("1"))
    assert "as it appears" not in hub.words("/status")
    subscribe(hub, verified=False)
    assert "Has been asked to send us its news as it appears" in hub.words("/status")
    before = subscription(hub)
    hub.store.change(before, replace(before, error="the server failed (503)"))
    assert "to send us its news as it appears (the server failed (503))" in hub.words("/status")
    verify(hub)
    assert "503" not in hub.words("/status")
    assert "Has agreed to send us its news as it appears" in hub.words("/status")
    take_push(hub)
    assert "Sends us its news as it appears, last on 24 November, 15:30 Last" in hub.words("/status")
    hub.publish(EAST, news("1"), news("2"), news("3"), at=NOW + timedelta(hours=1))
    assert "last on 24 November, 15:30, though not all of it has come" in hub.words("/status")
    assert hub.words("/status").count("as it appears") == 1
    hub.now += timedelta(days=11)
    assert "Has been asked to send us its news as it appears" in hub.words("/status")


def test_machines_are_told_of_subscriptions_and_pushes(hub: Hub) -> None:
    figures = hub.get("/metrics").text
    assert "hub_websub_subscriptions 0.0" in figures
    subscribe(hub)
    push(hub)
    push(hub, secret="guessed")
    figures = hub.get("/metrics").text
    assert "hub_websub_subscriptions 1.0" in figures
    assert 'hub_websub_pushes{result="taken"} 1.0' in figures
    assert 'hub_websub_pushes{result="refused"} 1.0' in figures


def test_pages_do_not_change_by_what_hubs_ask(hub: Hub) -> None:
    hub.publish(WESSEX, news("1"))
    before = hub.get("/feeds/all.atom").headers["ETag"]
    version = hub.store.version()
    subscribe(hub)
    push(hub)
    assert hub.store.version() == version
    assert hub.get("/feeds/all.atom").headers["ETag"] == before
