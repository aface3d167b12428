"""The hub as a subscriber of a real WebSub hub on loopback: with a clock of the test's, and as `hub run`."""

from __future__ import annotations

import secrets
import socket
import sqlite3
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from hub.config import Config, parse
from hub.errors import FetchError
from hub.fetch import Accepted, FetchRequest, Outcome
from hub.fetch.curl import CurlFetcher
from hub.model import PollResult, Subscription
from hub.polling import rounds
from hub.polling.polls import Polls
from hub.polling.subscriber import Subscriber
from hub.store import Store, open_store
from hub.web import create_app, serve
from hub.web.serve import Server
from tests.commands import SOON, Hub, end_within, get, within
from tests.site import Site, serving
from tests.sqlite import new_file
from tests.websub_hub import WebSubHub, websub_hub

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALLOWED = "fetch: {allow: [127.0.0.0/8], host_delay: 0s}"


@pytest.fixture
def theirs() -> Iterator[WebSubHub]:
    with websub_hub() as running:
        yield running


def atom(url: str, *titles: str, self_link: str | None = None) -> str:
    """A feed of these titles, the first the newest, in which an entry is the same wherever it stands."""
    entries = "".join(
        f"<entry><id>{url}#{quote(title)}</id><title>{escape(title)}</title>"
        f"<link href='{url}/{quote(title)}'/><updated>2026-11-20T09:00:00Z</updated>"
        f"<content>Words of {escape(title)}.</content></entry>"
        for title in titles
    )
    itself = f"<link rel='self' href='{self_link}'/>" if self_link else ""
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><id>{url}</id><title>News</title>"
        f"<updated>2026-11-20T09:00:00Z</updated>{itself}{entries}</feed>"
    )


def pushed_feed(site: Site, hub: WebSubHub, *titles: str, path: str = "/feed") -> str:
    """A feed that names a hub in its Link header; its URL."""
    url = site.url + path
    links = f'<{hub.url}>; rel="hub", <{url}>; rel="self"'
    return site.page(path, atom(url, *titles), Content_Type="application/atom+xml", Link=links)


