"""Gather for a site that is no feed: several documents, one after the other, until there is enough. Pure.

    start ─→ listings ─→ older listings, sitemaps of an index ─→ pages that are not known yet ─→ Gathered

It says what to ask for and takes what came. `hub.polling.polls` asks, as it asks for a
feed: in the host's turn, conditionally, within the same limits; and only where
robots.txt lets us.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

from hub import poll
from hub.errors import FeedError, FetchError, ParseError
from hub.fetch import Fetched, FetchRequest, NotModified
from hub.model import ROBOT_NAME, Entry, FeedInfo, FeedState, Gathered, Listing, Sitemap, Validators
from hub.parse import sites
from hub.parse.document import Wanted
from hub.reader import Reading, SiteDocument
from hub.said import counted

# Pages of news that one poll fetches at most; the others are left for the next ones.
MOST_PAGES = 20
# A server that fails so often is unwell, and not asked for more in this poll.
_MOST_FAILURES = 3
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Gathering:
    """One poll of a site at an address of feeds.yaml.

    `next` gives the document to ask for, which is `current` from then on. Its answer goes to
    `took`, and what was read of it to `read`; or what went wrong to `failed`. Once `next`
    gives None, `outcome` is what the poll came to.

    `known` are the numbers of pages that need not be looked at again.
    """

    def __init__(
        self, state: FeedState, address: str, *, known: frozenset[int], now: datetime, most_pages: int
    ) -> None:
        self._state = state
        self._address = address
        self._kind = state.feed.kinds[address]
        self._known = known
        self._started = now
        self._most_pages = most_pages
        self._thorough = poll.is_thorough(state, now=now)
        self._remembered = {each.url: each for each in state.listings if address == state.used_url}
        self._listings: deque[Wanted] = deque(
            Wanted(url=each.url, part="listing") for each in self._remembered.values() if each.within is None
        ) or deque(sites.start(self._kind, address))
        self._candidates: dict[str, Wanted] = {}
        self._pages: deque[Wanted] | None = None
        self._seen = {wanted.url for wanted in self._listings}
        # What comes of the poll.
        self._asked_again: dict[str, Listing] = {}
        self._entries: list[Entry] = []
        self._remarks: list[str] = []
        self._errors: list[FeedError] = []
        self._page_errors: list[FeedError] = []
        self._refused: dict[int, FeedError] = {}
        self._disallowed = self._no_news = self._left = self._size = 0
        self._seconds = 0.0
        self._status: int | None = None
        self._info: FeedInfo | None = None
        self._done: set[int] = set()
        self._in_vain: set[int] = set()
        self._barred: set[int] = set()
        self._done_if_complete: set[int] = set()
        self._listed = self._was_fetched = self._was_read = self._page_came = False

    # ------------------------------------------------------------ what to ask

    def next(self) -> Wanted | None:
        """The document to ask for now; None when the poll is over."""
        if self._listings:
            self.current = self._listings.popleft()
            return self.current
        if self._pages is None:
            newest = sorted(self._candidates.values(), key=_date, reverse=True)
            self._pages = deque(newest[: self._most_pages])
            self._left += max(0, len(newest) - self._most_pages)
        if self._pages and self._is_unwell():
            self._left += len(self._pages)
            self._pages.clear()
        if not self._pages:
            return None
        self.current = self._pages.popleft()
        return self.current

    def _is_unwell(self) -> bool:
        refused = 0 if self._page_came else len(self._refused)
        return len(self._page_errors) + refused >= _MOST_FAILURES

    def request(self, wanted: Wanted) -> FetchRequest:
        """The request for a document: conditional if it was read before."""
        before = self._remembered.get(wanted.url)
        validators = Validators()
        if before is not None and not self._thorough:
            validators = Validators(etag=before.etag, last_modified=before.last_modified)
        return FetchRequest(
            url=wanted.url,
            validators=validators,
            named_by=poll.named_by(self._state, wanted.url),
            most_bytes=self._state.feed.most_bytes,
        )

    # ------------------------------------------------------------ what came

    def took(self, answer: Fetched | NotModified) -> SiteDocument | None:
        """Take an answer: what its reader needs to know of it; None where there is nothing new to read."""
        wanted, before = self.current, self._remembered.get(self.current.url)
        self._seconds += answer.seconds
        digest = before.digest if before else None
        if isinstance(answer, Fetched):
            self._was_fetched = True
            self._status = answer.status
            self._size += len(answer.body)
            self._remarks += answer.remarks
            digest = poll.digest_of(answer.body)
        if wanted.part == "listing" and wanted.number is None and not wanted.before:
            self._asked_again[wanted.url] = Listing(
                url=wanted.url,
                etag=answer.validators.etag,
                last_modified=answer.validators.last_modified,
                digest=digest,
                within=wanted.within,
            )
        same = before is not None and before.digest == digest and not self._thorough
        if isinstance(answer, NotModified) or same:
            self._listed = True
            for each in self._remembered.values():
                if each.within == wanted.url:
                    self._want(Wanted(url=each.url, part="listing", within=each.within))
            return None
        return SiteDocument(
            kind=self._kind,
            wanted=wanted,
            known=self._known if wanted.part == "listing" else frozenset(),
            thorough=self._thorough,
            headers=answer.headers,
        )

    def read(self, reading: Reading) -> None:
        """Take what was read of the last answer."""
        wanted, self._was_read = self.current, True
        self._entries += reading.entries
        self._remarks += reading.remarks
        if wanted.part == "listing" and not isinstance(self._kind, Sitemap):
            # A list is read on until known pages come: they must not be known while a later listing is owed.
            self._done_if_complete |= reading.pages
        elif wanted.part == "page" and not reading.entries:
            self._in_vain |= reading.pages
        else:
            self._done |= reading.pages
        self._left += reading.left
        if wanted.part == "listing":
            self._listed = True
            self._info = self._info or reading.info
            if wanted.number is not None:
                self._done_if_complete.add(wanted.number)
        elif wanted.part == "page":
            self._page_came = True
            self._no_news += not reading.entries
        for each in reading.wanted:
            self._want(each)

    def _want(self, wanted: Wanted) -> None:
        if wanted.url in self._seen:
            return
        self._seen.add(wanted.url)
        if wanted.part == "page":
            self._candidates[wanted.url] = wanted
        else:
            self._listings.append(wanted)

    # ------------------------------------------------------------ what went wrong

    def failed(self, error: FeedError) -> None:
        """Take an error. One of a page costs that page; one of every listing costs the poll."""
        wanted = self.current
        if isinstance(error, FetchError) and (error.for_host or error.retry_after):
            self._stop()
        if wanted.part == "page":
            self._page_failed(wanted, error)
        elif afresh := self._afresh(wanted, error):
            self._remembered, self._seen = {}, {each.url for each in afresh}
            self._listings = deque(afresh)
        elif wanted.before or wanted.within:
            self._left += 1
            self._remarks.append(str(error).rstrip("."))
        else:
            told = sites.not_there(self._kind, wanted, error) if isinstance(error, FetchError) else error
            self._errors.append(told)

    def _page_failed(self, wanted: Wanted, error: FeedError) -> None:
        assert wanted.number is not None
        if error.reason == "robots":
            self._disallowed += 1
            self._barred.add(wanted.number)
            return
        status = error.status if isinstance(error, FetchError) and not error.for_host else None
        if error.reason == "too-large":
            self._done.add(wanted.number)
            self._remarks.append(f"{str(error).rstrip('.')}; to read it, raise its size in feeds.yaml")
        elif isinstance(error, ParseError) or status in (404, 410):
            self._in_vain.add(wanted.number)
            self._no_news += 1
        elif status in range(400, 500) and error.reason != "blocked":
            self._refused[wanted.number] = error
        else:
            self._left += 1
            self._page_errors.append(error)

    def _afresh(self, wanted: Wanted, error: FeedError) -> tuple[Wanted, ...]:
        """What to begin anew with, if the site has changed since its listings were found; else nothing."""
        if wanted.url not in self._remembered or not poll.tries_next(error):
            return ()
        return tuple(each for each in sites.start(self._kind, self._address) if each.url not in self._seen)

    def _stop(self) -> None:
        """Ask for nothing more: the server wants to be left alone."""
        self._left += len(self._listings) + len(self._pages or ())
        self._listings.clear()
        self._pages = deque()

    # ------------------------------------------------------------ what it comes to

    def outcome(self) -> Gathered | FeedError:
        """What the poll found, or the error where nothing that lists the news could be had."""
        if self._errors and not self._listed:
            return self._errors[0]
        if self._page_came:
            # Other pages are given out, so these are for members only, or the like.
            self._in_vain |= self._refused.keys()
            self._no_news += len(self._refused)
        else:
            # The site may refuse the hub, until somebody there lets it in.
            self._page_errors += self._refused.values()
            self._left += len(self._refused)
        complete = not self._left and not self._errors
        return Gathered(
            feed=self._state.feed,
            outcome="fetched" if self._was_fetched else "not_modified",
            started=self._started,
            seconds=self._seconds,
            url=self._address,
            status=self._status if self._was_fetched else 304,
            size=self._size,
            unchanged=self._was_fetched and not self._was_read,
            info=self._info,
            entries=_each_once(self._entries),
            remarks=(*dict.fromkeys(self._remarks), *self._summary()),
            # None while something is left: by them the next poll would take that for known.
            listings=tuple(self._asked_again.values()) if complete else (),
            pages=frozenset(self._done | (self._done_if_complete if complete else set())),
            pages_in_vain=frozenset(self._in_vain),
            pages_barred=frozenset(self._barred),
        )

    def _summary(self) -> list[str]:
        said = [str(error).rstrip(".") for error in self._errors]
        if self._disallowed:
            said.append(f"{_pages(self._disallowed)} not asked for, since its robots.txt disallows that")
        if self._no_news:
            said.append(f"{_pages(self._no_news)} not there or no news")
        if self._page_errors:
            first = str(self._page_errors[0]).rstrip(".")
            said.append(f"{_pages(len(self._page_errors))} not to be had, and asked for again: {first}")
        if self._left:
            said.append(f"{counted(self._left, 'more is', 'more are')} left for the next polls")
        return said


def _pages(number: int) -> str:
    return counted(number, "of its pages is", "of its pages are")


def _each_once(entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries, each once: while a list is read page by page, entries move from one page to the next."""
    return tuple({entry.id or entry.fingerprint: entry for entry in reversed(entries)}.values())[::-1]


def _date(wanted: Wanted) -> datetime:
    return wanted.date or _NEVER


def disallowed(url: str) -> FetchError:
    """The error for an address that the site's robots.txt disallows."""
    return FetchError(
        f"the robots.txt of {url} does not let the hub fetch it",
        f"Ask the member's web team to allow it for the robot {ROBOT_NAME}, or look for another address.",
        reason="robots",
    )


def no_rules(error: FetchError) -> bool:
    """Whether a robots.txt that cannot be had means that there is none (RFC 9309 §2.3.1.3)."""
    return error.status in range(400, 500) and not error.for_host


def rules_unknown(url: str, error: FetchError) -> FetchError:
    """The error for an address whose site's robots.txt cannot be had (RFC 9309 §2.3.1.4)."""
    return FetchError(
        f"{url} was not asked, since the site's robots.txt cannot be had: {error}",
        error.remedy,
        reason=error.reason,
        status=None,
        retry_after=error.retry_after,
        for_host=error.for_host,
        host=error.host,
        reached=error.reached,
    )
