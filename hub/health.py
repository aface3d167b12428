"""How a feed is doing: one state, with what to tell its admin and its member's web team. Pure.

It is computed from the feed's record whenever somebody asks, and not stored:
a feed goes quiet while nothing happens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from hub import moves
from hub.model import ROBOT_NAME, FeedState, Move, Notice
from hub.said import counted, day, minute, sentence

HealthState = Literal[
    "waiting", "ok", "quiet", "stale", "held", "blocked", "moved", "not-a-feed", "broken", "gone", "paused"
]
"""What a feed is.

waiting     it has not been polled yet, or its server asked to be left alone for a time
ok          it is read, and has news in its own rhythm
quiet       it is read, and has had no news for more than twice as long as ever before
stale       the same for so long that it is no longer kept, most likely
held        it is read, and some of what it brought is not published until an admin says so
blocked     its site turns the hub away: a bot challenge, a password, 403, robots.txt, or 429 for a week
moved       it is read, where one of its addresses redirects to for good (`hub.moves.proposed`)
not-a-feed  there is something else at its address, such as a page
broken      it cannot be fetched or read, or has lost all its entries
gone        its server says so (410), or there has been nothing for a fortnight (404)
paused      feeds.yaml has the hub leave it alone
"""

URGENT: tuple[HealthState, ...] = ("broken", "gone", "not-a-feed", "blocked", "moved", "stale", "held")
"""The states that ask somebody to do something, the worst first."""
NO_ENTRIES = "there are no entries in it"
"""The remark of a document without entries."""

# Silence counts from twice the longest that a feed was silent before; six times is no holiday.
_QUIET_TIMES, _STALE_TIMES = 2, 6
_QUIET_DAYS, _STALE_DAYS = timedelta(days=14), timedelta(days=90)
# Of a feed with so few publications that it has no habit.
_FEW = 3
_QUIET_FEW, _STALE_FEW = timedelta(days=90), timedelta(days=365)
# A site that is rebuilt answers 404 for days; what is not there for longer does not come back by itself.
_GONE_AFTER = timedelta(days=14)

# Words of remarks that are no fault of the document: our limits name their key, our judgements who was told.
_OURS = ("feeds.yaml", "nobody was told")
_REFUSED = (401, 402, 403, 406, 418, 451, 999)
_TURNED_AWAY = frozenset({"blocked", "robots", "api-refuses", *(f"http-{status}" for status in _REFUSED)})
_NOT_THERE = ("http-404", "http-410")
_ASKED_TO_WAIT = ("http-429", "http-503")
# A server that asks for time for so long lets nobody in.
_WAITS_AT_MOST = timedelta(days=7)


class Health(Struct, frozen=True, kw_only=True):
    """A feed's state.

    `sentence` says it to the admin and `remedy` what to do about it, empty
    where nothing is. `editor` is a text to send to the member's web editor or
    web team, empty where there is nothing for them to do. `since` is when it
    began, None where that is not known or it is well.
    """

    state: HealthState
    sentence: str
    remedy: str = ""
    editor: str = ""
    since: datetime | None = None


def health(state: FeedState, now: datetime, *, robot: str, notices: Sequence[Notice] = ()) -> Health:
    """How a feed is doing now.

    `robot` is the hub's User-Agent, for web teams to know it by. `notices`
    say what waits for an admin, of all feeds.
    """
    if state.feed.paused:
        return _paused(state)
    if state.polled is None:
        return Health(state="waiting", sentence="It has not been asked yet.")
    if state.gone is not None:
        return _gone(state, state.gone, "Its server says that it is gone for good (410)")
    if state.failures:
        return _failing(state, now, robot)
    if state.not_before is not None and state.not_before > now:
        return _waiting(state, now, state.not_before)
    if waits := [notice for notice in notices if notice.feed == state.feed.key]:
        return _held(state, waits)
    if move := moves.proposed(state, now):
        return _moved(move)
    if NO_ENTRIES in state.remarks and state.recent:
        return Health(
            state="broken",
            sentence="Its document has no entries any more. What was published stays.",
            remedy="Open it in a browser; if it is empty there too, tell the member's web editor.",
            editor=_EDITOR["no-entries"].format(url=state.feed.url),
        )
    # What is left of a site may be its newest news.
    if not state.read_in_part and (silent := _silent(state, now)):
        return silent
    return _well(state)


# ---------------------------------------------------------------- it can be read


def _well(state: FeedState) -> Health:
    is_site = state.used_url in state.feed.kinds
    how = "Part of it has been read." if state.read_in_part else "It is up to date."
    if state.used_url in state.feed.alternatives:
        how += f" It is read at {state.used_url}, since its url, which is tried once a day, is no feed."
    if not state.remarks:
        return Health(state="ok", sentence=how)
    faults = "; ".join(remark for remark in state.remarks if not any(words in remark for words in _OURS))
    return Health(
        state="ok",
        sentence=f"{how} Of {'the site' if is_site else 'its document'}: {'; '.join(state.remarks)}.",
        editor=f"Our news reader can read your feed {state.feed.url}, with this remark: {faults}."
        if faults and not is_site
        else "",
    )


def _held(state: FeedState, notices: Sequence[Notice]) -> Health:
    feed, since = state.feed.key, min(notice.since for notice in notices)
    count = sum(notice.entries for notice in notices)
    are = counted(count, "entry of it is", "entries of it are")
    suspicious = [notice for notice in notices if notice.withheld.standing == "quarantined"]
    why = "; ".join(dict.fromkeys(notice.withheld.why for notice in (*suspicious, *notices)))
    return Health(
        state="held",
        sentence=f"It is read, but {are} not published, since {minute(since)}: {why}.",
        remedy=f"`hub held` shows what; `hub release {feed}` publishes it, `hub withdraw {feed}` drops it.",
        editor=_EDITOR["quarantined"].format(url=state.feed.url) if suspicious else "",
        since=since,
    )


def _silent(state: FeedState, now: datetime) -> Health | None:
    """Quiet or stale, by what the feed's own habit is; None for a feed that is neither."""
    if not state.recent and state.reshares:
        return Health(
            state="quiet",
            sentence="There has been nothing in it but this network's own news, which is not taken again.",
            remedy="Find the feed of the member's own news, and put its address into feeds.yaml.",
        )
    if not state.recent:
        return Health(
            state="quiet",
            sentence="There has been no news in it yet.",
            remedy="Look at the member's site; if there is news, this is not the feed that has it.",
        )
    last = state.recent[0]
    silence = now - last
    gaps = [newer - older for newer, older in zip(state.recent, state.recent[1:], strict=False)]
    if len(state.recent) < _FEW:
        quiet, stale, habit = _QUIET_FEW, _STALE_FEW, "it never had much"
    else:
        longest = max(gaps)
        quiet, stale = max(_QUIET_TIMES * longest, _QUIET_DAYS), max(_STALE_TIMES * longest, _STALE_DAYS)
        habit = f"before, it was never silent for more than {_days(longest)}"
    if silence <= quiet:
        return None
    said = f"There has been no news in it since {day(last)}; {habit}."
    if silence <= stale:
        return Health(state="quiet", sentence=said, since=last)
    return Health(
        state="stale",
        sentence=said,
        remedy="Look at the news on the member's site: where it is newer, the feed has moved or is"
        " no longer kept. Find the one that is, and put its address into feeds.yaml.",
        editor=_EDITOR["stale"].format(url=state.feed.url, last=day(last)),
        since=last,
    )


