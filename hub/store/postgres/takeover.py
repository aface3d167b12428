"""A network that has outgrown one machine: all that a SQLite database has, into PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from hub.store.postgres.searching import Searching
from hub.store.sqlite.connection import SqliteConnection

_COLUMNS = """
SELECT table_name, string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name NOT IN ('hub_migrations', 'search')
GROUP BY table_name ORDER BY table_name
"""
_NUMBERED = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND is_identity = 'YES'
"""
_NO_INDEX = "DROP INDEX search_words"
# As the tables and what was done to them since have it.
_INDEX = "CREATE INDEX search_words ON search USING gin (words) WITH (gin_pending_list_limit = 128)"


class TakingOver(Searching):
    """The part of the store that takes over what another has."""

    def take_over(self, original: SqliteConnection, step: Callable[[str], None]) -> None:
        """Have all that a SQLite database has in place of what there is, or nothing of it.

        Under the same numbers, so that stories, ids and links stay what they are. `step` is told what
        comes next. Raises StoreError.
        """
        with self._writing(), original._reading():
            self._execute("SET CONSTRAINTS ALL DEFERRED")
            tables = self._tuples(_COLUMNS)
            # Who searches waits while there is no index: not where somebody may.
            empty = not self._value("SELECT EXISTS (SELECT 1 FROM search)")
            # Not by TRUNCATE, after which who reads an earlier state finds nothing.
            for table, _ in tables:
                self._execute(f"DELETE FROM {table}")
            for table, columns in tables:
                if original._value(f"SELECT EXISTS (SELECT 1 FROM {table})"):
                    step(table)
                    self._fill(table, columns, original)
            self._execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table, column in self._tuples(_NUMBERED):
                self._go_on_after(table, column, original)
            step("the full-text index")
            if empty:
                self._execute(_NO_INDEX)
            self._index_all_again()
            if empty:
                # At its end it takes a fraction of the time.
                self._execute(_INDEX)
            # Else searches are planned as for empty tables, until the server looks by itself.
            self._execute(f"ANALYZE {', '.join(table for table, _ in tables)}, search")
            self._published_changed()

    def _fill(self, table: str, columns: str, original: SqliteConnection) -> None:
        asked = self._connection.cursor()
        with asked.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
            for row in original._each(f"SELECT {columns} FROM {table}"):
                copy.write_row(row)

    def _go_on_after(self, table: str, column: str, original: SqliteConnection) -> None:
        """Have what comes next be numbered past what was ever numbered: no number is given twice."""
        last = original._value(
            f"SELECT MAX(COALESCE((SELECT MAX({column}) FROM {table}), 0),"
            " COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?), 0))",
            (table,),
        )
        self._execute(
            "SELECT setval(pg_get_serial_sequence(?, ?), CAST(? AS BIGINT), FALSE)",
            (table, column, last + 1),
        )
