"""A WebSub subscriber on loopback, with as many callbacks as it is asked at: each path is one."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.site import Server


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was posted to a callback, and when by the machine's clock."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    def is_signed_with(self, secret: str) -> bool:
        return self.headers["x-hub-signature"] == (
            f"sha256={hmac.new(secret.encode(), self.body, 'sha256').hexdigest()}"
        )


@dataclass
class Reader:
    """What it was asked by GET in `asked`, as fields and the `path`; what was posted in `pushed`.

    It confirms what it is asked with `confirming`, the status, where `confirms` is
    true, and with what it `repeats`, the challenge in place of `{}`. A push is answered
    with `status` and `headers`, after `takes` seconds.
    """

    url: str
    confirms: bool = True
    confirming: int = 200
    repeats: str = "{}"
    status: int = 204
    takes: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    asked: list[dict[str, str]] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)

    def modes(self) -> list[str]:
        return [each["hub.mode"] for each in self.asked]


@contextmanager
def websub_reader(address: str = "127.0.0.1", *, port: int = 0) -> Iterator[Reader]:
    """A subscriber on loopback, on a free port unless one is named, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fields = dict(parse_qsl(parts.query))
            reader.asked.append({"path": parts.path, **fields})
            time.sleep(reader.takes)
            if reader.confirms:
                said = reader.repeats.format(fields.get("hub.challenge", ""))
                self._answer(reader.confirming, said.encode())
            else:
                self._answer(404, b"no")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reader.pushed.append(Pushed(self.path, headers, body, time.monotonic()))
            time.sleep(reader.takes)
            self._answer(reader.status, b"" if reader.status == 204 else reader.answer)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in {**reader.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what was asked is kept."""

    server = Server((address, port), Handler)
    reader = Reader(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield reader
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
