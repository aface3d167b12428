"""Which story of other feeds is an entry a copy of, and does it lead that story?

What matters first is that no news is lost: an entry that is hidden behind another's
must be the same news. Whether two entries are is decided in `judging`; here, which
entries are compared, and what rulings, feeds and dates say besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub import urls
from hub.model import Candidate, Entry, FeedKey, Known, compared_as_of, is_undated
from hub.stories.candidates import COMMON
from hub.stories.judging import ALL_OF_IT, CURRENT, REPORTED, Headline, Passages, judged
from hub.stories.pair import Pair, Side
from hub.stories.sketch import page_number
from hub.stories.titles import is_same_title

# Of another share: what a member changed for its own may be nearer by a word.
_AS_NEAR = 0.9
# Entries of a story that are compared: the lead and the first copies, which the others are like.
_COMPARED = 6
# Readers have hardly seen a story so young: its lead may still become another entry.
_SETTLES = timedelta(hours=1)
# An original is known so soon after it was published, or its feed was not to be read.
_BEFORE_LEAD = timedelta(days=2)

# How sure words and headlines make at most; a link or an id makes surer.
_BY_WORDS = 1.0
_TOLD_BEFORE = "its own feed told the same days before, which this corrects or tells again"
_BY_TEXT = "it is a headline alone, whose story has a text: that decides"
_OF_THE_ORIGINAL = "the same news as {}’s, which is the original"


class Verdict(Struct, frozen=True):
    """The story an entry belongs to, the entry there (`of`, its key) that it is a copy of, and why.

    In `why`, `{}` stands for the name of that entry's publisher.
    """

    story: int
    of: int
    why: str


# What a reason is when the other is called the copy.
_FROM_THERE = {
    "the beginning of {}’s text": "the text of {}’s and more",
    "a part of {}’s text": "the text of {}’s with something added",
}
_FROM_THERE |= {there: here for here, there in _FROM_THERE.items()}


class Comparison(Struct, frozen=True):
    """What came of comparing an entry with another: a copy when `sure` is above 0, and why (not)."""

    of: Candidate
    sure: float
    why: str


def copy_of(entry: Entry, known: Known, *, date: datetime, key: int | None = None) -> Verdict | None:
    """The story of other feeds that an entry is a copy of, and why; None when it begins one.

    `date` is what the entry is sorted by; `key` is its own where it is stored
    already. No story holds two entries of one feed, and what an admin ruled
    goes before everything.
    """
    best: Comparison | None = None
    for each in compared(entry, known, date=date, key=key):
        if each.sure > (best.sure if best else 0.0):
            best = each
            if best.sure >= ALL_OF_IT:
                break
    return Verdict(best.of.story, best.of.key, best.why) if best else None


def compared(entry: Entry, known: Known, *, date: datetime, key: int | None = None) -> Iterator[Comparison]:
    """An entry compared with those it may be a copy of, the likeliest first."""
    likely = known.likely.get(entry.fingerprint, ())
    free = [story for story in likely if _may_join(entry, key, story, known)]
    if not free:
        return
    one = Side.entry(entry, date)
    title = Headline(entry, date, known)
    own = [each for story in likely for each in known.told.get(story, ()) if each.key != key]
    held = [having for number in entry.sketch.samples if (having := known.holders.get(number))]
    # Of samples that are no house phrase it is known who has them.
    indexed = len(entry.sketch.samples) - sum([len(having) >= COMMON for having in held])
    of_likely = [known.stories.get(story, ()) for story in likely]
    for story in free:
        passages = Passages(story, held, indexed, of_likely)
        others = known.stories[story][:_COMPARED]
        # A story's text tells more than its headline, under which other news may follow days later.
        by_text = not entry.sketch.wordless and any(not other.wordless for other in others)
        for other in others:
            pair = Pair(one, Side.candidate(other))
            sure, why = judged(pair, passages, title, samples=other.samples)
            if 0 < sure <= _BY_WORDS:
                # A correction is as near to what others made of what it corrects.
                if _told_before(one, pair, own):
                    sure, why = 0.0, _TOLD_BEFORE
                elif other.wordless and by_text and pair.apart > CURRENT:
                    sure, why = 0.0, _BY_TEXT
            yield Comparison(other, sure, why)


def from_there(copy: Verdict, lead: Candidate) -> str:
    """Why an entry that led a story is a copy of `copy`, the original that now leads it."""
    return _FROM_THERE.get(copy.why, copy.why) if copy.of == lead.key else _OF_THE_ORIGINAL


def leads_instead(
    entry: Entry,
    date: datetime,
    lead: Candidate,
    known: Known,
    *,
    now: datetime,
    zone: ZoneInfo,
    owners: urls.Owners = urls.NO_OWNERS,
    undated: bool = False,
) -> bool:
    """Whether an entry that joins a story is its original, and the story young enough to say so.

    The original is the one on whose member's site (`owners`) the other says
    that it is, whatever their dates and words, else the one whose page the
    other links to, else the earlier by the publishers' clocks; of two of one
    day, one without an hour, it is the lead. `zone` is that of dates that name
    none. Later the lead stays: readers know the story by its id. So it does
    where an entry dates itself days before: with such a date anybody could
    bury another's news. One that is `undated` leads none that has a date, and
    gives way to it at any time: no feed has told of it.
    """
    if lead.key in known.rulings.leads:
        return False
    if undated != is_undated(lead):
        return is_undated(lead)
    if now - lead.first_seen > _SETTLES:
        return False
    is_at_home = is_on_site_of(entry.feed, lead, owners)
    is_away = any(is_on_site_of(other.feed, entry, owners) for other in known.stories[lead.story])
    if is_at_home != is_away:
        return is_at_home
    if entry.link and lead.link:
        is_credited = page_number(entry.link) in lead.credits
        credits_lead = page_number(lead.link) in entry.sketch.credits
        if is_credited != credits_lead:
            return is_credited
    since = compared_as_of(lead)
    return since - date <= _BEFORE_LEAD and _is_earlier(date, since, zone)


def _is_earlier(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    zones = (UTC, zone)
    # A day without an hour is read as its midnight, which is no earlier than an hour of that day.
    if any(each.astimezone(there).time() == time() for each in (one, other) for there in zones):
        return all(one.astimezone(there).date() < other.astimezone(there).date() for there in zones)
    return one < other


def is_on_site_of(feed: FeedKey, other: Entry | Candidate, owners: urls.Owners) -> bool:
    """Whether another member's entry is on the site of a feed's member alone, by its link or its id."""
    return any(
        urls.is_anothers(address, other.feed.member, owners)
        and not urls.is_anothers(address, feed.member, owners)
        for address in (other.link, other.id)
        if address
    )


def catches_up(entry: Entry, others: Sequence[Candidate]) -> bool:
    """Whether an entry's new words are those that the lead of its story had before.

    What a copy had before the lead its readers may have had, and those of merged feeds have not.
    """
    return not entry.sketch.wordless and any(
        other.lead and other.words == entry.sketch.words and is_same_title(other, entry) for other in others
    )


def _may_join(entry: Entry, key: int | None, story: int, known: Known) -> bool:
    entries, rulings = known.stories.get(story, ()), known.rulings
    if not entries or entry.feed in known.story_feeds[story]:
        return False
    if not rulings.alone and not rulings.apart:
        return True
    return not any(
        other.key in rulings.alone or (key is not None and frozenset((key, other.key)) in rulings.apart)
        for other in entries
    )


def _told_before(one: Side, pair: Pair, own: Iterable[Candidate]) -> bool:
    """Whether an entry's feed told the same within the week before, in words about as near as the pair's."""
    return any(
        timedelta() <= one.date - compared_as_of(each) <= REPORTED
        and Pair(one, Side.candidate(each)).share >= _AS_NEAR * pair.share > 0
        for each in own
    )
