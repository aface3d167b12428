"""A site that was made anew: which entries of its feed are stored ones, under other ids and links?

A relaunch gives most of a feed's entries other ids, links or both, and readers are
to be told of none of them. What looks so of one entry alone is other news, so each
question here is asked of a document as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from hub import markup
from hub.model import Entry, KnownEntry
from hub.stories.sketch import TIME, numbers

Either = Entry | KnownEntry
"""An entry of a document, or a stored one."""

# Of two texts under one title: any two of a language share a good part of their words.
_SAME_TEXT = 0.5
# A relaunch brings several entries back, and most of a document.
_SEVERAL = 3
# Words; who uses so many again, each one the same, tells the same.
_LONG = 50


def renumbered(
    entries: Sequence[Entry], matched: Mapping[int, KnownEntry], by_link: dict[int, KnownEntry]
) -> dict[int, KnownEntry]:
    """The entries that were found `by_link` alone, if most entries that came back have other ids; else none.

    Both mappings are from an entry's place in the document to the stored entry that it is.
    """
    came_back = {**matched, **by_link}
    others = sum(entries[index].keys.id != known.keys.id for index, known in came_back.items())
    return by_link if others >= _SEVERAL and 2 * others > len(came_back) else {}


def unknown(entries: Sequence[Entry], own: Sequence[KnownEntry]) -> tuple[Entry, ...]:
    """The entries that may be stored ones under other ids and links.

    There are such only where half of a document or more is not known: its site was
    made anew, or its feed is seldom polled, and only titles and texts can tell. `own`
    are the stored entries that have an id, a link, or title and date in common with it.
    """
    if 2 * len(own) > len(entries):
        return ()
    keys = {key for known in own for key in _keys(known)}
    found = tuple(entry for entry in entries if keys.isdisjoint(_keys(entry)))
    return () if len(found) < _SEVERAL or 2 * len(found) < len(entries) else found


def alike(entries: Sequence[Entry], latest: Sequence[tuple[int, str, str]]) -> frozenset[int]:
    """The keys of those of a feed's `latest` (key, title, text) with a title or long text of `entries`."""
    of_document = _Titles(entry.title for entry in entries)
    of_store = _Titles(title for _, title, _ in latest)
    titles = of_document.whole | of_document.without_end
    texts = {_long(entry.text) for entry in entries} - {""}
    return frozenset(
        key
        for key, title, text in latest
        if of_store.of(title) in of_document.whole or markup.words(title) in titles or _long(text) in texts
    )


def _keys(entry: Either) -> tuple[str, ...]:
    keys = entry.keys
    return tuple(filter(None, (keys.id, keys.loose_id, keys.link, keys.title)))


class _Titles:
    """The words of several titles, with and without those that all end with, such as a site's name."""

    def __init__(self, titles: Iterable[str]) -> None:
        words = [markup.words(title).split() for title in titles]
        ends = takewhile(lambda column: len(set(column)) == 1, zip(*map(reversed, words), strict=False))
        self._end = sum(1 for _ in ends) if len(words) >= _SEVERAL else 0
        self.whole = {" ".join(title) for title in words} - {""}
        self.without_end = {" ".join(title[: len(title) - self._end]) for title in words} - {""}

    def of(self, title: str) -> str:
        """The words of one of these titles, without the end."""
        words = markup.words(title).split()
        return " ".join(words[: len(words) - self._end])


_Words = Callable[[Either], str]


def relaunched(left: Mapping[int, Entry], retitled: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
    """Those of the entries `left` that are stored ones, by their places; none unless most of them are.

    A title tells it, if one entry alone has it in the document and one in the store, or
    one alone has the text under it as well. The site's name, which all titles may end
    with, does not count; and the texts must not be other news, as those of *Weekly
    update* are each week. Where titles tell it of most entries, a long text tells it of
    others, if the titles name the same figures and dates: by itself it may be a form's.
    """
    of_document = _Titles(entry.title for entry in left.values())
    of_store = _Titles(known.title for known in retitled)
    by_title: tuple[tuple[_Words, _Words], ...] = (
        (_title_words, _title_words),
        (lambda entry: of_document.of(entry.title), _title_words),
        (_title_words, lambda known: of_store.of(known.title)),
    )
    found: dict[int, KnownEntry] = {}

    def look(of_entry: _Words, of_known: _Words, is_it: Callable[[KnownEntry, Entry], bool]) -> None:
        taken = {known.key for known in found.values()}
        for index, known in _only_ones(left, retitled, of_entry, of_known):
            if index not in found and known.key not in taken and is_it(known, left[index]):
                found[index] = known

    for of_entry, of_known in by_title:
        look(of_entry, of_known, _is_same_text)
    if len(found) < _SEVERAL or 2 * len(found) < len(left):
        return {}
    look(_text_words, _text_words, _name_the_same)
    return found


def _only_ones(
    left: Mapping[int, Entry], retitled: Sequence[KnownEntry], of_entry: _Words, of_known: _Words
) -> Iterator[tuple[int, KnownEntry]]:
    """The places of entries that alone have their words, each with the stored entry that alone has them.

    Of several with the same words, those that alone have their text as well.
    """
    keys = {index: of_entry(entry) for index, entry in left.items()}
    stored = {known.key: of_known(known) for known in retitled}
    counts = Counter(keys.values()) | Counter(stored.values())
    several = {words for words, count in counts.items() if words and count > 1}
    keys |= {index: _and_text(words, left[index]) for index, words in keys.items() if words in several}
    stored |= {
        known.key: _and_text(its, known) for known in retitled if (its := stored[known.key]) in several
    }
    of_document = Counter(keys.values())
    of_store = Counter(stored.values())
    by_words = {stored[known.key]: known for known in retitled}
    for index, words in keys.items():
        if words and of_document[words] == of_store[words] == 1:
            yield index, by_words[words]


def _and_text(words: str, entry: Either) -> str:
    return f"{words}\n{markup.words(entry.text)}"


def _title_words(entry: Either) -> str:
    return markup.words(entry.title)


def _text_words(entry: Either) -> str:
    return _long(entry.text)


def _long(text: str) -> str:
    """The words of a long text; nothing of another."""
    words = markup.words(text)
    return words if words.count(" ") + 1 >= _LONG else ""


def _name_the_same(known: KnownEntry, entry: Entry) -> bool:
    """Whether two titles name the same figures and dates: a series has others in each."""
    before, after = ({each for each in numbers(_title_words(of)) if each & TIME} for of in (known, entry))
    return before == after


def _is_same_text(known: KnownEntry, entry: Entry) -> bool:
    before, after = markup.words(known.text).split(), markup.words(entry.text).split()
    if not before or not after:
        return True
    one, other = set(before), set(after)
    return len(one & other) >= _SAME_TEXT * min(len(one), len(other))
