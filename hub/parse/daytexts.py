"""Dates as pages write them for people: in many layouts, with words around them, in the page's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.parse.dates import read_date

# A day in figures, or with its month's name, within other words.
_WITHIN = re.compile(
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}\s?[-/.|]\s?\d{1,2}\s?[-/.|]\s?(?:\d{4}|\d{2})\b"
    r"|\b\d{1,2}\.?\s+(?:of\s+|de\s+)?[^\W\d_]{3,12}\.?,?\s+(?:del?\s+)?\d{4}\b"
    r"|\b[^\W\d_]{3,12}\.?\s+\d{1,2},?\s+\d{4}\b"
)
# What makes the first of 1: in English, French, Spanish, Portuguese and Italian, and in Welsh.
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|\.?º|°|af|il|ydd|f?ed|eg|ain)(?!\w)", re.IGNORECASE)
# As Chinese, Japanese and Korean have it.
_EASTERN = re.compile(r"(?<!\d)(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
# A day at the beginning of a feed's date, after its weekday, and what stands behind it.
_DATE = re.compile(
    r"(?:[^\W\d_]+\.?,?\s+)?(\d{1,2}\.?\s+[^\W\d_]{3,12}\.?\s+\d{4}|\d{4}/\d{1,2}/\d{1,2})\b(.*)"
)
# Besides the page's own.
_LANGUAGES = ("en", "cy", "de", "fr")
_LONGEST = 300
_SETTINGS = {
    # Nothing that counts from today: the same page must have the same dates tomorrow.
    "PARSERS": ["absolute-time"],
    "STRICT_PARSING": True,
    "DATE_ORDER": "DMY",
    "RELATIVE_BASE": datetime(2000, 1, 1),
    "RETURN_AS_TIMEZONE_AWARE": False,
}


def read_day(
    written: str, zone: ZoneInfo, *, layouts: tuple[str, ...] = (), language: str | None = None
) -> datetime | None:
    """The moment that a text of a page names; None where it names none. Never raises.

    `layouts` are tried first (`datetime.strptime`). 05/01/2026 is 5 January.
    """
    text = " ".join(written.split())[:_LONGEST]
    if not re.search("[0-9]", text):
        return None
    plain = _EASTERN.sub(_in_figures, _ORDINAL.sub("", text)).strip()
    for candidate in dict.fromkeys((text, plain, *(found[0] for found in _WITHIN.finditer(plain)))):
        moment = next(_by_layout(candidate, zone, layouts), None) or read_date(candidate, zone)
        moment = moment or _by_dateparser(candidate, zone, language)
        if moment is not None:
            return moment
    return None


def read_otherwise(written: str, zone: ZoneInfo, *, language: str | None) -> datetime | None:
    """A feed's date that `read_date` cannot read, by its day as pages have it. Never raises.

    `Mi, 09 Dez 2026 10:00:00 +0100` and `2026/12/09` are such.
    """
    found = _DATE.fullmatch(" ".join(written.split())[:_LONGEST])
    day = _by_dateparser(found[1], zone, language) if found else None
    return read_date(f"{day.astimezone(zone).date()}{found[2]}", zone) if found and day else None


def _in_figures(found: re.Match[str]) -> str:
    year, month, day = map(int, found.groups())
    return f" {year}-{month:02}-{day:02} "


def _by_layout(text: str, zone: ZoneInfo, layouts: tuple[str, ...]) -> Iterator[datetime]:
    for layout in layouts:
        try:
            moment = datetime.strptime(text, layout)
        except ValueError:
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if (read := read_date(aware.isoformat(), zone)) is not None:
            yield read


def _by_dateparser(text: str, zone: ZoneInfo, language: str | None) -> datetime | None:
    if not _WITHIN.fullmatch(text):
        # It would look for the meaning of every word.
        return None
    import dateparser

    own = re.split("[-_]", language or "en")[0].lower()
    # Norwegian is told from Nynorsk by dateparser.
    own = "nb" if own == "no" else own
    for languages in (list(dict.fromkeys((own, *_LANGUAGES))), [*_LANGUAGES]):
        try:
            found = dateparser.parse(text, languages=languages, settings=_SETTINGS)
        except (ValueError, TypeError, OverflowError):
            # The page's language may be none that it knows.
            continue
        return read_date(found.isoformat(), zone) if found else None
    return None
