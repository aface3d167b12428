"""What a text has that its publisher's page does not show, such as links that were smuggled into it."""

from __future__ import annotations

import re
from collections.abc import Callable

from hub.markup.attributes import attributes_of, meant

# Whole comments, scripts and styles, so that what looks like a tag in them is none; then any tag. Each
# takes all it can at once, and needs no end: the time is in proportion to the length.
_TAG = re.compile(
    r"<!--(?:.*?-->|.*)|<(script|style)\b(?:.*?</\1|.*)"
    r"|<(/?)([a-z][a-z0-9:-]*)((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)>?",
    re.IGNORECASE | re.DOTALL,
)
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
# Nobody ever sees what is that far out, or what begins a newsletter for the list of mails alone.
_NEVER_SEEN = re.compile(
    r"(?<![\w-])(?:left|right|top|text-indent)\s*:\s*-(?:\d{4}|\d{3}(?:em|rem|vw)|999)|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_NO_HEIGHT = re.compile(r"max-height\s*:\s*0", re.IGNORECASE)
_INVISIBLE = re.compile(r"visibility\s*:\s*hidden", re.IGNORECASE)
_HINTS = ("none", "hidden", "mso-hide", ":-", ": -")
_IMG = re.compile(r"<img(?=[\s/])((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)>", re.IGNORECASE)
_TWO_PIXELS = re.compile(r"(?<![\w-])(?:width|height)\s*:\s*[0-2](?:px)?\s*(?:[;!]|$)", re.IGNORECASE)
# What earlier hubs looked for in all that a tag has, its values too.
_ANY_STYLE = re.compile(r"\sstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_ANY_HIDDEN = re.compile(r"\shidden(?=[\s/]|$|=(?!\"?until-found))", re.IGNORECASE)
_ANY_NAME = re.compile(r"\s(?:id|class)\s*=", re.IGNORECASE)


def without_hidden(html: str, lower: str) -> tuple[str, str]:
    """HTML without the elements that no page shows; `lower` is the same in lower case.

    What a script may show, such as the answers to questions, stays; so does
    an element that is never closed. The second is what an earlier hub left of
    the HTML, mostly the same.
    """
    styled = "style" in lower
    if styled and "<img" in lower:
        html = _IMG.sub(lambda img: "" if _is_hidden_picture(img[1]) else img[0], html)
    if not (styled or "hidden" in lower) or not any(hint in lower for hint in _HINTS):
        return html, html
    return _without(html, _is_hidden), _without(html, _was_hidden)


def _without(html: str, is_hidden: Callable[[str], bool]) -> str:
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
        elif not tag[2] and is_hidden(tag[4]):
            begin, name, depth = tag.start(), found, 1
    return "".join([*kept, html[end:]]) if end else html


def _may_hide(tag: str) -> bool:
    lower = tag.lower()
    return "style" in lower or "hidden" in lower


def _is_hidden(tag: str) -> bool:
    if not _may_hide(tag):
        return False
    its = attributes_of(tag)
    style = meant(its.get("style", ""))
    if _is_never_seen(style):
        return True
    hidden = "hidden" in its and meant(its["hidden"]).strip().lower() != "until-found"
    return (hidden or _is_off(style)) and not _is_found_by_scripts(its)


def _is_hidden_picture(tag: str) -> bool:
    """Whether its style hides a picture, or leaves two pixels of it: it counts readers."""
    if "style" not in tag.lower():
        return False
    its = attributes_of(tag)
    style = meant(its.get("style", ""))
    is_gone = _NOT_DISPLAYED.search(style) or _TWO_PIXELS.search(style)
    return bool(is_gone) and not _is_found_by_scripts(its)


def _is_never_seen(style: str) -> bool:
    if _NEVER_SEEN.search(style):
        return True
    return bool(_NOT_DISPLAYED.search(style) and _NO_HEIGHT.search(style))


def _is_off(style: str) -> bool:
    return bool(_NOT_DISPLAYED.search(style) or _INVISIBLE.search(style))


def _is_found_by_scripts(its: dict[str, str]) -> bool:
    # It is what a script is to show: the rest of a text that unfolds, or a picture.
    return bool(its.get("id") or its.get("class"))


def _was_hidden(tag: str) -> bool:
    if not _may_hide(tag):
        return False
    style = "".join(filter(None, found.groups())) if (found := _ANY_STYLE.search(tag)) else ""
    if _is_never_seen(style):
        return True
    hidden = _is_off(style) or _ANY_HIDDEN.search(_ANY_STYLE.sub("", tag))
    return bool(hidden) and not _ANY_NAME.search(tag)
