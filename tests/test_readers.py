"""Who reads the merged feeds: what programs say of themselves, a day's count, and what a week comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from hub.model import Readership
from hub.publish import readers
from hub.publish.agents import Aggregator, aggregator, is_browser, is_robot
from hub.publish.readers import Counts, DaysReaders, most_first, table

TODAY = date(2026, 11, 24)
ALL, RSS = "/feeds/all.atom", "/feeds/all.rss"
NEWSBOAT = "Newsboat/2.35 (Linux x86_64)"

# ---------------------------------------------------------------- what programs say of themselves


@pytest.mark.parametrize(
    ("user_agent", "found"),
    [
        ("Feedbin feed-id:1373711 - 142 subscribers", Aggregator("Feedbin", "1373711", 142)),
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 457 subscribers; like FeedFetcher-Google)",
            Aggregator("Feedly", "", 457),
        ),
        ("Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 3 subscribers; )", ("Inoreader", "", 3)),
        (
            "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 6 subscribers)",
            ("BazQux", "", 6),
        ),
        (
            "Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=5b2)",
            ("theoldreader.com", "5b2", 1),
        ),
        ("Netvibes (http://www.netvibes.com/; 5 subscribers; feedId: 5404723)", ("Netvibes", "5404723", 5)),
        ("NewsBlur Feed Fetcher - 1 subscriber - http://www.newsblur.com/", ("NewsBlur Feed Fetcher", "", 1)),
        ("LiveJournal.com (for http://livejournal.com/users/joe/; 15 readers)", ("LiveJournal.com", "", 15)),
        ("Reading/2 (0 users)", ("Reading", "", 0)),
        ("G2Reader-Bot/1.0 (+http://g2reader.com/; 3 subscribers)", ("G2Reader-Bot", "", 3)),
        ("(3 users)", ("an aggregator", "", 3)),
    ],
)
def test_an_aggregator_says_for_how_many_it_asks(user_agent: str, found: object) -> None:
    said = aggregator(user_agent)
    assert said is not None
    assert said == (Aggregator(*found) if isinstance(found, tuple) else found)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        NEWSBOAT,
        "Bothy Reader",
        "FreshRSS/1.24 (Linux; https://freshrss.org)",
        "x 12345678 subscribers",
        "x 1.5 readers",
    ],
)
def test_who_gives_no_number_asks_for_one(user_agent: str) -> None:
    assert aggregator(user_agent) is None
    assert not is_robot(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp)",
        "facebookexternalhit/1.1",
        "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
        "FeedValidator/1.3",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    ],
)
def test_robots_are_known(user_agent: str) -> None:
    assert is_robot(user_agent)
    assert aggregator(user_agent) is None


def test_a_browser_is_one_that_asks_for_a_page() -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/78.0"
    assert is_browser(firefox, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert not is_browser(firefox, "*/*")
    assert not is_browser("SimplePie/1.8", "text/html")


# ---------------------------------------------------------------- a day


def day(on: date = TODAY, key: bytes = b"k" * 32) -> DaysReaders:
    return DaysReaders(on, key)


def numbers(counted: DaysReaders) -> Mapping[tuple[str, str, str], int]:
    return {(each.document, each.aggregator, each.feed_id): each.number for each in counted.so_far()}


def test_who_asks_again_counts_once_and_each_program_at_an_address_for_itself() -> None:
    counted = day()
    for address, user_agent in (
        *[("192.0.2.1", NEWSBOAT)] * 3,
        ("::ffff:192.0.2.1", NEWSBOAT),
        ("192.0.2.1", "Liferea/1.15"),
        ("192.0.2.2", NEWSBOAT),
    ):
        counted.add(ALL, address, user_agent)
    counted.add(RSS, "192.0.2.1", NEWSBOAT)
    assert numbers(counted) == {(ALL, "", ""): 3, (RSS, "", ""): 1}


def test_a_machine_that_changes_its_ipv6_address_in_its_network_counts_once() -> None:
    counted = day()
    for address in ("2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1", "not an address"):
        counted.add(ALL, address, NEWSBOAT)
    assert numbers(counted) == {(ALL, "", ""): 3}


def test_what_an_aggregator_says_counts_once_from_wherever_and_is_added_up_by_its_ids() -> None:
    counted = day()
    for said in (
        Aggregator("Feedbin", "1", 40),
        Aggregator("Feedbin", "1", 45),
        Aggregator("Feedbin", "1", 44),
        Aggregator("Feedbin", "2", 3),
        Aggregator("Netvibes", "", 0),
    ):
        counted.add_aggregator(ALL, said)
    assert numbers(counted) == {
        (ALL, "Feedbin", "1"): 45,
        (ALL, "Feedbin", "2"): 3,
        (ALL, "Netvibes", ""): 0,
    }
    (found,) = [Counts(counted.so_far(), TODAY).of("All", "", (ALL,), 0)]
    assert found.aggregators == (("Feedbin", 48), ("Netvibes", 0))


def test_who_was_seen_is_known_without_being_kept() -> None:
    counted = day()
    assert not counted.has_seen(ALL, "192.0.2.1", NEWSBOAT)
    assert counted.see(ALL, "192.0.2.1", NEWSBOAT)
    assert counted.has_seen(ALL, "192.0.2.1", NEWSBOAT)
    assert not counted.has_seen(RSS, "192.0.2.1", NEWSBOAT)
    counted.add(ALL, "192.0.2.1", NEWSBOAT)
    kept = repr([vars(counted), counted.so_far()])
    assert "192.0.2.1" not in kept
    assert "Newsboat" not in kept


def test_by_another_days_key_nobody_is_known_again() -> None:
    one, other = day(), day(key=b"l" * 32)
    for counted in (one, other):
        counted.see(ALL, "192.0.2.1", NEWSBOAT)
        counted.add(ALL, "192.0.2.1", NEWSBOAT)
    assert one._readers != other._readers
    assert not one._seen & other._seen


def test_past_its_bound_a_day_says_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST_SEEN", 3)
    monkeypatch.setattr(readers, "_MOST_AGGREGATORS", 1)
    counted = day()
    for number in range(5):
        if counted.see(ALL, f"192.0.2.{number}", NEWSBOAT):
            counted.add(ALL, f"192.0.2.{number}", NEWSBOAT)
        else:
            counted.overflow(ALL)
    counted.add_aggregator(RSS, Aggregator("Feedbin", "1", 4))
    counted.add_aggregator(RSS, Aggregator("Feedbin", "1", 5))
    assert not any(each.at_least for each in counted.so_far() if each.document == RSS)
    counted.add_aggregator(RSS, Aggregator("Feedbin", "2", 4))
    assert counted.so_far() == (
        Readership(day=TODAY, document=ALL, number=3, at_least=True),
        Readership(day=TODAY, document=RSS, number=0, at_least=True),
        Readership(day=TODAY, document=RSS, aggregator="Feedbin", feed_id="1", number=5),
    )
    found = Counts(counted.so_far(), TODAY).of("All", "", (ALL,), 0)
    assert (found.number, found.in_words) == (3, "at least 3")


# ---------------------------------------------------------------- a week


def on(back: int, number: int, document: str = ALL, *, aggregator: str = "", id: str = "") -> Readership:
    return Readership(
        day=TODAY - timedelta(days=back),
        document=document,
        aggregator=aggregator,
        feed_id=id,
        number=number,
    )


@pytest.mark.parametrize("the_latest_first", [False, True])
def test_of_a_week_a_usual_day_counts_with_what_aggregators_said_last(*, the_latest_first: bool) -> None:
    counted = [
        *(on(back, number) for back, number in enumerate((1, 90, 12, 10, 11, 3, 2))),
        on(1, 40, aggregator="Feedbin", id="1"),
        on(4, 45, aggregator="Feedbin", id="1"),
        on(6, 5, aggregator="Feedbin", id="2"),
        on(7, 900, aggregator="Feedly"),
        on(2, 50, RSS, aggregator="Feedly"),
        *(on(0, 1, aggregator=name) for name in ("b", "C", "A")),
    ]
    counts = Counts(sorted(counted, key=lambda each: each.day, reverse=the_latest_first), TODAY)
    found = counts.of("All", "address", (ALL, RSS), 2)
    assert found.own == 10
    assert found.aggregators == (("Feedly", 50), ("Feedbin", 45), ("A", 1), ("b", 1), ("C", 1))
    assert (found.number, found.sent) == (108, 2)


def test_a_feed_that_somebody_looked_at_once_has_no_readers_and_days_without_a_hub_are_left_out() -> None:
    counts = Counts([on(0, 5), on(1, 5), on(2, 5), on(1, 1, RSS)], TODAY)
    assert counts.of("All", "", (ALL,), 0).own == 5
    assert counts.of("Other", "", (RSS,), 0).own == 0
    assert counts.of("Nobody's", "", ("/feeds/none.atom",), 0).number == 0


def test_before_is_what_the_weeks_before_come_to_of_which_something_is_known() -> None:
    counts = Counts(
        [on(0, 10), on(7, 7), on(7, 2, aggregator="Feedbin"), on(20, 9), on(34, 3), on(35, 1_000)], TODAY
    )
    found = counts.of("All", "", (ALL,), 0)
    assert found.before == 7
    assert found.change == "+3"
    assert counts.of("Other", "", (RSS,), 0).change == "0"
    fewer = Counts([on(0, 10), on(8, 1_500)], TODAY).of("All", "", (ALL,), 0)
    assert fewer.change == "−1,490"
    fresh = Counts([on(0, 10)], TODAY).of("All", "", (ALL,), 0)
    assert (fresh.before, fresh.change) == (None, "")


def test_feeds_with_the_most_come_first_and_a_table_has_all_of_each() -> None:
    few = replace(on(0, 2), at_least=True)
    counts = Counts([few, on(0, 7, RSS), on(0, 3, RSS, aggregator="=Feedly")], TODAY)
    found = most_first([counts.of("Few", "few", (ALL,), 0), counts.of("Many", "many", (RSS,), 4)])
    assert table(found).splitlines() == [
        "feed,address,readers,at least,before,by themselves,by aggregators,aggregators,sent by WebSub",
        "Many,many,10,,,7,3,'=Feedly 3,4",
        "Few,few,2,yes,,2,0,,0",
    ]
