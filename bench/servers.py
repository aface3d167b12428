"""The web view behind servers to choose from: `python -m bench.servers NAME feeds.yaml DATABASE PORT`.

Each has the hub's front before Flask, as a WSGI application, and as many
threads as the hub's own server.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from hub.config import load
from hub.store import open_store
from hub.web import WebView, create_app

_THREADS = 8


def _gunicorn(app: WebView, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {"bind": f"127.0.0.1:{port}", "workers": 1, "threads": _THREADS, "keepalive": 60}
            for name, value in {**options, "worker_class": "gthread", "worker_connections": 500}.items():
                self.cfg.set(name, value)

        def load(self) -> WebView:
            return app

    Application().run()


def _waitress(app: WebView, port: int) -> None:
    import waitress

    waitress.serve(app, host="127.0.0.1", port=port, threads=_THREADS, ident=None, _quiet=True)


def _cheroot(app: WebView, port: int) -> None:
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), app, numthreads=_THREADS).start()


SERVERS: dict[str, Callable[[WebView, int], None]] = {
    "gunicorn": _gunicorn,
    "waitress": _waitress,
    "cheroot": _cheroot,
}


def main(name: str, config: str, database: str, port: str) -> None:
    """Serve until ended."""
    settings = load(Path(config))
    app = create_app(lambda: open_store(database), lambda: settings, base_url=f"http://127.0.0.1:{port}")
    SERVERS[name](app, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
