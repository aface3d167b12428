"""What to ask of which WebSub hub now: subscribe, renew, unsubscribe. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from hub import urls
from hub.model import FeedKey, HubSettings, Offer, Subscription

LEASE = timedelta(days=10)
"""The lease that is asked for: what the recommendation calls a good default (WebSub §8.2)."""
DENIED_FOR = timedelta(days=30)
"""How long a hub that denied a subscription is not asked for it again."""

# After one that came to nothing; doubled with each in a row.
_NEXT_TRY = timedelta(minutes=10)
_LATEST_TRY = timedelta(days=7)
_MOST_DOUBLINGS = 10
# A hub that does not answer need not know: it ends when the lease does.
_TRIES_TO_LEAVE = 3
# Names that mean another machine to everybody (RFC 6761, RFC 6762, RFC 8375).
_NO_NAMES = ("localhost", "local", "test", "invalid", "example", "internal", "arpa", "lan", "home")


class Steps(Struct, frozen=True, kw_only=True):
    """What to do now: begin subscriptions, ask hubs to subscribe or unsubscribe, give up, forget."""

    begin: Mapping[FeedKey, Offer] = {}
    ask: tuple[Subscription, ...] = ()
    leave: tuple[Subscription, ...] = ()
    forget: tuple[Subscription, ...] = ()


def callbacks(settings: HubSettings) -> str | None:
    """What the callbacks begin with; None where nobody could reach them, or the hub shall not subscribe."""
    if not settings.websub or settings.url is None:
        return None
    host = urls.host(settings.url) or ""
    try:
        ip_address(host)
    except ValueError:
        reached = "." in host and host.rpartition(".")[2] not in _NO_NAMES
    else:
        reached = urls.permitted(host, settings.fetch.allow)
    return f"{settings.url}/websub/" if reached else None


def steps(
    offers: Mapping[FeedKey, Offer],
    subscriptions: Sequence[Subscription],
    *,
    callbacks: str | None,
    now: datetime,
) -> Steps:
    """What to do now, so that each feed with an offer has one subscription, and no other feed has any.

    `callbacks` is what a callback's address begins with, None where there
    shall be no subscriptions.
    """
    missing = dict(offers) if callbacks else {}
    ask: list[Subscription] = []
    leave: list[Subscription] = []
    forget: list[Subscription] = []
    for each in subscriptions:
        if each.leaving:
            if each.expires is None or each.expires <= now:
                forget.append(each)
            elif each.due <= now:
                (ask if each.tries < _TRIES_TO_LEAVE else forget).append(each)
        elif callbacks and each.feed in missing and _is_for(each, missing[each.feed], callbacks):
            del missing[each.feed]
            if each.due <= now:
                ask.append(each)
        elif each.expires is not None and each.expires > now:
            leave.append(each)
        else:
            forget.append(each)
    begin = {feed: offer for feed, offer in missing.items() if offer.hub and offer.topic}
    return Steps(begin=begin, ask=tuple(ask), leave=tuple(leave), forget=tuple(forget))


def _is_for(subscription: Subscription, offer: Offer, callbacks: str) -> bool:
    return (
        subscription.hub == offer.hub
        and subscription.topic == offer.topic
        and subscription.public == offer.public
        and subscription.callback.startswith(callbacks)
    )


def renewal(now: datetime, lease: timedelta) -> datetime:
    """When to renew a lease that begins now: in good time, and not at once, however short it is."""
    return now + max(lease * 2 / 3, _NEXT_TRY)


def asked(subscription: Subscription, *, now: datetime) -> Subscription:
    """A subscription whose hub is asked now, and again later if nothing comes of it."""
    wait = _NEXT_TRY * 2 ** min(subscription.tries, _MOST_DOUBLINGS)
    if subscription.leaving:
        wait = _NEXT_TRY
    return replace(subscription, tries=subscription.tries + 1, due=now + min(wait, _LATEST_TRY))


def leaving(subscription: Subscription, *, now: datetime) -> Subscription:
    """A subscription that is given up from now on; its hub is asked to end it."""
    return replace(subscription, leaving=True, tries=0, due=now)


def address(subscription: Subscription) -> str:
    """Where to ask the hub: encrypted also where it is named without (WebSub §8.2).

    A hub that cannot be asked so is asked as it was named at every other try.
    """
    parts = urlsplit(subscription.hub)
    if parts.scheme == "http" and parts.port in (None, 80) and subscription.tries % 2:
        return parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80")).geturl()
    return subscription.hub


def form(subscription: Subscription) -> str:
    """What to send to the hub (WebSub §5.1), urlencoded."""
    fields = {
        "hub.mode": "unsubscribe" if subscription.leaving else "subscribe",
        "hub.topic": subscription.topic,
        "hub.callback": subscription.callback,
        # Unknown to WebSub and passed over; hubs of its predecessor refuse a form without it.
        "hub.verify": "async",
    }
    if not subscription.leaving:
        fields["hub.lease_seconds"] = str(int(LEASE.total_seconds()))
        fields["hub.secret"] = subscription.secret
    return urlencode(fields)
