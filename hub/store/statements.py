"""The statements by which polls are settled, and those that several parts of the store use.

The others stand in the part that uses them. Values are always parameters, never text.

SQL that SQLite takes, and PostgreSQL once `hub.store.postgres.dialect` has said it
in its words: `json_each` hands a list of values over as one parameter.
"""

from hub.model import LONG_AGO

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
TAKEN_AWAY = """
SELECT feed, news FROM taken_away
WHERE feed IN (SELECT value FROM json_each(:feeds)) AND news IN (SELECT value FROM json_each(:news))
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
FROM (SELECT DISTINCT entry FROM revisions WHERE told = 'waits') r CROSS JOIN entries e ON e.key = r.entry
WHERE e.standing IS NULL AND e.feed IN (SELECT value FROM json_each(?))
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
TELL_STORIES = "UPDATE stories SET told = 1 WHERE id IN (SELECT value FROM json_each(?)) AND told = 0"
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
INSERT INTO standings (entry, standing, why, moment, by_admin, role, was_published, story, terms, led)
VALUES (:key, :standing, :why, :now, :by_admin, :role, :was_published, :story, :terms, :led)
ON CONFLICT (entry) DO UPDATE SET standing = excluded.standing, why = excluded.why,
    moment = excluded.moment, by_admin = excluded.by_admin, role = excluded.role,
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
SELECT entry, why, role FROM standings WHERE by_admin = 1 AND entry IN (SELECT value FROM json_each(?))
"""
WAITING_OF = """
SELECT s.entry FROM standings s JOIN entries e ON e.key = s.entry JOIN feeds f ON f.id = e.feed
WHERE s.standing IN ('held', 'quarantined') AND e.member = :member AND f.name = COALESCE(:feed, f.name)
ORDER BY s.entry
"""
UNPUBLISHED_TITLES = """
SELECT s.entry, e.title FROM standings s JOIN entries e ON e.key = s.entry
WHERE s.standing <> 'published' AND e.member = COALESCE(:member, e.member)
ORDER BY s.moment DESC, s.entry DESC
"""
WITHDRAWN_BY_ADMIN = """
UPDATE standings SET why = COALESCE(NULLIF(:why, ''), why), by_admin = 1, role = :role WHERE entry = :key
"""
WAIT_AGAIN = """
UPDATE standings SET standing = :standing, why = :why, moment = :since, by_admin = 0, role = NULL
WHERE entry = :key
"""
# What is published stands so since an admin said it, it was there again, or it came.
STANDS = """
SELECT e.key, COALESCE(e.standing, 'published'), COALESCE(s.why, ''),
    COALESCE(s.moment, e.back, e.first_seen), COALESCE(s.by_admin, 0), s.retracted, s.role
FROM entries e LEFT JOIN standings s ON s.entry = e.key WHERE e.key IN (SELECT value FROM json_each(?))
ORDER BY e.key
"""
BEGUN = "SELECT MIN(first_seen) FROM entries"
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
# A date of `entries` as `story_tags` has it. Of the seconds' fraction SQLite would make a whole one.
MICROSECONDS = (
    "(CAST(strftime('%s', substr({0}, 1, 19)) AS BIGINT) * 1000000 + CAST(substr({0}, 21, 6) AS INTEGER))"
)
_PINS_OF_STORY = "FROM pins WHERE story IN (SELECT id FROM stories WHERE ? IN (id, merged_into))"
PIN_OF_STORY = f"SELECT made, last_day {_PINS_OF_STORY} ORDER BY made DESC"
UNPIN = f"DELETE {_PINS_OF_STORY}"
# That of an entry, or the one that it left when it was withheld.
STORY_OF_ENTRY = """
SELECT COALESCE(s.merged_into, s.id) FROM entries e LEFT JOIN standings d ON d.entry = e.key
JOIN stories s ON s.id = CASE WHEN e.standing IS NULL THEN e.story ELSE COALESCE(d.story, e.story) END
WHERE e.key = ?
"""
ANY_OVERRULING = "SELECT EXISTS (SELECT 1 FROM overrulings)"
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
SPARE_HOST = """
INSERT INTO hosts (host, not_before) VALUES (?, ?)
ON CONFLICT (host) DO UPDATE SET not_before = MAX(hosts.not_before, excluded.not_before)
"""
