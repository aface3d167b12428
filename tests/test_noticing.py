"""A hub that polls for ever looks at how its feeds are doing, some at a time, and keeps what is new once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.model import FeedKey
from hub.polling.noticing import Noticing
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, WESSEX, Hub, a_hub, ago, news

AWAY = "https://wessex.example/feed/ has nobody there"
FEEDS = (EAST, NATIONAL, BLOG, WESSEX)
"""In the order in which they are looked at."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have so many seconds be between two looks, and between the beginnings of two rounds."""

    def wait(*, looks: float, rounds: float) -> None:
        monkeypatch.setattr("hub.polling.noticing._LOOKS", looks)
        monkeypatch.setattr("hub.polling.noticing._ROUND", rounds)

    wait(looks=0, rounds=0)
    return wait


@pytest.fixture
def noticing(hub: Hub, waits: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Noticing:
    """One that looks at two feeds at a time, whenever it is let."""
    monkeypatch.setattr("hub.polling.noticing._AT_ONCE", 2)
    return another(hub)


def another(hub: Hub) -> Noticing:
    return Noticing(hub.store, hub.config, now=lambda: hub.now)


def break_down(hub: Hub, *keys: FeedKey) -> None:
    for hours in (2, 1):
        for key in keys:
            hub.fail(key, AWAY, "connect", at=ago(hours=hours))


def go_round(noticing: Noticing) -> None:
    """What a poller does at its ticks, until all feeds have been looked at once."""
    for _ in FEEDS:
        noticing.look()
        noticing.act()


def told(hub: Hub) -> list[tuple[FeedKey, str]]:
    """What people are told of, the last change first, and how it ended."""
    return [(each.feed, each.ending) for each in hub.store.incidents(limit=9)]


def test_what_breaks_is_seen_by_looks_and_kept_once(
    hub: Hub, noticing: Noticing, waits: Callable[..., None]
) -> None:
    assert not noticing.look()
    break_down(hub, *FEEDS)
    assert noticing.look()
    waits(looks=3_600, rounds=0)
    assert noticing.look(), "it waits until it can be kept"
    assert told(hub) == []
    noticing.act()
    waits(looks=0, rounds=0)
    go_round(noticing)
    assert sorted(told(hub)) == [(key, "") for key in sorted(FEEDS)]
    before = hub.store.last_revision()
    for _ in range(2):
        go_round(noticing)
    assert not noticing.look()
    assert hub.store.last_revision() == before


@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 5])
def test_each_feed_has_its_turn_however_many_are_looked_at_at_once(
    hub: Hub, noticing: Noticing, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("hub.polling.noticing._AT_ONCE", at_once)
    break_down(hub, *FEEDS)
    go_round(noticing)
    assert sorted(told(hub)) == [(key, "") for key in sorted(FEEDS)]
    hub.publish(BLOG, news("one"))
    for _ in range(2):
        go_round(noticing)
    assert told(hub)[0] == (BLOG, "It is well again.")


def test_what_was_seen_is_looked_at_once_more_before_it_is_kept(hub: Hub, noticing: Noticing) -> None:
    break_down(hub, EAST)
    other = another(hub)
    assert noticing.look()
    assert other.look()
    noticing.act()
    revision = hub.store.last_revision()
    other.act()
    assert hub.store.last_revision() == revision, "another process has kept it"
    break_down(hub, NATIONAL)
    other = another(hub)
    assert other.look()
    hub.publish(NATIONAL, news("one"))
    other.act()
    assert told(hub) == [(EAST, "")]


def test_a_feed_that_left_is_seen_as_the_next_round_begins(hub: Hub, noticing: Noticing) -> None:
    break_down(hub, WESSEX)
    hub.fail(EAST, AWAY, "connect", at=ago(hours=1))
    go_round(noticing)
    network = NETWORK.replace("{url: https://wessex.example/feed/}, ", "")
    hub.configure(network.replace("{url: https://east.example/feed/}", ""))
    noticing = another(hub)
    assert noticing.look()
    noticing.act()
    assert told(hub) == [(WESSEX, "It is no longer in feeds.yaml.")]
    assert hub.store.matters_of_left() == (), "of what may have passed nobody is told"


def test_between_two_looks_and_two_rounds_it_waits(
    hub: Hub, noticing: Noticing, waits: Callable[..., None]
) -> None:
    waits(looks=3_600, rounds=0)
    assert not noticing.look()
    break_down(hub, *FEEDS)
    assert not noticing.look()
    go_round(noticing)
    assert told(hub) == []
    waits(looks=0, rounds=3_600)
    go_round(noticing)
    assert sorted(told(hub)) == [(BLOG, ""), (WESSEX, "")], "the round goes on, and no other begins"
    waits(looks=0, rounds=0)
    go_round(noticing)
    assert len(told(hub)) == 4


def test_what_may_pass_is_kept_until_it_has_passed(hub: Hub, noticing: Noticing) -> None:
    hub.fail(EAST, AWAY, "connect")
    go_round(noticing)
    before = hub.store.looked_at(None, limit=1)[0][1]
    assert before is not None
    for _ in FEEDS:
        assert not noticing.look(), "nothing has changed"
    hub.publish(EAST, news("one"))
    go_round(noticing)
    go_round(noticing)
    assert hub.store.looked_at(None, limit=1)[0][1] is None
    assert told(hub) == []


@pytest.mark.parametrize("at_once", [2, 9])
def test_what_waits_for_the_office_is_seen_by_the_round_after_it_came_in(
    hub: Hub, noticing: Noticing, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("hub.polling.noticing._AT_ONCE", at_once)
    hub.configure(NETWORK.replace("type: national\n", "type: national\n    trust: hold\n"))
    noticing = another(hub)
    go_round(noticing)
    hub.publish(NATIONAL, news("one"))
    for _ in range(2):
        go_round(noticing)
    assert told(hub) == [(NATIONAL, "")]
