"""What is a hub's own on PostgreSQL: its address, its locks, its backups; on a real server."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from psycopg.errors import UndefinedTable

from hub import service
from hub.config import Watched, load
from hub.errors import BusyError, StoreError
from hub.lock import held
from hub.polling import forever, rounds
from hub.report import Lines
from hub.service import Place
from hub.store import back_up, company_of, existing_store, lock_of, on_server, open_store, put_back, shown
from hub.store.postgres.server import broken, unreachable
from tests.commands import LOOPBACK, SOON, Hub, descendants, end_within, get, within
from tests.postgresql import PASSWORD, as_superuser, new_database, programs
from tests.site import Site, serving

ME = f"process {os.getpid()} on {socket.gethostname()}"
OFTEN = LOOPBACK.replace("hub:", "hub:\n  every: {min: 1s, max: 1s}")


@pytest.fixture
def hub(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
    return Hub(tmp_path, on_server=postgresql)


def titles(url: str) -> set[str]:
    with psycopg.connect(url) as connection, suppress(UndefinedTable):
        return {title for (title,) in connection.execute("SELECT title FROM entries")}
    return set()


def cut(url: str, *, whose: str = "hub,") -> int:
    """End the connections to a database of those who are called so; how many those were."""
    ended = as_superuser(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        " AND starts_with(application_name, %s)",
        (name_of(url), whose),
    )
    return len(ended)


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///hub.db", "sqlite:///hub.db"),
        ("sqlite:////var/lib/a:b@c.db", "sqlite:////var/lib/a:b@c.db"),
        ("postgresql://hub@db.example/hub", "postgresql://hub@db.example/hub"),
        ("postgresql://db.example:5433/hub", "postgresql://db.example:5433/hub"),
        ("postgresql://hub:secret@db.example:5433/hub", "postgresql://hub@db.example:5433/hub"),
        ("postgres://hub:secret@/hub?host=/run/pg", "postgres://hub@/hub?host=/run/pg"),
        ("postgresql://hub@db/hub?password=secret&port=1", "postgresql://hub@db/hub?password=&port=1"),
        ("postgresql://db/hub?sslpassword=secret", "postgresql://db/hub?sslpassword="),
        # What should have been percent-encoded.
        ("postgresql://hub:sec@ret@db/hub", "postgresql://hub@db/hub"),
        ("postgresql://hub:sec/ret?@db/hub", "postgresql://hub@db/hub"),
        # What is no address.
        ("postgresql:/hub:secret@db/hub", "postgresql:/hub@db/hub"),
        ("hub:secret@db/hub", "hub@db/hub"),
        ("postgresql+psycopg://hub:secret@db/hub", "postgresql+psycopg://hub@db/hub"),
        ("host=db user=hub password=secret", "…"),
        ("postgresql://hub@db/hub?PASSWORD=secret", "postgresql://hub@db/hub?…"),
        (
            "postgresql://hub@db/hub?passwd=secret&sslmode=require",
            "postgresql://hub@db/hub?…&sslmode=require",
        ),
        ("postgresql://hub@db/hub?password=sec@ret", "postgresql://…"),
        ("postgresql://hub@db/hub?password=sec&ret=", "postgresql://hub@db/hub?password=&…"),
        ("postgresql://db:5433/hub?password=sec@ret", "postgresql://…"),
        # The host was forgotten.
        ("postgresql://hub:secret", "postgresql://…"),
        ("postgresql://hub:secret/hub", "postgresql://…"),
        ("/var/lib/hub/hub.db", "/var/lib/hub/hub.db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, said: str) -> None:
    assert shown(url) == said


# Of a password, what is looked for, and the letters that are between.
PIECES = st.lists(
    st.sampled_from(["Geheim", *":/@%?#&=+ ,;[]\\'\"\n", "://", "%zz", "é", "\udcff"]), min_size=1
)
ADDRESSES = (
    "{scheme}hub:{password}@{place}",
    "{scheme}hub:{password}@{place}?sslmode=require",
    "{scheme}:{password}@{place}",
    "{scheme}hub:{password}",
    "{scheme}hub@{place}?password={password}",
    "{scheme}hub@{place}?sslmode=require&password={password}",
    "{scheme}hub:{password}@{place}?password={password}",
    "{scheme}{place}?password={password}",
    "{scheme}hub@{place}?PassWord={password}",
    "{scheme}hub@{place}?passwd={password}&connect_timeout=3",
    "host=db user=hub password={password}",
    "user=hub password='{password}' host=db",
)


@given(
    form=st.sampled_from(ADDRESSES),
    scheme=st.sampled_from(
        ("postgresql://", "postgres://", "postgresql:/", "postgresql+psycopg://", "Postgresql://", "")
    ),
    place=st.sampled_from(("db.example/hub", "127.0.0.1:9/hub", "/hub", "a:1,b:2/hub", "[::1]:9/hub", "db")),
    pieces=PIECES,
)
def test_nothing_of_a_password_is_shown_wherever_it_stands(
    form: str, scheme: str, place: str, pieces: list[str]
) -> None:
    password = "".join(pieces)
    # What then is before or after an @ is a user or a host to everybody.
    assume(
        "@" not in password or form.endswith(("@{place}", "require", "{password}'", "password={password}"))
    )
    said = shown(form.format(scheme=scheme, place=place, password=f"Geheim{password}Geheim"))
    assert "Geheim" not in said


@pytest.mark.parametrize(
    "url", ["postgresql:/hub:secret@db/hub", "hub:secret@db/hub", "mysql://hub:secret@db/hub"]
)
def test_what_is_no_address_is_told_without_its_password(url: str) -> None:
    assert not on_server(url)
    for opened in (open_store, existing_store, lambda url: lock_of(url, "run")):
        with pytest.raises(StoreError, match="is not the address of a database") as told:
            opened(url)
        assert "secret" not in told.value.problem
        assert "postgresql://USER:PASSWORD@HOST/NAME" in told.value.remedy


@pytest.mark.parametrize("password", ["sec@ret", "sec/ret", "sec%ret", "sec@r/e?t", "100%café", "sec%BB9ret"])
def test_a_password_that_is_not_encoded_is_told_of_and_not_told(password: str) -> None:
    with pytest.raises(StoreError, match="is not the address of a database on a server") as told:
        lock_of(f"postgresql://hub:{password}@127.0.0.1:9/hub", "run").take()
    assert not re.search("sec|ret|caf", told.value.problem)
    assert "percent-encoded" in told.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://hub:secret",
        "postgresql://hub@127.0.0.1:9/hub%FF",
        "postgresql://hub@127.0.0.1:9/hub?PASSWORD=secret",
        "postgresql://hub:secret?secret=1",
        "postgresql://hub@127.0.0.1:9/hub?password=a&secret=b",
    ],
)
def test_what_may_be_a_password_is_not_told_of_an_address_that_is_wrong(url: str) -> None:
    with pytest.raises(StoreError, match="is not the address of a database on a server") as told:
        lock_of(url, "run").take()
    assert "secret" not in told.value.problem + told.value.remedy


@pytest.mark.parametrize(
    ("wrong", "said", "do"),
    [
        ("password", 'password authentication failed for user "hub"', "Put the right one into ~/.pgpass"),
        ("name", 'database "nowhere" does not exist', "Make it"),
        ("socket", "No such file or directory", "See that the server runs"),
        ("port", "Connection refused", "See that the server runs"),
    ],
)
def test_a_server_that_does_not_let_in_is_told_with_what_to_do(
    postgresql: str, wrong: str, said: str, do: str
) -> None:
    url = {
        "password": postgresql.replace(quote(PASSWORD, safe=""), "mistyped"),
        "name": postgresql.replace(f"@/{name_of(postgresql)}", "@/nowhere"),
        "socket": "postgresql://hub:mistyped@/hub?host=/nowhere",
        "port": "postgresql://hub:mistyped@127.0.0.1:9/hub",
    }[wrong]
    for ask in (lock_of(url, "run").take, lambda: existing_store(url), lambda: back_up(url, Path("copy"))):
        with pytest.raises(StoreError, match=f"cannot be reached: .*{said}") as told:
            ask()
        assert told.value.remedy.startswith(do)
        assert "\n" not in told.value.problem
        assert not any(word in told.value.problem for word in ("mistyped", PASSWORD))


@pytest.mark.parametrize(
    ("asked", "said", "do"),
    [
        ("sslmode=some", 'invalid sslmode value: "some"', "Correct it in the address"),
        ("port=99999", 'invalid port number: "99999"', "Correct it in the address"),
        ("connect_timeout=soon", "bad value for connect_timeout", "Correct it in the address"),
        ("service=nowhere", 'definition of service "nowhere" not found', "Write it into ~/.pg_service.conf"),
        ("nonsense=1", "has a parameter nonsense", "Leave it out"),
    ],
)
def test_what_is_wrong_in_an_address_is_told_with_what_to_do(
    postgresql: str, asked: str, said: str, do: str
) -> None:
    with pytest.raises(StoreError, match=said) as told:
        existing_store(f"{postgresql}&{asked}")
    assert told.value.remedy.startswith(do)


# As libpq and PostgreSQL 15 to 18 say it.
@pytest.mark.parametrize(
    ("said", "do"),
    [
        ('FATAL:  Peer authentication failed for user "hub"', "By a socket the system's user has to be"),
        ('FATAL:  role "root" does not exist', "Run it as the user whose role there is"),
        ('root certificate file "/root/.postgresql/root.crt" does not exist', "Put the certificate of"),
        ("SSL error: certificate verify failed", "Put the certificate of the authority"),
        (
            'server certificate for "db" does not match host name "127.0.0.1"',
            "Name the server in the address",
        ),
        ("server does not support SSL, but SSL was required", "Have it use SSL"),
        ("session is read-only", "Name the primary"),
        ('FATAL:  permission denied for database "hub"', "Let the role in"),
        ("FATAL:  the database system is starting up", "Wait"),
    ],
)
def test_what_to_do_goes_by_what_a_server_says(said: str, do: str) -> None:
    begun = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '
    told = unreachable("postgresql://hub@127.0.0.1/hub", psycopg.OperationalError(begun + said))
    assert told.problem.endswith(f"5432 failed: {said}.")
    assert told.remedy.startswith(do)


def test_a_server_that_takes_no_changes_is_told_of(postgresql: str) -> None:
    with (
        psycopg.connect(f"{postgresql}&options=-cdefault_transaction_read_only%3Don") as connection,
        pytest.raises(psycopg.Error) as read_only,
    ):
        connection.execute("CREATE TABLE wings ()")
    standby = psycopg.errors.FeatureNotSupported("cannot set transaction read-write mode during recovery")
    for error in (read_only.value, standby):
        told = broken(postgresql, error)
        assert "takes no changes: cannot " in told.problem
        assert told.remedy.startswith("Name the primary")


def test_tables_of_another_role_are_told_of_with_what_to_do(hub: Hub) -> None:
    open_store(hub.database).close()
    copy = hub.folder / "copy"
    back_up(hub.database, copy)
    with psycopg.connect(hub.database.replace("//hub:", "//postgres:")) as connection:
        connection.execute("ALTER TABLE entries OWNER TO postgres")
    store = open_store(hub.database)
    for ask in (
        store.check,
        lambda: back_up(hub.database, hub.folder / "other"),
        lambda: put_back(hub.database, copy),
    ):
        with pytest.raises(StoreError, match=r"permission denied for table|must be owner of table") as told:
            ask()
        assert "The tables are another role's" in told.value.remedy
        assert "ALTER TABLE" in told.value.remedy
        assert "room" not in told.value.remedy
    store.close()


def test_without_the_driver_it_is_said_what_to_install(hub: Hub) -> None:
    hub.write({})
    # As where only the hub itself was installed.
    (hub.folder / "psycopg.py").write_text("raise ImportError('no psycopg here')")
    for command in (["poll"], ["check"], ["backup", "copy"], ["restore", "copy"], ["run", "--port", "0"]):
        ran = hub.run(*command)
        assert ran.returncode == 1
        assert ran.stderr == (
            "A database on a PostgreSQL server takes psycopg, which cannot be loaded: no psycopg here.\n"
            "    Install it where the hub is: pip install 'psycopg[binary]'.\n"
        )


def test_a_database_that_must_be_there_is_not_made(hub: Hub) -> None:
    for command in (["check"], ["backup", "copy"], ["user", "list"]):
        ran = hub.run(*command)
        assert ran.returncode == 1
        assert "There is no hub's database at postgresql://hub@/" in ran.stderr
        assert PASSWORD not in ran.stderr
    with psycopg.connect(hub.database) as connection:
        assert (
            connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
        )


# ---------------------------------------------------------------- locks


def test_a_lock_is_one_connections_and_says_whose(postgresql: str) -> None:
    mine, other = (lock_of(postgresql, "poll") for _ in range(2))
    assert other.holder == "another process"
    assert mine.take()
    assert mine.take()
    assert mine.holder == other.holder == ME
    assert not other.take()
    run = lock_of(postgresql, "run")
    assert run.take()
    mine.release()
    assert other.take()
    for lock in (mine, other, run):
        lock.release()
        lock.release()
    assert cut(postgresql) == 0


def test_a_lock_is_of_its_database_alone(postgresql: str) -> None:
    mine = lock_of(postgresql, "run")
    assert mine.take()
    elsewhere = lock_of(postgresql.replace(f"@/{name_of(postgresql)}", "@/template1"), "run")
    assert elsewhere.holder == "another process"
    assert elsewhere.take()
    elsewhere.release()
    mine.release()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_lock_is_wanted_as_long_as_somebody_waits_for_it(
    kind: str, tmp_path: Path, postgresql: str
) -> None:
    database = postgresql if kind == "postgresql" else f"sqlite:///{tmp_path}/hub.db"
    lock = lock_of(database, "poll")
    assert lock.take()
    waited_for: list[str] = []
    wanted: list[bool] = []

    def wait() -> None:
        with held(lock_of(database, "poll"), seconds=20, waiting=waited_for.append):
            wanted.append(lock.wanted)

    waiting = threading.Thread(target=wait)
    assert not lock.wanted
    waiting.start()
    # Long enough for it to ask more than once.
    assert within(SOON, lambda: lock.wanted)
    time.sleep(1.2)
    holder = lock.holder
    lock.release()
    waiting.join(SOON)
    assert (waited_for, wanted) == ([holder], [False])
    assert holder.startswith(f"process {os.getpid()}")
    lock.release()


def test_who_does_not_wait_is_told_who_polls(postgresql: str) -> None:
    lock = lock_of(postgresql, "poll")
    assert lock.take()
    with (
        pytest.raises(BusyError, match=f"P{ME[1:]} is polling with this database"),
        held(lock_of(postgresql, "poll"), seconds=0, waiting=lambda _: None),
    ):
        pass
    lock.release()
    assert cut(postgresql) == 0


def test_a_lock_whose_connection_broke_is_missed_and_taken_anew(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = lock_of(postgresql, "run")
    assert lock.take()
    monkeypatch.setattr("hub.store.postgres.locks._LOOKED_AGAIN", 0.0)
    assert cut(postgresql) == 1
    with pytest.raises(StoreError, match=r"The connection to the database .* broke: .*") as told:
        lock.take()
    assert PASSWORD not in told.value.problem
    other = lock_of(postgresql, "run")
    assert other.take()
    assert not lock.take()
    other.release()
    assert lock.take()
    lock.release()


class Between:
    """What is between a hub and its server: a socket of its own, which can be cut off without a word."""

    def __init__(self, folder: Path, postgresql: str) -> None:
        self.url = re.sub("host=.*", f"host={quote(str(folder), safe='')}", postgresql)
        self._server = as_superuser("SHOW unix_socket_directories")[0][0] + "/.s.PGSQL.5432"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listening.accept()
            except OSError:
                return
            theirs = socket.socket(socket.AF_UNIX)
            theirs.connect(self._server)
            self._pairs.append((ours, theirs))
            for pair in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=_carry, args=pair, daemon=True).start()

    def cut(self) -> None:
        """Have the hub's side of all connections broken, and the server's not."""
        for ours, _ in self._pairs:
            ours.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        for pair in self._pairs:
            for each in pair:
                each.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


@pytest.fixture
def between(tmp_path: Path, postgresql: str) -> Iterator[Between]:
    with closing(Between(tmp_path, postgresql)) as running:
        yield running


def test_what_the_server_has_left_of_a_connection_that_broke_is_ended(
    between: Between, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, other = lock_of(between.url, "run"), lock_of(postgresql, "run")
    assert lock.take()
    monkeypatch.setattr("hub.store.postgres.locks._LOOKED_AGAIN", 0.0)
    between.cut()
    with pytest.raises(StoreError, match="broke"):
        lock.take()
    # For a minute the server takes it for held, by a process that knows better.
    assert not other.take()
    assert other.holder == ME
    assert lock.take()
    assert not other.take()
    for each in (lock, other):
        each.release()


# ---------------------------------------------------------------- polling, on one machine or several


def test_a_hub_polls_and_serves_by_a_server(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One", "Two")]})
    with hub.serving("run") as (process, address):
        assert within(SOON, lambda: "Two" in get(address + "/"))
        second = hub.run("run", "--port", "0")
        assert second.returncode == 1
        assert second.stderr == (
            f"Process {process.pid} on {socket.gethostname()} runs a hub on {shown(hub.database)} already.\n"
            "    Stop that one. A supervisor that starts this one again each time it ends has it take over"
            " then.\n"
        )
    assert "One" in titles(hub.database)


def test_rounds_of_several_hubs_take_turns(hub: Hub, site: Site) -> None:
    hub.write({f"m{number}": [site.feed(f"/{number}", "One", "Two")] for number in range(30)})
    rounds = [hub.start("poll", "--all", "--json") for _ in range(2)]
    ended = [process.communicate(timeout=60) for process in rounds]
    assert [process.returncode for process in rounds] == [0, 0], ended
    assert sorted(out.partition('"new": ')[2].partition(",")[0] for out, _ in ended) == ["0", "60"]
    assert sum("Waiting for process" in err for _, err in ended) == 1


def test_a_round_by_hand_has_its_turn_though_a_hub_polls_all_the_time(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]}, head=OFTEN)
    with hub.serving("run") as (_, address):
        assert within(SOON, lambda: "One" in get(address + "/"))
        ran = hub.run("poll", "--all")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_whoever_ends_lets_go_of_the_locks(hub: Hub, site: Site, number: int) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    lock = lock_of(hub.database, "run")
    with hub.start("run", "--port", "0") as process:
        assert within(SOON, lambda: lock.holder == f"process {process.pid} on {socket.gethostname()}")
        process.send_signal(number)
        process.communicate(timeout=end_within())
    assert within(30, lock.take)
    lock.release()


def test_a_round_whose_connection_broke_ends_and_says_so(hub: Hub) -> None:
    with serving("127.0.0.2") as slow:
        slow.feed("/slow", "Slow")
        slow.takes["/slow"] = 20
        hub.write({"slow": [slow.url + "/slow"]})
        with hub.start("poll") as process:
            assert within(SOON, lambda: slow.asked)
            lock = lock_of(hub.database, "poll")
            assert within(SOON, lambda: lock.holder != "another process")
            cut(hub.database, whose=f"hub, process {process.pid} ")
            assert lock.take()
            _, err = process.communicate(timeout=15)
            lock.release()
    assert process.returncode == 1
    assert f"The connection to the database {shown(hub.database)} broke: " in err
    assert "Traceback" not in err
    assert titles(hub.database) == set()


def test_a_hub_whose_connection_broke_polls_on_when_it_has_its_locks_again(
    hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(forever, "AFTER_A_REFUSAL", 0.2)
    hub.write({"east": [site.feed("/east", "One")]}, head=OFTEN)
    run, stop = lock_of(hub.database, "run"), threading.Event()
    monkeypatch.setattr("hub.store.postgres.locks._LOOKED_AGAIN", 0.0)
    assert run.take()
    broken = 0

    def tick() -> None:
        nonlocal broken
        if "One" in titles(hub.database) and not broken:
            broken = cut(hub.database, whose="")  # as where the server is started anew
            site.feed("/east", "One", "Two")
        assert run.take()
        if "Two" in titles(hub.database):
            stop.set()

    with closing(open_store(hub.database)) as store, (tmp_path / "said").open("w") as said:
        monkeypatch.setattr(sys, "stderr", said)
        forever.poll_forever(
            Watched(hub.config),
            store,
            lock=lock_of(hub.database, "poll"),
            progress=Lines(said),
            stop=stop,
            tick=tick,
        )
    assert broken >= 2
    assert "broke: " in (tmp_path / "said").read_text()
    assert run.holder == ME
    run.release()


def test_a_hub_whose_lock_another_took_meanwhile_ends(
    hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forever, "AFTER_A_REFUSAL", 0.2)
    hub.write({"east": [site.feed("/east", "One")]})
    other = lock_of(hub.database, "run")
    taken: list[bool] = []

    def take_over() -> None:
        assert within(SOON, lambda: "One" in titles(hub.database))
        # Between the two the hub may have it back.
        taken.append(within(SOON, lambda: cut(hub.database) >= 0 and other.take()))

    taking = threading.Thread(target=take_over)
    taking.start()
    with pytest.raises(BusyError, match=f"P{ME[1:]} runs a hub on {re.escape(shown(hub.database))} already"):
        service.run(Place(config=hub.config, database=hub.database, host="127.0.0.1", port=0))
    taking.join()
    assert taken == [True]
    other.release()


# ---------------------------------------------------------------- backups


def poll(hub: Hub) -> None:
    ran = hub.run("poll", "--all")
    assert ran.returncode == 0, ran.stderr


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All that is in the tables of a database, but for who is signed in."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}".encode()).fetchall(), key=repr)
            for (name,) in tables
            if name not in ("sessions", "invitations")
        }


def test_a_backup_is_put_back_as_it_was(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy"
    assert hub.run("user", "add", "ann").returncode == 0
    before = rows(hub.database)
    # Also while somebody writes.
    with psycopg.connect(hub.database) as writing:
        writing.execute("UPDATE entries SET title = 'Half'")
        made = hub.run("backup", str(copy))
        writing.rollback()
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{copy}: {copy.stat().st_size:,} bytes.\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    site.feed("/east", "One", "Two", "Three")
    poll(hub)
    restored = hub.run("restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert restored.stderr == f"Putting {copy} back …\n"
    assert restored.stdout == (
        f"{shown(hub.database)} is what {copy} holds. A `hub serve` that runs has to be started anew.\n"
    )
    after = rows(hub.database)
    (done,) = set(after["audit"]) - set(before["audit"])
    assert "restore-backup" in done
    assert {**after, "audit": before["audit"]} == before
    with psycopg.connect(hub.database) as connection:
        assert connection.execute("SELECT count(*) FROM invitations").fetchone() == (0,)
    checked = hub.run("check")
    assert (checked.returncode, checked.stdout) == (0, f"{shown(hub.database)} is sound.\n")
    poll(hub)
    assert titles(hub.database) == {"One", "Two", "Three"}


def test_what_runs_beside_a_hub_by_an_older_feeds_yaml_takes_no_feed_out_of_the_list(
    hub: Hub, site: Site
) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    older = hub.folder / "older.yaml"
    older.write_text((hub.folder / "feeds.yaml").read_text())
    hub.write({"east": [site.feed("/east", "One")], "west": [site.feed("/west", "Two")]})

    def members() -> set[str]:
        with closing(open_store(hub.database)) as store:
            return {state.feed.key.member for state in store.feed_states()}

    with hub.serving("run"):
        assert within(SOON, lambda: titles(hub.database) == {"One", "Two"})
        with hub.start("serve", "--port", "0", "--config", str(older)) as serving:
            assert serving.stderr is not None
            said = serving.stderr.readline()
            serving.terminate()
            serving.communicate(timeout=end_within())
        assert f"goes by another feeds.yaml than {older}, and that one counts." in said
        with closing(open_store(hub.database)) as store:
            rounds.sync_beside(store, load(older), hub.database, older, follows_within=0.3)
        assert members() == {"east", "west"}
        # The hub's own, edited a moment ago, it is waited for.
        (hub.folder / "feeds.yaml").write_text(older.read_text())
        with closing(open_store(hub.database)) as store:
            rounds.sync_beside(store, load(older), hub.database, older, follows_within=30)
        assert members() == {"east"}
    hub.write({"east": [site.feed("/east", "One")], "west": [site.feed("/west", "Two")]})
    with closing(open_store(hub.database)) as store:
        config = hub.folder / "feeds.yaml"
        rounds.sync_beside(store, load(config), hub.database, config)
    assert members() == {"east", "west"}


def test_a_round_that_waits_for_a_hub_to_go_by_its_file_heeds_a_signal(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    other = hub.folder / "other.yaml"
    other.write_text((hub.folder / "feeds.yaml").read_text() + "\n")
    stop = threading.Event()

    def wait() -> None:
        with closing(open_store(hub.database)) as store:
            rounds.sync_beside(store, load(other), hub.database, other, follows_within=600, stop=stop)

    with hub.serving("run"):
        assert within(SOON, lambda: titles(hub.database) == {"One"})
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive()
        stop.set()
        waiting.join(SOON)
        assert not waiting.is_alive()


def test_a_file_of_sqlite_is_taken_over_by_a_server_and_goes_on_there(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One", "Two")]})
    in_a_file = ("--database", f"sqlite:///{hub.folder / 'hub.db'}")
    assert hub.run("poll", "--all", *in_a_file).returncode == 0
    assert hub.run("user", "add", "ann", *in_a_file).returncode == 0
    copy = hub.folder / "copy.db"
    assert hub.run("backup", str(copy), *in_a_file).returncode == 0
    with closing(open_store(in_a_file[1])) as original:
        stories = original.stories(limit=9)
    restored = hub.run("restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout == (
        f"{shown(hub.database)} is what {copy} holds. A `hub serve` that runs has to be started anew.\n"
    )
    assert "Looking through" in restored.stderr
    assert "Filling entries …" in restored.stderr
    # Of what has rows alone.
    assert "Filling pins …" not in restored.stderr
    with closing(open_store(hub.database)) as store:
        assert store.stories(limit=9) == stories
        assert store.check() == ()
        assert [each.action for each in store.audit(limit=9).items] == ["restore-backup", "invite"]
        assert store.invitations(datetime(2000, 1, 1, tzinfo=UTC)) == ()
    site.feed("/east", "One", "Two", "Three")
    poll(hub)
    assert titles(hub.database) == {"One", "Two", "Three"}


def test_a_file_of_sqlite_that_is_damaged_changes_nothing(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    copy = hub.folder / "copy.db"
    copy.write_bytes(b"SQLite format 3\0" + bytes(5000))
    refused = hub.run("restore", str(copy))
    assert refused.returncode == 1
    assert f"{copy} cannot be put back" in refused.stderr
    assert titles(hub.database) == {"One"}


def test_a_backup_is_put_back_into_a_database_that_is_empty(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    assert hub.run("backup", str(hub.folder / "copy")).returncode == 0
    with new_database() as empty:
        restored = hub.run("restore", str(hub.folder / "copy"), "--database", empty)
        assert restored.returncode == 0, restored.stderr
        there = rows(empty)
        assert [row[3] for row in there["audit"]] == ["restore-backup"]
        assert {**there, "audit": []} == rows(hub.database)


def test_a_backup_takes_the_name_of_no_file_that_there_is(hub: Hub) -> None:
    open_store(hub.database).close()
    (hub.folder / "mine").write_text("precious")
    for name, said in (("mine", "exists already"), ("no/copy", "The backup to .* failed: No such file")):
        ran = hub.run("backup", str(hub.folder / name))
        assert ran.returncode == 1
        assert re.search(said, ran.stderr)
    assert (hub.folder / "mine").read_text() == "precious"
    assert [file.name for file in hub.folder.iterdir()] == ["mine"]


@contextmanager
def dumping(hub: Hub, command: str = "backup") -> Iterator[subprocess.Popen[str]]:
    """A backup that has begun, or a restore, and does not get on before the block has ended."""
    with psycopg.connect(hub.database) as holding:
        holding.execute("LOCK TABLE entries")
        with hub.start(command, str(hub.folder / "copy")) as process:
            try:
                waits = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
                assert within(SOON, lambda: as_superuser(waits, (name_of(hub.database),)))
                yield process
            finally:
                process.kill()
                process.communicate()


def test_a_backup_that_is_ended_leaves_nothing(hub: Hub) -> None:
    open_store(hub.database).close()
    with dumping(hub) as process:
        assert (hub.folder / ".copy.part").exists()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=end_within())
        assert (process.returncode, err.strip()) == (130, "")
    assert not list(hub.folder.iterdir())


def test_a_backup_that_fails_says_why_and_leaves_nothing(hub: Hub) -> None:
    open_store(hub.database).close()
    with dumping(hub) as process:
        assert cut(hub.database) == 1
        _, err = process.communicate(timeout=SOON)
        assert process.returncode == 1
        assert re.match(f"The backup to {hub.folder}/copy failed: .*terminating connection", err)
    assert not list(hub.folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with who began it")
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_a_command_that_is_killed_has_begun_ends_with_it(hub: Hub, site: Site, command: str) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    before = rows(hub.database)
    if command == "restore":
        assert hub.run("backup", str(hub.folder / "copy")).returncode == 0
    with dumping(hub, command) as process:
        process.kill()
        its = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        assert within(SOON, lambda: not as_superuser(its, (name_of(hub.database),)))
    assert rows(hub.database) == before


@pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="only Linux tells what is called with what"
)
def test_no_password_is_on_a_command_line(hub: Hub) -> None:
    open_store(hub.database).close()
    with dumping(hub) as process:
        of_it = (process.pid, *descendants(process.pid))
        called = [Path(f"/proc/{each}/cmdline").read_bytes() for each in of_it]
    assert any(b"pg_dump" in each for each in called)
    assert not any(PASSWORD.encode() in each or b"se%3A" in each for each in called)


def test_what_is_no_hubs_backup_is_not_put_back(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    before = rows(hub.database)
    copy = hub.folder / "copy"
    assert hub.run("backup", str(copy)).returncode == 0
    (hub.folder / "notes").write_text("These are my notes, and no database. " * 100)
    (hub.folder / "half").write_bytes(copy.read_bytes()[:-2000])
    with new_database() as other:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE TABLE notes (text TEXT)")
        subprocess.run(["pg_dump", "--format=custom", f"--file={hub.folder}/other", other], check=True)
    with new_database() as later:
        open_store(later).close()
        with psycopg.connect(later) as connection:
            connection.execute("INSERT INTO hub_migrations VALUES ('p999_flying')")
        back_up(later, hub.folder / "later")
    for name, said in (
        ("notes", "input file does not appear to be a valid .*archive"),
        ("nothing", "No such file"),
        ("half", "could not (?:read|find)|found unexpected block"),
        ("other", "it is not of a hub's database"),
        ("later", "it was written by a later hub than this one"),
    ):
        refused = hub.run("restore", str(hub.folder / name))
        assert refused.returncode == 1
        assert re.search(f"{name} cannot be put back: .*({said})", refused.stderr), refused.stderr
        assert "    Nothing was changed" in refused.stderr
        assert ("Putting" in refused.stderr) == (name != "nothing")
    assert rows(hub.database) == before


def test_a_backup_is_not_put_in_place_of_another_programs_tables(hub: Hub) -> None:
    open_store(hub.database).close()
    assert hub.run("backup", str(hub.folder / "copy")).returncode == 0
    with new_database() as other:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE TABLE entries (text TEXT)")
            connection.execute("INSERT INTO entries VALUES ('mine')")
        refused = hub.run("restore", str(hub.folder / "copy"), "--database", other)
        assert refused.returncode == 1
        assert "the database is another program's" in refused.stderr
        assert "make an empty database" in refused.stderr
        assert rows(other) == {"entries": [("mine",)]}


def test_a_dump_of_a_server_is_not_put_into_a_file(hub: Hub) -> None:
    open_store(hub.database).close()
    copy = hub.folder / "copy"
    back_up(hub.database, copy)
    refused = hub.run("restore", str(copy), "--database", f"sqlite:///{hub.folder / 'hub.db'}")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{copy} cannot be put back into a file: it is a dump of a database on a PostgreSQL server.\n"
        "    Nothing was changed; name a database on a server with --database.\n"
    )


def test_a_backup_does_not_leave_a_later_hubs_tables_beside_its_own(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    assert hub.run("backup", str(hub.folder / "copy")).returncode == 0
    with psycopg.connect(hub.database) as connection:
        connection.execute("CREATE TABLE wings (entry BIGINT REFERENCES entries (key))")
    refused = hub.run("restore", str(hub.folder / "copy"))
    assert refused.returncode == 1
    assert "tables that are not in it, of a later hub or of another program: wings." in refused.stderr
    assert "make an empty database" in refused.stderr


def test_no_backup_is_put_back_while_a_hub_is_at_work(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    assert hub.run("backup", str(hub.folder / "copy")).returncode == 0
    with hub.serving("run") as (process, _):
        refused = hub.run("restore", str(hub.folder / "copy"))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"A hub is at work on {shown(hub.database)} (process {process.pid} on {socket.gethostname()}).\n"
        "    Stop it first.\n"
    )


def test_without_postgresqls_programs_it_is_said_what_to_install(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(hub.database).close()
    copy, programs_of = hub.folder / "copy", hub.folder / "bin"
    back_up(hub.database, copy)
    programs_of.mkdir()
    monkeypatch.setenv("PATH", str(programs_of))
    monkeypatch.setattr("hub.store.postgres.copying._PLACES", "")
    asked: dict[str, Callable[[], None]] = {
        "pg_dump": lambda: back_up(hub.database, hub.folder / "other"),
        "pg_restore": lambda: put_back(hub.database, copy),
    }
    for name, ask in asked.items():
        with pytest.raises(StoreError, match=f"There is no {name} here, which a backup") as told:
            ask()
        assert told.value.remedy.startswith("Install the client programs of PostgreSQL 1")
        # One that is too old.
        (programs_of / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 9.6.24'\n")
        (programs_of / name).chmod(0o755)
        with pytest.raises(StoreError, match=f"The {name} here is of PostgreSQL 9, and the server of 1"):
            ask()
    assert not (hub.folder / "other").exists()


def test_a_check_mends_what_is_made_of_the_entries_while_nobody_polls(hub: Hub, site: Site) -> None:
    hub.write({"east": [site.feed("/east", "One")]})
    poll(hub)
    with psycopg.connect(hub.database) as connection:
        connection.execute("UPDATE member_counts SET entries = 7")
    assert hub.run("check").returncode == 1
    lock = lock_of(hub.database, "poll")
    assert lock.take()
    refused = hub.run("check", "--mend")
    lock.release()
    assert refused.returncode == 1
    assert f"P{ME[1:]} is polling with this database." in refused.stderr
    mended = hub.run("check", "--mend")
    assert (mended.returncode, mended.stdout) == (0, f"{shown(hub.database)} is sound.\n")


def test_a_site_of_files_is_made_of_a_server(hub: Hub, site: Site) -> None:
    hub.write(
        {"east": [site.feed("/east", "One")]}, head=LOOPBACK.replace("hub:", "hub:\n  url: https://a.example")
    )
    poll(hub)
    ran = hub.run("export", str(hub.folder / "site"))
    assert ran.returncode == 0, ran.stderr
    assert "One" in (hub.folder / "site" / "index.html").read_text()


# ---------------------------------------------------------------- who polls beside whom


def test_processes_know_who_is_at_a_host_and_who_leads_also_where_a_connection_broke(postgresql: str) -> None:
    with closing(company_of(postgresql)) as one, closing(company_of(postgresql)) as other:
        assert one.take(["a.example", "d.example"]) == {"a.example", "d.example"}
        assert other.take(["a.example", "b.example", "d.example"]) == {"b.example"}
        one.leave(["a.example", "c.example"])
        assert other.take(["d.example", "a.example"]) == {"a.example"}
        assert one.led("digest") == (False, None)
        other.lead("digest")
        leads, name = one.led("digest")
        assert leads
        assert name == ME
        other.lead("another")
        assert one.led("digest") == (False, name)
        as_superuser(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = 6845796 AND granted"
        )
        assert one.take(["a.example"])
        assert one.led("another") == (False, None)
        with pytest.raises(StoreError, match="broke"):
            other.lead("another")
        other.lead("another")
        assert one.led("another")[0]
        assert not other.take(["a.example"])
        # Who is at no host loses nothing.
        cut(postgresql)
        other.lead("another")
        assert other.led("another") == (True, ME)
