"""A site by its sitemap (sitemaps.org, Google's news extension): the pages there are, newest first.

sitemap index ──→ sitemaps ──→ pages that are not known yet, a bounded number a poll
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from msgspec import Struct

from hub import urls
from hub.errors import NotAFeed, ParseError
from hub.markup import only_xml
from hub.model import Sitemap
from hub.parse.dates import read_date
from hub.parse.decode import joined
from hub.parse.document import ParsedEntry, ParsedFeed, ParsedPart, Term, Text, Wanted, number_of
from hub.parse.tree import same_site
from hub.parse.unpacked import unpacked

# Of a sitemap that was never read, older pages than these are left alone for good.
BACKLOG = 100
# Sitemaps of an index that are read in one poll, those that changed last first.
MOST_SITEMAPS = 10
_ROOTS = ("urlset", "sitemapindex")
# The protocol's own limits.
_MOST_LOCATIONS = 50_000
_MOST_BYTES = 50 * 1024 * 1024
_PART = "Ask the site's web team to part the sitemap, as the protocol has it."
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_Number = TypeVar("_Number", int, int | None)


class _Location(Struct, frozen=True, kw_only=True):
    """A `url` or `sitemap` element. `date` is when the page was published or changed, as far as it says."""

    url: str
    lastmod: str | None
    date: datetime | None
    entry: ParsedEntry


def read_listing(
    body: bytes,
    wanted: Wanted,
    kind: Sitemap,
    *,
    url: str,
    known: frozenset[int],
    thorough: bool,
    zone: ZoneInfo,
) -> ParsedPart:
    """Read a sitemap or an index of them: which pages or sitemaps are wanted. Raises ParseError.

    A sitemap of an index is wanted again when the index says that it changed,
    or does not say; with `thorough`, in any case.
    """
    root, locations = _read(body, url, zone)
    here = [each for each in locations if same_site(each.url, url)]
    remarks = []
    if len(here) < len(locations):
        remarks.append(f"{len(locations) - len(here)} of its addresses are of other sites, and were left out")
    if root == "sitemapindex":
        return _index(here, wanted, known=known, thorough=thorough, remarks=remarks)
    if kind.only:
        here = [each for each in here if urlsplit(each.url).path.startswith(kind.only)]
        if locations and not here:
            remarks.append("none of its pages begins with what `only` says")
    numbered = {number_of(urls.canonical(each.url) or each.url): each for each in here}
    new = _newest_first([(number, each) for number, each in numbered.items() if number not in known])
    first, left, older = len(new) == len(numbered), 0, frozenset[int]()
    if len(new) > BACKLOG and first:
        older = frozenset(number for number, _ in new[BACKLOG:])
        remarks.append(f"it names {len(new)} pages; the newest {BACKLOG} are read, the older ones are not")
    else:
        left = max(0, len(new) - BACKLOG)
    return ParsedPart(
        feed=_feed(url, remarks),
        wanted=tuple(
            Wanted(url=each.url, part="page", entry=each.entry, date=each.date, number=number)
            for number, each in new[:BACKLOG]
        ),
        pages=older,
        left=left,
    )


def _index(
    sitemaps: Sequence[_Location],
    wanted: Wanted,
    *,
    known: frozenset[int],
    thorough: bool,
    remarks: list[str],
) -> ParsedPart:
    if wanted.within is not None:
        raise ParseError(
            f"{wanted.url} is a sitemap index within another, which the protocol does not allow.",
            "Put the address of the sitemap that lists the news into feeds.yaml.",
            reason="nested-index",
        )
    numbered = [
        (number_of(f"{each.url} {each.lastmod}") if each.lastmod else None, each) for each in sitemaps
    ]
    never = not any(number in known for number, _ in numbered)
    changed = _newest_first([pair for pair in numbered if thorough or pair[0] not in known])
    taken, rest = changed[:MOST_SITEMAPS], changed[MOST_SITEMAPS:]
    if rest:
        remarks.append(
            f"it names {len(changed)} sitemaps to look at; {MOST_SITEMAPS} were, those that changed last"
        )
    dated = [number for number, _ in rest if number is not None]
    return ParsedPart(
        feed=_feed(wanted.url, remarks),
        wanted=tuple(
            Wanted(url=each.url, part="listing", number=number, within=wanted.url) for number, each in taken
        ),
        pages=frozenset(dated) if never else frozenset(),
        left=0 if never else len(dated),
    )


def _newest_first(numbered: Sequence[tuple[_Number, _Location]]) -> list[tuple[_Number, _Location]]:
    """By date, those without one last and in their document's order."""
    return sorted(numbered, key=lambda pair: pair[1].date or _NEVER, reverse=True)


