"""When a feed is asked again, and why then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.schedule import behind_pushes, next_poll

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def waits(
    *,
    failures: int = 0,
    every_min: timedelta = timedelta(minutes=15),
    every_max: timedelta = DAY,
    not_before: datetime | None = None,
) -> timedelta:
    """How long after a poll the next one is due."""
    due, _ = next_poll(
        NOW, every_min=every_min, every_max=every_max, failures=failures, not_before=not_before
    )
    return due - NOW


def why(*, failures: int = 0, not_before: datetime | None = None) -> str:
    return next_poll(
        NOW, every_min=timedelta(minutes=15), every_max=DAY, failures=failures, not_before=not_before
    )[1]


def test_a_feed_is_asked_every_hour() -> None:
    assert waits() == HOUR
    assert why() == "its usual time"


def test_an_admin_may_have_feeds_asked_less_often_or_more() -> None:
    assert waits(every_min=timedelta(hours=3)) == timedelta(hours=3)
    assert waits(every_max=timedelta(minutes=30)) == timedelta(minutes=30)


def test_each_failure_in_a_row_doubles_the_wait() -> None:
    assert [waits(failures=failures) for failures in (1, 2, 3, 4)] == [
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        16 * HOUR,
    ]
    assert why(failures=1) == "it failed once, so it is asked less often"
    assert why(failures=4) == "it failed 4 times in a row, so it is asked less often"


@pytest.mark.parametrize("failures", [5, 50, 5_000, 10**9])
def test_a_dead_site_costs_one_request_a_day_and_is_never_given_up(failures: int) -> None:
    assert waits(failures=failures) == waits(failures=failures, every_max=7 * DAY) == DAY


def test_failures_never_make_a_feed_wait_longer_than_the_admin_allows() -> None:
    assert waits(failures=50, every_max=timedelta(hours=6)) == timedelta(hours=6)


def test_failures_never_make_a_feed_wait_less_than_it_does_without() -> None:
    two_days = timedelta(days=2)
    assert waits(failures=50, every_min=two_days, every_max=two_days) == two_days


def test_a_server_may_ask_for_longer_than_the_usual_time() -> None:
    assert waits(not_before=NOW + timedelta(hours=6)) == timedelta(hours=6)
    assert why(not_before=NOW + timedelta(hours=6)) == "its server asked to wait until then (Retry-After)"


def test_a_server_may_ask_for_longer_than_a_day() -> None:
    assert waits(failures=9, not_before=NOW + 3 * DAY) == 3 * DAY


def test_a_server_cannot_ask_to_be_asked_sooner() -> None:
    soon = NOW + timedelta(minutes=1)
    assert waits(not_before=soon) == HOUR
    assert waits(failures=2, not_before=soon) == 4 * HOUR
    assert why(not_before=soon) == "its usual time"


def behind(due: timedelta, *, until: datetime | None, every_max: timedelta = DAY) -> tuple[timedelta, str]:
    moment, why = behind_pushes(NOW + due, "its usual time", NOW, pushed_until=until, every_max=every_max)
    return moment - NOW, why


def test_a_feed_that_is_pushed_is_asked_seldom_and_asked_all_the_same() -> None:
    waits, why = behind(HOUR, until=NOW + DAY)
    assert waits == 6 * HOUR
    assert "pushed" in why


def test_pushes_change_nothing_once_their_lease_is_over_nor_beyond_what_the_admin_allows() -> None:
    usual = "its usual time"
    assert behind(HOUR, until=None) == behind(HOUR, until=NOW) == (HOUR, usual)
    assert behind(9 * HOUR, until=NOW + DAY) == (9 * HOUR, usual)
    assert behind(HOUR, until=NOW + DAY, every_max=2 * HOUR)[0] == 2 * HOUR
