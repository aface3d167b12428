"""The admin pages about feeds: what needs somebody, the table of them, and each with its *Check now*."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html
from msgspec.structs import replace

from hub.admin.users import invitation
from hub.config import parse
from hub.model import WEBHOOK, Channel, Gathered, Validators, Way
from hub.store import open_store
from hub.web.words import Calendar
from tests.admin_hub import ADMIN, PASSWORD, AdminHub, an_admin_hub
from tests.commands import SOON, within
from tests.commands import Hub as Command
from tests.site import serving
from tests.web_hub import BLOG, EAST, NATIONAL, NOW, WESSEX, ago, hrefs, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


def all_well(hub: AdminHub, **time: float) -> None:
    """Have each feed be read an hour ago, or so long ago."""
    for number, feed in enumerate((WESSEX, BLOG, EAST, NATIONAL)):
        hub.publish(feed, news(f"n{number}", at=ago(days=number)), at=ago(**time or {"hours": 1}))


def section(hub: AdminHub, path: str, heading: str) -> str:
    """The words of a page's section."""
    (found,) = hub.tree(path).xpath(f"//section[h2[normalize-space()='{heading}']]")
    return " ".join(found.text_content().split())


# ---------------------------------------------------------------- overview


def test_overview_says_first_that_people_could_not_be_told_and_what_to_do(hub: AdminHub) -> None:
    assert "Nobody is told" not in hub.words("/admin/")
    again = NOW + timedelta(minutes=20)
    channel = Channel(way=WEBHOOK, since=NOW, due=again, error="It answered 404.", remedy="Look at it.")
    hub.store.keep_channel(channel)
    assert (
        "Nobody is told by the webhook what is the matter with feeds. It answered 404. Look at it. "
        "It is tried again on 24 November, 15:50; hub alerts test tries it at once."
    ) in hub.words("/admin/")


def test_overview_says_of_which_members_nobody_could_be_told_each_thing_that_is_wrong_once(
    hub: AdminHub,
) -> None:
    def fail(slug: str, why: str, minutes: int) -> None:
        due = NOW + timedelta(minutes=minutes)
        way = Way("mail", slug)
        hub.store.keep_channel(Channel(way=way, since=NOW, due=due, error=why, remedy="Look at it."))

    for minutes, slug in enumerate(("wessex", "east", "national", "gone", "away"), start=20):
        fail(slug, "The mail server cannot be reached.", minutes)
    words = hub.words("/admin/")
    assert (
        "Nobody at away, Health Innovation East, gone and 2 more is told what is the matter with their"
        " feeds. The mail server cannot be reached. Look at it. It is tried again on 24 November, 15:50."
    ) in words
    assert "hub alerts test" not in words, "it does not go to them"
    fail("east", "It takes no mail for web@east.example.", 20)
    words = hub.words("/admin/")
    assert (
        "Nobody at Health Innovation East is told what is the matter with their feeds. It takes no" in words
    )
    assert "Nobody at away, gone, National body and 1 more is told" in words


def test_where_each_address_is_refused_overview_names_some_and_counts_the_others(hub: AdminHub) -> None:
    # As by a server that wants a password: a refusal names whom it is for.
    for number in range(300):
        way, due = Way("mail", f"m{number}"), NOW + timedelta(minutes=20 + number)
        why = f"It takes no mail for web@m{number}.example."
        hub.store.keep_channel(Channel(way=way, since=NOW, due=due, error=why, remedy="Look at it."))
    words = hub.words("/admin/")
    assert words.count("It takes no mail for") == 5
    assert words.count("Nobody at ") == 6
    assert (
        " and 292 more is told what is the matter with their feeds, each for another reason. The log" in words
    )


def test_a_hub_without_feeds_says_so(hub: AdminHub) -> None:
    hub.configure("hub: {title: News}")
    assert "This hub has no feeds yet. hub feeds add ADDRESS adds one." in hub.words("/admin/")
    assert "This hub has no feeds yet." in hub.words("/admin/feeds")
    for path in ("/admin/", "/admin/feeds"):
        assert hrefs(hub.tree(path).find(".//main"), "Add")[-1:] == ["/admin/add"], path
        assert "So does the page Add." in hub.words(path)


