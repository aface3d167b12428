"""A WordPress site by its REST API (developer.wordpress.org/rest-api), which every such site has.

site ──→ /wp-json/wp/v2/TYPE?page=1 ──→ page=2 …, until one holds something known
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hub import urls
from hub.errors import NotAFeed, ParseError
from hub.model import WordPress
from hub.parse.dates import read_date
from hub.parse.document import (
    Attached,
    Author,
    ParsedEntry,
    ParsedFeed,
    ParsedPart,
    Term,
    Text,
    Wanted,
    number_of,
)
from hub.parse.jsonvalues import list_of, text_of
from hub.parse.tree import tree_of

# Posts come with their authors, terms and pictures, and servers make each for us.
_AT_ONCE = 20
# Two hundred posts of a type are read back, of a site that is polled for the first time.
MOST_LISTINGS = 10
_QUERY = f"per_page={_AT_ONCE}&orderby=date&order=desc&_embed=author,wp:term,wp:featuredmedia"
_ROOT = re.compile(r"^(.*?(?:/wp-json(?=/|$)|[?&]rest_route=))", re.IGNORECASE)
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_IS_TYPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
# What WordPress and its widest spread builder keep as posts besides.
_NO_NEWS = frozenset(
    (
        "pages",
        "media",
        "menu-items",
        "blocks",
        "templates",
        "template-parts",
        "navigation",
        "global-styles",
        "font-families",
        "elementor_library",
    )
)
_CHECK = "`hub feeds check` with the site's address says what the hub finds there."


def start(url: str, kind: WordPress) -> tuple[Wanted, ...]:
    """What a poll begins with: the listings where the address is the API's, else the site's page."""
    root = _ROOT.match(url)
    return _listings(_with_slash(root[1]), kind) if root else (Wanted(url=url, part="site"),)


def read_site(text: str, url: str, kind: WordPress) -> ParsedPart:
    """The site's listings, by the API that its page names, or where it usually is."""
    return ParsedPart(feed=ParsedFeed(), wanted=_listings(_with_slash(api_of(text, url)), kind))


def api_of(text: str, url: str) -> str:
    """The API that a page names; where it usually is, if the page names none."""
    root = tree_of(text)
    links = root.iter("link") if root is not None else ()
    named = next((link.get("href") for link in links if link.get("rel") == "https://api.w.org/"), None)
    return urls.resolve(url, named or "/wp-json/") or url


def read_listing(
    body: bytes, wanted: Wanted, *, url: str, known: frozenset[int], pages: str | None, zone: ZoneInfo
) -> ParsedPart:
    """Read a page of posts; `pages` is X-WP-TotalPages. Raises ParseError."""
    posts = _posts(body, url)
    entries = [(number_of(entry.link or entry.id or ""), entry) for entry in _entries(posts, zone)]
    more = pages is not None and re.fullmatch("[0-9]{1,6}", pages) and int(pages) > wanted.before + 1
    all_new = not any(number in known for number, _ in entries)
    older: tuple[Wanted, ...] = ()
    remarks: tuple[str, ...] = ()
    if more and all_new and wanted.before + 1 < MOST_LISTINGS:
        before = wanted.before + 1
        address = re.sub(r"([?&]page=)\d+$", rf"\g<1>{before + 1}", wanted.url)
        older = (Wanted(url=address, part="listing", before=before),)
    elif more and all_new:
        remarks = (f"{pages} pages of {_type(wanted.url)} are there; the newest {MOST_LISTINGS} were read",)
    site = urls.resolve(url, "/") if "rest_route=" in url else url.partition("/wp-json")[0] + "/"
    return ParsedPart(
        feed=ParsedFeed(link=site, entries=tuple(entry for _, entry in entries), remarks=remarks),
        wanted=older,
        pages=frozenset(number for number, _ in entries),
    )


def types_url(api: str) -> str:
    """Where the API, at an address below which it is, says what types of post there are."""
    root = _ROOT.match(api)
    return f"{_with_slash(root[1] if root else api)}wp/v2/types"


