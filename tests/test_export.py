"""`hub export`: the site as files, shown by a server that knows nothing of the hub."""

from __future__ import annotations

import errno
import html
import json
import os
import re
import resource
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import urlopen

import feedparser
import pytest
from lxml import etree
from lxml import html as lxml_html

from hub import export, mending
from hub.errors import BusyError, ConfigError, HubError
from hub.export.folder import LIST, Folder, _lock, open_folder
from hub.model import Tag
from hub.store import back_up, existing_store
from hub.web.static import Place, StaticSite, file_at
from tests import rfc4287
from tests.commands import SOON, end_within, within
from tests.commands import Hub as Commands
from tests.files import serving_files
from tests.web_hub import EAST, NETWORK, NOW, SAFETY, WESSEX, Hub, ago, news


class Exported:
    """A hub with news of a year, and a folder that it is exported to, served as if at `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.hub = Hub(folder, _network(url))
        self.config = folder / "feeds.yaml"
        self.config.write_text(_network(url), encoding="utf-8")
        self.root = folder / "served" / unquote(urlsplit(url).path).strip("/")

    def export(self, now: datetime = NOW) -> str:
        return export.run(self.config, f"sqlite:///{self.hub.file}", self.root, templates=None, now=now)

    @property
    def files(self) -> dict[str, bytes]:
        """What is there, without the export's own list."""
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file() and file.name != LIST
        }

    @property
    def pages(self) -> int:
        """How many there are, also while an export writes them, of which a file may be gone again at once."""
        return sum(1 for _ in self.root.rglob("*.html"))

    @property
    def stats(self) -> dict[str, int]:
        return {str(file): file.stat().st_mtime_ns for file in self.root.rglob("*") if file.is_file()}


def _network(url: str) -> str:
    return NETWORK.replace("hub:\n", f"hub:\n  url: {url}\n  contact: news@example.org\n", 1)


def fill(hub: Hub, number: int = 230) -> None:
    """Have a year's news come in of two members, some of it the same."""
    hub.publish(WESSEX, news("w-0", at=ago(days=365)), at=ago(days=365))
    many = [
        news(f"w-{n}", f"Number {n} & <more>", at=ago(hours=7 * n), tags=(SAFETY,) if n % 3 else ())
        for n in range(1, number)
    ]
    hub.publish(WESSEX, *many, at=ago(minutes=30))
    alone = news("alone", "Without a page", link=None, at=ago(days=2))
    shared = news("copy", "Number 3 & <more>", link="https://wessex.example/w-3", at=ago(hours=20))
    hub.publish(EAST, news("e-0", at=ago(days=30)), at=ago(days=30))
    hub.publish(EAST, alone, shared, at=ago(minutes=20))


@pytest.fixture(scope="module", params=["", "/news", "/nouvelles/%C3%A9t%C3%A9"])
def exported(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Exported]:
    """One that is on a server, at its root and below paths; none of these tests changes it."""
    folder = tmp_path_factory.mktemp("hub")
    with serving_files(folder / "served") as address:
        made = Exported(folder, address + request.param)
        with closing(made.hub):
            fill(made.hub, 205)
            made.export()
            yield made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Exported]:
    made = Exported(tmp_path, "https://news.example.org")
    with closing(made.hub):
        fill(made.hub, 40)
        yield made


# ---------------------------------------------------------------- what is there, and where it leads


def _leads_to(address: str, media_type: str, body: bytes) -> Iterator[str]:
    """All addresses that a page, a feed or a list of feeds leads to."""
    if media_type == "text/html":
        tree: Any = lxml_html.fromstring(body, parser=lxml_html.HTMLParser(encoding="utf-8"))
        assert not tree.xpath("//form | //input | //select")
        yield from (urljoin(address, found) for found in tree.xpath("//@href | //@src"))
        yield from re.findall(r"https?://[^\s<>\";]+", " ".join(tree.xpath("//code//text()")))
    elif address.endswith(".json"):
        feed = json.loads(body)
        yield from (feed[name] for name in ("home_page_url", "feed_url", "next_url") if name in feed)
        yield from (item["url"] for item in feed["items"])
    elif urlsplit(address).path.endswith((".atom", ".rss", ".xml")):
        document: Any = etree.fromstring(body)
        yield from document.xpath("//@href | //@xmlUrl | //@htmlUrl")
        yield from document.xpath("//*[local-name() = 'link' and namespace-uri() = '']/text()")


