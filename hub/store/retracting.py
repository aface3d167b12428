"""What members take back of their news, and what of that is there again."""

from __future__ import annotations

from collections.abc import Collection

from hub.model import FeedUpdate, Gathered, Withheld, digest
from hub.store import rows
from hub.store import statements as sql
from hub.store.adopting import Adopting
from hub.store.known import Written, listed

_WAITS_AGAIN = Withheld("quarantined", "its member took it back while it waited, and has it again")


class Retracting(Adopting):
    """The part of the store that withdraws news for its member, and publishes it again."""

    def _deleted(self, feed: int, gathered: Gathered) -> dict[int, str]:
        """The entries that a document has tombstones of, by key, with the reason.

        One from before it was there again says nothing any more: another feed may have brought it.
        """
        of = {each.id: each for each in gathered.tombstones}
        found = self._tuples(sql.DELETED, (feed, listed(digest(id) for id in of)))
        return {
            key: of[id].why
            for key, id, back in found
            if id in of and (back is None or ((when := of[id].when) and when > rows.moment(back)))
        }

    def _take_from(self, update: FeedUpdate) -> set[int]:
        """Withdraw what its member took back, if no admin said otherwise; the stories that this touched.

        Its other feeds' entries of it go too. Their next documents are read whatever they are, and
        where one still has it, all of them are back. Of what an admin withdrew it is noted alone.
        """
        touched: set[int] = set()
        if update.withdrawn:
            own = self._tuples(sql.TO_WITHDRAW, (listed(update.withdrawn),))
            why = {key: update.withdrawn[key] for (key,) in own}
            others = self._in_other_feeds(why)
            self._execute(sql.READ_ANEW, (listed(others),))
            why |= {other: why[key] for other, key in others.items()}
            for (key,) in self._tuples(sql.TO_WITHDRAW, (listed(why),)):
                touched |= self._withhold(key, Withheld("withdrawn", why[key]), update.now)
            self._write_each(
                sql.RETRACTED, [(each, key) for key, each in {**update.withdrawn, **why}.items()]
            )
        if update.kept:
            self._execute(sql.NOT_RETRACTED, (listed(update.kept),))
        return touched

    def _in_other_feeds(self, keys: Collection[int]) -> dict[int, int]:
        """What the other feeds of their member have of these entries: by its key, which of them it is."""
        found = self._tuples(sql.IN_OTHER_FEEDS, (listed(keys),)) if keys else ()
        return {other: key for key, other in found}

    def _take_back(self, update: FeedUpdate) -> tuple[list[Written], set[int]]:
        """Publish again what was withdrawn and is there again; the stories that this touched.

        So are its member's other feeds' entries of it. What readers never had waits for an admin
        as it did before.
        """
        there = {*update.returned, *self._in_other_feeds(update.returned)}
        published = dict(self._tuples(sql.TO_RETURN, (listed(there),)))
        touched: set[int] = set()
        for key, was_published in published.items():
            if was_published:
                touched |= self._publish(key, update.now)
            else:
                self._withhold(key, _WAITS_AGAIN, update.now)
        back = [
            Written(key, self._value("SELECT story FROM entries WHERE key = ?", (key,)), self._sketched(key))
            for key, was_published in published.items()
            if was_published
        ]
        return back, touched
