"""A withdrawal says who withdrew it: its member, or the network; to admins, as what."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import msgspec
import pytest
from lxml import etree
from msgspec.structs import replace

from hub.model import Entry, Role, RoleName, Withheld
from hub.store import Store, open_store
from tests.admin_hub import AdminHub
from tests.commands import Hub as Command
from tests.entries import entry
from tests.postgresql import new_store, programs
from tests.rfc4287 import ATOM
from tests.test_standing import OURS as TOLD
from tests.test_standing import key_of
from tests.test_store import EAST as EAST_FEED
from tests.test_store import FEEDS, MEMBERS, WEST, WEST_BLOG, poll, store, url
from tests.test_store import NOW as STORE_NOW
from tests.web_hub import EAST, NETWORK, WESSEX, ago, news

__all__ = ["store", "url"]

OURS = news("e", "Pocket scanner finds clots", text="A scanner.", link="https://east.example/scanner")
THEIRS = news("w", "Buses run late", text="Buses run late.", link="https://wessex.example/buses")
WAITS = news("q", "A notice that waits", text="Held.", link="https://east.example/held")
BY_EAST, BY_THE_NETWORK = "Health Innovation East", "The editors of this network"
BY = {"admin": BY_THE_NETWORK, "editor": BY_THE_NETWORK, "member": BY_EAST}
AS = {"admin": "an admin", "editor": "an editor", "member": "an editor of Health Innovation East"}
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    """East's news and Wessex's; anna, an admin, is signed in."""
    with closing(AdminHub(tmp_path)) as made:
        made.enrol()
        made.publish(EAST, OURS, at=ago(hours=3))
        made.publish(WESSEX, THEIRS, at=ago(hours=2))
        yield made


def browser(hub: AdminHub, role: str) -> AdminHub:
    """Where somebody of this role is signed in."""
    if role == "admin":
        return hub
    return hub.another("carol", Role("member", "east") if role == "member" else Role("editor"))


def what(entry: Entry, **more: str) -> dict[str, str]:
    return {"what": entry.link or "", "back": "/admin/news", **more}


def last(hub: AdminHub) -> str:
    return str(hub.store.audit(limit=1).items[0].number)


def story(hub: AdminHub) -> str:
    (found,) = hub.store.find(OURS.link or "")
    return f"/story/{found.story}"


def how(store: Store, key: int) -> tuple[bool, Withheld]:
    """How an entry is withheld, and whether somebody said so."""
    found = store.withheld(key)
    assert found is not None
    return found.by_admin, found.withheld


def explained(hub: AdminHub) -> str:
    return hub.words(f"/admin/news?q={OURS.link}")


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize("role", BY)
def test_a_withdrawal_says_everywhere_whether_its_member_or_the_network_withdrew_it(
    hub: AdminHub, role: str
) -> None:
    browser(hub, role).does("/admin/do/withdraw", what(OURS, why="It was wrong"))
    says = f"{BY[role]} withdrew it on "
    public = {
        path: hub.get(path).text
        for path in (
            *(story(hub), "/corrections", "/feeds/all.atom", "/feeds/member/east.atom"),
            *(f"/feeds/corrections.{format}" for format in ("atom", "rss", "json")),
        )
    }
    gone = hub.words(story(hub), 410)
    assert says in gone
    assert ": It was wrong." in gone
    for path, text in public.items():
        if "all" in path or "member" in path:
            (tombstone,) = etree.fromstring(text.encode()).findall(DELETED)
            by = "{http://purl.org/atompub/tombstones/1.0}by"
            assert tombstone.findtext(f"{by}/{ATOM}name") == BY[role], path
        else:
            assert says in " ".join(text.split()), path
        # Never who by name.
        assert "carol" not in text, path
        assert "anna" not in text, path
    assert f"withdrawn by {AS[role]} since" in explained(hub)


def test_a_withdrawal_by_a_command_is_an_admins(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    with closing(AdminHub(tmp_path, NETWORK)) as hub:
        hub.publish(EAST, OURS, at=ago(hours=3))
    assert command.run("withdraw", OURS.link or "").returncode == 0
    assert "withdrawn by an admin since" in command.run("explain", OURS.link or "").stdout


def test_what_an_editor_drops_that_waited_is_explained_by_who_did(hub: AdminHub) -> None:
    hub.configure(NETWORK.replace("slug: east", "slug: east\n    trust: hold"))
    hub.publish(EAST, WAITS, at=ago(hours=1))
    (waits,) = hub.store.find(WAITS.link or "")
    editor = browser(hub, "editor")
    editor.does("/admin/waiting/drop", {"feed": "east/news", "which": str(waits.key)})
    number = last(hub)
    assert "withdrawn by an editor since" in hub.words(f"/admin/news?q={WAITS.link}")
    editor.does("/admin/undo", {"number": number})
    assert "held since" in hub.words(f"/admin/news?q={WAITS.link}")
    assert hub.store.stands([waits.key])[waits.key].role is None


# ---------------------------------------------------------------- taken back, and decided again


@pytest.mark.parametrize("role", BY)
def test_what_is_withdrawn_again_by_undo_is_so_by_whom_it_was(hub: AdminHub, role: str) -> None:
    browser(hub, role).does("/admin/do/withdraw", what(OURS, why="It was wrong"))
    withdrawn = last(hub)
    (before,) = hub.store.find(OURS.link or "")
    stood = how(hub.store, before.key)
    editor = hub.another("erin", Role("editor"))
    for action, fields in (("undo", {"number": withdrawn}), ("do/release", what(OURS))):
        editor.does(f"/admin/{action}", fields)
        assert "Pocket scanner" in hub.words(story(hub))
        editor.does("/admin/undo", {"number": last(hub)})
        assert how(hub.store, before.key) == stood
        assert f"{BY[role]} withdrew it on" in hub.words(story(hub), 410)
        assert f"withdrawn by {AS[role]} since" in explained(hub)


def test_what_the_network_withdraws_too_is_its_word_from_then_on(hub: AdminHub) -> None:
    member = browser(hub, "member")
    member.does("/admin/do/withdraw", what(OURS))
    number = last(hub)
    said = hub.another("erin", Role("editor")).does("/admin/do/withdraw", what(OURS))
    assert said == f"{OURS.link} was withdrawn already; an editor’s word it is now, which no poll undoes."
    assert f"{BY_THE_NETWORK} withdrew it on" in hub.words(story(hub), 410)
    # So its member does not publish it again.
    refused = member.refuses("/admin/undo", {"number": number})
    assert "It was decided again since: it is withdrawn by an editor. Nothing was done." in refused
    assert hub.words(story(hub), 410)


def test_who_is_refused_is_told_whose_word_it_is_by_now(hub: AdminHub) -> None:
    hub.does("/admin/do/withdraw", what(OURS))
    number = last(hub)
    hub.does("/admin/do/release", what(OURS))
    refused = hub.refuses("/admin/undo", {"number": number})
    assert "It was decided again since: it is published. Nothing was done." in refused
    browser(hub, "member").does("/admin/do/withdraw", what(OURS, why="It was wrong"))
    refused = hub.refuses("/admin/undo", {"number": number})
    assert "it is withdrawn by an editor of its member (It was wrong). Nothing was done." in refused


# ---------------------------------------------------------------- what is stored


@pytest.mark.parametrize("role", [*BY, None])
def test_both_databases_keep_who_withdrew_news_and_of_its_members_other_feeds_too(
    store: Store, role: RoleName | None
) -> None:
    theirs = replace(TOLD, feed=WEST.key)
    poll(store, WEST, theirs)
    key = key_of(store, TOLD.link)
    left = store.withdraw([key], "it was wrong", STORE_NOW, role=role)
    assert left == store.stands([key])
    assert left[key].role == role
    (found,) = store.withdrawn()
    assert (found.withheld.role, found.stand) == (role, left[key])
    # As it comes, by another feed of its member.
    poll(store, WEST_BLOG, replace(theirs, feed=WEST_BLOG.key))
    other = next(each.key for each in store.walk() if each.key != key)
    assert how(store, other) == (True, found.withheld)
    store.release([key], for_good=False)
    assert store.stands([key])[key].role is None


def test_who_dropped_what_waits_again_is_forgotten(store: Store) -> None:
    store.sync(MEMBERS, [replace(each, trust="hold") for each in FEEDS], authority="news.example.org")
    poll(store, replace(EAST_FEED, trust="hold"), entry("waits", link="https://east.example/waits"))
    key = key_of(store, "https://east.example/waits")
    waited = store.stands([key])
    left = store.withdraw([key], "", STORE_NOW, role="editor")
    assert store.wait_again(waited, left) == 1
    assert store.stands([key]) == waited


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "taken over"])
def test_a_backup_that_is_put_back_says_who_withdrew_news(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    command = Command(tmp_path)
    command.write({})
    in_file = f"sqlite:///{tmp_path}/hub.db"
    with new_store() if kind != "sqlite" else nullcontext(in_file) as url:
        backed_up, copy = in_file if kind == "taken over" else url, str(tmp_path / "copy")
        with closing(open_store(backed_up)) as original:
            original.sync(MEMBERS, FEEDS, authority="news.example.org")
            poll(original, EAST_FEED, TOLD)
            original.withdraw([key_of(original, TOLD.link)], "it was wrong", STORE_NOW, role="member")
            before = original.withdrawn()
        assert command.run("backup", copy, "--database", backed_up).returncode == 0
        if kind != "taken over":
            with closing(open_store(url)) as changed:
                changed.withdraw([key_of(changed, TOLD.link)], "", STORE_NOW, role="admin")
                assert changed.withdrawn() != before
        restored = command.run("restore", copy, "--database", url)
        assert restored.returncode == 0, restored.stderr
        with closing(open_store(url)) as after:
            assert after.withdrawn() == before
            assert after.withdrawn()[0].withheld.role == "member"


def test_what_was_withdrawn_before_that_was_kept_reads_as_it_did_and_is_taken_back(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol()
        hub.publish(EAST, OURS, at=ago(hours=3))
        browser(hub, "member").does("/admin/do/withdraw", what(OURS, why="It was wrong"))
        number = last(hub)
        (record,) = (each for each in hub.store.audit(limit=9).items if str(each.number) == number)
        # As an earlier hub left the database.
        ((stand, *keys),) = msgspec.json.decode(record.undo["left"])
        undo = {**record.undo, "left": msgspec.json.encode([[stand[:5], *keys]]).decode()}
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None)) as older:
        written = msgspec.json.encode(undo).decode()
        older.execute("UPDATE audit SET undo = ? WHERE id = ?", (written, number))
        older.execute("ALTER TABLE standings DROP COLUMN role")
        older.execute("DELETE FROM _sqlite_migrations WHERE name = 'm037_who_withdrew_news'")
    with closing(AdminHub(tmp_path)) as hub:
        hub.sign_in()
        assert f"{BY_THE_NETWORK} withdrew it on" in hub.words(story(hub), 410)
        assert "withdrawn by an admin since" in explained(hub)
        hub.does("/admin/undo", {"number": number})
        assert "Pocket scanner" in hub.words(story(hub))
        hub.does("/admin/undo", {"number": last(hub)})
        assert f"{BY_THE_NETWORK} withdrew it on" in hub.words(story(hub), 410)
        assert hub.store.check() == ()
