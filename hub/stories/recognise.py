"""Which stored entry of its own feed is an entry of a document, if any?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from itertools import pairwise, takewhile
from operator import attrgetter

from msgspec import Struct

from hub import markup, wording
from hub.model import Entry, Identifier, KnownEntry, Mark
from hub.stories.sketch import TIME, numbers

# Two versions that share less than this of their words are different news under one id.
_SAME_NEWS = 0.25
# Of two texts under one title: any two of a language share a good part of their words.
_SAME_TEXT = 0.5
# Texts of fewer words are compared word by word.
_SHORT = 20
# Further apart, two dates are those of two pieces of news where the ids are two as well.
_SAME_DAYS = timedelta(days=3)


class Recognised(Struct, frozen=True):
    """An entry of a document with the stored entry it is, None when it is new."""

    entry: Entry
    known: KnownEntry | None

    @property
    def as_it_was(self) -> bool:
        """Whether it is known, and came back with the words, the id and the link that it had."""
        entry, known = self.entry, self.known
        return (
            known is not None
            and entry.fingerprint == known.fingerprint
            and entry.keys.id == known.keys.id
            and entry.link == known.link
        )


def recognise(
    entries: Sequence[Entry],
    own: Sequence[KnownEntry],
    *,
    by: Identifier = "id",
    retitled: AbstractSet[int] = frozenset(),
) -> tuple[Recognised, ...]:
    """Match a document's entries with the stored ones of the same feed, each at most once.

    What has not changed its words is itself. For the others the ladder goes
    from the surest to the weakest, and each rung is climbed by all entries
    before the next, so that a weak resemblance never takes what a sure one
    needs: the id; the id without differences of scheme, www, slash and case;
    the canonical link; title and date.

    An id or a link that several entries of the document carry identifies none
    of them: some feeds give every entry the id of their home page. Nor does
    one under which the words are wholly different by now, for some feeds
    number their entries anew each time, and some links lead to whatever is
    the latest. Only where id and link are both the same is it that entry,
    rewritten. Under a link entries with other ids and dates follow one another,
    too, such as events with one page to book them; only where most of the
    document has other ids than before was its site made anew.

    Where ids (`by` links) or ids and links (`by` titles) are known to identify
    nothing in this feed, their rungs are left out. `retitled` are the keys of
    stored entries that have a title or a text in common with one of the document
    and nothing else; they are tried last, for a site that was made anew.
    """
    matched: dict[int, KnownEntry] = {}
    free = {known.key: known for known in own if known.key not in retitled}
    for rung in _LADDERS[by]:
        if not free or len(matched) == len(entries):
            break
        found = _climbed(entries, matched, free, rung)
        matched |= found
        for known in found.values():
            del free[known.key]
    if by == "id" and free and len(matched) < len(entries):
        matched |= _renumbered(entries, matched, _climbed(entries, matched, free, _BY_LINK_ALONE))
    if retitled:
        left = {index: entry for index, entry in enumerate(entries) if index not in matched}
        matched |= _relaunched(left, [known for known in own if known.key in retitled])
    return tuple(Recognised(entry, matched.get(index)) for index, entry in enumerate(entries))


_Either = Entry | KnownEntry
# Each rung: by what an entry is looked for, and what must be true of the one that is found.
_Rung = tuple[Callable[[_Either], str | Mark | None], Callable[[KnownEntry, Entry], bool]]


def _climbed(
    entries: Sequence[Entry], matched: Container[int], free: Mapping[int, KnownEntry], rung: _Rung
) -> dict[int, KnownEntry]:
    """Those of `free` that are found on one rung for entries not `matched` yet, by their places."""
    key_of, is_it = rung
    shared = Counter(key_of(entry) for entry in entries)
    candidates: dict[str | Mark, list[KnownEntry]] = {}
    for known in free.values():
        key = key_of(known)
        if key is not None:
            candidates.setdefault(key, []).append(known)
    climbed: dict[int, KnownEntry] = {}
    for index, entry in enumerate(entries):
        key = key_of(entry)
        if index in matched or key is None:
            continue
        found = candidates.get(key, [])
        if shared[key] > 1 or len(found) > 1:
            # Not an identifier here; the same words under it are.
            found = [known for known in found if known.fingerprint == entry.fingerprint]
        match = next((known for known in found if is_it(known, entry)), None)
        if match is not None:
            climbed[index] = match
            candidates[key].remove(match)
    return climbed


def mark(entry: _Either) -> Mark:
    """What an entry that has an id, and did not change in anything, is recognised by."""
    return entry.keys.id, entry.canonical_link, entry.fingerprint


def _wholly_unchanged(entry: _Either) -> Mark | None:
    return mark(entry) if entry.keys.id else None


def _unchanged(entry: _Either) -> str | None:
    return f"{entry.keys.id}\n{entry.fingerprint}" if entry.keys.id else None


def _unchanged_but_its_id(entry: _Either) -> str | None:
    return f"{entry.keys.link or entry.keys.title}\n{entry.fingerprint}"


def _is_same_news(known: KnownEntry, entry: Entry) -> bool:
    return known.fingerprint == entry.fingerprint or not is_rewritten(known, entry)


def _is_same_news_of_its_day(known: KnownEntry, entry: Entry) -> bool:
    return not _says_that_it_is_another(known, entry) and _is_same_news(known, entry)


def _says_that_it_is_another(known: KnownEntry, entry: Entry) -> bool:
    """Whether an id and a date of its own say so: events may lead to one page, where all are booked."""
    if not (known.keys.id and entry.keys.id and known.published and entry.published):
        return False
    return known.keys.id != entry.keys.id and abs(entry.published - known.published) > _SAME_DAYS


def _is_same_page(known: KnownEntry, entry: Entry) -> bool:
    return known.canonical_link == entry.canonical_link


_BY_LINK_ALONE: _Rung = (attrgetter("keys.link"), _is_same_news)
_BY_ID: tuple[_Rung, ...] = (
    (_wholly_unchanged, _is_same_news),
    (_unchanged, _is_same_news),
    (_unchanged_but_its_id, _is_same_news),
    (attrgetter("keys.id"), _is_same_news),
    (attrgetter("keys.loose_id"), _is_same_news),
    (attrgetter("keys.link"), _is_same_news_of_its_day),
    (attrgetter("keys.title"), _is_same_news),
    (attrgetter("keys.id"), _is_same_page),
)
_BY_LINK: tuple[_Rung, ...] = (
    (_unchanged_but_its_id, _is_same_news),
    _BY_LINK_ALONE,
    (attrgetter("keys.title"), _is_same_news),
)
_BY_TITLE: tuple[_Rung, ...] = ((attrgetter("keys.title"), _is_same_news),)
_LADDERS: dict[Identifier, tuple[_Rung, ...]] = {"id": _BY_ID, "link": _BY_LINK, "title": _BY_TITLE}


# ---------------------------------------------------------------- a site made anew

# A relaunch brings several entries back, and most of a document.
_SEVERAL = 3
# Words; who uses so many again, each one the same, tells the same.
_LONG = 50


def _renumbered(
    entries: Sequence[Entry], matched: Mapping[int, KnownEntry], by_link: dict[int, KnownEntry]
) -> dict[int, KnownEntry]:
    """Those found by their links alone, should most of what came back have other ids: else they are new."""
    came_back = {**matched, **by_link}
    others = sum(entries[index].keys.id != known.keys.id for index, known in came_back.items())
    return by_link if others >= _SEVERAL and 2 * others > len(came_back) else {}


def unknown(entries: Sequence[Entry], own: Sequence[KnownEntry]) -> tuple[Entry, ...]:
    """The entries that may be stored under other ids and links, where most of a document is not known.

    A document is half new where a site was made anew, or where its feed is
    seldom polled: it takes titles and texts to tell. Empty for any other
    document. `own` are the stored entries that have an id, a link, or title and
    date in common with it.
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


