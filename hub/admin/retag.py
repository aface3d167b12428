"""Tags of what is stored: by the rules as they are now, and by hand.

Says first what changed rules would do, when asked to.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import closing
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from msgspec import Struct, UnsetType, field
from msgspec.structs import replace

from hub.admin.rulings import of_one_story
from hub.config import Config, load
from hub.errors import ConfigError, StoreError
from hub.model import FeedKey, Overruling, StoredEntry, Story, Tag, TagChange, TagPlan
from hub.polling.rounds import sync
from hub.publish.item import headline
from hub.said import day
from hub.store import Store, existing_store
from hub.store.tagging import overruled
from hub.tags import Tagger

_AT_ONCE = 500
_SAMPLES = 3
_LONGEST_TITLE = 90


Telling = Callable[[Iterator[StoredEntry]], Iterator[StoredEntry]]
"""Passes on entries, and tells somebody how many they are on the way."""


class Rules:
    """feeds.yaml's rules, and what feeds give their entries.

    Those of `store` that left the file go on giving what they gave, of the tags that the file has.
    A feed is known by its address before its name, which may be another's by the file.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self.tagger = Tagger(config.tags)
        self.terms = config.labels.keys()
        # What a plan finds gone from the file may not have left by what the database knows.
        left, states = store.left_states(), store.feed_states()
        feeds = [state.feed for state in (*left, *states)]
        there = {(state.feed.key.member, state.feed.url) for state in states}
        self.given_at = {(feed.key.member, feed.url): feed.tags for feed in config.feeds}
        self.given: Mapping[FeedKey, tuple[str, ...]] = {
            **{feed.key: tuple(term for term in feed.tags if term in self.terms) for feed in feeds},
            **{feed.key: feed.tags for feed in config.feeds if (feed.key.member, feed.url) not in there},
        }

    def tags(self, stored: StoredEntry) -> tuple[Tag, ...]:
        feed = stored.entry.feed
        given = self.given_at.get((feed.member, stored.feed_url), self.given.get(feed, ()))
        return self.tagger.tags(stored.entry, given=given)

    def renewed(self, said: Overruling) -> Overruling:
        """What was said of a tag by hand, with what comes with that tag by these rules."""
        given = next((tag for tag in said.tags if tag.term == said.term), None)
        return replace(said, tags=self.tagger.by_hand(said.term, given.why) if given else ())


def run(path: Path, database: str, *, telling: Telling | None = None) -> tuple[int, int]:
    """Retag everything; how many entries changed, of how many. Raises HubError."""
    config = load(path)
    store = existing_store(database)
    changed = entries = 0
    try:
        sync(store, config)
        rules = Rules(config, store)
        store.renew(map(rules.renewed, store.overrulings()))
        told = (telling or _told)(store.walk())
        while batch := tuple(islice(told, _AT_ONCE)):
            changed += store.retag([stored.key for stored in batch], rules.tags)
            entries += len(batch)
    finally:
        store.close()
    return changed, entries


def _told(entries: Iterator[StoredEntry]) -> Iterator[StoredEntry]:
    """The same entries, with progress on a terminal."""
    if not sys.stderr.isatty():
        return entries
    from rich.console import Console
    from rich.progress import track

    return iter(track(entries, "Tagging", console=Console(file=sys.stderr)))


# ---------------------------------------------------------------- what it would do


