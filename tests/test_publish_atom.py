from __future__ import annotations

import calendar
import io
import json
import time
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from hub.language import ENGLISH
from hub.model import Category, Enclosure, Person, Source, Withheld, WithheldEntry
from hub.publish.atom import atom
from hub.publish.corrections import withdrawal_item
from hub.publish.document import MergedDocument
from hub.publish.item import Item, item
from hub.publish.jsonfeed import json_feed
from hub.publish.rss import rss
from tests.rfc4287 import ATOM, LANG, violations
from tests.sample_items import HUB, LABELS, WESSEX, at, bare_item, document, joint_item, joint_story


def entry_of(item: Item) -> etree._Element:
    """The item's Atom entry, as a reader parses it."""
    xml = atom(document(item))
    assert violations(xml) == []
    entry = etree.fromstring(xml).find(f"{ATOM}entry")
    assert entry is not None
    return entry


def links(entry: etree._Element, relation: str) -> list[dict[str, str]]:
    found = entry.findall(f"{ATOM}link")
    return [
        {str(key): str(value) for key, value in link.items()} for link in found if link.get("rel") == relation
    ]


def read(xml: bytes) -> Any:
    """The document, read by the most used feed reader of Python."""
    parsed = feedparser.parse(io.BytesIO(xml))
    assert not parsed.bozo
    return parsed


def moment(parsed: time.struct_time) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def test_a_merged_feed_keeps_every_rule_of_rfc_4287() -> None:
    assert violations(atom(document(joint_item(), bare_item()))) == []


def test_a_merged_feed_without_news_is_valid_and_never_from_now() -> None:
    xml = atom(document())
    assert violations(xml) == []
    assert etree.fromstring(xml).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"


def test_the_feeds_own_date_is_that_of_what_came_last_though_it_be_dated_earlier() -> None:
    corrected, late = joint_item(), replace(bare_item(), came_in=at(25))
    assert document(corrected).updated == at(22)
    # Of a window of one item the corrected one is pushed out.
    assert document(late).updated == at(25) > late.updated


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"<updated>2026-11-22T09:30:15+00:00</updated>", b"", "updated"),
        (b"2026-11-22T09:30:15+00:00", b"22 November", "3.3"),
        (b'rel="via" href="https://east.example/', b'rel="via" href="/', "4.2.7.1"),
        (b'rel="via"', b'rel="alternate"', "alternates"),
        (b'rel="via"', b'rel="copy"', "4.2.7.2"),
        (b"<name>B. Ng</name>", b"", "3.2.1"),
        (b"tag:news.example.org,2026:wessex/1", b"wessex/1", "2: id"),
        (b"tag:news.example.org,2026:wessex/1", b"tag:news.example.org,2026:north/4", "4.1.1"),
        (b'"https://wessex.example/topics"', b'"topics"', "4.2.2.2"),
        (b'xml:lang="cy"', b'xml:lang="Welsh!"', "language tag"),
    ],
)
def test_the_check_of_rfc_4287_sees_what_is_wrong(old: bytes, new: bytes, rule: str) -> None:
    xml = atom(document(joint_item(), bare_item()))
    assert old in xml
    assert any(rule in violation for violation in violations(xml.replace(old, new)))


def test_a_feed_reader_gets_back_what_was_published() -> None:
    whole, bare = joint_item(), bare_item()
    parsed = read(atom(document(whole, bare)))
    assert parsed.version == "atom10"
    assert parsed.feed.id == f"{HUB}/feeds/all.atom"
    assert parsed.feed.title == "All the news & more"
    assert parsed.feed.updated_parsed[:6] == (2026, 11, 22, 9, 30, 15)
    assert [entry.id for entry in parsed.entries] == [whole.id, bare.id]
    assert [entry.link for entry in parsed.entries] == [whole.link, f"{HUB}/story/8"]
    first, second = parsed.entries
    assert first.title == whole.title
    assert first.title_detail.type == "text/plain"
    assert first.summary == whole.summary
    assert first.content[0].type == "text/html"
    assert first.content[0].value == whole.content
    assert moment(first.published_parsed) == whole.published == at(20)
    assert moment(first.updated_parsed) == whole.updated == at(22)
    assert "published" not in second
    assert moment(second.updated_parsed) == at(19)
    assert second.title == "News from Health Innovation North & Coast"