def _opened(address: str) -> Any:
    try:
        return urlopen(address)
    except HTTPError as error:
        raise AssertionError(f"{address} answers {error.code}") from error


def _followed(start: str, inside: str) -> dict[str, tuple[str, bytes]]:
    """All that is reached from an address by links, on the same site, each there and where it was said."""
    found: dict[str, tuple[str, bytes]] = {}
    parts: set[tuple[str, str]] = set()
    waiting = [start]
    while waiting:
        address, part = urldefrag(waiting.pop())
        parts.add((address, part))
        if address in found or not address.startswith(inside):
            continue
        with _opened(address) as answer:
            # A story without a page has one of ours, whose address in feeds is the one that the hub serves.
            assert answer.url == address or re.search(r"/story/\d+$", address), (address, answer.url)
            found[address] = answer.headers.get_content_type(), answer.read()
        waiting.extend(_leads_to(address, *found[address]))
    for address, part in parts:
        assert not (part and address in found) or f'id="{part}"'.encode() in found[address][1], (
            address,
            part,
        )
    return found


def test_every_link_leads_to_what_is_there_and_all_that_is_there_is_linked(exported: Exported) -> None:
    found = _followed(f"{exported.url}/", f"{exported.url}/")
    paths = {urlsplit(address.removeprefix(exported.url)).path for address in found}
    assert {"/", "/members/", "/member/east/", "/tags/", "/tag/safety/", "/subscribe/", "/status/"} <= paths
    assert {"/corrections/", "/about/", "/accessibility/", "/privacy/", "/digest/daily/"} <= paths
    assert {"/opml.xml", "/opml/merged.xml", "/members/order/latest/", "/static/hub.css"} <= paths
    for name in ("all", "tag/stroke", "member/wessex", "merged/safe-south", "digest/weekly", "corrections"):
        assert {f"/feeds/{name}.atom", f"/feeds/{name}.rss", f"/feeds/{name}.json"} <= paths
    assert {"/events.ics", "/events/tag/stroke.ics", "/events/member/east.ics"} <= paths
    assert "/events/merged/safe-south.ics" in paths
    files = {f"/{name.removesuffix('index.html')}" for name in exported.files}
    reached = {unquote(path) for path in paths if not re.search(r"/story/\d+$", path)}
    # Which feeds have told of, and tell of no more; and which members' sites may have.
    digests = {"/digest/2025-11-24/", "/digest/2025-W48/", "/digest/2026-10-25/"}
    embeds = {"/embed/news/", "/embed/fragment/"}
    # Of a member's sites people are led to one format, and have the others too.
    told = {
        f"/feeds/status/{slug}.{kind}" for slug in ("wessex", "east", "national") for kind in ("rss", "json")
    }
    assert files - reached == {"/404.html", "/static/embed.css", *digests, *embeds, *told} - reached


def test_older_pages_and_feeds_together_have_all_news(exported: Exported) -> None:
    page, stories = f"{exported.url}/", list[str]()
    while page:
        with urlopen(page) as answer:
            tree: Any = lxml_html.fromstring(answer.read())
        stories += tree.xpath("//article//a[starts-with(., 'Details')]/@href")
        page = next((urljoin(page, href) for href in tree.xpath("//a[@rel='next']/@href")), "")
    assert len(stories) == len(set(stories)) == exported.hub.store.totals().stories
    for ending in ("atom", "rss"):
        feed, ids = f"{exported.url}/feeds/member/wessex.{ending}", []
        while feed:
            parsed = feedparser.parse(feed)
            assert not parsed.bozo
            ids += [entry.id for entry in parsed.entries]
            feed = next((link.href for link in parsed.feed.links if link.rel == "next"), "")
        assert len(ids) == len(set(ids)) == 205