def test_before_and_after_the_first_check_the_overview_says_how_all_is(hub: AdminHub) -> None:
    assert "The first check of 4 feeds is under way." in hub.words("/admin/")
    all_well(hub)
    words = hub.words("/admin/")
    assert "All is well with 4 feeds." in words
    assert "What needs somebody" not in words
    assert "4 feeds that need nobody" in section(hub, "/admin/", "The feeds")


def test_what_needs_somebody_comes_first_the_worst_and_the_longest_first(hub: AdminHub) -> None:
    all_well(hub)
    hub.fail(EAST, "wanted a password (401)", "http-401", at=ago(days=9))
    hub.fail(BLOG, "no answer", "timeout", at=ago(days=2))
    hub.fail(WESSEX, "no answer", "timeout", at=ago(days=3))
    assert "3 of 4 feeds need somebody." in hub.words("/admin/")
    tree = hub.tree("/admin/")
    (table,) = tree.xpath("//table[contains(@class, 'urgent')]")
    rows = [" ".join(row.text_content().split()) for row in table.xpath("tbody/tr")]
    assert [row.partition(" since ")[0] for row in rows] == [
        "Health Innovation Wessex news ! Broken",
        "Health Innovation Wessex blog ! Broken",
        "Health Innovation East ! Blocked",
    ]
    assert "since 21 November, 15:30" in rows[0]
    assert "No answer. It failed once." in rows[0]
    assert table.xpath("tbody/tr/th/a/@href") == [
        "/admin/feed/wessex/news",
        "/admin/feed/wessex/blog",
        "/admin/feed/east/news",
    ]
    assert "One feed that needs nobody ✓ National body Up to date" in section(
        hub, "/admin/", "All the others"
    )


def test_since_when_a_feed_fails_is_said_once_by_the_hubs_clocks(hub: AdminHub) -> None:
    hub.configure(hub.path.read_text().replace("Europe/London", "Asia/Tokyo"))
    for hours in (3, 2):
        hub.fail(EAST, "no answer", "timeout", at=ago(hours=hours))
    for path in ("/admin/", "/admin/feed/east/news"):
        words = hub.words(path)
        assert "Broken since 24 November, 21:30" in words
        assert "No answer. It failed 2 times in a row." in words
        assert "UTC" not in words


def test_of_very_many_broken_feeds_some_are_listed_and_the_others_led_to(hub: AdminHub) -> None:
    feeds = ", ".join(f"{{name: f{number}, url: https://east.example/{number}}}" for number in range(25))
    hub.configure(f"members: [{{slug: east, name: East, feeds: [{feeds}]}}]")
    for feed in hub.config.feeds:
        hub.fail(feed.key, "no answer", "timeout")
    tree = hub.tree("/admin/")
    assert len(tree.xpath("//table[contains(@class, 'urgent')]/tbody/tr")) == 20
    assert hrefs(tree, "5 more that are broken") == ["/admin/feeds?state=broken"]


def test_what_waits_for_an_admin_is_on_the_overview(hub: AdminHub) -> None:
    hub.configure(hub.path.read_text().replace("type: national", "type: national\n    trust: hold"))
    hub.publish(NATIONAL, news("a"), news("b"), at=ago(hours=1))
    said = section(hub, "/admin/", "What waits to be decided")
    assert "2 pieces of news of National body since 24 November, 14:30" in said
    assert hrefs(hub.tree("/admin/"), "2 pieces of news of National body") == ["/admin/waiting"]
    assert "National body ! Held" in section(hub, "/admin/", "What needs somebody")
    for path in ("/admin/", "/admin/feed/national/news"):
        assert hrefs(hub.tree(path), "Publish or drop what waits") == ["/admin/waiting"], path
        assert "hub release" not in hub.words(path)


