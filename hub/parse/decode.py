"""A body's bytes to text that an XML parser can take, whatever they claim to be.

RFC 7303 lets the HTTP header decide; the wild says otherwise, so the order is:
a byte order mark; UTF-8 where nearly all beyond ASCII is that, which no other
encoding is by chance; the header's charset; the declaration's; what comes out
least broken.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

import webencodings
from msgspec import Struct

from hub.markup.text import only_xml

_MARKS = (
    # UTF-32 before UTF-16: its little-endian mark begins with the other's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# By what browsers read what is labelled so (WHATWG Encoding §4.2), mostly more than the label stands for.
# Where that is one encoding to them and two codecs here, the second reads what is no character in the first.
# UTF-7 hides markup and is read as what it looks like.
_READ_BY = {
    "ascii": ("cp1252",),
    "big5": ("cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "euc_kr": ("cp949",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "iso8859-1": ("cp1252",),
    "iso8859-9": ("cp1254",),
    "iso8859-11": ("cp874",),
    "shift_jis": ("cp932",),
    "tis-620": ("cp874",),
    "utf-7": ("utf-8",),
    "utf-16": ("utf-16-le",),
    "utf-32": ("utf-32-le",),
}
# Codecs of Python's for other things than documents.
_NO_CHARSETS = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"))
_ZEROS = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False): "utf-16-be",
    (False, True): "utf-16-le",
}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_LEFT_OFF = re.compile(r"[\ufeff \t\r\n]*(?:\s*<\?xml[^>]*\?>)?")
NOT_ALLOWED = "characters that XML does not allow were left out"
"""The remark about a document with such characters."""
# Lenient parsers take one without its semicolon too.
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
# Some that stand side by side and may be the halves of surrogate pairs; `_joined` tells which are.
_HALF = "&#(?:[xX]0{0,4}[dD][89a-fA-F][0-9a-fA-F]{2}|0{0,4}5[5-7][0-9]{3});"
_HALVES = re.compile(f"{_HALF}(?:{_HALF})+")
# What a decoder puts where bytes made no sense.
BROKEN = "\ufffd"
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
# Sequences as UTF-8 has them, if broken ones. In windows-1252 letters beyond ASCII mostly stand one by one.
_SEQUENCES = re.compile(rb"(?:[\xc0-\xf7][\x80-\xbf]{1,3})+")
# So many whole sequences to a broken one are UTF-8, whatever else is claimed.
_CERTAIN = 10


class Place(NamedTuple):
    """A line of a document, and a column of it, each counted from 1."""

    line: int = 1
    column: int = 1

    def on(self, line: int, column: int) -> Place:
        """The place of what stands at a line and column of a text that begins here."""
        return Place(self.line + line - 1, column + (self.column - 1 if line == 1 else 0))


BEGINNING = Place()


class Written(Struct, frozen=True):
    """A body's text as it is written, but for a byte order mark; `remark` is what was wrong, if anything.

    `encoding` is what it was read as, in the words of the Encoding standard
    where that has some. `declared` are the encodings that its header and the
    document itself name, None for what names none.
    """

    text: str
    encoding: str
    declared: tuple[str | None, str | None]
    remark: str = ""


class Decoded(Struct, frozen=True):
    """Text without a byte order mark or an XML declaration, and what was wrong on the way.

    `start` is the place of the document that it begins at.
    """

    text: str
    remarks: tuple[str, ...] = ()
    start: Place = BEGINNING


def written(body: bytes, content_type: str | None) -> Written:
    """The body as text. Never fails."""
    text, codec, remark = _text(body, content_type)
    known = webencodings.lookup(codec)
    return Written(text, known.name if known else codec, declared(body, content_type), remark)


def decode(body: bytes, content_type: str | None) -> Decoded:
    """The body as text in which every character is one that XML allows. Never fails."""
    text, _, remark = _text(body, content_type)
    left_off = _LEFT_OFF.match(text)
    begins = left_off.end() if left_off else 0
    start = place_at(text, begins)
    text = _HALVES.sub(_joined, text[begins:])
    remarks = [remark] if remark else []
    allowed = _REFERENCE.sub(_legal_reference, only_xml(text))
    if len(allowed) != len(text):
        remarks.append(NOT_ALLOWED)
    return Decoded(allowed, tuple(remarks), start)


def place_at(text: str, at: int) -> Place:
    """The place of the character that so many come before. What ends lines is what does in XML (§2.11)."""
    breaks = text.count("\n", 0, at) + text.count("\r", 0, at) - text.count("\r\n", 0, at)
    return Place(breaks + 1, at - max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)))


def joined(text: str) -> str:
    """The text with the character that they stand for in place of two halves of a surrogate pair."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _text(body: bytes, content_type: str | None) -> tuple[str, str, str]:
    """A body's text, the codec that it was read by, and the remark about it."""
    for mark, marked in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace"), marked, ""
    if not body.isascii() and b"\x00" not in body[:4]:
        try:
            return body.decode("utf-8"), "utf-8", ""
        except UnicodeDecodeError:
            text = body.decode("utf-8", "replace")
            if _whole(text) >= _CERTAIN * text.count(BROKEN):
                return text, "utf-8", _damage(text)
    labels = (*_said(body, content_type), _by_zeros(body), "utf-8")
    texts = [(body.decode(codec, "replace"), codec) for label in labels for codec in _codecs(label)]
    texts = [each for each in texts if _begins(each[0])] or texts
    best, codec = min(texts, key=lambda each: each[0].count(BROKEN))
    if best.count(BROKEN) > _whole(best) and not _is_broken_utf8(body):
        remark = "it is not in the encoding it declares; read as windows-1252"
        return body.decode("cp1252", "replace"), "cp1252", remark
    return best, codec, _damage(best)


