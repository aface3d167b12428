"""Is an entry a copy of another feed's? Decided on the words of both, with the reason.

What matters first is that no news is lost: an entry that is hidden behind
another's must be the same news. So what is shared has to be most of the
shorter text, and what differs must not be what templates fill in: figures,
dates, names between words that are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from itertools import chain
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub import urls
from hub.model import Candidate, Entry, FeedKey, Known, compared_as_of, is_undated
from hub.stories.candidates import COMMON
from hub.stories.pair import Pair, Side, is_too_few
from hub.stories.sketch import page_number
from hub.stories.titles import is_distinctive, is_same_title, says_ours

# ---- what makes a copy: shares of the shorter text
_MOST_OF_IT = 0.7
_ENOUGH = 20  # shingles; in a shorter text, most of it may be chance
_ALL_OF_IT = 0.9
_ENOUGH_WITH_TITLE = 10  # shingles; "News: read more here" is everybody's
_SAME_LINK = 0.3
_SAME_TITLE = 0.5
_SAME_TITLE_OWN_WORDS = 0.4
# ---- what speaks against it
_SHORT = 120  # shingles; in less text, one figure that differs makes other news
_FILLED_IN, _FILLED_IN_SAME_TITLE = 3, 6  # places of a hundred words; more is a template
_DIGEST = 0.35  # of the longer text; where less of it is shared, it has other news too
_WHOLE = 0.85  # of the longer text; from here on even what others cite is one text
_PASSAGE, _SEVERAL, _MOSTLY = 2, 2, 0.6  # samples of one story; such stories; of what is shared
_MUCH, _ANOTHER = 0.4, 5  # of another story's samples, and so many: fewer are a footer's
_HOUSE_PHRASE = 6  # stories that share a run of words, beyond which it is nobody's
_HOUSE_PHRASES, _FEW_HOUSE_PHRASES = 0.65, 0.3
_AS_NEAR = 0.9  # of another share: what a member changed for its own may be nearer by a word
_DATED = 2  # figures, of which a date is two
# Standard deviations (of a binomial) by which shared samples may be fewer than those of a copy.
_BY_CHANCE = 3.5
# ---- how far apart in time
_SAME_NEWS = timedelta(days=60)
_SAME_HEADLINE = timedelta(days=30)
# What says little is passed on while it is the latest: a notice, a list, a headline.
_CURRENT = timedelta(days=2)
# News is passed on within days. What comes later and says something else besides is news of its own.
_PASSED_ON = timedelta(days=14)
_REPORTED = timedelta(days=7)
# Entries of a story that are compared: the lead and the first copies, which the others are like.
_COMPARED = 6
# Readers have hardly seen a story so young: its lead may still become another entry.
_SETTLES = timedelta(hours=1)
# An original is known so soon after it was published, or its feed was not to be read.
_BEFORE_LEAD = timedelta(days=2)

# How sure words and headlines make at most; a link or an id makes surer.
_BY_WORDS = 1.0
_TOO_LITTLE = "too little of the shorter text is in both"
_TOO_SHORT = "the shorter text is too short to tell"
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
            if best.sure >= _ALL_OF_IT:
                break
    return Verdict(best.of.story, best.of.key, best.why) if best else None


def compared(entry: Entry, known: Known, *, date: datetime, key: int | None = None) -> Iterator[Comparison]:
    """An entry compared with those it may be a copy of, the likeliest first."""
    likely = known.likely.get(entry.fingerprint, ())
    free = [story for story in likely if _may_join(entry, key, story, known)]
    if not free:
        return
    one = Side.entry(entry, date)
    title = _Headline(entry, date, known)
    own = [each for story in likely for each in known.told.get(story, ()) if each.key != key]
    held = [having for number in entry.sketch.samples if (having := known.holders.get(number))]
    # Of samples that are no house phrase it is known who has them.
    indexed = len(entry.sketch.samples) - sum([len(having) >= COMMON for having in held])
    of_likely = [known.stories.get(story, ()) for story in likely]
    for story in free:
        passages = _Passages(story, held, indexed, of_likely)
        others = known.stories[story][:_COMPARED]
        # A story's text tells more than its headline, under which other news may follow days later.
        by_text = not entry.sketch.wordless and any(not other.wordless for other in others)
        for other in others:
            pair = Pair(one, Side.candidate(other))
            sure, why = _judged(pair, passages, title, samples=other.samples)
            if 0 < sure <= _BY_WORDS:
                # A correction is as near to what others made of what it corrects.
                if _told_before(one, pair, own):
                    sure, why = 0.0, _TOLD_BEFORE
                elif other.wordless and by_text and pair.apart > _CURRENT:
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
        timedelta() <= one.date - compared_as_of(each) <= _REPORTED
        and Pair(one, Side.candidate(each)).share >= _AS_NEAR * pair.share > 0
        for each in own
    )


class _Headline:
    """An entry's title, among those of the other stories of its time."""

    def __init__(self, entry: Entry, date: datetime, known: Known) -> None:
        self._entry = entry
        self._date = date
        self._known = known

    @cached_property
    def telling(self) -> bool:
        """Whether the title is that of one story: one that several use is nobody's."""
        number = self._entry.sketch.title
        titled = self._known.holders.get(number, ()) if number is not None else ()
        leads = [of_story[0] for story in titled if (of_story := self._known.stories.get(story))]
        of_that_time = sum(abs(compared_as_of(lead) - self._date) <= _SAME_HEADLINE for lead in leads)
        return of_that_time <= 1 and is_distinctive(self._entry.title)

    @property
    def says_ours(self) -> bool:
        """Whether the title speaks of what is its publisher's, so that each who has it means its own."""
        return says_ours(self._entry.title)


