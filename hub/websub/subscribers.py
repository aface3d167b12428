"""The hub as the WebSub hub of its own merged feeds: what others may ask, and what it sends them. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec.structs import replace

from hub import urls
from hub.model import Crowd, HubSettings, Intent, Subscriber
from hub.websub.offers import LONGEST_ADDRESS
from hub.websub.subscribing import callbacks

LONGEST_REQUEST = 16 * 1024
"""Bytes of a request: more than its fields may have together."""

_SHORTEST_LEASE, _LEASE, _LONGEST_LEASE = timedelta(hours=1), timedelta(days=10), timedelta(days=30)
_LONGEST_SECRET = 200  # bytes (WebSub §5.1)
# More than the readers of a network's news are, by far: each costs a document for each change.
_MOST, _MOST_OF_HOST = 5_000, 1_000
# What strangers can have us ask of an address that never meant it: so many requests in `HELD`.
_MOST_WAITING, _MOST_WAITING_OF_HOST = 1_000, 100
HELD = timedelta(minutes=10)
"""How long an intent that was not confirmed still counts."""

# A callback that does not answer is asked again after these, since it may just be starting.
_ASKED_AGAIN = (timedelta(minutes=1), timedelta(minutes=5))
# After a push that came to nothing; doubled with each in a row.
_NEXT_TRY, _LATEST_TRY = timedelta(seconds=30), timedelta(hours=6)
_MOST_DOUBLINGS = 10


class IntentRefused(ValueError):
    """What is asked for cannot be had; the message says why, for whoever wrote the subscriber."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def endpoint(settings: HubSettings) -> str | None:
    """Where others subscribe to our merged feeds; None where nobody could reach it, or none shall."""
    below = callbacks(settings)
    return below and below.rstrip("/")


def links(hub: str, topic: str) -> str:
    """The header Link by which a merged feed is found to be a topic (WebSub §4)."""
    return f'<{hub}>; rel="hub", <{topic}>; rel="self"'


# ---------------------------------------------------------------- what is asked


def read_intent(form: str, *, local: bool, now: datetime) -> Intent:
    """What somebody asks for, urlencoded (WebSub §5.1), unknown fields passed over.

    `local` is whether it was asked from within a range that `allow` names, as
    nobody outside could: then its callback may be in one, too. Raises IntentRefused.
    """
    fields = dict(parse_qsl(form, keep_blank_values=True))
    mode, callback, topic = (fields.get(f"hub.{name}", "") for name in ("mode", "callback", "topic"))
    if mode == "publish":
        raise IntentRefused("This hub publishes its own feeds alone, and knows when they change.")
    if mode not in ("subscribe", "unsubscribe"):
        raise IntentRefused("hub.mode has to be subscribe or unsubscribe.")
    if not topic:
        raise IntentRefused("hub.topic has to be the address of a feed of this hub.")
    intent = Intent(
        mode="subscribe" if mode == "subscribe" else "unsubscribe",
        callback=_callback(callback, local=local),
        topic=topic,
        due=now,
        public=not local,
    )
    if mode == "unsubscribe":
        return intent
    return replace(intent, secret=_secret(fields), lease=_lease(fields))


def _callback(given: str, *, local: bool) -> str:
    """The callback as it was given, since that is what its subscriber knows it by."""
    host = urls.host(given) if urls.resolve(None, given) and _can_be_split(given) else None
    if host is None or len(given.encode()) > LONGEST_ADDRESS:
        raise IntentRefused(
            f"hub.callback has to be an http or https address of at most {LONGEST_ADDRESS:,} bytes,"
            " without a user name in it."
        )
    if not local and _is_private(host):
        raise IntentRefused("hub.callback has to be at a public address.")
    return given


def _can_be_split(url: str) -> bool:
    """Whether what asks at an address can take it apart."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    """Whether a host that is an address, and no name, is not public; of a name it shows once it is asked."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return not urls.is_public(host)


