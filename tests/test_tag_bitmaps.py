"""Bitmaps of tags: whatever is done to entries and stories, they say what the tags of stories say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from hub.model import Selection, StoredEntry, Tag, Term, Tombstone
from hub.store import open_store, tagbitmaps
from hub.store.sqlite import SqliteStore
from tests.web_hub import EAST, NATIONAL, NOW, SAFETY, WESSEX, Hub, a_hub, news

STROKE, GRANTS = Tag("stroke", "a rule"), Tag("grants", "another rule")
LINK = "https://joint.example/a"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(tagbitmaps, "_BLOCK", 4)
    yield from a_hub(tmp_path)


def marked(hub: Hub, term: str) -> set[int]:
    """The entries of a tag by its bitmaps, which say what the stories' tags say."""
    assert hub.store.check() == ()
    with_tag = hub.store._having(term, 0, 2**32 - 1)  # type: ignore[attr-defined]
    return set(with_tag)


def _always(given: tuple[Tag, ...], _: StoredEntry) -> tuple[Tag, ...]:
    return given


def keys(hub: Hub) -> dict[str, int]:
    return {stored.entry.id or "": stored.key for stored in hub.store.walk()}


def publish_some(hub: Hub) -> dict[str, int]:
    """A story of two, in two blocks, and news of one member."""
    hub.publish(
        WESSEX, news("a", "Joint news", link=LINK, tags=(SAFETY,)), news("b"), news("c", tags=(STROKE,))
    )
    hub.publish(EAST, news("d", "Joint news", link=LINK, tags=(GRANTS,)), news("e", tags=(SAFETY,)), at=LATER)
    return keys(hub)


