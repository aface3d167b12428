"""The hub's own words in the language of its readers, and how that writes dates and numbers. Pure.

A message stands in the code in English, and is asked for by that, as GNU gettext
has it: what is named in it as `%(member)s` is put in, and `%(num)s` is the
number of what it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from hub.said import date_of, in_unit

N_ = str
"""Marks a message that stands apart from where it is said, for what collects messages."""


class Language:
    """English. `hub.translations` has the other languages, which say the same in their words.

    `tag` is that of the hub (BCP 47): `en`, `en-GB`, `fr-CH`; `code` is its first part.
    """

    def __init__(self, tag: str = "en") -> None:
        self.tag = tag
        self.code = tag.partition("-")[0].lower()

    @property
    def is_english(self) -> bool:
        return self.code == ENGLISH.code

    # ------------------------------------------------------------ messages

    def message(self, message: str, context: str | None = None) -> str:  # noqa: ARG002 - for the others
        """A message with its placeholders; `context` tells words apart that are the same in English."""
        return message

    def plural(self, one: str, many: str, num: int) -> str:
        """A message for so many, with its placeholders."""
        return one if num == 1 else many

    def gettext(self, message: str, /, **values: object) -> str:
        """A message."""
        return self.message(message) % values

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """A message in a context."""
        return self.message(message, context) % values

    def ngettext(self, one: str, many: str, num: int, /, **values: object) -> str:
        """A message for so many."""
        return self.plural(one, many, num) % {"num": self.number(num), **values}

    def listed(self, words: Sequence[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        *first, last = words
        return self.gettext("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last

    # ------------------------------------------------------------ numbers, lengths of time and dates

    def number(self, number: int) -> str:
        """`2,345`."""
        return f"{number:,}"

    def tenths(self, number: float) -> str:
        """`2.4`."""
        return f"{number:.1f}"

    def span(self, length: timedelta) -> str:
        """As `hub.said.span` has it: `90 minutes`, `1 day`, `12 days`."""
        number, unit = in_unit(length)
        match unit:
            case "day":
                return self.ngettext("%(num)s day", "%(num)s days", number)
            case "hour":
                return self.ngettext("%(num)s hour", "%(num)s hours", number)
            case "minute":
                return self.ngettext("%(num)s minute", "%(num)s minutes", number)
            case "second":
                return self.ngettext("%(num)s second", "%(num)s seconds", number)

    def day(self, day: date) -> str:
        """`23 November`."""
        return f"{day.day} {day:%B}"

    def day_of_year(self, day: date) -> str:
        """`23 November 2026`."""
        return date_of(day)

    def weekday(self, day: date) -> str:
        """`Friday 20 November`."""
        return f"{day:%A} {self.day(day)}"

    def weekday_of_year(self, day: date) -> str:
        """`Friday 20 November 2026`."""
        return f"{day:%A} {self.day_of_year(day)}"

    def minute(self, at: datetime, day: str) -> str:
        """`23 November, 14:05`, of a day in words."""
        time = at.strftime("%H:%M")
        return self.gettext("%(day)s, %(time)s", day=day, time=time)


ENGLISH = Language()
