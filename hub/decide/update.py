"""What was gathered + what is stored + now → FeedUpdate: an intent, which the store applies.

Touches nothing. Every rule about what counts as new, as changed and as the
same is here or in the stages this calls, so that each can be tested with
values alone.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from hub import events, moves, normalise, quarantine, schedule, stories, urls
from hub.decide import backlog, changes, feedstate, refreshing, withdrawals
from hub.decide.keeping import is_past_keeping
from hub.decide.reshares import is_reshare
from hub.errors import StoreError
from hub.model import (
    LONG_AGO,
    Candidate,
    ChangedEntry,
    Entry,
    FeedState,
    FeedUpdate,
    Gathered,
    Habits,
    HubSettings,
    Known,
    KnownEntry,
    NewEntry,
    RelinkedEntry,
    Told,
    Withheld,
    digest,
)
from hub.stories import Recognised

# Wordings remembered of an entry, so that two servers that disagree (or an
# editor who goes back) do not make news at every poll.
_WORDINGS_KEPT = 10
# A bulletin that is one entry, with its next issue in the place of the last, comes once a day at most.
_ISSUES_APART = timedelta(hours=20)
_WAITS = Withheld("held", "an admin looks at everything that this member publishes")


def decide(
    gathered: Gathered,
    state: FeedState,
    known: Known,
    *,
    now: datetime,
    settings: HubSettings,
    authority: str,
    owners: urls.Owners = urls.NO_OWNERS,
    jitter: float = 0.0,
) -> FeedUpdate:
    """What one poll should change.

    `known` is what the store holds that the gathered entries might be.
    `authority` is the host name for `tag:` ids minted now (RFC 4151), `owners`
    are the members that are on a host, which alone have ids there, and whose
    entries lead there.
    `jitter`, from 0 to 1, spreads the next poll (`hub.schedule`).
    """
    update = FeedUpdate(state=state, gathered=gathered, now=now)
    if gathered.outcome == "fetched" and not gathered.unchanged:
        own = {stored.atom_id for stored in known.own}
        of_others = {id: feed for id, feed in known.atom_ids.items() if id not in own}
        entries = tuple(
            entry
            for entry in gathered.entries
            if not is_reshare(entry, authority=authority, hub_url=settings.url, taken=of_others)
        )
        zone = ZoneInfo(settings.timezone)
        update = _entries(update, entries, known, authority, owners, zone, settings.keep)
        update = backlog.untold(update, begun=known.begun)
        update = replace(update, reshares=len(gathered.entries) - len(entries))
    elif gathered.checked:
        update = _taken_back(update, frozenset(), known)
    if known.waiting and gathered.outcome != "failed":
        update = _settled(update, known)
    recent = _recent(update)
    if gathered.push is not None:
        return replace(update, state=feedstate.after_push(update, recent))
    came_back = len(gathered.entries) - update.reshares - update.too_old > len(update.new)
    same_document = gathered.outcome == "not_modified" or gathered.unchanged
    move = moves.followed(
        state.move,
        gathered,
        shares=came_back or same_document or state.succeeded is None,
        now=now,
    )
    after = feedstate.after_poll(update, recent, move, jitter)
    if gathered.spared is None or after.not_before is None:
        return replace(update, state=after)
    return replace(update, state=after, host_not_before=(gathered.spared, after.not_before))


def _recent(update: FeedUpdate) -> tuple[datetime, ...]:
    """The dates of a feed's last publications, with those of its new entries.

    What is read of a site poll by poll is not published at that pace, and what
    looks hijacked was not published by the member. What has no date counts as
    of now: there has been nothing new since.
    """
    before, gathered = update.state, update.gathered
    is_backlog = before.read_in_part or gathered.read_in_part
    ours = [new for new in update.new if new.withheld is None or new.withheld.standing != "quarantined"]
    dates = [
        new.date if normalise.is_dated(new.entry) else update.now
        for new in ours
        if new.entry.published or not is_backlog
    ]
    return schedule.recent(before.recent, dates) if dates else before.recent


# ---------------------------------------------------------------- entries


def _entries(
    update: FeedUpdate,
    entries: Sequence[Entry],
    known: Known,
    authority: str,
    owners: urls.Owners,
    zone: ZoneInfo,
    keep: timedelta | None,
) -> FeedUpdate:
    new: list[NewEntry] = []
    changed: list[ChangedEntry] = []
    relinked: list[RelinkedEntry] = []
    taken = set(known.atom_ids)
    by = update.state.identified_by
    recognised = _recognised(entries, known, update, keep)
    looked_at = [each for each in recognised if not each.as_it_was]
    there = [each.known for each in recognised if each.known is not None]
    others = [(each.entry, each.known) for each in looked_at if each.known is not None]
    renamed = stories.renamed(others, len(there), by)
    silence = changes.silence(others, renamed=renamed, came_back=len(there), now=update.now)
    withheld, habits = _withheld(looked_at, recognised, known, update)
    # No second entry of the feed joins a story that one of this document joins.
    joins = dict(known.story_feeds)
    known = replace(known, story_feeds=joins)
    # Stored from the last to the first: the document's order, where dates are
    # the same, is then the order of their keys.
    for place, each in reversed([*enumerate(looked_at)]):
        entry, stored = each.entry, each.known
        joined = None
        has_changed = stored is None or changes.has_changed(entry, stored, update.now)
        if has_changed:
            _refuse_unread(entry, update.gathered)
        if stored is None:
            beginning = _new(entry, known, taken, update, authority, owners, zone, withheld.get(place))
            taken.add(beginning.atom_id)
            new.append(beginning)
            joined = beginning.story
        elif has_changed:
            with_day = events.with_day(entry, update.now, zone)
            change = _changed(with_day, stored, known, update.now, owners, withheld.get(place))
            changed.append(_as_told(change, stored, update.now, zone, silence=silence))
            joined = change.story
        elif stories.is_renamed(entry, stored, by) or changes.is_told_apart_otherwise(entry, stored):
            relinked.append(_relinked(entry, stored))
        if joined is not None:
            joins[joined] = joins.get(joined, frozenset()) | {entry.feed}
    update = replace(
        _shown(update, recognised, looked_at, silence),
        new=tuple(new),
        changed=tuple(changed),
        relinked=tuple(relinked),
        returned=tuple(stored.key for stored in there if changes.returns(stored)),
        kept=tuple(stored.key for stored in there if stored.standing == "withdrawn" and stored.by_admin),
        habits=habits,
        made_anew=bool(renamed),
        too_old=len(entries) - len(recognised),
        put_off=any(changes.is_put_off(entry, stored, update.now) for entry, stored in others),
    )
    update = _refreshed(update, recognised, known)
    return _taken_back(update, frozenset(stored.key for stored in there), known)


def _recognised(
    entries: Sequence[Entry], known: Known, update: FeedUpdate, keep: timedelta | None
) -> list[Recognised]:
    """What a document's entries are, but for those that are not stored and past keeping.

    A site that was made anew is told by most of what is new, of which its past is none.
    """

    def recognise(entries: Sequence[Entry]) -> list[Recognised]:
        by = update.state.identified_by
        found = stories.recognise(entries, known.own, by=by, retitled=known.retitled)
        return [each for each in found if each.known is not None or not is_past(each.entry)]

    def is_past(entry: Entry) -> bool:
        return is_past_keeping(entry, keep, update.now, taken_away=known.taken_away)

    found = recognise(entries)
    if known.retitled and all(each.known is None or each.known.key not in known.retitled for each in found):
        return recognise([each.entry for each in found])
    return found


def _refuse_unread(entry: Entry, gathered: Gathered) -> None:
    """Nothing is stored that was read as what is stored already: its next poll reads the feed anew."""
    if stories.mark(entry) in gathered.as_known:
        raise StoreError(
            "an entry of it was changed in the database while it was read",
            "The next poll takes care of it.",
        )


def _shown(
    update: FeedUpdate, recognised: Sequence[Recognised], looked_at: Sequence[Recognised], silence: str
) -> FeedUpdate:
    """The update with what a document shows as a whole: by what its entries are known."""
    gathered, state = update.gathered, update.state
    if silence:
        gathered = replace(gathered, remarks=(*gathered.remarks, silence))
    # A push may hold one entry, and says nothing of a document.
    if state.feed.identify_by is None and gathered.push is None:
        identity = stories.identity_after(state.identity, recognised, looked_at, now=update.now)
        state = replace(state, identity=identity)
    return replace(update, gathered=gathered, state=state)


def _refreshed(update: FeedUpdate, recognised: Sequence[Recognised], known: Known) -> FeedUpdate:
    """The update with what a document holds, compared with the one before also besides the words."""
    # A push may hold one entry, and of a site that is no feed a poll reads only what it does not know.
    if update.gathered.push is not None:
        return replace(update, window=refreshing.with_pushed(recognised, known.window))
    if _is_site(update):
        return update
    window, refreshed, first_seen = refreshing.compared(
        recognised,
        known.window,
        changed={each.key for each in update.changed},
        relinked={each.key for each in update.relinked},
        as_known=update.gathered.as_known,
    )
    return replace(update, window=window, refreshed=refreshed, put_off=update.put_off or first_seen)


def _settled(update: FeedUpdate, known: Known) -> FeedUpdate:
    """With those that changed too often, have been still since, and do not change now."""
    changing = {change.key for change in update.changed}
    still = (key for key, last in known.waiting.items() if update.now - last >= changes.STILL_FOR)
    return replace(update, settled=tuple(key for key in still if key not in changing))


def _is_site(update: FeedUpdate) -> bool:
    """Whether what was polled is a site that is no feed, which takes several polls to be read."""
    return update.gathered.url in update.state.feed.kinds


def _taken_back(update: FeedUpdate, still: Collection[int], known: Known) -> FeedUpdate:
    """The update with what its member took back, of what is not in the document; these are `still` there."""
    withdrawn = {key: why for key, why in known.deleted.items() if key not in still}
    if update.made_anew:
        # Its old pages went all together.
        return replace(update, withdrawn=withdrawn)
    looked_at = [each for each in update.gathered.checked if each.check.key not in still]
    again, done, gone = withdrawals.after(looked_at, update.now)
    withdrawn = {**gone, **withdrawn}
    missing = withdrawals.missing(known.window, update.window) if update.window else ()
    before = {key for key, *_ in known.window}
    return replace(
        update,
        withdrawn=withdrawn,
        checks=again + withdrawals.to_check((key for key in missing if key not in withdrawn), update.now),
        unchecked=(*done, *(key for key in still if key not in before)),
    )


def _withheld(
    looked_at: Sequence[Recognised], recognised: Sequence[Recognised], known: Known, update: FeedUpdate
) -> tuple[Mapping[int, Withheld], Habits | None]:
    """What of a document waits for an admin, by its place in `looked_at`, and what is usual then."""
    state, now = update.state, update.now
    news = [each.known is None or _is_other_news(each.entry, each.known, now) for each in looked_at]
    places = [place for place, is_news in enumerate(news) if is_news][::-1]
    if not places:
        return {}, None
    if state.feed.trust == "hold":
        return dict.fromkeys(places, _WAITS), None
    # A feed of which nothing is learnt yet is learnt from all that it has.
    judged = [looked_at[place] for place in places] if known.habits.entries else recognised[::-1]
    entries = [each.entry for each in judged]
    found, habits = quarantine.judge(
        entries,
        [normalise.dated(entry, now) for entry in entries],
        known.habits,
        state.feed,
        now,
        moved_to=quarantine.moved_to(
            [each.entry for each in recognised if each.known and each.known.standing == "published"],
            moves.current(state),
        ),
        backlog=_is_site(update) and not state.listings,
        in_place=[number for number, place in enumerate(places) if looked_at[place].known is not None],
        others_have=lambda entry, date: stories.copy_of(entry, known, date=date) is not None,
    )
    if state.feed.trust == "always":
        return {}, habits
    return {places[number]: withheld for number, withheld in found.items()}, habits


def _new(
    entry: Entry,
    known: Known,
    taken: Container[str],
    update: FeedUpdate,
    authority: str,
    owners: urls.Owners,
    zone: ZoneInfo,
    withheld: Withheld | None,
) -> NewEntry:
    now, state = update.now, update.state
    entry = events.with_day(entry, now, zone)
    is_past = state.succeeded is None or state.read_in_part
    date = events.date_to_sort_by(entry, normalise.dated(entry, now), now, zone, backlog=is_past)
    withheld = withdrawals.in_another_feed(entry, known.withdrawn) or withheld
    atom_id = _atom_id(entry, taken, owners, now, authority)
    copy = stories.copy_of(entry, known, date=date) if withheld is None else None
    undated = backlog.is_undated(entry, update)
    kept = now - LONG_AGO if undated else date
    if copy is None:
        return NewEntry(entry=entry, atom_id=atom_id, date=kept, story=None, withheld=withheld)
    leads, why = False, copy.why
    lead = _lead(copy, known)
    if lead is not None and stories.leads_instead(
        entry, date, lead, known, now=now, zone=zone, owners=owners, undated=undated
    ):
        leads, why = True, stories.from_there(copy, lead)
    return NewEntry(
        entry=entry, atom_id=atom_id, date=kept, story=copy.story, copy_of=copy.of, why=why, leads=leads
    )


def _lead(copy: stories.Verdict, known: Known) -> Candidate | None:
    return next((other for other in known.stories[copy.story] if other.lead), None)


def _atom_id(entry: Entry, taken: Container[str], owners: urls.Owners, now: datetime, authority: str) -> str:
    """The publisher's id where it can be published and is no other entry's, else one minted once.

    RFC 4287 §4.2.6: an id is an IRI and never changes. One on a host of other
    members is theirs: who wrote their next ids first would have them for good.
    """
    if (
        entry.id
        and urls.is_absolute_iri(entry.id)
        and not urls.is_home_page(entry.id)
        and entry.id not in taken
        and not urls.is_anothers(entry.id, entry.feed.member, owners)
    ):
        return entry.id
    what = (str(entry.feed), entry.id or "", entry.link or "", entry.fingerprint, now.isoformat())
    # Numbered, since a feed may carry the same words twice, on two days.
    digests = (digest("\n".join((*what, str(number)))) for number in count())
    minted = (urls.tag_uri(authority, now.date(), f"{entry.feed}/{each}") for each in digests)
    return next(uri for uri in minted if uri not in taken)


def _is_other_news(entry: Entry, stored: KnownEntry, now: datetime) -> bool:
    """Whether what readers have as one piece of news is another now."""
    is_changed = stored.standing == "published" and changes.has_changed(entry, stored, now)
    return is_changed and stories.is_rewritten(stored, entry)


def _changed(
    entry: Entry,
    stored: KnownEntry,
    known: Known,
    now: datetime,
    owners: urls.Owners,
    withheld: Withheld | None,
) -> ChangedEntry:
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
        date = normalise.dated(entry, now)
        copy = stories.copy_of(entry, known, date=date, key=stored.key)
        lead = _lead(copy, known) if copy else None
        # It goes behind nobody who says that the news is its member's.
        is_original = lead is not None and stories.is_on_site_of(entry.feed, lead, owners)
        if copy is not None and not is_original:
            return replace(changed, story=copy.story, copy_of=copy.of, why=copy.why)
        return changed
    others = known.stories.get(stored.story, ())
    return replace(changed, catches_up=stories.catches_up(entry, others))


def _as_told(
    change: ChangedEntry, stored: KnownEntry, now: datetime, zone: ZoneInfo, *, silence: str
) -> ChangedEntry:
    """The change with whether readers are told of it: not where a `silence` lies over its document."""
    if change.leaves_story:
        return _as_other_news(change, stored, now, zone)
    is_told = not (silence or changes.is_no_news(change.entry, stored))
    return replace(change, told=changes.told(stored, now) if is_told else "no")


def _as_other_news(change: ChangedEntry, stored: KnownEntry, now: datetime, zone: ZoneInfo) -> ChangedEntry:
    """Other news under an entry's id has its own date, and a bulletin's next issue is told at once."""
    date = events.date_to_sort_by(change.entry, normalise.dated(change.entry, now), now, zone, backlog=False)
    told: Told = "no" if change.waits else changes.told(stored, now)
    if told == "waits" and now - stored.changes[-1] >= _ISSUES_APART:
        told = "yes"
    return replace(change, date=date, told=told)


def _relinked(entry: Entry, stored: KnownEntry) -> RelinkedEntry:
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
