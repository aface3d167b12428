"""Whatever a member's server sends, the hub goes on: every path of the hostile server, row by row.

bench/hostile.py says of each of its paths what it does and what a good
aggregator makes of it. Everything is polled in one round beside ten good
feeds; then, with another database, what changes from fetch to fetch and what
should not change at all, several times.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html

from bench import hostile_round
from bench.hostile_round import Hostile, Poll, Round, Row
from hub.health import health
from hub.model import FeedState, Selection, StoredEntry, Term
from hub.publish import atom, jsonfeed, rss
from hub.publish.document import MergedDocument
from hub.publish.item import Item, item
from hub.schedule import USUAL
from hub.store import Store, existing_store
from tests.hostile_rows import CHECKS, SAYS
from tests.hostile_states import Told, letters, table, told
from tests.rfc4287 import violations

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        sys.platform != "linux", reason="its servers need 127.0.0.2 to .31, and its meter /proc"
    ),
]

ROUNDS = 5
# Answers of the server's own slowness, which need no second look.
_ONCE_IS_ENOUGH = ("/time/late",)

# What these rows ask for besides is work of its own. Here they may not end
# the process, stop another's poll or leak, and lose nothing.
LATER = {
    "/redirect/permanent-member": "hijacks",
    "/edit/disappears-404": "withdrawals",
    "/edit/disappears-410": "withdrawals",
    "/edit/tombstone": "withdrawals",
    "/edit/burst": "floods",
    "/edit/flood": "floods",
    "/edit/hijack": "hijacks",
    "/spoof/source": "spoofing",
    "/spoof/author": "spoofing",
}


@dataclass(frozen=True, slots=True)
class Steps:
    """How the polls of a row end, one after the other, and what they bring.

    `outcomes` has a letter for each round: o answered, x failed, - not asked
    since its server wants to be left alone, ? one of these. `new` are the
    entries that the answers after the first bring, `told` the entries that
    all of them tell as updated.
    """

    outcomes: str = "ooooo"
    new: tuple[int, ...] = (0, 0, 0, 0)
    told: int = 0


# What changes otherwise than by nothing being told after the first answer.
STEPS = {
    "/time/first-fails": Steps("xoooo"),
    "/redirect/then-canary": Steps("oxxxx"),
    "/redirect/permanent-html": Steps("oxxxx"),
    "/redirect/maintenance": Steps("oxxoo"),
    "/validators/304-unasked": Steps("oxxxx"),
    "/validators/stuck": Steps(new=(0, 0, 0, 1)),
    "/status/500-then-back": Steps("oxxxo"),
    "/status/404-then-back": Steps("oxxoo"),
    "/status/410-then-back": Steps("oxooo"),
    "/limit/429-seconds": Steps("x????"),
    "/limit/429-date": Steps("x????"),
    "/limit/503-seconds": Steps("x????"),
    "/limit/429-fraction": Steps("x????"),
    "/limit/429-hour": Steps("x----"),
    "/limit/503-hour": Steps("x----"),
    "/limit/429-absurd": Steps("x----"),
    "/limit/429-huge": Steps("x----"),
    "/limit/429-past": Steps("xoxox"),
    "/limit/429-missing": Steps("xoxox"),
    "/limit/429-negative": Steps("xoxox"),
    "/limit/429-words": Steps("xoxox"),
    "/limit/503-missing": Steps("xoxox"),
    "/body/truncated-after-first": Steps("oxxxx"),
    "/body/empty-later": Steps("oxxxx"),
    "/edit/corrected": Steps(told=1),
    "/edit/corrected-title": Steps(told=1),
    "/edit/rewritten": Steps(told=1),
    "/edit/emptied": Steps(told=1),
    "/edit/flip": Steps(told=1),
    "/edit/window": Steps(new=(1, 1, 1, 1)),
    "/edit/new": Steps(new=(1, 1, 1, 1)),
    "/edit/hijack-one": Steps(new=(1, 0, 0, 0)),
}

# What is published changes here though nothing is told: links, or what the feed says of itself …
ADDRESSES_CHANGE = ("/id/moved-domain", "/edit/format", "/edit/relaunch")
# … and the story gets another copy when /redirect/permanent-member leads to /plain.atom.
COPIED_LATER = ("/plain.atom", "/loop/merged", "/loop/rss-source")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there after some rounds over some rows.

    `items` are what each round left to be published of each row's member, by
    slug; `entries` and `states` what the last one left in the store.
    """

    rows: dict[str, Row]
    rounds: tuple[Round, ...]
    items: tuple[dict[str, tuple[Item, ...]], ...]
    entries: dict[str, list[StoredEntry]]
    states: dict[str, FeedState]
    stats: dict[str, Any]
    folder: Path

    def polls(self, row: Row) -> list[Poll | None]:
        return [each.polls.get(row.slug) for each in self.rounds]

    def failure(self, row: Row) -> dict[str, str] | None:
        """What the first round's figures say of a row that failed."""
        failures: list[dict[str, str]] = self.rounds[0].figures["failures"]
        return next((each for each in failures if each["member"] == row.slug), None)

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'hub.db'}"


