"""What a page that lists news shows: selectors, by what repeats in it, and feeds; for an admin to judge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from hub import urls
from hub.errors import ParseError
from hub.model import HtmlList
from hub.parse import html
from hub.parse.daytexts import read_day
from hub.parse.document import Wanted
from hub.parse.tree import base_of, same_site, tree_of, words_of

_LONGEST_DATE = 40
_PART = re.compile(r"\w+")
_PARTS_OF_A_DAY = 3
_FEWEST_WORDS = 2
# From a date up to what holds it and its link; more steps lead to the list itself.
_STEPS = 6
_FEWEST_ITEMS = 2
# Of others, such as Word's o:p, no selector can be made.
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_CLASS = re.compile(r"[A-Za-z][\w-]*")
_OWN_NUMBER = re.compile(r"\d{2,}")
_NO_NEWS = frozenset(("nav", "header", "footer", "script", "style", "form"))
_A_FEED = re.compile(r"\b(?:rss|atom|feeds?)\b", re.IGNORECASE)
_MOST_FEEDS = 2
_NEXT = ("a[rel~=next]", ".next a", "a.next", ".pagination a.older", "a.older", "a[aria-label*=Next]")


def feeds(text: str, url: str) -> tuple[str, ...]:
    """The addresses on its own site that a page's links call feeds, a few at most."""
    root = tree_of(text)
    if root is None:
        return ()
    base = base_of(root, url)
    named = (
        urls.resolve(base, link.get("href") or "")
        for link in root.iter("a")
        if _A_FEED.search(words_of(link) or link.get("title") or "")
    )
    found = dict.fromkeys(
        each for each in named if each and same_site(each, url) and not urls.is_of_comments(each)
    )
    return tuple(islice(found, _MOST_FEEDS))


def guess(text: str, url: str, zone: ZoneInfo) -> HtmlList | None:
    """How a page lists its news, as far as it shows; None where nothing repeats in it."""
    root = tree_of(text)
    if root is None:
        return None
    dated = [(item, date) for date in _dates(root, zone) if (item := _item_of(date)) is not None]
    items = [item for item, _ in dated] or [
        item for each in _headings(root) if (item := _item_of(each)) is not None
    ]
    selector = _common(root, items)
    if selector is None:
        return None
    found = html.select(root, selector)
    own = [(item, date) for item, date in dated if item in found]
    title = next((name for name in ("h2", "h3", "h4", "h1", "h5") if _in_most(found, name)), None)
    days = {date for _, date in own}
    told = [(item, told) for item in found if (told := _told(item, days)) is not None]
    kind = HtmlList(
        item=selector,
        title=title,
        date=_first_within(own),
        summary=_first_within(told) if len(told) * 2 > len(found) else None,
        image="img" if _in_most(found, "img") else None,
        next=next((each for each in _NEXT if html.select(root, each)), None),
    )
    try:
        wanted = Wanted(url=url, part="listing")
        part = html.read_listing(text, wanted, kind, url=url, known=frozenset(), zone=zone)
    except ParseError:
        return None
    return kind if len(part.feed.entries) >= _FEWEST_ITEMS else None


def _dates(root: HtmlElement, zone: ZoneInfo) -> Iterator[HtmlElement]:
    """What holds a date and little else, the innermost element of each."""
    for element in root.iter():
        if _is_no_news(element):
            continue
        if element.tag == "time" or _is_date(element, zone, root.get("lang")):
            yield element


def _is_date(element: HtmlElement, zone: ZoneInfo, language: str | None) -> bool:
    """Whether an element's words, which may each stand in one of its own, are a day."""
    if any(len(part) or part.tag == "time" or _is_date(part, zone, language) for part in element):
        return False
    text = " ".join(" ".join(element.itertext()).split())
    # Not a year alone, nor a month.
    if not text or len(text) > _LONGEST_DATE or len(_PART.findall(text)) < _PARTS_OF_A_DAY:
        return False
    return read_day(text, zone, language=language) is not None


def _told(item: HtmlElement, dates: set[HtmlElement]) -> HtmlElement | None:
    """The first paragraph of an item that is more than its date or a link."""
    for paragraph in item.iter("p"):
        words = words_of(paragraph)
        links = [words_of(link) for link in paragraph.iter("a")]
        if words and words not in links and dates.isdisjoint((*paragraph.iter(), *paragraph.iterancestors())):
            return paragraph
    return None


def _headings(root: HtmlElement) -> Iterator[HtmlElement]:
    for name in ("h2", "h3", "h4"):
        for heading in root.iter(name):
            if not _is_no_news(heading) and next(heading.iter("a"), None) is not None:
                yield heading


def _is_no_news(element: HtmlElement) -> bool:
    return any(each.tag in _NO_NEWS for each in (element, *element.iterancestors()))


def _item_of(part: HtmlElement) -> HtmlElement | None:
    """The nearest element around a part of an item that holds a link with some words too."""
    for step, element in enumerate((part, *part.iterancestors())):
        if step > _STEPS or element.tag in ("body", "main", "html"):
            return None
        if any(len(words_of(link).split()) >= _FEWEST_WORDS for link in element.iter("a")):
            # What is a link itself stands in the list by itself, or in its row.
            above = element.getparent()
            alone = above is not None and above.tag in ("li", "article") and len(list(above.iter("a"))) == 1
            return above if alone else element
    return None


def _common(root: HtmlElement, items: Sequence[HtmlElement]) -> str | None:
    """The selector that finds most of these and little else."""
    counts = Counter(selector for item in items for selector in _selectors(item))
    scored = [
        (count * count / max(1, len(html.select(root, selector))), "." in selector, selector)
        for selector, count in counts.most_common(20)
        if count >= _FEWEST_ITEMS
    ]
    return max(scored)[2] if scored else None


def _first_within(parts: Sequence[tuple[HtmlElement, HtmlElement]]) -> str | None:
    """The selector that finds the most of these parts first of all in their items; None where none does."""
    wanted = {part for _, part in parts}
    items = list(dict.fromkeys(item for item, _ in parts))
    selectors = Counter(each for _, part in parts for each in (*_selectors(part), *_place(part)))
    ranked = (
        (
            sum(not wanted.isdisjoint(html.select(item, selector)[:1]) for item in items),
            "date" in selector or selector == "time",
            ":" not in selector,
            "." in selector,
            selector,
        )
        for selector, _ in selectors.most_common(20)
    )
    count, *_, selector = max(ranked, default=(0, ""))
    return selector if count else None


def _place(element: HtmlElement) -> Iterator[str]:
    """The selector of an element by its place among those of its name."""
    if not _NAME.fullmatch(str(element.tag)):
        return
    before = sum(1 for each in element.itersiblings(element.tag, preceding=True))
    yield f"{element.tag}:nth-of-type({before + 1})"


def _selectors(element: HtmlElement) -> Iterator[str]:
    if not _NAME.fullmatch(str(element.tag)):
        return
    yield str(element.tag)
    for name in (element.get("class") or "").split():
        # post-1234 is this one's own.
        if _CLASS.fullmatch(name) and not _OWN_NUMBER.search(name):
            yield f"{element.tag}.{name}"


def _in_most(items: Sequence[HtmlElement], name: str) -> bool:
    having = sum(1 for item in items if next(item.iter(name), None) is not None)
    return having * 2 > len(items)
