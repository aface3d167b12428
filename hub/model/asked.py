"""What may be asked of what is stored: filters, and lists."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Term(Struct, frozen=True):
    """`field:value` in a filter."""

    field: Literal["tag", "kind", "member", "type", "region"]
    value: str


class Not(Struct, frozen=True):
    filter: Filter


class And(Struct, frozen=True):
    filters: tuple[Filter, ...]


class Or(Struct, frozen=True):
    filters: tuple[Filter, ...]


Filter = Term | Not | And | Or


class Selection(Struct, frozen=True, kw_only=True):
    """Which stories a list holds: those with an entry that satisfies all of it.

    `search` is what a person typed, never a query language of the
    database's. `since` is by first_seen. `dated` is by the date shown: from the first moment on, and
    before the second. With `every_entry` the list holds
    each such entry, also where two of them are one story, as a member's own
    page must. `without` are members that have published none of its stories, neither
    alone nor as one of several. With `told` it holds none that is but the past of a member that
    joined, as what readers subscribe to must not.
    """

    filter: Filter | None = None
    search: str | None = None
    since: datetime | None = None
    dated: tuple[datetime, datetime] | None = None
    without: tuple[str, ...] = ()
    every_entry: bool = False
    told: bool = False
