"""Which stories a list holds: filters, and selections."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Term(Struct, frozen=True):
    """`field:value` in a filter."""

    field: Literal["tag", "kind", "member", "type", "region"]
    value: str


class Not(Struct, frozen=True):
    """What a filter does not let through."""

    filter: Filter


class And(Struct, frozen=True):
    """What all of some filters let through."""

    filters: tuple[Filter, ...]


class Or(Struct, frozen=True):
    """What any of some filters lets through."""

    filters: tuple[Filter, ...]


Filter = Term | Not | And | Or


class Selection(Struct, frozen=True, kw_only=True):
    """Which stories a list holds: those with an entry that satisfies all of it.

    search       what a person typed, which is never a query of the database's language
    since        from when on its entries were first seen
    dated        from when on, and before when, they are dated
    every_entry  whether it holds each such entry, even two of one story, as a member's own page must
    without      members that have published none of its stories, neither alone nor as one of several
    told         whether it leaves out what members had published before they joined, as feeds must
    """

    filter: Filter | None = None
    search: str | None = None
    since: datetime | None = None
    dated: tuple[datetime, datetime] | None = None
    without: tuple[str, ...] = ()
    every_entry: bool = False
    told: bool = False
