"""The tables of the SQLite store, one migration a change of them.

A migration that has landed is never edited: what it made is in people's
databases. What is to be another goes into one more (`tests/test_migrations.py`
holds each as it is).

    members ──< feeds ──< entries >── stories
                  │          │           │
            polls, pages   tags      story_tags (derived from tags), tag_bitmaps, tag_counts, member_counts
                           sketches  sketch_index (derived from sketches)
                           rulings
                           overrulings (what admins said of tags), pins
      habits, windows      revisions (what entries said before)
                           standings (of what is not published, and what admins said of it)
                             search (full text of entries), bitmap_blocks ──< word_bitmaps >── common_words

    feeds ──< subscriptions ──< pushes (that wait to be taken)
          └─< incidents (what was the matter), channels (by which people are told of it)

    subscribers (of our merged feeds), intents (what was asked for them, and waits to be confirmed)
"""

from __future__ import annotations

import json
from array import array
from contextlib import closing
from datetime import datetime
from functools import cache
from itertools import chain, repeat
from sqlite3 import complete_statement, connect

from sqlite_utils import Database, Migrations

from hub import events
from hub.store.roaring import BitMap

migrations = Migrations("hub")


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


_TABLES = """
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,          -- grows whenever what is published changes
    authority TEXT NOT NULL            -- the host name in tag: ids minted from now on
);
INSERT INTO state VALUES (1, 1, 'localhost');

CREATE TABLE members (
    slug TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    configured INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    region TEXT,
    homepage TEXT,
    republish TEXT NOT NULL
);

CREATE TABLE feeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    member TEXT NOT NULL REFERENCES members (slug),
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    configured INTEGER NOT NULL,
    url TEXT NOT NULL,
    alternatives TEXT NOT NULL,
    tags TEXT NOT NULL,
    used_url TEXT,
    etag TEXT,
    last_modified TEXT,
    body_digest TEXT,
    polled TEXT,
    succeeded TEXT,
    next_poll TEXT,
    next_poll_why TEXT NOT NULL DEFAULT '',
    not_before TEXT,
    gone TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since TEXT,
    error TEXT,
    remedy TEXT,
    reason TEXT,
    remarks TEXT NOT NULL DEFAULT '[]',
    info_title TEXT NOT NULL DEFAULT '',
    info_id TEXT,
    info_link TEXT,
    info_updated TEXT,
    info_rights TEXT,
    info_language TEXT,
    UNIQUE (member, name)
);
CREATE INDEX feeds_due ON feeds (configured, next_poll);

CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    not_before TEXT NOT NULL
);

CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    started TEXT NOT NULL,
    seconds REAL NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER,
    size INTEGER NOT NULL,
    new INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    error TEXT,
    remarks TEXT NOT NULL
);
CREATE INDEX polls_feed ON polls (feed, started);
CREATE INDEX polls_started ON polls (started);

CREATE TABLE stories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    merged_into INTEGER REFERENCES stories (id)
);

CREATE TABLE entries (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER NOT NULL REFERENCES feeds (id),
    member TEXT NOT NULL REFERENCES members (slug),
    story INTEGER NOT NULL REFERENCES stories (id),
    lead INTEGER NOT NULL,
    why TEXT NOT NULL,
    atom_id TEXT NOT NULL,
    atom_key TEXT NOT NULL UNIQUE,
    id_key TEXT,
    loose_id_key TEXT,
    link_key TEXT,
    title_key TEXT NOT NULL,
    date TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    changed TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    past_fingerprints TEXT NOT NULL,
    id TEXT,
    title TEXT NOT NULL,
    link TEXT,
    canonical_link TEXT,
    published TEXT,
    updated TEXT,
    summary TEXT NOT NULL,
    content TEXT NOT NULL,
    text TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    language TEXT,
    direction TEXT,
    image TEXT,
    rights TEXT,
    details TEXT NOT NULL              -- JSON: authors, categories, enclosures, source
);
CREATE INDEX entries_lead ON entries (lead, date, key);
CREATE INDEX entries_date ON entries (date, key);
CREATE INDEX entries_member ON entries (member, date, key);
CREATE INDEX entries_story ON entries (story, lead);
CREATE INDEX entries_id ON entries (id_key);
CREATE INDEX entries_link ON entries (link_key);
CREATE INDEX entries_loose_id ON entries (feed, loose_id_key);
CREATE INDEX entries_title ON entries (feed, title_key);
CREATE INDEX entries_first_seen ON entries (first_seen);

CREATE TABLE tags (
    entry INTEGER NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    term TEXT NOT NULL,
    why TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (entry, term)
);

CREATE TABLE story_tags (
    term TEXT NOT NULL,
    story INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    PRIMARY KEY (term, story)
);
CREATE INDEX story_tags_story ON story_tags (story);

CREATE VIRTUAL TABLE search USING fts5 (
    title, text, content='entries', content_rowid='key',
    tokenize="porter unicode61 remove_diacritics 2"
);
CREATE TRIGGER entries_stored AFTER INSERT ON entries BEGIN
    INSERT INTO search (rowid, title, text) VALUES (new.key, new.title, new.text);
END;
CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
    INSERT INTO search (search, rowid, title, text) VALUES ('delete', old.key, old.title, old.text);
END;
CREATE TRIGGER entries_changed AFTER UPDATE OF title, text ON entries BEGIN
    INSERT INTO search (search, rowid, title, text) VALUES ('delete', old.key, old.title, old.text);
    INSERT INTO search (rowid, title, text) VALUES (new.key, new.title, new.text);
END;
"""


