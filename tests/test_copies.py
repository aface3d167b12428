"""What makes an entry a copy of another member's, and what speaks against it: a test for each rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from hub import markup, urls
from hub.model import LONG_AGO, Candidate, Entry, FeedKey, Known, Rulings, Sketch
from hub.stories import (
    Verdict,
    compared,
    copy_of,
    from_there,
    is_on_site_of,
    leads_instead,
    likely,
    sketched,
)
from hub.stories.sketch import title_core, title_parts
from hub.stories.titles import is_distinctive, is_periodical, is_same_title
from tests.entries import PUBLISHED, entry
from tests.known import candidate, of_others

WEST = FeedKey("west")
LONDON = ZoneInfo("Europe/London")
TITLE = "Community nurses test a pocket scanner for swollen legs"
OPENING = (
    "Community nurses in the Vale have begun to carry a scanner that fits into a coat pocket. "
    "It shows within a minute whether a swollen leg hides a clot or only a long day on somebody's feet."
)
MIDDLE = (
    "Until now whoever was unsure had to send patients to the infirmary, where most of them waited for "
    "hours and went home with nothing but advice about stockings."
)
END = (
    "The trial was thought up by a district sister who had kept a tally of needless journeys on the back of "
    "her diary. Her managers say that they will look at the tally again when the leaves fall."
)
TEXT = f"{OPENING}\n{MIDDLE}\n{END}"
LOCAL = (
    "In our own county the surgeries around the harbour were the first to borrow one, and their reception "
    "staff have already asked for a second."
)
EXTRA = (
    "Elsewhere the lifeboat crew has repainted its shed, the choir is looking for basses who can read, the "
    "library lends umbrellas when it rains, and a man from the ministry came to count the bats under the "
    "bridge but found that they had left for the winter, as the lock keeper had told him on the telephone "
    "before he set out with his lamp."
)


def told(title: str, text: str, *, feed: FeedKey = FeedKey("east"), later: timedelta = timedelta()) -> Entry:
    return replace(
        entry(f"{feed.member} {title}", title=title, feed=feed, published=PUBLISHED + later), text=text
    )


def reason(ours: Entry, theirs: Entry, known: Known | None = None) -> str | None:
    """Why ours is a copy of theirs, None when it is not."""
    found = copy_of(_sketched(ours), known or _known(theirs), date=ours.published or PUBLISHED)
    return found.why if found else None


def refusal(ours: Entry, theirs: Entry, known: Known | None = None) -> str:
    """Why ours is no copy of theirs."""
    (found,) = compared(_sketched(ours), known or _known(theirs), date=ours.published or PUBLISHED)
    assert not found.sure
    assert reason(ours, theirs, known) is None
    return found.why


def _sketched(made: Entry) -> Entry:
    (sketch,) = sketched([made])
    return replace(made, sketch=sketch)


def _known(theirs: Entry) -> Known:
    return of_others(candidate(theirs, story=7))


def theirs(title: str = TITLE, text: str = TEXT) -> Entry:
    return told(title, text, feed=WEST)


# ---------------------------------------------------------------- what makes a copy


def test_the_same_text_is_a_copy_whatever_its_headline() -> None:
    assert reason(told("Scanner in the pocket", TEXT), theirs()) == "the same text as {}’s"


def test_an_excerpt_is_a_copy_of_the_text_it_begins() -> None:
    assert reason(told("Scanner in the pocket", OPENING), theirs()) == "the beginning of {}’s text"


def test_the_whole_text_is_a_copy_of_the_excerpt_that_came_first() -> None:
    assert reason(told(TITLE, TEXT), theirs(text=OPENING)) == "the text of {}’s and more"


@pytest.mark.parametrize(
    "text",
    [f"{LOCAL}\n{TEXT}", f"{EXTRA}\n{TEXT}", f"{OPENING}\n{LOCAL}\n{MIDDLE}\n{END}"],
    ids=["before it", "so long before it that it is no beginning", "within it"],
)
def test_a_paragraph_of_the_members_own_leaves_it_a_copy(text: str) -> None:
    assert reason(told("News from the harbour", text), theirs()) == "the text of {}’s with something added"


def test_a_text_from_which_a_paragraph_was_cut_is_a_copy() -> None:
    cut = told("Scanner in the pocket", f"{OPENING}\n{END}")
    assert reason(cut, theirs()) == "a part of {}’s text"


def test_a_text_that_a_sub_editor_touched_is_a_copy() -> None:
    edited = TEXT.replace("within a minute", "in a minute").replace("hours and went", "hours, then went")
    assert reason(told(TITLE, edited), theirs()) == "the text of {}’s with a few words changed"


def test_a_long_text_with_corrected_figures_is_a_copy() -> None:
    figures = "They have 140 scanners now and paid 60 pounds for each. "
    long = "\n".join(f"{TEXT} {LOCAL}".replace("a", "o" * step or "a") for step in range(3))
    ours = told(TITLE, f"{long}\n{figures}{END}")
    corrected = ours.text.replace("140", "104").replace("60", "66")
    assert reason(replace(ours, text=corrected), replace(theirs(), text=ours.text)) == (
        "the text of {}’s with other figures"
    )


def test_a_distinctive_headline_and_half_of_the_text_make_a_copy() -> None:
    ours = told(f"East: {TITLE}", f"{OPENING} {LOCAL}")
    assert (reason(ours, theirs()) or "").startswith("the headline of {}’s, and ")


@pytest.mark.parametrize("prefix", ["{}", "News: {}", "{} | West", "[East] {}", "PRESS RELEASE - {}"])
def test_a_headline_without_a_text_is_a_copy_within_a_week(prefix: str) -> None:
    ours = told(prefix.format(TITLE), "", later=timedelta(days=6))
    assert reason(ours, theirs()) == "the same headline as {}’s, and only one of them has a text"
    later = replace(ours, published=PUBLISHED + timedelta(days=8))
    assert "the headline alone says too little" in refusal(later, theirs())


def test_a_headline_of_several_words_within_a_longer_one_is_the_same() -> None:
    for first in ("From", "After"):
        within = f"{first} Monday the {TITLE.lower()} of the county"
        assert (
            reason(told(within, ""), theirs()) == "the same headline as {}’s, and only one of them has a text"
        )
    words = TITLE.split()
    for many, same in ((5, True), (4, False)):
        shorter = " ".join(words[:many])
        assert is_same_title(told(shorter, ""), theirs()) == same
        assert is_same_title(theirs(), told(shorter, "")) == same


@pytest.mark.parametrize(
    ("title", "telling"),
    [
        ("社区护士试用口袋扫描仪检", True),
        ("社区护士试用口袋扫描仪", False),
        ("A B C D E F", True),
        ("Nurses test a pocket scanner", False),
    ],
)
def test_six_words_make_a_headline_one_storys_alone_and_two_ideographs_one(title: str, telling: bool) -> None:
    assert is_distinctive(title) == telling


@pytest.mark.parametrize(
    ("link", "id", "is_there"),
    [
        ("https://east.example/1", "urn:x:1", True),
        ("https://www.east.example/1", "urn:x:1", True),
        ("https://west.example/1", "https://east.example/?p=1", True),
        (None, "tag:east.example,2026:1", True),
        ("https://west.example/1", "urn:x:1", False),
        ("https://north.example/1", "https://north.example/?p=1", False),
        ("https://both.example/1", "urn:x:1", False),
        ("https://elsewhere.example/1", "urn:x:1", False),
    ],
    ids=[
        "their page",
        "below www",
        "their id",
        "an id that they minted",
        "its own page",
        "a third member's",
        "a host of both",
        "nobody's",
    ],
)
def test_an_entry_is_on_another_members_site_where_that_is_theirs_alone(
    link: str | None, id: str, is_there: bool
) -> None:
    owners = {f"{slug}.example": frozenset({slug}) for slug in ("east", "west", "north")}
    owners["both.example"] = frozenset({"east", "west"})
    assert is_on_site_of(FeedKey("east"), entry(id, link=link, feed=WEST), owners) == is_there


def test_two_headlines_without_texts_are_one_story_and_said_to_have_none() -> None:
    bare = replace(theirs(), text="")
    assert reason(told(TITLE, ""), bare) == "the same headline as {}’s, and neither has a text"
    assert refusal(told(TITLE, "", later=timedelta(days=8)), bare) == (
        "neither has a text, and the headline alone says too little"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Read more",
        "Click here to read the full article.",
        TITLE,
        f"{TITLE} … Continue reading",
    ],
)
def test_a_text_that_says_no_more_than_its_headline_is_none(text: str) -> None:
    ours = told(f"{TITLE} | West", text)
    assert reason(ours, theirs()) == "the same headline as {}’s, and only one of them has a text"
    assert reason(ours, replace(theirs(), text=text)) == "the same headline as {}’s, and neither has a text"
    ours, weekly = told("Weekly news", text.replace(TITLE, "Weekly news")), theirs("Weekly news")
    assert "the headline alone says too little" in refusal(ours, weekly)


@pytest.mark.parametrize(
    "text",
    [
        "Read more in the evening paper",
        f"{PUBLISHED:%-d %B %Y}",
        "12 scanners",
        "By Ann Smith",
    ],
)
def test_a_text_of_a_few_words_of_its_own_is_too_short_to_tell(text: str) -> None:
    said = {refusal(told(TITLE, text), theirs()), refusal(told(TITLE, text), replace(theirs(), text=text))}
    assert said <= {"the shorter text is too short to tell", "too little of the shorter text is in both"}
    assert "the shorter text is too short to tell" in said


def test_a_headline_alone_brings_no_other_text_into_its_story_days_later() -> None:
    bare = candidate(told(TITLE, "", feed=FeedKey("south")), key=2, story=7)
    story = of_others(candidate(theirs(text=EXTRA), story=7), bare)
    soon, later = (told(TITLE, TEXT, later=timedelta(days=days)) for days in (1, 4))
    assert reason(soon, theirs(), story) == "the same headline as {}’s, and only one of them has a text"
    assert reason(later, theirs(), story) is None
    assert reason(later, theirs(), of_others(bare)) == reason(soon, theirs(), story)


def test_the_same_link_and_words_in_common_make_a_copy() -> None:
    link = "https://west.example/scanner/"
    here = entry("e", title="What we liked this week", link=link)
    there = entry("w", title=TITLE, link=link, feed=WEST)
    found = reason(replace(here, text=f"{OPENING} {LOCAL}"), replace(there, text=TEXT))
    assert (found or "").startswith("the same link as {}’s, and ")


def test_chinese_news_is_compared_by_its_characters() -> None:
    text = (
        "社区护士近日开始随身携带一种小型扫描仪，一分钟内即可判断肿胀的腿部是否有血栓，患者不必再去医院等候。"
    )
    assert reason(told("口袋里的扫描仪", text), theirs("护士试用新扫描仪", text)) == "the same text as {}’s"


# ---------------------------------------------------------------- what speaks against it


def test_other_words_are_other_news() -> None:
    assert refusal(told("Buses", f"{LOCAL} {LOCAL}"), theirs()) == "too little of the shorter text is in both"


def test_the_same_text_two_months_later_is_other_news() -> None:
    ours = told(TITLE, TEXT, later=timedelta(days=61))
    assert refusal(ours, theirs()) == "{}’s is 61 days older or younger"


@pytest.mark.parametrize("title", [TITLE, "What we liked this week"])
def test_a_page_that_is_used_again_two_months_later_makes_no_copy_but_of_the_same_words(title: str) -> None:
    link = "https://west.example/scanner/"
    there = replace(entry("w", title=TITLE, link=link, feed=WEST), text=TEXT)
    days = timedelta(days=61)
    again = entry("e", title=title, link=link, published=PUBLISHED + days)
    assert refusal(replace(again, text=f"{OPENING} {LOCAL}"), there) == "{}’s is 61 days older or younger"
    assert (reason(replace(again, text=TEXT), there) or "").startswith("the same link")
    bare = replace(again, text="")
    assert refusal(bare, replace(there, text="")) == "{}’s is 61 days older or younger"


@pytest.mark.parametrize("title", ["Our annual report", "Meet the team"])
def test_a_headline_that_everybody_uses_is_not_enough_without_a_text(title: str) -> None:
    assert "says too little" in refusal(told(title, ""), theirs(title))


def test_a_headline_without_a_text_is_no_copy_after_two_weeks() -> None:
    assert "says too little" in refusal(told(TITLE, "", later=timedelta(days=15)), theirs())


def test_a_headline_that_two_stories_have_is_nobodys() -> None:
    ours = told(TITLE, "")
    known = of_others(
        candidate(theirs(), key=1, story=7),
        candidate(told(TITLE, END, feed=FeedKey("north")), key=2, story=8),
    )
    number = _sketched(ours).sketch.title
    assert number is not None
    assert copy_of(_sketched(ours), replace(known, holders={number: (7,)}), date=PUBLISHED) is not None
    known = replace(known, holders={number: (7, 8)})
    assert copy_of(_sketched(ours), known, date=PUBLISHED) is None


def test_a_short_text_with_one_of_its_figures_put_right_is_a_copy_under_the_same_headline() -> None:
    text = f"{OPENING} They have {{}} of them, of which 12 are lent, 9 mended and 3 lost. {END}"
    ours, before = told(TITLE, text.format(140)), theirs(text=text.format(104))
    assert reason(ours, before) == "the text of {}’s with other figures"
    assert "their figures differ" in refusal(replace(ours, title="Scanner in the pocket"), before)
    ours, before = (
        replace(each, text=text.format(f"140, since {day},"))
        for each, day in ((ours, "Monday 4 May"), (before, "Tuesday 9 June"))
    )
    assert "their figures differ" in refusal(ours, before), "it is on another day"


def test_a_short_text_with_another_figure_is_other_news() -> None:
    one, other = (f"{OPENING} They have {number} of them." + END for number in (140, 12))
    for before in (other, f"{LOCAL} {other}"):
        assert (
            refusal(told(TITLE, one), theirs(text=before)) == "the texts are short, and their figures differ"
        )


def test_a_figure_that_is_written_as_a_word_leaves_a_short_text_a_copy() -> None:
    one, other = (f"{OPENING} They have {number} of them. {END}" for number in ("12", "twelve"))
    for ours, before in ((one, other), (other, one)):
        assert reason(told("Scanner in the pocket", ours), theirs(text=before))


@pytest.mark.parametrize(
    ("one", "other"), [("Monday 4 May", "Tuesday 9 June"), ("10am", "2pm"), ("the 12th", "the 19th")]
)
def test_a_short_text_with_another_date_is_other_news(one: str, other: str) -> None:
    text = "{} It opens at the town hall on {} and closes when the biscuits are gone. {}"
    ours = told("Open evening", text.format(OPENING, one, END))
    assert "figures" in refusal(ours, theirs("Open evening", text.format(OPENING, other, END)))


def test_a_short_text_with_another_hour_is_other_news_be_it_a_figure_or_a_word() -> None:
    one, other = (f"{OPENING} They are lent from {hour} on. {END}" for hour in ("6pm", "noon"))
    assert refusal(told(TITLE, one), theirs(text=other)) == "the texts are short, and their figures differ"


def test_a_short_text_that_names_another_place_is_other_news() -> None:
    text = "{} Please come to {} when the doors open, and bring somebody who has never been before. {}"
    ours = told(TITLE, text.format(OPENING, "the Guildhall in Portway", END))
    other = text.format(OPENING, "Saint Modwen’s chapel, Camberley", END)
    assert refusal(ours, theirs(text=other)) == "the texts are short, and name different things"


@pytest.mark.parametrize(
    ("title", "text", "one", "other"),
    [
        ("Visiting restrictions", "Visiting is restricted at {} for now. {}", "St Mary’s", "Queen’s"),
        ("Visiting restrictions", "{} closes. {} Whoever is ill stays away from {0}.", "Portway", "Aldbury"),
        ("Research nurse (band 6)", "A nurse is wanted in {}. {}", "cardiology", "oncology"),
    ],
)
def test_a_short_form_under_a_headline_of_many_is_other_news_where_one_name_or_topic_differs(
    title: str, text: str, one: str, other: str
) -> None:
    for ours, before in ((one, other), (other, one)):
        here, there = (text.replace("{0}", each).format(each, OPENING) for each in (ours, before))
        found = refusal(told(title, here), theirs(title, there))
        assert found == "the texts are short, and name different things"


def test_a_short_text_that_a_sub_editor_touched_is_a_copy_under_a_headline_of_many() -> None:
    edited = TEXT.replace("within a minute", "in a minute").replace("hours and went", "hours, then went")
    for ours, before in ((edited, TEXT), (TEXT, edited)):
        found = reason(told("Scanner trial", ours), theirs("Scanner trial", before))
        assert found == "the text of {}’s with a few words changed"


def test_what_stands_under_a_short_text_makes_it_no_other_news_under_the_same_headline() -> None:
    ours = told(TITLE, f"{OPENING} {END} Sent to us by our friends in the west.")
    under = f"{OPENING} {END} Write to the office at the old mill."
    assert reason(ours, theirs(text=under))
    assert refusal(replace(ours, title="Clinics"), theirs("Clinics", under)) == (
        "the texts are short, and name different things"
    )


def test_a_form_with_a_list_of_its_own_between_the_same_sentences_is_other_news() -> None:
    form = f"{OPENING} These are closed today: {{}}. {MIDDLE}"
    one = form.format(
        "the two by the harbour, the one in Portway, the van that calls at the mill on Tuesdays, and the "
        "desk in the hall where somebody always sits"
    )
    other = form.format("the library, the baths, and every school that has lost more than half of its roof")
    found = refusal(told(TITLE, one), theirs(text=other))
    assert found == "the texts are short, and name different things"


def test_two_that_tell_the_same_of_different_people_under_their_own_headlines_are_other_news() -> None:
    cited = f"{MIDDLE} {OPENING} {END} {EXTRA}"
    ours = f"There is much to like in the report, says the East Vale Trust, and much to do. {cited}"
    west = f"There is much to like in the report, says Thornmouth Town Council, and much to do. {cited}"
    more = " ".join(f"Word{number} of another matter." for number in range(60))
    found = refusal(told("East is glad", f"{ours} {LOCAL}"), theirs("West is glad", f"{west} {more}"))
    assert found == "they have other headlines, and name different things in the same text"


def test_an_excerpt_of_a_notice_that_ends_with_words_of_its_own_is_other_news() -> None:
    title, notice = "Storm: what you need to know", f"{OPENING} These are closed today:"
    here = told(title, f"{notice} the two by the harbour, a surgery in Portway and the")
    elsewhere = f"{notice} the library, for which somebody has lost the key. {MIDDLE} {END}"
    assert "ends with words that the other has not" in refusal(here, theirs(title, elsewhere))
    assert reason(replace(here, title=TITLE), theirs(text=elsewhere))


def test_a_form_with_figures_and_names_of_its_own_is_other_news_however_long() -> None:
    form = f"{TEXT} In {{place}} it was {{figure}} of them who came. {LOCAL} {EXTRA}"
    one, other = form.format(place="Thornmouth", figure=31), form.format(place="Aldbury", figure=44)
    assert refusal(told("Thornmouth", one), theirs("Aldbury", other)) == (
        "both fill in the same text, with figures and names of their own"
    )


def test_a_form_with_many_names_of_its_own_is_other_news_however_long() -> None:
    form = " ".join(
        f"{sentence} {{{place}}} {sentence}" for place, sentence in enumerate([OPENING, MIDDLE, END, LOCAL])
    )
    one, other = (
        form.format(*names) for names in (["ash", "oak", "elm", "yew"], ["cod", "eel", "ray", "dab"])
    )
    assert refusal(told("Trees", one * 2), theirs("Fish", other * 2)) in (
        "both fill in the same text, with names of their own",
        "they have other headlines, and the passages they share stand in another order",
    )


@pytest.mark.parametrize("words", [10, 11, 12])
def test_a_short_form_is_other_news_however_many_words_follow_the_names(words: int) -> None:
    form = f"{OPENING} {OPENING} Ask for {{}} {' '.join(MIDDLE.split()[:words])}"
    one, other = form.format("Ash Oak Elm"), form.format("Cod Eel Ray")
    assert refusal(told(TITLE, one), theirs(text=other)) == "the texts are short, and name different things"


@pytest.mark.parametrize("sign", list("|«»·•–—-"))
@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "  "])
def test_a_headline_is_parted_by_signs_that_stand_alone(sign: str, space: str) -> None:
    assert title_parts(f"Ward opens{space}{sign}{space}East") == ("ward opens", "east")


@pytest.mark.parametrize("title", ["East: Ward opens", "East：Ward opens", "East|Ward opens"])
def test_a_headline_is_parted_by_colons_and_bars(title: str) -> None:
    assert title_parts(title) == ("east", "ward opens")


@pytest.mark.parametrize("title", ["Ward opens at 9:30", "A year-long trial of the ward", "Ward opens"])
def test_a_headline_is_not_parted_within_a_word(title: str) -> None:
    assert title_parts(title) == (markup.words(title),)


def test_what_stands_in_brackets_before_a_headline_is_a_part_of_its_own() -> None:
    assert title_core("[News of the week] Ward opens") == "ward opens"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{}: sepsis", "{}: frailty"),
        ("{}: mental health", "{}: frailty | West"),
        ("Sepsis: {}", "Frailty: {}"),
        ("{} – Dr Khan", "{} – Professor Lloyd"),
        ("News: {} – Khan", "Blog: {} – Lloyd"),
    ],
)
def test_headlines_of_a_series_with_different_topics_are_other_news(one: str, other: str) -> None:
    series = "Lunchtime webinars for all who work in wards"
    for ours, before in ((one, other), (other, one)):
        ours, before = ours.format(series), before.format(series)
        bare = told(ours, "", feed=FeedKey("east-vale-health"))
        assert "the headline alone says too little" in refusal(bare, theirs(before, ""))
        assert "the headline alone says too little" in refusal(bare, theirs(before))
        assert "name different things" in refusal(
            told(ours, TEXT.replace("swollen", "bruised")), theirs(before)
        )
        # One page on which both are booked.
        link = "https://book.example/webinars"
        booked = replace(entry("w", title=before, link=link, feed=WEST), text=EXTRA)
        assert "too little" in refusal(replace(entry("e", title=ours, link=link), text=TEXT), booked)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{} | East Vale Health Network", "{} - West"),
        ("East Vale: {}", "News from the west: {}"),
        ("{} – the Federation", "Case study: {} « West of the River"),
        ("[East Vale Health] {}", "Corrected: {} | West Vale Trust"),
        ("{}: sepsis | East Vale", "Press release: {}: sepsis – West Vale Trust"),
        ("{}: sepsis", "{} | West Vale Trust"),
        ("{} | East Vale Health", "{} | The West"),
    ],
)
def test_a_headline_is_the_same_whoever_else_it_names_as_its_publisher(one: str, other: str) -> None:
    east = FeedKey("east-vale")
    for ours, before in ((one, other), (other, one)):
        by, of = (east, WEST) if ours is one else (WEST, east)
        found = reason(told(ours.format(TITLE), "", feed=by), told(before.format(TITLE), TEXT, feed=of))
        assert found == "the same headline as {}’s, and only one of them has a text"


def test_a_publisher_is_named_also_by_words_that_its_host_runs_together() -> None:
    ours, other = told(f"{TITLE} | Northmoor Clinic", ""), theirs(f"{TITLE} | Vale Hospice")
    assert "the headline alone says too little" in refusal(ours, other)
    ours, other = (
        replace(each, link=f"https://www.{host}.example/1")
        for each, host in ((ours, "northmoorclinic"), (other, "valehospice"))
    )
    assert reason(ours, other) == "the same headline as {}’s, and only one of them has a text"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Clinic times, May 2026", "Clinic times, June 2026"),
        ("Biuletyn – marzec 2026", "Biuletyn – kwiecień 2026"),
        ("Cijfers voor maart", "Cijfers voor april"),
        ("What we did for wards in 2025", "What we did for wards in 2026"),
        ("通讯 2026年3月", "通讯 2026年4月"),
        ("النشرة – مارس ٢٠٢٦", "النشرة – أبريل ٢٠٢٦"),
    ],
)
def test_headlines_with_different_dates_are_two_issues(one: str, other: str) -> None:
    assert refusal(told(one, TEXT), theirs(other)) == "the headlines name different dates"


PARTS = [
    ("{} – Part 1", "{} – Part 2"),
    ("{}: part one", "{}: part two"),
    ("{}: part I", "{}: part II"),
    ("{}, episode 3", "{}, episode 4"),
    ("{}: round 3 (2026)", "{}: round 12"),
    ("{} (1/3)", "{} (2/3)"),
    ("{} 1/2", "{} 2/2"),
    ("{}, 1 of 3", "{}, 3 of 3"),
    ("{} #12", "{} #13"),
    ("{}: day 1", "{}: day two"),
    ("{}: week 46", "{}: week 47"),
    ("{}: first session", "{}: second session"),
    ("{} – première partie", "{} – deuxième partie"),
    ("{} – erster Teil", "{} – zweiter Teil"),
    ("{}: część 1", "{}: część druga"),
    ("{}：第一部分", "{}：第二部分"),
    ("{}: الجزء الأول", "{}: الجزء الثاني"),
]


@pytest.mark.parametrize(("one", "other"), PARTS)
def test_headlines_with_different_numbers_are_two_parts_of_a_series(one: str, other: str) -> None:
    for text in (TEXT, f"{OPENING} {LOCAL}"):
        for first, second in ((one, other), (other, one)):
            ours, before = told(first.format(TITLE), text), theirs(second.format(TITLE))
            assert refusal(ours, before) == "the headlines name different parts of a series"


@pytest.mark.parametrize(
    ("one", "other"),
    [("{}: part 2", "{} – Part two"), ("{} | Episode 04", "{}: episode 4"), ("{} – Part 2", "{}")],
)
def test_a_part_of_a_series_is_a_copy_however_its_number_is_written(one: str, other: str) -> None:
    ours = told(one.format(TITLE), f"{OPENING} {LOCAL}")
    assert (reason(ours, theirs(other.format(TITLE))) or "").startswith("the headline of {}’s, and ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{} (2/3)", "{}, part two"),
        ("{} 2 of 3", "{} #2"),
        ("{} around the clock, 24/7", "{} (part 1)"),
        ("{} in 2025/26", "{} (2/3)"),
    ],
)
def test_the_same_part_or_what_is_no_number_of_a_part_leaves_a_copy(one: str, other: str) -> None:
    for ours, before in ((one, other), (other, one)):
        found = reason(told(ours.format(TITLE), TEXT), theirs(before.format(TITLE)))
        assert found == "the same text as {}’s"


def test_two_without_an_id_and_a_link_are_compared_by_their_words() -> None:
    ours, other = (replace(each, id=None, link=None) for each in (told(TITLE, TEXT), theirs()))
    assert reason(ours, other) == "the same text as {}’s"
    assert refusal(replace(ours, text=EXTRA), other) == "too little of the shorter text is in both"


@pytest.mark.parametrize(
    ("title", "text", "is_copy"),
    [
        ("Scanner in the pocket", f"{LOCAL} {MIDDLE}", True),
        ("Lifeboat", EXTRA, False),
        ("Lifeboat", "", False),
        ("Nurses test pocket scanner", "", True),
    ],
)
def test_what_has_the_id_and_link_of_another_is_its_copy_unless_it_is_wholly_other_news(
    title: str, text: str, is_copy: bool
) -> None:
    page = "https://west.example/scanner"
    ours, other = (
        replace(entry(page, title=each, link=page, feed=feed), text=words)
        for each, words, feed in ((title, text, FeedKey("east")), (TITLE, TEXT, WEST))
    )
    assert reason(ours, other) == ("the same id and link as {}’s" if is_copy else None)


@pytest.mark.parametrize("same", ["link", "id", "link and id"])
def test_headlines_with_different_dates_are_two_issues_under_one_link_or_id(same: str) -> None:
    page = "https://network.example/surgery"
    ids = (page, page) if "id" in same else ("e", "w")
    links = (page, page) if "link" in same else ("https://east.example/1", "https://west.example/1")
    ours, before = (
        replace(
            entry(id, title=f"Innovation surgery for start-ups: {month}", link=link, feed=feed), text=TEXT
        )
        for id, link, month, feed in zip(ids, links, ("April", "March"), (FeedKey("east"), WEST), strict=True)
    )
    assert refusal(ours, before) == "the headlines name different dates"


@pytest.mark.parametrize(
    "title", ["The spring newsletter", "News in brief", "Board papers", "Vacancy: nurse"]
)
def test_an_issue_or_a_list_is_everybodys_own(title: str) -> None:
    assert "everybody has one" in refusal(told(title, TEXT), theirs("The week in the Vale"))
    assert "everybody has one" in refusal(told(title, TEXT), theirs())
    assert "everybody has one" in refusal(told(TITLE, TEXT), theirs(title))


@pytest.mark.parametrize("text", [TEXT, ""], ids=["one has a text", "neither has"])
@pytest.mark.parametrize(
    "title",
    [
        "Vacancy: senior programme manager for safer wards",
        "Agenda and papers for our public board meeting",
        "Monthly newsletter for our members and partners",
        "Public board meeting to be held in November",
        "Join us for our council of governors’ meeting on Tuesday",
        "Annual general meeting to be held at the town hall",
    ],
)
def test_an_issue_or_a_list_is_everybodys_own_where_its_headline_is_all_there_is(
    title: str, text: str
) -> None:
    ours = replace(told(title, ""), text=text)
    assert "the headline alone says too little" in refusal(ours, replace(theirs(title), text=""))


def test_the_first_words_of_a_digest_are_no_copy_of_another_digest() -> None:
    ours = told("The week in five minutes", OPENING)
    assert "everybody has one" in refusal(ours, theirs(ours.title, OPENING))
    assert reason(replace(ours, text=TEXT), theirs(ours.title)) == "the same text as {}’s"


def test_the_first_words_of_a_form_are_a_copy_where_they_say_when_and_it_is_the_latest() -> None:
    papers = "The papers of the board for {} are here. " + OPENING
    dated, undated = papers.format("Tuesday 4 May, 2pm"), papers.format("this time")
    ours = told("Board papers", dated)
    assert reason(ours, theirs(ours.title, f"{dated} {END}")) == "the beginning of {}’s text"
    assert "everybody has one" in refusal(
        replace(ours, text=undated), theirs(ours.title, f"{undated} {MIDDLE} {END}")
    )
    assert reason(replace(ours, text=undated), theirs(ours.title, undated)) == "the same text as {}’s"
    later = replace(ours, published=PUBLISHED + timedelta(days=3))
    assert "everybody has one" in refusal(later, theirs(ours.title, f"{dated} {MIDDLE} {END}"))


def test_an_issue_in_which_a_word_is_another_is_another_issue() -> None:
    ours = told("The week in five minutes", f"{TEXT} Until Monday, and mind the bats. {LOCAL}")
    edited = replace(theirs(ours.title), text=ours.text.replace("mind the bats", "mind the step"))
    assert "everybody has one" in refusal(ours, edited)
    assert reason(ours, replace(edited, text=ours.text)) == "the same text as {}’s"


@pytest.mark.parametrize(
    ("title", "is_it"),
    [
        ("Minutes of the board", True),
        ("Our round-up of the winter", True),
        ("Board minutes", True),
        ("East: committee minutes, draft", True),
        ("Five minutes with a district nurse", False),
        ("Scanner finds clots in minutes", False),
    ],
)
def test_minutes_are_those_of_a_meeting(title: str, is_it: bool) -> None:
    assert is_periodical(title) is is_it


def test_news_of_vacancies_is_no_list_of_them() -> None:
    title = "How a rostering tool changes vacancy rates in three counties"
    assert reason(told(title, OPENING), theirs(f"{title} | West", text=TEXT)) == "the beginning of {}’s text"


def test_an_article_that_goes_on_with_what_it_reported_before_is_other_news() -> None:
    goes_on = f"{LOCAL} We reported then: {OPENING}"
    quoted = " ".join([goes_on, *(f"Word{number} of quite another matter." for number in range(60))])
    assert "as a round-up does" in refusal(told("This and that", quoted), theirs(text=OPENING))


def test_a_dateline_before_the_same_beginning_is_no_other_news() -> None:
    dateline = f"Thornmouth, Friday morning: {OPENING}"
    longer = " ".join([dateline, *(f"Word{number} of quite another matter." for number in range(60))])
    assert reason(told("This and that", longer), theirs(text=OPENING))


def test_a_round_up_is_no_copy_of_what_it_cites() -> None:
    cites = " ".join(
        [LOCAL, EXTRA, OPENING, *(f"Word{number} of quite another matter." for number in range(60))]
    )
    assert "as a round-up does" in refusal(told("This and that", cites), theirs(text=OPENING))


def test_what_several_stories_tell_is_a_round_up() -> None:
    ours = told("This and that", f"{EXTRA}\n{MIDDLE}\n{LOCAL}\n{OPENING}")
    known = _known(told("Hither and thither", f"{MIDDLE}\n{OPENING}", feed=WEST))
    samples = _sketched(ours).sketch.samples
    half = len(samples) // 2
    held: dict[int, tuple[int, ...]] = {
        number: (7, 8) if at < half else (7, 9) for at, number in enumerate(samples)
    }
    assert "as a round-up does" in refusal(ours, theirs(), replace(known, holders=held))


def test_what_has_most_of_another_story_in_it_too_is_a_round_up_of_both() -> None:
    lifeboat = f"{EXTRA}\n{LOCAL}"
    ours = told("What made us proud", f"{TEXT}\n{lifeboat}")
    scanner, other = (
        _sketched(each) for each in (theirs(), told("Lifeboat", lifeboat, feed=FeedKey("north")))
    )
    known = of_others(
        candidate(scanner, key=1, story=7),
        candidate(other, key=2, story=8)._replace(samples=len(other.sketch.samples)),
    )
    held = dict.fromkeys(other.sketch.samples, (8,))
    held |= dict.fromkeys(scanner.sketch.samples, (7,))
    found, _ = compared(_sketched(ours), replace(known, holders=held), date=PUBLISHED)
    assert "most of another story" in found.why
    assert reason(ours, theirs()) == "the text of {}’s and more", "nobody else has told the rest"


LONG_FORM = (
    "We are looking for a {role} who lives near {place} and likes to work in a team that laughs. "
    + TEXT
    + " "
    "You will be taught all that there is to know, and the bus stops at the door. " + LOCAL + " " + EXTRA
)


def test_a_long_form_is_other_news_where_the_headlines_name_what_it_is_for() -> None:
    ours = told("Come and be a midwife", LONG_FORM.format(role="midwife", place="Portway"))
    nurse = LONG_FORM.format(role="sister", place="Portway")
    assert refusal(ours, theirs("Would you like to be a sister?", nurse)) == (
        "the headlines name what the texts tell apart"
    )
    edited = theirs("Would you like to be a midwife?", ours.text.replace("lives near", "lives by"))
    for title in (ours.title, "Come and be a midwife near Portway"):
        assert reason(replace(ours, title=title), edited)


def test_a_long_form_is_other_news_where_it_is_for_another_place_under_a_headline_of_many() -> None:
    ours = told("Midwife", LONG_FORM.format(role="midwife", place="Portway"))
    elsewhere = theirs("Midwife", LONG_FORM.format(role="midwife", place="Saltby"))
    assert refusal(ours, elsewhere) == "under a headline of many, the names in the text are others"
    edited = replace(elsewhere, text=ours.text.replace("a team that laughs", "a team that sings"))
    assert reason(ours, edited) == "the text of {}’s with a few words changed"


def test_short_texts_that_name_other_days_are_other_news_wherever_these_stand() -> None:
    ours = told("Scanner day", f"On 12 May in the forum: {OPENING} {MIDDLE}")
    later = theirs("Come and see", f"{OPENING} It takes place on 19 May in the hall. {MIDDLE}")
    assert refusal(ours, later) == "the texts are short, and name different days"
    assert reason(ours, replace(later, text=later.text.replace("19 May", "12 May")))


@pytest.mark.parametrize("end", ["", f" {END}"], ids=["word for word", "and more"])
def test_what_is_told_of_a_whole_series_is_no_copy_where_each_headline_names_a_topic(end: str) -> None:
    ours = told("Learn at lunch: sepsis", f"{OPENING} {MIDDLE}")
    other = theirs("Learn at lunch: frailty", f"{OPENING} {MIDDLE}{end}")
    assert refusal(ours, other) == "the headlines are those of a series, with other topics"
    for title in ("Press release: frailty", "Learn at lunch: sepsis and you", "Learn at lunch"):
        assert reason(ours, replace(other, title=title))
    named = replace(other, title="West Vale: frailty", feed=FeedKey("west-vale"))
    assert reason(replace(ours, title="West Vale: sepsis"), named)


@pytest.mark.parametrize(
    "title",
    [
        "New chair appointed to lead our board from Monday",
        "Un nouveau président pour notre conseil dès lundi",
        "Neue Vorsitzende für unseren Vorstand ab Montag gewählt",
    ],
)
def test_a_headline_that_speaks_of_what_is_its_publishers_is_nobody_elses(title: str) -> None:
    text = "We are delighted to tell you that somebody has been found at last for this."
    assert not is_distinctive(title)
    assert refusal(told(title, text), theirs(title, text))
    assert refusal(told(title, ""), theirs(title, ""))
    assert reason(told(title, TEXT), theirs(title)) == "the same text as {}’s"


@pytest.mark.parametrize(
    "answer", ["Our response: {}", "East responds: {}", "Statement on ‘{}’", "A comment on ‘{}’"]
)
def test_an_answer_is_no_copy_of_what_it_cites(answer: str) -> None:
    own = "The east thanks those who did it."
    half = f"{own} {OPENING} {MIDDLE} {LOCAL} {EXTRA}"
    most = f"{own} {LOCAL} {EXTRA} {TEXT.rpartition(' Her managers')[0]}."
    for text in (half, most):
        assert reason(told(f"News: {TITLE}", text), theirs())
    assert refusal(told(answer.format(TITLE), half), theirs()) == "too little of the shorter text is in both"
    assert "answers what it cites" in refusal(told(answer.format(TITLE), most), theirs())
    assert reason(told(answer.format(TITLE), TEXT), theirs()) == "the same text as {}’s"


def test_a_short_notice_of_a_meeting_is_each_bodys_own() -> None:
    title = "Board of Directors meeting: 26 March"
    text = f"The board meets in public on 26 March at 10am, and anybody may come and ask. {OPENING}"
    assert "everybody has one" in refusal(told(title, text), theirs(title, text))
    joint = "Joint board meeting: 26 March"
    assert reason(told(joint, text), theirs(joint, text)) == "the same text as {}’s"


def test_the_same_passages_in_another_order_under_another_headline_are_other_news() -> None:
    ours = told("This and that", f"{END}\n{MIDDLE}\n{OPENING}")
    assert "in another order" in refusal(ours, theirs())


def test_a_phrase_said_again_puts_no_passage_into_another_order() -> None:
    again = "as the lock keeper had told him on the telephone"
    text = f"{OPENING} {again}.\n{MIDDLE} {LOCAL}\n{again} {END}"
    ours = told("This and that", text.replace("most of them waited", "many of them waited"))
    assert (reason(ours, theirs(text=text)) or "").endswith("with a few words changed")


def test_what_many_stories_share_is_nobodys() -> None:
    ours = told("Scanner in the pocket", TEXT)
    held: dict[int, tuple[int, ...]] = dict.fromkeys(_sketched(ours).sketch.samples, tuple(range(7, 15)))
    found = refusal(ours, theirs("Legs"), replace(_known(theirs("Legs")), holders=held))
    assert "more than 6 other stories" in found or "as a round-up does" in found


def test_what_many_stories_share_is_a_copy_under_a_headline_that_is_one_storys_alone() -> None:
    for text in (TEXT, TEXT.replace("within a minute", "in a minute")):
        ours = told(TITLE, text)
        held: dict[int, tuple[int, ...]] = dict.fromkeys(_sketched(ours).sketch.samples, tuple(range(7, 14)))
        assert reason(ours, theirs(), replace(_known(theirs()), holders=held))


def test_half_of_a_text_under_a_headline_of_many_is_other_news() -> None:
    for title, is_copy in ((TITLE, True), ("Visiting times", False)):
        ours = told(title, f"{OPENING} {MIDDLE} {EXTRA}")
        assert (reason(ours, theirs(title)) is not None) == is_copy


def test_statements_that_cite_the_same_report_are_other_news() -> None:
    title = "Our statement on the report about district nursing"
    cited = f"The report says: {MIDDLE} {OPENING}"
    ours = "We in the east have waited a long time for somebody to say so aloud, and we thank its authors."
    west = "The report has come too late for those who work by the coast, and it offers them too little."
    one, other = f"{ours} {cited} {LOCAL}", f"{west} {cited} {END}"
    assert refusal(told(title, one), theirs(title, other)) == "too little of the shorter text is in both"


def test_statements_that_cite_more_than_they_say_are_other_news() -> None:
    cited = f"The report says: {OPENING} {MIDDLE}"
    ours = told("East answers the report", f"Patience is at an end, say nurses in the east. {cited}")
    west = theirs("West answers the report", f"Praise for the diary came from Portway first. {cited} {EXTRA}")
    assert "each begins with words of its own" in refusal(ours, west)


def test_an_excerpt_under_another_headline_is_a_copy_where_the_other_has_all_of_it() -> None:
    excerpt = f"The report is a start, say nurses in the east. {OPENING}"
    ours = told("East answers the report", excerpt)
    west = f"The report is a start, but it has come too late for us. {OPENING} {MIDDLE}"
    assert "has another headline" in refusal(ours, theirs("West answers the report", west))
    assert reason(ours, theirs("West answers the report", f"{excerpt} {MIDDLE}"))


def test_a_long_text_is_compared_with_an_excerpt_of_it_that_came_first() -> None:
    long = " ".join([TEXT, LOCAL, EXTRA, *(f"Word{number} of the same matter." for number in range(60))])
    whole, excerpt = (_sketched(told(title, text)).sketch for title, text in (("A", long), ("B", OPENING)))
    held = dict.fromkeys(excerpt.samples, (7,))
    assert 4 <= len(held) < len(whole.samples) / 5
    assert likely(whole, held) == (7,)


HOUSE = (10, 11, 12, 13, 14, 15, 16, 17)
"""Stories that all have a phrase of their member's house."""


