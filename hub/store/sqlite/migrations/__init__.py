"""The tables of the SQLite store, one migration a change of them, in their order.

A migration that has landed is never edited: what it made is in people's
databases. What is to be another goes into one more (`tests/test_migrations.py`
holds each as it is).

    members ──< feeds ──< entries >── stories
                  │          │           │
            polls, pages   tags      story_tags (derived from tags), tag_bitmaps, tag_counts, member_counts
                           sketches  sketch_index (derived from sketches)
                           rulings
                           overrulings (what admins said of tags), pins
      habits, windows,     revisions (what entries said before)
      taken_away           standings (of what is not published, and what admins said of it)
                             search (full text of entries), bitmap_blocks ──< word_bitmaps >── common_words

    feeds ──< subscriptions ──< pushes (that wait to be taken)
          └─< incidents (what was the matter), channels (by which people are told of it)

    subscribers (of our merged feeds), intents (what was asked for them, and waits to be confirmed)

    readers (how many merged feeds had, by day)
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from sqlite3 import connect

from sqlite_utils import Database

# To import them is to have their migrations in the set.
from hub.store.sqlite.migrations import m001_to_m009, m010_to_m021, m022_on  # noqa: F401
from hub.store.sqlite.migrations.script import migrations

__all__ = ["from_later", "lacking", "migrations"]


def from_later(db: Database) -> set[str]:
    """The migrations of a database that this hub does not know: a later one made them."""
    return {each.name for each in migrations.applied(db)} - _known()


@cache
def _known() -> frozenset[str]:
    with closing(connect(":memory:")) as connection:
        return frozenset(each.name for each in migrations.pending(Database(connection)))


# The full text is looked at by itself.
_COLUMNS = """
SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'search%' ORDER BY t.name, c.cid
"""


def lacking(db: Database) -> list[str]:
    """The tables and columns that the migrations make and a database has not, a sentence each."""
    there = set(db.execute(_COLUMNS).fetchall())
    tables = {table for table, _ in there}
    return list(
        dict.fromkeys(
            f"the table {table} has no column {column}" if table in tables else f"there is no table {table}"
            for table, column in _wanted()
            if (table, column) not in there
        )
    )


@cache
def _wanted() -> tuple[tuple[str, str], ...]:
    with closing(connect(":memory:", isolation_level=None)) as connection:
        made = Database(connection)
        migrations.apply(made)
        return tuple(made.execute(_COLUMNS).fetchall())
