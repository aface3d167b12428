"""What a member took back is withdrawn; what only slid out of its feed stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.decide import withdrawals
from hub.errors import FetchError
from hub.model import (
    Checked,
    Entry,
    Feed,
    FeedKey,
    Gathered,
    InWindow,
    Member,
    PageCheck,
    Selection,
    Window,
    Withheld,
)
from hub.polling.underway import UnderWay
from tests import decided
from tests.entries import entry
from tests.polled import NOW, Polled
from tests.site import serving

A_DAY = timedelta(days=1)


def window(*ages: int | None) -> Window:
    """A document's entries by their age in days, keyed by their place from 1."""
    return tuple(
        InWindow(key, None if age is None else NOW - age * A_DAY, 0, 0) for key, age in enumerate(ages, 1)
    )


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("before", "still", "missing"),
    [
        (window(1, 2, 3, 4), {1, 3, 4}, (2,)),
        (window(1, 2, 3, 4), {1, 2, 3}, ()),
        (window(1, 2, 3, 4), {1, 2}, ()),
        (window(1, 2, 3, 4), {2, 3, 4}, (1,)),
        (window(4, 3, 2, 1), {2, 3, 4}, ()),
        (window(4, 3, 2, 1), {1, 2, 3}, (4,)),
        (window(2, 2, 2), {1, 3}, ()),
        (window(None, None, None), {1, 3}, (2,)),
        (window(None, None, None), {1, 2}, ()),
        (window(1, None, 3), {1, 3}, (2,)),
        (window(None, 2, None), {1, 3}, (2,)),
        (window(None, None, 2), {1, 2}, ()),
        (window(1, 2, 3), set(), ()),
        (window(), {1}, ()),
        (window(1, 2, 3, 4, 5, 6, 7, 8), {1, 7, 8}, ()),
        (window(1, 2, 3, 4, 5), {4, 5}, (1, 2, 3)),
    ],
    ids=[
        "one from the midst",
        "the oldest slides out",
        "the two oldest slide out",
        "the newest",
        "the oldest of a feed that begins with it",
        "the newest of such a feed",
        "one of a moment",
        "without dates, by place",
        "without dates, the last slides out",
        "one without a date",
        "one with a date among others without, by place",
        "the last of them",
        "all are gone: it begins anew",
        "nothing is known of it",
        "most are gone: it shows something else",
        "three of five",
    ],
)
def test_what_is_gone_from_within_the_window_is_missing(
    before: Window, still: set[int], missing: tuple[int, ...]
) -> None:
    after = tuple(each for each in before if each.key in still)
    assert withdrawals.missing(before, after) == missing


def _at(key: int, age: int | None) -> InWindow:
    return InWindow(key, None if age is None else NOW - age * A_DAY, 0, 0)


@pytest.mark.parametrize(
    ("ages", "moved_up", "missing"),
    [
        ((1, 2, 3), _at(9, 4), (3,)),
        ((1, 2, 3), _at(0, 4), (3,)),
        ((1, 2, 3), _at(9, 3), ()),
        ((None, None, None), _at(9, None), (3,)),
        ((None, None, None), _at(0, None), ()),
    ],
    ids=["an older one", "one that nobody knew", "one of that moment", "without dates", "without dates, new"],
)
def test_the_last_is_missing_where_an_older_one_moved_up_for_it(
    ages: tuple[int | None, ...], moved_up: InWindow, missing: tuple[int, ...]
) -> None:
    before = window(*ages)
    assert withdrawals.missing(before, (*before[:-1], moved_up)) == missing


CHECK = PageCheck(key=7, due=NOW)
SEEN_GONE = PageCheck(key=7, due=NOW, gone_since=NOW - A_DAY, tries=1)


def test_a_page_that_is_gone_twice_a_day_apart_is_withdrawn() -> None:
    (again,), done, withdrawn = withdrawals.after([Checked(CHECK, True)], NOW)
    assert (again.gone_since, again.due, done, withdrawn) == (NOW, NOW + A_DAY, (), {})
    _, done, withdrawn = withdrawals.after([Checked(again, True)], NOW + A_DAY)
    assert (done, withdrawn) == ((7,), {7: withdrawals.PAGE_IS_GONE})


def test_twice_within_a_day_is_not_enough() -> None:
    (again,), done, withdrawn = withdrawals.after([Checked(SEEN_GONE, True)], NOW - A_DAY / 2)
    assert (again.gone_since, done, withdrawn) == (SEEN_GONE.gone_since, (), {})


