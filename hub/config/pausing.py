"""Feeds that are left alone for now: `paused` in feeds.yaml, put there and taken out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hub.config.document import Path as Place
from hub.config.edit import feeds_named
from hub.config.pairs import change_pairs, misfit
from hub.config.reading import Config, parse
from hub.config.saving import open_file
from hub.config.schema import keys_at
from hub.config.whole import Edited
from hub.errors import ConfigError
from hub.model import FeedKey

_ORDER = keys_at(("members", "feeds"))


class Pausing(Struct, frozen=True):
    """The feeds that were paused, or are asked again, and how the file changed."""

    feeds: tuple[FeedKey, ...]
    change: Edited


def pause_feeds(path: Path, targets: Sequence[str], *, paused: bool) -> Pausing:
    """Have feeds be left alone, or be asked again if not `paused`; those that were so already stay so.

    A target is a feed, by its URL or as `member/name`, or a member with all of
    its feeds. Raises ConfigError, with the file as it was, also where no feed
    is left that would change.
    """
    with open_file(path) as file:
        before = parse(file.text, name=str(path))
        named = {key for target in targets for key in feeds_named(before, target)}
        changing = {each.key for each in before.feeds if each.key in named and each.paused is not paused}
        if not changing:
            state = "paused" if paused else "asked, and not paused"
            raise ConfigError(f"{', '.join(targets)}: {state} already", "Nothing was written.")
        wanted = {place: {"paused": paused} for place in _places(before, changing)}
        after = change_pairs(file.text, wanted, _ORDER)
        feeds = tuple(replace(each, paused=paused) if each.key in changing else each for each in before.feeds)
        found = parse(after, name=str(path))
        if replace(found, digest="") != replace(before, feeds=feeds, digest=""):
            raise misfit()
        file.save(after)
    return Pausing(tuple(each.key for each in before.feeds if each.key in changing), Edited(file.text, after))


def _places(config: Config, keys: Iterable[FeedKey]) -> list[Place]:
    """Where some feeds stand in the file."""
    members = {each.slug: number for number, each in enumerate(config.members)}
    numbers = {slug: count() for slug in members}
    places = {each.key: next(numbers[each.key.member]) for each in config.feeds}
    return [("members", members[key.member], "feeds", places[key]) for key in keys]
