"""Tags of what is stored: by changed rules, planned first, and by hand, for good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.errors import StoreError
from hub.model import Overruling, Selection, StoredEntry, Tag, Term
from hub.store import Store, open_store
from hub.store.tagging import overruled
from tests import decided
from tests.commands import Hub
from tests.entries import entry
from tests.older import older_database
from tests.site import Site
from tests.sqlite import new_file
from tests.test_store import EAST, FEEDS, MEMBERS, NOW, WEST, poll

CIRCULATION = Tag("circulation", "part of it is ‘Stroke’, which it has", narrower=("stroke",))
STROKE = Tag("stroke", "‘stroke’ in the title")
EVENTS = Tag("events", "‘webinar’ in the title", kind="event")


def said(term: str, *tags: Tag) -> Overruling:
    return Overruling(entry=1, term=term, tags=tags, when=NOW)


# ---------------------------------------------------------------- what admins say comes first


def test_where_nothing_was_said_the_rules_decide() -> None:
    assert overruled((STROKE, EVENTS), ()) == (STROKE, EVENTS)


def test_a_tag_given_by_hand_stands_first_so_that_its_kind_counts() -> None:
    funding = Tag("funding", "given by hand", kind="funding")
    assert overruled((STROKE, EVENTS), (said("funding", funding),)) == (funding, STROKE, EVENTS)


def test_a_tag_given_by_hand_brings_broader_ones_unless_they_were_found() -> None:
    by_hand = Tag("stroke", "given by hand")
    found = Tag("circulation", "‘heart’ in the title")
    assert overruled((), (said("stroke", by_hand, CIRCULATION),)) == (by_hand, CIRCULATION)
    assert overruled((found,), (said("stroke", by_hand, CIRCULATION),)) == (by_hand, found)


def test_a_broader_tag_goes_with_the_last_narrower_one_it_is_owed_to() -> None:
    both = Tag("circulation", "two parts of it", narrower=("stroke", "heart"))
    top = Tag("conditions", "…", narrower=("circulation",))
    assert overruled((top, CIRCULATION, STROKE), (said("stroke"),)) == ()
    assert overruled((top, both, STROKE), (said("stroke"),)) == (top, both)
    assert overruled((top, both, STROKE), (said("stroke"), said("heart"))) == ()


def test_a_broader_tag_can_be_taken_away_alone() -> None:
    assert overruled((CIRCULATION, STROKE), (said("circulation"),)) == (STROKE,)


# ---------------------------------------------------------------- stored


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(new_file(tmp_path / "hub.db"))
    store.sync(MEMBERS, FEEDS, authority="news.example")
    yield store
    store.close()


def only(store: Store) -> StoredEntry:
    (stored,) = store.walk()
    return stored


def test_what_an_admin_said_of_tags_outlives_polls_corrections_and_retagging(store: Store) -> None:
    poll(store, EAST, entry("a", tags=(STROKE,)))
    key = only(store).key
    version = store.version()
    store.overrule([key], "stroke", (), now=NOW)
    store.overrule([key], "events", (EVENTS,), now=NOW)
    assert store.version() > version
    poll(store, EAST, entry("a", text="Corrected words.", tags=(STROKE,)))
    assert store.retag([key], lambda _: (STROKE,)) == 0
    stored = only(store)
    assert stored.entry.text == "Corrected words."
    assert (stored.entry.tags, stored.entry.kind) == ((EVENTS,), "event")
    assert dict(store.tag_counts()) == {"events": 1}
    assert len(store.stories(Selection(filter=Term("kind", "event")), limit=9).items) == 1
    assert store.stories(Selection(filter=Term("kind", "news")), limit=9).items == ()


def test_what_a_poll_changes_while_rules_are_applied_is_tagged_by_its_new_words(store: Store) -> None:
    poll(store, EAST, entry("a", title="Stroke unit opens"))
    stored = only(store)
    poll(store, EAST, entry("a", title="Events this week"))

    def by_title(stored: StoredEntry) -> tuple[Tag, ...]:
        return (STROKE,) if "Stroke" in stored.entry.title else (EVENTS,)

    assert by_title(stored) == (STROKE,)
    assert store.retag([stored.key], by_title) == 1
    assert only(store).entry.tags == (EVENTS,)


def test_the_last_word_on_a_tag_counts_and_can_be_taken_back(store: Store) -> None:
    poll(store, EAST, entry("a", tags=(STROKE,)))
    key = only(store).key
    store.overrule([key], "stroke", (), now=NOW)
    store.overrule([key], "stroke", (Tag("stroke", "given by hand"),), now=NOW)
    assert only(store).entry.tags == (Tag("stroke", "given by hand"),)
    assert [each.term for each in store.overrulings()] == ["stroke"]
    store.leave_to_rules([key], "stroke", lambda _: (STROKE,))
    assert only(store).entry.tags == (STROKE,)
    assert store.overrulings() == ()


def test_a_tag_is_left_to_the_rules_with_what_they_give_or_not_at_all(store: Store) -> None:
    poll(store, EAST, entry("a", tags=(STROKE,)))
    key = only(store).key
    store.overrule([key], "stroke", (), now=NOW)

    def killed(_: StoredEntry) -> tuple[Tag, ...]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.leave_to_rules([key], "stroke", killed)
    # So that whoever takes it back once more finds what there is to take back.
    assert [each.term for each in store.overrulings()] == ["stroke"]
    store.leave_to_rules([key], "stroke", lambda _: (STROKE,), seen=NOW)
    assert only(store).entry.tags == (STROKE,)


def test_what_was_said_of_a_storys_tags_holds_for_a_copy_that_comes_later(store: Store) -> None:
    poll(store, EAST, entry("a", link="https://east.example/a", tags=(STROKE,)))
    store.overrule([only(store).key], "stroke", (), now=NOW)
    copy = entry("b", title="News a", link="https://east.example/a", feed=WEST.key, tags=(STROKE,))
    poll(store, WEST, copy)
    (story,) = store.stories(limit=9).items
    assert len(story.entries) == 2
    assert story.tags == ()
    assert dict(store.tag_counts()) == {}


def test_what_was_said_of_a_storys_tags_holds_for_no_copy_of_other_news(store: Store) -> None:
    poll(store, EAST, entry("a", tags=(STROKE,)))
    store.overrule([only(store).key], "stroke", (), now=NOW)
    poll(store, EAST, entry("c", link="https://east.example/c", tags=(STROKE,)))
    copy = entry("b", title="News c", link="https://east.example/c", feed=WEST.key, tags=(STROKE,))
    poll(store, WEST, copy)
    assert {each.entry.id: each.entry.tags for each in store.walk()} == {
        "a": (),
        "b": (STROKE,),
        "c": (STROKE,),
    }
    assert [each.term for each in store.overrulings()] == ["stroke"]


def test_what_is_not_published_is_not_said_to_be_unknown(store: Store, tmp_path: Path) -> None:
    poll(store, EAST, entry("a", link="https://east.example/a"))
    store.withdraw([only(store).key], "", NOW)
    file = tmp_path / "feeds.yaml"
    file.write_text("members: []\ntags: [{term: stroke, label: Stroke, any: [stroke]}]\n")
    with pytest.raises(StoreError, match="not published"):
        decided.tag(f"sqlite:///{tmp_path / 'hub.db'}", file, "https://east.example/a", "stroke")


def test_a_link_of_several_stories_tags_none_before_one_is_named(store: Store, tmp_path: Path) -> None:
    jobs = "https://jobs.example/"
    poll(store, EAST, entry("nurse", text="Three nights a week.", link=f"{jobs}all"))
    poll(store, WEST, entry("porter", text="Bring sound shoes.", link=f"{jobs}all", feed=WEST.key))
    (porter,) = (each for each in store.walk() if each.entry.id == "porter")
    store.take_apart(porter.key, NOW, alone=True)
    file, database = tmp_path / "feeds.yaml", f"sqlite:///{tmp_path / 'hub.db'}"
    file.write_text("members: []\ntags: [{term: stroke, label: Stroke, any: [stroke]}]\n")
    for refused in (decided.tag, decided.untag, decided.leave_to_rules):
        with pytest.raises(StoreError, match="2 entries have"):
            refused(database, file, f"{jobs}all", "stroke")
    assert store.overrulings() == ()
    decided.tag(database, file, f"{jobs}all", "stroke", member="west")
    assert [each.entry for each in store.overrulings()] == [porter.key]


def test_other_news_under_the_same_id_and_link_is_not_tagged_by_what_was_said_of_the_first(
    store: Store,
) -> None:
    first = entry(
        "a", title="Ward", text="Every ward will measure blood pressure twice a day from spring on."
    )
    poll(store, EAST, first)
    store.overrule([only(store).key], "stroke", (STROKE,), now=NOW)
    poll(store, EAST, entry("a", title="Bids", text="Rural transport grants are invited until next June."))
    assert only(store).entry.tags == ()


def test_the_tags_of_an_entry_that_is_gone_can_be_overruled_by_nobody(store: Store) -> None:
    store.overrule([99], "stroke", (STROKE,), now=NOW)
    assert store.overrulings() == ()


def test_an_entry_is_found_by_its_link_however_it_is_written_and_by_its_id(store: Store) -> None:
    poll(store, EAST, entry("tag:a", link="https://www.east.example/a/?utm_source=rss"))
    poll(store, EAST, entry("b"))
    for address in ("tag:a", "https://www.east.example/a/?utm_source=rss", "https://east.example/a"):
        assert [stored.entry.id for stored in store.find(address)] == ["tag:a"], address
    assert store.find("c") == ()


def test_an_events_day_and_kind_come_back_as_stored_and_a_day_stays_until_it_is_off(store: Store) -> None:
    day = date(2026, 12, 3)
    poll(store, EAST, replace(entry("a", tags=(EVENTS,)), event_date=day))
    assert (only(store).entry.kind, only(store).entry.event_date) == ("event", day)
    poll(store, EAST, entry("a", text="Corrected: bring a pen.", tags=(EVENTS,)))
    assert only(store).entry.event_date == day
    poll(store, EAST, entry("a", text="Corrected: it is postponed.", tags=(EVENTS,)))
    assert only(store).entry.event_date is None


def test_a_database_from_before_there_were_kinds_is_upgraded_with_its_events_days(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    connection = older_database(file, before="m003_kinds_of_entries_and_tags_by_hand")
    connection.executescript(
        """
        INSERT INTO members VALUES ('east', 0, 1, 'East', 'member', NULL, NULL, 'full');
        INSERT INTO feeds (member, name, position, configured, url, alternatives, tags)
            VALUES ('east', 'news', 0, 1, 'https://east.example/feed', '[]', '[]');
        INSERT INTO stories VALUES (1, NULL);
        INSERT INTO entries (feed, member, story, lead, why, atom_id, atom_key, title_key, date, first_seen,
            changed, fingerprint, past_fingerprints, title, published, summary, content, text, excerpt,
            details)
        VALUES (1, 'east', 1, 1, '', 'tag:a', 'k', 't', '2026-11-20T09:00:00Z', '2026-11-20T09:00:00Z',
            '2026-11-20T09:00:00Z', 'f', '[]', 'Webinar', '2026-11-20T09:00:00Z', '', '',
            'After 1 May 2026 we meet on 3 December 2026.', '',
            '{"authors": [], "categories": [], "enclosures": [], "source": null}');
        INSERT INTO tags VALUES (1, 'events', 'a rule', 0);
        """
    )
    connection.commit()
    connection.close()
    store = open_store(f"sqlite:///{file}")
    stored = only(store)
    assert (stored.entry.kind, stored.entry.event_date) == ("news", date(2026, 12, 3))
    assert stored.entry.tags == (Tag("events", "a rule"),)
    assert store.check() == ()
    store.close()


# ---------------------------------------------------------------- the commands

RULES = """tags:
  - {term: circulation, label: Heart and circulation}
  - {term: stroke, label: Stroke, any: [stroke], broader: circulation}
  - {term: events, label: Events, kind: event, any: [webinar]}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def tagged(hub: Hub) -> dict[str, list[str]]:
    store = open_store(hub.database)
    found = {stored.entry.title: [tag.term for tag in stored.entry.tags] for stored in store.walk()}
    store.close()
    return found


