"""Has an entry of a document changed, and are readers told of it? Pure.

Words that differ are no change where the hub reads them otherwise than it did,
and none to be told where a whole document shows another template, or where the
entry changes too often or goes back and forth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub import markup, wording
from hub.model import Entry, KnownEntry, Told

# An editor who goes back is followed, without telling, once the other wording has stood so long.
_GOES_BACK_AFTER = timedelta(days=1)
# An entry that changed so often within a week changes too often, and is told of
# again when it has been still for two days: an editor corrects news twice or
# thrice, and a page that counts up each day is never still for so long.
_RESTLESS_CHANGES, _RESTLESS_WITHIN = 3, timedelta(days=7)
STILL_FOR = timedelta(days=2)
"""For how long an entry that changes too often has to be still until readers are told."""
# Nobody corrects so many entries, and most of what a document has, between two polls.
_TEMPLATE_ENTRIES, _TEMPLATE_SHARE = 5, 0.75
# Nor does anybody write the very same words into so many, where that is all there are.
_FEW = 3
# A feed that has excerpts now has them everywhere; of one entry nobody can tell it from a correction.
_EXCERPTS = 2


def has_changed(entry: Entry, stored: KnownEntry, now: datetime) -> bool:
    """Whether an entry has other words than are stored, which are to be stored now."""
    if entry.fingerprint == stored.fingerprint:
        return False
    if entry.fingerprint in stored.past_fingerprints:
        return bool(stored.changes) and not is_put_off(entry, stored, now)
    return not is_told_apart_otherwise(entry, stored)


def is_put_off(entry: Entry, stored: KnownEntry, now: datetime) -> bool:
    """Whether an entry has gone back to earlier words, too soon to be followed."""
    goes_back = entry.fingerprint != stored.fingerprint and entry.fingerprint in stored.past_fingerprints
    return goes_back and bool(stored.changes) and now - stored.changes[-1] < _GOES_BACK_AFTER


def is_told_apart_otherwise(entry: Entry, stored: KnownEntry) -> bool:
    """Whether the words are the same, and an earlier hub took others of them for those that count.

    Or a picture for its news, of an entry that has none and no words either.
    """
    if entry.fingerprint == stored.fingerprint:
        return False
    if not stored.text:
        return not (stored.title or entry.title or entry.text or entry.image or entry.enclosures)
    return _words(stored.title, stored.text) == wording.that_count(entry.title, entry.text)


def is_no_news(entry: Entry, stored: KnownEntry) -> bool:
    """Whether changed words are some that were there before, or the same read better."""
    return entry.fingerprint in stored.past_fingerprints or _is_read_better(entry, stored)


def _is_read_better(entry: Entry, stored: KnownEntry) -> bool:
    """Whether it is the same but for references that an earlier hub left, or letters or tags it misread."""
    if entry.misread == stored.fingerprint:
        return True
    if wording.was_misread(entry.title, entry.text, before=(stored.title, stored.text)):
        return True
    if "&" not in stored.title and "&" not in stored.text:
        return False
    before = _words(*map(markup.without_references, (stored.title, stored.text)))
    return before == wording.that_count(entry.title, entry.text)


def _words(title: str, text: str) -> str:
    # An earlier hub knew the footers of fewer languages.
    return wording.that_count(title, wording.without_footer(title, text))


def _is_other_excerpt(entry: Entry, stored: KnownEntry) -> bool:
    """Whether no more changed than how much of its text a feed has: the whole of it, or its beginning."""
    if markup.words(entry.title) != markup.words(stored.title):
        return False
    return wording.is_excerpt(entry.text, stored.text) or wording.is_excerpt(stored.text, entry.text)


def told(stored: KnownEntry, now: datetime) -> Told:
    """When to tell readers that an entry changed now; never of what they do not have."""
    if stored.standing != "published" and not returns(stored):
        return "no"
    if stored.restless:
        return "yes" if _is_still(stored, now) else "waits"
    lately = sum(now - moment < _RESTLESS_WITHIN for moment in stored.changes)
    return "waits" if lately >= _RESTLESS_CHANGES else "yes"


def _is_still(stored: KnownEntry, now: datetime) -> bool:
    return now - stored.changes[-1] >= STILL_FOR


def returns(stored: KnownEntry) -> bool:
    """Whether it is published again, since its member took it back and it is there again."""
    return stored.standing == "withdrawn" and not stored.by_admin


def silence(
    altered: Sequence[tuple[Entry, KnownEntry]], *, renamed: int, came_back: int, now: datetime
) -> str:
    """Why nobody is told of what changed in a document, as a remark; empty where it is told.

    A relaunch gives entries new ids and links, a template new words to all of
    them at once, and a setting of the feed more or less of them: none is news.
    `altered` are those of the entries that `came_back` which are not just as they
    were, and `renamed` is how many a relaunch gave other ids or links.
    """
    if renamed:
        return (
            f"{renamed} of the {came_back} entries that were known have other ids or links now; "
            "they were recognised, and nobody was told"
        )
    if len(altered) < _EXCERPTS:
        return ""
    excerpts = sum(_is_other_excerpt(entry, known) for entry, known in altered)
    if excerpts >= _EXCERPTS and excerpts > _TEMPLATE_SHARE * came_back:
        return (
            f"{excerpts} of the {came_back} entries that were known have the beginnings of their texts now, "
            "or all of them again; nobody was told"
        )
    if len(altered) < _TEMPLATE_ENTRIES:
        return _silence_of_few(altered, came_back, now)
    count = sum(has_changed(entry, known, now) for entry, known in altered)
    if count >= _TEMPLATE_ENTRIES and count > _TEMPLATE_SHARE * came_back:
        return (
            f"{count} of the {came_back} entries that were known changed their words at once, "
            "as a new template does; nobody was told"
        )
    return ""


def _silence_of_few(altered: Sequence[tuple[Entry, KnownEntry]], came_back: int, now: datetime) -> str:
    """`silence` for a document of few entries, whose number tells nothing: the very same words in all do."""
    changed = [(entry, known) for entry, known in altered if has_changed(entry, known, now)]
    if len(changed) < _FEW or len(changed) < came_back:
        return ""
    if len({_exchanged(entry, known) for entry, known in changed}) > 1:
        return ""
    return (
        f"all of the {came_back} entries that were known got or lost the same words at once, "
        "as by a new template; nobody was told"
    )


def _exchanged(entry: Entry, stored: KnownEntry) -> tuple[str, frozenset[str], frozenset[str]]:
    """What of a title changed, and the blocks of a text that came and that went."""
    now, before = frozenset(entry.text.split("\n")), frozenset(stored.text.split("\n"))
    title = "" if markup.words(entry.title) == markup.words(stored.title) else f"{stored.title} {entry.title}"
    return title, now - before, before - now
