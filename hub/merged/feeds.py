"""What each merged feed holds now, and its document in a format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from hub.filters import lets_through
from hub.language import Language
from hub.merged.addresses import Addresses, place_of
from hub.merged.catalogue import FORMATS, Catalogue, FeedAddress
from hub.model import Selection, Story, Term, WithheldEntry
from hub.publish import atom, ical, jsonfeed, rss
from hub.publish.corrections import correction_item, corrections, withdrawal, withdrawal_item, withdrawn_by
from hub.publish.digest import Digest, Period, Rhythm, digest_item, finished
from hub.publish.document import Deleted, MergedDocument
from hub.publish.http import Rendered
from hub.publish.incidents import incident_item
from hub.publish.item import Item, item
from hub.store import Page, Store
from hub.translations import language_of
from hub.websub.subscribers import endpoint, links

if TYPE_CHECKING:
    from hub.config import Config

_ENTRIES = 100
_TOPIC = re.compile(
    r"/feeds/(?:(?P<list>all|corrections)|(?P<one>tag|member|merged|digest)/(?P<name>[^/]+))"
    rf"\.(?P<format>{'|'.join(FORMATS)})"
)
# As long as a reader may be away, and find that its copy is to go.
_TOMBSTONES_TOLD = timedelta(days=30)
# Calendars show what was of late, too; the most events have half a megabyte, which each program takes.
_EVENTS_KEPT = timedelta(days=92)
_EVENTS = 500
# How many days and weeks the feeds of digests hold.
_DIGESTS: Mapping[Rhythm, int] = {"daily": 7, "weekly": 4}
# What is older when it comes in is no news, but what its publisher had all along.
_LATE = timedelta(days=7)
_RENDERERS: dict[str, tuple[Callable[[MergedDocument], bytes], str]] = {
    "atom": (atom.atom, atom.MEDIA_TYPE),
    "rss": (rss.rss, rss.MEDIA_TYPE),
    "json": (jsonfeed.json_feed, jsonfeed.MEDIA_TYPE),
}


class Contents(Struct, frozen=True, kw_only=True):
    """A merged feed: where it is found, and what it holds when that is asked for.

    `items` is called with a cursor for what is older. `deleted` are the
    withdrawn ones, which nobody need read again. `events` are those of its calendar. What `is_topic` can be
    subscribed to at our WebSub hub: a search cannot, nor a feed without some
    members, of which anybody could think of a million.
    """

    address: FeedAddress
    items: Callable[[str | None], Page[Item]]
    deleted: Callable[[], tuple[Deleted, ...]] = tuple
    events: Callable[[], tuple[Item, ...]] = tuple
    is_topic: bool = True


class MergedFeeds(Struct, frozen=True, kw_only=True):
    """The merged feeds by feeds.yaml and a store, at a moment."""

    config: Config
    store: Store
    addresses: Addresses
    now: datetime

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.config, self.addresses, self.language, self.member_name)

    @property
    def language(self) -> Language:
        """The language of the hub's own words in them."""
        return language_of(self.config.hub.language)

    @property
    def push_url(self) -> str | None:
        """Our WebSub hub, None where nothing can be subscribed to: by files nobody is sent anything."""
        return endpoint(self.config.hub) if self.addresses.live else None

    # ------------------------------------------------------------ what exists

    def knows_tag(self, term: str) -> bool:
        return term in self.config.labels or term in self.store.tag_counts()

    def member_name(self, slug: str) -> str | None:
        """The name of a member, also of one that has left feeds.yaml; None where there never was one."""
        for member in self.config.members:
            if member.slug == slug:
                return member.name
        return next((each.member.name for each in self.store.members(self.now, slug)), None)

    # ------------------------------------------------------------ which there are

    def everything(self, without: tuple[str, ...] = ()) -> Contents:
        return self.of(self.catalogue.everything(without), Selection(without=without))

    def of_tag(self, term: str, without: tuple[str, ...] = ()) -> Contents | None:
        """None where there is no such tag."""
        if not self.knows_tag(term):
            return None
        selection = Selection(filter=Term("tag", term), without=without)
        return self.of(self.catalogue.of_tag(term, without), selection)

    def of_member(self, slug: str) -> Contents | None:
        """None where there never was such a member."""
        if self.member_name(slug) is None:
            return None
        selection = Selection(filter=Term("member", slug), every_entry=True)
        return self.of(self.catalogue.of_member(slug), selection)

    def merged(self, slug: str, without: tuple[str, ...] = ()) -> Contents | None:
        """None where feeds.yaml defines no such feed."""
        found = next((each for each in self.config.merged_feeds if each.slug == slug), None)
        if found is None:
            return None
        return self.of(self.catalogue.merged(found, without), Selection(filter=found.filter, without=without))

    def digests(self, rhythm: Rhythm) -> Contents:
        return Contents(
            address=self.catalogue.digest(rhythm), items=lambda _: Page(items=tuple(self._digests(rhythm)))
        )

    def corrections(self) -> Contents:
        return Contents(address=self.catalogue.corrections, items=lambda _: Page(items=self._corrections()))

    def incidents(self, member: str | None = None) -> Contents | None:
        """What was the matter with feeds, of all or of a member's; None where there never was such a member.

        Nobody is sent it (WebSub): it changes while nothing is published.
        """
        if member is not None and self.member_name(member) is None:
            return None
        address = self.catalogue.status if member is None else self.catalogue.status_of(member)
        return Contents(
            address=address, items=lambda _: Page(items=tuple(self._incidents(member))), is_topic=False
        )

    def of(self, address: FeedAddress, selection: Selection, *, is_topic: bool = True) -> Contents:
        """The merged feed of a selection, at an address."""

        def items(before: str | None) -> Page[Item]:
            # What a page finds may be old; what comes by itself is news, and comes once.
            stories = self.stories(replace(selection, told=True), _ENTRIES, before)
            listed = tuple(item(story, self.config.labels, self.language) for story in stories.items)
            return Page(items=listed, next=stories.next)

        return Contents(
            address=address,
            items=items,
            deleted=lambda: self._deleted(selection),
            events=lambda: self._events(selection),
            is_topic=is_topic and not selection.without,
        )

    def would_have(self, url: str) -> bool:
        """Whether a topic of this address would be ours, if there were such a feed."""
        return self._named(url) is not None

    def _named(self, url: str) -> re.Match[str] | None:
        return _TOPIC.fullmatch(url.removeprefix(self.addresses.hub))

    def topic(self, url: str) -> tuple[Contents, str] | None:
        """The merged feed, and its format, that is a topic by this address; None where there is none."""
        found = self._named(url)
        if found is None:
            return None
        name, format = unquote(found["name"] or ""), found["format"]
        match found["list"] or found["one"]:
            case "tag":
                contents = self.of_tag(name)
            case "member":
                contents = self.of_member(name)
            case "merged":
                contents = self.merged(name)
            case "digest":
                contents = self.digests("weekly" if name == "weekly" else "daily")
            case "corrections":
                contents = self.corrections()
            case _:
                contents = self.everything()
        # It is known by one address, which it gives itself.
        if contents is None or getattr(contents.address, format) != url:
            return None
        return contents, format

    def stories(self, selection: Selection, limit: int, before: str | None) -> Page[Story]:
        """So many stories of a selection, the newest or those behind a cursor.

        Where files are made of the pages, the newest are up to twice as many: what
        follows is counted from the oldest, so that news changes none of it.
        """
        if before is None and not self.addresses.live:
            limit += self.store.count(selection) % limit
        return self.store.stories(selection, limit=limit, cursor=before)

    def digest(self, period: Period, *, stories: int) -> Digest | None:
        """A period's news, the newest of them so many; None of one without news, which has no page."""
        start, end = period.bounds(self._zone)
        found, total = self.store.came_between(start, end, late=_LATE, limit=stories)
        if not total:
            return None
        page = self.addresses.full(self.addresses.digest(period.name))
        return Digest(period=period, page=page, stories=found, total=total)

    # ------------------------------------------------------------ as documents

    def rendered(self, contents: Contents, format: str, *, before: str | None = None) -> Rendered:
        """A merged feed's document, or that of what is behind a cursor of it."""
        first_url: str = getattr(contents.address, format)
        page, going_on = contents.items(before), self.addresses.going_on
        # What is behind a cursor is a part of the topic.
        push_url = self.push_url if contents.is_topic and not before else None
        document = MergedDocument(
            id=contents.address.atom,
            title=contents.address.title,
            self_url=going_on(first_url, before) if before else first_url,
            first_url=first_url if before else None,
            next_url=going_on(first_url, page.next) if page.next else None,
            page_url=contents.address.page,
            push_url=push_url,
            hub_url=self.addresses.hub,
            hub_title=self.config.hub.title,
            language=self.config.hub.language,
            own=self.language,
            items=page.items,
            # A JSON Feed has no date that a withdrawal would move.
            deleted=contents.deleted() if format != "json" and not before else (),
        )
        render, media_type = _RENDERERS[format]
        # Not the latest of what it holds, which a withdrawal, a tag and another name do not move.
        return Rendered(
            body=render(document),
            media_type=media_type,
            last_modified=self.now,
            links=links(push_url, first_url) if push_url else "",
        )

    def calendar(self, contents: Contents) -> Rendered:
        """The calendar of a merged feed's events, of a feed that has one."""
        address = contents.address
        assert address.ics is not None
        document = MergedDocument(
            id=address.ics,
            title=self.language.gettext("Events: %(feed)s", feed=address.title),
            self_url=address.ics,
            page_url=address.page,
            hub_url=self.addresses.hub,
            hub_title=self.config.hub.title,
            own=self.language,
            items=contents.events(),
        )
        body = ical.calendar(document)
        return Rendered(body=body, media_type=ical.MEDIA_TYPE, last_modified=self.now)

    # ------------------------------------------------------------ what they hold

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.hub.timezone)

    @property
    def _today(self) -> date:
        return self.now.astimezone(self._zone).date()

    def _deleted(self, selection: Selection) -> tuple[Deleted, ...]:
        """What was withdrawn of late; nobody knows any more what a search would have found of it.

        All of it is in the first part of a feed: what went may leave no other.
        """
        if selection.search is not None:
            return ()
        # To the day, so that the feed changes by itself no oftener than its pages.
        since, language = datetime.combine(self._today, time.min, self._zone), self.language
        of_feed = (
            each
            for each in self.store.withdrawn(since - _TOMBSTONES_TOLD)
            if each.stored.member.slug not in selection.without
            and (selection.filter is None or lets_through(selection.filter, each.stored, each.story_terms))
        )
        return tuple(
            Deleted(
                id=each.stored.atom_id,
                when=each.since,
                by=withdrawn_by(each, language),
                why=language.message(each.withheld.why),
            )
            for each in of_feed
        )

    def _events(self, selection: Selection) -> tuple[Item, ...]:
        """The events to come of a selection and those of late, each once, by their days.

        What was withdrawn, or is off, is no longer among them: programs take it out of a calendar that
        they subscribe to. To have it there as cancelled would say its words again, and that an event
        is off of which the news was withdrawn.
        """
        selection = replace(selection, every_entry=False)
        today = self._today
        to_come = self.store.to_come(selection, since=today, limit=_EVENTS)
        gone_by = self.store.gone_by(
            selection, since=today - _EVENTS_KEPT, before=today, limit=_EVENTS - len(to_come)
        )
        return tuple(
            item(story, self.config.labels, self.language) for story in (*reversed(gone_by), *to_come)
        )

    def _digests(self, rhythm: Rhythm) -> Iterator[Item]:
        for period in finished(rhythm, self._today, _DIGESTS[rhythm]):
            found = self.digest(period, stories=_ENTRIES)
            if found is not None:
                yield digest_item(
                    found,
                    hub_title=self.config.hub.title,
                    hub_url=self.addresses.hub,
                    language=self.config.hub.language,
                    own=self.language,
                    labels=self.config.labels,
                    zone=self._zone,
                )

    def _incidents(self, member: str | None) -> Iterator[Item]:
        feeds = Counter(feed.key.member for feed in self.config.feeds)
        page = self.catalogue.status.page
        for each in self.store.incidents(member, limit=_ENTRIES):
            slug = each.feed.member
            name = self.member_name(slug) or slug
            yield incident_item(
                each,
                name=f"{name} ({each.feed.name})" if feeds[slug] > 1 else name,
                link=f"{page}#{place_of(each.feed)}",
                hub_title=self.config.hub.title,
                hub_url=self.addresses.hub,
                zone=self._zone,
            )

    def _corrections(self) -> tuple[Item, ...]:
        language = self.language
        changes = corrections(self.store.told_changes(limit=_ENTRIES), language)
        corrected = (correction_item(each, language) for each in changes)
        withdrawn = (self._withdrawal(each) for each in self.store.withdrawn())
        newest = sorted((*corrected, *withdrawn), key=attrgetter("date"), reverse=True)
        return tuple(newest[:_ENTRIES])

    def _withdrawal(self, withdrawn: WithheldEntry) -> Item:
        day = self.language.day_of_year(withdrawn.since.astimezone(self._zone))
        return withdrawal_item(withdrawn, withdrawal(withdrawn, day, self.language), self.language)
