"""`hub run`: the poller and the web view, two processes of one tree that end together.

The web view has a process of its own, so that parsing and settling never
make a reader wait, and so that a process that polls never loads the web.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from hub import machine
from hub.admin import users
from hub.admin.desk import Desk
from hub.config import Config, Watched
from hub.errors import BusyError, HubError, StoreError
from hub.lock import DatabaseLock
from hub.polling.forever import poll_forever
from hub.polling.polls import utc_now
from hub.polling.rounds import AFTER_A_REFUSAL, sync, sync_beside, tell
from hub.provider import Provider
from hub.report import Lines, say
from hub.said import counted, sentence
from hub.signals import block, leave_to_parent, stopping, told_for, told_to_end
from hub.store import Store, lock_of, on_server, open_store, shown

if TYPE_CHECKING:
    from hub.polling.handing import Handing
    from hub.web import WebView

_WEB_STARTS_WITHIN = 30.0
_WEB_ENDS_WITHIN = 8.0
# What is left of the ten seconds in which a hub ends, where it took some of them to leave its database.
_LEAST_LEFT = 1.0


class Place(Struct, frozen=True, kw_only=True):
    """Where a hub works: its files and the address it serves."""

    config: Path
    database: str
    host: str
    port: int
    templates: Path | None = None


def run(place: Place) -> None:
    """Poll for ever and serve the web view, until SIGTERM or Ctrl-C. Raises HubError."""
    machine.raise_limit()  # for the web view's process too
    machine.check_temporary_folder()
    machine.check_clock(utc_now())
    watched = Watched(place.config)
    # Before the lock is taken: an older database is changed over where nobody holds it.
    store = open_store(place.database)
    lock = lock_of(place.database, "run")
    try:
        _take(lock, place)
        sync(store, watched.current)
        with stopping() as stop, _web(place, stop) as (address, process), _handing(place) as handing:
            _greet(watched.current, address, store)

            def tick() -> None:
                if not stop.is_set():
                    _still_there(process)
                # A connection by which it was held may have broken, and another hub have it since.
                _take(lock, place)

            poll_forever(
                watched,
                store,
                lock=lock_of(place.database, "poll"),
                progress=Lines(sys.stderr),
                stop=stop,
                tick=tick,
                handing=handing,
            )
    finally:
        store.close()
        lock.release()


@contextmanager
def _handing(place: Place) -> Iterator[Handing | None]:
    """What hands polls out to workers; None where the database is a file, which they cannot share."""
    if not on_server(place.database):
        yield None
        return
    from hub.polling import handing

    with closing(handing.Handing(place.database)) as to_workers:
        yield to_workers


def _take(lock: DatabaseLock, place: Place) -> None:
    if not lock.take():
        raise BusyError(
            f"{sentence(lock.holder)} runs a hub on {shown(place.database)} already.",
            "Stop that one. A supervisor that starts this one again each time it ends has it take over then."
            if on_server(place.database)
            else "Stop that one, or give this one a database of its own with --database.",
        )


def serve(place: Place) -> None:
    """Serve the web view alone, until SIGTERM or Ctrl-C. Raises HubError."""
    from hub.web.serve import Server, set_aside

    def tell_store(config: Config, *, for_readers: bool = True) -> None:
        with closing(open_store(place.database, for_readers=for_readers)) as store:
            sync_beside(store, config, place.database, place.config)

    machine.raise_limit()
    watched = Watched(place.config)
    # An older database is changed over, for which nobody waits yet.
    tell_store(watched.current, for_readers=False)
    server = Server(place.host, place.port)
    with stopping() as stop:
        say(f"News at {server.address}/. Ctrl-C ends it.")
        _tell_what_sign_in_lacks(watched.current)
        _until(stop, server.close)
        app = web_view(watched, place, server.address, taken_up=tell_store, told=tell)
        set_aside()
        server.run(app)


def _until(stop: Event, close: Callable[[], None]) -> None:
    """Call `close` from a thread of its own when `stop` is set."""

    def wait() -> None:
        stop.wait()
        close()

    threading.Thread(target=wait, daemon=True).start()


def _greet(config: Config, address: str, store: Store) -> None:
    members = counted(len(config.members), "member", "members")
    feeds = counted(len(config.feeds), "feed", "feeds")
    say(f"News at {address}/", f"Polling {feeds} of {members}. Ctrl-C ends it.")
    _tell_what_sign_in_lacks(config)
    if not store.accounts():
        link = users.invitation(store, "", now=utc_now())
        site = (config.hub.url or address).rstrip("/")
        say(f"The first admin’s account is made at {site}{link} within a day.")
        if site != address:
            # Who tries a hub out, or sets one up, has no server yet at the address that readers will use.
            here = f"{address}{urlsplit(site).path}{link}"
            say(f"Where that does not lead here yet, it is made on this machine at {here}")


def _tell_what_sign_in_lacks(config: Config) -> None:
    if config.hub.sign_in is not None and (hindrance := Provider().hindrance()):
        tell(hindrance)


# ---------------------------------------------------------------- the web view's process


@contextmanager
def _web(place: Place, stop: Event) -> Iterator[tuple[str, BaseProcess]]:
    """The web view in a process of its own, from when it can be asked to its end, which `stop` begins."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    one_at_a_time = threading.Lock()

    def close() -> None:
        # The thread that waits for `stop` may be at it, too, and its number be that of another file by then.
        with one_at_a_time:
            ours.close()

    process = context.Process(target=_web_process, args=(place, theirs), name="hub web")
    before = block()
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    try:
        if not ours.poll(_WEB_STARTS_WITHIN):
            raise HubError(
                f"The web view did not start within {_WEB_STARTS_WITHIN:.0f} seconds.", "Start the hub again."
            )
        try:
            said = ours.recv()
        except EOFError as error:
            raise HubError(
                "The web view ended as it started.", "What it said is above; start the hub again."
            ) from error
        if isinstance(said, HubError):
            raise said
        # Not after the poller's, since each may take some of the seconds in which a hub ends.
        _until(stop, close)
        yield said, process
    finally:
        close()
        process.join(max(_LEAST_LEFT, _WEB_ENDS_WITHIN - told_for()))
        if process.is_alive():
            process.kill()
            process.join()