def _execute(db: Database, script: str) -> None:
    # executescript() would commit the transaction this runs in.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            db.execute(statement)
            statement = ""


@migrations()
def m001_the_first_tables(db: Database) -> None:
    _execute(db, _TABLES)


_STORIES = """
-- What an entry's words are compared by. Only of the last months' entries.
CREATE TABLE sketches (
    entry INTEGER PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE,
    words BLOB NOT NULL,               -- four bytes a word
    numbers BLOB NOT NULL,             -- four bytes each: what is in sketch_index
    credits BLOB NOT NULL,             -- four bytes each: the pages it links to
    wordless INTEGER NOT NULL
);
-- By what an entry finds the stories it may be a copy of. A number that very
-- many stories have is not written any more.
CREATE TABLE sketch_index (
    number INTEGER NOT NULL,
    story INTEGER NOT NULL,
    PRIMARY KEY (number, story)
) WITHOUT ROWID;
-- What an admin decided, and no rule undoes.
CREATE TABLE rulings (
    entry INTEGER NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    ruling TEXT NOT NULL CHECK (ruling IN ('together', 'apart', 'alone', 'lead')),
    other INTEGER REFERENCES entries (key) ON DELETE CASCADE,  -- of `apart` alone
    made TEXT NOT NULL
);
CREATE INDEX rulings_entry ON rulings (entry);
CREATE INDEX rulings_other ON rulings (other);
-- The entry of which a copy is one.
ALTER TABLE entries ADD COLUMN copy_of INTEGER REFERENCES entries (key) ON DELETE SET NULL;
CREATE INDEX entries_copy_of ON entries (copy_of) WHERE copy_of IS NOT NULL;
-- The week (ISO 8601) in which what is too old was last taken out of sketches and sketch_index.
ALTER TABLE state ADD COLUMN pruned TEXT NOT NULL DEFAULT '';
"""


@migrations()
def m002_what_stories_are_told_by(db: Database) -> None:
    _execute(db, _STORIES)


_KINDS_AND_OVERRULINGS = """
ALTER TABLE entries ADD COLUMN kind TEXT NOT NULL DEFAULT 'news';
ALTER TABLE entries ADD COLUMN event_date TEXT;
CREATE INDEX entries_kind ON entries (kind, date, key);
ALTER TABLE tags ADD COLUMN kind TEXT;
ALTER TABLE tags ADD COLUMN narrower TEXT NOT NULL DEFAULT '[]';
CREATE TABLE overrulings (
    entry INTEGER NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    term TEXT NOT NULL,
    tags TEXT NOT NULL,                -- JSON: what was given, [] for a tag taken away
    moment TEXT NOT NULL,
    PRIMARY KEY (entry, term)
);
"""


