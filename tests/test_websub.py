"""The rules of a WebSub subscriber: who offers to push, what hubs are asked for and when, what they get."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.fetch.answer import read_head
from hub.model import Feed, FeedKey, FeedState, FetchPolicy, HubSettings, Offer, Subscription
from hub.reader import Document, Reader
from hub.websub import callbacks, offers, subscribing
from hub.websub.subscribing import LEASE, Steps

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://east.example.org/feed/"
HUB = "https://hub.example.net/"
OURS = "https://news.example.org/websub/"
EAST = FeedKey("east")
OFFER = Offer(hub=HUB, topic=URL)
ASKED = Subscription(
    number=1,
    feed=EAST,
    hub=HUB,
    topic=URL,
    public=True,
    callback=OURS + "token",
    token="token",
    secret="a secret",
    due=NOW,
)
ACTIVE = callbacks.confirmed(ASKED, "864000", now=NOW)


def header(links: str | None, *, public: bool = True) -> Offer:
    return offers.in_header(links, url=URL, public=public)


# ---------------------------------------------------------------- who offers to push


@pytest.mark.parametrize(
    "links",
    [
        f'<{HUB}>; rel="hub", <{URL}>; rel="self"',
        f"<{HUB}>;rel=hub,<{URL}>;rel=self",
        f'<{URL}>; title="a, <b>; rel=hub"; rel="SELF", <{HUB}>; type=x; REL="preconnect Hub"',
        f'</wp-json/>; rel="https://api.w.org/", <{HUB}>; rel="hub"; rel="self", <.>; rel=self',
        f'<https://a.example/>; rel=self; anchor="/other", <{HUB}#top>; rel=hub, <{URL}>; rel=self',
    ],
)
def test_a_link_header_names_the_hub_and_the_topic(links: str) -> None:
    assert header(links) == OFFER


@pytest.mark.parametrize(
    "links", [None, "", "hub", f"<{HUB}>", f"{HUB}; rel=hub", f"<{HUB}; rel=hub", "<>;rel=hub"]
)
def test_a_header_that_names_none_offers_nothing(links: str | None) -> None:
    assert header(links).hub is None


@given(st.text(alphabet='<>;,="\\ relhubself/:', max_size=300))
def test_any_header_can_be_read(links: str) -> None:
    header(links)


def test_of_several_hubs_an_encrypted_one_is_asked() -> None:
    assert header(f"<http://a.example/>; rel=hub, <{HUB}>; rel=hub").hub == HUB
    assert header("<http://a.example/>; rel=hub, <http://b.example/>; rel=hub").hub == "http://a.example/"


def test_the_header_wins_over_the_document() -> None:
    document = offers.in_document(["https://other.example/"], "/other", url=URL)
    itself = "https://east.example.org/other"
    assert document == Offer(hub="https://other.example/", topic=itself, itself=itself)
    both = offers.joined(header(f"<{HUB}>; rel=hub, <{URL}>; rel=self"), document)
    assert both == replace(OFFER, itself=itself)
    assert offers.joined(header(None), document) == document


def test_a_hub_that_is_no_web_address_is_none() -> None:
    assert offers.in_document(["mailto:hub@example.org", "ftp://hub.example/"], URL, url=URL).hub is None


def test_an_address_that_is_longer_than_any_is_none() -> None:
    long = f"https://hub.example/{'a' * 2_000}"
    assert offers.in_document([long, HUB], long, url=URL) == offers.in_document([HUB], None, url=URL)


def test_what_a_private_server_says_is_not_said_by_a_public_one() -> None:
    document = offers.in_document([HUB], URL, url=URL)
    assert not offers.joined(header(None, public=False), document).public
    assert offers.joined(header(None, public=True), document).public


def test_a_document_is_the_feeds_if_it_gives_one_of_its_addresses_or_none() -> None:
    feed = Feed(key=EAST, url=URL, alternatives=("https://east.example.org/rss",))
    state = FeedState(feed=feed, used_url="https://cdn.example.org/east")
    theirs = (
        "http://www.east.example.org/feed",
        "https://east.example.org/rss",
        "https://cdn.example.org/east",
    )
    for own in (None, "https://topic.example/", *theirs):
        assert offers.is_of(Offer(itself=own), state, "https://topic.example/")
    someone = Offer(itself="https://west.example.org/feed/")
    assert not offers.is_of(someone, state, "https://topic.example/")
    # Many feeds give an old address for themselves, and it is theirs all the same.
    assert offers.is_of(someone, replace(state, offer=someone), "https://topic.example/")


def test_a_link_header_that_stands_twice_is_one() -> None:
    lines = [b"HTTP/1.1 200 OK", f"Link: <{HUB}>; rel=hub".encode(), f"LINK: <{URL}>; rel=self".encode()]
    head = read_head([*lines, b"ETag: 1", b"ETag: 2"])
    assert header(head.headers["link"]) == OFFER
    assert head.headers["etag"] == "1"


RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>East</title>
<atom:link rel="self" href="/feed/"/><atom:link rel="hub" href="https://hub.example.net/"/>
<item><title>Ward opens</title><link>https://east.example.org/1</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>East</title><link rel="alternate" href="/"/>
<link rel="self" href="/feed/"/><link rel="hub" href="https://hub.example.net/"/>
<entry><id>a:1</id><title>Ward opens</title><link rel="self" href="/1"/>
<link rel="hub" href="/x"/></entry></feed>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "East", "feed_url": "/feed/",
"hubs": [{"type": "rssCloud", "url": "https://cloud.example/"},
{"type": "WebSub", "url": "https://hub.example.net/"}],
"items": [{"id": "1", "content_text": "Ward opens"}]}"""


