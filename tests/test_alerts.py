"""People are told of feeds by mail and by webhook, by real servers on loopback."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import Hub
from tests.mailbox import Mailbox, mailbox
from tests.site import Site
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


def alerts(post: Mailbox | None = None, reader: Reader | None = None) -> str:
    keys = (
        [f"mail: [news@example.org, two@example.org], smtp: 'smtp://127.0.0.1:{post.port}'"] if post else []
    )
    keys += [f"webhook: {reader.url}/hook/s3cret"] if reader else []
    head = f"hub:\n  title: News\n  url: https://news.example.org\n  {ALLOWED}\n"
    return f"{head}  alerts: {{{', '.join(keys)}}}\n"


def past(hub: Hub, minutes: int) -> None:
    """Have what was noted be so long ago."""
    with closing(sqlite3.connect(hub.folder / "hub.db")) as database:
        for table, column in (("channels", "sent"), ("channels", "due"), ("incidents", "changed")):
            database.execute(
                f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%f000Z', {column}, ?)"
                f" WHERE {column} IS NOT NULL",
                (f"-{minutes} minutes",),
            )
        database.commit()


def test_what_broke_is_told_once_and_what_is_well_again_too(
    tmp_path: Path, site: Site, post: Mailbox, reader: Reader
) -> None:
    hub = Hub(tmp_path)
    feeds = {name: [site.feed(f"/{name}", "Ward opens")] for name in ("east", "west", "north", "south")}
    hub.write(feeds, head=alerts(post, reader))
    assert hub.run("poll").returncode == 0
    for name in ("east", "west", "north"):
        site.page(f"/{name}", "no", status=500)
    assert hub.run("poll", "--all").returncode == 0
    assert post.mails == [], "once may be chance"
    said = hub.run("poll", "--all")
    assert said.returncode == 0, said.stderr
    (mail,) = post.mails
    assert mail["Subject"] == "[News] 3 feeds need somebody: Member east, Member north, Member west"
    (pushed,) = reader.pushed
    print(mail, json.dumps(json.loads(pushed.body), indent=1, ensure_ascii=False))
    hub.run("poll", "--all")
    assert len(post.mails) == len(reader.pushed) == 1
    site.feed("/east", "Ward opens")
    past(hub, 20)
    hub.run("poll", "--all")
    print(post.mails[1].get_content())
    assert post.mails[1]["Subject"] == "[News] 1 feed is well again: Member east"
