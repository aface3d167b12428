"""A member's former hosts: old links and ids are those of its present site, in polls, copies and commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import urls
from hub.admin import explain
from hub.config import parse
from hub.errors import ConfigError
from hub.model import Feed, FeedKey, Member
from hub.store import Store
from tests.commands import Hub as Commands
from tests.entries import entry
from tests.moments import Moments
from tests.site import Site
from tests.test_store import EAST, FEEDS, poll, store, url

__all__ = ["store", "url"]

OLD, NEW = "old.example", "new.example"
HOSTS = {OLD: NEW}
MOVED = Member(slug="east", name="East", homepage=f"https://www.{NEW}/", former_hosts=(OLD,))
WESTERN = Member(slug="west", name="West")


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("link", "now"),
    [
        (f"http://{OLD}/news/1?a=2#b", f"http://{NEW}/news/1?a=2#b"),
        (f"https://www.{OLD}/", f"https://{NEW}/"),
        ("HTTPS://OLD.example:443/x", f"HTTPS://{NEW}/x"),
        (f"https://news.{OLD}/x", f"https://news.{OLD}/x"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("tag:old.example,2026:1", "tag:old.example,2026:1"),
        ("4711", "4711"),
        ("", ""),
    ],
)
def test_a_link_on_a_former_host_is_one_on_the_present(link: str, now: str) -> None:
    assert urls.at_present(link, HOSTS) == now
    assert urls.at_present(link, {}) == link


def test_the_present_host_is_the_homepages_else_the_first_feeds() -> None:
    bare = Member(slug="east", name="East", former_hosts=(OLD, "older.example"))
    feeds = [Feed(key=FeedKey("east", name), url=f"https://{name}.example/feed") for name in ("one", "two")]
    assert urls.present_hosts([MOVED], feeds) == {OLD: NEW}
    assert urls.present_hosts([bare], feeds) == {OLD: "one.example", "older.example": "one.example"}


# ---------------------------------------------------------------- what is stored


def test_stored_entries_are_found_by_old_links_and_new_once_the_file_says_so(store: Store) -> None:
    poll(store, EAST, entry(f"https://{OLD}/?p=1", title="Ward", link=f"https://{OLD}/ward"))
    assert store.find(f"https://{NEW}/ward") == ()
    store.sync((MOVED, WESTERN), FEEDS, authority="a.example")
    (new,), (old,) = store.find(f"https://{NEW}/ward"), store.find(f"http://www.{OLD}/ward/")
    assert new.key == old.key
    assert new.entry.link == f"https://{OLD}/ward"
    assert [each.key for each in store.find(f"https://{NEW}/?p=1")] == [new.key]
    store.sync((WESTERN,), FEEDS, authority="a.example")
    assert store.find(f"https://{NEW}/ward") == ()
    assert [each.key for each in store.find(f"https://{OLD}/ward")] == [new.key]


def test_what_is_on_no_former_host_keeps_its_keys(store: Store) -> None:
    poll(store, EAST, entry("a", link="https://east.example/a"), entry("b", link=f"https://x.{OLD}/b"))
    before = [each.entry.keys for each in store.walk()]
    store.sync((MOVED, WESTERN), FEEDS, authority="a.example")
    assert [each.entry.keys for each in store.walk()] == before


# ---------------------------------------------------------------- over loopback


def serve(site: Site, host: str, *, id: str, text: str = "Words of") -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://{host}/news/{number}</link>"
        f"<guid isPermaLink='false'>{id.format(number)}</guid>"
        f"<description>{text} {title}</description></item>"
        for number, title in enumerate(("One", "Two"))
    )
    return site.page("/feed", f"<rss version='2.0'><channel><title>East</title>{items}</channel></rss>")


def test_a_site_on_a_new_host_is_known_by_its_links_and_its_old_ones_still_find_it(
    hub: Moments, site: Site
) -> None:
    feed = serve(site, OLD, id=f"https://{OLD}/?p={{}}")
    hub.write(f"url: {feed}")
    assert hub.poll().new == 2
    was = [(each.key, each.atom_id, each.changed) for each in hub.entries]
    # Without a date, and with new words, nothing but the path of its link is as it was.
    serve(site, NEW, id="cms-{}", text="New words of")
    hub.write(f"url: {feed}", member=f"homepage: https://{NEW}/\n    former_hosts: [{OLD}]")
    result = hub.poll(hours=1)
    assert result.new == 0
    assert [(each.key, each.atom_id) for each in hub.entries] == [(key, id) for key, id, _ in was]
    assert {each.entry.link for each in hub.entries} == {f"https://{NEW}/news/0", f"https://{NEW}/news/1"}
    said = explain.run(hub.config, hub.database, f"http://www.{OLD}/news/1", now=hub.now)[0]
    assert f"Link     https://{NEW}/news/1" in said
    missing = explain.run(hub.config, hub.database, f"https://www.{OLD}/news/9", now=hub.now)[0]
    assert "It would come from east/news" in missing


def test_links_are_taken_over_though_nothing_else_changed(hub: Moments, site: Site) -> None:
    feed = serve(site, OLD, id="cms-{}")
    member = f"homepage: https://{NEW}/\n    former_hosts: [{OLD}]"
    hub.write(f"url: {feed}", member=member)
    hub.poll()
    assert {each.entry.link for each in hub.entries} == {f"https://{OLD}/news/0", f"https://{OLD}/news/1"}
    serve(site, NEW, id="cms-{}")
    result = hub.poll(hours=1)
    assert (result.new, result.updated) == (0, 0)
    assert {each.entry.link for each in hub.entries} == {f"https://{NEW}/news/0", f"https://{NEW}/news/1"}


def test_who_links_to_the_old_site_has_a_copy_of_what_is_on_the_new_and_none_of_its_ids(
    tmp_path: Path, site: Site
) -> None:
    commands = Commands(tmp_path)
    theirs = _one(f"https://{OLD}/launch", "Their own words of it.")
    theirs = theirs.replace("</item>", f"<guid isPermaLink='false'>https://{OLD}/?p=1</guid></item>")
    pages = {
        "east": site.page("/east", _one(f"https://{NEW}/launch", "Words of ours.")),
        "west": site.page("/west", theirs),
    }
    commands.write({slug: [page] for slug, page in pages.items()})
    text = commands.config.read_text()
    member = f"    name: Member east\n    homepage: https://{NEW}/\n    former_hosts: [{OLD}]\n"
    commands.config.write_text(text.replace("    name: Member east\n", member))
    assert commands.run("poll", "east").returncode == 0
    assert commands.run("poll", "west").returncode == 0
    said = commands.run("explain", f"https://{OLD}/launch").stdout
    assert "the same link and title" in said
    assert f"Id       https://{OLD}/?p=1, published as tag:" in said


def _one(link: str, text: str) -> str:
    item = f"<item><title>The launch</title><link>{link}</link><description>{text}</description></item>"
    return f"<rss version='2.0'><channel><title>News</title>{item}</channel></rss>"


# ---------------------------------------------------------------- the file


def written(*members: str) -> str:
    return "members:\n" + "".join(
        f"  - {{slug: m{number}, name: M, {each}}}\n" for number, each in enumerate(members)
    )


def test_former_hosts_are_read_in_lower_case_and_without_www() -> None:
    config = parse(written("homepage: https://new.example/, former_hosts: [WWW.Old.Example, ümlaut.example]"))
    assert config.members[0].former_hosts == ("old.example", "xn--mlaut-jva.example")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written("homepage: https://new.example/, former_hosts: [https://old.example/]"), "is no host name"),
        (written("homepage: https://new.example/, former_hosts: [old]"), "is no host name"),
        (written("former_hosts: [old.example]"), "give the member a homepage"),
        (
            written("homepage: https://www.old.example/, former_hosts: [old.example]"),
            "is the host of a homepage or feed still",
        ),
        (
            written("feeds: [{url: https://old.example/f}], former_hosts: [old.example]"),
            "is the host of a homepage or feed still",
        ),
        (
            written(
                "homepage: https://a.example/, former_hosts: [old.example]",
                "homepage: https://b.example/, former_hosts: [www.old.example]",
            ),
            "stands twice, first on line 2",
        ),
    ],
)
def test_a_former_host_that_cannot_be_one_is_an_error_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    line = len(text.splitlines())
    assert f"feeds.yaml:{line}: members[{line - 2}].former_hosts[0]" in str(caught.value)
    assert said in str(caught.value)


def test_a_feed_may_be_on_the_former_host_still_while_it_redirects() -> None:
    parse(
        written(
            "homepage: https://new.example/, former_hosts: [old.example], feeds: [{url: https://old.example/f}]"
        )
    )
