"""What each kind finds at a site that answers with no feed, for whoever puts it into feeds.yaml.

Each is polled as a hub would, into a database that is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from hub import urls
from hub.config import Config, plain_feed
from hub.config.kinds import kind_fields
from hub.config.lines import value_text
from hub.errors import FetchError, NotAFeed
from hub.fetch import Fetched, Fetcher, FetchRequest, fetch
from hub.model import Entry, FeedKey, FeedState, Finding, Look, Member, Sample, SiteKind, Sitemap, WordPress
from hub.parse import guess, sites, wordpress
from hub.parse.page import site_name
from hub.parse.tree import same_site
from hub.polling import rounds
from hub.robots import Robots, robots_url
from hub.said import counted
from hub.signals import stopping
from hub.store import open_store

_MEMBER = Member(slug="preview", name="Preview")
# Enough to see what comes, and few enough to wait for.
_MOST_PAGES = 5
_MOST_SITEMAPS = 2
SHOWN = 10
_TOLD = 5
_LOOK = (
    "Open it in a browser: a login, an error or a robot check there is what the hub gets too."
    " Else try the page that lists the site's news."
)
_TICK = 0.25


def sample(entry: Entry) -> Sample:
    return Sample(
        title=entry.title or entry.excerpt or "(no title)",
        date=entry.published or entry.updated,
        link=entry.link,
        tags=entry.tags,
    )


def kinds_at(url: str, answer: Fetched, error: NotAFeed, config: Config, fetcher: Fetcher) -> Look:
    """What each kind finds at an address whose answer is no feed.

    Where none finds anything, raises NotAFeed with the `error` of the answer and what each kind said.
    """
    feeds = [
        replace(
            plain_feed(FeedKey(_MEMBER.slug, f"n{number}"), address, config.hub),
            kinds={address: kind} if kind else {},
        )
        for number, (address, kind) in enumerate(_candidates(url, answer, error, config, fetcher))
    ]
    site = site_name(sites.page_text(answer.body, answer.content_type))
    found = _polled(replace(config, members=(_MEMBER,), feeds=tuple(feeds)), site=site, homepage=answer.url)
    best = max(found, key=_worth, default=None)
    if best is None or not best.entries:
        said = "".join(f"\n  {each.name}: {each.error or 'it finds nothing'}" for each in found)
        raise NotAFeed(f"{error.problem}{said}", _LOOK)
    return Look(asked=url, findings=found, best=best, problem=error.problem)


def told(look: Look) -> str:
    """What is at an address, in words, with the YAML to paste."""
    lines = [look.problem]
    for each in look.findings:
        lines += ["", *_told(each)]
    by_hand = "put its lines under a member's `feeds:` in feeds.yaml."
    # `hub feeds add` takes feeds alone.
    add = f"hub feeds add {look.best.url}\nOr " if look.best.kind is None else ""
    lines += ["", f"Take {look.best.name}: {add}{by_hand}"]
    return "\n".join(lines)


def _worth(found: Finding) -> tuple[bool, bool, int]:
    """A kind that finds anything comes first, then one whose entries have dates; then their order counts."""
    order = ("html", "sitemap", "wordpress", "feed").index(found.name)
    return bool(found.entries), 2 * found.dated >= found.entries, order


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


def _polled(config: Config, *, site: str, homepage: str) -> tuple[Finding, ...]:
    with (
        TemporaryDirectory(prefix="hub-") as folder,
        closing(open_store(f"sqlite:///{Path(folder) / 'preview.db'}")) as store,
    ):
        rounds.sync(store, config)
        # Else a Ctrl-C would break off what is tidied up.
        with stopping() as stop:
            with rounds.open_polls(config, store, most_pages=_MOST_PAGES) as polls:
                polls.begin(store.feed_states())
                while polls.unfinished and not (stop.is_set() or polls.offline):
                    polls.step(_TICK)
            if polls.offline:
                raise polls.offline
            if stop.is_set():
                raise KeyboardInterrupt
        entries = sorted(store.walk(), key=lambda each: each.date, reverse=True)
        return tuple(
            _finding(
                state,
                [each.entry for each in entries if each.entry.feed == state.feed.key],
                site=site,
                homepage=homepage,
            )
            for state in store.feed_states()
        )


def _finding(state: FeedState, entries: Sequence[Entry], *, site: str, homepage: str) -> Finding:
    feed, kind = state.feed, state.feed.kinds.get(state.feed.url)
    at = state.used_url or feed.url
    return Finding(
        # The feed that a page names is better named itself.
        url=at if kind is None else feed.url,
        at=at,
        kind=kind,
        # A page's own title may be that of a list.
        title=(state.info.title or site) if kind is None else (site or state.info.title),
        homepage=state.info.link or homepage,
        entries=len(entries),
        dated=sum(1 for each in entries if each.published or each.updated),
        first=tuple(map(sample, entries[:SHOWN])),
        remarks=state.remarks,
        error=state.error or "",
    )


def _told(found: Finding) -> list[str]:
    where = f" ({found.at})"
    if not found.entries:
        return [f"{found.name}{where}: {found.error or 'nothing that is news'}"]
    count = counted(found.entries, "entry", "entries")
    lines = [f"{found.name}{where}: {count}, {found.dated} of them with a date"]
    lines += [f"    {_day(each)}  {each.title}" for each in found.first[:_TOLD]]
    lines += [f"    Remark: {remark}." for remark in found.remarks]
    return [*lines, *_yaml(found)]


def _day(each: Sample) -> str:
    return f"{each.date:%d %b %Y}" if each.date else "no date    "


def _yaml(found: Finding) -> Sequence[str]:
    fields = [f"        {key}: {value_text(value)}" for key, value in kind_fields(found.kind).items()]
    return [f"      - url: {value_text(found.url)}", *fields]
