"""A week of polls of the hostile server, by a clock that jumps from one due poll to the next.

Everything is real but the clock: libcurl, the server, the readers, the
database. The server's clock jumps with ours, so that what it counts as too
early is.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import hostile_round
from bench.hostile_round import Hostile, Row
from hub import poll
from hub.config import parse
from hub.fetch.curl import CurlFetcher
from hub.gathering import MOST_PAGES
from hub.model import Feed, FeedKey, FeedState, digest
from hub.polling import rounds
from hub.polling.polls import Polls
from hub.polling.reading import Readers
from hub.store import open_store

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="its servers need 127.0.0.2 to .31"),
]

DAY, WEEK = timedelta(days=1), timedelta(days=7)
HOURS = 7 * 24
ROWS = re.compile(
    r"/plain(\.\w+)?$|/validators/|/status/|/limit/|/polite/(max-age|no-store|ttl)"
    r"|/redirect/(chain-4|relative|flapping|maintenance)$|/edit/(new|order|build-date)$|/body/empty-later$"
)
# They answer what is no answer for ever, or give validators that no request can carry.
LEFT_OUT = ("/validators/304-unasked", "/validators/304-at-once")


@dataclass
class Clock:
    """The machine's clock, set ahead."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Week:
    """Polls by path, those that were thorough on purpose, which of these succeeded, what the server saw."""

    rows: tuple[Row, ...]
    polls: Counter[str]
    thorough: Counter[str]
    succeeded: Counter[str]
    states: tuple[FeedState, ...]
    stats: dict[str, Any]

    @property
    def requests(self) -> dict[str, int]:
        return {path: seen["requests"] for path, seen in self.stats["paths"].items()}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    with hostile_round.serving(seconds=550) as server:
        rows = tuple(row for row in server.rows() if ROWS.match(row.path) and row.path not in LEFT_OUT)
        yield _week(server, rows, tmp_path_factory.mktemp("week"))


def _week(server: Hostile, rows: tuple[Row, ...], folder: Path) -> Week:
    config = parse(hostile_round.feeds_yaml(rows))
    paths = {row.slug: row.path for row in rows}
    stuck = next(feed for feed in config.feeds if paths[feed.key.member] == "/validators/stuck")
    clock = Clock(_until_half_of_its_week_is_over(stuck, Clock().now()))
    server.go_ahead(clock.ahead.total_seconds())
    ends = clock.now() + WEEK
    asked, thorough, succeeded = Counter[str](), Counter[str](), Counter[str]()
    readers = Readers(config.tags, config.hub.timezone)
    with (
        closing(open_store(f"sqlite:///{folder / 'hub.db'}")) as store,
        closing(CurlFetcher(config.hub.fetch, config.hub.user_agent, clock=clock.now)) as fetcher,
        closing(readers),
    ):
        rounds.sync(store, config)
        polls = Polls(
            fetcher=fetcher,
            readers=readers,
            store=store,
            settings=config.hub,
            authority="news.example.org",
            now=clock.now,
            jitter=own_number,
            most_pages=MOST_PAGES,
        )
        while clock.now() < ends:
            due = store.due(clock.now())
            on_purpose: set[FeedKey] = set()
            for state in due:
                path = paths[state.feed.key.member]
                asked[path] += 1
                if (state.etag or state.last_modified) and poll.is_thorough(state, now=clock.now()):
                    thorough[path] += 1
                    on_purpose.add(state.feed.key)
            polls.begin(due)
            while polls.unfinished:
                for result in polls.step(1.0):
                    succeeded[paths[result.feed.key.member]] += (
                        result.feed.key in on_purpose and result.outcome != "failed"
                    )
            states = store.feed_states()
            wakes = [max(s.next_poll, s.not_before or s.next_poll) for s in states if s.next_poll]
            clock.ahead += max(min(wakes) - clock.now(), timedelta(0)) + timedelta(milliseconds=1)
            server.go_ahead(clock.ahead.total_seconds())
        return Week(rows, asked, thorough, succeeded, store.feed_states(), server.stats())


def _until_half_of_its_week_is_over(feed: Feed, now: datetime) -> timedelta:
    """How long until a feed's thorough poll is three to four days away, so that the week at hand has it."""
    for ahead in (timedelta(hours=hours) for hours in range(HOURS)):
        had = FeedState(feed=feed, succeeded=now + ahead)
        within = (poll.is_thorough(had, now=now + ahead + days * DAY) for days in (3, 4))
        if [*within] == [False, True]:
            return ahead
    raise AssertionError("no week of its own has three days before its poll and three after it")


def own_number(feed: FeedKey) -> float:
    """By how much a feed's polls are put off here: always the same, and another for each feed."""
    return int(digest(str(feed)), 16) % 1000 / 1000


def test_every_feed_is_polled_again_and_again_but_what_is_gone(week: Week) -> None:
    once = {row.path for row in week.rows if week.polls[row.path] < 5}
    assert once == {"/status/410", "/status/410-then-back"}


def test_no_host_has_more_than_one_request_at_a_time(week: Week) -> None:
    busy = {host: seen["max_concurrent"] for host, seen in week.stats["hosts"].items() if seen["requests"]}
    assert set(busy.values()) == {1}


def test_nobody_is_asked_before_the_retry_after_is_over_nor_while_an_answer_holds(week: Week) -> None:
    for what in ("too_early", "fresh"):
        assert {path: seen[what] for path, seen in week.stats["paths"].items() if seen[what]} == {}
    limited = [row.path for row in week.rows if row.path.startswith("/limit/")]
    assert sum(seen["statuses"].get("429", 0) for seen in week.stats["paths"].values()) > len(limited)


def test_what_gave_validators_is_asked_with_them_but_once_a_week_on_purpose(week: Week) -> None:
    unasked = {path: seen["unconditional"] for path, seen in week.stats["paths"].items()}
    assert {path: n for path, n in unasked.items() if n != week.thorough[path]} == {}
    # One that fails is made up for by the next.
    assert max(week.succeeded.values()) == 1
    assert {
        path: seen["wrong_validators"]
        for path, seen in week.stats["paths"].items()
        if seen["wrong_validators"]
    } == {}


def test_a_server_that_answers_304_for_ever_is_found_out_within_the_week(week: Week) -> None:
    assert week.thorough["/validators/stuck"] == 1
    assert week.stats["paths"]["/validators/stuck"]["statuses"]["200"] == 2


def test_a_feed_that_fails_for_a_week_is_asked_once_a_day_in_the_end(week: Week) -> None:
    dead = [row.path for row in week.rows if re.fullmatch(r"/status/(4\d\d|5\d\d|999)", row.path)]
    assert len(dead) > 10
    for path in dead:
        if path != "/status/410":
            assert 9 <= week.polls[path] <= 12, path


def test_a_week_takes_a_fraction_of_what_a_poll_every_hour_would(week: Week) -> None:
    hourly = HOURS * len(week.rows)
    share = sum(week.polls.values()) / hourly
    print(f"{sum(week.polls.values())} polls of {len(week.rows)} feeds, {share:.0%} of {hourly} every hour")
    assert share < 1 / 3
    assert max(week.polls.values()) < HOURS
