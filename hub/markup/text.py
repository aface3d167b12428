"""Plain texts: on one line, shortened, compared, shown. Nothing here raises for any text."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from hub.model import Direction

# ---------------------------------------------------------------- characters

# What XML 1.0 has no place for (§2.2).
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL_BYTES = bytes((*range(9), 11, 12, *range(14, 32)))
# The same with the other controls, without those that are white space.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# int() refuses more than 4300 digits, and html.unescape asks it.
_HUGE_REFERENCE = re.compile("&#[0-9]{8,};?")


def only_xml(text: str) -> str:
    """The text without the characters that XML has no place for."""
    # What can be printed is legal; what has a line break is seen not to be printable at that.
    if text.isprintable():
        return text
    try:
        written = text.encode()
    except UnicodeEncodeError:  # half a pair
        return NOT_XML.sub("", text)
    # As the expression, in a third of the time; nearly no text has any.
    if len(written.translate(None, _CONTROL_BYTES)) == len(written) and (
        text.isascii() or ("\ufffe" not in text and "\uffff" not in text)
    ):
        return text
    return NOT_XML.sub("", text)


def unescape(text: str) -> str:
    """A text with HTML's character references decoded, once."""
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text))


_CODE = re.compile(r"`([^`]+)`")


def escape(text: str) -> str:
    """Plain text as HTML that shows it: an empty line parts paragraphs, a line break is one."""
    return in_paragraphs(html.escape(only_xml(text), quote=False))


def in_paragraphs(escaped: str) -> str:
    """HTML that has no tags yet: an empty line parts paragraphs, a line break is one."""
    paragraphs = (paragraph.strip() for paragraph in re.split(r"\n\s*\n", escaped.replace("\r\n", "\n")))
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs if paragraph)


def with_code(text: str) -> str:
    """A text of ours as HTML, with what stands in it between backticks, such as a command, as code."""
    return _CODE.sub(r"<code>\1</code>", html.escape(text))


# ---------------------------------------------------------------- one line

_OPENS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"} | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _closed(text: str) -> str:
    """A text without controls of direction that lack their other end, and would turn what follows (UAX 9)."""
    if not _BIDI.search(text):
        return text
    drop: set[int] = set()
    opened: list[tuple[int, str]] = []
    isolates = 0
    for match in _BIDI.finditer(text):
        control, at = match[0], match.start()
        if control in _OPENS:
            opened.append((at, _OPENS[control]))
            isolates += _OPENS[control] == "\u2069"
        elif control == "\u202c" and opened and opened[-1][1] == control:
            opened.pop()
        elif control == "\u2069" and isolates:
            isolates -= 1
            while opened[-1][1] != control:
                drop.add(opened.pop()[0])
            opened.pop()
        else:
            drop.add(at)
    drop.update(at for at, _ in opened)
    return "".join(character for at, character in enumerate(text) if at not in drop)


# Marks on one letter: Vietnamese has two, Hebrew with cantillation four; more
# would cover the lines above and below.
_MOST_MARKS = 8
_LOOK_EMPTY = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_TAKE_NO_ROOM = frozenset(("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"))


def _legible(text: str) -> str:
    """A text without more marks on a letter than any language has; empty where nothing can be seen."""
    kept: list[str] = []
    run = 0
    seen = False
    for character in text:
        category = unicodedata.category(character)
        seen = seen or (category not in _TAKE_NO_ROOM and character not in _LOOK_EMPTY)
        if category in ("Mn", "Me"):
            run += 1
            if run > _MOST_MARKS:
                continue
        elif category != "Cf":
            run = 0
        kept.append(character)
    return "".join(kept) if seen else ""


# Where to break a word, or not to: a soft hyphen, a word joiner and a byte order mark.
_BREAKS = "\u00ad\u2060\ufeff"


def without_breaks(text: str) -> str:
    """The text without what says where its words may be broken: with that they are found by nobody."""
    if text.isascii():
        return text
    # Nearly no text has any, and to look for one character is quick.
    for each in _BREAKS:
        if each in text:
            text = text.replace(each, "")
    return text


def line(text: str) -> str:
    """A text on one line, for names, titles and ids to show.

    White space is folded; control characters, what XML has no place for and
    controls of direction that are never closed are dropped, and so are marks
    past any that a language has. Empty where nothing in it can be seen.
    """
    if not text.isascii():
        text = _legible(_closed(_CONTROLS.sub("", without_breaks(text))))
    elif not text.isprintable():
        text = _CONTROLS.sub("", text)
    return " ".join(text.split())


# ---------------------------------------------------------------- plain text

_NON_SPACE = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?][\"'’”)\]]* |[。！？]")


