"""Searches: what is found, in which order, and that no search takes more than it may."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from hub.decide import backlog
from hub.model import And, Filter, Not, Selection, StoredEntry, Story, Tag, Term
from hub.store import Found, Order, tagbitmaps
from hub.store.postgres import PostgresStore
from hub.store.postgres import searching as in_postgresql
from hub.store.sqlite import searching, wordbitmaps
from hub.store.stems import Terms
from tests.web_hub import EAST, NATIONAL, NOW, SAFETY, WESSEX, Hub, a_hub, ago, news

ORDERS: tuple[Order, ...] = ("relevance", "date")


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


def bound(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(in_postgresql, "MOST_HITS", most)
    monkeypatch.setattr(searching, "MOST_HITS", most)
    monkeypatch.setattr(searching, "_AT_ONCE", 2)


def use_bitmaps(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Have every word looked up in bitmaps, where there are some, of blocks of so many entries."""
    monkeypatch.setattr(wordbitmaps, "_BLOCK", block)
    monkeypatch.setattr(searching, "_FAR_COMMONER", 0)


def search(hub: Hub, typed: str, *, order: Order = "relevance", limit: int = 100) -> Found:
    return hub.store.search(Selection(search=typed), limit=limit, order=order)


def titles(found: Found) -> list[str]:
    return [story.shown.entry.title for story in found.items]


def stories_of_pages(hub: Hub, selection: Selection, order: Order, limit: int) -> list[Story]:
    """What pages of so many hold, one after the other."""
    found: list[Story] = []
    cursor: str | None = None
    while True:
        page = hub.store.search(selection, limit=limit, cursor=cursor, order=order)
        assert len(page.items) <= limit
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


def walked(hub: Hub, selection: Selection, order: Order, limit: int) -> list[str]:
    return [story.shown.entry.title for story in stories_of_pages(hub, selection, order, limit)]


def test_what_came_in_late_stands_at_its_date(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, 100)
    monkeypatch.setattr(in_postgresql, "_AT_FIRST", 2)
    # A member's backlog comes in after news that is newer than all of it, and then more news comes.
    hub.publish(WESSEX, *(news(f"new {n}", at=ago(hours=n)) for n in range(6)), at=NOW)
    backlog = [news(f"old {n}", at=ago(days=n + 1)) for n in range(6)]
    hub.publish(EAST, *backlog, at=NOW + timedelta(hours=1))
    hub.publish(WESSEX, news("last", at=NOW + timedelta(hours=2)), at=NOW + timedelta(hours=2))
    expected = ["News last", *(f"News new {n}" for n in range(6)), *(f"News old {n}" for n in range(6))]
    for limit in (1, 3, 5, 100):
        assert walked(hub, Selection(search="news"), "date", limit) == expected


