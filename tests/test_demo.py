"""`hub demo`: the sample network polled for real, what its pages show, and how the command ends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from threading import Event
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from hub import demo
from hub.config import Config, parse
from hub.demo import network
from hub.demo.news import moment
from hub.demo.site import Sites
from hub.model import FeedKey, StoredEntry, Story
from hub.store import Store, open_store
from hub.web import create_app
from tests.commands import times_slower

_HUB = "http://127.0.0.1:1"
_MEMBERS = "http://127.0.0.1:2"
_START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """The demo as readers find it: polled twice, and served."""

    config: Config
    database: str
    sites: Sites
    store: Store
    client: FlaskClient

    @property
    def stories(self) -> tuple[Story, ...]:
        return self.store.stories(limit=200).items

    @property
    def entries(self) -> tuple[StoredEntry, ...]:
        return self.store.entries(limit=200).items

    def story(self, title: str) -> Story:
        return next(story for story in self.stories if story.lead.entry.title == title)

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer.text


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    database = f"sqlite:///{tmp_path_factory.mktemp('demo')}/hub.db"
    with Sites() as sites:
        config = parse(network.feeds_yaml(hub=_HUB, members=sites.address))
        demo.poll_twice(config, database, sites, stop=Event())
        store = open_store(database)
        app = create_app(lambda: store, lambda: config, base_url=_HUB)
        yield Shown(config, database, sites, store, app.test_client())
        store.close()


class _Links(HTMLParser):
    """What a page links to, shows and loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def _links(html: str, base: str) -> set[str]:
    found = (urljoin(base, link).partition("#")[0] for link in _Links(html).found)
    return {link for link in found if not link.startswith("data:")}


def _get(url: str) -> tuple[str, bytes]:
    assert urlsplit(url).hostname == "127.0.0.1", url
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.status == 200, url
        return answer.headers["Content-Type"], answer.read()


# ---------------------------------------------------------------- what readers find


def test_a_dozen_members_bring_some_sixty_entries(shown: Shown) -> None:
    assert len(shown.config.members) == 12
    assert len(shown.entries) == 63
    assert len(shown.stories) == 56
    assert {stored.member.slug for stored in shown.entries} == {each.slug for each in shown.config.members}


@pytest.mark.parametrize(
    ("title", "reasons"),
    [
        (
            "Steady Beat finds 41,000 people with high blood pressure they did not know about",
            {"assembly": "link", "alderport": "link", "fenmarch": "link", "kestrelmoor": "link"},
        ),
        (
            "Three partners open dementia research to everyone on the south shore",
            {"saltmarrow": "id", "harlowmere": "id", "ferrowdale": "id"},
        ),
        (
            "One night team for two counties: 300 hospital admissions avoided",
            {"tarnbridge": "link", "marchlands": "link"},
        ),
    ],
)
def test_a_joint_announcement_is_one_story_with_a_reason_for_each_copy(
    shown: Shown, title: str, reasons: dict[str, str]
) -> None:
    story = shown.story(title)
    assert {stored.member.slug for stored in story.entries} == set(reasons)
    for copy in story.entries[1:]:
        assert copy.why.startswith(f"the same {reasons[copy.member.slug]} and title as ")


def test_two_members_may_tell_one_story_under_two_headlines(shown: Shown) -> None:
    story = next(each for each in shown.stories if "/pharmacy-pulse/" in (each.lead.entry.link or ""))
    assert {stored.member.slug for stored in story.entries} == {"ouseminster", "thornmouth"}
    assert len({stored.entry.title for stored in story.entries}) == 2
    assert story.entries[1].why.startswith("the same id and link as ")


def test_the_correction_is_shown_and_the_mistake_is_gone(shown: Shown) -> None:
    story = shown.story("A year of the heart failure virtual ward")
    page = shown.page(f"/story/{story.id}")
    assert "has looked after 1,200 patients" in page
    assert "12 patients" not in page
    assert "Corrected" in page
    corrected = [each for each in shown.entries if each.changed > each.first_seen]
    assert [each.member.slug for each in corrected] == ["alderport"]


def test_the_status_page_says_in_words_what_is_wrong(shown: Shown) -> None:
    failing = [state for state in shown.store.feed_states() if state.error]
    assert [state.feed.key for state in failing] == [FeedKey("saltmarrow", "events")]
    page = shown.page("/status")
    assert "11 of 12 members are up to date" in page
    assert f"{shown.sites.address}/ is an HTML page, not a feed, and names none." in page
    assert "Else look for the address of the site" in (failing[0].remedy or "")