@pytest.fixture(scope="module")
def server() -> Iterator[Hostile]:
    with hostile_round.serving(seconds=850) as running:
        yield running


@pytest.fixture(scope="module")
def first(server: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One round over every path, beside the good feeds."""
    return _after(server, (*server.rows(), *server.good()), tmp_path_factory.mktemp("first"), rounds=1)


@pytest.fixture(scope="module")
def later(server: Hostile, first: Seen, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Several rounds over what changes from fetch to fetch, and over what should not."""
    server.reset()
    rows = [row for row in first.rows.values() if row.expect in ("steps", "entries")]
    rows = [row for row in rows if row.path not in _ONCE_IS_ENOUGH]
    return _after(server, rows, tmp_path_factory.mktemp("later"), rounds=ROUNDS)


def _after(server: Hostile, rows: Sequence[Row], folder: Path, *, rounds: int) -> Seen:
    (folder / "feeds.yaml").write_text(hostile_round.feeds_yaml(rows))
    database = f"sqlite:///{folder / 'hub.db'}"
    ended: list[Round] = []
    items: list[dict[str, tuple[Item, ...]]] = []
    for number in range(1, rounds + 1):
        if rounds > 1 and number == rounds:
            _let_time_pass(folder / "hub.db")
        ended.append(hostile_round.poll(folder))
        store = existing_store(database)
        items.append({row.slug: _items(store, row.slug) for row in rows})
        entries: dict[str, list[StoredEntry]] = {row.slug: [] for row in rows}
        for stored in store.walk():
            entries[stored.member.slug].append(stored)
        states = {state.feed.key.member: state for state in store.feed_states()}
        store.close()
    return Seen(
        {row.path: row for row in rows}, tuple(ended), tuple(items), entries, states, server.stats(), folder
    )


def _items(store: Store, slug: str) -> tuple[Item, ...]:
    """What a member's merged feed is rendered from: the same items give the same bytes."""
    selection = Selection(filter=Term("member", slug), every_entry=True)
    return tuple(item(story, {}) for story in store.stories(selection, limit=200).items)


def _let_time_pass(database: Path) -> None:
    """Wait until every Retry-After of seconds is over, and let the hub believe that a week has gone by."""
    with sqlite3.connect(database) as connection:
        waits = [
            datetime.fromisoformat(at) for (at,) in connection.execute("SELECT not_before FROM feeds") if at
        ]
        week = (datetime.now(UTC) - timedelta(days=8)).isoformat().replace("+00:00", "Z")
        connection.execute("UPDATE feeds SET succeeded = ? WHERE member = 'validators-stuck'", (week,))
    connection.close()
    seconds = [(wait - datetime.now(UTC)).total_seconds() for wait in waits]
    time.sleep(max((each for each in seconds if 0 < each < 60), default=0.0))


# ---------------------------------------------------------------- row by row


@pytest.mark.parametrize("path", hostile_round.paths())
def test_each_row_of_the_table_is_as_a_good_aggregator_has_it(path: str, first: Seen, later: Seen) -> None:
    row = first.rows[path]
    if row.expect == "steps":
        _meets_steps(row, later)
    elif row.expect == "error" or (row.expect == "either" and first.failure(row)):
        _fails(row, first)
    else:
        _succeeds(row, first, first.entries[row.slug])
        if path in later.rows:
            _meets_steps(row, later)


def _fails(row: Row, seen: Seen) -> None:
    failure = seen.failure(row)
    assert failure, "the poll succeeded"
    assert seen.entries[row.slug] == []
    assert failure["feed"] == row.url
    assert row.path in failure["error"]
    assert failure["remedy"]
    assert SAYS.get(row.path, "") in failure["error"]
    if row.path.startswith("/redirect/to/"):
        assert "redirects to" in failure["error"]
    _is_told_how_it_stands(row, seen.states[row.slug])


def _succeeds(row: Row, seen: Seen, entries: Sequence[StoredEntry]) -> None:
    assert seen.failure(row) is None
    if row.expect == "entries" or row.plain:
        assert _plain(row, entries) == list(range(1, row.plain + 1))
    told = re.search(r"title reads:? (.*)$", row.good)
    if told:
        assert any(stored.entry.title.startswith(told[1]) for stored in entries)
    if "noted" in row.good and "or noted" not in row.good:
        assert seen.states[row.slug].remarks
    if row.path in CHECKS:
        CHECKS[row.path](entries)


def _plain(row: Row, entries: Sequence[StoredEntry]) -> list[int]:
    """The numbers of the plain entries among these, in order, each as often as it is there."""
    title = re.compile(rf"plain (\d+) of {re.escape(row.path)}\)")
    found = (title.search(stored.entry.title) for stored in entries)
    return sorted(int(match[1]) for match in found if match)


def _meets_steps(row: Row, seen: Seen) -> None:
    entries, polls = seen.entries[row.slug], seen.polls(row)
    plain = _plain(row, entries)
    assert len(plain) == len(set(plain))
    if row.path in LATER:
        assert None not in polls
        assert set(plain) >= set(range(1, row.plain + 1))
        return
    steps = STEPS.get(row.path, Steps())
    outcomes = letters(polls)
    assert re.fullmatch(steps.outcomes.replace("?", "[ox-]"), outcomes)
    answered = [each for each in polls if each and each.outcome != "failed"]
    for brings, each in zip(steps.new, answered[1:], strict=False):
        assert each.new == brings
    assert sum(each.updated for each in answered) == steps.told
    assert len(entries) == sum(each.new for each in answered)
    assert set(plain) >= set(range(1, row.plain + 1)) or not answered
    if row.path not in (*ADDRESSES_CHANGE, *COPIED_LATER):
        _moves_only_with_news(row, seen)
    _is_told_how_it_stands(row, seen.states[row.slug])
    if row.path in CHECKS:
        CHECKS[row.path](entries)


def _is_told_how_it_stands(row: Row, state: FeedState) -> None:
    if state.error is None:
        assert (state.failures, state.reason) == (0, None)
        assert state.remarks or "a note to the admin" not in row.good
    else:
        assert row.path in state.error
        assert SAYS.get(row.path, "") in state.error
        assert state.remedy
        assert state.polled is not None
        assert state.next_poll is None or state.next_poll > state.polled + USUAL
    if state.not_before is not None:
        assert state.not_before < datetime.now(UTC) + timedelta(days=1)


def _moves_only_with_news(row: Row, seen: Seen) -> None:
    """What is published of a row's member is the same after a poll that told nothing: so is its ETag."""
    for poll, before, after in zip(seen.polls(row)[1:], seen.items, seen.items[1:], strict=False):
        if not poll or not (poll.new or poll.updated):
            assert after[row.slug] == before[row.slug]


# ---------------------------------------------------------------- what is said of each


@pytest.fixture(scope="module")
def said() -> dict[str, Told]:
    return table()


@pytest.mark.parametrize("path", hostile_round.paths())
def test_each_fault_leaves_its_feed_in_a_state_that_is_told(
    path: str, first: Seen, later: Seen, said: dict[str, Told]
) -> None:
    row = first.rows[path]
    seen = later if row.expect == "steps" else first
    state = seen.states[row.slug]
    assert state.polled is not None
    stored = None if path in LATER else len(seen.entries[row.slug])
    found = health(state, state.polled, robot="news-hub")
    run = told(path, letters(seen.polls(row)), stored, found)
    assert path in said, f"tests/hostile_states.md lacks the row {run}"
    assert said[path].allows(run), f"it is {run}"


def test_every_row_that_is_told_is_one_of_the_servers(said: dict[str, Told]) -> None:
    assert set(said) == set(hostile_round.paths())


# ---------------------------------------------------------------- the round as a whole


def test_the_round_ends_by_itself_with_every_feed_polled(first: Seen) -> None:
    assert first.rounds[0].status == 0
    assert first.rounds[0].figures["feeds"] == len(first.rows) == len(first.rounds[0].polls)
    assert first.rounds[0].seconds < 240
    assert "Traceback" not in first.rounds[0].printed


def test_good_feeds_beside_hostile_ones_are_stored_whole(first: Seen) -> None:
    good = [row for row in first.rows.values() if re.match(r"/polite/slow-feed-\d", row.path)]
    assert len(good) == hostile_round.GOOD_FEEDS
    for row in good:
        assert _plain(row, first.entries[row.slug]) == [1, 2, 3]


def test_the_memory_of_all_processes_stays_under_400_mb(first: Seen) -> None:
    assert 0 < first.rounds[0].pss < 400


def test_a_feed_that_is_gone_waits_for_the_admin(first: Seen) -> None:
    state = first.states[first.rows["/status/410"].slug]
    assert state.gone is not None
    assert state.next_poll is None


def test_no_feed_makes_the_hub_talk_to_an_inside_service(first: Seen, later: Seen) -> None:
    for seen in (first, later):
        assert seen.stats["canary"] == {"connections": 0, "requests": []}


def test_hosts_are_asked_one_at_a_time_and_as_they_wish(first: Seen, later: Seen) -> None:
    for seen in (first, later):
        busy = {
            host: each["max_concurrent"] for host, each in seen.stats["hosts"].items() if each["requests"]
        }
        assert set(busy.values()) == {1}
        for what in ("wrong_validators", "too_early", "cookies"):
            assert {path: each[what] for path, each in seen.stats["paths"].items() if each[what]} == {}
    # Later rounds were ordered by hand, which overrides the schedule.
    assert {path for path, each in first.stats["paths"].items() if each["fresh"]} == set()


def test_a_server_that_gives_validators_gets_them_back(later: Seen) -> None:
    for path in ("weak", "unquoted", "future", "bad-date", "zone"):
        polls = later.polls(later.rows[f"/validators/{path}"])
        assert [each.outcome for each in polls if each] == ["fetched", *["not_modified"] * (ROUNDS - 1)]


def test_a_members_own_words_repeated_by_others_are_copies_in_one_story(first: Seen) -> None:
    stories = {stored.story for stored in first.entries["plain-atom"]}
    for slug in ("loop-merged", "loop-rss-source"):
        copies = first.entries[slug]
        assert len(copies) == 3
        assert {stored.story for stored in copies} == stories
        assert all(stored.why for stored in copies if not stored.lead)


def test_the_databases_are_sound_afterwards(first: Seen, later: Seen) -> None:
    for seen in (first, later):
        store = existing_store(seen.database)
        assert store.check() == ()
        store.close()


def test_a_round_that_brings_nothing_changes_nothing_that_is_published(later: Seen, server: Hostile) -> None:
    quiet = [row for path, row in later.rows.items() if path not in STEPS and path not in LATER]
    (later.folder / "feeds.yaml").write_text(hostile_round.feeds_yaml(quiet))
    versions = []
    for _ in range(2):
        assert hostile_round.poll(later.folder).figures["new"] == 0
        store = existing_store(later.database)
        versions.append(store.version())
        store.close()
    assert versions[0] == versions[1]


# ---------------------------------------------------------------- what is published


@pytest.fixture(scope="module")
def published(first: Seen) -> dict[str, bytes]:
    """Merged feeds with every story there is, in each format."""
    store = existing_store(first.database)
    items: list[Item] = []
    cursor = None
    while True:
        page = store.stories(limit=200, cursor=cursor)
        items += [item(story, {}) for story in page.items]
        cursor = page.next
        if cursor is None:
            break
    store.close()
    hub = "https://news.example.org"
    document = MergedDocument(
        id=f"{hub}/feeds/all.atom",
        title="Hostile news",
        self_url=f"{hub}/feeds/all.atom",
        page_url=f"{hub}/",
        hub_url=hub,
        hub_title="Hostile news",
        items=tuple(items),
    )
    return {
        "atom": atom.atom(document),
        "rss": rss.rss(document),
        "json": jsonfeed.json_feed(document),
        "stories": str(len(items)).encode(),
    }


def test_the_merged_feeds_are_well_formed_and_hold_every_story(published: dict[str, bytes]) -> None:
    stories = int(published["stories"])
    assert violations(published["atom"]) == []
    assert len(etree.fromstring(published["atom"]).findall("{http://www.w3.org/2005/Atom}entry")) == stories
    assert len(etree.fromstring(published["rss"]).findall("channel/item")) == stories
    assert len(json.loads(published["json"])["items"]) == stories


def test_every_story_can_be_seen_and_opened(published: dict[str, bytes]) -> None:
    for each in json.loads(published["json"])["items"]:
        assert each["title"].strip()
        assert each["url"].startswith(("http://", "https://"))


def test_nothing_of_this_machine_leaks(first: Seen, later: Seen, published: dict[str, bytes]) -> None:
    secrets = [b"CANARY-SECRET", Path("/etc/passwd").read_bytes().splitlines()[0]]
    for seen in (first, later):
        with sqlite3.connect(f"file:{seen.folder / 'hub.db'}?mode=ro", uri=True) as connection:
            stored = "\n".join(connection.iterdump()).encode("utf-8", "replace")
        connection.close()
        for where in (stored, seen.rounds[0].printed.encode(), *published.values()):
            assert not [secret for secret in secrets if secret in where]
    # The host's name may well be a word like any other, so it is looked for where it would come in.
    name = Path("/etc/hostname").read_text().strip()
    for path in ("/body/path", "/xml/external-path"):
        entries = first.entries[first.rows[path].slug]
        assert not [
            stored for stored in entries if name in f"{stored.entry.title} {stored.entry.text}".split()
        ]


def test_no_members_markup_can_run(first: Seen) -> None:
    allowed: Callable[[str], bool] = re.compile(r"(https?:|mailto:|#)", re.IGNORECASE).match  # type: ignore[assignment]
    dangerous = {
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "button",
        "svg",
        "math",
        "base",
        "link",
        "meta",
    }
    for stored in (each for entries in first.entries.values() for each in entries):
        entry = stored.entry
        for address in (entry.link, entry.image, *(each.url for each in entry.enclosures)):
            assert address is None or re.match("https?://", address)
        for markup in filter(None, (entry.content, entry.summary)):
            for element in lxml_html.fragment_fromstring(markup, create_parent="div").iter(etree.Element):
                assert element.tag not in dangerous
                for name, value in element.attrib.items():
                    assert not name.startswith("on")
                    assert name not in ("style", "class", "id")
                    assert name not in ("href", "src", "poster", "cite") or allowed(value)