@pytest.mark.parametrize(
    ("runs", "held", "looked_at"),
    [
        pytest.param(5, {0: (7,)}, (7,), id="the title alone"),
        pytest.param(5, {0: HOUSE}, (), id="a title that many have"),
        pytest.param(5, {0: HOUSE[1:]}, HOUSE[1:5], id="a title that some have"),
        pytest.param(5, dict.fromkeys((1, 2, 3, 4, 5), HOUSE), (), id="words that many have"),
        pytest.param(5, {1: (7, 8)}, (7, 8), id="words that two have"),
        pytest.param(5, {1: (7, 8, 9)}, (), id="words that three have"),
        pytest.param(5, {1: (7, 8, 9), 2: (7, 8, 10)}, (7, 8), id="two times words that three have"),
        pytest.param(10, {1: (7,)}, (), id="a tenth of the words"),
        pytest.param(10, {1: (7,), 2: (7,)}, (7,), id="a fifth of the words"),
        pytest.param(10, {1: (7,), 2: (8,)}, (), id="a fifth, of two stories"),
        pytest.param(99, dict.fromkeys((1, 2, 3), (7,)), (), id="too little of a long text"),
        pytest.param(99, dict.fromkeys((1, 2, 3, 4), (7,)), (7,), id="an excerpt's words of a long text"),
        pytest.param(5, {1: (8,), 2: (8, 7), 0: (9,)}, (8, 9, 7), id="the rarest first"),
        pytest.param(5, {1: (5, 8), 2: (8, 5), 0: (8,)}, (8, 5), id="the title and the words first"),
        pytest.param(5, {at: (10 - at,) for at in range(1, 6)}, (5, 6, 7, 8), id="four at most"),
    ],
)
def test_an_entry_is_compared_with_the_stories_that_share_the_rarest_of_its_words_or_its_title(
    runs: int, held: dict[int, tuple[int, ...]], looked_at: tuple[int, ...]
) -> None:
    assert likely(Sketch(samples=tuple(range(1, runs + 1)), title=0), held) == looked_at
    untitled = likely(Sketch(samples=tuple(range(1, runs + 1))), held)
    assert untitled == likely(Sketch(samples=tuple(range(1, runs + 1)), title=0), {**held, 0: ()})


