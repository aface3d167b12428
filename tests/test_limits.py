"""What is over a limit: read as far as it goes, and said."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.errors import NotAFeed, ParseError
from hub.model import FeedState
from hub.parse.document import ParsedFeed
from hub.parse.feed import parse
from hub.store import existing_store
from tests.commands import Hub
from tests.site import Site

LONDON = ZoneInfo("Europe/London")
TITLES = [f"News {number}" for number in range(30)]
ITEMS = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in TITLES)
RSS = f"<?xml version='1.0'?><rss version='2.0'><channel><title>East</title>{ITEMS}</channel></rss>"
ENTRIES = "".join(f"<a:entry><a:id>{title}</a:id><a:title>{title}</a:title></a:entry>" for title in TITLES)
ATOM = f"<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>East</a:title>{ENTRIES}</a:feed>"
RDF = (
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
    f"<channel><title>East</title></channel>{ITEMS}</rdf:RDF>"
)


def cut(document: str, at: int) -> ParsedFeed:
    body = document.encode()[:at]
    return parse(body, url="https://a.example/", content_type=None, zone=LONDON, cut_at=at)


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title.value for entry in feed.entries if entry.title]


@pytest.mark.parametrize("document", [RSS, ATOM, RDF])
@pytest.mark.parametrize("of_the_last", [1, 20, 40])
def test_of_a_document_that_was_cut_the_whole_entries_are_read(document: str, of_the_last: int) -> None:
    at = (
        document.index("<item>" if "<item>" in document else "<a:entry>", document.index("News 9<"))
        + of_the_last
    )
    feed = cut(document, at)
    assert titles(feed) == TITLES[: len(feed.entries)]
    assert len(feed.entries) in (10, 11)
    assert feed.title == "East"
    assert len(feed.remarks) == 1


def test_the_remark_says_which_limit_it_was_and_which_key_to_raise() -> None:
    (remark,) = cut(RSS, 1000).remarks
    assert remark == (
        "it is larger than 0.977 KB, so only its entries that end before were read;"
        " to read more, raise its size, or hub.fetch.size, in feeds.yaml"
    )


def test_a_document_of_which_no_entry_ends_before_the_limit_is_too_large() -> None:
    for document in (RSS, "<rss><channel><title>" + "x" * 5000):
        with pytest.raises(ParseError) as caught:
            cut(document, 100)
        assert caught.value.reason == "too-large"
        assert "hub.fetch.size" in caught.value.remedy


def test_a_page_that_is_too_large_is_a_page() -> None:
    with pytest.raises(NotAFeed):
        cut("<!doctype html><html><body>" + "<p>News</p>" * 900, 2000)


def test_an_entry_that_is_cut_is_not_read_though_its_words_are_there() -> None:
    whole = cut(RSS, RSS.index("News 3</title>") + len("News 3</title>"))
    assert titles(whole) == TITLES[:3]


# ---------------------------------------------------------------- a poll


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def configure(hub: Hub, url: str, *, of_the_hub: str = "", of_the_feed: str = "") -> None:
    fetch = f"allow: [127.0.0.0/8], host_delay: 0s{of_the_hub}"
    hub.config.write_text(
        f"hub: {{fetch: {{{fetch}}}}}\n"
        f"members: [{{slug: east, name: East, feeds: [{{url: '{url}'{of_the_feed}}}]}}]\n"
    )


def polled(hub: Hub) -> tuple[FeedState, int]:
    """The feed's state after a poll, and how many entries there are then."""
    assert hub.run("poll", "--all").returncode == 0
    with closing(existing_store(hub.database)) as store:
        (state,) = store.feed_states()
        return state, store.totals().entries


def test_a_poll_takes_as_many_entries_as_its_feed_or_the_hub_lets_it(hub: Hub, site: Site) -> None:
    url = site.page("/feed", RSS, ETag='"1"', Content_Type="application/rss+xml")
    configure(hub, url, of_the_hub=", entries: 4")
    state, entries = polled(hub)
    assert entries == 4
    assert state.remarks[0] == (
        "it holds 30 entries; the first 4 were read;"
        " to read more, raise its entries, or hub.fetch.entries, in feeds.yaml"
    )
    configure(hub, url, of_the_hub=", entries: 4", of_the_feed=", entries: 7")
    assert polled(hub)[1] == 7
    # That other limits hold now is why the document was asked for once more.
    assert "if-none-match" not in site.asked[-1][1]


def test_a_poll_takes_as_many_bytes_as_its_feed_or_the_hub_lets_it(hub: Hub, site: Site) -> None:
    items = "".join(f"<item><title>{t}</title><guid>{t}</guid><x>{'y' * 200}</x></item>" for t in TITLES)
    document = RSS.replace(ITEMS, items)
    assert 4 * 1024 < len(document) < 8 * 1024
    url = site.page("/feed", document, ETag='"1"', Content_Type="application/rss+xml")
    configure(hub, url, of_the_hub=", size: 2KB")
    state, few = polled(hub)
    assert 0 < few < 10
    assert "raise its size, or hub.fetch.size, in feeds.yaml" in state.remarks[0]
    assert state.error is None
    configure(hub, url, of_the_hub=", size: 2KB", of_the_feed=", size: 4KB")
    assert few < polled(hub)[1] < 30
    configure(hub, url)
    state, all_of_them = polled(hub)
    assert (all_of_them, state.remarks) == (30, ())
    polled(hub)
    assert site.asked[-1][1]["if-none-match"] == '"1"'


def test_a_look_at_a_feed_reads_as_much_of_it_as_a_poll_would(hub: Hub, site: Site) -> None:
    url = site.page("/feed", RSS, Content_Type="application/rss+xml")
    configure(hub, "https://elsewhere.example/", of_the_hub=", entries: 4")
    assert "East: 4 entries.\nRemark: it holds 30 entries" in hub.run("feeds", "check", url).stdout
    configure(hub, "https://elsewhere.example/", of_the_hub=", size: 1KB")
    assert "Remark: it is larger than 1 KB" in hub.run("feeds", "check", url).stdout


def test_json_over_the_limit_cannot_be_read_in_part(hub: Hub, site: Site) -> None:
    configure(
        hub,
        site.page("/feed", '{"version": "https://jsonfeed.org/version/1.1"' + " " * 4000),
        of_the_hub=", size: 1KB",
    )
    state, _ = polled(hub)
    assert state.reason == "too-large"
    assert "hub.fetch.size" in (state.remedy or "")
