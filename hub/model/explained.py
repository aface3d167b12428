"""What was found about an entry, a feed or an address, in facts, and the same in lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct


class Fact(NamedTuple):
    """One thing that is known. Without a `label` it belongs to the fact before; None is for what has none."""

    label: str | None
    text: str


class Explained(Struct, frozen=True):
    """What is known of one thing; `entry` is its key where it is a stored entry."""

    heading: str
    facts: tuple[Fact, ...] = ()
    entry: int | None = None


def lines(found: Explained) -> Iterator[str]:
    """The heading, and the facts beneath it, one a line."""
    yield found.heading
    for label, text in found.facts:
        yield f"    {text}" if label is None else f"    {label:<8} {text}"
