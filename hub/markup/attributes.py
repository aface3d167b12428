"""The attributes of a start tag that someone wrote, so that nothing in a value is taken for one."""

from __future__ import annotations

import re

from hub.markup.text import unescape

_ATTRIBUTE = re.compile(r"(?<![^\s\"'<>/=])([^\s\"'<>/=]++)(?:\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^\s>\"']++))?")


def attributes_of(tag: str) -> dict[str, str]:
    """Those of a tag by their names in lower case, the values as they are written, `""` for none.

    Of two with one name the first counts.
    """
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(tag):
        found.setdefault(name.lower(), value)
    return found


def meant(value: str) -> str:
    """What a value says that is written with or without quotes."""
    return unescape(value[1:-1] if value[:1] in ("'", '"') else value)
