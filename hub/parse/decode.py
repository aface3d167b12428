"""A body's bytes to text that an XML parser can take, whatever they claim to be.

RFC 7303 lets the HTTP header decide; the wild says otherwise, so the order is:
a byte order mark; bytes that are valid UTF-8 beyond ASCII, which no other
encoding is by chance; the header's charset; the declaration's; UTF-8.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    # UTF-32 before UTF-16: its little-endian mark begins with the other's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How browsers read these labels (WHATWG Encoding §4.2); UTF-7 hides markup and is read as what it looks like.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "utf-7": "utf-8",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# What XML 1.0 §2.2 does not allow in a document.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_ENTITIES = frozenset((0x9, 0xA, 0xD))


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text without a byte order mark or an XML declaration, and what was wrong on the way."""

    text: str
    remarks: tuple[str, ...] = ()


def decode(body: bytes, content_type: str | None) -> Decoded:
    """The body as text in which every character is one that XML allows. Never fails."""
    text, remark = _text(body, content_type)
    text = text.lstrip("\ufeff \t\r\n")
    text = _DECLARATION.sub("", text, count=1)
    remarks = [remark] if remark else []
    legal = _REFERENCE.sub(_legal_reference, _ILLEGAL.sub("", text))
    if len(legal) != len(text):
        remarks.append("characters that XML does not allow were left out")
    return Decoded(legal, tuple(remarks))


def _text(body: bytes, content_type: str | None) -> tuple[str, str]:
    for mark, marked in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace"), ""
    if not body.isascii() and b"\x00" not in body[:4]:
        try:
            return body.decode("utf-8"), ""
        except UnicodeDecodeError:
            pass
    charset = _CHARSET.search(content_type or "")
    declared = _DECLARED.match(body)
    labels = (
        charset[1] if charset else None,
        declared[1].decode("ascii") if declared else None,
        _by_zeros(body),
    )
    for label in labels:
        encoding = _known(label)
        if encoding and encoding != "utf-8":
            try:
                text = body.decode(encoding)
            except UnicodeDecodeError:
                continue
            if text.lstrip("\ufeff \t\r\n").startswith(("<", "{")):
                return text, ""
    return _damaged_utf8(body)


def _known(label: str | None) -> str | None:
    try:
        name = codecs.lookup(label).name if label else None
    except (LookupError, ValueError):
        return None
    return _READ_AS.get(name, name) if name else None


def _by_zeros(body: bytes) -> str | None:
    """The encoding of text whose every other byte is zero, as ASCII's are in UTF-16."""
    if body[:1] == b"\x00" != body[1:2]:
        return "utf-16-be"
    if body[1:2] == b"\x00" != body[:1]:
        return "utf-16-le"
    return None


def _damaged_utf8(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken:
        return text, ""
    whole = sum(1 for character in text if "\x7f" < character != "\ufffd")
    if whole < broken:
        # More broken than whole sequences: it never was UTF-8.
        return body.decode("cp1252", "replace"), "it is not in the encoding it declares; read as windows-1252"
    return text, f"{broken} broken bytes were replaced by \ufffd"


def _legal_reference(found: re.Match[str]) -> str:
    digits, base = (found[1], 16) if found[1] else (found[2], 10)
    # Python refuses to convert thousands of digits, and nothing that long is a character.
    number = int(digits, base) if len(digits) <= 9 else 0
    legal = number in _ENTITIES or 0x20 <= number <= 0x10FFFF
    if legal and not 0xD800 <= number <= 0xDFFF and number not in (0xFFFE, 0xFFFF):
        return found[0]
    return ""
