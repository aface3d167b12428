"""What pages tell of corrections: a story's of its own, and the one that tells of all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice

from markupsafe import Markup
from msgspec import Struct

from hub.model import Direction, WithheldEntry
from hub.publish import corrections as published
from hub.publish.corrections import Correction, withdrawal
from hub.publish.item import headline
from hub.web.pages import WITHDRAWN, Link, Setting
from hub.web.words import Moment
from hub.wording import Piece

# Of a text that was written anew, as much is shown in a list as tells what it is about.
_WORDS_LISTED = 120


class Corrected(Struct, frozen=True):
    """When an entry was corrected, and what became of its words: of its title, and of its text."""

    when: Moment
    title: Markup
    text: Markup


class ListedCorrection(Struct, frozen=True, kw_only=True):
    """A correction on the page of all, or a withdrawal.

    `title` and `text` are what became of them, empty where nothing did;
    `says` tells of what has no words to show. `details` is our page of the story.
    """

    date: datetime
    withdrawn: bool
    headline: str
    details: str
    member: Link
    when: Moment
    title: Markup
    text: Markup
    language: str | None
    direction: Direction | None
    says: str


class CorrectedDay(Struct, frozen=True):
    """What was corrected and withdrawn on a day, under its heading."""

    heading: str
    corrections: tuple[ListedCorrection, ...]


def of_story(corrections: Iterable[Correction], setting: Setting, *, most: int) -> tuple[Corrected, ...]:
    """The first of a story's corrections of which there are words to show."""
    shown = (each for each in corrections if each.title or each.text)
    return tuple(
        Corrected(setting.calendar.day(each.when), _html(each.title), _html(each.text))
        for each in islice(shown, most)
    )


def by_day(
    corrections: Iterable[Correction], withdrawn: Iterable[WithheldEntry], setting: Setting, *, most: int
) -> tuple[CorrectedDay, ...]:
    """Corrections and withdrawals together, the latest first."""
    rows = [_correction(each, setting) for each in corrections]
    rows += [_withdrawal(each, setting) for each in withdrawn]
    rows.sort(key=lambda row: row.date, reverse=True)
    days = groupby(rows[:most], key=lambda row: setting.calendar.at(row.date).date())
    return tuple(CorrectedDay(setting.calendar.heading(day), tuple(group)) for day, group in days)


def _correction(correction: Correction, setting: Setting) -> ListedCorrection:
    stored = correction.stored
    return ListedCorrection(
        date=correction.when,
        withdrawn=False,
        headline=headline(stored, setting.language),
        details=setting.addresses.story(stored.story),
        member=Link(stored.member.name, setting.addresses.member(stored.member.slug)),
        when=setting.calendar.moment(correction.when),
        title=_html(correction.title),
        text=_html(_listed(correction.text)),
        language=stored.entry.language,
        direction=stored.entry.direction,
        says="" if correction.title or correction.text else setting.language.gettext(published.UNSHOWN),
    )


def _withdrawal(withdrawn: WithheldEntry, setting: Setting) -> ListedCorrection:
    member = withdrawn.stored.member
    return ListedCorrection(
        date=withdrawn.since,
        withdrawn=True,
        headline=setting.language.gettext(WITHDRAWN),
        details=setting.addresses.story(withdrawn.stored.story),
        member=Link(member.name, setting.addresses.member(member.slug)),
        when=setting.calendar.moment(withdrawn.since),
        title=Markup(),
        text=Markup(),
        language=None,
        direction=None,
        says=withdrawal(withdrawn, setting.calendar.day(withdrawn.since).text, setting.language),
    )


def _listed(pieces: Sequence[Piece]) -> Iterator[Piece]:
    left = _WORDS_LISTED
    for piece in pieces:
        words = piece.words.split()
        if len(words) > left:
            yield Piece(piece.part, " ".join([*words[:left], "…"]))
            return
        yield piece
        left -= len(words)


def _html(pieces: Iterable[Piece]) -> Markup:
    return Markup(published.as_html(pieces))  # noqa: S704 - escaped there