def _web_process(place: Place, parent: Connection) -> None:
    from hub.web.serve import Server, set_aside

    # It closes the pipe.
    leave_to_parent()
    try:
        server = Server(place.host, place.port)
        app = web_view(Watched(place.config), place, server.address)
    except HubError as error:
        _told(parent, error)
        return
    if not _told(parent, server.address):
        return
    _until(_closed(parent), server.close)
    set_aside()
    server.run(app)


def _told(parent: Connection, what: HubError | str) -> bool:
    """Whether it could be told: a hub that was killed as it started is no more."""
    try:
        parent.send(what)
    except OSError:
        return False
    return True


def _closed(parent: Connection) -> Event:
    """An event that is set when the parent closes its end, or is no more."""
    closed = Event()

    def wait() -> None:
        try:
            parent.recv()
        except (EOFError, OSError):
            told_to_end()
            closed.set()

    threading.Thread(target=wait, daemon=True).start()
    return closed


def web_view(
    watched: Watched,
    place: Place,
    address: str,
    *,
    taken_up: Callable[[Config], None] = lambda _: None,
    told: Callable[[HubError], None] = lambda _: None,
) -> WebView:
    """The web view, going by feeds.yaml as it is now.

    `taken_up` is called with what that says before it holds, `told` with what
    is wrong with it: where nobody polls, nobody else tells the store, and people.
    """
    from hub.web import create_app

    lock = threading.Lock()
    holds, again_at = watched.current, 0.0

    def current() -> Config:
        nonlocal holds, again_at
        # What one request takes up, which may have to wait for the database, no other waits for.
        if time.monotonic() < again_at or not lock.acquire(blocking=False):
            return holds
        try:
            watched.refresh()
            if watched.current is not holds:
                taken_up(watched.current)
                holds = watched.current
        except StoreError as error:
            told(error)
            again_at = time.monotonic() + AFTER_A_REFUSAL
        except HubError as error:
            told(error)
        finally:
            lock.release()
        return holds

    return create_app(
        lambda: open_store(place.database, for_readers=True),
        current,
        base_url=address,
        templates=place.templates,
        desk=Desk(place.config, place.database),
    )


def _still_there(process: BaseProcess) -> None:
    if not process.is_alive():
        raise HubError(
            f"The web view ended by itself (exit status {process.exitcode}).",
            "What it said is above; start the hub again, and report it if it happens twice.",
        )
