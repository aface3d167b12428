"""Pages of HTML as trees, and what is asked of those again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from hub import urls

# The encoding, since lxml refuses a text that says how it was encoded; and ends of the page that
# come too soon, since browsers go on to read what follows them, and libxml2 does not.
_IN_THE_WAY = re.compile(r"^\s*<\?xml[^>]*\?>|</(?:body|html)\s*>", re.IGNORECASE)
# Scripts that a page carries along count towards this; no news page comes near it.
_LONGEST = 4 * 1024 * 1024
# Elements that hold no words, and those whose words stand apart from those around them.
_WORDLESS = frozenset(("script", "style", "noscript", "template", "svg", "math", "iframe"))
_BLOCK_NAMES = """
    address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li
    ol p pre section table td th tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())


def tree_of(text: str) -> lxml_html.HtmlElement | None:
    """A page's root element, with nothing but elements in it; None for what cannot be read as one."""
    try:
        page = _IN_THE_WAY.sub("", text[:_LONGEST]).encode("utf-8", "replace")
        parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        return lxml_html.document_fromstring(page, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def words_of(element: lxml_html.HtmlElement) -> str:
    """An element's words on one line, as they are shown."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: lxml_html.HtmlElement) -> Iterator[str]:
    if element.tag in _WORDLESS:
        return
    apart = " " if element.tag in _BLOCKS else ""
    yield apart + (element.text or "")
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield apart


def base_of(root: lxml_html.HtmlElement, url: str) -> str:
    """What a page's links are relative to (HTML Living Standard §2.4.3)."""
    base = next((each.get("href") for each in root.iter("base") if each.get("href")), None)
    return (urls.resolve(url, base) if base else None) or url


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site: of one host, but for `www.`."""
    return bool(host := urls.bare_host(one)) and host == urls.bare_host(other)
