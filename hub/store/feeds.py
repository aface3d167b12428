"""The feeds and members of feeds.yaml, and what is remembered of each feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub import urls
from hub.model import Feed, FeedKey, FeedState, LastDocument, Member, PageCheck
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import listed
from hub.store.rehosting import Rehosting
from hub.store.rows import Row
from hub.store.standing import Placing
from hub.store.subscribing import Subscribing

_LINKS = """
SELECT link FROM entries WHERE key IN (SELECT value FROM json_each(?)) AND link IS NOT NULL ORDER BY key DESC
"""
_LEARNT_WINDOW = """
SELECT w.entries FROM feeds f JOIN windows w ON w.feed = f.id JOIN habits h ON h.feed = f.id
WHERE f.member = ? AND f.name = ? AND h.entries > 0
"""
_LAST_DOCUMENT = """
SELECT key, id, title, link, canonical_link, id_key, loose_id_key, link_key, title_key, fingerprint, text
FROM entries WHERE key IN (SELECT value FROM json_each(?)) AND id_key IS NOT NULL
"""
# In this order, since there are few: SQLite would look up each entry of each feed. Of each feed some, so
# that one with many stands in nobody's way.
_CHECKS_DUE = """
SELECT member, name, entry, link, due, gone_since, tries FROM (
    SELECT e.member, f.name, c.entry, e.link, c.due, c.gone_since, c.tries,
           ROW_NUMBER() OVER (PARTITION BY f.id ORDER BY c.due, c.entry) AS place
    FROM checks c CROSS JOIN entries e ON e.key = c.entry CROSS JOIN feeds f ON f.id = e.feed
    WHERE c.due <= :now AND e.link IS NOT NULL
    AND f.configured = 1 AND f.paused = 0 AND f.gone IS NULL) ranked
WHERE place <= :most ORDER BY due
"""
_MEMBERS_GONE = """
UPDATE members SET configured = 0 WHERE configured = 1 AND slug NOT IN (SELECT value FROM json_each(?))
"""
_FEEDS_GONE = """
UPDATE feeds SET configured = 0
WHERE configured = 1 AND (member, name) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
"""
_MEMBER_UPSERT = """
INSERT INTO members (slug, position, configured, name, type, region, homepage, republish)
VALUES (:slug, :position, :configured, :name, :type, :region, :homepage, :republish)
ON CONFLICT (slug) DO UPDATE SET position = excluded.position, configured = excluded.configured,
    name = excluded.name, type = excluded.type, region = excluded.region,
    homepage = excluded.homepage, republish = excluded.republish
"""
_FEED_UPSERT = """
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
_FEED_LIMITS_CHANGED = """
UPDATE feeds SET etag = NULL, last_modified = NULL, body_digest = NULL, listings = '[]', next_poll = NULL
WHERE member = :member AND name = :name AND remarks <> '[]'
    AND (most_entries <> :most_entries OR most_bytes <> :most_bytes)
"""
# A feed whose bounds were edited is due by the new ones, so it is asked now, unless it is unwell.
_FEED_BOUNDS_CHANGED = """
UPDATE feeds SET next_poll = NULL WHERE member = :member AND name = :name AND failures = 0
    AND (every_min <> :every_min OR every_max <> :every_max)
"""
# A feed that was paused is asked now, and what failed before says nothing of how it has been since.
_FEED_RESUMED = """
UPDATE feeds SET next_poll = NULL, failures = 0, failing_since = NULL, reason_since = NULL, error = NULL,
    remedy = NULL, reason = NULL
WHERE member = :member AND name = :name AND paused = 1 AND :paused = 0
"""
# What some members' feeds are called and where they are, the one that was polled last first.
_FEEDS_OF = """
SELECT id, member, name, url, configured FROM feeds
WHERE member IN (SELECT value FROM json_each(?)) ORDER BY COALESCE(polled, '') DESC, id
"""
_RENAME_FEED = "UPDATE feeds SET name = ? WHERE id = ?"
# A feed whose addresses were edited starts afresh: its validators, its errors
# and a 410 belong to addresses that are no longer there. A Retry-After was its host's.
_FEED_ADDRESS_CHANGED = """
UPDATE feeds SET used_url = NULL, named_at = NULL, etag = NULL, last_modified = NULL, body_digest = NULL,
    listings = '[]', next_poll = NULL, gone = NULL, failures = 0, failing_since = NULL, reason_since = NULL,
    error = NULL, remedy = NULL, reason = NULL, wishes = '{}', move = NULL,
    push_hub = NULL, push_topic = NULL, push_itself = NULL, pushed_until = NULL
WHERE member = :member AND name = :name
    AND (url <> :url OR alternatives <> :alternatives OR kinds <> :kinds)
"""
_FEED_HOST_CHANGED = "UPDATE feeds SET not_before = NULL WHERE member = :member AND name = :name"
_FORGET_PAGES = """
DELETE FROM pages WHERE feed = (SELECT id FROM feeds WHERE member = :member AND name = :name)
"""
_PAGES = """
SELECT page FROM pages WHERE feed = (SELECT id FROM feeds WHERE member = ? AND name = ?)
    AND (again IS NULL OR again > ?)
"""
_LEFT = """
SELECT member, name FROM feeds
WHERE configured = 0 AND :target IN (member, member || '/' || name, url) ORDER BY position
"""

