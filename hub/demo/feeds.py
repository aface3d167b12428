"""The sample members' feeds, each in the format and the manner of the software that would write it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from hub.demo.news import Article, File, Site, SiteFeed

_RSS_NAMES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    ' xmlns:media="http://search.yahoo.com/mrss/"'
)
_RSS1_NAMES = (
    ' xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_feed(site: Site, feed: SiteFeed) -> tuple[str, bytes]:
    """A feed's media type and its document."""
    media_type, write = _FORMATS[feed.format]
    document = write(site, feed, site.of_feed(feed.name))
    if feed.broken:
        # What templates that paste text into XML make of `Research & development`.
        document = document.replace("&amp;", "&")
    return f"{media_type}; charset=utf-8", document.encode()


def _attributes(attributes: Mapping[str, str | None]) -> str:
    """`_` in an attribute's name is `:`, and one without a value is left out."""
    return "".join(
        f' {key.replace("_", ":")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )


def _tag(name: str, text: str | None = None, **attributes: str | None) -> str:
    """An element of a text, or an empty one."""
    if text is None:
        return f"<{name}{_attributes(attributes)}/>"
    return f"<{name}{_attributes(attributes)}>{escape(text, quote=False)}</{name}>"


def _element(name: str, parts: Sequence[str], **attributes: str | None) -> str:
    """An element of other elements."""
    return f"<{name}{_attributes(attributes)}>\n{_lines(parts)}\n</{name}>"


def _lines(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)


def _figure(picture: File | None) -> str:
    if picture is None:
        return ""
    return (
        f'<figure><img src="{escape(picture.url)}" alt="{escape(picture.title)}" width="960" height="540">'
        "</figure>\n"
    )


def _newest(articles: Sequence[Article]) -> datetime:
    return max(article.published for article in articles)


def _zulu(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


# ---------------------------------------------------------------- RSS 2.0


def _wordpress(site: Site, feed: SiteFeed, articles: Sequence[Article]) -> str:
    """RSS 2.0 as WordPress writes it: an excerpt, and the whole text in content:encoded."""
    head = (
        _tag("title", site.name),
        _tag("atom:link", href=feed.url, rel="self", type="application/rss+xml"),
        _tag("link", site.home),
        _tag("description", site.strapline),
        _tag("lastBuildDate", format_datetime(_newest(articles))),
        _tag("language", site.language),
        _tag("sy:updatePeriod", "hourly"),
        _tag("sy:updateFrequency", "1"),
    )
    return _rss(head, [_wordpress_item(article) for article in articles])


def _wordpress_item(article: Article) -> str:
    return _element(
        "item",
        (
            _tag("title", article.title) if article.title else "",
            _tag("link", article.page),
            _tag("dc:creator", article.author) if article.author else "",
            _tag("pubDate", format_datetime(article.published)) if article.dated else "",
            *(_tag("category", category) for category in article.categories),
            _tag("guid", article.id, isPermaLink="false"),
            _tag("description", f"{article.summary} […]"),
            _tag("content:encoded", _figure(article.picture) + article.html),
            *(_enclosure(file) for file in article.downloads),
        ),
    )


def _plain_rss(site: Site, feed: SiteFeed, articles: Sequence[Article]) -> str:
    """RSS 2.0 as smaller systems write it: all of the text in the description."""
    head = (
        _tag("title", f"{site.name}: {feed.name}"),
        _tag("link", feed.listing),
        _tag("description", site.strapline),
        _tag("language", site.language),
        _tag("ttl", "60"),
    )
    return _rss(head, [_plain_item(article) for article in articles])


def _plain_item(article: Article) -> str:
    picture = article.picture
    return _element(
        "item",
        (
            _tag("title", article.title) if article.title else "",
            _tag("link", article.page),
            _tag("guid", article.id, isPermaLink="true" if article.id == article.page else "false"),
            _tag("pubDate", format_datetime(article.published)) if article.dated else "",
            *(_tag("category", category) for category in article.categories),
            _tag("description", article.html),
            *(_enclosure(file) for file in article.downloads),
            _tag("media:thumbnail", url=picture.url, width="960", height="540") if picture else "",
        ),
        xml_lang=article.language,
    )


def _enclosure(file: File) -> str:
    return _tag("enclosure", url=file.url, length=str(len(file.body)), type=file.type)


def _rss(head: Sequence[str], items: Sequence[str]) -> str:
    channel = _element("channel", (*head, *items))
    return f'{_DECLARATION}<rss version="2.0"{_RSS_NAMES}>\n{channel}\n</rss>\n'


# ---------------------------------------------------------------- RSS 1.0


def _rss1(site: Site, feed: SiteFeed, articles: Sequence[Article]) -> str:
    """RSS 1.0, which is RDF: the channel lists its items, and they stand beside it."""
    order = "".join(_tag("rdf:li", rdf_resource=article.id) for article in articles)
    channel = _element(
        "channel",
        (
            _tag("title", site.name),
            _tag("link", site.home),
            _tag("description", site.strapline),
            _tag("dc:language", site.language),
            f"<items><rdf:Seq>{order}</rdf:Seq></items>",
        ),
        rdf_about=feed.url,
    )
    items = "\n".join(_rss1_item(article) for article in articles)
    return f"{_DECLARATION}<rdf:RDF{_RSS1_NAMES}>\n{channel}\n{items}\n</rdf:RDF>\n"


def _rss1_item(article: Article) -> str:
    return _element(
        "item",
        (
            _tag("title", article.title),
            _tag("link", article.page),
            _tag("description", article.summary),
            _tag("dc:creator", article.author) if article.author else "",
            _tag("dc:date", _zulu(article.published)),
            *(_tag("dc:subject", category) for category in article.categories),
            _tag("content:encoded", _figure(article.picture) + article.html),
        ),
        rdf_about=article.id,
        xml_lang=article.language,
    )


# ---------------------------------------------------------------- Atom


def _atom(site: Site, feed: SiteFeed, articles: Sequence[Article]) -> str:
    """Atom (RFC 4287)."""
    head = _lines(
        (
            _tag("id", f"tag:{site.slug}.example,2021:{feed.name}"),
            _tag("title", site.name),
            _tag("subtitle", site.strapline),
            _tag("updated", _zulu(_newest(articles))),
            _tag("link", rel="self", type="application/atom+xml", href=feed.url),
            _tag("link", rel="alternate", type="text/html", href=site.home),
            _tag("rights", f"© {site.name}. You may share this with our name on it."),
            f"<author>{_tag('name', site.name)}{_tag('uri', site.home)}</author>",
        )
    )
    entries = "\n".join(_atom_entry(site, article) for article in articles)
    return (
        f'{_DECLARATION}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{site.language}">\n'
        f"{head}\n{entries}\n</feed>\n"
    )


def _atom_entry(site: Site, article: Article) -> str:
    return _element(
        "entry",
        (
            _tag("id", article.id),
            _tag("title", article.title),
            _tag("link", rel="alternate", type="text/html", href=article.page),
            *(
                _tag("link", rel="enclosure", href=f.url, type=f.type, length=str(len(f.body)), title=f.title)
                for f in article.downloads
            ),
            _tag("published", _zulu(article.published)),
            _tag("updated", _zulu(article.published)),
            f"<author>{_tag('name', article.author)}</author>" if article.author else "",
            *(
                _tag(
                    "category", term=each.lower().replace(" ", "-"), scheme=f"{site.home}topics/", label=each
                )
                for each in article.categories
            ),
            _tag("summary", article.summary, type="text"),
            _tag("content", _figure(article.picture) + article.html, type="html"),
        ),
        xml_lang=article.language,
    )


# ---------------------------------------------------------------- JSON Feed


def _json(site: Site, feed: SiteFeed, articles: Sequence[Article]) -> str:
    """JSON Feed 1.1 (jsonfeed.org)."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.name,
        "home_page_url": site.home,
        "feed_url": feed.url,
        "description": site.strapline,
        "language": site.language,
        "items": [_json_item(article) for article in articles],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _json_item(article: Article) -> dict[str, object]:
    item: dict[str, object] = {
        "id": article.id,
        "url": article.page,
        "title": article.title,
        "summary": article.summary,
        "content_html": article.html,
        "date_published": _zulu(article.published),
        "tags": list(article.categories),
        "image": article.picture.url if article.picture else "",
        "authors": [{"name": article.author}] if article.author else [],
        "attachments": [
            {"url": f.url, "mime_type": f.type, "title": f.title, "size_in_bytes": len(f.body)}
            for f in article.downloads
        ],
    }
    return {key: value for key, value in item.items() if value}


_FORMATS: dict[str, tuple[str, Callable[[Site, SiteFeed, Sequence[Article]], str]]] = {
    "wordpress": ("application/rss+xml", _wordpress),
    "rss": ("application/rss+xml", _plain_rss),
    "rss1": ("application/rdf+xml", _rss1),
    "atom": ("application/atom+xml", _atom),
    "json": ("application/feed+json", _json),
}
