"""What another feeds.yaml would change, in sentences for an admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from hub.config.reading import Config
from hub.model import Feed, FeedKey, HubSettings

# What fields are called in feeds.yaml, where that differs.
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
        *_named("tag", {rule.term: rule for rule in before.tags}, {rule.term: rule for rule in after.tags}),
        *_named(
            "merged feed",
            {feed.slug: feed for feed in before.merged_feeds},
            {feed.slug: feed for feed in after.merged_feeds},
        ),
        *_order(before, after),
        *_settings(before, after),
    )


def tags_differ(before: Config, after: Config) -> bool:
    """Whether what is stored may have other tags by the other file, once they are applied to it."""
    given = ({feed.key: feed.tags for feed in config.feeds if feed.tags} for config in (before, after))
    return before.tags != after.tags or next(given) != next(given)


def _members(before: Config, after: Config) -> Iterator[str]:
    was, will_be = ({member.slug: member for member in config.members} for config in (before, after))
    for slug, member in will_be.items():
        if slug not in was:
            yield f"The member {slug} comes: {member.name}."
        else:
            keys = [_changed(was[slug], member)] if member != was[slug] else []
            # Whom they name stands in feeds.yaml alone, and is not told.
            keys += ["alerts"] if before.told.get(slug) != after.told.get(slug) else []
            if keys:
                yield f"The member {slug} changes: {', '.join(keys)}."
    for slug, member in was.items():
        if slug not in will_be:
            yield f"The member {slug} goes: {member.name}. What it published stays."


def _feeds(before: Config, after: Config) -> Iterator[str]:
    was, goes_on = {feed.key: feed for feed in before.feeds}, _going_on(before, after)
    for feed in after.feeds:
        if feed.key not in goes_on:
            yield f"The feed {feed.key} comes: {feed.url}"
        elif goes_on[feed.key] != feed.key:
            yield f"The feed {goes_on[feed.key]} is called {feed.key} then."
    members, names = {member.slug for member in after.members}, {feed.key for feed in after.feeds}
    stay = set(goes_on.values())
    for key in (key for key in was if key not in stay):
        # Another feed may have its name by then.
        which = f"{key} at {was[key].url}" if key in names else str(key)
        stays = " What it published stays." if key.member in members else ""
        yield f"The feed {which} is polled no more.{stays}"
    for feed in after.feeds:
        if feed.key in goes_on:
            old = replace(was[goes_on[feed.key]], key=feed.key)
            yield from _one_feed(feed.key, _under(old, feed, before.hub, after.hub), feed)


def _going_on(before: Config, after: Config) -> dict[FeedKey, FeedKey]:
    """The feeds that go on, by their keys, with the keys that they had.

    As in the store (`FeedStore.sync`), a feed is known by its address first, then by its name.
    """
    at = {(feed.key.member, feed.url): feed.key for feed in before.feeds}
    by_address = {
        feed.key: at[feed.key.member, feed.url] for feed in after.feeds if (feed.key.member, feed.url) in at
    }
    names = {feed.key for feed in before.feeds}.difference(by_address.values())
    by_name = {feed.key: feed.key for feed in after.feeds if feed.key in names and feed.key not in by_address}
    return by_address | by_name


def _under(was: Feed, will_be: Feed, before: HubSettings, after: HubSettings) -> Feed:
    """A feed as it was, with the hub's new settings where it has the hub's: such a change is not its own."""
    of_the_hub = {
        "every_min": (before.every_min, after.every_min),
        "every_max": (before.every_max, after.every_max),
        "most_bytes": (before.fetch.size, after.fetch.size),
        "most_entries": (before.fetch.entries, after.fetch.entries),
    }
    has = {key: (getattr(was, key), getattr(will_be, key)) for key in of_the_hub}
    return replace(was, **{key: new for key, (old, new) in has.items() if (old, new) == of_the_hub[key]})


def _one_feed(key: FeedKey, was: Feed, will_be: Feed) -> Iterator[str]:
    if was.url != will_be.url:
        yield f"The feed {key} is asked at {will_be.url} instead of {was.url}"
    # What kind an address is changes with it.
    kinds = (was.kinds.get(was.url), will_be.kinds.get(will_be.url))
    same = replace(was, url=will_be.url, kinds=will_be.kinds if kinds[0] == kinds[1] else was.kinds)
    if same.paused != will_be.paused:
        yield f"The feed {key} is {'paused' if will_be.paused else 'asked again'}."
        same = replace(same, paused=will_be.paused)
    if same != will_be:
        yield f"The feed {key} changes: {_changed(same, will_be)}."


def _named(what: str, was: Mapping[str, Any], will_be: Mapping[str, Any]) -> Iterator[str]:
    for name, now in will_be.items():
        if name not in was:
            yield f"The {what} {name} comes."
        elif now != was[name]:
            yield f"The {what} {name} changes: {_changed(was[name], now)}."
    yield from (f"The {what} {name} goes." for name in was if name not in will_be)


def _order(before: Config, after: Config) -> Iterator[str]:
    for what, was, will_be in (
        ("members", [member.slug for member in before.members], [member.slug for member in after.members]),
        ("tags", [rule.term for rule in before.tags], [rule.term for rule in after.tags]),
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
    """The keys whose values differ, as feeds.yaml calls them."""
    after = asdict(will_be)
    return ", ".join(
        dict.fromkeys(_KEYS.get(key, key) for key, value in asdict(was).items() if value != after[key])
    )
