"""feedparser, with what it gets wrong for the hub put right.

It offers no way to change what it does with an element but to change its two
parser classes, the strict one and the one for broken documents, so this does:
for the whole process.
"""

from __future__ import annotations

import functools
import io
import re
import xml.sax
from collections.abc import Callable
from typing import Any

import feedparser
from feedparser import sanitizer
from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.mixin import _FeedParserMixin

from hub import urls
from hub.parse.contexts import author_from_text, forget_author, keep_picture

# What its handlers stumble with over an element that is not as they expect.
_STUMBLES = (TypeError, KeyError, IndexError, ValueError, OverflowError, feedparser.UndeclaredNamespace)

# What it keeps of others by such names, and the hub reads.
_LISTS_AND_DETAILS = (
    *("authors", "links", "title_detail", "summary_detail", "description_detail"),
    *("itunes_summary_detail", "media_description_detail"),
)


def read(text: str, *, url: str) -> Any:
    """feedparser's result for a document from `url`, neither sanitised nor resolved."""
    # Handed bytes or str, it would open a body that looks like a path or a URL.
    return feedparser.parse(
        io.BytesIO(text.encode("utf-8")),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _keep_apart(parser: Any, element: str) -> None:
    """Give an element a place of its own; feedparser takes it for another of the entry's texts."""
    setattr(
        parser, f"_start_{element}", lambda self, attrs: self.push_content(element, attrs, "text/plain", 1)
    )
    setattr(parser, f"_end_{element}", lambda self: self.pop_content(element))


def _keep_nothing(parser: Any, element: str) -> None:
    """Take nothing from an element; feedparser would put its text where lists or details of others are."""
    setattr(parser, f"_start_{element}", lambda self, _: self.push(element, 0))
    setattr(parser, f"_end_{element}", lambda self: self.pop(element))


def _otherwise(handler: Callable[..., Any], error_type: type[Exception]) -> Callable[..., Any]:
    """The handler, with an error of another type where it stumbles."""

    @functools.wraps(handler)
    def handle(self: Any, *args: Any) -> Any:
        try:
            return handler(self, *args)
        except _STUMBLES as error:
            raise error_type(str(error)) from error

    return handle


def _skipping(handler: Callable[..., Any]) -> Callable[..., None]:
    """The handler, doing nothing where it stumbles."""

    @functools.wraps(handler)
    def handle(self: Any, *args: Any) -> None:
        try:
            handler(self, *args)
        except _STUMBLES:
            return

    return handle


def _context(self: Any) -> Any:
    """Where values go: into the feed where a text input that never began would take them."""
    try:
        return _FeedParserMixin._get_context(self)
    except KeyError:
        return self.feeddata


def _start_author(self: Any, attributes: Any) -> None:
    forget_author(self._get_context())
    _FeedParserMixin._start_author(self, attributes)


def _sync_author(self: Any, key: str = "author") -> None:
    author_from_text(self._get_context(), key)


def _resolve_uri(self: Any, link: str) -> Any:
    own = self.baseuri, self.feeddata.get("link")
    return _FeedParserMixin.resolve_uri(self, urls.with_scheme(link, *own))


def _end_url(self: Any) -> None:
    address = self.pop("href")
    if self.inauthor:
        self._save_author("href", address)
    elif self.incontributor:
        self._save_contributor("href", address)
    if self.inimage and self.inentry:
        keep_picture(self.entries[-1], address)


def _end_image(self: Any) -> None:
    address = self.pop("image")
    self.inimage = 0
    if self.inentry:
        keep_picture(self.entries[-1], address)


def _mend(parser: Any) -> None:
    parser._sync_author_detail = _sync_author
    parser.resolve_uri = _resolve_uri
    parser._end_url, parser._end_image = _end_url, _end_image
    for name in dir(parser):
        # The elements that name an author share it.
        if getattr(parser, name) is _FeedParserMixin._start_author:
            setattr(parser, name, _start_author)
    # An id is its publisher's, as written: RFC 4287 §4.2.6 compares it character by character.
    parser.can_be_relative_uri = parser.can_be_relative_uri - {"id"}
    parser._get_context = _context
    _keep_apart(parser, "media_description")
    _keep_apart(parser, "itunes_summary")
    for name in _LISTS_AND_DETAILS:
        _keep_nothing(parser, name)
    for name in dir(parser):
        if name.startswith(("_start_", "_end_")):
            # Its own sign for an element it can make nothing of; any other error would lose the document.
            setattr(parser, name, _otherwise(getattr(parser, name), AttributeError))


_mend(StrictFeedParser)
_mend(LooseFeedParser)
# A reference to a number that is no character.
LooseFeedParser.handle_charref = _skipping(LooseFeedParser.handle_charref)
# What it looks for before the root element, as its own expressions do, but in time in proportion to the
# length, and with the lines before a document type left where they are.
sanitizer.RE_ENTITY_PATTERN = re.compile(rb"^[^\S\n]*+<!ENTITY([^>]*+)(?:>|\Z)", re.MULTILINE)
sanitizer.RE_DOCTYPE_PATTERN = re.compile(rb"^[^\S\n]*+<!DOCTYPE([^>]*+)(?:>|\Z)", re.MULTILINE)
sanitizer.RE_SAFE_ENTITY_PATTERN = re.compile(rb'(?<!\s)\s++(\w++)\s++"(&#\w+;|[^&"]*)"')
# A namespace with a no-break space in it; after this error it reads on with the other parser.
StrictFeedParser.startElementNS = _otherwise(StrictFeedParser.startElementNS, xml.sax.SAXException)
StrictFeedParser.endElementNS = _otherwise(StrictFeedParser.endElementNS, xml.sax.SAXException)
