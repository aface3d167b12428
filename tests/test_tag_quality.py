"""How well the shipped rules tag generated news, held where it stands: figures of quality, none of time."""

from __future__ import annotations

import pytest

from bench import tags


@pytest.mark.parametrize("seed", [2, 7, 16])
def test_the_shipped_rules_know_what_most_news_is_about_and_what_it_is(seed: int) -> None:
    topics, kinds = map(tags.scored, tags.judged("syndication", seed, tags.shipped()))
    assert tags.together(topics, kinds) >= 0.90
    assert topics.micro >= 0.88
    assert topics.macro >= 0.88
    assert kinds.micro >= 0.99


@pytest.mark.parametrize("seed", [5, 7])
def test_the_shipped_rules_know_other_wordings_too(seed: int) -> None:
    topics, kinds = map(tags.scored, tags.judged("newsroom", seed, tags.shipped()))
    assert topics.micro >= 0.65
    assert kinds.micro >= 0.95
