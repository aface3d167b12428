"""A feed's document, fetched as an admin asks for it: line by line, with what is wrong in it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response, abort, request

from hub.errors import HubError
from hub.model import FeedKey, FeedState, SeenDocument
from hub.web.admin.feeds import known, left_alone_until, to_be_asked
from hub.web.admin.frame import desk, for_who_may, page, to
from hub.web.visit import Visit, visiting

routes = Blueprint("documents", __name__)

# Seconds that who asks waits, before the page says that it is under way, and from then on.
_AT_FIRST, _AGAIN = 3.0, 0.5
_FORGOTTEN = "What was fetched then is not known any more."


@routes.post("/document/<path:feed>")
@for_who_may("check")
def see(feed: str) -> Response:
    """Have the document of a feed be fetched, and lead to the page that shows it."""
    visit = visiting()
    key, state = to_be_asked(visit, feed)
    address = request.form.get("address") or None
    if address not in (None, *_addresses(state)):
        raise HubError(f"{key} has no such address any more.", "Go back and open the page anew.")
    errand = desk().see_document(state, address, visit.config.hub)
    errand.wait(_AT_FIRST)
    return to(_path(key), look=str(errand.number))


@routes.get("/document/<path:feed>")
@for_who_may("look")
def show(feed: str) -> Response:
    visit = visiting()
    key, state, left = known(visit, feed)
    values: dict[str, object] = {
        "title": f"{visit.member_name(key.member) or key.member}, {key.name}: its document",
        "section": "feeds",
        "key": str(key),
        "looking": "",
        "wrong": "",
        "remedy": "",
        "seen": None,
        "may_be_asked": not (left or state.feed.paused or left_alone_until(visit, state)),
        "others": _addresses(state),
    }
    if "look" in request.args:
        errand = desk().seen_document(key, _number())
        if errand is None:
            values["wrong"] = _FORGOTTEN
        elif not errand.wait(_AGAIN):
            values["looking"] = errand.said or "It is being fetched."
        else:
            try:
                values |= _shown(visit, key, state, errand.outcome())
            except HubError as error:
                values |= {"wrong": error.problem, "remedy": error.remedy}
    return page("document.html", values)


@routes.get("/document.txt")
@for_who_may("look")
def whole() -> Response:
    """The text of a document that was fetched, as a file."""
    key = FeedKey(*request.args.get("feed", "").partition("/")[::2])
    errand = desk().seen_document(key, _number())
    if errand is None or not errand.wait():
        abort(404)
    packed = errand.outcome().whole
    if not packed:
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{key.member}-{key.name}.txt"'}
    return Response(zlib.decompress(packed), content_type="text/plain; charset=utf-8", headers=headers)


def _path(key: FeedKey) -> str:
    return f"/admin/document/{quote(str(key))}"


def _number() -> int:
    written = request.args.get("look", "")
    return int(written) if re.fullmatch(r"[0-9]{1,15}", written, re.ASCII) else 0


def _addresses(state: FeedState) -> tuple[str, ...]:
    feed = state.feed
    return tuple(dict.fromkeys(each for each in (feed.url, *feed.alternatives, state.used_url) if each))


def _shown(visit: Visit, key: FeedKey, state: FeedState, seen: SeenDocument) -> Mapping[str, object]:
    text = seen.text
    return {
        "seen": seen,
        "when": visit.setting.calendar.moment(seen.when),
        "text": text,
        "rows": "lines as they stand here" if text.is_broken else "lines",
        "others": [each for each in _addresses(state) if each != seen.asked],
        "file": visit.addresses.to("/admin/document.txt", feed=str(key), look=request.args["look"]),
    }
