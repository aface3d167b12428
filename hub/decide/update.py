"""What was gathered + what is stored + now → FeedUpdate: an intent, which the store applies.

Touches nothing. Every rule about what counts as new, as changed and as the
same is here or in the stages this calls, so that each can be tested with
values alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from hub import moves, normalise, quarantine, schedule, stories, urls
from hub.decide import backlog, changes, feedstate, refreshing, withdrawals
from hub.decide.entries import Circumstances, changed_entry, is_other_news, new_entry, relinked_entry
from hub.decide.keeping import is_past_keeping
from hub.decide.reshares import is_reshare
from hub.errors import StoreError
from hub.model import (
    ChangedEntry,
    Entry,
    FeedState,
    FeedUpdate,
    Gathered,
    Habits,
    HubSettings,
    Known,
    NewEntry,
    RelinkedEntry,
    Withheld,
)
from hub.stories import Recognised

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
    `authority` and `owners` are as in `Circumstances`. `jitter`, from 0 to 1,
    spreads the next poll (`hub.schedule`).
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
        circumstances = Circumstances(
            authority=authority, owners=owners, zone=ZoneInfo(settings.timezone), now=now
        )
        update = _entries(update, entries, known, circumstances, settings.keep)
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
    circumstances: Circumstances,
    keep: timedelta | None,
) -> FeedUpdate:
    """The update with what becomes of a document's entries."""
    now, by = update.now, update.state.identified_by
    recognised = _recognised(entries, known, update, keep)
    # Nothing is to be decided on entries that came back just as they were.
    differing = [found for found in recognised if not found.as_it_was]
    still_there = [found.known for found in recognised if found.known is not None]
    altered = [(found.entry, found.known) for found in differing if found.known is not None]
    renamed = stories.renamed(altered, len(still_there), by)
    silence = changes.silence(altered, renamed=renamed, came_back=len(still_there), now=now)
    withheld, habits = _withheld(differing, recognised, known, update)
    update = _with_changes(update, differing, known, circumstances, withheld, silence=silence)
    update = replace(
        _shown(update, recognised, differing, silence),
        returned=tuple(stored.key for stored in still_there if changes.returns(stored)),
        kept=tuple(
            stored.key for stored in still_there if stored.standing == "withdrawn" and stored.by_admin
        ),
        habits=habits,
        made_anew=bool(renamed),
        too_old=len(entries) - len(recognised),
        put_off=any(changes.is_put_off(entry, stored, now) for entry, stored in altered),
    )
    update = _refreshed(update, recognised, known)
    return _taken_back(update, frozenset(stored.key for stored in still_there), known)


def _with_changes(
    update: FeedUpdate,
    differing: Sequence[Recognised],
    known: Known,
    circumstances: Circumstances,
    withheld: Mapping[int, Withheld],
    *,
    silence: str,
) -> FeedUpdate:
    """The update with those entries of a document that are new, changed or relinked.

    `withheld` are those of `differing` that wait for an admin, by their place in it.
    """
    new: list[NewEntry] = []
    changed: list[ChangedEntry] = []
    relinked: list[RelinkedEntry] = []
    taken, by = set(known.atom_ids), update.state.identified_by
    # No second entry of the feed joins a story that one of this document joins.
    joins = dict(known.story_feeds)
    known = replace(known, story_feeds=joins)
    # Stored from the last to the first: the document's order, where dates are
    # the same, is then the order of their keys.
    for number, found in reversed([*enumerate(differing)]):
        entry, stored, waits = found.entry, found.known, withheld.get(number)
        joined = None
        has_changed = stored is None or changes.has_changed(entry, stored, circumstances.now)
        if has_changed:
            _refuse_unread(entry, update.gathered)
        if stored is None:
            beginning = new_entry(entry, known, update, circumstances, taken=taken, withheld=waits)
            taken.add(beginning.atom_id)
            new.append(beginning)
            joined = beginning.story
        elif has_changed:
            change = changed_entry(entry, stored, known, circumstances, withheld=waits, silence=silence)
            changed.append(change)
            joined = change.story
        elif stories.is_renamed(entry, stored, by) or changes.is_told_apart_otherwise(entry, stored):
            relinked.append(relinked_entry(entry, stored))
        if joined is not None:
            joins[joined] = joins.get(joined, frozenset()) | {entry.feed}
    return replace(update, new=tuple(new), changed=tuple(changed), relinked=tuple(relinked))


