"""The filters of merged feeds: `tag:patient-safety and not type:partner` → a Filter.

A term is `field:value`; the fields are tag, kind, member, type and region. A value
with spaces stands in quotes: `region:"North West"`. `not` binds closest, then
`and`, then `or`; brackets group. The three words may be in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, cast, get_args

from msgspec import Struct

from hub.model import And, Filter, Kind, Member, MemberType, Not, Or, StoredEntry, Term
from hub.said import as_written

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

FIELDS = ("tag", "kind", "member", "type", "region")
# The fields whose values are not of the file's making.
_FIXED = {"type": get_args(MemberType), "kind": get_args(Kind)}

# A filter becomes one condition of an SQL statement, whose depth databases
# limit (SQLite: 1,000). The shortest term takes nine characters with its `or`.
MAX_LENGTH = 8_000
MAX_DEPTH = 50

_TERM = r"""[^\s()":]+:("[^"]*"|[^\s()"]+)"""
# Terms with the same word between them.
_FLAT: dict[type[And | Or], re.Pattern[str]] = {
    joined: re.compile(rf"\s*{_TERM}(?:\s+{word}\s+{_TERM})*\s*", re.IGNORECASE)
    for joined, word in ((Or, "or"), (And, "and"))
}
_GRAMMAR = rf"""
?start: any
?any: all (_OR all)*
?all: one (_AND one)*
?one: _NOT one -> negation
    | "(" any ")"
    | TERM
TERM: /{_TERM}/
_OR: /or(?!\w)/i
_AND: /and(?!\w)/i
_NOT: /not(?!\w)/i
%ignore /\s+/
"""


class FilterError(ValueError):
    """A filter cannot be read. `column` is where in it, counted from 1."""

    def __init__(self, problem: str, column: int) -> None:
        super().__init__(problem)
        self.column = column


class FilterText(Struct, frozen=True):
    """What a text means as a filter; `terms` are those it names in its order, each with its column from 1."""

    filter: Filter
    terms: tuple[tuple[Term, int], ...]


def parse_filter(text: str) -> Filter:
    """Read a filter. Whether what it names exists is not looked at. Raises FilterError."""
    return read_filter(text).filter


def read_filter(text: str) -> FilterText:
    """Read a filter with the place of each of its terms. Raises FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"the filter is longer than {MAX_LENGTH:,} characters", MAX_LENGTH + 1)
    if (flat := _flat(text)) is not None:
        return flat
    from lark import UnexpectedCharacters, UnexpectedToken

    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        raise _unreadable(text, cast("int", error.pos_in_stream)) from error
    except UnexpectedToken as error:
        raise _misplaced(text, error.token) from error
    terms: list[tuple[Term, int]] = []
    return FilterText(_filter(tree, terms, depth=1), tuple(terms))


def _flat(text: str) -> FilterText | None:
    """What a text means that is terms with the same word between them, as most are; None for any other.

    To load a parser takes longer than all else that a small feeds.yaml does.
    """
    for joined, flat in _FLAT.items():
        if flat.fullmatch(text):
            columns = [(found[0], found.start() + 1) for found in re.finditer(_TERM, text)]
            terms = tuple((_term(term, column), column) for term, column in columns)
            filters = tuple(term for term, _ in terms)
            return FilterText(joined(filters) if len(filters) > 1 else filters[0], terms)
    return None


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


@cache
def _parser() -> Lark:
    # Most processes never read a filter, and lark takes as long to import as
    # the rest of a command together.
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr")


def _filter(tree: Tree[Token] | Token, terms: list[tuple[Term, int]], *, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} deep", 1)
    if isinstance(tree, str):
        column = cast("int", tree.start_pos) + 1
        term = _term(str(tree), column)
        terms.append((term, column))
        return term
    filters = tuple(_filter(child, terms, depth=depth + 1) for child in tree.children)
    if tree.data == "negation":
        return Not(filters[0])
    return And(filters) if tree.data == "all" else Or(filters)


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


def _misplaced(text: str, found: Token) -> FilterError:
    if found.type == "$END":
        problem = "the filter ends too soon" if text.strip() else "the filter is empty"
        if text.count("(") > text.count(")") and not re.search(r"(?:^|[\s(])(?:and|or|not)\s*$", text, re.I):
            problem = "a bracket is never closed"
        return FilterError(problem, len(text.rstrip()) + 1)
    column = cast("int", found.start_pos) + 1
    if found == ")":
        return FilterError("this bracket closes nothing, or nothing stands before it", column)
    if found.lower() in ("and", "or"):
        return FilterError(f"`{found}` needs a term on both sides", column)
    return FilterError(f"`and` or `or` is missing before `{found}`", column)
