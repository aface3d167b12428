"""The hub's own reader beside feedparser: whatever it takes, it reads as feedparser does, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from bench import farm, hostile
from bench.parsing import WILD
from hub.config import parse as read_config
from hub.demo import network
from hub.errors import ParseError
from hub.parse.decode import decode
from hub.parse.document import ParsedFeed
from hub.parse.feed import MOST_ENTRIES, parse
from hub.parse.wellformed import Unusual
from hub.parse.xml import read_by_feedparser, read_well_formed
from tests.conftest import SHARED, needs_shared

HERE = Path(__file__).parent
URL = "https://east.example/news/feed.xml"
ZONE = ZoneInfo("Europe/London")


def well_formed(document: str) -> ParsedFeed:
    return read_well_formed(document, url=URL, zone=ZONE, most_entries=MOST_ENTRIES)


def by_feedparser(document: str) -> ParsedFeed | None:
    return read_by_feedparser(document, url=URL, zone=ZONE, most_entries=MOST_ENTRIES)


def text_of(body: bytes) -> str:
    return decode(body, None).text.strip()


def differences(document: str, name: str = "") -> Iterator[str]:
    """Where the two readers part, if the hub's takes the document."""
    try:
        ours = well_formed(document)
    except Unusual:
        return
    theirs = by_feedparser(document)
    if ours == theirs:
        return
    if theirs is None or len(ours.entries) != len(theirs.entries):
        yield f"{name}: {len(ours.entries)} entries, not as many as feedparser finds"
        return
    pairs: Iterable[tuple[Any, Any]] = zip((ours, *ours.entries), (theirs, *theirs.entries), strict=True)
    for mine, its in pairs:
        for field in fields(mine):
            if field.name != "entries" and getattr(mine, field.name) != getattr(its, field.name):
                yield f"{name}: {field.name}: {getattr(mine, field.name)!r}, not {getattr(its, field.name)!r}"


def every_difference(documents: Iterable[tuple[str, str]]) -> list[str]:
    return [said for name, document in documents for said in differences(document, name)]


# ---------------------------------------------------------------- documents that others wrote


