"""What is unlike all that a feed brought before waits for an admin, and honest news does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from hub import quarantine
from hub.admin import moderation
from hub.model import Entry, Feed, FeedKey, Habits, Move, Withheld
from hub.store import Store
from hub.stories import sketched
from tests import decided
from tests.entries import entry
from tests.test_store import EAST, FEEDS, MEMBERS, NOW, in_a_file, poll, store, titles, url

__all__ = ["store", "url"]

FEED = Feed(
    key=FeedKey("east"), url="https://www.east.example/feed/", alternatives=("https://old.example/rss",)
)
TODAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ENGLISH = (
    "The trust has opened a new clinic in the town, where people can be seen on the day that they ask,"
    " and those who work there say that it is what the people of the town have wanted for years."
)
MALAY = (
    "Situs judi daring terpercaya menawarkan permainan terbaik dengan bonus besar untuk semua pemain baru,"
    " daftar sekarang dan menangkan hadiah utama setiap hari bersama kami di agen resmi yang berlisensi"
    " dengan layanan pelanggan dua puluh empat jam tanpa henti"
)


def ago(**time: float) -> datetime:
    return TODAY - timedelta(**time)


def told(number: int, *, at: datetime = TODAY, link: str | None = "", **said: str) -> Entry:
    return entry(
        f"e{number}",
        title=said.get("title", f"Clinic number {number} opens"),
        text=said.get("text", f"{ENGLISH} Clinic {number}."),
        link=f"https://east.example/{number}" if link == "" else link,
        published=at,
    )


def judge(
    new: Sequence[Entry], habits: Habits, now: datetime = TODAY
) -> tuple[Mapping[int, Withheld], Habits]:
    return quarantine.judge(new, [each.published or now for each in new], habits, FEED, now)


def usual(entries: int = 30, **said: str) -> Habits:
    """The habits of a feed with one piece of news every other day."""
    backlog = [told(number, at=ago(days=2 * (entries - number)), **said) for number in range(entries)]
    withheld, habits = judge(backlog, Habits())
    assert not withheld, "a first document is never judged"
    return habits


def spam(number: int, at: datetime = TODAY) -> Entry:
    return told(number, at=at, link=f"https://casino.example.net/{number}")


# ---------------------------------------------------------------- unlike the others


def test_links_that_leave_the_feeds_own_sites_wait() -> None:
    withheld, _ = judge([spam(number) for number in range(100, 104)], usual())
    assert sorted(withheld) == [0, 1, 2, 3]
    assert withheld[0] == Withheld(
        "quarantined", "links to example.net, where none of this feed’s led before"
    )


def test_one_link_elsewhere_now_and_then_is_news() -> None:
    habits = usual()
    for number in range(100, 140):
        new = [spam(number)] if number % 4 == 0 else [told(number)]
        withheld, habits = judge(new, habits, TODAY + timedelta(days=number))
        assert not withheld


def test_links_elsewhere_one_by_one_wait_from_the_third_in_a_row() -> None:
    habits, waited = usual(), []
    for number in range(100, 106):
        withheld, habits = judge([spam(number)], habits, TODAY + timedelta(hours=number))
        waited.append(bool(withheld))
    assert waited == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    "link",
    [
        "http://east.example/a",
        "https://news.east.example/a",
        "https://www.east.example/?p=7",
        "https://old.example/a",
        None,
    ],
)
def test_other_hosts_of_its_own_domain_and_its_feeds_addresses_are_its_own(link: str | None) -> None:
    assert not judge([told(number, link=link) for number in range(100, 105)], usual())[0]


def test_a_feed_of_others_news_may_lead_anywhere() -> None:
    backlog = [told(n, at=ago(days=40 - n), link=f"https://paper{n}.example/{n}") for n in range(20)]
    _, habits = judge(backlog, Habits())
    assert not judge([spam(number) for number in range(100, 105)], habits)[0]


def test_two_members_below_one_domain_of_everybodys_are_two_sites() -> None:
    backlog = [told(n, at=ago(days=40 - n), link=f"https://www.wessex.nhs.uk/{n}") for n in range(20)]
    _, habits = judge(backlog, Habits())
    assert judge([told(n, link=f"https://casino.nhs.uk/{n}") for n in range(100, 104)], habits)[0]


def test_news_that_others_have_too_is_no_stranger_wherever_it_leads() -> None:
    new = [spam(number) for number in range(100, 104)]
    dates = [TODAY] * len(new)
    assert not quarantine.judge(new, dates, usual(), FEED, TODAY, others_have=lambda *_: True)[0]


def test_another_script_waits() -> None:
    new = [told(number, title=f"Лучшее казино {number}") for number in range(100, 103)]
    withheld, _ = judge(new, usual())
    assert withheld[0].why == "another script (Cyrillic) than that of this feed’s titles before"
    assert len(withheld) == 3


def test_another_language_waits_in_the_same_script_too() -> None:
    new = [told(number, text=f"{MALAY} {number}") for number in range(100, 103)]
    withheld, _ = judge(new, usual())
    assert withheld[0].why == "another language, as it seems, than that of this feed’s texts before"


def test_a_feed_in_two_languages_may_write_in_either() -> None:
    backlog = [
        told(n, at=ago(days=60 - n), text=f"{MALAY if n % 3 == 0 else ENGLISH} {n}") for n in range(30)
    ]
    _, habits = judge(backlog, Habits())
    assert not judge([told(n, text=f"{MALAY} {n}") for n in range(100, 104)], habits)[0]


def test_texts_too_short_to_tell_a_language_are_not_judged_by_it() -> None:
    assert not judge([told(n, text=f"Situs judi {n}") for n in range(100, 105)], usual())[0]


def test_a_feed_of_which_little_is_known_is_not_judged() -> None:
    _, habits = judge([told(n, at=ago(days=9 - n)) for n in range(5)], Habits())
    withheld, habits = judge([spam(100), spam(101), spam(102)], habits)
    assert not withheld
    assert habits.entries == 8


def test_ordinary_news_between_what_waits_is_published() -> None:
    withheld, _ = judge([spam(100), told(101), spam(102), spam(103)], usual())
    assert sorted(withheld) == [0, 2, 3]


def test_what_an_admin_let_through_is_usual_from_then_on() -> None:
    habits = usual()
    new = [told(n, link=f"https://partner.example.org/{n}", text=f"{MALAY} {n}") for n in range(100, 104)]
    withheld, habits = judge(new, habits)
    assert len(withheld) == 4
    let_through = quarantine.released(habits, new)
    again = [told(n, link=f"https://partner.example.org/{n}", text=f"{MALAY} {n}") for n in range(200, 205)]
    assert not judge(again, let_through)[0]
    assert not judge([spam(300)], let_through)[0], "they count no more among the latest"
    assert judge([spam(300), spam(301), spam(302)], let_through)[0]


# ---------------------------------------------------------------- a flood


def test_a_flood_of_one_day_waits() -> None:
    withheld, _ = judge([told(n) for n in range(100, 130)], usual())
    assert len(withheld) == 30
    assert withheld[0].why == "over 20 entries are of one day, where 1 are usual"


def test_other_news_in_the_place_of_entries_of_before_is_no_flood() -> None:
    new = [told(n) for n in range(100, 130)]
    withheld, _ = quarantine.judge(new, [TODAY] * 30, usual(), FEED, TODAY, in_place=range(30))
    assert not withheld


def test_a_flood_that_comes_in_several_polls_is_one() -> None:
    habits, waited = usual(), 0
    for first in range(100, 160, 12):
        withheld, habits = judge([told(n) for n in range(first, first + 12)], habits)
        waited += len(withheld)
    assert waited == 48


def test_what_came_while_nobody_polled_is_judged_by_its_own_days() -> None:
    later = TODAY + timedelta(days=60)
    new = [told(n, at=TODAY + timedelta(days=n - 100)) for n in range(100, 160)]
    assert not judge(new, usual(), later)[0]


def test_an_archive_that_is_imported_with_its_dates_is_no_flood() -> None:
    assert not judge([told(n, at=ago(days=n)) for n in range(100, 200)], usual())[0]


def test_a_feed_that_has_many_a_day_may_have_many() -> None:
    backlog = [told(day * 100 + n, at=ago(days=day)) for day in range(20, 0, -1) for n in range(12)]
    _, habits = judge(backlog, Habits())
    assert not judge([told(n) for n in range(9000, 9050)], habits)[0]
    assert judge([told(n) for n in range(9000, 9070)], habits)[0]


def test_a_flood_makes_the_next_one_no_more_usual() -> None:
    habits = usual()
    _, habits = judge([told(n) for n in range(100, 200)], habits)
    tomorrow = TODAY + timedelta(days=1)
    withheld, _ = judge([told(n, at=tomorrow) for n in range(200, 300)], habits, tomorrow)
    assert len(withheld) == 100


def test_what_a_flood_is_like_is_not_learnt() -> None:
    _, habits = judge(
        [told(n, title=f"Клиника {n}") for n in range(100, 130)], replace(usual(), scripts=frozenset())
    )
    assert not habits.scripts


# ---------------------------------------------------------------- sites that moved


def test_a_site_is_its_own_where_its_redirect_leads_if_its_entries_were_there_and_else_is_not() -> None:
    move = Move(
        address=FEED.url, target="https://casino.example.net/", since=ago(days=9), polls=9, shares=True
    )
    assert quarantine.moved_to([], move) == {"example.net"}
    assert quarantine.moved_to([], replace(move, shares=False)) == set()


def test_a_site_is_its_own_where_most_of_its_published_entries_lead_by_now() -> None:
    news, others = [told(n) for n in range(4)], [spam(n) for n in range(4)]
    assert quarantine.moved_to([*news[:2], *others[:3]], None) == {"example.net"}
    assert quarantine.moved_to([*news, *others], None) == set()
    assert quarantine.moved_to(others[:2], None) == set()


# ---------------------------------------------------------------- through the store


def published(number: int, *, at: datetime, link: str | None = "", **said: str) -> Entry:
    made = told(number, at=at, link=link, **said)
    return replace(made, sketch=sketched([made])[0])


BACKLOG = [published(n, at=NOW - timedelta(days=n + 1)) for n in range(12)]
HIJACK = [
    published(n, at=NOW + timedelta(hours=1), link=f"https://casino.example.net/{n}", title=f"Win big {n}")
    for n in range(100, 105)
]
SOON = NOW + timedelta(hours=2)


def test_a_hijack_waits_until_an_admin_drops_it_and_later_polls_do_not_bring_it_back(
    store: Store, url: str
) -> None:
    poll(store, EAST, *BACKLOG)
    assert poll(store, EAST, *HIJACK, *BACKLOG, at=SOON) == (5, 0)
    assert len(titles(store)) == 12
    assert not any("Win" in title for title in titles(store))
    (notice,) = store.notices()
    assert (notice.feed, notice.entries, notice.since) == (EAST.key, 5, SOON)
    assert "example.net" in moderation.held(url)
    assert store.check() == ()
    decided.withdraw(url, "east/news", why="the site was taken over")
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON + timedelta(hours=1))
    assert not store.notices()
    assert len(titles(store)) == 12
    assert store.check() == ()


def test_what_releases_all_of_a_feed_is_said_once_for_all_its_reasons(store: Store, url: str) -> None:
    poll(store, EAST, *BACKLOG)
    (alone,) = [line for line in _held_of(store, url, *HIJACK) if "hub release" in line]
    assert alone == "    To publish: hub release east/news    To drop: hub withdraw east/news"
    jobs = [
        published(n, at=SOON, link=f"https://jobs.example.com/{n}", title=f"Vacancy {n}")
        for n in range(200, 202)
    ]
    *ones, every = [line for line in _held_of(store, url, *jobs, *HIJACK) if "hub release" in line]
    assert ones == ["    To publish one: hub release LINK    To drop one: hub withdraw LINK"] * 2
    assert every == "    To publish all 7: hub release east/news    To drop all 7: hub withdraw east/news"


def _held_of(store: Store, url: str, *entries: Entry) -> list[str]:
    """What is said to wait once a poll brought these."""
    poll(store, EAST, *entries, *BACKLOG, at=SOON)
    return moderation.held(url).splitlines()


def test_what_is_released_is_published_and_its_like_waits_no_more(store: Store, url: str) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON)
    assert decided.release(url, "east") == "5 entries of east are published now."
    assert len(titles(store)) == 17
    more = [
        published(n, at=SOON, link=f"https://casino.example.net/{n}", title=f"Win big {n}")
        for n in range(200, 204)
    ]
    poll(store, EAST, *more, *HIJACK, at=SOON + timedelta(hours=1))
    assert len(titles(store)) == 21
    assert store.check() == ()


def test_what_is_released_is_usual_also_when_its_feed_lists_it_no_more(store: Store, url: str) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON)
    decided.release(url, "east")
    more = [
        published(n, at=SOON, link=f"https://casino.example.net/{n}", title=f"Win big {n}")
        for n in range(200, 204)
    ]
    poll(store, EAST, *more, *BACKLOG, at=SOON + timedelta(hours=1))
    assert len(titles(store)) == 21


def test_a_site_that_only_waiting_news_leads_to_is_not_where_a_feed_moved(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON)
    more = published(200, at=SOON, link="https://casino.example.net/200", title="Win big 200")
    poll(store, EAST, more, *HIJACK, at=SOON + timedelta(hours=1))
    assert not any("Win" in title for title in titles(store))
    assert [notice.entries for notice in store.notices()] == [6]


def test_a_member_that_is_always_trusted_waits_for_nobody(store: Store) -> None:
    trusted = [replace(each, trust="always") for each in FEEDS]
    store.sync(MEMBERS, trusted, authority="news.example.org")
    east = trusted[0]
    poll(store, east, *BACKLOG)
    poll(store, east, *HIJACK, *BACKLOG, at=SOON)
    assert len(titles(store)) == 17
    assert not store.notices()


@in_a_file
def test_a_feed_that_was_known_before_habits_were_kept_is_learnt_from_its_whole_document(
    store: Store,
) -> None:
    poll(store, EAST, *BACKLOG)
    store._db.execute("DELETE FROM habits")  # type: ignore[attr-defined] # as an upgrade leaves it
    poll(store, EAST, published(50, at=SOON), *BACKLOG, at=SOON)
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON + timedelta(hours=1))
    assert [notice.entries for notice in store.notices()] == [5]