def read_types(body: bytes) -> tuple[str, ...]:
    """The types of post that may be news: `posts`, and the site's own; none for what is no such answer."""
    try:
        types = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    bases = (
        [each.get("rest_base") for each in types.values() if isinstance(each, dict)]
        if isinstance(types, dict)
        else []
    )
    return tuple(
        base for base in bases if isinstance(base, str) and _IS_TYPE.fullmatch(base) and base not in _NO_NEWS
    )


def no_such_type(url: str) -> NotAFeed | None:
    """The error for a listing that is not there (404); None for what is no listing of a type."""
    if not _ROOT.match(url):
        return None
    address = url.partition("?")[0] if "?rest_route=" not in url else url
    return NotAFeed(
        f"There is no WordPress API, or no type of post `{_type(url)}` in it: nothing is at {address}.",
        f"Write the type into `types` as it stands in the API's addresses. {_CHECK}",
    )


def _listings(root: str, kind: WordPress) -> tuple[Wanted, ...]:
    and_so_on = "&" if "?" in root else "?"
    return tuple(
        Wanted(url=f"{root}wp/v2/{each}{and_so_on}{_QUERY}&page=1", part="listing") for each in kind.types
    )


def _with_slash(root: str) -> str:
    return root if root.endswith("/") else f"{root}/"


def _type(url: str) -> str:
    found = re.search(r"wp/v2/([^/?&]+)", url)
    return found[1] if found else urlsplit(url).path


def _posts(body: bytes, url: str) -> list[Any]:
    try:
        posts = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        posts = None
    if isinstance(posts, list):
        return posts
    if isinstance(posts, dict) and isinstance(posts.get("message"), str):
        raise ParseError(
            f"The WordPress API at {url} refuses: {posts['message'][:200]}",
            "Ask the member's web team to let everybody read the posts by the site's REST API.",
            reason="api-refuses",
        )
    raise NotAFeed(f"{url} does not answer as a WordPress API does.", f"Is it a WordPress site? {_CHECK}")


def _entries(posts: list[Any], zone: ZoneInfo) -> Iterator[ParsedEntry]:
    for post in posts:
        if isinstance(post, dict) and (link := text_of(post.get("link"))):
            yield _entry(post, link, zone)


def _entry(post: dict[str, Any], link: str, zone: ZoneInfo) -> ParsedEntry:
    guid, embedded = _rendered(post.get("guid")), post.get("_embedded")
    embedded = embedded if isinstance(embedded, dict) else {}
    return ParsedEntry(
        # As the site's feed has it, so that one may be taken for the other.
        id=unescape(guid) if guid else link,
        link=link,
        title=_html(post.get("title"), link),
        summary=_html(post.get("excerpt"), link),
        content=_html(post.get("content"), link),
        published=_date(post, "date", zone),
        updated=_date(post, "modified", zone),
        authors=tuple(_authors(embedded)),
        categories=tuple(_terms(embedded)),
        images=tuple(_pictures(embedded)),
    )


def _date(post: dict[str, Any], name: str, zone: ZoneInfo) -> Any:
    # `date` is the site's own clock, whose zone it does not say.
    universal = text_of(post.get(f"{name}_gmt"))
    if universal and not universal.startswith("0000"):
        return read_date(universal if _ZONED.search(universal) else f"{universal}Z", zone)
    return read_date(text_of(post.get(name)), zone)


def _authors(embedded: dict[str, Any]) -> Iterator[Author]:
    for author in list_of(embedded.get("author")):
        if isinstance(author, dict) and (name := text_of(author.get("name"))):
            yield Author(name=name)


def _terms(embedded: dict[str, Any]) -> Iterator[Term]:
    for taxonomy in list_of(embedded.get("wp:term")):
        for term in list_of(taxonomy):
            if isinstance(term, dict) and (name := text_of(term.get("name"))):
                yield Term(term=unescape(name))


def _pictures(embedded: dict[str, Any]) -> Iterator[Attached]:
    for medium in list_of(embedded.get("wp:featuredmedia")):
        if isinstance(medium, dict) and medium.get("media_type") == "image":
            address = text_of(medium.get("source_url"))
            if address:
                yield Attached(url=address, type=text_of(medium.get("mime_type")))


def _html(field: object, base: str) -> Text | None:
    written = _rendered(field)
    return Text(value=written, type="html", base=base) if written else None


def _rendered(field: object) -> str | None:
    return text_of(field.get("rendered")) if isinstance(field, dict) else None
