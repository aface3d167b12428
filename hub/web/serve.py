"""Serves the web view with granian until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import logging
import socket
import sys
import threading
from collections import Counter
from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server import embed
from msgspec import Struct

from hub.errors import HubError
from hub.web.admin.frame import LONGEST_FORM
from hub.web.admin.provider import PATH as _PROVIDER
from hub.web.readers import CountingReaders
from hub.websub.subscribers import LONGEST_REQUEST

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

    from hub.web import WebView

_log = logging.getLogger(__name__)

_THREADS = 8
_RECEIVING = 2  # threads besides, for what was sent
_FOR_ADMINS = 2  # threads besides, where a feed is looked at while somebody waits
_CALLBACKS = "/websub/"  # and their tokens: where something is sent to
_SUBSCRIBING = "/websub"  # where others ask for what we publish
_ADMIN = "/admin/"
_AT_PROVIDER = 2  # threads besides, which wait for the organisation's own sign-in
_CONNECTIONS = 500
_BACKLOG = 1024
_SILENCE = 30  # seconds that a client gets for a request's head, also for the next on its connection
_SENDING = 30  # seconds in which all of a body has to come
_HELD = 64 * 1024 * 1024  # bytes of all bodies at once
_LARGEST_HEAD = 16 * 1024  # bytes
_GRACE = 3  # seconds that answers under way get when the server stops
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where, not whether
# A server names itself where nobody else does, and its kind is nobody's business.
_NAME = ("server", "hub")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_FAULT = (500, [_NAME, _TEXT], b"Something went wrong here.\n")
_NOT_WHOLE = (408, [_NAME, _TEXT], b"What was sent did not come whole, and in time.\n")
_TOO_MUCH = (503, [_NAME, _TEXT, ("retry-after", "60")], b"Too much waits already.\n")

_REMEDIES = {
    errno.EADDRINUSE: "Another program may be using it: stop that one, or choose another with --port.",
    errno.EACCES: "Ports below 1024 are for those who have the right to them: choose another with --port.",
}
_NAME_ANOTHER = "Name with --host an address that this machine has, such as 127.0.0.1 or 0.0.0.0."

_Answer = tuple[int, list[tuple[str, str]], bytes]


def set_aside() -> None:
    """Have this process look for garbage among what comes from now on alone.

    To look through all that is there before takes longer than ten pages, and
    whoever asks at that moment waits.
    """
    gc.collect()
    gc.freeze()


class Server:
    """A listening socket, and the server that answers on it.

    It listens from the start, so that `port` is known (0 asks for any free
    one) and an application can be made that knows its address. `run` answers
    until `close`, which may be called from another thread or from a signal
    handler, also before `run`.
    """

    def __init__(self, host: str, port: int) -> None:
        """Listen. Raises HubError."""
        if not host:
            raise HubError("Nothing can be served on an address without a name.", _NAME_ANOTHER)
        self._host = host
        self._closing = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: embed.Server | None = None
        # A close that comes between the two would take the socket away from a server that begins.
        self._starting = threading.RLock()
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            number = error.errno if isinstance(error, OSError) else None
            remedy = _REMEDIES.get(number or 0, _NAME_ANOTHER)
            raise HubError(f"Nothing can be served on {host} port {port}: {reason}.", remedy) from error
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it, without a trailing slash."""
        host = _EVERYWHERE.get(self._host, self._host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self, app: WebView) -> None:
        """Answer until told to stop; answers under way are finished first."""
        # It warns of being embedded, at each start.
        logging.getLogger("_granian").setLevel(logging.ERROR)
        try:
            asyncio.run(self._run(app))
        finally:
            self._closing.set()
            self._socket.close()

    async def _run(self, app: WebView) -> None:
        answering = _Answering(app, self.port)
        with self._starting:
            if self._closing.is_set():
                return
            self._loop = asyncio.get_running_loop()
            self._serving = _Embedded(
                answering,
                interface=Interfaces.RSGI,
                http=HTTPModes.http1,
                websockets=False,
                log_enabled=False,
                backlog=_BACKLOG,
                backpressure=_CONNECTIONS,
                http1_settings=HTTP1Settings(
                    header_read_timeout=_SILENCE * 1000, max_buffer_size=_LARGEST_HEAD
                ),
            )
            self._serving.socket = self._socket
        answering.begin()
        serving = asyncio.ensure_future(self._serving.serve())
        stopping = asyncio.ensure_future(asyncio.to_thread(self._closing.wait))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        self._closing.set()
        # Connections that are merely open are not waited for, but for so long.
        try:
            await asyncio.wait_for(serving, _GRACE)
        except TimeoutError:
            # Granian tells then who waits no longer, and that is logged as a fault.
            self._loop.set_exception_handler(lambda *_: None)
        answering.close()

    def close(self) -> None:
        """Stop soon. Closing twice is harmless."""
        with self._starting:
            self._closing.set()
            if self._serving is None or self._loop is None:
                self._socket.close()
            elif not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._serving.stop)


