"""Signing in by the organisation's own sign-in (OpenID Connect), and who may not come in by it."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from msgspec.structs import replace
from playwright.sync_api import Browser
from werkzeug.test import Cookie, TestResponse

from hub import openid
from hub.admin import users
from hub.admin.desk import Desk
from hub.admin.users import invitation
from hub.errors import SignInError
from hub.model import ADMIN, Admission, Departure, SignIn, Subject
from hub.provider import SECRET as SECRET_NAMED
from hub.provider import Provider
from hub.store import open_store
from hub.web.admin import access
from hub.web.admin import provider as signing_in
from tests import decided
from tests.admin_hub import ORIGIN, PASSWORD, AdminHub
from tests.commands import SOON, get, within
from tests.commands import Hub as Command
from tests.openid_provider import CLIENT, SECRET, Claims, OpenIdProvider, a_provider
from tests.postgresql import new_store
from tests.test_browser import browser as browser
from tests.test_browser import pytestmark as needs_chromium
from tests.test_web_admin import send
from tests.web_hub import NETWORK, NOW

ANNA = "anna@nhs.example"
BACK = "/admin/sign-in/provider"


class Signing(AdminHub):
    """A hub whose admins may sign in by a provider."""

    def __init__(self, folder: Path, provider: OpenIdProvider, more: str = "", url: str = ORIGIN) -> None:
        self.provider = provider
        self.url = url
        super().__init__(folder, self.text(more))
        desk = self.app.site.desk
        assert isinstance(desk, Desk)
        self.app.site.desk = replace(desk, provider=Provider({SECRET_NAMED: SECRET}))

    def text(self, more: str = "") -> str:
        return NETWORK.replace(
            "  timezone",
            f"  url: {self.url}\n  fetch: {{allow: [127.0.0.1/32]}}\n"
            f"  sign_in: {self.provider.settings(more=more)}\n  timezone",
        )

    def browser(self) -> Signing:
        """Another browser, at the same hub."""
        other = object.__new__(Signing)
        other.__dict__.update(self.__dict__, client=self.app.test_client())
        return other

    def cookie(self) -> Cookie:
        """The cookie of a browser that is on its way."""
        assert self.client._cookies is not None
        (found,) = [each for each in self.client._cookies.values() if each.key.startswith("hub-sign-in")]
        return found

    def departs(self, fields: dict[str, str] | None = None) -> str:
        """Press the button; where the page that follows sends the browser."""
        answer = self.post(BACK, fields)
        assert answer.status_code == 200, answer.text
        (address,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', answer.text)
        return unescape(address)

    def comes_back(self, fields: dict[str, str] | None = None) -> TestResponse:
        """Press the button, sign in there, and come back."""
        return self.follows(self.provider.back(self.departs(fields)))

    def follows(self, address: str) -> TestResponse:
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}")

    def refused(self, answer: TestResponse, status: int = 403) -> str:
        """What somebody is told who was not let in."""
        assert answer.status_code == status, answer.text
        assert not any("hub-admin" in each for each in answer.headers.getlist("Set-Cookie"))
        assert self.get("/admin/").status_code == 303
        (problem,) = re.findall(r'id="problem" role="alert">(.*?)</div>', answer.text, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", "", problem)).split()).removeprefix("! ")


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    clock: list[AdminHub] = []
    with a_provider(lambda: clock[0].now) as made:
        made.clock = clock  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def a_hub(tmp_path: Path, provider: OpenIdProvider) -> Iterator[Callable[..., Signing]]:
    made: list[Signing] = []

    def make(more: str = "", url: str = ORIGIN) -> Signing:
        made.append(Signing(tmp_path, provider, more, url))
        provider.clock[:] = made[-1:]  # type: ignore[attr-defined]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def hub(a_hub: Callable[..., Signing]) -> Signing:
    """A hub with an invitation for Anna, who has no password."""
    hub = a_hub()
    invitation(hub.store, ANNA, now=hub.now)
    return hub


@pytest.fixture(autouse=True)
def _tries_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_tries", access.Tries(10))
    monkeypatch.setattr(signing_in, "_departures", access.Tries(30))


def test_who_is_invited_signs_in_without_ever_having_chosen_a_password(hub: Signing) -> None:
    answer = hub.comes_back()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert hub.get("/admin/").status_code == 200
    (record,) = hub.store.audit(limit=9).items
    assert (record.who, record.action) == (ANNA, "sign-in")
    assert record.said.startswith(f"{ANNA} signed in by NHS Mail for the first time.")


# ---------------------------------------------------------------- what does not hold


Misbehave = Callable[[OpenIdProvider], None]


def telling(**claims: Any) -> Misbehave:
    """Other claims in the ID token; None for none."""

    def change(provider: OpenIdProvider) -> None:
        provider.told = lambda usual: {**usual, **claims}

    return change


def at(**seconds: int) -> Misbehave:
    """Claims of moments, by the seconds from now."""

    def change(provider: OpenIdProvider) -> None:
        provider.told = lambda usual: {**usual, **{name: usual["iat"] + of for name, of in seconds.items()}}

    return change


def signing(how: str) -> Misbehave:
    def change(provider: OpenIdProvider) -> None:
        provider.sign = getattr(provider, how)

    return change


def with_a_key_of_ones_own(provider: OpenIdProvider) -> None:
    kid = str(provider.keys[-1].kid)
    own = RSAKey.generate_key(2048, {"kid": kid})
    provider.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": kid}, claims, own)


def with_a_key_in_its_head(provider: OpenIdProvider) -> None:
    own = RSAKey.generate_key(2048)
    head = {"alg": "RS256", "jwk": own.as_dict(private=False)}
    provider.sign = lambda claims: jwt.encode(head, claims, own)


def with_half_a_letter(provider: OpenIdProvider) -> None:
    key = provider.keys[-1]
    head = {"alg": "RS256", "kid": key.kid}

    def sign(claims: Claims) -> str:
        return jws.serialize_compact(head, json.dumps({**claims, "sub": "number-\ud800"}), key)

    provider.sign = sign


def with_its_keys_elsewhere(provider: OpenIdProvider) -> None:
    provider.document = {"jwks_uri": f"{provider.issuer}/.well-known/openid-configuration"}


@pytest.mark.parametrize(
    "misbehaves",
    [
        pytest.param(telling(nonce="another"), id="another nonce"),
        pytest.param(telling(nonce=None), id="no nonce"),
        pytest.param(telling(aud="another"), id="for another"),
        pytest.param(telling(aud=[CLIENT, "another"]), id="for another too"),
        pytest.param(telling(aud=None), id="for nobody"),
        pytest.param(telling(azp="another"), id="given to another"),
        pytest.param(telling(iss="https://evil.example"), id="another issuer"),
        pytest.param(telling(iss=None), id="no issuer"),
        pytest.param(telling(sub=None), id="of nobody"),
        pytest.param(telling(sub=""), id="of a nameless one"),
        pytest.param(telling(sub=["number-1"]), id="of several"),
        pytest.param(telling(sub="1" * 256), id="of a very long one"),
        pytest.param(at(exp=-61), id="expired"),
        pytest.param(telling(exp=None), id="for ever"),
        pytest.param(telling(exp=float("nan")), id="until no number"),
        pytest.param(at(iat=61), id="of the future"),
        pytest.param(at(iat=-601), id="old"),
        pytest.param(telling(iat=None), id="of no moment"),
        pytest.param(at(nbf=61), id="not yet"),
        pytest.param(signing("unsigned"), id="alg none"),
        pytest.param(signing("by_public_key"), id="HS256 with the public key"),
        pytest.param(with_a_key_of_ones_own, id="a key of one's own by the name of the right one"),
        pytest.param(with_a_key_in_its_head, id="a key that the token brings"),
        pytest.param(lambda provider: setattr(provider, "sign", lambda _: "x.y"), id="no token"),
        pytest.param(with_half_a_letter, id="of one with half a letter"),
        pytest.param(with_its_keys_elsewhere, id="no keys where they should be"),
    ],
)
def test_an_id_token_that_does_not_hold_lets_nobody_in(
    hub: Signing, provider: OpenIdProvider, misbehaves: Misbehave
) -> None:
    misbehaves(provider)
    said = hub.refused(hub.comes_back(), 503)
    assert said.startswith("What NHS Mail says of who signed in does not hold")
    assert hub.store.accounts() == ()


def test_clocks_that_differ_by_some_seconds_keep_nobody_out(hub: Signing, provider: OpenIdProvider) -> None:
    at(iat=59, exp=59)(provider)
    assert hub.comes_back().status_code == 303


def test_keys_are_asked_for_again_once_others_sign(hub: Signing, provider: OpenIdProvider) -> None:
    for _ in range(2):
        assert hub.comes_back().status_code == 303
    assert provider.asked.count("/realm/keys") == 1
    provider.rotate()
    assert hub.comes_back().status_code == 303
    assert provider.asked.count("/realm/keys") == 2


# ---------------------------------------------------------------- who comes back


def test_a_browser_comes_back_once(hub: Signing, provider: OpenIdProvider) -> None:
    address = provider.back(hub.departs())
    cookie = hub.cookie()
    assert hub.follows(address).status_code == 303
    hub.post("/admin/sign-out")
    assert "not begun in this browser" in hub.refused(hub.follows(address))
    # Not even with the cookie that it had then.
    hub.client.set_cookie(cookie.key, cookie.value)
    assert "used already" in hub.refused(hub.follows(address))


def test_a_code_that_was_used_is_of_no_use_to_another_way(hub: Signing, provider: OpenIdProvider) -> None:
    address = provider.back(hub.departs())
    code = parse_qs(urlsplit(address).query)["code"][0]
    assert hub.follows(address).status_code == 303
    hub.post("/admin/sign-out")
    # Nor is one that somebody else had made, which the provider does not give without their verifier.
    eves = provider.back(hub.browser().departs())
    for stolen in (code, parse_qs(urlsplit(eves).query)["code"][0]):
        another = provider.back(hub.departs())
        state = parse_qs(urlsplit(another).query)["state"][0]
        said = hub.refused(hub.get(f"{BACK}?code={stolen}&state={state}"), 503)
        assert "What NHS Mail sent you back with was used, or is too old." in said


@pytest.mark.parametrize("cookie", ["none", "of another way", "of another browser"])
def test_nobody_is_let_in_by_what_another_browser_brought_about(
    hub: Signing, provider: OpenIdProvider, cookie: str
) -> None:
    eve = hub.browser()
    if cookie == "of another way":
        hub.departs()
    if cookie == "of another browser":
        eve.departs()
        hub.departs()
    # Eve has somebody open the address at which she would come back, so that they work in her account.
    address = provider.back(eve.departs())
    assert "not begun in this browser" in hub.refused(hub.follows(address))
    assert eve.follows(address).status_code == 303


@pytest.mark.parametrize("query", ["", "?code=x", "?state=", "?state=x&code=x", "?state=%ff&code=x"])
def test_who_comes_from_nowhere_is_told_to_begin(hub: Signing, query: str) -> None:
    hub.departs()
    assert "Begin again." in hub.refused(hub.get(BACK + query))


def test_a_way_takes_ten_minutes_at_most(hub: Signing, provider: OpenIdProvider) -> None:
    address = provider.back(hub.departs())
    hub.now += timedelta(minutes=10)
    assert "took too long" in hub.refused(hub.follows(address))


def test_whoever_is_turned_away_there_is_told_so(hub: Signing) -> None:
    for error, said in (("access_denied", "did not let you in"), ("server_error", "‘server_error’")):
        state = parse_qs(urlsplit(hub.departs()).query)["state"][0]
        assert said in hub.refused(hub.get(f"{BACK}?error={error}&state={state}"), 503)


def test_a_provider_that_names_itself_has_to_whenever_it_sends_somebody_back(
    hub: Signing, provider: OpenIdProvider
) -> None:
    provider.names_itself = True
    assert hub.comes_back().status_code == 303
    hub.post("/admin/sign-out")
    for issuer in ("", "&iss=https%3A%2F%2Fevil.example"):
        address = provider.back(hub.departs()).partition("&iss=")[0] + issuer
        assert "sent back by another" in hub.refused(hub.follows(address), 503)


def test_the_way_back_is_by_feeds_yaml_and_the_cookie_is_for_that_browser_alone(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub(url="https://news.example.org/hub")
    invitation(hub.store, ANNA, now=hub.now)
    sent = {"Origin": "https://news.example.org", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = hub.client.post(f"/hub{BACK}", headers=sent)
    (address,) = re.findall(r'content="0; url=([^"]*)"', answer.text)
    address = unescape(address)
    back = parse_qs(urlsplit(address).query)["redirect_uri"]
    assert back == ["https://news.example.org/hub/admin/sign-in/provider"]
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    answer = hub.client.post(BACK, base_url="https://localhost", headers={"Origin": sent["Origin"]})
    (address,) = re.findall(r'content="0; url=([^"]*)"', answer.text)
    parts = urlsplit(provider.back(unescape(address)))
    let_in = hub.client.get(f"{parts.path}?{parts.query}", base_url="https://localhost")
    assert let_in.headers["Location"] == "/hub/admin/"
    gone, session = sorted(let_in.headers.getlist("Set-Cookie"))
    assert gone.startswith("__Host-")
    assert "Max-Age=0" in gone
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/hub/admin"} <= set(session.split("; "))


def test_who_wanted_a_page_is_led_there_and_nowhere_else(hub: Signing) -> None:
    for wanted, led in (
        ("/admin/accounts", "/admin/accounts"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example", "/admin/"),
        ("/admin/\\evil", "/admin/"),
        ("/admin/" + "x" * 1_000, "/admin/"),
    ):
        assert hub.comes_back({"next": wanted}).headers["Location"] == led


def test_another_sites_page_begins_nothing(hub: Signing) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert hub.post(BACK, {}, **headers).status_code == 403
    assert hub.sql("SELECT * FROM departures") == []
    # Nor does an address.
    assert hub.refused(hub.get(BACK))


def test_nobody_can_begin_without_end(hub: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for _ in range(30):
        hub.departs()
    assert "Too many" in hub.refused(hub.post(BACK), 429)
    clock[0] += 61
    hub.now += timedelta(minutes=11)
    assert hub.comes_back().status_code == 303
    # What is too old is not kept.
    assert hub.sql("SELECT COUNT(*) FROM departures") == [(0,)]


def test_of_very_many_the_latest_are_kept(hub: Signing) -> None:
    for number in range(1_010):
        moment = hub.now + timedelta(milliseconds=number)
        hub.store.depart(f"token {number}", after="", invitation="", now=moment)
    assert hub.sql("SELECT COUNT(*) FROM departures")[0][0] <= 1_001
    assert hub.store.come_back("token 0", hub.now) is None
    assert hub.store.come_back("token 1009", hub.now) is not None


def test_nothing_that_lets_anybody_in_is_in_the_database(hub: Signing, provider: OpenIdProvider) -> None:
    link = invitation(hub.store, "bob", now=hub.now)
    address = hub.departs({"invitation": link.rpartition("/")[2]})
    query = parse_qs(urlsplit(address).query)
    cookie = hub.cookie()
    with closing(sqlite3.connect(hub.file)) as connection:
        dump = "\n".join(connection.iterdump())
    secrets = [cookie.value, query["state"][0], query["nonce"][0], link.rpartition("/")[2], SECRET]
    assert [each for each in secrets if each in dump] == []


# ---------------------------------------------------------------- who is let in


def test_an_account_is_theirs_by_number_whatever_their_address_is(
    hub: Signing, provider: OpenIdProvider
) -> None:
    hub.comes_back()
    provider.who = {"sub": "number-1", "email": "anna.b@elsewhere.example"}
    assert hub.comes_back().status_code == 303
    assert hub.store.audit(limit=1).items[0].said == f"{ANNA} signed in by NHS Mail."
    # And the address is nobody's else who is given it later.
    other = hub.browser()
    provider.who = {"sub": "number-2", "email": ANNA, "email_verified": True}
    assert "is of somebody else, who was called so before" in other.refused(other.comes_back())
    assert [each.name for each in hub.store.accounts()] == [ANNA]


@pytest.mark.parametrize(
    "who",
    [
        {"email": ANNA},
        {"email": ANNA, "email_verified": False},
        {"email": ANNA, "email_verified": "true"},
        {"email": ANNA, "email_verified": 1},
        {"preferred_username": ANNA, "email": "eve@nhs.example", "email_verified": True},
        {"email": f"eve@evil.example,{ANNA}", "email_verified": True},
        {"email": [ANNA], "email_verified": True},
    ],
)
def test_an_address_that_the_provider_has_not_verified_is_nobodys(
    hub: Signing, provider: OpenIdProvider, who: Claims
) -> None:
    hub.enrol("anna", PASSWORD)
    hub.post("/admin/sign-out")
    provider.who = {"sub": "number-9", **who}
    said = hub.refused(hub.comes_back())
    assert (
        "There is no account for that here." in said or "It has verified no e-mail address of yours" in said
    )


def test_letters_that_look_small_are_no_others(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub(more=", allow: ['kim@nhs.example']")
    # A sign for Kelvin, of which the small letter is a plain k.
    provider.who = {"sub": "number-9", "email": "\u212aim@nhs.example", "email_verified": True}
    assert "verified no e-mail address" in hub.refused(hub.comes_back())
    provider.who = {"sub": "number-3", "email": "Kim@NHS.example", "email_verified": True}
    assert hub.comes_back().status_code == 303
    called = Subject(issuer=provider.issuer, sub="number-9", called="\u212aim")
    assert (openid.account_name(called), openid.account_name(replace(called, called="Kim"))) == ("", "kim")


def test_an_account_with_a_password_is_the_same_one_by_its_verified_address(hub: Signing) -> None:
    hub.enrol(ANNA, PASSWORD)
    hub.post("/admin/sign-out")
    assert hub.comes_back().status_code == 303
    hub.post("/admin/sign-out")
    assert hub.sign_in(ANNA).status_code == 303
    assert "password, NHS Mail" in hub.words("/admin/accounts")


def test_who_never_chose_a_password_signs_in_with_none(hub: Signing) -> None:
    hub.comes_back()
    hub.post("/admin/sign-out")
    for password in ("", "*", PASSWORD):
        assert hub.sign_in(ANNA, password).status_code == 403


def test_at_a_link_one_signs_in_as_whoever_it_is_for(hub: Signing, provider: OpenIdProvider) -> None:
    provider.who = {"sub": "number-5", "preferred_username": "bob@tenant.example"}
    link = invitation(hub.store, "bob", now=hub.now)
    tree = hub.tree(link)
    (form,) = [form for form in tree.forms if form.action == BACK]
    assert hub.comes_back(dict(form.fields)).status_code == 303
    (record,) = hub.store.audit(limit=9).items
    assert record.who == "bob"
    assert record.said.endswith("They are bob@tenant.example there (number-5).")
    assert hub.get(link).status_code == 410
    hub.post("/admin/sign-out")
    assert hub.comes_back().status_code == 303
    # Another way that was begun at the link finds it used.
    hub.post("/admin/sign-out")
    assert "of no use any more" in hub.refused(hub.comes_back(dict(form.fields)))
    # Whose number is another by now takes a new link, and who had the old one is out.
    before = hub.browser()
    assert before.comes_back().status_code == 303
    again = invitation(hub.store, "bob", now=hub.now).rpartition("/")[2]
    provider.who = {"sub": "number-6"}
    assert hub.comes_back({"invitation": again}).status_code == 303
    provider.who = {"sub": "number-5"}
    assert "so you come in by a link" in before.refused(before.comes_back())


def test_the_first_admin_needs_no_password(a_hub: Callable[..., Signing], provider: OpenIdProvider) -> None:
    hub = a_hub()
    token = invitation(hub.store, "", now=hub.now).rpartition("/")[2]
    provider.who = {"sub": "number-1", "name": "Anna Smith"}
    assert "No account here can be called that." in hub.refused(hub.comes_back({"invitation": token}))
    provider.who = {"sub": "number-1", "preferred_username": "Anna.Smith@nhs.example"}
    assert hub.comes_back({"invitation": token}).status_code == 303
    assert [each.name for each in hub.store.accounts()] == ["anna.smith@nhs.example"]


@pytest.mark.parametrize(
    ("allow", "who", "let_in"),
    [
        ("anna@nhs.example", {"email": "Anna@NHS.example", "email_verified": True}, True),
        ("anna@nhs.example", {"email": "anna@nhs.example"}, False),
        ("anna@nhs.example", {"email": "xanna@nhs.example", "email_verified": True}, False),
        ("'@nhs.example'", {"email": "bob@nhs.example", "email_verified": True}, True),
        ("'@nhs.example'", {"email": "bob@nhs.example", "email_verified": False}, False),
        ("'@nhs.example'", {"email": "bob@sub.nhs.example", "email_verified": True}, False),
        ("'@nhs.example'", {"email": "bob@evilnhs.example", "email_verified": True}, False),
        ("'@nhs.example'", {"email": "bob@nhs.example@evil.example", "email_verified": True}, False),
        ("roles=hub-admin", {"roles": ["x", "hub-admin"], "preferred_username": "bob"}, True),
        ("roles=hub-admin", {"roles": "hub-admin", "preferred_username": "bob"}, True),
        ("roles=hub-admin", {"roles": "hub-admins", "preferred_username": "bob"}, False),
        ("roles=hub-admin", {"roles": ["hub"], "preferred_username": "bob"}, False),
        ("roles=hub-admin", {"roles": {"hub-admin": 1}, "preferred_username": "bob"}, False),
        ("hd=nhs.example", {"hd": "nhs.example", "email": "bob@nhs.example", "email_verified": True}, True),
    ],
)
def test_who_is_allowed_in_feeds_yaml_has_an_account_from_then_on(
    a_hub: Callable[..., Signing], provider: OpenIdProvider, allow: str, who: Claims, let_in: bool
) -> None:
    hub = a_hub(more=f", allow: [{allow}]")
    provider.who = {"sub": "number-1", **who}
    answer = hub.comes_back()
    if not let_in:
        hub.refused(answer)
        assert hub.store.accounts() == ()
        return
    assert answer.status_code == 303
    assert f"as feeds.yaml allows {allow.strip(chr(39))}." in hub.store.audit(limit=1).items[0].said


def test_who_is_let_in_by_feeds_yaml_is_so_as_long_as_it_says_so(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub(more=", allow: [roles=hub-admin]")
    provider.who = {"sub": "number-1", "roles": ["hub-admin"], "preferred_username": "bob"}
    assert hub.comes_back().status_code == 303
    hub.post("/admin/sign-out")
    provider.who = {"sub": "number-1", "roles": ["reader"], "preferred_username": "bob"}
    assert "lets nobody in any more" in hub.refused(hub.comes_back())
    provider.who = {"sub": "number-1", "roles": ["hub-admin"], "preferred_username": "bob"}
    hub.configure(hub.text())
    assert "lets nobody in any more" in hub.refused(hub.comes_back())


def test_what_somebody_is_feeds_yaml_says_at_each_sign_in(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub(more=", allow: [roles=hub-admin], editors: [roles=hub-editor, '@nhs.example']")
    bobs = hub.browser()

    def comes(*roles: str, name: str = "bob") -> str:
        provider.who = {"sub": "number-1", "roles": [*roles], "preferred_username": name}
        assert bobs.comes_back().status_code == 303
        account = hub.store.account("bob")
        assert account is not None
        assert (bobs.get("/admin/accounts").status_code == 200) is (account.role == ADMIN)
        bobs.post("/admin/sign-out")
        return str(account.role)

    assert comes("hub-editor") == "editor"
    assert "as feeds.yaml allows roles=hub-editor." in hub.store.audit("first time", limit=1).items[0].said
    assert comes("hub-editor", "hub-admin") == "admin"
    assert comes("hub-editor") == "editor"
    hub.enrol("anna", PASSWORD)
    assert "editor as feeds.yaml says" in hub.words("/admin/accounts")
    assert hub.tree("/admin/accounts").xpath("//select[@id='whose']") == []
    said = hub.refuses("/admin/accounts/role", {"name": "bob", "role": "admin"})
    assert "What bob may do feeds.yaml says (hub.sign_in)" in said
    hub.configure(hub.text(", allow: [roles=hub-editor]"))
    assert comes("hub-editor") == "admin"


def test_what_somebody_calls_themselves_is_not_whose_account_it_is(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub(more=", allow: [roles=hub-admin]")
    hub.enrol("anna", PASSWORD)
    hub.post("/admin/sign-out")
    provider.who = {"sub": "number-9", "roles": ["hub-admin"], "preferred_username": "anna"}
    assert "The account anna here is of somebody else" in hub.refused(hub.comes_back())


@pytest.mark.parametrize("allow", ["", ", allow: ['@nhs.example', roles=hub-admin]"])
@pytest.mark.parametrize("by", ["page", "command"])
def test_who_was_removed_does_not_come_in_again(
    a_hub: Callable[..., Signing], provider: OpenIdProvider, allow: str, by: str
) -> None:
    hub = a_hub(more=allow)
    invitation(hub.store, ANNA, now=hub.now)
    provider.who["roles"] = ["hub-admin"]
    annas = hub.browser()
    assert annas.comes_back().status_code == 303
    if by == "page":
        hub.enrol("bob", PASSWORD)
        assert hub.does("/admin/accounts/remove", {"name": ANNA}) == f"{ANNA} can sign in no more."
    else:
        decided.done(hub.database, users.remove(ANNA, now=hub.now))
    assert annas.get("/admin/").status_code == 303
    said = f"Its account here was removed. Another admin can add {ANNA} again"
    assert said in annas.refused(annas.comes_back())
    # Not by another name either, nor somebody else by hers.
    provider.who["email"] = "anna.b@nhs.example"
    assert "was removed" in annas.refused(annas.comes_back())
    provider.who = {"sub": "number-2", "email": ANNA, "email_verified": True}
    annas.refused(annas.comes_back())
    # Whoever adds her again means it.
    invitation(hub.store, ANNA, now=hub.now)
    provider.who = {"sub": "number-1", "email": ANNA, "email_verified": True}
    assert annas.comes_back().status_code == 303


def test_a_name_that_was_removed_before_anybody_came_by_it_is_not_let_in_by_its_domain(
    a_hub: Callable[..., Signing],
) -> None:
    hub = a_hub(more=", allow: ['@nhs.example']")
    hub.enrol(ANNA, PASSWORD)
    decided.done(hub.database, users.remove(ANNA, now=hub.now))
    assert "was removed" in hub.refused(hub.comes_back())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_both_databases_let_the_same_people_in(tmp_path: Path, kind: str) -> None:
    now = NOW
    with (
        new_store() if kind == "postgresql" else nullcontext(f"sqlite:///{tmp_path}/hub.db") as url,
        closing(open_store(url)) as store,
    ):
        anna = Subject(issuer="https://a.example", sub="1", name=ANNA)
        assert store.let_in(anna, ANNA, invitation="", now=now).refusal == "nobody"
        allowed = replace(anna, rule="@nhs.example", role=ADMIN)
        assert store.let_in(allowed, ANNA, invitation="", now=now) == Admission(
            account=ANNA, first=True, by_rule=True
        )
        assert store.let_in(allowed, ANNA, invitation="", now=now) == Admission(account=ANNA)
        assert store.let_in(anna, ANNA, invitation="", now=now).refusal == "ruled-out"
        (account,) = store.accounts()
        assert (account.name, account.password, account.issuers) == (ANNA, "", ("https://a.example",))
        # Another provider's number is another's.
        elsewhere = replace(anna, issuer="https://b.example")
        assert store.let_in(elsewhere, ANNA, invitation="", now=now).first
        assert store.account(ANNA).issuers == ("https://a.example", "https://b.example")  # type: ignore[union-attr]
        assert store.expel(ANNA, now, last=True)
        assert store.let_in(allowed, ANNA, invitation="", now=now).refusal == "removed"
        store.depart("token", after="/admin/", invitation="", now=now)
        assert store.come_back("token", now) == Departure(after="/admin/")
        assert store.come_back("token", now) is None


# ---------------------------------------------------------------- without passwords


def test_with_passwords_off_nobody_signs_in_with_one_and_a_command_is_the_way_back(
    a_hub: Callable[..., Signing], provider: OpenIdProvider
) -> None:
    hub = a_hub()
    hub.enrol("bob", PASSWORD)
    hub.configure(hub.text(", passwords: no"))
    given = hub.post("/admin/accounts/invite", {"name": ANNA, "role": "admin"}).text
    hub.post("/admin/sign-out")
    form = hub.words("/admin/sign-in")
    assert not hub.tree("/admin/sign-in").xpath("//input[@type='password']")
    assert "Passwords are off here. If NHS Mail lets nobody in, hub user reset NAME prints a link" in form
    assert "Nobody signs in here with a password." in hub.refused(hub.sign_in("bob"))
    # An admin's link is for the provider alone.
    link = "/admin/welcome/" + given.partition("/admin/welcome/")[2].partition("<")[0]
    assert len([form for form in hub.tree(link).forms if form.method == "POST"]) == 1
    fields = {"name": ANNA, "password": PASSWORD, "again": PASSWORD}
    assert "Nobody signs in here" in hub.refused(hub.post(link, fields), 400)
    assert hub.comes_back({"invitation": link.rpartition("/")[2]}).status_code == 303
    hub.post("/admin/sign-out")
    link = invitation(hub.store, "bob", now=hub.now)
    assert "Sign in this once" in hub.words(link)
    assert hub.post(link, {"name": "bob"}).headers["Location"] == "/admin/"
    assert hub.store.audit(limit=1).items[0].said == "bob used a link of a command, and so signed in."
    hub.post("/admin/sign-out")
    assert hub.get(link).status_code == 410
    # Once they are on again, it is the password that he had.
    hub.configure(hub.text())
    assert hub.sign_in("bob").status_code == 303


def test_commands_say_how_somebody_may_sign_in(hub: Signing) -> None:
    database = f"sqlite:///{hub.file}"
    said, _ = users.add(hub.path, "bob", ADMIN, now=hub.now)
    assert "bob chooses a password, or signs in with NHS Mail, once, until" in said
    hub.comes_back()
    assert (
        f"{ANNA}: admin, since 24 November 2026, 15:30 UTC, signs in with {hub.provider.issuer},"
        in users.listed(database, now=hub.now)
    )


# ---------------------------------------------------------------- a provider that is unwell


def test_while_the_provider_is_down_passwords_work_and_it_is_said_what_to_do(
    hub: Signing, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.enrol("bob", PASSWORD)
    hub.post("/admin/sign-out")
    provider.status = {"openid-configuration": 500}
    answer = hub.post(BACK)
    said = hub.refused(answer, 503)
    assert "NHS Mail cannot be asked" in said
    assert "answers 500. Try again in a minute." in said
    assert said.endswith("Or sign in with a password.")
    assert 'autocomplete="current-password"' in answer.text
    # It is not asked again by everybody who tries.
    hub.post(BACK)
    assert len(provider.asked) == 1
    assert hub.sign_in("bob").status_code == 303
    hub.post("/admin/sign-out")
    clock = time.monotonic() + 16
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    provider.status = {}
    address = provider.back(hub.departs())
    provider.status = {"keys": 503}
    assert "/realm/keys answers 503." in hub.refused(hub.follows(address), 503)
    provider.close()
    assert "NHS Mail cannot be asked." in hub.refused(hub.follows(provider.back(hub.departs())), 503)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"issuer": "https://evil.example"}, "is of the issuer ‘https://evil.example’"),
        ({"issuer": "{issuer}/"}, "to the last slash"),
        ({"issuer": None}, "is of the issuer ‘None’"),
        ({"authorization_endpoint": "http://login.example/"}, "no authorization_endpoint that is encrypted"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no authorization_endpoint that is encrypted"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "no jwks_uri"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client_secret_basic"),
    ],
)
def test_what_a_provider_says_of_itself_has_to_hold(
    hub: Signing, provider: OpenIdProvider, document: Claims, says: str
) -> None:
    provider.document = document
    if document.get("issuer") == "{issuer}/":
        provider.document = {"issuer": f"{provider.issuer}/"}
    assert says in hub.refused(hub.post(BACK), 503)


ELSEWHERE = SignIn(issuer="https://login.example", client_id=CLIENT, name="NHS Mail")


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "http://localhost:8000/x", "https:///x", 5])
def test_a_provider_elsewhere_names_nothing_of_this_machine_nor_of_nowhere(
    endpoint: str, url: object
) -> None:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    document = {"issuer": ELSEWHERE.issuer, **{name: f"{ELSEWHERE.issuer}/{name}" for name in names}}
    openid.read_provider(json.dumps(document).encode(), ELSEWHERE)
    with pytest.raises(SignInError, match=f"names no {endpoint} that is encrypted"):
        openid.read_provider(json.dumps({**document, endpoint: url}).encode(), ELSEWHERE)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, b'{"error": "invalid_grant"}', "was used, or is too old. Begin again"),
        (400, b'{"error": "unauthorized_client"}', "client_id and secret (‘unauthorized_client’). Compare"),
        (401, b"Who are you?", "client_id and secret (‘401’). Compare"),
        (403, b'{"id_token": "x.y.z"}', "it answers 403 (‘no reason’). Look up the hub's client"),
        (200, b"<html>", "There is no JSON in what NHS Mail gives for a code. Look"),
        (200, b'{"id_token": 5}', "there is no ID token. See to it"),
        (200, b'{"a":' * 9_999, "There is no JSON in what NHS Mail gives for a code. Look"),
    ],
)
def test_a_code_for_which_there_is_no_id_token_lets_nobody_in_and_it_is_said_why(
    status: int, body: bytes, says: str
) -> None:
    with pytest.raises(SignInError) as refused:
        openid.read_exchanged(status, body, ELSEWHERE)
    assert says in f"{refused.value.problem} {refused.value.remedy}"


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic"]])
def test_a_secret_is_sent_as_the_provider_takes_it(
    hub: Signing, provider: OpenIdProvider, methods: list[str]
) -> None:
    provider.methods = methods
    assert hub.comes_back().status_code == 303


def test_a_secret_that_is_missing_or_wrong_is_told_and_never_shown(
    hub: Signing, tmp_path: Path, provider: OpenIdProvider
) -> None:
    def with_environment(**environment: str) -> None:
        desk = hub.app.site.desk
        assert isinstance(desk, Desk)
        hub.app.site.desk = replace(desk, provider=Provider(environment))

    with_environment()
    assert "name that by HUB_SIGN_IN_SECRET_FILE" in hub.refused(hub.post(BACK), 503)
    file = tmp_path / "secret"
    with_environment(HUB_SIGN_IN_SECRET_FILE=str(file))
    assert "cannot be read (FileNotFoundError)" in hub.refused(hub.post(BACK), 503)
    file.write_text("wrong secret\n")
    said = hub.refused(hub.comes_back(), 503)
    assert "does not take the hub's client_id and secret (‘invalid_client’)" in said
    assert "wrong secret" not in said
    # A new one holds at once.
    file.write_text(f"{SECRET}\n")
    assert hub.comes_back().status_code == 303


def test_an_address_of_ones_own_network_has_to_be_allowed(hub: Signing, provider: OpenIdProvider) -> None:
    hub.configure(hub.text().replace("allow: [127.0.0.1/32]", "host_delay: 0s"))
    said = hub.refused(hub.post(BACK), 503)
    assert "is at the address 127.0.0.1, which is not public." in said
    assert "add that address to hub.fetch.allow" in said
    assert provider.asked == []


def test_a_hub_without_such_a_sign_in_has_no_trace_of_it(tmp_path: Path) -> None:
    with closing(AdminHub(tmp_path)) as hub:
        assert "Sign in with" not in hub.words("/admin/sign-in")
        assert hub.post(BACK).headers["Location"] == "/admin/sign-in"
        assert hub.get(f"{BACK}?state=x&code=x").headers["Location"] == "/admin/sign-in"


@contextmanager
def serving(folder: Path, more: str = "") -> Iterator[tuple[Command, OpenIdProvider, str]]:
    """A hub that is served, its provider and its address, which is in feeds.yaml as soon as it is known."""
    command = Command(folder)
    command.write({})
    with a_provider(lambda: datetime.now(UTC)) as provider, command.serving("serve") as (_, address):
        head = (
            f"hub:\n  url: {address}\n  fetch: {{allow: [127.0.0.0/8]}}\n"
            f"  sign_in: {provider.settings(more=more)}\n"
        )
        command.write({}, head=head)
        assert within(SOON, lambda: "NHS Mail" in get(f"{address}/admin/sign-in"))
        yield command, provider, address


def test_a_provider_that_is_slow_keeps_nobody_waiting_who_is_not_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAMED, SECRET)
    with serving(tmp_path) as (command, provider, address), ThreadPoolExecutor(10) as threads:
        host = urlsplit(address).netloc
        link = command.run("user", "add", "bob").stdout.split("/admin/welcome/")[1].split()[0]
        fields = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+")
        answer = send(host, f"/admin/welcome/{link}", fields)
        cookie = answer.partition("set-cookie: ")[2].partition(";")[0]
        provider.answering.clear()
        waiting = [threads.submit(send, host, BACK, "") for _ in range(10)]
        assert within(SOON, lambda: provider.asked)
        # Nobody at the provider is answered yet, and all others are.
        assert "News" in get(f"{address}/")
        invited = send(host, "/admin/accounts/invite", "name=eve&role=admin", cookie=cookie)
        assert "Send <strong>eve</strong> this link" in invited
        signed = send(host, "/admin/sign-in", "name=x&password=y")
        assert "There is no account with this name" in signed
        assert not all(each.done() for each in waiting)
        for each in waiting:
            assert "NHS Mail cannot be asked" in each.result(SOON)


# ---------------------------------------------------------------- in a browser


@needs_chromium
@pytest.mark.parametrize("scripts", [True, False])
def test_an_admin_signs_in_at_the_provider_and_out_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser, scripts: bool
) -> None:
    monkeypatch.setenv(SECRET_NAMED, SECRET)
    with (
        serving(tmp_path, ", allow: ['@nhs.example']") as (_, _, address),
        closing(browser.new_context(java_script_enabled=scripts)) as context,
    ):
        complaints: list[str] = []
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{address}/admin/accounts")
        page.get_by_role("button", name="Sign in with NHS Mail").press("Enter")
        page.get_by_role("button", name="Sign in as Anna").click()
        page.wait_for_url("**/admin/accounts")
        assert page.locator(".who span").inner_text() == ANNA
        assert "NHS Mail" in page.locator("main table").first.inner_text()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/admin/sign-in")
        assert complaints == []


@needs_chromium
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("more", ["", ", passwords: no"])
def test_the_page_to_sign_in_at_fits_small_screens_and_has_large_buttons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser, width: int, more: str
) -> None:
    monkeypatch.setenv(SECRET_NAMED, SECRET)
    with (
        serving(tmp_path, more) as (command, provider, address),
        closing(
            browser.new_context(
                java_script_enabled=False,
                viewport={"width": width, "height": 800},
                has_touch=width < 400,
                is_mobile=width < 400,
            )
        ) as context,
    ):
        page = context.new_page()
        link = command.run("user", "add", "bob").stdout.split()[-1]
        provider.status = {"openid-configuration": 500}
        for path in (f"{address}/admin/sign-in", link):
            page.goto(path)
            page.get_by_role("button", name="Sign in with NHS Mail").click()
            assert page.locator("#problem").is_visible()
            page.goto(path)
            assert page.locator("html").evaluate("html => html.scrollWidth") <= width
            small = page.locator("main button").evaluate_all(
                "all => all.map(each => each.getBoundingClientRect().height).filter(height => height < 44)"
            )
            assert small == [] or width > 400


@needs_chromium
def test_a_provider_leads_on_to_another_host_from_which_browsers_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    """As Entra ID does to an organisation's own, which no policy of a page could name."""
    monkeypatch.setenv(SECRET_NAMED, SECRET)
    with (
        serving(tmp_path, ", allow: ['@nhs.example']") as (_, provider, address),
        closing(browser.new_context()) as context,
    ):
        elsewhere = provider.issuer.replace("127.0.0.1", "localhost")
        provider.leads_on = elsewhere
        page = context.new_page()
        page.goto(f"{address}/admin/")
        page.get_by_role("button", name="Sign in with NHS Mail").click()
        page.wait_for_url("**//localhost:*/**")
        page.get_by_role("button", name="Sign in as Anna").click()
        page.wait_for_url("**/admin/")
        assert page.locator(".who span").inner_text() == ANNA
