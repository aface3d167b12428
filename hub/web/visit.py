"""One visit to the hub: the settings, the news and the day it is answered with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar, cast, get_args
from urllib.parse import quote, unquote_to_bytes
from zoneinfo import ZoneInfo

from flask import Request, request
from msgspec import Struct, structs

from hub.health import Health, health
from hub.language import ENGLISH, N_, Language
from hub.merged.addresses import Addresses
from hub.merged.feeds import MergedFeeds
from hub.model import FeedState, Kind, Notice, Selection, Story
from hub.publish.http import Rendered
from hub.store import Page, Store
from hub.translations import language_of
from hub.web.answers import policy
from hub.web.asked import Asked, UnknownFilterError
from hub.web.assets import assets, environment, sources, words
from hub.web.catalogue import Catalogue
from hub.web.deltas import Deltas
from hub.web.doing import Condition, condition
from hub.web.kept import Kept
from hub.web.pages import Setting
from hub.web.selects import Filters, Selects, filters
from hub.web.unusable import Unusable
from hub.web.words import Calendar

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from hub.config import Config
    from hub.web.admin.desk import Desk

T = TypeVar("T")

# Some thousand pages: enough for what is asked for often, small beside the rest of the process.
_MOST_KEPT = 64 * 1024 * 1024
# Addresses of which it is known when they were rendered last: more than are asked for within a second.
_MOST_DATED = 2_000
# Longer than any that our own pages lead to: not worth keeping, and the key would not be small.
_LONGEST_QUERY = 500
_VISIT = "hub.visit"
_IN_ENGLISH = ("/admin/", "/api/")
# What a proxy adds: with one of these the connection says nothing about who asks.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


class _Dated(Struct, frozen=True):
    """Bytes that were rendered, the latest second of any at their place, and theirs if no others had it."""

    etag: str
    latest: datetime
    last_modified: datetime | None


class Site:
    """What outlives a visit: the open stores, the templates, what has been rendered."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        config: Callable[[], Config],
        *,
        base_url: str,
        templates: Path | None,
        now: Callable[[], datetime],
        addresses: Callable[[str], Addresses],
        desk: Desk | None,
    ) -> None:
        self.open_store = open_store
        self._config = config
        self._base_url = base_url.rstrip("/")
        self.now = now
        self._addresses = addresses
        self.desk = desk
        self.unusable = Unusable()
        self._of_thread = threading.local()
        self._templates = templates
        self.environment = environment(templates)
        self.assets = assets(templates)
        # Of files each is asked for once.
        self.kept: Kept[Rendered] = Kept(_MOST_KEPT if addresses is Addresses else 0)
        self.deltas = Deltas(self.kept)
        self._dates: dict[Hashable, _Dated] = {}
        self._dating = threading.Lock()
        self._selects: tuple[Config, Selects] | None = None

    @property
    def store(self) -> Store:
        """This thread's store: one may not be used by two. Raises StoreError."""
        self.unusable.look()
        if not hasattr(self._of_thread, "store"):
            self._of_thread.store = self.open_store()
        return cast("Store", self._of_thread.store)

    def visit(self) -> Visit:
        """A visit that begins now."""
        config = self._config()
        return Visit(
            site=self,
            config=config,
            now=self.now(),
            addresses=self._addresses(config.hub.url or self._base_url),
        )

    def selects(self, config: Config) -> Selects:
        """What the selects above lists offer: with two thousand members they take a while to write."""
        if self._selects is not None:
            of, selects = self._selects
            if of.labels is config.labels and of.members is config.members:
                return selects
        selects = Selects.of(config.labels, config.members)
        self._selects = config, selects
        return selects

    def dated(self, key: Hashable, rendered: Rendered) -> Rendered:
        """What was rendered under a key, with a date that no other bytes there had, or without one.

        A date says seconds (RFC 9110 §5.6.7), and clocks are put back. The
        same bytes as before keep theirs.
        """
        assert rendered.last_modified is not None
        etag, second = rendered.etag("identity"), rendered.last_modified.replace(microsecond=0)
        with self._dating:
            before = self._dates.pop(key, None)
            while len(self._dates) >= _MOST_DATED:
                del self._dates[next(iter(self._dates))]
            if before is None or (second > before.latest and etag != before.etag):
                before = _Dated(etag, second, second)
            elif etag != before.etag:
                before = _Dated(etag, before.latest, None)
            self._dates[key] = before
        return replace(rendered, last_modified=before.last_modified)

    def versions(self) -> tuple[list[tuple[str, bytes]], list[str]]:
        """What changes with the templates, and with the files beside them."""
        beside = [f"{name} {asset.version}" for name, asset in self.assets.items()]
        return list(sources(self._templates)), beside

    def asset(self, name: str) -> str:
        """What to ask for to get this version of a file beside the templates."""
        return f"/static/{quote(name)}?v={self.assets[name].version}"


