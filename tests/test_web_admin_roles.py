"""Who may do what on the admin pages: each page and each action with each role, and what each is shown."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import psycopg
import pytest
from msgspec.structs import replace

from hub.admin.desk import Desk
from hub.admin.users import invitation
from hub.audit import Decision
from hub.errors import AlreadySo, NotAllowed, StoreError
from hub.model import ADMIN as AN_ADMIN
from hub.model import Admitted, Channel, Entry, HubSettings, Invitation, Role, RoleName, Subject, Way
from hub.roles import RIGHTS, Right, may, refusal, right_for
from hub.store import Store, open_store
from hub.web.admin.actions import ACTIONS, ON_ACCOUNTS, ON_FILE, ON_NEWS
from hub.web.admin.own import OwnDesk
from tests.admin_hub import ADMIN, PASSWORD, AdminHub
from tests.commands import Hub as Command
from tests.older import older_database
from tests.postgresql import new_store, programs
from tests.web_hub import EAST, NATIONAL, NETWORK, NOW, WESSEX, ago, news

EDITOR, OF_EAST = Role("editor"), Role("member", "east")
ROLES: dict[str, Role] = {"admin": AN_ADMIN, "editor": EDITOR, "member": OF_EAST}
A, E, M = "admin", "admin editor", "admin editor member"

# Whom each page is for, by its endpoint and method: what is not in it, somebody has to think of.
PAGES = {
    "admin._with_its_slash GET": M,
    "admin.access.sign_out POST": M,
    "admin.overview.overview GET": M,
    "admin.feeds.feeds GET": M,
    "admin.feeds.feed GET": M,
    "admin.feeds.check POST": M,
    "admin.documents.see POST": M,
    "admin.documents.show GET": M,
    "admin.documents.whole GET": M,
    "admin.waiting.waiting GET": M,
    "admin.waiting.publish POST": E,
    "admin.waiting.drop POST": E,
    "admin.news.news GET": M,
    "admin.published.show GET": M,
    "admin.published.as_table GET": M,
    "admin.readers.show GET": M,
    "admin.readers.as_table GET": M,
    "admin.actions.do POST": M,
    "admin.actions.undo POST": M,
    "admin.topics.topics GET": E,
    "admin.topics.topic GET": E,
    "admin.topics.change POST": E,
    "admin.topics.new_topic GET": A,
    "admin.topics.add POST": A,
    "admin.topics.remove POST": A,
    "admin.audit.audit GET": E,
    "admin.audit.one GET": E,
    "admin.audit.table GET": E,
    "admin.add.show GET": A,
    "admin.add.look POST": A,
    "admin.add.add POST": A,
    "admin.file.show GET": A,
    "admin.file.see POST": A,
    "admin.file.save POST": A,
    "admin.file.tags GET": A,
    "admin.file.tags POST": A,
    "admin.file.apply POST": A,
    "admin.accounts.accounts GET": A,
    "admin.accounts.shown_once GET": A,
    "admin.accounts.take_back POST": A,
    "admin.accounts.invite POST": A,
    "admin.accounts.change_role POST": A,
    "admin.accounts.remove POST": A,
    "admin.accounts.end POST": A,
}
# Those are for who is not signed in, too.
DOOR = {
    f"admin.{each}"
    for each in (
        *("access.sign_in GET", "access.sign_in POST", "access.welcome GET", "access.welcome POST"),
        *("provider.depart POST", "provider.come_back GET"),
    )
}
OF_ACTIONS = {
    **dict.fromkeys(ON_NEWS, E),
    **dict.fromkeys((*ON_FILE, *ON_ACCOUNTS), A),
    "withdraw": M,
    "restore": M,
}
OURS = news("e", "Pocket scanner finds clots", text="A scanner.", link="https://east.example/scanner")
WAITS = news("q", "Unusual news of the east", text="Waits.", link="https://east.example/unusual")
THEIRS = news("w", "Buses run late", text="Buses run late.", link="https://wessex.example/buses")
HELD = news("n", "A notice that waits", text="Held.", link="https://national.example/held")
HOLDING = NETWORK.replace("type: national", "type: national\n    trust: hold")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    """East's news, Wessex's, and the nation's that waits; anna, an admin, is signed in."""
    with closing(AdminHub(tmp_path, HOLDING)) as made:
        made.enrol()
        made.publish(EAST, OURS, at=ago(hours=3))
        made.publish(WESSEX, THEIRS, at=ago(hours=2))
        made.publish(NATIONAL, HELD, at=ago(hours=1))
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = new_store() if request.param == "postgresql" else nullcontext(f"sqlite:///{tmp_path}/hub.db")
    with made as url:
        yield url


