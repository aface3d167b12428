"""Members' feeds as admin pages show them: how each is doing, its rhythm, what its polls came to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from hub.health import Health, HealthState
from hub.merged.addresses import path_for_admins
from hub.model import (
    MOST_RECENT,
    Direction,
    FeedKey,
    FeedState,
    PastPoll,
    PollFigures,
    StoredEntry,
    WithheldEntry,
    size_text,
)
from hub.publish.item import headline_of
from hub.said import counted, every, minute
from hub.web.doing import Condition
from hub.web.pages import Setting
from hub.web.words import Calendar, Moment, size, with_code

STATES: Mapping[HealthState, str] = {
    "broken": "Broken",
    "gone": "Gone",
    "not-a-feed": "Not a feed",
    "blocked": "Blocked",
    "moved": "Moved",
    "stale": "Stale",
    "held": "Held",
    "paused": "Paused",
    "quiet": "Quiet",
    "waiting": "Waiting",
    "ok": "Up to date",
}
"""What each state is called, the worst first."""
DAYS = 90
"""As long ago as polls are kept, and a feed's rhythm is shown."""

_MARKS = {"fine": "✓", "waiting": "…", "silent": "–", "failing": "!", "closed": "×", "paused": "‖"}
# They are read, so that readers miss nothing, but somebody has to look.
_READ_BUT = ("moved", "held")


def of_several(states: Iterable[FeedState]) -> frozenset[str]:
    """The members that have several of these feeds, so that it has to be said which is which."""
    feeds = Counter(state.feed.key.member for state in states)
    return frozenset(member for member, number in feeds.items() if number > 1)


# ---------------------------------------------------------------- a feed in a list


class Rhythm(Struct, frozen=True):
    """The days of the last `DAYS` on which a feed had news, a unit of an SVG path's width each.

    `unknown` is of the days before those of which it is remembered.
    """

    days: str
    unknown: str
    in_words: str


class FeedRow(Struct, frozen=True, kw_only=True):
    """A feed in a list, with its key. `name` is empty where its member has no other.

    `sentence` says how it is doing in the words of the status page, `found`
    in its admin's. `next_check` is None where it is due, and where there will
    be none (`closed`).
    """

    key: str
    member: str
    name: str
    href: str
    state: str
    mark: str
    kind: str
    sentence: str
    found: Markup
    remedy: Markup
    since: Moment | None
    succeeded: Moment | None
    rhythm: Rhythm
    next_check: Moment | None
    next_why: str
    closed: bool


def feed_row(
    state: FeedState,
    found: Health,
    shown: Condition,
    setting: Setting,
    now: datetime,
    *,
    member: str,
    named: bool,
) -> FeedRow:
    """A feed's row; `shown` is its health in the words of pages."""
    calendar = setting.calendar
    kind = "failing" if found.state in _READ_BUT else shown.state
    due = state.next_turn or now
    return FeedRow(
        key=str(state.feed.key),
        member=member,
        name=state.feed.key.name if named else "",
        href=setting.addresses.to(path_for_admins(state.feed.key)),
        state=STATES[found.state],
        mark=_MARKS[kind],
        kind=kind,
        sentence=shown.sentence,
        found=with_code(_without_since(found)),
        remedy=_remedy(found, setting),
        since=calendar.moment(found.since) if found.since else None,
        succeeded=calendar.moment(state.succeeded) if state.succeeded else None,
        rhythm=rhythm(state.recent, calendar),
        next_check=calendar.moment(due) if due > now else None,
        next_why=state.next_poll_why if due > now else "",
        closed=state.gone is not None or state.feed.paused,
    )


def _without_since(found: Health) -> str:
    """What a feed's health says, but for since when it is so, in UTC: pages say that by the hub's clocks."""
    return found.sentence.replace(f", since {minute(found.since)}", "") if found.since else found.sentence


def _remedy(found: Health, setting: Setting) -> Markup:
    """What to do about it; what waits is decided about here, and by commands too."""
    if found.state != "held":
        return with_code(found.remedy)
    return Markup('<a href="{}">Publish or drop what waits</a>').format(
        setting.addresses.to("/admin/waiting")
    )


def rhythm(recent: Sequence[datetime], calendar: Calendar) -> Rhythm:
    """When a feed had news; `recent` are its last publications, newest first."""
    on = [DAYS - 1 - (calendar.today - calendar.at(date).date()).days for date in recent]
    shown = sorted({day for day in on if 0 <= day < DAYS})
    unknown = shown[0] if shown and len(recent) >= MOST_RECENT and on[-1] > 0 else 0
    if not shown:
        said = f"No news in the last {DAYS} days"
    elif unknown:
        first = calendar.day(recent[-1]).text
        said = f"News on {counted(len(shown), 'day', 'days')} since {first}; what was before is not kept"
    else:
        said = f"News on {len(shown)} of the last {DAYS} days"
    return Rhythm(
        days="".join(f"M{day} 10V0h1V10z" for day in shown),
        unknown=f"M0 10V7h{unknown}V10z" if unknown else "",
        in_words=said,
    )


# ---------------------------------------------------------------- what polls came to


