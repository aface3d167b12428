"""Where others subscribe to our merged feeds: the hub as their WebSub hub."""

from __future__ import annotations

from flask import Blueprint, Response, request
from msgspec.structs import replace

from hub.model import Intent
from hub.web.answers import plain
from hub.web.visit import Visit, came_from, visiting
from hub.websub.subscribers import LONGEST_REQUEST, IntentRefused, check_room, read_intent

subscribers = Blueprint("subscribers", __name__)

_FORM = "application/x-www-form-urlencoded"
_LATER = 600  # seconds


@subscribers.post("/websub")
def ask() -> Response:
    """Somebody asks for a merged feed to be sent to a callback, or no more (WebSub §5.1)."""
    visit = visiting()
    try:
        _take(visit)
    except IntentRefused as refused:
        answer = plain(str(refused), status=refused.status)
        if refused.status in (429, 503):
            answer.headers["Retry-After"] = str(_LATER)
        return answer
    return plain("Your callback will be asked whether it means this.", status=202)


def _take(visit: Visit) -> None:
    """Keep what is asked until its callback is asked about it, by the poller. Raises IntentRefused."""
    if visit.merged.push_url is None:
        raise IntentRefused("This hub sends its feeds to nobody: it has to be asked for them.", status=404)
    body = request.get_data()
    if len(body) > LONGEST_REQUEST:
        raise IntentRefused("This is more than anybody needs to ask for.", status=413)
    if request.mimetype != _FORM:
        raise IntentRefused(f"This has to be sent as {_FORM}.", status=415)
    intent = read_intent(body.decode(errors="replace"), local=_is_local(visit), now=visit.now)
    known = visit.store.subscriber(intent.topic, intent.callback, visit.now) is not None
    if intent.mode == "subscribe":
        intent = replace(intent, seen=_seen(visit, intent))
    elif not known:
        raise IntentRefused("There is no such subscription.", status=404)
    check_room(visit.store.crowd(visit.now, intent.callback), known=known)
    if not visit.store.intend(intent):
        raise IntentRefused("This callback has just not confirmed the same: ask again later.", status=429)


def _seen(visit: Visit, intent: Intent) -> str:
    """The ETag that the topic's document has now, which its subscriber has read. Raises IntentRefused."""
    found = visit.merged.topic(intent.topic)
    if found is None:
        raise IntentRefused(
            'hub.topic has to be the address of a feed of this hub, as its rel="self" gives it.'
            " Searches, feeds that leave members out, and what follows a feed's first part, cannot be"
            " subscribed to.",
            status=404,
        )
    return visit.rendered(intent.topic, lambda: visit.merged.rendered(*found)).etag("identity")


def _is_local(visit: Visit) -> bool:
    """Whether this is asked from a range that feeds.yaml allows to be fetched from, and by no proxy."""
    address = came_from(request)
    return address is not None and any(address in network for network in visit.config.hub.fetch.allow)