def corpus() -> Iterator[tuple[str, str]]:
    """The corpus's XML documents as the readers get them."""
    assert SHARED is not None
    for row in (SHARED / "corpus" / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        path = row.split("\t")[0]
        text = text_of((SHARED / "corpus" / path).read_bytes())
        if text and not text.startswith(("{", "[", "\x1f")):
            yield path, text


def is_well_formed(document: str) -> bool:
    try:
        expat.ParserCreate("utf-8", " ").Parse(document.encode(), True)
    except expat.ExpatError:
        return False
    return True


@needs_shared
def test_every_document_of_the_corpus_is_read_as_feedparser_reads_it() -> None:
    assert every_difference(corpus()) == []


@needs_shared
def test_nearly_all_well_formed_feeds_are_read_without_feedparser() -> None:
    taken: Counter[str] = Counter()
    signs: Counter[str] = Counter()
    for path, document in corpus():
        if not is_well_formed(document) or by_feedparser(document) is None:
            continue
        kind = "wild" if path.startswith(WILD) else "made up"
        taken[f"{kind} feeds"] += 1
        try:
            well_formed(document)
        except Unusual as sign:
            signs[str(sign)] += 1
        else:
            taken[kind] += 1
    assert taken["wild feeds"] > 200
    assert taken["made up feeds"] > 2100
    assert taken["wild"] >= 0.97 * taken["wild feeds"], signs
    assert taken["made up"] >= 0.95 * taken["made up feeds"], signs


def test_the_farm_is_read_as_feedparser_reads_it_and_without_it(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["farm.py", "make", str(folder), "--feeds", "20", "--entries", "5"])
        farm.main()  # type: ignore[no-untyped-call]
    documents = [(path.name, text_of(path.read_bytes())) for path in folder.rglob("feed.*")]
    documents = [(name, text) for name, text in documents if text.startswith("<")]
    assert len(documents) == 20
    assert all(well_formed(document).entries for _, document in documents)
    assert every_difference(documents) == []


def test_the_sample_network_is_read_as_feedparser_reads_it() -> None:
    hub, members = "http://127.0.0.1:1", "http://127.0.0.1:2"
    sites = network.sites(
        read_config(network.feeds_yaml(hub=hub, members=members)),
        members=members,
        start=datetime(2026, 11, 24, 16, 30, tzinfo=UTC),
        corrected=False,
    )
    served = network.documents(sites, members=members)
    documents = [(path, text_of(each.body)) for path, each in served.items() if "xml" in each.type]
    assert len(documents) >= 12
    assert every_difference(documents) == []


def test_what_the_hostile_server_sends_is_read_as_feedparser_reads_it() -> None:
    documents = list(_hostile())
    assert len(documents) > 100
    assert every_difference(documents) == []


def _hostile() -> Iterator[tuple[str, str]]:
    """What the hostile server answers with at once and in no more than 300 KB."""
    for path, fault in hostile.FAULTS.items():
        request = hostile.Request(None, None, None, "GET", path, {}, "127.0.0.1")  # type: ignore[no-untyped-call]
        try:
            answer = fault.answer(request)  # type: ignore[operator]
        except Exception:  # noqa: BLE001 - it needs the server itself
            continue
        body = answer.body if isinstance(answer, hostile.Reply) else answer
        if hasattr(answer, "close"):
            answer.close()  # one that writes piece by piece
        if isinstance(body, (str, bytes)) and 0 < len(body) < 300_000:
            text = text_of(body.encode() if isinstance(body, str) else body)
            if text.startswith("<"):
                yield path, text


# ---------------------------------------------------------------- documents that nobody wrote

NAMESPACES = " ".join(
    f"xmlns:{prefix}={quoteattr(uri)}"
    for prefix, uri in {
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
        "cc": "http://web.resource.org/cc/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "georss": "http://www.georss.org/georss",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "slash": "http://purl.org/rss/1.0/modules/slash/",
        "x": "https://x.example/names",
    }.items()
)
NAMES = (
    *("title", "link", "description", "guid", "pubDate", "author", "category", "comments", "enclosure"),
    *(
        "source",
        "image",
        "url",
        "summary",
        "content",
        "id",
        "updated",
        "published",
        "rights",
        "name",
        "email",
    ),
    *("uri", "contributor", "generator", "language", "copyright", "managingEditor", "textInput", "subtitle"),
    *("atom:link", "atom:id", "atom:author", "content:encoded", "dc:creator", "dc:date", "dc:title"),
    *(
        "dc:subject",
        "dc:description",
        "dc:contributor",
        "dcterms:modified",
        "itunes:summary",
        "itunes:author",
    ),
    *("itunes:owner", "itunes:email", "itunes:image", "itunes:keywords", "itunes:category", "itunes:name"),
    *(
        "media:group",
        "media:content",
        "media:title",
        "media:description",
        "media:thumbnail",
        "media:keywords",
    ),
    *("media:credit", "media:category", "cc:license", "georss:point", "slash:comments", "x:title", "x:y"),
    *("p", "div", "b", "body", "info", "unheard", "feedburner:origLink", "feedburner:origEnclosureLink"),
)
ATTRIBUTES = {
    "type": ("text", "html", "xhtml", "text/html", "text/plain", "TEXT", "Html", "application/xhtml+xml"),
    "rel": ("alternate", "self", "enclosure", "related"),
    "href": ("https://east.example/1?a=1&b=2", "../one", "HTTP://East.example", "", "https://e.example/ü"),
    "url": ("https://east.example/a.mp3", "b.png"),
    "isPermaLink": ("true", "false"),
    "xml:lang": ("en-GB", "de_DE", ""),
    "xml:base": ("https://other.example/x/", "y/"),
    "term": ("stroke", ""),
    "text": ("Health",),
    "domain": ("https://terms.example/",),
    "label": ("A label",),
    "medium": ("image", "video"),
    "rdf:about": ("https://east.example/about",),
    "rdf:resource": ("https://licence.example/",),
    "mode": ("escaped", "xml"),
    "x:z": ("1",),
}
WORDS = (
    *(
        "News",
        " two words ",
        "",
        "\n  ",
        "a & b",
        "<b>bold</b>",
        "AT&amp;T",
        "<p>One</p><p>Two</p>",
        "é",
        "CafÃ©",
    ),
    *(
        "\x93quoted\x94",
        "Ann (ann@east.example)",
        "ann@east.example (Ann)",
        "ann@east.example (Ann), bob@east.example (Bob)",
        "Ann (mailto:ann@east.example)",
        "https://east.example/1?a=1&amp;b;",
    ),
    *("2026-11-25T10:00:00Z", "Wed, 25 Nov 2026 10:00:00 GMT", "one,two", "https://east.example/é", "/rel"),
    *("www.east.example/1", "east.example/1", "west.example/1", "https://west.example/"),
)
_texts = st.sampled_from(WORDS).map(escape)
_attributes = st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), st.integers(0, 9), max_size=3).map(
    lambda chosen: "".join(
        f" {name}={quoteattr(ATTRIBUTES[name][number % len(ATTRIBUTES[name])])}"
        for name, number in chosen.items()
    )
)


