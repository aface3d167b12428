"""Who published what in a time, and with whom: for a network's reports. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from hub.model import Filter, Kind, Member, Selection, Story, Term, is_undated
from hub.publish.item import headline
from hub.publish.spreadsheet import spreadsheet
from hub.said import counted

_A_YEAR = timedelta(days=364)
# Whose beginning and end any clock can tell.
_FIRST, _LAST = date(1970, 1, 1), date(9998, 12, 31)
_COLUMNS = ("date", "member", "title", "link", "kind", "topics", "also published by", "story")


class Span(Struct, frozen=True):
    """The days from `first` to `last`, both with it, by the hub's clocks."""

    first: date
    last: date

    @classmethod
    def read(cls, first: str, last: str, today: date) -> Span:
        """The span of two days as `2026-11-30`: without the first a year, without the last up to today.

        Raises ValueError, which says what is wrong.
        """
        try:
            to = date.fromisoformat(last) if last else today
            since = date.fromisoformat(first) if first else to - _A_YEAR
        except (ValueError, OverflowError):
            raise ValueError("A day is written as 2026-11-30.") from None
        if since > to:
            raise ValueError(f"{since} is after {to}.")
        if since < _FIRST or to > _LAST:
            raise ValueError(f"Days are from {_FIRST} to {_LAST}.")
        return cls(since, to)

    def selection(self, zone: tzinfo, member: str | None = None) -> Selection:
        """What was published on these days, each member's own version of it; of one `member` alone."""
        asked: Filter | None = Term("member", member) if member else None
        days = (self.first, self.last + timedelta(days=1))
        begins, ends = (datetime.combine(each, time.min, zone) for each in days)
        return Selection(filter=asked, every_entry=True, dated=(begins, ends))


class Publication(Struct, frozen=True, kw_only=True):
    """What one member published on a day. `others` are the names of those that have the story too."""

    day: date
    member: Member
    title: str
    link: str | None
    kind: Kind
    tags: tuple[str, ...]
    others: tuple[str, ...]
    story: int


class Count(Struct, frozen=True):
    """How much something has, under the name of it, and how much of that several members published."""

    name: str
    number: int
    joint: int


class Tally(Struct, frozen=True, kw_only=True):
    """What was published in a time, counted, the most first.

    `stories` are fewer than what was published, `news`, where several members published one; those
    are `joint`. Members, by their names, are counted by what they published, and so are `months`, in
    their order, such as `2026-11`; tags and kinds by stories.
    """

    news: int
    stories: int
    joint: int
    members: tuple[Count, ...]
    tags: tuple[Count, ...]
    kinds: tuple[Count, ...]
    months: tuple[tuple[str, int], ...]

    @property
    def in_words(self) -> str:
        """How much was published, and how much of it by several."""
        if not self.news:
            return "nothing was published."
        news = counted(self.news, "piece of news was", "pieces of news were")
        joint = counted(self.joint, "of these is", "of these are")
        stories = counted(self.stories, "story", "stories")
        make = "makes" if self.news == 1 else "make"
        return f"{news} published, which {make} {stories}; {joint} of more than one member."


def publications(stories: Iterable[Story], zone: tzinfo) -> Iterator[Publication]:
    """The entry of each story that is shown, as what was published; not what has no date.

    What a member has in several feeds it published once: of these the first counts.
    """
    told: set[tuple[int, str]] = set()
    for story in stories:
        stored = story.shown
        if is_undated(stored) or (story.id, stored.member.slug) in told:
            continue
        told.add((story.id, stored.member.slug))
        others = {each.member.slug: each.member.name for each in story.entries}
        others.pop(stored.member.slug)
        yield Publication(
            day=stored.date.astimezone(zone).date(),
            member=stored.member,
            title=headline(stored),
            link=stored.entry.link,
            kind=stored.entry.kind,
            tags=tuple(tag.term for tag in story.tags),
            others=tuple(others.values()),
            story=story.id,
        )


def tally(published: Iterable[Publication], span: Span, labels: Mapping[str, str]) -> Tally:
    """What was published, counted; `labels` are the tags' labels by term."""
    found = list(published)
    # What several members published is one story, whichever of them is looked at.
    stories = list({each.story: each for each in found}.values())
    months = Counter(_month(each.day) for each in found)
    return Tally(
        news=len(found),
        stories=len(stories),
        joint=sum(map(_is_joint, stories)),
        members=_counts((each.member.name, each) for each in found),
        tags=_counts((labels.get(term, term), each) for each in stories for term in each.tags),
        kinds=_counts((each.kind, each) for each in stories),
        months=tuple((month, months[month]) for month in _months(span)),
    )


def _counts(named: Iterable[tuple[str, Publication]]) -> tuple[Count, ...]:
    number: Counter[str] = Counter()
    joint: Counter[str] = Counter()
    for name, each in named:
        number[name] += 1
        joint[name] += _is_joint(each)
    by_number = sorted(number.items(), key=lambda each: (-each[1], each[0].casefold()))
    return tuple(Count(name, total, joint[name]) for name, total in by_number)


def _is_joint(each: Publication) -> bool:
    return bool(each.others)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _months(span: Span) -> Iterator[str]:
    first = span.first.replace(day=1)
    while first <= span.last:
        yield _month(first)
        first = (first + timedelta(days=31)).replace(day=1)


def table(published: Iterable[Publication], labels: Mapping[str, str]) -> str:
    """What was published, a row each, for a spreadsheet; what has one number under `story` is one story."""
    return spreadsheet(_COLUMNS, (_row(each, labels) for each in published))


def _row(each: Publication, labels: Mapping[str, str]) -> tuple[str | int, ...]:
    return (
        each.day.isoformat(),
        each.member.name,
        each.title,
        each.link or "",
        each.kind,
        "; ".join(labels.get(term, term) for term in each.tags),
        "; ".join(each.others),
        each.story,
    )
