"""A body to entries as the publisher wrote them. Pure, and not safe to run without limits.

Some documents take feedparser minutes and hundreds of megabytes, so whoever
calls `parse` on what a server sent does it in a process that can be ended
(`hub.polling.reading`).
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from lxml import etree
from lxml import html as lxml_html
from msgspec.structs import replace

from hub import urls
from hub.errors import NotAFeed, ParseError
from hub.model import size_text
from hub.parse.decode import decode, place_at
from hub.parse.document import ParsedFeed
from hub.parse.jsonfeed import read_json_feed
from hub.parse.unpacked import unpacked
from hub.parse.wishes import read_wishes
from hub.parse.xml import BEFORE_ROOT, read_xml, up_to_last_entry

# feedparser takes about a millisecond and 10 KB for an entry; no member publishes this many at once.
MOST_ENTRIES = 5_000
# Bytes that a gzip file may unpack to.
MOST_BYTES = 20 * 1024 * 1024

_FEED_TYPES = (
    "application/atom+xml",
    "application/rss+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
)
_FEED_ROOT = re.compile(r"<(?:rss|(?:\w+:)?feed|rdf:RDF|channel)[\s>]", re.IGNORECASE)
# Not xml-stylesheet, which may stand there.
_LATE_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_ROOT = re.compile(r"<([\w:.-]{1,60})")
_JSON = ("{", "[")
_PROLOGUE = 64 * 1024
_PAGE_HEAD = 512 * 1024
_SHOWN = 60  # characters of a text that is no feed
_RAISE = "If it is a feed all the same, raise its size, or hub.fetch.size, in feeds.yaml."
_LOOK = "Look for the address of the site's news feed."
# What people put at a feed's address by mistake: how it begins, what it is, what to do.
_OTHERS = (
    (b"<opml", "a list of feeds (OPML)", "Import it with `hub feeds import`."),
    (b"<urlset", "a sitemap", _LOOK),
    (b"<sitemapindex", "a sitemap", _LOOK),
    (b"%PDF-", "a PDF document", _LOOK),
    (b"PK\x03\x04", "a zip archive or an office document", _LOOK),
    (b"\x89PNG", "a picture", _LOOK),
    (b"GIF8", "a picture", _LOOK),
    (b"\xff\xd8\xff", "a picture", _LOOK),
)


def parse(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    zone: ZoneInfo,
    most_entries: int = MOST_ENTRIES,
    most_bytes: int = MOST_BYTES,
    cut_at: int | None = None,
) -> ParsedFeed:
    """Read a feed's document in any format, broken ones as far as they can be read.

    `url` is the address it came from, which relative links are relative to;
    `zone` is the time zone of dates that name none. A gzip file is unpacked, to
    `most_bytes` at most. Of its entries the first
    `most_entries` are read, and of one that was cut off at so many bytes
    those that end before. Raises NotAFeed for documents of other kinds, with
    the feeds that a page advertises, and ParseError.
    """
    plain = unpacked(body, url, most=most_bytes, remedy=_RAISE)
    if not plain.strip():
        raise ParseError(
            f"{url} answered with nothing: the document is empty.",
            "Ask the site's web editor to look at the feed; it is asked again at the next poll.",
            reason="empty",
        )
    decoded = decode(plain, content_type)
    text = _from_its_start(decoded.text)
    remarks = list(decoded.remarks)
    if plain is not body:
        remarks.append("it came as a gzip file")
    start = decoded.start
    if len(text) != len(decoded.text):
        remarks.append("there was something before the feed's beginning")
        start = start.on(*place_at(decoded.text, len(decoded.text) - len(text)))
    # It may be 20 MB, and is not needed any more.
    del decoded
    if text.startswith(_JSON):
        feed = read_json_feed(text, url=url, zone=zone, most_entries=most_entries, start=start)
    else:
        _refuse_others(text, url, plain)
        wishes = read_wishes(text, zone=zone)
        if cut_at is not None:
            text = _without_what_was_cut(text, url, cut_at)
        read = read_xml(text, url=url, zone=zone, most_entries=most_entries, start=start)
        if read is None:
            raise _no_feed(text, url)
        feed = replace(read, wishes=wishes)
    if cut_at is not None:
        remarks.append(
            f"it is larger than {size_text(cut_at)}, so only its entries that end before were read;"
            " to read more, raise its size, or hub.fetch.size, in feeds.yaml"
        )
    return replace(feed, remarks=(*remarks, *feed.remarks))


def _without_what_was_cut(text: str, url: str, cut_at: int) -> str:
    whole = up_to_last_entry(text)
    if whole is None:
        raise ParseError(
            f"{url} is larger than {size_text(cut_at)}, which is the limit, and no entry ends before.",
            _RAISE,
            reason="too-large",
        )
    return whole


def _from_its_start(text: str) -> str:
    """The text from its XML declaration on, where a server's warning was printed before it."""
    found = None if text.startswith(_JSON) else _LATE_DECLARATION.search(text, 0, _PROLOGUE)
    if found and _FEED_ROOT.search(text, found.end()) and not _FEED_ROOT.search(text, 0, found.start()):
        return text[found.end() :].lstrip()
    return text


