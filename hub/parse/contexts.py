"""What a well-formed document says, put where feedparser would put it.

feedparser keeps one dictionary for the feed and one for each entry, and what
an element means in them hangs on what came before it: a second description is
content, a title inside an earlier title's element counts for nothing, an
author's name may be the text or a child. `Contexts` keeps the same
dictionaries by the same rules, for those values that the hub reads.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, NoReturn

from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from feedparser.urls import _urljoin, make_safe_absolute_uri

from hub import urls

Values = dict[str, Any]

# What an absolute link may be made of for joining it to a base to change nothing about it.
_ABSOLUTE = re.compile(
    r"https?://[A-Za-z0-9.\-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~!$&'()*+,=:@/%\-]*)?"
    r"(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/%?\-]+)?(?:\#[A-Za-z0-9._~!$&'()*+,;=:@/%?\-]+)?"
)
_C1 = re.compile("[\x80-\x9f]")
_QUERY = re.compile("&([A-Za-z0-9_]+);")
_EMAIL = re.compile(
    r"(([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))"
    r"([a-zA-Z]{2,63}|[0-9]{1,3})(\]?))(\?subject=\S+)?"
)
# What is left around a name beside an address.
_AROUND_NAMES = " \t\r\n,;:-–<>"
# One of several people in one text, as RSS has them.
_ONE_OF_SEVERAL = re.compile(r"([^\s@,;()<>]+@[^\s@,;()<>]+)\s*\(([^()@]+)\)\s*(?:[,;]\s*|\Z)")
_LONGEST_AUTHORS = 2_000
# Each is compared with those before it: 20,000 of them took five seconds.
_MOST_TAGS = 500
XHTML = "application/xhtml+xml"
HTML_TYPES = ("text/html", XHTML)
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": XHTML}


class Unusual(Exception):
    """The document holds something that only feedparser is to interpret."""


def unusual(what: str) -> NoReturn:
    """Raise Unusual for something in the document."""
    raise Unusual(what)


def content_type(written: str) -> str:
    """A text's media type: Atom's `text`, `html` and `xhtml` are short for one."""
    lower = written.lower()
    return _TYPES.get(lower, lower)


def forget_author(context: dict[str, Any]) -> None:
    """Let go of what was read of an author, whose parts would be the next one's too."""
    context.pop("author", None)


def author_from_text(context: dict[str, Any], key: str = "author") -> None:
    """Take the name and the address of a context's last author from its text, as feedparser does.

    But for domains of more than four letters, which it cuts off, for what
    stands around names, and for several people in one text. Where the author
    was given in parts, the text is made of them.
    """
    detail = context.get(f"{key}s", [{}])[-1]
    if detail:
        name, email = detail.get("name"), detail.get("email")
        if name and email:
            context[key] = f"{name} ({email})"
        elif name or email:
            context[key] = name or email
        return
    author, email = context.get(key), None
    if not author:
        return
    found = _EMAIL.search(author) if "@" in author else None
    if found:
        if several := _several(author):
            author, email = several[0]
            others = [{"name": name, "email": address} for name, address in several[1:]]
            context.setdefault(f"{key}s", [detail]).extend(others)
        else:
            email = found[0]
            for beside in (f"mailto:{email}", email, "()", "<>", "&lt;&gt;"):
                author = author.replace(beside, "")
            author = _name_alone(author)
    if author or email:
        context.setdefault(f"{key}_detail", detail)
    if author:
        detail["name"] = author
    if email:
        detail["email"] = email


def _several(written: str) -> list[tuple[str, str]]:
    """The names and addresses of a text that holds those of several people; empty for any other."""
    if written.count("@") < 2 or len(written) > _LONGEST_AUTHORS:
        return []
    people = list(_ONE_OF_SEVERAL.finditer(written.strip()))
    if len(people) < 2 or "".join(person[0] for person in people) != written.strip():
        return []
    return [(person[2].strip(), person[1].removeprefix("mailto:")) for person in people]


def _name_alone(written: str) -> str:
    """A name without what was around the address beside it; brackets within it stay."""
    name = written.strip(_AROUND_NAMES)
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    elif name.count("(") != name.count(")"):
        name = name.strip("()")
    return name.strip(_AROUND_NAMES)


def keep_picture(entry: dict[str, Any], address: str | None) -> None:
    """Keep what an entry's `image` says as its picture, where that is an address and it has no other.

    feedparser knows a picture in RSS's channel alone.
    """
    if address and address.startswith(("http", "/")):
        entry.setdefault("image", {"href": address})


def mended(text: str) -> str:
    """The text with two mistakes of encoding undone, as feedparser undoes them.

    UTF-8 that was taken for latin-1 and encoded again, and windows-1252's
    punctuation that was.
    """
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text.translate(_cp1252) if _C1.search(text) else text


