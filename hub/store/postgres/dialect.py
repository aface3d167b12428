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
_PLACE = re.compile(r"\?(\d*)|(?<!:):([a-z]\w*)|('(?:[^']|'')*')|%")


class Translated(Struct, frozen=True):
    """A statement, and which of its values are lists that were written as JSON."""

    text: str
    lists: frozenset[int | str]
    numbered: bool

    def values(self, given: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any] | Sequence[Any]:
        """What it is executed with, of what was given for both databases."""
        if isinstance(given, Mapping):
            return {
                name: json.decode(value) if name in self.lists else value for name, value in given.items()
            }
        decoded = [json.decode(value) if at in self.lists else value for at, value in enumerate(given)]
        return {f"v{at}": value for at, value in enumerate(decoded, 1)} if self.numbered else decoded


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


def _any_of(found: re.Match[str]) -> str:
    without, value = found.groups()
    # Sent as an array, a list has the type of what it is compared with, also where it is empty.
    return f"<> ALL ({value}/*list*/)" if without else f"= ANY ({value}/*list*/)"


def _elements(found: re.Match[str]) -> str:
    value, name = found.groups()
    return f"jsonb_array_elements(({value})::jsonb) AS {(name or ' json_each').strip()}(value)"