def _moved(move: Move) -> Health:
    return Health(
        state="moved",
        sentence=f"It is up to date, but has moved: {move.address} has redirected for good to {move.target}"
        f" since {day(move.since)}.",
        remedy="`hub feeds moved` shows how feeds.yaml is to change, and with `--apply` changes it.",
        since=move.since,
    )


# ---------------------------------------------------------------- it cannot


def _failing(state: FeedState, now: datetime, robot: str) -> Health:
    reason, since = state.reason or "", state.failing_since or now
    same = state.reason_since or now
    waits = reason == "http-429" or (
        reason in _ASKED_TO_WAIT and state.not_before is not None and state.not_before > now
    )
    if waits and now - same < _WAITS_AT_MOST:
        return _waiting(state, now, state.not_before)
    if reason in _NOT_THERE and now - same >= _GONE_AFTER:
        return _gone(state, same, "There has been nothing at its address for a fortnight")
    if waits or reason in _TURNED_AWAY:
        found: HealthState = "blocked"
    elif reason == "not-a-feed":
        found = "not-a-feed"
    else:
        found = "broken"
    times = "once" if state.failures == 1 else f"{state.failures} times in a row, since {minute(since)}"
    return Health(
        state=found,
        sentence=f"{_sentence(state.error or 'It failed')} It failed {times}.",
        remedy=state.remedy or "",
        editor=_for_editor(state, reason, robot),
        since=since,
    )


