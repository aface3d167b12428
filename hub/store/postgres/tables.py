"""The first tables of the PostgreSQL store, and the functions that they and the statements go by.

They are those of the SQLite store, which says of each column what is in it
(`hub.store.sqlite.migrations`), but for the bitmaps of words and the full
text: `search` has, for each entry, the terms of its words as a `tsvector`, those
of its title with weight A. What refers to other rows is DEFERRABLE for who
fills all the tables at once.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE state (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    authority TEXT NOT NULL,
    pruned TEXT NOT NULL DEFAULT '',
    hosts TEXT NOT NULL DEFAULT '{}',
    mark TEXT NOT NULL
);
INSERT INTO state (id, version, authority, mark) VALUES (1, 1, 'localhost', md5(random()::text));

CREATE TABLE members (
    slug TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    configured BIGINT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    region TEXT,
    homepage TEXT,
    republish TEXT NOT NULL
);

CREATE TABLE feeds (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member TEXT NOT NULL REFERENCES members (slug) DEFERRABLE,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    configured BIGINT NOT NULL,
    url TEXT NOT NULL,
    alternatives TEXT NOT NULL,
    kinds TEXT NOT NULL DEFAULT '{}',
    tags TEXT NOT NULL,
    trust TEXT NOT NULL DEFAULT 'usual',
    identify_by TEXT,
    every_min DOUBLE PRECISION NOT NULL,
    every_max DOUBLE PRECISION NOT NULL,
    most_entries BIGINT NOT NULL,
    most_bytes BIGINT NOT NULL,
    used_url TEXT,
    named_at TEXT,
    etag TEXT,
    last_modified TEXT,
    validated_at TEXT,
    body_digest TEXT,
    listings TEXT NOT NULL DEFAULT '[]',
    polled TEXT,
    succeeded TEXT,
    next_poll TEXT,
    next_poll_why TEXT NOT NULL DEFAULT '',
    not_before TEXT,
    gone TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    failing_since TEXT,
    error TEXT,
    remedy TEXT,
    reason TEXT,
    reason_since TEXT,
    remarks TEXT NOT NULL DEFAULT '[]',
    info_title TEXT NOT NULL DEFAULT '',
    info_id TEXT,
    info_link TEXT,
    info_updated TEXT,
    info_rights TEXT,
    info_language TEXT,
    identity_by TEXT NOT NULL DEFAULT 'id',
    identity_why TEXT NOT NULL DEFAULT '',
    identity_since TEXT,
    identity_strayed BIGINT NOT NULL DEFAULT 0,
    move TEXT,
    push_hub TEXT,
    push_topic TEXT,
    push_itself TEXT,
    push_public BIGINT NOT NULL DEFAULT 1,
    pushed_until TEXT,
    wishes TEXT NOT NULL DEFAULT '{}',
    recent TEXT NOT NULL DEFAULT '[]',
    reshares BIGINT NOT NULL DEFAULT 0,
    UNIQUE (member, name)
);
CREATE INDEX feeds_due ON feeds (configured, next_poll);
-- What publishers write may be longer than an index takes: no such text is a key of one.
CREATE INDEX feeds_pushed ON feeds (id) WHERE push_hub IS NOT NULL;

CREATE TABLE hosts (host TEXT PRIMARY KEY, not_before TEXT NOT NULL);

CREATE TABLE polls (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed BIGINT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    started TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    size BIGINT NOT NULL,
    new BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    error TEXT,
    remarks TEXT NOT NULL,
    pushed BIGINT NOT NULL DEFAULT 0,
    reshares BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX polls_feed ON polls (feed, started);
CREATE INDEX polls_started ON polls (started);

CREATE TABLE stories (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merged_into BIGINT REFERENCES stories (id) DEFERRABLE,
    told BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX stories_merged ON stories (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE entries (
    key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed BIGINT NOT NULL REFERENCES feeds (id) DEFERRABLE,
    member TEXT NOT NULL REFERENCES members (slug) DEFERRABLE,
    story BIGINT NOT NULL REFERENCES stories (id) DEFERRABLE,
    lead BIGINT NOT NULL,
    copy_of BIGINT REFERENCES entries (key) ON DELETE SET NULL DEFERRABLE,
    why TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'news',
    standing TEXT CHECK (standing IN ('held', 'quarantined', 'withdrawn')),
    atom_id TEXT NOT NULL,
    atom_key TEXT NOT NULL UNIQUE,
    id_key TEXT,
    loose_id_key TEXT,
    link_key TEXT,
    title_key TEXT NOT NULL,
    date TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    changed TEXT NOT NULL,
    back TEXT,
    fingerprint TEXT NOT NULL,
    past_fingerprints TEXT NOT NULL,
    id TEXT,
    title TEXT NOT NULL,
    link TEXT,
    canonical_link TEXT,
    published TEXT,
    updated TEXT,
    event_date TEXT,
    summary TEXT NOT NULL,
    content TEXT NOT NULL,
    text TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    language TEXT,
    direction TEXT,
    image TEXT,
    rights TEXT,
    details TEXT NOT NULL
);
CREATE INDEX entries_lead ON entries (lead, date, key);
CREATE INDEX entries_date ON entries (date, key) INCLUDE (standing);
CREATE INDEX entries_member ON entries (member, date, key) INCLUDE (standing);
CREATE INDEX entries_kind ON entries (kind, date, key) INCLUDE (standing);
CREATE INDEX entries_to_come ON entries (event_date, key) WHERE kind = 'event' AND event_date IS NOT NULL;
-- What a search asks of the many entries it found.
CREATE INDEX entries_found ON entries (key) INCLUDE (story, lead, date, member, kind, standing);
CREATE INDEX entries_story ON entries (story, lead);
CREATE INDEX entries_id ON entries (id_key);
CREATE INDEX entries_link ON entries (link_key);
CREATE INDEX entries_loose_id ON entries (feed, loose_id_key);
CREATE INDEX entries_title ON entries (feed, title_key);
CREATE INDEX entries_first_seen ON entries (first_seen);
CREATE INDEX entries_copy_of ON entries (copy_of) WHERE copy_of IS NOT NULL;

CREATE TABLE search (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    words TSVECTOR NOT NULL
);
CREATE INDEX search_words ON search USING gin (words);

CREATE TABLE sketches (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    words BYTEA NOT NULL,
    numbers BYTEA NOT NULL,
    credits BYTEA NOT NULL,
    wordless BIGINT NOT NULL
);
CREATE TABLE sketch_index (number BIGINT NOT NULL, story BIGINT NOT NULL, PRIMARY KEY (number, story));
CREATE INDEX sketch_index_story ON sketch_index (story);

CREATE TABLE rulings (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    ruling TEXT NOT NULL CHECK (ruling IN ('together', 'apart', 'alone', 'lead')),
    other BIGINT REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    made TEXT NOT NULL
);
CREATE INDEX rulings_entry ON rulings (entry);
CREATE INDEX rulings_other ON rulings (other);

CREATE TABLE tags (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    tags TEXT NOT NULL
);
CREATE TABLE overrulings (
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    term TEXT NOT NULL,
    tags TEXT NOT NULL,
    moment TEXT NOT NULL,
    PRIMARY KEY (entry, term)
);
CREATE TABLE story_tags (
    story BIGINT NOT NULL REFERENCES stories (id) ON DELETE CASCADE DEFERRABLE,
    term TEXT NOT NULL,
    date BIGINT NOT NULL,
    lead BIGINT NOT NULL,
    PRIMARY KEY (story, term)
);
CREATE INDEX story_tags_date ON story_tags (term, date, lead);
CREATE TABLE tag_bitmaps (
    term TEXT NOT NULL,
    block BIGINT NOT NULL,
    bits BYTEA NOT NULL,
    PRIMARY KEY (term, block)
);
CREATE TABLE tag_counts (term TEXT PRIMARY KEY, stories BIGINT NOT NULL);
CREATE TABLE member_counts (
    member TEXT PRIMARY KEY REFERENCES members (slug) ON DELETE CASCADE DEFERRABLE,
    entries BIGINT NOT NULL,
    leads BIGINT NOT NULL
);

CREATE TABLE revisions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry BIGINT NOT NULL REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    until TEXT NOT NULL,
    told TEXT NOT NULL CHECK (told IN ('yes', 'no', 'waits')),
    title TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX revisions_entry ON revisions (entry);
CREATE INDEX revisions_waiting ON revisions (entry) WHERE told = 'waits';
CREATE INDEX revisions_told ON revisions (until) WHERE told = 'yes';

CREATE TABLE standings (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    standing TEXT NOT NULL CHECK (standing IN ('published', 'held', 'quarantined', 'withdrawn')),
    why TEXT NOT NULL,
    moment TEXT NOT NULL,
    by_admin BIGINT NOT NULL,
    was_published BIGINT NOT NULL,
    story BIGINT,
    terms TEXT,
    led BIGINT NOT NULL DEFAULT 0,
    retracted TEXT
);
CREATE INDEX standings_moment ON standings (standing, moment);

CREATE TABLE habits (
    feed BIGINT PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    entries BIGINT NOT NULL,
    sites TEXT NOT NULL,
    scripts TEXT NOT NULL,
    words BYTEA NOT NULL,
    last BIGINT NOT NULL,
    days BYTEA NOT NULL,
    latest TEXT NOT NULL
);
CREATE TABLE windows (
    feed BIGINT PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    entries BYTEA NOT NULL
);
CREATE TABLE checks (
    entry BIGINT PRIMARY KEY REFERENCES entries (key) ON DELETE CASCADE DEFERRABLE,
    due TEXT NOT NULL,
    gone_since TEXT,
    tries BIGINT NOT NULL
);
CREATE INDEX checks_due ON checks (due);
CREATE TABLE pages (
    feed BIGINT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE DEFERRABLE,
    page BIGINT NOT NULL,
    again TEXT,
    PRIMARY KEY (feed, page)
);
CREATE TABLE pins (
    story BIGINT PRIMARY KEY REFERENCES stories (id) DEFERRABLE,
    made TEXT NOT NULL,
    last_day TEXT
);

CREATE TABLE subscriptions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed BIGINT REFERENCES feeds (id) ON DELETE SET NULL DEFERRABLE,
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,
    public BIGINT NOT NULL,
    callback TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    due TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    verified TEXT,
    expires TEXT,
    denied TEXT,
    leaving BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    taken BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    last_push TEXT
);
CREATE INDEX subscriptions_feed ON subscriptions (feed);
CREATE TABLE pushes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription BIGINT NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE DEFERRABLE,
    received TEXT NOT NULL,
    content_type TEXT,
    size BIGINT NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX pushes_subscription ON pushes (subscription);

CREATE TABLE subscribers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    host TEXT NOT NULL,
    public BIGINT NOT NULL,
    secret TEXT,
    expires TEXT NOT NULL,
    sent TEXT NOT NULL,
    due TEXT,
    tries BIGINT NOT NULL DEFAULT 0,
    slow BIGINT NOT NULL DEFAULT 0,
    UNIQUE (topic, callback)
);
CREATE INDEX subscribers_host ON subscribers (host);
CREATE INDEX subscribers_expires ON subscribers (expires);
CREATE INDEX subscribers_due ON subscribers (slow, due) WHERE due IS NOT NULL;
CREATE TABLE intents (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mode TEXT NOT NULL,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    host TEXT NOT NULL,
    public BIGINT NOT NULL,
    secret TEXT,
    lease BIGINT NOT NULL,
    seen TEXT NOT NULL,
    why TEXT NOT NULL,
    due TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    held BIGINT NOT NULL DEFAULT 0,
    UNIQUE (topic, callback)
);
CREATE INDEX intents_host ON intents (host);
CREATE INDEX intents_due ON intents (held, due);

CREATE TABLE accounts (name TEXT PRIMARY KEY, password TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE invitations (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    until TEXT NOT NULL,
    giver TEXT NOT NULL
);
CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE DEFERRABLE,
    digest TEXT NOT NULL UNIQUE,
    begun TEXT NOT NULL,
    seen TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moment TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    about TEXT NOT NULL,
    said TEXT NOT NULL,
    change TEXT NOT NULL,
    undo TEXT NOT NULL,
    undone BIGINT REFERENCES audit (id) DEFERRABLE
);

CREATE FUNCTION count_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE member_counts SET entries = entries - 1, leads = leads - old.lead WHERE member = old.member;
    ELSE
        UPDATE member_counts SET leads = leads + new.lead - old.lead,
            entries = entries + (new.standing IS NULL)::int - (old.standing IS NULL)::int
        WHERE member = new.member;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_discounted AFTER DELETE ON entries
    FOR EACH ROW WHEN (old.standing IS NULL) EXECUTE FUNCTION count_entry();
CREATE TRIGGER entries_counted AFTER UPDATE OF lead, standing ON entries
    FOR EACH ROW WHEN (new.lead <> old.lead OR (new.standing IS NULL) <> (old.standing IS NULL))
    EXECUTE FUNCTION count_entry();
"""

# What SQLite has by itself, so that both take the same statements.
FUNCTIONS = """
CREATE FUNCTION instr(among text, sought text) RETURNS int
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT strpos(among, sought)';
CREATE FUNCTION strftime(format text, moment text, modifier text DEFAULT '0 days') RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE format
    WHEN '%s' THEN EXTRACT(epoch FROM moment::timestamp + modifier::interval)::bigint::text
    WHEN '%Y-%m-%dT%H:%M:%S'
        THEN to_char(moment::timestamp + modifier::interval, 'YYYY-MM-DD"T"HH24:MI:SS')
    WHEN '%Y-%m-%dT%H:%M:%f'
        THEN to_char(moment::timestamp + modifier::interval, 'YYYY-MM-DD"T"HH24:MI:SS.MS')
END
$$;
"""
