"""A feed that redirects for good: what is believed, when an admin is asked, what feeds.yaml comes to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub import moves
from hub.admin import feedlist
from hub.config import load
from hub.config.edit import readdress_feed
from hub.errors import ConfigError
from hub.model import Feed, FeedKey, FeedState, Gathered, Move
from tests.commands import Hub as Commands
from tests.entries import entry
from tests.moments import Moments
from tests.site import Site, rss
from tests.test_decide import NOW
from tests.test_feeds_edit import ODD
from tests.web_hub import BLOG, NETWORK, WESSEX, Hub, a_hub, ago, news

OLD, NEW = "https://old.example/feed/", "https://new.example/feed/"
FEED = Feed(key=FeedKey("east"), url=OLD, alternatives=("https://old.example/rss",))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# ---------------------------------------------------------------- what polls find


def poll(moved_to: str | None = NEW, *, asked: str = OLD, **more: object) -> Gathered:
    found = Gathered(
        feed=FEED, outcome="fetched", started=NOW, url=asked, moved_to=moved_to, entries=(entry("a"),)
    )
    return replace(found, **more)


def found(*polls: Gathered, shares: bool = True) -> FeedState:
    """A feed's state after polls an hour apart, the last of them now."""
    move = None
    for number, each in enumerate(reversed(range(len(polls)))):
        move = moves.followed(move, polls[number], shares=shares, now=NOW - each * HOUR)
    return FeedState(feed=FEED, move=move)


def test_a_move_is_proposed_when_polls_found_it_so_for_two_days() -> None:
    state = found(*[poll()] * 49)
    assert moves.proposed(state, NOW) == Move(
        address=OLD, target=NEW, since=NOW - 2 * DAY, polls=49, shares=True
    )
    assert moves.proposed(found(*[poll()] * 48), NOW) is None


def test_a_few_polls_are_not_enough_however_long_ago_they_began() -> None:
    state = found(*[poll()] * 3)
    assert moves.proposed(state, NOW + 30 * DAY) is None
    assert moves.proposed(found(*[poll()] * 4), NOW + 30 * DAY)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(poll(None), id="no redirect, or a temporary one"),
        pytest.param(poll("https://elsewhere.example/"), id="another target"),
        pytest.param(poll(outcome="failed"), id="a failure"),
        pytest.param(poll(entries=()), id="a target without entries"),
    ],
)
def test_what_interrupts_a_move_begins_it_anew(other: Gathered) -> None:
    state = found(*[poll()] * 60, other, *[poll()] * 40)
    assert moves.proposed(state, NOW) is None
    assert moves.proposed(found(*[poll()] * 60, other, *[poll()] * 49), NOW)


def test_a_redirect_that_is_gone_is_told_of_no_more() -> None:
    state = found(*[poll()] * 60, poll(None))
    assert moves.current(state) is None


def test_an_empty_document_at_the_target_is_not_counted_and_makes_nobody_doubt() -> None:
    empty = poll(entries=())
    assert moves.proposed(found(empty, *[poll()] * 3), NOW + 30 * DAY) is None
    assert moves.proposed(found(empty, *[poll()] * 4), NOW + 30 * DAY)
    assert moves.doubtful(found(empty, shares=False)) is None


def test_what_is_not_proposed_yet_says_how_far_it_is() -> None:
    state = found(*[poll()] * 48)
    assert moves.doubtful(state) is None
    assert state.move
    assert moves.why_not(state.move, NOW).endswith("so far: 48 and 47.")
    interrupted = found(*[poll()] * 48, poll(outcome="failed"))
    assert interrupted.move
    assert moves.why_not(interrupted.move, NOW).endswith("so far: 0 and 0.")


def test_a_document_that_is_the_same_as_before_the_move_is_of_the_feed() -> None:
    same = poll(outcome="not_modified", entries=())
    assert moves.proposed(found(*[same] * 49), NOW)
    assert moves.proposed(found(*[poll(unchanged=True, entries=())] * 49), NOW)


