"""The pages about the hub itself, and what they tell of corrections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from hub.model import Gathered
from hub.publish.item import LONGEST_CARRIED
from tests.web_hub import EAST, NETWORK, NOW, WESSEX, Hub, a_hub, ago, hrefs, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def correct(hub: Hub, *texts: str, title: str = "Numbers") -> None:
    """Have an entry say one text after the other, a day apart, the last of them a day ago."""
    for days, text in zip(range(len(texts), 0, -1), texts, strict=True):
        hub.publish(WESSEX, news("a", title, text=text, at=ago(days=9)), at=ago(days=days))


def published(hub: Hub, format: str) -> list[Any]:
    response = hub.get(f"/feeds/corrections.{format}")
    assert response.status_code == 200
    if format == "json":
        return list(response.get_json()["items"])
    return list(feedparser.parse(response.data).entries)


# ---------------------------------------------------------------- corrections


def test_each_correction_shows_what_the_news_said_until_then_and_from_then_on(hub: Hub) -> None:
    correct(hub, "Forty <b> clinics", "Fifty <b> clinics", "Sixty <b> clinics")
    tree = hub.tree("/corrections")
    changes = [[each.text for each in article.iter("del", "ins")] for article in tree.iter("article")]
    assert changes == [["Fifty", "Sixty"], ["Forty", "Fifty"]]
    assert [each.text for each in tree.iter("h2")] == ["Yesterday", "Sunday 22 November"]
    assert hrefs(tree, "Numbers") == ["/story/1"] * 2
    assert "Sixty <b> clinics" in hub.words("/corrections")


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_a_feed_tells_of_corrections_and_leads_to_the_story(hub: Hub, format: str) -> None:
    correct(hub, "Forty clinics", "Fifty clinics", "Sixty clinics")
    last, first = published(hub, format)
    assert last["title"] == first["title"] == "Corrected: Numbers"
    assert last["id"] != first["id"]
    link, content = ("url", "content_html") if format == "json" else ("link", "summary")
    assert last[link] == "http://127.0.0.1:8000/story/1"
    said = last["content"][0]["value"] if "content" in last else last[content]
    assert said == "<p><del>Fifty</del> <ins>Sixty</ins> clinics</p>"


def test_what_a_feed_told_keeps_its_id_and_its_date_when_more_comes(hub: Hub) -> None:
    correct(hub, "Forty clinics", "Fifty clinics")
    (before,) = published(hub, "atom")
    hub.publish(WESSEX, news("a", "Numbers", text="Sixty clinics", at=ago(days=9)))
    hub.configure(NETWORK.replace("  title:", "  url: https://elsewhere.example/\n  title:", 1))
    _, after = published(hub, "atom")
    assert (after.id, after.updated) == (before.id, before.updated)
    assert before.id.startswith("urn:uuid:")


def test_no_correction_tells_what_was_not_told_to_readers(hub: Hub) -> None:
    correct(hub, "Forty clinics", "Fifty clinics")
    hub.sql("UPDATE revisions SET told = 'no'")
    hub.sql("UPDATE state SET version = version + 1")
    assert "Nothing was corrected or withdrawn yet." in hub.words("/corrections")
    assert published(hub, "atom") == []


@pytest.mark.parametrize("republish", ["summary", "link"])
def test_a_correction_carries_no_words_that_its_member_keeps(hub: Hub, republish: str) -> None:
    hub.configure(NETWORK.replace("    region: South", f"    region: South\n    republish: {republish}", 1))
    correct(hub, "Forty secret words", "Fifty secret words")
    assert "Its text was corrected." in hub.words("/corrections")
    assert "secret" not in hub.html("/corrections")
    for format in ("atom", "rss", "json"):
        told = hub.get(f"/feeds/corrections.{format}").text
        assert "Its text was corrected." in told
        assert "secret" not in told


def test_of_a_text_of_a_books_length_no_page_and_no_feed_has_the_words_nor_how_they_changed(hub: Hub) -> None:
    secret = "secret " * (LONGEST_CARRIED // 7)
    correct(hub, f"Forty clinics {secret}", f"Fifty clinics {secret}")
    assert "Its text was corrected." in hub.words("/corrections")
    for path in ("/corrections", "/feeds/corrections.atom", "/story/1", "/feeds/all.atom"):
        assert len(hub.get(path).text) < 20_000
    assert "Fifty clinics secret" in hub.words("/story/1")


def test_of_a_text_that_was_written_anew_the_list_shows_the_beginning_and_the_feed_all(hub: Hub) -> None:
    correct(hub, " ".join(f"old{number}" for number in range(200)), " ".join(["new"] * 200))
    listed = hub.words("/corrections")
    assert "old119 …" in listed
    assert "old120" not in listed
    assert "old199" in published(hub, "atom")[0].content[0].value


def test_a_withdrawal_is_told_without_the_words_that_were_withdrawn(hub: Hub) -> None:
    correct(hub, "Forty clinics", "Fifty clinics", title="Secret numbers")
    hub.publish(EAST, news("b", "Stays"), at=ago(days=3))
    hub.store.withdraw([1], "the figures were wrong", ago(hours=5))
    said = "The editors of this network withdrew it on 24 November: the figures were wrong."
    assert said in hub.words("/corrections")
    assert "ecret" not in hub.html("/corrections")
    hub.html("/story/1", status=410)
    # The correction of what is withdrawn is not told any more.
    (told,) = published(hub, "atom")
    assert told.title == "Withdrawn: news from Health Innovation Wessex"
    assert told.content[0].value == f"<p>{said.replace('24 November', '24 November 2026')}</p>"
    assert told.updated_parsed[:5] == (2026, 11, 24, 10, 30)


@pytest.mark.parametrize("why", ["The figures were wrong.", "Was it ours?", "It was a joke!", "Wrong …"])
def test_a_reason_that_is_a_sentence_is_told_with_its_own_end(hub: Hub, why: str) -> None:
    hub.publish(EAST, news("b"), at=ago(days=3))
    hub.store.withdraw([1], why, ago(hours=5))
    assert f"24 November: {why} " in hub.words("/story/1", 410)
    (told,) = published(hub, "atom")
    assert told.content[0].value.endswith(f"24 November 2026: {why}</p>")


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_a_withdrawal_is_told_with_its_day_on_the_hubs_clocks(hub: Hub, format: str) -> None:
    hub.configure(NETWORK.replace("Europe/London", "Pacific/Auckland"))
    hub.publish(EAST, news("b", "Goes"), at=ago(days=3))
    hub.store.withdraw([1], "", ago(hours=1))
    assert "withdrew it on 25 November" in hub.words("/corrections")
    assert "withdrew it on 25 November 2026" in hub.get(f"/feeds/corrections.{format}").text


def test_a_withdrawal_is_told_in_english_by_a_hub_whose_language_has_no_catalogue(hub: Hub) -> None:
    hub.configure(NETWORK.replace("  timezone", "  language: es\n  timezone"))
    correct(hub, "Cuarenta camas", "Cincuenta camas")
    hub.publish(EAST, news("b", "Goes"), at=ago(days=3))
    hub.store.withdraw([2], "", ago(hours=1))
    items = json.loads(hub.get("/feeds/corrections.json").data)["items"]
    assert [each.get("language") for each in items] == ["en", None]
    assert hub.tree("/corrections").xpath("//*[@class='story']//@lang") == ["es", "es"]


def test_the_feed_moves_when_a_correction_that_waited_is_told(hub: Hub) -> None:
    for hours, number in zip(range(70, 64, -1), range(6), strict=True):
        said = news("a", "Numbers", text=f"{number} clinics", at=ago(days=9))
        hub.publish(WESSEX, said, at=ago(hours=hours))
    (*_, first) = published(hub, "atom")
    before = feedparser.parse(hub.get("/feeds/corrections.atom").data).feed.updated_parsed
    gathered = Gathered(feed=hub.feed(WESSEX), outcome="not_modified", started=NOW, url="")
    hub.settle(gathered, NOW)
    assert len(published(hub, "atom")) == 5
    after = feedparser.parse(hub.get("/feeds/corrections.atom").data).feed.updated_parsed
    assert before < after
    assert after[:5] == (2026, 11, 24, 15, 30)
    assert published(hub, "atom")[-1].updated == first.updated


def test_the_latest_of_corrections_and_withdrawals_come_first(hub: Hub) -> None:
    correct(hub, "Forty clinics", "Fifty clinics")
    hub.publish(EAST, news("b", "Goes"), at=ago(days=3))
    hub.store.withdraw([2], "", ago(hours=40))
    assert hub.headlines("/corrections") == ["Numbers", "This news was withdrawn"]
    assert [each.title for each in published(hub, "rss")] == [
        "Corrected: Numbers",
        "Withdrawn: news from Health Innovation East",
    ]


def test_readers_find_the_feed_of_corrections_on_its_page_and_among_the_others(hub: Hub) -> None:
    address = "http://127.0.0.1:8000/feeds/corrections.atom"
    found = hub.tree("/corrections").xpath("//link[@rel='alternate'][@type='application/atom+xml']/@href")
    assert found == [address]
    assert address in hub.html("/subscribe")
    assert address in hub.get("/opml/merged").text


# ---------------------------------------------------------------- about, accessibility, privacy


@pytest.mark.parametrize("page", ["about", "corrections", "accessibility", "privacy"])
def test_every_page_leads_to_those_about_the_hub(hub: Hub, page: str) -> None:
    assert hrefs(hub.tree("/"), page.capitalize()) == [f"/{page}"]
    tree = hub.tree(f"/{page}")
    assert [each.text for each in tree.iter("h1")] == [page.capitalize()]
    assert tree.xpath("//footer//a[@aria-current]/text()") == [page.capitalize()]


@pytest.mark.parametrize("page", ["/about", "/accessibility", "/privacy"])
@pytest.mark.parametrize(
    ("contact", "writing"),
    [
        ("news@example.org", "mailto:news@example.org"),
        ("a?subject=b@example.org", "mailto:a%3Fsubject%3Db@example.org"),
        ("https://example.org/contact?to=news", "https://example.org/contact?to=news"),
    ],
)
def test_readers_are_told_whom_to_write_to(hub: Hub, page: str, contact: str, writing: str) -> None:
    assert not hub.tree(page).xpath("//main//a[starts-with(@href, 'mailto:') or starts-with(@href, 'http')]")
    hub.configure(NETWORK.replace("  title:", f"  contact: {contact}\n  title:", 1))
    assert hrefs(hub.tree(page), contact) == [writing]


@pytest.mark.parametrize("page", ["/about", "/privacy"])
def test_whoever_the_news_names_is_told_what_stays_of_it(hub: Hub, page: str) -> None:
    correct(hub, "Jane Roe resigned", "A nurse resigned")
    for still_there in ("/corrections", "/story/1"):
        assert "Jane Roe" in hub.words(still_there)
    words = hub.words(page)
    assert "its old words can still be read, under Corrections and on the story’s page" in words
    assert "what is changed or deleted there later stays here as it was" in words
    assert "when it does there" not in words
    assert "when it changes there" not in words


def test_those_who_look_after_a_site_are_told_what_to_do_about_their_news(hub: Hub) -> None:
    (section,) = hub.tree("/about").xpath("//section[h2='For those who look after a member’s site']")
    assert hrefs(section, "Status") == ["/status"]
    said = section.text_content()
    for asked in ("Your news is not here?", "has a topic that is not its own?", "It should not be here?"):
        assert asked in said


def test_those_who_look_after_a_site_find_the_name_of_the_robot_and_how_often_it_comes(hub: Hub) -> None:
    hub.configure(NETWORK.replace("  title:", "  every: {min: 30m, max: 2d}\n  title:", 1))
    words = hub.words("/about")
    assert hub.config.hub.user_agent in words
    assert "30 minutes to 2 days between two looks" in words
    assert "what 3 members publish on their own sites" in words
    east = "{url: https://east.example/feed/"
    hub.configure(NETWORK.replace(east, f"{east}, every: {{min: 5m, max: 3d}}"))
    assert "5 minutes to 3 days between two looks" in hub.words("/about")
    hub.configure("members: []")
    assert "15 minutes to 1 day between two looks" in hub.words("/about")
