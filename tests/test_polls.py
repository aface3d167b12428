"""Many polls at once, over loopback: what is asked again, what waits, and what an admin is told."""

from __future__ import annotations

import io
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Event

import pytest

from hub.config import Watched, parse
from hub.errors import StoreError
from hub.fetch import FetchRequest
from hub.fetch.curl import CurlFetcher
from hub.lock import LockFile
from hub.model import FeedKey, FeedState, FetchPolicy, PollResult, Selection
from hub.polling import forever, polls, rounds
from hub.report import Figures, Lines
from hub.robots import KnownRobots, Robots
from hub.store import Store, open_store
from tests.moments import Moments
from tests.site import Site, serving


def polled(folder: Path, *feeds: Sequence[str]) -> tuple[Figures, tuple[FeedState, ...]]:
    """One round over members with a feed each: its URL, and others to try."""
    config = parse(config_of(*feeds))
    store = open_store(f"sqlite:///{folder / 'hub.db'}")
    try:
        rounds.sync(store, config)
        figures = rounds.poll_round(
            config, store, store.feed_states(), progress=Lines(io.StringIO()), stop=Event()
        )
        return figures, store.feed_states()
    finally:
        store.close()


def config_of(*feeds: Sequence[str]) -> str:
    """A feeds.yaml of members with a feed each."""
    lines = ["hub: {fetch: {allow: [127.0.0.0/8], host_delay: 0s}}", "members:"]
    for number, (url, *others) in enumerate(feeds):
        lines += [f"  - slug: m{number}", f"    name: M{number}", "    feeds:", f"      - url: {url}"]
        lines += [f"        else: [{', '.join(others)}]"] if others else []
    return "\n".join(lines) + "\n"


def test_every_feed_is_polled_however_little_may_wait_in_memory(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "_MOST_BYTES_WAITING", 1)
    figures, _ = polled(tmp_path, *([site.feed(f"/{number}", f"News {number}")] for number in range(20)))
    assert (figures.feeds, figures.fetched, figures.new) == (20, 20, 20)