class Contexts:
    """The state of reading one document. `depth` is that of the element being read, 1 the outermost's."""

    def __init__(self, parser: Any, base: str) -> None:
        self.feed: Values = {}
        self.entries: list[Values] = []
        self.version = ""
        self.depth = 0
        self.base = _steady(make_safe_absolute_uri(base, base) or base)
        self.language: str | None = None
        self.in_feed = self.in_entry = self.in_source = self.in_image = self.in_text_input = False
        self.in_author = self.in_publisher = False
        self.guid_is_link = False
        self.has_content = False
        # What a second description or summary is read as.
        self.again: str | None = None
        self.title_depth = -1
        # Of the text construct that is being read; None outside of any.
        self.content: Values | None = None
        self._entry: Values = {}
        self._depths: dict[str, int] = {}
        self._source: Values = {}
        self._parser = parser
        # Elements that are open: a name, whether its text is a value, and the text.
        self._open: list[tuple[str, bool, list[str] | None]] = []

    # ------------------------------------------------------------ contexts

    def context(self) -> Values:
        """The dictionary that values go into now."""
        if self.in_source:
            return self._source
        if self.in_image and "image" in self.feed:
            image: Values = self.feed["image"]
            return image
        if self.in_text_input:
            text_input: Values = self.feed.get("textinput", self.feed)
            return text_input
        return self._entry if self.in_entry else self.feed

    def begin_entry(self, id: str | None) -> None:
        """Begin an entry; `id` is RDF's, from its attribute."""
        if self.in_entry:
            unusual("an entry in an entry")
        self._entry, self._depths = {}, {}
        self.entries.append(self._entry)
        self.push("item")
        self.in_entry = True
        self.guid_is_link = False
        self.title_depth = -1
        if id:
            self.context()["id"] = id

    def begin_source(self, url: str | None) -> None:
        """Begin the source of an entry, whose text is its title; `url` is RSS's, from its attribute."""
        if url is not None:
            self._source["href"] = url
        self.push("source", text=True)
        self.in_source = True
        self.title_depth = -1

    def end_source(self) -> None:
        """End the source, and keep it in its entry."""
        self.in_source = False
        title = self.pop("source")
        if title:
            self._source["title"] = title
        self.context()["source"], self._source = self._source, {}

    def resolve(self, link: str) -> str:
        """A link made absolute by feedparser's rules."""
        if _ABSOLUTE.fullmatch(link):
            return link
        return str(_urljoin(self.base, urls.with_scheme(link, self.base, self.feed.get("link"))))

    # ------------------------------------------------------------ open elements

    def push(self, name: str, *, text: bool = False, value: bool = False) -> None:
        """Open an element: `text` if its text is wanted, `value` if it may hold nothing but text."""
        pieces: list[str] | None = [] if text or value else None
        self._open.append((name, value, pieces))
        self._parser.CharacterDataHandler = pieces.append if pieces is not None else None

    def pop(self, name: str) -> str:
        """Close an element; its text, without white space around it and with its encoding mended."""
        return mended(self.pop_as_written(name))

    def pop_as_written(self, name: str) -> str:
        """Close an element; its text, without white space around it."""
        return "".join(self._close(name)).strip()

    def _close(self, name: str) -> list[str]:
        if not self._open or self._open[-1][0] != name:
            unusual("elements that feedparser would take for each other's")
        pieces = self._open.pop()[2]
        above = self._open[-1][2] if self._open else None
        self._parser.CharacterDataHandler = above.append if above is not None else None
        return pieces or []

    def close_to(self, name: str) -> None:
        """Close an element whose text is nothing, with what was left open in it."""
        while self._open:
            if self._open.pop()[0] == name:
                break
        above = self._open[-1][2] if self._open else None
        self._parser.CharacterDataHandler = above.append if above is not None else None

    def is_open(self, name: str) -> bool:
        """Whether the innermost open element is this one."""
        return bool(self._open and self._open[-1][0] == name)

    def inside_a_text(self) -> bool:
        """Whether any open element is one whose text is wanted."""
        return any(pieces is not None for _, _, pieces in self._open)

    def inside_a_value(self) -> bool:
        """Whether the innermost open element is one whose text alone is wanted."""
        return bool(self._open and self._open[-1][1])

    def store(self, key: str, value: str) -> None:
        """Keep a value; of two in one entry the later that is no deeper in the document."""
        if self.in_entry and not self.in_source:
            depth = self._depths.get(key)
            if depth is None or self.depth <= depth:
                self._depths[key] = self.depth
                self._entry[key] = value
        elif self.in_feed or self.in_source:
            self.context()[key] = value

    def store_link(self, link: str) -> None:
        """Keep what stands in a link element as text."""
        link = mended(self.resolve(link) if link else link)
        if self.in_entry and not self.in_source:
            if self.in_image:
                return
            context, link = self._entry, link.replace("&amp;", "&")
        elif self.in_feed or self.in_source:
            context = self.context()
        else:
            return
        context["link"] = link = _QUERY.sub(r"&\g<1>", link) if "&" in link else link
        if not context.get("links"):
            unusual("a link where feedparser expects none")
        if link or context is not self._entry:
            context["links"][-1]["href"] = link

    # ------------------------------------------------------------ texts

    def begin_text(self, name: str, attributes: Values, usual: str) -> None:
        """Open a text construct, whose type is `usual` where it does not say."""
        type = content_type(attributes.get("type", usual))
        if attributes.get("mode") == "base64" or not (type in HTML_TYPES or type == "text/plain"):
            unusual("a text of another type")
        if self.content is not None:
            unusual("a text in a text")
        self.content = {
            "type": type,
            "language": self.language and self.language.replace("_", "-"),
            "base": self.base,
        }
        self.push(name, value=True)
        if type == XHTML:
            self.expect_markup()

    def expect_markup(self) -> None:
        """Read what comes in the text construct as markup, so that its text is to be escaped."""
        assert self.content is not None
        self.content["type"] = XHTML
        pieces = self._open[-1][2]
        assert pieces is not None
        self._parser.CharacterDataHandler = lambda text: pieces.append(_escaped(text))

    def inline(self, markup: str) -> None:
        """Add a tag to the text construct that is open."""
        pieces = self._open[-1][2]
        assert pieces is not None
        pieces.append(markup)

    def end_text(self, name: str) -> str:
        """Close a text construct; its text."""
        detail = self.content
        if detail is None:
            unusual("a text that ends where none began")
        pieces = self._close(name)
        if self.version == "atom10" and detail["type"] == XHTML:
            pieces = _inside_its_division(pieces)
        text = "".join(pieces).strip()
        self.content = None
        # The channel's own texts outside of it, and what is no one's, are not kept.
        if name == "title" and not (self.in_feed or self.in_entry or self.in_source):
            return text
        if detail["type"] == "text/plain" and not self.version.startswith("atom") and _looks_like_html(text):
            detail["type"] = "text/html"
        text = mended(text)
        if name == "title" and -1 < self.title_depth <= self.depth:
            return text
        detail["value"] = text
        if name == "content" and self.in_entry and not self.in_source:
            self._entry.setdefault("content", []).append(detail)
        elif self.in_entry and not self.in_source:
            key = "summary" if name == "description" else name
            self.store(key, text)
            self._entry[f"{key}_detail"] = detail
        elif self.in_feed or self.in_source:
            self.context()["subtitle" if name == "description" else name] = text
        return text

    # ------------------------------------------------------------ people

    def begin_author(self) -> None:
        """Begin another author of the entry, source or feed."""
        self.in_author = True
        self.push("author", text=True)
        forget_author(self.context())
        self.context().setdefault("authors", []).append({})

    def end_author(self) -> None:
        """End the author, who may have been given in parts or in a text."""
        self.store("author", self.pop("author"))
        self.in_author = False
        self._author_from_text()

    def save_author(self, key: str, value: str, *, detail: str = "author") -> None:
        """Keep a part of the last author's; `detail` is where feedparser keeps it beside."""
        context = self.context()
        context.setdefault(f"{detail}_detail", {})[key] = value
        self._author_from_text()
        context.setdefault("authors", [{}])[-1][key] = value

    def _author_from_text(self) -> None:
        author_from_text(self.context())

    # ------------------------------------------------------------ categories

    def add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        """Add a category that is not there yet, as long as there are not too many."""
        tags = self.context().setdefault("tags", [])
        if term or scheme or label:
            tag = {"term": term, "scheme": scheme, "label": label}
            if len(tags) < _MOST_TAGS and tag not in tags:
                tags.append(tag)

    def name_tag(self, term: str) -> None:
        """Give the last category its term, or add one."""
        if not term:
            return
        tags = self.context().get("tags")
        if tags is None:
            unusual("a category that ends where none began")
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = term
        else:
            self.add_tag(term, None, None)

    # ------------------------------------------------------------ base

    def rebase(self, written: str) -> None:
        """Make links relative to what an element says from now on (xml:base)."""
        base = make_safe_absolute_uri(self.base, written) or self.base if self.base else _urljoin("", written)
        self.base = _steady(str(base))


def _steady(base: str) -> str:
    """A base that stays itself: feedparser resolves it against itself at each element inside."""
    if (make_safe_absolute_uri(base, base) or base) != base:
        unusual("a base that is another each time it is resolved")
    return base


def _looks_like_html(text: str) -> bool:
    return ("</" in text or "&" in text) and bool(_FeedParserMixin.looks_like_html(text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")


def _inside_its_division(pieces: list[str]) -> list[str]:
    """XHTML without the div that holds all of it (RFC 4287 §3.1.1.3)."""
    first, last = 0, len(pieces)
    while last - first > 1 and not pieces[last - 1].strip():
        last -= 1
    while last - first > 1 and not pieces[first].strip():
        first += 1
    pieces = pieces[first:last]
    if not pieces or not (pieces[0] == "<div>" or pieces[0].startswith("<div ")) or pieces[-1] != "</div>":
        return pieces
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<") and not piece.endswith("/>"):
            depth += 1
    return pieces[1:-1]
