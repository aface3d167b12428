"""What may be asked of what is stored: filters, and lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Term:
    """`field:value` in a filter."""

    field: Literal["tag", "kind", "member", "type", "region"]
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    filter: Filter


@dataclass(frozen=True, slots=True)
class And:
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    filters: tuple[Filter, ...]


Filter = Term | Not | And | Or


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which stories a list holds: those with an entry that satisfies all of it.

    `search` is what a person typed, never a query language of the
    database's. `since` is by first_seen. With `every_entry` the list holds
    each such entry, also where two of them are one story, as a member's own
    page must. With `told` it holds none that is but the past of a member that
    joined, as what readers subscribe to must not.
    """

    filter: Filter | None = None
    search: str | None = None
    since: datetime | None = None
    every_entry: bool = False
    told: bool = False
