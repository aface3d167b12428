"""One tag rule of feeds.yaml as a form has it: read out of the file's text, and put into it.

Keys that a form does not have, and all else in the file, stay as they are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from hub.config.document import Document, Items, Node, Pairs, read_document, text_at
from hub.config.lines import append_items, apply, remove_item
from hub.config.pairs import Item, Value, change_pairs, item_of, misfit
from hub.config.reading import Config, parse
from hub.config.schema import keys_at
from hub.errors import ConfigError
from hub.model import TagField

_MARK = "\ufeff"
TEXTS = ("label", "broader", "threshold")
LISTS = ("any", "all", "not", "except", "in", "categories")
_ORDER = keys_at(("tags",))
_EVERYWHERE: tuple[str, ...] = get_args(TagField)
_WEIGHTED = re.compile(r"(.*\S)\s*:\s*([0-9]{1,6})")
_PROBLEM = re.compile(r"[^:]*:\d+: tags\[(\d+)\](?:\.(\w+)(?:\[(\d+)\])?[^:]*)?: (.*)", re.DOTALL)


class WrittenRule(Struct, frozen=True, kw_only=True):
    """A rule as it is written, by the names of its keys; of a list an item is a line, such as `a phrase: 3`.

    `others` are its other keys as they stand in the file, and `source` is the whole of it.
    """

    term: str
    texts: Mapping[str, str] = {}
    lists: Mapping[str, tuple[str, ...]] = {}
    others: tuple[str, ...] = ()
    source: str = ""


class ChangedRule(Struct, frozen=True, kw_only=True):
    """What a file says with a rule changed, and what it said before.

    `after` is None where it cannot be so: `problems` are then told by the rule's
    key, and under "" what is of no one key.
    """

    text: str
    before: Config
    after: Config | None = None
    problems: Mapping[str, tuple[str, ...]] = {}


def read_rule(text: str, term: str) -> WrittenRule | None:
    """The rule of a term, None where there is none. Raises ConfigError."""
    document = read_document(text.removeprefix(_MARK), name="feeds.yaml")
    place = _place(document, term)
    return None if place is None else _read(document, place)


def change_rule(text: str, wanted: WrittenRule, *, new: bool) -> ChangedRule:
    """The file's text with a rule as it is wanted: a `new` one at the end, else in the place of its term's.

    Raises ConfigError for a text that is no feeds.yaml, or is written so that
    the change does not fit.
    """
    before = parse(text)
    body = text.removeprefix(_MARK)
    if new:
        document = read_document(body, name="feeds.yaml")
        place = len(before.tags)
        # A term that is none is told of as what stands there.
        fields = {"term": wanted.term or " "}
        body = apply(body, append_items(document, (), "tags", [fields]))
    else:
        found = _place(read_document(body, name="feeds.yaml"), wanted.term)
        if found is None:
            raise ConfigError(f"There is no topic {wanted.term} any more.", "Nothing was written.")
        place = found
    changes = _changes(read_document(body, name="feeds.yaml"), place, wanted)
    body = change_pairs(body, {("tags", place): changes}, _ORDER) if changes else body
    changed = text[: len(text) - len(text.removeprefix(_MARK))] + body
    try:
        after = parse(changed)
    except ConfigError as error:
        return ChangedRule(text=changed, before=before, problems=_by_key(error, place))
    _check(before, after, place, wanted, read_document(body, name="feeds.yaml"), new=new)
    return ChangedRule(text=changed, before=before, after=after)


def without_rule(text: str, term: str) -> str:
    """The file's text without a rule. Raises ConfigError where something else names its term."""
    body = text.removeprefix(_MARK)
    document = read_document(body, name="feeds.yaml")
    place = _place(document, term)
    if place is None:
        raise ConfigError(f"There is no topic {term} any more.", "Nothing was written.")
    before = parse(text)
    changed = text[: len(text) - len(body)] + apply(body, remove_item(document, (), "tags", place))
    try:
        after = parse(changed)
    except ConfigError as error:
        problems = ("The file could not be read without it:", *error.problems)
        raise ConfigError(problems, "Nothing was written. Change what is named first.") from error
    if _but_for(after, None) != _but_for(before, place):
        raise misfit()
    return changed