def test_a_notice_like_one_of_weeks_ago_is_other_news_where_it_goes_on_otherwise() -> None:
    title = "Clinics close early while the bridge is mended"
    ours = f"{OPENING} {MIDDLE} Closed this time are the two by the harbour and that in Portway."
    before = theirs(title, f"{OPENING} {MIDDLE} {END}")
    assert reason(told(title, ours, later=timedelta(days=3)), before)
    assert "more than two weeks later" in refusal(told(title, ours, later=timedelta(days=19)), before)


def test_a_list_that_goes_on_otherwise_within_a_sentence_is_other_news() -> None:
    begun = f"{OPENING.partition('. ')[0]}. It shows {{}}"
    named = begun.format("two choirs, the lock keeper, the bats under the bridge, and a lamp in a drawer.")
    other = begun.format("a school by the mill, the ferry that sank, and the library of Portway.")
    assert "ends with words that the other has not" in refusal(
        told(TITLE, named), theirs(text=f"{other} {END}")
    )
    for begins in ("Of these, two", "It is two"):
        apart = named.replace("It shows two", begins)
        assert reason(told(TITLE, apart), theirs(text=f"{other} {END}"))


@pytest.mark.parametrize("also", ["", ", and a surgery in Portway"], ids=["not a word", "but for a place"])
def test_a_notice_of_the_same_day_that_ends_with_words_of_its_own_is_other_news(also: str) -> None:
    notice = f"{OPENING} These are closed today:"
    here = told(f"{TITLE} on Monday", f"{notice} the two by the harbour, a surgery in Portway and the")
    elsewhere = f"{notice} the library, for which somebody has lost the key{also}. {MIDDLE} {END}"
    assert "ends with words that the other has not" in refusal(here, theirs(here.title, elsewhere))
    # What is longer than an excerpt may end with a paragraph of its own.
    longer = replace(here, text=f"{OPENING} {MIDDLE} {LOCAL}")
    assert reason(longer, theirs(here.title, f"{OPENING} {MIDDLE} {END} {EXTRA}"))


