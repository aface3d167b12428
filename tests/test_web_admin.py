"""The admin pages' door: accounts, one-time links, sessions, and who may send what."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html as lxml_html
from werkzeug.security import check_password_hash, generate_password_hash

from hub.admin.users import invitation
from hub.errors import ConfigError
from hub.web.admin import access
from hub.web.admin.frame import cookie_of
from tests.admin_hub import ADMIN, ORIGIN, PASSWORD, AdminHub, an_admin_hub
from tests.commands import SOON, within
from tests.commands import Hub as Command
from tests.web_hub import NETWORK, Hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[AdminHub]:
    yield from an_admin_hub(tmp_path)


@pytest.fixture(autouse=True)
def _tries_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_tries", access.Tries(10))


def paths(hub: AdminHub, method: str) -> list[str]:
    """Where the admin pages answer to a method, those for who is not signed in left out."""
    return [
        str(rule)
        .replace("<int:number>", "1")
        .replace("<action>", "pin")
        .replace("<path:feed>", "wessex/news")
        for rule in hub.app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.")
        and method in (rule.methods or ())
        and not rule.endpoint.startswith(("admin.access.", "admin.provider."))
    ]


def cookie(hub: AdminHub) -> str:
    """The name of its cookie."""
    with hub.app.test_request_context("/"):
        return cookie_of(hub.app.site.visit())


# ---------------------------------------------------------------- the door


def test_without_a_session_no_admin_page_is_shown_and_nothing_is_done(hub: AdminHub) -> None:
    hub.client.delete_cookie(cookie(hub), path="/admin")
    assert len(paths(hub, "GET")) > 1
    for path in paths(hub, "GET"):
        answer = hub.get(path)
        assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (303, "/admin/sign-in"), (
            path
        )
    assert len(paths(hub, "POST")) > 1
    for path in paths(hub, "POST"):
        answer = hub.post(path, {"name": "eve", "link": "x", "what": "x"})
        assert answer.status_code == 403, path
        assert "You were signed out" in answer.text
    assert [each.action for each in hub.store.audit(limit=9).items] == ["sign-in"]
    assert hub.store.invited("", hub.now) is None


def test_what_does_something_answers_to_post_alone_and_what_shows_something_does_nothing(
    hub: AdminHub,
) -> None:
    for path in paths(hub, "POST"):
        if path not in paths(hub, "GET"):
            assert hub.get(path).status_code == 405
    before = hub.sql("SELECT COUNT(*) FROM audit")
    for path in paths(hub, "GET"):
        assert hub.get(path).status_code in (200, 303, 404), path
    assert hub.sql("SELECT COUNT(*) FROM audit") == before


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "same-site", "Origin": ORIGIN}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": ORIGIN}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Origin": ORIGIN}, True),
        ({"Origin": "http://localhost"}, True),  # as the request's Host is
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        ({"Referer": f"{ORIGIN}/admin/accounts"}, False),
    ],
)
def test_what_other_sites_have_a_browser_send_is_refused(
    hub: AdminHub, headers: dict[str, str], let_in: bool
) -> None:
    answer = hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"}, **headers)
    assert answer.status_code == (200 if let_in else 403)
    assert bool(hub.sql("SELECT 1 FROM invitations WHERE name = 'bob'")) is let_in
    # Nor is anybody signed in by another's page.
    signed = hub.post("/admin/sign-in", {"name": ADMIN, "password": PASSWORD}, **headers)
    assert ("Set-Cookie" in signed.headers) is let_in


def test_without_its_slash_the_address_leads_to_the_pages_of_this_hub(tmp_path: Path) -> None:
    text = NETWORK.replace("  timezone", "  url: https://news.example.org/hub\n  timezone")
    with closing(AdminHub(tmp_path, text)) as hub:
        for path in ("/admin", "/hub/admin"):
            answer = hub.get(path, Host="evil.example")
            assert answer.status_code == 303
            assert answer.headers["Location"] in ("/hub/admin/", "/hub/admin/sign-in")
            assert answer.headers["Cache-Control"] == "no-store"
        fields = {"name": ADMIN, "password": PASSWORD, "again": PASSWORD}
        hub.post(f"/hub{invitation(hub.store, '', now=hub.now)}", fields, Origin="http://localhost")
        assert hub.get("/hub/admin").headers["Location"] == "/hub/admin/"
        # No other address is one of werkzeug's own redirects.
        slashed = [rule.rule for rule in hub.app.url_map.iter_rules() if rule.rule.endswith("/")]
        assert slashed == ["/", "/admin/"]


def test_what_a_button_does_is_not_done_by_its_address(hub: AdminHub) -> None:
    assert "A button does this, on a page." in hub.words("/admin/do/pin", 405)


def test_two_hubs_on_one_host_do_not_sign_each_others_admins_out(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as one:
        one.enrol()
        other = NETWORK.replace("  timezone", "  url: http://127.0.0.1:8001\n  timezone")
        folder = tmp_path / "other"
        folder.mkdir()
        with closing(AdminHub(folder, other)) as another:
            fields = {"name": ADMIN, "password": PASSWORD, "again": PASSWORD}
            link = invitation(another.store, "", now=another.now)
            answer = another.post(link, fields, Origin="http://localhost")
            theirs = answer.headers["Set-Cookie"].partition("=")[0]
            assert theirs == cookie(another) != cookie(one)
        assert one.get("/admin/").status_code == 200


def test_while_the_database_is_held_admins_see_pages_and_why_nothing_can_be_done(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.connection.BUSY_SECONDS", 0.2)
    hub.now += timedelta(minutes=6)
    with closing(sqlite3.connect(hub.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert hub.get("/admin/accounts").status_code == 200
        assert time.monotonic() - began < 20
        answer = hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "This was not done" in answer.text
        assert "is held by another program" in answer.text
        other.execute("ROLLBACK")
    assert hub.store.sessions(hub.now)[0].seen == hub.now - timedelta(minutes=6)
    assert hub.get("/admin/accounts").status_code == 200
    assert hub.store.sessions(hub.now)[0].seen == hub.now


def test_admin_pages_are_kept_by_nobody_and_say_so_to_search_engines(hub: AdminHub) -> None:
    for path in ("/admin/", "/admin/accounts", "/admin/sign-in"):
        answer = hub.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    # And no reader is given one from what is kept of the others.
    assert "Accounts" not in hub.html("/")


def test_a_hub_that_is_shown_without_a_desk_has_no_admin_pages(tmp_path: Path) -> None:
    with closing(Hub(tmp_path)) as hub:
        assert hub.get("/admin/").status_code == 404
        assert hub.get("/admin/sign-in").status_code == 404


# ---------------------------------------------------------------- signing in


def test_an_admin_signs_in_and_out_with_a_password(hub: AdminHub) -> None:
    assert hub.post("/admin/sign-out").headers["Location"] == "/admin/sign-in"
    assert hub.get("/admin/").status_code == 303
    answer = hub.sign_in("  Anna ")
    assert answer.headers["Location"] == "/admin/"
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/admin"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert hub.words("/admin/").startswith("Overview")


def test_who_signs_in_and_out_and_chooses_another_password_is_on_record(hub: AdminHub) -> None:
    hub.post("/admin/sign-out")
    hub.enrol(password="another good password")
    assert [(each.who, each.action, each.said) for each in hub.store.audit(limit=2).items] == [
        ("anna", "sign-in", "anna chose another password at a link, and signed in."),
        ("anna", "sign-out", "anna signed out."),
    ]


def test_a_token_that_is_signed_out_is_of_no_use_any_more(hub: AdminHub) -> None:
    kept = hub.client.get_cookie(cookie(hub), path="/admin")
    assert kept is not None
    hub.post("/admin/sign-out")
    hub.client.set_cookie(cookie(hub), kept.value, path="/admin")
    assert hub.get("/admin/").status_code == 303
    # Nor is what the database keeps of one that is.
    hub.sign_in()
    ((kept_of_it,),) = hub.sql("SELECT digest FROM sessions")
    hub.client.set_cookie(cookie(hub), kept_of_it, path="/admin")
    assert hub.get("/admin/").status_code == 303


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    hub: AdminHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.post("/admin/sign-out")
    compared: list[str] = []

    def compare(kept: str, password: str) -> bool:
        compared.append(kept.partition("$")[0])
        return real(kept, password)

    real = check_password_hash
    monkeypatch.setattr(access, "check_password_hash", compare)
    answers = [hub.sign_in(*who) for who in ((ADMIN, "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD))]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text.replace("nobody", ADMIN) for answer in answers}) == 1
    # And after the same work.
    assert compared == [generate_password_hash("").partition("$")[0]] * 3
    assert "wrong" not in answers[0].text


def test_a_wrong_password_is_told_to_whoever_watches_the_log(
    hub: AdminHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.sign_in("eve\nsign-in name='anna'" + "x" * 100, "wrong")
    assert "sign-in refused name=\"eve\\nsign-in name='anna'" in caplog.text
    assert "from='127.0.0.1'" in caplog.text
    assert "x" * 60 not in caplog.text


def test_passwords_are_not_tried_without_end(hub: AdminHub, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    hub.post("/admin/sign-out")
    for _ in range(10):
        assert hub.sign_in(password="wrong").status_code == 403
    assert hub.sign_in().status_code == 429
    clock[0] += 61
    assert hub.sign_in().status_code == 303


def test_who_wanted_a_page_is_led_there_and_nowhere_else(hub: AdminHub) -> None:
    hub.post("/admin/sign-out")
    to_sign_in = hub.get("/admin/accounts").headers["Location"]
    assert to_sign_in == "/admin/sign-in?next=%2Fadmin%2Faccounts"
    assert 'name="next" value="/admin/accounts"' in hub.html(to_sign_in)
    fields = {"name": ADMIN, "password": PASSWORD}
    assert hub.post("/admin/sign-in", {**fields, "next": "/admin/accounts"}).headers["Location"] == (
        "/admin/accounts"
    )
    for elsewhere in ("https://evil.example/", "//evil.example", "/admin/\\evil", "/", "/admin/\n/x"):
        answer = hub.post("/admin/sign-in", {**fields, "next": elsewhere})
        assert answer.headers["Location"] == "/admin/", elsewhere


def test_a_session_ends_when_it_is_not_used_and_after_a_week(hub: AdminHub) -> None:
    hub.now += timedelta(hours=11)
    assert hub.get("/admin/").status_code == 200
    hub.now += timedelta(hours=11)
    assert hub.get("/admin/").status_code == 200
    hub.now += timedelta(hours=12)
    assert hub.get("/admin/").status_code == 303
    hub.sign_in()
    for _ in range(16):
        assert hub.get("/admin/").status_code == 200
        hub.now += timedelta(hours=10.5)
    assert hub.get("/admin/").status_code == 303
    # What has ended is not kept.
    hub.sign_in()
    assert len(hub.sql("SELECT 1 FROM sessions")) == 1


def test_what_was_sent_when_a_session_had_ended_can_be_sent_again(hub: AdminHub) -> None:
    text = "hub: {title: <b>&amp;</b>}\n" + "# long\n" * 20_000
    hub.now += timedelta(hours=13)
    answer = hub.client.post(
        "/admin/file",
        data={"text": text, "digest": "0"},
        headers={"Origin": ORIGIN},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 403
    assert "What you pressed was not done." in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    tree: Any = lxml_html.fromstring(answer.text)
    (form,) = [form for form in tree.forms if form.get("action") is None]
    assert form.get("enctype") == "multipart/form-data"
    assert dict(form.form_values()) == {"text": text, "digest": "0"}
    # Of who never was one so much is not read.
    hub.client.delete_cookie(cookie(hub), path="/admin")
    assert hub.post("/admin/file", {"text": text}).status_code == 413


def test_what_was_done_is_where_the_browser_goes(hub: AdminHub) -> None:
    hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
    answer = hub.post("/admin/accounts/take-back", {"name": "bob"})
    assert answer.headers["Location"].endswith("#done")
    tree = hub.tree(answer.headers["Location"])
    (notice,) = tree.xpath("//main/*[@id='done']")
    assert notice.get("tabindex") == "-1"
    # And the menu stands before what is skipped to.
    assert not tree.xpath("//main//nav")


def test_a_form_that_was_refused_says_which_fields_are_meant(hub: AdminHub) -> None:
    hub.post("/admin/sign-out")
    tree: Any = lxml_html.fromstring(hub.sign_in(password="wrong").text)
    for field in ("name", "password"):
        (element,) = tree.xpath(f"//input[@id='{field}']")
        assert element.get("aria-invalid") == "true"
        (said,) = tree.xpath(f"//*[@id='{element.get('aria-describedby')}']")
        assert "no account" in said.text_content()


def test_behind_tls_the_cookie_is_sent_by_tls_alone(tmp_path: Path) -> None:
    text = NETWORK.replace("  timezone", "  url: https://news.example.org/hub\n  timezone")
    with closing(AdminHub(tmp_path, text)) as hub:
        link = invitation(hub.store, "", now=hub.now)
        fields = {"name": ADMIN, "password": PASSWORD, "again": PASSWORD}
        answer = hub.client.post(
            f"/hub{link}",
            data=fields,
            headers={"Origin": "https://news.example.org", "Host": "127.0.0.1:8000"},
        )
        assert answer.headers["Location"] == "/hub/admin/"
        cookie = answer.headers["Set-Cookie"]
        assert {"Secure", "HttpOnly", "Path=/hub/admin"} <= set(cookie.split("; "))
        # On the machine itself there is no TLS.
        here = hub.post("/admin/sign-in", {"name": ADMIN, "password": PASSWORD}, Origin="http://localhost")
        assert "Secure" not in here.headers["Set-Cookie"]


# ---------------------------------------------------------------- one-time links


def test_the_first_link_makes_an_account_once(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        assert "There is no account yet" in hub.words("/admin/sign-in")
        older, link = (invitation(hub.store, "", now=hub.now) for _ in range(2))
        assert "of no use any more" in hub.words(older, 410)
        assert "first admin" in hub.words(link)
        fields = {"name": "Anna", "password": PASSWORD, "again": PASSWORD}
        assert hub.post(link, fields).headers["Location"] == "/admin/"
        assert hub.get("/admin/").status_code == 200
        words = hub.words(link, 410)
        assert "of no use any more" in words
        assert "Another admin can give you one on the page Accounts" in words
        # Once there is an account, no first link makes another.
        another = invitation(hub.store, "", now=hub.now)
        assert hub.post(another, {**fields, "name": "eve"}).status_code == 410
        assert [each.name for each in hub.store.accounts()] == ["anna"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "Anna Smith"}, "A name is made of"),
        ({"name": ""}, "A name is made of"),
        ({"password": "eleven chars"[:11], "again": "eleven chars"[:11]}, "12 characters at least"),
        ({"again": "another"}, "not the same"),
        ({"password": "my name is Anna", "again": "my name is Anna"}, "has the name in it"),
    ],
)
def test_what_is_no_name_or_password_is_said_and_can_be_put_right(
    tmp_path: Path, fields: dict[str, str], says: str
) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        link = invitation(hub.store, "", now=hub.now)
        good = {"name": ADMIN, "password": PASSWORD, "again": PASSWORD}
        assert says in hub.refuses(link, {**good, **fields})
        assert hub.post(link, good).status_code == 303


def test_a_short_name_may_be_part_of_a_password(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol("al", "musical tulips forty")
        assert hub.get("/admin/").status_code == 200


def test_a_link_for_one_makes_no_other_and_lasts_a_day(hub: AdminHub) -> None:
    link = invitation(hub.store, "bob", now=hub.now)
    fields = {"name": "eve", "password": PASSWORD, "again": PASSWORD}
    assert hub.post(link, fields).status_code == 303
    assert [each.name for each in hub.store.accounts()] == [ADMIN, "bob"]
    late = invitation(hub.store, "carol", now=hub.now)
    hub.now += timedelta(days=1)
    assert hub.get(late).status_code == 410
    assert hub.post(late, fields).status_code == 410


def test_another_password_ends_the_sessions_of_the_one_before(hub: AdminHub) -> None:
    with closing(AdminHub(hub.file.parent)) as other:
        other.sign_in()
        assert other.get("/admin/").status_code == 200
        hub.enrol(password="another password")
        assert other.get("/admin/").status_code == 303
        assert other.sign_in().status_code == 403
        assert other.sign_in(password="another password").status_code == 303


def test_passwords_and_tokens_are_not_in_the_database(hub: AdminHub) -> None:
    link = invitation(hub.store, "bob", now=hub.now)
    kept = hub.client.get_cookie(cookie(hub), path="/admin")
    assert kept is not None
    with closing(sqlite3.connect(hub.file)) as connection:
        dump = "\n".join(connection.iterdump())
    assert "scrypt:" in dump
    for secret in (PASSWORD, kept.value, link.rpartition("/")[2]):
        assert secret not in dump


# ---------------------------------------------------------------- accounts


def test_an_admin_invites_another_and_removes_them(hub: AdminHub) -> None:
    answer = hub.post("/admin/accounts/invite", {"name": "Bob", "role": "admin"})
    assert answer.status_code == 200
    link = answer.text.partition(f"{ORIGIN}/admin/welcome/")[2].partition("<")[0]
    with closing(AdminHub(hub.file.parent)) as bobs:
        fields = {"password": PASSWORD, "again": PASSWORD}
        assert bobs.post(f"/admin/welcome/{link}", fields).status_code == 303
        assert "anna" in bobs.words("/admin/accounts")
        assert hub.does("/admin/accounts/remove", {"name": "bob"}) == "bob can sign in no more."
        assert bobs.get("/admin/").status_code == 303
    assert "There is no account bob." in hub.refuses("/admin/accounts/remove", {"name": "bob"})
    assert "your own" in hub.refuses("/admin/accounts/remove", {"name": ADMIN})
    assert "A name is made of" in hub.refuses("/admin/accounts/invite", {"name": "b o b", "role": "admin"})
    said = [each.said for each in hub.store.audit(limit=9).items]
    assert said[:2] == ["bob can sign in no more.", "bob chose a password at a link, and signed in."]
    # The link is a secret.
    assert not any("welcome" in each for each in said)


def test_who_is_removed_has_left_no_way_back(hub: AdminHub) -> None:
    with closing(AdminHub(hub.file.parent)) as mallorys:
        mallorys.enrol("mallory")
        links = []
        for fields in ({"name": "backdoor", "role": "admin"}, {"name": ADMIN}):
            page = mallorys.post("/admin/accounts/invite", fields).text
            links.append("/admin/welcome/" + page.partition("/admin/welcome/")[2].partition("<")[0])
        own = invitation(hub.store, "bob", now=hub.now)
        hub.does("/admin/accounts/remove", {"name": "mallory"})
        assert [hub.get(link).status_code for link in links] == [410, 410]
        assert hub.get(own).status_code == 200


def test_links_that_are_open_are_shown_and_taken_back(hub: AdminHub) -> None:
    hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
    link = invitation(hub.store, "carol", now=hub.now)
    shown = hub.words("/admin/accounts")
    assert "bob Role: admin Given by: anna Works until: 25 November, 15:30" in shown
    assert "carol Role: admin Given by: a command" in shown
    said = hub.does("/admin/accounts/take-back", {"name": "carol"})
    assert said == "The link for carol works no more."
    assert hub.get(link).status_code == 410
    assert "There is no link for carol any more." in hub.refuses(
        "/admin/accounts/take-back", {"name": "carol"}
    )
    assert hub.get("/admin/accounts/invite").headers["Location"] == "/admin/accounts"


def test_an_admin_ends_a_session_elsewhere(hub: AdminHub) -> None:
    with closing(AdminHub(hub.file.parent)) as other:
        other.sign_in()
        number = max(each.number for each in hub.store.sessions(hub.now))
        assert hub.does("/admin/accounts/end", {"session": str(number)}) == "A session of anna was ended."
        assert other.get("/admin/").status_code == 303
    assert "ended already" in hub.refuses("/admin/accounts/end", {"session": str(number)})


def test_what_a_browser_says_of_itself_is_text(hub: AdminHub) -> None:
    hub.post("/admin/sign-in", {"name": ADMIN, "password": PASSWORD}, Origin=ORIGIN, User_Agent="<b>x" * 100)
    html = hub.html("/admin/accounts")
    assert "&lt;b&gt;x" in html
    assert "<b>x" not in html


# ---------------------------------------------------------------- commands, and served


def test_the_first_start_prints_a_link_and_commands_look_after_accounts(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    with command.serving("run") as (process, address):
        assert process.stderr is not None
        line = next(line for line in process.stderr if "/admin/welcome/" in line)
        assert f"{address}/admin/welcome/" in line
        added = command.run("user", "add", "bob")
        assert added.returncode == 0, added.stderr
        assert "/admin/welcome/" in added.stdout
    assert command.run("user", "remove", "bob").returncode == 0
    assert "no account yet" in command.run("user", "list").stdout
    assert "small letters" in command.run("user", "add", "Bob Smith").stderr
    assert command.run("user", "reset", "carol").returncode == 1
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol("carol")
    assert "carol: admin, since 24 November 2026, 15:30 UTC" in command.run("user", "list").stdout
    assert "hub user reset carol" in command.run("user", "add", "carol").stderr
    assert "/admin/welcome/" in command.run("user", "reset", "carol").stdout
    assert command.run("user", "remove", "carol").stdout == "carol can sign in no more.\n"
    assert command.run("user", "remove", "carol").returncode == 1
    assert command.run("user", "add", "dave").returncode == 0
    assert "dave: admin, has a link to choose a password, until" in command.run("user", "list").stdout
    assert command.run("user", "remove", "dave").stdout == "dave can sign in no more.\n"
    with command.serving("run") as (process, _):
        assert process.stderr is not None
        assert next(line for line in process.stderr if "first admin" in line)


def test_the_first_account_can_be_made_before_readers_address_leads_to_the_hub(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({}, head="hub: {url: https://news.example.org/health}\n")
    with command.serving("run") as (process, address):
        assert process.stderr is not None
        link = next(line for line in process.stderr if "/admin/welcome/" in line).split()[-4]
        assert link.startswith("https://news.example.org/health/admin/welcome/")
        path = urlsplit(link).path
        fields = f"name={ADMIN}&password={PASSWORD}&again={PASSWORD}".replace(" ", "+")
        answer = send(urlsplit(address).netloc, path, fields)
        assert answer.startswith("HTTP/1.1 303"), answer
        process.terminate()
        assert f"on this machine at {address}{path}" in process.stderr.read()


def test_more_is_read_from_admins_than_from_others(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    # As real time has it: the process looks at its own clock.
    with command.serving("serve") as (_, address):
        link = command.run("user", "add", ADMIN).stdout.split("/admin/welcome/")[1].split()[0].rstrip(",")
        host = urlsplit(address).netloc
        fields = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+")
        answer = send(host, f"/admin/welcome/{link}", fields)
        assert answer.startswith("HTTP/1.1 303"), answer
        cookie = answer.partition("set-cookie: ")[2].partition(";")[0]
        long = "more=" + "y" * 1_000_000 + "&name=bob&role=admin"
        assert send(host, "/admin/sign-in", long).startswith("HTTP/1.1 413")
        assert send(host, "/admin/accounts/invite", long).startswith("HTTP/1.1 413")
        invited = send(host, "/admin/accounts/invite", long, cookie=cookie)
        assert "Send <strong>bob</strong> this link" in invited


def test_forms_that_nobody_ends_keep_no_admin_out(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    with command.serving("serve") as (_, address):
        link = command.run("user", "add", ADMIN).stdout.split("/admin/welcome/")[1].split()[0].rstrip(",")
        host = urlsplit(address).netloc
        fields = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+")
        cookie = send(host, f"/admin/welcome/{link}", fields).partition("set-cookie: ")[2].partition(";")[0]
        name, _, port = host.partition(":")
        slow = []
        for path in ("/admin/sign-in", "/websub"):
            for _ in range(60):
                connection = socket.create_connection((name, int(port)), timeout=SOON)
                head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nx="
                connection.sendall(head.encode())
                slow.append(connection)
        assert within(SOON, lambda: send(host, "/admin/do/pin", "").startswith("HTTP/1.1 503"))
        invited = send(host, "/admin/accounts/invite", "name=bob&role=admin", cookie=cookie)
        assert "Send <strong>bob</strong> this link" in invited
        for connection in slow:
            connection.close()


def test_a_backup_that_is_put_back_lets_nobody_in_by_a_session_of_then(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write({})
    with closing(AdminHub(tmp_path)) as hub:
        hub.enrol()
        link = invitation(hub.store, "bob", now=hub.now)
        assert command.run("backup", str(tmp_path / "copy.db")).returncode == 0
        kept = hub.client.get_cookie(cookie(hub), path="/admin")
        assert kept is not None
    restored = command.run("restore", str(tmp_path / "copy.db"))
    assert restored.returncode == 0, restored.stderr
    assert "Its admins have to sign in again." in restored.stdout
    with closing(AdminHub(tmp_path)) as hub:
        hub.client.set_cookie(cookie(hub), kept.value, path="/admin")
        assert hub.get("/admin/").status_code == 303
        assert hub.get(link).status_code == 410
        assert hub.sign_in().status_code == 303


def test_a_mistake_in_an_admin_template_of_ones_own_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "sign_in.html").write_text("{{ }}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"admin/sign_in.html:1: Expected an expression"):
        Hub(tmp_path, templates=tmp_path)


def send(host: str, path: str, body: str, *, cookie: str = "") -> str:
    name, _, port = host.partition(":")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n"
        f"Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with closing(socket.create_connection((name, int(port)), timeout=SOON)) as connection:
        connection.sendall(head.encode() + body.encode())
        connection.settimeout(20)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received.decode()