class _Embedded(embed.Server):
    """Granian on a socket that listens already.

    It would make its own, with SO_REUSEPORT, which hides that another program
    serves the port, and cannot tell which port it got for 0.
    """

    socket: socket.socket

    def _init_shared_socket(self) -> None:
        # It is granian's from now on, to close too.
        self._sfd: Any = self.socket.detach()
        self._shd: Any = SocketHolder(self._sfd, False, _BACKLOG)  # type: ignore[call-arg]


class _Asker(Struct, frozen=True):
    """Who sends forms: how many at once, and how many bytes each. One kind keeps no other out."""

    name: str
    at_once: int
    longest: int


_SUBSCRIBER = _Asker("subscriber", 50, LONGEST_REQUEST)
_WHOEVER = _Asker("whoever may be an admin", 50, LONGEST_REQUEST)
_ADMIN_ASKS = _Asker("admin", 20, LONGEST_FORM)


class _Answering:
    """The web view as an RSGI application.

    What is kept is answered at once; all else by a few threads, as a WSGI
    request. What comes with a request is read for the callbacks of
    subscriptions and from those who subscribe alone, and by no thread, since
    who sends it may take his time; the threads that answer once it is whole
    are no page's.
    """

    def __init__(self, app: WebView, port: int) -> None:
        self._app = app
        self._port = str(port)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="web")
        self._receiving = ThreadPoolExecutor(_RECEIVING, thread_name_prefix="web-receiving")
        self._bodies: dict[str, _Body] = {}
        self._admins = ThreadPoolExecutor(_FOR_ADMINS, thread_name_prefix="web-admin")
        self._signing_in = ThreadPoolExecutor(_AT_PROVIDER, thread_name_prefix="web-signing-in")
        self._asking: Counter[str] = Counter()
        self._numbers = count()
        self._seen: Hashable = None
        self._readers = CountingReaders(app.site)

    def begin(self) -> None:
        """Have what is counted be written down from now on, until `close`."""
        self._readers.start()

    async def __call__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        fields = _fields(scope)
        kept = self._app.front.find(
            scope.method,
            _wsgi(scope.path),
            _wsgi(scope.query_string),
            state=self._state,
            accept_encoding=fields.get("accept-encoding"),
            if_none_match=fields.get("if-none-match"),
            if_modified_since=fields.get("if-modified-since"),
            sec_fetch_dest=fields.get("sec-fetch-dest"),
            a_im=fields.get("a-im"),
        )
        answer: _Answer | None = None
        if kept is not None:
            answer = kept.status, [_NAME, *kept.headers.items()], kept.body
        else:
            environ = _environ(scope, fields, self._port)
            threads = self._admins if _ADMIN in scope.path else self._threads
            if scope.path.endswith(_PROVIDER):
                threads = self._signing_in
            if scope.method == "POST" and scope.path.endswith(_SUBSCRIBING):
                answer = await self._asked(protocol, environ, fields, _SUBSCRIBER, self._receiving)
            elif scope.method == "POST" and threads is not self._threads:
                loop = asyncio.get_running_loop()
                admin = await loop.run_in_executor(self._admins, self._app.admits, environ)
                asker = _ADMIN_ASKS if admin else _WHOEVER
                answer = await self._asked(protocol, environ, fields, asker, threads)
            elif scope.method == "POST":
                answer = await self._taken(scope, protocol, environ, fields)
            if answer is None:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(threads, self._ask, environ)
        status, headers, body = answer
        self._readers.note(scope.method, scope.path, status, scope.client, fields)
        if body:
            protocol.response_bytes(status, headers, body)
        else:
            protocol.response_empty(status, headers)

    def _state(self) -> Hashable:
        """The hub's state, looked at once for all requests that wait already.

        The loop runs what it was given in that order. What stands before the
        forgetting came before the look.
        """
        if self._seen is None:
            asyncio.get_running_loop().call_soon(self._forget)
            self._seen = self._app.front.state()
        return self._seen

    def _forget(self) -> None:
        self._seen = None

    async def _taken(
        self, scope: Scope, protocol: HTTPProtocol, environ: dict[str, Any], fields: Mapping[str, str]
    ) -> _Answer | None:
        """The answer to what is sent to a callback, None where nothing is awaited there.

        One body at a time is taken to each, the latest, and so much in all.
        """
        token, body = scope.path.rpartition(_CALLBACKS)[2], _Body(next(self._numbers))
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._receiving, self._app.awaits, token):
            return None
        before = self._bodies.get(token)
        if before is not None and (before.whole or before.number > body.number):
            return _TOO_MUCH
        if before is not None:
            # Its connection may have broken.
            before.close()
        self._bodies[token] = body
        try:
            async with asyncio.timeout(_SENDING):
                async for chunk in protocol:
                    # What is given up is let pass: who cannot send to the end may not read an answer.
                    if not body.closed:
                        body.write(chunk)
                        self._keep_within_bounds()
            if body.closed:
                return _TOO_MUCH
            if body.tell() < _length(fields):
                return _NOT_WHOLE
            body.whole = True
            body.seek(0)
            environ |= _with_body(fields, body)
            return await loop.run_in_executor(self._receiving, self._ask, environ)
        except TimeoutError:
            return _NOT_WHOLE
        finally:
            if self._bodies.get(token) is body:
                del self._bodies[token]

    async def _asked(
        self,
        protocol: HTTPProtocol,
        environ: dict[str, Any],
        fields: Mapping[str, str],
        asker: _Asker,
        threads: ThreadPoolExecutor,
    ) -> _Answer:
        """The answer to a form; of what is too long as much is read as shows that."""
        if self._asking[asker.name] >= asker.at_once:
            return _TOO_MUCH
        self._asking[asker.name] += 1
        body = io.BytesIO()
        try:
            async with asyncio.timeout(_SENDING):
                async for chunk in protocol:
                    if body.tell() <= asker.longest:
                        body.write(chunk)
            if body.tell() < min(_length(fields), asker.longest):
                return _NOT_WHOLE
            body.seek(0)
            environ |= _with_body(fields, body)
            return await asyncio.get_running_loop().run_in_executor(threads, self._ask, environ)
        except TimeoutError:
            return _NOT_WHOLE
        finally:
            self._asking[asker.name] -= 1

    def _keep_within_bounds(self) -> None:
        """Give up the largest body of those that still come, where all together are too much."""
        held = [body for body in self._bodies.values() if not body.closed]
        if sum(body.getbuffer().nbytes for body in held) > _HELD:
            max((body for body in held if not body.whole), key=_Body.tell).close()

    def _ask(self, environ: dict[str, Any]) -> _Answer:
        status = 500
        headers: list[tuple[str, str]] = []

        def start_response(
            line: str, fields: list[tuple[str, str]], _error: OptExcInfo | None = None, /
        ) -> Any:
            nonlocal status, headers
            status = int(line[:3])
            headers = [_NAME, *((name.lower(), value) for name, value in fields)]

        try:
            chunks = self._app(environ, start_response)
            body = b"".join(chunks)
            if close := getattr(chunks, "close", None):
                close()
        except Exception:  # noqa: BLE001 - whatever it is, the client is owed an answer
            _log.exception("request failed before it was answered path=%s", environ["PATH_INFO"])
            return _FAULT
        return status, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body

    def close(self) -> None:
        """Begin no more answers, and write down what was counted."""
        for threads in (self._threads, self._receiving, self._admins, self._signing_in):
            threads.shutdown(wait=False, cancel_futures=True)
        self._readers.close()