class _Passages:
    """What an entry shares with a story, by its sketch, and which other stories have that too.

    `held` are the stories that have each of its samples, and `indexed` is of how many this is known.
    `likely` are the entries of each story that it may be a copy of, this one among them.
    """

    def __init__(
        self,
        story: int,
        held: Sequence[Sequence[int]],
        indexed: int,
        likely: Sequence[Sequence[Candidate]],
    ) -> None:
        self._story = story
        self._held = held
        self._shared = [having for having in held if story in having]
        self._indexed = indexed
        self._likely = likely

    def may_be(self, share: float, samples: int) -> bool:
        """Whether they may be such a share of a text with so many samples: a look without the words."""
        of = min(self._indexed, samples)
        return not is_too_few(len(self._shared), share, of=of, by_chance=_BY_CHANCE)

    @cached_property
    def house(self) -> float:
        """How much of what they share stands in many other stories too, 0 to 1."""
        shared = self._shared
        return sum([len(having) > _HOUSE_PHRASE for having in shared]) / len(shared) if shared else 0.0

    @cached_property
    def has_another(self) -> bool:
        """Whether most of another story stands in the entry besides, and none of that in this one."""
        besides = Counter(chain.from_iterable([having for having in self._held if self._story not in having]))
        return any(
            besides[of_story[0].story] >= max(_MUCH * of_story[0].samples, _ANOTHER)
            for of_story in self._likely
            if of_story and of_story[0].story != self._story
        )

    @cached_property
    def digest(self) -> bool:
        """Whether most of what they share is, here and there, from several other stories."""
        shared = self._shared
        counts = Counter(chain.from_iterable(shared))
        others = sum([count >= _PASSAGE for story, count in counts.items() if story != self._story])
        elsewhere = sum([len(having) > 1 for having in shared])
        return others >= _SEVERAL and elsewhere > _MOSTLY * len(shared)


# ---------------------------------------------------------------- the verdict on two entries


def _judged(pair: Pair, passages: _Passages, title: _Headline, *, samples: int) -> tuple[float, str]:
    """How sure it is that two entries are the same news, 0 when it is not; and why (not)."""
    if pair.other_time:
        return 0.0, "the headlines name different dates"
    if pair.other_part:
        return 0.0, "the headlines name different parts of a series"
    # A page that is used every year, or for a series, says nothing of news that old.
    if pair.apart > _SAME_NEWS and not (pair.same_text and (pair.same_link or pair.same_id)):
        return 0.0, f"{{}}’s is {pair.apart.days} days older or younger"
    if pair.same_title and pair.same_link:
        return 3.0, "the same link and title as {}’s"
    if pair.same_title and pair.same_id:
        return 3.0, "the same id and title as {}’s"
    if pair.same_link and pair.same_id and not pair.unlike:
        return 2.5, "the same id and link as {}’s"
    if pair.same_link and pair.share >= _SAME_LINK:
        return 2.0, f"the same link as {{}}’s, and {pair.share:.0%} of the shorter text"
    if pair.wordless:
        whose = "neither has a text" if pair.both_wordless else "only one of them has a text"
        passed_on = _CURRENT if pair.both_wordless else _REPORTED
        if pair.same_title and not pair.periodical and pair.apart <= passed_on and title.telling:
            return 0.5, f"the same headline as {{}}’s, and {whose}"
        return 0.0, f"{whose}, and the headline alone says too little"
    needed = _SAME_TITLE_OWN_WORDS if pair.same_title and title.telling else _MOST_OF_IT
    may_be = passages.may_be(needed, samples) and pair.may_be_most_of_it(needed)
    if not may_be or not _is_most_of_it(pair, passages, title):
        is_short = may_be and (pair.beginning or pair.share >= _ALL_OF_IT or not pair.least)
        return 0.0, _TOO_SHORT if is_short else _TOO_LITTLE
    against = _against(pair, passages, title)
    return (0.0, against) if against else (pair.share, _reason(pair))


def _is_most_of_it(pair: Pair, passages: _Passages, title: _Headline) -> bool:
    if pair.share >= _MOST_OF_IT and pair.shared >= _ENOUGH:
        return True
    if pair.same_title and pair.share >= _ALL_OF_IT and pair.shared >= _ENOUGH_WITH_TITLE:
        return not title.says_ours
    if not pair.same_title or pair.apart > _SAME_HEADLINE or pair.share < _SAME_TITLE_OWN_WORDS:
        return False
    enough = _SAME_TITLE_OWN_WORDS if passages.house <= _FEW_HOUSE_PHRASES else _SAME_TITLE
    return pair.share >= enough and title.telling and pair.has_a_beginning


def _against(pair: Pair, passages: _Passages, title: _Headline) -> str | None:
    """What speaks against a copy although most of its words are the same."""
    if pair.periodical and not _is_same_issue(pair):
        return "the headline is that of an issue or a list, of which everybody has one"
    if pair.share_of_longer < _WHOLE and not pair.opening and pair.answer:
        return "one of them answers what it cites of the other"
    if not pair.same_title and passages.has_another:
        return "it has most of another story in it too, as a round-up does"
    if (
        not pair.same_title
        and not pair.opening
        and pair.share_of_longer < _WHOLE
        and (pair.share_of_longer < _DIGEST or passages.digest)
    ):
        return "one of them has other news in it too, as a round-up does"
    if passages.house > _HOUSE_PHRASES and not (
        pair.same_title and (pair.share >= _ALL_OF_IT or title.telling)
    ):
        return f"most of what it shares with {{}}’s stands in more than {_HOUSE_PHRASE} other stories"
    if pair.beginning:
        return _of_a_series(pair)
    return _in_another_order(pair, title) or _filled_in(pair, title) or _of_a_series(pair)


def _in_another_order(pair: Pair, title: _Headline) -> str | None:
    """What where the shared words stand in each text speaks against a copy."""
    if pair.share < _ALL_OF_IT and not pair.same_title and pair.is_excerpt:
        return "one of them is short, has another headline, and is not all in the other"
    if pair.share < _ALL_OF_IT and not pair.has_a_beginning:
        return "each begins with words of its own, and what they share is cited"
    if pair.share < _ALL_OF_IT and pair.apart > _PASSED_ON:
        return "it came more than two weeks later, and is not the whole text"
    if pair.apart > _REPORTED and pair.preceded:
        return "it came more than a week later, and goes back to that after words of its own"
    if pair.apart > _PASSED_ON and pair.mostly_preceded:
        return "it came more than two weeks later, and has most of that after words of its own"
    if (
        pair.share < _ALL_OF_IT
        and pair.same_title
        and pair.ends_otherwise
        and (not title.telling or pair.dated or (pair.share < _MOST_OF_IT and pair.forks_within_a_sentence))
    ):
        return "one of them is short, and ends with words that the other has not"
    if pair.filled_in.turned and not pair.same_title:
        return "they have other headlines, and the passages they share stand in another order"
    return None


def _filled_in(pair: Pair, title: _Headline) -> str | None:
    """What each text has for other words of the other speaks against a copy."""
    own_headline = pair.same_title and title.telling
    filled_in = pair.filled_in
    if filled_in.figures and filled_in.words:
        return "both fill in the same text, with figures and names of their own"
    if filled_in.figures and pair.least < _SHORT:
        corrected = own_headline and pair.apart <= _REPORTED and filled_in.figures < pair.same_figures
        if filled_in.times or not corrected:
            return "the texts are short, and their figures differ"
    if pair.least < _SHORT and filled_in.words and _name_different_things(pair, own_headline=own_headline):
        return "the texts are short, and name different things"
    if filled_in.between and not pair.same_title and pair.share < _ALL_OF_IT:
        return "they have other headlines, and name different things in the same text"
    if filled_in.words and pair.share < _MOST_OF_IT:
        return "what they share is the form, which both fill in"
    most = _FILLED_IN_SAME_TITLE if pair.same_title else _FILLED_IN
    if filled_in.words > 1 and filled_in.words * 100 > most * pair.words_of_shorter:
        return "both fill in the same text, with names of their own"
    if filled_in.words and pair.about_other_things:
        return "the headlines name what the texts tell apart"
    if not title.telling and pair.only_names:
        return "under a headline of many, the names in the text are others"
    if pair.least < _SHORT and not own_headline and pair.other_days:
        return "the texts are short, and name different days"
    return None


def _of_a_series(pair: Pair) -> str | None:
    is_form = pair.least < _SHORT and pair.series
    return "the headlines are those of a series, with other topics" if is_form else None


def _name_different_things(pair: Pair, *, own_headline: bool) -> bool:
    """Whether two short texts with other words in the same places are about different things.

    A headline that is one story's alone says that they are not, but for a passage of names. Under
    others an editor may change a word here and there, and no name: a form has one blank, or names.
    """
    filled_in = pair.filled_in
    if own_headline:
        return filled_in.between > 0
    return not pair.same_title or filled_in.names > 0 or filled_in.words == 1 or pair.other_name


def _is_same_issue(pair: Pair) -> bool:
    """Whether two issues, lists or forms of one headline are one: word for word, as far as both go.

    A form says in its first words for whom and when it is; a digest, what other digests of the week
    begin with too.
    """
    if not pair.same_title or not pair.beginning:
        return False
    if pair.meeting and pair.least < _SHORT:
        # Who meets is said by whose site it is on.
        return False
    if pair.digest:
        return pair.share_of_longer >= _WHOLE and not pair.is_excerpt
    return pair.share_of_longer >= _WHOLE or (pair.apart <= _CURRENT and pair.same_figures >= _DATED)


def _reason(pair: Pair) -> str:
    if pair.same_words:
        return "the same text as {}’s"
    if pair.beginning:
        return "the text of {}’s and more" if pair.longer else "the beginning of {}’s text"
    if pair.filled_in.figures:
        return "the text of {}’s with other figures"
    if pair.share_of_longer >= _WHOLE:
        return "the text of {}’s with a few words changed"
    if pair.share >= _ALL_OF_IT:
        return "the text of {}’s with something added" if pair.longer else "a part of {}’s text"
    if pair.same_title:
        return f"the headline of {{}}’s, and {pair.share:.0%} of the shorter text"
    return f"{pair.share:.0%} of the shorter text is in both this and {{}}’s"
