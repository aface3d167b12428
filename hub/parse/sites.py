"""Sites that are no feed: which module reads which kind, and what each of its documents is.

Each is loaded by whom it reads for: rounds over feeds alone need none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from hub.errors import FetchError, NotAFeed
from hub.model import SiteKind, Sitemap, WordPress
from hub.parse.decode import decode
from hub.parse.document import ParsedFeed, ParsedPart, Wanted

_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z][\w.:-]{0,40})""", re.IGNORECASE
)
_HEAD = 2048


def start(kind: SiteKind, url: str) -> tuple[Wanted, ...]:
    """What a poll of a site begins with, for the address in feeds.yaml."""
    if isinstance(kind, WordPress):
        from hub.parse import wordpress

        return wordpress.start(url, kind)
    return (Wanted(url=url, part="listing"),)


def read_part(
    kind: SiteKind,
    wanted: Wanted,
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    headers: Mapping[str, str],
    known: frozenset[int],
    thorough: bool,
    zone: ZoneInfo,
) -> ParsedPart:
    """Read one document of a site, which came from `url`. Raises ParseError.

    `known` are the numbers of the pages that need not be looked at again;
    `thorough` is for a poll that takes no server's word for what has not
    changed.
    """
    if wanted.part == "page":
        return _page(kind, wanted, page_text(body, content_type), url, zone)
    if isinstance(kind, WordPress):
        from hub.parse import wordpress

        if wanted.part == "site":
            return wordpress.read_site(page_text(body, content_type), url, kind)
        pages = headers.get("x-wp-totalpages")
        return wordpress.read_listing(body, wanted, url=url, known=known, pages=pages, zone=zone)
    if isinstance(kind, Sitemap):
        from hub.parse import sitemap

        return sitemap.read_listing(body, wanted, kind, url=url, known=known, thorough=thorough, zone=zone)
    from hub.parse import html

    return html.read_listing(page_text(body, content_type), wanted, kind, url=url, known=known, zone=zone)


def not_there(kind: SiteKind, wanted: Wanted, error: FetchError) -> FetchError | NotAFeed:
    """The error of a listing that is not there, in the words of its kind."""
    if isinstance(kind, WordPress) and error.status == 404:
        from hub.parse import wordpress

        return wordpress.no_such_type(wanted.url) or error
    return error


def _page(kind: SiteKind, wanted: Wanted, text: str, url: str, zone: ZoneInfo) -> ParsedPart:
    # Not before a page is read: it brings extruct, and that much else.
    from hub.parse.page import read_page

    assert wanted.entry is not None
    certain = isinstance(kind, Sitemap) and bool(kind.only)
    entry = read_page(text, wanted.entry, certain=certain, url=url, zone=zone)
    number = frozenset((wanted.number,)) if wanted.number is not None else frozenset()
    return ParsedPart(feed=ParsedFeed(entries=(entry,) if entry else ()), pages=number)


def page_text(body: bytes, content_type: str | None) -> str:
    """A page's text; its encoding is what a mark, the header or the page itself says, in this order."""
    return decode(body, with_charset(body, content_type)).text


def with_charset(body: bytes, content_type: str | None) -> str | None:
    """A page's content type, with the encoding that it names itself where the header names none."""
    declared = _META_CHARSET.search(body[:_HEAD])
    if declared and "charset" not in (content_type or "").lower():
        return f"text/html; charset={declared[1].decode()}"
    return content_type
