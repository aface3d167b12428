"""What changing one tag rule does to an admin's file: that change, and not a byte more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import ndiff

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config import parse
from hub.config.rules import LISTS, TEXTS, WrittenRule, change_rule, read_rule, without_rule
from hub.errors import ConfigError

ODD = """\
members: []   # none yet
# top
tags:
  # first
  - term: stroke     # the term
    label: Stroke    # the label
    threshold: 3
    # heavy ones
    any:
      # all of them
      - thrombectomy: 3          # no one says it in passing
      - stroke

      - TIA   # short
    not: [heat stroke,
          'sun stroke']   # outdoors
    kind: event
    except:
    for: type:member

  - {term: cancer, label: Cancer, any: [cancer*, tumour], except: [cancer alliance*]}   # in braces
  - label: >-
      Folded
      label
    any: [a b]
    term: folded
    categories:
    - One
    - "Two: 3"
  - {"term": "json", "any": ["x", {"y": 2}], "threshold": "2"}
  - term: last
    any:
    - one"""
CANCER = (
    "-   - {term: cancer, label: Cancer, any: [cancer*, tumour], except: [cancer alliance*]}   # in braces"
)
TERMS = ("stroke", "cancer", "folded", "json", "last")


def difference(before: str, after: str) -> list[str]:
    """The lines that went and came, each with its sign."""
    lines = ndiff(before.split("\n"), after.split("\n"))
    return [line for line in lines if line[0] in "+-"]


def changed(text: str, term: str, *, new: bool = False, **keys: str | tuple[str, ...]) -> str:
    """The text with some of a rule's keys changed, `not_` and the like by their names."""
    rule = read_rule(text, term) or WrittenRule(term=term)
    given = {key.rstrip("_"): value for key, value in keys.items()}
    texts = {key: value for key, value in given.items() if isinstance(value, str)}
    lists = {key: value for key, value in given.items() if not isinstance(value, str)}
    wanted = WrittenRule(term=term, texts={**rule.texts, **texts}, lists={**rule.lists, **lists})
    found = change_rule(text, wanted, new=new)
    assert not found.problems
    return found.text


def problems(text: str, term: str, *, new: bool = False, **keys: str | tuple[str, ...]) -> Mapping[str, str]:
    rule = read_rule(text, term) or WrittenRule(term=term)
    texts = {key: value for key, value in keys.items() if isinstance(value, str)}
    lists = {key.rstrip("_"): value for key, value in keys.items() if not isinstance(value, str)}
    wanted = WrittenRule(term=term, texts={**rule.texts, **texts}, lists={**rule.lists, **lists})
    found = change_rule(text, wanted, new=new)
    assert found.after is None
    return {key: " / ".join(said) for key, said in found.problems.items()}


def test_a_rule_is_read_as_it_is_written() -> None:
    rule = read_rule(ODD, "stroke")
    assert rule is not None
    assert rule.texts == {"label": "Stroke", "threshold": "3"}
    assert rule.lists == {
        "any": ("thrombectomy: 3", "stroke", "TIA"),
        "not": ("heat stroke", "sun stroke"),
    }
    assert rule.others == ("kind: event", "for: type:member")
    assert rule.source.startswith("term: stroke     # the term")
    assert rule.source.endswith("for: type:member")
    folded = read_rule(ODD, "folded")
    assert folded is not None
    assert folded.texts["label"] == "Folded label"
    assert folded.lists["categories"] == ("One", "Two: 3")
    assert read_rule(ODD, "nobody") is None


@pytest.mark.parametrize("ending", ["", "\n"])
@pytest.mark.parametrize(
    ("term", "keys", "lines"),
    [
        (
            "stroke",
            {"any": ("thrombectomy: 3", "mini-stroke", "stroke", "TIA")},
            ["+       - mini-stroke"],
        ),
        ("stroke", {"any": ("thrombectomy: 3", "stroke")}, ["-       - TIA   # short"]),
        (
            "stroke",
            {"all": ("prevent*",), "label": "Strokes"},
            [
                "-     label: Stroke    # the label",
                "+     label: Strokes    # the label",
                '+     all: ["prevent*"]',
            ],
        ),
        (
            "stroke",
            {"except_": ("stroke association",)},
            ["-     except:", "+     except: [stroke association]"],
        ),
        ("stroke", {"not_": ("sun stroke",)}, None),
        (
            "cancer",
            {"label": "", "any": ("cancer*", "tumour", "tumor"), "in_": ("title",)},
            [
                CANCER,
                "+   - {term: cancer, any: [cancer*, tumour, tumor], except: [cancer alliance*], in: [title]}"
                "   # in braces",
            ],
        ),
        (
            "folded",
            {"label": ""},
            ["-   - label: >-", "-       Folded", "-       label", "-     any: [a b]", "+   - any: [a b]"],
        ),
        ("folded", {"categories": ("Two: 3",)}, ["-     - One"]),
        (
            "json",
            {"all": ("z",)},
            [
                '-   - {"term": "json", "any": ["x", {"y": 2}], "threshold": "2"}',
                '+   - {"term": "json", "any": ["x", {"y": 2}], "threshold": "2", "all": ["z"]}',
            ],
        ),
        ("last", {"any": ("one", "two")}, ["+     - two"]),
        ("last", {"in_": ("category", "text", "title")}, []),
    ],
)
def test_what_changes_is_what_was_changed_alone(
    term: str, keys: Mapping[str, str | tuple[str, ...]], lines: list[str] | None, ending: str
) -> None:
    text = ODD + ending
    after = changed(text, term, **keys)  # type: ignore[arg-type]
    assert after.endswith("\n") == bool(ending)
    if lines is not None:
        assert difference(text, after) == lines
    assert after.count("#") == text.count("#") - sum(
        "#" in line for line in lines or () if line[0] == "-"
    ) + sum("#" in line for line in lines or () if line[0] == "+")


