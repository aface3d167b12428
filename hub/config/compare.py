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
        else:
            keys = [_changed(was[slug], member)] if member != was[slug] else []
            # Who, stands in the file alone.
            keys += ["alerts"] if before.told.get(slug) != after.told.get(slug) else []
            if keys:
                yield f"The member {slug} changes: {', '.join(keys)}."
    for slug, member in was.items():
        if slug not in will_be:
            yield f"The member {slug} goes: {member.name}. What it published stays."


def _feeds(before: Config, after: Config) -> Iterator[str]:
    was, goes_on = {each.key: each for each in before.feeds}, _going_on(before, after)
    for feed in after.feeds:
        if feed.key not in goes_on:
            yield f"The feed {feed.key} comes: {feed.url}"
        elif goes_on[feed.key] != feed.key:
            yield f"The feed {goes_on[feed.key]} is called {feed.key} then."
    members, names = {each.slug for each in after.members}, {each.key for each in after.feeds}
    stay = set(goes_on.values())
    for key in (each for each in was if each not in stay):
        # Another may have its name then.
        which = f"{key} at {was[key].url}" if key in names else str(key)
        stays = " What it published stays." if key.member in members else ""
        yield f"The feed {which} is polled no more.{stays}"
    for feed in after.feeds:
        if feed.key in goes_on:
            old = replace(was[goes_on[feed.key]], key=feed.key)
            yield from _one_feed(feed.key, _under(old, feed, before.hub, after.hub), feed)


def _going_on(before: Config, after: Config) -> dict[FeedKey, FeedKey]:
    """What each feed that goes on was called. As the store has it, its address tells first, then its name."""
    at = {(each.key.member, each.url): each.key for each in before.feeds}
    found = {
        each.key: at[each.key.member, each.url] for each in after.feeds if (each.key.member, each.url) in at
    }
    names = {each.key for each in before.feeds}.difference(found.values())
    return found | {each.key: each.key for each in after.feeds if each.key in names and each.key not in found}


def _under(was: Feed, will_be: Feed, before: HubSettings, after: HubSettings) -> Feed:
    """A feed as it was, but for what it has of the hub before and after: that change is the hub's."""
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
