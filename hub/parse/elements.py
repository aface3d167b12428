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


def _of(names: str, start: Start, end: End) -> None:
    """Have the elements of these names, with spaces between them, begin and end so."""
    ELEMENTS.update(dict.fromkeys(names.split(), (start, end)))


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


_of("rss", _start_rss, nothing)
_of("feed", _start_feed, _end_channel)
_of("channel", _start_channel, _end_channel)
_of("item entry", _start_entry, _end_entry)

# ---------------------------------------------------------------- values


def _opens(name: str, *, bare: bool = False) -> Start:
    """The start of an element whose text is a value by the given name; with `bare`, it has no attributes."""

    def start(at: Contexts, attributes: Values) -> None:
        if bare and attributes:
            unusual(f"the element {name} with attributes")
        at.push(name, value=True)

    return start


def _keeps(name: str) -> End:
    """The end of such an element, whose text is kept."""

    def end(at: Contexts) -> None:
        at.store(name, at.pop(name))

    return end


# No element is called so.
_UNREAD = " unread"


def _drop(at: Contexts) -> None:
    """The end of such an element by that name, whose text is not kept."""
    at.pop(_UNREAD)


_of("published issued pubdate dcterms_issued", _opens("published"), _keeps("published"))
_of("updated modified lastbuilddate dc_date dcterms_modified", _opens("updated"), _keeps("updated"))
_of("created dcterms_created", _opens("created"), _keeps("created"))
_of("language dc_language", _opens("language"), _keeps("language"))
# feedparser has no rule for these, and keeps their text where they have no attributes.
for _name in ("ev_startdate", "xcal_dtstart", "feedburner_origlink", "feedburner_origenclosurelink"):
    _of(_name, _opens(_name, bare=True), _keeps(_name))
_of("webmaster dc_publisher generator expirationdate dcterms_valid width height", _opens(_UNREAD), _drop)


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


_of("guid id", _start_guid, _end_guid)

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


def _end_address(at: Contexts) -> None:
    address = at.pop_as_written("href")
    address = mended(at.resolve(address)) if address else address
    at.store("href", address)
    if at.in_author:
        at.save_author("href", address)
    if at.in_image and at.in_entry:
        keep_picture(at.entries[-1], address)


_of("link", _start_link, _end_link)
_of("enclosure", _start_enclosure, nothing)
_of("cc_license", _start_license, nothing)
_of("creativecommons_license", _opens("license"), _end_creative_commons)
_of("url homepage uri", _opens("href"), _end_address)

# ---------------------------------------------------------------- texts


def _begins(name: str, usual: str) -> Start:
    """The start of a text construct by the given name, whose type is `usual` where it does not say."""

    def start(at: Contexts, attributes: Values) -> None:
        at.begin_text(name, attributes, usual)

    return start


def _ends(name: str) -> End:
    def end(at: Contexts) -> None:
        at.end_text(name)

    return end


def _end_title(at: Contexts) -> None:
    if at.end_text("title"):
        at.title_depth = at.depth


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


def _end_content(at: Contexts) -> None:
    at.context().setdefault("summary", at.end_text("content"))


_of("title dc_title", _begins("title", "text/plain"), _end_title)
# The title of a picture does not keep the entry's own from counting.
_of("media_title", _begins("title", "text/plain"), _ends("title"))
_of("description dc_description", _start_description, _end_of("description"))
_of("abstract", _begins("description", "text/plain"), _end_of("description"))
_of("summary", _start_summary, _end_of("summary"))
_of("content", _start_content, _end_content)
_of("content_encoded fullitem", _start_encoded, _end_content)
_of("body xhtml_body", _begins("content", "application/xhtml+xml"), _end_content)
_of("subtitle tagline itunes_subtitle", _begins("subtitle", "text/plain"), _ends("subtitle"))
_of("rights copyright dc_rights", _begins("rights", "text/plain"), _ends("rights"))
_of("info feedburner_browserfriendly", _begins("info", "text/plain"), _ends("info"))
_of("media_description", _begins("media_description", "text/plain"), _ends("media_description"))
_of("itunes_summary", _begins("itunes_summary", "text/plain"), _ends("itunes_summary"))

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


def _end_of_person(field: str) -> End:
    """The end of a name or an address, of whoever's it is."""

    def end(at: Contexts) -> None:
        value = at.pop_as_written(field)
        if at.in_publisher:
            at.save_author(field, value, detail="publisher")
        elif at.in_author:
            at.save_author(field, value)

    return end


_of(
    "author managingeditor dc_author dc_creator itunes_author",
    lambda at, _: at.begin_author(),
    Contexts.end_author,
)
_of("contributor", _start_contributor, _end_contributor)
_of("itunes_owner", _start_owner, _end_owner)
_of("name itunes_name dc_contributor", _opens("name"), _end_of_person("name"))
_of("email itunes_email", _opens("email"), _end_of_person("email"))

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


def _end_keywords(name: str, scheme: str | None) -> End:
    def end(at: Contexts) -> None:
        for term in at.pop(name).split(","):
            if term.strip():
                at.add_tag(term.strip(), scheme, None)

    return end


_of("category keywords dc_subject", _start_category, _end_category)
_of("media_category", _start_media_category, _end_category)
_of("itunes_category", _start_itunes_category, _end_category)
_of(
    "itunes_keywords",
    _opens("itunes_keywords", bare=True),
    _end_keywords("itunes_keywords", "http://www.itunes.com/"),
)
_of("media_keywords", _opens("media_keywords", bare=True), _end_keywords("media_keywords", None))

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


_of("image", _start_image, _end_image)
_of("textinput", _start_text_input, _end_text_input)
_of("itunes_image", _start_itunes_image, _end_itunes_image)
_of("source", lambda at, attributes: at.begin_source(attributes.get("url")), Contexts.end_source)
_of("media_content", _start_media_content, nothing)
_of("media_thumbnail", _start_thumbnail, _end_thumbnail)
_of("media_group cloud", _start_cloud, nothing)
_of("media_rating media_credit media_restriction media_license", _opens(_UNREAD), _drop)


def _start_unread(at: Contexts, _attributes: Values) -> None:
    if at.in_source or at.inside_a_text():
        unusual("a place in a source or an author")
    at.push(_UNREAD)


def _end_unread(at: Contexts) -> None:
    at.close_to(_UNREAD)


# Places, players and chapters, and what podcasts say that nothing is read of.
_of(
    """
        georss_point georss_line georss_polygon georss_box georss_where gml_point gml_linestring
        gml_polygon gml_exterior gml_linearring gml_pos gml_poslist psc_chapters psc_chapter media_player
        itunes_block itunes_explicit
    """,
    _start_unread,
    _end_unread,
)
