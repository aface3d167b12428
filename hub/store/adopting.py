"""News of feeds that left feeds.yaml, into the feeds that bring it now.

A feed goes to another member, its member gets another slug, or one at a new
address takes its place. What the new feed has of the old one's news is that
entry, under the id and in the story by which readers know it: so it is had
once, and corrected and withdrawn as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec.structs import replace

from hub import stories
from hub.model import Entry, Gathered
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.known import listed
from hub.store.standing import Placing

_LEFT_FEEDS = "SELECT id, member, url FROM feeds WHERE configured = 0"
# The news at some links that some feeds have, the leads first.
_NEWS_OF_FEEDS = """
SELECT e.key, e.feed, e.story, e.lead, e.title_key, COALESCE(e.id_key, e.title_key), e.link_key
FROM entries e
WHERE e.link_key IN (SELECT value FROM json_each(?)) AND +e.feed IN (SELECT value FROM json_each(?))
ORDER BY e.lead DESC, e.key
"""
# What a feed has in a story, or of the same news.
_OWN_OF_NEWS = """
SELECT key, story, COALESCE(id_key, title_key), link_key FROM entries
WHERE +feed = ?1 AND (story = ?2 OR (link_key = ?4 AND COALESCE(id_key, title_key) = ?3))
"""
_GIVEN = "SELECT member, lead, standing IS NULL FROM entries WHERE key = ?"
_GIVE_ENTRY = """
UPDATE entries SET feed = :feed, member = (SELECT member FROM feeds WHERE id = :feed) WHERE key = :key
"""

# Its id, or its title and date where it has none; and its link.
_News = tuple[str, str | None]


class Adopting(Placing):
    """The part of the store that hands entries from feed to feed."""

    def _adopt(self, polls: Mapping[int, Gathered]) -> None:
        """Have the feeds of these polls go on with news of feeds that left, where their documents have it.

        Those are their own member's, or had their address: to anybody else it is a copy.
        """
        lefts: dict[str, set[int]] = defaultdict(set)
        for number, member, url in self._tuples(_LEFT_FEEDS):
            if number not in polls:
                lefts[member].add(number)
                lefts[url].add(number)
        if not lefts:
            return
        before = {feed: lefts[each.feed.key.member] | lefts[each.feed.url] for feed, each in polls.items()}
        wanted: dict[_News, list[tuple[int, Entry]]] = defaultdict(list)
        for feed, each in polls.items():
            for news, entry in _news(each).items() if before[feed] else ():
                wanted[news].append((feed, entry))
        links, those = listed(link for _, link in wanted), listed(set().union(*before.values()))
        for key, of, story, lead, title, id, link in self._tuples(_NEWS_OF_FEEDS, (links, those)):
            for feed, entry in wanted.get((id, link), ()):
                if of in before[feed] and (title == entry.keys.title or self._is_same_news(key, entry)):
                    self._hand_over(key, of, feed, story, (id, link), leads=bool(lead))
                    break

    def _is_same_news(self, key: int, entry: Entry) -> bool:
        """Whether an entry is no other news than a stored one: ids may only count, and links be of a list."""
        (row,) = self._rows(sql.KNOWN_BY_NUMBER, (listed([key]),))
        ((_, text),) = self._tuples(sql.TEXTS, (listed([key]),))
        return not stories.is_rewritten(replace(rows.known_entry(row), text=text), entry)

    def _hand_over(self, key: int, of: int, feed: int, story: int, news: _News, *, leads: bool) -> None:
        """Have an entry of a feed that left be another feed's.

        What that has of the news already takes its place there if it is but a copy of it; one in
        another story was put there.
        """
        own = self._tuples(_OWN_OF_NEWS, (feed, story, *news))
        if own and not (leads and len(own) == 1 and own[0][1:] == (story, *news)):
            return
        # Should the old feed come back, nothing of its document is known as it stood there.
        self._execute(sql.READ_ANEW, (listed([key]),))
        self._execute("DELETE FROM windows WHERE feed = ?", (of,))
        self._give(key, feed)
        for twin, *_ in own:
            self._give(twin, of)
            for _, packed in self._tuples(sql.WINDOWS, (listed([feed]),)):
                window = [
                    each._replace(key=key, rest=0, written=0) if each.key == twin else each
                    for each in feedrows.window(packed)
                ]
                self._execute(sql.NEW_WINDOW, (feed, feedrows.window_bytes(tuple(window))))
        self._published_changed()

    def _give(self, key: int, feed: int) -> None:
        member, lead, is_published = self._execute(_GIVEN, (key,)).fetchone()
        self._execute(_GIVE_ENTRY, {"key": key, "feed": feed})
        if is_published:
            now = self._value("SELECT member FROM feeds WHERE id = ?", (feed,))
            self._execute(sql.COUNT_ENTRIES, (member, -1, -lead))
            self._execute(sql.COUNT_ENTRIES, (now, 1, lead))


def _news(gathered: Gathered) -> dict[_News, Entry]:
    """What a poll's document has, but for what stood in the last one and what is there several times."""
    found: dict[_News, list[Entry]] = defaultdict(list)
    for entry in gathered.entries:
        keys = entry.keys
        if keys.link and (keys.id, entry.canonical_link, entry.fingerprint) not in gathered.as_known:
            found[keys.id or keys.title, keys.link].append(entry)
    return {news: entries[0] for news, entries in found.items() if len(entries) == 1}
