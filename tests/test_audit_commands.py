"""What commands do, as Audit has it: in the words of the pages, with the way back, and by whom."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.cli import cli
from hub.errors import StoreError
from hub.model import AuditRecord, account_name_problem
from hub.store.sqlite import SqliteStore
from tests.admin_hub import AdminHub, an_admin_hub
from tests.postgresql import new_store
from tests.test_moves import NEW, _redirect
from tests.test_web_admin_actions import HELD, HOLDING, OTHER, OURS, THEIRS, of, what
from tests.web_hub import BLOG, EAST, NATIONAL, WESSEX, ago

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
OPML = b"""<opml version="2.0"><body><outline text="News of the south" xmlUrl="https://south.example/feed/"/>
<outline text="Odd" xmlUrl="gopher://odd.example/"/></body></opml>"""


@pytest.fixture(autouse=True)
def not_by_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)


def with_news(folder: Path, kind: str = "sqlite") -> Iterator[AdminHub]:
    """East's news with a copy of it by Wessex, other news of Wessex, and three of the nation's that wait."""
    with (
        new_store() if kind == "postgresql" else nullcontext() as database,
        closing(AdminHub(folder, HOLDING, database=database)) as made,
    ):
        made.enrol()
        made.publish(EAST, OURS, at=ago(hours=7))
        made.publish(WESSEX, THEIRS, OTHER, at=ago(hours=6))
        made.publish(NATIONAL, *HELD, at=ago(hours=5))
        yield made


@pytest.fixture
def news(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[AdminHub]:
    yield from with_news(tmp_path, getattr(request, "param", "sqlite"))


on_both = pytest.mark.parametrize("news", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


def runs(hub: AdminHub, *words: str, given: bytes | None = None) -> Result:
    """A command on this hub's database and file; exit status 0."""
    environment = {"HUB_DATABASE": hub.database, "HUB_CONFIG": str(hub.path)}
    done = CliRunner().invoke(cli, words, env=environment, input=given)
    assert done.exit_code == 0, done.output
    return done


def last(hub: AdminHub) -> AuditRecord:
    return hub.store.audit(limit=1).items[0]


def undo_last(hub: AdminHub) -> str:
    return hub.does("/admin/undo", {"number": str(last(hub).number)})


def told(record: AuditRecord) -> tuple[object, ...]:
    """All that does not depend on who did it and when; pages say too of which member a link is meant."""
    said = re.sub(r"story \d+", "story N", record.said)
    undo = {name: value for name, value in record.undo.items() if name not in ("left", "member")}
    return record.action, record.about, said, undo, set(record.undo), record.change


# ---------------------------------------------------------------- news


@pytest.mark.parametrize(
    ("words", "action", "fields"),
    [
        (["withdraw", OTHER.link, "--why", "It was wrong"], "withdraw", what(OTHER, why="It was wrong")),
        (["withdraw", "national/news"], "withdraw", {"what": "national/news"}),
        (["pin", OTHER.link, "--until", "2999-12-24"], "pin", of(OTHER, until="2999-12-24")),
        (["story", "split", THEIRS.link], "split", of(THEIRS)),
        (["story", "not-a-copy", THEIRS.link], "not-a-copy", of(THEIRS)),
        (["story", "lead", THEIRS.link], "lead", of(THEIRS)),
        (["tag", OTHER.link, "stroke"], "tag", of(OTHER, term="stroke")),
        (["untag", OTHER.link, "stroke"], "untag", of(OTHER, term="stroke")),
    ],
    ids=lambda each: " ".join(each[:2]) if isinstance(each, list) else "",
)
def test_a_command_is_recorded_as_its_button_and_taken_back_on_the_pages(
    news: AdminHub, words: list[str], action: str, fields: dict[str, str]
) -> None:
    said = runs(news, *words).stdout
    by_command = last(news)
    assert by_command.said == said.rstrip("\n")
    assert undo_last(news)
    news.does(f"/admin/do/{action}", fields)
    by_page = last(news)
    assert told(by_command) == told(by_page)
    command = " ".join(words[: 2 if words[0] == "story" else 1])
    assert (by_page.who, by_command.who) == ("anna", f"{ACCOUNT}, by hub {command}")


@on_both
def test_what_follows_another_decision_is_recorded_and_taken_back_too(news: AdminHub) -> None:
    link = OTHER.link or ""
    runs(news, "story", "merge", link, OURS.link or "")
    assert (last(news).action, last(news).about) == ("merge", link)
    assert "by itself" in undo_last(news)
    runs(news, "withdraw", link, "--why", "a slip")
    runs(news, "release", link)
    assert (last(news).action, last(news).undo["why"]) == ("release", "a slip")
    assert "is withdrawn" in undo_last(news)
    runs(news, "release", link)
    runs(news, "pin", link, "--until", "2999-12-24")
    runs(news, "pin", link)
    assert "up to 24 December 2999" in undo_last(news)
    runs(news, "unpin", link)
    assert "up to 24 December 2999" in undo_last(news)
    runs(news, "tag", link, "stroke")
    runs(news, "tag", link, "stroke", "--undo")
    assert (last(news).action, last(news).undo["action"]) == ("leave", "tag")


