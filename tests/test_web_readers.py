"""Who reads the merged feeds: counted by a real server as it answers, and shown to the network's office."""

from __future__ import annotations

import csv
import io
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import request

from hub.admin.readers import report
from hub.cli import cli
from hub.model import Intent, Readership, Role
from hub.publish import readers as counting
from hub.store import open_store
from hub.web import readers as web_readers
from hub.web.admin import readers as page
from hub.web.readers import CountingReaders
from hub.web.serve import Server
from tests import admin_hub
from tests.admin_hub import AdminHub, an_admin_hub
from tests.commands import SOON
from tests.web_hub import NETWORK, NOW, WESSEX, Hub, a_hub, news

TODAY = NOW.date()
ALL = "/feeds/all.atom"
NEWSBOAT = "Newsboat/2.35 (Linux x86_64)"
FEEDBIN = "Feedbin feed-id:1373711 - 142 subscribers"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture(params=["sqlite", "postgresql"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    yield from a_hub(tmp_path, request.param)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


@contextmanager
def serving(hub: Hub) -> Iterator[Server]:
    """A server for the hub, which has ended, and written down what it counted, behind the block."""
    server = Server("127.0.0.1", 0)
    running = threading.Thread(target=server.run, args=(hub.app,))
    running.start()
    try:
        yield server
    finally:
        server.close()
        running.join(SOON)
    assert not running.is_alive()


def ask(
    server: Server, path: str, user_agent: str, address: str = "", *, method: str = "GET", **fields: str
) -> int:
    """Ask a server, as for somebody at an address, and how it answered."""
    sent = {"User-Agent": user_agent, **{name.replace("_", "-"): value for name, value in fields.items()}}
    if address:
        sent["X-Forwarded-For"] = address
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=SOON)) as client:
        client.request(method, path, headers=sent)
        answer = client.getresponse()
        answer.read()
        return answer.status


def counted(hub: Hub) -> Mapping[tuple[str, str], int]:
    return {(each.document, each.aggregator): each.number for each in hub.store.readers(date.min, date.max)}


# ---------------------------------------------------------------- counting


def test_a_server_counts_whom_flask_answers_and_whom_what_is_kept_does(either: Hub) -> None:
    hub = either
    hub.publish(WESSEX, news("a"))
    entered: list[str] = []
    hub.app.before_request(lambda: entered.append(request.path))
    with serving(hub) as server:
        assert ask(server, ALL, NEWSBOAT) == 200
        assert entered == [ALL]
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.2, 198.51.100.1"):
            assert ask(server, ALL, NEWSBOAT, address) == 200
            assert ask(server, ALL, FEEDBIN, address) == 200
        assert ask(server, ALL, FEEDBIN.replace("142", "143"), "192.0.2.4") == 200
        assert entered == [ALL], "all but the first are answered before Flask"
        assert ask(server, "/feeds/all.json", NEWSBOAT) == 200
    assert counted(hub) == {(ALL, ""): 3, (ALL, "Feedbin"): 143, ("/feeds/all.json", ""): 1}