class _once(Generic[T]):  # noqa: N801 - it is read as a decorator
    """What a visit finds out once.

    `functools.cached_property` has, before Python 3.12, one lock for all visits: while one waits for the
    database, which may hang, so would all.
    """

    def __init__(self, find: Callable[[Visit], T]) -> None:
        self._find = find

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, visit: Visit, _: object = None) -> T:
        found = self._find(visit)
        vars(visit)[self._name] = found
        return found


class Visit(Struct, frozen=True, kw_only=True, dict=True):
    """One visit to the hub.

    now         aware
    in_english  whether it is an admin's or a program's, which are answered in English in every hub
    kept_as     gets the key under which the answer is kept, if that depends on `state` alone
    feed        gets the key of the merged feed that is the answer, if only what changed in it can be told
    """

    site: Site
    config: Config
    now: datetime
    addresses: Addresses
    in_english: bool = False
    kept_as: list[Hashable] = []
    feed: list[Hashable] = []

    @property
    def store(self) -> Store:
        # Nothing is read from it that is older than the state it may be kept under.
        _ = self.state
        return self.site.store

    @_once
    def state(self) -> Hashable:
        """What all that is kept depends on: what is published, feeds.yaml, our address and the day."""
        zone = ZoneInfo(self.config.hub.timezone)
        today = self.now.astimezone(zone).date()
        return self.site.store.version(), self.config.digest, self.addresses.hub, today

    @_once
    def language(self) -> Language:
        """The language of the hub's own words."""
        return ENGLISH if self.in_english else language_of(self.config.hub.language)

    @_once
    def setting(self) -> Setting:
        zone = ZoneInfo(self.config.hub.timezone)
        return Setting(
            labels=self.config.labels,
            calendar=Calendar(zone, self.now.astimezone(zone).date(), self.language),
            addresses=self.addresses,
        )

    def health(self, state: FeedState) -> Health:
        """How a feed is doing at this moment."""
        return health(state, self.now, robot=self.config.hub.user_agent, notices=self.notices)

    def condition(self, state: FeedState) -> Condition:
        """How a feed is doing at this moment, in the words of pages."""
        return condition(state, self.health(state), self.setting.calendar)

    @_once
    def notices(self) -> tuple[Notice, ...]:
        """What waits for an admin."""
        return self.store.notices()

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.config, self.addresses, self.language, self.member_name)

    # ------------------------------------------------------------ what exists

    @_once
    def merged(self) -> MergedFeeds:
        return MergedFeeds(config=self.config, store=self.store, addresses=self.addresses, now=self.now)

    def knows_tag(self, term: str) -> bool:
        return self.merged.knows_tag(term)

    @property
    def broader(self) -> Mapping[str, str]:
        """By term of a topic that is part of another, the other."""
        return {rule.term: rule.broader for rule in self.config.tags if rule.broader is not None}

    def member_name(self, slug: str) -> str | None:
        return self.merged.member_name(slug)

    def must_know(self, asked: Asked) -> None:
        """Answer 404 to filters that name what is not there, saying so."""
        if asked.tag and not self.knows_tag(asked.tag):
            raise UnknownFilterError(N_("There is no topic ‘%(topic)s’"), topic=asked.tag)
        for slug in filter(None, (asked.member, *asked.without)):
            if self.member_name(slug) is None:
                raise UnknownFilterError(N_("There is no member ‘%(member)s’"), member=slug)
        if asked.kind and asked.kind not in get_args(Kind):
            raise UnknownFilterError(N_("There is no kind of news called ‘%(kind)s’"), kind=asked.kind)

    def filters(self, asked: Asked, to: Callable[..., str]) -> Filters:
        """The filters of a list; `to` makes its address from `tag`, `member`, `kind` and `without`."""
        named = {slug: self.member_name(slug) or slug for slug in (asked.member, *asked.without) if slug}
        return filters(self.site.selects(self.config), asked.filtered, self.language, named=named, to=to)

    # ------------------------------------------------------------ lists

    def stories(self, selection: Selection, limit: int, before: str | None) -> Page[Story]:
        """So many stories of a selection, as `MergedFeeds.stories` has them."""
        return self.merged.stories(selection, limit, before)

    # ------------------------------------------------------------ answering

    def rendered(self, key: Hashable, make: Callable[[], Rendered], *, beside: Hashable = None) -> Rendered:
        """What is kept under a key, made anew when the hub's state has changed.

        `beside` is what it depends on besides, which is looked at each time.
        """
        if len(request.query_string) > _LONGEST_QUERY:
            return make()
        whole_key = (key, beside, self.state)
        rendered = self.site.kept.get(whole_key, lambda: self.site.dated(key, make()))
        if beside is None:
            self.kept_as.append(whole_key)
        return rendered

    def page(self, template: str, make: Callable[[], Mapping[str, object]]) -> Rendered:
        """A page of the values that `make` returns, as they are now."""
        return Rendered(
            body=self.html(template, make()).encode(),
            media_type="text/html; charset=utf-8",
            last_modified=self.now,
        )

    def kept_page(
        self,
        template: str,
        key: Hashable,
        make: Callable[[], Mapping[str, object]],
        *,
        beside: Hashable = None,
    ) -> Rendered:
        """A page that is kept, as `rendered` has it."""
        return self.rendered((template, key), lambda: self.page(template, make), beside=beside)

    def html(self, template: str, values: Mapping[str, object]) -> str:
        """A template filled in, with the frame that every page has."""
        frame: dict[str, object] = {
            "hub": self.config.hub,
            "members": len(self.config.members),
            "addresses": self.addresses,
            "asset": lambda name: self.addresses.prefix + self.site.asset(name),
            "section": "",
            "typed": "",
            "canonical": None,
            "indexed": True,
            "feeds": (self.catalogue.everything(),),
            # Whoever serves files has no header for it.
            "policy": None if self.addresses.live else policy(request.path),
            **words(self.language),
        }
        return self.site.environment.get_template(template).render({**frame, **values})


def came_from(request: Request) -> IPv4Address | IPv6Address | None:
    """The address that asks; None where that is a proxy's, and it cannot be told."""
    if any(name in request.headers for name in _FORWARDED):
        return None
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def visiting() -> Visit:
    """The visit that is being answered."""
    return visit_of(request.environ)


def visit_of(environ: WSGIEnvironment) -> Visit:
    """The visit that a request was begun with."""
    return cast("Visit", environ[_VISIT])


def begin(site: Site, environ: WSGIEnvironment) -> WSGIEnvironment:
    """Begin the visit of a request.

    The path of `hub.url` is taken off its path, for proxies that pass it on.
    """
    visit = site.visit()
    # As PEP 3333 has paths: unquoted, a character for each byte.
    prefix = unquote_to_bytes(visit.addresses.prefix).decode("latin-1")
    path = environ.get("PATH_INFO", "")
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        path = path.removeprefix(prefix) or "/"
    if f"{path}/".startswith(_IN_ENGLISH):
        visit = structs.replace(visit, in_english=True)
    return {**environ, _VISIT: visit, "PATH_INFO": path}
