"""The words of an entry: those that count as its own, and what a change of them was. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import Match, SequenceMatcher
from typing import Literal

from msgspec import Struct

from hub import furniture, markup, urls
from hub.model import Revision, Told

# ---------------------------------------------------------------- what is no change

# Of a longer block, furniture stands at its beginning or its end.
_LONG_BLOCK = 2 * furniture.LONGEST
# Where one segment of a block ends: at a bar or dot between two, or with a sentence.
_BETWEEN = re.compile(r"\s*[|·•]\s*|\s+[–—-]\s+|(?<=[.!?…])\s+")
# Whole, whatever is in it: a look for its `?` would read all of a long one from each `http` in it.
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def that_count(title: str, text: str, *, earlier: bool = False) -> str:
    """The words of an entry by which it is the same as before, or has changed.

    Left out of the text is what sites write beside their news and change by
    themselves: counts of comments, views and shares, ages such as *3 hours
    ago*, lists of related posts, parameters of visible links that say where a
    reader came from. A count counts as such where it stands for itself, as a
    block or a sentence; within a sentence it is news. Signs beside figures
    count: *£500* is not *€500*, nor *-5* the same as *5*. To `earlier` hubs,
    only English ones were no news, and no sign was a word.
    """
    if "://" in text:
        text = _ADDRESS.sub(lambda found: urls.without_tracking(found[0]), text)
    blocks = furniture.without_elsewhere(text.split("\n"), earlier=earlier)
    # All at once first: in most texts there is nothing to leave out.
    if furniture.may_be_in("\n".join(map(_edges, blocks)).lower()):
        blocks = [_block_without(block, earlier=earlier) for block in blocks]
    text = "\n".join(blocks)
    words = f"{markup.words(title)}\n{markup.words(text)}"
    if earlier:
        return words
    signs = " ".join(_SIGNS.findall(f"{title}\n{text}")).replace("−", "-")
    return f"{words}\n{signs}" if signs else words


# What may be one is looked for first: most texts have none, and each entry is looked through.
_SIGNS = re.compile(
    r"[£$€¥<>≤≥±%‰−-](?:"
    r"(?<=[£$€¥<>≤≥±])(?=\s?\d)"
    # A minus stands before a figure alone: a dash between two is none.
    r"|(?<=[−-])(?<![^\s(].)(?=\d)"
    r"|(?<=[%‰€£])(?:(?<=\d.)|(?<=\d\s.))"
    r")"
)


def _edges(block: str) -> str:
    """Where furniture may stand in a block."""
    if len(block) <= _LONG_BLOCK:
        return block
    return f"{block[: furniture.LONGEST]}\n{block[-furniture.LONGEST :]}"


def _block_without(block: str, *, earlier: bool) -> str:
    if len(block) <= _LONG_BLOCK:
        if not furniture.may_be_in(block.lower()):
            return block
        return " ".join(furniture.without_counts(_BETWEEN.split(block), is_block=True, earlier=earlier))
    begin, end = block[: furniture.LONGEST], block[-furniture.LONGEST :]
    if not (furniture.may_be_in(begin.lower()) or furniture.may_be_in(end.lower())):
        return block
    # What the cut goes through is no segment, and stays.
    *first, cut = _BETWEEN.split(begin)
    rest, *last = _BETWEEN.split(end)
    middle = cut + block[furniture.LONGEST : -furniture.LONGEST] + rest
    return " ".join((*_edge_without(first, earlier=earlier), middle, *_edge_without(last, earlier=earlier)))


def _edge_without(segments: Sequence[str], *, earlier: bool) -> Sequence[str]:
    return furniture.without_counts(segments, is_block=False, earlier=earlier)


# WordPress's footer, which names the entry and its site.
_FOOTER = re.compile(r"\s*The post [^\n]{0,300} appeared first on [^\n]{0,200}\Z")
# As its plug-ins have it in other words and languages: what stands before the title, and before the site.
_FOOTERS = (
    ("The post ", " appeared first on "),
    ("The post ", " first appeared on "),
    ("Der Beitrag ", " erschien zuerst auf "),
    ("L’article ", " est apparu en premier sur "),
    ("L'article ", " est apparu en premier sur "),
    ("L’articolo ", " proviene da "),
    ("L'articolo ", " proviene da "),
    ("L’articolo ", " sembra essere il primo su "),
    ("L'articolo ", " sembra essere il primo su "),
    ("La entrada ", " se publicó primero en "),
    ("La entrada ", " aparece primero en "),
    ("Het bericht ", " verscheen eerst op "),
)
_LONGEST_SITE, _LONGEST_AFTER = 200, 60


def without_footer(title: str, text: str) -> str:
    """The text of an entry without the footer that WordPress puts below it, which is not about the news.

    A short block that comes after it, such as *Source: Stroke Network*, stays.
    """
    end = text[-_LONGEST_SITE - _LONGEST_AFTER - 60 - len(title) :]
    if title and title in end:
        for before, between in _FOOTERS:
            above, its, after = end.rpartition(f"{before}{title}{between}")
            site, _, last = after.partition("\n")
            if its and len(site) <= _LONGEST_SITE and len(last) <= _LONGEST_AFTER and "\n" not in last:
                above = text[: len(text) - len(end) + len(above)].rstrip()
                return f"{above}\n{last}".strip()
    return _FOOTER.sub("", text) if "appeared first on" in end else text


# What a theme's link to the whole text says, after what was cut off or in a block of its own.
_ONWARD = re.compile(
    r"(?:click here to |please )?(?:continue|keep) reading"
    r"|read (?:more|on|(?:the )?(?:rest|full|whole)(?: \w+)?)|(?:find out|learn|see|view) more|more"
    r"|weiterlesen|mehr lesen|lire (?:la suite|plus)|leer más|seguir leyendo|leggi (?:tutto|di più)"
    r"|continua a leggere|lees (?:verder|meer)"
)
_ABOUT = re.compile(r" (?:about|of|on)$")
_AROUND_ONWARD = " \n.…:|→»›>[](){}“”\"'‘’"
# Characters: of a longer text, an excerpt has no end.
_LONGEST_BEGINNING, _LONGEST_ONWARD = 1_000, 60


def without_link_onward(title: str, text: str) -> str:
    """The text of an entry without what its site's theme has at the end of excerpts: *Continue reading →*.

    It may name the entry before or after.
    """
    if len(text) > _LONGEST_BEGINNING:
        return text
    body = text.rstrip(_AROUND_ONWARD)
    dots = body.rfind("...")
    at = max(body.rfind("\n"), body.rfind("…"), dots + 2 if dots >= 0 else -1) + 1
    if len(body) - at > len(title) + _LONGEST_ONWARD:
        return text
    said = body[at:].lower()
    if title:
        said = said.replace(title.lower(), " ")
    said = " ".join(said.split()).strip(_AROUND_ONWARD)
    if not _ONWARD.fullmatch(_ABOUT.sub("", said)):
        return text
    cut = text[:at].rstrip()
    return f"{cut}]" if cut.endswith(("[…", "[...")) else cut


# ---------------------------------------------------------------- misread is no other wording

# By what documents are read, and by what earlier hubs read the same ones: by fewer of an encoding's
# characters, or, where a server said US-ASCII or nobody knew the label, by windows-1252.
_READ_BEFORE = (
    *(("cp949", "euc_kr"), ("cp950", "big5"), ("big5hkscs", "big5"), ("euc_jis_2004", "euc_jp")),
    *(("cp874", "tis-620"), ("cp874", "iso8859-11")),
    *((codec, "cp1252") for codec in ("cp949", "cp950", "big5hkscs", "gb18030", "cp932", "euc_jp", "cp874")),
    *((codec, "cp1252") for codec in ("euc_jis_2004", "koi8-r", "koi8-u", "mac-cyrillic", "mac-roman")),
    *((f"cp125{number}", "cp1252") for number in (0, 1, 3, 4, 5, 6, 7, 8)),
    *((f"iso8859-{number}", "cp1252") for number in (*range(2, 11), *range(13, 17))),
)
# Characters: of more, nobody looks how it was read.
_MOST_READ_AGAIN = 50_000
# So many are looked at first, and so many of these may be read otherwise where they are cut off.
_BEGINNING, _MOST_CUT = 200, 4


def was_misread(title: str, text: str, *, before: tuple[str, str]) -> bool:
    """Whether a title and text are those `before`, letter by letter, which an earlier hub read wrong.

    What was put right in them besides is a correction.
    """
    told, was = f"{title}\n{text}", "\n".join(before)
    if told.isascii() or was.isascii() or len(told) > _MOST_READ_AGAIN:
        return False
    was, letters = "".join(was.split()), "".join(sorted(set(told)))
    for codecs in _READ_BEFORE:
        # Most encodings have none of its letters or the same, or it begins otherwise by them: that is quick.
        if _as_read(letters, *codecs) == "".join(letters.split()):
            continue
        begins = _as_read(told[:_BEGINNING], *codecs)[:-_MOST_CUT]
        if was.startswith(begins) and _as_read(told, *codecs) == was:
            return True
    return False


def _as_read(text: str, now: str, earlier: str) -> str:
    """A text, without spaces, as an encoding was read; what that lacks was a reference, and stays."""
    read = html.unescape(text.encode(now, "xmlcharrefreplace").decode(earlier, "replace"))
    return "".join(read.split())


# ---------------------------------------------------------------- an excerpt is no other wording

_READ_ON = (
    r"\b(?:click here|continue reading|(?:find out|learn) more"
    r"|read (?:more|on|(?:the )?(?:full|whole|rest|original)))\b[^\n.!?…]{0,200}"
)
_CUT_OFF = re.compile(rf"(?:…|\.\.\.|{_READ_ON})\W*\Z", re.IGNORECASE)
_LONGEST_END = 250
# Words of an excerpt that does not say that it is one: a sentence or two of a text several times as long.
_LEAST_EXCERPT, _MOST_EXCERPT, _TIMES_AS_LONG = 20, 60, 3


def is_excerpt(excerpt: str, text: str) -> bool:
    """Whether one text is but the beginning of another, as a feed of excerpts has it.

    It ends with an ellipsis or leads to the rest, or is as short as excerpts are.
    What is otherwise gone from the end of a text was taken out of it.
    """
    whole = markup.words(text)
    if found := _CUT_OFF.search(excerpt, max(len(excerpt) - _LONGEST_END, 0)):
        begins, ends = markup.words(excerpt[: found.start()]), markup.words(found[0])
        if begins and begins != whole and whole.startswith(begins) and not (ends and whole.endswith(ends)):
            return True
    words = markup.words(excerpt)
    count = len(words.split())
    if not _LEAST_EXCERPT <= count <= _MOST_EXCERPT or not whole.startswith(f"{words} "):
        return False
    return len(whole.split()) >= _TIMES_AS_LONG * count


# ---------------------------------------------------------------- what a change was

Part = Literal["kept", "removed", "added"]

# Compared word by word; of longer texts, what follows is taken as one change.
_MOST_COMPARED = 2_000
# Times that a word meets its like, which is enough for twenty changes of so many words of prose. Words chosen
# for it would meet their like many millions of times, and a hundred differences stand on a page.
_MOST_STEPS = 50_000
_AROUND = 6


class Piece(Struct, frozen=True):
    """A run of words that both texts have, or one of them alone."""

    part: Part
    words: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """What became of a text, word by word, with a few words around each change; empty where nothing did."""
    old, new = before.split(), after.split()
    if old == new:
        return ()
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    pieces = [
        Piece("kept", " ".join(old[:start])),
        *_compared(old[start : len(old) - end], new[start : len(new) - end]),
        Piece("kept", " ".join(old[len(old) - end :])),
    ]
    return tuple(_shortened([piece for piece in pieces if piece.words]))


TOLD: Mapping[Told, str] = {
    "yes": "told to readers",
    "no": "not told: it caught up with its story, its feed changed all entries at once or has more"
    " or less of each text, or it waited",
    "waits": "not told yet: it changed too often, and is told when it has been still for two days",
}
"""Whether readers were told of a change, as admins are told."""


class Reworded(Struct, frozen=True, kw_only=True):
    """What became of an entry's title and of its text, each empty where nothing did; `when` by our clock."""

    when: datetime
    told: Told
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]