def _is_broken_utf8(body: bytes) -> bool:
    runs = _BEYOND_ASCII.findall(body)
    return 2 * sum(1 for run in runs if _SEQUENCES.fullmatch(run)) > len(runs)


def _begins(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith(("<", "{"))


def _whole(text: str) -> int:
    """How many characters beyond ASCII were read."""
    return len(text) - len(text.encode("ascii", "ignore")) - text.count(BROKEN)


def _damage(text: str) -> str:
    broken = text.count(BROKEN)
    return f"{broken} broken bytes were replaced by {BROKEN}" if broken else ""


def declared(body: bytes, content_type: str | None) -> tuple[str | None, str | None]:
    """The labels of encodings that the header and the document's own declaration give it."""
    charset, by_itself = _CHARSET.search(content_type or ""), _DECLARED.match(body)
    return charset and charset[1], by_itself and by_itself[1].decode("ascii")


def _said(body: bytes, content_type: str | None) -> tuple[str | None, str | None]:
    """What `declared` gives, in the order in which it is believed."""
    by_header, by_itself = declared(body, content_type)
    # Once the default for XML (RFC 3023 §3.1), US-ASCII is what servers say that know nothing.
    return (by_itself, by_header) if _codec(by_header) == "ascii" else (by_header, by_itself)


def _codecs(label: str | None) -> tuple[str, ...]:
    """The codecs to read what is labelled so by; none where nobody knows the label."""
    codec = _codec(label)
    return _READ_BY.get(codec, (codec,)) if codec else ()


def _codec(label: str | None) -> str | None:
    """The codec of what Python, or else browsers, know by a label."""
    if not label or not label.isascii():
        return None
    codec = _text_codec(label)
    if codec is None and (known := webencodings.lookup(label)):
        codec = _text_codec(known.codec_info.name)
    return codec


def _text_codec(label: str) -> str | None:
    try:
        codec = codecs.lookup(label)
        b"a".decode(codec.name, "ignore")
    except (LookupError, ValueError):
        # A label that nobody knows, or of what is no text: base64 and zip are codecs too.
        return None
    return None if codec.name in _NO_CHARSETS else codec.name


def _by_zeros(body: bytes) -> str | None:
    """The encoding of text that begins as ASCII's first characters do in UTF-16 and UTF-32."""
    zeros = tuple(byte == 0 for byte in body[:4])
    return _ZEROS.get(zeros) or _ZEROS.get(zeros[:2])


def _joined(found: re.Match[str]) -> str:
    # As what counts characters as UTF-16 does writes an emoji; halves that stay alone are not legal.
    halves = (int(each[1] or each[2], 16 if each[1] else 10) for each in _REFERENCE.finditer(found[0]))
    return joined("".join(map(chr, halves)))


def _legal_reference(found: re.Match[str]) -> str:
    digits, base = (found[1], 16) if found[1] else (found[2], 10)
    # Python refuses to convert thousands of digits, and nothing that long is a character.
    number = int(digits, base) if len(digits) <= 9 else 0
    return found[0] if number <= 0x10FFFF and only_xml(chr(number)) else ""
