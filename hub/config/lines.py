"""Putting items into the lists of a YAML text, and taking them out, with every other byte left alone.

A round trip through a YAML library keeps comments, and changes indentation,
folding and line endings; so lines are put where the document's marks say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from hub.config.document import Document, Items, Node, Pairs, Path, scalar_text

Value = str | Sequence[str] | Mapping[str, str]
Fields = Mapping[str, "Value | Sequence[Fields]"]
"""An item to write: texts, lists and mappings of texts, and lists of further items."""

# What is no more than text, also within brackets.
_PLAIN = re.compile(r"[a-z][\w.-]*(?: [a-z.][\w.-]*)*")


class Edit(Struct, frozen=True):
    """Put `text` in the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with edits made that do not overlap; those at one place in their order."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*pieces, text[at:]])


def value_text(value: Value) -> str:
    """A value as YAML writes it on the line of its key, in quotes where it would be read as anything else."""
    if isinstance(value, str):
        return scalar_text(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {within(text)}' for key, text in value.items())}}}"
    return f"[{', '.join(map(within, value))}]"


def within(text: str) -> str:
    """A text as YAML writes it within brackets."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def append_items(document: Document, owner: Path, key: str, items: Sequence[Fields]) -> list[Edit]:
    """Put items at the end of the list that stands, or is to stand, at a mapping's key."""
    pairs = document.find(owner)
    assert isinstance(pairs, Pairs)
    page = Page(document)
    found = pairs.values.get(key)
    if isinstance(found, Items) and found.items:
        return page.into_flow(found, items) if found.flow else page.into_block(found, items)
    if pairs.flow or (isinstance(found, Items) and "\n" in document.source.text[found.start : found.end]):
        return page.begin_flow(pairs, key, found, items)
    return page.begin_block(pairs, key, found, items)


def remove_item(document: Document, owner: Path, key: str, index: int) -> list[Edit]:
    """Take an item out of the list at a mapping's key, which stays as an empty list without it."""
    pairs = document.find(owner)
    assert isinstance(pairs, Pairs)
    items = pairs.values[key]
    assert isinstance(items, Items)
    page = Page(document)
    if items.flow:
        return page.out_of_flow(items, index)
    edits = [page.out_of_block(items, index)]
    if len(items.items) == 1:
        colon = document.source.text.index(":", pairs.keys[key].end)
        edits.append(Edit(colon + 1, colon + 1, " []"))
    return edits


class Page:
    """A document's text, with its habits of indentation and line endings."""

    def __init__(self, document: Document) -> None:
        self.text = document.source.text
        self.root = document.root
        self.newline = "\r\n" if "\r\n" in self.text else "\n"

    # ---------------------------------------------------------------- putting in

    def into_block(self, found: Items, items: Sequence[Fields]) -> list[Edit]:
        """Put items at the end of a block list that has some, with its indentation and its empty lines."""
        dash = self.column(found.start)
        blocks = list(self._item_lines(items, dash, gap=self.gap(found, dash)))
        if len(found.items) > 1:
            between = self.text[self.content_end(found.items[-2]) : self.dash(found, -1)]
            if re.search(r"\n[ \t]*\r?\n", between):
                blocks = [["", *block] for block in blocks]
        return [
            self.lines_at(self.after(found.items[-1], dash), [line for block in blocks for line in block])
        ]

    def begin_block(self, pairs: Pairs, key: str, found: Node | None, items: Sequence[Fields]) -> list[Edit]:
        """Put items at a key, in a block list that begins on the next line; `found` is its empty value."""
        column = self.column(pairs.start)
        dash = column + self.list_indent()
        lines = [line for item in self._item_lines(items, dash, gap=1) for line in item]
        if found is None:
            at = max((self.after(value, column) for value in pairs.values.values()), default=len(self.text))
            return [self.lines_at(at, [" " * column + key + ":", *lines])]
        edits = []
        if isinstance(found, Items):
            before = self.text[: found.start]
            edits.append(Edit(len(before.rstrip(" ")), found.end, ""))
        return [*edits, self.lines_at(self.after(found, column), lines)]

    def into_flow(self, found: Items, items: Sequence[Fields]) -> list[Edit]:
        """Put items at the end of a list in brackets that has some."""
        at = self.content_end(found.items[-1])
        return [Edit(at, at, ", " + self._flow(items))]

    def begin_flow(self, pairs: Pairs, key: str, found: Node | None, items: Sequence[Fields]) -> list[Edit]:
        """Put items at a key, in brackets; `found` is its empty value, if the key is there."""
        if isinstance(found, Items):
            return [Edit(found.end - 1, found.end - 1, self._flow(items))]
        if found is not None:
            return [Edit(found.start, found.start, f" [{self._flow(items)}]")]
        written = f"{json.dumps(key)}: [{self._flow(items)}]"
        if not pairs.values:
            return [Edit(pairs.start + 1, pairs.start + 1, written)]
        at = max(max(self.content_end(value), pairs.keys[key].end) for key, value in pairs.values.items())
        return [Edit(at, at, f", {written}")]

    # ---------------------------------------------------------------- taking out

    def out_of_block(self, items: Items, index: int) -> Edit:
        """Take an item out of a block list, with comments that are further in, and an empty line."""
        start = self.line_start(self.dash(items, index))
        end = self.after(items.items[index], self.column(items.start))
        if self._blank_before(start):
            if self._blank_at(end):
                end = self._next_line(end)
            elif end == len(self.text):
                start = self.line_start(start - 1)
        if end == len(self.text) and not self.text.endswith("\n"):
            start = len(self.text[:start].removesuffix("\n").removesuffix("\r"))
        return Edit(start, end, "")

    def out_of_flow(self, items: Items, index: int) -> list[Edit]:
        """Take an item out of a list in brackets, with its comma; comments stay."""
        item = items.items[index]
        start, end = item.start, item.end
        # The item's comma may stand after comments, which stay.
        if following := re.compile(r"((?:\s|#[^\n]*\n)*),[ \t]*").match(self.text, end):
            return [Edit(start, end, ""), Edit(following.end(1), following.end(), "")]
        # A trailing comma is good YAML, so one that a comment parts from the item may stay.
        if index and (before := re.search(r"[ \t]*,\s*$", self.text[items.items[index - 1].end : start])):
            start -= len(before[0])
        return [Edit(start, end, "")]

    # ---------------------------------------------------------------- writing

    def _item_lines(self, items: Sequence[Fields], dash: int, *, gap: int) -> Iterator[list[str]]:
        for item in items:
            lines = list(self._field_lines(item, dash + 1 + gap))
            lines[0] = " " * dash + "-" + " " * gap + lines[0].lstrip(" ")
            yield lines

    def _field_lines(self, fields: Fields, column: int) -> Iterator[str]:
        for key, value in fields.items():
            further = [] if isinstance(value, str | Mapping) else [v for v in value if isinstance(v, Mapping)]
            if further:
                yield f"{' ' * column}{key}:"
                for lines in self._item_lines(further, column + self.list_indent(), gap=1):
                    yield from lines
            elif value:
                yield f"{' ' * column}{key}: {value_text(cast('Value', value))}"

    def _flow(self, items: Sequence[Fields]) -> str:
        # JSON is YAML, and stays JSON in a file that is.
        return ", ".join(json.dumps(item, ensure_ascii=False) for item in items)

    def lines_at(self, at: int, lines: Sequence[str]) -> Edit:
        """Put whole lines where a line begins, or behind a last line that has no end."""
        block = self.newline.join(lines)
        if at and self.text[at - 1] != "\n":
            return Edit(at, at, self.newline + block)
        return Edit(at, at, block + self.newline)

    # ---------------------------------------------------------------- finding places

    def list_indent(self) -> int:
        """How far this file's lists stand to the right of their keys."""
        members = self.root.values.get("members")
        if isinstance(members, Items) and not members.flow and members.items:
            return self.column(members.start) - self.column(self.root.start)
        return 2

    def gap(self, found: Items, dash: int) -> int:
        """How many spaces stand between the dash of a list's last item and the item."""
        last = found.items[-1]
        same_line = self.line_start(self.dash(found, -1)) == self.line_start(last.start)
        return self.column(last.start) - dash - 1 if same_line else 1

    def dash(self, items: Items, index: int) -> int:
        """Where the dash of a block's item stands."""
        item = items.items[index]
        indent = "\n" + " " * self.column(items.start) + "-"
        before = self.text.rfind(indent, 0, item.start)
        # A list can stand on the line of a `?` or `:`: what is cut there then fails the check of the result.
        return before + len(indent) - 1 if before >= 0 else item.start

    def after(self, node: Node, column: int) -> int:
        """The start of the line after a block and the comments that are further in than a column."""
        at = self._next_line(self.content_end(node))
        comment = re.compile(rf"(?:[ \t]*\r?\n)*[ ]{{{column + 1},}}#[^\n]*(?:\n|\Z)")
        while found := comment.match(self.text, at):
            at = found.end()
        return at

    def content_end(self, node: Node) -> int:
        """Where a node ends, without the white space behind it."""
        # A literal block ends past the empty lines that follow it.
        return node.start + len(self.text[node.start : node.end].rstrip())

    def column(self, offset: int) -> int:
        """How many characters stand before an offset in its line."""
        return offset - self.line_start(offset)

    def line_start(self, offset: int) -> int:
        """Where the line of an offset begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def _next_line(self, offset: int) -> int:
        newline = self.text.find("\n", offset)
        return len(self.text) if newline < 0 else newline + 1

    def _blank_at(self, offset: int) -> bool:
        return offset < len(self.text) and not self.text[offset : self._next_line(offset)].strip()

    def _blank_before(self, line_start: int) -> bool:
        return line_start > 0 and not self.text[self.line_start(line_start - 1) : line_start].strip()
