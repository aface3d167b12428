"""When a feed needs somebody, and when it is well again: what people are told of, once each. Pure.

A feed's health is computed whenever somebody asks. Here it is compared with
what was the matter before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter

from msgspec.structs import replace

from hub import moves, urls
from hub.health import URGENT, Health
from hub.model import FeedState, Incident

# Hosts that were asked last; of fewer than the least it may be chance that no certificate is in order.
_LAST_HOSTS, _LEAST_HOSTS = 5, 3
# A certificate that was in order as long ago says nothing of the clock as it is now.
_OF_LATE = timedelta(days=7)
# By so much a clock may be put right now and then.
_PUT_RIGHT = timedelta(hours=1)
# What a site may get over by itself until its next poll.
_MAY_PASS = ("broken", "blocked", "not-a-feed")
WELL_AGAIN = "It is well again."
LEFT = "It is no longer in feeds.yaml."
PAUSED = "It is paused in feeds.yaml."
# What readers are told in place of these: only admins know of feeds.yaml.
_ENDINGS = {
    WELL_AGAIN: ("well again", WELL_AGAIN),
    LEFT: ("no longer followed", "The network’s editors no longer follow it."),
    PAUSED: ("not checked for now", "It is not checked for now, as the network’s editors have decided."),
}

_TIMES_FAILED = re.compile(r" It failed (?:once|\d+ times in a row, since [^.]+)\.$")
# Reasons of failed polls by what they mean to readers; with all others something came that is no news.
_UNANSWERED = {"broken-transfer", "connect", "dns", "timeout"}
_UNGIVEN = {"not-modified-unasked", "redirect", "refused"}
_OURS = {"our-machine", "store"}


def look(state: FeedState, found: Health, before: Incident | None, now: datetime) -> Incident | None:
    """What is the matter with a feed, by its health now (`found`); None where nothing is.

    `before` is what was the matter until now, and is returned itself where nothing has
    changed. So it is for a feed whose poll is due, or whose server wants to be left
    alone: what is known of it may be old, or of an address that it had before.

    What a site may get over by itself has no `changed` until another poll finds it so,
    too; if it has passed by then, it never was an incident. A paused feed needs nobody.
    """
    if state.feed.paused:
        return over(before, PAUSED, now) if before and before.changed else None
    if found.state == "waiting" or _is_due(state, now):
        return before
    if found.state not in URGENT:
        if before is None or before.changed is None:
            return None
        if before.state == "moved" and moves.current(state):
            # A poll failed, so that the move has to be seen for two days once more.
            return before
        return over(before, WELL_AGAIN, now)
    if before is None:
        incident = _incident(state, found, now)
        return incident if _may_pass(state, found) else replace(incident, changed=now)
    if before.changed is None:
        polled_since = state.polled is not None and state.polled > before.noticed
        if _may_pass(state, found) and not polled_since:
            return before
    elif found.state == before.state or not _holds(state):
        return before
    began = min(before.began, found.since or now)
    incident = replace(_incident(state, found, now), began=began, changed=_not_before(before, now))
    return replace(incident, number=before.number, noticed=before.noticed)


def over(before: Incident, ending: str, now: datetime) -> Incident:
    """An incident as it is once it is over, for a reason such as LEFT."""
    at = _not_before(before, now)
    return replace(before, over=at, ending=ending, changed=at)


def _not_before(before: Incident, now: datetime) -> datetime:
    """Now; or the incident's last change, if the clock was ahead then. Readers go by the newest date."""
    return max(now, before.changed or before.noticed)


def _incident(state: FeedState, found: Health, now: datetime) -> Incident:
    return Incident(
        feed=state.feed.key,
        url=state.feed.url,
        state=found.state,
        headline=headline(state, found),
        sentence=without_times(found.sentence),
        remedy=found.remedy,
        editor=found.editor,
        began=min(found.since or now, now),
        noticed=now,
    )


def _is_due(state: FeedState, now: datetime) -> bool:
    return state.gone is None if state.next_poll is None else state.next_poll <= now


def _may_pass(state: FeedState, found: Health) -> bool:
    return found.state in _MAY_PASS and state.failures < 2


