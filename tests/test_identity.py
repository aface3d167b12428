"""By what a feed's entries are told apart over the years, and that a site made anew announces nothing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub import urls
from hub.admin import explain
from hub.config import load
from hub.errors import ConfigError
from hub.model import Entry, Gathered, Identifier, Identity, Known
from hub.reader import Document, Reader
from hub.stories import alike, has_moved, identity_after, is_renamed, recognise, renamed, unknown
from tests.commands import Hub as Commands
from tests.entries import PUBLISHED, entry
from tests.known import stored
from tests.moments import Moments
from tests.site import Site
from tests.test_decide import FEED, NOW, POLLED, decided, document
from tests.web_hub import EAST, NETWORK, WESSEX, Hub, a_hub, news

TEXTS = (
    "Every ward in the county will measure blood pressure twice a day from spring, the trust says.",
    "Bids for rural transport are invited until June, with awards of up to forty thousand pounds.",
    "Menus, recipes and photographs of lunches cooked by apprentices in seven hospital kitchens.",
    "A thousand volunteers took part in the trial of a scanner that fits into a coat's pocket.",
    "The board appoints a new chair, who led a charity for people with diabetes before.",
)
TITLES = ("Ward opens", "Bids invited", "Lunch is served", "Scanner tried", "Chair appointed")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def test_what_a_feed_says_again_under_an_id_that_is_anothers_gets_one_of_its_own(web: Hub) -> None:
    told = [news(f"https://wessex.example/{number}", f"Board meeting {number}") for number in range(9)]
    web.publish(WESSEX, *told)
    web.publish(EAST, news("tag:east.example,2026:9", "Another"))
    again = news("tag:east.example,2026:9", told[-1].title, link="https://wessex.example/again")
    web.publish(WESSEX, told[-1], again, at=NOW + timedelta(hours=1))
    theirs, ours = sorted(
        (each.entry.feed.member, each.atom_id)
        for each in web.store.entries(limit=100).items
        if each.entry.id == again.id
    )
    assert theirs == ("east", again.id)
    assert ours[0] == "wessex"
    assert ours[1].startswith("tag:news.example,")
    # What is usual with the feed was learnt from all that it had, not from this document alone.
    with closing(sqlite3.connect(web.file)) as db:
        learnt = db.execute(
            "SELECT h.entries FROM habits h JOIN feeds f ON f.id = h.feed WHERE f.member = 'wessex'"
        )
        assert learnt.fetchall() == [(len(told) + 1,)]


@pytest.mark.parametrize(
    ("zone", "before"),
    [("JST", "GMT"), ("IST", "GMT"), ("UTC+2", "+0900"), ("GMT+2", None), ("BST", "+0100"), ("EST", "-0500")],
)
@pytest.mark.parametrize("by", ["id", "title"])
def test_news_known_by_its_date_is_not_new_since_the_dates_zone_is_understood(
    zone: str, before: str | None, by: Identifier
) -> None:
    def read(date: str, words: str = "") -> Entry:
        body = (
            "<rss version='2.0'><channel><title>East</title><item><title>Ward opens</title>"
            f"<description>{TEXTS[0]} {words}</description>{date}</item></channel></rss>"
        )
        told = Document(feed=FEED, url=FEED.url, body=body.encode(), content_type="application/rss+xml")
        (its,) = Reader((), "Asia/Tokyo").read(told).entries
        return its

    when = "<pubDate>Thu, 19 Nov 2026 17:00:00 {}</pubDate>"
    by_an_earlier_hub = stored(read(when.format(before) if before else ""))
    state = replace(POLLED, identity=Identity(by=by))
    same = read(when.format(zone))
    assert same.published is not None
    update = decided(document(same), by_an_earlier_hub, state=state)
    assert (update.new, update.changed) == ((), ())
    corrected = read(when.format(zone), "It has twelve beds.")
    update = decided(document(corrected), by_an_earlier_hub, state=state)
    assert [change.key for change in update.changed] == ([by_an_earlier_hub.key] if before else [])


@pytest.mark.parametrize(
    ("written", "before"),
    [
        ("Thu, 19 Nov 2026 17:00:00 -500", "Sat, 21 Nov 2026 19:00:00 +0900"),
        ("Thu, 19 Nov 2026 17:00:00 +02", None),
        ("Thu, 19 Nov 2026 17:00:00,5 +0200", "Thu, 19 Nov 2026 17:00:00 GMT"),
        ("Thursday, 19-Nov-26 17:00:00 GMT", None),
        ("Thu, 2026/11/19 17:00:00 +0200", "Thu, 19 Nov 2026 17:00:00 GMT"),
        ("2026-11-19T17:00:00 EST", "Thu, 19 Nov 2026 17:00:00 GMT"),
        ("2026-11-19T05:00 PM", "Thu, 19 Nov 2026 05:00:00 GMT"),
        ("2026-11-19T17:00:00-5:00", "Thu, 19 Nov 2026 17:00:00 +0900"),
        ("2026-11-19 17:00:00.123 +0530", "Thu, 19 Nov 2026 17:00:00 +0500"),
        ("2026-11-19 17:00:00 -0400 EDT", None),
        (
            "&lt;time datetime='2026-11-19T17:00:00 EST'>19 November&lt;/time>",
            "Thu, 19 Nov 2026 17:00:00 GMT",
        ),
    ],
)
@pytest.mark.parametrize("by", ["id", "title"])
def test_news_known_by_its_date_is_not_new_since_a_zone_in_other_figures_is_understood(
    written: str, before: str | None, by: Identifier
) -> None:
    def read(date: str | None) -> Entry:
        dated = f"<pubDate>{date}</pubDate>" if date else ""
        body = (
            "<rss version='2.0'><channel><title>East</title><item><title>Ward opens</title>"
            f"<description>{TEXTS[0]}</description>{dated}</item></channel></rss>"
        )
        told = Document(feed=FEED, url=FEED.url, body=body.encode(), content_type="application/rss+xml")
        (its,) = Reader((), "Asia/Tokyo").read(told).entries
        return its

    by_an_earlier_hub, now = read(before), read(written)
    assert now.published not in (None, by_an_earlier_hub.published)
    assert now.keys == by_an_earlier_hub.keys
    state = replace(POLLED, identity=Identity(by=by))
    update = decided(document(now), stored(by_an_earlier_hub), state=state)
    assert (update.new, update.changed) == ((), ())


def found(document: Sequence[Entry], *before: Entry, by: Identifier = "id") -> list[int | None]:
    """The numbers of the stored entries that a document's entries are."""
    known = [stored(each, key=number) for number, each in enumerate(before)]
    return [each.known.key if each.known else None for each in recognise(document, known, by=by)]


