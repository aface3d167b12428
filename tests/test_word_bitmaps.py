"""Bitmaps of common words: made of blocks that are full, and never older than the full-text index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import StoreError
from hub.model import Selection
from hub.store.sqlite import searching, wordbitmaps
from tests.web_hub import EAST, NOW, WESSEX, Hub, a_hub, news

BLOCK = 8
LATER = NOW + timedelta(minutes=11)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(wordbitmaps, "_BLOCK", BLOCK)
    monkeypatch.setattr(searching, "_FAR_COMMONER", 0)
    yield from a_hub(tmp_path)


def publish(hub: Hub, numbers: range, text: str = "Wards and a nurse") -> None:
    for number in numbers:
        hub.publish(WESSEX, news(str(number), text=f"{text} {number}"), at=NOW)


def blocks(hub: Hub) -> list[int]:
    return [first for (first,) in hub.sql("SELECT first FROM bitmap_blocks ORDER BY first")]


def found(hub: Hub, typed: str) -> set[str]:
    stories = hub.store.search(Selection(search=typed), limit=100, order="date")
    return {story.shown.entry.title for story in stories.items}


def test_blocks_that_are_full_get_bitmaps_the_newest_first_one_in_ten_minutes(hub: Hub) -> None:
    publish(hub, range(1, BLOCK))
    assert blocks(hub) == []
    publish(hub, range(BLOCK, 3 * BLOCK))
    assert blocks(hub) == [1]
    hub.publish(EAST, news("a"), at=NOW + timedelta(minutes=9))
    assert blocks(hub) == [1]
    hub.publish(EAST, news("b"), at=LATER)
    assert blocks(hub) == [1, 2 * BLOCK + 1]
    hub.publish(EAST, news("c"), at=LATER + timedelta(minutes=11))
    assert blocks(hub) == [1, BLOCK + 1, 2 * BLOCK + 1]
    # A round without news makes none.
    hub.sql("DELETE FROM bitmap_blocks")
    hub.fail(EAST, "It is away.", "timeout", at=LATER + timedelta(hours=1))
    assert blocks(hub) == []


def test_what_changes_or_goes_takes_the_bitmaps_of_its_block_along_and_they_come_anew(hub: Hub) -> None:
    publish(hub, range(1, 3 * BLOCK + 1))
    hub.make_bitmaps()
    assert blocks(hub) == [1, BLOCK + 1, 2 * BLOCK + 1]
    assert "News 10" not in found(hub, "wards porter")
    hub.publish(WESSEX, news("10", text="Wards and a porter"), at=NOW + timedelta(minutes=9))
    assert blocks(hub) == [1, 2 * BLOCK + 1]
    assert found(hub, "wards porter") == {"News 10"}
    assert "News 10" not in found(hub, "wards nurse")
    hub.make_bitmaps()
    assert blocks(hub) == [1, BLOCK + 1, 2 * BLOCK + 1]
    assert found(hub, "wards porter") == {"News 10"}
    assert len(found(hub, "wards nurse")) == 3 * BLOCK - 1
    hub.store.remove(WESSEX, NOW)
    assert blocks(hub) == []
    assert found(hub, "wards nurse") == set()
    assert hub.store.check() == ()


def test_a_word_that_becomes_common_gets_bitmaps_of_older_blocks_too(hub: Hub) -> None:
    publish(hub, range(1, BLOCK + 1))
    hub.make_bitmaps()
    publish(hub, range(BLOCK + 1, 2 * BLOCK + 1), "A porter")
    hub.make_bitmaps()
    of_porter = (
        "SELECT block, entries FROM word_bitmaps b JOIN common_words w ON w.id = b.word WHERE term = 'porter'"
    )
    assert sorted(hub.sql(of_porter)) == [(1, 0), (BLOCK + 1, BLOCK)]
    words = hub.sql("SELECT COUNT(*) FROM common_words")
    assert hub.sql("SELECT COUNT(*) FROM word_bitmaps GROUP BY block") == 2 * words


def test_no_more_words_are_kept_than_are_set_the_commonest_first(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordbitmaps, "_MOST_WORDS", 3)
    publish(hub, range(1, BLOCK), "Zebra ox")
    publish(hub, range(BLOCK, 2 * BLOCK + 1), "Yak")
    hub.make_bitmaps()
    # All titles say `News`, which the full-text index takes for `new`.
    assert set(hub.sql("SELECT term FROM common_words")) == {("new",), ("zebra",), ("ox",)}


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("WARD nursing", True),  # as the full-text index takes them
        ("wârd nurses", True),
        ('"a nurse" wards', True),
        ('"nurse a" wards', False),
        ("war* nurse", True),
        ("ward wards nurse", True),
        ("wards-nurse a", False),
        ("ward -nurse", False),
        ("nurse -porter", True),
    ],
)
def test_words_are_the_same_to_bitmaps_as_to_the_full_text_index(hub: Hub, typed: str, finds: bool) -> None:
    publish(hub, range(1, 3 * BLOCK))
    before = found(hub, typed)
    hub.make_bitmaps()
    assert blocks(hub) == [1, BLOCK + 1]
    assert found(hub, typed) == before
    assert len(before) == (3 * BLOCK - 1 if finds else 0)


def test_bitmaps_that_another_program_left_without_their_block_are_made_anew(hub: Hub) -> None:
    publish(hub, range(1, BLOCK + 1))
    hub.make_bitmaps()
    with closing(sqlite3.connect(hub.file, isolation_level=None)) as other:
        # Which looks at no foreign keys.
        other.execute("UPDATE word_bitmaps SET bits = x'00'")
        other.execute("DELETE FROM bitmap_blocks")
    before = found(hub, "wards nurse")
    assert len(before) == BLOCK
    hub.make_bitmaps()
    assert found(hub, "wards nurse") == before
    assert hub.store.check() == ()


def test_a_check_tells_of_a_bitmap_that_is_wrong(hub: Hub) -> None:
    publish(hub, range(1, BLOCK + 1))
    hub.make_bitmaps()
    assert hub.store.check() == ()
    hub.sql(
        "UPDATE word_bitmaps SET bits = x'00' WHERE word = (SELECT id FROM common_words WHERE term = 'ward')"
    )
    assert hub.store.check() == ("bitmaps of common words do not agree with the full-text index in 1 places",)


def test_a_search_that_meets_a_damaged_bitmap_says_so(hub: Hub) -> None:
    publish(hub, range(1, BLOCK + 1))
    hub.make_bitmaps()
    hub.sql("UPDATE word_bitmaps SET bits = x'00'")
    with pytest.raises(StoreError, match=r"bitmap that cannot be read") as told:
        found(hub, "wards nurse")
    assert "hub check" in told.value.remedy
