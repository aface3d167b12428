"""Stories by the words in them, with an effort that is bounded whatever was typed.

The full-text index gives the entries that have the words, the last that came
in first. Of as many as there may be, `MOST_HITS` are looked at. They are
ranked by those of the words that no more entries have: commoner ones hardly
tell one entry from another, and FTS5 counts all the entries with a word to
know how much it weighs. Those with all of these in the title come first, and
are often enough for a page: to weigh an entry, FTS5 looks up how long it is,
which takes longer than to find it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import timedelta
from functools import reduce
from itertools import islice, takewhile

from msgspec import Struct

from hub.model import Selection
from hub.store import Found, Order, rows
from hub.store.cursors import read_cursor, write_cursor
from hub.store.nearby import Nearby
from hub.store.roaring import BitMap
from hub.store.selection import all_of, asks_tags_alone, full_text_phrases, matching, tags_of
from hub.store.sqlite.wordbitmaps import MATCH_WITHIN, KeyRange, WordBitmaps

# CROSS keeps the planner from walking through all that match the condition, and
# INDEXED BY from reading each row where an index has all that is asked.
_MATCHING = """
SELECT e.key, e.story, e.lead, e.date
FROM json_each(?) given CROSS JOIN entries e INDEXED BY {index} ON e.{column} = given.value
WHERE {condition}
"""
_BY_KEY, _BY_STORY = ("key", "entries_found"), ("story", "entries_story")
# Of many keys the few that lead no story, off an index that holds no others.
_ASIDE = """
SELECT e.key
FROM json_each(?) given CROSS JOIN entries e INDEXED BY entries_aside ON e.key = given.value
WHERE e.lead = 0
"""
_MATCH = "SELECT rowid AS key FROM search WHERE search MATCH ?"
_ANY = (
    "SELECT EXISTS (SELECT 1 FROM search JOIN entries e ON e.key = search.rowid"
    " WHERE search MATCH ? AND e.standing IS NULL)"
)
_HOW_MANY = "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
_LEADS = "SELECT key FROM entries WHERE lead = 1 AND story IN (SELECT value FROM json_each(?))"
_COUNT_OF_MEMBER = "SELECT entries FROM member_counts WHERE member = ?"
_OF_MEMBER = "SELECT key FROM entries WHERE member = ?"
MOST_HITS = 10_000
# FTS5 takes some 8 ns an entry that has a word to pass it by, and 130 to hand out one that was asked for.
_FAR_COMMONER = 16
# How many hits are looked at to count stories, and how many stories are told: nobody wants to know more.
_COUNTED_AMONG, MOST_COUNTED = 1_200, 1_000
_AT_ONCE = 200
# Polls are settled in the order they end, so what was seen first may have come in a little later.
_OUT_OF_ORDER = timedelta(hours=1)

# An entry's key, its story, whether it leads that, its date.
_Match = tuple[int, int, int, str]


class Hits(Struct):
    """The keys of the entries that have the words of a selection, the last that came in first.

    `keys` are those read so far, `unread` finds the others. Where there turn
    out to be more than are looked at, they are the `newest_of` so many.
    `ranked_by`, which may find others too, is what to rank them by, None where
    they cannot be; only what is not ranked is read by and by. What the rest of
    the selection leaves out may be missing; all without the tags it asks for
    are where `have_tags` says so.
    """

    selection: Selection
    keys: list[int]
    unread: Generator[int, None, None] | None = None
    newest_of: int | None = None
    ranked_by: str | None = None
    have_tags: bool = False

    def reach(self, many: int) -> None:
        """Read on until there are so many."""
        if self.unread is None or many <= len(self.keys):
            return
        self.keys += islice(self.unread, many - len(self.keys))
        if len(self.keys) > MOST_HITS:
            del self.keys[MOST_HITS:]
            self.newest_of = MOST_HITS
        if len(self.keys) < many:
            self.close()

    def are_among(self, keys: set[int]) -> set[int]:
        """Which of some keys are hits."""
        while self.unread is not None and keys and min(keys) < self.keys[-1]:
            self.reach(len(self.keys) + _AT_ONCE)
        return keys.intersection(self.keys)

    def at_once(self) -> Iterator[Sequence[int]]:
        """The keys, a few first, which are often enough, and ever more."""
        for stretch in _stretches():
            self.reach(stretch.stop)
            if stretch.start >= len(self.keys):
                return
            yield self.keys[stretch]

    def close(self) -> None:
        """Have the database look no further."""
        if self.unread is not None:
            self.unread.close()
            self.unread = None


class Searching(WordBitmaps, Nearby):
    """The part of the store that searches."""

    def search(
        self, selection: Selection, *, limit: int, cursor: str | None = None, order: Order = "relevance"
    ) -> Found:
        with self._reading(), closing(self._hits(selection, order)) as hits:
            keys, following = self._page_of_hits(hits, limit, cursor, order)
            stories, more = self._count_stories(hits)
            return Found(
                items=self._stories_showing(keys),
                next=following,
                stories=stories,
                more=more,
                order=order if hits.ranked_by else "date",
                newest_of=hits.newest_of,
            )

    def finds(self, typed: str) -> bool:
        wanted, unwanted = full_text_phrases(typed)
        if not wanted:
            return False
        query = f"({_rarest_first(wanted)})" + "".join(f" NOT {phrase}" for phrase in unwanted)
        with self._errors():
            return bool(self._value(_ANY, (query,)))

    def _hits(self, selection: Selection, order: Order) -> Hits:
        wanted, unwanted = full_text_phrases(selection.search or "")
        if not wanted:
            return Hits(selection, [])
        common = self._common_words(wanted)
        entries = {
            phrase: common[phrase].entries
            if phrase in common and common[phrase].entries > MOST_HITS
            else int(self._value(_HOW_MANY, (phrase, MOST_HITS + 1)))
            for phrase in wanted
        }
        wanted = sorted(wanted, key=entries.__getitem__)
        telling = [phrase for phrase in wanted if entries[phrase] <= MOST_HITS]
        without = "".join(f" NOT {phrase}" for phrase in unwanted)
        query = f"({_rarest_first(wanted)}){without}"
        alone = len(wanted) == 1 and not unwanted
        # What is not far commoner FTS5 passes by sooner.
        least = _FAR_COMMONER * entries[wanted[0]]
        by_bits = [each for each in wanted[1:] if each in common and entries[each] >= least]
        if not telling and len(common) == len(wanted) > 1 and not unwanted:
            by_bits = wanted
        asked = [phrase for phrase in wanted if phrase not in by_bits]
        beside_bits = f"({_rarest_first(asked)}){without}" if asked else ""
        ranges = self._key_ranges([common[phrase] for phrase in by_bits])
        if telling and not (alone and order == "date"):
            hits = Hits(selection, self._all(query, beside_bits, [*ranges]))
        else:
            hits = Hits(selection, [], self._last(query, beside_bits, ranges))
            if alone and not telling:
                hits.newest_of = MOST_HITS
        self._narrow_to_member(hits)
        if telling and order == "relevance":
            hits.ranked_by = _rarest_first(telling)
            hits.keys = [*self._tagged(hits, hits.keys)]
            hits.have_tags = True
        return hits

    def _all(self, query: str, beside_bits: str, ranges: Sequence[KeyRange]) -> list[int]:
        """All there is, the last that came in first: no more entries than have a rare word."""
        if len(ranges) == 1:
            # Backwards, FTS5 takes longer.
            return self._keys(_MATCH, (query,))[::-1]
        found: list[int] = []
        among = BitMap(self._keys(_MATCH, (beside_bits,)))
        for keys in reversed(ranges):
            if keys.having is None:
                found += self._keys(MATCH_WITHIN, (query, keys.first, keys.last))
            else:
                found += among & keys.having
        return found[::-1]

    def _last(self, query: str, beside_bits: str, ranges: Iterable[KeyRange]) -> Generator[int, None, None]:
        """Of what there is the last that came in, to be read no further than it is shown and counted.

        Where the bits are kept of some words, or of all, the index is asked for what is `beside_bits`.
        """
        left = MOST_HITS + 1
        for keys in ranges:
            with closing(self._last_of(query, beside_bits, keys)) as found:
                for key in islice(found, left):
                    yield key
                    left -= 1

    def _last_of(self, query: str, beside_bits: str, keys: KeyRange) -> Generator[int, None, None]:
        having = keys.having
        if having is not None:
            if beside_bits:
                having = having & BitMap(self._keys(MATCH_WITHIN, (beside_bits, keys.first, keys.last)))
            yield from reversed(having.to_array())
            return
        statement = f"{MATCH_WITHIN} ORDER BY rowid DESC"
        with closing(self._each(statement, (query, keys.first, keys.last))) as found:
            for (key,) in found:
                yield key

    def _narrow_to_member(self, hits: Hits) -> None:
        """Leave of the hits those of the member that is asked for, where it has fewer."""
        for term in all_of(hits.selection.filter):
            if term.field != "member":
                continue
            hits.reach(MOST_HITS + 1)
            if (self._value(_COUNT_OF_MEMBER, (term.value,)) or 0) < len(hits.keys):
                of_member = {*self._keys(_OF_MEMBER, (term.value,))}
                hits.keys = [key for key in hits.keys if key in of_member]

    def _tagged(self, hits: Hits, keys: Sequence[int]) -> Sequence[int]:
        """Those of some hits whose stories have the tags that the selection asks for."""
        terms = tags_of(hits.selection)
        return keys if hits.have_tags or not terms else self._with_tags(terms, keys)

    def _aside(self, keys: Sequence[int]) -> list[int]:
        """Those of some entries that do not lead their story: copies, and what is not published."""
        return self._keys(_ASIDE, (rows.as_json(keys),))

    def _page_of_hits(
        self, hits: Hits, limit: int, cursor: str | None, order: Order
    ) -> tuple[list[int], str | None]:
        """The entries to show of each story that was found, and the cursor of what follows."""
        if order == "date":
            before = read_cursor(cursor, "d", (str, int)) if cursor is not None else None
            dated = self._newest(hits, limit + 1, before)
            keys = [key for _, key in dated[:limit]]
            return keys, write_cursor("d", *dated[limit - 1]) if len(dated) > limit else None
        skipped = read_cursor(cursor, "r", (int,))[0] if cursor is not None else 0
        most = skipped + limit + 1
        keys = (
            self._best(hits, most) if hits.ranked_by else [key for _, key in self._newest(hits, most, None)]
        )
        return keys[skipped : most - 1], write_cursor("r", most - 1) if len(keys) == most else None

    def _best(self, hits: Hits, most: int) -> list[int]:
        titled = {*self._keys(_MATCH, (f"{{title}} : ({hits.ranked_by})",))}
        found: list[int] = []
        for among in (
            [key for key in hits.keys if key in titled],
            [key for key in hits.keys if key not in titled],
        ):
            for some in _some_at_once(self._ranked(hits, among)):
                found += self._shown_of(hits, some)
                if len(found) >= most:
                    return found[:most]
        return found

    def _ranked(self, hits: Hits, among: Sequence[int]) -> list[int]:
        if len(among) < 2:
            return list(among)
        ranked = self._tuples(
            # A plus keeps FTS5 from being asked for each key by itself. A word in the title counts for eight.
            f"{_MATCH} AND +rowid IN (SELECT value FROM json_each(?))"
            " ORDER BY bm25(search, 8.0, 1.0), rowid DESC",
            (hits.ranked_by, rows.as_json(among)),
        )
        return [key for (key,) in ranked]

    def _newest(self, hits: Hits, most: int, before: tuple[str, int] | None) -> list[tuple[str, int]]:
        """The dates and keys of the newest, each story once.

        An entry's date is never later than when it came in, so that from
        those that came in before a date nothing newer can follow.
        """
        found: list[tuple[str, int]] = []
        for some in hits.at_once():
            shown = [(date, key) for key, _, _, date in self._shown(hits, self._tagged(hits, some))]
            found += [each for each in shown if before is None or each < before]
            found.sort(reverse=True)
            if len(found) >= most:
                came_in = self._value("SELECT first_seen FROM entries WHERE key = ?", (some[-1],))
                if found[most - 1][0] > rows.stamp(rows.moment(came_in) + _OUT_OF_ORDER):
                    break
        return found[:most]

    def _shown_of(self, hits: Hits, some: Sequence[int]) -> list[int]:
        """What `_shown` finds among keys that `_tagged` left, in the order in which they are given."""
        asked = some
        if asks_tags_alone(hits.selection) and not hits.selection.every_entry:
            # All that lead a story match.
            asked = self._aside(some)
        hidden = frozenset(asked) - {key for key, *_ in self._shown(hits, asked)}
        return [key for key in some if key not in hidden]

    def _shown(self, hits: Hits, some: Sequence[int]) -> list[_Match]:
        """Those of some hits that match the rest of the selection, one for each story.

        Of a story it is the lead if that matches, else the earliest entry that does.
        """
        found = self._matching(hits.selection, _BY_KEY, some)
        copies = {story for _, story, lead, _ in found if not lead}
        if not copies or hits.selection.every_entry:
            return found
        of_stories = self._matching(hits.selection, _BY_STORY, tuple(copies))
        best = _best_of_each(of_stories, hits.are_among({key for key, *_ in of_stories}))
        return [each for each in found if best.get(each[1], each[0]) == each[0]]

    def _matching(self, selection: Selection, by: tuple[str, str], given: Sequence[int]) -> list[_Match]:
        column, index = by
        condition, values = matching(selection)
        statement = _MATCHING.format(column=column, index=index, condition=condition)
        return self._tuples(statement, (rows.as_json(given), *values))

    def _count_stories(self, hits: Hits) -> tuple[int, bool]:
        """How many stories were found, and whether there may be more."""
        hits.reach(_COUNTED_AMONG + 1)
        keys = self._tagged(hits, hits.keys[:_COUNTED_AMONG])
        asked, leads = keys, 0
        if asks_tags_alone(hits.selection):
            asked = self._aside(keys)
            leads = len(keys) - len(asked)
        of_asked = {story for _, story, *_ in self._matching(hits.selection, _BY_KEY, asked)}
        led = self._keys(_LEADS, (rows.as_json(list(of_asked)),)) if leads else []
        stories = leads + len(of_asked) - len(set(keys).intersection(led))
        return min(stories, MOST_COUNTED), len(hits.keys) > _COUNTED_AMONG or stories > MOST_COUNTED

    # ------------------------------------------------------------ what is near a story

    def _entries_with(self, terms: Iterable[str], *, no_more_than: int) -> dict[str, int]:
        return {term: int(self._value(_HOW_MANY, (f'"{term}"', no_more_than))) for term in terms}

    def _with_most_of(self, weights: Mapping[str, float], story: int, *, limit: int) -> list[int]:
        return self._keys(
            "SELECT e.key FROM (SELECT rowid FROM search WHERE search MATCH ?"
            " ORDER BY rank LIMIT ?) s JOIN entries e ON e.key = s.rowid WHERE e.story <> ?",
            (" OR ".join(f'"{term}"' for term in weights), limit, story),
        )


def _rarest_first(phrases: Sequence[str]) -> str:
    """What has all of these, the rarest first; each is asked for only where all before it are.

    To FTS5 `a AND b AND c` are three equals: of each entry that has `a` it looks whether it has `c`,
    before it knows whether it has `b`. Taking nothing away from `a AND b`, as an empty phrase does,
    makes one of these two.
    """
    return reduce(lambda before, phrase: f'(({before}) NOT "") AND {phrase}', phrases)


def _some_at_once(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[stretch] for stretch in takewhile(lambda each: each.start < len(keys), _stretches()))


def _stretches() -> Iterator[slice]:
    start, many = 0, _AT_ONCE
    while True:
        yield slice(start, start + many)
        start, many = start + many, 2 * many


def _best_of_each(of_stories: Iterable[_Match], among: AbstractSet[int]) -> dict[int, int]:
    """By story the key that stands for it."""
    best: dict[int, tuple[bool, int]] = {}
    for key, story, lead, _ in of_stories:
        if key in among:
            worth = (not lead, key)
            best[story] = min(best.get(story, worth), worth)
    return {story: key for story, (_, key) in best.items()}
