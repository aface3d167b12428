"""What may be asked of which server, and the headers it is asked with. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

from hub import urls
from hub.errors import FetchRefused
from hub.model import Validators

Networks = tuple[IPv4Network | IPv6Network, ...]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_ACCEPT = (
    b"Accept: application/atom+xml, application/rss+xml, application/feed+json,"
    b" application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
# Apache and nginx refuse a header line of more than 8 KB, and with it the feed.
_LONGEST_VALIDATOR = 8000
# The "bad ports" of the Fetch standard (WHATWG, §2.9): each is another protocol's, such as mail,
# and a request to it may be read as that protocol's commands.
_BAD_PORTS = """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117
    119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601
    636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679
    6697 10080
"""
_OTHER_PROTOCOLS_PORTS = frozenset(map(int, _BAD_PORTS.split()))
_NOTHING_ASKED = (
    "Nothing was asked there. Find the feed's address on the member's site and put it into feeds.yaml."
)


def shown(url: str) -> str:
    """A URL for a sentence that people read: without a password, and cut where it is very long.

    It may be another site's, so what would steer a terminal, or turn the
    order of what is read, is percent-encoded.
    """
    head, slashes, rest = url.partition("//")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        authority = "…@" + authority.rpartition("@")[2]
    whole = f"{head}{slashes}{authority}{slash}{path}"
    plain = "".join(each if each.isprintable() else quote(each, errors="replace") for each in whole)
    return plain if len(plain) <= 300 else f"{plain[:300]}…"


def address_of(url: str, *, redirected_from: str | None = None) -> str:
    """The address to ask for a URL: absolute, ASCII (RFC 3987 §3.1), without fragment.

    `redirected_from` is the address whose redirect it is, and its base.
    Raises FetchRefused for a scheme or a port that the hub does not fetch,
    and for an address with a user name in it.
    """
    resolved = urls.resolve(redirected_from, url)
    host = urls.host(resolved) if resolved is not None else None
    if resolved is None or host is None:
        raise _refused(url, redirected_from, "which is no http or https address that the hub can fetch")
    parts = urlsplit(resolved)
    if parts.port in _OTHER_PROTOCOLS_PORTS:
        raise _refused(
            url, redirected_from, f"whose port {parts.port} is another protocol's (browsers refuse it too)"
        )
    authority = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        authority += f":{parts.port}"
    return _NOT_ASCII.sub(
        lambda found: quote(found[0]), parts._replace(netloc=authority, fragment="").geturl()
    )


def _refused(url: str, redirected_from: str | None, why: str) -> FetchRefused:
    if redirected_from is None:
        return FetchRefused(
            f"the feed's address is {shown(url)}, {why}", "Correct it in feeds.yaml.", reason="refused"
        )
    return FetchRefused(
        f"{shown(redirected_from)} redirects to {shown(url)}, {why}",
        _NOTHING_ASKED,
        reason="refused",
    )


def may_connect(address: str, allow: Networks, *, public_only: bool) -> bool:
    """Whether an IP address may be connected to.

    With `public_only`, which is for what a public server redirects to, the
    ranges of `allow` do not count.
    """
    return urls.is_public(address) if public_only else urls.permitted(address, allow)


def refused_address(url: str, address: str, *, came_from: str | None, named: bool) -> FetchRefused:
    """The error for an IP address that may not be connected to.

    `came_from` is the document that redirects to the URL or, with `named`, names it.
    """
    if came_from is not None:
        leads = "names" if named else "redirects to"
        return FetchRefused(
            f"{shown(came_from)} {leads} {shown(url)}, whose address {address} is not public",
            _NOTHING_ASKED,
            reason="refused",
        )
    plain = ip_address(address.partition("%")[0])
    return FetchRefused(
        f"{shown(url)} is at the address {address}, which is not public",
        "If this feed is inside your own network and shall be fetched there, add"
        f" {plain}/{plain.max_prefixlen} to hub.fetch.allow in feeds.yaml.",
        reason="refused",
    )


def headers(validators: Validators) -> tuple[list[bytes], bool]:
    """The headers of a request, and whether they make it conditional.

    A validator goes back byte for byte; one that cannot (it would break the
    request, or is too long for servers to take) is left out.
    """
    conditions = [
        name + value
        for name, value in (
            (b"If-None-Match: ", _on_the_wire(validators.etag)),
            (b"If-Modified-Since: ", _on_the_wire(validators.last_modified)),
        )
        if value
    ]
    return [_ACCEPT, *conditions], bool(conditions)


def _on_the_wire(validator: str | None) -> bytes:
    if not validator or len(validator) > _LONGEST_VALIDATOR or not validator.strip(" \t"):
        return b""
    if any(forbidden in validator for forbidden in "\r\n\0"):
        return b""
    try:
        return validator.encode("latin-1")
    except UnicodeEncodeError:
        # It did not come from a header, whose bytes are read as Latin-1.
        return b""
