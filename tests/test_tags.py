"""Tag rules: what they find, what they do not, and the reasons they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from random import Random

import pytest
from msgspec.structs import replace

from hub.model import Category, FeedKey, Tag, TagField, TagRule
from hub.phrases import GAP, MOST_MENTIONS, words_of
from hub.tags import Tagger, finder
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
        (rule(any=("sepsis", "never event")), "A never event of sepsis", "‘sepsis’ in the title"),
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
        # Of Turkish a large I is a small ı, a large İ a small i; what makes others of them is met too.
        (rule(any=("inme",)), "İnme birimi açıldı", "‘inme’ in the title"),
        (rule(any=("İnme",)), "yeni inme birimi", "‘İnme’ in the title"),
        (rule(any=("ilaç*",)), "İlaçlar", "‘ilaçlar’ in the title"),
        (rule(any=("sağlık",)), "SAĞLIK BAKANLIĞI", "‘sağlık’ in the title"),
        (rule(any=("ısı",)), "Isı dalgası", "‘ısı’ in the title"),
        (rule(any=("inme",)), "i\u0307nme", "‘inme’ in the title"),
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
    assert why(rule(categories=("Sağlık",)), category="SAĞLIK") == "the publisher's category ‘Sağlık’"


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


# ---------------------------------------------------------------- phrases


@pytest.mark.parametrize(
    ("phrase", "title", "expected"),
    [
        ("blood pressure * check*", "Blood pressure checks", "blood pressure checks"),
        (
            "blood pressure * check*",
            "Blood pressure and pulse rhythm health check",
            "blood pressure and pulse rhythm health check",
        ),
        ("blood pressure * check", "Blood pressure in the arm of a check", None),
        ("blood pressure * check", "A check of blood pressure", None),
        ("blood pressure * check", "Blood pressure. Blood pressure check", "blood pressure check"),
        ("prescri*", "Deprescribing and prescriptions", "prescriptions"),
        ("prescri*", "Describing", None),
        ("prescri* review", "A prescription review", "prescription review"),
        ("prescri* review", "A prescription and review", None),
        ("stroke | mini-stroke", "A mini stroke", "mini-stroke"),
        ("myocardial infarction | heart attack", "Heart attack", "heart attack"),
        ("heart | lung * disease*", "Lung and other diseases", "lung and other diseases"),
        ("a * b * c", "a x b b y y y y c", "a x b b y y y y c"),
        ("健 * 网", "新健康网络", "健 康 网"),
        ("prescri* review", "Évaluation à l’hôpital: Prescription review", "prescription review"),
    ],
)
def test_a_phrase_may_have_gaps_endings_and_synonyms(phrase: str, title: str, expected: str | None) -> None:
    found = f"‘{expected}’ in the title" if expected else None
    assert why(rule(any=(phrase,)), title=title) == found


def test_a_gap_never_reaches_from_the_title_into_the_text() -> None:
    assert why(rule(any=("blood pressure * check",)), title="Blood pressure", text="Check yours.") is None


def test_synonyms_count_as_one_of_all() -> None:
    both = rule(all=("stroke | TIA", "trial | study"))
    assert why(both, title="A study of TIA") == "‘TIA’ in the title and ‘study’ in the title"
    assert why(both, title="Stroke and TIA") is None


@pytest.mark.parametrize(
    ("phrase", "text", "times"),
    [
        ("cancers | cancers*", "cancers", 1),
        ("cancer* | cancers*", "cancers and a cancer", 2),
        ("cancer alliance | cancer", "a cancer alliance on cancer", 2),
        ("Cancer | cancer", "cancer", 1),
        ("cancer * care | bowel cancer in care", "bowel cancer in care", 1),
        ("stroke* | strokes", "strokesmanship", 1),
        ("a * b * c | a * c", "a x x x x b x x x x c", 1),
        ("prescri* review | prescription", "a prescribing review, a prescription", 2),
        ("stroke | TIA", "stroke, TIA", 2),
    ],
)
def test_synonyms_count_one_mention_once(phrase: str, text: str, times: int) -> None:
    counting = replace(rule(any=(phrase,)), threshold=times)
    assert why(counting, title="-", text=text) is not None
    assert why(replace(counting, threshold=times + 1), title="-", text=text) is None


# ---------------------------------------------------------------- what does not count


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("The Cancer Alliance and others", "", None),
        ("The Cancer Alliance on lung cancer", "", "‘cancer’ in the title"),
        ("Cancer", "Said the Cancer Alliance", "‘cancer’ in the title"),
        ("Alliance", "Two cancer alliances and a Cancer Alliance", None),
        ("Alliance", "Two cancer alliances and no cancer", "‘cancer’ in the text"),
        ("Allies", "Cancer. Alliance", None),
        ("Macmillan", "Macmillan Cancer Support", None),
        ("Macmillan", "Macmillan cancer care", "‘cancer’ in the text"),
    ],
)
def test_a_mention_within_a_name_does_not_count_and_others_do(
    title: str, text: str, found: str | None
) -> None:
    cancer = rule(
        any=("cancer",), except_=("cancer alliance*", "Macmillan Cancer Support | Cancer Research UK")
    )
    assert why(cancer, title=title, text=text) == found


def test_a_name_in_which_words_do_not_count_takes_no_mapped_category_away() -> None:
    mapped = rule(any=("cancer",), categories=("Oncology",), except_=("cancer alliance",))
    found = why(mapped, title="Said the Cancer Alliance", category="Oncology")
    assert found == "the publisher's category ‘Oncology’"


def test_a_mention_within_a_name_counts_for_none_of_all_either() -> None:
    both = rule(all=("midwi*", "pilot"), except_=("director of midwifery",))
    assert why(both, title="A pilot", text="said the director of midwifery") is None
    assert why(both, title="A pilot of midwives", text="said the director of midwifery") is not None


def test_what_counts_of_a_text_is_told_in_its_words_and_with_its_places() -> None:
    care = rule(any=("cancer * care", "prescri*"), except_=("prescribing team",))
    text = words_of("A prescribing team, a prescription, and cancer and its care")
    found = [(each.words, text[each.start : each.stop - 1]) for each in finder(care)(text)]
    assert found == [("prescription",) * 2, ("cancer and its care",) * 2]


def test_a_name_within_a_longer_one_takes_its_mention_away_once() -> None:
    cancer = rule(any=("cancer",), except_=("cancer alliance", "South Cancer Alliance"))
    assert why(cancer, title="-", text="The South Cancer Alliance on cancer") == "‘cancer’ in the text"


@pytest.mark.parametrize(
    ("any_", "exceptions", "title", "found"),
    [
        (("stroke", "thrombectomy"), ("heat stroke*",), "From heat strokes to thrombectomy", "thrombectomy"),
        (("monoxide",), ("carbon mono*",), "Carbon monoxide alarms", None),
        (("cancer",), ("south * alliance",), "South Cancer Alliance", None),
        (("cancer",), ("south * alliance",), "South Cancer Alliance on bowel cancer", "cancer"),
        (("health", "trust"), ("mental health", "mental health trust"), "Mental Health Trust", None),
        (("harm",), ("self-harm", "harm reduction"), "Self-harm reduction", None),
        (("harm",), ("self-harm", "harm reduction"), "Self-harm reduction: what harm it does", "harm"),
        (("self-harm reduction",), ("self-harm", "harm reduction"), "Self-harm reduction", None),
        (("mental health",), ("health trust",), "Mental Health Trust", "mental health"),
    ],
)
def test_what_lies_within_exceptions_does_not_count_and_all_else_does(
    any_: tuple[str, ...], exceptions: tuple[str, ...], title: str, found: str | None
) -> None:
    reason = f"‘{found}’ in the title" if found else None
    assert why(rule(any=any_, except_=exceptions), title=title) == reason


_SOME = ("cancer", "cancers", "alliance", "care", "health", "south")
_OTHERS = ("stroke", "strokes", "unit", "of", "the", "prescribing", "pressure")


def _places(words: Sequence[str], pieces: Sequence[str], start: int) -> Iterator[int]:
    """Where a wording ends that begins here, by trying all that its stars may stand for."""
    if not pieces:
        yield start
    elif pieces[0] == "*":
        for gap in range(GAP + 1):
            yield from _places(words, pieces[1:], start + gap)
    elif start < len(words):
        word, begins = words[start], pieces[0].removesuffix("*")
        if word.startswith(begins) if pieces[0].endswith("*") else word == begins:
            yield from _places(words, pieces[1:], start + 1)


def _mentions(words: Sequence[str], phrase: str) -> Iterator[Set[int]]:
    """The words of each mention: the shortest of those with one end."""
    for wording in phrase.split(" | "):
        ends = {end: start for start in range(len(words)) for end in _places(words, wording.split(), start)}
        yield from (set(range(start, end)) for end, start in ends.items())


def _expected(tag_rule: TagRule, texts: Mapping[TagField, Sequence[str]]) -> bool:
    def times(phrase: str, field: TagField) -> int:
        found = 0
        for words in map(str.split, texts[field]):
            excepted = set().union(*(each for name in tag_rule.except_ for each in _mentions(words, name)))
            found += sum(not each <= excepted for each in _mentions(words, phrase))
        return found if field == "text" else found * MOST_MENTIONS

    if not all(any(times(phrase, field) for field in tag_rule.fields) for phrase in tag_rule.all):
        return False
    total = sum(
        min(times(phrase, field), MOST_MENTIONS) for phrase in tag_rule.any for field in tag_rule.fields
    )
    return total >= tag_rule.threshold or not tag_rule.any


def test_what_counts_is_what_trying_everything_says_of_any_rule_and_text() -> None:
    chance = Random(7)

    def words(most: int, of: Sequence[str] = (*_SOME, *_OTHERS)) -> str:
        return " ".join(chance.choices(of, k=chance.randint(1, most)))

    def wording(*of: Sequence[str]) -> str:
        pieces = [
            f"{each[:4]}*" if len(each) > 4 and chance.random() < 0.3 else each
            for each in words(3, *of).split()
        ]
        if len(pieces) > 1 and chance.random() < 0.4:
            pieces.insert(1, "*")
        return " ".join(pieces)

    def phrase() -> str:
        # Synonyms, of which none holds another.
        return f"{wording(_SOME)} | {wording(_OTHERS)}" if chance.random() < 0.3 else wording()

    def phrases(least: int, most: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(phrase() for _ in range(chance.randint(least, most))))

    outcomes = set()
    for _ in range(1500):
        any_ = phrases(0, 2)
        tag_rule = replace(
            rule(any=any_, all=phrases(0 if any_ else 1, 2), except_=phrases(0, 3)),
            fields=tuple(chance.sample(("title", "text", "category"), chance.randint(1, 3))),
            threshold=chance.randint(1, 4) if any_ else 1,
        )
        title, text, categories = words(6), words(14), [words(2) for _ in range(chance.randint(0, 2))]
        news = replace(entry("a", title=title), text=text, categories=tuple(map(Category, categories)))
        expected = _expected(tag_rule, {"title": [title], "text": [text], "category": categories})
        assert bool(Tagger([tag_rule]).tags(news)) == expected, (tag_rule, title, text, categories)
        outcomes.add((expected, bool(tag_rule.except_)))
    assert len(outcomes) == 4


def test_a_name_in_one_category_leaves_the_other_category_alone() -> None:
    cancer = rule(any=("cancer",), except_=("cancer alliance",))
    categories = (Category("Cancer"), Category("Cancer Alliance"))
    found = Tagger([cancer]).tags(replace(entry("a", title="-"), categories=categories))
    assert [tag.why for tag in found] == ["‘cancer’ as a category"]


def test_an_ending_may_follow_a_short_last_word_but_no_short_word_alone() -> None:
    assert why(rule(any=("start-up*",)), title="Two start-ups") == "‘start ups’ in the title"
    with pytest.raises(ValueError, match="finds too much"):
        Tagger([rule(any=("up*",))])
    with pytest.raises(ValueError, match="star out of place"):
        Tagger([rule(any=("str*oke",))])


# ---------------------------------------------------------------- weights


def weighing(threshold: int = 3, **weights: int) -> TagRule:
    return replace(rule(any=tuple(weights)), weights=weights, threshold=threshold)


@pytest.mark.parametrize(
    ("tag_rule", "title", "text", "expected"),
    [
        (weighing(stroke=1), "Stroke", "-", "‘stroke’ in the title"),
        (weighing(stroke=1), "-", "stroke", None),
        (weighing(stroke=1), "-", "stroke, stroke, stroke", "‘stroke’ 3 times in the text"),
        (
            weighing(stroke=1, asthma=2),
            "-",
            "stroke, asthma",
            "‘asthma’ in the text and ‘stroke’ in the text",
        ),
        (weighing(stroke=3), "-", "stroke", "‘stroke’ in the text"),
        (weighing(2, stroke=1), "-", "stroke, stroke", "‘stroke’ 2 times in the text"),
        (weighing(4, stroke=1), "-", "stroke " * 9, None),
        (weighing(4, stroke=1), "Stroke", "stroke", "‘stroke’ in the title and ‘stroke’ in the text"),
        (weighing(4, stroke=1), "Stroke, stroke", "-", None),
    ],
)
def test_a_threshold_asks_for_more_than_a_passing_mention(
    tag_rule: TagRule, title: str, text: str, expected: str | None
) -> None:
    assert why(tag_rule, title=title, text=text) == expected


def test_a_category_counts_as_much_as_a_title() -> None:
    assert why(weighing(stroke=1), title="-", category="Stroke") == "‘stroke’ as a category"


def test_what_must_not_be_there_outweighs_any_weight() -> None:
    excluding = replace(weighing(stroke=9), not_=("luck",))
    assert why(excluding, title="Stroke, stroke", text="stroke of luck") is None


# ---------------------------------------------------------------- whose news, kinds, broader tags


def test_a_rule_for_some_members_leaves_the_others_alone() -> None:
    only = replace(rule(any=("stroke",)), members=frozenset({"east"}))
    tagger = Tagger([only])
    assert tagger.tags(entry("a", title="Stroke", feed=FeedKey("east")))
    assert not tagger.tags(entry("a", title="Stroke", feed=FeedKey("west")))


def test_the_first_tag_with_a_kind_says_what_an_entry_is() -> None:
    rules = [
        rule("talk", any=("talk",)),
        replace(rule("events", any=("webinar",)), kind="event"),
        replace(rule("funding", any=("grant",)), kind="funding"),
    ]

    def kind(title: str, *given: str) -> str:
        made = entry("a", title=title)
        return replace(made, tags=Tagger(rules).tags(made, given=given)).kind

    assert kind("A talk") == "news"
    assert kind("A talk, a grant") == "funding"
    assert kind("Webinar on a grant") == "event"
    assert kind("Webinar on a grant", "funding") == "funding"


def tree() -> Tagger:
    circulation = replace(rule("circulation"), label="Heart and circulation")
    stroke = replace(rule("stroke", any=("stroke",)), broader="circulation")
    tia = replace(rule("tia", any=("TIA",)), broader="stroke", label="Mini-stroke")
    heart = replace(rule("heart", any=("heart",)), broader="circulation")
    return Tagger([circulation, stroke, tia, heart])


def test_a_narrower_tag_brings_the_broader_ones_with_the_reason() -> None:
    assert tree().tags(entry("a", title="TIA")) == (
        Tag("circulation", "part of it is ‘Stroke’, which it has", narrower=("stroke",)),
        Tag("stroke", "part of it is ‘Mini-stroke’, which it has", narrower=("tia",)),
        Tag("tia", "‘TIA’ in the title"),
    )


def test_a_broader_tag_names_all_that_it_is_owed_to() -> None:
    broader, *_ = tree().tags(entry("a", title="Heart and stroke"))
    assert broader.why == "part of it is ‘Stroke’ and ‘Heart’, which it has"


def test_a_broader_tag_that_was_found_itself_keeps_its_own_reason() -> None:
    _, stroke, _ = tree().tags(entry("a", title="Stroke and TIA"))
    assert stroke == Tag("stroke", "‘stroke’ in the title")


def test_a_tag_that_a_feed_gives_brings_the_broader_ones_too() -> None:
    assert [tag.term for tag in tree().tags(entry("a", title="-"), given=("tia",))] == [
        "tia",
        "circulation",
        "stroke",
    ]


def test_a_tag_given_by_hand_brings_the_broader_ones_too() -> None:
    assert [(tag.term, tag.why) for tag in tree().by_hand("stroke", "by hand")] == [
        ("stroke", "by hand"),
        ("circulation", "part of it is ‘Stroke’, which it has"),
    ]


def test_a_thousand_rules_that_find_nothing_are_not_looked_at() -> None:
    class Untouchable(TagRule, frozen=True):
        def __getattribute__(self, name: str) -> object:
            assert not ready or name == "label"
            return super().__getattribute__(name)

    ready = False
    rules = [Untouchable(term=f"t{n}", label="T", any=(f"word{n}",)) for n in range(1000)]
    tagger = Tagger([*rules, rule("stroke", any=("stroke",))])
    ready = True
    assert [tag.term for tag in tagger.tags(entry("a", title="A stroke"))] == ["stroke"]