def test_what_is_so_already_is_done_once_more_by_a_command_without_a_way_back(news: AdminHub) -> None:
    for words in (["pin", OTHER.link], ["tag", OTHER.link, "stroke"], ["story", "lead", THEIRS.link]):
        first, again = (runs(news, *map(str, words)).stdout for _ in range(2))
        assert first == again
        assert (last(news).said, last(news).undo) == (again.rstrip("\n"), {})


def test_where_a_link_is_of_two_stories_the_member_says_which_it_is_merged_into(news: AdminHub) -> None:
    news.publish(NATIONAL, *HELD, OTHER, at=ago(hours=4))
    runs(news, "release", OTHER.link or "", "--member", "national")
    runs(news, "story", "not-a-copy", OTHER.link or "", "--member", "national")
    runs(news, "story", "merge", THEIRS.link or "", OTHER.link or "", "--member", "wessex")
    assert (last(news).action, last(news).about) == ("merge", THEIRS.link)


def test_a_command_that_cannot_do_it_leaves_no_record(hub: AdminHub) -> None:
    before = last(hub).number
    environment = {"HUB_DATABASE": hub.database, "HUB_CONFIG": str(hub.path)}
    for words in (["withdraw", "https://nowhere.example/"], ["feeds", "remove", "nobody"]):
        assert CliRunner().invoke(cli, words, env=environment).exception is not None
    assert last(hub).number == before


