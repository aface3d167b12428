"""When to poll a feed next. Pure: the record of a feed and the moment go in.

A feed is asked a dozen times for each of its publications, within the bounds
of feeds.yaml, and less often where it or its server asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from hub.model import MOST_RECENT, Wishes
from hub.said import every, span

# Until a feed's own rhythm is learnt: often enough for news, seldom enough for any server.
USUAL = timedelta(hours=1)
# Where news is pushed: a hub that falls silent is found out within this time.
BACKSTOP = timedelta(hours=6)

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LONGEST_WAIT = _DAY
# A poll that failed n times in a row waits 2 ** n times as long; beyond this it is a day anyway.
_MOST_DOUBLINGS = 8
# Polls for each publication: so news waits for a twenty-fourth of the usual time between two, on average.
_POLLS_A_PUBLICATION = 12
# What is published within an hour was written in one go.
_ONE_GO = _HOUR
_WINDOW = timedelta(days=120)
# So many publications in so long a time are a rhythm. Fewer may be an accident, or a first poll's
# entries without dates, and so may more in a shorter time.
_ENOUGH = ((1, 7 * _DAY), (3, _DAY), (5, timedelta(0)))
# By how much of its wait a feed is asked sooner or later, so that feeds do not stay in step.
_SPREAD = 0.1
_HOURS_OF_A_WEEK = 7 * 24


def next_poll(
    now: datetime,
    *,
    every_min: timedelta,
    every_max: timedelta,
    failures: int = 0,
    failing_for: timedelta = timedelta(0),
    not_before: datetime | None = None,
    recent: Sequence[datetime] = (),
    wishes: Wishes = Wishes(),
    fresh_for: timedelta | None = None,
    read_in_part: bool = False,
    pushed_until: datetime | None = None,
    jitter: float = 0.0,
) -> tuple[datetime, str]:
    """When a feed is due again, and why then.

    recent        the dates of its last publications, as `recent` makes them: its own rhythm
    wishes, fresh_for
                  what its document and its server ask for. They make the wait longer, up to
                  `every_max`, never shorter; hours and days to skip are skipped beyond it
    read_in_part  whether something was left to read: then it is due at the usual time at the latest
    pushed_until  until when its news is pushed: then polls are a backstop (`behind_pushes`)
    failures, failing_for
                  failed polls in a row, and how long ago the first was. Each doubles the wait, so
                  that a dead site costs one request a day and is never given up. Polls that an admin
                  orders in between do not
    not_before    the end of a Retry-After (RFC 9110 §10.2.3), which wins when it is later: it is
                  their server
    jitter        from 0 to 1, spreads the polls of feeds with the same rhythm
    """
    interval, why = _by_rhythm(now, recent, every_min, every_max)
    usual = max(every_min, min(USUAL, every_max))
    if read_in_part and interval > usual:
        interval, why = usual, "part of it is left to read"
    if failures:
        interval, why = _after_failures(failures, failing_for, every_min, every_max)
    due = now + _spread(interval, jitter, every_min, every_max)
    if not failures:
        asked, who = _asked_for(now, wishes, fresh_for, every_max)
        if now + asked > due:
            due, why = now + asked, who
        due, why = behind_pushes(due, why, now, pushed_until=pushed_until, every_max=every_max)
    open_at = _not_skipped(due, wishes)
    if open_at > due:
        due, why = open_at, "the feed asks to skip the hours or days before (skipHours, skipDays)"
    if not_before is not None and not_before > due:
        return not_before, "its server asked to wait until then (Retry-After)"
    return due, why


def behind_pushes(
    due: datetime, why: str, now: datetime, *, pushed_until: datetime | None, every_max: timedelta
) -> tuple[datetime, str]:
    """When a feed is due, and why then, which would be at `due` if its news were not pushed.

    Until `pushed_until` it is asked seldom: only because hubs lose things without a word.
    """
    backstop = now + min(BACKSTOP, every_max)
    if pushed_until is None or pushed_until <= now or backstop <= due:
        return due, why
    return backstop, "its news is pushed to us (WebSub), so that it is asked only in case some is lost"


# ---------------------------------------------------------------- the feed's own rhythm


def recent(before: Sequence[datetime], dates: Iterable[datetime]) -> tuple[datetime, ...]:
    """The dates of a feed's last publications, newest first: those `before` and those of its new entries.

    Entries less than an hour apart are one publication. So are a first poll's entries
    without dates, which are all of that moment. Two dozen are kept.
    """
    kept: list[datetime] = []
    for date in sorted({*before, *dates}, reverse=True):
        if not kept or kept[-1] - date >= _ONE_GO:
            kept.append(date)
    return tuple(kept[:MOST_RECENT])


def rhythm(now: datetime, recent: Sequence[datetime]) -> timedelta | None:
    """The time in which a feed usually has something new; None until it is learnt.

    The mean of the last publications, two dozen of four months at most: from
    the oldest of them until now, so that it grows while the feed is silent;
    over all four months where those are too few to tell, and there are older
    ones. A median would take a feed with five entries every Tuesday for an
    hourly one.
    """
    within = [date for date in recent if now - date <= _WINDOW]
    span = max(now - within[-1], timedelta(0)) if within else timedelta(0)
    if any(len(within) >= count and span >= length for count, length in _ENOUGH):
        return span / len(within)
    return _WINDOW / max(len(within), 1) if len(within) < len(recent) else None


def _by_rhythm(
    now: datetime, recent: Sequence[datetime], every_min: timedelta, every_max: timedelta
) -> tuple[timedelta, str]:
    usual = rhythm(now, recent)
    if usual is None:
        return max(every_min, min(USUAL, every_max)), "its usual time"
    wanted = usual / _POLLS_A_PUBLICATION
    why = f"it has news about {every(usual)}"
    if now - recent[0] > _WINDOW:
        why = f"it has had no news for {span(now - recent[0])}"
    if wanted > every_max:
        return every_max, f"{why}, and is asked {every(every_max)} at least (every.max)"
    if wanted < every_min:
        return every_min, f"{why}, and is asked {every(every_min)} at most (every.min)"
    return wanted, why


def _spread(interval: timedelta, jitter: float, every_min: timedelta, every_max: timedelta) -> timedelta:
    """The wait made a little longer, or shorter where it may not be longer."""
    part = interval * _SPREAD * jitter
    return max(every_min, interval - part if interval * (1 + _SPREAD) > every_max else interval + part)


# ---------------------------------------------------------------- failures


def _after_failures(
    failures: int, failing_for: timedelta, every_min: timedelta, every_max: timedelta
) -> tuple[timedelta, str]:
    # Whatever the feed's rhythm: it may be well in an hour. The next of waits that double is as long as
    # all waits so far and the first together.
    wait = min(USUAL * 2 ** min(failures, _MOST_DOUBLINGS), failing_for + 2 * USUAL)
    wait = max(every_min, min(wait, _LONGEST_WAIT, every_max))
    times = "once" if failures == 1 else f"{failures} times in a row"
    return wait, f"it failed {times}, so it is asked again after {span(wait)}"


# ---------------------------------------------------------------- what the feed and its server ask for


def _asked_for(
    now: datetime, wishes: Wishes, fresh_for: timedelta | None, every_max: timedelta
) -> tuple[timedelta, str]:
    """The longest wait that is asked for, no longer than `every_max`, and who asks."""
    asked = [(timedelta(0), "")]
    if wishes.ttl:
        asked.append((wishes.ttl, f"the feed asks to be kept for {span(wishes.ttl)} (ttl)"))
    if wishes.every:
        wait = wishes.every if wishes.base is None else (wishes.base - now) % wishes.every
        asked.append((wait, f"the feed says that it changes {every(wishes.every)} (sy:updatePeriod)"))
    if fresh_for:
        asked.append((fresh_for, "its server says that its answer holds until then (Cache-Control, Expires)"))
    wait, why = max(asked, key=lambda each: each[0])
    return (every_max, f"{why}, which every.max bounds") if wait > every_max else (wait, why)


def _not_skipped(due: datetime, wishes: Wishes) -> datetime:
    """The first moment at or after `due` that the feed does not ask to skip; `due` if it skips all there are.

    RSS 2.0: hours and days are GMT's.
    """
    if not wishes.skip_hours and not wishes.skip_days:
        return due
    at = due.astimezone(UTC)
    for _ in range(_HOURS_OF_A_WEEK):
        if at.hour not in wishes.skip_hours and at.weekday() not in wishes.skip_days:
            return at
        at = at.replace(minute=0, second=0, microsecond=0) + _HOUR
    return due