def test_the_overview_has_the_figures_and_the_last_checks(hub: AdminHub) -> None:
    all_well(hub)
    hub.fail(EAST, "no answer", "timeout", at=ago(minutes=5))
    figures = section(hub, "/admin/", "Figures")
    assert "Broken 1, Up to date 3" in figures
    assert "Stories 4" in figures
    assert "Checks of the last hour 5: 0 found nothing new, 1 failed; 4 new entries, 0 changed" in figures
    assert "24 November, 15:25 east/news ! Failed no answer" in section(hub, "/admin/", "The last checks")


def test_the_overview_draws_how_much_news_each_day_had(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("a"), news("b"), news("c", at=ago(days=29)), news("old", at=ago(days=30)))
    hub.publish(EAST, news("d", at=ago(days=1)))
    tree = hub.tree("/admin/")
    network, wessex, east = tree.xpath("//section[h2='News a day']//*[name()='svg']/@aria-label")
    assert network.endswith("the latest last: " + ", ".join(["1", *["0"] * 27, "1", "2"]))
    assert wessex.endswith(": " + ", ".join(["1", *["0"] * 28, "2"]))
    assert east.endswith(": " + ", ".join([*["0"] * 28, "1", "0"]))
    said = section(hub, "/admin/", "News a day")
    assert "26 October at most 2 a day, 4 in all today" in said
    assert "Health Innovation Wessex 3 Health Innovation East 1" in said


def test_what_is_not_published_does_not_count_as_a_days_news(hub: AdminHub) -> None:
    hub.publish(EAST, news("a"), news("b"), news("undated", at=ago(days=400)))
    key = hub.sql("SELECT key FROM entries WHERE title = 'News a'")[0][0]
    hub.store.withdraw([key], "it was a mistake", NOW)
    days = (ago(days=2), ago(days=1), NOW + timedelta(seconds=1))
    assert hub.store.news_between(days) == {"east": (0, 1)}
    assert hub.store.news_between((ago(days=2), ago(days=1))) == {}


def test_days_are_parted_by_the_midnights_of_the_hubs_clocks() -> None:
    days = Calendar(ZoneInfo("Europe/London"), date(2026, 10, 26)).days(3)
    assert [f"{day.astimezone(UTC):%d %H:%M}" for day in days] == [
        "23 23:00",
        "24 23:00",
        "26 00:00",
        "27 00:00",
    ]


# ---------------------------------------------------------------- the table


def rows(hub: AdminHub, path: str) -> list[str]:
    return [
        " ".join(row.text_content().split())
        for row in hub.tree(path).xpath("//table[contains(@class, 'watched')]/tbody/tr")
    ]


def test_the_feeds_are_a_table_in_the_order_of_the_network(hub: AdminHub) -> None:
    all_well(hub)
    hub.fail(EAST, "no answer", "timeout")
    found = rows(hub, "/admin/feeds")
    assert [row.partition(" Last success")[0] for row in found] == [
        "Health Innovation Wessex news ✓ Up to date",
        "Health Innovation Wessex blog ✓ Up to date",
        "Health Innovation East ! Broken Their site has not answered since 24 November, 15:30",
        "National body ✓ Up to date",
    ]
    assert "Last success: 24 November, 14:30" in found[2]
    assert "Next check: 24 November, 17:" in found[2]
    assert "it failed once, so it is asked again after 2 hours" in found[2]
    labels = hub.tree("/admin/feeds").xpath("//td/*[name()='svg']/@aria-label")
    assert labels[0] == "News on 1 of the last 90 days"


def test_the_table_is_narrowed_by_state_and_by_words(hub: AdminHub) -> None:
    all_well(hub)
    hub.fail(EAST, "no answer", "timeout")
    tree = hub.tree("/admin/feeds")
    assert hrefs(tree, "Broken") == ["/admin/feeds?state=broken"]
    assert "All 4 Broken 1 Up to date 3" in hub.words("/admin/feeds")
    assert [row.split(" !")[0] for row in rows(hub, "/admin/feeds?state=broken")] == [
        "Health Innovation East"
    ]
    assert len(rows(hub, "/admin/feeds?q=WESSEX")) == 2
    assert len(rows(hub, "/admin/feeds?q=blog/feed")) == 1
    assert hrefs(hub.tree("/admin/feeds?q=wessex"), "Up to date") == ["/admin/feeds?state=ok&q=wessex"]
    assert "No feed is so and is called that." in hub.words("/admin/feeds?state=broken&q=wessex")
    assert hub.get("/admin/feeds?state=nonsense").status_code == 404


