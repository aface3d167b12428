"""What the polls of a batch wrote, and what is left to write of it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec import Struct

from hub.model import Candidate, Entry, NewEntry


class Written(Struct, frozen=True):
    """An entry as it was stored.

    key, story  the store's numbers
    new         how it was decided on, if it was not stored before
    withheld    whether it is not published, so that no copy is compared with it
    """

    key: int
    story: int
    entry: Entry
    new: NewEntry | None = None
    withheld: bool = False

    @property
    def joined(self) -> bool:
        """Whether it is a new entry in a story that was there."""
        return self.new is not None and self.new.story is not None

    def candidate(self, new: NewEntry, now: datetime) -> Candidate:
        """The entry as others are compared with it."""
        entry, sketch = self.entry, self.entry.sketch
        return Candidate(
            key=self.key,
            feed=entry.feed,
            story=self.story,
            lead=new.story is None,
            id=entry.id,
            link=entry.link,
            link_key=entry.keys.link,
            title=entry.title,
            date=new.date,
            first_seen=now,
            words=sketch.words,
            wordless=sketch.wordless,
            credits=sketch.credits,
            samples=len(sketch.numbers),
        )


class Untagged(Struct):
    """What stories' tags have yet to follow: to learn what these had is to wait for the database.

    joined   entries that are new in stories of which nothing else changed
    changed  the stories that are to have the tags of all that is in them by now
    """

    joined: list[Written] = []
    changed: set[int] = set()

    def add(self, written: Iterable[Written], changed: AbstractSet[int]) -> None:
        """Add what a poll stored, and the stories that it did more to than add an entry."""
        self.changed |= changed
        self.joined = [
            each for each in (*self.joined, *written) if each.joined and each.story not in self.changed
        ]

    def take(self) -> tuple[list[Written], set[int]]:
        """All that there is, once."""
        joined, changed, self.joined, self.changed = self.joined, self.changed, [], set()
        return joined, changed
