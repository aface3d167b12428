"""Fetching with libcurl: the only module that knows pycurl.

libcurl's multi interface tells us which sockets to watch and when its next
timer is (M_SOCKETFUNCTION, M_TIMERFUNCTION); one selector waits for all of
them, for our own limits and for the next turn. Nothing polls, and nothing
sleeps while there is work.

pycurl and not an asyncio client: measured on loopback it takes a tenth of the
processor time for a fetch, and it alone shows the address of the socket it is
about to open (OPENSOCKETFUNCTION) and of the connection it is about to use
again (PREREQFUNCTION), where the hub checks it.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

import pycurl

from hub.errors import FetchError, FetchRefused
from hub.fetch import Accepted, Fetched, FetchRequest, NotModified, Outcome
from hub.fetch.answer import DOCUMENT, REDIRECT, Head, read_head
from hub.fetch.body import Body
from hub.fetch.journey import Journey
from hub.fetch.request import headers, may_connect, refused_address
from hub.fetch.turns import Turns
from hub.machine import transfers
from hub.model import FetchPolicy, size_text
from hub.said import minute

# Of an answer that is no document this much is read, to recognise a page that blocks robots.
_GLANCE = 64 * 1024
# What is not over at so many times the limit may have no end; of what is, the beginning is read.
_TOO_LARGE_BY_FAR = 4
_NO_END = (pycurl.E_FILESIZE_EXCEEDED, pycurl.E_OPERATION_TIMEDOUT)
# Silence is looked for this often within policy.first_byte, so it is noticed a quarter late at most.
_LOOKS = 4
# Seconds. Whoever ends the hub shall not have to wait for name servers.
_LONGEST_CLOSE = 1.0
# libcurl's wheel looks for certificates where the system it was built on keeps them.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_LATER = "It is asked again later, by itself. If this lasts, tell the member's web team."
_TLS = (
    "tls",
    "there is no safe connection to {url}: {detail}",
    "Ask the member's web team to mend the site's certificate or encryption. The hub never goes without.",
)
# Neither a name nor a way to the server was found.
_UNREACHED = (pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT)
_BROKEN = ("broken-transfer", "the answer of {url} broke off or is no HTTP: {detail}", _LATER)
# CURLE_TOO_LARGE, which pycurl has no name for.
_HEADERS_TOO_LARGE = 100
_FAULTS = {
    _HEADERS_TOO_LARGE: ("broken-transfer", "the headers of {url} are too large", _LATER),
    pycurl.E_URL_MALFORMAT: (
        "refused",
        "{url} is no address that can be asked: {detail}",
        "Correct it in feeds.yaml.",
    ),
    pycurl.E_COULDNT_RESOLVE_HOST: (
        "dns",
        "the host name of {url} is not known: {detail}",
        "Check the name in feeds.yaml. If a browser finds the site, check this machine's name server (DNS).",
    ),
    pycurl.E_COULDNT_CONNECT: ("connect", "{url} cannot be connected to: {detail}", _LATER),
    pycurl.E_GOT_NOTHING: ("broken-transfer", "the server of {url} hung up without an answer", _LATER),
    pycurl.E_PARTIAL_FILE: ("broken-transfer", "the answer of {url} broke off: {detail}", _LATER),
    pycurl.E_BAD_CONTENT_ENCODING: (
        "encoding",
        "the answer of {url} cannot be decompressed: {detail}",
        "Tell the member's web team that the server sends a wrong Content-Encoding.",
    ),
    pycurl.E_SSL_CACERT_BADFILE: (
        "our-machine",
        "this machine's list of trusted certificates cannot be read, so {url} cannot be checked: {detail}",
        "Install the system's certificates (Debian: apt install ca-certificates), or set SSL_CERT_FILE.",
    ),
    pycurl.E_PEER_FAILED_VERIFICATION: _TLS,
    pycurl.E_SSL_CONNECT_ERROR: _TLS,
    pycurl.E_SSL_CIPHER: _TLS,
    pycurl.E_SSL_ISSUER_ERROR: _TLS,
    pycurl.E_SSL_INVALIDCERTSTATUS: _TLS,
    pycurl.E_USE_SSL_FAILED: _TLS,
}


class _Lane:
    """One libcurl handle, used for one transfer after another."""

    def __init__(self, policy: FetchPolicy, user_agent: str, ca_file: str | None) -> None:
        self._policy = policy
        self._first_byte = policy.first_byte.total_seconds()
        self.curl = pycurl.Curl()
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.USERAGENT, user_agent),
            (pycurl.CONNECTTIMEOUT_MS, int(policy.connect.total_seconds() * 1000)),
            (pycurl.OPENSOCKETFUNCTION, self._open),
            (pycurl.PREREQFUNCTION, self._connected),
            (pycurl.HEADERFUNCTION, self._header),
            (pycurl.WRITEFUNCTION, self._body),
        ):
            self.curl.setopt(option, value)
        if ca_file is not None:
            self.curl.setopt(pycurl.CAINFO, ca_file)

    def begin(self, journey: Journey, now: float) -> None:
        """Make ready for a transfer; its limits count from now."""
        request = journey.request
        lines, self.conditional = headers(journey.validators)
        if request.sent is not None:
            # Nobody is asked whether it may be sent: some servers never answer that.
            lines = [
                *(f"{name}: {value}".encode() for name, value in request.sent.headers.items()),
                b"Expect:",
            ]
        self.curl.setopt(pycurl.URL, journey.url)
        self.curl.setopt(pycurl.HTTPHEADER, lines)
        if journey.posts:
            self.curl.setopt(pycurl.POSTFIELDS, request.sent.body if request.sent else request.form)
        else:
            self.curl.setopt(pycurl.HTTPGET, 1)
        if journey.undecoded:
            self.curl.unsetopt(pycurl.ACCEPT_ENCODING)
        else:
            self.curl.setopt(pycurl.ACCEPT_ENCODING, "")  # all that this libcurl can undo
        self.journey = journey
        self.began = now
        self.whole = min(self._policy.whole.total_seconds(), request.within or inf)
        self.ends = now + self.whole - journey.used
        self.deadline = self.ends
        self.address: str | None = None
        self.allowed: str | None = None
        self.refused: str | None = None
        self.no_socket: str | None = None
        self.sockets: list[socket.socket] = []
        self.head: Head | None = None
        self.lines: list[bytes] = []
        self.body = Body()
        self.size = 0
        self.most = request.most_bytes or self._policy.size
        self.curl.setopt(pycurl.MAXFILESIZE_LARGE, _TOO_LARGE_BY_FAR * self.most)
        self.heard = 0
        self.heard_at = now
        self.error: FetchError | None = None

    def end(self) -> None:
        """Let go of what belonged to the transfer."""
        for opened in self.sockets:
            opened.close()
        self.sockets = []
        self.body.close()
        self.body = Body()

    def overdue(self, now: float) -> bool:
        """Whether a limit has passed, `error` saying which; if not, moves the deadline on."""
        url, seconds = self.journey.asked, self._first_byte
        if now >= self.ends:
            self.error = FetchError(
                f"{url} did not finish its answer in {self.whole:g} seconds", _LATER, reason="timeout"
            )
        elif self.address is not None and self.head is None:
            self.error = FetchError(
                f"the server of {url} did not answer in {seconds:g} seconds", _LATER, reason="timeout"
            )
        else:
            heard = self.curl.getinfo(pycurl.SIZE_DOWNLOAD_T)
            if heard > self.heard:
                self.heard, self.heard_at = heard, now
            if now - self.heard_at < seconds:
                self.deadline = min(self.ends, now + seconds / _LOOKS)
                return False
            self.error = FetchError(
                f"the server of {url} fell silent in the middle of its answer, for {seconds:g} seconds",
                _LATER,
                reason="timeout",
            )
        return True

    @property
    def too_large(self) -> bool:
        return self.head is not None and self.head.status in DOCUMENT and self.size > self.most

    @property
    def cut(self) -> bool:
        """Whether what was kept is the beginning of a document of which a beginning can be read."""
        in_part = self.journey.request.in_part and self._is_xml
        return self.too_large and in_part and self.size <= _TOO_LARGE_BY_FAR * self.most

    @property
    def _is_xml(self) -> bool:
        return self.body.beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    @property
    def _says_its_length(self) -> bool:
        headers = self.head.headers if self.head else {}
        return "content-length" in headers and "content-encoding" not in headers

    def reached(self, code: int) -> bool | None:
        """Whether the transfer, which failed, got as far as a server; None where it was not let go so far."""
        if self.address is not None or self.journey.hops:
            return True
        if self.refused is not None or self.no_socket is not None or code not in _UNREACHED:
            return None
        # Somebody there says so.
        refused: bool = self.curl.getinfo(pycurl.OS_ERRNO) == errno.ECONNREFUSED
        return refused and code == pycurl.E_COULDNT_CONNECT

    def fault(self, code: int, detail: str) -> FetchError:
        """The error for what libcurl says went wrong."""
        journey = self.journey
        if self.too_large or code == pycurl.E_FILESIZE_EXCEEDED:
            return FetchError(
                f"{journey.asked} is larger than {size_text(self.most)}, which is the limit",
                "If it is a feed all the same, raise its size, or hub.fetch.size, in feeds.yaml.",
                reason="too-large",
            )
        if self.error is not None:
            return self.error
        if self.refused is not None and (code == pycurl.E_ABORTED_BY_CALLBACK or not self.sockets):
            return refused_address(
                journey.url, self.refused, came_from=journey.came_from, named=not journey.hops
            )
        if self.no_socket is not None and not self.sockets:
            return FetchError(
                f"this machine has no connection left for {journey.asked}: {self.no_socket}",
                "If it says that too many files are open, raise their limit (ulimit -n).",
                reason="our-machine",
            )
        if code == pycurl.E_OPERATION_TIMEDOUT:
            seconds = self._policy.connect.total_seconds()
            return FetchError(
                f"no connection to {journey.asked} came about in {seconds:g} seconds",
                _LATER,
                reason="timeout",
            )
        if code == pycurl.E_WRITE_ERROR:
            code = pycurl.E_BAD_CONTENT_ENCODING
        elif code == pycurl.E_COULDNT_CONNECT and (number := self.curl.getinfo(pycurl.OS_ERRNO)):
            detail = os.strerror(number)
        reason, problem, remedy = _FAULTS.get(code, _BROKEN)
        detail = detail or f"libcurl's error {code}"
        return FetchError(problem.format(url=journey.asked, detail=detail), remedy, reason=reason)

    def _allowed(self, address: str) -> bool:
        if address == self.allowed:  # the connection is to what the socket was opened for
            return True
        if may_connect(address, self._policy.allow, public_only=self.journey.public_only):
            self.allowed = address
            return True
        self.refused = address
        return False

    # libcurl's callbacks. What they raise would only be printed, so they raise nothing.

    def _open(self, _purpose: int, address: Any) -> socket.socket | int:
        if not self._allowed(address.addr[0]):
            return int(pycurl.SOCKET_BAD)
        try:
            opened = _socket(address)
        except OSError as error:
            self.no_socket = error.strerror
            return int(pycurl.SOCKET_BAD)
        self.sockets.append(opened)
        return opened

    def _connected(self, address: str, _local: str, _port: int, _local_port: int) -> int:
        # Also for a connection that another fetch opened, whose rules may have been others.
        if not self._allowed(address):
            return int(pycurl.PREREQFUNC_ABORT)
        self.address = address
        self.deadline = min(self.ends, time.monotonic() + self._first_byte)
        return int(pycurl.PREREQFUNC_OK)

    def _header(self, line: bytes) -> None:
        if self.head is not None:  # a trailer
            return
        if line.startswith(b"HTTP/"):
            self.lines = [line]
        elif line.strip():
            self.lines.append(line)
        elif self.lines and (head := read_head(self.lines)).status >= 200:
            self.head = head
            self.heard_at = time.monotonic()
            self.deadline = min(self.ends, self.heard_at + self._first_byte / _LOOKS)

    def _body(self, chunk: bytes) -> int:
        if self.head is None:
            return 0
        room = (self.most if self.head.status in DOCUMENT else _GLANCE) - self.size
        self.size += len(chunk)
        self.body.write(chunk if len(chunk) <= room else chunk[: max(room, 0)])
        if len(chunk) <= room:
            return len(chunk)
        # Whether it ends at all shows only when it does, unless its length was said (MAXFILESIZE).
        return len(chunk) if self.cut and not self._says_its_length else 0


class CurlFetcher:
    """A Fetcher on libcurl, with at most `connections` transfers at once, fewer where few files may be open.

    `ca_file` are the certificates to trust in place of the system's. `clock`
    is the time of day, for a Retry-After that is a date.

    Redirects on one host follow each other without its pause; at another host
    a redirect waits its turn. A body under a wrong Content-Encoding is asked
    for once more, uncompressed, and taken as it comes.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        user_agent: str,
        *,
        connections: int = 64,
        ca_file: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._policy = policy
        self._user_agent = user_agent
        self._ca_file = str(ca_file) if ca_file is not None else _system_certificates()
        self._clock = clock
        connections = min(connections, transfers())
        self._turns: Turns[Journey] = Turns(host_delay=policy.host_delay.total_seconds(), at_once=connections)
        self._spared: dict[str, tuple[datetime, FetchError]] = {}
        self._busy: dict[Any, _Lane] = {}
        self._idle: list[_Lane] = []
        self._done: list[tuple[Hashable, Outcome]] = []
        self._pending = 0
        self._held = False
        self._timer_at = inf
        self._watched: set[int] = set()
        self._awake = False
        self._closed = False
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, 2 * connections)

    @property
    def pending(self) -> int:
        return self._pending

    @property
    def at_work(self) -> bool:
        return bool(self._busy)

    def submit(self, ticket: Hashable, request: FetchRequest) -> None:
        self._pending += 1
        try:
            journey = Journey(ticket, request)
        except FetchRefused as error:
            self._done.append((ticket, error))
            return
        self._join(journey, time.monotonic())

    def wait(self, timeout: float | None) -> list[tuple[Hashable, Outcome]]:
        until = inf if timeout is None else time.monotonic() + timeout
        self._start_due()
        while True:
            self._step(until)
            # Before the caller goes to work on what is done, so that the network works meanwhile.
            self._start_due()
            if self._done or self._awake or time.monotonic() >= until:
                break
        self._awake = False
        done, self._done = self._done, []
        self._pending -= len(done)
        return done

    def hold(self, held: bool) -> None:
        self._held = held

    def spare(self, hosts: Mapping[str, datetime]) -> None:
        for host, until in hosts.items():
            before, _ = self._spared.get(host, (None, None))
            if before is None or before < until:
                self._spared[host] = (until, _asked_before(host, until))

    def wake(self) -> None:
        # Full: it is awake already. Closed: there is nobody to wake.
        with suppress(OSError):
            self._wake_writer.send(b"\0")

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for lane in self._busy.values():
            self._multi.remove_handle(lane.curl)
            lane.end()
        for lane in (*self._busy.values(), *self._idle):
            lane.curl.close()
        self._busy, self._idle = {}, []
        # libcurl stays for look-ups that a dead name server holds up; they are nobody's any more.
        closing = threading.Thread(target=self._multi.close, daemon=True)
        closing.start()
        closing.join(_LONGEST_CLOSE)
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    # ------------------------------------------------------------ the loop

    def _step(self, until: float) -> None:
        """Wait for whatever comes first, and act on it."""
        due = None if self._held else self._turns.due()
        at = min(until, self._timer_at, inf if due is None else due, self._next_deadline())
        pause = 0.0 if self._done else max(0.0, at - time.monotonic())
        for key, mask in self._selector.select(None if pause == inf else pause):
            if key.fileobj is self._wake_reader:
                self._wake_reader.recv(4096)
                self._awake = True
                continue
            ready = (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (
                pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
            )
            self._multi.socket_action(key.fd, ready)
        if time.monotonic() >= self._timer_at:
            self._timer_at = inf
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        left = 1
        while left:
            left, finished, failed = self._multi.info_read()
            for curl in finished:
                self._finish(self._busy.pop(curl), pycurl.E_OK, "")
            for curl, code, detail in failed:
                self._finish(self._busy.pop(curl), code, detail)
        self._end_overdue()

    def _next_deadline(self) -> float:
        return min((lane.deadline for lane in self._busy.values()), default=inf)

    def _end_overdue(self) -> None:
        # After what has arrived was read: a caller that was away for long is not the server's fault.
        now = time.monotonic()
        if self._next_deadline() > now:
            return
        for curl, lane in list(self._busy.items()):
            if lane.deadline <= now and lane.overdue(now):
                self._finish(self._busy.pop(curl), pycurl.E_OPERATION_TIMEDOUT, "")

    def _start_due(self) -> None:
        now = time.monotonic()
        while not self._held and (journey := self._turns.next(now)) is not None:
            self._start(journey, now)

    def _start(self, journey: Journey, now: float) -> None:
        lane = self._idle.pop() if self._idle else _Lane(self._policy, self._user_agent, self._ca_file)
        lane.begin(journey, now)
        self._busy[lane.curl] = lane
        self._multi.add_handle(lane.curl)

    def _watch(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        if self._closed:
            return
        if what == pycurl.POLL_REMOVE:
            if descriptor in self._watched:
                self._watched.remove(descriptor)
                self._selector.unregister(descriptor)
            return
        events = (selectors.EVENT_READ if what & pycurl.POLL_IN else 0) | (
            selectors.EVENT_WRITE if what & pycurl.POLL_OUT else 0
        )
        if descriptor in self._watched:
            self._selector.modify(descriptor, events)
        else:
            self._watched.add(descriptor)
            self._selector.register(descriptor, events)

    def _set_timer(self, milliseconds: int) -> None:
        self._timer_at = inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    # ------------------------------------------------------------ a transfer's end

    def _finish(self, lane: _Lane, code: int, detail: str) -> None:
        self._multi.remove_handle(lane.curl)
        journey, host, now = lane.journey, lane.journey.host, time.monotonic()
        journey.used += now - lane.began
        try:
            outcome: Outcome | None = self._outcome(lane, code, detail)
        except FetchError as error:
            outcome = error
            error.host, error.reached = host, lane.reached(code)
        lane.end()
        self._idle.append(lane)
        if outcome is None and journey.host == host:
            self._start(journey, now)
            return
        if isinstance(outcome, FetchError) and outcome.for_host and outcome.retry_after:
            self._spare(host, outcome, outcome.retry_after)
        self._turns.leave(host, now=now)
        if outcome is None:
            self._join(journey, now)
        else:
            self._done.append((journey.ticket, outcome))

    def _outcome(self, lane: _Lane, code: int, detail: str) -> Fetched | NotModified | Accepted | None:
        """What a transfer that ended comes to; None when its journey goes on. Raises FetchError."""
        journey, head = lane.journey, lane.head
        # The head settles everything but a document, which must be whole; of one that is too large,
        # what becomes of the part that is not read makes no difference, as long as it ends.
        read = code == pycurl.E_OK or (lane.cut and code not in _NO_END)
        # To what was sent it is the whole answer.
        if head is None or (head.status in DOCUMENT and not read and journey.request.sent is None):
            undecodable = code in (pycurl.E_BAD_CONTENT_ENCODING, pycurl.E_WRITE_ERROR) and not lane.too_large
            if undecodable and journey.ask_undecoded():
                return None
            raise lane.fault(code, detail)
        if head.status in REDIRECT:
            journey.follow(head, address=lane.address, limit=self._policy.redirects)
            return None
        return journey.outcome(
            head,
            lane.body.whole(),
            address=lane.address,
            cut=lane.cut,
            conditional=lane.conditional,
            now=self._clock(),
            user_agent=self._user_agent,
        )

    def _join(self, journey: Journey, now: float) -> None:
        """Have a journey wait for its host's turn, if the host does not want to be left alone."""
        until, asked = self._spared.get(journey.host, (None, None))
        left = (until - self._clock()).total_seconds() if until else 0.0
        if asked is not None and left > 0:
            self._done.append((journey.ticket, _left_alone(journey, asked, left)))
        else:
            self._turns.join(journey, host=journey.host, now=now)

    def _spare(self, host: str, asked: FetchError, seconds: float) -> None:
        """Ask nothing more of a host that asks to be left alone, for so long."""
        self._spared[host] = (self._clock() + timedelta(seconds=seconds), asked)
        for journey in self._turns.withdraw(host):
            self._done.append((journey.ticket, _left_alone(journey, asked, seconds)))


def _asked_before(host: str, until: datetime) -> FetchError:
    return FetchError(
        f"{host} wants no request before {minute(until)} (Retry-After)",
        "It is asked again after that, by itself.",
        reason="http-429",
        host=host,
    )


def _left_alone(journey: Journey, asked: FetchError, seconds: float) -> FetchError:
    return FetchError(
        f"{journey.asked} was not asked, since its host wants to be left alone: {asked.problem}",
        asked.remedy,
        reason=asked.reason,
        retry_after=seconds,
        for_host=True,
        host=journey.host,
    )


def _socket(address: Any) -> socket.socket:
    """A socket for an address. pycurl duplicates it and leaves ours open. Raises OSError."""
    opened = socket.socket(address.family, address.socktype, address.protocol)
    try:
        # Where there is no room for the other one, pycurl does not say why it has none.
        opened.dup().close()
    except OSError:
        opened.close()
        raise
    return opened


def _system_certificates() -> str | None:
    """The file of the certificates that this system trusts; None to leave it to libcurl."""
    for file in (ssl.get_default_verify_paths().cafile, *_CERTIFICATES):
        if file is not None and Path(file).is_file():
            return file
    return None
