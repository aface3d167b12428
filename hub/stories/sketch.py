"""What an entry's words are compared by with those of other feeds: computed once, where it is read.

A text is compared by its shingles, the runs of four words in it (Broder, "On
the resemblance and containment of documents", 1997; a Chinese or Japanese
character counts as a word). The words themselves are kept, as a number each,
for the exact comparison. To find what is worth comparing, a sample of the
shingles is indexed: those whose numbers end in zeros, so that two texts that
share shingles share samples too. Of the first words, which excerpts repeat,
more are taken.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

from hub import markup, wording
from hub.model import Entry, Sketch

SHINGLE = 4

# News says what it is in its first words; what follows them in a long text costs more than it tells.
_MOST_WORDS = 512
_FIRST_WORDS = 64
# Of the first words one shingle in 8 is indexed, of the others one in 16: those
# of which the sum of the words' numbers has zeros there. The bits are none that
# say what kind of word it is, and the second has the first.
_SAMPLED_FIRST, _SAMPLED = (
    re.compile(b"[%s]" % re.escape(bytes(byte for byte in range(256) if not byte & bits)))
    for bits in (0x7, 0xF)
)
BYTES = 4
"""Of a word's number, where words are packed."""
# The bits of each number that decide the sum's second byte.
_SUMMED = int.from_bytes((0xFFF).to_bytes(BYTES, "little") * _MOST_WORDS, "little")
SAME_NEWS = 0.25
"""The `likeness` of two versions of the same news, at least: with less it is other news."""
# Texts of fewer words are compared word by word.
_SHORT = 20
# A sentence in so many entries of one document is the feed's own: a footer, an invitation, a series' text.
_REPEATED = 3
_SENTENCE_ENDS = (". ", "! ", "? ", "。", "！", "？")
_AROUND = " \t.!?"
# "Northmoor: …", "… | Northmoor", "[News] …": who publishes stands before or after.
_SIGNS = r"\s+[|«»·•–—-]\s+|(?<=^)\[[^\]]{0,60}\]\s*|\|"
_TITLE_PARTS = re.compile(f"{_SIGNS}|: |：")
_BY_SIGNS = re.compile(_SIGNS)
# What every such place has, found in a fifth of the time.
_MAY_BE_PARTED = re.compile(r"[|：\[]|: |\s[«»·•–—-]")
# A title of fewer words is not looked for: it says too little.
_TITLE_WORDS = 3

_HREF = re.compile(r'<a [^>]*?href="(https?://[^"]+)"')
_MOST_CREDITS = 16

FIGURE, TIME = 1, 3
_TIME_WORDS = """
    noon midday midnight midi minuit mittag mitternacht mediodía medianoche
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
    ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    lundi mardi mercredi jeudi vendredi samedi dimanche
    januar februar märz juni juli oktober dezember
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
"""
_TIMES = frozenset(_TIME_WORDS.split())
_TIME = re.compile(r"(?:19|20)\d\d|\d{1,4}[ap]m")
_MOST_REMEMBERED = 100_000
# A text has hardly any words of its own if it is longer than its title by so many characters at most.
_FEW = 100
# What leads to a page says nothing of what is there.
_LEADING_ON = """
    read more on continue reading click tap here to the this our full whole rest of original article story
    post item news page details find out learn see view visit website site at link below about it
"""
_LEADS_ON = frozenset(_LEADING_ON.split())
# What entries are found by has 30 bits: Python compares and sorts such numbers by their one digit.
_SPARE_BITS = 2


class _Numbers(dict[str, bytes]):
    """The number of each word, the same on every machine. Its last bits tell figures and points in time."""

    def __missing__(self, word: str) -> bytes:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        number = crc32(word.encode("utf-8", "surrogatepass")) & ~3
        if word in _TIMES or _TIME.fullmatch(word):
            number |= TIME
        elif any(character.isdigit() for character in word):
            number |= FIGURE
        packed = self[word] = array("I", (number,)).tobytes()
        return packed


_NUMBERS = _Numbers()


def numbers(words: str) -> list[int]:
    """The numbers of words as `markup.words` gives them."""
    return array("I", packed(words.split())).tolist()


def packed(words: Sequence[str]) -> bytes:
    """The numbers of these words, each in `BYTES` bytes."""
    return b"".join(map(_NUMBERS.__getitem__, words))


def likeness(one: Sequence[object], other: Sequence[object]) -> float:
    """How much of the shorter of two texts, by their words, is in the longer, 0 to 1; 1 where one has none.

    Long texts are compared by pairs of words: any two of a language have many words in common.
    """
    if min(len(one), len(other)) < _SHORT:
        ours, theirs = set(one), set(other)
    else:
        ours, theirs = set(pairwise(one)), set(pairwise(other))
    return len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 1.0


