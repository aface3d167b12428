"""Which stories an entry may be a copy of: those that share the rarest of its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.model import Sketch

# A number that so many stories hold says nothing about any of them: a house phrase, a footer.
COMMON = 8
# Stories looked at for an entry; copies are nearly always the first.
_MOST = 4
# Of the numbers two texts could share, how many they must to be worth comparing word by word.
_SHARE = 0.2
# What they share has to be as rare, all in all, as a run of words that two stories hold.
_RARE = 0.5


def likely(sketch: Sketch, holders: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """The stories to compare an entry with, likeliest first; `holders` are those that hold each number.

    Each shared number counts the more the fewer stories hold it. The same
    title is enough by itself.
    """
    weights: dict[int, float] = {}
    shared: dict[int, int] = {}
    for stories in [held for number in sketch.samples if (held := holders.get(number))]:
        if len(stories) < COMMON:
            weight = 1 / len(stories)
            for story in stories:
                weights[story] = weights.get(story, 0.0) + weight
                shared[story] = shared.get(story, 0) + 1
    enough = len(sketch.samples) * _SHARE
    found = {
        story: weight for story, weight in weights.items() if weight >= _RARE and shared[story] >= enough
    }
    if sketch.title is not None:
        stories = holders.get(sketch.title, ())
        if len(stories) < COMMON:
            found.update((story, weights.get(story, 0.0) + 1) for story in stories)
    return tuple(sorted(found, key=lambda story: (-found[story], story))[:_MOST])
