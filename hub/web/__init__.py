"""The web view: pages for readers, merged feeds for their readers, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, request

from hub.merged.addresses import Addresses
from hub.store import Store
from hub.web.about import about
from hub.web.admin import admin
from hub.web.admin.access import admits
from hub.web.admin.desk import Desk
from hub.web.answers import PAGE_CACHING, add_headers, answer
from hub.web.api import api
from hub.web.digests import digests
from hub.web.embed import embed
from hub.web.feeds import feeds
from hub.web.front import Front
from hub.web.news import news
from hub.web.refusals import handle_errors
from hub.web.status import status
from hub.web.subscribers import subscribers
from hub.web.visit import Site, visiting
from hub.web.websub import awaits, websub

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from hub.config import Config

_FOR_EVER = "public, max-age=31536000, immutable"


class WebView(Flask):
    """The web view of a hub: a Flask application behind its `front`.

    `awaits` says whether what is sent to the callback of a token is to be read at all, `admits` whether
    a request, by its head, is an admin's, of whom more is read than of others.
    """

    front: Front
    site: Site
    awaits: Callable[[str], bool]
    admits: Callable[[WSGIEnvironment], bool]


def create_app(
    open_store: Callable[[], Store],
    config: Callable[[], Config],
    *,
    base_url: str,
    templates: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    addresses: Callable[[str], Addresses] = Addresses,
    desk: Desk | None = None,
) -> WebView:
    """Make the web view of a hub.

    `open_store` is called once by each thread that answers; `config` once for
    each request, and returns the last good one. `base_url` is where the hub
    is served, which its addresses begin with where feeds.yaml has no
    `hub.url`; `addresses` makes them of it. A file in `templates` stands for ours of the same name.
    `desk` does what admins ask for; without it there are no admin pages. Raises
    ConfigError for templates that cannot be used.
    """
    # Templates and static files are read by Site, so Flask has folders of neither.
    app = WebView(__name__, static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # Joining slashes redirects to an address made from the Host header.
    app.url_map.merge_slashes = False
    site = Site(
        open_store, config, base_url=base_url, templates=templates, now=now, addresses=addresses, desk=desk
    )
    for blueprint in (news, feeds, digests, embed, api, status, about, websub, subscribers):
        app.register_blueprint(blueprint)
    if desk is not None:
        app.register_blueprint(admin)
    app.add_url_rule("/static/<path:name>", view_func=_asset, methods=["GET"])
    app.after_request(add_headers)
    handle_errors(app)
    app.site = site
    app.front = Front(app.wsgi_app, site)
    app.wsgi_app = app.front  # type: ignore[method-assign]
    app.awaits = lambda token: awaits(site, token)
    app.admits = lambda environ: admits(site, environ)
    return app


def _asset(name: str) -> Response:
    found = visiting().site.assets.get(name)
    if found is None:
        abort(404)
    this_version = request.args.get("v") == found.version
    return answer(found.rendered, _FOR_EVER if this_version else PAGE_CACHING)
