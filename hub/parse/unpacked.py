"""A body that is a gzip file, whatever its server says of it: what is packed in it. Pure."""

from __future__ import annotations

import zlib

from hub.errors import ParseError
from hub.model import size_text

_BEGINNING = b"\x1f\x8b"
# Bytes that are handed over at a time: of what stands behind a member, no more is copied with each.
_AT_ONCE = 16 * 1024


def unpacked(body: bytes, url: str, *, most: int, remedy: str) -> bytes:
    """A body as it is, or what is packed in it, in all its members (RFC 1952 §2.2).

    What stands behind the last member is passed over, and one that breaks off
    is unpacked as far as it goes. Raises ParseError where it cannot be
    unpacked or is larger than `most` bytes then, with what to do about that.
    """
    if not body.startswith(_BEGINNING):
        return body
    packed, at, found = memoryview(body), 0, bytearray()
    while body.startswith(_BEGINNING, at):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while at < len(body) and not member.eof:
            part = packed[at : at + _AT_ONCE]
            try:
                found += member.decompress(part, most + 1 - len(found))
            except zlib.error as error:
                raise ParseError(
                    f"{url} is a gzip file that cannot be unpacked: {error}.",
                    "Ask the site's web team to look at how it is compressed.",
                    reason="compressed",
                ) from error
            if len(found) > most:
                raise ParseError(
                    f"{url} is larger than {size_text(most)} when it is unpacked, which is the limit.",
                    remedy,
                    reason="too-large",
                )
            at += len(part) - len(member.unused_data)
    return bytes(found)