class _Body(io.BytesIO):
    """What has come of a request's body; closed where it was given up. Later requests have higher numbers."""

    whole = False

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _with_body(fields: Mapping[str, str], body: io.BytesIO) -> dict[str, Any]:
    """What WSGI's request has besides where something was sent with it."""
    return {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": fields.get("content-type", ""),
        "CONTENT_LENGTH": fields.get("content-length", ""),
    }


def _length(fields: Mapping[str, str]) -> int:
    """How long a request says that its body is."""
    # Of several that are the same number, one will do.
    return int(fields.get("content-length", "0").partition(",")[0])


def _fields(scope: Scope) -> dict[str, str]:
    """The header fields by name; those of one name as one (RFC 9110 §5.2)."""
    fields: dict[str, str] = {}
    for name, value in scope.headers.items():
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _wsgi(text: str) -> str:
    """A path or a query as WSGI has it: its bytes as Latin-1 (PEP 3333)."""
    return text if text.isascii() else text.encode().decode("latin-1")


def _environ(scope: Scope, fields: Mapping[str, str], port: str) -> dict[str, Any]:
    """The request for WSGI (PEP 3333)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _wsgi(scope.path),
        "QUERY_STRING": _wsgi(scope.query_string),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in fields.items():
        # An underscore would stand for a hyphen, so that one field could pass for another. A length without
        # the body, which nobody reads, would say what is not so.
        if "_" not in name and name not in ("content-length", "content-type"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ
