"""Cursors: where a list goes on, as given out to whoever reads it."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from hub.store import BadCursor


def write_cursor(kind: str, *values: str | int) -> str:
    """A place in a list as one word, for addresses; `kind` tells lists of one order from those of another."""
    return base64.urlsafe_b64encode(json.dumps([kind, *values]).encode()).decode().rstrip("=")


def read_cursor(cursor: str, kind: str, types: tuple[type, ...]) -> tuple[Any, ...]:
    """What a cursor of that kind holds. Raises BadCursor."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursor(cursor) from error
    if (
        not isinstance(values, list)
        or values[:1] != [kind]
        or [type(value) for value in values[1:]] != list(types)
        or any(isinstance(value, int) and not 0 <= value < 2**63 for value in values)
        # Half of a surrogate pair, which JSON can write, is no text for a database.
        or not all(value.isascii() for value in values if isinstance(value, str))
    ):
        raise BadCursor(cursor)
    return tuple(values[1:])
