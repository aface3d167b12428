"""One of libcurl's transfers: its limits, the addresses it may connect to, and what went wrong with it.

pycurl alone shows the address of the socket it is about to open
(OPENSOCKETFUNCTION) and of the connection it is about to use again
(PREREQFUNCTION), where the hub checks it.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from math import inf
from typing import Any

import pycurl

from hub.errors import FetchError
from hub.fetch.answer import DOCUMENT, Head, read_head
from hub.fetch.body import Body
from hub.fetch.journey import Journey
from hub.fetch.request import headers, may_connect, refused_address
from hub.model import FetchPolicy, size_text
from hub.said import as_written

# Bytes that are read of an answer that is no document, to recognise a page that blocks robots.
_GLANCE = 64 * 1024
# A document so many times as large as the limit may have no end. Of a smaller one the beginning is read.
_TOO_LARGE_BY_FAR = 4
# Silence is looked for this often within policy.first_byte, so it is noticed a quarter late at most.
_LOOKS = 4

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
        "Check the name. If a browser finds the site, check this machine's name server (DNS).",
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


GUARDED = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP09_ALLOWED, 0),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.PROXY, ""),
    (pycurl.NOPROXY, "*"),
    (pycurl.NETRC, pycurl.NETRC_IGNORED),
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
)
"""What every request has: nothing of the environment, no redirect by libcurl, certificates that are right."""


class Lane:
    """One libcurl handle, used for one transfer after another."""

    def __init__(self, policy: FetchPolicy, user_agent: str, ca_file: str | None) -> None:
        self._policy = policy
        self._first_byte = policy.first_byte.total_seconds()
        self.curl = pycurl.Curl()
        for option, value in (
            *GUARDED,
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.USERAGENT, user_agent),
            # Of the names that libcurl remembers it looks through all at each request, and of
            # thousands of hosts that takes longer than the request.
            (pycurl.DNS_CACHE_TIMEOUT, 0),
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
        """Whether a limit has passed; `error` says which. If none has, the deadline moves on."""
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
        """Whether a document is larger than the limit."""
        return self.head is not None and self.head.status in DOCUMENT and self.size > self.most

    @property
    def cut(self) -> bool:
        """Whether what was kept is the beginning of a document, and a reader can read a beginning."""
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
        """Whether a transfer that ended reached a server; None where the hub itself kept it from that."""
        if self.address is not None or self.journey.hops or self.curl.getinfo(pycurl.CONNECT_TIME) > 0:
            return True
        if self.refused is not None or self.no_socket is not None or code not in _UNREACHED:
            return None
        # A server that refuses a connection is there.
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
        # libcurl may quote the server, in bytes that are no text.
        detail = as_written(detail) or f"libcurl's error {code}"
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
            opened = open_socket(address)
        except OSError as error:
            self.no_socket = error.strerror
            return int(pycurl.SOCKET_BAD)
        self.sockets.append(opened)
        return opened

    def _connected(self, address: str, _local: str, _port: int, _local_port: int) -> int:
        # The connection may be one that another fetch opened, by other rules.
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


def open_socket(address: Any) -> socket.socket:
    """A socket for an address. pycurl duplicates it and leaves ours open. Raises OSError."""
    opened = socket.socket(address.family, address.socktype, address.protocol)
    try:
        # Where there is no room for the other one, pycurl does not say why it has none.
        opened.dup().close()
    except OSError:
        opened.close()
        raise
    return opened
