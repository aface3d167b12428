"""What is sent to a WebSub subscriber's callback, and asked there, by the fetcher that polls use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hub.config import parse
from hub.errors import FetchError
from hub.fetch import Accepted, Fetched, FetchRequest, Outcome, Sent
from hub.fetch.curl import CurlFetcher
from tests.websub_reader import Reader, websub_reader

DOCUMENT = Sent(
    body="<feed>\x00 of 2 MB ü</feed>".encode() + b"\xff" * 2_000_000,
    headers={"Content-Type": "application/atom+xml", "Link": '<https://news.example/>; rel="hub"'},
)


@pytest.fixture
def reader() -> Iterator[Reader]:
    with websub_reader() as running:
        yield running


def outcome(url: str, **more: Any) -> Outcome:
    settings = parse("hub: {fetch: {allow: [127.0.0.0/8], host_delay: 0s}}\n").hub
    with closing(CurlFetcher(settings.fetch, "tests")) as fetcher:
        fetcher.submit("callback", FetchRequest(url=url, callback=True, **more))
        ((_, found),) = fetcher.wait(20)
    return found


def failure(url: str, **more: Any) -> FetchError:
    found = outcome(url, **more)
    assert isinstance(found, FetchError), found
    return found


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_document_is_sent_as_it_is_and_any_success_will_do(reader: Reader, status: int) -> None:
    reader.status = status
    assert isinstance(outcome(reader.url + "/me?token=1", sent=DOCUMENT), Accepted)
    (pushed,) = reader.pushed
    assert (pushed.path, pushed.body) == ("/me?token=1", DOCUMENT.body)
    assert pushed.headers["content-type"] == "application/atom+xml"
    assert pushed.headers["link"] == '<https://news.example/>; rel="hub"'
    assert "expect" not in pushed.headers
    assert "accept" not in pushed.headers or "atom" not in pushed.headers["accept"]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 404, 410, 429, 500])
def test_all_else_is_an_error_and_a_redirect_is_not_followed(reader: Reader, status: int) -> None:
    reader.status, reader.headers = status, {"Location": f"{reader.url}/elsewhere"}
    assert failure(reader.url + "/me", sent=DOCUMENT).status == status
    assert [each.path for each in reader.pushed] == ["/me"]


def test_a_callback_that_asks_to_be_left_alone_asks_it_for_itself(reader: Reader) -> None:
    reader.status, reader.headers = 429, {"Retry-After": "2592000"}
    settings = parse("hub: {fetch: {allow: [127.0.0.0/8], host_delay: 0s}}\n").hub
    with closing(CurlFetcher(settings.fetch, "tests")) as fetcher:
        fetcher.submit("callback", FetchRequest(url=f"{reader.url}/me", callback=True, sent=DOCUMENT))
        fetcher.submit("feed", FetchRequest(url=f"{reader.url}/feed"))
        found = dict(fetcher.wait(20) + fetcher.wait(20))
    said = found["callback"]
    assert isinstance(said, FetchError)
    assert said.retry_after == 2592000
    assert isinstance(found["feed"], Fetched)


def test_what_a_callback_says_to_a_document_is_not_read_to_its_end(reader: Reader) -> None:
    reader.status, reader.answer = 200, b"x" * 5_000_000
    assert isinstance(outcome(reader.url, sent=DOCUMENT, most_bytes=1000), Accepted)


def test_a_callback_has_so_much_time_and_no_more(reader: Reader) -> None:
    reader.takes = 1.0
    error = failure(reader.url, sent=DOCUMENT, within=0.3)
    assert (error.reason, error.problem) == (
        "timeout",
        f"{reader.url} did not finish its answer in 0.3 seconds",
    )


@pytest.mark.parametrize("status", [200, 201, 202, 203])
def test_a_callback_confirms_with_any_success(reader: Reader, status: int) -> None:
    reader.confirming = status
    found = outcome(f"{reader.url}/me?hub.challenge=abc")
    assert isinstance(found, Fetched)
    assert (found.status, found.body) == (status, b"abc")


def test_a_callback_that_is_asked_leads_nowhere_else(reader: Reader) -> None:
    reader.confirming, reader.headers = 302, {"Location": f"{reader.url}/elsewhere"}
    assert failure(f"{reader.url}/me").reason == "redirect"
    assert len(reader.asked) == 1


def test_nothing_is_sent_to_a_private_address_for_whom_that_is_not_allowed(reader: Reader) -> None:
    for more in ({"sent": DOCUMENT}, {}):
        assert failure(reader.url, named_by="its subscriber", **more).reason == "refused"
    assert (reader.asked, reader.pushed) == ([], [])