# Past what clocks are put right by now and then.
_CLOCK_AHEAD = timedelta(hours=1)
_BY_KEY = """
SELECT * FROM feeds WHERE +configured = 1 AND (member, name) > (?, ?) ORDER BY member, name LIMIT ?
"""


class Feeds(Placing, Rehosting, Subscribing):
    """The part of the store that keeps feeds."""

    def sync(self, members: Sequence[Member], feeds: Sequence[Feed], *, authority: str) -> None:
        every_member = [rows.member_row(member, position) for position, member in enumerate(members)]
        every_feed = [feedrows.feed_row(feed, position) for position, feed in enumerate(feeds)]
        with self._writing():
            before = self._members_as_published()
            self._execute("UPDATE state SET authority = :now WHERE authority <> :now", {"now": authority})
            self._execute(_MEMBERS_GONE, (listed(row["slug"] for row in every_member),))
            self._write_each(_MEMBER_UPSERT, self._not_there("members", every_member))
            not_there = self._not_there("feeds", every_feed)
            self._rename(not_there)
            self._execute(_FEEDS_GONE, (listed((row["member"], row["name"]) for row in every_feed),))
            was = {(feed["member"], feed["name"]): feed["url"] for feed in self._feeds_of(not_there)}
            for row in not_there:
                if url := was.get((row["member"], row["name"])):
                    self._edit(row, host_changed=urls.host(url) != urls.host(row["url"]))
            self._write_each(_FEED_UPSERT, not_there)
            self._rehost(urls.present_hosts(members, feeds))
            if self._members_as_published() != before:
                self._published_changed()

    def _not_there(self, table: str, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that a table does not have as they are: mostly none, since feeds.yaml is as it was."""
        if not wanted:
            return []
        there = set(self._tuples(f"SELECT {', '.join(wanted[0])} FROM {table}"))
        return [row for row in wanted if tuple(row.values()) not in there]

    def _rename(self, wanted: Sequence[dict[str, Any]]) -> None:
        """Have feeds that stand under other names at their addresses be known by these from now on."""
        names = _other_names(self._feeds_of(wanted), wanted)
        # They may take each other's, so that in between they have some that nobody has.
        self._write_each(_RENAME_FEED, [(f"/{number}", number) for number in names])
        self._write_each(_RENAME_FEED, [(name, number) for number, name in names.items()])

    def _feeds_of(self, wanted: Sequence[dict[str, Any]]) -> list[rows.Row]:
        """The feeds of the members that some rows are of."""
        if not wanted:
            return []
        return self._rows(_FEEDS_OF, (listed({row["member"] for row in wanted}),))

    def _edit(self, row: dict[str, Any], *, host_changed: bool) -> None:
        """Have a feed that was there begin anew with what the row has otherwise."""
        if host_changed:
            self._execute(_FEED_HOST_CHANGED, row)
        for changed in (_FEED_ADDRESS_CHANGED, _FEED_LIMITS_CHANGED):
            if self._rows_changed(changed, row):
                self._execute(_FORGET_PAGES, row)
        self._execute(_FEED_BOUNDS_CHANGED, row)
        self._execute(_FEED_RESUMED, row)

    def _members_as_published(self) -> list[tuple[Any, ...]]:
        members = self._tuples(
            "SELECT slug, name, type, region, homepage, republish, configured, position"
            " FROM members ORDER BY slug"
        )
        feeds = self._tuples("SELECT member, name, url, configured, position FROM feeds ORDER BY id")
        return [*members, *feeds]

    def feed_states(self, member: str | None = None) -> tuple[FeedState, ...]:
        if member is not None:
            return self._states("configured = 1 AND member = ?", (member,))
        return self._states("configured = 1", ())

    def polled_at(self) -> Mapping[FeedKey, tuple[str, ...]]:
        with self._errors():
            found = self._tuples(
                "SELECT member, name, url, alternatives, used_url FROM feeds WHERE configured = 1"
            )
        return {
            FeedKey(member, name): (url, *rows.from_json(alternatives), *((used,) if used else ()))
            for member, name, url, alternatives, used in found
        }

    def left_states(self) -> tuple[FeedState, ...]:
        return self._states("configured = 0", ())

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        # Whoever polled it then had a clock that was ahead, and so is the time of its next poll.
        ahead = rows.stamp(now + _CLOCK_AHEAD)
        found = self._states(
            "configured = 1 AND paused = 0"
            " AND (next_poll <= ? OR (gone IS NULL AND (next_poll IS NULL OR polled > ?)))",
            (rows.stamp(now), ahead),
        )
        return tuple(state for state in found if state.not_before is None or state.not_before <= now)

    def pages(self, feed: FeedKey, now: datetime) -> frozenset[int]:
        found = self._rows(_PAGES, (feed.member, feed.name, rows.stamp(now)))
        return frozenset(row["page"] for row in found)

    def last_document(self, feed: FeedKey) -> LastDocument:
        with self._reading():
            windows = self._tuples(_LEARNT_WINDOW, (feed.member, feed.name))
            window = {
                each.key: each
                for (packed,) in windows
                for each in feedrows.window(packed)
                # What waits to be seen again is looked at whole.
                if not each.waits
            }
            found = self._rows(_LAST_DOCUMENT, (listed(window),)) if window else ()
        return LastDocument(
            marks=frozenset((row["id_key"], row["canonical_link"], row["fingerprint"]) for row in found),
            entries={
                its.written: rows.as_it_stood(row, feed, its)
                for row in found
                if (its := window[row["key"]]).written and its.rest
            },
        )

    def checks_due(self, now: datetime, *, most: int) -> Mapping[FeedKey, tuple[PageCheck, ...]]:
        found: dict[FeedKey, tuple[PageCheck, ...]] = {}
        with self._errors():
            due = self._tuples(_CHECKS_DUE, {"now": rows.stamp(now), "most": most})
        for member, name, key, url, when, gone_since, tries in due:
            check = PageCheck(
                key=key,
                url=url,
                due=rows.moment(when),
                gone_since=rows.moment(gone_since) if gone_since else None,
                tries=tries,
            )
            feed = FeedKey(member, name)
            found[feed] = (*found.get(feed, ()), check)
        return found

    def links(self, feed: FeedKey) -> tuple[str, ...]:
        with self._reading():
            windows = self._tuples(sql.WINDOW_OF, (feed.member, feed.name))
            keys = [key for (packed,) in windows for key, *_ in feedrows.window(packed)]
            return tuple(link for (link,) in self._tuples(_LINKS, (listed(keys),)))

    def _states(self, condition: str, values: tuple[str, ...]) -> tuple[FeedState, ...]:
        with self._reading():
            return self._as_states(
                self._rows(f"SELECT * FROM feeds WHERE {condition} ORDER BY position", values)
            )

    def _states_by_key(self, member: str, name: str, limit: int) -> tuple[FeedState, ...]:
        """The next feeds behind a key, in the order of their keys, so many at most."""
        return self._as_states(self._rows(_BY_KEY, (member, name, limit)))

    def _as_states(self, found: Sequence[Row]) -> tuple[FeedState, ...]:
        waits = self._waits()
        return tuple(
            feedrows.feed_state(row, waits.get(urls.host(row["url"]) or "") if waits else None)
            for row in found
        )

    # ------------------------------------------------------------ care

    def left(self, target: str) -> tuple[FeedKey, ...]:
        with self._errors():
            found = self._tuples(_LEFT, {"target": target})
        return tuple(FeedKey(member, name) for member, name in found)

    def remove(self, feed: FeedKey, now: datetime) -> int:
        with self._writing():
            row = next(iter(self._rows(sql.FEEDS_NAMED, (listed([(feed.member, feed.name)]),))), None)
            if row is None:
                return 0
            its = dict(self._tuples("SELECT key, story FROM entries WHERE feed = ?", (row["id"],)))
            self._take_entries(its, now)
            self._execute("DELETE FROM feeds WHERE id = ?", (row["id"],))
            self._execute(
                "DELETE FROM members WHERE configured = 0 AND slug = ?"
                " AND NOT EXISTS (SELECT 1 FROM feeds WHERE member = slug)",
                (feed.member,),
            )
            self._published_changed()
        return len(its)


def _other_names(feeds: Sequence[Row], wanted: Sequence[dict[str, Any]]) -> dict[int, str]:
    """By the numbers of feeds of some members, those polled last first, the names of those that get others.

    What is called so gives way, under a name that no feeds.yaml can have. One of the file keeps its name
    where it gets the address of a feed that had left before: it goes on, and that one does not.
    """
    called = {(feed["member"], feed["name"]): feed for feed in feeds}
    there = {(feed["member"], feed["url"]): feed for feed in reversed(feeds)}
    had_left = {feed["id"] for feed in feeds if not feed["configured"]}
    renamed: dict[int, tuple[str, str]] = {}
    for row in wanted:
        key = (row["member"], row["name"])
        feed = there.get((row["member"], row["url"]))
        if feed is not None and (key not in called or called[key]["url"] != row["url"]):
            renamed[feed["id"]] = key

    def in_the_way() -> dict[int, Row]:
        others = {number: called[key] for number, key in renamed.items() if key in called}
        return {number: other for number, other in others.items() if other["id"] not in renamed}

    for number, other in in_the_way().items():
        if other["configured"] and number in had_left:
            del renamed[number]
    names = {number: name for number, (_, name) in renamed.items()}
    # A dot is in no slug, so nobody adds a feed that would be taken for this one.
    return names | {other["id"]: f"{other['name']}.left-{other['id']}" for other in in_the_way().values()}