def test_a_correction_of_what_its_own_feed_told_is_no_copy_of_anothers() -> None:
    ours = told(TITLE, TEXT, later=timedelta(days=1))
    before = candidate(told(TITLE, TEXT), key=2, story=8)
    known = replace(
        of_others(candidate(theirs(), story=7)), likely=dict.fromkeys([_sketched(ours).fingerprint], (7, 8))
    )
    assert reason(ours, theirs(), known)
    # Another may be nearer by a word.
    changed = candidate(told(TITLE, TEXT.replace("within a minute", "in a minute")), key=2, story=8)
    for each in (before, changed):
        assert "its own feed told the same" in refusal(ours, theirs(), replace(known, told={8: (each,)}))


def test_what_a_feed_told_of_old_does_not_keep_it_from_passing_on_news() -> None:
    ours = told(TITLE, TEXT, later=timedelta(days=8))
    known = replace(
        of_others(candidate(theirs(), story=7)), likely=dict.fromkeys([_sketched(ours).fingerprint], (7, 8))
    )
    old, another = (
        candidate(told(TITLE, text, later=later), key=2, story=8)
        for text, later in ((TEXT, timedelta()), (f"{OPENING} {LOCAL}", timedelta(days=7)))
    )
    for each in (old, another):
        assert reason(ours, theirs(), replace(known, told={8: (each,)}))