def test_long_lists_and_weights_are_written_with_a_dash_for_each() -> None:
    after = changed(ODD, "last", all=tuple(f"phrase number {number}" for number in range(9)))
    assert "    all:\n      - phrase number 0\n      - phrase number 1\n" in after
    after = changed(ODD, "new", new=True, any=("thrombectomy: 3", "stroke"), threshold="3", label="New one")
    assert after == (
        f"{ODD}\n  - term: new\n    label: New one\n    any:\n      - thrombectomy: 3\n      - stroke\n"
        "    threshold: 3"
    )


@pytest.mark.parametrize("text", ["members: []\n", '{"members": []}', "members: []\ntags: []\n", "tags:\n"])
def test_the_first_rule_of_a_file(text: str) -> None:
    after = changed(text, "stroke", new=True, any=("stroke", "TIA"), label="Stroke: all of it")
    (rule,) = parse(after).tags
    assert (rule.term, rule.label, rule.any) == ("stroke", "Stroke: all of it", ("stroke", "TIA"))


def test_what_is_wrong_is_told_by_its_key() -> None:
    said = problems(ODD, "last", any=("one", "x*"), broader="cancr")
    assert said["any"] == "Line 2: `x*` finds too much; write 3 letters or more before the star"
    assert said["broader"] == "no rule has the term `cancr`; did you mean `cancer`?"
    assert "`not` alone finds nothing" in problems(ODD, "last", any=(), not_=("two",))["not"]
    assert "write that too" in problems(ODD, "last", any=("one: 2",))["threshold"]
    assert "is no short name" in problems(ODD, "No such", new=True, any=("a b",))["term"]
    assert "stands twice" in problems(ODD, "cancer", new=True, any=("a b",))["term"]
    assert "goes round in a circle" in " ".join(problems(ODD, "last", broader="last").values())


def test_a_comment_that_would_be_lost_is_refused() -> None:
    text = ODD.replace("[heat stroke,", "[heat stroke,   # in summer")
    with pytest.raises(ConfigError, match="does not fit"):
        changed(text, "stroke", not_=("sun stroke",))
    assert "# in summer" in changed(text, "stroke", not_=("heat stroke", "sun stroke", "paint stroke"))


def test_a_rule_that_is_gone_or_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="no topic nobody any more"):
        change_rule(ODD, WrittenRule(term="nobody"), new=False)
    with pytest.raises(ConfigError, match="no topic nobody any more"):
        without_rule(ODD, "nobody")
    with pytest.raises(ConfigError, match="unknown key"):
        changed(ODD.replace("kind:", "kinds:"), "last", any=("two",))


@pytest.mark.parametrize("term", TERMS)
def test_a_rule_is_taken_out_and_all_else_stays(term: str) -> None:
    after = without_rule(ODD, term)
    assert [rule.term for rule in parse(after).tags] == [each for each in TERMS if each != term]
    assert not [line for line in difference(ODD, after) if line[0] == "+"]


def test_a_rule_that_others_name_is_not_taken_out() -> None:
    with pytest.raises(ConfigError, match="no rule has the term `cancer`"):
        without_rule(f"{ODD}\n    broader: cancer", "cancer")


def _plain(text: str) -> str:
    return text


def _of_windows(text: str) -> str:
    return "\ufeff" + text.replace("\n", "\r\n")


_LINE = st.sampled_from(
    [
        "alpha beta",
        "TIA",
        "stroke",
        "heat stroke",
        "no",
        "'q'",
        "a: b",
        "thrombectomy: 3",
        "c # d",
        "one",
        "cancer*",
        "Two: 3",
        "[z]",
        "ünï",
        "~",
        "null",
        "- dash",
        "{x}",
        "1",
        "a | b",
    ]
)
_LIST = st.lists(_LINE, max_size=5, unique=True).map(tuple)
_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **{key: _LIST for key in LISTS if key != "in"},
        "in": st.lists(st.sampled_from(["title", "text", "category"]), min_size=1, unique=True).map(tuple),
        "label": st.sampled_from(["", "Lab el", "yes", "a: b # c", "{"]),
        "threshold": st.sampled_from(["", "2", "3"]),
    },
)


@given(st.sampled_from((*TERMS, "new")), _CHANGES, st.sampled_from([_plain, _of_windows]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_changed_is_read_again_as_it_was_wanted(
    term: str, changes: Mapping[str, str | tuple[str, ...]], written: Callable[[str], str]
) -> None:
    text = written(ODD)
    was = read_rule(text, term) or WrittenRule(term=term)
    texts = {**was.texts, **{key: changes[key] for key in TEXTS if key in changes}}
    lists = {**was.lists, **{key: changes[key] for key in LISTS if key in changes}}
    wanted = WrittenRule(term=term, texts=texts, lists=lists)  # type: ignore[arg-type]
    found = change_rule(text, wanted, new=term == "new")
    if found.after is None:
        assert found.problems.keys() <= {*TEXTS, *LISTS}
        return
    rule = read_rule(found.text, term)
    assert rule is not None
    assert {key: value for key, value in texts.items() if value} == rule.texts
    assert {key: value for key, value in lists.items() if value and key != "in"} == {
        key: value for key, value in rule.lists.items() if key != "in"
    }
    assert rule.others == was.others
    assert [each for each in found.after.tags if each.term != term] == [
        each for each in found.before.tags if each.term != term
    ]
    assert "\n" not in found.text.replace("\r\n", "") or "\r\n" not in text
    assert [each for each in ("# top", "# first", "# in braces") if each not in found.text] == []
