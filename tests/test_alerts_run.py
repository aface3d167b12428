"""Being told of feeds, as people run it: by `hub run`, by `hub poll` from a timer, and a test of it."""

from __future__ import annotations

import html
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest

from hub.polling import rounds
from hub.store import open_store
from tests.commands import SOON, Hub, end_within, get, within
from tests.mailbox import Mailbox, mailbox
from tests.postgresql import new_database
from tests.site import Site
from tests.telling import subjects
from tests.websub_reader import Reader, websub_reader

ALLOWED = "fetch: {allow: [127.0.0.0/8], host_delay: 0s}"


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture
def reader() -> Iterator[Reader]:
    with websub_reader() as running:
        yield running


def fresh(site: Site, path: str) -> str:
    """A feed with news of today there, of which nobody is told that it has had none for long; its URL."""
    return site.feed(path, "Ward opens", newest=datetime.now(UTC))


def told(post: Mailbox, reader: Reader | None = None) -> str:
    """The head of a feeds.yaml."""
    keys = [f"mail: [news@example.org], smtp: 'smtp://127.0.0.1:{post.port}'"]
    keys += [f"webhook: {reader.url}/hook/s3cret"] if reader else []
    return f"hub:\n  title: News\n  {ALLOWED}\n  alerts: {{{', '.join(keys)}}}\n"


def tell_members(hub: Hub, **members: str) -> None:
    """Name addresses of members in the feeds.yaml that is there."""
    text = hub.config.read_text()
    for slug, addresses in members.items():
        text = text.replace(f"  - slug: {slug}\n", f"  - slug: {slug}\n    alerts: [{addresses}]\n")
    hub.config.write_text(text)


def past(hub: Hub, minutes: int) -> None:
    """Have what was noted and sent be so long ago."""
    with closing(sqlite3.connect(hub.folder / "hub.db", timeout=SOON)) as database:
        for table, column in (("channels", "sent"), ("channels", "due"), ("incidents", "changed")):
            database.execute(
                f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%f000Z', {column}, ?)"
                f" WHERE {column} IS NOT NULL",
                (f"-{minutes} minutes",),
            )
        database.commit()


def count(hub: Hub, condition: str) -> int:
    with closing(sqlite3.connect(hub.folder / "hub.db", timeout=SOON)) as database:
        return int(database.execute(f"SELECT COUNT(*) FROM incidents WHERE {condition}").fetchone()[0])


def test_with_hub_poll_by_cron_a_round_is_one_message(
    tmp_path: Path, site: Site, post: Mailbox, reader: Reader
) -> None:
    hub = Hub(tmp_path)
    feeds = {name: [fresh(site, f"/{name}")] for name in ("east", "west", "north", "south")}
    hub.write(feeds, head=told(post, reader))
    assert hub.run("poll").returncode == 0
    for name in ("east", "west", "north"):
        site.page(f"/{name}", "no", status=500)
    assert hub.run("poll", "--all").returncode == 0
    assert post.mails == [], "once may be chance"
    assert hub.run("poll", "--all").returncode == 0
    subject = "[News] 3 feeds need somebody: Member east, Member north, Member west"
    assert [each["Subject"] for each in post.mails] == [subject]
    assert len(json.loads(reader.pushed[0].body)["incidents"]) == 3
    hub.run("poll", "--all")
    fresh(site, "/east")
    hub.run("poll", "--all")
    assert len(post.mails) == len(reader.pushed) == 1, "no other within a quarter of an hour"
    past(hub, 15)
    done = hub.run("poll", "--json")
    assert json.loads(done.stdout)["feeds"] == 0, "also of a round in which nothing is due"
    assert post.mails[1]["Subject"] == "[News] 1 feed is well again: Member east"
    assert len(reader.pushed) == 2


def test_on_postgresql_too(tmp_path: Path, site: Site, post: Mailbox) -> None:
    with new_database() as address:
        hub = Hub(tmp_path, on_server=address)
        hub.write({"east": [site.page("/east", "no", status=500)]}, head=told(post))
        for _ in range(3):
            hub.run("poll", "--all")
    assert [each["Subject"] for each in post.mails] == ["[News] 1 feed needs somebody: Member east"]


