"""What a publisher wrote, as the hub stores, compares and shows it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from hub import normalise, urls, wording
from hub.model import Category, Enclosure, Entry, Feed, FeedKey, Person, Source, digest
from hub.parse.document import (
    Attached,
    Author,
    ParsedEntry,
    ParsedFeed,
    ParsedSource,
    Term,
    Text,
)
from hub.parse.feed import parse

FEEDS = Path(__file__).parent / "feeds"
URL = "https://east.example/news/feed.xml"
FEED = Feed(key=FeedKey("east"), url=URL)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_FEED = ParsedFeed()


def one(parsed: ParsedEntry, document: ParsedFeed = NO_FEED) -> Entry:
    """The entry that is made of this one, alone in its document."""
    (entry,), _ = normalise.entries(replace(document, entries=(parsed,)), FEED, url=URL)
    return entry


def made(title: str = "Stroke pathway", html: str = "", **fields: object) -> Entry:
    content = Text(value=html, type="html") if html else None
    parsed = ParsedEntry(title=Text(value=title, type="text"), content=content)
    return one(replace(parsed, **fields))


@pytest.mark.parametrize("name", sorted(path.stem for path in FEEDS.glob("*.xml")))
def test_the_entries_of_a_feed_with_a_quirk_are_those_beside_it(name: str) -> None:
    document = parse(
        (FEEDS / f"{name}.xml").read_bytes(), url=URL, content_type=None, zone=ZoneInfo("Europe/London")
    )
    entries, _ = normalise.entries(document, FEED, url=URL)
    expected: Sequence[Mapping[str, object]] = importlib.import_module(f"tests.feeds.{name}").EXPECTED
    assert document.remarks == ()
    assert [
        {field: getattr(entry, field) for field in fields}
        for entry, fields in zip(entries, expected, strict=True)
    ] == list(expected)


# ---------------------------------------------------------------- which entries there are


def test_an_entry_in_which_nothing_is_written_is_left_out_and_told() -> None:
    link = ParsedEntry(link="https://east.example/2")
    parsed = (
        ParsedEntry(published=NOW),
        ParsedEntry(id="1"),
        ParsedEntry(authors=(Author(name="Ann"),)),
        link,
    )
    entries, remarks = normalise.entries(ParsedFeed(entries=parsed), FEED, url=URL)
    assert [(entry.id, entry.link) for entry in entries] == [("1", None), (None, link.link)]
    assert remarks == ("2 of its entries have nothing in them, and were left out",)


def test_dates_that_are_there_and_cannot_be_read_are_told() -> None:
    def dated(*dates: str) -> list[tuple[str, ...]]:
        items = "".join(
            f"<item><link>http://a.example/{n}</link><title>News {n}</title><pubDate>{date}</pubDate></item>"
            for n, date in enumerate(dates)
        )
        remarks = []
        # A document that is not well-formed is read in another way.
        for end in ("</channel></rss>", "<br></channel></rss>"):
            document = f"<rss version='2.0'><channel>{items}{end}".encode()
            parsed = parse(document, url=URL, content_type=None, zone=ZoneInfo("UTC"))
            remarks.append(normalise.entries(parsed, FEED, url=URL)[1])
        return remarks

    good = "Tue, 24 Nov 2026 09:00:00 GMT"
    assert dated(good, "") == [(), ()]
    told = ("2 dates in it cannot be read, such as ‘Mon, 30 Feb 2026 09:00:00 GMT’",)
    assert dated("Mon, 30 Feb 2026 09:00:00 GMT", good, "the day before yesterday") == [told, told]


def test_an_entry_that_stands_there_twice_word_for_word_is_one() -> None:
    first = ParsedEntry(id="1", title=Text(value="News"), published=NOW)
    again = replace(first, title=Text(value="<b>NEWS</b>"), published=NOW - timedelta(days=1))
    entries, remarks = normalise.entries(ParsedFeed(entries=(first, again)), FEED, url=URL)
    assert [entry.published for entry in entries] == [NOW]
    assert remarks == ("1 of its entries stand there twice word for word, and were taken once",)


@pytest.mark.parametrize(
    "other",
    [
        {"title": Text(value="Clinic open today")},
        {"published": NOW - timedelta(days=1)},
        {"link": "https://east.example/2"},
        {"id": "2"},
    ],
)
def test_the_same_words_with_another_id_link_or_day_are_other_news(other: dict[str, object]) -> None:
    first = ParsedEntry(title=Text(value="Clinic closed today"), published=NOW)
    document = ParsedFeed(entries=(first, replace(first, **other)))
    entries, remarks = normalise.entries(document, FEED, url=URL)
    assert (len(entries), remarks) == (2, ())


def test_entries_without_a_word_are_told_apart_by_their_pictures_and_files() -> None:
    parsed = (
        ParsedEntry(content=Text(value="<img src='/a.png'>", type="html")),
        ParsedEntry(content=Text(value="<img src='/b.png'>", type="html")),
        ParsedEntry(enclosures=(Attached(url="/a.mp3"),)),
        ParsedEntry(enclosures=(Attached(url="/b.mp3"),)),
    )
    entries, _ = normalise.entries(ParsedFeed(entries=parsed), FEED, url=URL)
    assert len({entry.fingerprint for entry in entries}) == 4
    assert len({entry.keys.title for entry in entries}) == 4


def test_what_wordpress_writes_below_its_posts_is_none_of_their_words() -> None:
    footer = '<p>The post <a href="/1">Closed</a> appeared first on <a href="/">Stroke Network</a>.</p>'
    entry = made("Closed", html=f"<p>Back on Monday.</p>{footer}")
    assert (entry.text, entry.excerpt) == ("Back on Monday.", "Back on Monday.")
    assert "appeared first on" in entry.content
    # What is stored with it is the same news.
    assert entry.fingerprint == digest(
        wording.that_count("Closed", "Back on Monday.\nThe post Closed appeared first on Stroke Network.")
    )
    quoted = "The post office appeared first on the list.\nIt opens today."
    assert made(html=f"<p>{quoted.replace(chr(10), '<br>')}</p>").text == quoted


@pytest.mark.parametrize(
    "footer",
    [
        "The post {} first appeared on {}.",
        "Der Beitrag {} erschien zuerst auf {}.",
        "L&#8217;article {} est apparu en premier sur {}.",
        "L'articolo {} proviene da {}.",
        "La entrada {} se publicó primero en {}.",
        "Het bericht {} verscheen eerst op {}.",
    ],
)
def test_nor_is_what_its_plug_ins_write_in_other_words_and_languages(footer: str) -> None:
    its = footer.format('<a href="/1">Ward &#8216;A&#8217;</a>', '<a href="/">Stroke Network</a>')
    entry = made("Ward ‘A’", html=f"<p>Back on Monday.</p><p>{its}</p>")
    assert (entry.text, entry.excerpt) == ("Back on Monday.", "Back on Monday.")
    followed = made("Ward ‘A’", html=f"<p>Back on Monday.</p><p>{its}</p><p>Source: Stroke Network</p>")
    assert followed.text == "Back on Monday.\nSource: Stroke Network"
    # Of another's title it is what someone says.
    said = made("Ward B", html=f"<p>Back on Monday.</p><p>{its}</p>")
    assert said.text.endswith("Stroke Network.")


@pytest.mark.parametrize(
    ("written", "excerpt"),
    [
        ('A ward &#8230; <a href="/1">Continue reading <span>&rarr;</span></a>', "A ward …"),
        ('A ward ... <a href="/1">Read more</a>', "A ward ..."),
        ('A ward [&#8230;] <a href="/1">Read more &raquo;</a>', "A ward […]"),
        ('<p>A ward… <a href="/1"><span>Stroke pathway</span> Read More &raquo;</a></p>', "A ward…"),
        ('A ward … <a href="/1">Read more about “Stroke pathway”</a>', "A ward …"),
        ('<p>A ward opens.</p><p><a href="/1">Read full article &gt;&gt;</a></p>', "A ward opens."),
        ('<p>A ward opens</p><div class="more-link">read more</div>', "A ward opens"),
        ('A ward <a href="/1">(more&hellip;)</a>', "A ward (more…)"),
        ('<p>A ward opens … <a href="/1">Weiterlesen</a></p>', "A ward opens …"),
        # What somebody says.
        ("<p>A ward opens, and you can read more</p>", "A ward opens, and you can read more"),
        ("<p>A ward… and more to come</p>", "A ward… and more to come"),
        ("<p>Read more</p>", "Read more"),
    ],
)
def test_an_excerpt_does_not_end_in_the_link_to_the_whole_text(written: str, excerpt: str) -> None:
    entry = made(html=written)
    assert entry.excerpt == excerpt
    assert made(html="<p>A ward opens.</p>", summary=Text(value="Read more")).excerpt == "A ward opens."
    assert made(summary=Text(value=written, type="html")).excerpt == excerpt
    assert made(title="", html=written).excerpt == excerpt or "Stroke pathway" in written
    # The text is as it was written, and so are the words that count.
    assert entry.text.startswith("A ward") or entry.text == "Read more"
    assert entry.fingerprint == digest(wording.that_count(entry.title, entry.text))


@pytest.mark.parametrize(
    ("summary", "excerpt"),
    [
        ("A ward opens in", "A ward opens in spring. It has twelve beds Ask."),
        ("A ward op", "A ward opens in spring. It has twelve beds Ask."),
        # What ends as a sentence or a paragraph does, goes on in “…”, or says it in other words is meant so.
        ("A ward opens in spring.", "A ward opens in spring."),
        ("A ward opens in spring. It has twelve beds", "A ward opens in spring. It has twelve beds"),
        ("A ward opens …", "A ward opens …"),
        ("Our ward opens in", "Our ward opens in"),
    ],
)
def test_an_excerpt_is_no_summary_that_was_cut_within_a_sentence(summary: str, excerpt: str) -> None:
    html = "<p>A ward opens in spring. It has twelve beds</p><p>Ask.</p>"
    assert made(html=html, summary=Text(value=summary, type="text")).excerpt == excerpt


@pytest.mark.parametrize(
    "caption",
    [
        '<figure><img src="/p.jpg"><figcaption class="a">Photo: <em>Ann</em> / Agency</figcaption></figure>',
        '<figure><img src="/p.jpg"><figcaption>The ward<br>Photo: Ann</figcaption></figure>',
        '<div class="wp-caption"><img src="/p.jpg"><p class="wp-caption-text">Left: Ann &amp; Bob</p></div>',
    ],
)
def test_an_excerpt_does_not_begin_with_a_pictures_caption(caption: str) -> None:
    entry = made(html=f"{caption}<p>A ward opens.</p>{caption}")
    assert entry.excerpt == "A ward opens."
    assert entry.text.count("Ann") == 2
    assert made(summary=Text(value=f"{caption}<p>A ward opens.</p>", type="html")).excerpt == "A ward opens."
    alone = made(html=caption)
    assert alone.excerpt == alone.text.replace("\n", " ") != ""
    # Not closed, it is all that there is.
    assert made(html="<p>A ward</p><figcaption>opens").excerpt == "A ward opens"


_FIELD = '<span class="field field--name-{} field--type-x field--label-hidden">{}</span>\n'
_TIME = '<time datetime="2026-11-12T10:11:12+00:00" class="datetime">Thu, 12/11/2026 - 10:11</time>\n'


@pytest.mark.parametrize(
    "byline",
    [
        _FIELD.format("title", "A ward")
        + _FIELD.format("uid", '<span lang="" about="/user/1">admin</span>')
        + _FIELD.format("created", _TIME),
        _FIELD.format("title", "A ward") + _FIELD.format("created", "Thu, 12/11/2026 - 10:11"),
        f"<span>A ward</span>\n\n<span><span>admin</span></span>\n\n<span>{_TIME}</span>\n",
        '<span property="schema:name">A ward</span> '
        '<span rel="schema:author"><a href="/user/1">admin</a></span>'
        '<span property="schema:dateCreated">12 November 2026</span>',
    ],
)
def test_an_excerpt_does_not_begin_with_the_title_author_and_date_that_drupal_writes(byline: str) -> None:
    entry = made(html=f"{byline}<div><p>It <span>opens</span>.</p></div>")
    assert entry.excerpt == "It opens."
    assert entry.text.startswith("A ward ")
    # Where there is nothing else, it is better than nothing.
    assert made(html=byline).excerpt.startswith("A ward ")


def test_an_event_is_not_on_the_day_that_drupal_writes_before_its_text() -> None:
    created = _FIELD.format("title", "A talk") + _FIELD.format("created", "12 November 2026")
    announced = datetime(2026, 11, 12, 9, tzinfo=UTC)
    entry = made(html=f"{created}<p>Join us on 3 December 2026.</p>", published=announced)
    assert entry.event_date == date(2026, 12, 3)


@pytest.mark.parametrize(
    "html",
    [
        "<span>Beds</span> <span><span>are</span></span> <span>here</span> <span class='title'>now</span>",
        "<p>On</p><span>12</span> <span><a href='/'>beds</a></span> <span>in 2027</span>",
        "<span>Ten</span> <span>beds</span> <span>in 2027</span>",
        "<span>Join us</span> <span><a href='/'>online</a></span> <span>on 3 December.</span><p>Book.</p>",
    ],
)
def test_an_excerpt_keeps_spans_that_are_the_texts_own(html: str) -> None:
    entry = made(html=html)
    assert entry.excerpt == entry.text.replace("\n", " ")


def test_spans_that_nobody_closes_are_read_in_no_time() -> None:
    started = time.process_time()
    for html in (
        '<span class="field--name-title">' * 15_000,
        "<span>a</span><span><a>b</a></span><span>" + "1" * 400_000,
        "<span " + " class='field--name-titl" * 20_000,
        '<p>x</p><span class="' + "field--name-title " * 20_000 + '">y',
        "<p>x</p><span " + " class='field--name-title'" * 15_000 + ">y",
        '<p>x</p><span class="' + "field--name-title " * 4_000 + '">' + "<a>x</a>" * 8_000,
    ):
        made(html=html)
    assert time.process_time() - started < 5


def test_json_feeds_and_plain_texts_with_references_for_signs_are_read_as_they_were_meant() -> None:
    feed = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [{"id": "1", '
        '"title": "Ward &#8216;A&#8217; &amp; B", "summary": "It&rsquo;s on.", "content_text": "2 &gt; 1"}]}'
    )
    parsed = parse(feed.encode(), url=URL, content_type=None, zone=ZoneInfo("UTC"))
    (entry,), _ = normalise.entries(parsed, FEED, url=URL)
    assert (entry.title, entry.excerpt, entry.text) == ("Ward ‘A’ & B", "It’s on.", "2 > 1")


# ---------------------------------------------------------------- when an entry counts as changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>A new ward.</p>", "<div class='x'>A <b>new</b>\n ward.</div>"),
        ("“Safe” – it’s", '"Safe" - it\'s'),
        ("<a href='/a'>More</a>", "<a href='/a?utm_source=feed&amp;utm_campaign=7'>More</a>"),
        ("<p>News</p>", "<p>News</p><img src='https://stats.example/c.gif?1' width=1 height=1>"),
        ("Caf&eacute; &amp; bar", "Café & bar"),
        ("oﬃce", "office"),
    ],
)
def test_markup_quotation_marks_and_tracking_are_no_correction(before: str, after: str) -> None:
    assert made(html=before).fingerprint == made(html=after).fingerprint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12 mg a day", "1.2 mg a day"),
        ("Opens 4 May", "Opens 5 May"),
        ("Patients are safe", "Patients are not safe"),
        ("<a href='/a'>More</a>", "<a href='/a'>More here</a>"),
        ("新しい病棟", "古い病棟"),
    ],
)
def test_a_figure_or_a_word_is_a_correction(before: str, after: str) -> None:
    assert made(html=before).fingerprint != made(html=after).fingerprint
    assert made(before).fingerprint != made(after).fingerprint


# ---------------------------------------------------------------- keys


def test_an_entry_is_known_by_its_id_its_link_and_its_title_with_the_date() -> None:
    entry = made(id="HTTPS://www.East.example/1/", link="/1?utm_source=x&id=5", published=NOW)
    assert entry.id == "HTTPS://www.East.example/1/"
    assert entry.keys.id == digest("HTTPS://www.East.example/1/")
    assert entry.keys.loose_id == digest("east.example/1")
    assert (entry.link, entry.canonical_link) == (
        "https://east.example/1?utm_source=x&id=5",
        "east.example/1?id=5",
    )
    assert entry.keys.link == digest("east.example/1?id=5")
    assert entry.keys.title == made("STROKE pathway!", html="Other words", published=NOW).keys.title
    assert entry.keys.title != made(published=NOW + timedelta(days=1)).keys.title


def test_a_home_page_is_no_key_though_it_is_a_link() -> None:
    entry = made(link="https://www.east.example/?utm_source=feed")
    assert entry.link == "https://www.east.example/?utm_source=feed"
    assert entry.canonical_link == "east.example"
    assert entry.keys.link is None


def test_an_entry_without_title_or_date_is_known_by_its_words() -> None:
    entry = made("", html="A new ward.")
    assert entry.keys.title == made("", html="<p>A new ward</p>").keys.title
    assert (entry.keys.id, entry.keys.loose_id, entry.keys.link) == (None, None, None)


@pytest.mark.parametrize(
    ("beside", "known_by"),
    [
        ("<p>3 comments</p>", "ward\na new ward"),
        ("<p>You may also like</p><p>Beds</p>", "ward\na new ward"),
        ("<p>Keine Kommentare</p>", "ward\na new ward keine kommentare"),
        ("<p>vor 3 Stunden</p>", "ward\na new ward vor 3 stunden"),
        ("<p>Articles similaires</p><p>Lits</p>", "ward\na new ward articles similaires lits"),
    ],
)
def test_what_has_no_date_is_known_by_the_words_that_it_was_known_by_in_every_database(
    beside: str, known_by: str
) -> None:
    entry = made("Ward", html=f"<p>A new ward.</p>{beside}")
    assert entry.keys.title == digest(digest(known_by))
    assert entry.fingerprint == made("Ward", html="<p>A new ward.</p>").fingerprint


def test_nor_are_words_that_earlier_hubs_took_for_hidden_what_it_is_known_by() -> None:
    entry = made("Ward", html='<p>A new ward.</p><p title="The hidden cost">Of beds.</p>')
    before = made("Ward", html="<p>A new ward.</p>")
    assert entry.text == "A new ward.\nOf beds."
    assert (entry.keys, entry.misread, before.misread) == (before.keys, before.fingerprint, "")
    assert entry.fingerprint != before.fingerprint


# ---------------------------------------------------------------- dates


def day(number: int) -> datetime:
    return NOW - timedelta(days=number)


@pytest.mark.parametrize(
    ("published", "updated", "link", "date"),
    [
        (day(3), day(2), "/2026/01/31/a", day(3)),
        (None, day(2), "/2026/01/31/a", day(2)),
        (None, None, "/2026/01/31/a", datetime(2026, 1, 31, tzinfo=UTC)),
        (None, None, "/news/2026-01-31-a", datetime(2026, 1, 31, tzinfo=UTC)),
        (None, None, "/news/120260131", NOW),
        (None, None, "/2026/02/31/a", NOW),
        (None, None, "/2026/13/01/a", NOW),
        (None, None, "/a?on=/2026/01/31/", NOW),
        (None, None, "/a", NOW),
        (None, None, None, NOW),
        # Never later than it was seen: an event's date, a clock that is wrong, the year 9999.
        (day(-30), None, None, NOW),
        (datetime(9999, 12, 31, tzinfo=UTC), day(2), None, NOW),
        (None, None, "/2026/12/24/a", NOW),
    ],
)
def test_an_entry_is_dated_by_the_surest_date_it_has_and_never_later_than_now(
    published: datetime | None, updated: datetime | None, link: str | None, date: datetime
) -> None:
    entry = made(published=published, updated=updated, link=link)
    assert normalise.dated(entry, NOW) == date
    assert (entry.published, entry.updated) == (published, updated)


# ---------------------------------------------------------------- links and files


@pytest.mark.parametrize(
    ("link", "resolved"),
    [
        ("stroke", "https://east.example/news/stroke"),
        ("/stroke?a=1#b", "https://east.example/stroke?a=1#b"),
        ("//www.east.example/a b", "https://www.east.example/a%20b"),
        ("mailto:ann@east.example", None),
        ("data:text/html,<script>", None),
        ("https://east.example/" + "x" * 8000, None),
    ],
)
def test_a_link_is_one_a_reader_can_open(link: str, resolved: str | None) -> None:
    assert made(link=link).link == resolved


@pytest.mark.parametrize(
    ("id", "link"),
    [
        ("https://east.example/1", "https://east.example/1"),
        ("4711", None),
        ("/1", None),
        ("tag:x,2026:1", None),
    ],
)
def test_a_guid_is_a_link_only_where_it_is_a_url(id: str, link: str | None) -> None:
    assert made(id=id, link=id, link_is_id=True).link == link


@pytest.mark.parametrize(
    ("written", "length"),
    [("1200", 1200), ("0", 0), ("", None), ("-1", None), ("1,200", None), ("12.5", None), ("9" * 16, None)],
)
def test_a_file_has_the_length_that_is_a_number(written: str, length: int | None) -> None:
    entry = made(enclosures=(Attached(url="/a.pdf", type="application/pdf", length=written),))
    assert entry.enclosures == (Enclosure("https://east.example/a.pdf", "application/pdf", length),)


def test_a_file_is_listed_once_and_without_what_is_no_media_type() -> None:
    attached = (
        Attached(url="/a.pdf", type="pdf", title=" The\nreport "),
        Attached(url="https://east.example/a.pdf", type="application/pdf"),
        Attached(url="file:///etc/passwd"),
    )
    assert made(enclosures=attached).enclosures == (
        Enclosure("https://east.example/a.pdf", title="The report"),
    )


def test_a_file_that_nothing_plays_any_more_is_left_out() -> None:
    film = Attached(url="https://www.youtube.com/v/abc?version=3", type="application/x-shockwave-flash")
    sound = Attached(url="/a.mp3", type="audio/mpeg")
    assert made(enclosures=(film, sound)).enclosures == (
        Enclosure("https://east.example/a.mp3", "audio/mpeg"),
    )


# ---------------------------------------------------------------- names, categories, language


def test_authors_are_named_once_and_by_their_address_where_they_have_no_name() -> None:
    authors = (
        Author(name=" Ann &amp; Bob ", uri="/ann", email="nonsense"),
        Author(name="Ann & Bob"),
        Author(email="desk@east.example"),
        Author(name="", uri="/nobody"),
    )
    assert made(authors=authors).authors == (
        Person("Ann & Bob", uri="https://east.example/ann"),
        Person("desk@east.example", "desk@east.example"),
    )


def test_of_too_many_people_in_one_text_those_stay_that_fit() -> None:
    people = ", ".join(f"Ann Lee {number}" for number in range(50))
    (person,) = made(authors=(Author(name=people),)).authors
    assert person.name == f"{', '.join(f'Ann Lee {number}' for number in range(17))}…"
    (person,) = made(authors=(Author(name="Ann Lee " * 50),)).authors
    assert person.name == f"{'Ann Lee ' * 24}Ann…"


def test_an_address_longer_than_mail_can_have_is_none() -> None:
    long = "a" * 242 + "@east.example"
    authors = (Author(name="Ann", email=long), Author(email=long), Author(name="Bob", email=long[1:]))
    assert made(authors=authors).authors == (Person("Ann"), Person("Bob", long[1:]))


def test_the_authors_of_a_feed_are_those_of_entries_that_name_none() -> None:
    document = ParsedFeed(authors=(Author(name="The desk"),))
    assert one(ParsedEntry(id="1"), document).authors == (Person("The desk"),)
    ann = ParsedEntry(id="1", authors=(Author(name="Ann"),))
    assert one(ann, document).authors == (Person("Ann"),)


def test_categories_are_kept_with_scheme_and_label() -> None:
    terms = (
        Term(term=" Patient\nsafety ", scheme="https://east.example/topics", label="Safety"),
        Term(term="Patient safety", scheme="https://east.example/topics"),
        Term(term="Patient safety", scheme="topics"),
        Term(term=" "),
    )
    assert made(categories=terms).categories == (
        Category("Patient safety", "https://east.example/topics", "Safety"),
        Category("Patient safety"),
    )


def test_a_feed_without_measure_brings_no_more_than_news_has() -> None:
    many = range(1000)
    entry = made(
        title="x" * 5000,
        authors=tuple(Author(name=f"{n}" * 1000) for n in many),
        categories=tuple(Term(term=f"{n}" * 1000) for n in many),
        enclosures=tuple(Attached(url=f"/{n}") for n in many),
    )
    assert len(entry.title) == 1000
    assert (len(entry.authors), len(entry.categories), len(entry.enclosures)) == (20, 50, 50)
    assert max(len(person.name) for person in entry.authors) == 200
    assert max(len(category.term) for category in entry.categories) == 200


@pytest.mark.parametrize(
    ("written", "language", "direction"),
    [
        ("en_GB", "en-GB", "ltr"),
        ("ar", "ar", "rtl"),
        ("nonsense language", "cy", "ltr"),
        (None, "cy", "ltr"),
    ],
)
def test_an_entry_has_its_own_language_or_its_feeds(
    written: str | None, language: str, direction: str
) -> None:
    title = Text(value="أخبار" if direction == "rtl" else "News")
    entry = one(ParsedEntry(title=title, language=written), ParsedFeed(language="cy"))
    assert (entry.language, entry.direction) == (language, direction)


# ---------------------------------------------------------------- texts


def test_plain_text_is_shown_as_it_was_written() -> None:
    entry = one(ParsedEntry(content=Text(value="a < b\n\n<script>alert(1)</script>", type="text")))
    assert entry.content == "<p>a &lt; b</p><p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert entry.text == "a < b\n<script>alert(1)</script>"


def test_no_markup_that_runs_is_stored() -> None:
    entry = made(
        title="<img src=x onerror=alert(1)>", html="<p onclick='x()'>Words</p><script>alert(1)</script>"
    )
    assert entry.content == "<p>Words</p>"


def test_a_summary_that_is_the_content_again_is_kept_once() -> None:
    summary, content = Text(value="A new ward.", type="text"), Text(value="<p>A new ward.</p>", type="html")
    entry = one(ParsedEntry(summary=summary, content=content))
    assert (entry.summary, entry.content) == ("", "<p>A new ward.</p>")
    assert one(ParsedEntry(summary=summary)).summary == "<p>A new ward.</p>"


# ---------------------------------------------------------------- the feed, and the feed copied from


def test_a_feed_says_of_itself_what_can_be_published() -> None:
    document = ParsedFeed(
        title="Health &amp; Innovation", id="tag:east.example,2026:news", link="/", rights="© <b>East</b>"
    )
    info = normalise.info(document, url=URL)
    assert (info.title, info.id) == ("Health & Innovation", "tag:east.example,2026:news")
    assert (info.link, info.rights) == ("https://east.example/", "© East")
    assert normalise.info(ParsedFeed(id="news"), url=URL).id is None


@pytest.mark.parametrize(
    ("written", "source"),
    [
        (
            ParsedSource(id="urn:x:news", title="The <i>Lancet</i>", link="/lancet", updated=NOW),
            Source(id="urn:x:news", title="The Lancet", updated=NOW, link="https://east.example/lancet"),
        ),
        (
            ParsedSource(title="The Lancet", self_link="https://lancet.example/rss"),
            Source(
                id="https://lancet.example/rss", title="The Lancet", self_link="https://lancet.example/rss"
            ),
        ),
        (
            ParsedSource(id="https://lancet.example/"),
            Source(id="https://lancet.example/", title="lancet.example"),
        ),
        (ParsedSource(title="Somewhere"), None),
        (ParsedSource(id="The Lancet", title="The Lancet"), None),
        (
            ParsedSource(id="lancet", self_link="https://lancet.example/rss"),
            Source(
                id="https://lancet.example/rss",
                title="lancet.example",
                self_link="https://lancet.example/rss",
            ),
        ),
        (None, None),
    ],
)
def test_a_source_is_named_where_it_says_which_feed_that_is(
    written: ParsedSource | None, source: Source | None
) -> None:
    assert made(source=written).source == source


def test_a_canonical_link_is_never_shown() -> None:
    entry = made(link="https://www.east.example/a/?utm_source=x")
    assert entry.link == "https://www.east.example/a/?utm_source=x"
    assert entry.canonical_link == urls.canonical(entry.link or "")
