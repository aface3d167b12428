"""Other people's lists of feeds: OPML → subscriptions. The only place that knows listparser."""

from __future__ import annotations

import codecs
import re

from msgspec import Struct

from hub.errors import ConfigError

# Some ten thousand feeds; listparser's time grows with the square of what one feed is filed under.
MAX_BYTES = 2 * 1024 * 1024

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CATEGORY = re.compile(r"""\scategory\s*=\s*(?:"[^"]*"|'[^']*')""", re.IGNORECASE)


class Subscription(Struct, frozen=True):
    """A feed of a list, with its title and the group it stands in; both may be empty."""

    url: str
    title: str
    group: str


def read_opml(content: bytes) -> tuple[Subscription, ...]:
    """The feeds of an OPML document, each address once, in its order.

    Raises ConfigError for what is larger than 2 MB or lists no feeds.
    """
    import listparser

    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"the OPML is larger than {MAX_BYTES // 1024**2} MB", "Split it and import the parts."
        )
    text = _CATEGORY.sub("", _decode(content))
    # Bytes always: a str that begins like a URL would be fetched. ASCII, since
    # listparser reads XML as HTML, whose parser guesses at the encoding.
    found = listparser.parse(text.encode("ascii", "xmlcharrefreplace") or b" ")
    subscriptions = tuple(
        Subscription(
            url=feed["url"], title=feed.get("title") or "", group=_group(feed.get("categories") or [])
        )
        for feed in found.get("feeds", [])
    )
    if not subscriptions:
        raise ConfigError(
            "the OPML lists no feeds", "Export it again, as OPML, from the reader it comes from."
        )
    return subscriptions


def _group(categories: list[list[str]]) -> str:
    return next((path[-1] for path in categories if path and path[-1]), "")


def _decode(content: bytes) -> str:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    declared = _ENCODING.match(content[:200])
    encoding = declared[1].decode() if declared else "utf-8"
    try:
        return content.decode(encoding, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
