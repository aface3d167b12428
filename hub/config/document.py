"""YAML text → a tree of texts, lists and mappings that knows where each stands.

YAML's guesses are left out: every scalar is the text that was written, so
that `slug: no` is the slug *no* and `title: 2024` a title. Anchors, aliases
and tags are refused. The only place that knows PyYAML.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml
from msgspec import Struct

from hub.errors import ConfigError

# What a network of 20,000 members would need, twice over; a depth no key of ours comes near.
MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 50
_TOO_DEEP = f"the file is nested more than {MAX_DEPTH} deep"

# Events and not `compose`: libyaml's composer recurses in C, so that a file
# of 100,000 brackets ends the process, and it drops where an alias stands.
MINIMAL = """\
A member and its feed are written so:

members:
  - slug: example
    name: Example
    feeds:
      - url: https://example.org/feed/"""

_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(Struct, eq=False):
    """A text. `start` and `end` are offsets into the document, `quoted` whether in any quotes or a block."""

    value: str
    start: int
    end: int
    quoted: bool = False


class Items(Struct, eq=False):
    """A list. `flow` is whether it stands in square brackets; without them it begins at its first dash."""

    items: list[Node]
    start: int
    end: int
    flow: bool = False


class Pairs(Struct, eq=False):
    """A mapping. `flow` is whether it is written in braces; without them it begins at its first key."""

    values: dict[str, Node]
    keys: dict[str, Scalar]
    start: int
    end: int
    flow: bool = False


class Refused(Struct, eq=False):
    """A place whose content was refused and told of already."""

    start: int
    end: int


Node = Scalar | Items | Pairs | Refused
Path = tuple[str | int, ...]


