"""One conditional GET → Fetched | NotModified, within limits of time, size, redirects and addresses.

Or what is posted, a form to a WebSub hub or a document to its subscriber →
Accepted, within the same.

Here is the contract: the values and the Fetcher protocol. `hub.fetch.curl`
keeps it, with libcurl.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
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

    `validators` are those of the last answer, verbatim: with any of them the
    request is conditional (RFC 9110 §13.1). `named_by` is the document of
    another host that names the address, None for one that feeds.yaml names or
    whose host it does: what others name must be at a public address, whatever
    is allowed besides. With `form` it is a POST of that, which is urlencoded,
    with `sent` one of that document. A `callback` is a WebSub subscriber's,
    where any success (2xx) is one, and no redirect is followed (WebSub §7).
    All of it has to be over `within` seconds, None for the policy's. Of the
    body `most_bytes` are read, after decompression, None for as many as the
    policy says; of a larger document the beginning will do with `in_part`.
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

    `url` is the address that answered, after the redirects of `hops`.
    `permanent` is true when it may stand for the address that was asked:
    there were redirects, each is permanent (301, 308), and none leaves https
    for http. `validators` are for the next request. `seconds` is the time of
    all transfers, without the waiting for a turn.
    """

    url: str
    validators: Validators
    seconds: float
    hops: tuple[Hop, ...] = ()
    permanent: bool = False
    fresh_for: timedelta | None = None


class Fetched(Answer, frozen=True, kw_only=True):
    """A document.

    `body` is decompressed, and with `cut` its beginning alone, as far as was
    asked for. `content_type` is the header as it came; `headers`
    are all of them, names in lower case. `public` is whether it came from a
    public address, or by way of one. `remarks` are sentences for the admin
    about what was odd.
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
    """Other processes that ask hosts too: of all of them one at a time is at a host, as of all fetches here.

    A process that ends, however it does, is at no host any more.
    """

    def take(self, host: str) -> bool:
        """Be at a host from now on, if nobody else is.

        Raises StoreError where it is not known any more, also of what was taken before.
        """

    def leave(self, hosts: Iterable[str]) -> None:
        """Be at these hosts no more. Raises StoreError, as `take` does."""


class Fetcher(Protocol):
    """Many fetches at once, politely: one at a time for a host name.

    All of it is for one thread, but `wake`. What goes wrong with a fetch is
    its outcome, a FetchError; nothing else is raised for what a server does.
    `wait` raises StoreError where it is not known any more who is at a host.
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
        """Ask nothing of hosts before these moments, of which another process was told."""

    def wake(self) -> None:
        """Make `wait` return at once. From any thread; harmless after `close`."""

    @property
    def pending(self) -> int:
        """How many were submitted whose outcome `wait` has not returned yet."""

    @property
    def at_work(self) -> bool:
        """Whether a fetch has begun and not ended: those that wait for their turn are not meant."""

    @property
    def reached_at(self) -> float:
        """When a connection to a server last came about, or was refused by one: of `time.monotonic`."""

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
