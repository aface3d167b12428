"""What is not published, and tables and indexes that are cheaper to write and to ask."""

from __future__ import annotations

import json
from array import array
from itertools import repeat

from sqlite_utils import Database

from hub.store.roaring import BitMap

# Under the name that those which landed call it by.
from hub.store.sqlite.migrations.script import execute as _execute
from hub.store.sqlite.migrations.script import migrations

_STANDINGS = """
-- Null for what is published; all else is left out of what readers see. At the end of each index by which
-- lists are read, so that they need not look into the rows.
ALTER TABLE entries ADD COLUMN standing TEXT CHECK (standing IN ('held', 'quarantined', 'withdrawn'));
DROP INDEX entries_date;
CREATE INDEX entries_date ON entries (date, key, standing);
DROP INDEX entries_member;
CREATE INDEX entries_member ON entries (member, date, key, standing);
DROP INDEX entries_kind;
CREATE INDEX entries_kind ON entries (kind, date, key, standing);
DROP INDEX entries_found;
CREATE INDEX entries_found ON entries (key, story, lead, date, member, kind, standing);
-- Of each entry that is not published, why not; and each that an admin said to publish.
CREATE TABLE standings (
    entry INTEGER PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE,
    standing TEXT NOT NULL CHECK (standing IN ('published', 'held', 'quarantined', 'withdrawn')),
    why TEXT NOT NULL,
    moment TEXT NOT NULL,
    by_admin INTEGER NOT NULL,
    was_published INTEGER NOT NULL,
    story INTEGER                      -- the one that it left
);
-- What a feed's entries have been like.
CREATE TABLE habits (
    feed INTEGER PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
    entries INTEGER NOT NULL,
    sites TEXT NOT NULL,               -- JSON: how many lead to each
    scripts TEXT NOT NULL,
    words BLOB NOT NULL,               -- four bytes a word
    last INTEGER NOT NULL,             -- the ordinal of the day that `days` begins with
    days BLOB NOT NULL,                -- a byte a day, backwards
    latest TEXT NOT NULL
);
-- The entries of a feed's last document, in its order: eight bytes a key, eight its date, in seconds.
CREATE TABLE windows (
    feed INTEGER PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
    entries BLOB NOT NULL
);
-- Pages of entries that are missing from their feed, to be looked at.
CREATE TABLE checks (
    entry INTEGER PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE,
    due TEXT NOT NULL,
    gone_since TEXT,
    tries INTEGER NOT NULL
);
CREATE INDEX checks_due ON checks (due);
CREATE INDEX standings_moment ON standings (standing, moment);
ALTER TABLE feeds ADD COLUMN trust TEXT NOT NULL DEFAULT 'usual';
-- How many entries of its last document were our own come back.
ALTER TABLE feeds ADD COLUMN reshares INTEGER NOT NULL DEFAULT 0;
ALTER TABLE polls ADD COLUMN reshares INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER entries_discounted;
CREATE TRIGGER entries_discounted AFTER DELETE ON entries WHEN old.standing IS NULL BEGIN
    UPDATE member_counts SET entries = entries - 1, leads = leads - old.lead WHERE member = old.member;
END;
CREATE TRIGGER entries_withheld AFTER UPDATE OF standing ON entries
WHEN (new.standing IS NULL) <> (old.standing IS NULL) BEGIN
    UPDATE member_counts SET entries = entries + CASE WHEN new.standing IS NULL THEN 1 ELSE -1 END
        WHERE member = new.member;
END;
"""


@migrations()
def m010_what_is_not_published(db: Database) -> None:
    _execute(db, _STANDINGS)


@migrations()
def m011_what_is_but_a_past(db: Database) -> None:
    """Merged feeds leave out stories of which nothing was told; so far all were."""
    _execute(db, "ALTER TABLE stories ADD COLUMN told INTEGER NOT NULL DEFAULT 1;")


_SEARCHED = """
-- The few entries that lead no story: copies, and what is not published. A search looks for them among
-- many hits, without looking at each of these.
CREATE INDEX entries_aside ON entries (key) WHERE lead = 0;
-- And for those among them that have a tag.
CREATE INDEX story_tags_lead ON story_tags (term, lead);
"""


