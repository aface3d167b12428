"""What else is about the same as a story, by the full-text index."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping

from hub.model import RelatedStory, Story
from hub.store import rows
from hub.store.listing import Listing
from hub.stories import related

_LOOKED_AT = 24


class Nearby(Listing):
    """The part of the store that finds related news."""

    def related(self, story: Story, *, limit: int) -> tuple[RelatedStory, ...]:
        with self._reading():
            total = int(self._value("SELECT COALESCE(MAX(key), 0) FROM entries"))
            spoken_of = related.terms(story)
            entries_with = self._entries_with(spoken_of, no_more_than=related.COMMON)
            weights = related.telling(spoken_of, entries_with, total)
            if not weights:
                return ()
            keys = self._with_most_of(weights, story.id, limit=_LOOKED_AT)
            leads = self._rows(
                "SELECT key FROM entries WHERE lead = 1"
                " AND story IN (SELECT story FROM entries WHERE key IN (SELECT value FROM json_each(?)))",
                (rows.as_json(keys),),
            )
            others = self._stories_showing([row["key"] for row in leads])
        scored = [(*near, other) for other in others if (near := related.related(weights, other))]
        scored.sort(key=lambda each: (-each[0], -each[2].id))
        return tuple(RelatedStory(story=other, words=words) for _, words, other in scored[:limit])

    @abstractmethod
    def _entries_with(self, terms: Iterable[str], *, no_more_than: int) -> dict[str, int]:
        """By word, how many entries have it; counted no further than it is telling."""

    @abstractmethod
    def _with_most_of(self, weights: Mapping[str, float], story: int, *, limit: int) -> list[int]:
        """The keys of entries that have these words, those with most of their weight first, but a story's."""