def _feed(url: str, remarks: list[str]) -> ParsedFeed:
    return ParsedFeed(link=urls.resolve(url, "/"), remarks=tuple(remarks))


# ---------------------------------------------------------------- the document


def _read(body: bytes, url: str, zone: ZoneInfo) -> tuple[str, list[_Location]]:
    body = unpacked(body, url, most=_MOST_BYTES, remedy=_PART)
    root, found = "", list[_Location]()
    elements = etree.iterparse(
        BytesIO(body.lstrip()),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
    )
    try:
        for event, element in elements:
            name = _name(element)
            root = root or name
            if root not in _ROOTS:
                break
            if event == "end" and name in ("url", "sitemap"):
                location = _location(element, url, zone)
                if location is not None and len(found) < _MOST_LOCATIONS:
                    found.append(location)
                _forget(element)
    except etree.XMLSyntaxError as error:
        if not found:
            raise ParseError(
                f"{url} is no XML that can be read: {error}.",
                "Ask the site's web team to check the sitemap.",
                reason="broken-xml",
            ) from error
    if root not in _ROOTS:
        raise NotAFeed(
            f"{url} is not a sitemap: its outermost element is {f'<{root}>' if root else 'not there'}.",
            "Look into the site's /robots.txt for its address, or ask `hub feeds check` with the site's own.",
        )
    return root, found


def _location(element: etree._Element, url: str, zone: ZoneInfo) -> _Location | None:
    texts = dict(_texts(element))
    address = urls.resolve(url, texts.get("loc", ""))
    if address is None:
        return None
    published = read_date(texts.get("publication_date"), zone)
    title = texts.get("title")
    entry = ParsedEntry(
        id=address,
        link=address,
        title=Text(value=title, type=None) if title else None,
        published=published,
        categories=tuple(
            Term(term=word) for each in texts.get("keywords", "").split(",") if (word := each.strip())
        ),
        language=texts.get("language"),
    )
    lastmod = texts.get("lastmod")
    return _Location(url=address, lastmod=lastmod, date=published or read_date(lastmod, zone), entry=entry)


def _texts(element: etree._Element) -> Iterator[tuple[str, str]]:
    """The texts within by their elements' names, whatever their namespace; of pictures and videos none."""
    for child in element.iter():
        parent = child.getparent()
        if child is element or parent is None or _name(parent) in ("image", "video"):
            continue
        if words := _text(child).split():
            yield _name(child), " ".join(words)


def _text(element: etree._Element) -> str:
    try:
        return element.text or ""
    except UnicodeDecodeError as error:
        # It lets references to halves of surrogate pairs through, and says so when they are to be text.
        return only_xml(joined(error.object.decode("utf-8", "surrogatepass")))


def _name(element: etree._Element) -> str:
    """An element's local name. A prefix that was never declared lxml leaves in the name: it is cut off."""
    try:
        tag = element.tag
    except UnicodeDecodeError:  # as above, in its namespace
        return ""
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def _forget(element: etree._Element) -> None:
    """Let go of what was read, and of what stands before it."""
    element.clear()
    while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
        parent.remove(before)
