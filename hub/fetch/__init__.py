"""One conditional GET → Fetched | NotModified, within limits of time, size, redirects and addresses.

Or what is posted, a form to a WebSub hub or a document to its subscriber →
Accepted, within the same.

Here is the contract: the values and the Fetcher protocol. `hub.fetch.curl`
keeps it, with libcurl.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from hub.errors import FetchError
from hub.model import Validators

__all__ = [
    "Accepted",
    "Elsewhere",
    "FetchRequest",
    "Fetched",
    "Fetcher",
    "Hop",
    "NotModified",
    "Outcome",
    "Sent",
    "fetch",
]


_NONE = Validators()


class Sent(Struct, frozen=True, kw_only=True):
    """A document to post, with the header fields that belong to it."""

    body: bytes
    headers: Mapping[str, str]


class FetchRequest(Struct, frozen=True, kw_only=True):
    """What to ask for.

    validators  those of the last answer, verbatim: with any, the request is conditional (RFC 9110 §13.1)
    named_by    the document of another host that names the address; None for an address that feeds.yaml
                names, or on a host that it names. What other hosts name must be at a public address,
                whatever `hub.fetch.allow` has besides
    form        an urlencoded form to POST in place of a GET
    sent        a document to POST in place of a GET
    callback    whether it is a WebSub subscriber's: then any 2xx is success, and no redirect is followed
                (WebSub §7)
    within      how many seconds all of it may take; None for as many as the policy says
    most_bytes  how many bytes of the body to read, after decompression; None for as many as the policy says
    in_part     whether the beginning of a larger XML document will do
    """

    url: str
    validators: Validators = _NONE
    named_by: str | None = None
    form: str | None = None
    sent: Sent | None = None
    callback: bool = False
    within: float | None = None
    most_bytes: int | None = None
    in_part: bool = False


class Hop(Struct, frozen=True):
    """A redirect that was followed: its status, and the absolute URL it led to."""

    status: int
    url: str


class Answer(Struct, frozen=True, kw_only=True):
    """What every usable answer says.

    url         the address that answered, after the redirects of `hops`
    validators  for the next request
    seconds     the time of all transfers, without the waiting for a turn
    permanent   whether `url` may stand for the address that was asked: there were redirects, each is
                permanent (301, 308), and none leaves https for http
    fresh_for   how long it may be kept, as its server says (RFC 9111 §4.2.1)
    """

    url: str
    validators: Validators
    seconds: float
    hops: tuple[Hop, ...] = ()
    permanent: bool = False
    fresh_for: timedelta | None = None


class Fetched(Answer, frozen=True, kw_only=True):
    """A document.

    content_type  the header as it came
    body          decompressed
    cut           whether `body` is only the beginning of a larger document
    headers       all of them, names in lower case
    remarks       sentences for the admin about what was odd
    public        whether it came from a public address, or by way of one
    """

    status: int
    content_type: str | None
    body: bytes
    cut: bool = False
    headers: Mapping[str, str] = {}
    remarks: tuple[str, ...] = ()
    public: bool = True


class NotModified(Answer, frozen=True, kw_only=True):
    """304 to a conditional request: what is kept is still right.

    `validators` are the 304's own where it has some, else those that were sent.
    """


class Accepted(Answer, frozen=True, kw_only=True):
    """Any success (2xx) for what was posted."""


Outcome = Fetched | NotModified | Accepted | FetchError


class Elsewhere(Protocol):
    """The other processes that ask hosts: of them and this one, one at a time is at a host.

    A process that ends, however it does, leaves its hosts.
    """

    def take(self, hosts: Collection[str]) -> Collection[str]:
        """Take hosts that no other process has: those of them that this process has now.

        Raises StoreError where that is not known, which holds for hosts that were taken before, too.
        """

    def leave(self, hosts: Iterable[str]) -> None:
        """Leave these hosts to other processes. Raises StoreError, as `take` does."""


class Fetcher(Protocol):
    """Many fetches at once, politely: one at a time for a host name.

    One thread calls all of it, but for `wake`. Whatever a server does wrong is the
    outcome of its fetch, a FetchError, and is not raised. `wait` raises StoreError
    where it is not known any more which hosts other processes have (`Elsewhere`).
    """

    def submit(self, ticket: Hashable, request: FetchRequest) -> None:
        """Ask for a document when its host's turn comes. `ticket` comes back with the outcome."""

    def wait(self, timeout: float | None) -> list[tuple[Hashable, Outcome]]:
        """The outcomes that are new, as soon as there is one.

        Returns an empty list when `timeout` seconds have passed, or when
        `wake` was called, also if that was before. None waits without end.
        """

    def hold(self, held: bool) -> None:
        """While `held`, begin no fetch; those under way go on.

        For a caller that cannot keep up with what comes in.
        """

    def spare(self, hosts: Mapping[str, datetime]) -> None:
        """Ask nothing of hosts before these moments, which another process was told by them."""

    def wake(self) -> None:
        """Make `wait` return at once. From any thread; harmless after `close`."""

    @property
    def pending(self) -> int:
        """How many requests were submitted whose outcome `wait` has not returned yet."""

    @property
    def at_work(self) -> bool:
        """Whether any fetch has begun and not ended; those that wait for their host's turn have not begun."""

    @property
    def reached_at(self) -> float:
        """When a server was last reached, if only to refuse the connection, by `time.monotonic`."""

    def close(self) -> None:
        """Break off what is under way and let go of the connections. Closing twice is harmless."""


def fetch(fetcher: Fetcher, request: FetchRequest) -> Fetched | NotModified:
    """Fetch one document (no form) and wait for it. Raises FetchError.

    `fetcher` must have nothing else pending.
    """
    ticket = object()
    fetcher.submit(ticket, request)
    while True:
        for done, outcome in fetcher.wait(None):
            if done is not ticket:
                continue
            if isinstance(outcome, FetchError):
                raise outcome
            assert not isinstance(outcome, Accepted)
            return outcome