def five(id: Callable[[int], str | None], link: Callable[[int], str | None]) -> list[Entry]:
    return [
        entry(id(number), title=title, text=TEXTS[number], link=link(number))
        for number, title in enumerate(TITLES)
    ]


def page(number: int) -> str:
    return f"https://east.example/news/{number}"


# ---------------------------------------------------------------- what documents show


def after(identity: Identity, document: Sequence[Entry], *before: Entry) -> Identity:
    known = [stored(each, key=number) for number, each in enumerate(before)]
    recognised = recognise(document, known, by=identity.by)
    looked_at = [each for each in recognised if not each.as_it_was]
    return identity_after(identity, recognised, looked_at, now=NOW)


def test_ids_that_hold_lead() -> None:
    entries = five(str, page)
    assert after(Identity(), entries, *entries) == Identity()


def test_ids_that_several_entries_share_give_way_to_links_at_once() -> None:
    chosen = after(Identity(), five(lambda _: "the same", page))
    assert (chosen.by, chosen.since) == ("link", NOW)
    assert chosen.why == "5 of the 5 entries of a document had an id that others had too"


def test_where_links_are_shared_too_titles_lead() -> None:
    assert after(Identity(), five(lambda _: "the same", lambda _: page(0))).by == "title"
    assert after(Identity(), five(lambda _: "the same", lambda _: None)).by == "title"
    assert after(Identity(), five(lambda _: "the same", lambda n: page(n) if n else None)).by == "title"