def _keys(entry: _Either) -> tuple[str, ...]:
    keys = entry.keys
    return tuple(filter(None, (keys.id, keys.loose_id, keys.link, keys.title)))


class _Titles:
    """The words of several titles, with and without those that all end with, such as a site's name."""

    def __init__(self, titles: Iterable[str]) -> None:
        words = [markup.words(title).split() for title in titles]
        ends = takewhile(lambda each: len(set(each)) == 1, zip(*map(reversed, words), strict=False))
        self._end = sum(1 for _ in ends) if len(words) >= _SEVERAL else 0
        self.whole = {" ".join(each) for each in words} - {""}
        self.without_end = {" ".join(each[: len(each) - self._end]) for each in words} - {""}

    def of(self, title: str) -> str:
        """The words of one of these titles, without the end."""
        words = markup.words(title).split()
        return " ".join(words[: len(words) - self._end])


_Words = Callable[[_Either], str]


def _relaunched(left: Mapping[int, Entry], retitled: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
    """Those of the entries left that are stored ones, should most of them be: else they are new.

    A title says so, also without the site's name that all others end with, where one entry alone has it
    on either side, or alone has its text, too, and the texts are no other news, as those of *Weekly
    update* are each week. Where titles say so of most of them, so does a long text under another title
    that names the same figures and dates; by itself it may be a form's.
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
    """The places of entries that alone have certain words, with the one that alone has them in the store.

    Of several with the same words, one that alone has its text under them.
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


def _and_text(words: str, entry: _Either) -> str:
    return f"{words}\n{markup.words(entry.text)}"


def _title_words(entry: _Either) -> str:
    return markup.words(entry.title)


def _text_words(entry: _Either) -> str:
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
    return _shared(set(before), set(after)) >= _SAME_TEXT


# ---------------------------------------------------------------- other news, or a correction


def is_rewritten(known: KnownEntry, entry: Entry) -> bool:
    """Whether these are wholly different news, and not one a correction of the other.

    The same title says that they are not, unless the link leads to another
    host: whoever took a site over may keep ids and titles.
    """
    if markup.words(known.title) == markup.words(entry.title) and not _are_on_two_hosts(known, entry):
        return False
    before = markup.words(f"{known.title} {known.text}").split()
    after = markup.words(f"{entry.title} {entry.text}").split()
    if not before or not after:
        return False
    if min(len(before), len(after)) < _SHORT:
        shared = _shared(set(before), set(after))
    else:
        # Pairs, since any two long texts of a language have many of its words in common.
        shared = _shared(set(pairwise(before)), set(pairwise(after)))
    if shared >= _SAME_NEWS:
        return False
    return not wording.was_misread(entry.title, entry.text, before=(known.title, known.text))


def _are_on_two_hosts(known: KnownEntry, entry: Entry) -> bool:
    hosts = {link.partition("/")[0] for link in (known.canonical_link, entry.canonical_link) if link}
    return len(hosts) > 1


def _shared(before: AbstractSet[object], after: AbstractSet[object]) -> float:
    """How much of the shorter is in the longer: all of it, where one is the other's beginning."""
    return len(before & after) / min(len(before), len(after))