@pytest.mark.parametrize("document", [RSS, ATOM, JSON, RSS.replace("<item>", "<item>&nbsp;"), f"\n{ATOM}&"])
def test_a_document_of_any_format_names_the_hub_and_itself(document: str) -> None:
    feed = Feed(key=EAST, url=URL)
    reading = Reader((), "Europe/London").read(Document(feed=feed, url=URL, body=document.encode()))
    assert reading.offer == replace(OFFER, itself=URL)
    assert len(reading.entries) == 1


# ---------------------------------------------------------------- where hubs reach us


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://news.example.org", True),
        ("https://example.org/news", True),
        ("http://93.184.216.34:8000", True),
        (None, False),
        ("http://localhost:8000", False),
        ("http://hub", False),
        ("http://hub.local", False),
        ("http://hub.internal", False),
        ("http://127.0.0.1:8000", False),
        ("http://10.1.2.3", False),
        ("http://[::1]:8000", False),
    ],
)
def test_the_hub_subscribes_where_hubs_can_reach_it(url: str | None, reached: bool) -> None:
    found = subscribing.callbacks(HubSettings(url=url))
    assert found == (f"{url}/websub/" if reached else None)


def test_an_address_of_its_own_network_counts_where_feeds_yaml_allows_it() -> None:
    allowing = FetchPolicy(allow=(ip_network("10.0.0.0/8"),))
    assert (
        subscribing.callbacks(HubSettings(url="http://10.1.2.3", fetch=allowing)) == "http://10.1.2.3/websub/"
    )


def test_nobody_is_asked_where_feeds_yaml_says_no() -> None:
    assert subscribing.callbacks(HubSettings(url="https://news.example.org", websub=False)) is None


# ---------------------------------------------------------------- what hubs are asked for


def steps(
    *subscriptions: Subscription, now: datetime = NOW, offer: Offer | None = OFFER, ours: str | None = OURS
) -> Steps:
    return subscribing.steps({EAST: offer} if offer else {}, subscriptions, callbacks=ours, now=now)


def test_a_feed_that_offers_to_push_is_subscribed_to_once() -> None:
    assert steps() == Steps(begin={EAST: OFFER})
    assert steps(ASKED) == Steps(ask=(ASKED,))
    assert steps(ACTIVE) == Steps()


@pytest.mark.parametrize("offer", [Offer(hub=HUB), Offer(topic=URL), Offer()])
def test_half_an_offer_is_none(offer: Offer) -> None:
    assert steps(offer=offer) == Steps()