def test_a_target_without_anything_of_the_feed_is_never_proposed() -> None:
    move = moves.followed(None, poll(), shares=False, now=NOW)
    for hours in range(1, 100):
        # Its entries are known by now, since they were stored.
        move = moves.followed(move, poll(), shares=True, now=NOW + hours * HOUR)
    state = FeedState(feed=FEED, move=move)
    assert moves.proposed(state, NOW + 100 * HOUR) is None
    assert moves.doubtful(state) == move


def test_a_doubtful_target_stays_doubtful_when_the_redirect_was_gone_for_a_while() -> None:
    move = moves.followed(None, poll(), shares=False, now=NOW)
    move = moves.followed(move, poll(None), shares=True, now=NOW + HOUR)
    assert moves.doubtful(FeedState(feed=FEED, move=move)) is None
    move = moves.followed(move, poll(), shares=True, now=NOW + 2 * HOUR)
    assert moves.doubtful(FeedState(feed=FEED, move=move))


def test_an_address_that_feeds_yaml_has_no_more_has_not_moved() -> None:
    state = found(*[poll()] * 49)
    assert moves.proposed(replace(state, feed=replace(FEED, url=NEW, alternatives=())), NOW) is None


def test_an_alternative_address_may_move_too() -> None:
    state = found(*[poll(asked="https://old.example/rss")] * 49)
    proposed = moves.proposed(state, NOW)
    assert proposed
    assert proposed.address == "https://old.example/rss"


# ---------------------------------------------------------------- over loopback


def moved(site: Site, *statuses: int) -> str:
    """A feed that redirects by these statuses, one after the other; its address."""
    for number, status in enumerate(statuses):
        last = number == len(statuses) - 1
        location = f"{site.url}/new" if last else f"{site.url}/hop-{number}"
        site.page("/old" if number == 0 else f"/hop-{number - 1}", "", status=status, Location=location)
    return f"{site.url}/old"


def test_a_feed_that_moved_for_good_is_proposed_as_an_edit_and_made_when_an_admin_says_so(
    hub: Moments, site: Site
) -> None:
    feed = site.feed("/old", "One", "Two")
    hub.write(f"{{url: {feed}, tags: [x]}}   # where it always was")
    written = hub.config.read_text()
    assert hub.poll().new == 2
    moved(site, 301, 308)
    site.page("/new", rss(feed, "One", "Two"))
    for _ in range(8):
        assert hub.poll(hours=6).new == 0
        assert "It is proposed after 4 polls in a row and 48 hours; so far: " in _said(hub)
    hub.poll(hours=6)
    said = _said(hub)
    assert f"east/news: {feed} redirects for good to {site.url}/new." in said
    assert "9 polls in a row found it so, since 20 November 2026, 18:00 UTC." in said
    assert f"- {{url: {feed}, tags: [x]}}   # where it always was".removeprefix("- ") in said
    assert "Nothing was written" in said
    assert hub.config.read_text() == written
    said, as_proposed, _ = feedlist.moved(hub.config, hub.database, "east", apply=True, now=hub.now)
    assert as_proposed
    assert "says so now" in said
    assert _said(hub).endswith(f"has no address {feed} any more\n    Nothing was written.")
    assert hub.config.read_text() == written.replace(feed, f"{site.url}/new")
    site.asked.clear()
    assert hub.poll(hours=6).new == 0
    assert [path for path, _ in site.asked] == ["/new"]
    assert _said(hub) == "No feed redirects for good."


def _said(hub: Moments) -> str:
    return feedlist.moved(hub.config, hub.database, None, apply=False, now=hub.now)[0]


@pytest.mark.parametrize("statuses", [(302,), (301, 307, 301), (308, 303)])
def test_a_chain_with_one_redirect_that_is_not_permanent_is_no_move(
    hub: Moments, site: Site, statuses: tuple[int, ...]
) -> None:
    site.feed("/new", "One")
    hub.write(f"url: {moved(site, *statuses)}")
    for _ in range(6):
        hub.poll(hours=24)
    assert hub.state.move is None
    assert _said(hub) == "No feed redirects for good."


