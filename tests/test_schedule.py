"""When a feed is asked again, and why then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from hub.model import Wishes
from hub.said import span
from hub.schedule import behind_pushes, next_poll, recent, rhythm

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def so_far(failures: int) -> timedelta:
    """Since when a feed fails, of which each poll came at its time."""
    return (2 ** min(failures, 8) - 2) * HOUR if failures else timedelta(0)


def waits(
    *,
    failures: int = 0,
    failing_for: timedelta | None = None,
    every_min: timedelta = timedelta(minutes=15),
    every_max: timedelta = DAY,
    not_before: datetime | None = None,
    published: Sequence[timedelta] = (),
    wishes: Wishes = Wishes(),
    fresh_for: timedelta | None = None,
    pushed_until: datetime | None = None,
    jitter: float = 0.0,
    now: datetime = NOW,
) -> timedelta:
    """How long after a poll the next one is due. `published` is how long ago each publication was."""
    due, _ = next_poll(
        now,
        every_min=every_min,
        every_max=every_max,
        failures=failures,
        failing_for=so_far(failures) if failing_for is None else failing_for,
        not_before=not_before,
        recent=[now - ago for ago in published],
        wishes=wishes,
        fresh_for=fresh_for,
        pushed_until=pushed_until,
        jitter=jitter,
    )
    return due - now


def why(
    *,
    failures: int = 0,
    not_before: datetime | None = None,
    published: Sequence[timedelta] = (),
    wishes: Wishes = Wishes(),
    fresh_for: timedelta | None = None,
    every_max: timedelta = DAY,
) -> str:
    return next_poll(
        NOW,
        every_min=timedelta(minutes=15),
        every_max=every_max,
        failures=failures,
        failing_for=so_far(failures),
        not_before=not_before,
        recent=[NOW - ago for ago in published],
        wishes=wishes,
        fresh_for=fresh_for,
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
    assert why(failures=1) == "it failed once, so it is asked again after 2 hours"
    assert why(failures=4) == "it failed 4 times in a row, so it is asked again after 16 hours"


def test_polls_that_are_ordered_one_after_the_other_do_not_put_off_the_next() -> None:
    assert waits(failures=6, failing_for=timedelta(minutes=1)) == 2 * HOUR + timedelta(minutes=1)
    assert [waits(failures=n, failing_for=ago * HOUR) for n, ago in ((1, 0), (2, 2), (3, 6), (4, 14))] == [
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        16 * HOUR,
    ]
    assert waits(failures=2, failing_for=3 * DAY) == 4 * HOUR


def test_a_feed_that_has_news_seldom_is_not_put_off_for_a_day_by_one_failure() -> None:
    assert waits(published=WEEKLY) > 12 * HOUR
    assert waits(published=WEEKLY, failures=1) == 2 * HOUR


@pytest.mark.parametrize("failures", [5, 50, 5_000, 10**9])
def test_a_dead_site_costs_one_request_a_day_and_is_never_given_up(failures: int) -> None:
    assert waits(failures=failures) == waits(failures=failures, every_max=7 * DAY) == DAY


def test_failures_never_make_a_feed_wait_longer_than_the_admin_allows() -> None:
    assert waits(failures=50, every_max=timedelta(hours=6)) == timedelta(hours=6)


def test_failures_never_make_a_feed_wait_less_than_the_admin_allows() -> None:
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


def test_a_feed_that_is_pushed_is_asked_neither_in_hours_that_it_skips_nor_later_when_it_fails() -> None:
    night = Wishes(skip_hours=frozenset({18, 19}))
    assert waits(wishes=night, pushed_until=NOW + DAY) == 8 * HOUR
    assert waits(failures=1, pushed_until=NOW + DAY) == 2 * HOUR
    assert waits(not_before=NOW + 9 * HOUR, pushed_until=NOW + DAY) == 9 * HOUR


# ---------------------------------------------------------------- a feed's own rhythm

DAILY = [number * DAY for number in range(24)]
WEEKLY = [number * 7 * DAY for number in range(17)]


def test_a_feed_is_asked_a_dozen_times_for_each_of_its_publications() -> None:
    published = [number * 2 * DAY for number in range(1, 25)]
    assert waits(published=published) == 4 * HOUR
    assert why(published=published) == "it has news about every 2 days"


def test_a_feed_with_news_all_day_is_asked_as_often_as_the_admin_allows() -> None:
    hourly = [number * HOUR for number in range(24)]
    assert waits(published=hourly) == 15 * MINUTE
    assert (
        why(published=hourly)
        == "it has news about every hour, and is asked every 15 minutes at most (every.min)"
    )
    assert waits(published=hourly, every_min=MINUTE) == HOUR * 23 / 24 / 12


def test_a_feed_with_news_once_a_fortnight_is_asked_as_seldom_as_the_admin_allows() -> None:
    published = [number * 14 * DAY for number in range(9)]
    assert waits(published=published) == DAY
    assert (
        why(published=published)
        == "it has news about every 12 days, and is asked every day at least (every.max)"
    )


def test_a_feed_with_five_entries_every_tuesday_is_no_hourly_feed() -> None:
    published = [week * 7 * DAY + number * 90 * MINUTE for week in range(1, 6) for number in range(5)]
    assert waits(published=published[:24]) > 2 * HOUR


def test_a_feed_that_falls_silent_is_asked_ever_less_often() -> None:
    silent = [waits(published=[ago + days * DAY for ago in DAILY]) for days in (0, 5, 20, 60, 90, 200)]
    assert silent == sorted(silent)
    assert silent[0] < 2 * HOUR
    assert silent[-1] == DAY


def test_a_feed_without_news_for_four_months_is_asked_once_a_day() -> None:
    published = [150 * DAY, 151 * DAY]
    assert waits(published=published) == DAY
    assert why(published=published) == (
        "it has had no news for 150 days, and is asked every day at least (every.max)"
    )


def test_a_feed_that_wakes_after_months_is_asked_by_the_rhythm_that_it_has_since() -> None:
    long_ago = [(200 + 10 * number) * DAY for number in range(14)]
    assert waits(published=[HOUR, *long_ago]) == DAY
    assert waits(published=[HOUR, DAY, 2 * DAY, *long_ago]) == 2 * DAY / 3 / 12
    assert waits(published=[number * DAY for number in range(1, 11)] + long_ago) == 2 * HOUR


def test_a_first_poll_of_entries_without_dates_says_nothing_of_a_rhythm() -> None:
    assert recent((), [NOW] * 20) == (NOW,)
    assert waits(published=[timedelta(0)]) == HOUR
    assert waits(published=[2 * DAY]) == HOUR
    assert waits(published=[9 * DAY]) == 18 * HOUR


def test_three_publications_of_more_than_a_day_are_a_rhythm() -> None:
    assert waits(published=[DAY, 2 * DAY]) == HOUR
    assert waits(published=[DAY, 2 * DAY, 3 * DAY]) == 2 * HOUR
    assert waits(published=[2 * HOUR, 3 * HOUR, 4 * HOUR]) == HOUR


def test_what_a_feed_publishes_in_one_go_is_one_publication() -> None:
    batch = [NOW - number * 10 * MINUTE for number in range(5)]
    assert recent((), batch) == (NOW,)
    assert recent((NOW - DAY,), batch) == (NOW, NOW - DAY)


def test_two_dozen_publications_are_remembered_the_newest_first() -> None:
    days = [NOW - number * DAY for number in range(30)]
    assert recent(days[:20], days[10:]) == tuple(days[:24])


def test_a_clock_that_was_put_back_is_no_rhythm_below_nothing() -> None:
    ahead = [NOW + number * DAY for number in range(1, 9)]
    assert rhythm(NOW, sorted(ahead, reverse=True)) == timedelta(0)


def test_a_busy_feed_that_fails_is_asked_like_any_other_that_fails() -> None:
    hourly = [number * HOUR for number in range(24)]
    assert waits(published=hourly, failures=1) == 2 * HOUR
    assert waits(published=hourly, failures=9) == DAY


# ---------------------------------------------------------------- what a feed and its server ask for


def test_a_feed_may_ask_to_be_kept_for_longer() -> None:
    assert waits(published=DAILY, wishes=Wishes(ttl=6 * HOUR)) == 6 * HOUR
    assert why(wishes=Wishes(ttl=6 * HOUR)) == "the feed asks to be kept for 6 hours (ttl)"


def test_a_feed_cannot_ask_to_be_polled_more_often() -> None:
    assert waits(wishes=Wishes(ttl=MINUTE, every=MINUTE), fresh_for=timedelta(seconds=1)) == HOUR
    assert why(wishes=Wishes(ttl=MINUTE)) == "its usual time"


def test_a_feed_that_says_how_often_it_changes_is_asked_no_more_often() -> None:
    assert waits(wishes=Wishes(every=DAY / 2)) == 12 * HOUR
    assert (
        why(wishes=Wishes(every=DAY / 2)) == "the feed says that it changes every 12 hours (sy:updatePeriod)"
    )


def test_a_feed_that_says_when_it_changes_is_asked_then() -> None:
    base = datetime(2020, 1, 1, 15, 0, tzinfo=UTC)
    assert waits(wishes=Wishes(every=DAY, base=base)) == 3 * HOUR
    assert waits(wishes=Wishes(every=DAY, base=NOW + 400 * DAY + 2 * HOUR)) == 2 * HOUR


def test_an_answer_that_holds_for_a_time_is_not_asked_for_before() -> None:
    assert waits(published=DAILY, fresh_for=10 * HOUR) == 10 * HOUR
    assert (
        why(fresh_for=10 * HOUR)
        == "its server says that its answer holds until then (Cache-Control, Expires)"
    )


@pytest.mark.parametrize("wishes", [Wishes(ttl=40 * DAY), Wishes(every=365 * DAY)])
def test_what_is_asked_for_is_held_to_the_longest_that_the_admin_allows(wishes: Wishes) -> None:
    assert waits(wishes=wishes) == DAY
    assert waits(wishes=wishes, every_max=6 * HOUR) == 6 * HOUR
    assert waits(fresh_for=365 * DAY, every_max=6 * HOUR) == 6 * HOUR
    assert why(wishes=wishes).endswith("which every.max bounds")


def test_hours_that_a_feed_asks_to_skip_are_skipped() -> None:
    night = Wishes(skip_hours=frozenset(range(13, 24)) | frozenset(range(7)))
    assert waits(wishes=night) == 19 * HOUR
    assert why(wishes=night) == "the feed asks to skip the hours or days before (skipHours, skipDays)"


def test_days_that_a_feed_asks_to_skip_are_skipped_longer_than_the_admins_bound() -> None:
    friday_evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    weekend = Wishes(skip_days=frozenset({5, 6}))
    assert waits(wishes=weekend, now=friday_evening) == 2 * DAY + 30 * MINUTE


def test_a_feed_that_skips_all_but_one_hour_of_the_week_is_polled_when_that_begins() -> None:
    every_hour, every_day = frozenset(range(24)), frozenset(range(7))
    wishes = Wishes(skip_hours=every_hour - {12}, skip_days=every_day - {NOW.weekday()})
    passed = timedelta(minutes=5, seconds=9)
    assert waits(wishes=wishes, now=NOW + passed) == 7 * DAY - passed


def test_a_feed_that_skips_all_hours_there_are_is_polled_all_the_same() -> None:
    assert waits(wishes=Wishes(skip_hours=frozenset(range(24)))) == HOUR
    assert waits(wishes=Wishes(skip_days=frozenset(range(7)))) == HOUR
    assert waits(wishes=Wishes(skip_hours=frozenset({3}), skip_days=frozenset(range(6)))) == timedelta(1.5)


def test_what_a_failing_feed_asked_for_when_it_was_well_does_not_put_it_off() -> None:
    assert waits(failures=1, wishes=Wishes(ttl=DAY), fresh_for=DAY) == 2 * HOUR
    assert waits(failures=1, wishes=Wishes(skip_hours=frozenset({14}))) == 3 * HOUR


def test_a_retry_after_counts_whatever_else_is_asked_for() -> None:
    later = NOW + 10 * HOUR
    assert waits(not_before=later, wishes=Wishes(ttl=2 * HOUR, skip_hours=frozenset({14}))) == 10 * HOUR


# ---------------------------------------------------------------- chance


def test_chance_puts_polls_off_by_a_tenth_at_most() -> None:
    assert waits(jitter=1.0) == HOUR * 1.1
    assert waits(jitter=0.5) == HOUR * 1.05
    assert waits(published=DAILY, jitter=1.0) == waits(published=DAILY) * 1.1


def test_chance_never_leads_out_of_the_admins_bounds() -> None:
    assert waits(published=WEEKLY, every_max=12 * HOUR, jitter=1.0) == 12 * HOUR * 0.9
    assert waits(every_min=HOUR, every_max=HOUR, jitter=1.0) == HOUR
    assert waits(failures=50, jitter=1.0) == DAY * 0.9


def test_chance_never_cuts_short_what_was_asked_for() -> None:
    assert waits(wishes=Wishes(ttl=DAY), jitter=1.0) == DAY
    assert waits(not_before=NOW + 2 * DAY, jitter=1.0) == 2 * DAY


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "20 seconds"),
        (MINUTE, "1 minute"),
        (58 * MINUTE, "1 hour"),
        (90 * MINUTE, "90 minutes"),
        (5 * HOUR, "5 hours"),
        (DAY, "1 day"),
        (36 * HOUR, "36 hours"),
        (12.4 * DAY, "12 days"),
    ],
)
def test_a_length_of_time_is_said_in_the_unit_that_suits_it(length: timedelta, words: str) -> None:
    assert span(length) == words