def test_a_report_that_goes_back_to_what_was_told_a_week_ago_is_other_news() -> None:
    goes_on = f"The scanners have found their first clots, say the nurses. We reported then: {TEXT} {LOCAL}"
    sooner, later = (told("A year of scanners", goes_on, later=timedelta(days=days)) for days in (2, 9))
    assert reason(sooner, theirs()) == "the text of {}’s with something added"
    assert "goes back to that" in refusal(later, theirs())
    assert "goes back to that" in refusal(later, theirs(text=f"Today: {TEXT}"))


def test_a_line_of_ones_own_in_the_place_of_anothers_leaves_it_a_copy_a_week_later() -> None:
    ours, other = f"From our own writer in Thornmouth, Friday: {TEXT} {EXTRA} {LOCAL}", f"{TEXT} {EXTRA}"
    assert reason(
        told("Scanner", ours, later=timedelta(days=9)),
        theirs(text=f"News of the west and the hills: {other}"),
    )


def test_a_report_that_begins_with_the_names_of_what_it_goes_back_to_is_other_news() -> None:
    named = " ".join(TEXT.split()[:9])
    own = f"{named} and says that the wards of nine more towns are to have one each before the summer."
    goes_on = f"{own} We reported then: {TEXT} {LOCAL}"
    sooner, later = (told("More scanners", goes_on, later=timedelta(days=days)) for days in (9, 19))
    assert reason(sooner, theirs()) == "the text of {}’s with something added"
    assert "has most of that after words of its own" in refusal(later, theirs())


