"""What each element of RSS, RDF, Atom and their usual extensions does to what is being read.

By feedparser's name for an element: the prefix that its namespace usually has,
`_`, the local name in lower case. An element that feedparser knows and that is
not here makes a document unusual.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.parse.contexts import (
    HTML_TYPES,
    Contexts,
    Values,
    content_type,
    keep_picture,
    mended,
    unusual,
)

Start = Callable[[Contexts, Values], None]
End = Callable[[Contexts], None]

ELEMENTS: dict[str, tuple[Start, End]] = {}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _of(*names: str, start: Start, end: End) -> None:
    for name in names:
        ELEMENTS[name] = (start, end)


def nothing(_at: Contexts) -> None:
    """The end of an element that has none of its own."""


# ---------------------------------------------------------------- documents and entries

_RSS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}


def _start_rss(at: Contexts, attributes: Values) -> None:
    if not at.version.startswith("rss"):
        written = attributes.get("version", "")
        at.version = _RSS.get(written) or ("rss20" if written.startswith("2.") else "rss")


def _start_feed(at: Contexts, attributes: Values) -> None:
    at.in_feed = True
    at.version = at.version or _ATOM.get(attributes.get("version", ""), "atom")


def _no_cdf(attributes: Values) -> None:
    if "lastmod" in attributes or "href" in attributes:
        unusual("Channel Definition Format")


def _start_channel(at: Contexts, attributes: Values) -> None:
    _no_cdf(attributes)
    at.in_feed = True


def _end_channel(at: Contexts) -> None:
    at.in_feed = False


def _start_entry(at: Contexts, attributes: Values) -> None:
    _no_cdf(attributes)
    at.begin_entry(attributes.get("rdf:about"))


def _end_entry(at: Contexts) -> None:
    at.close_to("item")
    at.in_entry = at.has_content = False


_of("rss", start=_start_rss, end=nothing)
_of("feed", start=_start_feed, end=_end_channel)
_of("channel", start=_start_channel, end=_end_channel)
_of("item", "entry", start=_start_entry, end=_end_entry)

# ---------------------------------------------------------------- values


def _value(name: str, *, kept: bool = True) -> tuple[Start, End]:
    """An element whose text is a value by the given name."""

    def start(at: Contexts, _attributes: Values) -> None:
        at.push(name, value=True)

    def end(at: Contexts) -> None:
        text = at.pop(name)
        if kept:
            at.store(name, text)

    return start, end


for _name, _elements in (
    ("published", _names("published issued pubdate dcterms_issued")),
    ("updated", _names("updated modified lastbuilddate dc_date dcterms_modified")),
    ("created", _names("created dcterms_created")),
    ("language", _names("language dc_language")),
):
    _of(*_elements, start=_value(_name)[0], end=_value(_name)[1])


def _plain(name: str) -> tuple[Start, End]:
    """An element that feedparser has no rule for, and keeps the text of where it has no attributes."""
    start, end = _value(name)

    def start_plain(at: Contexts, attributes: Values) -> None:
        if attributes:
            unusual(f"the element {name} with attributes")
        start(at, attributes)

    return start_plain, end


for _name in ("ev_startdate", "xcal_dtstart", "feedburner_origlink", "feedburner_origenclosurelink"):
    _of(_name, start=_plain(_name)[0], end=_plain(_name)[1])
_unread = _value(" unread", kept=False)
_of(
    *_names("webmaster dc_publisher generator expirationdate dcterms_valid width height"),
    start=_unread[0],
    end=_unread[1],
)


def _start_guid(at: Contexts, attributes: Values) -> None:
    at.guid_is_link = attributes.get("ispermalink", "true") == "true"
    at.push("id", value=True)


def _end_guid(at: Contexts) -> None:
    id = at.pop("id")
    at.store("id", id)
    context = at.context()
    context.setdefault("guidislink", at.guid_is_link and "link" not in context)
    if at.guid_is_link:
        context.setdefault("link", id)


_of("guid", "id", start=_start_guid, end=_end_guid)

# ---------------------------------------------------------------- links and files


def _with_href(attributes: Values) -> Values:
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if href:
        attributes.pop("url", None)
        attributes.pop("uri", None)
        attributes["href"] = href
    return attributes


def _start_link(at: Contexts, attributes: Values) -> None:
    rel = attributes.setdefault("rel", "alternate")
    type = attributes.setdefault("type", "application/atom+xml" if rel == "self" else "text/html")
    _with_href(attributes)
    context = at.context()
    links = context.setdefault("links", [])
    if not (at.in_entry and at.in_image):
        links.append(attributes)
    if "href" not in attributes:
        at.push("link", value=True)
        return
    attributes["href"] = at.resolve(attributes["href"])
    if rel == "alternate" and content_type(type) in HTML_TYPES:
        context["link"] = attributes["href"]


def _end_link(at: Contexts) -> None:
    if at.is_open("link"):
        at.store_link(at.pop_as_written("link"))


def _start_enclosure(at: Contexts, attributes: Values) -> None:
    at.context().setdefault("links", []).append({**_with_href(attributes), "rel": "enclosure"})


def _start_license(at: Contexts, attributes: Values) -> None:
    link = {"rel": "license"}
    if attributes.get("rdf:resource"):
        link["href"] = attributes["rdf:resource"]
    at.context().setdefault("links", []).append(link)


def _end_creative_commons(at: Contexts) -> None:
    link, address = {"rel": "license"}, at.pop("license")
    if address:
        link["href"] = address
    at.context().setdefault("links", []).append(link)


def _start_address(at: Contexts, _attributes: Values) -> None:
    at.push("href", value=True)


def _end_address(at: Contexts) -> None:
    address = at.pop_as_written("href")
    address = mended(at.resolve(address)) if address else address
    at.store("href", address)
    if at.in_author:
        at.save_author("href", address)
    if at.in_image and at.in_entry:
        keep_picture(at.entries[-1], address)


_of("link", start=_start_link, end=_end_link)
_of("enclosure", start=_start_enclosure, end=nothing)
_of("cc_license", start=_start_license, end=nothing)
_of("creativecommons_license", start=_value("license")[0], end=_end_creative_commons)
_of("url", "homepage", "uri", start=_start_address, end=_end_address)

# ---------------------------------------------------------------- texts


def _text(name: str, usual: str) -> tuple[Start, End]:
    """A text construct by the given name, whose type is `usual` where it does not say."""

    def start(at: Contexts, attributes: Values) -> None:
        at.begin_text(name, attributes, usual)

    def end(at: Contexts) -> None:
        at.end_text(name)

    return start, end


def _end_title(at: Contexts) -> None:
    if at.end_text("title"):
        at.title_depth = at.depth


def _end_media_title(at: Contexts) -> None:
    # The title of a picture does not keep the entry's own from counting.
    at.end_text("title")


def _is_again(at: Contexts) -> bool:
    return "summary" in at.context() and not at.has_content


def _start_description(at: Contexts, attributes: Values) -> None:
    if _is_again(at):
        at.again = "content"
        _start_content(at, attributes)
    else:
        at.begin_text("description", attributes, "text/html")


def _end_of(name: str) -> End:
    """The end of a summary or description, which may have been an entry's content."""

    def end(at: Contexts) -> None:
        if at.again == "content":
            _end_content(at)
        else:
            at.end_text(name)
        at.again = None

    return end


def _start_summary(at: Contexts, attributes: Values) -> None:
    if _is_again(at):
        at.again = "content"
        _start_content(at, attributes)
    else:
        at.again = "summary"
        at.begin_text("summary", attributes, "text/plain")


def _start_content(at: Contexts, attributes: Values) -> None:
    if at.in_source or at.inside_a_text():
        # feedparser leaves something open in the entry, whatever comes after.
        unusual("content that is not an entry's")
    at.has_content = True
    at.begin_text("content", attributes, "text/plain")


def _start_encoded(at: Contexts, attributes: Values) -> None:
    at.has_content = True
    at.begin_text("content", attributes, "text/html")


def _start_body(at: Contexts, attributes: Values) -> None:
    at.begin_text("content", attributes, "application/xhtml+xml")


def _end_content(at: Contexts) -> None:
    at.context().setdefault("summary", at.end_text("content"))


_title = _text("title", "text/plain")
_of("title", "dc_title", start=_title[0], end=_end_title)
_of("media_title", start=_title[0], end=_end_media_title)
_of("description", "dc_description", start=_start_description, end=_end_of("description"))
_of("abstract", start=_text("description", "text/plain")[0], end=_end_of("description"))
_of("summary", start=_start_summary, end=_end_of("summary"))
_of("content", start=_start_content, end=_end_content)
_of("content_encoded", "fullitem", start=_start_encoded, end=_end_content)
_of("body", "xhtml_body", start=_start_body, end=_end_content)
for _name, _elements in (
    ("subtitle", _names("subtitle tagline itunes_subtitle")),
    ("rights", _names("rights copyright dc_rights")),
    ("info", _names("info feedburner_browserfriendly")),
    ("media_description", _names("media_description")),
    ("itunes_summary", _names("itunes_summary")),
):
    _of(*_elements, start=_text(_name, "text/plain")[0], end=_text(_name, "text/plain")[1])

