"""A feed's past is stored and shown, and its newest part told of; its news is told of always."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.admin import explain
from hub.decide import backlog, decide
from hub.model import (
    LONG_AGO,
    Entry,
    FeedState,
    FeedUpdate,
    Gathered,
    HubSettings,
    Known,
    Selection,
    Sitemap,
    Tag,
    Term,
    is_undated,
)
from hub.publish.item import item
from hub.store import Store
from tests import web_hub
from tests.entries import entry
from tests.test_store import EAST, MEMBERS, NOW, WEST, WEST_BLOG, decider, document, poll, url
from tests.test_store import store as new_hub
from tests.web_hub import Hub, a_hub

__all__ = ["new_hub", "url"]

DAY = timedelta(days=1)
TOLD = Selection(told=True)


def past(number: int, feed: str = "east") -> Entry:
    """An entry with words of its own, the higher the older."""
    words = " ".join(f"word{number}x{place}" for place in range(60))
    return entry(
        f"{feed}-{number}",
        title=f"News {number}",
        text=words,
        link=f"https://{feed}.example/{number}",
        published=NOW - (number + 1) * DAY,
    )


@pytest.fixture
def store(new_hub: Store) -> Store:
    """One that has had news for a month: what it had is withdrawn, so that it stands in no test's way."""
    poll(
        new_hub, WEST_BLOG, entry("first", text="What came in first.", feed=WEST_BLOG.key), at=NOW - 30 * DAY
    )
    new_hub.withdraw([each.key for each in new_hub.walk()], "", NOW - 30 * DAY)
    return new_hub


PAST = [past(number) for number in range(backlog.TOLD + 10)]
OLDEST = PAST[-1]


def told(store: Store, selection: Selection = TOLD) -> list[str]:
    return [story.shown.entry.title for story in store.stories(selection, limit=100).items]


def test_a_hub_that_has_just_begun_tells_all_that_there_is(new_hub: Store) -> None:
    first = [replace(each, published=None) for each in PAST[:3]]
    poll(new_hub, EAST, *reversed(PAST[3:]), *first)
    assert told(new_hub) == [each.title for each in (*PAST[3:], *first)]
    theirs = [replace(past(100 + number, "west"), feed=WEST.key) for number in range(len(PAST))]
    poll(new_hub, WEST, *theirs, at=NOW + DAY - timedelta(minutes=1))
    assert len(told(new_hub)) == 2 * len(PAST)
    blog = [replace(past(200 + number, "blog"), feed=WEST_BLOG.key) for number in range(len(PAST))]
    poll(new_hub, WEST_BLOG, *blog, at=NOW + DAY)
    assert len(told(new_hub)) == 2 * len(PAST) + backlog.TOLD


def test_a_hub_whose_clock_was_ahead_has_not_just_begun(new_hub: Store) -> None:
    poll(new_hub, WEST, entry("first", text="What came in first.", feed=WEST.key), at=NOW + 30 * DAY)
    poll(new_hub, EAST, *PAST)
    assert len(told(new_hub)) == 1 + backlog.TOLD


def test_of_a_first_document_the_newest_are_told_and_all_are_there(store: Store) -> None:
    poll(store, EAST, *reversed(PAST))
    newest = [each.title for each in PAST[: backlog.TOLD]]
    assert told(store) == newest
    assert told(store, Selection(filter=Term("member", "east"), every_entry=True, told=True)) == newest
    assert told(store, Selection()) == [each.title for each in PAST]


def test_an_empty_document_before_it_makes_no_news_of_it(store: Store) -> None:
    poll(store, EAST)
    poll(store, EAST, *PAST, at=NOW + DAY)
    assert told(store) == [each.title for each in PAST[: backlog.TOLD]]


def test_at_another_address_a_feed_has_a_past_of_its_own(store: Store) -> None:
    poll(store, EAST, *PAST[:3])
    moved = replace(EAST, url="https://east.example/elsewhere")
    store.sync(MEMBERS, [moved], authority="news.example.org")
    poll(store, moved, *PAST, at=NOW + DAY)
    assert told(store) == [each.title for each in PAST[: 3 + backlog.TOLD]]


def test_a_tags_feed_has_no_more_of_it(store: Store) -> None:
    blog = replace(EAST, tags=("blog",))
    store.sync(MEMBERS, [blog], authority="news.example.org")
    poll(store, blog, *(replace(each, tags=(Tag("blog", "given to the whole feed"),)) for each in PAST))
    assert len(told(store, Selection(filter=Term("tag", "blog"), told=True))) == backlog.TOLD
    assert len(told(store, Selection(filter=Term("tag", "blog")))) == len(PAST)