def test_one_id_that_stands_twice_is_an_editors_accident() -> None:
    entries = five(lambda number: str(max(number, 1)), page)
    assert after(Identity(), entries) == Identity()
    thrice = five(lambda number: str(max(number, 2)), page)
    others = [entry(f"other-{number}", link=page(9 + number)) for number in range(2)]
    assert after(Identity(), [*thrice, *others]) == Identity()
    assert after(Identity(), thrice).by == "link"


def test_ids_that_half_of_the_entries_changed_or_lost_leave_them_leading() -> None:
    before = five(str, page)[:4]
    half = five(lambda number: f"{'new-' if number % 2 else ''}{number}", page)[:4]
    assert after(Identity(), half, *before) == Identity()
    assert after(Identity(), five(lambda _: None, page), *five(str, page)) == Identity()


def test_a_relaunch_that_changes_every_id_once_leaves_them_leading() -> None:
    once = after(Identity(), five(lambda number: f"new-{number}", page), *five(str, page))
    assert (once.by, once.strayed) == ("id", 1)
    again = five(lambda number: f"new-{number}", page)
    assert after(once, again, *again) == Identity()


def test_ids_that_changed_in_three_documents_in_a_row_give_way_to_links() -> None:
    identity, before = Identity(), five(str, page)
    for poll in range(3):
        assert identity.by == "id"
        now = five(lambda number, poll=poll: f"{poll}-{number}", page)  # type: ignore[misc]
        identity, before = after(identity, now, *before), now
    assert identity.by == "link"
    assert identity.why == "most entries had other ids in each of 3 documents in a row"


def test_where_links_changed_with_the_ids_titles_lead() -> None:
    identity, before = Identity(strayed=2), five(str, page)
    now = five(lambda number: f"x{number}", lambda number: f"https://east.example/?t={number}")
    assert after(identity, now, *before).by == "title"


def test_links_that_led_and_change_give_way_to_titles() -> None:
    identity, before = Identity(by="link", why="w", since=NOW, strayed=2), five(lambda _: None, page)
    now = five(lambda _: None, lambda number: f"{page(number)}/session-7")
    chosen = after(identity, now, *before)
    assert chosen.by == "title"
    assert chosen.why == "most entries had other links in each of 3 documents in a row"


@pytest.mark.parametrize("by", ["link", "title"])
def test_what_was_chosen_stays_though_the_ids_hold_by_now(by: Identifier) -> None:
    chosen = Identity(by=by, why="w", since=NOW - timedelta(days=9))
    entries = five(str, page)
    for _ in range(5):
        assert after(chosen, entries, *entries) == chosen


def test_a_document_that_brings_nothing_back_shows_nothing() -> None:
    strayed = Identity(strayed=2)
    assert after(strayed, five(str, page)) == strayed


# ---------------------------------------------------------------- recognised by it


def test_where_links_lead_an_id_that_comes_up_again_takes_no_other_entry() -> None:
    january = entry("papers", title="Board papers, January", text="Papers of the board.", link=page(1))
    february = entry("papers", title="Board papers, February", text="Papers of the board.", link=page(2))
    assert found([february], january, by="id") == [0]
    assert found([february], january, by="link") == [None]


def test_where_links_lead_a_corrected_entry_is_known_by_its_link() -> None:
    before = entry("1", title="Ward opens", text=TEXTS[0], link=page(1))
    now = entry("2", title="Ward opens late", text=f"{TEXTS[0]} Indeed.", link=page(1), published=None)
    assert found([now], before, by="link") == [0]


def test_where_titles_lead_neither_id_nor_link_takes_another_entry() -> None:
    january = entry("papers", title="Board papers, January", text="Papers of the board.", link=page(1))
    february = entry("papers", title="Board papers, February", text="Papers of the board.", link=page(1))
    assert found([february], january, by="title") == [None]
    assert found([replace(january, id="x")], january, by="title") == [0]


