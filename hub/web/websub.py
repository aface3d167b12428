"""Where WebSub hubs send what they push, and ask whether we meant to subscribe."""

from __future__ import annotations

import contextlib

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from hub.model import Subscription
from hub.web.answers import plain
from hub.web.visit import visiting
from hub.websub import callbacks

websub = Blueprint("websub", __name__)

_LATER = 60  # seconds
# Of what is too large so many times the limit is let pass.
_DROPPED = 4
_CHUNK = 64 * 1024


@websub.get("/websub/<token>")
def verification(token: str) -> Response:
    """A hub verifies our intent, or denies the subscription (WebSub §5.2, §5.3)."""
    if request.method != "GET":
        raise MethodNotAllowed(valid_methods=["GET", "POST"])
    visit = visiting()
    subscription = visit.store.subscription(token)
    asked = request.args
    mode, topic, challenge = (asked.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
    if subscription is None:
        return _unknown()
    if mode == "denied" and topic == subscription.topic:
        denied = callbacks.denied(subscription, asked.get("hub.reason", ""), now=visit.now)
        visit.store.change(subscription, denied)
        return plain("Noted.")
    if not callbacks.confirms(subscription, mode=mode, topic=topic, challenge=challenge):
        return _unknown()
    if subscription.leaving:
        visit.store.forget(subscription)
    else:
        lease = asked.get("hub.lease_seconds", "")
        visit.store.change(subscription, callbacks.confirmed(subscription, lease, now=visit.now))
    # Exactly the challenge, as what no browser takes for a page (WebSub §8.2).
    headers = {"Content-Type": "application/octet-stream", "Cache-Control": "no-store"}
    return Response(challenge, headers=headers)


@websub.post("/websub/<token>")
def distribution(token: str) -> Response:
    """A hub pushes a document (WebSub §7), which the poller takes."""
    visit = visiting()
    subscription = visit.store.subscription(token)
    if subscription is None or not callbacks.takes(subscription):
        return plain("There is no such subscription any more.", status=410)
    try:
        body = _body(limit=_limit(subscription))
    except OSError:
        return plain("What was sent did not come whole, and in time.", status=408)
    if body is None:
        visit.store.refuse(subscription)
        return plain("This is more than the hub takes.", status=413)
    if not callbacks.is_signed(request.headers.get("X-Hub-Signature"), subscription.secret, body):
        visit.store.refuse(subscription)
        # A success all the same, so that nobody learns from it what a right signature is (WebSub §7.1.2).
        return _received()
    return _received() if _keep(subscription, body) else _busy()


def _keep(subscription: Subscription, body: bytes) -> bool:
    visit = visiting()
    return visit.store.receive(subscription, body, request.headers.get("Content-Type"), now=visit.now)


def _limit(subscription: Subscription) -> int:
    """How many bytes of its feed are read."""
    config = visiting().config
    sizes = (feed.most_bytes for feed in config.feeds if feed.key == subscription.feed)
    return next(sizes, config.hub.fetch.size)


def _body(*, limit: int) -> bytes | None:
    """What was sent, None where it is more than `limit` bytes. Raises OSError where not all of it came."""
    length = request.content_length or 0
    if length <= limit:
        body = request.stream.read(limit + 1)
        if len(body) < length:
            raise ConnectionError
        if len(body) <= limit:
            return body
    _drop(_DROPPED * limit)
    return None


def _drop(most: int) -> None:
    """Let pass what comes still, so many bytes at most: who cannot send to the end may not read an answer."""
    with contextlib.suppress(OSError):
        while most > 0 and (chunk := request.stream.read(_CHUNK)):
            most -= len(chunk)


def _unknown() -> Response:
    return plain("The hub asks for no such subscription.", status=404)


def _received() -> Response:
    return plain("Received.", status=202)


def _busy() -> Response:
    response = plain("Too much waits already.", status=503)
    response.headers["Retry-After"] = str(_LATER)
    return response
