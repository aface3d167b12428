"""A feed's document as its server gives it now, for an admin who wants to see what is wrong in it.

It is fetched and read as a poll does, and nothing is kept of it but what is
shown. No database is needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from hub import gathering, poll
from hub.errors import FetchError, NotAFeed, ParseError
from hub.fetch import Fetched, Fetcher, FetchRequest, fetch
from hub.fetch.curl import CurlFetcher
from hub.gathering import Gathering
from hub.machine import check_temporary_folder
from hub.model import FeedState, HubSettings, SeenDocument, TagRule, Validators
from hub.parse.decode import Written, written
from hub.parse.marked import marked
from hub.parse.sites import with_charset
from hub.parse.unpacked import unpacked
from hub.poll import Asked, Document, Reading
from hub.reading import Readers
from hub.robots import Robots, robots_url
from hub.signals import stopping

# Addresses that are named, headers, and characters of one.
_MOST_WANTED, _MOST_HEADERS, _LONGEST_HEADER = 50, 100, 500
_COOKIES = ("set-cookie", "set-cookie2")


@contextmanager
def looking(hub: HubSettings, rules: Sequence[TagRule] = ()) -> Iterator[tuple[Fetcher, Readers]]:
    """What a look at a feed needs, let go of at the end."""
    check_temporary_folder()
    fetcher = CurlFetcher(hub.fetch, hub.user_agent)
    readers = Readers(rules, hub.timezone)
    try:
        yield fetcher, readers
    finally:
        # A Ctrl-C that comes only now must not end what is tidied up.
        with stopping():
            fetcher.close()
            readers.close()


def see(
    state: FeedState, address: str | None, hub: HubSettings, *, telling: Callable[[str], None]
) -> SeenDocument:
    """Fetch what is at one of a feed's addresses, and say how it is read. `telling` is told how far that is.

    Without an address it is the one that a poll would begin with. Of a site that
    is no feed it is the document that a poll of it begins with.
    """
    now = datetime.now(UTC)
    address = address or poll.addresses(state, now=now)[0]
    kind = state.feed.kinds.get(address)
    seen = SeenDocument(kind=kind.name if kind else "feed", when=now, asked=address)
    with looking(hub) as (fetcher, readers):
        try:
            answer, asked = _answer(state, address, fetcher, now)
        except FetchError as error:
            wait = timedelta(seconds=error.retry_after) if error.retry_after else None
            return replace(
                seen,
                status=error.status,
                headers=_shown(error.headers),
                error=error.problem,
                remedy=error.remedy,
                not_before=now + wait if wait else None,
                text=marked("", (), error.problem),
            )
        telling("It has come, and is being read.")
        document = Document(
            feed=state.feed,
            url=answer.url,
            body=answer.body,
            content_type=answer.content_type,
            cut=answer.cut,
            asked=asked,
        )
        reading = readers.submit(document, done=lambda: None).result()
    return _seen(seen, state, answer, reading)


# ---------------------------------------------------------------- what is asked for


def _answer(state: FeedState, address: str, fetcher: Fetcher, now: datetime) -> tuple[Fetched, Asked | None]:
    """What is at an address, as a poll asks for it. Raises FetchError."""
    if address not in state.feed.kinds:
        request = replace(poll.request(state, address, now=now), validators=Validators())
        return _fetched(fetcher, request), None
    # What is remembered of its listings would make it ask for what has changed.
    site = Gathering(
        replace(state, listings=()), address, known=frozenset(), now=now, most_pages=gathering.MOST_PAGES
    )
    wanted = site.next()
    assert wanted is not None
    _check_rules(state, wanted.url, fetcher)
    answer = _fetched(fetcher, site.request(wanted))
    if answer.url != wanted.url:
        _check_rules(state, answer.url, fetcher)
    return answer, site.took(answer)


def _fetched(fetcher: Fetcher, request: FetchRequest) -> Fetched:
    answer = fetch(fetcher, request)
    # An unconditional request has no 304.
    assert isinstance(answer, Fetched)
    return answer


def _check_rules(state: FeedState, url: str, fetcher: Fetcher) -> None:
    """Raises FetchError where a site's robots.txt does not let us fetch an address, or cannot be had."""
    request = FetchRequest(url=robots_url(url), named_by=poll.named_by(state, url))
    try:
        rules = Robots(_fetched(fetcher, request).body)
    except FetchError as error:
        if gathering.no_rules(error):
            return
        raise gathering.rules_unknown(url, error) from error
    if not rules.allows(url):
        raise gathering.disallowed(url)


# ---------------------------------------------------------------- what is shown


def _seen(
    seen: SeenDocument, state: FeedState, answer: Fetched, reading: Reading | ParseError
) -> SeenDocument:
    text = _text(state, answer, reading, is_site=seen.kind != "feed")
    seen = replace(
        seen,
        at=answer.url,
        hops=tuple((hop.status, hop.url) for hop in answer.hops),
        status=answer.status,
        headers=_shown(answer.headers),
        size=len(answer.body),
        is_cut=answer.cut,
        encoding=text.encoding,
        declared=text.declared,
        whole=zlib.compress(text.text.encode("utf-8", "replace")),
    )
    if isinstance(reading, ParseError):
        error = poll.redirected(reading, seen.asked, answer.url) if answer.hops else reading
        return replace(
            seen,
            error=error.problem,
            remedy=error.remedy,
            text=marked(text.text, answer.remarks, error.problem),
        )
    dates = [each.published or each.updated for each in reading.entries]
    return replace(
        seen,
        format=reading.format,
        by_feedparser=reading.by_feedparser,
        entries=len(dates),
        dated=sum(1 for date in dates if date),
        to_come=sum(1 for date in dates if date and date > seen.when),
        text=marked(text.text, (*answer.remarks, *reading.remarks)),
        wanted=tuple(each.url for each in reading.wanted[:_MOST_WANTED]),
        more=max(0, len(reading.wanted) - _MOST_WANTED) + reading.left,
    )


def _text(state: FeedState, answer: Fetched, reading: Reading | ParseError, *, is_site: bool) -> Written:
    try:
        body = unpacked(answer.body, answer.url, most=state.feed.most_bytes, remedy="")
    except ParseError:
        # The reading says so.
        body = answer.body
    is_page = is_site or isinstance(reading, NotAFeed)
    return written(body, with_charset(body, answer.content_type) if is_page else answer.content_type)


def _shown(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    shown = [(name, value[:_LONGEST_HEADER]) for name, value in headers.items() if name not in _COOKIES]
    return tuple(shown[:_MOST_HEADERS])