def test_a_long_table_is_paged(hub: AdminHub) -> None:
    feeds = ", ".join(f"{{name: f{number}, url: https://east.example/{number}}}" for number in range(205))
    hub.configure(f"members: [{{slug: east, name: East, feeds: [{feeds}]}}]")
    assert len(rows(hub, "/admin/feeds")) == 100
    assert hrefs(hub.tree("/admin/feeds"), "More feeds") == ["/admin/feeds?page=2"]
    last = hub.tree("/admin/feeds?state=waiting&page=3")
    assert len(rows(hub, "/admin/feeds?state=waiting&page=3")) == 5
    assert hrefs(last, "More feeds") == []
    assert hrefs(last, "Feeds before these") == ["/admin/feeds?state=waiting&page=2"]
    assert "201 to 205 of 205" in hub.words("/admin/feeds?page=3")
    assert "No feed is so" in hub.words("/admin/feeds?page=9")


def test_what_is_known_of_a_rhythm_is_told_from_what_is_not(hub: AdminHub) -> None:
    dates = [ago(days=number) for number in range(30)]
    hub.publish(EAST, *(news(f"{number}", at=date) for number, date in enumerate(dates)))
    tree = hub.tree("/admin/feeds?q=east")
    (label,) = tree.xpath("//td/*[name()='svg']/@aria-label")
    assert label == "News on 24 days since 1 November; what was before is not kept"
    assert len(tree.xpath("//td/*[name()='svg']/*[name()='path']")) == 2


def test_feeds_that_left_feeds_yaml_are_folded_at_the_end_and_have_their_pages(hub: AdminHub) -> None:
    all_well(hub)
    text = hub.path.read_text()
    hub.configure(re.sub(r", \{name: blog[^}]*\}", "", text))
    said = section(hub, "/admin/feeds", "No longer in feeds.yaml")
    assert "1 feed is checked no more" in said
    assert "wessex/blog https://wessex.example/blog/feed/, last read 24 November, 14:30" in said
    page = hub.words("/admin/feed/wessex/blog")
    assert "It is no longer in feeds.yaml, so it is not checked." in page
    assert "hub feeds remove wessex/blog --entries" in page
    assert "Check now" not in page
    assert "is not in feeds.yaml any more" in hub.refuses("/admin/check/wessex/blog")


def test_the_page_of_a_feed_that_was_just_taken_out_says_so_and_nothing_of_settings(hub: AdminHub) -> None:
    all_well(hub)
    path = "/admin/feed/wessex/blog"
    assert "Was in" not in hub.words(path)
    hub.config = parse(re.sub(r", \{name: blog[^}]*\}", "", hub.path.read_text()))
    # The store does not know it yet.
    assert BLOG not in [state.feed.key for state in hub.store.left_states()]
    assert "It is no longer in feeds.yaml, so it is not checked." in hub.words(path)
    assert section(hub, path, "Addresses") == (
        "Addresses Was in feeds.yaml (url) https://wessex.example/blog/feed/"
        " Read at https://wessex.example/blog/feed/"
    )
    assert "is not in feeds.yaml any more" in hub.refuses("/admin/check/wessex/blog")


# ---------------------------------------------------------------- a feed


def test_a_feeds_page_says_how_it_is_doing_and_what_to_send_to_whom(hub: AdminHub) -> None:
    all_well(hub)
    hub.fail(EAST, "wanted a password (401)", "http-401", at=ago(days=1))
    words = hub.words("/admin/feed/east/news")
    assert "Health Innovation East, news ! Blocked since 23 November, 15:30" in words
    assert "Wanted a password (401). It failed once." in words
    assert "asks for a user name and a password" in section(
        hub, "/admin/feed/east/news", "For the member’s web team"
    )
    assert hrefs(hub.tree("/admin/feed/east/news"), "Health Innovation East as readers see it") == [
        "/member/east"
    ]
    for path in ("east", "east/blog", "nobody/news", "east/news/more", "%00/x"):
        assert hub.get(f"/admin/feed/{path}").status_code == 404, path