# ---------------------------------------------------------------- people


def _start_contributor(at: Contexts, _attributes: Values) -> None:
    at.push("contributor")


def _end_contributor(at: Contexts) -> None:
    at.close_to("contributor")


def _start_owner(at: Contexts, _attributes: Values) -> None:
    at.in_publisher = True
    at.push("publisher")


def _end_owner(at: Contexts) -> None:
    at.close_to("publisher")
    at.in_publisher = False


def _start_name(at: Contexts, _attributes: Values) -> None:
    at.push("name", value=True)


def _end_name(at: Contexts) -> None:
    name = at.pop_as_written("name")
    if at.in_publisher:
        at.save_author("name", name, detail="publisher")
    elif at.in_author:
        at.save_author("name", name)


def _start_email(at: Contexts, _attributes: Values) -> None:
    at.push("email", value=True)


def _end_email(at: Contexts) -> None:
    email = at.pop_as_written("email")
    if at.in_publisher:
        at.save_author("email", email, detail="publisher")
    elif at.in_author:
        at.save_author("email", email)


_of(
    "author",
    "managingeditor",
    "dc_author",
    "dc_creator",
    "itunes_author",
    start=lambda at, _: at.begin_author(),
    end=Contexts.end_author,
)
_of("contributor", start=_start_contributor, end=_end_contributor)
_of("itunes_owner", start=_start_owner, end=_end_owner)
_of("name", "itunes_name", "dc_contributor", start=_start_name, end=_end_name)
_of("email", "itunes_email", start=_start_email, end=_end_email)

# ---------------------------------------------------------------- categories


def _start_category(at: Contexts, attributes: Values) -> None:
    scheme = attributes.get("scheme", attributes.get("domain"))
    at.add_tag(attributes.get("term"), scheme, attributes.get("label"))
    at.push("category", value=True)


def _end_category(at: Contexts) -> None:
    at.name_tag(at.pop("category"))


def _start_media_category(at: Contexts, attributes: Values) -> None:
    attributes.setdefault("scheme", "http://search.yahoo.com/mrss/category_schema")
    _start_category(at, attributes)


def _start_itunes_category(at: Contexts, attributes: Values) -> None:
    # One may hold another.
    at.add_tag(attributes.get("text"), "http://www.itunes.com/", None)
    at.push("category", text=True)


