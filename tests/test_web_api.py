"""The API, to the letter of what is promised of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from openapi_spec_validator import validate

from hub.model import Tag
from tests.entries import entry
from tests.web_hub import EAST, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, news


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    yield from a_hub(tmp_path)


@pytest.fixture
def shared_news(hub: Hub) -> Hub:
    """A story of two members, and one of one."""
    link = "https://wessex.example/joint"
    hub.publish(
        WESSEX, news("https://wessex.example/?p=1", "Joint news", link=link, at=ago(days=2)), at=ago(days=1)
    )
    copy = news("2", "Joint news", link=link, at=ago(days=1, microseconds=500), tags=(SAFETY,))
    hub.publish(EAST, copy, news("3", "Other news", at=ago(hours=1), link=None))
    return hub


def test_the_api_gives_stories_as_documented(shared_news: Hub) -> None:
    answer = shared_news.json("/api/v1/stories")
    assert list(answer) == ["stories", "next"]
    assert answer["next"] is None
    other, joint = answer["stories"]
    assert list(joint) == ["id", "title", "link", "published", "updated", "tags", "entries"]
    assert joint == {
        "id": 1,
        "title": "Joint news",
        "link": "https://wessex.example/joint",
        "published": "2026-11-22T15:30:00Z",
        "updated": None,
        "tags": [{"term": "safety", "label": "Patient safety", "why": "matches ‘safety’ in the title"}],
        "entries": [
            {
                "id": "https://wessex.example/?p=1",
                "feed": "https://wessex.example/feed/",
                "member": "wessex",
                "title": "Joint news",
                "link": "https://wessex.example/joint",
                "kind": "news",
                "event_date": None,
                "published": "2026-11-22T15:30:00Z",
                "updated": None,
                "first_seen": "2026-11-23T15:30:00Z",
                "lead": True,
                "why": "",
            },
            {
                "id": "2",
                "feed": "https://east.example/feed/",
                "member": "east",
                "title": "Joint news",
                "link": "https://wessex.example/joint",
                "kind": "news",
                "event_date": None,
                "published": "2026-11-23T15:29:59.999500Z",
                "updated": None,
                "first_seen": "2026-11-24T15:30:00Z",
                "lead": False,
                "why": joint["entries"][1]["why"],
            },
        ],
    }
    assert joint["entries"][1]["why"]
    assert (other["title"], other["link"]) == ("Other news", None)


def test_the_api_gives_every_entry_copies_too_with_all_its_fields(hub: Hub) -> None:
    made = replace(
        entry("a", full=True), content="<p>Whole</p>", excerpt="Plain words", tags=(), published=None
    )
    hub.publish(EAST, made)
    (found,) = hub.json("/api/v1/entries")["entries"]
    assert list(found) == [
        "id", "feed", "member", "title", "link", "kind", "event_date", "published", "updated", "first_seen",
        "lead", "why", "story", "authors", "categories", "summary", "content", "enclosures",
    ]  # fmt: skip
    assert found["published"] is None
    assert found["updated"] == "2026-11-19T09:00:00Z"
    assert found["story"] == 1
    assert found["authors"][0] == {
        "name": "Sam Example", "email": "sam@east.example", "uri": "https://east.example/sam",
    }  # fmt: skip
    assert found["categories"][1] == {"term": "news", "scheme": None, "label": None}
    assert (found["summary"], found["content"]) == ("Plain words", "<p>Whole</p>")
    assert found["enclosures"] == [
        {
            "url": "https://east.example/report.pdf",
            "type": "application/pdf",
            "length": 1234,
            "title": "Report",
        }
    ]


def test_the_api_says_what_an_entry_is_and_on_which_day_an_event_takes_place(hub: Hub) -> None:
    event = Tag("events", "a rule", kind="event")
    report = Tag("reports", "a rule", kind="report")
    hub.publish(EAST, news("e", "Webinar", tags=(event,), event_date=date(2026, 12, 3)))
    hub.publish(EAST, news("r", "Report", at=ago(days=1), tags=(report,), event_date=date(2026, 12, 3)))
    found = hub.json("/api/v1/entries")["entries"]
    assert [(each["title"], each["kind"], each["event_date"]) for each in found] == [
        ("Webinar", "event", "2026-12-03"),
        ("Report", "report", None),
    ]
    assert [each["title"] for each in hub.json("/api/v1/stories?kind=event")["stories"]] == ["Webinar"]
    assert [each["title"] for each in hub.json("/api/v1/entries?kind=report")["entries"]] == ["Report"]


def test_the_api_lists_every_entry_but_each_story_once(shared_news: Hub) -> None:
    assert [each["title"] for each in shared_news.json("/api/v1/entries")["entries"]] == [
        "Other news", "Joint news", "Joint news",
    ]  # fmt: skip
    assert len(shared_news.json("/api/v1/stories")["stories"]) == 2


@pytest.mark.parametrize(
    ("asked", "stories", "entries"),
    [
        ("member=wessex", 1, 1),
        ("member=east", 2, 2),
        ("tag=safety", 1, 2),
        ("tag=safety&member=wessex", 1, 1),
        ("member=nobody", 0, 0),
        ("kind=news", 2, 3),
        ("kind=event", 0, 0),
        ("tag=nothing", 0, 0),
        ("member=", 2, 3),
        ("since=2026-11-24T00:00:00Z", 2, 2),
        ("since=2026-11-24T00:00:00%2B01:00", 2, 2),
        ("since=2026-11-24T00:00:00+01:00", 2, 2),
        ("since=2026-11-25T00:00:00Z", 0, 0),
        ("limit=1", 1, 1),
        ("limit=201", 2, 3),
        ("limit=" + "9" * 5000, 2, 3),
        ("nonsense=1", 2, 3),
    ],
)
def test_the_api_is_narrowed(shared_news: Hub, asked: str, stories: int, entries: int) -> None:
    assert len(shared_news.json(f"/api/v1/stories?{asked}")["stories"]) == stories
    assert len(shared_news.json(f"/api/v1/entries?{asked}")["entries"]) == entries


@pytest.mark.parametrize(
    "asked",
    [
        "limit=0", "limit=00", "limit=-1", "limit=ten", "limit=1.5", "limit=", "limit=%D9%A3", "limit=+5",
        "kind=job",
        "cursor=nonsense", "cursor=%00", "since=yesterday", "since=2026-11-24", "since=2026-11-24T00:00:00",
        "since=2026-13-24T00:00:00Z", "since=0001-01-01T00:00:00%2B23:00", "since=2026-11-24T00:00:00Z%0A",
    ],
)  # fmt: skip
def test_the_api_refuses_what_it_cannot_read_and_says_why(shared_news: Hub, asked: str) -> None:
    for path in ("/api/v1/stories", "/api/v1/entries"):
        assert shared_news.json(f"{path}?{asked}", 400)["error"]


def test_the_api_gives_at_most_200_and_50_unasked_and_goes_on_where_it_stopped(hub: Hub) -> None:
    hub.publish(WESSEX, *(news(f"{n}", f"News {n}", at=ago(hours=n)) for n in range(1, 231)))
    assert len(hub.json("/api/v1/stories")["stories"]) == 50
    assert len(hub.json("/api/v1/entries?limit=1000")["entries"]) == 200
    for what in ("stories", "entries"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = hub.json(f"/api/v1/{what}?limit=90&cursor={cursor}")
            seen += [each["title"] for each in answer[what]]
            hub.publish(EAST, news(f"late {len(seen)} {what}", "Late"), at=NOW)
            cursor = answer["next"]
        assert seen[-230:] == [f"News {n}" for n in range(1, 231)]


def test_errors_of_the_api_are_json(hub: Hub) -> None:
    assert hub.json("/api/v1/nonsense", 404)["error"]
    response = hub.client.post("/api/v1/stories")
    assert (response.status_code, response.mimetype) == (405, "application/json")


def test_a_story_of_one_member_is_told_as_that_member_has_it(hub: Hub) -> None:
    link = "https://wessex.example/joint"
    hub.publish(WESSEX, news("1", "A joint programme begins", link=link, at=ago(days=2)), at=ago(days=2))
    copy = news("2", "Our part in the programme", link="https://east.example/2", at=ago(days=1))
    hub.publish(EAST, copy, news("3", "Earlier news", at=ago(hours=36)), at=ago(days=1))
    (first,) = hub.store.find(link)
    (second,) = hub.store.find("https://east.example/2")
    hub.store.put_together(second.key, first.key, ago(hours=1))
    stories = hub.json("/api/v1/stories?member=east")["stories"]
    # Newest first, as they are dated there.
    assert [each["title"] for each in stories] == ["Our part in the programme", "Earlier news"]
    assert stories[0]["link"] == "https://east.example/2"
    assert stories[0]["published"] == "2026-11-23T15:30:00Z"
    assert [each["lead"] for each in stories[0]["entries"]] == [True, False]


# ---------------------------------------------------------------- feeds, topics, the description


def test_the_api_tells_of_the_members_feeds_as_the_status_page_does(hub: Hub) -> None:
    hub.publish(EAST, news("a", at=ago(days=2)), at=ago(hours=1))
    hub.fail(WESSEX, "no answer in 20 seconds", "timeout", at=ago(days=7))
    east, national, blog, wessex = hub.json("/api/v1/feeds")["feeds"]
    assert east == {
        "member": "east",
        "name": "news",
        "url": "https://east.example/feed/",
        "title": "",
        "state": "fine",
        "sentence": east["sentence"],
        "checked": "2026-11-24T14:30:00Z",
        "latest": "2026-11-22T15:30:00Z",
    }
    assert (blog["member"], blog["name"]) == ("wessex", "blog")
    assert (national["checked"], national["latest"]) == (None, None)
    assert wessex["state"] == "failing"
    assert wessex["sentence"] in hub.words("/status")
    assert hub.get("/api/v1/feeds").headers["Cache-Control"] == "no-cache"


def test_the_api_tells_of_the_topics(hub: Hub) -> None:
    hub.configure(NETWORK.replace("label: Stroke,", "label: Stroke, broader: safety,"))
    hub.publish(EAST, news("a", tags=(SAFETY,)), news("b", tags=(SAFETY,)))
    safety, stroke = hub.json("/api/v1/tags")["tags"]
    assert safety == {
        "term": "safety",
        "label": "Patient safety",
        "broader": None,
        "stories": 2,
        "page": "http://127.0.0.1:8000/tag/safety",
        "feed": "http://127.0.0.1:8000/feeds/tag/safety.atom",
    }
    assert (stroke["broader"], stroke["stories"]) == ("safety", 0)


@pytest.mark.parametrize(("what", "named"), [("feeds", ("member", "name")), ("tags", ("term",))])
def test_these_lists_too_are_given_a_page_at_a_time(hub: Hub, what: str, named: tuple[str, ...]) -> None:
    whole = hub.json(f"/api/v1/{what}")
    assert whole["next"] is None
    seen: list[dict[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = hub.json(f"/api/v1/{what}?limit=1&cursor={cursor}")
        assert len(answer[what]) == 1
        seen += answer[what]
        cursor = answer["next"]
    assert seen == whole[what]
    assert [[each[name] for name in named] for each in seen] == sorted(
        [each[name] for name in named] for each in seen
    )
    for asked in ("limit=0", "cursor=nonsense"):
        assert hub.json(f"/api/v1/{what}?{asked}", 400)["error"]


def test_the_description_is_valid_and_describes_what_is_answered(shared_news: Hub) -> None:
    shared_news.publish(WESSEX, replace(entry("a", full=True), tags=(SAFETY,)))
    described = shared_news.json("/api/v1/openapi.json")
    validate(described)
    assert described["servers"] == [{"url": "http://127.0.0.1:8000"}]
    for path, operations in described["paths"].items():
        answers = operations["get"]["responses"]
        for status, asked in (("200", ""), ("400", "?limit=0")):
            schema = answers[status]["content"]["application/json"]["schema"]
            given = shared_news.json(f"{path}{asked}", int(status))
            Draft202012Validator({**schema, "components": described["components"]}).validate(given)
        for parameter in operations["get"]["parameters"]:
            assert f"`{parameter['name']}`" in (Path(__file__).parents[1] / "docs/api.md").read_text()


def test_an_answer_has_no_field_that_its_description_has_not(shared_news: Hub) -> None:
    described = shared_news.json("/api/v1/openapi.json")["components"]["schemas"]
    (story, *_) = shared_news.json("/api/v1/stories")["stories"]
    (whole, *_) = shared_news.json("/api/v1/entries")["entries"]
    assert [*described["StoryOfEntries"]["properties"]] == [*story]
    assert [*described["ListedEntry"]["properties"]] == [*story["entries"][0]]
    assert [*described["WholeEntry"]["properties"]] == [*whole]