def _holds(state: FeedState) -> bool:
    """Whether two polls failed for this reason: a site that fails in turns in two ways is told of once."""
    if not state.failures or state.reason_since is None or state.polled is None:
        return True
    return state.polled > state.reason_since


# ---------------------------------------------------------------- whom it is told

# What the network's office decides on, whatever else could be said of it.
_OFFICE_ALONE = ("held", "moved")


def asks_member(incident: Incident) -> bool:
    """Whether somebody at the member can do something about it, as long as it lasts."""
    return incident.over is None and bool(incident.editor) and incident.state not in _OFFICE_ALONE


def for_member(changed: Sequence[Incident], lasting: Set[int]) -> Sequence[Incident]:
    """Those of the changed incidents that a member's own people are told of.

    That is what they can do something about, and what they were told of and is over.
    `lasting` are the numbers of incidents that they know of, and do not know to be over.
    """
    return tuple(incident for incident in changed if asks_member(incident) or incident.number in lasting)


def is_ours(states: Iterable[FeedState]) -> bool:
    """Whether this machine's clock or list of authorities is at fault when certificates are not in order.

    That is likely if the certificates of all hosts that were asked last are not.
    """
    polled = sorted((state for state in states if state.polled), key=attrgetter("polled"), reverse=True)
    by_host: dict[str | None, FeedState] = {}
    for state in polled:
        if state.feed.url.startswith("https:"):
            by_host.setdefault(urls.host(state.feed.url), state)
    last = list(islice(by_host.values(), _LAST_HOSTS))
    return len(last) >= _LEAST_HOSTS and all(state.failures and state.reason == "tls" for state in last)


def is_clock_right(states: Iterable[FeedState], now: datetime) -> bool:
    """Whether certificates say that it is about `now`: those of most sites asked of late are in order.

    Certificates are valid for some months, so by a clock that is a year ahead hardly any
    is. Where no feed is asked by https nothing can be told, and the clock counts.
    """
    by_https = [
        state
        for state in states
        if state.feed.url.startswith("https:") and not state.feed.paused and state.gone is None
    ]
    well = {urls.host(state.feed.url) for state in by_https if _was_of_late(state.succeeded, now)}
    wrong = {
        urls.host(state.feed.url)
        for state in by_https
        if state.failures and state.reason == "tls" and _was_of_late(state.polled, now)
    }
    return not by_https or len(well - wrong) > len(wrong)


def _was_of_late(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - _OF_LATE <= moment <= now + _PUT_RIGHT


# ---------------------------------------------------------------- words


def headline(state: FeedState, found: Health) -> str:
    """What has happened, in a few words without blame. A "since" with a moment may follow."""
    match found.state:
        case "gone" if state.gone is not None:
            return "their feed has been closed"
        case "gone":
            return "their feed has not been there"
        case "stale":
            return "there has been no news"
        case "moved":
            return "their feed has been at another address"
        case "held":
            return "some of their news has waited for the network’s editors"
        case "blocked":
            return "their site has not let us in"
    if state.failures:
        return _trouble(state.reason or "")
    return "what their site sends has had no news in it"


def _trouble(reason: str) -> str:
    """What the reason of a failed poll means to readers."""
    if reason in _UNANSWERED:
        return "their site has not answered"
    if reason == "tls":
        # Browsers may well open it, so nobody there would believe that it does not answer.
        return "there has been no safe connection to their site"
    if reason in _UNGIVEN or reason.startswith("http-"):
        return "their site has not given out its news"
    if reason in _OURS:
        return "this hub has not been able to take in their news"
    return "what their site sends has not been readable"


def without_times(sentence: str) -> str:
    """A health's sentence without how often the feed failed: that changes with each poll."""
    return _TIMES_FAILED.sub("", sentence)


def ending(incident: Incident) -> tuple[str, str]:
    """How it ended, in a title and in a sentence, for others than admins."""
    return _ENDINGS.get(incident.ending, ("no longer followed", incident.ending))


def missed(incident: Incident) -> str:
    """What readers miss."""
    if incident.state == "moved":
        return "Readers miss nothing yet."
    if incident.state == "held":
        return "Readers do not see what waits. All else of theirs is shown."
    if incident.state == "stale":
        return "Readers miss what is on their site and not in this feed, if there is any."
    return "Readers miss what this feed has had since. What came in before stays."
