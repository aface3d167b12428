"""A WebSub hub on loopback: keeps subscriptions as the recommendation says, pushes what it is given."""

from __future__ import annotations

import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlencode

from tests.site import Server

_CHALLENGE = "Ch4llenge-of-this-hub"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = ""


@dataclass
class WebSubHub:
    """What was asked of it in `asked`; the subscriptions it has verified in `subscriptions`, by callback.

    It grants `lease` seconds where that is set, else what it is asked for.
    With `verifies` false it accepts and leaves it at that. `headers` are
    those of each answer, of which `status` is the status.
    """

    url: str
    lease: int | None = None
    status: int = 202
    verifies: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    def asks(self, callback: str, **fields: str) -> Answer:
        """Ask a callback about a subscription."""
        query = urlencode({f"hub.{name}": value for name, value in fields.items()})
        return _open(urllib.request.Request(f"{callback}?{query}"))

    def verify(self, wanted: dict[str, str]) -> None:
        """Ask whoever subscribed, or unsubscribed, whether that was meant, and keep it if it was."""
        mode, callback = wanted["hub.mode"], wanted["hub.callback"]
        lease = str(self.lease if self.lease is not None else wanted.get("hub.lease_seconds", ""))
        answer = self.asks(
            callback, mode=mode, topic=wanted["hub.topic"], challenge=_CHALLENGE, lease_seconds=lease
        )
        self.answers.append(answer)
        if answer.status // 100 == 2 and answer.body == _CHALLENGE.encode():
            if mode == "subscribe":
                self.subscriptions[callback] = wanted
            else:
                self.subscriptions.pop(callback, None)

    def deny(self, wanted: dict[str, str], reason: str) -> Answer:
        self.subscriptions.pop(wanted["hub.callback"], None)
        return self.asks(wanted["hub.callback"], mode="denied", topic=wanted["hub.topic"], reason=reason)

    def push(
        self,
        wanted: dict[str, str],
        document: str | bytes,
        *,
        method: str = "sha256",
        signature: str | None = None,
        content_type: str = "application/atom+xml",
        chunked: bool = False,
    ) -> Answer:
        """Distribute a document, signed with the secret, or with what is given ("" for not at all)."""
        body = document.encode() if isinstance(document, str) else document
        made = f"{method}={hmac.new(wanted['hub.secret'].encode(), body, method).hexdigest()}"
        signed = made if signature is None else signature
        links = f'<{self.url}>; rel="hub", <{wanted["hub.topic"]}>; rel="self"'
        headers = {"Content-Type": content_type, "Link": links}
        headers |= {"X-Hub-Signature": signed} if signed else {}
        data = iter([body]) if chunked else body
        request = urllib.request.Request(wanted["hub.callback"], data=data, headers=headers, method="POST")
        return _open(request)


def _open(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.read(), answer.headers.get("Content-Type", ""))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())


@contextmanager
def websub_hub() -> Iterator[WebSubHub]:
    """A hub on a free port of loopback, for as long as the block lasts."""
    verifying: list[threading.Thread] = []

    def verify(wanted: dict[str, str], answered: threading.Event) -> None:
        answered.wait(20)
        hub.verify(wanted)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            wanted = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            hub.asked.append(wanted)
            answered = threading.Event()
            if hub.verifies and hub.status == 202:
                # Begun by the time of the answer, so that its end is waited for whoever has had that.
                verifying.append(threading.Thread(target=verify, args=(wanted, answered)))
                verifying[-1].start()
            self.send_response(hub.status)
            for name, value in {**hub.headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()
            answered.set()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what was asked is in `asked`."""

    server = Server(("127.0.0.1", 0), Handler)
    hub = WebSubHub(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        for each in verifying:
            each.join()
        server.server_close()