def sketched(entries: Sequence[Entry], *, but: Container[int] = ()) -> tuple[Sketch, ...]:
    """The sketches of a document's entries, without the sentences that the document repeats.

    Of those at the places `but`, empty ones.
    """
    in_each = [sentences(entry.text) for entry in entries]
    repeated = _repeated(in_each)
    return tuple(
        Sketch() if place in but else _sketch(entry, repeated.intersection(of_entry))
        for place, (entry, of_entry) in enumerate(zip(entries, in_each, strict=True))
    )


def _sketch(entry: Entry, without: AbstractSet[str]) -> Sketch:
    # Again, for those that were stored with it.
    text = kept = f" {markup.words(wording.without_footer(entry.title, entry.text))} "
    # The longest first: of one that stands within another, nothing but its own place is left.
    for sentence in sorted(without, key=_longest):
        # Of the words, which are remembered: those of the text without it would have to be made anew.
        kept = kept.replace(f" {markup.words(sentence)} ", " ")
    words = packed(kept.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS])
    return Sketch(
        words=words,
        samples=_samples(words),
        title=title_number(entry.title),
        wordless=len(text) <= len(entry.title) + _FEW and _says_nothing(entry, text),
        credits=_credits(entry),
    )


def _says_nothing(entry: Entry, text: str) -> bool:
    """Whether a text has no words, or none but its headline and what leads to its page."""
    for part in sorted({markup.words(entry.title), *title_parts(entry.title)}, key=_longest):
        text = text.replace(f" {part} ", " ")
    return not set(text.split()) - _LEADS_ON


def _repeated(documents_sentences: Sequence[Sequence[str]]) -> frozenset[str]:
    """The sentences that stand in three or more of a document's texts."""
    if len(documents_sentences) < _REPEATED:
        return frozenset()
    counts = Counter(sentence for of_entry in documents_sentences for sentence in set(of_entry))
    return frozenset(sentence for sentence, count in counts.items() if count >= _REPEATED)


def title_number(title: str) -> int | None:
    """The number that a title is found by, None for one that says too little."""
    core = title_core(title)
    if len(core.split()) < _TITLE_WORDS:
        return None
    return crc32(f"title {core}".encode("utf-8", "surrogatepass")) >> _SPARE_BITS


def title_core(title: str) -> str:
    """The words of a title without who publishes it: of the parts it is made of, the longest."""
    return max(title_parts(title), key=_weight)


# Titles are compared with many others, one after the other.
@lru_cache(maxsize=4096)
def title_parts(title: str) -> tuple[str, ...]:
    """The words of each part of a title, as dashes, bars and colons part it."""
    if _MAY_BE_PARTED.search(title) is None:
        return (markup.words(title),)
    return tuple([markup.words(part) for part in _TITLE_PARTS.split(title)])


def by_signs(title: str) -> list[str]:
    """A title as bars, dashes and brackets part it, each with the parts that colons make of it."""
    return _BY_SIGNS.split(title)


def _longest(sentence: str) -> tuple[int, str]:
    return -len(sentence), sentence


def _weight(words: str) -> int:
    return words.count(" ") + bool(words)


def page_number(link: str) -> int:
    """A number for the page at an address: the same with another scheme, www, query or last slash."""
    page = link.partition("#")[0].partition("?")[0].lower().rstrip("/")
    return crc32(page.partition("://")[2].removeprefix("www.").encode("utf-8", "surrogatepass"))


def _credits(entry: Entry) -> tuple[int, ...]:
    links = _HREF.findall(entry.content or entry.summary)[:_MOST_CREDITS]
    return tuple({page_number(link): None for link in links})


def sentences(text: str) -> list[str]:
    """The sentences of a text, as their ends and its lines part them."""
    for end in _SENTENCE_ENDS:
        # One character is looked for in a tenth of the time that two are.
        if end[0] in text:
            text = text.replace(end, "\n")
    return list(filter(None, [each.strip(_AROUND) for each in text.split("\n")]))


def _samples(packed: bytes) -> tuple[int, ...]:
    shingles = len(packed) // BYTES - SHINGLE + 1
    if shingles < 1:
        return ()
    # The words as one long number, with room for a sum in the place of each: all sums in a few steps.
    words = int.from_bytes(packed, "little") & _SUMMED
    pairs = words + (words >> 8 * BYTES)
    sums = (pairs + (pairs >> 16 * BYTES)).to_bytes(len(packed), "little")
    decisive = sums[1 : BYTES * shingles : BYTES]
    sampled = [
        BYTES * found.start()
        for found in (
            *_SAMPLED_FIRST.finditer(decisive, 0, _FIRST_WORDS),
            *_SAMPLED.finditer(decisive, _FIRST_WORDS),
        )
    ]
    return tuple(dict.fromkeys([crc32(packed[at : at + BYTES * SHINGLE]) >> _SPARE_BITS for at in sampled]))
