"""The events of a merged feed as a calendar (iCalendar, RFC 5545 and 7986)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from hub import __version__
from hub.publish.document import MergedDocument, cleaned, link_or_story, other_publishers
from hub.publish.item import Item

MEDIA_TYPE = "text/calendar; charset=utf-8"

# Events are announced weeks ahead. Most programs ask as seldom as they like, some as often as it says here.
_ASKED_AGAIN_AFTER = "PT6H"
# Octets of a line without its end (§3.1), and of a UID that every program keeps whole (§3.8.4.7).
_LINE, _UID = 75, 255
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
# In a text these stand for something else (§3.3.11).
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\x7f": None})
# A calendar must have a component (§3.6): without events, the zone that its moments would be in.
_NO_EVENTS = (
    *("BEGIN:VTIMEZONE", "TZID:UTC", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
    *("TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD", "END:VTIMEZONE"),
)


def calendar(document: MergedDocument) -> bytes:
    """The items that are events as a calendar, each on its whole day; the same document gives the same bytes.

    It has no method, so that DTSTAMP is when an event last changed (§3.8.7.2), and not when it is asked for.
    """
    document = cleaned(document)
    events = [line for item in document.items if item.event_date for line in _event(item, document.hub_url)]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//news-hub//hub {__version__}//EN",
        f"NAME:{_text(document.title)}",
        f"X-WR-CALNAME:{_text(document.title)}",
        f"URL:{_uri(document.page_url)}",
        f"SOURCE;VALUE=URI:{_uri(document.self_url)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_ASKED_AGAIN_AFTER}",
        f"X-PUBLISHED-TTL:{_ASKED_AGAIN_AFTER}",
        *(events or _NO_EVENTS),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _event(item: Item, hub_url: str) -> Iterator[str]:
    assert item.event_date is not None
    changed = _moment(max(item.updated, item.came_in, item.moved or item.came_in))
    link = _uri(link_or_story(item, hub_url))
    publishers = ", ".join(each.name for each in (item.member, *other_publishers(item)))
    yield "BEGIN:VEVENT"
    yield f"UID:{_uid(item.id)}"
    yield f"DTSTAMP:{changed}"
    yield f"LAST-MODIFIED:{changed}"
    # Without an end it lasts that day (§3.6.1).
    yield f"DTSTART;VALUE=DATE:{item.event_date:%Y%m%d}"
    yield f"SUMMARY:{_text(item.title)}"
    yield f"DESCRIPTION:{_text(item.summary, publishers, link)}"
    yield f"URL:{link}"
    if item.tags:
        yield f"CATEGORIES:{','.join(_text(tag.label) for tag in item.tags)}"
    # That something takes place keeps nobody from other appointments.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _uid(id: str) -> str:
    """An `atom:id` for a UID; of one that programs may cut off another, the same whenever it is made."""
    return _text(id if len(id.encode()) <= _UID else uuid5(NAMESPACE_URL, id).urn)


def _uri(url: str) -> str:
    """A web address, which may have any letters, as a URI, which has ASCII's alone (RFC 3987 §3.1)."""
    return quote(url, safe=_ASCII)


def _moment(when: datetime) -> str:
    return f"{when:%Y%m%dT%H%M%SZ}"


def _text(*paragraphs: str) -> str:
    """A text value of these paragraphs, a line each, without those that are empty."""
    # What breaks a line, by any program's reading, is a space.
    lines = (" ".join(each.split()) for each in paragraphs)
    return "\n".join(filter(None, lines)).translate(_ESCAPED)


def _folded(line: str) -> bytes:
    """A line in parts of so many octets, none of which ends within a character."""
    octets, parts, start, room = line.encode(), [], 0, _LINE
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[start:end])
        # The space that a part begins with is one of its octets.
        start, room = end, _LINE - 1
    return b"\r\n ".join([*parts, octets[start:]])
