"""How many readers a merged feed has: counted on a day, and as told of a week. Pure.

A reader is a program that fetches the feed, or one of those for whom an aggregator does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import date, timedelta
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from msgspec import Struct

from hub.model import Readership
from hub.publish.agents import Aggregator
from hub.publish.spreadsheet import spreadsheet

MOST_SEEN = 100_000
"""Requests of a day that differ by who asks, as what, for which document: some 15 MB."""
_MOST_AGGREGATORS = 1_000
_WEEK = timedelta(days=7)
_WEEKS_BEFORE = 4
LOOKED_BACK = _WEEK * (_WEEKS_BEFORE + 1)
"""How far back what is told of a feed goes, with the last day."""
_COLUMNS = (
    *("feed", "address", "readers", "at least", "before", "by themselves"),
    *("by aggregators", "aggregators", "sent by WebSub"),
)


class DaysReaders:
    """The readers of a day in UTC, as they ask.

    Who asks is remembered as a number that is made with `key`, which nobody else has and which goes
    with the day, and as nothing else.
    """

    def __init__(self, day: date, key: bytes) -> None:
        self.day = day
        self._key = key
        self._seen: set[int] = set()
        self._readers: dict[str, set[int]] = {}
        self._aggregators: dict[tuple[str, str, str], int] = {}
        self._full: set[str] = set()

    def has_seen(self, path: str, address: str, user_agent: str) -> bool:
        """Whether the same was asked today. This is all that most requests cost, so no digest is made."""
        return hash((self._key, path, address, user_agent)) in self._seen

    def see(self, path: str, address: str, user_agent: str) -> bool:
        """Look no more at what asks so today. False where so much is remembered that no more is."""
        if len(self._seen) >= MOST_SEEN:
            return False
        self._seen.add(hash((self._key, path, address, user_agent)))
        return True

    def add(self, document: str, address: str, user_agent: str) -> None:
        """Somebody asks for a document for themselves; who comes again is known by address and User-Agent."""
        who = f"{_network(address)}\n{user_agent}".encode("utf-8", "surrogatepass")
        digest = blake2b(who, digest_size=8, key=self._key).digest()
        self._readers.setdefault(document, set()).add(int.from_bytes(digest))

    def add_aggregator(self, document: str, said: Aggregator) -> None:
        """An aggregator says for how many it asks: of what it says on a day the most counts."""
        key = document, said.name, said.feed_id
        if key in self._aggregators or len(self._aggregators) < _MOST_AGGREGATORS:
            self._aggregators[key] = max(said.number, self._aggregators.get(key, 0))
        else:
            self.overflow(document)

    def overflow(self, document: str) -> None:
        """More ask for a document than are remembered."""
        self._full.add(document)

    def so_far(self) -> tuple[Readership, ...]:
        """How many there are. It is copied first, and at once, so that another thread may go on counting."""
        readers, aggregators, full = dict(self._readers), dict(self._aggregators), frozenset(self._full)
        return (
            *(
                Readership(
                    day=self.day,
                    document=document,
                    number=len(readers.get(document, ())),
                    at_least=document in full,
                )
                for document in sorted(readers.keys() | full)
            ),
            *(
                Readership(day=self.day, document=document, aggregator=name, feed_id=feed_id, number=number)
                for (document, name, feed_id), number in sorted(aggregators.items())
            ),
        )


def _network(address: str) -> str:
    """The part of an address by which a machine is known for a day: of IPv6 it changes the rest by itself.

    RFC 8981.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or int(found) >> 64)


# ---------------------------------------------------------------- of a week


class FeedReaders(Struct, frozen=True, kw_only=True):
    """How many readers a merged feed has, about: `own` ask for themselves, on a usual day of the last week.

    That is the day in the middle, where days are put in order by how many. `aggregators` have said
    for how many they ask, the most first. `before` is what the weeks before come to on average, None
    where nothing was counted then. `sent` are sent it (WebSub); these may be among the others.
    """

    name: str
    address: str
    own: int
    aggregators: tuple[tuple[str, int], ...]
    at_least: bool
    before: int | None
    sent: int

    @property
    def number(self) -> int:
        return self.own + sum(number for _, number in self.aggregators)

    @property
    def in_words(self) -> str:
        return f"{'at least ' if self.at_least else ''}{self.number:,}"

    @property
    def change(self) -> str:
        """How many more or fewer than before: `+3`, `−2`, `0`; empty where nothing was counted then."""
        if self.before is None:
            return ""
        change = self.number - self.before
        return f"{change:+,}".replace("-", "−") if change else "0"


class Counts:
    """What was counted up to a day, to be told feed by feed."""

    def __init__(self, counted: Iterable[Readership], last: date) -> None:
        self._last = last
        self._of: dict[str, list[Readership]] = {}
        # On others the hub was not there to count.
        self._days: set[date] = set()
        for each in counted:
            self._of.setdefault(each.document, []).append(each)
            self._days.add(each.day)

    @property
    def documents(self) -> Set[str]:
        """All that was asked for."""
        return self._of.keys()

    def of(self, name: str, address: str, documents: Sequence[str], sent: int) -> FeedReaders:
        """The readers of a feed, which has these documents."""
        rows = [each for document in documents for each in self._of.get(document, ())]
        own, said, at_least = self._week(rows, self._last)
        return FeedReaders(
            name=name,
            address=address,
            own=own,
            aggregators=tuple(sorted(said.items(), key=lambda each: (-each[1], each[0].casefold()))),
            at_least=at_least,
            before=self._before(rows),
            sent=sent,
        )

    def _before(self, rows: Sequence[Readership]) -> int | None:
        weeks = []
        for back in range(1, _WEEKS_BEFORE + 1):
            last = self._last - _WEEK * back
            if any(last - _WEEK < day <= last for day in self._days):
                own, said, _ = self._week(rows, last)
                weeks.append(own + sum(said.values()))
        return round(sum(weeks) / len(weeks)) if weeks else None

    def _week(self, rows: Sequence[Readership], last: date) -> tuple[int, dict[str, int], bool]:
        """Who ask for themselves, for how many aggregators do by name, and whether it is at least so many."""
        days = {day: 0 for day in self._days if last - _WEEK < day <= last}
        latest: dict[tuple[str, str, str], Readership] = {}
        at_least = False
        for each in rows:
            if each.day not in days:
                continue
            at_least |= each.at_least
            key = each.document, each.aggregator, each.feed_id
            if not each.aggregator:
                days[each.day] += each.number
            elif key not in latest or latest[key].day < each.day:
                latest[key] = each
        said: dict[str, int] = {}
        for each in latest.values():
            said[each.aggregator] = said.get(each.aggregator, 0) + each.number
        return (sorted(days.values())[len(days) // 2] if days else 0), said, at_least


def most_first(found: Iterable[FeedReaders]) -> tuple[FeedReaders, ...]:
    """Feeds by how many read them, those of as many in the order in which they are."""
    return tuple(sorted(found, key=lambda each: -each.number))


def table(found: Iterable[FeedReaders]) -> str:
    """The feeds, a row each, for a spreadsheet."""
    return spreadsheet(_COLUMNS, (_row(each) for each in found))


def _row(each: FeedReaders) -> tuple[str | int, ...]:
    return (
        each.name,
        each.address,
        each.number,
        "yes" if each.at_least else "",
        "" if each.before is None else each.before,
        each.own,
        each.number - each.own,
        "; ".join(f"{name} {number}" for name, number in each.aggregators),
        each.sent,
    )
