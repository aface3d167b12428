"""HTML that others wrote: made safe, its links absolute, and its words.

The only module that knows nh3. Sanitising is the last that happens to a
text's markup: what nh3 wrote is stored and shown as it is, never parsed and
written again, since what one parser takes for text another may take for
markup.
"""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar

import nh3
from msgspec import Struct
from msgspec.structs import replace

from hub.markup import players
from hub.markup.attributes import attributes_of
from hub.markup.hidden import without_hidden
from hub.markup.text import escape, in_paragraphs, only_xml, unescape, without_breaks
from hub.urls import legal, resolve

# ---------------------------------------------------------------- what a text may be made of


def _names(text: str) -> set[str]:
    return set(text.split())


# Elements of news; all others are taken away and their words kept. Nothing here
# can run, cover the page, load a page inside the page, ask for a password or be
# styled by a name, and nothing that feed readers are known to refuse.
_BARE = _names("""
    h1 h2 h3 h4 h5 h6 p div span br hr wbr pre center article aside section header footer address
    ul dl dt dd figure figcaption picture summary table caption thead tbody tfoot tr
    b bdi bdo cite code dfn em i kbd mark rp rt ruby s samp small strike strong sub sup u var
""")
_WITH_ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "abbr": {"title"},
    "audio": {"src"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "media", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", "width", "height"},
}
_ON_ALL = {"dir", "lang"}

_ALLOWED = _BARE | _WITH_ATTRIBUTES.keys()

# Elements whose content is no news either.
_WITH_CONTENT = _names("""
    script style noscript template title svg math iframe noframes noembed select datalist textarea xml
""")
ELEMENTS = _ALLOWED | _WITH_CONTENT
"""Those that are let through, and those that are dropped with all that they hold."""

# A recording has its player's buttons, and loads when a reader says so.
_PLAYER = {"controls": "", "preload": "none"}

_NUMBER = re.compile(r"\s*(-?[0-9]{1,5})(?:px)?\s*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
_CONTACT = re.compile(r"(?:mailto|tel):\S", re.IGNORECASE)


def _number(value: str) -> str | None:
    match = _NUMBER.fullmatch(value)
    return match[1] if match else None


def _span(value: str) -> str | None:
    # A cell that spans a million rows makes browsers lay out a million rows.
    return value if re.fullmatch("[0-9]{1,3}", value) else None


def _language(value: str) -> str | None:
    return value if _LANGUAGE.fullmatch(value) else None


def _direction(value: str) -> str | None:
    return value.lower() if value.lower() in ("ltr", "rtl", "auto") else None


_VALUES: dict[str, Callable[[str], str | None]] = {
    "dir": _direction,
    "lang": _language,
    "hreflang": _language,
    "srclang": _language,
    "colspan": _span,
    "rowspan": _span,
    "span": _span,
    **dict.fromkeys(("width", "height", "start", "value"), _number),
}

# ---------------------------------------------------------------- bounds

# Within these an HTML parser takes about a second for the worst there is; past
# any of them a text is published as its words alone.

# In characters, not counting pictures that are written into the text.
_LONGEST = 500_000
_MOST_TAGS = 25_000
# HTML repeats formatting that nobody closed in every block that follows (HTML
# §13.2.4.3), so that 20 KB can ask for a gigabyte. How often, at the most:
# each such element once for each tag.
_MOST_REPEATS = 500_000
# Elements in elements. XML parsers and readers give up soon after.
_DEEPEST = 200

# Its start tag, and what follows where that is simple enough to be sure that the
# tag ends there.
_FORMATTING = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])"
    r"((?:\s+[a-z:_\-]+(?:=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'`=<>]+))?)*+\s*/?>)?",
    re.IGNORECASE,
)
_DATA = re.compile(r"data:[^\s\"'<>]{1000,}", re.IGNORECASE)


def _too_much(html: str) -> bool:
    if len(html) > _LONGEST:
        return True
    tags = html.count("<")
    if tags < _DEEPEST:
        return False
    # Of those that are alike no more than three are repeated.
    starts = Counter(_FORMATTING.findall(html))
    repeated = sum(min(count, 3) if rest else count for (_, rest), count in starts.items())
    return tags > _MOST_TAGS or repeated * tags > _MOST_REPEATS


