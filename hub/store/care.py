"""What is made of the entries: whether it agrees with them, and making it anew."""

from __future__ import annotations

from collections.abc import Callable

from hub.store import statements as sql
from hub.store.tagbitmaps import TagBitmaps

_WITHOUT_LEAD = """
SELECT COUNT(*) FROM (
    SELECT story FROM entries WHERE standing IS NULL GROUP BY story HAVING SUM(lead) <> 1) without
"""
_WITHHELD_IN_STORIES = """
SELECT COUNT(*) FROM entries e WHERE e.standing IS NOT NULL AND (e.lead = 1
    OR EXISTS (SELECT 1 FROM entries o WHERE o.story = e.story AND o.key <> e.key))
"""
# What is kept so that it need not be made for each page: how it is kept, and how it could be made.
_DERIVED = {
    "the tags of stories": (
        "SELECT term, story, date, lead FROM story_tags",
        f"SELECT each.value ->> 0, l.story, {sql.MICROSECONDS.format('l.date')}, l.key"
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
_MADE_ANEW = {
    "the tags of stories": ("story_tags", "term, story, date, lead"),
    "the counts of tags": ("tag_counts", "term, stories"),
    "the counts of members": ("member_counts", "member, entries, leads"),
}


class Care(TagBitmaps):
    """The part of the store that looks after itself."""

    def _disagreements(self) -> list[str]:
        """What does not agree with the entries, a sentence each."""
        problems = []
        without_lead = self._value(_WITHOUT_LEAD)
        if without_lead:
            problems.append(f"{without_lead} stories do not have exactly one lead")
        shown = self._value(_WITHHELD_IN_STORIES)
        if shown:
            problems.append(f"{shown} entries that are not published are in stories with others, or lead")
        for what, (kept, made) in _DERIVED.items():
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
        for what, (table, columns) in _MADE_ANEW.items():
            step(what)
            _, made = _DERIVED[what]
            self._execute(f"DELETE FROM {table}")
            self._execute(f"INSERT INTO {table} ({columns}) SELECT DISTINCT * FROM ({made}) made")
        step("the bitmaps of tags")
        self._make_tag_bitmaps_anew()