# ---------------------------------------------------------------- a relaunch


def relaunched(
    *, titles: Sequence[str] = TITLES, texts: Sequence[str] = TEXTS, extra: Sequence[Entry] = ()
) -> list[Entry]:
    """The same news on a new site: other ids, links and dates, another word at the end."""
    return [
        *extra,
        *(
            entry(
                f"https://new.example/?p={number}",
                title=title,
                text=f"{text} Continue reading",
                link=f"https://new.example/{number}/",
                published=PUBLISHED + timedelta(days=30),
            )
            for number, (title, text) in enumerate(zip(titles, texts, strict=True))
        ),
    ]


def by_titles(entries: Sequence[Entry], before: Sequence[Entry]) -> list[int | None]:
    known = [stored(each, key=number) for number, each in enumerate(before)]
    keys = frozenset(each.key for each in known)
    return [each.known.key if each.known else None for each in recognise(entries, known, retitled=keys)]


def test_a_document_with_nothing_but_titles_in_common_is_the_same_news_on_a_new_site() -> None:
    assert by_titles(relaunched(), five(str, page)) == [0, 1, 2, 3, 4]


def test_new_news_on_the_new_site_is_new() -> None:
    new = entry("https://new.example/?p=9", title="Relaunch", text="Our site is new.")
    assert by_titles(relaunched(extra=[new]), five(str, page)) == [None, 0, 1, 2, 3, 4]


def test_titles_that_come_up_again_with_other_texts_are_other_news() -> None:
    others = [text[::-1] for text in TEXTS]
    assert by_titles(relaunched(texts=others), five(str, page)) == [None] * 5


def test_a_title_that_several_have_tells_nothing() -> None:
    same = ["Weekly update"] * 5
    before = [replace(each, title="Weekly update") for each in five(str, page)]
    assert by_titles(relaunched(titles=same), before) == [None] * 5


def test_which_of_two_with_one_title_is_there_says_the_text() -> None:
    again = entry("old-9", title=TITLES[1], text="The ward was full last year.", link=page(9))
    before = [*five(str, page), again]
    document = [replace(each, text=text) for each, text in zip(relaunched(), TEXTS, strict=True)]
    assert by_titles(document, before) == [0, 1, 2, 3, 4]
    both = [*document, replace(document[1], id="new-9", text=again.text, link="https://new.example/9/")]
    assert by_titles(both, before) == [0, 1, 2, 3, 4, 5]
    assert by_titles(both, [*before, replace(again, id="old-8")]) == [0, 1, 2, 3, 4, None]


def test_a_few_titles_in_common_are_no_relaunch() -> None:
    assert by_titles(relaunched()[:2], five(str, page)) == [None, None]
    more = [entry(f"https://new.example/?p={n}", title=f"Headline {n}") for n in range(10, 15)]
    assert by_titles([*relaunched(), *more], five(str, page)) == [0, 1, 2, 3, 4, *(None for _ in more)]
    assert by_titles([*relaunched()[:4], *more], five(str, page)) == [None] * 9


def test_whoever_has_a_whole_headline_comes_before_who_has_it_without_the_sites_name() -> None:
    titles, texts = [*TITLES[1:], f"{TITLES[1]} – Health East"], [*TEXTS[1:], TEXTS[1]]
    before = [replace(each, title=f"{each.title} – Health East") for each in five(str, page)]
    assert by_titles(relaunched(titles=titles, texts=texts), before) == [None, 2, 3, 4, 1]
    before = [*five(str, page), entry("old-9", title=titles[-1], text=TEXTS[1], link=page(9))]
    document = relaunched(titles=[f"{title} – Health East" for title in TITLES])
    assert by_titles(document, before) == [0, 5, 2, 3, 4]


