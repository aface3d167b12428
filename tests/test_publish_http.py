from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import brotli
import pytest

from hub.publish.http import Answer, Rendered, respond

CHANGED = datetime(2026, 11, 22, 9, 30, 15, 999999, tzinfo=UTC)
BODY = b"The same words again and again. " * 100
NEWS = Rendered(BODY, "application/atom+xml; charset=utf-8", CHANGED)
PLAIN, GZIP, BROTLI = (NEWS.etag(coding) for coding in ("identity", "gzip", "br"))


def get(
    rendered: Rendered = NEWS,
    *,
    method: str = "GET",
    accept: str | None = None,
    match: str | None = None,
    since: str | None = None,
) -> Answer:
    return respond(
        rendered,
        method=method,
        accept_encoding=accept,
        if_none_match=match,
        if_modified_since=since,
    )


def test_a_first_visit_gets_the_news_with_all_it_takes_to_ask_again() -> None:
    answer = get()
    assert answer == Answer(
        200,
        {
            "ETag": PLAIN,
            "Cache-Control": "public, max-age=300",
            "Vary": "Accept-Encoding",
            "Last-Modified": "Sun, 22 Nov 2026 09:30:15 GMT",
            "Content-Type": "application/atom+xml; charset=utf-8",
            "Content-Length": "3200",
        },
        BODY,
    )


def test_a_visitor_who_has_it_gets_what_rfc_9110_lists_for_304_and_no_more() -> None:
    headers = {"ETag": PLAIN, "Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding"}
    assert get(match=PLAIN) == Answer(304, headers, b"")


def test_the_caller_says_for_how_long_it_is_fresh() -> None:
    answer = respond(
        NEWS,
        method="GET",
        accept_encoding=None,
        if_none_match=None,
        if_modified_since=None,
        cache_control="no-store",
    )
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (PLAIN, 304),
        (f"W/{PLAIN}", 304),
        (f'"a", W/"b,c" ,{PLAIN}', 304),
        (f',, "a" ,\t{PLAIN} , ', 304),
        ("*", 304),
        (" * ", 304),
        ('"another"', 200),
        (GZIP, 200),
        (PLAIN.strip('"'), 200),
        (f"w/{PLAIN}", 200),
        (f"x{PLAIN}", 200),
        (f"{PLAIN}x", 200),
        (f'"a" {PLAIN}', 200),
        (f'"*", {PLAIN[:-1]}', 200),
        ('"*"', 200),
        ("", 200),
        ("nonsense", 200),
        ('"' * 10_000, 200),
        (", " * 10_000, 200),
    ],
)
def test_if_none_match_is_a_list_compared_weakly(header: str, status: int) -> None:
    assert get(match=header).status == status


def test_each_coding_has_a_validator_of_its_own() -> None:
    assert len({PLAIN, GZIP, BROTLI}) == 3
    assert get(accept="gzip", match=GZIP).status == 304
    assert get(accept="gzip", match=PLAIN).status == 200
    assert get(accept="br", match=f"{PLAIN}, {BROTLI}").headers["ETag"] == BROTLI


def test_other_bytes_have_another_validator_and_the_same_bytes_the_same() -> None:
    assert Rendered(BODY + b".", "text/plain", CHANGED).etag("gzip") != GZIP
    assert Rendered(bytes(BODY), "text/plain", CHANGED + timedelta(1)).etag("gzip") == GZIP


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Sun, 22 Nov 2026 09:30:15 GMT", 304),
        ("Sunday, 22-Nov-26 09:30:15 GMT", 304),
        ("Sun Nov 22 09:30:15 2026", 304),
        ("Wed, 25 Nov 2026 00:00:00 GMT", 304),
        ("Sun, 22 Nov 2026 09:30:14 GMT", 200),
        ("Sunday, 22-Nov-26 09:30:14 GMT", 200),
        ("Sun Nov  1 09:30:14 2026", 200),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 200),
        ("Sun, 31 Feb 2027 09:30:15 GMT", 200),
        ("Sun, 22 Nov 99999999999 09:30:15 GMT", 200),
        ("2026-11-25T00:00:00Z", 200),
        ("1795000000", 200),
        ("soon", 200),
        ("", 200),
    ],
)
def test_if_modified_since_is_understood_in_its_three_forms_and_a_broken_one_passed_over(
    header: str, status: int
) -> None:
    assert get(since=header).status == status


@pytest.mark.parametrize(
    ("match", "since", "status"),
    [
        ('"another"', "Wed, 25 Nov 2026 00:00:00 GMT", 200),
        ("nonsense", "Wed, 25 Nov 2026 00:00:00 GMT", 200),
        (PLAIN, "Sun, 06 Nov 1994 08:49:37 GMT", 304),
        (PLAIN, "soon", 304),
    ],
)
def test_a_date_says_nothing_beside_an_entity_tag(match: str, since: str, status: int) -> None:
    assert get(match=match, since=since).status == status


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;Q=1.0", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip; q=0.8 , br ; q=0.9", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0.000, br;q=0", None),
        ("gzip;q=0.001", "gzip"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("gzip, *;q=0", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0.5, gzip;q=0.1", "br"),
        ("identity;q=0, *;q=0", None),
        ("zstd, compress", None),
        ("br;q=2, gzip", "gzip"),
        ("br;q=0.1234, gzip;q=0.1", "gzip"),
        ("br;level=3, gzip", "gzip"),
        (",;,=,;q=1,gzip", "gzip"),
        ("gzip br", None),
    ],
)
def test_the_reader_chooses_the_coding(header: str | None, coding: str | None) -> None:
    answer = get(accept=header)
    assert answer.headers.get("Content-Encoding") == coding
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert decode(answer.body) == BODY
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_the_same_document_has_the_same_bytes_in_every_coding() -> None:
    again = Rendered(BODY, "text/plain", CHANGED)
    assert again.encoded("gzip") == NEWS.encoded("gzip")
    # RFC 1952 §2.3.1: the time that it was packed at is left out, also where that is another.
    assert NEWS.encoded("gzip")[4:8] == bytes(4)
    assert again.encoded("br") == NEWS.encoded("br")


def test_a_coding_is_computed_once() -> None:
    rendered = Rendered(BODY, "text/plain", CHANGED)
    assert rendered.encoded("br") is rendered.encoded("br")


def test_a_few_bytes_are_sent_as_they_are() -> None:
    answer = get(Rendered(b"x" * 199, "text/plain", CHANGED), accept="gzip, br, identity;q=0")
    assert (answer.body, answer.headers["Content-Length"]) == (b"x" * 199, "199")
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("accept", [None, "gzip", "br"])
def test_head_gets_the_headers_of_get_and_no_body(accept: str | None) -> None:
    head, whole = get(method="HEAD", accept=accept), get(accept=accept)
    assert head.headers == whole.headers
    assert head.body == b""
    assert get(method="HEAD", match="*").status == 304


def test_a_date_of_ours_in_another_zone_is_sent_in_gmt() -> None:
    paris = datetime.fromisoformat("2026-11-22T10:30:15+01:00")
    answer = get(Rendered(BODY, "text/plain", paris))
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 09:30:15 GMT"
