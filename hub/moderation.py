"""`hub held`, `hub release` and `hub withdraw`: an admin's word on what is published. No poll undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby

from hub.errors import StoreError
from hub.model import WithheldEntry
from hub.rulings import the_one
from hub.store import Store, existing_store

_MOMENT = "%-d %B %Y, %H:%M UTC"
_WAIT = {"held": "held", "quarantined": "in quarantine"}


def held(database: str) -> str:
    """What waits for an admin, by feed and reason. Raises HubError."""
    with closing(existing_store(database)) as store:
        lines = list(_waiting(store))
    return "\n".join(lines or ["Nothing waits for an admin."])


def release(database: str, what: str, *, member: str | None = None) -> str:
    """Publish an entry, by its link or id, or all that waits of a member or feed. Raises HubError."""
    now = datetime.now(UTC)
    with closing(existing_store(database)) as store:
        waiting = _of_feed(store, what)
        if waiting:
            return f"{_entries(store.release(waiting, now))} of {what} {_are(len(waiting))} published now."
        entry = the_one(store, what, member)
        if not store.release([entry.key], now):
            raise StoreError(f"{what} is published already.", "`hub held` lists what waits.")
        return f"“{entry.entry.title or entry.entry.excerpt}” by {entry.member.name} is published now."


def withdraw(database: str, what: str, *, member: str | None = None, why: str) -> str:
    """Withdraw an entry, by its link or id, or all that waits of a member or feed. Raises HubError."""
    now = datetime.now(UTC)
    with closing(existing_store(database)) as store:
        waiting = _of_feed(store, what)
        if waiting:
            return f"{_entries(store.withdraw(waiting, why, now))} of {what} will not be published."
        entry = the_one(store, what, member)
        if not store.withdraw([entry.key], why, now):
            return f"{what} was withdrawn already; an admin’s word it is now, which no poll undoes."
        return f"“{entry.entry.title or entry.entry.excerpt}” by {entry.member.name} is withdrawn."


def _of_feed(store: Store, what: str) -> tuple[int, ...]:
    """What waits of the member or the feed (`member/name`) with this name."""
    member, _, name = what.partition("/")
    return store.waiting_of(member, name or None)


def _waiting(store: Store) -> Iterator[str]:
    told = groupby(store.waiting(), key=lambda each: (each.stored.entry.feed, each.withheld))
    shown = {key: list(found) for key, found in told}
    for number, notice in enumerate(store.notices()):
        since = notice.since.strftime(_MOMENT)
        if number:
            yield ""
        yield (
            f"{notice.feed}: {_entries(notice.entries)} {_WAIT[notice.withheld.standing]} since {since}:"
            f" {notice.withheld.why}."
        )
        for each in shown.get((notice.feed, notice.withheld), ()):
            yield f"    {_line(each)}"
        yield f"    To publish: hub release {notice.feed}    To drop: hub withdraw {notice.feed}"


def _line(each: WithheldEntry) -> str:
    entry = each.stored.entry
    return f"“{entry.title or entry.excerpt}” {entry.link or entry.id or ''}".rstrip()


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