@migrations()
def m003_kinds_of_entries_and_tags_by_hand(db: Database) -> None:
    """What is stored is news until `hub retag`; the days of events are found now."""
    _execute(db, _KINDS_AND_OVERRULINGS)
    keys = [key for (key,) in db.execute("SELECT key FROM entries").fetchall()]
    for key in keys:
        title, text, given = db.execute(
            "SELECT title, text, COALESCE(published, updated) FROM entries WHERE key = ?", (key,)
        ).fetchone()
        since = datetime.fromisoformat(given).date() if given else None
        day = events.first_day(title, text, since=since)
        if day is not None:
            db.execute("UPDATE entries SET event_date = ? WHERE key = ?", (day.isoformat(), key))


_SCALE = """
-- Story's tags with what lists are sorted by, so that a page of a tag is read off an index.
CREATE TABLE tags_of_stories (
    term TEXT NOT NULL,
    story INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    date TEXT NOT NULL,                -- the lead's
    lead INTEGER NOT NULL,             -- the lead's key
    PRIMARY KEY (term, story)
) WITHOUT ROWID;
INSERT INTO tags_of_stories (term, story, date, lead)
SELECT DISTINCT t.term, l.story, l.date, l.key FROM tags t JOIN entries e ON e.key = t.entry
JOIN entries l ON l.story = e.story AND l.lead = 1 ORDER BY 1, 2;
DROP TABLE story_tags;
ALTER TABLE tags_of_stories RENAME TO story_tags;
CREATE INDEX story_tags_story ON story_tags (story);
CREATE INDEX story_tags_date ON story_tags (term, date, lead);

-- Counted as they come and go: to count them anew takes the longer the more there are.
CREATE TABLE tag_counts (term TEXT PRIMARY KEY, stories INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO tag_counts SELECT term, COUNT(*) FROM story_tags GROUP BY term;
CREATE TABLE member_counts (
    member TEXT PRIMARY KEY REFERENCES members (slug) ON DELETE CASCADE,
    entries INTEGER NOT NULL,
    leads INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO member_counts SELECT member, COUNT(*), SUM(lead) FROM entries GROUP BY member;
CREATE TRIGGER entries_counted AFTER INSERT ON entries BEGIN
    INSERT INTO member_counts VALUES (new.member, 1, new.lead)
        ON CONFLICT (member) DO UPDATE SET entries = entries + 1, leads = leads + new.lead;
END;
CREATE TRIGGER entries_discounted AFTER DELETE ON entries BEGIN
    UPDATE member_counts SET entries = entries - 1, leads = leads - old.lead WHERE member = old.member;
END;
CREATE TRIGGER entries_led AFTER UPDATE OF lead ON entries WHEN new.lead <> old.lead BEGIN
    UPDATE member_counts SET leads = leads + new.lead - old.lead WHERE member = new.member;
END;
"""


@migrations()
def m004_lists_and_counts_that_do_not_grow(db: Database) -> None:
    _execute(db, _SCALE)


_FOUND = """
-- What a search asks of the many entries it found, beside each other; the rows lie far apart.
CREATE INDEX entries_found ON entries (key, story, lead, date, member, kind);
"""


@migrations()
def m005_what_searches_look_at(db: Database) -> None:
    _execute(db, _FOUND)


_SITES = """
-- How a feed's addresses are read that are no feeds: JSON, by address.
ALTER TABLE feeds ADD COLUMN kinds TEXT NOT NULL DEFAULT '{}';
-- The address whose page names used_url.
ALTER TABLE feeds ADD COLUMN named_at TEXT;
-- What the next poll of such a site begins with: JSON.
ALTER TABLE feeds ADD COLUMN listings TEXT NOT NULL DEFAULT '[]';
-- The pages of such a site that need not be looked at again, by number.
CREATE TABLE pages (
    feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    page INTEGER NOT NULL,
    PRIMARY KEY (feed, page)
) WITHOUT ROWID;
"""


