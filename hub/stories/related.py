"""What else is about the same: follow-ups and other tellings, shown beside a story and never hidden.

By the rarest of a story's words (inverse document frequency: Spärck Jones, "A
statistical interpretation of term specificity", 1972), counted in the store's
own full-text index, so that there is no model to load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log

from hub import markup
from hub.model import Story

# Words looked up for a story, and those of them that tell it from others.
_LOOKED_UP = 40
_TELLING = 20
_SHORTEST = 4  # letters; shorter words are seldom what news is about
# Words of any text, which are rare where a hub has little news as yet.
_OF_ANYTHING_WORDS = """
    about after again against also among another around because been before behind being below between both
    came come could does doing done down during each either even ever every from further gave give given goes
    going have having here hers herself himself into itself just keep kept know less like made make many might
    more most much must near need neither never next none once only onto other others ours ourselves over same
    shall should since some still such take taken than that their theirs them themselves then there these they
    this those through till together took toward towards under until upon very want well went were what
    whatever when where whether which while whom whose will with within without would your yours yourself
"""
_OF_ANYTHING = frozenset(_OF_ANYTHING_WORDS.split())
_IN_THE_TITLE = 2  # times that a word of the title counts as one of the text
# So much of what the words weigh together that two stories are about the same.
_RELATED = 0.25

COMMON = 300
"""A word that so many entries have tells nothing."""


def terms(story: Story) -> dict[str, int]:
    """The words of a story to look up, with how much it speaks of each, the most first."""
    lead = story.lead.entry
    counts: Counter[str] = Counter()
    for text, weight in ((lead.text, 1), (lead.title, _IN_THE_TITLE)):
        for word in markup.words(text).split():
            if len(word) >= _SHORTEST and not word.isdigit() and word not in _OF_ANYTHING:
                counts[word] += weight
    return dict(counts.most_common(_LOOKED_UP))


def telling(spoken_of: Mapping[str, int], entries_with: Mapping[str, int], total: int) -> dict[str, float]:
    """Of looked-up words, those that tell the story from others, with what each weighs (TF-IDF).

    `entries_with` says how many of all `total` entries have a word. A word
    that no other has leads nowhere.
    """
    weights = {
        word: spoken_of[word] * log(total / count)
        for word, count in entries_with.items()
        if 1 < count < min(COMMON, total)
    }
    return dict(sorted(weights.items(), key=lambda item: -item[1])[:_TELLING])


def related(weights: Mapping[str, float], other: Story) -> tuple[float, tuple[str, ...]] | None:
    """How much of what a story is about another is about too, 0 to 1, and by which words; None if little."""
    texts = [f" {markup.words(f'{each.entry.title} {each.entry.text}')} " for each in other.entries]
    shared = tuple(term for term in weights if any(f" {term} " in text for text in texts))
    whole = sum(weights.values())
    share = sum(weights[term] for term in shared) / whole if whole else 0.0
    return (share, shared) if share >= _RELATED else None
