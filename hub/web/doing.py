"""How members' feeds are doing, in the words of the status page and of a member's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from hub import moves
from hub.health import URGENT, Health
from hub.incidents import headline, without_times
from hub.language import N_, Language
from hub.merged.addresses import place_of
from hub.model import FeedKey, FeedState, Notice, Subscription
from hub.said import sentence
from hub.web.pages import Link, Setting
from hub.web.words import Calendar, Moment, with_code

State = Literal["fine", "waiting", "silent", "failing", "closed", "paused"]

# ---------------------------------------------------------------- a feed


class Condition(Struct, frozen=True):
    """How a feed is doing. `why` is what happened in more detail, empty where there is no more to say.

    `remedy` is what the network's editors can do, `editor` a text for those
    who look after the member's site; each may be empty. `urgent`: it asks somebody to do something.
    """

    state: State
    sentence: str
    why: Markup
    remedy: Markup
    editor: str
    urgent: bool


def condition(state: FeedState, found: Health, calendar: Calendar) -> Condition:
    """How a feed is doing, without blame; `found` is its health."""
    told, sentence = _told(state, found, calendar)
    shown = told in ("failing", "closed", "silent") or found.state == "moved"
    # Since when it fails stands in our own words, by the hub's clocks.
    why = without_times(found.sentence) if shown else ""
    return Condition(
        told, sentence, with_code(why), with_code(found.remedy), found.editor, found.state in URGENT
    )


def _told(state: FeedState, found: Health, calendar: Calendar) -> tuple[State, str]:
    gettext = calendar.language.gettext
    last = calendar.day(state.recent[0]).text if state.recent else None
    match found.state:
        case "paused":
            return "paused", gettext("Not checked for now, as the network’s editors have decided")
        case "waiting" if state.polled is None:
            return "waiting", gettext("Not checked yet")
        case "gone" if state.gone is not None:
            closed = calendar.day(state.gone).text
            return "closed", gettext("Their feed was closed on %(day)s and is no longer checked", day=closed)
        case "quiet" if last:
            return "fine", gettext("Up to date, no news since %(day)s", day=last)
        case "quiet":
            return "fine", gettext("Up to date, no news yet")
        case "moved":
            return "fine", gettext("Up to date, at another address")
        case "held":
            return "fine", gettext("Up to date, but some of it waits for the network’s editors")
        case "stale":
            return "silent", gettext("No news since %(day)s", day=last) if last else gettext("No news yet")
        case "broken" if not state.failures:
            return "failing", gettext("What their site sends has no news in it")
    if state.failures or found.state == "gone":
        happened = sentence(headline(state, found))
        if found.since is None:
            return "failing", gettext(happened)
        moment = calendar.moment(found.since).text
        return "failing", gettext(f"{happened} since %(moment)s", moment=moment)
    return "fine", gettext("Up to date")


# What has happened, by the headline of an incident, and since when: for what collects messages.
_HAPPENED = (
    N_("Their feed has been closed"),
    N_("Their feed has been closed since %(moment)s"),
    N_("Their feed has not been there"),
    N_("Their feed has not been there since %(moment)s"),
    N_("Their site has not let us in"),
    N_("Their site has not let us in since %(moment)s"),
    N_("Their site has not answered"),
    N_("Their site has not answered since %(moment)s"),
    N_("There has been no safe connection to their site"),
    N_("There has been no safe connection to their site since %(moment)s"),
    N_("Their site has not given out its news"),
    N_("Their site has not given out its news since %(moment)s"),
    N_("This hub has not been able to take in their news"),
    N_("This hub has not been able to take in their news since %(moment)s"),
    N_("What their site sends has not been readable"),
    N_("What their site sends has not been readable since %(moment)s"),
)


class Remark(Struct, frozen=True):
    """Something about a feed, with why it is so in English, empty where there is no more to say."""

    said: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.said}: {self.why}" if self.why else self.said


class Pushing(Struct, frozen=True):
    """Whether a feed's news is pushed to the hub, and as a `Remark` has it why.

    `dropped` tells of what was no news of its site's, empty where nothing was.
    """

    said: str
    why: str
    dropped: str

    def __str__(self) -> str:
        said = f"{self.said} ({self.why})" if self.why else self.said
        return f"{said}; {self.dropped}" if self.dropped else said


def pushing(
    subscription: Subscription | None, state: FeedState, calendar: Calendar, now: datetime
) -> Pushing | None:
    """Whether a feed's news is pushed to the hub, None where nobody offers to."""
    if subscription is None:
        return None
    gettext = calendar.language.gettext
    why = ""
    if subscription.denied is not None:
        said, why = gettext("Will not send us its news as it appears"), subscription.error
    elif subscription.expires is None or subscription.expires <= now:
        said, why = gettext("Has been asked to send us its news as it appears"), subscription.error
    elif subscription.last_push is None:
        said = gettext("Has agreed to send us its news as it appears")
    elif state.pushed_until:
        last = calendar.moment(subscription.last_push).text
        said = gettext("Sends us its news as it appears, last on %(moment)s", moment=last)
    else:
        said = gettext(
            "Sends us its news as it appears, last on %(moment)s, though not all of it has come",
            moment=calendar.moment(subscription.last_push).text,
        )
    dropped = calendar.language.ngettext(
        "%(num)s message was dropped as not theirs or too large",
        "%(num)s messages were dropped as not theirs or too large",
        subscription.refused,
    )
    return Pushing(said, why or "", dropped if subscription.refused else "")