def _secret(fields: Mapping[str, str]) -> str | None:
    secret = fields.get("hub.secret") or None
    if secret and len(secret.encode()) > _LONGEST_SECRET:
        raise IntentRefused(f"hub.secret may have at most {_LONGEST_SECRET} bytes.")
    return secret


def _lease(fields: Mapping[str, str]) -> timedelta:
    """The lease that is granted: what was asked for, within bounds."""
    given = fields.get("hub.lease_seconds", "").strip()
    if not given:
        return _LEASE
    if not re.fullmatch(r"[0-9]{1,12}", given):
        raise IntentRefused("hub.lease_seconds has to be a number of seconds.")
    asked = int(given)
    if not asked:
        return _LEASE
    return max(_SHORTEST_LEASE, timedelta(seconds=min(asked, int(_LONGEST_LEASE.total_seconds()))))


def check_room(crowd: Crowd, *, known: bool) -> None:
    """See whether one more intent can be taken; `known` is whether its callback is a subscriber already.

    Of those that are no more waits than there are subscriptions, one for each.
    Raises IntentRefused.
    """
    if known:
        return
    if crowd.waiting_of_host >= _MOST_WAITING_OF_HOST:
        raise IntentRefused(
            "Too much waits for callbacks of this host to be confirmed: ask again in ten minutes.", status=429
        )
    if crowd.waiting >= _MOST_WAITING:
        raise IntentRefused(
            "Too much waits for callbacks to be confirmed: ask again in ten minutes.", status=503
        )
    if crowd.subscribers_of_host >= _MOST_OF_HOST:
        raise IntentRefused("This host has as many subscriptions as this hub takes of one.", status=403)
    if crowd.subscribers >= _MOST:
        raise IntentRefused("This hub has as many subscribers as it takes.", status=503)


# ---------------------------------------------------------------- what callbacks are asked and sent


def question(intent: Intent, challenge: str) -> str:
    """The address to ask a callback at whether an intent was meant, or to tell it of a denial."""
    fields = {"hub.mode": intent.mode, "hub.topic": intent.topic}
    if intent.mode == "denied":
        fields["hub.reason"] = intent.why
    else:
        fields["hub.challenge"] = challenge
    if intent.mode == "subscribe":
        fields["hub.lease_seconds"] = str(int(intent.lease.total_seconds()))
    parts = urlsplit(intent.callback)
    # What it has of a query stays as it is (WebSub §5.3).
    query = "&".join(filter(None, [parts.query, urlencode(fields)]))
    return parts._replace(query=query, fragment="").geturl()


def asked_again(intent: Intent, *, now: datetime) -> datetime | None:
    """When to ask a callback again that could not be asked; None for no more."""
    return now + _ASKED_AGAIN[intent.tries] if intent.tries < len(_ASKED_AGAIN) else None


def push_headers(subscriber: Subscriber, body: bytes, *, media_type: str, links: str) -> dict[str, str]:
    """The header fields to send a document with (WebSub §7), signed where there is a secret."""
    headers = {"Content-Type": media_type, "Link": links}
    if subscriber.secret:
        made = hmac.new(subscriber.secret.encode(), body, "sha256").hexdigest()
        headers["X-Hub-Signature"] = f"sha256={made}"
    return headers


def tried(subscriber: Subscriber, *, now: datetime) -> Subscriber:
    """A subscriber that is sent a document now, and again later if nothing comes of it."""
    wait: timedelta = min(_NEXT_TRY * 2 ** min(subscriber.tries, _MOST_DOUBLINGS), _LATEST_TRY)
    return replace(subscriber, tries=subscriber.tries + 1, due=now + wait)


def not_reached(tried: Subscriber, *, counts: bool) -> Subscriber:
    """One that was not reached; where that does not count, it is tried again after no longer than before."""
    return replace(tried, slow=True) if counts else replace(tried, tries=tried.tries - 1)


def failed(tried: Subscriber, *, now: datetime, retry_after: float | None) -> Subscriber:
    """One of whose try nothing came; its server may ask for longer than we would wait."""
    asked_for = now + timedelta(seconds=retry_after or 0)
    return replace(tried, slow=True, due=max(tried.due or now, asked_for))
