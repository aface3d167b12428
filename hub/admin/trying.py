"""What a changed tag rule finds in the newest entries, before it is saved.

No more are looked at than somebody waits for who changes a rule and looks
again; `hub retag --plan` looks at all.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from operator import attrgetter

from msgspec.structs import replace

from hub.admin.retag import Rules
from hub.config import Config
from hub.model import Overruling, Piece, StoredEntry, TagRule, Trial, TriedStories, TriedStory
from hub.phrases import words_of
from hub.publish.item import headline
from hub.store import Store, existing_store
from hub.store.tagging import overruled
from hub.tags import Tagger, finder

_MOST = 5_000
_AT_ONCE = 250
_SAMPLES = 20
# Some are no samples in the end, since another entry of their story tells otherwise.
_MORE = 5 * _SAMPLES
# Characters of an excerpt before and after the first mention.
_BEFORE, _AFTER = 90, 190
# What `words_of` makes one or several words of, or none, and never half of one.
_WRITTEN = re.compile(r"[^\s!-/:-@\[-`{-~\u2010-\u2015\u2018-\u201f\u2026]+")


def tried(
    before: Config, after: Config, term: str, database: str, *, seconds: float, most: int = _MOST
) -> Trial:
    """What the rule of a term finds by the feeds.yaml `after` a change of it. Raises HubError.

    Looked at are the newest entries: at most so many, in at most so many seconds. The
    file `before` may have no rule of the term.
    """
    until = time.monotonic() + seconds
    with closing(existing_store(database)) as store:
        return _Trial(store, before, after, term).of_newest(most, until=until)


class _Trial:
    """A rule as it was and as it is to be, with the tags that both files give."""

    def __init__(self, store: Store, before: Config, after: Config, term: str) -> None:
        self._store = store
        self._tags_before, self._tags_after = (_Tags(store, config, term) for config in (before, after))
        self._rule_before, self._rule_after = _RuleAlone(before, term), _RuleAlone(after, term)

    def of_newest(self, most: int, *, until: float) -> Trial:
        """Try it on the newest entries: so many, or as many as there is time for (`time.monotonic`)."""
        looked = 0
        had, has = _Stories(), _Stories()
        found, may_gain, may_lose = _Stories(), _Stories(), _Stories()
        cursor, time_was_up = None, False
        while True:
            page = self._store.entries(limit=min(_AT_ONCE, most - looked), cursor=cursor)
            for stored in page.items:
                looked += 1
                was, is_to_be = self._tags_before.has(stored), self._tags_after.has(stored)
                had.add_if(was, stored)
                has.add_if(is_to_be, stored)
                found.add_if(self._rule_after.why(stored), stored)
                may_gain.add_if(is_to_be and not was, stored)
                may_lose.add_if(was and not is_to_be, stored)
            cursor = page.next
            time_was_up = cursor is not None and looked < most and time.monotonic() > until
            if cursor is None or looked >= most or time_was_up:
                break
        return Trial(
            entries=looked,
            all=cursor is None,
            time_was_up=time_was_up,
            found=found.told(self._rule_after),
            gained=may_gain.but_for(had.ids).told(self._rule_after),
            lost=may_lose.but_for(has.ids).told(self._rule_before),
        )


class _Tags:
    """Which entries have a tag: by the rules of a file, by their feeds, and by hand.

    Only rules that bring the tag are looked at: its own, and those of narrower tags.
    """

    def __init__(self, store: Store, config: Config, term: str) -> None:
        self._term = term
        rules = _bringing(config.tags, term)
        terms = {rule.term for rule in rules}
        self._rules = Rules(replace(config, tags=rules), store)
        self._by_hand: Mapping[int, list[Overruling]] = defaultdict(list)
        for said in store.overrulings():
            if said.term in terms:
                self._by_hand[said.entry].append(self._rules.renewed(said))

    def has(self, stored: StoredEntry) -> bool:
        """Whether a stored entry has the tag."""
        tags = overruled(self._rules.tags(stored), self._by_hand.get(stored.key, ()))
        return any(tag.term == self._term for tag in tags)


def _bringing(rules: Sequence[TagRule], term: str) -> tuple[TagRule, ...]:
    """The rules that bring a term's tag: its own, as if it had no broader one, and those of narrower tags."""
    broader = {rule.term: rule.broader for rule in rules}

    def is_narrower(narrow: str | None) -> bool:
        while narrow is not None and narrow != term:
            narrow = broader[narrow]
        return narrow is not None

    return tuple(
        replace(rule, broader=None) if rule.term == term else rule for rule in rules if is_narrower(rule.term)
    )


