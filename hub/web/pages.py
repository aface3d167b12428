"""What the pages show, as values that a template only has to write down. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal
from urllib.parse import unquote, urlsplit

from markupsafe import Markup
from msgspec import Struct

from hub import markup
from hub.language import N_, Language
from hub.merged.addresses import Addresses
from hub.model import (
    Direction,
    Enclosure,
    Member,
    RelatedStory,
    Story,
)
from hub.publish.item import KIND_LABELS, Copy, Item, headline_of, item, permitted
from hub.said import plain_letters
from hub.store import MemberSummary, Page
from hub.web.words import (
    Calendar,
    Moment,
    around,
    file_type,
    marked,
    site,
    size,
)

MemberOrder = Literal["name", "latest", "recent"]


class Setting(Struct, frozen=True, kw_only=True):
    """What every page is written with: the topics' labels by term, the calendar, the addresses."""

    labels: Mapping[str, str]
    calendar: Calendar
    addresses: Addresses

    @property
    def language(self) -> Language:
        return self.calendar.language


class Link(Struct, frozen=True):
    """Words that lead somewhere."""

    text: str
    href: str


# ---------------------------------------------------------------- stories in lists


class ListedCopy(Struct, frozen=True, kw_only=True):
    """The same story as another member told it."""

    member: Link
    title: str
    language: str | None
    direction: Direction | None
    href: str | None
    when: Moment | None
    why: str


class Listed(Struct, frozen=True, kw_only=True):
    """A story in a list.

    `href` is the publisher's page, or ours where there is none; `details` is
    ours. `when` is None where the publisher gave no date; `date` is what the
    story is sorted by. `others` says how many more members carry it. `kind`
    is empty for plain news; `takes_place` is the day of an event.
    """

    item: Item
    date: datetime
    title: Markup
    href: str
    details: str
    member: Link
    when: Moment | None
    corrected: Moment | None
    kind: str
    takes_place: Moment | None
    excerpt: Markup
    others: str
    copies: tuple[ListedCopy, ...]
    topics: tuple[Link, ...]


class Day(Struct, frozen=True):
    """A day's stories under their heading."""

    heading: str
    stories: tuple[Listed, ...]


class Listing(Struct, frozen=True, kw_only=True):
    """A stretch of stories, newest first; `older` is where it goes on."""

    days: tuple[Day, ...]
    older: str | None


def listed(story: Story, setting: Setting, wanted: re.Pattern[str] | None = None) -> Listed:
    """The story for a list; `wanted` is what was searched for, to be marked."""
    language = setting.language
    shown = item(story, setting.labels, language)
    addresses = setting.addresses
    details = addresses.story(story.id)
    texts = [shown.summary]
    if wanted is not None:
        texts.append(permitted(story.shown.entry, shown.member.republish).text)
    return Listed(
        item=shown,
        date=shown.date,
        title=marked(shown.title, wanted),
        href=shown.link or details,
        details=details,
        member=Link(shown.member.name, addresses.member(shown.member.slug)),
        when=setting.calendar.moment(shown.date) if shown.published else None,
        corrected=setting.calendar.day(shown.corrected) if shown.corrected else None,
        kind="" if shown.kind == "news" else language.gettext(KIND_LABELS[shown.kind]),
        takes_place=setting.calendar.on(shown.event_date) if shown.event_date else None,
        excerpt=marked(around(texts, wanted), wanted),
        others=_others(shown, language),
        copies=tuple(_copy(copy, setting) for copy in shown.copies),
        topics=tuple(Link(tag.label, addresses.tag(tag.term)) for tag in shown.tags),
    )


def listing(page: Page[Story], setting: Setting, older: Callable[[str], str]) -> Listing:
    """The page's stories by day; `older` makes the address of what follows a cursor."""
    stories = [listed(story, setting) for story in page.items]
    calendar = setting.calendar
    days = groupby(stories, key=lambda each: None if each.item.undated else calendar.at(each.date).date())
    undated = setting.language.gettext("Date not given")
    return Listing(
        days=tuple(Day(calendar.heading(day) if day else undated, tuple(group)) for day, group in days),
        older=older(page.next) if page.next else None,
    )


class FeedItem(Struct, frozen=True, kw_only=True):
    """What a merged feed holds, where it is shown as a page; `when` is None where nobody gave a date."""

    item: Item
    href: str
    member: Link
    when: Moment | None