def test_a_page_that_is_there_is_looked_at_once_more_and_not_again() -> None:
    (again,), done, withdrawn = withdrawals.after([Checked(CHECK, False)], NOW)
    assert (again.gone_since, again.due, done, withdrawn) == (None, NOW + A_DAY, (), {})
    assert withdrawals.after([Checked(again, False)], NOW + A_DAY) == ((), (7,), {})
    assert withdrawals.after([Checked(SEEN_GONE, False)], NOW) == ((), (7,), {})


def test_what_cannot_be_told_is_asked_again_some_days_and_then_left() -> None:
    check = SEEN_GONE
    for day in range(3):
        (check,), done, withdrawn = withdrawals.after([Checked(check, None)], NOW + day * A_DAY)
        assert not done
        assert not withdrawn
    assert withdrawals.after([Checked(check, None)], NOW + 4 * A_DAY) == ((), (7,), {})


@pytest.mark.parametrize(
    ("status", "gone"), [(404, True), (410, True), (403, None), (503, None), (None, None)]
)
def test_only_404_and_410_say_that_a_page_is_gone(status: int | None, gone: bool | None) -> None:
    assert withdrawals.is_gone(FetchError("no", "", reason="http", status=status)) is gone


EAST = "https://east.example"
THERE = [f"{EAST}/", f"{EAST}/a", f"{EAST}/b?id=1"]


@pytest.mark.parametrize(
    ("link", "ended", "away"),
    [
        (f"{EAST}/old", f"{EAST}/", True),
        (f"{EAST}/old", "https://www.east.example/index.html", True),
        (f"{EAST}/old", f"{EAST}/b?utm_source=x&id=1", True),
        (f"{EAST}/old", f"{EAST}/old/", False),
        (f"{EAST}/a", "http://www.east.example/a/", False),
        (f"{EAST}/?p=1", f"{EAST}/old-news", False),
        (f"{EAST}/old", f"{EAST}/consent?back=old", False),
        (EAST, "https://north.example/", False),
    ],
)
def test_a_page_leads_away_that_ends_at_a_home_page_or_at_anothers(link: str, ended: str, away: bool) -> None:
    assert withdrawals.leads_away(link, ended, THERE) == away


@pytest.mark.parametrize(
    ("link", "ended", "other"),
    [
        (f"{EAST}/old", f"{EAST}/", f"{EAST}/a"),
        (f"{EAST}/old", f"{EAST}/a", f"{EAST}/b?id=1"),
        (f"{EAST}/a/", f"{EAST}/b?id=1", None),
    ],
)
def test_it_is_compared_with_one_that_is_no_home_page(link: str, ended: str, other: str | None) -> None:
    assert withdrawals.one_to_compare(link, ended, THERE) == other


@pytest.mark.parametrize(
    ("outcome", "ended", "gone"),
    [
        ("a page", f"{EAST}/a", True),
        ("a page", f"{EAST}/", None),
        ("a page", f"{EAST}/consent", None),
        (FetchError("no", "", reason="http", status=404), f"{EAST}/a", None),
        (FetchError("no", "", reason="timeout"), f"{EAST}/a", None),
    ],
    ids=["it stays", "it leads home too", "it leads where the first did", "it is gone itself", "it fails"],
)
def test_a_page_that_led_away_is_gone_where_the_one_beside_it_stays(
    outcome: object, ended: str, gone: bool | None
) -> None:
    assert withdrawals.is_gone_beside(outcome, f"{EAST}/a", ended, f"{EAST}/consent") is gone


@pytest.mark.parametrize(
    ("withdrawn", "is_withdrawn"),
    [
        (entry("a"), True),
        (entry("a", title="Another title", link="https://east.example/a"), True),
        (entry("a", title="News a", link="https://east.example/z"), True),
        (entry("z", title="News a", link="https://east.example/a"), True),
        (entry("a", title="Another title", link="https://east.example/z"), False),
        (entry("z", title="Another title", link="https://east.example/a"), False),
        (entry("z", title="News a", link="https://east.example/z"), False),
        (entry(None, title="Another title", link=None), False),
    ],
    ids=["all", "id and link", "id and title", "link and title", "id", "link", "title", "none"],
)
def test_a_new_entry_of_another_feed_is_withdrawn_by_two_of_id_link_and_title(
    withdrawn: Entry, is_withdrawn: bool
) -> None:
    how = Withheld("withdrawn", "it is wrong", "member")
    found = withdrawals.in_another_feed(entry("a"), [(withdrawn.keys, how)])
    assert found == (how if is_withdrawn else None)