class _Change(Struct):
    """What would become of one tag or kind: how many entries get it and lose it, and some of their titles."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: list[str] = []

    def count(self, sign: str, stored: StoredEntry) -> None:
        if self.counts[sign] < _SAMPLES:
            title = headline(stored)
            title = title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"
            self.samples.append(f"{sign} {title} ({stored.member.slug})")
        self.counts[sign] += 1


def plan(path: Path, database: str) -> str:
    """What `run` would add and remove, in words, with nothing written. Raises HubError."""
    found = planned(load(path), database)
    would = f"`hub retag` would change {found.changed} of {found.entries} entries."
    lines = [f"{would} Nothing has been written."]
    for change in found.changes:
        counts = (("+", change.gained), ("−", change.lost))
        figures = "  ".join(f"{sign}{count}" for sign, count in counts if count)
        lines += ["", f"{change.what}  {figures}", *(f"  {sample}" for sample in change.samples)]
    if found.changed and not found.changes:
        lines += ["", "They keep their tags and kinds; only the reasons are other ones."]
    return "\n".join(lines)


def planned(config: Config, database: str, *, telling: Telling | None = None) -> TagPlan:
    """What `run` would change by a configuration. Raises HubError."""
    with closing(existing_store(database)) as store:
        return _plan(Rules(config, store), store, telling or _told)


def _plan(rules: Rules, store: Store, telling: Telling) -> TagPlan:
    by_hand: dict[int, list[Overruling]] = defaultdict(list)
    for said in store.overrulings():
        by_hand[said.entry].append(rules.renewed(said))
    changes: dict[str, _Change] = defaultdict(_Change)
    changed = entries = 0
    for stored in telling(store.walk()):
        entries += 1
        before, after = stored.entry.tags, overruled(rules.tags(stored), by_hand.get(stored.key, ()))
        changed += before != after
        for sign, what in _differences(before, after):
            changes[what].count(sign, stored)
    found = (
        TagChange(
            what=what,
            gained=change.counts["+"],
            lost=change.counts["−"],
            samples=tuple(sorted(change.samples)),
        )
        for what, change in sorted(changes.items())
    )
    return TagPlan(changed=changed, entries=entries, changes=tuple(found))


def _differences(before: Iterable[Tag], after: Iterable[Tag]) -> Iterator[tuple[str, str]]:
    """`("+", "tag stroke")` for each tag and kind that comes, and `−` for each that goes."""
    was, will_be = ([f"tag {tag.term}" for tag in tags] + [f"kind {_kind(tags)}"] for tags in (before, after))
    yield from (("+", what) for what in will_be if what not in was)
    yield from (("−", what) for what in was if what not in will_be)


def _kind(tags: Iterable[Tag]) -> str:
    return next((tag.kind for tag in tags if tag.kind), "news")


# ---------------------------------------------------------------- by hand


def by_hand(path: Path, term: str, *, now: datetime) -> tuple[Tag, ...]:
    """A tag of feeds.yaml that is given by hand, with those that come with it. Raises ConfigError."""
    config = load(path)
    _check_known(term, config.labels.keys(), path)
    return Tagger(config.tags).by_hand(term, f"given by hand on {day(now)}")


def tag(
    store: Store,
    given: tuple[Tag, ...],
    address: str,
    term: str,
    *,
    member: str | None,
    now: datetime,
    seen: datetime | UnsetType | None,
) -> str:
    """Give a tag, as `by_hand` has it, to the story that has an entry with this link or id; what was done.

    Where entries of several stories have it, this member's or feed's is meant. It is
    refused where the last was not said of the tag at the moment that was `seen`. Raises HubError.
    """
    done = f"now has the tag {term}, whatever the rules say"
    return _overrule(store, address, member, term, given, now=now, seen=seen, done=done)


def untag(
    store: Store,
    path: Path,
    config: Config,
    address: str,
    term: str,
    *,
    member: str | None,
    now: datetime,
    seen: datetime | UnsetType | None,
) -> str:
    """Take a tag from the story that `tag` would give it to; what was done. Raises HubError, as `tag`.

    `path` is the file that `config` was read from.
    """
    # What its entries have is a tag, also when feeds.yaml no longer knows it.
    stored = {tag.term for stored in of_its_story(store, address, member) for tag in stored.entry.tags}
    _check_known(term, config.labels.keys() | stored, path)
    done = f"is now without the tag {term}, whatever the rules say"
    return _overrule(store, address, member, term, (), now=now, seen=seen, done=done)


def _check_known(term: str, known: Set[str], path: Path) -> None:
    if term not in known:
        near = get_close_matches(term, sorted(known), 1)
        hint = (
            f"Did you mean {near[0]}?" if near else "Add a rule for it first: its term and label are enough."
        )
        raise ConfigError(f"No tag of {path} has the term {term!r}.", hint)


def undo(
    store: Store,
    path: Path,
    rules: Rules,
    address: str,
    term: str,
    *,
    member: str | None,
    seen: datetime | UnsetType | None,
) -> str:
    """Leave a tag to the rules of `path` again, of the story that `tag` gives it to; what was done.

    Raises HubError, as `tag`.
    """
    _check_known(term, rules.terms | {said.term for said in store.overrulings()}, path)
    entries = of_its_story(store, address, member)
    store.leave_to_rules([stored.key for stored in entries], term, rules.tags, seen=seen)
    return f"{_named(entries)} has the tag {term} or not as the rules say."


def _overrule(
    store: Store,
    address: str,
    member: str | None,
    term: str,
    tags: tuple[Tag, ...],
    *,
    now: datetime,
    seen: datetime | UnsetType | None,
    done: str,
) -> str:
    entries = of_its_story(store, address, member)
    store.overrule([stored.key for stored in entries], term, tags, now=now, seen=seen)
    return f"{_named(entries)} {done}."


def of_its_story(store: Store, address: str, member: str | None) -> tuple[StoredEntry, ...]:
    """The entries that share what is said of the tags of the one with a link or id. Raises StoreError."""
    story = store.story(of_one_story(store, address, member).story)
    if not isinstance(story, Story):
        raise StoreError("It is not published, so it is in no story.", "To publish it: hub release")
    # What comes back to a story shares what was said of it, so it is to be said of that too.
    return (*story.entries, *store.away_from(story.id))


def _named(entries: tuple[StoredEntry, ...]) -> str:
    publishers = ", ".join(dict.fromkeys(stored.member.slug for stored in entries))
    return f"‘{headline(entries[0])}’ ({publishers})"
