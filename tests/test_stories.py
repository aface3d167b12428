"""Which stored entry an entry of a document is, and which other member's news it is a copy of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from hub.model import Candidate, Entry, FeedKey, Known, KnownEntry, Source
from hub.stories import Verdict, copy_of, is_rewritten, recognise, sketched
from tests.entries import PUBLISHED, entry
from tests.known import candidate, of_others, stored

WARD = "Every ward in the county will measure blood pressure twice a day from spring, the trust says."
GRANT = "Bids for rural transport are invited until June, with awards of up to forty thousand pounds."
CANTEEN = "Menus, recipes and photographs of lunches cooked by apprentices in seven hospital kitchens."


def one(document: Entry, *known: KnownEntry) -> KnownEntry | None:
    """The stored entry that the only entry of a document is."""
    return recognise([document], known)[0].known


# ---------------------------------------------------------------- the ladder


def test_an_entry_is_known_by_its_id_though_link_title_and_text_were_corrected() -> None:
    before = entry("tag:east.example,2026:1", title="Launch of the stroke service", text=WARD)
    after = entry(
        "tag:east.example,2026:1",
        title="Delay of the stroke service",
        text=f"Correction. {WARD}",
        link="https://east.example/news/delay",
    )
    assert one(after, stored(before)) == stored(before)


def test_ids_that_differ_in_case_alone_are_two_ids() -> None:
    upper, lower = "http://east.example/A", "http://east.example/a"
    known = [
        stored(entry(upper, title="Ward", text=WARD, link="http://east.example/1"), key=1),
        stored(entry(lower, title="Bids", text=GRANT, link="http://east.example/2"), key=2),
    ]
    document = [
        entry(lower, title="Bids!", text=f"{GRANT} More.", link="http://east.example/two", published=None),
        entry(upper, title="Ward!", text=f"{WARD} More.", link="http://east.example/one", published=None),
    ]
    assert [each.known and each.known.key for each in recognise(document, known)] == [2, 1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://east.example/?p=1", "https://east.example/?p=1"),
        ("https://east.example/news/1/", "https://www.east.example/news/1"),
        ("HTTP://EAST.EXAMPLE/NEWS/1", "http://east.example/news/1"),
    ],
)
def test_an_id_that_changed_its_scheme_www_slash_or_case_is_the_same(before: str, after: str) -> None:
    known = stored(entry(before, text=WARD, link=None))
    changed = entry(after, title="Corrected", text=f"{WARD} More.", link=None, published=None)
    assert one(changed, known) == known


def test_an_entry_with_a_new_id_is_known_by_its_link() -> None:
    known = stored(entry("old-1", text=WARD, link="https://east.example/news/1"))
    again = entry(
        "new-1", title="Corrected", text=WARD, link="http://www.east.example/news/1/?utm_source=rss"
    )
    assert one(again, known) == known


@pytest.mark.parametrize("title", ["Webinar: wound care", "Webinar: choirs"])
def test_events_with_ids_and_dates_of_their_own_are_several_though_one_page_books_them(title: str) -> None:
    page, later = "https://tickets.example/east", PUBLISHED + timedelta(days=30)
    known = stored(entry("e1", title="Webinar: wound care", text="Join us on 20 March.", link=page))
    following = entry("e2", title=title, text="Join us on 21 April.", link=page, published=later)
    assert one(following, known) is None
    assert one(replace(following, published=PUBLISHED + timedelta(days=1)), known) == known
    undated = entry("e2", title=title, text="Join us on 21 April.", link=page, published=None)
    assert one(undated, known) == known


@pytest.mark.parametrize(("others", "is_made_anew"), [(2, False), (3, False), (4, True)])
def test_events_that_follow_others_on_their_pages_are_none_of_these_unless_most_of_the_document_has_other_ids(
    others: int, is_made_anew: bool
) -> None:
    def events(what: str, later: timedelta = timedelta()) -> list[Entry]:
        return [
            entry(
                f"{what}-{n}",
                title=f"Webinar {n}",
                text=f"Join us, the {what} time.",
                link=f"https://tickets.example/{n}",
                published=PUBLISHED + later,
            )
            for n in range(others)
        ]

    same = [entry(str(n), text=f"{n} {WARD}") for n in range(3)]
    known = [stored(each, key=key) for key, each in enumerate([*same, *events("first")])]
    found = recognise([*same, *events("next", timedelta(days=30))], known)[len(same) :]
    assert [each.known for each in found] == (known[len(same) :] if is_made_anew else [None] * others)


def test_an_entry_with_a_new_id_and_link_is_known_by_title_and_date() -> None:
    known = stored(entry("http://old.example/1", title="Ward opens", link="http://old.example/1"))
    moved = entry(
        "http://new.example/9", title="Ward opens!", link="http://new.example/9", text="Ward, opened."
    )
    assert one(moved, known) == known


def test_the_same_title_on_another_day_is_other_news() -> None:
    known = stored(entry("1", title="Weekly update", text=WARD))
    later = entry("2", title="Weekly update", text=GRANT, published=PUBLISHED + timedelta(days=7))
    assert one(later, known) is None


def test_the_same_words_at_another_address_and_of_another_day_are_other_news_where_none_has_an_id() -> None:
    known = stored(entry(None, title="Clinic closed", text="No clinic today.", link="https://east.example/1"))
    later = entry(
        None,
        title="Clinic closed",
        text="No clinic today.",
        link="https://east.example/2",
        published=PUBLISHED + timedelta(days=7),
    )
    assert one(later, known) is None


def test_an_entry_with_the_link_and_words_that_it_had_is_known_whatever_its_id_and_date() -> None:
    known = stored(entry("a", text=WARD, link="https://east.example/news/1"))
    again = entry("b", title="News a", text=WARD, link=known.link, published=PUBLISHED + timedelta(days=30))
    assert one(again, known) == known


def test_news_of_pictures_alone_gets_words_and_stays_that_news() -> None:
    bare = replace(entry("a", title="", link="https://east.example/1"), text="")
    worded = entry("a", title="Ward opens", text=WARD, link="https://east.example/1")
    assert one(worded, stored(bare)) == stored(bare)
    assert one(bare, stored(worded)) == stored(worded)


def test_an_entry_without_id_link_and_date_is_known_by_its_words() -> None:
    bare = entry(None, title="Ward opens", text=WARD, link=None, published=None)
    assert one(bare, stored(bare)) == stored(bare)


def test_a_weak_resemblance_never_takes_what_a_sure_one_needs() -> None:
    known = stored(entry("a", title="Weekly update", text=WARD, link=None))
    same_title = entry("b", title="Weekly update", text=GRANT, link=None)
    same_id = entry("a", title="Weekly update, corrected", text=WARD, link=None)
    found = recognise([same_title, same_id], [known])
    assert [each.known for each in found] == [None, known]


def test_each_stored_entry_is_found_at_most_once() -> None:
    def twin(id: str) -> Entry:
        return entry(id, title="Ward opens", text=WARD, link="https://east.example/news")

    known = stored(twin("a"))
    assert [each.known for each in recognise([twin("b"), twin("c")], [known])] == [known, None]


def test_the_documents_order_is_kept() -> None:
    document = [entry("c"), entry("a"), entry("b")]
    known = [stored(entry(id), key=number) for number, id in enumerate("abc", start=1)]
    assert [each.known.key for each in recognise(document, known) if each.known] == [3, 1, 2]
    assert [each.entry for each in recognise(document, known)] == document


# ---------------------------------------------------------------- ids and links that identify nothing


def test_an_id_that_all_entries_share_is_no_id() -> None:
    home = "https://east.example/"
    first = [
        entry(home, title=f"News {n}", text=text, link=None) for n, text in enumerate((WARD, GRANT, CANTEEN))
    ]
    known = [stored(each, key=number) for number, each in enumerate(first, start=1)]
    new = entry(
        home, title="News 4", text="Nothing like the others at all, whatever one compares.", link=None
    )
    found = recognise([new, first[2], first[0], first[1]], known)
    assert [each.known and each.known.key for each in found] == [None, 3, 1, 2]


def test_an_entry_under_a_shared_id_is_not_taken_for_one_that_left_the_document() -> None:
    def papers(month: str) -> Entry:
        text = f"Papers of the board in {month}."
        return entry(
            "https://east.example/", title=f"Board papers, {month}", text=text, link=None, published=None
        )

    known = [stored(papers("February"), key=2), stored(papers("January"), key=1)]
    found = recognise([papers("March"), papers("February")], known)
    assert [each.known and each.known.key for each in found] == [None, 2]


def test_a_link_that_all_entries_share_is_no_link() -> None:
    page = "https://east.example/news"
    first = [entry(str(n), title=f"News {n}", text=text, link=page) for n, text in enumerate((WARD, GRANT))]
    known = [stored(each, key=number) for number, each in enumerate(first, start=1)]
    new = entry("9", title="News 9", text=CANTEEN, link=page)
    found = recognise([new, *first], known)
    assert [each.known and each.known.key for each in found] == [None, 1, 2]


def test_a_page_that_always_shows_the_latest_does_not_overwrite_the_news_before() -> None:
    page = "https://east.example/latest"
    known = stored(entry("monday", title="Ward opens", text=WARD, link=page))
    tuesday = entry("tuesday", title="Bids invited", text=GRANT, link=page)
    assert one(tuesday, known) is None


def test_ids_that_number_the_entries_of_a_document_anew_do_not_overwrite() -> None:
    def page(name: str) -> str:
        return f"https://east.example/{name}"

    monday = [
        entry("1", title="Bids invited", text=GRANT, link=page("bids")),
        entry("2", title="Lunch", text=CANTEEN, link=page("lunch")),
    ]
    tuesday = [
        entry("1", title="Ward opens", text=WARD, link=page("ward")),
        entry("2", title="Bids invited", text=GRANT, link=page("bids")),
    ]
    known = [stored(each, key=number) for number, each in enumerate(monday, start=1)]
    assert [each.known and each.known.key for each in recognise(tuesday, known)] == [None, 1]


def test_renumbered_entries_whose_words_are_alike_are_told_apart_too() -> None:
    def papers(number: str, month: str) -> Entry:
        link = f"https://east.example/board/{month}"
        return entry(
            number, title=f"Board papers, {month}", text=f"Papers of the board in {month}.", link=link
        )

    known = [stored(papers("1", "February"), key=1), stored(papers("2", "January"), key=2)]
    document = [papers("1", "March"), papers("2", "February")]
    assert [each.known and each.known.key for each in recognise(document, known)] == [None, 1]


def test_an_entry_rewritten_under_its_id_and_link_is_still_that_entry() -> None:
    known = stored(entry("1", title="Ward opens", text=WARD))
    rewritten = entry("1", title="Bids invited", text=GRANT)
    assert one(rewritten, known) == known
    assert is_rewritten(known, rewritten)


# ---------------------------------------------------------------- rewritten, or corrected


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Ward opens", GRANT),
        ("Ward opens in spring", WARD),
        ("Ward opens", ""),
        ("Pressure, blood and wards: the trust", ""),
        ("Opening of a ward", f"{WARD} {WARD}"),
        ("Opening of a ward", WARD.replace("twice", "three times")),
    ],
)
def test_a_correction_keeps_the_title_or_enough_of_the_words(title: str, text: str) -> None:
    known = stored(entry("1", title="Ward opens", text=WARD))
    assert not is_rewritten(known, replace(entry("1", title=title), text=text))


def test_two_long_texts_have_the_words_of_their_language_in_common_and_are_other_news() -> None:
    first = (
        "The trust will open a ward for older people in the north of the county, where nurses are to look"
        " after up to thirty of them at a time, and where there is a garden that they can sit in when it is"
        " warm."
    )
    second = (
        "It is up to the county to say what a bus ticket costs in the evening, a time when nurses travel and"
        " when there are few buses, and the board of the trust is to write to them after it has met in the"
        " autumn."
    )
    words = [set(text.lower().split()) for text in (first, second)]
    assert len(words[0] & words[1]) > 0.4 * min(map(len, words))
    assert is_rewritten(stored(entry("1", title="Ward", text=first)), entry("1", title="Buses", text=second))


def test_other_news_shares_neither_title_nor_words() -> None:
    assert is_rewritten(
        stored(entry("1", title="Ward opens", text=WARD)), entry("1", title="Bids", text=GRANT)
    )


# ---------------------------------------------------------------- copies of another member's news

WEST = FeedKey("west")
SHARED = "https://national.example/news/launch"


def judged(ours: Entry, *theirs: Candidate, known: Known | None = None) -> Verdict | None:
    (sketch,) = sketched([ours])
    return copy_of(
        replace(ours, sketch=sketch), known or of_others(*theirs), date=ours.published or PUBLISHED
    )


def test_the_same_link_and_title_make_a_copy() -> None:
    theirs = candidate(entry("w1", title="Launch!", link=SHARED, feed=WEST), story=7)
    ours = entry("e1", title="launch", text="Other words.", link=f"{SHARED}/?utm_source=east")
    assert judged(ours, theirs) == Verdict(7, 1, "the same link and title as {}’s")


def test_the_same_absolute_id_and_title_make_a_copy() -> None:
    theirs = candidate(entry("tag:national.example,2026:1", title="Launch", feed=WEST), story=7)
    ours = entry("tag:national.example,2026:1", title="Launch")
    assert judged(ours, theirs) == Verdict(7, 1, "the same id and title as {}’s")


def test_the_same_absolute_id_and_link_make_a_copy() -> None:
    theirs = candidate(entry("tag:national.example,2026:1", title="Launch", link=SHARED, feed=WEST), story=7)
    ours = entry("tag:national.example,2026:1", title="What we launched", link=SHARED)
    assert judged(ours, theirs) == Verdict(7, 1, "the same id and link as {}’s")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(
            entry("42", title="Launch", feed=WEST), entry("42", title="Launch"), id="a bare number for an id"
        ),
        pytest.param(
            entry("launch", title="Launch", feed=WEST),
            entry("launch", title="Launch"),
            id="a bare word for an id",
        ),
        pytest.param(
            entry("w", title="News", link="https://national.example/", feed=WEST),
            entry("e", title="News", link="https://national.example/"),
            id="a home page's link",
        ),
        pytest.param(
            entry("https://national.example/", title="News", feed=WEST),
            entry("https://national.example/", title="News"),
            id="a home page for an id",
        ),
        pytest.param(
            entry("w", title="Annual report", text=GRANT, feed=WEST),
            entry("e", title="Annual report", text=WARD),
            id="a title alone",
        ),
        pytest.param(
            entry("w", title="Launch", link=SHARED, feed=WEST),
            entry("e", title="Our view of it", link=SHARED),
            id="a link alone",
        ),
        pytest.param(
            entry("tag:national.example,2026:1", title="Launch", feed=WEST),
            entry("tag:national.example,2026:1", title="Stolen"),
            id="an absolute id alone",
        ),
        pytest.param(
            entry("tag:national.example,2026:1", title="Launch", text=WARD, link=SHARED, feed=WEST),
            entry("tag:national.example,2026:1", title="Stolen", text=GRANT, link=SHARED),
            id="an absolute id and a link with wholly different words",
        ),
        pytest.param(
            entry("w", title="", link=SHARED, feed=WEST),
            entry("e", title="", link=SHARED),
            id="a link and no title",
        ),
        pytest.param(
            entry("w", title="Launch", link=f"{SHARED}?id=1", feed=WEST),
            entry("e", title="Launch", link=f"{SHARED}?id=2"),
            id="links that differ in what they ask for",
        ),
    ],
)
def test_what_could_be_chance_makes_no_copy(theirs: Entry, ours: Entry) -> None:
    assert judged(ours, candidate(theirs, story=7)) is None


def test_who_names_a_source_is_not_a_copy_of_it_for_that() -> None:
    theirs = candidate(entry("w1", title="Launch", text=WARD, feed=WEST), story=7)
    west = Source(id="https://west.example/feed", title="West", self_link="https://west.example/feed")
    ours = replace(entry("e1", title="Statement by West", text=GRANT), source=west)
    assert judged(ours, theirs) is None


def test_no_story_holds_two_entries_of_one_feed() -> None:
    theirs = candidate(entry("w1", title="Launch", link=SHARED, feed=WEST), key=1, story=7)
    copied_before = candidate(entry("e1", title="Launch", link=SHARED), key=2, story=7)
    known = of_others(theirs, copied_before)
    assert judged(entry("e2", title="Launch", link=SHARED), known=known) is None


def test_another_feed_of_the_same_member_may_have_a_copy() -> None:
    theirs = candidate(entry("w1", title="Launch", link=SHARED, feed=WEST), key=1, story=7)
    copied_before = candidate(entry("e1", title="Launch", link=SHARED), key=2, story=7)
    known = of_others(theirs, copied_before)
    blog = entry("b1", title="Launch", link=SHARED, feed=FeedKey("east", "blog"))
    assert judged(blog, known=known) == Verdict(7, 1, "the same link and title as {}’s")


def test_where_one_story_is_taken_the_next_is_looked_at() -> None:
    first = candidate(entry("w1", title="Launch", link=SHARED, feed=WEST), key=1, story=7)
    taken = candidate(entry("e1", title="Launch", link=SHARED), key=2, story=7)
    second = candidate(entry("n1", title="Launch", link=SHARED, feed=FeedKey("north")), key=3, story=8)
    known = of_others(first, taken, second)
    assert judged(entry("e2", title="Launch", link=SHARED), known=known) == Verdict(
        8, 3, "the same link and title as {}’s"
    )
