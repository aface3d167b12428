"""Where WebSub hubs send what they push, and ask whether we meant to subscribe."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from hub.errors import HubError
from hub.model import Subscription
from hub.web.answers import KEPT_BY_NOBODY, plain
from hub.web.visit import Site, visiting
from hub.websub import callbacks

websub = Blueprint("websub", __name__)

_LATER = 60  # seconds


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
    headers = {"Content-Type": "application/octet-stream", "Cache-Control": KEPT_BY_NOBODY}
    return Response(challenge, headers=headers)


def awaits(site: Site, token: str) -> bool:
    """Whether pushes may come to the callback of a token; where nobody knows, `distribution` says so."""
    try:
        subscription = site.store.subscription(token)
    except HubError:
        return False
    return subscription is not None and callbacks.takes(subscription)


@websub.post("/websub/<token>")
def distribution(token: str) -> Response:
    """A hub pushes a document (WebSub §7), which the poller takes."""
    visit = visiting()
    subscription = visit.store.subscription(token)
    if subscription is None or not callbacks.takes(subscription):
        return plain("There is no such subscription any more.", status=410)
    body = request.get_data()
    if len(body) > _limit(subscription):
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


def _unknown() -> Response:
    return plain("The hub asks for no such subscription.", status=404)


def _received() -> Response:
    return plain("Received.", status=202)


def _busy() -> Response:
    response = plain("Too much waits already.", status=503)
    response.headers["Retry-After"] = str(_LATER)
    return response