def test_who_is_told_that_nothing_changed_or_what_changed_alone_counts(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"))
    tag = hub.get(ALL, A_IM="feed").headers["ETag"]
    with serving(hub) as server:
        assert ask(server, ALL, NEWSBOAT, "192.0.2.1", If_None_Match="*") == 304
        assert ask(server, ALL, NEWSBOAT, "192.0.2.2", If_None_Match=tag, A_IM="feed") == 304
        hub.publish(WESSEX, news("b"), at=NOW + timedelta(hours=1))
        assert ask(server, ALL, NEWSBOAT, "192.0.2.3", If_None_Match=tag, A_IM="feed") == 226
    assert counted(hub) == {(ALL, ""): 3}


def test_who_reads_no_feed_is_no_reader(hub: Hub) -> None:
    hub.publish(WESSEX, news("a"))
    search = "/feeds/search.atom?q=news"
    with serving(hub) as server:
        assert ask(server, ALL, NEWSBOAT, method="HEAD") == 200
        assert ask(server, ALL, FIREFOX, Sec_Fetch_Dest="document") == 200
        assert ask(server, ALL, FIREFOX, Accept="text/html,application/xml;q=0.9") == 200
        assert ask(server, ALL, "Mozilla/5.0 (compatible; Googlebot/2.1)") == 200
        assert ask(server, ALL, hub.config.hub.user_agent) == 200
        assert ask(server, "/feeds/tag/nothing.atom", NEWSBOAT) == 404
        assert ask(server, search, NEWSBOAT) == 200
        assert ask(server, "/feeds/all.atom?before=nonsense", NEWSBOAT) == 400
        assert ask(server, "/events.ics", NEWSBOAT) == 200
        assert ask(server, "/", NEWSBOAT) == 200
        assert ask(server, "/feeds/all.json", NEWSBOAT) == 200
    assert counted(hub) == {("/feeds/all.json", ""): 1}, "the one that does"


def test_an_aggregator_that_calls_itself_a_browser_is_none(hub: Hub) -> None:
    bazqux = "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 6 subscribers)"
    with serving(hub) as server:
        assert ask(server, ALL, bazqux, Accept="text/html,*/*") == 200
    assert counted(hub) == {(ALL, "BazQux"): 6}


def test_a_reader_that_lives_in_a_browser_counts_also_where_its_page_was_shown_before(hub: Hub) -> None:
    with serving(hub) as server:
        assert ask(server, ALL, FIREFOX, Accept="text/html") == 200
        assert ask(server, ALL, FIREFOX, Accept="*/*", Sec_Fetch_Dest="empty") == 200
    assert counted(hub) == {(ALL, ""): 1}


def test_a_feed_is_one_by_whatever_path_a_proxy_passes_on(hub: Hub) -> None:
    hub.configure(NETWORK.replace("  title:", "  url: https://example.org/news\n  title:", 1))
    hub.publish(WESSEX, news("a", tags=()))
    with serving(hub) as server:
        assert ask(server, "/news/feeds/member/wessex.atom", NEWSBOAT, "192.0.2.1") == 200
        assert ask(server, "/feeds/member/wessex.atom", NEWSBOAT, "192.0.2.1") == 200
        assert ask(server, "/feeds/member/wessex.atom?before=", NEWSBOAT, "192.0.2.1") == 200
        assert ask(server, "/news/feeds/member/wessex.atom", NEWSBOAT, "192.0.2.2") == 200
        assert ask(server, "/feeds/member/wessex.atom", NEWSBOAT, "192.0.2.3") == 200
    assert counted(hub) == {("/feeds/member/wessex.atom", ""): 3}


def test_a_hub_that_starts_again_within_the_day_does_not_count_twice(either: Hub) -> None:
    hub = either
    for addresses in (("192.0.2.1", "192.0.2.2"), ("192.0.2.1",), ("192.0.2.1", "192.0.2.2", "192.0.2.3")):
        with serving(hub) as server:
            for address in addresses:
                ask(server, ALL, NEWSBOAT, address)
                ask(server, ALL, FEEDBIN, address)
        most = max(2, len(addresses))
        assert counted(hub) == {(ALL, ""): most, (ALL, "Feedbin"): 142}


def note(readers: CountingReaders, address: str, user_agent: str = NEWSBOAT) -> None:
    readers.note("GET", ALL, 200, f"{address}:4711", {"user-agent": user_agent})


def test_each_day_counts_for_itself_by_its_own_key(hub: Hub) -> None:
    readers = CountingReaders(hub.app.site)
    note(readers, "192.0.2.1")
    note(readers, "192.0.2.2")
    hub.now = NOW.replace(hour=23, minute=59)
    readers.write()
    assert readers._pause() == 60
    yesterdays = readers._today
    hub.now += timedelta(minutes=1)
    readers.write()
    note(readers, "192.0.2.1")
    readers.write()
    assert [(each.day, each.number) for each in hub.store.readers(date.min, date.max)] == [
        (TODAY, 2),
        (TODAY + timedelta(days=1), 1),
    ]
    assert readers._today._key != yesterdays._key


def test_what_is_counted_is_written_every_few_minutes(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_readers, "_EVERY", timedelta(milliseconds=10))
    written = threading.Event()

    class Told(CountingReaders):
        def write(self) -> None:
            super().write()
            if self._written:
                written.set()

    readers = Told(hub.app.site)
    readers.start()
    note(readers, "192.0.2.1")
    assert written.wait(SOON)
    assert counted(hub) == {(ALL, ""): 1}
    readers.close()
    assert not readers._writing.is_alive()


def test_a_count_waits_for_a_database_that_cannot_be_written_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub = Hub(tmp_path, open_with=lambda: open_store(f"sqlite:///{tmp_path}"))
    readers = CountingReaders(hub.app.site)
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            readers.write()
            note(readers, "192.0.2.1")
            hub.now += timedelta(days=1)
    (told,) = caplog.messages
    assert told.startswith("the number of readers waits to be stored: ")
    hub.app.site.open_store = lambda: open_store(hub.database)
    readers.write()
    days = [each.day for each in hub.store.readers(date.min, date.max)]
    assert days == [TODAY + timedelta(days=day) for day in range(3, 10)], "a week waits, and no more"
    assert not readers._over
    hub.app.site.open_store = lambda: open_store(f"sqlite:///{tmp_path}")
    note(readers, "192.0.2.2")
    with caplog.at_level(logging.WARNING):
        readers.write()
    assert len(caplog.messages) == 2, "once each time that it begins to wait"
    hub.close()


def test_a_database_that_another_holds_keeps_no_server_from_its_end(hub: Hub) -> None:
    with ExitStack() as in_the_end:
        # Nobody else is to close it while it is waited for.
        hub.app.site.open_store = lambda: in_the_end.enter_context(closing(open_store(hub.database)))
        other = in_the_end.enter_context(closing(open_store(hub.database)))
        with other.all_or_nothing(), serving(hub) as server:
            assert ask(server, ALL, NEWSBOAT) == 200
        assert "web-readers" not in {each.name for each in threading.enumerate()}, "it is waited for no more"
        assert counted(hub) == {}


def test_past_its_bound_a_feed_has_at_least_so_many(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SEEN", 2)
    with serving(hub) as server:
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            ask(server, ALL, NEWSBOAT, address)
        assert ask(server, "/feeds/all.rss", NEWSBOAT, "192.0.2.1") == 200
        assert ask(server, "/feeds/all.rss", FEEDBIN, "192.0.2.1") == 200
    assert hub.store.readers(TODAY, TODAY) == (
        Readership(day=TODAY, document=ALL, number=2),
        Readership(day=TODAY, document="/feeds/all.rss", number=0, at_least=True),
    )


def test_nothing_of_who_asks_is_in_the_database(hub: Hub) -> None:
    with serving(hub) as server:
        assert ask(server, ALL, NEWSBOAT, "192.0.2.77") == 200
        assert ask(server, ALL, FEEDBIN, "192.0.2.77") == 200
    assert sorted(map(str, hub.sql("SELECT * FROM readers"))) == [
        "('2026-11-24', '/feeds/all.atom', '', '', 1, 0)",
        "('2026-11-24', '/feeds/all.atom', 'Feedbin', '1373711', 142, 0)",
    ]
    written = b"".join(each.read_bytes() for each in hub.file.parent.glob("hub.db*"))
    assert b"Feedbin" in written
    assert b"192.0.2.77" not in written
    assert b"Newsboat" not in written


# ---------------------------------------------------------------- what the office sees


def fill(hub: Hub) -> None:
    def on(back: int, number: int, document: str = ALL, aggregator: str = "") -> Readership:
        day = TODAY - timedelta(days=back)
        return Readership(day=day, document=document, aggregator=aggregator, number=number)

    hub.store.count_readers(
        [
            on(0, 12),
            on(0, 40, aggregator="Feedbin"),
            on(0, 2, "/feeds/all.rss"),
            on(9, 50),
            on(0, 60, "/feeds/member/east.rss"),
            on(0, 1, "/feeds/status/east.atom"),
            on(0, 3, "/feeds/tag/gone%20by.atom"),
            on(0, 2, "/feeds/status.atom"),
            on(0, 9, "/feeds/merged/gone.atom"),
        ]
    )


def shown(hub: AdminHub, path: str = "/admin/readers") -> list[list[str]]:
    return [
        [" ".join(cell.text_content().split()) for cell in row.xpath("th | td")]
        for row in hub.tree(path).xpath("//tbody/tr")
    ]


def test_the_page_has_each_feed_with_its_readers_the_most_first(office: AdminHub) -> None:
    fill(office)
    assert shown(office)[:5] == [
        ["Health Innovation East", "60 0 before"],
        ["Everything Feedbin 40, by themselves 14", "54 50 before"],
        ["gone by", "3 0 before"],
        ["How members’ sites are doing", "2 0 before"],
        ["How the site of Health Innovation East is doing", "1 0 before"],
    ]
    rest = shown(office)[5:]
    assert ["Safety in the south", "0"] in rest
    assert ["Corrections", "0"] in rest
    assert all(row[1] == "0" for row in rest)


def test_who_has_a_feed_sent_stands_beside_its_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://news.example.org"
    text = NETWORK.replace("  title:", f"  url: {url}\n  title:", 1)
    monkeypatch.setattr(admin_hub, "ORIGIN", url)
    with closing(AdminHub(tmp_path, text)) as hub:
        hub.enrol()
        fill(hub)
        for topic in (ALL, "/feeds/all.json"):
            hub.store.intend(
                Intent(
                    mode="subscribe",
                    topic=url + topic,
                    callback="https://b.example/",
                    lease=timedelta(9),
                    due=NOW,
                )
            )
            (intent,) = hub.store.intents(NOW, limit=1)
            hub.store.confirm(intent, NOW)
        assert shown(hub)[1] == ["Everything Feedbin 40, by themselves 14", "54 50 before", "2"]
        said = report(hub.path, hub.database, as_table=False, now=NOW)
        assert "       54      +4       2  Everything\n" in said


def test_before_anything_is_counted_each_feed_has_none(office: AdminHub) -> None:
    assert {tuple(row[1:]) for row in shown(office)} == {("0",)}


def test_the_page_lists_the_most_and_leads_to_a_table_of_all(
    office: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office)
    feeds = len(shown(office))
    monkeypatch.setattr(page, "_LISTED", 2)
    assert len(shown(office)) == 2
    assert f"{feeds - 2} more are in the table" in office.words("/admin/readers")
    (link,) = office.tree("/admin/readers").xpath("//a[@download]/@href")
    answer = office.get(link)
    assert answer.headers["Content-Disposition"].endswith('"readers-2026-11-24.csv"')
    head, first, second, *others = csv.reader(io.StringIO(answer.get_data().decode(), newline=""))
    assert head[:3] == ["feed", "address", "readers"]
    assert second == [
        *("Everything", "http://127.0.0.1:8000/feeds/all.atom", "54"),
        *("", "50", "14", "40", "Feedbin 40", "0"),
    ]
    assert 2 + len(others) == feeds
    assert first[2] == "60"


def test_a_members_editor_sees_the_readers_of_their_members_feeds(office: AdminHub) -> None:
    fill(office)
    office.store.count_readers([Readership(day=TODAY, document="/feeds/tag/east.atom", number=1)])
    bob = office.another("bob", Role("member", "east"))
    assert [row[0] for row in shown(bob)] == [
        "Health Innovation East",
        "How the site of Health Innovation East is doing",
    ]
    table = bob.get("/admin/readers.csv").get_data().decode()
    assert "Everything" not in table
    assert "gone by" not in table


def test_the_command_tells_the_same_and_has_it_as_a_table(office: AdminHub) -> None:
    fill(office)
    said = report(office.path, office.database, as_table=False, now=NOW)
    assert said.startswith("In the week to 24 November 2026, about; ")
    assert (
        "       60     +60       0  Health Innovation East\n"
        "       54      +4       0  Everything\n"
        "                           Feedbin 40, by themselves 14\n"
        "        3      +3       0  gone by\n"
    ) in said
    assert "        0       0       0  Corrections\n" in said
    more = Readership(day=TODAY, document="/feeds/member/east.atom", number=1_000, at_least=True)
    office.store.count_readers([more])
    said = report(office.path, office.database, as_table=False, now=NOW)
    assert "   ≥1,060  +1,060       0  Health Innovation East\n" in said
    options = ["--config", str(office.path), "--database", office.database]
    ran = CliRunner().invoke(cli, ["readers", "--csv", *options])
    assert ran.exit_code == 0
    assert ran.stdout.startswith("feed,address,readers,at least,before,")
    table = report(office.path, office.database, as_table=True, now=NOW)
    assert table == office.get("/admin/readers.csv").get_data().decode()


def test_privacy_says_what_is_counted(hub: Hub) -> None:
    said = hub.words("/privacy")
    assert "Programs that fetch the news" in said
    assert "how many" in said


def test_a_week_and_the_four_before_it_are_told_of_and_nothing_older(office: AdminHub) -> None:
    for back, document in ((34, ALL), (35, ALL), (35, "/feeds/tag/gone.atom")):
        day = TODAY - timedelta(days=back)
        office.store.count_readers([Readership(day=day, document=document, number=5 if back == 34 else 500)])
    assert ["Everything", "0 5 before"] in shown(office)
    assert "gone" not in [row[0] for row in shown(office)]
