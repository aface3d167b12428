"""What readers, programs and admins are answered while the database answers nobody."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from hub.errors import StoreDamaged, StoreUnusable
from hub.web.unusable import Unusable
from tests.admin_hub import AdminHub
from tests.postgresql import as_superuser, new_store
from tests.web_hub import WESSEX, news

TOLD_BY = "hub.web.unusable"


@contextmanager
def away(hub: AdminHub) -> Iterator[None]:
    """The server lets nobody in, and ends whoever is."""
    name = hub.database.partition("@/")[2].partition("?")[0]
    as_superuser(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
    as_superuser(end, (name,))
    try:
        yield
    finally:
        as_superuser(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def held(hub: AdminHub) -> Iterator[None]:
    """Another program has the file for itself."""
    with closing(sqlite3.connect(hub.file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def damaged(hub: AdminHub) -> Iterator[None]:
    """The file is no database any more."""
    whole = hub.file.read_bytes()
    hub.file.write_bytes(b"\xff" * len(whole))
    try:
        yield
    finally:
        hub.file.write_bytes(whole)


Lost = Callable[[AdminHub], AbstractContextManager[None]]


@pytest.fixture(params=[away, held, damaged])
def lost(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lost:
    """How the database is lost for as long as a block lasts."""
    monkeypatch.setattr("hub.store.sqlite.connection.BUSY_SECONDS", 0.1)
    found: Lost = request.param
    return found


@pytest.fixture
def hub(tmp_path: Path, lost: Lost) -> Iterator[AdminHub]:
    """A hub that has news, and an admin who is signed in.

    Of one on a file, nothing has asked the database yet: who has it open reads on, whatever
    becomes of it.
    """
    with new_store() if lost is away else nullcontext() as database:
        with closing(AdminHub(tmp_path, database=database)) as made:
            made.publish(WESSEX, news("1", "A ward is opened"))
            made.enrol()
            if lost is away:
                yield made
                return
            again = AdminHub(tmp_path)
            again.client, again.client.application = made.client, again.app
            again.close()
        with closing(again):
            yield again


def test_readers_are_asked_to_come_again_in_the_form_they_read(hub: AdminHub, lost: Lost) -> None:
    if lost is away:
        assert "A ward is opened" in hub.words("/")
    with lost(hub):
        for path in ("/", "/search?q=ward", "/status", "/member/nobody", "/embed/news"):
            answer = hub.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
            assert answer.mimetype == "text/html"
            assert "The news cannot be shown just now" in answer.text
            assert "hub.db" not in answer.text
            assert "postgresql" not in answer.text
        for path in (
            "/feeds/all.atom",
            "/feeds/all.json",
            "/events.ics",
            "/opml",
            "/metrics",
            "/websub/token",
        ):
            answer = hub.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
            assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/plain", "no-store")
        answer = hub.get("/api/v1/stories")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert answer.json == {"error": "The news cannot be shown just now: Please try again in a minute."}
        assert "There is no page at this address" in hub.words("/no/such/page", 404)
        assert hub.get("/healthz").status_code == 200
        assert hub.get("/readyz").status_code == 503
    assert "A ward is opened" in hub.words("/")
    assert hub.get("/readyz").status_code == 200


def test_the_log_has_a_line_as_it_begins_and_one_as_it_ends(
    hub: AdminHub, lost: Lost, caplog: pytest.LogCaptureFixture
) -> None:
    if lost is away:
        assert hub.get("/").status_code == 200
    with caplog.at_level(logging.INFO), lost(hub):
        for _ in range(3):
            for path in (
                "/",
                "/feeds/all.atom",
                "/admin/",
                "/nothing",
                "/healthz",
                "/about",
                "/static/hub.css",
            ):
                hub.get(path)
        (record,) = caplog.records
        assert record.name == TOLD_BY
        assert record.exc_info is None
        assert hub.database.rpartition("/")[2].partition("?")[0] in record.getMessage()
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert hub.get("/").status_code == 200
    assert [each.getMessage() for each in caplog.records[1:]] == [
        "the database can be asked again, and requests are answered"
    ]


def test_admins_are_told_what_is_wrong_and_what_to_do(
    hub: AdminHub, lost: Lost, caplog: pytest.LogCaptureFixture
) -> None:
    with lost(hub):
        for path in ("/admin/", "/admin/feeds?done=1"):
            answer = hub.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
        answer = hub.get("/admin/")
        assert "This cannot be shown just now" in answer.text
        told: dict[Lost, str] = {
            away: "cannot be reached",
            held: "is held by another program",
            damaged: "is no database",
        }
        assert told[lost] in answer.text
        assert 'class="remedy"' in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        answer = hub.post("/admin/accounts/invite", {"name": "bob", "role": "admin"})
        assert answer.status_code == 503
        assert "This was not done" in answer.text
    assert {each.name for each in caplog.records} == {TOLD_BY}
    assert hub.get("/admin/").status_code == 200


def test_what_comes_and_goes_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable, met = Unusable(), []
    with caplog.at_level(logging.INFO):
        for now in (1_000.0, 1_030.0, 1_059.0, 1_061.0):
            monkeypatch.setattr("hub.web.unusable.time.monotonic", lambda now=now: now)
            unusable.met(StoreUnusable("It is held.", "Wait."))
            met.append(unusable.is_met)
            unusable.over()
    assert met == [True, False, False, True]
    assert len(caplog.records) == 4


def test_a_damaged_part_is_not_over_while_other_parts_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(AdminHub(tmp_path)) as made:
        made.publish(WESSEX, news("1", "A ward is opened"))
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'stories'").fetchone()
    with (tmp_path / "hub.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with closing(AdminHub(tmp_path)) as hub, caplog.at_level(logging.INFO):
        assert hub.get("/readyz").status_code == 200
        for _ in range(2):
            assert hub.get("/feeds/all.atom").status_code == 503
            assert hub.get("/status").status_code == 200
        answer = hub.get("/readyz")
        assert answer.status_code == 503
        assert "is damaged" in answer.text
    (record,) = caplog.records
    assert record.getMessage().startswith("what needs a damaged part is answered 503: ")


def test_damage_is_told_again_each_hour_and_forgotten_an_hour_after_it_was_met(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable, damage = Unusable(), StoreDamaged("It is damaged.", "Put it back.")
    with caplog.at_level(logging.INFO):
        for now, told in ((1_000.0, 1), (4_599.0, 1), (4_601.0, 2)):
            monkeypatch.setattr("hub.web.unusable.time.monotonic", lambda now=now: now)
            unusable.met(damage)
            unusable.over()
            assert (len(caplog.records), unusable.damaged) == (told, damage)
    monkeypatch.setattr("hub.web.unusable.time.monotonic", lambda: 8_202.0)
    assert unusable.damaged is None
