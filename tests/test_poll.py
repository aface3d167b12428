"""What one poll asks for, and what it makes of the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from hub import poll, stories
from hub.errors import FeedError, FeedGone, FetchError, FetchRefused, NotAFeed, ParseError
from hub.fetch import Fetched
from hub.model import (
    Feed,
    FeedInfo,
    FeedKey,
    FeedState,
    Gathered,
    HubSettings,
    Identity,
    Known,
    LastDocument,
    Sketch,
    TagRule,
    Validators,
)
from hub.reader import Document, Reader, Reading
from tests.entries import entry
from tests.site import rss

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FEED = Feed(
    key=FeedKey("east"), url="https://east.example/feed", alternatives=("https://east.example/news/feed",)
)
NEVER_POLLED = FeedState(feed=FEED)
VALIDATORS = Validators(etag='"1"', last_modified="Thu, 19 Nov 2026 09:00:00 GMT")
POLLED = replace(
    NEVER_POLLED,
    used_url=FEED.url,
    etag=VALIDATORS.etag,
    last_modified=VALIDATORS.last_modified,
    succeeded=NOW - timedelta(hours=1),
)


def answered(body: bytes = b"<rss/>", *, url: str = FEED.url) -> Fetched:
    return Fetched(
        url=url, status=200, content_type=None, body=body, validators=Validators(etag='"2"'), seconds=0.5
    )


# ---------------------------------------------------------------- what is asked


def test_the_address_that_last_answered_is_asked_first() -> None:
    other = FEED.alternatives[0]
    assert poll.addresses(NEVER_POLLED, now=NOW) == (FEED.url, other)
    assert poll.addresses(replace(POLLED, used_url=other), now=NOW) == (other, FEED.url)


def test_once_a_day_a_feed_that_is_read_elsewhere_is_looked_for_at_its_own_address() -> None:
    state = replace(POLLED, used_url=FEED.alternatives[0])
    own = []
    for hour in range(24 * 7):
        now = NOW + timedelta(hours=hour)
        if poll.addresses(state, now=now) == (FEED.url, *FEED.alternatives):
            own.append(hour)
        state = replace(state, succeeded=now)
    assert len(own) == 7
    assert {later - earlier for earlier, later in pairwise(own)} == {24}


def test_an_address_that_feeds_yaml_no_longer_names_is_not_asked() -> None:
    assert "https://old.example/feed" not in poll.addresses(
        replace(POLLED, used_url="https://old.example/feed"), now=NOW
    )


def test_feeds_that_a_page_names_are_tried_but_those_at_which_another_feed_is_polled() -> None:
    named = ["/comments", "/news?b=2&a=1", "/blog", "/feed"]
    page = NotAFeed("a page", advertised=tuple(f"https://www.east.example{path}" for path in named))
    polled_at = {
        FEED.key: ("https://east.example/feed",),
        FeedKey("west"): ("https://west.example/comments", "http://east.example/news/?a=1&b=2"),
        FeedKey("north"): ("https://north.example/feed", "http://EAST.example:80/blog/"),
    }
    found = poll.found_in_page(NEVER_POLLED, FEED.url, page, lambda: polled_at)
    assert found == ("https://www.east.example/comments", "https://www.east.example/feed")


def test_where_others_are_polled_is_looked_up_for_pages_alone_that_lead_on() -> None:
    def looked_up() -> dict[FeedKey, tuple[str, ...]]:
        raise AssertionError

    page = NotAFeed("a page", advertised=(FEED.url,))
    assert poll.found_in_page(NEVER_POLLED, FEED.url, page, looked_up) == ()
    elsewhere = NotAFeed("a page", advertised=("https://east.example/rss",))
    assert poll.found_in_page(NEVER_POLLED, "https://east.example/", elsewhere, looked_up) == ()


def test_validators_go_back_to_the_address_they_came_from_and_no_other() -> None:
    assert poll.request(POLLED, FEED.url, now=NOW).validators == VALIDATORS
    assert poll.request(POLLED, "https://east.example/news/feed", now=NOW).validators == Validators()
    assert poll.request(NEVER_POLLED, FEED.url, now=NOW).validators == Validators()


def test_once_a_week_a_server_that_always_answers_304_is_asked_for_the_whole_document() -> None:
    unconditional = []
    state = POLLED
    for hour in range(24 * 7 * 4):
        now = NOW + timedelta(hours=hour)
        if poll.request(state, FEED.url, now=now).validators == Validators():
            unconditional.append(hour)
        state = replace(state, succeeded=now)
    assert len(unconditional) == 4
    assert {later - earlier for earlier, later in pairwise(unconditional)} == {24 * 7}


def test_a_failed_try_for_the_whole_document_is_made_up_for() -> None:
    long_ago = replace(POLLED, succeeded=NOW - timedelta(days=8))
    for hours in range(3):
        asked = poll.request(long_ago, FEED.url, now=NOW + timedelta(hours=hours))
        assert asked.validators == Validators()


def test_feeds_have_their_whole_document_asked_for_at_different_hours() -> None:
    def hour(member: str) -> int:
        feed = replace(FEED, key=FeedKey(member))
        state = replace(POLLED, feed=feed)
        for hours in range(1, 24 * 7 + 1):
            now = NOW + timedelta(hours=hours)
            if poll.request(replace(state, succeeded=NOW), feed.url, now=now).validators == Validators():
                return hours
        raise AssertionError("never asked for")

    assert len({hour(f"member-{n}") for n in range(30)}) > 20


# ---------------------------------------------------------------- what the answer comes to


def test_the_same_bytes_from_the_same_address_are_unchanged() -> None:
    first = poll.fetched(POLLED, FEED.url, answered(), started=NOW)
    state = replace(POLLED, body_digest=first.body_digest)
    assert not first.unchanged
    assert poll.fetched(state, FEED.url, answered(), started=NOW).unchanged
    assert not poll.fetched(state, FEED.url, answered(b"<rss />"), started=NOW).unchanged
    assert not poll.fetched(state, FEED.alternatives[0], answered(), started=NOW).unchanged


def test_a_document_that_was_read_brings_its_entries_and_all_that_was_odd() -> None:
    fetched = poll.fetched(POLLED, FEED.url, replace(answered(), remarks=("odd answer",)), started=NOW)
    reading = Reading(info=FeedInfo(title="East"), entries=(entry("a"),), remarks=("odd document",))
    gathered = poll.read(fetched, reading)
    assert (gathered.outcome, gathered.status, gathered.size) == ("fetched", 200, 6)
    assert (gathered.info, gathered.entries) == (reading.info, reading.entries)
    assert gathered.remarks == ("odd answer", "odd document")
    assert gathered.validators == Validators(etag='"2"')


@pytest.mark.parametrize(
    ("ends_with", "validators"),
    [
        ("</channel></rss>", Validators(etag='"2"')),
        ("</item>", Validators()),
        ("<description>", Validators()),
    ],
)
def test_a_document_that_breaks_off_is_asked_for_whole_the_next_time(
    ends_with: str, validators: Validators
) -> None:
    whole = rss("https://east.example/news", "Ward opens", "Ward closes")
    body = whole[: whole.rindex(ends_with) + len(ends_with)].encode()
    fetched = poll.fetched(NEVER_POLLED, FEED.url, answered(body), started=NOW)
    reading = Reader((), "UTC").read(Document(feed=FEED, url=FEED.url, body=body))
    gathered = poll.read(fetched, reading)
    assert gathered.entries
    assert gathered.validators == validators


def test_an_admin_is_told_when_a_feed_has_no_entries_any_more() -> None:
    reader = Reader((), "Europe/London")
    empty, other = (
        Document(feed=FEED, url=FEED.url, body=body.encode())
        for body in (rss(FEED.url), rss(FEED.url, "Ward opens"))
    )
    assert "there are no entries in it" in reader.read(empty).remarks
    assert reader.read(other).remarks == ()


def test_what_is_known_takes_no_tags_and_no_sketch_and_what_is_new_reads_as_it_does_beside_new_ones() -> None:
    footer = "The network of the east is here for all who live there."
    reader = Reader((TagRule(term="wards", label="Wards", any=("ward",)),), "Europe/London")
    body = rss(FEED.url, "Ward A opens", "Ward B opens", "Ward C opens", text=f"{footer} Words of").encode()
    document = Document(feed=FEED, url=FEED.url, body=body)
    new, *known = reader.read(document).entries
    marks = set(map(stories.mark, known))
    last = LastDocument(marks=frozenset({*marks, ("of another", None, "document")}))
    skimmed = reader.read(replace(document, last=last))
    assert skimmed.unchanged == marks
    assert [each.sketch for each in skimmed.entries] == [new.sketch, Sketch(), Sketch()]
    assert [bool(each.tags) for each in skimmed.entries] == [True, False, False]
    assert skimmed.entries[1] == replace(known[0], tags=(), sketch=Sketch())
    assert skimmed.entries[0] == new


def test_terms_are_made_of_what_is_new_as_far_as_there_is_memory_for_it() -> None:
    asked: list[tuple[str, str]] = []

    def terms_of(title: str, text: str) -> str:
        asked.append((title, text))
        return f"'{title}':1A"

    reader = Reader((), "Europe/London", terms_of=terms_of)
    document = Document(feed=FEED, url=FEED.url, body=rss(FEED.url, "One", "Two", text="Words of").encode())
    one, two = reader.read(document).entries
    assert (one.terms, two.terms) == ("'One':1A", "'Two':1A")
    assert asked == [(each.title, each.text) for each in (one, two)]
    one, two = reader.read(replace(document, last=LastDocument(marks=frozenset({stories.mark(two)})))).entries
    assert (one.terms, two.terms) == ("'One':1A", "")
    long = rss(FEED.url, "One", text="Words. " * 15_000).encode()
    (one,) = reader.read(replace(document, body=long)).entries
    assert one.terms == ""
    (one, *_) = Reader((), "Europe/London").read(document).entries
    assert one.terms == ""


def test_once_a_week_and_where_ids_do_not_hold_all_of_a_feed_is_read() -> None:
    read = replace(POLLED, body_digest="of its last document")
    assert poll.may_skim(read, now=NOW)
    assert not poll.may_skim(NEVER_POLLED, now=NOW)
    assert not poll.may_skim(read, now=NOW + timedelta(days=8))
    assert not poll.may_skim(replace(read, identity=Identity(by="link")), now=NOW)
    assert not poll.may_skim(POLLED, now=NOW), "its last document is to be read again"


def test_an_error_of_a_page_that_the_feed_redirects_to_names_both() -> None:
    page = "https://east.example/back-soon"
    error = poll.redirected(ParseError(f"{page} is an HTML page."), FEED.url, page)
    assert error.problem == f"{page} is an HTML page. {FEED.url} redirects there."
    there = ParseError(f"{FEED.url} is an HTML page.")
    assert poll.redirected(there, FEED.url, FEED.url).problem == f"{FEED.url} is an HTML page."


@pytest.mark.parametrize(
    ("error", "asks"),
    [
        (FetchError("", status=404), True),
        (FeedGone("", status=410), True),
        (NotAFeed(""), True),
        (ParseError(""), True),
        (FetchError("", status=503), False),
        (FetchError("", status=403), False),
        (FetchError("", reason="timeout"), False),
        (FetchRefused(""), False),
    ],
)
def test_the_next_address_is_asked_only_where_there_is_no_feed_at_this_one(
    error: FeedError, asks: bool
) -> None:
    assert poll.tries_next(error) is asks


def test_a_failure_is_told_whole() -> None:
    error = FetchError(
        "asked too often",
        "Wait.",
        reason="http-429",
        status=429,
        retry_after=90.0,
        for_host=True,
        host="west.example",
    )
    failed = poll.failed(POLLED, FEED.url, error, started=NOW, seconds=1.5)
    assert (failed.outcome, failed.error, failed.remedy, failed.reason) == (
        "failed",
        "asked too often",
        "Wait.",
        "http-429",
    )
    assert (failed.status, failed.retry_after, failed.spared) == (429, timedelta(seconds=90), "west.example")
    assert not failed.gone
    assert poll.failed(POLLED, FEED.url, FeedGone("gone", status=410), started=NOW).gone


def test_who_waits_for_the_store_decides_later_than_who_had_it_before() -> None:
    asked: list[datetime] = []

    def clock() -> datetime:
        asked.append(NOW)
        return asked[-1]

    decide = poll.decider(HubSettings(), authority="hub.example", owners={}, clock=clock)
    assert asked == []
    unchanged = Gathered(feed=FEED, outcome="not_modified", started=NOW - timedelta(minutes=9), url=FEED.url)
    assert [decide(unchanged, POLLED, Known()).state.polled for _ in range(2)] == [NOW, NOW]
    assert asked == [NOW]
