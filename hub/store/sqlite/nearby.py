"""What else is about the same as a story, by the full-text index."""

from __future__ import annotations

from hub.model import RelatedStory, Story
from hub.store import rows
from hub.store.sqlite.searching import Searching
from hub.stories import related

_LOOKED_AT = 24


class Nearby(Searching):
    """The part of the store that finds related news."""

    def related(self, story: Story, *, limit: int) -> tuple[RelatedStory, ...]:
        with self._reading():
            total = int(self._value("SELECT COALESCE(MAX(key), 0) FROM entries"))
            spoken_of = related.terms(story)
            entries_with = {term: self._entries_with(term) for term in spoken_of}
            weights = related.telling(spoken_of, entries_with, total)
            if not weights:
                return ()
            found = self._rows(
                "SELECT DISTINCT e.story FROM (SELECT rowid FROM search WHERE search MATCH ?"
                " ORDER BY rank LIMIT ?) s JOIN entries e ON e.key = s.rowid WHERE e.story <> ?",
                (" OR ".join(f'"{term}"' for term in weights), _LOOKED_AT, story.id),
            )
            listed = rows.as_json([row["story"] for row in found])
            leads = self._rows(
                "SELECT key FROM entries WHERE lead = 1 AND story IN (SELECT value FROM json_each(?))",
                (listed,),
            )
            others = self._stories_showing([row["key"] for row in leads])
        scored = [(*near, other) for other in others if (near := related.related(weights, other))]
        scored.sort(key=lambda each: (-each[0], -each[2].id))
        return tuple(RelatedStory(story=other, words=words) for _, words, other in scored[:limit])

    def _entries_with(self, term: str) -> int:
        """How many entries have a word; counted no further than it is telling."""
        return int(
            self._value(
                "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)",
                (f'"{term}"', related.COMMON),
            )
        )