def test_feeds_are_those_that_the_hub_serves(exported: Exported) -> None:
    for name, body in exported.files.items():
        if name.endswith(".atom"):
            assert rfc4287.violations(body) == []
    for ending in ("atom", "rss", "json"):
        served_by_hub = exported.hub.get(f"/feeds/tag/stroke.{ending}").data
        # A page has a slash behind it, where it is a file in a folder.
        assert exported.files[f"feeds/tag/stroke.{ending}"] == re.sub(
            rb"/tag/stroke(?=[\"<])", b"/tag/stroke/", served_by_hub
        )


def test_events_are_a_calendar_that_is_a_file(site: Exported) -> None:
    day, of_kind = NOW.date() + timedelta(days=9), Tag("events", "", kind="event")
    site.hub.publish(EAST, news("talk", event_date=day, tags=(of_kind,)), at=NOW)
    site.export()
    for name in ("events.ics", "events/tag/events.ics", "events/member/east.ics"):
        # The page that it names has a slash behind it where it is a file, and so has no story without a page.
        served_by_hub = re.sub(
            rb"(?m)^(URL:\S+/(?:tag|member)/\w+)\r$", rb"\1/\r", site.hub.get(f"/{name}").data
        )
        assert site.files[name] == served_by_hub
        assert b"\r\nSUMMARY:News talk\r\n" in site.files[name]
    assert b'href="/subscribe/#calendar">Put these events' in site.files["index.html"]
    assert b"https://news.example.org/events.ics</code>" in site.files["subscribe/index.html"]


def test_a_page_is_the_hubs_own_without_what_needs_a_hub(site: Exported) -> None:
    site.export()

    def lines(page: str) -> list[str]:
        # Where a page has a folder to itself, its address has a slash.
        return page.replace("/opml.xml", "/opml").replace('/"', '"').split()

    page, served_by_hub = site.files["story/1/index.html"].decode(), site.hub.html("/story/1")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*)">\n', page)
    search = re.search(r'<form class="search".*?</form>', served_by_hub, re.DOTALL)
    assert policy
    assert search
    headers = site.hub.get("/story/1").headers
    assert headers["Content-Security-Policy"] == f"{html.unescape(policy[1])}; frame-ancestors 'none'"
    assert lines(page.replace(policy[0], "")) == lines(served_by_hub.replace(search[0], ""))
    assert "search" not in site.files["404.html"].decode()
    assert "Make your own" not in site.files["subscribe/index.html"].decode()
    assert not any("without" in name or b"without=" in body for name, body in site.files.items())


def test_the_frame_for_members_sites_is_there_in_each_scheme(site: Exported) -> None:
    site.export()
    subscribe = site.files["subscribe/index.html"].decode()
    for rest, scheme in (("/scheme/light", "light"), ("/scheme/dark", "dark"), ("", "light dark")):
        assert f"https://news.example.org/embed/news/limit/5{rest}/" in subscribe
        page = site.files[f"embed/news/limit/5{rest}/index.html"].decode()
        assert f'<meta name="color-scheme" content="{scheme}">' in page
        assert page.count("<li>") == 5
        assert 'href="https://news.example.org/"' in page
    assert site.files["embed/fragment/limit/5/index.html"].startswith(b'<div class="hub-news"')
    # What a member's site has of a hub is answered by the files of it, too.
    for name in ("news", "fragment"):
        assert site.files[f"embed/{name}/index.html"] == site.files[f"embed/{name}/limit/5/index.html"]


def test_a_hub_without_news_is_a_site_that_says_so(tmp_path: Path) -> None:
    with serving_files(tmp_path / "served") as address:
        made = Exported(tmp_path, address)
        with closing(made.hub):
            made.export()
        found = _followed(f"{address}/", f"{address}/")
    assert "The first check of 3 members is under way" in found[f"{address}/"][1].decode()
    assert b"<entry>" not in found[f"{address}/feeds/all.atom"][1]


