"""The statements of the store, each under a name. Values are always parameters, never text.

SQL that SQLite takes, and PostgreSQL once `hub.store.postgres.dialect` has said it
in its words: `json_each` hands a list of values over as one parameter.
"""

from hub.model import LONG_AGO

# Every column a StoredEntry is made of; `feed_name` and the like avoid clashes.
ENTRY = """
SELECT e.*, f.name AS feed_name, f.url AS feed_url, f.used_url AS feed_used_url,
       f.info_title, f.info_id, f.info_link, f.info_updated, f.info_rights,
       m.name AS member_name, m.type AS member_type, m.region AS member_region,
       m.homepage AS member_homepage, m.republish AS member_republish, cm.name AS copy_of_name
FROM entries e JOIN feeds f ON f.id = e.feed JOIN members m ON m.slug = e.member
LEFT JOIN entries c ON c.key = e.copy_of LEFT JOIN members cm ON cm.slug = c.member
"""
# The members, those of feeds.yaml first, each with its counts and its newest entry.
MEMBERS = """
SELECT m.*, COALESCE(n.entries, 0) AS entries,
       (SELECT COUNT(*) FROM entries e
        WHERE e.member = m.slug AND e.date >= :since AND e.standing IS NULL) AS recent,
       l.story AS latest_story, l.title AS latest_title, l.excerpt AS latest_excerpt, l.date AS latest_date,
       l.language AS latest_language, l.direction AS latest_direction,
       COALESCE(l.published, l.updated) IS NOT NULL AS latest_dated
FROM members m LEFT JOIN member_counts n ON n.member = m.slug LEFT JOIN entries l ON l.key = (
    SELECT e.key FROM entries e WHERE e.member = m.slug AND e.standing IS NULL
    ORDER BY e.date DESC, e.key DESC LIMIT 1)
WHERE {which} ORDER BY m.configured DESC, m.position, m.slug
"""
# As much of an entry as it takes to recognise it, but for its text.
_KNOWN = """
SELECT e.key, e.feed, e.member, f.name AS feed_name, e.story, e.id, e.id_key, e.loose_id_key, e.link_key,
       e.title_key, e.title, e.link, e.canonical_link, e.published, e.fingerprint, e.past_fingerprints,
       e.atom_id, e.standing
FROM entries e JOIN feeds f ON f.id = e.feed
"""
KNOWN_BY_KEYS = f"""
{_KNOWN} WHERE e.key IN (
    SELECT key FROM entries WHERE id_key IN (SELECT value FROM json_each(:ids))
    UNION ALL SELECT key FROM entries WHERE link_key IN (SELECT value FROM json_each(:links))
    UNION ALL SELECT o.key FROM json_each(:loose_ids) j CROSS JOIN entries o
        ON o.feed = CAST(j.value ->> 0 AS BIGINT) AND o.loose_id_key = j.value ->> 1
    UNION ALL SELECT o.key FROM json_each(:titles) j CROSS JOIN entries o
        ON o.feed = CAST(j.value ->> 0 AS BIGINT) AND o.title_key = j.value ->> 1
) ORDER BY e.key
"""
KNOWN_BY_NUMBER = f"{_KNOWN} WHERE e.key IN (SELECT value FROM json_each(?)) ORDER BY e.key"
LATEST_TEXTS = """
SELECT key, title, text FROM entries
WHERE member = (SELECT member FROM feeds WHERE id = :feed) AND feed = :feed
ORDER BY date DESC, key DESC LIMIT :limit
"""
TEXTS = "SELECT key, text FROM entries WHERE key IN (SELECT value FROM json_each(?))"
TAKEN_IDS = """
SELECT e.atom_id, f.member, f.name FROM entries e JOIN feeds f ON f.id = e.feed
WHERE e.atom_key IN (SELECT value FROM json_each(?))
"""
WINDOWS = "SELECT feed, entries FROM windows WHERE feed IN (SELECT value FROM json_each(?))"
NEW_WINDOW = """
INSERT INTO windows (feed, entries) VALUES (?, ?)
ON CONFLICT (feed) DO UPDATE SET entries = excluded.entries
"""
WINDOW_OF = """
SELECT w.entries FROM feeds f JOIN windows w ON w.feed = f.id WHERE f.member = ? AND f.name = ?
"""
LINKS = """
SELECT link FROM entries WHERE key IN (SELECT value FROM json_each(?)) AND link IS NOT NULL ORDER BY key DESC
"""
LEARNT_WINDOW = """
SELECT w.entries FROM feeds f JOIN windows w ON w.feed = f.id JOIN habits h ON h.feed = f.id
WHERE f.member = ? AND f.name = ? AND h.entries > 0
"""
LAST_DOCUMENT = """
SELECT key, id, title, link, canonical_link, id_key, loose_id_key, link_key, title_key, fingerprint, text
FROM entries WHERE key IN (SELECT value FROM json_each(?)) AND id_key IS NOT NULL
"""
# What a feed has of the ids that its document has tombstones of; looked up by these, since an old feed may
# have thousands of entries.
DELETED = "SELECT key, id, back FROM entries WHERE +feed = ? AND id_key IN (SELECT value FROM json_each(?))"
NEW_CHECK = """
INSERT INTO checks (entry, due, gone_since, tries)
SELECT key, :due, :gone_since, :tries FROM entries WHERE key = :key AND link IS NOT NULL
ON CONFLICT (entry) DO UPDATE SET due = excluded.due, gone_since = excluded.gone_since, tries = excluded.tries
"""
FORGET_CHECKS = """
DELETE FROM checks WHERE entry IN (
    SELECT c.entry FROM checks c JOIN entries e ON e.key = c.entry WHERE e.feed = ?)
"""
CHECKED = "DELETE FROM checks WHERE entry IN (SELECT value FROM json_each(?))"
# In this order, since there are few: SQLite would look up each entry of each feed. Of each feed some, so
# that one with many stands in nobody's way.
CHECKS_DUE = """
SELECT member, name, entry, link, due, gone_since, tries FROM (
    SELECT e.member, f.name, c.entry, e.link, c.due, c.gone_since, c.tries,
           ROW_NUMBER() OVER (PARTITION BY f.id ORDER BY c.due, c.entry) AS place
    FROM checks c CROSS JOIN entries e ON e.key = c.entry CROSS JOIN feeds f ON f.id = e.feed
    WHERE c.due <= :now AND e.link IS NOT NULL
    AND f.configured = 1 AND f.paused = 0 AND f.gone IS NULL) ranked
WHERE place <= :most ORDER BY due
"""
# Of entries that were taken back, those of which nothing was said yet; who leads a story leaves it last, so
# that it has it again when all are back.
TO_WITHDRAW = """
SELECT key FROM entries WHERE key IN (SELECT value FROM json_each(?))
AND (standing IS NULL OR standing <> 'withdrawn')
AND NOT EXISTS (SELECT 1 FROM standings s WHERE s.entry = key AND s.by_admin = 1) ORDER BY lead, key
"""
# Of withdrawn entries that are there again, those of which no admin said it, with whether readers had them;
# who stayed in a story is in it before those who left it.
TO_RETURN = """
SELECT entry, was_published FROM standings WHERE entry IN (SELECT value FROM json_each(?))
AND standing = 'withdrawn' AND by_admin = 0 ORDER BY story IS NOT NULL, entry
"""
# What the other feeds of its member have of an entry: two of id, link and title are the same, as for
# `withdrawals.in_another_feed`.
IN_OTHER_FEEDS = """
SELECT e.key, o.key
FROM entries e CROSS JOIN entries o ON o.id_key = e.id_key OR o.link_key = e.link_key
WHERE e.key IN (SELECT value FROM json_each(?)) AND +o.member = e.member AND o.feed <> e.feed
    AND CAST((o.id_key = e.id_key) IS TRUE AS INTEGER) + CAST((o.link_key = e.link_key) IS TRUE AS INTEGER)
        + CAST(o.title_key = e.title_key AS INTEGER) > 1
"""
STANDING_NOW = """
SELECT key, COALESCE(standing, 'published'), story FROM entries WHERE key IN (SELECT value FROM json_each(?))
"""
# Documents that are to be read again, though they be the same.
READ_ANEW = """
UPDATE feeds SET etag = NULL, last_modified = NULL, body_digest = NULL
WHERE id IN (SELECT feed FROM entries WHERE key IN (SELECT value FROM json_each(?)))
"""
LEFT_FEEDS = "SELECT id, member, url FROM feeds WHERE configured = 0"
# The news at some links that some feeds have, the leads first.
NEWS_OF_FEEDS = """
SELECT e.key, e.feed, e.story, e.lead, e.title_key, COALESCE(e.id_key, e.title_key), e.link_key
FROM entries e
WHERE e.link_key IN (SELECT value FROM json_each(?)) AND +e.feed IN (SELECT value FROM json_each(?))
ORDER BY e.lead DESC, e.key
"""
# What a feed has in a story, or of the same news.
OWN_OF_NEWS = """
SELECT key, story, COALESCE(id_key, title_key), link_key FROM entries
WHERE +feed = ?1 AND (story = ?2 OR (link_key = ?4 AND COALESCE(id_key, title_key) = ?3))
"""
GIVEN = "SELECT member, lead, standing IS NULL FROM entries WHERE key = ?"
GIVE_ENTRY = """
UPDATE entries SET feed = :feed, member = (SELECT member FROM feeds WHERE id = :feed) WHERE key = :key
"""
HABITS = "SELECT * FROM habits WHERE feed IN (SELECT value FROM json_each(?))"
NEW_HABITS = """
INSERT INTO habits (feed, entries, sites, scripts, words, last, days, latest)
VALUES (:feed, :entries, :sites, :scripts, :words, :last, :days, :latest)
ON CONFLICT (feed) DO UPDATE SET entries = excluded.entries, sites = excluded.sites,
    scripts = excluded.scripts, words = excluded.words, last = excluded.last, days = excluded.days,
    latest = excluded.latest
"""
FEEDS_NAMED = """
SELECT f.* FROM json_each(?) j CROSS JOIN feeds f
    ON f.member = j.value ->> 0 AND f.name = j.value ->> 1
"""
# As one row: there are a hundred for each entry, and to hand one over takes longer than to find it.
HOLDERS = """
SELECT json_group_array(number), json_group_array(story) FROM sketch_index
WHERE number IN (SELECT value FROM json_each(?))
"""
# The columns stand in the row before the texts, which are not read.
CANDIDATES = """
SELECT e.key, e.member, f.name AS feed_name, e.story, e.lead, e.id, e.link, e.link_key, e.title, e.date,
       e.first_seen, s.words, s.credits, s.wordless, length(s.numbers) / 4
FROM entries e JOIN feeds f ON f.id = e.feed LEFT JOIN sketches s ON s.entry = e.key
WHERE e.story IN (SELECT value FROM json_each(?)) AND e.standing IS NULL ORDER BY e.story, e.lead DESC, e.key
"""
ANY_RULING = "SELECT EXISTS (SELECT 1 FROM rulings)"
RULINGS = """
SELECT entry, ruling, other FROM rulings WHERE entry IN (SELECT value FROM json_each(:entries))
UNION SELECT entry, ruling, other FROM rulings WHERE other IN (SELECT value FROM json_each(:entries))
"""
# Keys are numbered in the order of time, but for a clock that was put back.
OLDEST_SINCE = """
SELECT key, story FROM entries
WHERE key >= (SELECT MIN(entry) FROM sketches) AND first_seen >= ? ORDER BY key LIMIT 1
"""
# Stories are numbered so too, but an admin or other words begin one for an old entry and put a young one
# into an old story, which is kept; of the first what is too old is let go of in a later week. The + has
# these read by their keys, and not all old stories.
PRUNE_INDEX = """
DELETE FROM sketch_index WHERE story < :story
    AND story NOT IN (SELECT story FROM entries WHERE key >= :key AND +story < :story)
"""
NEW_SKETCH = """
INSERT INTO sketches (entry, words, numbers, credits, wordless)
VALUES (:entry, :words, :numbers, :credits, :wordless)
ON CONFLICT (entry) DO UPDATE SET words = excluded.words, numbers = excluded.numbers,
    credits = excluded.credits, wordless = excluded.wordless
"""
NEW_IN_INDEX = "INSERT INTO sketch_index (number, story) VALUES (?, ?) ON CONFLICT DO NOTHING"
NEW_ENTRY = """
INSERT INTO entries (feed, member, story, lead, copy_of, why, kind, atom_id, atom_key, date, first_seen,
    changed, past_fingerprints, id, id_key, loose_id_key, link_key, title_key, fingerprint, title, link,
    canonical_link, published, updated, summary, content, text, excerpt, language, direction, image,
    rights, event_date, details)
VALUES (:feed, :member, :story, :lead, :copy_of, :why, :kind, :atom_id, :atom_key, :date, :now, :now,
    '[]', :id, :id_key, :loose_id_key, :link_key, :title_key, :fingerprint, :title, :link,
    :canonical_link, :published, :updated, :summary, :content, :text, :excerpt, :language,
    :direction, :image, :rights, :event_date, :details)
"""
COUNT_ENTRIES = """
INSERT INTO member_counts (member, entries, leads) VALUES (?, ?, ?)
ON CONFLICT (member) DO UPDATE SET
    entries = member_counts.entries + excluded.entries, leads = member_counts.leads + excluded.leads
"""
# A publisher's date of its change comes in with a change that is told: readers go by it.
CHANGED_ENTRY = """
UPDATE entries SET changed = COALESCE(:changed, changed), date = COALESCE(:date, date),
    past_fingerprints = :past_fingerprints,
    id = :id, id_key = :id_key, loose_id_key = :loose_id_key, link_key = :link_key, title_key = :title_key,
    fingerprint = :fingerprint, title = :title, link = :link, canonical_link = :canonical_link,
    published = :published, updated = CASE WHEN :changed IS NULL THEN updated ELSE :updated END,
    summary = :summary, content = :content, text = :text,
    excerpt = :excerpt, language = :language, direction = :direction, image = :image,
    rights = :rights, event_date = COALESCE(:event_date, CASE WHEN :keeps_day = 1 THEN event_date END),
    details = :details
WHERE key = :key
"""
# All but its words, by which it is found and compared, and its links and dates that are frozen. With
# its date goes the key that is made of its title and that.
REFRESHED_ENTRY = """
UPDATE entries SET published = :published, title_key = :title_key, summary = :summary, content = :content,
    image = :image, language = :language, direction = :direction, rights = :rights,
    event_date = COALESCE(:event_date, event_date), details = :details
WHERE key = :key
"""
# The words that an entry had, before others take their place.
NEW_REVISION = """
INSERT INTO revisions (entry, until, told, title, text)
SELECT key, :now, :told, title, text FROM entries WHERE key = :key
"""
# The latest stay, and the latest that readers were told of, each with the next: that is what it became.
OLD_REVISIONS = """
WITH own AS (SELECT id, told, LAG(told) OVER (ORDER BY id) AS before FROM revisions WHERE entry = :key),
    told AS (SELECT id FROM own WHERE told = 'yes' ORDER BY id DESC LIMIT :kept)
DELETE FROM revisions WHERE entry = :key
    AND id NOT IN (SELECT id FROM own ORDER BY id DESC LIMIT :kept)
    AND id NOT IN (
        SELECT id FROM own WHERE 'yes' IN (told, before) AND id >= (SELECT MIN(id) FROM told))
"""
# Of some feeds the entries of which a change has not been told, with when they last changed.
WAITING = """
SELECT e.feed, e.key, (SELECT MAX(until) FROM revisions WHERE entry = e.key)
FROM (SELECT DISTINCT entry FROM revisions WHERE told = 'waits') r JOIN entries e ON e.key = r.entry
WHERE e.standing IS NULL AND e.feed IN (SELECT value FROM json_each(?))
"""
# After a change an entry said what it said before the next, or what it says now.
TOLD_CHANGES = """
SELECT r.entry, r.until, r.title, r.text, COALESCE(n.title, e.title), COALESCE(n.text, e.text)
FROM revisions r JOIN entries e ON e.key = r.entry
LEFT JOIN revisions n ON n.id = (SELECT MIN(id) FROM revisions WHERE entry = r.entry AND id > r.id)
WHERE r.told = 'yes' AND e.standing IS NULL
ORDER BY r.until DESC, r.id DESC LIMIT ?
"""
# Who is told of an entry now is told of all that changed in it.
TELL_WAITING = "UPDATE revisions SET told = 'yes' WHERE entry = ? AND told = 'waits'"
# Their columns stand in the row before the texts, which are not read.
CHANGES = """
SELECT entry, until, told FROM revisions WHERE entry IN (SELECT value FROM json_each(?)) ORDER BY id
"""
RELINKED_ENTRY = """
UPDATE entries SET id = :id, link = :link, canonical_link = :canonical_link, id_key = :id_key,
    loose_id_key = :loose_id_key, link_key = :link_key, title_key = :title_key, fingerprint = :fingerprint
WHERE key = :key
"""
# The date of what was first seen then and is `undated`, and whether an entry is.
_LONG_BEFORE = (
    f"strftime('%Y-%m-%dT%H:%M:%S', substr({{0}}, 1, 19), '-{LONG_AGO.days} days') || substr({{0}}, 20)"
)
_UNDATED = f"{{0}}.date = {_LONG_BEFORE.format('{0}.first_seen')}"
# The original of those that are left: the earliest by the publishers' clocks, if one has a date.
NEXT_LEAD = f"""
UPDATE entries SET lead = 1, copy_of = NULL, why = ''
WHERE key = (
    SELECT key FROM entries e WHERE story = :story ORDER BY {_UNDATED.format("e")}, date, key LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM entries WHERE story = :story AND lead = 1)
"""
# Whether an entry has a date, and what leads the story that it joined has none, and was chosen by nobody.
JOINED_UNDATED = f"""
SELECT 1 FROM entries e JOIN entries l ON l.story = e.story
WHERE e.key = :key AND NOT {_UNDATED.format("e")} AND l.story = :story AND l.lead = 1
    AND {_UNDATED.format("l")} AND l.key NOT IN (SELECT entry FROM rulings WHERE ruling = 'lead')
"""
# The entry leads its story, and who led it is a copy of it.
TAKE_LEAD = """
UPDATE entries SET lead = CASE WHEN key = :key THEN 1 ELSE 0 END,
    copy_of = CASE WHEN key = :key THEN NULL ELSE :key END,
    why = CASE WHEN key = :key THEN '' ELSE :why END
WHERE story = :story AND (key = :key OR lead = 1)
"""
# The same as TAKE_LEAD for an entry that was stored as its story's lead.
FOLLOW_NEW_LEAD = """
UPDATE entries SET lead = 0, copy_of = :key, why = :why WHERE story = :story AND lead = 1 AND key <> :key
"""
# News that joins what was but a member's past makes news of it.
TELL_STORY = "UPDATE stories SET told = 1 WHERE id = ? AND told = 0"
# It was told by an entry that is gone, and is not told again by another.
TELL_NO_MORE = "UPDATE stories SET told = 2 WHERE id = ? AND told = 1"
# That entry is there again.
TELL_AGAIN = "UPDATE stories SET told = 1 WHERE id = ? AND told = 2"
MOVE_ENTRY = """
UPDATE entries SET story = :story, lead = :lead, copy_of = :copy_of, why = :why WHERE key = :key
"""
# Not published, it leads no story; it is alone in its own by then.
WITHHOLD = """
UPDATE entries SET standing = :standing, lead = 0, copy_of = NULL, why = '' WHERE key = :key
"""
# What readers never had is first seen when they get it; what is undated stays so.
PUBLISH = f"""
UPDATE entries SET standing = NULL, lead = 1, first_seen = COALESCE(:first_seen, first_seen),
    date = CASE WHEN {_UNDATED.format("entries")} THEN COALESCE({_LONG_BEFORE.format(":first_seen")}, date)
        ELSE date END,
    changed = COALESCE(:first_seen, changed), back = COALESCE(:back, back)
WHERE key = :key
"""
# What readers had before it waited they have to hear of from an admin; what its member takes back
# and brings again while it waits goes on waiting.
STANDING = """
INSERT INTO standings (entry, standing, why, moment, by_admin, was_published, story, terms, led)
VALUES (:key, :standing, :why, :now, :by_admin, :was_published, :story, :terms, :led)
ON CONFLICT (entry) DO UPDATE SET standing = excluded.standing, why = excluded.why,
    moment = excluded.moment, by_admin = excluded.by_admin,
    was_published = MAX(excluded.was_published, excluded.by_admin * standings.was_published),
    story = COALESCE(excluded.story, standings.story), terms = COALESCE(excluded.terms, standings.terms),
    led = MAX(excluded.led, standings.led)
"""
# Copies of an entry that left their story follow the one that leads it now, of which nobody
# said that they are its copies.
FOLLOW_NEXT_LEAD = """
UPDATE entries SET copy_of = (SELECT key FROM entries WHERE story = :story AND lead = 1), why = :why
WHERE story = :story AND copy_of = :key
"""
SAID_BY_ADMIN = """
SELECT entry, why FROM standings WHERE by_admin = 1 AND entry IN (SELECT value FROM json_each(?))
"""
WITHOUT_LEAD = """
SELECT COUNT(*) FROM (
    SELECT story FROM entries WHERE standing IS NULL GROUP BY story HAVING SUM(lead) <> 1) without
"""
WITHHELD_IN_STORIES = """
SELECT COUNT(*) FROM entries e WHERE e.standing IS NOT NULL AND (e.lead = 1
    OR EXISTS (SELECT 1 FROM entries o WHERE o.story = e.story AND o.key <> e.key))
"""
WAITING_OF = """
SELECT s.entry FROM standings s JOIN entries e ON e.key = s.entry JOIN feeds f ON f.id = e.feed
WHERE s.standing IN ('held', 'quarantined') AND e.member = :member AND f.name = COALESCE(:feed, f.name)
ORDER BY s.entry
"""
UNPUBLISHED_TITLES = """
SELECT s.entry, e.title FROM standings s JOIN entries e ON e.key = s.entry
WHERE s.standing <> 'published' ORDER BY s.moment DESC, s.entry DESC
"""
WITHDRAWN_BY_ADMIN = """
UPDATE standings SET why = COALESCE(NULLIF(:why, ''), why), by_admin = 1 WHERE entry = :key
"""
WAIT_AGAIN = """
UPDATE standings SET standing = :standing, why = :why, moment = :since, by_admin = 0
WHERE entry = :key
"""
# What is published stands so since an admin said it, it was there again, or it came.
STANDS = """
SELECT e.key, COALESCE(e.standing, 'published'), COALESCE(s.why, ''),
    COALESCE(s.moment, e.back, e.first_seen), COALESCE(s.by_admin, 0), s.retracted
FROM entries e LEFT JOIN standings s ON s.entry = e.key WHERE e.key IN (SELECT value FROM json_each(?))
ORDER BY e.key
"""
RETRACTED = """
UPDATE standings SET retracted = ? WHERE entry = ? AND standing = 'withdrawn' AND by_admin = 1
"""
NOT_RETRACTED = """
UPDATE standings SET retracted = NULL
WHERE entry IN (SELECT value FROM json_each(?)) AND retracted IS NOT NULL
"""
IS_RELEASED = "SELECT 1 FROM standings WHERE entry = ? AND standing = 'published' AND by_admin = 1"
# What waits of these entries, by feed: their keys as JSON.
IN_QUARANTINE = """
SELECT e.feed, json_group_array(e.key) FROM entries e
WHERE e.key IN (SELECT value FROM json_each(?)) AND e.standing IN ('held', 'quarantined') GROUP BY e.feed
"""
NOTICES = """
SELECT e.member, f.name, s.standing, s.why, COUNT(*) AS entries, MIN(s.moment) AS since
FROM standings s JOIN entries e ON e.key = s.entry JOIN feeds f ON f.id = e.feed
WHERE s.standing IN ('held', 'quarantined')
GROUP BY e.member, f.name, s.standing, s.why ORDER BY 6, 1, 2, 3, 4
"""
NEW_TAGS = "INSERT INTO tags (entry, tags) VALUES (?, ?)"
# A date of `entries` as `story_tags` has it. Of the seconds' fraction SQLite would make a whole one.
MICROSECONDS = (
    "(CAST(strftime('%s', substr({0}, 1, 19)) AS BIGINT) * 1000000 + CAST(substr({0}, 21, 6) AS INTEGER))"
)
TAG_OF_NEW_STORY = "INSERT INTO story_tags (term, story, date, lead) VALUES (?, ?, ?, ?)"
# That of an entry that joined a story, if the story had it not.
TAG_OF_STORY = f"""
INSERT INTO story_tags (term, story, date, lead)
SELECT ?, story, {MICROSECONDS.format("date")}, key FROM entries WHERE story = ? AND lead = 1
ON CONFLICT (story, term) DO NOTHING
"""
STORY_TAGS = f"""
INSERT INTO story_tags (term, story, date, lead)
SELECT DISTINCT each.value ->> 0, l.story, {MICROSECONDS.format("l.date")}, l.key
FROM entries l JOIN entries e ON e.story = l.story JOIN tags t ON t.entry = e.key
CROSS JOIN json_each(t.tags) each
WHERE l.story = :story AND l.lead = 1
"""
COUNT_TAG = """
INSERT INTO tag_counts (term, stories) VALUES (?, ?)
ON CONFLICT (term) DO UPDATE SET stories = tag_counts.stories + excluded.stories
"""
TAG_COUNTS_BETWEEN = """
SELECT tag_counts.term, (SELECT COUNT(*) FROM story_tags t
    WHERE t.term = tag_counts.term AND t.date >= CAST(j.value ->> 0 AS BIGINT)
    AND t.date < CAST(j.value ->> 1 AS BIGINT))
FROM tag_counts CROSS JOIN json_each(?) j WHERE tag_counts.stories > 0
"""
TO_COME = """
SELECT e.key FROM entries e INDEXED BY entries_to_come
WHERE e.kind = 'event' AND e.event_date >= ? AND {} ORDER BY e.event_date, e.key LIMIT ?
"""
GONE_BY = """
SELECT e.key FROM entries e INDEXED BY entries_to_come
WHERE e.kind = 'event' AND e.event_date >= ? AND e.event_date < ? AND {}
ORDER BY e.event_date DESC, e.key DESC LIMIT ?
"""
# Of two stories that were put together both may be.
PINNED = """
SELECT l.key FROM pins p JOIN stories s ON s.id = p.story
JOIN entries l ON l.story = COALESCE(s.merged_into, s.id) AND l.lead = 1
WHERE p.last_day IS NULL OR p.last_day >= ?
GROUP BY l.key ORDER BY MAX(p.made) DESC, l.key DESC LIMIT ?
"""
_PINS_OF_STORY = "FROM pins WHERE story IN (SELECT id FROM stories WHERE ? IN (id, merged_into))"
PIN_OF_STORY = f"SELECT made, last_day {_PINS_OF_STORY} ORDER BY made DESC"
UNPIN = f"DELETE {_PINS_OF_STORY}"
# That of an entry, or the one that it left when it was withheld.
STORY_OF_ENTRY = """
SELECT COALESCE(s.merged_into, s.id) FROM entries e LEFT JOIN standings d ON d.entry = e.key
JOIN stories s ON s.id = CASE WHEN e.standing IS NULL THEN e.story ELSE COALESCE(d.story, e.story) END
WHERE e.key = ?
"""
# A story comes in with the first of its entries that is published. Out of indexes, but for stories with
# several entries: the rows of a month's take long to read.
CAME_BETWEEN = """
WITH came AS MATERIALIZED (
    SELECT e.key, e.first_seen FROM entries e INDEXED BY entries_first_seen
    WHERE e.first_seen >= :start AND e.first_seen < :end
), told AS MATERIALIZED (
    SELECT DISTINCT f.story FROM came JOIN entries f INDEXED BY entries_found ON f.key = came.key
    WHERE f.standing IS NULL AND f.date >= strftime('%Y-%m-%dT%H:%M:%f', came.first_seen, :late)
        AND EXISTS (SELECT 1 FROM stories ts WHERE ts.id = f.story AND ts.told = 1)
        AND NOT EXISTS (
            SELECT 1 FROM entries o WHERE o.story = f.story AND o.key <> f.key
                AND o.first_seen < :start AND o.standing IS NULL
        )
), leads AS MATERIALIZED (
    SELECT l.key FROM told JOIN entries l INDEXED BY entries_story ON l.story = told.story AND l.lead = 1
)
SELECT f.key FROM leads JOIN entries f INDEXED BY entries_found ON f.key = leads.key
ORDER BY f.date DESC, f.key DESC
"""
ANY_OVERRULING = "SELECT EXISTS (SELECT 1 FROM overrulings)"
OVERRULE_TAG = """
INSERT INTO overrulings (entry, term, tags, moment) VALUES (?, ?, ?, ?)
ON CONFLICT (entry, term) DO UPDATE SET tags = excluded.tags, moment = excluded.moment
"""
LEAVE_TO_RULES = """
DELETE FROM overrulings WHERE term = ? AND entry IN (SELECT value FROM json_each(?))
"""
SAID_OF_TAG = """
SELECT entry, moment FROM overrulings WHERE term = ? AND entry IN (SELECT value FROM json_each(?))
"""
RENEW_OVERRULING = "UPDATE overrulings SET tags = ? WHERE entry = ? AND term = ?"
# What was said of a story's tags holds for copies that come later.
OVERRULINGS_OF_STORY = """
INSERT INTO overrulings (entry, term, tags, moment)
SELECT DISTINCT :entry, o.term, o.tags, o.moment FROM overrulings o JOIN entries e ON e.key = o.entry
WHERE e.story = :story AND e.key <> :entry
ON CONFLICT (entry, term) DO NOTHING
"""
MEMBERS_GONE = """
UPDATE members SET configured = 0 WHERE configured = 1 AND slug NOT IN (SELECT value FROM json_each(?))
"""
FEEDS_GONE = """
UPDATE feeds SET configured = 0
WHERE configured = 1 AND (member, name) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
"""
MEMBER_UPSERT = """
INSERT INTO members (slug, position, configured, name, type, region, homepage, republish)
VALUES (:slug, :position, :configured, :name, :type, :region, :homepage, :republish)
ON CONFLICT (slug) DO UPDATE SET position = excluded.position, configured = excluded.configured,
    name = excluded.name, type = excluded.type, region = excluded.region,
    homepage = excluded.homepage, republish = excluded.republish
"""
FEED_UPSERT = """
INSERT INTO feeds (member, name, position, configured, url, alternatives, kinds, tags, identify_by,
    every_min, every_max, most_entries, most_bytes, trust, paused)
VALUES (:member, :name, :position, :configured, :url, :alternatives, :kinds, :tags, :identify_by,
    :every_min, :every_max, :most_entries, :most_bytes, :trust, :paused)
ON CONFLICT (member, name) DO UPDATE SET position = excluded.position,
    configured = excluded.configured, url = excluded.url, alternatives = excluded.alternatives,
    kinds = excluded.kinds, tags = excluded.tags, identify_by = excluded.identify_by,
    every_min = excluded.every_min, every_max = excluded.every_max,
    most_entries = excluded.most_entries, most_bytes = excluded.most_bytes,
    trust = excluded.trust, paused = excluded.paused
"""
# What was read in part (it has a remark) is asked for once more, to read another part of it; so are a
# site's pages, of which one may have been too large.
FEED_LIMITS_CHANGED = """
UPDATE feeds SET etag = NULL, last_modified = NULL, body_digest = NULL, listings = '[]', next_poll = NULL
WHERE member = :member AND name = :name AND remarks <> '[]'
    AND (most_entries <> :most_entries OR most_bytes <> :most_bytes)
"""
# A feed whose bounds were edited is due by the new ones, so it is asked now, unless it is unwell.
FEED_BOUNDS_CHANGED = """
UPDATE feeds SET next_poll = NULL WHERE member = :member AND name = :name AND failures = 0
    AND (every_min <> :every_min OR every_max <> :every_max)
"""
# What some members' feeds are called and where they are, the one that was polled last first.
FEEDS_OF = """
SELECT id, member, name, url, configured FROM feeds
WHERE member IN (SELECT value FROM json_each(?)) ORDER BY COALESCE(polled, '') DESC, id
"""
RENAME_FEED = "UPDATE feeds SET name = ? WHERE id = ?"
# A feed whose addresses were edited starts afresh: its validators, its errors
# and a 410 belong to addresses that are no longer there. A Retry-After was its host's.
FEED_ADDRESS_CHANGED = """
UPDATE feeds SET used_url = NULL, named_at = NULL, etag = NULL, last_modified = NULL, body_digest = NULL,
    listings = '[]', next_poll = NULL, gone = NULL, failures = 0, failing_since = NULL, reason_since = NULL,
    error = NULL, remedy = NULL, reason = NULL, wishes = '{}', move = NULL,
    push_hub = NULL, push_topic = NULL, push_itself = NULL, pushed_until = NULL
WHERE member = :member AND name = :name
    AND (url <> :url OR alternatives <> :alternatives OR kinds <> :kinds)
"""
FEED_HOST_CHANGED = "UPDATE feeds SET not_before = NULL WHERE member = :member AND name = :name"
FORGET_PAGES = """
DELETE FROM pages WHERE feed = (SELECT id FROM feeds WHERE member = :member AND name = :name)
"""
NEW_PAGE = """
INSERT INTO pages (feed, page) VALUES (?, ?)
ON CONFLICT (feed, page) DO UPDATE SET again = NULL WHERE pages.again IS NOT NULL
"""
# In vain a page is looked at twice; one that robots.txt bars, whenever it may be barred no longer.
NEW_PAGE_IN_VAIN = """
INSERT INTO pages (feed, page, again) VALUES (?, ?, ?) ON CONFLICT (feed, page) DO UPDATE SET again = NULL
"""
NEW_PAGE_BARRED = """
INSERT INTO pages (feed, page, again) VALUES (?, ?, ?)
ON CONFLICT (feed, page) DO UPDATE SET again = excluded.again
"""
PAGES = """
SELECT page FROM pages WHERE feed = (SELECT id FROM feeds WHERE member = ? AND name = ?)
    AND (again IS NULL OR again > ?)
"""
ENTRIES_AT = """
SELECT key FROM entries WHERE link_key = :link UNION SELECT key FROM entries WHERE id_key = :id
UNION SELECT key FROM entries WHERE atom_key = :id ORDER BY 1
"""
ENTRIES_WITH_LOOSE_ID = """
SELECT e.key FROM feeds f CROSS JOIN entries e ON e.feed = f.id AND e.loose_id_key = ?
"""
ENTRIES_NAMING = """
SELECT key FROM entries WHERE instr(lower(link), :host) > 0 OR instr(lower(id), :host) > 0
"""
ADDRESSES = "SELECT key, id, link FROM entries WHERE key IN (SELECT value FROM json_each(?))"
REHOSTED_ENTRY = "UPDATE entries SET loose_id_key = ?, link_key = ?, canonical_link = ? WHERE key = ?"
# Of two sets of entries, the rulings that keep them apart, and those that kept one of them alone.
OVERRULE = """
DELETE FROM rulings WHERE
    (ruling = 'alone' AND (entry IN (SELECT value FROM json_each(:moved))
        OR entry IN (SELECT value FROM json_each(:stay))))
    OR (ruling = 'apart' AND (
        (entry IN (SELECT value FROM json_each(:moved))
            AND other IN (SELECT value FROM json_each(:stay)))
        OR (entry IN (SELECT value FROM json_each(:stay))
            AND other IN (SELECT value FROM json_each(:moved)))))
"""
# Of an entry that is other news now: what holds for its news, and not for its page.
RULED_OF_NEWS = "DELETE FROM rulings WHERE entry = ? AND ruling IN ('together', 'lead')"
AWAY_FROM = """
SELECT d.entry FROM standings d JOIN stories s ON s.id = d.story
WHERE d.standing = 'withdrawn' AND COALESCE(s.merged_into, s.id) = ? ORDER BY d.entry
"""
# Whether an entry and any of some others are kept apart, or one of the others alone.
KEPT_OUT = """
SELECT 1 FROM rulings WHERE
    (ruling = 'alone' AND entry IN (SELECT value FROM json_each(:those)))
    OR (ruling = 'apart' AND ((entry = :entry AND other IN (SELECT value FROM json_each(:those)))
        OR (other = :entry AND entry IN (SELECT value FROM json_each(:those))))) LIMIT 1
"""
PLACE = """
SELECT e.copy_of, e.why, l.key
FROM entries e JOIN entries l ON l.story = e.story AND l.lead = 1 WHERE e.key = ?
"""
# What was ruled of an entry then, and all of it that is about no other.
UNRULE = "DELETE FROM rulings WHERE entry = :key AND (other IS NULL OR made = :made)"
# Of what it was a copy, if that is still there.
COPY_AGAIN = """
UPDATE entries SET why = :why,
    copy_of = COALESCE((SELECT key FROM entries WHERE key = :of AND story = :story), copy_of)
WHERE key = :key
"""
LEAD_NO_MORE = """
DELETE FROM rulings WHERE entry = :entry AND ruling = 'lead' AND EXISTS (
    SELECT 1 FROM rulings r JOIN entries e ON e.key = r.entry
    WHERE e.story = :story AND e.key <> :entry AND r.ruling = 'lead')
"""
CHOSEN_LEAD = """
SELECT r.entry FROM rulings r JOIN entries e ON e.key = r.entry WHERE e.story = ? AND r.ruling = 'lead'
"""
NUMBERS_OF_STORY = """
SELECT s.numbers FROM sketches s JOIN entries e ON e.key = s.entry WHERE e.story = ?
"""
LEFT = """
SELECT member, name FROM feeds
WHERE configured = 0 AND :target IN (member, member || '/' || name, url) ORDER BY position
"""
SPARE_HOST = """
INSERT INTO hosts (host, not_before) VALUES (?, ?)
ON CONFLICT (host) DO UPDATE SET not_before = MAX(hosts.not_before, excluded.not_before)
"""
# Of feeds that are polled, those that name a WebSub hub; by the index of these, which `+` leaves alone.
OFFERS = """
SELECT member, name, push_hub, push_topic, push_itself, push_public FROM feeds
WHERE push_hub IS NOT NULL AND +configured = 1 AND paused = 0 AND gone IS NULL
"""
SUBSCRIPTIONS = "SELECT s.*, f.member, f.name FROM subscriptions s LEFT JOIN feeds f ON f.id = s.feed"
SUBSCRIBE = """
INSERT INTO subscriptions (feed, hub, topic, public, callback, token, secret, due)
SELECT id, :hub, :topic, :public, :callback, :token, :secret, :due FROM feeds
WHERE member = :member AND name = :feed
"""
# What waits, the oldest of each subscription.
PUSHES = """
SELECT p.id AS push, p.received, p.content_type, p.body, s.topic, s.expires, f.*
FROM pushes p JOIN subscriptions s ON s.id = p.subscription JOIN feeds f ON f.id = s.feed
WHERE f.configured = 1 AND f.paused = 0 AND p.id IN (SELECT MIN(id) FROM pushes GROUP BY subscription)
ORDER BY p.id LIMIT ?
"""
# Who subscribes, in all and of a host, and what waits for callbacks; what is held counts as well.
CROWD = """
SELECT
    (SELECT COUNT(*) FROM subscribers WHERE expires > :now) AS subscribers,
    (SELECT COUNT(*) FROM subscribers WHERE host = :host) AS subscribers_of_host,
    (SELECT COUNT(*) FROM intents WHERE mode <> 'denied' AND (held = 0 OR due > :now)) AS waiting,
    (SELECT COUNT(*) FROM intents WHERE host = :host AND (held = 0 OR due > :now)) AS waiting_of_host,
    (SELECT COUNT(*) FROM subscribers WHERE tries > 0 AND slow = 1 AND expires > :now) AS failing
"""
# The later word counts; what else was asked for before, or was held, another number tells from it. Who asks
# for the same again has the callback asked no sooner and no oftener, since it may be another's.
INTEND = (
    "DELETE FROM intents WHERE topic = :topic AND callback = :callback AND (mode <> :mode OR held = 1)",
    """
INSERT INTO intents (mode, topic, callback, host, public, secret, lease, seen, why, due)
VALUES (:mode, :topic, :callback, :host, :public, :secret, :lease, :seen, :why, :due)
ON CONFLICT (topic, callback) DO UPDATE SET
    public = excluded.public, secret = excluded.secret, lease = excluded.lease, seen = excluded.seen
""",
)
# What a callback confirmed is done. What was asked for beside it meanwhile is for it to confirm as well.
CONFIRMED = """
DELETE FROM intents WHERE id = :number AND public = :public AND COALESCE(secret, '') = COALESCE(:secret, '')
    AND lease = :lease
"""
# One of each host, since a host is asked one at a time: what has waited longest.
INTENTS = """
SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY host ORDER BY due, id) AS place FROM intents
    WHERE held = 0 AND due <= ?) ranked
WHERE place = 1 ORDER BY due, id LIMIT ?
"""
# Who has subscribed before keeps the document that it has, and is sent what there is else, since it answers;
# who is new has to show that it is quick.
BEGIN_SENDING = """
INSERT INTO subscribers (topic, callback, host, public, secret, expires, sent, slow)
VALUES (:topic, :callback, :host, :public, :secret, :expires, :seen, 1)
ON CONFLICT (topic, callback) DO UPDATE SET
    public = excluded.public, secret = excluded.secret, expires = excluded.expires, due = NULL, tries = 0
"""
ANYBODY_BEHIND = (
    "SELECT 1 FROM subscribers WHERE topic = :topic AND sent <> :document AND due IS NULL LIMIT 1"
)
TELL = "UPDATE subscribers SET due = :now WHERE topic = :topic AND sent <> :document AND due IS NULL"
# One of each host here too: who has waited longest.
OWED = """
SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY host ORDER BY due, id) AS place FROM subscribers
    WHERE slow = :slow AND due <= :now AND expires > :now) ranked
WHERE place = 1 ORDER BY due, id LIMIT :limit
"""
DENY = (
    """
DELETE FROM intents WHERE topic = :topic
    AND callback IN (SELECT callback FROM subscribers WHERE topic = :topic)
""",
    """
INSERT INTO intents (mode, topic, callback, host, public, secret, lease, seen, why, due)
SELECT 'denied', topic, callback, host, public, NULL, 0, '', :why, :now FROM subscribers WHERE topic = :topic
""",
    "DELETE FROM subscribers WHERE topic = :topic",
)
ANYBODY = "SELECT EXISTS (SELECT 1 FROM subscribers) OR EXISTS (SELECT 1 FROM intents)"
ANY_OVER = """
SELECT EXISTS (SELECT 1 FROM subscribers WHERE expires <= :now)
    OR EXISTS (SELECT 1 FROM intents WHERE held = 1 AND due <= :now)
    OR EXISTS (SELECT 1 FROM intents WHERE held = 0 AND due <= :long_ago)
"""
LET_GO = (
    "DELETE FROM subscribers WHERE expires <= :now",
    "DELETE FROM intents WHERE (held = 1 AND due <= :now) OR (held = 0 AND due <= :long_ago)",
)
# What is kept so that it need not be made for each page: how it is kept, and how it could be made.
DERIVED = {
    "the tags of stories": (
        "SELECT term, story, date, lead FROM story_tags",
        f"SELECT each.value ->> 0, l.story, {MICROSECONDS.format('l.date')}, l.key"
        " FROM tags t CROSS JOIN json_each(t.tags) each JOIN entries e ON e.key = t.entry"
        " JOIN entries l ON l.story = e.story AND l.lead = 1",
    ),
    "the counts of tags": (
        "SELECT term, stories FROM tag_counts WHERE stories > 0",
        "SELECT term, COUNT(*) FROM story_tags GROUP BY term",
    ),
    "the counts of members": (
        "SELECT member, entries, leads FROM member_counts WHERE entries > 0",
        "SELECT member, COUNT(*), SUM(lead) FROM entries WHERE standing IS NULL GROUP BY member",
    ),
    "the standings": (
        "SELECT key, standing FROM entries WHERE standing IS NOT NULL",
        "SELECT entry, standing FROM standings WHERE standing <> 'published'",
    ),
}
# Of these what can be made anew, one after the other: the table and columns it is kept in.
MADE_ANEW = {
    "the tags of stories": ("story_tags", "term, story, date, lead"),
    "the counts of tags": ("tag_counts", "term, stories"),
    "the counts of members": ("member_counts", "member, entries, leads"),
}