def _waiting(state: FeedState, now: datetime, until: datetime | None) -> Health:
    asked = "Its server asked to be left alone"
    waits = until is not None and until > now
    sentence = f"{asked} until {minute(until)}." if waits and until else f"{asked}, and not for how long."
    # The feed may have failed for so long that its next poll is later than its server asks.
    due = max((each for each in (until, state.next_poll) if each), default=now)
    again = ("again then" if due == until else f"again on {minute(due)}") if waits else "again"
    down = state.reason == "http-503"
    lasts = "tell the member's web team" if down else "raise its every.min in feeds.yaml"
    text = _EDITOR["down" if down else "http-429"]
    return Health(
        state="waiting",
        sentence=sentence,
        remedy=f"It is asked {again}, by itself. If this lasts, {lasts}.",
        editor=text.format(url=state.feed.url, pace=_pace(state)) if state.failures else "",
        since=state.failing_since,
    )


def _paused(state: FeedState) -> Health:
    stays = " What it published stays." if state.recent else ""
    return Health(
        state="paused",
        sentence=f"It is not asked, as feeds.yaml says (paused).{stays}",
        remedy=f"`hub feeds resume {state.feed.key}` has it asked again.",
    )


def _gone(state: FeedState, since: datetime, why: str) -> Health:
    return Health(
        state="gone",
        sentence=f"{why}, since {minute(since)}. What was published stays.",
        remedy="Ask the member where the feed is now, and change or remove it in feeds.yaml.",
        editor=_EDITOR["http-404"].format(url=state.feed.url) if state.succeeded else "",
        since=since,
    )


# ---------------------------------------------------------------- for the member's web team