def test_a_plan_says_what_changed_rules_would_add_and_remove_and_writes_nothing(hub: Hub, site: Site) -> None:
    feed = site.feed("/east", "A webinar on stroke", "Asthma", "Strokes")
    hub.write({"east": [feed]}, more="tags: [{term: lungs, label: Lungs, any: [asthma]}]\n")
    assert hub.run("poll").returncode == 0
    hub.write({"east": [feed]}, more=RULES)
    before = (hub.folder / "hub.db").read_bytes()
    planned = hub.run("retag", "--plan")
    assert planned.stdout == (
        "`hub retag` would change 2 of 3 entries. Nothing has been written.\n\n"
        "kind event  +1\n  + A webinar on stroke (east)\n\n"
        "kind news  −1\n  − A webinar on stroke (east)\n\n"
        "tag circulation  +1\n  + A webinar on stroke (east)\n\n"
        "tag events  +1\n  + A webinar on stroke (east)\n\n"
        "tag lungs  −1\n  − Asthma (east)\n\n"
        "tag stroke  +1\n  + A webinar on stroke (east)\n"
    )
    assert (hub.folder / "hub.db").read_bytes() == before
    assert tagged(hub) == {"A webinar on stroke": [], "Asthma": ["lungs"], "Strokes": []}
    assert hub.run("retag").stdout == "2 of 3 entries changed their tags.\n"
    assert hub.run("retag", "--plan").stdout == (
        "`hub retag` would change 0 of 3 entries. Nothing has been written.\n"
    )