def test_all_entries_of_a_story_have_the_tags_of_each(hub: Hub) -> None:
    key = publish_some(hub)
    assert len({key["a"] // 4, key["d"] // 4}) == 2
    assert marked(hub, "safety") == {key["a"], key["d"], key["e"]}
    assert marked(hub, "grants") == {key["a"], key["d"]}
    assert marked(hub, "stroke") == {key["c"]}
    assert marked(hub, "none") == set()


def _one_and_then_none(key: int) -> Iterator[int]:
    yield key
    raise KeyError


Act = Callable[[Hub, dict[str, int]], object]


@pytest.mark.parametrize(
    ("act", "safety", "grants"),
    [
        (
            lambda hub, key: hub.store.retag(
                [key["a"], key["b"]], lambda stored: () if stored.key == key["a"] else (SAFETY,)
            ),
            "b e",
            "a d",
        ),
        (lambda hub, key: hub.store.overrule([key["d"]], "grants", (), now=LATER), "a d e", ""),
        (lambda hub, key: hub.store.take_apart(key["d"], LATER), "a e", "d"),
        (lambda hub, key: hub.store.make_lead(key["d"], LATER), "a d e", "a d"),
        (lambda hub, key: hub.store.put_together(key["b"], key["e"], LATER), "a b d e", "a d"),
        (lambda hub, key: hub.store.put_together(key["c"], key["d"], LATER), "a c d e", "a c d"),
        (lambda hub, key: hub.store.withdraw([key["a"]], "", LATER), "e", "d"),
        (lambda hub, key: hub.store.withdraw([key["e"]], "", LATER), "a d", "a d"),
        (lambda hub, _: hub.store.remove(EAST, LATER), "a", ""),
        (lambda hub, _: hub.store.remove(WESSEX, LATER), "e", "d"),
        (lambda hub, _: hub.publish(EAST, news("d", "Other", tags=(STROKE,)), at=LATER), "a d e", ""),
    ],
    ids=[
        *("retag", "overrule", "apart", "lead", "together", "joined"),
        *("withdraw-lead", "withdraw-alone", "remove", "remove-lead", "changed"),
    ],
)
def test_they_follow_what_is_done_to_a_story(hub: Hub, act: Act, safety: str, grants: str) -> None:
    key = publish_some(hub)
    act(hub, key)
    assert marked(hub, "safety") == {key[each] for each in safety.split()}
    assert marked(hub, "grants") == {key[each] for each in grants.split()}


def test_a_copy_brings_no_tag_that_was_taken_from_its_story_by_hand(hub: Hub) -> None:
    hub.publish(WESSEX, news("a", "Joint news", link=LINK, tags=(SAFETY,)))
    hub.store.overrule([keys(hub)["a"]], "safety", (), now=LATER)
    hub.publish(EAST, news("d", "Joint news", link=LINK, tags=(SAFETY, GRANTS)), at=LATER)
    key = keys(hub)
    assert marked(hub, "safety") == set()
    assert marked(hub, "grants") == {key["a"], key["d"]}


def test_a_tag_taken_by_hand_stays_away_where_its_entry_comes_back_after_a_copy_in_a_batch(hub: Hub) -> None:
    joint = partial(news, title="Joint news", link=LINK)
    hub.publish(WESSEX, joint("w", tags=(SAFETY,)))
    hub.store.overrule([keys(hub)["w"]], "safety", (), now=NOW)
    hub.publish(WESSEX, at=LATER, tombstones=(Tombstone(id="w", why="gone"),))
    hub.publish(EAST, joint("e", tags=(SAFETY,)), at=LATER)
    at = LATER + timedelta(hours=1)
    polls = [
        hub.poll(NATIONAL, joint("n", tags=(SAFETY, GRANTS)), at=at),
        hub.poll(WESSEX, joint("w", tags=(SAFETY,)), at=at),
    ]
    assert [result.error for result in hub.settle_together(polls, at)] == [None, None]
    key = keys(hub)
    assert marked(hub, "grants") == {key["e"], key["n"], key["w"]}
    assert marked(hub, "safety") == set()


@pytest.mark.parametrize("together", [True, False])
def test_what_is_withdrawn_had_the_tags_of_copies_that_came_before_it_in_a_batch(
    hub: Hub, *, together: bool
) -> None:
    hub.publish(WESSEX, news("w", "Joint news", link=LINK, tags=(SAFETY,)))
    polls = [
        hub.poll(EAST, news("e", "Joint news", link=LINK, tags=(GRANTS,)), at=LATER),
        hub.poll(WESSEX, at=LATER, tombstones=(Tombstone(id="w", why="gone"),)),
    ]
    for batch in [polls] if together else [[each] for each in polls]:
        assert {result.error for result in hub.settle_together(batch, LATER)} == {None}
    (gone,) = hub.store.withdrawn()
    assert gone.story_terms == {"safety", "grants"}
    assert marked(hub, "grants") == {keys(hub)["e"]}
    assert hub.store.check() == ()


def test_a_poll_that_is_refused_costs_a_story_no_tag_that_came_before_it_in_a_batch(hub: Hub) -> None:
    hub.publish(WESSEX, news("w", "Joint news", link=LINK, tags=(SAFETY,)))
    refused = news("x", "Other news", tags=(Tag(None, "a tag without a term"),))  # type: ignore[arg-type]
    polls = [
        hub.poll(EAST, news("e", "Joint news", link=LINK, tags=(GRANTS,)), at=LATER),
        hub.poll(WESSEX, refused, at=LATER, tombstones=(Tombstone(id="w", why="gone"),)),
    ]
    taken, failed = hub.settle_together(polls, LATER)
    assert (taken.error, failed.outcome) == (None, "failed")
    assert marked(hub, "grants") == {*keys(hub).values()}
    assert hub.store.check() == ()


def test_what_is_released_is_in_them_again(hub: Hub) -> None:
    key = publish_some(hub)
    hub.store.withdraw([key["a"]], "", LATER)
    hub.store.release([key["a"]], LATER)
    assert marked(hub, "safety") == {key["a"], key["d"], key["e"]}


def test_what_is_undone_leaves_no_trace(hub: Hub) -> None:
    key = publish_some(hub)
    with pytest.raises(KeyError):
        hub.store.withdraw(_one_and_then_none(key["d"]), "", LATER)
    hub.publish(NATIONAL, news("f", tags=(SAFETY,)), at=LATER)
    assert marked(hub, "safety") == {key["a"], key["d"], key["e"], keys(hub)["f"]}
    assert marked(hub, "grants") == {key["a"], key["d"]}


def test_a_move_that_is_undone_by_itself_leaves_no_trace(hub: Hub) -> None:
    key = publish_some(hub)
    store = hub.store
    assert isinstance(store, SqliteStore)
    # As of a poll that cannot be stored, in a batch of others that can.
    with store._writing(), suppress(KeyError), store._undoable():
        store._move(key["d"], None)
        raise KeyError
    assert marked(hub, "safety") == {key["a"], key["d"], key["e"]}
    assert marked(hub, "grants") == {key["a"], key["d"]}


def test_by_chance_they_say_what_is_stored(hub: Hub) -> None:
    chance = random.Random(5)
    tags = (SAFETY, STROKE, GRANTS)
    for number in range(60):
        at = NOW + timedelta(hours=number)
        feed = chance.choice((WESSEX, EAST, NATIONAL))
        given = tuple(tag for tag in tags if chance.random() < 0.4)
        link = f"https://joint.example/{chance.randrange(20)}"
        hub.publish(feed, news(str(number % 40), f"News {link[-2:]}", link=link, tags=given), at=at)
        stored = list(hub.store.walk())
        some = chance.choice(stored)
        match number % 6:
            case 1:
                hub.store.withdraw([some.key], "", at)
            case 2:
                hub.store.release([each.key for each in stored if each.standing == "withdrawn"][:2], at)
            case 3:
                hub.store.retag([some.key], partial(_always, given))
            case 4 if some.standing == "published":
                hub.store.take_apart(some.key, at, alone=True)
    assert hub.store.check() == ()
    for tag in tags:
        stories = {
            story.id for story in hub.store.stories(Selection(filter=Term("tag", tag.term)), limit=99).items
        }
        of_stories = {each.key for each in hub.store.walk() if each.story in stories}
        assert marked(hub, tag.term) == of_stories
        assert stories


def test_a_bitmap_that_is_wrong_is_told_of(hub: Hub) -> None:
    publish_some(hub)
    hub.sql("DELETE FROM tag_bitmaps WHERE term = 'safety'")
    hub.sql("UPDATE tag_bitmaps SET bits = x'00' WHERE term = 'grants'")
    assert hub.store.check() == ("bitmaps of tags do not agree with the tags of stories in 2 places",)


def test_a_tag_s_pages_go_on_at_dates_before_1970_too(hub: Hub) -> None:
    for number, year in enumerate((1969, 1970, 2026)):
        at = NOW.replace(year=year, microsecond=999_997 + number)
        hub.publish(WESSEX, news(str(number), tags=(SAFETY,), at=at))
    selection = Selection(filter=Term("tag", "safety"))
    found, cursor = [], None
    for _ in range(3):
        page = hub.store.stories(selection, limit=1, cursor=cursor)
        found += [story.shown.entry.id for story in page.items]
        # Lists of tags and of everything go on alike.
        assert page.next == hub.store.stories(Selection(), limit=1, cursor=cursor).next
        cursor = page.next
    assert (found, cursor) == (["2", "1", "0"], None)
    store = open_store(f"sqlite:///{hub.file}")
    assert store.check() == ()
    store.close()