def _refuse_others(text: str, url: str, body: bytes) -> None:
    root = _from_root(text)
    beginning = root[:_SHOWN].lower().encode()
    for start, what, remedy in _OTHERS:
        if beginning.startswith(start) or body.startswith(start):
            raise NotAFeed(f"{url} is {what}, not a feed.", remedy)
    if "<" not in text:
        raise _no_markup(text, url)
    if re.match(r"<!doctype html|<html", root, re.IGNORECASE) and not _FEED_ROOT.search(text):
        raise _no_feed(text, url)


def _from_root(text: str) -> str:
    """The text without what may stand before a document's first element."""
    before = BEFORE_ROOT.match(text)
    return text[before.end() :] if before else text


def _no_markup(text: str, url: str) -> NotAFeed:
    shown = " ".join(text[: 2 * _SHOWN].split())[:_SHOWN]
    if shown.isprintable() and "\ufffd" not in shown:
        return NotAFeed(f"{url} is plain text, not a feed. It begins: {shown}", _LOOK)
    return NotAFeed(f"{url} is data of another kind, not a feed: there is no XML in it.", _LOOK)


def _no_feed(text: str, url: str) -> NotAFeed:
    head = text[:_PAGE_HEAD]
    if not re.search(r"<(?:!doctype html|html|head|body|p|div)\b", head, re.IGNORECASE):
        root = _ROOT.match(_from_root(text))
        what = f"its outermost element is <{root[1]}>" if root else "it has no outermost element"
        return NotAFeed(f"{url} is XML, but not a feed: {what}.", _LOOK)
    named = _advertised(head, url)
    advertised = tuple(each for each in named if not urls.is_of_comments(each))
    if advertised:
        return NotAFeed(
            f"{url} is an HTML page, not a feed. It names these feeds: {', '.join(advertised)}.",
            "Put the right one of them in feeds.yaml.",
            advertised=advertised,
        )
    return NotAFeed(
        f"{url} is an HTML page, not a feed, and names none{' but of comments' if named else ''}.",
        "Open it in a browser: a login, an error or a robot check there is what the hub gets too."
        " Else look for the address of the site's news feed; `hub feeds check` with the site's own address"
        " says what the hub finds there.",
    )


def _advertised(page: str, url: str) -> tuple[str, ...]:
    """The feeds an HTML page names (HTML Living Standard §4.6.7.1, rel=alternate), absolute, each once.

    Also those of old templates, which call them XML or have rel=feed.
    """
    try:
        root = lxml_html.fromstring(page)
    except (etree.LxmlError, ValueError):
        return ()
    base = next((each.get("href") for each in root.iter("base") if each.get("href")), None)
    found: dict[str, None] = {}
    for link in root.iter("link"):
        rel = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").split(";")[0].strip().lower()
        is_feed = "feed" in rel or ("alternate" in rel and kind in _FEED_TYPES)
        if is_feed and link.get("href"):
            address = urls.resolve(urls.resolve(url, base) if base else url, link.get("href") or "")
            if address:
                found[address] = None
    return tuple(found)