def test_a_networks_own_templates_are_used_and_its_search_leads_to_no_file(site: Exported) -> None:
    templates = site.config.parent / "templates"
    templates.mkdir()
    own = '<a href="{{ addresses.to("/about") }}">Ours</a> <a href="{{ addresses.search() }}">Search</a>'
    (templates / "footer.html").write_text(own)
    site.export()
    export.run(site.config, f"sqlite:///{site.hub.file}", site.root, templates=templates, now=NOW)
    assert b'<a href="/about/">Ours</a>' in site.files["story/1/index.html"]
    assert "search/index.html" not in site.files
    for broken, told in (
        ("footer.html", "'nothing' is undefined"),
        ("tag.html", "the hub answers it with 500"),
    ):
        (templates / broken).write_text("{{ nothing.at_all }}")
        with pytest.raises(HubError, match=f"could not be made: {told}"):
            export.run(site.config, f"sqlite:///{site.hub.file}", site.root, templates=templates, now=NOW)
        (templates / broken).unlink()


def test_a_folder_of_templates_may_hold_files_of_any_kind_and_name(site: Exported) -> None:
    templates = site.config.parent / "templates"
    for name in ("static/logo.png", "static/h#y.css", "static/q?x.css", "static/50%25.css", ".git/index"):
        (templates / name).parent.mkdir(parents=True, exist_ok=True)
        (templates / name).write_bytes(b"\xff" + name.encode())
    own = """<img src="{{ asset('logo.png') }}"><img src="{{ asset('h#y.css') }}">"""
    (templates / "footer.html").write_text(own)

    def again() -> str:
        return export.run(site.config, f"sqlite:///{site.hub.file}", site.root, templates=templates, now=NOW)

    again()
    for name in ("static/logo.png", "static/h#y.css", "static/q?x.css", "static/50%25.css"):
        assert site.files[name] == b"\xff" + name.encode()
    assert b'"/static/h%23y.css?v=' in site.files["index.html"]
    (templates / ".git" / "index").write_bytes(b"\xff other")
    before = site.stats
    assert ", 0 written" in again()
    assert site.stats == before
    (templates / "footer.html").write_text("Other")
    again()
    assert b"logo.png" not in site.files["story/1/index.html"]


def test_files_name_nobody_who_would_push_them(tmp_path: Path) -> None:
    site = Exported(tmp_path, "https://news.example.org")
    with closing(site.hub):
        fill(site.hub, 3)
        site.export()
        assert b'rel="hub"' in site.hub.get("/feeds/all.atom").data
        for name in ("feeds/all.atom", "feeds/all.rss", "feeds/all.json", "privacy/index.html"):
            assert b"websub" not in site.files[name].lower()


def test_a_site_without_an_address_is_refused(site: Exported) -> None:
    site.config.write_text(NETWORK, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"hub\.url is missing"):
        site.export()
    assert not site.root.exists()


def test_an_export_beside_the_database_or_the_list_of_feeds_is_refused(site: Exported) -> None:
    for root in (site.config.parent, Path("/")):
        site.root = root
        with pytest.raises(HubError, match="would be served to everybody"):
            site.export()
    assert not (site.config.parent / LIST).exists()


def test_a_link_beside_the_files_to_the_database_is_refused(site: Exported) -> None:
    site.root.mkdir(parents=True)
    link = site.root / "hub.db"
    link.symlink_to(site.hub.file)
    with pytest.raises(HubError, match="would be served to everybody"):
        export.run(site.config, f"sqlite:///{link}", site.root, templates=None, now=NOW)


def test_nothing_is_written_through_a_link_in_place_of_an_exports_own_files(tmp_path: Path) -> None:
    theirs, root = tmp_path / "theirs", tmp_path / "served"
    theirs.write_text("mine")
    root.mkdir()
    (root / LIST).symlink_to(theirs)
    with pytest.raises(HubError, match=rf"{LIST} was not written by an export"), open_folder(root):
        pass
    (root / LIST).unlink()
    (root / f"{LIST}.part").symlink_to(theirs)
    with open_folder(root) as folder:
        folder.put("index.html", b"page")
        folder.finish("a" * 32, "b" * 32)
    assert theirs.read_text() == "mine"
    assert not (root / "index.html").is_symlink()
    assert sorted(file.name for file in root.iterdir()) == [LIST, "index.html"]