def routes(hub: AdminHub) -> dict[str, str]:
    """Where each page is, by its endpoint and method."""
    places = {"number": "1", "action": "withdraw", "feed": "east/news", "term": "safety", "token": "x"}
    return {
        f"{rule.endpoint} {method}": re.sub(r"<(?:\w+:)?(\w+)>", lambda found: places[found[1]], rule.rule)
        for rule in hub.app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def asked(hub: AdminHub, key: str, path: str) -> int:
    return (hub.post(path) if key.endswith("POST") else hub.get(path)).status_code


def links(hub: AdminHub, entry: Entry) -> dict[str, str]:
    return {"what": entry.link or "", "was": "published", "back": "/admin/news"}


def standing(hub: AdminHub, entry: Entry) -> str:
    (found,) = hub.store.find(entry.link or "")
    return found.standing


# ---------------------------------------------------------------- every page, every action


@pytest.mark.parametrize("name", ROLES)
def test_each_page_is_for_whom_somebody_has_thought_of(hub: AdminHub, name: str) -> None:
    found = routes(hub)
    assert set(found) == {*PAGES, *DOOR}, "say in PAGES whom a new page is for"
    bob = hub.another("bob", ROLES[name])
    # The last: it ends the session.
    for key in sorted(PAGES, key=lambda each: "sign_out" in each):
        status = asked(bob, key, found[key])
        assert (status != 403) is (name in PAGES[key].split()), (key, status)
        assert status < 500, (key, status)


def test_a_page_that_does_not_say_whom_it_is_for_is_for_admins_alone(hub: AdminHub) -> None:
    view = hub.app.view_functions["admin.overview.overview"]
    bob = hub.another("bob", EDITOR)
    hub.app.view_functions["admin.overview.overview"] = lambda: view()  # type: ignore[assignment]
    assert bob.get("/admin/").status_code == 403
    assert hub.get("/admin/").status_code == 200


@pytest.mark.parametrize("name", ROLES)
def test_each_action_is_for_whom_somebody_has_thought_of(hub: AdminHub, name: str) -> None:
    assert set(OF_ACTIONS) == {*ON_NEWS, *ON_FILE, *ON_ACCOUNTS}
    bob = hub.another("bob", ROLES[name])
    for action in (*ACTIONS, *ON_FILE):
        status = bob.post(f"/admin/do/{action}").status_code
        # What lacks its fields is refused as that.
        assert status == (409 if name in OF_ACTIONS[action].split() else 403), action
    for action in OF_ACTIONS:
        hub.sql(
            "INSERT INTO audit (moment, who, action, about, said, change, undo) VALUES"
            f" ('2026-11-24T15:30:00Z', 'bob', 'x', 'x', 'x', '', '{{\"action\": \"{action}\"}}')"
        )
        ((number,),) = hub.sql("SELECT MAX(id) FROM audit")
        refused = bob.get(f"/admin/?done={number}").text.count("/admin/undo") == 0
        assert refused is (name not in OF_ACTIONS[action].split()), action
        if refused:
            assert bob.post("/admin/undo", {"number": str(number)}).status_code == 403, action


@pytest.mark.parametrize("name", ROLES)
def test_no_page_leads_to_what_its_reader_may_not_do(hub: AdminHub, name: str) -> None:
    """Nor has it a button for it."""
    hub.publish(NATIONAL, HELD, news("m", "Another", link="https://national.example/m"), at=ago(minutes=30))
    hub.does("/admin/do/withdraw", links(hub, OURS))
    hub.sql("UPDATE feeds SET paused = 1 WHERE member = 'east'")
    bob = hub.another("bob", ROLES[name])
    todo, seen = ["/admin/", *(f"/admin/news?q={each.link}" for each in (OURS, THEIRS, HELD))], set()
    matching = hub.app.url_map.bind("127.0.0.1")
    while todo:
        path = todo.pop()
        seen.add(path)
        tree = bob.tree(path)
        tree.make_links_absolute(f"http://127.0.0.1:8000{path}")
        for link in tree.xpath("//a[@href]/@href"):
            to = link.removeprefix("http://127.0.0.1:8000").partition("#")[0]
            if to.startswith("/admin/") and to not in seen and ".csv" not in to and "/audit/" not in to:
                todo.append(to)
        for action in tree.xpath("//form[@method='post']/@action | //button[@formaction]/@formaction"):
            to = action.removeprefix("http://127.0.0.1:8000").partition("#")[0]
            endpoint, values = matching.match(to, method="POST")
            may_be_for = OF_ACTIONS[values["action"]] if "action" in values else PAGES[f"{endpoint} POST"]
            assert name in may_be_for.split(), (path, to)
    assert ("/admin/accounts" in seen) is (name == "admin")
    assert ("/admin/audit" in seen) is (name != "member")
    assert "/admin/feed/east/news" in seen


def test_who_is_refused_is_told_who_may(hub: AdminHub) -> None:
    bob, carol = hub.another("bob", EDITOR), hub.another("carol", OF_EAST)
    said = bob.words("/admin/file", 403)
    assert "Editors may not change feeds.yaml; admins may." in said
    assert "You are an editor here." in said
    said = carol.words("/admin/audit", 403)
    assert "Editors of a member may not see what was done by whom; editors and admins may." in said
    assert "This is not of east" in carol.words("/admin/feed/wessex/news", 403)
    for role in ROLES.values():
        for right in get_args(Right):
            if not may(role, right):
                assert isinstance(refusal(role, right), NotAllowed)
    assert RIGHTS["member"] < RIGHTS["editor"] < RIGHTS["admin"] == set(get_args(Right))


def test_an_action_that_nobody_thought_of_is_for_admins_alone() -> None:
    right = right_for("thought-of-by-nobody")
    assert [name for name, role in ROLES.items() if may(role, right)] == ["admin"]


# ---------------------------------------------------------------- editors


def test_an_editor_decides_on_news_and_takes_it_back(hub: AdminHub) -> None:
    bob = hub.another("bob", EDITOR)
    bob.undoes("/admin/do/withdraw", links(hub, OURS))
    assert standing(hub, OURS) == "published"
    bob.undoes("/admin/do/pin", {"link": OURS.link or "", "back": "/admin/"})
    bob.undoes("/admin/do/tag", {"link": OURS.link or "", "term": "stroke", "back": "/admin/"})
    bob.does("/admin/do/release", {"what": HELD.link or "", "was": "held", "back": "/admin/waiting"})
    assert standing(hub, HELD) == "published"
    # What another did, too.
    hub.does("/admin/do/withdraw", links(hub, THEIRS))
    bob.does("/admin/undo", {"number": str(hub.store.audit(limit=1).items[0].number)})
    assert standing(hub, THEIRS) == "published"


def test_an_editor_tries_a_rule_and_saves_none(hub: AdminHub) -> None:
    bob = hub.another("bob", EDITOR)
    form = bob.tree("/admin/topics/stroke").xpath("//form[@id='rule']")[0]
    assert form.xpath(".//button[@value='save']") == []
    sent = {name: value or "" for name, value in form.form_values()} | {"any": "scanner"}
    tried = bob.post("/admin/topics/stroke", {**sent, "do": "try"})
    assert tried.status_code == 200
    assert "Editors may not change feeds.yaml; admins may." in tried.text
    before = hub.path.read_text(encoding="utf-8")
    assert bob.post("/admin/topics/stroke", {**sent, "do": "save"}).status_code == 403
    assert hub.path.read_text(encoding="utf-8") == before
    assert hub.post("/admin/topics/stroke", {**sent, "do": "save"}).status_code == 303


def test_an_editor_is_not_sent_to_mend_a_file_that_they_may_not_change(hub: AdminHub) -> None:
    hub.path.write_text(NETWORK.replace("any: [stroke]", "anyone: [stroke]"), encoding="utf-8")
    bob = hub.another("bob", EDITOR)
    for path in ("/admin/topics", "/admin/topics/stroke"):
        assert "The page feeds.yaml is where to mend it." in hub.words(path)
        assert "An admin can mend it." in bob.words(path)


def test_an_editor_does_not_take_back_a_change_of_the_file(hub: AdminHub) -> None:
    hub.does("/admin/do/remove", {"feed": "wessex/blog", "back": "/admin/file"})
    number = str(hub.store.audit(limit=1).items[0].number)
    bob = hub.another("bob", EDITOR)
    assert "feeds.yaml" in bob.refuses("/admin/undo", {"number": number})
    assert "/admin/undo" not in bob.get(f"/admin/audit/{number}").text
    assert "wessex.example/blog" not in hub.path.read_text(encoding="utf-8")


def test_an_editor_sees_that_the_file_was_changed_and_not_its_lines(hub: AdminHub) -> None:
    hub.does("/admin/do/remove", {"feed": "wessex/blog", "back": "/admin/file"})
    number = hub.store.audit(limit=1).items[0].number
    bob = hub.another("bob", EDITOR)
    for path in ("/admin/audit", f"/admin/audit/{number}", "/admin/audit.csv"):
        assert "wessex.example/blog" in hub.get(path).text, path
        seen = bob.get(path).text
        assert "is no longer polled" in seen or "wessex/blog" in seen, path
        assert "wessex.example/blog" not in seen, path
    form = bob.tree("/admin/topics/stroke").xpath("//form[@id='rule']")[0]
    sent = {name: value or "" for name, value in form.form_values()} | {"any": "scanner", "do": "try"}
    assert "What would be written" in hub.post("/admin/topics/stroke", sent).text
    tried = bob.post("/admin/topics/stroke", sent)
    assert tried.status_code == 200
    assert "What would be written" not in tried.text
    assert "The rule is the one of the file." not in tried.text


# ---------------------------------------------------------------- editors of a member


def test_an_editor_of_a_member_withdraws_its_news_and_takes_that_back(hub: AdminHub) -> None:
    carol = hub.another("carol", OF_EAST)
    said = carol.does("/admin/do/withdraw", {**links(hub, OURS), "why": "It was wrong"})
    assert said == "“Pocket scanner finds clots” by Health Innovation East is withdrawn."
    assert standing(hub, OURS) == "withdrawn"
    # Also later, from its own page.
    page = carol.tree(f"/admin/news?q={OURS.link}")
    (form,) = page.xpath("//main//form[@method='post']")
    carol.does(form.get("action"), {name: value or "" for name, value in form.form_values()})
    assert standing(hub, OURS) == "published"
    carol.undoes("/admin/do/withdraw", links(hub, OURS))
    assert standing(hub, OURS) == "published"


def test_an_editor_of_a_member_takes_back_what_they_did_alone(hub: AdminHub) -> None:
    carol = hub.another("carol", OF_EAST)
    hub.does("/admin/do/withdraw", links(hub, OURS))
    number = str(hub.store.audit(limit=1).items[0].number)
    assert carol.post("/admin/undo", {"number": number}).status_code == 403
    assert carol.tree(f"/admin/news?q={OURS.link}").xpath("//main//form[@method='post']") == []
    # Nor are they told of it.
    assert "Pocket scanner" not in carol.html(f"/admin/?done={number}")
    assert carol.post("/admin/do/release", {"what": OURS.link or ""}).status_code == 403
    assert standing(hub, OURS) == "withdrawn"
    # What was decided again since is left so.
    hub.does("/admin/undo", {"number": number})
    carol.does("/admin/do/withdraw", links(hub, OURS))
    own = str(hub.store.audit(limit=1).items[0].number)
    hub.does("/admin/do/release", {"what": OURS.link or ""})
    hub.does("/admin/do/withdraw", {**links(hub, OURS), "why": "For good"})
    assert carol.post("/admin/undo", {"number": own}).status_code == 409
    assert standing(hub, OURS) == "withdrawn"


@pytest.mark.parametrize(
    "fields",
    [
        {"what": THEIRS.link},
        {"what": THEIRS.link, "member": "east"},
        {"what": THEIRS.link, "member": "wessex"},
        {"what": OURS.link, "member": "wessex/news"},
        {"what": "wessex"},
        {"what": "national"},
        {"what": "national/"},
        {"what": "national/news"},
        {"what": "national/news", "member": "east"},
        {"what": "east"},
        {"what": "east/news"},
        {"what": WAITS.link},
        {"what": "https://nowhere.example/"},
    ],
)
def test_an_editor_of_a_member_withdraws_nothing_else(hub: AdminHub, fields: dict[str, str]) -> None:
    # An id can be written as a feed is called, of which all that waits would be meant.
    named = [
        news(each, f"Called {each}", link=f"https://east.example/{number}")
        for number, each in enumerate(("national", "national/", "national/news", "east/news"))
    ]
    hub.publish(EAST, OURS, *named)
    hub.configure(HOLDING.replace("https://east.example/\n", "https://east.example/\n    trust: hold\n"))
    hub.publish(EAST, OURS, *named, WAITS, at=ago(minutes=-1))
    assert standing(hub, WAITS) == "held"
    before = hub.sql("SELECT entry, standing FROM standings")
    carol = hub.another("carol", OF_EAST)
    answer = carol.post("/admin/do/withdraw", {**fields, "back": "/admin/"})
    assert answer.status_code in (403, 409)
    assert hub.sql("SELECT entry, standing FROM standings") == before


def test_an_editor_of_a_member_with_a_link_that_another_has_too_withdraws_their_own(hub: AdminHub) -> None:
    hub.publish(WESSEX, THEIRS, news("w2", OURS.title, link=OURS.link, text="A scanner."), at=ago(minutes=5))
    assert len(hub.store.find(OURS.link or "")) == 2
    hub.another("carol", OF_EAST).does("/admin/do/withdraw", links(hub, OURS))
    assert {each.member.slug: each.standing for each in hub.store.find(OURS.link or "")} == {
        "east": "withdrawn",
        "wessex": "published",
    }


def test_a_storys_address_is_that_of_the_members_own_entry_in_it(hub: AdminHub) -> None:
    hub.does("/admin/do/merge", {"link": OURS.link or "", "into": THEIRS.link or "", "back": "/admin/"})
    ((story,),) = hub.sql("SELECT DISTINCT story FROM entries WHERE member IN ('east', 'wessex')")
    carol = hub.another("carol", OF_EAST)
    said = carol.words(f"/admin/news?q=/story/{story}")
    assert "Pocket scanner finds clots" in said
    assert "It is published" in said
    # Of another's alone nothing is told.
    ((held,),) = hub.sql("SELECT story FROM entries WHERE member = 'national'")
    hub.does("/admin/do/release", {"what": HELD.link or "", "back": "/admin/"})
    hub.does("/admin/do/withdraw", {"what": HELD.link or "", "back": "/admin/"})
    ((gone,),) = hub.sql("SELECT story FROM entries WHERE member = 'national'")
    for number in (held, gone):
        assert "national.example" not in carol.words(f"/admin/news?q=/story/{number}")


def test_an_editor_of_a_member_sees_what_is_its_alone(hub: AdminHub) -> None:
    hub.fail(EAST, "It answers with 500.", "status", at=ago(minutes=20))
    hub.fail(WESSEX, "It answers with 500.", "status", at=ago(minutes=10))
    hub.configure(HOLDING.replace("https://east.example/\n", "https://east.example/\n    trust: hold\n"))
    hub.publish(EAST, OURS, WAITS, at=ago(minutes=5))
    carol = hub.another("carol", OF_EAST)
    for path in ("/admin/", "/admin/feeds", "/admin/waiting", "/admin/news?q=news", "/admin/feed/east/news"):
        said = carol.words(path)
        for other in ("Wessex", "wessex", "National", "national", "Buses", "notice"):
            assert other not in said, path
    assert "Health Innovation East" in carol.words("/admin/feeds")
    assert "Unusual news of the east" in carol.words("/admin/waiting")
    assert "Unusual news of the east" in carol.words("/admin/news?q=unusual")
    assert "Pocket scanner finds clots" in carol.words("/admin/news?q=scanner")
    for theirs in (THEIRS.link, HELD.link, "wessex/news", "wessex", "https://wessex.example/feed/"):
        said = carol.words(f"/admin/news?q={theirs}")
        assert f"No entry of east has {theirs}" in said
    assert "Buses run late" not in carol.words("/admin/news?q=Buses")
    assert "A notice that waits" not in carol.words("/admin/news?q=notice")
    assert "A check of east/news was asked for." in carol.does("/admin/check/east/news")
    assert carol.post("/admin/check/wessex/blog").status_code == 403
    assert "wessex/news" in hub.words("/admin/")


def test_what_waits_of_a_member_its_editor_sees_however_much_of_others_waits(hub: AdminHub) -> None:
    hub.configure(HOLDING.replace("https://east.example/\n", "https://east.example/\n    trust: hold\n"))
    hub.publish(EAST, OURS, WAITS, at=ago(minutes=50))
    many = [f"https://national.example/{number}" for number in range(100)]
    hub.publish(NATIONAL, *(news(each, f"News at {each}", link=each) for each in many), at=ago(minutes=5))
    assert "Unusual news of the east" in hub.another("carol", OF_EAST).words("/admin/waiting")
    assert "Unusual news of the east" not in hub.words("/admin/waiting")


def test_an_editor_whose_member_has_left_the_file_is_told_so_and_withdraws_its_news(hub: AdminHub) -> None:
    carol = hub.another("carol", OF_EAST)
    hub.configure(HOLDING.replace("slug: east", "slug: far-east"))
    assert "No feed of east is in feeds.yaml." in carol.words("/admin/")
    said = carol.words("/admin/feeds")
    assert "There are no feeds of east in feeds.yaml." in said
    assert "1 feed is checked no more" in said
    carol.does("/admin/do/withdraw", links(hub, OURS))
    assert standing(hub, OURS) == "withdrawn"


def test_nobody_is_told_of_or_takes_back_what_another_of_their_name_did(hub: AdminHub) -> None:
    hub.another("bob", AN_ADMIN).does("/admin/do/withdraw", links(hub, OURS))
    number = str(hub.store.audit(limit=1).items[0].number)
    hub.does("/admin/accounts/remove", {"name": "bob"})
    hub.now += timedelta(days=1)
    hub.sign_in()
    bob = hub.another("bob", OF_EAST)
    assert "Pocket scanner" not in bob.html(f"/admin/?done={number}")
    assert bob.tree(f"/admin/news?q={OURS.link}").xpath("//main//form[@method='post']") == []
    assert bob.post("/admin/undo", {"number": number}).status_code == 403
    assert standing(hub, OURS) == "withdrawn"


class Late(Desk, frozen=True):
    """A desk for which the database is to be had only once something has happened there."""

    happens: Callable[[Store], object] = bool

    def carry_out(
        self, action: str, decision: Decision, *, who: str, now: datetime, undoes: int | None = None
    ) -> int:
        with closing(open_store(self.database)) as store:
            self.happens(store)
        return super().carry_out(action, decision, who=who, now=now, undoes=undoes)


def end(store: Store) -> None:
    (bobs,) = (each for each in store.sessions(NOW) if each.account == "bob")
    assert store.sign_out(bobs.number)


@pytest.mark.parametrize(
    "happens",
    [lambda store: store.expel("bob", NOW), lambda store: store.give_role("bob", OF_EAST), end],
    ids=["removed", "another role", "signed out"],
)
@pytest.mark.parametrize("role", [EDITOR, Role("member", "wessex")], ids=str)
def test_who_may_no_more_once_the_database_is_to_be_had_has_nothing_done(
    url: str, tmp_path: Path, happens: Callable[[Store], object], role: Role
) -> None:
    with closing(AdminHub(tmp_path, HOLDING, database=url)) as hub:
        hub.enrol()
        hub.publish(WESSEX, THEIRS, at=ago(hours=2))
        bob = hub.another("bob", role)
        hub.app.site.desk = Late(hub.path, hub.database, happens=happens)
        said = bob.refuses("/admin/do/withdraw", links(hub, THEIRS))
        assert "You were signed out meanwhile, or have another role by now, so nothing was done." in said
        assert standing(hub, THEIRS) == "published"
        assert "bob" not in {each.who for each in hub.store.audit("withdraw", limit=9).items}


# ---------------------------------------------------------------- who has which


def test_another_role_holds_at_once_and_can_be_taken_back(hub: AdminHub) -> None:
    bob = hub.another("bob", EDITOR)
    assert bob.get("/admin/accounts").status_code == 403
    said = hub.does("/admin/accounts/role", {"name": "bob", "role": "admin"})
    assert said == "bob is an admin now, and was an editor."
    assert bob.get("/admin/accounts").status_code == 200
    number = str(hub.store.audit(limit=1).items[0].number)
    assert "bob is an editor now" in hub.does("/admin/undo", {"number": number})
    assert bob.get("/admin/accounts").status_code == 403
    said = hub.does("/admin/accounts/role", {"name": "bob", "role": "member:east"})
    assert said == "bob is an editor of east now, and was an editor."
    assert "an editor of Health Innovation East" in bob.html("/admin/")
    # It is the role that it was taken from no more.
    number = str(hub.store.audit(limit=1).items[0].number)
    hub.does("/admin/accounts/role", {"name": "bob", "role": "admin"})
    assert "another role by now" in hub.refuses("/admin/undo", {"number": number})
    assert "has this role already" in hub.refuses("/admin/accounts/role", {"name": "bob", "role": "admin"})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ADMIN, "role": "editor"}, "You cannot change your own role."),
        ({"name": "nobody", "role": "editor"}, "There is no account nobody."),
        ({"name": "bob", "role": ""}, "It was not said what they may do."),
        ({"name": "bob", "role": "owner"}, "It was not said what they may do."),
        ({"name": "bob", "role": "member"}, "It was not said what they may do."),
        ({"name": "bob", "role": "editor:east"}, "It was not said what they may do."),
        ({"name": "bob", "role": "member:north"}, "There is no member north any more."),
    ],
)
def test_a_role_that_cannot_be_given_is_not(hub: AdminHub, fields: dict[str, str], says: str) -> None:
    hub.another("bob", EDITOR)
    assert says in hub.refuses("/admin/accounts/role", fields)
    assert [str(each.role) for each in hub.store.accounts()] == ["admin", "editor"]