def test_a_picture_that_the_text_does_not_show_stands_beside_it() -> None:
    beside = read(atom(document(joint_item()))).entries[0]
    assert beside.media_thumbnail == [{"url": "https://wessex.example/lead.jpg"}]


@pytest.mark.parametrize(
    ("picture", "shown", "is_shown"),
    [
        ("/it's.php?w=9&h=9", "/it's.php?w=9&amp;h=9", True),
        ("/a.php?id=1", "/a.php?id=2", False),
        ("/a.jpg?format=1500w", "/a.jpg?format=1000w", True),
        ("/a-300x200.jpg", "/a-1024x683.jpg.webp", False),
        ("/a-300x200.JPG", "/a-scaled.JPG", True),
        ("/a.png", "/a-150x150.png?x=1", True),
        ("/a.png", "/a-new.png", False),
    ],
)
def test_a_picture_that_the_text_shows_in_any_size_is_not_repeated(
    picture: str, shown: str, is_shown: bool
) -> None:
    content = f'<p>It.</p><img src="https://wessex.example{shown}" alt="">'
    pictured = replace(joint_item(), image=f"https://wessex.example{picture}", content=content)
    assert ("media_thumbnail" not in read(atom(document(pictured))).entries[0]) == is_shown


def test_the_same_news_gives_the_same_bytes() -> None:
    assert atom(document(joint_item(), bare_item())) == atom(document(joint_item(), bare_item()))


def test_the_newest_item_stands_first() -> None:
    parsed = read(atom(document(joint_item(), bare_item())))
    assert [entry.id.rsplit(":")[-1] for entry in parsed.entries] == ["wessex/1", "north/4"]


def test_the_feed_says_where_it_is_and_where_its_page_is() -> None:
    feed = etree.fromstring(atom(document()))
    assert links(feed, "self") == [
        {"href": f"{HUB}/feeds/all.atom", "rel": "self", "type": "application/atom+xml"}
    ]
    assert links(feed, "alternate") == [{"href": f"{HUB}/", "rel": "alternate", "type": "text/html"}]
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "The network"
    assert feed.findtext(f"{ATOM}generator") == "hub"
    assert feed.get(LANG) == "en"


def test_authors_keep_their_names_and_addresses() -> None:
    authors = entry_of(joint_item()).findall(f"{ATOM}author")
    assert [[child.text for child in author] for author in authors] == [
        ["Ann Ó Lee", "ann@wessex.example", "https://wessex.example/ann"],
        ["B. Ng"],
    ]


def test_the_member_stands_in_for_an_author_nobody_can_name() -> None:
    item = replace(joint_item(), authors=(Person(" \x00", "x@y.example"),))
    assert [e.text for e in entry_of(item).findall(f"{ATOM}author/{ATOM}name")] == [
        "Health Innovation Wessex"
    ]


def test_what_is_no_address_of_an_author_is_left_out() -> None:
    item = replace(joint_item(), authors=(Person("Ann", "ann at wessex", "javascript:alert(1)"),))
    author = entry_of(item).find(f"{ATOM}author")
    assert author is not None
    assert [child.text for child in author] == ["Ann"]


def test_everyone_who_published_the_story_is_named() -> None:
    entry = entry_of(joint_item())
    assert [e.text for e in entry.findall(f"{ATOM}contributor/{ATOM}name")] == [
        "Health Innovation East",
        "Health Innovation North & Coast",
    ]
    assert [(link["href"], link["title"]) for link in links(entry, "via")] == [
        ("https://east.example/news/2?a=1&b=2", "Health Innovation East"),
        ("https://north.example/news/3?a=1&b=2", "Health Innovation North & Coast"),
    ]
    members = [c for c in entry.findall(f"{ATOM}category") if c.get("scheme") == f"{HUB}/members"]
    assert [(c.get("term"), c.get("label")) for c in members] == [
        ("wessex", "Health Innovation Wessex"),
        ("east", "Health Innovation East"),
        ("north", "Health Innovation North & Coast"),
    ]


def test_a_copy_that_its_own_member_has_in_a_second_feed_names_nobody_else() -> None:
    item = joint_item()
    own = replace(item.copies[0], member=WESSEX, title="The same", link="https://wessex.example/b")
    item = replace(item, copies=(own,))
    entry = entry_of(item)
    assert entry.findall(f"{ATOM}contributor") == []
    assert links(entry, "via") == []
    assert b"contributor>" not in rss(document(item))
    (told,) = json.loads(json_feed(document(item)))["items"]
    assert "also_published_by" not in told["_hub"]


