"""The site as files: where each page and each feed stands then, and all of them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from jinja2 import TemplateError
from msgspec import Struct
from werkzeug.test import create_environ, run_wsgi_app

from hub import __version__
from hub.config import Config
from hub.errors import HubError
from hub.merged.addresses import Addresses, Given
from hub.publish.digest import Rhythm, finished
from hub.store import Store
from hub.web import create_app
from hub.web.assets import STATIC
from hub.web.embed import TEMPLATES

NOT_FOUND = "404.html"
"""The page for addresses at which nothing is, by the name that static hosts look for."""
_INDEX = "index.html"
# Without an ending no web server would know that they are XML.
_WITH_ENDINGS = {"/opml": "/opml.xml", "/opml/merged": "/opml/merged.xml"}
_SEARCH = "/search"
# All that may be asked of what is a file; the rest is a choice of somebody's, of which there are too many.
_ASKED = {"before", "order", "limit", "scheme"}
# Of a year: feeds have told of them, and readers keep what they were told.
_DIGESTS: Mapping[Rhythm, int] = {"daily": 366, "weekly": 53}
# Files beside the templates of pages that files cannot be.
_FOR_ADMINS = "admin/"
_FRESH = "/status"
_MADE = (200, 410)
_NOTHING_THERE = 404


class Place(Struct, frozen=True):
    """Something that is a file: the path and the query the hub is asked for, and the file's path."""

    path: str
    query: str
    file: str

    @property
    def is_story(self) -> bool:
        return self.path.startswith("/story/")


def place(path: str, asked: dict[str, str]) -> str:
    """The path from the site's root at which a page or feed stands as a file.

    A page has a folder to itself, which every web server shows at an address
    with a slash, and redirects to without one. What is asked stands in the
    path, as `/before/CURSOR/`, since files know no query.
    """
    more = "".join(f"/{name}/{quote(value, safe='')}" for name, value in asked.items())
    if path.startswith(("/feeds/", "/events")):
        name, dot, ending = path.rpartition(".")
        return f"{name}{more}{dot}{ending}"
    return _WITH_ENDINGS.get(path) or f"{path.rstrip('/')}{more}/"


def file_at(path: str) -> str:
    """The file that a web server shows at such a path, relative to the folder it serves."""
    name = unquote(path).removeprefix("/")
    return f"{name}{_INDEX}" if name.endswith("/") or not name else name


class StaticAddresses(Addresses, frozen=True, kw_only=True):
    """Addresses of files. `note` is told of each that is given out, so that the file is made."""

    note: Callable[[Place], None]

    @property
    def live(self) -> bool:
        return False

    def to(self, path: str, **asked: Given) -> str:
        given = {name: value for name, value in asked.items() if value and isinstance(value, str)}
        if path == _SEARCH or not _ASKED.issuperset(name for name, value in asked.items() if value):
            return super().to(path, **asked)
        stands = place(path, given)
        self.note(Place(path=path, query=urlencode(given), file=file_at(stands)))
        return f"{self.prefix}{stands}"

    def going_on(self, feed: str, before: str) -> str:
        return self.full(self.to(feed.removeprefix(self.full(self.prefix)), before=before))


class StaticSite:
    """A hub's site at a moment, as files; `store` is to be of that moment.

    `state` is what all of them are a function of, but for those of `fresh`;
    `state_of_stories` what the pages of stories are, whatever day it is and
    however members' sites are doing. Both are words of one length.
    """

    def __init__(self, store: Store, config: Config, *, templates: Path | None, now: datetime) -> None:
        self._store = store
        self._noted: list[Place] = []
        self._seen: set[str] = set()
        # What is to be made still: of what is not there yet, and of what is.
        self._new: list[Place] = []
        self._old: list[Place] = []
        self._is_there: Callable[[str], bool] = lambda _: False
        self._app = create_app(
            lambda: store,
            lambda: config,
            base_url="",
            templates=templates,
            now=lambda: now,
            addresses=partial(StaticAddresses, note=self._noted.append),
        )
        visit = self._app.site.visit()
        self._addresses = visit.addresses
        self._merged = visit.merged
        self._today = visit.setting.calendar.today
        conditions = {str(each.feed.key): visit.condition(each) for each in store.feed_states()}
        told = [(key, condition.state, condition.sentence) for key, condition in conditions.items()]
        published = (store.mark(), config.digest, visit.addresses.hub, visit.setting.calendar.today.year)
        self.state_of_stories = _word(__version__, published, *self._app.site.versions())
        self.state = _word(self.state_of_stories, visit.state, told, store.last_revision())

    @property
    def fresh(self) -> tuple[Place, ...]:
        """What tells how things are now, whatever is published."""
        return (Place(path=_FRESH, query="", file=file_at(place(_FRESH, {}))),)

    def places(self, is_there: Callable[[str], bool]) -> Iterator[Place]:
        """Everything, each once: all that one comes to from the home page, and what had an address before.

        What a page leads to comes after it was made. Files that are not there
        yet come before those that are, so that nobody is led to one that is not.
        """
        self._is_there = is_there
        self._noted.clear()
        for name in self._app.site.assets:
            if not name.startswith(_FOR_ADMINS):
                yield Place(path=f"/{STATIC}/{quote(name)}", query="", file=f"{STATIC}/{name}")
        yield Place(path=f"/{NOT_FOUND}", query="", file=NOT_FOUND)
        self._addresses.home()
        # As members' sites may have them from a hub that served these.
        for path in TEMPLATES:
            self._addresses.to(path)
        for each in self._store.withdrawn():
            self._addresses.story(each.stored.story)
        for story in self._store.merged():
            self._addresses.story(story)
        for rhythm, number in _DIGESTS.items():
            for period in finished(rhythm, self._today, number):
                # Of most days nothing may have come in, and a page that says so takes as long as any.
                if self._merged.digest(period, stories=0) is not None:
                    self._addresses.digest(period.name)
        yield from self._reached()

    def leads_on(self, place: Place) -> bool:
        """Whether a file that is there would lead to some that are not yet: it comes again after those.

        What was made is not kept until then: there may be much of it.
        """
        if not self._is_there(place.file):
            return False
        self._look_at_what_was_noted()
        if not self._new:
            return False
        self._old.append(place)
        return True

    def _reached(self) -> Iterator[Place]:
        while True:
            self._look_at_what_was_noted()
            waiting = self._new or self._old
            if not waiting:
                return
            # The last first: stories are made before the page after theirs is looked at, so that few wait.
            yield waiting.pop()

    def _look_at_what_was_noted(self) -> None:
        for each in self._noted:
            if each.file not in self._seen:
                self._seen.add(each.file)
                (self._old if self._is_there(each.file) else self._new).append(each)
        self._noted.clear()

    def make(self, place: Place) -> bytes | None:
        """The file at a place; None where an address leads to nothing. Raises HubError."""
        environ = create_environ(f"{self._addresses.prefix}{place.path}", query_string=place.query)
        try:
            parts, answered, _ = run_wsgi_app(self._app, environ, buffered=True)
        except TemplateError as error:
            # Nor can the page that says so be made.
            raise HubError(f"{place.path} could not be made: {error}.", "Mend the templates.") from error
        status = int(answered[:3])
        if status == _NOTHING_THERE and place.file != NOT_FOUND:
            return None
        if status not in (*_MADE, _NOTHING_THERE):
            raise HubError(
                f"{place.path} could not be made: the hub answers it with {status}.",
                "What was written until then is whole. What is wrong is above; please report it.",
            )
        return b"".join(parts)


def _word(*values: object) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()
