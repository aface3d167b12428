"""What changed in a merged feed since a reader was answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace as with_fields
from typing import Any

import pytest
from msgspec.structs import replace

from hub.publish import atom, jsonfeed, rss
from hub.publish.delta import Delta, Entries, asks, etag, respond_to_asker, tags_of_ours, without
from hub.publish.document import Deleted, MergedDocument
from hub.publish.http import Answer, Rendered
from hub.publish.item import Item
from tests.sample_items import at, document, joint_item

_RENDERERS: dict[str, tuple[Callable[[MergedDocument], bytes], str]] = {
    "atom": (atom.atom, atom.MEDIA_TYPE),
    "rss": (rss.rss, rss.MEDIA_TYPE),
    "json": (jsonfeed.json_feed, jsonfeed.MEDIA_TYPE),
}
# What would end an entry, were it not written as text.
_ENDS = '</entry></item>]]><entry><item> <![CDATA[ </entry> <!-- <item> \\"}]},{'


def rendered(format: str, *items: Item, deleted: tuple[Deleted, ...] = ()) -> Rendered:
    render, media_type = _RENDERERS[format]
    return Rendered(render(replace(document(*items), deleted=deleted)), media_type, at(23))


def news(number: int, **fields: Any) -> Item:
    item = replace(joint_item(), id=f"tag:news.example.org,2026:{number}", title=f"News {number}")
    return replace(item, **fields)


@pytest.mark.parametrize("format", _RENDERERS)
def test_a_delta_is_the_document_with_what_is_new_or_another_alone(format: str) -> None:
    before = rendered(format, news(3), news(2), news(1))
    corrected = news(2, title="News 2, corrected")
    found = without(rendered(format, news(4), news(3), corrected), Entries.of(before))
    # As no item here has another date, this is what the feed would be of these two.
    assert found == rendered(format, news(4), corrected)


@pytest.mark.parametrize("format", _RENDERERS)
def test_no_words_of_news_are_taken_for_the_end_of_an_entry(format: str) -> None:
    ends = news(1, title=_ENDS, summary=_ENDS, content=_ENDS, rights=_ENDS)
    before = rendered(format, ends)
    assert len(Entries.of(before).each()) == 1
    found = without(rendered(format, news(2), ends, news(3)), Entries.of(before))
    assert found == rendered(format, news(2), news(3))
    found = without(rendered(format, news(2), ends, news(3)), Entries.of(rendered(format, news(3), news(2))))
    assert found == before


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_the_date_of_the_feed_is_that_of_the_whole(format: str) -> None:
    now = rendered(format, news(1))
    found = without(now, Entries.of(now))
    assert found.body == re.sub(rb"<(entry|item)\b.*</\1>", b"", now.body)
    assert b"2026" in found.body


def test_what_was_withdrawn_since_is_told_once() -> None:
    told = Deleted(id="tag:a", when=at(21), by="Wessex", why="")
    new = Deleted(id="tag:b", when=at(22), by="Wessex", why="It was wrong.")
    before = rendered("atom", news(2), news(1), deleted=(told,))
    found = without(rendered("atom", news(2), deleted=(told, new)), Entries.of(before))
    assert b"tag:b" in found.body
    assert b"It was wrong." in found.body
    assert b"tag:a" not in found.body
    assert b"<entry" not in found.body


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("feed", True),
        ("Feed", True),
        ("feed, gzip", True),
        ("vcdiff;q=1.0 , feed ; q=0.5", True),
        ("feed;q=0", False),
        ("feed;q=0.000", False),
        ("feeds", False),
        ("vcdiff, diffe, gzip", False),
        ("", False),
        (", ;q=1", False),
        (None, False),
    ],
)
def test_who_asks_says_so_by_a_im(field: str | None, asked: bool) -> None:
    assert asks(field) is asked


def test_what_changed_is_told_since_tags_of_ours_alone() -> None:
    news_now = rendered("atom", news(1))
    plain = news_now.etag("identity")
    ours = [etag(news_now, coding) for coding in ("identity", "gzip", "br")]
    assert len({plain, news_now.etag("br"), *ours}) == 5
    for tag in ours:
        assert tags_of_ours(f'"a-feed", W/{tag}, "*"') == {tag: plain}
    assert tags_of_ours(", ".join(ours)) == dict.fromkeys(ours, plain)
    for other in (plain, news_now.etag("br"), "*", "", None, '"feed"', ours[0].strip('"'), ours[0].upper()):
        assert tags_of_ours(other) == {}


def ask(now: Rendered, delta: Delta | None = None, *, method: str = "GET", tags: str | None = None) -> Answer:
    return respond_to_asker(
        now, delta, method=method, accept_encoding="gzip", if_none_match=tags, vary="Accept-Encoding"
    )


def test_an_answer_to_who_asks_is_for_nobody_else() -> None:
    now = with_fields(rendered("atom", news(2), news(1)), links='<https://hub.example/>; rel="hub"')
    tag, since = etag(now, "gzip"), etag(rendered("atom", news(1)), "gzip")
    whole = ask(now)
    assert (whole.status, whole.body) == (200, now.encoded("gzip"))
    assert whole.headers["ETag"] == tag
    assert whole.headers["Cache-Control"] == "private, max-age=300"
    same = ask(now, tags=f'"another", W/{tag}')
    assert same.headers == {
        "ETag": tag,
        "Cache-Control": "private, max-age=300",
        "Vary": "Accept-Encoding",
    }
    assert (same.status, same.body) == (304, b"")
    changed = without(now, Entries.of(rendered("atom", news(1))))
    partly = ask(now, Delta(since, changed), tags=since)
    assert (partly.status, partly.body) == (226, changed.encoded("gzip"))
    assert partly.headers == {
        **whole.headers,
        "Content-Length": str(len(changed.encoded("gzip"))),
        "Cache-Control": "no-store",
        "IM": "feed",
        "Delta-Base": since,
    }
    head = ask(now, Delta(since, changed), tags=since, method="HEAD")
    assert head == Answer(226, partly.headers, b"")
