"""The statements of the store as PostgreSQL takes them.

They are written for both; what little each database says in a way of its own
is said here in PostgreSQL's. What is new to a statement is better written so that
both take it than taught to this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct, json

_LIST = re.compile(r"(NOT )?IN \(SELECT value FROM json_each\((\?|:\w+)\)\)")
_ELEMENTS = re.compile(r"json_each\(([^()]+)\)( (?!CROSS|JOIN|WHERE|ON|GROUP|ORDER)\w+)?")
_GROUPED = re.compile(r"json_group_array\(([^()]+)\)")
# A join in the order in which it stands is asked for in SQLite by CROSS, which takes no ON here.
_CROSS = re.compile(r"CROSS JOIN (\S+(?:\([^()]*\)\S*)?(?: AS)? \w+(?:\(\w+\))?)(\s+ON\b)")
_HINTS = re.compile(r" INDEXED BY \w+|(?<=[\s(])\+(?=[a-z])")
_GREATEST = re.compile(r"\bMAX\((?=[^()]*,)")
_COMMA = re.compile(r",\s*")
_VALUE = r"(?:%s|%\(\w+\)s)(?:::\w+)?|'[^'%,]*'"
_INSERT = re.compile(
    r"\s*(INSERT INTO (\w+) \(([\w,\s]+)\)(?: OVERRIDING SYSTEM VALUE)?)\s+"
    rf"VALUES \(((?:{_VALUE})(?:,\s*(?:{_VALUE}))*)\)\s*"
    r"((?:ON CONFLICT(?: \((\w+(?:, \w+)*)\))? DO (?:NOTHING|UPDATE)[^%]*)?)"
)
_PLACE = re.compile(r"\?(\d*)|(?<!:):([a-z]\w*)|('(?:[^']|'')*')|%")


class Translated(Struct, frozen=True):
    """A statement, and which of its values are lists that were written as JSON."""

    text: str
    lists: frozenset[int | str]
    numbered: bool

    def values(self, given: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any] | Sequence[Any]:
        """What it is executed with, of what was given for both databases."""
        if isinstance(given, Mapping):
            return {name: _array(value) if name in self.lists else value for name, value in given.items()}
        values = [_array(value) if at in self.lists else value for at, value in enumerate(given)]
        return {f"v{at}": value for at, value in enumerate(values, 1)} if self.numbered else values


@lru_cache(maxsize=2_000)
def translated(statement: str) -> Translated:
    """A statement with psycopg's placeholders, and PostgreSQL's words for what SQLite calls otherwise."""
    statement = _LIST.sub(_any_of, statement)
    statement = _ELEMENTS.sub(_elements, statement)
    statement = _GROUPED.sub(r"COALESCE(json_agg(\1), '[]')::text", statement)
    statement = _HINTS.sub("", statement)
    statement = _CROSS.sub(r"JOIN \1\2", statement)
    statement = _GREATEST.sub("GREATEST(", statement)
    lists: set[int | str] = set()
    at = 0
    numbered = bool(re.search(r"\?\d", statement))

    def placeholder(found: re.Match[str]) -> str:
        nonlocal at
        number, name, text = found.groups()
        if text is not None:
            return text.replace("%", "%%")
        if found[0] == "%":
            return "%%"
        # As `_any_of` marked it.
        is_list = found.string.startswith("/*list*/", found.end())
        if name is not None:
            if is_list:
                lists.add(name)
            return f"%({name})s"
        if number:
            return f"%(v{number})s"
        if is_list:
            lists.add(at)
        at += 1
        return "%s"

    text = _PLACE.sub(placeholder, statement).replace("/*list*/", "")
    return Translated(text=text, lists=frozenset(lists), numbered=numbered)


class ManyRows(Struct, frozen=True):
    """An insert of a row as one of many, which is given an array, in binary, for each value that a row has.

    `columns` says of each array by what name or number, counted from 0, a row has the value, and the
    column whose type that has, None where it is a text that is written as something else. No two rows
    may have the same `key` (names or numbers of values), if there is one: the second would change what
    is not there yet.
    """

    table: str
    columns: Mapping[str | int, str | None]
    key: tuple[str | int, ...]
    text: str

    def of_types(self, types: Mapping[str, str]) -> str:
        """The statement, where the table's columns have these types."""
        of_each = (types[column] if column else "text" for column in self.columns.values())
        return self.text.format(", ".join(f"%b::{its}[]" for its in of_each))


@lru_cache(maxsize=2_000)
def many_rows(statement: str) -> ManyRows | None:
    """A statement for both databases that inserts a row as one that inserts many; None of any other."""
    found = _INSERT.fullmatch(translated(statement).text)
    if found is None:
        return None
    beginning, table, names, values, otherwise, key = found.groups()
    columns: dict[str | int, str | None] = {}
    given: dict[str, str | int] = {}
    written = []
    for column, value in zip(_COMMA.split(names.strip()), _COMMA.split(values), strict=True):
        if value.startswith("'"):
            written.append(value)
            continue
        name: str | int = len(columns) if value.startswith("%s") else value[2 : value.index(")")]
        _, *cast = value.split("::")
        columns.setdefault(name, None if cast else column)
        given[column] = name
        written.append("::".join([f"given.v{[*columns].index(name)}", *cast]))
    arrays = ", ".join(f"v{number}" for number in range(len(columns)))
    return ManyRows(
        table=table,
        columns=columns,
        key=tuple(given[column] for column in key.split(", ")) if key else (),
        text=f"{beginning} SELECT {', '.join(written)} FROM unnest({{}}) AS given({arrays}) {otherwise}",
    )


def _array(listed: str) -> str | list[Any]:
    """A list that was written as JSON, as an array: that differs in its brackets, and in what it escapes.

    To have psycopg write one takes thirty times as long as to replace them.
    """
    return json.decode(listed) if "\\" in listed else f"{{{listed[1:-1]}}}"


def _any_of(found: re.Match[str]) -> str:
    without, value = found.groups()
    # Sent as an array, a list has the type of what it is compared with, also where it is empty.
    return f"<> ALL ({value}/*list*/)" if without else f"= ANY ({value}/*list*/)"


def _elements(found: re.Match[str]) -> str:
    value, name = found.groups()
    return f"jsonb_array_elements(({value})::jsonb) AS {(name or ' json_each').strip()}(value)"
