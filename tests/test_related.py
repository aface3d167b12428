"""What else is told about the same, beside a story and never instead of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store
from hub.stories import related
from tests.entries import entry
from tests.test_store import EAST, WEST, poll, store, url
from tests.test_story_rulings import story_of
from tests.web_hub import EAST as EAST_PAGE
from tests.web_hub import NETWORK, WESSEX, Hub, a_hub, news

__all__ = ["store", "url"]

PILOT = "Twelve surgeries of the county try the Larkspur scanner on patients who have swollen legs."
LATER = "Fewer patients of the county were sent to hospital since surgeries had the Larkspur scanner."
BUSES = "A minibus takes volunteers round the villages on Tuesdays, and the parish pays for the fuel."
CHOIR = "The choir of the children's ward sang carols for the porters, and cakes were sold afterwards."


@pytest.fixture
def told(store: Store) -> Store:
    poll(
        store,
        EAST,
        entry("pilot", title="Larkspur scanner on trial", text=PILOT),
        entry("bus", title="Minibus for volunteers", text=BUSES),
    )
    poll(
        store,
        WEST,
        entry("later", title="What the Larkspur scanner brought", text=LATER, feed=WEST.key),
        entry("choir", title="Carols on the ward", text=CHOIR, feed=WEST.key),
    )
    return store


def test_a_follow_up_is_a_story_of_its_own_and_related_with_the_reason(told: Store) -> None:
    pilot = story_of(told, "https://east.example/pilot")
    (found,) = told.related(pilot, limit=3)
    assert [stored.entry.id for stored in found.story.entries] == ["later"]
    assert found.words[:3] == ("larkspur", "scanner", "surgeries")


def test_relation_holds_both_ways(told: Store) -> None:
    (found,) = told.related(story_of(told, "https://west.example/later"), limit=3)
    assert found.story.lead.entry.id == "pilot"


def test_news_that_shares_no_telling_word_with_any_other_has_nothing_related(told: Store) -> None:
    assert told.related(story_of(told, "https://east.example/bus"), limit=3) == ()


def test_no_more_is_related_than_was_asked_for_and_the_nearest_comes_first(told: Store) -> None:
    farther = entry(
        "far", title="Surgeries short of porters", text="Larkspur scanners are pushed by porters."
    )
    nearer = entry("near", title="Larkspur scanner for more surgeries", text=f"{LATER} More will follow.")
    poll(told, EAST, farther, nearer)
    pilot = story_of(told, "https://east.example/pilot")
    assert [found.story.lead.entry.id for found in told.related(pilot, limit=2)] == ["near", "later"]


def test_a_copy_is_part_of_the_story_and_not_related_to_it(told: Store) -> None:
    pilot = story_of(told, "https://east.example/pilot")
    poll(told, WEST, entry("copy", title="Larkspur scanner on trial", text=PILOT, feed=WEST.key))
    whole = story_of(told, "https://east.example/pilot")
    assert len(whole.entries) == 2
    assert whole.id not in [found.story.id for found in told.related(pilot, limit=9)]


def test_two_stories_are_related_from_a_quarter_of_what_is_told_on_whoever_tells_it(told: Store) -> None:
    bus = story_of(told, "https://east.example/bus")
    assert related.related({"larkspur": 3.0, "minibus": 1.0}, bus) == (0.25, ("minibus",))
    assert related.related({"larkspur": 3.1, "minibus": 1.0}, bus) is None
    assert related.related({}, bus) is None
    copy = entry("copy", title="Minibus for volunteers | Larkspur", text=BUSES, feed=WEST.key)
    poll(told, WEST, copy)
    whole = story_of(told, "https://east.example/bus")
    assert len(whole.entries) == 2
    assert related.related({"larkspur": 3.0, "unheard": 1.0}, whole) == (0.75, ("larkspur",))


def test_words_of_anything_short_ones_and_figures_are_not_looked_up(told: Store) -> None:
    text = "They will have 2026 new beds there, each with a lamp."
    poll(told, EAST, entry("beds", title="Beds with lamps", text=text))
    assert related.terms(story_of(told, "https://east.example/beds")) == {"beds": 3, "lamps": 2, "lamp": 1}


def test_words_weigh_by_how_often_the_story_and_how_seldom_the_others_say_them() -> None:
    spoken_of = {"scanner": 3, "county": 3, "larkspur": 1, "unheard": 4, "everywhere": 4}
    entries_with = {"scanner": 5, "county": 100, "larkspur": 2, "unheard": 1, "everywhere": related.COMMON}
    weights = related.telling(spoken_of, entries_with, 1000)
    assert list(weights) == ["scanner", "county", "larkspur"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def test_a_storys_page_shows_what_is_related_and_why(hub: Hub) -> None:
    hub.publish(
        WESSEX, news("pilot", "Larkspur scanner on trial", text=PILOT), news("bus", "Minibus", text=BUSES)
    )
    hub.publish(EAST_PAGE, news("later", "What the Larkspur scanner brought", text=LATER))
    tree = hub.tree("/story/2")
    (section,) = [each for each in tree.iter("section") if each.findtext("h2") == "Related news"]
    assert [a.get("href") for a in section.iter("a")] == ["/member/east", "/story/3"]
    assert "both tell of ‘larkspur’, ‘scanner’ and ‘surgeries’" in section.text_content()
    assert "Related news" not in hub.words("/story/1")


def test_why_it_is_related_names_no_word_that_a_member_does_not_let_us_carry(hub: Hub) -> None:
    hub.configure(NETWORK.replace("    region: South", "    region: South\n    republish: link", 1))
    hub.publish(
        WESSEX, news("pilot", "Larkspur scanner on trial", text=PILOT), news("bus", "Minibus", text=BUSES)
    )
    hub.publish(EAST_PAGE, news("later", "What the Larkspur scanner brought", text=LATER))
    for number in (2, 3):
        related = hub.words(f"/story/{number}").partition("Related news")[2]
        assert "both tell of ‘larkspur’ and ‘scanner’" in related
        assert "surgeries" not in related
    hub.publish(WESSEX, news("untitled", "", text=f"{PILOT} {LATER}"))
    related = hub.words("/story/3").partition("Related news")[2]
    assert "News from Health Innovation Wessex" in related
    assert related.count("both tell") == 1, "of the one with a headline"
    hub.configure(NETWORK.replace("    region: South", "    region: South\n    republish: summary", 1))
    assert "‘surgeries’" in hub.words("/story/2").partition("Related news")[2]
