"""Members' sites that are no feed, over loopback: what comes of each kind, what is asked and what is not."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from hub.config import parse
from hub.errors import NotAFeed
from hub.health import health
from hub.model import FeedState, Sitemap, StoredEntry, WordPress
from hub.parse import guess
from hub.parse.document import Wanted
from hub.parse.sites import read_part
from hub.polling import rounds
from hub.report import Figures, Lines
from hub.store import open_store
from tests.commands import LOOPBACK, SOON, Hub, within
from tests.feedless import article, index, listing, post, sitemap, wordpress
from tests.moments import moments
from tests.site import Site, rss, serving
from tests.sqlite import new_file


def _yaml(*feeds: str, head: str = LOOPBACK) -> str:
    """A feeds.yaml with a member for each feed, which is the YAML of its mapping."""
    members = "".join(
        f"  - slug: m{number}\n    name: M{number}\n    feeds:\n      - {feed}\n"
        for number, feed in enumerate(feeds)
    )
    return f"{head}members:\n{members}"


class Network:
    """A database beside a feeds.yaml, polled in this process."""

    def __init__(self, folder: Path, *feeds: str) -> None:
        self._config = parse(_yaml(*feeds))
        file = folder / "hub.db"
        self._store = open_store(f"sqlite:///{file}" if file.exists() else new_file(file))

    def poll(self) -> Figures:
        rounds.sync(self._store, self._config)
        return rounds.poll_round(
            self._config,
            self._store,
            self._store.feed_states(),
            progress=Lines(io.StringIO()),
            stop=Event(),
        )

    @property
    def state(self) -> FeedState:
        return self._store.feed_states()[0]

    @property
    def entries(self) -> list[StoredEntry]:
        return list(self._store.entries(limit=200).items)

    @property
    def titles(self) -> list[str]:
        return [stored.entry.title for stored in self.entries]

    def close(self) -> None:
        self._store.close()


@contextlib.contextmanager
def network(folder: Path, *feeds: str) -> Iterator[Network]:
    made = Network(folder, *feeds)
    try:
        yield made
    finally:
        made.close()


# ---------------------------------------------------------------- through the commands


def test_hub_run_carries_the_news_of_a_site_of_each_kind(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": [post(site, "posts", 1)], "events": [post(site, "events", 2)]})
    site.page("/ward", article("Ward opens", published="2026-11-01T09:00:00Z"))
    map_url = site.page(
        "/news.xml",
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
        " xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
        f"<url><loc>{site.url}/ward</loc><news:news><news:publication_date>2026-11-01T09:00:00Z"
        "</news:publication_date><news:title>Ward opens</news:title></news:news></url></urlset>",
    )
    dates = {"Clinic moves": "3 November 2026", "Bids open": "04/11/2026", "Sister retires": "2026-11-05"}
    page = site.page(
        "/news",
        "".join(
            f"<article><a href='/{number}'>{title}</a><i>{date}</i></article>"
            for number, (title, date) in enumerate(dates.items())
        ),
    )
    feed = site.feed("/feed", "Grant won")
    link = f"<link rel=alternate type=application/rss+xml href={feed}>"
    with_feed = site.page("/about", f"<!doctype html><html><head>{link}</head></html>")
    hub = Hub(tmp_path)
    hub.config.write_text(
        _yaml(
            f"{{url: {home}, kind: wordpress, types: [posts, events]}}",
            f"{{url: {map_url}, kind: sitemap}}",
            f"{{url: {page}, kind: html, select: {{item: article, date: i}}}}",
            f"{{url: {with_feed}}}",
        )
    )
    with hub.serving("run") as (_, _address):
        assert within(SOON, lambda: hub.polls() == 4)
    with contextlib.closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        rows = database.execute("SELECT member, title, date FROM entries ORDER BY member, title").fetchall()
    assert rows == [
        ("m0", "The events’ number 2", "2026-01-03T09:00:00.000000Z"),
        ("m0", "The posts’ number 1", "2026-01-02T09:00:00.000000Z"),
        ("m1", "Ward opens", "2026-11-01T09:00:00.000000Z"),
        ("m2", "Bids open", "2026-11-04T00:00:00.000000Z"),
        ("m2", "Clinic moves", "2026-11-03T00:00:00.000000Z"),
        ("m2", "Sister retires", "2026-11-05T00:00:00.000000Z"),
        ("m3", "Grant won", "2026-11-01T09:00:00.000000Z"),
    ]


def test_a_site_that_robots_may_not_read_is_an_error_with_what_to_do(site: Site, tmp_path: Path) -> None:
    site.page("/robots.txt", "User-agent: news-hub\nDisallow: /news\n\nUser-agent: *\nAllow: /\n")
    page = site.page("/news", "<article><a href='/clinic'>Clinic moves</a></article>")
    hub = Hub(tmp_path)
    hub.config.write_text(_yaml(f"{{url: {page}, kind: html, select: {{item: article}}}}"))
    done = hub.run("poll", "m0")
    assert done.returncode == 1
    assert f"the robots.txt of {page} does not let the hub fetch it" in done.stderr
    assert site.paths() == []


# ---------------------------------------------------------------- wordpress


def test_posts_of_two_types_come_with_what_the_api_says_of_them(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"reports": [post(site, "reports", 7)], "events": [post(site, "events", 3)]})
    with network(tmp_path, f"{{url: {home}, kind: wordpress, types: [reports, events]}}") as hub:
        assert hub.poll().new == 2
        report = hub.entries[0].entry
    assert report.id == f"{site.url}/?post_type=reports&p=7"  # as the site's feed writes it
    assert (report.title, report.link) == ("The reports’ number 7", f"{site.url}/reports/7/")
    assert report.published == datetime(2026, 1, 8, 9, 0, tzinfo=UTC)
    assert f'href="{site.url}/reports/7/more"' in report.content
    assert report.summary == "<p>In short: 7</p>"
    assert [author.name for author in report.authors] == ["Jo Writer"]
    assert [category.term for category in report.categories] == ["Safety & care", "ward"]
    assert report.image == f"{site.url}/7.jpg"


def test_posts_are_read_back_at_first_and_only_new_ones_later(site: Site, tmp_path: Path) -> None:
    posts = [post(site, "posts", number) for number in range(45, 0, -1)]
    home = wordpress(site, {"posts": posts})
    with network(tmp_path, f"{{url: {home}, kind: wordpress}}") as hub:
        assert hub.poll().new == 45
        assert site.paths() == ["/", listing("posts"), listing("posts", 2), listing("posts", 3)]
        assert hub.poll().new == 0
        assert site.paths() == [listing("posts")]
        wordpress(site, {"posts": [post(site, "posts", 46), *posts]})
        figures = hub.poll()
        assert (figures.new, figures.updated) == (1, 0)
        assert site.paths() == [listing("posts")]
        # More than a page of them since: they are read back to what is known.
        wordpress(site, {"posts": [*(post(site, "posts", n) for n in range(70, 46, -1)), *posts]})
        assert hub.poll().new == 24
        assert site.paths() == [listing("posts"), listing("posts", 2)]


def test_a_corrected_post_is_updated_and_not_new(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": [post(site, "posts", 2), post(site, "posts", 1)]})
    with network(tmp_path, f"{{url: {home}, kind: wordpress}}") as hub:
        hub.poll()
        wordpress(site, {"posts": [post(site, "posts", 2, text="Other words of"), post(site, "posts", 1)]})
        figures = hub.poll()
    assert (figures.new, figures.updated) == (0, 1)


def test_posts_beyond_the_bound_are_left_and_said(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": [post(site, "posts", number) for number in range(230, 0, -1)]})
    with network(tmp_path, f"{{url: {home}, kind: wordpress}}") as hub:
        assert hub.poll().new == 200
        assert hub.state.remarks == ("12 pages of posts are there; the newest 10 were read",)


@pytest.mark.parametrize("pages", ["²", "9" * 5000, "many", ""])
def test_a_number_of_pages_that_is_none_is_as_none_said(site: Site, pages: str) -> None:
    url = f"{site.url}{listing('posts')}"
    part = read_part(
        WordPress(),
        Wanted(url=url, part="listing"),
        json.dumps([post(site, "posts", 1)]).encode(),
        url=url,
        content_type="application/json",
        headers={"x-wp-totalpages": pages},
        known=frozenset(),
        thorough=False,
        zone=ZoneInfo("UTC"),
    )
    assert (len(part.feed.entries), part.wanted) == (1, ())


def test_an_api_that_has_no_such_type_is_named(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": []})
    with network(tmp_path, f"{{url: {home}, kind: wordpress, types: [news]}}") as hub:
        hub.poll()
        assert "no type of post `news`" in (hub.state.error or "")
        assert "`types`" in (hub.state.remedy or "")


def test_a_type_that_is_not_there_does_not_hold_up_the_others(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": [post(site, "posts", 1)]})
    with network(tmp_path, f"{{url: {home}, kind: wordpress, types: [posts, news]}}") as hub:
        assert hub.poll().new == 1
        assert "no type of post `news`" in hub.state.remarks[0]
        site.paths()
        hub.poll()
        # It is looked for again each time, so that it is found once it is there.
        assert any("/news?" in path for path in site.paths())


def test_an_api_that_moved_is_looked_for_again_at_the_site(site: Site, tmp_path: Path) -> None:
    home = wordpress(site, {"posts": [post(site, "posts", 1)]})
    with network(tmp_path, f"{{url: {home}, kind: wordpress}}") as hub:
        hub.poll()
        site.pages = {path.replace("/cms/", "/blog/"): page for path, page in site.pages.items()}
        site.page("/", f'<head><link rel="https://api.w.org/" href="{site.url}/blog/wp-json/"></head>')
        assert hub.poll().failed == 0
        assert hub.state.error is None


def test_an_api_answers_where_feeds_yaml_names_it(site: Site, tmp_path: Path) -> None:
    wordpress(site, {"posts": [post(site, "posts", 1)]})
    with network(tmp_path, f"{{url: {site.url}/cms/wp-json/wp/v2/posts, kind: wordpress}}") as hub:
        assert hub.poll().new == 1
        assert site.paths() == [listing("posts")]


# ---------------------------------------------------------------- sitemaps


def test_a_news_sitemap_gives_its_own_titles_and_the_pages_what_it_lacks(site: Site, tmp_path: Path) -> None:
    site.page("/ward", article("Ward opens today", published="2026-11-02T09:30:00Z"))
    site.page("/plain", "<html lang=en><head><meta property=og:description content='In short'></head></html>")
    news = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    rows = "".join(
        f"<url><loc>{site.url}{path}</loc><news:news><news:publication><news:name>Site</news:name>"
        f"<news:language>en</news:language></news:publication>"
        f"<news:publication_date>{when}</news:publication_date><news:title>{title}</news:title>"
        f"<news:keywords>care, ward</news:keywords></news:news>"
        f"<image:image xmlns:image='urn:i'><image:title>A picture</image:title></image:image></url>"
        for path, title, when in (
            ("/ward", "Ward opens", "2026-11-01"),
            ("/plain", "Plain news", "2026-11-03T08:00:00Z"),
        )
    )
    url = site.page(
        "/news.xml", f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' {news}>{rows}</urlset>"
    )
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 2
        plain, ward = (stored.entry for stored in hub.entries)
    assert (ward.id, ward.link) == (f"{site.url}/ward", f"{site.url}/ward")
    assert (ward.title, ward.published) == ("Ward opens today", datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
    assert (ward.summary, ward.image) == ("<p>What Ward opens today is about</p>", f"{site.url}/picture.jpg")
    assert [author.name for author in ward.authors] == ["Ann Author"]
    assert (plain.title, plain.published) == ("Plain news", datetime(2026, 11, 3, 8, 0, tzinfo=UTC))
    assert [category.term for category in plain.categories] == ["care", "ward"]
    assert plain.language == "en"


def test_a_sitemap_that_declares_none_of_its_prefixes_is_read_all_the_same(
    site: Site, tmp_path: Path
) -> None:
    site.page("/ward", "<html lang=en><head><title>East</title></head></html>")
    url = site.page(
        "/news.xml",
        f"<urlset><url><loc>{site.url}/ward</loc><news:title>Ward opens</news:title>"
        "<news:publication_date>2026-11-01</news:publication_date>"
        "<image:image><image:title>A picture</image:title></image:image></url></urlset>",
    )
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 1
        (ward,) = (stored.entry for stored in hub.entries)
    assert (ward.title, ward.published) == ("Ward opens", datetime(2026, 11, 1, tzinfo=UTC))


def test_a_sitemap_that_writes_characters_as_two_halves_is_read_with_all_its_pages(
    site: Site, tmp_path: Path
) -> None:
    titles = ("Ward opens &#55357;&#56832;", "Bids &#xD83D;<![CDATA[ open]]>", "Grant won")
    rows = "".join(
        f"<url><loc>{site.page(f'/{number}', '<html lang=en>')}</loc><news:title>{title}</news:title>"
        f"<news:publication_date>2026-11-0{number}</news:publication_date></url>"
        for number, title in enumerate(titles, 1)
    )
    url = site.page("/news.xml", f"<urlset>{rows}</urlset>")
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 3
        assert hub.titles == ["Grant won", "Bids open", "Ward opens 😀"]


def test_a_sitemap_whose_namespace_is_half_a_character_is_none() -> None:
    body = b"<urlset xmlns='&#xD800;'><url><loc>https://east.example/1</loc></url></urlset>"
    wanted = Wanted(url="https://east.example/s.xml", part="listing")
    with pytest.raises(NotAFeed, match="is not a sitemap"):
        read_part(
            Sitemap(),
            wanted,
            body,
            url=wanted.url,
            content_type=None,
            headers={},
            known=frozenset(),
            thorough=False,
            zone=ZoneInfo("UTC"),
        )


def test_of_a_plain_sitemap_the_pages_that_are_news_are_known_by_their_metadata(
    site: Site, tmp_path: Path
) -> None:
    site.page("/a", article("By its JSON-LD", published="2026-11-01T09:00:00+00:00"))
    published = "<meta property=article:published_time content=2026-11-02T09:00:00Z>"
    site.page("/b", f"<head><meta property=og:title content='By Open Graph'>{published}</head><body>x</body>")
    time = "<article><h1>By its time</h1><time datetime=2026-11-03>today</time></article>"
    site.page("/c", f"<title>Another title</title>{time}")
    site.page("/about", "<title>About us</title><p>We are here.</p>")
    url = sitemap(
        site, "/sitemap.xml", [("/about", None), ("/a", None), ("/b", None), ("/c", None), ("/d", None)]
    )
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 3
        assert hub.titles == ["By its time", "By Open Graph", "By its JSON-LD"]
        assert [stored.date.day for stored in hub.entries] == [3, 2, 1]
        assert hub.state.remarks == ("2 of its pages are not there or no news",)
        site.paths()
        figures = hub.poll()
        assert (figures.new, figures.updated) == (0, 0)
        # Neither what is stored nor what is no news is asked for again.
        assert site.paths() == ["/sitemap.xml"]


def test_what_pages_say_of_themselves_is_read_as_it_is_shown(site: Site, tmp_path: Path) -> None:
    said = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "Women&#8217;s health &amp; care",
        "description": "<p>One.</p><p>Two &lt; three.</p>",
        "articleBody": "1 < 2, and no HTML",
        "datePublished": "2026-11-02T09:00:00Z",
    }
    site.page("/a", f'<script type="application/ld+json">{json.dumps(said)}</script>')
    heading = "<h1>New centre<br>opens<svg><title>Icon</title></svg><script>track()</script></h1>"
    site.page("/b", f"<article>{heading}<time datetime=2026-11-01>today</time></article>")
    url = sitemap(site, "/sitemap.xml", [("/a", None), ("/b", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 2
        assert hub.titles == ["Women’s health & care", "New centre opens"]
        entry = hub.entries[0].entry
        assert (entry.summary, entry.content) == (
            "<p>One.</p><p>Two &lt; three.</p>",
            "<p>1 &lt; 2, and no HTML</p>",
        )


def test_a_page_is_the_article_that_it_says_it_is_whatever_else_it_leads_to(
    site: Site, tmp_path: Path
) -> None:
    def told(name: str, **where: object) -> str:
        what = {"@type": "NewsArticle", "headline": f"News {name}", "datePublished": "2026-11-01", **where}
        what["@context"] = "https://schema.org"
        return f'<script type="application/ld+json">{json.dumps(what)}</script>'

    other = told("elsewhere", url=f"{site.url}/elsewhere", datePublished="2020-01-01")
    site.page("/a", f"{other}{told('a', mainEntityOfPage={'@id': f'{site.url}/a/#page'})}<h1>Ours</h1>")
    site.page("/b", f"{other}{told('b', url=f'{site.url}/?p=7')}<h1>News b</h1>")
    site.page("/c", f"{other}{told('c', mainEntityOfPage=f'{site.url}/')}<h1>Ours</h1>")
    site.page("/d", f"{other}<meta property=article:published_time content=2026-11-02><h1>News d</h1>")
    site.page("/news", f"{other}<h1>All our news</h1>")
    names = ("a", "b", "c", "d", "news")
    url = sitemap(site, "/sitemap.xml", [(f"/{name}", None) for name in names])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        found = {(stored.entry.title, stored.entry.link) for stored in hub.entries}
        assert found == {(f"News {name}", f"{site.url}/{name}") for name in "abcd"}
        assert {stored.date.year for stored in hub.entries} == {2026}


def test_a_page_is_called_by_its_headline_without_the_name_of_the_site(site: Site, tmp_path: Path) -> None:
    name = "<meta property=og:site_name content='Innovation East'>"
    logo = "<header><h1><a href='/'>Innovation East</a></h1></header>"
    pages = [
        f"{name}<meta property=og:title content='Ward opens - Innovation East'><h1>We say so</h1>",
        f"{name}<title>Innovation East | Clinic moves</title><header><h1>Innovation East</h1></header>",
        f"<title>Bids open – Innovation East</title>{logo}",
        f"<title>Innovation East</title>{logo}<article><header><h1>Sister retires</h1></header></article>",
        f"{name}<title>A year at Innovation East</title>",
        f"{name}<title>Innovation East</title>",
    ]
    for number, page in enumerate(pages):
        site.page(f"/{number}", f"<html lang=en>{page}<p>Text</p></html>")
    url = sitemap(
        site, "/sitemap.xml", [(f"/{number}", f"2026-11-{20 - number}") for number in range(len(pages))]
    )
    with network(tmp_path, f"{{url: {url}, kind: sitemap, only: [/]}}") as hub:
        hub.poll()
        titles = {stored.entry.link: stored.entry.title for stored in hub.entries}
    assert [titles[f"{site.url}/{number}"] for number in range(len(pages))] == [
        "Ward opens",
        "Clinic moves",
        "Bids open",
        "Sister retires",
        "A year at Innovation East",
        "Innovation East",
    ]


def test_a_page_that_is_refused_is_passed_over_where_others_are_not_and_else_asked_again(
    site: Site, tmp_path: Path
) -> None:
    for path in "/a", "/b", "/c", "/d":
        site.page(path, "members only", status=403)
    paths = [(path, None) for path in ("/a", "/b", "/c", "/d")]
    url = sitemap(site, "/sitemap.xml", paths)
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        # It may be the hub that is refused: it stops, and loses none of them.
        assert site.paths() == ["/sitemap.xml", "/a", "/b", "/c"]
        assert "left for the next polls" in hub.state.remarks[-1]
        for path in "/b", "/c", "/d":
            site.page(path, article(f"News at {path}", published="2026-11-01"))
        assert hub.poll().new == 3
        assert hub.state.remarks == ("1 of its pages is not there or no news",)
        site.paths()
        hub.poll()
        assert site.paths() == ["/sitemap.xml"]


def test_with_only_every_titled_page_there_is_news_and_no_other_is_asked_for(
    site: Site, tmp_path: Path
) -> None:
    site.page("/news/1", "<title>Ward opens</title><p class=date>4 November 2026</p>")
    site.page("/jobs/1", article("Nurse wanted", published="2026-11-01"))
    url = sitemap(site, "/sitemap.xml", [("/jobs/1", None), ("/news/1", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap, only: [/news/]}}") as hub:
        hub.poll()
        assert hub.titles == ["Ward opens"]
        assert hub.entries[0].entry.published == datetime(2026, 11, 4, tzinfo=UTC)  # htmldate's
        assert site.paths() == ["/sitemap.xml", "/news/1"]


def test_a_sitemap_that_has_not_changed_ends_the_poll_and_is_asked_conditionally(
    site: Site, tmp_path: Path
) -> None:
    site.page("/a", article("Ward opens", published="2026-11-01"))
    url = sitemap(site, "/sitemap.xml", [("/a", None)], etag='"1"')
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        site.paths()
        assert hub.poll().not_modified == 1
        assert site.asked[-1][1]["if-none-match"] == '"1"'
        site.page("/b", article("Clinic moves", published="2026-11-02"))
        sitemap(site, "/sitemap.xml", [("/a", None), ("/b", None)], etag='"2"')
        site.paths()
        assert hub.poll().new == 1
        assert site.paths() == ["/sitemap.xml", "/b"]


def test_of_an_index_only_the_sitemaps_that_changed_are_read(site: Site, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        site.page(f"/{name}", article(f"News {name}", published="2026-11-01"))
    old = sitemap(site, "/old.xml", [("/a", None)])
    new = sitemap(site, "/new.xml", [("/b", None)])
    undated = sitemap(site, "/undated.xml", [], etag='"1"')
    url = index(site, "/index.xml", [(old, "2026-10-01"), (new, "2026-11-01"), (undated, None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 2
        assert site.paths()[:4] == ["/index.xml", "/new.xml", "/old.xml", "/undated.xml"]
        hub.poll()
        assert site.paths() == ["/index.xml", "/undated.xml"]
        sitemap(site, "/new.xml", [("/b", None), ("/c", None)])
        index(site, "/index.xml", [(old, "2026-10-01"), (new, "2026-11-02"), (undated, None)])
        assert hub.poll().new == 1
        assert site.paths() == ["/index.xml", "/new.xml", "/undated.xml", "/c"]


def test_a_packed_sitemap_is_unpacked(site: Site, tmp_path: Path) -> None:
    site.page("/a", article("Ward opens", published="2026-11-01"))
    sitemap(site, "/sitemap.xml", [("/a", None)])
    url = site.page("/sitemap.xml.gz", gzip.compress(site.pages["/sitemap.xml"][2]))
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 1


def test_pages_over_the_bound_wait_for_the_next_polls_the_newest_first(site: Site, tmp_path: Path) -> None:
    for number in range(1, 26):
        site.page(f"/{number}", article(f"News {number}", published=f"2026-11-{number:02}"))
    url = sitemap(site, "/sitemap.xml", [(f"/{n}", f"2026-11-{n:02}") for n in range(1, 26)], etag='"1"')
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 20
        assert site.paths() == ["/sitemap.xml", *(f"/{number}" for number in range(25, 5, -1))]
        assert hub.state.remarks == ("5 more are left for the next polls",)
        # The sitemap is the same, and there is something left of it.
        assert hub.poll().new == 5
        assert "if-none-match" not in site.asked[1][1]
        assert site.paths() == ["/sitemap.xml", *(f"/{number}" for number in range(5, 0, -1))]
        assert hub.poll().not_modified == 1


def test_of_a_large_sitemap_the_newest_hundred_are_read_and_no_older_ones(site: Site, tmp_path: Path) -> None:
    days = [(f"/{number}", f"2026-{number // 28 + 1:02}-{number % 28 + 1:02}") for number in range(130)]
    url = sitemap(site, "/sitemap.xml", days)
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        for _ in range(7):
            hub.poll()
        asked = [path for path in site.paths() if path != "/sitemap.xml"]
        assert asked == [f"/{number}" for number in range(129, 29, -1)]
        site.page("/130", article("The newest", published="2026-11-01"))
        sitemap(site, "/sitemap.xml", [*days, ("/130", None)])
        assert hub.poll().new == 1


def test_pages_of_another_site_are_not_asked_for(site: Site, tmp_path: Path) -> None:
    with serving() as other:
        elsewhere = other.page("/a", article("Not theirs", published="2026-11-01"))
        # Of one host, whatever the port: it stands for another name here.
        url = sitemap(site, "/sitemap.xml", [(elsewhere.replace("127.0.0.1", "localhost"), None)])
        with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
            assert hub.poll().new == 0
            assert hub.state.remarks == ("1 of its addresses are of other sites, and were left out",)
        assert other.asked == []


def test_a_page_that_robots_may_not_read_is_passed_over_and_said(site: Site, tmp_path: Path) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /secret/\n")
    site.page("/secret/1", article("Secret", published="2026-11-01"))
    site.page("/a", article("Ward opens", published="2026-11-01"))
    site.page("/moved", "", status=302, Location="/secret/1")
    url = sitemap(site, "/sitemap.xml", [("/secret/1", None), ("/a", None), ("/moved", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        assert hub.titles == ["Ward opens"]
        assert hub.state.remarks == ("2 of its pages are not asked for, since its robots.txt disallows that",)


def test_rules_that_cannot_be_had_anew_go_on_to_hold_and_are_asked_for_once(
    site: Site, tmp_path: Path
) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /secret\n")
    page = site.page("/news", _item("ward", "13 November 2026"))
    config = parse(_yaml(f"{{url: {page}, kind: html, select: {_SELECT}}}"))
    with (
        contextlib.closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store,
        rounds.open_polls(config, store) as polls,
    ):
        rounds.sync(store, config)
        now = datetime.now(UTC)
        for status in (200, 500):
            if status == 500:
                site.page("/robots.txt", "", status=500)
            polls._now = lambda moment=now: moment  # type: ignore[misc]
            polls.begin(store.feed_states())
            (result,) = next(filter(None, (polls.step(0.2) for _ in range(300))))
            assert result.outcome == "fetched"
            assert [path for path, _ in site.asked] == ["/robots.txt", "/news"]
            site.asked.clear()
            now += timedelta(hours=25)


@pytest.mark.parametrize("kind", ["wordpress", "html"])
def test_what_a_later_page_of_a_list_holds_is_asked_for_again_where_it_failed(
    site: Site, tmp_path: Path, kind: str
) -> None:
    if kind == "wordpress":
        url = wordpress(site, {"posts": [post(site, "posts", number) for number in range(45, 0, -1)]})
        second, feed = listing("posts", 2), f"{{url: {url}, kind: wordpress}}"
    else:
        url = site.page("/list", f"{_item('a', '13 November 2026')}<a class=older href='/older'>Older</a>")
        second, feed = "/older", f"{{url: {url}, kind: html, select: {_SELECT}}}"
        site.page(second, _item("b", "12 November 2026"))
    whole = site.pages[second]
    site.page(second, "oops", status=500)
    with network(tmp_path, feed) as hub:
        first = hub.poll().new
        assert "left for the next polls" in " ".join(hub.state.remarks)
        site.pages[second] = whole
        assert hub.poll().new > 0
        assert (first, len(hub.entries)) == ((20, 45) if kind == "wordpress" else (1, 2))
        assert hub.state.remarks == ()
        assert hub.poll().new == 0


def test_without_its_robots_txt_a_site_that_is_unwell_is_not_asked(site: Site, tmp_path: Path) -> None:
    site.page("/robots.txt", "", status=503)
    url = sitemap(site, "/sitemap.xml", [("/a", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        assert "robots.txt cannot be had" in (hub.state.error or "")
    assert site.paths() == []


def test_a_protection_that_answers_in_place_of_the_robots_txt_is_told_as_one_that_blocks(
    site: Site, tmp_path: Path
) -> None:
    site.page("/robots.txt", "<html>Just a moment</html>", cf_mitigated="challenge")
    url = sitemap(site, "/sitemap.xml", [("/a", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        found = health(hub.state, datetime.now(UTC), robot="news-hub")
        assert found.state == "blocked"
        assert "robots.txt cannot be had: the site" in found.sentence
        assert "because Cloudflare answers it" in found.editor
    assert site.paths() == []


def test_a_site_that_asks_to_be_left_alone_is_left_alone_at_once(site: Site, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        site.page(f"/{name}", article(f"News {name}", published="2026-11-01"))
    site.page("/b", "", status=429, Retry_After="7200")
    url = sitemap(site, "/sitemap.xml", [("/a", None), ("/b", None), ("/c", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 1
        assert site.paths() == ["/sitemap.xml", "/a", "/b"]
        state = hub.state
        assert state.not_before is not None
        assert state.polled is not None
        assert (state.not_before - state.polled).total_seconds() == pytest.approx(7200, abs=5)


def test_what_a_site_hid_for_a_day_is_read_afterwards(site: Site, tmp_path: Path) -> None:
    names = ("barred", "gone", "members", "soon", "ward")
    back = "<html><body>Back soon</body></html>"
    site.page("/robots.txt", "User-agent: *\nDisallow: /barred\n")
    site.page("/members", "", status=403)
    site.page("/soon", back, Content_Type="text/html")
    site.page("/ward", article("News of the ward", published="2026-11-01"))
    url = sitemap(site, "/sitemap.xml", [(f"/{name}", None) for name in names])
    with moments(tmp_path) as hub:
        hub.write(f"{{url: {url}, kind: sitemap}}")
        hub.poll()
        sitemap(site, "/sitemap.xml", [(f"/{name}", "2026-11-20") for name in names])
        assert [each.entry.title for each in hub.entries] == ["News of the ward"]
        site.page("/robots.txt", "")
        for name in names[:-1]:
            site.page(f"/{name}", article(f"News of the {name}", published="2026-11-01"))
        hub.poll(hours=23)
        assert len(hub.entries) == 1
        sitemap(site, "/sitemap.xml", [(f"/{name}", "2026-11-21") for name in names])
        hub.poll(hours=2)
        assert {each.entry.title for each in hub.entries} == {f"News of the {name}" for name in names}


def test_a_page_without_news_is_looked_at_twice_and_one_that_robots_may_not_read_never(
    site: Site, tmp_path: Path
) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /barred\n")
    site.page("/about", "<html><body>About us</body></html>", Content_Type="text/html")
    url = f"{site.url}/sitemap.xml"
    with moments(tmp_path) as hub:
        hub.write(f"{{url: {url}, kind: sitemap}}")
        asked = []
        for day in range(10, 14):
            sitemap(site, "/sitemap.xml", [("/barred", f"2026-11-{day}"), ("/about", f"2026-11-{day}")])
            hub.poll(hours=25)
            asked.append([path for path in site.paths() if path != "/sitemap.xml"])
        assert asked == [["/about"], ["/about"], [], []]
        site.page("/robots.txt", "")
        site.page("/barred", article("News", published="2026-11-01"))
        hub.poll(hours=7 * 24)
        assert [each.entry.title for each in hub.entries] == ["News"], "once a week all is looked at"


def test_pages_that_fail_are_asked_again_and_those_that_are_gone_are_not(site: Site, tmp_path: Path) -> None:
    site.page("/a", "", status=500)
    url = sitemap(site, "/sitemap.xml", [("/a", None), ("/gone", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        site.paths()
        site.page("/a", article("Ward opens", published="2026-11-01"))
        assert hub.poll().new == 1
        assert site.paths() == ["/sitemap.xml", "/a"]


def test_a_page_over_the_limit_costs_that_page_and_is_read_when_the_limit_is_raised(
    site: Site, tmp_path: Path
) -> None:
    site.page("/a", article("Ward opens", published="2026-11-01"))
    site.page("/b", article("Clinic moves", published="2026-11-02", more="<p>On and on.</p>" * 1000))
    url = sitemap(site, "/sitemap.xml", [("/a", None), ("/b", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap, size: 4KB}}") as hub:
        assert hub.poll().new == 1
        (remark,) = hub.state.remarks
        assert f"{site.url}/b is larger than 4 KB" in remark
        assert "raise its size in feeds.yaml" in remark
        site.paths()
        # It would be as large the next time.
        hub.poll()
        assert site.paths() == ["/sitemap.xml"]
    with network(tmp_path, f"{{url: {url}, kind: sitemap, size: 100KB}}") as hub:
        assert hub.poll().new == 1
        assert hub.titles == ["Clinic moves", "Ward opens"]


def test_pages_from_which_a_protection_turns_the_hub_away_are_asked_for_until_it_lets_it_in(
    site: Site, tmp_path: Path
) -> None:
    site.page("/a", "", status=403, cf_mitigated="challenge")
    url = sitemap(site, "/sitemap.xml", [("/a", None)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        hub.poll()
        assert "its protection, Cloudflare, answered 403" in hub.state.remarks[0]
        site.page("/a", article("Ward opens", published="2026-11-01"))
        assert hub.poll().new == 1


def test_what_is_left_of_a_site_is_read_at_the_usual_time_however_seldom_it_has_news(
    site: Site, tmp_path: Path
) -> None:
    days = [f"{datetime.now(UTC) - number * timedelta(days=10):%Y-%m-%d}" for number in range(25)]
    for number, day in enumerate(days):
        site.page(f"/{number}", article(f"News {number}", published=day))
    url = sitemap(site, "/sitemap.xml", [(f"/{number}", day) for number, day in enumerate(days)])
    with network(tmp_path, f"{{url: {url}, kind: sitemap}}") as hub:
        assert hub.poll().new == 20
        assert hub.state.next_poll_why == "part of it is left to read"
        assert hub.poll().new == 5
        assert hub.state.next_poll_why.startswith("it has news about every ")


# ---------------------------------------------------------------- pages of HTML


_SELECT = "{item: article, title: h3, date: .date, summary: p, image: img, next: a.older}"


def _item(name: str, date: str) -> str:
    return (
        f"<article><a href='/{name}?utm_source=list'><img data-src='/{name}.png'></a>"
        f"<h3>News {name}</h3><span class=date>{date}</span><p>About {name}</p></article>"
    )


def test_a_list_with_dates_in_several_layouts_is_read_page_by_page(site: Site, tmp_path: Path) -> None:
    dates = ["Thursday 12th November 2026", "Published: 11/11/2026", "10.11.26", "Nov 9, 2026"]
    first = "".join(_item(str(number), date) for number, date in enumerate(dates))
    welsh = _item("cy", "8 Tachwedd 2026") + _item("iso", "<time datetime=2026-11-07T09:00Z>last week</time>")
    url = site.page("/list", f"<title>Our news</title>{first}<a class=older href='?page=2'>Older</a>")
    site.page("/list?page=2", f"<html lang=cy>{welsh}{_item('0', 'no date')}</html>")
    with network(tmp_path, f"{{url: {url}, kind: html, select: {_SELECT}, dates: ['%d.%m.%y']}}") as hub:
        assert hub.poll().new == 6
        assert [stored.date.day for stored in hub.entries] == [12, 11, 10, 9, 8, 7]
        newest = hub.entries[0].entry
        assert (newest.id, newest.title) == (f"{site.url}/0?utm_source=list", "News 0")
        assert (newest.summary, newest.image) == ("<p>About 0</p>", f"{site.url}/0.png")
        assert hub.state.info.title == "Our news"
        assert site.paths() == ["/list", "/list?page=2"]
        assert hub.poll().new == 0
        assert site.paths() == ["/list"]
        site.page(
            "/list", _item("new", "13 November 2026") + first + "<a class=older href='?page=2'>Older</a>"
        )
        figures = hub.poll()
        assert (figures.new, figures.updated) == (1, 0)
        # Older news is known already.
        assert site.paths() == ["/list"]


def test_a_date_of_a_list_that_cannot_be_read_is_told(site: Site, tmp_path: Path) -> None:
    url = site.page("/list", _item("0", "12 November 2026") + _item("1", "Fraidd 3 Ebrelll 26"))
    with network(tmp_path, f"{{url: {url}, kind: html, select: {_SELECT}}}") as hub:
        hub.poll()
        assert hub.state.remarks == ("1 date in it cannot be read, such as ‘Fraidd 3 Ebrelll 26’",)


@pytest.mark.parametrize(
    "link", ["", "<link>https://east.example/</link>", "<link>https://east.example/1</link>"]
)
def test_nobody_is_told_again_of_news_whose_date_was_not_read_before(
    site: Site, tmp_path: Path, link: str
) -> None:
    # As it is where an earlier hub could not read what this one can.
    read = "Mi, 21 Okt 2026 10:00:00 +0200"
    with moments(tmp_path) as hub:
        for date, new in (("gestern", 1), (read, 0), (read, 0)):
            item = f"<item>{link}<title>Klinik eröffnet</title><pubDate>{date}</pubDate></item>"
            url = site.page("/feed", rss(item), Content_Type="application/rss+xml")
            hub.write(f"url: {url}")
            result = hub.poll(hours=2)
            assert (result.new, result.updated) == (new, 0)
        (stored,) = hub.entries
        assert stored.entry.published == datetime(2026, 10, 21, 8, tzinfo=UTC)


def test_what_a_list_shows_apart_is_read_apart_and_a_link_is_no_picture(site: Site, tmp_path: Path) -> None:
    parts = "<span>05</span><span>Nov</span><span>2026</span>"
    item = (
        f"<li><h3><a href=/1><b>New</b> centre</a></h3><div class=date>{parts}</div>"
        "<div class=about><p>One.</p><p>Two.</p><script>track()</script></div>"
        "<a class=thumb href=/1><img src=/1.png></a></li>"
    )
    url = site.page("/list", f"<ul>{item}</ul>")
    select = "{item: li, title: h3, date: .date, summary: .about, image: .thumb}"
    with network(tmp_path, f"{{url: {url}, kind: html, select: {select}}}") as hub:
        assert hub.poll().new == 1
        (stored,) = hub.entries
        assert (stored.entry.title, stored.date.date().isoformat()) == ("New centre", "2026-11-05")
        assert (stored.entry.summary, stored.entry.image) == ("<p>One. Two.</p>", f"{site.url}/1.png")


def test_a_list_that_goes_on_and_on_is_left_at_the_bound(site: Site, tmp_path: Path) -> None:
    for number in range(9):
        more = f"<a class=older href='/list-{number + 1}'>Older</a>"
        site.page(f"/list-{number}", _item(str(number), "12 November 2026") + more)
    with network(tmp_path, f"{{url: {site.url}/list-0, kind: html, select: {_SELECT}}}") as hub:
        assert hub.poll().new == 5
        assert hub.state.remarks == ("there are older pages than the 5 that were read",)


def test_a_page_whose_selectors_find_nothing_any_more_is_an_error(site: Site, tmp_path: Path) -> None:
    url = site.page("/list", "<div class=card><a href=/a>Ward opens</a></div>")
    with network(tmp_path, f"{{url: {url}, kind: html, select: {_SELECT}}}") as hub:
        hub.poll()
        assert hub.state.error == f"Nothing in {url} is found by the selector `article`."
        assert "`hub feeds check`" in (hub.state.remedy or "")


def test_changed_selectors_are_taken_up_though_the_page_is_the_same(site: Site, tmp_path: Path) -> None:
    url = site.page("/list", "<article><a href=/a>Ward opens</a><h3>A ward opens</h3></article>", ETag='"1"')
    with network(tmp_path, f"{{url: {url}, kind: html, select: {{item: article}}}}") as hub:
        hub.poll()
        assert hub.titles == ["Ward opens"]
    with network(tmp_path, f"{{url: {url}, kind: html, select: {{item: article, title: h3}}}}") as hub:
        hub.poll()
        assert hub.titles == ["A ward opens"]


# ---------------------------------------------------------------- feeds behind pages, and others to try


def test_a_feed_that_a_page_names_is_followed_and_asked_directly_from_then_on(
    site: Site, tmp_path: Path
) -> None:
    feed = site.page("/feed", rss(f"{site.url}/feed", "Ward opens"), ETag='"1"')
    comments = site.feed("/comments/feed", "I like it")
    links = "".join(f"<link rel=alternate type=application/rss+xml href={url}>" for url in (comments, feed))
    page = site.page("/", f"<!doctype html><html><head>{links}</head></html>")
    with network(tmp_path, f"{{url: {page}}}") as hub:
        assert hub.poll().new == 1
        assert hub.titles == ["Ward opens"]
        assert site.paths() == ["/", "/feed"]
        assert hub.poll().not_modified == 1
        assert site.paths() == ["/feed"]
        # Once it is gone the page is asked again.
        site.page("/feed", "", status=404)
        moved = site.feed("/rss", "Clinic moves")
        site.page("/", f"<!doctype html><html><head>{links.replace(feed, moved)}</head></html>")
        assert hub.poll().new == 1
        assert site.paths() == ["/feed", "/", "/rss"]


def test_a_feed_that_a_page_names_is_not_followed_where_it_is_polled_already(
    site: Site, tmp_path: Path
) -> None:
    feed = site.feed("/feed", "Ward opens")
    link = f"<link rel=alternate type=application/rss+xml href={feed}>"
    events = site.page("/events", f"<!doctype html><html><head>{link}</head></html>")
    with network(tmp_path, f"{{url: {events}}}", f"{{url: {feed}}}") as hub:
        figures = hub.poll()
        assert (figures.new, figures.failed) == (1, 1)
        assert "It names these feeds" in (hub.state.error or "")


def test_a_feed_that_a_page_names_on_another_host_must_be_public(site: Site, tmp_path: Path) -> None:
    with serving("127.0.0.2") as inside:
        link = f"<link rel=alternate type=application/rss+xml href={inside.feed('/feed', 'Inside')}>"
        page = site.page("/", f"<!doctype html><html><head>{link}</head></html>")
        with network(tmp_path, f"{{url: {page}}}") as hub:
            assert hub.poll().new == 0
            assert "is an HTML page, not a feed" in (hub.state.error or "")
        assert inside.asked == []


def test_another_address_may_be_of_another_kind(site: Site, tmp_path: Path) -> None:
    page = site.page("/list", _item("a", "12 November 2026"))
    other = f"{{url: {page}, kind: html, select: {_SELECT}}}"
    with network(tmp_path, f"{{url: {site.url}/feed, else: [{other}]}}") as hub:
        assert hub.poll().new == 1
        assert site.paths() == ["/feed", "/list"]
        hub.poll()
        assert site.paths() == ["/list"]


def test_a_feed_is_tried_where_robots_may_not_read_the_site(site: Site, tmp_path: Path) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /\n")
    page, feed = site.page("/list", _item("a", "12 November 2026")), site.feed("/feed", "Ward opens")
    with network(tmp_path, f"{{url: {page}, kind: html, select: {_SELECT}, else: [{feed}]}}") as hub:
        assert hub.poll().new == 1
        assert site.paths() == ["/feed"]


# ---------------------------------------------------------------- hub feeds check


def _pasted(shown: str, kind: str) -> str:
    """The YAML that is shown under a kind, as the feeds of a member."""
    lines = shown[shown.index(f"\n{kind} (") :].splitlines()[2:]
    first = next(number for number, line in enumerate(lines) if line.startswith("      - url:"))
    taken = [lines[first]]
    for line in lines[first + 1 :]:
        if not line.startswith("        "):
            break
        taken.append(line)
    return "\n".join(taken) + "\n"


def test_a_check_shows_what_each_kind_finds_and_what_to_paste(site: Site, tmp_path: Path) -> None:
    posts = [post(site, "posts", number) for number in range(25, 0, -1)]
    home = wordpress(site, {"posts": posts, "events": [post(site, "events", 30)]})
    types = {"post": {"rest_base": "posts"}, "page": {"rest_base": "pages"}, "event": {"rest_base": "events"}}
    site.page("/cms/wp-json/wp/v2/types", json.dumps(types))
    for number in range(1, 8):
        site.page(f"/{number}", article(f"Page {number}", published=f"2026-11-{number:02}"))
    map_url = sitemap(site, "/map.xml", [(f"/{number}", f"2026-11-{number:02}") for number in range(1, 8)])
    site.page("/robots.txt", f"Sitemap: {map_url}\n")
    rows = "".join(
        f"<li class='card post-{number}'><a href='/n/{number}'><h3>Ward {number} opens</h3></a>"
        f"<span class='meta date'>{number} November 2026</span></li>"
        for number in range(1, 6)
    )
    head = site.pages["/"][2].decode()
    site.page("/", f"{head}<nav><ul><li><a href=/about>About us all</a></li></ul></nav><ul>{rows}</ul>")
    hub = Hub(tmp_path)
    hub.config.write_text(f"{LOOPBACK}members: []\n")
    done = hub.run("feeds", "check", home)
    assert done.returncode == 0, done.stderr
    assert f"{home} is an HTML page, not a feed, and names none." in done.stdout
    assert (
        f"wordpress ({home}): 26 entries, 26 of them with a date\n    03 Feb 2026  The events" in done.stdout
    )
    assert f"sitemap ({map_url}): 5 entries" in done.stdout
    assert "Remark: 2 more are left for the next polls." in done.stdout
    assert f"html ({home}): 5 entries, 5 of them with a date\n    05 Nov 2026  Ward 5 opens\n" in done.stdout
    assert "Take wordpress:" in done.stdout
    for kind, entries in (("wordpress", 26), ("sitemap", 7), ("html", 5)):
        pasted = _pasted(done.stdout, kind)
        hub = Hub(tmp_path / kind)
        hub.folder.mkdir()
        hub.config.write_text(f"{LOOPBACK}members:\n  - slug: a\n    name: A\n    feeds:\n{pasted}")
        figures = json.loads(hub.run("poll", "--json").stdout)
        assert figures["new"] == entries, pasted


@pytest.mark.parametrize(
    ("item", "date", "summary"),
    [
        (
            "<div class=card><p class=date>{day} Mar 2026</p><h3>{link}</h3><p class=text>On {day}</p></div>",
            "p.date",
            "p.text",
        ),
        (
            "<li class=row><p><b>{link}</b></p><p>{day} Mar 2026</p><p>On {day}</p></li>",
            "p:nth-of-type(2)",
            "p:nth-of-type(3)",
        ),
        (
            "<div class=row><div class=day><p>{day}</p><p>Mar</p><i class=year>2026</i></div>"
            "<h3>{link}</h3><p>On {day}</p><p>{link}</p></div>",
            "div.day",
            None,
        ),
    ],
)
def test_a_check_proposes_where_the_day_and_the_summary_stand(
    item: str, date: str, summary: str | None
) -> None:
    page = "".join(item.format(day=n, link=f"<a href=/{n}>Ward {n} opens</a>") for n in (5, 17, 26))
    kind = guess.guess(f"<html lang=en><main>{page}</main></html>", "https://east.example/", ZoneInfo("UTC"))
    assert kind is not None
    assert (kind.date, kind.summary) == (date, summary)


@pytest.mark.parametrize("aside", ["<!-- card -->", "<?php card ?>"])
def test_a_check_reads_past_what_is_no_part_of_a_page(aside: str) -> None:
    items = "".join(
        f"<li>{aside}<h3>{aside}<a href=/{n}>Ward {n} opens</a></h3><p>{n} Mar{aside} 2026</p></li>"
        for n in (5, 17)
    )
    kind = guess.guess(f"<ul>{items}{aside}</ul>", "https://east.example/", ZoneInfo("UTC"))
    assert kind is not None
    assert (kind.item, kind.title, kind.date) == ("li", "h3", "p")


@pytest.mark.parametrize("name", ["o:p", "item="])
def test_a_check_proposes_no_selector_for_a_name_that_cannot_stand_in_one(name: str) -> None:
    items = "".join(
        f"<{name} class=row><h3><a href=/{n}>Ward {n} opens</a></h3><{name}>{n} Mar 2026</{name}></{name}>"
        for n in (5, 17)
    )
    page = f"{items}<ul><li><a href=/a>Ward A opens</a></ul>"
    kind = guess.guess(page, "https://east.example/", ZoneInfo("UTC"))
    assert kind is None or name not in str(kind)


def test_a_check_of_a_page_that_names_a_feed_takes_the_feed(site: Site, tmp_path: Path) -> None:
    feed = site.feed("/feed", "Ward opens")
    link = f"<link rel=alternate type=application/rss+xml href={feed}>"
    page = site.page("/", f"<!doctype html><html><head>{link}</head></html>")
    hub = Hub(tmp_path)
    hub.config.write_text(f"{LOOPBACK}members: []\n")
    shown = hub.run("feeds", "check", page).stdout
    assert f"feed ({feed}): 1 entry" in shown
    assert f"      - url: {feed}\n" in shown
    assert f"Take feed: hub feeds add {feed}\n" in shown


def test_a_check_of_a_page_that_only_shows_a_link_to_a_feed_takes_the_feed(
    site: Site, tmp_path: Path
) -> None:
    feed = site.feed("/news.xml", "Ward opens")
    links = "<a href=/feedback>Feedback</a><a href=/comments/feed/>Comments feed</a><a href=/news.xml>RSS</a>"
    page = site.page("/", f"<!doctype html><html><body>{links}</body></html>")
    hub = Hub(tmp_path)
    hub.config.write_text(f"{LOOPBACK}members: []\n")
    shown = hub.run("feeds", "check", page).stdout
    assert f"feed ({feed}): 1 entry" in shown
    assert f"      - url: {feed}\n" in shown
    assert not {"/feedback", "/comments/feed/"} & {*site.paths()}


def test_a_check_of_a_page_without_any_news_says_what_was_tried(site: Site, tmp_path: Path) -> None:
    page = site.page("/hello", "<!doctype html><html><body><p>Hello</p></body></html>")
    hub = Hub(tmp_path)
    hub.config.write_text(f"{LOOPBACK}members: []\n")
    done = hub.run("feeds", "check", page)
    assert done.returncode == 1
    assert "is an HTML page, not a feed, and names none." in done.stderr
    assert "wordpress: There is no WordPress API" in done.stderr
    assert "sitemap: there is nothing at" in done.stderr