def test_a_link_brings_the_role_that_it_was_given_for(hub: AdminHub) -> None:
    answer = hub.post("/admin/accounts/invite", {"name": "carol", "role": "member:east"})
    assert "editor of Health Innovation East" in answer.text
    link = "/admin/welcome/" + answer.text.partition("/admin/welcome/")[2].partition("<")[0]
    hub.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert hub.store.account("carol").role == OF_EAST  # type: ignore[union-attr]
    hub.sign_in()
    said = hub.store.audit("carol was given", limit=1).items[0].said
    assert said == "carol was given a link to choose a password. They will be an editor of east."
    assert "was not said" in hub.refuses("/admin/accounts/invite", {"name": "dave"})
    assert "already" in hub.refuses("/admin/accounts/invite", {"name": "carol", "role": "admin"})
    # Another password is no other role.
    answer = hub.post("/admin/accounts/invite", {"name": "carol"})
    link = "/admin/welcome/" + answer.text.partition("/admin/welcome/")[2].partition("<")[0]
    hub.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert hub.store.account("carol").role == OF_EAST  # type: ignore[union-attr]


def test_both_databases_keep_one_admin_and_what_each_is(url: str) -> None:
    with closing(open_store(url)) as store:

        def enrol(name: str, role: Role, giver: str = "") -> None:
            invited = Invitation(name=name, giver=giver, until=NOW + timedelta(days=1), role=role)
            store.invite(invited, f"token of {name}")
            assert store.invited(f"token of {name}", NOW) == invited
            assert store.enrol(f"token of {name}", name, "hash", NOW)

        enrol("anna", AN_ADMIN)
        enrol("bob", EDITOR)
        enrol("carol", OF_EAST)
        assert store.sign_in("bob", "bob's", agent="", now=NOW)
        assert {each.name: each.role for each in store.accounts()} == {
            "anna": AN_ADMIN,
            "bob": EDITOR,
            "carol": OF_EAST,
        }
        with pytest.raises(StoreError, match="anna is the only admin"):
            store.give_role("anna", EDITOR)
        with pytest.raises(StoreError, match="anna is the only admin"):
            store.expel("anna", NOW)
        with pytest.raises(AlreadySo):
            store.give_role("bob", EDITOR)
        with pytest.raises(StoreError, match="another role by now"):
            store.give_role("bob", AN_ADMIN, seen=OF_EAST)
        assert store.give_role("bob", AN_ADMIN) == EDITOR
        assert store.session("bob's", NOW).role == AN_ADMIN  # type: ignore[union-attr]
        # Who is no admin any more has left no way back.
        invited = Invitation(name="mallory", giver="anna", until=NOW + timedelta(days=1), role=AN_ADMIN)
        store.invite(invited, "mallory's")
        assert store.give_role("anna", OF_EAST, seen=AN_ADMIN) == AN_ADMIN
        assert store.invited("mallory's", NOW) is None
        with pytest.raises(StoreError, match="bob is the only admin"):
            store.expel("bob", NOW)
        assert store.expel("bob", NOW, last=True)
        assert store.give_role("anna", AN_ADMIN) == OF_EAST


