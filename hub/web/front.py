"""What stands before Flask: answers that are kept are given without entering it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from hub.errors import HubError, StoreUnusable
from hub.publish.delta import asks, respond_to_asker, was_given
from hub.publish.http import Answer, Coding, Rendered, has_it, preferred, respond
from hub.web.answers import DEPENDS_ON_WHO_SHOWS_IT, FEED_CACHING, common_headers, shows
from hub.web.visit import Site, Visit, begin, visit_of

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Addresses whose answer is known by name: more than there are pages and feeds that are asked for often.
_MOST_PLACES = 2048
_READING = ("GET", "HEAD")
_LINES = {200: "200 OK", 226: "226 IM USED", 304: "304 NOT MODIFIED"}


class _Headers(Struct, frozen=True):
    """The headers of a kept answer in one coding, by status."""

    whole: Mapping[str, str]
    not_modified: Mapping[str, str]


class _Place(Struct, frozen=True, kw_only=True):
    """Where the answer to an address is kept, while the hub is in a state."""

    state: Hashable
    key: Hashable
    # What all answers at its path carry.
    common: Mapping[str, str]
    caching: str
    depends_on: str
    # The merged feed, where what changed in it can be told alone.
    feed: Hashable | None = None
    headers: dict[Coding, _Headers] = {}


class Front:
    """The web view as a WSGI application.

    What Flask has answered from what is kept is answered from there again
    while the hub's state (`Visit.state`) is the same, for the same path and
    query string as they came. All else goes to Flask, with a visit begun.
    """

    def __init__(self, app: WSGIApplication, site: Site) -> None:
        self._app = app
        self._site = site
        self._places: dict[tuple[str, str], _Place] = {}
        self._lock = Lock()

    def state(self) -> Hashable:
        """The hub's state at this moment (`Visit.state`); None where it cannot be told."""
        try:
            return self._site.visit().state
        except StoreUnusable as error:
            # This may have taken its time, in which nobody was answered: the next are answered elsewhere.
            self._site.unusable.met(error)
            return None
        except HubError:
            # Whoever asks is told by Flask.
            return None

    def find(
        self,
        method: str,
        path: str,
        query: str,
        *,
        state: Callable[[], Hashable],
        accept_encoding: str | None,
        if_none_match: str | None,
        if_modified_since: str | None,
        sec_fetch_dest: str | None,
        a_im: str | None,
    ) -> Answer | None:
        """The answer to a request, where it is kept and still true; fields are as they came.

        `state` is asked for the hub's, as it was at some moment since the request came.
        """
        place = self._places.get((path, query))
        if place is None or method not in _READING:
            return None
        if self._site.unusable.is_met:
            # Flask, which says that it is over, is asked for that.
            return None
        if place.depends_on == DEPENDS_ON_WHO_SHOWS_IT and shows(sec_fetch_dest):
            return None
        if place.state != state():
            return None
        rendered = self._site.kept.find(place.key)
        if rendered is None:
            return None
        coding = preferred(rendered, accept_encoding)
        has = has_it(rendered, coding, if_none_match, if_modified_since)
        if a_im is not None and place.feed is not None and asks(a_im) and not has:
            return self._to_asker(place, rendered, coding, method=method, if_none_match=if_none_match)
        if not rendered.is_encoded(coding):
            return None
        headers = place.headers.get(coding) or _headers(place, rendered, coding)
        if has:
            return Answer(304, headers.not_modified, b"")
        return Answer(200, headers.whole, b"" if method == "HEAD" else rendered.encoded(coding))

    def _to_asker(
        self, place: _Place, rendered: Rendered, coding: Coding, *, method: str, if_none_match: str | None
    ) -> Answer | None:
        """The answer to who asks for what changed alone, where it is known and has been made."""
        deltas, changed = self._site.deltas, None
        if not deltas.remembers(place.feed, rendered):
            return None
        if not was_given(rendered, coding, if_none_match):
            since = deltas.since(place.feed, rendered, if_none_match)
            changed = deltas.find(place.feed, rendered, since) if since else None
            body = changed.rendered if changed else rendered
            if (since and not changed) or not body.is_encoded(preferred(body, coding)):
                return None
        found = respond_to_asker(
            rendered,
            changed,
            method=method,
            accept_encoding=coding,
            if_none_match=if_none_match,
            vary=place.depends_on,
        )
        return Answer(found.status, {**found.headers, **place.common}, found.body)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        found = self.find(
            environ["REQUEST_METHOD"],
            *target,
            state=self.state,
            accept_encoding=environ.get("HTTP_ACCEPT_ENCODING"),
            if_none_match=environ.get("HTTP_IF_NONE_MATCH"),
            if_modified_since=environ.get("HTTP_IF_MODIFIED_SINCE"),
            sec_fetch_dest=environ.get("HTTP_SEC_FETCH_DEST"),
            a_im=environ.get("HTTP_A_IM"),
        )
        if found is not None:
            start_response(_LINES[found.status], [*found.headers.items()])
            return [found.body]
        inner = begin(self._site, environ)
        visit = visit_of(inner)

        def start(status: str, headers: list[tuple[str, str]], error: OptExcInfo | None = None) -> object:
            if visit.kept_as and int(status[:3]) in _LINES:
                self._remember(target, inner["PATH_INFO"], visit, dict(headers))
            return start_response(status, headers, error) if error else start_response(status, headers)

        return self._app(inner, start)  # type: ignore[arg-type]

    def _remember(self, target: tuple[str, str], path: str, visit: Visit, headers: Mapping[str, str]) -> None:
        place = _Place(
            state=visit.state,
            key=visit.kept_as[-1],
            common=common_headers(path),
            # What is said of a feed to who asks for what changed is for him alone.
            caching=FEED_CACHING if visit.feed else headers["Cache-Control"],
            depends_on=headers["Vary"],
            feed=visit.feed[-1] if visit.feed else None,
        )
        with self._lock:
            self._places.pop(target, None)
            while len(self._places) >= _MOST_PLACES:
                del self._places[next(iter(self._places))]
            self._places[target] = place


def _headers(place: _Place, rendered: Rendered, coding: Coding) -> _Headers:
    def of(if_none_match: str | None) -> Mapping[str, str]:
        answer = respond(
            rendered,
            method="HEAD",
            accept_encoding=coding,
            if_none_match=if_none_match,
            if_modified_since=None,
            cache_control=place.caching,
            vary=place.depends_on,
        )
        return {**answer.headers, **place.common}

    found = place.headers[coding] = _Headers(whole=of(None), not_modified=of("*"))
    return found
