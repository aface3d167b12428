"""`hub story …` and `hub explain`, by the commands themselves, on a real database."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.admin import explain
from hub.errors import StoreError
from hub.model import Entry, FeedKey, FeedState, FeedUpdate, Gathered, Known, Story, Tag
from hub.store import Store
from tests import decided
from tests.entries import entry
from tests.test_copies import END, LOCAL, OPENING, TEXT, TITLE
from tests.test_store import EAST, MEMBERS, NOW, WEST, WEST_BLOG, decider, document, poll, store, url
from tests.web_hub import EAST as EAST_KEY
from tests.web_hub import WESSEX, Hub, news

__all__ = ["store", "url"]

OURS = entry("e", title=TITLE, text=TEXT, link="https://east.example/scanner")
THEIRS = entry("w", title="Pocket scanner", text=f"{TEXT}\n{LOCAL}", feed=WEST.key)
BLOG = entry("b", title="A scanner", text=OPENING, feed=WEST_BLOG.key)
OTHER = entry("o", title="Buses", text=f"{LOCAL} {END}", feed=WEST.key)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def told(store: Store) -> Store:
    """East's news with a copy of it in each of the west's feeds, and other news."""
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS, OTHER)
    poll(store, WEST_BLOG, BLOG)
    return store


def story_of(store: Store, link: str | None) -> Story:
    assert link
    (stored,) = store.find(link)
    story = store.story(stored.story)
    assert isinstance(story, Story)
    return story


def story_of_all(store: Store, link: str) -> Story:
    """The story that all published entries with a link are in."""
    (number,) = {each.story for each in store.find(link) if each.standing == "published"}
    story = store.story(number)
    assert isinstance(story, Story)
    return story


def members(story: Story) -> list[FeedKey]:
    return [stored.entry.feed for stored in story.entries]


def poll_again(store: Store) -> None:
    """A poll in which each of the entries has one word more."""
    for feed, entries in ((EAST, [OURS]), (WEST, [THEIRS, OTHER]), (WEST_BLOG, [BLOG])):
        changed = [
            entry(each.id, title=each.title, text=f"{each.text} Indeed.", link=each.link, feed=feed.key)
            for each in entries
        ]
        new, updated = poll(store, feed, *changed, at=LATER)
        assert new + updated == len(changed)


def test_what_was_split_stays_apart_when_its_words_change(told: Store, url: str) -> None:
    assert members(story_of(told, OURS.link)) == [EAST.key, WEST.key, WEST_BLOG.key]
    said = decided.split(url, THEIRS.link or "", alone=False)
    assert "by itself, and stays apart" in said
    poll_again(told)
    assert members(story_of(told, THEIRS.link)) == [WEST.key]
    assert members(story_of(told, OURS.link)) == [EAST.key, WEST_BLOG.key]


def test_what_is_split_off_while_it_leads_leaves_its_story_to_the_next(told: Store, url: str) -> None:
    before = story_of(told, OURS.link).id
    decided.split(url, OURS.link or "", alone=False)
    assert members(story_of(told, THEIRS.link)) == [WEST.key, WEST_BLOG.key]
    assert story_of(told, THEIRS.link).id == before
    assert story_of(told, OURS.link).id != before


def test_what_is_split_off_gets_copies_of_its_own(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    decided.split(url, THEIRS.link or "", alone=False)
    again = entry("b", title=THEIRS.title, text=THEIRS.excerpt, link=THEIRS.link, feed=WEST_BLOG.key)
    poll(store, WEST_BLOG, again)
    assert members(story_of(store, OURS.link)) == [EAST.key]
    assert members(story_of_all(store, THEIRS.link or "")) == [WEST.key, WEST_BLOG.key]


def test_those_that_were_its_copies_are_no_longer_said_to_be_like_it(told: Store, url: str) -> None:
    (before,) = (each for each in story_of(told, OURS.link).entries if each.entry.link == BLOG.link)
    assert "East’s" in before.why
    decided.split(url, OURS.link or "", alone=False)
    lead, left = story_of(told, THEIRS.link).entries
    assert left.copy_of == lead.key
    assert left.why == "it came into the story of West’s by way of an entry that has left it"


def test_a_correction_beside_what_it_corrects_joins_no_story_of_others(told: Store) -> None:
    (theirs,) = told.find(THEIRS.link or "")
    told.take_apart(theirs.key, LATER)
    corrected = entry(
        "e2", title=f"Corrected: {TITLE}", text=TEXT, link="https://east.example/corrected", published=LATER
    )
    poll(told, EAST, OURS, corrected)
    assert members(story_of(told, corrected.link)) == [EAST.key]


def test_what_is_nobodys_copy_gets_no_copies_either(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    decided.split(url, OURS.link or "", alone=True)
    poll(store, WEST, THEIRS)
    assert members(story_of(store, OURS.link)) == [EAST.key]
    poll_again(store)
    assert members(story_of(store, OURS.link)) == [EAST.key]


def test_what_was_merged_stays_merged_and_its_old_address_leads_there(told: Store, url: str) -> None:
    before = story_of(told, OTHER.link).id
    decided.merge(url, OTHER.link or "", OURS.link or "")
    merged = story_of(told, OURS.link)
    assert OTHER.link in [stored.entry.link for stored in merged.entries]
    assert told.story(before) == merged.id
    poll_again(told)
    assert story_of(told, OTHER.link).id == merged.id
    (copy,) = (stored for stored in merged.entries if stored.entry.link == OTHER.link)
    assert copy.why == "an admin put it together with East’s"


def test_the_address_of_what_was_merged_twice_leads_to_where_it_is_now(told: Store, url: str) -> None:
    first, second = (story_of(told, link).id for link in (OTHER.link, OURS.link))
    poll(told, EAST, OURS, entry("n", title="Parking", text="There is more room for cars now."))
    decided.merge(url, OTHER.link or "", OURS.link or "")
    decided.merge(url, OURS.link or "", entry("n").link or "")
    assert {told.story(first), told.story(second)} == {story_of(told, OTHER.link).id}


def test_what_comes_back_joins_nobody_that_it_was_kept_from(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    (theirs,) = store.find(THEIRS.link or "")
    store.withdraw([theirs.key], "", NOW)
    decided.split(url, OURS.link or "", alone=True)
    store.release([theirs.key], NOW)
    assert members(story_of(store, THEIRS.link)) == [WEST.key]


def test_what_comes_back_is_no_second_entry_of_its_feed_in_a_story(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    (theirs,) = store.find(THEIRS.link or "")
    store.withdraw([theirs.key], "", NOW)
    again = entry("again", title="Scanners", text=f"{LOCAL}\n{TEXT}", feed=WEST.key)
    poll(store, WEST, THEIRS, again)
    assert members(story_of(store, OURS.link)) == [EAST.key, WEST.key]
    store.release([theirs.key], NOW)
    assert members(story_of(store, OURS.link)) == [EAST.key, WEST.key]
    assert members(story_of(store, THEIRS.link)) == [WEST.key]


def test_a_story_that_one_leaves_for_another_stays_where_it_is(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, entry("w", title="Pocket scanner", text=TEXT, feed=WEST.key))
    poll(store, WEST_BLOG, entry("b", title="Buses", text=LOCAL, feed=WEST_BLOG.key))
    before = story_of(store, OURS.link)
    poll(store, EAST, entry("e", title="Buses", text=LOCAL, link=OURS.link), at=LATER)
    assert members(story_of(store, OURS.link)) == [WEST_BLOG.key, EAST.key]
    left = store.story(before.id)
    assert isinstance(left, Story)
    assert members(left) == [WEST.key]


def test_what_is_nobodys_copy_is_none_either_when_it_comes_back(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    decided.split(url, OURS.link or "", alone=True)
    (ours,) = store.find(OURS.link or "")
    store.withdraw([ours.key], "", NOW)
    poll(store, WEST, THEIRS)
    store.release([ours.key], NOW)
    assert members(story_of(store, OURS.link)) == [EAST.key]


def test_what_a_refused_poll_undoes_is_not_what_others_are_found_by(store: Store) -> None:
    poll(store, EAST, OTHER)
    (back,) = store.find(OTHER.link or "")
    store.withdraw([back.key], "", NOW)

    def refusing(gathered: Gathered, state: FeedState, known: Known) -> FeedUpdate:
        update = decider()(gathered, state, known)
        if gathered.feed == EAST and gathered.outcome == "fetched":
            # What is there again is looked for among the others of its batch, before the feed is refused.
            broken = replace(update.state, failures=None)
            update = replace(update, returned=(back.key,), state=broken)
        return update

    results = store.settle([document(WEST, THEIRS), document(EAST, entry("b"))], refusing)
    assert [result.outcome for result in results] == ["fetched", "failed"]
    poll(store, WEST_BLOG, BLOG)
    assert members(story_of(store, BLOG.link)) == [WEST.key, WEST_BLOG.key]


def test_a_link_that_all_of_a_story_have_names_that_story(store: Store, url: str) -> None:
    shared = "https://shared.example/scanner"
    poll(store, EAST, entry("e", title=TITLE, text=TEXT, link=shared))
    poll(store, WEST, entry("w", title=TITLE, text=TEXT, link=shared, feed=WEST.key), OTHER)
    assert len({each.story for each in store.find(shared)}) == 1
    assert OTHER.link
    said = decided.merge(url, OTHER.link, shared)
    assert said.endswith(f"with “{TITLE}” by East.")
    assert len({each.story for each in (*store.find(shared), *store.find(OTHER.link))}) == 1
    decided.split(url, shared, member="west", alone=False)
    with pytest.raises(StoreError, match="2 entries have https"):
        decided.merge(url, shared, OTHER.link)


def test_a_withdrawal_says_who_still_publishes_the_story(told: Store, url: str) -> None:
    assert OURS.link
    assert OTHER.link
    said = decided.withdraw(url, OURS.link, why="")
    assert said.endswith("is withdrawn. Its story stays, as West published it too.")
    assert decided.withdraw(url, OTHER.link, why="") == "“Buses” by West is withdrawn."


def test_a_member_without_a_feed_is_not_said_to_be_none(told: Store, url: str, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("members:\n  - {slug: north, name: North, feeds: []}\n")
    said = explain.run(tmp_path / "feeds.yaml", url, "north/news", now=NOW)[0]
    assert "Member north has no feed called news in feeds.yaml." in said


@pytest.mark.parametrize("address", ["north/news", "north", "https://north.example/feed/"])
def test_a_feed_that_was_just_added_is_not_said_to_be_none(
    told: Store, url: str, tmp_path: Path, address: str
) -> None:
    feeds = "feeds: [{url: https://north.example/feed/}]"
    (tmp_path / "feeds.yaml").write_text(f"members:\n  - {{slug: north, name: North, {feeds}}}\n")
    said, is_here = explain.run(tmp_path / "feeds.yaml", url, address, now=NOW)
    assert not is_here
    assert said.splitlines()[1:] == [
        "It is the feed north/news, https://north.example/feed/:",
        "    which has not been polled under this name yet.",
    ]


def test_a_merge_takes_back_a_split(told: Store, url: str) -> None:
    decided.split(url, THEIRS.link or "", alone=True)
    decided.merge(url, THEIRS.link or "", OURS.link or "")
    poll_again(told)
    assert WEST.key in members(story_of(told, OURS.link))


def issue(text: str, day: int) -> Entry:
    """The latest issue of a bulletin, which is one page with one id."""
    return entry("today", title=text[:40], text=text, published=NOW + timedelta(days=day))


def test_what_was_ruled_of_one_issue_of_a_bulletin_puts_no_later_one_into_its_story(
    store: Store, url: str
) -> None:
    poll(store, EAST, issue(OPENING, 0))
    poll(store, WEST, OTHER)
    decided.merge(url, "today", OTHER.link or "")
    decided.lead(url, "today")
    poll(store, EAST, issue(OPENING + " Indeed.", 0), at=LATER)
    assert members(story_of(store, "today")) == [EAST.key, WEST.key]
    next_day = NOW + timedelta(days=1)
    poll(store, EAST, issue(END, 1), at=next_day)
    assert members(story_of(store, "today")) == [EAST.key]
    (found,) = store.find("today")
    _, known = store.compared_with(found.key)
    assert found.date == next_day
    assert found.key not in known.rulings.together | known.rulings.leads
    assert store.check() == ()


def test_a_later_issue_of_what_is_nobodys_copy_is_news_of_its_own_day(store: Store, url: str) -> None:
    poll(store, EAST, issue(LOCAL, 0))
    decided.split(url, "today", alone=True)
    poll(store, WEST, THEIRS)
    next_day = NOW + timedelta(days=1)
    poll(store, EAST, issue(TEXT, 1), at=next_day)
    assert members(story_of(store, "today")) == [EAST.key]
    (found,) = store.find("today")
    assert found.date == next_day


def test_a_lead_that_was_chosen_leads_whatever_comes(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS)
    decided.lead(url, THEIRS.link or "")
    poll(store, WEST_BLOG, entry("b", title="A scanner", text=OPENING, feed=WEST_BLOG.key))
    poll_again(store)
    assert members(story_of(store, OURS.link))[0] == WEST.key


@pytest.mark.parametrize("into", [OURS.link, OTHER.link])
def test_what_is_merged_has_no_tag_that_was_taken_from_either(told: Store, url: str, into: str) -> None:
    buses, scanners = told.find(OTHER.link or "")[0], story_of(told, OURS.link)
    for stored in scanners.entries:
        told.overrule([stored.key], "travel", (), now=NOW)
    told.retag([buses.key], lambda _: (Tag("travel", "‘buses’ in the title"),))
    decided.merge(url, (OURS.link if into == OTHER.link else OTHER.link) or "", into)
    assert all(not stored.entry.tags for stored in story_of(told, OURS.link).entries)
    assert told.check() == ()


def test_a_lead_that_was_chosen_leads_again_when_it_comes_back_and_not_where_it_is_merged(
    store: Store, url: str
) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, THEIRS, OTHER)
    decided.lead(url, THEIRS.link or "")
    (theirs,) = store.find(THEIRS.link or "")
    store.withdraw([theirs.key], "", NOW)
    store.release([theirs.key], NOW)
    lead, copy = story_of(store, OURS.link).entries
    assert (lead.key, copy.why) == (theirs.key, "an admin chose West’s to lead")
    decided.split(url, OTHER.link or "", alone=True)
    decided.merge(url, THEIRS.link or "", OTHER.link or "")
    assert story_of(store, THEIRS.link).lead.entry.link == OTHER.link
    _, known = store.compared_with(theirs.key)
    assert theirs.key not in known.rulings.leads
    assert store.check() == ()


def test_the_last_lead_that_was_chosen_is_the_one_that_comes_back(told: Store, url: str) -> None:
    (blog,) = told.find(BLOG.link or "")
    decided.lead(url, THEIRS.link or "")
    decided.lead(url, BLOG.link or "")
    told.withdraw([blog.key], "", NOW)
    assert story_of(told, OURS.link).lead.entry.feed == EAST.key
    told.release([blog.key], NOW)
    assert story_of(told, OURS.link).lead.key == blog.key


def test_two_stories_that_are_one_already_are_not_merged(told: Store, url: str) -> None:
    with pytest.raises(StoreError, match="in one story already"):
        decided.merge(url, THEIRS.link or "", OURS.link or "")


def test_a_story_of_one_entry_cannot_be_split(told: Store, url: str) -> None:
    with pytest.raises(StoreError, match="a story of its own already"):
        decided.split(url, OTHER.link or "", alone=False)


def test_a_link_that_several_have_needs_a_member(store: Store, url: str) -> None:
    poll(store, EAST, OURS)
    poll(store, WEST, entry("w", title=TITLE, text=TEXT, link=OURS.link, feed=WEST.key))
    with pytest.raises(StoreError, match=r"2 entries have .* east/news, “.*”; west/news, “") as told:
        decided.lead(url, OURS.link or "")
    assert told.value.remedy == "Say which you mean with --member MEMBER[/NAME], or by its id."
    decided.lead(url, OURS.link or "", member="west")


def test_a_link_that_a_member_has_in_two_feeds_needs_the_feed_or_an_id(store: Store, url: str) -> None:
    link = "https://west.example/scanner"
    poll(store, WEST, entry("w", title=TITLE, text=TEXT, link=link, feed=WEST.key))
    poll(store, WEST_BLOG, entry("w", title=TITLE, text=TEXT, link=link, feed=WEST_BLOG.key))
    with pytest.raises(StoreError, match=r"2 entries have .* west/news, “.*”; west/blog, “"):
        decided.lead(url, link, member="west")
    decided.lead(url, link, member="west/blog")
    assert members(story_of_all(store, link))[0] == WEST_BLOG.key
    assert "by itself" in decided.split(url, link, member="west/blog", alone=False)


def test_a_link_that_a_feed_has_twice_needs_the_id(store: Store, url: str) -> None:
    jobs = "https://east.example/jobs/"
    porter, nurse = (entry(title, title=title, link=jobs) for title in ("Porter", "Nurse"))
    poll(store, EAST, porter, nurse)
    ids = {each.entry.id: each.atom_id for each in store.find(jobs)}
    with pytest.raises(StoreError, match="2 entries have") as told:
        decided.withdraw(url, jobs, member="east", why="")
    assert f"east/news, “Porter”, {ids['Porter']}" in told.value.problem
    assert decided.withdraw(url, ids["Porter"], why="") == "“Porter” by East is withdrawn."


def test_what_a_member_has_in_two_feeds_is_withdrawn_and_released_in_both(store: Store, url: str) -> None:
    link = "https://west.example/scanner"
    for feed in (WEST, WEST_BLOG):
        poll(store, feed, entry("w", title=TITLE, text=TEXT, link=link, feed=feed.key))
    said = decided.withdraw(url, link, why="")
    assert said == f"“{TITLE}” by West in 2 feeds is withdrawn."
    assert [each.standing for each in store.find(link)] == ["withdrawn", "withdrawn"]
    assert decided.release(url, link) == f"“{TITLE}” by West in 2 feeds is published now."
    assert set(members(story_of_all(store, link))) == {WEST.key, WEST_BLOG.key}
    poll(store, EAST, entry("e", title=TITLE, text=TEXT, link=link))
    decided.withdraw(url, link, member="west/news", why="")
    assert set(members(story_of_all(store, link))) == {WEST_BLOG.key, EAST.key}


def test_a_member_says_which_of_two_stories_is_merged_or_merged_into(store: Store, url: str) -> None:
    jobs = "https://shared.example/jobs/"
    poll(store, EAST, entry("e", title="Porter", text=TEXT, link=jobs))
    poll(store, WEST, entry("w", title="Nurse", text=f"{LOCAL} {END}", link=jobs, feed=WEST.key))
    decided.split(url, jobs, member="west", alone=True)
    poll(store, WEST_BLOG, BLOG)
    said = decided.merge(url, BLOG.link or "", jobs, member="west/news")
    assert said.endswith("with “Nurse” by West.")


def test_a_link_that_none_has_is_to_be_explained_as_a_shell_takes_it(told: Store, url: str) -> None:
    with pytest.raises(StoreError) as none:
        decided.lead(url, "https://east.example/?p=1&page=2")
    assert "`hub explain 'https://east.example/?p=1&page=2'`" in none.value.remedy


def test_a_database_is_sound_after_all_that(told: Store, url: str) -> None:
    decided.split(url, OURS.link or "", alone=True)
    decided.merge(url, OURS.link or "", OTHER.link or "")
    decided.lead(url, BLOG.link or "")
    assert told.check() == ()


def test_a_lead_is_on_pages_as_soon_as_it_is_chosen(tmp_path: Path) -> None:
    with closing(Hub(tmp_path)) as web:
        for feed in (EAST_KEY, WESSEX):
            web.publish(feed, news(feed.member, "Joint", link="https://east.example/joint"))
        assert "Health Innovation East and 1 other" in web.words("/")
        (theirs,) = web.store.find("wessex")
        web.store.make_lead(theirs.key, web.now)
        assert "Health Innovation Wessex and 1 other" in web.words("/")


# ---------------------------------------------------------------- explain

FEEDS = """
members:
  - slug: east
    name: East
    homepage: https://east.example/
    feeds: [{url: https://east.example/feed/}]
  - slug: west
    name: West
    feeds: [{url: https://west.example/feed/}, {name: blog, url: https://west.example/blog/feed/}]
"""


@pytest.fixture
def explained(told: Store, url: str, tmp_path: Path) -> object:
    file = tmp_path / "feeds.yaml"
    file.write_text(FEEDS)
    return lambda address: explain.run(file, url, address, now=NOW)[0]


def test_a_copy_is_explained_by_what_it_is_a_copy_of(explained) -> None:  # type: ignore[no-untyped-def]
    said = explained(THEIRS.link)
    assert "a copy: the text of East’s and more" in said
    assert f"with “{TITLE}” by East; leads it" in said
    assert "Dated    19 November 2026, 09:00:00 UTC: the publisher's date (published)" in said


def test_other_news_is_explained_by_what_it_is_no_copy_of(explained, told: Store, url: str) -> None:  # type: ignore[no-untyped-def]
    decided.split(url, BLOG.link or "", alone=True)
    said = explained(BLOG.link)
    assert "Ruled    by an admin: nobody's copy" in said
    assert "by itself" in said


def test_a_split_names_what_it_parted(explained, told: Store, url: str) -> None:  # type: ignore[no-untyped-def]
    decided.split(url, OURS.link or "", alone=False)
    assert explained(BLOG.link).count("    Ruled    by an admin: apart from ") == 1
    assert f"    Ruled    by an admin: apart from “{TITLE}” of east/news" in explained(BLOG.link)


def test_what_was_ruled_of_one_story_says_nothing_of_others(explained, told: Store, url: str) -> None:  # type: ignore[no-untyped-def]
    decided.lead(url, OTHER.link or "")
    decided.lead(url, BLOG.link or "")
    decided.split(url, THEIRS.link or "", alone=False)
    poll(told, EAST, OURS, entry("n", title="Parking", text="There is more room for cars now."))
    decided.merge(url, THEIRS.link or "", entry("n").link or "")
    for address in (OTHER.link, BLOG.link):
        assert "    Ruled    by an admin: leads its story" in explained(address)
    for address in (THEIRS.link, entry("n").link):
        assert "    Ruled    by an admin: together with the others of this story" in explained(address)
    assert "    Ruled    by an admin: apart from “A scanner”" in explained(THEIRS.link)


def test_the_day_that_is_shown_is_explained_as_what_it_is(explained, told: Store) -> None:  # type: ignore[no-untyped-def]
    at = NOW + timedelta(days=2)
    dated = entry("d", title="Beds", text="There are four beds free.", published=NOW - timedelta(days=3))
    poll(told, EAST, dated, entry("s", title="Annual report", text="Read more"), at=NOW)
    later = entry("d", title="Beds", text="There are five beds free.", published=NOW - timedelta(days=1))
    poll(told, EAST, later, at=at)
    assert "as it was when it first came in; the publisher's date (published) is" in explained(later.link)
    assert "Compared with nothing" in explained("https://east.example/s")


def test_what_was_withdrawn_is_explained_as_that(explained, told: Store) -> None:  # type: ignore[no-untyped-def]
    assert "republished in full" in explained(THEIRS.link)
    poll(told, EAST, entry("long", text="word " * 50_000))
    assert "republished with an excerpt, since its text is very long" in explained(entry("long").link)
    (stored,) = told.find(THEIRS.link or "")
    told.withdraw([stored.key], "", NOW)
    said = explained(THEIRS.link)
    assert "UTC, not published\n" in said
    assert "republished" not in said
    assert "    Standing withdrawn by an admin since" in said


def test_what_is_not_here_is_explained_by_its_members_feed(explained) -> None:  # type: ignore[no-untyped-def]
    said = explained("https://east.example/other")
    assert "No entry has https://east.example/other for a link or an id." in said
    assert "It would come from east/news, https://east.example/feed/:" in said
    assert "did not have it, nor had any before" in said


def test_what_no_member_could_bring_is_said_to_be_nobodys(explained) -> None:  # type: ignore[no-untyped-def]
    said = explained("https://elsewhere.example/?p=1&page=2")
    assert "No member's homepage or feed is on elsewhere.example" in said
    assert "`hub feeds check 'https://elsewhere.example/?p=1&page=2'`" in said


def test_a_feed_and_a_member_that_left_the_file_are_explained_as_that(explained, told: Store) -> None:  # type: ignore[no-untyped-def]
    told.sync(MEMBERS[:1], [EAST], authority="news.example.org")
    blog = explained("west/blog")
    assert blog == (
        "west/blog, https://west.example/blog/feed/\n"
        "    State    left: it is not in feeds.yaml any more, so it is not polled; what it published stays\n"
        "    To do    To take that away too: hub feeds remove west/blog --entries\n"
        "    Read     20 November 2026, 12:00:00 UTC"
    )
    assert explained(WEST_BLOG.url) == blog
    assert explained("west").count("    State    left: ") == 2
    assert "No entry has west/none for a link or an id." in explained("west/none")
