"""`hub held`, `hub release` and `hub withdraw`: an admin's word on what is published.

No poll undoes it, but for what waited and was released: that its member may take back, as it may all else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from hub import roles
from hub.admin.rulings import called, in_its_feeds, named
from hub.errors import StoreError
from hub.model import FeedKey, Notice, RoleName, Stand, StoredEntry, Story, Withheld, WithheldEntry
from hub.said import as_written, counted, minute
from hub.store import Store, existing_store

_ALREADY = "{} was withdrawn already; {}’s word it is now, which no poll undoes."
_WAIT = {"held": "held", "quarantined": "in quarantine"}


def held(database: str) -> str:
    """What waits for an admin, by feed and reason. Raises HubError."""
    with closing(existing_store(database)) as store:
        lines = list(_waiting(store))
    return "\n".join(lines or ["Nothing waits for an admin."])


def released(
    store: Store, what: str, member: str | None, *, for_good: bool, seen: Mapping[int, Stand]
) -> tuple[str, Mapping[int, Stand]]:
    """Publish an entry, by its link or id, or all that waits of a member or feed. Raises HubError.

    What was done is told, and how what it was done to stands now. If not
    `for_good`, its member can take back what was withdrawn, as before. It is
    refused where an entry stands otherwise than was `seen`, or than it was found.
    """
    if waiting := _of_feed(store, what):
        stands = store.release(waiting, seen=store.stands(waiting))
        entries_are = counted(len(stands), f"entry of {what} is", f"entries of {what} are")
        return f"{entries_are} published now.", stands
    entries = in_its_feeds(store, what, member)
    keys = [each.key for each in entries]
    stands = store.release(keys, for_good=for_good, seen={**store.stands(keys), **seen})
    if not stands:
        raise StoreError(f"{what} is published already.", "`hub held` lists what waits.")
    return f"{_named(entries)} is published now.", stands


def withdrawn(
    store: Store,
    what: str,
    member: str | None,
    *,
    why: str,
    role: RoleName | None,
    seen: Mapping[int, Stand],
) -> tuple[str, Mapping[int, Stand]]:
    """Withdraw an entry, by its link or id, or drop all that waits of a member or feed; as `released`.

    `role` is that of whoever has it done, None where it is not known.
    """
    if waiting := _of_feed(store, what):
        stands = store.withdraw(waiting, why, role=role, seen=store.stands(waiting))
        return f"{counted(len(stands), 'entry', 'entries')} of {what} will not be published.", stands
    entries = in_its_feeds(store, what, member)
    keys = [each.key for each in entries]
    stands = store.withdraw(keys, why, role=role, seen={**store.stands(keys), **seen})
    if not stands:
        return _ALREADY.format(what, roles.whoever(role, entries[0].member.name)), stands
    return _withdrawn(store, entries), stands


def _withdrawn(store: Store, entries: Sequence[StoredEntry]) -> str:
    stories = [store.story(number) for number in dict.fromkeys(each.story for each in entries)]
    others = [each for story in stories if isinstance(story, Story) for each in story.entries]
    if not others:
        return f"{_named(entries)} is withdrawn."
    whose = ", ".join(dict.fromkeys(each.member.name for each in others))
    return f"{_named(entries)} is withdrawn. Its story stays, as {whose} published it too."


def _named(entries: Sequence[StoredEntry]) -> str:
    """An entry that its member may have in several feeds."""
    feeds = f" in {counted(len(entries), 'feed', 'feeds')}" if len(entries) > 1 else ""
    return f"{named(entries[0])}{feeds}"


def _of_feed(store: Store, what: str) -> tuple[int, ...]:
    """What waits of the member or the feed (`member/name`) with this name; of what is neither, nothing.

    Raises StoreError where nothing of it waits.
    """
    member, _, name = what.partition("/")
    waiting = store.waiting_of(member, name or None)
    feeds = (state.feed.key for state in store.feed_states())
    if not waiting and any(what in (key.member, str(key)) for key in feeds):
        raise StoreError(f"Nothing of {what} waits for an admin.", "`hub held` lists what does.")
    return waiting


def _waiting(store: Store) -> Iterator[str]:
    shown: dict[tuple[FeedKey, Withheld], list[WithheldEntry]] = defaultdict(list)
    for each in store.waiting():
        shown[each.stored.entry.feed, each.withheld].append(each)
    by_feed: dict[FeedKey, list[Notice]] = defaultdict(list)
    for notice in store.notices():
        by_feed[notice.feed].append(notice)
    for number, (feed, notices) in enumerate(by_feed.items()):
        if number:
            yield ""
        for notice in notices:
            yield from _notice(notice, shown[feed, notice.withheld])
            if len(notices) > 1:
                # The feed's own commands are for what waits for other reasons, too.
                yield "    To publish one: hub release LINK    To drop one: hub withdraw LINK"
                yield ""
        every = f" all {sum(notice.entries for notice in notices)}" if len(notices) > 1 else ""
        yield f"    To publish{every}: hub release {feed}    To drop{every}: hub withdraw {feed}"


def _notice(notice: Notice, listed: Sequence[WithheldEntry]) -> Iterator[str]:
    entries, how = counted(notice.entries, "entry", "entries"), _WAIT[notice.withheld.standing]
    yield f"{notice.feed}: {entries} {how} since {minute(notice.since)}: {notice.withheld.why}."
    yield from (f"    {_line(each)}" for each in listed)
    if more := notice.entries - len(listed):
        yield f"    … and {more} more."


def _line(each: WithheldEntry) -> str:
    entry = each.stored.entry
    return f"“{called(entry)}” {entry.link or as_written(entry.id or '')}".rstrip()
