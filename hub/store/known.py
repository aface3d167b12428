"""What the store knows of the entries of a batch of polls: looked up at once, and kept true as it is settled.

A poll's entries may be those that its feed had, or copies of other feeds' entries.
Looking that up for each poll by itself would cost more than deciding does. So each
look-up is one statement for all polls of a batch, and what the first polls store is
added to what the later ones are told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

from msgspec.structs import replace

from hub import stories
from hub.model import (
    Candidate,
    Entry,
    EntryKeys,
    FeedKey,
    Habits,
    Known,
    KnownEntry,
    RelinkedEntry,
    Rulings,
    Sketch,
    Standing,
    Withheld,
    known_again_by,
)
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.written import Untagged, Written

# A document has seldom more entries; what was published long before it is not in it.
_TEXTS_LOOKED_AT = 100

Ask = Callable[..., Sequence[Any]]


class KnownToBatch:
    """What the store knows of the entries of some polls, by the number of their feed.

    `windows` are those of the feeds, packed; `new_entries` are those that are new, once they are stored, each
    with its key; `untagged` is what stories' tags have yet to follow; `any_overruling` is whether anything
    was said of tags by hand.
    """

    def __init__(
        self,
        ask: Ask,
        ask_tuples: Ask,
        polls: Mapping[int, Sequence[Entry]],
        *,
        before: AbstractSet[int] = frozenset(),
        house: dict[int, list[int]] | None = None,
        waiting: Mapping[int, Mapping[int, datetime]] | None = None,
        begun: datetime | None = None,
        again: bool = False,
    ) -> None:
        """Look up what is known of the entries of `polls`, by the number of their feed.

        ask, ask_tuples  give the rows of a statement, by column or plain
        before           the feeds that have been read before
        house            the stories with each number that many stories have, as other batches have read
                         them; what is read for this one is added
        waiting, begun   as in `Known`, the first by feed
        again            whether the entries are stored ones, to be looked at as if they were new
        """
        self._ask = ask
        self._ask_tuples = ask_tuples
        # Digest → feed → its entries' keys.
        self._with: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._story_of: dict[int, int] = {}
        self._unsure: set[int] = set()
        # By member: what an admin withdrew, of which feed, by which keys, and how.
        self._withdrawn: dict[str, list[tuple[int, EntryKeys, Withheld]]] = defaultdict(list)
        # What is looked at again is in no document at hand.
        self.windows = {} if again else self._windows_of(polls)
        self._own = self._own_of(polls)
        self._polls = polls
        self._waiting = waiting or {}
        self._begun = begun
        self._unknown = polls
        if again:
            self._unsure = {known.key for own in self._own.values() for known in own}
        else:
            self._unknown = {feed: self._unknown_of(feed, entries) for feed, entries in polls.items()}
        self._retitled = {feed: self._retitled_of(feed, polls[feed]) for feed in before & polls.keys()}
        unknown = [entry for entries in self._unknown.values() for entry in entries]
        self._taken = self._atom_ids([entry for entries in polls.values() for entry in entries])
        self._habits = self._habits_of([feed for feed, entries in self._unknown.items() if entries])
        self._taken_away = self._taken_away_of(self._unknown)
        self._any_ruling = bool(unknown and self._ask_tuples(sql.ANY_RULING)[0][0])
        self.any_overruling = bool(unknown and self._ask_tuples(sql.ANY_OVERRULING)[0][0])
        self._learn_as_it_is_settled()
        self._look_for_copies(unknown, {} if house is None else house)

    def _learn_as_it_is_settled(self) -> None:
        """Begin what the polls of the batch add to, one after the other."""
        self.new_entries: list[tuple[int, Entry]] = []
        self.untagged = Untagged()
        self._index: list[tuple[int, int]] = []
        self._since: set[int | str] = set()
        self._stand: dict[int, Standing] = {}

    def _look_for_copies(self, unknown: Sequence[Entry], house: dict[int, list[int]]) -> None:
        """Look up the stories that entries may be copies in, by the numbers of their sketches."""
        # Only what two entries of the batch have can be found by one after the other was stored.
        counts = Counter(chain.from_iterable([entry.sketch.numbers for entry in unknown]))
        self._several = frozenset(number for number, count in counts.items() if count > 1)
        self._holders = self._holders_of(counts.keys(), house)
        self._common = {number for number, held in self._holders.items() if len(held) >= stories.COMMON}
        self._likely = {
            feed: {entry.fingerprint: self._likely_of(feed, entry) for entry in entries}
            for feed, entries in self._unknown.items()
        }
        self._candidates: dict[int, tuple[Candidate, ...]] = {}
        self._look_into(set().union(*map(self._stories, self._unknown)))

    def of(self, feed: int) -> Known:
        """What is known of the entries of a feed's poll, with what the batch has stored by now."""
        own, waiting = self._own.get(feed, ()), self._waiting.get(feed, {})
        known = Known(
            own=self._as_they_stand(own) if self._stand else own,
            atom_ids={
                entry.id: self._taken[entry.id]
                for entry in self._polls.get(feed, ())
                if entry.id and entry.id in self._taken
            },
            retitled=self._retitled.get(feed, frozenset()),
            window=feedrows.window(self.windows.get(feed, b"")),
            waiting={key: last for key, last in waiting.items() if self._stand.get(key) != "withdrawn"},
            begun=self._begun,
        )
        unknown = self._unknown.get(feed)
        if not unknown:
            return known
        if self._since:
            self._find_anew(feed, unknown)
        looked_into = self._stories(feed)
        self._look_into(looked_into)
        of_others = {story: self._candidates[story] for story in looked_into}
        story_feeds = {
            story: frozenset([each.feed for each in of_story]) for story, of_story in of_others.items()
        }
        rulings = self._rulings(each.key for of_story in of_others.values() for each in of_story)
        told: dict[int, tuple[Candidate, ...]] = {}
        own_feed = unknown[0].feed
        for story, feeds in story_feeds.items():
            if own_feed in feeds:
                of_story = of_others[story]
                told[story] = tuple([each for each in of_story if each.feed == own_feed])
                of_others[story] = tuple([each for each in of_story if each.feed != own_feed])
        return replace(
            known,
            likely=self._likely[feed],
            stories=of_others,
            told=told,
            story_feeds=story_feeds,
            holders=self._holders,
            rulings=rulings,
            habits=self._habits.get(feed, Habits()),
            taken_away=self._taken_away.get(feed, ()),
            withdrawn=[
                (keys, how) for of, keys, how in self._withdrawn.get(own_feed.member, ()) if of != feed
            ],
        )

    def _as_they_stand(self, own: Iterable[KnownEntry]) -> tuple[KnownEntry, ...]:
        """The same entries, as other polls of the batch had them stand."""
        return tuple(
            replace(known, standing=self._stand[known.key], story=self._story_of[known.key])
            if known.key in self._stand
            else known
            for known in own
        )

    def _find_anew(self, feed: int, unknown: Iterable[Entry]) -> None:
        """Look again for what entries may be copies of, where what the batch stored may be that."""
        for entry in unknown:
            sketch, keys = entry.sketch, entry.keys
            if not (
                self._since.isdisjoint(sketch.samples)
                and self._since.isdisjoint((sketch.title, keys.id, keys.link))
            ):
                self._likely[feed][entry.fingerprint] = self._likely_of(feed, entry)

    def took(
        self,
        feed: int,
        written: Sequence[Written],
        relinked: Sequence[RelinkedEntry],
        changed: AbstractSet[int],
        now: datetime,
    ) -> None:
        """Learn what a poll stored; `changed` are the stories that it did more to than add an entry."""
        self.untagged.add(written, changed)
        changed = changed | {self._story_of[moved.key] for moved in relinked}
        keys_before = {known.key: known.keys for known in self._own.get(feed, ())}
        keys_now = {entry.key: entry.entry.keys for entry in written}
        keys_now |= {moved.key: moved.keys for moved in relinked}
        for key, keys in keys_now.items():
            self._forget(key, feed, keys_before.get(key))
            self._learn(key, feed, keys)
        for story in changed:
            self._candidates.pop(story, None)
        for stored in written:
            story, entry = stored.story, stored.entry
            self._story_of[stored.key] = story
            if stored.new is not None:
                self._taken[stored.new.atom_id] = entry.feed
                self.new_entries.append((stored.key, entry))
            if stored.withheld:
                continue
            self._hold(entry.sketch, story)
            if stored.new is not None and story not in changed:
                before = self._candidates.get(story, ())
                self._candidates[story] = (*before, stored.candidate(stored.new, now))

    def stand(self, entries: Iterable[tuple[int, Standing, int]]) -> None:
        """Learn how entries stand by now that another feed of their member had withdrawn or brought back."""
        for key, standing, story in entries:
            self._stand[key] = standing
            self._story_of[key] = story

    def take_index(self) -> list[tuple[int, int]]:
        """The numbers by which what was stored is found, each with its story, in the index's order; once."""
        index, self._index = self._index, []
        return sorted(index, key=itemgetter(0))

    # ------------------------------------------------------------ asked for the whole batch

    def _own_of(self, polls: Mapping[int, Sequence[Entry]]) -> dict[int, tuple[KnownEntry, ...]]:
        """What the feeds of these polls have that their entries may be."""
        keys = [(feed, entry.keys) for feed, entries in polls.items() for entry in entries]
        if not keys:
            return {}
        looked_for: dict[int, set[tuple[int, str]]] = defaultdict(set)
        for feed, its in keys:
            looked_for[feed].update(_kinds(its))
        found: dict[int, list[KnownEntry]] = defaultdict(list)
        withheld = []
        for row in self._ask(
            sql.KNOWN_BY_KEYS,
            {
                "ids": listed(each.id for _, each in keys),
                "links": listed(each.link for _, each in keys),
                "loose_ids": listed((feed, each.loose_id) for feed, each in keys if each.loose_id),
                "titles": listed((feed, each.title) for feed, each in keys),
            },
        ):
            self._story_of[row["key"]] = row["story"]
            its = rows.entry_keys(row)
            self._learn(row["key"], row["feed"], its, since=False)
            if row["standing"]:
                withheld.append(row)
            # What only another feed of the batch asked for is none of the document's.
            if row["feed"] in polls and not looked_for[row["feed"]].isdisjoint(_kinds(its)):
                found[row["feed"]].append(rows.known_entry(row))
        self._unsure = {known.key for feed, own in found.items() for known in _unsure(own, polls[feed])}
        texts = dict(self._ask_tuples(sql.TEXTS, (listed(self._unsure),))) if self._unsure else {}
        changes = self._changes([known for own in found.values() for known in own if known.past_fingerprints])
        said = self._said_by_admin([row["key"] for row in withheld])
        for row in withheld:
            if row["standing"] == "withdrawn" and row["key"] in said:
                of_it = (row["feed"], rows.entry_keys(row), said[row["key"]])
                self._withdrawn[row["member"]].append(of_it)
        return {
            feed: tuple(
                replace(
                    each,
                    text=texts.get(each.key, ""),
                    by_admin=each.key in said,
                    **changes.get(each.key, {}),
                )
                if each.key in texts or each.key in changes or each.key in said
                else each
                for each in own
            )
            for feed, own in found.items()
        }

    def _changes(self, changed: Sequence[KnownEntry]) -> dict[int, dict[str, Any]]:
        """When these entries changed, and whether readers have been told; by key, as `KnownEntry` has it."""
        if not changed:
            return {}
        moments: dict[int, list[datetime]] = defaultdict(list)
        waits: set[int] = set()
        for entry, until, told in self._ask_tuples(sql.CHANGES, (listed(known.key for known in changed),)):
            moments[entry].append(rows.moment(until))
            if told == "waits":
                waits.add(entry)
        return {
            entry: {"changes": tuple(found), "restless": entry in waits} for entry, found in moments.items()
        }

    def _said_by_admin(self, withheld: Sequence[int]) -> dict[int, Withheld]:
        """Which of these entries, that are not published, an admin withdrew, with how; by key."""
        found = self._ask_tuples(sql.SAID_BY_ADMIN, (listed(withheld),)) if withheld else ()
        return {key: Withheld("withdrawn", why, role) for key, why, role in found}

    def _unknown_of(self, feed: int, entries: Sequence[Entry]) -> list[Entry]:
        """The entries that may be new or have changed: no stored entry of the feed is surely one of them."""
        there = Counter(map(_identity, self._own.get(feed, ())))
        unknown = []
        for entry in entries:
            identity = _identity(entry)
            if there[identity]:
                there[identity] -= 1
            else:
                unknown.append(entry)
        return unknown

    def _retitled_of(self, feed: int, entries: Sequence[Entry]) -> frozenset[int]:
        """Add stored entries with a title or text of a document hardly known otherwise; their keys."""
        unknown = stories.unknown(entries, self._own.get(feed, ()))
        if not unknown:
            return frozenset()
        had = {known.key for known in self._own.get(feed, ())}
        latest = self._ask_tuples(sql.LATEST_TEXTS, {"feed": feed, "limit": _TEXTS_LOOKED_AT})
        keys = stories.alike(unknown, [each for each in latest if each[0] not in had])
        if not keys:
            return frozenset()
        texts = {key: text for key, _, text in latest if key in keys}
        found = []
        for row in self._ask(sql.KNOWN_BY_NUMBER, (listed(keys),)):
            self._story_of[row["key"]] = row["story"]
            self._learn(row["key"], feed, rows.entry_keys(row), since=False)
            found.append(replace(rows.known_entry(row), text=texts[row["key"]]))
        said = self._said_by_admin([each.key for each in found if each.standing != "published"])
        found = [replace(each, by_admin=True) if each.key in said else each for each in found]
        self._own[feed] = (*self._own.get(feed, ()), *found)
        self._unsure |= texts.keys()
        return frozenset(texts)

    def _atom_ids(self, entries: Sequence[Entry]) -> dict[str, FeedKey]:
        ids = listed(entry.keys.id for entry in entries)
        found = self._ask_tuples(sql.TAKEN_IDS, (ids,)) if entries else ()
        return {atom_id: FeedKey(*feed) for atom_id, *feed in found}

    def _windows_of(self, feeds: Collection[int]) -> dict[int, bytes]:
        return dict(self._ask_tuples(sql.WINDOWS, (listed(feeds),))) if feeds else {}

    def _habits_of(self, feeds: Sequence[int]) -> dict[int, Habits]:
        found = self._ask(sql.HABITS, (listed(feeds),)) if feeds else ()
        return {row["feed"]: feedrows.habits(row) for row in found}

    def _taken_away_of(self, unknown: Mapping[int, Sequence[Entry]]) -> dict[int, set[str]]:
        """What was taken away of these entries, by feed: of those that are dated, their date tells."""
        news = {
            known_again_by(entry.keys, entry.title)
            for entries in unknown.values()
            for entry in entries
            if entry.published is None and entry.updated is None
        }
        found: dict[int, set[str]] = defaultdict(set)
        if news:
            values = {"feeds": listed(unknown), "news": listed(news)}
            for feed, each in self._ask_tuples(sql.TAKEN_AWAY, values):
                found[feed].add(each)
        return found

    def _holders_of(self, numbers: AbstractSet[int], house: dict[int, list[int]]) -> dict[int, list[int]]:
        common = house.keys() & numbers
        holders: dict[int, list[int]] = defaultdict(list)
        # In the index's order, so that each of its pages is read once.
        ((found, held_by),) = self._ask_tuples(sql.HOLDERS, (rows.as_json(sorted(numbers - common)),))
        for number, story in zip(rows.from_json(found), rows.from_json(held_by), strict=True):
            holders[number].append(story)
        house.update((number, held) for number, held in holders.items() if len(held) >= stories.COMMON)
        # What is looked up and held by none must not be added.
        return {**holders, **{number: house[number] for number in common}}

    # ------------------------------------------------------------ worked out from it

    def _likely_of(self, feed: int, entry: Entry) -> tuple[int, ...]:
        """The stories of other feeds that an entry may belong to."""
        by_keys = (*self._others_with(entry.keys.link, feed), *self._others_with(entry.keys.id, feed))
        return tuple(dict.fromkeys((*by_keys, *stories.likely(entry.sketch, self._holders))))

    def _others_with(self, key: str | None, feed: int) -> list[int]:
        """The stories of other feeds with an id or a link; of one that gives it to many it tells nothing."""
        if key is None or key not in self._with:
            return []
        few = [its for of, its in self._with[key].items() if of != feed and len(its) < stories.COMMON]
        return sorted({self._story_of[other] for its in few for other in its})

    def _stories(self, feed: int) -> set[int]:
        """The stories to look into for a feed's poll: likely ones, and those its changed entries are in."""
        found = set().union(*self._likely[feed].values())
        own = self._own.get(feed, ())
        return found.union(self._story_of[known.key] for known in own if known.key in self._unsure)

    def _look_into(self, stories: AbstractSet[int]) -> None:
        missing = [story for story in stories if story not in self._candidates]
        if not missing:
            return
        found: dict[int, list[Candidate]] = {story: [] for story in missing}
        for row in self._ask_tuples(sql.CANDIDATES, (listed(missing),)):
            candidate = rows.candidate(row)
            found[candidate.story].append(candidate)
        self._candidates.update((story, tuple(of_story)) for story, of_story in found.items())

    def _rulings(self, entries: Iterable[int]) -> Rulings:
        if not self._any_ruling:
            return Rulings()
        return rows.rulings(self._ask(sql.RULINGS, {"entries": listed(entries)}))

    # ------------------------------------------------------------ kept true

    def _learn(self, entry: int, feed: int, keys: EntryKeys, *, since: bool = True) -> None:
        for key in filter(None, (keys.id, keys.link)):
            self._with[key][feed].add(entry)
            if since:
                self._since.add(key)

    def _forget(self, entry: int, feed: int, keys: EntryKeys | None) -> None:
        for key in filter(None, (keys.id, keys.link) if keys else ()):
            self._with[key][feed].discard(entry)
            self._since.add(key)

    def _hold(self, sketch: Sketch, story: int) -> None:
        told = {*sketch.numbers} - self._common
        self._index += zip(told, repeat(story))
        for number in self._several.intersection(told):
            holders = self._holders.setdefault(number, [])
            if story not in holders:
                holders.append(story)
                self._since.add(number)
                if len(holders) >= stories.COMMON:
                    self._common.add(number)


def _unsure(own: Sequence[KnownEntry], entries: Sequence[Entry]) -> list[KnownEntry]:
    """The stored entries that no entry of the document surely is, and that are compared by their words."""
    surely = {_identity(entry) for entry in entries}
    identities = [_identity(known) for known in own]
    several = Counter(identities)
    return [
        known
        for known, identity in zip(own, identities, strict=True)
        if several[identity] > 1 or identity not in surely
    ]


def _kinds(keys: EntryKeys) -> Iterable[tuple[int, str]]:
    """The keys that there are, each with its place, so that an id is never taken for a link."""
    return ((kind, key) for kind, key in enumerate((keys.id, keys.loose_id, keys.link, keys.title)) if key)


def _identity(entry: Entry | KnownEntry) -> tuple[str | None, ...]:
    """What makes two entries surely the same: then no other rung of the ladder is reached."""
    keys = entry.keys
    return (entry.fingerprint, entry.canonical_link, keys.id, None if keys.id else keys.link or keys.title)


def listed(values: Iterable[str | int | tuple[str | int, str] | None]) -> str:
    """Values as one parameter, for `json_each`."""
    return rows.as_json([value for value in set(values) if value is not None])
