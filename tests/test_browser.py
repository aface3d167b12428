"""The pages in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, sync_playwright

from hub.admin.users import invitation
from hub.store import Store, open_store
from hub.web.assets import assets
from tests.admin_hub import ADMIN, PASSWORD
from tests.commands import LOOPBACK, SOON, Hub
from tests.files import serving_files
from tests.site import Site, rss, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# In CI a test that cannot run is a fault, so there nothing is skipped.
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="needs Debian's chromium"
)

PATHS = (
    "/",
    "/members",
    "/member/east",
    "/tags",
    "/tag/stroke",
    "/search?q=stroke",
    "/subscribe",
    "/status",
    "/story/1",
    "/corrections",
    "/about",
    "/accessibility",
    "/privacy",
    "/digest/daily",
    "/feeds/all.atom",
    "/feeds/corrections.rss",
)
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 12
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
EVIL = """<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>
<a href="javascript:document.title='ran'">stroke</a><style>body{display:none}</style>
<svg onload="document.title='ran'"></svg><form action="https://evil.example/"><input name=a></form>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "Debian's chromium is not installed"
    with sync_playwright() as playwright:
        options = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        # Root has no sandbox to give.
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A hub with some odd news of two members, served."""
    hub = Hub(Path(tmp_path_factory.mktemp("hub")))
    with serving() as site:
        _publish(site, hub)
        assert hub.run("poll").returncode == 0
        with hub.serving("serve") as (_, address):
            yield address


TABLE = (
    "<table><thead><tr><th>Site</th><th>2025</th><th>2026</th></tr></thead>"
    "<tbody><tr><td>Kettering</td><td></td><td>28 days</td></tr></tbody>"
    f"<tfoot><tr><td>All {'of the county ' * 9}</td><td>1,234,567</td><td>2,345,678</td></tr></tfoot>"
    "</table>"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same as files, below a path of a server that knows nothing else; its address."""
    folder = tmp_path_factory.mktemp("files")
    with serving() as site, serving_files(folder / "served") as server:
        hub = Hub(folder)
        _publish(site, hub, head=LOOPBACK.replace("hub:\n", f"hub:\n  url: {server}/news\n"))
        assert hub.run("poll").returncode == 0
        done = hub.run("export", str(folder / "served" / "news"))
        assert done.returncode == 0, done.stderr
        yield f"{server}/news"


def _publish(site: Site, hub: Hub, head: str = LOOPBACK) -> None:
    titles = [f"Stroke news {number}" for number in range(40)]
    site.page(
        "/east",
        rss(site.url, LONG, "<script>document.title='ran'</script>", "أخبار الصحة", *titles, text=EVIL),
    )
    site.page("/west", rss(site.url + "/west", *titles[:3], "Waiting times", text=TABLE))
    rules = "tags:\n  - {term: stroke, label: Stroke, any: [stroke]}\n"
    nowhere = f"{site.url}/{'category-news-and-events-' * 6}feed"
    hub.write(
        {"east": [site.url + "/east"], "west": [site.url + "/west"], "north": [nowhere]},
        more=rules,
        head=head,
    )


