"""Serves an application with waitress until it is told to stop."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress.server import create_server

from hub.errors import HubError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 8
_CONNECTIONS = 500
_SILENCE = 60  # seconds until an idle connection is closed
_LARGEST_REQUEST = 64 * 1024  # bytes: nothing is sent to the hub but questions
_LARGEST_HEADERS = 16 * 1024  # bytes
_GRACE = 3  # seconds that answers under way get when the server stops
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where, not whether


class Server:
    """A listening socket, and the server that answers on it.

    It listens from the start, so that `port` is known (0 asks for any free
    one) and an application can be made that knows its address. `run` answers
    until `close`, which may be called from another thread or from a signal
    handler, also before `run`.
    """

    def __init__(self, host: str, port: int) -> None:
        """Listen. Raises HubError."""
        self._host = host
        self._closing = threading.Event()
        self._serving: Any = None
        # A close that comes between the two would take the socket away from a server that begins.
        self._starting = threading.RLock()
        try:
            family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family, backlog=1024)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise HubError(
                f"Nothing can be served on {host} port {port}: {reason}.",
                "Another program may be using it: stop that one, or choose another port with --port.",
            ) from error
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it, without a trailing slash."""
        host = _EVERYWHERE.get(self._host, self._host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self, app: WSGIApplication) -> None:
        """Answer until told to stop; answers under way are finished first."""
        # It warns of every request that waits for a thread, which is what threads are few for.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        connections: dict[int, Any] = {}
        with self._starting:
            if self._closing.is_set():
                return
            serving = create_server(
                app,
                map=connections,
                sockets=[self._socket],
                threads=_THREADS,
                connection_limit=_CONNECTIONS,
                channel_timeout=_SILENCE,
                max_request_header_size=_LARGEST_HEADERS,
                max_request_body_size=_LARGEST_REQUEST,
                asyncore_use_poll=True,
                ident=None,
                # What a proxy says has to reach the application, which is the more careful for it.
                clear_untrusted_proxy_headers=False,
            )
            self._serving = serving
        try:
            while not self._closing.is_set():
                serving.asyncore.loop(timeout=1, map=connections, use_poll=True, count=1)
            serving.accepting = False
            until = time.monotonic() + _GRACE
            while time.monotonic() < until and any(
                channel.requests or channel.total_outbufs_len for channel in serving.active_channels.values()
            ):
                serving.asyncore.loop(timeout=0.1, map=connections, use_poll=True, count=1)
        finally:
            self._closing.set()
            self._serving = None
            serving.task_dispatcher.shutdown(timeout=1)
            serving.asyncore.close_all(connections)

    def close(self) -> None:
        """Stop soon. Closing twice is harmless."""
        with self._starting:
            self._closing.set()
            if self._serving is None:
                self._socket.close()
            else:
                self._serving.pull_trigger()