@migrations()
def m006_sites_without_a_feed(db: Database) -> None:
    _execute(db, _SITES)


_IDENTITY = """
-- By what a feed's entries are told apart: as feeds.yaml says; as its documents showed, why, since when,
-- and in how many documents in a row most entries had another of these.
ALTER TABLE feeds ADD COLUMN identify_by TEXT;
ALTER TABLE feeds ADD COLUMN identity_by TEXT NOT NULL DEFAULT 'id';
ALTER TABLE feeds ADD COLUMN identity_why TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN identity_since TEXT;
ALTER TABLE feeds ADD COLUMN identity_strayed INTEGER NOT NULL DEFAULT 0;
-- JSON: where one of its addresses redirects to for good.
ALTER TABLE feeds ADD COLUMN move TEXT;
-- JSON: by former host of a member the one that it is now, as the keys of entries have it.
ALTER TABLE state ADD COLUMN hosts TEXT NOT NULL DEFAULT '{}';
-- What an entry said before its last changes.
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    until TEXT NOT NULL,               -- when other words were first seen in their place
    told TEXT NOT NULL CHECK (told IN ('yes', 'no', 'waits')),
    title TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX revisions_entry ON revisions (entry);
"""


@migrations()
def m007_what_entries_said_before_and_are_told_apart_by(db: Database) -> None:
    _execute(db, _IDENTITY)


_WEBSUB = """
-- What each feed said last of where its news is pushed from.
ALTER TABLE feeds ADD COLUMN push_hub TEXT;
ALTER TABLE feeds ADD COLUMN push_topic TEXT;
ALTER TABLE feeds ADD COLUMN push_itself TEXT;
ALTER TABLE feeds ADD COLUMN push_public INTEGER NOT NULL DEFAULT 1;
ALTER TABLE feeds ADD COLUMN pushed_until TEXT;
CREATE INDEX feeds_pushed ON feeds (push_hub) WHERE push_hub IS NOT NULL;
ALTER TABLE polls ADD COLUMN pushed INTEGER NOT NULL DEFAULT 0;
-- One outlives its feed until its hub has ended it.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER REFERENCES feeds (id) ON DELETE SET NULL,
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,
    public INTEGER NOT NULL,
    callback TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    due TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    verified TEXT,
    expires TEXT,
    denied TEXT,
    leaving INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    taken INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    last_push TEXT
);
CREATE INDEX subscriptions_feed ON subscriptions (feed);
CREATE TABLE pushes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    received TEXT NOT NULL,
    content_type TEXT,
    size INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX pushes_subscription ON pushes (subscription);
"""


@migrations()
def m008_subscriptions_and_pushes(db: Database) -> None:
    _execute(db, _WEBSUB)


_SCHEDULE = """
-- What feeds.yaml settles for each feed: seconds, entries, bytes.
ALTER TABLE feeds ADD COLUMN every_min REAL NOT NULL DEFAULT 900;
ALTER TABLE feeds ADD COLUMN every_max REAL NOT NULL DEFAULT 86400;
ALTER TABLE feeds ADD COLUMN most_entries INTEGER NOT NULL DEFAULT 5000;
ALTER TABLE feeds ADD COLUMN most_bytes INTEGER NOT NULL DEFAULT 20971520;
-- What its document asks of those who poll it, and when it last published something: JSON.
ALTER TABLE feeds ADD COLUMN wishes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE feeds ADD COLUMN recent TEXT NOT NULL DEFAULT '[]';
UPDATE feeds SET recent = (
    SELECT json_group_array(date) FROM (
        SELECT MAX(e.date) AS date FROM entries e WHERE e.feed = feeds.id
        GROUP BY substr(e.date, 1, 13) ORDER BY 1 DESC LIMIT 24
    )
);
"""


@migrations()
def m009_what_the_schedule_goes_by(db: Database) -> None:
    """What a feed published so far is its rhythm from the first poll on."""
    _execute(db, _SCHEDULE)


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


_REASON_SINCE = """
ALTER TABLE feeds ADD COLUMN reason_since TEXT;
-- Of what failed before it is not known.
UPDATE feeds SET reason_since = failing_since;
"""


