"""The store on SQLite, by way of sqlite-utils: the default, and enough for most networks.

One file in WAL mode: those who read see the last commit and never wait for
the one who writes. `synchronous=NORMAL` means that a power cut may undo the
last polls, whole; the next round brings them again, since their validators
are undone with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub import urls
from hub.errors import StoreError
from hub.model import Feed, FeedKey, FeedState, LastDocument, Member, PageCheck
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.admins import Admins
from hub.store.known import listed
from hub.store.migrations import lacking
from hub.store.nearby import Nearby
from hub.store.rows import Row
from hub.store.ruling import RulingOnStories
from hub.store.sending import Sending
from hub.store.subscribing import Subscribing
from hub.store.watching import Watching

# Past what clocks are put right by now and then.
_CLOCK_AHEAD = timedelta(hours=1)


class SqliteStore(RulingOnStories, Nearby, Watching, Subscribing, Sending, Admins):
    """A Store in one file."""

    def sync(self, members: Sequence[Member], feeds: Sequence[Feed], *, authority: str) -> None:
        every_member = [rows.member_row(member, position) for position, member in enumerate(members)]
        every_feed = [feedrows.feed_row(feed, position) for position, feed in enumerate(feeds)]
        with self._writing():
            before = self._members_as_published()
            self._db.execute("UPDATE state SET authority = :now WHERE authority <> :now", {"now": authority})
            self._db.execute(sql.MEMBERS_GONE, (listed(row["slug"] for row in every_member),))
            for row in self._not_there("members", every_member):
                self._db.execute(sql.MEMBER_UPSERT, row)
            not_there = self._not_there("feeds", every_feed)
            self._rename(not_there)
            self._db.execute(sql.FEEDS_GONE, (listed((row["member"], row["name"]) for row in every_feed),))
            for row in not_there:
                was = self._value("SELECT url FROM feeds WHERE member = :member AND name = :name", row)
                if was is not None and urls.host(was) != urls.host(row["url"]):
                    self._db.execute(sql.FEED_HOST_CHANGED, row)
                for changed in (sql.FEED_ADDRESS_CHANGED, sql.FEED_LIMITS_CHANGED):
                    if self._db.execute(changed, row).rowcount:
                        self._db.execute(sql.FORGET_PAGES, row)
                self._db.execute(sql.FEED_BOUNDS_CHANGED, row)
                self._db.execute(sql.FEED_UPSERT, row)
            self._rehost(urls.present_hosts(members, feeds))
            if self._members_as_published() != before:
                self._published_changed()

    def _not_there(self, table: str, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of some rows that a table has not as they are: most often feeds.yaml is as it was."""
        if not wanted:
            return []
        there = set(self._tuples(f"SELECT {', '.join(wanted[0])} FROM {table}"))
        return [row for row in wanted if tuple(row.values()) not in there]

    def _rename(self, wanted: Sequence[dict[str, Any]]) -> None:
        """Have feeds that stand under other names at their addresses be known by these from now on."""
        if wanted:
            feeds = self._rows(sql.FEEDS_OF, (listed(row["member"] for row in wanted),))
            names = _other_names(feeds, wanted)
            # They may take each other's, so that in between they have some that nobody has.
            self._write_each(sql.RENAME_FEED, [(f"/{number}", number) for number in names])
            self._write_each(sql.RENAME_FEED, [(name, number) for number, name in names.items()])

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

    def left_states(self) -> tuple[FeedState, ...]:
        return self._states("configured = 0", ())

    def due(self, now: datetime) -> tuple[FeedState, ...]:
        # Whoever polled it then had a clock that was ahead, and so is the time of its next poll.
        ahead = rows.stamp(now + _CLOCK_AHEAD)
        found = self._states(
            "configured = 1 AND (next_poll <= ? OR (gone IS NULL AND (next_poll IS NULL OR polled > ?)))",
            (rows.stamp(now), ahead),
        )
        return tuple(state for state in found if state.not_before is None or state.not_before <= now)

    def pages(self, feed: FeedKey, now: datetime) -> frozenset[int]:
        found = self._rows(sql.PAGES, (feed.member, feed.name, rows.stamp(now)))
        return frozenset(row["page"] for row in found)

    def last_document(self, feed: FeedKey) -> LastDocument:
        with self._reading():
            windows = self._tuples(sql.LEARNT_WINDOW, (feed.member, feed.name))
            window = {
                each.key: each
                for (packed,) in windows
                for each in feedrows.window(packed)
                # What waits to be seen again is looked at whole.
                if not each.waits
            }
            found = self._rows(sql.LAST_DOCUMENT, (listed(window),)) if window else ()
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
            due = self._tuples(sql.CHECKS_DUE, {"now": rows.stamp(now), "most": most})
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
            return tuple(link for (link,) in self._tuples(sql.LINKS, (listed(keys),)))

    def _states(self, condition: str, values: tuple[str, ...]) -> tuple[FeedState, ...]:
        with self._reading():
            waits = self._waits()
            found = self._rows(f"SELECT * FROM feeds WHERE {condition} ORDER BY position", values)
        return tuple(
            feedrows.feed_state(row, waits.get(urls.host(row["url"]) or "") if waits else None)
            for row in found
        )

    # ------------------------------------------------------------ care

    def left(self, target: str) -> tuple[FeedKey, ...]:
        with self._errors():
            found = self._tuples(sql.LEFT, {"target": target})
        return tuple(FeedKey(member, name) for member, name in found)

    def remove(self, feed: FeedKey, now: datetime) -> int:
        with self._writing():
            row = next(iter(self._rows(sql.FEEDS_NAMED, (listed([(feed.member, feed.name)]),))), None)
            if row is None:
                return 0
            its = self._tuples("SELECT key, story FROM entries WHERE feed = ?", (row["id"],))
            told = [story for key, story in its if self._told_by(key, now)]
            self._lose_feed(row["id"])
            removed = self._db.execute("DELETE FROM entries WHERE feed = ?", (row["id"],)).rowcount
            for story in told:
                self._db.execute(sql.TELL_NO_MORE, (story,))
            for story in {story for _, story in its}:
                self._db.execute(sql.NEXT_LEAD, {"story": story})
                self._retag_story(story)
            self._db.execute("DELETE FROM feeds WHERE id = ?", (row["id"],))
            self._db.execute(
                "DELETE FROM members WHERE configured = 0 AND slug = ?"
                " AND NOT EXISTS (SELECT 1 FROM feeds WHERE member = slug)",
                (feed.member,),
            )
            self._published_changed()
        return int(removed)

    def check(self) -> tuple[str, ...]:
        with self._errors():
            problems = [str(found) for (found,) in self._tuples("PRAGMA integrity_check") if found != "ok"]
            problems += [
                f"{row['table']}: row {row['rowid']} names a row of {row['parent']} that is not there"
                for row in self._rows("PRAGMA foreign_key_check")
            ]
            # A migration that was edited after a database had it makes there nothing more.
            if missing := lacking(self._db):
                return (*problems, *missing)
            without_lead = self._value(
                "SELECT COUNT(*) FROM (SELECT story FROM entries WHERE standing IS NULL"
                " GROUP BY story HAVING SUM(lead) <> 1)"
            )
            if without_lead:
                problems.append(f"{without_lead} stories do not have exactly one lead")
            shown = self._value(sql.WITHHELD_IN_STORIES)
            if shown:
                problems.append(f"{shown} entries that are not published are in stories with others, or lead")
            for what, (kept, made) in sql.DERIVED.items():
                differing = self._value(
                    f"SELECT (SELECT COUNT(*) FROM ({kept} EXCEPT {made}))"
                    f" + (SELECT COUNT(*) FROM ({made} EXCEPT {kept}))"
                )
                if differing:
                    problems.append(f"{what} do not agree with the entries in {differing} places")
            differing = self._word_bitmaps_that_differ()
            if differing:
                problems.append(
                    f"bitmaps of common words do not agree with the full-text index in {differing} places"
                )
            differing = self._tag_bitmaps_that_differ()
            if differing:
                problems.append(
                    f"bitmaps of tags do not agree with the tags of stories in {differing} places"
                )
        # Before, so that no wait for who writes is deaf to signals.
        with self._writing():
            try:
                self._db.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
            except sqlite3.Error as error:
                code = error.sqlite_errorcode & 0xFF
                if code == sqlite3.SQLITE_READONLY:
                    raise StoreError(
                        f"The full-text index of {self._file} was not checked: the file may not be written.",
                        "Run this as the user that the hub runs as.",
                    ) from error
                # Whoever holds the database, or fills its disk, does not damage it.
                if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                problems.append(f"the full-text index does not agree with the entries: {error}")
        return tuple(problems)

    def mend(self, step: Callable[[str], None]) -> None:
        with self._writing():
            for what, (table, columns) in sql.MADE_ANEW.items():
                step(what)
                _, made = sql.DERIVED[what]
                self._db.execute(f"DELETE FROM {table}")
                self._db.execute(f"INSERT INTO {table} ({columns}) SELECT DISTINCT * FROM ({made})")
            step("the bitmaps of tags")
            self._make_tag_bitmaps_anew()
            step("the full-text index")
            self._db.execute("INSERT INTO search (search) VALUES ('rebuild')")
            # Those of words come anew with the polls that follow.
            self._db.execute("DELETE FROM bitmap_blocks")
            self._db.execute("DELETE FROM word_bitmaps")
            self._published_changed()


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