@migrations()
def m012_what_searches_narrow_hits_by(db: Database) -> None:
    _execute(db, _SEARCHED)


_WRITING = """
-- The full text of new entries is written by who stores them, of a whole batch in a row.
DROP TRIGGER entries_stored;
-- Story by story, so that no index by story is needed beside it.
CREATE TABLE tags_of_stories (
    story INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    term TEXT NOT NULL,
    date TEXT NOT NULL,                -- the lead's
    lead INTEGER NOT NULL,             -- the lead's key
    PRIMARY KEY (story, term)
) WITHOUT ROWID;
INSERT INTO tags_of_stories (story, term, date, lead)
SELECT story, term, date, lead FROM story_tags ORDER BY 1, 2;
DROP TABLE story_tags;
ALTER TABLE tags_of_stories RENAME TO story_tags;
CREATE INDEX story_tags_date ON story_tags (term, date, lead);
CREATE INDEX story_tags_lead ON story_tags (term, lead);
"""


@migrations()
def m013_what_is_cheaper_to_write(db: Database) -> None:
    _execute(db, _WRITING)


_COUNTING = """
-- Counted by who stores them, those of a poll at once. With a trigger SQLite keeps a copy of each page
-- that an insertion changes, which takes longer than to insert.
DROP TRIGGER entries_counted;
"""


@migrations()
def m014_what_is_counted_by_polls(db: Database) -> None:
    _execute(db, _COUNTING)


_WAITING = """
CREATE INDEX revisions_waiting ON revisions (entry) WHERE told = 'waits';
-- JSON: the tags that its story had when it was withdrawn, some of them by other entries.
ALTER TABLE standings ADD COLUMN terms TEXT;
-- When a page is to be looked at again that was looked at in vain; null where it never is.
ALTER TABLE pages ADD COLUMN again TEXT;
"""


@migrations()
def m015_what_waits_to_be_told(db: Database) -> None:
    _execute(db, _WAITING)


_BITMAPS = """
CREATE TABLE common_words (
    id INTEGER PRIMARY KEY,
    term TEXT NOT NULL UNIQUE,         -- what the full-text index makes of it
    word TEXT NOT NULL                 -- what it is asked for by
);
CREATE TABLE bitmap_blocks (
    first INTEGER PRIMARY KEY,         -- keys
    last INTEGER NOT NULL
);
CREATE TABLE word_bitmaps (
    word INTEGER NOT NULL REFERENCES common_words (id),
    block INTEGER NOT NULL REFERENCES bitmap_blocks (first) ON DELETE CASCADE,
    entries INTEGER NOT NULL,          -- how many have the word
    bits BLOB NOT NULL,                -- one for each key, the lowest first
    PRIMARY KEY (word, block)
);
CREATE INDEX word_bitmaps_block ON word_bitmaps (block);
ALTER TABLE state ADD COLUMN bitmaps_made TEXT;
-- Whether the story of one that leads none has a tag is asked without a look at its row.
DROP INDEX entries_aside;
CREATE INDEX entries_aside ON entries (key, story) WHERE lead = 0;
CREATE TRIGGER bitmaps_outdated AFTER UPDATE OF title, text ON entries BEGIN
    DELETE FROM bitmap_blocks WHERE last >= old.key
        AND first = (SELECT MAX(first) FROM bitmap_blocks WHERE first <= old.key);
END;
CREATE TRIGGER bitmaps_outdated_too AFTER DELETE ON entries BEGIN
    DELETE FROM bitmap_blocks WHERE last >= old.key
        AND first = (SELECT MAX(first) FROM bitmap_blocks WHERE first <= old.key);
END;
"""


@migrations()
def m016_bitmaps_of_common_words(db: Database) -> None:
    _execute(db, _BITMAPS)


