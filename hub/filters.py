"""The filters of merged feeds: `tag:patient-safety and not type:partner` → a Filter.

A term is `field:value`; the fields are tag, kind, member, type and region. A value
with spaces stands in quotes: `region:"North West"`. `not` binds closest, then
`and`, then `or`; brackets group. The three words may be in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import get_args

from msgspec import Struct

from hub.model import And, Filter, Kind, Member, MemberType, Not, Or, StoredEntry, Term
from hub.said import as_written

FIELDS = ("tag", "kind", "member", "type", "region")
# The fields whose values are not of the file's making.
_FIXED = {"type": get_args(MemberType), "kind": get_args(Kind)}

# A filter becomes one condition of an SQL statement, whose depth databases
# limit (SQLite: 1,000). The shortest term takes nine characters with its `or`.
MAX_LENGTH = 8_000
MAX_DEPTH = 50

_TERM = r"""[^\s()":]+:(?:"[^"]*"|[^\s()"]+)"""
# What may stand where a term may, and what behind one, each with the spaces that follow.
_OPERAND = re.compile(rf"(?:(?P<term>{_TERM})|(?P<not>not(?!\w))|(?P<open>\())\s*", re.IGNORECASE)
_OPERATOR = re.compile(r"(?:(?P<or>or(?!\w))|(?P<and>and(?!\w))|(?P<close>\)))\s*", re.IGNORECASE)
_ANYTHING = re.compile(rf"{_OPERAND.pattern}|{_OPERATOR.pattern}", re.IGNORECASE)


class FilterError(ValueError):
    """A filter cannot be read. `column` is where in it, counted from 1."""

    def __init__(self, problem: str, column: int) -> None:
        super().__init__(problem)
        self.column = column


class FilterText(Struct, frozen=True):
    """What a text means as a filter; `terms` are those it names in its order, each with its column from 1."""

    filter: Filter
    terms: tuple[tuple[Term, int], ...]


def read_filter(text: str) -> FilterText:
    """Read a filter with the place of each of its terms. Raises FilterError.

    Whether what it names exists is not looked at.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter is longer than {MAX_LENGTH:,} characters", MAX_LENGTH + 1)
    return _Reader(text).read()


def holds(filter: Filter, member: Member) -> bool:
    """Whether a filter that asks for members alone, by slug, type or region, lets one through."""
    match filter:
        case Term(field, value):
            return value == {"member": member.slug, "type": member.type, "region": member.region}.get(field)
        case Not(inner):
            return not holds(inner, member)
        case And(inner):
            return all(holds(each, member) for each in inner)
        case Or(inner):
            return any(holds(each, member) for each in inner)


def asks_for_tags(filter: Filter) -> bool:
    """Whether it depends on an entry's tags, or on its kind, which comes with them, what a filter does."""
    match filter:
        case Term(field):
            return field in ("tag", "kind")
        case Not(inner):
            return asks_for_tags(inner)
        case And(inner) | Or(inner):
            return any(map(asks_for_tags, inner))


def lets_through(filter: Filter, stored: StoredEntry, terms: AbstractSet[str]) -> bool:
    """Whether a filter lets an entry through whose story has the tags of these terms."""
    match filter:
        case Term("tag", value):
            return value in terms
        case Term("kind", value):
            return stored.entry.kind == value
        case Term():
            return holds(filter, stored.member)
        case Not(inner):
            return not lets_through(inner, stored, terms)
        case And(inner):
            return all(lets_through(each, stored, terms) for each in inner)
        case Or(inner):
            return any(lets_through(each, stored, terms) for each in inner)


# A filter, and how deep it is.
_Part = tuple[Filter, int]


class _Reader:
    """Reads a text from left to right.

    `_after` is which word, or a bracket's end, stands behind what was read, None at the end; `_open` is
    how many brackets are.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = len(text) - len(text.lstrip())
        self._open = 0
        self._after: str | None = None
        self._terms: list[tuple[Term, int]] = []

    def read(self) -> FilterText:
        filter, _ = self._any(1)
        return FilterText(filter, tuple(self._terms))

    def _any(self, depth: int, first: _Part | None = None) -> _Part:
        parts = [self._all(depth, first)]
        while self._after == "or":
            parts.append(self._all(depth))
        return _joined(Or, parts)

    def _all(self, depth: int, first: _Part | None = None) -> _Part:
        parts = [first or self._one(depth)]
        while self._after == "and":
            parts.append(self._one(depth))
        return _joined(And, parts)

    def _one(self, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            raise _too_deep()
        negations = 0
        while (found := self._next(_OPERAND)).lastgroup == "not":
            negations += 1
        part = self._bracket(depth) if found.lastgroup == "open" else self._read_term(found)
        for _ in range(negations):
            part = _deeper(Not(part[0]), part[1])
        return part

    def _read_term(self, found: re.Match[str]) -> _Part:
        column = found.start() + 1
        term = _term(found["term"], column)
        self._terms.append((term, column))
        self._after = self._behind()
        return term, 1

    def _bracket(self, depth: int) -> _Part:
        """What stands in brackets, of which one was opened, and more may be at once."""
        opened = 1
        while self._text.startswith("(", self._at):
            self._next(_OPERAND)
            opened += 1
        self._open += opened
        part: _Part | None = None
        for _ in range(opened):
            part = self._any(depth + 1, part)
            if self._after != "close":
                raise _misplaced(self._text, None)
            self._after = self._behind()
        assert part is not None
        return part

    def _behind(self) -> str | None:
        if self._at == len(self._text):
            return None
        found = self._next(_OPERATOR)
        if found.lastgroup == "close":
            if not self._open:
                raise _misplaced(self._text, found)
            self._open -= 1
        return found.lastgroup

    def _next(self, wanted: re.Pattern[str]) -> re.Match[str]:
        if found := wanted.match(self._text, self._at):
            self._at = found.end()
            return found
        found = _ANYTHING.match(self._text, self._at)
        if found is None and self._at < len(self._text):
            raise _unreadable(self._text, self._at)
        raise _misplaced(self._text, found)


def _joined(joined: type[And | Or], parts: Sequence[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    return _deeper(joined(tuple(filter for filter, _ in parts)), max(depth for _, depth in parts))


def _deeper(filter: Filter, depth: int) -> _Part:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    return filter, depth + 1


def _too_deep() -> FilterError:
    return FilterError(f"the filter is nested more than {MAX_DEPTH} deep", 1)


def _term(text: str, column: int) -> Term:
    field, _, value = text.partition(":")
    value = value.strip('"')
    match field:
        case "tag" | "kind" | "member" | "type" | "region":
            pass
        case _:
            raise FilterError(f"`{field}` is not a field of news{_hint(field, FIELDS)}", column)
    if not value.strip():
        raise FilterError(f"`{field}:` names nothing; write a value after it", column)
    known = _FIXED.get(field)
    if known is not None and value not in known:
        raise FilterError(f"there is no {field} `{value}`{_hint(value, known)}", column + len(f"{field}:"))
    return Term(field, value)


def _hint(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(known)}"


def _unreadable(text: str, at: int) -> FilterError:
    rest = text[at:]
    if bare := re.match(r"([a-z]+):(?=[()]|$)", rest):
        return FilterError(f"`{bare[0]}` names nothing; write a value after it", at + 1)
    if spaced := re.match(r"([a-z]+)(\s*:\s+|\s+:)", rest):
        return FilterError(f"write `{spaced[1]}:` and its value without a space between them", at + 1)
    if rest.count('"') % 2:
        return FilterError("the quotation mark is never closed", at + rest.index('"') + 1)
    word = rest.split()[0] if rest.split() else rest
    shown = as_written(word, most=60)
    advice = "write field:value, such as tag:patient-safety"
    if word[:1].isalnum() and (before := re.search(r'([a-z]+):([^\s"()]+)\s+$', text[:at])):
        advice = f'if it belongs to what is before it, write {before[1]}:"{before[2]} {shown.strip("()")}"'
    return FilterError(f"`{shown}` is no term; {advice}", at + 1)


def _misplaced(text: str, found: re.Match[str] | None) -> FilterError:
    """The error for what stands where it may not, None for the end."""
    if found is None:
        problem = "the filter ends too soon" if text.strip() else "the filter is empty"
        if text.count("(") > text.count(")") and not re.search(r"(?:^|[\s(])(?:and|or|not)\s*$", text, re.I):
            problem = "a bracket is never closed"
        return FilterError(problem, len(text.rstrip()) + 1)
    column = found.start() + 1
    if found.lastgroup == "close":
        return FilterError("this bracket closes nothing, or nothing stands before it", column)
    if found.lastgroup in ("and", "or"):
        return FilterError(f"`{found[0].rstrip()}` needs a term on both sides", column)
    return FilterError(f"`and` or `or` is missing before `{found[0].rstrip()}`", column)
