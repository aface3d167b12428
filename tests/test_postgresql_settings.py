"""What a server's admin has set, and a pooler before it: the hub goes on all the same, or says why not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest

from hub.errors import StoreError, StoreUnusable
from hub.jobs import Queue
from hub.polling.polls import utc_now
from hub.store import back_up, company_of, existing_store, lock_of, open_store, put_back
from hub.store.postgres import PostgresStore
from hub.store.postgres.server import unreachable
from tests.commands import SOON, Hub, end_within, within
from tests.postgresql import PASSWORD, as_superuser, new_database, programs
from tests.site import Site

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

needs_pooler = pytest.mark.skipif(PGBOUNCER is None, reason="needs PgBouncer (Debian: pgbouncer)")


@pytest.fixture(autouse=True)
def with_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def have(url: str, *settings: str) -> None:
    for each in settings:
        as_superuser(f"ALTER DATABASE {name_of(url)} SET {each}")


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "setting",
    [
        "DateStyle = 'German, DMY'",
        "TimeZone = '<+0530>-05:30'",
        "statement_timeout = '40ms'",
        "idle_session_timeout = '100ms'",
    ],
)
def test_what_a_databases_admin_has_set_is_no_matter(
    postgresql: str, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    have(postgresql, setting)
    with closing(PostgresStore(postgresql)) as store:
        store._execute("SELECT pg_sleep(0.1)")
    lock = lock_of(postgresql, "run")
    with closing(company_of(postgresql)) as company, closing(Queue(postgresql)) as queue:
        assert lock.take()
        assert company.take(["east.example"])
        assert company.clock_apart(utc_now) is None
        queue.add([1], "digest")
        time.sleep(0.5)
        # An error where a connection has ended meanwhile.
        assert not lock.wanted
        company.leave(["east.example"])
        assert queue.outstanding("digest") == {1}
    lock.release()
    assert not caplog.messages


def test_a_database_whose_search_path_leads_nowhere_is_told_of(postgresql: str) -> None:
    have(postgresql, "search_path = nowhere")
    with pytest.raises(StoreError, match="has no place for the hub's tables: no schema has been sel") as told:
        open_store(postgresql)
    assert "SET search_path = public" in told.value.remedy


def test_a_backup_of_another_schema_is_not_put_where_no_hub_looks_for_it(
    postgresql: str, tmp_path: Path
) -> None:
    as_superuser(f"ALTER DATABASE {name_of(postgresql)} SET search_path = news")
    with psycopg.connect(postgresql) as connection:
        connection.execute("CREATE SCHEMA news")
    open_store(postgresql).close()
    back_up(postgresql, tmp_path / "copy")
    put_back(postgresql, tmp_path / "copy")
    with new_database() as other:
        with pytest.raises(
            StoreError, match="tables are of the schema news, and the database's of pub"
        ) as told:
            put_back(other, tmp_path / "copy")
        assert "Nothing was changed; have both be the same: CREATE SCHEMA news" in told.value.remedy
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT to_regnamespace('news')").fetchone() == (None,)
            connection.execute("CREATE SCHEMA news")
        have(other, "search_path = news")
        put_back(other, tmp_path / "copy")
        existing_store(other).close()


@pytest.mark.parametrize(
    ("said", "do"),
    [
        ('FATAL:  too many connections for role "hub"', "Allow the role more: ALTER ROLE"),
        ('FATAL:  too many connections for database "hub"', "Allow it more: ALTER DATABASE"),
        ("FATAL:  sorry, too many clients already", "Allow more connections in postgresql.conf"),
    ],
)
def test_where_connections_are_too_many_it_is_said_who_allows_more(said: str, do: str) -> None:
    told = unreachable("postgresql://hub@db/hub", psycopg.OperationalError(f"connection failed: {said}"))
    assert told.remedy.startswith(do)


# ---------------------------------------------------------------- a pooler before it


@contextmanager
def pooler(folder: Path, url: str, mode: str) -> Iterator[str]:
    """The address of a database by way of a PgBouncer, for as long as the block lasts."""
    assert PGBOUNCER
    server = parse_qs(urlsplit(url).query)["host"][0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "users").write_text(f'"hub" "{PASSWORD}"\n')
    (folder / "ini").write_text(
        f"[databases]\n* = host={server}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = plain\nauth_file = {folder / 'users'}\npool_mode = {mode}\ndefault_pool_size = 60\n"
    )
    # It is nobody's who may do everything.
    as_other: tuple[str, ...] = ()
    if os.geteuid() == 0:
        as_other = ("--user", Path(server).owner())
        for each in (folder, *folder.parents):
            if each.owner() == "root" and each.stat().st_mode & 0o005 != 0o005:
                each.chmod(each.stat().st_mode | 0o005)
    with subprocess.Popen(
        [PGBOUNCER, "--quiet", *as_other, str(folder / "ini")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert within(SOON, lambda: _answers(port))
            yield f"postgresql://hub:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{name_of(url)}"
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@needs_pooler
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("transaction", "a pooler's that gives a connection to others between transactions"),
        ("statement", "transaction blocks not allowed in statement pooling mode"),
    ],
)
def test_a_pooler_by_which_locks_would_be_lost_is_refused(
    postgresql: str, tmp_path: Path, mode: str, said: str
) -> None:
    open_store(postgresql).close()
    with pooler(tmp_path, postgresql, mode) as address:
        for ask in (
            lock_of(address, "run").take,
            lambda: open_store(address, for_readers=True),
            lambda: company_of(address).take(["east.example"]),
        ):
            with pytest.raises(StoreUnusable, match=said) as told:
                ask()
            assert "pool_mode = session" in told.value.remedy


@needs_pooler
def test_by_a_pooler_that_leaves_connections_to_who_opened_them_all_is_as_ever(
    postgresql: str, tmp_path: Path, site: Site
) -> None:
    folder = tmp_path / "pooler"
    folder.mkdir()
    with pooler(folder, postgresql, "session") as address:
        hub = Hub(tmp_path, address)
        hub.write({"east": [site.feed("/east", "One")]})
        with hub.serving("run"):
            refused = hub.run("run", "--port", "0")
            assert (refused.returncode, "runs a hub" in refused.stderr) == (1, True), refused.stderr
            with hub.start("worker") as worker:
                try:
                    with closing(open_store(postgresql)) as store:
                        assert within(SOON, lambda: store.workers().alive == 1)
                finally:
                    worker.terminate()
                    worker.communicate(timeout=end_within())
        assert hub.run("backup", str(tmp_path / "copy")).returncode == 0
