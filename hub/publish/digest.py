"""What came in on a day, or in a week, as one item of a feed: for readers who want a letter. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Literal

from msgspec import Struct

from hub import urls
from hub.model import Member, Person, Source, Story
from hub.publish.document import ENGLISH, link_or_story, other_publishers
from hub.publish.item import Item, item
from hub.said import counted, date_of

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

    @property
    def title(self) -> str:
        """`News of Saturday 28 November 2026`."""
        last = self.after - timedelta(days=1)
        week = "" if self.rhythm == "daily" else "the week to "
        return f"News of {week}{last:%A} {date_of(last)}"

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
    digest: Digest, *, hub_title: str, hub_url: str, language: str, labels: Mapping[str, str], zone: tzinfo
) -> Item:
    """A digest as an item of a feed, published by the hub itself when the period was over.

    `language` is that of headlines which do not say theirs.
    """
    over = digest.period.bounds(zone)[1].astimezone(UTC)
    items = [item(story, labels) for story in digest.stories]
    return Item(
        story=0,
        id=urls.tag_uri(urls.host(hub_url) or "", digest.period.after, f"digest/{digest.period.name}"),
        title=f"{digest.period.title}: {counted(digest.total, 'story', 'stories')}",
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
        summary=_summary(items, digest.total),
        content="".join(_content(digest, items, hub_url, language, zone)),
        language=ENGLISH,
        direction=None,
        enclosures=(),
        image=None,
        rights=None,
        source=Source(id="", title=""),
        copies=(),
    )


def _summary(items: Sequence[Item], total: int) -> str:
    headlines = "; ".join(each.title for each in items[:_HEADLINES])
    return f"{headlines}; and {total - _HEADLINES:,} more" if total > _HEADLINES else headlines


def _content(
    digest: Digest, items: Sequence[Item], hub_url: str, language: str, zone: tzinfo
) -> Iterator[str]:
    for day, of_day in groupby(items, key=lambda each: each.date.astimezone(zone).date()):
        yield f"<h3>{day:%A} {date_of(day)}</h3><ul>"
        yield from (_line(each, hub_url, language) for each in of_day)
        yield "</ul>"
    if left := digest.total - len(items):
        page = html.escape(digest.page)
        yield f'<p><a href="{page}">{counted(left, "more story", "more stories")}</a></p>'


def _line(shown: Item, hub_url: str, language: str) -> str:
    others = len(other_publishers(shown))
    publishers = (
        f"{shown.member.name} and {counted(others, 'other', 'others')}" if others else shown.member.name
    )
    its = shown.language or (language if language != ENGLISH else "")
    lang = f' lang="{html.escape(its)}"' if its else ""
    direction = ' dir="rtl"' if shown.direction == "rtl" else ""
    link, title = html.escape(link_or_story(shown, hub_url)), html.escape(shown.title)
    return f'<li><a href="{link}"{lang}{direction}>{title}</a> – {html.escape(publishers)}</li>'
