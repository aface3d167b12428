"""A site made anew, a move and a change are no hijack and no withdrawal, and a hijack is none of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from hub.admin import moderation
from hub.model import Entry, Listing, Member, Sitemap, Tombstone
from hub.store import Store
from hub.stories import sketched
from tests import decided
from tests.entries import entry
from tests.moments import Moments
from tests.site import Site, rss
from tests.test_quarantine import BACKLOG, HIJACK, MALAY, SOON, published
from tests.test_standing import held
from tests.test_store import EAST, FEEDS, MEMBERS, NOW, decider, document, poll, store, titles, url
from tests.test_withdrawals import A_DAY, Network, network

__all__ = ["network", "store", "url"]

HOUR = timedelta(hours=1)
NEW_HOST = "new.example"


def made_anew(entries: Sequence[Entry], *, host: str = NEW_HOST, at: datetime = SOON) -> list[Entry]:
    """These entries with other ids, links and dates, as a relaunch has them."""
    anew = [
        entry(
            f"post-{number}",
            title=each.title,
            text=each.text,
            link=f"https://{host}/posts/{number}",
            published=at,
        )
        for number, each in enumerate(entries)
    ]
    return [replace(each, sketch=sketch) for each, sketch in zip(anew, sketched(anew), strict=True)]


def on(host: str, *numbers: int, at: datetime = SOON) -> list[Entry]:
    """News that nobody had before, there."""
    return [published(number, at=at, link=f"https://{host}/{number}") for number in numbers]


def links(store: Store) -> set[str]:
    return {each.entry.link or "" for each in store.walk() if each.standing == "published"}


# ---------------------------------------------------------------- a site made anew


def test_a_relaunch_on_another_host_is_neither_a_flood_nor_a_hijack(store: Store) -> None:
    backlog = [published(n, at=NOW - timedelta(days=2 * n + 1)) for n in range(30)]
    poll(store, EAST, *backlog)
    assert poll(store, EAST, *made_anew(backlog), at=SOON) == (0, 0)
    assert store.notices() == ()
    assert len(titles(store)) == 30
    assert all(NEW_HOST in link for link in links(store))


def test_news_that_comes_with_a_relaunch_or_after_it_is_news(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    moved = made_anew(BACKLOG)
    assert poll(store, EAST, *on(NEW_HOST, 50, 51, 52, 53, 54), *moved, at=SOON) == (5, 0)
    assert poll(store, EAST, *on(NEW_HOST, 60, 61, 62, 63, 64), *moved[5:], at=SOON + HOUR) == (5, 0)
    assert store.notices() == ()
    assert len(titles(store)) == 22


def test_a_hijack_that_comes_after_a_relaunch_waits(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    moved = made_anew(BACKLOG)
    poll(store, EAST, *moved, at=SOON)
    poll(store, EAST, *HIJACK, *moved, at=SOON + HOUR)
    (notice,) = store.notices()
    assert notice.entries == 5
    assert len(titles(store)) == 12


# ---------------------------------------------------------------- a site that moved


def test_former_hosts_make_the_present_one_the_feeds_own(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    moved = replace(MEMBERS[0], homepage=f"https://{NEW_HOST}/", former_hosts=("east.example",))
    store.sync([moved, *MEMBERS[1:]], FEEDS, authority="news.example.org")
    assert poll(store, EAST, *on(NEW_HOST, *range(50, 56)), at=SOON) == (6, 0)
    assert store.notices() == ()
    poll(store, EAST, *HIJACK, *on(NEW_HOST, 50), at=SOON + HOUR)
    assert [notice.entries for notice in store.notices()] == [5]


def test_without_that_word_news_on_another_host_alone_waits(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *on(NEW_HOST, *range(50, 56)), at=SOON)
    assert [notice.entries for notice in store.notices()] == [6]


OURS = entry(f"tag:news.example.org,2026-11-01:west/news/{'0' * 24}", title="What the hub published")


@pytest.mark.parametrize(
    ("carried", "waiting"),
    [(BACKLOG, 0), ([], 6), ([OURS], 6)],
    ids=["its news", "none of it", "what was taken from the hub"],
)
def test_where_a_feed_redirects_for_good_is_its_own_if_its_news_was_there(
    store: Store, carried: Sequence[Entry], waiting: int
) -> None:
    poll(store, EAST, *BACKLOG)
    settle_moved(store, *carried, *on("east.example", 40), at=SOON)
    settle_moved(store, *on(NEW_HOST, *range(50, 56)), at=SOON + HOUR)
    assert sum(notice.entries for notice in store.notices()) == waiting


def settle_moved(store: Store, *entries: Entry, at: datetime) -> None:
    gathered = replace(document(EAST, *entries, at=at), moved_to=f"https://{NEW_HOST}/feed/")
    (result,) = store.settle([gathered], decider(at))
    assert result.error is None


def test_what_waits_is_no_sign_that_a_site_moved(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *HIJACK, at=SOON)
    poll(store, EAST, *on("casino.example.net", *range(50, 54)), *HIJACK, at=SOON + HOUR)
    assert sum(notice.entries for notice in store.notices()) == 9


# ---------------------------------------------------------------- a hijack is no relaunch


@pytest.mark.parametrize("keeps_ids", [True, False])
def test_a_hijack_that_keeps_titles_relinks_nothing_and_waits(store: Store, keeps_ids: bool) -> None:
    poll(store, EAST, *BACKLOG)
    before = links(store)
    taken_over = [
        entry(
            each.id if keeps_ids else f"h{number}",
            title=each.title,
            text=f"{MALAY} {number}",
            link=f"https://casino.example.net/{number}",
            published=SOON,
        )
        for number, each in enumerate(BACKLOG)
    ]
    sketches = sketched(taken_over)
    taken_over = [replace(each, sketch=its) for each, its in zip(taken_over, sketches, strict=True)]
    assert poll(store, EAST, *taken_over, at=SOON) == (12, 0)
    assert sum(notice.entries for notice in store.notices()) == 12
    assert links(store) == before
    poll(store, EAST, *taken_over, at=SOON + HOUR)
    assert links(store) == before
    assert store.check() == ()


IN_PLACE = [
    published(number, at=each.published or NOW, title=f"Лучшее казино {number}", text=f"{MALAY} {number}")
    for number, each in enumerate(BACKLOG)
]


def test_a_hijack_in_place_of_published_news_waits_and_an_admin_publishes_or_drops_it(
    store: Store, url: str
) -> None:
    poll(store, EAST, *BACKLOG)
    (first, *_), before = store.find("e0"), store.version()
    assert poll(store, EAST, *IN_PLACE, at=SOON) == (0, 12)
    assert (titles(store), store.version() != before) == ([], True)
    (notice,) = store.notices()
    assert (notice.entries, notice.withheld.standing) == (12, "quarantined")
    assert poll(store, EAST, *IN_PLACE, at=SOON + HOUR) == (0, 0)
    decided.release(url, "e0")
    (released,) = store.find("e0")
    assert (released.entry.title, released.atom_id) == (IN_PLACE[0].title, first.atom_id)
    assert (released.first_seen, released.back is not None) == (NOW, True)
    said = decided.withdraw(url, "east", why="taken over")
    assert said == "11 entries of east will not be published.\nReason: taken over"
    assert len(store.withdrawn(NOW)) == 11, "readers had the news that was there before"
    assert store.check() == ()


def test_what_was_taken_back_while_it_waited_in_place_of_news_waits_again(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *IN_PLACE, at=SOON)
    settle_tombstone(store, *(each.id or "" for each in IN_PLACE), at=SOON + HOUR)
    poll(store, EAST, *IN_PLACE, at=SOON + 2 * HOUR)
    assert [notice.entries for notice in store.notices()] == [12]
    assert titles(store) == []


def test_a_poll_says_how_many_of_its_changed_entries_wait(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    (result,) = store.settle([document(EAST, *IN_PLACE, at=SOON)], decider(SOON))
    assert (result.new, result.updated, result.waiting) == (0, 12, 12)


def test_news_that_takes_the_place_of_as_much_is_no_flood(store: Store) -> None:
    poll(store, EAST, *(published(number, at=NOW - timedelta(days=number + 1)) for number in range(40)))
    anew = [
        published(number, at=SOON, title=f"Paper {number}", text="Figures, plans, minutes, budgets.")
        for number in range(40)
    ]
    assert poll(store, EAST, *anew, at=SOON) == (0, 40)
    assert {each.date for each in store.walk()} == {SOON}
    assert store.notices() == ()


# ---------------------------------------------------------------- what waits, and changes


def test_what_waits_stays_waiting_however_often_it_changes_and_nobody_is_told(store: Store, url: str) -> None:
    east = held(store, EAST)
    poll(store, east, entry("a", text="There are 0 beds free in the ward."))
    before = store.version()
    for hour in range(1, 7):
        now = entry("a", text=f"There are {hour} beds free in the ward.")
        assert poll(store, east, now, at=NOW + hour * HOUR) == (0, 1)
    poll(store, east, now, at=NOW + 5 * A_DAY)
    assert store.version() == before
    assert moderation.held(url).startswith("east/news: 1 entry held")
    (stored_entry,) = store.walk()
    assert {each.told for each in store.revisions(stored_entry.key)} == {"no"}
    decided.release(url, "east")
    (released,) = store.walk()
    assert released.changed == released.first_seen
    assert titles(store) == ["News a"]


def test_what_changed_too_often_before_it_was_withdrawn_is_not_told_of_while_it_is(store: Store) -> None:
    for hour in range(5):
        beds = entry("a", text=f"There are {hour} beds free in the ward.")
        poll(store, EAST, beds, at=NOW + hour * HOUR)
    (found,) = store.find("a")
    store.withdraw([found.key], "", NOW + 5 * HOUR)
    poll(store, EAST, beds, at=NOW + 4 * A_DAY)
    assert store.revisions(found.key)[0].told == "waits"
    store.release([found.key], NOW + 5 * A_DAY)
    poll(store, EAST, beds, at=NOW + 6 * A_DAY)
    assert store.revisions(found.key)[0].told == "yes"


def test_what_its_member_took_back_and_brings_corrected_is_told_as_a_correction(store: Store) -> None:
    first = entry("a", text="The figures of the trial are 4 and 5.")
    poll(store, EAST, first, entry("b"))
    settle_tombstone(store, "a", entry("b"), at=NOW + HOUR)
    assert titles(store) == ["News b"]
    poll(store, EAST, entry("a", text="The figures of the trial are 5 and 6."), entry("b"), at=NOW + A_DAY)
    (back,) = store.find("https://east.example/a")
    assert (back.standing, back.changed) == ("published", NOW + A_DAY)
    assert [each.told for each in store.revisions(back.key)] == ["yes"]


def test_what_was_taken_back_while_it_waited_waits_again_when_it_is_there_again(store: Store) -> None:
    poll(store, EAST, *BACKLOG)
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON)
    settle_tombstone(store, *(each.id or "" for each in HIJACK), *BACKLOG, at=SOON + HOUR)
    assert store.notices() == ()
    poll(store, EAST, *HIJACK, *BACKLOG, at=SOON + 2 * HOUR)
    (notice,) = store.notices()
    assert (notice.entries, len(titles(store))) == (5, 12)
    assert notice.withheld.why == "its member took it back while it waited, and has it again"
    assert store.check() == ()


def settle_tombstone(store: Store, *of: str | Entry, at: datetime) -> None:
    """A poll of a document with tombstones of these ids, and these entries."""
    ids = [each for each in of if isinstance(each, str)]
    entries = [each for each in of if not isinstance(each, str)]
    tombstones = tuple(Tombstone(id=each, why="taken back") for each in ids)
    gathered = replace(document(EAST, *entries, at=at), tombstones=tombstones)
    (result,) = store.settle([gathered], decider(at))
    assert result.error is None


def test_a_relaunch_brings_nothing_back_that_an_admin_withdrew(store: Store, url: str) -> None:
    poll(store, EAST, *BACKLOG)
    decided.withdraw(url, BACKLOG[3].link or "", why="it was wrong")
    assert poll(store, EAST, *made_anew(BACKLOG), at=SOON) == (0, 0)
    assert len(titles(store)) == 11
    assert BACKLOG[3].title not in titles(store)


# ---------------------------------------------------------------- what is gone, and what moved


def test_a_relaunch_withdraws_nothing_though_all_old_pages_are_gone(network: Network) -> None:
    everything = range(1, 21)
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    assert network.poll() == ["/8"]
    relaunch(network, 10, 9, 7)
    for number in everything:
        network.site.page(f"/{number}", "no such page", status=404)
    assert network.poll(after=A_DAY)[0] == "/8"
    assert network.poll(after=A_DAY) == network.poll(after=A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


def test_after_a_relaunch_withdrawals_are_seen_again(network: Network) -> None:
    relaunch(network, 10, 9, 8, 7, 6)
    network.poll()
    relaunch(network, 10, 9, 7, 6)
    network.site.page("/posts/8", "no such page", status=404)
    network.poll()
    assert network.poll() == ["/posts/8"]
    assert network.poll(after=A_DAY)[0] == "/posts/8"
    assert network.published() == [6, 7, 9, 10]


def relaunch(network: Network, *numbers: int) -> None:
    """Have the site's feed carry these entries under other ids and links."""
    network.carry(*numbers)
    status, headers, body = network.site.pages["/feed"]
    anew = body.replace(b"urn:east:", b"urn:anew:").replace(network.page(0)[:-1].encode(), b"/posts/")
    network.site.pages["/feed"] = status, headers, anew
    for number in numbers:
        network.site.page(f"/posts/{number}", "words")


