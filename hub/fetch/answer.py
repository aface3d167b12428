"""An answer's head: its status and headers, and the error for a status that brings no document. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from msgspec import Struct

from hub.errors import FeedGone, FetchError
from hub.fetch.guards import turned_away
from hub.model import Validators

# 203: a proxy on the way changed it. 226: what was asked for, made with RFC 3229.
DOCUMENT = frozenset({200, 203, 226})
# Not 300, which offers a choice, nor 305, which names a proxy.
REDIRECT = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
# What was sent is sent again (RFC 9110 §15.4.8, §15.4.9).
SAME_METHOD = frozenset({307, 308})
NOT_MODIFIED = 304

# A server that asks for longer than a month has made a mistake: it is left alone for a day.
_LONGEST_RETRY_AFTER, _INSTEAD = 30 * 86_400.0, 86_400.0
# RFC 9111 §5.3 advised against more; what is counted of it is the schedule's matter.
_LONGEST_FRESH = 366 * 86_400.0
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:store|cache)(?:$|[\s,;=])")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,300})")


# The first status that says that there is no answer.
_ERRORS = 400


class Head(Struct, frozen=True):
    """Status and headers. Names are in lower case.

    Of a header that stands twice the first counts, but for Link, which is a
    list (RFC 9110 §5.3).
    """

    status: int
    headers: Mapping[str, str]

    @property
    def validators(self) -> Validators:
        """Verbatim, to be sent back byte for byte."""
        return Validators(
            etag=self.headers.get("etag") or None, last_modified=self.headers.get("last-modified") or None
        )

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as written; None where it does not say."""
        written = self.headers.get("location")
        if not written:
            return None
        try:
            return written.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return written


def read_head(lines: Sequence[bytes]) -> Head:
    """Read a head from its lines, the status line first. Lines that are no header are passed over."""
    status = lines[0].split(maxsplit=2)[1:2]
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon and not line.startswith((b" ", b"\t")):
            field, text = name.decode("latin-1").strip().lower(), value.decode("latin-1").strip(" \t\r\n")
            # Lists, which may stand in several lines (RFC 9110 §5.3).
            if field in ("link", "cache-control") and field in headers:
                text = f"{headers.pop(field)}, {text}"
            headers.setdefault(field, text)
    return Head(int(status[0]) if status and status[0].isdigit() else 0, headers)


def retry_after(written: str | None, *, now: datetime) -> float | None:
    """How many seconds a server asks to be left alone (RFC 9110 §10.2.3).

    More than 30 days is a mistake, and counts for a day. None where the header cannot be
    read, or names a time that is past.
    """
    if written is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", written):
        seconds = float(written)
    else:
        until = _http_date(written)
        if until is None:
            return None
        seconds = (until - now).total_seconds()
    if seconds <= 0:
        return None
    return float(math.ceil(seconds if seconds <= _LONGEST_RETRY_AFTER else _INSTEAD))


def fresh_for(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """How long an answer may be kept (RFC 9111 §4.2.1), at most a year.

    None where its server says nothing that can be read, or that the answer may not be
    kept. A max-age counts before an Expires. The time that a cache on the way has kept it
    (Age) is taken off.
    """
    control = headers.get("cache-control", "").lower()
    if _NOT_KEPT.search(control):
        return None
    age = _seconds(headers.get("age")) or 0.0
    found = _MAX_AGE.search(control)
    if found:
        seconds = float(found[1])
    else:
        expires, date = _http_date(headers.get("expires")), _http_date(headers.get("date")) or now
        seconds = (expires - date).total_seconds() if expires else 0.0
    left = min(seconds - age, _LONGEST_FRESH)
    return timedelta(seconds=left) if left > 0 else None


def _seconds(written: str | None) -> float | None:
    return float(written) if written and re.fullmatch(r"[0-9]{1,12}", written) else None


def _http_date(written: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(written) if written else None
        return date and date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def challenge_error(
    asked: str, head: Head, body: bytes, *, now: datetime, user_agent: str
) -> FetchError | None:
    """The error where a protection of the site answered in its place, whatever the status; else None.

    `asked` is the address in words. Of a long `body` the beginning will do.
    """
    guard = turned_away(head.status, head.headers, body)
    if guard is None:
        return None
    problem, remedy = _BLOCKED
    return FetchError(
        problem.format(url=asked, guard=guard, status=_named(head.status)),
        remedy.format(robot=user_agent, guard=guard),
        reason="blocked",
        status=head.status,
        retry_after=_wait(head, now),
        for_host=head.status == 429,
    )


def status_error(
    asked: str, head: Head, body: bytes, *, now: datetime, user_agent: str, for_good: bool
) -> FetchError:
    """The error for a status that brings no document.

    `asked` and `body` are as for `challenge_error`. `for_good` is whether a
    410 speaks for the feed's own address: one that a temporary redirect leads
    to does not.
    """
    blocked = challenge_error(asked, head, body, now=now, user_agent=user_agent)
    if blocked is not None:
        return blocked
    status = head.status
    problem, remedy = _sentence(status)
    return (FeedGone if status == 410 and for_good else FetchError)(
        problem.format(url=asked, status=_named(status)),
        remedy.format(robot=user_agent),
        reason=f"http-{status}",
        status=status,
        retry_after=_wait(head, now),
        for_host=status == 429,
    )


def _wait(head: Head, now: datetime) -> float | None:
    return retry_after(head.headers.get("retry-after"), now=now) if head.status >= _ERRORS else None


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


_ASK = "Open it in a browser; if it fails there too, tell the member's web team."
_BLOCKED = (
    "the site of {url} blocks robots: its protection, {guard}, answered {status} with an HTML page"
    " that only a browser gets past",
    "Ask the member's web team to let the hub through at {guard}: its User-Agent is “{robot}”.",
)
_SENTENCES = {
    204: ("{url} answered that it has no content ({status})", _ASK),
    205: ("{url} answered that it has no content ({status})", _ASK),
    206: ("{url} answered with a part of the document, though all of it was asked for ({status})", _ASK),
    300: (
        "{url} offers several documents and does not say which is the feed ({status})",
        "Open it in a browser and put the feed's own address into feeds.yaml.",
    ),
    305: ("{url} asks to be fetched through a proxy, which the hub never does ({status})", _ASK),
    401: (
        "{url} wants a user name and a password ({status})",
        "Ask the member for an address of the feed that everybody may read.",
    ),
    403: (
        "{url} is not for the hub to read ({status})",
        "If a browser may read it, ask the member's web team to let the hub through:"
        " its User-Agent is “{robot}”.",
    ),
    404: (
        "there is nothing at {url} ({status})",
        "The feed may have moved: look for it on the member's site and put its address into feeds.yaml.",
    ),
    410: (
        "{url} is gone for good, says its server ({status})",
        "Ask the member where the feed is now, and change or remove it in feeds.yaml.",
    ),
    429: (
        "the server of {url} says that it is asked too often ({status})",
        "It is asked again later, by itself. If this lasts, raise its every.min in feeds.yaml.",
    ),
}


def _sentence(status: int) -> tuple[str, str]:
    if status in _SENTENCES:
        return _SENTENCES[status]
    if 500 <= status <= 599:
        return (
            "the server of {url} failed ({status})",
            "It is asked again later, by itself. If this lasts, tell the member's web team.",
        )
    return "{url} did not answer with a document ({status})", _ASK
