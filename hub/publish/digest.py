"""What came in on a day, or in a week, as one item of a feed: for readers who want a letter. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Literal

from msgspec import Struct

from hub import urls
from hub.language import Language
from hub.model import Member, Person, Source, Story
from hub.publish.document import link_or_story, other_publishers
from hub.publish.item import Item, item
from hub.said import sentence

Rhythm = Literal["daily", "weekly"]

_DAYS: Mapping[Rhythm, int] = {"daily": 1, "weekly": 7}
# Those of which the days before and after can be told, too.
_YEARS = range(1970, 9999)
_HEADLINES = 3


class Period(Struct, frozen=True):
    """A day, or a week from Monday to Sunday (ISO 8601), by the hub's clocks.

    `name` is ISO 8601's, which stands in addresses: `2026-11-28`, `2026-W48`.
    """

    rhythm: Rhythm
    first: date

    @property
    def after(self) -> date:
        """The day on which it is over."""
        return self.first + timedelta(days=_DAYS[self.rhythm])

    @property
    def name(self) -> str:
        return self.first.isoformat() if self.rhythm == "daily" else f"{self.first:%G-W%V}"

    def title(self, language: Language) -> str:
        """`News of Saturday 28 November 2026`."""
        last = language.weekday_of_year(self.after - timedelta(days=1))
        if self.rhythm == "daily":
            return language.gettext("News of %(day)s", day=last)
        return language.gettext("News of the week to %(day)s", day=last)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """When it began and when it was over."""
        begins, ends = (datetime.combine(day, time.min, zone) for day in (self.first, self.after))
        return begins, ends


def read_period(name: str) -> Period | None:
    """The period of a name, None where there is none."""
    try:
        # Both are exactly as they are written; `date` reads more than that.
        period = Period("weekly" if "W" in name else "daily", date.fromisoformat(name))
    except ValueError:
        return None
    return period if period.name == name and period.first.year in _YEARS else None


def finished(rhythm: Rhythm, today: date, number: int) -> tuple[Period, ...]:
    """The last periods that are over, the latest first."""
    days = _DAYS[rhythm]
    current = today - timedelta(days=today.weekday() if rhythm == "weekly" else 0)
    return tuple(Period(rhythm, current - timedelta(days=days * ago)) for ago in range(1, number + 1))


class Digest(Struct, frozen=True, kw_only=True):
    """A period's news: the newest `stories`, and how many there are in all. `page` is its own, absolute."""

    period: Period
    page: str
    stories: tuple[Story, ...]
    total: int


def digest_item(
    digest: Digest,
    *,
    hub_title: str,
    hub_url: str,
    language: str,
    own: Language,
    labels: Mapping[str, str],
    zone: tzinfo,
) -> Item:
    """A digest as an item of a feed, published by the hub itself when the period was over.

    `language` is that of headlines which do not say theirs, `own` the hub's own words'.
    """
    over = digest.period.bounds(zone)[1].astimezone(UTC)
    items = [item(story, labels, own) for story in digest.stories]
    return Item(
        story=0,
        id=urls.tag_uri(urls.host(hub_url) or "", digest.period.after, f"digest/{digest.period.name}"),
        title=own.ngettext(
            "%(news)s: %(num)s story",
            "%(news)s: %(num)s stories",
            digest.total,
            news=digest.period.title(own),
        ),
        link=digest.page,
        kind="news",
        event_date=None,
        undated=False,
        member=Member(slug="", name=hub_title, homepage=hub_url),
        date=over,
        published=over,
        updated=over,
        corrected=None,
        came_in=over,
        authors=(Person(hub_title, uri=hub_url),),
        categories=(),
        tags=(),
        summary=_summary(items, digest.total, own),
        content="".join(_content(digest, items, hub_url, language, own, zone)),
        language=own.code,
        direction=None,
        enclosures=(),
        image=None,
        rights=None,
        source=Source(id="", title=""),
        copies=(),
    )


def _summary(items: Sequence[Item], total: int, own: Language) -> str:
    headlines = "; ".join(each.title for each in items[:_HEADLINES])
    if total <= _HEADLINES:
        return headlines
    left = total - _HEADLINES
    return own.ngettext(
        "%(headlines)s; and %(num)s more", "%(headlines)s; and %(num)s more", left, headlines=headlines
    )


def _content(
    digest: Digest, items: Sequence[Item], hub_url: str, language: str, own: Language, zone: tzinfo
) -> Iterator[str]:
    for day, of_day in groupby(items, key=lambda each: each.date.astimezone(zone).date()):
        yield f"<h3>{sentence(own.weekday_of_year(day))}</h3><ul>"
        yield from (_line(each, hub_url, language, own) for each in of_day)
        yield "</ul>"
    if left := digest.total - len(items):
        page = html.escape(digest.page)
        more = own.ngettext("%(num)s more story", "%(num)s more stories", left)
        yield f'<p><a href="{page}">{more}</a></p>'


def _line(shown: Item, hub_url: str, language: str, own: Language) -> str:
    publishers = shown.member.name
    if others := len(other_publishers(shown)):
        publishers = own.ngettext(
            "%(member)s and %(num)s other", "%(member)s and %(num)s others", others, member=publishers
        )
    its = shown.language or (language if language != own.code else "")
    lang = f' lang="{html.escape(its)}"' if its else ""
    direction = ' dir="rtl"' if shown.direction == "rtl" else ""
    link, title = html.escape(link_or_story(shown, hub_url)), html.escape(shown.title)
    return f'<li><a href="{link}"{lang}{direction}>{title}</a> – {html.escape(publishers)}</li>'
