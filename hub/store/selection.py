"""A selection of stories as SQL conditions, with every value a parameter."""

from __future__ import annotations

import re
from typing import Any

from hub.model import And, Filter, Not, Or, Selection, Term
from hub.store.rows import stamp

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

# One thing a person typed into the search box: -"not this phrase", word, wor*
_TYPED = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_MOST_TYPED = 24


def where(selection: Selection, *, table: str = "e") -> Condition:
    """The condition for the entries that a list of this selection shows."""
    matching, values = _matching(selection, table)
    if selection.every_entry:
        return matching, values
    if _is_of_stories(selection):
        return f"{table}.lead = 1 AND {matching}", values
    # The lead where it matches, else the earliest that does: each story once.
    better, better_values = _matching(selection, "o")
    shown = (
        f"({table}.lead = 1 OR NOT EXISTS (SELECT 1 FROM entries o WHERE o.story = {table}.story"
        f" AND (o.lead = 1 OR o.key < {table}.key) AND o.key <> {table}.key AND {better}))"
    )
    return f"{matching} AND {shown}", (*values, *better_values)


def entries_where(selection: Selection) -> Condition:
    """The condition for all entries of a selection, copies too."""
    return _matching(selection, "e")


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

    return (
        selection.search is None
        and selection.since is None
        and (selection.filter is None or of_stories(selection.filter))
    )


def _matching(selection: Selection, table: str) -> Condition:
    conditions: list[Condition] = []
    if selection.filter is not None:
        conditions.append(_filter(selection.filter, table))
    if selection.since is not None:
        conditions.append((f"{table}.first_seen >= ?", (stamp(selection.since),)))
    if selection.search is not None:
        query = full_text_query(selection.search)
        if query is None:
            conditions.append(("1 = 0", ()))
        else:
            conditions.append((f"{table}.key IN (SELECT rowid FROM search WHERE search MATCH ?)", (query,)))
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
    sql = word.join(f"({sql})" for sql, _ in conditions)
    return sql, tuple(value for _, values in conditions for value in values)


def full_text_query(typed: str) -> str | None:
    """What a person typed, as an FTS5 query that cannot fail; None where there is nothing to look for.

    All words have to be there; `"quoted words"` in that order; `-word` must
    not be; `word*` begins a word. All else is punctuation.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for found in list(_TYPED.finditer(typed))[:_MOST_TYPED]:
        text = found["phrase"] if found["phrase"] is not None else found["word"]
        words = re.findall(r"\w+", text)
        if not words:
            continue
        prefix = "*" if found["word"] is not None and text.endswith("*") else ""
        (unwanted if found["minus"] else wanted).append(f'"{" ".join(words)}"{prefix}')
    if not wanted:
        return None
    query = " ".join(wanted)
    return query + "".join(f" NOT {phrase}" for phrase in unwanted)
