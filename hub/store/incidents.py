"""What was the matter with feeds, and who has been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hub.model import Channel, Channels, FeedKey, FeedState, Incident, Way
from hub.store import rows
from hub.store.feeds import Feeds
from hub.store.rows import Row

# As long as polls.
_KEPT = timedelta(days=90)
_INCIDENTS = "SELECT i.*, f.member, f.name, f.url FROM incidents i JOIN feeds f ON f.id = i.feed"
_MATTERS_BETWEEN = f"""
{_INCIDENTS} WHERE i.ended IS NULL AND (f.member, f.name) > (?, ?) AND (f.member, f.name) <= (?, ?)
"""
_MATTERS_OF_LEFT = f"{_INCIDENTS} WHERE i.ended IS NULL AND f.configured = 0 ORDER BY i.id"
_INCIDENTS_TOLD = f"""
{_INCIDENTS} WHERE i.revision > 0 AND (:member = '' OR f.member = :member)
ORDER BY i.revision DESC LIMIT :limit
"""
# Incidents are few, and each has few channels: it is gone through in this order (SQLite keeps CROSS JOIN's).
_UNTOLD = """
SELECT c.way, i.*, f.member, f.name, f.url FROM incidents i CROSS JOIN feeds f CROSS JOIN channels c
WHERE i.revision > 0 AND f.id = i.feed AND c.way IN ('mail', 'webhook', 'mail:' || f.member)
    AND i.revision > c.told AND (i.ended IS NULL OR i.ended >= c.since)
ORDER BY i.revision
"""
# Another process may have noticed it too.
_NEW_INCIDENT = """
INSERT INTO incidents (feed, state, headline, sentence, remedy, editor, began, noticed, changed, revision,
    ended, ending)
SELECT id, :state, :headline, :sentence, :remedy, :editor, :began, :noticed, :changed, :revision,
    :ended, :ending
FROM feeds WHERE member = :member AND name = :name
ON CONFLICT DO NOTHING
"""
_INCIDENT_CHANGED = """
UPDATE incidents SET state = :state, headline = :headline, sentence = :sentence, remedy = :remedy,
    editor = :editor, began = :began, changed = :changed, revision = :revision, ended = :ended,
    ending = :ending
WHERE id = :id AND ended IS NULL
"""
# Of what was told and forgotten no number is given again.
_LAST_REVISION = """
SELECT COALESCE(MAX(revision), 0) FROM (
    SELECT MAX(revision) AS revision FROM incidents UNION ALL SELECT MAX(told) FROM channels) AS given
"""
_CHANNEL = """
INSERT INTO channels (way, since, told, tries, due, sent, error, remedy, lasting)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Before every member's.
_FIRST = FeedKey("", "")


class Incidents(Feeds):
    """The part of the store that keeps incidents, and the channels by which people are told of them."""

    def looked_at(
        self, after: FeedKey | None, *, limit: int
    ) -> tuple[tuple[FeedState, Incident | None], ...]:
        member, name = after or _FIRST
        with self._reading():
            states = self._states_by_key(member, name, limit)
            if not states:
                return ()
            last = states[-1].feed.key
            between = (member, name, last.member, last.name)
            found = {each.feed: each for each in map(_incident, self._rows(_MATTERS_BETWEEN, between))}
        return tuple((state, found.get(state.feed.key)) for state in states)

    def matters_of_left(self) -> tuple[Incident, ...]:
        with self._errors():
            return tuple(map(_incident, self._rows(_MATTERS_OF_LEFT)))

    def note(self, noted: Sequence[Incident], passed: Sequence[Incident], now: datetime) -> None:
        with self._writing():
            revision = self._last_revision()
            for each in noted:
                if each.changed is not None:
                    revision += 1
                row = _row(each, revision if each.changed is not None else 0)
                self._execute(_INCIDENT_CHANGED if each.number else _NEW_INCIDENT, row)
            for each in passed:
                self._execute("DELETE FROM incidents WHERE id = ? AND changed IS NULL", (each.number,))
            self._execute("DELETE FROM incidents WHERE ended < ?", (rows.stamp(now - _KEPT),))

    def incidents(self, member: str | None = None, *, limit: int) -> tuple[Incident, ...]:
        with self._errors():
            found = self._rows(_INCIDENTS_TOLD, {"member": member or "", "limit": limit})
        return tuple(map(_incident, found))

    def incidents_open(self) -> int:
        with self._errors():
            return int(self._value("SELECT COUNT(*) FROM incidents WHERE ended IS NULL AND revision > 0"))

    def last_revision(self) -> int:
        with self._errors():
            return self._last_revision()

    def _last_revision(self) -> int:
        return int(self._value(_LAST_REVISION))

    def untold(self) -> Mapping[Way, Sequence[Incident]]:
        untold: dict[Way, list[Incident]] = {}
        with self._errors():
            for row in self._rows(_UNTOLD):
                untold.setdefault(_way(row["way"]), []).append(_incident(row))
        return untold

    def channels(self) -> Channels:
        with self._errors():
            found = map(_channel, self._rows("SELECT * FROM channels ORDER BY way"))
            return {channel.way: channel for channel in found}

    def keep_channel(self, channel: Channel) -> None:
        way = str(channel.way)
        values = (
            way,
            rows.stamp(channel.since),
            channel.told,
            channel.tries,
            rows.maybe_stamp(channel.due),
            rows.maybe_stamp(channel.sent),
            channel.error,
            channel.remedy,
            rows.as_json(sorted(channel.lasting)),
        )
        with self._writing():
            self._execute("DELETE FROM channels WHERE way = ?", (way,))
            self._execute(_CHANNEL, values)

    def drop_channel(self, way: Way) -> None:
        with self._writing():
            self._execute("DELETE FROM channels WHERE way = ?", (str(way),))


def _incident(row: Row) -> Incident:
    return Incident(
        number=row["id"],
        feed=FeedKey(row["member"], row["name"]),
        url=row["url"],
        state=row["state"],
        headline=row["headline"],
        sentence=row["sentence"],
        remedy=row["remedy"],
        editor=row["editor"],
        began=rows.moment(row["began"]),
        noticed=rows.moment(row["noticed"]),
        changed=rows.maybe_moment(row["changed"]),
        revision=row["revision"],
        over=rows.maybe_moment(row["ended"]),
        ending=row["ending"],
    )


def _row(incident: Incident, revision: int) -> dict[str, object]:
    return {
        "id": incident.number,
        "member": incident.feed.member,
        "name": incident.feed.name,
        "state": incident.state,
        "headline": incident.headline,
        "sentence": incident.sentence,
        "remedy": incident.remedy,
        "editor": incident.editor,
        "began": rows.stamp(incident.began),
        "noticed": rows.stamp(incident.noticed),
        "changed": rows.maybe_stamp(incident.changed),
        "revision": revision,
        "ended": rows.maybe_stamp(incident.over),
        "ending": incident.ending,
    }


def _way(text: str) -> Way:
    by, _, member = text.partition(":")
    return Way("webhook" if by == "webhook" else "mail", member)


def _channel(row: Row) -> Channel:
    return Channel(
        way=_way(row["way"]),
        since=rows.moment(row["since"]),
        told=row["told"],
        tries=row["tries"],
        due=rows.maybe_moment(row["due"]),
        sent=rows.maybe_moment(row["sent"]),
        error=row["error"],
        remedy=row["remedy"],
        lasting=frozenset(rows.from_json(row["lasting"])),
    )
