"""The sample members' news: read from the files in `articles`, with dates counted back from a start."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub.demo.files import csv_file, pdf_file, svg_picture

ZONE = ZoneInfo("Europe/London")

# `{+9}` in a text is the day nine days after the start, `{-30}` one that is past.
_DAY = re.compile(r"\{([+-]\d{1,3})\}")


class File(Struct, frozen=True, kw_only=True):
    """Something a member's site serves besides pages. `title` describes it: a picture's text alternative."""

    url: str
    type: str
    title: str
    body: bytes


class Article(Struct, frozen=True, kw_only=True):
    """A piece of a member's news.

    `page` is the address to open; with `elsewhere` it is another member's
    page, and this one has none. `published` is when it came out, and `dated`
    whether the feed says so. `html` is the whole text, `summary` plain.
    """

    feed: str
    id: str
    title: str
    page: str
    elsewhere: bool
    published: datetime
    dated: bool
    author: str
    categories: tuple[str, ...]
    language: str | None
    summary: str
    html: str
    picture: File | None
    downloads: tuple[File, ...]


class SiteFeed(Struct, frozen=True, kw_only=True):
    """A feed of a member's site.

    `format` is wordpress, rss, rss1, atom or json. A `broken` one has
    ampersands that no XML parser may accept. `listing` is the page that lists
    its articles.
    """

    name: str
    format: str
    url: str
    listing: str
    broken: bool


class Site(Struct, frozen=True, kw_only=True):
    """A member's site. `home` is its address, with a slash at the end; articles are newest first."""

    slug: str
    name: str
    home: str
    strapline: str
    colour: str
    language: str
    feeds: tuple[SiteFeed, ...]
    articles: tuple[Article, ...]

    def of_feed(self, name: str) -> tuple[Article, ...]:
        return tuple(article for article in self.articles if article.feed == name)


def read_site(slug: str, name: str, *, members: str, start: datetime, corrected: bool) -> Site:
    """A member's site as it is at `start`, which is aware.

    `members` is the address that all the sites are under. The same day gives
    the same news, but that nothing has a time later than `start`, unless it
    is announced for a later day. `corrected` sites have put right what was
    wrong in their first version.
    """
    source = files("hub.demo").joinpath("articles", f"{slug}.toml").read_text(encoding="utf-8")
    written = tomllib.loads(source)
    home = f"{members}/{slug}/"
    colour = written["colour"]
    feeds = tuple(
        SiteFeed(
            name=key,
            format=feed["format"],
            url=home + feed["path"],
            listing=home + feed.get("listing", ""),
            broken=feed.get("broken", False),
        )
        for key, feed in written["feeds"].items()
    )
    filled = _filler(home=home, members=members, start=start)
    formats = {feed.name: feed.format for feed in feeds}
    articles = [
        _article(each, formats, home, colour, start, filled=_corrector(each, corrected, filled))
        for each in written["articles"]
    ]
    return Site(
        slug=slug,
        name=name,
        home=home,
        strapline=written["strapline"],
        colour=colour,
        language=written.get("language", "en-GB"),
        feeds=feeds,
        articles=tuple(sorted(articles, key=lambda article: article.published, reverse=True)),
    )


def moment(start: datetime, days: int, at: str) -> datetime:
    """The time `at`, such as `09:30`, `days` days before the start, in UTC.

    A time of the first day that is still to come is moved back: as far into
    what has passed of the day as it would have been into the whole of it.
    """
    local = start.astimezone(ZONE)
    day = local.date() - timedelta(days=days)
    when = datetime.combine(day, time.fromisoformat(at), ZONE).astimezone(UTC)
    if days < 0 or when <= start:
        return when
    midnight = datetime.combine(day, time(), ZONE).astimezone(UTC)
    share = (when - midnight) / timedelta(days=1)
    return (midnight + (start - midnight) * min(share, 1.0)).replace(second=0, microsecond=0)


Filled = Callable[[str], str]


def _filler(*, home: str, members: str, start: datetime) -> Filled:
    """What writes addresses and days into a text."""
    today = start.astimezone(ZONE).date()

    def day(found: re.Match[str]) -> str:
        then = today + timedelta(days=int(found[1]))
        return f"{then:%A} {then.day} {then:%B}"

    def filled(text: str) -> str:
        return _DAY.sub(day, text.replace("{home}", home).replace("{members}", members))

    return filled


def _corrector(written: Mapping[str, Any], corrected: bool, filled: Filled) -> Filled:
    correction = written.get("correction")
    if not corrected or correction is None:
        return filled
    return lambda text: filled(text.replace(correction["wrong"], correction["right"]))


def _article(
    written: Mapping[str, Any],
    formats: Mapping[str, str],
    home: str,
    colour: str,
    start: datetime,
    *,
    filled: Filled,
) -> Article:
    slug, feed = written["slug"], written.get("feed", "news")
    published = moment(start, written["days"], written["at"])
    folder = f"{published.astimezone(ZONE):%Y/%m/%d}" if written.get("date_in_link") else "news"
    elsewhere = filled(written["link"]) if "link" in written else None
    page = elsewhere or f"{home}{folder}/{slug}/"
    title, summary = written.get("title", ""), filled(written["summary"])
    html = _html(filled(written["body"]))
    return Article(
        feed=feed,
        id=filled(written["id"]) if "id" in written else _id(formats[feed], home, slug, page),
        title=title,
        page=page,
        elsewhere=elsewhere is not None,
        published=published,
        dated=written.get("dated", True),
        author=written.get("author", ""),
        categories=tuple(written.get("categories", ())),
        language=written.get("language"),
        summary=summary,
        html=html,
        picture=_picture(written, home, colour),
        downloads=tuple(_download(each, f"{home}files/", html) for each in written.get("downloads", ())),
    )


def _id(format: str, home: str, slug: str, page: str) -> str:
    """The id that software for the format gives an article."""
    if format == "wordpress":
        return f"{home}?p={1000 + zlib.crc32(slug.encode()) % 9000}"
    if format == "atom":
        return f"tag:{urlsplit(home).path.strip('/')}.example,2021:news/{slug}"
    return page


def _html(body: str) -> str:
    """Paragraphs parted by empty lines, a line each; one that begins with a tag is HTML already."""
    blocks = (" ".join(block.split()) for block in body.split("\n\n"))
    return "\n".join(block if block.startswith("<") else f"<p>{block}</p>" for block in blocks if block)


def _picture(written: Mapping[str, Any], home: str, colour: str) -> File | None:
    if "picture" not in written:
        return None
    slug = written["slug"]
    return File(
        url=f"{home}pictures/{slug}.svg",
        type="image/svg+xml",
        title=written["picture_alt"],
        body=svg_picture(written["picture"], colour=colour, seed=slug),
    )


def _download(written: Mapping[str, Any], folder: str, html: str) -> File:
    """A table as CSV where rows are given, else a report in PDF that says what the article says."""
    name, title = written["name"], written["title"]
    if "rows" in written:
        return File(url=folder + name, type="text/csv", title=title, body=csv_file(written["rows"]))
    return File(url=folder + name, type="application/pdf", title=title, body=pdf_file(title, html))
