"""A language by its catalogue (GNU gettext) and, for dates and numbers, by the Unicode CLDR: with Babel."""

from __future__ import annotations

from datetime import date
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from hub.language import Language


class Translated(Language):
    """The language of a catalogue. Dates and numbers are written as in the region that `tag` names."""

    def __init__(self, tag: str, catalogue: Path) -> None:
        super().__init__(tag)
        compiled = BytesIO()
        with catalogue.open("rb") as file:
            write_mo(compiled, read_po(file, locale=catalogue.stem))
        compiled.seek(0)
        self._found = GNUTranslations(compiled)
        self._locale = _locale(tag)
        patterns = self._locale.datetime_skeletons
        self._day, self._day_of_year = str(patterns["MMMMd"]), str(patterns["yMMMMd"])
        # CLDR has these with the weekday cut short.
        self._weekday = str(patterns["MMMMEd"]).replace("E", "EEEE")
        self._weekday_of_year = str(patterns["yMMMMEd"]).replace("E", "EEEE")

    def message(self, message: str, context: str | None = None) -> str:
        return self._found.pgettext(context, message) if context else self._found.gettext(message)

    def plural(self, one: str, many: str, num: int) -> str:
        return self._found.ngettext(one, many, num)

    def number(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def tenths(self, number: float) -> str:
        return format_decimal(number, "#,##0.0", locale=self._locale)

    def day(self, day: date) -> str:
        return format_date(day, self._day, locale=self._locale)

    def day_of_year(self, day: date) -> str:
        return format_date(day, self._day_of_year, locale=self._locale)

    def weekday(self, day: date) -> str:
        return format_date(day, self._weekday, locale=self._locale)

    def weekday_of_year(self, day: date) -> str:
        return format_date(day, self._weekday_of_year, locale=self._locale)


def _locale(tag: str) -> Locale:
    """That of a language tag; of one that the CLDR does not have, that of its first part."""
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(tag.partition("-")[0].lower())
