"""What another feeds.yaml changes, in sentences for its admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from hub.config.reading import Config
from hub.model import Feed, FeedKey, HubSettings

# As the keys of feeds.yaml are called, where ours are others.
_KEYS = {
    "every_min": "every.min",
    "every_max": "every.max",
    "most_bytes": "size",
    "most_entries": "entries",
    "alternatives": "else",
    "kinds": "kind",
    "not_": "not",
    "except_": "except",
    "fields": "in",
    "members": "for",
    "weights": "any",
    "metrics_allow": "metrics.allow",
}


def differences(before: Config, after: Config) -> tuple[str, ...]:
    """Members, feeds, tags and merged feeds that come, go and change, then the hub's own settings."""
    return (
        *_members(before, after),
        *_feeds(before, after),
        *_named("tag", {each.term: each for each in before.tags}, {each.term: each for each in after.tags}),
        *_named(
            "merged feed",
            {each.slug: each for each in before.merged_feeds},
            {each.slug: each for each in after.merged_feeds},
        ),
        *_order(before, after),
        *_settings(before, after),
    )


def tags_differ(before: Config, after: Config) -> bool:
    """Whether what is stored may have other tags by the other file, once they are applied to it."""
    given = ({feed.key: feed.tags for feed in config.feeds if feed.tags} for config in (before, after))
    return before.tags != after.tags or next(given) != next(given)


def _members(before: Config, after: Config) -> Iterator[str]:
    was, will_be = ({each.slug: each for each in config.members} for config in (before, after))
    for slug, member in will_be.items():
        if slug not in was:
            yield f"The member {slug} comes: {member.name}."
        elif member != was[slug]:
            yield f"The member {slug} changes: {_changed(was[slug], member)}."
    for slug, member in was.items():
        if slug not in will_be:
            yield f"The member {slug} goes: {member.name}. What it published stays."


def _feeds(before: Config, after: Config) -> Iterator[str]:
    was = {each.key: _under(each, before.hub, after.hub) for each in before.feeds}
    will_be = {each.key: each for each in after.feeds}
    come = {key: feed for key, feed in will_be.items() if key not in was}
    go = {key: feed for key, feed in was.items() if key not in will_be}
    for key, feed in come.items():
        # As the store knows it: a feed of a member is the same by its address.
        old = next((other for other in go if other.member == key.member and go[other].url == feed.url), None)
        if old is not None:
            yield f"The feed {old} is called {key} then."
            yield from _one_feed(key, replace(go.pop(old), key=key), feed)
        else:
            yield f"The feed {key} comes: {feed.url}"
    members = {each.slug for each in after.members}
    for key in go:
        stays = " What it published stays." if key.member in members else ""
        yield f"The feed {key} is polled no more.{stays}"
    for key, feed in will_be.items():
        if key in was:
            yield from _one_feed(key, was[key], feed)


def _under(feed: Feed, before: HubSettings, after: HubSettings) -> Feed:
    """A feed that goes by other settings of the hub where it has none of its own."""
    return replace(
        feed,
        every_min=after.every_min if feed.every_min == before.every_min else feed.every_min,
        every_max=after.every_max if feed.every_max == before.every_max else feed.every_max,
        most_bytes=after.fetch.size if feed.most_bytes == before.fetch.size else feed.most_bytes,
        most_entries=after.fetch.entries if feed.most_entries == before.fetch.entries else feed.most_entries,
    )


def _one_feed(key: FeedKey, was: Feed, will_be: Feed) -> Iterator[str]:
    if was.url != will_be.url:
        yield f"The feed {key} is asked at {will_be.url} instead of {was.url}"
    # What kind an address is changes with it.
    kinds = (was.kinds.get(was.url), will_be.kinds.get(will_be.url))
    same = replace(was, url=will_be.url, kinds=will_be.kinds if kinds[0] == kinds[1] else was.kinds)
    if same != will_be:
        yield f"The feed {key} changes: {_changed(same, will_be)}."


def _named(what: str, was: Mapping[str, Any], will_be: Mapping[str, Any]) -> Iterator[str]:
    for name, each in will_be.items():
        if name not in was:
            yield f"The {what} {name} comes."
        elif each != was[name]:
            yield f"The {what} {name} changes: {_changed(was[name], each)}."
    yield from (f"The {what} {name} goes." for name in was if name not in will_be)


def _order(before: Config, after: Config) -> Iterator[str]:
    for what, was, will_be in (
        ("members", [each.slug for each in before.members], [each.slug for each in after.members]),
        ("tags", [each.term for each in before.tags], [each.term for each in after.tags]),
    ):
        kept = [name for name in was if name in will_be]
        if kept != [name for name in will_be if name in was]:
            yield f"The {what} stand in another order."


def _settings(before: Config, after: Config) -> Iterator[str]:
    if before.hub != after.hub:
        own = _changed(before.hub, replace(after.hub, fetch=before.hub.fetch))
        fetch = _changed(before.hub.fetch, after.hub.fetch)
        keys = [*([own] if own else []), *(f"fetch.{key}" for key in fetch.split(", ") if key)]
        yield f"The hub’s own settings change: {', '.join(keys)}."


def _changed(was: Any, will_be: Any) -> str:
    """The keys whose values are others."""
    after = asdict(will_be)
    return ", ".join(
        dict.fromkeys(_KEYS.get(key, key) for key, value in asdict(was).items() if value != after[key])
    )
