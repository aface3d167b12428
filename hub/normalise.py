"""What a publisher wrote to an Entry: ids, links, dates, names and sanitised text.

Runs once for each entry of a changed document, in the process that parses;
what is heavy for an entry belongs here and not where entries are stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hub import __version__, events, markup, urls, wording
from hub.model import (
    Category,
    Enclosure,
    Entry,
    EntryKeys,
    Feed,
    FeedInfo,
    LastDocument,
    Person,
    Source,
    digest,
)
from hub.parse.document import Attached, Author, ParsedEntry, ParsedFeed, ParsedSource, Term, Text
from hub.said import counted

# Bounds for what one entry may bring along; news has a handful of each.
_MOST_AUTHORS = 20
_MOST_CATEGORIES = 50
_MOST_ENCLOSURES = 50
_LONGEST_NAME = 200
_LONGEST_EMAIL = 254  # RFC 5321 §4.5.3.1.3
_LONGEST_TITLE = 1_000
_LONGEST_LINK = 8_000
_LONGEST_DATE = 40
# Flash: nothing plays it any more, and YouTube's feeds name such a file with each film.
_UNPLAYABLE = "application/x-shockwave-flash"

# What the tags of a text say, as nh3 writes them: where they lead, what pictures show.
_VALUES = re.compile('="([^"]*)"')
_LANGUAGE = re.compile(r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$")
# /2026/01/31/ and /2026-01-31-, as most systems that put a date in a link write it.
_DATE_IN_LINK = re.compile(r"/((?:19|20)\d\d)[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])(?:[/-]|$)")


def info(parsed: ParsedFeed, *, url: str) -> FeedInfo:
    """What a feed says of itself, in the hub's terms; `url` is where it was fetched."""
    return FeedInfo(
        title=markup.title_text(parsed.title or "", type=None)[:_LONGEST_TITLE],
        id=parsed.id if parsed.id and urls.is_absolute_iri(parsed.id) else None,
        link=_link(url, parsed.link),
        updated=parsed.updated,
        rights=_line(parsed.rights),
        language=_language(parsed.language),
    )


