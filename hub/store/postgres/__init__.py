"""The store on PostgreSQL, by way of psycopg: for networks that have outgrown one machine.

Who writes holds an advisory lock to the end of the transaction, so that there is one
writer as there is with SQLite; those who read see the last commit and wait for nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.store.admins import Admins
from hub.store.care import Care
from hub.store.incidents import Incidents
from hub.store.postgres.pollers import SeeingPollers
from hub.store.postgres.takeover import TakingOver
from hub.store.readers import Readers
from hub.store.ruling import RulingOnStories
from hub.store.sending import Sending
from hub.store.watching import Watching


class PostgresStore(
    TakingOver, RulingOnStories, Incidents, Care, Watching, Sending, Readers, SeeingPollers, Admins
):
    """A Store in a PostgreSQL database."""

    def _settled(self, polls: int, entries: int) -> None:
        """The server sees to its log and its indexes by itself."""

    def check(self) -> tuple[str, ...]:
        with self._reading():
            problems = self._disagreements()
            differing = self._texts_found_otherwise()
            if differing:
                problems.append(f"the full-text index does not agree with the entries in {differing} places")
        return tuple(problems)

    def mend(self, step: Callable[[str], None]) -> None:
        with self._writing():
            self._make_anew(step)
            step("the full-text index")
            self._index_all_again()
            self._published_changed()