def test_a_sentence_that_the_feed_repeats_is_no_part_of_the_news() -> None:
    footer = "East Vale Health is one of nine bodies that bring people together for better health in the Vale"
    (without,) = sketched([told("News 0", "Word0 is new today. More of 0.")])
    for end in ".!?":
        document = [told(f"News {n}", f"Word{n} is new today. {footer}{end} More of {n}.") for n in range(3)]
        assert sketched(document)[0].words == without.words


def test_of_repeated_sentences_within_others_nothing_is_left() -> None:
    address = "Write to our office at the old mill by the river when it does not flood"
    footers = [address[:end] for end in range(10, len(address)) if address[end] == " "]
    document = [told(f"News {n}", ". ".join((f"Word{n} is new today", *footers))) for n in range(3)]
    without = sketched([told("News 0", "Word0 is new today.")])
    assert sketched(document)[0].words == without[0].words


def test_no_story_holds_two_entries_of_one_feed() -> None:
    known = of_others(candidate(theirs(), key=1, story=7), candidate(told("x", END), key=2, story=7))
    assert copy_of(_sketched(told(TITLE, TEXT)), known, date=PUBLISHED) is None


# ---------------------------------------------------------------- an admin's word


def test_what_an_admin_ruled_to_be_nobodys_copy_gets_none() -> None:
    known = replace(_known(theirs()), rulings=Rulings(alone=frozenset({1})))
    assert copy_of(_sketched(told(TITLE, TEXT)), known, date=PUBLISHED) is None