@pytest.mark.parametrize("now", [" | Health East", ""], ids=["now", "before"])
def test_a_sites_name_that_all_headlines_end_with_is_none_of_theirs(now: str) -> None:
    then = "" if now else " – Health East"
    before = [replace(each, title=f"{each.title}{then}") for each in five(str, page)]
    document = relaunched(titles=[f"{title}{now}" for title in TITLES])
    assert by_titles(document, before) == [0, 1, 2, 3, 4]


LONG = [" ".join(f"{word}{number}" for word in "abcdefghijklmnopqrstuvwxyz") * 2 for number in range(5)]


def test_news_that_got_another_headline_with_the_new_site_is_known_by_its_text() -> None:
    before = [replace(each, text=text) for each, text in zip(five(str, page), LONG, strict=True)]
    document = relaunched(titles=[*TITLES[:3], "A new headline", "Another one"], texts=LONG)
    document = [replace(each, text=text) for each, text in zip(document, LONG, strict=True)]
    assert by_titles(document, before) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["Minutes of May"], ["Minutes of June"]),
        (["Bulletin 11"], ["Bulletin 12"]),
        (["Vacancy: nurse"], ["Vacancy: porter", "Vacancy: midwife"]),
        (["Vacancy: nurse", "Vacancy: cook"], ["Vacancy: porter"]),
    ],
)
def test_notices_of_a_series_are_no_one_notice_though_their_texts_are_the_same(
    old: list[str], new: list[str]
) -> None:
    before = [
        *five(str, page),
        *(entry(f"old-{n}", title=title, text=LONG[0], link=page(10 + n)) for n, title in enumerate(old)),
    ]
    notices = [entry(f"new-{n}", title=title, text=LONG[0], link=page(20 + n)) for n, title in enumerate(new)]
    assert by_titles(relaunched(extra=notices), before) == [*(None for _ in notices), 0, 1, 2, 3, 4]


def test_a_forms_text_under_other_headlines_is_other_news_each_time() -> None:
    before = [
        entry(f"old-{n}", title=f"{post} at Ashford Hospital", text=LONG[n], link=page(10 + n))
        for n, post in enumerate(("Nurse", "Porter", "Cook"))
    ]
    after = [
        entry(f"new-{n}", title=f"{post} at Dover Hospital", text=LONG[n], link=page(20 + n))
        for n, post in enumerate(("Nurse", "Porter", "Cook"))
    ]
    assert by_titles(after, before) == [None] * 3


def test_titles_and_texts_are_looked_for_only_where_most_of_a_document_is_unknown() -> None:
    before = [stored(each, key=number) for number, each in enumerate(five(str, page))]
    assert len(unknown(relaunched(), [])) == 5
    assert unknown(relaunched()[:2], []) == ()
    assert unknown([*five(str, page), *relaunched()[:3]], before) == ()
    assert unknown([*five(str, page)[:2], *relaunched()[:2]], before[:2]) == ()
    assert len(unknown([*five(str, page)[:2], *relaunched()[:3]], before[:2])) == 3


def test_of_a_feeds_latest_only_those_with_a_title_or_text_of_the_document_are_looked_into() -> None:
    document = relaunched(titles=[*(f"{title} | Health East" for title in TITLES[:4]), "New | Health East"])
    document[1] = replace(document[1], text=LONG[0])
    texts = ["other", LONG[0], LONG[1], document[2].text, ""]
    latest = [(key, f"Other {key}" if key else TITLES[0], text) for key, text in enumerate(texts)]
    assert alike(document, latest) == {0, 1}


def test_of_a_feeds_latest_those_are_looked_into_whose_titles_ended_with_the_sites_name_before() -> None:
    latest = [(key, f"{title} | Health East", "other") for key, title in enumerate(("Other", *TITLES))]
    assert alike(relaunched(), latest) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("entries", "came_back", "are_renamed"), [(3, 5, 3), (3, 6, 0), (3, 9, 0), (2, 3, 0), (2, 2, 0)]
)
def test_other_ids_are_a_relaunch_where_several_and_most_of_what_came_back_have_them(
    entries: int, came_back: int, are_renamed: int
) -> None:
    pairs = list(zip(relaunched(), map(stored, five(str, page)), strict=True))[:entries]
    assert renamed(pairs, came_back, "id") == are_renamed


