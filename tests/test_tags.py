"""Tag rules: what they find, what they do not, and the reasons they give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.model import Category, Tag, TagField, TagRule
from hub.tags import Tagger
from tests.entries import entry


def rule(term: str = "safety", **what: tuple[str, ...]) -> TagRule:
    fields = what.pop("fields", ("title", "text", "category"))
    return TagRule(term=term, label=term.title(), fields=fields, **what)  # type: ignore[arg-type]


def why(tag_rule: TagRule, *, title: str = "", text: str = "", category: str = "") -> str | None:
    categories = (Category(category),) if category else ()
    found = Tagger([tag_rule]).tags(replace(entry("a", title=title, text=text or "-"), categories=categories))
    return found[0].why if found else None


@pytest.mark.parametrize(
    ("tag_rule", "title", "expected"),
    [
        (rule(any=("patient safety",)), "Patient safety week", "‘patient safety’ in the title"),
        (rule(any=("patient safety",)), "PATIENT-SAFETY!", "‘patient safety’ in the title"),
        (rule(any=("patient safety",)), "patient\u00a0safety", "‘patient safety’ in the title"),
        (rule(any=("patient safety",)), "safety of a patient", None),
        (rule(any=("AI",)), "AI in imaging", "‘AI’ in the title"),
        (rule(any=("AI",)), "Air and rain", None),
        (rule(any=("sepsis", "never event")), "A never event", "‘never event’ in the title"),
        (
            rule(all=("stroke", "prevention")),
            "Prevention of stroke",
            "‘stroke’ in the title and ‘prevention’ in the title",
        ),
        (rule(all=("stroke", "prevention")), "Stroke", None),
        (rule(any=("stroke",), all=("trial",)), "A stroke", None),
        (
            rule(any=("stroke",), all=("trial",)),
            "A stroke trial",
            "‘trial’ in the title and ‘stroke’ in the title",
        ),
        (rule(any=("stroke",), not_=("heat stroke",)), "Heat stroke", None),
        (rule(any=("stroke",), not_=("heat stroke",)), "Stroke", "‘stroke’ in the title"),
        (rule(not_=("stroke",)), "Asthma", None),
        (rule(any=("R&D",)), "R&D strategy", "‘R&D’ in the title"),
        (rule(any=("…",)), "… and so on", None),
        (rule(any=("健康",)), "新健康网络", "‘健康’ in the title"),
        (rule(any=("café",)), "CAFE\u0301 opens", "‘café’ in the title"),
    ],
)
def test_a_rule_finds_whole_words_and_says_where(tag_rule: TagRule, title: str, expected: str | None) -> None:
    assert why(tag_rule, title=title) == expected


@pytest.mark.parametrize(
    ("field", "found"), [("title", "in the title"), ("text", "in the text"), ("category", "as a category")]
)
def test_a_rule_looks_only_where_it_is_told_to(field: TagField, found: str) -> None:
    words = {"title": "frailty", "text": "frailty", "category": "frailty"}
    assert why(rule(any=("frailty",), fields=(field,)), **words) == f"‘frailty’ {found}"
    del words[field]
    assert why(rule(any=("frailty",), fields=(field,)), **words) is None


def test_a_publishers_category_is_mapped_to_a_tag() -> None:
    mapped = rule(categories=("Patient safety & quality",))
    assert (
        why(mapped, category="patient safety  & Quality")
        == "the publisher's category ‘Patient safety & quality’"
    )
    assert why(mapped, category="quality") is None


def test_what_must_not_be_there_outweighs_a_category() -> None:
    assert why(rule(categories=("News",), not_=("vacancy",)), title="Vacancy", category="News") is None


def test_a_feeds_own_tags_are_given_to_all_its_entries_once() -> None:
    tagger = Tagger([rule("blog", any=("musings",)), rule("safety", any=("safety",))])
    assert tagger.tags(entry("a", title="Musings on safety"), given=("blog",)) == (
        Tag("blog", "all news of this feed has it"),
        Tag("safety", "‘safety’ in the title"),
    )


def test_tags_come_in_the_order_of_the_rules() -> None:
    rules = [rule(term, any=(term,)) for term in ("stroke", "asthma", "frailty")]
    found = Tagger(rules).tags(entry("a", title="Frailty, asthma and stroke"))
    assert [tag.term for tag in found] == ["stroke", "asthma", "frailty"]


def test_without_rules_there_are_no_tags() -> None:
    assert Tagger([]).tags(entry("a", title="Anything")) == ()
