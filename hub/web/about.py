"""The pages about the hub itself: what it is, what was put right in it, for whom it works, what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response

from hub.language import N_
from hub.publish.corrections import corrections
from hub.web.answers import answer
from hub.web.corrected import by_day
from hub.web.visit import Visit, visiting

about = Blueprint("about", __name__)

_CORRECTIONS = 30


@about.get("/corrections")
def corrected() -> Response:
    visit = visiting()
    return answer(visit.kept_page("corrections.html", None, lambda: _corrections(visit)))


def _corrections(visit: Visit) -> Mapping[str, object]:
    found = corrections(visit.store.told_changes(limit=_CORRECTIONS), visit.language)
    return {
        "title": visit.language.gettext("Corrections"),
        "section": "corrections",
        "days": by_day(found, visit.store.withdrawn(), visit.setting, most=_CORRECTIONS),
        "feeds": (visit.catalogue.corrections,),
    }


@about.get("/about")
def hub() -> Response:
    visit = visiting()
    settings, all_feeds = visit.config.hub, visit.config.feeds
    values = {
        "often": visit.language.span(min((feed.every_min for feed in all_feeds), default=settings.every_min)),
        "seldom": visit.language.span(
            max((feed.every_max for feed in all_feeds), default=settings.every_max)
        ),
        "robot": settings.user_agent,
    }
    return _about(visit, "about.html", N_("About"), values)


@about.get("/accessibility")
def accessibility() -> Response:
    return _about(visiting(), "accessibility.html", N_("Accessibility"), {})


@about.get("/privacy")
def privacy() -> Response:
    visit = visiting()
    return _about(visit, "privacy.html", N_("Privacy"), {"pushes": visit.merged.push_url is not None})


def _about(visit: Visit, template: str, title: str, values: Mapping[str, object]) -> Response:
    contact = visit.config.hub.contact or ""
    shown = {
        "title": visit.language.gettext(title),
        "section": title.lower(),
        "contact": contact,
        "writing": contact if "://" in contact else f"mailto:{quote(contact, safe='@')}",
        **values,
    }
    return answer(visit.kept_page(template, None, lambda: shown))
