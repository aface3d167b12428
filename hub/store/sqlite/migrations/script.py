"""The set that migrations go into, and how the SQL of one is carried out."""

from __future__ import annotations

from sqlite3 import complete_statement

from sqlite_utils import Database, Migrations

migrations = Migrations("hub")


def execute(db: Database, script: str) -> None:
    """Carry out statements in the transaction that has begun."""
    # executescript() would commit the transaction this runs in.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            db.execute(statement)
            statement = ""
