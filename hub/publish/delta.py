"""What changed in a merged feed since a reader was answered last, in place of all of it (RFC 3229).

Its instance manipulation is `feed`, of Bob Wyman's "Using RFC3229 with Feeds":
the document as it is now, with those entries alone that are new or another.

Who asks for it is given entity tags of its own, and what changed is told since
one of these alone. A cache that knows nothing of all this asks with the tag of
what it holds, in place of its client's, and passes the rest of the question
on: its client would miss what came before that. The answers that carry such a
tag are none that a cache may hold for several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

import msgspec
from msgspec import Struct

from hub.publish import jsonfeed
from hub.publish.http import Answer, Coding, Rendered, entity_tags, preferred, respond, weights

_PRIVATE = "private, max-age=300"
# RFC 3229 §10.8.2 has `im` besides, for caches that put it together with what they hold: there are none.
_OF_ONE_ANSWER = "no-store"

# Texts are escaped, so that no tag stands in them.
_PIECE = re.compile(rb"<(entry|item|at:deleted-entry)[ >].*?</\1>", re.DOTALL)
_DIGEST_BYTES = 16
# Who asks has one, or those of a few codings.
_MOST_TAGS = 8
_OURS = re.compile(r'("[0-9a-f]{32})(?:-[a-z]+)?-feed"')


class Entries(Struct, frozen=True):
    """Which entries and notices of withdrawals a document has: digests of their bytes, joined."""

    body: bytes

    @classmethod
    def of(cls, rendered: Rendered) -> Entries:
        return cls(b"".join(map(_digest, _pieces(rendered))))

    def each(self) -> frozenset[bytes]:
        body = self.body
        return frozenset(body[at : at + _DIGEST_BYTES] for at in range(0, len(body), _DIGEST_BYTES))


class Since(Struct, frozen=True):
    """What somebody was answered with: its tag as it was given, that of the uncoded document, its entries."""

    tag: str
    identity: str
    had: Entries


class Delta(Struct, frozen=True):
    """What changed since the answer that had this tag."""

    since: str
    rendered: Rendered


# There are few such fields.
@lru_cache(maxsize=128)
def asks(a_im: str | None) -> bool:
    """Whether a field A-IM asks for what changed alone (RFC 3229 §10.5.3)."""
    return a_im is not None and weights(a_im).get("feed", 0) > 0


def etag(rendered: Rendered, coding: Coding) -> str:
    """The tag of a document for those who ask for what changed."""
    return f'{rendered.etag(coding)[:-1]}-feed"'


def tags_of_ours(if_none_match: str | None) -> dict[str, str]:
    """Those in a field that we gave to who asks for what changed, each with the uncoded document's tag."""
    tags = islice(entity_tags(if_none_match or ""), _MOST_TAGS)
    return {tag: f'{ours[1]}"' for tag in tags if (ours := _OURS.fullmatch(tag))}


def without(rendered: Rendered, had: Entries) -> Rendered:
    """A document without the entries that somebody has already; all else in it is as it was."""
    known = had.each()
    if rendered.media_type == jsonfeed.MEDIA_TYPE:
        feed = msgspec.json.decode(rendered.body, type=dict[str, msgspec.Raw])
        new = (piece for piece in _pieces(rendered) if _digest(piece) not in known)
        body = msgspec.json.encode({**feed, "items": msgspec.Raw(b"[%b]" % b",".join(new))})
    else:
        body = _PIECE.sub(lambda found: b"" if _digest(found[0]) in known else found[0], rendered.body)
    return replace(rendered, body=body)


def was_given(rendered: Rendered, coding: Coding, if_none_match: str | None) -> bool:
    """Whether who asks for what changed has been given the document as it is."""
    return etag(rendered, coding) in entity_tags(if_none_match or "")


def respond_to_asker(
    rendered: Rendered,
    delta: Delta | None,
    *,
    method: str,
    accept_encoding: str | None,
    if_none_match: str | None,
    vary: str,
) -> Answer:
    """Answer a GET or HEAD that asks for what changed: with that, or with all where it cannot be told.

    It is for those whom `hub.publish.http.has_it` says to have nothing.
    """
    coding = preferred(rendered, accept_encoding)
    headers = {"ETag": etag(rendered, coding), "Cache-Control": _PRIVATE}
    if was_given(rendered, coding, if_none_match):
        return Answer(304, {**headers, "Vary": vary}, b"")
    if delta is not None:
        headers |= {"Cache-Control": _OF_ONE_ANSWER, "IM": "feed", "Delta-Base": delta.since}
    found = respond(
        delta.rendered if delta else rendered,
        method=method,
        accept_encoding=accept_encoding,
        if_none_match=None,
        if_modified_since=None,
        vary=vary,
    )
    return Answer(226 if delta else 200, {**found.headers, **headers}, found.body)


class _Items(Struct):
    items: list[msgspec.Raw]


def _pieces(rendered: Rendered) -> Iterator[bytes]:
    if rendered.media_type == jsonfeed.MEDIA_TYPE:
        yield from map(bytes, msgspec.json.decode(rendered.body, type=_Items).items)
    else:
        yield from (found[0] for found in _PIECE.finditer(rendered.body))


def _digest(piece: bytes) -> bytes:
    return blake2b(piece, digest_size=_DIGEST_BYTES).digest()
