"""Players of other sites (`iframe`) as links to what they play, since no page of the hub's loads another."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urlsplit

from hub.markup.text import line, only_xml
from hub.urls import resolve

# Whole comments and start tags, so that what looks like a frame in one of their values is none. Each
# takes all it can at once, and needs no end: the time is in proportion to the length.
_TAG = re.compile(
    r"<!--(?:.*?-->|.*)|<([a-z][^\s/>]*)((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE | re.DOTALL
)
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))")
# Beside an address that a script was to fill in later, `src` has a placeholder.
_SOURCES = ("data-src", "data-lazy-src", "src")
# What is played has an address of its own, which shows more than its player's.
_PLAYED = (
    (
        re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{11})(?![\w-])"),
        "https://www.youtube.com/watch?v=",
    ),
    (re.compile(r"https?://player\.vimeo\.com/video/([0-9]+)"), "https://vimeo.com/"),
)
_COUNTS_VISITORS = re.compile(r"googletagmanager\.com/|doubleclick\.net/|facebook\.com/tr\b", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# WordPress's frame around a page that it has named with a link just before.
_LINKED_BEFORE = "wp-embedded-content"
_LONGEST_TITLE = 200

# Characters that no text has (Unicode §23.7): around what is not of the publisher's words.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_NO_TEXT = str.maketrans("", "", _BEGIN + _END)
_LINK = re.compile(f"{_BEGIN}[^{_END}]*{_END}")


def as_links(html: str, base: str | None) -> str:
    """HTML with a link before each frame that shows something: its title, and whose page it leads to.

    The link is to be cleaned with all the rest, after which `without_links`
    and `unmarked` tell it from what the publisher wrote.
    """
    return _TAG.sub(lambda match: _linked(match, base), html.translate(_NO_TEXT))


def without_links(html: str) -> str:
    return _LINK.sub("", html) if _BEGIN in html else html


def unmarked(html: str) -> str:
    return html.translate(_NO_TEXT) if _BEGIN in html else html


def _linked(match: re.Match[str], base: str | None) -> str:
    if (match[1] or "").lower() != "iframe":
        return match[0]
    attributes: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(match[2]):
        # Of two with one name the first counts.
        attributes.setdefault(name.lower(), unescape("".join(values)))
    found = (resolve(base, attributes[name]) for name in _SOURCES if name in attributes)
    link = next(filter(None, found), None)
    if link is None or not _shows(link, attributes):
        return match[0]
    for player, page in _PLAYED:
        if played := player.match(link):
            link = page + played[1]
    site = urlsplit(link).netloc.removeprefix("www.")
    title = line(only_xml(attributes.get("title", "")))[:_LONGEST_TITLE]
    words = f"{title} ({site})" if title else site
    return f'{_BEGIN}<a href="{escape(link)}">{escape(words)}</a> {_END}{match[0]}'


def _shows(link: str, attributes: dict[str, str]) -> bool:
    if _COUNTS_VISITORS.search(link) or _LINKED_BEFORE in attributes.get("class", "").split():
        return False
    sides = (attributes.get(side, "").strip() for side in ("width", "height"))
    return not _HIDDEN.search(attributes.get("style", "")) and not any(side in ("0", "1") for side in sides)