def _beginning(text: str, limit: int) -> str:
    """A text's first words on one line, all of them or more than `limit` characters."""
    beginning: list[str] = []
    length = -1
    for match in _NON_SPACE.finditer(text):
        beginning.append(match[0][: limit + 1])
        length += 1 + len(beginning[-1])
        if length > limit:
            break
    return " ".join(beginning)


def excerpt(text: str, *, limit: int = 300) -> str:
    """The first words of a plain text in no more than `limit` characters, on one line.

    It ends in `…` where there is more, after a sentence if one ends in the
    last third, else after a word, and inside a word if that is all there is.
    """
    folded = " ".join(text[: 2 * limit].split())
    if len(folded) <= limit and len(text) > 2 * limit:
        folded = _beginning(text, limit)
    if len(folded) <= limit:
        return _closed(folded)
    ends = [match.end() for match in _SENTENCE_END.finditer(folded, 0, limit - 2)]
    if ends and ends[-1] > limit * 2 // 3:
        return _closed(f"{folded[: ends[-1]].rstrip()} …")
    at = folded.rfind(" ", 0, limit)
    if at < limit // 2:
        at = limit - 1
        while at > limit // 2 and unicodedata.category(folded[at]) in ("Mn", "Me", "Mc", "Cf", "Sk"):
            at -= 1
    return _closed(folded[:at].rstrip(" ,;:–—-(\"'“‘") + "…")


_RTL_LANGUAGES = re.compile("ar|arc|azb|ckb|dv|fa|glk|he|iw|ji|ks|lrc|mzn|nqo|pnb|prs|ps|sd|syr|ug|ur|yi")
_RTL_SCRIPTS = re.compile("adlm|arab|aran|hebr|mand|nkoo|rohg|samr|syrc|thaa")


_LETTER = re.compile("[A-Za-z]")


def _is_rtl(language: str) -> bool:
    first, *others = language.lower().replace("_", "-").split("-")
    scripts = [other for other in others if len(other) == 4 and other.isalpha()]
    return bool(_RTL_SCRIPTS.fullmatch(scripts[0]) if scripts else _RTL_LANGUAGES.fullmatch(first))


def direction(text: str, language: str | None) -> Direction | None:
    """Which way a text runs; None where neither its letters nor its language say.

    The first letter decides, as it does for browsers (`dir=auto`). In a
    language that runs from right to left any of its letters does, since a
    text in it may begin with a foreign name.
    """
    if text.isascii() and not (language and _is_rtl(language)):
        return "ltr" if _LETTER.search(text, 0, 2000) else None
    strong = [side for side in map(unicodedata.bidirectional, text[:2000]) if side in ("L", "R", "AL")]
    if language and _is_rtl(language):
        return "ltr" if strong and set(strong) == {"L"} else "rtl"
    return ("ltr" if strong[0] == "L" else "rtl") if strong else None


_PUNCTUATION = {code: " " for code in range(128) if not chr(code).isalnum()}
# Typographers' punctuation, and signs that NFKC would make letters of (™).
_TYPOGRAPHIC = re.compile(
    "[\xa0\xa9\xae\u2010-\u2015\u2018-\u201f\u2022\u2026\u2032\u2033\u2117\u2120\u2122]+"
)
# Those that most texts beyond ASCII have nothing but: to look for each takes half as long.
_USUAL_TYPOGRAPHIC = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\xa0"
_BY_CHARACTER = re.compile(
    "[\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
)


class _Spelling(dict[int, str | None]):
    """What `words` makes of each character beyond ASCII, remembered."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        spelt: str | None = " "
        if _BY_CHARACTER.match(character):
            spelt = f" {character} "
        elif category[0] in "LMN":
            spelt = character
        elif category == "Cf":
            spelt = None
        self[code] = spelt
        return spelt


_SPELLING = _Spelling(_PUNCTUATION)


# ASCII's letters in lower case and digits; a space for all else.
_ASCII_WORDS = bytes(
    ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256)
)
# Characters. What an entry's digest was made of is asked for again for its tags and its story.
_REMEMBERED = 20_000


def words(text: str) -> str:
    """The words of a plain text alone, for comparing: NFKC, casefold, no punctuation, a space between two.

    Digits are kept; an apostrophe parts words as any punctuation does; each
    Chinese or Japanese character is a word of its own.
    """
    return _remembered_words(text) if len(text) <= _REMEMBERED else _words(text)


def _words(text: str) -> str:
    if not text.isascii():
        for mark in _USUAL_TYPOGRAPHIC:
            text = text.replace(mark, " ")
        if not text.isascii():
            text = _TYPOGRAPHIC.sub(" ", text)
    if text.isascii():
        return b" ".join(text.encode("ascii").translate(_ASCII_WORDS).split()).decode("ascii")
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_SPELLING).split())


_remembered_words = lru_cache(maxsize=128)(_words)
