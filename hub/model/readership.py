"""How many follow a merged feed."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Readership(Struct, frozen=True, kw_only=True):
    """How many readers one document of a merged feed had on a day, in UTC.

    `document` is its path, such as `/feeds/all.atom`. Of an `aggregator`, which asks for many, it is the
    number that it says, under the `feed_id` that it has for the document, if it says one; with neither, how
    many programs asked for themselves: of these there may be more where it is `at_least`.
    """

    day: date
    document: str
    aggregator: str = ""
    feed_id: str = ""
    number: int
    at_least: bool = False
