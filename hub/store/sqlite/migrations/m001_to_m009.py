"""The first tables, and what stories, tags, searches, sites without a feed, WebSub and the schedule added."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from hub import events

# Under the name that those which landed call it by.
from hub.store.sqlite.migrations.script import execute as _execute
from hub.store.sqlite.migrations.script import migrations

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
