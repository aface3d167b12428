"""What changed in merged feeds since somebody was answered, told from what each answer had (RFC 3229)."""

from __future__ import annotations

from collections.abc import Hashable

from hub.publish.delta import Delta, Entries, Since, tags_of_ours, without
from hub.publish.http import Rendered
from hub.web.kept import Kept

# Some 2,500 documents of 100 entries: the last two dozen of each of a hundred feeds.
_MOST_REMEMBERED = 16 * 1024 * 1024


class Deltas:
    """The documents that were given to those who ask for what changed, by feed, as the entries each had.

    Nothing of it is on disk: after a start each of them gets the whole once.
    What changed is made once and kept with all else that is, for as long as
    the feed is the same bytes.
    """

    def __init__(self, kept: Kept[Rendered]) -> None:
        self._had: Kept[Entries] = Kept(_MOST_REMEMBERED)
        self._kept = kept

    def remembers(self, feed: Hashable, now: Rendered) -> bool:
        """Whether it is known what a feed has now, and so can be told what changed since."""
        return self._had.find((feed, now.etag("identity"))) is not None

    def remember(self, feed: Hashable, now: Rendered) -> None:
        """Remember what a feed has now, so that what changed since can be told."""
        self._had.get((feed, now.etag("identity")), lambda: Entries.of(now))

    def since(self, feed: Hashable, now: Rendered, if_none_match: str | None) -> Since | None:
        """The answer, of those that somebody has, with most of what a feed has now.

        None where none has any of it, or none is known.
        """
        tags = tags_of_ours(if_none_match)
        remembered = self._had.find((feed, now.etag("identity"))) if tags else None
        if remembered is None:
            return None
        entries = remembered.each()
        best, most = None, 0
        for tag, identity in tags.items():
            had = self._had.find((feed, identity))
            if had is not None and (shared := len(entries & had.each())) > most:
                best, most = Since(tag, identity, had), shared
        return best

    def find(self, feed: Hashable, now: Rendered, since: Since) -> Delta | None:
        """What changed in a feed since an answer, None where it has not been made."""
        found = self._kept.find(_key(feed, now, since))
        return Delta(since.tag, found) if found else None

    def get(self, feed: Hashable, now: Rendered, since: Since) -> Delta:
        """What changed in a feed since an answer."""
        found = self._kept.get(_key(feed, now, since), lambda: without(now, since.had))
        return Delta(since.tag, found)


def _key(feed: Hashable, now: Rendered, since: Since) -> Hashable:
    return "since", feed, since.identity, now.etag("identity")
