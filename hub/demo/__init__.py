"""`hub demo`: a network of sample members on this machine alone, polled twice, served and polled on.

Its polls are those of every round, by the same code: only the members are
invented, and their sites served by `hub.demo.site`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from hub.admin import users
from hub.config import Config, Watched
from hub.demo import network
from hub.demo.site import Sites
from hub.machine import check_temporary_folder
from hub.polling.forever import poll_forever
from hub.polling.polls import utc_now
from hub.polling.rounds import poll_round, sync
from hub.report import Figures, Lines, progress, say
from hub.service import Place, web_view
from hub.signals import stopping
from hub.store import lock_of, open_store

if TYPE_CHECKING:
    from hub.web.serve import Server

_HOST = "127.0.0.1"


def run(port: int) -> None:
    """Show the sample network at `port`, any free one for 0, until SIGTERM or Ctrl-C. Raises HubError."""
    from hub.web.serve import Server

    check_temporary_folder()
    with stopping() as stop:
        server = Server(_HOST, port)
        try:
            with Sites() as sites, TemporaryDirectory(prefix="hub-demo-") as name:
                folder = Path(name)
                place = Place(
                    config=folder / "feeds.yaml",
                    database=f"sqlite:///{folder / 'hub.db'}",
                    host=_HOST,
                    port=server.port,
                )
                text = network.feeds_yaml(hub=server.address, members=sites.address)
                place.config.write_text(text, encoding="utf-8")
                watched = Watched(place.config)
                poll_twice(watched.current, place.database, sites, stop=stop)
                if stop.is_set():
                    return
                _greet(watched.current, place.database)
                threading.Thread(target=_close_when, args=(stop, server), daemon=True).start()
                with _polled_on(place, stop):
                    server.run(web_view(watched, place, server.address))
        finally:
            server.close()


@contextmanager
def _polled_on(place: Place, stop: Event) -> Iterator[None]:
    """Poll as `hub run` does, beside what is done in the block, which ends when `stop` is set."""
    poller = threading.Thread(target=_poll_on, args=(place, stop))
    poller.start()
    try:
        yield
    finally:
        stop.set()
        poller.join()


def _poll_on(place: Place, stop: Event) -> None:
    store = open_store(place.database)
    lock = lock_of(place.database, "poll")
    try:
        poll_forever(Watched(place.config), store, lock=lock, progress=Lines(sys.stderr), stop=stop)
    finally:
        store.close()


def poll_twice(config: Config, database: str, sites: Sites, *, stop: Event) -> None:
    """Poll all members, let one of them correct its news, and poll all again; until `stop` is set."""
    start = utc_now()
    say(f"Starting {len(config.members)} sample members on this machine, and polling them.")
    for corrected in (False, True):
        if corrected:
            say("One of them corrects its news. Polling them again.")
        of = network.sites(config, members=sites.address, start=start, corrected=corrected)
        sites.publish(network.documents(of, members=sites.address))
        figures = poll_all(config, database, stop=stop)
        if figures.stopped:
            return
        say(_came_to(figures))


def poll_all(config: Config, database: str, *, stop: Event) -> Figures:
    """One round over every member."""
    store = open_store(database)
    try:
        sync(store, config)
        states = store.feed_states()
        return poll_round(config, store, states, progress=progress(len(states)), stop=stop)
    finally:
        store.close()


def _came_to(figures: Figures) -> str:
    failed = f"{figures.failed} of {figures.feeds} feeds failed"
    return f"    {figures.new} entries came, {figures.updated} changed; {failed}."


def _greet(config: Config, database: str) -> None:
    hub = config.hub.url
    with closing(open_store(database)) as store:
        welcome = users.invitation(store, "", now=utc_now())
    say(
        "",
        f"News at   {hub}/",
        f"Feeds     {hub}/feeds/all.atom and others, at {hub}/subscribe",
        f"Members   {hub}/status says how their feeds are doing: one has failed, on purpose",
        f"Admin     {hub}{welcome} makes an account for the admin pages, once",
        "It polls on, but nobody publishes any more. Ctrl-C ends it and leaves nothing behind.",
    )


def _close_when(stop: Event, server: Server) -> None:
    stop.wait()
    server.close()
