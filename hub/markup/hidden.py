"""What a text has that its publisher's page does not show, such as links that were smuggled into it."""

from __future__ import annotations

import re

# Whole comments, scripts and styles, so that what looks like a tag in them is none; then any tag. Each
# takes all it can at once, and needs no end: the time is in proportion to the length.
_TAG = re.compile(
    r"<!--(?:.*?-->|.*)|<(script|style)\b(?:.*?</\1|.*)"
    r"|<(/?)([a-z][a-z0-9:-]*)((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)>?",
    re.IGNORECASE | re.DOTALL,
)
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
_STYLE = re.compile(r"\sstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
# Nobody ever sees what is that far out, or what begins a newsletter for the list of mails alone.
_NEVER_SEEN = re.compile(
    r"(?<![\w-])(?:left|right|top|text-indent)\s*:\s*-(?:\d{4}|\d{3}(?:em|rem|vw)|999)|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_NO_HEIGHT = re.compile(r"max-height\s*:\s*0", re.IGNORECASE)
_INVISIBLE = re.compile(r"visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN = re.compile(r"\shidden(?=[\s/]|$|=(?!\"?until-found))", re.IGNORECASE)
# By these a script finds what it is to show: the rest of a text that unfolds.
_FOUND_BY = re.compile(r"\s(?:id|class)\s*=", re.IGNORECASE)
_HINTS = ("none", "hidden", "mso-hide", ":-", ": -")
# A picture that its style hides, or leaves two pixels of: it counts readers.
_HIDDEN_PICTURE = re.compile(
    r"<img(?=[^<>]*?\sstyle\s*=\s*(?:\"[^\"<>]*|'[^'<>]*)"
    r"(?:display\s*:\s*none|(?<![\w-])(?:width|height)\s*:\s*[0-2](?:px)?\s*(?:[;!\"'])))"
    r"(?![^<>]*?\s(?:id|class)\s*=)[^<>]*+>",
    re.IGNORECASE,
)


def without_hidden(html: str, lower: str) -> str:
    """HTML without the elements that no page shows; `lower` is the same in lower case.

    What a script may show, such as the answers to questions, stays; so does
    an element that is never closed.
    """
    styled = "style" in lower
    if styled and "<img" in lower:
        html = _HIDDEN_PICTURE.sub("", html)
    if not (styled or "hidden" in lower) or not any(hint in lower for hint in _HINTS):
        return html
    kept: list[str] = []
    end = 0
    begin, name, depth = 0, "", 0
    for tag in _TAG.finditer(html):
        found = (tag[3] or "").lower()
        if not found or _VOID.fullmatch(found):
            continue
        if name:
            if found == name:
                depth += -1 if tag[2] else 1
            if not depth:
                kept.append(html[end:begin])
                end, name = tag.end(), ""
        elif not tag[2] and _is_hidden(tag[4]):
            begin, name, depth = tag.start(), found, 1
    return "".join([*kept, html[end:]]) if end else html


def _is_hidden(attributes: str) -> bool:
    style = "".join(filter(None, found.groups())) if (found := _STYLE.search(attributes)) else ""
    not_displayed = _NOT_DISPLAYED.search(style)
    if _NEVER_SEEN.search(style) or (not_displayed and _NO_HEIGHT.search(style)):
        return True
    hidden = not_displayed or _INVISIBLE.search(style) or _HIDDEN.search(_STYLE.sub("", attributes))
    return bool(hidden) and not _FOUND_BY.search(attributes)
