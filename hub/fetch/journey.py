"""One fetch, from its first address through its redirects to its outcome. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from msgspec.structs import replace

from hub import urls
from hub.errors import FetchError
from hub.fetch import Accepted, Fetched, FetchRequest, Hop, NotModified
from hub.fetch.answer import (
    DOCUMENT,
    NOT_MODIFIED,
    PERMANENT,
    SAME_METHOD,
    Head,
    challenge_error,
    fresh_for,
    status_error,
)
from hub.fetch.request import address_of, shown
from hub.model import Validators

_REMEDY = "Find the feed's address on the member's site and put it into feeds.yaml."


class Journey:
    """A fetch that may be redirected.

    url, host    the address to ask next, and its host
    hops         the redirects that led there
    used         how many seconds of transfers lie behind it
    public_only  whether only public addresses may be connected to, whatever is allowed besides: a
                 public server redirected here, or a document of another host names the address
    undecoded    whether to ask for no compression, and take the body as it comes
    remarks      what was odd on the way
    """

    def __init__(self, ticket: Hashable, request: FetchRequest) -> None:
        """Raises FetchRefused for an address that the hub does not fetch."""
        self.ticket = ticket
        self.request = request
        self.url = address_of(request.url)
        self.host = urls.host(self.url) or ""
        self.hops: tuple[Hop, ...] = ()
        self.remarks: tuple[str, ...] = ()
        self.used = 0.0
        self.public_only = request.named_by is not None
        self.undecoded = False
        self._begin = self.url
        self._permanent = True

    @property
    def came_from(self) -> str | None:
        """The address whose redirect led here, or that named it; None for the feed's own."""
        if not self.hops:
            return self.request.named_by
        return self.hops[-2].url if len(self.hops) > 1 else self._begin

    @property
    def asked(self) -> str:
        """`url` in the words of a sentence; after redirects with the address that it began with."""
        if not self.hops:
            return shown(self.url)
        return f"{shown(self.url)} (where {shown(self._begin)} redirects to)"

    @property
    def posts(self) -> bool:
        """Whether the request is a POST."""
        return self.request.form is not None or self.request.sent is not None

    @property
    def validators(self) -> Validators:
        """The validators to send to `url`: none if another address gave those that there are."""
        validators = self.request.validators
        return validators if validators.url in (None, self.url) else Validators()

    def follow(self, head: Head, *, address: str | None, limit: int) -> None:
        """Follow a redirect, which came from the server at the IP address `address`.

        Raises FetchError for a redirect that leads nowhere, in a circle, or on for more than
        `limit` hops, and FetchRefused for one to an address that the hub does not fetch.
        """
        if self.request.callback:
            raise FetchError(
                f"{self.asked} answered {head.status}, a redirect, which callbacks may not",
                "Its subscriber has to name the address that it is at.",
                reason="redirect",
                status=head.status,
            )
        location = head.location
        if location is None:
            raise FetchError(
                f"{self.asked} answered {head.status}, a redirect, and did not say where to",
                "Open it in a browser; if it fails there too, tell the member's web team.",
                reason="redirect",
                status=head.status,
            )
        target = address_of(location, redirected_from=self.url)
        if self.request.form is not None:
            self._form_may_go(head, target)
        path = [self._begin, *(hop.url for hop in self.hops)]
        if target in path:
            circle = " → ".join(shown(url) for url in (*path[path.index(target) :], target))
            raise FetchError(
                f"{shown(self._begin)} redirects in a circle: {circle}", _REMEDY, reason="redirect"
            )
        if len(self.hops) >= limit:
            raise FetchError(
                f"{shown(self._begin)} redirects more than {limit} times, the last time to {shown(target)}",
                _REMEDY,
                reason="redirect",
            )
        if self.url.startswith("https:") and not target.startswith("https:"):
            self._permanent = False
            self.remarks += (f"the redirect to {shown(target)} leaves https for http",)
        self._permanent = self._permanent and head.status in PERMANENT
        self.public_only = self.public_only or (address is not None and urls.is_public(address))
        self.hops += (Hop(head.status, target),)
        self.url, self.undecoded = target, False
        self.host = urls.host(target) or ""

    def _form_may_go(self, head: Head, target: str) -> None:
        """Raises FetchError for a redirect that would lose a form, or take it out of encryption."""
        leaves_https = self.url.startswith("https:") and not target.startswith("https:")
        if head.status not in SAME_METHOD or leaves_https:
            raise FetchError(
                f"{self.asked} answered {head.status}, a redirect by which nothing can be sent on to"
                f" {shown(target)}",
                _REMEDY,
                reason="redirect",
                status=head.status,
            )

    def ask_undecoded(self) -> bool:
        """Have the body asked for once more, uncompressed; False if it was already."""
        if self.undecoded:
            return False
        self.undecoded = True
        self.remarks += (
            "the answer could not be decompressed by its Content-Encoding, and is taken as it came",
        )
        return True

    def outcome(
        self,
        head: Head,
        body: bytes,
        *,
        address: str | None = None,
        cut: bool = False,
        conditional: bool,
        now: datetime,
        user_agent: str,
    ) -> Fetched | NotModified | Accepted:
        """The outcome of an answer that is no redirect, from the server at the IP address `address`.

        With `cut`, `body` is only its beginning. Raises FetchError.
        """
        success = 200 <= head.status <= 299
        if self.posts and success:
            return Accepted(url=self.url, validators=head.validators, seconds=self.used, hops=self.hops)
        if head.status in DOCUMENT or (self.request.callback and success):
            blocked = challenge_error(self.asked, head, body, now=now, user_agent=user_agent)
            if blocked is not None:
                raise blocked
            return self._fetched(head, body, address=address, cut=cut, now=now)
        if head.status != NOT_MODIFIED:
            raise status_error(
                self.asked, head, body, now=now, user_agent=user_agent, for_good=self._permanent
            )
        if not conditional:
            raise FetchError(
                f"{self.asked} answered that nothing has changed (304) to a request that did not ask for"
                " changes: there is nothing to keep",
                "Tell the member's web team that the server or a cache before it answers 304 unasked.",
                reason="not-modified-unasked",
                status=head.status,
            )
        sent, new = self.request.validators, head.validators
        return NotModified(
            url=self.url,
            validators=Validators(
                etag=new.etag or sent.etag,
                last_modified=new.last_modified or sent.last_modified,
                url=self.url,
            ),
            seconds=self.used,
            hops=self.hops,
            permanent=bool(self.hops) and self._permanent,
            fresh_for=fresh_for(head.headers, now=now),
        )

    def _fetched(self, head: Head, body: bytes, *, address: str | None, cut: bool, now: datetime) -> Fetched:
        return Fetched(
            url=self.url,
            status=head.status,
            content_type=head.headers.get("content-type"),
            body=body,
            cut=cut,
            headers=head.headers,
            validators=replace(head.validators, url=self.url),
            seconds=self.used,
            hops=self.hops,
            permanent=bool(self.hops) and self._permanent,
            fresh_for=fresh_for(head.headers, now=now),
            remarks=self.remarks,
            public=self.public_only or (address is not None and urls.is_public(address)),
        )