def test_a_feeds_page_has_its_addresses_and_settings(hub: AdminHub) -> None:
    text = hub.path.read_text()
    hub.configure(
        text.replace(
            "{url: https://east.example/feed/}",
            "{url: https://east.example/feed/, else: [https://east.example/old/], tags: [stroke],"
            " identify_by: link, every: {min: 30m, max: 6h}}",
        )
    )
    said = section(hub, "/admin/feed/east/news", "Addresses and settings")
    assert "In feeds.yaml (url) https://east.example/feed/ In feeds.yaml (else)" in said
    assert "every 30 minutes at most, every 6 hours at least" in said
    assert "Topics given to all of it stroke" in said
    assert "told apart by its links, as feeds.yaml says." in section(
        hub, "/admin/feed/east/news", "What the hub decided about it"
    )


def test_a_feeds_page_has_the_checks_that_are_on_record(hub: AdminHub) -> None:
    hub.publish(EAST, news("a"), news("b"), at=ago(days=3))
    hub.fail(EAST, "no answer", "timeout", at=ago(days=2))
    hub.settle(
        Gathered(feed=hub.feed(EAST), outcome="not_modified", started=NOW, status=304, seconds=0.31), NOW
    )
    hub.publish(WESSEX, news("w"))
    said = section(hub, "/admin/feed/east/news", "Checks")
    assert "In the last 90 days: 3 checks, of which 1 failed, on 1 day; 2 new entries, and 0 changed." in said
    assert "24 November, 15:30 Nothing new (304) New: 0 Changed: 0 Took: 0.3 s" in said
    assert "22 November, 15:30 ! Failed no answer" in said
    assert "21 November, 15:30 Read New: 2" in said
    well, failed = hub.tree("/admin/feed/east/news").xpath("//*[contains(@class, 'strip')]/*/@d")
    assert (well.count("M"), failed) == (2, "M348 12v6h3V12z")
    assert "No check of the last 90 days is on record." in section(hub, "/admin/feed/national/news", "Checks")


def test_a_feeds_page_has_its_last_document_with_how_its_entries_stand(hub: AdminHub) -> None:
    hub.publish(EAST, *(news(f"{number}", at=ago(days=number)) for number in range(23)))
    hub.publish(WESSEX, replace(news("0"), link="https://www.wessex.example/0"))
    key = hub.sql("SELECT key FROM entries WHERE title = 'News 1'")[0][0]
    hub.store.withdraw([key], "it was a mistake", NOW)
    found = hub.tree("/admin/feed/east/news").xpath("//table[contains(@class, 'document')]/tbody/tr")
    said = [" ".join(row.text_content().split()) for row in found]
    assert len(said) == 20
    assert said[0] == "News 0 24 November, 15:30 Published"
    assert said[1] == "News 1 23 November, 15:30 ! Withdrawn it was a mistake"
    document = section(hub, "/admin/feed/east/news", "The last document")
    assert "The newest 20 of its 23 entries:" in document
    assert found[1].xpath("th/a/@href") == ["https://east.example/1"]
    assert "None of its entries are known." in hub.words("/admin/feed/national/news")


def test_the_page_of_a_site_that_is_no_feed_has_its_newest_entries(hub: AdminHub) -> None:
    site = "{url: https://east.example/news/, kind: html, select: {item: article}}"
    hub.configure(hub.path.read_text().replace("{url: https://east.example/feed/}", site))
    hub.publish(EAST, *(news(f"{number}", at=ago(days=number)) for number in range(23)))
    hub.publish(WESSEX, news("w"))
    key = hub.sql("SELECT key FROM entries WHERE title = 'News 1'")[0][0]
    hub.store.withdraw([key], "it was a mistake", NOW)
    said = section(hub, "/admin/feed/east/news", "What was read of the site")
    assert "Its newest entries:" in said
    assert "None of its entries" not in said
    found = hub.tree("/admin/feed/east/news").xpath("//table[contains(@class, 'document')]/tbody/tr")
    assert len(found) == 20
    assert (
        " ".join(found[1].text_content().split()) == "News 1 23 November, 15:30 ! Withdrawn it was a mistake"
    )