def test_what_comes_afterwards_is_told_however_old_and_however_much(store: Store) -> None:
    poll(store, EAST, *PAST[:3])
    poll(store, EAST, *PAST, at=NOW + DAY)
    assert len(told(store)) == len(PAST)


def test_news_of_another_member_makes_news_of_a_past(store: Store) -> None:
    poll(store, EAST, *PAST)
    poll(store, WEST, entry("begins", text="something else", feed=WEST.key))
    assert OLDEST.title not in told(store)
    again = replace(past(len(PAST) - 1, "west"), feed=WEST.key)
    poll(store, WEST, again, at=NOW + DAY)
    assert OLDEST.title in told(store)


def test_so_does_an_admin_who_puts_news_into_its_story(store: Store) -> None:
    poll(store, EAST, *PAST)
    poll(store, WEST, entry("other", text="the same in other words", feed=WEST.key))
    old, other = (store.find(link)[0] for link in (OLDEST.link or "", "https://west.example/other"))
    store.put_together(other.key, old.key, NOW)
    assert OLDEST.title in told(store)


def test_what_was_never_told_is_not_when_it_is_split_off_or_comes_back(store: Store) -> None:
    theirs = [replace(past(number, "west"), feed=WEST.key) for number in range(len(PAST))]
    poll(store, EAST, *PAST)
    poll(store, WEST, *theirs)
    assert OLDEST.title not in told(store)
    (copy,) = store.find(theirs[-1].link or "")
    assert copy.copy_of
    store.withdraw([copy.key], "", NOW)
    assert OLDEST.title not in told(store)
    store.release([copy.key], NOW)
    assert OLDEST.title not in told(store)
    store.take_apart(copy.key, NOW)
    assert OLDEST.title not in told(store)


def test_while_a_site_is_still_being_read_only_what_is_young_is_told(store: Store) -> None:
    site = replace(EAST, kinds={EAST.url: Sitemap()})
    store.sync(MEMBERS, [site], authority="news.example.org")
    poll(store, site, *PAST[5:8])
    assert store.feed_states()[0].read_in_part
    poll(store, site, *PAST[:5], at=NOW + DAY)
    assert told(store) == ["News 0", "News 5", "News 6", "News 7"]


def test_the_past_that_a_site_made_anew_brings_along_is_not_told(store: Store) -> None:
    known = [past(number) for number in range(5)]
    assert poll(store, EAST, *known, at=NOW) == (5, 0)
    told = len(store.stories(TOLD, limit=99).items)
    later = NOW + 7 * DAY
    anew = [replace_ids(each) for each in known]
    archive = [replace_ids(past(number)) for number in range(5, 30)]
    news = [replace(past(40 + number), published=NOW + number * DAY) for number in range(2)]
    poll(store, EAST, *news, *anew, *archive, at=later)
    titles = [each.shown.entry.title for each in store.stories(TOLD, limit=99).items]
    assert len(titles) == told + len(news), "what came since the feed was last read is news"
    assert {each.title for each in news} <= set(titles)
    assert len(store.stories(limit=99).items) == 5 + len(archive) + len(news)


def replace_ids(each: Entry) -> Entry:
    return entry(
        f"new-{each.id}", title=each.title, text=each.text, link=f"{each.link}/new", published=each.published
    )


def test_events_to_come_keep_their_own_dates_while_a_site_is_still_being_read(store: Store) -> None:
    site = replace(EAST, kinds={EAST.url: Sitemap()})
    store.sync(MEMBERS, [site], authority="news.example.org")
    event = (Tag("events", "a rule", kind="event"),)
    first, later = (
        replace(each, tags=event, event_date=(NOW + 90 * DAY).date()) for each in (PAST[5], PAST[9])
    )
    poll(store, site, first)
    poll(store, site, later, at=NOW + DAY)
    assert told(store) == [first.title]
    assert [each.date for each in store.find(later.link or "")] == [later.published]


def undated(*numbers: int) -> list[Entry]:
    """Entries without a date, in this order."""
    return [replace(past(number), published=None) for number in numbers]


def test_a_past_without_dates_is_not_told_and_stands_behind_what_has_one(store: Store) -> None:
    theirs = replace(past(9, "west"), feed=WEST.key, title="Theirs")
    poll(store, WEST, theirs)
    poll(store, EAST, *undated(0, 1, 2))
    assert told(store) == ["Theirs"]
    assert told(store, Selection()) == ["Theirs", "News 0", "News 1", "News 2"]


