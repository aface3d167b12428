"""What the admin pages have done for them, by the functions that `hub`'s commands call.

Each is imported when it is asked for: a web view of which nobody is signed in
loads none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from msgspec import Struct

from hub.explained import Explained
from hub.model import Did, Fields
from hub.polls import utc_now
from hub.store import Store, existing_store


class Desk(Struct, frozen=True):
    """A `hub.web.admin.desk.Desk` of one hub: its feeds.yaml and its database."""

    config: Path
    database: str

    def release(self, what: str, *, member: str | None, for_good: bool = True) -> Did:
        from hub import moderation, undoing

        undo = self._before(lambda store: undoing.of_release(store, what, member))
        return Did(moderation.release(self.database, what, member=member, for_good=for_good), undo)

    def withdraw(self, what: str, *, member: str | None, why: str) -> Did:
        from hub import moderation, undoing

        undo = self._before(lambda store: undoing.of_withdraw(store, what, member))
        return Did(moderation.withdraw(self.database, what, member=member, why=why), undo)

    def pin(self, link: str, *, member: str | None, last_day: date | None) -> Did:
        from hub import pins, undoing

        now = utc_now()
        today = pins.today(self.config, now)
        undo = self._before(lambda store: undoing.of_pin(store, link, member, last_day=last_day, today=today))
        said = pins.pin(self.config, self.database, link, member=member, last_day=last_day, now=now)
        return Did(said, undo)

    def unpin(self, link: str, *, member: str | None) -> Did:
        from hub import pins, undoing

        today = pins.today(self.config, utc_now())
        undo = self._before(lambda store: undoing.of_unpin(store, link, member, today=today))
        return Did(pins.unpin(self.database, link, member=member), undo)

    def merge(self, link: str, into: str, *, member: str | None) -> Did:
        from hub import rulings, undoing

        undo = self._before(lambda store: undoing.of_merge(store, link, into, member))
        return Did(rulings.merge(self.database, link, into, member=member), undo)

    def split(self, link: str, *, member: str | None, alone: bool) -> Did:
        from hub import rulings, undoing

        undo = self._before(lambda store: undoing.of_split(store, link, member, alone=alone))
        return Did(rulings.split(self.database, link, member=member, alone=alone), undo)

    def lead(self, link: str, *, member: str | None) -> Did:
        from hub import rulings, undoing

        undo = self._before(lambda store: undoing.of_lead(store, link, member))
        return Did(rulings.lead(self.database, link, member=member), undo)

    def tag(self, link: str, term: str, *, member: str | None) -> Did:
        from hub import retag, undoing

        undo = self._before(lambda store: undoing.of_tag(store, "tag", link, term, member))
        return Did(retag.tag(self.config, self.database, link, term, member=member), undo)

    def untag(self, link: str, term: str, *, member: str | None) -> Did:
        from hub import retag, undoing

        undo = self._before(lambda store: undoing.of_tag(store, "untag", link, term, member))
        return Did(retag.untag(self.config, self.database, link, term, member=member), undo)

    def leave_to_rules(self, link: str, term: str, *, member: str | None) -> Did:
        from hub import retag, undoing

        undo = self._before(lambda store: undoing.of_tag(store, "leave", link, term, member))
        return Did(retag.undo(self.config, self.database, link, term, member=member), undo)

    def explain(self, what: str) -> tuple[Sequence[Explained], bool]:
        from hub import explain

        return explain.found(self.config, self.database, what)

    def _before(self, look: Callable[[Store], Fields]) -> Fields:
        """How something will be taken back, by what is stored before it is done."""
        with closing(existing_store(self.database)) as store:
            return look(store)
