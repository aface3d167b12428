"""How the tables of the PostgreSQL store came about, one migration a change of them.

A migration that has landed is never edited: what it made is in people's
databases. What is to be another goes into one more, of the same name here as
in `hub.store.sqlite.migrations` where both change.
"""

from __future__ import annotations

from hub.store.postgres.tables import FUNCTIONS, TABLES

# Text sorts by its code points, as in SQLite: dates and keys are compared as text.
TEXT = 'TEXT COLLATE "C"'

_SUBJECTS = """
CREATE TABLE subjects (
    issuer TEXT NOT NULL,
    sub TEXT NOT NULL,
    account TEXT REFERENCES accounts (name) ON DELETE SET NULL DEFERRABLE,
    by_rule BIGINT NOT NULL,
    made TEXT NOT NULL,
    PRIMARY KEY (issuer, sub)
);
CREATE UNIQUE INDEX subjects_account ON subjects (account, issuer);
CREATE TABLE expelled (name TEXT PRIMARY KEY, moment TEXT NOT NULL);
CREATE TABLE departures (
    digest TEXT PRIMARY KEY,
    begun TEXT NOT NULL,
    after TEXT NOT NULL,
    invitation TEXT NOT NULL
);
CREATE INDEX departures_begun ON departures (begun);
"""

_INCIDENTS = """
CREATE TABLE incidents (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed BIGINT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    state TEXT NOT NULL,
    headline TEXT NOT NULL,
    sentence TEXT NOT NULL,
    remedy TEXT NOT NULL,
    editor TEXT NOT NULL,
    began TEXT NOT NULL,
    noticed TEXT NOT NULL,
    changed TEXT,
    revision BIGINT NOT NULL,
    ended TEXT,
    ending TEXT NOT NULL
);
CREATE INDEX incidents_feed ON incidents (feed);
CREATE UNIQUE INDEX incidents_open ON incidents (feed) WHERE ended IS NULL;
CREATE INDEX incidents_revision ON incidents (revision);
CREATE TABLE channels (
    way TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    told BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due TEXT,
    sent TEXT,
    error TEXT NOT NULL,
    remedy TEXT NOT NULL
);
"""

# Whether feeds.yaml has the hub ask a feed nothing for now.
_PAUSED = "ALTER TABLE feeds ADD COLUMN paused BIGINT NOT NULL DEFAULT 0;"

# What an account is for, and one that is made at a link.
_ROLES = """
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
ALTER TABLE invitations ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
"""

# The numbers of the incidents of which a member's people were told, and not that they are over (JSON).
_LASTING = "ALTER TABLE channels ADD COLUMN lasting TEXT NOT NULL DEFAULT '[]';"

# The role of whoever withdrew news; NULL where nobody did, or none was kept.
_WHO_WITHDREW = "ALTER TABLE standings ADD COLUMN role TEXT;"

# The entries without a date that feeds had and that were taken away as old, by a digest each.
_TAKEN_AWAY = """
CREATE TABLE taken_away (
    feed BIGINT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    news TEXT NOT NULL,
    PRIMARY KEY (feed, news)
);
"""

# How many readers each document of a merged feed had on a day: those for whom an aggregator asks, as
# it says, and under neither name nor id those who ask for themselves.
_READERS = """
CREATE TABLE readers (
    day TEXT NOT NULL,
    document TEXT NOT NULL,
    aggregator TEXT NOT NULL,
    feed_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at_least BIGINT NOT NULL,
    PRIMARY KEY (day, document, aggregator, feed_id)
);
"""

# Of three times as many words as by default the server knows how many entries have each, and need not count.
_COMMON_WORDS = """
ALTER TABLE search ALTER COLUMN words SET STATISTICS 300;
ANALYZE search;
"""

# Each look into the index goes through what was not sorted into it yet, by default up to 4 MB.
_SORTED_IN_SOON = """
ALTER INDEX search_words SET (gin_pending_list_limit = 128);
SELECT gin_clean_pending_list('search_words');
"""

MIGRATIONS = {
    "p001_the_first_tables": TABLES + FUNCTIONS,
    "p002_subjects": _SUBJECTS,
    "p003_what_was_the_matter_with_feeds": _INCIDENTS,
    "p004_feeds_that_are_left_alone": _PAUSED,
    "p005_roles": _ROLES,
    "p006_what_members_were_told": _LASTING,
    "p007_who_withdrew_news": _WHO_WITHDREW,
    "p008_what_was_taken_away": _TAKEN_AWAY,
    "p009_readers_of_merged_feeds": _READERS,
    "p010_statistics_of_words": _COMMON_WORDS,
    "p011_the_index_of_words_is_sorted_soon": _SORTED_IN_SOON,
}
"""Scripts by their names, in the order in which they are run; of each, TEXT is written `TEXT`."""
