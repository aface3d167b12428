"""Which stories an entry may be a copy of: those that share the rarest of its numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from hub.model import Sketch

# A number that so many stories hold says nothing about any of them: a house phrase, a footer.
COMMON = 8
# Stories looked at for an entry; copies are nearly always the first.
_MOST = 4
# Of the numbers two texts could share, how many they must to be worth comparing word by word.
_SHARE = 0.2
# Or so many: an excerpt has half a dozen, however long the text that it is of.
_OF_AN_EXCERPT = 4
# What they share has to be as rare, all in all, as a run of words that two stories hold.
_RARE = 0.5


def likely(sketch: Sketch, holders: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """The stories to compare an entry with, likeliest first; `holders` are those that hold each number.

    Each shared number counts the more the fewer stories hold it. The same
    title is enough by itself.
    """
    shared = [held for held in map(holders.get, sketch.samples) if held and len(held) < COMMON]
    titled = holders.get(sketch.title, ()) if sketch.title is not None else ()
    if len(titled) >= COMMON:
        titled = ()
    enough = min(len(sketch.samples) * _SHARE, _OF_AN_EXCERPT)
    counts = Counter(chain.from_iterable(shared)) if len(shared) >= enough else {}
    several = [story for story, count in counts.items() if count >= enough]
    if not several and not titled:
        return ()
    weights: dict[int, float] = defaultdict(float)
    for held in shared:
        weight = 1 / len(held)
        for story in held:
            weights[story] += weight
    found = {story: weights[story] for story in several if weights[story] >= _RARE}
    found.update((story, weights[story] + 1) for story in titled)
    return tuple(sorted(found, key=lambda story: (-found[story], story))[:_MOST])
