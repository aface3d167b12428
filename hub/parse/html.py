"""A page that lists news, by the CSS selectors of feeds.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lxml import etree
from lxml.html import HtmlElement

from hub import urls
from hub.errors import ParseError
from hub.model import HtmlList
from hub.parse.daytexts import read_day
from hub.parse.document import Attached, ParsedEntry, ParsedFeed, ParsedPart, Text, Wanted, number_of
from hub.parse.tree import base_of, same_site, tree_of, words_of

# Pages of a list that are read back, of a site that is polled for the first time.
MOST_LISTINGS = 5
MOST_ITEMS = 500
# Where pages keep a picture's address until it is scrolled to.
_SOURCES = ("src", "data-src", "data-lazy-src", "content")
_NOT_YET = ("data:", "about:")
_BACKGROUND = re.compile(r"""url\(\s*['"]?([^'")]+)""")


def read_listing(
    text: str, wanted: Wanted, kind: HtmlList, *, url: str, known: frozenset[int], zone: ZoneInfo
) -> ParsedPart:
    """Read a page that lists news. Raises ParseError where nothing is found in it."""
    root = tree_of(text)
    found = select(root, kind.item) if root is not None else []
    items = found[:MOST_ITEMS]
    if root is None or not items:
        raise ParseError(
            f"Nothing in {url} is found by the selector `{kind.item}`.",
            "The page has probably changed: `hub feeds check` with its address proposes new selectors.",
            reason="no-items",
        )
    base, language = base_of(root, url), root.get("lang")
    entries: dict[str, ParsedEntry] = {}
    for item in items:
        entry = _entry(item, kind, base, language, zone)
        if entry is not None:
            # A piece of news may be shown twice, big and in the list.
            entries.setdefault(entry.id or "", entry)
    if not entries:
        raise ParseError(
            f"{len(items)} items are found in {url} by `{kind.item}`, but no link with a title in them.",
            "Correct `select` in feeds.yaml: `link` and `title` are looked for within `item`.",
            reason="no-items",
        )
    numbers = frozenset(number_of(urls.canonical(each) or each) for each in entries)
    remarks = (
        [f"it lists {len(found)} items; the first {MOST_ITEMS} were read"] if len(found) > MOST_ITEMS else []
    )
    if len(entries) < len(items):
        remarks.append(
            f"{len(items) - len(entries)} of its {len(items)} items have no link or title of their own"
        )
    goes_on: tuple[Wanted, ...] = ()
    if kind.next and not numbers & known and (older := _linked_at(kind.next, root, base)):
        before = wanted.before + 1
        if before >= MOST_LISTINGS:
            remarks.append(f"there are older pages than the {MOST_LISTINGS} that were read")
        elif same_site(older, url):
            goes_on = (Wanted(url=older, part="listing", before=before),)
    titles = [words_of(each) for each in root.iter("title")]
    return ParsedPart(
        feed=ParsedFeed(
            title=titles[0] if titles else None,
            link=wanted.url,
            language=language,
            entries=tuple(entries.values()),
            remarks=tuple(remarks),
        ),
        wanted=goes_on,
        pages=numbers,
    )


def _linked_at(selector: str, root: HtmlElement, base: str) -> str | None:
    return next((link for each in select(root, selector) if (link := _link(each, base))), None)


def _entry(
    item: HtmlElement, kind: HtmlList, base: str, language: str | None, zone: ZoneInfo
) -> ParsedEntry | None:
    linked = _first(item, kind.link) if kind.link else next((each for each in item.iter("a")), None)
    if linked is not None and linked.tag != "a":
        linked = next((each for each in linked.iter("a")), linked)
    link = _link(linked, base) if linked is not None else None
    titled = _first(item, kind.title) if kind.title else linked
    title = words_of(titled) if titled is not None else ""
    if link is None or not title:
        return None
    dated = _first(item, kind.date) if kind.date else next((each for each in item.iter("time")), None)
    published = next(_dates(dated, kind, language, zone), None) if dated is not None else None
    told, picture = _first(item, kind.summary), _first(item, kind.image)
    address = _picture(picture) if picture is not None else None
    return ParsedEntry(
        id=link,
        link=link,
        title=Text(value=title, type="text"),
        summary=Text(value=words_of(told), type="text") if told is not None else None,
        published=published,
        unread_date=words_of(dated) if dated is not None and published is None else "",
        images=(Attached(url=urls.resolve(base, address) or address),) if address else (),
    )


def _dates(element: HtmlElement, kind: HtmlList, language: str | None, zone: ZoneInfo) -> Iterator[datetime]:
    times = [element, *element.iter("time")]
    attributes = (time.get(name) for time in times for name in ("datetime", "content"))
    # Its parts may stand in elements of their own, with nothing between them.
    apart = " ".join(" ".join(element.itertext()).split())
    for written in (*(each for each in attributes if each), words_of(element), apart):
        moment = read_day(written, zone, layouts=kind.dates, language=language)
        if moment is not None:
            yield moment


def _link(element: HtmlElement, base: str) -> str | None:
    return urls.resolve(base, element.get("href") or "")


def _picture(element: HtmlElement) -> str | None:
    for each in (element, *element.iter("img")):
        for name in _SOURCES:
            written = (each.get(name) or "").strip()
            if written and not written.startswith(_NOT_YET):
                return written
        for name in ("srcset", "data-srcset"):
            if written := (each.get(name) or "").strip():
                return written.split()[0].rstrip(",")
        if found := _BACKGROUND.search(each.get("style") or ""):
            return found[1]
    # A link in a page leads to the news, and one in its head to a picture.
    return element.get("href") if element.tag == "link" else None


def _first(item: HtmlElement, selector: str | None) -> HtmlElement | None:
    return next(iter(select(item, selector)), None) if selector else None


def select(root: HtmlElement, selector: str) -> list[HtmlElement]:
    """What a selector finds within an element, itself included."""
    found = _compiled(selector)(root)
    return [each for each in found if isinstance(each, HtmlElement)] if isinstance(found, list) else []


@lru_cache(maxsize=256)
def _compiled(selector: str) -> etree.XPath:
    from cssselect import HTMLTranslator

    return etree.XPath(HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::"))
