"""What the admin pages have done for them, by the functions that `hub`'s commands call.

Each is imported when it is asked for: a web view of which nobody is signed in
loads none of them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import Struct

from hub.polls import utc_now


class Desk(Struct, frozen=True):
    """A `hub.web.admin.desk.Desk` of one hub: its feeds.yaml and its database."""

    config: Path
    database: str

    def release(self, what: str, *, member: str | None) -> str:
        from hub import moderation

        return moderation.release(self.database, what, member=member)

    def withdraw(self, what: str, *, member: str | None, why: str) -> str:
        from hub import moderation

        return moderation.withdraw(self.database, what, member=member, why=why)

    def pin(self, link: str, *, member: str | None, last_day: date | None) -> str:
        from hub import pins

        return pins.pin(self.config, self.database, link, member=member, last_day=last_day, now=utc_now())

    def unpin(self, link: str, *, member: str | None) -> str:
        from hub import pins

        return pins.unpin(self.database, link, member=member)

    def merge(self, link: str, into: str, *, member: str | None) -> str:
        from hub import rulings

        return rulings.merge(self.database, link, into, member=member)

    def split(self, link: str, *, member: str | None, alone: bool) -> str:
        from hub import rulings

        return rulings.split(self.database, link, member=member, alone=alone)

    def lead(self, link: str, *, member: str | None) -> str:
        from hub import rulings

        return rulings.lead(self.database, link, member=member)

    def tag(self, link: str, term: str, *, member: str | None) -> str:
        from hub import retag

        return retag.tag(self.config, self.database, link, term, member=member)

    def untag(self, link: str, term: str, *, member: str | None) -> str:
        from hub import retag

        return retag.untag(self.config, self.database, link, term, member=member)

    def leave_to_rules(self, link: str, term: str, *, member: str | None) -> str:
        from hub import retag

        return retag.undo(self.config, self.database, link, term, member=member)

    def explain(self, what: str) -> tuple[str, bool]:
        from hub import explain

        return explain.run(self.config, self.database, what)
