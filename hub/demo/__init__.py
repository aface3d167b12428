"""`hub demo`: a network of sample members on this machine alone, polled twice and served.

Its polls are those of every round, by the same code: only the members are
invented, and their sites served by `hub.demo.site`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from hub.config import Config
from hub.demo import network
from hub.demo.site import Sites
from hub.machine import check_temporary_folder
from hub.polls import utc_now
from hub.report import Figures, progress, say
from hub.rounds import poll_round, sync
from hub.signals import stopping
from hub.store import open_store

if TYPE_CHECKING:
    from hub.web.serve import Server

_HOST = "127.0.0.1"


def run(port: int) -> None:
    """Show the sample network at `port`, any free one for 0, until SIGTERM or Ctrl-C. Raises HubError."""
    from hub.web import create_app
    from hub.web.serve import Server

    check_temporary_folder()
    with stopping() as stop:
        server = Server(_HOST, port)
        try:
            with Sites() as sites, TemporaryDirectory(prefix="hub-demo-") as folder:
                database = f"sqlite:///{Path(folder) / 'hub.db'}"
                config = network.read_config(hub=server.address, members=sites.address)
                poll_twice(config, database, sites, stop=stop)
                if stop.is_set():
                    return
                _greet(config)
                app = create_app(lambda: open_store(database), lambda: config, base_url=server.address)
                threading.Thread(target=_close_when, args=(stop, server), daemon=True).start()
                server.run(app)
        finally:
            server.close()


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


def _greet(config: Config) -> None:
    hub = config.hub.url
    say(
        "",
        f"News at   {hub}/",
        f"Feeds     {hub}/feeds/all.atom and others, at {hub}/subscribe",
        f"Members   {hub}/status says how their feeds are doing: one has failed, on purpose",
        "Nothing changes from here on. Ctrl-C ends it and leaves nothing behind.",
    )


def _close_when(stop: Event, server: Server) -> None:
    stop.wait()
    server.close()
