"""The hub as the WebSub hub of its merged feeds, with real subscribers on loopback."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from hub.model import Intent, Subscriber
from hub.polling.outage import Outage
from hub.websub import subscribers as rules
from tests.commands import SOON, times_slower
from tests.publishing import ALLOWED, Publishing, ask, publishing
from tests.site import Site
from tests.test_subscriber import free_port
from tests.websub_reader import Reader, websub_reader

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def reader() -> Iterator[Reader]:
    with websub_reader() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path, site: Site, reader: Reader) -> Iterator[Publishing]:
    with publishing(tmp_path, site, reader) as running:
        yield running


def fetched(url: str) -> tuple[bytes, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=SOON) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


# ---------------------------------------------------------------- subscribing


def test_who_subscribes_is_asked_and_sent_what_is_new_as_the_feed_is(hub: Publishing, reader: Reader) -> None:
    said = hub.subscribe(reader, "/me?token=1", secret="a secret")
    assert (said.status, said.text) == (202, "Your callback will be asked whether it means this.\n")
    hub.step()
    (asked,) = reader.asked
    assert asked["path"] == "/me"
    assert (asked["token"], asked["hub.mode"], asked["hub.topic"]) == ("1", "subscribe", hub.topic)
    assert asked["hub.lease_seconds"] == "864000"
    assert len(asked["hub.challenge"]) >= 43  # 32 bytes
    assert reader.pushed == []
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    (pushed,) = reader.pushed
    document, headers = fetched(hub.topic)
    assert pushed.path == "/me?token=1"
    assert pushed.body == document
    assert b"Clinic moves" in document
    assert pushed.headers["content-type"] == headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert pushed.headers["link"] == f'<{hub.address}/websub>; rel="hub", <{hub.topic}>; rel="self"'
    assert pushed.is_signed_with("a secret")
    hub.step()
    assert len(reader.pushed) == 1


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
@pytest.mark.parametrize("feed", ["all", "member/east", "tag/wards", "merged/wards"])
def test_every_merged_feed_in_every_format_can_be_subscribed_to(
    hub: Publishing, reader: Reader, feed: str, format: str
) -> None:
    topic = f"{hub.address}/feeds/{feed}.{format}"
    hub.subscribed(reader, topic=topic)
    hub.news("Another ward opens", "Ward opens")
    hub.step()
    (pushed,) = reader.pushed
    assert pushed.body == fetched(topic)[0]
    assert "x-hub-signature" not in pushed.headers


def test_corrections_and_digests_are_sent_when_there_are_some(hub: Publishing, reader: Reader) -> None:
    for path, feed in (("/daily", "digest/daily"), ("/corrections", "corrections")):
        hub.subscribed(reader, path, topic=f"{hub.address}/feeds/{feed}.atom")
    hub.news("Clinic moves", "Ward opens")
    hub.now += DAY
    hub.step()
    assert [each.path for each in reader.pushed] == ["/daily"]
    assert b"Clinic moves" in reader.pushed[0].body
    (entry,) = (each for each in hub.store.walk() if each.entry.title == "Clinic moves")
    hub.store.withdraw([entry.key], "a mistake", hub.now)
    hub.step()
    assert sorted(each.path for each in reader.pushed) == ["/corrections", "/daily", "/daily"]


def test_what_is_said_of_a_feed_without_news_in_it_is_not_sent(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader, topic=f"{hub.address}/feeds/digest/daily.atom")
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert reader.pushed == []


def test_a_callback_that_does_not_confirm_is_sent_nothing(hub: Publishing, reader: Reader) -> None:
    reader.confirms = False
    hub.subscribed(reader)
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert (len(reader.asked), reader.pushed) == (1, [])
    assert hub.subscriber() is None
    # The same is not asked again at once, so that nobody can have us ask a stranger for ever.
    assert hub.subscribe(reader).status == 429
    hub.now += timedelta(minutes=11)
    reader.confirms = True
    hub.subscribed(reader)
    assert hub.subscriber() is not None


def test_a_callback_that_answers_with_something_else_has_not_confirmed(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader, "/me?hub.challenge=mine")
    # Its own comes last in the address and so first here is what nobody asked for.
    assert reader.asked[0]["hub.challenge"] != "mine"
    reader.confirming = 302
    hub.subscribed(reader, "/other")
    assert hub.subscriber("/other") is None
    assert len(reader.asked) == 2


@pytest.mark.parametrize(
    ("repeats", "confirmed"),
    [("{}", True), ("{}\r\n", True), ("", False), ("ok", False), ("{}{}", False), ("<p>{}</p>", False)],
)
def test_a_callback_confirms_by_the_challenge_and_by_nothing_else(
    hub: Publishing, reader: Reader, repeats: str, *, confirmed: bool
) -> None:
    reader.repeats = repeats.replace("{}{}", "{0}{0}")
    hub.subscribed(reader)
    assert (hub.subscriber() is not None) == confirmed


def test_a_callback_that_cannot_be_reached_is_asked_three_times(hub: Publishing, reader: Reader) -> None:
    reader.confirming = 503
    hub.subscribed(reader)
    hub.step()
    assert reader.modes() == ["subscribe"], "not at once again"
    for wait in (MINUTE, 5 * MINUTE, HOUR):
        hub.now += wait
        hub.step()
    assert reader.modes() == ["subscribe"] * 3
    reader.confirming = 200
    hub.subscribed(reader)
    assert hub.subscriber() is not None


@pytest.mark.parametrize(("status", "asks"), [(404, 1), (302, 1), (500, 3), (503, 3)])
def test_who_asks_for_the_same_again_and_again_has_a_callback_asked_no_oftener(
    hub: Publishing, reader: Reader, status: int, asks: int
) -> None:
    reader.confirming = status
    said = []
    for _ in range(18):
        said.append(hub.subscribe(reader).status)
        assert hub.sender is not None
        if hub.look():
            hub.sender.act()
        # While its callback is asked, too.
        said.append(hub.subscribe(reader, lease_seconds="86400").status)
        while hub.polls.unfinished:
            hub.polls.step(1)
        hub.now += MINUTE / 2
    assert reader.modes() == ["subscribe"] * asks
    assert set(said) == {202, 429}


def test_a_callback_where_nobody_is_may_be_there_a_minute_later(hub: Publishing) -> None:
    callback = f"http://127.0.0.1:{free_port()}/me"
    assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
    hub.step()
    with websub_reader(port=int(callback.split(":")[2].split("/")[0])) as late:
        hub.now += MINUTE
        hub.step()
        assert late.modes() == ["subscribe"]
    assert hub.store.subscriber(hub.topic, callback, hub.now) is not None


def test_what_is_asked_for_while_a_callback_confirms_it_has_to_confirm_as_well(
    hub: Publishing, reader: Reader
) -> None:
    assert hub.subscribe(reader, secret="one").status == 202
    assert hub.sender is not None
    hub.look()
    hub.sender.act()
    assert hub.subscribe(reader, secret="other", lease_seconds="86400").status == 202
    while hub.polls.unfinished:
        hub.polls.step(1)
    found = hub.subscriber()
    assert found is not None
    assert found.secret == "one"
    hub.step()
    found = hub.subscriber()
    assert found is not None
    assert (found.secret, found.expires) == ("other", hub.now + DAY)
    assert [each["hub.lease_seconds"] for each in reader.asked] == ["864000", "86400"]
    assert hub.store.crowd(hub.now).waiting == 0


def test_who_unsubscribes_is_asked_too_and_sent_nothing_any_more(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    reader.confirms = False
    hub.subscribed(reader, mode="unsubscribe")
    assert hub.subscriber() is not None
    hub.now += HOUR
    reader.confirms = True
    hub.subscribed(reader, mode="unsubscribe")
    assert reader.modes() == ["subscribe", "unsubscribe", "unsubscribe"]
    assert "hub.lease_seconds" not in reader.asked[-1]
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert reader.pushed == []
    assert hub.subscribe(reader, mode="unsubscribe").status == 404


def test_a_subscription_is_renewed_with_another_secret_and_lease_and_nothing_is_sent_twice(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader, secret="one", lease_seconds="3600")
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    hub.now += HOUR / 2
    hub.subscribed(reader, secret="other", lease_seconds="7200")
    assert len(reader.pushed) == 1
    hub.now += HOUR
    hub.news("Grant round", "Clinic moves", "Ward opens")
    hub.step()
    assert reader.pushed[0].is_signed_with("one")
    assert reader.pushed[1].is_signed_with("other")


def test_a_renewal_that_is_not_confirmed_changes_nothing(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader, secret="mine")
    reader.confirms = False
    hub.subscribed(reader, secret="an attacker's")
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert reader.pushed[0].is_signed_with("mine")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("", 10 * DAY), ("0", 10 * DAY), ("60", HOUR), ("86400", DAY), ("99999999999", 30 * DAY)],
)
def test_a_lease_is_as_long_as_asked_for_within_bounds_and_ends(
    hub: Publishing, reader: Reader, asked: str, granted: timedelta
) -> None:
    hub.subscribed(reader, lease_seconds=asked)
    assert reader.asked[0]["hub.lease_seconds"] == str(int(granted.total_seconds()))
    hub.now += granted - timedelta(seconds=1)
    assert hub.subscriber() is not None
    hub.now += timedelta(seconds=1)
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert reader.pushed == []
    assert hub.store.topics() == frozenset()


def test_news_between_asking_and_confirming_is_sent(hub: Publishing, reader: Reader) -> None:
    assert hub.subscribe(reader).status == 202
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert [b"Clinic moves" in each.body for each in reader.pushed] == [True]


def test_so_it_is_to_who_subscribes_to_what_others_were_sent_before(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader, "/one")
    assert hub.subscribe(reader, "/two").status == 202
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert sorted((each.path, b"Clinic moves" in each.body) for each in reader.pushed) == [
        ("/one", True),
        ("/two", True),
    ]


# ---------------------------------------------------------------- sending


def test_several_changes_before_it_is_sent_are_sent_as_one(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    hub.news("Clinic moves", "Ward opens")
    hub.news("Grant round", "Clinic moves", "Ward opens")
    hub.step()
    (pushed,) = reader.pushed
    assert b"Grant round" in pushed.body
    assert b"Clinic moves" in pushed.body


def test_changes_within_a_second_are_looked_at_once(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    assert hub.sender is not None
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    hub.look()
    hub.sender._look_at(hub.topic)
    hub.news("Grant round", "Clinic moves", "Ward opens")
    assert not hub.sender.look()
    time.sleep(1.0)
    assert hub.sender.look()


def withdraw_on_its_way(hub: Publishing) -> None:
    """Have news sent, of which one is withdrawn before it has arrived."""
    assert hub.sender is not None
    hub.look()
    hub.sender.act()
    (moves,) = (each for each in hub.store.walk() if each.entry.title == "Clinic moves")
    hub.store.withdraw([moves.key], "a mistake", hub.now)


def test_what_changes_while_something_is_on_its_way_is_sent_afterwards(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader)
    hub.news("Clinic moves", "Ward opens")
    withdraw_on_its_way(hub)
    assert hub.sender is not None
    hub.look()
    hub.sender.act()
    while hub.polls.unfinished:
        hub.polls.step(1)
    hub.step()
    assert [b"deleted-entry" in each.body for each in reader.pushed] == [False, True]


def test_what_a_subscriber_has_already_is_not_sent_again(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    reader.status = 500
    hub.configure(fetch=f"{ALLOWED}, title: Another name")
    hub.step()
    assert [b"Another name" in each.body for each in reader.pushed] == [False, True]
    reader.status = 204
    hub.configure()
    hub.now += HOUR
    hub.step()
    assert len(reader.pushed) == 2
    found = hub.subscriber()
    assert found is not None
    assert (found.due, found.tries) == (None, 0)


def test_a_poll_that_brings_nothing_sends_nothing(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    hub.now += HOUR
    hub.news("Ward opens")
    hub.restart()
    hub.step()
    assert reader.pushed == []


def test_a_change_elsewhere_is_not_sent(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader, topic=f"{hub.address}/feeds/tag/wards.atom")
    hub.news("Ward opens", "Clinic moves")
    hub.step()
    assert reader.pushed == []


def test_a_push_that_fails_is_sent_again_as_the_feed_is_by_then(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    reader.status = 500
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    hub.step()
    assert len(reader.pushed) == 1
    hub.news("Grant round", "Clinic moves", "Ward opens")
    hub.step()
    assert len(reader.pushed) == 1
    reader.status = 200
    hub.now += MINUTE
    hub.step()
    assert len(reader.pushed) == 2
    assert b"Grant round" in reader.pushed[1].body
    hub.now += DAY
    hub.step()
    assert len(reader.pushed) == 2


def test_one_that_goes_on_failing_is_tried_ever_more_seldom_until_its_lease_is_over(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader)
    reader.status = 404
    hub.news("Clinic moves", "Ward opens")
    for _ in range(24 * 11):
        hub.step()
        hub.now += HOUR
    assert 40 <= len(reader.pushed) <= 60
    assert hub.store.topics() == frozenset()


def test_who_failed_and_subscribes_again_is_sent_what_there_is_at_once(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader)
    reader.status = 500
    hub.news("Clinic moves", "Ward opens")
    for _ in range(6):
        hub.now += HOUR
        hub.step()
    reader.status = 204
    reader.pushed.clear()
    hub.subscribed(reader)
    assert [b"Clinic moves" in each.body for each in reader.pushed] == [True]
    found = hub.subscriber()
    assert found is not None
    assert (found.due, found.tries) == (None, 0)


def test_while_nobody_is_reached_it_is_held_against_no_subscriber(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.headers = {"Connection": "close"}
    hub.subscribed(reader)
    is_known_to_be_quick(hub, reader)
    hub.news("Clinic moves", "Ward opens")
    with monkeypatch.context() as cut_off:
        cut_off.setattr("hub.fetch.lane.open_socket", no_network)
        cut_off.setattr("hub.fetch.lane.Lane.reached", lambda *_: False)
        for _ in range(30):
            hub.step()
            hub.now += MINUTE
        found = hub.subscriber()
        assert found is not None
        assert (found.tries, found.slow) == (1, True)
        # Once somebody is reached again it may be the callback.
        hub.polls._fetcher._reached_at += 1  # type: ignore[attr-defined]
        hub.step()
        found = hub.subscriber()
        assert found is not None
        assert found.tries == 2
    hub.now += 2 * MINUTE
    hub.step()
    assert len(reader.pushed) == 2


def is_known_to_be_quick(hub: Publishing, reader: Reader) -> None:
    """Have a subscriber be sent something, and answer at once."""
    hub.news("Grant round", "Ward opens")
    hub.step()
    assert len(reader.pushed) == 1
    found = hub.subscriber()
    assert found is not None
    assert not found.slow


def no_network(*_: object) -> NoReturn:
    raise OSError(101, "Network is unreachable")


def test_a_callback_that_asks_to_be_left_alone_is(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    reader.status, reader.headers = 503, {"Retry-After": "7200"}
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    hub.now += timedelta(minutes=119)
    hub.step()
    assert len(reader.pushed) == 1
    reader.status = 204
    hub.now += timedelta(minutes=2)
    hub.step()
    assert len(reader.pushed) == 2


def test_a_callback_that_is_gone_is_sent_nothing_any_more(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    reader.status = 410
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert hub.subscriber() is None
    assert len(reader.pushed) == 1


def test_a_redirect_is_a_failure_and_leads_nowhere(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    is_known_to_be_quick(hub, reader)
    reader.status, reader.headers = 307, {"Location": f"{reader.url}/elsewhere"}
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert [each.path for each in reader.pushed] == ["/me", "/me"]
    found = hub.subscriber()
    assert found is not None
    assert found.slow


def test_a_slow_subscriber_holds_up_nobody(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    slower = times_slower()
    monkeypatch.setattr("hub.polling.sender._PATIENCE", 1.5 * slower)
    # Who is new has no place among those that are known to be quick, slow or not.
    hub.subscribed(reader)
    hub.news("News 0", "Ward opens")
    hub.step()
    names = [f"127.0.1.{number}" for number in range(1, 12)]
    with websub_reader("0.0.0.0") as slow:
        port = slow.url.rpartition(":")[2]
        for name in names:
            wanted = {"mode": "subscribe", "topic": hub.topic, "callback": f"http://{name}:{port}/slow"}
            assert ask(hub.address, **wanted).status == 202
        hub.step()
        assert len(slow.asked) == 11
        slow.takes = 2.0 * slower
        for number in range(1, 3):
            hub.now += HOUR
            hub.news(f"News {number}", "Ward opens")
            began = time.monotonic()
            assert hub.sender is not None
            while len(reader.pushed) <= number:
                if hub.look():
                    hub.sender.act()
                hub.polls.step(0.05)
                assert time.monotonic() - began < slower
        while hub.polls.unfinished:
            hub.polls.step(1)


def elsewhere(other: Reader, number: int) -> str:
    """The address of a subscriber on all of loopback by so many a host."""
    return other.url.replace("127.0.0.1", f"127.0.1.{number}")


def test_who_waited_for_a_place_is_sent_the_feed_as_it_is_by_then(
    hub: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.polling.sender._MOST_SENT_SLOWLY", 1)
    monkeypatch.setattr("hub.polling.sender._SETTLES", 0)
    with websub_reader("0.0.0.0") as other:
        for number in (1, 2):
            callback = f"{elsewhere(other, number)}/{number}"
            assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
        hub.step()
        hub.news("Clinic moves", "Ward opens")
        withdraw_on_its_way(hub)
        while hub.polls.unfinished:
            hub.polls.step(1)
        assert [b"deleted-entry" in each.body for each in other.pushed] == [False, True]


def test_each_topic_is_sent_however_few_documents_are_kept(
    hub: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.polling.sender._MOST_KEPT", 1)
    monkeypatch.setattr("hub.polling.sender._MAKING", SOON)
    with websub_reader("0.0.0.0") as other:
        for number, format in enumerate(("atom", "json", "rss")):
            callback = f"{elsewhere(other, number)}/{format}"
            topic = f"{hub.address}/feeds/all.{format}"
            assert ask(hub.address, mode="subscribe", topic=topic, callback=callback).status == 202
        hub.step()
        hub.news("Clinic moves", "Ward opens")
        hub.step()
        sent = sorted((each.path[1:], each.headers["content-type"]) for each in other.pushed)
    assert [(path, path in media_type) for path, media_type in sent] == [
        ("atom", True),
        ("json", True),
        ("rss", True),
    ]


@pytest.mark.parametrize(("most", "begun"), [(2, 2), (9, 3)])
def test_a_host_is_asked_and_sent_one_at_a_time_and_so_many_hosts_at_once(
    hub: Publishing, monkeypatch: pytest.MonkeyPatch, most: int, begun: int
) -> None:
    monkeypatch.setattr("hub.polling.sender._MOST_ASKED", most)
    monkeypatch.setattr("hub.polling.sender._MOST_SENT_SLOWLY", most)

    def begin() -> int:
        """How many are under way after some ticks in which nobody answers."""
        assert hub.sender is not None
        for _ in range(3):
            hub.look()
            hub.sender.act()
        return hub.polls.unfinished

    with websub_reader("0.0.0.0") as other:
        for number, path in ((1, "one"), (1, "two"), (2, "three"), (3, "four")):
            callback = f"{elsewhere(other, number)}/{path}"
            assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
        assert begin() == begun
        hub.step()
        assert len(other.asked) == 4
        hub.news("Clinic moves", "Ward opens")
        assert begin() == begun
        while hub.polls.unfinished:
            hub.polls.step(1)
        assert len(other.pushed) == 4, "whoever waits is sent it as soon as there is a place"


def test_topics_take_turns_so_that_many_hold_up_no_polls(
    hub: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("_MAKING", -1), ("_SETTLES", 0), ("_LOOKS", 0)):
        monkeypatch.setattr(f"hub.polling.sender.{name}", seconds)
    # Each is made again for whoever is sent it behind another.
    monkeypatch.setattr("hub.polling.sender._MOST_KEPT", 1)
    formats = ("atom", "json", "rss")
    with websub_reader("0.0.0.0") as other:
        for number, format in enumerate(formats):
            callback = f"{elsewhere(other, number)}/{format}"
            topic = f"{hub.address}/feeds/all.{format}"
            assert ask(hub.address, mode="subscribe", topic=topic, callback=callback).status == 202
        hub.step()
        assert hub.sender is not None
        made = []
        for number in range(1, 4):
            # There is something new before each of them had its turn.
            hub.news(f"News {number}", "Ward opens")
            before = len(other.pushed)
            assert hub.sender.look()
            hub.sender.act()
            while hub.polls.unfinished:
                hub.polls.step(1)
            made.append(len(other.pushed) - before)
        assert made == [1, 1, 1]
        assert sorted(each.path for each in other.pushed) == [f"/{format}" for format in formats]
        other.pushed.clear()
        hub.step()
        assert [b"News 3" in each.body for each in other.pushed] == [True] * 2, "the third has it"


def test_who_subscribes_is_asked_while_others_are_sent_something(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.polling.sender._MOST_ASKED", 1)
    hub.subscribed(reader)
    hub.news("Clinic moves", "Ward opens")
    assert hub.sender is not None
    assert hub.look()
    hub.sender.act()
    assert hub.polls.unfinished
    with websub_reader("0.0.0.0") as other:
        callback = f"{elsewhere(other, 1)}/me"
        assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
        assert hub.look()
        hub.sender.act()
        while hub.polls.unfinished:
            hub.polls.step(1)
        assert (len(reader.pushed), other.modes()) == (1, ["subscribe"])


def test_once_the_polls_wind_up_nobody_counts_as_sent_to_who_is_not(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.polling.sender._MOST_SENT_SLOWLY", 1)
    with websub_reader("0.0.0.0") as other:
        hub.subscribed(reader)
        callback = f"{elsewhere(other, 1)}/me"
        assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
        hub.step()
        hub.news("Clinic moves", "Ward opens")
        reader.takes = other.takes = 0.2
        assert hub.sender is not None
        hub.look()
        hub.sender.act()
        hub.polls.step(0)
        while hub.polls.wind_up():
            hub.polls.step(1)
        assert len(reader.pushed) + len(other.pushed) == 1
        (waits,) = hub.store.owed(hub.now, slow=True, limit=9)
        assert waits.tries == 0


def test_what_a_subscriber_has_and_is_owed_survives_the_hub(hub: Publishing, reader: Reader) -> None:
    assert hub.subscribe(reader).status == 202
    hub.restart()
    hub.step()
    hub.news("Clinic moves", "Ward opens")
    hub.restart()
    hub.step()
    assert len(reader.pushed) == 1
    # Ended while it was sent: once more, and not at once.
    hub.news("Grant round", "Clinic moves", "Ward opens")
    assert hub.sender is not None
    hub.look()
    hub.sender.act()
    while hub.polls.unfinished:
        hub.polls._fetcher.wait(1)
        hub.polls._errands = 0
    hub.restart()
    hub.step()
    assert len(reader.pushed) == 2
    hub.now += MINUTE
    hub.step()
    hub.step()
    assert len(reader.pushed) == 3
    assert reader.pushed[2].body == reader.pushed[1].body


def test_a_hub_that_ends_while_it_asks_asks_again(hub: Publishing, reader: Reader) -> None:
    assert hub.subscribe(reader).status == 202
    assert hub.sender is not None
    hub.look()
    hub.sender.act()
    while hub.polls.unfinished:
        hub.polls._fetcher.wait(1)
        hub.polls._errands = 0
    hub.restart()
    hub.now += MINUTE
    hub.step()
    assert hub.subscriber() is not None
    assert len(reader.asked) == 2


def test_a_hub_that_pushes_no_more_forgets_who_subscribed(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader)
    assert hub.subscribe(reader, "/other").status == 202
    hub.configure(fetch=f"{ALLOWED}, websub: no")
    hub.step()
    assert (reader.modes(), reader.pushed) == (["subscribe"], [])
    crowd = hub.store.crowd(hub.now)
    assert (crowd.subscribers, crowd.waiting) == (0, 0)
    with urllib.request.urlopen(f"{hub.address}/privacy", timeout=SOON) as page:
        assert "<p>Nothing. It sets no cookies" in page.read().decode()


def test_callbacks_where_nobody_is_are_no_sign_that_this_machine_is_cut_off(
    hub: Publishing, reader: Reader
) -> None:
    hub.polls._outage = Outage()  # nobody was reached of late
    for number in range(1, 5):
        callback = f"http://127.0.3.{number}:{free_port()}/me"
        assert ask(hub.address, mode="subscribe", topic=hub.topic, callback=callback).status == 202
    hub.step()
    assert hub.polls.offline is None
    hub.news("Clinic moves", "Ward opens")
    assert len(list(hub.store.walk())) == 2


# ---------------------------------------------------------------- what is refused, and denied


def test_a_feed_that_is_no_more_is_denied_to_its_subscribers(hub: Publishing, reader: Reader) -> None:
    hub.subscribed(reader, topic=f"{hub.address}/feeds/merged/wards.atom")
    hub.configure(more="")
    hub.step()
    assert reader.modes() == ["subscribe", "denied"]
    assert reader.asked[1]["hub.reason"] == "There is no such feed here any more."
    assert "hub.challenge" not in reader.asked[1]
    assert hub.store.topics() == frozenset()
    hub.now += MINUTE
    hub.step()
    assert len(reader.asked) == 2


def test_subscribers_of_another_address_of_the_hub_are_kept_until_their_leases_end(
    hub: Publishing, reader: Reader
) -> None:
    hub.subscribed(reader)
    hub.configure(url="http://127.0.0.2:1")
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert (reader.modes(), reader.pushed) == (["subscribe"], [])
    hub.configure()
    hub.step()
    assert len(reader.pushed) == 1


def test_subscribers_of_another_path_of_the_hub_are_kept_too(hub: Publishing, reader: Reader) -> None:
    below = f"{hub.address}/hub"
    hub.configure(url=below)
    hub.subscribed(reader, topic=f"{below}/feeds/all.atom")
    hub.configure()
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert (reader.modes(), reader.pushed) == (["subscribe"], [])
    hub.configure(url=below)
    hub.step()
    assert len(reader.pushed) == 1


def test_a_private_address_is_sent_nothing_unless_it_is_allowed(hub: Publishing, reader: Reader) -> None:
    # By way of a proxy nobody knows who asks, so it may be anybody.
    body = f"hub.mode=subscribe&hub.topic={hub.topic}&hub.callback=http://localhost:{reader.url[-5:]}/me"
    request = urllib.request.Request(
        f"{hub.address}/websub", data=body.encode(), headers={"X-Forwarded-For": "93.184.216.34"}
    )
    assert urllib.request.urlopen(request, timeout=SOON).status == 202
    hub.step()
    assert (reader.asked, reader.pushed) == ([], [])
    with pytest.raises(urllib.error.HTTPError, match="429") as again:
        urllib.request.urlopen(request, timeout=SOON)
    again.value.close()


def test_a_callback_that_nothing_can_be_asked_at_is_forgotten_and_ends_nothing(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.subscribed(reader, "/one")
    hub.subscribed(reader, "/s3cret")

    def broken(made: Callable[..., object]) -> Callable[..., object]:
        def make(of: Intent | Subscriber, *rest: object, **more: object) -> object:
            if "s3cret" in of.callback:
                raise ValueError(of.callback)
            return made(of, *rest, **more)

        return make

    for made in ("question", "push_headers"):
        monkeypatch.setattr(rules, made, broken(getattr(rules, made)))
    hub.news("Clinic moves", "Ward opens")
    hub.step()
    assert [each.path for each in reader.pushed] == ["/one"]
    assert hub.subscriber("/s3cret") is None
    hub.subscribed(reader, "/s3cret")
    hub.subscribed(reader, "/other")
    assert [each["path"] for each in reader.asked] == ["/one", "/s3cret", "/other"]
    crowd = hub.store.crowd(hub.now)
    assert (crowd.subscribers, crowd.waiting) == (2, 0)
    said = capsys.readouterr().err
    assert said.count("nothing can be asked at such an address") == 2
    assert "s3cret" not in said


def test_a_feed_that_cannot_be_made_ends_nothing(
    hub: Publishing, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.subscribed(reader)
    with monkeypatch.context() as broken:
        broken.setattr("hub.merged.feeds.MergedFeeds.rendered", lambda *_: 1 / 0)
        hub.news("Clinic moves", "Ward opens")
        hub.restart()
        hub.look()
        assert hub.sender is not None
        hub.sender.act()
    assert "cannot be made" in capsys.readouterr().err
    hub.restart()
    hub.step()
    assert len(reader.pushed) == 1