def feed_item(shown: Item, setting: Setting) -> FeedItem:
    """An item for the page of a merged feed."""
    addresses = setting.addresses
    publisher = addresses.home() if shown.is_own else addresses.member(shown.member.slug)
    return FeedItem(
        item=shown,
        href=shown.link or addresses.story(shown.story),
        member=Link(shown.member.name, publisher),
        when=setting.calendar.moment(shown.date) if shown.published else None,
    )


def _html(sanitised: str) -> Markup:
    # HTML is sanitised when it is taken in, so it may be written as it is.
    return Markup(markup.within_page(sanitised))  # noqa: S704


def _others(shown: Item, language: Language) -> str:
    others = {copy.member.slug for copy in shown.copies} - {shown.member.slug}
    if others:
        return language.ngettext("and %(num)s other", "and %(num)s others", len(others))
    return language.gettext("more than once") if shown.copies else ""


def _copy(copy: Copy, setting: Setting) -> ListedCopy:
    return ListedCopy(
        member=Link(copy.member.name, setting.addresses.member(copy.member.slug)),
        title=copy.title,
        language=copy.language,
        direction=copy.direction,
        href=copy.link,
        when=None if copy.undated else setting.calendar.moment(copy.date),
        why=copy.why,
    )


# ---------------------------------------------------------------- one story


class ListedRelated(Struct, frozen=True, kw_only=True):
    """Another story about the same, and why it is shown here; `href` is our page of it."""

    member: Link
    title: str
    language: str | None
    direction: Direction | None
    href: str
    when: Moment | None
    why: str


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that belongs to a story; `kind` is its type and size in words."""

    name: str
    href: str
    kind: str


class Full(Struct, frozen=True, kw_only=True):
    """A story on its own page. `site` is the host of the publisher's page, None where there is none."""

    listed: Listed
    canonical: str
    site: str | None
    body: Markup
    image: str | None
    cut: bool
    authors: str
    attachments: tuple[Attachment, ...]
    related: tuple[ListedRelated, ...]


def full(story: Story, related: Sequence[RelatedStory], setting: Setting) -> Full:
    """The story with as much of its text as its member lets us carry, and what else is about the same."""
    shown = listed(story, setting)
    item = shown.item
    return Full(
        listed=shown,
        canonical=item.link or setting.addresses.full(shown.details),
        site=site(item.link) if item.link else None,
        body=_html(item.content),
        image=item.image_beside,
        cut=item.member.republish != "full",
        authors=", ".join(each.name for each in item.authors if each.name != item.member.name),
        attachments=tuple(_attachment(enclosure, setting.language) for enclosure in item.enclosures),
        related=tuple(_related(each, _carried(story), setting) for each in related),
    )


_WORDS_NAMED = 3


def _related(other: RelatedStory, carried: str, setting: Setting) -> ListedRelated:
    language = setting.language
    shown = item(other.story, setting.labels, language)
    texts = (carried, _carried(other.story))
    named = [f"‘{word}’" for word in other.words if all(f" {word} " in text for text in texts)][:_WORDS_NAMED]
    return ListedRelated(
        member=Link(shown.member.name, setting.addresses.member(shown.member.slug)),
        title=shown.title,
        language=shown.language,
        direction=shown.direction,
        href=setting.addresses.story(other.story.id),
        when=None if shown.undated else setting.calendar.moment(shown.date),
        why=language.gettext("both tell of %(words)s", words=language.listed(named)) if named else "",
    )


def _carried(story: Story) -> str:
    """The words of a story that its members let us carry, with a space before and after each."""
    entries = (permitted(each.entry, each.member.republish) for each in story.entries)
    return f" {' '.join(markup.words(f'{each.title} {each.text}') for each in entries)} "


def _attachment(enclosure: Enclosure, language: Language) -> Attachment:
    name = unquote(urlsplit(enclosure.url).path).rstrip("/").rpartition("/")[2]
    kind = file_type(enclosure.type, enclosure.url, language)
    return Attachment(
        name=enclosure.title or name or site(enclosure.url),
        href=enclosure.url,
        kind=f"{kind}, {size(enclosure.length, language)}" if enclosure.length else kind,
    )


WITHDRAWN = N_("This news was withdrawn")
"""The heading of news that was, as a message: its own words are not said again."""


