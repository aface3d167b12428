"""The store on SQLite, by way of sqlite-utils: the default, and enough for most networks.

One file in WAL mode: those who read see the last commit and never wait for
the one who writes. `synchronous=NORMAL` means that a power cut may undo the
last polls, whole; the next round brings them again, since their validators
are undone with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from hub.errors import StoreError
from hub.model import Entry, Poller, Workers
from hub.store.admins import Admins
from hub.store.care import Care
from hub.store.incidents import Incidents
from hub.store.readers import Readers
from hub.store.ruling import RulingOnStories
from hub.store.sending import Sending
from hub.store.sqlite.checkpoints import MOST_PAGES, Checkpoints
from hub.store.sqlite.migrations import lacking
from hub.store.sqlite.searching import Searching
from hub.store.watching import Watching

# KB of pages that the writer keeps. With less, a batch evicts pages of its indexes while it fills
# them; with more nothing is gained.
_WRITERS_CACHE = 24_000
# What a batch changes by itself, and for each entry with its indexes; polls that find nothing share some.
_PAGES_OF_BATCH, _PAGES_OF_ENTRY, _POLLS_OF_PAGE = 4, 10, 2
# No trigger does this, since with one each entry becomes a part of the full-text index by itself, to be
# merged with the others; what is written in a row is one part.
NEW_IN_SEARCH = "INSERT INTO search (rowid, title, text) VALUES (?, ?, ?)"


class SqliteStore(RulingOnStories, Incidents, Care, Searching, Watching, Sending, Readers, Admins):
    """A Store in one file."""

    # ------------------------------------------------------------ as polls are settled

    @cached_property
    def _checkpoints(self) -> Checkpoints:
        """Begun with the first polls: then this is the connection that writes."""
        with self._errors():
            self._execute(f"PRAGMA cache_size = -{_WRITERS_CACHE}")
            self._execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
        return Checkpoints(self._file)

    def close(self) -> None:
        if "_checkpoints" in self.__dict__:
            self._checkpoints.close()
        super().close()

    @property
    def terms_of(self) -> None:
        return None

    def _index_new(self, entries: Sequence[tuple[int, Entry]], now: datetime) -> None:
        self._write_each(NEW_IN_SEARCH, [(key, entry.title, entry.text) for key, entry in entries])
        self._keep_bitmaps(now)

    def _index_changed(self, key: int, entry: Entry) -> None:
        """A trigger has done it."""

    def _settled(self, polls: int, entries: int) -> None:
        self._checkpoints.after(_PAGES_OF_BATCH + polls // _POLLS_OF_PAGE + _PAGES_OF_ENTRY * entries)

    def workers(self) -> Workers:
        """There are none: they need a database on a server."""
        return Workers()

    def pollers(self) -> tuple[Poller, ...] | None:
        return None

    # ------------------------------------------------------------ care

    def check(self) -> tuple[str, ...]:
        with self._errors():
            problems = [str(found) for (found,) in self._tuples("PRAGMA integrity_check") if found != "ok"]
            problems += [
                f"{row['table']}: row {row['rowid']} names a row of {row['parent']} that is not there"
                for row in self._rows("PRAGMA foreign_key_check")
            ]
            # A migration that was edited after a database had it makes there nothing more.
            if missing := lacking(self._db):
                return (*problems, *missing)
            problems += self._disagreements()
            differing = self._word_bitmaps_that_differ()
            if differing:
                problems.append(
                    f"bitmaps of common words do not agree with the full-text index in {differing} places"
                )
        # Before, so that no wait for who writes is deaf to signals.
        with self._writing():
            try:
                self._execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
            except sqlite3.Error as error:
                code = error.sqlite_errorcode & 0xFF
                if code == sqlite3.SQLITE_READONLY:
                    raise StoreError(
                        f"The full-text index of {self._file} was not checked: the file may not be written.",
                        "Run this as the user that the hub runs as.",
                    ) from error
                # Whoever holds the database, or fills its disk, does not damage it.
                if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                problems.append(f"the full-text index does not agree with the entries: {error}")
        return tuple(problems)

    def mend(self, step: Callable[[str], None]) -> None:
        with self._writing():
            self._make_anew(step)
            step("the full-text index")
            self._execute("INSERT INTO search (search) VALUES ('rebuild')")
            # Those of words come anew with the polls that follow.
            self._execute("DELETE FROM bitmap_blocks")
            self._execute("DELETE FROM word_bitmaps")
            self._published_changed()
