"""A web view with admin pages for tests, its feeds.yaml in a file, and an admin who is signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from hub.admin.desk import Desk
from hub.admin.users import invitation
from hub.model import ADMIN as AN_ADMIN
from hub.model import Role
from hub.web.admin import access
from tests.web_hub import NETWORK, Hub

ADMIN, PASSWORD = "anna", "correct horse battery"
ORIGIN = "http://127.0.0.1:8000"
# It is to take its time, for each password once.
_hash = cache(generate_password_hash)


class AdminHub(Hub):
    """A hub whose feeds.yaml is a file, so that commands and the admin pages can edit it."""

    def __init__(self, folder: Path, text: str = NETWORK, *, database: str | None = None) -> None:
        self.path = folder / "feeds.yaml"
        self.path.write_text(text, encoding="utf-8")
        self.desk = Desk(self.path, database or f"sqlite:///{folder / 'hub.db'}")
        super().__init__(folder, text, desk=self.desk, database=database)

    def take_up(self) -> None:
        """Go by the file as it is now, as a hub that runs does."""
        self.configure(self.path.read_text(encoding="utf-8"))

    def post(
        self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None, /, **headers: str
    ) -> TestResponse:
        """Send a form as a page of the hub does, or with other headers instead."""
        sent = {name.replace("_", "-"): of for name, of in (headers or {"Origin": ORIGIN}).items()}
        return self.client.post(path, data=fields or {}, headers=sent)

    def sign_in(self, name: str = ADMIN, password: str = PASSWORD) -> TestResponse:
        return self.post("/admin/sign-in", {"name": name, "password": password})

    def enrol(self, name: str = ADMIN, password: str = PASSWORD, role: Role = AN_ADMIN) -> None:
        """Make an account, and sign in with it."""
        chosen = {"name": name, "password": password, "again": password}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(access, "generate_password_hash", _hash)
            answer = self.post(invitation(self.store, name, role, now=self.now), chosen)
        assert answer.status_code == 303, answer.text

    def another(self, name: str, role: Role) -> AdminHub:
        """Another browser at the same hub, where somebody of this role is signed in."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, client=self.app.test_client())
        other.enrol(name, role=role)
        return other

    def does(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> str:
        """Send a form that does something, and what the page that it leads to says was done."""
        answer = self.post(path, fields)
        assert answer.status_code == 303, answer.text
        tree = self.tree(answer.headers["Location"])
        (said,) = tree.xpath("//*[@role='status']/p[1]")
        return " ".join(said.text_content().split())

    def undoes(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> str:
        """Do something, press Undo on the page that says so, and what is said then."""
        answer = self.post(path, fields)
        assert answer.status_code == 303, answer.text
        tree = self.tree(answer.headers["Location"])
        (form,) = tree.xpath("//form[contains(@action, '/admin/undo')]")
        return self.does(form.get("action"), {name: value or "" for name, value in form.form_values()})

    def refuses(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> str:
        """Send a form that cannot be done, and what is said of it."""
        answer = self.post(path, fields)
        assert 400 <= answer.status_code < 500, answer.status_code
        (main,) = re.findall(r"<main.*?</main>", answer.text, re.DOTALL)
        return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def an_admin_hub(folder: Path) -> Iterator[AdminHub]:
    """A hub with an admin who is signed in, closed afterwards."""
    with closing(AdminHub(folder)) as made:
        made.enrol()
        yield made
