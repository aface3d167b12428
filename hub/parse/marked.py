"""A document's text line by line, to be shown to people, with what is said of it where it stands.

Long lines, as programs write them, are broken between tags. Of a long document
there is the beginning, and what stands around the places that something is said of.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from hub.markup.text import NOT_XML
from hub.model import MarkedLine, MarkedText, Said
from hub.parse.decode import BROKEN, NOT_ALLOWED

# A line that is longer is broken between tags, and cut where there are none.
_LONG_LINE, _LONGEST = 1_000, 2_000
# Characters before a place that are shown with it where it would be cut off.
_BEFORE = 100
# Rows of a document that is shown whole; of a longer one those at its beginning, and around each place.
_WHOLE, _FIRST, _AROUND = 1_000, 200, 5
# Of one remark.
_MOST_PLACES = 10

# XML 1.0 §2.11.
_LINE_END = re.compile(r"\r\n|\r|\n")
# Before what begins an element, and before a key or an item of JSON.
_BETWEEN_TAGS = re.compile(r"(?<=>)(?=<[^/])")
_BETWEEN_ITEMS = re.compile(r"""(?<=[,{\[])(?=["{\[])""")
_IS_JSON = re.compile(r"\s*[{\[]")
_AT_LINE = re.compile(r"\bline ([0-9]{1,9}), column ([0-9]{1,9})")
_QUOTED = re.compile("‘(.+?)’")
_BREAKS_OFF = "it breaks off"
# What no page may hold, and what has others stand elsewhere than they are, by something that is seen.
_TURNS = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_SEEN_AS: Mapping[int, int | str] = {
    **{number: ascii(chr(number))[1:-1] for number in _TURNS},
    **{number: 0x2400 + number for number in range(0x20) if chr(number) != "\t"},
    **dict.fromkeys((*range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), 0xFFFD),
}


class _Row(NamedTuple):
    """What is shown in one: from a column of a line, up to where the next row begins."""

    line: int
    column: int
    start: int
    stop: int


def marked(text: str, remarks: Sequence[str], error: str = "") -> MarkedText:
    """A text as it is to be shown, with an error and remarks where what they are about stands.

    They say that themselves, by a line or by words that they quote; of others there is no place.
    """
    said = (error, *remarks) if error else tuple(remarks)
    of_place: dict[int, list[int]] = {}
    for number, each in enumerate(said):
        for place in _places(text, each):
            of_place.setdefault(min(place, len(text) - 1), []).append(number)
    places = sorted(of_place)
    rows = _rows(text, places)
    first = list(islice(rows, _WHOLE + 1))
    lines: list[MarkedLine] = []
    # Rows that are shown if something is said of one soon after them, and how many come before those.
    held: deque[_Row] = deque()
    left_out, met, index = 0, 0, 0
    until = _WHOLE if len(first) <= _WHOLE else _FIRST
    for index, row in enumerate(chain(first, rows), start=1):
        about: list[int] = []
        while met < len(places) and places[met] < row.stop:
            about += of_place[places[met]]
            met += 1
        if about:
            until = max(until, index + _AROUND)
        held.append(row)
        if index > until:
            if len(held) > _AROUND:
                held.popleft()
                left_out += 1
            continue
        while held:
            shown = held.popleft()
            lines.append(_shown(text, shown, () if held else tuple(dict.fromkeys(about)), left_out))
            left_out = 0
    where = {number: line.place for line in reversed(lines) for number in line.about}
    return MarkedText(
        said=tuple(
            Said(text=each, place=where.get(number, ""), is_error=bool(error) and number == 0)
            for number, each in enumerate(said)
        ),
        lines=tuple(lines),
        rows=index,
        left_out=left_out + len(held),
        is_broken=any(line.column > 1 for line in lines),
    )


def _shown(text: str, row: _Row, about: tuple[int, ...], left_out: int) -> MarkedLine:
    written = text[row.start : row.stop].rstrip("\r\n")
    return MarkedLine(
        number=row.line,
        column=row.column,
        text=written[:_LONGEST].translate(_SEEN_AS),
        cut=max(0, len(written) - _LONGEST),
        about=about,
        left_out=left_out,
    )


# ---------------------------------------------------------------- rows


def _rows(text: str, places: Sequence[int]) -> Iterator[_Row]:
    between = _BETWEEN_ITEMS if _IS_JSON.match(text) else _BETWEEN_TAGS
    for number, (begin, end) in enumerate(_lines(text), start=1):
        breaks: Iterator[int] = iter(())
        if end - begin > _LONG_LINE:
            breaks = (found.start() for found in between.finditer(text, begin, end))
        start = begin
        for stop in chain(breaks, (end,)):
            # Else what something is said of might not be shown.
            for place in islice(places, bisect_left(places, start + _LONGEST), bisect_left(places, stop)):
                if place - start >= _LONGEST:
                    yield _Row(number, start - begin + 1, start, place - _BEFORE)
                    start = place - _BEFORE
            yield _Row(number, start - begin + 1, start, stop)
            start = stop


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _LINE_END.finditer(text):
        yield start, found.end()
        start = found.end()
    if start < len(text):
        yield start, len(text)


# ---------------------------------------------------------------- places


def _places(text: str, said: str) -> Iterator[int]:
    """Where what is said of a text stands in it, a few places at most."""
    if found := _AT_LINE.search(said):
        yield _place(text, int(found[1]), int(found[2]))
    elif said == NOT_ALLOWED:
        yield from islice(_one_a_line(text, NOT_XML), _MOST_PLACES)
    elif BROKEN in said:
        yield from islice(_one_a_line(text, re.compile(BROKEN)), _MOST_PLACES)
    elif quoted := _QUOTED.search(said):
        words = re.compile(r"\s+".join(map(re.escape, quoted[1].split())))
        yield from islice(_one_a_line(text, words), _MOST_PLACES)
    elif said.startswith(_BREAKS_OFF):
        yield len(text)


def _place(text: str, line: int, column: int) -> int:
    start, end = next(islice(_lines(text), line - 1, None), (len(text), len(text)))
    return min(start + column - 1, max(start, end - 1))


def _one_a_line(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    at = 0
    while found := pattern.search(text, at):
        yield found.start()
        end = _LINE_END.search(text, found.end())
        if end is None:
            return
        at = end.end()
