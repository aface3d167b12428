"""Well-formed documents of the usual dialects, read as feedparser reads them in a thirtieth of the time.

Over expat, as feedparser is, so that both agree on what is well-formed. A
document goes to feedparser (`Unusual`) at the first sign of anything else: a
document type, an element that feedparser knows and `hub.parse.elements` does
not, markup in a text that says it is escaped, one prefix for two namespaces.
Nothing is guessed and no entry is left out: either all of a document is read
here or none of it.
"""

from __future__ import annotations

from xml.parsers import expat

from feedparser.api import StrictFeedParser

from hub.parse.contexts import XHTML, Contexts, Unusual, Values, unusual
from hub.parse.elements import ELEMENTS, nothing

__all__ = ["Unusual", "WellFormed", "read"]

_NAMESPACES: dict[str, str] = {uri.lower(): prefix for uri, prefix in StrictFeedParser.namespaces.items()}
_USERLAND = "backend.userland.com/rss"
_VERSIONS = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
_KNOWN = {
    name.partition("_")[2].partition("_")[2]
    for name in dir(StrictFeedParser)
    if name.startswith(("_start_", "_end_"))
}
# Where an element of this name went, feedparser's dictionaries have what the hub reads.
_READ = frozenset(
    (
        *(
            "author",
            "authors",
            "content",
            "copyright",
            "created",
            "date",
            "description",
            "description_detail",
        ),
        *("guid", "guidislink", "href", "id", "image", "issued", "itunes_summary", "itunes_summary_detail"),
        *("language", "link", "links", "media_content", "media_description", "media_description_detail"),
        *("media_thumbnail", "modified", "published", "rights", "source", "summary", "summary_detail"),
        *("tags", "textinput", "title", "title_detail", "updated", "url"),
    )
)
_IN_TEXT_INPUT = ("title", "link", "description", "name")
_IN_IMAGE = ("title", "link", "description", "url", "href", "width", "height")
_LOWER = ("rel", "type")
# Elements in elements. No feed that people write comes near.
_DEEPEST = 200
_XLINK = "http://www.w3.org/1999/xlink"


class WellFormed:
    """A document: feedparser's dictionaries, of those values that the hub reads."""

    __slots__ = ("entries", "feed", "version")

    def __init__(self, version: str, feed: Values, entries: list[Values]) -> None:
        self.version = version
        self.feed = feed
        self.entries = entries


def read(text: str, *, url: str) -> WellFormed:
    """Read a document from `url`. Raises Unusual for what is not well-formed or not usual."""
    return _Document(url).read(text)


class _Element:
    """What an element's name means."""

    __slots__ = ("end", "inline", "is_division", "keeps_image", "keeps_text_input", "known", "name", "start")

    def __init__(self, tag: str, prefix: str, local: str) -> None:
        self.name = f"{prefix}_{local}" if prefix else local
        self.known = self.name in _KNOWN
        usual = ELEMENTS.get(self.name)
        self.start = usual[0] if usual else None
        self.end = usual[1] if usual else None
        # What its tags are in a text: those of its local name, if it is no element of feeds.
        self.inline = None if self.known or local in ("svg", "math") else tag.partition(":")[2] or tag
        self.is_division = tag in ("div", "xhtml:div")
        self.keeps_text_input = bool(prefix) or tag in _IN_TEXT_INPUT
        self.keeps_image = bool(prefix) or tag in _IN_IMAGE