def test_what_two_entries_lack_is_not_the_same() -> None:
    bare = entry(None, title="News a", link=None)
    assert withdrawals.in_another_feed(bare, [(bare.keys, Withheld("withdrawn", "it is wrong"))]) is None


# ---------------------------------------------------------------- over loopback


class Network(Polled):
    """A member's site, polled with a hand on the clock."""

    def carry(self, *numbers: int, gone: Sequence[int] = (), more: str = "", at: str = "/feed") -> None:
        """Have a feed of the site carry these entries, the first the newest; all pages but some are there."""
        entries = "".join(
            f"<entry><id>urn:east:{number}</id><title>News {number}</title>"
            f"<link href='{self.page(number)}'/><summary>What {number} is about.</summary>"
            f"<updated>{(NOW - (20 - number) * A_DAY).isoformat()}</updated></entry>"
            for number in numbers
        )
        self.site.page(
            at,
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'>"
            f"<id>urn:east</id><title>East</title><updated>{NOW.isoformat()}</updated>{more}{entries}</feed>",
            Content_Type="application/atom+xml",
        )
        for number in range(1, 21):
            self.site.page(f"/{number}", "words", status=404 if number in gone else 200)

    def page(self, number: int) -> str:
        return f"{self.site.url}/{number}"

    def poll(self, *, after: timedelta = timedelta(hours=1), fails: bool = False) -> list[str]:
        """The pages that a poll asked for besides the feeds and robots.txt."""
        self.now += after
        before = len(self.site.asked)
        self.polls.begin(self.store.feed_states())
        while self.polls.unfinished:
            for result in self.polls.step(1):
                assert (result.outcome == "failed") == fails, result.error
        return [
            path for path, _ in self.site.asked[before:] if path not in ("/feed", "/topic", "/robots.txt")
        ]

    def published(self) -> list[int]:
        stories = self.store.stories(Selection(), limit=100).items
        return sorted(int(story.lead.entry.title.split()[1]) for story in stories)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with serving() as site:
        made = Network(site, tmp_path)
        made.carry(10, 9, 8, 7, 6)
        made.poll()
        yield made
        assert made.store.check() == ()
        made.close()


def test_an_entry_that_is_gone_with_its_page_is_withdrawn_a_day_later_and_comes_back_under_its_ids(
    network: Network,
) -> None:
    (before,) = network.store.find("urn:east:8")
    network.carry(10, 9, 7, 6, gone=[8])
    assert network.poll() == []
    assert network.poll() == ["/8"]
    assert network.poll() == [], "it is asked again after a day, not before"
    assert network.published() == [6, 7, 8, 9, 10]
    assert_asked(network.poll(after=A_DAY), "/8")
    assert network.published() == [6, 7, 9, 10]
    gone = network.store.withdrawn_from(before.story)
    assert gone is not None
    assert (gone.withheld.why, gone.by_admin) == ("its page is no longer on their site", False)
    assert network.poll(after=A_DAY) == []
    network.carry(10, 9, 8, 7, 6)
    network.poll()
    assert network.published() == [6, 7, 8, 9, 10]
    (after,) = network.store.find("urn:east:8")
    assert (after.atom_id, after.story, after.first_seen) == (before.atom_id, before.story, before.first_seen)


def test_the_last_of_a_feed_is_withdrawn_where_an_older_one_moved_up_for_it(network: Network) -> None:
    network.carry(11, 10, 9, 8, 7)
    network.poll()
    network.carry(11, 10, 9, 8, 6, gone=[7])
    network.poll()
    assert network.poll() == ["/7"]
    assert_asked(network.poll(after=A_DAY), "/7")
    assert network.published() == [6, 8, 9, 10, 11]


def test_pages_of_feeds_that_are_polled_no_more_wait_in_nobodys_way(network: Network) -> None:
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    assert [*network.store.checks_due(network.now, most=3)] == [network.feed.key]
    paused = replace(network.feed, paused=True)
    network.store.sync([Member(slug="east", name="East")], [paused], authority="news.example")
    assert network.store.checks_due(network.now + A_DAY, most=3) == {}
    network.store.sync([], [], authority="news.example")
    assert network.store.checks_due(network.now + A_DAY, most=3) == {}


