"""Which entry is meant, and how it is shown: what the pages of waiting entries and of news have in common."""

from __future__ import annotations

import re

from flask import request
from msgspec import Struct

from hub import markup, urls
from hub.model import Direction, StoredEntry, Story
from hub.publish.item import headline
from hub.store import address_of
from hub.web.admin.frame import own
from hub.web.visit import Visit
from hub.web.words import Moment

_LONGEST_STORY = 18  # digits: beyond them no database counts


class ShownEntry(Struct, frozen=True, kw_only=True):
    """An entry as admin pages show it: the publisher's words, as text.

    `address` is a link or id by which it is meant, `feed` whose it is, and
    `page` the admin page of all that is known of it.
    """

    key: int
    title: str
    link: str | None
    member: str
    feed: str
    date: Moment
    excerpt: str
    language: str | None
    direction: Direction | None
    standing: str
    address: str
    page: str


def shown(visit: Visit, stored: StoredEntry) -> ShownEntry:
    entry, address = stored.entry, address_of(visit.store, stored)
    link = entry.link or ""
    return ShownEntry(
        key=stored.key,
        title=headline(stored),
        link=link if link.startswith(("https://", "http://")) else None,
        member=stored.member.name,
        feed=str(entry.feed),
        date=visit.setting.calendar.moment(stored.date),
        excerpt=markup.line(entry.excerpt),
        language=entry.language,
        direction=entry.direction,
        standing=stored.standing,
        address=address,
        page=page_of(visit, address),
    )


def page_of(visit: Visit, address: str) -> str:
    return visit.addresses.to("/admin/news", q=address)


def entry_at(visit: Visit, written: str) -> str:
    """What was written for an entry, or, for the address of a story's page here, the address of its lead.

    For an editor of a member it is that of the member's own entry in it.
    """
    number = _story_at(visit, written)
    # A publisher's own link or id may look like one of ours.
    if number is None or visit.store.find(written):
        return written
    story = visit.store.story(number)
    if isinstance(story, int):
        story = visit.store.story(story)
    withdrawn = None if isinstance(story, Story) else visit.store.withdrawn_from(number)
    entries = (story.lead, *story.entries) if isinstance(story, Story) else ()
    entries = (withdrawn.stored,) if withdrawn else entries
    meant = next((each for each in entries if own() in (None, each.member.slug)), None)
    return address_of(visit.store, meant) if meant else written


def _story_at(visit: Visit, written: str) -> int | None:
    """The number in the address of a story's page here, or in its path alone.

    People copy it with what was added to it, and from where they reached the hub.
    """
    path = re.escape(visit.addresses.to("/story/"))
    number = rf"[1-9][0-9]{{,{_LONGEST_STORY - 1}}}"
    found = re.fullmatch(rf"(?:https?://[^/?#]*)?{path}({number})/?(?:[?#].*)?", written, re.IGNORECASE)
    if not found:
        return None
    here = (urls.host(visit.addresses.hub), urls.host(request.host_url))
    return int(found[1]) if written.startswith("/") or urls.host(written) in here else None