def entries(
    parsed: ParsedFeed,
    feed: Feed,
    *,
    url: str,
    zone: tzinfo = UTC,
    hosts: Mapping[str, str] = urls.NO_HOSTS,
    last: LastDocument = LastDocument(),
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The feed's entries in the document's order, and remarks for the admin about them.

    Left out are entries in which nothing is written, and those that stand there twice
    word for word are taken once. `url` is where the document was fetched. A day without
    a year is the first after the entry's date, in the hub's `zone`. Links on hosts that
    are called otherwise now are known by their present name (`hosts`). An entry that is
    `written` as one of the `last` document is not read again, and taken from there.
    """
    found: dict[tuple[str | None, str | None, str, datetime | None], Entry] = {}
    said = [entry for entry in parsed.entries if _says_something(entry)]
    document = _Document(
        parsed=parsed, feed=feed, url=url, site=_link(url, parsed.link), zone=zone, hosts=hosts
    )
    around = _around(parsed, url, zone)
    for parsed_entry in said:
        number = written(parsed_entry, around)
        entry = last.entries.get(number) or _entry(parsed_entry, document, number)
        # Without an id, the same words on another day are other news.
        day = None if entry.id else entry.published
        found.setdefault((entry.id, entry.canonical_link, entry.fingerprint, day), entry)
    empty, twice = len(parsed.entries) - len(said), len(said) - len(found)
    remarks = []
    if empty:
        remarks.append(f"{empty} of its entries have nothing in them, and were left out")
    if twice:
        remarks.append(f"{twice} of its entries stand there twice word for word, and were taken once")
    undated = [entry.unread_date for entry in said if entry.unread_date]
    if undated:
        example = markup.line(undated[0])[:_LONGEST_DATE]
        remarks.append(f"{counted(len(undated), 'date', 'dates')} in it cannot be read, such as ‘{example}’")
    return tuple(found.values()), tuple(remarks)


def dated(entry: Entry, now: datetime) -> datetime:
    """The date to show and sort an entry by when it is first seen at `now`.

    The publisher's published date, else its updated date, else the date in
    the link, else now; and never later than now.
    """
    given = _given_date(entry.published, entry.updated, entry.link)
    return min(given, now) if given else now


def is_dated(entry: Entry) -> bool:
    """Whether the publisher says when an entry is of, by a date or in its link."""
    return _given_date(entry.published, entry.updated, entry.link) is not None


def _given_date(published: datetime | None, updated: datetime | None, link: str | None) -> datetime | None:
    return published or updated or _date_in_link(link)


def _says_something(entry: ParsedEntry) -> bool:
    # Texts count as they were written: of some, cleaning leaves nothing, and even then there was news.
    return bool(entry.id or entry.link or entry.title or entry.summary or entry.content or entry.enclosures)


class _Document(Struct, frozen=True, kw_only=True):
    """The document that entries are read from.

    url    where it was fetched
    site   the page that its feed belongs to, None where it does not say
    zone   the hub's
    hosts  the hosts that are called otherwise now, by what they were called (`urls.present_hosts`)
    """

    parsed: ParsedFeed
    feed: Feed
    url: str
    site: str | None
    zone: tzinfo
    hosts: Mapping[str, str]


def _entry(parsed: ParsedEntry, document: _Document, number: int) -> Entry:
    """One of a document's entries; `number` stands for all that is `written` of it."""
    url, feed = document.url, document.parsed
    link = _link(url, parsed.link)
    if parsed.link_is_id and urls.resolve(None, parsed.id or "") is None:
        # A guid that is no URL is no link, whatever isPermaLink says.
        link = None
    base = _base(link, document.site, url)
    title = markup.title_text(parsed.title.value, type=parsed.title.type) if parsed.title else ""
    title = title[:_LONGEST_TITLE]
    summary = _clean(parsed.summary, base)
    content = _clean(parsed.content, base)
    words = content.text or summary.text
    misread_words = _misread(content) or _misread(summary)
    text = wording.without_footer(title, words)
    # The day on which a text was written is not the event's, nor is one in the caption of a picture.
    prose = content.prose if content.text else summary.prose
    language = _language(parsed.language) or _language(feed.language)
    published, updated = parsed.published, parsed.updated
    # What `published` was to earlier hubs.
    published_before = published if parsed.dated_before is None else parsed.dated_before or None
    date = _given_date(published, updated, link)
    # A link's date is a day, in no zone.
    since = date and (events.local_day(date, document.zone) if published or updated else date.date())
    canonical = urls.canonical(urls.at_present(link, document.hosts)) if link else None
    enclosures = _enclosures(parsed.enclosures, url)
    image = content.image or summary.image
    # An entry without a date is known by its words: by those that counted for earlier hubs, too.
    named = _dated(title, published_before) or _fingerprint(
        title, misread_words, image, enclosures, earlier=True
    )
    entry = Entry(
        feed=document.feed.key,
        id=parsed.id,
        title=title,
        link=link,
        canonical_link=canonical,
        published=published,
        updated=updated,
        authors=_people(parsed.authors, url) or _people(feed.authors, url),
        categories=_categories(parsed.categories),
        summary=summary.html if summary.text != content.text or not content.html else "",
        content=content.html,
        text=text,
        excerpt=_excerpt(title, summary, content, text),
        language=language,
        direction=markup.direction(title or text, language),
        enclosures=enclosures,
        image=_image(parsed.images, url) or image,
        rights=_line(parsed.rights),
        source=_source(parsed.source, url),
        event_date=_event_date(parsed, title, wording.without_footer(title, prose) if prose else text, since),
        keys=_keys(parsed.id, link, canonical, named, document.hosts),
        fingerprint=_fingerprint(title, words, image, enclosures),
        misread=_fingerprint(title, misread_words, image, enclosures) if misread_words != words else "",
        written=number,
    )
    return replace(entry, rest=rest(entry))


def _event_date(parsed: ParsedEntry, title: str, text: str, since: date | None) -> date | None:
    if events.is_off(title):
        return None
    return parsed.starts or events.first_day(title, text, since=since)


def _misread(cleaned: markup.Cleaned) -> str:
    return cleaned.text if cleaned.misread is None else cleaned.misread


def _excerpt(title: str, summary: markup.Cleaned, content: markup.Cleaned, text: str) -> str:
    """The first words of the summary, or of the content if the summary says no more than where to read on."""
    first = summary.prose or summary.text
    if _breaks_off(first, content.prose or text):
        first = ""
    for prose in (first, content.prose):
        if prose and (own := wording.without_link_onward(title, wording.without_footer(title, prose))):
            return markup.excerpt(own)
    return markup.excerpt(wording.without_link_onward(title, text) or text)


def _breaks_off(summary: str, text: str) -> bool:
    """Whether a summary is the text's beginning, and ends in the middle of a sentence without saying so."""
    if not summary[-1:].isalnum() or not text.startswith(summary):
        return False
    return text[len(summary) : len(summary) + 1] not in ("", "\n")


def _fingerprint(
    title: str, text: str, image: str | None, enclosures: Iterable[Enclosure], *, earlier: bool = False
) -> str:
    words = wording.that_count(title, text, earlier=earlier)
    if words.strip():
        return digest(words)
    # Where there is no word, pictures and files are all there is to tell entries apart by.
    return digest("\n".join((image or "", *(enclosure.url for enclosure in enclosures))))


def written(entry: ParsedEntry, around: bytes) -> int:
    """A number that stands for all that is written of an entry and `around` it; 0 where there can be none."""
    try:
        return _number(msgspec.msgpack.encode(entry), around)
    except UnicodeEncodeError:  # half a character, as JSON can have them
        return 0


def _around(document: ParsedFeed, url: str, zone: tzinfo) -> bytes:
    """What a document's entries are made of besides what stands in each; the hub's version is part of it."""
    said = (document.authors, document.language, document.link, url, str(zone), __version__)
    return hashlib.blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _number(told: bytes, key: bytes = b"") -> int:
    return int.from_bytes(hashlib.blake2b(told, digest_size=8, key=key).digest(), "little", signed=True)


def rest(entry: Entry) -> int:
    """A number of 63 bits, never 0, that stands for all that is published of an entry but its words.

    That is where its links and pictures lead, without parameters that say where a reader
    came from; what its pictures are said to show; and its dates, people, categories,
    files and source.
    """
    values = _VALUES.findall(entry.summary) + _VALUES.findall(entry.content)
    told = msgspec.json.encode(
        (
            [_told_apart_by(value) if "?" in value else value for value in values],
            (entry.image, entry.enclosures, entry.authors, entry.categories),
            (entry.published, entry.event_date, entry.language, entry.rights, entry.source),
        )
    )
    return _number(told) & ~1 or 2


def _told_apart_by(written: str) -> str:
    return urls.without_tracking(written.replace("&amp;", "&"))


def _base(link: str | None, site: str | None, url: str) -> str:
    """What links in an entry are relative to, where its document does not say.

    Most likely its text is that of its own page. But its link may lead to somebody
    else's page, which it is about.
    """
    own = [urls.host(address) for address in (url, site) if address]
    return link if link and urls.host(link) in own else site or url


def _keys(
    id: str | None,
    link: str | None,
    canonical: str | None,
    named: str,
    hosts: Mapping[str, str],
) -> EntryKeys:
    return EntryKeys(
        id=digest(id) if id else None,
        loose_id=urls.loose_id_key(id, hosts),
        link=urls.link_key(link, canonical),
        title=digest(named),
    )


def _dated(title: str, published: datetime | None) -> str:
    """An entry's title and date, by which it is known; empty where it lacks one of them."""
    words = markup.words(title) if published else ""
    return f"{words}\n{published.isoformat()}" if published and words else ""


def _clean(text: Text | None, base: str) -> markup.Cleaned:
    if text is None:
        return markup.Cleaned(html="", text="", image=None)
    html = markup.as_html(text.value, is_text=text.type == "text")
    return markup.clean(html, base=urls.resolve(base, text.base or base) or base)


def _link(base: str, link: str | None) -> str | None:
    if not link or len(link) > _LONGEST_LINK:
        return None
    return urls.resolve(base, link)


def _line(text: str | None) -> str | None:
    return markup.plain(text)[:_LONGEST_TITLE] or None if text else None


def _language(written: str | None) -> str | None:
    tag = (written or "").strip().replace("_", "-")
    return tag if _LANGUAGE.match(tag) else None


def _people(authors: Iterable[Author], url: str) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for author in authors:
        email = _email(author.email)
        name = _name(markup.plain(author.name or "")) or (email or "")
        if name and name not in people:
            people[name] = Person(name, email, _link(url, author.uri))
        if len(people) == _MOST_AUTHORS:
            break
    return tuple(people.values())


def _name(written: str) -> str:
    """A name, or those of many in one text up to the last that fits."""
    if len(written) <= _LONGEST_NAME:
        return written
    cut = written[: _LONGEST_NAME - 1]
    at = max(cut.rfind(","), cut.rfind(";"))
    at = at if at > 0 else cut.rfind(" ")
    return f"{cut[:at].rstrip(' ,;') if at > 0 else cut}…"


def _email(written: str | None) -> str | None:
    text = written or ""
    return text if len(text) <= _LONGEST_EMAIL and re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text) else None