# ---------------------------------------------------------------- what the hub decided about it

# What a feed's news is told apart by: as feeds.yaml says, and since when the hub does.
_BY = {
    "id": (
        N_("Their news is told apart by its ids, as feeds.yaml says"),
        N_("Their news has been told apart by its ids since %(day)s"),
    ),
    "link": (
        N_("Their news is told apart by its links, as feeds.yaml says"),
        N_("Their news has been told apart by its links since %(day)s"),
    ),
    "title": (
        N_("Their news is told apart by its titles, as feeds.yaml says"),
        N_("Their news has been told apart by its titles since %(day)s"),
    ),
}


def notes(state: FeedState, calendar: Calendar) -> tuple[Remark, ...]:
    """What the hub decided about a feed."""
    return tuple(_notes(state, calendar))


def _notes(state: FeedState, calendar: Calendar) -> Iterator[Remark]:
    gettext = calendar.language.gettext
    if move := moves.doubtful(state):
        yield Remark(
            gettext(
                "%(address)s redirects for good to %(target)s, where none of their news was:"
                " an admin should see whose that is",
                address=move.address,
                target=move.target,
            )
        )
    identity = state.identity
    if state.feed.identify_by:
        yield Remark(gettext(_BY[state.feed.identify_by][0]))
    elif identity.since is not None:
        since = calendar.day(identity.since).text
        yield Remark(gettext(_BY[identity.by][1], day=since), identity.why)


# ---------------------------------------------------------------- a member's page


def member_troubles(conditions: Mapping[FeedKey, Condition], language: Language) -> tuple[str, ...]:
    """What keeps a member's news from the hub, a sentence each; of some of its feeds, which they are."""
    troubled = {
        feed: each for feed, each in conditions.items() if each.state in ("failing", "closed", "paused")
    }
    if len(troubled) == len(conditions):
        return tuple(dict.fromkeys(f"{each.sentence}." for each in troubled.values()))
    return tuple(
        language.gettext(
            "%(what)s. That is their “%(feed)s” alone: the rest of their news comes in.",
            what=each.sentence,
            feed=feed.name,
        )
        for feed, each in troubled.items()
    )


# ---------------------------------------------------------------- the status page


class StatusRow(Struct, frozen=True, kw_only=True):
    """A member's feed on the status page.

    `feed` is its name where the member has several; `next_check` is None
    where it is due, and where there will be none; `next_why` says why it is
    then. `notes` are what the hub decided about it by itself. `pushing` says
    whether its news is pushed, None where nobody offers to. `told` is the feed
    that tells of its member's feeds, and `place` the row's own in the page.
    """

    place: str
    member: Link
    told: str
    feed: str
    condition: Condition
    latest: Moment | None
    checked: Moment | None
    next_check: Moment | None
    next_why: str
    notes: tuple[Remark, ...]
    pushing: Pushing | None


