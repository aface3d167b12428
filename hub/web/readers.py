"""Counts who asks for merged feeds, as they are answered, and has the store keep how many there were.

Nothing of a person is kept: see `hub.publish.readers`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from secrets import token_bytes
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from hub.errors import HubError
from hub.merged.catalogue import FORMATS
from hub.model import Readership
from hub.publish.agents import aggregator, is_browser, is_robot
from hub.publish.readers import DaysReaders

if TYPE_CHECKING:
    from hub.web.visit import Site

_log = logging.getLogger(__name__)

_EVERY = timedelta(minutes=5)
# What is left, beside the answers under way, of the time in which a server ends.
_AT_THE_END = 4.0  # seconds
# A day's numbers each, where the store takes none.
_MOST_DAYS = 7
_FEEDS = "/feeds/"
# Of which anybody could think of a million.
_SEARCHES = "/feeds/search."
_ENDINGS = tuple(f".{format}" for format in FORMATS)
_GIVEN = (200, 226, 304)


class CountingReaders:
    """The readers of merged feeds that one server counts.

    `note` is called by the thread that answers, alone; another writes down every few minutes what it has
    counted by then, from `start` to `close`.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._today = self._begun(self._day())
        # Of days that are over, what is not written yet.
        self._over: dict[date, tuple[Readership, ...]] = {}
        self._written: tuple[Readership, ...] = ()
        self._refused = False
        self._ending = Event()
        self._writing = Thread(target=self._write_on, name="web-readers", daemon=True)

    def note(self, method: str, path: str, status: int, client: str, fields: Mapping[str, str]) -> None:
        """A request was answered; `client` is its address and port, `fields` are its header's."""
        if method != "GET" or _FEEDS not in path or status not in _GIVEN:
            return
        if fields.get("sec-fetch-dest", "empty") != "empty":
            # A browser shows it.
            return
        address = fields.get("x-forwarded-for") or client.rpartition(":")[0]
        user_agent = fields.get("user-agent", "")
        today = self._today
        if not today.has_seen(path, address, user_agent):
            self._look(today, path, address, user_agent, fields.get("accept", ""))

    def _look(self, today: DaysReaders, path: str, address: str, user_agent: str, accept: str) -> None:
        """Count somebody who was not seen today."""
        visit = self._site.visit()
        document = _document(path, unquote_to_bytes(visit.addresses.prefix).decode(errors="replace"))
        said = aggregator(user_agent)
        if document is None or (said is None and is_browser(user_agent, accept)):
            return
        if not today.see(path, address, user_agent):
            today.overflow(document)
        elif said is not None:
            today.add_aggregator(document, said)
        elif not is_robot(user_agent) and user_agent != visit.config.hub.user_agent:
            # Of several the first is who asked the first proxy.
            today.add(document, address.partition(",")[0].strip(), user_agent)

    # ------------------------------------------------------------ writing it down

    def start(self) -> None:
        self._writing.start()

    def close(self) -> None:
        """Write down what is not written yet, if the store takes it soon."""
        self._ending.set()
        self._writing.join(_AT_THE_END)

    def _write_on(self) -> None:
        while not self._ending.wait(self._pause()):
            self.write()
        self.write()

    def _pause(self) -> float:
        """Seconds until it is written next: in a few minutes, or as the day is over."""
        now = self._site.now()
        midnight = datetime.combine(now.astimezone(UTC) + timedelta(days=1), datetime.min.time(), UTC)
        return min(_EVERY, midnight - now).total_seconds()

    def write(self) -> None:
        """Have the store keep what was counted; another day than before is begun. What it refuses waits."""
        day, before = self._day(), self._today
        if day != before.day:
            self._today = self._begun(day)
            self._over[before.day] = before.so_far()
            while len(self._over) > _MOST_DAYS:
                del self._over[min(self._over)]
        so_far = self._today.so_far()
        counted = (*(each for over in self._over.values() for each in over), *so_far)
        if not counted or counted == self._written:
            return
        try:
            # Not what readers are answered from, which may find out for all that the database is silent.
            with closing(self._site.open_store()) as store:
                store.give_up_at(self._ending)
                store.count_readers(counted)
        except HubError as error:
            if not self._refused:
                _log.warning("the number of readers waits to be stored: %s %s", error.problem, error.remedy)
            self._refused = True
            return
        self._refused = False
        self._over.clear()
        self._written = so_far

    def _day(self) -> date:
        return self._site.now().astimezone(UTC).date()

    def _begun(self, day: date) -> DaysReaders:
        return DaysReaders(day, token_bytes(32))


def _document(path: str, prefix: str) -> str | None:
    """The path of a merged feed's document, as `Readership` has it; None for all else that is at a path."""
    path = path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
    if not path.startswith(_FEEDS) or path.startswith(_SEARCHES) or not path.endswith(_ENDINGS):
        return None
    return quote(path)