def test_behind_the_undated_pages_of_a_site_what_is_old_is_its_past_too(store: Store) -> None:
    site = replace(EAST, kinds={EAST.url: Sitemap()})
    store.sync(MEMBERS, [site], authority="news.example.org")
    poll(store, site, *undated(1, 2))
    poll(store, site, *PAST[5:8], at=NOW + DAY)
    assert told(store) == []


def test_what_such_a_feed_brings_later_is_news_of_that_day(store: Store) -> None:
    poll(store, EAST, *undated(1, 2))
    assert told(store) == []
    poll(store, EAST, *undated(0, 1, 2), at=NOW + DAY)
    assert told(store) == ["News 0"]
    assert [each.date for each in store.find(undated(0)[0].link or "")] == [NOW + DAY]
    assert told(store, Selection()) == ["News 0", "News 1", "News 2"]


def test_of_a_site_without_dates_only_what_its_first_poll_finds_is_not_told(store: Store) -> None:
    site = replace(EAST, kinds={EAST.url: Sitemap()})
    store.sync(MEMBERS, [site], authority="news.example.org")
    poll(store, site, *undated(1, 2))
    assert store.feed_states()[0].read_in_part
    # As is every later poll of a site of which one page always fails.
    poll(store, site, *undated(0), at=NOW + DAY)
    assert told(store) == ["News 0"]
    assert [each.date for each in store.find(undated(0)[0].link or "")] == [NOW + DAY]


def test_what_a_feed_without_dates_has_at_another_address_is_told(store: Store) -> None:
    poll(store, EAST, *undated(1, 2))
    moved = replace(EAST, url="https://www.east.example/feed/")
    store.sync(MEMBERS, [moved], authority="news.example.org")
    assert store.feed_states()[0].used_url is None
    poll(store, moved, *undated(0, 1, 2), at=NOW + DAY)
    assert told(store) == ["News 0"]
    assert [each.date for each in store.find(undated(0)[0].link or "")] == [NOW + DAY]


def theirs(number: int) -> Entry:
    """The same news as the east's of this number, a day earlier by the west's date."""
    its = past(number, "west")
    return replace(its, feed=WEST.key, published=(its.published or NOW) - DAY)


def led(store: Store) -> list[tuple[str, int]]:
    """Who leads each story, and of how many entries."""
    found = store.stories(Selection(), limit=100).items
    return [(story.lead.member.slug, len(story.entries)) for story in found]


@pytest.mark.parametrize("theirs", [theirs(0), theirs(9), replace(theirs(0), published=None)])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_same_news_is_one_story_whichever_feed_is_polled_first(
    store: Store, theirs: Entry, *, is_first: bool
) -> None:
    ours = replace(theirs, feed=EAST.key, id="ours", link="https://east.example/ours", published=None)
    documents = [document(EAST, ours), document(WEST, theirs)]
    store.settle(documents if is_first else documents[::-1], decider())
    (story,) = store.stories(Selection(), limit=9).items
    assert len(story.entries) == 2
    assert (story.lead.date, told(store)) == (
        (theirs.published, [theirs.title]) if theirs.published else (NOW - LONG_AGO, [])
    )


def test_what_comes_later_and_has_a_date_leads_a_story_that_no_feed_told(store: Store) -> None:
    poll(store, EAST, *undated(0, 1))
    poll(store, WEST, theirs(5))
    poll(store, WEST, theirs(0), theirs(5), at=NOW + DAY)
    assert led(store) == [("west", 2), ("west", 1), ("east", 1)]
    assert told(store) == ["News 0", "News 5"]


def test_so_does_news_that_joins_it_when_its_words_change(store: Store) -> None:
    poll(store, EAST, *undated(0))
    its = theirs(0)
    poll(store, WEST, entry("west-0", title="Else", text="Other words.", feed=WEST.key, link=its.link))
    assert poll(store, WEST, its, at=NOW + DAY) == (0, 1)
    assert (led(store), told(store), store.check()) == ([("west", 2)], ["News 0"], ())


