"""Values of JSON that others wrote, where they are of the type that is wanted."""

from __future__ import annotations

from typing import Any

from hub.markup import only_xml


def list_of(value: object) -> list[Any]:
    """The list, an empty one for what is none."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str | None:
    """The text without white space around it; None for an empty one, and for what is none."""
    # JSON's escapes can name characters that nothing else can hold.
    return only_xml(value).strip() or None if isinstance(value, str) else None
