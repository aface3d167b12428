"""What readers see."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lxml import html as lxml_html
from msgspec.structs import replace

from hub import __version__
from hub.model import Enclosure, Entry, FeedKey, Person, Tag
from hub.web.words import spelt_alike
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, hrefs, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


# ---------------------------------------------------------------- home


def test_the_latest_news_stands_first_under_its_day(hub: Hub) -> None:
    hub.publish(
        WESSEX, news("a", "Newest"), news("b", "Older", at=ago(days=1)), news("c", "Old", at=ago(days=4))
    )
    assert hub.headlines("/") == ["Newest", "Older", "Old"]
    days = [day.text_content() for day in hub.tree("/").xpath("//section[@class='day']/h2")]
    assert days == ["Today", "Yesterday", "Friday 20 November"]


def test_days_are_the_hubs_own_and_change_at_its_midnight(hub: Hub) -> None:
    hub.now = datetime(2026, 7, 1, 22, 59, tzinfo=UTC)
    hub.publish(WESSEX, news("a", at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC)), at=hub.now)
    assert "Today" in hub.words("/")
    assert "1 July, 00:30" in hub.words("/")
    hub.now += timedelta(minutes=1)
    assert "Yesterday" in hub.words("/")


def test_a_year_is_told_where_it_is_not_this_one(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", at=datetime(2019, 3, 5, 9, 0, tzinfo=UTC)))
    assert "Tuesday 5 March 2019" in hub.words("/")


def test_the_headline_leads_to_the_publisher_and_details_to_our_page(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "News", link="https://wessex.example/a?x=1&y=2"))
    tree = hub.tree("/")
    assert hrefs(tree, "News")[1] == "https://wessex.example/a?x=1&y=2"
    assert hrefs(tree, "Details: News") == ["/story/1"]


def test_news_without_a_page_of_its_own_leads_to_ours(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Lone", link=None))
    assert hrefs(hub.tree("/"), "Lone") == ["/story/1"]
    assert "Read it at" not in hub.words("/story/1")


def test_news_without_date_or_title_says_so_and_shows_its_first_words(hub: Hub) -> None:
    hub.publish(WESSEX, replace(news("a", "", text="Clinics open on Sundays from May"), published=None))
    assert hub.headlines("/") == ["Clinics open on Sundays from May"]
    assert "date not given" in hub.words("/")


def test_a_copys_publisher_is_named_wherever_its_story_is_listed(hub: Hub) -> None:
    shared = "https://wessex.example/joint"
    hub.publish(WESSEX, news("a", "Joint news", link=shared, at=ago(hours=2)), at=ago(hours=2))
    hub.publish(EAST, news("b", "Joint news", link=shared, tags=(SAFETY,), at=ago(hours=1)))
    for path in ("/", "/tag/safety", "/search?q=joint"):
        assert hub.headlines(path) == ["Joint news"], path
        words = hub.words(path)
        assert "Health Innovation Wessex and 1 other" in words
        assert "Also published by Health Innovation East: Joint news, 24 November, 14:30" in words


def test_a_correction_says_when(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Numbers", text="Forty clinics", at=ago(days=3)), at=ago(days=3))
    hub.publish(WESSEX, news("a", "Numbers", text="Fifty clinics now", at=ago(days=3)), at=ago(days=1))
    assert "Corrected 23 November" in hub.words("/")
    assert "Corrected 23 November" in hub.words("/story/1")


def test_an_empty_hub_says_that_the_first_check_is_under_way(hub: Hub) -> None:
    assert "No news yet. The first check of 3 members is under way." in hub.words("/")
    for feed in hub.config.feeds:
        hub.publish(feed.key)
    assert "The sites of 3 members have been checked, and nothing was found there." in hub.words("/")
    hub.fail(WESSEX, "it went wrong", "http-500")
    hub.fail(BLOG, "it went wrong", "http-500")
    assert "nothing was found there. 1 of them could not be read." in hub.words("/")
    hub.fail(EAST, "it went wrong", "http-500")
    hub.fail(NATIONAL, "it went wrong", "http-500")
    assert "3 members have been checked, and nothing could be read there." in hub.words("/")
    hub.publish(EAST, news("a", "At last"), at=ago(minutes=1))
    assert hub.headlines("/") == ["At last"]


def test_filters_narrow_the_page_and_what_it_offers_to_subscribe_to(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Safe", tags=(SAFETY,)), news("b", "Other"))
    hub.publish(EAST, news("c", "Eastern", tags=(SAFETY,)))
    assert hub.headlines("/?tag=safety&member=wessex") == ["Safe"]
    tree = hub.tree("/?tag=safety&member=wessex")
    assert [option.text for option in tree.xpath("//option[@selected]")] == [
        "Patient safety",
        "Health Innovation Wessex",
    ]
    feed = tree.xpath("//link[@type='application/atom+xml']")[0]
    assert feed.get("href") == "http://127.0.0.1:8000/feeds/search.atom?tag=safety&member=wessex"
    assert feed.get("title") == "Patient safety, Health Innovation Wessex – Health innovation news (Atom)"
    assert "Safe" in hub.get(feed.get("href")).text
    assert "Other" not in hub.get(feed.get("href")).text
    assert (
        hub.tree("/?tag=safety")
        .xpath("//link[@type='application/rss+xml']")[0]
        .get("href")
        .endswith("/feeds/tag/safety.rss")
    )


def test_what_a_list_can_be_narrowed_to_is_what_feeds_yaml_says_now(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"))
    members, topics = "//select[@name='member']/option", "//select[@name='tag']/option"
    before = [
        "all members",
        "Health Innovation Wessex",
        "Health Innovation East",
        "National body",
    ]
    assert hub.tree("/").xpath(f"{members}/text()") == before
    south = "  - {slug: south, name: South & <West>, feeds: [{url: https://south.example/feed/}]}\n"
    falls = "  - {term: falls, label: Falls, any: [falls]}\n"
    hub.configure(NETWORK.replace("tags:\n", f"{south}tags:\n{falls}"))
    tree = hub.tree("/?member=south")
    assert tree.xpath(f"{members}/text()") == [*before, "South & <West>"]
    assert tree.xpath(f"{members}[@selected]/@value") == ["south"]
    assert "Falls" in tree.xpath(f"{topics}/text()")
    assert hub.tree("/?member=east").xpath(f"{members}[@selected]/@value") == ["east"]
    hub.configure(NETWORK)
    assert hub.tree("/").xpath(f"{members}/text()") == before


def test_what_is_no_plain_news_says_what_it_is_and_an_event_its_day(hub: Hub) -> None:
    tags = (Tag("events", "a rule", kind="event"),)
    hub.publish(WESSEX, news("a", "Webinar", at=ago(hours=1), tags=tags, event_date=date(2027, 1, 14)))
    hub.publish(WESSEX, news("b", "Next week", at=ago(hours=2), tags=tags, event_date=date(2026, 12, 3)))
    hub.publish(WESSEX, news("c", "Some day", at=ago(hours=3), tags=tags))
    hub.publish(EAST, news("d", "A report", at=ago(hours=4), tags=(Tag("r", "a rule", kind="report"),)))
    hub.publish(EAST, news("e", "Plain", at=ago(hours=5), event_date=date(2026, 12, 3)))
    bylines = [" ".join(each.text_content().split()) for each in hub.tree("/").find_class("byline")]
    assert bylines == [
        "Health Innovation Wessex 24 November, 15:30 Event on 3 December",
        "Health Innovation Wessex 24 November, 14:30 Event on 14 January 2027",
        "Health Innovation Wessex 24 November, 12:30 Event",
        "Health Innovation East 24 November, 11:30 Report",
        "Health Innovation East 24 November, 10:30",
    ]
    number = next(story.id for story in hub.store.stories(limit=9).items if story.lead.entry.id == "a")
    assert hub.tree(f"/story/{number}").xpath("//time/@datetime")[-1] == "2027-01-14"


def test_news_is_chosen_by_what_it_is(hub: Hub) -> None:
    report = Tag("r", "a rule", kind="report")
    hub.publish(
        WESSEX, news("a", "A safe report", tags=(SAFETY, report)), news("b", "A report", tags=(report,))
    )
    hub.publish(EAST, news("c", "Safe", tags=(SAFETY,)))
    assert hub.headlines("/?kind=report&tag=safety") == ["A safe report"]
    assert hub.headlines("/search?q=safe&kind=report") == ["A safe report"]
    tree = hub.tree("/?kind=report&tag=safety")
    assert tree.find(".//h1").text == "Latest news on Patient safety (reports only)"
    assert [option.text for option in tree.xpath("//select[@name='kind']/option")] == [
        "all kinds", "News", "Events", "Reports", "Vacancies", "Funding",
    ]  # fmt: skip
    assert tree.xpath("//select[@name='kind']/option[@selected]/text()") == ["Reports"]
    assert hrefs(tree, "All news (reports only)") == ["/?kind=report"]
    assert hrefs(tree, "All news on Patient safety") == ["/?tag=safety"]
    feed = tree.xpath("//link[@type='application/atom+xml']")[0]
    assert feed.get("href") == "http://127.0.0.1:8000/feeds/search.atom?tag=safety&kind=report"
    assert feed.get("title") == "Patient safety, Reports – Health innovation news (Atom)"
    assert "There is no news (vacancies only)." in hub.words("/?kind=vacancy")
    own = hub.tree("/subscribe?kind=report").xpath("//div[@class='notice']//code")[0]
    assert own.text == "http://127.0.0.1:8000/feeds/search.atom?kind=report"


def test_a_filter_that_leaves_nothing_says_what_is_near_it(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"))
    assert "There is no news on Stroke from Health Innovation East." in hub.words("/?tag=stroke&member=east")
    tree = hub.tree("/?tag=stroke&member=east")
    assert hrefs(tree, "All news on Stroke") == ["/?tag=stroke"]
    assert hrefs(tree, "All news from Health Innovation East") == ["/?member=east"]


def test_members_show_no_date_that_their_publisher_did_not_give(hub: Hub) -> None:
    hub.publish(EAST, replace(news("a", "Undated"), published=None))
    hub.publish(WESSEX, news("b", "Dated"))
    said = hub.words("/members")
    assert "Undated date not given" in said
    assert "Dated 24 November" in said


def test_a_publishers_pictures_and_links_without_words_are_not_read_out(hub: Hub) -> None:
    content = (
        '<p><a href="https://wessex.example/x"></a> <a href="https://wessex.example/y">why</a>'
        '<img src="https://wessex.example/1.png"><img src="https://wessex.example/2.png" alt="A ward"></p>'
    )
    hub.publish(WESSEX, news("a", content=content))
    body = hub.tree("/story/1").xpath("//div[@class='text']")[0]
    assert [link.text for link in body.iter("a")] == ["why"]
    assert [picture.get("alt") for picture in body.iter("img")] == ["", "A ward"]


def test_a_network_of_one_has_no_member_filter(tmp_path: Path) -> None:
    network = "members:\n  - {slug: one, name: One, feeds: [{url: https://one.example/f}]}\n"
    with closing(Hub(tmp_path, network)) as alone:
        alone.publish(FeedKey("one"), news("a"))
        assert not alone.tree("/").xpath("//select[@name='member']")
        assert "other" not in alone.words("/")


def test_older_news_leads_through_every_story_once_while_news_comes_in(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(hours=n)) for n in range(1, 71)))
    seen, path = [], "/"
    while path:
        tree = hub.tree(path)
        seen += [found.text_content() for found in tree.xpath("//article//*[contains(@class, 'headline')]")]
        hub.publish(WESSEX, news(f"late {len(seen)}", f"Late {len(seen)}"))
        path = next(iter(hrefs(tree, "Older news")), "")
    assert seen == [f"News {n}" for n in range(1, 71)]


def test_a_page_shows_news_and_settings_as_soon_as_they_are_there(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "First"))
    assert hub.headlines("/") == ["First"]
    hub.publish(WESSEX, news("b", "Second"))
    assert set(hub.headlines("/")) == {"First", "Second"}
    hub.configure(NETWORK.replace("Health innovation news", "Another name"))
    assert "Another name" in hub.html("/")


# ---------------------------------------------------------------- a story


def test_a_storys_page_shows_what_was_corrected_word_by_word(hub: Hub) -> None:
    for days, text in ((3, "Forty clinics <b> take part"), (2, "Fifty clinics <b> take part")):
        hub.publish(WESSEX, news("a", "Numbers", text=text, at=ago(days=3)), at=ago(days=days))
    tree = hub.tree("/story/1")
    (section,) = [each.getparent() for each in tree.iter("h2") if each.text == "Corrected"]
    assert [each.text for each in section.iter("del", "ins")] == ["Forty", "Fifty"]
    assert "clinics <b> take part" in " ".join(section.text_content().split())
    hub.publish(WESSEX, news("b", "Never changed"), at=ago(days=1))
    assert not hub.tree("/story/2").xpath("//h2[text()='Corrected']")


@pytest.mark.parametrize("republish", ["summary", "link"])
def test_what_was_corrected_is_shown_no_further_than_the_member_allows(hub: Hub, republish: str) -> None:
    hub.configure(NETWORK.replace("    region: South", f"    region: South\n    republish: {republish}", 1))
    hub.publish(WESSEX, news("a", "Four clinics", text="Forty secret words", at=ago(days=3)), at=ago(days=3))
    hub.publish(WESSEX, news("a", "Five clinics", text="Fifty secret words", at=ago(days=3)), at=ago(days=2))
    removed = hub.tree("/story/1").xpath("//del")
    assert [each.text for each in removed] == ["Four"]


def test_a_story_has_its_text_its_reasons_and_its_attachments(hub: Hub) -> None:
    hub.publish(
        WESSEX,
        news(
            "a",
            "Safety report",
            link="https://wessex.example/a",
            content="<h1>Results</h1><p>It <b>works</b>.</p>",
            tags=(SAFETY,),
            authors=(Person("Jane Doe"),),
            image="https://wessex.example/lead.jpg",
            rights="© Wessex",
            enclosures=(
                Enclosure("https://wessex.example/files/annual%20report.pdf", "application/pdf", 2_412_345),
                Enclosure("https://wessex.example/talk", "audio/mpeg", None, "The talk"),
            ),
        ),
    )
    tree, words = hub.tree("/story/1"), hub.words("/story/1")
    assert [h.text for h in tree.iter("h1")] == ["Safety report"]
    assert (
        lxml_html.tostring(tree.xpath("//*[@class='text']")[0]).count(
            b"<h2>Results</h2><p>It <b>works</b>.</p>"
        )
        == 1
    )
    assert hrefs(tree, "Read it at wessex.example") == ["https://wessex.example/a"] * 2
    assert tree.xpath("//link[@rel='canonical']")[0].get("href") == "https://wessex.example/a"
    assert tree.xpath("//img[@class='lead']")[0].get("src") == "https://wessex.example/lead.jpg"
    assert "by Jane Doe" in words
    assert "matches ‘safety’ in the title" in words
    assert "annual report.pdf (PDF, 2.4 MB)" in words
    assert "The talk (MP3 audio)" in words
    assert "© Wessex" in words


@pytest.mark.parametrize(
    ("republish", "has", "has_not"),
    [
        ("full", ["The whole text"], ["shares only"]),
        ("summary", ["The first words", "shares only the beginning"], ["The whole text", "report.pdf"]),
        ("link", ["shares only the headlines"], ["The whole text", "The first words", "report.pdf", "p.jpg"]),
    ],
)
def test_no_page_or_answer_carries_more_than_the_member_allows(
    hub: Hub, republish: str, has: list[str], has_not: list[str]
) -> None:
    hub.configure(NETWORK.replace("    region: South\n", f"    region: South\n    republish: {republish}\n"))
    hub.publish(
        WESSEX,
        news(
            "a",
            "A title",
            content="<p>The whole text</p>",
            excerpt="The first words",
            image="https://wessex.example/p.jpg",
            enclosures=(Enclosure("https://wessex.example/report.pdf"),),
        ),
    )
    for part in has:
        assert part in hub.words("/story/1")
    everywhere = (
        "/", "/story/1", "/member/wessex", "/members", "/search?q=title", "/api/v1/stories",
        "/api/v1/entries", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json",
    )  # fmt: skip
    for path in everywhere:
        answered = hub.get(path).text
        assert "A title" in answered or "Joint" in answered, path
        assert not [part for part in has_not if part in answered], path


def test_a_story_that_became_part_of_another_redirects_there(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"), news("b"))
    with sqlite3.connect(hub.file) as database:
        database.execute("UPDATE stories SET merged_into = 1 WHERE id = 2")
    database.close()
    response = hub.get("/story/2")
    assert (response.status_code, response.headers["Location"]) == (301, "/story/1")


@pytest.mark.parametrize(
    "number", ["0", "2", "x", "-1", "1.5", "01", "٣", "9" * 18, "9" * 19, "9" * 5000, "1%00"]
)
def test_a_story_that_is_not_there_is_not_found(hub: Hub, number: str) -> None:
    hub.publish(WESSEX, news("a"))
    assert hub.get(f"/story/{number}").status_code == 404


# ---------------------------------------------------------------- members and topics


def test_a_members_page_has_each_of_its_entries_and_who_else_carries_them(hub: Hub) -> None:
    shared = "https://wessex.example/joint"
    hub.publish(WESSEX, news("a", "Joint news", link=shared, at=ago(hours=3)), at=ago(hours=3))
    hub.publish(BLOG, news("b", "Joint news", link=shared, at=ago(hours=2)), at=ago(hours=2))
    hub.publish(EAST, news("c", "Joint news", link=shared, at=ago(hours=1)))
    assert hub.headlines("/") == ["Joint news"]
    assert hub.headlines("/member/wessex") == ["Joint news", "Joint news"]
    assert "Also carried by Health Innovation Wessex" in hub.words("/member/east")
    assert "Health Innovation Wessex South wessex.example" in hub.words("/member/wessex")


def test_a_members_page_says_in_words_when_something_is_wrong_and_nothing_else(hub: Hub) -> None:
    hub.publish(EAST, news("a", at=ago(days=9)), at=ago(days=8))
    assert "Note:" not in hub.words("/member/east")
    hub.fail(EAST, "no answer in 20 seconds", "timeout", at=ago(days=7))
    assert "Their site has not answered since 17 November, 15:30." in hub.words("/member/east")


def test_a_member_that_left_keeps_its_page_and_its_news(hub: Hub) -> None:
    hub.publish(EAST, news("a", "Stays"))
    hub.configure(re.sub(r"  - slug: east\n(    .*\n)+", "", NETWORK))
    assert hub.headlines("/member/east") == ["Stays"]
    assert "no longer a member" in hub.words("/member/east")
    assert hub.get("/feeds/member/east.atom").status_code == 200
    assert "Health Innovation East" in hub.words("/members")


def test_members_are_listed_with_their_latest_news_in_the_order_asked_for(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Western", at=ago(days=2)), news("b", at=ago(days=200)))
    hub.publish(NATIONAL, news("c", "National", at=ago(days=1)))

    def names(path: str) -> list[str]:
        return [row.text for row in hub.tree(path).xpath("//tbody//th/a")]

    assert names("/members") == ["Health Innovation Wessex", "Health Innovation East", "National body"]
    assert names("/members?order=name") == [
        "Health Innovation East",
        "Health Innovation Wessex",
        "National body",
    ]
    assert names("/members?order=latest") == [
        "National body",
        "Health Innovation Wessex",
        "Health Innovation East",
    ]
    assert names("/members?order=nonsense") == names("/members")
    row = hub.tree("/members").xpath("//tbody/tr")[0]
    assert (
        " ".join(row.text_content().split())
        == "Health Innovation Wessex South Western 22 November 1 in 90 days"
    )


def test_names_with_accents_stand_beside_their_letter_among_members_and_topics(hub: Hub) -> None:
    names = ["Agence", "Čistá", "École", "Łódź", "Œuvre", "Santé", "Zone"]
    members = "".join(
        f"  - {{slug: m{place}, name: {name}, feeds: [{{url: 'https://m{place}.example/'}}]}}\n"
        for place, name in enumerate(reversed(names))
    )
    topics = "".join(
        f"  - {{term: t{place}, label: {name}, any: [x]}}\n" for place, name in enumerate(reversed(names))
    )
    hub.configure(f"members:\n{members}tags:\n{topics}")
    rows = hub.tree("/members?order=name").xpath("//tbody//th/a")
    assert [row.text for row in rows if row.text in names] == names
    links = hub.tree("/tags").xpath("//main//a[starts-with(@href, '/tag/')]")
    assert [link.text_content() for link in links] == names


def test_the_page_of_members_is_the_same_for_all_of_a_day(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(str(hours), at=ago(days=90, hours=hours)) for hours in range(-5, 20)))
    before = hub.get("/members")
    assert "22 in 90 days" in hub.words("/members"), "those since a midnight in London"
    hub.now += timedelta(hours=8)
    with closing(Hub(hub.file.parent)) as another:
        another.now = hub.now
        assert another.get("/members").data == before.data


@pytest.mark.parametrize(
    ("republish", "headline"),
    [
        ("full", "The new ward opens its doors"),
        ("summary", "The new ward opens its doors"),
        ("link", "News from Health Innovation Wessex"),
    ],
)
def test_members_are_listed_with_no_more_of_news_without_a_title_than_they_allow(
    hub: Hub, republish: str, headline: str
) -> None:
    hub.configure(NETWORK.replace("    region: South", f"    region: South\n    republish: {republish}", 1))
    hub.publish(WESSEX, replace(news("a", text="The new ward opens its doors"), title=""))
    assert hub.tree("/members").xpath("//tbody/tr[1]//td[@class='headline']/a")[0].text == headline
    assert hub.tree("/").xpath("//h3/a")[0].text == headline


def test_topics_are_listed_with_their_counts_also_those_without_news(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", tags=(SAFETY, Tag("blog", "given to all news of this feed"))))
    assert hub.words("/tags").endswith("12 weeks. blog 1 story Patient safety 1 story Stroke no news yet")
    assert "1 story" in hub.words("/tag/safety")
    assert "There is no news on Stroke yet." in hub.words("/tag/stroke")


def test_a_topic_shows_its_weeks_and_what_it_is_part_of(hub: Hub) -> None:
    hub.configure(
        NETWORK.replace(
            "tags:\n",
            "tags:\n"
            "  - {term: falls, label: Falls, any: [falls], broader: safety}\n"
            "  - {term: beds, label: Beds, any: [beds], broader: falls}\n"
            "  - {term: wounds, label: Wounds, any: [wounds], broader: safety}\n",
        )
    )
    # A week ends with today, where the hub is: the first of these is of the week before.
    a_week_ago = datetime(2026, 11, 18, tzinfo=UTC)
    for number, at in enumerate(
        (a_week_ago - timedelta(microseconds=1), a_week_ago, ago(days=1), ago(days=84))
    ):
        hub.publish(WESSEX, news(f"a{number}", at=at, tags=(SAFETY,)), at=at)
    tree = hub.tree("/tags")
    assert tree.xpath("//main//li/div/a/text()") == ["Patient safety", "Falls", "Beds", "Wounds", "Stroke"]
    assert tree.xpath("//main/ul/li/div/a/text()") == ["Patient safety", "Stroke"]
    assert tree.xpath("//main/ul/li[1]/ul/li[1]/ul/li/div/a/text()") == ["Beds"]
    assert tree.xpath("//main//svg[1]/@aria-label") == [
        "Stories in each of the last 12 weeks: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2"
    ]
    assert tree.xpath("//main//path/@d") == ["M40 10v-5h3V10zM44 10v-10h3V10z"]
    assert "4 stories Narrower: Falls, Wounds" in hub.words("/tag/safety")
    assert hrefs(hub.tree("/tag/falls"), "Patient safety") == ["/tag/safety"]
    assert "Part of Patient safety Narrower: Beds" in hub.words("/tag/falls")
    assert "Part of" not in hub.words("/tag/stroke")


# ---------------------------------------------------------------- beside the latest news


def aside(hub: Hub, path: str, heading: str) -> list[str]:
    found = hub.tree(path).xpath(f"//aside/section[h2='{heading}']//li")
    return [" ".join(each.text_content().split()) for each in found]


def test_events_that_are_to_come_stand_beside_the_news_the_next_first(hub: Hub) -> None:
    def event(name: str, day: date, *tags: Tag) -> Entry:
        title = f"{name} on {day.day} {day:%B %Y}"
        return news(
            name, title, at=ago(days=9), event_date=day, tags=(Tag("events", "", kind="event"), *tags)
        )

    past, today = event("Past", date(2026, 11, 23)), event("Today", date(2026, 11, 24))
    far, near = event("Far", date(2027, 1, 14), SAFETY), event("Near", date(2026, 12, 3))
    told = replace(news("no", "A report of 3 December", tags=(SAFETY,)), event_date=date(2026, 12, 3))
    hub.publish(WESSEX, past, today, far, near, told, at=ago(days=9))
    hub.publish(EAST, replace(near, link="https://east.example/near", text=near.text), at=ago(days=8))
    assert aside(hub, "/", "Coming up") == [
        "Today on 24 November 2026 24 November, Health Innovation Wessex",
        "Near on 3 December 2026 3 December, Health Innovation Wessex and 1 other",
        "Far on 14 January 2027 14 January 2027, Health Innovation Wessex",
    ]
    assert [each[:4] for each in aside(hub, "/?tag=safety", "Coming up")] == ["Far "]
    assert [each[:4] for each in aside(hub, "/?member=east", "Coming up")] == ["Near"]
    assert aside(hub, "/?kind=report", "Coming up") == []
    # The day is the hub's own: there it is the 25th when it is still the 24th elsewhere.
    hub.now = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
    hub.publish(WESSEX, event("Late", date(2027, 6, 30)), event("Soon", date(2027, 7, 1)), at=ago(days=9))
    assert [each[:4] for each in aside(hub, "/", "Coming up")] == ["Soon"]


def test_the_topics_of_the_week_stand_beside_the_news(hub: Hub) -> None:
    stroke = Tag("stroke", "a rule")
    for number, (days, tags) in enumerate(
        [(0, (SAFETY, stroke)), (6, (SAFETY,)), (7, (stroke,)), (9, (stroke,))]
    ):
        hub.publish(WESSEX, news(f"a{number}", at=ago(days=days), tags=tags), at=ago(days=days))
    assert aside(hub, "/", "Topics this week") == ["Patient safety 2 stories", "Stroke 1 story"]
    hub.now = NOW + timedelta(days=6)
    assert aside(hub, "/", "Topics this week") == ["Patient safety 1 story", "Stroke 1 story"]
    hub.now = NOW + timedelta(days=7)
    assert aside(hub, "/", "Topics this week") == []


# ---------------------------------------------------------------- search


def test_a_search_shows_what_was_found_and_where(hub: Hub) -> None:
    hub.publish(
        WESSEX,
        news(
            "a", "Checks for all", text=f"{'Long before. ' * 30}It measures blood pressure. {'After. ' * 90}"
        ),
        news("b", "Blood pressure halved", at=ago(days=3)),
        news("c", "Nothing of it"),
    )
    assert "2 stories for blood pressure" in hub.words("/search?q=blood+pressure")
    assert hub.headlines("/search?q=blood+pressure") == ["Blood pressure halved", "Checks for all"]
    assert hub.headlines("/search?q=blood+pressure&order=date") == ["Checks for all", "Blood pressure halved"]
    tree = hub.tree("/search?q=blood+pressure")
    assert [mark.text for mark in tree.iter("mark")] == ["Blood", "pressure"] * 2 + ["blood", "pressure"]
    assert tree.xpath("//input[@id='q']")[0].get("value") == "blood pressure"
    assert (
        tree.xpath("//link[@type='application/atom+xml']")[0]
        .get("href")
        .endswith("/feeds/search.atom?q=blood+pressure")
    )


@pytest.mark.parametrize(
    ("typed", "said", "besides"),
    [
        ("services", "service", "servicemen"),
        ("service", "services", "servicemen"),
        ("nurses", "nurse", "nursery"),
        ("nursing", "nurses", "nursery"),
        ("vaccines", "vaccine", "vacancy"),
        ("improving", "improve", "improper"),
        ("care", "caring", "car"),
        ("beds", "bed", "bedding"),
        ("GPs", "GP", "gap"),
        ("boxes", "box", "boxer"),
        ("therapies", "therapy", "there"),
        ("county", "counties", "count"),
        ("days", "day", "daylight"),
        ("illnesses", "illness", "ill"),
        ("vaccines*", "vaccine", "vacancy"),
        ("cardio*", "cardiology", "cards"),
    ],
)
def test_a_search_shows_and_marks_a_word_that_it_finds_in_another_ending(
    hub: Hub, typed: str, said: str, besides: str
) -> None:
    text = f"{besides} {'Long before it. ' * 30}It has a {said} now."
    hub.publish(WESSEX, news("a", "Town hall", text=text))
    assert [mark.text for mark in hub.tree(f"/search?q={typed}").iter("mark")] == [said]


def test_a_search_goes_on_to_its_last_result(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", f"Stroke news {n}", at=ago(hours=n)) for n in range(35)))
    tree = hub.tree("/search?q=stroke&order=date")
    (more,) = hrefs(tree, "More results")
    assert hub.headlines(more) == [f"Stroke news {n}" for n in range(30, 35)]


def test_a_search_without_results_offers_what_finds_something(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Stroke: dementia and strokes"))
    tree = hub.tree("/search?q=stroke+zebra&tag=safety")
    assert hrefs(tree, "stroke") == ["/search?q=stroke"]
    assert hrefs(tree, "zebra") == []
    assert hrefs(tree, "the same search in all news") == ["/search?q=stroke+zebra"]
    assert hrefs(tree, "Atom") == ["http://127.0.0.1:8000/feeds/search.atom?q=stroke+zebra&tag=safety"]
    for typed, near in (
        ("dementa", "dementia"),
        ("Demenshia", "dementia"),
        ("strok dementa", "stroke dementia"),
    ):
        (href,) = hrefs(hub.tree(f"/search?q={typed.replace(' ', '+')}"), near)
        assert hub.headlines(href) == ["Stroke: dementia and strokes"]
    nothing = hub.tree("/search?q=xylophone")
    assert "Nothing was found." in hub.words("/search?q=xylophone")
    assert nothing.xpath("//ul[@class='links']") == []


def test_words_made_to_be_nearly_alike_are_compared_with_a_search_so_far_only() -> None:
    alike = ["da" + "".join(letters) for letters in product("abcd", repeat=5)]
    assert spelt_alike("dementa", [" ".join(alike[:900]), "dementia"]) == "dementia"
    assert spelt_alike("dementa", [" ".join(alike[:1_000]), "dementia"]) is None
    assert spelt_alike("a" * 25, ["a" * 24 + "b"]) == "a" * 24 + "b"
    assert spelt_alike("a" * 26, ["a" * 25 + "b"]) is None


def test_a_search_that_looks_for_nothing_says_so_and_one_that_is_over_too(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Stroke"))
    assert "a search needs a word that the news shall have" in hub.words("/search?q=-stroke")
    assert "a search needs a word" in hub.words("/search?q=*")
    over = hub.words("/search?q=stroke&before=WyJyIiwgOTBd")
    assert "There are no more results." in over
    assert "Nothing was found" not in over


@pytest.mark.parametrize(
    "typed",
    [
        "", "%20", "%22", "%22%22", "*", "-", "-a", "AND", "a+OR", "NEAR(a,+b)", "title:a", "^a", "a+%5Bb",
        "%00", "%ff", "'%3B+DROP+TABLE+entries", "(((", "a" * 5000, "%2B" * 99, "💉", "%E2%80%AE", "a*b*",
        "%5Cw+%28%3F",
    ],
)  # fmt: skip
def test_anything_typed_is_searched_for_and_answered(hub: Hub, typed: str) -> None:
    hub.publish(WESSEX, news("a", "AND OR NEAR title drop"))
    assert hub.get(f"/search?q={typed}").status_code == 200
    assert hub.get(f"/search?q={typed}&order=date").status_code == 200
    assert hub.get(f"/feeds/search.atom?q={typed}").status_code in (200, 400)


@pytest.mark.parametrize(
    "typed", ['"blood pressure"', "“blood pressure”", "„blood pressure“", "«blood pressure»"]
)
def test_quotes_of_any_kind_keep_words_together(hub: Hub, typed: str) -> None:
    hub.publish(WESSEX, news("a", "Lower blood pressure"), news("b", "Pressure on the blood bank"))
    path = f"/search?{urlencode({'q': typed})}"
    assert hub.headlines(path) == ["Lower blood pressure"]
    assert {each.text for each in hub.tree(path).iter("mark")} == {"blood pressure"}
    minus = f"/search?{urlencode({'q': f'blood -{typed}'})}"
    assert hub.headlines(minus) == ["Pressure on the blood bank"]


def test_words_are_looked_for_in_what_one_member_published_as_the_page_says(hub: Hub) -> None:
    shared = "https://wessex.example/joint"
    hub.publish(WESSEX, news("a", "Joint news", text="A clinic opens", link=shared, at=ago(hours=2)))
    hub.publish(EAST, news("b", "Joint news", text="A ward opens", link=shared, at=ago(hours=1)))
    assert len(hub.headlines("/search?q=opens")) == 1
    assert hub.headlines("/search?q=clinic+ward") == []
    assert len(hub.headlines("/search?q=joint+-ward")) == 1
    help = hub.words("/search")
    assert "found when all the words are in what one member published of it" in help
    assert "A story stays if another member published it without that word." in help


def test_words_that_a_star_finds_are_marked_whole(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Education and a bus", text="Educators in the building"))
    path = "/search?q=educat*+bus*"
    assert hub.headlines(path) == ["Education and a bus"]
    assert {each.text for each in hub.tree(path).iter("mark")} == {"Education", "bus", "Educators"}


def test_letters_and_their_marks_are_found_however_they_are_typed(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Gŵyl iechyd"))
    assert hub.headlines(f"/search?{urlencode({'q': unicodedata.normalize('NFD', 'gŵyl')})}") == [
        "Gŵyl iechyd"
    ]


def test_no_feed_is_offered_of_what_no_news_can_have(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Stroke news"))
    page = hub.words("/subscribe?q=-vacancy")
    assert "a search needs a word that the news shall have" in page
    assert "search.atom" not in hub.html("/subscribe?q=-vacancy")
    assert hub.get("/feeds/search.atom?q=-vacancy").status_code == 400
    assert "search.atom?q=stroke" in hub.html("/subscribe?q=stroke+-vacancy")


# ---------------------------------------------------------------- filters of what feeds.yaml does not list


def chosen(hub: Hub, path: str) -> list[str]:
    """The values that the selects above a list stand at."""
    return list(hub.tree(path).xpath("//form[@class='filters']//option[@selected]/@value"))


def test_topics_that_feeds_give_are_offered_as_the_others_are(hub: Hub) -> None:
    hub.configure(
        NETWORK.replace("feeds: [{url: https://east", "feeds: [{tags: [blog], url: https://east", 1)
    )
    hub.publish(EAST, news("a", tags=(Tag("blog", ""),)))
    assert chosen(hub, "/?tag=blog") == ["blog"]
    assert "/feeds/tag/blog.atom" in hub.html("/subscribe")
    assert hub.get("/feeds/tag/blog.atom").status_code == 200


def test_a_filter_by_who_has_left_stays_when_another_is_added(hub: Hub) -> None:
    hub.publish(EAST, news("a", "Stays here"))
    hub.configure(
        NETWORK.replace("slug: east", "slug: west", 1).replace("Innovation East", "Innovation West", 1)
    )
    assert chosen(hub, "/?member=east") == ["east"]
    assert hub.tree("/?member=east").xpath("//option[@selected]/text()") == ["Health Innovation East"]
    assert chosen(hub, "/?member=west") == ["west"]


def test_news_in_a_language_from_right_to_left_runs_so_also_where_it_begins_with_a_name(hub: Hub) -> None:
    arabic = news("a", "NHS في المستشفى", language="ar", text="COVID-19 أخبار", direction="rtl")
    hub.publish(WESSEX, arabic, at=ago(hours=1))
    hub.publish(EAST, news("b", "English news"))
    for path in ("/", "/story/1"):
        assert hub.tree(path).xpath("//*[@dir='rtl'][contains(., 'NHS')]")
        assert not hub.tree(path).xpath("//*[@dir='auto'][contains(., 'NHS')]")
    assert hub.tree("/").xpath("//*[@dir='auto'][contains(., 'English news')]")


def test_headlines_of_members_copies_and_related_news_say_their_language(hub: Hub) -> None:
    link = "https://wessex.example/joint"
    german = news("a", "Kran", language="de", link=link, text="Der Larkspur Kran hilft im Hafen.")
    copied = news("b", "Kran", language="de", link=link)
    arabic = news("c", "NHS الهيئة", language="ar", direction="rtl", text="Larkspur Kran Hafen Kai")
    hub.publish(WESSEX, german)
    hub.publish(EAST, copied, at=ago(minutes=-1))
    hub.publish(NATIONAL, arabic, at=ago(minutes=-2))
    story = hub.tree("/story/1").xpath("//ul[@class='copies']//a[@lang]")
    assert [(link.text, link.get("lang"), link.get("dir")) for link in story] == [
        ("Kran", "de", "auto"),
        ("NHS الهيئة", "ar", "rtl"),
    ]
    rows = hub.tree("/members").xpath("//td[@class='headline']/a")
    assert [(row.get("lang"), row.get("dir")) for row in rows] == [
        ("de", "auto"),
        ("de", "auto"),
        ("ar", "rtl"),
    ]


# ---------------------------------------------------------------- subscribe, status


def test_who_comes_to_subscribe_is_led_past_the_addresses_to_what_to_do_with_them(hub: Hub) -> None:
    tree = hub.tree("/subscribe")
    (led,) = tree.xpath("//main//nav")
    assert not led.xpath("preceding::table")
    for href in led.xpath(".//a/@href"):
        assert tree.xpath(f"//section[@id='{href[1:]}']/h2"), href
    assert hrefs(led, "How to follow") == ["#follow"]


def test_every_address_on_the_subscribe_page_answers_with_its_feed(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", tags=(SAFETY,)))
    tree = hub.tree("/subscribe")
    addresses = [code.text for code in tree.xpath("//td/code[@class='address']")]
    assert len(addresses) == 5 + 1 + 2 + 3
    kinds = {"Atom": "application/atom+xml", "RSS": "application/rss+xml", "JSON": "application/feed+json"}
    for address in addresses:
        for ending, kind in zip((".atom", ".rss", ".json"), kinds.values(), strict=True):
            response = hub.get(address.replace(".atom", ending))
            assert (response.status_code, response.mimetype) == (200, kind), address


def test_readers_can_make_a_feed_of_their_own(hub: Hub) -> None:
    made = hub.tree("/subscribe?tag=safety&member=wessex&q=clinics")
    assert made.xpath("//section[@id='own']//code")[0].text == (
        "http://127.0.0.1:8000/feeds/search.atom?q=clinics&tag=safety&member=wessex"
    )


def test_the_status_page_begins_with_what_needs_somebody_each_in_the_files_order(hub: Hub) -> None:
    def rows() -> list[str]:
        return [row.get("id") for row in hub.tree("/status").xpath("//table//tbody/tr")]

    as_in_the_file = rows()
    assert as_in_the_file == ["wessex.news", "wessex.blog", "east.news", "national.news"]
    for feed in (WESSEX, BLOG):
        hub.publish(feed, news(f"{feed}", at=ago(days=2)), at=ago(hours=1))
    assert rows() == as_in_the_file
    hub.fail(EAST, "no answer in 20 seconds", "timeout", at=ago(hours=1))
    assert rows() == ["east.news", "wessex.news", "wessex.blog", "national.news"]
    hub.fail(BLOG, "no answer in 20 seconds", "timeout", at=ago(minutes=30))
    assert rows() == ["wessex.blog", "east.news", "wessex.news", "national.news"]
    # What is paused asks nobody.
    hub.configure(
        NETWORK.replace(
            "[{url: https://east.example/feed/}]", "[{url: https://east.example/feed/, paused: yes}]"
        )
    )
    assert rows() == ["wessex.blog", "wessex.news", "east.news", "national.news"]


# What leads to the feed of how a member's site is doing.
FOLLOW = "Follow how the site of Health Innovation Wessex is doing"


def test_the_status_page_says_how_each_member_is_doing(hub: Hub) -> None:
    assert "The first check of 3 members is under way." in hub.words("/status")
    hub.publish(WESSEX, news("a", at=ago(days=2)), at=ago(hours=1))
    hub.publish(BLOG, at=ago(hours=1))
    hub.fail(EAST, "https://east.example/feed/ is a page, not a feed", "not-a-feed", at=ago(hours=1))
    words = hub.words("/status")
    assert "1 of 3 members are up to date; 1 still to be checked for the first time." in words
    assert f"Health Innovation Wessex news {FOLLOW} ✓ Up to date Last news: 22 November, 15:30" in words
    assert "What their site sends has not been readable since 24 November, 14:30" in words
    assert "https://east.example/feed/ is a page, not a feed" in words
    assert "National body Follow how the site of National body is doing … Not checked yet" in words


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (("broken-transfer", "connect", "dns", "timeout"), "Their site has not answered since"),
        (("tls",), "There has been no safe connection to their site since"),
        (("http-500", "redirect", "refused"), "Their site has not given out its news since"),
        (
            ("broken-xml", "encoding", "nested-index", "no-items", "not-a-feed", "not-its-feed", "too-large"),
            "What their site sends has not been readable since",
        ),
        (("our-machine", "store"), "This hub has not been able to take in their news since"),
    ],
)
def test_a_site_is_said_not_to_answer_only_where_it_does_not(
    hub: Hub, reasons: tuple[str, ...], said: str
) -> None:
    for reason in reasons:
        hub.fail(EAST, "it went wrong", reason)
        assert said in hub.words("/member/east"), reason


def test_of_a_member_with_several_feeds_each_is_told_of_by_itself(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", at=ago(days=2)), at=ago(hours=1))
    hub.publish(BLOG, news("b", at=ago(days=5)), at=ago(hours=1))
    assert f"blog {FOLLOW} ✓ Up to date Last news: 19 November, 15:30" in hub.words("/status")
    for hours in (2, 1):
        hub.fail(BLOG, "no answer in 20 seconds", "timeout", at=ago(hours=hours))
    said = hub.words("/status")
    assert (
        "! Their site has not answered since 24 November, 13:30 No answer in 20 seconds.What can be done"
        in said
    )
    assert "in a row, since" not in said
    member = hub.words("/member/wessex")
    assert "13:30. That is their “blog” alone: the rest of their news comes in." in member
    hub.fail(WESSEX, "no answer in 20 seconds", "timeout", at=ago(hours=2))
    assert "alone" not in hub.words("/member/wessex")


def test_the_status_page_names_no_key_of_feeds_yaml(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", at=ago(days=20 * n)) for n in range(1, 6)), at=ago(minutes=10))
    said = hub.words("/status")
    assert "is asked every day at least" in said
    assert "every.m" not in said


def test_the_status_page_says_why_a_site_is_checked_when_it_is(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", at=ago(days=2)), at=ago(minutes=10))
    assert "Its usual time" in hub.words("/status")


def test_the_status_page_has_a_text_for_those_who_look_after_a_site_that_blocks_the_hub(hub: Hub) -> None:
    told = "the site of https://east.example/feed/ blocks robots: its protection, Cloudflare, answered 403"
    hub.fail(EAST, told, "blocked", at=ago(hours=1))
    page = hub.tree("/status")
    assert "Their site has not let us in since 24 November, 14:30" in hub.words("/status")
    (letter,) = page.xpath("//td//details/blockquote")
    assert "Cloudflare answers it with a check that only a browser passes" in letter.text
    assert f"news-hub/{__version__}" in letter.text


def test_a_site_that_fell_silent_is_not_said_to_be_up_to_date(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{day}", at=ago(days=day)) for day in (400, 401, 402)), at=ago(hours=1))
    hub.publish(BLOG, *(news(f"b{day}", at=ago(days=day)) for day in (20, 21, 22)), at=ago(hours=1))
    words = hub.words("/status")
    assert f"Health Innovation Wessex news {FOLLOW} – No news since 20 October 2025" in words
    assert "before, it was never silent for more than a day" in words
    assert f"blog {FOLLOW} ✓ Up to date, no news since 4 November" in words
    assert "0 of 3 members are up to date" in words
