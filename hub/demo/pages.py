"""The pages of the sample members' sites. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hub.demo.news import ZONE, Article, Site, SiteFeed

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; color: #1b1f24; background: #fff; font: 1.0625rem/1.6 system-ui, sans-serif; }
header, main, footer { padding: 1.25rem max(1rem, calc(50vw - 22rem)); }
header { background: var(--colour); color: #fff; }
header a { color: inherit; font-size: 1.25rem; font-weight: 650; text-decoration: none; }
header p { margin: .25rem 0 0; }
h1 { line-height: 1.2; text-wrap: balance; }
a { color: var(--colour); }
img { max-width: 100%; height: auto; border-radius: .25rem; }
time, .kind, footer { color: #4c5661; font-size: .9375rem; }
blockquote { margin: 1.5rem 0; padding-inline-start: 1rem; border-inline-start: .25rem solid var(--colour); }
table { border-collapse: collapse; }
th, td { padding: .375rem .75rem; border-bottom: 1px solid #c9cfd6; text-align: start; }
li { margin-block: .5rem; }
footer { border-top: 1px solid #c9cfd6; margin-top: 2rem; }
"""
_FEED_TYPES = {"atom": "application/atom+xml", "json": "application/feed+json"}


def article_page(site: Site, article: Article) -> bytes:
    """An article's own page."""
    title = article.title or article.summary
    rtl = ' dir="rtl"' if article.language == "ar" else ""
    picture = article.picture
    parts = (
        f"<h1>{escape(title)}</h1>",
        f"<p>{_time(article)}{f' · {escape(article.author)}' if article.author else ''}</p>",
        f'<p><img src="{escape(picture.url)}" alt="{escape(picture.title)}" width="960" height="540"></p>'
        if picture
        else "",
        article.html,
        _downloads(article),
        f'<p class="kind">{escape(" · ".join(article.categories))}</p>',
    )
    body = f'<article lang="{article.language or site.language}"{rtl}>\n' + "\n".join(parts) + "\n</article>"
    return _page(site, title, body, site.feeds)


def list_page(site: Site, title: str, articles: Sequence[Article], feeds: Sequence[SiteFeed]) -> bytes:
    """A list of articles, with the feeds that hold them named in its head."""
    items = "\n".join(
        f'<li lang="{article.language or site.language}"><a href="{escape(article.page)}">'
        f"{escape(article.title or article.summary)}</a><br>{_time(article)}</li>"
        for article in articles
    )
    return _page(site, title, f"<h1>{escape(title)}</h1>\n<ul>\n{items}\n</ul>", feeds)


def front_page(sites: Sequence[Site]) -> bytes:
    """Where all the sample members are found."""
    items = "\n".join(f'<li><a href="{escape(site.home)}">{escape(site.name)}</a></li>' for site in sites)
    first = sites[0]
    return _page(first, "Sample members", f"<h1>Sample members</h1>\n<ul>\n{items}\n</ul>", ())


def _time(article: Article) -> str:
    day = article.published.astimezone(ZONE)
    return f'<time datetime="{article.published:%Y-%m-%dT%H:%MZ}" dir="ltr">{day.day} {day:%B %Y}</time>'


def _downloads(article: Article) -> str:
    if not article.downloads:
        return ""
    items = "".join(
        f'<li><a href="{escape(file.url)}">{escape(file.title)}</a> ({len(file.body) / 1000:.1f} KB)</li>'
        for file in article.downloads
    )
    return f"<h2>Downloads</h2>\n<ul>{items}</ul>"


def _page(site: Site, title: str, body: str, feeds: Sequence[SiteFeed]) -> bytes:
    alternates = "\n".join(
        f'<link rel="alternate" type="{_FEED_TYPES.get(feed.format, "application/rss+xml")}"'
        f' title="{escape(site.name)}: {feed.name}" href="{escape(feed.url)}">'
        for feed in feeds
    )
    return f"""<!doctype html>
<html lang="{site.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – {escape(site.name)}</title>
<link rel="icon" href="data:,">
{alternates}
<style>:root {{ --colour: {site.colour}; }}{_STYLE}</style>
</head>
<body>
<header><a href="{escape(site.home)}">{escape(site.name)}</a><p>{escape(site.strapline)}</p></header>
<main>
{body}
</main>
<footer>{escape(site.name)} is invented. This is a sample page, served on this machine alone.</footer>
</body>
</html>
""".encode()
