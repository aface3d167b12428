"""A selection of stories as SQL conditions, with every value a parameter."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hub.model import And, Filter, Not, Or, Selection, Term
from hub.store.rows import as_json, stamp
from hub.store.stems import beginning

Condition = tuple[str, tuple[Any, ...]]

# What a term of a filter asks of an entry `{e}`. A tag is the whole story's,
# the rest are its publisher's.
_TERMS = {
    "tag": "EXISTS (SELECT 1 FROM story_tags st WHERE st.story = {e}.story AND st.term = ?)",
    "kind": "{e}.kind = ?",
    "member": "{e}.member = ?",
    "type": "EXISTS (SELECT 1 FROM members tm WHERE tm.slug = {e}.member AND tm.type = ?)",
    "region": "EXISTS (SELECT 1 FROM members rm WHERE rm.slug = {e}.member AND rm.region = ?)",
}

# Whether none of a story's entries is one of some members': what is not published is in no story with others.
_WITHOUT = (
    "NOT EXISTS (SELECT 1 FROM entries w INDEXED BY entries_story WHERE w.story = {e}.story"
    " AND w.member IN (SELECT value FROM json_each(?)))"
)

# Whether a story is told in feeds; and whether each of its entries is, in its member's own: also (2) where it
# is told no more, since who told it has gone.
_TOLD = "EXISTS (SELECT 1 FROM stories ts WHERE ts.id = {e}.story AND ts.told = 1)"
_EACH_TOLD = "EXISTS (SELECT 1 FROM stories ts WHERE ts.id = {e}.story AND ts.told > 0)"

# What people put around words that belong together; telephones and Word write those that curve.
_QUOTES = '"“”„‟«»'
TYPED = re.compile(
    rf"(?P<minus>-?)(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<word>[^\s{_QUOTES}]+))"
)
"""One thing a person typed into the search box: `-"not this phrase"`, `word`, `wor*`."""
_MOST_TYPED = 24
_LEAST_OF_A_WORD = 3


class Walk(Struct, frozen=True):
    """Rows to walk through by date: whose they are, the date's and the key's columns, the condition.

    Dates are text, or microseconds (`rows.microseconds`).
    """

    table: str
    date: str
    key: str
    condition: Condition
    in_microseconds: bool = False


def stories_walk(selection: Selection) -> Walk:
    """The entries that a list of this selection shows, a search apart."""
    if _is_of_stories(selection) and not selection.every_entry:
        term, rest = _tag_of_all(selection.filter)
        if term is not None:
            where, values = _asked(replace(selection, filter=rest), "t")
            condition = (f"t.term = ? AND {where}", (term, *values))
            return Walk("story_tags t", "t.date", "t.lead", condition, in_microseconds=True)
    return Walk("entries e", "e.date", "e.key", shown(selection))


def entries_walk(selection: Selection) -> Walk:
    """All entries of a selection, copies too, a search apart."""
    return Walk("entries e", "e.date", "e.key", matching(selection))


def _tag_of_all(filter: Filter | None) -> tuple[str | None, Filter | None]:
    """A tag that all stories of a filter have, and what else the filter asks."""
    match filter:
        case Term("tag", value):
            return value, None
        case And(inner):
            for position, each in enumerate(inner):
                term, rest = _tag_of_all(each)
                if term is not None:
                    others = (
                        *inner[:position],
                        *([rest] if rest is not None else []),
                        *inner[position + 1 :],
                    )
                    return term, And(others) if others else None
    return None, filter


def shown(selection: Selection) -> Condition:
    """The condition for the entries that a list of a selection shows, a search apart."""
    if _is_of_stories(selection) and not selection.every_entry:
        # Only what is published leads.
        asked, values = _asked(selection, "e")
        return f"e.lead = 1 AND {asked}", values
    matched, values = matching(selection)
    if selection.every_entry:
        return matched, values
    # The lead where it matches, else the earliest that does: each story once.
    better, better_values = matching(selection, "o")
    shown = (
        "(e.lead = 1 OR NOT EXISTS (SELECT 1 FROM entries o WHERE o.story = e.story"
        f" AND (o.lead = 1 OR o.key < e.key) AND o.key <> e.key AND {better}))"
    )
    return f"{matched} AND {shown}", (*values, *better_values)


def _is_of_stories(selection: Selection) -> bool:
    """Whether all that is asked is the same for every entry of a story."""

    def of_stories(filter: Filter) -> bool:
        match filter:
            case Term(field, _):
                return field == "tag"
            case Not(inner):
                return of_stories(inner)
            case And(inner) | Or(inner):
                return all(of_stories(each) for each in inner)

    if selection.since is not None or selection.dated is not None:
        return False
    return selection.filter is None or of_stories(selection.filter)


def matching(selection: Selection, table: str = "e") -> Condition:
    """The condition for the published entries that match a selection, a search apart."""
    asked, values = _asked(selection, table)
    return f"{table}.standing IS NULL AND {asked}", values


def _asked(selection: Selection, table: str) -> Condition:
    conditions: list[Condition] = []
    if selection.filter is not None:
        conditions.append(_filter(selection.filter, table))
    if selection.since is not None:
        conditions.append((f"{table}.first_seen >= ?", (stamp(selection.since),)))
    if selection.dated is not None:
        conditions.append((f"{table}.date >= ? AND {table}.date < ?", tuple(map(stamp, selection.dated))))
    if selection.without:
        conditions.append((_WITHOUT.format(e=table), (as_json(selection.without),)))
    if selection.told:
        conditions.append(((_EACH_TOLD if selection.every_entry else _TOLD).format(e=table), ()))
    return _joined(" AND ", conditions) if conditions else ("1 = 1", ())


def _filter(filter: Filter, table: str) -> Condition:
    match filter:
        case Term(field, value):
            return _TERMS[field].format(e=table), (value,)
        case Not(inner):
            sql, values = _filter(inner, table)
            return f"NOT ({sql})", values
        case And(inner):
            return _joined(" AND ", [_filter(each, table) for each in inner])
        case Or(inner):
            return _joined(" OR ", [_filter(each, table) for each in inner])


def _joined(word: str, conditions: list[Condition]) -> Condition:
    # SQLite takes `a OR b OR c` for a tree as deep as it is long, and refuses one that is deeper than 1000.
    if len(conditions) > 2:
        half = len(conditions) // 2
        conditions = [_joined(word, conditions[:half]), _joined(word, conditions[half:])]
    sql = word.join(f"({sql})" for sql, _ in conditions)
    return sql, tuple(value for _, values in conditions for value in values)


def all_of(filter: Filter | None) -> tuple[Term, ...]:
    """Terms that all entries have which a filter finds."""
    match filter:
        case Term():
            return (filter,)
        case And(inner):
            return tuple(term for each in inner for term in all_of(each))
    return ()


def tags_of(selection: Selection) -> list[str]:
    """The tags that all stories of a selection have."""
    return [term.value for term in all_of(selection.filter) if term.field == "tag"]


def asks_tags_alone(selection: Selection) -> bool:
    """Whether a selection asks for nothing but tags, of `all_of` its stories, a search apart."""

    def of_tags(filter: Filter) -> bool:
        match filter:
            case Term("tag", _):
                return True
            case And(inner):
                return all(of_tags(each) for each in inner)
        return False

    if selection.since is not None or selection.dated is not None or selection.without or selection.told:
        return False
    return selection.filter is None or of_tags(selection.filter)


def full_text_phrases(typed: str) -> tuple[list[str], list[str]]:
    """What a person typed, as phrases for FTS5 that cannot fail: those wanted, and those not.

    `"quoted words"` are one phrase, in that order; `-word` is not wanted;
    `word*` begins a word, with three letters at least, since fewer begin too
    many, and may be several phrases in brackets. All else is punctuation.
    Where none is wanted there is nothing to look for.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for found in list(TYPED.finditer(typed))[:_MOST_TYPED]:
        text = found["phrase"] if found["phrase"] is not None else found["word"]
        words = re.findall(r"\w+", text)
        if not words:
            continue
        begins = found["word"] is not None and text.endswith("*") and len(words[-1]) >= _LEAST_OF_A_WORD
        phrase = beginning(" ".join(words)) if begins else f'"{" ".join(words)}"'
        among = unwanted if found["minus"] else wanted
        if phrase not in among:
            among.append(phrase)
    return wanted, unwanted