def _too_deep(safe: str) -> bool:
    # The first takes less than half of the second's time, and mostly says it.
    if safe.count("<") <= _DEEPEST or safe.count("</") <= _DEEPEST:
        return False
    depth = 0
    for slash, name in _ENDS.findall(safe):
        depth += -1 if slash else name not in _VOID
        if depth > _DEEPEST:
            return True
    return False


# ---------------------------------------------------------------- links

# HTML §4.8.4.2.1: a candidate is a URL, which may hold commas, then descriptors
# up to a comma outside brackets.
_CANDIDATE = re.compile(r"[\s,]*([^\s]+)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*\)?)*+")
_DESCRIPTOR = re.compile(r"[1-9][0-9]{0,5}[wh]|[0-9]{0,4}\.?[0-9]{1,4}x")


def _srcset(base: str | None, value: str) -> str | None:
    candidates = []
    at = 0
    while match := _CANDIDATE.match(value, at):
        link, at = match[1], match.end()
        descriptors: list[str] = []
        if link.endswith(","):
            link = link.rstrip(",")
        else:
            rest = _DESCRIPTORS.match(value, at)
            descriptors, at = (rest[0].split(), rest.end()) if rest else ([], at)
        url = resolve(base, link)
        if url and all(_DESCRIPTOR.fullmatch(descriptor) for descriptor in descriptors):
            candidates.append(" ".join((url, *descriptors)))
    return ", ".join(candidates) or None


def _href(base: str | None, value: str) -> str | None:
    text = value.strip()
    return legal(text) if _CONTACT.match(text) else resolve(base, text)


# Pictures that a script was to load later: WordPress's plug-ins write the real
# address beside a placeholder.
_LATER = (
    ("src", ("data-src", "data-lazy-src", "data-original")),
    ("srcset", ("data-srcset", "data-lazy-srcset")),
)
_HAS_LATER = re.compile(r"\sdata-(?:(?:lazy-)?src|original)", re.IGNORECASE)
# What is shown until then.
_PLACEHOLDER = re.compile(
    r"\Z|data:|.*[/_-](?:1x1|blank|lazy|load(?:ing|er)|pixel|placeholder|spacer|transparent)"
    r"[\w.-]{0,40}\.(?:gif|png|svg|jpe?g|webp)(?:\?|\Z)",
    re.DOTALL,
)
_PICTURE = re.compile(r"<(img|source)(?=[\s/])((?:[^>\"']++|\"[^\"]*\"|'[^']*')*+)", re.IGNORECASE)


def _load_now(match: re.Match[str]) -> str:
    attributes = attributes_of(match[2])
    real = ""
    for name, later in _LATER:
        shown = attributes.get(name, "").strip("\"' ").lower()
        if _PLACEHOLDER.match(shown):
            real += "".join(f" {name}={attributes[key]}" for key in later if attributes.get(key))
    return f"<{match[1]}{real}{match[2]}"


# What links in the text that is being cleaned are relative to. Of a cleaner there is one alone, since to make
# it takes longer than to clean most texts, and nearly each text has a base of its own.
_base: ContextVar[str | None] = ContextVar("base")