def test_commands_in_what_pages_say_are_shown_as_code_and_nothing_else_as_html(hub: AdminHub) -> None:
    hub.fail(EAST, "`types` is <b>wrong</b>", "not-a-feed")
    tree = hub.tree("/admin/feed/east/news")
    assert [each.text for each in tree.xpath("//td//code")] == ["types"]
    assert not tree.xpath("//td//b")
    answer = hub.post("/admin/do/pin", {"link": "<b>x</b>"})
    assert "&lt;b&gt;x&lt;/b&gt; for a link or an id" in answer.text
    commands = [each.text for each in lxml_html.fromstring(answer.text).iter("code")]
    assert commands == ["hub explain '<b>x</b>'"]
    hub.publish(EAST, news("a", link="https://east.example/a"))
    said = hub.does("/admin/do/pin", {"link": "https://east.example/a", "back": "/admin/"})
    assert said.endswith("beside the latest news, until it is unpinned.")


def test_what_the_last_answer_came_with_is_shown(hub: AdminHub) -> None:
    feed = hub.feed(EAST)
    hub.settle(
        Gathered(
            feed=feed,
            outcome="fetched",
            started=NOW,
            url=feed.url,
            status=200,
            size=77_123,
            body_digest="x",
            validators=Validators(etag='W/"1<2"', last_modified="Mon, 23 Nov 2026 09:00:00 GMT"),
            entries=(replace(news("a"), feed=EAST),),
            remarks=("the dates have no time zone",),
        ),
        NOW,
    )
    said = section(hub, "/admin/feed/east/news", "The last document")
    assert 'Size 77 KB ETag W/"1<2" Last-Modified Mon, 23 Nov 2026 09:00:00 GMT' in said
    assert "the dates have no time zone" in said


# ---------------------------------------------------------------- check now


def test_check_now_makes_a_feed_due_and_its_page_tells_what_comes_of_it(hub: AdminHub) -> None:
    all_well(hub, minutes=5)
    assert [state.feed.key for state in hub.store.due(NOW)] == []
    answer = hub.post("/admin/check/east/news")
    page = answer.headers["Location"]
    assert page.startswith("/admin/feed/east/news?checking=")
    assert [state.feed.key for state in hub.store.due(NOW)] == [EAST]
    tree = hub.tree(page)
    assert tree.xpath("//meta[@http-equiv='refresh']/@content") == [f"2; url={page.removesuffix('#done')}"]
    assert "A check of east/news was asked for. Health" in hub.words(page)
    assert "It is being checked." in hub.words(page)
    hub.now = NOW + timedelta(seconds=61)
    assert "Does hub run run?" in hub.words(page)
    assert not hub.tree(page).xpath("//meta[@http-equiv='refresh']")
    hub.publish(EAST, news("later", at=NOW), at=NOW + timedelta(seconds=2))
    assert "It was checked: Read, 1 new, 0 changed." in hub.words(page)
    assert not hub.tree(page).xpath("//meta[@http-equiv='refresh']")
    (record,) = hub.store.audit("check", limit=9).items
    assert (record.who, record.action, record.about) == (ADMIN, "check", "east/news")


def test_a_check_that_had_begun_before_is_not_the_one_that_was_asked_for(hub: AdminHub) -> None:
    all_well(hub, minutes=5)
    page = hub.post("/admin/check/east/news").headers["Location"]
    feed, began = hub.feed(EAST), NOW - timedelta(seconds=3)
    hub.settle(
        Gathered(feed=feed, outcome="not_modified", started=began, url=feed.url, status=304),
        NOW + timedelta(seconds=5),
    )
    hub.now = NOW + timedelta(seconds=6)
    assert "It is being checked." in hub.words(page)
    assert [state.feed.key for state in hub.store.due(hub.now)] == [EAST]
    hub.publish(EAST, news("later", at=NOW), at=hub.now)
    assert "It was checked: Read, 1 new, 0 changed." in hub.words(page)
    assert hub.store.due(hub.now) == ()


