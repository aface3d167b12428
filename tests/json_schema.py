"""Whether a value is as a JSON Schema says, as far as the one of feeds.yaml goes (draft 2020-12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES: dict[str, Any] = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
_SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default", "then", "else"}


def accepts(schema: Any, value: Any, defs: Mapping[str, Any]) -> bool:
    """Whether a schema accepts a value; `defs` are its `$defs`. A word it does not know is a KeyError."""
    return schema is True or (
        schema is not False
        and all(
            _holds(key, said, schema, value, defs) for key, said in schema.items() if key not in _SAYS_NOTHING
        )
    )


def _holds(key: str, said: Any, schema: Mapping[str, Any], value: Any, defs: Mapping[str, Any]) -> bool:
    text, number, items, pairs = (_is(value, kind) for kind in ("string", "number", "array", "object"))
    rules: dict[str, Callable[[], bool]] = {
        "$ref": lambda: accepts(defs[said.rpartition("/")[2]], value, defs),
        "type": lambda: any(_is(value, kind) for kind in ([said] if isinstance(said, str) else said)),
        "enum": lambda: value in said,
        "const": lambda: value == said,
        "anyOf": lambda: any(accepts(each, value, defs) for each in said),
        "oneOf": lambda: sum(accepts(each, value, defs) for each in said) == 1,
        "allOf": lambda: all(accepts(each, value, defs) for each in said),
        "if": lambda: accepts(
            schema.get("then" if accepts(said, value, defs) else "else", True), value, defs
        ),
        "pattern": lambda: not text or re.search(said, value) is not None,
        "maxLength": lambda: not text or len(value) <= said,
        "minimum": lambda: not number or value >= said,
        "maximum": lambda: not number or value <= said,
        "items": lambda: not items or all(accepts(said, each, defs) for each in value),
        "minItems": lambda: not items or len(value) >= said,
        "required": lambda: not pairs or set(said) <= set(value),
        "properties": lambda: (
            not pairs or all(accepts(said.get(name, True), each, defs) for name, each in value.items())
        ),
        "additionalProperties": lambda: (
            not pairs
            or all(
                accepts(said, each, defs)
                for name, each in value.items()
                if name not in schema.get("properties", {})
            )
        ),
        "minProperties": lambda: not pairs or len(value) >= said,
        "maxProperties": lambda: not pairs or len(value) <= said,
    }
    return rules[key]()


def _is(value: Any, kind: str) -> bool:
    # Python's truth values are numbers, JSON's are not.
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
