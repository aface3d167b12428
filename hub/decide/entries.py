"""What becomes of one entry of a document: it is stored, changed, or has another id or link. Pure."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from hub import events, normalise, stories, urls
from hub.decide import backlog, changes, withdrawals
from hub.model import (
    LONG_AGO,
    Candidate,
    ChangedEntry,
    Entry,
    FeedUpdate,
    Known,
    KnownEntry,
    NewEntry,
    RelinkedEntry,
    Told,
    Withheld,
    digest,
)

# Wordings remembered of an entry, so that two servers that disagree (or an
# editor who goes back) do not make news at every poll.
_WORDINGS_KEPT = 10
# A bulletin that is one entry, with its next issue in the place of the last, comes once a day at most.
_ISSUES_APART = timedelta(hours=20)


class Circumstances(Struct, frozen=True, kw_only=True):
    """In which hub entries are decided on, and when.

    authority  the host name in `tag:` ids that are minted now (RFC 4151)
    owners     the members that are on a host: they alone have ids there, and their entries lead there
    zone       the hub's
    """

    authority: str
    owners: urls.Owners
    zone: ZoneInfo
    now: datetime


# ---------------------------------------------------------------- an entry that is new


def new_entry(
    entry: Entry,
    known: Known,
    update: FeedUpdate,
    circumstances: Circumstances,
    *,
    taken: Container[str],
    withheld: Withheld | None,
) -> NewEntry:
    """How to store an entry that is new: under which id and date, and in which story.

    `taken` are the ids that something is published under already. `withheld` is
    why it is not published, None where it is.
    """
    now, state = circumstances.now, update.state
    entry = events.with_day(entry, now, circumstances.zone)
    is_past = state.succeeded is None or state.read_in_part
    date = events.date_to_sort_by(
        entry, normalise.dated(entry, now), now, circumstances.zone, backlog=is_past
    )
    withheld = withdrawals.in_another_feed(entry, known.withdrawn) or withheld
    atom_id = _atom_id(entry, taken, circumstances)
    copy = stories.copy_of(entry, known, date=date) if withheld is None else None
    undated = backlog.is_undated(entry, update)
    kept_date = now - LONG_AGO if undated else date
    if copy is None:
        return NewEntry(entry=entry, atom_id=atom_id, date=kept_date, story=None, withheld=withheld)
    leads, why = False, copy.why
    lead = _lead(copy, known)
    if lead is not None and stories.leads_instead(
        entry,
        date,
        lead,
        known,
        now=now,
        zone=circumstances.zone,
        owners=circumstances.owners,
        undated=undated,
    ):
        leads, why = True, stories.from_there(copy, lead)
    return NewEntry(
        entry=entry,
        atom_id=atom_id,
        date=kept_date,
        story=copy.story,
        copy_of=copy.of,
        why=why,
        leads=leads,
    )


def _lead(copy: stories.Verdict, known: Known) -> Candidate | None:
    """The entry that leads the story of a copy; None where the copy's own feed has it."""
    return next((other for other in known.stories[copy.story] if other.lead), None)


def _atom_id(entry: Entry, taken: Container[str], circumstances: Circumstances) -> str:
    """The publisher's id where it can be published and is no other entry's, else one minted once.

    RFC 4287 §4.2.6: an id is an IRI and never changes. One on a host of other
    members is theirs: who wrote their next ids first would have them for good.
    """
    if (
        entry.id
        and urls.is_absolute_iri(entry.id)
        and not urls.is_home_page(entry.id)
        and entry.id not in taken
        and not urls.is_anothers(entry.id, entry.feed.member, circumstances.owners)
    ):
        return entry.id
    what = (
        str(entry.feed),
        entry.id or "",
        entry.link or "",
        entry.fingerprint,
        circumstances.now.isoformat(),
    )
    # Numbered, since a feed may carry the same words twice, on two days.
    digests = (digest("\n".join((*what, str(number)))) for number in count())
    minted = (
        urls.tag_uri(circumstances.authority, circumstances.now.date(), f"{entry.feed}/{each}")
        for each in digests
    )
    return next(uri for uri in minted if uri not in taken)