def test_what_an_admin_took_apart_stays_apart() -> None:
    known = replace(_known(theirs()), rulings=Rulings(apart=frozenset({frozenset({1, 5})})))
    assert copy_of(_sketched(told(TITLE, TEXT)), known, date=PUBLISHED, key=5) is None
    assert copy_of(_sketched(told(TITLE, TEXT)), known, date=PUBLISHED, key=6) is not None


# ---------------------------------------------------------------- who leads


def leads(
    ours: Entry,
    lead: Candidate,
    *,
    after: timedelta = timedelta(minutes=10),
    rulings: Rulings | None = None,
    zone: ZoneInfo = LONDON,
    owners: urls.Owners = urls.NO_OWNERS,
) -> bool:
    known = replace(of_others(lead), rulings=rulings or Rulings())
    now = lead.first_seen + after
    date = ours.published or PUBLISHED
    return leads_instead(_sketched(ours), date, lead, known, now=now, zone=zone, owners=owners)


def test_the_earlier_one_is_the_original() -> None:
    assert leads(told(TITLE, TEXT, later=-timedelta(hours=2)), candidate(theirs()))
    assert not leads(told(TITLE, TEXT, later=timedelta(hours=2)), candidate(theirs()))


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        pytest.param("2026-06-02T00:00Z", "Europe/London", id="in UTC"),
        pytest.param("2026-06-01T23:00Z", "Europe/London", id="in the hub's zone, east of UTC"),
        pytest.param("2026-06-02T00:00Z", "America/New_York", id="in UTC, with a hub west of it"),
        pytest.param("2026-06-02T04:00Z", "America/New_York", id="in the hub's zone, west of UTC"),
    ],
)
def test_a_day_without_an_hour_is_no_earlier_than_an_hour_of_that_day(day: str, zone: str) -> None:
    midnight, nine = map(datetime.fromisoformat, (day, "2026-06-02T09:00Z"))
    whole_day, at_nine = (replace(theirs(), published=moment) for moment in (midnight, nine))
    the_day_before = midnight - timedelta(days=1)
    for ours, lead in ((whole_day, at_nine), (at_nine, whole_day), (whole_day, whole_day)):
        assert not leads(ours, candidate(lead), zone=ZoneInfo(zone))
    assert leads(replace(whole_day, published=the_day_before), candidate(at_nine), zone=ZoneInfo(zone))


