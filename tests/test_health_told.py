"""How a feed is doing, as the commands tell it of a real poll."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands import Hub
from tests.site import Site


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def test_a_site_that_blocks_the_hub_is_told_with_a_text_for_its_web_team(hub: Hub, site: Site) -> None:
    blocked = site.page("/news/feed", "", status=403, cf_mitigated="challenge")
    hub.write({"east": [blocked]})
    (failure,) = json.loads(hub.run("poll", "--json").stdout)["failures"]
    assert "blocks robots: its protection, Cloudflare, answered 403" in failure["error"]
    for asked in ("east/news", blocked):
        said = hub.run("explain", asked).stdout
        assert f"east/news, {blocked}\n    State    blocked: " in said
        assert f"    To do    {failure['remedy']}" in said
        assert (
            f"    To send  Our news reader cannot read your feed {blocked} because Cloudflare answers it"
            in said
        )
        assert "it failed once, so it is asked again after 2 hours" in said


def test_a_feed_that_is_well_is_explained_by_when_it_is_asked_and_why_then(hub: Hub, site: Site) -> None:
    head = "<rss version='2.0'><channel><title>News</title><ttl>600</ttl>"
    item = "<item><title>Ward opens</title><guid>a</guid></item></channel></rss>"
    feed = site.page("/feed", head + item, Content_Type="application/rss+xml")
    hub.write({"east": [feed]})
    assert json.loads(hub.run("poll", "--json").stdout)["failures"] == []
    said = hub.run("explain", feed).stdout
    assert "    State    ok: It is up to date.\n    Read " in said
    assert said.endswith("UTC: the feed asks to be kept for 10 hours (ttl)\n")


def test_a_member_is_explained_by_each_of_its_feeds_and_a_name_of_nobody_is_said_to_be_that(
    hub: Hub, site: Site
) -> None:
    now = datetime.now(UTC)
    feeds = site.feed("/one", "Ward opens", newest=now), site.feed("/two", "Ward closes", newest=now)
    hub.write({"east": list(feeds)})
    hub.run("poll")
    first, second = hub.run("explain", "east").stdout.split("\n\n")
    assert first.startswith(f"east/news, {feeds[0]}\n    State    ok")
    assert second.startswith(f"east/feed-1, {feeds[1]}\n    State    ok")
    unknown = hub.run("explain", "eats")
    assert "no member or feed is called so" in unknown.stdout
    assert unknown.returncode == 1
    assert [hub.run("explain", known).returncode for known in ("east", feeds[0])] == [0, 0]


def test_a_feed_that_redirects_for_good_is_said_to_have_moved(hub: Hub, site: Site) -> None:
    new = site.feed("/new", "Ward opens", newest=datetime.now(UTC))
    old = site.page("/old", "", status=301, Location=new)
    hub.write({"east": [old]})
    hub.run("poll")
    assert "State    ok" in hub.run("explain", "east/news").stdout
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat().replace("+00:00", "Z")
    with closing(sqlite3.connect(hub.folder / "hub.db", isolation_level=None)) as database:
        database.execute(
            "UPDATE feeds SET move = json_set(move, '$.since', ?, '$.polls', 3)", (two_days_ago,)
        )
    hub.run("poll", "--all")
    said = hub.run("explain", "east/news").stdout
    assert f"moved: It is up to date, but has moved: {old} has redirected for good to {new} since" in said
    assert "To do    `hub feeds moved` shows how feeds.yaml is to change" in said
    assert f"east/news: {old} redirects for good to {new}." in hub.run("feeds", "moved").stdout
    site.feed("/old", "Ward opens")
    hub.run("poll", "--all")
    assert "State    moved" not in hub.run("explain", "east/news").stdout