@pytest.mark.parametrize(
    ("id", "link", "by_id", "moved"),
    [
        ("1", "https://east.example/1", False, False),
        ("2", "https://east.example/1", True, False),
        (None, "https://east.example/1", False, False),
        ("1", None, False, False),
        ("1", "https://east.example/1?session=7", False, False),
        ("1", "http://www.east.example/1/", False, False),
        ("1", "https://east.example/2", True, True),
        ("1", "https://new.example/1", True, True),
    ],
)
def test_an_entry_is_renamed_where_its_id_is_another_and_moved_where_its_address_is(
    id: str | None, link: str | None, by_id: bool, moved: bool
) -> None:
    now, known = entry(id, link=link), stored(entry("1", link="https://east.example/1"))
    assert is_renamed(now, known, "id") == by_id
    assert is_renamed(now, known, "link") == moved
    assert has_moved(now, known) == moved
    assert has_moved(now, stored(entry("1", link=None))) == (link is not None)


def test_an_entry_on_a_host_that_was_another_before_has_moved_though_it_is_known_by_one_address() -> None:
    now, known = (entry("1", link=f"https://{host}.example/1") for host in ("new", "old"))
    assert has_moved(replace(now, canonical_link=known.canonical_link), stored(known))


def test_a_relaunch_relinks_and_announces_nothing() -> None:
    before = [stored(each, key=number) for number, each in enumerate(five(str, page))]
    known = Known(own=tuple(before), retitled=frozenset(each.key for each in before))
    update = decided(document(*relaunched()), known=known)
    assert update.new == ()
    assert [(each.key, each.told) for each in update.changed] == [
        (number, "no") for number in (4, 3, 2, 1, 0)
    ]
    assert "5 of the 5 entries that were known have other ids or links" in update.state.remarks[-1]


def test_an_id_that_changed_alone_is_taken_over_and_nobody_told() -> None:
    before, now = entry("http://east.example/?p=1"), entry("https://east.example/ward", link="")
    now = replace(now, link=before.link, canonical_link=before.canonical_link, title=before.title)
    now = replace(now, fingerprint=before.fingerprint, keys=replace(before.keys, id=now.keys.id))
    update = decided(document(now), stored(before))
    (relinked,) = update.relinked
    assert (update.new, update.changed) == ((), ())
    assert (relinked.id, relinked.keys.id) == (now.id, now.keys.id)


def test_an_id_that_changed_leaves_a_link_whose_parameters_alone_changed_as_it_was() -> None:
    before = entry("1", title="Ward", text=TEXTS[0], link=f"{page(1)}?t=1")
    now = entry("2", title="Ward", text=TEXTS[0], link=f"{page(1)}?t=2")
    (relinked,) = decided(document(now), stored(before)).relinked
    assert (relinked.id, relinked.link, relinked.canonical_link) == ("2", before.link, before.canonical_link)
    assert relinked.keys.link == before.keys.link


def test_where_links_lead_an_id_that_changed_is_not_written_down_at_each_poll() -> None:
    now, before = five(lambda number: f"x{number}", page), five(str, page)
    state = replace(POLLED, identity=Identity(by="link", why="w", since=NOW))
    known = [stored(each, key=number) for number, each in enumerate(before)]
    assert decided(document(*now), *known, state=state).relinked == ()


def test_what_feeds_yaml_says_leads_whatever_the_documents_show() -> None:
    feed = replace(POLLED.feed, identify_by="id")
    shared = five(lambda _: "the same", page)
    state = decided(document(*shared), state=replace(POLLED, feed=feed)).state
    assert (state.identified_by, state.identity) == ("id", Identity())
    feed = replace(feed, identify_by="title")
    assert replace(state, feed=feed).identified_by == "title"


# ---------------------------------------------------------------- a new template


