"""The texts that a document declares in its own document type, put where it names them.

feedparser reads such declarations only where each stands on a line of its own,
and takes a document with others for a broken one. Read here are short, plain
texts: none that is made of others, which could grow without end, or that is
to be fetched from elsewhere.
"""

from __future__ import annotations

import re

# Characters of one text, and by how many a document may grow.
_LONGEST, _MOST_GROWTH = 200, 1_000_000
_DOCTYPE = re.compile(r"<!DOCTYPE\s", re.IGNORECASE)
_SUBSET = re.compile(r"<!DOCTYPE(?!\s+html)[^>\[]*(\[.*?\])\s*>", re.DOTALL | re.IGNORECASE)
# Those that need no declaration may have one, which says the same.
_DECLARED = re.compile(r"<!ENTITY\s+(?!(?:lt|gt|amp|quot|apos)\s)([\w:.-]+)\s+(?:\"([^\"]*)\"|'([^']*)')?")
# With references only to characters, or to what needs no declaration.
_PLAIN = re.compile(r"(?:[^<>&%]|&(?:#[0-9]+|#x[0-9a-fA-F]+|lt|gt|amp|quot|apos);)*")
# A reference, or what it may stand in as it is.
_REFERENCE = re.compile(r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|&([\w:.-]+);", re.DOTALL)


def put_in(text: str, *, root: int) -> tuple[str, tuple[str, ...]]:
    """A document, whose root element begins at `root`, with the texts that it declares where it names them.

    What it declares otherwise is left out, with a remark. Lines stay where they are.
    """
    # At the first alone: to look on from each of very many takes very long.
    doctype = _DOCTYPE.search(text, 0, root)
    subset = doctype and _SUBSET.match(text, doctype.start(), root)
    if subset is None:
        return text, ()
    declared: dict[str, str | None] = {}
    for found in _DECLARED.finditer(subset[1]):
        # The first one counts (XML 1.0 §4.2).
        declared.setdefault(found[1], _plain(found[2] if found[3] is None else found[3]))
    left, out = _MOST_GROWTH, ""

    def written(found: re.Match[str]) -> str:
        nonlocal left, out
        if found[1] not in declared:
            return found[0]
        value = declared[found[1]]
        if value is None or len(value) > left:
            out = out or found[0]
            return ""
        left -= max(0, len(value) - len(found[0]))
        return value

    start, end = subset.span(1)
    prologue = text[:start] + re.sub(r"[^\n]", " ", subset[1]) + text[end:root]
    body = _REFERENCE.sub(written, text[root:]) if declared else text[root:]
    remark = (
        f"its document type declares {out}, which is no short text or is named too often; it was left out"
    )
    return prologue + body, (remark,) if out else ()


def _plain(value: str | None) -> str | None:
    """What to write for a reference, so that it may stand in an attribute; None for what is not read."""
    if value is None or len(value) > _LONGEST:
        return None
    # In a declaration it is an & already, which may begin a reference (XML 1.0, appendix D).
    value = re.sub("&#(?:38|x26);", "&", value)
    if not _PLAIN.fullmatch(value):
        return None
    return " ".join(value.split("\n")).replace('"', "&quot;").replace("'", "&apos;")