def test_an_entry_whose_page_is_there_stays(network: Network) -> None:
    network.carry(10, 9, 7, 6)
    network.poll()
    assert network.poll() == ["/8"]
    assert network.poll(after=A_DAY) == ["/8"]
    assert network.poll(after=A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


def test_an_entry_whose_page_a_cache_still_had_is_withdrawn_once_it_is_gone(network: Network) -> None:
    network.carry(10, 9, 7, 6)
    network.poll()
    assert network.poll() == ["/8"]
    network.carry(10, 9, 7, 6, gone=[8])
    assert network.poll(after=A_DAY) == ["/8"]
    assert network.published() == [6, 7, 8, 9, 10]
    assert_asked(network.poll(after=A_DAY), "/8")
    assert network.published() == [6, 7, 9, 10]


def test_a_page_that_is_back_before_it_is_asked_again_keeps_its_entry(network: Network) -> None:
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    network.poll()
    network.carry(10, 9, 7, 6)
    assert network.poll(after=A_DAY) == ["/8"]
    assert network.published() == [6, 7, 8, 9, 10]


def test_an_entry_that_is_back_in_its_feed_is_not_looked_for(network: Network) -> None:
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    network.poll()
    network.carry(10, 9, 8, 7, 6, gone=[8])
    network.poll()
    assert network.poll(after=2 * A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("to", ["/", "/9"], ids=["the front page", "another entry's page"])
def test_a_page_that_leads_to_anothers_is_gone_and_comes_back(network: Network, to: str) -> None:
    network.site.page("/", "welcome")
    network.carry(10, 9, 7, 6)
    network.site.page("/8", "", status=301, Location=to)
    network.poll()
    looked_at = network.poll()
    assert (looked_at[:2], looked_at[2] in ("/6", "/7", "/10")) == (["/8", to], True)
    assert network.published() == [6, 7, 8, 9, 10]
    assert network.poll(after=A_DAY) == looked_at
    assert network.published() == [6, 7, 9, 10]
    assert network.poll(after=A_DAY) == []
    network.carry(10, 9, 8, 7, 6)
    network.poll()
    assert network.published() == [6, 7, 8, 9, 10]


def test_a_site_that_leads_everybody_to_its_front_page_loses_nothing(network: Network) -> None:
    network.site.page("/", "Do you accept?")
    network.carry(10, 9, 7, 6)
    for number in range(1, 21):
        network.site.page(f"/{number}", "", status=302, Location="/")
    network.poll()
    for _ in range(5):
        looked_at = network.poll(after=A_DAY)
        assert (looked_at[0], looked_at[1::2], len(looked_at)) == ("/8", ["/", "/"], 4)
    assert network.poll(after=A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


def test_a_site_that_has_no_page_for_a_program_loses_nothing(network: Network) -> None:
    network.carry(10, 9, 7, 6, gone=range(1, 21))
    network.poll()
    assert network.poll() == ["/8"]
    for _ in range(4):
        assert_asked(network.poll(after=A_DAY), "/8")
    assert network.poll(after=A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


def test_where_no_other_page_can_be_asked_beside_it_one_that_is_gone_twice_is_gone(network: Network) -> None:
    (state,) = network.store.feed_states()
    begun = UnderWay(state, (network.feed.url,), network.now, 0.0)
    check = replace(SEEN_GONE, url=network.page(8))
    begun.checks = [check]
    gone = FetchError("no", "", reason="http-404", status=404, host="127.0.0.1")
    begun.looked_at(gone, lambda: [network.page(8), f"{network.site.url}/"])
    assert begun.checked == [Checked(check, True)]


def test_a_page_that_leads_to_the_only_other_entry_stays(network: Network) -> None:
    network.carry(10, 8, 7)
    network.poll()
    network.carry(7)
    network.poll()
    for number in (10, 8):
        network.site.page(f"/{number}", "", status=302, Location="/7")
    for _ in range(3):
        network.poll(after=A_DAY)
    assert {8, 10} <= {*network.published()}


def test_a_window_that_slides_withdraws_nothing_though_old_pages_are_gone(network: Network) -> None:
    for newest in range(11, 19):
        network.carry(*range(newest, newest - 5, -1), gone=range(1, newest - 4))
        assert network.poll(after=A_DAY) == []
    assert network.published() == list(range(6, 19))


def test_a_feed_that_goes_empty_withdraws_nothing_and_is_looked_at_again_when_it_is_back(
    network: Network,
) -> None:
    network.carry(gone=range(1, 21))
    assert network.poll() == network.poll(after=A_DAY) == []
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    assert network.poll() == ["/8"]
    assert network.published() == [6, 7, 8, 9, 10]


def test_a_feed_that_begins_anew_withdraws_nothing(network: Network) -> None:
    network.carry(20, 19, 18, gone=range(1, 11))
    assert network.poll() == network.poll(after=A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10, 18, 19, 20]


def test_a_poll_looks_at_few_pages_and_at_none_where_the_feed_cannot_be_had(network: Network) -> None:
    network.carry(*range(20, 0, -1))
    network.poll()
    missing = range(3, 19, 2)
    network.carry(*(number for number in range(20, 0, -1) if number not in missing))
    network.poll()
    feed = network.site.pages["/feed"]
    network.site.page("/feed", "unwell", status=503)
    assert network.poll(fails=True) == []
    network.site.pages["/feed"] = feed
    asked = [network.poll() for _ in range(3)]
    assert [len(each) for each in asked] == [3, 3, 2]
    assert {path for each in asked for path in each} == {f"/{number}" for number in missing}
    assert network.poll() == []


def test_all_of_many_entries_that_are_taken_down_at_once_are_withdrawn(network: Network) -> None:
    network.carry(*range(20, 0, -1))
    network.poll()
    gone = range(10, 19)
    network.carry(20, 19, *range(9, 0, -1), gone=gone)
    for _ in range(8):
        network.poll(after=A_DAY / 2)
    assert network.published() == [*range(1, 10), 19, 20]
    assert network.store.checks_due(network.now + 9 * A_DAY, most=3) == {}


@pytest.mark.parametrize(("host", "put_off"), [("elsewhere.example", False), ("127.0.0.1", True)])
def test_a_poll_is_put_off_by_the_host_that_is_polled_alone(
    network: Network, host: str, put_off: bool
) -> None:
    # Over loopback a feed names no page elsewhere that may be looked at.
    rules_at = f"https://{host}/robots.txt"
    (state,) = network.store.feed_states()
    begun = UnderWay(state, (network.feed.url,), network.now, 0.0)
    begun.checks = [PageCheck(key=1, url=f"https://{host}/8", due=network.now)]
    begun.gathered = Gathered(
        feed=network.feed, outcome="not_modified", started=network.now, url=network.feed.url
    )
    network.polls._polls[network.feed.key] = begun
    network.polls._waiting[rules_at] = [begun]
    busy = FetchError("busy", "", reason="http-429", status=429, retry_after=86400, for_host=True, host=host)
    network.polls._rules_came(rules_at, busy)
    assert [result.outcome for result in network.polls.finish()] == ["not_modified"]
    (state,) = network.store.feed_states()
    assert (state.not_before is not None) == put_off


def test_the_members_own_tombstone_withdraws_at_once_with_its_reason(network: Network) -> None:
    (before,) = network.store.find("urn:east:8")
    tombstone = (
        "<at:deleted-entry ref='urn:east:8' when='2026-11-24T15:35:00Z'>"
        "<at:comment>The figures were wrong.</at:comment></at:deleted-entry>"
    )
    network.carry(10, 9, 7, 6, more=tombstone)
    assert network.poll() == []
    assert network.published() == [6, 7, 9, 10]
    gone = network.store.withdrawn_from(before.story)
    assert gone is not None
    assert gone.withheld.why == "The figures were wrong"
    assert network.poll(after=A_DAY) == []


def test_a_tombstones_reason_is_a_line_that_turns_nothing_round(network: Network) -> None:
    (before,) = network.store.find("urn:east:8")
    comment = "Wrong\n\u202e\u009b31m figures " + "again " * 200
    tombstone = f"<at:deleted-entry ref='urn:east:8'><at:comment>{comment}</at:comment></at:deleted-entry>"
    network.carry(10, 9, 7, 6, more=tombstone)
    network.poll()
    gone = network.store.withdrawn_from(before.story)
    assert gone is not None
    assert gone.withheld.why.startswith("Wrong 31m figures again")
    assert len(gone.withheld.why) <= 300


def test_a_tombstone_of_what_is_still_there_or_of_anothers_entry_withdraws_nothing(network: Network) -> None:
    tombstones = "<at:deleted-entry ref='urn:east:8' when='2026-11-24T15:35:00Z'/><at:deleted-entry/>"
    network.carry(10, 9, 8, 7, 6, more=f"{tombstones}<at:deleted-entry ref='urn:west:1' when='x'/>")
    network.poll()
    assert network.published() == [6, 7, 8, 9, 10]


def test_an_admins_word_outlives_what_the_member_does(network: Network) -> None:
    decided.withdraw(network.url, "urn:east:8", why="it was wrong")
    decided.release(network.url, "urn:east:8")
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    network.poll()
    network.poll(after=A_DAY)
    assert network.published() == [6, 7, 8, 9, 10]


def assert_asked(looked_at: Sequence[str], page: str) -> None:
    """That a page was asked for that was gone before, and beside it that of an entry that is in the feed."""
    first, beside = looked_at
    assert first == page
    assert beside in ("/4", "/6", "/10", "/11", "/14")


# ---------------------------------------------------------------- a member with two feeds


@pytest.fixture
def two_feeds(network: Network) -> Network:
    """The same with the feed of a topic besides, which has some of the site's news for longer."""
    topic = Feed(key=FeedKey("east", "topic"), url=f"{network.site.url}/topic")
    network.store.sync([Member(slug="east", name="East")], [network.feed, topic], authority="news.example")
    network.carry(10, 8, 6, 4, at="/topic")
    network.poll()
    network.carry(14, 13, 12, 11, 10)
    network.poll()
    return network


def standings(network: Network, number: int = 8) -> list[str]:
    return [each.standing for each in network.store.find(f"urn:east:{number}")]


def tombstone(when: datetime, number: int = 8) -> str:
    return f"<at:deleted-entry ref='urn:east:{number}' when='{when.isoformat()}'/>"


def test_what_is_withdrawn_goes_from_all_feeds_of_its_member_and_any_of_them_brings_it_back(
    two_feeds: Network,
) -> None:
    network = two_feeds
    (before,) = {each.story for each in network.store.find("urn:east:8")}
    network.carry(10, 6, 4, gone=[8], at="/topic")
    network.poll()
    assert standings(network) == ["published"] * 2
    assert network.poll() == ["/8"]
    assert_asked(network.poll(after=A_DAY), "/8")
    assert standings(network) == ["withdrawn"] * 2
    assert network.published() == [4, 6, 7, 9, 10, 11, 12, 13, 14]
    network.carry(14, 13, 12, 11, 10, 9, 8, 7)
    network.poll()
    assert standings(network) == ["published"] * 2
    assert {each.story for each in network.store.find("urn:east:8")} == {before}
    network.carry(14, 13, 12, 11, 10, 9, 7, gone=[8])
    network.poll()
    assert network.poll() == ["/8"]
    assert_asked(network.poll(after=A_DAY), "/8")
    assert standings(network) == ["withdrawn"] * 2
    network.carry(10, 8, 6, 4, at="/topic")
    network.poll()
    assert standings(network) == ["published"] * 2


def test_a_tombstone_counts_for_all_feeds_of_its_member_until_another_still_has_the_entry(
    two_feeds: Network,
) -> None:
    network = two_feeds
    topic = network.site.pages["/topic"]
    network.site.page("/topic", "unwell", status=503)
    network.carry(14, 13, 12, 11, 10, more=tombstone(network.now))
    network.polls.begin(network.store.feed_states())
    while network.polls.unfinished:
        network.polls.step(1)
    assert standings(network) == ["withdrawn"] * 2
    network.site.pages["/topic"] = topic
    network.poll(after=timedelta(hours=12))
    assert standings(network) == ["published"] * 2, "its document was read again, though it is the same"
    for newest in (15, 16):
        network.carry(newest, 14, 13, 12, 11, 10, more=tombstone(NOW))
        network.poll()
        assert standings(network) == ["published"] * 2, "the tombstone is from before"
    network.carry(10, 6, 4, at="/topic")
    network.poll()
    network.carry(17, 14, 13, 12, 11, 10, more=tombstone(network.now))
    network.poll()
    assert standings(network) == ["withdrawn"] * 2


def test_what_shares_only_its_page_with_what_was_taken_back_and_what_an_admin_released_stay(
    two_feeds: Network,
) -> None:
    network = two_feeds
    job = f"<entry><id>urn:job</id><title>News 30</title><link href='{network.page(8)}'/></entry>"
    network.carry(10, 8, 6, 4, more=job, at="/topic")
    network.poll()
    decided.withdraw(network.url, "urn:east:6", member="east/topic", why="")
    decided.release(network.url, "urn:east:6", member="east/topic")
    more = tombstone(network.now, 8) + tombstone(network.now, 6)
    network.carry(14, 13, 12, 11, 10, more=more)
    network.poll()
    assert {*network.published()} & {6, 8, 30} == {6, 30}
