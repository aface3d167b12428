"""What others meant by a text: HTML, HTML that was escaped once too often, or plain words."""

from __future__ import annotations

import re
from html.entities import html5
from typing import Literal

from hub.markup.sanitise import ELEMENTS, clean
from hub.markup.text import escape, line, unescape

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")
_TITLE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=([\s/])|>)[^<>]*>")
_ALONE = frozenset(("br", "hr", "wbr"))
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*?)\]\]>\s*", re.DOTALL)
_ELEMENT_FIRST = re.compile(
    r"\s*<(p|div|h[1-6]|ul|ol|table|figure|section|article|blockquote)\b[^<>]*>.*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED_AGAIN = 2
_KNOWN = ELEMENTS | frozenset(["big", "button", "font", "form", "marquee", "object", "tt"])


def plain(html: str) -> str:
    """The words of an HTML fragment on one line: tags removed, entities decoded once."""
    if "<" not in html:
        return line(unescape(html)) if "&" in html else line(html)
    return line(clean(html, base=None).text)


def without_references(text: str) -> str:
    """Plain text with its character references decoded, once, where its writer escaped what takes it.

    That is, each `&` begins one. Where there is a `<`, or would be, it is about HTML.
    """
    if "&" not in text or "<" in text:
        return text
    found = list(_REFERENCE.finditer(text))
    if len(found) < text.count("&") or any(each[1] and f"{each[1]};" not in html5 for each in found):
        return text
    decoded = unescape(text)
    return text if "<" in decoded else decoded


def as_html(value: str, *, is_text: bool) -> str:
    """The HTML of a summary or a content, from its value; `is_text` where it says that it is plain text.

    What is wrapped in CDATA, or begins with an element of HTML and was
    escaped once too often or said to be text, is what its publisher meant,
    and so is what has references for all that it escapes.
    """
    if "<![CDATA[" in value[:40] and (section := _CDATA.fullmatch(value)):
        value = section[1]
    if "<" not in value and value[:40].lstrip().startswith("&lt;"):
        again = unescape(value)
        value = again if _ELEMENT_FIRST.match(again) else value
    if is_text and not ("<" in value and _ELEMENT_FIRST.match(value)):
        return escape(without_references(value))
    return value


def is_html(value: str) -> bool:
    """Whether a text is more likely HTML than not: a character reference, or a tag that is closed."""
    for match in _REFERENCE.finditer(value):
        if match[1] is None or f"{match[1]};" in html5:
            return True
    opened: set[str] = set()
    for slash, name, more in _TITLE_TAG.findall(value):
        name = name.lower()
        if name in _ALONE or (name == "img" and more) or (slash and name in opened):
            return True
        if not slash and name in _KNOWN:
            opened.add(name)
    return "<!--" in value and "-->" in value


def title_text(value: str, *, type: Literal["text", "html"] | None) -> str:
    """The words of a title as its publisher meant them, on one line, as `line` has it.

    `type` is Atom's (RFC 4287 §3.1.1, xhtml being html here); None is RSS,
    which does not say: a title is then HTML if it has a character reference
    or a tag that is closed again, and references that are left are decoded
    again, since some systems escape what others have escaped. `a < b`,
    `Use <b> in HTML` and `AT&T` are what they look like. In plain text tags
    are what they look like, too, and references are decoded if nothing in it
    should have been one (`without_references`).
    """
    if type == "html" or (type is None and ("<" in value or "&" in value) and is_html(value)):
        text = plain(value)
        for _ in range(_ESCAPED_AGAIN) if type is None and "&" in text else ():
            text = line(_REFERENCE.sub(lambda found: unescape(found[0]), text))
        return text
    return line(without_references(value) if type == "text" else value)