def reworded(count: int) -> tuple[Gathered, list[Entry]]:
    before = five(str, page)
    now = [
        entry(each.id, title=each.title, text=f"{each.text} More on our site.", link=each.link)
        if number < count
        else each
        for number, each in enumerate(before)
    ]
    return document(*now), before


def test_words_that_all_of_a_documents_entries_get_at_once_are_a_template_and_not_told() -> None:
    gathered, before = reworded(5)
    update = decided(gathered, *(stored(each, key=number) for number, each in enumerate(before)))
    assert {each.told for each in update.changed} == {"no"}
    assert "as a new template does" in update.state.remarks[-1]


@pytest.mark.parametrize(("entries", "told"), [(4, "no"), (3, "no"), (2, "yes")])
def test_the_same_words_in_all_of_a_few_entries_are_a_template_too(entries: int, told: str) -> None:
    before = five(str, page)[:entries]
    now = [
        entry(each.id, title=each.title, text=f"{each.text}\nAbout us: a trust.", link=each.link)
        for each in before
    ]
    known = [stored(each, key=number) for number, each in enumerate(before)]
    assert {each.told for each in decided(document(*now), *known).changed} == {told}
    # Each put right in its own words.
    others = [
        entry(each.id, title=each.title, text=f"{each.text}\nUntil day {number}.", link=each.link)
        for number, each in enumerate(before)
    ]
    assert {each.told for each in decided(document(*others), *known).changed} == {"yes"}


def test_corrections_of_some_of_a_documents_entries_are_told() -> None:
    gathered, before = reworded(3)
    update = decided(gathered, *(stored(each, key=number) for number, each in enumerate(before)))
    assert [each.told for each in update.changed] == ["yes"] * 3


# ---------------------------------------------------------------- over loopback


@dataclass(frozen=True)
class Told:
    """What readers and their programs go by: it must not move when a site is made anew."""

    atom_id: str
    date: datetime
    changed: datetime
    story: int


def told(hub: Moments) -> list[Told]:
    return [Told(each.atom_id, each.date, each.changed, each.story) for each in hub.entries]


def serve(
    site: Site,
    id: Callable[[int], str],
    link: Callable[[int], str],
    *,
    more: str = "",
    days: int = 0,
) -> str:
    """Answer with a feed of the five; its URL."""
    items = "".join(
        f"<item><title>{title}</title><link>{link(number)}</link>"
        f"<guid isPermaLink='false'>{id(number)}</guid>"
        f"<pubDate>{format_datetime(PUBLISHED + timedelta(days=days, hours=-number))}</pubDate>"
        f"<description>{TEXTS[number]}{more}</description></item>"
        for number, title in enumerate(TITLES)
    )
    head = f"<title>East</title><link>{site.url}</link>"
    return site.page("/feed", f"<rss version='2.0'><channel>{head}{items}</channel></rss>")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(
            lambda n: (f"http://old.example/?p={n}", f"http://old.example/?p={n}"),
            lambda n: (f"https://old.example/?p={n}", f"https://old.example/?p={n}"),
            id="http became https",
        ),
        pytest.param(
            lambda n: (f"https://old.example/?p={n}", f"https://old.example/?p={n}"),
            lambda n: (f"https://old.example/news/{n}/", f"https://old.example/news/{n}/"),
            id="?p= became a name",
        ),
        pytest.param(
            lambda n: (f"https://old.example/?p={n}", f"https://old.example/{n}/"),
            lambda n: (f"cms-{n}", f"https://new.example/news/{n}-name"),
            id="another system on another host",
        ),
        pytest.param(
            lambda n: (f"https://old.example/?p={n}", f"https://old.example/{n}/"),
            lambda n: (f"cms-{n}", f"https://old.example/{n}/"),
            id="another system at the same links",
        ),
    ],
)
@pytest.mark.parametrize("days", [0, 30], ids=["same dates", "new dates"])
@pytest.mark.parametrize("more", ["", " Read it all."], ids=["same words", "new template"])
def test_a_site_made_anew_announces_nothing_and_its_news_is_known_by_its_new_ids(
    hub: Moments,
    site: Site,
    before: Callable[[int], tuple[str, str]],
    now: Callable[[int], tuple[str, str]],
    days: int,
    more: str,
) -> None:
    hub.write(f"url: {serve(site, lambda n: before(n)[0], lambda n: before(n)[1])}")
    assert hub.poll().new == 5
    was = told(hub)
    serve(site, lambda n: now(n)[0], lambda n: now(n)[1], days=days, more=more)
    assert hub.poll(hours=1).new == 0
    assert told(hub) == was
    assert [each.entry.id for each in hub.entries] == [now(n)[0] for n in (4, 3, 2, 1, 0)]
    links = [urls.canonical(each.entry.link or "") for each in hub.entries]
    assert links == [urls.canonical(now(n)[1]) for n in (4, 3, 2, 1, 0)]
    serve(site, lambda n: now(n)[0], lambda n: now(n)[1], days=days, more=f"{more} Now.")
    assert hub.poll(hours=1).new == 0
    assert told(hub) == was
    assert hub.state.identity == Identity()


