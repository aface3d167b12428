"""Everything the hub can fail with, drawn as one tree.

    HubError
    ├── ConfigError          feeds.yaml asks for what cannot be done
    ├── FeedError            one member's feed failed; the others go on
    │   ├── FetchError       no usable answer
    │   │   ├── FeedGone     410: it is not polled any more
    │   │   └── FetchRefused the address may not be fetched: the hub is no one's proxy
    │   └── ParseError       an answer, but no feed
    │       └── NotAFeed     it is something else, such as a page
    ├── OfflineError         nobody can be reached: it is this machine's connection
    ├── AlertError           people could not be told that a feed needs somebody
    ├── NotAllowed           who is signed in has not the role for it
    ├── SignInError          who comes from the organisation's own sign-in is not let in by it
    ├── StoreError           the database refused
    │   ├── NotAnAddress     what it was named by is no address of a database
    │   ├── StoreUnusable    it refuses whoever asks, whatever for
    │   │   ├── StoreDamaged  a part of its file is damaged
    │   │   └── StoreSilent   it does not answer at all
    │   └── AlreadySo        what is to be done is the case
    └── BusyError            another hub is using this database

An admin reads these, so each says what happened and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping


class HubError(Exception):
    """Something the hub can say in a sentence, with what to do about it.

    `str(error)` is what happened; `remedy` is what an admin can do, a sentence
    of its own, or empty where the first says it all.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders: the default would lose the remedy.
        return type(self), (self.problem, self.remedy), self.__dict__


class ConfigError(HubError):
    """feeds.yaml cannot be used. Each of `problems` names file, line and key."""

    def __init__(self, problems: tuple[str, ...] | str, remedy: str = "") -> None:
        self.problems = (problems,) if isinstance(problems, str) else problems
        super().__init__("\n".join(self.problems), remedy)


class FeedError(HubError):
    """One feed's poll failed. What was stored of it stays.

    `reason` is one word for programs and metrics, such as `timeout`.
    """

    def __init__(self, problem: str, remedy: str = "", *, reason: str = "error") -> None:
        super().__init__(problem, remedy)
        self.reason = reason


class FetchError(FeedError):
    """The server gave no usable answer.

    `status` is its HTTP status where it gave one; `retry_after` is how many
    seconds it asked us to stay away (RFC 9110 §10.2.3), already clamped, and
    `for_host` whether it asked that for all of its `host` (429), which a
    redirect may have led to. `reached` is whether a connection to it came
    about, None where that was not tried. `headers` are those of its answer,
    names in lower case, none where it gave none.
    """

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        *,
        reason: str = "fetch",
        status: int | None = None,
        retry_after: float | None = None,
        for_host: bool = False,
        host: str | None = None,
        reached: bool | None = None,
    ) -> None:
        super().__init__(problem, remedy, reason=reason)
        self.status = status
        self.retry_after = retry_after
        self.for_host = for_host
        self.host = host
        self.reached = reached
        self.headers: Mapping[str, str] = {}


class FeedGone(FetchError):
    """410: the publisher says the feed is gone for good (RFC 9110 §15.5.11)."""


class FetchRefused(FetchError):
    """The hub will not connect there: a private address, a scheme or a port it does not fetch."""


class ParseError(FeedError):
    """There was an answer, but no entries can be read from it."""


class NotAFeed(ParseError):
    """The answer is a document of another kind.

    `advertised` are the feeds of news that an HTML page names
    (rel=alternate), absolute URLs in the page's order.
    """

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        *,
        reason: str = "not-a-feed",
        advertised: tuple[str, ...] = (),
    ) -> None:
        super().__init__(problem, remedy, reason=reason)
        self.advertised = advertised


class OfflineError(HubError):
    """No host was reached of several that were asked: this machine is cut off, and no feed is to blame."""


class AlertError(HubError):
    """A message about feeds was not sent.

    `retry_after` is how many seconds its server asked us to wait, None where it did not.
    """

    def __init__(self, problem: str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(problem, remedy)
        self.retry_after = retry_after


class SignInError(HubError):
    """The organisation's own sign-in cannot be asked, or what it says of somebody does not hold."""


class NotAllowed(HubError):
    """Whoever is signed in may not do this."""


class StoreError(HubError):
    """The database refused: it is locked, damaged, full or of a newer version."""


class NotAnAddress(StoreError):
    """What a database was named by is no address of one: who named it has to name it otherwise."""


class StoreUnusable(StoreError):
    """Nothing can be asked of the database just now: its server is away, or its file held or damaged."""


class StoreDamaged(StoreUnusable):
    """A part of the database's file is damaged: what needs no more than the rest of it is answered."""


class StoreSilent(StoreUnusable):
    """The database does not answer at all: its server hangs, or the network before it."""


class AlreadySo(StoreError):
    """What an admin decides was decided so before."""


class BusyError(HubError):
    """Another process holds what this one needs."""
