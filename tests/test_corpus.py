"""What others found worth testing, polled from loopback: 2,937 documents, good, odd and broken."""

from __future__ import annotations

import html
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html
from msgspec.structs import replace

from hub.config import Config
from hub.model import FeedState, Selection, StoredEntry, Story
from hub.polling import rounds
from hub.publish.atom import atom
from hub.publish.document import MergedDocument
from hub.publish.item import item
from hub.publish.jsonfeed import json_feed
from hub.publish.rss import rss
from hub.report import Figures, Lines
from hub.store import Store, open_store
from hub.urls import resolve
from tests.conftest import SHARED, needs_shared
from tests.corpus import Document, documents, feedparser_reading, found, network
from tests.rfc4287 import violations
from tests.site import serving

pytestmark = needs_shared

HERE = Path(__file__).parent
EXCEPTIONS = HERE / "corpus_exceptions.tsv"
UNREADABLE = HERE / "corpus_unreadable.tsv"
HUB = "https://news.example.org"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Corpus:
    """The corpus after one round: what is stored of it, and what feedparser finds in it."""

    documents: tuple[Document, ...]
    config: Config
    store: Store
    figures: Figures
    stored: dict[str, list[StoredEntry]]
    feedparser: dict[str, list[dict[str, Any]]]

    def round(self, states: Sequence[FeedState]) -> Figures:
        return rounds.poll_round(self.config, self.store, states, progress=Lines(io.StringIO()), stop=Event())

    def states(self) -> dict[str, FeedState]:
        """Each document's feed, by path, with what is remembered of it."""
        by_url = {state.feed.url: state for state in self.store.feed_states()}
        return {document.path: by_url[document.url] for document in self.documents}

    def everything(self) -> bytes:
        """The merged feed of everything, as Atom."""
        return atom(merged(self.store.stories(limit=100).items))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    assert SHARED is not None
    folder = SHARED / "corpus"
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('corpus') / 'hub.db'}")
    with serving() as site, closing(store):
        served = documents(folder, site)
        config = network(served)
        asked = tuple(each for each in served if not each.body.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{"))
        with feedparser_reading(folder, asked) as reading:
            rounds.sync(store, config)
            figures = rounds.poll_round(
                config, store, store.feed_states(), progress=Lines(io.StringIO()), stop=Event()
            )
            yield Corpus(
                documents=served,
                config=config,
                store=store,
                figures=figures,
                stored=_by_document(served, store),
                feedparser=found(reading),
            )


def _by_document(served: tuple[Document, ...], store: Store) -> dict[str, list[StoredEntry]]:
    """What is stored of each document, in the document's order."""
    paths = {document.url: document.path for document in served}
    stored: dict[str, list[StoredEntry]] = defaultdict(list)
    for entry in store.walk():
        stored[paths[entry.feed_url]].insert(0, entry)
    return stored


def merged(stories: Sequence[Story]) -> MergedDocument:
    return MergedDocument(
        id=f"{HUB}/feeds/all.atom",
        title="News",
        self_url=f"{HUB}/feeds/all.atom",
        page_url=f"{HUB}/",
        hub_url=HUB,
        hub_title="News",
        items=tuple(item(story, {}) for story in stories),
    )


# ---------------------------------------------------------------- what is stored is what is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is compared of an entry."""

    id: str | None
    link: str | None
    title: str
    published: datetime | None
    updated: datetime | None


def stored_rows(stored: Sequence[StoredEntry]) -> list[Row]:
    return [
        Row(
            id=each.entry.id,
            link=each.entry.link,
            title=each.entry.title,
            published=each.entry.published,
            updated=each.entry.updated,
        )
        for each in stored
    ]


def expected_rows(said: Sequence[dict[str, Any]]) -> list[Row]:
    """The entries to be stored where feedparser finds these.

    - One with nothing in it is none: no id, link, title, text or enclosure.
    - One that stands there twice word for word is one; without an id, only if
      its date is the same.
    - A link is one that a reader can open: absolute http(s), with what no URL
      may hold percent-encoded. A guid that is no URL is no link. Where
      FeedBurner put its own in the place of one, it is that one.
    - A title is plain text on one line, without control characters.
    - A date in the year 1 is how some programs write that there is none.
    """
    rows: dict[tuple[object, ...], Row] = {}
    for entry in said:
        texts = [" ".join(text.split()) for text in entry["texts"] if text]
        if not (entry["id"] or entry["link"] or entry["title"] or any(texts) or any(entry["enclosures"])):
            continue
        row = Row(
            id=entry["id"],
            link=resolve(None, entry.get("before_feedburner") or "") or resolve(None, entry["link"] or ""),
            title=_title(entry),
            published=_date(entry["published"]),
            updated=_date(entry["updated"]),
        )
        day = None if row.id else row.published
        rows.setdefault((row.id, row.link, row.title, tuple(texts), day), row)
    return list(rows.values())


def _title(entry: dict[str, Any]) -> str:
    title = str(entry["title"])
    if entry["title_type"] in ("text/html", "application/xhtml+xml") and title.strip():
        title = str(lxml_html.fromstring(f"<div>{title}</div>").xpath("string()"))
    return " ".join(re.sub("[\x00-\x08\x0e-\x1b\x7f-\x9f]", "", title).split())


def _date(written: str | None) -> datetime | None:
    date = datetime.fromisoformat(written) if written else None
    return date if date and date.year > 1 else None


def differences(expected: Sequence[Row], stored: Sequence[Row]) -> dict[str, str]:
    """What differs, with an example each."""
    if len(expected) != len(stored):
        return {"entries": f"{len(expected)} expected, {len(stored)} stored"}
    return {
        field: f"{getattr(before, field)!r} expected, {getattr(after, field)!r} stored"
        for before, after in zip(expected, stored, strict=True)
        for field in Row.__slots__
        if getattr(before, field) != getattr(after, field)
    }


def exceptions() -> dict[tuple[str, str], str]:
    """Where the hub departs from feedparser: document and field, with the reason."""
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {(path, field): why for path, field, why in rows}


def test_the_hub_stores_the_entries_that_feedparser_finds(corpus: Corpus) -> None:
    parted = {
        (path, field): f"{path}: {field}: {said}"
        for path, entries in corpus.feedparser.items()
        for field, said in differences(expected_rows(entries), stored_rows(corpus.stored[path])).items()
    }
    listed = exceptions()
    assert [said for place, said in parted.items() if place not in listed] == []
    assert [place for place in listed if place not in parted] == [], "these are no exceptions any more"
    assert all(len(why) > 20 for why in listed.values()), "each has its reason"
    read = [path for path, entries in corpus.feedparser.items() if expected_rows(entries)]
    assert len(read) > 1380, "feedparser was not asked"


def test_the_hub_stores_the_items_of_json_feeds(corpus: Corpus) -> None:
    read = 0
    for document in corpus.documents:
        text = document.body.decode("utf-8-sig", "replace").lstrip()
        feed = json.loads(text) if text.startswith("{") else {}
        if "jsonfeed.org/version/" in str(feed.get("version")) and feed.get("items"):
            rows = expected_rows([_said(each, document.url) for each in feed["items"]])
            assert differences(rows, stored_rows(corpus.stored[document.path])) == {}, document.path
            read += 1
    assert read == 21


def _said(each: dict[str, Any], url: str) -> dict[str, Any]:
    """A JSON Feed's item as feedparser would have it."""

    def text(key: str) -> str:
        return each[key] if isinstance(each.get(key), str) else ""

    def moment(key: str) -> str | None:
        try:
            return datetime.fromisoformat(text(key)).astimezone(UTC).replace(microsecond=0).isoformat()
        except ValueError:
            return None

    link = text("url") or text("external_url")
    return {
        "id": str(each["id"]) if "id" in each else None,
        "link": resolve(url, link) if link else None,
        # Some are written as HTML has them, with references for signs.
        "title": html.unescape(text("title")),
        "title_type": "text/plain",
        "texts": [text("content_html"), text("content_text"), text("summary")],
        "enclosures": [],
        "published": moment("date_published"),
        "updated": moment("date_modified"),
    }


def test_no_entry_of_the_corpus_is_dated_later_than_it_was_seen(corpus: Corpus) -> None:
    stored = [entry for entries in corpus.stored.values() for entry in entries]
    assert len(stored) == corpus.figures.new
    assert [entry for entry in stored if entry.date > entry.first_seen] == []


# ---------------------------------------------------------------- what cannot be read is said

KINDS = {
    "JSON of another kind": r"URL is JSON, but not a JSON Feed\.",
    "a list of feeds": r"URL is a list of feeds \(OPML\), not a feed\.",
    "a page that names feeds": (
        r"URL is an HTML page, not a feed\. It names these feeds: https?://\S+(?:, https?://\S+)*\."
    ),
    "a page that names no feed": r"URL is an HTML page, not a feed, and names none\.",
    "XML of another kind": r"URL is XML, but not a feed: its outermost element is <[\w:]+>\.",
    "empty": r"URL answered with nothing: the document is empty\.",
}


def test_what_cannot_be_read_is_listed_with_the_sentence_its_admin_gets(
    corpus: Corpus, tmp_path: Path
) -> None:
    failed = {path: state for path, state in corpus.states().items() if state.error}
    assert len(failed) == corpus.figures.failed
    assert all(state.remedy for state in failed.values())
    kinds = {path: _kind(state) for path, state in failed.items()}
    table = _table(kinds)
    if table != UNREADABLE.read_text(encoding="utf-8"):
        (tmp_path / UNREADABLE.name).write_text(table, encoding="utf-8")
        pytest.fail(f"{UNREADABLE} is not what the hub says: compare {tmp_path / UNREADABLE.name}")


def _kind(state: FeedState) -> str:
    sentence = (state.error or "").replace(state.feed.url, "URL", 1)
    kinds = [kind for kind, pattern in KINDS.items() if re.fullmatch(pattern, sentence)]
    assert kinds, f"a sentence that is not specified: {sentence}"
    return kinds[0]


def _table(kinds: dict[str, str]) -> str:
    counts = Counter(kinds.values())
    head = [f"# {counts[kind]:3} {kind}" for kind in sorted(counts, key=lambda kind: (-counts[kind], kind))]
    rows = [f"{kind}\t{path}" for path, kind in sorted(kinds.items(), key=lambda row: (row[1], row[0]))]
    return "\n".join(
        ["# Documents of the corpus that are no feed, and what the hub says they are.", *head, *rows, ""]
    )


def test_no_document_that_feedparser_reads_is_refused(corpus: Corpus) -> None:
    states = corpus.states()
    refused = [path for path, entries in corpus.feedparser.items() if entries and states[path].error]
    assert refused == []


# ---------------------------------------------------------------- polling again, and publishing


def test_polling_the_corpus_again_stores_nothing_and_moves_no_byte(corpus: Corpus) -> None:
    before, published = corpus.store.version(), corpus.everything()
    again = corpus.round(corpus.store.feed_states())
    assert (again.new, again.updated, again.failed) == (0, 0, corpus.figures.failed)
    assert corpus.store.version() == before
    assert corpus.everything() == published


def test_reading_the_same_documents_anew_makes_no_news_of_them(corpus: Corpus) -> None:
    published, version = corpus.everything(), corpus.store.version()
    # As if nothing were remembered of the last document, so that all are parsed and compared.
    anew = corpus.round(
        [replace(state, used_url=None, body_digest=None) for state in corpus.store.feed_states()]
    )
    assert (anew.new, anew.updated) == (0, 0)
    assert corpus.everything() == published
    assert corpus.store.version() == version


def test_every_entry_of_the_corpus_can_be_published_in_every_format(corpus: Corpus) -> None:
    cursor, published = None, 0
    while True:
        page = corpus.store.stories(Selection(every_entry=True), limit=100, cursor=cursor)
        document = merged(page.items)
        assert violations(atom(document)) == []
        assert len(etree.fromstring(rss(document)).findall("channel/item")) == len(page.items)
        assert len(json.loads(json_feed(document))["items"]) == len(page.items)
        published, cursor = published + len(page.items), page.next
        if cursor is None:
            break
    assert published == corpus.figures.new