def test_polls_go_on_to_ask_the_address_that_feeds_yaml_has(hub: Moments, site: Site) -> None:
    site.feed("/new", "One")
    hub.write(f"url: {moved(site, 301)}")
    for _ in range(6):
        hub.poll(hours=24)
    assert [path for path, _ in site.asked] == ["/old", "/new"] * 6
    assert moves.proposed(hub.state, hub.now)


def test_a_move_to_an_address_that_another_feed_has_is_shown_with_what_hinders_it(
    hub: Moments, site: Site
) -> None:
    site.feed("/new", "One")
    hub.write(f"url: {moved(site, 301)}", f"{{name: blog, url: {site.url}/new}}")
    for _ in range(6):
        hub.poll(hours=24)
    assert "stands twice" in _said(hub)
    before = hub.config.read_text()
    said, *_ = feedlist.moved(hub.config, hub.database, None, apply=False, now=hub.now)
    assert "Change what is named first, or make the change by hand." in said
    said, as_proposed, _ = feedlist.moved(hub.config, hub.database, None, apply=True, now=hub.now)
    assert "Not changed: the file could not be read with this change" in said
    assert "stands twice" in said
    assert said.endswith("1 change was not made: it is said above why.")
    assert not as_proposed
    assert hub.config.read_text() == before


def test_another_members_feed_at_the_end_of_a_redirect_is_told_and_never_proposed(
    hub: Moments, site: Site
) -> None:
    hub.write(f"url: {site.feed('/old', 'One', 'Two')}")
    hub.poll()
    moved(site, 301)
    site.page("/new", rss(f"{site.url}/theirs", "Bought", "Sold"))
    for _ in range(6):
        hub.poll(hours=24)
    assert moves.proposed(hub.state, hub.now) is None
    assert "it may be somebody else's" in _said(hub)
    before = hub.config.read_text()
    said, *_ = feedlist.moved(hub.config, hub.database, None, apply=True, now=hub.now)
    assert "Nothing was written" not in said
    assert hub.config.read_text() == before


def test_a_page_for_maintenance_is_no_move(hub: Moments, site: Site) -> None:
    feed = site.feed("/old", "One")
    hub.write(f"url: {feed}")
    hub.poll()
    moved(site, 301)
    site.page("/new", "<html><title>Back soon</title></html>", Content_Type="text/html")
    for _ in range(6):
        assert hub.poll(hours=24).outcome == "failed"
    assert moves.current(hub.state) is None


def test_what_redirects_for_good_is_shown_by_the_command(tmp_path: Path, site: Site) -> None:
    commands = Commands(tmp_path)
    site.feed("/new", "One")
    commands.write({"east": [moved(site, 301)], "west": [site.feed("/west", "Two")]})
    assert commands.run("poll").returncode == 0
    said = commands.run("feeds", "moved")
    assert said.returncode == 0
    assert "after 4 polls in a row and 48 hours; so far: 1 and 0." in said.stdout
    assert commands.run("feeds", "moved", "west").stdout == "No feed redirects for good.\n"
    unknown = commands.run("feeds", "moved", "wets")
    assert unknown.returncode == 2
    assert "Did you mean west?" in unknown.stderr


def test_a_move_that_was_first_seen_by_a_clock_that_was_ahead_is_proposed_in_time() -> None:
    move = moves.followed(None, poll(), shares=True, now=NOW + 365 * DAY)
    for hours in range(0, 60, 12):
        move = moves.followed(move, poll(), shares=True, now=NOW + hours * HOUR)
    assert moves.proposed(FeedState(feed=FEED, move=move), NOW + 2 * DAY) == move


# ---------------------------------------------------------------- the status page


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


