"""The admin pages: who is signed in changes here what `hub`'s commands change elsewhere.

Nothing is done by GET. What a page does it asks the `Desk` or the store for,
records it, and says it on the page that it leads to, with the way back.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from hub.audit import NotRecordedError
from hub.errors import HubError, NotAllowed, StoreUnusable
from hub.web.admin import (
    access,
    accounts,
    actions,
    add,
    audit,
    documents,
    feeds,
    file,
    news,
    overview,
    provider,
    published,
    readers,
    topics,
    waiting,
)
from hub.web.admin.frame import LONGEST_FORM, came_from, for_who_may, guard, page, signed_in, to
from hub.web.answers import KEPT_BY_NOBODY
from hub.web.refusals import later
from hub.web.visit import visiting
from hub.websub.subscribers import LONGEST_REQUEST

admin = Blueprint("admin", __name__, url_prefix="/admin")

for part in (
    access.routes,
    provider.routes,
    actions.routes,
    overview.routes,
    feeds.routes,
    documents.routes,
    waiting.routes,
    news.routes,
    published.routes,
    readers.routes,
    audit.routes,
    add.routes,
    file.routes,
    topics.routes,
    accounts.routes,
):
    admin.register_blueprint(part)

# What is there for who is not signed in.
_OPEN = frozenset(
    ("admin.access.sign_in", "admin.access.welcome", "admin.provider.depart", "admin.provider.come_back")
)


@admin.get("")
@for_who_may("look")
def _with_its_slash() -> Response:
    """People leave it out, and werkzeug's own redirect would lead to whatever host was asked."""
    return to("/admin/")


@admin.before_request
def _let_in() -> Response | None:
    most = LONGEST_FORM if access.was_signed_in() else LONGEST_REQUEST
    request.max_content_length = request.max_form_memory_size = most
    if request.method == "POST" and not access.is_sent_by_our_pages():
        return access.refused(
            "This was not sent by a page of this hub", "Open the page anew, and do it there once more.", 403
        )
    if request.endpoint in _OPEN:
        return None
    if signed_in() is None:
        return access.to_sign_in()
    guard()
    return None


@admin.after_request
def _for_one_alone(response: Response) -> Response:
    response.headers["Cache-Control"] = KEPT_BY_NOBODY
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@admin.errorhandler(HubError)
def _cannot_be_done(error: HubError) -> Response:
    return _refused("This was not done", error, 409, back=came_from())


@admin.errorhandler(NotAllowed)
def _may_not(error: NotAllowed) -> Response:
    return _refused("You may not do this" if request.method == "POST" else "You may not see this", error, 403)


@admin.errorhandler(NotRecordedError)
def _could_not_be_recorded(error: HubError) -> Response:
    return _refused("This was done, but could not be recorded", error, 500, asking=False)


@admin.errorhandler(StoreUnusable)
def _cannot_be_asked(error: StoreUnusable) -> Response:
    visiting().site.unusable.met(error)
    title = "This was not done" if request.method == "POST" else "This cannot be shown just now"
    return later(_refused(title, error, 503, asking=False))


def _refused(title: str, error: HubError, status: int, *, asking: bool = True, back: str = "") -> Response:
    values = {"title": title, "problem": error.problem, "remedy": error.remedy, "back": back}
    return page("refused.html", values, status, asking=asking)
