"""How far a poll has got: which address it is at, and which pages of missing entries it has looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from hub import poll, urls
from hub.decide import withdrawals
from hub.errors import FeedError, FeedGone, FetchError, NotAFeed
from hub.fetch import Fetched, NotModified, Outcome
from hub.gathering import Gathering
from hub.model import Checked, FeedState, Gathered, PageCheck, Push


class UnderWay(Struct):
    """A poll under way, from its first fetch to its result.

    addresses  where to look for the feed, in order; it is at the one numbered `tried`
    started    when it began, and `began` the same by `time.monotonic`
    fetched    what is known of the poll by the document that is being read, which came from `read_from`
    told       the error to tell if none of the addresses is a feed
    named      the addresses that the page at another address names as feeds, with that address
    site       the gathering of an address that is no feed
    held       an answer for `site` that waits for the robots.txt of the host that gave it
    push       the push that is read in place of a fetch
    gathered   what the poll came to, while pages of missing entries are looked at:
    checks     those still to look at
    checked    those that were
    doubted    the one that seems to be gone, with where asking for it ended, while the first of `checks`
               is a page to compare it with
    wait       the error by which a server asked longest to be left alone
    """

    state: FeedState
    addresses: tuple[str, ...]
    started: datetime
    began: float
    tried: int = 0
    fetched: Gathered | None = None
    read_from: str = ""
    told: FeedError | None = None
    named: dict[str, str] = {}
    site: Gathering | None = None
    held: Fetched | NotModified | None = None
    push: Push | None = None
    checks: list[PageCheck] = []
    checked: list[Checked] = []
    doubted: tuple[PageCheck, str] | None = None
    gathered: Gathered | None = None
    wait: FetchError | None = None

    @property
    def address(self) -> str:
        """The address that it is at."""
        return self.addresses[self.tried]

    @property
    def named_at(self) -> str | None:
        """The address of feeds.yaml whose page names that address; None where the file has it itself."""
        before = self.state.named_at if self.address == self.state.used_url else None
        return self.named.get(self.address, before)

    def heed(self, outcome: Outcome) -> None:
        """Remember how long a server wants to be left alone, if it says so."""
        longest = self.wait.retry_after if self.wait else None
        if isinstance(outcome, FetchError) and (outcome.retry_after or 0) > (longest or 0):
            self.wait = outcome

    def heed_its_own(self, outcome: Outcome) -> None:
        """`heed`, if it is the host that is polled: what another host wants does not concern the feed."""
        if isinstance(outcome, FetchError) and outcome.host == urls.host(self.address):
            self.heed(outcome)

    def goes_on_after(self, error: FeedError, found: Sequence[str]) -> bool:
        """Take an error; whether the poll goes on with another address.

        `found` are the feeds that the page at this address names, to be tried next.
        """
        # The first address is the one meant, so its error is the one to tell,
        # unless a later one is a page that names the feeds there are.
        if self.told is None or (isinstance(error, NotAFeed) and error.advertised):
            self.told = error
        new = tuple(each for each in found if each not in self.addresses)
        left = (*new, *self.addresses[self.tried + 1 :])
        self.addresses = (*self.addresses[: self.tried + 1], *left)
        self.named |= dict.fromkeys(new, self.address)
        # What fails where it was not had last costs no feed that may still be where it was.
        if self.state.used_url in left or (left and poll.tries_next(error)):
            self.tried += 1
            self.fetched = None
            return True
        if isinstance(self.told, FeedGone) and not isinstance(error, FeedGone):
            # Another of its addresses may only be unwell, so it is asked again.
            self.told = error
        return False

    def looked_at(self, outcome: Outcome, links: Callable[[], Sequence[str]]) -> None:
        """Take what came of the first of `checks`; `links` gives the links of the feed's entries."""
        self.heed_its_own(outcome)
        check, gone = self.checks.pop(0), withdrawals.is_gone(outcome)
        ended = outcome.url if isinstance(outcome, Fetched) else check.url
        if self.doubted is not None:
            (compared, led_to), self.doubted = self.doubted, None
            gone = withdrawals.is_gone_beside(outcome, check.url, ended, led_to)
            check = compared
        elif gone or ended != check.url:
            gone, beside = withdrawals.judged(check, gone, ended, links())
            if beside is not None:
                self.doubted = check, ended
                self.checks.insert(0, replace(check, url=beside))
                return
        self.checked.append(Checked(check, gone))
        if isinstance(outcome, FetchError) and (outcome.for_host or outcome.retry_after):
            # The server wants to be left alone.
            self.checks.clear()