def test_the_one_that_the_other_links_to_is_the_original_whatever_the_clocks_say() -> None:
    ours = told(TITLE, TEXT, later=timedelta(hours=2))
    assert ours.link
    citing = replace(theirs(), content=f'<p>First told <a href="{ours.link}?utm_source=west">there</a>.</p>')
    assert leads(ours, candidate(citing))
    elsewhere = ours.link.replace("https://", "http://WWW.").replace(" ", "%20")
    ours = replace(ours, link=f"{ours.link}/".replace(" ", "%20"))
    assert leads(ours, candidate(replace(theirs(), content="", summary=f'<a href="{elsewhere}#top">it</a>')))
    back = replace(
        told(TITLE, TEXT, later=-timedelta(hours=2)), content=f'<a href="{theirs().link}">West</a>'
    )
    assert not leads(back, candidate(theirs()))


EAST_PAGE, WEST_PAGE, BOTH_PAGE = (f"https://www.{site}.example/recall" for site in ("east", "west", "both"))
OWNERS = {
    "east.example": frozenset({"east"}),
    "west.example": frozenset({"west"}),
    "both.example": frozenset({"east", "west"}),
}


@pytest.mark.parametrize("named", ["link", "id"])
@pytest.mark.parametrize("hours", [-30, 30])
def test_an_entry_leads_those_that_say_they_are_on_its_members_site_whatever_their_dates(
    named: str, hours: int
) -> None:
    at_home = replace(told(TITLE, TEXT, later=timedelta(hours=hours)), link=EAST_PAGE, id=EAST_PAGE)
    elsewhere = replace(theirs(text=LOCAL), **{named: EAST_PAGE})
    assert leads(at_home, candidate(elsewhere), owners=OWNERS)
    assert not leads(elsewhere, candidate(at_home), owners=OWNERS)
    # Not even what they link to makes them the original.
    credits_them = replace(at_home, content=f'<a href="{elsewhere.link}">More</a>')
    assert not leads(elsewhere, candidate(credits_them), owners=OWNERS)


def test_an_entry_on_the_site_of_a_copys_member_takes_no_lead_either() -> None:
    lead = candidate(theirs(), key=1, story=7)
    at_home = candidate(replace(told(TITLE, TEXT), link=EAST_PAGE), key=2, story=7, lead=False)
    known = of_others(lead, at_home)
    elsewhere = replace(told(TITLE, LOCAL, feed=FeedKey("north")), link=EAST_PAGE)
    date, now = PUBLISHED - timedelta(hours=2), PUBLISHED + timedelta(minutes=10)
    for owners, is_first in ((OWNERS, False), (urls.NO_OWNERS, True)):
        found = leads_instead(_sketched(elsewhere), date, lead, known, now=now, zone=LONDON, owners=owners)
        assert found == is_first


@pytest.mark.parametrize(
    ("ours", "page_of_theirs"),
    [
        pytest.param(BOTH_PAGE, BOTH_PAGE, id="two members on one host"),
        pytest.param(EAST_PAGE, WEST_PAGE, id="each on its own"),
        pytest.param(WEST_PAGE, EAST_PAGE, id="each on the other's"),
        pytest.param("https://else.example/1", "https://else.example/1", id="on nobody's"),
    ],
)
def test_where_neither_is_on_the_others_site_the_earlier_one_is_the_original(
    ours: str, page_of_theirs: str
) -> None:
    lead = candidate(replace(theirs(), link=page_of_theirs))
    for hours, is_original in ((-2, True), (2, False)):
        entry = replace(told(TITLE, TEXT, later=timedelta(hours=hours)), link=ours)
        assert leads(entry, lead, owners=OWNERS) == is_original


def test_of_a_members_own_feeds_none_is_on_the_others_site() -> None:
    lead = candidate(replace(told(TITLE, TEXT, feed=FeedKey("east", "press")), link=EAST_PAGE))
    assert not leads(
        replace(told(TITLE, TEXT, later=timedelta(hours=2)), link=EAST_PAGE), lead, owners=OWNERS
    )


def test_also_the_lead_of_a_story_on_anothers_site_stays_when_readers_know_it() -> None:
    at_home = replace(told(TITLE, TEXT), link=EAST_PAGE)
    elsewhere = candidate(replace(theirs(), link=EAST_PAGE))
    assert not leads(at_home, elsewhere, after=timedelta(hours=2), owners=OWNERS)
    assert not leads(at_home, elsewhere, rulings=Rulings(leads=frozenset({1})), owners=OWNERS)


def test_an_entry_that_dates_itself_days_before_buries_no_news() -> None:
    assert leads(told(TITLE, TEXT, later=-timedelta(days=1)), candidate(theirs()))
    assert not leads(told(TITLE, TEXT, later=-timedelta(days=3)), candidate(theirs()))


def test_one_that_has_a_date_leads_one_that_has_none_whenever_it_comes() -> None:
    dated = candidate(theirs())
    undated = dated._replace(date=dated.first_seen - LONG_AGO)
    assert leads(told(TITLE, TEXT, later=timedelta(days=2)), undated, after=timedelta(days=2))
    assert leads(told(TITLE, TEXT, later=-timedelta(days=9)), undated)
    assert not leads(told(TITLE, TEXT), undated, rulings=Rulings(leads=frozenset({1})))


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("the beginning of {}’s text", "the text of {}’s and more"),
        ("the text of {}’s with something added", "a part of {}’s text"),
        ("the same text as {}’s", "the same text as {}’s"),
    ],
)
def test_why_the_lead_before_is_a_copy_is_told_from_its_side_and_of_another_that_the_new_one_is_the_original(
    why: str, said: str
) -> None:
    lead = candidate(theirs(), key=1, story=7)
    assert from_there(Verdict(story=7, of=1, why=why), lead) == said
    assert "which is the original" in from_there(Verdict(story=7, of=2, why=why), lead)


def test_a_lead_that_readers_know_stays_the_lead() -> None:
    earlier = told(TITLE, TEXT, later=-timedelta(hours=2))
    assert not leads(earlier, candidate(theirs()), after=timedelta(hours=2))


def test_a_lead_that_an_admin_chose_stays_the_lead() -> None:
    earlier = told(TITLE, TEXT, later=-timedelta(hours=2))
    assert not leads(earlier, candidate(theirs()), rulings=Rulings(leads=frozenset({1})))