def test_a_hub_that_does_not_verify_is_asked_ever_more_seldom() -> None:
    waits = []
    subscription, now = ASKED, NOW
    for _ in range(15):
        assert steps(subscription, now=now) == Steps(ask=(subscription,))
        subscription = subscribing.asked(subscription, now=now)
        assert steps(subscription, now=subscription.due - MINUTE) == Steps()
        waits.append(subscription.due - now)
        now = subscription.due
    assert waits[:4] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]
    assert waits[-1] == 7 * DAY
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("hub", "tried"),
    [
        ("http://hub.example.net/?a=b", ["https://hub.example.net/?a=b", "http://hub.example.net/?a=b"]),
        ("http://hub.example.net:80", ["https://hub.example.net", "http://hub.example.net:80"]),
        ("http://hub.example.net:8080/", ["http://hub.example.net:8080/"] * 2),
        (HUB, [HUB, HUB]),
    ],
)
def test_a_hub_is_asked_encrypted_first(hub: str, tried: list[str]) -> None:
    once = subscribing.asked(replace(ASKED, hub=hub), now=NOW)
    twice = subscribing.asked(once, now=NOW)
    assert [subscribing.address(once), subscribing.address(twice)] == tried
    assert subscribing.address(subscribing.asked(twice, now=NOW)) == tried[0]


def test_a_subscription_is_renewed_before_its_lease_ends_and_lasts_meanwhile() -> None:
    assert ACTIVE.expires == NOW + 10 * DAY
    assert steps(ACTIVE, now=NOW + 6 * DAY) == Steps()
    later = NOW + 7 * DAY
    assert steps(ACTIVE, now=later) == Steps(ask=(ACTIVE,))
    renewing = subscribing.asked(ACTIVE, now=later)
    assert callbacks.takes(renewing)
    assert renewing.expires == ACTIVE.expires
    # And again, until the hub verifies.
    assert steps(renewing, now=later + HOUR) == Steps(ask=(renewing,))
    renewed = callbacks.confirmed(renewing, "864000", now=later + HOUR)
    assert renewed.expires == later + HOUR + 10 * DAY
    assert steps(renewed, now=later + HOUR) == Steps()


@pytest.mark.parametrize(
    ("lease", "lasts", "renewed"),
    [
        ("3600", HOUR, 40 * MINUTE),
        ("60", MINUTE, 10 * MINUTE),
        ("1", timedelta(seconds=1), 10 * MINUTE),
        ("0", LEASE, LEASE * 2 / 3),
        ("", LEASE, LEASE * 2 / 3),
        ("soon", LEASE, LEASE * 2 / 3),
        ("99999999999", 30 * DAY, 20 * DAY),
    ],
)
def test_a_hub_may_grant_less_than_was_asked_for_and_no_lease_is_for_ever(
    lease: str, lasts: timedelta, renewed: timedelta
) -> None:
    confirmed = callbacks.confirmed(ASKED, lease, now=NOW)
    assert confirmed.expires == NOW + lasts
    assert confirmed.due == NOW + renewed


def test_a_hub_that_denied_is_asked_again_after_a_month() -> None:
    denied = callbacks.denied(ACTIVE, "No  news\nfor <you>\x00", now=NOW)
    assert not callbacks.takes(denied)
    assert denied.error == "No news for <you>"
    assert steps(denied, now=NOW + 29 * DAY) == Steps()
    assert steps(denied, now=NOW + 30 * DAY) == Steps(ask=(denied,))
    assert len(callbacks.denied(ACTIVE, "x" * 10_000, now=NOW).error) == 200


def test_what_was_in_the_way_before_is_over_once_a_hub_answers() -> None:
    unwell = replace(ACTIVE, tries=9, error="the server failed (503)")
    assert callbacks.confirmed(callbacks.denied(unwell, "No news", now=NOW), "864000", now=NOW) == ACTIVE
    assert callbacks.confirmed(unwell, "864000", now=NOW) == ACTIVE
    # One that denied is asked as if for the first time, too.
    assert subscribing.asked(callbacks.denied(unwell, "", now=NOW), now=NOW).due == NOW + 10 * MINUTE


@pytest.mark.parametrize(
    ("offer", "ours"),
    [
        (None, OURS),
        (OFFER, None),
        (OFFER, "https://elsewhere.example.org/websub/"),
        (replace(OFFER, hub="https://other.example/"), OURS),
        (replace(OFFER, topic="https://east.example.org/other"), OURS),
    ],
)
def test_a_subscription_that_is_not_wanted_any_more_is_ended(offer: Offer | None, ours: str | None) -> None:
    found = steps(ACTIVE, offer=offer, ours=ours)
    assert found.leave == (ACTIVE,)
    assert found.ask == found.forget == ()
    # Whoever names another hub is subscribed to there, at once.
    assert found.begin == ({EAST: offer} if offer and ours else {})
    # One that no hub ever verified, or no longer keeps, is nobody's business.
    assert steps(ASKED, offer=offer, ours=ours).forget == (ASKED,)
    assert steps(ACTIVE, offer=offer, ours=ours, now=NOW + 11 * DAY).forget == (ACTIVE,)


