"""The first admin page: what needs somebody."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.web.admin.frame import page

routes = Blueprint("overview", __name__)


@routes.get("/")
def overview() -> Response:
    return page("overview.html", {"title": "Overview", "section": "overview"})
