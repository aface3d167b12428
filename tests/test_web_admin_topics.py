"""The admin pages of topics: their tree, and a rule tried on the newest news, saved and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html
from msgspec.structs import replace

from hub.admin import trying
from hub.admin.trying import tried
from hub.config import parse
from hub.model import Category, Piece, Tag
from hub.web.admin import topics
from tests.admin_hub import AdminHub
from tests.postgresql import new_store
from tests.test_feeds_edit import unprivileged
from tests.web_hub import BLOG, EAST, NETWORK, WESSEX, ago, news

__all__ = ["unprivileged"]

RULES = NETWORK.replace(
    "tags:\n",
    """tags:
  - term: heart   # broad
    label: Heart and circulation
  - term: pressure
    label: Blood pressure
    broader: heart
    kind: report
    for: member:wessex
    any:
      - blood pressure   # all forms
      - hypertension
    not: [air pressure]
""",
).replace("name: blog,", "name: blog, tags: [press],")
STROKE = Tag("stroke", "‘stroke’ in the title")


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[AdminHub]:
    postgresql = request.param == "postgresql"
    with (
        new_store() if postgresql else nullcontext() as database,
        closing(AdminHub(tmp_path, RULES, database=database)) as made,
    ):
        made.enrol()
        yield made


def fields(tree: Any, path: str) -> dict[str, Any]:
    """What the form at a path sends as it stands."""
    (form,) = tree.xpath(f"//form[@action='{path}' and @id='rule']")
    sent: dict[str, Any] = {}
    for name, value in form.form_values():
        sent[name] = [*sent.get(name, []), value] if name == "in" else (value or "").strip("\n")
    return sent


def sends(hub: AdminHub, path: str, do: str, status: int = 200, /, **typed: Any) -> Any:
    """Open a page, type something in its form, press a button; the page that answers, or where it leads."""
    sent = {**fields(hub.tree(path), path), **typed, "do": do}
    answer = hub.post(path, sent)
    assert answer.status_code == status, answer.text
    return answer.headers["Location"] if status == 303 else lxml_html.fromstring(answer.text)


def words(tree: Any) -> str:
    return " ".join(tree.find(".//main").text_content().split())


def was_done(hub: AdminHub) -> list[str]:
    return [record.action for record in hub.store.audit(limit=9).items]


# ---------------------------------------------------------------- the tree


def test_the_tree_has_each_topic_with_its_stories_and_its_rule(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Stroke unit", tags=(STROKE,)), news("w2", "Stroke bed", tags=(STROKE,)))
    tree = hub.tree("/admin/topics")
    rows = [" ".join(row.text_content().split()) for row in tree.xpath("//tbody/tr")]
    assert rows == [
        "Heart and circulation heart Stories: 0 finds nothing by itself Edit Heart and circulation",
        "Blood pressure pressure, part of Heart and circulation Stories: 0"
        " any of blood pressure, hypertension; none of air pressure Edit Blood pressure",
        "Patient safety safety Stories: 0 any of safety Edit Patient safety",
        "press press Stories: 0 none: feeds give it Add a rule for press",
        "Stroke stroke Stories: 2 any of stroke Edit Stroke",
    ]
    assert [row.get("class") for row in tree.xpath("//tbody/tr/th")][:3] == ["deep-0", "deep-1", "deep-0"]
    assert len(hub.tree("/admin/topics?q=PRESS").xpath("//tbody/tr")) == 2
    assert "No topic has these words." in hub.words("/admin/topics?q=nowhere")
    assert hub.tree("/admin/new-topic?term=press").xpath("//input[@name='term']/@value") == ["press"]


def test_two_thousand_topics_are_some_pages(tmp_path: Path) -> None:
    rules = "".join(f"  - {{term: t{number:04}, any: [phrase {number}]}}\n" for number in range(450))
    with closing(AdminHub(tmp_path, NETWORK.replace("tags:\n", f"tags:\n{rules}"))) as hub:
        hub.enrol()
        tree, seen = hub.tree("/admin/topics"), 0
        while following := tree.xpath("//a[@rel='next']/@href"):
            seen += len(tree.xpath("//tbody/tr"))
            tree = hub.tree(following[0])
        assert seen + len(tree.xpath("//tbody/tr")) == 452
        assert "401 to 452 of 452" in words(tree)


def test_a_file_that_cannot_be_read_is_mended_elsewhere(hub: AdminHub) -> None:
    sent = fields(hub.tree("/admin/topics/stroke"), "/admin/topics/stroke")
    broken = hub.path.read_text().replace("any: [stroke]", "any: [stroke")
    hub.path.write_text(broken)
    for path in ("/admin/topics", "/admin/topics/stroke", "/admin/new-topic"):
        assert "The page feeds.yaml is where to mend it" in hub.words(path)
    for do in ("try", "save"):
        answer = hub.post("/admin/topics/stroke", {**sent, "any": "other", "do": do})
        assert answer.status_code == 409
        assert "the list that opens here is not closed" in answer.text
        assert "other</textarea>" in answer.text
    assert hub.path.read_text() == broken
    assert hub.client.get("/admin/topics/nobody").status_code == 200
    hub.path.write_text(RULES)
    assert hub.client.get("/admin/topics/nobody").status_code == 404


# ---------------------------------------------------------------- a rule is tried


def test_a_rule_says_what_it_finds_and_what_it_would_change_and_changes_nothing(hub: AdminHub) -> None:
    hub.publish(
        WESSEX,
        news("w1", "Stroke unit opens", at=ago(hours=3), tags=(STROKE,)),
        news(
            "w2", "Thrombectomy for all", at=ago(hours=2), text=f"{'Words. ' * 60}More (thrombectomy), soon."
        ),
        news("w3", "Garden", at=ago(hours=1)),
        news("w4", "Heat stroke in summer", at=ago(hours=4), tags=(STROKE,)),
    )
    before = hub.path.read_text()
    tree = sends(hub, "/admin/topics/stroke", "try", any="stroke\nthrombectomy", **{"not": "heat stroke"})
    said = words(tree)
    assert "It matches 2 stories" in said
    assert (
        "The topic would come to 1 story, and go from 1 story. All 4 published entries were looked at."
        in said
    )
    marked = [" ".join(each.itertext()) for each in tree.xpath("//ul[@class='tried']//mark")]
    assert marked == [
        "Thrombectomy",
        "thrombectomy",
        "stroke",
        "stroke",
        "Thrombectomy",
        "thrombectomy",
    ] + 2 * ["Stroke"]
    assert "matches ‘thrombectomy’ in the title · Health Innovation Wessex, 24 November 2026" in said
    assert "matched ‘stroke’ in the title" in said
    assert "… Words." in said
    assert "More ( thrombectomy ), soon." in " ".join(
        " ".join(tree.xpath("(//p[@class='excerpt'])[1]")[0].itertext()).split()
    )
    assert tree.xpath("//pre[@class='diff']")
    # What was typed stays in the form.
    assert fields(tree, "/admin/topics/stroke")["any"] == "stroke\nthrombectomy"
    assert hub.path.read_text() == before
    assert was_done(hub) == ["sign-in"]


def test_a_story_that_has_the_topic_otherwise_does_not_lose_it(hub: AdminHub) -> None:
    hub.publish(WESSEX, news("w1", "Hypertension clinic"), news("w2", "Blood pressure rises"))
    hub.publish(BLOG, news("b1", "Heart clinic"))
    hub.publish(EAST, news("e1", "Hypertension in the east"), news("e2", "Zebra"))
    # By a narrower topic, which is for one member's news; what feeds give is no rule's.
    tree = sends(hub, "/admin/topics/heart", "try", any="hypertension")
    assert "It matches 2 stories The topic would come to 1 story, and go from 0 stories." in words(tree)
    assert "Hypertension in the east" in words(tree).partition("It would come to")[2].partition("All that")[0]
    # By hand, and taken by hand.
    hub.does("/admin/do/tag", {"link": "https://east.example/e2", "term": "stroke", "back": "/admin/"})
    hub.does("/admin/do/untag", {"link": "https://east.example/e1", "term": "stroke", "back": "/admin/"})
    tree = sends(hub, "/admin/topics/stroke", "try", any="zebra\neast")
    assert "It matches 2 stories The topic would come to 0 stories, and go from 0 stories." in words(tree)
    tree = sends(hub, "/admin/new-topic", "try", term="press", any="clinic")
    assert "It matches 2 stories The topic would come to 1 story, and go from 0 stories." in words(tree)


def test_a_topic_is_told_by_its_stories_and_not_by_their_copies(hub: AdminHub) -> None:
    text = "The same words about stroke in both, which are many enough to be compared with each other. " * 4
    hub.publish(WESSEX, news("w1", "Stroke care", text=text, link="https://wessex.example/one"))
    hub.publish(EAST, news("e1", "Stroke care", text=text, link="https://wessex.example/one"))
    assert hub.store.totals().entries == 2
    assert hub.store.totals().stories == 1
    tree = sends(hub, "/admin/topics/stroke", "try", any="stroke\ncare")
    assert "It matches 1 story" in words(tree)
    assert "All 2 published entries were looked at." in words(tree)


def test_no_more_is_looked_at_than_there_is_time_for(hub: AdminHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.publish(
        WESSEX, *(news(f"w{number}", f"Stroke {number}", at=ago(hours=number)) for number in range(9))
    )
    monkeypatch.setattr(trying, "_AT_ONCE", 2)
    before = parse(RULES)
    after = parse(RULES.replace("any: [stroke]", "any: [nothing]"))
    found = tried(after, before, "stroke", hub.database, seconds=60, most=5)
    assert (found.entries, found.all, found.time_was_up) == (5, False, False)
    assert (found.found.count, found.gained.count, found.lost.count) == (5, 5, 0)
    assert found.found.newest[0].title == (
        Piece("Stroke", found=True),
        Piece(" 0", found=False),
    )
    found = tried(before, after, "stroke", hub.database, seconds=0)
    assert (found.entries, found.all, found.time_was_up) == (2, False, True)
    assert (found.found.count, found.gained.count, found.lost.count) == (0, 0, 2)
    found = tried(before, after, "stroke", hub.database, seconds=60, most=9)
    assert (found.entries, found.all, found.time_was_up) == (9, True, False)
    monkeypatch.setattr(topics, "_WAITS", 0)
    said = words(sends(hub, "/admin/topics/stroke", "try"))
    assert "The newest 2 entries were looked at; then the time was up." in said


def test_twenty_samples_are_shown_of_many(hub: AdminHub) -> None:
    hub.publish(
        WESSEX, *(news(f"w{number}", f"Zebra {number}", at=ago(hours=number)) for number in range(30))
    )
    tree = sends(hub, "/admin/topics/stroke", "try", any="zebra")
    assert "It matches 30 stories" in words(tree)
    assert words(tree).count("The newest 20 of 30.") == 2
    assert len(tree.xpath("//ul[@class='tried']/li")) == 40


@pytest.mark.parametrize(
    ("rule", "text", "marked"),
    [
        (
            "any: [blood pressure]",
            "A blood-pressure check: “Blood pressure”, he said",
            ["blood-pressure", "Blood pressure"],
        ),
        ("any: [prescri*]", "Prescribing… and prescription’s", ["Prescribing", "prescription"]),
        ("any: ['blood * check*']", "Blood and pulse checks, and no check", ["Blood and pulse checks"]),
        ("any: [cancer, south cancer]", "The South Cancer day", ["South Cancer"]),
        ("any: [cancer], except: [cancer alliance]", "Cancer Alliance and cancer", ["cancer"]),
        ("any: [cancer], in: [title]", "Of cancer", []),
        ("all: [été, soins]", "L’été des SOINS", ["été", "SOINS"]),
        ("any: [straße]", "In der STRASSE. <b>", ["STRASSE"]),
    ],
)
def test_the_words_that_count_are_marked_as_they_are_written(
    tmp_path: Path, rule: str, text: str, marked: list[str]
) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        entry = replace(news("w1", "Cancer été", text=text), categories=(Category("été"),))
        hub.publish(WESSEX, entry)
        config = parse(NETWORK.replace("any: [stroke]", rule))
        found = tried(hub.config, config, "stroke", hub.database, seconds=60).found
    if found.newest:
        assert [each.text for each in found.newest[0].excerpt if each.found] == marked
        assert "".join(each.text for each in found.newest[0].excerpt) == text
    else:
        assert marked == []


# ---------------------------------------------------------------- a rule is saved


def test_a_rule_is_saved_with_its_comments_and_taken_back(hub: AdminHub) -> None:
    before = hub.path.read_text()
    where = sends(
        hub,
        "/admin/topics/pressure",
        "save",
        303,
        any="blood pressure\nhypertension\nhypertensive",
        **{"in": ["title", "text"]},
    )
    assert hub.path.read_text() == before.replace(
        "      - hypertension\n", "      - hypertension\n      - hypertensive\n"
    ).replace("    not: [air pressure]\n", "    not: [air pressure]\n    in: [title, text]\n")
    assert where.startswith("/admin/file/tags?")
    tree = hub.tree(where)
    assert (
        "The topic Blood pressure was saved. The tag pressure changes: any, in. So much holds for what"
        " comes in; what is stored waits for the rules to be applied to it." in words(tree)
    )
    (record,) = hub.store.audit(limit=1).items
    assert record.action == "save-topic"
    assert "+      - hypertensive" in record.change
    (form,) = tree.xpath("//form[contains(@action, '/admin/undo')]")
    said = hub.does("/admin/undo", {name: value or "" for name, value in form.form_values()})
    assert said == "feeds.yaml is as it was before."
    assert hub.path.read_text() == before


def test_keys_that_the_form_has_not_are_shown_and_stay(hub: AdminHub) -> None:
    assert "kept as it is: kind: report, for: member:wessex" in hub.words("/admin/topics/pressure")
    sends(hub, "/admin/topics/pressure", "save", 303, label="Pressure")
    (rule,) = [each for each in parse(hub.path.read_text()).tags if each.term == "pressure"]
    assert (rule.label, rule.kind, rule.members) == ("Pressure", "report", frozenset({"wessex"}))
    assert "# all forms" in hub.path.read_text()
    # The page goes by the file, also before the hub does.
    assert hub.tree("/admin/topics/pressure").xpath("//h1/text()") == ["Pressure"]


def test_a_topic_is_added_and_taken_out_and_both_are_taken_back(hub: AdminHub) -> None:
    before = hub.path.read_text()
    tree = sends(hub, "/admin/new-topic", "try", label="Falls & frailty", any="fall*\nfrail*")
    assert hub.path.read_text() == before
    assert fields(tree, "/admin/new-topic")["term"] == "falls-frailty"
    where = sends(hub, "/admin/new-topic", "save", 303, label="Falls & frailty", any="fall*\nfrail*")
    assert "The topic Falls & frailty was added. The tag falls-frailty comes." in words(hub.tree(where))
    added = hub.path.read_text()
    assert parse(added).tags[-1].any == ("fall*", "frail*")
    said = hub.undoes("/admin/remove-topic/falls-frailty")
    assert said == "feeds.yaml is as it was before."
    assert hub.path.read_text() == added
    assert "no rule has the term heart" in hub.refuses("/admin/remove-topic/heart")
    assert "stands twice" in words(sends(hub, "/admin/new-topic", "save", 400, term="stroke", any="other"))


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(hub: AdminHub) -> None:
    before = hub.path.read_text()
    for do in ("try", "save"):
        tree = sends(
            hub,
            "/admin/topics/stroke",
            do,
            400,
            any="stroke\nx*\nTIA: 2",
            all="blood *",
            **{"not": "y" * 201, "categories": "News"},
        )
        wrong = {
            each.get("id"): " ".join(each.text_content().split())
            for each in tree.xpath("//*[@class='wrong']")
        }
        assert wrong["any-wrong"] == "Line 2: x* finds too much; write 3 letters or more before the star"
        assert wrong["all-wrong"].startswith("Line 1: blood * has a star at an end")
        assert wrong["not-wrong"] == "Line 1: is longer than 200 characters; shorten it"
        assert tree.xpath("//textarea[@aria-invalid]/@name") == ["any", "all", "not"]
        sent = fields(tree, "/admin/topics/stroke")
        assert (sent["any"], sent["categories"]) == ("stroke\nx*\nTIA: 2", "News")
    tree = sends(hub, "/admin/topics/stroke", "save", 400, any="stroke\nTIA: 2")
    assert tree.xpath("//input[@name='threshold' and @aria-invalid]")
    tree = sends(hub, "/admin/topics/stroke", "save", 400, **{"in": []})
    assert "Choose one at least." in words(tree)
    assert not tree.xpath("//input[@name='in']/@checked")
    assert hub.path.read_text() == before
    assert was_done(hub) == ["sign-in"]


def test_an_edit_of_somebody_else_is_not_lost_nor_is_ones_own(hub: AdminHub) -> None:
    path = "/admin/topics/stroke"
    sent = fields(hub.tree(path), path)
    # Of another rule: nobody is in anybody's way.
    hub.path.write_text(hub.path.read_text().replace("any: [safety]", "any: [safety, harm]"))
    assert hub.post(path, {**sent, "any": "stroke\nmine", "do": "save"}).status_code == 303
    theirs = hub.path.read_text().replace("any: [stroke, mine]", "any: [stroke, theirs]")
    hub.path.write_text(theirs)
    for do in ("try", "save"):
        answer = hub.post(path, {**sent, "any": "stroke\nmine", "do": do})
        assert answer.status_code == 409
        assert "Somebody else has changed the rule" in answer.text
        assert "any: [stroke, theirs]" in answer.text
    assert hub.path.read_text() == theirs
    # With the page that said so, it is saved.
    again = fields(lxml_html.fromstring(answer.text), path)
    assert again["any"] == "stroke\nmine"
    assert hub.post(path, {**again, "do": "save"}).status_code == 303
    assert "any: [stroke, mine]" in hub.path.read_text()
    hub.path.write_text(RULES.replace("  - {term: stroke, label: Stroke, any: [stroke]}\n", ""))
    answer = hub.post(path, {**again, "any": "more", "do": "save"})
    assert answer.status_code == 409
    assert "has taken the topic stroke out meanwhile" in answer.text
    assert "more</textarea>" in answer.text


def test_a_rule_that_is_not_changed_is_not_written(hub: AdminHub) -> None:
    tree = sends(hub, "/admin/topics/pressure", "save")
    assert "The rule is the one of the file: nothing is changed." in words(tree)
    assert was_done(hub) == ["sign-in"]


def test_where_the_file_may_not_be_written_a_rule_is_tried_alone(unprivileged: Path) -> None:
    with closing(AdminHub(unprivileged, RULES)) as hub:
        hub.enrol()
        sent = fields(hub.tree("/admin/topics/stroke"), "/admin/topics/stroke")
        unprivileged.chmod(0o555)
        try:
            tree = hub.tree("/admin/topics/stroke")
            assert "its folder cannot be written by the hub" in words(tree)
            assert [" ".join(each.text_content().split()) for each in tree.xpath("//main//button")] == [
                "Try it"
            ]
            assert "cannot be written" in hub.words("/admin/topics")
            answer = hub.post("/admin/topics/stroke", {**sent, "any": "mine", "do": "save"})
            assert answer.status_code == 409
            assert "the file cannot be written" in answer.text
            assert "mine</textarea>" in answer.text
        finally:
            unprivileged.chmod(0o755)


def test_nothing_is_done_by_get_nor_for_another_site(hub: AdminHub) -> None:
    before = hub.path.read_text()
    assert hub.client.get("/admin/topics/stroke?any=other&do=save").status_code == 200
    assert hub.client.get("/admin/remove-topic/stroke").status_code == 405
    sent = {**fields(hub.tree("/admin/topics/stroke"), "/admin/topics/stroke"), "any": "other", "do": "save"}
    answer = hub.post("/admin/topics/stroke", sent, Origin="https://evil.example")
    assert answer.status_code == 403
    assert hub.path.read_text() == before
    hub.now += timedelta(days=9)
    assert hub.client.get("/admin/topics").status_code in (302, 303)