@pytest.mark.parametrize("order", ["date", "relevance"])
@pytest.mark.parametrize("most", [3, 8, 100])
def test_pages_of_a_search_hold_each_story_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, order: Order, most: int
) -> None:
    bound(monkeypatch, most)
    for number in range(4):
        link = f"https://joint.example/{number}"
        title = f"Joint {number} on clinics"
        hub.publish(WESSEX, news(f"w{number}", title, link=link), at=NOW + timedelta(hours=number))
        hub.publish(EAST, news(f"e{number}", title, link=link), at=NOW + timedelta(hours=number, minutes=9))
    found = walked(hub, Selection(search="clinics"), order, 2)
    assert len(found) == len(set(found)) == min(4, (most + 1) // 2)
    of_member = walked(hub, Selection(search="clinics", filter=Term("member", "east")), order, 3)
    assert len(of_member) == len(set(of_member)) == min(4, (most + 1) // 2)


def test_of_a_common_word_the_last_that_came_in_are_looked_through_and_the_page_says_so(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        hub.publish(WESSEX, news(str(number), at=NOW), at=NOW + timedelta(hours=number))
    found = search(hub, "news")
    assert (found.stories, found.newest_of, found.order) == (8, None, "relevance")
    bound(monkeypatch, 5)
    found = search(hub, "news")
    assert (found.stories, found.newest_of, found.order) == (5, 5, "date")
    assert titles(found) == [f"News {number}" for number in (7, 6, 5, 4, 3)]
    assert "only the latest 5 were looked through. Newest first" in hub.words("/search?q=news")
    assert "Best matches first" not in hub.words("/search?q=news")


def test_the_commonest_words_are_not_ranked_by(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.publish(
        WESSEX,
        news("a", "Sepsis in hospital", text="and more", at=ago(days=3)),
        news("b", "Another", text="sepsis in hospital hospital hospital hospital", at=ago(days=1)),
        *(news(f"other {n}", f"Hospital {n}") for n in range(4)),
    )
    bound(monkeypatch, 3)
    found = search(hub, "hospital sepsis")
    assert (titles(found), found.order) == (["Sepsis in hospital", "Another"], "relevance")
    assert "Best matches first" in hub.words("/search?q=hospital+sepsis")
    hub.publish(WESSEX, *(news(f"more {n}", f"Sepsis {n}", text="-") for n in range(4)))
    found = search(hub, "hospital sepsis")
    assert (titles(found), found.order) == (["Another", "Sepsis in hospital"], "date")
    assert "none of these words is rare enough" in hub.words("/search?q=hospital+sepsis")


def test_stories_are_counted_as_far_as_anybody_wants_to_know(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(WESSEX, *(news(str(number)) for number in range(9)))
    assert "9 stories for news" in hub.words("/search?q=news")
    for module in (searching, in_postgresql):
        monkeypatch.setattr(module, "MOST_COUNTED", 7)
    assert "at least 7 stories for news" in hub.words("/search?q=news")
    for module in (searching, in_postgresql):
        monkeypatch.setattr(module, "MOST_COUNTED", 9)
    assert "at least" not in hub.words("/search?q=news")


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
def test_stories_are_counted_among_the_last_that_came_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.publish(WESSEX, *(news(str(number)) for number in range(9)))
    monkeypatch.setattr(searching, "_COUNTED_AMONG", 8)
    assert "at least 8 stories for news" in hub.words("/search?q=news")


def test_filters_hold_in_a_search(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", tags=(SAFETY,)), news("b"))
    hub.publish(EAST, news("c", tags=(SAFETY,)))
    for order in ("date", "relevance"):
        safe = Selection(search="news", filter=Term("tag", "safety"))
        assert sorted(walked(hub, safe, order, 1)) == ["News a", "News c"]
        assert hub.store.search(safe, limit=1).stories == 2


def test_a_copy_that_came_in_late_does_not_stand_for_a_story_that_is_found_further_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, 5)
    link = "https://joint.example/a"
    for number in range(6):
        at = NOW + timedelta(hours=2 * number)
        lead = {"link": link} if number == 1 else {}
        hub.publish(WESSEX, news(str(number), f"Ward news {number}", at=at, **lead), at=at)
    late = NOW + timedelta(hours=12)
    hub.publish(EAST, news("copy", "Ward news 1", at=late, link=link), at=late)
    expected = ["Ward news 5", "Ward news 4", "Ward news 3", "Ward news 2"]
    assert walked(hub, Selection(search="ward news"), "date", 1) == ["Ward news 1", *expected]
    bound(monkeypatch, 6)
    assert walked(hub, Selection(search="ward news"), "date", 1) == [*expected, "Ward news 1"]


def test_what_has_all_rare_words_in_its_title_comes_first(hub: Hub) -> None:
    said_often = "sepsis maternity sepsis maternity sepsis maternity"
    titled = [news(f"t{n}", f"Maternity sepsis {n}", text="Much else. " * 40) for n in range(3)]
    hub.publish(WESSEX, *titled, *(news(f"o{n}", f"Sepsis {n}", text=said_often) for n in range(9)))
    found = search(hub, "sepsis maternity", limit=4)
    assert {title.rpartition(" ")[0] for title in titles(found)[:3]} == {"Maternity sepsis"}
    assert titles(found)[3].startswith("Sepsis")
    assert len(walked(hub, Selection(search="sepsis maternity"), "relevance", 2)) == 12


def test_the_order_of_the_words_changes_nothing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    every = ("ward", "sepsis", "nurse", "trial")
    chance = random.Random(4)
    published: list[str] = []
    for number in range(60):
        published.append(" ".join([str(number), *(word for word in every if chance.random() < 0.6)]))
        hub.publish(WESSEX, news(str(number), published[-1]), at=NOW + timedelta(minutes=number))
    bound(monkeypatch, 35)
    for unwanted in ("", " -trial"):
        expected = [
            title
            for title in published
            if {"ward", "sepsis", "nurse"} <= set(title.split()) and not (unwanted and "trial" in title)
        ]
        assert len(expected) > 2
        for words in permutations(("ward", "sepsis", "nurse")):
            for order in ORDERS:
                found = search(hub, " ".join(words) + unwanted, order=order)
                assert sorted(titles(found)) == sorted(expected)
                assert found.stories == len(expected)


def test_a_search_for_feeds_leaves_out_what_nothing_is_told_of(hub: Hub) -> None:
    past = [news(str(number), at=ago(days=number), tags=(SAFETY,)) for number in range(backlog.TOLD + 5)]
    hub.begin_long_ago()
    hub.publish(WESSEX, *past)
    for filter in (None, Term("tag", "safety"), Term("member", "wessex")):
        for order in ORDERS:
            selection = Selection(search="news", filter=filter, told=True)
            assert len(walked(hub, selection, order, 7)) == backlog.TOLD
            assert hub.store.search(selection, limit=1, order=order).stories == backlog.TOLD


STROKE = Tag("stroke", "a rule")
SAFE, OF_EAST = Term("tag", "safety"), Term("member", "east")


def looked_for_one_by_one(
    stored: Sequence[StoredEntry], words: Sequence[str], filter: Filter | None, most: int
) -> dict[int, int]:
    """By story the entry that stands for it, found without any index among the last with these words."""
    tags: dict[int, set[str]] = {}
    for each in stored:
        if each.standing == "published":
            tags.setdefault(each.story, set()).update(tag.term for tag in each.entry.tags)

    def matches(each: StoredEntry, filter: Filter | None) -> bool:
        match filter:
            case Term("tag", value):
                return value in tags[each.story]
            case Term("member", value):
                return value == each.member.slug
            case And(inner):
                return all(matches(each, part) for part in inner)
            case Not(inner):
                return not matches(each, inner)
        return True

    with_words = [
        each for each in stored if set(words) <= set(f"{each.entry.title} {each.entry.text}".lower().split())
    ]
    found = [each for each in with_words[-most:] if each.standing == "published" and matches(each, filter)]
    best: dict[int, int] = {}
    for each in sorted(found, key=lambda each: (not each.lead, each.key)):
        best.setdefault(each.story, each.key)
    return best


@dataclass(frozen=True, slots=True)
class Joint:
    """A hub with news that members tell together, some of it withdrawn, which no test changes.

    Words and tags are looked up in bitmaps of blocks of so many entries, of so many `common` words.
    """

    hub: Hub
    block: int | None
    common: int

    def is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the hub go by the bitmaps that it has."""
        monkeypatch.setattr(wordbitmaps, "_MOST_WORDS", self.common)
        monkeypatch.setattr(tagbitmaps, "_BLOCK", self.block or tagbitmaps._BLOCK)
        if self.block is not None:
            use_bitmaps(monkeypatch, self.block)


@pytest.fixture(
    scope="module",
    params=[
        ("sqlite", None, 0),
        ("sqlite", 4, 99),
        ("sqlite", 24, 99),
        ("sqlite", 4, 4),
        ("postgresql", None, 0),
        ("postgresql", None, 5),
    ],
    ids=lambda each: "-".join(map(str, each)),
)
def joint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joint]:
    kind, block, common = request.param
    for hub in a_hub(tmp_path_factory.mktemp("joint"), kind):
        made = Joint(hub, block, common)
        # Not for as long as there is this hub: other tests come before the next one.
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(tagbitmaps, "_BLOCK", block or tagbitmaps._BLOCK)
            fill(hub)
            made.is_used(monkeypatch)
            if block is not None:
                hub.make_bitmaps()
                # What changed in a block has it made anew; until then it has none.
                hub.sql(f"DELETE FROM bitmap_blocks WHERE first = {2 * block + 1}")
            if isinstance(hub.store, PostgresStore) and common:
                hub.store._execute("ANALYZE search")
        yield made


def fill(hub: Hub) -> None:
    chance = random.Random(12)
    words = ["ward", "nurse", "scan", "trial", "grant"]
    coming = []
    for number in range(40):
        for feed in chance.sample([WESSEX, EAST, NATIONAL], chance.choice((1, 1, 2, 3))):
            at = NOW + timedelta(hours=3 * number + chance.randrange(60))
            entry = news(
                f"{feed.member} {number}",
                f"Joint {number} {' '.join(chance.sample(words, 1))}",
                at=at,
                text=" ".join(chance.sample(words, 3)),
                link=f"https://joint.example/{number}",
                tags=tuple(tag for tag in (SAFETY, STROKE) if chance.random() < 0.3),
            )
            coming.append((at, feed, entry))
    for at, feed, entry in sorted(coming, key=lambda each: each[0]):
        hub.publish(feed, entry, at=at)
    hub.store.withdraw(chance.sample([each.key for each in hub.store.walk()], 9), "Withdrawn", NOW)


@pytest.mark.parametrize(
    "filter",
    [
        None,
        SAFE,
        OF_EAST,
        And((SAFE, OF_EAST)),
        And((SAFE, Term("tag", "stroke"))),
        And((OF_EAST, Not(SAFE))),
    ],
)
@pytest.mark.parametrize("most", [12, 30, 10_000])
def test_a_search_finds_what_looking_at_each_entry_finds(
    joint: Joint, monkeypatch: pytest.MonkeyPatch, filter: Filter | None, most: int
) -> None:
    joint.is_used(monkeypatch)
    bound(monkeypatch, most)
    stored = list(joint.hub.store.walk())
    for typed in ("ward", "nurse scan", "trial grant ward"):
        expected = looked_for_one_by_one(stored, typed.split(), filter, most)
        assert expected
        selection = Selection(search=typed, filter=filter)
        for order in ORDERS:
            found = {story.id: story.shown.key for story in stories_of_pages(joint.hub, selection, order, 5)}
            assert found == expected
            assert joint.hub.store.search(selection, limit=1, order=order).stories == len(expected)


@pytest.mark.parametrize(("typed", "finds"), [("cardiology", 1), ("card*", 1), ("car*", 1), ("ca*", 0)])
def test_a_star_needs_three_letters(hub: Hub, typed: str, finds: int) -> None:
    hub.publish(WESSEX, news("a", "Cardiology"))
    assert search(hub, typed).stories == finds


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("educat*", ["Education"]),
        ("universit*", ["University"]),
        ("bus*", ["Bus"]),
        ("commis*", ["Commission"]),
        ("nurs*", ["Nurse", "Nursing"]),
        ("install*", ["Installation", "Installations"]),
        ("resum*", ["Résumé"]),
        ("RÉSUM*", ["Résumé"]),
        ("новост*", ["новости"]),
        ("well-bein*", ["Well-being"]),
        ("co_operat*", ["Co-operation"]),
        # Stemming takes the last byte of three from this one's digit.
        ("aa၁*", ["aa၁ed"]),
        ("aa၁ed", ["aa၁ed"]),
        ("___*", []),
        ("trial innovat*", ["Innovation trial"]),
        ("trial -innovat*", ["Medication trial"]),
        ("medicat* innovat*", []),
    ],
)
@pytest.mark.parametrize(
    ("hub", "block"), [("sqlite", None), ("sqlite", 4), ("postgresql", None)], indirect=["hub"]
)
def test_a_star_stands_for_any_ending_whatever_stemming_makes_of_the_word(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, typed: str, finds: list[str], block: int | None
) -> None:
    words = ["Education", "University", "Bus", "Building", "Commission", "Committee", "Nurse", "Nursing"]
    words += ["Nurture", "Installation", "Installations", "Instance", "Résumé", "новости", "Well-being"]
    words += ["Co-operation", "Innovation trial", "Medication trial", "aa၁ed"]
    hub.publish(WESSEX, *(news(word, word, text="-") for word in words))
    if block is not None:
        use_bitmaps(monkeypatch, block)
        hub.make_bitmaps()
    for order in ORDERS:
        assert sorted(titles(search(hub, typed, order=order))) == finds


WORDS = """
ability accessible action activity additional administrative ageing agreed alcohol analysis annual appointment
assessment award bereavement bus business cancer capillary careful carers centre charity children clinical
collaboration commissioning committee communities conference confidence controlled creative data development
diabetes digital disabled economy education effectiveness emergency employees engagement enrolment equality
evaluation excellence families finally funding general governance happiness healthcare hospital housing
improvement inclusion independent information initiatives innovative inspection installation institute
international leadership learning loneliness maternity medical medicines mental ministers national negative
neighbourhood nursing operational organisation ownership partnerships patients pharmacist physical policies
possible practical pressures prevention priorities professional programme psychological quality recovery
referred regional relationships representatives research resilience responsibility safeguarding screening
services severe social specialist statistics strategic studies successfully support surgery surveillance
sustainability technologies therapeutic training transformation trustees universities vaccination vulnerable
volunteers wellness winning workforce
"""
# Stemming would leave the same of `medicing`, and nobody told the index that there is no such word.
ENDING_OF_NO_WORD = {"medici": {"medical"}, "medicin": {"medical"}}


def test_each_beginning_of_a_word_finds_all_words_that_begin_so_and_what_has_the_terms_of_those(
    hub: Hub,
) -> None:
    words = WORDS.split()
    with closing(Terms()) as terms:
        term = {word: terms.of_word(word) for word in words}
    hub.publish(WESSEX, *(news(word, word, text="-") for word in words))
    for start in sorted({word[:many] for word in words for many in range(4, 9)}):
        begin_so = {word for word in words if word.startswith(start)}
        as_good = {word for word in words if term[word] in {term[other] for other in begin_so}}
        found = {*titles(search(hub, f"{start}*", limit=200, order="date"))}
        assert begin_so <= found <= as_good | ENDING_OF_NO_WORD.get(start, set()), start