def _tag(name: str, attributes: str, inside: Iterable[str]) -> str:
    return f"<{name}{attributes}>{''.join(inside)}</{name}>"


# Where people put elements into elements, and now and then anywhere.
_CONTAINERS = (
    *("author", "source", "image", "textInput", "contributor", "itunes:owner", "itunes:category"),
    *("media:group", "media:content", "x:y", "unheard", "content", "summary", "dc:creator"),
)
_leaves = st.builds(_tag, st.sampled_from(NAMES), _attributes, st.lists(_texts, max_size=1))
_elements = st.recursive(
    _leaves,
    lambda inner: st.builds(
        _tag, st.sampled_from(_CONTAINERS * 6 + NAMES), _attributes, st.lists(_texts | inner, max_size=3)
    ),
    max_leaves=3,
)
_bodies = st.lists(_elements, max_size=5).map("".join)


@st.composite
def feeds(draw: st.DrawFn) -> str:
    entries = draw(st.lists(_bodies, max_size=3))
    attributes, head, foot = draw(_attributes), draw(_bodies), draw(_bodies)
    kind = draw(st.sampled_from(("rss", "rdf", "atom", "atom03")))
    if kind in ("rss", "rdf"):
        items = "".join(f"<item>{entry}</item>" for entry in entries)
        if kind == "rss":
            return f"<rss version='2.0' {NAMESPACES}><channel{attributes}>{head}{items}{foot}</channel></rss>"
        default = "xmlns='http://purl.org/rss/1.0/'"
        return f"<rdf:RDF {default} {NAMESPACES}><channel>{head}</channel>{items}{foot}</rdf:RDF>"
    items = "".join(f"<entry>{entry}</entry>" for entry in entries)
    default = (
        "version='0.3' xmlns='http://purl.org/atom/ns#'"
        if kind == "atom03"
        else "xmlns='http://www.w3.org/2005/Atom'"
    )
    return f"<feed {default} {NAMESPACES}{attributes}>{head}{items}{foot}</feed>"


@given(document=feeds())
@settings(max_examples=600, deadline=None)
def test_any_feed_is_read_as_feedparser_reads_it(document: str) -> None:
    assert list(differences(document)) == []


# ---------------------------------------------------------------- what is left to feedparser


def rss(inside: str, before: str = "") -> str:
    return f"{before}<rss version='2.0' {NAMESPACES}><channel>{inside}</channel></rss>"


@pytest.mark.parametrize(
    ("document", "sign"),
    [
        (rss("<item><title>a & b</title></item>"), "not well-formed"),
        (rss("<item>&nbsp;</item>"), "not well-formed"),
        (rss("<item><y:z/></item>"), "not well-formed"),
        (rss("", before="<!DOCTYPE rss>"), "a document type"),
        (rss("", before="<!DOCTYPE rss [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"), "a document type"),
        ("<news><item/></news>", "no version"),
        (rss("<item><where/></item>"), "the element where"),
        (rss("<item><date>2026-11-25</date></item>"), "an element named date"),
        (rss("<item><link><b>https://east.example/</b></link></item>"), "inside a value"),
        (rss("<item><item/></item>"), "an entry in an entry"),
        (rss("<item><content type='image/png'>AAAA</content></item>"), "a text of another type"),
        (rss("<item><description>A <title>b</title></description></item>"), "an element of feeds in a text"),
        (rss("<item xmlns:x='urn:other'/>"), "one prefix for two namespaces"),
        (rss("<item>" + "<x:y>" * 300 + "</x:y>" * 300 + "</item>"), "nested too deep"),
        (rss("<item><guid>1</guid></item>" * (MOST_ENTRIES + 1)), "too many entries"),
    ],
)
def test_a_document_with_anything_unusual_is_left_to_feedparser(document: str, sign: str) -> None:
    with pytest.raises(Unusual, match=sign):
        well_formed(document)


def test_what_is_unusual_is_read_all_the_same() -> None:
    document = rss("<item><date>2026-11-25T10:00:00Z</date><title>News</title></item>")
    feed = parse(document.encode(), url=URL, content_type=None, zone=ZONE)
    assert [entry.updated for entry in feed.entries] == [datetime(2026, 11, 25, 10, tzinfo=UTC)]


def test_what_is_no_feed_is_still_refused() -> None:
    with pytest.raises(ParseError):
        parse(b"<note><to/></note>", url=URL, content_type=None, zone=ZONE)
