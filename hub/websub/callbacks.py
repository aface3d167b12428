"""What to answer a WebSub hub at a subscription's callback. Pure."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from msgspec.structs import replace

from hub.model import Subscription
from hub.websub.subscribing import DENIED_FOR, LEASE, renewal

# WebSub §7.1.1.
_ALGORITHMS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_SIGNATURE = re.compile(r"\s*([A-Za-z0-9]+)=([0-9A-Fa-f]+)\s*")
# Hubs have some tens of random characters; what is sent back must not be anything else (WebSub §8.2).
_CHALLENGE = re.compile(r"[\x21-\x7e]{1,1000}")
# Nobody tells us when a hub loses what it knew: so it is asked again at the latest then.
_LONGEST_LEASE = timedelta(days=30)
_LONGEST_REASON = 200


def confirms(subscription: Subscription, *, mode: str, topic: str, challenge: str) -> bool:
    """Whether a hub that verifies (WebSub §5.3) asks for what we want, so that it gets its challenge back."""
    wanted = "unsubscribe" if subscription.leaving else "subscribe"
    return mode == wanted and topic == subscription.topic and _CHALLENGE.fullmatch(challenge) is not None


def confirmed(subscription: Subscription, lease: str, *, now: datetime) -> Subscription:
    """A subscription that was verified, for a lease in seconds as the hub says, or as we asked."""
    seconds = int(lease) if re.fullmatch(r"[0-9]{1,12}", lease) else 0
    granted = min(timedelta(seconds=seconds), _LONGEST_LEASE) if seconds else LEASE
    return replace(
        subscription,
        verified=now,
        expires=now + granted,
        due=renewal(now, granted),
        tries=0,
        denied=None,
        error="",
    )


def denied(subscription: Subscription, reason: str, *, now: datetime) -> Subscription:
    """A subscription that its hub refused or ended (WebSub §5.2). It is asked for again after long."""
    said = " ".join("".join(each if each.isprintable() else " " for each in reason).split())
    return replace(
        subscription,
        verified=None,
        expires=None,
        denied=now,
        due=now + DENIED_FOR,
        tries=0,
        error=said[:_LONGEST_REASON],
    )


def takes(subscription: Subscription) -> bool:
    """Whether there is a subscription that pushes may come to."""
    return subscription.verified is not None and not subscription.leaving


def is_signed(signature: str | None, secret: str, body: bytes) -> bool:
    """Whether the header X-Hub-Signature is that of this body (WebSub §7.1), by the method that it names."""
    found = _SIGNATURE.fullmatch(signature or "")
    method = found[1].lower() if found else ""
    if found is None or method not in _ALGORITHMS:
        return False
    expected = hmac.new(secret.encode(), body, method).hexdigest()
    return hmac.compare_digest(found[2].lower(), expected)