def test_a_hub_that_does_not_let_go_is_asked_three_times() -> None:
    # However often it was asked for a renewal.
    leaving = subscribing.leaving(replace(ACTIVE, tries=7), now=NOW)
    assert not callbacks.takes(leaving)
    asked = 0
    while (found := steps(leaving, offer=None, now=leaving.due)).ask:
        leaving = subscribing.asked(leaving, now=leaving.due)
        asked += 1
    assert asked == 3
    assert found == Steps(forget=(leaving,))
    # Nor is it asked beyond the lease, or once it has ended it itself.
    assert steps(callbacks.denied(leaving, "", now=NOW), offer=None).forget != ()
    short = subscribing.leaving(replace(ACTIVE, expires=NOW), now=NOW)
    assert steps(short, offer=None) == Steps(forget=(short,))


def test_what_is_sent_is_what_the_recommendation_has() -> None:
    assert parse_qs(subscribing.form(ASKED)) == {
        "hub.mode": ["subscribe"],
        "hub.topic": [URL],
        "hub.callback": [OURS + "token"],
        "hub.verify": ["async"],
        "hub.lease_seconds": ["864000"],
        "hub.secret": ["a secret"],
    }
    assert parse_qs(subscribing.form(subscribing.leaving(ACTIVE, now=NOW))) == {
        "hub.mode": ["unsubscribe"],
        "hub.topic": [URL],
        "hub.callback": [OURS + "token"],
        "hub.verify": ["async"],
    }


# ---------------------------------------------------------------- what hubs get back


@pytest.mark.parametrize(
    ("subscription", "mode", "topic", "challenge", "confirmed"),
    [
        (ASKED, "subscribe", URL, "abc", True),
        (ACTIVE, "subscribe", URL, "abc", True),
        (subscribing.leaving(ACTIVE, now=NOW), "unsubscribe", URL, "abc", True),
        (ASKED, "unsubscribe", URL, "abc", False),
        (ACTIVE, "unsubscribe", URL, "abc", False),
        (subscribing.leaving(ACTIVE, now=NOW), "subscribe", URL, "abc", False),
        (ASKED, "subscribe", "https://west.example.org/feed/", "abc", False),
        (ASKED, "subscribe", URL + "?", "abc", False),
        (ASKED, "", URL, "abc", False),
        (ASKED, "subscribe", URL, "", False),
        (ASKED, "subscribe", URL, "<script> alert(1)", False),
        (ASKED, "subscribe", URL, "\x00\x01", False),
        (ASKED, "subscribe", URL, "a" * 1001, False),
    ],
)
def test_a_challenge_is_answered_for_what_was_asked_for_alone(
    subscription: Subscription, mode: str, topic: str, challenge: str, confirmed: bool
) -> None:
    assert callbacks.confirms(subscription, mode=mode, topic=topic, challenge=challenge) is confirmed


BODY = "<rss>Größe</rss>".encode()


def signed(method: str, secret: str = "a secret", body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, method).hexdigest()


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_right_signature_is_right_by_each_method(method: str) -> None:
    right = signed(method)
    assert callbacks.is_signed(f"{method}={right}", "a secret", BODY)
    assert callbacks.is_signed(f"{method.upper()}={right.upper()}", "a secret", BODY)
    assert not callbacks.is_signed(f"{method}={right}", "a secret", BODY + b" ")
    assert not callbacks.is_signed(f"{method}={signed(method, 'another')}", "a secret", BODY)
    assert not callbacks.is_signed(f"{method}={right[:-1]}", "a secret", BODY)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        signed("sha256"),
        f"md5={signed('md5')}",
        f"sha224={signed('sha224')}",
        f"sha1={signed('sha256')}",
        f"sha256={signed('sha256')}, sha256={signed('sha256')}",
        "sha256=",
        "sha256=ü",
        "shake_128=00",
    ],
)
def test_any_other_signature_is_wrong(signature: str | None) -> None:
    assert not callbacks.is_signed(signature, "a secret", BODY)
