"""What an admin may write as a filter, and what the hub says of one that it cannot read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.filters import MAX_LENGTH, FilterError, asks_for_tags, holds, lets_through, read_filter
from hub.model import And, Filter, Member, Not, Or, Source, StoredEntry, Tag, Term
from tests.entries import PUBLISHED, entry

SAFETY, WESSEX, SOUTH_WEST = (
    Term("tag", "patient-safety"),
    Term("member", "wessex"),
    Term("member", "south-west"),
)
PARTNER = Term("type", "partner")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tag:patient-safety", SAFETY),
        ("  tag:patient-safety  ", SAFETY),
        ("(((tag:patient-safety)))", SAFETY),
        ("not type:partner", Not(PARTNER)),
        ("not not type:partner", Not(Not(PARTNER))),
        ("not(type:partner)", Not(PARTNER)),
        ("(member:wessex)and(type:partner)", And((WESSEX, PARTNER))),
        ("tag:patient-safety and member:wessex and type:partner", And((SAFETY, WESSEX, PARTNER))),
        ("member:wessex or member:south-west", Or((WESSEX, SOUTH_WEST))),
        ("member:wessex OR NOT type:partner", Or((WESSEX, Not(PARTNER)))),
        ("region:London", Term("region", "London")),
        ('region:"North West"', Term("region", "North West")),
        ('tag:"patient-safety"', SAFETY),
        (
            "tag:or or tag:android or tag:notes",
            Or((Term("tag", "or"), Term("tag", "android"), Term("tag", "notes"))),
        ),
        ("tag:patient-safety and\n  member:wessex", And((SAFETY, WESSEX))),
        (
            "tag:patient-safety and (member:wessex or member:south-west) and not type:partner",
            And((SAFETY, Or((WESSEX, SOUTH_WEST)), Not(PARTNER))),
        ),
    ],
)
def test_a_filter_means_what_it_says(text: str, expected: Filter) -> None:
    assert read_filter(text).filter == expected


_WRITTEN = st.sampled_from(
    ["tag:or", "kind:event", 'region:"North or West"', "TYPE:partner", "type:partner", "tag:"]
)
_BETWEEN = st.sampled_from([" or ", " and ", " OR\n", "\tAnd  "])


@given(_WRITTEN, st.lists(st.tuples(_BETWEEN, _WRITTEN), max_size=4))
def test_brackets_around_it_make_no_other_filter(first: str, others: list[tuple[str, str]]) -> None:
    """Within brackets all is read by the parser, without them most is not."""
    text = first + "".join(between + term for between, term in others)

    def read(text: str, before: int = 0) -> tuple[object, list[int]]:
        try:
            found = read_filter(text)
        except FilterError as error:
            return str(error), [error.column - before]
        return found.filter, [column - before for _, column in found.terms]

    assert read(text) == read(f"({text})", before=1)


def test_not_binds_closer_than_and_and_and_than_or() -> None:
    assert read_filter("not tag:patient-safety and member:wessex or type:partner").filter == Or(
        (And((Not(SAFETY), WESSEX)), PARTNER)
    )


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the filter is empty"),
        ("   ", 1, "the filter is empty"),
        ("tag:a and", 10, "the filter ends too soon"),
        ("tag:a and (", 12, "a bracket is never closed"),
        ("(tag:a", 7, "a bracket is never closed"),
        ("nothing", 1, "`nothing` is no term; write field:value, such as tag:patient-safety"),
        ("notable or tag:a", 1, "`notable` is no term; write field:value, such as tag:patient-safety"),
        ("tag:a andmember:b", 7, "`and` or `or` is missing before `andmember:b`"),
        ("tag:a or(tag:b orkind:news)", 16, "`and` or `or` is missing before `orkind:news`"),
        ("tag:a)", 6, "this bracket closes nothing, or nothing stands before it"),
        ("()", 2, "this bracket closes nothing, or nothing stands before it"),
        ("tag:a tag:b", 7, "`and` or `or` is missing before `tag:b`"),
        ("tag:a not tag:b", 7, "`and` or `or` is missing before `not`"),
        ("tag:a and and tag:b", 11, "`and` needs a term on both sides"),
        ("or tag:a", 1, "`or` needs a term on both sides"),
        ("tag: a", 1, "write `tag:` and its value without a space between them"),
        ("tag :a", 1, "write `tag:` and its value without a space between them"),
        ("not tag:", 5, "`tag:` names nothing; write a value after it"),
        ('tag:""', 1, "`tag:` names nothing; write a value after it"),
        ('region:"North', 8, "the quotation mark is never closed"),
        ("safety", 1, "`safety` is no term; write field:value, such as tag:patient-safety"),
        (
            "type:member or region:North East",
            29,
            '`East` is no term; if it belongs to what is before it, write region:"North East"',
        ),
        ("tag:a && tag:b", 7, "`&&` is no term; write field:value, such as tag:patient-safety"),
        ("tag:a and \x00", 11, r"`\x00` is no term; write field:value, such as tag:patient-safety"),
        ("tags:a", 1, "`tags` is not a field of news; did you mean `tag`?"),
        ("colour:red", 1, "`colour` is not a field of news; there are tag, kind, member, type, region"),
        ("kind:evnt", 6, "there is no kind `evnt`; did you mean `event`?"),
        ("tag:a or type:partnr", 15, "there is no type `partnr`; did you mean `partner`?"),
        ("(tag:a) or tag:b)", 17, "this bracket closes nothing, or nothing stands before it"),
        ("not " * 60 + "tag:a", 1, "the filter is nested more than 50 deep"),
        ("tag:a or (" * 60 + "tag:b" + ")" * 60, 1, "the filter is nested more than 50 deep"),
        ("x:y or", 1, "`x` is not a field of news; there are tag, kind, member, type, region"),
        ("x" * (MAX_LENGTH + 1), 8001, "the filter is longer than 8,000 characters"),
    ],
)
def test_a_filter_that_cannot_be_read_says_where_and_why(text: str, column: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        read_filter(text)
    assert (caught.value.column, str(caught.value)) == (column, message)


def test_each_term_is_found_at_its_column() -> None:
    assert read_filter("tag:patient-safety and\nnot member:wessex").terms == ((SAFETY, 1), (WESSEX, 28))


@given(st.text(alphabet=st.sampled_from('tagmember:"() andornot\n\x00é-'), max_size=200) | st.text())
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    column = 1
    try:
        read_filter(text)
    except FilterError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


def _written(wanted: Filter) -> str:
    match wanted:
        case Term():
            return f'{wanted.field}:"{wanted.value}"'
        case Not():
            return f"not ({_written(wanted.filter)})"
        case And():
            return " and ".join(f"({_written(part)})" for part in wanted.filters)
        case Or():
            return " or ".join(f"({_written(part)})" for part in wanted.filters)


_terms = st.builds(
    Term,
    st.sampled_from(["tag", "member", "region"]),
    st.from_regex(r"[a-z0-9]([a-z0-9 -]*[a-z0-9])?", fullmatch=True),
)
_filters: st.SearchStrategy[Filter] = st.recursive(
    _terms,
    lambda parts: (
        st.builds(Not, parts)
        | st.builds(And, st.lists(parts, min_size=2, max_size=4).map(tuple))
        | st.builds(Or, st.lists(parts, min_size=2, max_size=4).map(tuple))
    ),
    max_leaves=12,
)


@given(_filters)
def test_a_filter_that_is_written_down_is_read_as_itself(wanted: Filter) -> None:
    assert read_filter(_written(wanted)).filter == wanted


def test_the_longest_filter_of_brackets_is_read_without_a_crash() -> None:
    deep = MAX_LENGTH // 2 - 5
    assert read_filter("(" * deep + "tag:a" + ")" * deep).filter == Term("tag", "a")


def test_a_filter_is_as_deep_as_the_deepest_of_its_parts_wherever_that_stands() -> None:
    first, last = "tag:a", "tag:a"
    for _ in range(20):
        first, last = f"(not {first} and tag:b or tag:c)", f"(tag:c or tag:b and not {last})"
    for text in (first, last):
        with pytest.raises(FilterError, match="nested more than"):
            read_filter(text)


# ---------------------------------------------------------------- what one lets through

EAST = Member(slug="east", name="East", type="partner", region="North West")
NEWS = replace(entry("a"), tags=(Tag("funding", "a rule", kind="funding"),))
STORED = StoredEntry(
    key=1,
    story=1,
    entry=NEWS,
    member=EAST,
    feed_url="https://east.example/feed",
    source=Source(id="urn:x:east", title="East"),
    atom_id="urn:x:1",
    date=PUBLISHED,
    first_seen=PUBLISHED,
    changed=PUBLISHED,
    lead=True,
)


@pytest.mark.parametrize(
    ("text", "passes", "by_tags"),
    [
        ("member:east", True, False),
        ("member:west", False, False),
        ("type:partner", True, False),
        ("type:member", False, False),
        ('region:"North West"', True, False),
        ("region:east", False, False),
        ("tag:stroke", True, True),
        ("tag:asthma", False, True),
        # The tags are those of the whole story, the kind is the entry's own.
        ("tag:funding", False, True),
        ("kind:funding", True, True),
        ("kind:news", False, True),
        ("not member:east", False, False),
        ("not kind:news", True, True),
        ("member:east and type:partner", True, False),
        ("member:east and type:member", False, False),
        ("member:east and tag:asthma", False, True),
        ("tag:asthma and member:east", False, True),
        ("member:west or tag:stroke", True, True),
        ("member:west or type:member", False, False),
        ("not (member:west or tag:asthma) and type:partner", True, True),
        ("not (member:east and type:partner)", False, False),
    ],
)
def test_a_filter_lets_through_what_its_words_say(text: str, passes: bool, by_tags: bool) -> None:
    filter = read_filter(text).filter
    assert lets_through(filter, STORED, {"stroke"}) == passes
    assert asks_for_tags(filter) == by_tags
    if not by_tags:
        assert holds(filter, EAST) == passes
