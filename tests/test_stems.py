"""The terms of texts are those of the full-text index, however they are come by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store import stems
from hub.store.stems import Terms

WORDS = st.sampled_from(
    ["Wards", "ward", "opens", "opening", "naïve", "Größe", "it's", "I.V.", "2026-11", "patient’s", "京都"]
)
# Texts of documents have no halves of letters.
TEXTS = st.lists(
    st.one_of(WORDS, st.text(st.characters(codec="utf-8"), max_size=12), st.characters(codec="utf-8")),
    max_size=30,
).flatmap(lambda words: st.sampled_from([" ", "", "-", "’", "\u0301", "\n"]).map(lambda by: by.join(words)))


@pytest.fixture(scope="module")
def terms() -> Terms:
    """What remembers the texts of all examples."""
    return Terms()


@given(TEXTS)
def test_what_is_remembered_of_words_makes_the_terms_of_a_text(terms: Terms, text: str) -> None:
    assert terms.of_like(text) == terms.of(text)


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stems, "_MOST_REMEMBERED", 500)
    terms = Terms()
    for number in range(300):
        text = f"Ward {number} opens {'x' * (number % 50)} in München{number}"
        assert terms.of_like(text) == terms.of(text)
        assert sum(map(len, terms._remembered)) <= 500 + len(text)


def test_what_could_not_be_made_harms_no_text_after_it() -> None:
    """As a reader's that had no memory left for it: the same process reads the next document."""
    terms = Terms()
    for text in ("alpha über naïve \ud800 café größe", "wards \udfff beds"):
        with pytest.raises(UnicodeEncodeError):
            terms.of_like(text)
        assert terms.of_like("gamma delta Straße") == ["gamma", "delta", "straß"]
        assert terms.of("gamma") == ["gamma"]
