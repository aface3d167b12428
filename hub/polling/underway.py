"""How far a poll has got that is under way: its addresses, and the pages that are looked at in the end."""

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

    Of the `addresses` it is at the one `tried`; `named` are those that the page
    at another names, with that one. `site` is what is gathered where the
    address is no feed, and `held` an answer for it that waits for the rules of
    the site that gave it. `told` is the error to tell if no address is a feed.
    `checks` are pages to look at once all is `gathered`, `checked` those that
    were, and `doubted` one that seems to be gone, with where asking for it ended,
    while the first of `checks` is one to compare it with. `wait` is the error by
    which a server asked longest to be left alone.
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
        return self.addresses[self.tried]

    @property
    def named_at(self) -> str | None:
        before = self.state.named_at if self.address == self.state.used_url else None
        return self.named.get(self.address, before)

    def heed(self, outcome: Outcome) -> None:
        """Remember how long a server wants to be left alone, where it does."""
        longest = self.wait.retry_after if self.wait else None
        if isinstance(outcome, FetchError) and (outcome.retry_after or 0) > (longest or 0):
            self.wait = outcome

    def heed_its_own(self, outcome: Outcome) -> None:
        """The same where it is the host that is polled; what another wants is no concern of the feed."""
        if isinstance(outcome, FetchError) and outcome.host == urls.host(self.address):
            self.heed(outcome)

    def goes_on_after(self, error: FeedError, found: Sequence[str]) -> bool:
        """Whether it goes on with another address; `found` are the feeds that the page at this one names."""
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
        """Take what came of the first of `checks`; `links` gives those of the feed's entries."""
        self.heed_its_own(outcome)
        check, gone = self.checks.pop(0), withdrawals.is_gone(outcome)
        ended = outcome.url if isinstance(outcome, Fetched) else check.url
        if self.doubted is not None:
            (compared, led_to), self.doubted = self.doubted, None
            gone = withdrawals.is_gone_beside(outcome, check.url, ended, led_to)
            check = compared
        elif withdrawals.may_withdraw(check, gone) or ended != check.url:
            there = links()
            if led_away := withdrawals.leads_away(check.url, ended, there):
                gone = None
            other = withdrawals.one_to_compare(check.url, ended, there)
            if (gone or led_away) and other is not None:
                self.doubted = check, ended
                self.checks.insert(0, replace(check, url=other))
                return
        self.checked.append(Checked(check, gone))
        if isinstance(outcome, FetchError) and (outcome.for_host or outcome.retry_after):
            # The server wants to be left alone.
            self.checks.clear()
