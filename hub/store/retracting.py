"""News that members take back, and that they publish again."""

from __future__ import annotations

from collections.abc import Collection

from hub.model import FeedUpdate, Gathered, Withheld, digest
from hub.store import rows
from hub.store import statements as sql
from hub.store.adopting import Adopting
from hub.store.known import listed
from hub.store.written import Written

_WAITS_AGAIN = Withheld("quarantined", "its member took it back while it waited, and has it again")


class Retracting(Adopting):
    """The part of the store that withdraws news for its member, and publishes it again."""

    def _deleted(self, feed: int, gathered: Gathered) -> dict[int, str]:
        """The entries that a document has tombstones of, by key, with the reason.

        A tombstone from before the entry was published again says nothing any more: another
        feed of the member may have brought it back.
        """
        tombstones = {tombstone.id: tombstone for tombstone in gathered.tombstones}
        found = self._tuples(sql.DELETED, (feed, listed(digest(id) for id in tombstones)))
        return {
            key: tombstones[id].why
            for key, id, back in found
            if id in tombstones
            and (back is None or ((when := tombstones[id].when) and when > rows.moment(back)))
        }

    def _take_from(self, update: FeedUpdate) -> set[int]:
        """Withdraw what a member took back, unless an admin decided otherwise; the stories that changed.

        The same news goes from the member's other feeds. The next document of each is read, even
        unchanged: if one still has it, it is published again everywhere. Of an entry that an
        admin withdrew it is only noted that its member took it back as well.
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
                sql.RETRACTED, [(reason, key) for key, reason in {**update.withdrawn, **why}.items()]
            )
        if update.kept:
            self._execute(sql.NOT_RETRACTED, (listed(update.kept),))
        return touched

    def _in_other_feeds(self, keys: Collection[int]) -> dict[int, int]:
        """The entries in other feeds of their member that are the same news as these: by key, as which."""
        found = self._tuples(sql.IN_OTHER_FEEDS, (listed(keys),)) if keys else ()
        return {other: key for key, other in found}

    def _take_back(self, update: FeedUpdate) -> tuple[list[Written], set[int]]:
        """Publish again what a member withdrew and has in a document again; and the stories that changed.

        The same news in the member's other feeds is published again, too. News that readers
        never had waits for an admin, as it did before.
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
