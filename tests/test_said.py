"""How numbers, lengths of time, names and what others wrote are said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.said import ahead_of, as_written, plain_letters, sentence


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Łódź’s ward", "Łódź’s ward"),
        ("two\nlines\tand \x1b[0m", r"two\nlines\tand \x1b[0m"),
        ("a right-to-left \u202e mark", r"a right-to-left \u202e mark"),
        ("n" * 20, "n" * 20),
        ("n" * 21, "n" * 19 + "…"),
        ("n" * 19 + "\n", "n" * 19 + "…"),
    ],
)
def test_what_somebody_wrote_is_shown_on_one_line_without_what_cannot_be_printed(
    written: str, shown: str
) -> None:
    assert as_written(written, most=20 if written.startswith("n") else 300) == shown


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Łódź", "lodz"),
        ("Straße", "strasse"),
        ("ÅRHUS", "arhus"),
        ("Ysbyty Gŵr", "ysbyty gwr"),
        ("IŞIK", "isik"),
    ],
)
def test_a_name_in_plain_letters_has_no_marks_and_no_capitals(name: str, plain: str) -> None:
    assert plain_letters(name) == plain


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (6, "6 s ahead of"),
        (-6, "6 s behind"),
        (60, "1 min ahead of"),
        (3600, "1 h ahead of"),
        (-3 * 3600 - 5, "3 h 5 s behind"),
        (2 * 86_400 + 61, "48 h 1 min 1 s ahead of"),
    ],
)
def test_a_clock_is_ahead_or_behind_by_what_is_not_nothing(seconds: int, told: str) -> None:
    assert ahead_of(timedelta(seconds=seconds)) == told


def test_a_sentence_begins_with_a_capital_but_for_an_address() -> None:
    assert sentence("émile came") == "Émile came"
    assert sentence("https://east.example is lost") == "https://east.example is lost"
    assert sentence("") == ""