def test_what_has_no_date_takes_no_lead_also_on_its_members_own_site(store: Store) -> None:
    (ours,) = undated(0)
    owners = {"east.example": frozenset({"east"}), "west.example": frozenset({"west"})}

    def decides(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        settings = HubSettings()
        return decide(
            gathered, state, known, now=NOW, settings=settings, authority="news.example.org", owners=owners
        )

    store.settle([document(WEST, replace(theirs(0), link=ours.link)), document(EAST, ours)], decides)
    assert led(store) == [("west", 2)]


def test_a_story_that_its_lead_has_left_goes_on_with_an_entry_that_has_a_date(store: Store) -> None:
    blog = replace(theirs(0), feed=WEST_BLOG.key, id="blog", link="https://west.example/blog/0")
    poll(store, EAST, *undated(0))
    poll(store, WEST, theirs(0))
    (lead,) = store.find(theirs(0).link or "")
    store.withdraw([lead.key], "", NOW)
    assert led(store) == [("east", 1)]
    # As what its member had taken back, and has again.
    store.release([lead.key], NOW)
    assert led(store) == [("west", 2)]
    poll(store, WEST_BLOG, blog)
    store.withdraw([lead.key], "", NOW)
    (story,) = store.stories(Selection(), limit=9).items
    assert [each.entry.feed for each in story.entries] == [WEST_BLOG.key, EAST.key]


def test_a_feed_without_dates_is_asked_at_the_usual_pace_and_is_silent_since_it_was_followed(
    store: Store,
) -> None:
    poll(store, EAST, *undated(0, 1, 2))
    (state,) = (each for each in store.feed_states() if each.feed.key == EAST.key)
    assert (state.recent, state.next_poll_why) == ((NOW,), "its usual time")


def test_a_date_that_is_given_later_is_not_the_one_that_was_stored(store: Store) -> None:
    (before,) = undated(0)
    poll(store, EAST, before)
    after = replace(before, text=f"{before.text} more", fingerprint="more", published=PAST[0].published)
    poll(store, EAST, after, at=NOW + DAY)
    (shown,) = store.stories(Selection(), limit=1).items
    assert shown.shown.entry.published == PAST[0].published
    assert item(shown, {}).published is None


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Hub]:
    for made in a_hub(tmp_path):
        made.begin_long_ago()
        yield made


def test_merged_feeds_leave_a_past_out_and_pages_and_searches_have_it(web: Hub) -> None:
    web.publish(web_hub.EAST, *PAST)
    searched = OLDEST.text.split()[0]
    for path in "/feeds/all.atom", "/feeds/member/east.rss", "/feeds/all.json":
        body = web.get(path).text
        assert (PAST[9].title in body, OLDEST.title in body) == (True, False)
    # Who subscribes to a search wants what comes, not all that a member who joins has had.
    assert OLDEST.title not in web.get(f"/feeds/search.atom?q={searched}").text
    assert web.headlines(f"/search?q={searched}") == [OLDEST.title]


def test_pages_have_a_past_without_dates_under_no_day(web: Hub) -> None:
    web.publish(web_hub.WESSEX, web_hub.news("a", "Of today"))
    web.publish(web_hub.EAST, *undated(0, 1))
    assert web.headlines("/") == ["Of today", "News 0", "News 1"]
    assert web.headlines("/member/east") == ["News 0", "News 1"]
    assert web.words("/").count("Date not given") == 1
    assert "2025" not in web.words("/")


def test_a_copy_without_a_date_stands_with_the_rest_of_its_members_past(web: Hub) -> None:
    theirs = past(1, "wessex")
    web.publish(web_hub.WESSEX, replace(theirs, feed=web_hub.WESSEX))
    web.publish(web_hub.EAST, *undated(0, 1))
    assert web.headlines("/member/east") == ["News 0", "News 1"]
    assert web.words("/member/east").count("Date not given") == 1
    (told,) = web.get("/feeds/all.json").get_json()["items"]
    (copy,) = told["_hub"]["also_published_by"]
    assert "date" not in copy


def test_a_past_without_dates_that_waited_has_none_either_when_it_is_released(store: Store) -> None:
    held = replace(EAST, trust="hold")
    store.sync(MEMBERS, [held], authority="news.example.org")
    poll(store, held, *undated(1), PAST[2])
    released = NOW + timedelta(hours=5, microseconds=70)
    store.release([each.stored.key for each in store.waiting()], released)
    dated, other = (story.lead for story in store.stories(Selection(), limit=9).items)
    assert (dated.date, is_undated(dated)) == (PAST[2].published, False)
    assert (other.date, is_undated(other)) == (released - LONG_AGO, True)
    # Back after it was withdrawn, it is what was there before.
    store.withdraw([other.key], "", released + DAY)
    store.release([other.key], released + 2 * DAY)
    assert told(store) == ["News 2"]
    assert store.find(other.entry.link or "")[0].date == other.date


def test_hub_explain_says_of_an_entry_that_feeds_leave_it_out(web: Hub, tmp_path: Path) -> None:
    web.publish(web_hub.EAST, *PAST)
    file = tmp_path / "feeds.yaml"
    file.write_text(web_hub.NETWORK)
    newest, oldest = (
        explain.run(file, f"sqlite:///{web.file}", each.link or "", now=NOW)[0] for each in (PAST[0], OLDEST)
    )
    assert "Feeds    leave it out" in oldest
    assert "leave it out" not in newest
