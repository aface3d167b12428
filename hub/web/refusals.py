"""What is answered when there is nothing to show: errors, in words for people; the API's as JSON."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlencode

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RoutingException

from hub.errors import StoreUnusable
from hub.language import ENGLISH
from hub.model import Story
from hub.store import BadCursor
from hub.web.answers import FRESH, json_bytes, moved, plain
from hub.web.asked import BadRequestError, UnknownFilterError
from hub.web.embed import TEMPLATES, without_news
from hub.web.pages import listed
from hub.web.unusable import AGAIN_AFTER
from hub.web.visit import visiting

_log = logging.getLogger(__name__)

_LATEST = 3
_MOST_GUESSED = 60
# Asked for by programs that show no pages, and read no JSON of ours.
_FOR_READERS_AND_HUBS = ("/feeds/", "/events", "/opml", "/websub", "/metrics")


def handle_errors(app: Flask) -> None:
    """Have an application answer its errors so."""
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(BadCursor, _bad_cursor)
    app.register_error_handler(BadRequestError, _bad_request)
    app.register_error_handler(UnknownFilterError, lambda error: _not_found(error.said(visiting().language)))
    app.register_error_handler(StoreUnusable, _cannot_be_asked)
    app.register_error_handler(Exception, _fault)
    app.after_request(_answered)


def _bad_cursor(_: BadCursor) -> Response:
    gettext = visiting().language.gettext
    return _error(
        400, gettext("This place in the list is not known"), gettext("Please begin again at its first page.")
    )


def _bad_request(error: BadRequestError) -> Response:
    language = visiting().language
    return _error(400, language.gettext("This cannot be understood"), error.said(language))


def _refused(error: HTTPException) -> Response:
    gettext = visiting().language.gettext
    if error.code == 404:
        address = _without_slash()
        return moved(address) if address else _not_found(gettext("There is no page at this address"))
    if isinstance(error, MethodNotAllowed):
        by_button = "GET" not in (error.valid_methods or ())
        says = (
            gettext("A button does this, on a page.")
            if by_button
            else gettext("The pages of this hub can only be read.")
        )
        response = _error(405, gettext("This cannot be done here"), says)
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    says, values = error.description or "", {"says_in": ENGLISH.code}
    return _error(error.code or 500, gettext("This cannot be answered"), says, values)


def _without_slash() -> str | None:
    """The address that was meant by one with a slash after it; None where there is none either."""
    path = request.path.rstrip("/")
    if path == request.path or not path or _for_programs():
        return None
    try:
        current_app.url_map.bind("").match(path)
    except (HTTPException, RoutingException):
        return None
    query = urlencode([*request.args.items(multi=True)])
    return visiting().addresses.to(quote(path)) + (f"?{query}" if query else "")


def _not_found(says: str) -> Response:
    if _for_programs() or request.path in TEMPLATES:
        return _error(404, says, "")
    visit = visiting()
    gettext = visit.language.gettext
    why = gettext("It may have been mistyped, or the page may have gone.")
    latest: tuple[Story, ...] = ()
    try:
        latest = visit.store.stories(limit=_LATEST).items
    except StoreUnusable as error:
        # What is not there is not there: no route leads to it, or the database has said so.
        visit.site.unusable.met(error)
    more: dict[str, object] = {"latest": [listed(story, visit.setting) for story in latest]}
    if visit.addresses.live:
        why = " ".join([why, gettext("You can search the news instead.")])
        more["guessed"] = " ".join(re.findall(r"[^\W_]+", unquote(request.path)))[:_MOST_GUESSED]
    return _error(404, says, why, more)


def gone(heading: str, says: str) -> Response:
    """The answer for a story that was withdrawn."""
    return _error(410, heading, says)


def _cannot_be_asked(error: StoreUnusable) -> Response:
    visiting().site.unusable.met(error)
    return later(_unavailable())


def _unavailable() -> Response:
    """What is said without the database, and says nothing of where that is."""
    gettext = visiting().language.gettext
    says = gettext("Please try again in a minute.")
    if request.path.startswith(_FOR_READERS_AND_HUBS):
        return plain(" ".join([gettext("This cannot be answered just now."), says]), 503)
    return _error(503, gettext("The news cannot be shown just now"), says)


def later(response: Response) -> Response:
    """An answer to who may ask for the same again soon."""
    response.headers["Retry-After"] = str(AGAIN_AFTER)
    return response


def _answered(response: Response) -> Response:
    visit = visiting()
    # Else it was not asked.
    if response.status_code < 500 and "state" in vars(visit):
        visit.site.unusable.over()
    return response


def _fault(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    _log.error("request failed reference=%s path=%s", reference, request.path, exc_info=error)
    gettext = visiting().language.gettext
    return _error(
        500,
        gettext("Something went wrong here"),
        gettext(
            "It is our fault, not yours. If you tell us of it, please give this reference: %(reference)s",
            reference=reference,
        ),
    )


def _for_programs() -> bool:
    return request.path.startswith("/api/")


def _error(status: int, heading: str, says: str, more: Mapping[str, object] | None = None) -> Response:
    said = f"{heading}: {says}" if says else heading
    content_type = "text/html; charset=utf-8"
    if _for_programs():
        body, content_type = json_bytes({"error": said}), "application/json"
    elif embedded := without_news(said):
        body = embedded.encode()
    else:
        values = {
            "title": heading,
            "says": says,
            "latest": (),
            "guessed": None,
            "says_in": "",
            "indexed": False,
            **(more or {}),
        }
        body = visiting().html("error.html", values).encode()
    return Response(body, status=status, headers={"Content-Type": content_type, "Cache-Control": FRESH})