class Source:
    """A text with its name, for saying where in it something stands."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name

    @cached_property
    def _line_starts(self) -> list[int]:
        return [match.end() for match in re.finditer("\n", self.text)]

    def line(self, offset: int) -> int:
        """The line of an offset, from 1. Lines are what editors count, which YAML 1.1 does not."""
        return bisect_right(self._line_starts, offset) + 1

    def error(self, offset: int, problem: str, remedy: str = "") -> ConfigError:
        return ConfigError(f"{self.name}:{self.line(offset)}: {problem}", remedy)


class Document(Struct, eq=False):
    """A YAML text that could be read; `problems` are those that hindered nothing, with their offsets."""

    source: Source
    root: Pairs
    problems: list[tuple[int, str]]

    def find(self, path: Path) -> Node | None:
        """What stands at `("members", 2, "name")`, None where nothing does."""
        node: Node | None = self.root
        for step in path:
            if isinstance(node, Pairs) and isinstance(step, str):
                node = node.values.get(step)
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return None
        return node


def is_given(node: Node | None) -> bool:
    """Whether anything is there: a key with nothing after it counts as not given."""
    return bool(node.value or node.quoted) if isinstance(node, Scalar) else node is not None


def text_at(pairs: Pairs, key: str) -> Scalar | None:
    """The text of a key; None where it is not given, or is no text."""
    node = pairs.values.get(key)
    return node if isinstance(node, Scalar) and is_given(node) else None


def texts(node: Node | None) -> Iterator[tuple[str, int]]:
    """Each text of a list with its offset; nothing where there is no list."""
    if isinstance(node, Items):
        for item in node.items:
            if isinstance(item, Scalar):
                yield item.value, item.start


def mappings(node: Node | None) -> Iterator[tuple[int, Pairs]]:
    """The mappings of a list with their places; nothing where there is no list."""
    for index, item in enumerate(node.items if isinstance(node, Items) else ()):
        if isinstance(item, Pairs):
            yield index, item


def read_document(text: str, *, name: str) -> Document:
    """Read YAML. Raises ConfigError for a text that is none, is empty, or is no mapping."""
    source = Source(text, name)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        problem = "half of a surrogate pair stands here; save the file as UTF-8"
        raise source.error(error.start, problem) from error
    if size > MAX_BYTES:
        raise too_large(name)
    reader = _Reader(source)
    try:
        root = reader.read()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, source) from error
    except yaml.reader.ReaderError as error:
        problem = f"the character U+{error.character:04X} cannot stand in YAML; delete it"
        raise source.error(error.position, problem) from error
    if root is None or (isinstance(root, Scalar) and not root.quoted and root.value in ("", "~", "null")):
        raise ConfigError(f"{name}: the file is empty", MINIMAL)
    if not isinstance(root, Pairs):
        raise source.error(root.start, "the file holds no keys such as `members:`", MINIMAL)
    return Document(source, root, reader.problems)


def too_large(name: str) -> ConfigError:
    """The error for a file beyond MAX_BYTES."""
    return ConfigError(f"{name}: the file is larger than {MAX_BYTES // 1024**2} MB; is it the right one?")


class _Reader:
    """Builds the tree from libyaml's events, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[tuple[int, str]] = []
        self._open: list[Items | Pairs] = []
        self._keys: list[Scalar | None] = []
        self._root: Node | None = None

    def read(self) -> Node | None:
        loader = _Loader(self.source.text)
        documents = 0
        try:
            while loader.check_event():
                event: Any = loader.get_event()
                if isinstance(event, yaml.NodeEvent):
                    self._begin(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._end(event)
                elif isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._second_document(event)
        finally:
            loader.dispose()
        return self._root

    def _second_document(self, event: Any) -> ConfigError:
        return self.source.error(event.start_mark.index, "a second document begins here; keep to one")

    def _begin(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None:
            self._refuse_anchor(event, start)
        if isinstance(event, yaml.AliasEvent):
            self._place(Refused(start, end))
            return
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append((start, f"the tag `{shown}` is not read; leave it out"))
        if isinstance(event, yaml.ScalarEvent):
            self._place(Scalar(event.value, start, end, quoted=bool(event.style)))
            return
        if len(self._open) == MAX_DEPTH:
            raise self.source.error(start, _TOO_DEEP)
        flow = bool(event.flow_style)
        node = (
            Items([], start, end, flow)
            if isinstance(event, yaml.SequenceStartEvent)
            else Pairs({}, {}, start, end, flow)
        )
        self._place(node)
        self._open.append(node)
        self._keys.append(None)

    def _refuse_anchor(self, event: Any, start: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            problem = (
                f"the alias `*{event.anchor}` is not read; write what it stands for in its place, "
                "or in quotes what begins with a star"
            )
        else:
            problem = f"the anchor `&{event.anchor}` is not read; leave it out"
        self.problems.append((start, problem))

    def _place(self, node: Node) -> None:
        """Put a node where the reading stands: at the top, in a list, or as a mapping's key or value."""
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            if not isinstance(node, Scalar):
                raise self.source.error(node.start, "a key must be a word")
            self._keys[-1] = node
            return
        self._keys[-1] = None
        if key.value not in parent.keys:
            parent.keys[key.value] = key
            parent.values[key.value] = node
            return
        first = self.source.line(parent.keys[key.value].start)
        self.problems.append((key.start, f"`{key.value}` stands twice, first on line {first}; keep one"))

    def _end(self, event: Any) -> None:
        end = event.end_mark.index
        node = self._open.pop()
        self._keys.pop()
        if node.flow:
            node.end = end
            return
        # libyaml ends a block where the next one begins, past the comments between.
        children = node.items if isinstance(node, Items) else node.values.values()
        node.end = max((child.end for child in children), default=node.start)


_MISFIT = "this does not fit what stands above; line it up with its neighbours, and look for a missing "

# What libyaml and PyYAML's own parser say → what an admin can act on.
_SYNTAX = (
    (
        "mapping values are not allowed",
        "a colon is not expected here; quote the text it is in, or mend the indent",
    ),
    ("sequence entries are not allowed", "a list cannot begin on the line of its key; begin it on the next"),
    ("unknown escape character", "this backslash means nothing in double quotes; use single quotes"),
    ("alphabetic or numeric character", "a text that begins with * or & goes in quotes"),
    ("node content", "something is missing here, or a bracket before it is not closed"),
    ("expected key", _MISFIT + "quotation mark"),
    ("expected '-'", _MISFIT + "dash"),
    ("expected <block end>", _MISFIT + "quotation mark or dash"),
    ("<document start>", "a line of three dots above ends the file; take it out"),
    ("directive name", "a text that begins with % goes in quotes"),
)
# The same of what is wrong where it begins, which is the place they give as its context.
_BEGUN = (
    ("expected ':'", "a colon is missing after this key, or a key before this text"),
    ("unexpected end of stream", "the quotation mark that opens here is never closed"),
    ("expected ',' or ']'", "the list that opens here is not closed, or lacks a comma; end it with `]`"),
    ("expected ',' or '}'", "the mapping that opens here is not closed, or lacks a comma; end it with `}`"),
)


def _syntax_error(error: yaml.MarkedYAMLError, source: Source) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    said = error.problem or error.context or "it cannot be read"
    if mark is None:
        return ConfigError(f"{source.name}: this is not YAML ({said})")
    text, offset = source.text, min(mark.index, len(source.text))
    written = text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]
    if "nesting depth" in said:
        # libyaml's own limit, which newer ones reach before the first event comes.
        return source.error(offset, _TOO_DEEP)
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return source.error(offset, "a tab indents this line; YAML wants spaces")
    if "cannot start any token" in said:
        character = text[offset : offset + 1]
        return source.error(
            offset, f"the text cannot begin with {character}, which means something in YAML; quote it"
        )
    for words, meaning in _BEGUN:
        if words in said and error.context_mark:
            return source.error(error.context_mark.index, meaning)
    for words, meaning in _SYNTAX:
        if words in said:
            return source.error(offset, meaning)
    return source.error(offset, f"this is not YAML ({said})")


def scalar_text(value: str) -> str:
    """A text as YAML writes it outside of brackets, in quotes where it would be read as anything else."""
    written: str = yaml.safe_dump(value, allow_unicode=True, width=float("inf"))
    return written.removesuffix("...\n").rstrip("\n")