def test_a_round_by_an_older_feeds_yaml_beside_a_hub_leaves_telling_to_that(
    tmp_path: Path, site: Site, post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_FOLLOWS_WITHIN", 0.3)
    older = tmp_path / "older.yaml"
    with new_database() as address:
        hub = Hub(tmp_path, on_server=address)
        hub.write({"east": [fresh(site, "/east")]})
        older.write_text(hub.config.read_text())
        hub.write({"east": [fresh(site, "/east")]}, head=told(post))
        with hub.serving("run"), closing(open_store(address)) as store:
            assert within(SOON, store.channels)
            before = store.channels()
            rounds.poll_once(older, address)
            assert store.channels() == before, "all that lasts would be told again"


@pytest.mark.parametrize("on_server", [False, True])
def test_a_round_tells_members_of_what_it_finds_also_who_was_named_just_before(
    tmp_path: Path, site: Site, post: Mailbox, *, on_server: bool
) -> None:
    with new_database() if on_server else nullcontext() as address:
        hub = Hub(tmp_path, on_server=address)
        names = ("east", "west", "north")
        feeds = {name: [fresh(site, f"/{name}")] for name in names}
        hub.write(feeds, head=told(post))
        assert hub.run("poll").returncode == 0
        for name in names:
            site.page(f"/{name}", "no", status=500)
        hub.run("poll", "--all")
        tell_members(hub, east="web@east.example, two@east.example", north="web@north.example")
        done = hub.run("poll", "--all")
    assert sorted(zip((each["To"] for each in post.mails), subjects(post), strict=True)) == [
        ("news@example.org", "3 feeds need somebody: Member east, Member north, Member west"),
        ("web@east.example, two@east.example", "Please look at the news feed of Member east"),
        ("web@north.example", "Please look at the news feed of Member north"),
    ]
    assert sorted(post.to) == [
        ["news@example.org"],
        ["web@east.example", "two@east.example"],
        ["web@north.example"],
    ]
    to_north = next(each for each in post.mails if each["To"] == "web@north.example")
    assert "Your server fails when our news reader asks" in to_north.get_content()
    assert "web@" not in done.stdout + done.stderr


def test_where_this_machine_is_cut_off_nobody_is_blamed(tmp_path: Path, site: Site, post: Mailbox) -> None:
    hub = Hub(tmp_path)
    names = ("east", "west", "north")
    hub.write({name: [fresh(site, f"/{name}")] for name in names}, head=told(post))
    assert hub.run("poll").returncode == 0
    hub.write({name: [f"http://{name}.invalid/{name}"] for name in names}, head=told(post))
    for _ in range(3):
        done = hub.run("poll", "--all")
        assert (done.returncode, "Nobody can be reached" in done.stderr) == (1, True)
    assert count(hub, "1 = 1") == 0
    assert post.mails == []


def test_a_hub_that_is_killed_with_something_to_tell_tells_it_once_it_is_back(
    tmp_path: Path, site: Site, post: Mailbox, reader: Reader
) -> None:
    hub = Hub(tmp_path)
    names = ("east", "west")
    broken = {name: [site.page(f"/{name}", "no", status=500)] for name in names}
    hub.write(broken, head=told(post, reader))
    tell_members(hub, east="web@east.example", west="web@west.example")
    hub.run("poll")
    with closing(sqlite3.connect(hub.folder / "hub.db", timeout=SOON)) as database:

        def is_due() -> None:
            database.execute("UPDATE feeds SET next_poll = NULL")
            database.commit()

        is_due()
        with hub.serving("run") as (process, _):
            # The second poll, and the look after it.
            assert within(SOON, lambda: count(hub, "revision > 0") == 2)
            assert (post.mails, reader.pushed) == ([], []), "there may be more of them"
            process.kill()
        past(hub, 15)
        sent = "SELECT COUNT(*) FROM channels WHERE sent IS NOT NULL"
        with hub.serving("run") as (process, address):
            assert within(SOON, lambda: database.execute(sent).fetchone() == (4,))
            assert (len(post.mails), len(reader.pushed)) == (3, 1)
            assert "Member east: their site has not given out its news" in get(f"{address}/feeds/status.atom")
            process.kill()
        past(hub, 60)
        fresh(site, "/east")
        is_due()
        with hub.serving("run"):
            assert within(SOON, lambda: count(hub, "ended IS NOT NULL") == 1)
            past(hub, 6)
            assert within(SOON, lambda: len(post.mails) == 5 and len(reader.pushed) == 2)
    assert sorted(subjects(post)) == [
        "1 feed is well again: Member east",
        "2 feeds need somebody: Member east, Member west",
        "Please look at the news feed of Member east",
        "Please look at the news feed of Member west",
        "The news feed of Member east is well again",
    ]


PRIVATE = "secret.team@private.example"


def test_whom_members_have_told_is_written_nowhere(tmp_path: Path, site: Site, post: Mailbox) -> None:
    hub = Hub(tmp_path)
    feeds = {"east": [site.page("/east", "no", status=500)], "west": [fresh(site, "/west")]}
    hub.write(feeds, head=told(post).replace("hub:\n", "hub:\n  url: https://news.example.org\n"))
    tell_members(hub, east=PRIVATE, west=PRIVATE)
    said = [hub.run("poll", "--all") for _ in range(3)]
    assert [PRIVATE] in post.to
    said += [hub.run("poll", "--json"), hub.run("feeds", "check"), hub.run("feeds", "export")]
    said += [hub.run("feeds", "pause", "east"), hub.run("feeds", "resume", "east")]
    said.append(hub.run("export", str(tmp_path / "site")))
    assert [each.returncode for each in said[3:]] == [0] * 6, said
    with hub.serving("run") as (process, address):
        # What is asked there is not asked by GET.
        seen, ahead = {f"{address}/websub"}, {f"{address}{path}" for path in ("/", *ELSEWHERE)}
        while ahead:
            url = ahead.pop()
            seen.add(url)
            found = get(url).replace("https://news.example.org", address)
            assert "private.example" not in found, url
            links = re.findall(r'(?:href|src)="([^"]+)"', found)
            here = {urljoin(url, html.unescape(each)).partition("#")[0] for each in links}
            ahead |= {each for each in here if each.startswith(f"{address}/")} - seen
        assert len(seen) > 40
        process.terminate()
        said.append(subprocess.CompletedProcess((), 0, *process.communicate(timeout=end_within())))
    for each in said:
        assert "private.example" not in each.stdout + each.stderr, each.args
    files = [each for each in (tmp_path / "site").rglob("*") if each.is_file()]
    assert len(files) > 20
    assert [each for each in files if b"private.example" in each.read_bytes()] == []


ELSEWHERE = (
    *(
        "/metrics",
        "/opml",
        "/opml/merged",
        "/api/v1/stories",
        "/api/v1/entries",
        "/api/v1/feeds",
        "/api/v1/tags",
    ),
    *("/api/v1/openapi.json", "/feeds/status.json", "/feeds/status/east.rss", "/feeds/member/west.json"),
    *("/embed/news", "/embed/fragment", "/readyz"),
)


def test_a_mail_that_is_on_its_way_as_feeds_yaml_changes_is_sent_once(
    tmp_path: Path, site: Site, post: Mailbox
) -> None:
    hub = Hub(tmp_path)
    broken = [site.page("/east", "no", status=500)]
    hub.write({"east": broken}, head=told(post))
    for _ in range(2):
        hub.run("poll", "--all")
    post.mails.clear()
    with closing(sqlite3.connect(hub.folder / "hub.db", timeout=SOON)) as database:
        database.execute("UPDATE channels SET told = 0, sent = NULL")
        database.commit()
        past(hub, 15)
        post.held.clear()
        with hub.serving("run"):
            tried = "SELECT COUNT(*) FROM channels WHERE tries = 1"
            assert within(SOON, lambda: database.execute(tried).fetchone() == (1,))
            hub.write({"east": broken, "west": [fresh(site, "/west")]}, head=told(post))
            assert within(SOON, lambda: database.execute("SELECT COUNT(*) FROM feeds").fetchone() == (2,))
            post.held.set()
            sent = "SELECT COUNT(*) FROM channels WHERE sent IS NOT NULL"
            assert within(SOON, lambda: database.execute(sent).fetchone() == (1,))
    assert len(post.mails) == 1


def test_a_sample_is_sent_to_all_and_each_failure_is_said(
    tmp_path: Path, post: Mailbox, reader: Reader
) -> None:
    hub = Hub(tmp_path)
    hub.write({})
    done = hub.run("alerts", "test")
    assert (done.returncode, "it has no hub.alerts" in done.stderr) == (2, True)
    hub.write({"east": []}, head=told(post).replace("mail: [news@example.org]", "from: a@b.example"))
    tell_members(hub, east="web@east.example")
    done = hub.run("alerts", "test")
    assert (done.returncode, post.mails) == (2, [])
    assert "tells members alone when a feed breaks, and those are sent no sample." in done.stderr
    hub.write({"east": []}, head=told(post, reader))
    tell_members(hub, east="web@east.example")
    done = hub.run("alerts", "test")
    assert done.returncode == 0, done.stderr
    assert post.to == [["news@example.org"]]
    assert done.stdout.splitlines() == [
        f"The mail server 127.0.0.1:{post.port} took a mail for news@example.org. Look whether it arrives.",
        "The webhook took a message. Look whether it is shown.",
    ]
    assert post.mails[0]["Subject"] == "[News] This is a test of messages about feeds"
    assert "a test of what the hub sends" in post.mails[0].get_content().replace("\r\n ", "")
    assert "nothing has happened" in json.loads(reader.pushed[0].body)["text"]
    assert not (tmp_path / "hub.db").exists()
    hub.write({}, head=told(post).replace("[news@example.org]", "[news@example.org, two@example.org]"))
    post.refused = {"two@example.org"}
    done = hub.run("alerts", "test")
    assert done.returncode == 1
    assert "takes no mail for two@example.org (550 no such user); the others have it." in done.stderr
    assert "took a mail" not in done.stdout
    hub.write({"east": []}, head=told(post, reader))
    post.says, reader.status = "554 no", 404
    done = hub.run("alerts", "test")
    assert done.returncode == 1
    assert f"The mail server 127.0.0.1:{post.port} did not take the mail: 554 no." in done.stderr
    assert "The webhook at 127.0.0.1 answered 404." in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