def status_rows(
    states: Sequence[FeedState],
    conditions: Mapping[FeedKey, Condition],
    subscriptions: Mapping[FeedKey, Subscription],
    names: Mapping[str, str],
    setting: Setting,
    now: datetime,
) -> tuple[StatusRow, ...]:
    """A row for each feed: those that need somebody, then the others, each in the network's order."""
    calendar = setting.calendar
    feeds_of: dict[str, int] = {}
    for state in states:
        feeds_of[state.feed.key.member] = feeds_of.get(state.feed.key.member, 0) + 1
    rows = []
    for state in sorted(states, key=lambda state: not conditions[state.feed.key].urgent):
        due = state.next_turn or now
        slug = state.feed.key.member
        rows.append(
            StatusRow(
                place=place_of(state.feed.key),
                told=setting.addresses.full(setting.addresses.status_feed(slug)),
                member=Link(names.get(slug, slug), setting.addresses.member(slug)),
                feed=state.feed.key.name if feeds_of[slug] > 1 else "",
                condition=conditions[state.feed.key],
                latest=calendar.moment(state.recent[0]) if state.recent else None,
                checked=calendar.moment(state.polled) if state.polled else None,
                next_check=calendar.moment(due) if due > now else None,
                next_why=sentence(_BOUNDED.sub("", state.next_poll_why)) if due > now else "",
                notes=notes(state, calendar),
                pushing=pushing(subscriptions.get(state.feed.key), state, calendar, now),
            )
        )
    return tuple(rows)


# What an admin would change, in `hub explain`'s words.
_BOUNDED = re.compile(r" \(every\.(?:min|max)\)|, which every\.max bounds")


class NoticeRow(Struct, frozen=True):
    """News of a member that waits for the network's editors: how much, why, and since when."""

    member: Link
    news: str
    why: str
    since: Moment


def notice_rows(
    notices: Sequence[Notice], names: Mapping[str, str], setting: Setting
) -> tuple[NoticeRow, ...]:
    """What waits, that which waits longest first."""
    ngettext = setting.language.ngettext
    return tuple(
        NoticeRow(
            member=Link(
                names.get(each.feed.member, each.feed.member), setting.addresses.member(each.feed.member)
            ),
            news=ngettext("%(num)s piece of news", "%(num)s pieces of news", each.entries),
            why=each.withheld.why,
            since=setting.calendar.moment(each.since),
        )
        for each in notices
    )


def reshare_rows(
    states: Sequence[FeedState], names: Mapping[str, str], setting: Setting
) -> tuple[tuple[Link, str], ...]:
    """The members whose last documents held our own news, and how much."""
    ngettext = setting.language.ngettext
    return tuple(
        (
            Link(names.get(slug, slug), setting.addresses.member(slug)),
            ngettext("%(num)s piece of news", "%(num)s pieces of news", state.reshares),
        )
        for state in states
        for slug in (state.feed.key.member,)
        if state.reshares
    )


def status_sentence(conditions: Mapping[FeedKey, Condition], language: Language) -> str:
    """How the network is doing, in one sentence."""
    of_member: dict[str, list[str]] = {}
    for feed, condition in conditions.items():
        of_member.setdefault(feed.member, []).append(condition.state)
    if not of_member:
        return language.gettext("This hub has no members yet.")
    if all(set(found) == {"waiting"} for found in of_member.values()):
        return language.ngettext(
            "The first check of %(num)s member is under way.",
            "The first check of %(num)s members is under way.",
            len(of_member),
        )
    fine = sum(set(found) == {"fine"} for found in of_member.values())
    waiting = sum("waiting" in found for found in of_member.values())
    if not waiting:
        return language.ngettext(
            "%(fine)s of %(num)s member is up to date.",
            "%(fine)s of %(num)s members are up to date.",
            len(of_member),
            fine=fine,
        )
    return language.ngettext(
        "%(fine)s of %(num)s member is up to date; %(waiting)s still to be checked for the first time.",
        "%(fine)s of %(num)s members are up to date; %(waiting)s still to be checked for the first time.",
        len(of_member),
        fine=fine,
        waiting=waiting,
    )


def nothing_yet(states: Sequence[FeedState], language: Language) -> str:
    """Why a hub without any news has none."""
    members = {state.feed.key.member for state in states}
    if not members:
        return language.gettext("No news yet. This hub has no members.")
    if any(state.polled is None for state in states):
        return language.ngettext(
            "No news yet. The first check of %(num)s member is under way.",
            "No news yet. The first check of %(num)s members is under way.",
            len(members),
        )
    unread = len(members - {state.feed.key.member for state in states if not state.failures})
    if unread == len(members):
        return language.ngettext(
            "No news yet. The sites of %(num)s member have been checked, and nothing could be read there.",
            "No news yet. The sites of %(num)s members have been checked, and nothing could be read there.",
            len(members),
        )
    checked = language.ngettext(
        "No news yet. The sites of %(num)s member have been checked, and nothing was found there.",
        "No news yet. The sites of %(num)s members have been checked, and nothing was found there.",
        len(members),
    )
    if not unread:
        return checked
    not_read = language.ngettext(
        "%(num)s of them could not be read.", "%(num)s of them could not be read.", unread
    )
    return f"{checked} {not_read}"