def test_a_page_that_robots_may_not_read_is_not_looked_at(network: Network) -> None:
    network.site.page("/robots.txt", "User-agent: *\nDisallow: /8\n")
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    assert network.poll() == network.poll(after=A_DAY) == network.poll(after=2 * A_DAY) == []
    assert network.published() == [6, 7, 8, 9, 10]


def test_a_site_whose_robots_txt_cannot_be_had_has_no_page_looked_at(network: Network) -> None:
    network.site.page("/robots.txt", "unwell", status=503)
    network.carry(10, 9, 7, 6, gone=[8])
    network.poll()
    assert network.poll() == network.poll(after=A_DAY) == []
    network.site.page("/robots.txt", "")
    assert network.poll(after=A_DAY) == ["/8"]


# ---------------------------------------------------------------- what holds but a part


def test_what_is_not_in_a_push_is_not_missing(store: Store) -> None:
    news = BACKLOG[:6]
    poll(store, EAST, *news)
    push = replace(document(EAST, *on("east.example", 50), news[0], news[5], at=SOON), push=1)
    store.settle([push], decider(SOON))
    assert store.checks_due(SOON, most=3) == {}
    poll(store, EAST, *on("east.example", 50), *news[:2], *news[3:], at=SOON + HOUR)
    ((check,),) = store.checks_due(SOON + HOUR, most=3).values()
    assert check.url == news[2].link