# By the reason of the last failure, or the longest beginning of it that is here.
_EDITOR = {
    "blocked": "Our news reader cannot read your feed {url} because {guard} answers it with a check that only"
    " a browser passes. Please let it through: allow requests for {path} whose User-Agent is"
    " “{robot}”.{how} It asks for this one address, {pace}, and needs neither cookies nor"
    " scripts.",
    "http-": "Our news reader cannot read your feed {url} because your server refuses it. Please allow"
    " requests for {path} whose User-Agent is “{robot}”. It asks for this one address, {pace}.",
    "http-401": "Our news reader cannot read your feed {url} because it asks for a user name and a"
    " password. Please let requests for {path} pass without, or tell us an address of it that"
    " everybody may read.",
    "http-404": "Your feed {url} is no longer there, and those who follow it get nothing. If it has"
    " moved, please redirect the old address to the new one (301) and tell us; if you have"
    " given it up, please tell us too.",
    "http-429": "Your server asked our news reader to stay away from your feed {url}, so it waits. It"
    " asks {pace}; if that is too often, please tell us how often it may.",
    "http-5": "Your server fails when our news reader asks for your feed {url}. Please look into its"
    " error log.",
    "down": "Your server tells our news reader, which asks for your feed {url}, to come back later (503)."
    " If it is not down for a while on purpose, please look into it.",
    "robots": "The robots.txt of your site keeps our news reader from {url}. Please allow it for the robot"
    " {name}. It asks {pace}.",
    "api-refuses": "The WordPress API (REST) of your site is closed to our news reader, which asks for"
    " {url}. Please open its list of posts, or tell us the address of your feed.",
    "not-a-feed": "Where your feed was, at {url}, there is something else now, such as a page, and those"
    " who follow it get nothing. Please put the feed back, or redirect the address to where it"
    " is (301) and tell us.",
    "stale": "The newest entry of your feed {url} is of {last}. If you have published news since,"
    " please look into the feed, or tell us the address of the one that has it.",
    "quarantined": "Entries appeared in your feed {url} that are unlike all that you published before."
    " We have not passed them on. If they are not yours, your site may have been taken over: please look"
    " into it.",
    "no-entries": "Your feed {url} has no entries any more. Please look whether it still shows your news.",
    "tls": "Our news reader cannot read your feed {url} because the certificate or the encryption of the"
    " site is not in order, and browsers warn of it too. Please have it mended.",
    "dns": "Our news reader cannot find your feed {url} because its host name is not known. Please have its"
    " entry in the DNS mended.",
    "redirect": "Our news reader cannot read your feed {url} because it redirects to where there is no feed."
    " Please look into its redirects.",
    "empty": "Your feed {url} is an empty document. Please look into the program that makes it.",
    "too-large": "Your feed {url} is too large to be read. Please publish fewer entries in it; twenty to"
    " fifty do.",
    "large-document": "Your feed {url} takes too much memory to be read. Please publish fewer or shorter"
    " entries.",
    "slow-document": "Your feed {url} takes too long to be read. Please publish fewer or shorter entries in"
    " it.",
    "encoding": "Your feed {url} is not compressed as your server says (Content-Encoding). Please have"
    " that mended.",
    "compressed": "Your feed {url} is a gzip file that cannot be unpacked. Please have that mended.",
    "broken-json": "Your feed {url} is no JSON that can be read. Please check it with a JSON Feed validator.",
    "timeout": "Your server does not answer in time when our news reader asks for your feed {url}."
    " Please look whether it, or a firewall before it, holds back requests whose User-Agent is"
    " “{robot}”.",
    "connect": "Your server takes no connection from our news reader, which asks for your feed {url}."
    " Please look whether it is up, and whether a firewall is in the way.",
    "broken-transfer": "Your server breaks off its answer when our news reader asks for your feed"
    " {url}. Please look into its error log.",
    "not-modified-unasked": "Your server says of your feed {url} that nothing has changed (304)"
    " without having been asked. Please look into the cache before it.",
}
# What to allow in each protection that is known by name.
_HOW = {
    "Cloudflare": "In Cloudflare that is a custom rule of its firewall (WAF) with the action Skip, for this"
    " path.",
    "Sucuri": "In Sucuri's firewall that is an allowed URL path under Access Control.",
    "Imperva Incapsula": "In Imperva that is an exception for this path in the settings against bots.",
    "AWS WAF": "In AWS WAF that is a rule with the action Allow for this path, before the one that"
    " challenges.",
    "Akamai": "At Akamai that is an exception for this path in the Bot Manager or the firewall's policy.",
    "Wordfence": "In Wordfence that is an exception from its rate limits and blocks, under Firewall.",
    "ModSecurity": "With ModSecurity that is an exception for this path (SecRuleRemoveById).",
}


def _for_editor(state: FeedState, reason: str, robot: str) -> str:
    if reason == "refused" and " redirects to " in (state.error or ""):
        reason = "redirect"
    elif reason in _NOT_THERE:
        reason = "http-404"
    key = max((each for each in _EDITOR if reason.startswith(each)), key=len, default=None)
    never_was = state.succeeded is None and key in ("http-404", "not-a-feed")
    if key is None or never_was:
        return ""
    # As `hub.fetch.answer` tells of it.
    named = re.search(r"its protection, ([^,]{1,40}), answered", state.error or "")
    guard = named[1] if named else "the protection of your site"
    url = state.feed.url
    return _EDITOR[key].format(
        url=url,
        path=urlsplit(url).path or "/",
        robot=robot,
        name=ROBOT_NAME,
        guard=guard,
        how=f" {_HOW[guard]}" if guard in _HOW else "",
        pace=_pace(state),
    )


# ---------------------------------------------------------------- words


def _pace(state: FeedState) -> str:
    minutes = round(state.feed.every_min / timedelta(minutes=1))
    return f"at most once in {minutes} minutes" if minutes > 1 else "with pauses in between"


def _sentence(words: str) -> str:
    return sentence(words if words.endswith(".") else f"{words}.")


def _days(length: timedelta) -> str:
    days = max(round(length / timedelta(days=1)), 1)
    return f"{days} days" if days != 1 else "a day"