@migrations()
def m022_since_when_feeds_fail_alike(db: Database) -> None:
    _execute(db, _REASON_SINCE)


@migrations()
def m023_what_entries_have_besides_their_words(db: Database) -> None:
    """Of those that are stored it is not known: it is what their feeds' next documents have."""
    for feed, packed in db.execute("SELECT feed, entries FROM windows").fetchall():
        numbers = iter(array("q", packed))
        with_rest = array("q", chain.from_iterable(zip(numbers, numbers, repeat(0))))
        db.execute("UPDATE windows SET entries = ? WHERE feed = ?", (with_rest.tobytes(), feed))


@migrations()
def m024_events_by_their_day(db: Database) -> None:
    _execute(
        db,
        "CREATE INDEX entries_to_come ON entries (event_date, key)"
        " WHERE kind = 'event' AND event_date IS NOT NULL;",
    )


@migrations()
def m025_how_entries_were_written(db: Database) -> None:
    """Of those that are stored it is not known: it is what their feeds' next documents have."""
    for feed, packed in db.execute("SELECT feed, entries FROM windows").fetchall():
        numbers = iter(array("q", packed))
        with_written = array("q", chain.from_iterable(zip(numbers, numbers, numbers, repeat(0))))
        db.execute("UPDATE windows SET entries = ? WHERE feed = ?", (with_written.tobytes(), feed))


@migrations()
def m026_who_told_what_was_withdrawn(db: Database) -> None:
    """Whether feeds told its story by it, and by no other since; of what is away it is not known."""
    _execute(db, "ALTER TABLE standings ADD COLUMN led INTEGER NOT NULL DEFAULT 0;")


_PINS = """
-- What admins have stand beside the latest news; last_day by the hub's clocks, NULL for one without an end.
CREATE TABLE pins (
    story INTEGER PRIMARY KEY REFERENCES stories (id),
    made TEXT NOT NULL,
    last_day TEXT
);
"""


@migrations()
def m027_pins(db: Database) -> None:
    _execute(db, _PINS)


_SUBSCRIBERS = """
-- Who is sent which merged feed, and the ETag of the document that each has. `due` is when it is to be sent
-- another; `slow` is set of the new, and of those whose last answer was an error or took long.
CREATE TABLE subscribers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    host TEXT NOT NULL,
    public INTEGER NOT NULL,
    secret TEXT,
    expires TEXT NOT NULL,
    sent TEXT NOT NULL,
    due TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    slow INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, callback)
);
CREATE INDEX subscribers_host ON subscribers (host);
CREATE INDEX subscribers_expires ON subscribers (expires);
CREATE INDEX subscribers_due ON subscribers (slow, due) WHERE due IS NOT NULL;
-- What was asked of us for a callback, until that is asked. What it did not confirm is `held` until due.
CREATE TABLE intents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mode TEXT NOT NULL,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    host TEXT NOT NULL,
    public INTEGER NOT NULL,
    secret TEXT,
    lease INTEGER NOT NULL,            -- seconds
    seen TEXT NOT NULL,
    why TEXT NOT NULL,
    due TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, callback)
);
CREATE INDEX intents_host ON intents (host);
CREATE INDEX intents_due ON intents (held, due);
"""


@migrations()
def m028_subscribers(db: Database) -> None:
    _execute(db, _SUBSCRIBERS)


_MARK = """
-- A word for what is published, made anew whenever `version` grows: two databases, also where one was
-- put back from a backup of the other, may have the same number for other news.
ALTER TABLE state ADD COLUMN mark TEXT NOT NULL DEFAULT '';
UPDATE state SET mark = lower(hex(randomblob(8)));
"""


@migrations()
def m029_what_other_databases_have_not(db: Database) -> None:
    _execute(db, _MARK)


