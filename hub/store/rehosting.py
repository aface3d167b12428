"""The keys of entries whose site has another host now, so that they are found by old links and new ones."""

from __future__ import annotations

from collections.abc import Mapping

from hub import quarantine, urls
from hub.model import digest
from hub.store import feedrows, rows
from hub.store import statements as sql
from hub.store.connection import Connection

_ENTRIES_AT = """
SELECT key FROM entries WHERE link_key = :link UNION SELECT key FROM entries WHERE id_key = :id
UNION SELECT key FROM entries WHERE atom_key = :id ORDER BY 1
"""
_ENTRIES_WITH_LOOSE_ID = """
SELECT e.key FROM feeds f CROSS JOIN entries e ON e.feed = f.id AND e.loose_id_key = ?
"""
_ENTRIES_NAMING = """
SELECT key FROM entries WHERE instr(lower(link), :host) > 0 OR instr(lower(id), :host) > 0
"""
_ADDRESSES = "SELECT key, id, link FROM entries WHERE key IN (SELECT value FROM json_each(?))"
_REHOSTED_ENTRY = "UPDATE entries SET loose_id_key = ?, link_key = ?, canonical_link = ? WHERE key = ?"

_AT_ONCE = 1_000


class Rehosting(Connection):
    """The part of the store that knows which hosts are called otherwise now."""

    def _hosts(self) -> dict[str, str]:
        hosts: dict[str, str] = rows.from_json(self._value("SELECT hosts FROM state"))
        return hosts

    def _rehost(self, hosts: Mapping[str, str]) -> None:
        """Make the keys of what stands on hosts that are others now, or others than before.

        To lead to those is as usual in a feed as it was to lead to the former ones.
        It reads every entry, when members' former hosts change and not else.
        """
        before = self._hosts()
        changed = {
            former for former in before.keys() | hosts.keys() if before.get(former) != hosts.get(former)
        }
        if not changed:
            return
        self._execute("UPDATE state SET hosts = ?", (rows.as_json(dict(sorted(hosts.items()))),))
        keys = [
            key for former in sorted(changed) for (key,) in self._tuples(_ENTRIES_NAMING, {"host": former})
        ]
        for first in range(0, len(keys), _AT_ONCE):
            some = rows.as_json(keys[first : first + _AT_ONCE])
            for key, id, link in self._tuples(_ADDRESSES, (some,)):
                canonical = urls.canonical(urls.at_present(link, hosts)) if link else None
                self._execute(
                    _REHOSTED_ENTRY,
                    (urls.loose_id_key(id, hosts), urls.link_key(link, canonical), canonical, key),
                )
        for row in self._rows("SELECT * FROM habits"):
            habits = feedrows.habits(row)
            if (now := quarantine.rehosted(habits, hosts)) != habits:
                self._execute(sql.NEW_HABITS, {"feed": row["feed"], **feedrows.habits_row(now)})

    def _keys_at(self, address: str) -> list[int]:
        """The entries that have an address for a link or an id, be it one of a former host."""
        hosts = self._hosts()
        now = urls.at_present(address, hosts)
        found = self._tuples(_ENTRIES_AT, {"link": digest(urls.canonical(now) or now), "id": digest(address)})
        if hosts and urls.bare_host(now) in hosts.values():
            # An id has a host of its own, which only its loose form has as it is now.
            found += self._tuples(_ENTRIES_WITH_LOOSE_ID, (urls.loose_id_key(address, hosts),))
        return sorted({key for (key,) in found})
