"""What a tag rule finds before it is in feeds.yaml."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from hub.model.entry import Direction


class Piece(NamedTuple):
    """A part of a text, and whether it is one of the mentions that a rule counts."""

    text: str
    found: bool


class TriedStory(Struct, frozen=True, kw_only=True):
    """A story by the entry of it that a tag rule holds for, with the mentions that count, and why it does.

    `excerpt` is what stands around the first mention in the text.
    """

    story: int
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    why: str
    member: str
    date: datetime
    language: str | None
    direction: Direction | None


class TriedStories(Struct, frozen=True, kw_only=True):
    """How many stories there are, and the newest of them."""

    count: int
    newest: tuple[TriedStory, ...]


class Trial(Struct, frozen=True, kw_only=True):
    """What a tag rule finds in the newest entries, and which of their stories get and lose its tag by it.

    entries      how many were looked at
    all          whether these are all that there are
    time_was_up  else whether there was no time for more; if not, they are as many as are ever looked at
    """

    entries: int
    all: bool
    time_was_up: bool
    found: TriedStories
    gained: TriedStories
    lost: TriedStories
