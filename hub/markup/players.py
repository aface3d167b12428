"""Players of other sites (`iframe`, `object`, `embed`, what scripts make one of) as links to what they show.

No page of the hub's loads another.
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import parse_qs, urlsplit

from hub.markup.attributes import attributes_of, meant
from hub.markup.text import line, only_xml
from hub.urls import resolve

# Whole comments and start tags, so that what looks like a frame in one of their values is none. Each
# takes all it can at once, and needs no end: the time is in proportion to the length.
_TAG = re.compile(
    r"<!--(?:.*?-->|.*)|<([a-z][^\s/>]*)((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE | re.DOTALL
)
_HREF = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
NAMES = ("<iframe", "<object", "<embed", "flourish-embed", "sqs-video-wrapper")
"""What there is one of wherever a text has a player, in lower case."""
# Where its address is. Beside one that a script fills in later, if a reader agrees, `src` has a placeholder.
_SOURCES = {
    "iframe": ("data-src", "data-lazy-src", "data-cookieblock-src", "src"),
    "object": ("data",),
    "embed": ("src",),
}
# A chart's is its number.
_CHART, _CHARTS = "flourish-embed", "https://public.flourish.studio/"
# Squarespace has the frame as text, in an attribute.
_VIDEO = "sqs-video-wrapper"
_FRAME = re.compile(r"<iframe\b((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE)
# What is played has an address of its own, which shows more than its player's.
_PLAYED = (
    (
        re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/([\w-]{11})(?![\w-])"),
        "https://www.youtube.com/watch?v=",
    ),
    (re.compile(r"https?://player\.vimeo\.com/video/([0-9]+)"), "https://vimeo.com/"),
)
# Embedly's player, which Medium and Webflow have for all of others' sites, names the page that it is about.
_EMBEDLY = re.compile(r"https?://cdn\.embedly\.com/widgets/media\.html\?(.*)")
# And what no browser plays any more.
_SHOWS_NOTHING = re.compile(
    r"googletagmanager\.com/|doubleclick\.net/|facebook\.com/tr\b|\.swf(?:[?#]|$)", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# WordPress's frame around a page that it has named with a link just before.
_LINKED_BEFORE = "wp-embedded-content"
_LONGEST_TITLE = 200

# Characters that no text has (Unicode §23.7): around what is not of the publisher's words.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_NO_TEXT = str.maketrans("", "", _BEGIN + _END)
_WRITTEN = re.compile("&#(?:x0*fdd[01](?![0-9a-f])|0*6497[67](?![0-9]));?", re.IGNORECASE)
_LINK = re.compile(f"{_BEGIN}[^{_END}]*{_END}")


def without_marks(html: str) -> str:
    """HTML without the characters that stand around our links, as such or as references."""
    if _BEGIN in html or _END in html:
        html = html.translate(_NO_TEXT)
    # What stands around one must not become another.
    return _WRITTEN.sub(" ", html) if "&#" in html else html


def as_links(html: str, base: str | None) -> str:
    """HTML with a link before each player that shows something: its title, and whose page it leads to.

    The link is to be cleaned with all the rest, after which `without_links`
    and `unmarked` tell it from what the publisher wrote, which was taken
    `without_marks`.
    """
    # An `object` has the same as an `embed` within it, or as a link, for browsers that show none.
    linked = {resolve(base, unescape("".join(found))) for found in _HREF.findall(html)}
    return _TAG.sub(lambda match: _linked(match, base, linked), html)


def without_links(html: str) -> str:
    return _LINK.sub("", html) if _BEGIN in html else html


def unmarked(html: str) -> str:
    return html.translate(_NO_TEXT) if _BEGIN in html else html


def _linked(match: re.Match[str], base: str | None, linked: set[str | None]) -> str:
    name, written = (match[1] or "").lower(), match[2] or ""
    if _VIDEO in written and (frame := _FRAME.search(meant(attributes_of(written).get("data-html", "")))):
        name, written = "iframe", frame[1]
    if name not in _SOURCES and _CHART not in written:
        return match[0]
    attributes = {each: meant(value) for each, value in attributes_of(written).items() if value}
    if _CHART in attributes.get("class", "").split():
        found = [resolve(_CHARTS, attributes.get("data-src", ""))]
    else:
        found = [resolve(base, attributes[each]) for each in _SOURCES.get(name, ()) if each in attributes]
    link = next(filter(None, found), None)
    if link is None or not _shows(link, attributes) or (name != "iframe" and link in linked):
        return match[0]
    linked.add(link)
    if embedly := _EMBEDLY.match(link):
        link = resolve(None, parse_qs(embedly[1]).get("url", [""])[0]) or link
    for player, page in _PLAYED:
        if played := player.match(link):
            link = page + played[1]
    site = urlsplit(link).netloc.removeprefix("www.")
    title = line(only_xml(attributes.get("title", "")))[:_LONGEST_TITLE]
    words = f"{title} ({site})" if title else site
    return f'{_BEGIN}<a href="{escape(link)}">{escape(words)}</a> {_END}{match[0]}'


def _shows(link: str, attributes: dict[str, str]) -> bool:
    if _SHOWS_NOTHING.search(link) or _LINKED_BEFORE in attributes.get("class", "").split():
        return False
    sides = (attributes.get(side, "").strip() for side in ("width", "height"))
    return not _HIDDEN.search(attributes.get("style", "")) and not any(side in ("0", "1") for side in sides)