def test_what_a_feed_gave_its_entries_they_keep_after_it_left_the_file(hub: Hub, site: Site) -> None:
    east, courses = site.feed("/east", "Asthma"), site.feed("/courses", "Leading teams")
    hub.write({"east": [east], "courses": [courses]}, more=RULES)
    gives = hub.config.read_text("utf-8").replace(
        f"- url: {courses}\n", f"- url: {courses}\n        tags: [events, extra]\n"
    )
    hub.config.write_text(gives, "utf-8")
    assert hub.run("poll").returncode == 0
    assert tagged(hub) == {"Asthma": [], "Leading teams": ["events", "extra"]}
    hub.write({"east": [east]}, more=RULES)
    # Of a tag that the file no longer knows nothing is kept.
    plan = "`hub retag` would change 1 of 2 entries. Nothing has been written.\n\n"
    assert hub.run("retag", "--plan").stdout == f"{plan}tag extra  −1\n  − Leading teams (courses)\n"
    assert hub.run("retag").stdout == "1 of 2 entries changed their tags.\n"
    assert tagged(hub) == {"Asthma": [], "Leading teams": ["events"]}
    assert hub.run("retag").stdout == "0 of 2 entries changed their tags.\n"


@pytest.mark.parametrize(
    ("was_news", "was_blog", "planned"),
    [
        ("{name: blog, url: NEWS}", "{url: BLOG, tags: [events]}", 0),
        ("{url: NEWS}", "{name: opinion, url: BLOG, tags: [extra]}", 1),
        ("", "{url: BLOG, tags: [events]}", 0),
    ],
    ids=["names swapped", "another name and other tags", "one takes the other's name"],
)
def test_a_plan_says_what_is_done_where_feeds_are_called_otherwise(
    hub: Hub, site: Site, was_news: str, was_blog: str, planned: int
) -> None:
    news, blog = site.feed("/news", "Asthma"), site.feed("/blog", "Leading teams")

    def write(*feeds: str) -> None:
        listed = ", ".join(filter(None, feeds)).replace("NEWS", news).replace("BLOG", blog)
        hub.write({"east": [news]}, more=RULES)
        before = hub.config.read_text("utf-8")
        hub.config.write_text(
            before.replace(f"feeds:\n      - url: {news}\n", f"feeds: [{listed}]\n"), "utf-8"
        )

    write("{url: NEWS}", "{name: blog, url: BLOG, tags: [events]}")
    assert hub.run("poll").returncode == 0
    assert hub.run("retag", "--plan").stdout.startswith("`hub retag` would change 0 of 2 entries.")
    write(was_news, was_blog)
    plan = hub.run("retag", "--plan").stdout
    assert plan.startswith(f"`hub retag` would change {planned} of 2 entries.")
    assert hub.run("retag").stdout == f"{planned} of 2 entries changed their tags.\n"


