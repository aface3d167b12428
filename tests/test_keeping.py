"""News that is older than `hub.keep` says is taken away for good, and never comes back as news."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from hub.config import parse
from hub.decide.keeping import is_past_keeping
from hub.errors import ConfigError
from hub.model import Entry, FeedKey, Selection, Tag, Tombstone
from hub.polling.keeping import Keeping
from hub.store.rows import stamp
from tests.commands import Hub as Command
from tests.entries import entry
from tests.site import Site
from tests.web_hub import EAST, NATIONAL, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, news

A_YEAR = timedelta(days=365)
KEEPS = NETWORK.replace("  timezone:", "  keep: 365d\n  timezone:")
LONG_AGO = ago(days=500)
EVENT = Tag("event", "of its feed", kind="event")


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


def old(name: str, title: str, **more: object) -> Entry:
    return news(name, title, at=LONG_AGO, **more)


def titles(hub: Hub) -> list[str]:
    return sorted(each.entry.title for each in hub.store.walk())


def keep(hub: Hub) -> None:
    """Have all taken away that is older than a year."""
    hub.configure(KEEPS)
    Keeping(hub.store, hub.config.hub, now=lambda: hub.now).once(Event())


# ---------------------------------------------------------------- what goes


def test_what_is_old_goes_once_its_feed_has_it_no_more(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Old"), old("b", "Old too"), news("c", "New"), at=LONG_AGO)
    keep(hub)
    assert titles(hub) == ["New", "Old", "Old too"]
    hub.publish(EAST, news("c", "New"), old("b", "Old too"), at=ago(days=1))
    keep(hub)
    assert titles(hub) == ["New", "Old too"]


def test_it_is_gone_from_pages_feeds_searches_and_counts(hub: Hub) -> None:
    # So that nothing else has what is kept of pages be made anew.
    hub.configure(KEEPS)
    hub.publish(EAST, old("a", "Gone wards", tags=(SAFETY,)), at=LONG_AGO)
    hub.publish(EAST, news("b", "New wards", tags=(SAFETY,)), at=ago(days=1))
    (found,) = (each for each in hub.store.walk() if each.entry.title == "Gone wards")
    assert "Gone wards" in hub.html("/tag/safety")
    keep(hub)
    for path in ("/", "/tag/safety", "/member/east", "/search?q=wards"):
        assert "New wards" in hub.html(path)
        assert "Gone wards" not in hub.html(path)
    assert hub.get(f"/story/{found.story}").status_code == 404
    assert hub.store.tag_counts() == {"safety": 1}
    assert "Gone wards" not in hub.get("/feeds/member/east.atom").text
    assert "deleted-entry" not in hub.get("/feeds/member/east.atom").text
    assert hub.store.check() == ()


def test_what_was_put_together_with_what_is_gone_leads_nowhere(hub: Hub) -> None:
    hub.publish(
        EAST, old("a", "Old"), old("b", "Old too"), old("c", "Others"), old("d", "there"), at=LONG_AGO
    )
    stored = {each.entry.title: each for each in hub.store.walk()}
    for title, other in (("Old", "Old too"), ("Others", "there")):
        hub.store.put_together(stored[title].key, stored[other].key, LONG_AGO)
    hub.publish(EAST, news("e", "New"), old("d", "there"), at=ago(days=1))
    moved = tuple(stored[title].story for title in ("Others", "Old"))
    assert set(hub.store.merged()) == set(moved)
    keep(hub)
    assert titles(hub) == ["New", "there"]
    assert hub.store.merged() == moved[:1]
    assert [hub.get(f"/story/{story}").status_code for story in moved] == [301, 404]


def test_the_other_members_of_a_story_keep_it(hub: Hub) -> None:
    link = "https://east.example/joint"
    hub.publish(EAST, old("a", "Joint news", link=link), at=LONG_AGO)
    hub.publish(WESSEX, news("b", "Joint news", link=link, at=ago(days=490)), at=ago(days=490))
    hub.publish(EAST, news("c", "Other"), at=ago(days=1))
    (story,) = {each.story for each in hub.store.walk() if each.entry.title == "Joint news"}
    keep(hub)
    found = hub.store.story(story)
    assert [each.member.slug for each in found.entries] == ["wessex"]  # type: ignore[union-attr]
    assert hub.store.check() == ()


def test_of_a_feed_that_left_the_file_what_is_old_goes_all_the_same(hub: Hub) -> None:
    hub.publish(NATIONAL, old("a", "Old"), at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=1))
    hub.configure(re.sub(r"  - slug: national\n(    .*\n)*", "", KEEPS))
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    assert titles(hub) == ["New"]


def test_of_a_feed_that_left_lately_what_its_document_had_stays_for_the_one_that_goes_on(hub: Hub) -> None:
    for at in (LONG_AGO, ago(days=1)):
        hub.publish(EAST, old("https://east.example/a", "Old"), at=at)
    hub.publish(NATIONAL, news("b", "New"), at=ago(days=1))
    (before,) = (each for each in hub.store.walk() if each.entry.title == "Old")
    hub.configure(KEEPS.replace("slug: east", "slug: midlands"))
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    hub.publish(FeedKey("midlands"), old("https://east.example/a", "Old"), at=ago(hours=1))
    (after,) = (each for each in hub.store.walk() if each.entry.title == "Old")
    assert (after.key, after.story, after.member.slug) == (before.key, before.story, "midlands")


def test_what_was_put_together_with_what_is_pinned_stays_and_what_was_pinned_long_ago_goes(hub: Hub) -> None:
    hub.publish(EAST, old("a", "pinned"), old("b", "with it"), old("c", "once pinned"), at=LONG_AGO)
    hub.publish(EAST, news("d", "new"), at=ago(days=1))
    keys = {each.entry.title: each.key for each in hub.store.walk()}
    hub.store.pin(keys["pinned"], ago(days=450), last_day=None)
    hub.store.pin(keys["once pinned"], ago(days=450), last_day=ago(days=366).date())
    hub.store.put_together(keys["pinned"], keys["with it"], ago(days=440))
    keep(hub)
    assert titles(hub) == ["new", "pinned", "with it"]
    assert [each.shown.entry.title for each in hub.store.pinned(NOW.date(), limit=5)] == ["with it"]


def test_a_clock_that_is_years_ahead_takes_nothing_away(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.publish(EAST, news("a", "News of the day", at=ago(days=2)), at=ago(days=2))
    hub.publish(EAST, news("b", "News"), at=ago(days=1))
    hub.now = NOW + timedelta(days=800)
    keep(hub)
    assert len(titles(hub)) == 2
    assert "do not tell that this machine’s clock is right" in capsys.readouterr().err
    # By it no certificate is in order. One that is says nothing against two that are not.
    for key in (EAST, NATIONAL):
        hub.fail(key, "its certificate has expired", "tls", at=hub.now)
    keep(hub)
    assert len(titles(hub)) == 2
    hub.publish(WESSEX, news("c", "Newest", at=hub.now), at=hub.now)
    keep(hub)
    assert len(titles(hub)) == 3
    for key in (EAST, NATIONAL):
        hub.publish(key, news(f"{key}", "Newest", at=hub.now), at=hub.now + timedelta(hours=1))
    hub.now += timedelta(hours=2)
    keep(hub)
    assert titles(hub) == ["Newest"] * 3


def test_where_no_feed_is_asked_by_https_the_clock_counts(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Old"), at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=100))
    hub.configure(KEEPS.replace("https:", "http:"))
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    assert titles(hub) == ["New"]


def test_more_than_goes_at_once_goes_though_feeds_have_much_of_it_still(hub: Hub) -> None:
    kept = [news(f"k{number}", f"Kept {number}", at=ago(days=700)) for number in range(600)]
    gone = [news(f"g{number}", f"Gone {number}", at=ago(days=600)) for number in range(600)]
    hub.publish(EAST, *kept, *gone, at=LONG_AGO)
    hub.publish(EAST, *kept, at=ago(days=1))
    keep(hub)
    assert titles(hub) == sorted(each.title for each in kept)


# ---------------------------------------------------------------- what stays


def test_without_keep_all_stays(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Old"), at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=1))
    keeping = Keeping(hub.store, hub.config.hub, now=lambda: NOW)
    assert not keeping.look()
    keeping.act()
    assert titles(hub) == ["New", "Old"]


def test_what_the_hub_had_of_late_stays_though_it_is_dated_long_ago(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Archive"), at=ago(days=2))
    hub.publish(EAST, news("b", "New"), at=ago(days=1))
    keep(hub)
    assert titles(hub) == ["Archive", "New"]


def test_what_is_pinned_or_waits_or_was_decided_of_late_stays(hub: Hub) -> None:
    hub.publish(
        EAST,
        *(old(name, name) for name in ("pinned", "waits", "withdrawn of late", "withdrawn long ago", "old")),
        at=LONG_AGO,
    )
    hub.publish(EAST, news("b", "new"), at=ago(days=1))
    keys = {each.entry.title: each.key for each in hub.store.walk()}
    hub.store.pin(keys["pinned"], NOW, last_day=None)
    hub.store.withdraw([keys["withdrawn of late"]], "", ago(days=3))
    hub.store.withdraw([keys["withdrawn long ago"]], "", ago(days=400))
    stands = hub.store.withdraw([keys["waits"]], "", ago(days=450))
    waiting = {key: stand._replace(standing="held", by_admin=False) for key, stand in stands.items()}
    assert hub.store.wait_again(waiting, stands) == 1
    keep(hub)
    assert titles(hub) == ["new", "pinned", "waits", "withdrawn of late"]


def test_an_event_stays_until_its_day_is_as_long_ago(hub: Hub) -> None:
    far, near = (
        replace(old(name, name, tags=(EVENT,)), event_date=day)
        for name, day in (("far", date(2026, 1, 1)), ("near", date(2025, 8, 1)))
    )
    hub.publish(EAST, far, near, at=LONG_AGO)
    hub.publish(EAST, news("b", "new"), at=ago(days=1))
    keep(hub)
    assert titles(hub) == ["far", "new"]


# ---------------------------------------------------------------- what comes back


def test_what_is_gone_is_no_news_when_its_feed_has_it_again(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Old"), at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=2))
    keep(hub)
    hub.publish(EAST, old("a", "Old"), news("b", "New"), news("c", "Newer"), at=ago(days=1))
    assert titles(hub) == ["New", "Newer"]
    # Nor is what the feed had taken to be missing.
    hub.publish(EAST, news("b", "New"), news("c", "Newer"), at=ago(hours=1))
    assert len(hub.store.stories(Selection(), limit=10).items) == 2


def test_a_feeds_archive_is_taken_as_far_as_it_is_kept(hub: Hub) -> None:
    hub.configure(KEEPS)
    young = news("b", "Young enough", at=ago(days=364))
    undated = replace(news("c", "Undated"), published=None, updated=None)
    hub.publish(EAST, old("a", "Old"), young, undated, at=NOW)
    assert titles(hub) == ["Undated", "Young enough"]


def test_what_is_stored_is_still_known_however_old_it_is(hub: Hub) -> None:
    hub.publish(EAST, old("a", "Old"), at=LONG_AGO)
    hub.configure(KEEPS)
    hub.publish(EAST, old("a", "Old and corrected", text="Other words than before"), at=ago(days=1))
    assert titles(hub) == ["Old and corrected"]
    hub.publish(EAST, tombstones=(Tombstone(id="a", why="gone"),), at=ago(hours=1))
    (found,) = hub.store.walk()
    assert found.standing == "withdrawn"


@pytest.mark.parametrize(
    ("published", "day", "past"),
    [
        (NOW - A_YEAR, None, False),
        (NOW - A_YEAR - timedelta(seconds=1), None, True),
        (None, None, False),
        (LONG_AGO, (NOW - A_YEAR).date(), False),
        (LONG_AGO, (NOW - A_YEAR).date() - timedelta(days=1), True),
    ],
)
def test_old_is_what_was_published_before_and_takes_place_before(
    published: datetime | None, day: date | None, past: bool
) -> None:
    asked = replace(entry("a", published=published), event_date=day, tags=(EVENT,))
    assert is_past_keeping(asked, A_YEAR, NOW) is past
    assert not is_past_keeping(asked, None, NOW)


def test_a_site_that_is_made_anew_is_known_by_its_news_whatever_it_has_of_long_ago(hub: Hub) -> None:
    hub.configure(KEEPS)

    def site(way: str, hours: int) -> list[Entry]:
        return [
            news(
                f"https://east.example/{way}/{number}",
                f"News of ward {number}",
                at=ago(days=number + (500 if number > 8 else 3), hours=hours),
                link=f"https://east.example/{way}/{number}",
                text=f"What the people of ward {number} said of it, and what the ward did then.",
            )
            for number in range(40)
        ]

    hub.publish(EAST, *site("before", 2), at=ago(days=2))
    before = {each.entry.title: each.key for each in hub.store.walk()}
    hub.publish(EAST, *site("after", 1), at=ago(days=1))
    assert len(before) == 9
    assert {each.entry.title: each.key for each in hub.store.walk()} == before


def test_what_has_no_date_comes_back_no_more(hub: Hub) -> None:
    hub.configure(KEEPS)
    undated = replace(news("a", "Undated"), published=None, updated=None)
    hub.publish(EAST, undated, at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=2))
    keep(hub)
    assert titles(hub) == ["New"]
    same_page = replace(news("c", "Other", link=undated.link), published=None, updated=None)
    hub.publish(EAST, undated, news("b", "New"), same_page, at=ago(days=1))
    assert titles(hub) == ["New", "Other"]
    # To whom it is news of their own, it is.
    hub.publish(NATIONAL, replace(undated, link="https://national.example/a"), at=ago(hours=1))
    assert titles(hub) == ["New", "Other", "Undated"]


def test_a_notice_with_neither_id_nor_link_is_known_again_by_its_text(hub: Hub) -> None:
    def notice(text: str) -> Entry:
        return entry(None, title="Notice", text=text, link=None, published=None)

    hub.configure(KEEPS)
    closed = notice("The north ward is closed for visitors until the end of this week.")
    hub.publish(EAST, closed, at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=2))
    keep(hub)
    hub.publish(
        EAST, closed, news("b", "New"), notice("All lifts of the car park are mended."), at=ago(days=1)
    )
    assert sorted(each.entry.text for each in hub.store.walk() if each.entry.title == "Notice") == [
        "All lifts of the car park are mended."
    ]


def test_what_a_site_lists_still_goes_and_is_no_news_when_its_list_is_read_again(hub: Hub) -> None:
    feed = "{url: https://east.example/feed/, kind: html, select: {item: article}}"
    hub.configure(KEEPS.replace("{url: https://east.example/feed/}", feed))
    first = replace(news("a", "Listed"), published=None, updated=None)
    hub.publish(EAST, first, at=LONG_AGO)
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    hub.publish(EAST, first, news("b", "New"), at=ago(days=1))
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    hub.publish(EAST, first, news("c", "Newer"), news("b", "New"), at=ago(hours=1))
    assert titles(hub) == ["New", "Newer"]


def test_an_events_day_is_as_long_ago_for_what_goes_as_for_what_comes(hub: Hub) -> None:
    event = replace(old("a", "event", tags=(EVENT,)), event_date=(NOW - A_YEAR).date())
    hub.publish(EAST, event, at=LONG_AGO)
    hub.publish(EAST, news("b", "new"), at=ago(days=1))
    keep(hub)
    assert titles(hub) == ["event", "new"]
    hub.now += timedelta(days=1)
    keep(hub)
    assert titles(hub) == ["new"]


# ---------------------------------------------------------------- as it is run


def test_others_have_their_turn_between_what_goes_at_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.publish(EAST, *(old(f"o{number}", f"Old {number}") for number in range(450)), at=LONG_AGO)
    hub.publish(EAST, news("b", "New"), at=ago(days=1))
    hub.configure(KEEPS)
    clock = [0.0]

    def later() -> float:
        clock[0] += 0.5
        return clock[0]

    monkeypatch.setattr("hub.polling.keeping.time", SimpleNamespace(monotonic=later))
    keeping = Keeping(hub.store, hub.config.hub, now=lambda: NOW)
    assert keeping.look()
    keeping.act()
    assert len(titles(hub)) == 251
    assert not keeping.look()
    assert keeping.look()
    keeping.act()
    assert len(titles(hub)) == 51


def test_how_much_goes_is_known_before(hub: Hub) -> None:
    hub.publish(
        EAST, old("a", "Old"), old("b", "Old too"), old("c", "There"), old("d", "pinned"), at=LONG_AGO
    )
    hub.publish(NATIONAL, old("e", "Left"), at=LONG_AGO)
    hub.publish(EAST, old("c", "There"), news("f", "New"), at=ago(days=1))
    hub.store.pin(
        next(each.key for each in hub.store.walk() if each.entry.title == "pinned"), NOW, last_day=None
    )
    assert hub.store.number_older(NOW - A_YEAR) == 2
    assert hub.store.number_older(NOW - timedelta(days=600)) == 0
    hub.configure(re.sub(r"  - slug: national\n(    .*\n)*", "", KEEPS))
    assert hub.store.number_older(NOW - A_YEAR) == 3
    keep_all = len(titles(hub))
    Keeping(hub.store, hub.config.hub, now=lambda: NOW).once(Event())
    assert keep_all - len(titles(hub)) == 3


def test_it_is_looked_for_once_an_hour_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr("hub.polling.keeping.time.monotonic", lambda: clock[0])
    for hub in a_hub(tmp_path):
        hub.publish(EAST, old("a", "Old"), old("b", "Old too"), at=LONG_AGO)
        hub.publish(EAST, news("c", "New"), at=ago(days=1))
        hub.configure(KEEPS)
        keeping = Keeping(hub.store, hub.config.hub, now=lambda: NOW)
        while keeping.look():
            keeping.act()
        assert titles(hub) == ["New"]
        assert "2 entries are taken away, as old as hub.keep says." in capsys.readouterr().err
        hub.configure(NETWORK)
        hub.publish(EAST, old("d", "Old again"), at=LONG_AGO)
        hub.publish(EAST, news("c", "New"), at=ago(hours=1))
        clock[0] = 3599.0
        assert not keeping.look()
        clock[0] = 3600.0
        assert keeping.look()


def test_commands_take_away_what_is_old(tmp_path: Path, site: Site) -> None:
    hub = Command(tmp_path)
    hub.write({"east": [site.feed("/east", "A ward is opened")]})
    assert hub.run("poll").returncode == 0
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database, database:
        database.execute("UPDATE entries SET date = :then, first_seen = :then", {"then": stamp(LONG_AGO)})
        database.execute("DELETE FROM windows")
    text = hub.config.read_text()
    hub.config.write_text(text.replace("hub:\n", "hub:\n  keep: 100d\n", 1))
    ran = hub.run("poll")
    assert ran.returncode == 0
    assert "1 entry is taken away, as old as hub.keep says." in ran.stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("5y", "`5y` is no number of days; write such as 1825d, which is five years"),
        ("99d", "`99d` is not from 100d to 36500d"),
        ("36501d", "`36501d` is not from 100d to 36500d"),
        ("999999999d", "`999999999d` is not from 100d to 36500d"),
    ],
)
def test_what_it_may_be_is_said(written: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse(NETWORK.replace("  timezone:", f"  keep: {written}\n  timezone:"))
    assert parse(KEEPS).hub.keep == A_YEAR