_COMPACT = """
-- One row an entry, since its tags are read and written together; asked for by term are those of stories.
CREATE TABLE tags_of_entries (
    entry INTEGER PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE,
    tags TEXT NOT NULL                 -- JSON: term, why, kind, narrower of each
);
INSERT INTO tags_of_entries (entry, tags)
SELECT entry, json_group_array(json_array(term, why, kind, json(narrower)))
FROM (SELECT * FROM tags ORDER BY entry, position) GROUP BY entry;
DROP TABLE tags;
ALTER TABLE tags_of_entries RENAME TO tags;
CREATE TABLE tags_of_stories (
    story INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    term TEXT NOT NULL,
    date INTEGER NOT NULL,             -- the lead's, in microseconds since 1970
    lead INTEGER NOT NULL,             -- the lead's key
    PRIMARY KEY (story, term)
) WITHOUT ROWID;
INSERT INTO tags_of_stories (story, term, date, lead)
SELECT story, term, strftime('%s', substr(date, 1, 19)) * 1000000 + CAST(substr(date, 21, 6) AS INTEGER), lead
FROM story_tags ORDER BY 1, 2;
DROP TABLE story_tags;
ALTER TABLE tags_of_stories RENAME TO story_tags;
CREATE INDEX story_tags_date ON story_tags (term, date, lead);
-- Instead of an index by lead: which entries' stories have a tag.
CREATE TABLE tag_bitmaps (
    term TEXT NOT NULL,
    block INTEGER NOT NULL,            -- of so many keys
    bits BLOB NOT NULL,                -- a Roaring bitmap of the keys of those that have it
    PRIMARY KEY (term, block)
);
-- Those of words are Roaring bitmaps from now on, made anew by the polls to come.
DELETE FROM bitmap_blocks;
DELETE FROM word_bitmaps;
-- A story that an entry leads not is not asked for its tags by that any more.
DROP INDEX entries_aside;
CREATE INDEX entries_aside ON entries (key) WHERE lead = 0;
"""


@migrations()
def m017_what_is_smaller_to_write(db: Database) -> None:
    _execute(db, _COMPACT)
    tagged = db.execute(
        "SELECT t.term, json_group_array(e.key) FROM story_tags t JOIN entries e ON e.story = t.story"
        " GROUP BY t.term"
    ).fetchall()
    for term, written in tagged:
        keys = BitMap(json.loads(written))
        for block in sorted({key // 16_384 for key in keys}):
            bits = keys & BitMap(range(block * 16_384, (block + 1) * 16_384))
            db.execute("INSERT INTO tag_bitmaps VALUES (?, ?, ?)", (term, block, bits.serialize()))


@migrations()
def m018_when_what_was_withdrawn_came_back(db: Database) -> None:
    _execute(db, "ALTER TABLE entries ADD COLUMN back TEXT;")


_INDEX_AGAIN = """
CREATE TEMP TABLE found (number INTEGER NOT NULL, story INTEGER NOT NULL);
DELETE FROM sketch_index;
"""


@migrations()
def m019_what_copies_are_found_by_again(db: Database) -> None:
    """Each week a part of it was taken out that was not too old."""
    _execute(db, _INDEX_AGAIN)
    sketches = (
        "SELECT s.numbers, e.story FROM sketches s JOIN entries e ON e.key = s.entry WHERE e.standing IS NULL"
    )
    for numbers, story in db.conn.execute(sketches):
        found = zip(array("I", numbers), repeat(story))
        db.conn.executemany("INSERT INTO found VALUES (?, ?)", found)
    # Of what eight stories have no more was ever written.
    db.execute(
        "INSERT INTO sketch_index (number, story) SELECT number, story FROM ("
        " SELECT number, story, ROW_NUMBER() OVER (PARTITION BY number ORDER BY story) AS nth"
        " FROM (SELECT DISTINCT number, story FROM found)) WHERE nth <= 8"
    )
    db.execute("DROP TABLE found")


@migrations()
def m020_where_validators_are_from(db: Database) -> None:
    _execute(db, "ALTER TABLE feeds ADD COLUMN validated_at TEXT;")


@migrations()
def m021_corrections_by_their_date(db: Database) -> None:
    _execute(db, "CREATE INDEX revisions_told ON revisions (until) WHERE told = 'yes';")