def test_a_broken_feed_is_read_and_remarked_upon(shown: Shown) -> None:
    (state,) = (each for each in shown.store.feed_states() if each.feed.key.member == "marchlands")
    assert "not well-formed" in state.remarks[0]
    titles = {each.entry.title for each in shown.entries if each.member.slug == "marchlands"}
    assert "Research & development day: bring a problem, leave with a plan" in titles


def test_a_feed_that_has_moved_is_found_where_else_says(shown: Shown) -> None:
    (state,) = (each for each in shown.store.feed_states() if each.feed.key.member == "tarnbridge")
    assert state.used_url == f"{shown.sites.address}/tarnbridge/news/feed/"


def test_each_oddity_of_real_feeds_is_there(shown: Shown) -> None:
    entries = [stored.entry for stored in shown.entries]
    assert [entry.feed.member for entry in entries if not entry.title] == ["kestrelmoor"]
    assert [entry.feed.member for entry in entries if not (entry.published or entry.updated)] == [
        "tarnbridge"
    ]
    assert [entry.feed.member for entry in entries if entry.direction == "rtl"] == ["thornmouth"]
    assert {entry.language for entry in entries} >= {"ar", "cy", "en-GB"}
    assert any("<table" in entry.content for entry in entries)
    assert any("<blockquote" in entry.content for entry in entries)
    assert {file.type for entry in entries for file in entry.enclosures} == {"application/pdf", "text/csv"}


def test_only_an_event_that_is_announced_has_a_date_to_come(shown: Shown) -> None:
    given = [(stored, stored.entry.published or stored.entry.updated) for stored in shown.entries]
    to_come = [stored for stored, date in given if date and date > stored.first_seen]
    assert [stored.entry.title for stored in to_come] == [
        "Open evening: meet the teams behind twelve new services"
    ]
    assert all(stored.date <= stored.first_seen for stored in shown.entries)


def test_every_topic_and_every_merged_feed_holds_news(shown: Shown) -> None:
    counts = shown.store.tag_counts()
    assert {rule.term for rule in shown.config.tags} == set(counts)
    for merged in shown.config.merged_feeds:
        assert json.loads(shown.page(f"/feeds/merged/{merged.slug}.json"))["items"]


@pytest.mark.parametrize(
    ("title", "carried", "kept"),
    [
        (
            "Talking prescriptions for people who cannot read the label",
            "a sticker on the box",
            "400 recordings",
        ),
        ("Who uses online booking? Ten years of figures", "read it at", "40 million"),
    ],
)
def test_no_more_of_a_members_news_is_carried_than_it_allows(
    shown: Shown, title: str, carried: str, kept: str
) -> None:
    page = shown.page(f"/story/{shown.story(title).id}").lower()
    assert carried in page
    assert kept not in page


# ---------------------------------------------------------------- nothing leaves the machine


def test_every_link_picture_and_file_of_every_entry_is_on_this_machine_and_there(shown: Shown) -> None:
    for stored in shown.entries:
        entry = stored.entry
        assert entry.link is not None
        seen = {entry.link, *_links(entry.content or entry.summary, entry.link)}
        for url in {*seen, *([entry.image] if entry.image else [])}:
            _get(url)
        for file in entry.enclosures:
            type, body = _get(file.url)
            assert (type, len(body)) == (file.type, file.length)
        if entry.image:
            assert _get(entry.image)[0] == "image/svg+xml"


def test_every_link_of_every_page_leads_somewhere_on_this_machine(shown: Shown) -> None:
    waiting, seen, elsewhere = ["/"], {"/"}, set()
    while waiting:
        path = waiting.pop()
        answer = shown.client.get(path)
        assert answer.status_code == 200, path
        if answer.mimetype != "text/html":
            continue
        for link in _links(answer.text, _HUB + path):
            if not link.startswith(f"{_HUB}/"):
                elsewhere.add(link)
            elif (inside := link.removeprefix(_HUB)) not in seen:
                seen.add(inside)
                waiting.append(inside)
    assert len(seen) > 100
    assert len(elsewhere) > 50
    for url in elsewhere:
        _get(url)


def test_every_link_of_the_members_own_sites_leads_somewhere(shown: Shown) -> None:
    home = f"{shown.sites.address}/"
    waiting, seen = [home], {home}
    while waiting:
        url = waiting.pop()
        type, body = _get(url)
        new = _links(body.decode(), url) - seen if type.startswith("text/html") else set()
        seen |= new
        waiting += new
    assert len(seen) > 100


def test_polling_once_more_changes_nothing(shown: Shown) -> None:
    before, feed = shown.store.version(), shown.client.get("/feeds/all.atom").data
    figures = demo.poll_all(shown.config, shown.database, stop=Event())
    assert (figures.new, figures.updated, figures.fetched) == (0, 0, 0)
    assert figures.not_modified == len(shown.config.feeds) - 1
    assert shown.store.version() == before
    assert shown.client.get("/feeds/all.atom").data == feed


