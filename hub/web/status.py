"""How the hub and its members are doing: a page for people, and what machines ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from hub.errors import StoreError
from hub.health import HealthState
from hub.model import Crowd, Subscription
from hub.web.answers import FRESH, KEPT_BY_NOBODY, answer, plain
from hub.web.doing import notice_rows, reshare_rows, status_rows, status_sentence
from hub.web.visit import Visit, came_from, visiting

status = Blueprint("status", __name__)


@status.get("/status")
def page() -> Response:
    visit = visiting()
    return answer(visit.page("status.html", lambda: _status(visit)), FRESH)


def _status(visit: Visit) -> Mapping[str, object]:
    states = visit.store.feed_states()
    conditions = {state.feed.key: visit.condition(state) for state in states}
    names = {each.slug: each.name for each in visit.config.members}
    for notice in visit.notices:
        # What waits may be of a member that has left.
        names.setdefault(notice.feed.member, visit.member_name(notice.feed.member) or notice.feed.member)
    return {
        "title": visit.language.gettext("Status"),
        "section": "status",
        "feeds": (visit.catalogue.status,),
        "sentence": status_sentence(conditions, visit.language),
        "rows": status_rows(
            states,
            conditions,
            {each.feed: each for each in visit.store.subscriptions() if each.feed and not each.leaving},
            names,
            visit.setting,
            visit.now,
        ),
        "reshares": reshare_rows(states, names, visit.setting),
        "notices": notice_rows(visit.notices, names, visit.setting),
    }


@status.get("/healthz")
def healthz() -> Response:
    return plain("ok")


@status.get("/readyz")
def readyz() -> Response:
    visit = visiting()
    try:
        visit.store.version()
    except StoreError as error:
        return plain(str(error), status=503)
    if damaged := visit.site.unusable.damaged:
        return plain(str(damaged), status=503)
    return plain("ok")


@status.get("/metrics")
def metrics() -> Response:
    visit = visiting()
    if not _may_read_metrics(visit):
        return plain("Only this machine may read this, and the addresses that feeds.yaml allows.", status=403)
    # A registry of its own for each answer: the default one is the process's, and outlives an application.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(visit))
    headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": KEPT_BY_NOBODY}
    return Response(generate_latest(registry), headers=headers)


def _may_read_metrics(visit: Visit) -> bool:
    address = came_from(request)
    if address is None:
        return False
    return address.is_loopback or any(address in network for network in visit.config.hub.metrics_allow)


def _pushes(subscriptions: Sequence[Subscription], now: datetime) -> Iterator[GaugeMetricFamily]:
    """How subscriptions at WebSub hubs are doing, and what came of them."""
    lasting = sum(each.expires is not None and each.expires > now for each in subscriptions)
    yield GaugeMetricFamily("hub_websub_subscriptions", "Subscriptions that last", value=lasting)
    pushes = GaugeMetricFamily(
        "hub_websub_pushes", "Pushes of the subscriptions there are", labels=["result"]
    )
    pushes.add_metric(["taken"], sum(each.taken for each in subscriptions))
    pushes.add_metric(["refused"], sum(each.refused for each in subscriptions))
    yield pushes


def _subscribers(crowd: Crowd) -> Iterator[GaugeMetricFamily]:
    """Who is sent our merged feeds."""
    doing = GaugeMetricFamily(
        "hub_websub_subscribers", "Subscribers of the hub's own merged feeds", labels=["state"]
    )
    doing.add_metric(["fine"], crowd.subscribers - crowd.failing)
    doing.add_metric(["failing"], crowd.failing)
    yield doing
    yield GaugeMetricFamily(
        "hub_websub_intents",
        "What was asked of the hub, and callbacks have not confirmed",
        value=crowd.waiting,
    )


class _Figures(Collector):
    """The hub's figures at the moment they are asked for."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def collect(self) -> Iterator[GaugeMetricFamily]:
        visit, store = self._visit, self._visit.store
        states = store.feed_states()
        found = Counter(visit.health(state).state for state in states)
        feeds = GaugeMetricFamily("hub_feeds", "Members' feeds by how they are doing", labels=["state"])
        for each in get_args(HealthState):
            feeds.add_metric([each], found[each])
        yield feeds
        totals = store.totals()
        yield GaugeMetricFamily("hub_entries", "Entries stored, copies too", value=totals.entries)
        yield GaugeMetricFamily("hub_stories", "Stories published", value=totals.stories)
        due = len(store.due(visit.now))
        yield GaugeMetricFamily("hub_feeds_due", "Feeds whose next poll is due", value=due)
        polled = max((state.polled.timestamp() for state in states if state.polled), default=0.0)
        yield GaugeMetricFamily(
            "hub_last_poll_timestamp_seconds", "When a feed was last polled, 0 for never", value=polled
        )
        yield from _pushes(store.subscriptions(), visit.now)
        yield from _subscribers(store.crowd(visit.now))
        yield GaugeMetricFamily(
            "hub_incidents", "Feeds that need somebody, as people are told", value=store.incidents_open()
        )
        failing = GaugeMetricFamily(
            "hub_alerts_failing",
            "Whether people could not be told of feeds the last time; of members, those of how many",
            labels=["way"],
        )
        wrong = Counter(
            "member" if channel.way.member else channel.way.by
            for channel in store.channels().values()
            if channel.error
        )
        for way in ("mail", "webhook", "member"):
            failing.add_metric([way], wrong[way])
        yield failing
        workers = store.workers()
        yield GaugeMetricFamily("hub_workers", "Workers that are polling", value=workers.alive)
        yield GaugeMetricFamily("hub_jobs", "Jobs that they have and have not begun", value=workers.jobs)
        yield GaugeMetricFamily(
            "hub_kept_bytes", "What the answers kept in memory weigh", value=visit.site.kept.bytes
        )
