"""What is made of the entries: whether it agrees with them, and making it anew."""

from __future__ import annotations

from collections.abc import Callable

from hub.store import statements as sql
from hub.store.tagbitmaps import TagBitmaps


class Care(TagBitmaps):
    """The part of the store that looks after itself."""

    def _disagreements(self) -> list[str]:
        """What does not agree with the entries, a sentence each."""
        problems = []
        without_lead = self._value(sql.WITHOUT_LEAD)
        if without_lead:
            problems.append(f"{without_lead} stories do not have exactly one lead")
        shown = self._value(sql.WITHHELD_IN_STORIES)
        if shown:
            problems.append(f"{shown} entries that are not published are in stories with others, or lead")
        for what, (kept, made) in sql.DERIVED.items():
            differing = self._value(
                f"SELECT (SELECT COUNT(*) FROM ({kept} EXCEPT {made}) lost)"
                f" + (SELECT COUNT(*) FROM ({made} EXCEPT {kept}) missing)"
            )
            if differing:
                problems.append(f"{what} do not agree with the entries in {differing} places")
        differing = self._tag_bitmaps_that_differ()
        if differing:
            problems.append(f"bitmaps of tags do not agree with the tags of stories in {differing} places")
        return problems

    def _make_anew(self, step: Callable[[str], None]) -> None:
        """Within a transaction, make all but the full text of the entries; `step` is told what comes."""
        for what, (table, columns) in sql.MADE_ANEW.items():
            step(what)
            _, made = sql.DERIVED[what]
            self._execute(f"DELETE FROM {table}")
            self._execute(f"INSERT INTO {table} ({columns}) SELECT DISTINCT * FROM ({made}) made")
        step("the bitmaps of tags")
        self._make_tag_bitmaps_anew()
