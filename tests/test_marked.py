"""A document's text line by line, with what is said of it at its lines."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from hub.parse.decode import NOT_ALLOWED, place_at
from hub.parse.marked import marked

TEXTS = st.text(st.sampled_from("<a>/ é\r\n"), max_size=200) | st.builds(
    "".join,
    st.lists(st.sampled_from(("<item>", "</item>", "<p>" + "x" * 700 + "</p>", "\n", "\r\n")), max_size=30),
)


@given(TEXTS, st.data())
def test_every_character_is_shown_and_what_is_said_stands_where_it_is_about(
    text: str, data: st.DataObject
) -> None:
    characters = [at for at, character in enumerate(text) if character not in "\r\n"]
    assume(characters)
    place = place_at(text, data.draw(st.sampled_from(characters)))
    found = marked(text, (f"wrong at line {place.line}, column {place.column}",), "an error of the whole")
    by_line = [""] * (found.lines[-1].number + 1)
    for line in found.lines:
        assert len(by_line[line.number]) == line.column - 1
        by_line[line.number] += line.text
    lines = re.split("\r\n|\r|\n", text)
    assert by_line[1:] == (lines if lines[-1] else lines[:-1])
    (about,) = (line for line in found.lines if line.about)
    assert about.number == place.line
    assert about.column <= place.column <= about.column + len(about.text)
    assert [each.place for each in found.said] == ["", about.place]


def test_what_turns_the_writing_round_is_shown_and_turns_nothing() -> None:
    # UTR 36: what is read so would be something else than what stands there.
    found = marked("<b>\u202egpj.\u2066exe\u2069\u200f\u2028\x1b[2J\x9b</b>\n", ())
    assert [line.text for line in found.lines] == [
        "<b>\\u202egpj.\\u2066exe\\u2069\\u200f\\u2028␛[2J\ufffd</b>"
    ]


def test_no_more_is_shown_than_a_page_holds_whatever_is_said_of_it() -> None:
    text = "\n".join(f"<p>\x01 {number}</p>" for number in range(5_000))
    said = [f"wrong at line {number}, column 1" for number in (1, 900, 2_000, 9_999)]
    found = marked(text, (*said, NOT_ALLOWED, "of ‘4321</p>’"))
    numbers = [line.number for line in found.lines]
    assert numbers == [
        *range(1, 201),
        *range(895, 906),
        *range(1_995, 2_006),
        *range(4_317, 4_328),
        *range(4_995, 5_001),
    ]
    assert sum(line.left_out for line in found.lines) + found.left_out == 5_000 - len(numbers)
    assert [each.place for each in found.said] == ["L1", "L900", "L2000", "L5000", "L1", "L4322"]


def test_a_long_line_is_broken_between_tags_or_items_and_shown_where_something_is_said_of_it() -> None:
    items = ",".join(f'{{"id":"{number}","text":"{"y" * 80}"}}' for number in range(20))
    rows = [line.text for line in marked(f'{{"items":[{items}]}}', ()).lines]
    assert rows[:4] == ["{", '"items":[', "{", '"id":"0",']
    assert "".join(rows) == f'{{"items":[{items}]}}'
    found = marked(f"<p>{'z' * 9_000}</p>", ("wrong at line 1, column 5000", "wrong at line 1, column 8999"))
    assert [(line.column, line.cut, line.about) for line in found.lines] == [
        (1, 2_899, ()),
        (4_900, 1_999, (0,)),
        (8_899, 0, (1,)),
    ]
