"""Events, pins, subscribers, admins, subjects, and what was the matter with feeds."""

from __future__ import annotations

from array import array
from itertools import chain, repeat

from sqlite_utils import Database

# Under the name that those which landed call it by.
from hub.store.sqlite.migrations.script import execute as _execute
from hub.store.sqlite.migrations.script import migrations

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


@migrations()
def m037_who_withdrew_news(db: Database) -> None:
    """The role of who did, `member` of its member's own people; NULL where nobody did, or none was kept."""
    _execute(db, "ALTER TABLE standings ADD COLUMN role TEXT;")


_TAKEN_AWAY = """
-- The entries without a date that feeds had and that were taken away as old, by a digest each.
CREATE TABLE taken_away (
    feed INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    news TEXT NOT NULL,
    PRIMARY KEY (feed, news)
) WITHOUT ROWID;
"""


@migrations()
def m038_what_was_taken_away(db: Database) -> None:
    _execute(db, _TAKEN_AWAY)


_READERS = """
-- How many readers each document of a merged feed had on a day: those for whom an aggregator asks, as
-- it says, and under neither name nor id those who ask for themselves.
CREATE TABLE readers (
    day TEXT NOT NULL,
    document TEXT NOT NULL,
    aggregator TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at_least INTEGER NOT NULL,
    PRIMARY KEY (day, document, aggregator, feed_id)
) WITHOUT ROWID;
"""


@migrations()
def m039_readers_of_merged_feeds(db: Database) -> None:
    _execute(db, _READERS)