@dataclass
class Watched:
    """What a page asked for and complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def watched(browser: Browser, request: pytest.FixtureRequest, address: str) -> Iterator[Watched]:
    width = getattr(request, "param", 1280)
    context = browser.new_context(viewport={"width": width, "height": 800})
    watched = Watched(context.new_page())

    def outside(route: Route, asked: Request) -> None:
        if asked.url.startswith(address):
            route.continue_()
        elif asked.resource_type == "image":
            # A publisher's own picture.
            route.fulfill(status=200, content_type="image/svg+xml", body=PICTURE)
        else:
            watched.asked.append(asked.url)
            route.abort()

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(message.text)

    context.route("**/*", outside)
    watched.page.on("console", said)
    yield watched
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_asks_for_nothing_elsewhere_and_breaks_no_rule_of_its_own(
    watched: Watched, address: str, path: str
) -> None:
    page = watched.page
    answer = page.goto(address + path)
    assert answer is not None
    assert answer.status == 200
    for width in (320, 375, 768, 930, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("window.innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.complaints == []
    assert watched.asked == []
    assert "ran" not in page.title()
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("document.querySelectorAll('main').length") == 1
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("document.documentElement.lang") != ""


def test_a_feed_that_is_opened_reads_as_a_page_and_gives_its_address(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/subscribe")
    page.get_by_role("link", name="RSS of Stroke", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Stroke"
    assert page.get_by_text(f"{address}/feeds/tag/stroke.rss", exact=True).is_visible()
    assert page.get_by_role("link", name="Stroke news 3", exact=True).is_visible()
    # What a program takes from there is the feed.
    assert page.request.get(page.url).headers["content-type"] == "application/rss+xml; charset=utf-8"
    page.get_by_role("link", name="The news as a page").click()
    assert page.url == f"{address}/tag/stroke"


@pytest.fixture
def german(tmp_path: Path) -> Iterator[str]:
    """The same hub for readers of German, whose words are long."""
    hub = Hub(tmp_path)
    with serving() as site:
        _publish(site, hub, head=LOOPBACK.replace("hub:\n", "hub:\n  language: de\n"))
        assert hub.run("poll").returncode == 0
        with hub.serving("serve") as (_, address):
            yield address


def test_pages_fit_in_a_language_of_long_words(browser: Browser, german: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    with closing(context.new_page()) as page:
        for path in PATHS:
            page.goto(german + path)
            assert page.evaluate("document.documentElement.lang") == "de"
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


@pytest.mark.parametrize("moment", ["29 September, 10:07", "29. September, 10:07", "29 septembre à 10:07"])
@pytest.mark.parametrize("watched", [1100, 1280], indirect=True)
def test_the_longest_date_stands_on_one_line_of_the_status_page(
    watched: Watched, address: str, moment: str
) -> None:
    watched.page.goto(f"{address}/status")
    heights = watched.page.locator("td > time").evaluate_all(
        "(all, moment) => all.map(each => { each.textContent = moment; return each.offsetHeight })", moment
    )
    assert max(heights) < 30


@pytest.mark.parametrize("watched", [320, 375], indirect=True)
@pytest.mark.parametrize("path", ["/", "/status", "/story/2"])
def test_a_page_fits_with_letters_twice_as_large(watched: Watched, address: str, path: str) -> None:
    watched.page.goto(address + path)
    watched.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("watched", [320, 1280], indirect=True)
def test_a_publishers_table_stays_a_table(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/search?q=waiting+times")
    page.get_by_role("link", name="Details").first.click()
    page.wait_for_url("**/story/*")
    cells = page.locator(".text td")
    above = page.locator(".text th").nth(2).bounding_box()
    below = cells.nth(2).bounding_box()
    assert above is not None
    assert below is not None
    assert above["x"] == below["x"]
    assert above["y"] < below["y"]
    assert cells.nth(1).is_visible()
    # A figure is not broken.
    lines = cells.last.evaluate(
        "cell => { const it = new Range(); it.selectNodeContents(cell); return it.getClientRects().length; }"
    )
    assert lines == 1


@pytest.mark.parametrize("watched", [360, 1280], indirect=True)
def test_members_are_sorted_by_a_link_that_is_seen_at_any_width(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/members")
    link = page.locator("main thead a").last
    box = link.bounding_box()
    assert box is not None
    assert box["width"] > 50
    assert box["height"] > 10
    link.click()
    page.wait_for_url("**/members?order=recent")


def test_a_keyboard_reaches_the_news_first(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + "/")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    assert focused == "Skip to the news"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == f"#{page.evaluate('document.querySelector(`main`).id')}"


def test_a_reader_finds_news_by_a_word_and_subscribes_to_it(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + "/")
    page.get_by_role("search").get_by_role("searchbox").fill("stroke 7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=stroke+7*")
    assert page.get_by_role("link", name="Stroke news 7").count() >= 1
    feed = page.locator("link[rel=alternate][type='application/atom+xml']").first.get_attribute("href")
    assert feed is not None
    fetched = page.request.get(address + feed if feed.startswith("/") else feed)
    assert "Stroke news 7" in fetched.text()


# How far some of the words in rows stand below the line that others of their row stand on.
OFF_LINE = """rows => Math.max(...rows.map(row => {
  const words = [row, ...row.querySelectorAll('*')].map(each => each.firstChild);
  const below = words.filter(each => each?.data?.trim() && !each.parentNode.closest('.unseen')).map(each => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return range.getBoundingClientRect().bottom;
  });
  return Math.max(...below.flatMap(one => below.map(other => Math.abs(one - other))).filter(off => off < 20));
}))"""


@pytest.mark.parametrize("watched", [320, 1280], indirect=True)
def test_a_mouse_has_24_pixels_for_what_stands_beneath_a_headline(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/search?q=stroke")
    lines = watched.page.locator(".byline > *, .topics li")
    assert min(lines.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")) >= 24


@pytest.fixture
def touched(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def test_a_finger_finds_each_link_on_the_line_of_its_words(touched: Page, address: str) -> None:
    touched.goto(f"{address}/search?q=stroke")
    touched.set_viewport_size({"width": 1024, "height": 640})
    links = touched.locator(".headline a, .byline > a, .topics a")
    assert min(links.evaluate_all("links => links.map(link => link.offsetHeight)")) >= 44
    assert touched.locator(".byline").evaluate_all(OFF_LINE) < 2
    touched.goto(address)
    assert touched.locator(".counted li, .subscribe").evaluate_all(OFF_LINE) < 2


def test_a_finger_finds_a_link_among_words_and_the_words_stay_a_sentence(touched: Page, address: str) -> None:
    touched.set_viewport_size({"width": 270, "height": 640})
    touched.goto(f"{address}/story/2")
    links = touched.locator(":is(.copies, .reasons) :is(a, summary)")
    lines = links.evaluate_all("links => links.map(link => [...link.getClientRects()])")
    assert all(line["height"] >= 44 for link in lines for line in link)
    member, headline = lines[:2]
    assert len(headline) > 1
    assert headline[0]["y"] == member[0]["y"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_failed_checks_are_seen_where_colours_are_forced(
    browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    sheets = "".join(assets(None)[name].rendered.body.decode() for name in ("hub.css", "admin/admin.css"))
    with closing(browser.new_context(forced_colors="active", color_scheme=scheme)) as context:
        page = context.new_page()
        page.set_content(
            f"<style>{sheets} #words {{ color: CanvasText; background: Canvas }}</style>"
            "<p id='words'>Checks</p><svg class='bar strip'><path class='bad' d='M0 0h9v9z'></path></svg>"
        )
        colour = "([of, what]) => getComputedStyle(document.querySelector(of))[what]"
        for drawn, written in (
            ((".bad", "fill"), ("#words", "color")),
            (("svg", "backgroundColor"), ("#words", "backgroundColor")),
        ):
            assert page.evaluate(colour, drawn) == page.evaluate(colour, written)


def test_older_news_is_a_page_away(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + "/")
    seen = page.locator("main h2 a, main h3 a").all_inner_texts()
    page.get_by_role("link", name="Older news").click()
    older = page.locator("main h2 a, main h3 a").all_inner_texts()
    assert seen
    assert older
    assert not set(seen) & set(older)


@pytest.mark.parametrize("path", ["/?kind=news", "/search?q=stroke&kind=news", "/subscribe?kind=news"])
def test_after_back_the_filters_say_what_the_list_is_of(watched: Watched, address: str, path: str) -> None:
    page = watched.page
    page.goto(address + path)
    kind = page.locator("main form select[name=kind]")
    kind.select_option("event")
    page.locator("main form button").click()
    page.wait_for_url("**kind=event**")
    page.go_back()
    page.wait_for_url("**kind=news**")
    assert kind.input_value() == "news"


@pytest.mark.parametrize("watched", [200, 320, 1280], indirect=True)
def test_a_members_own_site_shows_the_news_in_a_frame(watched: Watched, address: str) -> None:
    page = watched.page
    with serving() as theirs:
        framed = f"<iframe src='{address}/embed/news?limit=20&amp;scheme=light' width='100%'></iframe>"
        around = f"<!doctype html><link rel=icon href=data:,><body style='margin: 0'>{framed}"
        page.route(f"{theirs.url}/**", lambda route: route.continue_())
        page.emulate_media(color_scheme="dark")
        page.goto(theirs.page("/", around, Content_Type="text/html"))
        frame = page.frames[1]
        frame.wait_for_load_state()
        assert frame.locator("li > a").count() == 20
        assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert frame.evaluate("document.scripts.length") == 0
        # The page around it is light, so it is; and it lets that page's ground through.
        assert frame.evaluate("getComputedStyle(document.body).color") == "rgb(22, 25, 29)"
        assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        read = page.evaluate("url => fetch(url).then(got => got.text())", f"{address}/embed/fragment")
        assert read.startswith('<div class="hub-news"')
        assert watched.complaints == []
        assert watched.asked == []
        frame.get_by_role("link", name="All news of").click()
        page.wait_for_url(f"{address}/")


@pytest.mark.parametrize("path", ["/", "/subscribe", "/embed/fragment"])
def test_nobody_else_frames_any_other_page(watched: Watched, address: str, path: str) -> None:
    page = watched.page
    with serving() as theirs:
        around = f"<!doctype html><link rel=icon href=data:,><iframe src='{address}{path}'></iframe>"
        page.route(f"{theirs.url}/**", lambda route: route.continue_())
        page.goto(theirs.page("/", around, Content_Type="text/html"))
        assert any("frame-ancestors" in complaint for complaint in watched.complaints)


def test_the_subscribe_page_shows_what_a_members_site_would(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/subscribe?member=west")
    page.locator("#embed iframe").scroll_into_view_if_needed()
    frame = page.frame_locator("#embed iframe")
    frame.get_by_role("link", name="Waiting times").wait_for()
    assert frame.locator("li > a").count() == 4
    assert watched.complaints == []


@pytest.mark.parametrize("watched", [320, 1280], indirect=True)
def test_a_site_of_files_is_read_as_the_hubs_is(watched: Watched, files: str) -> None:
    page = watched.page
    page.route(f"{files}/**", lambda route: route.continue_())
    page.goto(f"{files}/")
    assert page.locator("form").count() == 0
    page.get_by_role("link", name="Stroke", exact=True).first.click()
    page.wait_for_url(f"{files}/tag/stroke/")
    page.get_by_role("link", name="Details").first.click()
    page.wait_for_url(f"{files}/story/*/")
    page.get_by_role("link", name="Subscribe").click()
    page.wait_for_url(f"{files}/subscribe/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("#embed iframe").scroll_into_view_if_needed()
    frame = page.frame_locator("#embed iframe")
    frame.get_by_role("link", name="All news of").wait_for()
    assert frame.locator("li > a").count() == 5
    assert watched.complaints == []
    assert watched.asked == []


def test_what_a_publisher_wrote_never_runs(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + "/search?q=stroke+news+9")
    page.get_by_role("link", name="Details").first.click()
    page.wait_for_url("**/story/*")
    assert page.locator("main form, main style, main svg, main iframe").count() == 0
    assert page.evaluate("[...document.links].filter(a => a.protocol == 'javascript:').length") == 0
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    assert "ran" not in page.title()


def enrol(page: Page, address: str, store: Store) -> None:
    """Make an account, by a link, which signs the browser in."""
    page.goto(address + invitation(store, ADMIN, now=datetime.now(UTC)))
    for name in ("password", "again"):
        page.fill(f"[name={name}]", PASSWORD)
    page.click("main button")


@pytest.mark.parametrize("width", [320, 1280])
def test_an_admin_without_scripts_sees_what_a_rule_finds_beside_it_and_saves_it(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    hub = Hub(tmp_path)
    with serving() as site:
        rules = "tags:\n  - {term: stroke, label: Stroke, any: [stroke]}   # ours\n"
        hub.write({"east": [site.feed("/feed", f"Garden {LONG}", "Stroke unit")]}, more=rules)
        assert hub.run("poll").returncode == 0
        with (
            hub.serving("serve") as (_, address),
            closing(open_store(hub.database)) as store,
            closing(
                browser.new_context(
                    java_script_enabled=False,
                    viewport={"width": width, "height": 800},
                    has_touch=width < 400,
                    is_mobile=width < 400,
                )
            ) as context,
        ):
            page = context.new_page()
            complaints: list[str] = []
            enrol(page, address, store)
            page.on("console", lambda message: complaints.append(message.text))
            page.get_by_role("link", name="Topics", exact=True).last.click()
            page.get_by_role("link", name="Edit Stroke").click()
            page.get_by_label("Any of these").fill("stroke\ngarden")
            page.get_by_role("button", name="Try it").click()
            heading = page.get_by_role("heading", name="It matches 2 stories").bounding_box()
            form = page.locator("#rule").bounding_box()
            assert heading
            assert form
            # What it finds is beside the form, or behind it and led to.
            if width > 1000:
                assert heading["x"] >= form["x"] + form["width"]
            else:
                assert heading["y"] >= form["y"] + form["height"]
                assert 0 <= heading["y"] < 800
            marks = page.locator("mark").all_inner_texts()
            assert {"Garden", "Stroke"} <= set(marks)
            assert page.locator("html").evaluate("html => html.scrollWidth") <= width
            small = page.locator(
                ":is(#rule, .tried, .beside) :is(button, select, textarea, .ticked)"
            ).evaluate_all(
                "all => all.map(each => each.getBoundingClientRect().height).filter(height => height < 44)"
            )
            assert small == []
            page.get_by_role("button", name="Save").first.click()
            assert "The topic Stroke was saved." in page.locator("#done").inner_text()
            assert "any: [stroke, garden]}   # ours" in hub.config.read_text()
            assert complaints == []


def test_what_an_admin_presses_stands_on_the_line_of_what_it_is_for(browser: Browser, tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.write({})
    first_lines = """([words, button]) => [words, button].map(each => {
        const range = document.createRange()
        range.selectNodeContents(each)
        return range.getClientRects()[0].bottom
    })"""
    with (
        hub.serving("serve") as (_, address),
        closing(open_store(hub.database)) as store,
        closing(browser.new_context(viewport={"width": 1100, "height": 800})) as context,
    ):
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        enrol(page, address, store)
        page.get_by_role("link", name="Accounts").click()
        for words, button in ((".who span", ".who button"), ("tbody th", "tbody button")):
            both = [page.locator(each).first.element_handle() for each in (words, button)]
            lines = page.evaluate(first_lines, both)
            assert abs(lines[0] - lines[1]) <= 3, (words, lines)
        assert page.locator("tbody button").first.evaluate("each => each.clientHeight") > 50
        # On paper nothing is pressed.
        page.emulate_media(media="print")
        for role in ("button", "navigation"):
            assert not page.get_by_role(role).locator("visible=true").count()
        # Among them, that a form for a password says whose it is.
        assert complaints == []


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/feeds", "/admin/published", "/admin/readers", "/admin/audit"]
)
def test_what_admins_are_told_in_tables_fits_where_a_name_is_a_long_word(
    browser: Browser, tmp_path: Path, path: str
) -> None:
    hub = Hub(tmp_path)
    with serving() as site:
        hub.write({"east": [site.feed("/feed", "Stroke")]})
        name = "Gesundheitsinnovationsnetzwerk"
        hub.config.write_text(hub.config.read_text().replace("Member east", name))
        assert hub.run("poll").returncode == 0
        with (
            hub.serving("serve") as (_, address),
            closing(open_store(hub.database)) as store,
            closing(browser.new_context(viewport={"width": 320, "height": 800})) as context,
        ):
            page = context.new_page()
            enrol(page, address, store)
            page.goto(address + path)
            for details in page.locator("main summary").all():
                details.click()
            assert name in page.locator("main").inner_text() or path == "/admin/audit"
            for width in (320, 375, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scripts", [False, True])
def test_the_page_of_a_check_that_is_under_way_looks_again_by_itself(
    browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    hub = Hub(tmp_path)
    with serving() as site:
        hub.write({"east": [site.feed("/feed", "Stroke")]})
        assert hub.run("poll").returncode == 0
        with (
            hub.serving("serve") as (_, address),
            closing(open_store(hub.database)) as store,
            closing(browser.new_context(java_script_enabled=scripts)) as context,
        ):
            page = context.new_page()
            enrol(page, address, store)
            page.goto(f"{address}/admin/feed/east/news")
            page.get_by_role("button", name="Check now").click()
            said = "It is being checked. This page looks again every two seconds."
            page.get_by_text(said).wait_for(timeout=SOON * 1000)
            # All of the ring around what was done, which has the focus, is in the window.
            assert page.locator("#done:focus").evaluate("each => each.getBoundingClientRect().top") >= 5
            # Nobody polls here, so that each look finds the same.
            for _ in range(2):
                with page.expect_request(f"{address}/admin/feed/east/news?*", timeout=SOON * 1000):
                    pass
                page.get_by_text(said).wait_for(timeout=SOON * 1000)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_an_admin_finds_the_line_that_is_wrong_in_a_feeds_document_by_keyboard(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    hub = Hub(tmp_path)
    with serving() as site:
        lines = rss(site.url, LONG, *(f"Stroke {number}" for number in range(80)), text=EVIL)
        wrong = lines.replace("<item>", "\n<item>").replace("Stroke 60</title>", "Stroke 60</titel>")
        number = wrong[: wrong.index("titel")].count("\n") + 1
        hub.write({"east": [site.page("/feed", wrong, Content_Type="text/xml")]})
        assert hub.run("poll").returncode == 0
        with (
            hub.serving("serve") as (_, address),
            closing(open_store(hub.database)) as store,
            closing(
                browser.new_context(
                    java_script_enabled=False,
                    color_scheme=scheme,
                    viewport={"width": width, "height": 800},
                )
            ) as context,
        ):
            page = context.new_page()
            complaints: list[str] = []
            enrol(page, address, store)
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(f"{address}/admin/feed/east/news")
            page.get_by_role("button", name="Show its document").focus()
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="What is wrong with it").wait_for(timeout=SOON * 1000)
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.locator("a:focus", has_text="See it").count():
                    break
            page.keyboard.press("Enter")
            page.wait_for_url(f"**#L{number}")
            line = page.locator(f"#L{number}").bounding_box()
            assert line
            assert 0 <= line["y"] < 800
            assert "Stroke 60</titel>" in page.locator(f"#L{number} code").inner_text()
            assert (
                f"Remark: it is not well-formed at line {number},"
                in page.locator(f"#L{number} + .at").inner_text()
            )
            assert page.locator("html").evaluate("html => html.scrollWidth") <= width
            assert page.locator(".source :is(script, img, svg, form, style)").count() == 0
            # What marks it is not of the ground's colour, in either scheme.
            colours = page.locator(f"#L{number} + .at").evaluate(
                "each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"
            )
            assert len(set(colours)) == 2
            assert complaints == []
