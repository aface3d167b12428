"""Databases as earlier hubs left them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from hub.store.sqlite.migrations import migrations


def older_database(file: Path, *, before: str) -> sqlite3.Connection:
    """A new database without a migration and all that come after it; the caller closes it."""
    connection = sqlite3.connect(file, isolation_level=None)
    database = Database(connection)
    # To stop before what is not there is to stop nowhere.
    assert before in [migration.name for migration in migrations.pending(database)]
    migrations.apply(database, stop_before=before)
    return connection
