"""What is rendered, as HTTP answers, and the headers that all answers carry."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

import msgspec
from flask import Response, request

from hub.publish.http import Answer, Rendered, preferred, respond

FRAMED = "/embed/news"
"""What members' sites show in a frame."""

# No script, style or frame runs that is not ours, wherever it came from;
# pictures and sound are the publishers' own, on their servers.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; media-src https: http:;"
    " form-action 'self'; base-uri 'none'"
)
_SHOWS_A_FRAME = "/subscribe"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Publishers see which site their readers come from, and not what they searched for there.
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
_EMBEDDED = "/embed/"
_FOR_EVERYBODY = ("/feeds/", "/events", "/opml", "/api/", _EMBEDDED)
# Many may ask at once for what is compressed for the first time.
_ENCODING = Lock()

PAGE_CACHING = "public, max-age=60"
FEED_CACHING = "public, max-age=300"
# For what tells how things are now: kept by nobody without asking whether it still is so.
FRESH = "no-cache"
# For what holds for one answer alone, or what a cache could give to those it is not for.
KEPT_BY_NOBODY = "no-store"

DEPENDS_ON_CODING = "Accept-Encoding"
DEPENDS_ON_WHO_SHOWS_IT = f"{DEPENDS_ON_CODING}, Sec-Fetch-Dest"


def shows(destination: str | None) -> bool:
    """Whether a browser is about to show what it asks for, by Sec-Fetch-Dest (W3C, Fetch Metadata §2.1).

    Programs do not send it, nor do browsers where they are asked without TLS
    by another machine.
    """
    return destination == "document"


def answer(
    rendered: Rendered, caching: str = PAGE_CACHING, *, depends_on: str = DEPENDS_ON_CODING
) -> Response:
    """The answer to the request at hand: whole, or 304, encoded as the client asked.

    `depends_on` is what the answer's Vary says.
    """
    accept_encoding = request.headers.get("Accept-Encoding")
    encode(rendered)
    found = respond(
        rendered,
        method=request.method,
        accept_encoding=accept_encoding,
        if_none_match=request.headers.get("If-None-Match"),
        if_modified_since=request.headers.get("If-Modified-Since"),
        cache_control=caching,
        vary=depends_on,
    )
    return sent(found)


def encode(rendered: Rendered) -> None:
    """Have a document ready in the coding that the client at hand asked for."""
    coding = preferred(rendered, request.headers.get("Accept-Encoding"))
    if not rendered.is_encoded(coding):
        with _ENCODING:
            rendered.encoded(coding)


def sent(found: Answer) -> Response:
    """An answer as Flask sends it."""
    # Given an empty body, werkzeug would say that its length is none, also to HEAD.
    return Response(found.body or None, status=found.status, headers=found.headers)


def moved(path: str) -> Response:
    """The answer for what is at another path, such as a story that has become part of another."""
    return Response("", status=301, headers={"Location": path, "Cache-Control": PAGE_CACHING})


def plain(text: str, status: int = 200) -> Response:
    """A word for a program that watches the hub."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": KEPT_BY_NOBODY}
    return Response(text + "\n", status=status, headers=headers)


def json_bytes(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def policy(path: str) -> str:
    """What the page at a path may load and do, whoever shows it in a frame (W3C, CSP 3)."""
    return f"{_POLICY}; frame-src 'self'" if path == _SHOWS_A_FRAME else _POLICY


def common_headers(path: str) -> Mapping[str, str]:
    """What every answer to a path carries."""
    framed_by = "*" if path == FRAMED else "'none'"
    headers = {"Content-Security-Policy": f"{policy(path)}; frame-ancestors {framed_by}", **_HEADERS}
    if path.startswith(_FOR_EVERYBODY):
        headers["Access-Control-Allow-Origin"] = "*"
    if path.startswith(_EMBEDDED):
        # What it holds is to be found on the pages it leads to.
        headers["X-Robots-Tag"] = "noindex"
    return headers


def add_headers(response: Response) -> Response:
    """Give an answer what every answer carries."""
    for name, value in common_headers(request.path).items():
        response.headers.setdefault(name, value)
    return response