class _RuleAlone:
    """A rule by itself: why it holds for an entry, and where its phrases stand there."""

    def __init__(self, config: Config, term: str) -> None:
        self._rule = next(
            (replace(rule, broader=None) for rule in config.tags if rule.term == term),
            TagRule(term=term, label=term),
        )
        self._tagger, self._mentions = Tagger([self._rule]), finder(self._rule)

    def why(self, stored: StoredEntry) -> str:
        """Why the rule holds for a stored entry; empty where it does not."""
        return next((tag.why for tag in self._tagger.tags(stored.entry)), "")

    def told(self, stored: StoredEntry) -> TriedStory:
        """A stored entry's story as it is shown, with the rule's phrases marked."""
        entry, fields = stored.entry, self._rule.fields
        in_text = [*self._places(entry.text)] if "text" in fields else []
        text, places = _around(entry.text, in_text) if in_text else (entry.excerpt, [])
        title = headline(stored)
        return TriedStory(
            story=stored.story,
            title=_pieces(title, self._places(title) if "title" in fields and entry.title else ()),
            excerpt=_pieces(text, places),
            why=self.why(stored),
            member=stored.member.name,
            date=stored.date,
            language=entry.language,
            direction=entry.direction,
        )

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the mentions that count stand in a text, in order; those that overlap are one."""
        written = [(found, words) for found in _WRITTEN.finditer(text) if (words := words_of(found[0]))]
        starts, at = [], 0
        for _, words in written:
            starts.append(at)
            at += len(words) + 1
        end = 0
        mentions = self._mentions(" ".join(words for _, words in written))
        for mention in sorted(mentions, key=attrgetter("start")):
            first, last = (bisect_right(starts, place) - 1 for place in (mention.start, mention.stop - 1))
            start, stop = max(written[first][0].start(), end), written[last][0].end()
            if start < stop:
                yield start, stop
                end = stop


def _around(text: str, places: Sequence[tuple[int, int]]) -> tuple[str, Sequence[tuple[int, int]]]:
    """A text cut to the words around the first of some places, and where in that they are."""
    (first, last), length = places[0], len(text)
    start = text.rfind(" ", 0, first - _BEFORE) + 1 if first > _BEFORE else 0
    end = text.find(" ", last + _AFTER) if last + _AFTER < length else -1
    end = length if end < 0 else end
    before, after = "… " if start else "", " …" if end < length else ""
    moved = len(before) - start
    within = [(a + moved, min(b, end) + moved) for a, b in places if a < end]
    return f"{before}{text[start:end]}{after}", within


def _pieces(text: str, places: Sequence[tuple[int, int]] | Iterator[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces, end = [], 0
    for start, stop in places:
        pieces += [Piece(text[end:start], found=False), Piece(text[start:stop], found=True)]
        end = stop
    return tuple(piece for piece in (*pieces, Piece(text[end:], found=False)) if piece.text)


class _Stories:
    """Stories that something holds for, each with its newest entry, if it may be among the samples."""

    def __init__(self, entries: Mapping[int, StoredEntry | None] = {}) -> None:
        self._entries = dict(entries)

    @property
    def ids(self) -> set[int]:
        """The numbers of these stories."""
        return {*self._entries}

    def add_if(self, holds: object, stored: StoredEntry) -> None:
        """Add the story of an entry, if that `holds`; entries come the newest first."""
        if holds and stored.story not in self._entries:
            self._entries[stored.story] = stored if len(self._entries) < _MORE else None

    def but_for(self, others: set[int]) -> _Stories:
        """These stories without the `others`, by their numbers."""
        return _Stories({story: stored for story, stored in self._entries.items() if story not in others})

    def told(self, rule: _RuleAlone) -> TriedStories:
        """How many these stories are, and the newest of them, as a rule shows them."""
        samples = [stored for stored in self._entries.values() if stored is not None][:_SAMPLES]
        return TriedStories(count=len(self._entries), newest=tuple(map(rule.told, samples)))
