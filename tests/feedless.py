"""Sites without a feed, of each kind that the hub reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tests.site import Site

QUERY = "per_page=20&orderby=date&order=desc&_embed=author,wp:term,wp:featuredmedia"


def post(site: Site, kind: str, number: int, *, text: str = "Words of") -> dict[str, Any]:
    """A post as WordPress's REST API has it; the higher its number, the newer."""
    when = f"2026-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}T09:00:00"
    return {
        "id": number,
        "date": when.replace("T09", "T10"),
        "date_gmt": when,
        "modified_gmt": when,
        "guid": {"rendered": f"{site.url}/?post_type={kind}&#038;p={number}"},
        "link": f"{site.url}/{kind}/{number}/",
        "title": {"rendered": f"The {kind}&#8217; number {number}"},
        "content": {"rendered": f"<p>{text} {kind} {number} <a href='more'>more</a></p>"},
        "excerpt": {"rendered": f"<p>In short: {number}</p>"},
        "_embedded": {
            "author": [{"name": "Jo Writer"}],
            "wp:term": [
                [{"name": "Safety &amp; care", "taxonomy": "category"}],
                [{"name": "ward", "taxonomy": "post_tag"}],
            ],
            "wp:featuredmedia": [{"media_type": "image", "source_url": f"{site.url}/{number}.jpg"}],
        },
    }


def wordpress(site: Site, posts: dict[str, list[dict[str, Any]]]) -> str:
    """A site with a REST API at an address of its own, and posts of some types, the newest first; its URL."""
    for kind, listed in posts.items():
        pages = [listed[start : start + 20] for start in range(0, len(listed), 20)]
        for number, page in enumerate(pages or [[]], 1):
            site.page(listing(kind, number), json.dumps(page), X_WP_TotalPages=str(len(pages)))
    link = f'<link rel="https://api.w.org/" href="{site.url}/cms/wp-json/">'
    return site.page("/", f"<html><head><title>Home</title>{link}</head></html>", Content_Type="text/html")


def listing(kind: str, page: int = 1) -> str:
    return f"/cms/wp-json/wp/v2/{kind}?{QUERY}&page={page}"


def sitemap(site: Site, path: str, pages: Iterable[tuple[str, str | None]], *, etag: str = "") -> str:
    """A sitemap of paths, or of addresses, with their lastmod; its URL."""
    urls = "".join(
        f"<url><loc>{page if '://' in page else site.url + page}</loc>"
        + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "")
        + "</url>"
        for page, lastmod in pages
    )
    return _page(
        site, path, f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>', etag
    )


def index(site: Site, path: str, sitemaps: Sequence[tuple[str, str | None]], *, etag: str = "") -> str:
    """A sitemap index; its URL."""
    listed = "".join(
        f"<sitemap><loc>{url}</loc>" + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "") + "</sitemap>"
        for url, lastmod in sitemaps
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return _page(site, path, f'<sitemapindex xmlns="{namespace}">{listed}</sitemapindex>', etag)


def _page(site: Site, path: str, body: str, etag: str) -> str:
    return site.page(path, body, ETag=etag) if etag else site.page(path, body)


def article(title: str, *, published: str | None = None, more: str = "") -> str:
    """A page whose JSON-LD says that it is news."""
    what = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "The site"},
            {
                "@type": "NewsArticle",
                "headline": title,
                "datePublished": published,
                "description": f"What {title} is about",
                "author": [{"@type": "Person", "name": "Ann Author"}],
                "articleSection": "News",
                "image": {"@type": "ImageObject", "url": "/picture.jpg"},
            },
        ],
    }
    script = f'<script type="application/ld+json">{json.dumps(what)}</script>'
    return (
        f"<html><head><title>{title} - The site</title>{script}</head><body>{more}<p>Text</p></body></html>"
    )
