"""What an Atom feed says was deleted (RFC 6721), which feedparser does not read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lxml import etree

from hub import markup
from hub.parse.dates import read_date
from hub.parse.document import ParsedTombstone

_NAMESPACE = "{http://purl.org/atompub/tombstones/1.0}"
# What a document must have for it to be worth looking through.
MARK = "deleted-entry"
_LONGEST_REASON = 300


def read_tombstones(text: str, zone: ZoneInfo) -> tuple[ParsedTombstone, ...]:
    """The tombstones in a feed's document, as far as it can be read; one without a `ref` is none."""
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        return ()
    return tuple(
        ParsedTombstone(
            id=ref,
            why=_reason(each.findtext(f"{_NAMESPACE}comment") or ""),
            when=read_date(each.get("when"), zone),
        )
        for each in root.iterchildren(f"{_NAMESPACE}{MARK}")
        if (ref := markup.only_xml(each.get("ref") or "").strip())
    )


def _reason(comment: str) -> str:
    return markup.line(markup.excerpt(comment, limit=_LONGEST_REASON)).rstrip(" .")
