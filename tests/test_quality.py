"""How well copies are found in generated news, held where it stands: figures of quality, none of time."""

from __future__ import annotations

import pytest

from bench import quality


@pytest.mark.parametrize("seed", [5, 8])
def test_on_the_news_the_rules_were_shaped_on_no_story_is_lost_and_most_copies_are_found(seed: int) -> None:
    made = quality.score("syndication", seed)
    assert made.lost_in_all == 0
    assert made.precision >= 0.995
    assert made.recall >= 0.95
    assert made.removed >= 0.96


@pytest.mark.parametrize("seed", [2, 5])
def test_on_news_in_other_wordings_no_story_is_lost_and_most_copies_are_found(seed: int) -> None:
    made = quality.score("newsroom", seed)
    assert made.lost == 0
    assert made.precision >= 0.99
    assert made.recall >= 0.90
    assert made.removed >= 0.94