# ---------------------------------------------------------------- read


def _place(document: Document, term: str) -> int | None:
    tags = document.root.values.get("tags")
    for number, each in enumerate(tags.items if isinstance(tags, Items) else ()):
        written = text_at(each, "term") if isinstance(each, Pairs) else None
        if written is not None and written.value == term:
            return number
    return None


def _read(document: Document, place: int) -> WrittenRule:
    pairs, text = document.find(("tags", place)), document.source.text
    assert isinstance(pairs, Pairs)
    term = text_at(pairs, "term")
    texts = {key: " ".join(found.value.split()) for key in TEXTS if (found := text_at(pairs, key))}
    return WrittenRule(
        term=term.value if term else "",
        texts=texts,
        lists={key: items for key in LISTS if (items := _lines(pairs.values.get(key)))},
        others=tuple(
            f"{key}: {text[value.start : value.end].strip()}"
            for key, value in pairs.values.items()
            if key not in (*TEXTS, *LISTS, "term")
        ),
        source=text[pairs.start : pairs.end].rstrip(),
    )


def _lines(node: Node | None) -> tuple[str, ...]:
    return tuple(_line(item_of(each)) for each in node.items) if isinstance(node, Items) else ()


def _line(item: Item) -> str:
    return item if isinstance(item, str) else f"{item[0]}: {item[1]}"


# ---------------------------------------------------------------- changed


def _changes(document: Document, place: int, wanted: WrittenRule) -> dict[str, Value]:
    """The keys of a rule that are to say something else, with what."""
    is_so, changes = _read(document, place), dict[str, Value]()
    for key in TEXTS:
        if is_so.texts.get(key, "") != wanted.texts.get(key, ""):
            changes[key] = wanted.texts.get(key, "")
    for key in LISTS:
        lines = wanted.lists.get(key, ())
        if _comparable(key, is_so.lists.get(key, ())) == _comparable(key, lines):
            continue
        if key == "in":
            changes[key] = () if {*lines} == {*_EVERYWHERE} else lines
            continue
        node = document.find(("tags", place, key))
        written = {_line(each): each for each in map(item_of, node.items if isinstance(node, Items) else ())}
        changes[key] = tuple(written.get(line) or _item(key, line) for line in lines)
    return changes


def _comparable(key: str, lines: tuple[str, ...]) -> object:
    return {*(lines or _EVERYWHERE)} if key == "in" else lines


def _item(key: str, line: str) -> Item:
    weighted = _WEIGHTED.fullmatch(line) if key == "any" else None
    return (weighted[1], weighted[2]) if weighted else line


def _check(
    before: Config, after: Config, place: int, wanted: WrittenRule, document: Document, *, new: bool
) -> None:
    """Raise ConfigError where the file says anything else than is wanted."""
    if _but_for(before, None if new else place) != _but_for(after, place):
        raise misfit()
    was, is_so = None if new else before.tags[place], after.tags[place]
    if was and (was.kind, was.members) != (is_so.kind, is_so.members):
        raise misfit()
    if is_so.term != wanted.term or _changes(document, place, wanted):
        raise misfit()


def _but_for(config: Config, place: int | None) -> Config:
    tags = tuple(rule for number, rule in enumerate(config.tags) if number != place)
    return replace(config, tags=tags, labels={}, digest="")


def _by_key(error: ConfigError, place: int) -> Mapping[str, tuple[str, ...]]:
    """What is wrong with a file, by the keys of the rule that was changed in it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    known = (*TEXTS, *LISTS, "term")
    for said in error.problems:
        match = _PROBLEM.fullmatch(said)
        if match is None or int(match[1]) != place:
            found[""].append(said)
            continue
        _, key, number, what = match.groups()
        key = key or next((word for word in re.findall(r"`(\w+)`", what) if word in known), "")
        line = f"Line {int(number) + 1}: " if number else ""
        found[key if key in known else ""].append(f"{line}{what}")
    return {key: tuple(each) for key, each in found.items()}