# ---------------------------------------------------------------- again and again


def test_a_second_export_writes_nothing(site: Exported) -> None:
    assert re.fullmatch(r".*: (\d+) files, \1 written, 0 taken away\.", site.export())
    before = site.stats
    assert ", 0 written, 0 taken away." in site.export()
    assert site.stats == before
    # The day changes its headings, and nothing else.
    assert ", 0 written" not in site.export(NOW + timedelta(days=1))
    changed = {name for name, when in site.stats.items() if before.get(name) != when}
    assert str(site.root / "story" / "2" / "index.html") not in changed
    assert str(site.root / "index.html") in changed


def test_pages_of_days_and_weeks_that_feeds_told_of_stay_for_a_year(site: Exported) -> None:
    told = set[str]()
    for days, there in ((1, True), (60, True), (364, True), (400, False)):
        site.export(NOW + timedelta(days=days))
        for rhythm in ("daily", "weekly"):
            feed = feedparser.parse(site.files[f"feeds/digest/{rhythm}.atom"])
            told.update(file_at(urlsplit(entry.link).path) for entry in feed.entries)
        assert len(told) >= 1
        assert {name in site.files for name in told} == {there}


def test_no_page_is_made_of_days_on_which_nothing_came_in(
    site: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made, without = StaticSite.make, set[str](), set[str]()

    def watched(files: StaticSite, place: Place) -> bytes | None:
        body = make(files, place)
        (without if body is None else made).add(place.path)
        return body

    monkeypatch.setattr(StaticSite, "make", watched)
    site.export()
    assert {"/digest/2025-11-24", "/digest/2025-W48", "/digest/2026-10-25"} <= made
    assert [path for path in without if path.startswith("/digest/")] == []


def test_news_changes_no_older_page_of_a_list(site: Exported) -> None:
    fill(site.hub, 100)
    site.export()
    before = site.files
    assert any("/before/" in f"/{name}" for name in before)
    site.hub.publish(WESSEX, news("new", "The very latest", at=NOW), at=NOW)
    site.export()
    changed = {name for name, body in site.files.items() if body != before.get(name)}
    assert "index.html" in changed
    assert not [name for name in changed if "/before/" in f"/{name}"]
    assert before.keys() < site.files.keys()


def _withdraw(site: Exported, title: str) -> None:
    with closing(existing_store(f"sqlite:///{site.hub.file}")) as store:
        (entry,) = (each for each in store.walk() if each.entry.title == title)
        store.withdraw([entry.key], "It was an error.", NOW)


def test_other_news_is_written_where_a_backup_was_put_back_and_as_much_was_changed_again(
    site: Exported,
) -> None:
    site.hub.close()
    database, copy = f"sqlite:///{site.hub.file}", site.config.parent / "copy.db"
    back_up(database, copy)
    _withdraw(site, "Number 5 & <more>")
    site.export()
    mending.restore(database, copy, now=NOW)
    _withdraw(site, "Without a page")
    site.export()
    assert b"Number 5 &amp; &lt;more&gt;" in site.files["index.html"]
    assert [name for name, body in site.files.items() if b"Without a page" in body] == []


def test_no_file_leads_to_one_that_is_written_after_it(
    site: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.export()
    put, before = Folder.put, site.files.keys()
    too_early: set[str] = set()
    leads = re.compile(rb'(?:https://news\.example\.org|href=")(/[^"?#<]*)')

    def watched(folder: Folder, name: str, body: bytes) -> None:
        if name in before:
            files = {file_at(each.decode()) for each in leads.findall(body)}
            too_early.update(file for file in files if not (site.root / file).is_file())
        put(folder, name, body)

    monkeypatch.setattr(Folder, "put", watched)
    tag = Tag("dementia", "Dementia")
    many = [news(f"n-{n}", f"The very latest {n}", at=ago(minutes=n), tags=(tag,)) for n in range(35)]
    site.hub.publish(WESSEX, *many, at=NOW)
    site.export()
    assert {"tag/dementia/index.html", "feeds/tag/dementia.atom"} <= site.files.keys() - before
    assert any("/before/" in f"/{name}" for name in site.files.keys() - before)
    assert too_early & site.files.keys() == set()


def test_a_story_that_was_withdrawn_goes_and_its_address_says_so(site: Exported) -> None:
    site.export()
    said = [name for name, body in site.files.items() if b"Without a page" in body]
    assert said
    with closing(existing_store(f"sqlite:///{site.hub.file}")) as store:
        (entry,) = (each for each in store.walk() if each.entry.title == "Without a page")
        store.withdraw([entry.key], "It was an error.", NOW)
    assert ", 0 taken away" in site.export()
    assert [name for name, body in site.files.items() if b"Without a page" in body] == []
    told = site.files[f"story/{entry.story}/index.html"].decode()
    assert "It was an error." in told
    assert '<meta name="robots" content="noindex">' in told
    assert f"/story/{entry.story}/" in site.files["corrections/index.html"].decode()


def test_what_is_no_more_is_taken_away_and_what_others_put_there_stays(site: Exported) -> None:
    site.export()
    theirs = site.root / "member" / "east" / "theirs.txt"
    theirs.write_text("mine")
    (site.root / "CNAME").write_text("news.example.org")
    # A topic that no rule gives any more and no news has.
    site.config.write_text(
        site.config.read_text(encoding="utf-8").replace(
            "  - {term: stroke, label: Stroke, any: [stroke]}\n", ""
        ),
        encoding="utf-8",
    )
    assert ", 5 taken away" in site.export()
    assert not (site.root / "tag" / "stroke").exists()
    assert not list((site.root / "feeds" / "tag").glob("stroke*"))
    assert theirs.read_text() == "mine"
    assert (site.root / "CNAME").exists()


def test_a_file_of_somebody_elses_is_never_replaced(site: Exported) -> None:
    site.root.mkdir(parents=True)
    (site.root / "index.html").write_text("mine")
    with pytest.raises(HubError, match=r"index\.html was not written by an export"):
        site.export()
    assert (site.root / "index.html").read_text() == "mine"
    (site.root / "index.html").unlink()
    site.export()
    assert "Latest news" in (site.root / "index.html").read_text()


def test_a_list_that_leads_out_of_the_folder_takes_nothing_away_there(site: Exported) -> None:
    site.export()
    outside = site.root.parent / "outside.txt"
    outside.write_text("mine")
    listed = (site.root / LIST).read_text()
    (site.root / LIST).write_text(f"{'0' * 32}{listed[32:]}../outside.txt\n{outside}\n")
    assert ", 0 taken away" in site.export()
    assert outside.exists()


def test_a_story_that_went_into_another_leads_there(site: Exported) -> None:
    site.export()
    with closing(existing_store(f"sqlite:///{site.hub.file}")) as store:
        one, other = (each for each in store.walk() if each.entry.title in ("Number 5 & <more>", "News e-0"))
        store.put_together(one.key, other.key, NOW)
    site.export()
    page = site.files[f"story/{one.story}/index.html"].decode()
    assert f'<meta http-equiv="refresh" content="0; url=/story/{other.story}/">' in page
    assert f'<link rel="canonical" href="https://news.example.org/story/{other.story}/">' in page


# ---------------------------------------------------------------- while others are at work, and broken off


def test_what_comes_in_meanwhile_is_in_the_next_export(
    site: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = export._told

    def meanwhile(places: Iterator[Place], folder: Folder, stories: int) -> Iterator[Place]:
        for number, each in enumerate(told(places, folder, stories)):
            if number == 5:
                site.hub.publish(WESSEX, news("new", "The very latest", at=NOW), at=NOW)
            yield each

    monkeypatch.setattr(export, "_told", meanwhile)
    site.export()
    assert not [name for name, body in site.files.items() if b"The very latest" in body]
    monkeypatch.undo()
    assert ", 0 written" not in site.export()
    assert b"The very latest" in site.files["index.html"]


def test_two_exports_to_one_folder_do_not_mix(site: Exported) -> None:
    with open_folder(site.root), pytest.raises(BusyError, match="Another export is writing to"):
        site.export()


def test_an_export_that_begins_as_another_ends_holds_the_list_that_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(root: Path, descriptor: int) -> None:
        monkeypatch.undo()
        with open_folder(root) as other:
            other.put("index.html", b"page")
            other.finish("a" * 32, "b" * 32)
        _lock(root, descriptor)

    monkeypatch.setattr("hub.export.folder._lock", meanwhile)
    with open_folder(tmp_path) as mine:
        assert mine.state == "a" * 32
        with pytest.raises(BusyError), open_folder(tmp_path):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_export_that_is_broken_off_leaves_whole_files_and_the_next_mends_it(
    site: Exported, number: signal.Signals
) -> None:
    site.export(datetime.now(UTC))
    whole = site.files
    commands = Commands(site.config.parent)
    site.root = site.config.parent / "disturbed"
    with commands.start("export", str(site.root)) as process:
        assert within(SOON, lambda: (site.root / "static" / "hub.css").exists())
        assert within(SOON, lambda: site.pages > 20 or process.poll() is not None)
        process.send_signal(number)
        _, err = process.communicate(timeout=end_within())
    assert process.returncode == 130, err
    assert "Traceback" not in err
    broken_off = site.files
    assert 0 < len(broken_off) < len(whole)
    assert broken_off.items() <= whole.items()
    done = commands.run("export", str(site.root))
    assert done.returncode == 0, done.stderr
    assert site.files.keys() == whole.keys()


def test_an_export_that_is_killed_is_mended_by_the_next(site: Exported) -> None:
    commands = Commands(site.config.parent)
    with commands.start("export", str(site.root)) as process:
        assert within(SOON, lambda: site.pages > 20)
        process.kill()
    done = commands.run("export", str(site.root))
    assert done.returncode == 0, done.stderr
    again = commands.run("export", str(site.root))
    assert ", 0 written, 0 taken away." in again.stdout
    assert not list(site.root.glob("*.part"))
    (site.root / "story" / "3" / "index.html").unlink()
    assert ", 1 written, 0 taken away." in commands.run("export", str(site.root)).stdout


def test_a_name_that_the_disk_has_no_room_for_is_not_in_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, write = 10, os.pwrite

    def full(descriptor: int, body: bytes, offset: int) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(descriptor, body[:room], offset)
        room -= written
        return written

    with open_folder(tmp_path) as folder:
        folder.put("story/1/index.html", b"one")
        monkeypatch.setattr(os, "pwrite", full)
        # Its part of a name would be that of the first one's folder.
        with pytest.raises(HubError, match="No space left on device"):
            folder.put("story/1/other.html", b"two")
        monkeypatch.undo()
        assert not (tmp_path / "story" / "1" / "other.html").exists()
    with (tmp_path / LIST).open("ab") as cut:
        cut.write(b"story/1")
    with open_folder(tmp_path) as folder:
        folder.put("story/1/other.html", b"two")
        folder.finish("a" * 32, "b" * 32)
        assert (len(folder), folder.removed) == (1, 1)
    assert (tmp_path / LIST).read_text().splitlines()[1:] == ["story/1/other.html"]


def test_what_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with open_folder(tmp_path) as folder:
            folder.put("page.html", b"small")
            resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
            with pytest.raises(HubError, match=r"page\.html cannot be written: File too large"):
                folder.put("page.html", b"large" * 1_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "page.html").read_bytes() == b"small"
    assert sorted(file.name for file in tmp_path.iterdir()) == [LIST, "page.html"]
