"""What each kind finds at a site that answers with no feed, for whoever puts it into feeds.yaml.

Each is polled as a hub would, into a database that is thrown away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict, replace

from hub import rounds, urls
from hub.config import Config, plain_feed
from hub.errors import FetchError, NotAFeed
from hub.fetch import Fetched, Fetcher, FetchRequest, fetch
from hub.model import (
    FeedKey,
    FeedState,
    HtmlList,
    Member,
    SiteKind,
    Sitemap,
    StoredEntry,
    WordPress,
)
from hub.parse import guess, sites, wordpress
from hub.parse.tree import same_site
from hub.robots import Robots, robots_url
from hub.said import counted
from hub.signals import stopping
from hub.store import open_store

_MEMBER = Member(slug="preview", name="Preview")
# Enough to see what comes, and few enough to wait for.
_MOST_PAGES = 5
_MOST_SITEMAPS = 2
_SHOWN = 5
_LOOK = (
    "Open it in a browser: a login, an error or a robot check there is what the hub gets too."
    " Else try the page that lists the site's news."
)
_TICK = 0.25


class _Found(Struct, frozen=True, kw_only=True):
    """What one kind found at an address."""

    state: FeedState
    entries: tuple[StoredEntry, ...]

    @property
    def kind(self) -> SiteKind | None:
        return self.state.feed.kinds.get(self.state.feed.url)

    @property
    def name(self) -> str:
        return "feed" if self.kind is None else self.kind.name


def kinds_at(url: str, answer: Fetched, error: NotAFeed, config: Config, fetcher: Fetcher) -> str:
    """What each kind finds at an address whose answer is no feed, with the YAML to paste.

    Where none finds anything, raises NotAFeed with the `error` of the answer and what each kind said.
    """
    feeds = [
        replace(
            plain_feed(FeedKey(_MEMBER.slug, f"n{number}"), address, config.hub),
            kinds={address: kind} if kind else {},
        )
        for number, (address, kind) in enumerate(_candidates(url, answer, error, config, fetcher))
    ]
    found = _polled(replace(config, members=(_MEMBER,), feeds=tuple(feeds)))
    best = max(found, key=_worth, default=None)
    if best is None or not best.entries:
        said = "".join(f"\n  {each.name}: {each.state.error or 'it finds nothing'}" for each in found)
        raise NotAFeed(f"{error.problem}{said}", _LOOK)
    lines = [error.problem]
    for each in found:
        lines += ["", *_told(each)]
    lines += ["", f"Take {best.name}: put its lines under a member's `feeds:` in feeds.yaml."]
    return "\n".join(lines)


def _worth(found: _Found) -> tuple[bool, bool, int]:
    """A kind that finds anything comes first, then one whose entries have dates; then their order counts."""
    dated = sum(1 for stored in found.entries if stored.entry.published or stored.entry.updated)
    order = ("html", "sitemap", "wordpress", "feed").index(found.name)
    return bool(found.entries), 2 * dated >= len(found.entries), order


# ---------------------------------------------------------------- where to look


def _candidates(
    url: str, answer: Fetched, error: NotAFeed, config: Config, fetcher: Fetcher
) -> Iterator[tuple[str, SiteKind | None]]:
    rules = _answer(fetcher, robots_url(answer.url), None)
    robots = Robots(rules.body if rules else None)
    if error.advertised:
        yield url, None
    text = sites.page_text(answer.body, answer.content_type)
    if b"<urlset" in answer.body[:2048] or b"<sitemapindex" in answer.body[:2048]:
        yield url, Sitemap()
        return
    if not error.advertised:
        yield from ((each, None) for each in guess.feeds(text, answer.url) if robots.allows(each))
    api = url if "/wp-json" in url else wordpress.api_of(text, answer.url)
    types = _answer(fetcher, wordpress.types_url(api), robots) if same_site(api, answer.url) else None
    yield url, WordPress(types=(wordpress.read_types(types.body) if types else ()) or ("posts",))
    named = [each for each in robots.sitemaps if same_site(each, answer.url)]
    named.sort(key=lambda each: "news" not in each)
    usual = urls.resolve(answer.url, "/sitemap.xml")
    for address in named[:_MOST_SITEMAPS] or ([usual] if usual else []):
        yield address, Sitemap()
    selectors = guess.guess(text, answer.url, ZoneInfo(config.hub.timezone))
    if selectors is not None:
        yield url, selectors


def _answer(fetcher: Fetcher, url: str, robots: Robots | None) -> Fetched | None:
    """What is at an address, if it may be asked and there is anything."""
    if robots is not None and not robots.allows(url):
        return None
    try:
        answer = fetch(fetcher, FetchRequest(url=url))
    except FetchError:
        return None
    return answer if isinstance(answer, Fetched) else None


# ---------------------------------------------------------------- what is there


def _polled(config: Config) -> list[_Found]:
    with (
        TemporaryDirectory(prefix="hub-") as folder,
        closing(open_store(f"sqlite:///{Path(folder) / 'preview.db'}")) as store,
    ):
        rounds.sync(store, config)
        # Else a Ctrl-C would break off what is tidied up.
        with stopping() as stop:
            with rounds.polls(config, store, most_pages=_MOST_PAGES) as under_way:
                under_way.begin(store.feed_states())
                while under_way.under_way and not (stop.is_set() or under_way.offline):
                    under_way.step(_TICK)
            if under_way.offline:
                raise under_way.offline
            if stop.is_set():
                raise KeyboardInterrupt
        entries = sorted(store.walk(), key=lambda each: each.date, reverse=True)
        return [
            _Found(
                state=state,
                entries=tuple(each for each in entries if each.entry.feed == state.feed.key),
            )
            for state in store.feed_states()
        ]


def _told(found: _Found) -> list[str]:
    state, entries = found.state, found.entries
    where = f" ({state.used_url or state.feed.url})"
    if not entries:
        return [f"{found.name}{where}: {state.error or 'nothing that is news'}"]
    dated = sum(1 for stored in entries if stored.entry.published or stored.entry.updated)
    lines = [f"{found.name}{where}: {counted(len(entries), 'entry', 'entries')}, {dated} of them with a date"]
    lines += [f"    {_day(stored)}  {stored.entry.title}" for stored in entries[:_SHOWN]]
    lines += [f"    Remark: {remark}." for remark in state.remarks]
    return [*lines, *_yaml(found)]


def _written(selector: str) -> str:
    """A selector as YAML writes it within braces."""
    return selector if re.fullmatch(r"[a-z][\w.-]*(?: [a-z.][\w.-]*)*", selector) else json.dumps(selector)


def _day(stored: StoredEntry) -> str:
    moment = stored.entry.published or stored.entry.updated
    return f"{moment:%d %b %Y}" if moment else "no date    "


def _yaml(found: _Found) -> Sequence[str]:
    kind = found.kind
    # The feed that a page names is better named itself.
    address = found.state.used_url if kind is None else found.state.feed.url
    lines = [f"      - url: {address}"]
    if kind is not None:
        lines.append(f"        kind: {found.name}")
    if isinstance(kind, WordPress):
        lines.append(f"        types: [{', '.join(kind.types)}]")
    if isinstance(kind, HtmlList):
        written = {name: value for name, value in asdict(kind).items() if value and name != "dates"}
        selectors = ", ".join(f"{name}: {_written(value)}" for name, value in written.items())
        lines.append(f"        select: {{{selectors}}}")
    return lines