def test_a_poll_of_a_page_withdraws_nothing_by_what_is_not_on_it(site: Site, hub: Moments) -> None:
    names = ("Ward", "Bids", "Lunch", "Scanner", "Chair")
    feed = site.page("/feed", rss(f"{site.url}/feed", *names))
    page = site.page("/news", listed(site, names, 0, 1, 3, 4))
    hub.write(f"{{url: {feed}, else: [{{url: {page}, kind: html, select: {{item: article}}}}]}}")
    assert hub.poll().new == 5
    site.page("/feed", "no such feed", status=404)
    site.paths()
    result = hub.poll(hours=1)
    assert (result.outcome, result.new) == ("fetched", 0)
    site.page("/news", listed(site, names, 0, 4))
    for _ in range(4):
        assert hub.poll(days=1).outcome != "failed"
    assert {"/feed", "/news"} == set(site.paths())
    assert len(hub.store.entries(limit=9).items) == 5
    site.page("/feed", rss(f"{site.url}/feed", *names))
    hub.poll(days=8)
    assert len(hub.store.entries(limit=9).items) == 5


@pytest.mark.parametrize(("complete", "waiting"), [(False, 0), (True, 30)])
def test_the_backlog_of_a_site_is_no_flood_though_it_takes_several_polls(
    store: Store, complete: bool, waiting: int
) -> None:
    east = replace(EAST, kinds={EAST.url: Sitemap()})
    store.sync([Member(slug="east", name="East")], [east], authority="news.example.org")
    listings = (Listing(url=EAST.url),) if complete else ()
    first = document(east, *BACKLOG, *(published(n, at=NOW - 30 * A_DAY) for n in range(20, 23)))
    store.settle([replace(first, listings=listings)], decider(NOW))
    poll(store, east, *(published(n, at=NOW - 2 * A_DAY) for n in range(50, 80)), at=SOON)
    assert sum(notice.entries for notice in store.notices()) == waiting


def listed(site: Site, names: Sequence[str], *numbers: int) -> str:
    return "".join(
        f"<article><a href='{site.url}/feed/{number}'>{names[number]}</a></article>" for number in numbers
    )
