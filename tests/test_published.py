"""What was published in a time, counted and as a table: by the command, and on its admin page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hub.admin.published import report
from hub.cli import cli
from hub.merged.published import published
from hub.model import Role, Tag
from hub.publish.tally import Span, tally
from hub.web.admin import published as page
from tests.admin_hub import AdminHub
from tests.web_hub import BLOG, EAST, NATIONAL, NETWORK, NOW, SAFETY, WESSEX, Hub, a_hub, ago, news

LONDON = ZoneInfo("Europe/London")
REPORT = Tag("yearbook", "of its feed", kind="report")
JOINT = "https://east.example/wards"


def fill(hub: Hub) -> None:
    """Joint news of two members, and news of their own: in November, in October, and two years ago."""
    hub.begin_long_ago()
    joint = news("joint", "Safer wards", at=ago(days=3), link=JOINT, tags=(SAFETY,))
    hub.publish(EAST, joint, at=ago(days=3))
    hub.publish(
        WESSEX,
        news("copy", "Safer wards", at=ago(days=2), link=JOINT),
        news("own", "=Ours; alone", at=ago(days=40), tags=(REPORT,)),
        news("old", "From before", at=ago(days=800)),
        replace(news("none", "Of no day"), published=None, updated=None),
        at=ago(days=1),
    )


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    made = AdminHub(tmp_path)
    fill(made)
    made.enrol()
    yield made
    made.close()


def year(hub: Hub) -> list[tuple[str, ...]]:
    span = Span.read("", "", NOW.date())
    return [
        (str(each.day), each.member.slug, each.title, *each.others)
        for each in published(hub.store, span, LONDON)
    ]


def test_each_members_version_is_told_with_who_published_it_too(hub: AdminHub) -> None:
    assert year(hub) == [
        ("2026-11-22", "wessex", "Safer wards", "Health Innovation East"),
        ("2026-11-21", "east", "Safer wards", "Health Innovation Wessex"),
        ("2026-10-15", "wessex", "=Ours; alone"),
    ]


def test_what_a_member_has_in_two_feeds_it_published_once(hub: AdminHub) -> None:
    link = "https://wessex.example/beds"
    for feed, hours in ((WESSEX, 5), (BLOG, 4)):
        hub.publish(
            feed, news(f"{feed}", "New beds for all", at=ago(hours=hours), link=link), at=ago(hours=3)
        )
    (story,) = {each.story for each in hub.store.walk() if each.entry.title == "New beds for all"}
    assert len(hub.store.story(story).entries) == 2  # type: ignore[union-attr]
    assert [found for found in year(hub) if found[2] == "New beds for all"] == [
        ("2026-11-24", "wessex", "New beds for all")
    ]
    span = Span(date(2026, 11, 24), date(2026, 11, 24))
    found = tally(published(hub.store, span, LONDON), span, {})
    assert (found.news, found.stories, found.joint) == (1, 1, 0)
    assert found.in_words == (
        "1 piece of news was published, which makes 1 story; 0 of these are of more than one member."
    )


def test_a_day_is_one_by_the_hubs_clocks_and_both_ends_are_in(hub: AdminHub) -> None:
    late = datetime(2026, 6, 30, 23, 30, tzinfo=LONDON)
    hub.publish(EAST, news("late", "Late in June", at=late), at=ago(hours=1))
    june, july = (Span(date(2026, month, 1), date(2026, month, 30)) for month in (6, 7))
    assert [each.title for each in published(hub.store, june, LONDON)] == ["Late in June"]
    assert not list(published(hub.store, july, LONDON))
    midnight = datetime(2026, 7, 1, tzinfo=LONDON)
    hub.publish(EAST, news("night", "At midnight", at=midnight), at=ago(minutes=50))
    assert [each.title for each in published(hub.store, july, LONDON)] == ["At midnight"]
    assert [each.title for each in published(hub.store, june, LONDON)] == ["Late in June"]


def test_what_is_withdrawn_is_not_counted(hub: AdminHub) -> None:
    (own,) = (each.key for each in hub.store.walk() if each.entry.title == "=Ours; alone")
    hub.store.withdraw([own], "", NOW)
    assert len(year(hub)) == 2


def test_joint_news_is_one_story_of_each_of_its_members_and_topics(hub: AdminHub) -> None:
    span = Span(date(2026, 9, 1), date(2026, 11, 24))
    found = tally(published(hub.store, span, LONDON), span, {"safety": "Patient safety"})
    assert (found.news, found.stories, found.joint) == (3, 2, 1)
    assert [(each.name, each.number, each.joint) for each in found.members] == [
        ("Health Innovation Wessex", 2, 1),
        ("Health Innovation East", 1, 1),
    ]
    assert [(each.name, each.number, each.joint) for each in found.tags] == [
        ("Patient safety", 1, 1),
        ("yearbook", 1, 0),
    ]
    assert [(each.name, each.number, each.joint) for each in found.kinds] == [
        ("news", 1, 1),
        ("report", 1, 0),
    ]
    assert found.months == (("2026-09", 0), ("2026-10", 1), ("2026-11", 2))


def test_all_of_more_than_is_read_at_once_is_told_once(hub: AdminHub) -> None:
    many = [
        news(f"n{number}", f"News {number} of it", at=ago(days=5, minutes=number)) for number in range(450)
    ]
    hub.publish(NATIONAL, *many, at=ago(minutes=5))
    titles = [title for _, member, title, *_ in year(hub) if member == "national"]
    assert sorted(titles) == sorted(each.title for each in many)


def test_on_a_server_it_is_the_same(hub: AdminHub, tmp_path: Path) -> None:
    for other in a_hub(tmp_path, "postgresql"):
        fill(other)
        assert year(other) == year(hub)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-30", "2026-11-01", "2026-11-30 is after 2026-11-01."),
        ("yesterday", "", "A day is written as 2026-11-30."),
        ("2026-02-29", "", "A day is written as 2026-11-30."),
        ("", "0001-01-01", "A day is written as 2026-11-30."),
        ("1969-12-31", "", "Days are from 1970-01-01 to 9998-12-31."),
        ("", "9999-12-31", "Days are from 1970-01-01 to 9998-12-31."),
    ],
)
def test_what_is_no_day_is_said(hub: AdminHub, first: str, last: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Span.read(first, last, NOW.date())
    tree = hub.tree(f"/admin/published?first={first}&last={last}", status=400)
    assert said in tree.xpath("string(//*[@role='alert'])")
    assert hub.get(f"/admin/published.csv?first={first}&last={last}").status_code == 400
    named = [option for each in (("--from", first), ("--to", last)) for option in each if each[1]]
    ran = CliRunner().invoke(
        cli, ["published", *named, "--config", str(hub.path), "--database", hub.database]
    )
    assert ran.exit_code == 2
    assert said in ran.output


def test_without_days_it_is_of_a_year(hub: AdminHub) -> None:
    assert Span.read("", "", date(2026, 11, 24)) == Span(date(2025, 11, 25), date(2026, 11, 24))
    assert Span.read("2026-01-01", "", date(2026, 11, 24)) == Span(date(2026, 1, 1), date(2026, 11, 24))
    assert Span.read("", "2026-01-01", date(2026, 11, 24)) == Span(date(2025, 1, 2), date(2026, 1, 1))


# ---------------------------------------------------------------- the command


def test_the_command_counts_and_has_it_as_a_table(hub: AdminHub) -> None:
    said = report(hub.path, hub.database, "", "", as_table=False, now=NOW)
    assert said.startswith(
        "From 25 November 2025 to 24 November 2026, 3 pieces of news were published, which make 2 stories;"
        " 1 of these is of more than one member.\n"
    )
    assert "        2         1  Health Innovation Wessex\n" in said
    as_table = report(hub.path, hub.database, "", "", as_table=True, now=NOW)
    head, *rows = csv.reader(io.StringIO(as_table, newline=""))
    assert head == ["date", "member", "title", "link", "kind", "topics", "also published by", "story"]
    assert rows[1][:7] == [
        "2026-11-21",
        "Health Innovation East",
        "Safer wards",
        JOINT,
        "news",
        "Patient safety",
        "Health Innovation Wessex",
    ]
    assert rows[0][7] == rows[1][7] != rows[2][7]
    assert rows[2][2] == "'=Ours; alone"


def test_of_nothing_it_says_so(tmp_path: Path) -> None:
    hub = AdminHub(tmp_path, NETWORK)
    said = report(hub.path, hub.database, "", "", as_table=False, now=NOW)
    assert said == "From 25 November 2025 to 24 November 2026, nothing was published."
    hub.close()


# ---------------------------------------------------------------- the page


def test_the_page_counts_and_leads_to_the_table(hub: AdminHub) -> None:
    page = "/admin/published?first=2026-09-01&last=2026-11-24"
    tree = hub.tree(page)
    assert (
        "From 1 September to 24 November, 3 pieces of news were published, which make 2 stories;"
        " 1 of these is of more than one member." in hub.words(page)
    )
    assert [
        [cell.text_content() for cell in row.xpath("th | td")]
        for row in tree.xpath("//section[h2='By member']//tbody/tr")
    ] == [["Health Innovation Wessex", "2", "1"], ["Health Innovation East", "1", "1"]]
    (shown,) = tree.xpath("//*[local-name()='svg']/@aria-label")
    assert shown == "Pieces of news in each month: 2026-09 0, 2026-10 1, 2026-11 2"
    (link,) = tree.xpath("//a[@download]/@href")
    answer = hub.get(link)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].endswith('"published-2026-09-01-2026-11-24.csv"')
    assert len(list(csv.reader(io.StringIO(answer.get_data().decode(), newline="")))) == 4


def test_of_too_much_the_page_says_that_it_is_not_all(hub: AdminHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Only the newest" not in hub.html("/admin/published")
    monkeypatch.setattr(page, "_MOST", 2)
    shown = hub.html("/admin/published")
    assert "Only the newest 2 are counted here" in shown
    assert "2 pieces of news were published" in shown


def test_a_members_editor_sees_what_their_member_published(hub: AdminHub) -> None:
    bob = hub.another("bob", Role("member", "east"))
    rows = list(csv.reader(io.StringIO(bob.get("/admin/published.csv").get_data().decode(), newline="")))
    assert [row[1] for row in rows[1:]] == ["Health Innovation East"]
    assert "By member" in bob.html("/admin/published")
    assert '<th scope="row">Health Innovation Wessex</th>' not in bob.html("/admin/published")


def test_where_nothing_was_published_there_is_no_table(hub: AdminHub) -> None:
    tree = hub.tree("/admin/published?first=2020-01-01&last=2020-01-01")
    assert "On 1 January 2020, nothing was published." in " ".join(
        tree.xpath("//main")[0].text_content().split()
    )
    assert not tree.xpath("//table | //a[@download]")