def test_a_plan_shows_a_few_titles_and_counts_them_all(hub: Hub, site: Site) -> None:
    feed = site.feed("/east", *(f"Stroke {number} " + "x" * 200 for number in range(5)))
    hub.write({"east": [feed]})
    hub.run("poll")
    hub.write({"east": [feed]}, more=RULES)
    lines = hub.run("retag", "--plan").stdout.splitlines()
    assert lines[0].startswith("`hub retag` would change 5 of 5 entries.")
    assert "tag stroke  +5" in lines
    assert len(lines) == 1 + 2 * 5
    assert max(map(len, lines)) < 110


def test_an_event_is_explained_by_its_day_and_by_why_it_stands_where_it_does(hub: Hub, site: Site) -> None:
    rules = "tags:\n  - {term: events, kind: event, any: [webinar]}\n"
    feed = site.feed("/east", "Asthma")
    hub.write({"east": [feed]}, more=rules)
    hub.run("poll")
    site.feed("/east", "Asthma", "Webinar, 2 January 2099", "Webinar, 2 January 2001")
    hub.run("poll", "--all")
    ahead, over = (hub.run("explain", f"{feed}/{number}").stdout for number in (1, 2))
    assert "UTC: when it was first seen, as for every event that was then to come\n" in ahead
    assert "    Event    on 2 January 2099\n" in ahead
    assert "UTC: the publisher's date (published)\n" in over
    assert "    Event " not in over


