"""Serves the sample members' sites, all on one port of this machine alone."""

from __future__ import annotations

import hashlib
import socketserver
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct

_HOST = "127.0.0.1"
_SILENCE = 10.0  # seconds until a connection that says nothing is closed


class Document(Struct, frozen=True):
    """What is answered for a path."""

    type: str
    body: bytes

    @property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


class Sites:
    """A server of documents, which answers from `__enter__` to `__exit__`.

    It listens from the start, so that documents can be made that know its
    `address`, which has no slash at the end.
    """

    def __init__(self) -> None:
        self._server = _Server((_HOST, 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="sample members")
        self.address = f"http://{_HOST}:{self._server.server_port}"

    def publish(self, documents: Mapping[str, Document]) -> None:
        """Serve these documents and no others, each under its path, with its query if it has one."""
        self._server.documents = documents

    def __enter__(self) -> Sites:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    documents: Mapping[str, Document] = {}

    def server_bind(self) -> None:
        # HTTPServer's own looks the host's name up, which takes seconds where a name server is slow.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser that goes away in the middle of an answer is nobody's fault.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = _SILENCE
    server: _Server

    def do_GET(self) -> None:
        found = self._find()
        if found is not None:
            self.wfile.write(found.body)

    def do_HEAD(self) -> None:
        self._find()

    def _find(self) -> Document | None:
        """Answer with the head for what was asked; the document, where its body is to follow."""
        path = self.path.partition("?")[0]
        found = self.server.documents.get(self.path) or self.server.documents.get(path)
        if found is None:
            self.send_error(404)
            return None
        unchanged = self.headers.get("If-None-Match") == found.etag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", found.etag)
        if not unchanged:
            self.send_header("Content-Type", found.type)
            self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        return None if unchanged else found

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for what the hub does."""