def test_of_two_feeds_that_lead_to_one_address_the_first_is_changed_and_the_other_told_of(
    web: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.yaml"
    over_lines = "feeds:\n      - url: >-\n          https://wessex.example/feed/\n      - "
    path.write_text(
        NETWORK.replace("feeds: [{url: https://wessex.example/feed/}, ", over_lines).replace(
            "blog/feed/}]", "blog/feed/}"
        )
    )
    web.configure(path.read_text())
    for days in (4, 3, 2, 1):
        for key in (WESSEX, BLOG):
            _redirect(web, web.feed(key), days)
    database = f"sqlite:///{web.file}"
    planned, as_proposed, _ = feedlist.moved(path, database, None, apply=False, now=ago())
    told = "Another feed has that address by then.\n    Take this one out: hub feeds remove wessex/blog"
    assert told in planned
    assert not as_proposed
    assert f'+ - url: "{NEW}"' in planned
    said, as_proposed, _ = feedlist.moved(path, database, None, apply=True, now=ago())
    assert not as_proposed
    assert "Not changed: Another feed has that address by then." in said
    assert said.endswith("1 change was not made: it is said above why.")
    config = load(path)
    assert [feed.url for feed in config.feeds][:2] == [NEW, "https://wessex.example/blog/feed/"]


def test_the_status_page_tells_of_a_move_once_it_is_proposed(web: Hub) -> None:
    feed = web.feed(WESSEX)
    for days in (4, 3, 2, 1):
        assert "moved" not in web.words("/status")
        _redirect(web, feed, days)
    said = web.words("/status")
    assert said.count(f"has moved: {feed.url} has redirected for good to {NEW} since 20 November 2026.") == 1
    assert said.count("hub feeds moved shows how feeds.yaml is to change") == 1
    assert "<code>hub feeds moved</code> shows" in web.html("/status")


def _redirect(web: Hub, feed: Feed, days: int) -> None:
    at = ago(days=days)
    found = Gathered(
        feed=feed,
        outcome="fetched",
        started=at,
        url=feed.url,
        moved_to=NEW,
        body_digest=str(days),
        entries=(replace(news(f"a/{feed.key.name}", f"One of {feed.key.name}"), feed=feed.key),),
    )
    web.settle(found, at)


# ---------------------------------------------------------------- the edit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(ODD)
    return path


@pytest.mark.parametrize(
    ("member", "old", "new", "before", "after"),
    [
        (
            "one",
            "https://one.example/feed/",
            "https://new.example/feed/",
            "url: https://one.example/feed/   # old: /rss",
            "url: https://new.example/feed/   # old: /rss",
        ),
        (
            "one",
            "https://one.example/rss",
            "https://new.example/rss",
            "else: [ 'https://one.example/rss',",
            'else: [ "https://new.example/rss",',
        ),
        (
            "two",
            "https://two.example/feed/",
            "https://two.example/a,b?c={d}#e",
            "feeds: [{url: https://two.example/feed/}]}   # flow too",
            'feeds: [{url: "https://two.example/a,b?c={d}#e"}]}   # flow too',
        ),
    ],
)
def test_an_address_is_changed_and_not_a_byte_more(
    file: Path, member: str, old: str, new: str, before: str, after: str
) -> None:
    shown = readdress_feed(file, FeedKey(member), old, new, write=False)
    assert file.read_text() == ODD
    assert [line.partition(": ")[2][:1] for line in shown] == ["-", "+"]
    assert after.strip() in shown[1]
    assert readdress_feed(file, FeedKey(member), old, new, write=True) == shown
    assert file.read_text() == ODD.replace(before, after)
    assert new in str(load(file).feeds)


def test_the_address_of_an_else_with_keys_of_its_own_is_changed_too(file: Path) -> None:
    old = "https://one.example/atom"
    text = ODD.replace(f"{old} ]", f"{{url: {old}, kind: wordpress}} ]")
    file.write_text(text)
    readdress_feed(file, FeedKey("one"), old, NEW, write=True)
    assert file.read_text() == text.replace(old, NEW)


def test_an_address_that_stands_in_the_file_already_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="stands twice"):
        readdress_feed(
            file, FeedKey("one"), "https://one.example/feed/", "https://two.example/feed/", write=True
        )
    assert file.read_text() == ODD


def test_an_address_that_left_the_file_meanwhile_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no address https://one\.example/gone any more"):
        readdress_feed(file, FeedKey("one"), "https://one.example/gone", NEW, write=True)
    with pytest.raises(ConfigError, match="the feed four/news has no address"):
        readdress_feed(file, FeedKey("four"), "https://four.example/", NEW, write=True)