def _value_of(_element: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return _href(_base.get(), value)
    if attribute in ("src", "poster", "cite"):
        return None if value in _NO_ADDRESS else resolve(_base.get(), value)
    if attribute == "srcset":
        return _srcset(_base.get(), value)
    check = _VALUES.get(attribute)
    return check(value) if check else value


_CLEANER = nh3.Cleaner(
    tags=_ALLOWED,
    clean_content_tags=_WITH_CONTENT,
    attributes={**_WITH_ATTRIBUTES, "*": _ON_ALL},
    attribute_filter=_value_of,
    set_tag_attribute_values={"audio": _PLAYER, "video": _PLAYER},
    url_schemes={"http", "https", "mailto", "tel"},
    # Nothing opens a window, so there is no opener to protect.
    link_rel=None,
)


# ---------------------------------------------------------------- clean

# How nh3 writes tags: lower case, every attribute quoted, `<` escaped elsewhere.
_WRITTEN = '(?: [a-z]+="[^"]*")*'
_BLOCK = (
    "address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]"
    "|header|hr|li|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_BLOCK_TAG = re.compile(f"</?(?:{_BLOCK}){_WRITTEN}>")
_CELL_TAG = re.compile(f"<t[dh]{_WRITTEN}>")
_TAG = re.compile(f"</?[a-z][a-z0-9]*{_WRITTEN}>")
_ENDS = re.compile(f"<(/?)([a-z][a-z0-9]*){_WRITTEN}>")
_VOID = frozenset(("br", "col", "hr", "img", "source", "track", "wbr"))
_IMAGE = re.compile(f"<img({_WRITTEN})>")
_VALUE = re.compile('([a-z]+)="([^"]*)"')
_NOTHING_TO_SHOW = re.compile('<(?:img|source)(?: (?!src="|srcset=")[a-z]+="[^"]*")*>')

# Pictures that count readers: nobody sees them, and whoever reads the text here would be counted there.
_COUNTER = (
    r"//pixel\.|/b\.gif|/__ptq\.gif|medium\.com/_/stat"
    r"|/pixel\.(?:gif|php)|(?:rss|track|tracking)[-_]pixel\."
    r"|doubleclick\.|feedburner\.com/~|feedsportal\."
)
# Such a host may have charts, too.
_STATISTICS = r"//stats\."
_COUNTS_READERS = re.compile(
    r'<img(?: [a-z]+="[^"]*")*?'
    rf' (?:(?:width|height)="[0-2]"|src="[^"]*?(?:{_COUNTER}|({_STATISTICS}))[^"]*"){_WRITTEN}>'
)
_IS_LARGE = re.compile(' (?:width|height)="[0-9]{3}')
# These, and pictures that stand for a character, a person or a button to share with.
_NO_CONTENT = re.compile(
    r"/emoji/|/smilies/|twemoji|wpcom-smileys|gravatar\.com/|addtoany\.com/|/share[_-](?:save|icon|button|this)"
    rf"|/pixel\b|-pixel\.(?:png|gif)|feedburner\.|{_COUNTER}|{_STATISTICS}",
    re.IGNORECASE,
)
_SMALL, _SHORT = 32, 200  # pixels: the sides of an icon, and of a button
# What a program wrote that had no address.
_NO_ADDRESS = frozenset(("undefined", "null"))


class Cleaned(Struct, frozen=True):
    """HTML that may be published, with the words in it and its first picture.

    `html` is a well-formed fragment in which every link is absolute. `text`
    is plain, a line for each block; `prose` is what is left of it without its
    title, author and date, and without the captions of pictures near its beginning,
    where it has any of these. `image` is an absolute http(s) URL. `misread` is the text
    as earlier hubs read it, where they took words for hidden that are not; None where
    they read the same.
    """

    html: str
    text: str
    image: str | None = None
    prose: str = ""
    misread: str | None = None


# What WordPress's page builders (WPBakery, Divi, Avada, Enfold) store. They do not always read it again for
# the site's API, nor does a site that has gone over to another.
_BUILDER = re.compile(
    r"\[(vc_raw_(?:html|js))\b[^\[\]]*\][^\[\]]*\[/\1\]|\[/?(?:vc|et_pb|fusion|av)_[a-z][^\[\]]*\]",
    re.IGNORECASE,
)


def clean(html: str, *, base: str | None) -> Cleaned:
    """Make someone's HTML safe to publish; links in it are relative to `base`.

    What survives is a list of elements and attributes, links to http(s),
    mailto and tel, and characters that XML may hold. Formulas, drawings,
    forms, all that runs, what counts readers, the marks of page builders and
    what the publisher's page hides are dropped; of a player of another site a
    link to what it plays is left, whose words do not count as the text's. HTML
    that would take too long or is nested too deep becomes paragraphs of its
    words. Raises nothing.
    """
    built = _BUILDER.sub(" ", html) if "[" in html else html
    if built == html:
        return _clean(html, base)
    before, cleaned = _clean(html, base), _clean(built, base)
    return replace(cleaned, misread=before.text if before.misread is None else before.misread)


def _clean(html: str, base: str | None) -> Cleaned:
    # A parser would take a byte order mark for none of the text.
    html = players.without_marks(only_xml(html)).lstrip("\ufeff")
    if "\n" in html and not _ANY_TAG.search(html) and _EMPTY_LINE.search(html.strip()):
        # It is plain text that does not say so, such as a post of Bluesky's.
        return replace(
            clean(in_paragraphs(html), base=base), misread=_lines(unescape(html.replace("\n", " ")))
        )
    if "<" not in html and "&" not in html:
        escaped = html.replace(">", "&gt;").replace("\xa0", "&nbsp;")
        text = " ".join(without_breaks(html).split())
        return Cleaned(escaped.replace("\r\n", "\n").replace("\r", "\n").strip(), text)
    if len(html) > _LONGEST:
        html = _DATA.sub("", html)
    if _too_much(html):
        return _words_alone(html)
    lower = html.lower()
    if "data-" in lower and _HAS_LATER.search(html):
        html = _PICTURE.sub(_load_now, html)
    shown, before = without_hidden(html, lower)
    cleaned = _cleaned(shown, lower, base)
    return cleaned if before == shown else replace(cleaned, misread=_cleaned(before, lower, base).text)


def _cleaned(html: str, lower: str, base: str | None) -> Cleaned:
    linked = players.as_links(html, base) if any(map(lower.__contains__, players.NAMES)) else html
    _base.set(base)
    # nh3 writes the two in any order, and the same text is to give the same bytes.
    safe = _CLEANER.clean(linked).replace(' preload="none" controls=""', ' controls="" preload="none"')
    # Leaving out whole void elements and single control characters cannot turn
    # text into markup: every `<` and `&` that is left was written by nh3. (One
    # character is looked for in a tenth of the time that two are.)
    if "&" in html and "&#" in html:
        safe = only_xml(safe)
    safe = _NOTHING_TO_SHOW.sub("", safe)
    has_pictures = "<img" in safe
    if has_pictures:
        safe = _COUNTS_READERS.sub(_without_counter, safe)
    safe = safe.strip()
    if len(safe) > 4 * len(html) + 10_000 or _too_deep(safe):
        return _words_alone(html)
    text = _text(players.without_links(safe))
    prose = text
    if "<span" in lower and (without := _BYLINE.sub("", linked)) != linked:
        prose = _text(players.without_links(only_xml(_CLEANER.clean(without))))
    if has_pictures and "caption" in lower:
        prose = _without_captions(html, prose)
    return Cleaned(players.unmarked(safe), text, _first_image(safe), prose if prose != text else "")


def _without_counter(picture: re.Match[str]) -> str:
    # What nobody sees has no such size, or does not say any.
    return picture[0] if picture[1] and _IS_LARGE.search(picture[0]) else ""


# Drupal's feeds have an entry's title, author and date in its text, too: by the names of their fields, or, of
# themes that write none, one after the other before all else.
_IN_SPAN = r"(?:[^<]++|<(a|span|time)\b[^<>]*+>[^<]*+</\{}\s*>)*+</span\s*>"
_BYLINE = re.compile(
    r"<span\b(?=[^<>]*?\sclass=[\"'][^<>\"']*?\bfield--name-(?:title|uid|created)\b)[^<>]*+>"
    + _IN_SPAN.format(1)
    + r"|\A\s*+<span\b[^<>]*+>[^<]*+</span\s*>\s*+<span\b[^<>]*+><(a|span)\b[^<>]*+>[^<]*+</\2\s*></span\s*>"
    r"\s*+<span\b(?:(?=[^<>]*\bschema:dateCreated\b)[^<>]*+>(?:\s*+<time\b[^<>]*+>)?|[^<>]*+>\s*+<time\b[^<>]*+>)"
    r"[^<]*+(?:</time\s*>\s*+)?</span\s*>",
    re.IGNORECASE,
)
# HTML's own, and what WordPress has in the place of it.
_CAPTION = re.compile(
    r"<(figcaption\b|(?:p|dd|div)\b(?=[^<>]*\bwp-caption-text\b))[^<>]*>(.*?)</(?:figcaption|p|dd|div)\b",
    re.IGNORECASE | re.DOTALL,
)
# Characters: an excerpt is of a text's first words.
_BEGINNING = 10_000


def _without_captions(html: str, text: str) -> str:
    """The text without the lines that are captions in the beginning of its HTML."""
    found = (clean(each[2], base=None).text for each in _CAPTION.finditer(html[:_BEGINNING]))
    captions = {each for caption in found for each in caption.split("\n") if each}
    return "\n".join(each for each in text.split("\n") if each not in captions)


_H1 = re.compile(r"(</?)h1(?=[\s>])")
_EMPTY_LINK = re.compile(rf"<a{_WRITTEN}>\s*</a>")
_NOT_DESCRIBED = re.compile(f'<img(?!{_WRITTEN} alt=")')


def within_page(safe: str) -> str:
    """What `clean` made, as a part of a page that has a heading of its own, which is the greatest.

    A link without words goes nowhere that can be told, and is left out; of a
    picture that nobody described there is nothing to read out.
    """
    described = _NOT_DESCRIBED.sub(r'<img alt=""', _EMPTY_LINK.sub("", safe))
    return _H1.sub(r"\1h2", described)


def _text(safe: str) -> str:
    text = _BLOCK_TAG.sub("\n", safe.replace("\n", " "))
    if "<" in text:
        text = _TAG.sub("", _CELL_TAG.sub(" ", text))
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
    return _lines(text)


def _lines(text: str) -> str:
    """A text that XML may hold with its white space folded, without empty lines."""
    text = without_breaks(text)
    # What can be printed has no white space but spaces; of ASCII, XML has two others.
    only_spaces = text.isascii() and "\t" not in text and "\r" not in text
    folded = [
        part.strip(" ")
        if "  " not in part and (only_spaces or part.isprintable())
        else " ".join(part.split())
        for part in text.split("\n")
    ]
    return "\n".join(filter(None, folded))


def is_content(picture: str) -> bool:
    """Whether a picture, by its address, may be one of the news: it counts no readers, and is no portrait."""
    return _NO_CONTENT.search(picture) is None


def _first_image(safe: str) -> str | None:
    for match in _IMAGE.finditer(safe):
        values = dict(_VALUE.findall(match[1]))
        link = entities.unescape(values.get("src") or values["srcset"].split()[0].rstrip(","))
        sizes = [int(values[side]) for side in ("width", "height") if side in values]
        small = len(sizes) == 2 and min(sizes) <= _SMALL and max(sizes) <= _SHORT
        if not small and is_content(link):
            return link
    return None


# For what no parser is asked about: comments, and elements that hold no words,
# up to their end or the text's; then any tag. Each takes all it can at once, so
# that the time is in proportion to the length.
_WORDLESS = re.compile(
    r"<!--(?:.*?-->|.*)|<(script|style|noscript|template|title|svg|math|iframe|noframes|noembed|select|textarea)\b"
    r"[^>]*+(?:>(?:.*?</\1\b[^>]*+>?|.*)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ANY_BLOCK = re.compile(rf"</?(?:{_BLOCK}|td|th|form|option)\b[^<>]*+>?", re.IGNORECASE)
_EMPTY_LINE = re.compile(r"\n\s*\n")
_ANY_TAG = re.compile(r"<[/!?a-z][^<>]*+>?", re.IGNORECASE)


def _words_alone(html: str) -> Cleaned:
    html = _ANY_BLOCK.sub("\n", _WORDLESS.sub("", html).replace("\n", " "))
    text = _lines(only_xml(unescape(_ANY_TAG.sub("", html))))
    return Cleaned(escape(text), text)
