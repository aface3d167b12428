"""When to poll a feed next. Pure: the record of a feed and the moment go in."""

from __future__ import annotations

from datetime import datetime, timedelta

# Until a feed's own rhythm is learnt: often enough for news, seldom enough for any server.
USUAL = timedelta(hours=1)
# Where news is pushed: a hub that falls silent is found out within this time.
BACKSTOP = timedelta(hours=6)
_LONGEST_WAIT = timedelta(days=1)
# A poll that failed n times in a row waits 2 ** n times as long; beyond this it is a day anyway.
_MOST_DOUBLINGS = 8


def next_poll(
    now: datetime,
    *,
    every_min: timedelta,
    every_max: timedelta,
    failures: int,
    not_before: datetime | None,
) -> tuple[datetime, str]:
    """When a feed is due again, and why then.

    `failures` counts failed polls in a row: each doubles the wait, so that a
    dead site costs one request a day and is never given up. A server's
    Retry-After (`not_before`, RFC 9110 §10.2.3) wins when it asks for longer:
    it is their server.
    """
    interval = max(every_min, min(USUAL, every_max))
    why = "its usual time"
    if failures:
        interval = min(
            interval * 2 ** min(failures, _MOST_DOUBLINGS),
            max(_LONGEST_WAIT, every_min),
            max(every_max, interval),
        )
        times = "once" if failures == 1 else f"{failures} times in a row"
        why = f"it failed {times}, so it is asked less often"
    due = now + interval
    if not_before is not None and not_before > due:
        return not_before, "its server asked to wait until then (Retry-After)"
    return due, why


def behind_pushes(
    due: datetime, why: str, now: datetime, *, pushed_until: datetime | None, every_max: timedelta
) -> tuple[datetime, str]:
    """When a feed that would be due is due, and why then, where its news is pushed until a time.

    Hubs lose things without a word, so it is asked all the same, seldom.
    """
    backstop = now + min(BACKSTOP, every_max)
    if pushed_until is None or pushed_until <= now or backstop <= due:
        return due, why
    return backstop, "its news is pushed to us (WebSub), so that it is asked only in case some is lost"
