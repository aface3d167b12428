"""One request to a service that feeds.yaml names and that is no member's, such as an OpenID provider.

The limits of addresses, time and size are those of every fetch. No redirect is followed,
since a secret may be sent along.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pycurl
from msgspec import Struct

from hub import urls
from hub.errors import FetchError
from hub.fetch.curl import system_certificates
from hub.fetch.lane import GUARDED, open_socket
from hub.fetch.request import may_connect, shown
from hub.model import FetchPolicy, size_text

# Seconds that somebody waits for a page, and bytes of JSON.
_CONNECT, _WHOLE = 4, 8
_MOST = 512 * 1024


class Answered(Struct, frozen=True, kw_only=True):
    """An answer of any status; `public` is whether it came from a public address."""

    status: int
    body: bytes
    public: bool


def ask(
    url: str,
    policy: FetchPolicy,
    user_agent: str,
    *,
    form: str | None,
    headers: Mapping[str, str],
    public_only: bool,
) -> Answered:
    """GET an address, or POST a form there, and wait for the answer, some seconds at most. Raises FetchError.

    With `public_only` what the policy allows besides public addresses does not count.
    """
    transfer = _Transfer(policy, public_only=public_only)
    curl = pycurl.Curl()
    try:
        for option, value in (
            *GUARDED,
            (pycurl.USERAGENT, user_agent),
            (pycurl.CONNECTTIMEOUT, _CONNECT),
            (pycurl.TIMEOUT, _WHOLE),
            (pycurl.OPENSOCKETFUNCTION, transfer.open),
            (pycurl.WRITEFUNCTION, transfer.write),
            (pycurl.URL, url),
            (pycurl.HTTPHEADER, [*(f"{name}: {value}" for name, value in headers.items()), "Expect:"]),
        ):
            curl.setopt(option, value)
        if form is not None:
            curl.setopt(pycurl.POSTFIELDS, form)
        if (certificates := system_certificates()) is not None:
            curl.setopt(pycurl.CAINFO, certificates)
        curl.perform()
        return Answered(
            status=curl.getinfo(pycurl.RESPONSE_CODE),
            body=bytes(transfer.body),
            public=urls.is_public(curl.getinfo(pycurl.PRIMARY_IP)),
        )
    except pycurl.error as error:
        raise transfer.fault(url, *error.args) from error
    finally:
        curl.close()
        for opened in transfer.sockets:
            opened.close()


class _Transfer:
    """What libcurl tells of the request while it is under way."""

    def __init__(self, policy: FetchPolicy, *, public_only: bool) -> None:
        self._policy = policy
        self._public_only = public_only
        self.body = bytearray()
        self.sockets: list[socket.socket] = []
        self.refused: str | None = None

    # libcurl's callbacks. What they raise would only be printed, so they raise nothing.

    def open(self, _purpose: int, address: Any) -> socket.socket | int:
        if not may_connect(address.addr[0], self._policy.allow, public_only=self._public_only):
            self.refused = address.addr[0]
            return int(pycurl.SOCKET_BAD)
        try:
            self.sockets.append(open_socket(address))
        except OSError:
            return int(pycurl.SOCKET_BAD)
        return self.sockets[-1]

    def write(self, chunk: bytes) -> int:
        if len(self.body) + len(chunk) > _MOST:
            return 0
        self.body += chunk
        return len(chunk)

    def fault(self, url: str, code: int, detail: str) -> FetchError:
        """The error for what libcurl says went wrong."""
        if self.refused is not None and not self.sockets:
            return FetchError(
                f"{shown(url)} is at the address {self.refused}, which is not public.",
                "If it is in your own network, add that address to hub.fetch.allow in feeds.yaml."
                if not self._public_only
                else "",
                reason="refused",
            )
        if code == pycurl.E_WRITE_ERROR:
            return FetchError(f"What {shown(url)} answers is larger than {size_text(_MOST)}.")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return FetchError(f"{shown(url)} did not answer in {_WHOLE} seconds.", reason="timeout")
        return FetchError(f"{shown(url)} cannot be asked: {detail or f'libcurl’s error {code}'}.")
