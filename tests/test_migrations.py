"""Migrations stay as they are: databases that have them get nothing of what they are edited to."""

from __future__ import annotations

import hashlib
import inspect
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from sqlite_utils import Database

from hub.store import open_store
from hub.store.postgres.migrations import MIGRATIONS
from hub.store.sqlite.migrations import migrations
from tests.postgresql import new_store

# Never edit a migration that landed: add another, and its digest here.
DIGESTS = {
    "m001_the_first_tables": "9dd319ddceea0c4e",
    "m002_what_stories_are_told_by": "7c06f2028b4de688",
    "m003_kinds_of_entries_and_tags_by_hand": "e37b64d25df20c09",
    "m004_lists_and_counts_that_do_not_grow": "6e5a0b64b58e4185",
    "m005_what_searches_look_at": "5c913443d3db2a7c",
    "m006_sites_without_a_feed": "5de1ad7973411d7e",
    "m007_what_entries_said_before_and_are_told_apart_by": "6cee53cb8b10ee95",
    "m008_subscriptions_and_pushes": "185898ea60100394",
    "m009_what_the_schedule_goes_by": "80a866766f801ee2",
    "m010_what_is_not_published": "e8dd7679e09725ae",
    "m011_what_is_but_a_past": "d55f8e27fcfcf7bd",
    "m012_what_searches_narrow_hits_by": "364c409bdaefa5d9",
    "m013_what_is_cheaper_to_write": "0a7b9964f99cf016",
    "m014_what_is_counted_by_polls": "9e70fb668be8cf5a",
    "m015_what_waits_to_be_told": "52429a09f8a8da2f",
    "m016_bitmaps_of_common_words": "44e1e58c82e40b1a",
    "m017_what_is_smaller_to_write": "0e13d711e9221d6e",
    "m018_when_what_was_withdrawn_came_back": "df4b87c2ba2d6028",
    "m019_what_copies_are_found_by_again": "31a2ab4341aa3488",
    "m020_where_validators_are_from": "f758540a4ee7d2ee",
    "m021_corrections_by_their_date": "f52a01efbdf9c35b",
    "m022_since_when_feeds_fail_alike": "7057c74079ce0ecc",
    "m023_what_entries_have_besides_their_words": "52585cfa66ec2e2b",
    "m024_events_by_their_day": "3d271d5ecc94ceb0",
    "m025_how_entries_were_written": "77c2f1cfd1ce3773",
    "m026_who_told_what_was_withdrawn": "97ff42acd91c4266",
    "m027_pins": "2a9b43115ce12499",
    "m028_subscribers": "d7c023187869f1e7",
    "m029_what_other_databases_have_not": "0702a5bb31700e7c",
    "m030_admins": "4643c122cd87c34d",
    "m031_what_a_member_took_back_too": "0d617a42ffbc6756",
    "m032_subjects": "9f46b96fdc2ad21c",
    "m033_what_was_the_matter_with_feeds": "134d177005fe2517",
    "m034_feeds_that_are_left_alone": "c6d175f624d47ae6",
    "m035_roles": "136e7192add92751",
    "m036_what_members_were_told": "f33273d88270513b",
    "m037_who_withdrew_news": "d891c4adc340dcdf",
    "m038_what_was_taken_away": "e78db14235ac7ada",
    "m039_readers_of_merged_feeds": "154cbcadfd34bebb",
}

DIGESTS_OF_POSTGRESQL = {
    "p001_the_first_tables": "df6acec5a6392211",
    "p002_subjects": "b22c7588e5d36866",
    "p003_what_was_the_matter_with_feeds": "eeeafcf4b970d1fd",
    "p004_feeds_that_are_left_alone": "0efea10f976c606d",
    "p005_roles": "f2b2a42c26171534",
    "p006_what_members_were_told": "59913015ef96074c",
    "p007_who_withdrew_news": "368788251767817e",
    "p008_what_was_taken_away": "70234b8d9a36ce05",
    "p009_readers_of_merged_feeds": "8d1cc1ecb3cefa0e",
    "p010_statistics_of_words": "d6e0cbc7c3d082c1",
    "p011_the_index_of_words_is_sorted_soon": "d28e77f48c2fe870",
}
# What one of the databases has by itself.
IN_SQLITE_ALONE = {"bitmap_blocks", "common_words", "word_bitmaps", "_sqlite_migrations", "sqlite_sequence"}
IN_POSTGRESQL_ALONE = {"hub_migrations", "search"}


def test_no_migration_that_landed_is_edited() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        found = {each.name: _digest(each.fn) for each in migrations.pending(Database(connection))}
    edited = {name: now for name, now in found.items() if now != DIGESTS.get(name)}
    assert edited == {}, "never edit a migration that landed: add another, and the digest of that"
    assert list(found) == list(DIGESTS)


def test_no_migration_of_postgresql_that_landed_is_edited() -> None:
    found = {name: _digest_of(script) for name, script in MIGRATIONS.items()}
    assert found == DIGESTS_OF_POSTGRESQL, "add another, and the digest of that"


def test_both_databases_have_the_same_columns(tmp_path: Path) -> None:
    """Each by its table, with whether it may be null, and whether it is a number, a text or bytes."""
    open_store(f"sqlite:///{tmp_path}/hub.db").close()
    kinds = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text", "BLOB": "bytea"}
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        in_sqlite = {
            (table, name, kinds[kind], bool(must or key))
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if table not in IN_SQLITE_ALONE and not table.startswith("search")
            for _, name, kind, must, _, key in database.execute(f"PRAGMA table_info({table})").fetchall()
        }
    with new_store() as address, closing(psycopg.connect(address)) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable = 'NO' FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
        ).fetchall()
    in_postgresql = {column for column in columns if column[0] not in IN_POSTGRESQL_ALONE}
    assert in_postgresql == in_sqlite - {("state", "bitmaps_made", "text", False)}


def _digest(migration: Any) -> str:
    """A digest of a migration's lines and of the SQL that it names."""
    named = [migration.__globals__.get(each) for each in sorted(migration.__code__.co_names)]
    text = "".join([inspect.getsource(migration), *(each for each in named if isinstance(each, str))])
    return _digest_of(text)


def _digest_of(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def test_a_check_finds_what_a_database_lacks_of_what_migrations_make(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hub.db"
    open_store(url).close()
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        database.execute("ALTER TABLE pins DROP COLUMN last_day")
        database.execute("DROP TABLE checks")
    with closing(open_store(url)) as store:
        assert store.check() == ("there is no table checks", "the table pins has no column last_day")
