"""Members and admins as chance has it: what is settled together is what would be one by one, and sound."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bench import quality
from hub import normalise
from hub.errors import StoreError
from hub.model import Feed, FeedKey, Gathered, Tombstone
from hub.parse.document import ParsedEntry, ParsedFeed, Text
from hub.store import Store, open_store
from hub.store.rows import numbers
from hub.stories import COMMON, sketched
from tests.sqlite import new_file
from tests.test_settling import settle, store_of, stored

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
ROUNDS = 12
IN_A_DOCUMENT = 9


@cache
def news() -> Sequence[dict[str, Any]]:
    return list(quality.GENERATORS["newsroom"](4, 400))


@dataclass
class Item:
    """What a member has on its site, which it may change."""

    id: str | None
    link: str
    title: str
    text: str
    published: datetime | None = None


@dataclass
class Publisher:
    """A feed, and whoever writes it: much of its news is others', as they had it or reworded."""

    feed: Feed
    chance: random.Random
    shared: list[Item]
    items: list[Item] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    told: int = 0

    def publish(self, now: datetime) -> Gathered:
        """Its document of now, after what it did since the last."""
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 4))):
            self.items.insert(0, self._written(now))
        deleted = []
        for doing, likely in (
            (self._edit, 0.35),
            (self._drop, 0.12),
            (self._bring_back, 0.1),
            (self._give_new_ids, 0.03),
            (self._move_to_another_host, 0.03),
            (self._repeat, 0.05),
            (self._mix_up, 0.05),
        ):
            if self.chance.random() < likely and self.items:
                doing()
        if self.chance.random() < 0.06 and self.items:
            self._drop()
            deleted = [Tombstone(id=self.gone[-1].id or "", why="it was withdrawn")]
        del self.items[IN_A_DOCUMENT:]
        parsed = ParsedFeed(entries=tuple(map(_parsed, self.items)))
        entries, _ = normalise.entries(parsed, self.feed, url=self.feed.url)
        made = (
            structs.replace(each, sketch=sketch)
            for each, sketch in zip(entries, sketched(entries), strict=True)
        )
        return Gathered(
            feed=self.feed,
            outcome="fetched",
            started=now,
            url=self.feed.url,
            status=200,
            entries=tuple(made),
            tombstones=tuple(deleted),
        )

    def _written(self, now: datetime) -> Item:
        of_another = self.shared and self.chance.random() < 0.6
        if of_another:
            first = self.chance.choice(self.shared[-40:])
        else:
            told = self.chance.choice(news())
            first = Item(told["id"], told["url"], told["title"], told["content"])
            self.shared.append(first)
        self.told += 1
        ago = self.chance.choice((0, 5, 60, 600, 3000, 60 * 24 * 20))
        item = replace(first, text=self._reworded(first.text), published=now - timedelta(minutes=ago))
        site = f"https://{self.feed.key.member}.example"
        if self.chance.random() < 0.5:
            item.link = f"{site}/{self.told}"
        if self.chance.random() < 0.9:
            item.id = self.chance.choice((f"{site}/id/{self.feed.key.name}/{self.told}",) * 9 + (None,))
        if self.chance.random() < 0.3:
            item.title = self.chance.choice((f"News: {item.title}", item.title.upper(), "Weekly update"))
        return item

    def _reworded(self, text: str) -> str:
        words = text.split()
        cut = self.chance.randrange(len(words)) if words else 0
        others = self.chance.choice(news())["content"]
        return self.chance.choice(
            (
                text,
                " ".join(words[: max(8, cut)]),
                " ".join(words[cut // 2 :]),
                f"{text} {others[:300]}",
                " ".join([*words[:cut], self.chance.choice(("12", "June", "seven")), *words[cut + 1 :]]),
                "",
                others,
            )
        )

    def _edit(self) -> None:
        item = self.chance.choice(self.items)
        item.text = self._reworded(item.text)

    def _drop(self) -> None:
        self.gone.append(self.items.pop(self.chance.randrange(len(self.items))))

    def _bring_back(self) -> None:
        if self.gone:
            self.items.insert(self.chance.randrange(len(self.items)), self.gone.pop())

    def _give_new_ids(self) -> None:
        for item in self.items:
            item.id = f"urn:x:{self.chance.random()}"

    def _move_to_another_host(self) -> None:
        for item in self.items:
            item.link = item.link.replace(".example", ".example.org")

    def _repeat(self) -> None:
        self.items.insert(0, replace(self.chance.choice(self.items)))

    def _mix_up(self) -> None:
        one, other = self.chance.choice(self.items), self.chance.choice(self.items)
        one.id, other.id = other.id, one.id
        self.chance.shuffle(self.items)


def _parsed(item: Item) -> ParsedEntry:
    return ParsedEntry(
        id=item.id,
        link=item.link,
        title=Text(value=item.title, type="text"),
        content=Text(value=item.text, type="html") if item.text else None,
        published=item.published,
    )


@pytest.mark.parametrize("seed", [17, 21, 24, 29, 32, 43, 45])
def test_what_is_settled_together_is_what_would_be_one_by_one_and_is_sound(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shared: list[Item] = []
    publishers = [
        Publisher(Feed(key=key, url=f"https://{key.member}.example/{key.name}"), chance, shared)
        for key in (
            FeedKey(f"m{number // 2}", f"n{number % 2}") for number in range(chance.choice((3, 6, 10)))
        )
    ]
    feeds = [each.feed for each in publishers]
    together, alone, restarted = (
        store_of(new_file(tmp_path / name), feeds) for name in ("a.db", "b.db", "c.db")
    )
    now = BEGINS
    for _ in range(ROUNDS):
        now += timedelta(minutes=chance.choice((10, 60, 60 * 24, 60 * 24 * 9)))
        polls = [each.publish(now) for each in publishers if chance.random() < 0.8]
        chance.shuffle(polls)
        settle(together, polls)
        for poll in polls:
            settle(alone, [poll])
        settle(restarted, polls)
        restarted.close()
        restarted = open_store(f"sqlite:///{tmp_path}/c.db")
        for said in admins_words(chance, tmp_path / "a.db", now):
            for store in (together, alone, restarted):
                said(store)
        found = without_index(tmp_path / "a.db")
        assert found == without_index(tmp_path / "b.db")
        assert found == without_index(tmp_path / "c.db")
        assert together.check() == ()
    for store in (together, alone, restarted):
        store.close()


def admins_words(chance: random.Random, file: Path, now: datetime) -> list[Callable[[Store], None]]:
    """What an admin says between two rounds, of entries that chance names."""
    with closing(sqlite3.connect(file)) as db:
        keys = [key for (key,) in db.execute("SELECT key FROM entries ORDER BY key")]
    words: tuple[Callable[[Store, int, int], object], ...] = (
        lambda store, one, _: store.take_apart(one, now),
        lambda store, one, _: store.take_apart(one, now, alone=True),
        lambda store, one, other: store.put_together(one, other, now),
        lambda store, one, _: store.make_lead(one, now),
        lambda store, one, _: store.withdraw([one], "an admin says so", now),
        lambda store, one, other: store.release([one, other], now),
    )
    many = chance.choice((0, 1, 3)) if keys else 0
    return [
        partial(_say, chance.choice(words), chance.choice(keys), chance.choice(keys)) for _ in range(many)
    ]


def _say(word: Callable[[Store, int, int], object], one: int, other: int, store: Store) -> None:
    with suppress(StoreError):  # what is not published is refused, and what is in one story already
        word(store, one, other)


def without_index(file: Path) -> dict[str, list[tuple[object, ...]]]:
    # How many stories hold a number is learnt a poll later, where an entry left one in the same batch.
    return {what: rows for what, rows in stored(f"sqlite:///{file}").items() if what != "index"}


@dataclass
class Ruled:
    """What an admin said that holds from then on."""

    apart: set[frozenset[int]] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)
    standing: dict[int, str] = field(default_factory=dict)

    def say(self, chance: random.Random, store: Store, now: datetime) -> None:
        """Something of two entries that chance names, one of a story of several as likely as not."""
        entries = list(store.walk())
        if not entries:
            return
        stories = Counter(each.story for each in entries)
        several = [each for each in entries if stories[each.story] > 1]
        one, other = chance.choice(chance.choice((entries, several or entries))), chance.choice(entries)
        beside = {each.key for each in entries if each.story == one.story} - {one.key}
        there = {each.key for each in entries if each.story == other.story}
        word = chance.choice(("split", "alone", "merge", "lead", "withdraw", "release"))
        with suppress(StoreError):  # what is not published is refused, and what is in one story already
            match word:
                case "split" | "alone":
                    store.take_apart(one.key, now, alone=word == "alone")
                    self.apart |= {frozenset((one.key, each)) for each in beside}
                    self.alone |= {one.key} if word == "alone" else set()
                case "merge":
                    store.put_together(one.key, other.key, now)
                    moved = beside | {one.key}
                    self.alone -= moved | there
                    self.apart -= {frozenset((each, stays)) for each in moved for stays in there}
                case "lead":
                    store.make_lead(one.key, now)
                case "withdraw":
                    store.withdraw([one.key], "an admin says so", now)
                    self.standing[one.key] = "withdrawn"
                case "release":
                    if store.release([one.key], now):
                        self.standing[one.key] = "published"

    def broken(self, store: Store) -> list[str]:
        """What of it does not hold."""
        entries = {each.key: each for each in store.walk()}
        published = {key: each.story for key, each in entries.items() if each.standing == "published"}
        stories = Counter(published.values())
        return [
            *(
                f"{key} is not {standing}"
                for key, standing in self.standing.items()
                if entries[key].standing != standing
            ),
            *(
                f"{sorted(pair)} are in one story"
                for pair in self.apart
                if len(stories_of := [published[key] for key in pair if key in published]) == 2
                and stories_of[0] == stories_of[1]
            ),
            *(
                f"{key} is not alone"
                for key in self.alone
                if key in published and stories[published[key]] > 1
            ),
        ]


def unfindable(file: Path, common: set[int]) -> list[int]:
    """Entries that are kept to be compared with, and that not all they are found by leads to.

    `common` are the numbers that too many have or had.
    """
    with closing(sqlite3.connect(file)) as db:
        index = set(db.execute("SELECT number, story FROM sketch_index"))
        held = Counter(number for number, _ in index)
        common |= {number for number, stories in held.items() if stories >= COMMON - 1}
        kept = db.execute(
            "SELECT e.key, e.story, s.numbers FROM sketches s JOIN entries e ON e.key = s.entry"
            " WHERE e.standing IS NULL"
        ).fetchall()
    return [
        key
        for key, story, packed in kept
        if any((number, story) not in index and number not in common for number in numbers(packed))
    ]


@pytest.mark.parametrize("seed", range(10))
def test_what_admins_ruled_holds_and_copies_are_found_whatever_comes(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shared: list[Item] = []
    publishers = [
        Publisher(Feed(key=key, url=f"https://{key.member}.example/{key.name}"), chance, shared)
        for key in (FeedKey(f"m{number // 2}", f"n{number % 2}") for number in range(6))
    ]
    store = store_of(new_file(tmp_path / "hub.db"), [each.feed for each in publishers])
    now, ruled, ids = BEGINS, Ruled(), dict[int, str]()
    common: set[int] = set()
    for _ in range(20):
        now += timedelta(days=chance.choice((0, 1, 3, 9, 30)), minutes=10)
        settle(store, [each.publish(now) for each in publishers if chance.random() < 0.7])
        for number in range(chance.choice((1, 2, 4))):
            if number:
                ruled.say(chance, store, now)
            assert ruled.broken(store) == []
            assert unfindable(tmp_path / "hub.db", common) == []
            assert store.check() == ()
            there = {each.key: each.atom_id for each in store.walk()}
            assert ids.items() <= there.items(), "an entry was lost, or its id is another"
            ids = there
    store.close()