def test_categories_come_as_the_publisher_gave_them_and_tags_under_the_hubs_scheme() -> None:
    categories = [dict(c.attrib) for c in entry_of(joint_item()).findall(f"{ATOM}category")]
    assert categories[:3] == [
        {
            "term": "Blood pressure",
            "scheme": "https://wessex.example/topics",
            "label": "Blood pressure (CVD)",
        },
        {"term": "news & views"},
        {"term": "patient-safety", "scheme": f"{HUB}/tags", "label": "Patient safety"},
    ]


def test_what_is_no_plain_news_has_its_kind_as_a_category_under_a_scheme_of_its_own() -> None:
    def kinds(item: Item) -> list[tuple[str | None, str | None]]:
        found = entry_of(item).findall(f"{ATOM}category")
        return [(c.get("term"), c.get("label")) for c in found if c.get("scheme") == f"{HUB}/kinds"]

    assert kinds(joint_item()) == []
    assert kinds(replace(joint_item(), kind="vacancy")) == [("vacancy", "Vacancy")]


def test_a_publisher_gives_no_tags_kinds_and_members_of_the_hubs() -> None:
    ours = [f"{HUB}/{scheme}" for scheme in ("tags", "kinds", "members")]
    forged = tuple(Category("patient-safety", scheme, "Approved by us all") for scheme in ours)
    found = entry_of(replace(joint_item(), categories=forged)).findall(f"{ATOM}category")
    assert [(c.get("scheme"), c.get("label")) for c in found if c.get("term") == "patient-safety"] == [
        (None, "Approved by us all"),
        (f"{HUB}/tags", "Patient safety"),
    ]


def test_a_category_given_twice_is_published_once() -> None:
    item = replace(joint_item(), categories=(Category("a"), Category("a", label="A"), Category(" ")))
    terms = [c.get("term") for c in entry_of(item).findall(f"{ATOM}category")]
    assert terms == ["a", "patient-safety", "wessex", "east", "north"]


def test_the_source_says_which_feed_the_entry_was_copied_from() -> None:
    source = entry_of(joint_item()).find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == "https://wessex.example/#feed"
    assert source.findtext(f"{ATOM}title") == "Health Innovation Wessex: news"
    assert source.findtext(f"{ATOM}updated") == "2026-11-21T09:30:15+00:00"
    assert source.findtext(f"{ATOM}rights") == "© the feed"
    assert links(source, "alternate") == [{"rel": "alternate", "href": "https://wessex.example/"}]
    assert links(source, "self") == [{"rel": "self", "href": "https://wessex.example/feed/"}]


@pytest.mark.parametrize("ahead", [at(23), datetime(2031, 1, 1, tzinfo=UTC)])
def test_no_date_of_a_source_is_later_than_our_first_sight_of_these_words(ahead: datetime) -> None:
    story = joint_story()
    shown = replace(story.shown, source=replace(story.shown.source, updated=ahead))
    told = item(replace(story, shown=shown), LABELS)
    assert entry_of(told).findtext(f"{ATOM}source/{ATOM}updated") == shown.changed.isoformat()
    (as_json,) = json.loads(json_feed(document(told)))["items"]
    assert as_json["_hub"]["source"]["updated"] == shown.changed.isoformat()
    withheld = WithheldEntry(
        stored=shown, withheld=Withheld("withdrawn", ""), since=at(22), by_admin=True, was_published=True
    )
    assert withdrawal_item(withheld, "Withdrawn.", ENGLISH).source.updated == withheld.since


def test_a_source_whose_id_is_no_iri_is_known_by_its_address() -> None:
    source = Source(id="42", title="", self_link="https://wessex.example/feed/")
    element = entry_of(replace(joint_item(), source=source)).find(f"{ATOM}source")
    assert element is not None
    assert element.findtext(f"{ATOM}id") == "https://wessex.example/feed/"
    assert element.findtext(f"{ATOM}title") == "42"