class PollRow(Struct, frozen=True, kw_only=True):
    """A poll in a table; `why` says what went wrong, or what was remarkable."""

    when: Moment
    feed: FeedKey
    href: str
    outcome: str
    failed: bool
    why: str
    new: int
    updated: int
    took: str


_OUTCOMES = {"fetched": "Read", "not_modified": "Nothing new", "failed": "Failed"}


def poll_row(poll: PastPoll, setting: Setting) -> PollRow:
    """A poll on record."""
    how = [str(poll.status)] if poll.status else []
    how += [size(poll.size)] if poll.size else []
    what = "Pushed to us" if poll.pushed and poll.outcome == "fetched" else _OUTCOMES[poll.outcome]
    return PollRow(
        when=setting.calendar.moment(poll.started),
        feed=poll.feed,
        href=setting.addresses.to(path_for_admins(poll.feed)),
        outcome=f"{what} ({', '.join(how)})" if how else what,
        failed=poll.outcome == "failed",
        why=poll.error or "; ".join(poll.remarks),
        new=poll.new,
        updated=poll.updated,
        took=f"{poll.seconds:.1f} s",
    )


class Strip(Struct, frozen=True, kw_only=True):
    """A feed's polls by day: bars upwards of those that went well, downwards of those that failed.

    Both are the `d` of an SVG path of four units' width a day, twelve high above the line and six below.
    """

    well: str
    failed: str
    in_words: str


_ABOVE, _BELOW, _LEAST = 12, 6, 2


def strip(days: Sequence[PollFigures]) -> Strip:
    """The polls of the last days, a bar each."""
    most = max((each.polls for each in days), default=0) or 1
    well, failed = [], []
    for place, each in enumerate(days):
        if up := each.polls - each.failed:
            well.append(f"M{4 * place} {_ABOVE}v-{max(_ABOVE * up / most, 1):.3g}h3V{_ABOVE}z")
        if each.failed:
            height = max(_BELOW * each.failed / most, _LEAST)
            failed.append(f"M{4 * place} {_ABOVE}v{height:.3g}h3V{_ABOVE}z")
    return Strip(well="".join(well), failed="".join(failed), in_words=_in_words(days))


def _in_words(days: Sequence[PollFigures]) -> str:
    polls, failures = sum(each.polls for each in days), sum(each.failed for each in days)
    if not polls:
        return f"No check of the last {len(days)} days is on record."
    said = f"In the last {len(days)} days: {counted(polls, 'check', 'checks')}, "
    on = sum(bool(each.failed) for each in days)
    said += f"of which {failures:,} failed, on {counted(on, 'day', 'days')}" if failures else "none failed"
    new, updated = sum(each.new for each in days), sum(each.updated for each in days)
    return f"{said}; {counted(new, 'new entry', 'new entries')}, and {updated:,} changed."


# ---------------------------------------------------------------- the last document


class EntryRow(Struct, frozen=True, kw_only=True):
    """An entry of a feed's last document, with its standing; `href` is our page of it, else its own."""

    title: str
    language: str | None
    direction: Direction | None
    href: str | None
    when: Moment
    standing: str
    why: str
    published: bool


_STANDINGS = {"held": "Held", "quarantined": "In quarantine", "withdrawn": "Withdrawn"}


def entry_row(stored: StoredEntry, withheld: WithheldEntry | None, setting: Setting) -> EntryRow:
    entry = stored.entry
    published = withheld is None
    return EntryRow(
        title=headline_of(entry.title, entry.excerpt, stored.member),
        language=entry.language,
        direction=entry.direction,
        href=setting.addresses.story(stored.story) if published else entry.link,
        when=setting.calendar.moment(stored.date),
        standing=_STANDINGS[withheld.withheld.standing]
        if withheld
        else "Published"
        if stored.lead
        else "Published, as a copy",
        why=withheld.withheld.why if withheld else stored.why,
        published=published,
    )


# ---------------------------------------------------------------- a feed's settings


def settings(state: FeedState) -> tuple[tuple[str, str], ...]:
    """What feeds.yaml says of a feed, each with its name."""
    feed = state.feed
    trust = {"usual": "what is suspicious waits", "hold": "all waits", "always": "nothing waits"}
    said = [
        ("Checked", f"{every(feed.every_min)} at most, {every(feed.every_max)} at least"),
        ("Waiting for an admin", trust[feed.trust]),
        (
            "Read of it",
            f"{size_text(feed.most_bytes)} and {counted(feed.most_entries, 'entry', 'entries')} at most",
        ),
    ]
    if feed.tags:
        said.append(("Topics given to all of it", ", ".join(feed.tags)))
    if feed.identify_by:
        said.append(("Entries told apart by", f"their {feed.identify_by}s"))
    return tuple(said)


# ---------------------------------------------------------------- checking it now

Checking = Literal["", "under way", "done", "nobody"]
_AT_MOST = timedelta(minutes=1)


def checking(asked: datetime | None, begun: datetime | None, now: datetime) -> Checking:
    """How a check is getting on that was asked for at a moment; empty where none was.

    `begun` is when the feed's last poll on record was: what had begun before may have been answered before.
    """
    if asked is None or asked > now:
        return ""
    if begun is not None and begun >= asked:
        return "done"
    return "under way" if now - asked < _AT_MOST else "nobody"