def rewordings(title: str, text: str, revisions: Iterable[Revision]) -> Iterator[Reworded]:
    """The changes to a title and a text from what they were before, the latest first."""
    for each in revisions:
        yield Reworded(
            when=each.until,
            told=each.told,
            title=difference(each.title, title),
            text=difference(each.text, text),
        )
        title, text = each.title, each.text


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if max(len(old), len(new)) > _MOST_COMPARED:
        yield Piece("removed", " ".join(old))
        yield Piece("added", " ".join(new))
        return
    for what, first, last, start, end in _Bounded(None, old, new).get_opcodes():
        if what == "equal":
            yield Piece("kept", " ".join(old[first:last]))
        else:
            yield Piece("removed", " ".join(old[first:last]))
            yield Piece("added", " ".join(new[start:end]))


class _Bounded(SequenceMatcher[str]):
    """What finds nothing alike in two runs of words that would take more steps than are left."""

    # As `difflib` has them: the first run, and the places of each word in the second.
    a: Sequence[str]
    b2j: Mapping[str, Sequence[int]]
    _left = _MOST_STEPS

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        steps = sum(1 + len(self.b2j.get(word, ())) for word in self.a[alo:ahi])
        if steps > self._left:
            return Match(alo, blo, 0)
        self._left -= steps
        return super().find_longest_match(alo, ahi, blo, bhi)


def _shortened(pieces: Sequence[Piece]) -> Iterator[Piece]:
    for number, piece in enumerate(pieces):
        words = piece.words.split()
        if piece.part != "kept":
            yield piece
        elif number == 0:
            yield Piece("kept", piece.words if len(words) <= _AROUND else f"… {' '.join(words[-_AROUND:])}")
        elif number == len(pieces) - 1:
            yield Piece("kept", piece.words if len(words) <= _AROUND else f"{' '.join(words[:_AROUND])} …")
        elif len(words) > 2 * _AROUND + 1:
            yield Piece("kept", f"{' '.join(words[:_AROUND])} … {' '.join(words[-_AROUND:])}")
        else:
            yield piece
