"""A feed's document as its server gives it now, for an admin who wants to see what is wrong in it.

It is fetched and read as a poll does, and nothing is kept of it but what is
shown. No database is needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from hub import gathering, poll
from hub.errors import FetchError, NotAFeed, ParseError
from hub.fetch import Fetched, Fetcher, FetchRequest, fetch
from hub.fetch.curl import CurlFetcher
from hub.gathering import Gathering
from hub.machine import check_temporary_folder
from hub.model import (
    Entry,
    FeedState,
    HubSettings,
    MarkedText,
    Said,
    SeenDocument,
    TagRule,
    Validators,
)
from hub.parse.decode import Written, written
from hub.parse.marked import marked
from hub.parse.sites import with_charset
from hub.parse.unpacked import unpacked
from hub.polling.reading import Readers
from hub.reader import Document, Reading, SiteDocument
from hub.robots import Robots, robots_url
from hub.said import as_written, counted
from hub.signals import stopping

# Addresses that are named, headers, and characters of one, and of what a header or an encoding is called.
_MOST_WANTED, _MOST_HEADERS, _LONGEST_HEADER, _LONGEST_LABEL = 50, 100, 500, 60
# Characters before a line, its number among them.
_MARGIN = 8
_MORE_ROWS = "lines as they stand here are left out"
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
    telling("It is being fetched.")
    with looking(hub) as (fetcher, readers):
        try:
            answer, site = _answer(state, address, fetcher, now)
        except FetchError as error:
            return _not_had(address, error, now)
        telling("It has come, and is being read.")
        document = Document.of(state.feed, answer, site=site)
        reading = readers.submit(document, done=lambda: None).result()
    return _seen(state, address, answer, reading, now)


def told(seen: SeenDocument) -> str:
    """What was seen, in lines for a terminal."""
    lines = [f"{name}: {value}" for name, value in seen.facts]
    if not seen.text.lines:
        lines += [f"    {name}: {value}" for name, value in seen.headers]
    lines += ["", *(_remark(each) for each in seen.text.said)]
    if seen.remedy:
        lines.append(seen.remedy)
    lines += [f"Read on from: {url}" for url in seen.wanted]
    if seen.text.lines:
        lines += ["", *_rows(seen.text)]
    return "\n".join(lines)


def _rows(text: MarkedText) -> Iterator[str]:
    margin = " " * _MARGIN
    for line in text.lines:
        if line.left_out:
            yield f"{margin}… {line.left_out:,} {_MORE_ROWS}"
        number = str(line.number) if line.column == 1 else ""
        cut = f" … {line.cut:,} more characters" if line.cut else ""
        yield f"{number:>{_MARGIN - 2}}  {line.text}{cut}"
        yield from (f"{margin}! {_remark(text.said[each])}" for each in line.about)
    if text.left_out:
        yield f"{margin}… {text.left_out:,} {_MORE_ROWS}"


def _remark(said: Said) -> str:
    return f"{'Error' if said.is_error else 'Remark'}: {said.text.rstrip('.')}."


# ---------------------------------------------------------------- what is asked for


def _answer(
    state: FeedState, address: str, fetcher: Fetcher, now: datetime
) -> tuple[Fetched, SiteDocument | None]:
    """What is at an address, as a poll asks for it, and which document of a site it is. Raises FetchError."""
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


def _not_had(address: str, error: FetchError, now: datetime) -> SeenDocument:
    headers = _shown(error.headers)
    facts = (("Asked for", address), ("Status", str(error.status or "")), _type_of(headers))
    return SeenDocument(
        when=now,
        asked=address,
        facts=_known(facts),
        headers=headers,
        text=marked("", (), error.problem),
        remedy=error.remedy,
        not_before=now + timedelta(seconds=error.retry_after) if error.retry_after else None,
    )


def _seen(
    state: FeedState, address: str, answer: Fetched, reading: Reading | ParseError, now: datetime
) -> SeenDocument:
    kind = state.feed.kinds.get(address)
    text = _text(state, answer, reading, is_site=kind is not None)
    headers = _shown(answer.headers)
    facts = [
        ("Asked for", address),
        *((f"Redirected ({hop.status}) to", hop.url) for hop in answer.hops),
    ]
    if not answer.hops and answer.url != address:
        facts.append(("Begun with", answer.url))
    cut = ", of which it is the beginning" if answer.cut else ""
    facts += [("Status", str(answer.status)), _type_of(headers)]
    facts += [("Encoding", _encoding(text)), ("Size", counted(len(answer.body), "byte", "bytes") + cut)]
    seen = SeenDocument(
        when=now,
        asked=address,
        facts=_known(facts),
        headers=headers,
        whole=zlib.compress(text.text.encode("utf-8", "replace")),
    )
    if isinstance(reading, ParseError):
        error = poll.redirected(reading, address, answer.url) if answer.hops else reading
        return replace(seen, text=marked(text.text, answer.remarks, error.problem), remedy=error.remedy)
    read_as = kind.name if kind else _format(reading)
    return replace(
        seen,
        facts=(*seen.facts, ("Read as", read_as), ("Entries", _entries(reading.entries, now))),
        text=marked(text.text, (*answer.remarks, *reading.remarks)),
        wanted=tuple(each.url for each in reading.wanted[:_MOST_WANTED]),
        more=max(0, len(reading.wanted) - _MOST_WANTED) + reading.left,
    )


def _known(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in facts if value)


def _type_of(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    return "Type", dict(headers).get("content-type", "")


def _encoding(text: Written) -> str:
    by_header, by_itself = text.declared
    said = [
        f"{as_written(label, most=_LONGEST_LABEL)} by {who}"
        for label, who in ((by_header, "its header"), (by_itself, "itself"))
        if label
    ]
    return f"{text.encoding}; " + (f"declared as {' and '.join(said)}" if said else "none is declared")


def _format(reading: Reading) -> str:
    by = "feedparser, since it is unusual or broken" if reading.by_feedparser else "the hub’s own reader"
    return f"{reading.format or 'a feed of an unknown format'}, by {by}"


def _entries(entries: Sequence[Entry], now: datetime) -> str:
    dates = [date for each in entries if (date := each.published or each.updated)]
    said = [counted(len(entries), "entry", "entries")]
    if entries:
        said.append(f"{len(dates):,} with a date")
    if to_come := sum(1 for date in dates if date > now):
        said.append(f"{to_come:,} with a date to come")
    return ", ".join(said)


def _text(state: FeedState, answer: Fetched, reading: Reading | ParseError, *, is_site: bool) -> Written:
    try:
        body = unpacked(answer.body, answer.url, most=state.feed.most_bytes, remedy="")
    except ParseError:
        # The reading says so.
        body = answer.body
    is_page = is_site or isinstance(reading, NotAFeed)
    return written(body, with_charset(body, answer.content_type) if is_page else answer.content_type)


def _shown(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    shown = [(name, value) for name, value in headers.items() if name not in _COOKIES]
    return tuple(
        (as_written(name, most=_LONGEST_LABEL), as_written(value, most=_LONGEST_HEADER))
        for name, value in shown[:_MOST_HEADERS]
    )