def _recognised(
    entries: Sequence[Entry], known: Known, update: FeedUpdate, keep: timedelta | None
) -> list[Recognised]:
    """What a document's entries are, without those that are not stored and older than the hub keeps.

    Whether a site was made anew is told by how much of its document is new, and of
    that such old entries are no part. So where no entry is recognised by its title or
    text, which is tried for such a site alone, all are recognised once more without them.
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
    """Raise StoreError where an entry that is to be stored was read as one that is stored already.

    Such an entry has no tags and no sketch. Somebody else changed what is stored
    meanwhile; the feed's next poll reads it anew.
    """
    if stories.mark(entry) in gathered.as_known:
        raise StoreError(
            "an entry of it was changed in the database while it was read",
            "The next poll takes care of it.",
        )


def _shown(
    update: FeedUpdate, recognised: Sequence[Recognised], differing: Sequence[Recognised], silence: str
) -> FeedUpdate:
    """The update with what a document shows as a whole: why it is not told, what tells its entries apart."""
    gathered, state = update.gathered, update.state
    if silence:
        gathered = replace(gathered, remarks=(*gathered.remarks, silence))
    # A push may hold one entry, and says nothing of a document.
    if state.feed.identify_by is None and gathered.push is None:
        identity = stories.identity_after(state.identity, recognised, differing, now=update.now)
        state = replace(state, identity=identity)
    return replace(update, gathered=gathered, state=state)


def _refreshed(update: FeedUpdate, recognised: Sequence[Recognised], known: Known) -> FeedUpdate:
    """The update with what is new of a document besides its words, compared with the one before."""
    # A push may hold one entry, and of a site that is no feed a poll reads only what it does not know.
    if update.gathered.push is not None:
        return replace(update, window=refreshing.with_pushed(recognised, known.window))
    if _is_site(update):
        return update
    compared = refreshing.compared(
        recognised,
        known.window,
        changed={each.key for each in update.changed},
        relinked={each.key for each in update.relinked},
        as_known=update.gathered.as_known,
    )
    return replace(
        update,
        window=compared.window,
        refreshed=compared.refreshed,
        put_off=update.put_off or compared.seen_once,
    )


def _settled(update: FeedUpdate, known: Known) -> FeedUpdate:
    """The update with those entries that changed too often, have been still since, and do not change now."""
    changing = {change.key for change in update.changed}
    still = (key for key, last in known.waiting.items() if update.now - last >= changes.STILL_FOR)
    return replace(update, settled=tuple(key for key in still if key not in changing))


def _is_site(update: FeedUpdate) -> bool:
    """Whether what was polled is a site that is no feed, which takes several polls to be read."""
    return update.gathered.url in update.state.feed.kinds


def _taken_back(update: FeedUpdate, still: Collection[int], known: Known) -> FeedUpdate:
    """The update with what its member took back: what is not in the document any more.

    `still` are the keys of the entries that are.
    """
    withdrawn = {key: why for key, why in known.deleted.items() if key not in still}
    if update.made_anew:
        # Its old pages went all together.
        return replace(update, withdrawn=withdrawn)
    checked = [page for page in update.gathered.checked if page.check.key not in still]
    pages = withdrawals.after(checked, update.now)
    withdrawn = {**pages.withdrawn, **withdrawn}
    missing = withdrawals.missing(known.window, update.window) if update.window else ()
    before = {key for key, *_ in known.window}
    return replace(
        update,
        withdrawn=withdrawn,
        checks=pages.again
        + withdrawals.to_check((key for key in missing if key not in withdrawn), update.now),
        unchecked=(*pages.done, *(key for key in still if key not in before)),
    )


def _withheld(
    differing: Sequence[Recognised], recognised: Sequence[Recognised], known: Known, update: FeedUpdate
) -> tuple[Mapping[int, Withheld], Habits | None]:
    """Which of a document's entries wait for an admin, by their place in `differing`; and the feed's habits.

    The habits are None where they stay as they are.
    """
    state, now = update.state, update.now
    news = [each.known is None or is_other_news(each.entry, each.known, now) for each in differing]
    places = [place for place, is_news in enumerate(news) if is_news][::-1]
    if not places:
        return {}, None
    if state.feed.trust == "hold":
        return dict.fromkeys(places, _WAITS), None
    # A feed of which nothing is learnt yet is learnt from all that it has.
    judged = [differing[place] for place in places] if known.habits.entries else recognised[::-1]
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
        in_place=[number for number, place in enumerate(places) if differing[place].known is not None],
        others_have=lambda entry, date: stories.copy_of(entry, known, date=date) is not None,
    )
    if state.feed.trust == "always":
        return {}, habits
    return {places[number]: withheld for number, withheld in found.items()}, habits
