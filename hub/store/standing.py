"""What is published and what is not: into stories and out of them.

An entry that is not published leads nothing and is alone in its story, so
that whatever asks for the entries of stories never meets it; lists of entries
ask for its `standing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice

from msgspec.structs import replace

from hub import quarantine, roles, stories
from hub.errors import StoreError
from hub.model import (
    Entry,
    FeedKey,
    Habits,
    Known,
    Notice,
    RoleName,
    Stand,
    Standing,
    StoredEntry,
    Withheld,
    WithheldEntry,
    compared_as_of,
)
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import KnownToBatch, listed
from hub.store.tagging import Tagging

_MOST_TOLD = 100
# More withdrawals of a month are told to nobody.
_MOST_WITHDRAWN = 1_000
# What came in so long ago its readers have had.
_READ_WITHIN = timedelta(days=1)
_LEFT_BEHIND = "it came into the story of {}’s by way of an entry that has left it"
_CHOSEN = "an admin chose {}’s to lead"
_TOLD_BY = "the same news as {}’s, which told it before"
_HAS_A_DATE = "the same news as {}’s, which has a date"
_TAKE_ENTRIES = "DELETE FROM entries WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?))"
_BACK_AGAIN = "it was with {}’s before it was withdrawn"


def _said(stand: Stand) -> str:
    """`withdrawn by an admin (a mistake)`, and the like."""
    if stand.standing == "published":
        return "published"
    by = f" by {roles.whoever(stand.role, 'its member')}" if stand.by_admin else ""
    why = f" ({stand.why})" if stand.why else ""
    if stand.retracted is None:
        return f"{stand.standing}{by}{why}"
    return f"{stand.standing}{by}{why}, and by its member{f' ({stand.retracted})' if stand.retracted else ''}"


class Placing(Tagging):
    """The part of the store that puts entries into stories and takes them out."""

    # As of when, by what others have written, `_house` was read.
    _version: object = None

    @cached_property
    def _house(self) -> dict[int, list[int]]:
        """The stories with each number that very many have (`KnownToBatch`), kept from batch to batch."""
        return {}

    # ------------------------------------------------------------ what is not published

    def waiting(self, member: str | None = None) -> tuple[WithheldEntry, ...]:
        wait = "standing IN ('held', 'quarantined')"
        if member is None:
            return self._withheld(wait, ())
        return self._withheld(
            f"{wait} AND EXISTS (SELECT 1 FROM entries WHERE key = entry AND member = ?)", (member,)
        )

    def waiting_of(self, member: str, feed: str | None = None) -> tuple[int, ...]:
        with self._errors():
            found = self._tuples(sql.WAITING_OF, {"member": member, "feed": feed})
        return tuple(key for (key,) in found)

    def notices(self) -> tuple[Notice, ...]:
        with self._errors():
            found = self._tuples(sql.NOTICES)
        return tuple(
            Notice(
                feed=FeedKey(member, name),
                withheld=Withheld(standing, why),
                entries=entries,
                since=rows.moment(since),
            )
            for member, name, standing, why, entries, since in found
        )

    def withdrawn(self, since: datetime | None = None) -> tuple[WithheldEntry, ...]:
        return self._withheld(
            "standing = 'withdrawn' AND was_published = 1 AND moment >= ?",
            (rows.stamp(since) if since else "",),
            most=_MOST_WITHDRAWN,
        )

    def unpublished(
        self, words: Sequence[str], member: str | None = None, *, limit: int
    ) -> tuple[StoredEntry, ...]:
        wanted = [word.casefold() for word in words]
        with self._reading():
            # The database folds no letters beyond ASCII.
            all_titles = self._tuples(sql.UNPUBLISHED_TITLES, {"member": member})
            titles = ((key, title.casefold()) for key, title in all_titles)
            found = (key for key, title in titles if all(word in title for word in wanted))
            keys = list(islice(found, limit))
            entries = {each.key: each for each in self._load("e.key", keys)}
        return tuple(entries[key] for key in keys)

    def withheld(self, key: int) -> WithheldEntry | None:
        return next(iter(self._withheld("standing <> 'published' AND entry = ?", (key,))), None)

    def is_told(self, story: int) -> bool:
        with self._errors():
            return bool(self._value("SELECT told FROM stories WHERE id = ?", (story,)))

    def withdrawn_from(self, story: int) -> WithheldEntry | None:
        with self._errors():
            keys = self._tuples("SELECT key FROM entries WHERE story = ?", (story,))
        found = [self.withheld(key) for (key,) in keys]
        withdrawn = (each for each in found if each and each.withheld.standing == "withdrawn")
        return next((each for each in withdrawn if each.was_published), None)

    def away_from(self, story: int) -> tuple[StoredEntry, ...]:
        with self._reading():
            return tuple(self._load("e.key", [key for (key,) in self._tuples(sql.AWAY_FROM, (story,))]))

    def _withheld(
        self, condition: str, values: tuple[str | int, ...], *, most: int = _MOST_TOLD
    ) -> tuple[WithheldEntry, ...]:
        """The withheld entries that a condition on `standings` holds for, the last first."""
        with self._reading():
            found = self._rows(
                f"SELECT * FROM standings WHERE {condition} ORDER BY moment DESC, entry DESC LIMIT ?",
                (*values, most),
            )
            entries = {each.key: each for each in self._load("e.key", [row["entry"] for row in found])}
        return tuple(
            WithheldEntry(
                stored=entries[row["entry"]],
                withheld=Withheld(row["standing"], row["why"], row["role"]),
                since=rows.moment(row["moment"]),
                by_admin=bool(row["by_admin"]),
                was_published=bool(row["was_published"]),
                retracted=row["retracted"],
                story_terms=frozenset(
                    rows.from_json(row["terms"])
                    if row["terms"] is not None
                    else (tag.term for tag in entries[row["entry"]].entry.tags)
                ),
            )
            for row in found
        )

    # ------------------------------------------------------------ what admins say

    def release(
        self,
        keys: Iterable[int],
        now: datetime | None = None,
        *,
        for_good: bool = True,
        seen: Mapping[int, Stand] = {},
    ) -> dict[int, Stand]:
        released = []
        with self._writing():
            self._check_stands(seen)
            now = now or datetime.now(UTC)
            keys = list(keys)
            self._learn(keys)
            for key in keys:
                before = self._value("SELECT standing FROM entries WHERE key = ?", (key,))
                if not before:
                    continue
                self._renew(self._publish(key, now))
                if before == "withdrawn" and for_good:
                    self._stand(key, "published", "an admin released it", now, by_admin=True)
                released.append(key)
            if released:
                self._published_changed()
            return self.stands(released)

    def _learn(self, keys: Sequence[int]) -> None:
        """Have the habits of their feeds learn entries that were in quarantine, and are released."""
        for feed, those in self._tuples(sql.IN_QUARANTINE, (listed(keys),)):
            entries = [self._sketched(key) for key in sorted(rows.from_json(those))]
            before = next(iter(self._rows(sql.HABITS, (listed([feed]),))), None)
            habits = quarantine.released(feedrows.habits(before) if before else Habits(), entries)
            self._execute(sql.NEW_HABITS, {"feed": feed, **feedrows.habits_row(habits)})

    def withdraw(
        self,
        keys: Iterable[int],
        why: str,
        now: datetime | None = None,
        *,
        role: RoleName | None = None,
        seen: Mapping[int, Stand] = {},
    ) -> dict[int, Stand]:
        withdrawn = []
        with self._writing():
            self._check_stands(seen)
            now = now or datetime.now(UTC)
            keys = list(keys)
            for key in keys:
                if self._value("SELECT standing FROM entries WHERE key = ?", (key,)) == "withdrawn":
                    self._execute(sql.WITHDRAWN_BY_ADMIN, {"key": key, "why": why, "role": role})
                    continue
                self._renew(self._withhold(key, Withheld("withdrawn", why, role), now, by_admin=True))
                withdrawn.append(key)
            if keys:
                self._published_changed()
            return self.stands(withdrawn)

    def wait_again(self, waited: Mapping[int, Stand], seen: Mapping[int, Stand]) -> int:
        waiting = 0
        with self._writing():
            now = self.stands(waited)
            for key, stood in waited.items():
                if key in now and now[key] == seen.get(key):
                    values = {"key": key, "standing": stood.standing, "why": stood.why}
                    self._execute(sql.WAIT_AGAIN, {**values, "since": rows.stamp(stood.since)})
                    self._execute(sql.WITHHOLD, values)
                    waiting += 1
            if waiting:
                self._published_changed()
        return waiting

    def stands(self, keys: Iterable[int]) -> dict[int, Stand]:
        with self._errors():
            return {
                key: Stand(standing, why, rows.moment(since), bool(by_admin), retracted, role)
                for key, standing, why, since, by_admin, retracted, role in self._tuples(
                    sql.STANDS, (listed(keys),)
                )
            }

    def _check_stands(self, seen: Mapping[int, Stand]) -> None:
        """Raise StoreError where an entry stands otherwise than was seen."""
        stands = self.stands(seen)
        for key, stood in seen.items():
            now = stands.get(key)
            if now != stood:
                raise StoreError(
                    f"It was decided again since: it is {_said(now) if now else 'gone'}. Nothing was done.",
                    "Look how it stands now, and decide then.",
                )

    def is_released(self, key: int) -> bool:
        with self._errors():
            return bool(self._value(sql.IS_RELEASED, (key,)))

    def _tell(self, touched: Collection[int]) -> None:
        self._renew(touched)
        self._published_changed()

    def _renew(self, touched: Collection[int]) -> None:
        """Bring the index and the tags of stories in line with the entries that are in them now."""
        for story in touched:
            self._index_again(story)
        self._retag_stories(touched)

    # ------------------------------------------------------------ out of a story and into one

    def _withhold(
        self, key: int, withheld: Withheld, now: datetime, *, by_admin: bool = False, new: bool = False
    ) -> set[int]:
        """Have an entry not be published; the stories that this touched.

        Its story goes on with the original of those that are left; in feeds it would be
        another's, under another id, so that what readers have had is not told there again.
        """
        story, before = self._execute("SELECT story, standing FROM entries WHERE key = ?", (key,)).fetchone()
        touched = {story}
        told_it = self._told_by(key, now)
        terms = self._tags_of_story(story)
        led = 0
        if self._value("SELECT 1 FROM entries WHERE story = ? AND key <> ? LIMIT 1", (story, key)):
            touched = self._move(key, None)
            if told_it:
                led = self._rows_changed(sql.TELL_NO_MORE, (story,))
        self._execute(sql.WITHHOLD, {"key": key, "standing": withheld.standing})
        left = story if len(touched) > 1 else None
        was_published = before is None and not new
        self._stand(
            key,
            withheld.standing,
            withheld.why,
            now,
            by_admin=by_admin,
            role=withheld.role,
            was_published=was_published,
            left=left,
            terms=terms if was_published else None,
            led=led,
        )
        return touched

    def _take_entries(self, entries: Mapping[int, int], now: datetime) -> None:
        """Take away entries for good, by their keys with their stories, which go on without them."""
        told = [story for key, story in entries.items() if self._told_by(key, now)]
        self._lose_all(entries)
        self._execute(_TAKE_ENTRIES, (listed(entries),))
        for story in told:
            self._execute(sql.TELL_NO_MORE, (story,))
        stories = {*entries.values()}
        for story in stories:
            self._execute(sql.NEXT_LEAD, {"story": story})
        self._retag_stories(stories)

    def _told_by(self, key: int, now: datetime) -> bool:
        """Whether an entry leads its story, and has for so long that readers have had it."""
        # The date of what became other news is later than its page was first seen.
        since = self._value("SELECT MAX(first_seen, date) FROM entries WHERE key = ? AND lead = 1", (key,))
        return since is not None and now - rows.moment(since) >= _READ_WITHIN

    def _publish(self, key: int, now: datetime) -> set[int]:
        """Publish an entry that was not, in the story that it belongs to; the stories that this touched.

        Where feeds told the story by it, and not by another since, they tell it by it again.
        """
        (row,) = self._rows("SELECT * FROM standings WHERE entry = ?", (key,))
        first_seen, back = (None, rows.stamp(now)) if row["was_published"] else (rows.stamp(now), None)
        self._execute(sql.PUBLISH, {"key": key, "first_seen": first_seen, "back": back})
        self._execute("DELETE FROM standings WHERE entry = ?", (key,))
        (stored,) = self._load("e.key", [key])
        joins = self._belongs_to(stored, row)
        if joins is None:
            return {stored.story}
        touched = self._move(key, joins.story, copy_of=joins.of, why=joins.why)
        # Another that an admin has had lead meanwhile goes on leading.
        self._execute(sql.LEAD_NO_MORE, {"entry": key, "story": joins.story})
        if self._value(sql.CHOSEN_LEAD, (joins.story,)) == key:
            self._lead(key, joins.story)
        self._lead_undated(key, joins.story)
        if row["led"]:
            self._tell_again(key, joins.story)
        self._share_what_was_said(joins.story)
        return touched

    def _lead(self, key: int, story: int, *, why: str = _CHOSEN) -> None:
        """Have an entry lead its story. The entry that led it is its copy, for this reason."""
        self._execute(sql.TAKE_LEAD, {"key": key, "story": story, "why": why})

    def _lead_undated(self, key: int, story: int) -> None:
        """Have an entry that has a date lead the story that it joined, if the lead there has none."""
        if self._value(sql.JOINED_UNDATED, {"key": key, "story": story}):
            self._lead(key, story, why=_HAS_A_DATE)

    def _tell_again(self, key: int, story: int) -> None:
        """Have feeds tell a story again by the entry that told it, or by the one that an admin chose."""
        told_no_more = self._rows_changed(sql.TELL_AGAIN, (story,))
        if told_no_more and self._value(sql.CHOSEN_LEAD, (story,)) is None:
            self._lead(key, story, why=_TOLD_BY)

    def _belongs_to(self, stored: StoredEntry, row: rows.Row) -> stories.Verdict | None:
        left = row["story"] and self._value(
            "SELECT COALESCE(merged_into, id) FROM stories WHERE id = ?", (row["story"],)
        )
        those = self._load("e.story", [left]) if left else []
        # Where all that it was with is withdrawn too, what is left of the story is no news to join.
        those = [each for each in those if each.standing == "published"]
        if self._value("SELECT 1 FROM rulings WHERE entry = ? AND ruling = 'alone'", (stored.key,)):
            return None
        if (
            those
            and all(each.entry.feed != stored.entry.feed for each in those)
            and not self._value(
                sql.KEPT_OUT, {"entry": stored.key, "those": listed(each.key for each in those)}
            )
        ):
            return stories.Verdict(left, those[0].key, _BACK_AGAIN)
        entry, known = self._compared_with(stored.key)
        return stories.copy_of(entry, known, date=compared_as_of(stored), key=stored.key)

    def _stand(
        self,
        key: int,
        standing: Standing,
        why: str,
        now: datetime,
        *,
        by_admin: bool,
        role: RoleName | None = None,
        was_published: bool = True,
        left: int | None = None,
        terms: Sequence[str] | None = None,
        led: int = 0,
    ) -> None:
        self._execute(
            sql.STANDING,
            {
                "key": key,
                "standing": standing,
                "why": why,
                "now": rows.stamp(now),
                "by_admin": int(by_admin),
                "role": role,
                "was_published": int(was_published),
                "story": left,
                "terms": None if terms is None else rows.as_json(terms),
                "led": led,
            },
        )

    def _sketched(self, key: int) -> Entry:
        """A stored entry, with its sketch where one is kept."""
        (stored,) = self._load("e.key", [key])
        entry = stored.entry
        for row in self._rows("SELECT * FROM sketches WHERE entry = ?", (key,)):
            entry = replace(entry, sketch=rows.sketch(row, stories.title_number(entry.title)))
        return entry

    def _compared_with(self, key: int) -> tuple[Entry, Known]:
        entry = self._sketched(key)
        feed = self._value("SELECT feed FROM entries WHERE key = ?", (key,))
        return entry, KnownToBatch(self._rows, self._tuples, {feed: [entry]}, again=True).of(feed)

    def _move(self, key: int, story: int | None, *, copy_of: int | None = None, why: str = "") -> set[int]:
        """Put an entry into another story, or one of its own (None); the stories that this touched.

        The story it was in goes on with the original of those that are left,
        or leads to the other where none are. What was not told as news is none
        for being moved.
        """
        left = self._value("SELECT story FROM entries WHERE key = ?", (key,))
        told = bool(self._value("SELECT told FROM stories WHERE id = ?", (left,)))
        # Touched here already: where the move alone is undone, it has what it lost again.
        self._touch([left])
        self._lose(self._tags_of_story(left), [key])
        own = story is None
        if story is None:
            (story,) = self._new_stories([told])
        elif told:
            self._execute(sql.TELL_STORIES, (listed([story]),))
        self._execute(
            sql.MOVE_ENTRY, {"key": key, "story": story, "lead": int(own), "copy_of": copy_of, "why": why}
        )
        self._execute(sql.NEXT_LEAD, {"story": left})
        self._execute(sql.FOLLOW_NEXT_LEAD, {"story": left, "key": key, "why": _LEFT_BEHIND})
        if not own and not self._value("SELECT 1 FROM entries WHERE story = ? LIMIT 1", (left,)):
            self._execute("UPDATE stories SET merged_into = ? WHERE id = ?", (story, left))
            self._execute("UPDATE stories SET merged_into = ? WHERE merged_into = ?", (story, left))
        return {left, story}

    def _new_stories(self, told: Sequence[bool]) -> list[int]:
        """Begin stories, of which readers are told or not."""
        return self._insert_each("INSERT INTO stories (told) VALUES (?)", [(int(each),) for each in told])

    def _index_again(self, story: int) -> None:
        """Make a story findable by all its entries."""
        self._house.clear()
        for row in self._rows(sql.NUMBERS_OF_STORY, (story,)):
            self._write_each(sql.NEW_IN_INDEX, [(number, story) for number in rows.numbers(row["numbers"])])
