"""What an admin decides about stories: kept for good, and done at once."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import UNSET, UnsetType

from hub.errors import StoreError
from hub.model import Entry, Known, Ruling, StoredEntry
from hub.store import rows
from hub.store import statements as sql
from hub.store.found import Pin, Place
from hub.store.keeping import Keeping
from hub.store.rehosting import Rehosting

# Of two sets of entries, the rulings that keep them apart, and those that kept one of them alone.
_OVERRULE = """
DELETE FROM rulings WHERE
    (ruling = 'alone' AND (entry IN (SELECT value FROM json_each(:moved))
        OR entry IN (SELECT value FROM json_each(:stay))))
    OR (ruling = 'apart' AND (
        (entry IN (SELECT value FROM json_each(:moved))
            AND other IN (SELECT value FROM json_each(:stay)))
        OR (entry IN (SELECT value FROM json_each(:stay))
            AND other IN (SELECT value FROM json_each(:moved)))))
"""
_PLACE = """
SELECT e.copy_of, e.why, l.key
FROM entries e JOIN entries l ON l.story = e.story AND l.lead = 1 WHERE e.key = ?
"""
# What was ruled of an entry then, and all of it that is about no other.
_UNRULE = "DELETE FROM rulings WHERE entry = :key AND (other IS NULL OR made = :made)"
# Of what it was a copy, if that is still there.
_COPY_AGAIN = """
UPDATE entries SET why = :why,
    copy_of = COALESCE((SELECT key FROM entries WHERE key = :of AND story = :story), copy_of)
