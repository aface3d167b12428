"""A Fetcher on libcurl, with many transfers at once (each is a `lane`).

libcurl's multi interface tells us which sockets to watch and when its next
timer is (M_SOCKETFUNCTION, M_TIMERFUNCTION); one selector waits for all of
them, for our own limits and for the next turn. Nothing polls, and nothing
sleeps while there is work.

pycurl and not an asyncio client: measured on loopback it takes a tenth of the
processor time for a fetch, and it alone shows each address before it connects.
"""

from __future__ import annotations

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
from hub.fetch import Accepted, Elsewhere, Fetched, FetchRequest, NotModified, Outcome
from hub.fetch.answer import DOCUMENT, REDIRECT
from hub.fetch.journey import Journey
from hub.fetch.lane import Lane
from hub.fetch.turns import Turns
from hub.machine import transfers
from hub.model import FetchPolicy
from hub.said import minute

_NO_END = (pycurl.E_FILESIZE_EXCEEDED, pycurl.E_OPERATION_TIMEDOUT)
# Seconds. Whoever ends the hub shall not have to wait for name servers.
_LONGEST_CLOSE = 1.0
# libcurl's wheel looks for certificates where the system it was built on keeps them.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class CurlFetcher:
    """A Fetcher on libcurl, with at most `connections` transfers at once, fewer where few files may be open.

    `ca_file` are the certificates to trust in place of the system's. `clock`
    is the time of day, for a Retry-After that is a date. `elsewhere` are the
    processes that ask the same hosts, if there are any.

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
        elsewhere: Elsewhere | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._policy = policy
        self._user_agent = user_agent
        self._ca_file = str(ca_file) if ca_file is not None else system_certificates()
        self._clock = clock
        connections = min(connections, transfers())
        self._turns: Turns[Journey] = Turns(
            host_delay=policy.host_delay.total_seconds(), at_once=connections, elsewhere=elsewhere
        )
        self._spared: dict[str, tuple[datetime, FetchError]] = {}
        self._busy: dict[Any, Lane] = {}
        self._idle: list[Lane] = []
        self._done: list[tuple[Hashable, Outcome]] = []
        self._pending = 0
        self._reached_at = -inf
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

    @property
    def reached_at(self) -> float:
        return self._reached_at

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
        # If the socket is full, it is awake already; if it is closed, nobody waits any more.
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
        self._turns.end()
        # libcurl stays for look-ups that a dead name server holds up; they are nobody's any more.
        closing = threading.Thread(target=self._multi.close, daemon=True)
        closing.start()
        closing.join(_LONGEST_CLOSE)
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    # ------------------------------------------------------------ the loop

    def _step(self, until: float) -> None:
        """Wait for a socket, a timer, a turn or a limit, whichever is first, and act on it."""
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
        # After what has arrived was read: it is not the server's fault if the caller was away for long.
        now = time.monotonic()
        if self._next_deadline() > now:
            return
        for curl, lane in list(self._busy.items()):
            if lane.deadline <= now and lane.overdue(now):
                self._finish(self._busy.pop(curl), pycurl.E_OPERATION_TIMEDOUT, "")

    def _start_due(self) -> None:
        now = time.monotonic()
        self._turns.let_go(now)
        if not self._held:
            for journey in self._turns.begin(now):
                self._start(journey, now)

    def _start(self, journey: Journey, now: float) -> None:
        lane = self._idle.pop() if self._idle else Lane(self._policy, self._user_agent, self._ca_file)
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

    def _finish(self, lane: Lane, code: int, detail: str) -> None:
        self._multi.remove_handle(lane.curl)
        journey, host, now = lane.journey, lane.journey.host, time.monotonic()
        journey.used += now - lane.began
        reached = lane.reached(code)
        if reached:
            self._reached_at = now
        try:
            outcome: Outcome | None = self._outcome(lane, code, detail)
        except FetchError as error:
            outcome = error
            error.host, error.reached = host, reached
            error.headers = lane.head.headers if lane.head else {}
        lane.end()
        self._idle.append(lane)
        if outcome is None and journey.host == host:
            self._start(journey, now)
            return
        # A subscriber's server has no say in how members' hosts are polled, even if it is one.
        of_a_feed = not journey.request.callback
        if of_a_feed and isinstance(outcome, FetchError) and outcome.for_host and outcome.retry_after:
            self._spare(host, outcome, outcome.retry_after)
        self._turns.leave(host, now=now)
        if outcome is None:
            self._join(journey, now)
        else:
            self._done.append((journey.ticket, outcome))

    def _outcome(self, lane: Lane, code: int, detail: str) -> Fetched | NotModified | Accepted | None:
        """The outcome of a transfer that ended; None where its journey goes on. Raises FetchError."""
        journey, head = lane.journey, lane.head
        # The head settles everything but a document, which must be whole; of one that is too large,
        # what becomes of the part that is not read makes no difference, as long as it ends.
        read = code == pycurl.E_OK or (lane.cut and code not in _NO_END)
        # Of an answer to a document that was sent, the head is all that matters.
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
        """Have a journey wait for its host's turn, or fail at once where the host wants to be left alone."""
        until, asked = self._spared.get(journey.host, (None, None))
        left = (until - self._clock()).total_seconds() if until else 0.0
        if asked is not None and left > 0:
            self._done.append((journey.ticket, _left_alone(journey, asked, left)))
        else:
            self._turns.join(journey, host=journey.host, now=now)

    def _spare(self, host: str, asked: FetchError, seconds: float) -> None:
        """Ask nothing of a host for so many seconds, as it `asked`; what waits for it fails at once."""
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


def system_certificates() -> str | None:
    """The file of the certificates that this system trusts; None to leave it to libcurl."""
    for file in (ssl.get_default_verify_paths().cafile, *_CERTIFICATES):
        if file is not None and Path(file).is_file():
            return file
    return None
