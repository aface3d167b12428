"""Are two entries the same news? Decided on the words of both, with the reason.

What is shared has to be most of the shorter text, and what differs must not be what
templates fill in: figures, dates, names between words that are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

from hub.model import Candidate, Entry, Known, compared_as_of
from hub.stories.pair import Pair, is_too_few
from hub.stories.titles import is_distinctive, says_ours

# ---- what makes a copy: shares of the shorter text
_MOST_OF_IT = 0.7
_ENOUGH = 20  # shingles; in a shorter text, most of it may be chance
ALL_OF_IT = 0.9
"""The share of the shorter text from which on it counts as all of it."""
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
_DATED = 2  # figures, of which a date is two
# Standard deviations (of a binomial) by which shared samples may be fewer than those of a copy.
_BY_CHANCE = 3.5
# ---- how far apart in time
_SAME_NEWS = timedelta(days=60)
_SAME_HEADLINE = timedelta(days=30)
CURRENT = timedelta(days=2)
"""For how long what says little is passed on, while it is the latest: a notice, a list, a headline."""
REPORTED = timedelta(days=7)
"""For how long others report news: what comes later and says something else besides is news of its own."""
# What comes later than this is no copy unless it has the whole text.
_PASSED_ON = timedelta(days=14)
_TOO_LITTLE = "too little of the shorter text is in both"
_TOO_SHORT = "the shorter text is too short to tell"


class Headline:
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


class Passages:
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


def judged(pair: Pair, passages: Passages, title: Headline, *, samples: int) -> tuple[float, str]:
    """How sure it is that two entries are the same news, 0 where they are not; and why, or why not.

    `passages` and `title` are of the entry that may be a copy; `samples` is how many the other has.
    In the reason `{}` stands for the other entry's publisher.
    """
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
        passed_on = CURRENT if pair.both_wordless else REPORTED
        if pair.same_title and not pair.periodical and pair.apart <= passed_on and title.telling:
            return 0.5, f"the same headline as {{}}’s, and {whose}"
        return 0.0, f"{whose}, and the headline alone says too little"
    needed = _SAME_TITLE_OWN_WORDS if pair.same_title and title.telling else _MOST_OF_IT
    may_be = passages.may_be(needed, samples) and pair.may_be_most_of_it(needed)
    if not may_be or not _is_most_of_it(pair, passages, title):
        is_short = may_be and (pair.beginning or pair.share >= ALL_OF_IT or not pair.least)
        return 0.0, _TOO_SHORT if is_short else _TOO_LITTLE
    against = _against(pair, passages, title)
    return (0.0, against) if against else (pair.share, _reason(pair))


def _is_most_of_it(pair: Pair, passages: Passages, title: Headline) -> bool:
    if pair.share >= _MOST_OF_IT and pair.shared >= _ENOUGH:
        return True
    if pair.same_title and pair.share >= ALL_OF_IT and pair.shared >= _ENOUGH_WITH_TITLE:
        return not title.says_ours
    if not pair.same_title or pair.apart > _SAME_HEADLINE or pair.share < _SAME_TITLE_OWN_WORDS:
        return False
    enough = _SAME_TITLE_OWN_WORDS if passages.house <= _FEW_HOUSE_PHRASES else _SAME_TITLE
    return pair.share >= enough and title.telling and pair.has_a_beginning


def _against(pair: Pair, passages: Passages, title: Headline) -> str | None:
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
        pair.same_title and (pair.share >= ALL_OF_IT or title.telling)
    ):
        return f"most of what it shares with {{}}’s stands in more than {_HOUSE_PHRASE} other stories"
    if pair.beginning:
        return _of_a_series(pair)
    return _in_another_order(pair, title) or _filled_in(pair, title) or _of_a_series(pair)


def _in_another_order(pair: Pair, title: Headline) -> str | None:
    """What where the shared words stand in each text speaks against a copy."""
    if pair.share < ALL_OF_IT and not pair.same_title and pair.is_excerpt:
        return "one of them is short, has another headline, and is not all in the other"
    if pair.share < ALL_OF_IT and not pair.has_a_beginning:
        return "each begins with words of its own, and what they share is cited"
    if pair.share < ALL_OF_IT and pair.apart > _PASSED_ON:
        return "it came more than two weeks later, and is not the whole text"
    if pair.apart > REPORTED and pair.preceded:
        return "it came more than a week later, and goes back to that after words of its own"
    if pair.apart > _PASSED_ON and pair.mostly_preceded:
        return "it came more than two weeks later, and has most of that after words of its own"
    if (
        pair.share < ALL_OF_IT
        and pair.same_title
        and pair.ends_otherwise
        and (not title.telling or pair.dated or (pair.share < _MOST_OF_IT and pair.forks_within_a_sentence))
    ):
        return "one of them is short, and ends with words that the other has not"
    if pair.filled_in.turned and not pair.same_title:
        return "they have other headlines, and the passages they share stand in another order"
    return None


def _filled_in(pair: Pair, title: Headline) -> str | None:
    """What each text has for other words of the other speaks against a copy."""
    own_headline = pair.same_title and title.telling
    filled_in = pair.filled_in
    if filled_in.figures and filled_in.words:
        return "both fill in the same text, with figures and names of their own"
    if filled_in.figures and pair.least < _SHORT:
        corrected = own_headline and pair.apart <= REPORTED and filled_in.figures < pair.same_figures
        if filled_in.times or not corrected:
            return "the texts are short, and their figures differ"
    if pair.least < _SHORT and filled_in.words and _name_different_things(pair, own_headline=own_headline):
        return "the texts are short, and name different things"
    if filled_in.between and not pair.same_title and pair.share < ALL_OF_IT:
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
        # Whose site it is on says who meets.
        return False
    if pair.digest:
        return pair.share_of_longer >= _WHOLE and not pair.is_excerpt
    return pair.share_of_longer >= _WHOLE or (pair.apart <= CURRENT and pair.same_figures >= _DATED)


def _reason(pair: Pair) -> str:
    if pair.same_words:
        return "the same text as {}’s"
    if pair.beginning:
        return "the text of {}’s and more" if pair.longer else "the beginning of {}’s text"
    if pair.filled_in.figures:
        return "the text of {}’s with other figures"
    if pair.share_of_longer >= _WHOLE:
        return "the text of {}’s with a few words changed"
    if pair.share >= ALL_OF_IT:
        return "the text of {}’s with something added" if pair.longer else "a part of {}’s text"
    if pair.same_title:
        return f"the headline of {{}}’s, and {pair.share:.0%} of the shorter text"
    return f"{pair.share:.0%} of the shorter text is in both this and {{}}’s"
