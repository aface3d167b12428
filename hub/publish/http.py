"""What to answer to a GET or HEAD of something rendered (RFC 9110), as values and without a server."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

import brotli
from msgspec import Struct

Coding = Literal["identity", "gzip", "br"]

# Below this, what a coding adds to the headers and the body is more than it saves.
_WORTH_ENCODING = 200  # bytes
# Quicker than gzip at its usual level, and smaller.
_BROTLI_QUALITY = 5

# RFC 9110 §12.4.2 and §8.4.1.3.
_WEIGHT = re.compile(r"[Qq]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_ALIASES = {"x-gzip": "gzip"}
# Less than any weight that can be asked for: identity is acceptable unless refused, and liked least.
_UNASKED = 0.0001

# RFC 9110 §8.8.3, in a list. The W/ is left out, since the comparison here is the weak one.
_ENTITY_TAG = re.compile(r'[ \t,]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')


@dataclass(frozen=True)
class Rendered:
    """A document's bytes, ready for whichever coding its reader prefers.

    `media_type` is the whole Content-Type. `last_modified` is when the bytes
    were made, by our clock, and so never before they last changed; None where
    other bytes have that second too, so that it would tell them not apart.
    `links` is a header Link (RFC 8288), empty for none. A
    coding is computed once and kept; threads may share it.
    """

    body: bytes
    media_type: str
    last_modified: datetime | None
    links: str = ""
    _digest: str = field(init=False, repr=False, compare=False)
    _encoded: dict[Coding, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_digest", blake2b(self.body, digest_size=16).hexdigest())
        object.__setattr__(self, "_encoded", {"identity": self.body})

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The codings to send it in, the best first."""
        return ("br", "gzip", "identity") if len(self.body) >= _WORTH_ENCODING else ("identity",)

    def is_encoded(self, coding: Coding) -> bool:
        """Whether its bytes in a coding have been made already."""
        return coding in self._encoded

    def encoded(self, coding: Coding) -> bytes:
        """Its bytes in a coding."""
        if coding not in self._encoded:
            self._encoded[coding] = (
                brotli.compress(self.body, quality=_BROTLI_QUALITY)
                if coding == "br"
                else gzip.compress(self.body, mtime=0)
            )
        return self._encoded[coding]

    def etag(self, coding: Coding) -> str:
        """Its strong validator in quotation marks, another for each coding (RFC 9110 §8.8.3.3)."""
        return f'"{self._digest}"' if coding == "identity" else f'"{self._digest}-{coding}"'


class Answer(Struct, frozen=True):
    """What to send back; `headers` have the spelling of RFC 9110."""

    status: Literal[200, 226, 304]
    headers: Mapping[str, str]
    body: bytes


def respond(
    rendered: Rendered,
    *,
    method: str,
    accept_encoding: str | None,
    if_none_match: str | None,
    if_modified_since: str | None,
    cache_control: str = "public, max-age=300",
    vary: str = "Accept-Encoding",
) -> Answer:
    """Answer a GET or HEAD; header fields are as they came, None where there was none.

    `vary` names the fields that the answer depends on. The coding is chosen
    by RFC 9110 §12.5.3, and 304 by §13.2.2. Nothing in these fields is an
    error: what cannot be read is passed over. HEAD gets GET's headers and no
    body.
    """
    coding = preferred(rendered, accept_encoding)
    # RFC 9110 §15.4.5: a 304 has these and no other.
    headers = {"ETag": rendered.etag(coding), "Cache-Control": cache_control, "Vary": vary}
    if has_it(rendered, coding, if_none_match, if_modified_since):
        return Answer(304, headers, b"")
    body = rendered.encoded(coding)
    headers |= {"Content-Type": rendered.media_type, "Content-Length": str(len(body))}
    if rendered.last_modified is not None:
        headers["Last-Modified"] = format_datetime(rendered.last_modified.astimezone(UTC), usegmt=True)
    if rendered.links:
        headers["Link"] = rendered.links
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return Answer(200, headers, b"" if method == "HEAD" else body)


def has_it(
    rendered: Rendered, coding: Coding, if_none_match: str | None, if_modified_since: str | None
) -> bool:
    """Whether a client with these fields has the bytes already, and gets 304 (RFC 9110 §13.2.2)."""
    # RFC 9110 §13.1.3: a date says nothing beside an If-None-Match, whatever that holds.
    if if_none_match is not None:
        return if_none_match.strip() == "*" or rendered.etag(coding) in entity_tags(if_none_match)
    since, modified = _http_date(if_modified_since or ""), rendered.last_modified
    return since is not None and modified is not None and modified.replace(microsecond=0) <= since


def entity_tags(header: str) -> Iterator[str]:
    """The tags in a field If-None-Match, each as if it were a strong one."""
    position = 0
    while match := _ENTITY_TAG.match(header, position):
        yield match[1]
        position = match.end()


def _http_date(text: str) -> datetime | None:
    """The moment named in any of the three forms of RFC 9110 §5.6.7, or None."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # asctime's form has no zone, and means UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def preferred(rendered: Rendered, accept_encoding: str | None) -> Coding:
    """The coding to send a document in (RFC 9110 §12.5.3), for a field as it came."""
    return _best(accept_encoding or "", rendered.codings)


# There are few such fields, and no browser's is longer than some dozen characters.
@lru_cache(maxsize=128)
def _best(accept_encoding: str, codings: tuple[Coding, ...]) -> Coding:
    """The coding with the greatest weight, the first of equals; identity where none is acceptable."""
    listed = weights(accept_encoding)
    best: Coding = "identity"
    best_weight = 0.0
    for coding in codings:
        unlisted = listed.get("*", _UNASKED if coding == "identity" else 0.0)
        if (weight := listed.get(coding, unlisted)) > best_weight:
            best, best_weight = coding, weight
    return best


def weights(field: str) -> dict[str, float]:
    """The weight of each that a field such as Accept-Encoding lists, by its name in small letters."""
    found = {}
    for element in field.lower().split(","):
        name, _, parameter = (part.strip() for part in element.partition(";"))
        weight = _WEIGHT.fullmatch(parameter or "q=1")
        if name and weight:
            found[_ALIASES.get(name, name)] = float(weight[1])
    return found