# ---------------------------------------------------------------- what the members publish


def _documents(start: datetime, *, corrected: bool = True) -> dict[str, tuple[str, bytes]]:
    config = parse(network.feeds_yaml(hub=_HUB, members=_MEMBERS))
    of = network.sites(config, members=_MEMBERS, start=start, corrected=corrected)
    found = network.documents(of, members=_MEMBERS)
    return {path: (document.type, document.body) for path, document in found.items()}


def test_the_same_day_gives_the_same_news() -> None:
    evening = _documents(_START.replace(hour=20))
    assert evening == _documents(_START.replace(hour=21))
    assert evening != _documents(_START + timedelta(days=1))


def test_a_correction_touches_one_feed_and_one_article() -> None:
    before, after = _documents(_START, corrected=False), _documents(_START)
    assert before.keys() == after.keys()
    changed = {path for path in before if before[path] != after[path]}
    assert {path for path in changed if "?" not in path} == {
        "/alderport/feed/",
        "/alderport/news/heart-failure-virtual-ward/",
    }


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 0, 7, 30, tzinfo=UTC),
        datetime(2026, 6, 30, 23, 30, tzinfo=UTC),  # half past midnight in London
        datetime(2026, 10, 25, 0, 59, tzinfo=UTC),  # the hour that comes twice
    ],
)
def test_news_of_today_is_of_today_and_not_of_later(start: datetime) -> None:
    config = parse(network.feeds_yaml(hub=_HUB, members=_MEMBERS))
    of = network.sites(config, members=_MEMBERS, start=start, corrected=False)
    later = [article.title for site in of for article in site.articles if article.published > start]
    assert later == ["Open evening: meet the teams behind twelve new services"]
    midnight = moment(start, 0, "00:00")
    assert sum(midnight <= article.published <= start for site in of for article in site.articles) >= 5


def test_reports_are_pdfs_whose_every_object_is_where_the_file_says() -> None:
    reports = [body for type, body in _documents(_START).values() if type == "application/pdf"]
    assert len(reports) > 5
    for report in reports:
        assert report.startswith(b"%PDF-1.4")
        (table,) = re.findall(rb"startxref\n(\d+)\n%%EOF\n$", report)
        assert report[int(table) :].startswith(b"xref\n")
        places = re.findall(rb"^(\d{10}) 00000 n $", report, re.MULTILINE)
        for number, place in enumerate(places, 1):
            assert report[int(place) :].startswith(b"%d 0 obj\n" % number)
        for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", report, re.DOTALL):
            assert len(stream) == int(length)


def test_tables_have_as_many_cells_in_each_row() -> None:
    tables = [body for type, body in _documents(_START).values() if type == "text/csv"]
    assert len(tables) == 3
    for table in tables:
        rows = list(csv.reader(io.StringIO(table.decode(), newline="")))
        assert len({len(row) for row in rows}) == 1 < len(rows)


# ---------------------------------------------------------------- the command


@contextmanager
def _command(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`hub demo`, with a folder of its own for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _read_until(process: subprocess.Popen[str], beginning: str) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith(beginning):
            return line.removeprefix(beginning).strip()
    raise AssertionError(f"it never said {beginning!r}: {''.join(said)}")


def _ends(process: subprocess.Popen[str], folder: Path) -> None:
    """It ends by itself and at once, and leaves neither files nor processes."""
    # Its children have its standard error too: that ends with the last of them.
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not any(folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_within_ten_seconds_ten_stories_are_served_and_a_signal_ends_it_all(
    tmp_path: Path, number: signal.Signals
) -> None:
    began = time.monotonic()
    with _command(tmp_path, "--port", "0") as process:
        home = _read_until(process, "News at")
        _, body = _get(home)
        assert time.monotonic() - began < 10 * times_slower()
        assert body.decode().count("<article") >= 10
        assert f'href="{home}feeds/all.atom"' in body.decode()
        welcome = _read_until(process, "Admin").split()[0]
        _, body = _get(welcome)
        assert "Choose a password" in body.decode()
        os.killpg(process.pid, number)
        _ends(process, tmp_path)


def test_a_signal_in_the_middle_of_the_polls_ends_it_all(tmp_path: Path) -> None:
    with _command(tmp_path, "--port", "0") as process:
        _read_until(process, "Starting")
        os.killpg(process.pid, signal.SIGINT)
        _ends(process, tmp_path)


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        _command(tmp_path, "--port", str(taken.getsockname()[1])) as process,
    ):
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Nothing can be served on 127.0.0.1" in said
    assert "--port" in said
    assert "Traceback" not in said
    assert not any(tmp_path.iterdir())
