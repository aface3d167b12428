"""The latest news for a member's own site: to be framed there, or put into its pages by its server."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from hub.language import N_, Language
from hub.web.answers import FRAMED, answer
from hub.web.asked import Asked, BadRequestError, limit
from hub.web.pages import listed
from hub.web.visit import Visit, visiting

embed = Blueprint("embed", __name__)

FRAGMENT = "/embed/fragment"
USUAL_STORIES = 5
MOST_STORIES = 20
TEMPLATES = {FRAMED: "embed.html", FRAGMENT: "fragment.html"}
_EITHER = "light dark"
# A frame does not see the page around it: by the reader's device alone, it would be dark on a page
# that is always light.
_SCHEMES = {"": _EITHER, "light": "light", "dark": "dark"}


@embed.get(FRAMED)
@embed.get(FRAGMENT)
def latest() -> Response:
    visit = visiting()
    asked = Asked.read(request.args).filtered
    most = limit(request.args, usual=USUAL_STORIES, most=MOST_STORIES)
    scheme = _SCHEMES.get(request.args.get("scheme", ""))
    if scheme is None:
        raise BadRequestError(N_("scheme has to be light or dark, or to be left out"))
    visit.must_know(asked)
    template, key = TEMPLATES[request.path], (asked, most, scheme)
    return answer(visit.kept_page(template, key, lambda: _latest(visit, asked, most, scheme)))


def _latest(visit: Visit, asked: Asked, most: int, scheme: str) -> Mapping[str, object]:
    stories = visit.store.stories(asked.selection(), limit=most).items
    chosen, gettext = visit.filters(asked, visit.addresses.home).asked, visit.language.gettext
    return {
        "title": latest_news(chosen, visit.language),
        "scheme": scheme,
        "stories": [listed(story, visit.setting) for story in stories],
        "says": gettext("There is no news %(asked)s.", asked=chosen)
        if chosen
        else gettext("There is no news yet."),
    }


def latest_news(chosen: str, language: Language) -> str:
    """What the latest news is called, of what is chosen in words, if anything is."""
    return (
        language.gettext("Latest news %(asked)s", asked=chosen) if chosen else language.gettext("Latest news")
    )


def without_news(says: str) -> str | None:
    """What says in place of the news that it cannot be shown, as HTML; None where it was not asked for."""
    template = TEMPLATES.get(request.path)
    if template is None:
        return None
    scheme = _SCHEMES.get(request.args.get("scheme", ""), _EITHER)
    return visiting().html(template, {"title": says, "scheme": scheme, "stories": (), "says": says})