def test_a_feed_whose_ids_change_at_each_poll_is_read_by_its_links_from_then_on(
    hub: Moments, site: Site
) -> None:
    feed = ""
    for poll in range(6):
        feed = serve(site, lambda n, poll=poll: f"{poll}-{n}", page)  # type: ignore[misc]
        hub.write(f"url: {feed}")
        result = hub.poll(hours=1)
        assert (result.new, result.updated) == ((0, 0) if poll else (5, 0))
        assert hub.state.identified_by == ("id" if poll < 3 else "link")
    version = hub.store.version()
    serve(site, lambda n: f"again-{n}", page)
    hub.poll(hours=1)
    assert hub.store.version() == version
    said = explain.run(hub.config, hub.database, page(1), now=hub.now)[0]
    assert "Known    by its link, since 20 November 2026: most entries had other ids" in said
    hub.write(f"{{url: {feed}, identify_by: title}}")
    hub.poll(hours=1)
    assert (
        "Known    by its title, as feeds.yaml says"
        in explain.run(hub.config, hub.database, page(1), now=hub.now)[0]
    )
    assert (
        "Known    its entries, by their titles, as feeds"
        in explain.run(hub.config, hub.database, feed, now=hub.now)[0]
    )
    hub.write(f"url: {feed}")
    hub.poll(hours=1)
    assert hub.state.identified_by == "link"


def test_the_status_page_says_by_what_news_is_told_apart_and_why(web: Hub) -> None:
    web.publish(WESSEX, news("a", "One"))
    assert "told apart" not in web.words("/status")
    web.publish(WESSEX, *(news("same", title, text=TEXTS[n]) for n, title in enumerate(TITLES)))
    assert "Their news has been told apart by its" in web.words("/status")
    assert "5 of the 5 entries of a document had an id that others had too" in web.words("/status")
    feed = "url: https://wessex.example/feed/"
    web.configure(NETWORK.replace(feed, f"{feed}, identify_by: id"))
    assert "Their news is told apart by its ids, as feeds.yaml says" in web.words("/status")


def test_an_identifier_that_is_none_is_an_error_with_its_line(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    commands.write({"east": ["https://east.example/feed/"]}, more="        identify_by: address\n")
    with pytest.raises(
        ConfigError, match=r":8: .*identify_by: `address` is not possible here; write id, link or title"
    ):
        load(commands.config)


def test_entries_that_all_have_one_title_take_no_longer_for_each_the_more_there_are() -> None:
    # As from a calendar that makes up ids at each request, after a day of it.
    def told(number: int) -> Entry:
        made = entry(f"tag:east.example,2026:{number}", title="Clinic", link=None)
        return replace(made, fingerprint=f"words {number}")

    own = [stored(told(number), key=number) for number in range(40_000)]
    document = [told(number) for number in range(39_999, 44_000)]
    started = time.thread_time()
    first, *others = recognise(document, own)
    assert time.thread_time() - started < 2
    assert first.known is own[-1]
    assert all(each.known is None for each in others)