# ---------------------------------------------------------------- an entry that changed


def is_other_news(entry: Entry, stored: KnownEntry, now: datetime) -> bool:
    """Whether a published entry is wholly other news by now, under the id of the old."""
    is_changed = stored.standing == "published" and changes.has_changed(entry, stored, now)
    return is_changed and stories.is_rewritten(stored, entry)


def changed_entry(
    entry: Entry,
    stored: KnownEntry,
    known: Known,
    circumstances: Circumstances,
    *,
    withheld: Withheld | None,
    silence: str,
) -> ChangedEntry:
    """How to change a stored entry: in which story it is by now, and whether readers are told.

    `withheld` is why it waits for an admin, None where it does not. No change of a
    document over which a `silence` lies is told (`changes.silence`).
    """
    change = _rewritten(
        events.with_day(entry, circumstances.now, circumstances.zone), stored, known, circumstances, withheld
    )
    if change.leaves_story:
        return _as_other_news(change, stored, circumstances)
    is_told = not (silence or changes.is_no_news(change.entry, stored))
    return replace(change, told=changes.told(stored, circumstances.now) if is_told else "no")


def _rewritten(
    entry: Entry,
    stored: KnownEntry,
    known: Known,
    circumstances: Circumstances,
    withheld: Withheld | None,
) -> ChangedEntry:
    """The change of its words, and the story that it is in by now."""
    past = (stored.fingerprint, *stored.past_fingerprints)[:_WORDINGS_KEPT]
    is_other_news = stories.is_rewritten(stored, entry)
    changed = ChangedEntry(
        key=stored.key,
        entry=entry,
        past_fingerprints=past,
        leaves_story=is_other_news,
        keeps_day=not (is_other_news or events.has_lost_its_day(entry)),
    )
    if withheld is not None or stored.standing != "published":
        return replace(changed, withheld=True, waits=withheld)
    # With what it was put together was ruled of the news before.
    if stored.key in known.rulings.alone or (stored.key in known.rulings.together and not is_other_news):
        return changed
    if is_other_news or known.story_feeds.get(stored.story, frozenset()) <= {entry.feed}:
        date = normalise.dated(entry, circumstances.now)
        copy = stories.copy_of(entry, known, date=date, key=stored.key)
        lead = _lead(copy, known) if copy else None
        # It is no copy of an entry which itself leads to the site of this entry's member.
        is_original = lead is not None and stories.is_on_site_of(entry.feed, lead, circumstances.owners)
        if copy is not None and not is_original:
            return replace(changed, story=copy.story, copy_of=copy.of, why=copy.why)
        return changed
    others = known.stories.get(stored.story, ())
    return replace(changed, catches_up=stories.catches_up(entry, others))


def _as_other_news(change: ChangedEntry, stored: KnownEntry, circumstances: Circumstances) -> ChangedEntry:
    """The change of an entry that is other news now: with its own date, and told at once as a next issue."""
    entry, now = change.entry, circumstances.now
    date = events.date_to_sort_by(entry, normalise.dated(entry, now), now, circumstances.zone, backlog=False)
    told: Told = "no" if change.waits else changes.told(stored, now)
    if told == "waits" and now - stored.changes[-1] >= _ISSUES_APART:
        told = "yes"
    return replace(change, date=date, told=told)


def relinked_entry(entry: Entry, stored: KnownEntry) -> RelinkedEntry:
    """How to give a stored entry the id and the link that it has by now."""
    # A link whose parameters alone differ stays: readers and caches would see a change.
    moved = stories.has_moved(entry, stored)
    return RelinkedEntry(
        key=stored.key,
        id=entry.id,
        link=entry.link if moved else stored.link,
        canonical_link=entry.canonical_link if moved else stored.canonical_link,
        keys=entry.keys if moved else replace(entry.keys, link=stored.keys.link),
        fingerprint=(entry if changes.is_told_apart_otherwise(entry, stored) else stored).fingerprint,
    )
