"""Feeds that are left alone for now: in feeds.yaml, by commands and on the admin pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.config import load, parse
from hub.config.compare import differences
from hub.config.pausing import pause_feeds
from hub.errors import ConfigError
from hub.model import Gathered
from hub.store import Store
from tests.admin_hub import AdminHub, an_admin_hub
from tests.commands import Hub as Command
from tests.entries import entry
from tests.site import Site
from tests.test_store import EAST, FEEDS, MEMBERS, NOW, WEST, WEST_BLOG, decider, poll, store, titles, url
from tests.web_hub import EAST as EAST_KEY
from tests.web_hub import news

__all__ = ["store", "url"]

WRITTEN = """\
# The network.
members:
  - slug: east
    name: East
    feeds:
      - url: https://east.example/feed/   # by hand
        every: {max: 6h}  # seldom

      # The blog, since May.
      - name: blog
        url: https://east.example/blog/
  - {slug: west, name: West, feeds: [{url: https://west.example/feed/, tags: [stroke]}]}
  - {"slug": "north", "name": "North", "feeds": [{"url": "https://north.example/feed/"}]}
tags:
  - {term: stroke, any: [stroke]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


def paused(path: Path) -> list[str]:
    return [str(each.key) for each in load(path).feeds if each.paused]


# ---------------------------------------------------------------- in the file


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("east/news", "        every: {max: 6h}  # seldom\n        paused: yes\n"),
        ("https://east.example/blog/", "        url: https://east.example/blog/\n        paused: yes\n"),
        ("west", "{url: https://west.example/feed/, tags: [stroke], paused: yes}"),
        ("north/news", '{"url": "https://north.example/feed/", "paused": true}'),
    ],
)
def test_a_feed_is_paused_by_a_line_that_goes_when_it_is_resumed(file: Path, target: str, line: str) -> None:
    pausing = pause_feeds(file, [target], paused=True)
    assert paused(file) == [str(key) for key in pausing.feeds]
    assert len(pausing.feeds) == 1
    assert line in file.read_text()
    assert pausing.change.diff.count("\n+ ") == 1
    pause_feeds(file, [target], paused=False)
    assert file.read_text() == WRITTEN


def test_several_are_paused_at_once_and_those_that_are_so_already_stay_so(file: Path) -> None:
    pause_feeds(file, ["east/blog"], paused=True)
    pausing = pause_feeds(file, ["east", "north", "west/news"], paused=True)
    assert [str(key) for key in pausing.feeds] == ["east/news", "west/news", "north/news"]
    assert paused(file) == ["east/news", "east/blog", "west/news", "north/news"]
    pause_feeds(file, ["east", "west", "north"], paused=False)
    assert file.read_text() == WRITTEN


def test_what_says_no_is_said_otherwise_in_its_place(file: Path) -> None:
    file.write_text(
        WRITTEN.replace("        every: {max: 6h}", "        paused: no\n        every: {max: 6h}")
    )
    pause_feeds(file, ["east/news"], paused=True)
    assert "        paused: yes\n        every: {max: 6h}" in file.read_text()


@pytest.mark.parametrize(
    ("targets", "on", "said"),
    [
        (["east/news", "nobody"], True, "no member and no feed is nobody"),
        (["east/blog"], False, "east/blog: asked, and not paused already"),
    ],
)
def test_what_cannot_be_paused_or_resumed_says_so_and_changes_nothing(
    file: Path, targets: list[str], on: bool, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        pause_feeds(file, targets, paused=on)
    assert said in str(raised.value)
    assert file.read_text() == WRITTEN


def test_a_feed_is_paused_where_lines_end_as_windows_has_them(file: Path) -> None:
    written = f"\ufeff{WRITTEN}".replace("\n", "\r\n").encode()
    file.write_bytes(written)
    pause_feeds(file, ["east/blog"], paused=True)
    assert b"\r\n        paused: yes\r\n" in file.read_bytes()
    pause_feeds(file, ["east/blog"], paused=False)
    assert file.read_bytes() == written


def test_an_admin_is_told_what_an_edit_of_the_file_pauses() -> None:
    url = "url: https://east.example/blog/"
    after = WRITTEN.replace(url, f"{url}\n        paused: yes")
    assert differences(parse(WRITTEN), parse(after)) == ("The feed east/blog is paused.",)
    assert differences(parse(after), parse(WRITTEN)) == ("The feed east/blog is asked again.",)


# ---------------------------------------------------------------- what the hub does


def test_who_is_paused_is_not_due_and_what_it_published_stays(store: Store) -> None:
    poll(store, EAST, entry("a"))
    store.sync(MEMBERS, [replace(EAST, paused=True), WEST, WEST_BLOG], authority="news.example.org")
    later = NOW + timedelta(days=9)
    assert [state.feed.key for state in store.due(later)] == [WEST.key, WEST_BLOG.key]
    assert not store.ask(EAST.key, later)
    assert titles(store) == ["News a"]
    assert store.feed_states()[0].feed.paused
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    assert [state.feed for state in store.due(later)] == [EAST, WEST, WEST_BLOG]
    assert store.ask(EAST.key, later)


def test_who_is_asked_again_is_due_at_once_and_has_not_failed_yet(store: Store) -> None:
    paused = [replace(EAST, paused=True), WEST, WEST_BLOG]
    failed = Gathered(
        feed=EAST, outcome="failed", started=NOW, url=EAST.url, error="no answer", reason="timeout"
    )
    for _ in range(5):
        store.settle([failed], decider())
    (before,) = store.feed_states("east")
    assert before.next_poll is not None
    # What does not change it leaves a feed that fails alone.
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    assert store.feed_states("east") == (before,)
    store.sync(MEMBERS, paused, authority="news.example.org")
    assert store.feed_states("east")[0].failures == 5
    store.sync(MEMBERS, FEEDS, authority="news.example.org")
    assert EAST in [state.feed for state in store.due(NOW)]
    (after,) = store.feed_states("east")
    assert (after.failures, after.failing_since, after.reason) == (0, None, None)


def test_a_round_over_all_feeds_asks_none_that_is_paused(tmp_path: Path, site: Site) -> None:
    hub = Command(tmp_path)
    hub.write({"east": [site.feed("/east", "One")], "west": [site.feed("/west", "Two")]})
    said = hub.run("feeds", "pause", "east")
    assert (said.returncode, said.stdout) == (
        0,
        "east/news is paused: not asked, and what was published stays.\n",
    )
    for arguments in (["--all"], ["east", "west"]):
        done = hub.run("poll", *arguments)
        assert done.returncode == 0, done.stderr
        assert "east/news is not asked: it is paused in feeds.yaml." in done.stderr
    assert "/east" not in site.paths()
    assert "paused: It is not asked, as feeds.yaml says (paused)." in hub.run("explain", "east").stdout
    again = hub.run("feeds", "pause", "east")
    assert (again.returncode, again.stderr) == (
        2,
        "east: paused already\n    Nothing was written.\n",
    )
    assert hub.run("feeds", "resume", "east").stdout == (
        "east/news is asked again. A hub that runs does so within seconds.\n"
    )
    assert hub.run("poll").returncode == 0
    assert site.paths().count("/east") == 1


# ---------------------------------------------------------------- on pages


def test_readers_are_told_that_a_feed_is_paused_and_nobody_is_blamed(hub: AdminHub) -> None:
    hub.publish(EAST_KEY, news("n1"))
    pause_feeds(hub.path, ["east"], paused=True)
    hub.take_up()
    said = "Not checked for now, as the network’s editors have decided"
    (row,) = [each for each in hub.tree("/status").xpath("//tbody/tr") if "East" in each.text_content()]
    words = " ".join(row.text_content().split())
    assert f"‖ {said}" in words
    assert "Next check: none" in words
    assert f"{said}." in hub.words("/member/east")


def test_feeds_that_are_ticked_are_paused_and_resumed_and_that_is_taken_back(hub: AdminHub) -> None:
    before = hub.path.read_text()
    tree = hub.tree("/admin/feeds?q=wessex")
    (form,) = tree.xpath("//form[contains(@action, '/admin/do/pause')]")
    ticks = form.xpath(".//input[@type='checkbox']")
    assert [each.get("value") for each in ticks] == ["wessex/news", "wessex/blog"]
    assert form.xpath(".//button/@formaction") == ["/admin/do/resume"]
    chosen = {"feeds": ["wessex/news", "wessex/blog"], "back": "/admin/feeds?q=wessex"}
    assert hub.does("/admin/do/pause", chosen).startswith("wessex/news, wessex/blog are paused: not asked")
    assert paused(hub.path) == ["wessex/news", "wessex/blog"]
    hub.take_up()
    assert "All 4 Paused 2 Waiting 2" in hub.words("/admin/feeds")
    assert hub.undoes("/admin/do/resume", {"feeds": "wessex/blog"}).startswith("wessex/blog is paused")
    assert "wessex/blog: paused already" in hub.refuses("/admin/do/pause", {"feeds": "wessex/blog"})
    assert hub.does("/admin/do/resume", chosen).endswith(
        "are asked again. A hub that runs does so within seconds."
    )
    assert hub.path.read_text() == before


def test_the_overview_says_how_many_feeds_are_paused(hub: AdminHub) -> None:
    for feed in hub.config.feeds:
        hub.publish(feed.key, news("n1"))
    pause_feeds(hub.path, ["wessex"], paused=True)
    hub.take_up()
    assert "All is well with 2 feeds. 2 are paused." in hub.words("/admin/")
    hub.fail(EAST_KEY, "no answer", "timeout")
    assert "1 of 4 feeds needs somebody. 2 are paused." in hub.words("/admin/")
    pause_feeds(hub.path, ["east", "national"], paused=True)
    hub.take_up()
    assert "4 are paused." in hub.words("/admin/")
    assert "All is well" not in hub.words("/admin/")


def test_nothing_is_paused_where_none_is_ticked(hub: AdminHub) -> None:
    before = hub.path.read_text()
    assert "No feed was chosen, so nothing was done." in hub.refuses("/admin/do/pause")
    assert hub.path.read_text() == before


def test_the_page_of_a_paused_feed_has_a_button_to_resume_it_and_none_to_check_it(hub: AdminHub) -> None:
    address = "/admin/feed/east/news"
    assert "Check now" in hub.words(address)
    assert hub.does("/admin/do/pause", {"feeds": "east/news", "back": address}).startswith(
        "east/news is paused"
    )
    hub.take_up()
    words = hub.words(address)
    assert "‖ Paused It is not asked, as feeds.yaml says (paused)." in words
    assert "hub feeds resume east/news has it asked again." in words
    assert "Check now" not in words
    refused = hub.refuses("/admin/check/east/news")
    assert "east/news is paused in feeds.yaml, so it was not asked." in refused
    assert hub.does("/admin/do/resume", {"feeds": "east/news", "back": address}).startswith(
        "east/news is asked"
    )


def test_a_page_says_that_the_hub_has_yet_to_go_by_what_was_just_paused_and_looks_again(
    hub: AdminHub,
) -> None:
    says, looks_again = "The hub has yet to read that in feeds.yaml", 'http-equiv="refresh"'
    for back in ("/admin/feed/east/news", "/admin/feeds?state=ok", "/admin/file"):
        answer = hub.post("/admin/do/pause", {"feeds": "east/news", "back": back})
        # What serves goes by the file as it is, and what polls does within seconds.
        hub.config = parse(hub.path.read_text())
        shown = hub.client.get(answer.headers["Location"]).text
        assert (says in shown, looks_again in shown) == (back != "/admin/file",) * 2
        assert says not in hub.client.get(back).text
        hub.now += timedelta(minutes=1)
        assert says not in hub.client.get(answer.headers["Location"]).text
        hub.now -= timedelta(minutes=1)
        hub.take_up()
        shown = hub.client.get(answer.headers["Location"]).text
        assert "east/news is paused" in shown
        assert says not in shown
        hub.does("/admin/do/resume", {"feeds": "east/news"})
        hub.take_up()