WHERE key = :key
"""

_BY_ADMIN = "an admin put it together with {}’s"


class RulingOnStories(Keeping, Rehosting):
    """The part of the store that an admin's word on stories goes through."""

    def find(self, address: str) -> tuple[StoredEntry, ...]:
        with self._reading():
            return tuple(self._load("e.key", self._keys_at(address)))

    def number_at(self, address: str) -> int:
        with self._reading():
            return len(self._keys_at(address))

    def compared_with(self, key: int) -> tuple[Entry, Known]:
        with self._reading():
            return self._compared_with(key)

    def put_together(self, key: int, other: int, now: datetime) -> None:
        with self._writing():
            story, into = self._story_of(key), self._story_of(other)
            if story == into:
                raise StoreError("Both are in one story already.", "`hub explain` shows what is in it.")
            lead = self._value("SELECT key FROM entries WHERE story = ? AND lead = 1", (into,))
            moved = [row["key"] for row in self._rows("SELECT key FROM entries WHERE story = ?", (story,))]
            stay = [row["key"] for row in self._rows("SELECT key FROM entries WHERE story = ?", (into,))]
            self._overrule(moved, stay)
            touched = set()
            for each in moved:
                touched |= self._move(each, into, copy_of=lead, why=_BY_ADMIN)
                self._rule(each, "together", now)
            self._share_what_was_said(into)
            # They joined the other's story, and that has a lead.
            self._execute(
                "DELETE FROM rulings WHERE ruling = 'lead' AND entry IN (SELECT value FROM json_each(?))",
                (rows.as_json(moved),),
            )
            self._rule(other, "together", now)
            self._tell(touched)

    def take_apart(
        self, key: int, now: datetime, *, alone: bool = False, seen: datetime | None = None
    ) -> None:
        with self._writing():
            story = self._story_of(key)
            if seen is not None:
                self._check_ruled(key, seen)
            others = [
                row["key"]
                for row in self._rows("SELECT key FROM entries WHERE story = ? AND key <> ?", (story, key))
            ]
            if not others and not alone:
                raise StoreError(
                    "It is in a story of its own already.", "To keep it there for good: hub story not-a-copy"
                )
            self._execute("DELETE FROM rulings WHERE entry = ? AND ruling <> 'apart'", (key,))
            for other in others:
                self._rule(key, "apart", now, other=other)
            if alone:
                self._rule(key, "alone", now)
            if others:
                self._tell(self._move(key, None))

    def make_lead(self, key: int, now: datetime) -> None:
        with self._writing():
            story = self._story_of(key)
            self._lead(key, story)
            self._execute(
                "DELETE FROM rulings WHERE ruling = 'lead' AND entry IN"
                " (SELECT key FROM entries WHERE story = ?)",
                (story,),
            )
            self._rule(key, "lead", now)
            self._tell({story})

    def place_of(self, key: int) -> Place:
        with self._reading():
            copy_of, why, lead = self._tuples(_PLACE, (key,))[0]
            ruled = self._tuples("SELECT ruling, made FROM rulings WHERE entry = ? AND other IS NULL", (key,))
            chosen = self._value("SELECT made FROM rulings WHERE entry = ? AND ruling = 'lead'", (lead,))
        return Place(
            key=key,
            lead=lead,
            copy_of=copy_of,
            why=why,
            ruled=tuple((ruling, rows.moment(made)) for ruling, made in ruled),
            lead_ruled=rows.moment(chosen) if chosen else None,
        )

    def put_back(self, place: Place, *, seen: datetime) -> None:
        with self._writing():
            key, story, into = place.key, self._story_of(place.key), self._story_of(place.lead)
            self._check_ruled(key, seen)
            self._execute(_UNRULE, {"key": key, "made": rows.stamp(seen)})
            touched = {into}
            if story != into:
                if self._value("SELECT 1 FROM entries WHERE story = ? AND key <> ?", (story, key)):
                    raise StoreError("It is not alone in its story any more. Nothing was done.", "")
                touched |= self._move(key, into, copy_of=place.lead)
                self._share_what_was_said(into)
            else:
                self._lead(place.lead, into)
            self._execute(_COPY_AGAIN, {"key": key, "of": place.copy_of, "why": place.why, "story": into})
            for ruling, made in place.ruled:
                self._rule(key, ruling, made)
            if place.lead_ruled and self._value(sql.CHOSEN_LEAD, (into,)) is None:
                self._rule(place.lead, "lead", place.lead_ruled)
            self._tell(touched)

    def _check_ruled(self, key: int, seen: datetime) -> None:
        """Raise StoreError where an entry was ruled on since that moment."""
        last = self._value("SELECT MAX(made) FROM rulings WHERE ? IN (entry, other)", (key,))
        if last != rows.stamp(seen):
            raise StoreError(
                "It was ruled on again since. Nothing was done.", "`hub explain` says what is ruled of it."
            )

    def pin(
        self, key: int, made: datetime, *, last_day: date | None, seen: Pin | UnsetType | None = UNSET
    ) -> None:
        with self._writing():
            story = self._story_of(key)
            self._check_pin(key, seen)
            self._execute(sql.UNPIN, (story,))
            self._execute(
                "INSERT INTO pins (story, made, last_day) VALUES (?, ?, ?)",
                (story, rows.stamp(made), last_day and last_day.isoformat()),
            )
            self._published_changed()

    def unpin(self, key: int, *, seen: Pin | UnsetType | None = UNSET) -> None:
        with self._writing():
            self._check_pin(key, seen)
            if not self._rows_changed(sql.UNPIN, (self._value(sql.STORY_OF_ENTRY, (key,)),)):
                raise StoreError("It is not pinned.", "The home page shows what is.")
            self._published_changed()

    def _check_pin(self, key: int, seen: Pin | UnsetType | None) -> None:
        """Raise StoreError where a story is pinned otherwise than was seen."""
        if seen is not UNSET and self.pin_of(key) != seen:
            raise StoreError(
                "It was pinned or unpinned again since. Nothing was done.", "The home page shows what is."
            )

    def _story_of(self, key: int) -> int:
        story = self._value("SELECT story FROM entries WHERE key = ? AND standing IS NULL", (key,))
        if story is None:
            raise StoreError("It is not published, so it is in no story.", "To publish it: hub release")
        return int(story)

    def _rule(self, key: int, ruling: Ruling, now: datetime, *, other: int | None = None) -> None:
        self._execute(
            "INSERT INTO rulings (entry, ruling, other, made) VALUES (?, ?, ?, ?)",
            (key, ruling, other, rows.stamp(now)),
        )

    def _overrule(self, moved: list[int], stay: list[int]) -> None:
        """Forget the rulings that keep these entries out of each other's story."""
        values = {"moved": rows.as_json(moved), "stay": rows.as_json(stay)}
        self._execute(_OVERRULE, values)