def _keywords(name: str, scheme: str | None) -> tuple[Start, End]:
    def start(at: Contexts, attributes: Values) -> None:
        if attributes:
            unusual("keywords with attributes")
        at.push(name, value=True)

    def end(at: Contexts) -> None:
        text = at.pop(name)
        for term in text.split(","):
            if term.strip():
                at.add_tag(term.strip(), scheme, None)

    return start, end


_of("category", "keywords", "dc_subject", start=_start_category, end=_end_category)
_of("media_category", start=_start_media_category, end=_end_category)
_of("itunes_category", start=_start_itunes_category, end=_end_category)
_itunes_keywords = _keywords("itunes_keywords", "http://www.itunes.com/")
_of("itunes_keywords", start=_itunes_keywords[0], end=_itunes_keywords[1])
_media_keywords = _keywords("media_keywords", None)
_of("media_keywords", start=_media_keywords[0], end=_media_keywords[1])

# ---------------------------------------------------------------- pictures, sources and what is not read


def _start_image(at: Contexts, _attributes: Values) -> None:
    context = at.context()
    if not at.in_entry:
        context.setdefault("image", {})
    at.in_image = True
    at.title_depth = -1
    at.push("image", text=at.in_entry)


def _end_image(at: Contexts) -> None:
    if at.in_entry and at.is_open("image"):
        keep_picture(at.entries[-1], at.pop_as_written("image"))
    else:
        at.close_to("image")
    at.in_image = False


def _start_text_input(at: Contexts, _attributes: Values) -> None:
    at.context().setdefault("textinput", {})
    at.in_text_input = True
    at.title_depth = -1
    at.push("textinput")


def _end_text_input(at: Contexts) -> None:
    at.close_to("textinput")
    at.in_text_input = False


def _start_itunes_image(at: Contexts, attributes: Values) -> None:
    at.push("itunes_image")
    address = attributes.get("href") or attributes.get("url")
    if address:
        at.context()["image"] = {"href": address}


def _end_itunes_image(at: Contexts) -> None:
    at.close_to("itunes_image")


def _start_media_content(at: Contexts, attributes: Values) -> None:
    at.context().setdefault("media_content", []).append(attributes)


def _start_thumbnail(at: Contexts, attributes: Values) -> None:
    if at.in_source:
        unusual("a picture in a source")
    at.context().setdefault("media_thumbnail", []).append(attributes)
    at.push("url", value=True)


def _end_thumbnail(at: Contexts) -> None:
    address = at.pop_as_written("url")
    if address:
        at.context()["media_thumbnail"][-1].setdefault("url", mended(at.resolve(address)))


def _start_cloud(_at: Contexts, _attributes: Values) -> None:
    """Nothing of it is read."""


_of("image", start=_start_image, end=_end_image)
_of("textinput", start=_start_text_input, end=_end_text_input)
_of("itunes_image", start=_start_itunes_image, end=_end_itunes_image)
_of("source", start=lambda at, attributes: at.begin_source(attributes.get("url")), end=Contexts.end_source)
_of("media_content", start=_start_media_content, end=nothing)
_of("media_thumbnail", start=_start_thumbnail, end=_end_thumbnail)
_of("media_group", "cloud", start=_start_cloud, end=nothing)
_of(
    *_names("media_rating media_credit media_restriction media_license"),
    start=_unread[0],
    end=_unread[1],
)


def _start_unread(at: Contexts, _attributes: Values) -> None:
    if at.in_source or at.inside_a_text():
        unusual("a place in a source or an author")
    at.push(" unread")


def _end_unread(at: Contexts) -> None:
    at.close_to(" unread")


# Places, players and chapters, and what podcasts say that nothing is read of.
_of(
    *_names("""
        georss_point georss_line georss_polygon georss_box georss_where gml_point gml_linestring
        gml_polygon gml_exterior gml_linearring gml_pos gml_poslist psc_chapters psc_chapter media_player
        itunes_block itunes_explicit
    """),
    start=_start_unread,
    end=_end_unread,
)
