"""What an admin sees of a feed's document: its lines, what is wrong at which, what its server answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub.model import FeedKey, Gathered, Validators
from hub.web.admin import documents
from tests.admin_hub import AdminHub, an_admin_hub
from tests.commands import SOON
from tests.commands import Hub as Command
from tests.site import Site, rss, serving
from tests.web_hub import hrefs, news

EAST = FeedKey("east")
PAGE = "/admin/document/east/news"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def follow(hub: AdminHub, url: str, *, feed: str = "", hub_says: str = "") -> None:
    """Have the hub follow one feed alone, at an address, as it is said in YAML."""
    said = feed or f"{{url: {url}}}"
    hub.configure(
        f"hub: {{fetch: {{allow: [127.0.0.0/8], host_delay: 0s{hub_says}}}}}\n"
        f"members: [{{slug: east, name: East, feeds: [{said}]}}]\n"
    )


def seen(hub: AdminHub, fields: Mapping[str, str] | None = None) -> Any:
    """The page of the document once it has come."""
    return came(hub, begun(hub, fields))


def begun(hub: AdminHub, fields: Mapping[str, str] | None = None) -> str:
    """Where the page of a document will be that is asked for."""
    answer = hub.post(PAGE, fields or {})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def came(hub: AdminHub, page: str) -> Any:
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        tree = hub.tree(page)
        if not tree.xpath("//meta[@http-equiv='refresh']"):
            return tree
        time.sleep(0.2)
    raise AssertionError("nothing came of it")


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def facts(tree: Any) -> dict[str, str]:
    return {words(each.find("dt")): words(each.find("dd")) for each in tree.xpath("//dl[1]/div")}


def said(tree: Any) -> list[tuple[str, str]]:
    """What is said to be wrong, each with the line that it leads to, as that is written."""
    found = []
    for each in tree.xpath("//section[h2='What is wrong with it']/ul/li"):
        href = next(iter(each.xpath("a/@href")), "")
        lines = tree.xpath(f"//*[@id='{href[1:]}']/code") if href else []
        assert len(lines) == bool(href)
        found.append((words(each), lines[0].text_content() if lines else ""))
    return found


def shown(tree: Any) -> list[tuple[str, str]]:
    """The rows: number and text."""
    return [
        (words(each.xpath("span")[0]), each.xpath("code")[0].text_content())
        for each in tree.xpath("//*[contains(@class, 'source')]/div")
    ]


# ---------------------------------------------------------------- what is wrong, and where


def test_an_admin_sees_at_which_line_a_document_breaks(hub: AdminHub, site: Site) -> None:
    lines = rss(site.url, "One", "Two", "Three").replace("<item>", "\n<item>").replace("Two</t", "Two</tt")
    url = site.page("/feed", f"<?xml version='1.0'?>\n{lines}", Content_Type="application/rss+xml")
    follow(hub, url)
    (page,) = hub.tree("/admin/feed/east/news").xpath("//form[contains(@action, '/admin/document/')]")
    assert page.get("action") == PAGE
    tree = seen(hub)
    (remark, line), (empty, nowhere) = said(tree)
    assert remark.startswith("! Remark: it is not well-formed at line 4, column ")
    assert empty.startswith("! Remark: 1 of its entries have nothing in them")
    assert nowhere == ""
    assert line.startswith("<item><title>Two</ttitle>")
    rows = shown(tree)
    assert rows[0] == ("1", "<?xml version='1.0'?>")
    assert [number for number, _ in rows] == ["1", "2", "3", "4", "5"]
    (at,) = tree.xpath("//*[@id='L4']/following-sibling::*[1]")
    assert words(at) == remark.removesuffix(" See it in the document")
    found = facts(tree)
    assert found["Asked for"] == url
    assert found["Status"] == "200"
    assert found["Type"] == "application/rss+xml"
    assert found["Size"] == f"{len(lines) + 22:,} bytes"
    assert found["Read as"] == "RSS 2.0, by feedparser, since it is unusual or broken"
    # Nothing of it is stored.
    assert hub.sql("SELECT count(*) FROM polls") == [(0,)]


def test_the_document_of_a_feed_that_is_well_has_nothing_remarked(hub: AdminHub, site: Site) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(days=3))
    text = rss(site.url, "One", "Two", "Three").replace("Sun, 01 Nov 2026 09:00:00 +0000", soon)
    site.page("/there", text, Content_Type="text/xml")
    follow(hub, site.page("/feed", "", status=301, Location="/there"))
    tree = seen(hub)
    assert "Nothing that the hub would remark." in words(tree.find(".//main"))
    found = facts(tree)
    assert found["Redirected (301) to"] == f"{site.url}/there"
    assert found["Encoding"] == "utf-8; none is declared"
    assert found["Read as"] == "RSS 2.0, by the hub’s own reader"
    assert found["Entries"] == "3 entries, 3 with a date, 1 with a date to come"


def test_the_whole_document_is_asked_for_also_where_it_has_not_changed(hub: AdminHub, site: Site) -> None:
    url = site.page("/feed", rss(site.url, "One"), Content_Type="text/xml", ETag='"1"')
    follow(hub, url)
    now = datetime.now(UTC)
    polled = Gathered(
        feed=hub.feed(EAST),
        outcome="fetched",
        started=now,
        url=url,
        status=200,
        body_digest="x",
        validators=Validators(etag='"1"', url=url),
        entries=(replace(news("One"), feed=EAST),),
    )
    hub.settle(polled, now)
    assert facts(seen(hub))["Status"] == "200"
    ((_, headers),) = site.asked
    assert "if-none-match" not in headers


def test_a_document_is_shown_in_the_encoding_that_the_hub_reads_it_in(hub: AdminHub, site: Site) -> None:
    text = "<?xml version='1.0' encoding='utf-8'?>\n" + rss(site.url, "Über Gesundheit für alle Länder")
    site.page("/feed", text.encode("cp1252"), Content_Type="text/xml; charset=iso-8859-1")
    follow(hub, f"{site.url}/feed")
    tree = seen(hub)
    assert facts(tree)["Encoding"] == (
        "windows-1252; declared as iso-8859-1 by its header and utf-8 by itself"
    )
    assert "<title>Über Gesundheit für alle Länder</title>" in shown(tree)[1][1]
    site.page("/feed", rss(site.url, "Gesundheit für alle").encode("cp1252"), Content_Type="text/xml")
    tree = seen(hub)
    assert facts(tree)["Encoding"] == "windows-1252; none is declared"
    ((remark, _),) = said(tree)
    assert remark == "! Remark: it is not in the encoding it declares; read as windows-1252."


def test_what_is_no_character_and_dates_that_cannot_be_read_are_marked(hub: AdminHub, site: Site) -> None:
    text = (
        rss(site.url, "O\x08ne", "Two")
        .replace("<item>", "\n<item>")
        .replace("Sat, 31 Oct", "Someday, 77 Oct")
    )
    follow(hub, site.page("/feed", text, Content_Type="text/xml"))
    (left_out, at), (undated, where) = said(seen(hub))
    assert left_out.startswith("! Remark: characters that XML does not allow were left out")
    assert at.startswith("<item><title>O␈ne</title>")
    assert undated.startswith("! Remark: 1 date in it cannot be read, such as ‘Someday, 77 Oct 2026")
    assert where.startswith("<item><title>Two</title>")


def test_a_page_at_a_feeds_address_is_shown_as_text_with_why_it_is_no_feed(hub: AdminHub, site: Site) -> None:
    evil = "<script>document.title='ran'</script><img src=x onerror=alert(1)>"
    page = (
        f"<!doctype html>\n<html><head><meta charset=windows-1252>\n</head><body>Für alle{evil}</body></html>"
    )
    url = site.page("/feed", page.encode("cp1252"), Content_Type="text/html")
    follow(hub, url)
    tree = seen(hub)
    ((error, _),) = said(tree)
    assert error == f"! Error: {url} is an HTML page, not a feed, and names none."
    assert "Open it in a browser" in words(tree.find(".//main"))
    assert shown(tree)[-1] == ("3", f"</head><body>Für alle{evil}</body></html>")
    assert not tree.xpath("//script | //img[@src='x']")
    assert "Entries" not in facts(tree)


def test_broken_json_is_shown_where_it_breaks(hub: AdminHub, site: Site) -> None:
    text = '{"version": "https://jsonfeed.org/version/1.1",\n "title": "News",\n "items": [,]}'
    follow(hub, site.page("/feed", text, Content_Type="application/feed+json"))
    ((error, line),) = said(seen(hub))
    assert "broken JSON: Expecting value at line 3, column 12." in error
    assert line == ' "items": [,]}'


# ---------------------------------------------------------------- long ones


def test_of_a_long_document_the_beginning_and_what_is_wrong_is_shown_and_all_is_a_file(
    hub: AdminHub, site: Site
) -> None:
    lines = ["<rss version='2.0'><channel><title>News</title>", *(f"<x/>{' ' * 20}" for _ in range(60_000))]
    lines[50_000] = "<item><title>A & B</title></item>"
    text = "\n".join([*lines, "</channel></rss>"])
    follow(hub, site.page("/feed", text, Content_Type="text/xml"), hub_says="")
    tree = seen(hub)
    ((remark, line),) = said(tree)
    assert "at line 50001, column 16, where an & that" in remark
    assert line == lines[50_000]
    rows = shown(tree)
    numbers = [int(number) for number, _ in rows]
    assert numbers == [*range(1, 201), *range(49_996, 50_007)]
    gaps = [words(each) for each in tree.xpath("//p[@class='gap']")]
    assert gaps == ["49,795 lines are left out.", "9,996 lines are left out."]
    assert "It has 60,002 lines." in words(tree.find(".//main"))
    (file,) = hrefs(tree, "All of it as a file")
    answer = hub.get(file)
    assert answer.text == text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="east-news.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_document_on_one_line_is_broken_between_tags_and_marked_where_it_breaks(
    hub: AdminHub, site: Site
) -> None:
    text = rss(site.url, *(f"Title {number}" for number in range(300)), text="Words " * 30)
    assert len(text) > 77_000
    wrong = text.replace("Title 200</title>", "Title 200</titel>")
    follow(hub, site.page("/feed", wrong, Content_Type="text/xml"))
    tree = seen(hub)
    remark, line = said(tree)[0]
    assert "not well-formed at line 1, column " in remark
    assert line == "<title>Title 200</titel>"
    rows = shown(tree)
    assert rows[0] == ("1", "<rss version='2.0'>")
    assert rows[4:6] == [("", "<item>"), ("", "<title>Title 0</title>")]
    assert all(len(row) <= 2_000 for _, row in rows)
    assert "Long lines are broken between tags" in words(tree.find(".//main"))
    assert "lines as they stand here are left out." in words(tree.find(".//main"))


def test_what_cannot_be_broken_is_cut_and_says_so(hub: AdminHub, site: Site) -> None:
    text = rss(site.url, "One", text="x" * 9_000)
    follow(hub, site.page("/feed", text, Content_Type="text/xml"))
    tree = seen(hub)
    assert max(len(row) for _, row in shown(tree)) == 2_000
    assert "more characters of this line are left out." in words(tree.find(".//main"))


# ---------------------------------------------------------------- what was answered


def test_of_a_feed_that_cannot_be_had_the_answer_and_the_remedy_are_shown(hub: AdminHub, site: Site) -> None:
    url = site.page("/feed", "no", status=403, X_Guard="7", Set_Cookie="secret=1", Retry_After="3600")
    follow(hub, url)
    page = begun(hub)
    tree = came(hub, page)
    ((error, _),) = said(tree)
    assert error == f"! Error: {url} is not for the hub to read (403 Forbidden)."
    text = words(tree.find(".//main"))
    assert "ask the member's web team to let the hub through" in text
    assert "x-guard 7" in text
    assert "secret" not in text
    assert "set-cookie" not in text
    assert not shown(tree)
    assert hub.get(f"/admin/document.txt?feed=east/news&{page.partition('?')[2]}").status_code == 404
    # It asked to be left alone.
    assert "asked to be left alone until" in hub.refuses(PAGE)
    assert len(site.asked) == 1


def test_a_server_that_asked_to_be_left_alone_is_so_however_many_others_are_looked_at(
    hub: AdminHub, site: Site
) -> None:
    site.page("/feed", "wait", status=503, Retry_After="3600")
    names = [f"f{number}" for number in range(5)]
    others = "".join(f", {{name: {name}, url: {site.feed(f'/{name}', 'One')}}}" for name in names)
    follow(hub, "", feed=f"{{url: {site.url}/feed}}{others}")
    assert "503" in facts(seen(hub))["Status"]
    for name in names:
        came(hub, hub.post(f"/admin/document/east/{name}").headers["Location"])
    assert "asked to be left alone until" in hub.refuses(PAGE)
    assert site.paths().count("/feed") == 1


def test_what_a_document_calls_its_encoding_is_cut(hub: AdminHub, site: Site) -> None:
    follow(hub, site.page("/feed", f"<?xml version='1.0' encoding='{'A' * 500_000}'?><rss/>"))
    page = begun(hub)
    shown_as = facts(came(hub, page))["Encoding"]
    assert shown_as == f"utf-8; declared as {'A' * 59}… by itself"
    assert len(hub.html(page)) < 100_000


def test_nobody_is_asked_who_is_not_to_be(hub: AdminHub, site: Site) -> None:
    url = site.feed("/feed", "One")
    follow(hub, url)
    assert "has no such address" in hub.refuses(PAGE, {"address": f"{site.url}/other"})
    assert hub.post("/admin/document/east/blog").status_code == 404
    follow(hub, url, feed=f"{{url: {url}, paused: yes}}")
    assert "is paused in feeds.yaml" in hub.refuses(PAGE)
    assert "Show its document" not in hub.html("/admin/feed/east/news")
    assert site.asked == []
    follow(hub, "http://10.1.2.3/feed")
    ((error, _),) = said(seen(hub))
    assert "whose address" not in error
    assert "10.1.2.3, which is not public" in error


def test_while_a_slow_site_answers_the_page_says_so_and_looks_again(
    hub: AdminHub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_AT_FIRST", 0.1)
    follow(hub, site.feed("/feed", "One"))
    site.held["/feed"] = threading.Event()
    page = begun(hub)
    tree = hub.tree(page)
    assert tree.xpath("//meta[@http-equiv='refresh']")
    assert "It is being fetched. This page shows by itself what came" in words(tree.find(".//main"))
    # Whoever else wants to see it does not have it asked for once more.
    assert begun(hub) == page
    site.held["/feed"].set()
    assert facts(came(hub, page))["Entries"] == "1 entry, 1 with a date"
    assert site.paths() == ["/feed"]


def test_what_was_fetched_is_forgotten_after_some_more_and_the_page_says_so(
    hub: AdminHub, site: Site
) -> None:
    follow(hub, site.feed("/feed", "One"))
    assert "is not known any more" in words(hub.tree(f"{PAGE}?look=7"))
    assert hub.get("/admin/document.txt?feed=east/news&look=7").status_code == 404
    first = begun(hub)
    came(hub, first)
    for _ in range(4):
        seen(hub)
    assert "is not known any more" in words(hub.tree(first))


def test_another_address_of_the_feed_is_looked_at_too(hub: AdminHub, site: Site) -> None:
    url, other = site.feed("/feed", "One"), site.feed("/old", "Two")
    follow(hub, url, feed=f"{{url: {url}, else: [{other}]}}")
    tree = seen(hub)
    (form,) = tree.xpath("//section[h2='Its other addresses']//form")
    tree = seen(hub, dict(form.form_values()))
    assert facts(tree)["Asked for"] == other
    assert "Two" in shown(tree)[0][1]


# ---------------------------------------------------------------- sites that are no feed


def test_of_a_sitemap_what_is_fetched_first_is_shown_and_what_it_names(hub: AdminHub, site: Site) -> None:
    pages = "".join(f"\n<url><loc>{site.url}/news/{number}</loc></url>" for number in range(3))
    url = site.page(
        "/sitemap.xml", f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{pages}</urlset>"
    )
    follow(hub, url, feed=f"{{url: {url}, kind: sitemap}}")
    tree = seen(hub)
    assert facts(tree)["Read as"] == "sitemap"
    assert shown(tree)[1] == ("2", f"<url><loc>{site.url}/news/0</loc></url>")
    named = tree.xpath("//section[h2='What it names to be read']/ul/li/a/@href")
    assert sorted(named) == [f"{site.url}/news/{number}" for number in range(3)]
    assert [path for path, _ in site.asked] == ["/robots.txt", "/sitemap.xml"]


def test_a_site_that_forbids_robots_is_not_asked(hub: AdminHub, site: Site) -> None:
    url = site.page("/news", "<article><a href=/1>One</a></article>", Content_Type="text/html")
    follow(hub, url, feed=f"{{url: {url}, kind: html, select: {{item: article}}}}")
    tree = seen(hub)
    assert facts(tree)["Read as"] == "html"
    assert facts(tree)["Entries"] == "1 entry, 0 with a date"
    site.page("/robots.txt", "User-agent: *\nDisallow: /", Content_Type="text/plain")
    site.paths()
    ((error, _),) = said(seen(hub))
    assert "does not let the hub fetch it" in error
    assert site.paths() == []


def test_of_wordpress_the_page_that_names_its_api_is_shown_and_the_posts_it_leads_to(
    hub: AdminHub, site: Site
) -> None:
    link = f"<link rel='https://api.w.org/' href='{site.url}/wp-json/'>"
    url = site.page("/", f"<html><head>{link}</head></html>", Content_Type="text/html")
    follow(hub, url, feed=f"{{url: {url}, kind: wordpress}}")
    tree = seen(hub)
    assert facts(tree)["Read as"] == "wordpress"
    (named,) = tree.xpath("//section[h2='What it names to be read']/ul/li/a/@href")
    assert named.startswith(f"{site.url}/wp-json/wp/v2/posts?")


# ---------------------------------------------------------------- by a command


def test_the_command_shows_the_same(tmp_path: Path, site: Site) -> None:
    hub = Command(tmp_path)
    text = rss(site.url, "One", "T\x1b[31mwo").replace("<item>", "\n<item>").replace("wo</t", "wo</tt")
    url = site.page("/feed", text, Content_Type="text/xml")
    site.page("/sitemap.xml", "<urlset></urlset>", Content_Type="text/xml")
    hub.write(
        {"east": [url]},
        more=f"  - {{slug: west, name: W, feeds: [{{url: {site.url}/sitemap.xml, kind: sitemap}}]}}\n",
    )
    shown = hub.run("feeds", "check", url, "--document")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == f"Asked for: {url}"
    assert "Read as: RSS 2.0, by feedparser, since it is unusual or broken" in lines
    at = next(
        number for number, line in enumerate(lines) if line.startswith("        ! Remark: it is not well")
    )
    assert lines[at].endswith("at line 3, column 23 (mismatched tag); read as far as possible.")
    assert lines[at - 2].startswith("     3  <item><title>T␛[31mwo</ttitle>")
    assert "Read as: sitemap" in hub.run("feeds", "check", f"{site.url}/sitemap.xml", "--document").stdout
    missing = hub.run("feeds", "check", f"{site.url}/nothing", "--document")
    assert missing.returncode == 1
    assert f"Error: there is nothing at {site.url}/nothing (404 Not Found)." in missing.stdout
    assert hub.run("feeds", "check", "--document").returncode == 2


def test_what_a_server_calls_its_headers_writes_nothing_to_a_terminal(tmp_path: Path, site: Site) -> None:
    hub = Command(tmp_path)
    hub.write({"east": [f"{site.url}/feed"]})
    url = site.page("/feed", "", status=404, **{"X\x1b]0;mine\x07\x9b2J": "1", "Y" * 500: "2"})
    shown = hub.run("feeds", "check", url, "--document").stdout
    assert "    x\\x1b]0;mine\\x07\\x9b2j: 1\n" in shown
    assert f"    {'y' * 59}…: 2\n" in shown
    assert all(character.isprintable() or character == "\n" for character in shown)
