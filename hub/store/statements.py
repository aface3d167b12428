"""The statements of the store, each under a name. Values are always parameters, never text.

Plain SQL that SQLite and PostgreSQL both take, but for `json_each`, which
hands a list of values over as one parameter.
"""

# Every column a StoredEntry is made of; `feed_name` and the like avoid clashes.
ENTRY = """
SELECT e.*, f.name AS feed_name, f.url AS feed_url, f.used_url AS feed_used_url,
       f.info_title, f.info_id, f.info_link, f.info_updated, f.info_rights,
       m.name AS member_name, m.type AS member_type, m.region AS member_region,
       m.homepage AS member_homepage, m.republish AS member_republish
FROM entries e JOIN feeds f ON f.id = e.feed JOIN members m ON m.slug = e.member
"""
KNOWN = """
SELECT e.key, e.member, f.name AS feed_name, e.story, e.lead, e.id, e.id_key, e.loose_id_key,
       e.link_key, e.title_key, e.title, e.link, e.canonical_link, e.published, e.text,
       e.fingerprint, e.past_fingerprints, e.atom_id
FROM entries e JOIN feeds f ON f.id = e.feed
"""
KNOWN_BY_KEYS = f"""
{KNOWN} WHERE e.id_key IN (SELECT value FROM json_each(:ids))
UNION {KNOWN} WHERE e.link_key IN (SELECT value FROM json_each(:links))
UNION {KNOWN} WHERE e.feed = :feed AND e.loose_id_key IN (SELECT value FROM json_each(:loose_ids))
UNION {KNOWN} WHERE e.feed = :feed AND e.title_key IN (SELECT value FROM json_each(:titles))
ORDER BY 1
"""
NEW_ENTRY = """
INSERT INTO entries (feed, member, story, lead, why, atom_id, atom_key, date, first_seen, changed,
    past_fingerprints, id, id_key, loose_id_key, link_key, title_key, fingerprint, title, link,
    canonical_link, published, updated, summary, content, text, excerpt, language, direction, image,
    rights, details)
VALUES (:feed, :member, :story, :lead, :why, :atom_id, :atom_key, :date, :now, :now,
    '[]', :id, :id_key, :loose_id_key, :link_key, :title_key, :fingerprint, :title, :link,
    :canonical_link, :published, :updated, :summary, :content, :text, :excerpt, :language,
    :direction, :image, :rights, :details)
"""
CHANGED_ENTRY = """
UPDATE entries SET changed = :now, past_fingerprints = :past_fingerprints, id = :id, id_key = :id_key,
    loose_id_key = :loose_id_key, link_key = :link_key, title_key = :title_key,
    fingerprint = :fingerprint, title = :title, link = :link, canonical_link = :canonical_link,
    published = :published, updated = :updated, summary = :summary, content = :content, text = :text,
    excerpt = :excerpt, language = :language, direction = :direction, image = :image,
    rights = :rights, details = :details
WHERE key = :key
"""
RELINKED_ENTRY = """
UPDATE entries SET id = :id, link = :link, canonical_link = :canonical_link, id_key = :id_key,
    loose_id_key = :loose_id_key, link_key = :link_key, title_key = :title_key
WHERE key = :key
"""
NEXT_LEAD = """
UPDATE entries SET lead = 1, why = '' WHERE key = (SELECT MIN(key) FROM entries WHERE story = :story)
    AND NOT EXISTS (SELECT 1 FROM entries WHERE story = :story AND lead = 1)
"""
STORY_TAGS = """
INSERT INTO story_tags (term, story)
SELECT DISTINCT t.term, e.story FROM entries e JOIN tags t ON t.entry = e.key WHERE e.story = :story
"""
MEMBER_UPSERT = """
INSERT INTO members (slug, position, configured, name, type, region, homepage, republish)
VALUES (:slug, :position, :configured, :name, :type, :region, :homepage, :republish)
ON CONFLICT (slug) DO UPDATE SET position = excluded.position, configured = excluded.configured,
    name = excluded.name, type = excluded.type, region = excluded.region,
    homepage = excluded.homepage, republish = excluded.republish
"""
FEED_UPSERT = """
INSERT INTO feeds (member, name, position, configured, url, alternatives, tags)
VALUES (:member, :name, :position, :configured, :url, :alternatives, :tags)
ON CONFLICT (member, name) DO UPDATE SET position = excluded.position,
    configured = excluded.configured, url = excluded.url, alternatives = excluded.alternatives,
    tags = excluded.tags
"""
# A feed whose addresses were edited starts afresh: its validators, its errors
# and a 410 belong to addresses that are no longer there.
FEED_ADDRESS_CHANGED = """
UPDATE feeds SET used_url = NULL, etag = NULL, last_modified = NULL, body_digest = NULL,
    next_poll = NULL, not_before = NULL, gone = NULL, failures = 0, failing_since = NULL,
    error = NULL, remedy = NULL, reason = NULL
WHERE member = :member AND name = :name AND (url <> :url OR alternatives <> :alternatives)
"""