def test_what_is_done_and_cannot_be_recorded_is_said_to_be_done(
    news: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> int:
        raise StoreError("The database is held.", "Wait until it is not.")

    monkeypatch.setattr(SqliteStore, "record", held)
    done = runs(news, "feeds", "pause", "east")
    assert done.stdout == "east/news is paused: not asked, and what was published stays.\n"
    assert done.stderr == (
        "It has no Undo, and Audit does not have it: The database is held.\n    Wait until it is not.\n"
    )
    assert "paused" in news.path.read_text()


def test_what_lives_in_the_database_and_cannot_be_recorded_is_not_done(
    news: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> int:
        raise StoreError("The database is held.", "Wait until it is not.")

    monkeypatch.setattr(SqliteStore, "record", held)
    environment = {"HUB_DATABASE": news.database, "HUB_CONFIG": str(news.path)}
    for words in (["withdraw", OTHER.link], ["user", "remove", "anna"], ["story", "split", THEIRS.link]):
        refused = CliRunner().invoke(cli, list(map(str, words)), env=environment)
        assert (refused.exit_code, refused.stdout, str(refused.exception)) == (1, "", "The database is held.")
    assert news.store.find(OTHER.link or "")[0].standing == "published"
    assert news.store.account("anna")
    assert news.store.find(THEIRS.link or "")[0].story == news.store.find(OURS.link or "")[0].story


# ---------------------------------------------------------------- feeds.yaml


def test_a_feed_is_added_and_taken_out_by_commands_and_back_by_the_pages(news: AdminHub) -> None:
    before = news.path.read_text()
    said = runs(news, "feeds", "add", "https://new.example/feed/", "--member", "new", "--unseen").stdout
    assert "new is a new member" in said
    assert (last(news).action, last(news).about) == ("add-feed", "new/news")
    assert last(news).said == (
        "new/news was added: https://new.example/feed/ A hub that runs polls it within seconds."
    )
    assert "+      - url: https://new.example/feed/" in last(news).change
    undo_last(news)
    assert news.path.read_text() == before
    said = runs(news, "feeds", "remove", "https://wessex.example/blog/feed/").stdout
    assert said.endswith("What it published stays. `--entries` would take that too.\n")
    assert (last(news).action, last(news).about) == ("remove", str(BLOG))
    by_command = told(last(news))
    undo_last(news)
    assert news.path.read_text() == before
    news.does("/admin/do/remove", {"feed": str(BLOG)})
    assert told(last(news)) == by_command


def test_what_is_taken_out_with_its_entries_is_recorded_and_does_not_come_back(news: AdminHub) -> None:
    said = runs(news, "feeds", "remove", "east", "--entries").stdout
    assert (last(news).said, last(news).about, last(news).undo) == (said.rstrip("\n"), "east", {})
    assert last(news).change


def test_a_list_of_feeds_comes_in_and_goes_again(hub: AdminHub) -> None:
    before = hub.path.read_text()
    said = runs(hub, "feeds", "import", "-", given=OPML).stdout
    assert "1 feed added" in said
    assert "Left out: " in said
    assert (last(hub).action, last(hub).about) == ("import-feeds", "feeds.yaml")
    assert last(hub).said == said.partition("\nLeft out")[0]
    number = last(hub).number
    runs(hub, "feeds", "import", "-", given=OPML)
    assert last(hub).number == number
    assert undo_last(hub) == "feeds.yaml is as it was before."
    assert hub.path.read_text() == before


def test_feeds_that_have_moved_are_taken_over_and_back(hub: AdminHub) -> None:
    before = hub.path.read_text()
    for days in (4, 3, 2, 1):
        _redirect(hub, hub.feed(EAST), days)
    number = last(hub).number
    assert "`--apply` does it" in runs(hub, "feeds", "moved").stdout
    assert last(hub).number == number
    assert "says so now" in runs(hub, "feeds", "moved", "--apply").stdout
    assert (last(hub).action, last(hub).about) == ("move-feeds", "feeds.yaml")
    assert last(hub).said == (
        f"feeds.yaml was changed. east/news: https://east.example/feed/ redirects for good to {NEW}."
    )
    assert f"+    feeds: [{{url: {NEW}}}]" in last(hub).change
    undo_last(hub)
    assert hub.path.read_text() == before


def test_for_a_record_no_database_is_made(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("members: []\n")
    done = hubless(tmp_path, "feeds", "add", "https://new.example/feed/", "--unseen")
    assert (done.exit_code, done.stderr) == (0, "")
    done = hubless(tmp_path, "feeds", "remove", "https://new.example/feed/")
    assert (done.exit_code, done.stderr) == (0, "")
    assert not [each for each in tmp_path.iterdir() if each.name.startswith("hub.db")]


def test_a_feed_is_added_though_what_is_there_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("members: []\n")
    (tmp_path / "hub.db").write_bytes(b"no database" * 1000)
    done = hubless(tmp_path, "feeds", "add", "https://new.example/feed/", "--unseen")
    assert done.exit_code == 0
    assert "is in " in done.stdout
    assert done.stderr.startswith("It has no Undo, and Audit does not have it: ")
    assert "https://new.example/feed/" in (tmp_path / "feeds.yaml").read_text()


def hubless(folder: Path, *words: str) -> Result:
    """A command where no hub ever ran."""
    environment = {"HUB_DATABASE": f"sqlite:///{folder}/hub.db", "HUB_CONFIG": str(folder / "feeds.yaml")}
    return CliRunner().invoke(cli, words, env=environment)


# ---------------------------------------------------------------- the rest


@on_both
def test_who_lets_somebody_in_and_out_is_on_record_without_the_link(news: AdminHub) -> None:
    link = runs(news, "user", "add", "bob").stdout
    token = link.partition("/admin/welcome/")[2].strip()
    assert token
    by_command = last(news)
    news.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
    assert told(last(news)) == told(by_command)
    assert (by_command.action, by_command.who) == ("invite", f"{ACCOUNT}, by hub user add")
    assert token not in repr(by_command)
    runs(news, "user", "reset", "anna")
    assert last(news).said == "anna was given a link to choose another password."
    runs(news, "user", "remove", "bob")
    assert (last(news).action, last(news).said) == ("remove-account", "bob can sign in no more.")


def test_rules_applied_a_mend_and_a_backup_put_back_are_on_record(hub: AdminHub, tmp_path: Path) -> None:
    runs(hub, "retag")
    assert (last(hub).action, last(hub).about) == ("retag", "feeds.yaml")
    assert last(hub).said.endswith("0 of 0 entries changed their tags.")
    runs(hub, "backup", str(tmp_path / "copy.db"))
    assert last(hub).action == "retag"
    runs(hub, "check", "--mend")
    assert (last(hub).action, last(hub).said.splitlines()[1]) == ("mend", f"{hub.database} is sound.")
    number = last(hub).number
    runs(hub, "check")
    assert last(hub).number == number
    hub.close()
    runs(hub, "restore", str(tmp_path / "copy.db"))
    with closing(SqliteStore(hub.file)) as store:
        records = store.audit(limit=9).items
    # What was done since the backup went with what it replaced.
    assert [each.action for each in records] == ["restore-backup", "retag", "sign-in"]
    assert str(tmp_path / "copy.db") in records[0].said


def test_who_gave_a_command_is_taken_for_no_account(hub: AdminHub, monkeypatch: pytest.MonkeyPatch) -> None:
    runs(hub, "user", "add", "bob")
    assert account_name_problem(last(hub).who)
    monkeypatch.setenv("SUDO_USER", "carol")
    runs(hub, "user", "add", "bob")
    assert last(hub).who == f"carol as {ACCOUNT}, by hub user add"
    monkeypatch.setenv("SUDO_USER", ACCOUNT)
    runs(hub, "user", "add", "bob")
    assert last(hub).who == f"{ACCOUNT}, by hub user add"
    monkeypatch.setenv("SUDO_USER", os.fsdecode(b"\xff") + "x" * 1000)
    runs(hub, "user", "add", "bob")
    assert len(last(hub).who) < 200
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.delenv("SUDO_USER")
    runs(hub, "user", "add", "bob")
    assert last(hub).who == "user 54321, by hub user add"


def test_the_page_audit_shows_and_finds_what_a_command_did(hub: AdminHub) -> None:
    runs(hub, "user", "remove", "anna")
    hub.enrol("carol")
    page = hub.words("/admin/audit?q=by+hub+user+remove")
    assert f"{ACCOUNT}, by hub user remove anna can sign in no more." in page
    assert f'"{ACCOUNT}, by hub user remove"' in hub.get("/admin/audit.csv").text