def _categories(terms: Iterable[Term]) -> tuple[Category, ...]:
    categories: dict[tuple[str, str | None], Category] = {}
    for each in terms:
        term = markup.title_text(each.term, type=None)[:_LONGEST_NAME]
        if not term:
            continue
        scheme = each.scheme if each.scheme and urls.is_absolute_iri(each.scheme) else None
        label = markup.title_text(each.label, type=None)[:_LONGEST_NAME] if each.label else None
        categories.setdefault((term, scheme), Category(term, scheme, label or None))
        if len(categories) == _MOST_CATEGORIES:
            break
    return tuple(categories.values())


def _enclosures(attached: Iterable[Attached], url: str) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for each in attached:
        address = _link(url, each.url)
        if address is None or address in found:
            continue
        length = int(each.length) if each.length and re.fullmatch(r"\d{1,15}", each.length) else None
        # Its parameters, such as codecs, say nothing that a reader of feeds asks for.
        type = (each.type or "").partition(";")[0].strip()
        if type.lower() == _UNPLAYABLE:
            continue
        kind = type if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", type) else None
        title = markup.line(each.title)[:_LONGEST_NAME] if each.title else None
        found[address] = Enclosure(address, kind, length, title or None)
        if len(found) == _MOST_ENCLOSURES:
            break
    return tuple(found.values())


def _image(images: Iterable[Attached], url: str) -> str | None:
    addresses = (_link(url, each.url) for each in images)
    return next((address for address in addresses if address and markup.is_content(address)), None)


def _source(source: ParsedSource | None, url: str) -> Source | None:
    """The source a publisher names (RFC 4287 §4.2.11), if it says which feed that is."""
    if source is None:
        return None
    self_link = _link(url, source.self_link)
    id = source.id if source.id and urls.is_absolute_iri(source.id) else self_link
    if id is None:
        return None
    return Source(
        id=id,
        title=markup.plain(source.title or "")[:_LONGEST_TITLE] or urls.host(id) or id,
        updated=source.updated,
        link=_link(url, source.link),
        self_link=self_link,
        rights=_line(source.rights),
    )


def _date_in_link(link: str | None) -> datetime | None:
    found = _DATE_IN_LINK.search(urlsplit(link).path) if link else None
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    except ValueError:
        return None
