"""What a visitor asks for in an address, read into values that can be trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from hub import markup
from hub.language import N_, Language
from hub.merged.addresses import Given
from hub.model import And, Filter, Kind, Selection, Term
from hub.store import Order
from hub.web.words import looked_for

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

# Longer than any search that is meant.
_MOST_TYPED = 200
# As many members as a site has any reason to leave out.
_MOST_LEFT_OUT = 20
MOST_ENTRIES = 200
USUAL_ENTRIES = 50
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class AskedWronglyError(Exception):
    """What is asked for cannot be answered; the message, and what is put into it, says so for people."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values)
        self._message = message
        self._values = values

    def said(self, language: Language) -> str:
        return language.gettext(self._message, **self._values)


class BadRequestError(AskedWronglyError):
    """It cannot be understood: the message says what could be."""


class UnknownFilterError(AskedWronglyError):
    """A filter names what is not there."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a list is asked to hold. `before` is a cursor: the list goes on from there.

    `without` are the slugs of members whose news it leaves out, in order.
    """

    typed: str = ""
    tag: str | None = None
    member: str | None = None
    kind: str | None = None
    without: tuple[str, ...] = ()
    before: str | None = None
    order: Order = "relevance"

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> Asked:
        """Read a query string; anything typed is taken, up to a length. Raises BadRequestError."""
        order: Literal["date", "relevance"] = "date" if args.get("order") == "date" else "relevance"
        return cls(
            # Composed, as nearly all texts are: an index has letters and marks apart as other words.
            typed=normalize("NFC", markup.line(args.get("q", "")[: 4 * _MOST_TYPED]))[:_MOST_TYPED].strip(),
            tag=args.get("tag") or None,
            member=args.get("member") or None,
            kind=args.get("kind") or None,
            without=left_out(args),
            before=args.get("before") or None,
            order=order,
        )

    @property
    def says_nothing(self) -> bool:
        """Whether something was typed, and no word in it that the news shall have."""
        return self.typed != "" and looked_for(self.typed) is None

    @property
    def filtered(self) -> Asked:
        """The filters alone."""
        return Asked(tag=self.tag, member=self.member, kind=self.kind, without=self.without)

    def selection(self) -> Selection:
        return Selection(
            filter=all_of(self.tag, self.member, self.kind), search=self.typed or None, without=self.without
        )

    def query(self) -> dict[str, Given]:
        """What it takes in an address to ask the same, but for the cursor."""
        order = "date" if self.typed and self.order == "date" else None
        return {
            "q": self.typed,
            "tag": self.tag,
            "member": self.member,
            "kind": self.kind,
            "without": self.without,
            "order": order,
        }


def left_out(args: MultiDict[str, str]) -> tuple[str, ...]:
    """The members to leave out: in one order, whichever they are named in, so that it is one address.

    Raises BadRequestError.
    """
    without = {slug for slug in args.getlist("without") if slug}
    if len(without) > _MOST_LEFT_OUT:
        raise BadRequestError(N_("without may name %(most)s members at most"), most=_MOST_LEFT_OUT)
    return tuple(sorted(without))


def all_of(tag: str | None, member: str | None, kind: str | None) -> Filter | None:
    """News with the tag, by the member and of the kind, as far as each is named."""
    terms: list[Filter] = []
    if tag:
        terms.append(Term("tag", tag))
    if member:
        terms.append(Term("member", member))
    if kind:
        terms.append(Term("kind", kind))
    return terms[0] if len(terms) == 1 else And(tuple(terms)) if terms else None


# ---------------------------------------------------------------- the API's parameters


class Call(Struct, frozen=True, kw_only=True):
    """What a call of the API asks for."""

    selection: Selection
    limit: int
    cursor: str | None


def call(args: MultiDict[str, str]) -> Call:
    """Read a call of the API. Raises BadRequestError."""
    since = args.get("since")
    kind = args.get("kind")
    if kind and kind not in get_args(Kind):
        raise BadRequestError("kind has to be one of %(kinds)s", kinds=", ".join(get_args(Kind)))
    filter = all_of(args.get("tag"), args.get("member"), kind)
    selection = Selection(filter=filter, without=left_out(args))
    return Call(
        selection=replace(selection, since=_since(since)) if since else selection,
        limit=limit(args),
        cursor=args.get("cursor") or None,
    )


def limit(args: Mapping[str, str], *, usual: int = USUAL_ENTRIES, most: int = MOST_ENTRIES) -> int:
    """How many are asked for, `most` at most. Raises BadRequestError."""
    given = args.get("limit")
    if given is None:
        return usual
    if not re.fullmatch(r"[0-9]+", given) or not given.strip("0"):
        raise BadRequestError(N_("limit has to be a number from 1 to %(most)s"), most=most)
    # A number of a thousand digits is no work either way.
    digits = given.lstrip("0")
    return min(int(digits[:9]) if len(digits) <= 9 else most, most)


def _since(given: str) -> datetime:
    # A plus sign that was not escaped arrives as a space.
    text = re.sub(r" (?=\d\d:\d\d$)", "+", given)
    problem = "since has to be a time with its zone (RFC 3339), such as 2026-01-31T09:00:00Z"
    if not _RFC3339.fullmatch(text):
        raise BadRequestError(problem)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequestError(problem) from error