def free_port() -> int:
    """A port that nobody has, of those that no system gives to who asks for any before it is bound."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


# ---------------------------------------------------------------- in this process


@dataclass
class Ours:
    """A hub whose poller the test steps and whose web view is served, with one clock for both."""

    store: Store
    address: str
    config: Config
    now: datetime = NOW
    results: list[PollResult] = field(default_factory=list)
    polls: Polls | None = None
    subscriber: Subscriber | None = None

    def configure(self, *feeds: str, more: str = "", size: str = "20MB", keys: str = "") -> None:
        fetch = ALLOWED.replace("}", f", size: {size}}}")
        lines = [f"hub: {{url: {self.address}, {fetch}{more}}}", "members:"]
        for number, url in enumerate(feeds):
            lines += [f"  - {{slug: m{number}, name: M{number}, feeds: [{{url: {url}{keys}}}]}}"]
        self.config = parse("\n".join(lines if feeds else lines[:1]) + "\n")
        rounds.sync(self.store, self.config)
        assert self.polls is not None
        self.subscriber = Subscriber(self.store, self.polls, self.config.hub, now=lambda: self.now)

    def step(self) -> None:
        """What the poller does at a tick, until nothing is under way."""
        assert self.polls is not None
        assert self.subscriber is not None
        self.subscriber._looked = float("-inf")  # a second has passed
        self.subscriber.look()
        self.subscriber.act()
        self.polls.begin(self.store.due(self.now))
        while self.polls.unfinished:
            self.results += self.polls.step(1)

    def until(self, happened: Callable[[], object]) -> None:
        """Step until something has happened."""

        def happens() -> bool:
            self.step()
            return bool(happened())

        assert within(SOON, happens)

    def subscription(self) -> Subscription:
        (found,) = self.store.subscriptions()
        return found

    def titles(self) -> list[str]:
        return [stored.entry.title for stored in self.store.walk()]


@contextmanager
def our_hub(folder: Path) -> Iterator[Ours]:
    database = new_file(folder / "hub.db")
    server = Server("127.0.0.1", 0)
    config = parse(f"hub: {{url: {server.address}, {ALLOWED}}}\n")
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(database)))
        ours = Ours(store, server.address, config)
        # Of the threads that answer, until the server has ended.
        readers = stack.enter_context(ExitStack())
        app = create_app(
            lambda: readers.enter_context(closing(open_store(database))),
            lambda: ours.config,
            base_url=server.address,
            now=lambda: ours.now,
        )
        serves = threading.Thread(target=server.run, args=(app,))
        serves.start()
        stack.callback(serves.join)
        stack.callback(server.close)
        ours.polls = stack.enter_context(rounds.open_polls(config, store))
        ours.polls._now = lambda: ours.now
        ours.polls._fetcher._clock = lambda: ours.now  # type: ignore[attr-defined]
        ours.polls._jitter = lambda _: 0.0
        yield ours


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Ours]:
    with our_hub(tmp_path) as running:
        yield running


def subscribed(ours: Ours, site: Site, theirs: WebSubHub, *titles: str) -> dict[str, str]:
    """Have a feed subscribed to; what its hub was asked for."""
    ours.configure(pushed_feed(site, theirs, *(titles or ("Ward opens",))))
    ours.until(lambda: theirs.subscriptions)
    (wanted,) = theirs.subscriptions.values()
    return wanted


def test_a_subscription_has_an_address_and_a_secret_that_nobody_can_guess(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    first = pushed_feed(site, theirs, "Ward opens", path="/1")
    second = pushed_feed(site, theirs, "Clinic moves", path="/2")
    ours.configure(first, second)
    ours.until(lambda: len(theirs.subscriptions) == 2)
    one, other = theirs.subscriptions.values()
    assert {one["hub.topic"], other["hub.topic"]} == {first, second}
    for name in ("hub.callback", "hub.secret"):
        assert one[name] != other[name]
        assert len(one[name]) >= 43  # 32 bytes
    assert len(one["hub.secret"]) < 200  # WebSub §5.1
    assert one["hub.callback"].startswith(f"{ours.address}/websub/")
    assert one["hub.lease_seconds"] == "864000"
    assert one["hub.secret"] not in one["hub.callback"]
    assert len(theirs.asked) == 2


def test_a_push_is_taken_as_a_poll_and_the_record_says_so(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs, "Ward opens", "Grant round")
    before = ours.store.feed_states()[0]
    asked = len(site.asked)
    # What is new, alone.
    assert theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves")).status == 202
    ours.until(lambda: "Clinic moves" in ours.titles())
    assert sorted(ours.titles()) == ["Clinic moves", "Grant round", "Ward opens"]
    assert (ours.results[-1].pushed, ours.results[-1].new, ours.results[-1].outcome) == (True, 1, "fetched")
    after = ours.store.feed_states()[0]
    assert (after.etag, after.body_digest, after.used_url) == (
        before.etag,
        before.body_digest,
        before.used_url,
    )
    assert (after.next_poll, after.polled) == (before.next_poll, before.polled)
    assert after.pushed_until == ours.subscription().expires
    assert ours.store.pushes(limit=1) == ()
    assert len(site.asked) == asked
    # The poll that comes at its usual time finds nothing new, and the next is due much later.
    ours.now += HOUR
    pushed_feed(site, theirs, "Clinic moves", "Ward opens", "Grant round")
    ours.step()
    assert (ours.results[-1].pushed, ours.results[-1].new) == (False, 0)


def test_a_feed_that_is_pushed_is_polled_behind_its_pushes_until_one_is_missed(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves"))
    ours.until(lambda: "Clinic moves" in ours.titles())
    ours.now += HOUR
    ours.step()
    state = ours.store.feed_states()[0]
    assert state.next_poll == ours.now + 6 * HOUR
    assert "pushed" in state.next_poll_why
    ours.now += 6 * HOUR
    pushed_feed(site, theirs, "Never pushed", "Ward opens")
    ours.step()
    state = ours.store.feed_states()[0]
    assert "Never pushed" in ours.titles()
    assert state.next_poll == ours.now + HOUR


def test_a_push_that_is_not_the_hubs_own_brings_nothing(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    forged = atom(wanted["hub.topic"], "Forged")
    for signature in ("", "sha256=0000", "sha1=0000"):
        assert theirs.push(wanted, forged, signature=signature).status == 202
    ours.step()
    assert ours.titles() == ["Ward opens"]
    assert (ours.subscription().refused, ours.subscription().taken) == (3, 0)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_hubs_sign_by_whichever_method_they_like(
    ours: Ours, site: Site, theirs: WebSubHub, method: str
) -> None:
    wanted = subscribed(ours, site, theirs)
    theirs.push(wanted, atom(wanted["hub.topic"], f"By {method}"), method=method)
    ours.until(lambda: f"By {method}" in ours.titles())


def test_a_pushed_document_of_another_feed_brings_nothing_and_is_on_record(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    before = ours.store.feed_states()[0]
    someone = "https://someone.example/feed"
    theirs.push(wanted, atom(someone, "Someone's", self_link=someone))
    ours.until(lambda: ours.results[-1].outcome == "failed")
    assert someone in (ours.results[-1].error or "")
    assert ours.titles() == ["Ward opens"]
    assert ours.store.feed_states()[0] == before
    assert ours.store.pushes(limit=1) == ()


def test_entries_of_a_push_belong_to_the_feed_that_was_subscribed_to(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    first = pushed_feed(site, theirs, "Ward opens", path="/1")
    other = site.feed("/2", "Theirs alone")
    ours.configure(first, other)
    ours.until(lambda: theirs.subscriptions)
    (wanted,) = theirs.subscriptions.values()
    # It says nothing of where it is from, but for links into the other member's site.
    theirs.push(wanted, atom(other, "Of the other's site"))
    ours.until(lambda: "Of the other's site" in ours.titles())
    found = next(stored for stored in ours.store.walk() if stored.entry.title == "Of the other's site")
    assert found.member.slug == "m0"


def test_links_of_a_push_are_read_as_those_of_its_feed(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    topic = wanted["hub.topic"]
    theirs.push(wanted, atom(topic, "Clinic").replace(f"href='{topic}/Clinic'", "href='/clinic'"))
    ours.until(lambda: "Clinic" in ours.titles())
    assert [found.entry.title for found in ours.store.find(f"{site.url}/clinic")] == ["Clinic"]


def test_a_push_that_is_no_feed_is_on_record_and_the_feed_is_not_failing(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    before = ours.store.feed_states()[0]
    theirs.push(wanted, "<html><title>Maintenance</title></html>", content_type="text/html")
    ours.until(lambda: ours.results[-1].outcome == "failed")
    assert ours.results[-1].pushed
    assert ours.store.feed_states()[0] == before


def test_several_pushes_of_one_feed_are_taken_one_after_the_other(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    for number in range(5):
        theirs.push(wanted, atom(wanted["hub.topic"], f"News {number}"))
    ours.until(lambda: len(ours.titles()) == 6)
    assert ours.titles() == ["Ward opens", *(f"News {number}" for number in range(5))]


def test_a_subscription_is_renewed_in_time_at_the_same_address(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    expires = ours.subscription().expires
    ours.now += 6 * DAY
    ours.step()
    assert len(theirs.asked) == 1
    ours.now += DAY
    ours.until(lambda: ours.subscription().expires != expires)
    assert theirs.asked == [wanted, wanted]
    assert ours.subscription().expires == ours.now + 10 * DAY


def test_a_hub_that_grants_less_is_asked_again_within_it(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    theirs.lease = 3600
    subscribed(ours, site, theirs)
    assert ours.subscription().expires == NOW + HOUR
    ours.now += timedelta(minutes=41)
    ours.until(lambda: ours.subscription().expires == ours.now + HOUR)
    assert len(theirs.asked) == 2


def test_a_hub_that_never_verifies_is_not_asked_at_each_turn(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    theirs.verifies = False
    ours.configure(pushed_feed(site, theirs, "Ward opens"))
    for _ in range(20):
        ours.step()
    assert len(theirs.asked) == 1
    for _ in range(24):
        ours.now += HOUR
        ours.step()
    # After 10 minutes, and each time twice as long.
    assert len(theirs.asked) == 7


def test_a_denial_ends_it_and_the_feed_is_polled_as_before(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves"))
    ours.until(lambda: "Clinic moves" in ours.titles())
    assert theirs.deny(wanted, "closed").status == 200
    assert ours.subscription().denied == NOW
    assert ours.store.feed_states()[0].pushed_until is None
    ours.now += DAY
    ours.step()
    assert len(theirs.asked) == 1
    assert ours.store.feed_states()[0].next_poll == ours.now + HOUR
    assert theirs.push(wanted, atom(wanted["hub.topic"], "Too late")).status == 410


def test_a_feed_that_leaves_the_file_is_unsubscribed_from(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    ours.configure()
    ours.until(lambda: not ours.store.subscriptions() and not theirs.subscriptions)
    assert theirs.asked[-1] == {
        "hub.mode": "unsubscribe",
        "hub.topic": wanted["hub.topic"],
        "hub.callback": wanted["hub.callback"],
        "hub.verify": "async",
    }


def test_a_feed_that_is_paused_is_unsubscribed_from_until_it_is_resumed(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    (feed,) = ours.config.feeds
    theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves"))
    ours.configure(feed.url, keys=", paused: yes")
    ours.until(lambda: not ours.store.subscriptions() and not theirs.subscriptions)
    assert theirs.asked[-1]["hub.mode"] == "unsubscribe"
    assert "Clinic moves" not in ours.titles()
    ours.configure(feed.url)
    ours.until(lambda: bool(theirs.subscriptions))
    assert theirs.asked[-1]["hub.mode"] == "subscribe"


def test_a_feed_whose_entries_were_removed_too_is_unsubscribed_from(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    subscribed(ours, site, theirs)
    key = ours.config.feeds[0].key
    ours.configure()
    ours.store.remove(key, ours.now)
    assert ours.subscription().feed is None
    ours.until(lambda: not ours.store.subscriptions() and not theirs.subscriptions)
    assert ours.store.check() == ()


def test_a_feed_that_names_another_hub_is_subscribed_to_there(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    subscribed(ours, site, theirs)
    with websub_hub() as other:
        pushed_feed(site, other, "Clinic moves")
        ours.now += HOUR
        ours.until(lambda: other.subscriptions and not theirs.subscriptions)
        ours.until(lambda: len(ours.store.subscriptions()) == 1)
        assert ours.subscription().hub == other.url


def test_a_switch_in_feeds_yaml_ends_all_of_it(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    ours.configure(wanted["hub.topic"], more=", websub: no")
    ours.until(lambda: not ours.store.subscriptions() and not theirs.subscriptions)
    ours.now += DAY
    ours.step()
    assert [asked["hub.mode"] for asked in theirs.asked] == ["subscribe", "unsubscribe"]


@pytest.mark.parametrize("status", [307, 308])
def test_a_hub_may_send_us_to_another(ours: Ours, site: Site, theirs: WebSubHub, status: int) -> None:
    with websub_hub() as other:
        theirs.status, theirs.headers = status, {"Location": other.url}
        ours.configure(pushed_feed(site, theirs, "Ward opens"))
        ours.until(lambda: other.subscriptions)
        assert other.asked == theirs.asked


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_hub_answers_is_told_and_its_retry_after_kept(
    ours: Ours, site: Site, theirs: WebSubHub, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs.status, theirs.headers = status, {"Retry-After": "86400"}
    feeds = [pushed_feed(site, theirs, "Ward opens")]
    ours.configure(*feeds)
    ours.until(lambda: any(each.error for each in ours.store.subscriptions()))
    assert f"({status}" in ours.subscription().error
    assert "m0/news is not pushed: the server of " in capsys.readouterr().err
    # It holds for whoever names that hub.
    with serving("127.0.0.2") as other:
        feeds.append(pushed_feed(other, theirs, "Clinic moves"))
        ours.configure(*feeds)
        theirs.status = 202
        ours.now += 23 * HOUR
        ours.step()
        ours.step()
        assert len(theirs.asked) == 1
        assert len(ours.store.subscriptions()) == 2
        ours.now += HOUR
        ours.until(lambda: len(theirs.subscriptions) == 2)
    assert [each.error for each in ours.store.subscriptions()] == ["", ""]


def test_a_hub_at_a_private_address_is_asked_nothing_though_a_public_feed_names_it(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    ours.configure(pushed_feed(site, theirs, "Ward opens"))
    ours.step()
    # Loopback stands for the internet here: the feed is marked as one that came from there.
    with closing(sqlite3.connect(ours.store._file)) as database:  # type: ignore[attr-defined]
        database.execute("UPDATE feeds SET push_public = 1")
        database.commit()
    ours.until(lambda: ours.subscription().error)
    assert "not public" in ours.subscription().error
    assert theirs.asked == []


def test_a_poller_that_is_killed_before_it_settles_a_push_takes_it_again(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves"))
    assert ours.polls is not None
    assert ours.subscriber is not None
    ours.subscriber.look()
    ours.subscriber.act()
    assert len(ours.store.pushes(limit=1)) == 1
    with rounds.open_polls(ours.config, ours.store) as after:
        ours.polls = after
        ours.subscriber = Subscriber(ours.store, after, ours.config.hub, now=lambda: ours.now)
        ours.until(lambda: "Clinic moves" in ours.titles())
    assert ours.store.pushes(limit=1) == ()


def test_a_push_may_be_large_and_not_larger_than_a_feed_may_be(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    large = atom(wanted["hub.topic"], "Clinic moves") + " " * 3_000_000
    assert theirs.push(wanted, large).status == 202
    ours.until(lambda: "Clinic moves" in ours.titles())
    ours.configure(wanted["hub.topic"], size="1MB")
    assert theirs.push(wanted, large).status == 413
    # One that does not say how long it is.
    assert theirs.push(wanted, large, chunked=True).status == 413
    assert theirs.push(wanted, atom(wanted["hub.topic"], "Grant round"), chunked=True).status == 202
    ours.until(lambda: "Grant round" in ours.titles())
    assert (ours.subscription().taken, ours.subscription().refused) == (2, 2)
    # A feed may have a limit of its own.
    ours.configure(f"{wanted['hub.topic']}, size: 4MB", size="1MB")
    assert theirs.push(wanted, large.replace("Clinic moves", "Nurses win")).status == 202
    ours.until(lambda: "Nurses win" in ours.titles())


def begun(wanted: dict[str, str], length: int, sent: bytes) -> socket.socket:
    """A connection on which a push of so many bytes has begun, of which our hub knows already."""
    callback = urlsplit(wanted["hub.callback"])
    connection = socket.create_connection((callback.hostname, callback.port), timeout=SOON)
    head = f"POST {callback.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
    connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
    # It is told to go on once its body is awaited (RFC 9110 §10.1.1), and not before.
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(sent)
    return connection


def test_a_push_that_breaks_off_is_nobodys_forgery(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    begun(wanted, 1000, b"half").close()
    # The connection is over; the next push is taken as ever.
    theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves"))
    ours.until(lambda: "Clinic moves" in ours.titles())
    assert (ours.subscription().taken, ours.subscription().refused) == (1, 0)


def test_a_push_that_does_not_come_to_an_end_is_waited_for_no_longer(
    ours: Ours, site: Site, theirs: WebSubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "_SENDING", 0.2)
    wanted = subscribed(ours, site, theirs)
    with begun(wanted, 1000, b"half") as connection:
        assert connection.recv(100).split()[1] == b"408"


def test_pushes_that_never_come_to_an_end_keep_no_page_waiting(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    wanted = subscribed(ours, site, theirs)
    with ExitStack() as slow:
        for _ in range(20):
            slow.enter_context(begun(wanted, 1000, b"half"))
        with urllib.request.urlopen(f"{ours.address}/search?q=ward", timeout=SOON) as answer:
            assert answer.status == 200


def three_subscribed(ours: Ours, site: Site, theirs: WebSubHub) -> Sequence[dict[str, str]]:
    """Three feeds subscribed to; what their hub was asked for, by their order."""
    topics = [pushed_feed(site, theirs, "Ward opens", path=f"/{number}") for number in range(3)]
    ours.configure(*topics)
    ours.until(lambda: len(theirs.subscriptions) == 3)
    return sorted(theirs.subscriptions.values(), key=lambda wanted: wanted["hub.topic"])


def test_pushes_that_never_come_to_an_end_keep_no_others_push_waiting(
    ours: Ours, site: Site, theirs: WebSubHub
) -> None:
    first, second, third = three_subscribed(ours, site, theirs)
    with ExitStack() as slow:
        for wanted in (first, first, second, second) * 3:
            slow.enter_context(begun(wanted, 1000, b"half"))
        assert theirs.push(third, atom(third["hub.topic"], "Clinic moves")).status == 202
    ours.until(lambda: "Clinic moves" in ours.titles())


def test_of_pushes_that_are_too_much_together_the_largest_is_put_off(
    ours: Ours, site: Site, theirs: WebSubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = three_subscribed(ours, site, theirs)
    document = atom(third["hub.topic"], "Clinic moves")
    monkeypatch.setattr(serve, "_HELD", 6000 + len(document))
    come: list[int] = []

    class Counted(serve._Body):
        def write(self, part: Any) -> int:
            come.append(super().write(part))
            return come[-1]

    monkeypatch.setattr(serve, "_Body", Counted)
    with begun(first, 4000, b"x" * 3999) as larger, begun(second, 4000, b"x" * 2000) as smaller:
        assert within(SOON, lambda: sum(come) == 5999)
        # What was given up is no longer in the way.
        for _ in range(3):
            assert theirs.push(third, document + " " * 500).status == 202
        larger.sendall(b"x")
        assert larger.recv(100).split()[1] == b"503"
        smaller.sendall(b"x" * 2000)
        assert smaller.recv(100).split()[1] == b"202"


def test_of_pushes_to_one_callback_the_latest_is_taken(ours: Ours, site: Site, theirs: WebSubHub) -> None:
    wanted = subscribed(ours, site, theirs)
    with begun(wanted, 1000, b"half") as before:
        assert theirs.push(wanted, atom(wanted["hub.topic"], "Clinic moves")).status == 202
        before.sendall(b"x" * 996)
        answer = before.recv(1000)
    assert answer.split()[1] == b"503"
    assert b"retry-after: 60" in answer
    assert (ours.subscription().taken, ours.subscription().refused) == (1, 0)


# ---------------------------------------------------------------- forms


def sent(url: str, **more: Any) -> Outcome:
    settings = parse(f"hub: {{{ALLOWED}}}\n").hub
    with closing(CurlFetcher(settings.fetch, "tests")) as fetcher:
        fetcher.submit("form", FetchRequest(url=url, form="hub.mode=subscribe", **more))
        fetcher.submit("form", FetchRequest(url=url, form="hub.mode=unsubscribe", **more))
        outcomes = [outcome for _ in range(2) for _, outcome in fetcher.wait(SOON)]
    return outcomes[0]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_will_do_for_a_form(theirs: WebSubHub, status: int) -> None:
    theirs.status, theirs.verifies = status, False
    assert isinstance(sent(theirs.url), Accepted)
    assert [asked["hub.mode"] for asked in theirs.asked] == ["subscribe", "unsubscribe"]


@pytest.mark.parametrize("status", [301, 302, 303, 400, 404, 410, 500])
def test_all_else_is_an_error_for_a_form(theirs: WebSubHub, site: Site, status: int) -> None:
    theirs.status, theirs.headers = status, {"Location": site.url}
    outcome = sent(theirs.url)
    assert isinstance(outcome, FetchError)
    assert str(status) in str(outcome)
    assert site.asked == []


def test_a_form_goes_to_no_private_address_that_a_public_server_named(theirs: WebSubHub) -> None:
    outcome = sent(theirs.url, named_by="https://east.example.org/feed/")
    assert isinstance(outcome, FetchError)
    assert outcome.reason == "refused"
    assert theirs.asked == []


# ---------------------------------------------------------------- as people run it


def test_news_that_is_pushed_is_in_the_merged_feed_within_seconds(
    tmp_path: Path, site: Site, theirs: WebSubHub
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    hub = Hub(tmp_path)
    hub.write(
        {"east": [pushed_feed(site, theirs, "Ward opens")]}, head=f"hub:\n  url: {address}\n  {ALLOWED}\n"
    )
    with hub.start("run", "--port", str(port)) as process:
        try:
            assert within(SOON, lambda: theirs.subscriptions), theirs.answers
            (wanted,) = theirs.subscriptions.values()
            topic = wanted["hub.topic"]
            assert theirs.push(wanted, atom(topic, "Forged"), signature="sha256=00").status == 202
            assert theirs.push(wanted, atom(topic, "Clinic moves")).status == 202
            assert within(SOON, lambda: "Clinic moves" in get(f"{address}/feeds/all.atom"))
            feed = get(f"{address}/feeds/all.atom")
            assert "Ward opens" in feed
            assert "Forged" not in feed
            status = get(f"{address}/status")
            assert "Sends us its news as it appears" in status
            assert "1 message was dropped" in status
        finally:
            process.terminate()
            _, said = process.communicate(timeout=end_within())
    assert "pushed=yes new=1" in said, said
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        polls = database.execute("SELECT pushed, new FROM polls ORDER BY id").fetchall()
    assert polls == [(0, 1), (1, 1)]


def test_a_hub_whose_address_nobody_reaches_subscribes_to_nothing(
    tmp_path: Path, site: Site, theirs: WebSubHub
) -> None:
    hub = Hub(tmp_path)
    hub.write({"east": [pushed_feed(site, theirs, "Ward opens")]})
    with hub.serving("run") as (_, address):
        assert within(SOON, lambda: "Ward opens" in get(f"{address}/feeds/all.atom"))
        assert not within(2, lambda: theirs.asked)


def test_what_is_sent_is_read_from_those_alone_who_know_a_callback(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.write({})
    with hub.serving("serve") as (_, address):
        port = int(address.rpartition(":")[2])
        for path in ("/websub/guessed", "/feeds/all.atom"):
            with socket.create_connection(("127.0.0.1", port), timeout=SOON) as connection:
                # What never comes is not waited for.
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
                connection.sendall(head.encode())
                assert connection.recv(100).split()[1] in (b"410", b"405")
        assert urllib.request.urlopen(f"{address}/healthz", timeout=SOON).status == 200