def test_what_a_feed_adds_is_tagged_and_told_beside_what_is_known(site: Site, tmp_path: Path) -> None:
    config = parse(config_of([f"{site.url}/news"]) + "tags:\n  - term: wards\n    any: [ward]\n")
    with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
        rounds.sync(store, config)
        for wards, new in (("AB", 2), ("ABC", 1), ("CAB", 0), ("ABCD", 1)):
            items = (
                f"<item><guid isPermaLink='false'>{ward}</guid><link>{site.url}/{ward}</link>"
                f"<title>Ward {ward} opens</title><description>Words of {ward}.</description></item>"
                for ward in wards
            )
            site.page("/news", f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>")
            figures = rounds.poll_round(
                config, store, store.feed_states(), progress=Lines(io.StringIO()), stop=Event()
            )
            assert (figures.failed, figures.fetched, figures.new, figures.updated) == (0, 1, new, 0)
        assert len(store.last_document(FeedKey("m0")).marks) == 4
        shown = store.stories(Selection(), limit=10).items
        assert [[tag.term for tag in story.shown.entry.tags] for story in shown] == [["wards"]] * 4


def test_nothing_more_is_asked_while_what_was_read_waits_to_be_settled(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.2", 0))) as silent:
        urls = [site.feed("/first", "First"), site.feed("/news", "News"), site.feed("/later", "Later")]
        urls.append(f"http://127.0.0.2:{silent.getsockname()[1]}/feed")
        config = parse(config_of(*([url] for url in urls)))
        with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
            rounds.sync(store, config)
            first, news, later, unanswered = store.feed_states()
            with rounds.open_polls(config, store) as under_way:
                under_way.begin([first])
                while not under_way.step(0.1):
                    pass
                monkeypatch.setattr(polls, "_TOGETHER_SECONDS", 600.0)
                monkeypatch.setattr(polls, "_MOST_BYTES_WAITING", 1)
                under_way.begin([news, unanswered])
                while not under_way._ready:
                    under_way.step(0.1)
                under_way.begin([later])
                for _ in range(5):
                    assert under_way.step(0.05) == ()
                assert site.paths() == ["/first", "/news"]
                assert [result.new for result in under_way.finish()] == [1]
                while "/later" not in site.paths():
                    under_way.step(0.1)


def test_a_feed_whose_own_address_failed_is_read_there_again_within_a_day(hub: Moments, site: Site) -> None:
    hub.write(f"{{url: {site.url}/feed, else: [{site.feed('/other', 'Old')}]}}")
    assert hub.poll().outcome == "fetched"
    site.page("/feed", "being rebuilt", status=500)
    # That it is unwell costs nothing where it is not read.
    assert hub.poll(hours=24).outcome == "fetched"
    assert hub.state.used_url == f"{site.url}/other"
    site.feed("/feed", "New")
    hub.poll(hours=24)
    assert hub.state.used_url == f"{site.url}/feed"
    assert {stored.entry.title for stored in hub.entries} == {"Old", "New"}
    assert site.paths() == ["/feed", "/other", "/feed", "/other", "/feed"]


def test_a_full_disk_costs_no_member_a_second_request(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forever, "AFTER_A_REFUSAL", 0.01)
    (tmp_path / "feeds.yaml").write_text(config_of([site.feed("/news", *map(str, range(200)))]))
    told, refused, stop = io.StringIO(), io.StringIO(), Event()
    monkeypatch.setattr(sys, "stderr", refused)
    lock = LockFile(tmp_path / "hub.db", "poll")
    with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
        rounds.sync(store, parse((tmp_path / "feeds.yaml").read_text()))
        pages = store._value("PRAGMA page_count")  # type: ignore[attr-defined]
        store._value(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

        offered = 0

        def tick() -> None:
            nonlocal offered
            offered += "disk is full" in refused.getvalue()
            if offered > 3:
                store._value(f"PRAGMA max_page_count = {10 * pages}")  # type: ignore[attr-defined]
            if told.getvalue():
                stop.set()

        watched = Watched(tmp_path / "feeds.yaml")
        forever.poll_forever(watched, store, lock=lock, progress=Lines(told), stop=stop, tick=tick)
        assert store.totals().entries == 200
    assert "outcome=fetched status=200 new=200" in told.getvalue()
    assert site.paths() == ["/news"]
    # However often it was offered in vain.
    said = refused.getvalue()
    assert said.count("disk is full") == 1
    assert said.index("disk is full") < said.index("The database can be written to again.")


def test_what_lasts_is_told_each_hour_and_what_comes_back_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full, held = StoreError("It is full.", "Make room."), StoreError("It is held.", "Wait.")
    teller = rounds.Teller(Lines(io.StringIO()))
    (feed,) = parse(config_of(["https://east.example.org/feed"])).feeds

    def meets(error: StoreError, *moments: int) -> int:
        """How often it is told."""
        for now in moments:
            monkeypatch.setattr("hub.polling.rounds.time.monotonic", lambda now=now: float(now))
            teller.refused(error)
        return capsys.readouterr().err.count(error.problem)

    assert meets(full, *range(0, 3_600, 30)) == 1
    assert meets(full, 3_600, 3_630) == 1
    assert meets(held, 3_660, 3_690) == 1
    # Nothing was refused for a while.
    assert meets(held, 4_000) == 1
    teller.told(())
    assert meets(held, 4_020) == 0
    teller.told([PollResult(feed=feed, outcome="fetched")])
    assert capsys.readouterr().err == "The database can be written to again.\n"
    assert meets(held, 4_030) == 1


@pytest.mark.parametrize("named", ["else", "page"])
def test_a_retry_after_of_another_address_than_the_first_is_heeded(
    site: Site, tmp_path: Path, named: str
) -> None:
    busy = site.page("/busy", "later", status=503, Retry_After="7200")
    link = f"<link rel=alternate type=application/rss+xml href={busy}>"
    first = site.page("/first", f"<!doctype html><html><head>{link}</head></html>", Content_Type="text/html")
    _, (state,) = polled(tmp_path, [f"{site.url}/nothing", busy] if named == "else" else [first])
    assert state.not_before is not None
    assert state.polled is not None
    assert (state.not_before - state.polled).total_seconds() == pytest.approx(7200, abs=5)


def test_the_host_that_a_redirect_leads_to_is_left_alone_and_no_other(site: Site, tmp_path: Path) -> None:
    with serving("127.0.0.2") as other:
        busy = other.page("/busy", "later", status=429, Retry_After="7200")
        feeds = site.page("/leads-there", "", status=302, Location=busy), site.feed("/a"), other.feed("/b")
        config = parse(config_of(*([url] for url in feeds)))
        with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
            rounds.sync(store, config)
            rounds.poll_round(
                config, store, store.feed_states()[:1], progress=Lines(io.StringIO()), stop=Event()
            )
            assert [str(state.feed.key) for state in store.due(polls.utc_now())] == ["m1/news"]


def test_a_host_is_left_alone_by_the_next_hub_too_wherever_a_redirect_leads_there(
    site: Site, tmp_path: Path
) -> None:
    with serving("127.0.0.2") as other:
        busy = other.page("/busy", "later", status=429, Retry_After="7200")
        for path in ("/first", "/second"):
            site.page(path, "", status=302, Location=busy)
        polled(tmp_path, [f"{site.url}/first"])
        assert other.paths() == ["/busy"]
        _, (_, second) = polled(tmp_path, [f"{site.url}/first"], [f"{site.url}/second"])
        assert other.paths() == []
        assert "127.0.0.2 wants no request before" in str(second.error)


# ---------------------------------------------------------------- whose fault it is


NOBODY = [[f"http://{name}.invalid/feed"] for name in ("east", "north", "west", "south")]


def test_where_nobody_can_be_reached_it_is_held_against_no_feed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, states = polled(tmp_path, *NOBODY)
    assert figures.offline
    assert (figures.feeds, figures.failed) == (0, 0)
    assert {(state.polled, state.failures) for state in states} == {(None, 0)}
    told = capsys.readouterr().err
    assert "Nobody can be reached, and no site of 4 members that were well: the host name" in told
    assert "this machine's network or its name server" in told


def test_a_host_that_cannot_be_reached_is_unwell_where_another_can(site: Site, tmp_path: Path) -> None:
    figures, states = polled(tmp_path, *NOBODY, [site.feed("/news", "News")])
    assert not figures.offline
    assert (figures.feeds, figures.failed, figures.new) == (5, 4, 1)
    assert [state.failures for state in states] == [1, 1, 1, 1, 0]


def test_who_refuses_a_connection_or_leads_on_is_there(tmp_path: Path) -> None:
    with serving("127.0.0.2") as other:
        leads = other.page("/leads", "", status=302, Location="http://nowhere.invalid/feed")
        figures, states = polled(tmp_path, *NOBODY[:2], [leads])
    assert (figures.offline, figures.failed) == (False, 3)
    refusing = [[f"http://127.0.0.{number}:9/feed"] for number in range(2, 6)]
    figures, states = polled(tmp_path, *refusing)
    assert (figures.offline, figures.failed) == (False, 4)
    assert [state.failures for state in states] == [1, 1, 1, 1]


def test_who_leads_on_to_another_host_is_there_while_others_are_asked(tmp_path: Path) -> None:
    with serving("127.0.0.2") as there, serving("127.0.0.3") as led_from:
        target = there.feed("/news", "News")
        led_from.takes["/leads"] = 0.3
        figures, states = polled(
            tmp_path, *NOBODY, [led_from.page("/leads", "", status=301, Location=target)]
        )
    assert (figures.offline, figures.failed, figures.new) == (False, 4, 1)
    assert [state.failures for state in states] == [1, 1, 1, 1, 0]


def test_who_was_away_before_is_no_sign_of_an_outage(site: Site, tmp_path: Path) -> None:
    with_others = [*NOBODY, [site.feed("/news", "News")]]
    polled(tmp_path, *with_others)
    # Now none that is well is among those that are asked.
    figures, states = polled(tmp_path, *NOBODY)
    assert (figures.offline, figures.failed) == (False, 4)
    assert [state.failures for state in states] == [2, 2, 2, 2]


def test_two_members_are_too_few_to_blame_the_network(tmp_path: Path) -> None:
    figures, states = polled(tmp_path, *NOBODY[:2])
    assert (figures.offline, figures.failed) == (False, 2)
    assert [state.failures for state in states] == [1, 1]


def test_a_hub_that_was_cut_off_goes_on_with_all_feeds_once_it_is_not(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forever, "WHILE_OFFLINE", 0.01)
    (tmp_path / "feeds.yaml").write_text(config_of(*NOBODY))
    told, said, stop = io.StringIO(), io.StringIO(), Event()
    monkeypatch.setattr(sys, "stderr", said)
    looks = 0

    def tick() -> None:
        nonlocal looks
        looks += 1
        if looks == 30:
            assert told.getvalue() == ""
            assert {state.failures for state in store.feed_states()} == {0}
            (tmp_path / "feeds.yaml").write_text(config_of(*NOBODY, [site.feed("/news", "News")]))
        if told.getvalue().count("\n") == 5 or looks > 10_000:
            stop.set()

    watched = Watched(tmp_path / "feeds.yaml")
    lock = LockFile(tmp_path / "hub.db", "poll")
    with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
        forever.poll_forever(watched, store, lock=lock, progress=Lines(told), stop=stop, tick=tick)
        assert [state.failures for state in store.feed_states()] == [1, 1, 1, 1, 0]
    assert said.getvalue().count("Nobody can be reached") == 1


# ---------------------------------------------------------------- what is read again


class Clinic:
    """A member whose feed has one entry, polled with a hand on the clock."""

    def __init__(self, site: Site, store: Store) -> None:
        self.now = datetime(2026, 11, 24, 9, tzinfo=UTC)
        self._site = site
        self._store = store
        self._config = parse(config_of([f"{site.url}/news"]))
        rounds.sync(store, self._config)

    def says(self, words: str) -> None:
        item = f"<guid isPermaLink='false'>1</guid><title>Clinic</title><description>{words}</description>"
        body = f"<rss version='2.0'><channel><item>{item}</item></channel></rss>"
        self._site.page("/news", body, ETag=f'"{len(words)} {words[9:12]}"')

    def poll(self, *, after: timedelta) -> int | None:
        """Poll it; the status it answered with."""
        self.now += after
        with rounds.open_polls(self._config, self._store) as under_way:
            under_way._now = lambda: self.now
            under_way.begin(self._store.feed_states())
            results: list[PollResult] = []
            while under_way.unfinished:
                results += under_way.step(1)
        return results[0].status

    def published(self) -> str:
        (story,) = self._store.stories(limit=2).items
        return story.lead.entry.text


def test_words_that_are_taken_back_are_followed_after_a_day_though_the_feed_stays_as_it_is(
    site: Site, tmp_path: Path
) -> None:
    monday, tuesday = "It opens Monday at nine.", "It opens Tuesday at nine."
    hour = timedelta(hours=1)
    with closing(open_store(f"sqlite:///{tmp_path / 'hub.db'}")) as store:
        clinic = Clinic(site, store)
        for words in (monday, tuesday, monday):
            clinic.says(words)
            assert clinic.poll(after=hour) == 200
        assert clinic.published() == tuesday
        assert clinic.poll(after=12 * hour) == 200
        assert clinic.published() == tuesday
        assert clinic.poll(after=12 * hour) == 200
        assert clinic.published() == monday
        assert clinic.poll(after=hour) == 304


def test_half_a_document_that_comes_twice_is_not_what_its_etag_names(site: Site, tmp_path: Path) -> None:
    items = [f"<item><guid isPermaLink='false'>{n}</guid><title>Ward {n}</title></item>" for n in range(6)]
    whole = f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>"
    new = []
    for body in (whole[:200], whole[:200], whole, whole):
        url = site.page("/news", body, ETag='"v7"')
        figures, (state,) = polled(tmp_path, [url])
        new.append(figures.new)
    assert sum(new) == 6
    assert new[2] > 0
    assert state.etag == '"v7"'
    assert figures.not_modified == 1


def test_rules_of_sites_are_kept_within_bounds_the_last_that_came() -> None:
    document, now = b"Disallow: /x\n" * 8_000, datetime(2026, 11, 24, 9, tzinfo=UTC)
    known, rules = KnownRobots(), Robots(document)
    sites = [f"https://{number}.example/robots.txt" for number in range(40)]
    for each in sites:
        known.keep(each, rules, now)
    kept = [each for each in sites if known.fresh(each, now)]
    assert kept == sites[-len(kept) :]
    assert 1 < len(kept) <= 1024 * 1024 / len(document)


def test_rules_that_cannot_be_had_again_hold_for_an_hour_more() -> None:
    known, at, now = KnownRobots(), "https://east.example/robots.txt", datetime(2026, 11, 24, 9, tzinfo=UTC)
    known.keep_on(at, now)
    assert known.last(at) is None
    known.keep(at, Robots(b"Disallow: /"), now)
    later = now + timedelta(hours=24)
    assert known.fresh(at, later - timedelta(seconds=1))
    assert known.fresh(at, later) is None
    known.keep_on(at, later)
    assert known.fresh(at, later + timedelta(minutes=59)) is known.last(at)
    assert known.fresh(at, later + timedelta(hours=1)) is None


def test_a_fetcher_that_is_held_begins_nothing_until_it_is_let_go(site: Site) -> None:
    fetcher = CurlFetcher(FetchPolicy(allow=(ip_network("127.0.0.1/32"),)), "tests")
    try:
        fetcher.hold(True)
        fetcher.submit("news", FetchRequest(url=site.feed("/news", "Ward opens")))
        assert fetcher.wait(0.2) == []
        assert (site.asked, fetcher.pending) == ([], 1)
        fetcher.hold(False)
        began = time.monotonic()
        assert [ticket for ticket, _ in fetcher.wait(10)] == ["news"]
        assert time.monotonic() - began < 5
    finally:
        fetcher.close()


def test_a_feed_is_gone_for_good_only_when_none_of_its_addresses_is_just_unwell(
    site: Site, tmp_path: Path
) -> None:
    first, second, third = (site.page(path, "", status=410) for path in ("/1", "/2", "/3"))
    unwell = site.page("/unwell", "", status=503)
    _, (with_one_unwell, with_none) = polled(tmp_path, (first, unwell), (second, third))
    assert with_one_unwell.gone is None
    assert with_one_unwell.next_poll is not None
    assert with_none.gone is not None
    assert with_none.next_poll is None


def test_a_page_that_a_feed_redirects_to_is_told_with_the_feeds_own_address(
    site: Site, tmp_path: Path
) -> None:
    page = site.page("/back-soon", "<html><title>Back soon</title></html>", Content_Type="text/html")
    moved = site.page("/feed", "", status=302, Location=page)
    figures, (state,) = polled(tmp_path, (moved,))
    assert figures.failed == 1
    assert page in (state.error or "")
    assert f"{moved} redirects there" in (state.error or "")
