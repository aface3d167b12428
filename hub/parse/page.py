"""A page of news by what it says of itself: JSON-LD, Open Graph, `<time>`.

Its day, where it says none, is htmldate's guess. The only module that knows
extruct and htmldate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement
from msgspec.structs import replace

from hub import markup, urls
from hub.parse.dates import read_date
from hub.parse.document import Attached, Author, ParsedEntry, Term, Text
from hub.parse.tree import base_of, tree_of, words_of

# https://schema.org/Article and its subtypes, as far as they are not called so.
_ARTICLES = ("BlogPosting", "Report", "LiveBlogPosting", "SocialMediaPosting")
_MOST_ITEMS = 200
_DEEPEST = 6
# htmldate would take today for the last day there can be, and its result would change with the clock.
_EARLIEST, _LATEST = "1995-01-01", "2100-01-01"
# What stands between a headline and the name of the site.
_BETWEEN = r"(?:\s*[|»«·•]\s*|\s+[-–—]\s+)"


def read_page(
    text: str, entry: ParsedEntry, *, certain: bool, url: str, zone: ZoneInfo
) -> ParsedEntry | None:
    """The entry that a page is, beginning with what a sitemap says of it; None where it is no news.

    It is news when its metadata or the sitemap says so, when it is an article
    with a date; and, being `certain`, when it has a title at all. Its text is
    what the metadata has of it.
    """
    root = tree_of(text)
    if root is None:
        return None
    graph = _open_graph(root)
    base = base_of(root, url)
    headings = list(_headings(root, graph, base))
    canonical = [each.get("href") for each in root.iter("link") if each.get("rel") == "canonical"]
    article = _own(
        list(_articles(root)), _pages(base, url, entry.link, graph.get("og:url"), *canonical), headings, base
    )
    time = _time(root)
    published = (
        _first_date(zone, article.get("datePublished"), graph.get("article:published_time"))
        or entry.published
        or (read_date(time, zone) if time else None)
    )
    is_news = bool(article or graph.get("article:published_time") or entry.title or time)
    title = _text(article.get("headline")) or (entry.title.value if entry.title else None)
    title = title or next(iter(headings), None)
    if not title or not (is_news or certain):
        return None
    body, summary = _text(article.get("articleBody")), _text(article.get("description"))
    summary = summary or graph.get("og:description") or _meta(root, "description")
    return replace(
        entry,
        title=Text(value=title, type=None),
        summary=_words(summary, base),
        content=_words(body, base),
        published=published or _day(root, zone),
        updated=_first_date(zone, article.get("dateModified"), graph.get("article:modified_time")),
        authors=tuple(_authors(article))
        or tuple(Author(name=name) for name in _named(_meta(root, "author"))),
        categories=_categories(article, graph) or entry.categories,
        images=tuple(Attached(url=each) for each in _pictures(article.get("image"), graph.get("og:image"))),
        language=_text(article.get("inLanguage")) or root.get("lang") or entry.language,
    )


def site_name(text: str) -> str:
    """What a site is called by a page of it; empty where that does not say."""
    root = tree_of(text)
    if root is None:
        return ""
    named = " ".join(_open_graph(root).get("og:site_name", "").split())
    return named or next((" ".join(words_of(each).split()) for each in root.iter("title")), "")


def _words(written: str | None, base: str) -> Text | None:
    """A text of metadata, which is to be plain and is often HTML."""
    if not written:
        return None
    return Text(value=written, type="html" if markup.is_html(written) else "text", base=base)


# ---------------------------------------------------------------- JSON-LD


def _articles(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """What the page's JSON-LD has of articles: of its own, and of others that it leads to."""
    from extruct.jsonld import JsonLdExtractor

    extractor = JsonLdExtractor()
    for script in root.iter("script"):
        try:
            # One by one, so that a broken one does not take the others with it.
            items = list(extractor.extract_items(script))
        except (ValueError, RecursionError):
            continue
        for item in _flat(items, _DEEPEST):
            kinds = item.get("@type")
            if any(_is_article(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                yield item


def _own(
    articles: Sequence[dict[str, Any]], pages: set[str], headings: Sequence[str], base: str
) -> dict[str, Any]:
    """The article that a page is, of those that it tells of; nothing where they are all of other pages.

    It names one of the addresses that the page has, else has its headline,
    else names no page.
    """
    named = [(article, _pages_of(article, base)) for article in articles]
    words = {markup.words(each) for each in headings}
    ranked = (
        *(article for article, its in named if its & pages),
        *(article for article in articles if _words_of_headline(article) in words),
        *(article for article, its in named if not its),
    )
    return next(iter(ranked), {})


def _pages_of(article: dict[str, Any], base: str) -> set[str]:
    main = article.get("mainEntityOfPage")
    main = main.get("@id") or main.get("url") if isinstance(main, dict) else main
    return _pages(base, article.get("url"), main, article.get("@id"))


def _pages(base: str, *written: object) -> set[str]:
    """The forms for comparison of addresses, but for those of a site, which many write for the page's."""
    links = (urls.resolve(base, each) for each in written if isinstance(each, str))
    return {
        form
        for link in links
        if link and not urls.is_home_page(link) and (form := urls.canonical(link)) is not None
    }


def _words_of_headline(article: dict[str, Any]) -> str:
    return markup.words(markup.title_text(_text(article.get("headline")) or "", type=None))


def _is_article(kind: object) -> bool:
    return isinstance(kind, str) and (kind.endswith("Article") or kind.rpartition("/")[2] in _ARTICLES)


def _flat(items: object, depth: int) -> Iterator[dict[str, Any]]:
    """The items themselves, those of a graph, and what a page says that it is about."""
    if depth and isinstance(items, list):
        for item in items[:_MOST_ITEMS]:
            yield from _flat(item, depth - 1)
    elif depth and isinstance(items, dict):
        yield items
        for key in ("@graph", "mainEntity"):
            yield from _flat(items.get(key), depth - 1)


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    return value.strip() or None if isinstance(value, str) else None


def _authors(article: dict[str, Any]) -> Iterator[Author]:
    written = article.get("author")
    for author in written if isinstance(written, list) else [written]:
        if isinstance(author, dict):
            name, uri = _text(author.get("name")), _text(author.get("url"))
            if name:
                yield Author(name=name, uri=uri)
        else:
            yield from (Author(name=name) for name in _named(_text(author)))


def _named(name: str | None) -> tuple[str, ...]:
    # Some write the author's page there.
    return (name,) if name and "://" not in name else ()


def _pictures(*written: object) -> Iterator[str]:
    for value in written:
        for each in value if isinstance(value, list) else [value]:
            address = (each.get("url") or each.get("contentUrl")) if isinstance(each, dict) else each
            if isinstance(address, str) and address:
                yield address


def _categories(article: dict[str, Any], graph: dict[str, str]) -> tuple[Term, ...]:
    words: dict[str, None] = {}
    for written in (article.get("articleSection"), article.get("keywords"), graph.get("article:section")):
        for each in written if isinstance(written, list) else str(written or "").split(","):
            if isinstance(each, str) and each.strip():
                words[each.strip()] = None
    return tuple(Term(term=word) for word in words)


# ---------------------------------------------------------------- the rest of the page


def _open_graph(root: HtmlElement) -> dict[str, str]:
    """Open Graph's properties (ogp.me), of each the first."""
    from extruct.opengraph import OpenGraphExtractor

    found: dict[str, str] = {}
    for graph in OpenGraphExtractor().extract_items(root):
        for name, value in graph["properties"]:
            found.setdefault(name, value.strip())
    return found


def _meta(root: HtmlElement, name: str) -> str | None:
    for each in root.iter("meta"):
        if (each.get("name") or "").lower() == name and (each.get("content") or "").strip():
            return str(each.get("content")).strip()
    return None


def _headings(root: HtmlElement, graph: dict[str, str], base: str) -> Iterator[str]:
    """The page's headline in each place where it stands, the surest first, without the site's name.

    That name itself comes last.
    """
    headings = list(root.iter("h1"))
    logo = next((words_of(each) for each in headings if _leads_home(each, base)), "")
    site = " ".join(graph.get("og:site_name", "").split()) or logo
    written = [graph.get("og:title", ""), *map(words_of, headings), *map(words_of, root.iter("title"))]
    found = [_without(site, " ".join(each.split())) for each in written]
    yield from sorted(filter(None, found), key=lambda each: each.lower() in (site.lower(), logo.lower()))


def _without(site: str, title: str) -> str:
    """A title without the site's name before or after it, which is there for search engines and tabs."""
    if site and site.lower() in title.lower():
        name = re.escape(site)
        title = re.sub(rf"^{name}{_BETWEEN}(?=.)|(?<=.){_BETWEEN}{name}$", "", title, flags=re.IGNORECASE)
    return title


def _leads_home(heading: HtmlElement, base: str) -> bool:
    """Whether a heading is the site's name, which leads to its first page."""
    links = (*heading.iter("a"), *heading.iterancestors("a"))
    return any(urls.is_home_page(urls.resolve(base, each.get("href") or "") or "") for each in links)


def _time(root: HtmlElement) -> str | None:
    """The date of the one article on the page; None where it lists several, or says none."""
    articles = [each for each in root.iter("article") if next(each.iter("time"), None) is not None]
    if len(articles) != 1:
        return None
    return next(
        (str(time.get("datetime")) for time in articles[0].iter("time") if time.get("datetime")), None
    )


def _first_date(zone: ZoneInfo, *written: object) -> datetime | None:
    return next((moment for each in written if (moment := read_date(_text(each), zone))), None)


def _day(root: HtmlElement, zone: ZoneInfo) -> datetime | None:
    from htmldate import find_date

    try:
        found = find_date(
            root, original_date=True, extensive_search=False, min_date=_EARLIEST, max_date=_LATEST
        )
    except (ValueError, TypeError, AttributeError, LookupError, json.JSONDecodeError):
        # It makes nothing of some pages, each in its own way.
        return None
    return read_date(found, zone)
