"""What is kept of incidents and channels, in either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.model import MAIL, WEBHOOK, Channel, FeedKey, Incident, Way
from hub.store import Store
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, NOW, WESSEX, Hub, a_hub

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


@pytest.fixture
def store(hub: Hub) -> Store:
    return hub.store


def incident(feed: FeedKey = WESSEX, *, told: bool = True) -> Incident:
    return Incident(
        feed=feed,
        url="",
        state="broken",
        headline="their site has not answered",
        sentence="Gone 'away' % ?",
        remedy="Do this.",
        editor="To you.",
        began=NOW - DAY,
        noticed=NOW,
        changed=NOW if told else None,
    )


def of(store: Store) -> dict[FeedKey, Incident | None]:
    return {state.feed.key: matter for state, matter in store.looked_at(None, limit=9)}


def test_an_incident_is_had_back_as_it_was_kept_with_its_feeds_address(store: Store) -> None:
    store.note([incident()], [], NOW)
    (kept,) = store.incidents(limit=9)
    assert kept == replace(incident(), number=kept.number, revision=1, url="https://wessex.example/feed/")
    assert of(store) == {EAST: None, NATIONAL: None, BLOG: None, WESSEX: kept}
    assert store.incidents("wessex", limit=9) == (kept,)
    assert store.incidents("east", limit=9) == ()
    assert (store.incidents_open(), store.last_revision()) == (1, 1)


def test_feeds_are_looked_at_some_at_a_time_by_their_keys(store: Store) -> None:
    keys, after = [], None
    while found := store.looked_at(after, limit=3):
        after = found[-1][0].feed.key
        keys.append([state.feed.key for state, _ in found])
    assert keys == [[EAST, NATIONAL, BLOG], [WESSEX]]


def test_what_may_pass_has_no_revision_and_can_be_forgotten_until_it_is_told(store: Store) -> None:
    store.note([incident(told=False), incident(EAST)], [], NOW)
    found = of(store)
    passing, told = found[WESSEX], found[EAST]
    assert passing is not None
    assert told is not None
    assert store.incidents(limit=9) == (told,)
    store.note([], [passing, told], NOW)
    assert of(store) == {EAST: told, NATIONAL: None, BLOG: None, WESSEX: None}


def test_another_of_a_feed_while_one_lasts_is_left(store: Store) -> None:
    store.note([incident()], [], NOW)
    store.note([incident()], [], NOW)
    (kept,) = store.incidents(limit=9)
    store.note([replace(kept, over=NOW, ending="It is well again.", changed=NOW)], [], NOW)
    store.note([incident()], [], NOW)
    assert [each.over for each in store.incidents(limit=9)] == [None, NOW]


def test_what_a_channel_has_told_is_told_no_more_and_what_was_over_before_it_never(store: Store) -> None:
    store.note([incident(), incident(EAST), incident(BLOG)], [], NOW)
    *_, first = store.incidents(limit=9)
    store.note([replace(first, over=NOW, ending="It is well again.", changed=NOW)], [], NOW)
    channel = Channel(way=MAIL, since=NOW + DAY)
    store.keep_channel(channel)
    assert [each.feed for each in store.untold()[MAIL]] == [EAST, BLOG]
    store.keep_channel(replace(channel, told=2, error="it failed", remedy="mend it", tries=3, due=NOW))
    kept = store.channels()[MAIL]
    assert kept == replace(channel, told=2, error="it failed", remedy="mend it", tries=3, due=NOW)
    assert [each.feed for each in store.untold()[MAIL]] == [BLOG]
    store.keep_channel(replace(kept, since=NOW - DAY))
    assert [each.feed for each in store.untold()[MAIL]] == [BLOG, WESSEX]
    store.keep_channel(replace(kept, told=4))
    assert store.untold() == {}
    store.drop_channel(MAIL)
    assert store.channels() == {}


def test_a_members_channel_has_what_is_of_that_member(store: Store) -> None:
    wessex, north = Way("mail", "wessex"), Way("mail", "north")
    store.note([incident(), incident(EAST), incident(BLOG)], [], NOW)
    for channel in (Channel(way=wessex, since=NOW, told=1), Channel(way=north, since=NOW)):
        store.keep_channel(channel)
    assert {way: [each.feed for each in told] for way, told in store.untold().items()} == {wessex: [BLOG]}
    lasting = Channel(way=wessex, since=NOW, told=3, lasting=frozenset((3, 1)))
    store.keep_channel(lasting)
    assert store.channels() == {north: Channel(way=north, since=NOW), wessex: lasting}
    store.drop_channel(north)
    assert set(store.channels()) == {wessex}


def test_what_is_over_is_kept_for_ninety_days_and_its_number_not_given_again(store: Store) -> None:
    store.note([incident()], [], NOW)
    (kept,) = store.incidents(limit=9)
    store.note([replace(kept, over=NOW, changed=NOW)], [], NOW)
    store.keep_channel(Channel(way=WEBHOOK, since=NOW, told=2))
    store.note([], [], NOW + 90 * DAY)
    assert len(store.incidents(limit=9)) == 1
    store.note([incident(EAST)], [], NOW + 91 * DAY)
    (left,) = store.incidents(limit=9)
    assert (left.feed, left.revision) == (EAST, 3)


def test_a_feed_that_left_is_known_and_one_that_is_removed_is_forgotten(hub: Hub) -> None:
    hub.store.note([incident()], [], NOW)
    hub.configure(NETWORK.replace("{url: https://wessex.example/feed/}, ", ""))
    assert [each.feed for each in hub.store.matters_of_left()] == [WESSEX]
    hub.store.remove(WESSEX, NOW)
    assert hub.store.incidents(limit=9) == ()


def test_a_feed_that_is_renamed_keeps_what_was_the_matter(hub: Hub) -> None:
    hub.store.note([incident(BLOG)], [], NOW)
    hub.configure(NETWORK.replace("name: blog", "name: diary"))
    assert of(hub.store)[FeedKey("wessex", "diary")] is not None
