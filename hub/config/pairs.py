"""Changing what mappings of a YAML text say, key by key, with every other byte left alone.

What of a list stays is not written anew, and keeps the comments beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from hub.config.document import (
    Document,
    Items,
    Node,
    Pairs,
    Path,
    Scalar,
    is_given,
    read_document,
    scalar_text,
)
from hub.config.lines import Edit, Page, apply, within
from hub.errors import ConfigError

Item = str | tuple[str, str]
"""A text, or one with what stands behind its colon."""
Value = str | Sequence[Item] | bool

_MARK = "\ufeff"
# What a list is written in brackets up to: as long as the lines of files that people write.
_LONGEST_LINE = 100


def misfit() -> ConfigError:
    """The error for a file in which a change cannot be made as it is written."""
    return ConfigError(
        "The file is written in a way that this change does not fit.",
        "Nothing was written. Make the change by hand, in feeds.yaml.",
    )


def item_of(node: Node) -> Item:
    """What an item of a list says, each text with one space between two words."""
    if isinstance(node, Scalar):
        return " ".join(node.value.split())
    if isinstance(node, Pairs) and len(node.values) == 1:
        ((key, value),) = node.values.items()
        if isinstance(value, Scalar):
            return " ".join(key.split()), value.value
    raise misfit()


def change_pairs(text: str, wanted: Mapping[Path, Mapping[str, Value]], order: Sequence[str]) -> str:
    """The text with keys of mappings, at these places, set, or taken out where the value is empty.

    A key that is not there yet is put behind those that are before it in the
    `order`, of which the first is there. Raises ConfigError where a comment
    would be lost.
    """
    mark, text = text[: len(text) - len(text.removeprefix(_MARK))], text.removeprefix(_MARK)
    # What is put behind a last line that does not end would stand on it.
    newline = "\r\n" if "\r\n" in text else "\n"
    ended = text if text.endswith("\n") else f"{text}{newline}"
    document = read_document(ended, name="feeds.yaml")
    edits: list[Edit] = []
    for place, values in wanted.items():
        pairs = document.find(place)
        assert isinstance(pairs, Pairs)
        edits += _Change(document, pairs, values, order).edits()
    changed = apply(ended, edits)
    return mark + (changed if ended == text else changed.removesuffix(newline))


class _Change:
    """The change of one mapping: which of its keys get other values, come, or go."""

    def __init__(
        self, document: Document, pairs: Pairs, wanted: Mapping[str, Value], order: Sequence[str]
    ) -> None:
        self.page = Page(document)
        self.text = self.page.text
        self.pairs = pairs
        self.order = order
        self.wanted = {key: wanted[key] for key in order if key in wanted}
        self.gone = {key for key, value in self.wanted.items() if not value and key in pairs.keys}
        # JSON is YAML, and stays JSON in a file that is.
        self.json = pairs.flow and pairs.keys[order[0]].quoted

    def edits(self) -> Iterator[Edit]:
        """The edits that make the change."""
        for key, value in self.wanted.items():
            found = self.pairs.values.get(key)
            if key in self.gone:
                yield self._out(key)
            elif found is None:
                if value:
                    yield self._in(key, value)
            elif isinstance(found, Items) and found.items:
                assert not isinstance(value, str | bool)
                yield from self._flow_list(found, value) if found.flow else self._block_list(found, value)
            elif is_given(found):
                yield Edit(found.start, self.page.content_end(found), self._on_line(value))
            else:
                colon = self.text.index(":", self.pairs.keys[key].end)
                yield Edit(colon + 1, colon + 1, f" {self._on_line(value)}")

    # ---------------------------------------------------------------- keys

    def _in(self, key: str, value: Value) -> Edit:
        """Put a key behind those that come before it in the order."""
        before = [other for other in self.order[: self.order.index(key)] if self._stays(other)]
        behind = max((self.pairs.values[other] for other in before), key=lambda node: node.end)
        if self.pairs.flow:
            at = self.page.content_end(behind)
            name = json.dumps(key) if self.json else key
            return Edit(at, at, f", {name}: {self._on_line(value)}")
        column = self.page.column(self.pairs.start)
        return self.page.lines_at(self.page.after(behind, column), self._lines(key, value, column))

    def _lines(self, key: str, value: Value, column: int) -> list[str]:
        line = f"{' ' * column}{key}: {self._on_line(value)}"
        if isinstance(value, str | bool) or (
            len(line) <= _LONGEST_LINE and all(isinstance(each, str) for each in value)
        ):
            return [line]
        dash = " " * (column + self.page.list_indent())
        return [f"{' ' * column}{key}:", *(f"{dash}- {_of_block(each)}" for each in value)]

    def _out(self, key: str) -> Edit:
        """Take a key out with its value. Raises ConfigError where a comment would go with it."""
        keys = list(self.pairs.keys)
        place = keys.index(key)
        start, end = self.pairs.keys[key].start, self._end(key)
        if not any(self._stays(other) for other in keys[:place]):
            # In a block it begins on the line of the dash.
            following = self.pairs.keys[keys[place + 1]].start
            self._check_no_comment(end, following)
            return Edit(start, following, "")
        if self.pairs.flow:
            before = self._end(keys[place - 1])
            self._check_no_comment(before, start)
            return Edit(before, end, "")
        column = self.page.column(self.pairs.start)
        return Edit(self.page.line_start(start), self.page.after(self.pairs.values[key], column), "")

    def _stays(self, key: str) -> bool:
        return key in self.pairs.keys and key not in self.gone

    def _end(self, key: str) -> int:
        return max(self.page.content_end(self.pairs.values[key]), self.pairs.keys[key].end)

    def _check_no_comment(self, start: int, end: int) -> None:
        if "#" in self.text[start:end]:
            raise misfit()

    # ---------------------------------------------------------------- lists

    def _flow_list(self, found: Items, wanted: Sequence[Item]) -> Iterator[Edit]:
        ends = [self.page.content_end(each) for each in found.items]
        starts = [each.start for each in found.items]
        pieces = [self.text[found.start : starts[0]]]
        last: int | None = None
        kept_gaps = set()
        for number, (place, item) in enumerate(_placed(found, wanted)):
            if number:
                keeps = place is not None and place - 1 == last
                pieces.append(self.text[ends[place - 1] : starts[place]] if keeps and place else ", ")
                kept_gaps.add(place if keeps else None)
            pieces.append(self._within(item) if place is None else self.text[starts[place] : ends[place]])
            last = place
        for place in range(1, len(starts)):
            if place not in kept_gaps:
                self._check_no_comment(ends[place - 1], starts[place])
        yield Edit(found.start, found.end, "".join([*pieces, self.text[ends[-1] : found.end]]))

    def _block_list(self, found: Items, wanted: Sequence[Item]) -> Iterator[Edit]:
        dash = self.page.column(found.start)
        before = f"{' ' * dash}-{' ' * self.page.gap(found, dash)}"
        for what, first, last, start, stop in _opcodes(found, wanted):
            if what == "equal":
                continue
            removals = [self.page.out_of_block(found, place) for place in range(first, last)]
            yield from removals
            if start < stop:
                if removals:
                    at = max(each.end for each in removals)
                elif first:
                    at = self.page.after(found.items[first - 1], dash)
                else:
                    at = self.page.line_start(self.page.dash(found, 0))
                yield self.page.lines_at(at, [f"{before}{_of_block(each)}" for each in wanted[start:stop]])

    # ---------------------------------------------------------------- values

    def _on_line(self, value: Value) -> str:
        if isinstance(value, bool):
            return json.dumps(value) if self.json else "yes"
        if not isinstance(value, str):
            return f"[{', '.join(map(self._within, value))}]"
        return self._within(value) if self.pairs.flow else _of_block(value)

    def _within(self, item: Item) -> str:
        """An item as it is written within brackets."""
        if not isinstance(item, str):
            key, value = item
            return f"{{{json.dumps(key, ensure_ascii=False)}: {self._within(value)}}}"
        if _is_number(item):
            return item
        return json.dumps(item, ensure_ascii=False) if self.json else within(item)


def _of_block(item: Item) -> str:
    if not isinstance(item, str):
        return f"{_of_block(item[0])}: {_of_block(item[1])}"
    return item if _is_number(item) else scalar_text(item)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _opcodes(found: Items, wanted: Sequence[Item]) -> Collection[tuple[str, int, int, int, int]]:
    written = [item_of(each) for each in found.items]
    return SequenceMatcher(None, written, list(wanted), autojunk=False).get_opcodes()


def _placed(found: Items, wanted: Sequence[Item]) -> Iterator[tuple[int | None, Item]]:
    """The items that are wanted, each with its place among those that are there already."""
    for what, first, _, start, stop in _opcodes(found, wanted):
        for number in range(start, stop):
            yield (first + number - start if what == "equal" else None), wanted[number]
