"""What people are told of feeds: once each, when it holds, and when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from hub.health import NO_ENTRIES, health
from hub.incidents import LEFT, PAUSED, WELL_AGAIN, look, missed, over
from hub.model import FeedState, Incident, Move, Notice, Withheld
from tests import test_health
from tests.test_health import NOW, ROBOT

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WELL = replace(test_health.WELL, next_poll=NOW + HOUR)
AWAY = "http://east.example/ has nobody there"
MOVE = Move(
    address=WELL.feed.url, target="https://east.example/other/", since=NOW - 5 * DAY, polls=9, shares=True
)


def failed(times: int = 2, reason: str = "connect", **more: Any) -> FeedState:
    """A feed that failed so many times in a row, for as many hours, each time so."""
    first = NOW - times * HOUR
    state = replace(
        WELL, polled=NOW, failures=times, failing_since=first, reason_since=first, error=AWAY, reason=reason
    )
    return replace(state, **more)


def seen(
    state: FeedState, before: Incident | None = None, *, notices: tuple[Notice, ...] = ()
) -> Incident | None:
    return look(state, health(state, NOW, robot=ROBOT, notices=notices), before, NOW)


def incident(state: FeedState, *, notices: tuple[Notice, ...] = ()) -> Incident:
    found = seen(state, notices=notices)
    assert found is not None
    return replace(found, number=7)


HELD = Notice(feed=WELL.feed.key, withheld=Withheld("held", "all of it"), entries=2, since=NOW - DAY)


@pytest.mark.parametrize(
    ("state", "notices", "told", "headline"),
    [
        (failed(), (), "broken", "their site has not answered"),
        (failed(reason="http-500"), (), "broken", "their site has not given out its news"),
        (failed(reason="http-403"), (), "blocked", "their site has not let us in"),
        (failed(reason="not-a-feed"), (), "not-a-feed", "what their site sends has not been readable"),
        (failed(reason="store"), (), "broken", "this hub has not been able to take in their news"),
        (replace(WELL, gone=NOW - HOUR, next_poll=None), (), "gone", "their feed has been closed"),
        (failed(400, reason="http-404"), (), "gone", "their feed has not been there"),
        (replace(WELL, move=MOVE), (), "moved", "their feed has been at another address"),
        (WELL, (HELD,), "held", "some of their news has waited for the network’s editors"),
        (
            replace(WELL, recent=tuple(NOW - days * DAY for days in (400, 401, 402))),
            (),
            "stale",
            "there has been no news",
        ),
    ],
)
def test_what_needs_somebody_is_told_at_once(
    state: FeedState, notices: tuple[Notice, ...], told: str, headline: str
) -> None:
    found = incident(state, notices=notices)
    assert (found.state, found.headline, found.changed) == (told, headline, NOW)
    assert "times in a row" not in found.sentence
    assert missed(found).startswith("Readers ")
    assert seen(state, found, notices=notices) is found, "and not again"


def test_what_a_site_gets_over_by_itself_is_never_told() -> None:
    first = incident(failed(1))
    assert first.changed is None
    assert seen(failed(1), first) is first
    assert seen(WELL, first) is None


def test_what_the_next_poll_finds_too_is_told_since_when_it_began() -> None:
    first = incident(failed(1))
    found = seen(failed(2), first)
    assert found is not None
    assert (found.number, found.changed, found.began) == (7, NOW, NOW - 2 * HOUR)


def test_a_document_without_entries_counts_once_another_poll_found_none() -> None:
    empty = replace(WELL, remarks=(NO_ENTRIES,))
    first = incident(empty)
    assert (first.state, first.changed) == ("broken", None)
    assert seen(empty, first) is first
    again = seen(replace(empty, polled=NOW + HOUR), first)
    assert again is not None
    assert (again.changed, again.headline) == (NOW, "what their site sends has had no news in it")


def test_a_feed_that_is_read_again_is_well_again() -> None:
    before = incident(failed())
    over = seen(WELL, before)
    assert over == replace(before, over=NOW, ending=WELL_AGAIN, changed=NOW)


def test_another_state_is_told_of_the_same_incident() -> None:
    before = incident(failed(3, reason="http-404"))
    found = seen(failed(400, reason="http-404"), before)
    assert found is not None
    assert (found.number, found.state, found.began) == (7, "gone", NOW - 400 * HOUR)
    assert found.over is None


def test_a_site_that_fails_now_so_now_so_is_told_of_once() -> None:
    before = incident(failed(3, reason="http-500"))
    # The first poll that was turned away, which began when it was asked.
    assert seen(failed(4, reason="http-403", reason_since=NOW), before) is before
    found = seen(failed(5, reason="http-403", reason_since=NOW - HOUR), before)
    assert found is not None
    assert found.state == "blocked"


def test_one_failure_of_a_feed_that_is_stale_changes_nothing() -> None:
    before = incident(replace(WELL, recent=tuple(NOW - days * DAY for days in (400, 401, 402))))
    assert seen(failed(1, reason_since=NOW), before) is before


@pytest.mark.parametrize(
    "state",
    [
        # Nobody could ask it: the hub stood still, or its machine was cut off.
        failed(next_poll=NOW - HOUR),
        replace(WELL, recent=(NOW - 400 * DAY,), next_poll=NOW),
        replace(WELL, polled=None),
        # Its address in feeds.yaml was changed, and nobody has been asked there.
        replace(WELL, next_poll=None),
        # Its server wants to be left alone.
        failed(reason="http-429"),
        replace(WELL, not_before=NOW + HOUR),
    ],
)
def test_of_what_is_not_known_just_now_nothing_is_new(state: FeedState) -> None:
    assert seen(state) is None
    before = incident(failed())
    assert seen(state, before) is before


def test_a_move_that_one_failed_poll_puts_in_doubt_is_not_over() -> None:
    before = incident(replace(WELL, move=MOVE))
    assert seen(replace(WELL, move=replace(MOVE, polls=1, since=NOW)), before) is before
    over = seen(WELL, before)
    assert over is not None
    assert over.over == NOW


def test_what_is_told_later_has_no_earlier_moment_where_the_clock_was_ahead() -> None:
    before = replace(incident(failed()), changed=NOW + DAY, noticed=NOW + DAY)
    well, left = seen(WELL, before), over(before, LEFT, NOW)
    assert well is not None
    assert (well.over, well.changed) == (left.over, left.changed) == (NOW + DAY, NOW + DAY)
    worse = seen(failed(400, reason="http-404"), before)
    assert worse is not None
    assert worse.changed == NOW + DAY
    noticed_before = replace(before, changed=NOW + DAY, noticed=NOW - DAY)
    assert over(noticed_before, LEFT, NOW).changed == NOW + DAY


def test_that_it_is_over_is_told_as_of_the_moment_at_which_it_is() -> None:
    before = replace(incident(failed()), changed=NOW - DAY, noticed=NOW - DAY)
    assert over(before, LEFT, NOW).changed == NOW


def test_a_feed_that_left_the_file_needs_nobody() -> None:
    assert over(incident(failed()), LEFT, NOW).ending == LEFT


def test_a_feed_that_is_paused_needs_nobody() -> None:
    paused = replace(WELL, feed=replace(WELL.feed, paused=True), next_poll=NOW - DAY)
    before = incident(failed())
    assert seen(paused, before) == replace(before, over=NOW, ending=PAUSED, changed=NOW)
    assert seen(paused, replace(before, changed=None)) is None
    assert seen(paused) is None


def test_a_feed_without_any_news_yet_needs_nobody() -> None:
    assert seen(replace(WELL, recent=())) is None