def test_tags_given_and_taken_by_hand_outlive_polls_and_rules_until_that_is_undone(
    hub: Hub, site: Site
) -> None:
    feed = site.feed("/east", "A stroke of luck", "Asthma")
    hub.write({"east": [feed]}, more=RULES)
    hub.run("poll")
    store = open_store(hub.database)
    links = {stored.entry.title: str(stored.entry.link) for stored in store.walk()}
    store.close()

    taken = hub.run("untag", links["A stroke of luck"], "stroke")
    assert taken.stdout == (
        "‘A stroke of luck’ (east) is now without the tag stroke, whatever the rules say.\n"
    )
    mistyped = hub.run("untag", links["A stroke of luck"], "strok")
    assert mistyped.returncode == 2
    assert "has the term 'strok'.\n    Did you mean stroke?" in mistyped.stderr
    why = hub.run("explain", links["A stroke of luck"]).stdout
    assert re.search(r"Tags     not stroke: taken away by hand on \d+ \w+ \d{4}\n", why)
    given = hub.run("tag", links["Asthma"], "stroke")
    assert given.stdout == "‘Asthma’ (east) now has the tag stroke, whatever the rules say.\n"
    by_hand = {"A stroke of luck": [], "Asthma": ["stroke", "circulation"]}
    assert tagged(hub) == by_hand
    assert hub.run("retag", "--plan").stdout.startswith("`hub retag` would change 0 of 2 entries.")
    hub.run("retag")
    hub.run("poll", "--all")
    assert tagged(hub) == by_hand

    # The tree of the rules as they are now is taken up for tags given by hand, too.
    hub.write({"east": [feed]}, more=RULES.replace(", broader: circulation", ", kind: report"))
    plan = hub.run("retag", "--plan").stdout
    assert plan.startswith("`hub retag` would change 1 of 2 entries.")
    assert "kind report  +1\n  + Asthma (east)" in plan
    assert hub.run("retag").stdout == "1 of 2 entries changed their tags.\n"
    assert tagged(hub)["Asthma"] == ["stroke"]
    store = open_store(hub.database)
    stored = next(stored for stored in store.walk() if stored.entry.title == "Asthma")
    store.close()
    assert stored.entry.kind == "report"
    assert re.fullmatch(r"given by hand on \d+ \w+ \d{4}", stored.entry.tags[0].why)

    mistyped = hub.run("tag", "--undo", links["Asthma"], "strok")
    assert mistyped.returncode == 2
    assert "has the term 'strok'.\n    Did you mean stroke?" in mistyped.stderr
    hub.run("tag", "--undo", links["Asthma"], "stroke")
    hub.run("tag", "--undo", links["A stroke of luck"], "stroke")
    assert tagged(hub) == {"A stroke of luck": ["stroke"], "Asthma": []}


def test_a_link_or_a_tag_that_is_not_there_is_told_with_what_to_do(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "Asthma")]}, more=RULES)
    hub.run("poll")
    unknown = hub.run("tag", "https://east.example/no", "stroke")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "No entry has https://east.example/no for a link or an id.\n"
        "    `hub explain https://east.example/no` says what is known of it.\n",
    )
    misspelt = hub.run("tag", "https://east.example/no", "strok")
    assert misspelt.returncode == 2
    assert misspelt.stderr.endswith("has the term 'strok'.\n    Did you mean stroke?\n")
