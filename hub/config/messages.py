"""What pydantic found wrong → a sentence for whoever wrote the line."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from hub.config.document import Document, Node, Pairs, Path, Refused, Scalar
from hub.config.schema import keys_at
from hub.config.values import did_you_mean, kind

Problem = tuple[int, str, str]
"""Where in the document something is wrong, at which key, and what."""


def key_path(path: Path) -> str:
    """`members[2].feeds[0].url`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def problem_of(error: ErrorDetails, document: Document) -> Problem | None:
    """A validation error as a problem; None where the place was refused and told of already."""
    path: Path = tuple(step for step in error["loc"] if not str(step).startswith("\0"))
    node = document.find(path)
    if isinstance(node, Refused):
        return None
    match error["type"]:
        case "missing":
            return _missing(path, node, document)
        case "extra_forbidden":
            return _unknown(path, document)
        case "value_error":
            said = str(error["ctx"]["error"])
        case _:
            said = _wrong_kind(path, error["type"], error["input"])
    return _start(path, node, document), key_path(path), said


def _start(path: Path, node: Node | None, document: Document) -> int:
    """Where a value stands: for a block, at the key it belongs to."""
    parent = document.find(path[:-1]) if path else None
    if not isinstance(node, Scalar) and isinstance(parent, Pairs) and path[-1] in parent.keys:
        return parent.keys[str(path[-1])].start
    return node.start if node else 0


def _missing(path: Path, node: Node | None, document: Document) -> Problem:
    key = str(path[-1])
    if node is not None:
        return node.start, key_path(path), "is empty; write its value"
    parent = document.find(path[:-1])
    return parent.start if parent else 0, key_path(path[:-1]), f"`{key}` is missing; add it"


def _unknown(path: Path, document: Document) -> Problem:
    key = str(path[-1])
    known = keys_at(tuple(step for step in path[:-1] if isinstance(step, str)))
    parent = document.find(path[:-1])
    start = parent.keys[key].start if isinstance(parent, Pairs) else 0
    advice = did_you_mean(key, known, f"there are {', '.join(known)}")
    return start, key_path(path[:-1]), f"unknown key `{key}`; {advice}"


def _wrong_kind(path: Path, error_type: str, value: Any) -> str:
    if value is None:
        return "is empty; write something after the dash, or delete it"
    if error_type == "tuple_type":
        return f"must be a list, not {kind(value)}; write [one, another], or a line with a dash for each"
    if error_type == "string_type":
        return f"must be a text, not {kind(value)}"
    known = keys_at(tuple(step for step in path if isinstance(step, str)))
    return f"must hold keys such as `{known[0]}:`, not {kind(value)}" if known else f"cannot be {kind(value)}"