_ADMINS = """
-- Who may sign in, with passwords as werkzeug hashes them.
CREATE TABLE accounts (name TEXT PRIMARY KEY, password TEXT NOT NULL, made TEXT NOT NULL);
-- Links at which a password is set, by whose it will be ('' for the first admin's, who says), and which
-- account gave them ('' for a command). Of them, and of what browsers send, digests are kept alone (SHA-256):
-- who reads the database cannot sign in by it.
CREATE TABLE invitations (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    until TEXT NOT NULL,
    giver TEXT NOT NULL
);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    begun TEXT NOT NULL,
    seen TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    moment TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    about TEXT NOT NULL,
    said TEXT NOT NULL,
    change TEXT NOT NULL,               -- of feeds.yaml, a unified diff
    undo TEXT NOT NULL,                 -- JSON: the fields of the form that takes it back
    undone INTEGER REFERENCES audit (id)
);
"""


@migrations()
def m030_admins(db: Database) -> None:
    _execute(db, _ADMINS)


@migrations()
def m031_what_a_member_took_back_too(db: Database) -> None:
    """Why, of what an admin has withdrawn; NULL where its member did not."""
    _execute(db, "ALTER TABLE standings ADD COLUMN retracted TEXT;")


_SUBJECTS = """
-- Whom an OpenID provider knows by which number (`sub`), and as which account they came; NULL for one that
-- was removed. Who came `by_rule` of feeds.yaml is let in as long as there is one that they fit.
CREATE TABLE subjects (
    issuer TEXT NOT NULL,
    sub TEXT NOT NULL,
    account TEXT REFERENCES accounts (name) ON DELETE SET NULL,
    by_rule INTEGER NOT NULL,
    made TEXT NOT NULL,
    PRIMARY KEY (issuer, sub)
);
CREATE UNIQUE INDEX subjects_account ON subjects (account, issuer);
-- Who was removed, so that no rule of feeds.yaml makes them an account again.
CREATE TABLE expelled (name TEXT PRIMARY KEY, moment TEXT NOT NULL);
-- Browsers that were sent to the provider, each by the digest of its token; `invitation` is a digest too.
CREATE TABLE departures (
    digest TEXT PRIMARY KEY,
    begun TEXT NOT NULL,
    after TEXT NOT NULL,
    invitation TEXT NOT NULL
);
CREATE INDEX departures_begun ON departures (begun);
"""


@migrations()
def m032_subjects(db: Database) -> None:
    _execute(db, _SUBJECTS)


_INCIDENTS = """
-- When a feed needed somebody, in words of then. What may still pass by itself has no `changed`, and 0 for
-- its `revision`, which is numbered through for all that people are told of.
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    headline TEXT NOT NULL,
    sentence TEXT NOT NULL,
    remedy TEXT NOT NULL,
    editor TEXT NOT NULL,
    began TEXT NOT NULL,
    noticed TEXT NOT NULL,
    changed TEXT,
    revision INTEGER NOT NULL,
    ended TEXT,
    ending TEXT NOT NULL
);
CREATE INDEX incidents_feed ON incidents (feed);
CREATE UNIQUE INDEX incidents_open ON incidents (feed) WHERE ended IS NULL;
CREATE INDEX incidents_revision ON incidents (revision);
-- By which people are told of them: all up to the revision `told` have been.
CREATE TABLE channels (
    way TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    told INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due TEXT,
    sent TEXT,
    error TEXT NOT NULL,
    remedy TEXT NOT NULL
);
"""


@migrations()
def m033_what_was_the_matter_with_feeds(db: Database) -> None:
    _execute(db, _INCIDENTS)


@migrations()
def m034_feeds_that_are_left_alone(db: Database) -> None:
    """Whether feeds.yaml has the hub ask a feed nothing for now (`paused`)."""
    _execute(db, "ALTER TABLE feeds ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;")


_ROLES = """
-- What an account is for, and one that is made at a link. Whoever had one before might do everything.
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
ALTER TABLE invitations ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
"""


@migrations()
def m035_roles(db: Database) -> None:
    _execute(db, _ROLES)


_LASTING = """
-- The numbers of the incidents of which a member's people were told, and not that they are over (JSON).
ALTER TABLE channels ADD COLUMN lasting TEXT NOT NULL DEFAULT '[]';
"""


@migrations()
def m036_what_members_were_told(db: Database) -> None:
    _execute(db, _LASTING)