def test_a_feed_that_is_gone_may_be_asked_again(hub: AdminHub) -> None:
    feed, page = hub.feed(EAST), "/admin/feed/east/news"

    def is_due() -> bool:
        return EAST in [state.feed.key for state in hub.store.due(NOW)]

    hub.settle(
        Gathered(feed=feed, outcome="failed", started=NOW, error="gone (410)", reason="http-410", gone=True),
        NOW,
    )
    assert "It is checked no more by itself." in hub.words(page)
    assert not is_due()
    hub.post("/admin/check/east/news")
    assert is_due()
    # It is gone, and since when it was, until it answers.
    for reason in ("http-410", "timeout"):
        assert "Gone since 24 November, 15:30" in hub.words(page)
        assert "It is checked no more by itself." in hub.words(page)
        later = NOW + timedelta(days=1)
        failed = Gathered(feed=feed, outcome="failed", started=later, error="no", reason=reason)
        hub.settle(replace(failed, gone=reason == "http-410"), later)
        assert not is_due()
        hub.post("/admin/check/east/news")
    hub.publish(EAST, news("back"), at=later)
    assert "gone for good" not in hub.words(page)


def test_who_asked_to_be_left_alone_is_not_asked(hub: AdminHub) -> None:
    all_well(hub)
    hub.settle(
        Gathered(
            feed=hub.feed(EAST),
            outcome="failed",
            started=NOW,
            error="too many requests (429)",
            reason="http-429",
            retry_after=timedelta(hours=3),
        ),
        NOW,
    )
    words = hub.words("/admin/feed/east/news")
    assert "It cannot be checked before 24 November, 18:30" in words
    assert "Check now" not in words
    assert "asked to be left alone until 24 November, 18:30" in hub.refuses("/admin/check/east/news")
    assert not hub.store.audit("check", limit=9).items
    assert hub.post("/admin/check/nobody/news").status_code == 404


@pytest.mark.parametrize("stamp", ["", "0", "x", "-1", "9" * 16, "9" * 40, "٣"])
def test_a_moment_that_nobody_asked_at_is_overlooked(hub: AdminHub, stamp: str) -> None:
    all_well(hub)
    words = hub.words(f"/admin/feed/east/news?checking={stamp}")
    assert "being checked" not in words
    assert "It was checked" not in words


def test_a_hub_that_runs_checks_what_an_admin_asks_for_within_seconds(tmp_path: Path) -> None:
    hub = Command(tmp_path)
    with serving() as site:
        hub.write({"east": [site.feed("/feed", "First")]})
        with closing(open_store(hub.database)) as store, hub.serving("run") as (_, address):
            assert within(SOON, lambda: any(each.new for each in store.polls(limit=9)))
            browser = build_opener(HTTPCookieProcessor(CookieJar()))

            def ask(path: str, **fields: str) -> str:
                request = Request(
                    address + path,
                    urlencode(fields).encode() if fields else None,
                    {"Origin": address},
                )
                with browser.open(request, timeout=SOON) as answer:
                    said = " ".join(re.sub(r"<[^>]*>", " ", answer.read().decode()).split())
                    return f"{answer.url} {said}"

            token = invitation(store, ADMIN, now=store.feed_states()[0].polled or NOW)
            ask(token, name=ADMIN, password=PASSWORD, again=PASSWORD)
            site.feed("/feed", "Second", "First")
            said = ask("/admin/check/east/news", about="it")
            page = said.split()[0].removeprefix(address)
            assert within(SOON, lambda: "It was checked: Read" in ask(page))
            assert "1 new, 0 changed" in ask(page)
            assert "Second" in ask(page)