def test_each_attachment_is_a_link_with_its_type_and_size() -> None:
    assert links(entry_of(joint_item()), "enclosure") == [
        {"rel": "enclosure", "href": "https://wessex.example/leaflet", "length": "10"},
        {
            "rel": "enclosure",
            "href": "https://wessex.example/talk.mp3",
            "type": "audio/mpeg",
            "title": "The talk",
        },
        {
            "rel": "enclosure",
            "href": "https://wessex.example/report.pdf",
            "type": "application/pdf",
            "length": "12345",
        },
    ]


def test_an_attachment_that_is_nowhere_on_the_web_is_left_out() -> None:
    nowhere = ("", "/a.pdf", "file:///etc/passwd", "javascript:alert(1)", "https://")
    item = replace(joint_item(), enclosures=tuple(Enclosure(url, "a/b", -1) for url in nowhere))
    assert links(entry_of(item), "enclosure") == []


def test_an_entry_carries_its_rights() -> None:
    assert entry_of(joint_item()).findtext(f"{ATOM}rights") == "© Wessex, OGL v3"


def test_an_entry_in_another_language_says_so() -> None:
    assert entry_of(joint_item()).get(LANG) == "cy"
    assert entry_of(replace(joint_item(), language="EN")).get(LANG) is None
    assert entry_of(replace(joint_item(), language="English, mostly")).get(LANG) is None


def test_right_to_left_news_is_shown_right_to_left() -> None:
    item = replace(joint_item(), content="<p>خبر</p>", direction="rtl", language="ar")
    assert entry_of(item).findtext(f"{ATOM}content") == '<div dir="rtl"><p>خبر</p></div>'


@pytest.mark.parametrize(
    ("link", "href"),
    [
        ("https://wessex.example/a report|final.pdf", "https://wessex.example/a%20report%7Cfinal.pdf"),
        # These have a meaning at other places (RFC 3986 §3).
        ("https://wessex.example/?page[]=1#a[2]", "https://wessex.example/?page%5B%5D=1#a%5B2%5D"),
        ("https://wessex.example/#/news#latest", "https://wessex.example/#/news%23latest"),
        ("https://[2001:db8::1]/a?b#c", "https://[2001:db8::1]/a?b#c"),
    ],
)
def test_an_address_with_characters_no_iri_holds_still_opens(link: str, href: str) -> None:
    assert links(entry_of(replace(joint_item(), link=link)), "alternate")[0]["href"] == href


# Surrogates and control characters are what breaks serialisers.
NASTY = st.text(st.characters(exclude_categories=()), max_size=20)
MAYBE = st.none() | NASTY
ADDRESS = MAYBE | NASTY.map("https://x.example/".__add__)


@st.composite
def nasty_documents(draw: st.DrawFn) -> MergedDocument:
    whole = joint_item()
    copy = replace(
        whole.copies[0],
        member=replace(whole.copies[0].member, name=draw(NASTY), homepage=draw(ADDRESS)),
        title=draw(NASTY),
        link=draw(ADDRESS),
        why=draw(NASTY),
    )
    item = replace(
        whole,
        title=draw(NASTY),
        link=draw(ADDRESS),
        member=replace(whole.member, name=draw(NASTY), homepage=draw(ADDRESS)),
        authors=(Person(draw(NASTY), draw(MAYBE), draw(ADDRESS)),),
        categories=(Category(draw(NASTY), draw(ADDRESS), draw(MAYBE)),),
        tags=(replace(whole.tags[0], label=draw(NASTY), why=draw(NASTY)),),
        summary=draw(NASTY),
        content=draw(NASTY),
        language=draw(MAYBE),
        direction=draw(st.sampled_from([None, "rtl", "ltr"])),
        enclosures=(
            Enclosure(draw(ADDRESS.map(str)), draw(MAYBE), draw(st.none() | st.integers()), draw(MAYBE)),
        ),
        image=draw(ADDRESS),
        rights=draw(MAYBE),
        source=Source(
            id=draw(ADDRESS.map(str)),
            title=draw(NASTY),
            link=draw(ADDRESS),
            self_link=draw(ADDRESS),
            rights=draw(MAYBE),
        ),
        copies=(copy,),
    )
    return replace(
        document(item),
        title=draw(NASTY),
        hub_title=draw(NASTY),
        language=draw(NASTY),
        rights=draw(MAYBE),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nasty_documents())
def test_no_members_words_can_break_a_merged_feed(nasty: MergedDocument) -> None:
    assert violations(atom(nasty)) == []
    channel = etree.fromstring(rss(nasty))[0]
    assert channel.findtext("item/title")