# ---------------------------------------------------------------- members and topics


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member in the table of members. `share` is of the busiest member's stories, in hundredths.

    `language` and `direction` are those of its latest headline.
    """

    member: Member
    name: Link
    type: str
    left: bool
    latest: Link | None
    language: str | None
    direction: Direction | None
    when: Moment | None
    recent: int
    share: int


_MEMBER_TYPES = {"member": "", "national": N_("National body"), "partner": N_("Partner")}


def member_rows(
    summaries: Sequence[MemberSummary], setting: Setting, order: MemberOrder | None
) -> tuple[MemberRow, ...]:
    """The members' table, in the order asked for, else in that of the network."""
    # What one member does not know goes last, whichever the order.
    by: dict[MemberOrder, Callable[[MemberSummary], tuple[object, ...]]] = {
        "name": lambda each: _by_letters(each.member.name),
        "latest": lambda each: (each.latest is None, -each.latest.date.timestamp() if each.latest else 0.0),
        "recent": lambda each: (-each.recent,),
    }
    most = max((each.recent for each in summaries), default=0)
    ordered: Iterable[MemberSummary] = sorted(summaries, key=by[order]) if order else summaries
    return tuple(_member_row(each, most, setting) for each in ordered)


def _by_letters(name: str) -> tuple[str, str]:
    """What a name is sorted by: an accented letter beside its plain one."""
    return plain_letters(name), name.casefold()


def _member_row(summary: MemberSummary, most: int, setting: Setting) -> MemberRow:
    latest = summary.latest
    return MemberRow(
        member=summary.member,
        name=Link(summary.member.name, setting.addresses.member(summary.member.slug)),
        type=setting.language.gettext(kind) if (kind := _MEMBER_TYPES[summary.member.type]) else "",
        left=not summary.configured,
        latest=_latest(summary, setting),
        language=latest.language if latest else None,
        direction=latest.direction if latest else None,
        when=setting.calendar.day(latest.date) if latest and latest.dated else None,
        recent=summary.recent,
        share=round(100 * summary.recent / most) if most else 0,
    )


def _latest(summary: MemberSummary, setting: Setting) -> Link | None:
    latest = summary.latest
    if latest is None:
        return None
    headline = headline_of(latest.title, latest.excerpt, summary.member, setting.language)
    return Link(headline, setting.addresses.story(latest.story))


def bars(numbers: Sequence[int]) -> str:
    """A bar for each number, as the `d` of an SVG path of four units' width a bar, ten high."""
    most = max(numbers, default=0)
    heights = [10 * number / most for number in numbers] if most else []
    return "".join(f"M{4 * place} 10v-{height:.3g}h3V10z" for place, height in enumerate(heights) if height)


class TopicRow(Struct, frozen=True, kw_only=True):
    """A topic in the list of topics, with those that are part of it.

    `weeks` has its stories of each of the last weeks.
    """

    label: Link
    stories: int
    weeks: tuple[int, ...]
    language: Language
    narrower: tuple[TopicRow, ...] = ()

    @property
    def count(self) -> str:
        if not self.stories:
            return self.language.gettext("no news yet")
        return self.language.ngettext("%(num)s story", "%(num)s stories", self.stories)

    @property
    def bars(self) -> str:
        return bars(self.weeks)

    @property
    def in_words(self) -> str:
        """What the bars show."""
        return self.language.ngettext(
            "Stories in the last week: %(stories)s",
            "Stories in each of the last %(num)s weeks: %(stories)s",
            len(self.weeks),
            stories=", ".join(map(str, self.weeks)),
        )


def topic_rows(
    counts: Mapping[str, int],
    weekly: Mapping[str, tuple[int, ...]],
    broader: Mapping[str, str],
    setting: Setting,
) -> tuple[TopicRow, ...]:
    """Every topic there is a rule or a story for, by label; what is part of a `broader` one under that."""
    terms = {*setting.labels, *counts}
    by_broader: defaultdict[str | None, list[str]] = defaultdict(list)
    for term in sorted(terms, key=lambda term: (_by_letters(setting.labels.get(term, term)), term)):
        by_broader[broader.get(term)].append(term)

    def rows(above: str | None) -> tuple[TopicRow, ...]:
        return tuple(
            TopicRow(
                label=topic(term, setting),
                stories=counts.get(term, 0),
                weeks=weekly.get(term, ()),
                language=setting.language,
                narrower=rows(term),
            )
            for term in by_broader[above]
        )

    return rows(None)


def topic(term: str, setting: Setting) -> Link:
    """A topic's page, by its label."""
    return Link(setting.labels.get(term, term), setting.addresses.tag(term))


def busiest(counts: Mapping[str, int], most: int, setting: Setting) -> tuple[tuple[Link, int], ...]:
    """The topics with the most stories, those first, with how many that are."""
    found = [(topic(term, setting), stories) for term, stories in counts.items() if stories]
    return tuple(sorted(found, key=lambda each: (-each[1], _by_letters(each[0].text)))[:most])