def test_both_databases_find_what_is_not_published_of_a_member_alone(url: str, tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path, HOLDING, database=url)) as hub:
        hub.publish(NATIONAL, HELD)
        found = [hub.store.unpublished(["notice"], member, limit=9) for member in (None, "national", "east")]
        assert [len(each) for each in found] == [1, 1, 0]


def test_two_admins_who_remove_each_other_leave_one(url: str) -> None:
    with closing(open_store(url)) as store:
        for name in ("anna", "bob"):
            invited = Invitation(name=name, giver="", until=NOW + timedelta(days=1), role=AN_ADMIN)
            store.invite(invited, name)
            assert store.enrol(name, name, "hash", NOW)
    both, refused = threading.Barrier(2), []

    def demote(name: str) -> None:
        with closing(open_store(url)) as store:
            both.wait()
            try:
                store.give_role(name, EDITOR)
            except StoreError as error:
                refused.append(error)

    threads = [threading.Thread(target=demote, args=(name,)) for name in ("anna", "bob")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 1
    with closing(open_store(url)) as store:
        assert sorted(str(each.role) for each in store.accounts()) == ["admin", "editor"]


def test_feeds_yaml_says_at_each_sign_in_what_somebody_is(url: str) -> None:
    with closing(open_store(url)) as store:
        bob = Subject(issuer="https://a.example", sub="1", called="bob", rule="groups=x", role=EDITOR)
        assert store.let_in(bob, "bob", invitation="", now=NOW).by_rule
        for role in (EDITOR, AN_ADMIN, EDITOR):
            told = Subject(issuer=bob.issuer, sub=bob.sub, called="bob", rule="groups=y", role=role)
            assert store.let_in(told, "bob", invitation="", now=NOW).account == "bob"
            account = store.account("bob")
            assert account is not None
            assert (account.role, account.by_rule) == (role, True)
        with pytest.raises(StoreError, match=r"feeds\.yaml says"):
            store.give_role("bob", AN_ADMIN)
        nobody = Subject(issuer=bob.issuer, sub=bob.sub, called="bob")
        assert store.let_in(nobody, "bob", invitation="", now=NOW).refusal == "ruled-out"
        # Whose role was given by hand, no rule changes.
        invited = Invitation(name="carol@a.example", giver="", until=NOW + timedelta(days=1), role=OF_EAST)
        store.invite(invited, "carol's")
        carol = Subject(issuer="https://a.example", sub="2", name="carol@a.example", rule="x", role=AN_ADMIN)
        for _ in range(2):
            assert store.let_in(carol, "carol@a.example", invitation="", now=NOW).account
            assert store.account("carol@a.example").role == OF_EAST  # type: ignore[union-attr]


def test_who_is_no_admin_any_more_by_feeds_yaml_loses_the_links_that_they_gave(url: str) -> None:
    bob = Subject(issuer="https://a.example", sub="1", called="bob", rule="x", role=AN_ADMIN)
    with closing(open_store(url)) as store:
        assert store.let_in(bob, "bob", invitation="", now=NOW).account == "bob"
        for name, giver in (("dave", "bob"), ("eve", "anna")):
            link = Invitation(name=name, giver=giver, until=NOW + timedelta(days=1), role=AN_ADMIN)
            store.invite(link, f"{giver}'s")
        assert store.let_in(bob, "bob", invitation="", now=NOW).account == "bob"
        assert store.invited("bob's", NOW) is not None
        editor = replace(bob, role=EDITOR)
        assert store.let_in(editor, "bob", invitation="", now=NOW).account == "bob"
        assert store.invited("bob's", NOW) is None
        assert store.invited("anna's", NOW) is not None


def test_who_is_let_in_by_feeds_yaml_is_given_no_link_by_which_they_would_stay(hub: AdminHub) -> None:
    bob = Subject(issuer="https://a.example", sub="1", called="bob", rule="x", role=AN_ADMIN)
    assert hub.store.let_in(bob, "bob", invitation="", now=NOW).by_rule
    assert "to bob" not in hub.words("/admin/accounts")
    assert "to anna" in hub.words("/admin/accounts")
    said = hub.refuses("/admin/accounts/invite", {"name": "bob"})
    assert "feeds.yaml lets bob in (hub.sign_in), as long as it names them" in said
    assert hub.store.invitations(NOW) == ()
    # Whoever has the machine can give one: the account is by hand from then on, and is said to be.
    hub.store.invite(Invitation(name="bob", giver="", until=NOW + timedelta(days=1), role=AN_ADMIN), "x")
    assert hub.store.enrol("x", "bob", "", NOW)
    assert hub.store.account("bob").by_rule  # type: ignore[union-attr]
    hub.store.invite(Invitation(name="bob", giver="", until=NOW + timedelta(days=1), role=AN_ADMIN), "x")
    assert hub.store.enrol("x", "bob", "hash", NOW)
    assert not hub.store.account("bob").by_rule  # type: ignore[union-attr]
    assert hub.store.give_role("bob", EDITOR) == AN_ADMIN
    assert hub.store.let_in(replace(bob, role=None), "bob", invitation="", now=NOW).account == "bob"
    assert hub.store.account("bob").role == EDITOR  # type: ignore[union-attr]


def test_whoever_had_an_account_before_there_were_roles_is_an_admin(tmp_path: Path) -> None:
    with closing(older_database(tmp_path / "hub.db", before="m035_roles")) as older:
        older.execute(
            "INSERT INTO accounts (name, password, made) VALUES ('anna', '', '2026-11-24T15:30:00Z')"
        )
        older.execute("INSERT INTO invitations VALUES ('bob', 'x', '2026-11-25T15:30:00Z', 'anna')")
    with closing(open_store(f"sqlite:///{tmp_path}/hub.db")) as store:
        assert [each.role for each in store.accounts()] == [AN_ADMIN]
        assert [each.role for each in store.invitations(NOW)] == [AN_ADMIN]


@pytest.mark.parametrize("written", ["", "owner", "member", "member:", "admin:east", "member:a:b", "Admin"])
def test_what_is_no_role_is_read_as_none(written: str) -> None:
    with pytest.raises(ValueError, match="is no role"):
        Role.read(written)


def test_roles_are_written_as_they_are_read() -> None:
    assert [str(Role.read(str(each))) for each in ROLES.values()] == ["admin", "editor", "member:east"]
    assert set(ROLES) == set(get_args(RoleName))


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "after a crash", "taken over"])
def test_a_backup_that_is_put_back_gives_nobody_more_than_they_had(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    command = Command(tmp_path)
    command.write({})
    on_server = kind in ("postgresql", "taken over")
    in_file = f"sqlite:///{tmp_path}/hub.db"
    with new_store() if on_server else nullcontext(in_file) as url, closing(open_store(url)) as store:

        def enrol(store: Store, **roles: Role) -> None:
            for name, role in roles.items():
                path = invitation(store, name, role, now=NOW)
                assert store.enrol(path.rpartition("/")[2], name, "hash", NOW)

        backed_up, copy = in_file if kind == "taken over" else url, str(tmp_path / "copy")
        with closing(open_store(backed_up)) as original:
            enrol(
                original, anna=AN_ADMIN, bob=AN_ADMIN, carol=AN_ADMIN, dave=EDITOR, eve=AN_ADMIN, frank=EDITOR
            )
        assert command.run("backup", copy, "--database", backed_up).returncode == 0
        if kind == "taken over":
            enrol(store, anna=AN_ADMIN, bob=AN_ADMIN, carol=AN_ADMIN, dave=EDITOR, eve=AN_ADMIN, frank=EDITOR)
        store.give_role("bob", EDITOR)
        store.give_role("carol", OF_EAST)
        store.give_role("dave", AN_ADMIN)
        assert store.expel("eve", NOW)
        # A link that nobody used has brought nobody back.
        invitation(store, "eve", OF_EAST, now=NOW)
        assert store.take_back("eve")
        # Nor is who is called so now the one that was called so then.
        assert store.expel("frank", NOW + timedelta(hours=1))
        path = invitation(store, "frank", EDITOR, now=NOW + timedelta(hours=2))
        assert store.enrol(path.rpartition("/")[2], "frank", "another", NOW + timedelta(hours=2))
        if kind != "after a crash":
            store.close()
        restored = command.run("restore", copy, "--database", url)
        assert restored.returncode == 0, restored.stderr
        assert "No more than before may: eve, frank, bob, carol." in restored.stdout
        with closing(open_store(url)) as after:
            assert {each.name: each.role for each in after.accounts()} == {
                "anna": AN_ADMIN,
                "bob": EDITOR,
                "carol": OF_EAST,
                "dave": EDITOR,
            }
            subject = Subject(issuer="https://a.example", sub="1", called="eve", rule="x", role=EDITOR)
            assert after.let_in(subject, "eve", invitation="", now=NOW).refusal == "removed"
        assert command.run("check", "--database", url).returncode == 0


def test_an_account_that_was_made_after_its_namesakes_was_removed_stays(url: str) -> None:
    with closing(open_store(url)) as store:
        for hours in (0, 2):
            at = NOW + timedelta(hours=hours)
            path = invitation(store, "bob", EDITOR, now=at)
            assert store.enrol(path.rpartition("/")[2], "bob", "hash", at)
            if not hours:
                assert store.expel("bob", NOW + timedelta(hours=1))
        removed = {"bob": NOW + timedelta(hours=1)}
        assert store.hold_to(Admitted({"bob": EDITOR}, removed), NOW + timedelta(hours=3)) == ()
        assert [each.name for each in store.accounts()] == ["bob"]
        # By rule nobody comes in under the name, now as before.
        subject = Subject(issuer="https://a.example", sub="1", called="bob", rule="x", role=EDITOR)
        assert store.let_in(subject, "bob", invitation="", now=NOW).refusal == "others"


def test_who_is_less_by_now_is_so_at_once_by_a_backup_that_a_server_takes_over(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    copy = str(tmp_path / "copy.db")
    with closing(AdminHub(tmp_path)) as hub:
        hub.another("bob", AN_ADMIN)
    assert command.run("backup", copy).returncode == 0
    with new_store() as url:
        with closing(open_store(url)) as store:
            path = invitation(store, "bob", EDITOR, now=NOW)
            assert store.enrol(path.rpartition("/")[2], "bob", "hash", NOW)
        with psycopg.connect(url) as connection:
            # Whoever is changed only once it is there may not be, if it is killed in between.
            connection.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'late'; END$$;"
                "CREATE TRIGGER late BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        restored = command.run("restore", copy, "--database", url)
        assert restored.returncode == 0, restored.stderr
        assert "No more than before may: bob." in restored.stdout
        with closing(open_store(url)) as after:
            assert after.account("bob").role == EDITOR  # type: ignore[union-attr]


def test_a_backup_that_leaves_no_admin_or_replaces_nothing_says_so(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    copy = str(tmp_path / "copy.db")
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol()
        hub.another("bob", EDITOR)
        assert command.run("backup", copy).returncode == 0
        hub.store.give_role("bob", AN_ADMIN)
        hub.store.give_role(ADMIN, EDITOR)
    assert "Nobody is an admin any more" in command.run("restore", copy).stdout
    (tmp_path / "hub.db").write_bytes(b"damaged" * 1000)
    said = command.run("restore", copy).stdout
    assert "`hub user list` says what each may do: as when the backup was made." in said
    assert "Nobody is an admin" not in said


def test_commands_give_roles(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    path = tmp_path / "feeds.yaml"
    path.write_text(NETWORK, encoding="utf-8")
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol()
        added = command.run("user", "add", "bob", "--role", "editor")
        assert added.returncode == 0, added.stderr
        assert command.run("user", "add", "carol", "--role", "member:east").returncode == 0
        said = command.run("user", "list").stdout
        assert "bob: editor, has a link" in said
        assert "carol: member:east, has a link" in said
        nobodys = command.run("user", "add", "dave", "--role", "member:north")
        assert nobodys.returncode == 1
        assert "There is no member north" in nobodys.stderr
        wrong = command.run("user", "add", "dave", "--role", "owner")
        assert wrong.returncode == 2
        assert "owner is no role; there are admin, editor, and member:SLUG" in wrong.stderr
        last = command.run("user", "role", ADMIN, "editor")
        assert last.returncode == 1
        assert "anna is the only admin" in last.stderr
        assert "hub user role NAME admin" in last.stderr
        hub.another("eve", AN_ADMIN)
        changed = command.run("user", "role", "eve", "member:east")
        assert changed.stdout == "eve is an editor of east now, and was an admin.\n"
        assert hub.store.audit(limit=1).items[0].action == "role"
        removed = command.run("user", "remove", ADMIN).stdout
        assert "Nobody is an admin any more: `hub user role NAME admin`" in removed
        assert command.run("user", "role", "eve", "admin").returncode == 0
        assert invitation(hub.store, "x", now=hub.now)


def test_an_editor_of_a_member_sees_no_document_of_another(hub: AdminHub) -> None:
    bob = hub.another("bob", OF_EAST)
    desk = OwnDesk(hub.desk, hub.store, OF_EAST)
    (ours,) = hub.store.feed_states("east")
    theirs, *_ = hub.store.feed_states("wessex")
    assert bob.post("/admin/document/wessex/news").status_code == 403
    with pytest.raises(NotAllowed):
        desk.see_document(theirs, None, HubSettings())
    errand = hub.desk.see_document(theirs, None, HubSettings())
    file = f"/admin/document.txt?feed=wessex/news&look={errand.number}"
    assert desk.seen_document(theirs.feed.key, errand.number) is None
    assert hub.desk.seen_document(theirs.feed.key, errand.number) is errand
    assert bob.get(file).status_code == 404
    errand = desk.see_document(ours, None, HubSettings())
    assert desk.seen_document(ours.feed.key, errand.number) is errand


def test_editors_are_told_that_people_are_not_and_admins_alone_why(hub: AdminHub) -> None:
    for way in (Way("mail"), Way("mail", "east"), Way("mail", "wessex")):
        error = f"It takes no mail for web@{way.member}.example."
        hub.store.keep_channel(Channel(way=way, since=NOW, due=NOW, error=error, remedy="Look."))
    assert "web@east.example" in hub.words("/admin/")
    words = hub.another("eve", EDITOR).words("/admin/")
    assert (
        "Nobody is told by mail what is the matter with feeds. An admin sees here why. It is tried" in words
    )
    assert "Nobody at Health Innovation East, Health Innovation Wessex is told what is the matter" in words
    assert "@" not in words
    assert "hub alerts test" not in words
    assert "Nobody" not in hub.another("bob", OF_EAST).words("/admin/")