class _Document:
    def __init__(self, url: str) -> None:
        parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser
        self._at = Contexts(parser, url)
        self._elements: dict[str, _Element] = {}
        # The standard prefix of each prefix that the document declares; the URI of each prefix.
        self._prefixes: dict[str | None, str] = {}
        self._uris: dict[str, str] = {}
        self._declared: dict[str, str] = {}
        # Base and language of each open element.
        self._scopes: list[tuple[str, str | None]] = []

    def read(self, text: str) -> WellFormed:
        try:
            self._parser.Parse(text.encode("utf-8"), True)
        except (expat.ExpatError, UnicodeEncodeError) as error:
            raise Unusual(f"not well-formed: {error}") from error
        finally:
            # The parser and its handlers hold each other.
            self._parser.StartElementHandler = self._parser.EndElementHandler = None
            self._parser.StartNamespaceDeclHandler = self._parser.StartDoctypeDeclHandler = None
            self._parser.CharacterDataHandler = None
        at = self._at
        if not at.version:
            unusual("no version that feedparser knows")
        return WellFormed(at.version, at.feed, at.entries)

    # ------------------------------------------------------------ names

    def _doctype(self, *_: object) -> None:
        unusual("a document type")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if not uri:
            return
        lower = uri.lower()
        at = self._at
        if not at.version:
            if prefix is None and lower == "http://my.netscape.com/rdf/simple/0.9/":
                at.version = "rss090"
            else:
                at.version = _VERSIONS.get(lower, "")
        if prefix and uri == _XLINK and at.depth:
            unusual("a declaration that feedparser would take for an attribute")
        if prefix is not None and self._declared.setdefault(prefix, uri) != uri:
            unusual("one prefix for two namespaces")
        if _USERLAND in lower:
            uri = lower = f"http://{_USERLAND}"
        standard = _NAMESPACES.get(lower)
        if standard is None:
            changed = self._uris.get(prefix or "") != uri
            self._uris[prefix or ""] = uri
        else:
            changed = self._prefixes.get(prefix) != standard or self._uris.get(standard) != uri
            self._prefixes[prefix] = standard
            self._uris[standard] = uri
        if changed:
            self._elements.clear()

    def _element(self, name: str) -> _Element:
        """What an element of a name as expat writes it is: `uri local prefix`, the first and last if any."""
        parts = name.split()
        if len(parts) > 3:
            unusual("white space in a namespace")
        uri, local = (parts[0], parts[1].lower()) if len(parts) > 1 else ("", name.lower())
        lower = uri.lower()
        if _USERLAND in lower:
            uri = lower = f"http://{_USERLAND}"
        prefix = _NAMESPACES.get(lower)
        if not prefix and uri:
            prefix = next((each for each, its in self._uris.items() if each and its == uri), "")
        prefix = (prefix or "").lower()
        tag = f"{prefix}:{local}" if prefix else local
        if ":" in local or ":" in prefix:
            unusual("a colon in a name")
        element = self._elements[name] = _Element(tag, self._prefixes.get(prefix, prefix), local)
        return element

    def _attributes(self, written: dict[str, str]) -> Values:
        attributes: Values = {}
        qualified: Values = {}
        for name, value in written.items():
            parts = name.split()
            if len(parts) == 1:
                key = name.lower()
                qualified[key] = value
            elif len(parts) == 3:
                uri, local, given = parts
                prefix = _NAMESPACES.get(uri.lower(), "")
                key = f"{prefix}:{local}".lower() if prefix else local.lower()
                qualified[f"{given}:{local}".lower()] = value
            else:
                unusual("white space in a namespace")
            attributes[key] = value
        attributes.update(qualified)
        for key in _LOWER:
            if key in attributes:
                attributes[key] = attributes[key].lower()
        return attributes

    def _scope(self, attributes: Values) -> None:
        at = self._at
        base = attributes.get("xml:base", attributes.get("base"))
        language = attributes.get("xml:lang", attributes.get("lang"))
        if base:
            at.rebase(base)
        if language is not None:
            at.language = language or None

    # ------------------------------------------------------------ tags

    def _start(self, name: str, written: dict[str, str]) -> None:
        at = self._at
        at.depth += 1
        element = self._elements.get(name) or self._element(name)
        attributes: Values = {}
        if written:
            attributes = self._attributes(written)
            self._scope(attributes)
        self._scopes.append((at.base, at.language))
        if at.language and element.name in ("feed", "rss"):
            at.feed["language"] = at.language.replace("_", "-")
        if at.content is not None:
            self._start_inline(element, attributes)
            return
        if at.inside_a_value():
            unusual("an element inside a value")
        if not element.keeps_text_input:
            at.in_text_input = False
        if not element.keeps_image:
            at.in_image = False
        if element.start is not None:
            element.start(at, attributes)
        elif element.known:
            unusual(f"the element {element.name}")
        elif element.name in _READ:
            unusual(f"an element named {element.name}")
        elif not attributes:
            at.push(element.name)
            self._bound_depth()

    def _start_inline(self, element: _Element, attributes: Values) -> None:
        at = self._at
        assert at.content is not None
        if element.inline is None:
            unusual("an element of feeds in a text")
        if at.content["type"] != XHTML:
            if element.is_division:
                return
            at.expect_markup()
        self._bound_depth()
        at.inline("<{}{}>".format(element.inline, "".join(_attribute(*each) for each in attributes.items())))

    def _end(self, name: str) -> None:
        at = self._at
        element = self._elements.get(name) or self._element(name)
        if at.content is not None and element.inline is not None:
            if at.content["type"] != XHTML:
                # A division that feedparser left out: it forgets to leave its depth, and its base.
                return
            at.inline(f"</{element.inline}>")
        elif element.end is not None:
            if element.end is not nothing:
                element.end(at)
        elif at.is_open(element.name):
            at.close_to(element.name)
        scopes = self._scopes
        scopes.pop()
        if scopes:
            at.base, at.language = scopes[-1]
        at.depth -= 1

    def _bound_depth(self) -> None:
        if self._at.depth > _DEEPEST:
            unusual("elements nested too deep")


def _attribute(name: str, value: str) -> str:
    escaped = value.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace('"', "&quot;")
    return f' {name}="{escaped}"'
